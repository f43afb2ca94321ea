//! CloudWatch: alarms, the metrics that they watch, and the deployments that watch them.

use http::Request;
use serde_json::{Value, json};

use crate::support::{Client, Refusal, authorization, json_reply};

async fn call(aws: &Client, operation: &str, input: Value) -> Result<Value, Refusal> {
    let request = Request::post("/")
        .header("authorization", authorization("us-east-1", "monitoring"))
        .header("x-amz-target", format!("GraniteServiceVersion20100801.{operation}"))
        .body(input.to_string().into())
        .expect("a request");
    json_reply(&aws.sandbox.handle(request).await.expect("a reply"))
}

async fn form(aws: &Client, body: &str) -> String {
    let request = Request::post("/")
        .header("authorization", authorization("us-east-1", "monitoring"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(format!("{body}&Version=2010-08-01").into())
        .expect("a request");
    let reply = aws.sandbox.handle(request).await.expect("a reply");
    String::from_utf8(reply.body().to_vec()).expect("text")
}

fn alarm(more: Value) -> Value {
    let mut alarm = json!({"AlarmName": "a", "Namespace": "N", "MetricName": "m", "Period": 60, "EvaluationPeriods": 2,
        "Statistic": "Maximum", "Threshold": 10.0, "ComparisonOperator": "GreaterThanThreshold"});
    alarm.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    alarm
}

async fn state(aws: &Client) -> String {
    let found = call(aws, "DescribeAlarms", json!({"AlarmNames": ["a"]})).await.expect("described");
    found["MetricAlarms"][0]["StateValue"].as_str().unwrap_or_default().to_owned()
}

async fn put(aws: &Client, value: f64) {
    let data = json!({"Namespace": "N", "MetricData": [{"MetricName": "m", "Value": value}]});
    call(aws, "PutMetricData", data).await.expect("put");
}

#[tokio::test]
async fn an_alarm_follows_its_metric() {
    let aws = Client::new();
    call(&aws, "PutMetricAlarm", alarm(json!({}))).await.expect("put");
    assert_eq!(state(&aws).await, "INSUFFICIENT_DATA");
    put(&aws, 11.0).await;
    // Two periods must breach.
    assert_eq!(state(&aws).await, "OK");
    aws.advance(60.0);
    put(&aws, 12.0).await;
    assert_eq!(state(&aws).await, "ALARM");
    aws.advance(600.0);
    assert_eq!(state(&aws).await, "INSUFFICIENT_DATA");
    // By hand, until there is newer data.
    let by_hand = json!({"AlarmName": "a", "StateValue": "ALARM", "StateReason": "a drill"});
    call(&aws, "SetAlarmState", by_hand).await.expect("set");
    aws.advance(600.0);
    assert_eq!(state(&aws).await, "ALARM");
    put(&aws, 1.0).await;
    aws.advance(1.0);
    assert_eq!(state(&aws).await, "OK");
    call(&aws, "DeleteAlarms", json!({"AlarmNames": ["a", "nobody"]})).await.expect("deleted");
    let gone = call(&aws, "SetAlarmState", json!({"AlarmName": "a", "StateValue": "OK", "StateReason": ""})).await;
    assert_eq!(gone.expect_err("gone").code, "ResourceNotFound");
}

#[tokio::test]
async fn missing_data_counts_as_the_alarm_says() {
    let aws = Client::new();
    for (treatment, expected) in [("breaching", "ALARM"), ("notBreaching", "OK"), ("ignore", "INSUFFICIENT_DATA")] {
        call(&aws, "PutMetricAlarm", alarm(json!({"TreatMissingData": treatment}))).await.expect("put");
        assert_eq!(state(&aws).await, expected, "{treatment}");
        call(&aws, "DeleteAlarms", json!({"AlarmNames": ["a"]})).await.expect("deleted");
    }
    let refused = call(&aws, "PutMetricAlarm", alarm(json!({"Period": 45}))).await.expect_err("refused");
    assert_eq!(refused.code, "ValidationError");
}

#[tokio::test]
async fn older_clients_speak_in_forms() {
    let aws = Client::new();
    let made = form(
        &aws,
        "Action=PutMetricAlarm&AlarmName=a&Namespace=N&MetricName=m&Period=60&EvaluationPeriods=1&Statistic=Sum\
         &Threshold=1.5&ComparisonOperator=GreaterThanThreshold&Dimensions.member.1.Name=d&Dimensions.member.1.Value=v\
         &Tags.member.1.Key=k&Tags.member.1.Value=t",
    )
    .await;
    assert!(
        made.contains("<PutMetricAlarmResponse xmlns=\"http://monitoring.amazonaws.com/doc/2010-08-01/\">"),
        "{made}"
    );
    let shown = form(&aws, "Action=DescribeAlarms&AlarmNames.member.1=a").await;
    for part in [
        "<MetricAlarms><member>",
        "<Threshold>1.5</Threshold>",
        "<Dimensions><member><Name>d</Name><Value>v</Value></member></Dimensions>",
        "<StateUpdatedTimestamp>20",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let tags =
        form(&aws, "Action=ListTagsForResource&ResourceARN=arn:aws:cloudwatch:us-east-1:123456789012:alarm:a").await;
    assert!(tags.contains("<Key>k</Key><Value>t</Value>"), "{tags}");
    let refused = form(&aws, "Action=SetAlarmState&AlarmName=b&StateValue=OK&StateReason=x").await;
    assert!(refused.contains("<Code>ResourceNotFound</Code>"), "{refused}");
}

#[tokio::test]
async fn a_deployment_goes_back_when_its_alarm_goes_off() {
    let aws = Client::new();
    aws.endpoint(1).await;
    aws.config("c2", "m2", 1).await;
    call(&aws, "PutMetricAlarm", alarm(json!({}))).await.expect("put");
    let policy = json!({"AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "other"}, {"AlarmName": "a"}]},
        "BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 600}}});
    let update = json!({"EndpointName": "e", "EndpointConfigName": "c2", "DeploymentConfig": policy});
    aws.ok("UpdateEndpoint", update.clone()).await;
    aws.advance(400.0);
    assert_eq!(aws.status("e").await, "Updating");
    let by_hand = json!({"AlarmName": "a", "StateValue": "ALARM", "StateReason": "a drill"});
    call(&aws, "SetAlarmState", by_hand).await.expect("set");
    assert_eq!(aws.status("e").await, "RollingBack");
    let described = aws.ok("DescribeEndpoint", json!({"EndpointName": "e"})).await;
    assert_eq!(
        described["PendingDeploymentSummary"]["ProductionVariants"][0]["VariantStatus"][0]["Status"],
        "Deleting"
    );
    aws.advance(120.0);
    let described = aws.ok("DescribeEndpoint", json!({"EndpointName": "e"})).await;
    assert_eq!((&described["EndpointStatus"], &described["EndpointConfigName"]), (&json!("InService"), &json!("c1")));
    assert!(described["FailureReason"].as_str().unwrap_or_default().contains("alarm \"a\""), "{described}");
    // One that goes off after the end changes nothing.
    let quiet = json!({"AlarmName": "a", "StateValue": "OK", "StateReason": "over"});
    call(&aws, "SetAlarmState", quiet).await.expect("set");
    aws.ok("UpdateEndpoint", update).await;
    aws.advance(2_000.0);
    let late = json!({"AlarmName": "a", "StateValue": "ALARM", "StateReason": "late"});
    call(&aws, "SetAlarmState", late).await.expect("set");
    let described = aws.ok("DescribeEndpoint", json!({"EndpointName": "e"})).await;
    assert_eq!((&described["EndpointStatus"], &described["EndpointConfigName"]), (&json!("InService"), &json!("c2")));
}
