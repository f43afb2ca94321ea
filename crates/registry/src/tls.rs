//! TLS that keeps the server's certificates to be judged, instead of ending at the first thing that is wrong with them:
//! so an expired certificate with a wrong name is told as both, and the image behind it is looked at all the same.
//! Nothing secret is sent over such a connection.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, InvalidMessage, SignatureScheme};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// The certificates that a server showed, its own first.
pub(crate) type Chain = Vec<CertificateDer<'static>>;

/// Why there is no TLS.
#[derive(Debug)]
pub(crate) enum TlsError {
    /// The server answered with something else.
    Missing,
    /// It was not agreed on, as the end of a sentence.
    Handshake(String),
}

/// Begins TLS with a server.
///
/// # Errors
/// When the handshake fails; a certificate alone is no reason.
pub(crate) async fn begin(
    stream: TcpStream,
    name: ServerName<'static>,
) -> Result<(TlsStream<TcpStream>, Chain), TlsError> {
    let provider = Arc::new(ring::default_provider());
    let recorder = Arc::new(Recorder { provider: Arc::clone(&provider), chain: Mutex::default() });
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsError::Handshake(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(&recorder) as _)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.map_err(|error| explain(&error))?;
    let chain = recorder.chain.lock().unwrap_or_else(PoisonError::into_inner).clone();
    Ok((stream, chain))
}

fn explain(error: &io::Error) -> TlsError {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match inner {
        Some(rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType)) => TlsError::Missing,
        Some(rustls::Error::AlertReceived(alert)) => TlsError::Handshake(format!("the server refused it: {alert:?}")),
        _ if error.kind() == io::ErrorKind::UnexpectedEof => {
            TlsError::Handshake("the server closed the connection".to_owned())
        }
        _ => TlsError::Handshake(error.to_string()),
    }
}

/// Accepts every certificate and keeps it. That the server holds its key is still verified.
#[derive(Debug)]
struct Recorder {
    provider: Arc<CryptoProvider>,
    chain: Mutex<Chain>,
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let chain = std::iter::once(end_entity).chain(intermediates).map(|der| der.clone().into_owned()).collect();
        *self.chain.lock().unwrap_or_else(PoisonError::into_inner) = chain;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
