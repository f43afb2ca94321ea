//! Bodies: their arguments and blocks.

use std::collections::HashMap;
use std::ops::Range;

use super::expression::Until;
use super::{Scan, Scanner, Stop};

/// What an item was.
enum Item {
    Argument,
    Block,
}

impl<'t> Scanner<'t> {
    /// Every top-level item that scans, going on after those that do not.
    pub(super) fn top_level(&mut self) -> Vec<Range<usize>> {
        let mut items = Vec::new();
        let mut seen = HashMap::new();
        loop {
            if self.space().is_err() || self.peek().is_none() {
                return items;
            }
            let start = self.at;
            match self.item(&mut seen) {
                Ok(end) => items.push(start..end),
                Err(Stop) => self.resume(start),
            }
        }
    }

    /// Goes on at the next line that looks like the first of a top-level item: a name at its very beginning, and after
    /// a blank a label, a brace or an equals sign.
    fn resume(&mut self, start: usize) {
        self.at = self.at.max(start);
        self.depth = 0;
        self.sequences.clear();
        while let Some(line) = self.rest().find('\n') {
            self.at += line + 1;
            let start = self.at;
            let is_item = self.identifier().is_some()
                && self.starts(" ")
                && self.rest().trim_start_matches(' ').starts_with(['"', '{', '=']);
            self.at = start;
            if is_item {
                return;
            }
        }
        self.at = self.text.len();
    }

    /// One item and the end of its line. Returns where the item itself ends.
    fn item(&mut self, seen: &mut HashMap<&'t str, usize>) -> Scan<usize> {
        let what = self.argument_or_block(seen, false)?;
        let end = self.at;
        self.blanks()?;
        self.line_comment();
        match (self.peek(), what) {
            (Some(b'\n'), _) => {
                self.at += 1;
                Ok(end)
            }
            (None, _) => Ok(end),
            (Some(b'}' | b')' | b']'), _) => self.error(
                self.here(),
                "Unexpected closing bracket",
                "This bracket closes nothing. Remove it, or write the bracket that opens it.",
            ),
            (_, Item::Argument) => self.error(
                self.here(),
                "Missing newline after argument",
                "An argument ends with its line; what follows must be on a line of its own.",
            ),
            (_, Item::Block) => self.error(
                self.here(),
                "Missing newline after block definition",
                "A block ends with its line; what follows must be on a line of its own.",
            ),
        }
    }

    fn argument_or_block(&mut self, seen: &mut HashMap<&'t str, usize>, one_line: bool) -> Scan<Item> {
        let Some(name) = self.identifier() else {
            if self.peek() == Some(b'"') {
                return self.error(
                    self.here(),
                    "Invalid argument name",
                    "Argument and block names are written without quotes.",
                );
            }
            return self.error(
                self.here(),
                "Argument or block definition required",
                "An argument (name = value) or a block (type \"label\" { ... }) must begin here.",
            );
        };
        self.blanks()?;
        match self.peek() {
            Some(b'=') if self.byte(1) != Some(b'=') => {
                let text = self.slice(name.clone());
                if let Some(first) = seen.insert(text, name.start) {
                    let line = self.text.get(..first).map_or(1, |head| head.matches('\n').count() + 1);
                    let detail = format!("The argument \"{text}\" is already set on line {line}. Keep one of them.");
                    return self.error(name, "Attribute redefined", detail);
                }
                self.at += 1;
                self.blanks()?;
                self.tokens(if one_line { Until::OneLineEnd } else { Until::LineEnd })?;
                Ok(Item::Argument)
            }
            _ if one_line => self.error(
                name,
                "Invalid single-line block",
                "A block on one line holds one argument. Put each argument and block on a line of its own.",
            ),
            _ => self.block(&name).map(|()| Item::Block),
        }
    }

    /// Labels and body of a block whose type was just read.
    fn block(&mut self, name: &Range<usize>) -> Scan {
        loop {
            self.blanks()?;
            match self.peek() {
                Some(b'{') => break,
                Some(b'"') => self.label()?,
                _ => {
                    if self.identifier().is_none() {
                        return self.not_a_block(name);
                    }
                }
            }
        }
        let open = self.at;
        self.at += 1;
        self.nested(open, |scanner| scanner.block_body(name.start, open))
    }

    fn not_a_block(&mut self, name: &Range<usize>) -> Scan {
        let text = self.slice(name.clone());
        match self.peek() {
            Some(b':') => self.error(
                self.here(),
                "Invalid argument",
                format!("An argument is set with an equals sign: {text} = value."),
            ),
            None | Some(b'\n' | b'#' | b'/') => self.error(
                name.clone(),
                "Invalid block definition",
                format!(
                    "Neither a value nor a body follows \"{text}\". Write {text} = value for an argument, or open the \
                     body of a block with a brace on the same line."
                ),
            ),
            _ => self.error(
                self.here(),
                "Invalid block definition",
                "After the type of a block come its labels in quotes, and then an opening brace.",
            ),
        }
    }

    fn label(&mut self) -> Scan {
        let start = self.at;
        if self.quoted()? {
            return self.error(
                start..self.at,
                "Invalid block label",
                "Labels are written out: they cannot hold template sequences.",
            );
        }
        Ok(())
    }

    fn block_body(&mut self, header: usize, open: usize) -> Scan {
        let mut seen = HashMap::new();
        self.blanks()?;
        self.line_comment();
        let one_line = !matches!(self.peek(), Some(b'\n') | None);
        if one_line {
            return self.one_line_body(&mut seen, header, open);
        }
        loop {
            self.space()?;
            match self.peek() {
                Some(b'}') => {
                    self.at += 1;
                    return Ok(());
                }
                None => return self.unclosed_block(header, open),
                _ => {
                    self.block_item(&mut seen)?;
                }
            }
        }
    }

    /// As [`Scanner::item`], where the closing brace of the block around may follow only on a new line.
    fn block_item(&mut self, seen: &mut HashMap<&'t str, usize>) -> Scan {
        self.item(seen).map(|_| ())
    }

    fn one_line_body(&mut self, seen: &mut HashMap<&'t str, usize>, header: usize, open: usize) -> Scan {
        if self.peek() != Some(b'}') {
            self.argument_or_block(seen, true)?;
            self.blanks()?;
        }
        match self.peek() {
            Some(b'}') => {
                self.at += 1;
                Ok(())
            }
            None => self.unclosed_block(header, open),
            _ => self.error(
                self.here(),
                "Invalid single-line block",
                "A block on one line holds one argument and then its closing brace. Put the content of a longer block \
                 on lines of its own.",
            ),
        }
    }

    fn unclosed_block<T>(&mut self, header: usize, open: usize) -> Scan<T> {
        self.error(
            header..open + 1,
            "Unclosed configuration block",
            "There is no closing brace for this block before the end of the file. A brace further down may close \
             something else than it should.",
        )
    }
}
