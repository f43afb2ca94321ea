//! The smform binary: wires providers, backends, sandbox, terminal and signals to the commands, and does nothing else.

mod providers;
mod sandbox;
mod signals;

use std::process::ExitCode;
use std::sync::Arc;

use smform_cli::{LastWords, Terminal, World};
use smform_provider::SystemClock;
use tokio_util::sync::CancellationToken;

/// Bytes of stack of the thread that does the work. What a configuration nests, values, trees and plans nest as well, and
/// everything that walks them needs stack for each level; the system gives memory for what is used of it only.
const STACK: usize = 1 << 30;

fn main() -> ExitCode {
    match std::thread::Builder::new().name("smform".to_owned()).stack_size(STACK).spawn(started) {
        Ok(thread) => thread.join().unwrap_or(ExitCode::FAILURE),
        // Where so much cannot even be set aside, only what is nested unusually deeply is out of reach.
        Err(_) => started(),
    }
}

#[tokio::main]
async fn started() -> ExitCode {
    let cancel = CancellationToken::new();
    let last_words = LastWords::default();
    signals::watch(cancel.clone(), last_words.clone());
    let variables = std::env::vars_os();
    let world = World {
        providers: providers::all(smform_aws::Settings::default()),
        clock: Arc::new(SystemClock),
        terminal: Terminal::standard(),
        // What is not Unicode cannot be meant for smform.
        environment: variables.filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?))).collect(),
        working_directory: std::env::current_dir().unwrap_or_default(),
        cancel,
        last_words,
        sandbox: Some(Arc::new(sandbox::Host)),
        backends: vec![Arc::new(smform_state_s3::S3), Arc::new(smform_state_http::Http)],
        key_services: vec![Arc::new(smform_state_s3::AwsKms)],
        version: env!("CARGO_PKG_VERSION"),
    };
    smform_cli::run(std::env::args_os().skip(1), world).await.into()
}
