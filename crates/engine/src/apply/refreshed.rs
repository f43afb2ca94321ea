//! What planning has found goes on record: before anything is done, and without that where an apply only records.

use smform_types::{Diagnostic, Marks};

use super::record::Entry;
use super::{Apply, Executor, RunOutcome, late, said_once};
use crate::checks::Checks;
use crate::events::Operation;
use crate::plan::{Action, ObjectKey, Reason, outputs};

impl Executor<'_> {
    /// What was read while planning is recorded first: it is true whatever happens next.
    pub(super) async fn record_refreshed(&mut self) -> Result<(), Diagnostic> {
        let mut record = self.apply.record.lock().await;
        for (object, stored) in &self.apply.stored.objects {
            if let Some(previous) = &stored.previous {
                record.relocate(previous, &object.address).await?;
            }
        }
        for change in self.apply.plan.changes.values() {
            if let Some(key) = &change.reinstated {
                // What took its place, and was being created when a run was cut off, is set aside with that.
                if let Some(value) = self.apply.plan.adopted.get(&change.object) {
                    let entry = Entry { value: value.clone(), ..Entry::planned(self.apply, change) };
                    record.put(&change.object, entry).await?;
                }
                record.reinstate(&change.object.address, key).await?;
            }
        }
        for drift in &self.apply.plan.drift {
            record.refresh(&drift.object, drift.after.as_ref()).await?;
        }
        for (object, ties) in &self.apply.plan.ties {
            record.tie(object, ties).await?;
        }
        for (object, value) in &self.apply.plan.adopted {
            let change = self.apply.plan.changes.get(object);
            if let Some(change) = change.filter(|change| change.reinstated.is_none()) {
                let tainted = change.reason == Some(Reason::Tainted);
                let entry = Entry { value: value.clone(), tainted, ..Entry::planned(self.apply, change) };
                record.put(object, entry).await?;
            }
        }
        for change in self.apply.plan.changes.values() {
            if let (Some(id), Some(before)) = (&change.importing, &change.before) {
                // As in Terraform, what is only recorded is not told as work.
                let conduct = Some(&self.apply.conduct).filter(|_| !self.apply.plan.record_only);
                let task =
                    conduct.map(|conduct| conduct.begin(change.object.clone(), Operation::Import, Some(id.clone())));
                let entry = Entry { value: before.clone(), ..Entry::planned(self.apply, change) };
                record.put(&change.object, entry).await?;
                if let Some(task) = task {
                    task.finished(Some(id.clone()));
                }
                self.report.done.import += 1;
            }
        }
        let owed = &self.apply.stored.owed;
        for object in self.apply.stored.unsettled.iter().filter(|object| !owed.contains_key(object)) {
            record.unchanged(object).await?;
        }
        // What is left to do to an object that is not changed has turned out to be done.
        let is_done = |object: &&ObjectKey| {
            self.apply.plan.changes.get(*object).is_some_and(|change| change.action != Action::Update)
        };
        for object in owed.keys().filter(is_done) {
            record.unchanged(object).await?;
        }
        // What is created now stays announced until that begins.
        let is_created = |object: &&ObjectKey| late::sought(self.apply, object).is_some();
        for object in self.apply.plan.absent.iter().filter(|object| !is_created(object)) {
            record.unchanged(object).await?;
        }
        Ok(())
    }

    /// Records the data sources and outputs as the plan has them, and ends. How conditions came out is not recorded: they
    /// were held against objects that are not changed.
    pub(super) async fn record_values(mut self) -> RunOutcome {
        let Apply { setting, plan, stored, data, .. } = *self.apply;
        let outputs = outputs::known(setting.config, plan, &stored.outputs);
        let recorded = {
            let mut record = self.apply.record.lock().await;
            let mut recorded = Vec::new();
            for (address, (provider, value)) in data {
                let object = ObjectKey { address: address.clone(), deposed: None };
                let entry = Entry::data(self.apply, provider, address, value.clone());
                recorded.push(record.put(&object, entry).await);
            }
            if !plan.is_targeted() {
                recorded.push(record.retain_data(&data.keys().cloned().collect()).await);
            }
            let listed = outputs.iter().map(|(name, value)| {
                let sensitive = value.marks().contains(Marks::SENSITIVE);
                (name.clone(), (value.clone(), sensitive))
            });
            recorded.push(record.outputs(&listed.collect()).await);
            recorded.push(record.checks(&Checks::default()).await);
            recorded
        };
        self.report.diagnostics = said_once(recorded.into_iter().filter_map(Result::err).collect());
        self.report.outputs = outputs;
        RunOutcome::Completed(self.report)
    }
}
