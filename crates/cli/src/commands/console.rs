//! `console`: evaluates expressions against the configuration and the state.

use std::path::Path;
use std::sync::Arc;

use clap::ArgMatches;
use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::DefaultHistory;
use rustyline::validate::Validator;
use rustyline::{Context, Editor, Helper};
use smform_engine::events::Silent;
use smform_engine::plan::walk::Options;
use smform_engine::run::Conduct;
use smform_engine::workflow::console::Console;
use smform_engine::workflow::{self, World};
use smform_lang::config::{LocalModules, Module};
use smform_types::{Diagnostic, SourceMap};

use crate::args::{self, variable_inputs};
use crate::errors::{Exit, Failure, within};
use crate::render::diagnostics::{Layout, render};
use crate::session::Session;

const HELP: &str =
    "Write an expression and press Enter to see its value. Objects have the values that the state records;
what is not recorded yet is (known after apply). type(EXPRESSION) says of which type a value is.

To leave, write exit, or press Control-D.";

/// What became of a line.
enum Reply {
    Text(String),
    Exit,
    Failed(Failure),
}

/// Evaluates what stands on standard input, or what a person types.
///
/// # Errors
/// When configuration or state cannot be read.
pub async fn run(session: &Session, args: &args::Console, flags: &ArgMatches) -> Result<Exit, Failure> {
    let host = Arc::new(session.host.clone());
    let workspace = session.workspace(args.state.sandbox)?;
    let inputs = session.inputs(variable_inputs(flags));
    let (project, found) = workflow::load(host.as_ref(), Path::new("."), &LocalModules, &inputs, &workspace);
    if found.has_errors() {
        return Err(Failure::about(found, &project.config));
    }
    let (_, stored, messages) = session.read_state(&args.state)?;
    let conduct = Conduct {
        clock: Arc::clone(&session.clock),
        cancel: session.cancel.clone(),
        observer: Arc::new(Silent),
        directory: session.host.base.clone(),
    };
    let providers = session.reading_states_of(session.providers.clone(), &project.config)?;
    let world = World { host, providers, conduct };
    let (console, problems) = if args.plan {
        let (planned, problems) = workflow::plan(&world, &project, stored, &Options::default()).await;
        if problems.has_errors() {
            return Err(Failure::about(problems, &project.config));
        }
        (Console::planned(&world, &project, planned.values), problems)
    } else {
        Console::new(&world, &project, &stored)
    };
    let layout = Layout { style: session.style(args.no_color), width: session.console.width };
    let problems = found.into_iter().chain(messages).chain(within(problems, &project.config));
    problems.for_each(|problem| session.console.err(&render(&problem, &project.config.sources, layout)));
    let answer = |text: &str| reply(&console, text, &project.config.sources);
    if session.console.is_person() {
        let names = project.config.root().map(names).unwrap_or_default();
        return interactive(session, args, names, answer);
    }
    let text = session.console.read_all();
    let text = text.map_err(|error| Failure::error("Standard input cannot be read", error.to_string()))?;
    // Like Terraform, only the last answer is printed: a script asks one thing.
    let mut last = String::new();
    for line in text.lines() {
        match answer(line.trim()) {
            Reply::Text(text) => last = text,
            Reply::Exit => return Ok(Exit::Success),
            Reply::Failed(failure) => return Err(failure),
        }
    }
    session.console.out(&format!("{last}\n"));
    Ok(Exit::Success)
}

fn reply(console: &Console<'_>, text: &str, sources: &SourceMap) -> Reply {
    match text {
        "" => Reply::Text(String::new()),
        "exit" => Reply::Exit,
        "help" => Reply::Text(HELP.to_owned()),
        expression => {
            let mut sources = sources.clone();
            match console.answer(expression, &mut sources) {
                Ok(text) => Reply::Text(text),
                Err(diagnostics) => {
                    let mut found: Vec<Diagnostic> = diagnostics.into_iter().collect();
                    found.sort_by_key(|found| found.span.map(|span| (span.start, span.end)));
                    Reply::Failed(Failure { diagnostics: found.into_iter().collect(), sources })
                }
            }
        }
    }
}

