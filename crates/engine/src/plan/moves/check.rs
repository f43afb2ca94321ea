//! What is wrong with `moved` and `removed` blocks beside the rest of the configuration.

use std::collections::BTreeMap;

use smform_lang::config::Config;
use smform_types::{Diagnostic, Diagnostics, InstanceAddress, ModuleInstance, Span};

use super::statement::{self, Endpoints, Statement};
use crate::values::{Instances, Values};

/// Checks `moved` blocks against each other and against the instances that the configuration has now.
pub fn moved(config: &Config, values: &Values) -> Diagnostics {
    let mut found = Diagnostics::new();
    let statements = statement::read(config, &mut Diagnostics::new());
    let mut from_seen: BTreeMap<String, (String, Span)> = BTreeMap::new();
    let mut to_seen: BTreeMap<String, (String, Span)> = BTreeMap::new();
    for statement in &statements {
        let (from, to) = (statement.from(), statement.to());
        let mut ambiguous = |detail: String| {
            found.push(Diagnostic::error("Ambiguous move statements", detail).at(statement.span));
        };
        match from_seen.get(&from) {
            Some((other, span)) if *other != to => ambiguous(format!(
                "{from} moves to {to} here, and to {other} {}. It can move to one place only.",
                place(config, *span)
            )),
            Some(_) => {}
            None => drop(from_seen.insert(from.clone(), (to.clone(), statement.span))),
        }
        match to_seen.get(&to) {
            Some((other, span)) if *other != from => ambiguous(format!(
                "{from} moves to {to} here, and so does {other} {}. Only one object can move there.",
                place(config, *span)
            )),
            Some(_) => {}
            None => drop(to_seen.insert(to.clone(), (from.clone(), statement.span))),
        }
        if let Some(declared) = still_declared(statement, values) {
            let detail = format!(
                "The block says that {from} has moved to {to}, but the configuration still has {declared}. Remove it \
                 from the configuration, or remove this block."
            );
            found.push(Diagnostic::error("Moved object still exists", detail).at(statement.span));
        }
    }
    found
}

fn place(config: &Config, span: Span) -> String {
    let Some(source) = config.sources.get(span.source) else { return String::new() };
    format!("at {}:{}", source.name, source.position(span.start as usize).line)
}

/// What a statement says has moved away although the configuration has it.
fn still_declared(statement: &Statement, values: &Values) -> Option<String> {
    values.module_instances(&statement.module).into_iter().find_map(|at| match &statement.endpoints {
        Endpoints::Resource(from, to) => {
            let module = ModuleInstance(at.0.iter().chain(from.module.0.iter()).cloned().collect());
            let instances = values.instances(&module, &from.resource)?;
            let whole = from.key.is_none() && to.key.is_none();
            let address = InstanceAddress { module, ..from.clone() };
            (whole || instances.contains(from.key.as_ref())).then(|| address.to_string())
        }
        Endpoints::Module(from, to) => {
            let ((name, key), around) = from.0.split_last()?;
            let parent = ModuleInstance(at.0.iter().chain(around).cloned().collect());
            let instances: &Instances = values.module(&parent, name)?;
            let whole = key.is_none() && to.0.last().is_some_and(|(_, key)| key.is_none());
            (whole || instances.contains(key.as_ref())).then(|| parent.child(name, key.clone()).to_string())
        }
    })
}

/// Checks that what `removed` blocks name is in configuration no more.
pub fn removed(config: &Config) -> Diagnostics {
    let mut found = Diagnostics::new();
    for (module, content) in &config.modules {
        for removed in &content.removed {
            let name = &removed.from.0;
            let declared = if let Ok(address) = name.parse::<InstanceAddress>() {
                let at = address.module.config();
                let whole = smform_types::ModuleAddress(module.0.iter().chain(at.0.iter()).cloned().collect());
                let block = config.modules.get(&whole).and_then(|module| module.resources.get(&address.resource));
                block.map(|block| ("Removed resource still exists", block.span))
            } else if let Ok(address) = name.parse::<ModuleInstance>() {
                let path = address.config();
                let around = path.parent().map(|(around, name)| (around, name.clone()));
                around.and_then(|(around, name)| {
                    let whole = smform_types::ModuleAddress(module.0.iter().chain(around.0.iter()).cloned().collect());
                    let call = config.modules.get(&whole)?.calls.get(&name)?;
                    Some(("Removed module still exists", call.span))
                })
            } else {
                None
            };
            if let Some((summary, span)) = declared {
                let detail = format!(
                    "A removed block names {name}, but the configuration still has it. Remove one of the two. The \
                     removed block is {}.",
                    place(config, removed.span)
                );
                found.push(Diagnostic::error(summary, detail).at(span));
            }
        }
    }
    found
}
