//! Planning a data block: read it now, or during apply when what it needs is not there yet.

use std::collections::BTreeSet;

use smform_lang::config::{Repetition as Repeated, Resource};
use smform_lang::eval::{Subject, parse_reference, references, references_in_body};
use smform_lang::syntax::Expr;
use smform_provider::{PlanRequest, ProviderError, plan_by_schema};
use smform_types::schema::Schema;
use smform_types::{
    Diagnostics, InstanceAddress, Marks, ModuleAddress, Path, ResourceConfigAddress, ResourceMode, Value,
};

use super::walk::{Done, Walker};
use super::{Action, Change, Mode, ObjectKey, Reason};
use crate::apply::conform::without_unknown;
use crate::blocks::locate;
use crate::conceal::{concealed, secrets};
use crate::events::{Operation, id_of};
use crate::graph::{Node, ProviderKey};
use crate::values::Repetition;

/// A data source that is being read.
pub(super) struct PendingData<'a> {
    pub(super) node: Node,
    address: InstanceAddress,
    provider: ProviderKey,
    resource: &'a Resource,
    /// The object as far as its configuration tells, which stands for it when a check could not read it.
    planned: Value,
    marks: Vec<(Path, Marks)>,
    repetition: Repetition,
}

impl<'a> Walker<'a> {
    pub(super) fn data(
        &mut self,
        node: &Node,
        address: InstanceAddress,
        block: &'a Resource,
        key: &ProviderKey,
        schema: &Schema,
        repetition: Repetition,
    ) {
        if !self.selection.has_instance(&address) {
            return match self.walk.stored.data.get(&address).cloned() {
                Some(recorded) => self.found.values.set_instance(&address, recorded),
                None if address.key.is_some() => self.found.values.leave_out(&address),
                None => self.found.values.set_instance(&address, Self::placeholder(schema.block.ty())),
            };
        }
        let Some((config, marks)) = self.evaluate_body(&address, block, &repetition) else { return };
        let reason = if !config.is_wholly_known() {
            Some(Reason::ConfigUnknown)
        } else if self.has_pending_dependency(&address, block) {
            Some(Reason::DependencyPending)
        } else {
            None
        };
        if let Some(reason) = reason {
            let after = planned(schema, config).mark_paths(&marks);
            self.found.values.set_instance(&address, after.clone());
            self.promised(&address, block, repetition, after.clone());
            return self.reading(address, key, after, reason);
        }
        let Some(session) = self.session(key, &address) else { return };
        let secrets = secrets(&config, &marks);
        let planned = planned(schema, config.clone());
        let (node_of, provider) = (node.clone(), key.clone());
        let pending = PendingData {
            node: node_of,
            address: address.clone(),
            provider,
            resource: block,
            planned,
            marks,
            repetition,
        };
        let conduct = self.walk.conduct.clone();
        self.spawn(node, async move {
            let task = conduct.begin(ObjectKey { address: address.clone(), deposed: None }, Operation::Read, None);
            let result = session.read_data(&address.resource.type_name, &config, &task).await;
            match &result {
                Ok(value) => task.finished(id_of(value)),
                Err(_) => task.failed(),
            }
            let told = |error: ProviderError| concealed(error.into_diagnostic().into(), &secrets);
            Done::Data(Box::new(pending), result.map_err(told))
        });
    }

    /// Whether anything in `depends_on` is going to change.
    fn has_pending_dependency(&self, address: &InstanceAddress, block: &Resource) -> bool {
        if self.walk.options.mode != Mode::Normal {
            return false;
        }
        let at = address.module.config();
        let needed = self.awaited(&at, block);
        self.found.changes.values().filter(|change| change.action != Action::NoOp).any(|change| {
            let other = &change.object.address;
            // Of the instances of the own module only the own one counts.
            let elsewhere = other.module != address.module && other.module.config() == at;
            other.resource.mode == ResourceMode::Managed && !elsewhere && needed.contains(&other.config())
        })
    }

