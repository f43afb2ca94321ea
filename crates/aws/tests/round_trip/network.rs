//! The same for networks: VPCs, subnets, endpoints, security groups and their rules. What is known only once it is made,
//! such as an id, stands in the samples as a name with `$` before it.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use smform_types::Value;

use super::around::document;
use crate::support::World;

pub const VPC: &str = "aws_vpc";
pub const SUBNET: &str = "aws_subnet";
pub const VPC_ENDPOINT: &str = "aws_vpc_endpoint";
pub const GROUP: &str = "aws_security_group";
pub const RULES: &str = "aws_security_group_rule";
pub const INGRESS: &str = "aws_vpc_security_group_ingress_rule";
pub const EGRESS: &str = "aws_vpc_security_group_egress_rule";
pub const ALL: [&str; 7] = [VPC, SUBNET, VPC_ENDPOINT, GROUP, RULES, INGRESS, EGRESS];

const POOLS: [&str; 2] = ["ipam-pool-0123456789abcdef0", "ipam-pool-0fedcba9876543210"];
const OUTPOSTS: [&str; 2] = [
    "arn:aws:outposts:us-east-1:123456789012:outpost/op-0123456789abcdef0",
    "arn:aws:outposts:us-east-1:123456789012:outpost/op-0fedcba9876543210",
];

/// What samples refer to.
pub type Names = BTreeMap<&'static str, String>;

/// The sample with what its names stand for.
pub fn resolved(sample: &Json, names: &Names) -> Json {
    match sample {
        Json::String(text) => match text.strip_prefix('$') {
            Some(name) => json!(names.get(name).unwrap_or_else(|| panic!("nothing is called {name}"))),
            None => sample.clone(),
        },
        Json::Array(items) => items.iter().map(|item| resolved(item, names)).collect(),
        Json::Object(members) => {
            Json::Object(members.iter().map(|(name, value)| (name.clone(), resolved(value, names))).collect())
        }
        other => other.clone(),
    }
}

/// Two VPCs with all that the samples need.
pub async fn prepare(world: &World) -> Names {
    let id = |object: &Value| object.get("id").and_then(Value::as_str).unwrap().to_owned();
    let vpc = json!({"cidr_block": "10.40.0.0/16", "assign_generated_ipv6_cidr_block": true});
    let (vpc, other) = (world.create(VPC, &vpc).await, world.create(VPC, &json!({"cidr_block": "10.40.0.0/16"})).await);
    let network: ipnet::Ipv6Net = vpc.get("ipv6_cidr_block").and_then(Value::as_str).unwrap().parse().unwrap();
    let nets: Vec<ipnet::Ipv6Net> = network.subnets(64).unwrap().take(256).collect();
    let table = vpc.get("main_route_table_id").and_then(Value::as_str).unwrap().to_owned();
    let mut names = BTreeMap::from([("vpc", id(&vpc)), ("other", id(&other)), ("table", table)]);
    names.extend([("net6_a", nets[100].to_string()), ("net6_b", nets[101].to_string())]);
    for (at, name, address) in [(11, "subnet_a", "address6_a"), (12, "subnet_b", "address6_b")] {
        let body = json!({"vpc_id": id(&vpc), "cidr_block": format!("10.40.{at}.0/24"),
            "ipv6_cidr_block": nets[at].to_string()});
        names.insert(name, id(&world.create(SUBNET, &body).await));
        names.insert(address, format!("{}9", nets[at].network()));
    }
    for name in ["group_a", "group_b"] {
        names.insert(name, id(&world.create(GROUP, &json!({"name": name, "vpc_id": id(&vpc)})).await));
    }
    names
}

/// A configuration without the argument, if it can be without.
pub fn base(ty: &str, path: &[&str]) -> Json {
    match ty {
        VPC => vpc(path),
        SUBNET => subnet(path),
        VPC_ENDPOINT => endpoint(path),
        GROUP => group(path),
        RULES => rules(path),
        _ => rule(path),
    }
}

