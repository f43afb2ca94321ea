//! Which neighbours on a line have a blank between them.

use super::token::{Kind, Token};

/// Whether a blank stands between a token and the next one of its line; `before` is the token before both.
pub(super) fn is_spaced(before: Option<Token<'_>>, token: Token<'_>, after: Token<'_>) -> bool {
    use Kind::*;
    match (token.kind, after.kind) {
        (_, Newline) => false,
        // Within templates the text alone says where blanks are.
        (OpenQuote | Literal | OpenHeredoc | CloseSequence, _) => false,
        (_, CloseQuote | Literal | CloseHeredoc | OpenSequence) => false,
        // A call.
        (Ident, OpenParen) => false,
        (Dot | DoubleColon, _) | (_, Dot | DoubleColon) => false,
        (_, Comma | Ellipsis) => false,
        (Comma, _) => true,
        (Ident, OpenBracket) => is_keyword_in(before, token),
        // An index.
        (Number | CloseParen | CloseBracket | CloseBrace, OpenBracket) => false,
        (Bang, _) => false,
        (Minus, _) => !is_sign(before),
        (OpenBrace, CloseBrace) => false,
        (OpenBrace, _) | (OpenSequence, OpenBrace) | (CloseBrace, CloseSequence) | (_, CloseBrace) => true,
        (OpenParen | OpenBracket | OpenSequence, _) => false,
        (_, CloseParen | CloseBracket | CloseSequence) => false,
        _ => true,
    }
}

/// The `in` of `for x in [...]`, as opposed to an index into something called `in`.
fn is_keyword_in(before: Option<Token<'_>>, token: Token<'_>) -> bool {
    token.text == "in" && before.is_some_and(|before| before.kind == Kind::Ident)
}

/// Whether a minus sign after this token belongs to what follows it. After `=>`, `if` and `in`, and at the beginning of
/// a sequence, Terraform takes it for an operator.
fn is_sign(before: Option<Token<'_>>) -> bool {
    use Kind::*;
    before.is_none_or(|before| {
        matches!(
            before.kind,
            OpenParen | OpenBracket | OpenBrace | Comma | Colon | Question | Equal | Operator | Minus | Bang
        )
    })
}
