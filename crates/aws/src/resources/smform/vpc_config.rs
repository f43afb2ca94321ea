//! `smform_vpc_config`: the subnets and security groups through which SageMaker reaches a private registry. It creates
//! nothing; it is checked live by EC2 Describe calls whenever it is planned, which includes the moment before it is
//! applied, and recorded in state.

use async_trait::async_trait;
use smform_provider::{
    Context, CreateOutcome, Imported, PlanRequest, PlanResponse, PlannedObject, ProviderError, ResourceType,
    UpdateOutcome,
};
use smform_types::image::{is_address, is_internal_name, split_authority, unreachable_host};
use smform_types::schema::{Attribute, Block, Constraint, NestedBlock, Schema};
use smform_types::{Diagnostic, Diagnostics, Path, Type, Value};

use crate::clients::Clients;
use crate::fields::{Fields, with};
use crate::preflight::{self, Findings, Place, Registry, Wanted, Ways};
use crate::resources::sagemaker::model::network::registries;
use crate::settle::fill;
use crate::shared::{import_seed, importable, plan, region};

/// The resource type.
pub(crate) struct VpcConfig {
    schema: Schema,
}

/// What follows from the arguments and the live network.
const COMPUTED: [&str; 3] = ["id", "vpc_id", "availability_zones"];

impl VpcConfig {
    pub(crate) fn new() -> VpcConfig {
        let registry = Block::new(
            [
                (
                    "host",
                    Attribute::required(Type::String).describe("The registry, as host or host:port (443 if left out)."),
                ),
                (
                    "security_group_id",
                    Attribute::optional(Type::String)
                        .describe("The registry's own security group, when it is in the same account."),
                ),
            ],
            [],
        );
        let mut block = Block::new(
            [
                ("id", Attribute::computed(Type::String)),
                (
                    "subnets",
                    Attribute::required(Type::set(Type::String))
                        .with(Constraint::Items(1, 16))
                        .describe("Subnets of one VPC, in at least two availability zones."),
                ),
                (
                    "security_group_ids",
                    Attribute::required(Type::set(Type::String))
                        .with(Constraint::Items(1, 5))
                        .describe("Security groups of the models."),
                ),
                ("vpc_id", Attribute::computed(Type::String).describe("The VPC of the subnets.")),
                (
                    "availability_zones",
                    Attribute::computed(Type::set(Type::String)).describe("The zones of the subnets."),
                ),
                ("region", region()),
            ],
            [("registry", NestedBlock::at_most_one(registry))],
        );
        block.description = "The network through which SageMaker reaches a private registry. It creates nothing in AWS; \
                             it is checked live at every plan, and recorded.";
        VpcConfig { schema: Schema { version: 0, block } }
    }
}

/// The network by itself, as far as it is known.
fn wanted(object: &Value) -> Option<Wanted> {
    Wanted::network(Fields(object), &Path::root())
}

/// Whether the network, the way to the registry included, is recorded as it is wanted.
fn is_recorded(before: &Value, after: &Value) -> bool {
    ["subnets", "security_group_ids", "registry", "region"].iter().all(|name| before.get(name) == after.get(name))
}

/// Findings that are no news, about a network that stays as it is: they stop nothing.
fn no_news(found: Diagnostics) -> Diagnostics {
    preflight::softened(found, "It is so already, and the network itself is not changed, so this stops nothing.")
}

/// Whether models of the plan are made in the network.
fn is_needed(network: &Value, plan: &[PlannedObject], clients: &Clients) -> bool {
    let (subnets, region) = (Fields(network).texts("subnets"), clients.region_of(network));
    let made = plan.iter().filter(|planned| &*planned.type_name == "aws_sagemaker_model" && planned.is_new());
    made.filter_map(|planned| planned.after.as_ref()).filter(|model| clients.region_of(model) == region).any(|model| {
        let theirs = Fields(model).block("vpc_config");
        theirs.is_some_and(|theirs| {
            theirs.is_unknown("subnets") || theirs.texts("subnets").iter().any(|subnet| subnets.contains(subnet))
        })
    })
}

/// The registry that must be reachable, when it is known.
fn registry(object: &Value) -> Option<Registry> {
    let registry = Fields(object).block("registry")?;
    let (host, port) = split_authority(registry.text("host")?).ok()?;
    let at = Path::attribute("registry").index(0).attr("security_group_id");
    let group = registry.owned("security_group_id").map(|id| (id, at));
    let known = !registry.is_unknown("security_group_id");
    known.then(|| Registry { host: host.to_owned(), port: port.unwrap_or(443), group })
}

