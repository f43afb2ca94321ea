//! The step graph: every single thing that an apply does, and what must come before it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use smform_types::{InstanceAddress, InstanceKey, ResourceConfigAddress, ResourceMode};

use super::{Action, Change, Mode, ObjectKey, Replacement};
use crate::graph::{Graph, Node, ProviderKey, UniqueGraph};

/// One thing that an apply does.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// Connect a provider.
    Configure(ProviderKey),
    /// Evaluate a variable, local, output, module call or check.
    Evaluate(Node),
    /// Find the instances of a block, so that others can refer to those that do not change.
    Expand(ResourceConfigAddress),
    /// Read a data source.
    Read(InstanceAddress),
    /// Create an object. When its replacement creates first, the old object is set aside (deposed) before.
    Create(InstanceAddress),
    /// Change an object in place.
    Update(InstanceAddress),
    /// Delete an object that the plan found.
    Delete(ObjectKey),
    /// Delete the object that a replacement set aside.
    DeleteOld(InstanceAddress),
    /// Drop an object from the state.
    Forget(ObjectKey),
    /// All instances of a block are as wanted.
    Complete(ResourceConfigAddress),
    /// All objects of a block that had to go are gone.
    Gone(ResourceConfigAddress),
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::Configure(key) => write!(f, "configure {}", Node::Provider(key.clone())),
            Step::Evaluate(node) => write!(f, "evaluate {node}"),
            Step::Expand(resource) => write!(f, "expand {resource}"),
            Step::Read(address) => write!(f, "read {address}"),
            Step::Create(address) => write!(f, "create {address}"),
            Step::Update(address) => write!(f, "update {address}"),
            Step::Delete(object) => write!(f, "delete {object}"),
            Step::DeleteOld(address) => write!(f, "delete old {address}"),
            Step::Forget(object) => write!(f, "forget {object}"),
            Step::Complete(resource) => write!(f, "complete {resource}"),
            Step::Gone(resource) => write!(f, "gone {resource}"),
        }
    }
}

/// The steps; edges lead from what comes before to what comes after.
#[derive(Clone, Debug, Default)]
pub struct StepGraph(UniqueGraph<Step, ()>);

impl StepGraph {
    /// Adds a step, or finds it.
    pub fn add(&mut self, step: Step) {
        self.0.add(step);
    }

    /// Puts one step before another; nothing when either is not part of the plan, or both are the same.
    pub fn before(&mut self, first: &Step, second: &Step) {
        self.0.join(first, second, ());
    }

    /// The graph itself.
    #[must_use]
    pub const fn graph(&self) -> &DiGraph<Step, ()> {
        self.0.inner()
    }

    /// Whether a step is part of the plan.
    #[must_use]
    pub fn contains(&self, step: &Step) -> bool {
        self.0.find(step).is_some()
    }

    /// Puts steps before others where that does not make them wait for each other in a circle.
    fn before_if_possible(&mut self, wishes: &[(Step, Step)]) {
        let mut wished = self.clone();
        wishes.iter().for_each(|(first, second)| wished.before(first, second));
        let circles = kosaraju_scc(wished.graph()).into_iter().filter(|members| members.len() > 1).enumerate();
        let circle_of: BTreeMap<NodeIndex, usize> =
            circles.flat_map(|(circle, members)| members.into_iter().map(move |member| (member, circle))).collect();
        if circle_of.is_empty() {
            *self = wished;
            return;
        }
        for (first, second) in wishes {
            let circle = |step| self.0.find(step).and_then(|index| circle_of.get(&index));
            if circle(first).is_none() || circle(first) != circle(second) {
                self.before(first, second);
            }
        }
    }

    /// Whether one step is certain to come before another.
    #[must_use]
    pub fn is_before(&self, first: &Step, second: &Step) -> bool {
        match (self.0.find(first), self.0.find(second)) {
            (Some(from), Some(to)) => from != to && petgraph::algo::has_path_connecting(self.graph(), from, to, None),
            _ => false,
        }
    }
}

