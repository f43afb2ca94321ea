//! A registry on a free loopback port, with certificates made for the test, and what to ask it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request as HttpRequest, Response};
use hyper_util::rt::TokioIo;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use smform_registry::{Report, Request, Settings, Severity, probe};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// The host under which the registry of a test is known.
pub const HOST: &str = "registry.example.com";
/// A day within the validity of the certificates: 2025-06-01.
pub const JUNE: u64 = 1_748_736_000;

pub type Answer = Response<Full<Bytes>>;

/// An authority of the test's own.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub certificate: CertificateDer<'static>,
}

/// A server's certificates and key.
pub struct Identity {
    pub chain: Vec<CertificateDer<'static>>,
    pub key: PrivateKeyDer<'static>,
}

fn params(names: &[&str], years: (i32, i32)) -> CertificateParams {
    let mut params = CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).unwrap();
    (params.not_before, params.not_after) = (date_time_ymd(years.0, 1, 1), date_time_ymd(years.1, 1, 1));
    params.distinguished_name.push(rcgen::DnType::CommonName, names.first().copied().unwrap_or("Test authority"));
    params
}

impl Authority {
    pub fn new() -> Authority {
        let mut params = params(&[], (2000, 2100));
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap().der().clone();
        Authority { issuer: Issuer::new(params, key), certificate }
    }

    /// A certificate for names, valid from the first day of a year to that of another.
    pub fn identity(&self, names: &[&str], years: (i32, i32)) -> Identity {
        let key = KeyPair::generate().unwrap();
        let certificate = params(names, years).signed_by(&key, &self.issuer).unwrap();
        Identity { chain: vec![certificate.der().clone()], key: PrivateKeyDer::try_from(key.serialize_der()).unwrap() }
    }

    pub fn good(&self) -> Identity {
        self.identity(&[HOST], (2025, 2026))
    }
}

/// A certificate that has signed itself.
pub fn self_signed(names: &[&str], years: (i32, i32)) -> Identity {
    let key = KeyPair::generate().unwrap();
    let certificate = params(names, years).self_signed(&key).unwrap();
    Identity { chain: vec![certificate.der().clone()], key: PrivateKeyDer::try_from(key.serialize_der()).unwrap() }
}

/// What a server was asked: the path with the query, and the `Authorization` header.
pub type Seen = Arc<Mutex<Vec<(String, String)>>>;

/// A server. It ends with the value.
pub struct Server {
    pub address: SocketAddr,
    pub seen: Seen,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    pub fn paths(&self) -> Vec<String> {
        self.seen.lock().unwrap().iter().map(|(path, _)| path.clone()).collect()
    }
}

/// Serves HTTPS; `answer` gets the path with the query, and the `Authorization` header.
pub async fn serve(identity: Identity, answer: impl Fn(&str, &str) -> Answer + Send + Sync + 'static) -> Server {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(identity.chain, identity.key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let seen = Seen::default();
    let (answer, log) = (Arc::new(answer), Arc::clone(&seen));
    let task = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, answer, log) = (acceptor.clone(), Arc::clone(&answer), Arc::clone(&log));
            tokio::spawn(async move {
                let Ok(stream) = acceptor.accept(stream).await else { return };
                let service = service_fn(move |request: HttpRequest<Incoming>| {
                    let path = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
                    let authorization = request.headers().get("authorization");
                    let authorization =
                        authorization.and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
                    log.lock().unwrap().push((path.clone(), authorization.clone()));
                    let answer = answer(&path, &authorization);
                    async move {
                        if answer.extensions().get::<Silence>().is_some() {
                            std::future::pending::<()>().await;
                        }
                        Ok::<_, std::convert::Infallible>(answer)
                    }
                });
                let _ =
                    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    Server { address, seen, task }
}

/// Serves whatever bytes, without TLS, to everyone who connects; nothing at all when there are none.
pub async fn serve_raw(bytes: &'static [u8]) -> Server {
    use tokio::io::AsyncWriteExt as _;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let task = tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(bytes).await;
            open.push(stream);
        }
    });
    Server { address, seen: Seen::default(), task }
}

