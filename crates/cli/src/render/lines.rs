//! The lines of a run: what is being done to each object, and what came of it all.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use smform_engine::events::Operation;
use smform_engine::plan::{Action, Counts, Mode, ObjectKey, Plan, Replacement};
use smform_lang::eval::render_value;
use smform_types::Value;

use super::style::{Paint, Style};

/// A moment of the work on an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// It begins.
    Start,
    /// It goes on.
    Still,
    /// It succeeded.
    Done,
    /// It failed.
    Failed,
}

/// Seconds as in `3s` and `1m5s`.
#[must_use]
pub fn seconds(elapsed: Duration) -> String {
    let total = elapsed.as_secs();
    let (hours, minutes, seconds) = (total / 3600, total / 60 % 60, total % 60);
    match (hours, minutes) {
        (0, 0) => format!("{seconds}s"),
        (0, _) => format!("{minutes}m{seconds}s"),
        _ => format!("{hours}h{minutes}m{seconds}s"),
    }
}

/// Minutes and seconds as in `00m10s`, which Terraform writes so since 1.12; 1.11 writes `10s`.
#[must_use]
pub fn minutes(elapsed: Duration) -> String {
    let total = elapsed.as_secs();
    format!("{:02}m{:02}s", total / 60, total % 60)
}

/// The words of an operation: as it begins, as it goes on, as it is done.
const fn words(operation: Operation) -> (&'static str, &'static str, &'static str) {
    match operation {
        Operation::Refresh => ("Refreshing state", "Still refreshing", "Refresh complete"),
        Operation::Read => ("Reading", "Still reading", "Read complete"),
        Operation::Create => ("Creating", "Still creating", "Creation complete"),
        Operation::Update => ("Modifying", "Still modifying", "Modifications complete"),
        Operation::Delete => ("Destroying", "Still destroying", "Destruction complete"),
        Operation::Import => ("Importing", "Still importing", "Import complete"),
    }
}

/// One line about an object, with its line break.
#[must_use]
pub fn line(
    moment: Moment,
    object: &ObjectKey,
    operation: Operation,
    id: Option<&str>,
    elapsed: Duration,
    style: Style,
) -> String {
    let (start, still, done) = words(operation);
    let subject = style.bold(&format!("{object}:"));
    let id = id.map(|id| format!("id={id}"));
    let bracket = |parts: [Option<String>; 2]| {
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        if parts.is_empty() { String::new() } else { format!(" [{}]", parts.join(", ")) }
    };
    match moment {
        Moment::Start => format!("{subject} {start}...{}\n", bracket([id, None])),
        Moment::Still => {
            format!("{subject} {still}...{}\n", bracket([id, Some(format!("{} elapsed", minutes(elapsed)))]))
        }
        Moment::Done if matches!(operation, Operation::Refresh | Operation::Import) => {
            format!("{subject} {done}{}\n", bracket([id, None]))
        }
        Moment::Done => {
            // An object that is gone has neither an identifier nor, in Terraform's words, a key.
            let subject = match operation {
                Operation::Delete => style.bold(&format!("{}:", object.address)),
                _ => subject,
            };
            let id = if operation == Operation::Delete { None } else { id };
            format!("{subject} {done} after {}{}\n", seconds(elapsed), bracket([id, None]))
        }
        Moment::Failed => {
            let failed = done.replace(" complete", " errored");
            format!("{subject} {} after {}\n", style.paint(Paint::Red, &failed), seconds(elapsed))
        }
    }
}

/// The line about an object that is only looked at, and that the service is still busy with.
#[must_use]
pub fn waiting(object: &ObjectKey, status: &str, elapsed: Duration, style: Style) -> String {
    format!("{} Still waiting... [{status}, {} elapsed]\n", style.bold(&format!("{object}:")), minutes(elapsed))
}

/// The summary line of an apply. Other programs read it.
#[must_use]
pub fn complete(counts: Counts, destroy: bool, style: Style) -> String {
    let Counts { import, add, change, destroy: gone } = counts;
    let text = if destroy {
        format!("Destroy complete! Resources: {gone} destroyed.")
    } else {
        let import = if import > 0 { format!("{import} imported, ") } else { String::new() };
        format!("Apply complete! Resources: {import}{add} added, {change} changed, {gone} destroyed.")
    };
    format!("\n{}\n", style.strong(Paint::Green, &text))
}

/// Root outputs, one `name = value` each; sensitive ones are not shown.
#[must_use]
pub fn outputs(outputs: &BTreeMap<Arc<str>, Value>, sensitive: &dyn Fn(&str) -> bool) -> String {
    let line = |(name, value): (&Arc<str>, &Value)| {
        let hidden = sensitive(name) || value.marks().contains(smform_types::Marks::SENSITIVE);
        let value = if hidden { "<sensitive>".to_owned() } else { render_value(value) };
        format!("{name} = {value}\n")
    };
    outputs.iter().map(line).collect()
}

