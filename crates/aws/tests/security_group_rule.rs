use serde_json::{Value as Json, json};
use smform_provider::{CreateOutcome, ReplaceOrder};
use smform_types::Value;

use crate::support::{GROUP, REGISTRY_GROUP, shown, world};

/// The account of the sandbox.
const ACCOUNT: &str = "123456789012";

const RULE: &str = "aws_security_group_rule";
const SINGLE: &str = "aws_vpc_security_group_ingress_rule";

fn body(kind: &str, members: Json) -> Json {
    let mut body =
        json!({"type": kind, "security_group_id": GROUP, "protocol": "tcp", "from_port": 8443, "to_port": 8444});
    for (name, value) in members.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

fn text<'v>(object: &'v Value, name: &str) -> &'v str {
    object.get(name).and_then(Value::as_str).unwrap_or_default()
}

#[tokio::test]
async fn every_form_of_source_lives_in_both_directions() {
    for kind in ["ingress", "egress"] {
        let world = world().await;
        for (sources, rules) in [
            (json!({"cidr_blocks": ["10.1.0.0/16"]}), 1),
            (json!({"cidr_blocks": ["10.1.0.0/16", "10.2.3.4/16"], "ipv6_cidr_blocks": ["2001:db8::/32"]}), 3),
            (json!({"source_security_group_id": REGISTRY_GROUP, "description": "to the registry"}), 1),
            (json!({"source_security_group_id": GROUP}), 1),
            (json!({"source_security_group_id": format!("{ACCOUNT}/{GROUP}")}), 1),
            (json!({"source_security_group_id": format!("{ACCOUNT}/{REGISTRY_GROUP}")}), 1),
            (json!({"self": true}), 1),
            (json!({"cidr_blocks": ["10.9.0.0/16"], "protocol": "-1", "from_port": 0, "to_port": 0}), 1),
            (json!({"cidr_blocks": ["10.9.0.0/16"], "protocol": "ICMP", "from_port": 8, "to_port": -1}), 1),
        ] {
            let wanted = body(kind, sources);
            let made = world.create(RULE, &wanted).await;
            assert!(text(&made, "id").starts_with("sgrule-"), "{made:?}");
            assert_eq!(text(&made, "security_group_rule_id").starts_with("sgr-"), rules == 1, "{}", shown(&made));
            // An interrupted creation is found by what was intended, which is what an import takes too.
            let intended = world.run.intended.lock().unwrap().last().unwrap().clone();
            let found = world.import(RULE, &intended).await.unwrap();
            let plan = world.plan(RULE, Some(&found), &wanted).await.unwrap();
            assert!(plan.replace.is_empty(), "{intended}: {:?}", plan.replace);
            assert_eq!(shown(&plan.planned), shown(&found), "{intended}");
            world.delete(RULE, &made).await;
        }
    }
}

#[tokio::test]
async fn a_description_changes_in_place_and_anything_else_does_not() {
    let world = world().await;
    for kind in ["ingress", "egress"] {
        let made = world.create(RULE, &body(kind, json!({"cidr_blocks": ["10.1.0.0/16", "10.2.0.0/16"]}))).await;
        let described = body(kind, json!({"cidr_blocks": ["10.1.0.0/16", "10.2.0.0/16"], "description": "why"}));
        let made = world.update(RULE, &made, &described).await;
        let other = body(kind, json!({"cidr_blocks": ["10.1.0.0/16"], "description": "why"}));
        let plan = world.plan(RULE, Some(&made), &other).await.unwrap();
        assert_eq!(plan.replace.len(), 1, "{:?}", plan.replace);
        world.delete(RULE, &made).await;
    }
    assert_eq!(world.calls("UpdateSecurityGroupRuleDescriptionsIngress"), 1);
    assert_eq!(world.calls("UpdateSecurityGroupRuleDescriptionsEgress"), 1);
}

#[tokio::test]
async fn rules_of_which_some_stay_give_way() {
    let world = world().await;
    let made = world.create(RULE, &body("ingress", json!({"cidr_blocks": ["10.1.0.0/16", "10.2.0.0/16"]}))).await;
    let gives_way = async |kind: &str, members: Json| {
        let order = world.replacing(RULE, &made, &body(kind, members)).await.order;
        matches!(order, ReplaceOrder::GiveWay(_))
    };
    assert!(gives_way("ingress", json!({"cidr_blocks": ["10.2.0.0/16", "10.3.0.0/16"], "description": "d"})).await);
    assert!(!gives_way("ingress", json!({"cidr_blocks": ["10.3.0.0/16"]})).await);
    assert!(!gives_way("egress", json!({"cidr_blocks": ["10.1.0.0/16"]})).await);
}

