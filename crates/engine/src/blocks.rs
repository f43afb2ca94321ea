//! Blocks of the configuration as the engine works with them: evaluated, checked, and named in messages.

use smform_lang::config::Resource;
use smform_lang::eval::{Evaluator, attribute_span};
use smform_provider::Provider;
use smform_types::Step;
use smform_types::schema::{Block, NestedBlock};
use smform_types::{
    Diagnostic, Diagnostics, InstanceAddress, Marks, ModuleInstance, Number, Path, ResourceMode, Span, Value, ValueKind,
};

use crate::checks::Outcome;
use crate::graph::ProviderKey;
use crate::values::evaluate::{Setting, conditions, within};
use crate::values::scope::NO_SELF;
use crate::values::{Repetition, Values};

/// The evaluated arguments of a block, without marks; the marks by place; and warnings.
pub type Evaluated = (Value, Vec<(Path, Marks)>, Diagnostics);

/// What a block is checked as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checked {
    /// As an object: by everything that the service is known to refuse.
    Instance,
    /// As a block of which nothing may come, as with `count = 0`: by the constraints of the schema, as Terraform does. Its
    /// providers know no rules beyond these.
    Block,
}

/// The summaries of conditions of objects that do not hold.
pub const PRECONDITION_FAILED: &str = "Resource precondition failed";
/// The same for what holds afterwards.
pub const POSTCONDITION_FAILED: &str = "Resource postcondition failed";

/// A message about a condition: one that does not hold is known by its object, and what is wrong with its expressions is
/// about the configuration.
fn failed_condition_of(told: Diagnostic, address: &InstanceAddress) -> Diagnostic {
    let is_failed = matches!(&*told.summary, PRECONDITION_FAILED | POSTCONDITION_FAILED);
    if is_failed { told.about(address) } else { told }
}

impl Setting<'_> {
    /// Evaluates the preconditions of a block for one instance.
    pub fn preconditions(
        &self,
        address: &InstanceAddress,
        block: &Resource,
        repetition: Repetition,
        values: &Values,
    ) -> (Diagnostics, Outcome) {
        let preconditions = &block.lifecycle.preconditions;
        let Some(scope) = self.scope(&address.module, values, repetition, None).filter(|_| !preconditions.is_empty())
        else {
            return (Diagnostics::new(), Outcome::pass());
        };
        let evaluator = Evaluator::new(&scope, self.functions);
        let (found, outcome) = conditions(&evaluator, preconditions, PRECONDITION_FAILED);
        let found = self.weighed(found, &outcome);
        (within(found, &block_context(block)).map(|told| failed_condition_of(told, address)), outcome)
    }

    /// Evaluates the body of a resource block for one instance, with all checks that need no call.
    ///
    /// # Errors
    /// Everything that is wrong with it, each at its place.
    pub fn resource_config(
        &self,
        address: &InstanceAddress,
        block: &Resource,
        checked_as: Checked,
        repetition: Repetition,
        values: &Values,
        provider: &dyn Provider,
    ) -> Result<Evaluated, Diagnostics> {
        let (mode, type_name) = (block.address.mode, &block.address.type_name);
        let scope = self.scope(&address.module, values, repetition, None);
        let schema = provider.resource_schema(mode, type_name).map(|schema| &schema.block);
        let Some((scope, schema)) = scope.zip(schema) else { return Err(Diagnostics::new()) };
        let evaluator = Evaluator::new(&scope, self.functions);
        let (config, found) = evaluator.body(&block.body, schema);
        // What an expression says is about the configuration; a block within a check is known by its address.
        let of_check = block.check.is_some();
        let mut located = within(found, &block_context(block))
            .map(|diagnostic| if of_check { diagnostic.about(address) } else { diagnostic });
        if located.has_errors() {
            return Err(located);
        }
        let (config, mut marks) = config.unmark_with_paths();
        let ephemeral = marks.iter().filter(|(_, marks)| marks.contains(Marks::EPHEMERAL));
        let refused = ephemeral.map(|(path, _)| not_ephemeral(argument(path, schema))).collect::<Diagnostics>();
        located.extend(locate(refused, block).map(|diagnostic| diagnostic.about(address)));
        let refused = infinite(&config).map(|path| not_infinite().of_attribute(path)).into_iter().collect();
        located.extend(locate(refused, block).map(|diagnostic| diagnostic.about(address)));
        sensitive_paths(schema, &config, &Path::root(), &mut marks);
        let checked = match checked_as {
            Checked::Instance => provider.validate(mode, type_name, &config),
            Checked::Block => provider.validate_block(mode, type_name, &config),
        };
        located.extend(locate(checked, block).map(|diagnostic| diagnostic.about(address)));
        let (marked, warnings) = located.into_result((config, marks))?;
        Ok((marked.0, marked.1, warnings))
    }

    /// Evaluates the postconditions of a block for one instance whose object is, or will be, `value`; without one there is
    /// no such object.
    pub fn postconditions(
        &self,
        address: &InstanceAddress,
        block: &Resource,
        repetition: Repetition,
        value: Option<Value>,
        values: &Values,
    ) -> (Diagnostics, Outcome) {
        let postconditions = &block.lifecycle.postconditions;
        let scope = self.scope(&address.module, values, repetition, value);
        let Some(scope) = scope.filter(|_| !postconditions.is_empty()) else {
            return (Diagnostics::new(), Outcome::pass());
        };
        let evaluator = Evaluator::new(&scope, self.functions);
        let (found, outcome) = conditions(&evaluator, postconditions, POSTCONDITION_FAILED);
        let found = self.weighed(found, &outcome).map(|told| match &*told.summary {
            NO_SELF => Diagnostic {
                summary: "Invalid index".to_owned(),
                detail: format!(
                    "\"self\" is {address}, which does not exist. Apply without -refresh-only to create it."
                ),
                ..told
            },
            _ => told,
        });
        (within(found, &block_context(block)).map(|told| failed_condition_of(told, address)), outcome)
    }

    /// Evaluates a `provider` block; all null when there is none. Sensitive values are passed on in clear.
    pub fn provider_config(&self, key: &ProviderKey, provider: &dyn Provider, values: &Values) -> (Value, Diagnostics) {
        let schema = &provider.schema().block;
        let module = self.config.modules.get(&key.module);
        let Some(block) = module.and_then(|module| module.providers.get(&key.reference)) else {
            return (schema.empty(), Diagnostics::new());
        };
        // A module with provider blocks of its own cannot be repeated, so it has one instance.
        let at = values.module_instances(&key.module).into_iter().next().unwrap_or_else(ModuleInstance::root);
        let Some(scope) = self.scope(&at, values, Repetition::default(), None) else {
            return (schema.empty(), Diagnostics::new());
        };
        let (config, found) = Evaluator::new(&scope, self.functions).body(&block.body, schema);
        let context = format!("provider \"{}\"", key.reference.name);
        let config = config.unmark_deep().0;
        let mut found = within(found, &context);
        if !found.has_errors() {
            let checked = provider.validate_configuration(&config).map(|diagnostic| {
                let span = diagnostic.attribute.as_ref().and_then(|path| attribute_span(&block.body, path));
                diagnostic.at(span.unwrap_or(block.span)).within(context.clone())
            });
            found.extend(checked);
        }
        (config, found)
    }

    /// The place of a `provider` block, if there is one.
    #[must_use]
    pub fn provider_place(&self, key: &ProviderKey) -> Option<Span> {
        self.config.modules.get(&key.module)?.providers.get(&key.reference).map(|block| block.span)
    }

    /// Whether a `removed` block says that an object is to be forgotten, not destroyed.
    #[must_use]
    pub fn is_forgotten(&self, address: &InstanceAddress) -> bool {
        self.config.modules.iter().any(|(module, content)| {
            let relative = address.config().to_string();
            let prefix = if module.is_root() { String::new() } else { format!("{module}.") };
            content.removed.iter().filter(|removed| !removed.destroy).any(|removed| {
                let whole = format!("{prefix}{}", removed.from.0);
                relative == whole || relative.strip_prefix(&whole).is_some_and(|rest| rest.starts_with('.'))
            })
        })
    }
}

