//! What went wrong in a call, reduced to what decisions and messages need.

use std::error::Error;
use std::fmt::Write as _;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::request_id::RequestId;
use smform_provider::{ProviderError, Retry};

use crate::reach::Unreached;
use crate::silence::is_after_silence;

/// A service, by the prefix of its actions in policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    SageMaker,
    Ec2,
    Sts,
    Iam,
    Scaling,
    CloudWatch,
    Logs,
    Quotas,
    Kms,
}

impl Service {
    const fn prefix(self) -> &'static str {
        match self {
            Service::SageMaker => "sagemaker",
            Service::Ec2 => "ec2",
            Service::Sts => "sts",
            Service::Iam => "iam",
            Service::Scaling => "application-autoscaling",
            Service::CloudWatch => "cloudwatch",
            Service::Logs => "logs",
            Service::Quotas => "servicequotas",
            Service::Kms => "kms",
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Service::SageMaker => "SageMaker",
            Service::Ec2 => "EC2",
            Service::Sts => "STS",
            Service::Iam => "IAM",
            Service::Scaling => "Application Auto Scaling",
            Service::CloudWatch => "CloudWatch",
            Service::Logs => "CloudWatch Logs",
            Service::Quotas => "Service Quotas",
            Service::Kms => "AWS KMS",
        }
    }
}

/// How far the call got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// There were no credentials to sign it with.
    NoCredentials,
    /// It was not sent.
    NotSent,
    /// The host could not be reached, not even once.
    NotReached,
    /// No answer came.
    NoAnswer,
    /// An answer came that is not one of this service.
    Unreadable,
    /// The service refused.
    Refused,
}

/// A failed call.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    service: Service,
    operation: &'static str,
    stage: Stage,
    code: Option<String>,
    message: String,
    status: Option<u16>,
    request_id: Option<String>,
    /// Whether an earlier attempt had no answer.
    after_silence: bool,
}

/// Turns the SDK's error for an operation into a [`Failure`].
pub(crate) fn failed<E>(service: Service, operation: &'static str) -> impl FnOnce(SdkError<E, HttpResponse>) -> Failure
where
    E: Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    move |error| {
        let status = error.raw_response().map(|answer| answer.status().as_u16());
        let after_silence = error.raw_response().is_some_and(is_after_silence);
        let request_id = error.request_id().map(str::to_owned);
        let metadata = error.as_service_error().map(ProvideErrorMetadata::meta);
        let code = metadata.and_then(|metadata| metadata.code()).map(|code| short_code(code).to_owned());
        let message = metadata.and_then(|metadata| metadata.message()).map(str::to_owned);
        let stage = match &error {
            SdkError::ServiceError(_) if code.is_some() => Stage::Refused,
            SdkError::ServiceError(_) | SdkError::ResponseError(_) => Stage::Unreadable,
            _ if is_about_credentials(&error) => Stage::NoCredentials,
            _ if unreached(&error).is_some() => Stage::NotReached,
            SdkError::ConstructionFailure(_) => Stage::NotSent,
            _ => Stage::NoAnswer,
        };
        let message = message.unwrap_or_else(|| reason(&error));
        Failure { service, operation, stage, code, message, status, request_id, after_silence }
    }
}

/// An error code without the namespace or address that some services put around it.
fn short_code(code: &str) -> &str {
    let code = code.rsplit_once('#').map_or(code, |(_, code)| code);
    code.split_once(':').map_or(code, |(code, _)| code)
}

fn is_about_credentials(error: &(dyn Error + 'static)) -> bool {
    chain(error).any(|error| error.is::<CredentialsError>())
}

fn unreached<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e Unreached> {
    chain(error).find_map(|error| error.downcast_ref::<Unreached>())
}

fn chain<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| {
        let error: &'e (dyn Error + 'static) = *error;
        error.source()
    })
}

