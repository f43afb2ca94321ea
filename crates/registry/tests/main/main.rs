//! The probe against servers on loopback: registries with every kind of certificate, content and manners.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may fail")]

mod content;
mod guide;
mod manners;
mod support;
mod tls;
