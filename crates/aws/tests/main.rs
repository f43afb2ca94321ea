//! The provider, through its contract with the engine, against the sandbox: two readings of the AWS API check each
//! other.

mod configuration;
mod endpoint;
mod failures;
mod identity;
mod model;
mod support;
mod vpc_config;
