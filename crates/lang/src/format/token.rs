//! Native syntax as tokens. Blanks are dropped; everything else is kept, line breaks and comments included.

use crate::syntax::{is_id_continue, is_id_start};

/// A token and its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'t> {
    pub kind: Kind,
    pub text: &'t str,
}

/// What a token is, as far as layout needs to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Newline,
    /// Without the line break that ends it.
    Comment,
    Ident,
    Number,
    /// `=`
    Equal,
    /// `=>`
    Arrow,
    /// An operator of two operands, without the minus sign.
    Operator,
    Minus,
    Bang,
    Question,
    Colon,
    DoubleColon,
    Comma,
    Dot,
    Ellipsis,
    OpenParen,
    CloseParen,
    OpenBracket,
    CloseBracket,
    OpenBrace,
    CloseBrace,
    OpenQuote,
    CloseQuote,
    /// `<<EOT` with its line break.
    OpenHeredoc,
    /// The closing marker with the blanks after it.
    CloseHeredoc,
    /// Text of a string or heredoc.
    Literal,
    /// `${`, `%{`, `${~` or `%{~`
    OpenSequence,
    /// `}` or `~}`
    CloseSequence,
}

impl Kind {
    /// By how much the token changes the depth of brackets.
    pub fn depth(self) -> i64 {
        match self {
            Kind::OpenParen | Kind::OpenBracket | Kind::OpenBrace | Kind::OpenSequence => 1,
            Kind::CloseParen | Kind::CloseBracket | Kind::CloseBrace | Kind::CloseSequence => -1,
            _ => 0,
        }
    }
}

impl Token<'_> {
    /// Whether it is a comment that ends with its line.
    pub fn is_line_comment(&self) -> bool {
        self.kind == Kind::Comment && !self.text.starts_with("/*")
    }
}

/// What the text at the current place belongs to.
enum Mode<'t> {
    /// Code, with the number of braces open in it. Only the outermost one may have more closing than opening braces.
    Code(usize),
    Quoted,
    Heredoc(&'t str),
}

struct Splitter<'t> {
    rest: &'t str,
    tokens: Vec<Token<'t>>,
    modes: Vec<Mode<'t>>,
}

/// Tokens by their spelling, longer ones first.
const FIXED: &[(&str, Kind)] = &[
    ("\r\n", Kind::Newline),
    ("\n", Kind::Newline),
    ("...", Kind::Ellipsis),
    ("==", Kind::Operator),
    ("!=", Kind::Operator),
    ("<=", Kind::Operator),
    (">=", Kind::Operator),
    ("&&", Kind::Operator),
    ("||", Kind::Operator),
    ("=>", Kind::Arrow),
    ("::", Kind::DoubleColon),
    ("=", Kind::Equal),
    ("<", Kind::Operator),
    (">", Kind::Operator),
    ("+", Kind::Operator),
    ("*", Kind::Operator),
    ("/", Kind::Operator),
    ("%", Kind::Operator),
    ("-", Kind::Minus),
    ("!", Kind::Bang),
    ("?", Kind::Question),
    (":", Kind::Colon),
    (",", Kind::Comma),
    (".", Kind::Dot),
    ("(", Kind::OpenParen),
    (")", Kind::CloseParen),
    ("[", Kind::OpenBracket),
    ("]", Kind::CloseBracket),
    ("{", Kind::OpenBrace),
    ("}", Kind::CloseBrace),
    ("\"", Kind::OpenQuote),
];

/// The tokens of a text; none when it has a character outside the language, or an open string, comment or heredoc.
pub(super) fn split(text: &str) -> Option<Vec<Token<'_>>> {
    let mut splitter = Splitter { rest: text, tokens: Vec::new(), modes: vec![Mode::Code(0)] };
    while !splitter.rest.is_empty() {
        match splitter.modes.last()? {
            Mode::Code(_) => splitter.code()?,
            Mode::Quoted => splitter.quoted()?,
            Mode::Heredoc(marker) => {
                let marker = *marker;
                splitter.heredoc(marker)?;
            }
        }
    }
    (splitter.modes.len() == 1).then_some(splitter.tokens)
}