fn vpc(path: &[&str]) -> Json {
    let mut base = json!({"cidr_block": "10.50.0.0/16"});
    match path {
        ["ipv4_netmask_length"] => return json!({"ipv4_ipam_pool_id": POOLS[0]}),
        ["ipv6_cidr_block" | "ipv6_netmask_length"] => base["ipv6_ipam_pool_id"] = json!(POOLS[0]),
        ["ipv6_cidr_block_network_border_group"] => base["assign_generated_ipv6_cidr_block"] = json!(true),
        _ => {}
    }
    base
}

fn subnet(path: &[&str]) -> Json {
    let mut base = json!({"vpc_id": "$vpc", "cidr_block": "10.40.1.0/24"});
    match path {
        ["ipv4_netmask_length"] => return json!({"vpc_id": "$vpc", "ipv4_ipam_pool_id": POOLS[0]}),
        ["ipv6_netmask_length"] => base["ipv6_ipam_pool_id"] = json!(POOLS[0]),
        ["ipv6_native"] => return json!({"vpc_id": "$vpc", "ipv6_cidr_block": "$net6_a"}),
        ["assign_ipv6_address_on_creation"] => base["ipv6_cidr_block"] = json!("$net6_a"),
        // Each needs the other.
        ["map_customer_owned_ip_on_launch" | "customer_owned_ipv4_pool"] => {
            base["outpost_arn"] = json!(OUTPOSTS[0]);
            base["map_customer_owned_ip_on_launch"] = json!(true);
            base["customer_owned_ipv4_pool"] = json!("ipv4pool-coip-0");
        }
        ["enable_lni_at_device_index"] => base["outpost_arn"] = json!(OUTPOSTS[0]),
        _ => {}
    }
    base
}

fn endpoint(path: &[&str]) -> Json {
    let interface = json!({"vpc_id": "$vpc", "service_name": "com.amazonaws.us-east-1.sagemaker.api",
        "vpc_endpoint_type": "Interface", "subnet_ids": ["$subnet_a", "$subnet_b"], "security_group_ids": ["$group_a"]});
    let leading = |kind: &str, argument: &str| {
        let mut base = interface.clone();
        base["service_name"] = Json::Null;
        base["vpc_endpoint_type"] = json!(kind);
        base[argument] = arns(argument)[0].clone();
        base
    };
    let mut base = interface.clone();
    match path {
        ["resource_configuration_arn"] => return leading("Resource", "resource_configuration_arn"),
        ["service_network_arn"] => return leading("ServiceNetwork", "service_network_arn"),
        ["dns_options", "private_dns_specified_domains"] => {
            base["dns_options"] = json!({"private_dns_preference": "SPECIFIED_DOMAINS_ONLY"});
        }
        ["subnet_configuration", ..] => base["subnet_configuration"] = json!([{"subnet_id": "$subnet_a"}]),
        ["policy" | "route_table_ids" | "vpc_endpoint_type" | "service_name" | "vpc_id"] => {
            return json!({"vpc_id": "$vpc", "service_name": "com.amazonaws.us-east-1.s3"});
        }
        _ => {}
    }
    base
}

/// Two ARNs of what an endpoint may lead to besides services.
fn arns(argument: &str) -> [Json; 2] {
    let kind = if argument == "service_network_arn" { "servicenetwork/sn" } else { "resourceconfiguration/rcfg" };
    ["0123456789abcdef0", "0fedcba9876543210"]
        .map(|id| json!(format!("arn:aws:vpc-lattice:us-east-1:123456789012:{kind}-{id}")))
}

fn group(path: &[&str]) -> Json {
    let mut base = json!({"name": "rt", "vpc_id": "$vpc"});
    match path {
        ["name_prefix"] => base["name"] = Json::Null,
        [kind @ ("ingress" | "egress"), ..] => {
            base[*kind] = json!([{"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_blocks": ["10.0.0.0/8"]}]);
        }
        _ => {}
    }
    base
}