/// Where what was done is on record when a run has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// In the state.
    State,
    /// In the journal on this machine only.
    Journal {
        /// The journal.
        path: PathBuf,
        /// The lock that nobody gives back.
        lock: Option<String>,
    },
    /// Not in the state, as a message says.
    Elsewhere,
}

/// What came of the objects of a run.
#[derive(Clone, Copy)]
pub struct Outcomes<'a> {
    /// What was done, in order.
    pub done: &'a [(ObjectKey, Operation)],
    /// On which the service still works.
    pub under_way: &'a BTreeSet<ObjectKey>,
    /// On which work failed.
    pub failed: &'a BTreeSet<ObjectKey>,
    /// On which no work was begun.
    pub skipped: &'a BTreeSet<ObjectKey>,
    /// Where what was done is on record.
    pub recorded: &'a Recorded,
}

/// What a plan is to do to each object.
pub type Actions = BTreeMap<ObjectKey, Action>;

/// The actions of a plan.
#[must_use]
pub fn actions(plan: &Plan) -> Actions {
    let changes = plan.changes.iter().filter(|_| !plan.record_only);
    changes.map(|(object, change)| (object.clone(), change.action)).collect()
}

/// An object, and what became or is to become of it in a word or two.
pub struct Fate {
    /// The object.
    pub object: ObjectKey,
    /// Such as `created`, `being changed`, `to be destroyed`; nothing when there is no more to say than where it is listed.
    pub what: Option<&'static str>,
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.what {
            Some(what) => write!(f, "{} ({what})", self.object),
            None => write!(f, "{}", self.object),
        }
    }
}

/// The objects of a run that did not do everything, each where it belongs.
pub struct Fates {
    /// What was done, in order.
    pub done: Vec<Fate>,
    /// On which the service still works.
    pub under_way: Vec<Fate>,
    /// On which work failed.
    pub failed: Vec<Fate>,
    /// What was not begun.
    pub left: Vec<Fate>,
}

/// What came of each object.
#[must_use]
pub fn fates(actions: &Actions, outcomes: Outcomes<'_>) -> Fates {
    let Outcomes { done, under_way, failed, skipped, .. } = outcomes;
    let fate = |object: &ObjectKey, what| Fate { object: object.clone(), what };
    // Of a replacement, one half may have failed and the other not have begun: the object is told of once.
    let untouched = skipped.iter().filter(|object| !failed.contains(*object) && !under_way.contains(*object));
    let did = |operation: &Operation| match operation {
        Operation::Create => "created",
        Operation::Update => "changed",
        Operation::Delete => "destroyed",
        Operation::Import => "imported",
        Operation::Read | Operation::Refresh => "read",
    };
    Fates {
        done: done.iter().map(|(object, operation)| fate(object, Some(did(operation)))).collect(),
        under_way: under_way.iter().map(|object| fate(object, going_on(actions, done, object))).collect(),
        failed: failed.iter().map(|object| fate(object, None)).collect(),
        left: untouched.map(|object| fate(object, left(actions, done, object))).collect(),
    }
}

/// What came of a run that did not do everything: who succeeded, who failed, what still goes on, who was not begun.
#[must_use]
pub fn partial(mode: Mode, actions: &Actions, outcomes: Outcomes<'_>, style: Style) -> String {
    let Outcomes { under_way, failed, skipped, recorded, .. } = outcomes;
    let is_whole = failed.is_empty() && skipped.is_empty() && under_way.is_empty();
    let title = match recorded {
        Recorded::Elsewhere if is_whole => "Everything was done, but the state does not say so.",
        Recorded::State if is_whole => "Everything was done, but the run did not end as it should.",
        _ => "Not everything was done.",
    };
    let mut out = format!("\n{}\n", style.strong(Paint::Yellow, title));
    let mut section = |title: &str, lines: Vec<String>| {
        if !lines.is_empty() {
            out.push_str(&format!("\n{title}\n"));
            out.extend(lines.into_iter().map(|line| format!("  {line}\n")));
        }
    };
    let fates = fates(actions, outcomes);
    let told = |fates: Vec<Fate>| fates.iter().map(ToString::to_string).collect();
    let kept = match recorded {
        Recorded::State => "Done, and recorded in the state:".to_owned(),
        Recorded::Journal { path, .. } => format!("Done, and recorded in the journal {}:", path.display()),
        Recorded::Elsewhere => "Done, but not recorded in the state:".to_owned(),
    };
    section(&kept, told(fates.done));
    section("Still under way at the service:", told(fates.under_way));
    section("Failed:", told(fates.failed));
    section("Not begun:", told(fates.left));
    let again = if mode == Mode::Destroy { "Destroy" } else { "Apply" };
    match recorded {
        Recorded::Journal { lock, .. } => {
            let first = lock.as_ref().map(|id| {
                format!("The state is still locked: give the lock back with `smform force-unlock {id}`. Then ")
            });
            let again = if first.is_some() { again.to_lowercase() } else { again.to_owned() };
            let line = format!(
                "\n{}{again} again, on this machine: the journal is taken up, and the run goes on from here.\n",
                first.unwrap_or_default()
            );
            out.push_str(&line);
        }
        _ if is_whole => {}
        _ => out.push_str(&format!("\n{again} again to continue from here.\n")),
    }
    out
}

