//! Provisioners: commands that run on this machine after an object was created, or before it is destroyed.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use smform_lang::config::Config;
use smform_lang::config::provisioner::{FILE, LOCAL_EXEC, Provisioner, REMOTE_EXEC, When};
use smform_lang::eval::{Evaluator, Reference, Subject, references_in_body};
use smform_lang::functions::Phase;
use smform_lang::syntax::Body;
use smform_types::schema::{Attribute, Block};
use smform_types::{
    Diagnostic, Diagnostics, InstanceAddress, Marks, ModuleInstance, Severity, Span, Type, Value, ValueKind,
};

use crate::blocks::block_context;
use crate::events::{Event, ProvisionMoment};
use crate::plan::stored::Stored;
use crate::plan::{Action, Change, ObjectKey, Replacement};
use crate::run::Conduct;
use crate::values::evaluate::{Setting, within};
use crate::values::{Repetition, Values};

/// How much of what a command printed is repeated when it fails, in bytes.
const TAIL: usize = 8 * 1024;
/// What stands for output that might show a value that must not be shown; nothing when there is none.
fn suppressed(value: &Value) -> Option<&'static str> {
    let marks = value.marks_deep();
    match (marks.contains(Marks::SENSITIVE), marks.contains(Marks::EPHEMERAL)) {
        (true, true) => Some("(output suppressed due to sensitive, ephemeral value in config)"),
        (true, false) => Some("(output suppressed due to sensitive value in config)"),
        (false, true) => Some("(output suppressed due to ephemeral value in config)"),
        (false, false) => None,
    }
}

/// A command that is ready to run.
#[derive(Clone, Debug)]
pub struct Prepared {
    kind: Arc<str>,
    command: String,
    interpreter: Vec<String>,
    environment: Vec<(String, String)>,
    working_dir: Option<String>,
    quiet: bool,
    /// What stands for its output, which must not be shown.
    suppressed: Option<&'static str>,
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

/// The arguments of a kind of provisioner.
fn schema_of(kind: &str) -> Block {
    match kind {
        FILE => Block::new(
            [
                ("content", Attribute::optional(Type::String)),
                ("destination", Attribute::required(Type::String)),
                ("source", Attribute::optional(Type::String)),
            ],
            [],
        ),
        REMOTE_EXEC => Block::new(
            [
                ("inline", Attribute::optional(Type::list(Type::String))),
                ("script", Attribute::optional(Type::String)),
                ("scripts", Attribute::optional(Type::list(Type::String))),
            ],
            [],
        ),
        _ => schema(),
    }
}

/// The arguments of a `connection` block. One that adds to the block around it need not say where to.
fn connection(is_added: bool) -> Block {
    let (text, number, yes) = (Type::String, Type::Number, Type::Bool);
    let arguments = [
        ("agent", &yes),
        ("agent_identity", &text),
        ("bastion_certificate", &text),
        ("bastion_host", &text),
        ("bastion_host_key", &text),
        ("bastion_password", &text),
        ("bastion_port", &number),
        ("bastion_private_key", &text),
        ("bastion_user", &text),
        ("cacert", &text),
        ("certificate", &text),
        ("host", &text),
        ("host_key", &text),
        ("https", &yes),
        ("insecure", &yes),
        ("password", &text),
        ("port", &number),
        ("private_key", &text),
        ("proxy_host", &text),
        ("proxy_port", &number),
        ("proxy_scheme", &text),
        ("proxy_user_name", &text),
        ("proxy_user_password", &text),
        ("script_path", &text),
        ("target_platform", &text),
        ("timeout", &text),
        ("type", &text),
        ("use_ntlm", &yes),
        ("user", &text),
    ];
    let argument = |name: &str, ty: &Type| match name {
        "host" if !is_added => Attribute::required(ty.clone()),
        _ => Attribute::optional(ty.clone()),
    };
    Block::new(arguments.map(|(name, ty)| (name, argument(name, ty))), [])
}

/// What is said of a provisioner that needs another machine, as an error; nothing of one that runs on this one.
fn unsupported(provisioner: &Provisioner) -> Option<Diagnostic> {
    let kind = &*provisioner.kind.text;
    let detail = format!(
        "smform runs commands on this machine only (local-exec), and opens no connection to another one for \"{kind}\". \
         Let the machine set itself up: by user data, an image, or what the service offers for it."
    );
    (kind != LOCAL_EXEC).then(|| Diagnostic::error("Provisioner is not supported", detail).at(provisioner.span))
}

/// A warning for each provisioner of a configuration that needs another machine: it is in order as long as it need not run.
pub fn unsupported_in(config: &Config) -> Diagnostics {
    let mut found = Diagnostics::new();
    for module in config.modules.values() {
        let removed = module.removed.iter().flat_map(|removed| &removed.provisioners);
        found.extend(removed.filter_map(unsupported));
        for block in module.resources.values() {
            found.extend(within(block.provisioners.iter().filter_map(unsupported).collect(), &block_context(block)));
        }
    }
    found.map(|message| Diagnostic { severity: Severity::Warning, ..message })
}

/// What is wrong with the arguments of a provisioner that needs another machine, beside each other.
fn incomplete(provisioner: &Provisioner, value: &Value) -> Option<Diagnostic> {
    let given =
        |names: &[&str]| names.iter().filter(|name| value.get(name).is_some_and(|value| !value.is_null())).count();
    let (summary, detail) = match &*provisioner.kind.text {
        FILE if given(&["source", "content"]) > 1 => {
            ("Cannot set both 'source' and 'content'", "Give the path of a file, or what the file is to hold.")
        }
        FILE if given(&["source", "content"]) != 1 => {
            ("Must provide one of 'source' or 'content'", "Give the path of a file, or what the file is to hold.")
        }
        REMOTE_EXEC if given(&["inline", "script", "scripts"]) != 1 => {
            ("Invalid remote-exec provisioner configuration", "Give one of \"inline\", \"script\" and \"scripts\".")
        }
        _ => return None,
    };
    Some(Diagnostic::error(summary, detail).at(provisioner.span))
}

impl Setting<'_> {
    /// Checks a `connection` block of a resource that has provisioners.
    pub fn check_connection(
        &self,
        address: &InstanceAddress,
        block: &Body,
        repetition: Repetition,
        own: Value,
        values: &Values,
    ) -> Diagnostics {
        let Some(scope) = self.scope(&address.module, values, repetition, Some(own)) else { return Diagnostics::new() };
        let context = format!("resource \"{}\" \"{}\"", address.resource.type_name, address.resource.name);
        within(Evaluator::new(&scope, self.functions).body(block, &connection(false)).1, &context)
    }