/// A warning when models of the plan use the subnets, and all their images come from other registries than the one
/// that is checked.
fn unused_registry(object: &Value, plan: &[PlannedObject], clients: &Clients) -> Option<Diagnostic> {
    let fields = Fields(object);
    let (host, _) = split_authority(fields.block("registry")?.text("host")?).ok()?;
    if fields.is_unknown("subnets") {
        return None;
    }
    let subnets = fields.texts("subnets");
    let region = clients.region_of(object);
    let mut others = Vec::new();
    for planned in plan.iter().filter(|planned| &*planned.type_name == "aws_sagemaker_model") {
        let Some(model) = planned.after.as_ref().filter(|model| clients.region_of(model) == region) else { continue };
        let Some(network) = Fields(model).block("vpc_config") else { continue };
        if network.is_unknown("subnets") {
            return None;
        }
        if network.texts("subnets").iter().any(|subnet| subnets.contains(subnet)) {
            others.extend(registries(model)?);
        }
    }
    if others.is_empty() || others.iter().any(|other| other.eq_ignore_ascii_case(host)) {
        return None;
    }
    others.sort();
    others.dedup();
    let detail = format!(
        "The way to {host} is checked, and the models in these subnets pull their images from {}. Name the registry that \
         they use, or the way to it is not seen from here.",
        others.join(", ")
    );
    let at = Path::attribute("registry").index(0).attr("host");
    Some(Diagnostic::warning("Registry that no model uses", detail).of_attribute(at))
}

/// The identifier: what it consists of, so that it can also be imported by it.
fn id_of(wanted: &Wanted) -> String {
    format!("{}/{}", wanted.subnets.join(","), wanted.groups.join(","))
}

fn with_findings(object: Value, wanted: &Wanted, findings: &Findings) -> Value {
    let zones = Value::set(Type::String, findings.zones.iter().map(Value::string));
    let object = if wanted.more_groups { object } else { with(object, "id", Value::string(id_of(wanted))) };
    match &findings.vpc_id {
        Some(vpc) => with(with(object, "vpc_id", Value::string(vpc)), "availability_zones", zones),
        None => object,
    }
}

async fn look(object: &Value, wanted: &Wanted, clients: &Clients) -> Findings {
    let region = clients.region_of(object);
    let place = Place { name: &clients.place(region), partition: &clients.partition(region) };
    preflight::network(&clients.ec2(region), wanted, place).await
}

