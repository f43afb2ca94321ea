//! What an update keeps of the counts and weights that autoscaling or operators gave the variants.

use aws_sdk_sagemaker::Client;
use aws_sdk_sagemaker::operation::describe_endpoint::DescribeEndpointOutput;
use aws_sdk_sagemaker::operation::describe_endpoint_config::DescribeEndpointConfigOutput;
use aws_sdk_sagemaker::types::{ProductionVariant, ProductionVariantSummary, VariantPropertyType};

use smform_types::{Diagnostic, Diagnostics, Path};

use super::super::endpoint_configuration;
use super::capacity::{Wish, variants};
use super::status::Status;
use crate::fields::Fields;

/// What becomes of the counts and weights of the variants that are in the old and in the new configuration.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Retention {
    /// What every variant takes from the new configuration. All else is kept.
    pub(super) excluded: Vec<VariantPropertyType>,
    /// What single variants take from it when the update has ended: what is excluded is set back for the others, too.
    pub(super) afterwards: Vec<Wish>,
}

/// Warns of exclusions that exclude nothing.
pub(super) fn check(endpoint: Fields<'_>) -> Diagnostics {
    let block = "exclude_retained_variant_properties";
    let named: Vec<&str> = endpoint.blocks(block).filter_map(|block| block.text("variant_property_type")).collect();
    let detail = if !named.is_empty() && endpoint.flag("retain_all_variant_properties") == Some(false) {
        "With retain_all_variant_properties = false an update keeps nothing, so there is nothing to exclude. Leave these blocks \
         out, or leave retain_all_variant_properties out to keep all but what they name."
    } else if named.contains(&"DataCaptureConfig") {
        "SageMaker's reference calls DataCaptureConfig not supported here: data is captured as the endpoint configuration \
         says, with this block or without. Leave it out."
    } else {
        return Diagnostics::new();
    };
    Diagnostic::warning("The exclusion has no effect", detail).of_attribute(Path::attribute(block)).into()
}

/// What an update of the live endpoint to the wanted configuration keeps; nothing when it keeps nothing.
pub(super) async fn retention(
    client: &Client,
    wanted: &str,
    planned: Fields<'_>,
    live: &DescribeEndpointOutput,
) -> Option<Retention> {
    let all = planned.flag("retain_all_variant_properties");
    if all == Some(false) {
        return None;
    }
    let excluded: Vec<VariantPropertyType> = planned
        .blocks("exclude_retained_variant_properties")
        .filter_map(|block| block.text("variant_property_type").map(VariantPropertyType::from))
        .collect();
    if !excluded.is_empty() || all == Some(true) {
        return Some(Retention { excluded, afterwards: Vec::new() });
    }
    let old = endpoint_configuration::describe(client, live.live_config()).await.ok().flatten();
    let new = endpoint_configuration::describe(client, wanted).await.ok().flatten();
    match (&old, &new) {
        (Some(old), Some(new)) => compare(old, new, live),
        // What cannot be compared is kept: losing instances under load is worse than keeping some too many.
        _ => Some(Retention::default()),
    }
}

type Pair<'c> = (&'c ProductionVariant, &'c ProductionVariant);

/// What is kept where only the two configurations decide; nothing when keeping has no meaning, since a variant is, or
/// becomes, serverless.
pub(super) fn compare(
    old: &DescribeEndpointConfigOutput,
    new: &DescribeEndpointConfigOutput,
    live: &DescribeEndpointOutput,
) -> Option<Retention> {
    fn all(config: &DescribeEndpointConfigOutput) -> impl Iterator<Item = &ProductionVariant> {
        config.production_variants().iter().chain(config.shadow_production_variants())
    }
    if all(old).chain(all(new)).any(|variant| variant.serverless_config().is_some()) {
        return None;
    }
    let pairs: Vec<Pair<'_>> = all(new)
        .filter_map(|new| Some((all(old).find(|old| old.variant_name() == new.variant_name())?, new)))
        .collect();
    let mut kept = Retention::default();
    let count = |variant: &ProductionVariant| variant.initial_instance_count();
    match change(&pairs, live, count, ProductionVariantSummary::desired_instance_count) {
        Change::None => {}
        Change::Together => kept.excluded.push(VariantPropertyType::DesiredInstanceCount),
        Change::Apart(counts) => {
            kept.afterwards.extend(counts.into_iter().map(|(variant, count)| Wish::of_count(variant, count)));
        }
    }
    let weight = |variant: &ProductionVariant| Some(variant.initial_variant_weight().unwrap_or(1.0));
    match change(&pairs, live, weight, ProductionVariantSummary::desired_weight) {
        Change::None => {}
        Change::Together => kept.excluded.push(VariantPropertyType::DesiredWeight),
        Change::Apart(weights) => {
            let weights = weights.into_iter().map(|(variant, weight)| Wish::of_weight(variant, weight));
            kept.afterwards = Wish::or_else(kept.afterwards, weights);
        }
    }
    Some(kept)
}

/// How the new configuration changes a property of the variants.
enum Change<T> {
    None,
    /// All can take it from the new configuration, at once with the update.
    Together,
    /// Others have changed a variant whose value the configuration leaves alone, so only these are set, by name.
    Apart(Vec<(String, T)>),
}

fn change<T: PartialEq>(
    pairs: &[Pair<'_>],
    live: &DescribeEndpointOutput,
    given: impl Fn(&ProductionVariant) -> Option<T>,
    has: impl Fn(&ProductionVariantSummary) -> Option<T>,
) -> Change<T> {
    let (changed, same): (Vec<Pair<'_>>, Vec<Pair<'_>>) = pairs.iter().partition(|(old, new)| given(old) != given(new));
    let adjusted = |variant: &ProductionVariant| {
        let summary = variants(live).find(|summary| summary.variant_name() == variant.variant_name());
        summary.and_then(&has).is_some_and(|now| Some(now) != given(variant))
    };
    if changed.is_empty() {
        Change::None
    } else if same.iter().any(|(_, new)| adjusted(new)) {
        let value = |(_, new): Pair<'_>| Some((new.variant_name()?.to_owned(), given(new)?));
        Change::Apart(changed.into_iter().filter_map(value).collect())
    } else {
        Change::Together
    }
}
