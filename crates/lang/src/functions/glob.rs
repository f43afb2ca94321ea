//! Patterns of paths, for `fileset`.
//!
//! As in Terraform, a mistake in a pattern is one only once a name has been followed up to it: where nothing is there to
//! compare with, or names differ before, nothing is wrong.

use super::paths;

/// A pattern, split into the directory to search and what is to match below it.
pub(super) struct Pattern {
    /// The part in front of the first wildcard.
    pub(super) root: String,
    /// A pattern for each name of a path below it.
    parts: Vec<Vec<char>>,
}

/// A pattern does not follow the notation.
#[derive(Debug, PartialEq)]
pub(super) struct Malformed;

impl Pattern {
    /// A clean path in which `*` and `?` stand for text within a name, `**` for any number of directories, `[...]` for
    /// one of several characters and `{...}` for one of several texts within a name.
    pub(super) fn new(pattern: &str) -> Pattern {
        let plain = |part: &&str| !part.contains(['*', '?', '[', '{', '\\']);
        let parts: Vec<&str> = pattern.split('/').collect();
        // The last part names files even when it has no wildcard.
        let fixed = parts.iter().take(parts.len() - 1).take_while(|part| plain(part)).count();
        let root = parts.get(..fixed).unwrap_or_default().join("/");
        let root = if fixed > 0 && root.is_empty() { "/".to_owned() } else { paths::clean(&root) };
        Pattern { root, parts: parts.iter().skip(fixed).map(|part| part.chars().collect()).collect() }
    }

    /// Whether the pattern reaches into directories below the root.
    pub(super) fn is_deep(&self) -> bool {
        self.parts.len() > 1 || self.parts.iter().any(|part| is_double_star(part))
    }

    /// Whether a path relative to the root matches.
    pub(super) fn matches(&self, path: &str) -> Result<bool, Malformed> {
        let names: Vec<Vec<char>> = path.split('/').map(|name| name.chars().collect()).collect();
        path_matches(&self.parts, &names)
    }
}

fn is_double_star(part: &[char]) -> bool {
    part == ['*', '*']
}

fn path_matches(parts: &[Vec<char>], names: &[Vec<char>]) -> Result<bool, Malformed> {
    let ((Some(part), parts_left), (Some(name), names_left)) = (split_first(parts), split_first(names)) else {
        return Ok(parts.is_empty() && names.is_empty());
    };
    if is_double_star(part) {
        let here = parts_left.is_empty() || path_matches(parts_left, names)?;
        return Ok(here || !names_left.is_empty() && path_matches(parts, names_left)?);
    }
    Ok(name_matches(part, name)? && path_matches(parts_left, names_left)?)
}

fn split_first(parts: &[Vec<char>]) -> (Option<&[char]>, &[Vec<char>]) {
    parts.split_first().map_or((None, &[]), |(first, rest)| (Some(first), rest))
}

/// Whether one name matches. After a `*` a mistake counts as a mismatch.
fn name_matches(pattern: &[char], name: &[char]) -> Result<bool, Malformed> {
    let (mut rest, mut left) = (pattern, name);
    // What follows the last `*`, and the name from where that was tried.
    let mut star: Option<(&[char], &[char])> = None;
    while !(rest.is_empty() && left.is_empty()) {
        if let ['*', after @ ..] = rest
            && !left.is_empty()
        {
            if after.is_empty() {
                return Ok(true);
            }
            star = Some((after, left));
            rest = after;
            continue;
        }
        match step(rest, left) {
            Ok(Step::On(next, following)) => (rest, left) = (next, following),
            Ok(Step::Done) => return Ok(true),
            Err(Malformed) if star.is_none() => return Err(Malformed),
            Ok(Step::Mismatch) | Err(Malformed) => match star.as_mut() {
                Some((after, [_, from @ ..])) if !from.is_empty() => {
                    (rest, left) = (*after, from);
                    star = Some((rest, left));
                }
                _ => return Ok(false),
            },
        }
    }
    Ok(true)
}

/// What one element of a pattern makes of the beginning of a name.
enum Step<'p, 'n> {
    /// It matches; what is left of both.
    On(&'p [char], &'n [char]),
    /// It matches together with all that follows.
    Done,
    Mismatch,
}

