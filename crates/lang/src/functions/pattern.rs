//! Regular expressions in Terraform's dialect (RE2), translated to the dialect of the `regex` crate.
//!
//! Both engines match alike; the notations differ. In RE2 `\d`, `\w`, `\s` and `\b` mean ASCII only, a `[` within a
//! class is an ordinary character, `\Q...\E` quotes, `\12` is an octal code, a brace that is no repetition stands for
//! itself, a repetition cannot be repeated again, and counts end at 1000. Everything that RE2 does not know is refused.

use regex::{Regex, RegexBuilder};

/// The names of classes in `[[:alpha:]]`.
const CLASSES: [&str; 14] = [
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper", "word",
    "xdigit",
];
/// The most that a counted repetition may repeat.
const REPEAT_LIMIT: u32 = 1000;
/// The largest compiled program, in bytes.
const SIZE_LIMIT: usize = 32 << 20;

/// A compiled pattern.
#[derive(Debug)]
pub(super) struct Pattern {
    /// The pattern, with groups by number only.
    pub(super) regex: Regex,
    /// The name of each group, if it has one, from the first group on.
    pub(super) names: Vec<Option<String>>,
}

impl Pattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// What is wrong with it, without quoting it.
    pub(super) fn compile(text: &str) -> Result<Pattern, String> {
        let mut translator = Translator { rest: text, out: String::new(), names: Vec::new(), open: 0 };
        translator.pattern()?;
        let regex = RegexBuilder::new(&translator.out).size_limit(SIZE_LIMIT).build().map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => "expression too large".to_owned(),
            _ => "it does not follow the syntax of RE2".to_owned(),
        })?;
        Ok(Pattern { regex, names: translator.names })
    }
}

struct Translator<'t> {
    rest: &'t str,
    out: String,
    names: Vec<Option<String>>,
    /// How many groups are open.
    open: usize,
}

