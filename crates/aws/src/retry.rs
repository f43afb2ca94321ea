//! Repeating a call for a while, for refusals that are known to pass.
//!
//! Throttling and network trouble are the SDK's to retry; this is for answers that are final to the SDK, such as a
//! role that the service does not see yet.

use std::time::Duration;

use smform_provider::Run;

use crate::failure::Failure;
use crate::waiters::Wait;

/// Makes a call until it succeeds, fails in a way that does not pass, or the limit is reached or the run cancelled;
/// then the last failure is returned.
pub(crate) async fn while_passing<T, F>(
    run: &dyn Run,
    limit: Duration,
    passes: fn(&Failure) -> bool,
    waiting: &str,
    mut call: impl FnMut() -> F + Send,
) -> Result<T, Failure>
where
    F: Future<Output = Result<T, Failure>> + Send,
    T: Send,
{
    let mut wait = Wait::new(run, limit).paced(Duration::from_secs(2), Duration::from_secs(10));
    let mut is_open = false;
    loop {
        match call().await.map_err(|failure| failure.repeating(is_open)) {
            Err(failure) if passes(&failure) => {
                is_open = failure.is_open();
                run.progress(waiting);
                if wait.pause().await.is_err() {
                    return Err(failure);
                }
            }
            result => return result,
        }
    }
}
