//! The text that literal parts of strings and templates stand for.

use std::ops::Range;

/// An escape sequence that is none: its range and what is wrong.
pub(crate) type BadEscape = (Range<usize>, String);

/// Text between quotes, with backslash escapes and doubled template markers resolved.
///
/// # Errors
/// The first bad escape sequence, relative to `raw`.
pub(crate) fn unquote(raw: &str) -> Result<String, BadEscape> {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw.char_indices();
    while let Some((at, c)) = rest.next() {
        match c {
            '\\' => match rest.next() {
                Some((_, 'n')) => text.push('\n'),
                Some((_, 'r')) => text.push('\r'),
                Some((_, 't')) => text.push('\t'),
                Some((_, c @ ('"' | '\\'))) => text.push(c),
                Some((start, selector @ ('u' | 'U'))) => {
                    let digits = if selector == 'u' { 4 } else { 8 };
                    let hex = raw.get(start + 1..start + 1 + digits).filter(|hex| hex.bytes().all(is_hex));
                    let c = hex.and_then(|hex| u32::from_str_radix(hex, 16).ok()).and_then(char::from_u32);
                    let Some(c) = c else {
                        let end = raw.len().min(start + 1 + digits);
                        let end = (start + 1..=end).rev().find(|end| raw.is_char_boundary(*end)).unwrap_or(start + 1);
                        let detail = format!(
                            "The escape sequence \\{selector} must be followed by {digits} hexadecimal digits that \
                             stand for a Unicode character."
                        );
                        return Err((at..end, detail));
                    };
                    text.push(c);
                    rest.nth(digits - 1);
                }
                Some((start, other)) => {
                    let detail = format!(
                        "The symbol \"{}\" is not a valid escape sequence selector. Write \\\\ for a backslash.",
                        other.escape_debug()
                    );
                    return Err((at..start + other.len_utf8(), detail));
                }
                None => return Err((at..at + 1, "A backslash must be followed by what it escapes.".to_owned())),
            },
            c => text.push(c),
        }
        undouble(&mut text, c, &mut rest);
    }
    Ok(text)
}

/// The spelling between quotes of a text, with escapes where they are needed.
pub(crate) fn quote_into(string: &str, text: &mut String) {
    let mut rest = string.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '$' | '%' if rest.peek() == Some(&'{') => text.extend([c, c]),
            ' ' => text.push(' '),
            c if is_unprintable(c) => {
                let code = u32::from(c);
                text.push_str(&if code > 0xffff { format!("\\U{code:08x}") } else { format!("\\u{code:04x}") });
            }
            c => text.push(c),
        }
    }
}

/// Whether a character does not show: controls, and blanks other than the space.
fn is_unprintable(c: char) -> bool {
    c.is_control()
        || c.is_whitespace()
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Text of a heredoc or file, in which only doubled template markers are special.
pub(super) fn undouble_markers(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw.char_indices();
    while let Some((_, c)) = rest.next() {
        text.push(c);
        undouble(&mut text, c, &mut rest);
    }
    text
}

/// After the first character of `$${` or `%%{`, passes over the second.
fn undouble(text: &mut String, c: char, rest: &mut std::str::CharIndices<'_>) {
    if matches!(c, '$' | '%') {
        let ahead = rest.as_str();
        if ahead.starts_with(c) && ahead.get(1..).is_some_and(|ahead| ahead.starts_with('{')) {
            rest.next();
            rest.next();
            text.push('{');
        }
    }
}

fn is_hex(byte: u8) -> bool {
    byte.is_ascii_hexdigit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_terraforms() {
        let good = |raw: &str| unquote(raw).unwrap_or_else(|(range, detail)| format!("{range:?} {detail}"));
        assert_eq!(good(r#"a\n\t\"\\\u00e9\U0001F600"#), "a\n\t\"\\é😀");
        assert_eq!(good("$${x} %%{y} $x %% $$"), "${x} %{y} $x %% $$");
        assert_eq!(good("$$${x}"), "$${x}");
        for (bad, range) in [(r"ab\q", 2..4), (r"\u12", 0..4), (r"\ud800", 0..6), (r"a\", 1..2), (r"\uéé", 0..6)] {
            assert_eq!(unquote(bad).map_err(|(range, _)| range), Err(range), "{bad}");
        }
        assert_eq!(undouble_markers(r"\n $${a} 100%%"), r"\n ${a} 100%%");
    }
}
