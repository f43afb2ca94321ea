//! A client for tests: builds requests by hand and takes replies apart.

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};
use smform_sandbox::faults::Script;
use smform_sandbox::{Dropped, Options, Sandbox, Settings};

pub const IMAGE: &str = "myteam.myorg.com/docker-local/my-inference-image:latest";
pub const ROLE: &str = "arn:aws:iam::123456789012:role/SageMakerExecutionRole";

/// An error reply.
#[derive(Debug, PartialEq)]
pub struct Refusal {
    pub status: u16,
    pub code: String,
    pub message: String,
}

#[derive(Clone)]
pub struct Client {
    pub sandbox: Sandbox,
    pub region: &'static str,
}

impl Client {
    /// A client of a fresh sandbox in memory, whose time stands still.
    pub fn new() -> Client {
        Client::with(Settings::default())
    }

    pub fn with(settings: Settings) -> Client {
        Client::open(Options { settings: Some(settings), ..Options::default() })
    }

    pub fn with_faults(script: Value) -> Client {
        let client = Client::new();
        client.sandbox.set_faults(script_of(script)).expect("a usable script");
        client
    }

    pub fn open(options: Options) -> Client {
        let options = Options { speed: options.speed.or(Some(0.0)), ..options };
        Client { sandbox: Sandbox::open(options).expect("opens"), region: "us-east-1" }
    }

    pub fn advance(&self, seconds: f64) {
        self.sandbox.advance(seconds).expect("advances");
    }

    pub async fn send(&self, operation: &str, input: &Value) -> Result<Response<Bytes>, Dropped> {
        self.sandbox.handle(sagemaker_request(self.region, operation, input.to_string())).await
    }

    /// A SageMaker call.
    pub async fn call(&self, operation: &str, input: Value) -> Result<Value, Refusal> {
        let response = self.send(operation, &input).await.expect("a reply");
        json_reply(&response)
    }

    /// A SageMaker call that must succeed.
    pub async fn ok(&self, operation: &str, input: Value) -> Value {
        let shown = input.to_string();
        match self.call(operation, input).await {
            Ok(value) => value,
            Err(refusal) => panic!("{operation} {shown}: {refusal:?}"),
        }
    }

    /// The message of a SageMaker call that must be refused as invalid.
    pub async fn refused(&self, operation: &str, input: Value) -> String {
        let shown = input.to_string();
        match self.call(operation, input).await {
            Ok(value) => panic!("{operation} {shown} was accepted: {value}"),
            Err(Refusal { status, code, message }) => {
                assert_eq!((status, code.as_str()), (400, "ValidationException"), "{message}");
                message
            }
        }
    }

    pub async fn status(&self, name: &str) -> String {
        let endpoint = self.ok("DescribeEndpoint", json!({"EndpointName": name})).await;
        endpoint["EndpointStatus"].as_str().expect("a status").to_owned()
    }

    /// A model in the private registry, a configuration `config` with `count` instances of it.
    pub async fn config(&self, config: &str, model: &str, count: u64) {
        self.ok("CreateModel", model_input(model)).await;
        self.ok("CreateEndpointConfig", config_input(config, model, count)).await;
    }

    /// An endpoint `e` in service on configuration `c1` of model `m1`.
    pub async fn endpoint(&self, count: u64) {
        self.config("c1", "m1", count).await;
        self.ok("CreateEndpoint", json!({"EndpointName": "e", "EndpointConfigName": "c1"})).await;
        self.advance(300.0);
        assert_eq!(self.status("e").await, "InService");
    }

    /// An EC2 call.
    pub async fn ec2(&self, action: &str, fields: &[(&str, &str)]) -> Result<String, Refusal> {
        let response = self.sandbox.handle(query_request("ec2", "2016-11-15", action, fields)).await.expect("a reply");
        let text = String::from_utf8(response.body().to_vec()).expect("utf-8");
        if response.status() == 200 {
            assert!(text.contains(&format!("<{action}Response xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\">")));
            return Ok(text);
        }
        let part = |name| texts(&text, name).into_iter().next().unwrap_or_default();
        Err(Refusal { status: response.status().as_u16(), code: part("Code"), message: part("Message") })
    }

    pub async fn ec2_ok(&self, action: &str, fields: &[(&str, &str)]) -> String {
        match self.ec2(action, fields).await {
            Ok(text) => text,
            Err(refusal) => panic!("{action} {fields:?}: {refusal:?}"),
        }
    }

    /// Code and message of an EC2 call that must fail.
    pub async fn ec2_refused(&self, action: &str, fields: &[(&str, &str)]) -> (String, String) {
        match self.ec2(action, fields).await {
            Ok(text) => panic!("{action} {fields:?} was accepted: {text}"),
            Err(refusal) => (refusal.code, refusal.message),
        }
    }
}

pub fn script_of(script: Value) -> Script {
    serde_json::from_value(script).expect("a script")
}

pub fn model_input(name: &str) -> Value {
    json!({
        "ModelName": name,
        "PrimaryContainer": {
            "ContainerHostname": "ModelContainer",
            "Image": IMAGE,
            "ImageConfig": {"RepositoryAccessMode": "Vpc"},
        },
        "ExecutionRoleArn": ROLE,
        "VpcConfig": {
            "SecurityGroupIds": ["sg-0123456789abcdef0"],
            "Subnets": ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
        },
    })
}

pub fn config_input(name: &str, model: &str, count: u64) -> Value {
    json!({
        "EndpointConfigName": name,
        "ProductionVariants": [{
            "VariantName": "V", "ModelName": model, "InitialInstanceCount": count, "InstanceType": "ml.m5.large",
        }],
    })
}

pub fn authorization(region: &str, service: &str) -> String {
    format!("AWS4-HMAC-SHA256 Credential=AK/20260102/{region}/{service}/aws4_request, SignedHeaders=host, Signature=00")
}

pub fn sagemaker_request(region: &str, operation: &str, body: impl Into<Bytes>) -> Request<Bytes> {
    Request::post("/")
        .header("authorization", authorization(region, "sagemaker"))
        .header("content-type", "application/x-amz-json-1.1")
        .header("x-amz-target", format!("SageMaker.{operation}"))
        .body(body.into())
        .expect("a request")
}

pub fn query_request(service: &str, version: &str, action: &str, fields: &[(&str, &str)]) -> Request<Bytes> {
    let mut body = form_urlencoded::Serializer::new(String::new());
    body.append_pair("Action", action).append_pair("Version", version).extend_pairs(fields);
    Request::post("/")
        .header("authorization", authorization("us-east-1", service))
        .header("content-type", "application/x-www-form-urlencoded; charset=utf-8")
        .body(body.finish().into())
        .expect("a request")
}

pub fn json_reply(response: &Response<Bytes>) -> Result<Value, Refusal> {
    assert!(response.headers().contains_key("x-amzn-requestid"));
    let body: Value = serde_json::from_slice(response.body()).expect("JSON");
    if response.status() == 200 {
        return Ok(body);
    }
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    let message = if body["Message"].is_string() { text("Message") } else { text("message") };
    Err(Refusal { status: response.status().as_u16(), code: text("__type"), message })
}

/// The texts of all elements of a name.
pub fn texts(xml: &str, name: &str) -> Vec<String> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    xml.split(&open)
        .skip(1)
        .filter_map(|rest| rest.split_once(&close))
        .map(|(text, _)| quick_xml::escape::unescape(text).expect("escaped").into_owned())
        .collect()
}