/// Why a call had no answer, in words: that of the host, if that is the reason, since what the SDK says around it, that the
/// dispatch failed, tells nobody anything.
#[must_use]
pub fn reason(error: &(dyn Error + 'static)) -> String {
    unreached(error).map_or_else(|| causes(error), |why| causes(why))
}

/// The texts of an error and what caused it, each once.
fn causes(error: &(dyn Error + 'static)) -> String {
    let mut text = String::new();
    for cause in chain(error).map(ToString::to_string) {
        if !text.contains(&cause) {
            let separator = if text.is_empty() { "" } else { ": " };
            let _ = write!(text, "{separator}{cause}");
        }
    }
    text
}

impl Failure {
    /// The service's error code, when it answered with one.
    pub(crate) fn code(&self) -> &str {
        self.code.as_deref().unwrap_or_default()
    }

    /// The same, with what it was about said in its words.
    pub(crate) fn about(self, what: &str) -> Failure {
        Failure { message: format!("{what}: {}", self.message), ..self }
    }

    /// The operation that was called.
    pub(crate) const fn operation(&self) -> &'static str {
        self.operation
    }

    /// The service's words, or why there were none.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// Whether the service refused with this code and a message that begins so, in whatever case. SageMaker has one code
    /// for nearly everything, so the beginning of the text is the only thing that tells one refusal from another.
    pub(crate) fn is(&self, code: &str, beginning: &str) -> bool {
        let begins = self.message.get(..beginning.len()).is_some_and(|text| text.eq_ignore_ascii_case(beginning));
        self.code() == code && begins
    }

    /// Whether what answers does not have the operation at all, as imitations of AWS that know a part of it.
    pub(crate) fn is_unsupported(&self) -> bool {
        let codes = [
            "UnknownOperationException",
            "UnknownOperation",
            "InvalidAction",
            "NotImplemented",
            "UnsupportedOperation",
        ];
        codes.contains(&self.code()) || self.stage == Stage::Unreadable
    }

    /// Whether the caller lacks a permission.
    pub(crate) fn is_denied(&self) -> bool {
        matches!(
            self.code(),
            "AccessDenied"
                | "AccessDeniedException"
                | "UnauthorizedOperation"
                | "NotAuthorized"
                | "Client.UnauthorizedOperation"
        )
    }

    /// The action that a policy must allow for the call: the one that the service names, which may be another than the one
    /// that was called, or else that of the call.
    pub(crate) fn action(&self) -> String {
        let named = self.message().split_once("authorized to perform: ").map(|(_, rest)| rest);
        let named =
            named.and_then(|rest| rest.split_whitespace().next()).map(|action| action.trim_end_matches(['.', ',']));
        if let Some(action) = named.filter(|action| action.contains(':')) {
            return action.to_owned();
        }
        format!("{}:{}", self.service.prefix(), self.operation)
    }

    /// Whether nothing is known about the outcome, or the service asked to come back later.
    pub(crate) fn is_passing(&self) -> bool {
        self.is_unanswered() || self.stage == Stage::NotReached || self.is_throttled()
    }

    /// Whether what was asked may have been done all the same: by this attempt, or by one before it.
    pub(crate) fn is_open(&self) -> bool {
        self.is_unanswered() || self.after_silence
    }

    /// Whether what is in the way of a new object may be the object itself, made by an attempt before this answer. When
    /// there was none without an answer, somebody else has made it since one has looked.
    pub(crate) const fn may_be_ours(&self) -> bool {
        self.after_silence
    }

    /// The failure of a call that repeats another one, of which it may be unknown what it did.
    pub(crate) fn repeating(self, open: bool) -> Failure {
        Failure { after_silence: self.after_silence || open, ..self }
    }

    /// Whether what was asked may have been done by the last attempt, of which nothing is known.
    fn is_unanswered(&self) -> bool {
        // A failure of the service is one whatever the status it comes with.
        let is_internal = matches!(
            self.code(),
            "InternalFailure" | "InternalServerError" | "InternalError" | "InternalServiceError" | "ServiceUnavailable"
        );
        let is_success = self.status.is_some_and(|status| (200..300).contains(&status));
        self.stage == Stage::NoAnswer
            || self.stage == Stage::Unreadable && is_success
            || is_internal
            || self.status.is_some_and(|status| status >= 500) && !self.is_throttled()
    }

    fn is_throttled(&self) -> bool {
        matches!(
            self.code(),
            "Throttling"
                | "ThrottlingException"
                | "ThrottledException"
                | "RequestThrottledException"
                | "RequestLimitExceeded"
                | "TooManyRequestsException"
        ) || self.status == Some(429)
    }

    /// As an error to report, with advice on what to do where the cause is understood.
    pub(crate) fn into_error(self, summary: impl Into<String>) -> ProviderError {
        let detail = self.explained();
        let retry = if self.is_passing() { Retry::Later } else { Retry::Never };
        let open = self.is_open();
        ProviderError {
            summary: summary.into(),
            detail,
            operation: Some(self.operation),
            code: self.code,
            request_id: self.request_id,
            retry,
            attribute: None,
            under_way: false,
            open,
        }
    }

    /// Whether the call was not made because there are no credentials to make it with.
    pub(crate) const fn lacks_credentials(&self) -> bool {
        matches!(self.stage, Stage::NoCredentials)
    }

    /// Sentences: what happened, and what to do.
    pub(crate) fn explained(&self) -> String {
        // The SDK says first, in several ways, that it could not load credentials; what is after that says why.
        let why = self.message.rsplit_once("loading credentials: ").map_or(&*self.message, |(_, why)| why);
        let words = sentence(why);
        match self.stage {
            Stage::NoCredentials => format!(
                "No usable AWS credentials were found: {words} smform looks in the provider block, then in \
                 AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, the profile (AWS_PROFILE), web identity, and the \
                 metadata of the container or instance. Run \"aws sso login\" or \"aws configure\", or add -sandbox to \
                 try without an account."
            ),
            Stage::NotSent => format!("The request could not be made: {words}"),
            Stage::NotReached => format!(
                "{words} Check the region, the network and the proxy (HTTPS_PROXY), and AWS_ENDPOINT_URL or endpoints in \
                 the provider block if they are set."
            ),
            Stage::NoAnswer => format!(
                "{} did not answer: {words} Check the network, the proxy (HTTPS_PROXY) and the region, then run the \
                 command again; it continues from what is recorded.",
                self.service.name()
            ),
            Stage::Unreadable => format!(
                "The answer is not one of {}{}: {words} If an endpoint URL is configured, what stands behind it may not \
                 implement {}.",
                self.service.name(),
                self.status.map(|status| format!(" (HTTP status {status})")).unwrap_or_default(),
                self.operation
            ),
            Stage::Refused => self.advised(words),
        }
    }

    fn advised(&self, words: String) -> String {
        if self.is_denied() {
            let action = self.action();
            return format!("{words} Allow the action {action} in a policy of the identity that runs smform.");
        }
        if self.is_throttled() {
            return format!(
                "{words} The account's request rate was exceeded and did not recover after several tries. Run the \
                 command again later, or with a lower -parallelism."
            );
        }
        match self.code() {
            "ExpiredToken" | "ExpiredTokenException" | "RequestExpired" => format!(
                "{words} The AWS session has expired. Sign in again (\"aws sso login\", or renew the temporary \
                 credentials) and run the command again; it continues from what is recorded."
            ),
            "UnrecognizedClientException"
            | "InvalidClientTokenId"
            | "AuthFailure"
            | "MissingAuthenticationToken"
            | "MissingAuthenticationTokenException" => format!(
                "{words} AWS does not know these credentials. Check which are used with \"aws sts \
                 get-caller-identity\", and that the region is enabled for the account."
            ),
            "SignatureDoesNotMatch" | "InvalidSignatureException" => format!(
                "{words} The secret key does not fit the access key, or the clock of this machine is wrong by more than \
                 five minutes."
            ),
            "ResourceLimitExceeded" => format!("{words} Nothing was changed by this call."),
            _ => words,
        }
    }
}

/// Text with a full stop at the end, so that another sentence can follow.
pub(crate) fn sentence(text: &str) -> String {
    let text = text.trim();
    if text.is_empty() || text.ends_with(['.', '!', '?']) { text.to_owned() } else { format!("{text}.") }
}
