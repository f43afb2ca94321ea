use serde_json::{Value as Json, json};
use smform_provider::{CreateOutcome, PlannedObject, ReplaceOrder, UpdateOutcome};
use smform_types::Value;

use crate::support::{World, model_body, shown, world};

const ROLE: &str = "aws_iam_role";
const POLICY: &str = "aws_iam_role_policy";
const ATTACHMENT: &str = "aws_iam_role_policy_attachment";
const FULL: &str = "arn:aws:iam::aws:policy/AmazonSageMakerFullAccess";
const READ: &str = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess";

fn trust(service: &str) -> String {
    json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": service}}]})
    .to_string()
}

fn document(action: &str) -> String {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}).to_string()
}

fn role(members: Json) -> Json {
    let mut body = json!({"name": "r", "assume_role_policy": trust("sagemaker.amazonaws.com")});
    for (name, value) in members.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

fn text<'v>(object: &'v Value, name: &str) -> &'v str {
    object.get(name).and_then(Value::as_str).unwrap_or_default()
}

async fn gone(world: &World, ty: &str, object: &Value) -> bool {
    world.session.read(ty, object, &world.run).await.unwrap().is_none()
}

#[tokio::test]
async fn policies_that_are_objects_of_their_own_are_not_taken_for_somebody_elses() {
    let world = world().await;
    let made = world.create(ROLE, &role(json!({}))).await;
    let mut others = Vec::new();
    for (ty, body) in [
        (ATTACHMENT, json!({"role": "r", "policy_arn": FULL})),
        (POLICY, json!({"role": "r", "name": "own", "policy": document("s3:GetObject")})),
    ] {
        let made = world.create(ty, &body).await;
        others.push(PlannedObject { type_name: ty.into(), before: Some(made.clone()), after: Some(made) });
    }
    let read = world.session.read(ROLE, &made, &world.run).await.unwrap().unwrap();
    assert_ne!(shown(&read), shown(&made));
    assert_eq!(shown(&world.provider.accounted(ROLE, &made, &read, &others)), shown(&made));
    let left = world.provider.accounted(ROLE, &made, &read, &others[..1]);
    assert_eq!(left.get("managed_policy_arns"), made.get("managed_policy_arns"));
    assert_eq!(left.get("inline_policy"), read.get("inline_policy"));
    assert_eq!(shown(&world.provider.accounted(ROLE, &read, &read, &others)), shown(&read));
}

#[tokio::test]
async fn a_role_lives() {
    let world = world().await;
    let body =
        role(json!({"path": "/team/", "description": "runs models", "max_session_duration": 7200, "tags": {"a": "1"},
        "permissions_boundary": READ}));
    let made = world.create(ROLE, &body).await;
    assert_eq!(text(&made, "arn"), "arn:aws:iam::123456789012:role/team/r");
    assert!(text(&made, "unique_id").starts_with("AROA"), "{}", shown(&made));
    // In whole seconds: 2026-01-31T10:20:30Z.
    assert_eq!(text(&made, "create_date").len(), 20, "{}", text(&made, "create_date"));
    let changed =
        role(json!({"path": "/team/", "assume_role_policy": trust("lambda.amazonaws.com"), "tags": {"b": "2"}}));
    let made = world.update(ROLE, &made, &changed).await;
    for (operation, times) in [
        ("UpdateAssumeRolePolicy", 1),
        ("UpdateRole", 1),
        ("DeleteRolePermissionsBoundary", 1),
        ("UntagRole", 1),
        ("TagRole", 1),
    ] {
        assert_eq!(world.calls(operation), times, "{operation}");
    }
    assert_eq!(shown(&world.import(ROLE, "r").await.unwrap()), shown(&made));
    // An empty text is no boundary, so nothing changes.
    let mut bare = changed.clone();
    bare["permissions_boundary"] = json!("");
    let plan = world.plan(ROLE, Some(&made), &bare).await.unwrap();
    assert_eq!(shown(&plan.planned), shown(&made));
    world.delete(ROLE, &made).await;
    assert!(world.import(ROLE, "r").await.is_none());
}