/// Lays out the steps of a plan. `visited` are the vertices of the configuration that it is about.
#[must_use]
pub fn lay_out(
    mode: Mode,
    graph: &Graph,
    visited: &BTreeSet<Node>,
    changes: &BTreeMap<ObjectKey, Change>,
) -> StepGraph {
    let mut steps = StepGraph::default();
    let expanded = referred_to(mode, graph, visited);
    for node in visited {
        match node {
            Node::Provider(key) => steps.add(Step::Configure(key.clone())),
            Node::Resource(resource) => {
                if expanded.contains(node) {
                    steps.add(Step::Expand(resource.clone()));
                }
                steps.add(Step::Complete(resource.clone()));
                steps.add(Step::Gone(resource.clone()));
            }
            node => steps.add(Step::Evaluate(node.clone())),
        }
    }
    if mode == Mode::RefreshOnly {
        connect_nodes(&mut steps, graph, visited, &BTreeMap::new());
        return steps;
    }
    for change in changes.values() {
        add_change(&mut steps, change);
    }
    connect_nodes(&mut steps, graph, visited, changes);
    connect_deletions(&mut steps, changes);
    steps
}

/// The vertices whose values something may ask for. Destroying only asks for what provider configurations need; the
/// repetition of the rest may use variables and locals that are not part of it.
fn referred_to<'g>(mode: Mode, graph: &'g Graph, visited: &'g BTreeSet<Node>) -> BTreeSet<&'g Node> {
    if mode == Mode::Destroy {
        graph.closure(visited.iter().filter(|node| matches!(node, Node::Provider(_))))
    } else {
        visited.iter().collect()
    }
}

/// The step that makes the object of a change what it should be, if any.
#[must_use]
pub fn making(change: &Change) -> Option<Step> {
    let address = change.object.address.clone();
    match change.action {
        Action::Create | Action::Replace(_) => Some(Step::Create(address)),
        Action::Update => Some(Step::Update(address)),
        Action::Read => Some(Step::Read(address)),
        Action::NoOp | Action::Delete | Action::Forget => None,
    }
}

/// The step that takes the object of a change away, if any.
#[must_use]
pub fn deleting(change: &Change) -> Option<Step> {
    match change.action {
        Action::Delete | Action::Replace(Replacement::CreateFirst) if change.old_stays => None,
        Action::Delete | Action::Replace(Replacement::DeleteFirst) => Some(Step::Delete(change.object.clone())),
        Action::Replace(Replacement::CreateFirst) => Some(Step::DeleteOld(change.object.address.clone())),
        Action::Forget => Some(Step::Forget(change.object.clone())),
        Action::NoOp | Action::Create | Action::Update | Action::Read => None,
    }
}

fn add_change(steps: &mut StepGraph, change: &Change) {
    let resource = change.object.address.config();
    let (complete, gone) = (Step::Complete(resource.clone()), Step::Gone(resource.clone()));
    let expand = Step::Expand(resource.clone());
    let configure = Step::Configure(change.provider.clone());
    let (making, deleting) = (making(change), deleting(change));
    for step in [&making, &deleting].into_iter().flatten() {
        steps.add(step.clone());
        steps.before(&configure, step);
    }
    if let Some(making) = &making {
        steps.before(&expand, making);
        steps.before(making, &complete);
    }
    if let Some(deleting) = &deleting {
        steps.add(gone.clone());
        steps.before(deleting, &gone);
    }
    if let (Some(making), Some(deleting)) = (&making, &deleting) {
        match change.action {
            Action::Replace(Replacement::CreateFirst) => steps.before(making, deleting),
            _ => steps.before(deleting, making),
        }
    }
}

