//! From a configuration (and what the state alone holds) to its dependency graph.

use std::collections::BTreeMap;
use std::sync::Arc;

use smform_lang::config::{Condition, Config, IgnoreChanges, Module, ModuleCall, Output, Repetition, Resource};
use smform_lang::eval::{
    Reference, Subject, check_references, malformed, malformed_in_body, missing_step, parse_reference, references,
    references_in_body,
};
use smform_lang::syntax::Expr;
use smform_types::schema::Schema;
use smform_types::suggest::{did_you_mean, nearest};
use smform_types::{Diagnostic, Diagnostics, ModuleAddress, Path, ResourceConfigAddress, ResourceMode, Span, Step};

use super::attributes::missing_part;
use super::{Graph, Node};
use crate::blocks::block_context;
use crate::providers::Providers;

/// Builds the graph, with the checks that need all modules at once: references to what is declared nowhere, types that
/// no provider offers, arguments of module calls.
///
/// `stored` are the resources that the state holds, each with the provider configuration it is recorded with; those no
/// longer in configuration become vertices of their own.
pub fn build(
    config: &Config,
    stored: &BTreeMap<ResourceConfigAddress, Option<Arc<str>>>,
    providers: &Providers,
) -> (Graph, Diagnostics) {
    let mut builder =
        Builder { config, providers, graph: Graph::default(), found: config.deferred.clone(), attributes: Vec::new() };
    for (address, module) in &config.modules {
        builder.declare(address, module);
    }
    for resource in stored.keys() {
        builder.graph.add(Node::Resource(resource.clone()));
    }
    for (address, module) in &config.modules {
        builder.connect_module(address, module);
    }
    for (resource, origin) in stored {
        let known = config
            .modules
            .get(&resource.module)
            .is_some_and(|module| module.resources.contains_key(&resource.resource));
        if known {
            continue;
        }
        match providers.key_for_stored(config, resource, origin.as_deref()) {
            Ok(Some(key)) => {
                let node = builder.provider(key);
                builder.graph.connect(&node, &Node::Resource(resource.clone()), None);
            }
            Ok(None) => {}
            Err(error) => builder.found.push(error),
        }
    }
    // As long as a block is wrong, nothing is said of what is asked of it.
    for (node, resource, error) in std::mem::take(&mut builder.attributes) {
        if !builder.graph.refused().contains(&resource) {
            builder.found.push(error);
            builder.graph.refuse(&node);
        }
    }
    (builder.graph, builder.found)
}

/// Whether what stands at a vertex may refer to itself.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Own {
    Refused,
    Allowed,
}

struct Builder<'a> {
    config: &'a Config,
    providers: &'a Providers,
    graph: Graph,
    found: Diagnostics,
    /// Attributes that no type has: what asks for them, of what, and the error.
    attributes: Vec<(Node, Node, Diagnostic)>,
}

impl<'a> Builder<'a> {
    fn declare(&mut self, at: &ModuleAddress, module: &Module) {
        if !at.is_root() {
            self.graph.add(Node::Module(at.clone()));
        }
        module.variables.keys().for_each(|name| self.graph.add(Node::Variable(at.clone(), name.clone())));
        module.locals.keys().for_each(|name| self.graph.add(Node::Local(at.clone(), name.clone())));
        module.outputs.keys().for_each(|name| self.graph.add(Node::Output(at.clone(), name.clone())));
        module.checks.keys().for_each(|name| self.graph.add(Node::Check(at.clone(), name.clone())));
        for resource in module.resources.keys() {
            self.graph.add(Node::Resource(resource.clone().in_module(at.clone())));
        }
    }

