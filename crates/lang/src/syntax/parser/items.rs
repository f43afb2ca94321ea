//! Bodies: their arguments and blocks.

use std::collections::HashMap;
use std::ops::Range;

use smform_types::Diagnostic;

use super::super::{Attribute, Block, Body, Ident, is_id_start};
use super::{Lines, Parse, Parser, Stop};

/// An item of a body.
enum Item {
    Argument(Attribute),
    Block(Block),
}

impl Item {
    fn add_to(self, body: &mut Body) {
        match self {
            Item::Argument(attribute) => body.attributes.push(attribute),
            Item::Block(block) => body.blocks.push(block),
        }
    }
}

/// Where each argument of a body is set.
type Seen<'t> = HashMap<&'t str, usize>;

impl<'t> Parser<'t> {
    /// A whole file: every top-level item that is in order, going on after those that are not.
    pub fn file(&mut self) -> Body {
        let mut body = Body::empty(self.span(0..self.text.len()));
        let mut seen = Seen::new();
        loop {
            if self.space().is_err() || self.peek().is_none() {
                body.unfinished = std::mem::take(&mut self.unfinished);
                return body;
            }
            let start = self.at;
            match self.item(&mut seen) {
                Ok(item) => item.add_to(&mut body),
                Err(Stop) => {
                    self.resume(start);
                    if let Some(block) = self.unfinished.last_mut().filter(|block| block.header.range().start == start)
                    {
                        block.body.span.end = u32::try_from(self.at).unwrap_or(u32::MAX);
                    }
                }
            }
        }
    }

