//! What all resource types share: the `region` and `timeouts` arguments, planning with tags, and import identifiers.

use std::time::Duration;

use smform_provider::plan::Equivalence;
use smform_provider::{Beside, PlanRequest, PlanResponse, both_absent, plan_by_schema};
use smform_types::schema::{Attribute, Block, Constraint, NestedBlock, Schema};
use smform_types::{Diagnostic, Type, Value};

use crate::clients::Clients;
use crate::constraints::{duration, parse_duration};
use crate::fields::{Fields, with};
use crate::settings::{has_region_form, region_problem};
use crate::settle::same_entries;

/// The `region` argument of a resource.
pub(crate) fn region() -> Attribute {
    Attribute::optional_computed(Type::String)
        .forces_replacement()
        .with(region_form())
        .describe("The region of the object; that of the provider if left out.")
}

/// The `region` argument of a data source.
pub(crate) fn data_region() -> Attribute {
    Attribute::optional_computed(Type::String)
        .with(region_form())
        .describe("The region to look in; that of the provider if left out.")
}

/// Whether a region exists is for the provider block to say, which may ask for it not to be judged.
fn region_form() -> Constraint {
    Constraint::Text("a region such as us-east-1", has_region_form)
}

/// The `timeouts` block.
pub(crate) fn timeouts() -> NestedBlock {
    let limit = || Attribute::optional(Type::String).with(duration());
    NestedBlock::single(Block::new([("create", limit()), ("update", limit()), ("delete", limit())], []))
}

/// The region of an object that is written in its block, or else in that of its provider.
pub(crate) fn written_region<'v>(config: &'v Value, beside: &Beside<'v>) -> Option<&'v str> {
    let fields = Fields(config);
    if fields.is_given("region") { fields.text("region") } else { Fields(beside.provider).text("region") }
}

/// The `timeouts` block of a data source. Modules have it; there is nothing to wait for.
pub(crate) fn read_timeouts() -> NestedBlock {
    let read = Attribute::optional(Type::String).with(duration());
    let read = read.describe("Without effect: reading is a few calls, each of which has a limit of its own.");
    NestedBlock::single(Block::new([("read", read)], []))
}

/// How long an operation may take: as `timeouts` says, or the default.
pub(crate) fn limit(object: &Value, operation: &str, default: Duration) -> Duration {
    let said = Fields(object).block("timeouts").and_then(|timeouts| timeouts.text(operation));
    said.and_then(parse_duration).unwrap_or(default)
}

/// Plans as the schema says, with what is known of every object: its region, and all its tags.
pub(crate) fn plan(
    schema: &Schema,
    request: PlanRequest,
    clients: &Clients,
    equivalent: Equivalence<'_>,
) -> PlanResponse {
    let region = || Value::string(&clients.region);
    let absent = |object: &Value| object.get("region").is_none_or(Value::is_null);
    let PlanRequest { mut prior, mut config, .. } = request;
    let elsewhere = prior.as_ref().filter(|_| absent(&config)).and_then(|prior| elsewhere(prior, clients));
    // What belongs to no region has no such argument.
    if schema.block.attributes.contains_key("region") {
        if absent(&config) {
            config = with(config, "region", region());
        }
        // State from before regions were recorded belongs to the region that the provider has.
        prior = prior.map(|prior| if absent(&prior) { with(prior, "region", region()) } else { prior });
    }
    let before = prior.as_ref().and_then(|prior| prior.get("tags_all").cloned());
    let mut response = plan_by_schema(schema, &PlanRequest::new(prior, config), &|path, prior, wanted| {
        equivalent(path, prior, wanted) || same_entries(prior, wanted)
    });
    if schema.block.attributes.contains_key("tags_all") {
        response.planned = clients.tags.planned(response.planned);
        // Without tags it stays as it is recorded, be that null.
        let before =
            before.filter(|before| response.planned.get("tags_all").is_some_and(|all| both_absent(before, all)));
        response.planned = before.map_or(response.planned.clone(), |before| with(response.planned, "tags_all", before));
    }
    response.diagnostics.extend(elsewhere);
    response
}

/// Refuses to move an object to another region only because the environment names one; a provider block that does is
/// obeyed.
fn elsewhere(prior: &Value, clients: &Clients) -> Option<Diagnostic> {
    let known = Fields(prior).text("region").filter(|known| *known != clients.region && !clients.region_is_written)?;
    let detail = format!(
        "The object is in {known}, and the region of this run is {}, which comes from the environment or a profile. Set \
         AWS_REGION={known}; or, to replace the object in {}, write region in the provider block.",
        clients.region, clients.region
    );
    Some(Diagnostic::error("Wrong AWS region", detail))
}

/// What an import starts from: the identifier, without a region that may follow it after `@`, and an object in which
/// only the region is set.
pub(crate) fn import_seed<'i>(schema: &Schema, identifier: &'i str, clients: &Clients) -> (&'i str, Value) {
    let suffixed = identifier.rsplit_once('@').filter(|(_, region)| region_problem(region).is_none());
    let (identifier, region) = suffixed.unwrap_or((identifier, &clients.region));
    (identifier, with(schema.block.empty(), "region", Value::string(region)))
}

/// The identifier by which an import finds an object again that is to be made in the region of `planned`.
pub(crate) fn importable(identifier: &str, planned: &Value, clients: &Clients) -> String {
    let region = clients.region_of(planned);
    // The next run may be in another region. What stands in for AWS may have regions that do not look like one.
    if region_problem(region).is_none() { format!("{identifier}@{region}") } else { identifier.to_owned() }
}

/// A described object with what only the record knows: its region and its `timeouts`.
pub(crate) fn carry(live: Value, remembered: &Value) -> Value {
    ["region", "timeouts"].iter().fold(live, |live, name| match remembered.get(name) {
        Some(value) => with(live, name, value.clone()),
        None => live,
    })
}
