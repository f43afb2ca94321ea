//! Services that are called without an SDK crate of their own.
//!
//! The crates for IAM, CloudWatch and its logs, Application Auto Scaling and Service Quotas take a minute of a processor to build
//! between them, for two dozen operations that are used here. What they do is done by the crates underneath, which are
//! there anyway: this puts those together in the same way, so that credentials, signatures, retries, time limits,
//! endpoint settings and errors are the same as those of the other services.

mod endpoint;
mod error;
mod query;

use std::fmt;

use aws_runtime::auth::sigv4::{SCHEME_ID, SigV4AuthScheme};
use aws_runtime::auth::{SigV4OperationSigningConfig, SigningOptions};
use aws_runtime::invocation_id::InvocationIdInterceptor;
use aws_runtime::request_info::RequestInfoInterceptor;
use aws_runtime::retries::classifiers::AwsErrorCodeClassifier;
use aws_runtime::service_clock_skew::{ServiceClockSkewClassifier, ServiceClockSkewInterceptor};
use aws_runtime::user_agent::{ApiMetadata, UserAgentInterceptor};
use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime::client::retries::classifiers::{HttpStatusCodeClassifier, TransientErrorClassifier};
use aws_smithy_runtime_api::client::auth::static_resolver::StaticAuthSchemeOptionResolver;
use aws_smithy_runtime_api::client::auth::{AuthSchemeOptionResolverParams, SharedAuthScheme};
use aws_smithy_runtime_api::client::identity::SharedIdentityCache;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, OrchestratorError};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponentsBuilder;
use aws_smithy_runtime_api::client::runtime_plugin::StaticRuntimePlugin;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::Layer;
use aws_types::region::{Region, SigningRegion};
use aws_types::{SdkConfig, SigningName};
use serde_json::{Value as Json, json};

use crate::failure::{Failure, Service, failed};
use endpoint::Endpoint;
use error::Refusal;
pub(crate) use query::{Element, Form};

/// What is to be known of a service to call it.
#[derive(Debug)]
pub(crate) struct Api {
    service: Service,
    /// Its id, as settings of endpoints have it: `AWS_ENDPOINT_URL_<ID>`.
    id: &'static str,
    /// Its name in hosts, and in signatures.
    host: &'static str,
    protocol: Protocol,
}

