//! Which attributes of resources the changes of a plan come from: what a change refers to, and what that refers to in
//! turn, through locals, variables and outputs. Reviewers' tools use it to tell which drift matters.

use std::collections::BTreeSet;

use smform_lang::config::{Config, Module, Repetition};
use smform_lang::eval::{Reference, Subject, references, references_in_body};
use smform_types::{InstanceKey, ModuleInstance, Path, ResourceAddress, Step};

use super::{Action, Drift, Mode, Plan};
use crate::providers::Providers;
use crate::values::Values;

/// An attribute of a resource, or of one instance of it, that contributes to a change.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Relevant {
    /// The module instance; a step without a key may stand for all instances.
    pub module: ModuleInstance,
    /// The resource.
    pub resource: ResourceAddress,
    /// The instance, when the reference names one.
    pub key: Option<InstanceKey>,
    /// The attribute; empty for the whole object.
    pub attribute: Path,
}

/// The attributes that contribute to the changes of a plan.
#[must_use]
pub fn relevant(config: &Config, providers: &Providers, plan: &Plan, values: &Values) -> BTreeSet<Relevant> {
    let mut search = Search { config, providers, found: BTreeSet::new(), seen: BTreeSet::new(), open: Vec::new() };
    for change in plan.changes.values().filter(|change| change.action != Action::NoOp) {
        let address = &change.object.address;
        search.resource(&address.module, &address.resource, None);
    }
    for address in &plan.unrecorded {
        search.resource(&address.module, &address.resource, None);
    }
    for name in plan.outputs.iter().filter(|(_, change)| change.is_change()).map(|(name, _)| name) {
        search.output(&ModuleInstance::root(), name);
    }
    // Outputs of modules are recorded nowhere, so they count as new each time.
    for (at, name) in values.outputs().filter(|(at, _)| !at.is_root()) {
        search.output(at, name);
    }
    search.follow();
    search.found
}

/// The drift that people are told of. An object that nothing is done about, and that differs only in what the service
/// computes while nothing refers to that, such as the policies of a role that are attached one by one, is not news.
pub fn notable_drift<'a>(plan: &'a Plan, providers: &'a Providers) -> impl Iterator<Item = &'a Drift> {
    plan.drift.iter().filter(move |drift| plan.mode == Mode::RefreshOnly || is_notable(drift, plan, providers))
}

fn is_notable(drift: &Drift, plan: &Plan, providers: &Providers) -> bool {
    let address = &drift.object.address;
    let resource = &address.resource;
    let provider = providers.offering(resource.mode, &resource.type_name);
    let schema = provider.and_then(|provider| provider.resource_schema(resource.mode, &resource.type_name));
    let (Some(schema), Some(after)) = (schema, &drift.after) else { return true };
    if plan.changes.get(&drift.object).is_none_or(|change| change.action != Action::NoOp) {
        return true;
    }
    let relevant = |name: &str| {
        let mut of_it = plan.relevant.iter().filter(|found| found.resource == *resource);
        of_it.any(|found| found.attribute.0.first().is_none_or(|step| *step == Step::Attribute(name.into())))
    };
    let computed = |name: &str| match schema.block.attributes.get(name) {
        Some(attribute) => attribute.computed,
        None => schema.block.blocks.get(name).is_some_and(|nested| nested.computed),
    };
    let mut differing = schema.block.names().filter(|name| drift.before.get(name) != after.get(name));
    differing.any(|name| !computed(name) || relevant(name))
}

struct Search<'a> {
    config: &'a Config,
    providers: &'a Providers,
    found: BTreeSet<Relevant>,
    seen: BTreeSet<(ModuleInstance, String)>,
    open: Vec<(ModuleInstance, Reference)>,
}

impl<'a> Search<'a> {
    fn module(&self, at: &ModuleInstance) -> Option<&'a Module> {
        self.config.modules.get(&at.config())
    }

    fn add(&mut self, at: &ModuleInstance, references: Vec<Reference>) {
        for reference in references {
            if let Subject::Resource(resource) = &reference.subject {
                self.found.insert(Relevant {
                    module: at.clone(),
                    resource: resource.clone(),
                    key: reference.key.clone(),
                    attribute: reference.rest.clone(),
                });
            }
            let name = format!("{:?} {:?} {}", reference.subject, reference.key, reference.rest);
            if self.seen.insert((at.clone(), name)) {
                self.open.push((at.clone(), reference));
            }
        }
    }

    fn follow(&mut self) {
        while let Some((at, reference)) = self.open.pop() {
            let first = match reference.rest.0.first() {
                Some(Step::Attribute(name)) => Some(name.as_str()),
                _ => None,
            };
            match &reference.subject {
                Subject::Resource(resource) => self.resource(&at, resource, first),
                Subject::Local(name) => {
                    if let Some(local) = self.module(&at).and_then(|module| module.locals.get(name)) {
                        self.add(&at, references(&local.expr));
                    }
                }
                Subject::Variable(name) => self.argument(&at, name),
                Subject::Module(name) => {
                    let child = at.child(name, reference.key.clone());
                    let Some(module) = self.module(&child) else { continue };
                    match first {
                        Some(output) => self.output(&child, output),
                        None => module.outputs.keys().for_each(|output| self.output(&child, output)),
                    }
                }
                _ => {}
            }
        }
    }

    fn output(&mut self, at: &ModuleInstance, name: &str) {
        if let Some(output) = self.module(at).and_then(|module| module.outputs.get(name)) {
            self.add(at, references(&output.expr));
        }
    }

    /// What a module's variable is set to.
    fn argument(&mut self, at: &ModuleInstance, name: &str) {
        let (Some(parent), Some((call, _))) = (at.parent(), at.0.last()) else { return };
        let call = self.module(&parent).and_then(|module| module.calls.get(call));
        let arguments = call.into_iter().flat_map(|call| &call.body.attributes);
        // As in Terraform, what the repetition of the call comes from does not count.
        let found = arguments.filter(|argument| *argument.name.text == *name);
        self.add(&parent, found.flat_map(|argument| references(&argument.expr)).collect());
    }

    /// What the block of a resource refers to, or one argument of it. What is not written comes from nowhere else.
    fn resource(&mut self, at: &ModuleInstance, resource: &ResourceAddress, argument: Option<&str>) {
        let Some(module) = self.module(at) else { return };
        let Some(block) = module.resources.get(resource) else { return };
        let mut found: Vec<Reference> = match argument {
            None => {
                let schema = self.providers.schema(module, block).ok();
                references_in_body(&block.body, schema.map(|schema| &schema.block))
            }
            Some(name) => {
                let attributes = block.body.attributes.iter().filter(|attribute| *attribute.name.text == *name);
                let blocks = block.body.blocks_of(name).flat_map(|block| references_in_body(&block.body, None));
                attributes.flat_map(|attribute| references(&attribute.expr)).chain(blocks).collect()
            }
        };
        found.extend(repeated(&block.repetition, &found));
        self.add(at, found);
    }
}

/// What `each` and `count` come from, when they are among some references.
fn repeated(repetition: &Repetition, among: &[Reference]) -> Vec<Reference> {
    let is_one = |reference: &Reference| {
        matches!(reference.subject, Subject::EachKey | Subject::EachValue | Subject::CountIndex)
    };
    match repetition {
        Repetition::Count(expr) | Repetition::ForEach(expr) if among.iter().any(is_one) => references(expr),
        _ => Vec::new(),
    }
}
