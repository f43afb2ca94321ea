//! The walk: visits the graph in dependency order, evaluates, reads and asks, and collects what was decided.
//!
//! One task owns everything that is known; only questions to providers run concurrently, and their answers come back
//! to it. So there are no locks, and evaluation order never depends on timing.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt};
use smform_provider::{SameName, Session};
use smform_types::{Diagnostic, Diagnostics, InstanceAddress, ModuleInstance, ResourceConfigAddress, Type, Value};
use tokio::sync::Semaphore;

use super::imports::Imports;
use super::instance::{Answer, Question, ask};
use super::stored::{Stored, StoredObject};
use super::target::{Selection, Target};
use super::{Change, Drift, Mode, ObjectKey, Ties, order};
use crate::checks::Subject;
use crate::conceal::concealed;
use crate::graph::{Graph, Node, ProviderKey};
use crate::providers::Providers;
use crate::run::Conduct;
use crate::values::Values;
use crate::values::evaluate::Setting;

/// What the user asked for.
#[derive(Clone, Debug)]
pub struct Options {
    /// What kind of plan.
    pub mode: Mode,
    /// Whether to read live objects first.
    pub refresh: bool,
    /// How many operations run at once.
    pub parallelism: usize,
    /// Limits.
    pub targets: Vec<Target>,
    /// Instances to replace.
    pub replace: Vec<InstanceAddress>,
    /// Instances to replace since they go with what they are parts of.
    pub along: BTreeSet<InstanceAddress>,
    /// Objects to bring into the state as they are.
    pub adopt: Adopt,
    /// Whether this only looks at everything before it is destroyed.
    pub before_destroy: bool,
    /// Whether what was read is recorded and nothing else is done, so that nobody need be asked whether more would work.
    pub record_only: bool,
}

/// Objects to bring into the state as they are. When there are any, the plan is about nothing else, and the arguments
/// of their blocks are not looked at: they may still have to be written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Adopt {
    /// None: an ordinary plan.
    #[default]
    Nothing,
    /// These, by their identifiers.
    Objects(Imports),
    /// Those that `import` blocks name, among the targets.
    Blocks,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            mode: Mode::Normal,
            refresh: true,
            parallelism: 10,
            targets: Vec::new(),
            replace: Vec::new(),
            along: BTreeSet::new(),
            adopt: Adopt::Nothing,
            before_destroy: false,
            record_only: false,
        }
    }
}

/// What the walk needs to know.
pub struct Walk<'a> {
    /// How to evaluate.
    pub setting: Setting<'a>,
    /// Who plans.
    pub providers: &'a Providers,
    /// In what order.
    pub graph: &'a Graph,
    /// What is recorded.
    pub stored: &'a Stored,
    /// What the user asked for.
    pub options: &'a Options,
    /// Time, cancellation, events.
    pub conduct: Conduct,
}

/// What the walk found.
#[derive(Default)]
pub struct Found {
    /// What was decided for each object.
    pub changes: BTreeMap<ObjectKey, Change>,
    /// Replacements that would take the name of the object they replace.
    pub same_names: BTreeMap<InstanceAddress, SameName>,
    /// The names that have to be free before new objects can be made.
    pub names_first: BTreeMap<InstanceAddress, SameName>,
    /// Replacements whose old object cannot go before what uses it.
    pub delete_last: BTreeSet<InstanceAddress>,
    /// Whether an object may use others besides those that its type tells of.
    pub uses_more: bool,
    /// What differs from the record.
    pub drift: Vec<Drift>,
    /// What else is to be recorded differently.
    pub ties: BTreeMap<ObjectKey, Ties>,
    /// Objects that an earlier run began to create and that exist.
    pub adopted: BTreeMap<ObjectKey, Value>,
    /// Objects that an earlier run may have begun to create and that do not exist.
    pub absent: BTreeSet<ObjectKey>,
    /// Data sources that were read.
    pub data: BTreeMap<InstanceAddress, (ProviderKey, Value)>,
    /// Everything that was evaluated.
    pub values: Values,
    /// The configured providers.
    pub sessions: BTreeMap<ProviderKey, Arc<dyn Session>>,
    /// The vertices that were worked on.
    pub visited: BTreeSet<Node>,
    /// Messages.
    pub diagnostics: Diagnostics,
}

