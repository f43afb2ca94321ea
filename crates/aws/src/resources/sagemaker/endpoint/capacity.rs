//! Weights and counts of the variants of a running endpoint, changed in place: no new fleet, no new configuration.
//!
//! The rules are those of `UpdateEndpointWeightsAndCapacities`: any number of weights in one call, the capacity of one
//! variant in each.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_sdk_sagemaker::Client;
use aws_sdk_sagemaker::operation::describe_endpoint::DescribeEndpointOutput;
use aws_sdk_sagemaker::types::{
    DesiredWeightAndCapacity, ProductionVariantServerlessUpdateConfig, ProductionVariantSummary,
};
use serde_json::{Value as Json, json};
use smform_provider::{ProviderError, Run};
use smform_types::{Diagnostic, Diagnostics, Path, Value};

use super::super::{PROPAGATION, is_in_progress};
use super::status::{Ended, Status, settle, unhealthy, why_stopped};
use super::update::gone;
use crate::failure::{Service, failed};
use crate::fields::{Builder, Fields};
use crate::waiters::Wait;

/// The block that says what is wanted.
pub(super) const BLOCK: &str = "desired_weights_and_capacities";

/// What is wanted of one variant; what is not given is left to the configuration, operators and autoscaling.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Wish {
    variant: String,
    weight: Option<f32>,
    count: Option<i32>,
    concurrency: Option<i32>,
    provisioned: Option<i32>,
}

impl Wish {
    fn of(variant: String) -> Wish {
        Wish { variant, weight: None, count: None, concurrency: None, provisioned: None }
    }

    pub(super) fn of_count(variant: String, count: i32) -> Wish {
        Wish { count: Some(count), ..Wish::of(variant) }
    }

    pub(super) fn of_weight(variant: String, weight: f32) -> Wish {
        Wish { weight: Some(weight), ..Wish::of(variant) }
    }

    /// What is wished for, and where nothing is, what `others` wish for.
    pub(super) fn or_else(mut wishes: Vec<Wish>, others: impl IntoIterator<Item = Wish>) -> Vec<Wish> {
        for other in others {
            match wishes.iter_mut().find(|wish| wish.variant == other.variant) {
                Some(wish) => {
                    wish.weight = wish.weight.or(other.weight);
                    wish.count = wish.count.or(other.count);
                    wish.concurrency = wish.concurrency.or(other.concurrency);
                    wish.provisioned = wish.provisioned.or(other.provisioned);
                }
                None => wishes.push(other),
            }
        }
        wishes
    }
}

/// What to say when counts and weights of a configuration were left to be set after the update to it, and were not.
/// Empty when there are none.
pub(super) fn owed(config: &str, wishes: &[Wish]) -> String {
    if wishes.is_empty() {
        return String::new();
    }
    format!(
        " Configuration \"{config}\" changes counts or weights of some variants, which are set when the update to it has \
         ended: {}. Applying again sets them.",
        in_words(wishes)
    )
}

/// What is wished for of each variant.
fn in_words(wishes: &[Wish]) -> String {
    let of = |wish: &Wish| {
        let count = wish.count.map(|count| format!("desired_instance_count = {count}"));
        let weight = wish.weight.map(|weight| format!("desired_weight = {weight}"));
        let given: Vec<String> = count.into_iter().chain(weight).collect();
        format!("{}: {}", wish.variant, given.join(", "))
    };
    wishes.iter().map(of).collect::<Vec<_>>().join("; ")
}

/// Counts and weights that are left to be set when an endpoint has a configuration, as the journal keeps them.
pub(super) fn debt(config: &str, wishes: &[Wish]) -> String {
    let wishes: Vec<Json> = wishes
        .iter()
        .map(|wish| json!({"variant": wish.variant, "count": wish.count, "weight": wish.weight}))
        .collect();
    json!({"config": config, "wishes": wishes}).to_string()
}

