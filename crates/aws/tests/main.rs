//! The provider, through its contract with the engine, against the sandbox: two readings of the AWS API check each
//! other.

mod alarm;
mod capacity;
mod configuration;
mod conflicts;
mod data;
mod endpoint;
mod failures;
mod iam;
mod identity;
mod inference_component;
mod known_problems;
mod log_group;
mod lost;
mod model;
mod network;
mod referred;
mod rollout_checks;
mod round_trip;
mod scaling;
mod security_group;
mod security_group_rule;
mod single_rule;
mod support;
mod taken;
mod vpc_config;
