//! Values as people read them: what `console`, `output` and `state show` print.

use smform_types::{Marks, Type, Value, ValueKind};

/// A value as `console`, `output` and `state show` print it; sensitive and ephemeral values are not shown.
#[must_use]
pub fn render_value(value: &Value) -> String {
    let mut out = String::new();
    write(value, 0, &mut out);
    out
}

fn write(value: &Value, indent: usize, out: &mut String) {
    // What is not known has nothing to hide yet.
    if !value.is_known() {
        return out.push_str("(known after apply)");
    }
    if value.marks().contains(Marks::SENSITIVE) {
        return out.push_str("(sensitive value)");
    }
    if value.marks().contains(Marks::EPHEMERAL) {
        return out.push_str("(ephemeral value)");
    }
    match value.kind() {
        ValueKind::Unknown(..) => out.push_str("(known after apply)"),
        ValueKind::Null(ty) => out.push_str(&null_text(ty)),
        ValueKind::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        ValueKind::Number(number) => out.push_str(&number.to_string()),
        ValueKind::String(text) => write_string(text, indent, out),
        ValueKind::List(_, items) => write_items("tolist(", items, ")", indent, out),
        ValueKind::Set(_, items) => write_items("toset(", items, ")", indent, out),
        ValueKind::Tuple(items) => write_items("", items, "", indent, out),
        ValueKind::Map(_, items) => write_entries("tomap(", items.iter(), ")", indent, out),
        ValueKind::Object(items) => write_entries("", items.iter(), "", indent, out),
    }
}

fn null_text(ty: &Type) -> String {
    match ty {
        Type::Dynamic => "null".to_owned(),
        Type::String => "tostring(null)".to_owned(),
        Type::Number => "tonumber(null)".to_owned(),
        Type::Bool => "tobool(null)".to_owned(),
        Type::List(element) => format!("tolist(null) /* of {} */", element.friendly()),
        Type::Set(element) => format!("toset(null) /* of {} */", element.friendly()),
        Type::Map(element) => format!("tomap(null) /* of {} */", element.friendly()),
        Type::Object(_) | Type::Tuple(_) => format!("null /* {} */", ty.friendly()),
    }
}

fn pad(width: usize, out: &mut String) {
    out.push('\n');
    out.extend(std::iter::repeat_n(' ', width));
}

fn write_items(open: &str, items: &[Value], close: &str, indent: usize, out: &mut String) {
    out.push_str(open);
    out.push('[');
    for item in items {
        pad(indent + 2, out);
        write(item, indent + 2, out);
        out.push(',');
    }
    if !items.is_empty() {
        pad(indent, out);
    }
    out.push(']');
    out.push_str(close);
}

fn write_entries<'v>(
    open: &str,
    items: impl ExactSizeIterator<Item = (&'v std::sync::Arc<str>, &'v Value)>,
    close: &str,
    indent: usize,
    out: &mut String,
) {
    out.push_str(open);
    out.push('{');
    let empty = items.len() == 0;
    for (key, item) in items {
        pad(indent + 2, out);
        write_string(key, indent + 2, out);
        out.push_str(" = ");
        write(item, indent + 2, out);
    }
    if !empty {
        pad(indent, out);
    }
    out.push('}');
    out.push_str(close);
}

/// Text of several lines is a heredoc; anything else is quoted.
fn write_string(text: &str, indent: usize, out: &mut String) {
    if text.contains('\n') {
        let mut marker = "EOT".to_owned();
        while text.lines().any(|line| line.trim() == marker) {
            marker.push('_');
        }
        if indent == 0 {
            out.push_str(&format!("<<{marker}\n{text}\n{marker}"));
            return;
        }
        out.push_str(&format!("<<-{marker}"));
        for line in text.split('\n') {
            pad(indent, out);
            out.push_str(line);
        }
        pad(indent, out);
        out.push_str(&marker);
        return;
    }
    write_quoted(text, out);
}

/// A text in quotes, with what cannot be seen escaped.
#[must_use]
pub fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    write_quoted(text, &mut out);
    out
}

/// A string in quotes, with the escapes of Go, in which Terraform is written.
fn write_quoted(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{b}' => out.push_str("\\v"),
            '\u{c}' => out.push_str("\\f"),
            c if is_printable(c) => out.push(c),
            c if c.is_ascii() => out.push_str(&format!("\\x{:02x}", u32::from(c))),
            c if u32::from(c) <= 0xffff => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push_str(&format!("\\U{:08x}", u32::from(c))),
        }
    }
    out.push('"');
}

/// Whether a character shows: no control, format or unassigned character, and no space but the plain one.
fn is_printable(c: char) -> bool {
    // After a letter, so that a combining mark counts as the printable character that it is.
    let mut shown = ['x', c].iter().collect::<String>().escape_debug().skip(1).collect::<String>();
    c == ' ' || (!c.is_whitespace() && shown.pop() == Some(c) && shown.is_empty()) || matches!(c, '\'')
}

/// A type as the console's `type` function prints it.
#[must_use]
pub fn type_text(ty: &Type) -> String {
    let mut out = String::new();
    write_type(ty, 0, &mut out);
    out
}

fn write_type(ty: &Type, indent: usize, out: &mut String) {
    match ty {
        Type::Dynamic => out.push_str("dynamic"),
        Type::Bool => out.push_str("bool"),
        Type::Number => out.push_str("number"),
        Type::String => out.push_str("string"),
        Type::List(element) => wrap_type("list(", element, indent, out),
        Type::Set(element) => wrap_type("set(", element, indent, out),
        Type::Map(element) => wrap_type("map(", element, indent, out),
        Type::Tuple(elements) => {
            out.push_str("tuple([");
            for element in elements.iter() {
                pad(indent + 4, out);
                write_type(element, indent + 4, out);
                out.push(',');
            }
            if !elements.is_empty() {
                pad(indent, out);
            }
            out.push_str("])");
        }
        Type::Object(object) => {
            out.push_str("object({");
            for (name, ty) in &object.attributes {
                pad(indent + 4, out);
                out.push_str(name);
                out.push_str(": ");
                write_type(ty, indent + 4, out);
                out.push(',');
            }
            if !object.attributes.is_empty() {
                pad(indent, out);
            }
            out.push_str("})");
        }
    }
}

/// An element type of several lines stands on lines of its own.
fn wrap_type(open: &str, element: &Type, indent: usize, out: &mut String) {
    out.push_str(open);
    let inline = element.is_primitive() || *element == Type::Dynamic || element.is_collection() && is_flat(element);
    if inline {
        write_type(element, indent, out);
    } else {
        pad(indent + 4, out);
        write_type(element, indent + 4, out);
        out.push(',');
        pad(indent, out);
    }
    out.push(')');
}

fn is_flat(ty: &Type) -> bool {
    ty.is_primitive() || *ty == Type::Dynamic || ty.element().is_some_and(is_flat)
}
