//! Roles and policies: what is kept, what is refused, and when SageMaker can assume a new role.

use serde_json::json;

use crate::support::{Client, ROLE, model_input, query_request, texts};

const TRUST: &str = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
    "Principal": {"Service": "sagemaker.amazonaws.com"}}]}"#;

async fn iam(aws: &Client, action: &str, fields: &[(&str, &str)]) -> (u16, String) {
    let reply = aws.sandbox.handle(query_request("iam", "2010-05-08", action, fields)).await.expect("a reply");
    (reply.status().as_u16(), String::from_utf8(reply.body().to_vec()).expect("utf-8"))
}

async fn ok(aws: &Client, action: &str, fields: &[(&str, &str)]) -> String {
    let (status, text) = iam(aws, action, fields).await;
    assert_eq!(status, 200, "{action}: {text}");
    text
}

async fn refused(aws: &Client, action: &str, fields: &[(&str, &str)]) -> String {
    let (status, text) = iam(aws, action, fields).await;
    assert_ne!(status, 200, "{action} was accepted: {text}");
    assert_eq!(texts(&text, "Type"), ["Sender"]);
    texts(&text, "Code").remove(0)
}

#[tokio::test]
async fn a_new_role_can_be_assumed_after_a_while_only() {
    let aws = Client::new();
    let named = [("RoleName", "SageMakerExecutionRole")];
    aws.ok("CreateModel", model_input("before")).await;
    ok(&aws, "DeleteRole", &named).await;
    let created =
        ok(&aws, "CreateRole", &[named[0], ("AssumeRolePolicyDocument", TRUST), ("Description", "runs models")]).await;
    assert_eq!(texts(&created, "Arn"), [ROLE]);
    let early = aws.refused("CreateModel", model_input("m")).await;
    assert!(early.contains("trust relationship policy"), "{early}");
    aws.advance(10.0);
    aws.ok("CreateModel", model_input("m")).await;

    let elsewhere = TRUST.replace("sagemaker", "lambda");
    ok(&aws, "UpdateAssumeRolePolicy", &[named[0], ("PolicyDocument", &elsewhere)]).await;
    aws.advance(3_600.0);
    aws.refused("CreateModel", model_input("m2")).await;
    ok(&aws, "DeleteRole", &named).await;
    aws.refused("CreateModel", model_input("m2")).await;
    assert_eq!(refused(&aws, "GetRole", &named).await, "NoSuchEntity");
}

#[tokio::test]
async fn policies_keep_a_role_from_being_deleted() {
    let aws = Client::new();
    let role = ("RoleName", "r");
    let document = r#"{"Statement": [{"Effect": "Allow", "Action": "s3:Get Object+", "Resource": "*"}]}"#;
    ok(&aws, "CreateRole", &[role, ("AssumeRolePolicyDocument", TRUST)]).await;
    assert_eq!(
        refused(&aws, "CreateRole", &[("RoleName", "R"), ("AssumeRolePolicyDocument", TRUST)]).await,
        "EntityAlreadyExists"
    );
    ok(&aws, "PutRolePolicy", &[role, ("PolicyName", "p"), ("PolicyDocument", document)]).await;
    let shown = ok(&aws, "GetRolePolicy", &[role, ("PolicyName", "p")]).await;
    let encoded = texts(&shown, "PolicyDocument").remove(0);
    assert!(encoded.contains("s3%3AGet%20Object%2B"), "{encoded}");

    let made = ok(&aws, "CreatePolicy", &[("PolicyName", "own"), ("PolicyDocument", document)]).await;
    let arn = texts(&made, "Arn").remove(0);
    for policy in [arn.as_str(), "arn:aws:iam::aws:policy/AmazonSageMakerFullAccess"] {
        ok(&aws, "AttachRolePolicy", &[role, ("PolicyArn", policy)]).await;
    }
    let nowhere = [role, ("PolicyArn", "arn:aws:iam::123456789012:policy/nowhere")];
    assert_eq!(refused(&aws, "AttachRolePolicy", &nowhere).await, "NoSuchEntity");
    let attached = ok(&aws, "ListAttachedRolePolicies", &[role]).await;
    assert_eq!(texts(&attached, "PolicyName"), ["own", "AmazonSageMakerFullAccess"]);
    assert_eq!(refused(&aws, "DeletePolicy", &[("PolicyArn", &arn)]).await, "DeleteConflict");
    let holders = ok(&aws, "ListEntitiesForPolicy", &[("PolicyArn", &arn)]).await;
    assert_eq!(texts(&holders, "RoleName"), ["r"]);

    assert_eq!(refused(&aws, "DeleteRole", &[role]).await, "DeleteConflict");
    for policy in [arn.as_str(), "arn:aws:iam::aws:policy/AmazonSageMakerFullAccess"] {
        ok(&aws, "DetachRolePolicy", &[role, ("PolicyArn", policy)]).await;
    }
    assert_eq!(refused(&aws, "DeleteRole", &[role]).await, "DeleteConflict");
    ok(&aws, "DeleteRolePolicy", &[role, ("PolicyName", "p")]).await;
    ok(&aws, "DeleteRole", &[role]).await;
    ok(&aws, "DeletePolicy", &[("PolicyArn", &arn)]).await;
}

