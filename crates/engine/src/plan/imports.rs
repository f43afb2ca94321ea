//! `import` blocks: which existing object becomes which instance.

use std::collections::BTreeMap;

use smform_lang::config::{Config, Import, Module, Repetition as Repeated};
use smform_lang::eval::{Evaluator, Reference, references};
use smform_lang::syntax::{Expr, ExprKind, TraversalStep};
use smform_types::{
    Diagnostic, Diagnostics, InstanceAddress, Marks, ModuleInstance, ResourceConfigAddress, Value, ValueKind,
};

use crate::values::evaluate::{Setting, within};
use crate::values::expand::expand;
use crate::values::{Repetition, Values};

/// The identifiers of the objects to import, by the instance that each becomes.
pub type Imports = BTreeMap<InstanceAddress, String>;

/// The resource that an `import` block is about; nothing when the address is not one of a resource.
#[must_use]
pub fn target(import: &Import) -> Option<ResourceConfigAddress> {
    written(&import.to, &mut |_| Some(String::new())).map(|address| address.config())
}

/// What must be known before an `import` block can be evaluated.
#[must_use]
pub fn needs(import: &Import) -> Vec<Reference> {
    let ExprKind::Traversal { steps, .. } = &import.to.kind else { return Vec::new() };
    let keys = steps.iter().filter_map(|step| match step {
        TraversalStep::Index(key, _) => Some(key),
        _ => None,
    });
    let parts = keys.chain(import.id.as_ref()).chain(import.for_each.as_ref());
    parts.flat_map(references).collect()
}

/// The address that a traversal writes out, with keys as `key` makes them of their expressions.
fn written(to: &Expr, key: &mut dyn FnMut(&Expr) -> Option<String>) -> Option<InstanceAddress> {
    let ExprKind::Traversal { root, steps } = &to.kind else { return None };
    let mut text = root.text.to_string();
    for step in steps {
        match step {
            TraversalStep::Attribute(name) => text.push_str(&format!(".{}", name.text)),
            TraversalStep::Index(expr, _) => text.push_str(&key(expr)?),
            TraversalStep::Splat(_) | TraversalStep::LegacySplat(_) => return None,
        }
    }
    text.parse().ok()
}

/// Evaluates the `import` blocks of the root module that are about a resource.
///
/// # Errors
/// When a key or an identifier is not usable, or two blocks are about the same instance.
pub fn of(
    setting: &Setting<'_>,
    root: &Module,
    resource: &ResourceConfigAddress,
    values: &Values,
) -> Result<Imports, Diagnostics> {
    let mut imports = Imports::new();
    let mut found = Diagnostics::new();
    for import in root.imports.iter().filter(|import| target(import).as_ref() == Some(resource)) {
        let result = one(setting, import, values, &mut imports);
        found.extend(within(result.err().unwrap_or_default(), "import"));
    }
    found.into_result(imports).map(|(imports, _)| imports)
}

fn one(setting: &Setting<'_>, import: &Import, values: &Values, imports: &mut Imports) -> Result<(), Diagnostics> {
    let at = ModuleInstance::root();
    let scope = |repetition| setting.scope(&at, values, repetition, None).ok_or_else(Diagnostics::new);
    let outer = scope(Repetition::default())?;
    let evaluator = Evaluator::new(&outer, setting.functions);
    let mut own = Imports::new();
    for repetition in repetitions(import, &evaluator)? {
        let scope = scope(repetition)?;
        let evaluator = Evaluator::new(&scope, setting.functions);
        let address = address(&import.to, &evaluator)?;
        let Some(id) = &import.id else {
            let detail = "smform finds objects by \"id\". Give the identifier instead of the identity.";
            let span = import.identity.as_ref().map_or(import.span, |identity| identity.span);
            return Err(Diagnostic::error("Import by identity is not supported", detail).at(span).into());
        };
        let text = identifier(evaluator.expr(id)?).map_err(|error| error.at(id.span))?;
        if imports.contains_key(&address) {
            let detail = format!("There is another import block for {address} already. Remove one of them.");
            let error = Diagnostic::error("Duplicate import configuration for resource", detail);
            return Err(error.at(import.span).into());
        }
        // Of the elements of one for_each that lead to the same address, the last one counts.
        own.insert(address, text);
    }
    imports.extend(own);
    Ok(())
}

