//! Applying: interprets the steps of a plan, concurrently, in their order. It makes no choice of its own.
//!
//! One task owns the values; operations on objects run concurrently and come back to it. What succeeds is recorded at
//! once; when a step fails, only what needs it is skipped.

mod beside;
pub mod conform;
mod finish;
mod late;
pub mod operation;
pub mod provision;
pub mod record;
mod refreshed;
pub mod stale;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt};
use petgraph::Direction;
use petgraph::graph::NodeIndex;
use smform_lang::config::Resource;
use smform_lang::config::provisioner::When;
use smform_provider::{Former, Session};
use smform_types::{
    Diagnostic, Diagnostics, InstanceAddress, ModuleInstance, ResourceConfigAddress, ResourceMode, Type, Value,
};
use tokio::sync::{Mutex, Semaphore};

use crate::blocks::Checked;
use crate::checks::Subject;
use crate::conceal::{concealed, secrets_of};
use crate::graph::ProviderKey;
use crate::plan::steps::Step;
use crate::plan::stored::{Stored, StoredObject, is_one};
use crate::plan::{Action, Change, Counts, ObjectKey, Plan};
use crate::providers::Providers;
use crate::run::Conduct;
use crate::values::evaluate::Setting;
use crate::values::expand::expand;
use crate::values::{Repetition, Values};
use operation::{Job, Made, NotDeleted, Review, Superseded, Work};
use provision::Prepared;
use record::{Blocks, Entry, Record, is_unrecorded};

/// The data sources that a plan has read, by address.
pub type Data = BTreeMap<InstanceAddress, (ProviderKey, Value)>;

/// What an apply needs besides the plan.
pub struct Apply<'a> {
    /// How to evaluate, in the apply phase.
    pub setting: Setting<'a>,
    /// Who works.
    pub providers: &'a Providers,
    /// What to do.
    pub plan: &'a Plan,
    /// What was recorded when the plan was made, moves applied.
    pub stored: &'a Stored,
    /// Data sources that the plan has read.
    pub data: &'a Data,
    /// Providers that are connected already.
    pub sessions: BTreeMap<ProviderKey, Arc<dyn Session>>,
    /// Where outcomes are recorded.
    pub record: Arc<Mutex<dyn Record>>,
    /// How many operations run at once.
    pub parallelism: usize,
    /// Time, cancellation, events.
    pub conduct: Conduct,
}

/// How a run ended.
#[derive(Debug)]
#[must_use = "a run that was stopped, or failed in part, must be reported"]
pub enum RunOutcome {
    /// Every step was tried.
    Completed(Report),
    /// The user stopped it: some steps were not begun.
    Stopped(Report),
}

impl RunOutcome {
    /// The report, however it ended.
    pub fn into_report(self) -> Report {
        match self {
            RunOutcome::Completed(report) | RunOutcome::Stopped(report) => report,
        }
    }
}

/// What a run did.
#[derive(Debug, Default)]
pub struct Report {
    /// Objects worked on with success.
    pub done: Counts,
    /// Objects on which work failed.
    pub failed: BTreeSet<ObjectKey>,
    /// Objects on which the service still works: the run no longer waits for it.
    pub under_way: BTreeSet<ObjectKey>,
    /// Objects on which no work was begun, since something that they need failed, or the user stopped the run.
    pub skipped: BTreeSet<ObjectKey>,
    /// The root outputs afterwards.
    pub outputs: BTreeMap<Arc<str>, Value>,
    /// Messages.
    pub diagnostics: Diagnostics,
    /// Everything that was evaluated.
    pub values: Values,
}

impl Report {
    /// Notes an object on which the work did not end well.
    fn not_done(&mut self, object: ObjectKey, under_way: bool) {
        if under_way {
            self.under_way.insert(object)
        } else {
            self.failed.insert(object)
        };
    }
}

/// Messages, with the one that nothing can be recorded told once, and of no object.
fn said_once(found: Diagnostics) -> Diagnostics {
    let mut is_first = true;
    let told = found.into_iter().filter_map(|message| {
        if !is_unrecorded(&message) {
            return Some(message);
        }
        let first = std::mem::take(&mut is_first);
        first.then_some(Diagnostic { address: None, span: None, ..message })
    });
    told.collect()
}

