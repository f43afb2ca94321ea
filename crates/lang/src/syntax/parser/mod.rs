//! The parser of native syntax: recursive descent over the text, straight to the tree.
//!
//! What is left open is reported where its end was missed. An error ends the top-level item that it is in; the items after
//! it are read all the same.

mod access;
mod collection;
mod expression;
mod items;
mod strings;

use std::ops::Range;

use smform_types::{Diagnostic, Diagnostics, Span};

use super::names::{is_id_continue, is_id_start};
use super::place::Place;
use super::{Block, Expr, Ident};

pub(super) use strings::{MULTI_LINE, MULTI_LINE_DETAIL};

/// Deepest nesting of blocks, brackets, templates and conditions that is read. Evaluation needs stack for each level.
pub(super) const MAX_DEPTH: usize = 20_000;

/// The summary where something is nested deeper than that.
const TOO_DEEP: &str = "Nesting too deep";

/// What a line break is, outside of brackets.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Lines {
    /// It ends an expression, as in a body.
    End,
    /// It is a blank, as within brackets.
    Pass,
}

/// Parsing stopped within an item; the message is already recorded.
pub(super) struct Stop;

pub(super) type Parse<T = ()> = Result<T, Stop>;

/// A text and the place in it.
pub(super) struct Parser<'t> {
    text: &'t str,
    place: Place,
    at: usize,
    lines: Lines,
    depth: usize,
    /// Whether the text is a file, in which every line ends with a line break.
    whole_file: bool,
    /// The sequences in quoted strings that are open here.
    sequences: Vec<usize>,
    /// The kinds of foreign characters that were told.
    told: Vec<char>,
    /// Top-level blocks that could not be read to their end.
    unfinished: Vec<Block>,
    /// What is wrong.
    pub diagnostics: Diagnostics,
}

impl<'t> Parser<'t> {
    pub fn new(text: &'t str, place: Place, lines: Lines) -> Parser<'t> {
        Parser {
            text,
            place,
            at: 0,
            lines,
            depth: 0,
            whole_file: false,
            sequences: Vec::new(),
            told: Vec::new(),
            unfinished: Vec::new(),
            diagnostics: Diagnostics::new(),
        }
    }

    /// One expression that is the whole text.
    pub fn only_expression(&mut self) -> Parse<Expr> {
        self.skip()?;
        if self.peek().is_none() {
            let detail = "Expected the start of an expression, but found nothing.";
            return self.error(0..self.text.len(), "Missing expression", detail);
        }
        let expr = self.expression()?;
        self.skip()?;
        if self.peek().is_none() {
            return Ok(expr);
        }
        let detail = "The expression ends before this; an operator or a comma may be missing.";
        self.error(self.word(), "Extra characters after expression", detail)
    }

    /// Passes the mark that some editors put at the beginning of a file.
    pub fn begin_file(&mut self) {
        self.whole_file = true;
        self.take("\u{feff}");
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

    /// Takes a spelling if it stands here.
    fn take(&mut self, spelling: &str) -> bool {
        let found = self.starts(spelling);
        if found {
            self.at += spelling.len();
        }
        found
    }

    fn slice(&self, range: Range<usize>) -> &'t str {
        self.text.get(range).unwrap_or("")
    }

    fn span(&self, range: Range<usize>) -> Span {
        self.place.span(range)
    }

    fn ident(&self, range: Range<usize>) -> Ident {
        Ident { text: self.slice(range.clone()).into(), span: self.span(range) }
    }

    /// The place of the next character, the end of a line included; nothing wide at the end of the text.
    fn here(&self) -> Range<usize> {
        self.at..self.at + self.char().map_or(0, char::len_utf8)
    }

    /// The place of the next word, operator or character.
    fn word(&self) -> Range<usize> {
        const OPERATORS: [&str; 9] = ["...", "==", "!=", "<=", ">=", "&&", "||", "=>", "::"];
        let rest = self.rest();
        let word = match self.char() {
            Some(c) if is_id_start(c) => rest.find(|c| !is_id_continue(c)).unwrap_or(rest.len()),
            _ => rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len()),
        };
        match OPERATORS.iter().find(|operator| self.starts(operator)) {
            Some(operator) => self.at..self.at + operator.len(),
            None => self.at..self.here().end.max(self.at + word),
        }
    }

