//! Runs that end at any point, as if the process was killed, and the runs after them: nothing is created twice, nothing
//! that exists is forgotten, and the next run converges. Over the real journal and state files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use smform_engine::apply::record::{Entry, Record};
use smform_engine::events::{Operation, Silent};
use smform_engine::plan::walk::Options;
use smform_engine::plan::{Action, Mode, ObjectKey, Ties};
use smform_engine::providers::Providers;
use smform_engine::run::Conduct;
use smform_engine::workflow::state::{StoreRecord, decode};
use smform_engine::workflow::{World, apply, load, plan};
use smform_lang::config::LocalModules;
use smform_lang::source::MemoryHost;
use smform_provider::{Provider, SystemClock};
use smform_state::lock::LockInfo;
use smform_state::{LocalBackend, State, Store, store};
use smform_testkit::{Gate, Service, provider};
use smform_types::{Diagnostic, InstanceAddress, Value};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

/// A record whose every fact is preceded and followed by a point.
struct Watched {
    inner: StoreRecord,
    gate: Gate,
}

macro_rules! watched {
    ($self:ident, $call:expr) => {{
        $self.gate.pass().await;
        let done = $call.await;
        $self.gate.pass().await;
        done
    }};
}

type Done = Result<(), Diagnostic>;

#[async_trait]
impl Record for Watched {
    async fn intent(
        &mut self,
        object: &ObjectKey,
        operation: Operation,
        id: Option<&str>,
        entry: &Entry,
        arguments: Option<&Value>,
    ) -> Done {
        watched!(self, self.inner.intent(object, operation, id, entry, arguments))
    }

    async fn owe(&mut self, object: &ObjectKey, what: &str, entry: &Entry) -> Done {
        watched!(self, self.inner.owe(object, what, entry))
    }

    async fn unchanged(&mut self, object: &ObjectKey) -> Done {
        watched!(self, self.inner.unchanged(object))
    }

    async fn put(&mut self, object: &ObjectKey, entry: Entry) -> Done {
        watched!(self, self.inner.put(object, entry))
    }

    async fn remove(&mut self, object: &ObjectKey) -> Done {
        watched!(self, self.inner.remove(object))
    }

    async fn depose(&mut self, address: &InstanceAddress) -> Result<Option<String>, Diagnostic> {
        watched!(self, self.inner.depose(address))
    }

    async fn restore(&mut self, address: &InstanceAddress, key: &str) -> Done {
        watched!(self, self.inner.restore(address, key))
    }

    async fn reinstate(&mut self, address: &InstanceAddress, key: &str) -> Done {
        watched!(self, self.inner.reinstate(address, key))
    }

    async fn refresh(&mut self, object: &ObjectKey, value: Option<&Value>) -> Done {
        watched!(self, self.inner.refresh(object, value))
    }

    async fn tie(&mut self, object: &ObjectKey, ties: &Ties) -> Done {
        watched!(self, self.inner.tie(object, ties))
    }

    async fn relocate(&mut self, from: &InstanceAddress, to: &InstanceAddress) -> Done {
        watched!(self, self.inner.relocate(from, to))
    }

    async fn retain_data(&mut self, kept: &BTreeSet<InstanceAddress>) -> Done {
        watched!(self, self.inner.retain_data(kept))
    }

    async fn checks(&mut self, checks: &smform_engine::checks::Checks) -> Done {
        watched!(self, self.inner.checks(checks))
    }

    async fn blocks(&mut self, blocks: smform_engine::apply::record::Blocks, seen_through: bool) -> Done {
        watched!(self, self.inner.blocks(blocks, seen_through))
    }

    async fn outputs(&mut self, outputs: &BTreeMap<Arc<str>, (Value, bool)>) -> Done {
        watched!(self, self.inner.outputs(outputs))
    }
}

/// How a run ended.
#[derive(Debug, PartialEq)]
enum End {
    /// To its end, with these errors.
    Ran(Vec<String>),
    /// At a point.
    Killed,
}

