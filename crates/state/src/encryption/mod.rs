//! Encryption at rest, in the format of OpenTofu, so that either program reads what the other has written.
//!
//! Encrypted data is a JSON object: the data in base64, a version, and what is needed to derive the keys again. A state
//! keeps its serial and lineage beside that. [`keys`] makes keys of passphrases, [`service`] has them made by a key
//! service; [`backend`] puts a layer over any
//! backend, whose states, copies and journals are then encrypted.

pub mod backend;
pub mod keys;
pub mod service;

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Serialize};

use crate::codec::describe;
use keys::{KeyProvider, Metadata};

/// The version of the format.
const VERSION: &str = "v0";

/// A way to encrypt.
#[derive(Clone, Debug)]
pub enum Method {
    /// None: for the time while something is becoming encrypted, or is no longer to be.
    Unencrypted,
    /// AES in Galois/Counter Mode.
    AesGcm {
        /// How messages name it.
        name: String,
        /// Where its keys come from.
        keys: Arc<dyn KeyProvider>,
        /// What is authenticated along with the data.
        aad: Vec<u8>,
    },
}

/// How something is encrypted, and how what there is may have been.
#[derive(Clone, Debug)]
pub struct Target {
    /// How it is encrypted.
    pub method: Method,
    /// What else is tried for what is there.
    pub fallbacks: Vec<Method>,
}

/// Encrypted data as it is written.
#[derive(Debug, Serialize, Deserialize)]
struct Envelope {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    serial: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lineage: Option<String>,
    #[serde(default)]
    meta: Metadata,
    #[serde(default)]
    encrypted_data: String,
    #[serde(default)]
    encryption_version: String,
}

/// Data that was decrypted.
struct Opened {
    clear: Vec<u8>,
    /// Whether it was encrypted as it would be now, and not as a fallback says.
    is_current: bool,
}

/// What a state says of itself in clear.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Identity {
    serial: Option<u64>,
    lineage: Option<String>,
}

/// Whether data is encrypted.
#[must_use]
pub fn is_encrypted(data: &[u8]) -> bool {
    envelope(data).is_some()
}

fn envelope(data: &[u8]) -> Option<Envelope> {
    let envelope: Envelope = serde_json::from_slice(data).ok()?;
    (!envelope.encryption_version.is_empty()).then_some(envelope)
}

/// What is wrong with stored data whatever the key; nothing with data that is encrypted or in clear.
fn damage(data: &[u8]) -> Option<String> {
    if crate::codec::is_blank(data) {
        return None;
    }
    if let Err(error) = serde_json::from_slice::<serde::de::IgnoredAny>(data) {
        return Some(describe(&error));
    }
    let bytes = STANDARD.decode(envelope(data)?.encrypted_data).ok();
    bytes.is_none_or(|bytes| bytes.len() < NONCE_LEN).then(|| "the encrypted data is damaged".to_owned())
}

fn cipher(key: &[u8]) -> Result<LessSafeKey, String> {
    let algorithm = if key.len() == 16 { &AES_128_GCM } else { &AES_256_GCM };
    let key = UnboundKey::new(algorithm, key).map_err(|_| format!("a key of {} bytes does not fit", key.len()))?;
    Ok(LessSafeKey::new(key))
}

impl Target {
    /// Encrypts a state, whose serial and lineage stay readable.
    ///
    /// # Errors
    /// When there is no key, in words.
    pub fn encrypt_state(&self, text: &[u8]) -> Result<Vec<u8>, String> {
        let identity: Identity = serde_json::from_slice(text).map_err(|_| "it is not a state".to_owned())?;
        self.seal(text, identity)
    }

    /// Encrypts anything else.
    ///
    /// # Errors
    /// When there is no key, in words.
    pub fn encrypt(&self, data: &[u8]) -> Result<Vec<u8>, String> {
        self.seal(data, Identity::default())
    }

