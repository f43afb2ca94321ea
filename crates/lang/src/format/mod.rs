//! The canonical layout of native syntax: what `fmt` writes.
//!
//! It works on tokens, so that comments, heredocs and blank lines stay: `token` splits the text, `rewrite` replaces
//! the spellings that have a newer form, and `layout` indents and aligns the lines, with `spacing` between the
//! tokens of each. The rules are those of `terraform fmt`, recorded in `tests/lang/format/`.

mod label;
mod layout;
mod rewrite;
mod spacing;
mod token;

/// The text of a file in canonical layout.
///
/// It holds for `.tf`, `.tfvars` and the other files of native syntax. A byte order mark is dropped. As with Terraform,
/// a last line without a line break stays so; what is written to standard output gets one. Text that cannot be split
/// into tokens, or that is no sequence of arguments and blocks, comes back unchanged: report its errors with
/// [`parse_native`](crate::syntax::parse_native) first.
///
/// It differs from Terraform where that would break the text: labels with a dollar sign stay, an index by a keyword
/// keeps it, an unwrapped expression gets parentheses wherever it would otherwise end with its first line, and one that
/// ends with a heredoc stays wrapped where something would follow the marker.
#[must_use]
pub fn format(text: &str) -> String {
    let content = text.strip_prefix('\u{feff}').unwrap_or(text);
    let Some(tokens) = token::split(content) else { return text.to_owned() };
    let spellings = label::Spellings::of(&tokens);
    let Some(rewritten) = rewrite::rewrite(&tokens, &spellings) else { return text.to_owned() };
    let mut out = layout::lay_out(&rewritten);
    // Blanks that end the file without a line break are the only ones that Terraform leaves, each as a space.
    let ends_with_token = tokens.last().is_some_and(|last| content.ends_with(last.text));
    if !ends_with_token {
        let blanks = content.len() - content.trim_end_matches([' ', '\t']).len();
        out.extend(std::iter::repeat_n(' ', blanks));
    }
    out
}