    fn connect_module(&mut self, at: &ModuleAddress, module: &Module) {
        for (name, variable) in &module.variables {
            let node = Node::Variable(at.clone(), name.clone());
            self.conditions(at, module, &node, &variable.validations, Some(name));
            if let Some((parent, call)) = self.call(at) {
                let argument = call.body.attributes.iter().find(|attribute| attribute.name.text == *name);
                if let (Some(argument), Some(caller)) = (argument, self.config.modules.get(&parent)) {
                    self.expression(&parent, caller, &node, &argument.expr);
                } else if argument.is_none() && variable.default.is_none() {
                    // That is told of the call.
                    self.graph.refuse(&node);
                }
            }
            self.within_module(at, &node);
        }
        for (name, local) in &module.locals {
            let node = Node::Local(at.clone(), name.clone());
            self.expression(at, module, &node, &local.expr);
            self.within_module(at, &node);
        }
        for (name, output) in &module.outputs {
            let node = Node::Output(at.clone(), name.clone());
            self.expression(at, module, &node, &output.expr);
            self.depends_on(at, module, &node, &output.depends_on);
            self.conditions(at, module, &node, &output.preconditions, None);
            self.within_module(at, &node);
        }
        for (name, check) in &module.checks {
            let node = Node::Check(at.clone(), name.clone());
            self.conditions(at, module, &node, &check.asserts, None);
            if let Some(data) = &check.data {
                self.scoped_data(&data.clone().in_module(at.clone()), &node);
            }
            self.within_module(at, &node);
        }
        for resource in module.resources.values() {
            self.resource(at, module, resource);
        }
        for ephemeral in &module.ephemerals {
            let mut found = references_in_body(&ephemeral.body, None);
            if let Repetition::Count(expr) | Repetition::ForEach(expr) = &ephemeral.repetition {
                found.extend(references(expr));
            }
            self.found.extend(check_references(module, &found));
            self.found.push(self.providers.no_ephemeral(&ephemeral.kind.text).at(ephemeral.kind.span));
        }
        for import in &module.imports {
            if let Some(target) = crate::plan::imports::target(import) {
                let found = crate::plan::imports::needs(import);
                let node = Node::Resource(target);
                // An identifier from the object itself is told with the block, unless that is repeated.
                let own = found.iter().find(|reference| self.needed(at, reference).contains(&node));
                if let (Some(own), Some(_)) = (own, &import.for_each) {
                    let detail = "What is imported must be known before, so it cannot come from the object itself.";
                    let error = Diagnostic::error("Invalid import id argument", detail);
                    let place = own.key_place.map_or(own.head, |key| own.head.to(key));
                    self.found.push(error.at(place).within("import"));
                }
                self.references_and_own(at, module, &node, &found, Own::Allowed);
            }
        }
        for call in module.calls.values() {
            self.module_call(at, module, call);
        }
    }

    /// A data source in a check is read before the check, and after everything that the run may change.
    fn scoped_data(&mut self, data: &ResourceConfigAddress, check: &Node) {
        self.graph.refers_to_instance(check, data.clone(), None);
        let data = Node::Resource(data.clone());
        self.graph.connect(&data, check, None);
        let config: &'a Config = self.config;
        for (at, module) in &config.modules {
            for address in module.resources.keys().filter(|address| address.mode == ResourceMode::Managed) {
                let address = address.clone().in_module(at.clone());
                self.graph.refers_to_instance(&data, address.clone(), None);
                self.graph.follow(&Node::Resource(address), &data);
            }
        }
    }

    fn call(&self, child: &ModuleAddress) -> Option<(ModuleAddress, &'a ModuleCall)> {
        let config: &'a Config = self.config;
        let (parent, name) = child.parent()?;
        let call = config.modules.get(&parent)?.calls.get(name)?;
        Some((parent, call))
    }

    /// Everything in a module comes after the module's own expansion.
    fn within_module(&mut self, at: &ModuleAddress, node: &Node) {
        if !at.is_root() {
            self.graph.connect(&Node::Module(at.clone()), node, None);
        }
    }

