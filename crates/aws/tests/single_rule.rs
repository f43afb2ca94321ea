use serde_json::{Value as Json, json};
use smform_provider::{CreateOutcome, ReplaceOrder};
use smform_types::Value;

use crate::support::{GROUP, REGISTRY_GROUP, shown, world};

const INGRESS: &str = "aws_vpc_security_group_ingress_rule";
const EGRESS: &str = "aws_vpc_security_group_egress_rule";

fn body(members: Json) -> Json {
    let mut body = json!({"security_group_id": GROUP, "ip_protocol": "tcp", "from_port": 8443, "to_port": 8443});
    for (name, value) in members.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

fn id(object: &Value) -> &str {
    object.get("id").and_then(Value::as_str).unwrap_or_default()
}

#[tokio::test]
async fn rules_of_every_source_live_in_both_directions() {
    for ty in [INGRESS, EGRESS] {
        let world = world().await;
        for source in [
            json!({"cidr_ipv4": "10.1.0.0/16"}),
            json!({"cidr_ipv6": "2001:db8::/32"}),
            json!({"referenced_security_group_id": REGISTRY_GROUP}),
            json!({"referenced_security_group_id": GROUP, "description": "itself"}),
        ] {
            let made = world.create(ty, &body(source.clone())).await;
            assert!(id(&made).starts_with("sgr-"), "{made:?}");
            assert_eq!(shown(&world.import(ty, id(&made)).await.unwrap()), shown(&made));
            // An interrupted creation is found by what was intended.
            let intended = world.run.intended.lock().unwrap().last().unwrap().clone();
            assert_eq!(id(&world.import(ty, &intended).await.unwrap()), id(&made));
            world.delete(ty, &made).await;
        }
        let all = json!({"security_group_id": GROUP, "ip_protocol": "ALL", "cidr_ipv4": "10.9.0.0/16"});
        world.create(ty, &all).await;
    }
}

#[tokio::test]
async fn what_a_rule_says_changes_in_place_and_its_kind_of_source_does_not() {
    let world = world().await;
    let made = world.create(INGRESS, &body(json!({"cidr_ipv4": "10.1.0.0/16", "tags": {"a": "1"}}))).await;
    let other = body(json!({"cidr_ipv4": "10.2.0.0/16", "to_port": 8444, "description": "d", "tags": {"b": "2"}}));
    let made = world.update(INGRESS, &made, &other).await;
    assert_eq!(world.calls("ModifySecurityGroupRules"), 1);
    let kind = body(json!({"referenced_security_group_id": REGISTRY_GROUP}));
    let plan = world.plan(INGRESS, Some(&made), &kind).await.unwrap();
    let mut replace: Vec<String> = plan.replace.iter().map(ToString::to_string).collect();
    replace.sort();
    assert_eq!(replace, ["cidr_ipv4", "referenced_security_group_id"]);
}

#[tokio::test]
async fn a_rule_of_the_same_traffic_gives_way() {
    let world = world().await;
    let made = world.create(INGRESS, &body(json!({"cidr_ipv4": "10.1.0.0/16", "description": "d"}))).await;
    let gives_way = async |members: Json| {
        let order = world.replacing(INGRESS, &made, &body(members)).await.order;
        matches!(order, ReplaceOrder::GiveWay(_))
    };
    assert!(gives_way(json!({"cidr_ipv4": "10.1.0.0/16"})).await);
    assert!(!gives_way(json!({"cidr_ipv4": "10.2.0.0/16"})).await);
    assert!(!gives_way(json!({"cidr_ipv4": "10.1.0.0/16", "to_port": 8444})).await);
    assert!(!gives_way(json!({"cidr_ipv4": "10.1.0.0/16", "security_group_id": REGISTRY_GROUP})).await);
}

#[tokio::test]
async fn a_rule_that_is_there_is_an_error_and_a_lost_reply_is_not() {
    let world = world().await;
    let same = body(json!({"cidr_ipv4": "10.1.0.0/16"}));
    world.create(INGRESS, &same).await;
    match world.try_create(INGRESS, &same).await {
        CreateOutcome::Failed(error) => assert!(error.detail.contains("Import it with"), "{error}"),
        other => panic!("{other:?}"),
    }
    let lost = json!({"match": {"operation": "AuthorizeSecurityGroupIngress"}, "nth": 1, "effect": "lost_reply"});
    world.faults(json!({"rules": [lost]}));
    world.create(INGRESS, &body(json!({"cidr_ipv4": "10.3.0.0/16"}))).await;
}

#[tokio::test]
async fn rules_are_checked_offline() {
    let world = world().await;
    let check = |members: Json| world.validate(INGRESS, &body(members));
    assert_eq!(check(json!({"cidr_ipv4": "10.0.0.0/8"})), Vec::<String>::new());
    assert_eq!(check(json!({})), ["Error : Rule without a source"]);
    let two = json!({"cidr_ipv4": "10.0.0.0/8", "prefix_list_id": "pl-1"});
    assert_eq!(check(two), ["Error prefix_list_id: Conflicting arguments"]);
    let all = json!({"cidr_ipv4": "10.0.0.0/8", "ip_protocol": "-1"});
    assert_eq!(check(all), ["Error from_port: Ports do not fit the protocol"]);
    let none = json!({"cidr_ipv4": "10.0.0.0/8", "to_port": null});
    assert_eq!(check(none), ["Error to_port: Ports do not fit the protocol"]);
}