#[tokio::test]
async fn what_others_removed_is_seen() {
    let world = world().await;
    let wanted = body("ingress", json!({"cidr_blocks": ["10.1.0.0/16", "10.2.0.0/16"], "to_port": 8443}));
    let made = world.create(RULE, &wanted).await;
    let single = json!({"security_group_id": GROUP, "ip_protocol": "tcp", "from_port": 8443, "to_port": 8443,
        "cidr_ipv4": "10.1.0.0/16"});
    let CreateOutcome::Failed(error) = world.try_create(SINGLE, &single).await else { panic!() };
    let id = error.detail.split(' ').next().unwrap();
    let other = world.import(SINGLE, id).await.unwrap();
    world.session.delete(SINGLE, &other, &world.run).await.unwrap();
    let left = world.session.read(RULE, &made, &world.run).await.unwrap().unwrap();
    assert_eq!(left.get("cidr_blocks").and_then(Value::as_slice), Some(&[Value::string("10.2.0.0/16")][..]));
    // What is only partly there is not what is imported.
    let whole = format!("{GROUP}_ingress_tcp_8443_8443_10.1.0.0/16_10.2.0.0/16");
    assert!(world.import(RULE, &whole).await.is_none());
    world.delete(RULE, &left).await;
    assert!(world.session.read(RULE, &made, &world.run).await.unwrap().is_none());
}

#[tokio::test]
async fn rules_that_are_there_already_are_not_taken_over() {
    let world = world().await;
    let wanted = body("ingress", json!({"cidr_blocks": ["10.1.0.0/16"]}));
    world.create(RULE, &wanted).await;
    let CreateOutcome::Failed(error) = world.try_create(RULE, &wanted).await else { panic!() };
    assert!(error.detail.contains(&format!("{GROUP}_ingress_tcp_8443_8444_10.1.0.0/16")), "{error}");
    // After a lost answer, what is there is one's own.
    world.faults(
        json!({"rules": [{"match": {"operation": "AuthorizeSecurityGroupIngress"}, "nth": 1, "effect": "lost_reply"}]}),
    );
    let other = world.create(RULE, &body("ingress", json!({"cidr_blocks": ["10.3.0.0/16"]}))).await;
    assert!(text(&other, "security_group_rule_id").starts_with("sgr-"));
}

#[tokio::test]
async fn mistakes_are_found_before_any_call() {
    let world = world().await;
    for (members, error) in [
        (json!({}), "Rule without a source"),
        (json!({"self": false}), "Rule without a source"),
        (json!({"cidr_blocks": []}), "Rule without a source"),
        (json!({"cidr_blocks": ["10.0.0.0/8"], "self": true}), "Conflicting arguments"),
        (json!({"cidr_blocks": ["10.0.0.0/8"], "source_security_group_id": GROUP}), "Conflicting arguments"),
        (json!({"self": true, "source_security_group_id": GROUP}), "Conflicting arguments"),
        (json!({"cidr_blocks": ["10.0.0.0/8"], "from_port": 9000}), "Ports do not fit the protocol"),
        (json!({"cidr_blocks": ["10.0.0.0"]}), ""),
        (json!({"type": "both", "self": true}), ""),
    ] {
        let found = world.validate(RULE, &body("ingress", members.clone()));
        assert!(found.iter().any(|text| text.contains(error)), "{members}: {found:?}");
    }
    let lists = |members: Json| {
        let mut members = members;
        members["prefix_list_ids"] = json!(["pl-0123456789abcdef0"]);
        members
    };
    for good in [
        lists(json!({"self": true})),
        lists(json!({"source_security_group_id": GROUP})),
        lists(json!({"cidr_blocks": ["10.0.0.0/8"]})),
    ] {
        assert_eq!(world.validate(RULE, &body("ingress", good.clone())), Vec::<String>::new(), "{good}");
    }
    for good in [json!({"cidr_blocks": "?"}), json!({"source_security_group_id": "?"}), json!({"self": "?"})] {
        assert_eq!(world.validate(RULE, &body("ingress", good.clone())), Vec::<String>::new(), "{good}");
    }
    for bad in [
        "sg-1",
        "sg-1_ingress_tcp_1_x_self",
        "sg-1_inward_tcp_1_1_self",
        "sg-1_ingress_tcp_1_1",
        "sg-1_ingress_tcp_1_1_x",
        "",
    ] {
        let error = world.session.import(RULE, bad, &world.run).await.unwrap_err();
        assert!(error.detail.contains("_ingress_tcp_443_443_"), "{error}");
    }
}
