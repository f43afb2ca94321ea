//! Tags: what the provider block adds to every resource and what it leaves alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use smform_types::schema::Attribute;
use smform_types::{Diagnostic, Diagnostics, Path, Type, Value, ValueKind};

use crate::fields::{Fields, text_map, with};

/// The `default_tags` and `ignore_tags` of a provider block.
#[derive(Clone, Debug, Default)]
pub(crate) struct TagPolicy {
    /// Added to every resource; the resource's own tag of the same key wins.
    pub(crate) default: BTreeMap<String, String>,
    /// Keys that others look after.
    pub(crate) ignored_keys: Vec<String>,
    /// Beginnings of such keys.
    pub(crate) ignored_prefixes: Vec<String>,
}

/// What to change about the tags of a resource.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct TagChange {
    pub(crate) remove: Vec<String>,
    pub(crate) put: BTreeMap<String, String>,
}

impl TagChange {
    pub(crate) fn is_empty(&self) -> bool {
        self.remove.is_empty() && self.put.is_empty()
    }
}

/// The schema of `tags`.
pub(crate) fn tags() -> Attribute {
    Attribute::optional(Type::map(Type::String))
        .describe("Key-value tags, beside those of the provider's default_tags.")
}

/// The schema of `tags_all`.
pub(crate) fn tags_all() -> Attribute {
    Attribute::computed(Type::map(Type::String)).describe("All tags, those of the provider's default_tags included.")
}

impl TagPolicy {
    fn is_ignored(&self, key: &str) -> bool {
        key.starts_with("aws:")
            || self.ignored_keys.iter().any(|ignored| ignored == key)
            || self.ignored_prefixes.iter().any(|prefix| key.starts_with(prefix.as_str()))
    }

    /// The planned object with its `tags_all`: known at plan time as far as `tags` is.
    pub(crate) fn planned(&self, planned: Value) -> Value {
        let all = match planned.get("tags").map(Value::kind) {
            Some(ValueKind::Unknown(..)) => Value::unknown(Type::map(Type::String)),
            Some(ValueKind::Map(_, own)) => self.all(own),
            _ => self.all(&BTreeMap::new()),
        };
        with(planned, "tags_all", all)
    }

    fn all(&self, own: &BTreeMap<Arc<str>, Value>) -> Value {
        let mut all: BTreeMap<Arc<str>, Value> =
            self.default.iter().map(|(key, value)| (key.as_str().into(), Value::string(value))).collect();
        // A tag without a value is one that configuration leaves out.
        all.extend(own.iter().filter(|(_, value)| !value.is_null()).map(|(key, value)| (key.clone(), value.clone())));
        all.retain(|key, _| !self.is_ignored(key));
        Value::map(Type::String, all)
    }

    /// `tags` and `tags_all` of an object as it is now, given the `tags` that are remembered.
    pub(crate) fn visible(&self, live: &BTreeMap<String, String>, remembered: Option<&Value>) -> (Value, Value) {
        let remembered = remembered.and_then(Value::as_entries);
        let own = |key: &str| remembered.is_some_and(|tags| tags.contains_key(key));
        let all: BTreeMap<&String, &String> = live.iter().filter(|(key, _)| !self.is_ignored(key)).collect();
        let shown = all.iter().filter(|(key, value)| own(key) || self.default.get(**key) != Some(**value));
        let mut tags: BTreeMap<String, String> = shown.map(|(key, value)| ((*key).clone(), (*value).clone())).collect();
        // What others look after is not looked at, so that it can never be a difference either.
        for (key, value) in remembered.into_iter().flatten().filter(|(key, _)| self.is_ignored(key)) {
            if let Some(value) = value.as_str() {
                tags.insert(key.to_string(), value.to_owned());
            }
        }
        (text_map(&tags), text_map(all))
    }
}

/// The tags to send with a new object.
pub(crate) fn all_of(planned: &Value) -> BTreeMap<String, String> {
    Fields(planned).map("tags_all").into_iter().collect()
}

/// What to change so that the tags of `prior` become those of `planned`.
pub(crate) fn change(prior: &Value, planned: &Value) -> TagChange {
    let (before, after) = (all_of(prior), all_of(planned));
    TagChange {
        remove: before.keys().filter(|key| !after.contains_key(*key)).cloned().collect(),
        put: after.into_iter().filter(|(key, value)| before.get(key) != Some(value)).collect(),
    }
}

