//! Which instances a block has, and that one of a type which no provider offers has none.

use smform_lang::config::Resource;
use smform_lang::eval::Evaluator;
use smform_types::{ModuleInstance, ResourceConfigAddress};

use super::walk::Walker;
use crate::blocks::block_context;
use crate::values::evaluate::within;
use crate::values::expand::expand;
use crate::values::{Instances, Repetition};

impl Walker<'_> {
    /// A block of a type that no provider offers: it must have no instances.
    pub(super) fn passed_over(&mut self, resource: &ResourceConfigAddress, block: &Resource) {
        let context = block_context(block);
        for at in self.found.values.module_instances(&resource.module) {
            let Some(instances) = self.instances(&at, block) else { return };
            if !instances.keys().is_empty() {
                let (mode, type_name) = (block.address.mode, &block.address.type_name);
                let error = self.walk.providers.unknown_type(mode, type_name);
                return self.found.diagnostics.push(error.at(block.type_span).within(context));
            }
        }
    }

    /// Finds the instances of a block in one module instance; nothing as long as they cannot be known.
    pub(super) fn instances(&mut self, at: &ModuleInstance, block: &Resource) -> Option<Instances> {
        let setting = self.walk.setting;
        let scope = setting.scope(at, &self.found.values, Repetition::default(), None)?;
        let expanded = expand(&Evaluator::new(&scope, setting.functions), &block.repetition);
        let expanded = expanded.map_err(|errors| within(errors, &block_context(block)));
        let instances = self.found.diagnostics.take(expanded)?;
        self.found.values.set_resource(at, &block.address, instances.clone());
        self.found.values.checks.expand_resource(at, &block.address, instances.keys());
        Some(instances)
    }
}