/// The argument that a path leads into, without the steps into its value.
fn argument(path: &Path, schema: &Block) -> Path {
    match path.0.first() {
        Some(Step::Attribute(name)) if schema.attributes.contains_key(name.as_str()) => {
            Path(vec![Step::Attribute(name.clone())])
        }
        _ => path.clone(),
    }
}

fn not_ephemeral(path: Path) -> Diagnostic {
    Diagnostic::error(
        "Invalid use of ephemeral value",
        "The argument is stored in the state, so it cannot take an ephemeral value.",
    )
    .of_attribute(path)
}

/// Where a value holds its first infinite number, if it has any.
pub fn infinite(value: &Value) -> Option<Path> {
    let mut found = None;
    value.visit(&mut |path, part| {
        if found.is_none() && part.as_number().is_some_and(Number::is_infinite) {
            found = Some(path.clone());
        }
    });
    found
}

/// The summary of what is said of infinite numbers.
pub const INFINITE: &str = "Infinite number";

/// What to say of an infinite number where a value is stored: JSON, and so the state, cannot hold it.
pub fn not_infinite() -> Diagnostic {
    let detail = "The value is stored in the state, which cannot hold infinity. Guard against what makes it, such as a \
                  division by zero or the logarithm of zero.";
    Diagnostic::error(INFINITE, detail)
}

/// Adds the places that the schema declares sensitive, in the blocks that the value has.
pub fn sensitive_paths(block: &Block, value: &Value, path: &Path, marks: &mut Vec<(Path, Marks)>) {
    let sensitive = block.attributes.iter().filter(|(_, attribute)| attribute.sensitive);
    marks.extend(sensitive.map(|(name, _)| (path.attr(name), Marks::SENSITIVE)));
    for (name, NestedBlock { block, .. }) in &block.blocks {
        let Some(nested) = value.get(name) else { continue };
        let path = path.attr(name);
        match nested.kind() {
            ValueKind::Object(_) => sensitive_paths(block, nested, &path, marks),
            ValueKind::List(_, items) => {
                items.iter().enumerate().for_each(|(at, item)| sensitive_paths(block, item, &path.index(at), marks));
            }
            _ => {}
        }
    }
}

/// The header of a resource block, as messages quote it.
#[must_use]
pub fn block_context(resource: &Resource) -> String {
    let keyword = if resource.address.mode == ResourceMode::Data { "data" } else { "resource" };
    format!("{keyword} \"{}\" \"{}\"", resource.address.type_name, resource.address.name)
}

/// Puts messages of a provider at the arguments that they are about.
pub fn locate(found: Diagnostics, block: &Resource) -> Diagnostics {
    found.map(|diagnostic| {
        let span = diagnostic.attribute.as_ref().map(|path| match attribute_span(&block.body, path) {
            Some(span) => span,
            // The argument is missing.
            None if block.body.json => block.span,
            None => block.body.missing(),
        });
        diagnostic.at(span.unwrap_or(block.span)).within(block_context(block))
    })
}
