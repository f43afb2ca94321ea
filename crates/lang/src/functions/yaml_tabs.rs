//! Tabs that YAML has no room for: the parser passes over them, Terraform refuses them.
//!
//! Where a value or key may begin in block style (at the beginning of a line, or after the dash of an item), white space is
//! indentation, and that is made of spaces only.

use saphyr_parser::{Event, Span};

/// Looks at what stands between the tokens of a text.
pub(super) struct Tabs {
    text: Vec<char>,
    /// Up to where it has been looked at.
    at: usize,
    /// For each collection that is open, whether it is in brackets, where tabs are as good as spaces.
    open: Vec<bool>,
    /// Whether white space is indentation here.
    indents: bool,
}

impl Tabs {
    /// Nothing for a text without tabs.
    pub(super) fn new(text: &str) -> Option<Tabs> {
        let tabs = || Tabs { text: text.chars().collect(), at: 0, open: Vec::new(), indents: true };
        text.contains('\t').then(tabs)
    }

    /// Follows the parser to an event.
    pub(super) fn pass(&mut self, event: &Event<'_>, span: Span) -> Result<(), &'static str> {
        let (start, end) = (span.start.index(), span.end.index());
        self.between(start)?;
        match event {
            Event::Scalar(..) | Event::Alias(_) => {
                self.skip(end);
                // A text in block style ends with its line.
                self.indents = end > start && self.text.get(end - 1) == Some(&'\n');
            }
            Event::SequenceStart(..) | Event::MappingStart(..) => {
                let bracket = matches!(self.text.get(start), Some('[' | '{'));
                self.open.push(bracket);
                if bracket {
                    self.skip(start + 1);
                }
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(end),
            Event::DocumentStart(_) if self.text.get(start..start + 3) == Some(&['-', '-', '-']) => {
                self.skip(start + 3);
                self.indents = false;
            }
            _ => {}
        }
        Ok(())
    }

    fn close(&mut self, end: usize) {
        if self.open.pop() == Some(true) {
            self.skip(end);
            self.indents = false;
        }
    }

    fn skip(&mut self, to: usize) {
        self.at = self.at.max(to);
    }

    fn between(&mut self, to: usize) -> Result<(), &'static str> {
        let flow = self.open.last() == Some(&true);
        while self.at < to {
            let Some(c) = self.text.get(self.at) else { break };
            let alone = |at: Option<usize>| at.and_then(|at| self.text.get(at)).is_none_or(|c| c.is_whitespace());
            match c {
                '\n' | '\r' => self.indents = true,
                ' ' => {}
                '\t' if self.indents && !flow => return Err("found character that cannot start any token"),
                '\t' => {}
                '#' if alone(self.at.checked_sub(1)) => {
                    let rest = self.text.get(self.at..to).unwrap_or_default();
                    self.at += rest.iter().position(|c| matches!(c, '\n' | '\r')).unwrap_or(rest.len());
                    continue;
                }
                '-' | '?' => self.indents = alone(self.at.checked_sub(1)) && alone(Some(self.at + 1)),
                _ => self.indents = false,
            }
            self.at += 1;
        }
        Ok(())
    }
}
