//! What a container registry tells about an image, before SageMaker pulls it: whether it is reached, whom its certificate
//! names and who vouches for it, whether it wants credentials, and what the image is.
//!
//! [`probe`] asks, and answers with a [`Report`]: facts, each with a stable [`Code`] and a severity. What cannot be known
//! from where the probe runs is *unknown* and no error, because a registry in a VPC is usually reached from there only.
//! The probe reads; it holds no credentials and sends none.
//!
//! The rules are those of the SageMaker page on private Docker registries, of the Docker Registry HTTP API V2 and of the
//! OCI image and distribution specifications.

mod auth;
mod certificate;
mod digest;
mod fact;
mod http;
mod manifest;
mod probe;
mod settings;
mod tls;

pub use fact::{Code, Fact, Report, Severity};
pub use probe::probe;
pub use rustls::pki_types::CertificateDer;
pub use settings::{AuthorityError, Request, Settings, Vantage, authorities};
