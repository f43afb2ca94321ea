//! One request at a time: every step has its own time limit and its own way to fail, redirects are followed by hand, and
//! nothing is read without bounds.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty, LengthLimitError, Limited};
use hyper::header::{ACCEPT, AUTHORIZATION, HOST, HeaderMap, HeaderValue, LOCATION, USER_AGENT};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use smform_types::image::unreachable_address;
use tokio::net::{TcpStream, lookup_host};
use tokio::task::JoinSet;
use tokio::time::timeout;
use url::{Host, Url};

use crate::settings::Settings;
use crate::tls::{self, Chain, TlsError};

/// The longest answer that is read. The distribution specification has registries accept manifests of up to 4 MiB.
pub(crate) const LIMIT: usize = 4 * 1024 * 1024;
/// So many redirects in a row are followed.
const HOPS: usize = 5;

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Where it came from in the end.
    pub(crate) url: Url,
    /// The certificates of every host that was asked, in order.
    pub(crate) chains: Vec<(Url, Chain)>,
}

impl Answer {
    /// A header as text; empty when it is absent or not text.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The media type, without parameters, in small letters.
    pub(crate) fn media_type(&self) -> String {
        self.header("content-type").split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) struct Failed {
    /// The host and port that was asked.
    pub(crate) place: String,
    pub(crate) why: Trouble,
    /// The certificates that were seen before.
    pub(crate) chains: Vec<(Url, Chain)>,
}

/// What can go wrong on the way to an answer.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The name has no address; what the resolver said.
    Unresolved(String),
    /// It resolves to where no registry can be: the address, and why it cannot.
    Unusable(IpAddr, &'static str),
    /// No connection: the address, and why.
    Unreachable(IpAddr, String),
    Tls(TlsError),
    /// This step took too long.
    Slow(&'static str),
    /// What was sent is not HTTP, as the end of a sentence.
    NotHttp(String),
    TooLarge,
    /// Redirects led on and on; the last target.
    Loop(Url),
    /// A redirect leads to where it may not: the target, and why not.
    Redirect(String, &'static str),
}

/// Asks for a URL, following redirects. `token` goes to the URL's own host only.
pub(crate) async fn get(settings: &Settings, url: &Url, accept: &str, token: Option<&str>) -> Result<Answer, Failed> {
    let mut chains = Vec::new();
    let mut at = url.clone();
    for _ in 0..=HOPS {
        let token = token.filter(|_| at.origin() == url.origin());
        let result = once(settings, &at, accept, token, &mut chains).await;
        let (status, headers, body) = match result {
            Ok(answer) => answer,
            Err(why) => return Err(Failed { place: place(&at), why, chains }),
        };
        let location = headers.get(LOCATION).and_then(|location| location.to_str().ok());
        let Some(location) = location.filter(|_| status.is_redirection()) else {
            return Ok(Answer { status, headers, body, url: at, chains });
        };
        match follow(&at, location) {
            Ok(next) => at = next,
            Err(why) => return Err(Failed { place: place(&at), why, chains }),
        }
    }
    Err(Failed { place: place(url), why: Trouble::Loop(at), chains })
}

fn follow(from: &Url, location: &str) -> Result<Url, Trouble> {
    let refuse = |why| Err(Trouble::Redirect(location.chars().take(200).collect(), why));
    match from.join(location) {
        Ok(next) if next.scheme() != "https" => refuse("it is not https"),
        Ok(next) if next.host().is_none() => refuse("it has no host"),
        Ok(next) => Ok(next),
        Err(_) => refuse("it is no URL"),
    }
}

/// `host:port` of a URL.
pub(crate) fn place(url: &Url) -> String {
    format!("{}:{}", url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or(443))
}

/// The name that a certificate must be for.
pub(crate) fn server_name(url: &Url) -> Option<ServerName<'static>> {
    match url.host()? {
        Host::Domain(name) => ServerName::try_from(name.to_owned()).ok(),
        Host::Ipv4(address) => Some(ServerName::from(IpAddr::V4(address))),
        Host::Ipv6(address) => Some(ServerName::from(IpAddr::V6(address))),
    }
}

async fn once(
    settings: &Settings,
    url: &Url,
    accept: &str,
    token: Option<&str>,
    chains: &mut Vec<(Url, Chain)>,
) -> Result<(StatusCode, HeaderMap, Bytes), Trouble> {
    let Some(name) = server_name(url) else { return Err(Trouble::Unresolved("it is no host name".to_owned())) };
    let stream = connect(settings, url).await?;
    let handshake = timeout(settings.step, tls::begin(stream, name)).await;
    let (stream, chain) = handshake.map_err(|_| Trouble::Slow("the TLS handshake"))?.map_err(Trouble::Tls)?;
    chains.push((url.clone(), chain));

    let not_http = |error: hyper::Error| Trouble::NotHttp(error.to_string());
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(not_http)?;
    // Dropped with this future, which ends the connection with it.
    let mut running = JoinSet::new();
    running.spawn(connection);
    let request = request(url, accept, token).map_err(|why| Trouble::NotHttp(why.to_owned()))?;
    let answer = timeout(settings.step, sender.send_request(request)).await;
    let answer = answer.map_err(|_| Trouble::Slow("the answer"))?.map_err(not_http)?;
    let (head, body) = answer.into_parts();
    let body = timeout(settings.step, Limited::new(body, LIMIT).collect()).await;
    let body = body.map_err(|_| Trouble::Slow("the body of the answer"))?.map_err(|error| {
        if error.is::<LengthLimitError>() { Trouble::TooLarge } else { Trouble::NotHttp(error.to_string()) }
    })?;
    Ok((head.status, head.headers, body.to_bytes()))
}

fn request(url: &Url, accept: &str, token: Option<&str>) -> Result<Request<Empty<Bytes>>, &'static str> {
    let host = match url.port() {
        Some(port) => format!("{}:{port}", url.host_str().unwrap_or_default()),
        None => url.host_str().unwrap_or_default().to_owned(),
    };
    let target = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
    let mut request = Request::get(target)
        .header(HOST, host)
        .header(USER_AGENT, concat!("smform/", env!("CARGO_PKG_VERSION")))
        .header(ACCEPT, accept);
    if let Some(token) = token {
        let mut value = HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| "the token is not text")?;
        value.set_sensitive(true);
        request = request.header(AUTHORIZATION, value);
    }
    request.body(Empty::new()).map_err(|_| "the URL cannot be asked for")
}

