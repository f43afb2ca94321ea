//! Every argument of the hosting types, and of those around them, makes its way to the service and back: made, read, planned again without a
//! change, imported, changed (in place or by a new object, as the schema says), and left out again. The arguments are
//! taken from the schema, so that none can be forgotten: one without a sample fails the test.

mod around;
mod network;
mod samples;

use serde_json::{Map, Value as Json, json};
use smform_types::schema::{Attribute, Block};
use smform_types::{ResourceMode, Value};

use crate::support::{CONFIG, ENDPOINT, MODEL, World, config_body, from_json, model_body, shown, world};
use samples::Sample;

/// What only the record knows: an import cannot find it.
const LOCAL: [&str; 13] = [
    "auto_accept",
    "delay_after_policy_creation_in_ms",
    "force_detach_policies",
    "timeouts",
    "retain_all_variant_properties",
    "retain_deployment_config",
    "exclude_retained_variant_properties",
    "desired_weights_and_capacities",
    "ipv4_ipam_pool_id",
    "ipv4_netmask_length",
    "ipv6_ipam_pool_id",
    "ipv6_netmask_length",
    "revoke_rules_on_delete",
];

/// An argument: its path through blocks, and whether a change needs a new object.
struct Argument {
    path: Vec<&'static str>,
    attribute: Attribute,
    replaces: bool,
}

fn arguments(block: &Block, path: &[&'static str], found: &mut Vec<Argument>) {
    for (name, attribute) in block.attributes.iter().filter(|(_, attribute)| attribute.is_settable()) {
        let path = [path, &[*name]].concat();
        found.push(Argument { path, attribute: attribute.clone(), replaces: attribute.forces_replacement });
    }
    for (name, nested) in &block.blocks {
        arguments(&nested.block, &[path, &[*name]].concat(), found);
    }
}

/// Sets an argument; a block that repeats is entered at its first.
fn set(body: &mut Json, path: &[&str], value: Json) {
    match path {
        [] => *body = value,
        [name, rest @ ..] => {
            let body = match body {
                Json::Array(items) => items.first_mut().unwrap(),
                other => other,
            };
            if body.is_null() {
                *body = Json::Object(Map::new());
            }
            set(&mut body[*name], rest, value);
        }
    }
}

fn get<'b>(body: &'b Json, path: &[&str]) -> &'b Json {
    match (path, body) {
        ([], _) => body,
        (_, Json::Array(items)) => get(&items[0], path),
        ([name, rest @ ..], _) => get(&body[*name], rest),
    }
}

fn without_local(ty: &str, object: &Value) -> Value {
    let mut object = object.clone();
    let untold = match ty {
        // The policy of a component is for its updates.
        around::COMPONENT => Some("deployment_config"),
        // SageMaker is scaled in the service's own role, whatever was given.
        around::TARGET => Some("role_arn"),
        _ => None,
    };
    for name in LOCAL.into_iter().chain(untold) {
        object = object.update_at(&smform_types::Path::attribute(name).0, &mut |value| Value::null(value.ty()));
    }
    object
}

impl World {
    /// What an import finds needs no change, but for what only the record knows.
    async fn assert_imports(&self, ty: &str, made: &Value, body: &Json) {
        let text = |name: &str| made.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let identifier = if ty == network::RULES { network::rules_id(made) } else { around::import_id(ty, text) };
        let found = self.import(ty, &identifier).await.unwrap();
        let plan = self.plan(ty, Some(&found), body).await.unwrap();
        assert!(plan.replace.is_empty(), "{ty} is replaced after an import: {:?} of {body}", plan.replace);
        assert_eq!(
            shown(&without_local(ty, &plan.planned)),
            shown(&without_local(ty, &found)),
            "{ty} changes after an import"
        );
    }

    /// Brings the object to `body`, as the plan says, and checks that nothing is left to do.
    async fn change(&self, ty: &str, prior: &Value, body: &Json, replaces: bool, what: &str) -> Value {
        let plan = self.plan(ty, Some(prior), body).await.unwrap_or_else(|found| panic!("{what}: {found:?}"));
        assert_eq!(!plan.replace.is_empty(), replaces, "{what}: {:?}", plan.replace);
        if replaces {
            self.delete(ty, prior).await;
            self.create(ty, body).await
        } else {
            self.update(ty, prior, body).await
        }
    }
}