/// An answer that came back.
pub(super) enum Done<'a> {
    Provider(ProviderKey, Result<Arc<dyn Session>, Diagnostics>),
    Instance(Box<super::resource::Pending<'a>>, Box<Result<Answer, Diagnostics>>),
    Data(Box<super::data::PendingData<'a>>, Result<Value, Diagnostics>),
}

pub(super) struct Walker<'a> {
    pub(super) walk: &'a Walk<'a>,
    pub(super) selection: Selection,
    pub(super) found: Found,
    /// What is recorded, by resource block.
    pub(super) recorded: BTreeMap<ResourceConfigAddress, Vec<(&'a ObjectKey, &'a StoredObject)>>,
    pub(super) dependencies: BTreeMap<ResourceConfigAddress, BTreeSet<ResourceConfigAddress>>,
    /// The resources that are to be created first when they are replaced.
    pub(super) first: order::CreatedFirst,
    /// What `import` blocks say of the resources that were visited.
    pub(super) imports: Imports,
    pub(super) running: FuturesUnordered<BoxFuture<'a, Done<'a>>>,
    permits: Arc<Semaphore>,
    outstanding: BTreeMap<Node, usize>,
    failed: BTreeSet<Node>,
}

/// Walks.
pub async fn walk(walk: &Walk<'_>) -> Found {
    let selection = Selection::new(walk.graph, walk.stored, walk.options.mode, &walk.options.targets);
    let nodes = scope_of(walk.graph, walk.stored, walk.options.mode, &selection);
    let order = match walk.graph.order(&walk.setting.config.sources) {
        Ok(order) => order,
        Err(errors) => return Found { diagnostics: errors, ..Found::default() },
    };
    let dependencies = walk.graph.resource_dependencies();
    let first = order::CreatedFirst::new(walk.setting.config, walk.graph, &dependencies, &selection);
    let mut walker = Walker {
        walk,
        selection,
        first,
        found: Found { values: Values::of(walk.setting.config), ..Found::default() },
        recorded: walk.stored.by_resource(),
        dependencies,
        imports: Imports::new(),
        running: FuturesUnordered::new(),
        permits: Arc::new(Semaphore::new(walk.options.parallelism.max(1))),
        outstanding: BTreeMap::new(),
        failed: BTreeSet::new(),
    };
    let only_along: BTreeSet<Node> = walker.selection.only_along().collect();
    let mut waiting: BTreeMap<&Node, usize> = BTreeMap::new();
    for node in order.iter().filter(|node| nodes.contains(node) || only_along.contains(node)) {
        let count = walk.graph.dependencies(node).filter(|needed| nodes.contains(needed)).count();
        waiting.insert(node, count);
    }
    let mut ready: VecDeque<&Node> = order.iter().filter(|node| waiting.get(node) == Some(&0)).collect();
    loop {
        while let Some(node) = ready.pop_front() {
            walker.start(node);
            if !walker.outstanding.contains_key(node) {
                release(walk.graph, node, &mut waiting, &mut ready);
            }
        }
        // What is being asked only reads, so it can be left unanswered.
        let Some(Some(done)) = walk.conduct.unless_cancelled(walker.running.next()).await else { break };
        if let Some(node) = walker.accept(done) {
            release(walk.graph, &node, &mut waiting, &mut ready);
        }
    }
    if walk.options.mode == Mode::Normal && !walk.options.before_destroy {
        let root = walk.setting.config.root().into_iter();
        let undeclared = root.flat_map(|root| &root.imports).filter_map(|import| {
            let target = super::imports::target(import)?;
            let modules = &walk.setting.config.modules;
            let is_declared =
                modules.get(&target.module).is_some_and(|module| module.resources.contains_key(&target.resource));
            (!is_declared).then(|| super::imports::undeclared(import, &target.to_string()))
        });
        walker.found.diagnostics.extend(undeclared);
    }
    if walk.options.mode != Mode::Destroy && !walker.selection.is_partial() {
        walker.found.values.expect_checks(walk.setting.config);
    }
    if walk.options.mode == Mode::Destroy {
        walker.spare_what_is_needed();
        let root = walk.setting.config.root().filter(|_| !walker.selection.is_partial());
        for name in root.into_iter().flat_map(|root| root.outputs.keys()) {
            walker.found.values.checks.expect(&ModuleInstance::root(), &Subject::Output(name.clone()), None);
        }
    }
    if walk.options.mode == Mode::RefreshOnly {
        walker.note_moves();
    }
    walker.found.visited = nodes;
    walker.found
}

