//! `-target`: which part of the configuration a run is limited to.

use std::collections::{BTreeMap, BTreeSet};

use smform_types::{Diagnostic, InstanceAddress, ModuleAddress, ModuleInstance, ResourceConfigAddress};

use super::stored::Stored;
use super::{Mode, ObjectKey};
use crate::graph::{Graph, Node};

/// What a user names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A resource: one instance of it, or without a key all of them.
    Resource(InstanceAddress),
    /// Everything in a module instance, or without keys in all of them.
    Module(ModuleInstance),
}

impl std::str::FromStr for Target {
    type Err = smform_types::AddressError;

    fn from_str(text: &str) -> Result<Target, Self::Err> {
        match text.parse::<InstanceAddress>() {
            Ok(address) => Ok(Target::Resource(address)),
            Err(error) => text.parse().map(Target::Module).map_err(|_| error),
        }
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Target::Resource(address) => write!(f, "{address}"),
            Target::Module(module) => write!(f, "{module}"),
        }
    }
}

impl Target {
    fn covers_node(&self, node: &Node) -> bool {
        let Node::Resource(resource) = node else { return false };
        match self {
            Target::Resource(address) => address.config() == *resource,
            Target::Module(module) => resource.module.0.starts_with(&module.config().0),
        }
    }

    /// Whether an instance is meant, or within what is meant.
    #[must_use]
    pub fn covers_instance(&self, address: &InstanceAddress) -> bool {
        match self {
            // As Terraform has it, the modules around a resource are not left open, other than its own instances.
            Target::Resource(target) => {
                target.resource == address.resource
                    && target.module == address.module
                    && (target.key.is_none() || target.key == address.key)
            }
            Target::Module(module) => fits(module, &address.module),
        }
    }
}

/// Whether an instance is of, or within, a module as far as the target gives keys.
fn fits(target: &ModuleInstance, module: &ModuleInstance) -> bool {
    target.0.len() <= module.0.len()
        && target
            .0
            .iter()
            .zip(module.0.iter())
            .all(|((name, key), (other, other_key))| name == other && (key.is_none() || key == other_key))
}

/// The summary of what is said of a plan with targets.
const IN_EFFECT: &str = "Resource targeting is in effect";

/// What is said of a plan with targets.
#[must_use]
pub fn in_effect() -> Diagnostic {
    Diagnostic::warning(
        IN_EFFECT,
        "Only the targets and what they need were planned. The result may not be what the whole configuration says; plan \
         without -target afterwards.",
    )
}

/// The warning about targets with what stays since something goes on using it that they leave out.
#[must_use]
pub fn with_kept(warning: Diagnostic, kept: &[String]) -> Diagnostic {
    if kept.is_empty() || warning.summary != IN_EFFECT {
        return warning;
    }
    let list: String = kept.iter().map(|object| format!("\n  - {object}")).collect();
    let detail = format!(
        "{}\n\nThese are in use by what the targets leave out. So they stay, set aside (deposed), until a plan without -target:\n\
         {list}",
        warning.detail
    );
    Diagnostic { detail, ..warning }
}

/// Refuses targets that cover only one end of a move, or none: the object would be taken for another one.
#[must_use]
pub fn split_moves(targets: &[Target], moved: &[(InstanceAddress, InstanceAddress)]) -> Option<Diagnostic> {
    let covered = |address| targets.iter().any(|target| target.covers_instance(address));
    let outside: BTreeSet<InstanceAddress> = moved
        .iter()
        .filter(|_| !targets.is_empty())
        .filter(|(from, to)| !covered(from) || !covered(to))
        .flat_map(|(from, to)| [from, to])
        .filter(|address| !covered(address))
        .map(|address| InstanceAddress { key: None, ..address.clone() })
        .collect();
    if outside.is_empty() {
        return None;
    }
    let list: String = outside.iter().map(|address| format!("\n  -target={}", quoted(&address.to_string()))).collect();
    let detail = format!(
        "Objects have moved, and -target must name both where they were and where they are. Add these, or leave out \
         -target:{list}"
    );
    Some(Diagnostic::error("Moved resource instances excluded by targeting", detail))
}

/// A word as a shell takes it, whatever is in it.
#[must_use]
pub fn quoted(text: &str) -> String {
    format!("{text:?}")
}

/// Whether an object that records to use a resource does not mean the instance of it in a module: in modules of one call,
/// each has its own.
#[must_use]
pub fn is_sibling(user: &ModuleInstance, used: &ModuleInstance) -> bool {
    user.config() == used.config() && user != used
}

