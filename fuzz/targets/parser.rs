//! See `bodies/lang.rs`.
#![no_main]

#[path = "../bodies/lang.rs"]
mod lang;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| lang::parser(bytes));
