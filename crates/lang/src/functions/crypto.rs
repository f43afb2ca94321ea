//! Functions of digests, random values and secrets.

use std::fmt::Write as _;

use base64::Engine;
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};
use smform_types::{Type, Value};
use uuid::Uuid;

use super::Phase;
use super::arguments::{Arguments, Function, ascii};
use super::encoding::{BASE64, decode};
use super::error::CallError;
use super::filesystem::read;
use super::rsa;
use super::signature::{Parameter, Shape};

const STR: Parameter = Parameter::new("str", Shape::String);
const PATH: Parameter = Parameter::new("path", Shape::String);

const fn of_text(name: &'static str, run: super::arguments::Run, summary: &'static str) -> Function {
    Function::new(name, &[STR], Shape::String, run, summary)
}

const fn of_file(name: &'static str, run: super::arguments::Run, summary: &'static str) -> Function {
    Function::new(name, &[PATH], Shape::String, run, summary)
}

pub(super) const FUNCTIONS: &[Function] = &[
    of_text("md5", |a| Ok(hex::<Md5>(text(a)?)), "The MD5 digest of the text, in hexadecimal."),
    of_text("sha1", |a| Ok(hex::<Sha1>(text(a)?)), "The SHA-1 digest of the text, in hexadecimal."),
    of_text("sha256", |a| Ok(hex::<Sha256>(text(a)?)), "The SHA-256 digest of the text, in hexadecimal."),
    of_text("sha512", |a| Ok(hex::<Sha512>(text(a)?)), "The SHA-512 digest of the text, in hexadecimal."),
    of_text("base64sha256", |a| Ok(base64::<Sha256>(text(a)?)), "The SHA-256 digest of the text, in base64."),
    of_text("base64sha512", |a| Ok(base64::<Sha512>(text(a)?)), "The SHA-512 digest of the text, in base64."),
    of_file("filemd5", |a| Ok(hex::<Md5>(&content(a)?)), "The MD5 digest of a file, in hexadecimal."),
    of_file("filesha1", |a| Ok(hex::<Sha1>(&content(a)?)), "The SHA-1 digest of a file, in hexadecimal."),
    of_file("filesha256", |a| Ok(hex::<Sha256>(&content(a)?)), "The SHA-256 digest of a file, in hexadecimal."),
    of_file("filesha512", |a| Ok(hex::<Sha512>(&content(a)?)), "The SHA-512 digest of a file, in hexadecimal."),
    of_file("filebase64sha256", |a| Ok(base64::<Sha256>(&content(a)?)), "The SHA-256 digest of a file, in base64."),
    of_file("filebase64sha512", |a| Ok(base64::<Sha512>(&content(a)?)), "The SHA-512 digest of a file, in base64."),
    Function::new("bcrypt", &[STR], Shape::String, bcrypt, "A salted digest of a password, made slow on purpose.")
        .variadic(Parameter::new("cost", Shape::Number)),
    Function::new(
        "rsadecrypt",
        &[Parameter::new("ciphertext", Shape::String), Parameter::new("privatekey", Shape::String)],
        Shape::String,
        rsadecrypt,
        "The text that was encrypted for an RSA key.",
    ),
    Function::new("uuid", &[], Shape::String, uuid, "A new random UUID."),
    Function::new(
        "uuidv5",
        &[Parameter::new("namespace", Shape::String), Parameter::new("name", Shape::String)],
        Shape::String,
        uuidv5,
        "The UUID of a name in a namespace.",
    ),
];

fn text<'a>(a: &'a Arguments<'_>) -> Result<&'a [u8], CallError> {
    a.text(0).map(str::as_bytes)
}

/// The bytes of the file of a digest.
fn content(a: &Arguments<'_>) -> Result<Vec<u8>, CallError> {
    read(a, 0).map_err(CallError::of_the_call)
}

fn hex<D: Digest>(bytes: &[u8]) -> Value {
    let mut text = String::new();
    for byte in D::digest(bytes) {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    ascii(&text)
}

fn base64<D: Digest>(bytes: &[u8]) -> Value {
    ascii(&BASE64.encode(D::digest(bytes)))
}

fn bcrypt(a: &Arguments<'_>) -> Result<Value, CallError> {
    if a.len() > 2 {
        return Err(CallError::whole("bcrypt() takes no more than two arguments"));
    }
    let cost = if a.len() == 2 { a.whole(1)? } else { i64::from(DEFAULT_COST) };
    // A cost below the least one stands for the default.
    let cost = if cost < 4 { DEFAULT_COST } else { u32::try_from(cost).unwrap_or(u32::MAX) };
    if cost > 31 {
        return Err(CallError::whole(format!("cost {cost} is outside allowed range (4,31)")));
    }
    let password = a.text(0)?;
    if a.cx.phase == Phase::Plan {
        return Ok(Value::unknown(Type::String));
    }
    let digest = ::bcrypt::non_truncating_hash_with_result(password, cost)
        .map_err(|_| CallError::whole("a password for bcrypt must have at most 72 bytes"))?;
    Ok(ascii(&digest.format_for_version(::bcrypt::Version::TwoA)))
}

const DEFAULT_COST: u32 = 10;

fn rsadecrypt(a: &Arguments<'_>) -> Result<Value, CallError> {
    let ciphertext = decode(a.text(0)?)
        .ok_or_else(|| CallError::argument(0, format!("failed to decode base64 data {}", a.quoted(0))))?;
    let key = rsa::PrivateKey::from_pem(a.text(1)?).map_err(|reason| CallError::argument(1, reason))?;
    let plain = key.decrypt(&ciphertext).ok_or_else(|| CallError::whole("failed to decrypt: the key does not fit"))?;
    let text = String::from_utf8(plain).map_err(|_| CallError::whole("the decrypted data is not valid UTF-8"))?;
    Ok(Value::string(text))
}

fn uuid(a: &Arguments<'_>) -> Result<Value, CallError> {
    if a.cx.phase == Phase::Plan {
        return Ok(Value::unknown(Type::String));
    }
    Ok(ascii(&Uuid::new_v4().to_string()))
}

fn uuidv5(a: &Arguments<'_>) -> Result<Value, CallError> {
    let namespace = match a.text(0)? {
        "dns" => Uuid::NAMESPACE_DNS,
        "url" => Uuid::NAMESPACE_URL,
        "oid" => Uuid::NAMESPACE_OID,
        "x500" => Uuid::NAMESPACE_X500,
        other => Uuid::try_parse(other).map_err(|_| {
            CallError::whole(format!(
                "uuidv5() doesn't support namespace {}; it must be dns, url, oid, x500 or a UUID",
                a.quoted(0)
            ))
        })?,
    };
    Ok(ascii(&Uuid::new_v5(&namespace, a.text(1)?.as_bytes()).to_string()))
}