pub fn answer(status: u16, media_type: &str, body: impl Into<Bytes>) -> Answer {
    Response::builder().status(status).header("content-type", media_type).body(Full::new(body.into())).unwrap()
}

/// Marks the answer that never comes.
#[derive(Clone)]
struct Silence;

/// An answer that never comes.
pub fn silence() -> Answer {
    let mut never = answer(200, "text/plain", "");
    never.extensions_mut().insert(Silence);
    never
}

/// What a registry holds: media type and bytes by path.
#[derive(Clone, Default)]
pub struct Content(BTreeMap<String, (String, Vec<u8>)>);

pub const DOCKER: &str = "application/vnd.docker.distribution.manifest.v2+json";
pub const OCI: &str = "application/vnd.oci.image.manifest.v1+json";
pub const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";

pub fn sha256(bytes: &[u8]) -> String {
    format!("sha256:{}", Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

impl Content {
    /// A manifest, found by its tag and by its digest, which is returned.
    pub fn manifest(&mut self, tag: &str, media_type: &str, body: &Value) -> String {
        let bytes = body.to_string().into_bytes();
        let digest = sha256(&bytes);
        for reference in [tag, &digest] {
            self.0.insert(format!("/v2/team/model/manifests/{reference}"), (media_type.to_owned(), bytes.clone()));
        }
        digest
    }

    /// An image for Linux, whose one layer has a size. Returns the digest of its manifest.
    pub fn image(&mut self, tag: &str, media_type: &str, architecture: &str, layer: u64) -> String {
        let config = json!({"os": "linux", "architecture": architecture}).to_string().into_bytes();
        let digest = sha256(&config);
        let kind = if media_type == OCI {
            "application/vnd.oci.image.config.v1+json"
        } else {
            "application/vnd.docker.container.image.v1+json"
        };
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": media_type,
            "config": {"mediaType": kind, "digest": digest, "size": config.len()},
            "layers": [{"mediaType": "layer", "digest": sha256(b"layer"), "size": layer}],
        });
        self.0.insert(format!("/v2/team/model/blobs/{digest}"), ("application/octet-stream".to_owned(), config));
        self.manifest(tag, media_type, &manifest)
    }

    pub fn answer(&self, path: &str) -> Answer {
        if path == "/v2/" {
            return answer(200, "application/json", "{}");
        }
        match self.0.get(path) {
            Some((media_type, bytes)) => answer(200, media_type, bytes.clone()),
            None => {
                let error = json!({"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]});
                answer(404, "application/json", error.to_string())
            }
        }
    }
}

/// A registry with one good image, `team/model:1`.
pub fn one_image() -> Content {
    let mut content = Content::default();
    content.image("1", DOCKER, "amd64", 5_000_000);
    content
}

/// How a server on loopback is asked as if it were the registry.
pub fn settings(authority: &Authority, server: &Server) -> Settings {
    Settings {
        extra_authorities: vec![authority.certificate.clone()],
        connect_to: BTreeMap::from([((HOST.to_owned(), 443), server.address)]),
        step: Duration::from_secs(5),
        now: SystemTime::UNIX_EPOCH + Duration::from_secs(JUNE),
        ..Settings::default()
    }
}

/// A request for `team/model` with a tag or digest.
pub fn request(reference: &str) -> Request {
    Request::new(format!("{HOST}/team/model{reference}"))
}

/// Asks a registry with a good certificate and this content for `team/model:1`.
pub async fn ask(content: impl Fn(&str, &str) -> Answer + Send + Sync + 'static) -> Report {
    ask_for(&request(":1"), content).await
}

pub async fn ask_for(request: &Request, content: impl Fn(&str, &str) -> Answer + Send + Sync + 'static) -> Report {
    let authority = Authority::new();
    let server = serve(authority.good(), content).await;
    probe(request, &settings(&authority, &server)).await
}

/// What matters in a report, but for the test's own authority.
pub fn told(report: &Report) -> Vec<(Severity, &'static str)> {
    let facts = report.facts.iter().filter(|fact| fact.severity != Severity::Info);
    let facts = facts.map(|fact| (fact.severity, fact.code.text()));
    facts.filter(|(_, code)| *code != "certificate-private-authority").collect()
}
