//! `aws_vpc_endpoint`: a way from a VPC to a service of AWS without the internet.

mod acceptance;
mod addressing;

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{IpAddressType, ResourceType as Ec2Type, State, VpcEndpoint as Described, VpcEndpointType};
use smform_provider::{
    Context, CreateOutcome, Imported, PlanRequest, PlanResponse, ProviderError, ResourceType, Run, UpdateOutcome,
};
use smform_types::schema::{Attribute, Block, Constraint, Schema};
use smform_types::{Diagnostic, Diagnostics, Path, Type, Value};
use tokio::sync::Mutex;

use super::filters::{arn, filter, own_tags};
use super::removal::remove;
use super::tagging;
use super::unnamed::Sought;
use crate::clients::Clients;
use crate::failure::{Failure, Service, failed};
use crate::fields::{Builder, Fields, with};
use crate::resources::iam::document;
use crate::settle::{fill, settle};
use crate::shared::{carry, import_seed, importable, limit, plan, region, timeouts};
use crate::tags;
use crate::waiters::Wait;

/// The arguments of which exactly one says what the endpoint leads to.
const TARGETS: [&str; 3] = ["service_name", "resource_configuration_arn", "service_network_arn"];

/// How long each operation may take, unless the configuration says otherwise.
const PATIENCE: Duration = Duration::from_secs(10 * 60);

/// The resource type.
pub(crate) struct VpcEndpoint {
    schema: Schema,
    /// Held by the one that is being created.
    turn: Mutex<()>,
}

fn dns_entry() -> Type {
    Type::object([("dns_name", Type::String), ("hosted_zone_id", Type::String)])
}

impl VpcEndpoint {
    pub(crate) fn new() -> VpcEndpoint {
        let told = || Attribute::computed(Type::String);
        let set = || Attribute::optional_computed(Type::set(Type::String));
        let target = |meaning| Attribute::optional(Type::String).forces_replacement().describe(meaning);
        let kinds =
            Constraint::KnownValues(&["Gateway", "GatewayLoadBalancer", "Interface", "Resource", "ServiceNetwork"]);
        let mut block = Block::new(
            [
                ("id", told()),
                ("arn", told()),
                ("vpc_id", Attribute::required(Type::String).forces_replacement()),
                (
                    "service_name",
                    Attribute::optional(Type::String)
                        .forces_replacement()
                        .describe("Such as com.amazonaws.us-east-1.s3 or com.amazonaws.us-east-1.sagemaker.api."),
                ),
                ("resource_configuration_arn", target("For the type Resource.")),
                ("service_network_arn", target("For the type ServiceNetwork.")),
                (
                    "vpc_endpoint_type",
                    Attribute::optional(Type::String).forces_replacement().default_value("Gateway").with(kinds),
                ),
                ("subnet_ids", set()),
                ("security_group_ids", set()),
                ("route_table_ids", set()),
                ("private_dns_enabled", Attribute::optional_computed(Type::Bool)),
                ("policy", Attribute::optional_computed(Type::String)),
                (
                    "ip_address_type",
                    Attribute::optional_computed(Type::String).with(Constraint::OneOf(&["ipv4", "dualstack", "ipv6"])),
                ),
                (
                    "auto_accept",
                    Attribute::optional(Type::Bool).describe(
                        "Accepts the endpoint in the service's name, when the service is of the same account.",
                    ),
                ),
                ("service_region", Attribute::optional_computed(Type::String).forces_replacement()),
                ("cidr_blocks", Attribute::computed(Type::list(Type::String))),
                ("dns_entry", Attribute::computed(Type::list(dns_entry()))),
                ("network_interface_ids", Attribute::computed(Type::set(Type::String))),
                ("owner_id", told()),
                ("prefix_list_id", told()),
                ("requester_managed", Attribute::computed(Type::Bool)),
                ("state", told()),
                ("region", region()),
                ("tags", tags::tags()),
                ("tags_all", tags::tags_all()),
            ],
            [
                ("dns_options", addressing::dns_options()),
                ("subnet_configuration", addressing::subnet_configuration()),
                ("timeouts", timeouts()),
            ],
        );
        block.description = "A way from a VPC to a service of AWS without the internet.";
        VpcEndpoint { schema: Schema { version: 0, block }, turn: Mutex::new(()) }
    }

