use serde_json::{Value as Json, json};
use smform_provider::{CreateOutcome, UpdateOutcome};
use smform_types::Value;

use crate::support::{ENDPOINT, World, endpoint_body, serving, shown, world};

const ALARM: &str = "aws_cloudwatch_metric_alarm";

fn alarm(more: Json) -> Json {
    let mut body = json!({"alarm_name": "errors", "comparison_operator": "GreaterThanThreshold", "evaluation_periods": 1,
        "metric_name": "Invocation5XXErrors", "namespace": "AWS/SageMaker", "period": 60, "statistic": "Sum",
        "threshold": 5, "dimensions": {"EndpointName": "e", "VariantName": "MyVariant"}});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

/// What another client tells CloudWatch.
async fn tell(world: &World, operation: &str, body: Json) {
    let scope = "Credential=A/20260101/us-east-1/monitoring/aws4_request, SignedHeaders=host, Signature=0";
    let request = http::Request::post("https://monitoring.us-east-1.amazonaws.com/")
        .header("x-amz-target", format!("GraniteServiceVersion20100801.{operation}"))
        .header("authorization", format!("AWS4-HMAC-SHA256 {scope}"))
        .body(body.to_string().into_bytes().into())
        .unwrap();
    let answer = world.sandbox.handle(request).await.unwrap();
    assert_eq!(answer.status(), 200, "{operation}: {:?}", answer.body());
}

#[tokio::test]
async fn an_alarm_lives() {
    let world = world().await;
    let body = alarm(json!({"tags": {"a": "1"}}));
    let made = world.create(ALARM, &body).await;
    let text = |name: &str| made.get(name).and_then(Value::as_str).unwrap_or_default();
    assert_eq!(text("id"), "errors");
    assert_eq!(text("arn"), "arn:aws:cloudwatch:us-east-1:123456789012:alarm:errors");
    assert_eq!(shown(&world.import(ALARM, "errors").await.unwrap()), shown(&made));
    // A second one of the name is somebody else's, though the service would replace it.
    match world.try_create(ALARM, &body).await {
        CreateOutcome::Failed(error) => assert!(error.detail.contains("import ADDRESS errors"), "{error}"),
        other => panic!("{other:?}"),
    }
    let changed =
        alarm(json!({"threshold": 0.5, "treat_missing_data": "breaching", "ok_actions": ["arn:aws:sns:a:b:c"],
        "alarm_description": "too many <errors> & such", "tags": {"b": "2"}}));
    let made = world.update(ALARM, &made, &changed).await;
    let query = json!({"metric_query": [
        {"id": "e", "expression": "m / 2", "label": "half", "return_data": true},
        {"id": "m", "metric": {"metric_name": "Invocations", "namespace": "AWS/SageMaker", "period": 60, "stat": "p90",
            "dimensions": {"EndpointName": "e"}}},
    ]});
    let one_metric = ["metric_name", "namespace", "period", "statistic", "dimensions"];
    let mut queried = alarm(query);
    for name in one_metric {
        queried[name] = Json::Null;
    }
    let made = world.update(ALARM, &made, &queried).await;
    world.delete(ALARM, &made).await;
}

#[tokio::test]
async fn mistakes_are_found_offline() {
    let world = world().await;
    let said = |more: Json| world.validate(ALARM, &alarm(more));
    assert_eq!(said(json!({})), [""; 0]);
    assert_eq!(said(json!({"metric_name": null})), ["Error metric_name: What is watched?"]);
    assert_eq!(said(json!({"statistic": null})), ["Error metric_name: Which statistic?"]);
    assert_eq!(said(json!({"extended_statistic": "p90"})), ["Error extended_statistic: Which statistic?"]);
    for statistic in
        ["p88.0", "p0.0", "p100", "tm90", "TM(2%:98%)", "TM(150:1000)", "IQM", "wm98", "PR(:300)", "TC(80%:)"]
    {
        assert_eq!(said(json!({"statistic": null, "extended_statistic": statistic})), [""; 0], "{statistic}");
    }
    for statistic in ["IQM(1:2)", "iqm10", "WM", "p", "p101", "AB(1:2)", "cd42", "TM(:)", "TM(1:2"] {
        let found = said(json!({"statistic": null, "extended_statistic": statistic}));
        assert_eq!(found, ["Error extended_statistic: Invalid value for extended_statistic"], "{statistic}");
    }
    assert_eq!(said(json!({"threshold_metric_id": "e"})), ["Error threshold_metric_id: Conflicting arguments"]);
    assert_eq!(said(json!({"period": 45})), ["Error period: Invalid value for period"]);
    assert_eq!(
        said(json!({"datapoints_to_alarm": 2})),
        ["Error datapoints_to_alarm: Invalid value for datapoints_to_alarm"]
    );
    assert_eq!(
        said(json!({"namespace": null, "evaluation_periods": null})),
        ["Error metric_name: Missing argument", "Error metric_name: Missing argument",]
    );
    let query = json!({"id": "m", "expression": "1", "metric": {"metric_name": "x", "period": 60, "stat": "Sum"}});
    assert_eq!(said(json!({"metric_query": [query.clone()]})), ["Error metric_query: What is watched?"]);
    // What is not known yet may be anything.
    assert_eq!(said(json!({"metric_name": "?", "period": "?", "threshold": "?"})), [""; 0]);
    let criteria = json!({"promql_criteria": {"query": "up == 0"}});
    let alone = json!({"alarm_name": "a", "evaluation_criteria": criteria});
    assert_eq!(world.validate(ALARM, &alone), ["Error evaluation_criteria: Missing argument"]);
    let whole = json!({"alarm_name": "a", "evaluation_criteria": criteria, "evaluation_interval": 60});
    assert_eq!(world.validate(ALARM, &whole), [""; 0]);
}

#[tokio::test]
async fn an_alarm_rolls_a_deployment_back() {
    let (world, endpoint) = serving().await;
    // Without data, it stays as it is.
    world.create(ALARM, &alarm(json!({"treat_missing_data": "ignore"}))).await;
    let mut body = endpoint_body("e", "two");
    let routing = json!({"type": "ALL_AT_ONCE", "wait_interval_in_seconds": 600});
    body["deployment_config"] = json!({"auto_rollback_configuration": {"alarms": [{"alarm_name": "errors"}]},
        "blue_green_update_policy": {"traffic_routing_configuration": routing}});
    let datum = json!({"MetricName": "Invocation5XXErrors", "Value": 9,
        "Dimensions": [{"Name": "VariantName", "Value": "MyVariant"}, {"Name": "EndpointName", "Value": "e"}]});
    tell(&world, "PutMetricData", json!({"Namespace": "AWS/SageMaker", "MetricData": [datum]})).await;
    match world.try_update(ENDPOINT, &endpoint, &body).await {
        UpdateOutcome::Partial(now, error) => {
            assert!(error.summary.contains("rolled back"), "{error}");
            assert!(error.detail.contains("alarm \"errors\"") && error.detail.contains("ALARM"), "{error}");
            let next =
                "Alarm \"errors\" is in state ALARM now. As long as that lasts, SageMaker rolls back every update";
            assert!(error.detail.contains(next), "{error}");
            assert_eq!(now.get("endpoint_config_name").and_then(Value::as_str), Some("one"));
        }
        other => panic!("{other:?}"),
    }
    assert!(world.run.progress.lock().unwrap().iter().any(|status| status.contains("RollingBack")));
    let warned = async || {
        let plan = world.plan(ENDPOINT, Some(&endpoint), &body).await.unwrap();
        plan.diagnostics.iter().map(|warning| warning.summary.clone()).collect::<Vec<_>>()
    };
    let earlier = "An earlier update of endpoint \"e\" failed";
    assert_eq!(warned().await, [earlier, "An alarm would roll this update back"]);
    // The alarm is quiet again.
    let quiet = json!({"AlarmName": "errors", "StateValue": "OK", "StateReason": "looked at"});
    tell(&world, "SetAlarmState", quiet).await;
    assert_eq!(warned().await, [earlier]);
    world.update(ENDPOINT, &endpoint, &body).await;
}
