use serde_json::json;
use smform_types::Value;

use crate::support::{GROUP, MODEL, SUBNETS, shown, world, world_with};

const ECR: &str = "123456789012.dkr.ecr.us-east-1.amazonaws.com/img:";
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
async fn groups_are_found_together() {
    let world = world().await;
    let filter = json!({"filter": {"name": "vpc-id", "values": [VPC]}});
    let found = world.data("aws_security_groups", &filter).await.unwrap();
    let list = |name: &str| -> Vec<String> {
        let items = found.get(name).and_then(Value::as_slice).unwrap();
        items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let (ids, arns, vpcs) = (list("ids"), list("arns"), list("vpc_ids"));
    assert!(ids.contains(&GROUP.to_owned()) && ids.is_sorted(), "{ids:?}");
    assert!(arns.iter().zip(&ids).all(|(arn, id)| arn.ends_with(&format!("security-group/{id}"))), "{arns:?}");
    assert!(vpcs.len() == ids.len() && vpcs.iter().all(|vpc| vpc == VPC), "{vpcs:?}");
    let none = world.data("aws_security_groups", &json!({"tags": {"Name": "nothing"}})).await.unwrap();
    assert_eq!(none.get("ids").and_then(Value::as_slice).map(<[Value]>::len), Some(0));
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
        ("aws_security_groups", json!({})),
        ("aws_caller_identity", json!({})),
        ("aws_region", json!({})),
    ] {
        assert!(world.data(ty, &body).await.unwrap().is_wholly_known(), "{ty}");
    }
}

#[tokio::test]
async fn zones_of_a_region_are_sorted() {
    let world = world().await;
    let zones = world.data("aws_availability_zones", &json!({"state": "available"})).await.unwrap();
    let names: Vec<&str> =
        zones.get("names").and_then(Value::as_slice).unwrap().iter().filter_map(Value::as_str).collect();
    assert!(names.len() > 2 && names.is_sorted(), "{names:?}");
    let ids = zones.get("zone_ids").and_then(Value::as_slice).unwrap();
    assert_eq!(ids.len(), names.len());
    let fewer = json!({"exclude_names": [names[0]], "exclude_zone_ids": [ids[1].as_str().unwrap()]});
    let fewer = world.data("aws_availability_zones", &fewer).await.unwrap();
    assert_eq!(fewer.get("names").and_then(Value::as_slice).unwrap().len(), names.len() - 2);
}

#[tokio::test]
async fn a_partition_is_known_without_a_call() {
    let world = world().await;
    let told = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let here = world.data("aws_partition", &json!({})).await.unwrap();
    assert_eq!([told(&here, "id"), told(&here, "dns_suffix")], ["aws", "amazonaws.com"]);
    let china = world.data("aws_partition", &json!({"region": "cn-north-1"})).await.unwrap();
    assert_eq!([told(&china, "partition"), told(&china, "reverse_dns_prefix")], ["aws-cn", "cn.com.amazonaws"]);
}

#[tokio::test]
async fn images_of_aws_are_found_by_kind_and_region() {
    let world = world().await;
    let path = async |body: serde_json::Value| {
        let found = world.data("aws_sagemaker_prebuilt_ecr_image", &body).await;
        found.map(|found| found.get("registry_path").and_then(Value::as_str).unwrap_or_default().to_owned())
    };
    let xgboost = path(json!({"repository_name": "sagemaker-xgboost", "image_tag": "1.7-1"})).await.unwrap();
    assert_eq!(xgboost, "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1");
    // With an account of its own in some regions, and that of the other algorithms elsewhere.
    let china = path(json!({"repository_name": "blazingtext", "region": "cn-north-1"})).await.unwrap();
    assert_eq!(china, "390948362332.dkr.ecr.cn-north-1.amazonaws.com.cn/blazingtext:1");
    let here = path(json!({"repository_name": "blazingtext"})).await.unwrap();
    assert_eq!(here, "811284229777.dkr.ecr.us-east-1.amazonaws.com/blazingtext:1");
    let nowhere = path(json!({"repository_name": "sagemaker-rl-vw-container", "region": "af-south-1"})).await;
    assert!(nowhere.unwrap_err().detail.contains("af-south-1"));
}

#[tokio::test]
async fn a_live_endpoint_is_told() {
    let (world, _) = crate::support::serving().await;
    let body = json!({"name": "e"});
    let found = world.data("aws_sagemaker_endpoint", &body).await.unwrap();
    let text = |name: &str| found.get(name).and_then(Value::as_str).unwrap_or_default();
    assert_eq!([text("status"), text("endpoint_config_name")], ["InService", "one"]);
    let variant = found.get("production_variants").and_then(|variants| variants.get_index(0)).unwrap();
    assert_eq!(variant.get("current_instance_count").and_then(Value::as_i64), Some(1));
    world.ask("UpdateEndpoint", json!({"EndpointName": "e", "EndpointConfigName": "two"})).await;
    let found = world.data("aws_sagemaker_endpoint", &body).await.unwrap();
    assert_eq!(found.get("pending_endpoint_config_name"), Some(&Value::string("two")));
    let missing = world.data("aws_sagemaker_endpoint", &json!({"name": "none"})).await.unwrap_err();
    assert!(missing.detail.contains("There is no endpoint \"none\""), "{missing}");
}