/// What outlives a process: the service and the files.
struct Machine {
    service: Service,
    folder: tempfile::TempDir,
}

impl Machine {
    fn new() -> Machine {
        Machine { service: Service::default(), folder: tempfile::tempdir().expect("a folder") }
    }

    fn backend(&self) -> Arc<LocalBackend> {
        Arc::new(LocalBackend::new(self.folder.path().join("terraform.tfstate")))
    }

    fn state(&self) -> State {
        store::read(self.backend().as_ref()).expect("the state can be read")
    }

    /// One process: plans and applies, until the end or a point at which it is killed.
    async fn process(&self, text: &str, mode: Mode) -> End {
        self.process_with(text, &Options { mode, ..Options::default() }).await
    }

    async fn process_with(&self, text: &str, options: &Options) -> End {
        tokio::select! {
            biased;
            () = self.service.gate.killed() => End::Killed,
            errors = self.run(text, options) => End::Ran(errors),
        }
    }

    async fn run(&self, text: &str, options: &Options) -> Vec<String> {
        let test: Arc<dyn Provider> = Arc::new(provider(&self.service));
        let conduct = Conduct {
            clock: Arc::new(SystemClock),
            cancel: CancellationToken::new(),
            observer: Arc::new(Silent),
            directory: Default::default(),
        };
        let host = Arc::new(MemoryHost::new([("main.tf", text)]));
        let world = World { host, providers: Providers::new([test]), conduct };
        let (project, found) = load(world.host.as_ref(), Path::new("."), &LocalModules, &[], "default");
        assert!(!found.has_errors(), "{found:#?}");
        let info = LockInfo::default();
        // A killed process has given its locks back.
        let store = Store::open(self.backend(), Some((&info, Duration::ZERO))).expect("the state opens");
        let (stored, found) = decode(store.state(), store.pending(), &world.providers);
        assert!(!found.has_errors(), "{found:#?}");
        let (planned, found) = plan(&world, &project, stored, options).await;
        let errors = |found: &smform_types::Diagnostics| {
            found.iter().filter(|d| d.is_error()).map(|d| format!("{}: {}", d.summary, d.detail)).collect::<Vec<_>>()
        };
        if found.has_errors() {
            return errors(&found);
        }
        let inner = StoreRecord::new(store, world.providers.clone());
        let record = Arc::new(Mutex::new(Watched { inner, gate: self.service.gate.clone() }));
        let report = apply(&world, &project, &planned, Arc::clone(&record) as _, 4).await.into_report();
        let record = Arc::try_unwrap(record).ok().expect("nobody else has it").into_inner();
        self.service.gate.pass().await;
        record.inner.into_store().finish().expect("the state is written");
        errors(&report.diagnostics)
    }

    /// What another plan would still do.
    async fn left_to_do(&self, text: &str, mode: Mode) -> Vec<String> {
        let test: Arc<dyn Provider> = Arc::new(provider(&self.service));
        let conduct = Conduct {
            clock: Arc::new(SystemClock),
            cancel: CancellationToken::new(),
            observer: Arc::new(Silent),
            directory: Default::default(),
        };
        let host = Arc::new(MemoryHost::new([("main.tf", text)]));
        let world = World { host, providers: Providers::new([test]), conduct };
        let (project, _) = load(world.host.as_ref(), Path::new("."), &LocalModules, &[], "default");
        let (stored, _) = decode(&self.state(), &[], &world.providers);
        let (planned, found) = plan(&world, &project, stored, &Options { mode, ..Options::default() }).await;
        assert!(!found.has_errors(), "{found:#?}");
        let changes = planned.plan.changes.iter().filter(|(_, change)| change.action != Action::NoOp);
        changes.map(|(object, change)| format!("{object} {:?}", change.action)).collect()
    }

