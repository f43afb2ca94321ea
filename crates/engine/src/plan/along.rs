//! Parts that a service takes away with what they are parts of, such as the policies of a scalable target. Where that is made
//! anew, so are they: left as they are, they would be missing until the next apply.

use std::collections::BTreeSet;
use std::sync::Arc;

use smform_types::{Diagnostic, InstanceAddress, ResourceMode, Value};

use super::names::account;
use super::reinstate::{silent, walk_with_these};
use super::stored::Stored;
use super::walk::{Adopt, Found, Options, Walk};
use super::{Action, Change, Mode};

/// Walks, and walks again with the parts that have to be made anew; with the record that the last walk started from, where it
/// is another one.
pub async fn walk_with_parts(inputs: &Walk<'_>) -> (Found, Option<Stored>) {
    let (mut found, mut stored) = walk_with_these(inputs).await;
    if inputs.options.mode != Mode::Normal || inputs.options.adopt != Adopt::Nothing {
        return (found, stored);
    }
    let mut along = BTreeSet::new();
    while !found.diagnostics.has_errors() && !inputs.conduct.cancel.is_cancelled() {
        let more = lost(&found);
        if more.is_subset(&along) {
            break;
        }
        along.extend(more);
        let options = Options { along: along.clone(), ..inputs.options.clone() };
        (found, stored) = walk_with_these(&Walk { options: &options, conduct: silent(inputs), ..*inputs }).await;
    }
    if !along.is_empty() {
        let list: String = along.iter().map(|part| format!("\n  - {part}")).collect();
        let detail = format!(
            "What they are parts of is replaced, and takes them away as it goes. They are made anew after it:\n{list}"
        );
        found.diagnostics.push(Diagnostic::warning("Parts are replaced with their whole", detail));
    }
    (found, stored)
}

/// The parts that would stay, and go with a whole that is made anew under its name.
fn lost(found: &Found) -> BTreeSet<InstanceAddress> {
    // Hardly any plan has such a whole, so the others are not looked through for parts.
    if !found.changes.values().any(is_replaced) {
        return BTreeSet::new();
    }
    let managed = found.changes.values().filter(|change| {
        change.object.deposed.is_none() && change.object.address.resource.mode == ResourceMode::Managed
    });
    let told = managed.filter_map(|change| {
        let session = found.sessions.get(&change.provider)?;
        let plain = |value: &Option<Value>| value.as_ref().map(|value| value.clone().unmark_deep().0);
        let both = plain(&change.before).zip(plain(&change.after))?;
        Some((change, session, account(session.as_ref(), &change.provider), both))
    });
    let (replaced, kept): (Vec<_>, Vec<_>) = told.partition(|(change, ..)| is_replaced(change));
    let wholes = replaced.into_iter().filter_map(|(change, session, account, (before, after))| {
        let type_name = Arc::clone(&change.object.address.resource.type_name);
        let name = |value: &Value| session.unique_name(&type_name, value);
        let (had, wanted) = (name(&before)?, name(&after)?);
        (had.key == wanted.key).then_some((account, type_name, had.key))
    });
    let wholes: BTreeSet<_> = wholes.collect();
    let parts = kept.into_iter().filter(|(change, session, account, (before, after))| {
        let type_name = &change.object.address.resource.type_name;
        let whole = |value: &Value| {
            let whole = session.part_of(type_name, value)?;
            Some((account.clone(), Arc::from(whole.type_name), whole.key))
        };
        session.goes_with_whole(type_name, before)
            && whole(before) == whole(after)
            && whole(before).is_some_and(|whole| wholes.contains(&whole))
    });
    parts.map(|(change, ..)| change.object.address.clone()).collect()
}

fn is_replaced(change: &Change) -> bool {
    matches!(change.action, Action::Replace(_))
}