#[tokio::test]
async fn other_forms_of_a_document_are_no_change() {
    let world = world().await;
    let made = world.create(ROLE, &role(json!({}))).await;
    let other = r#"{"Statement": {"Principal": {"Service": ["sagemaker.amazonaws.com"]}, "Effect": "Allow",
        "Action": ["sts:AssumeRole"]}, "Version": "2012-10-17"}"#;
    let plan = world.plan(ROLE, Some(&made), &role(json!({"assume_role_policy": other}))).await.unwrap();
    assert_eq!(shown(&plan.planned), shown(&made));
    let made = world.create(POLICY, &json!({"role": "r", "name": "p", "policy": document("s3:GetObject")})).await;
    let other = document("s3:GetObject").replace("\"s3:GetObject\"", "[\"s3:GetObject\"]").replace(',', ",\n ");
    let plan = world.plan(POLICY, Some(&made), &json!({"role": "r", "name": "p", "policy": other})).await.unwrap();
    assert_eq!(shown(&plan.planned), shown(&made));
}

#[tokio::test]
async fn names_are_made_up_from_prefixes() {
    let world = world().await;
    for (members, begins) in [(json!({"name_prefix": "team-"}), "team-"), (json!({}), "terraform-")] {
        let mut body = role(members);
        body["name"] = Json::Null;
        let made = world.create(ROLE, &body).await;
        assert!(text(&made, "name").starts_with(begins) && text(&made, "name_prefix") == begins, "{}", shown(&made));
        let own = world.create(POLICY, &json!({"role": text(&made, "name"), "policy": document("s3:*")})).await;
        assert_eq!(text(&own, "id"), format!("{}:{}", text(&made, "name"), text(&own, "name")));
        world.delete(POLICY, &own).await;
        world.delete(ROLE, &made).await;
    }
}

#[tokio::test]
async fn policies_of_a_role_are_looked_after_when_they_are_written_down() {
    let world = world().await;
    let inline = |name: &str, action: &str| json!({"name": name, "policy": document(action)});
    let body = role(
        json!({"managed_policy_arns": [FULL], "inline_policy": [inline("a", "s3:Get*"), inline("b", "s3:List*")]}),
    );
    let made = world.create(ROLE, &body).await;
    assert_eq!(shown(&world.import(ROLE, "r").await.unwrap()), shown(&made));
    let changed = role(json!({"managed_policy_arns": [READ], "inline_policy": [inline("a", "s3:*")]}));
    let made = world.update(ROLE, &made, &changed).await;
    // Left out, they stay as they are.
    let plan = world.plan(ROLE, Some(&made), &role(json!({}))).await.unwrap();
    assert_eq!(shown(&plan.planned), shown(&made));
    // What others add is taken away again.
    let foreign = world.create(ATTACHMENT, &json!({"role": "r", "policy_arn": FULL})).await;
    let read = world.session.read(ROLE, &made, &world.run).await.unwrap().unwrap();
    let made = world.update(ROLE, &read, &changed).await;
    assert!(gone(&world, ATTACHMENT, &foreign).await);
    // One empty block, and an empty set, mean none.
    let none = role(json!({"managed_policy_arns": [], "inline_policy": [{}]}));
    let made = world.update(ROLE, &made, &none).await;
    world.create(POLICY, &json!({"role": "r", "name": "p", "policy": document("s3:*")})).await;
    let read = world.session.read(ROLE, &made, &world.run).await.unwrap().unwrap();
    let made = world.update(ROLE, &read, &none).await;
    world.delete(ROLE, &made).await;
}

