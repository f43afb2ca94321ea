//! What must hold of any state file: reading it does not panic, and what was read is written so that it reads the same.

use std::path::Path;

use smform_state::codec::{read, write};

/// A state file.
pub fn reader(bytes: &[u8]) {
    let Ok(state) = read(bytes, Path::new("terraform.tfstate")) else { return };
    let text = write(&state);
    let again = read(text.as_bytes(), Path::new("terraform.tfstate")).expect("readable");
    assert_eq!(write(&again), text);
}