/// Applies a plan.
pub async fn apply(apply: Apply<'_>) -> RunOutcome {
    let plan = apply.plan;
    let mut executor = Executor {
        apply: &apply,
        sessions: apply.sessions.clone(),
        values: Values::of(apply.setting.config),
        recorded: apply.stored.by_resource(),
        blocks: Blocks::new(),
        deposed: BTreeMap::new(),
        report: Report::default(),
        running: FuturesUnordered::new(),
        permits: Arc::new(Semaphore::new(apply.parallelism.max(1))),
        failed: BTreeSet::new(),
        unrecorded: false,
        superseded: Vec::new(),
        read: BTreeSet::new(),
    };
    if let Err(error) = executor.record_refreshed().await {
        executor.report.diagnostics.push(error);
        return RunOutcome::Completed(executor.report);
    }
    if plan.record_only {
        return executor.record_values().await;
    }
    executor.run().await;
    executor.look_again().await;
    executor.finish().await
}

struct Executor<'a> {
    apply: &'a Apply<'a>,
    sessions: BTreeMap<ProviderKey, Arc<dyn Session>>,
    values: Values,
    /// What is recorded, by resource block.
    recorded: BTreeMap<ResourceConfigAddress, Vec<(&'a ObjectKey, &'a StoredObject)>>,
    /// The providers of the blocks that were come to.
    blocks: Blocks,
    /// The keys of the objects that replacements have set aside.
    deposed: BTreeMap<InstanceAddress, String>,
    report: Report,
    running: FuturesUnordered<BoxFuture<'a, (NodeIndex, Done)>>,
    permits: Arc<Semaphore>,
    failed: BTreeSet<NodeIndex>,
    /// Whether something could not be recorded: then nothing more is begun.
    unrecorded: bool,
    /// What an earlier run was about to create, where this one has created another object.
    superseded: Vec<(ObjectKey, Superseded)>,
    /// The data sources that were read, whatever their postconditions say.
    read: BTreeSet<InstanceAddress>,
}

enum Done {
    Provider(ProviderKey, Result<Arc<dyn Session>, Diagnostics>),
    Work(Box<Made>),
    Removed(ObjectKey, Action, Result<(), NotDeleted>),
    /// The user stopped the run before it was the step's turn.
    NotBegun,
}

impl<'a> Executor<'a> {
    async fn run(&mut self) {
        let steps = self.apply.plan.steps.graph();
        let mut waiting: BTreeMap<NodeIndex, usize> = BTreeMap::new();
        for index in steps.node_indices() {
            waiting.insert(index, steps.neighbors_directed(index, Direction::Incoming).count());
        }
        let mut ready: VecDeque<NodeIndex> =
            steps.node_indices().filter(|index| waiting.get(index) == Some(&0)).collect();
        loop {
            while let Some(index) = ready.pop_front() {
                if !self.start(index).await {
                    self.release(index, &mut waiting, &mut ready);
                }
            }
            let Some((index, done)) = self.next_done().await else { break };
            let done = match done {
                Done::Work(made) if made.unfinished.is_some() => {
                    self.provision(index, *made);
                    continue;
                }
                Done::NotBegun => {
                    self.leave(index);
                    self.release(index, &mut waiting, &mut ready);
                    continue;
                }
                done => done,
            };
            if self.accept(done) {
                self.failed.insert(index);
            }
            self.release(index, &mut waiting, &mut ready);
        }
    }

    /// Waits for the next step that ends; nothing when none is under way.
    async fn next_done(&mut self) -> Option<(NodeIndex, Done)> {
        loop {
            let waited = tokio::time::timeout(PATIENCE, self.running.next()).await;
            match waited {
                Ok(done) => return done,
                Err(_) => self.apply.record.lock().await.time_passes().await,
            }
        }
    }

