//! Names: which characters an identifier has.

/// Whether a name may begin with a character.
pub(crate) fn is_id_start(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_' || (!c.is_ascii() && unicode_ident::is_xid_start(c))
}

/// Whether a name may go on with a character.
pub(crate) fn is_id_continue(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-') || (!c.is_ascii() && unicode_ident::is_xid_continue(c))
}

/// Whether a text is a name.
#[must_use]
pub fn is_identifier(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(is_id_start) && chars.all(is_id_continue)
}
