//! Where the Lambda functions are that give the credentials of private registries: SageMaker calls them as the model's role, in
//! the model's partition.

use smform_types::{Diagnostic, Diagnostics, Path};

use crate::clients::partition_of;
use crate::constraints::{Arn, arn_parts};
use crate::fields::Fields;

/// The functions of a model, with their places.
fn functions<'v>(model: Fields<'v>) -> Vec<(Arn<'v>, Path)> {
    let mut found = Vec::new();
    for block in ["primary_container", "container"] {
        for (at, container) in model.blocks(block).enumerate() {
            let auth = container.block("image_config").and_then(|config| config.block("repository_auth_config"));
            let name = "repository_credentials_provider_arn";
            let at = Path::attribute(block).index(at).attr("image_config").index(0).attr("repository_auth_config");
            let arn = auth.and_then(|auth| auth.text(name)).and_then(arn_parts);
            found.extend(arn.map(|arn| (arn, at.index(0).attr(name))));
        }
    }
    found
}

fn partition(function: &str, other: &str, whose: &str) -> Diagnostic {
    let detail = format!(
        "The Lambda function is in the partition {function}, and {whose} in {other}, from where it cannot be called. Name a \
         function in {other}."
    );
    Diagnostic::error("Credentials provider of another partition", detail)
}

fn account(function: &str, other: &str) -> Diagnostic {
    let detail = format!(
        "The Lambda function is in account {function}, and the model in {other}. SageMaker calls it as the model's role, which \
         the function's own policy then has to let in; is that meant?"
    );
    Diagnostic::warning("Credentials provider of another account", detail)
}

/// Holds the functions against the role of the model, which is of its account.
pub(super) fn beside_role(model: Fields<'_>) -> Diagnostics {
    let Some(role) = model.text("execution_role_arn").and_then(arn_parts) else { return Diagnostics::new() };
    let judge = |(function, at): (Arn<'_>, Path)| {
        let found = if function.partition != role.partition {
            partition(function.partition, role.partition, "the role of the model is")
        } else if function.account != role.account {
            account(function.account, role.account)
        } else {
            return None;
        };
        Some(found.of_attribute(at))
    };
    functions(model).into_iter().filter_map(judge).collect()
}

/// Holds the functions against the region of the model, and what the role does not tell against the account that is known.
pub(super) fn elsewhere(model: Fields<'_>, region: &str, own: Option<&str>) -> Diagnostics {
    let is_role_known = model.text("execution_role_arn").and_then(arn_parts).is_some();
    let mut found = Diagnostics::new();
    for (function, at) in functions(model) {
        if function.partition != partition_of(region) {
            // What is said beside the role is not said again.
            let said = partition(function.partition, partition_of(region), "the model is");
            found.extend((!is_role_known).then(|| said.of_attribute(at)));
            continue;
        }
        if function.region != region {
            let detail = format!(
                "The Lambda function is in {}, and the model in {region}. Name a function in {region}.",
                function.region
            );
            let warning = Diagnostic::warning("Credentials provider of another region", detail);
            found.push(warning.of_attribute(at.clone()));
        }
        let foreign = own.filter(|own| !is_role_known && *own != function.account);
        found.extend(foreign.map(|own| account(function.account, own).of_attribute(at)));
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use smform_types::{Type, json::value_from_json};

    use super::*;

    #[test]
    fn functions_are_held_against_the_role_and_the_region() {
        let said = |role: Option<&str>, function: &str| {
            let auth = json!([{"repository_credentials_provider_arn": function}]);
            let container = json!([{"image_config": [{"repository_auth_config": auth}]}]);
            let model = json!({"execution_role_arn": role, "primary_container": container});
            let model = value_from_json(&model, &Type::Dynamic).unwrap();
            let mut found = beside_role(Fields(&model));
            found.extend(elsewhere(Fields(&model), "us-east-1", Some("123456789012")));
            found.iter().map(|one| (one.is_error(), one.summary.clone())).collect::<Vec<_>>()
        };
        let role = Some("arn:aws:iam::123456789012:role/r");
        let function = |partition: &str, region: &str, account: &str| {
            format!("arn:{partition}:lambda:{region}:{account}:function:f")
        };
        let (here, there) = ("123456789012", "210987654321");
        let of = |what: &str, is_error: bool| vec![(is_error, format!("Credentials provider of another {what}"))];
        for role in [role, None] {
            assert_eq!(said(role, &function("aws", "us-east-1", here)), []);
            assert_eq!(said(role, &function("aws", "us-east-1", there)), of("account", false));
            assert_eq!(said(role, &function("aws", "eu-west-1", here)), of("region", false));
            assert_eq!(said(role, &function("aws-cn", "cn-north-1", here)), of("partition", true));
        }
    }
}
