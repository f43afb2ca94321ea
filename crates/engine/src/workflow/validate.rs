//! Validation: everything that can be known to be wrong without state, credentials or a single call.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use smform_lang::config::values::{Origin, VariableValue, finish};
use smform_lang::config::{Config, REDUNDANT_MOVE, Repetition as Repeated};
use smform_lang::eval::{Evaluator, Templates};
use smform_lang::functions::{FunctionContext, Phase};
use smform_provider::{Beside, PlannedObject};
use smform_types::{
    Diagnostic, Diagnostics, InstanceAddress, ModuleAddress, ModuleInstance, ResourceConfigAddress, ResourceMode,
    Severity, Span, Type, Value,
};

use super::{Project, World};
use crate::apply::provision::unsupported_in;
use crate::blocks::{Checked, INFINITE, POSTCONDITION_FAILED, PRECONDITION_FAILED};
use crate::graph::{Node, ProviderKey, build};
use crate::plan::{imports, moves};
use crate::values::evaluate::{Setting, within};
use crate::values::expand::expand_known;
use crate::values::scope::is_unrepeated;
use crate::values::{Instances, Repetition, Values};

/// What is wrong with the values given to the root module's variables: one is missing, or does not suit its type.
pub fn inputs(project: &Project) -> Diagnostics {
    let root = project.config.modules.get(&ModuleAddress::root());
    let variables = root.into_iter().flat_map(|module| module.variables.iter());
    variables.filter_map(|(name, variable)| finish(variable, project.inputs.get(name)).err()).flatten().collect()
}

/// What was found right by itself.
#[derive(Default)]
struct Seen {
    providers: BTreeMap<ProviderKey, Value>,
    blocks: Vec<SeenBlock>,
}

struct SeenBlock {
    address: InstanceAddress,
    provider: ProviderKey,
    /// Whether it makes one object for sure.
    single: bool,
    config: Value,
}

/// Validates a configuration. Variables count as unknown, in every module, so that what one of them guards is judged for
/// any value; repeated blocks are looked at once.
pub fn validate(world: &World, project: &Project) -> Diagnostics {
    let (mut found, seen) = walk(world, project);
    if !found.has_errors() {
        found.extend(beside(world, project, &seen));
    }
    found
}

/// What is wrong with a configuration whatever is to be done: the rest of what validation says is about what would be made.
pub fn mistakes(world: &World, project: &Project) -> Diagnostics {
    walk(world, project).0.into_iter().filter(Diagnostic::is_error).collect()
}

/// What types say of their blocks beside their provider block, and beside the others of that.
fn beside(world: &World, project: &Project, seen: &Seen) -> Diagnostics {
    let mut found = Diagnostics::new();
    let mut others: BTreeMap<&ProviderKey, Vec<PlannedObject>> = BTreeMap::new();
    for one in seen.blocks.iter().filter(|one| one.single) {
        let type_name = Arc::clone(&one.address.resource.type_name);
        let object = PlannedObject { type_name, before: None, after: Some(one.config.clone()) };
        others.entry(&one.provider).or_default().push(object);
    }
    for one in &seen.blocks {
        let type_name = &one.address.resource.type_name;
        let provider = world.providers.offering(ResourceMode::Managed, type_name);
        let block = project.config.resource(&one.address.config());
        let (Some(provider), Some(block)) = (provider, block) else { continue };
        let empty = provider.schema().block.empty();
        let beside = Beside {
            provider: seen.providers.get(&one.provider).unwrap_or(&empty),
            others: others.get(&one.provider).map(Vec::as_slice).unwrap_or_default(),
        };
        let messages = provider.validate_beside(type_name, &one.config, &beside);
        found.extend(crate::blocks::locate(messages, block).map(|message| message.about(&one.address)));
    }
    found
}