/// What is recorded to use what is recorded of targets, directly or not.
fn using<'s>(graph: &Graph, stored: &'s Stored, targets: &[Target]) -> BTreeSet<&'s InstanceAddress> {
    let mut users: BTreeMap<&ResourceConfigAddress, Vec<&InstanceAddress>> = BTreeMap::new();
    for (object, recorded) in &stored.objects {
        recorded.dependencies.iter().for_each(|used| users.entry(used).or_default().push(&object.address));
    }
    // Data sources that are declared no more have gone before.
    let data = stored.data.keys().filter(|address| graph.contains(&Node::Resource(address.config())));
    let there = stored.objects.keys().map(|object| &object.address).chain(data);
    let there = there.filter(|address| targets.iter().any(|target| target.covers_instance(address)));
    let mut open: Vec<(ResourceConfigAddress, &ModuleInstance)> =
        there.map(|address| (address.config(), &address.module)).collect();
    let (mut along, mut seen) = (BTreeSet::new(), BTreeSet::new());
    while let Some((resource, module)) = open.pop() {
        if !seen.insert((resource.clone(), module)) {
            continue;
        }
        let users = users.get(&resource).into_iter().flatten();
        for user in users.filter(|user| !is_sibling(&user.module, module)) {
            along.insert(*user);
            open.push((user.config(), &user.module));
        }
    }
    along
}

/// What was set aside and has used what was set aside of a target, directly or not: as in Terraform, it goes with that.
fn set_aside_along(stored: &Stored, targets: &[Target]) -> BTreeSet<ObjectKey> {
    let set_aside: Vec<_> = stored.objects.iter().filter(|(object, _)| object.deposed.is_some()).collect();
    let is_named = |object: &ObjectKey| targets.iter().any(|target| target.covers_instance(&object.address));
    let mut open: Vec<&ObjectKey> = set_aside.iter().map(|(object, _)| *object).filter(|one| is_named(one)).collect();
    let mut along = BTreeSet::new();
    while let Some(used) = open.pop() {
        let (module, resource) = (&used.address.module, used.address.config());
        for (object, recorded) in &set_aside {
            let is_used = recorded.dependencies.contains(&resource) && !is_sibling(&object.address.module, module);
            if is_used && along.insert((*object).clone()) {
                open.push(object);
            }
        }
    }
    along
}

fn named(graph: &Graph, targets: &[Target]) -> BTreeSet<Node> {
    graph.nodes().filter(|node| targets.iter().any(|target| target.covers_node(node))).cloned().collect()
}

/// The resources within a module, also those that only the state has.
fn resources_in<'g>(graph: &'g Graph, module: &ModuleAddress) -> impl Iterator<Item = &'g Node> {
    let module = module.clone();
    graph
        .nodes()
        .filter(move |node| matches!(node, Node::Resource(resource) if resource.module.0.starts_with(&module.0)))
}

/// What a run works on.
#[derive(Clone, Debug)]
pub enum Selection {
    /// Everything.
    All,
    /// Targets with all that they need, or when destroying with all that needs them.
    Targets {
        /// As the user named them.
        targets: Vec<Target>,
        /// The vertices named.
        named: BTreeSet<Node>,
        /// The vertices named, and those that come along.
        nodes: BTreeSet<Node>,
        /// The vertices of which instances come along besides those that are named.
        whole: BTreeSet<Node>,
        /// What is recorded and does not come along, although others of its resource may.
        apart: BTreeSet<InstanceAddress>,
        /// What was set aside, and goes before what a target names and was set aside as well.
        along: BTreeSet<ObjectKey>,
    },
}

impl Selection {
    /// Selects in a graph; everything when there are no targets. What is destroyed takes along what needs it, anything
    /// else what it needs.
    #[must_use]
    pub fn new(graph: &Graph, stored: &Stored, mode: Mode, targets: &[Target]) -> Selection {
        match (targets, mode) {
            ([], _) => Selection::All,
            (_, Mode::Destroy) => Selection::with_users(graph, stored, targets),
            (_, Mode::Normal | Mode::RefreshOnly) => Selection::with_needed(graph, stored, targets),
        }
    }

