//! IAM: policies as documents, and roles.

pub(crate) mod data_policy_document;