    fn module_call(&mut self, at: &ModuleAddress, module: &Module, call: &ModuleCall) {
        let child = at.child(&call.name.text);
        let node = Node::Module(child.clone());
        self.repetition(at, module, &node, &call.repetition);
        self.within_module(at, &node);
        if call.depends_on.is_empty() {
            return;
        }
        for reference in call.depends_on.iter().filter_map(|target| parse_reference(target).ok()) {
            if reference.subject == Subject::Module(call.name.text.clone()) {
                let name = &call.name.text;
                let detail = format!("module.{name} would have to wait for itself. Remove the reference.");
                self.found.push(Diagnostic::error("Dependency cycle", detail).at(reference.span));
                self.note(at, &node, &reference);
                self.found.extend(check_references(module, &[reference]));
            } else {
                // Everything in the module comes after it, also what depends on nothing itself.
                self.references_and_own(at, module, &node, &[reference], Own::Allowed);
            }
        }
        // All resources in it and in the modules within it depend on it themselves: what is read of them waits.
        let config = self.config;
        let within = config.modules.range(child.clone()..).take_while(|(inner, _)| inner.0.starts_with(&child.0));
        for (inner, callee) in within {
            for resource in callee.resources.keys() {
                let resource = Node::Resource(resource.clone().in_module(inner.clone()));
                self.depends_on(at, module, &resource, &call.depends_on);
            }
        }
    }

    fn resource(&mut self, at: &ModuleAddress, module: &Module, resource: &Resource) {
        let node = Node::Resource(resource.address.clone().in_module(at.clone()));
        let context = block_context(resource);
        let schema = match self.providers.schema(module, resource) {
            Ok(schema) => Some(schema),
            Err(_) if self.is_to_spare(at, resource) => {
                let told = self.providers.passed_over(resource.address.mode, &resource.address.type_name);
                self.found.push(told.at(resource.type_span).within(context.clone()));
                None
            }
            Err(error) => {
                self.found.push(error.at(resource.type_span).within(context.clone()));
                self.graph.refuse(&node);
                None
            }
        };
        let block = schema.map(|schema: &Schema| &schema.block);
        if self.in_order(&node, malformed_in_body(&resource.body, block)) {
            self.references(at, module, &node, &references_in_body(&resource.body, block));
        }
        let commands = resource
            .provisioners
            .iter()
            .flat_map(|provisioner| [Some(&provisioner.body), provisioner.connection.as_ref()].into_iter().flatten());
        // Nothing asks for a connection where there is no command.
        let connection = resource.connection.iter().filter(|_| !resource.provisioners.is_empty());
        let used: Vec<Reference> = commands.chain(connection).flat_map(|body| references_in_body(body, None)).collect();
        self.references_and_own(at, module, &node, &used, Own::Allowed);
        self.repetition(at, module, &node, &resource.repetition);
        self.depends_on(at, module, &node, &resource.depends_on);
        self.conditions(at, module, &node, &resource.lifecycle.preconditions, None);
        self.conditions(at, module, &node, &resource.lifecycle.postconditions, None);
        if let (IgnoreChanges::Paths(paths), Some(block)) = (&resource.lifecycle.ignore_changes, block) {
            let unknown = |(path, places): &(Path, Vec<Span>)| {
                let (Some(Step::Attribute(name)), [place, places @ ..]) = (path.0.first(), places.as_slice()) else {
                    return None;
                };
                if block.names().any(|known| known == name) {
                    let (part, rest) = (&block.attributes.get(name.as_str())?.ty, path.0.get(1..)?);
                    return missing_step(part, rest, places).map(|error| error.within(context.clone()));
                }
                let hint = did_you_mean(name, block.names());
                let detail = format!("This object has no attribute \"{name}\", whose changes could be ignored.{hint}");
                Some(Diagnostic::error("Unsupported attribute", detail).at(*place).within(context.clone()))
            };
            let wrong: Vec<Diagnostic> = paths.iter().filter_map(unknown).collect();
            let is_right = wrong.is_empty();
            self.found.extend(wrong);
            let redundant = |(path, _): &(Path, Vec<Span>)| {
                let Some(Step::Attribute(name)) = path.0.first() else { return None };
                block.attributes.get(name.as_str()).filter(|found| found.computed && !found.optional)?;
                let detail = format!(
                    "\"{name}\" is decided by the provider alone, so no change of the configuration can be ignored. Remove it."
                );
                let warning = Diagnostic::warning("Redundant ignore_changes element", detail);
                Some(warning.at(resource.type_span).within(context.clone()))
            };
            self.found.extend(paths.iter().filter(|_| is_right).filter_map(redundant));
        }
        let attributes = self.attributes.len();
        for trigger in &resource.lifecycle.replace_triggered_by {
            self.expression(at, module, &node, trigger);
        }
        // What a trigger names may be missing: then it never changes.
        self.attributes.truncate(attributes);
        self.within_module(at, &node);
        if schema.is_some() {
            match self.providers.key(self.config, at, resource) {
                Ok(key) => {
                    let provider = self.provider(key);
                    self.graph.connect(&provider, &node, None);
                }
                Err(error) => {
                    self.found.push(error.at(resource.span).within(context));
                    self.graph.refuse(&node);
                }
            }
        }
    }

