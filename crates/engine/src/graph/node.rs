//! The vertices of the dependency graph.

use std::fmt;
use std::sync::Arc;

use smform_lang::config::ProviderRef;
use smform_types::{ModuleAddress, ResourceConfigAddress};

/// A provider configuration: the module whose `provider` block (or absence of one) counts, and its name there.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProviderKey {
    /// The module.
    pub module: ModuleAddress,
    /// The local name and alias within it.
    pub reference: ProviderRef,
}

/// A vertex: one thing of the configuration (or of the state alone) that is worked on as a whole, for all instances of
/// its module.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Node {
    /// How many instances a module call has.
    Module(ModuleAddress),
    /// An input variable.
    Variable(ModuleAddress, Arc<str>),
    /// A local value.
    Local(ModuleAddress, Arc<str>),
    /// An output value.
    Output(ModuleAddress, Arc<str>),
    /// A provider configuration.
    Provider(ProviderKey),
    /// A resource or data block, or what the state holds of one that is no longer there.
    Resource(ResourceConfigAddress),
    /// A `check` block.
    Check(ModuleAddress, Arc<str>),
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let within = |module: &ModuleAddress| if module.is_root() { String::new() } else { format!("{module}.") };
        match self {
            Node::Module(module) => write!(f, "{module}"),
            Node::Variable(module, name) => write!(f, "{}var.{name}", within(module)),
            Node::Local(module, name) => write!(f, "{}local.{name}", within(module)),
            Node::Output(module, name) => write!(f, "{}output.{name}", within(module)),
            Node::Check(module, name) => write!(f, "{}check.{name}", within(module)),
            Node::Resource(resource) => write!(f, "{resource}"),
            Node::Provider(key) => {
                write!(f, "{}provider.{}", within(&key.module), key.reference.name)?;
                key.reference.alias.as_ref().map_or(Ok(()), |alias| write!(f, ".{alias}"))
            }
        }
    }
}
