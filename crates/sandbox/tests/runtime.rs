//! Invoking endpoints: who serves, what is refused, and that nothing is lost while endpoints change.

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};

use crate::support::{Client, authorization, config_input, model_input};

fn request(endpoint: &str, headers: &[(&str, &str)]) -> Request<Bytes> {
    let mut request = Request::post(format!("/endpoints/{endpoint}/invocations"))
        .header("authorization", authorization("us-east-1", "sagemaker"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Bytes::from_static(b"{}")).expect("a request")
}

async fn invoke(aws: &Client, headers: &[(&str, &str)]) -> Response<Bytes> {
    aws.sandbox.handle(request("e", headers)).await.expect("a reply")
}

async fn served(aws: &Client, headers: &[(&str, &str)]) -> Value {
    let response = invoke(aws, headers).await;
    let text = String::from_utf8_lossy(response.body()).into_owned();
    assert_eq!(response.status(), 200, "{text}");
    let body: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(response.headers()["x-amzn-invoked-production-variant"], body["variant"].as_str().expect("a variant"));
    body
}

async fn refused(aws: &Client, headers: &[(&str, &str)]) -> (u16, String, String) {
    let response = invoke(aws, headers).await;
    let body: Value = serde_json::from_slice(response.body()).expect("JSON");
    let code = response.headers()["x-amzn-errortype"].to_str().expect("text").to_owned();
    (response.status().as_u16(), code, body["message"].as_str().expect("a message").to_owned())
}

#[tokio::test]
async fn weights_divide_the_traffic() {
    let aws = Client::new();
    aws.ok("CreateModel", model_input("m")).await;
    let mut config = config_input("c", "m", 1);
    let mut second = config["ProductionVariants"][0].clone();
    (second["VariantName"], second["InitialVariantWeight"]) = (json!("W"), json!(3.0));
    config["ProductionVariants"].as_array_mut().expect("a list").push(second);
    aws.ok("CreateEndpointConfig", config).await;
    let not_there = refused(&aws, &[]).await;
    assert_eq!(not_there.0, 400);
    assert_eq!(not_there.2, "Endpoint e of account 123456789012 not found.");
    aws.ok("CreateEndpoint", json!({"EndpointName": "e", "EndpointConfigName": "c"})).await;
    assert_eq!(refused(&aws, &[]).await.1, "ValidationError", "while it is created");
    aws.advance(300.0);

    let mut on_w = 0;
    for _ in 0..400 {
        on_w += u32::from(served(&aws, &[]).await["variant"] == "W");
    }
    assert!((297..=303).contains(&on_w), "{on_w} of 400");
    let target = [("X-Amzn-SageMaker-Target-Variant", "V")];
    assert_eq!(served(&aws, &target).await["variant"], "V");
    let unknown = refused(&aws, &[("X-Amzn-SageMaker-Target-Variant", "X")]).await;
    assert!(unknown.2.contains("Variant X"), "{unknown:?}");
    let echoed = invoke(&aws, &[("X-Amzn-SageMaker-Custom-Attributes", "trace=1")]).await;
    assert_eq!(echoed.headers()["x-amzn-sagemaker-custom-attributes"], "trace=1");
    assert_eq!(aws.sandbox.invocations()["us-east-1"]["e"], json!({"answered": 402, "refused": 3}));

    let weights: Vec<Value> =
        ["V", "W"].iter().map(|name| json!({"VariantName": name, "DesiredWeight": 0.0})).collect();
    let input = json!({"EndpointName": "e", "DesiredWeightsAndCapacities": weights});
    aws.ok("UpdateEndpointWeightsAndCapacities", input).await;
    aws.advance(120.0);
    assert_eq!(refused(&aws, &[]).await.0, 503);
}

#[tokio::test]
async fn nothing_is_lost_while_a_canary_moves_traffic() {
    let aws = Client::new();
    aws.endpoint(4).await;
    aws.config("c2", "m2", 4).await;
    let policy = json!({"BlueGreenUpdatePolicy": {"TerminationWaitInSeconds": 100, "TrafficRoutingConfiguration":
        {"Type": "CANARY", "WaitIntervalInSeconds": 400, "CanarySize": {"Type": "INSTANCE_COUNT", "Value": 1}}}});
    let update = json!({"EndpointName": "e", "EndpointConfigName": "c2", "DeploymentConfig": policy});
    aws.ok("UpdateEndpoint", update).await;
    // Launching takes 288 seconds, then 18 to activate the canary, 400 to watch it.
    let mut shares = Vec::new();
    for _ in 0..9 {
        let mut on_new = 0;
        for _ in 0..100 {
            on_new += u32::from(served(&aws, &[]).await["configuration"] == "c2");
        }
        shares.push(on_new);
        aws.advance(110.0);
    }
    assert_eq!(aws.status("e").await, "InService");
    assert!(shares.windows(2).all(|pair| pair[0] <= pair[1] + 3), "never back: {shares:?}");
    assert_eq!((shares.first(), shares.last()), (Some(&0), Some(&100)), "{shares:?}");
    assert!(shares.iter().any(|share| (23..=27).contains(share)), "a quarter on the canary: {shares:?}");
    aws.ok("DeleteEndpoint", json!({"EndpointName": "e"})).await;
    assert_eq!(refused(&aws, &[]).await.0, 400);
}

#[tokio::test]
async fn a_rollback_never_leaves_the_old_configuration() {
    let aws = Client::with_faults(json!({"rules": [{"match": {"operation": "UpdateEndpoint"},
        "effect": {"failed_container": {}}}]}));
    aws.endpoint(1).await;
    aws.config("c2", "m2", 1).await;
    aws.ok("UpdateEndpoint", json!({"EndpointName": "e", "EndpointConfigName": "c2"})).await;
    for _ in 0..15 {
        assert_eq!(served(&aws, &[]).await["configuration"], "c1");
        aws.advance(100.0);
    }
    assert_eq!(aws.status("e").await, "InService");
}

#[tokio::test]
async fn odd_requests_are_refused() {
    let aws = Client::new();
    for path in ["/endpoints//invocations", "/endpoints/a%20b/invocations", "/endpoints/a/b/invocations"] {
        let request = Request::post(path)
            .header("authorization", authorization("us-east-1", "sagemaker"))
            .body(Bytes::new())
            .expect("a request");
        assert_eq!(aws.sandbox.handle(request).await.expect("a reply").status(), 400, "{path}");
    }
    let unsigned = Request::post("/endpoints/e/invocations").body(Bytes::new()).expect("a request");
    assert_eq!(aws.sandbox.handle(unsigned).await.expect("a reply").status(), 403);
}
