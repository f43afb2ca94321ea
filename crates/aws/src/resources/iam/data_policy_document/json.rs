//! JSON as Terraform's provider writes it: two blanks of indentation or none, and markup characters escaped.

use serde_json::Value as Json;

/// Indented by two.
pub(super) fn pretty(json: &Json) -> String {
    escape(&serde_json::to_string_pretty(json).unwrap_or_default())
}

/// Without blanks.
pub(super) fn compact(json: &Json) -> String {
    escape(&json.to_string())
}

/// The characters that Go's encoder escapes for the sake of HTML. Outside of strings, JSON has none of them.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => escaped.push_str("\\u003c"),
            '>' => escaped.push_str("\\u003e"),
            '&' => escaped.push_str("\\u0026"),
            '\u{2028}' => escaped.push_str("\\u2028"),
            '\u{2029}' => escaped.push_str("\\u2029"),
            other => escaped.push(other),
        }
    }
    escaped
}