    /// What is recorded is what exists, one to one, with nothing left over from any run.
    fn sound(&self) -> Result<(), String> {
        let state = self.state();
        let ids = state.objects().filter_map(|(id, _, object)| {
            let name = object.attributes.get("id").and_then(|id| id.as_str()).map(str::to_owned);
            (&*id.address.resource.type_name == "test_thing").then_some(name).flatten()
        });
        let mut recorded: Vec<String> = ids.collect();
        recorded.sort();
        let exists = self.service.names();
        if recorded != exists {
            return Err(format!("recorded {recorded:?}, exists {exists:?}"));
        }
        if let Some((id, ..)) = state.objects().find(|(id, _, object)| id.deposed.is_some() || object.tainted) {
            return Err(format!("{} is tainted or deposed", id.address));
        }
        if self.folder.path().join("terraform.tfstate.journal").exists() {
            return Err("the journal is still there".to_owned());
        }
        Ok(())
    }
}

/// A change from one configuration to another, or to nothing.
struct Scenario {
    before: &'static str,
    after: &'static str,
    mode: Mode,
    /// Things that somebody else has made.
    given: &'static [&'static str],
}

const CREATE: Scenario =
    Scenario { before: "variable \"x\" { default = 1 }", after: CHAIN, mode: Mode::Normal, given: &[] };

const CHAIN: &str = r#"
resource "test_thing" "a" { name = "a" }
resource "test_thing" "b" {
  name_prefix = "b-"
  uses        = [test_thing.a.id]
}
resource "test_thing" "c" {
  count  = 2
  parent = test_thing.b.id
}
output "b" { value = test_thing.b.id }
"#;

const CHANGED: &str = r#"
resource "test_thing" "a" {
  name = "a"
  size = 5
}
resource "test_thing" "b" {
  name_prefix = "b-"
  image       = "new"
  uses        = [test_thing.a.id]
}
resource "test_thing" "c" {
  count  = 1
  parent = test_thing.b.id
}
output "b" { value = test_thing.b.id }
"#;

const DELETE_FIRST: &str = r#"
resource "test_thing" "a" {
  name  = "a"
  image = "IMAGE"
}
"#;

const IMPORT: &str = r#"
import {
  to = test_thing.a
  id = "old"
}
resource "test_thing" "a" {
  name  = "old"
  image = "i"
  size  = 3
}
"#;

/// Kills the run at every point there is; how many there were.
async fn at_every_point(scenario: &Scenario) -> usize {
    for points in 0.. {
        let machine = Machine::new();
        scenario.given.iter().for_each(|name| machine.service.make(name, "i"));
        assert_eq!(machine.process(scenario.before, Mode::Normal).await, End::Ran(Vec::new()));
        machine.service.gate.kill_after(points);
        let end = machine.process(scenario.after, scenario.mode).await;
        machine.service.gate.open();
        if end == End::Killed {
            let again = machine.process(scenario.after, scenario.mode).await;
            assert_eq!(again, End::Ran(Vec::new()), "after a kill at point {points}");
        } else {
            assert_eq!(end, End::Ran(Vec::new()));
        }
        let left = machine.left_to_do(scenario.after, scenario.mode).await;
        assert_eq!(left, Vec::<String>::new(), "after a kill at point {points}");
        assert_eq!(machine.sound(), Ok(()), "after a kill at point {points}; calls {:?}", machine.service.calls());
        if end != End::Killed {
            return points;
        }
    }
    0
}

#[tokio::test]
async fn creations() {
    assert!(at_every_point(&CREATE).await > 30);
}

#[tokio::test]
async fn updates_replacements_and_what_follows_from_them() {
    let scenario = Scenario { before: CHAIN, after: CHANGED, mode: Mode::Normal, given: &[] };
    assert!(at_every_point(&scenario).await > 30);
}

