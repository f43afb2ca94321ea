//! From Terraform's way of writing arguments to the usual one: long flags with one dash, `-chdir=`, arguments from the
//! environment, `-help` and `-version` anywhere.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

/// Arguments in the usual form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Normalized {
    /// The directory to switch to first.
    pub directory: Option<PathBuf>,
    /// What is left, for the parser.
    pub arguments: Vec<OsString>,
}

/// Normalises the arguments that follow the program's name.
#[must_use]
pub fn normalize(arguments: Vec<OsString>, environment: &BTreeMap<String, String>) -> Normalized {
    let mut rest = arguments.into_iter().peekable();
    let mut directory = None;
    while let Some(path) = rest.peek().and_then(|argument| chdir(argument)) {
        directory = Some(path);
        rest.next();
    }
    let mut rest: Vec<OsString> = rest.collect();
    let asks_version = |argument: &OsString| {
        argument.to_str().is_some_and(|text| matches!(text, "-version" | "--version" | "-v"))
    };
    if rest.iter().any(asks_version) {
        return Normalized { directory, arguments: vec!["version".into()] };
    }
    insert_from_environment(&mut rest, environment);
    Normalized { directory, arguments: rest.into_iter().map(two_dashes).collect() }
}

fn chdir(argument: &OsString) -> Option<PathBuf> {
    let text = argument.to_str()?;
    text.strip_prefix("--chdir=").or_else(|| text.strip_prefix("-chdir=")).map(PathBuf::from)
}

/// `-flag` becomes `--flag`. A lone dash, a number and a single letter stay.
fn two_dashes(argument: OsString) -> OsString {
    let Some(text) = argument.to_str() else { return argument };
    let Some(name) = text.strip_prefix('-') else { return argument };
    let is_word = name.chars().next().is_some_and(|c| c.is_ascii_alphabetic())
        && name.split('=').next().is_some_and(|word| word.len() > 1);
    if is_word { format!("-{text}").into() } else { argument }
}

/// `TF_CLI_ARGS` and `TF_CLI_ARGS_<command>` come right after the command's name.
fn insert_from_environment(arguments: &mut Vec<OsString>, environment: &BTreeMap<String, String>) {
    let words = arguments.iter().take_while(|argument| argument.to_str().is_some_and(|text| !text.starts_with('-')));
    let words: Vec<String> = words.filter_map(|argument| argument.to_str().map(str::to_owned)).collect();
    let Some(command) = words.first() else { return };
    let nested = matches!(command.as_str(), "state" | "providers" | "workspace");
    let depth = if nested && words.len() > 1 { 2 } else { 1 };
    let name = words.get(..depth).unwrap_or_default().join("_").replace(['-', ' '], "_");
    let mut extra = Vec::new();
    for variable in ["TF_CLI_ARGS".to_owned(), format!("TF_CLI_ARGS_{name}")] {
        extra.extend(environment.get(&variable).map(|text| split(text)).unwrap_or_default());
    }
    arguments.splice(depth..depth, extra.into_iter().map(OsString::from));
}

/// Words as a shell splits them: blanks separate, quotes group.
fn split(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut letters = text.chars();
    while let Some(c) = letters.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (None | Some('"'), '\\') => word.get_or_insert_default().extend(letters.next()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(arguments: &[&str], environment: &[(&str, &str)]) -> Vec<String> {
        let environment = environment.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        let normalized = normalize(arguments.iter().map(OsString::from).collect(), &environment);
        normalized.arguments.into_iter().filter_map(|argument| argument.into_string().ok()).collect()
    }

    #[test]
    fn flags_get_two_dashes_and_values_stay() {
        assert_eq!(normal(&["plan", "-no-color", "-", "-1", "--x", "-h"], &[]), ["plan", "--no-color", "-", "-1", "--x", "-h"]);
    }

    #[test]
    fn the_environment_comes_right_after_the_command() {
        let environment = [("TF_CLI_ARGS", "-no-color"), ("TF_CLI_ARGS_state_list", "-id='a b'")];
        assert_eq!(normal(&["state", "list", "x.y"], &environment), ["state", "list", "--no-color", "--id=a b", "x.y"]);
    }

    #[test]
    fn version_is_heard_anywhere() {
        assert_eq!(normal(&["plan", "-version"], &[]), ["version"]);
    }

    #[test]
    fn the_directory_comes_first() {
        let normalized = normalize(["-chdir=a", "plan"].iter().map(OsString::from).collect(), &BTreeMap::new());
        assert_eq!(normalized.directory, Some("a".into()));
        assert_eq!(normalized.arguments, ["plan"]);
    }
}
