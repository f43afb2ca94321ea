//! Expressions: conditions, operators and terms.

use std::ops::Range;

use smform_types::{Number, Type, Value};

use super::super::{BinaryOp, Expr, ExprKind, Ident, UnaryOp};
use super::{Lines, Parse, Parser};

/// How many operators may follow each other without brackets.
const MAX_CHAIN: usize = 10_000;

/// Operators of two operands, longer spellings first, each with its rank; the higher, the closer it binds.
const OPERATORS: &[(&str, BinaryOp, u8)] = &[
    ("||", BinaryOp::Or, 0),
    ("&&", BinaryOp::And, 1),
    ("==", BinaryOp::Equal, 2),
    ("!=", BinaryOp::NotEqual, 2),
    ("<=", BinaryOp::LessOrEqual, 3),
    (">=", BinaryOp::GreaterOrEqual, 3),
    ("<", BinaryOp::Less, 3),
    (">", BinaryOp::Greater, 3),
    ("+", BinaryOp::Add, 4),
    ("-", BinaryOp::Subtract, 4),
    ("*", BinaryOp::Multiply, 5),
    ("/", BinaryOp::Divide, 5),
    ("%", BinaryOp::Modulo, 5),
];

impl Parser<'_> {
    /// An expression, which must begin at the next token.
    pub(super) fn expression(&mut self) -> Parse<Expr> {
        let condition = self.operation(0)?;
        let end = self.at;
        self.skip()?;
        let question = self.at;
        if !self.take("?") {
            self.at = end;
            return Ok(condition);
        }
        self.nested(question, |parser| {
            parser.skip()?;
            let then = parser.expression()?;
            parser.skip()?;
            if parser.peek() != Some(b':') {
                let detail =
                    "The conditional operator (...?...:...) requires a false expression, delimited by a colon.";
                return parser.error(parser.word(), "Missing false expression in conditional", detail);
            }
            parser.at += 1;
            parser.skip()?;
            let otherwise = parser.expression()?;
            let span = condition.span.to(otherwise.span);
            Ok(Expr { kind: ExprKind::Conditional(Box::new([condition, then, otherwise])), span })
        })
    }

    /// Terms joined by operators of at least a rank. Stops right after the last term.
    fn operation(&mut self, rank: u8) -> Parse<Expr> {
        let mut left = self.term()?;
        let mut count = 0;
        loop {
            let end = self.at;
            self.skip()?;
            let Some((spelling, operator, own)) = self.operator().filter(|(.., own)| *own >= rank) else {
                self.at = end;
                return Ok(left);
            };
            count += 1;
            if count > MAX_CHAIN {
                return self.error(self.here(), super::TOO_DEEP, super::too_deep());
            }
            self.at += spelling.len();
            self.skip()?;
            let right = self.operation(own + 1)?;
            let span = left.span.to(right.span);
            left = Expr { kind: ExprKind::Binary(operator, Box::new([left, right])), span };
        }
    }

    fn operator(&self) -> Option<(&'static str, BinaryOp, u8)> {
        OPERATORS.iter().find(|(spelling, ..)| self.starts(spelling)).copied()
    }

    /// A term with the steps that follow it.
    fn term(&mut self) -> Parse<Expr> {
        let start = self.at;
        let kind = match self.peek() {
            Some(b'"') => self.quoted_template()?,
            Some(b'(') => self.parentheses()?,
            Some(b'[') => self.tuple()?,
            Some(b'{') => self.object()?,
            Some(b'0'..=b'9') => self.number()?,
            Some(b'<') if self.starts("<<") => self.heredoc()?,
            Some(b'-') => return self.unary(UnaryOp::Negate),
            Some(b'!') => return self.unary(UnaryOp::Not),
            _ => match self.identifier() {
                Some(name) => self.named(name)?,
                None => return self.no_expression(),
            },
        };
        let expr = Expr { kind, span: self.span(start..self.at) };
        self.steps(expr, start)
    }

    fn no_expression<T>(&mut self) -> Parse<T> {
        let what = self.found();
        let summary = if self.peek().is_none() { "Missing expression" } else { "Invalid expression" };
        self.error(self.here(), summary, format!("Expected the start of an expression, but found {what}."))
    }

    fn unary(&mut self, operator: UnaryOp) -> Parse<Expr> {
        let start = self.at;
        self.at += 1;
        self.nested(start, |parser| {
            parser.skip()?;
            let operand = parser.term()?;
            let span = parser.span(start..start + 1).to(operand.span);
            Ok(Expr { kind: ExprKind::Unary(operator, Box::new(operand)), span })
        })
    }

    fn parentheses(&mut self) -> Parse<ExprKind> {
        let open = self.at;
        self.at += 1;
        self.within(Lines::Pass, open, |parser| {
            parser.skip()?;
            let inner = parser.expression()?;
            parser.skip()?;
            if parser.take(")") {
                return Ok(ExprKind::Parens(Box::new(inner)));
            }
            let detail = format!("Expected a closing parenthesis to end the expression, but found {}.", parser.found());
            parser.error(parser.word(), "Unbalanced parentheses", detail)
        })
    }

    /// A bracket that nothing closes before the end of the text.
    pub(super) fn unterminated<T>(&mut self, what: &str, open: usize) -> Parse<T> {
        let detail = "There is no closing bracket for this one. A bracket further down may close something else than it \
                      should.";
        self.error(open..open + 1, &format!("Unterminated {what}"), detail)
    }

    fn number(&mut self) -> Parse<ExprKind> {
        let range = self.number_like();
        match Number::parse(self.slice(range.clone())) {
            Some(number) => Ok(ExprKind::Literal(Value::number(number))),
            None => {
                let detail = "This is not a number, or one too large or too small to be represented.";
                self.error(range, "Invalid number literal", detail)
            }
        }
    }

    /// What is read as one number, whether it makes sense or not: digits, points and exponents, no point at the end.
    fn number_like(&mut self) -> Range<usize> {
        let start = self.at;
        let mut end = start;
        loop {
            match self.peek() {
                Some(b'0'..=b'9') => {
                    self.at += 1;
                    end = self.at;
                }
                Some(b'.') => self.at += 1,
                Some(b'e' | b'E') => {
                    let sign = usize::from(matches!(self.byte(1), Some(b'+' | b'-')));
                    if !self.byte(1 + sign).is_some_and(|byte| byte.is_ascii_digit()) {
                        break;
                    }
                    self.at += 1 + sign;
                }
                _ => break,
            }
        }
        self.at = end;
        start..end
    }

    pub(super) fn digits(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
    }

    /// A keyword, a call, or the root of a reference.
    fn named(&mut self, name: Range<usize>) -> Parse<ExprKind> {
        let end = self.at;
        self.skip()?;
        if self.peek() == Some(b'(') || self.starts("::") {
            return self.call(name);
        }
        self.at = end;
        Ok(match self.slice(name.clone()) {
            "true" => ExprKind::Literal(Value::bool(true)),
            "false" => ExprKind::Literal(Value::bool(false)),
            "null" => ExprKind::Literal(Value::null(Type::Dynamic)),
            text => {
                let root = Ident { text: text.into(), span: self.span(name) };
                ExprKind::Traversal { root, steps: Vec::new() }
            }
        })
    }
}
