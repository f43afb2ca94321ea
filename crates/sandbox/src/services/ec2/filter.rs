//! `Filter.N`: values of one filter are alternatives, filters must all hold; `*` and `?` are wildcards.

use std::collections::BTreeMap;

use super::state::Tags;
use crate::wire::ApiError;
use crate::wire::query::Params;

/// How many values one request may hold.
const VALUES: usize = 200;

/// The filters of a request.
pub(crate) struct Filters {
    list: Vec<(String, Vec<String>)>,
}

impl Filters {
    /// Reads the filters; their names must be among `known`, or be `tag:<key>`, `tag-key` where `tags` are.
    pub(crate) fn parse(params: &Params, known: &[&str]) -> Result<Filters, ApiError> {
        let mut list = Vec::new();
        let mut values = 0;
        for filter in params.structures("Filter") {
            let name = filter.required("Name")?.to_owned();
            let is_tag = name.strip_prefix("tag:").is_some_and(|key| !key.is_empty()) || name == "tag-key";
            if !is_tag && !known.contains(&name.as_str()) {
                return Err(ApiError::new("InvalidParameterValue", format!("The filter '{name}' is invalid")));
            }
            let alternatives: Vec<String> = filter.list("Value").into_iter().map(str::to_owned).collect();
            if alternatives.is_empty() {
                return Err(ApiError::new("InvalidParameterValue", "The filter 'null' is invalid".to_owned()));
            }
            values += alternatives.len();
            list.push((name, alternatives));
        }
        if values > VALUES {
            let text = format!("The maximum number of filter values specified on a single call is {VALUES}");
            return Err(ApiError::new("FilterLimitExceeded", text));
        }
        Ok(Filters { list })
    }

    /// Whether a resource passes, given its tags and its values by filter name.
    pub(crate) fn pass(&self, tags: Option<&Tags>, values: impl Fn(&str) -> Vec<String>) -> bool {
        self.list.iter().all(|(name, alternatives)| {
            let own = match name.strip_prefix("tag:") {
                Some(key) => tags.and_then(|tags| tags.get(key)).cloned().into_iter().collect(),
                None if name == "tag-key" => tags.map(|tags| tags.keys().cloned().collect()).unwrap_or_default(),
                None => values(name),
            };
            own.iter().any(|value| alternatives.iter().any(|pattern| is_like(value, pattern)))
        })
    }
}

/// Tags by resource id.
pub(crate) type TagMap = BTreeMap<String, Tags>;

/// Whether a text matches a pattern in which `*` stands for any characters, `?` for one, and `\` takes the next
/// character as it is. Runs in at most length × length steps.
pub(crate) fn is_like(text: &str, pattern: &str) -> bool {
    enum Piece {
        Any,
        One,
        Char(char),
    }
    let mut pieces = Vec::new();
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        pieces.push(match c {
            '*' => Piece::Any,
            '?' => Piece::One,
            '\\' => Piece::Char(chars.next().unwrap_or('\\')),
            c => Piece::Char(c),
        });
    }
    // For each prefix of the text: does it match the pieces so far?
    let text: Vec<char> = text.chars().collect();
    let mut reached: Vec<bool> = std::iter::once(true).chain(text.iter().map(|_| false)).collect();
    for piece in &pieces {
        reached = match piece {
            Piece::Any => reached
                .iter()
                .scan(false, |any, &here| {
                    *any |= here;
                    Some(*any)
                })
                .collect(),
            Piece::One | Piece::Char(_) => std::iter::once(false)
                .chain(reached.iter().zip(&text).map(|(&before, c)| match piece {
                    Piece::Char(wanted) => before && wanted == c,
                    _ => before,
                }))
                .collect(),
        };
    }
    reached.last().copied().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards() {
        for (text, pattern) in [("abc", "a*c"), ("abc", "?b?"), ("", "*"), ("a*c", r"a\*c"), ("é", "?"), (r"\", r"\")]
        {
            assert!(is_like(text, pattern), "{text} {pattern}");
        }
        for (text, pattern) in [("abc", "ab"), ("abc", r"a\*c"), ("", "?"), ("ABC", "abc")] {
            assert!(!is_like(text, pattern), "{text} {pattern}");
        }
        assert!(!is_like(&"a".repeat(2_000), &"*a".repeat(200).replace('a', "ab")));
    }

    #[test]
    fn filters_are_and_their_values_or() {
        let params = Params::of(&[
            ("Filter.1.Name", "state"),
            ("Filter.1.Value.1", "x"),
            ("Filter.1.Value.2", "avail*"),
            ("Filter.2.Name", "tag:Team"),
            ("Filter.2.Value.1", "ml"),
        ]);
        let filters = Filters::parse(&params, &["state"]).expect("known");
        let values = |_: &str| vec!["available".to_owned()];
        let tags = Tags::from([("Team".to_owned(), "ml".to_owned())]);
        assert!(filters.pass(Some(&tags), values));
        assert!(!filters.pass(None, values));
        let error = Filters::parse(&params, &[]).err().expect("unknown");
        assert_eq!(error.message, "The filter 'state' is invalid");
    }
}