/// What the service does to an object.
fn going_on(actions: &Actions, done: &[(ObjectKey, Operation)], object: &ObjectKey) -> Option<&'static str> {
    let is_done = |operation: Operation| done.iter().any(|(key, did)| key == object && *did == operation);
    match actions.get(object) {
        Some(Action::Create) => Some("being created"),
        Some(Action::Update) => Some("being changed"),
        Some(Action::Delete) => Some("being destroyed"),
        Some(Action::Replace(Replacement::DeleteFirst)) if is_done(Operation::Delete) => Some("being created"),
        Some(Action::Replace(Replacement::DeleteFirst)) => Some("being destroyed"),
        Some(Action::Replace(Replacement::CreateFirst)) if is_done(Operation::Create) => Some("being destroyed"),
        Some(Action::Replace(Replacement::CreateFirst)) => Some("being created"),
        // What a replacement has set aside is known under a key of its own.
        None if object.deposed.is_some() => Some("being destroyed"),
        Some(Action::NoOp | Action::Read | Action::Forget) | None => None,
    }
}

/// What was to become of what was not begun. When one half of a replacement is done, the other half is left.
fn left(actions: &Actions, done: &[(ObjectKey, Operation)], object: &ObjectKey) -> Option<&'static str> {
    let is_done =
        |operation: Operation| done.iter().any(|(key, did)| key.address == object.address && *did == operation);
    match actions.get(object) {
        Some(Action::Replace(Replacement::CreateFirst)) if is_done(Operation::Create) => {
            Some("deposed object, to be destroyed")
        }
        Some(Action::Replace(Replacement::DeleteFirst)) if is_done(Operation::Delete) => Some("to be created"),
        Some(Action::Replace(_)) => Some("to be replaced"),
        Some(Action::Create) => Some("to be created"),
        Some(Action::Update) => Some("to be changed"),
        Some(Action::Delete) => Some("to be destroyed"),
        Some(Action::Read) => Some("to be read"),
        Some(Action::Forget) => Some("to be forgotten"),
        Some(Action::NoOp) | None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(recorded: &Recorded, failed: &[&str]) -> String {
        let object = |name: &str| ObjectKey { address: name.parse().expect("an address"), deposed: None };
        let none = BTreeSet::new();
        let failed: BTreeSet<ObjectKey> = failed.iter().map(|name| object(name)).collect();
        let done = [(object("terraform_data.a"), Operation::Create)];
        // The other half of a replacement that failed is not begun.
        let outcomes = Outcomes { done: &done, under_way: &none, failed: &failed, skipped: &failed, recorded };
        partial(Mode::Normal, &Actions::new(), outcomes, Style::PLAIN)
    }

    #[test]
    fn what_is_done_is_said_to_be_where_it_is_on_record() {
        let journal =
            |lock: Option<&str>| Recorded::Journal { path: "s.journal".into(), lock: lock.map(str::to_owned) };
        assert_eq!(
            told(&Recorded::State, &["terraform_data.b"]),
            "\nNot everything was done.\n\nDone, and recorded in the state:\n  terraform_data.a (created)\n\nFailed:\n  \
             terraform_data.b\n\nApply again to continue from here.\n"
        );
        assert_eq!(
            told(&Recorded::Elsewhere, &[]),
            "\nEverything was done, but the state does not say so.\n\nDone, but not recorded in the state:\n  \
             terraform_data.a (created)\n"
        );
        let cut_off = told(&journal(Some("id")), &[]);
        assert!(cut_off.contains("Done, and recorded in the journal s.journal:"), "{cut_off}");
        assert!(cut_off.contains("`smform force-unlock id`. Then apply again, on this machine"), "{cut_off}");
        assert!(told(&journal(None), &[]).contains("\nApply again, on this machine"));
    }
}
