//! Line breaks within quoted strings.
//!
//! A missing quote turns everything after it inside out: text is read as code and code as text, up to the end of the
//! file. What the parser then stumbles over is seldom where the mistake is; the first line that ends within quotes is.

use std::ops::Range;

use super::names::{is_id_continue, is_id_start};

/// What is being read, innermost last.
enum Mode<'t> {
    /// Code: the file itself, or an interpolation, which ends at the brace that closes it.
    Code { braces: usize },
    /// A quoted string.
    Quoted,
    /// A heredoc, up to a line that holds nothing but its marker.
    Heredoc { marker: &'t str },
}

/// Where a text has line breaks within quoted strings, if strings, comments and heredocs are all that counts.
pub(super) fn within_quotes(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut modes = vec![Mode::Code { braces: 0 }];
    let mut at = 0;
    let mut line_start = false;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let nested = modes.len() > 1;
        let length = rest.chars().next().map_or(1, char::len_utf8);
        let newline = ["\r\n", "\n"].into_iter().find(|newline| rest.starts_with(newline));
        let Some(mode) = modes.last_mut() else { break };
        at += match mode {
            Mode::Code { braces } => match rest.as_bytes() {
                [b'#', ..] | [b'/', b'/', ..] => rest.find('\n').unwrap_or(rest.len()),
                [b'/', b'*', ..] => rest.find("*/").map_or(rest.len(), |end| end + 2),
                [b'"', ..] => {
                    modes.push(Mode::Quoted);
                    1
                }
                [b'<', b'<', ..] => match heredoc(rest) {
                    Some((marker, length)) => {
                        modes.push(Mode::Heredoc { marker });
                        line_start = true;
                        length
                    }
                    None => 2,
                },
                [b'{', ..] => {
                    *braces += 1;
                    1
                }
                [b'}', ..] if *braces == 0 && nested => {
                    modes.pop();
                    1
                }
                [b'}', ..] => {
                    *braces = braces.saturating_sub(1);
                    1
                }
                _ => length,
            },
            Mode::Heredoc { marker }
                if line_start && rest.lines().next().is_some_and(|line| line.trim() == *marker) =>
            {
                modes.pop();
                line_start = false;
                rest.find('\n').unwrap_or(rest.len())
            }
            Mode::Quoted | Mode::Heredoc { .. } => {
                line_start = newline.is_some();
                let quoted = matches!(mode, Mode::Quoted);
                match (rest.as_bytes(), newline) {
                    (_, Some(newline)) => {
                        if quoted {
                            found.push(at..at + newline.len());
                        }
                        newline.len()
                    }
                    ([b'"', ..], _) if quoted => {
                        modes.pop();
                        1
                    }
                    ([b'\\', next, ..], _) if quoted && !matches!(next, b'\r' | b'\n') => {
                        1 + rest.get(1..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8)
                    }
                    ([b'$', b'$', b'{', ..] | [b'%', b'%', b'{', ..], _) => 3,
                    ([b'$' | b'%', b'{', ..], _) => {
                        modes.push(Mode::Code { braces: 0 });
                        2
                    }
                    _ => length,
                }
            }
        };
    }
    found
}

/// The marker of a heredoc that begins here, and the length of its first line.
fn heredoc(text: &str) -> Option<(&str, usize)> {
    let line = text.split_inclusive('\n').next()?.strip_prefix("<<")?;
    let marker = line.strip_prefix('-').unwrap_or(line);
    let name = marker.strip_suffix('\n').map(|name| name.strip_suffix('\r').unwrap_or(name))?;
    let is_name = name.starts_with(is_id_start) && name.chars().all(is_id_continue);
    is_name.then_some((name, line.len() + 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines, from 1, that end within quotes.
    fn lines(text: &str) -> Vec<usize> {
        within_quotes(text).iter().map(|range| text[..range.start].matches('\n').count() + 1).collect()
    }

    #[test]
    fn a_missing_quote_turns_the_rest_inside_out() {
        assert_eq!(lines("a = \"x\nb = \"y\"\nc = 1\n"), [1, 2, 3]);
        assert_eq!(lines("a = [\"x\", \"y, \"z\"]\nb = 1\n"), [1, 2]);
        assert_eq!(lines("a = \"${upper(\"x)}\"\n}\n"), [2]);
        assert_eq!(lines("a = \"x\\\"\n"), [1]);
    }

    #[test]
    fn what_is_in_order_has_none() {
        let text =
            "a = \"x${f({ b = \"}\" })}\" # \"\nb = <<-EOT\n  \"${c}\n  EOT\nd = \"$${\" /* \" */ // \"\ne = \"%%{\"\n";
        assert_eq!(lines(text), [0; 0]);
    }
}