#[async_trait]
impl ResourceType<Clients> for VpcConfig {
    fn name(&self) -> &'static str {
        "smform_vpc_config"
    }

    fn schema(&self) -> Schema {
        self.schema.clone()
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        let fields = Fields(config);
        let mut found = preflight::check_ids(fields, &Path::root());
        let Some(registry) = fields.block("registry") else { return found };
        let at = Path::attribute("registry").index(0);
        if let Some(text) = registry.text("host") {
            let at = at.attr("host");
            let mut say = |diagnostic: Diagnostic| found.push(diagnostic.of_attribute(at.clone()));
            let invalid = |detail: String| Diagnostic::error("Invalid registry host", detail);
            if text.contains('/') {
                say(invalid(format!(
                    "\"{text}\" is more than a host. Give host or host:port, without scheme and path."
                )));
            } else {
                match split_authority(text) {
                    Err(why) => say(invalid(format!("\"{text}\" is not host or host:port: {why}."))),
                    Ok((host, _)) => {
                        if let Some(why) = unreachable_host(host) {
                            say(invalid(format!("{host} cannot be a registry in the VPC: {why}.")));
                        } else if !is_address(host) && is_internal_name(host) {
                            say(Diagnostic::warning(
                                "Registry with an internal name",
                                format!(
                                    "SageMaker needs a certificate of a public authority, and none certifies \"{host}\". \
                                     Give the registry a public name that the VPC resolves to its private address."
                                ),
                            ));
                        }
                    }
                }
            }
        }
        found.extend(preflight::check_group_id(registry, "security_group_id", &at));
        found
    }

    async fn plan(
        &self,
        schema: &Schema,
        request: PlanRequest,
        cx: &Context<'_, Clients>,
    ) -> Result<PlanResponse, Diagnostics> {
        let prior = request.prior.clone();
        let mut response = plan(schema, request, cx.clients, &|_, prior, wanted| prior == wanted);
        let unchanged = prior.as_ref().is_some_and(|prior| {
            ["subnets", "security_group_ids"].iter().all(|name| prior.get(name) == response.planned.get(name))
        });
        if !unchanged {
            response.planned = smform_provider::plan::with_unknown(response.planned, &schema.block.ty(), &COMPUTED);
        }
        let Some(wanted) = wanted(&response.planned) else { return Ok(response) };
        let findings = look(&response.planned, &wanted, cx.clients).await;
        let recorded = prior.as_ref().is_some_and(|prior| is_recorded(prior, &response.planned));
        if recorded && findings.diagnostics.has_errors() {
            response.diagnostics.extend(no_news(findings.diagnostics));
            return Ok(response);
        }
        response.planned = with_findings(response.planned, &wanted, &findings);
        let ((), notes) = findings.diagnostics.into_result(())?;
        response.diagnostics.extend(notes);
        Ok(response)
    }

    async fn review(&self, object: &PlannedObject, plan: &[PlannedObject], cx: &Context<'_, Clients>) -> Diagnostics {
        let Some(after) = &object.after else { return Diagnostics::new() };
        let unused = unused_registry(after, plan, cx.clients);
        let (Some(wanted), Some(registry)) = (wanted(after), registry(after)) else {
            return unused.into_iter().collect();
        };
        let region = cx.clients.region_of(after);
        let place = Place { name: &cx.clients.place(region), partition: &cx.clients.partition(region) };
        let wanted = Wanted { registry: Some(registry), ..wanted };
        let Ways { now, after: then } = preflight::ways(&cx.clients.ec2(region), &wanted, plan, place).await;
        let recorded = object.before.as_ref().is_some_and(|before| is_recorded(before, after));
        let mut found = Diagnostics::new();
        for finding in then {
            let is_old = now.iter().any(|old| old.is_error() && old.summary == finding.summary);
            let stays = recorded && is_old && !is_needed(after, plan, cx.clients);
            found.extend(if stays { no_news(finding.into()) } else { finding.into() });
        }
        found.extend(unused);
        found
    }

    fn judged_beside(&self) -> &'static [&'static str] {
        preflight::JUDGED_BESIDE
    }

    async fn read(&self, prior: &Value, _: &Context<'_, Clients>) -> Result<Option<Value>, ProviderError> {
        // There is nothing to read; every plan looks at the network anyway.
        Ok(Some(prior.clone()))
    }

    async fn create(&self, planned: &Value, cx: &Context<'_, Clients>) -> CreateOutcome {
        let Some(wanted) = wanted(planned).filter(|wanted| !wanted.more_groups) else {
            let detail = "The subnets or security groups are still not known.";
            return CreateOutcome::Failed(ProviderError::new("The network cannot be recorded", detail));
        };
        let id = id_of(&wanted);
        if let Err(error) = cx.run.intend(&importable(&id, planned, cx.clients)).await {
            return CreateOutcome::Failed(error);
        }
        let made = with(planned.clone(), "id", Value::string(id));
        CreateOutcome::Complete(fill(&made, &self.schema.block.empty()))
    }

    async fn update(&self, _: &Value, planned: &Value, _: &Context<'_, Clients>) -> UpdateOutcome {
        UpdateOutcome::Complete(fill(planned, &self.schema.block.empty()))
    }

    async fn delete(&self, _: &Value, _: &Context<'_, Clients>) -> Result<(), ProviderError> {
        Ok(())
    }

    async fn import(&self, identifier: &str, cx: &Context<'_, Clients>) -> Result<Option<Imported>, ProviderError> {
        let (identifier, seed) = import_seed(&self.schema, identifier, cx.clients);
        let Some((subnets, groups)) = identifier.split_once('/') else {
            return Err(ProviderError::new(
                "Malformed identifier",
                format!(
                    "\"{identifier}\" is not of the form subnet-a,subnet-b/sg-a: the subnets, a slash, the security \
                     groups."
                ),
            ));
        };
        let set = |list: &str| {
            let ids = list.split(',').map(str::trim).filter(|id| !id.is_empty());
            Value::set(Type::String, ids.map(Value::string))
        };
        let object = with(with(seed, "subnets", set(subnets)), "security_group_ids", set(groups));
        let Some(wanted) = wanted(&object) else { return Ok(None) };
        let findings = look(&object, &wanted, cx.clients).await;
        if let Some(error) = findings.diagnostics.iter().find(|diagnostic| diagnostic.is_error()) {
            return Err(ProviderError::new(error.summary.clone(), error.detail.clone()));
        }
        Ok(Some(Imported::from(with_findings(object, &wanted, &findings))))
    }
}