#[tokio::test]
async fn replacements_that_delete_first() {
    let after: &'static str = Box::leak(DELETE_FIRST.replace("IMAGE", "two").into_boxed_str());
    let before: &'static str = Box::leak(DELETE_FIRST.replace("IMAGE", "one").into_boxed_str());
    let scenario = Scenario { before, after, mode: Mode::Normal, given: &[] };
    assert!(at_every_point(&scenario).await > 10);
}

#[tokio::test]
async fn destructions() {
    let scenario = Scenario { before: CHAIN, after: CHAIN, mode: Mode::Destroy, given: &[] };
    assert!(at_every_point(&scenario).await > 15);
}

#[tokio::test]
async fn going_back_to_what_was_set_aside() {
    let text = |name: &str| {
        format!(
            "resource \"test_thing\" \"a\" {{ name = \"{name}\" }}\nresource \"test_thing\" \"b\" {{\n name = \"b\"\n uses = \
             [test_thing.a.id]\n }}"
        )
    };
    for points in 0.. {
        let machine = Machine::new();
        assert_eq!(machine.process(&text("one"), Mode::Normal).await, End::Ran(Vec::new()));
        machine.service.fail("update", "b");
        assert_ne!(machine.process(&text("two"), Mode::Normal).await, End::Ran(Vec::new()));
        machine.service.heal();
        machine.service.gate.kill_after(points);
        let end = machine.process(&text("one"), Mode::Normal).await;
        machine.service.gate.open();
        assert_eq!(machine.process(&text("one"), Mode::Normal).await, End::Ran(Vec::new()), "after a kill at {points}");
        let calls = machine.service.calls();
        assert!(!calls.contains(&"delete one".to_owned()), "after a kill at point {points}: {calls:?}");
        assert_eq!(machine.sound(), Ok(()), "after a kill at point {points}");
        if end != End::Killed {
            assert!(points > 5);
            break;
        }
    }
}

#[tokio::test]
async fn what_is_left_to_do_after_an_update() {
    let text =
        |size: u32| format!("resource \"test_thing\" \"a\" {{\n name = \"a\"\n size = {size}\n password = \"x\"\n }}");
    for points in 0.. {
        let machine = Machine::new();
        assert_eq!(machine.process(&text(1), Mode::Normal).await, End::Ran(Vec::new()));
        machine.service.gate.kill_after(points);
        let end = machine.process(&text(2), Mode::Normal).await;
        machine.service.gate.open();
        if end == End::Killed {
            assert_eq!(machine.process(&text(2), Mode::Normal).await, End::Ran(Vec::new()), "after a kill at {points}");
        }
        let calls = machine.service.calls();
        assert_eq!(calls.last().map(String::as_str), Some("paint a"), "after a kill at point {points}: {calls:?}");
        assert_eq!(machine.sound(), Ok(()), "after a kill at point {points}");
        if end != End::Killed {
            assert!(points > 5);
            break;
        }
    }
}

#[tokio::test]
async fn imports() {
    let before = "variable \"x\" { default = 1 }";
    let scenario = Scenario { before, after: IMPORT, mode: Mode::Normal, given: &["old"] };
    assert!(at_every_point(&scenario).await > 5);
}

#[tokio::test]
async fn an_object_whose_creation_was_cut_off_is_kept_when_it_has_become_healthy() {
    for points in 0..40 {
        let machine = Machine::new();
        machine.service.gate.kill_after(points);
        let end = machine.process(DELETE_FIRST, Mode::Normal).await;
        machine.service.gate.open();
        machine.process(DELETE_FIRST, Mode::Normal).await;
        let calls = machine.service.calls();
        assert!(calls == ["create a"], "killed at point {points}: {calls:?}");
        if end != End::Killed {
            return;
        }
    }
}

/// A sequence of numbers that looks random and is the same every time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^= z >> 31;
        usize::try_from(z % u64::try_from(limit.max(1)).unwrap_or(1)).unwrap_or(0)
    }
}

