//! What to write where a name is fixed and must not be: the same name as a prefix, what refers to it, and which random part
//! of it could be another one.

use std::collections::BTreeMap;

use smform_lang::config::{Config, Resource};
use smform_lang::eval::attribute_span;
use smform_provider::SameName;
use smform_types::{InstanceAddress, InstanceKey, Path, ResourceMode, Value, ValueKind};

use super::stored::text_of;
use super::{Change, ObjectKey, Reason};

/// The expression of the fixed name as it is written.
fn written<'c>(config: &'c Config, block: &Resource, same: &SameName) -> Option<&'c str> {
    let span = attribute_span(&block.body, &same.attribute)?;
    let text = &config.sources.get(span.source)?.text;
    text.get(span.start as usize..span.end as usize)
}

/// The argument that goes in the place of the fixed name. What is computed stays computed, since it is written once for every
/// instance and every caller of the module; unless the name, with what is added, would be too long.
pub(super) fn instead(config: &Config, block: &Resource, same: &SameName, name: &str) -> String {
    let computed = || {
        let (argument, suggested) = same.instead.split_once(" = ")?;
        let expression = written(config, block, same)?;
        if suggested != format!("\"{name}-\"") || expression.starts_with("<<") {
            return None;
        }
        Some(match expression.strip_suffix('"').filter(|text| is_quoted(text)) {
            Some(text) => format!("{argument} = {text}-\""),
            None => format!("{argument} = \"${{{expression}}}-\""),
        })
    };
    computed().unwrap_or_else(|| same.instead.clone())
}

/// Whether an expression that ends in a quote is one text as a whole, and not `a == "b"` or `"a" == "b"`.
fn is_quoted(without_end: &str) -> bool {
    let Some(inner) = without_end.strip_prefix('"') else { return false };
    let (mut depth, mut letters) = (0_usize, inner.chars().peekable());
    while let Some(letter) = letters.next() {
        match letter {
            '\\' if depth == 0 => drop(letters.next()),
            '$' | '%' if letters.peek() == Some(&'{') => {
                letters.next();
                depth += 1;
            }
            '{' if depth > 0 => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            '"' if depth == 0 => return false,
            _ => {}
        }
    }
    true
}

/// Where the calls of the modules around a block write the fixed name, which it only has handed on: another one there needs no
/// change to the modules. Nothing when the block has it from elsewhere.
pub(super) fn in_a_call(
    config: &Config,
    address: &InstanceAddress,
    block: &Resource,
    same: &SameName,
) -> Option<String> {
    let mut variable = written(config, block, same)?.strip_prefix("var.")?;
    let mut module = address.module.config();
    loop {
        let (parent, name) = module.parent()?;
        let call = config.modules.get(&parent)?.calls.get(name)?;
        let span = attribute_span(&call.body, &Path::attribute(variable))?;
        let source = config.sources.get(span.source)?;
        match source.text.get(span.start as usize..span.end as usize)?.strip_prefix("var.") {
            Some(above) if !parent.is_root() => variable = above,
            _ => {
                let line = source.position(span.start as usize).line;
                return Some(format!("{variable} of module \"{name}\" ({}, line {line})", source.name));
            }
        }
        module = parent;
    }
}

/// The two lines of a fix that cannot be shown as a change of the file.
pub(super) fn in_words(
    config: &Config,
    block: Option<&Resource>,
    same: &SameName,
    name: &str,
    instead: &str,
) -> String {
    let attribute = &same.attribute;
    match block.and_then(|block| written(config, block, same)) {
        Some(expression) => format!("- {attribute} = {expression}\n+ {instead}\n"),
        None => format!("- {attribute} = \"{name}\"\n+ {instead}\n"),
    }
}

/// How the name of an instance is referred to.
pub(super) fn reference(address: &InstanceAddress, same: &SameName) -> String {
    let (resource, attribute) = (&address.resource, &same.attribute);
    match &address.key {
        None => format!("{resource}.{attribute}"),
        Some(key) => {
            let each = if matches!(key, InstanceKey::Index(_)) { "count.index" } else { "each.key" };
            format!(
                "{resource}{key}.{attribute}, or {resource}[{each}].{attribute} in a block with the same instances,"
            )
        }
    }
}

/// Those of the users of a block that use one object of it, `name`, as far as what they are says so: they have its name, its id
/// or its ARN. What is tainted is used by nobody else: most of what is tainted was never finished.
pub(super) fn of_object<'c>(change: &Change, name: &str, users: Vec<&'c Change>) -> Vec<&'c Change> {
    let told = |attribute| change.before.as_ref().and_then(|before| text_of(before, attribute));
    let own: Vec<&str> = [Some(name), told("id"), told("arn")].into_iter().flatten().collect();
    let holds =
        |user: &&Change| user.before.as_ref().is_some_and(|before| is_held(before, &|text| own.contains(&text)));
    let holding: Vec<&Change> = users.iter().copied().filter(holds).collect();
    let is_certain =
        change.reason == Some(Reason::Tainted) || change.object.address.key.is_some() && !holding.is_empty();
    if is_certain { holding } else { users }
}

/// The objects of the provider `random` whose results are in the name: another result is another name.
pub(super) fn random_parts(changes: &BTreeMap<ObjectKey, Change>, change: &Change, name: &str) -> Vec<String> {
    // One letter is in many names.
    let is_part = |text: &str| text.len() > 1 && name.contains(text);
    let is_random = |part: &&Change| {
        let resource = &part.object.address.resource;
        let of_name = || part.before.as_ref().is_some_and(|before| is_held(before, &is_part));
        resource.mode == ResourceMode::Managed
            && resource.type_name.starts_with("random_")
            && part.object.deposed.is_none()
            && change.dependencies.contains(&part.object.address.config())
            && of_name()
    };
    changes.values().filter(is_random).map(|part| part.object.address.to_string()).collect()
}

/// The way out that needs no change to the files, where a name has random parts; empty where it has none.
pub(super) fn by_random(parts: &[String]) -> String {
    if parts.is_empty() {
        return String::new();
    }
    let replace: String = parts.iter().map(|part| format!(" -replace='{part}'")).collect();
    format!(
        "\n\nOr plan with{replace}, without a change to the files: that makes anew everything whose name has that part."
    )
}

/// Whether a text in a value, or a number in it as text, is of a kind.
fn is_held(value: &Value, is_one: &dyn Fn(&str) -> bool) -> bool {
    match value.kind() {
        ValueKind::String(text) => is_one(text),
        _ => value.children().any(|child| is_held(child, is_one)),
    }
}

#[cfg(test)]
mod tests {
    use super::is_quoted;

    #[test]
    fn one_text_is_told_from_an_expression_that_ends_in_one() {
        for text in ["\"a", "\"${var.a}", "\"${var.a[\"b\"]}-c", "\"a\\\"b", "\"${ {a = 1}[\"a\"] }"] {
            assert!(is_quoted(text), "{text}");
        }
        for text in ["a == \"b", "\"a\" == \"b", "var.a[\"b"] {
            assert!(!is_quoted(text), "{text}");
        }
    }
}
