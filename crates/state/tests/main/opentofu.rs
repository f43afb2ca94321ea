//! States that OpenTofu has encrypted with keys of a key service: encryption of version 1.12.6, from `clear.json`. Their
//! service wraps a key by turning its bytes over. Those with passphrases are in the tests of the command line.

use std::sync::Arc;

use smform_state::encryption::keys::{KeyProvider, Pbkdf2, Secret, Settings};
use smform_state::encryption::service::{DataKey, KeyService, Wrapped};
use smform_state::encryption::{Method, Target};

const CLEAR: &[u8] = include_bytes!("fixtures/opentofu/clear.json");

#[derive(Debug)]
struct Turning;

impl KeyService for Turning {
    fn data_key(&self) -> Result<DataKey, String> {
        Err("nothing is encrypted here".to_owned())
    }

    fn unwrap(&self, wrapped: &[u8]) -> Result<Vec<u8>, String> {
        Ok(wrapped.iter().rev().copied().collect())
    }
}

fn service(name: &str) -> Arc<dyn KeyProvider> {
    Arc::new(Wrapped::new(name.to_owned(), Arc::new(Turning)))
}

fn target(keys: Arc<dyn KeyProvider>) -> Target {
    Target { method: Method::AesGcm { name: "m".to_owned(), keys, aad: Vec::new() }, fallbacks: Vec::new() }
}

#[test]
fn keys_of_a_service_are_found_where_opentofu_keeps_them() {
    let of_32_bytes = target(service("key_provider.aws_kms.k"));
    assert_eq!(of_32_bytes.decrypt(include_bytes!("fixtures/opentofu/aws_kms.json")).as_deref(), Ok(CLEAR));
    let of_16_bytes = target(service("service"));
    let aliased = include_bytes!("fixtures/opentofu/aws_kms_alias.json");
    assert_eq!(of_16_bytes.decrypt(aliased).as_deref(), Ok(CLEAR));
    assert!(of_32_bytes.decrypt(aliased).expect_err("named otherwise").contains("encrypted_metadata_alias"));
}

#[test]
fn a_chain_begins_with_a_key_of_a_service() {
    let name = "key_provider.pbkdf2.outer".to_owned();
    let secret = Secret::Chain(service("key_provider.aws_kms.k"));
    let chain = target(Arc::new(Pbkdf2::new(name, secret, Settings::default())));
    assert_eq!(chain.decrypt(include_bytes!("fixtures/opentofu/aws_kms_chain.json")).as_deref(), Ok(CLEAR));
}
