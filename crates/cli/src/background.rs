//! Waiting for what blocks, such as a person or a lock, without keeping the process when the user asks to stop.

use tokio_util::sync::CancellationToken;

/// Runs `work` on a thread of its own and waits for it; nothing when the user asks to stop first. The thread is then
/// left behind, and ends with the process.
pub async fn wait<T: Send + 'static>(
    cancel: &CancellationToken,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    tokio::select! {
        done = see_through(work) => done,
        () = cancel.cancelled() => None,
    }
}

/// Runs `work` on a thread of its own and waits for it, whatever the user asks for meanwhile. Nothing when it panics.
pub async fn see_through<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        // Nobody may wait any more when the command was stopped meanwhile.
        let _ = sender.send(work());
    });
    receiver.await.ok()
}
