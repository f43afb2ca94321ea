//! How long it takes to read and to write a state.

use std::path::Path;

use smform_state::codec::{read, write};
use smform_state::{Object, ObjectId, State};

fn main() {
    divan::main();
}

/// A state of so many resources with a dozen attributes each.
fn state(resources: usize) -> State {
    let mut state = State { lineage: "bench".to_owned(), ..State::default() };
    for n in 0..resources {
        let Ok(address) = format!("aws_sagemaker_model.m{n}").parse() else { continue };
        let attributes: serde_json::Map<String, serde_json::Value> =
            (0..12).map(|at| (format!("attribute_{at}"), format!("value {at} of {n}").into())).collect();
        let object =
            Object { attributes: attributes.into(), sensitive_attributes: serde_json::json!([]), ..Object::default() };
        state.put(&ObjectId { address, deposed: None }, "provider[\"registry.terraform.io/hashicorp/aws\"]", object);
    }
    state
}

#[divan::bench(args = [100, 10_000])]
fn read_and_write(bencher: divan::Bencher<'_, '_>, resources: usize) {
    let text = write(&state(resources));
    bencher.bench(|| read(text.as_bytes(), Path::new("bench")).map(|state| write(&state).len()).ok());
}