#[tokio::test]
async fn a_model_is_told_as_its_resource_has_it() {
    let world = world().await;
    let mut body = crate::support::model_body("m");
    body["tags"] = json!({"team": "vision"});
    let made = world.create(MODEL, &body).await;
    let found = world.data(MODEL, &json!({"name": "m"})).await.unwrap();
    for name in ["arn", "execution_role_arn", "primary_container", "vpc_config", "container", "tags"] {
        assert_eq!(found.get(name), made.get(name), "{name}");
    }
    assert!(found.is_wholly_known() && text(&found, "creation_time").ends_with('Z'), "{}", shown(&found));
    let missing = world.data(MODEL, &json!({"name": "none"})).await.unwrap_err();
    assert!(missing.detail.contains("There is no model \"none\" in account"), "{missing}");
}

#[tokio::test]
async fn the_newest_approved_version_of_a_group_is_found() {
    const PACKAGE: &str = "aws_sagemaker_model_package";
    let world = world().await;
    let group = json!({"ModelPackageGroupName": "g", "ModelPackageGroupDescription": "All of them"});
    world.ask("CreateModelPackageGroup", group).await;
    for (tag, status) in [("1", "Approved"), ("2", "Approved"), ("3", "PendingManualApproval")] {
        world.pass(60.0);
        let container = json!({"Image": format!("{ECR}{tag}"), "Environment": {"V": tag}});
        let specification = json!({"Containers": [container], "SupportedContentTypes": ["text/csv"]});
        let version = json!({"ModelPackageGroupName": "g", "InferenceSpecification": specification,
            "ModelApprovalStatus": status, "Tags": [{"Key": "v", "Value": tag}]});
        world.ask("CreateModelPackage", version).await;
    }
    let told = |found: &Value, name: &str| text(found, name).to_owned();
    let image = |found: &Value| told(found.get("containers").and_then(|all| all.get_index(0)).unwrap(), "image");
    let newest = world.data(PACKAGE, &json!({"model_package_group_name": "g"})).await.unwrap();
    assert_eq!(newest.get("model_package_version").and_then(Value::as_i64), Some(3));
    let approved = json!({"model_package_group_name": "g", "model_approval_status": "Approved"});
    let approved = world.data(PACKAGE, &approved).await.unwrap();
    assert_eq!(told(&approved, "arn"), "arn:aws:sagemaker:us-east-1:123456789012:model-package/g/2");
    assert_eq!(image(&approved), format!("{ECR}2"));
    assert_eq!(approved.get("tags").and_then(|tags| tags.get("v")), Some(&Value::string("2")));
    assert!(approved.is_wholly_known(), "{}", shown(&approved));
    let first = world.data(PACKAGE, &json!({"model_package_name": "g/1"})).await.unwrap();
    assert_eq!((image(&first), told(&first, "model_package_group_name")), (format!("{ECR}1"), "g".to_owned()));
    for (body, part) in [
        (json!({"model_package_name": "g/9"}), "There is no model package \"g/9\""),
        (json!({"model_package_group_name": "none"}), "There is no complete version of group \"none\""),
        (json!({"model_package_group_name": "g", "model_approval_status": "Rejected"}), "status Rejected"),
        (json!({"model_package_name": "g/3", "model_approval_status": "Approved"}), "PendingManualApproval"),
        (json!({}), "Set model_package_name"),
    ] {
        let refused = world.data(PACKAGE, &body).await.unwrap_err();
        assert!(refused.detail.contains(part), "{refused}");
    }
    // It is what a model is made of.
    let body = json!({"name": "m", "execution_role_arn": crate::support::ROLE,
        "primary_container": {"model_package_name": told(&approved, "id")}});
    world.create(MODEL, &body).await;
    let group = world.data("aws_sagemaker_model_package_group", &json!({"model_package_group_name": "g"})).await;
    assert_eq!(told(&group.unwrap(), "model_package_group_description"), "All of them");
    let none = world.data("aws_sagemaker_model_package_group", &json!({"model_package_group_name": "x"})).await;
    assert!(none.unwrap_err().detail.contains("There is no model package group"));
}

/// Modules give these a limit, which the object keeps as it is written.
#[tokio::test]
async fn those_of_the_network_take_timeouts() {
    let world = world().await;
    for (ty, mut body) in [
        ("aws_vpc", json!({"id": VPC})),
        ("aws_subnet", json!({"id": SUBNETS[0]})),
        ("aws_subnets", json!({})),
        ("aws_security_group", json!({"id": GROUP})),
        ("aws_security_groups", json!({})),
        ("aws_availability_zones", json!({})),
    ] {
        let without = world.data(ty, &body).await.unwrap();
        assert!(without.get("timeouts").is_some_and(Value::is_null), "{ty}");
        body["timeouts"] = json!({"read": "5m"});
        let with = world.data(ty, &body).await.unwrap();
        assert_eq!(with.get("timeouts").map(|limits| text(limits, "read")), Some("5m"), "{ty}");
    }
}
