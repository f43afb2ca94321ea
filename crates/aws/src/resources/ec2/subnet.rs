//! `aws_subnet`.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{AttributeBooleanValue, HostnameType, ResourceType as Ec2Type, Subnet as Described};
use smform_provider::plan::with_unknown;
use smform_provider::{
    Context, CreateOutcome, Imported, PlanRequest, PlanResponse, ProviderError, ResourceType, UpdateOutcome,
};
use smform_types::schema::{Attribute, Block, Constraint, Schema};
use smform_types::{Diagnostic, Diagnostics, Path, Type, Value};
use tokio::sync::Mutex;

use super::filters::{arn, filter, own_tags};
use super::removal::remove;
use super::unnamed::Sought;
use super::{ipv6, pools, tagging};
use crate::clients::Clients;
use crate::failure::{Failure, Service, failed};
use crate::fields::{Builder, Fields, with};
use crate::retry::while_passing;
use crate::settle::{fill, settle};
use crate::shared::{carry, import_seed, importable, limit, plan, region, timeouts};
use crate::tags;

/// How long a new subnet may stay invisible, and how long one that is in use is tried to be deleted.
const PROPAGATION: Duration = Duration::from_secs(60);
const PATIENCE: Duration = Duration::from_secs(20 * 60);

/// What is switched on or off, each by a call of its own; all are off at first.
const SWITCHES: [&str; 5] = [
    "map_public_ip_on_launch",
    "assign_ipv6_address_on_creation",
    "enable_dns64",
    "enable_resource_name_dns_a_record_on_launch",
    "enable_resource_name_dns_aaaa_record_on_launch",
];

/// The resource type.
pub(crate) struct Subnet {
    schema: Schema,
    /// Held by the one that is being created from a pool.
    turn: Mutex<()>,
}

impl Subnet {
    pub(crate) fn new() -> Subnet {
        let told = || Attribute::computed(Type::String);
        let fixed = || Attribute::optional(Type::String).forces_replacement();
        let zone = || Attribute::optional_computed(Type::String).forces_replacement();
        let network = Attribute::optional_computed(Type::String).forces_replacement();
        let length = Attribute::optional(Type::Number).forces_replacement().with(Constraint::Range(16.0, 28.0));
        let switch = || Attribute::optional(Type::Bool).default_value(false);
        let is_net = |text: &str| text.parse::<ipnet::Ipv4Net>().is_ok();
        let is_net6 = |text: &str| text.parse::<ipnet::Ipv6Net>().is_ok();
        let mut block = Block::new(
            [
                ("id", told()),
                ("arn", told()),
                ("vpc_id", Attribute::required(Type::String).forces_replacement()),
                ("cidr_block", network.with(Constraint::Text("a network such as 10.0.1.0/24", is_net))),
                ("ipv4_ipam_pool_id", fixed().describe("A pool of IPAM that the network is taken from.")),
                ("ipv4_netmask_length", length),
                (
                    "ipv6_cidr_block",
                    Attribute::optional_computed(Type::String)
                        .with(Constraint::Text("a network such as 2001:db8::/64", is_net6)),
                ),
                ("ipv6_ipam_pool_id", fixed().describe("A pool of IPAM that the IPv6 network is taken from.")),
                (
                    "ipv6_netmask_length",
                    Attribute::optional(Type::Number)
                        .forces_replacement()
                        .with(Constraint::OneOfNumbers(&[44, 48, 52, 56, 60, 64])),
                ),
                ("ipv6_native", switch().forces_replacement()),
                ("availability_zone", zone()),
                ("availability_zone_id", zone()),
                ("outpost_arn", fixed()),
                (
                    "customer_owned_ipv4_pool",
                    Attribute::optional(Type::String).describe("For map_customer_owned_ip_on_launch."),
                ),
                ("map_customer_owned_ip_on_launch", Attribute::optional(Type::Bool)),
                (
                    "enable_lni_at_device_index",
                    Attribute::optional(Type::Number)
                        .with(Constraint::Range(1.0, 15.0))
                        .describe("The device position of local network interfaces, on an Outpost."),
                ),
                ("map_public_ip_on_launch", switch()),
                ("assign_ipv6_address_on_creation", switch()),
                ("enable_dns64", switch()),
                ("enable_resource_name_dns_a_record_on_launch", switch()),
                ("enable_resource_name_dns_aaaa_record_on_launch", switch()),
                (
                    "private_dns_hostname_type_on_launch",
                    Attribute::optional_computed(Type::String).with(Constraint::OneOf(&["ip-name", "resource-name"])),
                ),
                ("ipv6_cidr_block_association_id", told()),
                ("owner_id", told()),
                ("region", region()),
                ("tags", tags::tags()),
                ("tags_all", tags::tags_all()),
            ],
            [("timeouts", timeouts())],
        );
        block.description = "A part of a VPC in one availability zone.";
        Subnet { schema: Schema { version: 1, block }, turn: Mutex::new(()) }
    }

