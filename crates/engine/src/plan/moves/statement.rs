//! `moved` blocks as statements: what each is about, and which comes before which.

use std::fmt;

use petgraph::algo::kosaraju_scc;
use petgraph::graph::DiGraph;
use smform_lang::config::Config;
use smform_types::{Diagnostic, Diagnostics, InstanceAddress, InstanceKey, ModuleAddress, ModuleInstance, Span};

/// One statement. Its addresses are relative to each instance of the module that makes it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Statement {
    /// The module that makes it.
    pub(super) module: ModuleAddress,
    /// What moves where.
    pub(super) endpoints: Endpoints,
    /// The header of the block.
    pub(super) span: Span,
}

/// What moves where.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Endpoints {
    /// A resource: one instance, or with no key on both sides all of them.
    Resource(InstanceAddress, InstanceAddress),
    /// A module: one instance, or with no key on both sides all of them.
    Module(ModuleInstance, ModuleInstance),
}

/// A part of a state that moves as a whole.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Unit {
    /// What is in a module, apart from the modules in it.
    Module(ModuleInstance),
    /// A resource, or an instance.
    Object(InstanceAddress),
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unit::Module(module) => module.fmt(f),
            Unit::Object(address) => address.fmt(f),
        }
    }
}

/// The steps of an address, as far as order between statements is concerned: the names that lead to it.
type Steps = Vec<(String, Option<InstanceKey>)>;

/// The statements of all modules, in the order in which they are written.
pub(super) fn read(config: &Config, found: &mut Diagnostics) -> Vec<Statement> {
    let mut statements = Vec::new();
    for (module, content) in &config.modules {
        for moved in &content.moved {
            let (from, to) = (&moved.from.0, &moved.to.0);
            let resources = from.parse().ok().zip(to.parse().ok());
            let modules = from.parse().ok().zip(to.parse().ok());
            let endpoints = match (resources, modules) {
                (Some((from, to)), _) => Endpoints::Resource(from, to),
                (None, Some((from, to))) => Endpoints::Module(from, to),
                (None, None) => {
                    let detail = "\"from\" and \"to\" must both be resources, or both modules.";
                    found.push(Diagnostic::error("Invalid \"moved\" addresses", detail).at(moved.span));
                    continue;
                }
            };
            statements.push(Statement { module: module.clone(), endpoints, span: moved.span });
        }
    }
    statements
}

/// The statements in an order in which chains resolve: what leads to a place comes before what leads away from it, and
/// what moves something around a place before what moves the place.
pub(super) fn ordered(statements: Vec<Statement>, found: &mut Diagnostics) -> Vec<Statement> {
    let mut graph: DiGraph<Statement, ()> = DiGraph::new();
    let indices: Vec<_> = statements.into_iter().map(|statement| graph.add_node(statement)).collect();
    for after in &indices {
        for before in &indices {
            if after != before && graph.node_weight(*after).zip(graph.node_weight(*before)).is_some_and(follows) {
                graph.update_edge(*before, *after, ());
            }
        }
    }
    let mut order = Vec::new();
    for component in kosaraju_scc(&graph).into_iter().rev() {
        let members = component.iter().filter_map(|index| graph.node_weight(*index));
        if component.len() > 1 {
            let list: String =
                members.map(|statement| format!("\n  - {} to {}", statement.from(), statement.to())).collect();
            found.push(Diagnostic::error(
                super::CYCLIC,
                format!("These lead around in a circle, so none of them can come first:{list}"),
            ));
        } else {
            order.extend(members.cloned());
        }
    }
    order
}

/// Whether a statement has its turn after another: it leads on from there, or one of the two is about something inside of
/// what the other moves. What is inside moves first on the way there, and what is around it first on the way from it.
fn follows((after, before): (&Statement, &Statement)) -> bool {
    let ((from, to), (earlier_from, earlier_to)) = (after.steps(), before.steps());
    if from.len() == earlier_to.len() && overlaps(&from, &earlier_to) {
        return true;
    }
    let within = |inner: &Steps, outer: &Steps| inner.len() > outer.len() && overlaps(inner, outer);
    let is_around = within(&earlier_from, &from) || within(&earlier_to, &from);
    if !is_around && !within(&from, &earlier_to) && !within(&to, &earlier_to) {
        return false;
    }
    // A module that changes its key only would be around what is inside of it both before and after.
    after.module.0.len() >= before.module.0.len() || !after.is_about_keys()
}

