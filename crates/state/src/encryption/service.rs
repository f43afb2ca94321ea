//! Keys that a key service makes: each run gets one in clear and wrapped; the wrapped form is kept beside what it
//! encrypts, and only the service can unwrap it again.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::keys::{KeyProvider, Metadata};
use crate::kind::{Argument, SettingError, Settings};

/// A key for data.
pub struct DataKey {
    /// The key.
    pub clear: Vec<u8>,
    /// The key as only the service can read it.
    pub wrapped: Vec<u8>,
}

/// A service that makes keys for data and keeps the one that they are wrapped with.
pub trait KeyService: Debug + Send + Sync {
    /// Makes a key.
    ///
    /// # Errors
    /// Why there is none, and the way out, in words.
    fn data_key(&self) -> Result<DataKey, String>;

    /// Unwraps a key.
    ///
    /// # Errors
    /// Why it cannot be unwrapped, and the way out, in words.
    fn unwrap(&self, wrapped: &[u8]) -> Result<Vec<u8>, String>;
}

/// A kind of key service, as the `encryption` block names it.
pub trait KeyServiceKind: Debug + Send + Sync {
    /// Its name, such as `aws_kms`.
    fn name(&self) -> &'static str;

    /// The arguments that it takes.
    fn arguments(&self) -> Vec<Argument>;

    /// The service that these arguments lead to. Nothing is asked of it before a key is needed.
    ///
    /// # Errors
    /// When arguments do not fit each other.
    fn open(&self, settings: &Settings) -> Result<Arc<dyn KeyService>, SettingError>;
}

/// What is kept beside encrypted data, as OpenTofu keeps it.
#[derive(Serialize, Deserialize)]
struct Kept {
    /// In base64.
    ciphertext_blob: String,
}

/// A key provider over a service.
#[derive(Debug)]
pub struct Wrapped {
    /// Under which name its metadata is kept.
    name: String,
    service: Arc<dyn KeyService>,
    /// The key that this run encrypts with, and its metadata.
    own: OnceLock<Result<Own, String>>,
    /// The keys of what was read, by their metadata.
    known: Mutex<Known>,
}

#[derive(Clone)]
struct Own {
    key: Vec<u8>,
    kept: String,
}

#[derive(Default)]
struct Known(BTreeMap<String, Vec<u8>>);

// Not the keys.
impl Debug for Own {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Own").finish_non_exhaustive()
    }
}

impl Debug for Known {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Known").finish_non_exhaustive()
    }
}

impl Wrapped {
    /// A provider that keeps its metadata under a name.
    #[must_use]
    pub fn new(name: String, service: Arc<dyn KeyService>) -> Wrapped {
        Wrapped { name, service, own: OnceLock::new(), known: Mutex::default() }
    }

    fn make(&self) -> Result<Own, String> {
        let DataKey { clear, wrapped } = self.service.data_key()?;
        let kept = serde_json::to_vec(&Kept { ciphertext_blob: STANDARD.encode(wrapped) });
        Ok(Own { key: clear, kept: STANDARD.encode(kept.map_err(|error| error.to_string())?) })
    }
}

impl KeyProvider for Wrapped {
    fn encryption_key(&self, metadata: &mut Metadata) -> Result<Vec<u8>, String> {
        let own = self.own.get_or_init(|| self.make()).clone()?;
        // What this run has written, it need not ask about.
        self.known.lock().unwrap_or_else(PoisonError::into_inner).0.insert(own.kept.clone(), own.key.clone());
        metadata.insert(self.name.clone(), own.kept);
        Ok(own.key)
    }

    fn decryption_key(&self, metadata: &Metadata) -> Result<Vec<u8>, String> {
        let kept = super::keys::kept(&self.name, metadata)?;
        if let Some(key) = self.known.lock().unwrap_or_else(PoisonError::into_inner).0.get(kept) {
            return Ok(key.clone());
        }
        let json = STANDARD.decode(kept).ok();
        let wrapped = json
            .and_then(|json| serde_json::from_slice::<Kept>(&json).ok())
            .and_then(|kept| STANDARD.decode(kept.ciphertext_blob).ok())
            .ok_or_else(|| format!("the metadata of {} is damaged", self.name))?;
        let key = self.service.unwrap(&wrapped)?;
        self.known.lock().unwrap_or_else(PoisonError::into_inner).0.insert(kept.to_owned(), key.clone());
        Ok(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// Wraps by turning the bytes over, and counts what it is asked.
    #[derive(Debug, Default)]
    struct Turning {
        made: AtomicUsize,
        unwrapped: AtomicUsize,
    }

    impl KeyService for Turning {
        fn data_key(&self) -> Result<DataKey, String> {
            let clear: Vec<u8> = (0..32).collect();
            self.made.fetch_add(1, Ordering::Relaxed);
            Ok(DataKey { wrapped: clear.iter().rev().copied().collect(), clear })
        }

        fn unwrap(&self, wrapped: &[u8]) -> Result<Vec<u8>, String> {
            self.unwrapped.fetch_add(1, Ordering::Relaxed);
            Ok(wrapped.iter().rev().copied().collect())
        }
    }

    #[test]
    fn the_service_is_asked_once_for_each_key() {
        let service = Arc::new(Turning::default());
        let provider = || Wrapped::new("key_provider.aws_kms.k".to_owned(), Arc::clone(&service) as _);
        let (writer, reader) = (provider(), provider());
        let mut metadata = Metadata::new();
        for _ in 0..3 {
            writer.encryption_key(&mut metadata).expect("a key");
        }
        let key = reader.decryption_key(&metadata).expect("a key");
        assert_eq!(Ok(key.clone()), reader.decryption_key(&metadata));
        assert_eq!(Ok(key), writer.decryption_key(&metadata));
        let count = |asked: &AtomicUsize| asked.load(Ordering::Relaxed);
        assert_eq!((count(&service.made), count(&service.unwrapped)), (1, 1));
        let kept = metadata.get("key_provider.aws_kms.k").and_then(|kept| STANDARD.decode(kept).ok());
        assert!(String::from_utf8_lossy(&kept.unwrap_or_default()).starts_with("{\"ciphertext_blob\":\"Hx4d"));
        assert!(!format!("{writer:?}").contains("31"), "{writer:?}");
    }

    #[test]
    fn damaged_metadata_is_told() {
        let provider = Wrapped::new("k".to_owned(), Arc::new(Turning::default()));
        for kept in ["", "!", "e30=", "eyJjaXBoZXJ0ZXh0X2Jsb2IiOiIhIn0="] {
            let metadata = Metadata::from([("k".to_owned(), kept.to_owned())]);
            let refused = provider.decryption_key(&metadata).expect_err("damaged");
            assert!(refused.contains("damaged"), "{kept}: {refused}");
        }
        assert!(provider.decryption_key(&Metadata::new()).expect_err("nothing").contains("no key provider"));
    }
}