    fn object(&self, subnet: &Described, remembered: &Value, clients: &Clients) -> Value {
        let id = subnet.subnet_id().unwrap_or_default();
        let region = clients.region_of(remembered);
        let owner = subnet.owner_id().or(clients.account.as_deref()).unwrap_or_default();
        let own_arn = arn(clients, region, owner, &format!("subnet/{id}"));
        let ipv6 = ipv6::of_subnet(subnet);
        let names = subnet.private_dns_name_options_on_launch();
        let (own, all) = clients.tags.visible(&own_tags(subnet.tags()), remembered.get("tags"));
        let on = |flag: Option<bool>| Some(flag == Some(true));
        let live = Builder::new(&self.schema.block)
            .text("id", Some(id))
            .text("arn", Some(subnet.subnet_arn().unwrap_or(&own_arn)))
            .text("vpc_id", subnet.vpc_id())
            .text("cidr_block", subnet.cidr_block())
            .text("ipv6_cidr_block", ipv6.and_then(|ipv6| ipv6.ipv6_cidr_block()))
            .text("ipv6_cidr_block_association_id", ipv6.and_then(|ipv6| ipv6.association_id()))
            .flag("ipv6_native", on(subnet.ipv6_native()))
            .text("availability_zone", subnet.availability_zone())
            .text("availability_zone_id", subnet.availability_zone_id())
            .text("outpost_arn", subnet.outpost_arn())
            .text("customer_owned_ipv4_pool", subnet.customer_owned_ipv4_pool())
            .flag("map_customer_owned_ip_on_launch", on(subnet.map_customer_owned_ip_on_launch()))
            .int("enable_lni_at_device_index", subnet.enable_lni_at_device_index())
            .flag("map_public_ip_on_launch", on(subnet.map_public_ip_on_launch()))
            .flag("assign_ipv6_address_on_creation", on(subnet.assign_ipv6_address_on_creation()))
            .flag("enable_dns64", on(subnet.enable_dns64()))
            .flag(
                "enable_resource_name_dns_a_record_on_launch",
                on(names.and_then(|names| names.enable_resource_name_dns_a_record())),
            )
            .flag(
                "enable_resource_name_dns_aaaa_record_on_launch",
                on(names.and_then(|names| names.enable_resource_name_dns_aaaa_record())),
            )
            .text(
                "private_dns_hostname_type_on_launch",
                names.and_then(|names| names.hostname_type()).map(HostnameType::as_str),
            )
            .text("owner_id", Some(owner))
            .value("tags", own)
            .value("tags_all", all)
            .finish();
        let live = pools::remembered(live, remembered);
        settle(&self.schema.block, remembered, carry(live, remembered), &|_, _, _| false)
    }

