//! The AWS provider, over the real SDK crates.
