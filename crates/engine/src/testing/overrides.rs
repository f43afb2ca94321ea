//! Objects that a test overrides, and modules whose outputs it gives.

use std::sync::Arc;

use smform_lang::config::Config;
use smform_lang::config::mocks::Override;
use smform_lang::syntax::{Expr, ExprKind};
use smform_provider::Session;
use smform_types::{Diagnostic, Diagnostics, InstanceAddress, ModuleAddress, ModuleInstance, Type, Value};

use super::mock::{Given, MockProvider};
use crate::plan::target::Target;
use crate::providers::Providers;

/// The objects of a run that no provider is asked about.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// What is overridden, the strongest last.
    pub objects: Vec<(Target, Given)>,
    /// Single instances of modules, with the outputs that they are given.
    pub modules: Vec<(ModuleInstance, Option<Value>)>,
}

impl Overrides {
    /// Who stands in for the provider of an object, if it is overridden.
    #[must_use]
    pub fn session(&self, address: &InstanceAddress, providers: &Providers) -> Option<Arc<dyn Session>> {
        // The most exact address counts, and of those the last. As in Terraform, an object of a repeated module is named with
        // the key of that.
        let exact = |target: &Target| usize::from(matches!(target, Target::Resource(named) if named == address));
        let found = self.objects.iter().filter(|(target, _)| {
            target.covers_instance(address)
                && matches!(target, Target::Resource(named) if named.module == address.module)
        });
        let (_, given) = found.max_by_key(|(target, _)| exact(target))?;
        let real = providers.offering(address.resource.mode, &address.resource.type_name)?;
        let types = [((address.resource.mode, address.resource.type_name.clone()), given.clone())].into();
        Some(Arc::new(MockProvider { real: Arc::clone(real), types, otherwise: Given::default() }))
    }

    /// The outputs of a module instance that is overridden on its own.
    #[must_use]
    pub fn module(&self, at: &ModuleInstance) -> Option<&Option<Value>> {
        let means = |target: &ModuleInstance| {
            target.0.len() == at.0.len()
                && target
                    .0
                    .iter()
                    .zip(at.0.iter())
                    .all(|((name, key), (other, other_key))| name == other && (key.is_none() || key == other_key))
        };
        self.modules.iter().rev().find(|(target, _)| means(target)).map(|(_, given)| given)
    }
}

/// Adds overrides: objects to `overrides`, modules by changing the configuration. `values` evaluates what they give.
/// Warns of targets that the configuration does not have.
pub fn add(
    list: &[Override],
    during_plan: bool,
    config: &mut Config,
    overrides: &mut Overrides,
    values: &dyn Fn(&Expr) -> Result<Value, Diagnostics>,
) -> Diagnostics {
    let mut found = Diagnostics::new();
    for item in list {
        let (text, span) = &item.target;
        let given = match &item.values {
            Some(expr) => match found.take(values(expr)) {
                Some(value) if matches!(value.ty(), Type::Object(_) | Type::Map(_)) => Some(value),
                Some(_) => {
                    let detail = "The values of an override are given as an object.";
                    found.push(Diagnostic::error("Invalid override values", detail).at(expr.span));
                    continue;
                }
                None => continue,
            },
            None => None,
        };
        let Ok(target) = text.parse::<Target>() else {
            found.push(Diagnostic::error("Invalid override target", format!("{text} is no address.")).at(*span));
            continue;
        };
        let known = match &target {
            Target::Module(module) => config.modules.contains_key(&module.config()),
            Target::Resource(address) => {
                let module = config.modules.get(&address.module.config());
                module.is_some_and(|module| module.resources.contains_key(&address.resource))
            }
        };
        if !known {
            let detail = format!(
                "The override target {text} does not exist within the configuration under test. This could indicate a \
                 typo in the target address or an unnecessary override."
            );
            found.push(Diagnostic::warning("Invalid override target", detail).at(*span));
            continue;
        }
        match target {
            Target::Module(module) if module.0.iter().all(|(_, key)| key.is_none()) => {
                replace_module(config, &module.config(), given.as_ref());
            }
            Target::Module(module) => overrides.modules.push((module, given)),
            target @ Target::Resource(_) => {
                let during_plan = item.during_plan.unwrap_or(during_plan);
                overrides.objects.push((target, Given { values: given, during_plan }));
            }
        }
    }
    found
}

/// Takes everything out of a module but its variables and outputs, which become the values given, or null.
fn replace_module(config: &mut Config, module: &ModuleAddress, given: Option<&Value>) {
    config.modules.retain(|address, _| address == module || !address.0.starts_with(&module.0));
    let Some(content) = config.modules.get_mut(module) else { return };
    content.resources.clear();
    content.calls.clear();
    content.locals.clear();
    content.checks.clear();
    content.providers.clear();
    for (name, output) in &mut content.outputs {
        let value = given.and_then(|given| given.get(name)).cloned();
        let value = value.unwrap_or_else(|| Value::null(Type::Dynamic));
        output.expr = Expr { kind: ExprKind::Literal(value), span: output.expr.span };
        output.depends_on.clear();
        output.preconditions.clear();
    }
}
