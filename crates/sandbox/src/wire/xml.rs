//! A small XML tree, and its text.

use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};
use serde_json::Value;

use crate::clock::Moment;

/// An element's content.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node {
    /// Text.
    Text(String),
    /// Named children.
    Structure(Vec<(&'static str, Node)>),
    /// `<item>` children.
    List(Vec<Node>),
    /// `<member>` children.
    Members(Vec<Node>),
    /// What a JSON protocol would answer: objects are named children, arrays `<member>` children.
    Json(Value),
}

impl Node {
    /// Text content.
    pub(crate) fn text(text: impl Into<String>) -> Node {
        Node::Text(text.into())
    }

    /// `true` or `false`.
    pub(crate) fn boolean(value: bool) -> Node {
        Node::text(if value { "true" } else { "false" })
    }

    /// A number.
    pub(crate) fn number(value: i64) -> Node {
        Node::text(value.to_string())
    }

    /// A list.
    pub(crate) fn list(items: impl IntoIterator<Item = Node>) -> Node {
        Node::List(items.into_iter().collect())
    }
}

/// A document with one root element.
pub(crate) fn document(root: &str, namespace: Option<&str>, content: &Node) -> Vec<u8> {
    let mut writer = start();
    // Writing into memory cannot fail.
    let _ = write_root(&mut writer, root, namespace, |writer| write_content(writer, content));
    writer.into_inner()
}

/// The success envelope of the query protocol.
pub(crate) fn envelope(operation: &str, namespace: &str, result: &Node, request_id: &str) -> Vec<u8> {
    let mut writer = start();
    let metadata = Node::Structure(vec![("RequestId", Node::text(request_id))]);
    let _ = write_root(&mut writer, &format!("{operation}Response"), Some(namespace), |writer| {
        write_element(writer, &format!("{operation}Result"), result)?;
        write_element(writer, "ResponseMetadata", &metadata)
    });
    writer.into_inner()
}

fn start() -> Writer<Vec<u8>> {
    let mut writer = Writer::new(Vec::with_capacity(512));
    let _ = writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)));
    writer
}

fn write_root(
    writer: &mut Writer<Vec<u8>>,
    name: &str,
    namespace: Option<&str>,
    content: impl FnOnce(&mut Writer<Vec<u8>>) -> io::Result<()>,
) -> io::Result<()> {
    let element = writer.create_element(name);
    let element = match namespace {
        Some(namespace) => element.with_attribute(("xmlns", namespace)),
        None => element,
    };
    element.write_inner_content(content).map(|_| ())
}

fn write_element(writer: &mut Writer<Vec<u8>>, name: &str, node: &Node) -> io::Result<()> {
    let element = writer.create_element(name);
    match node {
        Node::Text(text) if text.is_empty() => element.write_empty().map(|_| ()),
        Node::Structure(members) if members.is_empty() => element.write_empty().map(|_| ()),
        Node::List(items) | Node::Members(items) if items.is_empty() => element.write_empty().map(|_| ()),
        Node::Json(Value::Array(items)) if items.is_empty() => element.write_empty().map(|_| ()),
        Node::Json(Value::Object(members)) if members.is_empty() => element.write_empty().map(|_| ()),
        _ => element.write_inner_content(|writer| write_content(writer, node)).map(|_| ()),
    }
}

fn write_content(writer: &mut Writer<Vec<u8>>, node: &Node) -> io::Result<()> {
    match node {
        Node::Text(text) => writer.write_event(Event::Text(BytesText::new(&without_controls(text)))),
        Node::Structure(members) => members.iter().try_for_each(|(name, child)| write_element(writer, name, child)),
        Node::List(items) => items.iter().try_for_each(|item| write_element(writer, "item", item)),
        Node::Members(items) => items.iter().try_for_each(|item| write_element(writer, "member", item)),
        Node::Json(value) => write_json(writer, value),
    }
}

fn write_json(writer: &mut Writer<Vec<u8>>, value: &Value) -> io::Result<()> {
    match value {
        Value::Object(members) => members.iter().try_for_each(|(name, child)| {
            // Times are numbers there, and texts here.
            match child.as_f64().filter(|_| name.ends_with("Timestamp")) {
                Some(seconds) => {
                    write_element(writer, name, &Node::text(Moment::default().plus_seconds(seconds).to_iso8601()))
                }
                None => write_element(writer, name, &Node::Json(child.clone())),
            }
        }),
        Value::Array(items) => {
            items.iter().try_for_each(|item| write_element(writer, "member", &Node::Json(item.clone())))
        }
        Value::String(text) => write_content(writer, &Node::text(text)),
        other => write_content(writer, &Node::text(other.to_string())),
    }
}

/// XML 1.0 cannot carry most control characters, not even escaped.
fn without_controls(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\t' | '\n' | '\r' => c,
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => '\u{fffd}',
            c => c,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trees_become_text() {
        let node = Node::Structure(vec![
            ("a", Node::text("x<&>\u{1}")),
            ("b", Node::list([Node::text("1"), Node::Structure(vec![("c", Node::boolean(true))])])),
            ("e", Node::list([])),
        ]);
        let text = String::from_utf8(document("R", Some("ns"), &node)).expect("utf-8");
        assert_eq!(
            text,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><R xmlns=\"ns\"><a>x&lt;&amp;&gt;\u{fffd}</a>\
             <b><item>1</item><item><c>true</c></item></b><e/></R>"
        );
    }
}
