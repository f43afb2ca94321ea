//! Help, and what is wrong with a command line: clap's texts, with flags as this program writes them.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::Cli;

/// What stands below the list of commands.
pub(super) const GLOBAL: &str = "\
Before the command may stand:
  --chdir=DIRECTORY  Work in another directory
  --help             This text; `smform help COMMAND` and `smform COMMAND --help` explain a command
  --version          The version

Environment: SMFORM_SANDBOX=true runs every command in the sandbox; TF_VAR_name sets a variable;
TF_CLI_ARGS and TF_CLI_ARGS_command add arguments; TF_INPUT, TF_IN_AUTOMATION, TF_DATA_DIR,
TF_WORKSPACE and NO_COLOR work as with Terraform.";

/// The help of the program.
#[must_use]
pub fn top() -> String {
    one_dash(&Cli::description().render_help().to_string())
}

/// What came of a command line that is no command to run.
#[derive(Debug, PartialEq)]
pub enum Refused {
    /// Help was asked for.
    Help(String),
    /// The command is a group, and none of its commands was named: here is its help.
    Group(String),
    /// It is wrong: a summary, and the text that says how.
    Wrong(String, String),
}

/// Sorts out why `words` could not be parsed.
#[must_use]
pub fn refused(error: &clap::Error, words: &[OsString]) -> Refused {
    let text = one_dash(&error.render().to_string());
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Refused::Help(text),
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => Refused::Group(text),
        kind => {
            let mut wrong = without_synopsis(&text);
            let misplaced = |word: &&OsString| word.to_string_lossy().starts_with("--chdir");
            if kind == ErrorKind::UnknownArgument
                && matches!(error.get(ContextKind::InvalidArg), Some(ContextValue::String(name)) if name == "--chdir")
                && let Some(given) = words.iter().find(misplaced).map(|word| word.to_string_lossy())
            {
                let given = given.trim_start_matches('-');
                let command = words.first().map(|word| word.to_string_lossy()).unwrap_or_default();
                wrong.push_str(&format!("-chdir stands before the command: smform -{given} {command}"));
            }
            if kind == ErrorKind::InvalidSubcommand {
                wrong.push_str(&subcommands(words));
            }
            Refused::Wrong(summary(error, words), wrong)
        }
    }
}

/// What is wrong in a few words.
fn summary(error: &clap::Error, words: &[OsString]) -> String {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.as_str(),
        _ => "",
    };
    let (argument, value) = (text(ContextKind::InvalidArg), text(ContextKind::InvalidValue));
    match error.kind() {
        ErrorKind::UnknownArgument
            if !argument.starts_with('-') && words.first().is_some_and(|word| word == "output") =>
        {
            "Unexpected argument".to_owned()
        }
        ErrorKind::UnknownArgument if !argument.starts_with('-') => "Too many command line arguments".to_owned(),
        ErrorKind::ValueValidation if argument.starts_with("--target") => format!("Invalid target \"{value}\""),
        ErrorKind::ValueValidation if argument.starts_with("--replace") => {
            format!("Invalid force-replace address \"{value}\"")
        }
        ErrorKind::ValueValidation if argument.starts_with("--parallelism") && value.parse::<i64>().is_ok() => {
            "Invalid parallelism value".to_owned()
        }
        ErrorKind::InvalidSubcommand | ErrorKind::MissingRequiredArgument | ErrorKind::MissingSubcommand => {
            "Invalid command line".to_owned()
        }
        _ => "Failed to parse command-line flags".to_owned(),
    }
}

/// The commands of the group that a command line begins with.
fn subcommands(words: &[OsString]) -> String {
    let description = Cli::description();
    let group = words.first().and_then(|word| description.find_subcommand(word));
    let names: Vec<&str> =
        group.iter().flat_map(|group| group.get_subcommands()).map(clap::Command::get_name).collect();
    let group = group.map(clap::Command::get_name).unwrap_or_default();
    format!("Commands of {group}: {}. To see what they do: smform help {group}", names.join(", "))
}

