use serde_json::json;
use smform_types::Value;

use crate::support::{GROUP, SUBNETS, shown, world, world_with};

const VPC: &str = "vpc-0123456789abcdef0";

fn text<'v>(object: &'v Value, name: &str) -> &'v str {
    object.get(name).and_then(Value::as_str).unwrap_or_default()
}

#[tokio::test]
async fn a_vpc_is_found_in_several_ways() {
    let world = world().await;
    let by_id = world.data("aws_vpc", &json!({"id": VPC})).await.unwrap();
    assert_eq!((text(&by_id, "cidr_block"), text(&by_id, "owner_id")), ("10.0.0.0/16", "123456789012"));
    assert_eq!(text(&by_id, "arn"), format!("arn:aws:ec2:us-east-1:123456789012:vpc/{VPC}"));
    assert!(text(&by_id, "main_route_table_id").starts_with("rtb-"));
    assert_eq!(by_id.get("enable_dns_support"), Some(&Value::bool(true)));
    let by_tag = world.data("aws_vpc", &json!({"tags": {"Name": "smform-sandbox"}})).await.unwrap();
    assert_eq!(text(&by_tag, "id"), VPC);
    let default = world.data("aws_vpc", &json!({"default": true})).await.unwrap();
    assert_eq!(text(&default, "cidr_block"), "172.31.0.0/16");
    let by_filter = json!({"filter": {"name": "cidr", "values": ["10.0.0.0/16"]}});
    assert_eq!(text(&world.data("aws_vpc", &by_filter).await.unwrap(), "id"), VPC);
}

#[tokio::test]
async fn exactly_one_must_match() {
    let world = world().await;
    let none = world.data("aws_vpc", &json!({"id": "vpc-00000000000000000"})).await.unwrap_err();
    assert!(none.detail.contains("account 123456789012, region us-east-1"), "{none}");
    let many = world.data("aws_subnet", &json!({"vpc_id": VPC})).await.unwrap_err();
    assert!(many.detail.contains("There are 3"), "{many}");
}

#[tokio::test]
async fn subnets_are_found_one_by_one_and_together() {
    let world = world().await;
    let one = world.data("aws_subnet", &json!({"vpc_id": VPC, "tags": {"Name": "private-1"}})).await.unwrap();
    assert_eq!((text(&one, "id"), text(&one, "availability_zone_id")), (SUBNETS[0], "use1-az1"));
    let all = world.data("aws_subnets", &json!({"filter": {"name": "vpc-id", "values": [VPC]}})).await.unwrap();
    let ids = all.get("ids").and_then(Value::as_slice).unwrap();
    assert_eq!((ids.len(), text(&all, "id")), (3, "us-east-1"));
    let none = world.data("aws_subnets", &json!({"tags": {"Name": "nothing"}})).await.unwrap();
    assert_eq!(none.get("ids").and_then(Value::as_slice).map(<[Value]>::len), Some(0));
}

#[tokio::test]
async fn a_group_is_found_by_name() {
    let world = world().await;
    let group = world.data("aws_security_group", &json!({"name": "model", "vpc_id": VPC})).await.unwrap();
    assert_eq!(text(&group, "id"), GROUP);
    assert!(text(&group, "arn").ends_with(&format!("security-group/{GROUP}")));
}

#[tokio::test]
async fn who_and_where() {
    let world = world_with(json!({"region": "eu-west-1"})).await;
    let caller = world.data("aws_caller_identity", &json!({})).await.unwrap();
    assert_eq!(text(&caller, "account_id"), "123456789012");
    assert!(text(&caller, "arn").starts_with("arn:aws:"), "{}", shown(&caller));
    let here = world.data("aws_region", &json!({})).await.unwrap();
    assert_eq!(
        (text(&here, "region"), text(&here, "endpoint"), text(&here, "description")),
        ("eu-west-1", "ec2.eu-west-1.amazonaws.com", "Europe (Ireland)")
    );
    let there = world.data("aws_region", &json!({"endpoint": "ec2.cn-north-1.amazonaws.com.cn"})).await.unwrap();
    assert_eq!(text(&there, "id"), "cn-north-1");
    assert!(world.data("aws_region", &json!({"region": "mars"})).await.is_err());
}

#[tokio::test]
async fn everything_that_is_read_is_known() {
    let world = world().await;
    for (ty, body) in [
        ("aws_vpc", json!({"id": VPC})),
        ("aws_subnet", json!({"id": SUBNETS[0]})),
        ("aws_subnets", json!({})),
        ("aws_security_group", json!({"id": GROUP})),
        ("aws_caller_identity", json!({})),
        ("aws_region", json!({})),
    ] {
        assert!(world.data(ty, &body).await.unwrap().is_wholly_known(), "{ty}");
    }
}
