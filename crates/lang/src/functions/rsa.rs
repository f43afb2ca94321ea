//! RSA decryption with PKCS#1 v1.5 padding, for `rsadecrypt`.
//!
//! Our own because no audited crate offers it: the pure-Rust one has an open advisory about its timing (which does
//! not matter here: nobody times a run of this program against chosen ciphertexts, and the same is true of this
//! code), and the others are C libraries. Big integers come from `num-bigint`.

use base64::Engine;
use num_bigint::BigUint;

use super::encoding::BASE64;

/// The numbers of a private key that decryption needs.
pub(super) struct PrivateKey {
    modulus: BigUint,
    exponent: BigUint,
}

const MALFORMED: &str = "the private key is malformed";

impl PrivateKey {
    /// A key in PEM: `RSA PRIVATE KEY` (PKCS#1), `PRIVATE KEY` (PKCS#8) or `OPENSSH PRIVATE KEY`, not encrypted.
    pub(super) fn from_pem(text: &str) -> Result<PrivateKey, &'static str> {
        let begin = text.find("-----BEGIN ").ok_or("the private key is not in PEM format")?;
        let rest = text.get(begin + "-----BEGIN ".len()..).unwrap_or_default();
        let (label, rest) = rest.split_once("-----").ok_or(MALFORMED)?;
        let (body, _) = rest.split_once("-----END ").ok_or(MALFORMED)?;
        if body.contains("ENCRYPTED") || label.starts_with("ENCRYPTED") {
            return Err("password-protected keys are not supported; decrypt the key first");
        }
        // Older files carry headers in front of the data.
        let digits: String =
            body.lines().filter(|line| !line.contains(':')).flat_map(|line| line.split_whitespace()).collect();
        let bytes = BASE64.decode(digits).map_err(|_| MALFORMED)?;
        match label {
            "RSA PRIVATE KEY" => pkcs1(&bytes),
            "PRIVATE KEY" => pkcs8(&bytes),
            "OPENSSH PRIVATE KEY" => openssh(&bytes),
            _ => Err("the private key must be an RSA private key"),
        }
    }

    /// The decrypted bytes; nothing when the ciphertext was not made for this key.
    pub(super) fn decrypt(&self, ciphertext: &[u8]) -> Option<Vec<u8>> {
        let length = usize::try_from(self.modulus.bits().div_ceil(8)).ok()?;
        let number = BigUint::from_bytes_be(ciphertext);
        if ciphertext.len() > length || number >= self.modulus {
            return None;
        }
        let padded = number.modpow(&self.exponent, &self.modulus).to_bytes_be();
        // A leading zero byte is lost in the number.
        if padded.len() + 1 != length {
            return None;
        }
        let rest = padded.strip_prefix(&[2])?;
        let end = rest.iter().position(|byte| *byte == 0).filter(|end| *end >= 8)?;
        rest.get(end + 1..).map(<[u8]>::to_vec)
    }

    fn new(modulus: BigUint, exponent: BigUint) -> Result<PrivateKey, &'static str> {
        // Beyond any key in use; bounds the time of a call.
        if modulus.bits() < 64 || modulus.bits() > 16_384 || exponent.bits() > 16_384 {
            return Err(MALFORMED);
        }
        Ok(PrivateKey { modulus, exponent })
    }
}

/// Takes one DER element with the given tag off the front: its contents.
fn der<'b>(bytes: &mut &'b [u8], tag: u8) -> Result<&'b [u8], &'static str> {
    let rest = bytes.strip_prefix(&[tag]).ok_or(MALFORMED)?;
    let (first, rest) = rest.split_first().ok_or(MALFORMED)?;
    let (length, rest) = if *first < 0x80 {
        (usize::from(*first), rest)
    } else {
        let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f)).ok_or(MALFORMED)?;
        if digits.len() > 4 {
            return Err(MALFORMED);
        }
        (digits.iter().fold(0usize, |length, digit| length << 8 | usize::from(*digit)), rest)
    };
    let (contents, rest) = rest.split_at_checked(length).ok_or(MALFORMED)?;
    *bytes = rest;
    Ok(contents)
}

const INTEGER: u8 = 2;
const OCTETS: u8 = 4;
const SEQUENCE: u8 = 0x30;

fn pkcs1(mut bytes: &[u8]) -> Result<PrivateKey, &'static str> {
    let mut fields = der(&mut bytes, SEQUENCE)?;
    let _version = der(&mut fields, INTEGER)?;
    let modulus = der(&mut fields, INTEGER)?;
    let _public = der(&mut fields, INTEGER)?;
    let exponent = der(&mut fields, INTEGER)?;
    PrivateKey::new(BigUint::from_bytes_be(modulus), BigUint::from_bytes_be(exponent))
}

fn pkcs8(mut bytes: &[u8]) -> Result<PrivateKey, &'static str> {
    /// The object identifier of RSA encryption, 1.2.840.113549.1.1.1.
    const RSA: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
    let mut fields = der(&mut bytes, SEQUENCE)?;
    let _version = der(&mut fields, INTEGER)?;
    let mut algorithm = der(&mut fields, SEQUENCE)?;
    if der(&mut algorithm, 6)? != RSA {
        return Err("the private key must be an RSA private key");
    }
    pkcs1(der(&mut fields, OCTETS)?)
}

/// Takes one length-prefixed field off the front.
fn ssh<'b>(bytes: &mut &'b [u8]) -> Result<&'b [u8], &'static str> {
    let (length, rest) = bytes.split_first_chunk::<4>().ok_or(MALFORMED)?;
    let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| MALFORMED)?;
    let (field, rest) = rest.split_at_checked(length).ok_or(MALFORMED)?;
    *bytes = rest;
    Ok(field)
}

fn openssh(bytes: &[u8]) -> Result<PrivateKey, &'static str> {
    let mut rest = bytes.strip_prefix(b"openssh-key-v1\0").ok_or(MALFORMED)?;
    if ssh(&mut rest)? != b"none" {
        return Err("password-protected keys are not supported; decrypt the key first");
    }
    let _derivation = ssh(&mut rest)?;
    let _options = ssh(&mut rest)?;
    let (count, mut rest) = rest.split_first_chunk::<4>().ok_or(MALFORMED)?;
    if u32::from_be_bytes(*count) != 1 {
        return Err(MALFORMED);
    }
    let _public = ssh(&mut rest)?;
    let private = ssh(&mut rest)?;
    let (_check, mut fields) = private.split_at_checked(8).ok_or(MALFORMED)?;
    if ssh(&mut fields)? != b"ssh-rsa" {
        return Err("the private key must be an RSA private key");
    }
    let modulus = ssh(&mut fields)?;
    let _public = ssh(&mut fields)?;
    let exponent = ssh(&mut fields)?;
    PrivateKey::new(BigUint::from_bytes_be(modulus), BigUint::from_bytes_be(exponent))
}