/// What is wrong, without the synopsis that `-help` prints.
fn without_synopsis(text: &str) -> String {
    let text = text.trim_start_matches("error: ");
    let end = ["\n\nUsage:", "\n\nFor more information"].iter().filter_map(|mark| text.find(mark)).min();
    let text = text.get(..end.unwrap_or(text.len())).unwrap_or(text);
    let mut paragraphs = text.trim_end().split("\n\n").map(str::trim);
    let first = paragraphs.next().unwrap_or_default();
    let rest: Vec<&str> = paragraphs.collect();
    let mut out = first.trim_end_matches('.').replace("\n  ", "\n    ");
    if let Some(start) = out.get(..1).map(str::to_uppercase) {
        out.replace_range(..1, &start);
    }
    let mut out = format!("{out}.\n{}", rest.join("\n"));
    if !rest.is_empty() {
        out.push('\n');
    }
    out
}

/// Two dashes become one where a flag begins.
fn one_dash(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((head, tail)) = rest.split_once("--") {
        out.push_str(head);
        let inside = head.ends_with(|c: char| c == '-' || c.is_alphanumeric());
        let is_flag = !inside && tail.starts_with(|c: char| c.is_ascii_alphabetic());
        out.push_str(if is_flag { "-" } else { "--" });
        rest = tail;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Refused {
        let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        refused(&Cli::read(words.clone()).map(|_| ()).expect_err("refused"), &words)
    }

    #[test]
    fn flags_have_one_dash_in_help() {
        assert_eq!(one_dash("  -h, --help\n--a=x a--b --- '--c'"), "  -h, -help\n-a=x a--b --- '-c'");
        let Refused::Help(text) = read("plan --help") else { panic!("no help") };
        assert!(text.contains("-detailed-exitcode") && !text.contains("--"), "{text}");
        let top = top();
        assert!(top.contains("  -chdir=DIRECTORY") && top.contains("  -version") && !top.contains("--"), "{top}");
    }

    #[test]
    fn what_a_command_refuses_is_not_offered() {
        for (command, refused) in [
            ("destroy", &["PLANFILE", "-expect-digest", "-refresh-only", "-destroy", "-replace"][..]),
            ("refresh", &["PLANFILE", "-expect-digest", "-refresh-only", "-destroy", "-replace", "-refresh[="]),
        ] {
            let Refused::Help(text) = read(&format!("{command} --help")) else { panic!("no help") };
            for word in refused {
                assert!(!text.contains(word), "{command} offers {word}: {text}");
            }
            assert!(text.contains("-target") && text.contains("-lock-timeout"), "{text}");
        }
        let Refused::Help(text) = read("apply --help") else { panic!("no help") };
        assert!(text.contains("PLANFILE") && text.contains("-expect-digest"), "{text}");
    }

    #[test]
    fn a_group_without_a_command_explains_itself() {
        for (group, command) in [("state", "list"), ("registry", "check")] {
            let Refused::Group(text) = read(group) else { panic!("{group} is no group") };
            assert!(text.contains(&format!("Usage: smform {group}")) && text.contains(command), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_says_what_to_write_instead() {
        let Refused::Wrong(_, text) = read("state bogus") else { panic!("help") };
        assert!(text.contains("'bogus'") && text.contains("Commands of state: list, show, pull"), "{text}");
        assert_eq!(
            read("plan --chdir=x"),
            Refused::Wrong(
                "Failed to parse command-line flags".to_owned(),
                "Unexpected argument '-chdir' found.\n-chdir stands before the command: smform -chdir=x plan"
                    .to_owned()
            )
        );
        let Refused::Wrong(_, text) = read("plan --target=aws_sagemaker_model[") else { panic!("help") };
        assert!(text.ends_with('.') || text.ends_with(".\n"), "{text}");
        assert!(!text.contains(".."), "{text}");
    }
}
