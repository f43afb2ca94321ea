//! A pass over native syntax before the parser proper.
//!
//! It pairs brackets, quotes, heredocs and template directives, so that what is left open is reported where it was
//! opened; it splits a file into its top-level items, so that an error in one leaves the others readable; and it
//! writes a stand-in text of the same length in which the parts that the parser reads differently from Terraform
//! (digits of numbers, text of strings, repeated object keys) are harmless. The tree is lowered from the original
//! text by the spans that the parser finds in the stand-in.

mod expression;
mod items;
mod strings;

use std::ops::Range;

use hcl_edit::Ident;
use smform_types::{Diagnostic, Diagnostics, Span};

use super::place::Place;

/// Deepest nesting of blocks, brackets and templates that is read.
pub(super) const MAX_DEPTH: usize = 60;

/// What the pass found.
pub(super) struct Scanned {
    /// The text for the parser, as long as the original.
    pub text: String,
    /// The top-level items that are in order as far as this pass can tell.
    pub items: Vec<Range<usize>>,
    /// What is wrong.
    pub diagnostics: Diagnostics,
}

/// The state of the pass.
pub(super) struct Scanner<'t> {
    text: &'t str,
    place: Place,
    at: usize,
    out: Vec<u8>,
    depth: usize,
    /// Where the last token ended.
    token_end: usize,
    /// The sequences in quoted strings that are open here.
    sequences: Vec<usize>,
    diagnostics: Diagnostics,
}

/// Scanning stopped within an item; the message is already recorded.
pub(super) struct Stop;

type Scan<T = ()> = Result<T, Stop>;

impl<'t> Scanner<'t> {
    fn new(text: &'t str, place: Place) -> Scanner<'t> {
        Scanner {
            text,
            place,
            at: 0,
            out: text.as_bytes().to_vec(),
            depth: 0,
            token_end: 0,
            sequences: Vec::new(),
            diagnostics: Diagnostics::new(),
        }
    }

    fn finish(self, items: Vec<Range<usize>>) -> Scanned {
        // Only whole characters are ever replaced, and by ASCII; should that fail, the text itself still parses.
        let text = String::from_utf8(self.out).unwrap_or_else(|_| self.text.to_owned());
        Scanned { text, items, diagnostics: self.diagnostics }
    }

    /// A whole file or body.
    pub fn body(text: &'t str, place: Place) -> Scanned {
        let mut scanner = Scanner::new(text, place);
        let items = scanner.top_level();
        scanner.finish(items)
    }

    /// One expression.
    pub fn expression(text: &'t str, place: Place) -> Scanned {
        let mut scanner = Scanner::new(text, place);
        let mut items = Vec::new();
        if scanner.space().is_ok() {
            let start = scanner.at;
            scanner.token_end = start;
            // Where the text ends, the expression does; line breaks do not matter.
            if scanner.tokens(expression::Until::EndOfText).is_ok() {
                items.push(start..scanner.token_end);
            }
        }
        scanner.finish(items)
    }

    /// One template, without quotes around it.
    pub fn template(text: &'t str, place: Place) -> Scanned {
        let mut scanner = Scanner::new(text, place);
        let whole = scanner.bare_template().is_ok();
        scanner.finish(whole.then_some(0..text.len()).into_iter().collect())
    }

    fn peek(&self) -> Option<u8> {
        self.byte(0)
    }

    /// The byte so far ahead.
    fn byte(&self, ahead: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + ahead).copied()
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn char(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn starts(&self, prefix: &str) -> bool {
        self.rest().starts_with(prefix)
    }

    fn slice(&self, range: Range<usize>) -> &'t str {
        self.text.get(range).unwrap_or("")
    }

    /// Overwrites a range of the stand-in text.
    fn blank(&mut self, range: Range<usize>, with: u8) {
        if let Some(bytes) = self.out.get_mut(range) {
            bytes.fill(with);
        }
    }

    fn span(&self, range: Range<usize>) -> Span {
        self.place.span(range)
    }

    /// The place of the next character; one column wide even at the end of the text.
    fn here(&self) -> Range<usize> {
        self.at..self.at + self.char().filter(|c| !matches!(c, '\n' | '\r')).map_or(0, char::len_utf8)
    }

    fn error<T>(&mut self, range: Range<usize>, summary: &str, detail: impl Into<String>) -> Scan<T> {
        let span = self.span(range);
        self.diagnostics.push(Diagnostic::error(summary, detail).at(span));
        Err(Stop)
    }

    /// Runs `inner` one level deeper.
    fn nested<T>(&mut self, open: usize, inner: impl FnOnce(&mut Self) -> Scan<T>) -> Scan<T> {
        if self.depth >= MAX_DEPTH {
            return self.error(open..open + 1, "Nesting too deep", too_deep());
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }

    /// Blanks and comments that do not end the line.
    fn blanks(&mut self) -> Scan {
        loop {
            match self.peek() {
                Some(b' ' | b'\t') => self.at += 1,
                Some(b'\r') => {
                    self.blank(self.at..self.at + 1, b' ');
                    self.at += 1;
                }
                Some(b'/') if self.starts("/*") => self.block_comment()?,
                _ => return Ok(()),
            }
        }
    }

    /// A comment up to the end of the line, if there is one here.
    fn line_comment(&mut self) {
        if self.starts("#") || self.starts("//") {
            let end = self.rest().find('\n').unwrap_or(self.rest().len());
            // A carriage return before the line break would end the comment for the parser.
            let text = self.rest().get(..end).unwrap_or("");
            for (at, _) in text.match_indices('\r') {
                self.blank(self.at + at..self.at + at + 1, b' ');
            }
            self.at += end;
        }
    }

    fn block_comment(&mut self) -> Scan {
        let start = self.at;
        match self.rest().get(2..).and_then(|rest| rest.find("*/")) {
            Some(end) => {
                self.at += end + 4;
                Ok(())
            }
            None => {
                self.at = self.text.len();
                self.error(start..start + 2, "Unterminated comment", "This comment has no closing \"*/\".")
            }
        }
    }

    /// Blanks, comments and line breaks.
    fn space(&mut self) -> Scan {
        loop {
            self.blanks()?;
            self.line_comment();
            if self.peek() != Some(b'\n') {
                return Ok(());
            }
            self.at += 1;
        }
    }

    /// A name, if one starts here.
    fn identifier(&mut self) -> Option<Range<usize>> {
        let start = self.at;
        let rest = self.rest();
        let mut chars = rest.char_indices();
        let (_, first) = chars.next()?;
        if !is_id_start(first) {
            return None;
        }
        let length = chars.find(|(_, c)| !is_id_continue(*c)).map_or(rest.len(), |(at, _)| at);
        self.at += length;
        Some(start..self.at)
    }
}

/// What to say where nesting goes too deep.
pub(super) fn too_deep() -> &'static str {
    "Blocks, brackets and templates are nested too deeply here to be read. Move inner parts to locals."
}

pub(crate) fn is_id_start(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_' || (!c.is_ascii() && Ident::try_new(c.to_string()).is_ok())
}

pub(crate) fn is_id_continue(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-') || (!c.is_ascii() && Ident::try_new(format!("_{c}")).is_ok())
}

/// Whether a text is a name.
#[must_use]
pub fn is_identifier(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(is_id_start) && chars.all(is_id_continue)
}