#[tokio::test]
async fn a_policy_has_up_to_five_versions() {
    let aws = Client::new();
    let document = |action: &str| {
        format!(r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"{action}","Resource":"*"}}]}}"#)
    };
    let made = ok(&aws, "CreatePolicy", &[("PolicyName", "own"), ("PolicyDocument", &document("s3:Get0"))]).await;
    let arn = texts(&made, "Arn").remove(0);
    let of = |number: &'static str| [("PolicyArn", arn.as_str()), ("VersionId", number)];
    for at in 1..5 {
        let text = document(&format!("s3:Get{at}"));
        let set = if at % 2 == 0 { "true" } else { "false" };
        let form = [("PolicyArn", arn.as_str()), ("PolicyDocument", &text), ("SetAsDefault", set)];
        ok(&aws, "CreatePolicyVersion", &form).await;
    }
    let text = document("s3:Get9");
    let form = [("PolicyArn", arn.as_str()), ("PolicyDocument", text.as_str())];
    assert_eq!(refused(&aws, "CreatePolicyVersion", &form).await, "LimitExceeded");
    let shown = ok(&aws, "GetPolicy", &[("PolicyArn", &arn)]).await;
    assert_eq!(texts(&shown, "DefaultVersionId"), ["v5"]);
    assert_eq!(refused(&aws, "DeletePolicyVersion", &of("v5")).await, "DeleteConflict");
    assert_eq!(refused(&aws, "DeletePolicy", &[("PolicyArn", &arn)]).await, "DeleteConflict");
    ok(&aws, "SetDefaultPolicyVersion", &of("v2")).await;
    for number in ["v1", "v3", "v4", "v5"] {
        ok(&aws, "DeletePolicyVersion", &of(number)).await;
    }
    // A number is never used again.
    ok(&aws, "CreatePolicyVersion", &form).await;
    let listed = ok(&aws, "ListPolicyVersions", &[("PolicyArn", &arn)]).await;
    assert_eq!(texts(&listed, "VersionId"), ["v6", "v2"]);
    assert_eq!(refused(&aws, "GetPolicyVersion", &of("v1")).await, "NoSuchEntity");
    ok(&aws, "TagPolicy", &[("PolicyArn", &arn), ("Tags.member.1.Key", "a"), ("Tags.member.1.Value", "1")]).await;
    assert_eq!(texts(&ok(&aws, "GetPolicy", &[("PolicyArn", &arn)]).await, "Key"), ["a"]);
    ok(&aws, "UntagPolicy", &[("PolicyArn", &arn), ("TagKeys.member.1", "a")]).await;
    assert_eq!(texts(&ok(&aws, "GetPolicy", &[("PolicyArn", &arn)]).await, "Key"), [""; 0]);
}

#[tokio::test]
async fn policies_of_aws_are_there_and_stay() {
    let aws = Client::new();
    let arn = ("PolicyArn", "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy");
    let shown = ok(&aws, "GetPolicy", &[arn]).await;
    assert_eq!(
        (texts(&shown, "PolicyName").remove(0), texts(&shown, "Path").remove(0)),
        ("AmazonECSTaskExecutionRolePolicy".to_owned(), "/service-role/".to_owned())
    );
    ok(&aws, "GetPolicyVersion", &[arn, ("VersionId", "v1")]).await;
    assert_eq!(refused(&aws, "DeletePolicy", &[arn]).await, "AccessDenied");
    for nothing in ["arn:aws:iam::aws:policy/", "arn:aws-cn:iam::aws:policy/AmazonSageMakerFullAccess", "x"] {
        assert_eq!(refused(&aws, "GetPolicy", &[("PolicyArn", nothing)]).await, "NoSuchEntity");
    }
    let document = r#"{"Statement": []}"#;
    ok(&aws, "CreatePolicy", &[("PolicyName", "own"), ("Path", "/team/"), ("PolicyDocument", document)]).await;
    let names = async |fields: &[(&str, &str)]| texts(&ok(&aws, "ListPolicies", fields).await, "PolicyName");
    assert_eq!(names(&[("Scope", "Local")]).await, ["own"]);
    assert_eq!(names(&[("PathPrefix", "/team/")]).await, ["own"]);
    assert!(names(&[]).await.contains(&"AmazonSageMakerFullAccess".to_owned()));
    assert_eq!(names(&[("OnlyAttached", "true")]).await, Vec::<String>::new());
    assert_eq!(refused(&aws, "ListPolicies", &[("Scope", "Mine")]).await, "ValidationError");
}

#[tokio::test]
async fn names_and_documents_are_checked() {
    let aws = Client::new();
    let long = "r".repeat(65);
    for (fields, code) in [
        (vec![("AssumeRolePolicyDocument", TRUST)], "ValidationError"),
        (vec![("RoleName", long.as_str()), ("AssumeRolePolicyDocument", TRUST)], "ValidationError"),
        (vec![("RoleName", "a b"), ("AssumeRolePolicyDocument", TRUST)], "ValidationError"),
        (vec![("RoleName", "r"), ("AssumeRolePolicyDocument", "{")], "MalformedPolicyDocument"),
        (vec![("RoleName", "r"), ("AssumeRolePolicyDocument", TRUST), ("Path", "x")], "ValidationError"),
        (vec![("RoleName", "r"), ("AssumeRolePolicyDocument", TRUST), ("MaxSessionDuration", "1")], "ValidationError"),
    ] {
        assert_eq!(refused(&aws, "CreateRole", &fields).await, code, "{fields:?}");
    }
    assert_eq!(refused(&aws, "CreateGroup", &[]).await, "InvalidAction");
    let untouched = aws.ok("ListModels", json!({})).await;
    assert_eq!(untouched, json!({"Models": []}));
}
