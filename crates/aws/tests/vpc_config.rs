use serde_json::json;

use smform_provider::PlannedObject;
use smform_types::{Diagnostics, Value};

use crate::support::{GROUP, MODEL, REGISTRY_GROUP, SUBNETS, VPC_CONFIG, model_body, place, world};

#[tokio::test]
async fn the_network_of_the_example_is_recorded() {
    let world = world().await;
    let body = json!({
        "subnets": SUBNETS,
        "security_group_ids": [GROUP],
        "registry": {"host": "myteam.myorg.com", "security_group_id": REGISTRY_GROUP},
    });
    let planned = world.plan(VPC_CONFIG, None, &body).await.unwrap();
    assert!(planned.diagnostics.is_empty(), "{:?}", planned.diagnostics);
    assert_eq!(planned.planned.get("vpc_id").and_then(|id| id.as_str()), Some("vpc-0123456789abcdef0"));
    let made = world.create(VPC_CONFIG, &body).await;
    let id = made.get("id").and_then(|id| id.as_str()).unwrap().to_owned();
    let imported = world.import(VPC_CONFIG, &id).await.unwrap();
    assert_eq!(imported.get("vpc_id"), made.get("vpc_id"));
    // A change is an update in place, with another identifier.
    let other = json!({"subnets": SUBNETS, "security_group_ids": [GROUP, REGISTRY_GROUP]});
    let now = world.update(VPC_CONFIG, &made, &other).await;
    assert_ne!(now.get("id"), made.get("id"));
    world.session.delete(VPC_CONFIG, &now, &world.run).await.unwrap();
}

#[tokio::test]
async fn what_is_not_there_stops_the_plan_and_names_the_place() {
    let world = world().await;
    let body = json!({"subnets": [SUBNETS[0], "subnet-00000000000000000"], "security_group_ids": [GROUP]});
    let errors = world.plan(VPC_CONFIG, None, &body).await.unwrap_err();
    let first = errors.iter().next().unwrap();
    assert_eq!(place(first), "subnets");
    assert!(
        first.detail.contains("no subnet-00000000000000000 in account 123456789012, region us-east-1"),
        "{first:?}"
    );
}

#[tokio::test]
async fn a_registry_that_lets_nobody_in_stops_the_plan() {
    let world = world().await;
    let body = json!({
        "subnets": SUBNETS,
        "security_group_ids": [GROUP],
        "registry": {"host": "myteam.myorg.com:8443", "security_group_id": REGISTRY_GROUP},
    });
    let errors = world.review(VPC_CONFIG, &body, &[]).await;
    let first = errors.iter().next().unwrap();
    assert_eq!(
        (first.summary.as_str(), place(first).as_str()),
        ("Registry not reachable: no inbound rule", "registry[0].security_group_id")
    );
}

