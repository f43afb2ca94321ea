//! `state history` and `state rollback`: snapshots that are kept beside the state.

use std::path::Path;

use smform_state::rollback::{self, Newer, newer};
use smform_state::{Backend, Kept, State, StateError, codec};
use smform_types::Diagnostic;
use smform_types::json::to_text;

use crate::args::{StateHistory, StateRollback};
use crate::errors::{Exit, Failure};
use crate::session::Session;

/// A snapshot that was kept and can be read.
struct Version {
    name: String,
    written: String,
    state: State,
}

/// How many snapshots are listed. A bucket may keep a thousand, and each is read with a request of its own.
const LISTED: usize = 20;

/// A kept snapshot.
///
/// # Errors
/// When it cannot be read, or only with a key that is not given.
fn read(backend: &dyn Backend, kept: Kept) -> Result<Version, StateError> {
    let text = backend.read_kept(&kept.name)?;
    let state = codec::read(&text, Path::new(&kept.name))?;
    let time = kept.time.and_then(|time| jiff::Timestamp::try_from(time).ok());
    let written = time.map(|time| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()).unwrap_or_default();
    Ok(Version { name: kept.name, written, state })
}

/// The snapshot with a name, or the newest with a serial; none is read that need not be.
fn find(backend: &dyn Backend, wanted: &str) -> Result<Option<Version>, Failure> {
    let mut all = backend.kept()?;
    if let Some(at) = all.iter().position(|kept| kept.name == wanted) {
        return Ok(Some(read(backend, all.swap_remove(at))?));
    }
    if wanted.parse::<u64>().is_err() {
        return Ok(None);
    }
    let readable = all.into_iter().filter_map(|kept| read(backend, kept).ok());
    Ok(readable.into_iter().find(|version| version.state.serial.to_string() == wanted))
}

/// Lists the snapshots that a rollback can bring back.
pub fn history(session: &Session, args: &StateHistory) -> Result<Exit, Failure> {
    let backend = session.backend(&session.config(), &args.state)?;
    let (mut versions, mut unreadable) = (Vec::new(), Vec::new());
    for kept in backend.kept()?.into_iter().take(LISTED) {
        match read(backend.as_ref(), kept) {
            Ok(version) => versions.push(version),
            Err(error) => unreadable.push(error),
        }
    }
    if let Some(error) = unreadable.first() {
        let detail =
            format!("{} of the states that are kept cannot be read. The newest of them: {error}.", unreadable.len());
        session.warn(&Diagnostic::warning("States that cannot be read", detail), args.no_color, args.json);
    }
    if args.json {
        let all: Vec<_> = versions
            .iter()
            .map(|version| {
                serde_json::json!({
                    "version": version.name,
                    "serial": version.state.serial,
                    "lineage": version.state.lineage,
                    "written": version.written,
                    "objects": version.state.objects().count(),
                })
            })
            .collect();
        let json = serde_json::json!({ "format_version": "1.0", "versions": all });
        session.console.out(&format!("{}\n", to_text(&json, None)));
        return Ok(Exit::Success);
    }
    if versions.is_empty() && !unreadable.is_empty() {
        return Ok(Exit::Success);
    }
    if versions.is_empty() {
        let way_out = backend.keeping().map(|text| format!(" {text}")).unwrap_or_default();
        session.console.out(&format!("No earlier state of {} is kept.{way_out}\n", backend.place().display()));
        return Ok(Exit::Success);
    }
    session.console.out(&format!("{:<10} {:<22} {:>8}  VERSION\n", "SERIAL", "WRITTEN", "OBJECTS"));
    for version in versions {
        let objects = version.state.objects().count();
        let line = format!("{:<10} {:<22} {objects:>8}  {}\n", version.state.serial, version.written, version.name);
        session.console.out(&line);
    }
    Ok(Exit::Success)
}

/// Lines under a title; nothing when there are none.
fn list(title: &str, lines: impl Iterator<Item = String>) -> String {
    let lines: String = lines.map(|line| format!("  - {line}\n")).collect();
    if lines.is_empty() { lines } else { format!("{title}\n{lines}\n") }
}

