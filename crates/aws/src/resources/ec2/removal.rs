//! Deleting what others may still use: EC2 refuses until they are gone, which for SageMaker's network interfaces takes
//! minutes.

use std::time::Duration;

use smform_provider::{ProviderError, Run};

use crate::failure::Failure;
use crate::waiters::{Wait, in_words};

/// Calls until the object is deleted, is gone (as the code says), or the limit is reached.
///
/// # Errors
/// When it is still there.
pub(super) async fn remove<F>(
    run: &dyn Run,
    within: Duration,
    what: &str,
    gone: &str,
    mut call: impl FnMut() -> F + Send,
) -> Result<(), ProviderError>
where
    F: Future<Output = Result<(), Failure>> + Send,
{
    let mut wait = Wait::new(run, within);
    loop {
        match call().await {
            Ok(()) => return Ok(()),
            Err(failure) if failure.code() == gone => return Ok(()),
            Err(failure) if failure.code() == "DependencyViolation" => {
                run.progress("still in use");
                if wait.pause().await.is_err() {
                    let mut error = failure.into_error(format!("{what} is still in use"));
                    error.detail.push_str(&format!(
                        " It was tried for {}. SageMaker removes the interfaces of a deleted endpoint by itself, usually \
                         within minutes; anything else must be removed first. Allow more time in a timeouts block, or \
                         run the command again.",
                        in_words(within)
                    ));
                    return Err(error);
                }
            }
            Err(failure) => return Err(failure.into_error(format!("{what} could not be deleted"))),
        }
    }
}
