//! STS: who is calling.

pub(crate) mod data_caller_identity;
pub(crate) mod data_partition;