    fn error<T>(&mut self, range: Range<usize>, summary: &str, detail: impl Into<String>) -> Parse<T> {
        if summary != TOO_DEEP {
            self.tell_foreign();
        }
        let span = self.span(range);
        self.diagnostics.push(Diagnostic::error(summary, detail).at(span));
        Err(Stop)
    }

    /// Runs `inner` one level deeper, on as much stack as that may need.
    fn nested<T>(&mut self, open: usize, inner: impl FnOnce(&mut Self) -> Parse<T>) -> Parse<T> {
        if self.depth >= MAX_DEPTH {
            let end = open + self.text.get(open..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
            return self.error(open..end, TOO_DEEP, too_deep());
        }
        self.depth += 1;
        let result = crate::stack::with_room(|| inner(self));
        self.depth -= 1;
        result
    }

    /// Runs `inner` one level deeper, with another meaning of line breaks.
    fn within<T>(&mut self, lines: Lines, open: usize, inner: impl FnOnce(&mut Self) -> Parse<T>) -> Parse<T> {
        let before = std::mem::replace(&mut self.lines, lines);
        let result = self.nested(open, inner);
        self.lines = before;
        result
    }

    /// Blanks and comments, and line breaks where they mean nothing.
    fn skip(&mut self) -> Parse {
        match self.lines {
            Lines::End => {
                self.blanks()?;
                self.line_comment();
                Ok(())
            }
            Lines::Pass => self.space(),
        }
    }

    /// Blanks and comments that do not end the line.
    fn blanks(&mut self) -> Parse {
        loop {
            match self.peek() {
                Some(b' ' | b'\t') => self.at += 1,
                // Part of a line break; alone it is no blank.
                Some(b'\r') if self.byte(1) == Some(b'\n') => self.at += 1,
                Some(b'/') if self.starts("/*") => self.block_comment()?,
                _ => return Ok(()),
            }
        }
    }

    /// A comment up to the end of the line, if there is one here.
    fn line_comment(&mut self) {
        if self.starts("#") || self.starts("//") {
            self.at += self.rest().find('\n').unwrap_or(self.rest().len());
        }
    }

    fn block_comment(&mut self) -> Parse {
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
    fn space(&mut self) -> Parse {
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

    /// Tells of a character here that no expression has, beside what is wrong because of it; of each kind once.
    fn tell_foreign(&mut self) {
        let Some(c) = self.char() else { return };
        let (kind, summary, detail) = match c {
            '\'' => (
                c,
                "Invalid character",
                "Single quotes are not valid. Use double quotes (\") to enclose strings.".to_owned(),
            ),
            '`' => (
                c,
                "Invalid character",
                "The \"`\" character is not valid. To write text of several lines, use a heredoc: <<EOT.".to_owned(),
            ),
            ';' => (
                c,
                "Invalid character",
                "The \";\" character is not valid. Use line breaks to separate arguments and commas to separate \
                 elements."
                    .to_owned(),
            ),
            '&' | '|' if self.byte(1) != u8::try_from(c).ok() => {
                let detail = format!("Bitwise operators are not supported. Did you mean \"{c}{c}\"?");
                ('&', "Unsupported operator", detail)
            }
            '^' | '~' => ('&', "Unsupported operator", "Bitwise operators are not supported.".to_owned()),
            _ if matches!(c, '@' | '$' | '\\') || c.is_control() && c != '\n' || !c.is_ascii() && !is_id_start(c) => {
                let detail =
                    format!("The character \"{}\" is not used within the language outside quotes.", c.escape_debug());
                ('@', "Invalid character", detail)
            }
            _ => return,
        };
        if c == '\r' && self.told.last() == Some(&c) {
            return;
        }
        // Every character that is not used at all is told, as each may be another one.
        if kind == '@' || !self.told.contains(&kind) {
            self.told.push(kind);
            let span = self.span(self.here());
            self.diagnostics.push(Diagnostic::error(summary, detail).at(span));
        }
    }

    /// What stands here, as messages say it.
    fn found(&self) -> String {
        match self.char() {
            None => "the end of the text".to_owned(),
            Some('\n' | '\r') => "the end of the line".to_owned(),
            Some(c) => format!("\"{c}\""),
        }
    }
}

/// What to say where nesting goes too deep.
pub(super) fn too_deep() -> &'static str {
    "Blocks, brackets and templates are nested too deeply here to be read. Move inner parts to locals."
}
