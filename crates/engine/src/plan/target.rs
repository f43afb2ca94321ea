//! `-target`: which part of the configuration a run is limited to.

use std::collections::BTreeSet;

use smform_types::{InstanceAddress, ModuleInstance};

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

    fn covers_instance(&self, address: &InstanceAddress) -> bool {
        match self {
            Target::Resource(target) => {
                target.resource == address.resource
                    && fits(&target.module, &address.module)
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

/// What a run works on.
#[derive(Clone, Debug)]
pub enum Selection {
    /// Everything.
    All,
    /// Targets with all that they need.
    Targets {
        /// As the user named them.
        targets: Vec<Target>,
        /// The vertices named.
        named: BTreeSet<Node>,
        /// The vertices named and those that they need.
        nodes: BTreeSet<Node>,
    },
}

impl Selection {
    /// Selects in a graph; everything when there are no targets.
    #[must_use]
    pub fn new(graph: &Graph, targets: &[Target]) -> Selection {
        if targets.is_empty() {
            return Selection::All;
        }
        let named: BTreeSet<Node> =
            graph.nodes().filter(|node| targets.iter().any(|target| target.covers_node(node))).cloned().collect();
        let nodes = graph.closure(named.iter()).into_iter().cloned().collect();
        Selection::Targets { targets: targets.to_vec(), named, nodes }
    }

    /// Whether a vertex is worked on. Outputs are, when all they need is.
    #[must_use]
    pub fn has_node(&self, graph: &Graph, node: &Node) -> bool {
        match self {
            Selection::All => true,
            Selection::Targets { nodes, .. } => {
                nodes.contains(node)
                    || matches!(node, Node::Output(module, _) if module.is_root())
                        && graph.closure([node]).into_iter().all(|needed| needed == node || nodes.contains(needed))
            }
        }
    }

    /// Whether an instance is worked on: one that a target names, or any that a target needs.
    #[must_use]
    pub fn has_instance(&self, address: &InstanceAddress) -> bool {
        match self {
            Selection::All => true,
            Selection::Targets { targets, named, nodes } => {
                let node = Node::Resource(address.config());
                if named.contains(&node) {
                    targets.iter().any(|target| target.covers_instance(address))
                } else {
                    nodes.contains(&node)
                }
            }
        }
    }

    /// Whether something is left out.
    #[must_use]
    pub const fn is_partial(&self) -> bool {
        matches!(self, Selection::Targets { .. })
    }
}
