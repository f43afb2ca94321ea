use serde_json::{Value as Json, json};
use smform_provider::{CreateOutcome, PlannedObject, ReplaceOrder};
use smform_types::Value;

use crate::support::{CONFIG, ENDPOINT, MODEL};
use crate::support::{GROUP, SUBNETS, World, config_body, endpoint_body, model_body, shown, world};

const SG: &str = "aws_security_group";
const VPC: &str = "vpc-0123456789abcdef0";

fn body() -> Json {
    json!({
        "name": "web", "description": "d", "vpc_id": VPC,
        "ingress": [
            {"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_blocks": ["10.0.5.5/16", "192.168.0.0/24"], "description": "in"},
            {"protocol": "TCP", "from_port": 80, "to_port": 80, "self": true},
            {"protocol": "udp", "from_port": 53, "to_port": 53, "security_groups": [GROUP]},
        ],
        "egress": [{"protocol": "-1", "from_port": 0, "to_port": 0, "cidr_blocks": ["0.0.0.0/0"]}],
        "tags": {"a": "1"},
    })
}

fn id(object: &Value) -> String {
    object.get("id").and_then(Value::as_str).unwrap().to_owned()
}

#[tokio::test]
async fn a_group_lives() {
    let world = world().await;
    let made = world.create(SG, &body()).await;
    assert!(id(&made).starts_with("sg-"));
    assert_eq!(world.run.begun.lock().unwrap().len(), 1);
    let imported = world.import(SG, &id(&made)).await.unwrap();
    assert_eq!(imported.get("name"), made.get("name"));
    assert_eq!(imported.get("ingress").and_then(Value::as_slice).map(<[Value]>::len), Some(3));
    // An interrupted creation is found by what was intended.
    let intended = world.run.intended.lock().unwrap()[0].clone();
    assert_eq!(id(&world.import(SG, &intended).await.unwrap()), id(&made));
    let mut changed = body();
    changed["ingress"] = json!([
        {"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_blocks": ["10.0.0.0/16"]},
    ]);
    changed["tags"] = json!({"b": "2"});
    changed["egress"] = json!(null);
    let egress_stays = world.update(SG, &made, &changed).await;
    // What is left out is not managed any more, so it stays; an empty list is none at all.
    assert_eq!(egress_stays.get("egress"), made.get("egress"));
    changed["egress"] = json!([]);
    let closed = world.update(SG, &egress_stays, &changed).await;
    assert_eq!(closed.get("egress").and_then(Value::as_slice).map(<[Value]>::len), Some(0));
    world.delete(SG, &closed).await;
}

#[tokio::test]
async fn rules_that_are_objects_of_their_own_are_not_taken_for_somebody_elses() {
    let world = world().await;
    let group = world.create(SG, &json!({"name": "own", "vpc_id": VPC})).await;
    let (of_group, other) = (id(&group), json!("10.0.0.0/8"));
    let members = [
        ("aws_vpc_security_group_egress_rule", json!({"ip_protocol": "-1", "cidr_ipv4": "0.0.0.0/0"})),
        (
            "aws_vpc_security_group_ingress_rule",
            json!({"ip_protocol": "TCP", "from_port": 443, "to_port": 443,
            "referenced_security_group_id": of_group, "description": "among us"}),
        ),
        (
            "aws_vpc_security_group_ingress_rule",
            json!({"ip_protocol": "icmp", "from_port": 8, "to_port": -1,
            "cidr_ipv4": other}),
        ),
        (
            "aws_security_group_rule",
            json!({"type": "ingress", "protocol": "17", "from_port": 53, "to_port": 53,
            "cidr_blocks": [other, "192.168.0.0/16"]}),
        ),
        (
            "aws_security_group_rule",
            json!({"type": "egress", "protocol": "tcp", "from_port": 53, "to_port": 53,
            "source_security_group_id": format!("123456789012/{GROUP}")}),
        ),
    ];
    let mut others = Vec::new();
    for (ty, mut body) in members {
        body["security_group_id"] = json!(of_group);
        let made = world.create(ty, &body).await;
        others.push(PlannedObject { type_name: ty.into(), before: Some(made.clone()), after: Some(made) });
    }
    let read = world.session.read(SG, &group, &world.run).await.unwrap().unwrap();
    let rules = |group: &Value, kind: &str| group.get(kind).and_then(Value::as_slice).unwrap().len();
    assert_eq!((rules(&read, "ingress"), rules(&read, "egress")), (3, 2));
    assert_eq!(shown(&world.provider.accounted(SG, &group, &read, &others)), shown(&group));
    // Without the object, its rule is somebody else's; the rest of what is read stays in any case.
    let left = world.provider.accounted(SG, &group, &read, &others[1..]);
    assert_eq!((rules(&left, "ingress"), rules(&left, "egress")), (0, 1));
    // One that was changed since the group was recorded accounts for what it was, too; nothing else that is missing is.
    let before = read.clone().update_at(&smform_types::Path::attribute("egress").0, &mut |rules| {
        let text = shown(&rules)
            .replace("\"from_port\": 53", "\"from_port\": 54")
            .replace("\"to_port\": 53", "\"to_port\": 54");
        smform_types::json::value_from_json(&serde_json::from_str(&text).unwrap(), &rules.ty()).unwrap()
    });
    assert_ne!(shown(&before), shown(&read));
    assert_eq!(shown(&world.provider.accounted(SG, &before, &read, &others)), shown(&before));
    assert_ne!(shown(&world.provider.accounted(SG, &before, &read, &[])), shown(&before));
    // What is recorded with the group stays recorded.
    assert_eq!(shown(&world.provider.accounted(SG, &read, &read, &others)), shown(&read));
    let renamed = json!({"a": "1"});
    let tagged = read.clone().update_at(&smform_types::Path::attribute("tags").0, &mut |tags| {
        smform_types::json::value_from_json(&renamed, &tags.ty()).unwrap()
    });
    let left = world.provider.accounted(SG, &group, &tagged, &others);
    assert_eq!((left.get("tags"), left.get("egress")), (tagged.get("tags"), group.get("egress")));
}

