//! Interrupts: the first asks the run to stop in good order, the second ends the process.

use smform_cli::LastWords;
use tokio_util::sync::CancellationToken;

/// Exit status of an interrupted process, as of any failed command.
const INTERRUPTED: i32 = 1;

/// Watches for interrupts in the background.
pub fn watch(cancel: CancellationToken, last_words: LastWords) {
    tokio::spawn(async move {
        let mut asked = false;
        while interrupt().await {
            if asked {
                // Every fact is on disk already; only what runs now is cut off, and the next run follows it up.
                last_words.say();
                std::process::exit(INTERRUPTED);
            }
            asked = true;
            cancel.cancel();
        }
    });
}

/// Waits for an interrupt; false when none can be heard.
#[cfg(unix)]
async fn interrupt() -> bool {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return tokio::signal::ctrl_c().await.is_ok() };
    tokio::select! {
        heard = tokio::signal::ctrl_c() => heard.is_ok(),
        heard = terminate.recv() => heard.is_some(),
    }
}

/// Waits for an interrupt; false when none can be heard.
#[cfg(not(unix))]
async fn interrupt() -> bool {
    tokio::signal::ctrl_c().await.is_ok()
}