    /// Whether a block whose type no provider offers may have no instances. A name that is near another is misspelt.
    fn is_to_spare(&self, at: &ModuleAddress, resource: &Resource) -> bool {
        let (mode, type_name) = (resource.address.mode, &resource.address.type_name);
        let known = self.providers.iter().flat_map(|provider| provider.type_names(mode));
        let mut around = std::iter::successors(Some(at.clone()), |at| at.parent().map(|(parent, _)| parent));
        let is_repeated =
            |at: ModuleAddress| self.call(&at).is_some_and(|(_, call)| !matches!(call.repetition, Repetition::Single));
        let is_of_many = !matches!(resource.repetition, Repetition::Single) || around.any(is_repeated);
        is_of_many && nearest(type_name, known).is_none()
    }

    /// Adds the vertex of a provider configuration, with what its block refers to.
    fn provider(&mut self, key: super::ProviderKey) -> Node {
        let node = Node::Provider(key.clone());
        if self.graph.contains(&node) {
            return node;
        }
        self.graph.add(node.clone());
        if let Some(module) = self.config.modules.get(&key.module) {
            if let Some(block) = module.providers.get(&key.reference) {
                let found = references_in_body(&block.body, None);
                self.references(&key.module, module, &node, &found);
            }
            self.within_module(&key.module, &node);
        }
        node
    }

    fn repetition(&mut self, at: &ModuleAddress, module: &Module, node: &Node, repetition: &Repetition) {
        if let Repetition::Count(expr) | Repetition::ForEach(expr) = repetition {
            self.expression(at, module, node, expr);
        }
    }

    fn conditions(
        &mut self,
        at: &ModuleAddress,
        module: &Module,
        node: &Node,
        conditions: &[Condition],
        own_variable: Option<&str>,
    ) {
        for condition in conditions {
            for expr in [&condition.condition, &condition.error_message] {
                if !self.in_order(node, malformed(expr)) {
                    continue;
                }
                let found: Vec<Reference> =
                    references(expr).into_iter().filter(|reference| !is_variable(reference, own_variable)).collect();
                self.references(at, module, node, &found);
            }
        }
    }

    fn depends_on(&mut self, at: &ModuleAddress, module: &Module, node: &Node, targets: &[Expr]) {
        for target in targets {
            match parse_reference(target) {
                Ok(reference) => self.references_and_own(at, module, node, &[reference], Own::Allowed),
                Err(errors) => self.found.extend(errors),
            }
        }
    }

    /// Everything in a module, and in the modules within it, comes before a vertex.
    fn everything_in(&mut self, module: &ModuleAddress, node: &Node, written: Span) {
        let within = self.config.modules.range(module.clone()..);
        for (inner, content) in within.take_while(|(inner, _)| inner.0.starts_with(&module.0)) {
            let at = || inner.clone();
            let resources = content.resources.keys().map(|resource| Node::Resource(resource.clone().in_module(at())));
            let variables = content.variables.keys().map(|name| Node::Variable(at(), name.clone()));
            let locals = content.locals.keys().map(|name| Node::Local(at(), name.clone()));
            let outputs = content.outputs.keys().map(|name| Node::Output(at(), name.clone()));
            for needed in resources.chain(variables).chain(locals).chain(outputs) {
                self.graph.connect(&needed, node, Some(written));
            }
        }
    }