fn walk(world: &World, project: &Project) -> (Diagnostics, Seen) {
    let mut seen = Seen::default();
    let (graph, mut found) = build(&project.config, &Default::default(), &world.providers);
    found.extend(moves::check::removed(&project.config));
    let mut left = triggers(&project.config);
    left.extend(graph.selected_of_single());
    let weighed = |message: Diagnostic| match is_left_to_plan(&message, &left) {
        true => Diagnostic { severity: Severity::Warning, ..message },
        false => message,
    };
    let mut found = found.map(weighed);
    found.extend(world.providers.unknown_sources(&project.config));
    found.extend(unsupported_in(&project.config));
    let order = match graph.order(&project.config.sources) {
        Ok(order) => order,
        Err(errors) => {
            found.extend(errors);
            return (found, seen);
        }
    };
    let templates = Templates;
    let functions =
        FunctionContext { host: world.host.as_ref(), phase: Phase::Plan, plan_timestamp: None, templates: &templates };
    let inputs = unknown_inputs(project);
    let setting = Setting {
        config: &project.config,
        functions: &functions,
        surroundings: &project.surroundings,
        inputs: &inputs,
        overrides: &project.overrides,
        lenient: false,
    };
    let mut values = Values::default();
    // Modules that may not be called at all.
    let mut doubtful: BTreeSet<ModuleAddress> = BTreeSet::new();
    let mut failed: BTreeSet<Node> = graph.refused().clone();
    for node in order {
        // What needs something that is wrong is not looked at: it would only be told again.
        if failed.contains(&node) || graph.dependencies(&node).any(|needed| failed.contains(needed)) {
            failed.insert(node);
            continue;
        }
        let messages = match &node {
            Node::Module(module) => module_once(&setting, module, &mut doubtful, &mut values),
            Node::Resource(resource) => {
                let checked_as = if doubtful.contains(&resource.module) { Checked::Block } else { Checked::Instance };
                resource_once(world, &setting, resource, checked_as, &mut values, &mut seen)
            }
            Node::Provider(key) => match world.providers.of_key(&project.config, key) {
                Some(provider) => {
                    let (config, messages) = setting.provider_config(key, provider.as_ref(), &values);
                    seen.providers.insert(key.clone(), config);
                    messages
                }
                None => Diagnostics::new(),
            },
            // What an assertion says is for a plan; here only what is wrong with it is of interest.
            Node::Check(..) => setting.node(&node, &mut values).into_iter().filter(Diagnostic::is_error).collect(),
            node => setting.node(node, &mut values),
        };
        let is_right = !messages.has_errors();
        // What a module is given is looked at only when it is called.
        let is_given = matches!(&node, Node::Variable(module, _) if !module.is_root());
        let weighed = |message: Diagnostic| match is_given && is_unrepeated(&message) {
            true => Diagnostic { severity: Severity::Warning, ..message },
            false => weighed(message),
        };
        // What only a plan refuses is told as a warning; what needs it is not looked at either way.
        found.extend(messages.map(weighed));
        if !is_right {
            failed.insert(node);
        } else if let Node::Variable(module, name) = &node {
            forget(project, module, name, &mut values);
        } else if let Node::Output(module, name) = &node {
            forget_output(module, name, &mut values);
        }
    }
    // What an identifier cannot be is told with its block already.
    let told = |message: &Diagnostic| {
        let same = |known: &Diagnostic| known.span == message.span && known.summary == message.summary;
        project.config.deferred.iter().any(same)
    };
    found.extend(imports::validate(&setting, &values).into_iter().filter(|message| !told(message)));
    (found, seen)
}

/// Errors that only a plan makes of what they are about: Terraform's `validate` calls the configuration valid, and so do we,
/// with a warning.
const LEFT_TO_PLAN: &[&str] = &[
    INFINITE,
    "Self-referential block",
    REDUNDANT_MOVE,
    "Removed resource still exists",
    "Removed module still exists",
];

/// Whether only a plan refuses what a message is about.
fn is_left_to_plan(message: &Diagnostic, left: &[Span]) -> bool {
    LEFT_TO_PLAN.contains(&&*message.summary)
        || message.span.is_some_and(|span| left.iter().any(|place| place.contains(span)))
}

/// Where `replace_triggered_by` names something. Before a plan nobody follows these references.
fn triggers(config: &Config) -> Vec<Span> {
    let resources = config.modules.values().flat_map(|module| module.resources.values());
    resources.flat_map(|block| &block.lifecycle.replace_triggered_by).map(|trigger| trigger.span).collect()
}

/// Leaves of the value that a module's variable was given only what its declaration says.
fn forget(project: &Project, module: &ModuleAddress, name: &Arc<str>, values: &mut Values) {
    let variables = project.config.modules.get(module).map(|module| &module.variables);
    let Some(variable) = variables.and_then(|variables| variables.get(name)) else { return };
    let declared = Value::unknown(variable.ty.without_optional()).with_marks(variable.marks());
    for at in values.module_instances(module) {
        values.set_variable(&at, name, declared.clone());
    }
}

/// Leaves nothing of what a module gives: what that is only shows when it is planned, as Terraform has it.
fn forget_output(module: &ModuleAddress, name: &Arc<str>, values: &mut Values) {
    for at in values.module_instances(module).into_iter().filter(|at| !at.is_root()) {
        values.set_output(&at, name, Value::unknown(Type::Dynamic));
    }
}

/// Values for the root module's variables of which nothing is known but the type.
pub(super) fn unknown_inputs(project: &Project) -> BTreeMap<Arc<str>, VariableValue> {
    let root = project.config.modules.get(&ModuleAddress::root());
    let variables = root.into_iter().flat_map(|module| module.variables.iter());
    variables
        .map(|(name, variable)| {
            let value = Value::unknown(variable.ty.without_optional());
            (name.clone(), VariableValue { value, span: None, origin: Origin::Argument })
        })
        .collect()
}

/// One instance of a module stands for all.
fn module_once(
    setting: &Setting<'_>,
    module: &ModuleAddress,
    doubtful: &mut BTreeSet<ModuleAddress>,
    values: &mut Values,
) -> Diagnostics {
    let mut found = Diagnostics::new();
    let Some((parent, name)) = module.parent() else { return found };
    let calls = setting.config.modules.get(&parent).map(|parent| &parent.calls);
    let Some(call) = calls.and_then(|calls| calls.get(name)) else { return found };
    for at in values.module_instances(&parent) {
        let (instances, are_certain, messages) = instances(setting, &at, &call.repetition, values);
        if !are_certain || doubtful.contains(&parent) {
            doubtful.insert(module.clone());
        }
        found.extend(within(messages, &format!("module \"{name}\"")));
        values.set_module(&at, name, instances);
    }
    found
}

