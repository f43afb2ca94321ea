//! The body of the fuzz target, on its corpus.

use std::path::Path;

#[path = "../../../../fuzz/bodies/state.rs"]
mod bodies;

#[test]
fn the_corpus_holds() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/state");
    let inputs: Vec<_> = std::fs::read_dir(corpus).expect("the corpus").flatten().collect();
    assert!(inputs.len() > 5);
    for input in inputs {
        bodies::reader(&std::fs::read(input.path()).expect("readable"));
    }
}
