//! How a run ends: what goes on record of outputs, conditions and data sources.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use smform_types::{Diagnostic, InstanceAddress, ModuleAddress, ModuleInstance, Value};

use super::{Executor, RunOutcome, conform, said_once};
use crate::checks::Subject;
use crate::plan::Mode;

impl Executor<'_> {
    /// Records outputs, conditions and data sources, and says what came of the run.
    pub(super) async fn finish(mut self) -> RunOutcome {
        let outputs = self.outputs();
        {
            let mut record = self.apply.record.lock().await;
            self.report.diagnostics.extend(record.outputs(&outputs).await.err());
            if self.apply.plan.mode == Mode::Destroy {
                let root = ModuleInstance::root();
                let names: Vec<Arc<str>> = self
                    .apply
                    .setting
                    .config
                    .root()
                    .into_iter()
                    .flat_map(|root| root.outputs.keys().cloned())
                    .collect();
                let names = names.into_iter().filter(|_| !self.apply.plan.is_targeted());
                names.for_each(|name| self.values.checks.expect(&root, &Subject::Output(name), None));
            }
            match self.apply.plan.mode {
                Mode::RefreshOnly => self.values.checks.fill(&self.apply.plan.checks),
                Mode::Normal => self.values.checks.expect_planned(&self.apply.plan.checks),
                Mode::Destroy => {}
            }
            self.report.diagnostics.extend(record.checks(&self.values.checks).await.err());
            if !self.apply.plan.is_targeted() || self.apply.plan.mode == Mode::Destroy {
                self.report.diagnostics.extend(record.retain_data(&self.data_in_use()).await.err());
            }
        }
        if self.apply.plan.is_targeted() {
            self.report.diagnostics.push(Diagnostic::warning(
                "Applied changes may be incomplete",
                "Only the targets and what they need were worked on. Plan without -target to see what is left to do.",
            ));
        }
        let (blocks, seen_through) = (std::mem::take(&mut self.blocks), !self.report.diagnostics.has_errors());
        let recorded = self.apply.record.lock().await.blocks(blocks, seen_through).await;
        self.report.diagnostics.extend(recorded.err());
        self.report.diagnostics = said_once(std::mem::take(&mut self.report.diagnostics));
        self.report.values = std::mem::take(&mut self.values);
        self.report.outputs = outputs.into_iter().map(|(name, (value, _))| (name, value)).collect();
        if self.apply.conduct.cancel.is_cancelled() {
            RunOutcome::Stopped(self.report)
        } else {
            RunOutcome::Completed(self.report)
        }
    }

    fn data_in_use(&self) -> BTreeSet<InstanceAddress> {
        // What was read before everything is destroyed has no further use. Of targets, what they name goes; data sources
        // that need them stay, since they may be needed themselves.
        if self.apply.plan.mode == Mode::Destroy {
            let targets = &self.apply.plan.targets;
            let is_named = |address: &InstanceAddress| targets.iter().any(|target| target.covers_instance(address));
            let kept = self.apply.stored.data.keys().filter(|address| !targets.is_empty() && !is_named(address));
            return kept.cloned().collect();
        }
        // What was recorded before of what could not be read now is out of date.
        self.apply.data.keys().chain(&self.read).cloned().collect()
    }

    /// A root output that the run could not evaluate: as planned, if that was known, as Terraform records it; else as it was
    /// before.
    fn not_evaluated(&self, name: &str) -> Option<Value> {
        let planned = self.apply.plan.outputs.get(name).and_then(|change| change.after.as_ref());
        match planned.filter(|value| value.is_wholly_known()) {
            Some(planned) => Some(planned).filter(|value| !value.is_null()).cloned(),
            // It may be on record as null.
            None => self.apply.stored.outputs.get(name).cloned(),
        }
    }

    /// The root outputs: as evaluated, or what is known of them where that was not possible.
    fn outputs(&self) -> BTreeMap<Arc<str>, (Value, bool)> {
        if self.apply.plan.mode == Mode::Destroy {
            // They go with the first that is destroyed, since they may be about that.
            let kept = self.apply.stored.outputs.iter().filter(|_| self.apply.plan.is_targeted());
            return kept.map(|(name, value)| (name.clone(), (value.clone(), value.has_sensitive()))).collect();
        }
        let declared = self.apply.setting.config.modules.get(&ModuleAddress::root()).map(|module| &module.outputs);
        let mut outputs = BTreeMap::new();
        if self.apply.plan.is_targeted() {
            // What is declared no more only goes with the rest.
            let is_left = |name: &Arc<str>| declared.is_none_or(|declared| !declared.contains_key(name));
            let left = self.apply.stored.outputs.iter().filter(|(name, _)| is_left(name));
            outputs.extend(left.map(|(name, value)| (name.clone(), (value.clone(), value.has_sensitive()))));
        }
        for (name, output) in declared.into_iter().flatten() {
            let evaluated = self.values.output(&ModuleInstance::root(), name).cloned();
            // What targets leave out is unknown even now, and is recorded as null.
            let is_left_out = evaluated.as_ref().is_some_and(|value| !value.is_known());
            let value = match evaluated {
                Some(value) => {
                    let value = conform::without_unknown(value).0;
                    Some(value).filter(|value| is_left_out || !value.is_null())
                }
                None => self.not_evaluated(name),
            };
            outputs.extend(value.map(|value| (name.clone(), (value, output.sensitive))));
        }
        outputs
    }
}