fn resource_once(
    world: &World,
    setting: &Setting<'_>,
    resource: &ResourceConfigAddress,
    checked_as: Checked,
    values: &mut Values,
    seen: &mut Seen,
) -> Diagnostics {
    let mut found = Diagnostics::new();
    let Some(block) = setting.config.resource(resource) else { return found };
    let (mode, type_name) = (resource.resource.mode, &resource.resource.type_name);
    let provider = world.providers.offering(mode, type_name);
    let Some(provider) = provider.filter(|provider| provider.resource_schema(mode, type_name).is_some()) else {
        // Nothing is known of it but that it may have instances.
        for at in values.module_instances(&resource.module) {
            let (instances, _, messages) = instances(setting, &at, &block.repetition, values);
            found.extend(within(messages, &crate::blocks::block_context(block)));
            values.set_resource(&at, &resource.resource, instances);
            let address = InstanceAddress { module: at, resource: resource.resource.clone(), key: None };
            values.set_instance(&address, Value::unknown(Type::Dynamic));
        }
        return found;
    };
    for at in values.module_instances(&resource.module) {
        let (instances, are_certain, messages) = instances(setting, &at, &block.repetition, values);
        let checked_as = if are_certain { checked_as } else { Checked::Block };
        found.extend(within(messages, &crate::blocks::block_context(block)));
        let single = instances == Instances::Single;
        let repetition = instances.repetition(None);
        let address = InstanceAddress { module: at.clone(), resource: resource.resource.clone(), key: None };
        let (messages, _) = setting.preconditions(&address, block, repetition.clone(), values);
        let messages = untold(messages);
        let failed = messages.has_errors();
        found.extend(messages);
        if failed {
            values.set_resource(&at, &resource.resource, instances);
            continue;
        }
        let evaluated = setting.resource_config(&address, block, checked_as, repetition, values, provider.as_ref());
        values.set_resource(&at, &resource.resource, instances);
        let Some((config, _, warnings)) = found.take(evaluated) else { continue };
        found.extend(warnings);
        if let (ResourceMode::Managed, Ok(provider)) =
            (mode, world.providers.key(setting.config, &resource.module, block))
        {
            let single = single && checked_as == Checked::Instance;
            seen.blocks.push(SeenBlock { address: address.clone(), provider, single, config });
        }
        // As Terraform has it, nothing is known of what is planned, not even its type: that its attributes exist is
        // checked beside.
        let own = Value::unknown(Type::Dynamic);
        values.set_instance(&address, own.clone());
        if mode == ResourceMode::Managed {
            let commands: Vec<_> = block.provisioners.iter().collect();
            let repetition = values.instances(&at, &resource.resource).map(|all| all.repetition(None));
            if let Some(connection) = block.connection.as_ref().filter(|_| !commands.is_empty()) {
                let repetition = values.instances(&at, &resource.resource).map(|all| all.repetition(None));
                let repetition = repetition.unwrap_or_default();
                found.extend(setting.check_connection(&address, connection, repetition, own.clone(), values));
            }
            let checked = setting.prepare(&address, &commands, repetition.unwrap_or_default(), own.clone(), values);
            found.extend(checked.err().unwrap_or_default());
        }
        let repetition = values.instances(&at, &resource.resource).map(|all| all.repetition(None)).unwrap_or_default();
        found.extend(untold(setting.postconditions(&address, block, repetition, Some(own), values).0));
    }
    found
}

/// Messages without those that conditions do not hold: that is for a plan, which knows the objects that they are about.
fn untold(found: Diagnostics) -> Diagnostics {
    let told = |message: &Diagnostic| !matches!(&*message.summary, PRECONDITION_FAILED | POSTCONDITION_FAILED);
    found.into_iter().filter(told).collect()
}

/// The instances of a block, one or any, and whether there is certain to be one.
fn instances(
    setting: &Setting<'_>,
    at: &ModuleInstance,
    repeated: &Repeated,
    values: &Values,
) -> (Instances, bool, Diagnostics) {
    let any = match repeated {
        Repeated::Single => return (Instances::Single, true, Diagnostics::new()),
        Repeated::Count(_) => Repetition { each: None, count: Some(Value::unknown(Type::Number)) },
        Repeated::ForEach(_) => {
            Repetition { each: Some((Value::unknown(Type::String), Value::unknown(Type::Dynamic))), count: None }
        }
    };
    let scope = setting.scope(at, values, Repetition::default(), None);
    let found = scope.map(|scope| expand_known(&Evaluator::new(&scope, setting.functions), repeated));
    let are_certain = match &found {
        Some(Ok(known)) => known.as_ref().is_some_and(|known| !known.is_empty()),
        _ => true,
    };
    (Instances::Any(any), are_certain, found.and_then(Result::err).unwrap_or_default())
}