impl<'t> Splitter<'t> {
    /// Takes so many bytes as one token, if any.
    fn take(&mut self, kind: Kind, length: usize) -> Option<&'t str> {
        let (text, rest) = self.rest.split_at_checked(length)?;
        if !text.is_empty() {
            self.tokens.push(Token { kind, text });
        }
        self.rest = rest;
        Some(text)
    }

    fn code(&mut self) -> Option<()> {
        self.rest = self.rest.trim_start_matches([' ', '\t']);
        let Some(first) = self.rest.chars().next() else { return Some(()) };
        if first == '#' || self.rest.starts_with("//") {
            let line = self.rest.split('\n').next().unwrap_or(self.rest);
            return self.take(Kind::Comment, line.strip_suffix('\r').unwrap_or(line).len()).map(|_| ());
        }
        if self.rest.starts_with("/*") {
            let end = self.rest.get(2..)?.find("*/")?;
            return self.take(Kind::Comment, end + 4).map(|_| ());
        }
        if is_id_start(first) {
            return self.take(Kind::Ident, identifier(self.rest)).map(|_| ());
        }
        if first.is_ascii_digit() {
            return self.take(Kind::Number, number(self.rest)).map(|_| ());
        }
        if self.rest.starts_with("<<") {
            return self.open_heredoc();
        }
        self.punctuation()
    }

    fn punctuation(&mut self) -> Option<()> {
        let in_sequence = self.modes.len() > 1;
        let Some(Mode::Code(braces)) = self.modes.last_mut() else { return None };
        if in_sequence && *braces == 0 && (self.rest.starts_with('}') || self.rest.starts_with("~}")) {
            self.modes.pop();
            let length = if self.rest.starts_with('~') { 2 } else { 1 };
            return self.take(Kind::CloseSequence, length).map(|_| ());
        }
        let (spelling, kind) = FIXED.iter().find(|(spelling, _)| self.rest.starts_with(spelling))?;
        match kind {
            Kind::OpenBrace => *braces += 1,
            Kind::CloseBrace => *braces = braces.checked_sub(1)?,
            Kind::OpenQuote => self.modes.push(Mode::Quoted),
            _ => {}
        }
        self.take(*kind, spelling.len()).map(|_| ())
    }

    fn open_heredoc(&mut self) -> Option<()> {
        let sign = if self.rest.starts_with("<<-") { 3 } else { 2 };
        let marker = self.rest.get(sign..)?;
        let marker = marker.get(..identifier(marker))?;
        let after = self.rest.get(sign + marker.len()..)?;
        let line_break = ["\n", "\r\n"].into_iter().find(|line_break| after.starts_with(line_break))?;
        if marker.is_empty() {
            return None;
        }
        self.take(Kind::OpenHeredoc, sign + marker.len() + line_break.len())?;
        self.modes.push(Mode::Heredoc(marker));
        Some(())
    }

    fn quoted(&mut self) -> Option<()> {
        let mut length = 0;
        loop {
            let rest = self.rest.get(length..)?;
            match rest.as_bytes().first()? {
                b'"' => {
                    self.take(Kind::Literal, length)?;
                    self.take(Kind::CloseQuote, 1)?;
                    self.modes.pop();
                    return Some(());
                }
                b'\n' => return None,
                b'\\' => length += 1 + rest.get(1..)?.chars().next().filter(|c| *c != '\n')?.len_utf8(),
                _ if opens_sequence(rest) => return self.open_sequence(length),
                _ => length += literal_length(rest),
            }
        }
    }

    fn heredoc(&mut self, marker: &str) -> Option<()> {
        let mut length = 0;
        // Whether a line begins here. After a sequence it does not.
        let mut line_start = self.tokens.last().is_some_and(|token| token.kind == Kind::OpenHeredoc);
        loop {
            let rest = self.rest.get(length..).filter(|rest| !rest.is_empty())?;
            if line_start {
                let (line, _) = rest.split_once('\n')?;
                if line.trim() == marker {
                    let indent = line.len() - line.trim_start().len();
                    self.take(Kind::Literal, length + indent)?;
                    self.take(Kind::CloseHeredoc, line.trim_end_matches('\r').len() - indent)?;
                    self.modes.pop();
                    return Some(());
                }
            }
            if opens_sequence(rest) {
                return self.open_sequence(length);
            }
            line_start = rest.starts_with('\n');
            length += literal_length(rest);
        }
    }

    /// A sequence that begins after so many bytes of text.
    fn open_sequence(&mut self, literal: usize) -> Option<()> {
        self.take(Kind::Literal, literal)?;
        let length = if self.rest.as_bytes().get(2) == Some(&b'~') { 3 } else { 2 };
        self.take(Kind::OpenSequence, length)?;
        self.modes.push(Mode::Code(0));
        Some(())
    }
}

fn opens_sequence(text: &str) -> bool {
    text.starts_with("${") || text.starts_with("%{")
}

/// How long the first character of template text is; an escaped opening counts as one.
fn literal_length(text: &str) -> usize {
    if text.starts_with("$${") || text.starts_with("%%{") {
        return 3;
    }
    text.chars().next().map_or(0, char::len_utf8)
}

fn identifier(text: &str) -> usize {
    let mut chars = text.char_indices();
    match chars.next() {
        Some((_, first)) if is_id_start(first) => {
            chars.find(|(_, c)| !is_id_continue(*c)).map_or(text.len(), |(at, _)| at)
        }
        _ => 0,
    }
}

/// How long the number is that begins here: digits, a fraction, an exponent.
fn number(text: &str) -> usize {
    let digits = |from: usize| {
        text.as_bytes().get(from..).map_or(0, |rest| rest.iter().take_while(|byte| byte.is_ascii_digit()).count())
    };
    let byte = |at: usize| text.as_bytes().get(at).copied();
    let mut length = digits(0);
    if byte(length) == Some(b'.') && digits(length + 1) > 0 {
        length += 1 + digits(length + 1);
    }
    if matches!(byte(length), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(byte(length + 1), Some(b'+' | b'-')));
        let exponent = digits(length + 1 + sign);
        if exponent > 0 {
            length += 1 + sign + exponent;
        }
    }
    length
}
