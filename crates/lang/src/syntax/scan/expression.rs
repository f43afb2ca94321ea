//! Expressions: tokens and brackets, as far as finding where they end needs.

use std::collections::HashSet;
use std::ops::Range;

use super::{Scan, Scanner, is_id_start};

/// What ends a run of tokens.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Until {
    /// A line break, or the end of the text.
    LineEnd,
    /// The closing brace of a block on one line.
    OneLineEnd,
    /// The end of the text.
    EndOfText,
    /// The closing bracket of the opening one here.
    Close(u8, usize),
    /// The closing brace of a template sequence opened here.
    TemplateClose(usize),
}

impl<'t> Scanner<'t> {
    /// Reads tokens up to what ends them. A closing bracket is consumed, a line break is not.
    pub(super) fn tokens(&mut self, until: Until) -> Scan {
        loop {
            self.blanks()?;
            self.line_comment();
            let Some(byte) = self.peek() else { return self.end_of_text(until) };
            match byte {
                b'\n' => {
                    if matches!(until, Until::LineEnd | Until::OneLineEnd) {
                        return Ok(());
                    }
                    self.at += 1;
                }
                b')' | b']' | b'}' => {
                    if self.close(byte, until)? {
                        return Ok(());
                    }
                }
                _ => self.token(byte)?,
            }
            if byte != b'\n' {
                self.token_end = self.at;
            }
        }
    }

    fn end_of_text(&mut self, until: Until) -> Scan {
        match until {
            Until::LineEnd | Until::OneLineEnd | Until::EndOfText => Ok(()),
            Until::Close(close, open) => self.unclosed(close, open),
            Until::TemplateClose(open) => self.unclosed_sequence(open),
        }
    }

    pub(super) fn unclosed_sequence<T>(&mut self, open: usize) -> Scan<T> {
        self.error(
            open..open + 2,
            "Unclosed template interpolation sequence",
            "There is no closing brace for this sequence. Brackets or quotes inside it may not match.",
        )
    }

    fn unclosed<T>(&mut self, close: u8, open: usize) -> Scan<T> {
        let (summary, bracket) = match close {
            b')' => ("Unbalanced parentheses", "parenthesis"),
            b']' => ("Unbalanced brackets", "bracket"),
            _ => ("Unbalanced braces", "brace"),
        };
        let detail = format!("There is no closing {bracket} for this one.");
        self.error(open..open + 1, summary, detail)
    }

    /// Whether a closing bracket ends the run.
    fn close(&mut self, byte: u8, until: Until) -> Scan<bool> {
        match until {
            Until::Close(close, _) if close == byte => {
                self.at += 1;
                Ok(true)
            }
            Until::TemplateClose(_) if byte == b'}' => {
                self.at += 1;
                Ok(true)
            }
            Until::OneLineEnd if byte == b'}' => Ok(true),
            Until::Close(close, open) => {
                // The mark goes where the mistake most likely is: the bracket that was left open.
                self.unclosed(close, open)
            }
            Until::TemplateClose(open) => self.unclosed_sequence(open),
            _ => self.error(
                self.here(),
                "Unexpected closing bracket",
                "This bracket closes nothing. Remove it, or write the bracket that opens it.",
            ),
        }
    }

    /// One token, or one bracketed group.
    fn token(&mut self, byte: u8) -> Scan {
        let open = self.at;
        match byte {
            b'"' => self.quoted().map(|_| ()),
            b'(' => {
                self.at += 1;
                self.nested(open, |scanner| scanner.tokens(Until::Close(b')', open)))
            }
            b'[' => {
                self.at += 1;
                self.nested(open, |scanner| {
                    scanner.for_intro()?;
                    scanner.tokens(Until::Close(b']', open))
                })
            }
            b'{' => {
                self.at += 1;
                self.nested(open, |scanner| scanner.braces(open))
            }
            b'<' if self.starts("<<") => self.heredoc(),
            b'0'..=b'9' => {
                self.number();
                Ok(())
            }
            _ => self.plain(byte),
        }
    }

    fn plain(&mut self, byte: u8) -> Scan {
        if self.identifier().is_some() {
            return Ok(());
        }
        let Some(c) = self.char() else { return Ok(()) };
        match byte {
            b'\'' => self.error(
                self.here(),
                "Invalid character",
                "Single quotes are not valid. Use double quotes (\") to enclose strings.",
            ),
            b'`' => self.error(
                self.here(),
                "Invalid character",
                "The \"`\" character is not valid. To write text of several lines, use a heredoc: <<EOT.",
            ),
            b';' => self.error(
                self.here(),
                "Invalid character",
                "The \";\" character is not valid. Use line breaks to separate arguments and commas to separate \
                 elements.",
            ),
            b'&' | b'|' if self.byte(1) != Some(byte) => {
                let operator = format!("{c}{c}");
                self.error(
                    self.here(),
                    "Unsupported operator",
                    format!("Bitwise operators are not supported. Did you mean \"{operator}\"?"),
                )
            }
            b'&' | b'|' => {
                self.at += 2;
                Ok(())
            }
            b'^' | b'@' | b'$' | b'\\' => self.error(
                self.here(),
                "Invalid character",
                format!("The character \"{c}\" is not used within the language outside quotes."),
            ),
            _ if !c.is_ascii() => self.error(
                self.here(),
                "Invalid character",
                format!("The character \"{}\" is not used within the language outside quotes.", c.escape_debug()),
            ),
            _ => {
                self.at += 1;
                Ok(())
            }
        }
    }

