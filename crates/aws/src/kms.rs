//! AWS KMS, as far as the encryption of states needs it: keys for data, and reading them again.

use aws_smithy_runtime::client::identity::IdentityCache;
use aws_types::SdkConfig;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value as Json, json};

use crate::failure::Failure;
use crate::rpc::{self, Rpc};

/// A client of KMS for one key.
#[derive(Debug)]
pub struct Kms {
    client: Rpc,
    key: String,
}

/// A key for data.
pub struct DataKey {
    /// The key.
    pub clear: Vec<u8>,
    /// The key, encrypted by KMS.
    pub encrypted: Vec<u8>,
}

impl Kms {
    /// A client for a key, named by its id, its ARN or an alias, in the region of the session. `url` is an endpoint that
    /// goes before those of the environment and the profile. Nothing without a region.
    #[must_use]
    pub fn new(session: &SdkConfig, key: &str, url: Option<&str>) -> Option<Kms> {
        let region = session.region()?.as_ref();
        let identities = session.identity_cache().unwrap_or_else(|| IdentityCache::lazy().build());
        Some(Kms { client: Rpc::new(&rpc::KMS, session, identities, region, url), key: key.to_owned() })
    }

    /// Makes a key for data: `GenerateDataKey`. `spec` is `AES_256` or `AES_128`.
    ///
    /// # Errors
    /// What KMS says, and what to do, in words.
    pub async fn data_key(&self, spec: &str) -> Result<DataKey, String> {
        let body = json!({ "KeyId": self.key, "KeySpec": spec });
        let answer = self.client.json("GenerateDataKey", &body).await.map_err(|failure| self.explained(failure))?;
        let clear = bytes(&answer, "Plaintext");
        let encrypted = bytes(&answer, "CiphertextBlob");
        match (clear, encrypted) {
            (Some(clear), Some(encrypted)) => Ok(DataKey { clear, encrypted }),
            _ => Err("AWS KMS answered without a key".to_owned()),
        }
    }

    /// Decrypts a key for data: `Decrypt`.
    ///
    /// # Errors
    /// What KMS says, and what to do, in words.
    pub async fn decrypt(&self, encrypted: &[u8]) -> Result<Vec<u8>, String> {
        let body = json!({ "KeyId": self.key, "CiphertextBlob": STANDARD.encode(encrypted) });
        let answer = self.client.json("Decrypt", &body).await.map_err(|failure| self.explained(failure))?;
        bytes(&answer, "Plaintext").ok_or_else(|| "AWS KMS answered without a key".to_owned())
    }

    /// Sentences about a failure, without the last full stop.
    fn explained(&self, failure: Failure) -> String {
        let hint = match failure.code() {
            "NotFoundException" => " Check kms_key_id and region.",
            "DisabledException" | "KMSInvalidStateException" => " Enable the key, or cancel its deletion.",
            "IncorrectKeyException" | "InvalidCiphertextException" => {
                " It was encrypted with another key: give that one in a fallback."
            }
            _ => "",
        };
        format!("key {}: {}{hint}", self.key, failure.explained()).trim_end_matches('.').to_owned()
    }
}

fn bytes(answer: &Json, name: &str) -> Option<Vec<u8>> {
    STANDARD.decode(answer.get(name)?.as_str()?).ok().filter(|bytes| !bytes.is_empty())
}
