//! JSON syntax: `.tf.json` and `.tfvars.json`, lowered to the tree of native syntax.
//!
//! Only a schema can tell arguments from blocks here. A body is therefore read as arguments, whose values are the
//! expressions that the JSON values stand for; [`Body::expanded`] makes blocks of those that are.

mod reader;

use std::borrow::Cow;

use smform_types::{Diagnostic, Diagnostics, SourceId, Span, ValueKind};

use super::{Attribute, Block, Body, Expr, ExprKind, Ident, ObjectItem};
use reader::{Reader, Strings};

/// Reads a file of JSON syntax.
pub fn parse_json(text: &str, source: SourceId) -> (Body, Diagnostics) {
    read(text, source, Strings::Templates)
}

/// Reads a values file of JSON syntax, in which strings are text as it stands.
pub fn parse_json_values(text: &str, source: SourceId) -> (Body, Diagnostics) {
    read(text, source, Strings::Literal)
}

fn read(text: &str, source: SourceId, strings: Strings) -> (Body, Diagnostics) {
    let mut diagnostics = Diagnostics::new();
    let mut body = Body { json: true, ..Body::empty(Span::new(source, 0..text.len())) };
    if let Some(root) = Reader::new(text, source, strings, &mut diagnostics).document() {
        match add_properties(&root, &mut body) {
            Ok(()) => {}
            Err(error) => diagnostics.push(error),
        }
    }
    (body, diagnostics)
}

/// Adds the properties of an object, or of each object of an array.
fn add_properties(value: &Expr, body: &mut Body) -> Result<(), Diagnostic> {
    match &value.kind {
        ExprKind::Object(items) => {
            for ObjectItem { key, value, .. } in items {
                let Some(name) = key_text(key) else { continue };
                // The established way to write a comment.
                if &*name != "//" {
                    let name = Ident { text: name, span: key.span };
                    body.attributes.push(Attribute { name, expr: value.clone() });
                }
            }
            Ok(())
        }
        ExprKind::Tuple(items) => items.iter().try_for_each(|item| add_properties(item, body)),
        _ => Err(Diagnostic::error("Incorrect JSON value type", "A JSON object is required here.").at(value.span)),
    }
}

/// The text of a property's name.
fn key_text(key: &Expr) -> Option<std::sync::Arc<str>> {
    match &key.kind {
        ExprKind::Literal(value) => match value.kind() {
            ValueKind::String(text) => Some(std::sync::Arc::clone(text)),
            _ => None,
        },
        _ => None,
    }
}

/// See [`Body::expanded`].
pub(super) fn expand<'b>(body: &'b Body, types: &[(&str, usize)]) -> (Cow<'b, Body>, Diagnostics) {
    let mut diagnostics = Diagnostics::new();
    let mut expanded = Body { json: true, overridden: body.overridden.clone(), ..Body::empty(body.span) };
    expanded.blocks.clone_from(&body.blocks);
    for attribute in &body.attributes {
        match types.iter().find(|(kind, _)| *kind == &*attribute.name.text) {
            None => expanded.attributes.push(attribute.clone()),
            Some((_, labels)) => {
                let mut path = Vec::new();
                let added = blocks(&attribute.name, &attribute.expr, *labels, &mut path, &mut expanded.blocks);
                if let Err(error) = added {
                    diagnostics.push(error);
                }
            }
        }
    }
    (Cow::Owned(expanded), diagnostics)
}

/// The blocks of a type: one level of objects for each label, and arrays for repetition anywhere.
fn blocks(
    kind: &Ident,
    value: &Expr,
    labels: usize,
    path: &mut Vec<Ident>,
    into: &mut Vec<Block>,
) -> Result<(), Diagnostic> {
    match &value.kind {
        ExprKind::Literal(literal) if literal.is_null() => Ok(()),
        ExprKind::Tuple(items) if items.is_empty() && path.is_empty() && labels > 0 => Err(no_label(kind, value)),
        ExprKind::Tuple(items) => items.iter().try_for_each(|item| blocks(kind, item, labels, path, into)),
        ExprKind::Object(items) if path.len() < labels && !path.is_empty() && items.is_empty() => {
            Err(no_label(kind, value))
        }
        ExprKind::Object(items) if path.len() < labels => items.iter().try_for_each(|item| {
            let Some(text) = key_text(&item.key).filter(|text| &**text != "//") else { return Ok(()) };
            path.push(Ident { text, span: item.key.span });
            let result = blocks(kind, &item.value, labels, path, into);
            path.pop();
            result
        }),
        ExprKind::Object(_) => {
            let mut body = Body { json: true, ..Body::empty(value.span) };
            add_properties(value, &mut body)?;
            let header = value.start();
            into.push(Block { kind: kind.clone(), labels: path.clone(), body, header });
            Ok(())
        }
        _ => {
            let detail = format!(
                "A JSON object is required here, to set the {} of a \"{}\" block.",
                if path.len() < labels { "labels" } else { "content" },
                kind.text
            );
            Err(Diagnostic::error("Incorrect JSON value type", detail).at(value.span))
        }
    }
}

/// The error for a value that has no property to be the label of a block.
fn no_label(kind: &Ident, value: &Expr) -> Diagnostic {
    let detail = format!("An object is required here, whose properties are labels of \"{}\" blocks.", kind.text);
    Diagnostic::error("Missing block label", detail).at(value.start())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_become_blocks_where_asked() {
        let text = r#"{"resource": {"a": {"b": [{"x": 1}, {"//": "note", "y": "${z}"}]}}, "locals": null}"#;
        let (body, diagnostics) = parse_json(text, SourceId(0));
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        let (body, diagnostics) = body.expanded(&[("resource", 2), ("locals", 0)]);
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        let found: Vec<(Vec<&str>, Vec<&str>)> = body
            .blocks
            .iter()
            .map(|block| {
                let labels = block.labels.iter().map(|label| &*label.text).collect();
                (labels, block.body.attributes.iter().map(|attribute| &*attribute.name.text).collect())
            })
            .collect();
        assert_eq!(found, [(vec!["a", "b"], vec!["x"]), (vec!["a", "b"], vec!["y"])]);
    }

    #[test]
    fn what_should_be_an_object_and_is_not_is_told() {
        let (body, _) = parse_json(r#"{"resource": {"a": 1}}"#, SourceId(0));
        let (_, diagnostics) = body.expanded(&[("resource", 2)]);
        assert_eq!(diagnostics.iter().next().and_then(|error| error.span).map(Span::range), Some(19..20));
        let (_, diagnostics) = parse_json("3", SourceId(0));
        assert!(diagnostics.has_errors());
    }
}