/// What the journal says is left to be set on an endpoint that has a configuration.
pub(super) fn debts(kept: Option<&str>, config: &str) -> Vec<Wish> {
    let kept: Option<Json> = kept.and_then(|kept| serde_json::from_str(kept).ok());
    let Some(kept) = kept.filter(|kept| kept.get("config").and_then(Json::as_str) == Some(config)) else {
        return Vec::new();
    };
    let wishes = kept.get("wishes").and_then(Json::as_array).into_iter().flatten();
    let of = |wish: &Json| {
        let count = wish.get("count").and_then(Json::as_i64).and_then(|count| i32::try_from(count).ok());
        let weight = wish.get("weight").filter(|weight| weight.is_number()).map(ToString::to_string);
        Some(Wish {
            count,
            weight: weight.and_then(|weight| weight.parse().ok()),
            ..Wish::of(wish.get("variant")?.as_str()?.to_owned())
        })
    };
    wishes.filter_map(of).collect()
}

/// Says that the plan sets what an interrupted run has left, if there is any of it.
pub(super) fn left(kept: Option<&str>, planned: &Value, endpoint: &DescribeEndpointOutput) -> Option<Diagnostic> {
    let config = endpoint.endpoint_config_name().unwrap_or_default();
    let left = debts(kept, config);
    let all = Wish::or_else(wishes(planned), left.iter().cloned());
    if left.is_empty() || differences(&all, endpoint).is_empty() {
        return None;
    }
    let detail = format!(
        "It has moved to \"{config}\", and counts or weights that this configuration changes were to be set after that: {}. \
         The run did not come to it; this plan does.",
        in_words(&left)
    );
    let name = endpoint.endpoint_name().unwrap_or_default();
    let warning = Diagnostic::warning(format!("The update of endpoint \"{name}\" is not complete"), detail);
    Some(warning.of_attribute(Path::attribute("endpoint_config_name")))
}

/// What an endpoint is to have.
pub(super) fn wishes(endpoint: &Value) -> Vec<Wish> {
    let of = |block: Fields<'_>| {
        let serverless = block.block("serverless_update_config");
        Some(Wish {
            variant: block.owned("variant_name")?,
            weight: block.float("desired_weight"),
            count: block.int("desired_instance_count"),
            concurrency: serverless.and_then(|config| config.count("max_concurrency")),
            provisioned: serverless.and_then(|config| config.count("provisioned_concurrency")),
        })
    };
    Fields(endpoint).blocks(BLOCK).filter_map(of).collect()
}

/// Rules between the arguments. Unknown parts are passed over.
pub(super) fn check(endpoint: Fields<'_>) -> Diagnostics {
    let mut found = Diagnostics::new();
    let mut seen = BTreeSet::new();
    for (at, block) in endpoint.blocks(BLOCK).enumerate() {
        let path = Path::attribute(BLOCK).index(at);
        let mut refuse = |summary: &str, detail: String, path: Path| {
            found.push(Diagnostic::error(summary, detail).of_attribute(path));
        };
        if let Some(name) = block.text("variant_name")
            && !seen.insert(name)
        {
            let detail = format!("Variant \"{name}\" has a {BLOCK} block already; write one for each variant.");
            refuse("Variant named twice", detail, path.attr("variant_name"));
        }
        let given = ["desired_weight", "desired_instance_count", "serverless_update_config"];
        let given: Vec<bool> = given.iter().map(|name| is_given(block, name)).collect();
        if !given.contains(&true) {
            let detail = "Give desired_weight, desired_instance_count or serverless_update_config.";
            refuse("Nothing is wanted of the variant", detail.to_owned(), path.clone());
        }
        if let [_, true, true] = given.as_slice()
            && block.is_set("desired_instance_count")
        {
            let detail = "A serverless variant has no instances: give desired_instance_count or \
                          serverless_update_config, not both.";
            refuse("Conflicting arguments", detail.to_owned(), path);
        }
    }
    found
}

/// Whether an argument or block is given, known or not.
fn is_given(block: Fields<'_>, name: &str) -> bool {
    block.is_given(name) && block.get(name).is_none_or(|value| value.as_slice().is_none_or(|items| !items.is_empty()))
}