/// A configuration of up to four things, some of which use earlier ones.
fn configuration(numbers: &mut Numbers) -> String {
    let mut text = String::new();
    let mut earlier: Vec<&str> = Vec::new();
    for name in ["a", "b", "c", "d"] {
        if numbers.below(4) == 0 {
            continue;
        }
        text.push_str(&format!("resource \"test_thing\" \"{name}\" {{\n  name_prefix = \"{name}-\"\n"));
        text.push_str(&format!("  image = \"i{}\"\n  size = {}\n", numbers.below(2), numbers.below(3)));
        if let Some(used) = earlier.get(numbers.below(earlier.len() + 1)) {
            let argument = if numbers.below(2) == 0 {
                format!("uses = [test_thing.{used}.id]")
            } else {
                format!("parent = test_thing.{used}.id")
            };
            text.push_str(&format!("  {argument}\n"));
        }
        if numbers.below(5) == 0 {
            text.push_str("  lifecycle {\n    create_before_destroy = false\n  }\n");
        }
        text.push_str("}\n");
        earlier.push(name);
    }
    text
}

/// One life: edits, faults and kills, then a run that nothing disturbs.
async fn life(seed: u64) -> Result<(), String> {
    let mut numbers = Numbers(seed);
    let machine = Machine::new();
    let mut text = configuration(&mut numbers);
    let mut told = Vec::new();
    for _ in 0..1 + numbers.below(4) {
        if numbers.below(3) > 0 {
            text = configuration(&mut numbers);
        }
        if numbers.below(3) == 0 {
            let operation = ["create", "update", "delete"].get(numbers.below(3)).copied().unwrap_or("create");
            for name in machine.service.names() {
                machine.service.fail(operation, &name);
            }
        }
        if numbers.below(6) == 0 {
            machine.service.lose_answers();
        }
        if numbers.below(2) == 0 {
            machine.service.gate.kill_after(numbers.below(40));
        }
        let mode = if numbers.below(6) == 0 { Mode::Destroy } else { Mode::Normal };
        let target = ["test_thing.a", "test_thing.c"].get(numbers.below(10)).copied();
        let targets = target.iter().filter_map(|target| target.parse().ok()).collect();
        let end = machine.process_with(&text, &Options { mode, targets, ..Options::default() }).await;
        told.push(format!("{mode:?} {target:?} {end:?}\n{text}"));
        machine.service.gate.open();
        machine.service.heal();
    }
    for _ in 0..2 {
        let end = machine.process(&text, Mode::Normal).await;
        if end != End::Ran(Vec::new()) {
            return Err(format!("seed {seed}: {end:?}\n{}", told.join("\n")));
        }
    }
    let left = machine.left_to_do(&text, Mode::Normal).await;
    let sound = machine.sound().and(if left.is_empty() { Ok(()) } else { Err(format!("left to do: {left:?}")) });
    sound.map_err(|why| format!("seed {seed}: {why}\ncalls {:?}\n{}", machine.service.calls(), told.join("\n")))
}

/// `SMFORM_SEED` repeats one life, `SMFORM_LIVES` says how many there are.
#[test]
fn lives_of_edits_faults_and_kills_end_well() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seeds = match number("SMFORM_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("SMFORM_LIVES").unwrap_or(3_000),
    };
    // Lives wait for the disk most of the time.
    let lanes = u64::try_from(4 * std::thread::available_parallelism().map_or(1, usize::from)).unwrap_or(4);
    let lane = |first: u64| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let mut seeds = seeds.clone().filter(|seed| seed % lanes == first);
        seeds.try_for_each(|seed| runtime.block_on(life(seed)).map_err(|why| (seed, why)))
    };
    std::thread::scope(|scope| {
        let lanes: Vec<_> = (0..lanes).map(|first| scope.spawn(move || lane(first))).collect();
        for ended in lanes {
            if let Err((seed, why)) = ended.join().expect("no panic") {
                panic!("{why}\nTo repeat: SMFORM_SEED={seed} cargo test -p smform-engine lives_of_edits");
            }
        }
    });
}
