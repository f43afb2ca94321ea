//! Serves a sandbox for any AWS client:
//!
//! ```text
//! cargo run -p smform-sandbox --example serve -- --port 4566 --state sandbox.json --speed 60 --faults faults.json
//! AWS_ENDPOINT_URL=http://127.0.0.1:4566 aws sagemaker list-endpoints
//! ```
//!
//! Every option may be left out; without `--state` nothing is kept, and without `--port` a free one is chosen.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "this is a command-line program")]

use std::error::Error;
use std::process::ExitCode;

use smform_sandbox::faults::Script;
use smform_sandbox::{Options, Sandbox, serve};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("Error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let mut options = Options::default();
    let mut port = 0;
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("{name} needs a value"))?;
        match name.as_str() {
            "--port" => port = value.parse()?,
            "--state" => options.path = Some(value.into()),
            "--speed" => options.speed = Some(value.parse()?),
            "--faults" => options.faults = Script::load(value.as_ref())?,
            _ => return Err(format!("unknown option {name}").into()),
        }
    }
    let sandbox = Sandbox::open(options)?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("http://{}", listener.local_addr()?);
    serve(listener, sandbox, async {
        let _ = tokio::signal::ctrl_c().await;
    })
    .await?;
    Ok(())
}
