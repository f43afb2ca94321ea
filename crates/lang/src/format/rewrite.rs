//! Older spellings and the ones that replace them: `"${x}"`, quoted types of variables, types without an element
//! type, and block labels without quotes or with needless escapes.

use super::label::Spellings;
use super::token::{Kind, Token};

const QUOTE: &str = "\"";

/// What a block is, as far as its arguments are concerned.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Block {
    /// A `variable` block at the top level, whose `type` is a type.
    Variable,
    Other,
}

/// The tokens with older spellings replaced; none when they are no sequence of arguments and blocks.
pub(super) fn rewrite<'t>(tokens: &[Token<'t>], spellings: &'t Spellings) -> Option<Vec<Token<'t>>> {
    let mut out = Vec::with_capacity(tokens.len());
    let mut blocks = Vec::new();
    let mut rest = tokens;
    while let Some((token, after)) = rest.split_first() {
        rest = match token.kind {
            Kind::Newline | Kind::Comment => {
                out.push(*token);
                after
            }
            Kind::CloseBrace => {
                blocks.pop()?;
                out.push(*token);
                after
            }
            Kind::Ident => {
                let start = after.iter().position(|token| matches!(token.kind, Kind::Equal | Kind::OpenBrace))?;
                let (header, body) = after.split_at_checked(start)?;
                let (opening, body) = body.split_first()?;
                out.push(*token);
                if opening.kind == Kind::Equal {
                    if header.iter().any(|token| token.kind != Kind::Comment) {
                        return None;
                    }
                    out.extend(header);
                    out.push(*opening);
                    let (value, rest) = body.split_at_checked(value_length(body)?)?;
                    let is_type = token.text == "type" && blocks.last() == Some(&Block::Variable);
                    if is_type {
                        variable_type(value, &mut out)
                    } else {
                        unwrap(value, &mut out)
                    }
                    rest
                } else {
                    labels(header, tokens.len() - after.len(), spellings, &mut out)?;
                    out.push(*opening);
                    let is_variable = blocks.is_empty() && token.text == "variable";
                    blocks.push(if is_variable { Block::Variable } else { Block::Other });
                    body
                }
            }
            _ => return None,
        };
    }
    blocks.is_empty().then_some(out)
}

/// How many tokens the value of an argument has: up to the end of the line, or of the block on one line.
fn value_length(tokens: &[Token<'_>]) -> Option<usize> {
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate() {
        if depth == 0 && matches!(token.kind, Kind::Newline | Kind::CloseBrace) {
            return Some(at);
        }
        depth += token.kind.depth();
        if depth < 0 {
            return None;
        }
    }
    (depth == 0).then_some(tokens.len())
}

/// Block labels, each in quotes and in its canonical spelling. `first` is where the header stands among all tokens. As
/// Terraform does, comments before the last label are dropped.
fn labels<'t>(header: &[Token<'t>], first: usize, spellings: &'t Spellings, out: &mut Vec<Token<'t>>) -> Option<()> {
    let last = header.iter().rposition(|token| token.kind != Kind::Comment);
    for (at, token) in header.iter().enumerate() {
        let literal = Token { kind: Kind::Literal, text: spellings.get(first + at).unwrap_or(token.text) };
        match token.kind {
            Kind::Ident => out.extend([
                Token { kind: Kind::OpenQuote, text: QUOTE },
                literal,
                Token { kind: Kind::CloseQuote, text: QUOTE },
            ]),
            Kind::Comment if last.is_some_and(|last| at < last) => {}
            Kind::Literal => out.push(literal),
            Kind::Comment | Kind::OpenQuote | Kind::CloseQuote => out.push(*token),
            _ => return None,
        }
    }
    Some(())
}

/// A value between the comments before and after it.
fn split_comments<'v, 't>(value: &'v [Token<'t>]) -> [&'v [Token<'t>]; 3] {
    let is_code = |token: &Token<'_>| token.kind != Kind::Comment;
    let start = value.iter().position(is_code).unwrap_or(value.len());
    let end = value.iter().rposition(is_code).map_or(start, |last| last + 1);
    let (head, tail) = value.split_at(end);
    let (head, code) = head.split_at(start);
    [head, code, tail]
}

