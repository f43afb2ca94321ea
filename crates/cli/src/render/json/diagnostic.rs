//! Messages as JSON.

use serde_json::{Value as Json, json};
use smform_types::span::{Position, Source};
use smform_types::{Diagnostic, Severity, SourceMap, Span};

use super::object;
use crate::render::diagnostics::shown_address;

/// A message.
#[must_use]
pub fn diagnostic(diagnostic: &Diagnostic, sources: &SourceMap) -> Json {
    let source = diagnostic.span.and_then(|span| Some((span, sources.get(span.source)?)));
    object([
        ("severity", Some(severity(diagnostic.severity).into())),
        ("summary", Some(diagnostic.summary.as_str().into())),
        ("detail", Some(diagnostic.detail.as_str().into())),
        ("address", shown_address(diagnostic).map(Json::from)),
        ("range", source.map(|(span, source)| range(span, source))),
        ("snippet", source.map(|(span, source)| snippet(diagnostic, span, source))),
    ])
}

/// The name of a severity.
#[must_use]
pub const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn range(span: Span, source: &Source) -> Json {
    let position = |Position { line, column, byte }| json!({ "line": line, "column": column, "byte": byte });
    let mut end = source.position(span.end as usize);
    if span.start == span.end {
        // A place with nothing in it would be invisible.
        (end.column, end.byte) = (end.column + 1, end.byte + 1);
    }
    json!({
        "filename": &*source.name,
        "start": position(source.position(span.start as usize)),
        "end": position(end),
    })
}

fn snippet(diagnostic: &Diagnostic, span: Span, source: &Source) -> Json {
    let (start, end) = (source.position(span.start as usize), source.position(span.end as usize));
    // What stands around it and belongs to it is shown as well.
    let around = diagnostic.around.filter(|around| around.source == span.source).unwrap_or(span);
    let first = source.position(around.start.min(span.start) as usize);
    let last = source.position(around.end.max(span.end) as usize);
    let lines: Vec<&str> = (first.line..=last.line).map(|line| source.line(line)).collect();
    let code = lines.join("\n");
    // Offsets count bytes within the code.
    let line_start = first.byte - offset_in_line(source, first);
    let clamp = |byte: usize| byte.saturating_sub(line_start).min(code.len());
    let values: Vec<Json> = diagnostic
        .values
        .iter()
        .map(|value| json!({ "traversal": value.traversal, "statement": value.statement }))
        .collect();
    object([
        ("context", Some(diagnostic.context.as_deref().map_or(Json::Null, Json::from))),
        ("code", Some(code.as_str().into())),
        ("start_line", Some(first.line.into())),
        ("highlight_start_offset", Some(clamp(start.byte).into())),
        ("highlight_end_offset", Some(clamp(end.byte.max(start.byte + 1)).into())),
        ("values", Some(values.into())),
        ("function_call", diagnostic.function.as_deref().map(call)),
    ])
}

fn call(name: &str) -> Json {
    object([("called_as", Some(name.into())), ("signature", super::functions::signature(name))])
}

fn offset_in_line(source: &Source, position: Position) -> usize {
    let head = source.text.get(..position.byte).unwrap_or_default();
    position.byte - head.rfind('\n').map_or(0, |at| at + 1)
}
