//! Drives the sandbox as clients do: with raw requests, in process and over HTTP.

mod cloudwatch;
mod components;
mod concurrency;
mod constraints;
mod ec2;
mod faults;
mod front_door;
mod iam;
mod life_cycle;
mod listing;
mod messages;
mod persistence;
mod runtime;
mod scaling;
mod server;
mod support;