/// Whether the first address may lead into, or be, what the second names. A last step without a key stands for all.
fn overlaps(inner: &Steps, outer: &Steps) -> bool {
    let last = outer.len().saturating_sub(1);
    inner.iter().zip(outer).enumerate().all(|(at, ((name, key), (other, other_key)))| {
        name == other && (key == other_key || at == last && (key.is_none() || other_key.is_none()))
    })
}

impl Statement {
    /// What moves, as written from the root module.
    pub(super) fn from(&self) -> String {
        match &self.endpoints {
            Endpoints::Resource(from, _) => self.absolute(&from.to_string()),
            Endpoints::Module(from, _) => self.absolute(&from.to_string()),
        }
    }

    /// Where it moves, as written from the root module.
    pub(super) fn to(&self) -> String {
        match &self.endpoints {
            Endpoints::Resource(_, to) => self.absolute(&to.to_string()),
            Endpoints::Module(_, to) => self.absolute(&to.to_string()),
        }
    }

    /// Whether a module stays what it is but for keys.
    fn is_about_keys(&self) -> bool {
        matches!(&self.endpoints, Endpoints::Module(from, to) if from.config() == to.config())
    }

    /// What an object moves with, and what that becomes: its module, its resource, or only itself. Nothing when the statement
    /// is not about it.
    pub(super) fn units(&self, address: &InstanceAddress) -> Option<(Unit, Unit)> {
        let to = self.destination(address)?;
        Some((self.unit(address), self.unit(&to)))
    }

    /// The part of a state that an object is in which this statement moves as a whole, or not at all.
    pub(super) fn unit(&self, address: &InstanceAddress) -> Unit {
        match &self.endpoints {
            Endpoints::Module(..) => Unit::Module(address.module.clone()),
            Endpoints::Resource(from, to) if from.key.is_none() && to.key.is_none() => {
                Unit::Object(InstanceAddress { key: None, ..address.clone() })
            }
            Endpoints::Resource(..) => Unit::Object(address.clone()),
        }
    }

    fn absolute(&self, relative: &str) -> String {
        if self.module.is_root() { relative.to_owned() } else { format!("{}.{relative}", self.module) }
    }

    fn steps(&self) -> (Steps, Steps) {
        let base = || self.module.0.iter().map(|name| (name.to_string(), None));
        let of_module = |module: &ModuleInstance| -> Steps {
            base().chain(module.0.iter().map(|(name, key)| (name.to_string(), key.clone()))).collect()
        };
        let of_resource = |address: &InstanceAddress| -> Steps {
            let last = (format!(".{}", address.resource), address.key.clone());
            of_module(&address.module).into_iter().chain([last]).collect()
        };
        match &self.endpoints {
            Endpoints::Resource(from, to) => (of_resource(from), of_resource(to)),
            Endpoints::Module(from, to) => (of_module(from), of_module(to)),
        }
    }

    /// Where an object goes; nothing when the statement is not about it.
    pub(super) fn destination(&self, address: &InstanceAddress) -> Option<InstanceAddress> {
        let depth = self.module.0.len();
        let (outer, inner) = (address.module.0.get(..depth)?, address.module.0.get(depth..)?);
        if !outer.iter().zip(self.module.0.iter()).all(|((name, _), wanted)| name == wanted) {
            return None;
        }
        let within = |module: Vec<_>| ModuleInstance(outer.iter().cloned().chain(module).collect());
        match &self.endpoints {
            Endpoints::Resource(from, to) => {
                // Without keys the statement moves the whole resource, and its instances keep theirs.
                let whole = from.key.is_none() && to.key.is_none();
                if *inner != *from.module.0 || from.resource != address.resource || !whole && from.key != address.key {
                    return None;
                }
                let key = if whole { address.key.clone() } else { to.key.clone() };
                Some(InstanceAddress { module: within(to.module.0.to_vec()), key, resource: to.resource.clone() })
            }
            Endpoints::Module(from, to) => {
                let (head, rest) = (inner.get(..from.0.len())?, inner.get(from.0.len()..)?);
                let ((name, key), around) = from.0.split_last()?;
                let ((have, have_key), have_around) = head.split_last()?;
                let whole = key.is_none() && to.0.last().is_some_and(|(_, key)| key.is_none());
                if have_around != around || have != name || !whole && have_key != key {
                    return None;
                }
                let mut path = to.0.to_vec();
                if let (true, Some(last)) = (whole, path.last_mut()) {
                    last.1 = have_key.clone();
                }
                path.extend(rest.iter().cloned());
                Some(InstanceAddress { module: within(path), ..address.clone() })
            }
        }
    }
}
