//! Native syntax: the parser is `hcl-edit`, guarded by the pass of [`scan`](super::scan).

use std::ops::Range;

use hcl_edit::parser;
use smform_types::{Diagnostic, Diagnostics, SourceId, Span};

use super::lower::Lower;
use super::place::Place;
use super::scan::{Scanner, is_id_continue, too_deep};
use super::{Body, Expr};

/// Reads a file of native syntax. What is in order is in the body even when something else is not.
pub fn parse_native(text: &str, source: SourceId) -> (Body, Diagnostics) {
    let place = Place::start(source);
    let scanned = Scanner::body(text, place);
    let mut diagnostics = scanned.diagnostics;
    let mut body = Body::empty(place.span(0..text.len()));
    for item in scanned.items {
        let stand_in = scanned.text.get(item.clone()).unwrap_or("");
        match parser::parse_body(stand_in) {
            Ok(parsed) => Lower::new(text, item.start, place, &mut diagnostics).body_into(&parsed, &mut body),
            Err(_) => diagnostics.push(explain(parser::parse_body, stand_in, text, item, place)),
        }
    }
    sort(&mut diagnostics);
    (body, diagnostics)
}

/// Reads one expression.
///
/// # Errors
/// Syntax errors, located.
pub fn parse_expression(text: &str, source: SourceId) -> Result<Expr, Diagnostics> {
    expression(text, Place::start(source))
}

/// Reads an expression from the text of a string that stands at `span`, quotes included.
///
/// # Errors
/// Syntax errors, at the place of the string.
pub fn parse_expression_within(text: &str, span: Span) -> Result<Expr, Diagnostics> {
    expression(text, within(text, span))
}

/// The place of a string's text: exact when nothing in it was escaped.
pub(super) fn within(text: &str, span: Span) -> Place {
    if span.range().len() == text.len() + 2 {
        Place::At(span.source, span.start as usize + 1)
    } else {
        Place::Whole(span)
    }
}

fn expression(text: &str, place: Place) -> Result<Expr, Diagnostics> {
    let scanned = Scanner::expression(text, place);
    let mut diagnostics = scanned.diagnostics;
    if diagnostics.has_errors() {
        return Err(diagnostics);
    }
    let Some(item) = scanned.items.into_iter().next().filter(|item| !item.is_empty()) else {
        let detail = "Expected the start of an expression, but found nothing.";
        return Err(Diagnostic::error("Missing expression", detail).at(place.span(0..text.len())).into());
    };
    let stand_in = scanned.text.get(item.clone()).unwrap_or("");
    let parsed = parser::parse_expr(stand_in).map_err(|_| {
        let error = explain(parser::parse_expr, stand_in, text, item.clone(), place);
        if error.summary == NEWLINE {
            let detail = "The expression ends before this; an operator or a comma may be missing.";
            return Diagnostic { detail: detail.to_owned(), summary: EXTRA.to_owned(), ..error };
        }
        error
    })?;
    let expr = Lower::new(text, item.start, place, &mut diagnostics).expr(&parsed);
    diagnostics.into_result(expr).map(|(expr, _)| expr)
}

const NEWLINE: &str = "Missing newline after argument";
const EXTRA: &str = "Extra characters after expression";

/// Reads a template that is a text of its own, as `templatefile` does.
///
/// # Errors
/// Syntax errors, located.
pub fn parse_template(text: &str, source: SourceId) -> Result<Expr, Diagnostics> {
    template(text, Place::start(source))
}

/// As [`parse_template`], for a text anywhere.
pub(super) fn template(text: &str, place: Place) -> Result<Expr, Diagnostics> {
    let scanned = Scanner::template(text, place);
    let mut diagnostics = scanned.diagnostics;
    if diagnostics.has_errors() {
        return Err(diagnostics);
    }
    let parsed = parser::parse_template(&scanned.text)
        .map_err(|_| explain(parser::parse_template, &scanned.text, text, 0..text.len(), place))?;
    let expr = Lower::new(text, 0, place, &mut diagnostics).bare_template(&parsed, place.span(0..text.len()));
    diagnostics.into_result(expr).map(|(expr, _)| expr)
}

fn sort(diagnostics: &mut Diagnostics) {
    let mut all: Vec<Diagnostic> = std::mem::take(diagnostics).into_iter().collect();
    all.sort_by_key(|diagnostic| diagnostic.span);
    diagnostics.extend(all);
}

