//! An embedded imitation of the AWS APIs that smform uses.