/// What the configuration says must be known before what. What names some instances only, all of which are made, waits for no
/// others.
fn connect_nodes(
    steps: &mut StepGraph,
    graph: &Graph,
    visited: &BTreeSet<Node>,
    changes: &BTreeMap<ObjectKey, Change>,
) {
    let mut making_of: BTreeMap<ResourceConfigAddress, Vec<(&ObjectKey, Step)>> = BTreeMap::new();
    for change in changes.values() {
        if let Some(step) = making(change) {
            making_of.entry(change.object.address.config()).or_default().push((&change.object, step));
        }
    }
    for node in visited {
        let first = match node {
            Node::Provider(key) => Step::Configure(key.clone()),
            Node::Resource(resource) => {
                let (expand, complete) = (Step::Expand(resource.clone()), Step::Complete(resource.clone()));
                steps.before(&expand, &complete);
                expand
            }
            node => Step::Evaluate(node.clone()),
        };
        for needed in graph.dependencies(node).filter(|needed| visited.contains(needed)) {
            let last = match needed {
                Node::Provider(key) => Step::Configure(key.clone()),
                Node::Resource(resource) => match graph.named_instances(node, resource) {
                    Some(named) => {
                        let making = || making_of.get(resource).into_iter().flatten();
                        for (_, step) in making().filter(|(object, _)| named.contains(&object.address.key)) {
                            steps.before(step, &first);
                        }
                        // As in Terraform, a name of an instance that stays as it is stands for the whole resource.
                        let is_made =
                            |key: &Option<InstanceKey>| making().any(|(object, _)| object.address.key == *key);
                        match named.iter().all(is_made) {
                            true => Step::Expand(resource.clone()),
                            false => Step::Complete(resource.clone()),
                        }
                    }
                    None => Step::Complete(resource.clone()),
                },
                needed => Step::Evaluate(needed.clone()),
            };
            steps.before(&last, &first);
        }
    }
}

/// What goes away goes after everything that used it has gone. What a service holds also goes after everything that used it
/// has been moved over to something else; unless it goes for good, and that would have to wait for it: what used it may come
/// to use something that is made anew, the old of which only goes after it.
fn connect_deletions(steps: &mut StepGraph, changes: &BTreeMap<ObjectKey, Change>) {
    let mut users: BTreeMap<&ResourceConfigAddress, BTreeSet<ResourceConfigAddress>> = BTreeMap::new();
    for change in changes.values() {
        for used in change.dependencies.iter().chain(&change.old_dependencies) {
            users.entry(used).or_default().insert(change.object.address.config());
        }
    }
    let made: BTreeSet<ResourceConfigAddress> = changes
        .values()
        .filter(|change| making(change).is_some())
        .map(|change| change.object.address.config())
        .collect();
    let mut wishes = Vec::new();
    for change in changes.values() {
        let Some(deleting) = deleting(change) else { continue };
        if change.unused {
            connect_unused(steps, changes, change, &deleting);
            continue;
        }
        // What was set aside goes last: it may be all that there is, should making its successor fail once more.
        let successor = ObjectKey { deposed: None, ..change.object.clone() };
        let successor = changes.get(&successor).filter(|_| change.object.deposed.is_some());
        wishes.extend(successor.and_then(making).map(|making| (making, deleting.clone())));
        let resource = change.object.address.config();
        for user in users.get(&resource).into_iter().flatten() {
            steps.before(&Step::Gone(user.clone()), &deleting);
            let moved_over = Step::Complete(user.clone());
            match change.action {
                // When the new object only comes after the old one is gone, its users cannot be moved over before.
                Action::Replace(Replacement::DeleteFirst) => {}
                // What only goes itself is not moved over, and need not wait for what it no longer uses.
                Action::Delete if !change.after_users || !made.contains(user) => {}
                // It stays where it is, whoever uses it.
                Action::Forget => {}
                Action::Delete => wishes.push((moved_over, deleting.clone())),
                _ => steps.before(&moved_over, &deleting),
            }
        }
    }
    wishes.extend(by_record(changes));
    steps.before_if_possible(&wishes);
    connect_parting_users(steps, changes);
}