    fn release(&self, index: NodeIndex, waiting: &mut BTreeMap<NodeIndex, usize>, ready: &mut VecDeque<NodeIndex>) {
        for next in self.apply.plan.steps.graph().neighbors_directed(index, Direction::Outgoing) {
            if let Some(count) = waiting.get_mut(&next) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    ready.push_back(next);
                }
            }
        }
    }

    /// Begins a step; whether it goes on in the background.
    async fn start(&mut self, index: NodeIndex) -> bool {
        let steps = self.apply.plan.steps.graph();
        let Some(step) = steps.node_weight(index) else { return false };
        let blocked = steps.neighbors_directed(index, Direction::Incoming).any(|needed| self.failed.contains(&needed));
        let is_over = self.unrecorded || self.apply.conduct.cancel.is_cancelled();
        if blocked || (is_over && is_work(step)) {
            self.leave(index);
            return false;
        }
        let before = self.report.diagnostics.len();
        let background = match step {
            Step::Configure(key) => self.configure(index, key),
            Step::Evaluate(node) => {
                let messages = self.apply.setting.node(node, &mut self.values);
                self.report.diagnostics.extend(messages);
                false
            }
            Step::Expand(resource) => {
                self.expand(resource).await;
                false
            }
            Step::Create(address) | Step::Update(address) | Step::Read(address) => self.make(index, address),
            Step::Delete(object) => self.delete(index, object.clone(), None),
            Step::DeleteOld(address) => {
                let deposed = self.deposed.get(address).cloned();
                self.delete(index, ObjectKey { address: address.clone(), deposed: None }, deposed)
            }
            Step::Forget(object) => {
                let removed = self.apply.record.lock().await.remove(object).await;
                self.report.diagnostics.extend(removed.err());
                false
            }
            Step::Complete(_) | Step::Gone(_) => false,
        };
        self.unrecorded |= self.report.diagnostics.iter().skip(before).any(is_unrecorded);
        if self.report.diagnostics.iter().skip(before).any(Diagnostic::is_error) {
            self.failed.insert(index);
            if let Some(object) = object_of(step) {
                self.report.failed.insert(object);
            }
        }
        background
    }

    /// Leaves a step undone, and with it what needs it.
    fn leave(&mut self, index: NodeIndex) {
        self.failed.insert(index);
        self.report.skipped.extend(self.apply.plan.steps.graph().node_weight(index).and_then(object_of));
    }

    /// Begins work in the background when it is its turn, if the run is not being stopped by then.
    fn spawn(&mut self, index: NodeIndex, work: impl Future<Output = Done> + Send + 'a) -> bool {
        let cancel = self.apply.conduct.cancel.clone();
        self.go_on(index, async move { if cancel.is_cancelled() { Done::NotBegun } else { work.await } });
        true
    }

    /// Goes on in the background with work that has begun, when it is its turn.
    fn go_on(&mut self, index: NodeIndex, work: impl Future<Output = Done> + Send + 'a) {
        let permits = Arc::clone(&self.permits);
        self.running.push(Box::pin(async move {
            // The semaphore is never closed; should it be, the work is still done, only not limited.
            let _permit = permits.acquire_owned().await.ok();
            (index, work.await)
        }));
    }

    /// Takes what came back; whether the step failed.
    fn accept(&mut self, done: Done) -> bool {
        let before = self.report.diagnostics.len();
        match done {
            Done::Provider(key, result) => {
                if let Some(session) = self.report.diagnostics.take(result) {
                    self.sessions.insert(key, session);
                }
            }
            Done::Work(made) => self.made(*made),
            Done::Removed(object, action, result) => match result {
                Ok(()) => {
                    if action != Action::Forget {
                        self.report.done.destroy += 1;
                    }
                }
                Err(NotDeleted { diagnostics, under_way }) => {
                    self.report.not_done(object, under_way);
                    self.report.diagnostics.extend(diagnostics);
                }
            },
            Done::NotBegun => {}
        }
        self.unrecorded |= self.report.diagnostics.iter().skip(before).any(is_unrecorded);
        self.report.diagnostics.iter().skip(before).any(Diagnostic::is_error)
    }

    fn made(&mut self, mut made: Made) {
        let address = made.object.address.clone();
        let block = self.block_of(&address).filter(|_| made.diagnostics.has_errors());
        if let Some((block, check)) = block.and_then(|block| Some((block, block.check.as_ref()?))) {
            made.diagnostics = self.values.checks.data_failed(&address.module, check, block, made.diagnostics);
            let planned = self.apply.plan.changes.get(&made.object).and_then(|change| change.after.clone());
            made.value = planned.map(|value| value.map_deep(&mut |part| Value::unknown(part.ty())));
        }
        if made.action == Action::Read && !made.diagnostics.has_errors() {
            self.read.insert(address.clone());
        }
        self.superseded.extend(made.superseded.take().map(|superseded| (made.object.clone(), superseded)));
        if let Some(key) = made.deposed {
            self.deposed.insert(address.clone(), key);
        }
        if let Some(value) = made.value {
            self.values.set_instance(&address, value.clone());
            if !made.diagnostics.has_errors() {
                made.diagnostics.extend(self.postconditions(&address, value));
            }
        }
        // What is only not recorded is done all the same.
        if made.diagnostics.iter().any(|message| message.is_error() && !is_unrecorded(message)) {
            self.report.not_done(made.object, made.under_way);
        } else {
            match made.action {
                Action::Create | Action::Replace(_) => self.report.done.add += 1,
                Action::Update => self.report.done.change += 1,
                _ => {}
            }
        }
        self.report.diagnostics.extend(made.diagnostics);
    }

    /// Runs the provisioners of an object that was just created.
    fn provision(&mut self, index: NodeIndex, mut made: Made) {
        let Some(unfinished) = made.unfinished.take() else { return };
        let address = made.object.address.clone();
        let own = made.value.clone().unwrap_or_else(|| Value::null(smform_types::Type::Dynamic));
        let setting = self.apply.setting;
        let commands = setting.provisioners(&address, When::Create);
        let prepared = setting.prepare(&address, &commands, self.repetition(&address), own, &self.values);
        let context = self.block_of(&address).map(crate::blocks::block_context).unwrap_or_default();
        self.go_on(index, async move {
            let mut made = unfinished.provision(made, prepared).await;
            made.diagnostics = crate::values::evaluate::within(made.diagnostics, &context);
            Done::Work(Box::new(made))
        });
    }

    /// The commands that run before an object is destroyed. One that is tainted or set aside has none.
    fn farewell(&self, object: &ObjectKey, before: &Value) -> Result<Vec<Prepared>, Diagnostics> {
        let setting = self.apply.setting;
        let commands = setting.provisioners(&object.address, When::Destroy);
        let tainted = self.apply.stored.objects.get(object).is_some_and(|stored| stored.tainted);
        if commands.is_empty() || object.deposed.is_some() || tainted {
            return Ok(Vec::new());
        }
        let repetition = match &object.address.key {
            Some(smform_types::InstanceKey::Name(name)) => {
                let each = Some((Value::string(&**name), Value::unknown(smform_types::Type::Dynamic)));
                Repetition { each, count: None }
            }
            key => crate::values::Instances::Single.repetition(key.as_ref()),
        };
        setting.prepare(&object.address, &commands, repetition, before.clone(), &self.values)
    }

    /// The object stays when a postcondition does not hold; what depends on it is skipped.
    fn postconditions(&mut self, address: &InstanceAddress, value: Value) -> Diagnostics {
        let setting = self.apply.setting;
        let Some(block) = setting.config.resource(&address.config()) else { return Diagnostics::new() };
        let (found, outcome) =
            setting.postconditions(address, block, self.repetition(address), Some(value), &self.values);
        self.values.checks.record_resource(address, outcome);
        found
    }

    /// The block of an instance in configuration.
    fn block_of(&self, address: &InstanceAddress) -> Option<&'a Resource> {
        self.apply.setting.config.resource(&address.config())
    }

    fn preconditions(&mut self, address: &InstanceAddress, block: &Resource) -> Diagnostics {
        let setting = self.apply.setting;
        let (found, outcome) = setting.preconditions(address, block, self.repetition(address), &self.values);
        self.values.checks.record_resource(address, outcome);
        found
    }

    fn configure(&mut self, index: NodeIndex, key: &ProviderKey) -> bool {
        if self.sessions.contains_key(key) {
            return false;
        }
        let apply = self.apply;
        let Some(provider) = apply.providers.of_key(apply.setting.config, key).cloned() else { return false };
        let (config, messages) = apply.setting.provider_config(key, provider.as_ref(), &self.values);
        let failed = messages.has_errors();
        self.report.diagnostics.extend(messages);
        if failed {
            return false;
        }
        let (clock, key, conduct) = (Arc::clone(&apply.conduct.clock), key.clone(), apply.conduct.clone());
        let place = apply.setting.provider_place(&key);
        let updates = stale::updates(apply, &key);
        self.spawn(index, async move {
            // When the user stops, what needs the provider is left out, as if it had not been begun.
            let result = conduct.unless_cancelled(provider.configure(config, clock)).await;
            let result = result.unwrap_or_else(|| Err(Diagnostics::new()));
            let result = result.map_err(|errors| errors.map(|error| error.at(place)));
            let result = match result {
                // A plan that has just been made has its providers connected already.
                Ok(session) => stale::checked(session, updates, &conduct).await,
                Err(errors) => Err(errors),
            };
            Done::Provider(key, result)
        })
    }

    /// Finds the instances of a block again, with the values of those that do not change.
    async fn expand(&mut self, resource: &ResourceConfigAddress) {
        let setting = self.apply.setting;
        let Some(block) = setting.config.resource(resource) else { return };
        let key = self.apply.providers.key(setting.config, &resource.module, block);
        let provider = key.ok().map(|key| self.apply.providers.state_address(setting.config, &key));
        self.values.come_to(&resource.module, &Subject::Resource(resource.resource.clone()));
        for at in self.values.module_instances(&resource.module) {
            let expanded = match setting.scope(&at, &self.values, Repetition::default(), None) {
                Some(scope) => {
                    let evaluator = smform_lang::eval::Evaluator::new(&scope, setting.functions);
                    expand(&evaluator, &block.repetition)
                }
                None => continue,
            };
            let Some(instances) = self.report.diagnostics.take(expanded) else { continue };
            self.values.set_resource(&at, &resource.resource, instances.clone());
            let named = provider.clone().map(|provider| ((at.clone(), resource.resource.clone()), provider));
            self.blocks.extend(named);
            self.values.checks.expand_resource(&at, &resource.resource, instances.keys());
            self.leave_over(&at, resource);
            for key in instances.keys() {
                let address = InstanceAddress { module: at.clone(), resource: resource.resource.clone(), key };
                let recorded = self.settled(&address).await;
                self.report.diagnostics.extend(recorded.err());
                // What data sources promise was looked at when they were read, and is not again; and what targets leave
                // out is not looked at.
                let is_planned =
                    self.apply.plan.changes.contains_key(&ObjectKey { address: address.clone(), deposed: None });
                let is_looked_at = resource.resource.mode == ResourceMode::Managed && is_planned;
                if let Some(value) =
                    self.values.instance(&address).cloned().filter(|value| is_looked_at && value.is_known())
                {
                    let mut found = self.preconditions(&address, block);
                    found.extend(self.postconditions(&address, value));
                    self.report.diagnostics.extend(found);
                }
            }
        }
    }

    /// Sets the values of the objects that belong to no instance of a block, and that this run leaves alone.
    fn leave_over(&mut self, at: &ModuleInstance, resource: &ResourceConfigAddress) {
        let recorded = self.recorded.get(resource).into_iter().flatten();
        for (object, stored) in recorded.filter(|(object, _)| object.deposed.is_none() && object.address.module == *at)
        {
            if !self.apply.plan.changes.contains_key(*object) {
                self.values.leave_over(&object.address, stored.value.clone());
            }
        }
    }

    /// Sets the value of an instance that this run does not change.
    async fn settled(&mut self, address: &InstanceAddress) -> Result<(), Diagnostic> {
        let object = ObjectKey { address: address.clone(), deposed: None };
        if let Some((provider, value)) = self.apply.data.get(address) {
            self.values.set_instance(address, value.clone());
            let entry = Entry::data(self.apply, provider, address, value.clone());
            return self.apply.record.lock().await.put(&object, entry).await;
        }
        let value = match self.apply.plan.changes.get(&object) {
            Some(change) if change.action == Action::NoOp => change.before.clone(),
            Some(_) => None,
            None => self.apply.stored.objects.get(&object).map(|stored| stored.value.clone()),
        };
        match value {
            Some(value) => self.values.set_instance(address, value),
            None if self.apply.plan.changes.contains_key(&object) => {}
            None if address.key.is_some() => self.values.leave_out(address),
            // What is not there, and not made by this run, is unknown.
            None => {
                let providers = self.apply.providers;
                let provider = providers.offering(address.resource.mode, &address.resource.type_name);
                let schema = provider
                    .and_then(|provider| provider.resource_schema(address.resource.mode, &address.resource.type_name));
                self.values
                    .set_instance(address, Value::unknown(schema.map_or(Type::Dynamic, |schema| schema.block.ty())));
            }
        }
        Ok(())
    }

    fn make(&mut self, index: NodeIndex, address: &InstanceAddress) -> bool {
        let apply = self.apply;
        let object = ObjectKey { address: address.clone(), deposed: None };
        let Some(change) = apply.plan.changes.get(&object) else { return false };
        let Some(block) = apply.setting.config.resource(&address.config()) else { return false };
        let Some(session) = self.session(&change.provider, address) else { return false };
        let repetition = self.repetition(address);
        let provider = apply.providers.of_key(apply.setting.config, &change.provider);
        let mode = address.resource.mode;
        let Some((provider, schema)) =
            provider.and_then(|p| Some((p, p.resource_schema(mode, &address.resource.type_name)?)))
        else {
            return false;
        };
        let found = self.preconditions(address, block);
        let failed = found.has_errors();
        self.report.diagnostics.extend(found);
        if failed {
            return false;
        }
        let (setting, as_instance) = (&apply.setting, Checked::Instance);
        let evaluated =
            setting.resource_config(address, block, as_instance, repetition, &self.values, provider.as_ref());
        let Some((config, marks, _)) = self.report.diagnostics.take(evaluated) else { return false };
        if mode == ResourceMode::Managed && !config.is_wholly_known() {
            let detail = "Not all that its arguments refer to is known even now, as targets leave some of it out. Nothing was \
                          changed here. Name that as targets as well, or apply without -target.";
            let error = Diagnostic::error("Configuration contains unknown value", detail);
            self.report.diagnostics.extend(crate::blocks::locate(error.about(address).into(), block));
            return false;
        }
        let review = self.review(&session, change);
        let job = Job {
            review,
            change: change.clone(),
            former: former(change, apply.stored),
            session,
            config,
            marks,
            ignore: block.lifecycle.ignore_changes.clone(),
            block: schema.block.clone(),
            entry: Entry::planned(apply, change),
            record: Arc::clone(&apply.record),
            conduct: apply.conduct.clone(),
            owed: apply.stored.owed.get(&change.object).cloned(),
            sought: late::sought(apply, &change.object),
            provisioned: !apply.setting.provisioners(address, When::Create).is_empty(),
            notes: Diagnostics::new(),
        };
        let block = block.clone();
        self.spawn(index, async move {
            let mut made = job.make().await;
            made.diagnostics = crate::blocks::locate(std::mem::take(&mut made.diagnostics), &block);
            Done::Work(Box::new(made))
        })
    }

    /// What the type wants to see when it judges the object once more, now that everything is known; nothing when it does
    /// not judge it again.
    fn review(&self, session: &Arc<dyn Session>, change: &Change) -> Option<Review> {
        let types = session.judged_beside(&change.object.address.resource.type_name);
        if types.is_empty() {
            return None;
        }
        let came_to_nothing = self.report.failed.iter().chain(&self.report.skipped).collect();
        let beside = beside::changes(self.apply, &self.values, &came_to_nothing, types);
        let address = change.object.address.to_string();
        let of_object = |warning: &&Diagnostic| warning.address.as_ref() == Some(&address);
        Some(Review { beside, told: self.apply.plan.warnings.iter().filter(of_object).cloned().collect() })
    }

    /// Who works on an object.
    fn session(&self, key: &ProviderKey, address: &InstanceAddress) -> Option<Arc<dyn Session>> {
        let overridden = self.apply.setting.overrides.session(address, self.apply.providers);
        overridden.or_else(|| self.sessions.get(key).cloned())
    }

    fn repetition(&self, address: &InstanceAddress) -> Repetition {
        let instances = self.values.instances(&address.module, &address.resource);
        instances.map(|instances| instances.repetition(address.key.as_ref())).unwrap_or_default()
    }

    fn delete(&mut self, index: NodeIndex, object: ObjectKey, deposed: Option<String>) -> bool {
        let apply = self.apply;
        let Some(change) = apply.plan.changes.get(&object) else { return false };
        let (Some(session), Some(before)) = (self.session(&change.provider, &object.address), change.before.clone())
        else {
            return false;
        };
        let object = ObjectKey { deposed: deposed.or(object.deposed), ..object };
        if object.deposed.is_some() && self.is_current(&object.address, &before) {
            let record = Arc::clone(&apply.record);
            // Its replacement was told as one object less.
            let action = if change.object.deposed.is_some() { Action::Forget } else { change.action };
            return self.spawn(index, async move {
                let removed = record.lock().await.remove(&object).await;
                Done::Removed(object, action, removed.map_err(|error| Diagnostics::from(error).into()))
            });
        }
        let Some(commands) = self.report.diagnostics.take(self.farewell(&object, &before)) else { return false };
        let entry = Entry::planned(apply, change);
        let work = Work {
            object: object.clone(),
            session,
            entry,
            record: Arc::clone(&apply.record),
            conduct: apply.conduct.clone(),
            commands,
        };
        let action = change.action;
        let context = self.block_of(&object.address).map(crate::blocks::block_context).unwrap_or_default();
        self.spawn(index, async move {
            let secrets = secrets_of(&before);
            let gone = work.delete(before.unmark_deep().0).await;
            let located = |error: Diagnostic| if error.span.is_some() { error.within(&context) } else { error };
            let told =
                |not: NotDeleted| NotDeleted { diagnostics: concealed(not.diagnostics.map(located), &secrets), ..not };
            Done::Removed(object, action, gone.map_err(told))
        })
    }

    /// Whether an object that was set aside is the one that is there now: it gave way to one that has its name, or that was
    /// made by saying the same once more. Deleting it would delete what has just been made.
    fn is_current(&self, address: &InstanceAddress, set_aside: &Value) -> bool {
        let stays = self.apply.plan.changes.get(&ObjectKey { address: address.clone(), deposed: None });
        let stays = stays.is_some_and(|change| !matches!(change.action, Action::Delete | Action::Forget));
        let plain = |value: &Value| value.clone().unmark_deep().0;
        stays && self.values.instance(address).is_some_and(|now| is_one(&plain(now), &plain(set_aside)))
    }
}

