//! From the parser's tree to ours. Every text is taken from the original by its span.

use std::ops::Range;

use hcl_edit::Span as _;
use hcl_edit::expr::{
    BinaryOperator, Expression, ForExpr as ParsedFor, FuncCall, Object, ObjectKey, Traversal, TraversalOperator,
    UnaryOperator,
};
use hcl_edit::structure::{Block as ParsedBlock, BlockLabel, Body as ParsedBody, Structure};
use smform_types::{Diagnostic, Diagnostics, Number, Span, Type, Value};

use super::escape::unquote;
use super::place::Place;
use super::{
    Attribute, BinaryOp, Block, Body, Call, Expr, ExprKind, ForExpr, Ident, ObjectItem, TraversalStep, UnaryOp,
};

/// Lowers one parsed piece of a text.
pub(super) struct Lower<'a> {
    /// The original text, whole.
    pub(super) text: &'a str,
    /// Where the parsed piece begins in the text.
    base: usize,
    place: Place,
    diagnostics: &'a mut Diagnostics,
}

impl<'a> Lower<'a> {
    pub fn new(text: &'a str, base: usize, place: Place, diagnostics: &'a mut Diagnostics) -> Lower<'a> {
        Lower { text, base, place, diagnostics }
    }

    /// A range of the parsed piece as a range of the text.
    pub(super) fn range(&self, range: Option<Range<usize>>) -> Range<usize> {
        let range = range.unwrap_or(0..0);
        let shift = |at: usize| at.saturating_add(self.base).min(self.text.len());
        shift(range.start)..shift(range.end)
    }

    pub(super) fn span(&self, range: Range<usize>) -> Span {
        self.place.span(range)
    }

    fn span_of(&self, node: &impl hcl_edit::Span) -> Span {
        self.span(self.range(node.span()))
    }

    pub(super) fn raw(&self, range: Range<usize>) -> &'a str {
        self.text.get(range).unwrap_or("")
    }

    pub(super) fn error(&mut self, range: Range<usize>, summary: &str, detail: impl Into<String>) {
        let span = self.span(range);
        self.diagnostics.push(Diagnostic::error(summary, detail).at(span));
    }

    pub(super) fn ident(&self, node: &impl hcl_edit::Span) -> Ident {
        let range = self.range(node.span());
        Ident { text: self.raw(range.clone()).into(), span: self.span(range) }
    }

    /// Adds the content of a parsed body.
    pub fn body_into(&mut self, parsed: &ParsedBody, body: &mut Body) {
        for structure in parsed {
            match structure {
                Structure::Attribute(attribute) => {
                    let name = self.ident(&attribute.key);
                    let expr = self.expr(&attribute.value);
                    body.attributes.push(Attribute { name, expr });
                }
                Structure::Block(block) => {
                    let block = self.block(block);
                    body.blocks.push(block);
                }
            }
        }
    }

    fn block(&mut self, parsed: &ParsedBlock) -> Block {
        let kind = self.ident(&parsed.ident);
        let labels: Vec<Ident> = parsed.labels.iter().map(|label| self.label(label)).collect();
        let header = labels.last().map_or(kind.span, |label| kind.span.to(label.span));
        let whole = self.range(parsed.span());
        // The body is what follows the header's brace, up to the block's last brace.
        let after = header.end as usize;
        let open = self.raw(after..whole.end).find('{').map_or(whole.end, |at| after + at + 1);
        let close = whole.end.saturating_sub(1).max(open);
        let mut body = Body::empty(self.span(open..close));
        self.body_into(&parsed.body, &mut body);
        Block { kind, labels, body, header }
    }

    fn label(&mut self, label: &BlockLabel) -> Ident {
        let range = self.range(label.span());
        let raw = self.raw(range.clone());
        let text = match raw.strip_prefix('"').and_then(|raw| raw.strip_suffix('"')) {
            Some(inner) => self.unquoted(inner, range.start + 1),
            None => raw.to_owned(),
        };
        Ident { text: text.into(), span: self.span(range) }
    }

    /// The text of a literal between quotes that begins at `start`.
    pub(super) fn unquoted(&mut self, raw: &str, start: usize) -> String {
        unquote(raw).unwrap_or_else(|(bad, detail)| {
            self.error(start + bad.start..start + bad.end, "Invalid escape sequence", detail);
            String::new()
        })
    }

    pub fn expr(&mut self, parsed: &Expression) -> Expr {
        let range = self.range(parsed.span());
        let span = self.span(range.clone());
        let kind = match parsed {
            Expression::Null(_) => ExprKind::Literal(Value::null(Type::Dynamic)),
            Expression::Bool(value) => ExprKind::Literal(Value::bool(*value.value())),
            Expression::Number(_) => self.number(&range),
            Expression::String(_) => {
                let raw = self.raw(range.clone());
                let inner = raw.strip_prefix('"').and_then(|raw| raw.strip_suffix('"')).unwrap_or(raw);
                ExprKind::Literal(Value::string(self.unquoted(inner, range.start + 1)))
            }
            Expression::StringTemplate(template) => self.quoted_template(template),
            Expression::HeredocTemplate(heredoc) => self.heredoc(heredoc, &range),
            Expression::Array(items) => ExprKind::Tuple(items.iter().map(|item| self.expr(item)).collect()),
            Expression::Object(object) => self.object(object),
            Expression::Parenthesis(inner) => ExprKind::Parens(Box::new(self.expr(inner.inner()))),
            Expression::Variable(_) => {
                let root = Ident { text: self.raw(range).into(), span };
                ExprKind::Traversal { root, steps: Vec::new() }
            }
            Expression::Conditional(parts) => {
                let parts = [&parts.cond_expr, &parts.true_expr, &parts.false_expr].map(|part| self.expr(part));
                ExprKind::Conditional(Box::new(parts))
            }
            Expression::FuncCall(call) => self.call(call),
            Expression::Traversal(traversal) => self.traversal(traversal),
            Expression::UnaryOp(operation) => {
                let operator = match operation.operator.value() {
                    UnaryOperator::Neg => UnaryOp::Negate,
                    UnaryOperator::Not => UnaryOp::Not,
                };
                ExprKind::Unary(operator, Box::new(self.expr(&operation.expr)))
            }
            Expression::BinaryOp(operation) => {
                let operator = binary(*operation.operator.value());
                let operands = [self.expr(&operation.lhs_expr), self.expr(&operation.rhs_expr)];
                ExprKind::Binary(operator, Box::new(operands))
            }
            Expression::ForExpr(parsed) => self.for_expr(parsed),
        };
        Expr { kind, span }
    }

    fn number(&mut self, range: &Range<usize>) -> ExprKind {
        let raw = self.raw(range.clone());
        let (negative, digits) = raw.strip_prefix('-').map_or((false, raw), |digits| (true, digits.trim_start()));
        let number = Number::parse(digits).unwrap_or_else(|| {
            self.error(range.clone(), "Invalid number", "This number is too large or too small to be represented.");
            Number::ZERO
        });
        ExprKind::Literal(Value::number(if negative { number.negate() } else { number }))
    }

    fn object(&mut self, object: &Object) -> ExprKind {
        let mut items = Vec::with_capacity(object.len());
        for (key, value) in object {
            let key = self.object_key(key);
            let value = self.expr(value.expr());
            items.push(ObjectItem { key, value });
        }
        ExprKind::Object(items)
    }

    /// A bare name is its own text, keywords included.
    fn object_key(&mut self, key: &ObjectKey) -> Expr {
        match key {
            ObjectKey::Expression(expr) if !expr.is_null() && !expr.is_bool() => self.expr(expr),
            key => {
                let range = self.range(match key {
                    ObjectKey::Ident(name) => name.span(),
                    ObjectKey::Expression(expr) => expr.span(),
                });
                // The span of a key may take the blanks after it in.
                let raw = self.raw(range.clone()).trim_end();
                let span = self.span(range.start..range.start + raw.len());
                Expr { kind: ExprKind::Literal(Value::string(raw)), span }
            }
        }
    }

    fn call(&mut self, call: &FuncCall) -> ExprKind {
        let mut name = self.ident(&call.name.name);
        if let Some(first) = call.name.namespace.first() {
            let start = self.span_of(first);
            let parts: Vec<_> = call.name.namespace.iter().map(|part| self.ident(part).text).collect();
            name = Ident { text: format!("{}::{}", parts.join("::"), name.text).into(), span: start.to(name.span) };
        }
        let arguments = call.args.iter().map(|argument| self.expr(argument)).collect();
        ExprKind::Call(Box::new(Call { name, arguments, expand_last: call.args.expand_final() }))
    }

    fn traversal(&mut self, traversal: &Traversal) -> ExprKind {
        let from = self.expr(&traversal.expr);
        let legacy = |operator: &TraversalOperator| matches!(operator, TraversalOperator::LegacyIndex(_));
        for pair in traversal.operators.windows(2) {
            if let [first, second] = pair
                && legacy(first)
                && legacy(second)
            {
                let detail = "Two indices cannot follow each other as .0.1. Write [0][1].";
                self.error(
                    self.range(first.span()).start..self.range(second.span()).end,
                    "Invalid legacy index syntax",
                    detail,
                );
            }
        }
        let steps = traversal.operators.iter().map(|operator| self.step(operator.value(), operator)).collect();
        match from.kind {
            ExprKind::Traversal { root, steps: none } if none.is_empty() => ExprKind::Traversal { root, steps },
            _ => ExprKind::Relative { from: Box::new(from), steps },
        }
    }

    fn step(&mut self, operator: &TraversalOperator, whole: &impl hcl_edit::Span) -> TraversalStep {
        let whole = self.span_of(whole);
        match operator {
            TraversalOperator::AttrSplat(_) => TraversalStep::LegacySplat(whole),
            TraversalOperator::FullSplat(_) => TraversalStep::Splat(whole),
            TraversalOperator::GetAttr(name) => TraversalStep::Attribute(self.ident(name)),
            TraversalOperator::Index(expr) => TraversalStep::Index(self.expr(expr), whole),
            TraversalOperator::LegacyIndex(index) => {
                let range = self.range(index.span());
                let kind = self.number(&range);
                TraversalStep::Index(Expr { kind, span: self.span(range) }, whole)
            }
        }
    }

    fn for_expr(&mut self, parsed: &ParsedFor) -> ExprKind {
        ExprKind::For(Box::new(ForExpr {
            key: parsed.intro.key_var.as_ref().map(|name| self.ident(name)),
            value: self.ident(&parsed.intro.value_var),
            collection: self.expr(&parsed.intro.collection_expr),
            result_key: parsed.key_expr.as_ref().map(|key| self.expr(key)),
            result: self.expr(&parsed.value_expr),
            grouped: parsed.grouping,
            condition: parsed.cond.as_ref().map(|condition| self.expr(&condition.expr)),
        }))
    }
}

fn binary(operator: BinaryOperator) -> BinaryOp {
    match operator {
        BinaryOperator::Eq => BinaryOp::Equal,
        BinaryOperator::NotEq => BinaryOp::NotEqual,
        BinaryOperator::LessEq => BinaryOp::LessOrEqual,
        BinaryOperator::GreaterEq => BinaryOp::GreaterOrEqual,
        BinaryOperator::Less => BinaryOp::Less,
        BinaryOperator::Greater => BinaryOp::Greater,
        BinaryOperator::Plus => BinaryOp::Add,
        BinaryOperator::Minus => BinaryOp::Subtract,
        BinaryOperator::Mul => BinaryOp::Multiply,
        BinaryOperator::Div => BinaryOp::Divide,
        BinaryOperator::Mod => BinaryOp::Modulo,
        BinaryOperator::And => BinaryOp::And,
        BinaryOperator::Or => BinaryOp::Or,
    }
}
