//! Quoted strings, heredocs and the template sequences in them.

use std::ops::Range;

use smform_types::suggest::did_you_mean;
use smform_types::{Diagnostic, Value};

use super::super::ExprKind;
use super::super::escape::{undouble_markers, unquote};
use super::super::template::{Piece, Sequence, assemble, dedent, trim};
use super::{Lines, Parse, Parser};

/// What is said of a line break within a quoted string.
pub(in crate::syntax) const MULTI_LINE: &str = "Invalid multi-line string";
pub(in crate::syntax) const MULTI_LINE_DETAIL: &str = "A quoted string ends on the line where it begins: add the quote that is missing here or before. Write \\n for a line \
     break, or use a heredoc (<<EOT) for text of several lines.";

/// A template that is being read.
#[derive(Default)]
struct Template {
    pieces: Vec<Piece>,
    /// The directives that wait for their end.
    open: Vec<Directive>,
}

struct Directive {
    kind: Kind,
    place: Range<usize>,
    has_else: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    If,
    For,
}

impl Parser<'_> {
    /// A quoted string as an expression.
    pub(super) fn quoted_template(&mut self) -> Parse<ExprKind> {
        let mut pieces = self.quoted()?;
        if let [Piece::Text(tokens)] = pieces.as_slice() {
            return Ok(ExprKind::Literal(Value::string(tokens.concat())));
        }
        trim(&mut pieces);
        Ok(assemble(pieces))
    }

    /// The text of a quoted string; nothing when it has sequences.
    pub(super) fn quoted_text(&mut self) -> Parse<Option<String>> {
        match self.quoted()?.as_slice() {
            [] => Ok(Some(String::new())),
            [Piece::Text(tokens)] => Ok(Some(tokens.concat())),
            _ => Ok(None),
        }
    }

    fn quoted(&mut self) -> Parse<Vec<Piece>> {
        let open = self.at;
        self.at += 1;
        self.nested(open, |parser| parser.quoted_content(open))
    }

    fn quoted_content(&mut self, open: usize) -> Parse<Vec<Piece>> {
        let mut template = Template::default();
        let mut text = self.at;
        loop {
            match self.peek() {
                None => {
                    self.blame_sequence(open)?;
                    return self.error(
                        open..open + 1,
                        "Unterminated template string",
                        "No closing quote was found for this string.",
                    );
                }
                Some(b'"') => {
                    self.quoted_literal(text..self.at, &mut template)?;
                    self.at += 1;
                    self.directives_closed(&template, self.at - 1..self.at)?;
                    return Ok(template.pieces);
                }
                Some(b'\n' | b'\r') => {
                    let span = self.span(self.here());
                    let detail = "No closing quote was found for this string before the end of the line.";
                    self.diagnostics.push(Diagnostic::error("Unterminated template string", detail).at(span));
                    // What is wrong is told; a lone carriage return is not told once more.
                    self.told.push('\r');
                    return self.error(self.here(), MULTI_LINE, MULTI_LINE_DETAIL);
                }
                Some(b'\\') => {
                    self.at += 1;
                    self.at += self.char().filter(|c| *c != '\n').map_or(0, char::len_utf8);
                }
                Some(b'$' | b'%') if self.starts("$${") || self.starts("%%{") => self.at += 3,
                Some(b'$' | b'%') if self.byte(1) == Some(b'{') => {
                    let start = self.at;
                    self.quoted_literal(text..start, &mut template)?;
                    self.sequences.push(start);
                    self.sequence(&mut template)?;
                    self.sequences.pop();
                    text = self.at;
                }
                Some(_) => self.at += self.char().map_or(1, char::len_utf8),
            }
        }
    }

    fn quoted_literal(&mut self, range: Range<usize>, template: &mut Template) -> Parse {
        if range.is_empty() {
            return Ok(());
        }
        match unquote(self.slice(range.clone())) {
            Ok(text) => template.pieces.push(Piece::Text(vec![text])),
            Err((bad, detail)) => {
                let place = range.start + bad.start..range.start + bad.end;
                // The string goes on, so that one bad escape hides nothing else.
                let span = self.span(place);
                self.diagnostics.push(Diagnostic::error("Invalid escape sequence", detail).at(span));
                template.pieces.push(Piece::Text(vec![String::new()]));
            }
        }
        Ok(())
    }

    /// What looks like an unclosed string within a sequence is mostly the end of the string around an unclosed
    /// sequence: `"${x"`.
    fn blame_sequence(&mut self, open: usize) -> Parse {
        let around = self.sequences.last().copied().filter(|at| !self.slice(*at..open).contains('\n'));
        match around {
            Some(sequence) => self.unclosed_sequence(sequence),
            None => Ok(()),
        }
    }

    fn unclosed_sequence<T>(&mut self, open: usize) -> Parse<T> {
        self.error(
            open..open + 2,
            "Unclosed template interpolation sequence",
            "There is no closing brace for this sequence. Brackets or quotes inside it may not match.",
        )
    }

    /// `${...}` or `%{...}`.
    fn sequence(&mut self, template: &mut Template) -> Parse {
        let open = self.at;
        let control = self.peek() == Some(b'%');
        self.at += 2;
        let before = self.take("~");
        let sequence = self.within(Lines::Pass, open, |parser| {
            parser.skip()?;
            let sequence = if control { parser.directive()? } else { Sequence::Value(parser.expression()?) };
            parser.skip()?;
            Ok(sequence)
        })?;
        let after = self.take("~");
        if !self.take("}") {
            // A quote here is mostly the end of the string around the sequence.
            let line = self.rest().split('\n').next().unwrap_or_default();
            if self.peek().is_none() || line.matches('"').count() == 1 && line.starts_with('"') {
                return self.unclosed_sequence(open);
            }
            let marker = match &sequence {
                Sequence::If(_) => Some("if"),
                Sequence::For { .. } => Some("for"),
                Sequence::Else => Some("else"),
                Sequence::EndIf => Some("endif"),
                Sequence::EndFor => Some("endfor"),
                Sequence::Value(_) => None,
            };
            if let Some(marker) = marker {
                let summary = format!("Extra characters in {marker} marker");
                let detail =
                    format!("Expected a closing brace to end the {marker} marker, but found {}.", self.found());
                return self.error(self.word(), &summary, detail);
            }
            let detail = format!("Expected a closing brace to end the template sequence, but found {}.", self.found());
            return self.error(self.word(), "Extra characters after interpolation expression", detail);
        }
        let place = open..self.at;
        match (&sequence, template.open.last_mut()) {
            (Sequence::If(_), _) => {
                let directive = Directive { kind: Kind::If, place: place.clone(), has_else: false };
                template.open.push(directive);
            }
            (Sequence::For { .. }, _) => {
                let directive = Directive { kind: Kind::For, place: place.clone(), has_else: false };
                template.open.push(directive);
            }
            (Sequence::Else, Some(top)) if top.kind == Kind::If && !top.has_else => top.has_else = true,
            (Sequence::EndIf, Some(top)) if top.kind == Kind::If => {
                template.open.pop();
            }
            (Sequence::EndFor, Some(top)) if top.kind == Kind::For => {
                template.open.pop();
            }
            (Sequence::Value(_), _) => {}
            (Sequence::Else | Sequence::EndIf | Sequence::EndFor, _) => {
                let keyword = match sequence {
                    Sequence::Else => "else",
                    Sequence::EndIf => "endif",
                    _ => "endfor",
                };
                let summary = format!("Unexpected {keyword} directive");
                let detail = format!("No directive is open here that %{{ {keyword} }} belongs to.");
                return self.error(place, &summary, detail);
            }
        }
        if template.open.len() + self.depth > super::MAX_DEPTH {
            return self.error(place, super::TOO_DEEP, super::too_deep());
        }
        let span = self.span(place);
        template.pieces.push(Piece::Sequence { sequence, span, before, after });
        Ok(())
    }

    /// What stands between the markers of a directive.
    fn directive(&mut self) -> Parse<Sequence> {
        let start = self.at;
        let keyword = self.identifier().unwrap_or(start..start);
        Ok(match self.slice(keyword.clone()) {
            "if" => {
                self.skip()?;
                Sequence::If(self.expression()?)
            }
            "for" => self.directive_for()?,
            "else" => Sequence::Else,
            "endif" => Sequence::EndIf,
            "endfor" => Sequence::EndFor,
            other => {
                let hint = did_you_mean(other, ["if", "else", "endif", "for", "endfor"]);
                let detail = format!("\"{other}\" is not a template directive.{hint}");
                let (place, summary) = match other.is_empty() {
                    true => (self.word(), "Invalid template directive"),
                    false => (keyword, "Invalid template control keyword"),
                };
                return self.error(place, summary, detail);
            }
        })
    }

    fn directive_for(&mut self) -> Parse<Sequence> {
        let mut names = Vec::new();
        for _ in 0..2 {
            self.skip()?;
            let Some(name) = self.identifier() else {
                let detail = "A for directive requires a variable name after 'for'.";
                return self.error(self.word(), "Invalid 'for' directive", detail);
            };
            names.push(self.ident(name));
            self.skip()?;
            if names.len() == 2 || !self.take(",") {
                break;
            }
        }
        let start = self.at;
        let word = self.identifier().map(|word| self.slice(word));
        let (Some("in"), Some(value)) = (word, names.pop()) else {
            self.at = start;
            let detail = "A for directive requires 'in' after its variable names.";
            return self.error(self.word(), "Invalid 'for' directive", detail);
        };
        self.skip()?;
        let collection = self.expression()?;
        Ok(Sequence::For { key: names.pop(), value, collection })
    }

    fn directives_closed(&mut self, template: &Template, end_of_text: Range<usize>) -> Parse {
        match template.open.last() {
            None => Ok(()),
            Some(open) => {
                let (name, end) = if open.kind == Kind::If { ("if", "endif") } else { ("for", "endfor") };
                let line = self.text.get(..open.place.start).map_or(1, |head| head.matches('\n').count() + 1);
                let detail = format!(
                    "The {name} directive that begins on line {line} has no %{{ {end} }} before the end of the template."
                );
                self.error(end_of_text, "Unexpected end of template", detail)
            }
        }
    }

    /// `<<EOT` or `<<-EOT` up to and with the closing marker.
    pub(super) fn heredoc(&mut self) -> Parse<ExprKind> {
        let open = self.at;
        self.at += 2;
        let indented = self.take("-");
        let Some(marker) = self.identifier() else {
            return self.error(
                open..open + 1,
                "Invalid expression",
                "An operator or heredoc cannot begin like this. A heredoc begins with <<EOT and a line break.",
            );
        };
        let marker = self.slice(marker);
        if self.starts("\r\n") {
            self.at += 1;
        }
        if self.peek() != Some(b'\n') {
            return self.error(
                open..open + 1,
                "Invalid expression",
                format!("The text of a heredoc begins on the line after <<{marker}; nothing else may follow it."),
            );
        }
        self.at += 1;
        let mut pieces = self.nested(open, |parser| parser.heredoc_lines(marker))?;
        trim(&mut pieces);
        if indented {
            dedent(&mut pieces);
        }
        Ok(assemble(pieces))
    }

    fn heredoc_lines(&mut self, marker: &str) -> Parse<Vec<Piece>> {
        let mut template = Template::default();
        let mut text = self.at;
        let mut line_start = true;
        loop {
            if line_start {
                // The closing marker ends with its line: at the very end of a file it is text.
                let (line, ends) = match self.rest().split_once('\n') {
                    Some((line, _)) => (line, true),
                    None => (self.rest(), !self.whole_file),
                };
                if ends && line.trim() == marker {
                    self.literal(text..self.at, &mut template);
                    self.at += line.len() - line.trim_start().len() + marker.len();
                    self.directives_closed(&template, self.at - marker.len()..self.at)?;
                    return Ok(template.pieces);
                }
            }
            if self.peek().is_none() {
                return self.error(
                    self.here(),
                    "Unterminated template string",
                    format!("This heredoc has no end: a line that holds nothing but {marker}."),
                );
            }
            line_start = self.template_text(&mut text, &mut template)?;
        }
    }

    /// Text outside of quotes, as the tokens that it consists of: one for each line.
    fn literal(&self, range: Range<usize>, template: &mut Template) {
        if !range.is_empty() {
            let tokens = self.slice(range).split_inclusive('\n').map(undouble_markers).collect();
            template.pieces.push(Piece::Text(tokens));
        }
    }

    /// A template that is a text of its own.
    pub fn bare_template(&mut self) -> Parse<ExprKind> {
        let mut template = Template::default();
        let mut text = 0;
        while self.peek().is_some() {
            self.template_text(&mut text, &mut template)?;
        }
        self.literal(text..self.at, &mut template);
        self.directives_closed(&template, self.text.len()..self.text.len())?;
        let mut pieces = template.pieces;
        trim(&mut pieces);
        Ok(assemble(pieces))
    }

    /// One character or sequence of unquoted template text, of which `text` is where the literal part began. Says
    /// whether it was a line break.
    fn template_text(&mut self, text: &mut usize, template: &mut Template) -> Parse<bool> {
        match self.peek() {
            None => return Ok(false),
            Some(b'\n') => {
                self.at += 1;
                return Ok(true);
            }
            Some(b'$' | b'%') if self.starts("$${") || self.starts("%%{") => self.at += 3,
            Some(b'$' | b'%') if self.byte(1) == Some(b'{') => {
                self.literal(*text..self.at, template);
                self.sequence(template)?;
                *text = self.at;
            }
            Some(_) => self.at += self.char().map_or(1, char::len_utf8),
        }
        Ok(false)
    }
}
