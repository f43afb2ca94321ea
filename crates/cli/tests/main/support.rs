//! A folder, a scripted service, and terminals in memory.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, Cursor, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};

use smform_cli::{Exit, LastWords, Terminal, World};
use smform_engine::providers::Providers;
use smform_provider::{Provider, SystemClock};
use smform_testkit::{Service, provider};
use tokio_util::sync::CancellationToken;

/// Everything that outlives one command.
pub struct Bench {
    pub folder: tempfile::TempDir,
    pub service: Service,
    pub environment: BTreeMap<String, String>,
    pub cancel: CancellationToken,
    pub sandbox: Option<Arc<dyn smform_cli::SandboxHost>>,
}

/// What a command wrote, and how it ended.
pub struct Ran {
    pub exit: Exit,
    pub out: String,
    pub err: String,
    /// Whether it said that it waits for the lock of the state.
    pub waited: bool,
}

/// What is said of a lock that is not had at once.
const WAITING: &str = "Acquiring state lock. This may take a few moments...\n";

#[derive(Clone, Default)]
struct Pipe(Arc<Mutex<Vec<u8>>>);

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("not poisoned").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Pipe {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("not poisoned").clone()).expect("text")
    }
}

impl Bench {
    /// A folder with one file, `main.tf`.
    pub fn new(text: &str) -> Bench {
        let bench = Bench {
            folder: tempfile::tempdir().expect("a folder"),
            service: Service::default(),
            environment: BTreeMap::new(),
            cancel: CancellationToken::new(),
            sandbox: None,
        };
        bench.write("main.tf", text);
        bench
    }

    pub fn write(&self, name: &str, text: &str) {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        std::fs::write(path, text).expect("written");
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).expect("readable")
    }

    pub fn has(&self, name: &str) -> bool {
        self.folder.path().join(name).exists()
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Runs a command without anything on standard input.
    pub fn run(&self, line: &[&str]) -> Ran {
        self.answer(line, "")
    }

    /// Runs a command that finds `input` on standard input.
    pub fn answer(&self, line: &[&str], input: &str) -> Ran {
        let (out, err) = (Pipe::default(), Pipe::default());
        let terminal = Terminal {
            stdin: Box::new(Cursor::new(input.to_owned().into_bytes())),
            stdout: Box::new(out.clone()),
            stderr: Box::new(err.clone()),
            width: None,
            live: None,
            secret: None,
        };
        let exit = self.on(terminal, line);
        // A lock is waited for visibly when it takes long, which it also does on a busy machine.
        let (waited, out) = match out.text().split_once(WAITING) {
            Some((before, after)) => (true, format!("{before}{after}")),
            None => (false, out.text()),
        };
        Ran { exit, out: self.tidy(&out), err: self.tidy(&err.text()), waited }
    }

    /// Runs a command on a terminal.
    pub fn on(&self, terminal: Terminal, line: &[&str]) -> Exit {
        let test: Arc<dyn Provider> = Arc::new(provider(&self.service));
        let world = World {
            providers: Providers::new([
                test,
                Arc::new(smform_utility::random()),
                Arc::new(smform_utility::null()),
                Arc::new(smform_utility::time()),
            ]),
            clock: Arc::new(SystemClock),
            terminal,
            environment: self.environment.clone(),
            working_directory: self.folder.path().to_owned(),
            cancel: self.cancel.clone(),
            last_words: LastWords::default(),
            sandbox: self.sandbox.clone(),
            backends: Vec::new(),
            key_services: Vec::new(),
            version: "0.0.0-test",
        };
        let args: Vec<OsString> = line.iter().map(OsString::from).collect();
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("runtime");
        runtime.block_on(smform_cli::run(args.into_iter(), world))
    }

    /// What differs from run to run, as words.
    fn tidy(&self, text: &str) -> String {
        text.replace(&self.folder.path().display().to_string(), "FOLDER")
    }
}

impl Ran {
    /// Both streams and the exit code, for snapshots.
    pub fn all(&self) -> String {
        let err = if self.err.is_empty() { String::new() } else { format!("--- stderr\n{}", self.err) };
        format!("{}{err}--- exit {}\n", self.out, self.exit.code())
    }

    /// The same, after checking that it succeeded.
    pub fn ok(self) -> Ran {
        assert_eq!(self.exit, Exit::Success, "{}", self.all());
        self
    }
}

/// A text with every UUID and digest replaced.
pub fn steady(text: &str) -> String {
    let is_hex = |c: char| c.is_ascii_hexdigit() || c == '-';
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(is_hex) {
        let (head, tail) = rest.split_at(at);
        out.push_str(head);
        let len = tail.find(|c| !is_hex(c)).unwrap_or(tail.len());
        let (word, after) = tail.split_at(len);
        let dashes = word.matches('-').count();
        out.push_str(match (word.len(), dashes) {
            (36, 4) => "UUID",
            (64, 0) => "SHA256",
            _ => word,
        });
        rest = after;
    }
    out + rest
}
