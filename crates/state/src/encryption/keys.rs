//! Keys from passphrases: PBKDF2, with what is needed to derive the key again kept beside the encrypted data.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::pbkdf2;
use ring::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Serialize};

/// The fewest iterations that a configuration may ask for, as in OpenTofu.
pub const FEWEST_ITERATIONS: u32 = 200_000;
/// The most iterations: what asks for more in a file would keep a machine busy for minutes.
pub const MOST_ITERATIONS: u32 = 100_000_000;
/// The shortest passphrase in bytes, as in OpenTofu.
pub const SHORTEST_PASSPHRASE: usize = 16;
/// The longest salt in bytes.
pub const LONGEST_SALT: usize = 1024;
/// The longest key in bytes. What a method or a chain can do with a key is for them to say.
pub const LONGEST_KEY: usize = 1024;

/// What is kept beside encrypted data, by the name of the key provider: JSON in base64.
pub type Metadata = BTreeMap<String, String>;

/// Where keys come from.
pub trait KeyProvider: std::fmt::Debug + Send + Sync {
    /// The key to encrypt with; its metadata is added to what is kept.
    ///
    /// # Errors
    /// Why there is none, in words.
    fn encryption_key(&self, metadata: &mut Metadata) -> Result<Vec<u8>, String>;

    /// The key to decrypt with, by the metadata that was kept.
    ///
    /// # Errors
    /// When there is none of this provider, or it is damaged, or of no use, in words.
    fn decryption_key(&self, metadata: &Metadata) -> Result<Vec<u8>, String>;
}

/// The metadata that a provider has kept.
pub(super) fn kept<'m>(name: &str, metadata: &'m Metadata) -> Result<&'m String, String> {
    metadata.get(name).ok_or_else(|| {
        let there: Vec<&str> = metadata.keys().map(String::as_str).collect();
        format!(
            "it was encrypted with the keys of {}, not of {name}. Name the key provider so, or give it \
             encrypted_metadata_alias",
            if there.is_empty() { "no key provider".to_owned() } else { there.join(", ") },
        )
    })
}

/// The hash function of PBKDF2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Hash {
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
}

/// What a key is derived from.
pub enum Secret {
    /// A text that people know.
    Passphrase(String),
    /// The key of another provider.
    Chain(Arc<dyn KeyProvider>),
}

/// How a key is derived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Derivation {
    salt: String,
    iterations: u32,
    hash_function: Hash,
    key_length: usize,
}

/// The metadata of a key, and what it was derived from: in a chain, that is not always the same.
type Origin = (String, Vec<u8>);

/// The key provider `pbkdf2`.
pub struct Pbkdf2 {
    /// Under which name its metadata is kept.
    name: String,
    secret: Secret,
    settings: Settings,
    /// The key that this run encrypts with. Deriving one takes a good part of a second, so it is done once.
    own: OnceLock<Result<(Vec<u8>, String), String>>,
    /// The keys of what was read.
    known: Mutex<BTreeMap<Origin, Vec<u8>>>,
}

/// The arguments of a key provider that may be left out.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Length of the key in bytes.
    pub key_length: usize,
    /// How often the hash function is applied.
    pub iterations: u32,
    /// The hash function.
    pub hash: Hash,
    /// Length of the salt in bytes.
    pub salt_length: usize,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { key_length: 32, iterations: 600_000, hash: Hash::Sha512, salt_length: 32 }
    }
}

impl std::fmt::Debug for Pbkdf2 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Not the secret.
        f.debug_struct("Pbkdf2").field("name", &self.name).field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Pbkdf2 {
    /// A provider that keeps its metadata under a name.
    #[must_use]
    pub fn new(name: String, secret: Secret, settings: Settings) -> Pbkdf2 {
        Pbkdf2 { name, secret, settings, own: OnceLock::new(), known: Mutex::default() }
    }
}

