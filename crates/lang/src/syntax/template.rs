//! The text of templates: trim markers, indentation of heredocs, and the nesting of directives.
//!
//! Trimming and indentation go by tokens, as in Terraform: a heredoc has one for each line of its text.

use smform_types::{Span, Value};

use super::{Expr, ExprKind, Ident, TemplatePart};

/// A piece of a template in the order of the text, whatever its nesting.
pub(super) enum Piece {
    /// Literal text, as the tokens that it consists of.
    Text(Vec<String>),
    /// A sequence, and whether it trims before and after itself.
    Sequence { sequence: Sequence, span: Span, before: bool, after: bool },
}

/// What a template sequence says.
pub(super) enum Sequence {
    Value(Expr),
    If(Expr),
    Else,
    EndIf,
    For { key: Option<Ident>, value: Ident, collection: Expr },
    EndFor,
}

/// A directive whose end has not come yet.
enum Open {
    If { condition: Expr, span: Span, then: Option<Vec<TemplatePart>> },
    For { key: Option<Ident>, value: Ident, collection: Expr, span: Span },
}

/// The expression that the pieces of a template make. Every directive must have its end.
pub(super) fn assemble(pieces: Vec<Piece>) -> ExprKind {
    let parts = parts(pieces);
    match parts.as_slice() {
        [] => ExprKind::Literal(Value::string("")),
        [TemplatePart::Text(text)] => ExprKind::Literal(Value::string(text)),
        _ => ExprKind::Template { parts, written: None },
    }
}

fn parts(pieces: Vec<Piece>) -> Vec<TemplatePart> {
    let mut parts = Vec::new();
    // Each open directive, with the parts before it.
    let mut around: Vec<(Open, Vec<TemplatePart>)> = Vec::new();
    for piece in pieces {
        let (sequence, span) = match piece {
            Piece::Text(tokens) => {
                parts.push(TemplatePart::Text(tokens.concat().into()));
                continue;
            }
            Piece::Sequence { sequence, span, .. } => (sequence, span),
        };
        match sequence {
            Sequence::Value(expr) => parts.push(TemplatePart::Interpolation(expr)),
            Sequence::If(condition) => {
                around.push((Open::If { condition, span, then: None }, std::mem::take(&mut parts)));
            }
            Sequence::For { key, value, collection } => {
                around.push((Open::For { key, value, collection, span }, std::mem::take(&mut parts)));
            }
            Sequence::Else => {
                if let Some((Open::If { then, .. }, _)) = around.last_mut() {
                    *then = Some(std::mem::take(&mut parts));
                }
            }
            Sequence::EndIf | Sequence::EndFor => {
                let Some((open, before)) = around.pop() else { continue };
                let inner = std::mem::replace(&mut parts, before);
                parts.push(close(open, inner, span));
            }
        }
    }
    parts
}

fn close(open: Open, inner: Vec<TemplatePart>, end: Span) -> TemplatePart {
    match open {
        Open::If { condition, span, then } => {
            let (then, otherwise) = match then {
                Some(then) => (then, inner),
                None => (inner, Vec::new()),
            };
            TemplatePart::If { condition, then, otherwise, span: span.to(end) }
        }
        Open::For { key, value, collection, span } => {
            TemplatePart::For { key, value, collection, body: inner, span: span.to(end) }
        }
    }
}

/// Applies trim markers: each takes white space off the token beside it, which in a heredoc ends with the line.
pub(super) fn trim(pieces: &mut [Piece]) {
    let markers: Vec<(usize, bool, bool)> =
        pieces
            .iter()
            .enumerate()
            .filter_map(|(at, piece)| {
                if let Piece::Sequence { before, after, .. } = piece { Some((at, *before, *after)) } else { None }
            })
            .collect();
    for (at, before, after) in markers {
        if before
            && let Some(Piece::Text(tokens)) = at.checked_sub(1).and_then(|at| pieces.get_mut(at))
            && let Some(token) = tokens.last_mut()
        {
            token.truncate(token.trim_end().len());
        }
        if after
            && let Some(Piece::Text(tokens)) = pieces.get_mut(at + 1)
            && let Some(token) = tokens.first_mut()
        {
            *token = token.trim_start().to_owned();
        }
    }
}

/// Takes the indentation that all lines have in common off each. A line that begins with a sequence has none, and
/// one of nothing but white space is left as it is.
pub(super) fn dedent(pieces: &mut [Piece]) {
    let mut smallest: Option<usize> = None;
    let mut count = |indent: usize| smallest = Some(smallest.map_or(indent, |smallest| smallest.min(indent)));
    let mut at_start = true;
    for piece in &*pieces {
        match piece {
            Piece::Sequence { .. } if at_start => count(0),
            Piece::Sequence { .. } => {}
            Piece::Text(tokens) => {
                line_starts(tokens, at_start).filter(|token| !is_blank(token)).for_each(|token| count(indent(token)));
            }
        }
        at_start = ends_line(piece);
    }
    let Some(width) = smallest.filter(|width| *width > 0) else { return };
    let mut at_start = true;
    for piece in pieces {
        let next = ends_line(piece);
        if let Piece::Text(tokens) = piece {
            let starts: Vec<bool> = starts(tokens, at_start).collect();
            for (token, _) in tokens.iter_mut().zip(starts).filter(|(token, start)| *start && !is_blank(token)) {
                *token = token.chars().skip(width).collect();
            }
        }
        at_start = next;
    }
}

/// Which tokens begin a line. A token that trimming has robbed of its line break ends none.
fn starts(tokens: &[String], first: bool) -> impl Iterator<Item = bool> {
    std::iter::once(first).chain(tokens.iter().map(|token| token.ends_with('\n')))
}

fn line_starts(tokens: &[String], first: bool) -> impl Iterator<Item = &String> {
    tokens.iter().zip(starts(tokens, first)).filter_map(|(token, start)| start.then_some(token))
}

fn ends_line(piece: &Piece) -> bool {
    matches!(piece, Piece::Text(tokens) if tokens.last().is_some_and(|token| token.ends_with('\n')))
}

fn is_blank(token: &str) -> bool {
    token.ends_with('\n') && token.trim().is_empty()
}

fn indent(token: &str) -> usize {
    token.chars().take_while(|c| c.is_whitespace()).count()
}