    /// Goes on at the next line that looks like the first of a top-level item: a name at its very beginning, and after
    /// a blank a label, a brace or an equals sign.
    fn resume(&mut self, start: usize) {
        self.at = self.at.max(start);
        self.depth = 0;
        self.lines = Lines::End;
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

    /// One item and the end of its line.
    fn item(&mut self, seen: &mut Seen<'t>) -> Parse<Item> {
        let item = self.argument_or_block(seen, false)?;
        self.blanks()?;
        self.line_comment();
        match (self.peek(), &item) {
            (Some(b'\n'), _) => {
                self.at += 1;
                Ok(item)
            }
            (None, _) => Ok(item),
            (Some(b'}' | b')' | b']'), Item::Argument(_)) => self.error(
                self.here(),
                "Missing newline after argument",
                "This bracket closes nothing that the argument opens. Remove it, or put a brace that closes a block on a \
                 line of its own.",
            ),
            (Some(b','), Item::Argument(_)) => self.error(
                self.here(),
                "Unexpected comma after argument",
                "Arguments are separated by line breaks. Remove the comma.",
            ),
            (_, Item::Argument(_)) => {
                let detail = format!(
                    "An expression ended before {}. An operator, a comma or a line break may be missing.",
                    self.found()
                );
                self.error(self.word(), "Missing newline after argument", detail)
            }
            (_, Item::Block(block)) => {
                if self.depth == 0 {
                    self.unfinished.push(block.clone());
                }
                self.error(
                self.word(),
                "Missing newline after block definition",
                "A block ends with its line; what follows must be on a line of its own.",
                )
            }
        }
    }

    fn argument_or_block(&mut self, seen: &mut Seen<'t>, one_line: bool) -> Parse<Item> {
        let Some(name) = self.identifier() else {
            if self.peek() == Some(b'"') && !one_line {
                return self.error(
                    self.here(),
                    "Invalid argument name",
                    "Argument and block names are written without quotes.",
                );
            }
            return self.error(
                self.word(),
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
                self.line_comment();
                let expr = self.expression()?;
                Ok(Item::Argument(Attribute { name: self.ident(name), expr }))
            }
            Some(next) if one_line && (matches!(next, b'{' | b'"') || self.char().is_some_and(is_id_start)) => self
                .error(
                    name.start..self.word().end,
                    "Argument definition required",
                    "A block on one line holds one argument, and no block. Put the nested block on lines of its own.",
                ),
            _ if one_line => self.error(
                name,
                "Argument or block definition required",
                "A block on one line holds one argument: name = value.",
            ),
            _ => self.block(name).map(Item::Block),
        }
    }

    /// Labels and body of a block whose type was just read.
    fn block(&mut self, name: Range<usize>) -> Parse<Block> {
        let mut labels: Vec<Ident> = Vec::new();
        let mut header = name.clone();
        loop {
            self.blanks()?;
            let start = self.at;
            match self.peek() {
                Some(b'{') => break,
                Some(b'"') => labels.push(self.label()?),
                _ => match self.identifier() {
                    Some(label) => labels.push(self.ident(label)),
                    None => return self.not_a_block(name, !labels.is_empty()),
                },
            }
            header.end = self.at.max(start);
        }
        let open = self.at;
        self.at += 1;
        let top = self.depth == 0;
        let body = self.within(Lines::End, open, |parser| parser.block_body(open));
        let kind = self.ident(name);
        let header = self.span(header);
        match body {
            Ok(body) => Ok(Block { kind, labels, body, header }),
            Err(Stop) => {
                if top {
                    let body = Body::empty(self.span(open + 1..self.at.max(open + 1)));
                    self.unfinished.push(Block { kind, labels, body, header });
                }
                Err(Stop)
            }
        }
    }

    fn not_a_block<T>(&mut self, name: Range<usize>, labelled: bool) -> Parse<T> {
        let text = self.slice(name.clone());
        match self.peek() {
            Some(b':') if !labelled => self.error(
                name,
                "Argument or block definition required",
                format!("An argument is set with an equals sign: {text} = value."),
            ),
            _ if !labelled => self.error(
                name,
                "Argument or block definition required",
                format!(
                    "Neither a value nor a body follows \"{text}\". Write {text} = value for an argument, or open the \
                     body of a block with a brace on the same line."
                ),
            ),
            _ => self.error(
                self.word(),
                "Invalid block definition",
                "After the type of a block come its labels in quotes, and then an opening brace.",
            ),
        }
    }

    fn label(&mut self) -> Parse<Ident> {
        let start = self.at;
        let text = self.quoted_text()?;
        let range = start..self.at;
        match text {
            Some(text) => Ok(Ident { text: text.into(), span: self.span(range) }),
            None => {
                let written = self.slice(range.clone());
                let sequence = written.find("${").or_else(|| written.find("%{")).unwrap_or(0);
                let place = range.start + sequence..range.start + sequence + 2;
                let detail = "Labels are written out: they cannot hold template sequences.";
                self.diagnostics.push(Diagnostic::error("Invalid string literal", detail).at(self.span(place)));
                // The text as it stands is no name, which the reader of the block tells.
                Ok(Ident { text: written.into(), span: self.span(range) })
            }
        }
    }

    /// The content of a block up to and with the closing brace.
    fn block_body(&mut self, open: usize) -> Parse<Body> {
        let mut body = Body::empty(self.span(open..open));
        let mut seen = Seen::new();
        self.blanks()?;
        self.line_comment();
        if matches!(self.peek(), Some(b'\n') | None) {
            loop {
                self.space()?;
                match self.peek() {
                    Some(b'}') => break,
                    None => return self.unclosed_block(open),
                    _ => self.item(&mut seen)?.add_to(&mut body),
                }
            }
        } else if self.peek() != Some(b'}') {
            self.argument_or_block(&mut seen, true)?.add_to(&mut body);
            body.one_line = true;
            self.blanks()?;
            match self.peek() {
                Some(b'}') => {}
                None => return self.unclosed_block(open),
                _ => {
                    return self.error(
                        self.word(),
                        "Invalid single-argument block definition",
                        "A block on one line holds one argument and then its closing brace. Put the content of a \
                         longer block on lines of its own.",
                    );
                }
            }
        }
        body.span = self.span(open + 1..self.at);
        self.at += 1;
        Ok(body)
    }

    fn unclosed_block<T>(&mut self, open: usize) -> Parse<T> {
        self.error(
            open..open + 1,
            "Unclosed configuration block",
            "There is no closing brace for this block before the end of the file. A brace further down may close \
             something else than it should.",
        )
    }
}
