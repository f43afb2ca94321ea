//! What is known so far in a walk: the values of variables, locals, outputs and resource instances, and how often each
//! block is repeated. Planning fills it with planned values, applying with final ones; the evaluator asks it through
//! [`scope::ModuleScope`].

pub mod evaluate;
pub mod expand;
pub mod scope;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use smform_lang::config::Config;
use smform_types::{InstanceAddress, InstanceKey, ModuleAddress, ModuleInstance, ResourceAddress, Type, Value};

use crate::checks::{Checks, Subject};

/// How often a block is repeated, with what `each` and `count` stand for.
#[derive(Clone, Debug, PartialEq)]
pub enum Instances {
    /// Once, without a key.
    Single,
    /// So many times, by index.
    Count(u64),
    /// Once for each entry, by name.
    Each(BTreeMap<Arc<str>, Value>),
    /// Repeated, nobody knows how often: one without a key stands for any of them.
    Any(Repetition),
}

impl Instances {
    /// The keys, in order.
    #[must_use]
    pub fn keys(&self) -> Vec<Option<InstanceKey>> {
        match self {
            Instances::Single | Instances::Any(_) => vec![None],
            Instances::Count(count) => (0..*count).map(|index| Some(InstanceKey::Index(index))).collect(),
            Instances::Each(entries) => entries.keys().map(|name| Some(InstanceKey::Name(name.clone()))).collect(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self {
            Instances::Single | Instances::Any(_) => false,
            Instances::Count(count) => *count == 0,
            Instances::Each(entries) => entries.is_empty(),
        }
    }

    /// Whether an instance has this key.
    #[must_use]
    pub fn contains(&self, key: Option<&InstanceKey>) -> bool {
        match (self, key) {
            (Instances::Single, None) | (Instances::Any(_), _) => true,
            (Instances::Count(count), Some(InstanceKey::Index(index))) => index < count,
            (Instances::Each(entries), Some(InstanceKey::Name(name))) => entries.contains_key(name),
            _ => false,
        }
    }

    /// What an instance sees as `each` and `count`.
    #[must_use]
    pub fn repetition(&self, key: Option<&InstanceKey>) -> Repetition {
        match (self, key) {
            (Instances::Any(repetition), _) => repetition.clone(),
            (Instances::Each(entries), Some(InstanceKey::Name(name))) => {
                Repetition { each: entries.get(name).map(|value| (Value::string(&**name), value.clone())), count: None }
            }
            (_, Some(InstanceKey::Index(index))) => {
                Repetition { each: None, count: i64::try_from(*index).ok().map(Value::number) }
            }
            _ => Repetition::default(),
        }
    }

    /// One value for all instances: the object itself, a tuple by index or an object by name.
    #[must_use]
    pub fn compose(&self, get: &dyn Fn(Option<InstanceKey>) -> Value) -> Value {
        match self {
            Instances::Single => get(None),
            Instances::Any(_) => Value::unknown(Type::Dynamic),
            Instances::Count(_) => Value::tuple(self.keys().into_iter().map(get)),
            Instances::Each(entries) => {
                Value::object(entries.keys().map(|name| (name.clone(), get(Some(InstanceKey::Name(name.clone()))))))
            }
        }
    }
}

/// What `each` and `count` stand for in one instance.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Repetition {
    /// `each.key` and `each.value`.
    pub each: Option<(Value, Value)>,
    /// `count.index`.
    pub count: Option<Value>,
}

/// All instances of one resource block in one module instance.
#[derive(Clone, Debug)]
struct ResourceValues {
    instances: Instances,
    values: BTreeMap<Option<InstanceKey>, Value>,
    /// Instances that do not exist and that this run leaves alone, so that expressions do not see them.
    left_out: BTreeSet<InstanceKey>,
    /// Instances that belong to the block no more and that this run leaves alone, so that expressions still see them.
    left_over: BTreeSet<InstanceKey>,
    /// All of them as one value; made on the first question after a change.
    whole: OnceLock<Value>,
}

impl ResourceValues {
    /// The instances that expressions see.
    fn seen(&self) -> Cow<'_, Instances> {
        if self.left_out.is_empty() && self.left_over.is_empty() {
            return Cow::Borrowed(&self.instances);
        }
        let is_seen = |key: &InstanceKey| !self.left_out.contains(key);
        Cow::Owned(match &self.instances {
            Instances::Count(count) => {
                let last = (0..*count).rev().find(|index| is_seen(&InstanceKey::Index(*index)));
                let last_over = self.left_over.iter().filter_map(|key| match key {
                    InstanceKey::Index(index) => Some(*index),
                    InstanceKey::Name(_) => None,
                });
                Instances::Count(last.into_iter().chain(last_over).max().map_or(0, |index| index + 1))
            }
            Instances::Each(entries) => {
                let seen = entries.iter().filter(|(name, _)| is_seen(&InstanceKey::Name((*name).clone())));
                let over = self.left_over.iter().filter_map(|key| match key {
                    InstanceKey::Name(name) => Some((name.clone(), Value::null(Type::Dynamic))),
                    InstanceKey::Index(_) => None,
                });
                Instances::Each(seen.map(|(name, value)| (name.clone(), value.clone())).chain(over).collect())
            }
            other => other.clone(),
        })
    }
}

