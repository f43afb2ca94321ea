//! The smform binary.
fn main() {}
