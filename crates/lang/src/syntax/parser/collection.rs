//! What stands in brackets and braces: lists, objects and `for` expressions.

use smform_types::{Diagnostic, Value};

use super::super::names::is_id_continue;
use super::super::{Expr, ExprKind, ForExpr, ObjectItem};
use super::{Lines, Parse, Parser, Stop};

impl Parser<'_> {
    pub(super) fn tuple(&mut self) -> Parse<ExprKind> {
        let open = self.at;
        self.at += 1;
        self.within(Lines::Pass, open, |parser| {
            parser.skip()?;
            if parser.at_for() {
                return parser.for_expr(b']', open);
            }
            let mut items = Vec::new();
            loop {
                parser.skip()?;
                if parser.take("]") {
                    return Ok(ExprKind::Tuple(items));
                }
                items.push(parser.expression()?);
                parser.skip()?;
                match parser.peek() {
                    Some(b',') => parser.at += 1,
                    Some(b']') => {}
                    None => return parser.unterminated("tuple constructor expression", open),
                    _ => {
                        let found = parser.found();
                        let detail =
                            format!("Expected a comma to mark the beginning of the next item, but found {found}.");
                        return parser.error(parser.word(), "Missing item separator", detail);
                    }
                }
            }
        })
    }

    pub(super) fn object(&mut self) -> Parse<ExprKind> {
        let open = self.at;
        self.at += 1;
        // Line breaks separate the items of an object, but mean nothing in a for expression.
        let start = self.at;
        self.space()?;
        if self.at_for() {
            return self.within(Lines::Pass, open, |parser| parser.for_expr(b'}', open));
        }
        self.at = start;
        self.within(Lines::End, open, |parser| parser.object_items(open))
    }

    fn object_items(&mut self, open: usize) -> Parse<ExprKind> {
        let mut items = Vec::new();
        loop {
            self.space()?;
            if self.take("}") {
                return Ok(ExprKind::Object(items));
            }
            let quoted = self.peek() == Some(b'"');
            let key = self.object_key()?;
            self.skip()?;
            match self.peek() {
                Some(b'=') if self.byte(1) != Some(b'>') => self.at += 1,
                Some(b':') => self.at += 1,
                None => return self.unterminated("object constructor expression", open),
                Some(b'\n' | b',') => {
                    let detail = "Expected an attribute value, introduced by an equals sign (\"=\").";
                    return self.error(self.here(), "Missing attribute value", detail);
                }
                _ => {
                    let detail = "Expected an equals sign (\"=\") to mark the beginning of the attribute value.";
                    return self.error(self.word(), "Missing key/value separator", detail);
                }
            }
            self.skip()?;
            let value = self.expression()?;
            items.push(ObjectItem { key, quoted, before: None, value });
            self.skip()?;
            match self.peek() {
                Some(b',' | b'\n') => self.at += 1,
                Some(b'}') => {}
                None => return self.unterminated("object constructor expression", open),
                _ => {
                    let detail = "Expected a newline or comma to mark the beginning of the next attribute.";
                    return self.error(self.word(), "Missing attribute separator", detail);
                }
            }
        }
    }

    /// A bare name is its own text, keywords included.
    fn object_key(&mut self) -> Parse<Expr> {
        let start = self.at;
        if let Some(name) = self.identifier() {
            let end = self.at;
            self.skip()?;
            if matches!(self.peek(), Some(b'=' | b':')) && !self.starts("==") && !self.starts("::") {
                self.at = end;
                let kind = ExprKind::Literal(Value::string(self.slice(name.clone())));
                return Ok(Expr { kind, span: self.span(name) });
            }
            self.at = start;
        }
        self.expression()
    }

    /// Whether a `for` expression begins here.
    fn at_for(&self) -> bool {
        self.starts("for") && !self.rest().chars().nth(3).is_some_and(is_id_continue)
    }

    fn invalid_for<T>(&mut self, detail: impl Into<String>) -> Parse<T> {
        self.error(self.word(), "Invalid 'for' expression", detail)
    }

    /// `for key, value in collection : key => result... if condition` and the closing bracket.
    fn for_expr(&mut self, close: u8, open: usize) -> Parse<ExprKind> {
        self.at += 3;
        let mut names = Vec::new();
        for _ in 0..2 {
            self.skip()?;
            let Some(name) = self.identifier() else {
                return self.invalid_for("For expression requires variable name after 'for'.");
            };
            names.push(self.ident(name));
            self.skip()?;
            if names.len() == 2 || !self.take(",") {
                break;
            }
        }
        let start = self.at;
        if self.identifier().map(|word| self.slice(word)) != Some("in") {
            self.at = start;
            return self.invalid_for("For expression requires the 'in' keyword after its name declarations.");
        }
        self.skip()?;
        let collection = self.expression()?;
        self.skip()?;
        if !self.take(":") {
            return self.invalid_for("For expression requires a colon after the collection expression.");
        }
        self.skip()?;
        let first = self.expression()?;
        let first_place = first.span;
        self.skip()?;
        let (result_key, result) = if self.take("=>") {
            self.skip()?;
            (Some(first), self.expression()?)
        } else {
            (None, first)
        };
        match (close, &result_key) {
            (b']', Some(_)) => {
                let detail = "Key expression is not valid when building a tuple.";
                self.diagnostics.push(Diagnostic::error("Invalid 'for' expression", detail).at(first_place));
                return Err(Stop);
            }
            (b'}', None) => {
                let detail = "Key expression is required when building an object: {for key, value in collection : key => \
                              result}.";
                self.diagnostics.push(Diagnostic::error("Invalid 'for' expression", detail).at(first_place));
                return Err(Stop);
            }
            _ => {}
        }
        self.skip()?;
        let dots = self.at;
        let grouped = self.take("...");
        if grouped && close == b']' {
            let detail = "Grouping ellipsis (...) cannot be used when building a tuple.";
            return self.error(dots..dots + 3, "Invalid 'for' expression", detail);
        }
        self.skip()?;
        let condition = self.for_condition()?;
        self.skip()?;
        if self.peek() != Some(close) {
            if self.peek().is_none() {
                return self.unterminated("'for' expression", open);
            }
            return self.invalid_for("Extra characters after the end of the 'for' expression.");
        }
        self.at += 1;
        let value = names.pop();
        let key = names.pop();
        // There is at least one name, or the loop above would have stopped.
        let Some(value) = value else { return self.invalid_for("For expression requires variable name after 'for'.") };
        Ok(ExprKind::For(Box::new(ForExpr { key, value, collection, result_key, result, grouped, condition })))
    }

    fn for_condition(&mut self) -> Parse<Option<Expr>> {
        if self.starts("if") && !self.rest().chars().nth(2).is_some_and(is_id_continue) {
            self.at += 2;
            self.skip()?;
            return self.expression().map(Some);
        }
        Ok(None)
    }
}
