//! What follows a term: steps into its value, and the arguments of a call.

use std::ops::Range;

use smform_types::{Number, Value};

use super::super::{Call, Expr, ExprKind, Ident, TraversalStep};
use super::{Lines, Parse, Parser};

impl Parser<'_> {
    /// The term with the steps that follow it, if any.
    pub(super) fn steps(&mut self, from: Expr, start: usize) -> Parse<Expr> {
        let mut steps = Vec::new();
        let mut end = self.at;
        loop {
            self.skip()?;
            match self.peek() {
                // Three dots expand an argument or group results.
                Some(b'.') if !self.starts("...") => {
                    let step = self.dot()?;
                    steps.push(step);
                }
                Some(b'[') => {
                    let step = self.index()?;
                    steps.push(step);
                }
                _ => break,
            }
            end = self.at;
        }
        self.at = end;
        if steps.is_empty() {
            return Ok(from);
        }
        let span = self.span(start..end);
        let kind = match from.kind {
            ExprKind::Traversal { root, steps: none } if none.is_empty() => ExprKind::Traversal { root, steps },
            kind => ExprKind::Relative { from: Box::new(Expr { kind, ..from }), steps },
        };
        Ok(Expr { kind, span })
    }

    fn dot(&mut self) -> Parse<TraversalStep> {
        let dot = self.at;
        self.at += 1;
        self.skip()?;
        if let Some(name) = self.identifier() {
            return Ok(TraversalStep::Attribute(self.ident(name)));
        }
        match self.peek() {
            Some(b'*') => {
                self.at += 1;
                Ok(TraversalStep::LegacySplat(self.span(dot..self.at)))
            }
            Some(b'0'..=b'9') => self.legacy_index(dot),
            _ => self.error(self.word(), "Invalid attribute name", "An attribute name is required after a dot."),
        }
    }

    fn legacy_index(&mut self, dot: usize) -> Parse<TraversalStep> {
        let start = self.at;
        self.digits();
        let digits = start..self.at;
        if self.peek() == Some(b'.') && self.byte(1).is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
            self.digits();
            let detail = "Two indices cannot follow each other as .0.1. Write [0][1].";
            return self.error(start..self.at, "Invalid legacy index syntax", detail);
        }
        let number = Number::parse(self.slice(digits.clone())).unwrap_or(Number::ZERO);
        let index = Expr { kind: ExprKind::Literal(Value::number(number)), span: self.span(digits) };
        Ok(TraversalStep::Index(index, self.span(dot..self.at)))
    }

    fn index(&mut self) -> Parse<TraversalStep> {
        let open = self.at;
        self.at += 1;
        self.within(Lines::Pass, open, |parser| {
            parser.skip()?;
            let splat = parser.peek() == Some(b'*');
            let key = if splat {
                parser.at += 1;
                None
            } else {
                Some(parser.expression()?)
            };
            parser.skip()?;
            if !parser.take("]") {
                // What stands where the bracket should has been read when it is missed.
                parser.at = parser.word().end;
                parser.skip()?;
                let summary =
                    if splat { "Missing close bracket on splat index" } else { "Missing close bracket on index" };
                let detail = "The index operator must end with a closing bracket (\"]\").";
                return parser.error(parser.word(), summary, detail);
            }
            let span = parser.span(open..parser.at);
            Ok(key.map_or(TraversalStep::Splat(span), |key| TraversalStep::Index(key, span)))
        })
    }

    /// A function call, of which the first part of the name has been read.
    pub(super) fn call(&mut self, first: Range<usize>) -> Parse<ExprKind> {
        let start = first.start;
        let (mut name, mut end) = (self.slice(first.clone()).to_owned(), first.end);
        while self.take("::") {
            self.skip()?;
            let Some(part) = self.identifier() else {
                let detail = "A function name is required after \"::\".";
                return self.error(self.here(), "Missing function name", detail);
            };
            name.push_str("::");
            name.push_str(self.slice(part.clone()));
            end = part.end;
            self.skip()?;
        }
        let open = self.at;
        if !self.take("(") {
            let detail = "The name of a function is followed by its arguments in parentheses.";
            return self.error(self.word(), "Missing open parenthesis", detail);
        }
        let name = Ident { text: name.into(), span: self.span(start..end) };
        let (arguments, expand_last) = self.within(Lines::Pass, open, |parser| parser.arguments(open))?;
        Ok(ExprKind::Call(Box::new(Call { name, arguments, expand_last })))
    }

    fn arguments(&mut self, open: usize) -> Parse<(Vec<Expr>, bool)> {
        let mut arguments = Vec::new();
        loop {
            self.skip()?;
            if self.take(")") {
                return Ok((arguments, false));
            }
            arguments.push(self.expression()?);
            self.skip()?;
            let dots = self.at;
            if self.take("...") {
                self.skip()?;
                if self.take(")") {
                    return Ok((arguments, true));
                }
                let detail = "An expanded argument (with ...) is the last: a closing parenthesis must follow it.";
                return self.error(dots..dots + 3, "Missing closing parenthesis", detail);
            }
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b')') => {}
                None => return self.unterminated("function call", open),
                _ => {
                    let detail = format!(
                        "Expected a comma before the next argument or a closing parenthesis, but found {}.",
                        self.found()
                    );
                    return self.error(self.word(), "Missing argument separator", detail);
                }
            }
        }
    }
}
