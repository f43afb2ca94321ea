//! Encrypted connections: authorities of one's own, and certificates of the client.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use smform_types::Value;

use crate::open;
use crate::server::Server;

struct Pair {
    certificate: rcgen::Certificate,
    key: KeyPair,
}

fn signed(name: &str, authority: &CertifiedIssuer<'_, KeyPair>) -> Pair {
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new([name.to_owned()]).expect("parameters");
    Pair { certificate: params.signed_by(&key, authority).expect("signed"), key }
}

#[test]
fn the_server_is_verified_and_may_verify_the_client() {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("signed");
    let (server, client) = (signed("127.0.0.1", &authority), signed("client", &authority));
    let mut roots = RootCertStore::empty();
    roots.add(authority.der().clone()).expect("a root");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_client_cert_verifier(verifier.build().expect("a verifier"))
        .with_single_cert(
            vec![server.certificate.der().clone()],
            PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(server.key.serialize_der())),
        )
        .expect("a certificate");
    let server = Server::start_tls(config);
    server.world().state = Some(b"one".to_vec());
    let address = format!("https://{}/state", server.address);
    let read = |more: &[(&str, Value)]| {
        let more = [more, &[("retry_max", Value::number(0))]].concat();
        open(&address, &more).state("default").expect("the only one").read()
    };
    let ca = ("client_ca_certificate_pem", Value::string(authority.pem()));
    let own = [
        ("client_certificate_pem", Value::string(client.certificate.pem())),
        ("client_private_key_pem", Value::string(client.key.serialize_pem())),
    ];
    let [chain, key] = own;
    assert!(read(&[chain.clone(), key.clone()]).is_err(), "the authority is not known");
    assert!(read(std::slice::from_ref(&ca)).is_err(), "the client has no certificate");
    let all = [ca, chain.clone(), key.clone()];
    assert_eq!(read(&all).expect("verified").map(|snapshot| snapshot.text), Some(b"one".to_vec()));
    let careless = [("skip_cert_verification", Value::bool(true)), chain, key];
    assert!(read(&careless).is_ok());
}
