//! The reference page of a resource type or data source, in Markdown, from nothing but its schema: what a schema does
//! not say, the page cannot say wrongly.

use std::fmt::Write as _;

use smform_types::ResourceMode;
use smform_types::json::plain;
use smform_types::schema::{Attribute, Block, Constraint, NestedBlock, Nesting, Schema};

/// The page of a type: what it is, then a table of arguments and attributes for it and for each kind of nested block.
#[must_use]
pub fn page(mode: ResourceMode, type_name: &str, schema: &Schema) -> String {
    let kind = match mode {
        ResourceMode::Data => "Data source",
        ResourceMode::Managed => "Resource type",
    };
    let mut out = format!("# {type_name}\n\n{kind}. {}\n", schema.block.description);
    write_block(&mut out, "", &schema.block);
    out
}

/// The page of a provider's own block.
#[must_use]
pub fn provider_page(name: &str, schema: &Schema) -> String {
    let mut out = format!("# provider \"{name}\"\n\nProvider. {}\n", schema.block.description);
    write_block(&mut out, "", &schema.block);
    out
}

fn write_block(out: &mut String, path: &str, block: &Block) {
    if !path.is_empty() {
        let _ = write!(out, "\n## `{path}`\n");
        if !block.description.is_empty() {
            let _ = write!(out, "\n{}\n", block.description);
        }
    }
    if !block.attributes.is_empty() || !block.blocks.is_empty() {
        out.push_str("\n| name | type | use | meaning |\n| --- | --- | --- | --- |\n");
    }
    for (name, attribute) in &block.attributes {
        let _ = writeln!(out, "| `{name}` | {} | {} | {} |", attribute.ty, role(attribute), meaning(attribute));
    }
    for (name, nested) in &block.blocks {
        let _ = writeln!(out, "| `{name}` | {} | {} | {} |", holding(nested), count(nested), about(path, name, nested));
    }
    for (name, nested) in &block.blocks {
        write_block(out, &joined(path, name), &nested.block);
    }
}

fn joined(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn role(attribute: &Attribute) -> &'static str {
    match (attribute.required, attribute.optional, attribute.computed) {
        (true, ..) => "required",
        (_, true, true) => "optional, else computed",
        (_, true, false) => "optional",
        _ => "computed",
    }
}

const fn holding(nested: &NestedBlock) -> &'static str {
    match nested.nesting {
        Nesting::Single => "block",
        Nesting::List => "blocks in order",
        Nesting::Set => "blocks",
        Nesting::Map => "blocks by label",
    }
}

fn count(nested: &NestedBlock) -> String {
    match (nested.min_items, nested.max_items) {
        (0, 0) => "any number".to_owned(),
        (0, 1) => "at most one".to_owned(),
        (1, 1) => "required".to_owned(),
        (0, max) => format!("up to {max}"),
        (min, 0) => format!("{min} or more"),
        (min, max) => format!("{min} to {max}"),
    }
}

fn meaning(attribute: &Attribute) -> String {
    let mut parts = vec![attribute.description.to_owned()];
    parts.extend(attribute.constraints.iter().map(rule));
    if let Some(default) = &attribute.default {
        parts.push(format!("Default: `{}`.", plain(default)));
    }
    if attribute.forces_replacement {
        parts.push("A change makes a new object.".to_owned());
    }
    if attribute.sensitive {
        parts.push("Never shown.".to_owned());
    }
    if attribute.write_only {
        parts.push("Sent, never stored.".to_owned());
    }
    if let Some(reason) = attribute.deprecated {
        parts.push(format!("Deprecated: {reason}"));
    }
    parts.retain(|part| !part.is_empty());
    parts.join(" ").replace('|', "\\|")
}

fn about(path: &str, name: &str, nested: &NestedBlock) -> String {
    let mut text = format!("See `{}` below.", joined(path, name));
    if nested.computed {
        text.push_str(" Computed if left out.");
    }
    if nested.forces_replacement {
        text.push_str(" One more or one fewer makes a new object.");
    }
    text
}

fn rule(constraint: &Constraint) -> String {
    let quoted = |values: &[&str]| values.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(", ");
    match constraint {
        Constraint::OneOf(values) => format!("One of {}.", quoted(values)),
        Constraint::KnownValues(values) if values.len() > 12 => {
            format!("Another value than the {} known ones is a warning.", values.len())
        }
        Constraint::KnownValues(values) => format!("Known values: {}.", quoted(values)),
        Constraint::Length(min, max) => format!("{min} to {max} characters."),
        Constraint::OneOfNumbers(values) => {
            let values: Vec<String> = values.iter().map(|value| format!("`{value}`")).collect();
            format!("One of {}.", values.join(", "))
        }
        Constraint::Fraction => "May have a fraction.".to_owned(),
        Constraint::Range(min, max) if max.is_finite() => format!("Between {min} and {max}."),
        Constraint::Range(min, _) => format!("{min} or more."),
        Constraint::Items(min, max) if *max == usize::MAX => format!("{min} or more elements."),
        Constraint::Items(min, max) => format!("{min} to {max} elements."),
        Constraint::Text(what, _) => format!("Must be {what}."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use smform_types::Type;

    #[test]
    fn a_page_says_what_the_schema_says() {
        let inner = Block::new([("size", Attribute::required(Type::Number).with(Constraint::Range(1.0, 5.0)))], []);
        let mut block = Block::new(
            [
                ("id", Attribute::computed(Type::String)),
                ("kind", Attribute::optional(Type::String).default_value("a").forces_replacement().describe("Which.")),
            ],
            [("part", NestedBlock::list(inner, 1, 3))],
        );
        block.description = "A thing.";
        let page = page(ResourceMode::Managed, "test_thing", &Schema { version: 0, block });
        let expected = "# test_thing\n\nResource type. A thing.\n\n\
            | name | type | use | meaning |\n| --- | --- | --- | --- |\n\
            | `id` | string | computed |  |\n\
            | `kind` | string | optional | Which. Default: `\"a\"`. A change makes a new object. |\n\
            | `part` | blocks in order | 1 to 3 | See `part` below. |\n\n\
            ## `part`\n\n\
            | name | type | use | meaning |\n| --- | --- | --- | --- |\n\
            | `size` | number | required | Between 1 and 5. |\n";
        assert_eq!(page, expected);
    }
}
