//! Requests that are no AWS requests, or not ones that the sandbox knows.

use bytes::Bytes;
use http::Request;
use serde_json::json;
use smform_sandbox::BODY_LIMIT;

use crate::support::{Client, authorization, json_reply, query_request, sagemaker_request, texts};

#[tokio::test]
async fn unknown_operations() {
    let aws = Client::new();
    for operation in ["CreateTrainingJob", "", "Nonsense\u{e9}"] {
        let request = Request::post("/")
            .header("authorization", authorization("us-east-1", "sagemaker"))
            .header(
                "x-amz-target",
                http::HeaderValue::from_bytes(format!("SageMaker.{operation}").as_bytes()).expect("a value"),
            )
            .body(Bytes::from_static(b"{}"))
            .expect("a request");
        let refusal = json_reply(&aws.sandbox.handle(request).await.expect("a reply")).expect_err("refused");
        assert_eq!((refusal.status, refusal.code.as_str()), (400, "UnknownOperationException"));
    }
    for service in ["ec2", "sts"] {
        let response = aws.sandbox.handle(query_request(service, "", "RunInstances", &[])).await.expect("a reply");
        let text = String::from_utf8_lossy(response.body()).into_owned();
        assert_eq!(
            (response.status().as_u16(), texts(&text, "Code")),
            (400, vec!["InvalidAction".to_owned()]),
            "{text}"
        );
    }
}

#[tokio::test]
async fn services_that_are_not_imitated() {
    let aws = Client::new();
    for (service, body, status, part) in [
        ("s3", "", 501, "<Error><Code>NotImplemented</Code>"),
        ("sns", "Action=ListTopics&Version=2010-03-31", 400, "<Code>InvalidAction</Code>"),
        ("lambda", "{}", 400, "\"UnknownOperationException\""),
    ] {
        let request = Request::post("/some/path")
            .header("authorization", authorization("us-east-1", service))
            .body(Bytes::from_static(body.as_bytes()))
            .expect("a request");
        let response = aws.sandbox.handle(request).await.expect("a reply");
        let text = String::from_utf8_lossy(response.body());
        assert_eq!(response.status().as_u16(), status, "{service}");
        assert!(text.contains(part) && text.contains("Service Quotas and STS, not"), "{text}");
    }
}

#[tokio::test]
async fn malformed_bodies() {
    let aws = Client::new();
    for body in ["{", "[]", "\"x\"", "nul", "{\"ModelName\": }", "\u{feff}"] {
        let request = sagemaker_request("us-east-1", "DescribeModel", body.to_owned());
        let refusal = json_reply(&aws.sandbox.handle(request).await.expect("a reply")).expect_err("refused");
        assert_eq!((refusal.status, refusal.code.as_str()), (400, "SerializationException"), "{body}");
    }
    let invalid_utf8 =
        sagemaker_request("us-east-1", "DescribeModel", Bytes::from_static(b"{\"ModelName\": \"\xff\"}"));
    json_reply(&aws.sandbox.handle(invalid_utf8).await.expect("a reply")).expect_err("refused");
    let form = Request::post("/")
        .header("authorization", authorization("us-east-1", "ec2"))
        .body(Bytes::from_static(b"%%%=&&&\xff=\xfe"))
        .expect("a request");
    let response = aws.sandbox.handle(form).await.expect("a reply");
    assert_eq!(texts(&String::from_utf8_lossy(response.body()), "Code"), ["MissingAction"]);
}

#[tokio::test]
async fn bodies_that_are_too_large() {
    let aws = Client::new();
    let request = sagemaker_request("us-east-1", "CreateModel", vec![b' '; BODY_LIMIT + 1]);
    let refusal = json_reply(&aws.sandbox.handle(request).await.expect("a reply")).expect_err("refused");
    assert_eq!((refusal.status, refusal.code.as_str()), (413, "RequestEntityTooLargeException"));
}

#[tokio::test]
async fn unsigned_requests() {
    let aws = Client::new();
    let json = Request::post("/").header("x-amz-target", "SageMaker.ListModels").body(Bytes::new()).expect("a request");
    let refusal = json_reply(&aws.sandbox.handle(json).await.expect("a reply")).expect_err("refused");
    assert_eq!((refusal.status, refusal.code.as_str()), (403, "MissingAuthenticationTokenException"));
    let query =
        Request::post("/").body(Bytes::from_static(b"Action=DescribeVpcs&Version=2016-11-15")).expect("a request");
    let response = aws.sandbox.handle(query).await.expect("a reply");
    assert_eq!(response.status(), 403);
    assert_eq!(texts(&String::from_utf8_lossy(response.body()), "Code"), ["MissingAuthenticationToken"]);
    let torn = Request::post("/")
        .header("authorization", "AWS4-HMAC-SHA256 Credential=x")
        .header("x-amz-target", "SageMaker.ListModels")
        .body(Bytes::new())
        .expect("a request");
    let refusal = json_reply(&aws.sandbox.handle(torn).await.expect("a reply")).expect_err("refused");
    assert_eq!(refusal.code, "IncompleteSignatureException");
}

#[tokio::test]
async fn null_members_count_as_absent_and_an_empty_body_as_empty() {
    let aws = Client::new();
    aws.ok("ListModels", json!({"NextToken": null, "MaxResults": null})).await;
    let empty = sagemaker_request("us-east-1", "ListModels", Bytes::new());
    json_reply(&aws.sandbox.handle(empty).await.expect("a reply")).expect("accepted");
}

#[tokio::test]
async fn sts_says_who_is_calling() {
    let aws = Client::new();
    let send = async |action: &str, fields: &[(&str, &str)]| {
        let response = aws.sandbox.handle(query_request("sts", "2011-06-15", action, fields)).await.expect("a reply");
        (response.status().as_u16(), String::from_utf8(response.body().to_vec()).expect("utf-8"))
    };
    let (status, text) = send("GetCallerIdentity", &[]).await;
    assert_eq!((status, texts(&text, "Account")), (200, vec!["123456789012".to_owned()]));
    assert!(text.contains(
        "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>"
    ));
    let role = ("RoleArn", "arn:aws:iam::123456789012:role/deploy");
    let (status, text) = send("AssumeRole", &[role, ("RoleSessionName", "s")]).await;
    assert_eq!(
        (status, texts(&text, "Arn")),
        (200, vec!["arn:aws:sts::123456789012:assumed-role/deploy/s".to_owned()])
    );
    let (status, text) = send("AssumeRole", &[("RoleArn", "arn:aws:iam::1:role/x"), ("RoleSessionName", "s")]).await;
    assert_eq!((status, texts(&text, "Code")), (403, vec!["AccessDenied".to_owned()]));
}
