//! The text of templates: trim markers, indentation of heredocs, and escapes.
//!
//! The parser finds the sequences; the literal text between them is read again from the original, because Terraform
//! trims and indents by tokens, of which a heredoc has one for each line.

use std::collections::VecDeque;
use std::ops::Range;

use hcl_edit::Span as _;
use hcl_edit::template::{Directive, Element, HeredocTemplate, StringTemplate, Strip, Template};
use smform_types::{Span, Value};

use super::escape::undouble_markers;
use super::lower::Lower;
use super::{Expr, ExprKind, TemplatePart};

/// The pieces of a template in the order of the text, whatever their nesting.
enum Piece {
    /// A literal element, as the tokens that it consists of.
    Text(Vec<String>),
    /// A sequence, and whether it trims before and after itself.
    Marker(bool, bool),
}

impl Lower<'_> {
    pub(super) fn quoted_template(&mut self, template: &StringTemplate) -> ExprKind {
        let mut pieces = Vec::new();
        self.pieces(template, true, &mut pieces);
        trim(&mut pieces);
        self.assemble(template, pieces)
    }

    pub(super) fn heredoc(&mut self, heredoc: &HeredocTemplate, range: &Range<usize>) -> ExprKind {
        let mut pieces = Vec::new();
        self.pieces(&heredoc.template, false, &mut pieces);
        trim(&mut pieces);
        if self.raw(range.clone()).starts_with("<<-") {
            dedent(&mut pieces);
        }
        self.assemble(&heredoc.template, pieces)
    }

    pub(super) fn bare_template(&mut self, template: &Template, span: Span) -> Expr {
        let mut pieces = Vec::new();
        self.pieces(template, false, &mut pieces);
        trim(&mut pieces);
        Expr { kind: self.assemble(template, pieces), span }
    }

    fn pieces(&mut self, template: &Template, quoted: bool, pieces: &mut Vec<Piece>) {
        let marker = |strip: Strip| Piece::Marker(strip.strip_start(), strip.strip_end());
        for element in template {
            match element {
                Element::Literal(text) => {
                    let range = self.range(text.span());
                    let raw = self.raw(range.clone());
                    pieces.push(Piece::Text(if quoted {
                        vec![self.unquoted(raw, range.start)]
                    } else {
                        raw.split_inclusive('\n').map(undouble_markers).collect()
                    }));
                }
                Element::Interpolation(interpolation) => pieces.push(marker(interpolation.strip)),
                Element::Directive(directive) => match &**directive {
                    Directive::If(parts) => {
                        pieces.push(marker(parts.if_expr.strip));
                        self.pieces(&parts.if_expr.template, quoted, pieces);
                        if let Some(otherwise) = &parts.else_expr {
                            pieces.push(marker(otherwise.strip));
                            self.pieces(&otherwise.template, quoted, pieces);
                        }
                        pieces.push(marker(parts.endif_expr.strip));
                    }
                    Directive::For(parts) => {
                        pieces.push(marker(parts.for_expr.strip));
                        self.pieces(&parts.for_expr.template, quoted, pieces);
                        pieces.push(marker(parts.endfor_expr.strip));
                    }
                },
            }
        }
    }

    fn assemble(&mut self, template: &Template, pieces: Vec<Piece>) -> ExprKind {
        let mut texts: VecDeque<String> = pieces
            .into_iter()
            .filter_map(|piece| if let Piece::Text(tokens) = piece { Some(tokens.concat()) } else { None })
            .collect();
        let parts = self.parts(template, &mut texts);
        match parts.as_slice() {
            [] => ExprKind::Literal(Value::string("")),
            [TemplatePart::Text(text)] => ExprKind::Literal(Value::string(text)),
            _ => ExprKind::Template(parts),
        }
    }

    fn parts(&mut self, template: &Template, texts: &mut VecDeque<String>) -> Vec<TemplatePart> {
        let mut parts = Vec::new();
        for element in template {
            let span = self.span(self.range(element.span()));
            parts.push(match element {
                Element::Literal(_) => TemplatePart::Text(texts.pop_front().unwrap_or_default().into()),
                Element::Interpolation(interpolation) => TemplatePart::Interpolation(self.expr(&interpolation.expr)),
                Element::Directive(directive) => match &**directive {
                    Directive::If(parts) => {
                        let condition = self.expr(&parts.if_expr.cond_expr);
                        let then = self.parts(&parts.if_expr.template, texts);
                        let otherwise = parts.else_expr.as_ref();
                        let otherwise = otherwise.map(|otherwise| self.parts(&otherwise.template, texts));
                        TemplatePart::If { condition, then, otherwise: otherwise.unwrap_or_default(), span }
                    }
                    Directive::For(parts) => TemplatePart::For {
                        key: parts.for_expr.key_var.as_ref().map(|name| self.ident(name)),
                        value: self.ident(&parts.for_expr.value_var),
                        collection: self.expr(&parts.for_expr.collection_expr),
                        body: self.parts(&parts.for_expr.template, texts),
                        span,
                    },
                },
            });
        }
        parts
    }
}

/// Applies trim markers: each takes white space off the token beside it, which in a heredoc ends with the line.
fn trim(pieces: &mut [Piece]) {
    let markers: Vec<(usize, bool, bool)> = pieces
        .iter()
        .enumerate()
        .filter_map(|(at, piece)| if let Piece::Marker(start, end) = piece { Some((at, *start, *end)) } else { None })
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
fn dedent(pieces: &mut [Piece]) {
    let mut smallest: Option<usize> = None;
    let mut count = |indent: usize| smallest = Some(smallest.map_or(indent, |smallest| smallest.min(indent)));
    let mut at_start = true;
    for piece in &*pieces {
        match piece {
            Piece::Marker(..) if at_start => count(0),
            Piece::Marker(..) => {}
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