    /// The resources whose changes a data block waits for: those that it refers to by their own names, what it names in
    /// `depends_on`, and what the calls of the modules around it name there. One with conditions waits for all that it
    /// needs, since a change may be what makes them hold.
    fn awaited(&self, at: &ModuleAddress, block: &Resource) -> BTreeSet<ResourceConfigAddress> {
        let own = block.address.clone().in_module(at.clone());
        let lifecycle = &block.lifecycle;
        if !lifecycle.preconditions.is_empty() || !lifecycle.postconditions.is_empty() {
            return self.dependencies.get(&own).cloned().unwrap_or_default();
        }
        let mut referred = references_in_body(&block.body, None);
        if let Repeated::Count(expr) | Repeated::ForEach(expr) = &block.repetition {
            referred.extend(references(expr));
        }
        let named = referred.into_iter().filter_map(|reference| match reference.subject {
            Subject::Resource(resource) => Some(resource.in_module(at.clone())),
            _ => None,
        });
        let mut found: BTreeSet<ResourceConfigAddress> = named.collect();
        self.add_awaited(at, &block.depends_on, &mut found);
        let modules = &self.walk.setting.config.modules;
        let mut inner = at.clone();
        while let Some((parent, name)) = inner.parent() {
            if let Some(call) = modules.get(&parent).and_then(|module| module.calls.get(name)) {
                self.add_awaited(&parent, &call.depends_on, &mut found);
            }
            inner = parent;
        }
        found
    }

    fn add_awaited(&self, at: &ModuleAddress, targets: &[Expr], found: &mut BTreeSet<ResourceConfigAddress>) {
        for reference in targets.iter().filter_map(|expr| parse_reference(expr).ok()) {
            // What is no object itself stands for all objects that it comes from.
            let through = match reference.subject {
                Subject::Resource(resource) => {
                    found.insert(resource.in_module(at.clone()));
                    continue;
                }
                Subject::Module(name) => {
                    let child = at.child(&name);
                    let all = self.dependencies.keys().filter(|resource| resource.module.0.starts_with(&child.0));
                    all.cloned().map(Node::Resource).collect()
                }
                Subject::Variable(name) => vec![Node::Variable(at.clone(), name)],
                Subject::Local(name) => vec![Node::Local(at.clone(), name)],
                _ => Vec::new(),
            };
            found.extend(self.walk.graph.closure(&through).into_iter().filter_map(|node| match node {
                Node::Resource(resource) => Some(resource.clone()),
                _ => None,
            }));
        }
    }

    /// Looks at the postconditions of an object as far as it is known.
    fn promised(&mut self, address: &InstanceAddress, block: &Resource, repetition: Repetition, value: Value) {
        let values = &self.found.values;
        let (messages, outcome) = self.walk.setting.postconditions(address, block, repetition, Some(value), values);
        self.found.diagnostics.extend(messages);
        self.found.values.checks.record_resource(address, outcome);
    }

    /// Plans to read the object during apply.
    fn reading(&mut self, address: InstanceAddress, provider: &ProviderKey, after: Value, reason: Reason) {
        let object = ObjectKey { address, deposed: None };
        let change = Change {
            object: object.clone(),
            previous_address: None,
            provider: provider.clone(),
            action: Action::Read,
            reason: Some(reason),
            before: None,
            after: Some(after),
            replace_paths: Vec::new(),
            dependencies: Default::default(),
            old_dependencies: Default::default(),
            create_before_destroy: false,
            importing: None,
            reinstated: None,
            moving: None,
            old_stays: false,
            held: false,
            unused: false,
            after_users: false,
            generated: None,
        };
        self.found.changes.insert(object, change);
    }

    pub(super) fn data_answered(&mut self, pending: PendingData<'a>, result: Result<Value, Diagnostics>) {
        let located = |errors| locate(errors, pending.resource).map(|error| error.about(&pending.address));
        let value = match (result, &pending.resource.check) {
            (Ok(value), _) => value,
            (Err(errors), Some(check)) => {
                let warnings = self.found.values.checks.data_failed(
                    &pending.address.module,
                    check,
                    pending.resource,
                    located(errors),
                );
                self.found.diagnostics.extend(warnings);
                pending.planned
            }
            (Err(errors), None) => return self.found.diagnostics.extend(located(errors)),
        };
        let value = value.mark_paths(&pending.marks);
        self.found.values.set_instance(&pending.address, value.clone());
        self.promised(&pending.address, pending.resource, pending.repetition.clone(), value.clone());
        if pending.resource.check.is_some() && self.walk.options.mode == Mode::Normal {
            self.reading(pending.address.clone(), &pending.provider, value.clone(), Reason::CheckNested);
        }
        self.found.data.insert(pending.address, (pending.provider, without_unknown(value).0));
    }
}

/// The object as far as its configuration tells.
fn planned(schema: &Schema, config: Value) -> Value {
    let request = PlanRequest::new(None, config);
    plan_by_schema(schema, &request, &|_, prior, wanted| prior == wanted).planned
}
