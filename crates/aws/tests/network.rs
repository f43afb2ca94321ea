use serde_json::{Value as Json, json};
use smform_provider::CreateOutcome;
use smform_types::Value;

use crate::support::{GROUP, REGISTRY_GROUP, SUBNETS, place, shown, world};

const VPC: &str = "aws_vpc";
const SUBNET: &str = "aws_subnet";
const ENDPOINT: &str = "aws_vpc_endpoint";
const DEFAULT_VPC: &str = "vpc-0123456789abcdef0";

fn text<'v>(object: &'v Value, name: &str) -> &'v str {
    object.get(name).and_then(Value::as_str).unwrap_or_default()
}

#[tokio::test]
async fn a_network_lives() {
    let world = world().await;
    let mut body = json!({"cidr_block": "10.42.0.0/16", "enable_dns_hostnames": true, "tags": {"Name": "n"}});
    let vpc = world.create(VPC, &body).await;
    for name in ["main_route_table_id", "default_network_acl_id", "default_security_group_id", "owner_id"] {
        assert!(!text(&vpc, name).is_empty(), "{name}");
    }
    assert_eq!(shown(&world.import(VPC, text(&vpc, "id")).await.unwrap()), shown(&vpc));
    body["enable_dns_hostnames"] = json!(false);
    body["tags"] = json!({"Name": "m"});
    let vpc = world.update(VPC, &vpc, &body).await;
    let mut subnet_body = json!({"vpc_id": text(&vpc, "id"), "cidr_block": "10.42.1.0/24", "availability_zone": "us-east-1a",
        "map_public_ip_on_launch": true});
    let subnet = world.create(SUBNET, &subnet_body).await;
    assert_eq!(shown(&world.import(SUBNET, text(&subnet, "id")).await.unwrap()), shown(&subnet));
    subnet_body["map_public_ip_on_launch"] = json!(false);
    subnet_body["private_dns_hostname_type_on_launch"] = json!("resource-name");
    let subnet = world.update(SUBNET, &subnet, &subnet_body).await;
    // What is in use is tried for a while.
    let mut impatient = body.clone();
    impatient["timeouts"] = json!({"delete": "10s"});
    let kept = world.update(VPC, &vpc, &impatient).await;
    let error = world.session.delete(VPC, &kept, &world.run).await.unwrap_err();
    assert!(error.summary.contains("still in use") && error.detail.contains("10 seconds"), "{error}");
    world.delete(SUBNET, &subnet).await;
    world.delete(VPC, &kept).await;
}

#[tokio::test]
async fn ways_to_services_live() {
    let world = world().await;
    let mut body = json!({"vpc_id": DEFAULT_VPC, "service_name": "com.amazonaws.us-east-1.sagemaker.runtime",
        "vpc_endpoint_type": "Interface", "subnet_ids": [SUBNETS[0]], "security_group_ids": [GROUP],
        "private_dns_enabled": true});
    let made = world.create(ENDPOINT, &body).await;
    assert_eq!(text(&made, "state").to_ascii_lowercase(), "available");
    assert_eq!(shown(&world.import(ENDPOINT, text(&made, "id")).await.unwrap()), shown(&made));
    body["subnet_ids"] = json!(SUBNETS);
    body["security_group_ids"] = json!([REGISTRY_GROUP]);
    body["tags"] = json!({"a": "1"});
    let made = world.update(ENDPOINT, &made, &body).await;
    world.delete(ENDPOINT, &made).await;
}

