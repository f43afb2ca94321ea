//! Provisioners: commands that run on this machine after an object was created, or before it is destroyed.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use smform_lang::config::provisioner::{Provisioner, When};
use smform_lang::eval::Evaluator;
use smform_types::schema::{Attribute, Block};
use smform_types::{Diagnostic, Diagnostics, InstanceAddress, ModuleInstance, Span, Type, Value, ValueKind};

use crate::events::{Event, ProvisionMoment};
use crate::plan::ObjectKey;
use crate::run::Conduct;
use crate::values::evaluate::{Setting, within};
use crate::values::{Repetition, Values};

/// How much of what a command printed is repeated when it fails, in bytes.
const TAIL: usize = 8 * 1024;
/// What stands for output that might show a sensitive value.
const SUPPRESSED: &str = "(output suppressed due to sensitive value in config)";

/// A command that is ready to run.
#[derive(Clone, Debug)]
pub struct Prepared {
    kind: Arc<str>,
    command: String,
    interpreter: Vec<String>,
    environment: Vec<(String, String)>,
    working_dir: Option<String>,
    quiet: bool,
    sensitive: bool,
    continues: bool,
    span: Span,
}

/// The arguments of `local-exec`.
#[must_use]
pub fn schema() -> Block {
    Block::new(
        [
            ("command", Attribute::required(Type::String)),
            ("environment", Attribute::optional(Type::map(Type::String))),
            ("interpreter", Attribute::optional(Type::list(Type::String))),
            ("quiet", Attribute::optional(Type::Bool)),
            ("working_dir", Attribute::optional(Type::String)),
        ],
        [],
    )
}

impl Setting<'_> {
    /// The provisioners of an object that run at a moment, in order: those of its block, or of the `removed` block that
    /// took its place.
    #[must_use]
    pub fn provisioners(&self, address: &InstanceAddress, when: When) -> Vec<&Provisioner> {
        let resource = address.config();
        let own = self.config.modules.get(&resource.module).and_then(|module| module.resources.get(&resource.resource));
        let all: Vec<&Provisioner> = match own {
            Some(block) => block.provisioners.iter().collect(),
            None => {
                let removed = self.config.modules.iter().flat_map(|(at, module)| {
                    let prefix = if at.is_root() { String::new() } else { format!("{at}.") };
                    let whole = resource.to_string();
                    module.removed.iter().filter(move |removed| format!("{prefix}{}", removed.from.0) == whole)
                });
                removed.flat_map(|removed| &removed.provisioners).collect()
            }
        };
        all.into_iter().filter(|provisioner| provisioner.when == when).collect()
    }

    /// Evaluates provisioners with the object as `self`.
    ///
    /// # Errors
    /// Everything that is wrong with their arguments.
    pub fn prepare(
        &self,
        address: &InstanceAddress,
        provisioners: &[&Provisioner],
        repetition: Repetition,
        own: Value,
        values: &Values,
    ) -> Result<Vec<Prepared>, Diagnostics> {
        let root = ModuleInstance::root();
        // A `removed` block stands in the root module, or in one that still is.
        let at = if self.config.modules.contains_key(&address.module.config()) { &address.module } else { &root };
        let Some(scope) = self.scope(at, values, repetition, Some(own)) else { return Ok(Vec::new()) };
        let evaluator = Evaluator::new(&scope, self.functions);
        let context = format!("resource \"{}\" \"{}\"", address.resource.type_name, address.resource.name);
        let mut found = Diagnostics::new();
        let mut prepared = Vec::new();
        for provisioner in provisioners {
            let (value, messages) = evaluator.body(&provisioner.body, &schema());
            let failed = messages.has_errors();
            found.extend(messages.map(|message| message.at(provisioner.span)));
            if failed || !value.is_wholly_known() {
                continue;
            }
            match ready(provisioner, value) {
                Ok(command) => prepared.push(command),
                Err(error) => found.push(error),
            }
        }
        let found = within(found, &context).map(|message| message.about(address));
        found.into_result(prepared).map(|(prepared, _)| prepared)
    }
}

fn ready(provisioner: &Provisioner, value: Value) -> Result<Prepared, Diagnostic> {
    let sensitive = value.has_sensitive();
    let value = value.unmark_deep().0;
    let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let interpreter = match value.get("interpreter").map(Value::kind) {
        Some(ValueKind::List(_, items)) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    };
    let environment = value.get("environment").and_then(Value::as_entries);
    let environment = environment.into_iter().flatten();
    let environment = environment.filter_map(|(name, value)| Some((name.to_string(), value.as_str()?.to_owned())));
    let command = text("command").filter(|command| !command.is_empty()).ok_or_else(|| {
        let detail = "The command of a local-exec provisioner must not be empty.";
        Diagnostic::error("Invalid local-exec provisioner command", detail).at(provisioner.span)
    })?;
    Ok(Prepared {
        kind: provisioner.kind.text.clone(),
        command,
        interpreter: if interpreter.is_empty() { shell() } else { interpreter },
        environment: environment.collect(),
        working_dir: text("working_dir"),
        quiet: value.get("quiet").and_then(Value::as_bool).unwrap_or(false),
        sensitive,
        continues: provisioner.continues,
        // Messages of a command stand where its block opens, as Terraform has it.
        span: if provisioner.body.json { provisioner.span } else { provisioner.body.missing() },
    })
}

