//! `aws_vpc`.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_ec2::Client;
use aws_sdk_ec2::config::Config;
use aws_sdk_ec2::config::retry::RetryConfig;
use aws_sdk_ec2::types::{AttributeBooleanValue, ResourceType as Ec2Type, Tenancy, Vpc as Described, VpcAttributeName};
use smform_provider::plan::with_unknown;
use smform_provider::{
    Context, CreateOutcome, Imported, PlanRequest, PlanResponse, ProviderError, ResourceType, UpdateOutcome,
    both_absent,
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
use crate::waiters::Wait;

/// How long a new VPC may stay invisible, and how long one that is in use is tried to be deleted.
const PROPAGATION: Duration = Duration::from_secs(60);
const PATIENCE: Duration = Duration::from_secs(20 * 60);

/// How long a creation is tried again that gets no answer, or is to come back later.
const PERSISTENCE: Duration = Duration::from_secs(5 * 60);

/// In place of a network, where the service chooses one.
const ANY: &str = "*";

/// The attributes that are switched by calls of their own.
const SWITCHES: [(&str, VpcAttributeName); 3] = [
    ("enable_dns_support", VpcAttributeName::EnableDnsSupport),
    ("enable_dns_hostnames", VpcAttributeName::EnableDnsHostnames),
    ("enable_network_address_usage_metrics", VpcAttributeName::EnableNetworkAddressUsageMetrics),
];

/// The resource type.
pub(crate) struct Vpc {
    schema: Schema,
    /// Held by the one that is being created.
    turn: Mutex<()>,
}

impl Vpc {
    pub(crate) fn new() -> Vpc {
        let told = || Attribute::computed(Type::String);
        let fixed = || Attribute::optional(Type::String).forces_replacement();
        let length = |min: f64, max: f64| {
            Attribute::optional(Type::Number).forces_replacement().with(Constraint::Range(min, max))
        };
        let is_net = |text: &str| text.parse::<ipnet::Ipv4Net>().is_ok_and(|net| (16..=28).contains(&net.prefix_len()));
        let mut block = Block::new(
            [
                ("id", told()),
                ("arn", told()),
                (
                    "cidr_block",
                    Attribute::optional_computed(Type::String)
                        .forces_replacement()
                        .with(Constraint::Text("a network from /16 to /28, such as 10.0.0.0/16", is_net)),
                ),
                ("ipv4_ipam_pool_id", fixed()),
                ("ipv4_netmask_length", length(16.0, 28.0)),
                (
                    "instance_tenancy",
                    Attribute::optional(Type::String)
                        .default_value("default")
                        .with(Constraint::OneOf(&["default", "dedicated"])),
                ),
                ("enable_dns_support", Attribute::optional(Type::Bool).default_value(true)),
                ("enable_dns_hostnames", Attribute::optional_computed(Type::Bool)),
                ("enable_network_address_usage_metrics", Attribute::optional_computed(Type::Bool)),
                ("assign_generated_ipv6_cidr_block", Attribute::optional(Type::Bool)),
                ("ipv6_cidr_block", Attribute::optional_computed(Type::String)),
                ("ipv6_cidr_block_network_border_group", Attribute::optional_computed(Type::String)),
                ("ipv6_ipam_pool_id", Attribute::optional(Type::String)),
                (
                    "ipv6_netmask_length",
                    Attribute::optional(Type::Number).with(Constraint::OneOfNumbers(&[44, 48, 52, 56, 60])),
                ),
                ("default_network_acl_id", told()),
                ("default_route_table_id", told()),
                ("default_security_group_id", told()),
                ("dhcp_options_id", told()),
                ("ipv6_association_id", told()),
                ("main_route_table_id", told()),
                ("owner_id", told()),
                ("region", region()),
                ("tags", tags::tags()),
                ("tags_all", tags::tags_all()),
            ],
            [("timeouts", timeouts())],
        );
        block.description = "A network of its own.";
        Vpc { schema: Schema { version: 1, block }, turn: Mutex::new(()) }
    }

    /// The described VPC as an object, with what further calls tell; what may not be asked for stays as remembered.
    async fn object(&self, client: &Client, vpc: &Described, remembered: &Value, clients: &Clients) -> Value {
        let id = vpc.vpc_id().unwrap_or_default();
        let region = clients.region_of(remembered);
        let owner = vpc.owner_id().or(clients.account.as_deref()).unwrap_or_default();
        let ipv6 = ipv6::of_vpc(vpc);
        let generated = ipv6.is_some_and(|network| network.ipv6_pool() == Some("Amazon"));
        let mut built = Builder::new(&self.schema.block)
            .text("id", Some(id))
            .text("arn", Some(&arn(clients, region, owner, &format!("vpc/{id}"))))
            .text("cidr_block", vpc.cidr_block())
            .text("instance_tenancy", vpc.instance_tenancy().map(Tenancy::as_str))
            .text("dhcp_options_id", vpc.dhcp_options_id())
            .text("owner_id", Some(owner))
            .flag("assign_generated_ipv6_cidr_block", Some(generated))
            .text("ipv6_association_id", ipv6.and_then(|ipv6| ipv6.association_id()))
            .text("ipv6_cidr_block", ipv6.and_then(|ipv6| ipv6.ipv6_cidr_block()))
            .text("ipv6_cidr_block_network_border_group", ipv6.and_then(|ipv6| ipv6.network_border_group()));
        for (name, attribute) in SWITCHES {
            built = built.flag(name, switch(client, id, attribute).await.or_else(|| Fields(remembered).flag(name)));
        }
        let of_vpc = |name: &str| [filter("vpc-id", id), filter(name, "true")].to_vec();
        let tables = client.describe_route_tables().set_filters(Some(of_vpc("association.main"))).send().await.ok();
        let table = tables.as_ref().and_then(|answer| answer.route_tables().first()?.route_table_id());
        let acls = client.describe_network_acls().set_filters(Some(of_vpc("default"))).send().await.ok();
        let acl = acls.as_ref().and_then(|answer| answer.network_acls().first()?.network_acl_id());
        let named = [filter("vpc-id", id), filter("group-name", "default")].to_vec();
        let groups = client.describe_security_groups().set_filters(Some(named)).send().await.ok();
        let group = groups.as_ref().and_then(|answer| answer.security_groups().first()?.group_id());
        let (own, all) = clients.tags.visible(&own_tags(vpc.tags()), remembered.get("tags"));
        let live = built
            .text("main_route_table_id", table)
            .text("default_route_table_id", table)
            .text("default_network_acl_id", acl)
            .text("default_security_group_id", group)
            .value("tags", own)
            .value("tags_all", all)
            .finish();
        let live = pools::remembered(live, remembered);
        settle(&self.schema.block, remembered, carry(live, remembered), &|_, _, _| false)
    }
}

/// The ids of the VPCs with a network.
async fn alike(client: &Client, network: &str) -> Result<Vec<String>, Failure> {
    let filters = (network != ANY).then(|| vec![filter("cidr", network)]);
    let mut pages = client.describe_vpcs().set_filters(filters).into_paginator().items().send();
    let mut ids = Vec::new();
    while let Some(vpc) = pages.next().await {
        ids.extend(vpc.map_err(failed(Service::Ec2, "DescribeVpcs"))?.vpc_id);
    }
    Ok(ids)
}

/// Creates the VPC, once. The service has no way to tell a repeated call from another one, so each that got no answer is
/// followed by a look at what is there; the id.
async fn create_once(
    client: &Client,
    planned: &Value,
    sought: &Sought,
    cx: &Context<'_, Clients>,
) -> Result<String, ProviderError> {
    const SUMMARY: &str = "The VPC could not be created";
    let fields = Fields(planned);
    let mut wait = Wait::new(cx.run, PERSISTENCE);
    let mut is_open = false;
    loop {
        let answer = client
            .create_vpc()
            .set_cidr_block(fields.owned("cidr_block"))
            .set_ipv4_ipam_pool_id(fields.owned("ipv4_ipam_pool_id"))
            .set_ipv4_netmask_length(fields.count("ipv4_netmask_length"))
            .set_instance_tenancy(fields.text("instance_tenancy").map(Tenancy::from))
            .set_amazon_provided_ipv6_cidr_block(fields.flag("assign_generated_ipv6_cidr_block").filter(|on| *on))
            .set_ipv6_cidr_block(fields.owned("ipv6_cidr_block"))
            .set_ipv6_cidr_block_network_border_group(fields.owned("ipv6_cidr_block_network_border_group"))
            .set_ipv6_ipam_pool_id(fields.owned("ipv6_ipam_pool_id"))
            .set_ipv6_netmask_length(fields.count("ipv6_netmask_length"))
            .set_tag_specifications(tagging::for_create(Ec2Type::Vpc, planned))
            .customize()
            .config_override(Config::builder().retry_config(RetryConfig::disabled()))
            .send()
            .await
            .map_err(failed(Service::Ec2, "CreateVpc"));
        let failure = match answer {
            Ok(answer) => return Ok(answer.vpc.and_then(|vpc| vpc.vpc_id).unwrap_or_default()),
            Err(failure) => failure,
        };
        is_open |= failure.is_open();
        let told = |error: ProviderError| if is_open { error.left_open() } else { error };
        let is_over = !failure.is_passing() || wait.pause().await.is_err();
        if is_open {
            // Without a look the call must not be repeated.
            let Ok(found) = alike(client, &sought.like).await else { return Err(told(failure.into_error(SUMMARY))) };
            if let Some(id) = sought.only("VPC", found).map_err(told)? {
                return Ok(id);
            }
        }
        if is_over {
            return Err(told(failure.into_error(SUMMARY)));
        }
    }
}

async fn switch(client: &Client, id: &str, attribute: VpcAttributeName) -> Option<bool> {
    let answer = client.describe_vpc_attribute().vpc_id(id).attribute(attribute).send().await.ok()?;
    let told =
        [answer.enable_dns_support(), answer.enable_dns_hostnames(), answer.enable_network_address_usage_metrics()];
    told.into_iter().flatten().find_map(|told| told.value())
}

async fn set(client: &Client, id: &str, attribute: &VpcAttributeName, on: bool) -> Result<(), Failure> {
    let value = AttributeBooleanValue::builder().value(on).build();
    let call = client.modify_vpc_attribute().vpc_id(id);
    let call = match attribute {
        VpcAttributeName::EnableDnsHostnames => call.enable_dns_hostnames(value),
        VpcAttributeName::EnableDnsSupport => call.enable_dns_support(value),
        _ => call.enable_network_address_usage_metrics(value),
    };
    call.send().await.map(drop).map_err(failed(Service::Ec2, "ModifyVpcAttribute"))
}

/// What tells of the IPv6 network of a VPC.
const IPV6_TOLD: [&str; 4] = [
    "assign_generated_ipv6_cidr_block",
    "ipv6_association_id",
    "ipv6_cidr_block",
    "ipv6_cidr_block_network_border_group",
];

/// Whether the IPv6 network of a VPC may be from the pool that is named for it now. One that Amazon generated is not.
fn keeps_ipv6(prior: &Value, planned: &Value) -> bool {
    let generated = |object: &Value| Fields(object).flag("assign_generated_ipv6_cidr_block") == Some(true);
    pools::may_be_from(prior, planned, &pools::IPV6) && !generated(prior) && !generated(planned)
}

/// Whether two values are the same, where what is left out is off.
fn same_flag(prior: Option<&Value>, planned: Option<&Value>) -> bool {
    let (Some(prior), Some(planned)) = (prior, planned) else { return true };
    prior == planned || both_absent(prior, planned)
}

/// The value with the named members of another.
fn with_those(value: Value, other: &Value, names: &[&str]) -> Value {
    names.iter().fold(value, |value, name| match other.get(name) {
        Some(member) => with(value, name, member.clone()),
        None => value,
    })
}

fn is_unseen(failure: &Failure) -> bool {
    failure.code() == "InvalidVpcID.NotFound"
}

async fn describe(client: &Client, id: &str) -> Result<Option<Described>, Failure> {
    let answer = client.describe_vpcs().vpc_ids(id).send().await;
    match answer.map_err(failed(Service::Ec2, "DescribeVpcs")) {
        Ok(answer) => Ok(answer.vpcs().first().cloned()),
        Err(failure) if is_unseen(&failure) => Ok(None),
        Err(failure) => Err(failure),
    }
}

#[async_trait]
impl ResourceType<Clients> for Vpc {
    fn name(&self) -> &'static str {
        "aws_vpc"
    }

    fn schema(&self) -> Schema {
        self.schema.clone()
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        let mut found = tags::check(config);
        let fields = Fields(config);
        let mut refuse = |name: &str, detail: &str| {
            found.push(Diagnostic::error("Conflicting arguments", detail).of_attribute(Path::attribute(name)));
        };
        for names in [pools::IPV4, pools::IPV6] {
            pools::check(fields, &names, |name, detail| refuse(name, &detail));
        }
        if fields.is_set("ipv6_cidr_block") && !fields.is_given("ipv6_ipam_pool_id") {
            refuse("ipv6_cidr_block", "An IPv6 network of one's own comes from a pool: give ipv6_ipam_pool_id.");
        }
        let generated = fields.is_unknown("assign_generated_ipv6_cidr_block")
            || fields.flag("assign_generated_ipv6_cidr_block") == Some(true);
        if fields.flag("assign_generated_ipv6_cidr_block") == Some(true) && fields.is_set("ipv6_ipam_pool_id") {
            refuse("ipv6_ipam_pool_id", "Give assign_generated_ipv6_cidr_block or ipv6_ipam_pool_id, not both.");
        }
        if fields.is_set("ipv6_cidr_block_network_border_group") && !generated {
            refuse(
                "ipv6_cidr_block_network_border_group",
                "Amazon announces generated networks only: set assign_generated_ipv6_cidr_block = true.",
            );
        }
        if !fields.is_given("cidr_block") && !fields.is_given("ipv4_ipam_pool_id") {
            refuse("cidr_block", "A VPC needs cidr_block, or an ipv4_ipam_pool_id to take its network from.");
        }
        found
    }

    async fn plan(
        &self,
        schema: &Schema,
        request: PlanRequest,
        cx: &Context<'_, Clients>,
    ) -> Result<PlanResponse, Diagnostics> {
        let (before, config) = (request.prior.clone(), request.config.clone());
        let prior = before.clone();
        let mut response = plan(schema, request, cx.clients, &|_, prior, wanted| prior == wanted);
        // From dedicated to default is a change in place, the other way is not.
        let tenancy = |object: &Value| Fields(object).owned("instance_tenancy");
        if let Some(prior) = prior
            && tenancy(&prior) != tenancy(&response.planned)
            && tenancy(&response.planned).as_deref() == Some("dedicated")
        {
            response.replace.push(Path::attribute("instance_tenancy"));
        }
        if let Some(prior) = &before
            && pools::may_be_from(prior, &response.planned, &pools::IPV4)
        {
            response.replace = pools::without_asked(response.replace, &pools::IPV4);
            response.diagnostics.extend(pools::note(&pools::IPV4));
        }
        if before.as_ref().is_some_and(|prior| keeps_ipv6(prior, &response.planned)) {
            response.diagnostics.extend(pools::note(&pools::IPV6));
        } else if let Some(prior) = &before
            && ipv6::OF_VPC.iter().any(|name| !same_flag(prior.get(name), response.planned.get(name)))
        {
            let told: Vec<&str> = ["ipv6_association_id", "ipv6_cidr_block", "ipv6_cidr_block_network_border_group"]
                .into_iter()
                .filter(|name| !Fields(&config).is_given(name))
                .collect();
            response.planned = with_unknown(response.planned, &schema.block.ty(), &told);
        }
        Ok(response)
    }

    async fn read(&self, prior: &Value, cx: &Context<'_, Clients>) -> Result<Option<Value>, ProviderError> {
        let client = cx.clients.ec2(cx.clients.region_of(prior));
        let id = Fields(prior).text("id").unwrap_or_default();
        let vpc = describe(&client, id).await;
        match vpc.map_err(|failure| failure.into_error(format!("VPC {id} could not be read")))? {
            Some(vpc) => Ok(Some(self.object(&client, &vpc, prior, cx.clients).await)),
            None => Ok(None),
        }
    }

    async fn create(&self, planned: &Value, cx: &Context<'_, Clients>) -> CreateOutcome {
        let client = cx.clients.ec2(cx.clients.region_of(planned));
        let fields = Fields(planned);
        let turn = self.turn.lock().await;
        let network = fields.text("cidr_block").unwrap_or(ANY);
        let sought = match alike(&client, network).await {
            Ok(others) => Sought::new(network, others),
            Err(failure) => return CreateOutcome::Failed(failure.into_error("The VPCs could not be listed")),
        };
        if let Err(error) = cx.run.intend(&importable(&sought.identifier(), planned, cx.clients)).await {
            return CreateOutcome::Failed(error);
        }
        let id = match create_once(&client, planned, &sought, cx).await {
            Ok(id) => id,
            Err(error) => return CreateOutcome::Failed(error),
        };
        let begun = with(planned.clone(), "id", Value::string(&id));
        if let Err(error) = cx.run.created(&begun).await {
            return CreateOutcome::Partial(begun, error);
        }
        drop(turn);
        let empty = self.schema.block.empty();
        if fields.flag("assign_generated_ipv6_cidr_block") == Some(true) || fields.text("ipv6_ipam_pool_id").is_some() {
            // What follows, such as a subnet, needs the network. What is wrong with it, that says.
            let _ = ipv6::vpc_settled(&client, &id, cx.run).await;
        }
        for (name, attribute) in SWITCHES {
            // As the service begins: names are resolved, hosts have none, nothing is measured.
            let usual = attribute == VpcAttributeName::EnableDnsSupport;
            let Some(on) = fields.flag(name).filter(|on| *on != usual) else { continue };
            let waiting = "waiting for the VPC to become visible";
            let done = while_passing(cx.run, PROPAGATION, is_unseen, waiting, || set(&client, &id, &attribute, on));
            if let Err(failure) = done.await {
                let error = failure.into_error(format!("VPC {id} was created, but {name} could not be set"));
                return CreateOutcome::Partial(fill(&begun, &empty), error);
            }
        }
        match describe(&client, &id).await {
            Ok(Some(vpc)) => {
                let live = self.object(&client, &vpc, &begun, cx.clients).await;
                CreateOutcome::Complete(fill(&begun, &live))
            }
            _ => CreateOutcome::Complete(fill(&begun, &empty)),
        }
    }

    /// What is missing of it yet is an update.
    async fn resume(&self, begun: &Value, cx: &Context<'_, Clients>) -> Result<Option<Value>, ProviderError> {
        self.read(begun, cx).await
    }

    async fn update(&self, prior: &Value, planned: &Value, cx: &Context<'_, Clients>) -> UpdateOutcome {
        let client = cx.clients.ec2(cx.clients.region_of(prior));
        let id = Fields(prior).text("id").unwrap_or_default();
        let mut now = prior.clone();
        let tenancy = Fields(planned)
            .text("instance_tenancy")
            .filter(|_| prior.get("instance_tenancy") != planned.get("instance_tenancy"));
        if tenancy.is_some() {
            let call = client.modify_vpc_tenancy().vpc_id(id).instance_tenancy("default".into());
            if let Err(failure) = call.send().await.map_err(failed(Service::Ec2, "ModifyVpcTenancy")) {
                return UpdateOutcome::Failed(
                    failure.into_error(format!("The tenancy of VPC {id} could not be changed")),
                );
            }
            now = with(now, "instance_tenancy", Value::string("default"));
        }
        for (name, attribute) in SWITCHES {
            let wanted = Fields(planned).flag(name);
            let Some(on) = wanted.filter(|_| wanted != Fields(prior).flag(name)) else { continue };
            if let Err(failure) = set(&client, id, &attribute, on).await {
                return UpdateOutcome::Partial(
                    now,
                    failure.into_error(format!("{name} of VPC {id} could not be changed")),
                );
            }
            now = with(now, name, Value::bool(on));
        }
        let mut live = prior.clone();
        let differs = ipv6::OF_VPC.iter().any(|name| !same_flag(prior.get(name), planned.get(name)));
        if differs && !keeps_ipv6(prior, planned) {
            let changed = ipv6::change_vpc(&client, id, prior, planned, cx.run).await;
            if let Ok(Some(vpc)) = describe(&client, id).await {
                live = self.object(&client, &vpc, &fill(planned, &self.schema.block.empty()), cx.clients).await;
            }
            if let Err(failure) = changed {
                let now = with_those(now, &live, &IPV6_TOLD);
                return UpdateOutcome::Partial(
                    now,
                    failure.into_error(format!("The IPv6 network of VPC {id} could not be changed")),
                );
            }
            now = with_those(now, &live, &IPV6_TOLD);
        }
        match tagging::update(&client, id, prior, planned).await {
            Ok(()) => UpdateOutcome::Complete(fill(planned, &live)),
            Err(failure) => {
                UpdateOutcome::Partial(now, failure.into_error(format!("The tags of {id} could not be changed")))
            }
        }
    }

    async fn delete(&self, prior: &Value, cx: &Context<'_, Clients>) -> Result<(), ProviderError> {
        let client = cx.clients.ec2(cx.clients.region_of(prior));
        let id = Fields(prior).text("id").unwrap_or_default();
        let within = limit(prior, "delete", PATIENCE);
        remove(cx.run, within, &format!("VPC {id}"), "InvalidVpcID.NotFound", || {
            let call = client.delete_vpc().vpc_id(id);
            async move { call.send().await.map(drop).map_err(failed(Service::Ec2, "DeleteVpc")) }
        })
        .await
    }

    fn created_with(&self) -> &'static [&'static str] {
        &["instance_tenancy", "tags"]
    }

    async fn import(&self, identifier: &str, cx: &Context<'_, Clients>) -> Result<Option<Imported>, ProviderError> {
        let (id, seed) = import_seed(&self.schema, identifier, cx.clients);
        let client = cx.clients.ec2(cx.clients.region_of(&seed));
        let found = match Sought::parse(id, cx.run.recorded()) {
            Some(sought) => {
                let found = alike(&client, &sought.like).await;
                let found = found.map_err(|failure| failure.into_error("The VPCs could not be listed"))?;
                sought.only("VPC", found)?
            }
            None => Some(id.to_owned()),
        };
        let Some(id) = found else { return Ok(None) };
        let vpc = describe(&client, &id).await;
        match vpc.map_err(|failure| failure.into_error(format!("VPC {id} could not be read")))? {
            Some(vpc) => Ok(Some(Imported::from(self.object(&client, &vpc, &seed, cx.clients).await))),
            None => Ok(None),
        }
    }
}