/// The parser's complaint about a stand-in text that does not parse, in the words of the language.
fn explain<T>(
    parse: fn(&str) -> Result<T, parser::Error>,
    stand_in: &str,
    text: &str,
    item: Range<usize>,
    place: Place,
) -> Diagnostic {
    // The parser does not tell the end of the text from its last character; a line break at the end sets them apart.
    let error = parse(&format!("{stand_in}\n")).err().or_else(|| parse(stand_in).err());
    let (message, offset) =
        error.as_ref().map_or(("", stand_in.len()), |error| (error.message(), error.location().offset()));
    let mut at = (item.start + offset).min(item.end);
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    // The parser stops before blanks; the mark belongs on what follows them.
    let rest = text.get(at..item.end).unwrap_or("");
    let blanks = rest.len() - rest.trim_start_matches([' ', '\t', '\r']).len();
    let at = at + blanks;
    let found = rest.get(blanks..).unwrap_or("");
    let word = found.find(|c| !is_id_continue(c)).unwrap_or(found.len());
    let character = found.chars().next().filter(|c| *c != '\n').map_or(0, char::len_utf8);
    let width = word.max(character);
    let before = text.get(item.start..at).unwrap_or("").trim_end();
    let (summary, detail) = words(message, found, before);
    Diagnostic::error(summary, detail).at(place.span(at..at + width))
}

fn words(message: &str, found: &str, before: &str) -> (&'static str, String) {
    let start_of_expression = "Expected the start of an expression, but found ";
    let what = match found.chars().next() {
        None => "the end of the text".to_owned(),
        Some('\n') => "the end of the line".to_owned(),
        Some(c) => format!("\"{c}\""),
    };
    if message.contains("nesting depth") || message.contains("operator depth") || message.contains("at most") {
        return ("Nesting too deep", too_deep().to_owned());
    }
    if message.contains("traversal operator") || found.starts_with("..") {
        return ("Invalid attribute name", "An attribute name is required after a dot.".to_owned());
    }
    let operator = ['=', '+', '-', '*', '/', '%', '<', '>', '!', '&', '|', '?', ':'];
    if found.is_empty() && before.ends_with(operator) {
        return ("Missing expression", format!("{start_of_expression}{what}."));
    }
    if message.contains("invalid expression") || before.ends_with(['=', '(', '[', ',', '+', '-', '*', '?']) {
        return ("Invalid expression", format!("{start_of_expression}{what}."));
    }
    if message.contains("block body") {
        let detail = "A block on one line holds one argument and then its closing brace. Put the content of a longer \
                      block on lines of its own.";
        return ("Invalid single-line block", detail.to_owned());
    }
    if message.contains("object item") {
        let detail = "Expected a newline or comma to mark the beginning of the next attribute.";
        return ("Missing attribute separator", detail.to_owned());
    }
    if message.contains("object value assignment") {
        let detail = "Expected an equals sign (\"=\") to mark the beginning of the attribute value.";
        return ("Missing key/value separator", detail.to_owned());
    }
    if message.contains("unique object key") {
        return ("Duplicate object key", "This key stands here twice. Keep one of them.".to_owned());
    }
    if message.contains("`]`") {
        let detail = format!("Expected a comma to mark the beginning of the next item, but found {what}.");
        return ("Missing item separator", detail);
    }
    if message.contains("`)`") {
        let detail = format!("Expected a comma before the next argument or a closing parenthesis, but found {what}.");
        return ("Missing argument separator", detail);
    }
    if message.contains("`:`") {
        if before.contains("for ") && !before.contains('?') {
            let detail = "For expression requires a colon after the collection expression.";
            return ("Invalid 'for' expression", detail.to_owned());
        }
        let detail = "The conditional operator (...?...:...) requires a false expression, delimited by a colon.";
        return ("Missing false expression in conditional", detail.to_owned());
    }
    if message.contains("`in`") || message.contains("`=>`") || message.contains("`endif`") {
        let detail = "A \"for\" expression is written [for value in collection : result] or \
                      {for key, value in collection : key => result}.";
        return ("Invalid 'for' expression", detail.to_owned());
    }
    if message.contains("`}`") {
        let detail = format!("Expected a closing brace, but found {what}.");
        return ("Invalid expression", detail);
    }
    if message.contains("newline") || message.contains("unexpected token") {
        let detail = format!("An expression ended before {what}. An operator, a comma or a line break may be missing.");
        return (NEWLINE, detail);
    }
    ("Invalid expression", format!("{start_of_expression}{what}."))
}
