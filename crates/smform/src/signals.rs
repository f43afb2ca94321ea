//! Interrupts: the first asks the run to stop in good order, the second ends the process.

use smform_cli::LastWords;
use tokio_util::sync::CancellationToken;

/// Exit status of an interrupted process, as of any failed command.
const INTERRUPTED: i32 = 1;

/// Watches for interrupts in the background.
pub fn watch(cancel: CancellationToken, last_words: LastWords) {
    tokio::spawn(async move {
        let mut interrupts = Interrupts::heard();
        let mut asked = false;
        while interrupts.next().await {
            // Every fact is on disk already; only what runs now is cut off, and the next run follows it up.
            if asked && last_words.say() {
                std::process::exit(INTERRUPTED);
            }
            asked = true;
            cancel.cancel();
        }
    });
}

/// The signals by which a process is asked to stop.
#[cfg(unix)]
struct Interrupts {
    interrupt: Option<tokio::signal::unix::Signal>,
    terminate: Option<tokio::signal::unix::Signal>,
    hang_up: Option<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Interrupts {
    /// Begins to listen.
    fn heard() -> Interrupts {
        use tokio::signal::unix::{SignalKind, signal};
        Interrupts {
            interrupt: signal(SignalKind::interrupt()).ok(),
            terminate: signal(SignalKind::terminate()).ok(),
            // Sent when the terminal is closed or its connection lost.
            hang_up: if is_hang_up_ignored() { None } else { signal(SignalKind::hangup()).ok() },
        }
    }

    /// Waits for the next one; false when none can be heard any more.
    async fn next(&mut self) -> bool {
        async fn heard(signal: &mut Option<tokio::signal::unix::Signal>) -> bool {
            match signal {
                Some(signal) => signal.recv().await.is_some(),
                None => std::future::pending().await,
            }
        }
        tokio::select! {
            heard = heard(&mut self.interrupt) => heard,
            heard = heard(&mut self.terminate) => heard,
            heard = heard(&mut self.hang_up) => heard,
        }
    }
}

/// Whether whoever started the process, such as `nohup`, wants it to outlive the terminal. Where the system does not tell,
/// hanging up is left to do what it does to any process.
#[cfg(unix)]
fn is_hang_up_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| u64::from_str_radix(line.strip_prefix("SigIgn:")?.trim(), 16).ok());
    // The lowest bit is that of signal 1, which this is.
    ignored.is_none_or(|signals| signals & 1 == 1)
}

/// The interrupts of a console.
#[cfg(not(unix))]
struct Interrupts;

#[cfg(not(unix))]
impl Interrupts {
    /// Begins to listen.
    fn heard() -> Interrupts {
        Interrupts
    }

    /// Waits for the next one; false when none can be heard.
    async fn next(&mut self) -> bool {
        tokio::signal::ctrl_c().await.is_ok()
    }
}
