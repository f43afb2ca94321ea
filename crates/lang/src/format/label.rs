//! The canonical spelling of block labels: composed characters, and escapes only where they are needed.

use std::collections::HashMap;

use smform_types::{Value, ValueKind};

use super::token::{Kind, Token};
use crate::syntax::escape::{quote_into, unquote};

/// The spellings that differ from what is written, by the place of the token among all tokens.
pub(super) struct Spellings(HashMap<usize, String>);

impl Spellings {
    /// Of all names and quoted texts, since which of them are labels is not known yet.
    pub fn of(tokens: &[Token<'_>]) -> Spellings {
        let is_word = |token: &Token<'_>| matches!(token.kind, Kind::Ident | Kind::Literal);
        let words = tokens.iter().enumerate().filter(|(_, token)| is_word(token));
        Spellings(words.filter_map(|(at, token)| Some((at, canonical(token.text)?))).collect())
    }

    pub fn get(&self, at: usize) -> Option<&str> {
        self.0.get(&at).map(String::as_str)
    }
}

/// The canonical spelling, when it is another one.
fn canonical(text: &str) -> Option<String> {
    if text.bytes().all(|c| (c.is_ascii_graphic() || c == b' ') && c != b'\\') {
        return None;
    }
    // A value, because the text of a value is composed.
    let label = Value::string(unquote(text).ok()?);
    let ValueKind::String(label) = label.kind() else { return None };
    let mut spelled = String::with_capacity(label.len());
    quote_into(label, &mut spelled);
    (spelled != text).then_some(spelled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_stay_where_they_are_needed() {
        for kept in ["a-b", "a\\nb", "a\\\"b", "\\u0001", "\u{e9}"] {
            assert_eq!(canonical(kept), None, "{kept}");
        }
        let changed = [("e\u{301}", "\u{e9}"), ("\\u00e9", "\u{e9}"), ("\\U0001F600", "\u{1f600}"), ("\t", "\\t")];
        for (written, canon) in changed {
            assert_eq!(canonical(written).as_deref(), Some(canon));
        }
    }
}
