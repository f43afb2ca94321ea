//! `state history` and `state rollback`: snapshots that were replaced and kept.

use std::collections::BTreeSet;

use smform_state::{Backend, Kept, State, codec};
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

/// A kept snapshot; nothing when it cannot be understood.
fn read(backend: &dyn Backend, kept: Kept) -> Result<Option<Version>, Failure> {
    let text = backend.read_kept(&kept.name)?;
    let Ok(state) = codec::read(&text, &backend.place()) else { return Ok(None) };
    let time = kept.time.and_then(|time| jiff::Timestamp::try_from(time).ok());
    let written = time.map(|time| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()).unwrap_or_default();
    Ok(Some(Version { name: kept.name, written, state }))
}

/// The snapshot with a name or a serial; none is read that need not be.
fn find(backend: &dyn Backend, wanted: &str) -> Result<Option<Version>, Failure> {
    let mut all = backend.kept()?;
    if let Some(at) = all.iter().position(|kept| kept.name == wanted) {
        return read(backend, all.swap_remove(at));
    }
    if wanted.parse::<u64>().is_err() {
        return Ok(None);
    }
    for kept in all {
        let version = read(backend, kept)?;
        if let Some(version) = version.filter(|version| version.state.serial.to_string() == wanted) {
            return Ok(Some(version));
        }
    }
    Ok(None)
}

/// Lists the snapshots that a rollback can bring back.
pub fn history(session: &Session, args: &StateHistory) -> Result<Exit, Failure> {
    let backend = session.backend(&session.config(), &args.state)?;
    let newest = backend.kept()?.into_iter().take(LISTED);
    let versions = newest.filter_map(|kept| read(backend.as_ref(), kept).transpose());
    let versions: Vec<Version> = versions.collect::<Result<_, Failure>>()?;
    if args.json {
        let all: Vec<_> = versions
            .iter()
            .map(|version| {
                serde_json::json!({
                    "version": version.name,
                    "serial": version.state.serial,
                    "lineage": version.state.lineage,
                    "replaced": version.written,
                    "objects": version.state.objects().count(),
                })
            })
            .collect();
        let json = serde_json::json!({ "format_version": "1.0", "versions": all });
        session.console.out(&format!("{}\n", to_text(&json, None)));
        return Ok(Exit::Success);
    }
    if versions.is_empty() {
        session.console.out(&format!("No earlier state of {} is kept.\n", backend.place().display()));
        return Ok(Exit::Success);
    }
    session.console.out(&format!("{:<10} {:<22} {:>8}  VERSION\n", "SERIAL", "REPLACED", "OBJECTS"));
    for version in versions {
        let objects = version.state.objects().count();
        let line = format!("{:<10} {:<22} {objects:>8}  {}\n", version.state.serial, version.written, version.name);
        session.console.out(&line);
    }
    Ok(Exit::Success)
}

/// Brings an earlier snapshot back, as a new one.
pub async fn rollback(session: &Session, args: &StateRollback) -> Result<Exit, Failure> {
    let mut store = session.open_for(&args.state, &args.lock, "state-rollback").await?;
    let backend = std::sync::Arc::clone(store.backend());
    let Some(wanted) = find(backend.as_ref(), &args.version)? else {
        let detail = format!(
            "No state with the serial or version {} is kept for {}. List what is kept with: smform state history",
            args.version,
            backend.place().display()
        );
        return Err(Failure::error("No such version", detail));
    };
    if !store.pending().is_empty() {
        let detail = "A run was cut off, and what it began is not followed up yet: an apply does that.";
        return Err(Failure::error("State has an unfinished run", detail));
    }
    let addresses = |state: &State| state.objects().map(|(id, ..)| id.address.to_string()).collect::<BTreeSet<_>>();
    let (now, then) = (addresses(store.state()), addresses(&wanted.state));
    let list = |title: &str, names: Vec<&String>| {
        if names.is_empty() {
            return String::new();
        }
        format!("{title}\n{}\n", names.iter().map(|name| format!("  - {name}\n")).collect::<String>())
    };
    session
        .console
        .out(&list("Recorded now, and not in that state; these would be forgotten:", now.difference(&then).collect()));
    session.console.out(&list(
        "In that state, and not recorded now; these would be recorded again:",
        then.difference(&now).collect(),
    ));
    if !args.auto_approve {
        let question = format!(
            "{}\n  smform will record what was recorded with serial {}. Nothing else is changed; plan afterwards to see how \
             that differs from what exists.\n",
            session.style(args.no_color).bold("Do you want to roll the state back?"),
            wanted.state.serial
        );
        if !session.confirmed(&question).await? {
            session.console.out("Rollback cancelled.\n");
            return Ok(Exit::Failure);
        }
    }
    let lineage = store.state().lineage.clone();
    let earlier = wanted.state.serial;
    store.replace(State { serial: 0, lineage, ..wanted.state });
    let state = store.finish()?;
    session.console.out(&format!("The state of serial {earlier} is back, as serial {}.\n", state.serial));
    Ok(Exit::Success)
}
