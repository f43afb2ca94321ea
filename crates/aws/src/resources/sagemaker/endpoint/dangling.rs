//! What a live endpoint depends on and what was deleted behind its back. SageMaker lets that happen, and shows it only
//! when the endpoint has to be updated, scaled or repaired.

use std::collections::BTreeSet;

use aws_sdk_sagemaker::Client;
use aws_sdk_sagemaker::operation::describe_endpoint::DescribeEndpointOutput;
use smform_provider::PlannedObject;
use smform_types::{Diagnostic, Diagnostics, Path};

use super::super::{endpoint_configuration, is_replaced, model};
use super::status::Status;
use crate::clients::Clients;
use crate::fields::Fields;

/// What an endpoint cannot do without what it was made of.
const LACKS: &str = "Until then SageMaker can neither update, scale nor repair the endpoint.";

/// How what was deleted comes back in the same plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Return {
    /// It does not.
    No,
    /// As it was.
    AsItWas,
    /// Under its name, as something else.
    Otherwise,
}

/// What the plan does about an object that is gone. One that is made as it was is known wholly, its ARN too.
fn back(plan: &[PlannedObject], type_name: &str, name: &str) -> Return {
    let mut made = plan.iter().filter(|object| *object.type_name == *type_name && object.before.is_none());
    let named = made.find_map(|object| object.after.as_ref().filter(|after| Fields(after).text("name") == Some(name)));
    match named {
        None => Return::No,
        Some(made) if Fields(made).text("arn").is_some() => Return::AsItWas,
        Some(_) => Return::Otherwise,
    }
}

/// Judges an endpoint of a plan whose configuration or models are gone. What may not be read is not judged.
pub(super) async fn check(
    object: &PlannedObject,
    endpoint: &DescribeEndpointOutput,
    plan: &[PlannedObject],
    clients: &Clients,
) -> Diagnostics {
    let Some((before, after)) = object.before.as_ref().zip(object.after.as_ref()) else { return Diagnostics::new() };
    if is_replaced(before, after) || !endpoint.is_in_service() {
        return Diagnostics::new();
    }
    let client = clients.sagemaker(clients.region_of(before));
    let moves = Fields(after).text("endpoint_config_name") != Some(endpoint.live_config());
    let found = match endpoint_configuration::describe(&client, endpoint.live_config()).await {
        Ok(None) => configuration(endpoint, moves, plan).into(),
        Ok(Some(described)) => {
            let variants = described.production_variants().iter().chain(described.shadow_production_variants());
            let names: BTreeSet<&str> = variants.filter_map(|variant| variant.model_name()).collect();
            models(&client, endpoint, &names, moves, plan).await
        }
        Err(_) => Diagnostics::new(),
    };
    let at = Path::attribute("endpoint_config_name");
    found.into_iter().map(|message| message.of_attribute(at.clone())).collect()
}

/// What is to be said of an endpoint whose configuration is gone.
fn configuration(endpoint: &DescribeEndpointOutput, moves: bool, plan: &[PlannedObject]) -> Diagnostic {
    let (name, config) = (endpoint.endpoint_name().unwrap_or_default(), endpoint.live_config());
    let lost = format!("Endpoint \"{name}\" has lost its configuration");
    let deleted = format!("Endpoint \"{name}\" serves configuration \"{config}\", which was deleted.");
    let why = match (back(plan, "aws_sagemaker_endpoint_configuration", config), moves) {
        (Return::AsItWas, _) => {
            let detail = format!("{deleted} This plan makes it again, as it was and under its name. {LACKS}");
            return Diagnostic::warning(lost, detail);
        }
        (Return::No, false) => {
            let detail = format!(
                "{deleted} Create a configuration of that name again, or replace the endpoint with -replace=ADDRESS. {LACKS}"
            );
            return Diagnostic::warning(lost, detail);
        }
        (Return::Otherwise, false) => {
            "This plan makes another one of the same name, and an endpoint is not told of a configuration that it has \
             already: it would go on as it is."
        }
        (Return::No | Return::Otherwise, true) => {
            "SageMaker updates no endpoint whose present configuration is missing, so this plan would end in \
             an error after a new configuration was made."
        }
    };
    Diagnostic::error(
        lost,
        format!(
            "{deleted} {why}\n\nBring it back first: plan with the endpoint configuration as it was when \"{config}\" was \
             made, and smform makes it again under that name (should the state have forgotten it, write name = \"{config}\" \
             for that one apply). After that, make the change. Or replace the endpoint with -replace=ADDRESS, which \
             interrupts its service."
        ),
    )
}

/// What is to be said of the models of the live configuration that are gone.
async fn models(
    client: &Client,
    endpoint: &DescribeEndpointOutput,
    names: &BTreeSet<&str>,
    moves: bool,
    plan: &[PlannedObject],
) -> Diagnostics {
    let (name, config) = (endpoint.endpoint_name().unwrap_or_default(), endpoint.live_config());
    let mut found = Diagnostics::new();
    for model_name in names {
        if !matches!(model::describe(client, model_name).await, Ok(None)) {
            continue;
        }
        let lost = format!("Endpoint \"{name}\" has lost a model");
        let deleted = format!(
            "Configuration \"{config}\" of endpoint \"{name}\" uses model \"{model_name}\", which was deleted."
        );
        let back = back(plan, "aws_sagemaker_model", model_name);
        found.extend(match (back, moves) {
            // It comes to another configuration by an update that succeeds without the old model.
            (_, true) => None,
            (Return::AsItWas, false) => {
                let detail = format!("{deleted} This plan makes it again, as it was and under its name. {LACKS}");
                Some(Diagnostic::warning(lost, detail))
            }
            (Return::No, false) => {
                let detail = format!(
                    "{deleted} Create it again, or move the endpoint to a configuration of another model. {LACKS}"
                );
                Some(Diagnostic::warning(lost, detail))
            }
            (Return::Otherwise, false) => {
                let detail = format!(
                    "{deleted} This plan makes another one of the same name: instances that SageMaker starts from then on \
                     would run it, and those that run would go on as they are.\n\nGive the model a name of its own, \
                     best with name_prefix instead of name, so that the endpoint moves to it as a whole."
                );
                Some(Diagnostic::error(lost, detail))
            }
        });
    }
    found
}
