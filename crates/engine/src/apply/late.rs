//! Calls of a run that was cut off and that take effect late: when this run has looked for what they create, in vain, and has
//! created another object under a name of its own.

use std::sync::Arc;

use smform_types::Diagnostic;

use super::operation::Superseded;
use super::record::Entry;
use super::{Apply, Executor};
use crate::events::{Silent, id_of};
use crate::plan::instance::find;
use crate::plan::stored::Candidate;
use crate::plan::{Action, ObjectKey};
use crate::run::Conduct;

/// As what an earlier run was about to create an object that this run creates; nothing when none was, or it was found.
pub(super) fn sought(apply: &Apply<'_>, object: &ObjectKey) -> Option<Candidate> {
    let is_created = apply.plan.changes.get(object).is_some_and(|change| change.action == Action::Create);
    apply.stored.candidates.get(object).filter(|_| is_created && apply.plan.absent.contains(object)).cloned()
}

impl Executor<'_> {
    /// Looks once more for what an earlier run was about to create. What is there by now is set aside on record, for the next
    /// apply to delete; where it may as well be somebody else's, it is only told.
    pub(super) async fn look_again(&mut self) {
        // It is no work that was asked for, so only what is found is told.
        let conduct = Conduct { observer: Arc::new(Silent), ..self.apply.conduct.clone() };
        for (object, Superseded { candidate, is_told_apart }) in std::mem::take(&mut self.superseded) {
            let type_name = &object.address.resource.type_name;
            let Some(change) = self.apply.plan.changes.get(&object) else { continue };
            let Some(session) = self.session(&change.provider, &object.address) else { continue };
            let of_type = self.apply.plan.changes.keys().filter(|other| other.address.resource.type_name == *type_name);
            let ids = of_type.filter_map(|other| id_of(self.values.instance(&other.address)?));
            let known: Vec<String> = candidate.recorded.iter().cloned().chain(ids).collect();
            let beside = Candidate { recorded: known.clone(), ..candidate };
            // Nothing depends on it: where the service does not tell, what was asked for is done all the same.
            let Ok((Some(late), _)) = find(&session, &object, &beside, &conduct).await else { continue };
            let Some(id) = id_of(&late.value).filter(|id| !known.contains(id)) else { continue };
            let told = if is_told_apart {
                let aside = ObjectKey { deposed: Some(smform_state::key_of(&id)), ..object.clone() };
                let entry = Entry { value: late.value, ..Entry::planned(self.apply, change) };
                let recorded = self.apply.record.lock().await.put(&aside, entry).await;
                self.report.diagnostics.extend(recorded.err());
                let detail = "which was not there when this one looked for it, and so made another. It is recorded as a deposed \
                              object, and the next apply deletes it.";
                format!("That run was cut off while it created {id}, {detail}")
            } else {
                format!(
                    "An earlier run was cut off while it created the like of {id}, which was not there when this one looked \
                     for it, and so made another. It may as well be somebody else's, and is left alone. If nobody needs it, \
                     delete it."
                )
            };
            let title = "A call of an earlier run took effect late";
            self.report.diagnostics.push(Diagnostic::warning(title, told).about(&object.address));
        }
    }
}