type Named = BTreeMap<(ModuleInstance, Arc<str>), Value>;

/// The values known so far.
#[derive(Clone, Debug, Default)]
pub struct Values {
    variables: Named,
    locals: Named,
    outputs: Named,
    modules: BTreeMap<(ModuleInstance, Arc<str>), Instances>,
    /// Module instances of which nothing is looked at but their outputs.
    empty_modules: BTreeSet<ModuleInstance>,
    resources: BTreeMap<(ModuleInstance, ResourceAddress), ResourceValues>,
    /// How conditions came out.
    pub checks: Checks,
}

impl Values {
    /// Nothing known yet of a configuration.
    #[must_use]
    pub fn of(config: &Config) -> Values {
        Values { checks: Checks::of(config), ..Values::default() }
    }

    /// Records a variable.
    pub fn set_variable(&mut self, at: &ModuleInstance, name: &Arc<str>, value: Value) {
        self.variables.insert((at.clone(), name.clone()), value);
    }

    /// Records a local.
    pub fn set_local(&mut self, at: &ModuleInstance, name: &Arc<str>, value: Value) {
        self.locals.insert((at.clone(), name.clone()), value);
    }

    /// Records an output.
    pub fn set_output(&mut self, at: &ModuleInstance, name: &Arc<str>, value: Value) {
        self.outputs.insert((at.clone(), name.clone()), value);
    }

    /// Records how often a module call is repeated.
    pub fn set_module(&mut self, at: &ModuleInstance, name: &Arc<str>, instances: Instances) {
        self.modules.insert((at.clone(), name.clone()), instances);
    }

    /// Records that nothing in a module instance is to be looked at; it keeps the outputs that are recorded for it.
    pub fn empty_module(&mut self, at: &ModuleInstance) {
        self.empty_modules.insert(at.clone());
    }

    /// Records how often a resource block is repeated; its instances have no values yet.
    pub fn set_resource(&mut self, at: &ModuleInstance, resource: &ResourceAddress, instances: Instances) {
        let values = ResourceValues {
            instances,
            values: BTreeMap::new(),
            left_out: BTreeSet::new(),
            left_over: BTreeSet::new(),
            whole: OnceLock::new(),
        };
        self.resources.insert((at.clone(), resource.clone()), values);
    }

    /// Records the value of an instance. The repetition of its block must have been recorded before.
    pub fn set_instance(&mut self, address: &InstanceAddress, value: Value) {
        if let Some(resource) = self.resources.get_mut(&(address.module.clone(), address.resource.clone())) {
            resource.values.insert(address.key.clone(), value);
            resource.whole = OnceLock::new();
        }
    }

    /// Records that an instance does not exist and is not among what this run is about. As in Terraform, what refers to all
    /// instances then sees those that there are, up to the last one.
    pub fn leave_out(&mut self, address: &InstanceAddress) {
        if let Some(resource) = self.resources.get_mut(&(address.module.clone(), address.resource.clone())) {
            resource.left_out.extend(address.key.clone());
            resource.whole = OnceLock::new();
        }
    }

