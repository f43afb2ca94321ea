//! What is looked at before everything is destroyed: the whole configuration is walked as for an ordinary plan, so that
//! objects and data sources are read, and a configuration that cannot be evaluated is told before anything goes.

use std::collections::BTreeMap;
use std::sync::Arc;

use smform_types::{Diagnostics, Marks, ModuleInstance, Value};

use super::moves;
use super::stored::Stored;
use super::walk::{Adopt, Found, Options, Walk, walk};
use super::{Drift, Mode, ObjectKey, Ties};
use crate::values::evaluate::Setting;

/// A walk, and the root outputs that it starts from.
pub struct Walked {
    /// What it found.
    pub found: Found,
    /// The root outputs before.
    pub outputs: BTreeMap<Arc<str>, Value>,
}

impl Walked {
    /// A walk that starts from what is recorded.
    #[must_use]
    pub fn only(found: Found, stored: &Stored) -> Walked {
        Walked { found, outputs: stored.outputs.clone() }
    }
}

/// Whether a walk that destroys begins with a look at everything: when there is anything, and it may be read.
#[must_use]
pub fn is_needed(inputs: &Walk<'_>) -> bool {
    let Walk { options, stored, .. } = inputs;
    let is_empty = stored.objects.is_empty() && stored.outputs.is_empty() && stored.data.is_empty();
    options.mode == Mode::Destroy && options.refresh && options.adopt == Adopt::Nothing && !is_empty
}

/// Looks at everything, and walks to destroy what was found.
///
/// # Errors
/// What makes an ordinary plan impossible. Warnings are those of the second walk.
pub async fn walk_twice(inputs: &Walk<'_>) -> Result<Walked, Diagnostics> {
    let options = Options { mode: Mode::Normal, before_destroy: true, replace: Vec::new(), ..inputs.options.clone() };
    let setting = Setting { lenient: true, ..inputs.setting };
    let conduct = inputs.conduct.clone();
    let looked = walk(&Walk { setting, options: &options, conduct, ..*inputs }).await;
    let mut errors = looked.diagnostics;
    errors.extend(moves::check::moved(setting.config, &looked.values));
    if errors.has_errors() {
        return Err(errors);
    }
    let mut stored = as_read(inputs.stored, &looked.drift, &looked.ties);
    for name in setting.config.root().into_iter().flat_map(|root| root.outputs.keys()) {
        let Some(value) = looked.values.output(&ModuleInstance::root(), name) else { continue };
        if !value.is_wholly_known() {
            continue;
        }
        let marks = if value.marks().contains(Marks::SENSITIVE) { Marks::SENSITIVE } else { Marks::NONE };
        let known = value.clone().unmark_deep().0;
        if known.is_null() {
            stored.outputs.remove(name);
        } else {
            stored.outputs.insert(name.clone(), known.with_marks(marks));
        }
    }
    let options = Options { refresh: false, ..inputs.options.clone() };
    let conduct = inputs.conduct.clone();
    let mut found = walk(&Walk { stored: &stored, options: &options, conduct, ..*inputs }).await;
    found.drift = looked.drift;
    found.ties = looked.ties;
    found.data = looked.data;
    Ok(Walked { found, outputs: stored.outputs })
}

/// The record with what was read instead of what it said.
fn as_read(stored: &Stored, drift: &[Drift], ties: &BTreeMap<ObjectKey, Ties>) -> Stored {
    let mut stored = stored.clone();
    // What was looked at has moved already.
    stored.objects.values_mut().for_each(|object| object.previous = None);
    for found in drift {
        match (&found.after, stored.objects.get_mut(&found.object)) {
            (Some(after), Some(object)) => object.value = after.clone(),
            (None, Some(_)) => drop(stored.objects.remove(&found.object)),
            (_, None) => {}
        }
    }
    for (object, ties) in ties {
        if let Some(object) = stored.objects.get_mut(object) {
            object.dependencies.clone_from(&ties.dependencies);
            object.create_before_destroy = ties.create_before_destroy;
        }
    }
    stored
}