async fn round_trip(world: &World, ty: &str, argument: &Argument, sample: Sample) {
    let what = format!("{ty} {}", argument.path.join("."));
    let Sample { base, first, second } = sample;
    let mut body = base.clone();
    set(&mut body, &argument.path, first.clone());
    let errors = world.validate(ty, &body);
    if samples::is_impossible(&argument.path) {
        assert!(errors.iter().any(|text| text.starts_with("Error")), "{what} is not refused");
        return;
    }
    assert!(!errors.iter().any(|text| text.starts_with("Error")), "{what}: {errors:?}");
    let made = world.create(ty, &body).await;
    world.assert_imports(ty, &made, &body).await;
    let mut changed = base.clone();
    set(&mut changed, &argument.path, second.clone());
    if ty == ENDPOINT && argument.path.starts_with(&["deployment_config"]) {
        // The service has no call for a policy alone; it goes with an update.
        changed["endpoint_config_name"] = json!("two");
    }
    let replaces = argument.replaces && first != second;
    let mut made = world.change(ty, &made, &changed, replaces, &what).await;
    world.assert_imports(ty, &made, &changed).await;
    let left_out = get(&base, &argument.path).is_null() && !argument.attribute.required;
    if left_out && !argument.attribute.computed && argument.attribute.default.is_none() {
        let differs = {
            let schema = world.provider.resource_schema(ResourceMode::Managed, ty).unwrap();
            from_json(&schema.block, &base) != from_json(&schema.block, &changed)
        };
        let plan = world.plan(ty, Some(&made), &base).await.unwrap();
        if differs && shown(&plan.planned) != shown(&made) {
            made = world.change(ty, &made, &base, !plan.replace.is_empty(), &what).await;
            world.assert_imports(ty, &made, &base).await;
        }
    }
    world.delete(ty, &made).await;
}