    async fn object(&self, client: &Client, endpoint: &Described, remembered: &Value, clients: &Clients) -> Value {
        let id = endpoint.vpc_endpoint_id().unwrap_or_default();
        let region = clients.region_of(remembered);
        let owner = endpoint.owner_id().or(clients.account.as_deref()).unwrap_or_default();
        let texts = |texts: &[String]| Value::set(Type::String, texts.iter().map(Value::string));
        let groups = endpoint.groups().iter().filter_map(|group| group.group_id()).map(Value::string);
        let text = |text: Option<&str>| text.map_or(Value::null(Type::String), Value::string);
        let entries = endpoint.dns_entries().iter().map(|entry| {
            Value::object([("dns_name", text(entry.dns_name())), ("hosted_zone_id", text(entry.hosted_zone_id()))])
        });
        let gateway = endpoint.vpc_endpoint_type() == Some(&VpcEndpointType::Gateway);
        let list = if gateway { prefix_list(client, endpoint.service_name().unwrap_or_default()).await } else { None };
        let cidrs = list.iter().flat_map(|(_, cidrs)| cidrs).map(Value::string);
        let placed = addressing::told_addresses(client, endpoint, remembered).await;
        let (own, all) = clients.tags.visible(&own_tags(endpoint.tags()), remembered.get("tags"));
        let live = Builder::new(&self.schema.block)
            .text("id", Some(id))
            .text("arn", Some(&arn(clients, region, owner, &format!("vpc-endpoint/{id}"))))
            .text("vpc_id", endpoint.vpc_id())
            .text("service_name", endpoint.service_name())
            .text("resource_configuration_arn", endpoint.resource_configuration_arn())
            .text("service_network_arn", endpoint.service_network_arn())
            .text("vpc_endpoint_type", endpoint.vpc_endpoint_type().map(VpcEndpointType::as_str))
            .value("subnet_ids", texts(endpoint.subnet_ids()))
            .value("security_group_ids", Value::set(Type::String, groups))
            .value("route_table_ids", texts(endpoint.route_table_ids()))
            .flag("private_dns_enabled", Some(endpoint.private_dns_enabled() == Some(true)))
            .text("policy", endpoint.policy_document())
            .text("ip_address_type", endpoint.ip_address_type().map(IpAddressType::as_str))
            .text("service_region", endpoint.service_region().or(Some(region)))
            .value("dns_options", addressing::told_dns(endpoint))
            .value("subnet_configuration", placed)
            .value("cidr_blocks", Value::list(Type::String, cidrs))
            .value("dns_entry", Value::list(dns_entry(), entries))
            .value("network_interface_ids", texts(endpoint.network_interface_ids()))
            .text("owner_id", Some(owner))
            .text("prefix_list_id", list.as_ref().map(|(id, _)| id.as_str()))
            .flag("requester_managed", Some(endpoint.requester_managed() == Some(true)))
            .text("state", endpoint.state().map(State::as_str))
            .value("tags", own)
            .value("tags_all", all)
            .finish();
        let live = match remembered.get("auto_accept") {
            Some(accept) => with(live, "auto_accept", accept.clone()),
            None => live,
        };
        settle(&self.schema.block, remembered, carry(live, remembered), &document::same)
    }