    /// A number, whose digits the parser need not know: the tree takes them from the original text.
    fn number(&mut self) {
        let start = self.at;
        let digits = |scanner: &mut Self| {
            while scanner.peek().is_some_and(|byte| byte.is_ascii_digit()) {
                scanner.at += 1;
            }
        };
        digits(self);
        // After a dot it is a legacy index, which has neither fraction nor exponent.
        let before = self.text.get(..start).and_then(|head| head.trim_end().chars().next_back());
        if before == Some('.') {
            return;
        }
        if self.peek() == Some(b'.') && self.byte(1).is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
            digits(self);
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(self.byte(1), Some(b'+' | b'-')));
            if self.byte(1 + sign).is_some_and(|byte| byte.is_ascii_digit()) {
                self.at += 1 + sign;
                digits(self);
            }
        }
        self.blank(start..self.at, b'0');
    }

    /// What stands in braces within an expression: an object constructor or a `for` expression.
    fn braces(&mut self, open: usize) -> Scan {
        if self.for_intro()? {
            return self.tokens(Until::Close(b'}', open));
        }
        let mut keys = HashSet::new();
        let mut key_start = None;
        loop {
            self.blanks()?;
            self.line_comment();
            let Some(byte) = self.peek() else { return self.unclosed(b'}', open) };
            match byte {
                b'\n' | b',' => {
                    self.at += 1;
                    key_start = None;
                    continue;
                }
                b'}' => {
                    self.at += 1;
                    return Ok(());
                }
                b')' | b']' => return self.unclosed(b'}', open),
                _ => {}
            }
            match key_start {
                None => {
                    let start = self.at;
                    self.token(byte)?;
                    self.distinct(start..self.at, &mut keys);
                    key_start = Some(start);
                }
                Some(_) => self.token(byte)?,
            }
        }
    }

    /// The beginning of a `for` expression, if it is one: `for key, value in`.
    fn for_intro(&mut self) -> Scan<bool> {
        let start = self.at;
        self.space()?;
        if !self.starts("for") || self.rest().chars().nth(3).is_some_and(super::is_id_continue) {
            self.at = start;
            return Ok(false);
        }
        self.at += 3;
        let invalid =
            |scanner: &mut Self, detail: &str| scanner.error(scanner.here(), "Invalid 'for' expression", detail);
        for _ in 0..2 {
            self.space()?;
            if self.identifier().is_none() {
                return invalid(self, "For expression requires variable name after 'for'.");
            }
            self.space()?;
            if self.peek() != Some(b',') {
                break;
            }
            self.at += 1;
        }
        if self.identifier().map(|word| self.slice(word)) != Some("in") {
            return invalid(self, "For expression requires the 'in' keyword after its name declarations.");
        }
        Ok(true)
    }

    /// Makes a repeated key different in the stand-in text: the parser refuses repetitions, the language does not.
    fn distinct(&mut self, key: Range<usize>, keys: &mut HashSet<Vec<u8>>) {
        let Some(written) = self.out.get(key.clone()).map(<[u8]>::to_vec) else { return };
        if keys.insert(written.clone()) {
            return;
        }
        let quoted = written.first() == Some(&b'"');
        let simple = self.slice(key.clone()).chars().next().is_some_and(is_id_start) || (quoted && written.len() > 2);
        if !simple {
            return;
        }
        let inner = if quoted { 1..written.len() - 1 } else { 0..written.len() };
        if written.get(inner.clone()).is_none_or(|bytes| bytes.contains(&b'{') || !bytes.is_ascii()) {
            return;
        }
        for number in 0..usize::MAX {
            let Some(other) = numbered(number, inner.len()) else { return };
            let mut candidate = written.clone();
            if let Some(bytes) = candidate.get_mut(inner.clone()) {
                bytes.copy_from_slice(&other);
            }
            if keys.insert(candidate.clone()) {
                if let Some(bytes) = self.out.get_mut(key) {
                    bytes.copy_from_slice(&candidate);
                }
                return;
            }
        }
    }
}

/// A name of exactly so many letters for a number; nothing when the number needs more.
fn numbered(mut number: usize, length: usize) -> Option<Vec<u8>> {
    let mut name = vec![b'Z'; length];
    for byte in name.iter_mut().rev() {
        let digit = u8::try_from(number % 26).ok()?;
        *byte = b'Z' - digit;
        number /= 26;
    }
    (number == 0).then_some(name)
}
