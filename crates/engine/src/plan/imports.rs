//! `import` blocks: which existing object becomes which instance.

use std::collections::BTreeMap;

use smform_lang::config::{Import, Module, Repetition as Repeated};
use smform_lang::eval::{Evaluator, Reference, references};
use smform_lang::syntax::{Expr, ExprKind, TraversalStep};
use smform_types::{
    Diagnostic, Diagnostics, InstanceAddress, InstanceKey, Marks, ModuleInstance, ResourceConfigAddress, Type, Value,
    ValueKind,
};

use crate::values::evaluate::{Setting, within};
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

/// Checks the `import` blocks of the root module as far as their values are known without state.
pub fn validate(setting: &Setting<'_>, values: &Values) -> Diagnostics {
    let mut found = Diagnostics::new();
    for import in setting.config.root().into_iter().flat_map(|root| &root.imports) {
        found.extend(within(possible(setting, import, values).err().unwrap_or_default(), "import"));
    }
    // What is wrong with a value that is used is told where that value comes from.
    found.into_iter().filter(|message| message.summary != "Value not available").collect()
}

/// Whether an `import` block may turn out to be usable.
fn possible(setting: &Setting<'_>, import: &Import, values: &Values) -> Result<(), Diagnostics> {
    let at = ModuleInstance::root();
    let scope = |repetition| setting.scope(&at, values, repetition, None).ok_or_else(Diagnostics::new);
    let outer = scope(Repetition::default())?;
    let any = Repetition { each: Some((Value::unknown(Type::Dynamic), Value::unknown(Type::Dynamic))), count: None };
    let repetitions = repetitions(import, &Evaluator::new(&outer, setting.functions))?;
    for repetition in repetitions.unwrap_or_else(|| vec![any]) {
        let scope = scope(repetition)?;
        let evaluator = Evaluator::new(&scope, setting.functions);
        if let Some(address) = address(&import.to, &evaluator, false)? {
            declared(setting, import, &address)?;
        }
        if let Some(id) = &import.id {
            let value = evaluator.expr(id)?;
            if value.is_known() {
                identifier(value).map_err(|error| error.at(id.span))?;
            }
        }
    }
    Ok(())
}

/// Checks that the configuration may have an instance of this address.
fn declared(setting: &Setting<'_>, import: &Import, address: &InstanceAddress) -> Result<(), Diagnostics> {
    let module = setting.config.modules.get(&address.module.config());
    let block = module.and_then(|module| module.resources.get(&address.resource));
    let invalid =
        |detail: String| Err(Diagnostic::error("Invalid import 'to' expression", detail).at(import.to.span).into());
    let Some(block) = block else {
        return match import.for_each {
            // A block without repetition can be written for the object.
            None if address.module.is_root() && address.key.is_none() => Ok(()),
            _ if module.is_none() => Ok(()),
            None => Err(undeclared(import, &address.to_string()).into()),
            Some(_) => invalid(format!(
                "There is no resource block for {address}, and it is not written for an import with for_each."
            )),
        };
    };
    match (&block.repetition, &address.key) {
        (Repeated::Single, None)
        | (Repeated::Count(_), Some(InstanceKey::Index(_)))
        | (Repeated::ForEach(_), Some(InstanceKey::Name(_))) => Ok(()),
        (Repeated::Single, Some(_)) => {
            invalid(format!("{} is not repeated, so its one object has no key.", block.address))
        }
        (Repeated::Count(_), _) => invalid(format!(
            "{} has a count, so each of its objects has an index: {}[0].",
            block.address, block.address
        )),
        (Repeated::ForEach(_), _) => invalid(format!(
            "{} has a for_each, so each of its objects has a name: {}[\"a\"].",
            block.address, block.address
        )),
    }
}