#[derive(Clone, Copy, Debug)]
enum Protocol {
    /// A form in, XML out.
    Query { version: &'static str },
    /// JSON in, JSON out, and what operations are prefixed with.
    Json { target: &'static str },
}

/// IAM, which has one host for all regions of a partition.
pub(crate) static IAM: Api =
    Api { service: Service::Iam, id: "IAM", host: "iam", protocol: Protocol::Query { version: "2010-05-08" } };

/// CloudWatch.
pub(crate) static CLOUDWATCH: Api = Api {
    service: Service::CloudWatch,
    id: "CloudWatch",
    host: "monitoring",
    protocol: Protocol::Query { version: "2010-08-01" },
};

/// Application Auto Scaling.
pub(crate) static SCALING: Api = Api {
    service: Service::Scaling,
    id: "Application Auto Scaling",
    host: "application-autoscaling",
    protocol: Protocol::Json { target: "AnyScaleFrontendService" },
};

/// CloudWatch Logs.
pub(crate) static LOGS: Api = Api {
    service: Service::Logs,
    id: "CloudWatch Logs",
    host: "logs",
    protocol: Protocol::Json { target: "Logs_20140328" },
};

/// Service Quotas.
pub(crate) static QUOTAS: Api = Api {
    service: Service::Quotas,
    id: "Service Quotas",
    host: "servicequotas",
    protocol: Protocol::Json { target: "ServiceQuotasV20190624" },
};

/// The Key Management Service.
pub(crate) static KMS: Api =
    Api { service: Service::Kms, id: "KMS", host: "kms", protocol: Protocol::Json { target: "TrentService" } };

/// A client of one service in one region.
#[derive(Clone)]
pub(crate) struct Rpc {
    api: &'static Api,
    config: SdkConfig,
    identities: SharedIdentityCache,
    endpoint: Endpoint,
}

/// Without the configuration, which holds credentials.
impl fmt::Debug for Rpc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rpc").field("api", &self.api.id).field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

impl Rpc {
    /// A client. `url` is the endpoint that the provider block sets; without one, the environment and the profile are
    /// looked at, as the SDK does.
    pub(crate) fn new(
        api: &'static Api,
        config: &SdkConfig,
        identities: SharedIdentityCache,
        region: &str,
        url: Option<&str>,
    ) -> Rpc {
        let endpoint = endpoint::of(api, config, region, url);
        Rpc { api, config: config.clone(), identities, endpoint }
    }

    /// Calls an operation of a service that speaks the query protocol: its result element.
    pub(crate) async fn query(&self, operation: &'static str, form: Form) -> Result<Element, Failure> {
        let body = match self.api.protocol {
            Protocol::Query { version } => form.encoded(operation, version),
            Protocol::Json { .. } => String::new(),
        };
        self.invoke(operation, body, query::result).await
    }

    /// The members of a list that an operation of the query protocol answers with, from all pages.
    pub(crate) async fn listed(
        &self,
        operation: &'static str,
        form: Form,
        list: &str,
    ) -> Result<Vec<Element>, Failure> {
        let mut found = Vec::new();
        let mut token: Option<(&'static str, String)> = None;
        loop {
            let page = match &token {
                Some((name, token)) => form.clone().text(name, Some(token)),
                None => form.clone(),
            };
            let answer = self.query(operation, page).await?;
            // IAM has markers, CloudWatch has tokens.
            let next = ["Marker", "NextToken"].into_iter().find_map(|name| Some((name, answer.text(name)?.to_owned())));
            found.extend(answer.into_members(list));
            if next.is_none() || next == token {
                return Ok(found);
            }
            token = next;
        }
    }

    /// Calls an operation of a service that speaks JSON.
    pub(crate) async fn json(&self, operation: &'static str, body: &Json) -> Result<Json, Failure> {
        self.invoke(operation, body.to_string(), |bytes| {
            if bytes.is_empty() {
                return Ok(json!({}));
            }
            serde_json::from_slice(bytes).map_err(|error| error.to_string())
        })
        .await
    }

    /// The items of a list that an operation with JSON answers with, from all pages.
    pub(crate) async fn listed_json(
        &self,
        operation: &'static str,
        mut body: Json,
        list: &str,
    ) -> Result<Vec<Json>, Failure> {
        let mut found = Vec::new();
        loop {
            let mut answer = self.json(operation, &body).await?;
            if let Some(Json::Array(items)) = answer.get_mut(list).map(Json::take) {
                found.extend(items);
            }
            // Most have capital letters, CloudWatch Logs has not.
            let next =
                ["NextToken", "nextToken"].into_iter().find_map(|name| Some((name, answer.get(name)?.as_str()?)));
            match next.filter(|(_, token)| !token.is_empty()) {
                Some((name, token)) if body.get(name).and_then(Json::as_str) != Some(token) => {
                    if let Some(body) = body.as_object_mut() {
                        body.insert(name.to_owned(), json!(token));
                    }
                }
                _ => return Ok(found),
            }
        }
    }

    async fn invoke<O: fmt::Debug + Send + Sync + 'static>(
        &self,
        operation: &'static str,
        body: String,
        decode: fn(&[u8]) -> Result<O, String>,
    ) -> Result<O, Failure> {
        let protocol = self.api.protocol;
        let mut built = Operation::builder()
            .service_name(self.api.id)
            .operation_name(operation)
            .endpoint_url(&self.endpoint.url)
            .runtime_plugin(self.plugin())
            .retry_classifier(HttpStatusCodeClassifier::default())
            .retry_classifier(TransientErrorClassifier::<Refusal>::new())
            .retry_classifier(AwsErrorCodeClassifier::<Refusal>::new())
            .retry_classifier(ServiceClockSkewClassifier::<Refusal>::new())
            .interceptor(ServiceClockSkewInterceptor::new())
            .interceptor(RequestInfoInterceptor::new())
            .interceptor(UserAgentInterceptor::new())
            .interceptor(InvocationIdInterceptor::new())
            .with_connection_poisoning();
        if let Some(version) = self.config.behavior_version() {
            built = built.behavior_version(version);
        }
        if let Some(client) = self.config.http_client() {
            built = built.http_client(client);
        }
        if let Some(retries) = self.config.retry_config() {
            built = built.standard_retry(retries);
        }
        if let Some(limits) = self.config.timeout_config() {
            built = built.timeout_config(limits.clone());
        }
        if let Some(sleep) = self.config.sleep_impl() {
            built = built.sleep_impl(sleep);
        }
        if let Some(time) = self.config.time_source() {
            built = built.time_source(time);
        }
        let built = built
            .serializer(move |body: String| request(protocol, operation, body))
            .deserializer(move |response: &HttpResponse| response_of(protocol, response, decode))
            .build();
        built.invoke(body).await.map_err(failed(self.api.service, operation))
    }

    /// How requests are signed, by whom, and for whom.
    fn plugin(&self) -> StaticRuntimePlugin {
        let mut layer = Layer::new(self.api.id);
        layer.store_put(AuthSchemeOptionResolverParams::new(()));
        layer.store_put(SigningName::from_static(self.api.host));
        layer.store_put(SigningRegion::from(Region::new(self.endpoint.signed_for.clone())));
        layer.store_put(ApiMetadata::new(self.api.host, env!("CARGO_PKG_VERSION")));
        layer.store_put(SigV4OperationSigningConfig {
            signing_options: SigningOptions::default(),
            ..SigV4OperationSigningConfig::default()
        });
        if let Some(name) = self.config.app_name() {
            layer.store_put(name.clone());
        }
        let mut components = RuntimeComponentsBuilder::new(self.api.id)
            .with_auth_scheme(SharedAuthScheme::new(SigV4AuthScheme::new()))
            .with_auth_scheme_option_resolver(Some(StaticAuthSchemeOptionResolver::new(vec![SCHEME_ID])))
            .with_identity_cache(Some(self.identities.clone()));
        if let Some(credentials) = self.config.credentials_provider() {
            components.set_identity_resolver(SCHEME_ID, credentials);
        }
        StaticRuntimePlugin::new().with_config(layer.freeze()).with_runtime_components(components)
    }
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

fn request(protocol: Protocol, operation: &str, body: String) -> Result<HttpRequest, BoxError> {
    let mut request = HttpRequest::new(SdkBody::from(body));
    request.set_method("POST")?;
    let headers = request.headers_mut();
    match protocol {
        Protocol::Query { .. } => {
            headers.try_insert("content-type", "application/x-www-form-urlencoded")?;
        }
        Protocol::Json { target } => {
            headers.try_insert("content-type", "application/x-amz-json-1.1")?;
            headers.try_insert("x-amz-target", format!("{target}.{operation}"))?;
        }
    }
    Ok(request)
}

fn response_of<O>(
    protocol: Protocol,
    response: &HttpResponse,
    decode: fn(&[u8]) -> Result<O, String>,
) -> Result<O, OrchestratorError<Refusal>> {
    let body = response.body().bytes().unwrap_or_default();
    if response.status().is_success() {
        return decode(body).map_err(OrchestratorError::other);
    }
    Err(OrchestratorError::operation(match protocol {
        Protocol::Query { .. } => error::of_xml(body),
        Protocol::Json { .. } => error::of_json(body, response.headers().get("x-amzn-errortype")),
    }))
}

#[cfg(test)]
mod tests;