impl Translator<'_> {
    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.rest = self.rest.get(c.len_utf8()..).unwrap_or_default();
        Some(c)
    }

    fn take(&mut self, text: &str) -> bool {
        self.rest.strip_prefix(text).map(|rest| self.rest = rest).is_some()
    }

    /// A character that stands for itself.
    fn literal(&mut self, c: char) {
        if c.is_alphanumeric() || c == '_' {
            self.out.push(c);
        } else {
            self.out.push_str(&format!("\\x{{{:x}}}", u32::from(c)));
        }
    }

    fn pattern(&mut self) -> Result<(), String> {
        // Whether there is something that a repetition could repeat.
        let mut repeatable = false;
        while let Some(c) = self.next() {
            repeatable = match c {
                '(' => {
                    self.group()?;
                    false
                }
                ')' => {
                    self.open = self.open.checked_sub(1).ok_or("unexpected )")?;
                    self.out.push(')');
                    true
                }
                '|' => {
                    self.out.push('|');
                    false
                }
                '[' => {
                    self.class()?;
                    true
                }
                '\\' => self.escape()?,
                '.' | '^' | '$' => {
                    self.out.push(c);
                    true
                }
                '*' | '+' | '?' => {
                    self.repeat(&c.to_string(), repeatable)?;
                    false
                }
                '{' => match self.count()? {
                    Some(count) => {
                        self.repeat(&count, repeatable)?;
                        false
                    }
                    None => {
                        self.literal('{');
                        true
                    }
                },
                c => {
                    self.literal(c);
                    true
                }
            };
        }
        if self.open > 0 { Err("missing closing )".to_owned()) } else { Ok(()) }
    }

    /// A repetition and whether it is lazy. One that directly follows another is refused.
    fn repeat(&mut self, operator: &str, repeatable: bool) -> Result<(), String> {
        if !repeatable {
            let repeated = self.out.ends_with(['*', '+', '?', '}']);
            let message =
                if repeated { "invalid nested repetition operator" } else { "missing argument to repetition operator" };
            return Err(format!("{message}: {operator}"));
        }
        self.out.push_str(operator);
        if self.take("?") {
            self.out.push('?');
        }
        Ok(())
    }

    /// The rest of `{n}`, `{n,}` or `{n,m}`; nothing, and nothing taken, when it is none of these.
    fn count(&mut self) -> Result<Option<String>, String> {
        let Some((inside, after)) = self.rest.split_once('}') else { return Ok(None) };
        let number = |text: &str| -> Option<u32> {
            let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            // Leading zeros are no number here.
            let plain = plain && (text == "0" || !text.starts_with('0'));
            plain.then(|| text.parse().unwrap_or(u32::MAX))
        };
        let (least, most) = match inside.split_once(',') {
            None => (number(inside), number(inside)),
            Some((least, "")) => (number(least), number(least)),
            Some((least, most)) => (number(least), number(most)),
        };
        let (Some(least), Some(most)) = (least, most) else { return Ok(None) };
        if least > REPEAT_LIMIT || most > REPEAT_LIMIT || least > most {
            return Err(format!("invalid repeat count: {{{inside}}}"));
        }
        self.rest = after;
        Ok(Some(format!("{{{inside}}}")))
    }

    /// What follows an opening parenthesis.
    fn group(&mut self) -> Result<(), String> {
        if !self.take("?") {
            self.names.push(None);
            self.out.push('(');
            self.open += 1;
            return Ok(());
        }
        if self.take("P<") || !self.rest.starts_with("<=") && !self.rest.starts_with("<!") && self.take("<") {
            let (name, after) = self.rest.split_once('>').ok_or("invalid named capture")?;
            let named = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            if !named {
                return Err("invalid named capture".to_owned());
            }
            self.names.push(Some(name.to_owned()));
            self.rest = after;
            self.out.push('(');
            self.open += 1;
            return Ok(());
        }
        // Flags: `(?is-m)` or `(?is-m:...)`.
        let end = self.rest.find([':', ')']).ok_or("missing closing )")?;
        let (flags, after) = self.rest.split_at_checked(end).unwrap_or_default();
        let (on, off) = flags.split_once('-').map_or((flags, None), |(on, off)| (on, Some(off)));
        let known = |flags: &str| flags.chars().all(|flag| "imsU".contains(flag));
        let empty_group = flags.is_empty() && after.starts_with(':');
        let negation = off.is_none_or(|off| !off.is_empty() && known(off));
        if !(known(on) && negation && (!flags.is_empty() || empty_group)) {
            return Err("invalid or unsupported Perl syntax after (?".to_owned());
        }
        self.out.push_str("(?");
        self.out.push_str(flags);
        self.rest = after;
        if self.take(":") {
            self.out.push(':');
            self.open += 1;
        } else if self.take(")") {
            self.out.push(')');
        }
        Ok(())
    }

    /// What follows a backslash outside of a class; says whether it can be repeated.
    fn escape(&mut self) -> Result<bool, String> {
        if self.take("Q") {
            let (quoted, after) = self.rest.split_once("\\E").unwrap_or((self.rest, ""));
            self.rest = after;
            quoted.chars().for_each(|c| self.literal(c));
            return Ok(!quoted.is_empty());
        }
        match self.peek() {
            Some('A' | 'z') => {
                self.out.push('\\');
                let anchor = self.next();
                self.out.extend(anchor);
            }
            Some('b') => {
                self.next();
                self.out.push_str("(?-u:\\b)");
            }
            Some('B') => {
                self.next();
                self.out.push_str("(?-u:\\B)");
            }
            _ => match self.member()? {
                Member::One(c) => self.literal(c),
                Member::Many(set) => {
                    self.out.push('[');
                    self.out.push_str(&set);
                    self.out.push(']');
                }
            },
        }
        Ok(true)
    }

    /// What follows a backslash, and stands for a character or a set of characters.
    fn member(&mut self) -> Result<Member, String> {
        const INVALID: &str = "invalid escape sequence";
        let c = self.next().ok_or("trailing backslash at end of expression")?;
        let code = match c {
            'd' | 'D' | 's' | 'S' | 'w' | 'W' => {
                let set = match c.to_ascii_lowercase() {
                    'd' => "0-9",
                    's' => r"\t\n\x{c}\r\x{20}",
                    _ => "0-9A-Za-z_",
                };
                return Ok(Member::Many(if c.is_ascii_uppercase() { format!("[^{set}]") } else { set.to_owned() }));
            }
            'p' | 'P' => return self.unicode_class(c == 'P'),
            'a' => 7,
            'f' => 12,
            'n' => 10,
            'r' => 13,
            't' => 9,
            'v' => 11,
            '1'..='7' if !self.rest.starts_with(|c: char| ('0'..='7').contains(&c)) => return Err(INVALID.to_owned()),
            '0'..='7' => {
                let mut code = u32::from(c) - u32::from('0');
                for _ in 0..2 {
                    let Some(digit) = self.peek().and_then(|c| c.to_digit(8)) else { break };
                    self.next();
                    code = code * 8 + digit;
                }
                code
            }
            'x' => self.hexadecimal().ok_or(INVALID)?,
            c if c.is_ascii() && !c.is_ascii_alphanumeric() => u32::from(c),
            _ => return Err(INVALID.to_owned()),
        };
        char::from_u32(code).map(Member::One).ok_or_else(|| INVALID.to_owned())
    }

    fn hexadecimal(&mut self) -> Option<u32> {
        let digits = if self.take("{") {
            let (digits, after) = self.rest.split_once('}')?;
            self.rest = after;
            digits
        } else {
            let (digits, after) = self.rest.split_at_checked(2)?;
            self.rest = after;
            digits
        };
        let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        if plain { u32::from_str_radix(digits, 16).ok() } else { None }
    }

    /// The rest of `\pL` or `\p{Greek}`.
    fn unicode_class(&mut self, negated: bool) -> Result<Member, String> {
        const INVALID: &str = "invalid character class range";
        let name = if self.take("{") {
            let (name, after) = self.rest.split_once('}').ok_or(INVALID)?;
            self.rest = after;
            name.to_owned()
        } else {
            self.next().map(String::from).ok_or(INVALID)?
        };
        let (name, negated) = name.strip_prefix('^').map_or((name.as_str(), negated), |name| (name, !negated));
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            return Err(INVALID.to_owned());
        }
        Ok(Member::Many(format!("\\{}{{{name}}}", if negated { 'P' } else { 'p' })))
    }

    /// What follows an opening bracket.
    fn class(&mut self) -> Result<(), String> {
        const MISSING: &str = "missing closing ]";
        const RANGE: &str = "invalid character class range";
        self.out.push('[');
        if self.take("^") {
            self.out.push('^');
        }
        let mut first = true;
        loop {
            let member = match self.next().ok_or(MISSING)? {
                ']' if !first => break,
                '[' if self.rest.starts_with(':') && self.rest.contains(":]") => {
                    let (name, after) = self.rest.split_once(":]").unwrap_or_default();
                    let class = name.strip_prefix(':').unwrap_or(name);
                    if !CLASSES.contains(&class.strip_prefix('^').unwrap_or(class)) {
                        return Err(RANGE.to_owned());
                    }
                    self.rest = after;
                    Member::Many(format!("[{name}:]"))
                }
                '\\' => self.member()?,
                c => Member::One(c),
            };
            first = false;
            let low = match member {
                Member::Many(set) => {
                    self.out.push_str(&set);
                    continue;
                }
                Member::One(low) => low,
            };
            self.literal(low);
            if !self.rest.starts_with('-') || self.rest.starts_with("-]") {
                continue;
            }
            self.next();
            let high = match self.next().ok_or(MISSING)? {
                '\\' => match self.member()? {
                    Member::One(high) => high,
                    Member::Many(_) => return Err(RANGE.to_owned()),
                },
                high => high,
            };
            if high < low {
                return Err(RANGE.to_owned());
            }
            self.out.push('-');
            self.literal(high);
        }
        self.out.push(']');
        Ok(())
    }
}