/// What nothing uses waits only for what uses it and is not used by anything either.
fn connect_unused(steps: &mut StepGraph, changes: &BTreeMap<ObjectKey, Change>, change: &Change, going: &Step) {
    let resource = change.object.address.config();
    let users = changes.values().filter(|user| user.unused && user.old_dependencies.contains(&resource));
    for gone in users.filter_map(deleting) {
        steps.before(&gone, going);
    }
}

/// Terraform's order of what no service holds: it goes before what used it, by record, is made or changed, and before what
/// it used itself is; or after those, where it goes last.
fn by_record(changes: &BTreeMap<ObjectKey, Change>) -> Vec<(Step, Step)> {
    let mut makings: BTreeMap<ResourceConfigAddress, Vec<(&Change, Step)>> = BTreeMap::new();
    let mut users: BTreeMap<&ResourceConfigAddress, Vec<(&Change, Step)>> = BTreeMap::new();
    let mut new_users: BTreeMap<&ResourceConfigAddress, Vec<(&Change, Step)>> = BTreeMap::new();
    let managed = |change: &&Change| change.object.address.resource.mode == ResourceMode::Managed;
    for change in changes.values().filter(managed) {
        let Some(making) = making(change) else { continue };
        makings.entry(change.object.address.config()).or_default().push((change, making.clone()));
        for used in &change.old_dependencies {
            users.entry(used).or_default().push((change, making.clone()));
        }
        for used in change.dependencies.iter().filter(|used| !change.old_dependencies.contains(used)) {
            new_users.entry(used).or_default().push((change, making.clone()));
        }
    }
    let mut order = Vec::new();
    for change in changes.values().filter(|change| !change.after_users) {
        let Some(deleting) = deleting(change).filter(|step| !matches!(step, Step::Forget(_))) else { continue };
        let resource = change.object.address.config();
        let used = change.old_dependencies.iter().filter_map(|used| makings.get(used)).flatten();
        let is_last = match change.action {
            Action::Delete => change.create_before_destroy || change.object.deposed.is_some(),
            action => action == Action::Replace(Replacement::CreateFirst),
        };
        // What goes last goes after what has come to use its successor as well.
        let users = users.get(&resource).into_iter().flatten();
        let users = users.chain(new_users.get(&resource).into_iter().flatten().filter(|_| is_last));
        for (other, making) in users.chain(used).filter(|(other, _)| !are_apart(other, change)) {
            // Both halves of one replacement are in order already.
            if other.object != change.object {
                let (making, deleting) = (making.clone(), deleting.clone());
                order.push(if is_last { (making, deleting) } else { (deleting, making) });
            }
        }
    }
    order
}

/// Whether two objects are in different instances of one module, and have nothing to do with each other.
fn are_apart(one: &Change, other: &Change) -> bool {
    let (one, other) = (&one.object.address.module, &other.object.address.module);
    one.config() == other.config() && one != other
}

/// What goes, for good or to be made anew, goes before what it used is changed, unless its going waits for that change. A
/// scaling target, for one, keeps its endpoint from changes as long as it is there.
fn connect_parting_users(steps: &mut StepGraph, changes: &BTreeMap<ObjectKey, Change>) {
    let updated = changes.values().filter(|change| change.action == Action::Update);
    let updates: Vec<Step> = updated.filter_map(making).collect();
    let is_parting = |action| matches!(action, Action::Delete | Action::Replace(Replacement::DeleteFirst));
    for change in changes.values().filter(|change| change.after_users && is_parting(change.action)) {
        let deleting = Step::Delete(change.object.clone());
        for update in &updates {
            let Step::Update(address) = update else { continue };
            let used = change.dependencies.iter().chain(&change.old_dependencies).any(|used| *used == address.config());
            if used && !steps.is_before(update, &deleting) {
                steps.before(&deleting, update);
            }
        }
    }
}