#[tokio::test]
async fn a_finding_about_a_network_that_is_recorded_stops_no_other_change() {
    let world = world().await;
    let registry = json!({"host": "myteam.myorg.com", "security_group_id": REGISTRY_GROUP});
    let body = json!({"subnets": SUBNETS, "security_group_ids": [GROUP], "registry": registry});
    let made = world.create(VPC_CONFIG, &body).await;
    // As if the port had been closed since, and a subnet deleted.
    let port = json!({"host": "myteam.myorg.com:8443", "security_group_id": REGISTRY_GROUP});
    let body = json!({"subnets": [SUBNETS[0], "subnet-00000000000000000"], "security_group_ids": [GROUP],
        "registry": port});
    let config = world.config(VPC_CONFIG, &body);
    let set = |object: Value, name: &str| {
        object.update_at(&smform_types::Path::attribute(name).0, &mut |_| config.get(name).unwrap().clone())
    };
    let recorded = set(set(made.clone(), "subnets"), "registry");
    let response = world.plan(VPC_CONFIG, Some(&recorded), &body).await.unwrap();
    assert_eq!(response.planned, recorded, "nothing is changed");
    let told: Vec<&str> = response.diagnostics.iter().map(|one| one.detail.as_str()).collect();
    assert!(told.len() == 1 && !response.diagnostics.has_errors(), "{told:?}");
    let said = "It is so already, and the network itself is not changed, so this stops nothing. [subnet-missing]";
    assert!(told[0].ends_with(said), "{told:?}");
    // A change of the network is stopped.
    assert!(world.plan(VPC_CONFIG, Some(&made), &body).await.is_err());

    let recorded = set(made.clone(), "registry");
    let object = |before: &Value, after: &Value| PlannedObject {
        type_name: VPC_CONFIG.into(),
        before: Some(before.clone()),
        after: Some(after.clone()),
    };
    let same = object(&recorded, &recorded);
    let found = world.session.review(&same, &[], &world.run).await;
    let told: Vec<&str> = found.iter().map(|one| one.summary.as_str()).collect();
    assert_eq!((found.has_errors(), told), (false, vec!["Registry not reachable: no inbound rule"]));
    assert!(world.session.review(&object(&made, &recorded), &[], &world.run).await.has_errors(), "it is changed");
    // What the plan itself closes is news.
    let text = smform_types::Value::string;
    let members = [
        ("security_group_id", text(REGISTRY_GROUP)),
        ("ip_protocol", text("tcp")),
        ("from_port", Value::number(443)),
        ("to_port", Value::number(443)),
        ("referenced_security_group_id", text(GROUP)),
    ];
    let type_name = "aws_vpc_security_group_ingress_rule".into();
    let closing = PlannedObject { type_name, before: Some(Value::object(members)), after: None };
    let open = object(&made, &made);
    assert!(!world.session.review(&open, &[], &world.run).await.has_errors());
    assert!(world.session.review(&open, &[closing], &world.run).await.has_errors());
    // A model that is made in it would not get its image.
    let model = world.plan(MODEL, None, &model_body("m")).await.unwrap().planned;
    let model = PlannedObject { type_name: MODEL.into(), before: None, after: Some(model) };
    assert!(world.session.review(&same, &[model], &world.run).await.has_errors());
}

#[tokio::test]
async fn a_registry_that_the_models_do_not_use_is_told() {
    let world = world().await;
    let body = |host: &str| json!({"subnets": SUBNETS, "security_group_ids": [GROUP], "registry": {"host": host}});
    let model = world.plan(MODEL, None, &model_body("m")).await.unwrap().planned;
    let model = PlannedObject { type_name: MODEL.into(), before: None, after: Some(model) };
    let told = |found: Diagnostics| -> Vec<String> {
        let of_registry = found.iter().filter(|one| one.summary == "Registry that no model uses");
        of_registry.map(|one| format!("{}: {}", place(one), one.detail)).collect()
    };
    let found = told(world.review(VPC_CONFIG, &body("other.org.com"), std::slice::from_ref(&model)).await);
    assert_eq!(
        found,
        [
            "registry[0].host: The way to other.org.com is checked, and the models in these subnets pull their images from \
          myteam.myorg.com. Name the registry that they use, or the way to it is not seen from here."
        ]
    );
    assert!(told(world.review(VPC_CONFIG, &body("other.org.com"), &[]).await).is_empty());
    assert!(told(world.review(VPC_CONFIG, &body("MyTeam.myorg.com"), &[model]).await).is_empty());
}