#[tokio::test]
async fn policies_are_objects_of_their_own() {
    let world = world().await;
    let owner = world.create(ROLE, &role(json!({}))).await;
    let own = world.create(POLICY, &json!({"role": "r", "name": "p", "policy": document("s3:*")})).await;
    let own = world.update(POLICY, &own, &json!({"role": "r", "name": "p", "policy": document("s3:Get*")})).await;
    assert_eq!(shown(&world.import(POLICY, "r:p").await.unwrap()), shown(&own));
    // The name is that within a role; in another role, it collides with nothing.
    let order = async |role: &str| {
        let body = json!({"role": role, "name": "p", "policy": document("s3:Get*")});
        world.replacing(POLICY, &own, &body).await.order
    };
    assert!(matches!(order("r").await, ReplaceOrder::SameName(_)));
    for role in ["s", "?"] {
        assert_eq!(order(role).await, ReplaceOrder::CreateFirst);
    }
    let attached = world.create(ATTACHMENT, &json!({"role": "r", "policy_arn": FULL})).await;
    let id = format!("r/{FULL}");
    assert_eq!(shown(&world.import(ATTACHMENT, &id).await.unwrap()), shown(&attached));
    assert!(world.import(ATTACHMENT, &format!("r/{READ}")).await.is_none());
    // The old one would take the new one with it.
    for (policy, gives_way) in [(FULL, true), (READ, false)] {
        let order = world.replacing(ATTACHMENT, &attached, &json!({"role": "r", "policy_arn": policy})).await.order;
        assert_eq!(matches!(order, ReplaceOrder::GiveWay(_)), gives_way, "{order:?}");
    }
    // The role says what is in the way of its deletion, and waits for nothing.
    let error = world.session.delete(ROLE, &owner, &world.run).await.unwrap_err();
    assert!(error.detail.contains(FULL) && error.detail.contains("p, "), "{error}");
    let CreateOutcome::Failed(error) =
        world.try_create(POLICY, &json!({"role": "r", "name": "p", "policy": document("s3:*")})).await
    else {
        panic!()
    };
    assert!(error.detail.contains("smform import ADDRESS r:p"), "{error}");
    world.delete(ATTACHMENT, &attached).await;
    world.delete(POLICY, &own).await;
    world.delete(ROLE, &owner).await;
    let error = world.session.import(POLICY, "r", &world.run).await.unwrap_err();
    assert!(error.detail.contains("my-role:my-policy"), "{error}");
    assert!(world.session.import(ATTACHMENT, "r", &world.run).await.is_err());
}

#[tokio::test]
async fn a_role_that_may_takes_foreign_policies_with_it() {
    let world = world().await;
    let owner = world.create(ROLE, &role(json!({"force_detach_policies": true}))).await;
    world.create(POLICY, &json!({"role": "r", "name": "p", "policy": document("s3:*")})).await;
    world.create(ATTACHMENT, &json!({"role": "r", "policy_arn": FULL})).await;
    world.delete(ROLE, &owner).await;
}

#[tokio::test]
async fn lost_answers_and_half_done_roles() {
    let world = world().await;
    world.faults(json!({"rules": [{"match": {"operation": "CreateRole"}, "nth": 1, "effect": "lost_reply"}]}));
    let made = world.create(ROLE, &role(json!({}))).await;
    let CreateOutcome::Failed(error) = world.try_create(ROLE, &role(json!({}))).await else { panic!() };
    assert!(error.detail.contains("smform import ADDRESS r"), "{error}");
    world.delete(ROLE, &made).await;
    let nowhere = "arn:aws:iam::123456789012:policy/nowhere";
    let outcome = world.try_create(ROLE, &role(json!({"managed_policy_arns": [nowhere]}))).await;
    let CreateOutcome::Partial(half, error) = outcome else { panic!("{outcome:?}") };
    assert!(error.detail.contains(nowhere), "{error}");
    world.delete(ROLE, &half).await;
    let made = world.create(ROLE, &role(json!({}))).await;
    let outcome =
        world.try_update(ROLE, &made, &role(json!({"description": "d", "managed_policy_arns": [nowhere]}))).await;
    let UpdateOutcome::Partial(now, _) = outcome else { panic!("{outcome:?}") };
    assert_eq!(text(&now, "description"), "d");
}