/// The service's rules for tags.
pub(crate) fn check(config: &Value) -> Diagnostics {
    let mut found = Diagnostics::new();
    let Some(tags) = Fields(config).get("tags").and_then(Value::as_entries) else { return found };
    let at = Path::attribute("tags");
    let mut refuse = |detail: String| found.push(Diagnostic::error("Invalid tag", detail).of_attribute(at.clone()));
    if tags.len() > 50 {
        refuse(format!("There are {} tags; AWS allows 50 for one resource.", tags.len()));
    }
    for (key, value) in tags {
        if key.starts_with("aws:") {
            refuse(format!("The key \"{key}\" begins with \"aws:\", which is reserved for AWS."));
        }
        if !(1..=128).contains(&key.chars().count()) || !key.chars().all(is_tag_character) {
            refuse(format!(
                "The key \"{key}\" must have 1 to 128 characters: letters, digits, blanks and _ . : / = + - @"
            ));
        }
        if let Some(value) = value.as_str()
            && (value.chars().count() > 256 || !value.chars().all(is_tag_character))
        {
            refuse(format!(
                "The value of \"{key}\" must have at most 256 characters: letters, digits, blanks and _ . : / = + - @"
            ));
        }
    }
    found
}

/// The service's pattern is letters, separators and digits of any script, and some signs.
fn is_tag_character(c: char) -> bool {
    c.is_alphanumeric() || (c.is_whitespace() && !c.is_control()) || "_.:/=+-@".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy() -> TagPolicy {
        TagPolicy {
            default: BTreeMap::from([("team".to_owned(), "ml".to_owned())]),
            ignored_keys: vec!["owner".to_owned()],
            ignored_prefixes: vec!["cost:".to_owned()],
        }
    }

    fn map(entries: &[(&str, &str)]) -> Value {
        Value::map(Type::String, entries.iter().map(|(key, value)| (*key, Value::string(value))))
    }

    fn live(entries: &[(&str, &str)]) -> BTreeMap<String, String> {
        entries.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    fn object(tags: Value) -> Value {
        Value::object([("tags", tags), ("tags_all", Value::unknown(Type::map(Type::String)))])
    }

    #[test]
    fn all_tags_are_known_at_plan_time() {
        let planned = policy().planned(object(map(&[("a", "1"), ("owner", "x")])));
        assert_eq!(planned.get("tags_all"), Some(&map(&[("a", "1"), ("team", "ml")])));
        let own = policy().planned(object(map(&[("team", "web")])));
        assert_eq!(own.get("tags_all"), Some(&map(&[("team", "web")])));
        let none = policy().planned(object(Value::null(Type::map(Type::String))));
        assert_eq!(none.get("tags_all"), Some(&map(&[("team", "ml")])));
    }

    #[test]
    fn unknown_tags_stay_unknown_where_they_are() {
        let tags = Value::map(Type::String, [("a", Value::unknown(Type::String))]);
        let planned = policy().planned(object(tags));
        let all = planned.get("tags_all").and_then(|all| all.get("a").cloned());
        assert!(all.is_some_and(|value| !value.is_known()));
        let planned = policy().planned(object(Value::unknown(Type::map(Type::String))));
        assert!(planned.get("tags_all").is_some_and(|all| !all.is_known()));
    }

    #[test]
    fn default_and_foreign_tags_are_not_shown_as_own() {
        let live = live(&[("a", "1"), ("team", "ml"), ("owner", "x"), ("aws:cfn", "y"), ("cost:x", "z")]);
        let (tags, all) = policy().visible(&live, Some(&map(&[("a", "1")])));
        assert_eq!((tags, all), (map(&[("a", "1")]), map(&[("a", "1"), ("team", "ml")])));
        let (tags, _) = policy().visible(&live, Some(&map(&[("a", "1"), ("team", "ml")])));
        assert_eq!(tags, map(&[("a", "1"), ("team", "ml")]));
    }

    #[test]
    fn only_differences_are_sent() {
        let object = |all: &[(&str, &str)]| Value::object([("tags_all", map(all))]);
        let change = change(&object(&[("a", "1"), ("b", "2")]), &object(&[("b", "3"), ("c", "4")]));
        assert_eq!(change, TagChange { remove: vec!["a".to_owned()], put: live(&[("b", "3"), ("c", "4")]) });
    }

    #[test]
    fn rules_of_the_service() {
        let messages = |tags: &[(&str, &str)]| check(&object(map(tags))).len();
        assert_eq!(messages(&[("k", "v"), ("a/b=c+d-e@f", "é ü"), ("x", "")]), 0);
        assert_eq!(messages(&[("aws:x", "v")]), 1);
        assert_eq!(messages(&[("a*b", "v")]), 1);
        assert_eq!(messages(&[("k", "a\tb")]), 1);
        assert_eq!(messages(&[(&"k".repeat(129), "v")]), 1);
    }
}