#[tokio::test]
async fn a_group_without_egress_blocks_lets_nothing_out() {
    let world = world().await;
    let made = world.create(SG, &json!({"vpc_id": VPC})).await;
    assert_eq!(made.get("egress").and_then(Value::as_slice).map(<[Value]>::len), Some(0));
    assert_eq!(made.get("name_prefix"), Some(&Value::string("terraform-")));
    assert_eq!(made.get("description"), Some(&Value::string("Managed by Terraform")));
}

#[tokio::test]
async fn rules_that_others_made_are_shown() {
    let world = world().await;
    let made = world.create(SG, &body()).await;
    let mut other = body();
    other["ingress"] = json!([{"protocol": "tcp", "from_port": 22, "to_port": 22, "cidr_blocks": ["0.0.0.0/0"]}]);
    world.update(SG, &made, &other).await;
    // Whoever remembers the first rules sees what there is now.
    let read = world.session.read(SG, &made, &world.run).await.unwrap().unwrap();
    assert_eq!(read.get("ingress").and_then(Value::as_slice).map(<[Value]>::len), Some(1));
    assert_ne!(shown(&read), shown(&made));
    let plan = world.plan(SG, Some(&read), &other).await.unwrap();
    assert_eq!(shown(&plan.planned), shown(&read));
}

#[tokio::test]
async fn names_and_orders() {
    let world = world().await;
    let made = world.create(SG, &body()).await;
    // In another VPC, the name is another one; where none is written, it is the same VPC.
    let mut moved = body();
    assert!(matches!(world.replacing(SG, &made, &moved).await.order, ReplaceOrder::SameName(_)));
    moved["vpc_id"] = json!("?");
    assert_eq!(world.replacing(SG, &made, &moved).await.order, ReplaceOrder::CreateFirst);
    match world.try_create(SG, &body()).await {
        CreateOutcome::Failed(error) => assert!(error.detail.contains("smform import ADDRESS sg-"), "{error}"),
        other => panic!("{other:?}"),
    }
    let order = async |body: Json| world.plan(SG, None, &body).await.unwrap().order;
    assert_eq!(order(json!({"name_prefix": "web-"})).await, ReplaceOrder::CreateFirst);
    assert!(matches!(order(json!({"name": "web"})).await, ReplaceOrder::SameName(_)));
}

#[tokio::test]
async fn lost_replies_do_no_harm() {
    let world = world().await;
    for (at, operation) in
        ["CreateSecurityGroup", "AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress", "DeleteSecurityGroup"]
            .iter()
            .enumerate()
    {
        world.faults(json!({"rules": [{"match": {"operation": operation}, "nth": 1, "effect": "lost_reply"}]}));
        let mut body = body();
        body["name"] = json!(format!("web-{at}"));
        let made = world.create(SG, &body).await;
        world.delete(SG, &made).await;
    }
}

