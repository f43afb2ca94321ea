//! Patterns of paths, for `fileset`.

use globset::{GlobBuilder, GlobMatcher};

use super::paths;

/// A pattern, split into the directory to search and what is to match below it.
pub(super) struct Pattern {
    /// The part in front of the first wildcard.
    pub(super) root: String,
    matcher: GlobMatcher,
    deep: bool,
}

impl Pattern {
    /// A clean path in which `*` and `?` stand for text within a name, `**` for any number of directories, `[...]` for
    /// one of several characters and `{...}` for one of several texts. Nothing when it is malformed.
    pub(super) fn parse(pattern: &str) -> Option<Pattern> {
        let plain = |part: &&str| !part.contains(['*', '?', '[', ']', '{', '}', '\\']);
        let parts: Vec<&str> = pattern.split('/').collect();
        // Alternatives do not reach across directories.
        let balanced = |part: &&str| part.matches('{').count() == part.matches('}').count();
        if !parts.iter().all(balanced) {
            return None;
        }
        // The last part names files even when it has no wildcard.
        let fixed = parts.iter().take(parts.len() - 1).take_while(|part| plain(part)).count();
        let root = parts.get(..fixed).unwrap_or_default().join("/");
        let root = if fixed > 0 && root.is_empty() { "/".to_owned() } else { paths::clean(&root) };
        let rest = parts.get(fixed..).unwrap_or_default().join("/");
        let glob =
            GlobBuilder::new(&plain_exclamation(&rest)?).literal_separator(true).backslash_escape(true).build().ok()?;
        Some(Pattern { root, matcher: glob.compile_matcher(), deep: rest.contains('/') || rest.contains("**") })
    }

    /// Whether the pattern reaches into directories below the root.
    pub(super) fn is_deep(&self) -> bool {
        self.deep
    }

    /// Whether a path relative to the root matches.
    pub(super) fn matches(&self, path: &str) -> bool {
        self.matcher.is_match(path)
    }
}

/// The pattern with each `[!` written so that `!` is a character like others: only `^` negates. Nothing when a class
/// is not closed.
fn plain_exclamation(pattern: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = pattern;
    while let Some(at) = rest.find(['[', '\\']) {
        let (before, from) = rest.split_at_checked(at)?;
        out.push_str(before);
        if from.starts_with('\\') {
            let escaped = from.chars().nth(1)?;
            out.extend(['\\', escaped]);
            rest = from.get(1 + escaped.len_utf8()..)?;
            continue;
        }
        let end = from.char_indices().skip(2).find(|(_, c)| *c == ']').map(|(end, _)| end)?;
        let (class, after) = from.split_at_checked(end)?;
        match class.strip_prefix("[!") {
            Some(members) => {
                out.push('[');
                out.push_str(members);
                out.push('!');
            }
            None => out.push_str(class),
        }
        rest = after;
    }
    out.push_str(rest);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, path: &str) -> bool {
        Pattern::parse(pattern).is_some_and(|pattern| pattern.matches(path))
    }

    #[test]
    fn wildcards_stay_within_a_name_unless_doubled() {
        assert!(matches("*.tf", "a.tf") && !matches("*.tf", "d/a.tf"));
        assert!(matches("**/*.tf", "a.tf") && matches("**/*.tf", "d/e/a.tf"));
        assert!(matches("[!a].tf", "a.tf") && !matches("[!a].tf", "b.tf"));
        assert!(matches("[^a].tf", "b.tf") && !matches("[^a].tf", "a.tf"));
        assert!(matches("{a,b}.tf", "b.tf"));
        assert!(Pattern::parse("[").is_none());
    }

    #[test]
    fn the_search_begins_at_the_first_wildcard() {
        let root = |pattern: &str| Pattern::parse(pattern).map(|pattern| pattern.root);
        assert_eq!(root("a/b/*.tf").as_deref(), Some("a/b"));
        assert_eq!(root("/x.tf").as_deref(), Some("/"));
        assert_eq!(root("x.tf").as_deref(), Some("."));
    }
}
