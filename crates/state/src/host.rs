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
        Ok(()) => Some(!has_ended(process)),
        Err(error) if error == rustix::io::Errno::SRCH => Some(false),
        // It is there, and belongs to somebody else.
        Err(error) if error == rustix::io::Errno::PERM => Some(true),
        Err(_) => None,
    }
}

/// Whether a process that is still listed has ended: nobody has asked for its exit status yet, as where the first process of
/// a container does not. The letter after the name in `/proc/PID/stat` tells (proc(5)); elsewhere than on Linux nothing does.
#[cfg(unix)]
fn has_ended(process: rustix::process::Pid) -> bool {
    let Ok(told) = std::fs::read_to_string(format!("/proc/{}/stat", process.as_raw_nonzero())) else { return false };
    let state = told.rsplit_once(')').and_then(|(_, rest)| rest.trim_start().chars().next());
    matches!(state, Some('Z' | 'X'))
}

/// Whether a process of this machine is running; nothing where the system does not tell.
#[cfg(not(unix))]
#[must_use]
pub fn is_running(_: u32) -> Option<bool> {
    None
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_nobody_has_asked_for_its_status_has_ended() {
        let mut command = std::process::Command::new("sh");
        command.args(["-c", "read line"]).stdin(std::process::Stdio::piped());
        let mut child = command.spawn().expect("a shell");
        assert_eq!(is_running(child.id()), Some(true));
        child.kill().expect("it may be killed");
        let ended = (0..500).any(|_| {
            std::thread::sleep(std::time::Duration::from_millis(10));
            is_running(child.id()) == Some(false)
        });
        assert!(ended, "a process without a waiting parent counts as ended");
        child.wait().expect("its status");
        assert_eq!(is_running(child.id()), Some(false));
    }
}