    fn with_needed(graph: &Graph, stored: &Stored, targets: &[Target]) -> Selection {
        let named = named(graph, targets);
        let mut nodes = graph.closure(named.iter());
        let is_resource = |node: &&Node| matches!(node, Node::Resource(_));
        // Root outputs come along when every resource that they need does, and there is one.
        let outputs = graph.nodes().filter(|node| matches!(node, Node::Output(module, _) if module.is_root()));
        let closures: Vec<BTreeSet<&Node>> = outputs.map(|output| graph.closure([output])).collect();
        for closure in closures {
            // To a module as a whole belongs what it has lost as well.
            let whole = graph.whole_modules().filter(|(node, _)| closure.contains(node)).map(|(_, module)| module);
            let lost: Vec<&Node> = whole.flat_map(|module| resources_in(graph, module)).collect();
            let needed = closure.iter().copied().filter(is_resource);
            let mut resources = needed.chain(lost).peekable();
            if resources.peek().is_some() && resources.all(|needed| nodes.contains(needed)) {
                nodes.extend(closure);
            }
        }
        let along = set_aside_along(stored, targets);
        let using: Vec<Node> = along.iter().map(|object| Node::Resource(object.address.config())).collect();
        let providers = using.iter().flat_map(|node| graph.dependencies(node));
        nodes.extend(graph.closure(providers.filter(|node| matches!(node, Node::Provider(_)))));
        let nodes = nodes.into_iter().cloned().collect();
        Selection::Targets {
            targets: targets.to_vec(),
            named,
            nodes,
            whole: BTreeSet::new(),
            apart: BTreeSet::new(),
            along,
        }
    }

    fn with_users(graph: &Graph, stored: &Stored, targets: &[Target]) -> Selection {
        let named = named(graph, targets);
        let along = using(graph, stored, targets);
        let resources = along.iter().map(|address| Node::Resource(address.config()));
        let whole: BTreeSet<Node> = resources.collect();
        // Which objects use which is recorded: what the configuration says may not have come to be.
        let is_value = |node: &&Node| !matches!(node, Node::Provider(_) | Node::Resource(_));
        let mut nodes = BTreeSet::new();
        let mut open: Vec<Node> = named.iter().chain(&whole).cloned().collect();
        while let Some(node) = open.pop() {
            if !nodes.contains(&node) {
                open.extend(graph.dependents(&node).filter(is_value).cloned());
                nodes.insert(node);
            }
        }
        let recorded = stored.objects.keys().map(|object| &object.address);
        let apart = recorded.filter(|address| !along.contains(address)).cloned().collect();
        Selection::Targets { targets: targets.to_vec(), named, nodes, whole, apart, along: BTreeSet::new() }
    }

    /// The resources of which nothing is worked on but what was set aside and comes along.
    pub fn only_along(&self) -> impl Iterator<Item = Node> {
        let (along, nodes) = match self {
            Selection::All => (None, None),
            Selection::Targets { along, nodes, .. } => (Some(along), Some(nodes)),
        };
        let resources = along.into_iter().flatten().map(|object| Node::Resource(object.address.config()));
        resources.filter(move |node| nodes.is_none_or(|nodes| !nodes.contains(node)))
    }

    /// Whether an object that was set aside comes along with what a target names.
    #[must_use]
    pub fn has_along(&self, object: &ObjectKey) -> bool {
        matches!(self, Selection::Targets { along, .. } if along.contains(object))
    }

    /// Whether a vertex is worked on.
    #[must_use]
    pub fn has_node(&self, node: &Node) -> bool {
        match self {
            Selection::All => true,
            Selection::Targets { nodes, .. } => nodes.contains(node),
        }
    }

    /// Whether an instance is worked on: one that a target names, or any that comes along.
    #[must_use]
    pub fn has_instance(&self, address: &InstanceAddress) -> bool {
        match self {
            Selection::All => true,
            Selection::Targets { named, nodes, whole, apart, .. } => {
                let node = Node::Resource(address.config());
                let only_named = named.contains(&node) && !whole.contains(&node) || apart.contains(address);
                if only_named { self.names(address) } else { nodes.contains(&node) }
            }
        }
    }

    /// Whether a target names an instance, or there is none.
    #[must_use]
    pub fn names(&self, address: &InstanceAddress) -> bool {
        match self {
            Selection::All => true,
            Selection::Targets { targets, .. } => targets.iter().any(|target| target.covers_instance(address)),
        }
    }

    /// Whether something is left out.
    #[must_use]
    pub const fn is_partial(&self) -> bool {
        matches!(self, Selection::Targets { .. })
    }
}