/// The type of a variable: `"string"` is `string`, `"list"` is `list(string)`, and `list` is `list(any)`.
fn variable_type<'t>(value: &[Token<'t>], out: &mut Vec<Token<'t>>) {
    let [head, code, tail] = split_comments(value);
    let texts: Vec<&str> = code.iter().map(|token| token.text).collect();
    let (name, element) = match texts.as_slice() {
        [QUOTE, "string", QUOTE] => ("string", None),
        [QUOTE, "list", QUOTE] => ("list", Some("string")),
        [QUOTE, "map", QUOTE] => ("map", Some("string")),
        ["list"] => ("list", Some("any")),
        ["map"] => ("map", Some("any")),
        ["set"] => ("set", Some("any")),
        _ => return out.extend(value),
    };
    out.extend(head);
    out.push(Token { kind: Kind::Ident, text: name });
    if let Some(element) = element {
        out.extend([
            Token { kind: Kind::OpenParen, text: "(" },
            Token { kind: Kind::Ident, text: element },
            Token { kind: Kind::CloseParen, text: ")" },
        ]);
    }
    out.extend(tail);
}

/// A value; of a template that is a single interpolation only the expression in it.
fn unwrap<'t>(value: &[Token<'t>], out: &mut Vec<Token<'t>>) {
    let [head, code, tail] = split_comments(value);
    let Some(inner) = only_interpolation(code) else { return out.extend(value) };
    let in_parentheses = needs_parentheses(inner);
    // Nothing may follow the marker that ends a heredoc.
    let follows = in_parentheses || !tail.is_empty();
    if follows && inner.last().is_some_and(|last| last.kind == Kind::CloseHeredoc) {
        return out.extend(value);
    }
    out.extend(head);
    if in_parentheses {
        out.push(Token { kind: Kind::OpenParen, text: "(" });
        out.extend(inner);
        out.push(Token { kind: Kind::CloseParen, text: ")" });
    } else {
        out.extend(inner);
    }
    out.extend(tail);
}

/// What stands in the interpolation when a value is nothing else, without line breaks around it.
fn only_interpolation<'v, 't>(code: &'v [Token<'t>]) -> Option<&'v [Token<'t>]> {
    let [open_quote, open, inner @ .., close, close_quote] = code else { return None };
    let kinds = [open_quote.kind, open.kind, close.kind, close_quote.kind];
    if kinds != [Kind::OpenQuote, Kind::OpenSequence, Kind::CloseSequence, Kind::CloseQuote]
        || !open.text.starts_with('$')
    {
        return None;
    }
    // Another sequence after the first one, or, as Terraform has it, one in a heredoc.
    let (mut depth, mut quotes) = (0, 0);
    for token in inner {
        depth += token.kind.depth();
        match token.kind {
            Kind::OpenQuote => quotes += 1,
            Kind::CloseQuote => quotes -= 1,
            _ => {}
        }
        if depth < 0 || (quotes == 0 && token.kind == Kind::OpenSequence) {
            return None;
        }
    }
    let start = inner.iter().position(|token| token.kind != Kind::Newline)?;
    let end = inner.iter().rposition(|token| token.kind != Kind::Newline)? + 1;
    // The line break belongs to a comment that ends with the line.
    let ends_with_line = inner.get(end - 1).is_some_and(Token::is_line_comment);
    inner.get(start..end + usize::from(ends_with_line))
}

/// Whether an expression of several lines would end with the first of them. As Terraform does, parentheses are added
/// even if there are brackets of another kind around the line breaks.
fn needs_parentheses(inner: &[Token<'_>]) -> bool {
    let Some((last, before)) = inner.split_last() else { return false };
    if before.iter().all(|token| token.kind != Kind::Newline) {
        return false;
    }
    let in_parentheses = inner.first().is_some_and(|first| first.kind == Kind::OpenParen)
        && last.kind == Kind::CloseParen
        && value_length(inner) == Some(inner.len());
    !in_parentheses
}