    fn expression(&mut self, at: &ModuleAddress, module: &Module, node: &Node, expr: &Expr) {
        if self.in_order(node, malformed(expr)) {
            self.references(at, module, node, &references(expr));
        }
    }

    /// Reports what is wrong with the form of references; whether that is nothing.
    fn in_order(&mut self, node: &Node, wrong: Diagnostics) -> bool {
        let in_order = !wrong.has_errors();
        if !in_order {
            self.graph.refuse(node);
        }
        self.found.extend(wrong);
        in_order
    }

    fn references(&mut self, at: &ModuleAddress, module: &Module, node: &Node, found: &[Reference]) {
        self.references_and_own(at, module, node, found, Own::Refused);
    }

    fn references_and_own(&mut self, at: &ModuleAddress, module: &Module, node: &Node, found: &[Reference], own: Own) {
        let before = self.found.len();
        self.found.extend(check_references(module, found));
        self.found.extend(found.iter().filter_map(|reference| out_of_scope(module, node, reference)));
        for reference in found {
            if let Some((resource, error)) = self.unknown_attribute(at, module, node, reference) {
                self.attributes.push((node.clone(), resource, error));
            }
        }
        if self.found.len() > before {
            self.graph.refuse(node);
        }
        for reference in found {
            self.note(at, node, reference);
            self.found.extend(self.deprecated_output(at, reference));
            if let Subject::Module(name) = &reference.subject {
                let child = at.child(name);
                let is_single =
                    module.calls.get(name).is_some_and(|call| matches!(call.repetition, Repetition::Single));
                if let (true, Some(place)) = (is_single, reference.key_place) {
                    self.graph.select_of_single(place);
                }
                let is_whole =
                    self.config.modules.contains_key(&child) && self.named_output(&child, reference).is_none();
                // What refers to a module as a whole comes after everything in it.
                if is_whole {
                    self.everything_in(&child, node, reference.span);
                }
            }
            for needed in self.needed(at, reference) {
                if needed == *node && !matches!(reference.subject, Subject::SelfObject) && own == Own::Refused {
                    self.found.push(self_reference(node, reference));
                    self.graph.refuse(node);
                }
                self.graph.connect(&needed, node, Some(reference.span));
            }
        }
    }

    /// The error for what the type of a resource does not have, and that resource.
    fn unknown_attribute(
        &self,
        at: &ModuleAddress,
        module: &Module,
        node: &Node,
        reference: &Reference,
    ) -> Option<(Node, Diagnostic)> {
        let (address, of_one) = match (&reference.subject, node) {
            (Subject::Resource(address), _) => (address, reference.key.is_some()),
            (Subject::SelfObject, Node::Resource(own)) => (&own.resource, true),
            _ => return None,
        };
        let resource = module.resources.get(address)?;
        let of_one = of_one || matches!(resource.repetition, Repetition::Single);
        let schema = self.providers.schema(module, resource).ok().filter(|_| of_one)?;
        let error = missing_part(&schema.block, address, &reference.rest.0, &reference.steps)?;
        Some((Node::Resource(address.clone().in_module(at.clone())), error))
    }

    /// Keeps which instance, or whether a module as a whole, a reference is to.
    fn note(&mut self, at: &ModuleAddress, node: &Node, reference: &Reference) {
        match &reference.subject {
            Subject::Module(name) => {
                let child = at.child(name);
                if self.config.modules.contains_key(&child) && self.named_output(&child, reference).is_none() {
                    self.graph.refers_to_whole(node, child);
                }
            }
            Subject::Resource(resource) => {
                let resource = resource.clone().in_module(at.clone());
                self.graph.refers_to_instance(node, resource, reference.key.clone());
            }
            _ => {}
        }
    }