fn step<'p, 'n>(pattern: &'p [char], name: &'n [char]) -> Result<Step<'p, 'n>, Malformed> {
    let [c, left @ ..] = name else {
        return Ok(if matches!(pattern, ['*'] | ['*', '*']) { Step::Done } else { Step::Mismatch });
    };
    let on = |matches: bool, rest: &'p [char]| Ok(if matches { Step::On(rest, left) } else { Step::Mismatch });
    match pattern {
        [] => Ok(Step::Mismatch),
        ['\\'] => Err(Malformed),
        ['\\', escaped, rest @ ..] => on(escaped == c, rest),
        ['[', rest @ ..] => {
            let (class, rest) = until(rest, ']').ok_or(Malformed)?;
            on(class_holds(class, *c)?, rest)
        }
        ['{', rest @ ..] => {
            let (options, rest) = until(rest, '}').ok_or(Malformed)?;
            for option in unescaped_split(options) {
                if name_matches(&[option, rest].concat(), name)? {
                    return Ok(Step::Done);
                }
            }
            Ok(Step::Mismatch)
        }
        ['?', rest @ ..] => on(true, rest),
        [plain, rest @ ..] => on(plain == c, rest),
    }
}

/// What stands before an end that no backslash precedes, and what stands after it.
fn until(text: &[char], end: char) -> Option<(&[char], &[char])> {
    let at = (0..text.len()).find(|at| {
        text.get(*at) == Some(&end) && at.checked_sub(1).and_then(|before| text.get(before)) != Some(&'\\')
    })?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

/// The alternatives between commas.
fn unescaped_split(options: &[char]) -> Vec<&[char]> {
    let mut found = Vec::new();
    let mut rest = options;
    while let Some((option, after)) = until(rest, ',') {
        found.push(option);
        rest = after;
    }
    found.push(rest);
    found
}

/// Whether a class, what stands between brackets, has a character. Only `^` negates.
fn class_holds(class: &[char], c: char) -> Result<bool, Malformed> {
    let (negated, mut members) = match class {
        [] => return Err(Malformed),
        ['^', members @ ..] => (true, members),
        members => (false, members),
    };
    let mut holds = false;
    while !members.is_empty() {
        let (low, rest) = class_member(members)?;
        let (high, rest) = match rest {
            ['-', rest @ ..] => class_member(rest)?,
            rest => (low, rest),
        };
        holds |= (low..=high).contains(&c);
        members = rest;
    }
    Ok(holds != negated)
}

fn class_member(members: &[char]) -> Result<(char, &[char]), Malformed> {
    match members {
        [] | ['-', ..] | ['\\'] => Err(Malformed),
        ['\\', escaped, rest @ ..] => Ok((*escaped, rest)),
        [member, rest @ ..] => Ok((*member, rest)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, path: &str) -> bool {
        Pattern::new(pattern).matches(path) == Ok(true)
    }

    #[test]
    fn wildcards_stay_within_a_name_unless_doubled() {
        assert!(matches("*.tf", "a.tf") && !matches("*.tf", "d/a.tf"));
        assert!(matches("**/*.tf", "a.tf") && matches("**/*.tf", "d/e/a.tf"));
        assert!(matches("**", "d/a.tf") && matches("d*/**", "d1/e/a.tf"));
        assert!(matches("[!a].tf", "a.tf") && !matches("[!a].tf", "b.tf"));
        assert!(matches("[^a].tf", "b.tf") && !matches("[^a].tf", "a.tf"));
        assert!(matches("{a,b}.tf", "b.tf") && matches("*{ab,a}*bc", "abc") && matches("a*", "a"));
        assert!(matches("*a*b?", "xaxbbc") && !matches("*a*b?", "xaxbcd") && matches(r"\*x", "*x"));
    }

    #[test]
    fn a_mistake_counts_once_a_name_leads_up_to_it() {
        for malformed in ["[", "[]a]", "[a-]", "{a", "\\", "{b,[}"] {
            assert_eq!(Pattern::new(malformed).matches("abc"), Err(Malformed), "{malformed}");
        }
        assert_eq!(Pattern::new("x[").matches("abc"), Ok(false));
        assert_eq!(Pattern::new("*[").matches("abc"), Ok(false));
    }

    #[test]
    fn many_stars_take_no_time() {
        assert!(!matches(&"*a".repeat(100), &"a".repeat(99)));
    }

    #[test]
    fn the_search_begins_at_the_first_wildcard() {
        assert_eq!(Pattern::new("a/b/*.tf").root, "a/b");
        assert_eq!(Pattern::new("/x.tf").root, "/");
        assert_eq!(Pattern::new("x.tf").root, ".");
    }
}