#[tokio::test]
async fn a_network_without_a_way_out_is_told() {
    let world = world().await;
    let vpc = world.create("aws_vpc", &json!({"cidr_block": "10.42.0.0/16"})).await;
    let id = |object: &Value| object.get("id").and_then(|id| id.as_str()).unwrap_or_default().to_owned();
    let mut subnets = Vec::new();
    for (net, zone) in [("10.42.1.0/24", "us-east-1a"), ("10.42.2.0/24", "us-east-1b")] {
        let body = json!({"vpc_id": id(&vpc), "cidr_block": net, "availability_zone": zone});
        subnets.push(id(&world.create("aws_subnet", &body).await));
    }
    let out = json!([{"from_port": 0, "to_port": 0, "protocol": "-1", "cidr_blocks": ["0.0.0.0/0"]}]);
    let group = json!({"name": "m", "vpc_id": id(&vpc), "egress": out});
    let group = id(&world.create("aws_security_group", &group).await);
    let body = |host: &str| json!({"subnets": subnets, "security_group_ids": [group], "registry": {"host": host}});
    let codes = |found: &Diagnostics| -> Vec<String> {
        let code = |detail: &str| detail.rsplit_once('[').map_or("", |(_, code)| code.trim_end_matches(']')).to_owned();
        found.iter().map(|one| format!("{} {}", code(&one.detail), place(one))).collect()
    };
    let found = world.review(VPC_CONFIG, &body("192.168.9.9:5000"), &[]).await;
    assert!(found.has_errors() && codes(&found) == ["route-missing subnets"], "{found:?}");
    let found = world.review(VPC_CONFIG, &body("quay.io"), &[]).await;
    assert!(!found.has_errors() && codes(&found) == ["route-missing subnets"], "{found:?}");
    // A name may lead anywhere, and its private zone needs host names.
    let found = world.review(VPC_CONFIG, &body("reg.example.org"), &[]).await;
    assert!(!found.has_errors() && codes(&found) == ["dns-hostnames subnets", "route-missing subnets"], "{found:?}");

    let mut model = model_body("m");
    model["primary_container"] = json!({"image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/i:1",
        "model_data_url": "s3://models/a/model.tar.gz"});
    model["vpc_config"] = json!({"subnets": subnets, "security_group_ids": [group]});
    assert_eq!(codes(&world.review(MODEL, &model, &[]).await), ["s3-unreachable vpc_config[0].subnets"]);
    let table = vpc.get("main_route_table_id").and_then(|id| id.as_str()).unwrap_or_default();
    let endpoint = json!({"vpc_id": id(&vpc), "service_name": "com.amazonaws.us-east-1.s3", "route_table_ids": [table],
        "policy": json!({"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*",
            "Resource": "arn:aws:s3:::others/*"}]}).to_string()});
    world.create("aws_vpc_endpoint", &endpoint).await;
    let at = "endpoint-policy primary_container[0].model_data_url";
    assert_eq!(codes(&world.review(MODEL, &model, &[]).await), [at]);
}

#[tokio::test]
async fn a_missing_permission_is_a_note() {
    let world = world().await;
    world.faults(json!({"rules": [{
        "match": {"service": "ec2"},
        "effect": {"error": {"code": "UnauthorizedOperation", "message": "You are not authorized to perform this operation.", "status": 403}},
    }]}));
    let body = json!({"subnets": SUBNETS, "security_group_ids": [GROUP]});
    let response = world.plan(VPC_CONFIG, None, &body).await.unwrap();
    let notes: Vec<&str> = response.diagnostics.iter().map(|note| note.detail.as_str()).collect();
    assert!(notes.iter().any(|note| note.contains("Allow the action ec2:DescribeSubnets")), "{notes:?}");
    assert!(!response.diagnostics.has_errors());
    assert!(response.planned.get("vpc_id").is_some_and(|id| !id.is_known()));
}

#[tokio::test]
async fn unknown_inputs_are_checked_later() {
    let world = world().await;
    let response = world.plan(VPC_CONFIG, None, &json!({"subnets": "?", "security_group_ids": [GROUP]})).await.unwrap();
    assert!(response.planned.get("id").is_some_and(|id| !id.is_known()));
    assert_eq!(world.calls("DescribeSubnets"), 0);
    // What is known is looked at.
    let subnets = [SUBNETS[0], "subnet-00000000000000000"];
    let errors =
        world.plan(VPC_CONFIG, None, &json!({"subnets": subnets, "security_group_ids": "?"})).await.unwrap_err();
    assert_eq!(errors.iter().map(place).collect::<Vec<_>>(), ["subnets"]);
    let response = world.plan(VPC_CONFIG, None, &json!({"subnets": SUBNETS, "security_group_ids": "?"})).await.unwrap();
    assert!(response.planned.get("id").is_some_and(|id| !id.is_known()));
    assert!(response.planned.get("vpc_id").is_some_and(Value::is_known));
}

#[tokio::test]
async fn hosts_and_ids_are_checked_offline() {
    let world = world().await;
    let body = |host: &str| json!({"subnets": SUBNETS, "security_group_ids": [GROUP], "registry": {"host": host}});
    assert_eq!(world.validate(VPC_CONFIG, &body("myteam.myorg.com:5000")), Vec::<String>::new());
    for host in ["https://myteam.myorg.com", "h/x", "h:0", "localhost", "127.0.0.1:5000", "a_b.c"] {
        let found = world.validate(VPC_CONFIG, &body(host));
        assert_eq!(found, ["Error registry[0].host: Invalid registry host"], "{host}");
    }
    assert_eq!(
        world.validate(VPC_CONFIG, &body("registry.local")),
        ["Warning registry[0].host: Registry with an internal name"]
    );
}