    /// Brings what can be changed from `prior` to `planned`, one call each, and says how far it came.
    async fn adjust(client: &Client, id: &str, mut now: Value, planned: &Value) -> (Value, Result<(), Failure>) {
        for name in SWITCHES {
            let on = Fields(planned).flag(name) == Some(true);
            if on == (Fields(&now).flag(name) == Some(true)) {
                continue;
            }
            let value = AttributeBooleanValue::builder().value(on).build();
            let call = client.modify_subnet_attribute().subnet_id(id);
            let call = match name {
                "map_public_ip_on_launch" => call.map_public_ip_on_launch(value),
                "assign_ipv6_address_on_creation" => call.assign_ipv6_address_on_creation(value),
                "enable_dns64" => call.enable_dns64(value),
                "enable_resource_name_dns_a_record_on_launch" => {
                    call.enable_resource_name_dns_a_record_on_launch(value)
                }
                _ => call.enable_resource_name_dns_aaaa_record_on_launch(value),
            };
            if let Err(failure) = call.send().await.map_err(failed(Service::Ec2, "ModifySubnetAttribute")) {
                return (now, Err(failure));
            }
            now = with(now, name, Value::bool(on));
        }
        let (before, after) = (Fields(&now), Fields(planned));
        let (mapped, map) =
            ("map_customer_owned_ip_on_launch", after.flag("map_customer_owned_ip_on_launch") == Some(true));
        let pool = "customer_owned_ipv4_pool";
        if map != (before.flag(mapped) == Some(true)) || map && before.text(pool) != after.text(pool) {
            let value = AttributeBooleanValue::builder().value(map).build();
            let call = client.modify_subnet_attribute().subnet_id(id).map_customer_owned_ip_on_launch(value);
            let call = call.set_customer_owned_ipv4_pool(after.owned(pool).filter(|_| map));
            if let Err(failure) = call.send().await.map_err(failed(Service::Ec2, "ModifySubnetAttribute")) {
                return (now, Err(failure));
            }
            let kept = planned.get(pool).cloned().unwrap_or(Value::null(Type::String));
            now = with(with(now, mapped, Value::bool(map)), pool, kept);
        }
        let name = "enable_lni_at_device_index";
        let (before, index) = (Fields(&now).int(name), Fields(planned).int(name));
        if before != index {
            let call = client.modify_subnet_attribute().subnet_id(id).set_enable_lni_at_device_index(index);
            let off = AttributeBooleanValue::builder().value(true).build();
            let call = if index.is_none() { call.disable_lni_at_device_index(off) } else { call };
            if let Err(failure) = call.send().await.map_err(failed(Service::Ec2, "ModifySubnetAttribute")) {
                return (now, Err(failure));
            }
            let number = index.map_or(Value::null(Type::Number), |index| Value::number(i64::from(index)));
            now = with(now, name, number);
        }
        let name = "private_dns_hostname_type_on_launch";
        let wanted = Fields(planned).text(name);
        if let Some(kind) = wanted.filter(|_| wanted != Fields(&now).text(name)) {
            let call = client.modify_subnet_attribute().subnet_id(id);
            let call = call.private_dns_hostname_type_on_launch(HostnameType::from(kind));
            if let Err(failure) = call.send().await.map_err(failed(Service::Ec2, "ModifySubnetAttribute")) {
                return (now, Err(failure));
            }
            now = with(now, name, Value::string(kind));
        }
        (now, Ok(()))
    }
}

/// Whether the IPv6 network changes.
fn other_network(prior: &Value, planned: &Value) -> bool {
    let unknown = Fields(planned).is_unknown("ipv6_cidr_block");
    unknown || Fields(prior).text("ipv6_cidr_block") != Fields(planned).text("ipv6_cidr_block")
}

fn is_unseen(failure: &Failure) -> bool {
    failure.code() == "InvalidSubnetID.NotFound"
}

