//! The state as files: what Terraform wrote, what survives a killed run, what is refused.

mod durability;
mod encryption;
mod fuzz;
mod left_behind;
mod locking;
mod opentofu;
mod remote;
mod terraform;

use std::time::Duration;

use smform_state::LocalBackend;
use smform_state::lock::LockInfo;
use smform_state::{Object, ObjectId, Store};

/// A store over a file, locked.
fn open(path: &std::path::Path) -> Result<Store, smform_state::StateError> {
    Store::open(std::sync::Arc::new(LocalBackend::new(path)), Some((&LockInfo::default(), Duration::ZERO)))
}

fn id(address: &str) -> ObjectId {
    ObjectId { address: address.parse().expect("an address"), deposed: None }
}

fn object(name: &str) -> Object {
    Object {
        attributes: serde_json::json!({ "id": name }),
        sensitive_attributes: serde_json::json!([]),
        ..Object::default()
    }
}

const PROVIDER: &str = "provider[\"terraform.io/builtin/terraform\"]";