fn rules(path: &[&str]) -> Json {
    let mut base = json!({"type": "ingress", "security_group_id": "$group_a", "protocol": "tcp", "from_port": 443,
        "to_port": 443, "cidr_blocks": ["10.0.0.0/8"]});
    match path {
        ["self"] => base["cidr_blocks"] = Json::Null,
        ["source_security_group_id"] => {
            base["cidr_blocks"] = Json::Null;
            base["source_security_group_id"] = json!("$group_b");
        }
        _ => {}
    }
    base
}

fn rule(path: &[&str]) -> Json {
    let mut base = json!({"security_group_id": "$group_a", "ip_protocol": "tcp", "from_port": 443, "to_port": 443});
    // Exactly one of the sources must be there.
    match path {
        [source @ ("cidr_ipv6" | "prefix_list_id" | "referenced_security_group_id")] => {
            base[*source] = values(INGRESS, path).unwrap().0;
        }
        _ => base["cidr_ipv4"] = json!("10.0.0.0/8"),
    }
    base
}

/// Two values.
pub fn values(ty: &str, path: &[&str]) -> Option<(Json, Json)> {
    let texts = |one: &str, other: &str| (json!(one), json!(other));
    Some(match (ty, path) {
        (VPC, ["cidr_block"]) => texts("10.51.0.0/16", "10.52.0.0/24"),
        // The other way needs a new VPC: see the tests of networks.
        (VPC, ["instance_tenancy"]) => texts("dedicated", "default"),
        (VPC, ["ipv4_netmask_length"]) => (json!(20), json!(26)),
        (VPC, ["ipv6_netmask_length"]) => (json!(52), json!(48)),
        (VPC, ["ipv6_cidr_block"]) => texts("2600:1f28:aa00::/56", "2600:1f28:bb00::/56"),
        (VPC, ["ipv6_cidr_block_network_border_group"]) => texts("us-east-1", "us-east-1-lax-1"),
        (_, ["ipv4_ipam_pool_id" | "ipv6_ipam_pool_id"]) => texts(POOLS[0], POOLS[1]),
        (SUBNET, ["cidr_block"]) => texts("10.40.2.0/24", "10.40.3.0/28"),
        (SUBNET, ["ipv4_netmask_length"]) => (json!(26), json!(28)),
        (SUBNET, ["ipv6_netmask_length"]) => (json!(64), json!(64)),
        (SUBNET, ["ipv6_cidr_block"]) => texts("$net6_a", "$net6_b"),
        (SUBNET, ["ipv6_native" | "map_customer_owned_ip_on_launch"]) => (json!(true), json!(true)),
        (SUBNET, ["availability_zone"]) => texts("us-east-1a", "us-east-1c"),
        (SUBNET, ["availability_zone_id"]) => texts("use1-az1", "use1-az3"),
        (SUBNET, ["outpost_arn"]) => texts(OUTPOSTS[0], OUTPOSTS[1]),
        (SUBNET, ["customer_owned_ipv4_pool"]) => texts("ipv4pool-coip-1", "ipv4pool-coip-2"),
        (SUBNET, ["enable_lni_at_device_index"]) => (json!(1), json!(2)),
        (VPC_ENDPOINT, ["service_name"]) => texts("com.amazonaws.us-east-1.dynamodb", "com.amazonaws.us-east-1.s3"),
        (VPC_ENDPOINT, ["service_region"]) => texts("us-east-1", "us-east-1"),
        (VPC_ENDPOINT, ["vpc_endpoint_type"]) => texts("Interface", "Gateway"),
        (VPC_ENDPOINT, [argument @ ("resource_configuration_arn" | "service_network_arn")]) => {
            let [one, other] = arns(argument);
            (one, other)
        }
        (VPC_ENDPOINT, ["subnet_ids"]) => (json!(["$subnet_a"]), json!(["$subnet_b"])),
        (VPC_ENDPOINT, ["security_group_ids"]) => (json!(["$group_b"]), json!(["$group_a", "$group_b"])),
        (VPC_ENDPOINT, ["route_table_ids"]) => (json!(["$table"]), json!([])),
        (VPC_ENDPOINT, ["policy"]) => (document("s3:GetObject"), document("s3:PutObject")),
        (VPC_ENDPOINT, ["dns_options", "private_dns_preference"]) => texts("ALL_DOMAINS", "VERIFIED_DOMAINS_ONLY"),
        (VPC_ENDPOINT, ["dns_options", "private_dns_specified_domains"]) => {
            (json!(["a.example.org"]), json!(["b.example.org", "c.example.org"]))
        }
        (VPC_ENDPOINT, ["subnet_configuration", "subnet_id"]) => texts("$subnet_b", "$subnet_a"),
        (VPC_ENDPOINT, ["subnet_configuration", "ipv4"]) => texts("10.40.11.9", "10.40.11.10"),
        (VPC_ENDPOINT, ["subnet_configuration", "ipv6"]) => texts("$address6_a", "$address6_a"),
        (GROUP, ["description"]) => texts("one", "two"),
        (_, ["vpc_id"]) => texts("$vpc", "$other"),
        (_, ["security_group_id"]) => texts("$group_a", "$group_b"),
        (_, [.., "protocol" | "ip_protocol"]) => texts("udp", "6"),
        (_, [.., "from_port"]) => (json!(80), json!(442)),
        (_, [.., "to_port"]) => (json!(444), json!(65535)),
        (_, [.., "cidr_blocks"]) => (json!(["10.1.0.0/16", "10.2.0.0/16"]), json!(["192.168.0.0/16"])),
        (_, [.., "ipv6_cidr_blocks"]) => (json!(["2001:db8::/32"]), json!(["::/0", "2001:db8::/48"])),
        (_, [.., "prefix_list_ids"]) => (json!(["pl-63a5400a"]), json!(["pl-02cd2c6b"])),
        (_, [.., "security_groups"]) => (json!(["$group_a"]), json!(["$group_a", "$group_b"])),
        (RULES, ["self"]) => (json!(true), json!(true)),
        (RULES, ["source_security_group_id"]) => texts("$group_b", "$group_a"),
        (_, ["cidr_ipv4"]) => texts("10.1.0.0/16", "192.168.0.0/24"),
        (_, ["cidr_ipv6"]) => texts("2001:db8::/32", "::/0"),
        (_, ["prefix_list_id"]) => texts("pl-63a5400a", "pl-02cd2c6b"),
        (_, ["referenced_security_group_id"]) => texts("$group_b", "$group_a"),
        (_, [.., "description"]) => texts("one & two", "three"),
        _ => return None,
    })
}

/// What an import of legacy rules is told.
pub fn rules_id(rule: &Value) -> String {
    let text = |name: &str| rule.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let number = |name: &str| rule.get(name).and_then(Value::as_i64).unwrap_or_default().to_string();
    let texts = |name: &str| -> Vec<String> {
        let items = rule.get(name).and_then(Value::as_slice).unwrap_or_default();
        items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect()
    };
    let mut parts = vec![text("security_group_id"), text("type"), text("protocol")];
    parts.extend([number("from_port"), number("to_port")]);
    parts.extend(["cidr_blocks", "ipv6_cidr_blocks", "prefix_list_ids"].iter().flat_map(|name| texts(name)));
    parts.extend((rule.get("self").and_then(Value::as_bool) == Some(true)).then(|| "self".to_owned()));
    parts.extend(Some(text("source_security_group_id")).filter(|group| !group.is_empty()));
    format!("{}@{}", parts.join("_"), text("region"))
}
