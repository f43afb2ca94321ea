//! The call log: one entry per request, in memory and, beside the state file, as JSON lines that are only appended.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

/// How many entries stay in memory; the file keeps all of them.
const KEPT: usize = 10_000;

/// One request that reached the sandbox.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// Position in the log, from 1, going on from where an earlier process stopped.
    pub sequence: u64,
    /// Virtual time in ISO 8601.
    pub time: String,
    /// `sagemaker`, `ec2`, `sts`; what the request said for others.
    pub service: String,
    /// The operation's name, empty when the request named none.
    pub operation: String,
    /// The region of the request's signature.
    pub region: String,
    /// The identifying names in the request: resource names, ids and ARNs.
    pub names: Vec<String>,
    /// `ok`, the error code, or `dropped` when the connection was cut.
    pub outcome: String,
}

/// The log.
#[derive(Debug)]
pub(crate) struct CallLog {
    recent: VecDeque<Call>,
    next: u64,
    file: Option<File>,
}

impl CallLog {
    /// A log that lives only in memory.
    pub(crate) fn in_memory() -> CallLog {
        CallLog { recent: VecDeque::new(), next: 1, file: None }
    }

    /// Opens the log file, or starts it, and goes on counting where it ends.
    pub(crate) fn open(path: &Path) -> io::Result<CallLog> {
        let mut options = OpenOptions::new();
        options.create(true).append(true).read(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path)?;
        let next = last_sequence(&mut file)?.saturating_add(1);
        Ok(CallLog { recent: VecDeque::new(), next, file: Some(file) })
    }

    /// Adds an entry and numbers it. A log that cannot be written does not fail the call; it is reported and given up.
    pub(crate) fn add(&mut self, mut call: Call) {
        call.sequence = self.next;
        self.next = self.next.saturating_add(1);
        if let Some(file) = &mut self.file {
            let written = serde_json::to_vec(&call).map_err(io::Error::other).and_then(|mut line| {
                line.push(b'\n');
                file.write_all(&line)
            });
            if let Err(error) = written {
                tracing::warn!(%error, "the sandbox's call log cannot be written any more");
                self.file = None;
            }
        }
        if self.recent.len() == KEPT {
            self.recent.pop_front();
        }
        self.recent.push_back(call);
    }

    /// The latest entries since this log was opened, oldest first.
    pub(crate) fn recent(&self) -> Vec<Call> {
        self.recent.iter().cloned().collect()
    }
}

/// The number of the last whole entry; 0 when there is none. Ends a line that a killed process left unfinished.
fn last_sequence(file: &mut File) -> io::Result<u64> {
    const TAIL: u64 = 64 * 1024;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail)?;
    if tail.last().is_some_and(|&last| last != b'\n') {
        file.write_all(b"\n")?;
    }
    Ok(tail
        .rsplit(|&b| b == b'\n')
        .find_map(|line| serde_json::from_slice::<Call>(line).ok())
        .map_or(0, |call| call.sequence))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(operation: &str) -> Call {
        Call {
            sequence: 0,
            time: String::new(),
            service: "sagemaker".into(),
            operation: operation.into(),
            region: "us-east-1".into(),
            names: vec!["m".into()],
            outcome: "ok".into(),
        }
    }

    #[test]
    fn the_file_grows_and_counting_goes_on_after_a_cut_line() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("calls.jsonl");
        CallLog::open(&path).expect("opens").add(call("A"));
        let mut file = OpenOptions::new().append(true).open(&path).expect("opens");
        file.write_all(b"{\"sequence\": 2, \"ti").expect("written");
        let mut log = CallLog::open(&path).expect("opens");
        log.add(call("B"));
        let text = std::fs::read_to_string(&path).expect("read");
        let entries: Vec<Call> = text.lines().filter_map(|l| serde_json::from_str(l).ok()).collect();
        assert_eq!(
            entries.iter().map(|c| (c.sequence, c.operation.as_str())).collect::<Vec<_>>(),
            [(1, "A"), (2, "B")]
        );
    }
}