    /// Waits until the endpoint can be used. What was last seen of it.
    async fn ready(
        &self,
        client: &Client,
        wanted: &Value,
        run: &dyn Run,
        within: Duration,
    ) -> Result<Described, ProviderError> {
        let id = Fields(wanted).text("id").unwrap_or_default();
        let mut wait = Wait::new(run, within);
        let mut unaccepted = Fields(wanted).flag("auto_accept") == Some(true);
        let summary = || format!("VPC endpoint {id} is not available");
        loop {
            let seen = describe(client, id).await.map_err(|failure| failure.into_error(summary()))?;
            let state = seen.as_ref().and_then(Described::state).map_or("", State::as_str).to_ascii_lowercase();
            match (seen, state.as_str()) {
                (Some(endpoint), _) if unaccepted && acceptance::is_awaited(&endpoint) => {
                    acceptance::accept(client, &endpoint).await?;
                    unaccepted = false;
                }
                (Some(endpoint), "available" | "pendingacceptance") => return Ok(endpoint),
                (Some(_), "failed" | "rejected" | "expired") => {
                    return Err(ProviderError::new(summary(), format!("Its state is {state}.")));
                }
                _ => {
                    run.progress(&state);
                    if wait.pause().await.is_err() {
                        let detail = format!("Its last state was {state}.");
                        return Err(ProviderError::new(summary(), detail).still_under_way());
                    }
                }
            }
        }
    }
}

/// The prefix list of a service, and its networks.
async fn prefix_list(client: &Client, service: &str) -> Option<(String, Vec<String>)> {
    let answer = client.describe_prefix_lists().filters(filter("prefix-list-name", service)).send().await.ok()?;
    let list = answer.prefix_lists().first()?;
    Some((list.prefix_list_id()?.to_owned(), list.cidrs().to_vec()))
}