    fn needed(&self, at: &ModuleAddress, reference: &Reference) -> Vec<Node> {
        match &reference.subject {
            Subject::Variable(name) => vec![Node::Variable(at.clone(), name.clone())],
            Subject::Local(name) => vec![Node::Local(at.clone(), name.clone())],
            Subject::Resource(resource) => vec![Node::Resource(resource.clone().in_module(at.clone()))],
            Subject::Output(name) => vec![Node::Output(at.clone(), name.clone())],
            Subject::Module(name) => self.module_outputs(&at.child(name), reference),
            _ => Vec::new(),
        }
    }

    /// The warning for a reference to an output whose author wants it used no more.
    fn deprecated_output(&self, at: &ModuleAddress, reference: &Reference) -> Option<Diagnostic> {
        let Subject::Module(name) = &reference.subject else { return None };
        let (output, declared) = self.named_output(&at.child(name), reference)?;
        let reason = declared.deprecated.clone()?;
        let summary = format!("Output \"{output}\" of module.{name} is deprecated");
        Some(Diagnostic::warning(summary, reason).at(reference.span))
    }

    /// The output that a reference to a module names.
    fn named_output(&self, child: &ModuleAddress, reference: &Reference) -> Option<(&'a Arc<str>, &'a Output)> {
        let config: &'a Config = self.config;
        let module = config.modules.get(child)?;
        let by_key = self.call(child).is_some_and(|(_, call)| matches!(call.repetition, Repetition::ForEach(_)));
        if by_key && reference.key.is_none() && matches!(reference.rest.0.first(), Some(Step::Attribute(_))) {
            // The first name is that of an instance.
            return None;
        }
        reference.rest.0.iter().find_map(|step| match step {
            Step::Attribute(name) => module.outputs.get_key_value(name.as_str()),
            _ => None,
        })
    }

    /// A reference to a module is to the one output that it names, or to all of them.
    fn module_outputs(&self, child: &ModuleAddress, reference: &Reference) -> Vec<Node> {
        let Some(module) = self.config.modules.get(child) else { return Vec::new() };
        let outputs = match self.named_output(child, reference) {
            Some((name, _)) => vec![Node::Output(child.clone(), name.clone())],
            None => module.outputs.keys().map(|name| Node::Output(child.clone(), name.clone())).collect(),
        };
        outputs.into_iter().chain([Node::Module(child.clone())]).collect()
    }
}

fn is_variable(reference: &Reference, name: Option<&str>) -> bool {
    matches!((&reference.subject, name), (Subject::Variable(variable), Some(name)) if **variable == *name)
}

/// The error for a reference to the data source of a check from anywhere but that check.
fn out_of_scope(module: &Module, node: &Node, reference: &Reference) -> Option<Diagnostic> {
    let Subject::Resource(address) = &reference.subject else { return None };
    let scope = module.resources.get(address)?.check.as_ref()?;
    let within = match node {
        Node::Check(_, name) => Some(name),
        Node::Resource(resource) => module.resources.get(&resource.resource).and_then(|user| user.check.as_ref()),
        _ => None,
    };
    let detail = format!(
        "{address} stands in check \"{scope}\", and only that check may refer to it. Declare a data source outside of the \
         check to use it here."
    );
    (within != Some(scope)).then(|| Diagnostic::error("Reference to scoped resource", detail).at(reference.head))
}

fn self_reference(node: &Node, reference: &Reference) -> Diagnostic {
    if matches!(node, Node::Local(..)) {
        let detail = format!("The value of {node} is made of {node} itself, and so would never be known.");
        return Diagnostic::error("Self-referencing local value", detail).at(reference.head);
    }
    Diagnostic::error(
        "Self-referential block",
        format!("The block for {node} refers to {node} itself, which is not known before the block is evaluated."),
    )
    .at(reference.head)
}
