//! References to what is not declared.

use smform_types::suggest::did_you_mean;
use smform_types::{Diagnostic, Diagnostics, ResourceAddress, ResourceMode, Span, Step};

use super::{Reference, Subject};
use crate::config::{Module, Repetition};

/// Errors for references to what the module does not declare.
pub fn check_references(module: &Module, references: &[Reference]) -> Diagnostics {
    let wrong = |reference: &Reference| {
        let error = check(module, &reference.subject).or_else(|| check_key(module, reference));
        error.map(|error| error.at(reference.head))
    };
    // What is declared as a block comes first: as long as that is wrong, nothing is said of single values.
    let is_block = |reference: &&Reference| {
        matches!(
            reference.subject,
            Subject::Resource(_) | Subject::Module(_) | Subject::Ephemeral(..) | Subject::Output(_)
        )
    };
    let (blocks, values): (Vec<_>, Vec<_>) = references.iter().partition(is_block);
    let found: Diagnostics = blocks.into_iter().filter_map(wrong).collect();
    if found.has_errors() { found } else { values.into_iter().filter_map(wrong).collect() }
}

/// An error for a reference that names an instance where there is but one object, or none where there are several.
fn check_key(module: &Module, reference: &Reference) -> Option<Diagnostic> {
    let (what, name, repetition) = match &reference.subject {
        Subject::Resource(address) => ("resource", address.to_string(), &module.resources.get(address)?.repetition),
        // A module is an object, whose outputs are indices as well; so are the keys of one that is repeated for them.
        Subject::Module(name) if matches!(module.calls.get(name)?.repetition, Repetition::Count(_)) => {
            ("module", format!("module.{name}"), &module.calls.get(name)?.repetition)
        }
        _ => return None,
    };
    let key = match (repetition, &reference.key) {
        (Repetition::Single, Some(_)) => {
            let detail = format!(
                "{name} has neither \"count\" nor \"for_each\", so there is one object and no key. Remove the brackets."
            );
            let place = reference.key_place.map_or(reference.head, |key| reference.head.to(key));
            return Some(Diagnostic::error(format!("Unexpected {what} instance key"), detail).at(place));
        }
        (Repetition::Count(_), None) => "[count.index]",
        (Repetition::ForEach(_), None) => "[each.key]",
        _ => return None,
    };
    let Some(Step::Attribute(attribute)) = reference.rest.0.first() else { return None };
    let detail = format!(
        "{name} is repeated, so its attribute \"{attribute}\" must be asked of one instance, as in {name}{key}, or of \
         all, as in {name}[*]."
    );
    if what == "module" {
        let place = reference.steps.first().map(|step| Span { start: step.start.saturating_sub(1), ..*step });
        return Some(Diagnostic::error("Unsupported attribute", detail).at(place));
    }
    Some(Diagnostic::error(format!("Missing {what} instance key"), detail))
}

fn check(module: &Module, subject: &Subject) -> Option<Diagnostic> {
    match subject {
        Subject::Variable(name) if !module.variables.contains_key(name) => {
            let hint = did_you_mean(name, module.variables.keys().map(|name| &**name));
            Some(Diagnostic::error(
                "Reference to undeclared input variable",
                format!(
                    "An input variable with the name \"{name}\" has not been declared. This variable can be declared \
                     with a variable \"{name}\" {{}} block.{hint}"
                ),
            ))
        }
        Subject::Local(name) if !module.locals.contains_key(name) => {
            let hint = did_you_mean(name, module.locals.keys().map(|name| &**name));
            Some(Diagnostic::error(
                "Reference to undeclared local value",
                format!("A local value with the name \"{name}\" has not been declared.{hint}"),
            ))
        }
        Subject::Module(name) if !module.calls.contains_key(name) => {
            let hint = did_you_mean(name, module.calls.keys().map(|name| &**name));
            Some(Diagnostic::error(
                "Reference to undeclared module",
                format!("No module call named \"{name}\" is declared here.{hint}"),
            ))
        }
        Subject::Resource(address) => undeclared_resource(module, address),
        // Only tests refer to outputs, and they ask the module for them.
        Subject::Output(name) => {
            let value =
                format!("An output cannot be referred to within its module. Refer to what \"{name}\" is made of.");
            Some(Diagnostic::error("Reference to undeclared resource", value))
        }
        Subject::Ephemeral(kind, name) if !module.ephemerals.iter().any(|block| block.is(kind, name)) => {
            Some(Diagnostic::error(
                "Reference to undeclared resource",
                format!("An ephemeral resource \"{kind}\" \"{name}\" has not been declared in this module."),
            ))
        }
        Subject::Path(name) if !matches!(&**name, "module" | "root" | "cwd") => {
            let hint = did_you_mean(name, ["module", "root", "cwd"]);
            Some(Diagnostic::error(
                "Invalid \"path\" attribute",
                format!("The \"path\" object has the attributes cwd, module and root, but not \"{name}\".{hint}"),
            ))
        }
        Subject::Terraform(name) if !matches!(&**name, "workspace" | "applying") => {
            let hint = did_you_mean(name, ["workspace"]);
            Some(Diagnostic::error(
                "Invalid \"terraform\" attribute",
                format!("The \"terraform\" object has the attribute workspace, but not \"{name}\".{hint}"),
            ))
        }
        _ => None,
    }
}

fn undeclared_resource(module: &Module, address: &ResourceAddress) -> Option<Diagnostic> {
    let declared = |address: &ResourceAddress| module.resources.contains_key(address);
    if declared(address) {
        return None;
    }
    let (what, other_mode) = match address.mode {
        ResourceMode::Managed => ("managed", ResourceMode::Data),
        ResourceMode::Data => ("data", ResourceMode::Managed),
    };
    let other = ResourceAddress { mode: other_mode, ..address.clone() };
    let known: Vec<String> = module.resources.keys().map(ToString::to_string).collect();
    let hint = if declared(&other) {
        format!(" Did you mean \"{other}\"?")
    } else {
        did_you_mean(&address.to_string(), known.iter().map(String::as_str))
    };
    Some(Diagnostic::error(
        "Reference to undeclared resource",
        format!(
            "A {what} resource \"{}\" \"{}\" has not been declared in this module.{hint}",
            address.type_name, address.name
        ),
    ))
}