async fn describe(client: &Client, id: &str) -> Result<Option<Described>, Failure> {
    let answer = client.describe_vpc_endpoints().vpc_endpoint_ids(id).send().await;
    match answer.map_err(failed(Service::Ec2, "DescribeVpcEndpoints")) {
        Ok(answer) => Ok(answer.vpc_endpoints().first().filter(|endpoint| !is_deleted(endpoint)).cloned()),
        Err(failure) if failure.code() == "InvalidVpcEndpointId.NotFound" => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// The ids of the endpoints of a VPC for a service or the like, which are given as `VPC/SERVICE` or `VPC/ARN`.
async fn alike(client: &Client, like: &str) -> Result<Vec<String>, Failure> {
    let (vpc, target) = like.split_once('/').unwrap_or((like, ""));
    let mut pages = client.describe_vpc_endpoints().filters(filter("vpc-id", vpc)).into_paginator().items().send();
    let mut ids = Vec::new();
    while let Some(endpoint) = pages.next().await {
        let endpoint = endpoint.map_err(failed(Service::Ec2, "DescribeVpcEndpoints"))?;
        let targets = [endpoint.service_name(), endpoint.resource_configuration_arn(), endpoint.service_network_arn()];
        let is_alike = targets.contains(&Some(target)) && !is_deleted(&endpoint);
        ids.extend(endpoint.vpc_endpoint_id.filter(|_| is_alike));
    }
    Ok(ids)
}

fn is_failed(endpoint: &Described) -> bool {
    let state = endpoint.state().map_or("", State::as_str).to_ascii_lowercase();
    matches!(state.as_str(), "failed" | "rejected" | "expired")
}

fn is_deleted(endpoint: &Described) -> bool {
    endpoint.state().is_some_and(|state| state.as_str().eq_ignore_ascii_case("deleted"))
}

/// What `before` has and `after` has not, and the other way round; nothing for none.
fn moved(before: Fields<'_>, after: Fields<'_>, name: &str) -> (Option<Vec<String>>, Option<Vec<String>>) {
    let (before, after) = (before.texts(name), after.texts(name));
    let without = |some: &[String], others: &[String]| {
        let left: Vec<String> = some.iter().filter(|one| !others.contains(one)).cloned().collect();
        (!left.is_empty()).then_some(left)
    };
    (without(&before, &after), without(&after, &before))
}

#[async_trait]
impl ResourceType<Clients> for VpcEndpoint {
    fn name(&self) -> &'static str {
        "aws_vpc_endpoint"
    }

    fn schema(&self) -> Schema {
        self.schema.clone()
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        let mut found = tags::check(config);
        if !TARGETS.iter().any(|name| Fields(config).is_given(name)) {
            let detail = format!("Give one of {}.", TARGETS.join(", "));
            found.push(Diagnostic::error("Endpoint without a target", detail));
        }
        let set = Fields(config).set_of(&TARGETS);
        if let [_, other, ..] = set.as_slice() {
            let detail = format!("Give one of {}, not several.", set.join(", "));
            found.push(Diagnostic::error("Conflicting arguments", detail).of_attribute(Path::attribute(other)));
        }
        found
    }

    fn equivalent(&self, path: &Path, prior: &Value, wanted: &Value) -> bool {
        prior == wanted || document::same(path, prior, wanted)
    }

    async fn plan(
        &self,
        schema: &Schema,
        request: PlanRequest,
        cx: &Context<'_, Clients>,
    ) -> Result<PlanResponse, Diagnostics> {
        let (prior, config) = (request.prior.clone(), request.config.clone());
        let mut response =
            plan(schema, request, cx.clients, &|path, prior, wanted| self.equivalent(path, prior, wanted));
        if let Some(prior) = &prior {
            response.planned = addressing::kept(prior, response.planned);
        }
        if prior.as_ref().is_some_and(|prior| acceptance::is_wanted(prior, &response.planned)) {
            response.planned = with(response.planned, "state", Value::unknown(Type::String));
        }
        // Other subnets bring other interfaces and names.
        let placed = |object: &Value| ["subnet_ids", "subnet_configuration"].map(|name| object.get(name).cloned());
        if prior.is_some_and(|prior| placed(&prior) != placed(&response.planned)) {
            if Fields(&config).blocks("subnet_configuration").next().is_none() {
                let unknown = addressing::subnet_configuration().ty();
                response.planned = with(response.planned, "subnet_configuration", Value::unknown(unknown));
            }
            let interfaces = Value::unknown(Type::set(Type::String));
            response.planned = with(response.planned, "network_interface_ids", interfaces);
            response.planned = with(response.planned, "dns_entry", Value::unknown(Type::list(dns_entry())));
        }
        Ok(response)
    }

    async fn read(&self, prior: &Value, cx: &Context<'_, Clients>) -> Result<Option<Value>, ProviderError> {
        let client = cx.clients.ec2(cx.clients.region_of(prior));
        let id = Fields(prior).text("id").unwrap_or_default();
        let endpoint = describe(&client, id).await;
        match endpoint.map_err(|failure| failure.into_error(format!("VPC endpoint {id} could not be read")))? {
            Some(endpoint) => Ok(Some(self.object(&client, &endpoint, prior, cx.clients).await)),
            None => Ok(None),
        }
    }

    async fn create(&self, planned: &Value, cx: &Context<'_, Clients>) -> CreateOutcome {
        let client = cx.clients.ec2(cx.clients.region_of(planned));
        let fields = Fields(planned);
        let some = |name: &str| Some(fields.texts(name)).filter(|texts| !texts.is_empty());
        let turn = self.turn.lock().await;
        let target = TARGETS.into_iter().find_map(|name| fields.text(name)).unwrap_or_default();
        let like = format!("{}/{target}", fields.text("vpc_id").unwrap_or_default());
        let sought = match alike(&client, &like).await {
            Ok(others) => Sought::new(like, others),
            Err(failure) => return CreateOutcome::Failed(failure.into_error("The VPC endpoints could not be listed")),
        };
        if let Err(error) = cx.run.intend(&importable(&sought.identifier(), planned, cx.clients)).await {
            return CreateOutcome::Failed(error);
        }
        // What is left out is off, as in Terraform; the service alone would turn it on.
        let gateway = fields.text("vpc_endpoint_type") == Some("Gateway");
        let private_dns = fields.flag("private_dns_enabled").or((!gateway).then_some(false));
        let answer = client
            .create_vpc_endpoint()
            // By which the service knows a call that is repeated.
            .client_token(uuid::Uuid::new_v4().to_string())
            .set_vpc_id(fields.owned("vpc_id"))
            .set_service_name(fields.owned("service_name"))
            .set_resource_configuration_arn(fields.owned("resource_configuration_arn"))
            .set_service_network_arn(fields.owned("service_network_arn"))
            .set_dns_options(addressing::wanted_dns(fields))
            .set_subnet_configurations(addressing::wanted_addresses(fields))
            .set_vpc_endpoint_type(fields.text("vpc_endpoint_type").map(VpcEndpointType::from))
            .set_subnet_ids(some("subnet_ids"))
            .set_security_group_ids(some("security_group_ids"))
            .set_route_table_ids(some("route_table_ids"))
            .set_private_dns_enabled(private_dns)
            .set_policy_document(fields.owned("policy"))
            .set_ip_address_type(fields.text("ip_address_type").map(IpAddressType::from))
            .set_service_region(fields.owned("service_region").filter(|region| region != cx.clients.region_of(planned)))
            .set_tag_specifications(tagging::for_create(Ec2Type::VpcEndpoint, planned))
            .send()
            .await
            .map_err(failed(Service::Ec2, "CreateVpcEndpoint"));
        let id = match answer {
            Ok(answer) => answer.vpc_endpoint().and_then(Described::vpc_endpoint_id).unwrap_or_default().to_owned(),
            Err(failure) => return CreateOutcome::Failed(failure.into_error("The VPC endpoint could not be created")),
        };
        let begun = with(planned.clone(), "id", Value::string(&id));
        if let Err(error) = cx.run.created(&begun).await {
            return CreateOutcome::Partial(begun, error);
        }
        drop(turn);
        match self.ready(&client, &begun, cx.run, limit(planned, "create", PATIENCE)).await {
            Ok(endpoint) => {
                let live = self.object(&client, &endpoint, &begun, cx.clients).await;
                CreateOutcome::Complete(fill(&begun, &live))
            }
            Err(error) => CreateOutcome::Partial(fill(&begun, &self.schema.block.empty()), error),
        }
    }

    async fn resume(&self, begun: &Value, cx: &Context<'_, Clients>) -> Result<Option<Value>, ProviderError> {
        let client = cx.clients.ec2(cx.clients.region_of(begun));
        let id = Fields(begun).text("id").unwrap_or_default();
        let seen = describe(&client, id).await;
        match seen.map_err(|failure| failure.into_error(format!("VPC endpoint {id} could not be read")))? {
            Some(endpoint) if !is_failed(&endpoint) => {
                let endpoint = self.ready(&client, begun, cx.run, limit(begun, "create", PATIENCE)).await?;
                Ok(Some(self.object(&client, &endpoint, begun, cx.clients).await))
            }
            _ => Ok(None),
        }
    }

    async fn update(&self, prior: &Value, planned: &Value, cx: &Context<'_, Clients>) -> UpdateOutcome {
        let client = cx.clients.ec2(cx.clients.region_of(prior));
        let (before, after) = (Fields(prior), Fields(planned));
        let id = before.text("id").unwrap_or_default();
        let (subnets, groups, tables) = (
            moved(before, after, "subnet_ids"),
            moved(before, after, "security_group_ids"),
            moved(before, after, "route_table_ids"),
        );
        let policy = after.owned("policy").filter(|policy| before.text("policy") != Some(policy));
        let dns = after.flag("private_dns_enabled").filter(|on| before.flag("private_dns_enabled") != Some(*on));
        let kind = after.text("ip_address_type").filter(|kind| before.text("ip_address_type") != Some(kind));
        let differs = |name: &str| prior.get(name) != planned.get(name);
        let options = addressing::wanted_dns(after).filter(|_| differs("dns_options"));
        let placed = addressing::wanted_addresses(after).filter(|_| differs("subnet_configuration"));
        let sides = [&subnets, &groups, &tables];
        let changes = sides.iter().any(|(gone, new)| gone.is_some() || new.is_some());
        let readdressed = dns.is_some() || kind.is_some() || options.is_some() || placed.is_some();
        if changes || policy.is_some() || readdressed {
            let call = client
                .modify_vpc_endpoint()
                .vpc_endpoint_id(id)
                .set_remove_subnet_ids(subnets.0)
                .set_add_subnet_ids(subnets.1)
                .set_remove_security_group_ids(groups.0)
                .set_add_security_group_ids(groups.1)
                .set_remove_route_table_ids(tables.0)
                .set_add_route_table_ids(tables.1)
                .set_policy_document(policy)
                .set_dns_options(options)
                .set_subnet_configurations(placed)
                .set_private_dns_enabled(dns)
                .set_ip_address_type(kind.map(IpAddressType::from));
            if let Err(failure) = call.send().await.map_err(failed(Service::Ec2, "ModifyVpcEndpoint")) {
                return UpdateOutcome::Failed(failure.into_error(format!("VPC endpoint {id} could not be changed")));
            }
            if let Err(error) = self.ready(&client, planned, cx.run, limit(planned, "update", PATIENCE)).await {
                return UpdateOutcome::Partial(fill(planned, prior), error);
            }
        }
        if acceptance::is_wanted(prior, planned)
            && let Err(error) = self.ready(&client, planned, cx.run, limit(planned, "update", PATIENCE)).await
        {
            return UpdateOutcome::Partial(with(fill(planned, prior), "auto_accept", Value::bool(false)), error);
        }
        let tagged = tagging::update(&client, id, prior, planned).await;
        let now = match describe(&client, id).await {
            Ok(Some(endpoint)) => self.object(&client, &endpoint, planned, cx.clients).await,
            _ => prior.clone(),
        };
        match tagged {
            Ok(()) => UpdateOutcome::Complete(fill(planned, &now)),
            Err(failure) => {
                UpdateOutcome::Partial(now, failure.into_error(format!("The tags of {id} could not be changed")))
            }
        }
    }

    async fn delete(&self, prior: &Value, cx: &Context<'_, Clients>) -> Result<(), ProviderError> {
        let client = cx.clients.ec2(cx.clients.region_of(prior));
        let id = Fields(prior).text("id").unwrap_or_default();
        let within = limit(prior, "delete", PATIENCE);
        let what = format!("VPC endpoint {id}");
        remove(cx.run, within, &what, "InvalidVpcEndpointId.NotFound", || {
            let call = client.delete_vpc_endpoints().vpc_endpoint_ids(id);
            async move { call.send().await.map(drop).map_err(failed(Service::Ec2, "DeleteVpcEndpoints")) }
        })
        .await?;
        let mut wait = Wait::new(cx.run, within);
        let summary = || format!("{what} could not be deleted");
        while describe(&client, id).await.map_err(|failure| failure.into_error(summary()))?.is_some() {
            let stays = "Its deletion was accepted, and it is still there. Run the command again.";
            wait.pause().await.map_err(|_| ProviderError::new(summary(), stays).still_under_way())?;
        }
        Ok(())
    }

    fn created_with(&self) -> &'static [&'static str] {
        &["subnet_ids", "policy", "tags"]
    }

    async fn import(&self, identifier: &str, cx: &Context<'_, Clients>) -> Result<Option<Imported>, ProviderError> {
        let (id, seed) = import_seed(&self.schema, identifier, cx.clients);
        let client = cx.clients.ec2(cx.clients.region_of(&seed));
        let found = match Sought::parse(id, cx.run.recorded()) {
            Some(sought) => {
                let found = alike(&client, &sought.like).await;
                let found = found.map_err(|failure| failure.into_error("The VPC endpoints could not be listed"))?;
                sought.only("VPC endpoint", found)?
            }
            None => Some(id.to_owned()),
        };
        let Some(id) = found else { return Ok(None) };
        let endpoint = describe(&client, &id).await;
        match endpoint.map_err(|failure| failure.into_error(format!("VPC endpoint {id} could not be read")))? {
            Some(endpoint) => Ok(Some(Imported::from(self.object(&client, &endpoint, &seed, cx.clients).await))),
            None => Ok(None),
        }
    }
}