/// The values of `each` for which a block is evaluated. Unlike resources, imports can also be repeated over a list: their
/// addresses have keys of their own.
fn repetitions(import: &Import, evaluator: &Evaluator<'_>) -> Result<Vec<Repetition>, Diagnostics> {
    let Some(for_each) = &import.for_each else { return Ok(vec![Repetition::default()]) };
    let value = evaluator.expr(for_each)?;
    let items = match value.kind() {
        _ if !value.marks().is_empty() => None,
        ValueKind::Tuple(items) => Some(items.to_vec()),
        ValueKind::List(_, items) => Some(items.to_vec()),
        _ => None,
    };
    if let Some(items) = items {
        let each = |(index, value): (usize, Value)| {
            let key = Value::number(i64::try_from(index).unwrap_or(i64::MAX));
            Repetition { each: Some((key, value)), count: None }
        };
        return Ok(items.into_iter().enumerate().map(each).collect());
    }
    let instances = expand(evaluator, &Repeated::ForEach(for_each.clone()))?;
    Ok(instances.keys().into_iter().map(|key| instances.repetition(key.as_ref())).collect())
}

/// What is wrong with an `import` block beside the block of its target: an address that names no instance.
#[must_use]
pub fn lacks_key(import: &Import, config: &Config) -> Option<Diagnostic> {
    let target = target(import)?;
    let block = config.modules.get(&target.module)?.resources.get(&target.resource)?;
    let ExprKind::Traversal { steps, .. } = &import.to.kind else { return None };
    let has_key = matches!(steps.last(), Some(TraversalStep::Index(..)));
    if has_key || matches!(block.repetition, Repeated::Single) || import.for_each.is_some() {
        return None;
    }
    let detail = format!("{target} is repeated by count or for_each. Name the instance that the object becomes.");
    Some(Diagnostic::error("Invalid import 'to' expression", detail).at(import.to.span).within("import"))
}

fn address(to: &Expr, evaluator: &Evaluator<'_>) -> Result<InstanceAddress, Diagnostics> {
    let mut found = Diagnostics::new();
    let mut key = |expr: &Expr| {
        let value = found.take(evaluator.expr(expr))?;
        let invalid = |detail: &str| Diagnostic::error("Invalid import 'to' expression", detail).at(expr.span);
        if !value.is_known() {
            found.push(invalid("The key is known only after apply. Import targets must be known while planning."));
            return None;
        }
        if !value.marks().is_empty() {
            found.push(invalid("The key becomes part of the address, so it cannot be sensitive or ephemeral."));
            return None;
        }
        match (value.as_str(), value.as_i64()) {
            (Some(name), _) => Some(smform_types::InstanceKey::Name(name.into()).to_string()),
            (_, Some(index)) if index >= 0 => Some(format!("[{index}]")),
            _ => {
                found.push(invalid("A key is a text, or a whole number from 0."));
                None
            }
        }
    };
    let address = written(to, &mut key);
    match address {
        Some(address) if !found.has_errors() => Ok(address),
        _ if found.has_errors() => Err(found),
        _ => {
            let detail =
                "The address of a resource instance is required here, such as aws_vpc.main or aws_vpc.main[0].";
            Err(Diagnostic::error("Invalid import address", detail).at(to.span).into())
        }
    }
}

fn identifier(value: Value) -> Result<String, Diagnostic> {
    let invalid = |detail: &str| Err(Diagnostic::error("Invalid import id argument", detail));
    let (value, marks) = value.unmark();
    if marks.contains(Marks::EPHEMERAL) {
        return invalid("The identifier is kept in the plan, so an ephemeral value cannot be used.");
    }
    if value.is_null() {
        return invalid("The identifier is null.");
    }
    if !value.is_known() {
        return invalid(
            "The identifier is known only after apply, and an object can be found only by one that is known while \
             planning. Apply first what it depends on, with -target.",
        );
    }
    match smform_types::convert(value, &smform_types::Type::String).ok().as_ref().and_then(Value::as_str) {
        Some("") => invalid("The identifier is empty."),
        Some(text) => Ok(text.to_owned()),
        None => invalid("The identifier must be a text."),
    }
}

/// Whether a resource block can be written for the object of an `import` block: only one without repetition, in the root
/// module.
#[must_use]
pub fn is_generatable(import: &Import) -> bool {
    let address = written(&import.to, &mut |_| Some("[0]".to_owned()));
    import.for_each.is_none() && address.is_some_and(|address| address.module.is_root() && address.key.is_none())
}

/// The message for an `import` block whose target the configuration does not have.
#[must_use]
pub fn undeclared(import: &Import, address: &str) -> Diagnostic {
    let detail = if is_generatable(import) {
        format!(
            "The configuration for {address} does not exist. Write the resource block that the object becomes, or have \
             it written: smform plan -generate-config-out=generated.tf"
        )
    } else {
        format!(
            "The configuration for {address} does not exist. Write the resource block that the object becomes, with the \
             arguments that the object has. It can be written for you (-generate-config-out) only for a resource of the \
             root module without count and for_each."
        )
    };
    Diagnostic::error("Configuration for import target does not exist", detail).at(import.to.span).within("import")
}
