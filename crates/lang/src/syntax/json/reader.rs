//! A JSON reader that keeps places and reads strings as templates.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ops::Range;
use std::sync::Arc;

use smform_types::{Diagnostic, Diagnostics, Number, SourceId, Span, Type, Value};

use super::super::native::{template, within};
use super::super::parser::{MAX_DEPTH, too_deep};
use super::super::{Expr, ExprKind, ObjectItem, TemplatePart};

/// What strings are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Strings {
    /// Templates.
    Templates,
    /// Text as it stands.
    Literal,
}

/// Reads one text.
pub(super) struct Reader<'t> {
    strings: Strings,
    text: &'t str,
    source: SourceId,
    at: usize,
    depth: usize,
    diagnostics: &'t mut Diagnostics,
}

/// Reading stopped; the message is recorded.
struct Stop;

type Read<T> = Result<T, Stop>;

impl<'t> Reader<'t> {
    pub fn new(text: &'t str, source: SourceId, strings: Strings, diagnostics: &'t mut Diagnostics) -> Reader<'t> {
        Reader { strings, text, source, at: 0, depth: 0, diagnostics }
    }

    /// The one value of the text; nothing when it is not JSON, which is then reported.
    pub fn document(mut self) -> Option<Expr> {
        let value = self.value().ok()?;
        self.blanks();
        if self.peek().is_some() {
            let _: Read<()> = self.fail_as(
                "Extraneous data after value",
                self.here(),
                "Nothing may follow the value of a JSON file.",
            );
            return None;
        }
        Some(value)
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn span(&self, range: Range<usize>) -> Span {
        Span::new(self.source, range)
    }

    fn here(&self) -> Range<usize> {
        self.at..self.at + self.rest().chars().next().filter(|c| *c != '\n').map_or(0, char::len_utf8)
    }

    fn fail<T>(&mut self, range: Range<usize>, detail: &str) -> Read<T> {
        self.fail_as("Invalid JSON", range, detail)
    }

    fn fail_as<T>(&mut self, summary: &str, range: Range<usize>, detail: &str) -> Read<T> {
        let span = self.span(range);
        self.diagnostics.push(Diagnostic::error(summary, detail).at(span));
        Err(Stop)
    }

    /// The comma before, with nothing but blanks since.
    fn last_comma(&self) -> Range<usize> {
        let at = self.text.get(..self.at).and_then(|before| before.rfind(',')).unwrap_or(self.at);
        at..at + 1
    }

    fn blanks(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start_matches([' ', '\t', '\r', '\n']).len();
    }

    fn value(&mut self) -> Read<Expr> {
        self.blanks();
        let start = self.at;
        let kind = match self.peek() {
            Some(b'{') => self.nested(Self::object)?,
            Some(b'[') => self.nested(Self::array)?,
            Some(b'"') => return self.string_value(),
            Some(b'-' | b'+' | b'.' | b'0'..=b'9') => self.number()?,
            Some(b'a'..=b'z' | b'A'..=b'Z') => self.keyword()?,
            None => return self.fail_as("Missing value", self.here(), "A value is required here, but the file ends."),
            Some(_) => {
                let closes = matches!(self.peek(), Some(b'}' | b']' | b','));
                return self.fail_as(
                    if closes { "Missing JSON value" } else { "Invalid start of value" },
                    self.here(),
                    "A value must begin here: an object, an array, a string in double quotes, a number, true, false \
                     or null.",
                );
            }
        };
        Ok(Expr { kind, span: self.span(start..self.at) })
    }

    fn nested(&mut self, inner: fn(&mut Self) -> Read<ExprKind>) -> Read<ExprKind> {
        if self.depth >= MAX_DEPTH {
            return self.fail(self.here(), too_deep());
        }
        self.depth += 1;
        let result = crate::stack::with_room(|| inner(self));
        self.depth -= 1;
        result
    }

    fn object(&mut self) -> Read<ExprKind> {
        let open = self.at;
        self.at += 1;
        let mut items = Vec::new();
        let mut keys: HashMap<Arc<str>, Span> = HashMap::new();
        loop {
            self.blanks();
            match self.peek() {
                Some(b'}') if items.is_empty() => break,
                Some(b'"') => {}
                None => return self.fail_as("Unclosed object", open..open + 1, "This object has no closing brace."),
                Some(b'}') => {
                    let detail = "JSON does not allow a comma after the last property.";
                    return self.fail_as("Trailing comma in object", self.last_comma(), detail);
                }
                Some(other) => {
                    let (start, mut place) = (self.at, self.here());
                    if other.is_ascii_alphabetic() {
                        let _: Read<ExprKind> = self.keyword();
                        place = start..self.at;
                    }
                    return self.fail_as(
                        "Invalid object property name",
                        place,
                        "The name of a property, in double quotes, is required here.",
                    );
                }
            }
            let key = self.string_value()?;
            self.blanks();
            if self.peek() != Some(b':') {
                return self.fail_as(
                    "Missing property value colon",
                    self.here(),
                    "A colon is required between the name of a property and its value.",
                );
            }
            self.at += 1;
            let value = self.value()?;
            let before = super::key_text(&key).and_then(|text| match keys.entry(text) {
                Entry::Occupied(first) => Some(*first.get()),
                Entry::Vacant(first) => {
                    first.insert(key.span);
                    None
                }
            });
            items.push(ObjectItem { key, quoted: false, before, value });
            if self.end_of_items(b'}', open, "This object has no closing brace.")? {
                return Ok(ExprKind::Object(items));
            }
        }
        self.at += 1;
        Ok(ExprKind::Object(items))
    }

    fn array(&mut self) -> Read<ExprKind> {
        let open = self.at;
        self.at += 1;
        let mut items = Vec::new();
        self.blanks();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(ExprKind::Tuple(items));
        }
        loop {
            self.blanks();
            if self.peek() == Some(b']') {
                let detail = "JSON does not allow a comma after the last element.";
                return self.fail_as("Trailing comma in array", self.last_comma(), detail);
            }
            items.push(self.value()?);
            if self.end_of_items(b']', open, "This array has no closing bracket.")? {
                return Ok(ExprKind::Tuple(items));
            }
        }
    }

    /// After an item: a comma, or the closing bracket.
    fn end_of_items(&mut self, close: u8, open: usize, unclosed: &str) -> Read<bool> {
        self.blanks();
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                Ok(false)
            }
            Some(byte) if byte == close => {
                self.at += 1;
                Ok(true)
            }
            None if close == b'}' => self.fail_as("Unclosed object", open..open + 1, unclosed),
            None => self.fail_as("Unclosed array", open..open + 1, unclosed),
            // Terraform's own word for it, in its spelling.
            Some(_) => self.fail_as(
                "Missing attribute seperator comma",
                self.here(),
                "A comma is required before the next item.",
            ),
        }
    }

    fn number(&mut self) -> Read<ExprKind> {
        let start = self.at;
        let is_part = |c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'e' | 'E');
        let length = self.rest().find(|c| !is_part(c)).unwrap_or(self.rest().len());
        self.at += length;
        let text = self.text.get(start..self.at).unwrap_or("");
        let leads_with_zero = text
            .trim_start_matches('-')
            .strip_prefix('0')
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        let has_gap = text.starts_with(['+', '.']) || text.split(['e', 'E']).any(|part| part.ends_with('.'));
        match Number::parse(text).filter(|_| !leads_with_zero && !has_gap && !text.contains("-.")) {
            Some(number) => Ok(ExprKind::Literal(Value::number(number))),
            None => self.fail_as("Invalid JSON number", start..self.at, "This is not a JSON number."),
        }
    }

    fn keyword(&mut self) -> Read<ExprKind> {
        let words = [("true", Value::bool(true)), ("false", Value::bool(false)), ("null", Value::null(Type::Dynamic))];
        let start = self.at;
        let length = self.rest().find(|c: char| !c.is_alphanumeric()).unwrap_or(self.rest().len());
        self.at += length;
        let word = self.text.get(start..self.at).unwrap_or("");
        match words.into_iter().find(|(name, _)| *name == word) {
            Some((_, value)) => Ok(ExprKind::Literal(value)),
            None => self.fail_as(
                "Invalid JSON keyword",
                start..self.at,
                "JSON has only the words true, false and null; text needs double quotes.",
            ),
        }
    }

    /// A string, which may be a template.
    fn string_value(&mut self) -> Read<Expr> {
        let start = self.at;
        let text = self.string()?;
        let span = self.span(start..self.at);
        if self.strings == Strings::Literal || (!text.contains("${") && !text.contains("%{")) {
            return Ok(Expr { kind: ExprKind::Literal(Value::string(text)), span });
        }
        match template(&text, within(&text, span)) {
            Ok(expr) => {
                let parts = match expr.kind {
                    ExprKind::Template { parts, .. } => parts,
                    ExprKind::Literal(value) => vec![TemplatePart::Text(value.as_str().unwrap_or_default().into())],
                    _ => vec![TemplatePart::Interpolation(expr)],
                };
                Ok(Expr { kind: ExprKind::Template { parts, written: Some(text.into()) }, span })
            }
            Err(errors) => {
                // The string is whole, so that reading can go on after it.
                self.diagnostics.extend(errors);
                Ok(Expr { kind: ExprKind::Literal(Value::string(text)), span })
            }
        }
    }

    fn string(&mut self) -> Read<String> {
        let open = self.at;
        self.at += 1;
        let mut text = String::new();
        loop {
            let ends = |c: char| matches!(c, '"' | '\\' | '\0'..'\u{20}');
            let plain = self.rest().find(ends).unwrap_or(self.rest().len());
            text.push_str(self.rest().get(..plain).unwrap_or(""));
            self.at += plain;
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(text);
                }
                Some(b'\\') => text.push(self.escape()?),
                Some(c) if c != b'\n' => {
                    let detail = "A control character, such as a tab, is written as an escape sequence in a string.";
                    return self.fail_as("Invalid JSON string", self.at..self.at + 1, detail);
                }
                _ => {
                    return self.fail_as(
                        "Invalid JSON string",
                        open..open + 1,
                        "This string has no closing quote on its line.",
                    );
                }
            }
        }
    }

    fn escape(&mut self) -> Read<char> {
        let start = self.at;
        self.at += 1;
        let selector = self.rest().chars().next();
        self.at += selector.map_or(0, char::len_utf8);
        match selector {
            Some(c @ ('"' | '\\' | '/')) => Ok(c),
            Some('b') => Ok('\u{8}'),
            Some('f') => Ok('\u{c}'),
            Some('n') => Ok('\n'),
            Some('r') => Ok('\r'),
            Some('t') => Ok('\t'),
            Some('u') => {
                let first = self.hex(start)?;
                if !(0xd800..0xdc00).contains(&first) {
                    return Ok(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER));
                }
                if !self.rest().starts_with("\\u") {
                    return Ok(char::REPLACEMENT_CHARACTER);
                }
                self.at += 2;
                let second = self.hex(start)?;
                let low = second.wrapping_sub(0xdc00);
                let combined = 0x10000 + ((first - 0xd800) << 10) + low;
                Ok(Some(combined)
                    .filter(|_| low < 0x400)
                    .and_then(char::from_u32)
                    .unwrap_or(char::REPLACEMENT_CHARACTER))
            }
            _ => self.fail_as("Invalid JSON string", start..self.at, "This escape sequence is not known to JSON."),
        }
    }

    fn hex(&mut self, start: usize) -> Read<u32> {
        let digits = self.rest().get(..4).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        match digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()) {
            Some(code) => {
                self.at += 4;
                Ok(code)
            }
            None => self.fail(start..self.at, "Four hexadecimal digits are required after \\u."),
        }
    }
}