    fn seal(&self, data: &[u8], identity: Identity) -> Result<Vec<u8>, String> {
        let Method::AesGcm { keys, aad, .. } = &self.method else { return Ok(data.to_vec()) };
        let mut meta = Metadata::new();
        let key = cipher(&keys.encryption_key(&mut meta)?)?;
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).map_err(|_| "the system has no random numbers".to_owned())?;
        let mut body = data.to_vec();
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(aad), &mut body)
            .map_err(|_| "it is too large to be encrypted".to_owned())?;
        let Identity { serial, lineage } = identity;
        let encrypted_data = STANDARD.encode([nonce.as_slice(), &body].concat());
        let envelope = Envelope { serial, lineage, meta, encrypted_data, encryption_version: VERSION.to_owned() };
        serde_json::to_vec(&envelope).map_err(|error| error.to_string())
    }

    fn methods(&self) -> impl Iterator<Item = &Method> {
        std::iter::once(&self.method).chain(&self.fallbacks)
    }

    /// Decrypts what [`Target::encrypt`] or [`Target::encrypt_state`] has made; what is not encrypted is returned as it
    /// is where that is allowed.
    ///
    /// # Errors
    /// When no method fits, in words that say what to do.
    pub fn decrypt(&self, data: &[u8]) -> Result<Vec<u8>, String> {
        self.open(data).map(|opened| opened.clear)
    }

    fn open(&self, data: &[u8]) -> Result<Opened, String> {
        let Some(envelope) = envelope(data) else {
            let mut methods = self.methods().enumerate();
            if let Some((at, _)) = methods.find(|(_, method)| matches!(method, Method::Unencrypted)) {
                return Ok(Opened { clear: data.to_vec(), is_current: at == 0 });
            }
            return Err(
                "it is not encrypted, and the configuration expects it to be. To encrypt it from now on, write \
                        method \"unencrypted\" \"plain\" {} into the encryption block, and fallback { method = \
                        method.unencrypted.plain } beside the method"
                    .to_owned(),
            );
        };
        if envelope.encryption_version != VERSION {
            return Err(format!(
                "it is encrypted in version {:?} of the format; smform reads {VERSION}",
                envelope.encryption_version
            ));
        }
        let damaged = "the encrypted data is damaged";
        let bytes = STANDARD.decode(&envelope.encrypted_data).map_err(|_| damaged.to_owned())?;
        let (nonce, body) = bytes.split_first_chunk::<NONCE_LEN>().ok_or(damaged)?;
        let mut reasons = Vec::new();
        for (at, method) in self.methods().enumerate() {
            let Method::AesGcm { name, keys, aad } = method else { continue };
            let key = keys.decryption_key(&envelope.meta).and_then(|key| cipher(&key));
            let opened = key.and_then(|key| {
                let mut body = body.to_vec();
                let nonce = Nonce::assume_unique_for_key(*nonce);
                let clear = key.open_in_place(nonce, Aad::from(aad), &mut body).map(|clear| clear.to_vec());
                clear.map_err(|_| {
                    "the key does not fit: it is of another passphrase or key, or the data was changed".to_owned()
                })
            });
            match opened {
                Ok(clear) => return Ok(Opened { clear: genuine(&envelope, clear)?, is_current: at == 0 }),
                Err(reason) => reasons.push(format!("{name}: {reason}")),
            }
        }
        if reasons.is_empty() {
            return Err("it is encrypted, and the configuration has no method that could decrypt it".to_owned());
        }
        Err(reasons.join("; "))
    }
}

/// Holds what an envelope says in clear against what it holds.
fn genuine(envelope: &Envelope, clear: Vec<u8>) -> Result<Vec<u8>, String> {
    if envelope.serial.is_none() && envelope.lineage.is_none() {
        return Ok(clear);
    }
    let inside: Identity = serde_json::from_slice(&clear).unwrap_or_default();
    let differs = |outside: bool, what: &str| {
        if outside { Err(format!("its {what} is not the one that was encrypted: it was changed")) } else { Ok(()) }
    };
    differs(envelope.serial.is_some() && envelope.serial != inside.serial, "serial")?;
    let lineage = envelope.lineage.as_deref().filter(|lineage| !lineage.is_empty());
    differs(lineage.is_some() && lineage != inside.lineage.as_deref(), "lineage")?;
    Ok(clear)
}

