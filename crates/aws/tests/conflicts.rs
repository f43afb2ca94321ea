//! Arguments that exclude each other. Modules hand on both of a pair, one of them null, and in `validate` nobody knows yet
//! which one: a conflict is told when both are known.

use serde_json::{Value as Json, json};
use smform_types::ResourceMode;

use crate::support::{CONFIG, MODEL, World, from_json, place, world};

/// A body, the pointer to one of two arguments in it, and the value that makes a conflict of it.
struct Pair {
    ty: &'static str,
    body: Json,
    argument: &'static str,
    value: Json,
}

fn pair(ty: &'static str, body: Json, argument: &'static str, value: Json) -> Pair {
    Pair { ty, body, argument, value }
}

fn joined(mut some: Json, more: Json) -> Json {
    some.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    some
}

fn pairs() -> Vec<Pair> {
    let image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/a:1";
    let outpost = "arn:aws:outposts:us-east-1:123456789012:outpost/op-0123456789abcdef0";
    let role = "arn:aws:iam::123456789012:role/r";
    let variant = |more: Json| {
        let variant = joined(json!({"variant_name": "v", "model_name": "m"}), more);
        json!({"name": "c", "execution_role_arn": role, "production_variants": [variant]})
    };
    let serverless = || variant(json!({"serverless_config": {"max_concurrency": 1, "memory_size_in_mb": 1024}}));
    let rule = |more: Json| joined(json!({"security_group_id": "sg-1", "ip_protocol": "-1"}), more);
    let alarm = json!({
        "alarm_name": "a", "comparison_operator": "GreaterThanThreshold", "evaluation_periods": 1, "metric_name": "m",
        "namespace": "n", "period": 60, "threshold": 1, "statistic": "Sum"
    });
    let queries = json!({
        "alarm_name": "a", "comparison_operator": "GreaterThanThreshold", "evaluation_periods": 1, "threshold": 1,
        "metric_query": [{"id": "q", "expression": "1", "return_data": true}]
    });
    let container = |container: Json| json!({"name": "m", "execution_role_arn": role, "primary_container": container});
    let component = json!({
        "name": "i", "endpoint_name": "e", "variant_name": "v", "runtime_config": {"copy_count": 1},
        "specification": {"container": {"image": image}, "compute_resource_requirements": {"min_memory_required_in_mb": 128}}
    });
    let subnet = json!({"vpc_id": "vpc-1", "cidr_block": "10.0.0.0/24", "availability_zone": "us-east-1a"});
    vec![
        pair(MODEL, container(json!({"image": image})), "/primary_container/model_package_name", json!("p")),
        pair(MODEL, container(json!({"model_package_name": "p"})), "/primary_container/image", json!(image)),
        pair(
            MODEL,
            container(json!({"model_package_name": "p"})),
            "/primary_container/model_data_url",
            json!("s3://b/m.tar.gz"),
        ),
        pair(CONFIG, serverless(), "/production_variants/0/instance_type", json!("ml.m5.large")),
        pair(CONFIG, serverless(), "/production_variants/0/initial_instance_count", json!(1)),
        pair(
            CONFIG,
            variant(json!({"instance_type": "ml.g5.xlarge", "initial_instance_count": 1})),
            "/production_variants/0/volume_size_in_gb",
            json!(10),
        ),
        pair("aws_sagemaker_inference_component", component, "/specification/model_name", json!("m")),
        pair("aws_subnet", subnet.clone(), "/availability_zone_id", json!("use1-az1")),
        pair("aws_subnet", subnet.clone(), "/ipv4_netmask_length", json!(24)),
        pair(
            "aws_subnet",
            joined(subnet, json!({"outpost_arn": outpost})),
            "/customer_owned_ipv4_pool",
            json!("ipv4pool-coip-1"),
        ),
        pair("aws_vpc", json!({"cidr_block": "10.0.0.0/16"}), "/ipv4_netmask_length", json!(16)),
        pair("aws_vpc", json!({"cidr_block": "10.0.0.0/16"}), "/ipv6_cidr_block", json!("2001:db8::/56")),
        pair(
            "aws_security_group_rule",
            json!({"type": "ingress", "security_group_id": "sg-1", "protocol": "tcp", "from_port": 1, "to_port": 1,
                   "cidr_blocks": ["10.0.0.0/8"]}),
            "/source_security_group_id",
            json!("sg-2"),
        ),
        pair(
            "aws_vpc_security_group_ingress_rule",
            rule(json!({"cidr_ipv4": "10.0.0.0/8"})),
            "/referenced_security_group_id",
            json!("sg-2"),
        ),
        pair("aws_vpc_security_group_egress_rule", rule(json!({"cidr_ipv4": "10.0.0.0/8"})), "/from_port", json!(1)),
        pair(
            "aws_vpc_endpoint",
            json!({"vpc_id": "vpc-1", "service_name": "com.amazonaws.us-east-1.s3"}),
            "/service_network_arn",
            json!("arn:aws:vpc-lattice:us-east-1:123456789012:servicenetwork/sn-1"),
        ),
        pair("aws_cloudwatch_metric_alarm", alarm.clone(), "/extended_statistic", json!("p95")),
        pair("aws_cloudwatch_metric_alarm", alarm, "/threshold_metric_id", json!("q")),
        pair("aws_cloudwatch_metric_alarm", queries, "/metric_name", json!("m")),
    ]
}