fn interactive(
    session: &Session,
    args: &args::Console,
    names: Vec<String>,
    answer: impl Fn(&str) -> Reply,
) -> Result<Exit, Failure> {
    let failed = |error: ReadlineError| Failure::error("The terminal cannot be used", error.to_string());
    let mut editor: Editor<Names, DefaultHistory> = Editor::new().map_err(failed)?;
    editor.set_helper(Some(Names(names)));
    let mut pending = String::new();
    loop {
        let line = match editor.readline(if pending.is_empty() { "> " } else { ": " }) {
            Ok(line) => line,
            Err(ReadlineError::Interrupted) if !pending.is_empty() => {
                pending.clear();
                continue;
            }
            Err(ReadlineError::Eof | ReadlineError::Interrupted) => return Ok(Exit::Success),
            Err(error) => return Err(failed(error)),
        };
        if !pending.is_empty() {
            pending.push('\n');
        }
        pending.push_str(&line);
        if is_open(&pending) {
            continue;
        }
        let text = std::mem::take(&mut pending);
        let text = text.trim();
        // A history that cannot take the line only loses a convenience.
        let _ = editor.add_history_entry(text);
        match answer(text) {
            Reply::Text(text) => session.console.out(&format!("{text}\n")),
            Reply::Exit => return Ok(Exit::Success),
            Reply::Failed(failure) => {
                let _ = session.fail(&failure, session.style(args.no_color));
            }
        }
    }
}

/// Whether a bracket or a heredoc is open, so that the expression goes on with the next line.
fn is_open(text: &str) -> bool {
    let (mut depth, mut quoted, mut escaped) = (0_i64, false, false);
    let mut heredoc = None;
    for line in text.lines() {
        if let Some(end) = heredoc {
            heredoc = heredoc.filter(|_| line.trim() != end);
            continue;
        }
        for (at, letter) in line.char_indices() {
            let from = line.get(at..).unwrap_or_default();
            match letter {
                _ if escaped => escaped = false,
                '\\' if quoted => escaped = true,
                '"' => quoted = !quoted,
                _ if quoted => {}
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' => depth -= 1,
                '#' => break,
                '/' if from.starts_with("//") => break,
                '<' if from.starts_with("<<") => {
                    let end = from.trim_start_matches('<').trim_start_matches('-').trim_end();
                    let is_name =
                        !end.is_empty() && end.chars().all(|letter| letter.is_alphanumeric() || letter == '_');
                    heredoc = is_name.then_some(end);
                }
                _ => {}
            }
            if heredoc.is_some() {
                break;
            }
        }
    }
    depth > 0 || heredoc.is_some()
}

/// What can be referred to, for completion.
fn names(module: &Module) -> Vec<String> {
    let functions = smform_lang::functions::names().map(|name| format!("{name}("));
    let variables = module.variables.keys().map(|name| format!("var.{name}"));
    let locals = module.locals.keys().map(|name| format!("local.{name}"));
    let resources = module.resources.keys().map(ToString::to_string);
    let modules = module.calls.keys().map(|name| format!("module.{name}"));
    functions.chain(variables).chain(locals).chain(resources).chain(modules).collect()
}

struct Names(Vec<String>);

impl Completer for Names {
    type Candidate = String;

    fn complete(&self, line: &str, at: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<String>)> {
        let before = line.get(..at).unwrap_or(line);
        let is_part = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.');
        let start = before.rfind(|letter| !is_part(letter)).map_or(0, |at| at + 1);
        let word = before.get(start..).unwrap_or_default();
        Ok((start, self.0.iter().filter(|name| name.starts_with(word)).cloned().collect()))
    }
}

impl Hinter for Names {
    type Hint = String;
}
impl Highlighter for Names {}
impl Validator for Names {}
impl Helper for Names {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_bracket_or_heredoc_asks_for_more() {
        for open in ["{", "[1,", "upper(\"a\"", "{ a = \"}\"", "<<EOT", "<<-EOT\n  }\nEO", "[<<A\nx\nA\n"] {
            assert!(is_open(open), "{open}");
        }
        for closed in ["1", "[1]", "\"{\"", "\"\\\"{\"", ")", "<<-EOT\n {\n  EOT", "1 # {", "\"<<A\"", "1 << 2"] {
            assert!(!is_open(closed), "{closed}");
        }
    }

    #[test]
    fn words_are_completed_from_where_they_begin() {
        let names = Names(vec!["upper(".to_owned(), "var.image".to_owned(), "var.id".to_owned()]);
        let history = DefaultHistory::new();
        let complete = |line: &str| names.complete(line, line.len(), &Context::new(&history)).unwrap();
        assert_eq!(complete("1 + var.i"), (4, vec!["var.image".to_owned(), "var.id".to_owned()]));
        assert_eq!(complete("up"), (0, vec!["upper(".to_owned()]));
    }
}
