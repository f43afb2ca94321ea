//! Native syntax: files, and expressions and templates on their own.

use smform_types::{Diagnostic, Diagnostics, SourceId, Span};

use super::breaks::within_quotes;
use super::parser::{Lines, MULTI_LINE, MULTI_LINE_DETAIL, Parser};
use super::place::Place;
use super::{Body, Expr};

/// Reads a file of native syntax. What is in order is in the body even when something else is not.
pub fn parse_native(text: &str, source: SourceId) -> (Body, Diagnostics) {
    let mut parser = Parser::new(text, Place::start(source), Lines::End);
    parser.begin_file();
    let body = parser.file();
    let mut diagnostics: Vec<Diagnostic> = parser.diagnostics.into_iter().collect();
    diagnostics.sort_by_key(|diagnostic| diagnostic.span);
    let breaks = if diagnostics.is_empty() { Vec::new() } else { within_quotes(text) };
    if !breaks.is_empty() {
        // A missing quote is told before what comes of it.
        diagnostics.retain(|diagnostic| diagnostic.summary != MULTI_LINE);
        let told = |range| Diagnostic::error(MULTI_LINE, MULTI_LINE_DETAIL).at(Place::start(source).span(range));
        diagnostics.splice(0..0, breaks.into_iter().map(told));
    }
    (body, diagnostics.into_iter().collect())
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
    let mut parser = Parser::new(text, place, Lines::Pass);
    match parser.only_expression() {
        Ok(expr) => parser.diagnostics.into_result(expr).map(|(expr, _)| expr),
        Err(_) => Err(parser.diagnostics),
    }
}

/// Reads a template that is a text of its own, as `templatefile` does.
///
/// # Errors
/// Syntax errors, located.
pub fn parse_template(text: &str, source: SourceId) -> Result<Expr, Diagnostics> {
    template(text, Place::start(source))
}

/// As [`parse_template`], for a text anywhere.
pub(super) fn template(text: &str, place: Place) -> Result<Expr, Diagnostics> {
    let mut parser = Parser::new(text, place, Lines::Pass);
    match parser.bare_template() {
        Ok(kind) => {
            let expr = Expr { kind, span: place.span(0..text.len()) };
            parser.diagnostics.into_result(expr).map(|(expr, _)| expr)
        }
        Err(_) => Err(parser.diagnostics),
    }
}

#[cfg(test)]
mod tests {
    use smform_types::SourceMap;

    use super::*;

    fn errors(text: &str) -> Vec<String> {
        let source = SourceMap::default().add("main.tf", text);
        parse_native(text, source).1.iter().map(|error| error.summary.clone()).collect()
    }

    #[test]
    fn line_breaks_and_marks_are_those_of_a_file() {
        assert_eq!(errors("\u{feff}a = 1\r\nb = <<EOT\r\nx\r\nEOT\r\n# \r\n"), [""; 0]);
        assert_eq!(errors("a = <<EOT\nx\nEOT"), ["Unterminated template string"]);
        assert_eq!(errors("a = 1\r"), ["Invalid character", "Missing newline after argument"]);
        assert_eq!(errors("a = \"x\ry\"\n"), ["Unterminated template string", "Invalid multi-line string"]);
        assert_eq!(errors("a = 1 }\nb {\n  c = 1 }\n"), ["Missing newline after argument"; 2]);
        let source = SourceMap::default().add("expression", "<<EOT\nx\nEOT");
        assert!(parse_expression("<<EOT\nx\nEOT", source).is_ok());
    }
}
