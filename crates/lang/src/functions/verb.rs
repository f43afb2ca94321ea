//! The verbs of `format`: what stands between `%` and a letter, and what it makes of an argument.

use num_bigint::Sign;
use smform_types::json::{plain, to_text};
use smform_types::{Number, Type, Value, ValueKind, convert, graphemes};

use super::decimal::Decimal;
use super::encoding::has_infinity;

/// Widths and precisions beyond this cannot be meant; refusing them bounds memory.
const WIDTH_LIMIT: usize = 1_000_000;

/// One verb with its flags.
#[derive(Clone, Debug, Default)]
pub(super) struct Verb {
    /// The verb as written.
    pub(super) raw: String,
    letter: char,
    zero: bool,
    sharp: bool,
    plus: bool,
    minus: bool,
    space: bool,
    width: Option<usize>,
    precision: Option<usize>,
    /// The argument it asks for by number, counted from one.
    pub(super) argument: Option<usize>,
}

/// Reads the verb at the beginning of `text`, which is a `%`, and gives what follows it.
///
/// # Errors
/// How far the text can be read, in bytes, when there is no verb.
pub(super) fn parse(text: &str) -> Result<(Verb, &str), usize> {
    let mut verb = Verb::default();
    let mut rest = text.get(1..).unwrap_or_default();
    let here = |rest: &str| text.len() - rest.len();
    while let Some(flag) = rest.chars().next().filter(|c| "0#-+ ".contains(*c)) {
        match flag {
            '0' => verb.zero = true,
            '#' => verb.sharp = true,
            '-' => verb.minus = true,
            '+' => verb.plus = true,
            _ => verb.space = true,
        }
        rest = rest.get(1..).unwrap_or_default();
    }
    if rest.starts_with(|c: char| c.is_ascii_digit()) {
        verb.width = Some(number(&mut rest));
    }
    if let Some(after) = rest.strip_prefix('.') {
        rest = after;
        verb.precision = Some(number(&mut rest));
    }
    if let Some(after) = rest.strip_prefix('[') {
        rest = after;
        if !rest.starts_with(|c: char| ('1'..='9').contains(&c)) {
            return Err(here(rest));
        }
        verb.argument = Some(number(&mut rest));
        rest = rest.strip_prefix(']').ok_or_else(|| here(rest))?;
    }
    verb.letter = rest.chars().next().filter(char::is_ascii_alphabetic).ok_or_else(|| here(rest))?;
    rest = rest.get(1..).unwrap_or_default();
    verb.raw = text.get(..here(rest)).unwrap_or_default().to_owned();
    Ok((verb, rest))
}

/// Takes digits off the front; none stand for zero.
fn number(rest: &mut &str) -> usize {
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (digits, after) = rest.split_at_checked(end).unwrap_or_default();
    *rest = after;
    if digits.is_empty() { 0 } else { digits.parse().unwrap_or(usize::MAX) }
}

impl Verb {
    /// What the verb makes of a value that is known.
    ///
    /// # Errors
    /// Why it can make nothing of it.
    pub(super) fn apply(&self, value: &Value) -> Result<String, String> {
        if self.letter != 'v' && value.is_null() {
            return Err("null value cannot be formatted".to_owned());
        }
        if self.width.max(self.precision).is_some_and(|width| width > WIDTH_LIMIT) {
            return Err(format!("a width must not be greater than {WIDTH_LIMIT}"));
        }
        match self.letter {
            'v' => self.as_is(value),
            't' => to(value, &Type::Bool).map(|value| (value.as_bool() == Some(true)).to_string()),
            'b' | 'd' | 'o' | 'x' | 'X' => self.integer(&to_number(value)?),
            'e' | 'E' | 'f' | 'g' | 'G' => self.float(&to_number(value)?),
            's' | 'q' => self.string(value),
            _ => Err(format!("unsupported format verb '{}'", self.letter)),
        }
    }

    fn as_is(&self, value: &Value) -> Result<String, String> {
        Ok(match value.kind() {
            ValueKind::String(text) if !self.sharp => self.pad(text.to_string()),
            ValueKind::Number(number) if !self.sharp => {
                let sign = if number.to_binary().is_some_and(|(negative, ..)| negative) { "-" } else { "" };
                self.pad(match Decimal::shortest(number) {
                    Some(decimal) => format!("{sign}{}", decimal.general(None, 'e')),
                    None => number.to_string(),
                })
            }
            _ if has_infinity(value) => return Err("infinity cannot be written as JSON".to_owned()),
            _ => self.pad(to_text(&plain(value), None)),
        })
    }