    /// The provisioners of an object that run at a moment, in order: those of its block, or of the `removed` block that
    /// took its place.
    #[must_use]
    pub fn provisioners(&self, address: &InstanceAddress, when: When) -> Vec<&Provisioner> {
        let own = self.config.resource(&address.config());
        let all: Vec<&Provisioner> = match own {
            Some(block) => block.provisioners.iter().collect(),
            None => {
                let removed = self.config.modules.iter().flat_map(|(at, module)| {
                    let prefix = if at.is_root() { String::new() } else { format!("{at}.") };
                    let whole = address.config().to_string();
                    module.removed.iter().filter(move |removed| format!("{prefix}{}", removed.from.0) == whole)
                });
                removed.flat_map(|removed| &removed.provisioners).collect()
            }
        };
        all.into_iter().filter(|provisioner| provisioner.when == when).collect()
    }

    /// Refuses changes for which a provisioner would have to run on another machine.
    pub fn refuse_unsupported(&self, changes: &BTreeMap<ObjectKey, Change>, stored: &Stored) -> Diagnostics {
        let (mut found, mut told) = (Diagnostics::new(), BTreeSet::new());
        for change in changes.values().filter(|change| change.object.deposed.is_none()) {
            let address = &change.object.address;
            // What is tainted goes without them, and so does what was set aside for a new one.
            let tainted = stored.objects.get(&change.object).is_some_and(|stored| stored.tainted);
            let leaves = match change.action {
                Action::Delete | Action::Replace(Replacement::DeleteFirst) => !tainted,
                _ => false,
            };
            let comes = matches!(change.action, Action::Create | Action::Replace(_));
            let moments = [(leaves, When::Destroy), (comes, When::Create)];
            let runs = moments.into_iter().filter(|(runs, _)| *runs);
            let context = self.config.resource(&address.config()).map(block_context).unwrap_or_default();
            for provisioner in runs.flat_map(|(_, when)| self.provisioners(address, when)) {
                if told.insert(provisioner.span) {
                    let refused = unsupported(provisioner).map(|error| error.about(address));
                    found.extend(within(refused.into_iter().collect(), &context));
                }
            }
        }
        found
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
        // By its address, too, a provisioner refers to the object as it has come to be.
        let refers = |provisioner: &&Provisioner| {
            let is_own = |reference: &Reference| reference.subject == Subject::Resource(address.resource.clone());
            references_in_body(&provisioner.body, None).iter().any(is_own)
        };
        let updated = provisioners.iter().any(refers).then(|| {
            let mut values = values.clone();
            values.set_instance(address, own.clone());
            values
        });
        let values = updated.as_ref().unwrap_or(values);
        let Some(scope) = self.scope(at, values, repetition, Some(own)) else { return Ok(Vec::new()) };
        let evaluator = Evaluator::new(&scope, self.functions);
        let context = format!("resource \"{}\" \"{}\"", address.resource.type_name, address.resource.name);
        let mut found = Diagnostics::new();
        let mut prepared = Vec::new();
        for provisioner in provisioners {
            let (value, messages) = evaluator.body(&provisioner.body, &schema_of(&provisioner.kind.text));
            if let Some(block) = &provisioner.connection {
                let own = self.config.resource(&address.config());
                let is_added = own.is_some_and(|own| own.connection.is_some());
                found.extend(evaluator.body(block, &connection(is_added)).1);
            }
            let failed = messages.has_errors();
            found.extend(messages.map(|message| message.at(provisioner.span)));
            if failed {
                continue;
            }
            if !value.is_wholly_known() && self.functions.phase != Phase::Apply {
                continue;
            }
            if !value.is_wholly_known() {
                let detail = "A value in its arguments is not known even now, so it cannot run.";
                found.push(Diagnostic::error("Provisioner has unknown arguments", detail).at(provisioner.span));
                continue;
            }
            if &*provisioner.kind.text != LOCAL_EXEC {
                found.extend(incomplete(provisioner, &value));
                continue;
            }
            prepared.push(ready(provisioner, value));
        }
        let found = within(found, &context).map(|message| message.about(address));
        found.into_result(prepared).map(|(prepared, _)| prepared)
    }
}