async fn describe(client: &Client, id: &str) -> Result<Option<Described>, Failure> {
    let answer = client.describe_subnets().subnet_ids(id).send().await;
    match answer.map_err(failed(Service::Ec2, "DescribeSubnets")) {
        Ok(answer) => Ok(answer.subnets().first().cloned()),
        Err(failure) if is_unseen(&failure) => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// The subnet with a network in a VPC, which are given as `VPC/NETWORK`: there is at most one.
async fn by_network(client: &Client, vpc_and_network: &str) -> Result<Option<Described>, Failure> {
    let (vpc, network) = vpc_and_network.split_once('/').unwrap_or((vpc_and_network, ""));
    let name = if network.contains(':') { "ipv6-cidr-block-association.ipv6-cidr-block" } else { "cidr-block" };
    let call = client.describe_subnets().filters(filter("vpc-id", vpc)).filters(filter(name, network));
    let answer = call.send().await.map_err(failed(Service::Ec2, "DescribeSubnets"))?;
    Ok(answer.subnets().first().cloned())
}

/// The network that an object names; nothing when a pool gives it.
fn network_of(object: &Value) -> Option<&str> {
    let fields = Fields(object);
    fields
        .text("cidr_block")
        .or_else(|| fields.text("ipv6_cidr_block").filter(|_| !fields.is_given("ipv4_ipam_pool_id")))
}

/// The ids of the subnets of a VPC.
async fn of_vpc(client: &Client, vpc: &str) -> Result<Vec<String>, Failure> {
    let mut pages = client.describe_subnets().filters(filter("vpc-id", vpc)).into_paginator().items().send();
    let mut ids = Vec::new();
    while let Some(subnet) = pages.next().await {
        ids.extend(subnet.map_err(failed(Service::Ec2, "DescribeSubnets"))?.subnet_id);
    }
    Ok(ids)
}

fn taken(place: &str, id: &str) -> ProviderError {
    let (vpc, network) = place.split_once('/').unwrap_or((place, ""));
    ProviderError::new(
        format!("Subnet {network} already exists"),
        format!(
            "{id} in {vpc} has this network and is not in this state. Import it with \"smform import ADDRESS {id}\", delete \
             it, or choose another network."
        ),
    )
}

#[async_trait]
impl ResourceType<Clients> for Subnet {
    fn name(&self) -> &'static str {
        "aws_subnet"
    }

    fn schema(&self) -> Schema {
        self.schema.clone()
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        let mut found = tags::check(config);
        let fields = Fields(config);
        if fields.is_set("availability_zone") && fields.is_set("availability_zone_id") {
            let detail = "Give availability_zone or availability_zone_id, not both.";
            let at = Path::attribute("availability_zone_id");
            found.push(Diagnostic::error("Conflicting arguments", detail).of_attribute(at));
        }
        let without = ["cidr_block", "ipv4_ipam_pool_id", "ipv6_cidr_block", "ipv6_ipam_pool_id"];
        if without.iter().all(|name| !fields.is_given(name)) {
            let detail = "A subnet needs cidr_block or ipv4_ipam_pool_id; or, with ipv6_native = true, ipv6_cidr_block or \
                          ipv6_ipam_pool_id.";
            found.push(
                Diagnostic::error("Subnet without a network", detail).of_attribute(Path::attribute("cidr_block")),
            );
        }
        let mut refuse = |name: &str, detail: String| {
            found.push(Diagnostic::error("Conflicting arguments", detail).of_attribute(Path::attribute(name)));
        };
        for names in [pools::IPV4, pools::IPV6] {
            pools::check(fields, &names, &mut refuse);
        }
        // What belongs together on an Outpost.
        let mapped = fields.flag("map_customer_owned_ip_on_launch") == Some(true);
        let may_be_mapped = mapped || fields.is_unknown("map_customer_owned_ip_on_launch");
        if mapped && !fields.is_given("customer_owned_ipv4_pool")
            || fields.is_set("customer_owned_ipv4_pool") && !may_be_mapped
        {
            let detail = "Give customer_owned_ipv4_pool together with map_customer_owned_ip_on_launch = true.";
            refuse("customer_owned_ipv4_pool", detail.to_owned());
        }
        for name in ["map_customer_owned_ip_on_launch", "customer_owned_ipv4_pool", "enable_lni_at_device_index"] {
            let wanted = fields.is_set(name) && fields.flag(name) != Some(false);
            if wanted && !fields.is_given("outpost_arn") {
                refuse(name, format!("{name} is for subnets on an Outpost: give outpost_arn."));
            }
        }
        found
    }

    async fn plan(
        &self,
        schema: &Schema,
        request: PlanRequest,
        cx: &Context<'_, Clients>,
    ) -> Result<PlanResponse, Diagnostics> {
        let (prior, config) = (request.prior.clone(), request.config.clone());
        let mut response = plan(schema, request, cx.clients, &|_, prior, wanted| prior == wanted);
        // Only a pool gives a network that nobody named.
        for names in [pools::IPV4, pools::IPV6] {
            if prior.as_ref().is_some_and(|prior| pools::may_be_from(prior, &response.planned, &names)) {
                response.replace = pools::without_asked(response.replace, &names);
                response.diagnostics.extend(pools::note(&names));
            }
            let pools::Names { network, pool, .. } = names;
            if ![network, pool].iter().any(|name| Fields(&config).is_given(name)) {
                // Nothing may be recorded as an empty text.
                let recorded = prior.as_ref().and_then(|prior| prior.get(network));
                let nothing = recorded.filter(|before| before.as_str() == Some("")).cloned();
                let nothing = nothing.unwrap_or_else(|| Value::null(Type::String));
                response.planned = with(response.planned, network, nothing);
                let had = prior.as_ref().is_some_and(|prior| Fields(prior).is_given(network));
                response.replace.extend((had && network == "cidr_block").then(|| Path::attribute(network)));
            }
        }
        if prior.is_some_and(|prior| other_network(&prior, &response.planned)) {
            response.planned = with_unknown(response.planned, &schema.block.ty(), &["ipv6_cidr_block_association_id"]);
        }
        Ok(response)
    }

    async fn read(&self, prior: &Value, cx: &Context<'_, Clients>) -> Result<Option<Value>, ProviderError> {
        let client = cx.clients.ec2(cx.clients.region_of(prior));
        let id = Fields(prior).text("id").unwrap_or_default();
        let subnet = describe(&client, id).await;
        let subnet = subnet.map_err(|failure| failure.into_error(format!("Subnet {id} could not be read")))?;
        Ok(subnet.map(|subnet| self.object(&subnet, prior, cx.clients)))
    }

    async fn create(&self, planned: &Value, cx: &Context<'_, Clients>) -> CreateOutcome {
        let client = cx.clients.ec2(cx.clients.region_of(planned));
        let fields = Fields(planned);
        let (vpc, network) = (fields.text("vpc_id").unwrap_or_default(), network_of(planned));
        let place = format!("{vpc}/{}", network.unwrap_or_default());
        let refuse = |failure: Failure| CreateOutcome::Failed(failure.into_error("The subnet could not be created"));
        // Which network a pool gives is not known before, so that those made from pools take turns.
        let turn = if network.is_none() { Some(self.turn.lock().await) } else { None };
        let identifier = if network.is_some() {
            // A call that is repeated after a lost answer is told that the network is taken. To know then whose it is,
            // look before.
            match by_network(&client, &place).await {
                Ok(Some(subnet)) => {
                    return CreateOutcome::Failed(taken(&place, subnet.subnet_id().unwrap_or_default()));
                }
                Err(failure) if !failure.is_denied() => return refuse(failure),
                _ => place.clone(),
            }
        } else {
            match of_vpc(&client, vpc).await {
                Ok(others) => Sought::new(vpc, others).identifier(),
                Err(failure) => return refuse(failure),
            }
        };
        if let Err(error) = cx.run.intend(&importable(&identifier, planned, cx.clients)).await {
            return CreateOutcome::Failed(error);
        }
        let answer = client
            .create_subnet()
            .set_vpc_id(fields.owned("vpc_id"))
            .set_cidr_block(fields.owned("cidr_block"))
            .set_ipv4_ipam_pool_id(fields.owned("ipv4_ipam_pool_id"))
            .set_ipv4_netmask_length(fields.count("ipv4_netmask_length"))
            .set_ipv6_cidr_block(fields.owned("ipv6_cidr_block"))
            .set_ipv6_ipam_pool_id(fields.owned("ipv6_ipam_pool_id"))
            .set_ipv6_netmask_length(fields.count("ipv6_netmask_length"))
            .set_ipv6_native(fields.flag("ipv6_native").filter(|on| *on))
            .set_availability_zone(fields.owned("availability_zone"))
            .set_availability_zone_id(fields.owned("availability_zone_id"))
            .set_outpost_arn(fields.owned("outpost_arn"))
            .set_tag_specifications(tagging::for_create(Ec2Type::Subnet, planned))
            .send()
            .await
            .map_err(failed(Service::Ec2, "CreateSubnet"));
        let id = match answer {
            Ok(answer) => answer.subnet().and_then(|subnet| subnet.subnet_id()).unwrap_or_default().to_owned(),
            Err(failure) if failure.code() == "InvalidSubnet.Conflict" => match by_network(&client, &place).await {
                Ok(Some(subnet)) if failure.may_be_ours() => subnet.subnet_id().unwrap_or_default().to_owned(),
                Ok(Some(subnet)) => {
                    return CreateOutcome::Failed(taken(&place, subnet.subnet_id().unwrap_or_default()));
                }
                _ => return refuse(failure),
            },
            Err(failure) => return refuse(failure),
        };
        let begun = with(planned.clone(), "id", Value::string(&id));
        if let Err(error) = cx.run.created(&begun).await {
            return CreateOutcome::Partial(begun, error);
        }
        drop(turn);
        let empty = self.schema.block.empty();
        let waiting = "waiting for the subnet to become visible";
        let seen = while_passing(cx.run, PROPAGATION, is_unseen, waiting, || {
            let call = client.describe_subnets().subnet_ids(&id);
            async move {
                let answer = call.send().await.map_err(failed(Service::Ec2, "DescribeSubnets"))?;
                Ok(answer.subnets().first().cloned())
            }
        });
        let seen = match seen.await {
            Ok(Some(subnet)) => self.object(&subnet, &empty, cx.clients),
            _ => fill(&begun, &empty),
        };
        let (_, done) = Subnet::adjust(&client, &id, seen, planned).await;
        let live = describe(&client, &id).await.ok().flatten();
        let live = live.map_or(empty, |subnet| self.object(&subnet, &begun, cx.clients));
        match done {
            Ok(()) => CreateOutcome::Complete(fill(&begun, &live)),
            Err(failure) => {
                let error = failure.into_error(format!("Subnet {id} was created, but not all of it could be set"));
                CreateOutcome::Partial(fill(&begun, &live), error)
            }
        }
    }

    /// What is missing of it yet is an update.
    async fn resume(&self, begun: &Value, cx: &Context<'_, Clients>) -> Result<Option<Value>, ProviderError> {
        self.read(begun, cx).await
    }

    async fn update(&self, prior: &Value, planned: &Value, cx: &Context<'_, Clients>) -> UpdateOutcome {
        let client = cx.clients.ec2(cx.clients.region_of(prior));
        let id = Fields(prior).text("id").unwrap_or_default();
        let mut from = prior.clone();
        if other_network(prior, planned) {
            // Addresses of the network that goes may not be given out any more.
            let off = with(from.clone(), "assign_ipv6_address_on_creation", Value::bool(false));
            let (kept, done) = Subnet::adjust(&client, id, from, &off).await;
            let done = match done {
                Ok(()) => ipv6::change_subnet(&client, id, prior, planned, cx.run).await,
                failed => failed,
            };
            let seen = describe(&client, id).await.ok().flatten();
            from = seen.map_or(kept, |subnet| self.object(&subnet, prior, cx.clients));
            if let Err(failure) = done {
                let error = failure.into_error(format!("The IPv6 network of subnet {id} could not be changed"));
                return UpdateOutcome::Partial(from, error);
            }
        }
        let live = from.clone();
        let (now, done) = Subnet::adjust(&client, id, from, planned).await;
        let done = match done {
            Ok(()) => tagging::update(&client, id, prior, planned).await,
            failed => failed,
        };
        match done {
            Ok(()) => UpdateOutcome::Complete(fill(planned, &live)),
            Err(failure) => {
                UpdateOutcome::Partial(now, failure.into_error(format!("Subnet {id} could not be changed")))
            }
        }
    }

    async fn delete(&self, prior: &Value, cx: &Context<'_, Clients>) -> Result<(), ProviderError> {
        let client = cx.clients.ec2(cx.clients.region_of(prior));
        let id = Fields(prior).text("id").unwrap_or_default();
        let within = limit(prior, "delete", PATIENCE);
        remove(cx.run, within, &format!("Subnet {id}"), "InvalidSubnetID.NotFound", || {
            let call = client.delete_subnet().subnet_id(id);
            async move { call.send().await.map(drop).map_err(failed(Service::Ec2, "DeleteSubnet")) }
        })
        .await
    }

    fn created_with(&self) -> &'static [&'static str] {
        &["tags"]
    }

    async fn import(&self, identifier: &str, cx: &Context<'_, Clients>) -> Result<Option<Imported>, ProviderError> {
        let (id, seed) = import_seed(&self.schema, identifier, cx.clients);
        let client = cx.clients.ec2(cx.clients.region_of(&seed));
        let refuse = |failure: Failure| failure.into_error(format!("Subnet {id} could not be read"));
        let subnet = match Sought::parse(id, cx.run.recorded()) {
            Some(sought) => match sought.only("subnet", of_vpc(&client, &sought.like).await.map_err(refuse)?)? {
                Some(id) => describe(&client, &id).await,
                None => Ok(None),
            },
            None if id.contains('/') => by_network(&client, id).await,
            None => describe(&client, id).await,
        };
        let subnet = subnet.map_err(refuse)?;
        Ok(subnet.map(|subnet| Imported::from(self.object(&subnet, &seed, cx.clients))))
    }
}
