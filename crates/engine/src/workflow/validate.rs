//! Validation: everything that can be known to be wrong without state, credentials or a single call.

use std::collections::BTreeMap;
use std::sync::Arc;

use smform_lang::config::values::{Origin, VariableValue};
use smform_lang::config::{Repetition as Repeated, Resource};
use smform_lang::eval::{Evaluator, Templates};
use smform_lang::functions::{FunctionContext, Phase};
use smform_provider::{PlanRequest, plan_by_schema};
use smform_types::{
    Diagnostics, InstanceAddress, ModuleAddress, ModuleInstance, ResourceConfigAddress, ResourceMode, Type, Value,
};

use super::{Project, World};
use crate::graph::{Node, build};
use crate::values::evaluate::{Setting, within};
use crate::values::expand::expand;
use crate::values::{Instances, Repetition, Values};

/// Validates a configuration. Root variables count as unknown, repeated blocks are looked at once.
pub fn validate(world: &World, project: &Project) -> Diagnostics {
    let (graph, mut found) = build(&project.config, &Default::default(), &world.providers);
    let order = match graph.order() {
        Ok(order) => order,
        Err(errors) => {
            found.extend(errors);
            return found;
        }
    };
    if found.has_errors() {
        return found;
    }
    let templates = Templates;
    let functions =
        FunctionContext { host: world.host.as_ref(), phase: Phase::Plan, plan_timestamp: None, templates: &templates };
    let inputs = unknown_inputs(project);
    let setting = Setting {
        config: &project.config,
        functions: &functions,
        surroundings: &project.surroundings,
        inputs: &inputs,
    };
    let mut values = Values::default();
    for node in order {
        found.extend(match &node {
            Node::Module(module) => module_once(module, &mut values),
            Node::Resource(resource) => resource_once(world, &setting, resource, &mut values),
            Node::Provider(key) => match world.providers.of_key(&project.config, key) {
                Some(provider) => setting.provider_config(key, provider.as_ref(), &values).1,
                None => Diagnostics::new(),
            },
            node => setting.node(node, &mut values),
        });
    }
    found
}

fn unknown_inputs(project: &Project) -> BTreeMap<Arc<str>, VariableValue> {
    let root = project.config.modules.get(&ModuleAddress::root());
    let variables = root.into_iter().flat_map(|module| module.variables.iter());
    variables
        .map(|(name, variable)| {
            let value = Value::unknown(variable.ty.without_optional());
            (name.clone(), VariableValue { value, span: None, origin: Origin::Argument })
        })
        .collect()
}

fn module_once(module: &ModuleAddress, values: &mut Values) -> Diagnostics {
    if let Some((parent, name)) = module.parent() {
        for instance in values.module_instances(&parent) {
            values.set_module(&instance, name, Instances::Single);
        }
    }
    Diagnostics::new()
}

fn resource_once(
    world: &World,
    setting: &Setting<'_>,
    resource: &ResourceConfigAddress,
    values: &mut Values,
) -> Diagnostics {
    let mut found = Diagnostics::new();
    let module = setting.config.modules.get(&resource.module);
    let Some(block) = module.and_then(|module| module.resources.get(&resource.resource)) else { return found };
    let (mode, type_name) = (resource.resource.mode, &resource.resource.type_name);
    let Some(provider) = world.providers.offering(mode, type_name) else { return found };
    let Some(schema) = provider.resource_schema(mode, type_name) else { return found };
    for at in values.module_instances(&resource.module) {
        let (repetition, messages) = repetition(setting, &at, block, values);
        found.extend(messages);
        let address = InstanceAddress { module: at.clone(), resource: resource.resource.clone(), key: None };
        let evaluated = setting.resource_config(&address, block, &schema.block, repetition, values, provider.as_ref());
        values.set_resource(&at, &resource.resource, Instances::Single);
        let Some((config, marks, warnings)) = found.take(evaluated) else { continue };
        found.extend(warnings);
        let single = matches!(block.repetition, Repeated::Single);
        let value = if single {
            let request = PlanRequest { prior: None, config };
            plan_by_schema(schema, &request, &|_, prior, wanted| prior == wanted).planned.mark_paths(&marks)
        } else {
            // One value stands for all instances, so nothing certain can be said of it.
            Value::unknown(Type::Dynamic)
        };
        values.set_instance(&address, value.clone());
        if single && mode == ResourceMode::Managed {
            found.extend(setting.postconditions(&address, block, Repetition::default(), value, values));
        }
    }
    found
}

/// What `each` and `count` may be: the first instance where the instances are known, anything otherwise.
fn repetition(
    setting: &Setting<'_>,
    at: &ModuleInstance,
    block: &Resource,
    values: &Values,
) -> (Repetition, Diagnostics) {
    let Some(scope) = setting.scope(at, values, Repetition::default(), None) else {
        return (Repetition::default(), Diagnostics::new());
    };
    let evaluator = Evaluator::new(&scope, setting.functions);
    let (Repeated::Count(expr) | Repeated::ForEach(expr)) = &block.repetition else {
        return (Repetition::default(), Diagnostics::new());
    };
    let context = crate::blocks::block_context(block);
    let known = match evaluator.expr(expr) {
        Ok(value) => value.is_known() && value.children().all(Value::is_known),
        Err(errors) => return (anything(block), within(errors, &context)),
    };
    if !known {
        return (anything(block), Diagnostics::new());
    }
    match expand(&evaluator, &block.repetition) {
        Ok(Instances::Each(entries)) => match entries.first_key_value() {
            Some((key, value)) => {
                let each = Some((Value::string(&**key), value.clone()));
                (Repetition { each, count: None }, Diagnostics::new())
            }
            None => (anything(block), Diagnostics::new()),
        },
        Ok(_) => (anything(block), Diagnostics::new()),
        Err(errors) => (anything(block), within(errors, &context)),
    }
}

fn anything(block: &Resource) -> Repetition {
    match block.repetition {
        Repeated::Single => Repetition::default(),
        Repeated::Count(_) => Repetition { each: None, count: Some(Value::unknown(Type::Number)) },
        Repeated::ForEach(_) => {
            Repetition { each: Some((Value::unknown(Type::String), Value::unknown(Type::Dynamic))), count: None }
        }
    }
}