/// What a run that was killed may have created is found by what was intended, and a lost answer makes nothing twice.
#[tokio::test]
async fn networks_are_made_once() {
    let world = world().await;
    let lost =
        |operation: &str| json!({"rules": [{"match": {"operation": operation}, "nth": 1, "effect": "lost_reply"}]});
    let intended = || world.run.intended.lock().unwrap().last().unwrap().clone();
    let body = json!({"cidr_block": "10.42.0.0/16"});
    // There may be many with the same network.
    let others = [world.create(VPC, &body).await, world.create(VPC, &body).await];
    world.faults(lost("CreateVpc"));
    let vpc = world.create(VPC, &body).await;
    assert_eq!(world.calls("CreateVpc"), 3);
    let found = world.import(VPC, &intended()).await.unwrap();
    assert_eq!(text(&found, "id"), text(&vpc, "id"));
    let intent = intended();
    // One that was begun and not seen through is kept.
    let begun = world.run.begun.lock().unwrap().last().unwrap().clone();
    let resumed = world.session.resume(VPC, &begun, &world.run).await.unwrap().expect("is there");
    assert_eq!(text(&resumed, "id"), text(&vpc, "id"));
    world.create(VPC, &body).await;
    let error = world.session.import(VPC, &intent, &world.run).await.unwrap_err();
    assert!(error.detail.contains("smform import ADDRESS ID"), "{error}");
    for other in &others {
        world.delete(VPC, other).await;
    }

    let body = json!({"vpc_id": text(&vpc, "id"), "cidr_block": "10.42.1.0/24"});
    world.faults(lost("CreateSubnet"));
    let subnet = world.create(SUBNET, &body).await;
    let found = world.import(SUBNET, &intended()).await.unwrap();
    assert_eq!(text(&found, "id"), text(&subnet, "id"));
    let smform_provider::CreateOutcome::Failed(error) = world.try_create(SUBNET, &body).await else { panic!("made") };
    assert!(error.detail.contains(text(&subnet, "id")) && error.detail.contains("smform import"), "{error}");
    world.delete(SUBNET, &subnet).await;
    assert!(world.import(SUBNET, &intended()).await.is_none());

    let body = json!({"vpc_id": DEFAULT_VPC, "service_name": "com.amazonaws.us-east-1.s3"});
    world.create(ENDPOINT, &body).await;
    world.faults(lost("CreateVpcEndpoint"));
    let endpoint = world.create(ENDPOINT, &body).await;
    let found = world.import(ENDPOINT, &intended()).await.unwrap();
    assert_eq!(text(&found, "id"), text(&endpoint, "id"));
    let begun = world.run.begun.lock().unwrap().last().unwrap().clone();
    let resumed = world.session.resume(ENDPOINT, &begun, &world.run).await.unwrap().expect("is there");
    assert_eq!(text(&resumed, "id"), text(&endpoint, "id"));
    world.delete(ENDPOINT, &endpoint).await;
    assert!(world.import(ENDPOINT, &intended()).await.is_none());
}

#[tokio::test]
async fn what_is_left_out_of_a_way_to_a_service_is_as_in_terraform() {
    let world = world().await;
    let vpc = world.create("aws_vpc", &json!({"cidr_block": "10.9.0.0/16", "enable_dns_hostnames": true})).await;
    let vpc = vpc.get("id").and_then(Value::as_str).unwrap();
    let mut body = json!({"vpc_id": vpc, "vpc_endpoint_type": "Interface",
        "service_name": "com.amazonaws.us-east-1.sagemaker.runtime"});
    let made = world.create(ENDPOINT, &body).await;
    assert_eq!(made.get("private_dns_enabled").and_then(Value::as_bool), Some(false));
    world.delete(ENDPOINT, &made).await;
    // The order of actions is no difference between two policies.
    let policy = |actions: Json| {
        json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": "*", "Action": actions, "Resource": "*"}]})
        .to_string()
    };
    body = json!({"vpc_id": vpc, "service_name": "com.amazonaws.us-east-1.s3",
        "policy": policy(json!(["s3:GetObject", "s3:PutObject"]))});
    let made = world.create(ENDPOINT, &body).await;
    body["policy"] = json!(policy(json!(["s3:PutObject", "s3:GetObject"])));
    let plan = world.plan(ENDPOINT, Some(&made), &body).await.unwrap();
    assert_eq!(shown(&plan.planned), shown(&made));
}

#[tokio::test]
async fn only_the_usual_tenancy_comes_in_place() {
    let world = world().await;
    let mut body = json!({"cidr_block": "10.44.0.0/16", "instance_tenancy": "dedicated"});
    let vpc = world.create(VPC, &body).await;
    body["instance_tenancy"] = json!("default");
    let vpc = world.update(VPC, &vpc, &body).await;
    assert_eq!(shown(&world.import(VPC, text(&vpc, "id")).await.unwrap()), shown(&vpc));
    body["instance_tenancy"] = json!("dedicated");
    let plan = world.plan(VPC, Some(&vpc), &body).await.unwrap();
    assert!(!plan.replace.is_empty());
}

