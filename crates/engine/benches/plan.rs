//! How long planning takes: loading, graph, walk, steps, for configurations of many blocks.

use std::path::Path;
use std::sync::Arc;

use smform_engine::events::Silent;
use smform_engine::plan::stored::Stored;
use smform_engine::plan::walk::Options;
use smform_engine::providers::Providers;
use smform_engine::run::Conduct;
use smform_engine::workflow::{World, load, plan};
use smform_lang::config::LocalModules;
use smform_lang::source::MemoryHost;
use smform_provider::SystemClock;
use tokio_util::sync::CancellationToken;

fn main() {
    divan::main();
}

/// Blocks that each refer to the one before.
fn chain(blocks: usize) -> String {
    let mut text = "resource \"terraform_data\" \"r0\" {\n  input = \"x\"\n}\n".to_owned();
    for n in 1..blocks {
        text.push_str(&format!(
            "resource \"terraform_data\" \"r{n}\" {{\n  input = terraform_data.r{}.id\n}}\n",
            n - 1
        ));
    }
    text
}

#[divan::bench(args = [10, 100, 1000])]
fn plan_a_chain(bencher: divan::Bencher<'_, '_>, blocks: usize) {
    let text = chain(blocks);
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
    bencher.bench(|| {
        let conduct = Conduct {
            clock: Arc::new(SystemClock),
            cancel: CancellationToken::new(),
            observer: Arc::new(Silent),
            directory: Default::default(),
        };
        let host = Arc::new(MemoryHost::new([("main.tf", text.as_str())]));
        let world = World { host, providers: Providers::new([]), conduct };
        let (project, _) = load(world.host.as_ref(), Path::new("."), &LocalModules, &[], "default");
        let (planned, _) = runtime.block_on(plan(&world, &project, Stored::default(), &Options::default()));
        planned.plan.changes.len()
    });
}
