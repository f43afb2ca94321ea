//! Planning a data block: read it now, or during apply when what it needs is not there yet.

use smform_lang::config::Resource;
use smform_lang::eval::{Subject, parse_reference};
use smform_provider::{PlanRequest, plan_by_schema};
use smform_types::schema::Schema;
use smform_types::{Diagnostics, InstanceAddress, Marks, Path, Value};

use super::walk::{Done, Walker};
use super::{Action, Change, Mode, ObjectKey, Reason};
use crate::blocks::locate;
use crate::events::{Operation, id_of};
use crate::graph::{Node, ProviderKey};
use crate::values::Repetition;

/// A data source that is being read.
pub(super) struct PendingData<'a> {
    pub(super) node: Node,
    address: InstanceAddress,
    provider: ProviderKey,
    resource: &'a Resource,
    marks: Vec<(Path, Marks)>,
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
        let Some((config, marks)) = self.evaluate_body(&address, block, &schema.block, &repetition) else { return };
        let reason = if !config.is_wholly_known() {
            Some(Reason::ConfigUnknown)
        } else if self.has_pending_dependency(&address, block) {
            Some(Reason::DependencyPending)
        } else {
            None
        };
        if let Some(reason) = reason {
            return self.postpone(address, key, schema, config, &marks, reason);
        }
        let Some(session) = self.found.sessions.get(key).cloned() else { return };
        let pending =
            PendingData { node: node.clone(), address: address.clone(), provider: key.clone(), resource: block, marks };
        let conduct = self.walk.conduct.clone();
        self.spawn(node, async move {
            let task = conduct.begin(ObjectKey { address: address.clone(), deposed: None }, Operation::Read, None);
            let result = session.read_data(&address.resource.type_name, &config, &task).await;
            match &result {
                Ok(value) => task.finished(id_of(value)),
                Err(_) => task.failed(),
            }
            Done::Data(Box::new(pending), result.map_err(|error| error.into_diagnostic().into()))
        });
    }

    /// Whether anything in `depends_on` is going to change.
    fn has_pending_dependency(&self, address: &InstanceAddress, block: &Resource) -> bool {
        if self.walk.options.mode != Mode::Normal {
            return false;
        }
        let named = block.depends_on.iter().filter_map(|expr| parse_reference(expr).ok());
        named.into_iter().any(|reference| {
            let Subject::Resource(resource) = reference.subject else { return false };
            self.found.changes.values().any(|change| {
                let other = &change.object.address;
                other.module == address.module && other.resource == resource && change.action != Action::NoOp
            })
        })
    }

    fn postpone(
        &mut self,
        address: InstanceAddress,
        key: &ProviderKey,
        schema: &Schema,
        config: Value,
        marks: &[(Path, Marks)],
        reason: Reason,
    ) {
        let request = PlanRequest { prior: None, config };
        let planned = plan_by_schema(schema, &request, &|_, prior, wanted| prior == wanted).planned;
        let after = planned.mark_paths(marks);
        self.found.values.set_instance(&address, after.clone());
        let object = ObjectKey { address, deposed: None };
        let change = Change {
            object: object.clone(),
            previous_address: None,
            provider: key.clone(),
            action: Action::Read,
            reason: Some(reason),
            before: None,
            after: Some(after),
            replace_paths: Vec::new(),
            dependencies: Default::default(),
            old_dependencies: Default::default(),
            create_before_destroy: false,
            importing: None,
        };
        self.found.changes.insert(object, change);
    }

    pub(super) fn data_answered(&mut self, pending: PendingData<'a>, result: Result<Value, Diagnostics>) {
        match result {
            Ok(value) => {
                let value = value.mark_paths(&pending.marks);
                self.found.values.set_instance(&pending.address, value.clone());
                self.found.data.insert(pending.address, (pending.provider, value));
            }
            Err(errors) => {
                let located = locate(errors, pending.resource);
                self.found.diagnostics.extend(located.map(|error| error.about(&pending.address)));
            }
        }
    }
}