fn shell() -> Vec<String> {
    let words = if cfg!(windows) { ["cmd", "/C"] } else { ["/bin/sh", "-c"] };
    words.map(str::to_owned).to_vec()
}

/// Runs commands one after the other, until one fails that must not.
///
/// # Errors
/// Why one failed.
pub async fn run(commands: Vec<Prepared>, object: &ObjectKey, conduct: &Conduct) -> Result<(), Diagnostics> {
    for command in commands {
        let tell = |moment| {
            conduct.observer.notice(Event::Provision { object: object.clone(), kind: command.kind.clone(), moment })
        };
        tell(ProvisionMoment::Started);
        if conduct.cancel.is_cancelled() {
            tell(ProvisionMoment::Failed);
            let detail = "The run was stopped before the provisioner ran.";
            return Err(failed(&command, object, detail.to_owned()));
        }
        match execute(&command, object, conduct).await {
            Ok(()) => tell(ProvisionMoment::Finished),
            Err(detail) => {
                tell(ProvisionMoment::Failed);
                if !command.continues {
                    return Err(failed(&command, object, detail));
                }
            }
        }
    }
    Ok(())
}

fn failed(command: &Prepared, object: &ObjectKey, detail: String) -> Diagnostics {
    let error = Diagnostic::error(format!("{} provisioner error", command.kind), detail);
    error.at(command.span).about(&object.address).into()
}

/// Runs one command; what it prints is told line by line.
async fn execute(prepared: &Prepared, object: &ObjectKey, conduct: &Conduct) -> Result<(), String> {
    let shown: Vec<String> =
        prepared.interpreter.iter().chain([&prepared.command]).map(|word| format!("{word:?}")).collect();
    let first = match (prepared.sensitive, prepared.quiet) {
        (true, _) => SUPPRESSED.to_owned(),
        (_, true) => "local-exec: Executing: Suppressed by quiet=true".to_owned(),
        _ => format!("Executing: [{}]", shown.join(" ")),
    };
    let teller = {
        let (observer, object, kind) = (Arc::clone(&conduct.observer), object.clone(), prepared.kind.clone());
        move |line: String| {
            let moment = ProvisionMoment::Line(line);
            observer.notice(Event::Provision { object: object.clone(), kind: kind.clone(), moment });
        }
    };
    teller(first);
    let broken = |error: std::io::Error| {
        let command = if prepared.sensitive { "the command" } else { &prepared.command };
        format!("Error running command '{command}': {error}.")
    };
    let (reader, writer) = std::io::pipe().map_err(broken)?;
    let (program, arguments) = prepared.interpreter.split_first().ok_or("The interpreter is empty.")?;
    let mut command = Command::new(program);
    let directory: PathBuf = match &prepared.working_dir {
        Some(folder) => conduct.directory.join(folder),
        None => conduct.directory.clone(),
    };
    command.args(arguments).arg(&prepared.command).envs(prepared.environment.iter().cloned());
    if !directory.as_os_str().is_empty() {
        command.current_dir(directory);
    }
    command.stdin(Stdio::null()).stdout(writer.try_clone().map_err(broken)?).stderr(writer);
    let child = command.spawn().map_err(broken)?;
    // The command holds the writing ends of the pipe, too; as long as it does, reading does not end.
    drop(command);
    let child = Arc::new(Mutex::new(child));
    let (suppressed, own) = (prepared.sensitive, Arc::clone(&child));
    let work = tokio::task::spawn_blocking(move || {
        let tail = read(reader, suppressed, &teller);
        (wait(&own), tail)
    });
    tokio::pin!(work);
    let ended = tokio::select! {
        ended = &mut work => ended,
        () = conduct.cancel.cancelled() => {
            // Whoever asks to stop wants that to be soon; the object stays recorded as tainted.
            held(&child).kill().ok();
            work.await
        }
    };
    let (status, tail) = ended.map_err(|error| error.to_string())?;
    let status = status.map_err(broken)?;
    if status.success() {
        return Ok(());
    }
    let how = match status.code() {
        Some(code) => format!("exit status {code}"),
        None => "it was ended by a signal".to_owned(),
    };
    Err(if prepared.sensitive {
        format!("Error running the command: {how}. Output is not shown, since it may hold sensitive values.")
    } else {
        format!("Error running command '{}': {how}. Output: {tail}", prepared.command)
    })
}

/// Tells every line, and keeps the last ones.
fn read(reader: impl std::io::Read, suppressed: bool, tell: &impl Fn(String)) -> String {
    let mut reader = BufReader::new(reader);
    let mut tail: VecDeque<u8> = VecDeque::new();
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line).is_ok_and(|count| count > 0) {
        tail.extend(&line);
        let surplus = tail.len().saturating_sub(TAIL);
        tail.drain(..surplus);
        let text = String::from_utf8_lossy(&line);
        if !suppressed {
            tell(text.trim_end_matches(['\n', '\r']).to_owned());
        } else {
            tell(SUPPRESSED.to_owned());
        }
        line.clear();
    }
    String::from_utf8_lossy(tail.make_contiguous()).into_owned()
}

/// Waits for a command that has closed its output. It may be killed meanwhile, so it is not held while waiting.
fn wait(child: &Mutex<Child>) -> std::io::Result<std::process::ExitStatus> {
    loop {
        if let Some(status) = held(child).try_wait()? {
            return Ok(status);
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

fn held(child: &Mutex<Child>) -> std::sync::MutexGuard<'_, Child> {
    child.lock().unwrap_or_else(PoisonError::into_inner)
}
