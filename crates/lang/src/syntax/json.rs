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
        // Only what consists of blocks may be an array of objects.
        let added = match (&root.kind, strings) {
            (ExprKind::Tuple(_), Strings::Literal) => {
                let detail = "A file of values is a JSON object.";
                Err(Diagnostic::error("Incorrect JSON value type", detail).at(root.start_of_json()))
            }
            _ => add_properties(&root, &mut body),
        };
        if let Err(error) = added {
            diagnostics.push(error);
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
        ExprKind::Tuple(items) => items.iter().try_for_each(|item| match &item.kind {
            ExprKind::Object(_) => add_properties(item, body),
            _ => {
                let detail = "Every element of this array must be a JSON object.";
                Err(Diagnostic::error("Incorrect JSON value type", detail).at(item.start_of_json()))
            }
        }),
        _ => Err(Diagnostic::error("Root value must be object", "A JSON object is required here.").at(value.span)),
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
                let into = &mut expanded.blocks;
                blocks(&attribute.name, &attribute.expr, *labels, &mut path, into, &mut diagnostics);
            }
        }
    }
    (Cow::Owned(expanded), diagnostics)
}

/// The blocks of a type: one level of objects for each label, in arrays where they are written apart, and an array of
/// contents for blocks with the same labels.
fn blocks(
    kind: &Ident,
    value: &Expr,
    labels: usize,
    path: &mut Vec<Ident>,
    into: &mut Vec<Block>,
    diagnostics: &mut Diagnostics,
) {
    if path.len() == labels {
        return contents(kind, value, path, into, diagnostics);
    }
    let mut parts: Vec<&ObjectItem> = Vec::new();
    let objects = match &value.kind {
        ExprKind::Tuple(objects) => objects.as_slice(),
        _ => std::slice::from_ref(value),
    };
    for object in objects {
        match &object.kind {
            ExprKind::Object(items) => parts.extend(items),
            ExprKind::Literal(literal) if literal.is_null() && std::ptr::eq(object, value) => {}
            _ => {
                let detail = format!("A JSON object is required here, to set the labels of a \"{}\" block.", kind.text);
                diagnostics.push(Diagnostic::error("Incorrect JSON value type", detail).at(object.start_of_json()));
            }
        }
    }
    if parts.is_empty() {
        let detail = format!("An object is required here, whose properties are labels of \"{}\" blocks.", kind.text);
        diagnostics.push(Diagnostic::error("Missing block label", detail).at(value.start_of_json()));
    }
    for item in parts {
        let Some(text) = key_text(&item.key) else { continue };
        path.push(Ident { text, span: item.key.span });
        blocks(kind, &item.value, labels, path, into, diagnostics);
        path.pop();
    }
}

/// The blocks that have all their labels: one, none, or several in an array.
fn contents(kind: &Ident, value: &Expr, path: &[Ident], into: &mut Vec<Block>, diagnostics: &mut Diagnostics) {
    let bodies = match &value.kind {
        ExprKind::Literal(literal) if literal.is_null() => &[],
        ExprKind::Tuple(bodies) => bodies.as_slice(),
        _ => std::slice::from_ref(value),
    };
    for content in bodies {
        let mut body = Body { json: true, ..Body::empty(content.span) };
        let added = match &content.kind {
            ExprKind::Object(_) => add_properties(content, &mut body),
            _ => {
                let detail =
                    format!("A JSON object is required here, to set the content of a \"{}\" block.", kind.text);
                Err(Diagnostic::error("Incorrect JSON value type", detail).at(content.start_of_json()))
            }
        };
        match added {
            Ok(()) => {
                let (kind, labels) = (kind.clone(), path.to_vec());
                into.push(Block { kind, labels, body, header: value.start_of_json() });
            }
            Err(error) => diagnostics.push(error),
        }
    }
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
    fn control_characters_in_strings_are_refused() {
        let told = |text: &str| {
            let (_, found) = parse_json(text, SourceId(0));
            let first = found.iter().next().map(|error| (error.summary.clone(), error.span.map(Span::range)));
            first.unwrap_or_default()
        };
        assert_eq!(told("{\"a\": \"x\ty\"}"), ("Invalid JSON string".to_owned(), Some(8..9)));
        assert_eq!(told("{\"a\": \"x\\ty\"}"), (String::new(), None));
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
