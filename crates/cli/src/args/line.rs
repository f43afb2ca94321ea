//! From raw words to a command line: global options, one-dash flags, and what the environment adds.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use smform_types::Diagnostic;
use smform_types::suggest::did_you_mean;

/// What was asked for, before the flags of a command are looked at.
#[derive(Clone, Debug, PartialEq)]
pub enum Invocation {
    /// Nothing: help, and a failure.
    Nothing,
    /// Help.
    Help,
    /// The version, for programs or for people.
    Version {
        /// Whether as JSON.
        json: bool,
    },
    /// A command with its flags, ready to be parsed.
    Command(Line),
}

/// A command line.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// `-chdir`, if given.
    pub directory: Option<PathBuf>,
    /// The command, then its flags and arguments, flags with two dashes.
    pub words: Vec<OsString>,
}

impl Line {
    /// The name of the command, of one word or two.
    #[must_use]
    pub fn name(&self) -> String {
        let words = self.words.iter().map(|word| word.to_string_lossy());
        let names = if words.clone().next().is_some_and(|word| GROUPS.contains(&&*word)) { 2 } else { 1 };
        let names: Vec<_> = words.take(names).filter(|word| !word.starts_with('-')).collect();
        names.join(" ")
    }
}

/// Commands whose name is followed by that of a command of theirs.
const GROUPS: [&str; 4] = ["metadata", "providers", "state", "workspace"];

/// Commands of Terraform that smform does not have, with what to do instead.
const ELSEWHERE: &[(&str, &str)] = &[("login", "smform does not work with hosted services.")];

/// Sorts out a command line without the program's name.
///
/// # Errors
/// When an option before the command is not known, or the command is not.
pub fn words(
    args: impl Iterator<Item = OsString>,
    environment: &BTreeMap<String, String>,
    commands: &[String],
) -> Result<Invocation, Diagnostic> {
    let mut args = args.peekable();
    let mut directory = None;
    while let Some(option) = args.next_if(|word| word.to_str().is_some_and(|word| word.starts_with('-'))) {
        let text = option.to_string_lossy();
        let name = text.trim_start_matches('-');
        match name.split_once('=') {
            Some(("chdir", path)) if !path.is_empty() => directory = Some(PathBuf::from(path)),
            None if matches!(name, "help" | "h") => return Ok(Invocation::Help),
            None if matches!(name, "version" | "v") => {
                return Ok(Invocation::Version { json: args.any(|word| is_json(&word)) });
            }
            _ if name.starts_with("chdir") => {
                return Err(Diagnostic::error("Invalid -chdir option", "Write it with a directory: -chdir=DIRECTORY."));
            }
            // Help, as without anything.
            _ if args.peek().is_none() => return Ok(Invocation::Nothing),
            _ => {
                let detail = format!(
                    "{text} is not an option of smform itself. Options of a command come after the command; before it may \
                     stand -chdir=DIRECTORY, -help and -version."
                );
                return Err(Diagnostic::error("Unknown option", detail));
            }
        }
    }
    let Some(mut command) = args.next() else { return Ok(Invocation::Nothing) };
    let wants_help = command == "help";
    if wants_help {
        // `help state rm` is `state rm -help`.
        let Some(subject) = args.next() else { return Ok(Invocation::Help) };
        command = subject;
    }
    let name = command.to_string_lossy().into_owned();
    if name != "env" && !commands.contains(&name) {
        return Err(unknown(&name, commands));
    }
    if name == "env" {
        // What workspaces were called once.
        command = "workspace".into();
    }
    let name = command.to_string_lossy().into_owned();
    let rest: Vec<OsString> = args.collect();
    if rest.iter().any(|word| matches!(word.to_str(), Some("-version" | "--version" | "-v"))) {
        return Ok(Invocation::Version { json: rest.iter().any(is_json) });
    }
    let mut path = name;
    let mut words = vec![command];
    let mut rest = rest.into_iter().peekable();
    // The words that name a command of two words stay in front of what the environment adds.
    if GROUPS.contains(&path.as_str())
        && let Some(second) = rest.next_if(|word| word.to_str().is_some_and(|word| !word.starts_with('-')))
    {
        path = format!("{path}_{}", second.to_string_lossy());
        words.push(second);
    }
    // As Terraform has it, what is said for all commands goes last, and so counts more.
    for variable in [format!("TF_CLI_ARGS_{}", path.replace('-', "_")), "TF_CLI_ARGS".to_owned()] {
        words.extend(from_environment(&variable, environment)?);
    }
    words.extend(rest);
    if wants_help {
        words.push("-help".into());
    }
    Ok(Invocation::Command(Line { directory, words: normalize(words) }))
}

fn is_json(word: &OsString) -> bool {
    matches!(word.to_str(), Some("-json" | "--json" | "-json=true" | "--json=true"))
}