    /// Records that an object is there which belongs to no instance, and which this run leaves alone. As in Terraform, what
    /// refers to all instances still sees it.
    pub fn leave_over(&mut self, address: &InstanceAddress, value: Value) {
        if let Some(resource) = self.resources.get_mut(&(address.module.clone(), address.resource.clone()))
            && let Some(key) = &address.key
            && !resource.instances.contains(Some(key))
        {
            resource.left_over.insert(key.clone());
            resource.values.insert(address.key.clone(), value);
            resource.whole = OnceLock::new();
        }
    }

    /// The value of an instance.
    #[must_use]
    pub fn instance(&self, address: &InstanceAddress) -> Option<&Value> {
        self.resources.get(&(address.module.clone(), address.resource.clone()))?.values.get(&address.key)
    }

    /// A variable.
    #[must_use]
    pub fn variable(&self, at: &ModuleInstance, name: &Arc<str>) -> Option<&Value> {
        self.variables.get(&(at.clone(), name.clone()))
    }

    /// A local.
    #[must_use]
    pub fn local(&self, at: &ModuleInstance, name: &Arc<str>) -> Option<&Value> {
        self.locals.get(&(at.clone(), name.clone()))
    }

    /// An output.
    #[must_use]
    pub fn output(&self, at: &ModuleInstance, name: &Arc<str>) -> Option<&Value> {
        self.outputs.get(&(at.clone(), name.clone()))
    }

    /// Every output that is not null, with the module instance that it belongs to.
    pub fn outputs(&self) -> impl Iterator<Item = (&ModuleInstance, &Arc<str>)> {
        self.outputs.iter().filter(|(_, value)| !value.is_null()).map(|((at, name), _)| (at, name))
    }

    /// How often a module call is repeated.
    #[must_use]
    pub fn module(&self, at: &ModuleInstance, name: &Arc<str>) -> Option<&Instances> {
        self.modules.get(&(at.clone(), name.clone()))
    }

    /// How often a resource block is repeated.
    #[must_use]
    pub fn instances(&self, at: &ModuleInstance, resource: &ResourceAddress) -> Option<&Instances> {
        self.resources.get(&(at.clone(), resource.clone())).map(|resource| &resource.instances)
    }

    /// All instances of a resource block as one value; those not evaluated yet are unknown.
    #[must_use]
    pub fn resource(&self, at: &ModuleInstance, resource: &ResourceAddress) -> Option<Value> {
        let resource = self.resources.get(&(at.clone(), resource.clone()))?;
        let whole = resource.whole.get_or_init(|| {
            let get = |key| resource.values.get(&key).cloned().unwrap_or_else(|| Value::unknown(Type::Dynamic));
            resource.seen().compose(&get)
        });
        Some(whole.clone())
    }

    /// Says which `check` blocks there are in the module instances that are known, those included that nothing came to.
    pub fn expect_checks(&mut self, config: &Config) {
        for (at, module) in &config.modules {
            for instance in self.module_instances(at) {
                for name in module.checks.keys() {
                    self.checks.expect(&instance, &Subject::Check(name.clone()), None);
                }
            }
        }
    }

    /// Notes that a block was come to, where its module has no instances: then nothing of it is looked at.
    pub fn come_to(&mut self, module: &ModuleAddress, subject: &Subject) {
        if self.module_instances(module).is_empty() {
            self.checks.none_of(module, subject);
        }
    }

    /// The instances of a module in configuration, as far as the calls that lead to it have been expanded; without those
    /// of which nothing is looked at.
    #[must_use]
    pub fn module_instances(&self, module: &ModuleAddress) -> Vec<ModuleInstance> {
        module.0.iter().fold(vec![ModuleInstance::root()], |parents, name| {
            let mut children = Vec::new();
            for parent in parents {
                let keys = self.module(&parent, name).map(Instances::keys).unwrap_or_default();
                let all = keys.into_iter().map(|key| parent.child(name, key));
                children.extend(all.filter(|child| !self.empty_modules.contains(child)));
            }
            children
        })
    }
}