#[tokio::test]
async fn a_model_waits_for_the_role_that_was_just_made() {
    let world = world().await;
    let made = world.create(ROLE, &role(json!({}))).await;
    let mut body = model_body("m");
    body["execution_role_arn"] = json!(text(&made, "arn"));
    world.create("aws_sagemaker_model", &body).await;
    assert!(world.run.progress.lock().unwrap().iter().any(|status| status.contains("execution role")));
}

#[tokio::test]
async fn roles_and_policies_are_found() {
    let world = world().await;
    world.create(ROLE, &role(json!({"tags": {"a": "1"}}))).await;
    let found = world.data(ROLE, &json!({"name": "r"})).await.unwrap();
    assert_eq!(text(&found, "arn"), "arn:aws:iam::123456789012:role/r");
    assert!(text(&found, "assume_role_policy").contains("sagemaker.amazonaws.com") && found.is_wholly_known());
    assert!(world.data(ROLE, &json!({"name": "none"})).await.unwrap_err().detail.contains("account 123456789012"));
    let policy = "aws_iam_policy";
    for body in [json!({"arn": FULL}), json!({"name": "AmazonSageMakerFullAccess"})] {
        let found = world.data(policy, &body).await.unwrap();
        assert_eq!((text(&found, "arn"), text(&found, "path")), (FULL, "/"));
        assert!(text(&found, "policy").contains("Statement") && found.is_wholly_known(), "{}", shown(&found));
    }
    assert!(world.data(policy, &json!({"name": "none"})).await.is_err());
    assert!(world.data(policy, &json!({"arn": "arn:aws:iam::123456789012:policy/none"})).await.is_err());
}

#[tokio::test]
async fn mistakes_are_found_before_any_call() {
    let world = world().await;
    for (ty, body) in [
        (ROLE, role(json!({"name": "a b"}))),
        (ROLE, role(json!({"name": "r".repeat(65)}))),
        (ROLE, role(json!({"name_prefix": "x"}))),
        (ROLE, role(json!({"assume_role_policy": "{"}))),
        (ROLE, role(json!({"path": "team"}))),
        (ROLE, role(json!({"max_session_duration": 60}))),
        (ROLE, role(json!({"inline_policy": [{"name": "a"}]}))),
        (ROLE, role(json!({"managed_policy_arns": ["x"]}))),
        (POLICY, json!({"role": "r", "policy": "[]"})),
        (POLICY, json!({"role": "r", "policy": document(&"a".repeat(10_240))})),
        (ATTACHMENT, json!({"role": "r", "policy_arn": "AmazonSageMakerFullAccess"})),
    ] {
        assert!(!world.validate(ty, &body).is_empty(), "{body}");
    }
    for (ty, body) in [
        (ROLE, role(json!({"inline_policy": [{}]}))),
        (ROLE, role(json!({"assume_role_policy": "?", "inline_policy": [{"name": "?", "policy": "?"}]}))),
        (POLICY, json!({"role": "?", "policy": "?"})),
    ] {
        assert_eq!(world.validate(ty, &body), Vec::<String>::new(), "{body}");
    }
}

#[tokio::test]
async fn a_managed_policy_changes_by_versions() {
    const MANAGED: &str = "aws_iam_policy";
    let world = world().await;
    let body = |action: &str| json!({"name": "own", "path": "/team/", "policy": document(action), "tags": {"a": "1"}});
    let mut made = world.create(MANAGED, &body("s3:Get0")).await;
    let arn = "arn:aws:iam::123456789012:policy/team/own";
    assert_eq!((text(&made, "id"), text(&made, "arn")), (arn, arn));
    // A policy has room for five versions; the oldest makes room.
    for at in 1..8 {
        made = world.update(MANAGED, &made, &body(&format!("s3:Get{at}"))).await;
    }
    assert_eq!(world.calls("DeletePolicyVersion"), 3);
    assert_eq!(shown(&world.import(MANAGED, arn).await.unwrap()), shown(&made));
    assert_eq!(shown(&world.import(MANAGED, "own").await.unwrap()), shown(&made));
    let plan = world.plan(MANAGED, Some(&made), &body("s3:get7")).await.unwrap();
    assert_eq!(shown(&plan.planned), shown(&made));
    // One that is attached says to what, and stays.
    world.create(ROLE, &role(json!({}))).await;
    let attachment = world.create(ATTACHMENT, &json!({"role": "r", "policy_arn": arn})).await;
    let error = world.session.delete(MANAGED, &made, &world.run).await.unwrap_err();
    assert!(error.detail.contains("attached to role r. Detach"), "{}", error.detail);
    world.delete(ATTACHMENT, &attachment).await;
    world.delete(MANAGED, &made).await;
    assert!(gone(&world, MANAGED, &made).await);
}