impl Pbkdf2 {
    /// A key of something that was read, with its metadata, if it was derived as is asked for now, and from the same. To
    /// encrypt with it again spares deriving another, for this run and for all that read what it writes: what must differ
    /// each time is the nonce.
    fn of_what_was_read(&self, secret: &[u8]) -> Option<(Vec<u8>, String)> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let is_as_asked = |kept: &str| {
            let json = STANDARD.decode(kept).ok()?;
            let Derivation { salt, iterations, hash_function, key_length } = serde_json::from_slice(&json).ok()?;
            let salt_length = STANDARD.decode(salt).ok()?.len();
            let Settings { key_length: length, iterations: count, hash, salt_length: salt } = self.settings;
            Some((key_length, iterations, hash_function, salt_length) == (length, count, hash, salt))
        };
        let is_usable = |(kept, from): &Origin| from == secret && is_as_asked(kept) == Some(true);
        let ((kept, _), key) = known.iter().find(|(origin, _)| is_usable(origin))?;
        Some((key.clone(), kept.clone()))
    }
}

impl KeyProvider for Pbkdf2 {
    fn encryption_key(&self, metadata: &mut Metadata) -> Result<Vec<u8>, String> {
        let secret = match &self.secret {
            Secret::Passphrase(text) => text.clone().into_bytes(),
            Secret::Chain(other) => other.encryption_key(metadata)?,
        };
        let make = || {
            if let Some(own) = self.of_what_was_read(&secret) {
                return Ok(own);
            }
            let mut salt = vec![0; self.settings.salt_length];
            SystemRandom::new().fill(&mut salt).map_err(|_| "the system has no random numbers".to_owned())?;
            let derivation = Derivation {
                salt: STANDARD.encode(salt),
                iterations: self.settings.iterations,
                hash_function: self.settings.hash,
                key_length: self.settings.key_length,
            };
            let json = serde_json::to_vec(&derivation).map_err(|error| error.to_string())?;
            Ok((derivation.key(&secret)?, STANDARD.encode(json)))
        };
        let (key, kept) = self.own.get_or_init(make).as_ref().map_err(Clone::clone)?;
        metadata.insert(self.name.clone(), kept.clone());
        Ok(key.clone())
    }

    fn decryption_key(&self, metadata: &Metadata) -> Result<Vec<u8>, String> {
        let kept = kept(&self.name, metadata)?;
        let secret = match &self.secret {
            Secret::Passphrase(text) => text.clone().into_bytes(),
            Secret::Chain(other) => other.decryption_key(metadata)?,
        };
        let origin: Origin = (kept.clone(), secret);
        if let Some(key) = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&origin) {
            return Ok(key.clone());
        }
        let damaged = || format!("the metadata of {} is damaged", self.name);
        let json = STANDARD.decode(kept).map_err(|_| damaged())?;
        let derivation: Derivation = serde_json::from_slice(&json).map_err(|_| damaged())?;
        let key = derivation.key(&origin.1)?;
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(origin, key.clone());
        Ok(key)
    }
}

impl Derivation {
    fn key(&self, secret: &[u8]) -> Result<Vec<u8>, String> {
        let iterations = NonZeroU32::new(self.iterations).filter(|count| count.get() <= MOST_ITERATIONS);
        let iterations = iterations.ok_or("the metadata asks for an unreasonable number of iterations")?;
        if !(1..=LONGEST_KEY).contains(&self.key_length) {
            return Err(format!("the metadata asks for a key of {} bytes", self.key_length));
        }
        let salt = STANDARD.decode(&self.salt).ok().filter(|salt| salt.len() <= LONGEST_SALT);
        let salt = salt.ok_or("the salt in the metadata is damaged")?;
        let algorithm = match self.hash_function {
            Hash::Sha256 => pbkdf2::PBKDF2_HMAC_SHA256,
            Hash::Sha512 => pbkdf2::PBKDF2_HMAC_SHA512,
        };
        let mut key = vec![0; self.key_length];
        pbkdf2::derive(algorithm, iterations, &salt, secret, &mut key);
        Ok(key)
    }
}