/// Whether every one of the named variants is to get no traffic.
pub(super) fn silences<'n>(wishes: &[Wish], mut names: impl Iterator<Item = &'n str>) -> bool {
    let zero = |name: &str| wishes.iter().any(|wish| wish.variant == name && wish.weight == Some(0.0));
    names.all(zero)
}

/// Variants that are wished for and that the configuration does not have.
pub(super) fn check_variants<'n>(wishes: &[Wish], config: &str, names: impl Iterator<Item = &'n str>) -> Diagnostics {
    let known: Vec<&str> = names.collect();
    let unknown = wishes.iter().enumerate().filter(|(_, wish)| !known.contains(&wish.variant.as_str()));
    unknown
        .map(|(at, wish)| {
            let detail = format!("Configuration \"{config}\" has no such variant; it has: {}.", known.join(", "));
            Diagnostic::error(format!("Unknown variant \"{}\"", wish.variant), detail)
                .of_attribute(Path::attribute(BLOCK).index(at).attr("variant_name"))
        })
        .fold(Diagnostics::new(), |mut found, diagnostic| {
            found.push(diagnostic);
            found
        })
}

pub(super) fn variants(endpoint: &DescribeEndpointOutput) -> impl Iterator<Item = &ProductionVariantSummary> {
    endpoint.production_variants().iter().chain(endpoint.shadow_production_variants())
}

/// What the endpoint has of what is remembered; what was left to others stays so, and is no drift.
pub(super) fn describe<'b>(block: Builder<'b>, endpoint: &DescribeEndpointOutput, remembered: &Value) -> Builder<'b> {
    let wishes = wishes(remembered);
    let pairs = wishes.iter().filter_map(|wish| {
        Some((wish, variants(endpoint).find(|variant| variant.variant_name() == Some(&wish.variant))?))
    });
    block.blocks(BLOCK, pairs, |block, (wish, variant)| {
        let serverless = variant.desired_serverless_config();
        let managed = wish.concurrency.is_some() || wish.provisioned.is_some();
        block
            .text("variant_name", Some(&wish.variant))
            .float("desired_weight", wish.weight.and(variant.desired_weight()))
            .int("desired_instance_count", wish.count.and(variant.desired_instance_count()))
            .blocks("serverless_update_config", serverless.filter(|_| managed), |block, config| {
                block
                    .int("max_concurrency", wish.concurrency.and(config.max_concurrency()))
                    .int("provisioned_concurrency", wish.provisioned.and(config.provisioned_concurrency()))
            })
    })
}

/// What to ask for so that the endpoint has what is wished, one entry for each variant that differs.
fn differences(wishes: &[Wish], endpoint: &DescribeEndpointOutput) -> Vec<DesiredWeightAndCapacity> {
    let mut asked = Vec::new();
    for wish in wishes {
        let Some(variant) = variants(endpoint).find(|variant| variant.variant_name() == Some(&wish.variant)) else {
            continue;
        };
        let serverless = variant.desired_serverless_config();
        let weight = wish.weight.filter(|weight| variant.desired_weight() != Some(*weight));
        let count = wish.count.filter(|count| variant.desired_instance_count() != Some(*count));
        let concurrency = wish.concurrency.filter(|n| serverless.and_then(|s| s.max_concurrency()) != Some(*n));
        let provisioned = wish.provisioned.filter(|n| serverless.and_then(|s| s.provisioned_concurrency()) != Some(*n));
        let serverless = (concurrency.is_some() || provisioned.is_some()).then(|| {
            ProductionVariantServerlessUpdateConfig::builder()
                .set_max_concurrency(wish.concurrency)
                .set_provisioned_concurrency(wish.provisioned)
                .build()
        });
        if weight.is_some() || count.is_some() || serverless.is_some() {
            asked.push(
                DesiredWeightAndCapacity::builder()
                    .variant_name(&wish.variant)
                    .set_desired_weight(weight)
                    .set_desired_instance_count(count)
                    .set_serverless_update_config(serverless)
                    .build(),
            );
        }
    }
    asked
}