/// The vertices to work on. Destroying needs, besides what is stored, only what provider configurations need.
#[must_use]
pub fn scope_of(graph: &Graph, stored: &Stored, mode: Mode, selection: &Selection) -> BTreeSet<Node> {
    let selected: BTreeSet<Node> = graph.nodes().filter(|node| selection.has_node(node)).cloned().collect();
    if mode != Mode::Destroy {
        return selected;
    }
    let stored = stored.resources();
    let kept: Vec<&Node> =
        selected.iter().filter(|node| matches!(node, Node::Resource(resource) if stored.contains(resource))).collect();
    let providers = kept.iter().flat_map(|node| graph.dependencies(node));
    let needed = graph.closure(providers.filter(|node| matches!(node, Node::Provider(_))));
    kept.into_iter().cloned().chain(needed.into_iter().cloned()).collect()
}

fn release<'g>(graph: &'g Graph, node: &Node, waiting: &mut BTreeMap<&'g Node, usize>, ready: &mut VecDeque<&'g Node>) {
    for dependent in graph.dependents(node) {
        if let Some(count) = waiting.get_mut(dependent) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                ready.push_back(dependent);
            }
        }
    }
}

impl<'a> Walker<'a> {
    /// Works on a vertex as far as possible without waiting.
    fn start(&mut self, node: &Node) {
        // What is destroyed is not evaluated, so it needs nothing but its provider.
        let needs = |needed: &&Node| {
            (self.walk.options.mode != Mode::Destroy || matches!(needed, Node::Provider(_)))
                && self.walk.graph.is_needed(needed, node)
        };
        let blocked = self.walk.graph.dependencies(node).filter(needs).any(|needed| self.failed.contains(needed));
        if blocked || self.walk.conduct.cancel.is_cancelled() {
            if let (Node::Variable(module, name), true) = (node, blocked) {
                // What is given for a root variable is known, although it was not looked at.
                if module.is_root() {
                    let subject = Subject::Variable(name.clone());
                    self.found.values.checks.expect(&ModuleInstance::root(), &subject, None);
                }
            }
            self.failed.insert(node.clone());
            return;
        }
        let before = self.found.diagnostics.len();
        match node {
            Node::Provider(key) => self.configure(key),
            Node::Resource(resource) => self.resource(node, resource),
            _ => {
                let messages = self.walk.setting.node(node, &mut self.found.values);
                self.found.diagnostics.extend(messages);
            }
        }
        if self.found.diagnostics.iter().skip(before).any(Diagnostic::is_error) {
            self.failed.insert(node.clone());
        }
    }

    /// A plan that only refreshes tells of every move, also of what was not come to.
    fn note_moves(&mut self) {
        let told: BTreeSet<&ObjectKey> = self.found.drift.iter().map(|drift| &drift.object).collect();
        let moved =
            self.walk.stored.objects.iter().filter(|(object, _)| object.deposed.is_none() && !told.contains(object));
        let moved = moved.filter_map(|(object, stored)| {
            let previous = Some(stored.previous.clone()?);
            Some(Drift {
                object: object.clone(),
                previous,
                before: stored.value.clone(),
                after: Some(stored.value.clone()),
            })
        });
        let moved: Vec<Drift> = moved.collect();
        self.found.drift.extend(moved);
    }

