//! The terminal, or what stands in for it: pipes and files.

use std::io::{self, BufRead, IsTerminal, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use indicatif::MultiProgress;
use smform_types::Severity;
use tokio_util::sync::CancellationToken;

use crate::background;

/// Columns where nothing else is known.
const DEFAULT_WIDTH: usize = 78;

/// The three streams and what is known of them.
pub struct Terminal {
    /// Where answers come from.
    pub stdin: Box<dyn BufRead + Send>,
    /// Where results go.
    pub stdout: Box<dyn Write + Send>,
    /// Where messages go.
    pub stderr: Box<dyn Write + Send>,
    /// Columns, where they are known.
    pub width: Option<usize>,
    /// The display of work in progress; nothing where lines are printed instead.
    pub live: Option<MultiProgress>,
    /// Reads a line without showing it; nothing where no person is at a terminal.
    pub secret: Option<fn() -> io::Result<String>>,
}

impl Terminal {
    /// The streams of this process.
    #[must_use]
    pub fn standard() -> Terminal {
        let stdout_is_terminal = io::stdout().is_terminal();
        let stdin_is_terminal = io::stdin().is_terminal();
        let size = console::Term::stdout().size_checked();
        let live = stdout_is_terminal && io::stderr().is_terminal();
        let secret: fn() -> io::Result<String> = || console::Term::stderr().read_secure_line();
        Terminal {
            stdin: Box::new(io::BufReader::new(io::stdin())),
            stdout: Box::new(io::stdout()),
            stderr: Box::new(io::stderr()),
            width: size.filter(|_| stdout_is_terminal).map(|(_, columns)| usize::from(columns)),
            live: live.then(MultiProgress::new),
            secret: stdin_is_terminal.then_some(secret),
        }
    }
}

struct Streams {
    stdout: Box<dyn Write + Send>,
    stderr: Box<dyn Write + Send>,
    closed: bool,
}

/// A shared handle to the terminal. Writing never fails: when the reader of a pipe has gone, what follows is dropped.
#[derive(Clone)]
pub struct Console {
    streams: Arc<Mutex<Streams>>,
    stdin: Arc<Mutex<Box<dyn BufRead + Send>>>,
    live: Option<MultiProgress>,
    secret: Option<fn() -> io::Result<String>>,
    /// Columns of standard output.
    pub width: usize,
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Console {
    /// Takes over a terminal.
    #[must_use]
    pub fn new(terminal: Terminal) -> Console {
        let streams = Streams { stdout: terminal.stdout, stderr: terminal.stderr, closed: false };
        Console {
            streams: Arc::new(Mutex::new(streams)),
            stdin: Arc::new(Mutex::new(terminal.stdin)),
            live: terminal.live,
            secret: terminal.secret,
            width: terminal.width.unwrap_or(DEFAULT_WIDTH),
        }
    }

    /// The display of work in progress, if there is one.
    #[must_use]
    pub const fn live(&self) -> Option<&MultiProgress> {
        self.live.as_ref()
    }

    /// Whether a person is at standard input.
    #[must_use]
    pub const fn is_person(&self) -> bool {
        self.secret.is_some()
    }

    fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        match &self.live {
            Some(live) => live.suspend(write),
            None => write(),
        }
    }

    /// Writes to standard output.
    pub fn out(&self, text: &str) {
        self.aside(|| {
            let mut streams = held(&self.streams);
            if !streams.closed
                && (streams.stdout.write_all(text.as_bytes()).is_err() || streams.stdout.flush().is_err())
            {
                streams.closed = true;
            }
        });
    }

    /// Writes to standard error.
    pub fn err(&self, text: &str) {
        self.aside(|| {
            let mut streams = held(&self.streams);
            // Nobody is left to be told.
            let _ = streams.stderr.write_all(text.as_bytes()).and_then(|()| streams.stderr.flush());
        });
    }

    /// Writes a message where Terraform does: errors to standard error, and warnings, which belong to the result, to
    /// standard output.
    pub fn message(&self, severity: Severity, text: &str) {
        match severity {
            Severity::Error => self.err(text),
            Severity::Warning => self.out(text),
        }
    }

    /// Everything on standard input.
    ///
    /// # Errors
    /// As the system reports.
    pub fn read_all(&self) -> io::Result<String> {
        let mut text = String::new();
        held(&self.stdin).read_to_string(&mut text)?;
        Ok(text)
    }

    /// One line of standard input without its line break; nothing at its end, which may come within the line, or when
    /// the user asks to stop.
    pub async fn line(&self, cancel: &CancellationToken) -> Option<String> {
        let stdin = Arc::clone(&self.stdin);
        background::wait(cancel, move || {
            let mut line = String::new();
            match held(&stdin).read_line(&mut line) {
                Ok(_) if line.ends_with('\n') => Some(line.trim_end_matches(['\n', '\r']).to_owned()),
                Ok(_) | Err(_) => None,
            }
        })
        .await
        .flatten()
    }

    /// The same, without showing what is typed where that is possible.
    pub async fn secret_line(&self, cancel: &CancellationToken) -> Option<String> {
        match self.secret {
            Some(read) => background::wait(cancel, move || read().ok()).await.flatten(),
            None => self.line(cancel).await,
        }
    }
}