fn unknown(name: &str, commands: &[String]) -> Diagnostic {
    let summary = format!("smform has no command named \"{name}\"");
    if let Some((_, instead)) = ELSEWHERE.iter().find(|(known, _)| *known == name) {
        return Diagnostic::error(summary, (*instead).to_owned());
    }
    let hint = did_you_mean(name, commands.iter().map(String::as_str));
    Diagnostic::error(
        summary,
        format!(
            "{}To see all commands: smform -help",
            if hint.is_empty() { String::new() } else { format!("{}\n", hint.trim_start()) }
        ),
    )
}

fn from_environment(variable: &str, environment: &BTreeMap<String, String>) -> Result<Vec<OsString>, Diagnostic> {
    let Some(text) = environment.get(variable) else { return Ok(Vec::new()) };
    let words = shell_words::split(text).map_err(|_| {
        let detail = format!("The environment variable {variable} has a quote that does not end: {text}");
        Diagnostic::error("Invalid extra arguments", detail)
    })?;
    Ok(words.into_iter().map(OsString::from).collect())
}

/// Gives every flag two dashes. A lone dash, negative numbers and whatever follows `--` stay as they are.
fn normalize(words: Vec<OsString>) -> Vec<OsString> {
    let mut out = Vec::with_capacity(words.len());
    let mut literal = false;
    for word in words {
        literal |= word == "--";
        // Lossy, since a value after the name need not be Unicode.
        let text = word.to_string_lossy();
        let is_flag = text.strip_prefix('-').is_some_and(|name| name.starts_with(|c: char| c.is_ascii_alphabetic()));
        if literal || !is_flag {
            out.push(word);
        } else if text == "-h" {
            out.push("--help".into());
        } else {
            let mut flag = OsString::from("-");
            flag.push(&word);
            out.push(flag);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(line: &str, environment: &[(&str, &str)]) -> Result<Invocation, String> {
        let environment = environment.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        let commands = ["plan", "apply", "state", "output", "workspace"].map(str::to_owned);
        let args = shell_words::split(line).unwrap_or_default().into_iter().map(OsString::from);
        words(args, &environment, &commands).map_err(|error| format!("{}: {}", error.summary, error.detail))
    }

    fn shown(line: &str, environment: &[(&str, &str)]) -> String {
        match sorted(line, environment) {
            Ok(Invocation::Command(line)) => {
                let words: Vec<String> = line.words.iter().map(|word| word.to_string_lossy().into_owned()).collect();
                words.join(" ")
            }
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn flags_take_one_dash_or_two() {
        assert_eq!(shown("plan -var 'a=b' --out=x -input=false", &[]), "plan --var a=b --out=x --input=false");
        assert_eq!(shown("apply -parallelism -1 - -- -x", &[]), "apply --parallelism -1 - -- -x");
    }

    #[test]
    fn the_environment_adds_after_the_command() {
        let environment = [("TF_CLI_ARGS", "-no-color"), ("TF_CLI_ARGS_state_list", "-id='a b'")];
        assert_eq!(shown("state list x", &environment), "state list --id=a b --no-color x");
        assert_eq!(shown("env list x", &[]), "workspace list x");
        let broken = sorted("plan", &[("TF_CLI_ARGS_plan", "'x")]);
        assert!(broken.is_err_and(|error| error.contains("TF_CLI_ARGS_plan")));
    }

    #[test]
    fn global_options_come_first() {
        let line = sorted("-chdir=dir plan", &[]);
        assert!(matches!(line, Ok(Invocation::Command(Line { directory: Some(path), .. })) if path.ends_with("dir")));
        assert_eq!(sorted("", &[]), Ok(Invocation::Nothing));
        assert_eq!(sorted("-help", &[]), Ok(Invocation::Help));
        assert_eq!(sorted("help", &[]), Ok(Invocation::Help));
        assert_eq!(shown("help plan", &[]), "plan --help");
        assert_eq!(shown("help state rm", &[]), "state rm --help");
        assert!(sorted("help paln", &[]).is_err_and(|error| error.contains("Did you mean \"plan\"?")));
        assert_eq!(sorted("plan -version", &[]), Ok(Invocation::Version { json: false }));
        assert_eq!(sorted("-version -json", &[]), Ok(Invocation::Version { json: true }));
        assert_eq!(sorted("plan -json -version", &[]), Ok(Invocation::Version { json: true }));
        assert!(sorted("-chdir plan", &[]).is_err());
        assert!(sorted("-nope plan", &[]).is_err());
    }

    #[test]
    fn unknown_commands_get_a_hint() {
        assert!(sorted("paln", &[]).is_err_and(|error| error.contains("Did you mean \"plan\"?")));
        assert!(sorted("login", &[]).is_err_and(|error| error.contains("hosted")));
    }
}