/// The part of the differences that one call may carry: all weights, and the capacity of one variant.
fn one_call(differences: Vec<DesiredWeightAndCapacity>) -> Vec<DesiredWeightAndCapacity> {
    let mut with_capacity = false;
    let mut call = Vec::new();
    for mut entry in differences {
        let has_capacity = entry.desired_instance_count().is_some() || entry.serverless_update_config().is_some();
        if has_capacity && with_capacity {
            (entry.desired_instance_count, entry.serverless_update_config) = (None, None);
        }
        with_capacity |= has_capacity;
        if entry.desired_weight().is_some()
            || entry.desired_instance_count().is_some()
            || entry.serverless_update_config().is_some()
        {
            call.push(entry);
        }
    }
    call
}

/// Gives the variants the weights and counts that are wished for, and waits until they have them.
///
/// # Errors
/// When they do not.
pub(super) async fn bring(
    client: &Client,
    name: &str,
    wishes: &[Wish],
    run: &dyn Run,
    limit: Duration,
) -> Result<(), ProviderError> {
    if wishes.is_empty() {
        return Ok(());
    }
    let summary = || format!("Weights and counts of endpoint \"{name}\" could not be changed");
    let mut wait = Wait::new(run, limit);
    loop {
        let before = settled(client, name, run, limit, |_, _| true, summary()).await?;
        if !before.is_in_service() {
            let what = format!("Its status is {}; only an endpoint in service can be changed.", before.status());
            return Err(unhealthy(summary(), &before, &what));
        }
        let call = one_call(differences(wishes, &before));
        if call.is_empty() {
            return Ok(());
        }
        let answer = client
            .update_endpoint_weights_and_capacities()
            .endpoint_name(name)
            .set_desired_weights_and_capacities(Some(call.clone()))
            .send()
            .await
            .map_err(failed(Service::SageMaker, "UpdateEndpointWeightsAndCapacities"));
        match answer {
            Ok(_) => {}
            // Whoever was faster, such as autoscaling, or a call of ours whose answer was lost: look again.
            Err(failure) if is_in_progress(&failure) => {
                if wait.pause().await.is_err() {
                    return Err(failure.into_error(summary()));
                }
                continue;
            }
            Err(failure) => return Err(failure.into_error(summary())),
        }
        let accepted = run.clock().now();
        let fresh = |endpoint: &DescribeEndpointOutput, _: bool| {
            // A description may lag behind: what it says of the time before is not a rollback yet.
            let waited = run.clock().now().duration_since(accepted).unwrap_or_default();
            endpoint.last_modified_time() != before.last_modified_time()
                || differences(wishes, endpoint) != differences(wishes, &before)
                || waited > PROPAGATION
        };
        let after = settled(client, name, run, limit, fresh, summary()).await?;
        let left = differences(wishes, &after);
        if !after.is_in_service() || call.iter().any(|asked| left.iter().any(|left| same_want(asked, left))) {
            let what = "SageMaker accepted the change of weights and counts and then undid it.";
            return Err(unhealthy(summary(), &after, what));
        }
    }
}

/// Whether something that was asked for is still wanted.
fn same_want(asked: &DesiredWeightAndCapacity, left: &DesiredWeightAndCapacity) -> bool {
    asked.variant_name() == left.variant_name()
        && (asked.desired_weight().is_some() && left.desired_weight().is_some()
            || asked.desired_instance_count().is_some() && left.desired_instance_count().is_some()
            || asked.serverless_update_config().is_some() && left.serverless_update_config().is_some())
}

async fn settled(
    client: &Client,
    name: &str,
    run: &dyn Run,
    limit: Duration,
    enough: impl Fn(&DescribeEndpointOutput, bool) -> bool + Send,
    summary: String,
) -> Result<Box<DescribeEndpointOutput>, ProviderError> {
    match settle(client, name, run, limit, enough).await {
        Ended::Settled(endpoint, _) => Ok(endpoint),
        Ended::Gone => Err(gone(name)),
        Ended::Unknown(failure) => Err(failure.into_error(summary)),
        Ended::Stopped(stopped, last) => {
            let why = why_stopped(stopped, &last);
            Err(ProviderError::new(summary, format!("{why} Apply again to go on.")).still_under_way())
        }
    }
}
