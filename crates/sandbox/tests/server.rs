//! The sandbox over HTTP.

use std::time::Duration;

use serde_json::{Value, json};
use smform_sandbox::{ServeError, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use crate::support::{Client, authorization};

/// Sends bytes and reads until the other side closes.
async fn exchange(address: std::net::SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.expect("connects");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut reply = Vec::new();
    // A connection that is cut may end in a reset, which is as good as an end here.
    let _ = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut reply)).await.expect("in time");
    String::from_utf8_lossy(&reply).into_owned()
}

fn post(path: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!("POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}")
}

fn sagemaker(operation: &str, body: &Value) -> String {
    let headers = format!(
        "authorization: {}\r\nx-amz-target: SageMaker.{operation}\r\n",
        authorization("us-east-1", "sagemaker")
    );
    post("/", &headers, &body.to_string())
}

fn body(reply: &str) -> Value {
    let (_, body) = reply.split_once("\r\n\r\n").expect("a body");
    serde_json::from_str(body).expect("JSON")
}

#[tokio::test]
async fn it_serves_aws_and_its_own_paths() {
    let aws = Client::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let address = listener.local_addr().expect("an address");
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(serve(listener, aws.sandbox.clone(), async {
        let _ = stopped.await;
    }));

    let reply = exchange(address, &sagemaker("ListModels", &json!({}))).await;
    assert!(reply.starts_with("HTTP/1.1 200 OK\r\n"), "{reply}");
    assert_eq!(body(&reply), json!({"Models": []}));

    let before = body(&exchange(address, "GET /_sandbox/clock HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await);
    let after = body(&exchange(address, &post("/_sandbox/advance", "", r#"{"seconds": 90}"#)).await);
    let moved = after["seconds"].as_f64().expect("a time") - before["seconds"].as_f64().expect("a time");
    assert!((moved - 90.0).abs() < 0.01, "{moved}");

    let script = r#"{"rules": [{"match": {"operation": "ListModels"}, "nth": 1, "effect": "lost_reply"}]}"#;
    let reply = exchange(address, &post("/_sandbox/faults", "", script)).await;
    assert!(reply.starts_with("HTTP/1.1 200"), "{reply}");
    assert_eq!(exchange(address, &sagemaker("ListModels", &json!({}))).await, "", "cut without a reply");
    assert!(exchange(address, &sagemaker("ListModels", &json!({}))).await.starts_with("HTTP/1.1 200"));
    let reply = exchange(address, &post("/_sandbox/faults", "", r#"{"rules": [{"effect": "explode"}]}"#)).await;
    assert!(reply.starts_with("HTTP/1.1 400"), "{reply}");
    let page = post("/_sandbox/advance", "origin: http://example.org\r\n", r#"{"seconds": 90}"#);
    assert!(exchange(address, &page).await.starts_with("HTTP/1.1 403"));
    assert!(exchange(address, &post("/_sandbox/nothing", "", "")).await.starts_with("HTTP/1.1 404"));
    assert!(exchange(address, &post("/_sandbox/calls", "", "")).await.starts_with("HTTP/1.1 405"));

    let calls = body(&exchange(address, "GET /_sandbox/calls HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await);
    let outcomes: Vec<&str> =
        calls.as_array().expect("a list").iter().filter_map(|call| call["outcome"].as_str()).collect();
    assert_eq!(outcomes, ["ok", "dropped", "ok"]);

    stop.send(()).expect("runs");
    server.await.expect("no panic").expect("ends well");
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn it_refuses_other_addresses() {
    let listener = TcpListener::bind("0.0.0.0:0").await.expect("binds");
    let error = serve(listener, Client::new().sandbox, std::future::pending()).await.expect_err("refused");
    assert!(matches!(error, ServeError::NotLoopback(_)), "{error}");
}
