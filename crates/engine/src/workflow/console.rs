//! Evaluation of expressions for their own sake: against the configuration, and what the state records.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use smform_lang::config::values::VariableValue;
use smform_lang::eval::{Evaluator, Templates, check_references, malformed, references, render_value};
use smform_lang::functions::{FunctionContext, Phase};
use smform_lang::source::Host;
use smform_lang::syntax::parse_expression;
use smform_types::{
    Diagnostic, Diagnostics, InstanceAddress, ModuleInstance, ResourceConfigAddress, SourceMap, Type, Value,
};

use super::validate::unknown_inputs;
use super::{Project, World};
use crate::graph::{Node, build};
use crate::plan::ObjectKey;
use crate::plan::stored::{self, Stored, StoredObject};
use crate::values::evaluate::Setting;
use crate::values::{Instances, Repetition, Values};

/// A configuration whose values are known as far as they can be without asking a provider.
pub struct Console<'a> {
    project: &'a Project,
    host: &'a dyn Host,
    inputs: BTreeMap<Arc<str>, VariableValue>,
    values: Values,
}

impl<'a> Console<'a> {
    /// Evaluates the configuration: objects are what the state records, or unknown; so are variables without a value.
    /// What cannot be evaluated is reported and left out.
    pub fn new(world: &'a World, project: &'a Project, stored: &Stored) -> (Console<'a>, Diagnostics) {
        let (graph, mut found) = build(&project.config, &Default::default(), &world.providers);
        let unset = unknown_inputs(project).into_iter().filter(|(name, _)| {
            let root = project.config.root();
            root.and_then(|root| root.variables.get(name)).is_some_and(|variable| variable.default.is_none())
        });
        let inputs: BTreeMap<_, _> = unset.chain(project.inputs.clone()).collect();
        let mut console = Console { project, host: world.host.as_ref(), inputs, values: Values::default() };
        let order = match graph.order(&project.config.sources) {
            Ok(order) => order,
            Err(errors) => {
                found.extend(errors);
                return (console, found);
            }
        };
        let recorded = stored.by_resource();
        let mut values = Values::default();
        // What needs something that is wrong is not looked at: it would only be told again.
        let mut failed: BTreeSet<Node> = BTreeSet::new();
        console.with_setting(|setting| {
            for node in order {
                if let Node::Resource(resource) = &node {
                    let objects = recorded.get(resource).map_or(&[][..], Vec::as_slice);
                    record(world, setting, resource, objects, &mut values);
                    continue;
                }
                if graph.dependencies(&node).any(|needed| failed.contains(needed)) {
                    failed.insert(node);
                    continue;
                }
                let messages = match &node {
                    Node::Provider(_) => Diagnostics::new(),
                    // What an assertion says is for a plan.
                    Node::Check(..) => {
                        setting.node(&node, &mut values).into_iter().filter(Diagnostic::is_error).collect()
                    }
                    node => setting.node(node, &mut values),
                };
                if messages.has_errors() {
                    failed.insert(node);
                }
                found.extend(messages);
            }
        });
        console.values = values;
        (console, found)
    }

    /// The same for values that a plan has evaluated: objects are what they will be.
    #[must_use]
    pub fn planned(world: &'a World, project: &'a Project, values: Values) -> Console<'a> {
        Console { project, host: world.host.as_ref(), inputs: project.inputs.clone(), values }
    }

    fn with_setting<T>(&self, then: impl FnOnce(&Setting<'_>) -> T) -> T {
        let functions =
            FunctionContext { host: self.host, phase: Phase::Console, plan_timestamp: None, templates: &Templates };
        then(&Setting {
            config: &self.project.config,
            functions: &functions,
            surroundings: &self.project.surroundings,
            inputs: &self.inputs,
            overrides: &self.project.overrides,
            lenient: false,
        })
    }

    /// The value of an expression in the root module, as text. The expression is added to `sources`, so that its
    /// mistakes can be shown.
    ///
    /// # Errors
    /// Why it has no value.
    pub fn answer(&self, text: &str, sources: &mut SourceMap) -> Result<String, Diagnostics> {
        let source = sources.add("<console-input>", text);
        let expr = parse_expression(text, source)?;
        let root = ModuleInstance::root();
        self.with_setting(|setting| {
            let Some(scope) = setting.scope(&root, &self.values, Repetition::default(), None) else {
                return Ok(String::new());
            };
            // As long as a reference is wrong, nothing else is looked at.
            let wrong = malformed(&expr).into_iter().chain(check_references(scope.module, &references(&expr)));
            let wrong: Diagnostics = wrong.collect();
            if wrong.has_errors() {
                return Err(wrong);
            }
            let evaluator = Evaluator::new(&scope, setting.functions);
            match evaluator.type_call(&expr) {
                Some(answer) => answer,
                None => evaluator.expr(&expr).map(|value| render_value(&value)),
            }
        })
    }
}

/// Takes over the objects of a block that are recorded; where there are none, nobody knows how many there will be.
fn record(
    world: &World,
    setting: &Setting<'_>,
    resource: &ResourceConfigAddress,
    objects: &[(&ObjectKey, &StoredObject)],
    values: &mut Values,
) {
    let single = setting
        .config
        .modules
        .get(&resource.module)
        .and_then(|module| module.resources.get(&resource.resource))
        .is_some_and(|block| matches!(block.repetition, smform_lang::config::Repetition::Single));
    let schema = world
        .providers
        .offering(resource.resource.mode, &resource.resource.type_name)
        .and_then(|provider| provider.resource_schema(resource.resource.mode, &resource.resource.type_name));
    for at in values.module_instances(&resource.module) {
        let here: Vec<_> =
            objects.iter().filter(|(key, _)| key.deposed.is_none() && key.address.module == at).copied().collect();
        let instances = match (here.is_empty(), single) {
            (false, _) => stored::instances(&here),
            (true, true) => Instances::Single,
            (true, false) => Instances::Any(Repetition::default()),
        };
        values.set_resource(&at, &resource.resource, instances);
        for (key, object) in &here {
            values.set_instance(&key.address, object.value.clone());
        }
        if here.is_empty() && single {
            let ty = schema.map_or(Type::Dynamic, |schema| schema.block.ty());
            let address = InstanceAddress { module: at.clone(), resource: resource.resource.clone(), key: None };
            values.set_instance(&address, Value::unknown(ty));
        }
    }
}