#[tokio::test]
async fn a_refused_rule_leaves_a_recorded_group() {
    let world = world().await;
    world.faults(json!({"rules": [{"match": {"operation": "AuthorizeSecurityGroupIngress"}, "effect": {"error": {
        "code": "RulesPerSecurityGroupLimitExceeded", "message": "The maximum number of rules per security group has been reached."}}}]}));
    match world.try_create(SG, &body()).await {
        CreateOutcome::Partial(value, error) => {
            assert!(id(&value).starts_with("sg-"));
            assert!(error.summary.contains("without all of its rules"), "{error}");
        }
        other => panic!("{other:?}"),
    }
}

async fn used(world: &World) -> (Value, Value) {
    let group = world
        .create(
            SG,
            &json!({"name": "containers", "vpc_id": VPC,
        "egress": [{"protocol": "-1", "from_port": 0, "to_port": 0, "cidr_blocks": ["0.0.0.0/0"]}]}),
        )
        .await;
    let mut model = model_body("m");
    model["vpc_config"] = json!({"subnets": SUBNETS, "security_group_ids": [id(&group)]});
    world.create(MODEL, &model).await;
    world.create(CONFIG, &config_body("c", "m", 1)).await;
    let endpoint = world.create(ENDPOINT, &endpoint_body("e", "c")).await;
    (group, endpoint)
}

#[tokio::test]
async fn deletion_waits_for_the_interfaces_of_sagemaker() {
    let world = world().await;
    let (group, endpoint) = used(&world).await;
    world.delete(ENDPOINT, &endpoint).await;
    world.delete(SG, &group).await;
    assert!(world.run.progress.lock().unwrap().iter().any(|status| status.contains("network interfaces eni-")));
}

#[tokio::test]
async fn a_group_that_stays_in_use_is_told_by_whom() {
    let world = world().await;
    let (mut group, _) = used(&world).await;
    group = group.update_at(&smform_types::Path::attribute("timeouts").0, &mut |_| {
        Value::object([
            ("create", Value::null(smform_types::Type::String)),
            ("delete", Value::string("5m")),
            ("update", Value::null(smform_types::Type::String)),
        ])
    });
    let error = world.session.delete(SG, &group, &world.run).await.unwrap_err();
    assert!(error.detail.contains("after 5 minutes") && error.detail.contains("eni-"), "{error}");
}

#[tokio::test]
async fn rules_of_other_groups_are_not_waited_for_long() {
    let world = world().await;
    let target = world.create(SG, &json!({"name": "target", "vpc_id": VPC})).await;
    let other = world
        .create(
            SG,
            &json!({"name": "other", "vpc_id": VPC, "ingress": [
        {"protocol": "tcp", "from_port": 1, "to_port": 1, "security_groups": [id(&target)]}]}),
        )
        .await;
    let before = world.sandbox.clock().now();
    let error = world.session.delete(SG, &target, &world.run).await.unwrap_err();
    assert!(error.detail.contains(&format!("rules of {}", id(&other))), "{error}");
    assert!(world.sandbox.clock().now().seconds_since(before) < 120.0);
}

#[tokio::test]
async fn mistakes_are_found_offline() {
    let world = world().await;
    let check = |rule: Json| world.validate(SG, &json!({"ingress": [rule]}));
    assert_eq!(check(json!({"protocol": "tcp", "from_port": 1, "to_port": 2, "self": true})), Vec::<String>::new());
    assert_eq!(
        check(json!({"protocol": "tcp", "from_port": 1, "to_port": 2})),
        ["Error ingress[...]: Rule without a source"]
    );
    assert_eq!(
        check(json!({"protocol": "-1", "from_port": 1, "to_port": 2, "self": true})),
        ["Error ingress[...]: Ports with all protocols"]
    );
    assert_eq!(
        check(json!({"protocol": "tcp", "from_port": 3, "to_port": 2, "self": true})),
        ["Error ingress[...]: Ports in the wrong order"]
    );
    assert_eq!(
        check(json!({"protocol": "tcp", "from_port": 3, "to_port": 3, "cidr_blocks": ["x"]})),
        ["Error ingress[...].cidr_blocks: Invalid value for cidr_blocks"]
    );
    assert_eq!(world.validate(SG, &json!({"name": "sg-x"})), ["Error name: Invalid value for name"]);
}