/// What an escape stands for.
enum Member {
    One(char),
    /// The inside of a class.
    Many(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found<'t>(pattern: &str, text: &'t str) -> Option<&'t str> {
        let pattern = Pattern::compile(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}"));
        pattern.regex.find(text).map(|found| found.as_str())
    }

    #[test]
    fn shorthands_are_ascii() {
        assert_eq!(found(r"\d+", "٣12"), Some("12"));
        assert_eq!(found(r"\w+", "é_a1"), Some("_a1"));
        assert_eq!(found(r"[\D]+", "1é2"), Some("é"));
        assert_eq!(found(r"\S+", "\u{a0}x"), Some("\u{a0}x"));
        assert_eq!(found(r"\bx\b", "éx"), Some("x"));
        assert_eq!(found(r"x\B.", "xy"), Some("xy"));
    }

    #[test]
    fn what_only_one_dialect_treats_specially_is_plain() {
        assert_eq!(found(r"[[a]+", "x[a"), Some("[a"));
        assert_eq!(found(r"[a&&b]+", "&&"), Some("&&"));
        assert_eq!(found(r"a{,2}", "a{,2}"), Some("a{,2}"));
        assert_eq!(found(r"\Qa.b\E+", "a.bb"), Some("a.bb"));
        assert_eq!(found(r"\x41\101\x{e9}", "AAé"), Some("AAé"));
        assert_eq!(found(r"\<a\>", "<a>"), Some("<a>"));
        assert_eq!(found(r"[]a-]+", "]-a"), Some("]-a"));
        assert_eq!(found(r"(?i)STRASSE", "strasse"), Some("strasse"));
        assert_eq!(found(r"[[:alpha:]]+\p{Greek}\pL", "abγx"), Some("abγx"));
    }

    #[test]
    fn what_re2_does_not_know_is_refused() {
        let wrong = [
            r"a**",
            r"*",
            r"(?=a)",
            r"(?<!a)",
            r"\1",
            r"a{1001}",
            r"(",
            r")",
            r"[a",
            r"[b-a]",
            r"\k",
            r"(?x)a",
            r"\u{41}",
            r"[a-\d]",
            r"\",
            r"(?P<a-b>x)",
            r"\p{Nope}",
            r"[[:nope:]]",
        ];
        for pattern in wrong {
            assert!(Pattern::compile(pattern).is_err(), "{pattern}");
        }
    }
}