    fn string(&self, value: &Value) -> Result<String, String> {
        let value = to(value, &Type::String)?;
        let text = value.as_str().unwrap_or_default();
        // A precision of zero does not cut anything off.
        let text: String = match self.precision.filter(|precision| *precision > 0) {
            Some(precision) => graphemes(text).into_iter().take(precision).collect(),
            None => text.to_owned(),
        };
        Ok(self.pad(if self.letter == 'q' {
            let mut quoted = String::new();
            smform_types::json::write_string(&text, &mut quoted);
            quoted
        } else {
            text
        }))
    }

    /// The text filled up to the width, in characters as a reader counts them.
    fn pad(&self, text: String) -> String {
        let missing = self.width.unwrap_or(0).saturating_sub(graphemes(&text).len());
        let fill = if self.zero { "0" } else { " " }.repeat(missing);
        if self.minus { text + &fill } else { fill + &text }
    }

    fn sign(&self, negative: bool) -> &'static str {
        match (negative, self.plus, self.space) {
            (true, ..) => "-",
            (false, true, _) => "+",
            (false, false, true) => " ",
            (false, false, false) => "",
        }
    }

    fn integer(&self, number: &Number) -> Result<String, String> {
        let integer = number.to_bigint().ok_or_else(|| "an integer is required".to_owned())?;
        let (radix, prefix) = match self.letter {
            'b' => (2, "0b"),
            'o' => (8, "0"),
            'x' => (16, "0x"),
            'X' => (16, "0X"),
            _ => (10, ""),
        };
        let prefix = if self.sharp { prefix } else { "" };
        let mut digits = integer.magnitude().to_str_radix(radix);
        if self.letter == 'X' {
            digits.make_ascii_uppercase();
        }
        if self.precision == Some(0) && digits == "0" {
            return Ok(String::new());
        }
        let sign = self.sign(integer.sign() == Sign::Minus);
        let mut zeros = self.precision.unwrap_or(0).saturating_sub(digits.len());
        let missing = self.width.unwrap_or(0).saturating_sub(sign.len() + prefix.len() + zeros + digits.len());
        let (mut left, mut right) = (0, 0);
        match (self.minus, self.zero && self.precision.is_none()) {
            (true, _) => right = missing,
            (false, true) => zeros = missing,
            (false, false) => left = missing,
        }
        Ok(format!("{}{sign}{prefix}{}{digits}{}", " ".repeat(left), "0".repeat(zeros), " ".repeat(right)))
    }

    fn float(&self, number: &Number) -> Result<String, String> {
        let letter = if self.letter.is_ascii_uppercase() { 'E' } else { 'e' };
        let places = self.precision.unwrap_or(6);
        let exact = || Decimal::exact(number);
        let negative = number.to_binary().map_or_else(|| number.is_negative(), |(negative, ..)| negative);
        let digits = match (self.letter, self.precision) {
            ('f', _) => exact().map(|decimal| decimal.fixed(places)),
            ('e' | 'E', _) => exact().map(|decimal| decimal.scientific(places, letter)),
            (_, None) => Decimal::shortest(number).map(|decimal| decimal.general(None, letter)),
            (_, precision) => exact().map(|decimal| decimal.general(precision, letter)),
        };
        let infinite = digits.is_none();
        // Infinity always shows its sign.
        let sign = if infinite && !negative && !self.space { "+" } else { self.sign(negative) };
        let digits = digits.unwrap_or_else(|| "Inf".to_owned());
        let missing = self.width.unwrap_or(0).saturating_sub(sign.len() + digits.len());
        Ok(if self.zero && !infinite {
            format!("{sign}{}{digits}", "0".repeat(missing))
        } else if self.minus {
            format!("{sign}{digits}{}", " ".repeat(missing))
        } else {
            format!("{}{sign}{digits}", " ".repeat(missing))
        })
    }
}

fn to(value: &Value, ty: &Type) -> Result<Value, String> {
    convert(value.clone(), ty).map_err(|error| error.to_string())
}

fn to_number(value: &Value) -> Result<Number, String> {
    to(value, &Type::Number)?.as_number().cloned().ok_or_else(|| "a number is required".to_owned())
}
