use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime::client::identity::IdentityCache;
use aws_smithy_types::retry::RetryConfig;
use bytes::Bytes;

use super::*;
use crate::transport::{self, Transport};

/// Answers in turn with what was written down, and keeps what it was asked.
#[derive(Default)]
struct Recorded {
    answers: Mutex<VecDeque<Result<(u16, &'static str), &'static str>>>,
    asked: Mutex<Vec<http::Request<Bytes>>>,
}

#[async_trait]
impl Transport for Recorded {
    async fn answer(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, String> {
        self.asked.lock().unwrap().push(request);
        let (status, body) = self.answers.lock().unwrap().pop_front().unwrap_or(Err("nothing is written down"))?;
        Ok(http::Response::builder().status(status).header("x-amzn-requestid", "id-1").body(body.into()).unwrap())
    }
}

fn client(api: &'static Api, answers: &[Result<(u16, &'static str), &'static str>]) -> (Rpc, Arc<Recorded>) {
    let service = Arc::new(Recorded { answers: Mutex::new(answers.iter().copied().collect()), ..Recorded::default() });
    let credentials = Credentials::new("AKID", "secret", Some("session".to_owned()), None, "test");
    let config = SdkConfig::builder()
        .behavior_version(aws_config::BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(transport::http_client(Arc::clone(&service) as Arc<dyn Transport>))
        .retry_config(
            RetryConfig::standard().with_max_attempts(3).with_initial_backoff(std::time::Duration::from_millis(1)),
        )
        .sleep_impl(aws_smithy_async::rt::sleep::SharedAsyncSleep::new(aws_smithy_async::rt::sleep::TokioSleep::new()))
        .build();
    (Rpc::new(api, &config, IdentityCache::lazy().build(), "eu-west-1", None), service)
}

const GONE: &str = "<ErrorResponse xmlns=\"x\"><Error><Type>Sender</Type><Code>NoSuchEntity</Code>\
    <Message>The role with name r cannot be found.</Message></Error><RequestId>x</RequestId></ErrorResponse>";

#[tokio::test]
async fn a_form_is_signed_and_its_answer_read() {
    let body = "<GetRoleResponse><GetRoleResult><Role><RoleName>r</RoleName></Role></GetRoleResult></GetRoleResponse>";
    let (client, service) = client(&IAM, &[Ok((200, body))]);
    let answer = client.query("GetRole", Form::new().text("RoleName", Some("r"))).await.unwrap();
    assert_eq!(answer.child("Role").and_then(|role| role.text("RoleName")), Some("r"));
    let asked = service.asked.lock().unwrap();
    let request = asked.first().unwrap();
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    assert_eq!((request.method().as_str(), request.uri().to_string().as_str()), ("POST", "https://iam.amazonaws.com/"));
    assert_eq!(header("content-type"), "application/x-www-form-urlencoded");
    // IAM is signed for in the region where it is at home.
    let scope = header("authorization");
    assert!(
        scope.starts_with("AWS4-HMAC-SHA256 Credential=AKID/") && scope.contains("/us-east-1/iam/aws4_request"),
        "{scope}"
    );
    assert_eq!(header("x-amz-security-token"), "session");
    assert!(header("user-agent").contains("aws-sdk-rust") && !header("amz-sdk-invocation-id").is_empty());
    assert_eq!(&request.body()[..], b"Action=GetRole&Version=2010-05-08&RoleName=r");
}

#[tokio::test]
async fn json_is_signed_and_its_answer_read() {
    let (client, service) = client(&SCALING, &[Ok((200, r#"{"ScalableTargets": []}"#)), Ok((200, ""))]);
    let body = json!({"ServiceNamespace": "sagemaker"});
    assert_eq!(client.json("DescribeScalableTargets", &body).await.unwrap(), json!({"ScalableTargets": []}));
    assert_eq!(client.json("TagResource", &body).await.unwrap(), json!({}));
    let asked = service.asked.lock().unwrap();
    let request = asked.first().unwrap();
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    assert_eq!(request.uri().host(), Some("application-autoscaling.eu-west-1.amazonaws.com"));
    assert_eq!(header("x-amz-target"), "AnyScaleFrontendService.DescribeScalableTargets");
    assert!(header("authorization").contains("/eu-west-1/application-autoscaling/aws4_request"));
    assert_eq!(serde_json::from_slice::<Json>(request.body()).unwrap(), body);
}

#[tokio::test]
async fn refusals_have_code_words_and_request() {
    let (client, _) = client(&IAM, &[Ok((404, GONE))]);
    let failure = client.query("GetRole", Form::new()).await.unwrap_err();
    assert!(failure.is("NoSuchEntity", "The role with name r"), "{failure:?}");
    assert_eq!(failure.into_error("s").request_id.as_deref(), Some("id-1"));
    for body in [
        r#"{"__type": "com.amazonaws#ObjectNotFoundException:http://x", "Message": "No target"}"#,
        r#"{"__type": "ObjectNotFoundException", "message": "No target"}"#,
    ] {
        let (client, _) = self::client(&SCALING, &[Ok((400, body))]);
        let failure = client.json("DeleteScalingPolicy", &json!({})).await.unwrap_err();
        assert!(failure.is("ObjectNotFoundException", "No target"), "{failure:?}");
    }
    let denied = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no.</Message></Error></ErrorResponse>";
    let (client, _) = self::client(&CLOUDWATCH, &[Ok((403, denied))]);
    let error = client.query("DescribeAlarms", Form::new()).await.unwrap_err().into_error("s");
    assert!(error.detail.contains("cloudwatch:DescribeAlarms"), "{error}");
}

#[tokio::test]
async fn what_passes_is_tried_again_and_what_does_not_is_not() {
    let throttled =
        "<ErrorResponse><Error><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>";
    let done = "<DeleteRoleResponse><ResponseMetadata/></DeleteRoleResponse>";
    let (client, service) = client(&IAM, &[Ok((400, throttled)), Err("cut"), Ok((200, done))]);
    client.query("DeleteRole", Form::new()).await.unwrap();
    assert_eq!(service.asked.lock().unwrap().len(), 3);
    let (client, service) = self::client(
        &QUOTAS,
        &[Ok((400, r#"{"__type": "TooManyRequestsException"}"#)), Ok((503, "")), Ok((200, "{}"))],
    );
    client.json("ListServiceQuotas", &json!({})).await.unwrap();
    assert_eq!(service.asked.lock().unwrap().len(), 3);
    let (client, service) = self::client(&IAM, &[Ok((404, GONE)), Ok((200, done))]);
    assert!(client.query("DeleteRole", Form::new()).await.is_err());
    assert_eq!(service.asked.lock().unwrap().len(), 1);
    // What never passes ends all the same.
    let (client, service) = self::client(&IAM, &[]);
    let error = client.query("DeleteRole", Form::new()).await.unwrap_err().into_error("s");
    assert!(error.detail.contains("IAM did not answer") && error.detail.contains("nothing is written down"), "{error}");
    assert_eq!(service.asked.lock().unwrap().len(), 3);
}

#[tokio::test]
async fn answers_of_something_else_are_told_from_refusals() {
    for (api, status, body) in
        [(&IAM, 200, "<html/>"), (&IAM, 404, "not found"), (&SCALING, 200, "<html/>"), (&SCALING, 404, "[]")]
    {
        let (client, _) = client(api, &[Ok((status, body))]);
        let failure = match api.protocol {
            Protocol::Query { .. } => client.query("GetRole", Form::new()).await.unwrap_err(),
            Protocol::Json { .. } => client.json("PutScalingPolicy", &json!({})).await.unwrap_err(),
        };
        let text = failure.into_error("s").detail;
        assert!(text.contains("The answer is not one of"), "{status} {body}: {text}");
    }
}

#[tokio::test]
async fn lists_are_read_to_their_last_page() {
    let page = |marker: &str| {
        format!("<XResponse><XResult><Names><member>a{marker}</member></Names>{marker}</XResult></XResponse>")
    };
    let (first, last) = (page("<Marker>2</Marker>"), page(""));
    let (client, service) = client(&IAM, &[Ok((200, String::leak(first))), Ok((200, String::leak(last)))]);
    let found = client.listed("ListRolePolicies", Form::new(), "Names").await.unwrap();
    assert_eq!(found.len(), 2);
    assert!(service.asked.lock().unwrap()[1].body().ends_with(b"&Marker=2"));
    let answers = [Ok((200, r#"{"Items": [1], "NextToken": "t"}"#)), Ok((200, r#"{"Items": [2]}"#))];
    let (client, service) = self::client(&SCALING, &answers);
    assert_eq!(client.listed_json("DescribeScalingPolicies", json!({}), "Items").await.unwrap(), [json!(1), json!(2)]);
    assert_eq!(&service.asked.lock().unwrap()[1].body()[..], br#"{"NextToken":"t"}"#);
    // A service that says the same page over and over does not hold anybody up.
    let endless = [Ok((200, r#"{"Items": [1], "NextToken": "t"}"#)), Ok((200, r#"{"Items": [2], "NextToken": "t"}"#))];
    let (client, _) = self::client(&SCALING, &endless);
    assert_eq!(client.listed_json("DescribeScalingPolicies", json!({}), "Items").await.unwrap().len(), 2);
}