/// By what the service knows an object, to tell it from another at the same address.
fn known_as(identifier: &str) -> String {
    if identifier.is_empty() { String::new() } else { format!(" ({identifier})") }
}

/// Brings an earlier snapshot back, as a new one.
pub async fn rollback(session: &Session, args: &StateRollback) -> Result<Exit, Failure> {
    let mut store = session.open_to_replace(&args.state, &args.lock, "state-rollback").await?;
    let backend = std::sync::Arc::clone(store.backend());
    let Some(wanted) = find(backend.as_ref(), &args.version)? else {
        let detail = format!(
            "No state with the serial or version {} is kept for {}. List what is kept with: smform state history",
            args.version,
            backend.place().display()
        );
        return Err(Failure::error("No such version", detail));
    };
    // With a damaged state no apply can follow it up, and it stays on record.
    if !store.pending().is_empty() && !store.is_damaged() {
        let detail = "A run was cut off, and what it began is not followed up yet: an apply does that.";
        return Err(Failure::error("State has an unfinished run", detail));
    }
    let mut wanted = wanted;
    let newer = newer(store.state(), &wanted.state);
    let back = rollback::newer(&wanted.state, store.state());
    let told = |one: &Newer| format!("{}{}", one.id.address, known_as(&one.identifier));
    if args.forget {
        let title = "Recorded now, and not in that state; these would be forgotten, and go on existing:";
        session.console.out(&list(title, newer.iter().map(told)));
    } else {
        let stays = |one: &&Newer| one.id == one.kept;
        let title = "Recorded now, and not in that state; these stay on record:";
        session.console.out(&list(title, newer.iter().filter(stays).map(told)));
        let title = "Recorded now, where that state has another object; these are set aside (deposed), and the next apply \
                     deletes them:";
        session.console.out(&list(title, newer.iter().filter(|one| !stays(one)).map(told)));
        rollback::keep(&newer, store.state(), &mut wanted.state);
    }
    session
        .console
        .out(&list("In that state, and not recorded now; these would be recorded again:", back.iter().map(told)));
    if !args.auto_approve {
        let question = format!(
            "{}\n  smform will record what was recorded with serial {} (version {}, of {}). Nothing else is changed; plan \
             afterwards to see how that differs from what exists.\n",
            session.style(args.no_color).bold("Do you want to roll the state back?"),
            wanted.state.serial,
            wanted.name,
            wanted.written
        );
        if !session.confirmed(&question).await? {
            session.console.out("Rollback cancelled.\n");
            return Ok(Exit::Failure);
        }
    }
    if store.is_damaged() {
        let is_last = backend.kept()?.first().is_some_and(|newest| newest.name == wanted.name);
        session.console.out(if is_last {
            "It is the newest that is kept. If something else has written the damaged one, what that has created is not known to \
             it: look in the damaged text for identifiers, and import what is missing.\n"
        } else {
            "What was created after that state, and the damaged one may have recorded, is not known to it: look in the damaged text \
             for identifiers, and import what is missing.\n"
        });
    }
    let (earlier, now) = (wanted.state.serial, store.state().serial);
    let (serial, lineage) = if store.is_damaged() || store.is_missing() {
        // What serial the one had that is damaged or gone is not known; it replaced the newest of those that are kept.
        let newest = backend.kept()?.into_iter().take(LISTED).filter_map(|kept| read(backend.as_ref(), kept).ok());
        let newest = newest.map(|version| version.state.serial).fold(earlier, u64::max);
        (newest.saturating_add(2), wanted.state.lineage.clone())
    } else {
        (0, store.state().lineage.clone())
    };
    let lineage = if lineage.is_empty() { wanted.state.lineage.clone() } else { lineage };
    store.replace(State { serial, lineage, ..wanted.state });
    session.set_damaged_aside(&mut store)?;
    let state = store.finish()?;
    // A serial of zero was never written: there was nothing new in it.
    session.console.out(&match state.serial {
        0 => format!(
            "What is recorded, with serial {now}, is what the state of serial {earlier} says. Nothing was changed.\n"
        ),
        serial => format!("The state of serial {earlier} is back, as serial {serial}.\n"),
    });
    Ok(Exit::Success)
}