/// What the new object of a change takes the place of.
fn former(change: &Change, stored: &Stored) -> Former {
    let plain = |value: &Value| value.clone().unmark_deep().0;
    match (change.action, &change.before) {
        (Action::Replace(_), Some(before)) => Former::Replaced(plain(before)),
        // The plan has found that what is recorded is not there any more.
        (Action::Create, _) => {
            stored.objects.get(&change.object).map_or(Former::Nothing, |recorded| Former::Gone(plain(&recorded.value)))
        }
        _ => Former::Nothing,
    }
}

/// How long nothing may end until the record is told that time passes.
const PATIENCE: Duration = Duration::from_secs(5);

/// Whether a step touches an object; the others only compute.
const fn is_work(step: &Step) -> bool {
    matches!(
        step,
        Step::Create(_) | Step::Update(_) | Step::Delete(_) | Step::DeleteOld(_) | Step::Read(_) | Step::Forget(_)
    )
}

fn object_of(step: &Step) -> Option<ObjectKey> {
    match step {
        Step::Create(address) | Step::Update(address) | Step::DeleteOld(address) => {
            Some(ObjectKey { address: address.clone(), deposed: None })
        }
        Step::Delete(object) | Step::Forget(object) => Some(object.clone()),
        _ => None,
    }
}
