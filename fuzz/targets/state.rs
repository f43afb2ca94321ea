//! See `bodies/state.rs`.
#![no_main]

#[path = "../bodies/state.rs"]
mod state;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| state::reader(bytes));
