//! `taint` and `untaint`: whether the next apply replaces an object.

use smform_state::ObjectId;
use smform_types::{Diagnostic, InstanceAddress, ResourceMode, SourceMap};

use super::state::invalid;
use crate::args::{StateFile, Taint};
use crate::errors::{Exit, Failure};
use crate::render::diagnostics::{Layout, render};
use crate::session::Session;

pub async fn taint(session: &Session, args: &Taint) -> Result<Exit, Failure> {
    mark(session, args, true).await
}

pub async fn untaint(session: &Session, args: &Taint) -> Result<Exit, Failure> {
    mark(session, args, false).await
}

async fn mark(session: &Session, args: &Taint, tainted: bool) -> Result<Exit, Failure> {
    let (operation, participle) = if tainted { ("taint", "tainted") } else { ("untaint", "untainted") };
    let address: InstanceAddress = args.address.parse().map_err(invalid)?;
    if address.resource.mode == ResourceMode::Data {
        let detail = format!("{address} is read anew by every plan: there is nothing to replace.");
        return Err(Failure::error(format!("Resource instance {address} cannot be {participle}"), detail));
    }
    let file = StateFile { written: args.written.clone(), ..args.state.clone() };
    let mut store = session.open_for(&file, &args.lock, operation).await?;
    let id = ObjectId { address: address.clone(), deposed: None };
    let resource = store.state().resources.get(&(address.module.clone(), address.resource.clone()));
    let provider = resource.map(|resource| resource.provider.clone()).unwrap_or_default();
    let Some(mut object) = store.state().get(&id).cloned() else { return absent(session, args, &address, participle) };
    if !tainted && !object.tainted {
        let detail = format!("Resource instance {address} is not currently tainted, and so it cannot be untainted.");
        return Err(Failure::error("Resource instance is not tainted", detail));
    }
    object.tainted = tainted;
    // Whatever an interrupted creation came to, the user has decided.
    if store.is_pending(&id) {
        store.unchanged(&id)?;
    }
    let mut state = store.state().clone();
    state.put(&id, &provider, object);
    store.replace(state);
    store.finish()?;
    let done = if tainted { "marked as tainted" } else { "successfully untainted" };
    session.console.out(&format!("Resource instance {address} has been {done}.\n"));
    Ok(Exit::Success)
}

fn absent(session: &Session, args: &Taint, address: &InstanceAddress, participle: &str) -> Result<Exit, Failure> {
    let summary = "No such resource instance";
    if args.allow_missing {
        let detail = format!(
            "Resource instance {address} was not found, but this is not an error because -allow-missing was set."
        );
        let layout = Layout { style: session.style(args.no_color), width: session.console.width };
        session.console.out(&render(&Diagnostic::warning(summary, detail), &SourceMap::default(), layout));
        return Ok(Exit::Success);
    }
    let detail = format!(
        "There is no resource instance in the state with the address {address}. If the resource configuration has just been \
         added, you must run \"smform apply\" once to create the corresponding instance(s) before they can be {participle}."
    );
    Err(Failure::error(summary, detail))
}
