//! Quoted strings, heredocs and the template sequences in them.

use std::ops::Range;

use smform_types::suggest::did_you_mean;

use super::expression::Until;
use super::{Scan, Scanner};

/// A template directive that waits for its end.
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

impl Scanner<'_> {
    /// A quoted string. Says whether it has template sequences.
    pub(super) fn quoted(&mut self) -> Scan<bool> {
        let open = self.at;
        self.at += 1;
        self.nested(open, |scanner| scanner.quoted_content(open))
    }

    fn quoted_content(&mut self, open: usize) -> Scan<bool> {
        let mut directives = Vec::new();
        let mut has_sequences = false;
        loop {
            let start = self.at;
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
                    self.at += 1;
                    return self.directives_closed(&directives).map(|()| has_sequences);
                }
                Some(b'\n') => {
                    self.blame_sequence(open)?;
                    return self.error(
                        open..self.at,
                        "Invalid multi-line string",
                        "A quoted string ends on the line where it begins. Write \\n for a line break, or use a \
                         heredoc (<<EOT) for text of several lines.",
                    );
                }
                Some(b'\\') => {
                    self.at += 1;
                    self.at += self.char().filter(|c| *c != '\n').map_or(0, char::len_utf8);
                    self.blank(start..self.at, b'_');
                }
                Some(b'$' | b'%') if self.starts("$${") || self.starts("%%{") => {
                    self.at += 3;
                    self.blank(start..self.at, b'_');
                }
                Some(b'$' | b'%') if self.byte(1) == Some(b'{') => {
                    has_sequences = true;
                    self.sequences.push(start);
                    self.sequence(&mut directives)?;
                    self.sequences.pop();
                }
                Some(b'$' | b'%' | b'\r') => {
                    self.at += 1;
                    self.blank(start..self.at, b'_');
                }
                Some(_) => self.at += self.char().map_or(1, char::len_utf8),
            }
        }
    }

    /// What looks like an unclosed string within a sequence is mostly the end of the string around an unclosed
    /// sequence: `"${x"`.
    fn blame_sequence(&mut self, open: usize) -> Scan {
        let around = self.sequences.last().copied().filter(|at| !self.slice(*at..open).contains('\n'));
        match around {
            Some(sequence) => self.unclosed_sequence(sequence),
            None => Ok(()),
        }
    }

    /// `${...}` or `%{...}`.
    fn sequence(&mut self, directives: &mut Vec<Directive>) -> Scan {
        let open = self.at;
        let control = self.peek() == Some(b'%');
        self.at += 2;
        if self.peek() == Some(b'~') {
            self.at += 1;
        }
        if control {
            self.space()?;
            let keyword = self.identifier().unwrap_or(self.at..self.at);
            let keyword = self.slice(keyword);
            self.nested(open, |scanner| scanner.tokens(Until::TemplateClose(open)))?;
            self.directive(keyword, open..self.at, directives)
        } else {
            self.nested(open, |scanner| scanner.tokens(Until::TemplateClose(open)))
        }
    }

    fn directive(&mut self, keyword: &str, place: Range<usize>, directives: &mut Vec<Directive>) -> Scan {
        let top = directives.last_mut();
        match (keyword, top) {
            ("if", _) => directives.push(Directive { kind: Kind::If, place, has_else: false }),
            ("for", _) => directives.push(Directive { kind: Kind::For, place, has_else: false }),
            ("else", Some(top)) if top.kind == Kind::If && !top.has_else => top.has_else = true,
            ("endif", Some(top)) if top.kind == Kind::If => {
                directives.pop();
            }
            ("endfor", Some(top)) if top.kind == Kind::For => {
                directives.pop();
            }
            ("else" | "endif" | "endfor", _) => {
                let summary = format!("Unexpected {keyword} directive");
                let detail = format!("No directive is open here that %{{ {keyword} }} belongs to.");
                return self.error(place, &summary, detail);
            }
            _ => {
                let hint = did_you_mean(keyword, ["if", "else", "endif", "for", "endfor"]);
                let detail = format!("\"{keyword}\" is not a template directive.{hint}");
                return self.error(place, "Invalid template control keyword", detail);
            }
        }
        Ok(())
    }

    fn directives_closed(&mut self, directives: &[Directive]) -> Scan {
        match directives.last() {
            None => Ok(()),
            Some(open) => {
                let (name, end) = if open.kind == Kind::If { ("if", "endif") } else { ("for", "endfor") };
                let detail = format!("This {name} directive has no %{{ {end} }} before the end of the template.");
                self.error(open.place.clone(), "Unexpected end of template", detail)
            }
        }
    }

    /// `<<EOT` or `<<-EOT` up to and with the closing marker.
    pub(super) fn heredoc(&mut self) -> Scan {
        let open = self.at;
        self.at += 2;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let Some(marker) = self.identifier() else {
            return self.error(
                open..self.at,
                "Invalid expression",
                "An operator or heredoc cannot begin like this. A heredoc begins with <<EOT and a line break.",
            );
        };
        let start = open..marker.end;
        let marker = self.slice(marker);
        if self.starts("\r\n") {
            self.at += 1;
        }
        if self.peek() != Some(b'\n') {
            return self.error(
                self.here(),
                "Invalid heredoc",
                format!("The text of a heredoc begins on the line after <<{marker}; nothing else may follow it."),
            );
        }
        self.at += 1;
        self.nested(open, |scanner| scanner.heredoc_lines(marker, start))
    }

    fn heredoc_lines(&mut self, marker: &str, start: Range<usize>) -> Scan {
        let mut directives = Vec::new();
        let mut line_start = true;
        loop {
            if line_start {
                let line = self.rest().split('\n').next().unwrap_or("");
                if line.trim() == marker {
                    let indent = line.len() - line.trim_start().len();
                    self.at += indent + marker.len();
                    return self.directives_closed(&directives);
                }
                line_start = false;
            }
            if self.template_text(&mut directives)? {
                line_start = true;
            } else if self.peek().is_none() {
                return self.error(
                    start,
                    "Unterminated template string",
                    format!("This heredoc has no end: a line that holds nothing but {marker}."),
                );
            }
        }
    }

    /// A template that is a text of its own.
    pub(super) fn bare_template(&mut self) -> Scan {
        let mut directives = Vec::new();
        while self.peek().is_some() {
            self.template_text(&mut directives)?;
        }
        self.directives_closed(&directives)
    }

    /// One character or sequence of unquoted template text. Says whether it was a line break.
    fn template_text(&mut self, directives: &mut Vec<Directive>) -> Scan<bool> {
        let start = self.at;
        match self.peek() {
            None => return Ok(false),
            Some(b'\n') => {
                self.at += 1;
                return Ok(true);
            }
            Some(b'$' | b'%') if self.starts("$${") || self.starts("%%{") => self.at += 3,
            Some(b'$' | b'%') if self.byte(1) == Some(b'{') => {
                self.sequence(directives)?;
                return Ok(false);
            }
            Some(_) => self.at += self.char().map_or(1, char::len_utf8),
        }
        // A dot can neither continue a marker nor begin a sequence.
        self.blank(start..self.at, b'.');
        Ok(false)
    }
}