#[cfg(test)]
mod tests {
    use super::keys::{Hash, Pbkdf2, Secret, Settings};
    use super::*;

    fn passphrase(name: &str, text: &str) -> Arc<Pbkdf2> {
        // As few iterations as it takes for a test.
        let settings = Settings { iterations: 10, ..Settings::default() };
        Arc::new(Pbkdf2::new(name.to_owned(), Secret::Passphrase(text.to_owned()), settings))
    }

    fn aes(keys: &Arc<Pbkdf2>) -> Method {
        Method::AesGcm { name: "method.aes_gcm.a".to_owned(), keys: Arc::clone(keys) as _, aad: Vec::new() }
    }

    fn target(keys: &Arc<Pbkdf2>, fallbacks: Vec<Method>) -> Target {
        Target { method: aes(keys), fallbacks }
    }

    const STATE: &[u8] = br#"{"version":4,"terraform_version":"1.11.4","serial":3,"lineage":"l","secret":"s3cr3t"}"#;

    #[test]
    fn a_state_comes_back_and_says_nothing_in_between() {
        let one = target(&passphrase("key_provider.pbkdf2.k", "correct horse battery"), vec![]);
        let sealed = one.encrypt_state(STATE).expect("sealed");
        let text = String::from_utf8(sealed.clone()).expect("text");
        assert!(is_encrypted(&sealed) && !text.contains("s3cr3t"), "{text}");
        let json: serde_json::Value = serde_json::from_slice(&sealed).expect("JSON");
        assert_eq!((&json["serial"], &json["lineage"]), (&3.into(), &"l".into()));
        assert_eq!(one.decrypt(&sealed).as_deref(), Ok(STATE));
        // Another process derives the key again.
        let again = target(&passphrase("key_provider.pbkdf2.k", "correct horse battery"), vec![]);
        assert_eq!(again.decrypt(&sealed).as_deref(), Ok(STATE));
        assert_ne!(one.encrypt_state(STATE).expect("sealed"), sealed, "each has a nonce of its own");
    }

    #[test]
    fn a_key_that_was_derived_to_read_serves_to_write() {
        let sealed = target(&passphrase("k", "correct horse battery"), vec![]).encrypt_state(STATE).expect("sealed");
        let meta = |data: &[u8]| envelope(data).expect("encrypted").meta;
        let again = target(&passphrase("k", "correct horse battery"), vec![]);
        assert_eq!(again.decrypt(&sealed).as_deref(), Ok(STATE));
        let written = again.encrypt_state(STATE).expect("sealed");
        assert!(meta(&written) == meta(&sealed) && written != sealed, "the salt stays, the nonce does not");
        let fresh = target(&passphrase("k", "correct horse battery"), vec![]).encrypt_state(STATE).expect("sealed");
        assert_ne!(meta(&fresh), meta(&sealed));
        // Other parameters ask for a key of their own.
        let settings = Settings { iterations: 11, ..Settings::default() };
        let secret = Secret::Passphrase("correct horse battery".to_owned());
        let stronger = target(&Arc::new(Pbkdf2::new("k".to_owned(), secret, settings)), vec![]);
        assert_eq!(stronger.decrypt(&sealed).as_deref(), Ok(STATE));
        assert_ne!(meta(&stronger.encrypt_state(STATE).expect("sealed")), meta(&sealed));
    }