fn one(setting: &Setting<'_>, import: &Import, values: &Values, imports: &mut Imports) -> Result<(), Diagnostics> {
    let at = ModuleInstance::root();
    let scope = |repetition| setting.scope(&at, values, repetition, None).ok_or_else(Diagnostics::new);
    let outer = scope(Repetition::default())?;
    let Some(repetitions) = repetitions(import, &Evaluator::new(&outer, setting.functions))? else {
        let place = import.for_each.as_ref().map(|expr| expr.span);
        let detail = "What is to be imported must be known while planning, and this is known only after apply.";
        return Err(Diagnostic::error("Invalid for_each argument", detail).at(place).into());
    };
    let mut own = Imports::new();
    for repetition in repetitions {
        let scope = scope(repetition)?;
        let evaluator = Evaluator::new(&scope, setting.functions);
        let Some(address) = address(&import.to, &evaluator, true)? else { continue };
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

/// What `each` stands for in each import of a block; nothing while that is unknown. Anything with elements will do, as
/// nothing keeps the keys.
fn repetitions(import: &Import, evaluator: &Evaluator<'_>) -> Result<Option<Vec<Repetition>>, Diagnostics> {
    let Some(expr) = &import.for_each else { return Ok(Some(vec![Repetition::default()])) };
    let (value, marks) = evaluator.expr(expr)?.unmark();
    // That the whole is sensitive says nothing of its keys, which are looked at one by one.
    let marks = if marks.contains(Marks::EPHEMERAL) { Marks::EPHEMERAL } else { Marks::NONE };
    let each = |key: Value, value: &Value| Repetition {
        each: Some((key.with_marks(marks), value.clone().with_marks(marks))),
        count: None,
    };
    match value.kind() {
        ValueKind::Null(_) => Ok(Some(Vec::new())),
        ValueKind::Unknown(Type::Bool | Type::Number | Type::String, _) => Err(not_iterable(evaluator, expr)),
        ValueKind::Unknown(..) => Ok(None),
        ValueKind::Map(_, entries) | ValueKind::Object(entries) => {
            Ok(Some(entries.iter().map(|(key, value)| each(Value::string(&**key), value)).collect()))
        }
        ValueKind::Set(_, items) => Ok(Some(items.iter().map(|item| each(item.clone(), item)).collect())),
        ValueKind::List(_, items) | ValueKind::Tuple(items) => {
            let index = |at: usize| Value::number(i64::try_from(at).unwrap_or(i64::MAX));
            Ok(Some(items.iter().enumerate().map(|(at, item)| each(index(at), item)).collect()))
        }
        _ => Err(not_iterable(evaluator, expr)),
    }
}

fn not_iterable(evaluator: &Evaluator<'_>, expr: &Expr) -> Diagnostics {
    let detail = "A value with elements is required: a map, a set or a list.";
    evaluator.about(Diagnostic::error("Invalid for_each argument", detail), expr).into()
}

/// The address of one import; nothing when a key is not known and need not be.
fn address(to: &Expr, evaluator: &Evaluator<'_>, must_know: bool) -> Result<Option<InstanceAddress>, Diagnostics> {
    let mut found = Diagnostics::new();
    let mut unknown = false;
    let mut key = |expr: &Expr| {
        let value = found.take(evaluator.expr(expr))?;
        let invalid = |summary: &str, detail: &str| Diagnostic::error(summary, detail).at(expr.span);
        if !value.is_known() && !must_know {
            unknown = true;
            return None;
        }
        if !value.is_known() {
            let detail = "The key is known only after apply. Import targets must be known while planning.";
            found.push(invalid("Invalid index expression", detail));
            return None;
        }
        if !value.marks().is_empty() {
            let detail = "The key becomes part of the address, so it cannot be sensitive or ephemeral.";
            found.push(invalid("Invalid index expression", detail));
            return None;
        }
        match (value.as_str(), value.as_i64()) {
            (Some(name), _) => Some(smform_types::InstanceKey::Name(name.into()).to_string()),
            (_, Some(index)) if index >= 0 => Some(format!("[{index}]")),
            _ => {
                found.push(invalid("Invalid address", "A key is a text, or a whole number from 0."));
                None
            }
        }
    };
    let address = written(to, &mut key);
    match address {
        Some(address) if !found.has_errors() => Ok(Some(address)),
        _ if unknown && !found.has_errors() => Ok(None),
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
        None => Err(Diagnostic::error("Incorrect value type", "The identifier must be a text.")),
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
