//! This machine, its user and its processes, as far as locks tell of them.

/// The name of this machine.
#[must_use]
pub fn name() -> String {
    whoami::hostname().unwrap_or_else(|_| "unknown".to_owned())
}

/// The name of the user that this process belongs to, whatever the environment says.
#[must_use]
pub fn user() -> String {
    whoami::username().unwrap_or_else(|_| "unknown".to_owned())
}

/// Whether a process of this machine is running; nothing where the system does not tell.
#[cfg(unix)]
#[must_use]
pub fn is_running(process: u32) -> Option<bool> {
    let process = rustix::process::Pid::from_raw(i32::try_from(process).ok()?)?;
    match rustix::process::test_kill_process(process) {
        Ok(()) => Some(true),
        Err(error) if error == rustix::io::Errno::SRCH => Some(false),
        // It is there, and belongs to somebody else.
        Err(error) if error == rustix::io::Errno::PERM => Some(true),
        Err(_) => None,
    }
}

/// Whether a process of this machine is running; nothing where the system does not tell.
#[cfg(not(unix))]
#[must_use]
pub fn is_running(_: u32) -> Option<bool> {
    None
}
