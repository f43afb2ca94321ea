//! Lines: how far they are indented, and which columns their equals signs and comments stand in.

use smform_types::graphemes;

use super::spacing::is_spaced;
use super::token::{Kind, Token};

/// Blanks per level.
const INDENT: usize = 2;

/// A token with the blanks before it.
#[derive(Clone, Copy)]
struct Placed<'t> {
    token: Token<'t>,
    blanks: usize,
}

/// The tokens up to a line break that is not text of a heredoc, and where the columns of the line begin.
struct Line<'t> {
    tokens: Vec<Placed<'t>>,
    line_break: &'t str,
    /// The place of the equals sign among the tokens, when the value is whole on this line.
    assign: Option<usize>,
    /// The place of the line comment that follows other tokens.
    comment: Option<usize>,
}

/// Writes the tokens in canonical layout.
pub(super) fn lay_out(tokens: &[Token<'_>]) -> String {
    let mut lines: Vec<Line<'_>> = tokens.split_inclusive(|token| token.kind == Kind::Newline).map(Line::new).collect();
    indent(&mut lines);
    align(&mut lines, |line| line.assign);
    align(&mut lines, |line| line.comment);
    write(&lines)
}

impl<'t> Line<'t> {
    fn new(tokens: &[Token<'t>]) -> Line<'t> {
        let (tokens, line_break) = match tokens.split_last() {
            Some((last, tokens)) if last.kind == Kind::Newline => (tokens, last.text),
            _ => (tokens, ""),
        };
        let mut placed: Vec<Placed<'t>> = Vec::with_capacity(tokens.len());
        let mut previous: [Option<Token<'t>>; 2] = [None, None];
        for token in tokens {
            let [before, last] = previous;
            let blank = last.is_some_and(|last| is_spaced(before, last, *token));
            placed.push(Placed { token: *token, blanks: usize::from(blank) });
            previous = [last, Some(*token)];
        }
        let comment = tokens.iter().skip(1).position(Token::is_line_comment).map(|at| at + 1);
        let code = tokens.get(..comment.unwrap_or(tokens.len())).unwrap_or(tokens);
        let assign = code.iter().skip(1).position(|token| token.kind == Kind::Equal).map(|at| at + 1);
        let assign = assign.filter(|at| depth(code.iter().skip(*at)) == 0);
        for at in [comment, assign].into_iter().flatten() {
            if let Some(token) = placed.get_mut(at) {
                token.blanks = 1;
            }
        }
        Line { tokens: placed, line_break, assign, comment }
    }

    /// How wide the line is before a token, counted in characters as they are seen.
    fn width(&self, before: usize) -> usize {
        let tokens = self.tokens.iter().take(before);
        tokens.map(|placed| placed.blanks + graphemes(placed.token.text).len()).sum()
    }
}

fn depth<'t: 'a, 'a>(tokens: impl Iterator<Item = &'a Token<'t>>) -> i64 {
    tokens.map(|token| token.kind.depth()).sum()
}

/// Sets the blanks at the beginning of each line. A line that opens several brackets is one level, which ends with
/// the last of them; a line that closes as many as it opens is part of the level around it.
fn indent(lines: &mut [Line<'_>]) {
    // The open brackets of each level.
    let mut levels: Vec<i64> = Vec::new();
    for line in lines {
        // What opens in a heredoc that begins on the line does not count; Terraform leaves it out, too.
        let counted = line.tokens.iter().map(|placed| placed.token).take_while(|token| token.kind != Kind::OpenHeredoc);
        let change: i64 = counted.map(|token| token.kind.depth()).sum();
        let mut closing = -change;
        while closing > 0 {
            let Some(open) = levels.pop() else { break };
            if open > closing {
                levels.push(open - closing);
            }
            closing -= open;
        }
        if let Some(first) = line.tokens.first_mut() {
            first.blanks = INDENT * levels.len();
        }
        if change > 0 {
            levels.push(change);
        }
    }
}

/// Puts a column of adjacent lines that have it to the right of all that precedes it.
fn align(lines: &mut [Line<'_>], column: impl Fn(&Line<'_>) -> Option<usize>) {
    for run in lines.chunk_by_mut(|one, next| column(one).is_some() && column(next).is_some()) {
        let widths: Vec<usize> = run.iter().map(|line| column(line).map_or(0, |at| line.width(at))).collect();
        let widest = widths.iter().copied().max().unwrap_or(0);
        for (line, width) in run.iter_mut().zip(widths) {
            let at = column(line);
            if let Some(token) = at.and_then(|at| line.tokens.get_mut(at)) {
                token.blanks = widest - width + 1;
            }
        }
    }
}

fn write(lines: &[Line<'_>]) -> String {
    let mut out = String::new();
    for line in lines {
        for placed in &line.tokens {
            out.extend(std::iter::repeat_n(' ', placed.blanks));
            out.push_str(placed.token.text);
        }
        out.push_str(line.line_break);
    }
    out
}
