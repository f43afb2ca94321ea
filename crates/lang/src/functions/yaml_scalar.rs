//! What the scalars of YAML stand for: YAML 1.1's words, and numbers as YAML 1.2's core schema writes them.

use num_bigint::BigInt;
use smform_types::{Number, Type, Value};

use super::datetime::Moment;
use super::encoding::decode;

/// What `!!` stands for in a tag.
pub(super) const LONG_PREFIX: &str = "tag:yaml.org,2002:";

/// The value of a scalar with a tag, if it has one.
pub(super) fn resolve(text: &str, tag: Option<&str>, quoted: bool) -> Result<Value, String> {
    let tag = match tag {
        None => None,
        Some(tag) => match tag.strip_prefix(LONG_PREFIX) {
            Some(short @ ("str" | "bool" | "int" | "float" | "null" | "timestamp" | "binary")) => Some(short),
            _ => return Err(format!("unsupported tag {tag:?}")),
        },
    };
    let cannot = |what: &str| Err(format!("the value cannot be parsed as {what}"));
    match tag {
        Some("str") => return Ok(Value::string(text)),
        Some("binary") => {
            return if decode(text).is_some() { Ok(Value::string(text)) } else { cannot("base64") };
        }
        _ => {}
    }
    let hinted = text.is_empty() || text.starts_with(|c: char| "+-0123456789yYnNtTfFoO~.".contains(c));
    if hinted && quoted {
        return Ok(Value::string(text));
    }
    if hinted {
        if let Some(value) = word(text) {
            return Ok(value);
        }
        if tag.is_none() && matches!(text, ".nan" | ".NaN" | ".NAN") {
            return Err("floating point NaN is not supported".to_owned());
        }
        if matches!(tag, None | Some("timestamp"))
            && let Some(moment) = timestamp(text)
        {
            return Ok(Value::string(moment.rfc3339()));
        }
        if is_number(text) {
            return number(text).map_or_else(|| cannot("a number"), |number| Ok(Value::number(number)));
        }
    }
    match tag {
        None => Ok(Value::string(text)),
        Some("null") => Ok(Value::null(Type::Dynamic)),
        Some("int" | "float") => match number(&text.replace('_', "")) {
            Some(number) => Ok(Value::number(number)),
            None => cannot("a number"),
        },
        Some("timestamp") => cannot("a timestamp"),
        Some(_) => cannot("a bool"),
    }
}

fn word(text: &str) -> Option<Value> {
    Some(match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Value::bool(true),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Value::bool(false),
        "" | "~" | "null" | "Null" | "NULL" => Value::null(Type::Dynamic),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Value::number(Number::infinity(false)),
        "-.inf" | "-.Inf" | "-.INF" => Value::number(Number::infinity(true)),
        _ => return None,
    })
}

/// Whether an untagged scalar is meant as a number: decimal with an optional sign, or `0o` or `0x` without one.
fn is_number(text: &str) -> bool {
    if let Some(digits) = text.strip_prefix("0o") {
        return !digits.is_empty() && digits.bytes().all(|byte| (b'0'..=b'7').contains(&byte));
    }
    if let Some(digits) = text.strip_prefix("0x") {
        return !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    }
    decimal(text).is_some()
}

/// A decimal number in the notation of literals: YAML also knows `1.` and `.5`.
fn decimal(text: &str) -> Option<String> {
    let (sign, body) = match text.strip_prefix('-') {
        Some(body) => ("-", body),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let (digits, exponent) = match body.find(['e', 'E']) {
        Some(at) => body.split_at_checked(at)?,
        None => (body, ""),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    if !plain(whole) || !plain(fraction) || whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let (whole, fraction) =
        (if whole.is_empty() { "0" } else { whole }, if fraction.is_empty() { "0" } else { fraction });
    let literal = if digits.contains('.') {
        format!("{sign}{whole}.{fraction}{exponent}")
    } else {
        format!("{sign}{whole}{exponent}")
    };
    (exponent.is_empty() || exponent.len() > 1).then_some(literal)
}

fn number(text: &str) -> Option<Number> {
    if let Some(literal) = decimal(text) {
        return Number::parse(&literal);
    }
    let (negative, body) = match text.strip_prefix('-') {
        Some(body) => (true, body),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let lower = body.to_ascii_lowercase();
    let (radix, digits) = match lower.get(..2)? {
        "0x" => (16, lower.get(2..)?),
        "0o" => (8, lower.get(2..)?),
        "0b" => (2, lower.get(2..)?),
        _ => return None,
    };
    let magnitude = BigInt::parse_bytes(digits.as_bytes(), radix).filter(|magnitude| magnitude.bits() <= 64)?;
    let number = Number::from_bigint(&magnitude).with_precision(64);
    Some(if negative { number.negate() } else { number })
}

/// A date, or a date and a time with `T`, `t` or one blank between; months, days, hours, minutes and seconds may have
/// one digit. Only after `T` and `t` there is, and must be, a zone.
fn timestamp(text: &str) -> Option<Moment> {
    let year = text.get(..4).filter(|year| year.bytes().all(|byte| byte.is_ascii_digit()))?;
    let rest = text.get(4..)?.strip_prefix('-')?;
    let (month, rest) = rest.split_once('-')?;
    let end = rest.find(['T', 't', ' ']).unwrap_or(rest.len());
    let (day, time) = rest.split_at_checked(end)?;
    let (clock, zone) = match time.chars().next() {
        None => (["0".to_owned(), "0".to_owned(), "00".to_owned()], "Z"),
        Some(separator) => {
            let time = time.get(1..)?;
            let end = if separator == ' ' { time.len() } else { time.find(['Z', '+', '-'])? };
            let (time, zone) = time.split_at_checked(end)?;
            let mut parts = time.split(':').map(str::to_owned);
            let clock = [parts.next()?, parts.next()?, parts.next()?];
            if parts.next().is_some() {
                return None;
            }
            (clock, if separator == ' ' { "Z" } else { zone })
        }
    };
    let two = |part: &str| -> Option<String> {
        let digits = part.find('.').map_or(part, |end| part.get(..end).unwrap_or(part));
        (matches!(digits.len(), 1 | 2)).then(|| format!("{}{part}", if digits.len() == 1 { "0" } else { "" }))
    };
    let [hour, minute, second] = clock;
    let (month, day, hour, minute, second) = (two(month)?, two(day)?, two(&hour)?, two(&minute)?, two(&second)?);
    Moment::parse(&format!("{year}-{month}-{day}T{hour}:{minute}:{second}{zone}")).ok()
}