    #[test]
    fn what_does_not_fit_is_told() {
        let one = target(&passphrase("key_provider.pbkdf2.k", "correct horse battery"), vec![]);
        let sealed = one.encrypt_state(STATE).expect("sealed");
        let refused = |target: &Target, data: &[u8]| target.decrypt(data).expect_err("refused");
        let other = target(&passphrase("key_provider.pbkdf2.k", "another passphrase"), vec![]);
        assert!(refused(&other, &sealed).contains("does not fit"));
        let renamed = target(&passphrase("key_provider.pbkdf2.new", "correct horse battery"), vec![]);
        assert!(refused(&renamed, &sealed).contains("encrypted_metadata_alias"));
        assert!(refused(&one, STATE).contains("fallback"));
        let open = Target { method: Method::Unencrypted, fallbacks: vec![] };
        assert!(refused(&open, &sealed).contains("no method"));
        let text = String::from_utf8(sealed).expect("text");
        assert!(refused(&one, text.replace("\"serial\":3", "\"serial\":9").as_bytes()).contains("serial"));
        assert!(refused(&one, text.replace("\"v0\"", "\"v7\"").as_bytes()).contains("v7"));
        assert!(refused(&one, br#"{"encryption_version":"v0","encrypted_data":"AAAA","meta":{}}"#).contains("damaged"));
    }

    #[test]
    fn fallbacks_read_what_was() {
        let (old, new) = (passphrase("old", "the old passphrase"), passphrase("new", "the new passphrase"));
        let sealed = target(&old, vec![]).encrypt_state(STATE).expect("sealed");
        let turned = target(&new, vec![aes(&old), Method::Unencrypted]);
        assert_eq!(turned.decrypt(&sealed).as_deref(), Ok(STATE));
        assert_eq!(turned.decrypt(STATE).as_deref(), Ok(STATE));
        let leaving = Target { method: Method::Unencrypted, fallbacks: vec![aes(&old)] };
        assert_eq!(leaving.decrypt(&sealed).as_deref(), Ok(STATE));
        assert_eq!(leaving.encrypt_state(STATE).as_deref(), Ok(STATE));
    }

    #[test]
    fn a_chain_derives_from_the_key_of_another() {
        let chain = |text: &str| {
            let settings = Settings { iterations: 7, key_length: 16, hash: Hash::Sha256, salt_length: 8 };
            Arc::new(Pbkdf2::new("outer".to_owned(), Secret::Chain(passphrase("inner", text)), settings))
        };
        let sealed = target(&chain("correct horse battery"), vec![]).encrypt(b"x").expect("sealed");
        assert_eq!(target(&chain("correct horse battery"), vec![]).decrypt(&sealed).as_deref(), Ok(b"x".as_slice()));
        assert!(target(&chain("another passphrase"), vec![]).decrypt(&sealed).is_err());
    }

    #[test]
    fn a_chain_does_not_take_up_a_key_of_another_key() {
        let text = "correct horse battery";
        let chain = |inner: &Arc<Pbkdf2>| {
            let settings = Settings { iterations: 7, ..Settings::default() };
            Arc::new(Pbkdf2::new("outer".to_owned(), Secret::Chain(Arc::clone(inner) as _), settings))
        };
        let fresh = || target(&chain(&passphrase("inner", text)), vec![]);
        let sealed = fresh().encrypt(b"old").expect("sealed");
        // A run that encrypts a plan with the inner key before it reads a state.
        let inner = passphrase("inner", text);
        let outer = target(&chain(&inner), vec![]);
        target(&inner, vec![]).encrypt(b"plan").expect("sealed");
        assert_eq!(outer.decrypt(&sealed).as_deref(), Ok(b"old".as_slice()));
        let written = outer.encrypt(b"new").expect("sealed");
        assert_eq!(fresh().decrypt(&written).as_deref(), Ok(b"new".as_slice()));
        // What was read with the right inner key serves no other.
        let text = String::from_utf8(written).expect("text");
        let mut other: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        other["meta"]["inner"] =
            serde_json::from_slice::<serde_json::Value>(&sealed).expect("JSON")["meta"]["inner"].clone();
        assert!(outer.decrypt(other.to_string().as_bytes()).is_err());
    }
}