/// A sandbox with what the samples refer to.
async fn prepared() -> World {
    let world = world().await;
    let trust = json!({"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"Service": "sagemaker.amazonaws.com"}}]});
    world.create("aws_iam_role", &json!({"name": "Other", "assume_role_policy": trust.to_string()})).await;
    world.pass(60.0);
    world.create(MODEL, &model_body("m")).await;
    let plain = |name: &str| json!({"name": name, "execution_role_arn": crate::support::ROLE, "primary_container": {"image": samples::ECR}});
    world.create(MODEL, &plain("plain")).await;
    world.create(MODEL, &plain("other")).await;
    for (name, count) in [("one", 4), ("two", 5)] {
        world.create(CONFIG, &config_body(name, "plain", count)).await;
    }
    let mut serverless = config_body("serverless", "plain", 1);
    serverless["production_variants"] = json!({"variant_name": "MyVariant", "model_name": "plain",
        "serverless_config": {"max_concurrency": 50, "memory_size_in_mb": 1024}});
    world.create(CONFIG, &serverless).await;
    world
}

/// What the types around the three belong to; the names by which samples refer to it.
async fn prepare_around(world: &World, ty: &str) -> network::Names {
    if network::ALL.contains(&ty) {
        return network::prepare(world).await;
    }
    if [around::TARGET, around::POLICY].contains(&ty) {
        for (name, config) in [("e", "one"), ("e-2", "two")] {
            world.create(ENDPOINT, &json!({"name": name, "endpoint_config_name": config})).await;
            let mut target = around::base(around::TARGET, &[]);
            target["resource_id"] = json!(format!("endpoint/{name}/variant/MyVariant"));
            if ty == around::POLICY {
                world.create(around::TARGET, &target).await;
            }
        }
    }
    if ty == around::COMPONENT {
        let variant = json!({"variant_name": "v", "instance_type": "ml.m5.2xlarge", "initial_instance_count": 4});
        let host = json!({"name": "host", "execution_role_arn": crate::support::ROLE, "production_variants": variant});
        world.create(CONFIG, &host).await;
        for name in ["hosts", "hosts-2"] {
            world.create(ENDPOINT, &json!({"name": name, "endpoint_config_name": "host"})).await;
        }
        for name in ["foundation", "foundation-2"] {
            let mut component = around::base(ty, &[]);
            component["name"] = json!(name);
            world.create(ty, &component).await;
        }
    }
    if [around::ROLE_POLICY, around::ATTACHMENT].contains(&ty) {
        for name in ["host", "host-2"] {
            let role = json!({"name": name, "assume_role_policy": around::trust("sagemaker.amazonaws.com")});
            world.create(around::IAM_ROLE, &role).await;
        }
    }
    network::Names::new()
}

async fn every_argument(ty: &str) {
    let world = prepared().await;
    let names = prepare_around(&world, ty).await;
    let schema = world.provider.resource_schema(ResourceMode::Managed, ty).unwrap().clone();
    let mut all = Vec::new();
    arguments(&schema.block, &[], &mut all);
    assert!(all.len() > 1);
    for argument in &all {
        let sample = samples::sample(ty, &argument.path, &argument.attribute);
        let Sample { base, first, second } =
            sample.unwrap_or_else(|| panic!("no sample for {ty} {}", argument.path.join(".")));
        let [base, first, second] = [base, first, second].map(|part| network::resolved(&part, &names));
        round_trip(&world, ty, argument, Sample { base, first, second }).await;
    }
}

#[tokio::test]
async fn every_argument_of_a_model() {
    every_argument(MODEL).await;
}

#[tokio::test]
async fn every_argument_of_an_endpoint_configuration() {
    every_argument(CONFIG).await;
}

#[tokio::test]
async fn every_argument_of_an_endpoint() {
    every_argument(ENDPOINT).await;
}

#[tokio::test]
async fn every_argument_of_an_inference_component() {
    every_argument(around::COMPONENT).await;
}

#[tokio::test]
async fn every_argument_of_an_alarm() {
    every_argument(around::ALARM).await;
}

#[tokio::test]
async fn every_argument_of_a_log_group() {
    every_argument(around::LOG_GROUP).await;
}

#[tokio::test]
async fn every_argument_of_a_scalable_target() {
    every_argument(around::TARGET).await;
}

#[tokio::test]
async fn every_argument_of_a_scaling_policy() {
    every_argument(around::POLICY).await;
}

#[tokio::test]
async fn every_argument_of_a_role() {
    every_argument(around::IAM_ROLE).await;
}

#[tokio::test]
async fn every_argument_of_a_managed_policy() {
    every_argument(around::MANAGED_POLICY).await;
}

#[tokio::test]
async fn every_argument_of_a_policy_of_a_role() {
    every_argument(around::ROLE_POLICY).await;
}

#[tokio::test]
async fn every_argument_of_an_attachment() {
    every_argument(around::ATTACHMENT).await;
}

#[tokio::test]
async fn every_argument_of_a_vpc() {
    every_argument(network::VPC).await;
}

#[tokio::test]
async fn every_argument_of_a_subnet() {
    every_argument(network::SUBNET).await;
}

#[tokio::test]
async fn every_argument_of_a_vpc_endpoint() {
    every_argument(network::VPC_ENDPOINT).await;
}

#[tokio::test]
async fn every_argument_of_a_security_group() {
    every_argument(network::GROUP).await;
}

#[tokio::test]
async fn every_argument_of_security_group_rules() {
    every_argument(network::RULES).await;
}

#[tokio::test]
async fn every_argument_of_an_ingress_rule() {
    every_argument(network::INGRESS).await;
}

#[tokio::test]
async fn every_argument_of_an_egress_rule() {
    every_argument(network::EGRESS).await;
}

/// A type that is forgotten here fails.
#[tokio::test]
async fn every_type_makes_its_round() {
    let world = world().await;
    let mut here = vec![MODEL, CONFIG, ENDPOINT, around::COMPONENT, around::ALARM, around::TARGET, around::POLICY];
    here.extend([around::IAM_ROLE, around::MANAGED_POLICY, around::ROLE_POLICY, around::ATTACHMENT, around::LOG_GROUP]);
    here.extend(network::ALL);
    // It creates nothing, and has tests of its own.
    here.push(crate::support::VPC_CONFIG);
    here.sort_unstable();
    assert_eq!(world.provider.type_names(ResourceMode::Managed), here);
}
