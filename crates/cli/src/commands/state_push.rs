//! `state push` and `state replace-provider`: the record as a whole.

use std::path::Path;

use smform_state::codec;
use smform_state::exchange::{Exchange, compare};
use smform_state::rollback::{Newer, keep, newer};

use super::state::expect_some;
use crate::args::{StateFile, StatePush, StateReplaceProvider};
use crate::errors::{Exit, Failure, file};
use crate::render::style::Paint;
use crate::session::Session;

/// Puts a state file in the place of what is recorded.
pub async fn push(session: &Session, args: &StatePush) -> Result<Exit, Failure> {
    let (text, name) = if args.file.as_os_str() == "-" {
        let name = Path::new("standard input");
        (session.console.read_all().map_err(|error| file("read", name, &error))?, name)
    } else {
        (session.read(&args.file)?, args.file.as_path())
    };
    let text = session.clear_state(text, name)?;
    // What is wrong is the file, not what is recorded: there is nothing to restore.
    let way_out = || "Give a file that `smform state pull` has printed, or a copy of a state".to_owned();
    let incoming = codec::read(text.as_bytes(), name).map_err(|error| error.with_way_out(way_out));
    let mut incoming = incoming.map_err(|error| Failure::from(error).summed_up("Nothing to push"))?;
    // States of version 1 have no lineage.
    if incoming.lineage.is_empty() && incoming.is_empty() {
        let detail = format!("{} holds no state. Nothing was changed.", name.display());
        return Err(Failure::error("Nothing to push", detail));
    }
    let mut store = match args.force {
        true => session.open_to_replace(&args.state, &args.lock, "state-push").await?,
        false => session.open_for(&args.state, &args.lock, "state-push").await?,
    };
    // What the journal knows must not be lost. The state that was rescued of the run that was cut off has it all.
    let is_known = newer(store.state(), &incoming).is_empty();
    if !store.pending().is_empty() && !args.force && !is_known {
        let detail = "A run was cut off, and what it began is not followed up yet: an apply does that. To push all the same, \
                      give -force.";
        return Err(Failure::error("State has an unfinished run", detail));
    }
    match compare(store.state(), &incoming) {
        Exchange::Same if !store.is_damaged() => return Ok(Exit::Success),
        Exchange::Refused(why) if !args.force => {
            let detail = format!("{}: {why}. Nothing was changed. -force overrides this.", store.place().display());
            return Err(Failure::error("Failed to write state", detail));
        }
        Exchange::Same | Exchange::Replaces | Exchange::Refused(_) => {
            // What only an announcement beside the state tells of is in no state that somebody could push.
            let newer = newer(store.state(), &incoming);
            let lost: Vec<Newer> = newer.into_iter().filter(|one| store.taken_up().contains(&one.id)).collect();
            keep(&lost, store.state(), &mut incoming);
            for Newer { id, identifier, .. } in &lost {
                let kind = &id.address.resource.type_name;
                session.console.out(&format!(
                    "A run that was cut off has created {kind} {identifier}, which this state does not have: it is kept on record.\n"
                ));
            }
            store.replace(incoming);
        }
    }
    session.set_damaged_aside(&mut store)?;
    store.finish()?;
    Ok(Exit::Success)
}

/// A provider's address with the parts that may be left out.
fn full_source(text: &str) -> Result<String, Failure> {
    let parts: Vec<&str> = text.split('/').collect();
    let is_safe = |part: &&str| {
        !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':'))
    };
    if parts.iter().all(is_safe) {
        match parts.as_slice() {
            [name] => return Ok(format!("registry.terraform.io/hashicorp/{name}")),
            [namespace, name] => return Ok(format!("registry.terraform.io/{namespace}/{name}")),
            [host, namespace, name] => return Ok(format!("{host}/{namespace}/{name}").to_lowercase()),
            _ => {}
        }
    }
    let detail = format!("\"{text}\" is not the address of a provider, which is written [HOST/]NAMESPACE/NAME.");
    Err(Failure::error("Invalid provider address", detail))
}

/// Records another provider for all resources of one.
pub async fn replace_provider(session: &Session, args: &StateReplaceProvider) -> Result<Exit, Failure> {
    let (from, to) = (full_source(&args.from)?, full_source(&args.to)?);
    let file = StateFile { written: args.copy.clone().into(), ..args.state.clone() };
    let mut store = session.open_for(&file, &args.lock, "state-replace-provider").await?;
    expect_some(session, &args.state, store.state())?;
    let mut state = store.state().clone();
    let (wanted, instead) = (format!("provider[\"{from}\"]"), format!("provider[\"{to}\"]"));
    let mut changed = Vec::new();
    for ((module, address), resource) in &mut state.resources {
        // Before it may stand a module, after it an alias.
        if resource.provider.contains(&wanted) {
            resource.provider = resource.provider.replace(&wanted, &instead);
            changed.push(if module.is_root() { address.to_string() } else { format!("{module}.{address}") });
        }
    }
    if changed.is_empty() {
        session.console.out("No matching resources found.\n");
        return Ok(Exit::Success);
    }
    let style = session.style(args.no_color);
    let count = format!("{} resources", changed.len());
    session.console.out(&format!(
        "smform will perform the following actions:\n\n  {} Updating provider:\n    {} {from}\n    {} {to}\n\n{} {count}:\n\n{}\n",
        style.paint(Paint::Yellow, "~"),
        style.paint(Paint::Red, "-"),
        style.paint(Paint::Green, "+"),
        style.bold("Changing"),
        changed.iter().map(|address| format!("  {address}\n")).collect::<String>()
    ));
    if !args.auto_approve {
        let question = format!("{}\n", style.bold("Do you want to make these changes?"));
        if !session.confirmed(&question).await? {
            session.console.out("Cancelled replacing providers.\n");
            return Ok(Exit::Failure);
        }
    }
    store.replace(state);
    store.finish()?;
    session.console.out(&format!("Successfully replaced provider for {count}.\n"));
    Ok(Exit::Success)
}
