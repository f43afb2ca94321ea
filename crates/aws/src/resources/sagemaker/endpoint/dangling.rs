//! What a live endpoint depends on and what was deleted behind its back. SageMaker lets that happen, and shows it only
//! when the endpoint has to be updated, scaled or repaired.

use aws_sdk_sagemaker::Client;
use aws_sdk_sagemaker::operation::describe_endpoint::DescribeEndpointOutput;
use smform_types::{Diagnostic, Diagnostics, Path};

use super::super::{endpoint_configuration, model};
use super::status::Status;

/// Warnings about a configuration or models that are gone. What may not be read is not judged.
pub(super) async fn check(client: &Client, endpoint: &DescribeEndpointOutput) -> Diagnostics {
    let mut found = Diagnostics::new();
    if !endpoint.is_in_service() {
        return found;
    }
    let name = endpoint.endpoint_name().unwrap_or_default();
    let config = endpoint.live_config();
    let mut warn = |summary: String, detail: String| {
        found.push(Diagnostic::warning(summary, detail).of_attribute(Path::attribute("endpoint_config_name")));
    };
    let lacks = "Until then SageMaker can neither update, scale nor repair the endpoint.";
    let described = match endpoint_configuration::describe(client, config).await {
        Ok(Some(described)) => described,
        Ok(None) => {
            let detail = format!(
                "Endpoint \"{name}\" serves configuration \"{config}\", which was deleted. Create a configuration of that \
                 name again, or replace the endpoint. {lacks}"
            );
            warn(format!("Endpoint \"{name}\" has lost its configuration"), detail);
            return found;
        }
        Err(_) => return found,
    };
    let variants = described.production_variants().iter().chain(described.shadow_production_variants());
    let mut seen = Vec::new();
    for model_name in variants.filter_map(|variant| variant.model_name()) {
        if seen.contains(&model_name) {
            continue;
        }
        seen.push(model_name);
        if let Ok(None) = model::describe(client, model_name).await {
            let detail = format!(
                "Configuration \"{config}\" of endpoint \"{name}\" uses model \"{model_name}\", which was deleted. Create it \
                 again, or move the endpoint to a configuration of another model. {lacks}"
            );
            warn(format!("Endpoint \"{name}\" has lost a model"), detail);
        }
    }
    found
}
