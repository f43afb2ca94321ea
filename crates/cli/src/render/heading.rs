//! The comment lines above a resource in a plan: what happens to it, and why.

use smform_engine::plan::{Action, Change, Drift, ObjectKey, Reason};
use smform_types::{InstanceKey, ResourceMode};

use super::style::{Paint, Style};

/// The comment above a planned change, without the last line break.
#[must_use]
pub fn planned(change: &Change, style: Style) -> String {
    let address = change.object.to_string();
    let subject = style.bold(&format!("  # {address}"));
    let replaced = style.strong(Paint::Red, "replaced");
    let moved = change.previous_address.as_ref();
    let mut line = match change.action {
        Action::NoOp => match moved {
            Some(from) => {
                return format!("{} has moved to {}", style.bold(&format!("  # {from}")), style.bold(&address));
            }
            None if change.importing.is_some() => {
                let note = change.generated.as_ref().map(|_| "\n  # (config will be generated)").unwrap_or_default();
                return format!("{subject} will be imported{note}");
            }
            None if change.reinstated.is_some() => format!("{subject} is the current object again"),
            None => format!("{subject} is unchanged"),
        },
        Action::Create => format!("{subject} will be created"),
        Action::Read => format!("{subject} will be read during apply"),
        Action::Update => format!("{subject} will be updated in-place"),
        Action::Delete => format!("{subject} will be {}", style.strong(Paint::Red, "destroyed")),
        // Other programs know this one by its narrower margin.
        Action::Forget => {
            let subject = style.bold(&format!(" # {address}"));
            let moved = moved.map(|from| format!("\n  # (moved from {from})")).unwrap_or_default();
            if change.object.deposed.is_some() {
                return format!(
                    "{subject} will be removed from smform state, but will not be destroyed\n \
                     # (left over from a partially-failed replacement of this instance)\n \
                     # (destroy = false is set in the configuration){moved}"
                );
            }
            return format!(
                "{subject} will no longer be managed by smform, but will not be destroyed\n \
                 # (destroy = false is set in the configuration){moved}"
            );
        }
        Action::Replace(_) => match change.reason {
            Some(Reason::Tainted) => format!("{subject} is tainted, so must be {replaced}"),
            Some(Reason::Requested) => format!("{subject} will be {replaced}, as requested"),
            Some(Reason::Triggered) => format!("{subject} will be {replaced} due to changes in replace_triggered_by"),
            _ => format!("{subject} must be {replaced}"),
        },
    };
    if let Some(reason) = reason(change) {
        line.push_str(&format!("\n  # ({reason})"));
    }
    if change.object.deposed.is_some() {
        line.push_str("\n  # (left over from a partially-failed replacement of this instance)");
    }
    if let Some(key) = &change.reinstated {
        line.push_str(&format!("\n  # (it was set aside when another one took its place, as deposed object {key})"));
    }
    if let Some(from) = moved {
        line.push_str(&format!("\n  # (moved from {from})"));
    }
    if let Some(id) = &change.importing {
        line.push_str(&format!("\n  # (imported from \"{id}\")"));
        if matches!(change.action, Action::Replace(_)) {
            line.push_str(&format!(
                "\n  # {}",
                style.strong(Paint::Yellow, "Warning: this will destroy the imported resource")
            ));
        }
    }
    line
}

/// Why a change is made, as it stands in parentheses under what becomes of the object.
pub(super) fn reason(change: &Change) -> Option<String> {
    let address = &change.object.address;
    let key = address.key.as_ref().map(InstanceKey::to_string).unwrap_or_default();
    match change.reason? {
        Reason::NoMoveTarget => {
            Some(format!("because {address} was moved to {address}, which is not in configuration").replacen(
                &address.to_string(),
                &change.previous_address.as_ref().unwrap_or(address).to_string(),
                1,
            ))
        }
        Reason::ConfigUnknown => Some("config refers to values not yet known".to_owned()),
        Reason::CheckNested => Some("config will be reloaded to verify a check block".to_owned()),
        Reason::DependencyPending => Some("depends on a resource or a module with changes pending".to_owned()),
        Reason::NoConfiguration => Some(format!("because {} is not in configuration", address.resource)),
        Reason::NoModule => Some(format!("because {} is not in configuration", address.module)),
        Reason::WrongRepetition => Some(match address.key {
            None => "because resource uses count or for_each".to_owned(),
            Some(InstanceKey::Index(_)) => "because resource does not use count".to_owned(),
            Some(InstanceKey::Name(_)) => "because resource does not use for_each".to_owned(),
        }),
        Reason::CountIndex => Some(format!("because index {key} is out of range for count")),
        Reason::EachKey => Some(format!("because key {key} is not in for_each map")),
        Reason::CannotUpdate | Reason::Tainted | Reason::Requested | Reason::Triggered => None,
    }
}

/// The comment above a difference from the state.
#[must_use]
pub fn drifted(drift: &Drift, style: Style) -> String {
    let Drift { object, previous, .. } = drift;
    let verb = match (drift.action(), previous) {
        (Action::NoOp, Some(from)) => {
            let to = style.bold(&object.to_string());
            return format!("{} has moved to {to}", style.bold(&format!("  # {from}")));
        }
        (Action::Delete, _) => "has been deleted",
        _ => "has changed",
    };
    let moved = previous.as_ref().map(|from| format!("\n  # (moved from {from})")).unwrap_or_default();
    format!("{} {verb}{moved}", style.bold(&format!("  # {object}")))
}

/// How a body begins: `resource "aws_vpc" "main"`.
#[must_use]
pub fn header(object: &ObjectKey) -> String {
    let resource = &object.address.resource;
    let keyword = match resource.mode {
        ResourceMode::Managed => "resource",
        ResourceMode::Data => "data",
    };
    format!("{keyword} \"{}\" \"{}\"", resource.type_name, resource.name)
}