#[tokio::test]
async fn the_name_of_a_managed_policy_can_be_had_once() {
    const MANAGED: &str = "aws_iam_policy";
    let world = world().await;
    let body = |path: &str| json!({"name": "own", "path": path, "policy": document("s3:Get*")});
    world.create(MANAGED, &body("/")).await;
    let CreateOutcome::Failed(error) = world.try_create(MANAGED, &body("/elsewhere/")).await else {
        panic!("two policies of one name")
    };
    assert!(error.detail.contains("policy/own"), "{}", error.detail);
}

#[tokio::test]
async fn a_role_that_sagemaker_may_not_assume_is_told_by_the_plan() {
    let world = world().await;
    let said = async |arn: Value, plan: &[PlannedObject]| {
        let planned = world.plan("aws_sagemaker_model", None, &model_body("m")).await.unwrap().planned;
        let after = planned.update_at(&smform_types::Path::attribute("execution_role_arn").0, &mut |_| arn.clone());
        let object = PlannedObject { type_name: "aws_sagemaker_model".into(), before: None, after: Some(after) };
        let plan: Vec<PlannedObject> = plan.iter().cloned().chain([object.clone()]).collect();
        let found = world.session.review(&object, &plan, &world.run).await;
        let of_role = found.iter().filter(|found| crate::support::place(found) == "execution_role_arn");
        of_role.map(|found| (found.is_error(), found.summary.clone())).collect::<Vec<_>>()
    };
    let refused = |is_error: bool| [(is_error, "SageMaker may not assume the role".to_owned())];
    // One that the plan makes, which is known by its ARN to come.
    for (service, is_refused) in [("ec2.amazonaws.com", true), ("sagemaker.amazonaws.com", false)] {
        let mut body = role(json!({"assume_role_policy": trust(service), "path": "/team/"}));
        let planned = world.plan(ROLE, None, &body).await.unwrap().planned;
        let arn = planned.get("arn").unwrap().clone();
        assert!(!arn.is_known());
        let made = PlannedObject { type_name: ROLE.into(), before: None, after: Some(planned) };
        body["name"] = json!("other");
        let other = world.plan(ROLE, None, &body).await.unwrap().planned;
        let other = PlannedObject { type_name: ROLE.into(), before: None, after: Some(other) };
        let found = said(arn, &[other.clone(), made]).await;
        assert_eq!(found, if is_refused { refused(true).to_vec() } else { Vec::new() }, "{service}");
        // Of another role's ARN nothing is known.
        assert_eq!(said(Value::unknown(smform_types::Type::String), &[other]).await, []);
    }
    // One that is there.
    let live = |name: &str| Value::string(format!("arn:aws:iam::123456789012:role/{name}"));
    world.create(ROLE, &role(json!({"assume_role_policy": trust("ec2.amazonaws.com")}))).await;
    assert_eq!(said(live("r"), &[]).await, refused(false));
    assert_eq!(said(live("SageMakerExecutionRole"), &[]).await, []);
    assert_eq!(said(live("path/none"), &[]).await, [(false, "No such role".to_owned())]);
    assert_eq!(said(Value::string("arn:aws:iam::210987654321:role/none"), &[]).await, []);
    world.faults(json!({"rules": [{"match": {"operation": "GetRole"}, "effect": {"error": {"code": "AccessDenied", "message": "no"}}}]}));
    assert_eq!(said(live("none"), &[]).await, []);
}
