//! The bodies of the fuzz targets, on their corpora.

use std::path::Path;

#[path = "../../../../fuzz/bodies/lang.rs"]
mod bodies;

#[test]
fn the_corpora_hold() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for (target, body) in bodies::ALL {
        let inputs = bodies::inputs(&repository, target);
        assert!(inputs.len() > 5, "{target}");
        for input in inputs {
            body(&std::fs::read(&input).expect("readable"));
        }
    }
}
