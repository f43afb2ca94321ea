//! The plan checker: verifies a finished plan against the rules that every plan must keep, whoever made it.
//!
//! A plan that breaks one is a defect of smform; it is refused before anything is touched.

use petgraph::algo::toposort;

use crate::plan::steps::{Step, deleting, making};
use crate::plan::{Action, Change, Plan, Replacement};

/// Every rule that the plan breaks, as sentences; none for a sound plan.
#[must_use]
pub fn violations(plan: &Plan) -> Vec<String> {
    let mut broken = Vec::new();
    if toposort(plan.steps.graph(), None).is_err() {
        broken.push("The steps wait for each other in a circle.".to_owned());
        return broken;
    }
    for (object, change) in &plan.changes {
        if *object != change.object {
            broken.push(format!("The change of {object} is filed under another object."));
        }
        values(change, &mut broken);
        steps(plan, change, &mut broken);
    }
    users(plan, &mut broken);
    broken
}

fn values(change: &Change, broken: &mut Vec<String>) {
    let object = &change.object;
    let (before, after) = match change.action {
        Action::Create | Action::Read => (false, true),
        Action::Delete | Action::Forget => (true, false),
        Action::NoOp | Action::Update | Action::Replace(_) => (true, true),
    };
    if before && change.before.is_none() {
        broken.push(format!("{object} is changed, but nothing is known of it."));
    }
    if after && change.after.is_none() {
        broken.push(format!("{object} is made, but not what it will be."));
    }
    if !before && change.before.is_some() {
        broken.push(format!("{object} is created, but it exists."));
    }
    if object.deposed.is_some() && !matches!(change.action, Action::Delete | Action::Forget | Action::NoOp) {
        broken.push(format!("{object} is deposed and can only be deleted."));
    }
}

fn steps(plan: &Plan, change: &Change, broken: &mut Vec<String>) {
    for step in [making(change), deleting(change)].into_iter().flatten() {
        if !plan.steps.contains(&step) {
            broken.push(format!("The step \"{step}\" is missing."));
        }
    }
    if let (Some(making), Some(deleting), Action::Replace(order)) = (making(change), deleting(change), change.action) {
        let right = match order {
            Replacement::CreateFirst => plan.steps.is_before(&making, &deleting),
            Replacement::DeleteFirst => plan.steps.is_before(&deleting, &making),
        };
        if !right {
            broken.push(format!("The two halves of the replacement of {} are in the wrong order.", change.object));
        }
    }
}

/// Nothing goes away before its users have gone or have been moved over, unless they can only be moved over afterwards.
fn users(plan: &Plan, broken: &mut Vec<String>) {
    let going = plan.changes.values().filter_map(|change| deleting(change).map(|step| (change, step)));
    for (change, deleting_step) in going {
        let resource = change.object.address.config();
        for user in plan.changes.values().filter(|user| user.unused || !change.unused) {
            if user.old_dependencies.contains(&resource)
                && let Some(gone) = deleting(user)
                && !plan.steps.is_before(&gone, &deleting_step)
            {
                broken.push(format!("{} is deleted while {} still uses it.", change.object, user.object));
            }
            let moved_over = match change.action {
                Action::Replace(order) => order == Replacement::CreateFirst,
                _ => change.after_users,
            };
            if moved_over
                && !change.unused
                && (user.old_dependencies.contains(&resource) || user.dependencies.contains(&resource))
                && let Some(made) = making(user).filter(|step| !matches!(step, Step::Read(_)))
                && !plan.steps.is_before(&made, &deleting_step)
                && !(change.action == Action::Delete && plan.steps.is_before(&deleting_step, &made))
            {
                broken.push(format!("{} is deleted before {} is moved over.", change.object, user.object));
            }
        }
    }
}
