//! The backend `http` against a server in this process.

mod locking;
mod requests;
mod server;
mod tls;

use std::path::PathBuf;
use std::sync::Arc;

use server::Server;
use smform_state::kind::{Kind, Settings, Surroundings};
use smform_state::{Backend, Workspaces};
use smform_types::Value;

/// The states that a server keeps, by arguments beyond the address.
fn open(address: &str, more: &[(&str, Value)]) -> Arc<dyn Workspaces> {
    let mut settings: Settings = more.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    settings.insert("address".to_owned(), Value::string(address));
    // Nobody waits for tests.
    settings.entry("retry_wait_min".to_owned()).or_insert_with(|| Value::number(0));
    let surroundings = Surroundings { data: PathBuf::from("unused"), ..Surroundings::default() };
    smform_state_http::Http.open(&settings, &surroundings).expect("usable")
}

/// The state of a server that locks.
fn locking(server: &Server) -> Arc<dyn Backend> {
    let url = |path| Value::string(server.url(path));
    let locks = [("lock_address", url("/lock")), ("unlock_address", url("/lock"))];
    open(&server.url("/state"), &locks).state("default").expect("the only one")
}

/// The state of a server that does not.
fn plain(server: &Server, more: &[(&str, Value)]) -> Arc<dyn Backend> {
    open(&server.url("/state"), more).state("default").expect("the only one")
}
