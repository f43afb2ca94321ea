//! Scaling that could never do anything: the service takes it, or refuses it without saying why.

use smform_provider::PlannedObject;
use smform_types::{Diagnostic, Diagnostics, Path, Value};

use super::super::sagemaker::endpoint::planned::configurations;
use super::super::sagemaker::endpoint::variants::named;
use super::super::sagemaker::referred::{self, Kind, Reference};
use crate::clients::Clients;
use crate::fields::Fields;

const COUNT: &str = "sagemaker:variant:DesiredInstanceCount";
const CONCURRENCY: &str = "sagemaker:variant:DesiredProvisionedConcurrency";

/// The metrics that asynchronous endpoints do not have: their requests wait in a queue.
const OF_REQUESTS: [&str; 2] =
    ["SageMakerVariantInvocationsPerInstance", "SageMakerVariantConcurrentRequestsPerModelHighResolution"];

/// Warns of capacities that leave no choice.
pub(super) fn fixed(target: Fields<'_>) -> Option<Diagnostic> {
    let (least, most) = (target.int("min_capacity")?, target.int("max_capacity")?);
    if least != most {
        return None;
    }
    let detail = format!(
        "min_capacity and max_capacity are both {most}, so no policy can ever change the number. Give max_capacity what the \
         load may need at most, or leave the target and its policies out."
    );
    Some(Diagnostic::warning("Nothing is left to scale", detail).of_attribute(Path::attribute("max_capacity")))
}

/// The endpoint and variant, or the component, that a target or policy names.
fn subject(object: &Value) -> Option<(&str, Option<&str>)> {
    let fields = Fields(object);
    let resource = fields.text("resource_id").filter(|_| fields.text("service_namespace") == Some("sagemaker"))?;
    match resource.split('/').collect::<Vec<_>>().as_slice() {
        ["endpoint", name, "variant", variant] => Some((name, Some(variant))),
        ["inference-component", name] => Some((name, None)),
        _ => None,
    }
}

/// What a target names.
fn reference(target: &Value) -> Vec<Reference> {
    let reference = |(name, variant): (&str, Option<&str>)| Reference {
        kind: if variant.is_some() { Kind::Endpoint } else { Kind::Component },
        name: name.to_owned(),
        is_known: true,
        at: Path::attribute("resource_id"),
    };
    subject(target).map(reference).into_iter().collect()
}

/// Judges a target by what it is to scale: whether that is there, and can be scaled so.
pub(super) async fn check(object: &PlannedObject, plan: &[PlannedObject], clients: &Clients) -> Diagnostics {
    let mut found = referred::check(object, plan, clients, reference).await;
    let Some(after) = object.after.as_ref().filter(|after| object.before.as_ref() != Some(after)) else { return found };
    if found.is_empty() {
        found.extend(live_variant(object, after, plan, clients).await);
    }
    found.extend(dimension(after, plan));
    found
}

/// Refuses a variant that an endpoint outside of the plan does not have.
async fn live_variant(
    object: &PlannedObject,
    after: &Value,
    plan: &[PlannedObject],
    clients: &Clients,
) -> Option<Diagnostic> {
    let (endpoint, Some(variant)) = subject(after).filter(|_| object.is_new())? else { return None };
    if named(plan, endpoint).is_some() {
        return None;
    }
    let client = clients.sagemaker(clients.region_of(after));
    let live = super::super::sagemaker::endpoint::describe(&client, endpoint).await.ok().flatten()?;
    let names: Vec<&str> = live.production_variants().iter().filter_map(|variant| variant.variant_name()).collect();
    (!names.is_empty() && !names.contains(&variant)).then(|| {
        let detail = format!("Endpoint \"{endpoint}\" has {}, and no variant \"{variant}\".", names.join(", "));
        let error = Diagnostic::error(format!("Unknown variant \"{variant}\""), detail);
        error.of_attribute(Path::attribute("resource_id"))
    })
}

/// Warns of instances of a variant that has none, or of the concurrency of one that has instances.
fn dimension(target: &Value, plan: &[PlannedObject]) -> Option<Diagnostic> {
    let (endpoint, Some(variant)) = subject(target)? else { return None };
    let dimension = Fields(target).text("scalable_dimension")?;
    let serverless: Vec<bool> = configurations(named(plan, endpoint)?, plan.iter())
        .map(|configuration| {
            let mut variants = Fields(configuration).blocks("production_variants");
            let scaled = variants.find(|block| block.text("variant_name") == Some(variant))?;
            let is_known = scaled.0.get("serverless_config").is_none_or(Value::is_known);
            is_known.then(|| scaled.block("serverless_config").is_some())
        })
        .collect::<Option<_>>()?;
    let (kind, other) = match dimension {
        COUNT if serverless.iter().all(|is| *is) => ("is serverless and has no instances", CONCURRENCY),
        CONCURRENCY if serverless.iter().all(|is| !is) => ("has instances and no provisioned concurrency", COUNT),
        _ => return None,
    };
    (!serverless.is_empty()).then(|| {
        let detail = format!(
            "Variant \"{variant}\" of endpoint \"{endpoint}\" {kind}, so {dimension} cannot be scaled. Write {other}, here and \
             in the policies."
        );
        let warning = Diagnostic::warning("The dimension does not fit the variant", detail);
        warning.of_attribute(Path::attribute("scalable_dimension"))
    })
}

/// Warns of a policy that follows a metric which the endpoint that it scales does not publish.
pub(super) fn metric(object: &PlannedObject, plan: &[PlannedObject]) -> Option<Diagnostic> {
    let after = object.after.as_ref().filter(|after| object.before.as_ref() != Some(after))?;
    let (endpoint, Some(_)) = subject(after)? else { return None };
    let tracking = Fields(after).block("target_tracking_scaling_policy_configuration")?;
    let metric = tracking.block("predefined_metric_specification")?.text("predefined_metric_type")?;
    let mut configurations = configurations(named(plan, endpoint)?, plan.iter()).peekable();
    configurations.peek()?;
    let is_asynchronous = |configuration: &Value| Fields(configuration).block("async_inference_config").is_some();
    if !OF_REQUESTS.contains(&metric) || !configurations.all(is_asynchronous) {
        return None;
    }
    let detail = format!(
        "Endpoint \"{endpoint}\" is asynchronous, and such endpoints do not publish {metric}: the policy would never do \
         anything. Follow ApproximateBacklogSizePerInstance of AWS/SageMaker with a customized_metric_specification, whose \
         dimension EndpointName is \"{endpoint}\"."
    );
    let at = Path::attribute("target_tracking_scaling_policy_configuration").index(0);
    let at = at.attr("predefined_metric_specification").index(0).attr("predefined_metric_type");
    Some(Diagnostic::warning("The endpoint does not publish the metric", detail).of_attribute(at))
}
