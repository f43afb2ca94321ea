//! State in an S3 bucket.