#[tokio::test]
async fn ipv6_networks_come_and_go_in_place() {
    let world = world().await;
    let mut body = json!({"cidr_block": "10.43.0.0/16"});
    let vpc = world.create(VPC, &body).await;
    body["assign_generated_ipv6_cidr_block"] = json!(true);
    let plan = world.plan(VPC, Some(&vpc), &body).await.unwrap();
    assert!(plan.replace.is_empty(), "{:?}", plan.replace);
    let vpc = world.update(VPC, &vpc, &body).await;
    assert_eq!(shown(&world.import(VPC, text(&vpc, "id")).await.unwrap()), shown(&vpc));
    let network = text(&vpc, "ipv6_cidr_block");
    assert!(network.ends_with("00::/56"), "{network}");
    let part = |number: u8| network.replace("00::/56", &format!("{number:02}::/64"));
    let mut subnet_body = json!({"vpc_id": text(&vpc, "id"), "cidr_block": "10.43.1.0/24",
        "ipv6_cidr_block": part(1), "assign_ipv6_address_on_creation": true});
    let subnet = world.create(SUBNET, &subnet_body).await;
    let first = text(&subnet, "ipv6_cidr_block_association_id").to_owned();
    subnet_body["ipv6_cidr_block"] = json!(part(2));
    let plan = world.plan(SUBNET, Some(&subnet), &subnet_body).await.unwrap();
    assert!(plan.replace.is_empty(), "{:?}", plan.replace);
    let subnet = world.update(SUBNET, &subnet, &subnet_body).await;
    assert_eq!(text(&subnet, "ipv6_cidr_block"), part(2));
    assert_ne!(text(&subnet, "ipv6_cidr_block_association_id"), first);
    assert_eq!(shown(&world.import(SUBNET, text(&subnet, "id")).await.unwrap()), shown(&subnet));
    let bare = json!({"vpc_id": text(&vpc, "id"), "cidr_block": "10.43.1.0/24"});
    let subnet = world.update(SUBNET, &subnet, &bare).await;
    assert_eq!(text(&subnet, "ipv6_cidr_block_association_id"), "");
    body["assign_generated_ipv6_cidr_block"] = json!(false);
    let vpc = world.update(VPC, &vpc, &body).await;
    assert_eq!((text(&vpc, "ipv6_cidr_block"), text(&vpc, "ipv6_association_id")), ("", ""));
    world.delete(SUBNET, &subnet).await;
    world.delete(VPC, &vpc).await;
}

#[tokio::test]
async fn networks_are_checked_offline() {
    let world = world().await;
    assert_eq!(world.validate(VPC, &json!({})), ["Error cidr_block: Conflicting arguments"]);
    assert_eq!(
        world.validate(VPC, &json!({"cidr_block": "10.0.0.0/8"})),
        ["Error cidr_block: Invalid value for cidr_block"]
    );
    let both =
        json!({"vpc_id": "v", "cidr_block": "10.0.0.0/24", "availability_zone": "a", "availability_zone_id": "b"});
    assert_eq!(world.validate(SUBNET, &both), ["Error availability_zone_id: Conflicting arguments"]);
    assert_eq!(world.validate(SUBNET, &json!({"vpc_id": "v"})), ["Error cidr_block: Subnet without a network"]);
}

const POOL: &str = "ipam-pool-0123456789abcdef0";

#[tokio::test]
async fn a_network_of_a_pool_stays_when_an_import_does_not_know_the_pool() {
    let world = world().await;
    let body = json!({"ipv4_ipam_pool_id": POOL, "ipv4_netmask_length": 20, "ipv6_ipam_pool_id": POOL});
    let made = world.create(VPC, &body).await;
    let cidr = made.get("cidr_block").and_then(Value::as_str).unwrap();
    assert!(cidr.ends_with("/20"), "{cidr}");
    let found = world.import(VPC, made.get("id").and_then(Value::as_str).unwrap()).await.unwrap();
    let plan = world.plan(VPC, Some(&found), &body).await.unwrap();
    let told: Vec<String> = plan.diagnostics.iter().map(|one| format!("{} {}", one.summary, place(one))).collect();
    let summary = "Pool of an existing network";
    assert_eq!(told, [format!("{summary} ipv4_ipam_pool_id"), format!("{summary} ipv6_ipam_pool_id")]);
    assert!(plan.replace.is_empty(), "{:?}", plan.replace);
    let now = world.update(VPC, &found, &body).await;
    assert_eq!((world.calls("DisassociateVpcCidrBlock"), now.get("ipv6_cidr_block")), (0, made.get("ipv6_cidr_block")));
    // One of another length is another network.
    let other = json!({"ipv4_ipam_pool_id": POOL, "ipv4_netmask_length": 22});
    assert!(!world.plan(VPC, Some(&found), &other).await.unwrap().replace.is_empty());
}

