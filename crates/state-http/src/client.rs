//! The requests to the server.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};
use ureq::Agent;
use ureq::http::{HeaderMap, Method, Request, StatusCode, header};
use url::Url;

use crate::settings::Wishes;

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(30);
/// How long a request may take as a whole.
const REQUEST: Duration = Duration::from_secs(600);
/// The largest answer that is read, in bytes.
const MAX_SIZE: u64 = 1 << 30;
/// How much of an answer a message repeats, in characters.
const QUOTED: usize = 300;

/// What the server answered.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Vec<u8>,
    headers: HeaderMap,
}

impl Answer {
    /// Whether what has arrived is what was sent, as far as the server tells.
    pub(crate) fn is_whole(&self) -> bool {
        let told = self.headers.get("content-md5").and_then(|value| STANDARD.decode(value.as_bytes()).ok());
        told.is_none_or(|told| told == Md5::digest(&self.body).as_slice())
    }

    /// Why the server did not do what was asked, and the way out.
    pub(crate) fn refusal(&self, client: &Client) -> String {
        let status = self.status;
        let why = match status {
            StatusCode::UNAUTHORIZED if client.wishes.credentials.is_none() => {
                "the server asks for credentials: give username and password, or TF_HTTP_USERNAME and TF_HTTP_PASSWORD"
            }
            StatusCode::UNAUTHORIZED => "the server does not accept the username and password",
            StatusCode::FORBIDDEN => "the server does not allow this to the user who asks",
            StatusCode::NOT_FOUND => "the server knows no such address",
            StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED => {
                "the server does not know the method: see update_method, lock_method and unlock_method"
            }
            StatusCode::CONFLICT | StatusCode::LOCKED => "the state is locked by another run",
            StatusCode::PAYLOAD_TOO_LARGE => "the server does not take a state of this size",
            status if status.is_server_error() => "the server failed",
            _ => "the server did not do it",
        };
        let said = String::from_utf8_lossy(&self.body);
        let said: String = said.split_whitespace().collect::<Vec<_>>().join(" ");
        let said: String = said.chars().filter(|c| !c.is_control()).take(QUOTED).collect();
        if said.is_empty() { format!("{why} ({status})") } else { format!("{why} ({status}): {said}") }
    }
}

/// A client of one server.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) wishes: Wishes,
    agent: Agent,
}

impl Client {
    pub(crate) fn new(wishes: Wishes) -> Client {
        let config = Agent::config_builder()
            .tls_config(wishes.tls.clone())
            .http_status_as_error(false)
            .allow_non_standard_methods(true)
            .timeout_connect(Some(CONNECT))
            .timeout_global(Some(REQUEST))
            .user_agent("smform");
        Client { wishes, agent: config.build().into() }
    }

    /// Makes a request, again when the server cannot answer for now.
    ///
    /// # Errors
    /// When no answer arrives, in words.
    pub(crate) fn request(&self, method: &Method, url: &Url, body: Option<&[u8]>) -> Result<Answer, String> {
        let retries = self.wishes.retries;
        let mut pause = retries.shortest;
        for _ in 0..retries.most {
            let wait = match self.once(method, url, body) {
                Ok(answer) if is_passing(answer.status) => retry_after(&answer).map_or(pause, |told| told.max(pause)),
                Ok(answer) => return Ok(answer),
                Err(ureq::Error::Io(_) | ureq::Error::ConnectionFailed | ureq::Error::HostNotFound) => pause,
                Err(ureq::Error::Timeout(_) | ureq::Error::Protocol(_)) => pause,
                Err(error) => return Err(error.to_string()),
            };
            std::thread::sleep(wait.min(retries.longest));
            pause = (pause * 2).min(retries.longest);
        }
        self.once(method, url, body).map_err(|error| error.to_string())
    }

    fn once(&self, method: &Method, url: &Url, body: Option<&[u8]>) -> Result<Answer, ureq::Error> {
        let mut request = Request::builder().method(method).uri(url.as_str());
        if let Some((user, password)) = &self.wishes.credentials {
            let pair = STANDARD.encode(format!("{user}:{password}"));
            request = request.header(header::AUTHORIZATION, format!("Basic {pair}"));
        }
        for (name, value) in &self.wishes.headers {
            request = request.header(name, value);
        }
        let mut answer = match body {
            Some(body) => {
                let request = request
                    .header(header::CONTENT_TYPE, "application/json")
                    .header("content-md5", STANDARD.encode(Md5::digest(body)));
                self.agent.run(request.body(body).map_err(ureq::Error::Http)?)?
            }
            None => self.agent.run(request.body(()).map_err(ureq::Error::Http)?)?,
        };
        let body = answer.body_mut().with_config().limit(MAX_SIZE).read_to_vec()?;
        Ok(Answer { status: answer.status(), headers: answer.headers().clone(), body })
    }
}

/// Whether the same request may well succeed later.
fn is_passing(status: StatusCode) -> bool {
    status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED
}

fn retry_after(answer: &Answer) -> Option<Duration> {
    let seconds = answer.headers.get(header::RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}