/// The body with something in the place of the argument.
fn with(pair: &Pair, value: &Json) -> Json {
    let mut body = pair.body.clone();
    let (block, name) = pair.argument.rsplit_once('/').unwrap();
    body.pointer_mut(block).unwrap()[name] = value.clone();
    body
}

fn errors(world: &World, pair: &Pair, value: &Json) -> Vec<String> {
    world.validate(pair.ty, &with(pair, value)).into_iter().filter(|told| told.starts_with("Error")).collect()
}

#[tokio::test]
async fn only_what_is_known_conflicts() {
    let world = world().await;
    for pair in pairs() {
        for harmless in [Json::Null, json!("?")] {
            let found = errors(&world, &pair, &harmless);
            assert!(found.is_empty(), "{} {} = {harmless}: {found:?}", pair.ty, pair.argument);
        }
        let found = errors(&world, &pair, &pair.value);
        assert_eq!(found.len(), 1, "{} {}: {found:?}", pair.ty, pair.argument);
    }
}

#[tokio::test]
async fn a_policy_is_looked_for_by_one_of_two() {
    let world = world().await;
    let found = |body: Json| {
        let schema = world.provider.resource_schema(ResourceMode::Data, "aws_iam_policy").unwrap();
        let found = world.provider.validate(ResourceMode::Data, "aws_iam_policy", &from_json(&schema.block, &body));
        found.iter().map(|told| format!("{} {}", told.summary, place(told))).collect::<Vec<_>>()
    };
    let arn = "arn:aws:iam::123456789012:policy/p";
    assert_eq!(found(json!({"arn": "?", "name": "?"})), [""; 0]);
    assert_eq!(found(json!({"arn": arn, "name": "?"})), [""; 0]);
    assert_eq!(found(json!({"arn": arn, "name": "p"})), ["Conflicting arguments arn"]);
    assert_eq!(found(json!({"path_prefix": "/a/"})), ["Which policy? "]);
}

/// In a plan, the name of a model that is not known is that of one that is to be made.
#[tokio::test]
async fn managed_scaling_beside_a_model_is_told_by_the_plan() {
    let world = world().await;
    let body = |model: &str, status: &str| {
        json!({"name": "c", "execution_role_arn": crate::support::ROLE, "production_variants": {
            "variant_name": "v", "model_name": model, "instance_type": "ml.m5.large", "initial_instance_count": 1,
            "managed_instance_scaling": {"status": status, "min_instance_count": 1, "max_instance_count": 2}}})
    };
    let told = |severity: &str| {
        vec![format!("{severity} production_variants[0].managed_instance_scaling: Managed scaling with a model")]
    };
    assert_eq!(world.validate(CONFIG, &body("m", "ENABLED")), told("Error"));
    assert_eq!(world.validate(CONFIG, &body("m", "DISABLED")), told("Warning"));
    assert_eq!(world.validate(CONFIG, &body("?", "ENABLED")), [""; 0]);
    let refused = world.plan(CONFIG, None, &body("?", "ENABLED")).await.unwrap();
    let refused: Vec<_> = refused.diagnostics.iter().map(|told| (told.is_error(), told.summary.as_str())).collect();
    assert_eq!(refused, [(true, "Managed scaling with a model")]);
}