#[tokio::test]
async fn a_subnet_of_a_pool_is_found_again() {
    let world = world().await;
    let vpc = world.create(VPC, &json!({"cidr_block": "10.60.0.0/16"})).await;
    let vpc = vpc.get("id").and_then(Value::as_str).unwrap().to_owned();
    world.create(SUBNET, &json!({"vpc_id": vpc, "cidr_block": "10.60.0.0/24"})).await;
    let body = json!({"vpc_id": vpc, "ipv4_ipam_pool_id": POOL, "ipv4_netmask_length": 26});
    let made = world.create(SUBNET, &body).await;
    assert_eq!(made.get("cidr_block"), Some(&Value::string("10.60.1.0/26")));
    let intended = world.run.intended.lock().unwrap().last().cloned().unwrap();
    let found = world.import(SUBNET, &intended).await.unwrap();
    assert_eq!(found.get("id"), made.get("id"));
}

#[tokio::test]
async fn what_an_outpost_offers_goes_together() {
    let world = world().await;
    let mut body = json!({"vpc_id": DEFAULT_VPC, "cidr_block": "10.0.77.0/24",
        "outpost_arn": "arn:aws:outposts:us-east-1:123456789012:outpost/op-0123456789abcdef0"});
    let bare = body.clone();
    body["map_customer_owned_ip_on_launch"] = json!(true);
    body["customer_owned_ipv4_pool"] = json!("ipv4pool-coip-1");
    body["enable_lni_at_device_index"] = json!(1);
    let made = world.create(SUBNET, &body).await;
    let now = world.update(SUBNET, &made, &bare).await;
    let left = ["customer_owned_ipv4_pool", "enable_lni_at_device_index"].map(|name| now.get(name).unwrap().is_null());
    assert_eq!(left, [true, true]);
    body["customer_owned_ipv4_pool"] = json!(null);
    body["outpost_arn"] = json!(null);
    let found = world.validate(SUBNET, &body);
    assert_eq!(
        found,
        [
            "Error customer_owned_ipv4_pool: Conflicting arguments",
            "Error map_customer_owned_ip_on_launch: Conflicting arguments",
            "Error enable_lni_at_device_index: Conflicting arguments"
        ]
    );
}

#[tokio::test]
async fn an_endpoint_leads_to_one_thing() {
    let world = world().await;
    let vpc = DEFAULT_VPC;
    let found = world.validate(ENDPOINT, &json!({"vpc_id": vpc}));
    assert_eq!(found, ["Error : Endpoint without a target"]);
    let both = json!({"vpc_id": vpc, "service_name": "com.amazonaws.us-east-1.s3", "service_network_arn": "arn:x"});
    assert_eq!(world.validate(ENDPOINT, &both), ["Error service_network_arn: Conflicting arguments"]);
}

#[tokio::test]
async fn lengths_and_pools_belong_together() {
    let world = world().await;
    for (body, at) in [
        (json!({"cidr_block": "10.0.0.0/16", "ipv4_netmask_length": 20}), "ipv4_netmask_length"),
        (json!({"ipv4_ipam_pool_id": POOL, "ipv6_netmask_length": 56}), "ipv6_netmask_length"),
        (json!({"cidr_block": "10.0.0.0/16", "ipv6_cidr_block": "2600::/56"}), "ipv6_cidr_block"),
        (
            json!({"cidr_block": "10.0.0.0/16", "ipv6_cidr_block_network_border_group": "us-east-1"}),
            "ipv6_cidr_block_network_border_group",
        ),
    ] {
        assert_eq!(world.validate(VPC, &body), [format!("Error {at}: Conflicting arguments")], "{body}");
    }
}

#[tokio::test]
async fn an_endpoint_to_a_service_of_ones_own_is_accepted() {
    let world = world().await;
    let mut body = json!({"vpc_id": DEFAULT_VPC, "vpc_endpoint_type": "Interface", "subnet_ids": [SUBNETS[0]],
        "service_name": "com.amazonaws.vpce.us-east-1.vpce-svc-0123456789abcdef0", "security_group_ids": [GROUP]});
    let made = world.create(ENDPOINT, &body).await;
    assert_eq!(text(&made, "state"), "pendingAcceptance");
    body["auto_accept"] = json!(true);
    let made = world.update(ENDPOINT, &made, &body).await;
    assert_eq!(text(&made, "state"), "available");
    world.delete(ENDPOINT, &made).await;
    assert_eq!(text(&world.create(ENDPOINT, &body).await, "state"), "available");
    // One of somebody else is not.
    world.faults(json!({"rules": [{"match": {"operation": "AcceptVpcEndpointConnections"}, "effect": {"error":
        {"code": "UnauthorizedOperation", "message": "You are not authorized to perform this operation.", "status": 403}}}]}));
    match world.try_create(ENDPOINT, &body).await {
        CreateOutcome::Partial(_, error) => assert!(error.summary.contains("could not be accepted"), "{error}"),
        other => panic!("{other:?}"),
    }
}
