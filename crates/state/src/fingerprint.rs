//! The number by which Terraform notices that a backend block has changed since `init`.
//!
//! It is a checksum of the block as written, without what `-backend-config` added: of its type and of every argument that
//! Terraform 1.11 knows, in the notation of its own library for values.

use std::collections::BTreeMap;
use std::fmt::Write;

use smform_types::{Type, Value};

use crate::kind::{Argument, Settings};

/// The number of a block of a kind, with these arguments.
#[must_use]
pub fn of_block(kind: &str, arguments: &[Argument], settings: &Settings) -> u32 {
    let known = arguments.iter().filter(|argument| !argument.later || settings.contains_key(argument.name));
    let sorted: BTreeMap<&str, Option<&Value>> =
        known.map(|argument| (argument.name, settings.get(argument.name))).collect();
    let mut text = String::from("<");
    write_text(kind, &mut text);
    text.push_str(";<");
    for value in sorted.into_values() {
        match value {
            Some(value) => write_value(value, &mut text),
            None => text.push('~'),
        }
        text.push(';');
    }
    text.push_str(">;>");
    crc32fast::hash(text.as_bytes())
}

fn write_value(value: &Value, out: &mut String) {
    if value.is_null() {
        out.push('~');
    } else if let Some(text) = value.as_str() {
        write_text(text, out);
    } else if let Some(switch) = value.as_bool() {
        out.push(if switch { 'T' } else { 'F' });
    } else if let Some(number) = value.as_number() {
        // Writing to a text cannot fail.
        let _ = write!(out, "{number}");
    } else if let Some(entries) = value.as_entries() {
        let is_map = matches!(value.ty(), Type::Map(_));
        out.push(if is_map { '{' } else { '<' });
        for (name, value) in entries {
            if is_map {
                write_text(name, out);
                out.push(':');
            }
            write_value(value, out);
            out.push(';');
        }
        out.push(if is_map { '}' } else { '>' });
    } else {
        // Every sequence among the arguments is a set there, and these are ordered.
        let mut items: Vec<String> = value.as_slice().into_iter().flatten().map(text_of).collect();
        items.sort();
        out.push('[');
        items.iter().for_each(|item| out.extend([item.as_str(), ";"]));
        out.push(']');
    }
}

fn text_of(value: &Value) -> String {
    let mut text = String::new();
    write_value(value, &mut text);
    text
}

/// A text in quotes, as Go quotes it.
fn write_text(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if c.is_ascii_control() => {
                let _ = write!(out, "\\x{:02x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_is_the_one_that_terraform_writes() {
        let text = |name| Argument::optional(name, Type::String);
        let arguments = [text("path"), text("workspace_dir"), text("new").later()];
        // Both recorded from `terraform init` 1.11.
        let path = |path: &str| Settings::from([("path".to_owned(), Value::string(path))]);
        assert_eq!(of_block("local", &arguments, &path("other/x.tfstate")), 1_933_789_063);
        assert_eq!(of_block("local", &arguments, &path("x/t\u{e9}\"a.tfstate")), 2_889_144_150);
    }
}