fn ready(provisioner: &Provisioner, value: Value) -> Prepared {
    let suppressed = suppressed(&value);
    let value = value.unmark_deep().0;
    let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let interpreter = match value.get("interpreter").map(Value::kind) {
        Some(ValueKind::List(_, items)) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    };
    let environment = value.get("environment").and_then(Value::as_entries);
    let environment = environment.into_iter().flatten();
    let environment = environment.filter_map(|(name, value)| Some((name.to_string(), value.as_str()?.to_owned())));
    Prepared {
        kind: provisioner.kind.text.clone(),
        command: text("command").unwrap_or_default(),
        interpreter: if interpreter.is_empty() { shell() } else { interpreter },
        environment: environment.collect(),
        working_dir: text("working_dir"),
        quiet: value.get("quiet").and_then(Value::as_bool).unwrap_or(false),
        suppressed,
        continues: provisioner.continues,
        // Messages of a command stand where its block opens, as Terraform has it.
        span: if provisioner.body.json { provisioner.span } else { provisioner.body.missing() },
    }
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
    let summary = match command.command.is_empty() {
        true => "Invalid local-exec provisioner command".to_owned(),
        false => format!("{} provisioner error", command.kind),
    };
    let error = Diagnostic::error(summary, detail);
    error.at(command.span).about(&object.address).into()
}

/// Runs one command; what it prints is told line by line.
async fn execute(prepared: &Prepared, object: &ObjectKey, conduct: &Conduct) -> Result<(), String> {
    if prepared.command.is_empty() {
        return Err("The command of a local-exec provisioner must not be empty.".to_owned());
    }
    let shown: Vec<String> =
        prepared.interpreter.iter().chain([&prepared.command]).map(|word| format!("{word:?}")).collect();
    let first = match (prepared.suppressed, prepared.quiet) {
        (Some(instead), _) => instead.to_owned(),
        (None, true) => "local-exec: Executing: Suppressed by quiet=true".to_owned(),
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
        let command = if prepared.suppressed.is_some() { "the command" } else { &prepared.command };
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
    let child = spawn(&mut command).map_err(broken)?;
    // The command holds the writing ends of the pipe, too; as long as it does, reading does not end.
    drop(command);
    let child = Arc::new(Mutex::new(child));
    let (suppressed, own) = (prepared.suppressed, Arc::clone(&child));
    let work = tokio::task::spawn_blocking(move || {
        let tail = read(reader, suppressed, &teller);
        (wait(&own), tail)
    });
    tokio::pin!(work);
    let ended = tokio::select! {
        ended = &mut work => ended,
        () = conduct.cancel.cancelled() => {
            // Whoever asks to stop wants that to be soon; the object stays recorded as tainted.
            kill(&mut held(&child));
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
    Err(if prepared.suppressed.is_some() {
        format!(
            "Error running the command: {how}. Output is not shown, since it may hold values that must not be shown."
        )
    } else {
        format!("Error running command '{}': {how}. Output: {tail}", prepared.command)
    })
}

/// Tells every line, and keeps the last ones.
fn read(reader: impl std::io::Read, suppressed: Option<&str>, tell: &impl Fn(String)) -> String {
    let mut reader = BufReader::new(reader);
    let mut tail: VecDeque<u8> = VecDeque::new();
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line).is_ok_and(|count| count > 0) {
        tail.extend(&line);
        let surplus = tail.len().saturating_sub(TAIL);
        tail.drain(..surplus);
        let text = String::from_utf8_lossy(&line);
        tell(suppressed.unwrap_or_else(|| text.trim_end_matches(['\n', '\r'])).to_owned());
        line.clear();
    }
    String::from_utf8_lossy(tail.make_contiguous()).into_owned()
}

/// Starts a command in a process group of its own, so that what it starts can be ended with it.
fn spawn(command: &mut Command) -> std::io::Result<Child> {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    command.spawn()
}

/// Ends a command that was started by [`spawn`], with all that it has started. One that has ended already is left alone.
fn kill(child: &mut Child) {
    #[cfg(unix)]
    if let Some(group) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw)
        && matches!(child.try_wait(), Ok(None))
    {
        rustix::process::kill_process_group(group, rustix::process::Signal::KILL).ok();
    }
    child.kill().ok();
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