    /// What cannot be destroyed keeps what it depends on, of which then nothing is said.
    fn spare_what_is_needed(&mut self) {
        let kept =
            self.recorded.iter().filter(|(resource, _)| self.failed.contains(&Node::Resource((*resource).clone())));
        let needed: BTreeSet<&ResourceConfigAddress> =
            kept.flat_map(|(_, objects)| objects).flat_map(|(_, stored)| &stored.dependencies).collect();
        if needed.is_empty() {
            return;
        }
        self.found.changes.retain(|object, _| !needed.contains(&object.address.config()));
        let is_told = |message: &Diagnostic| {
            let about = message.address.as_deref().and_then(|address| address.parse::<InstanceAddress>().ok());
            about.is_none_or(|address| !needed.contains(&address.config()))
        };
        self.found.diagnostics = std::mem::take(&mut self.found.diagnostics).into_iter().filter(is_told).collect();
    }

    /// Takes an answer; returns the vertex that it completes.
    fn accept(&mut self, done: Done<'a>) -> Option<Node> {
        let before = self.found.diagnostics.len();
        let node = match done {
            Done::Provider(key, result) => {
                if let Some(session) = self.found.diagnostics.take(result) {
                    self.found.sessions.insert(key.clone(), session);
                }
                Node::Provider(key)
            }
            Done::Instance(pending, answer) => {
                let node = pending.node.clone();
                self.answered(*pending, *answer);
                node
            }
            Done::Data(pending, result) => {
                let node = pending.node.clone();
                self.data_answered(*pending, result);
                node
            }
        };
        if self.found.diagnostics.iter().skip(before).any(Diagnostic::is_error) {
            self.failed.insert(node.clone());
        }
        let count = self.outstanding.get_mut(&node)?;
        *count = count.saturating_sub(1);
        if *count > 0 {
            return None;
        }
        self.outstanding.remove(&node);
        Some(node)
    }

    /// Has a question answered in the background, within the limit of parallel operations.
    pub(super) fn spawn(&mut self, node: &Node, question: impl Future<Output = Done<'a>> + Send + 'a) {
        *self.outstanding.entry(node.clone()).or_default() += 1;
        let permits = Arc::clone(&self.permits);
        self.running.push(Box::pin(async move {
            // The semaphore is never closed; should it be, the work is still done, only not limited.
            let _permit = permits.acquire_owned().await.ok();
            question.await
        }));
    }

    /// Who is asked about an object.
    pub(super) fn session(&self, key: &ProviderKey, address: &InstanceAddress) -> Option<Arc<dyn Session>> {
        let overridden = self.walk.setting.overrides.session(address, self.walk.providers);
        overridden.or_else(|| self.found.sessions.get(key).cloned())
    }

    /// Has one instance read and planned.
    pub(super) fn spawn_instance(&mut self, pending: super::resource::Pending<'a>, question: Question) {
        let conduct = self.walk.conduct.clone();
        let node = pending.node.clone();
        let secrets = pending.secrets(question.config.as_ref());
        self.spawn(&node, async move {
            let answer = ask(question, conduct).await.map_err(|errors| concealed(errors, &secrets));
            Done::Instance(Box::new(pending), Box::new(answer))
        });
    }

    fn configure(&mut self, key: &ProviderKey) {
        let walk = self.walk;
        let Some(provider) = walk.providers.of_key(walk.setting.config, key).cloned() else {
            let detail = format!("smform does not bring along a provider named \"{}\".", key.reference.name);
            self.found.diagnostics.push(Diagnostic::error("Unknown provider", detail));
            return;
        };
        let (config, messages) = walk.setting.provider_config(key, provider.as_ref(), &self.found.values);
        let failed = messages.has_errors();
        self.found.diagnostics.extend(messages);
        if failed {
            return;
        }
        let clock = Arc::clone(&walk.conduct.clock);
        let named = key.clone();
        let place = walk.setting.provider_place(key);
        self.spawn(&Node::Provider(key.clone()), async move {
            let result = provider.configure(config, clock).await;
            Done::Provider(named, result.map_err(|errors| errors.map(|error| error.at(place))))
        });
    }

    /// What stands for an object that is not there yet, for those who refer to it.
    pub(super) fn placeholder(ty: Type) -> Value {
        Value::unknown(ty)
    }
}
