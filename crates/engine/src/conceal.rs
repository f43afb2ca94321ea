//! Keeping sensitive values out of what a service says: its errors quote what they were sent.

use std::collections::BTreeSet;

use smform_types::{Diagnostic, Diagnostics, Marks, Path, Value};

/// The shortest text that is looked for. Shorter ones are in any sentence, and taking them out would make it unreadable.
const SHORTEST: usize = 4;

/// The sensitive texts of an object, whose marks these are.
pub fn secrets(object: &Value, marks: &[(Path, Marks)]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (path, _) in marks.iter().filter(|(_, marks)| marks.contains(Marks::SENSITIVE)) {
        if let Some(value) = path.lookup(object) {
            collect(value, &mut found);
        }
    }
    found
}

fn collect(value: &Value, found: &mut BTreeSet<String>) {
    if let Some(text) = value.as_str().filter(|text| text.chars().count() >= SHORTEST) {
        found.insert(text.to_owned());
    }
    value.children().for_each(|child| collect(child, found));
}

/// The same of an object that has its marks on it.
pub fn secrets_of(object: &Value) -> BTreeSet<String> {
    let (object, marks) = object.clone().unmark_with_paths();
    secrets(&object, &marks)
}

/// Messages in which these texts do not stand.
pub fn concealed(messages: Diagnostics, secrets: &BTreeSet<String>) -> Diagnostics {
    if secrets.is_empty() {
        return messages;
    }
    // Longer ones first: one may be a part of another.
    let mut secrets: Vec<&String> = secrets.iter().collect();
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    let hidden = |text: String| secrets.iter().fold(text, |text, secret| text.replace(*secret, "(sensitive value)"));
    messages.map(|message| Diagnostic {
        summary: hidden(message.summary.clone()),
        detail: hidden(message.detail.clone()),
        ..message
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use smform_types::Type;

    #[test]
    fn only_what_is_sensitive_is_concealed() {
        let text = |text: &str| Value::string(text);
        let object = Value::object([
            ("open", text("known")),
            (
                "map",
                Value::map(Type::String, [("A", text("hunter2")), ("B", text("hunter2secret")), ("C", text("ab"))]),
            ),
        ]);
        let secrets =
            secrets(&object, &[(Path::attribute("map"), Marks::SENSITIVE), (Path::attribute("open"), Marks::NONE)]);
        let said =
            Diagnostics::from(Diagnostic::error("Value 'hunter2'", "Value 'hunter2secret', not 'known', failed; ab."));
        let said: Vec<(String, String)> =
            concealed(said, &secrets).into_iter().map(|message| (message.summary, message.detail)).collect();
        let expected = ("Value '(sensitive value)'", "Value '(sensitive value)', not 'known', failed; ab.");
        assert_eq!(said, [(expected.0.to_owned(), expected.1.to_owned())]);
    }
}
