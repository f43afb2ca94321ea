//! Types of smform itself.

pub(crate) mod vpc_config;