/// Connects to the first address that accepts.
async fn connect(settings: &Settings, url: &Url) -> Result<TcpStream, Trouble> {
    let (host, port) = (url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or(443));
    // An IPv6 address has brackets in a URL only.
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let addresses = match settings.connect_to.get(&(bare.to_owned(), port)) {
        Some(address) => vec![*address],
        None => resolve(url, port, settings.step).await?,
    };
    // A share for each address, so that one that swallows everything leaves time for the next.
    let share = settings.step / u32::try_from(addresses.len().clamp(1, 4)).unwrap_or(1);
    let mut failure = Trouble::Unresolved("no address was found".to_owned());
    for address in addresses.into_iter().take(4) {
        failure = match timeout(share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => Trouble::Unreachable(address.ip(), connection_error(&error)),
            Err(_) => Trouble::Unreachable(address.ip(), format!("no answer within {}", seconds(share))),
        };
    }
    Err(failure)
}

fn connection_error(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::ConnectionRefused => "the connection was refused".to_owned(),
        _ => error.to_string(),
    }
}

/// A duration as `5 s` or `0.5 s`.
pub(crate) fn seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs_f64())
}

async fn resolve(url: &Url, port: u16, limit: Duration) -> Result<Vec<SocketAddr>, Trouble> {
    let addresses: Vec<SocketAddr> = match url.host() {
        Some(Host::Ipv4(address)) => vec![SocketAddr::new(address.into(), port)],
        Some(Host::Ipv6(address)) => vec![SocketAddr::new(address.into(), port)],
        Some(Host::Domain(name)) => {
            let found = timeout(limit, lookup_host((name, port))).await;
            let found = found.map_err(|_| Trouble::Unresolved("the resolver did not answer".to_owned()))?;
            found.map_err(|error| Trouble::Unresolved(error.to_string()))?.collect()
        }
        None => Vec::new(),
    };
    if let Some((address, why)) = addresses.iter().find_map(|a| Some((a.ip(), unreachable_address(a.ip())?))) {
        return Err(Trouble::Unusable(address, why));
    }
    Ok(addresses)
}
