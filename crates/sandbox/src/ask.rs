//! The front door: which service and operation a request is for, in which protocol.

use bytes::Bytes;
use http::{Method, Request, Response};
use serde_json::{Map, Value};

use crate::sandbox::BODY_LIMIT;
use crate::services::runtime::{self, Invocation};
use crate::services::{JSON_SERVICES, JsonOperation, JsonService, QueryOperation, cloudwatch, ec2, iam, sagemaker};
use crate::wire::query::{Dialect, Params};
use crate::wire::scope::{self, NoScope, Scope};
use crate::wire::xml::Node;
use crate::wire::{ApiError, json11, query};

/// A request that has been understood.
pub(crate) enum Ask {
    SageMaker { operation: &'static sagemaker::Operation, input: Map<String, Value> },
    Ec2 { operation: &'static ec2::Operation, params: Params },
    Json { service: &'static JsonService, operation: &'static JsonOperation, input: Map<String, Value> },
    CloudWatch { operation: &'static JsonOperation, input: Map<String, Value>, query: bool },
    Iam { operation: &'static QueryOperation, params: Params },
    Sts { operation: String, params: Params },
    Runtime(Invocation),
}

/// How to write replies to a request, known before the request is understood.
#[derive(Clone, Copy)]
pub(crate) enum Protocol {
    Json,
    Query(Dialect),
    /// That of S3, which is not imitated; only to be refused in its own way.
    S3,
    /// That of `sagemaker-runtime`: the operation in the path, its members in headers.
    Runtime,
}

/// What an operation answers.
pub(crate) enum Answer {
    Json(Value),
    Xml(Vec<(&'static str, Node)>),
    /// What a JSON protocol would answer, to be written in that of forms.
    Tree(Value),
    Served(runtime::Served),
}

impl Protocol {
    /// Writes an error.
    pub(crate) fn failure(self, id: &str, error: &ApiError) -> Response<Bytes> {
        match self {
            Protocol::Json => json11::failure(id, error),
            Protocol::Query(dialect) => query::failure(dialect, id, error),
            Protocol::S3 => query::bare_failure(id, error),
            Protocol::Runtime => runtime::failure(id, error),
        }
    }

    /// The service that an unsigned request of this protocol is most likely for.
    pub(crate) fn usual_service(self) -> &'static str {
        match self {
            Protocol::Json => "sagemaker",
            Protocol::Query(Dialect::Ec2) => "ec2",
            Protocol::Query(Dialect::Sts) => "sts",
            Protocol::Query(Dialect::Iam) => "iam",
            Protocol::Query(Dialect::CloudWatch) => cloudwatch::SERVICE,
            Protocol::S3 => "s3",
            Protocol::Runtime => runtime::SERVICE,
        }
    }
}

impl Ask {
    /// The service as clients name it.
    pub(crate) fn service(&self) -> &'static str {
        match self {
            Ask::SageMaker { .. } => "sagemaker",
            Ask::Ec2 { .. } => "ec2",
            Ask::Json { service, .. } => service.name,
            Ask::Iam { .. } => "iam",
            Ask::CloudWatch { .. } => cloudwatch::SERVICE,
            Ask::Runtime(_) => runtime::SERVICE,
            Ask::Sts { .. } => "sts",
        }
    }

    /// The operation's name.
    pub(crate) fn operation(&self) -> &str {
        match self {
            Ask::SageMaker { operation, .. } => operation.name,
            Ask::Ec2 { operation, .. } => operation.name,
            Ask::Json { operation, .. } | Ask::CloudWatch { operation, .. } => operation.name,
            Ask::Iam { operation, .. } => operation.name,
            Ask::Runtime(_) => "InvokeEndpoint",
            Ask::Sts { operation, .. } => operation,
        }
    }

    /// Whether the operation changes what is saved.
    pub(crate) fn mutates(&self) -> bool {
        match self {
            Ask::SageMaker { operation, .. } => operation.mutates,
            Ask::Ec2 { operation, .. } => operation.mutates,
            Ask::Json { operation, .. } | Ask::CloudWatch { operation, .. } => operation.mutates,
            Ask::Iam { operation, .. } => operation.mutates,
            Ask::Sts { .. } | Ask::Runtime(_) => false,
        }
    }

    /// The names and ids that identify what the request is about.
    pub(crate) fn names(&self) -> Vec<String> {
        match self {
            Ask::SageMaker { operation, input } => sagemaker::names(operation.name, input),
            Ask::Ec2 { params, .. } => ec2::names(params),
            Ask::Json { service, input, .. } => (service.names)(input),
            Ask::CloudWatch { input, .. } => cloudwatch::names(input),
            Ask::Iam { params, .. } => iam::names(params),
            Ask::Runtime(invocation) => vec![invocation.endpoint.clone()],
            Ask::Sts { params, .. } => params.get("RoleArn").map(str::to_owned).into_iter().collect(),
        }
    }

    /// The service's own throttling error.
    pub(crate) fn throttled(&self) -> ApiError {
        match self {
            Ask::SageMaker { .. } => ApiError::new("ThrottlingException", "Rate exceeded"),
            Ask::Ec2 { .. } => ApiError::new("RequestLimitExceeded", "Request limit exceeded.").with_status(503),
            Ask::Runtime(_) => ApiError::new("ThrottlingException", "Rate exceeded"),
            Ask::Json { service, .. } => ApiError::new(service.throttling, "Rate exceeded"),
            Ask::Iam { .. } | Ask::Sts { .. } | Ask::CloudWatch { .. } => ApiError::new("Throttling", "Rate exceeded"),
        }
    }
}

/// Whether a service is imitated, by the name that signatures have.
fn is_imitated(service: &str) -> bool {
    ["sagemaker", "ec2", "sts", "iam", cloudwatch::SIGNED_FOR].contains(&service)
        || JSON_SERVICES.iter().any(|known| known.signed_for == service)
}

/// Every operation that is imitated, by service as clients name it.
pub(crate) fn operations() -> Vec<(&'static str, Vec<&'static str>)> {
    let json = JSON_SERVICES.iter().map(|service| {
        let names: Vec<&'static str> = service.operations.iter().map(|operation| operation.name).collect();
        (service.name, names)
    });
    let others = vec![
        ("sagemaker", sagemaker::OPERATIONS.iter().map(|operation| operation.name).collect()),
        (runtime::SERVICE, vec!["InvokeEndpoint"]),
        ("ec2", ec2::OPERATIONS.iter().map(|operation| operation.name).collect()),
        ("iam", iam::OPERATIONS.iter().map(|operation| operation.name).collect()),
        (cloudwatch::SERVICE, cloudwatch::OPERATIONS.iter().map(|operation| operation.name).collect()),
        ("sts", crate::services::sts::OPERATIONS.to_vec()),
    ];
    others.into_iter().chain(json).collect()
}

/// The target that a JSON request names.
fn target(request: &Request<Bytes>) -> Option<&str> {
    request.headers().get("x-amz-target").map(|value| value.to_str().unwrap_or_default())
}

/// How to reply: by the target header, else by the signature's service, else by the form.
pub(crate) fn protocol_of(request: &Request<Bytes>) -> Protocol {
    if target(request).is_some() {
        return Protocol::Json;
    }
    if runtime::is_path(request.uri().path()) {
        return Protocol::Runtime;
    }
    match scope::of(request.headers(), request.uri()) {
        Ok(scope) if scope.service == "sagemaker" => Protocol::Json,
        Ok(scope) if scope.service == "sts" => Protocol::Query(Dialect::Sts),
        Ok(scope) if scope.service == "iam" => Protocol::Query(Dialect::Iam),
        Ok(scope) if scope.service == cloudwatch::SIGNED_FOR => Protocol::Query(Dialect::CloudWatch),
        Ok(scope) if scope.service == "ec2" => Protocol::Query(Dialect::Ec2),
        Ok(scope) if scope.service == "s3" => Protocol::S3,
        other => {
            let params = Params::parse(request.uri().query().unwrap_or_default(), body_within_limit(request));
            match (params.get("Action"), params.get("Version")) {
                (Some(_), Some("2016-11-15")) => Protocol::Query(Dialect::Ec2),
                (Some(_), Some("2010-05-08")) => Protocol::Query(Dialect::Iam),
                (Some(_), Some("2010-08-01")) => Protocol::Query(Dialect::CloudWatch),
                (Some(_), _) => Protocol::Query(Dialect::Sts),
                // Another service's REST protocol, most likely with JSON inside.
                (None, _) if other.is_ok() => Protocol::Json,
                (None, _) => Protocol::Query(Dialect::Ec2),
            }
        }
    }
}

fn body_within_limit(request: &Request<Bytes>) -> &[u8] {
    if request.body().len() > BODY_LIMIT { &[] } else { request.body() }
}

/// Reads a request; a failure comes with the operation's name as far as it is known.
pub(crate) fn understand(protocol: Protocol, request: &Request<Bytes>) -> Result<(Scope, Ask), (String, ApiError)> {
    let named = match protocol {
        Protocol::Json => target(request).unwrap_or_default().rsplit('.').next().unwrap_or_default().to_owned(),
        Protocol::Runtime => "InvokeEndpoint".to_owned(),
        Protocol::S3 => String::new(),
        Protocol::Query(_) => {
            let params = Params::parse(request.uri().query().unwrap_or_default(), body_within_limit(request));
            params.get("Action").unwrap_or_default().to_owned()
        }
    };
    read(protocol, request, &named).map_err(|error| (named, error))
}

fn read(protocol: Protocol, request: &Request<Bytes>, named: &str) -> Result<(Scope, Ask), ApiError> {
    if request.body().len() > BODY_LIMIT {
        let code = match protocol {
            Protocol::Json | Protocol::Runtime => "RequestEntityTooLargeException",
            Protocol::Query(_) | Protocol::S3 => "RequestEntityTooLarge",
        };
        let text = format!("The request body is larger than {BODY_LIMIT} bytes.");
        return Err(ApiError::new(code, text).with_status(413));
    }
    let scope = scope::of(request.headers(), request.uri()).map_err(|problem| {
        let (json, query, text) = match problem {
            NoScope::Missing => (
                "MissingAuthenticationTokenException",
                "MissingAuthenticationToken",
                "Request is missing Authentication Token",
            ),
            NoScope::Malformed => (
                "IncompleteSignatureException",
                "IncompleteSignature",
                "Authorization header requires a Credential of the form key/date/region/service/aws4_request.",
            ),
        };
        let code = if matches!(protocol, Protocol::Json | Protocol::Runtime) { json } else { query };
        ApiError::new(code, text).with_status(403)
    })?;
    if !is_imitated(&scope.service) {
        let text = format!(
            "The sandbox imitates SageMaker, EC2, IAM, Application Auto Scaling, CloudWatch and its logs, Service Quotas and STS, \
             not {}.",
            scope.service
        );
        // A status that no client retries.
        return Err(match protocol {
            Protocol::Json | Protocol::Runtime => ApiError::new("UnknownOperationException", text),
            Protocol::Query(_) => ApiError::new("InvalidAction", text),
            Protocol::S3 => ApiError::new("NotImplemented", text).with_status(501),
        });
    }
    let ask = match protocol {
        Protocol::Runtime => Ask::Runtime(runtime::read(request)?),
        Protocol::S3 => return Err(ApiError::new("NotImplemented", unknown_text(named)).with_status(501)),
        Protocol::Json => {
            let unknown = || ApiError::new("UnknownOperationException", unknown_text(named));
            let target = target(request).filter(|_| request.method() == Method::POST).ok_or_else(unknown)?;
            match target.split_once('.') {
                Some(("SageMaker", name)) => {
                    let operation = sagemaker::operation(name).ok_or_else(unknown)?;
                    Ask::SageMaker { operation, input: json11::parse(request.body())? }
                }
                Some((cloudwatch::TARGET, name)) => {
                    let operation = cloudwatch::operation(name).ok_or_else(unknown)?;
                    Ask::CloudWatch { operation, input: json11::parse(request.body())?, query: false }
                }
                Some((target, name)) => {
                    let service = JSON_SERVICES.iter().find(|service| service.target == target).ok_or_else(unknown)?;
                    let operation = service.operations.iter().find(|operation| operation.name == name);
                    let operation = operation.ok_or_else(unknown)?;
                    Ask::Json { service, operation, input: json11::parse(request.body())? }
                }
                None => return Err(unknown()),
            }
        }
        Protocol::Query(dialect) => {
            let params = Params::parse(request.uri().query().unwrap_or_default(), request.body());
            if named.is_empty() {
                let text =
                    "The sandbox imitates SageMaker, EC2, IAM and STS here; this request names no operation of them.";
                return Err(ApiError::new("MissingAction", text));
            }
            match dialect {
                Dialect::Iam => {
                    Ask::Iam { operation: iam::operation(named).ok_or_else(|| unknown_action(named))?, params }
                }
                Dialect::CloudWatch => Ask::CloudWatch {
                    operation: cloudwatch::operation(named).ok_or_else(|| unknown_action(named))?,
                    input: cloudwatch::of_query(&params),
                    query: true,
                },
                Dialect::Sts => Ask::Sts { operation: named.to_owned(), params },
                Dialect::Ec2 => {
                    Ask::Ec2 { operation: ec2::operation(named).ok_or_else(|| unknown_action(named))?, params }
                }
            }
        }
    };
    Ok((scope, ask))
}

pub(crate) fn unknown_action(action: &str) -> ApiError {
    ApiError::new("InvalidAction", unknown_text(action))
}

fn unknown_text(operation: &str) -> String {
    format!("The operation {operation:?} is unknown, or one that the sandbox does not imitate.")
}
