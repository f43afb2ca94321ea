//! Evaluation of everything that is not a resource: module calls, variables, locals, outputs and checks.

use std::collections::BTreeMap;
use std::sync::Arc;

use smform_lang::config::values::{Origin, VariableValue, finish};
use smform_lang::config::{Condition, Config, Module, Output, Variable};
use smform_lang::eval::{ConditionResult, Evaluator};
use smform_lang::functions::FunctionContext;
use smform_types::{Diagnostic, Diagnostics, Marks, ModuleAddress, ModuleInstance, SourceMap, Type, Value, convert};

use super::expand::expand;
use super::scope::{ModuleScope, Surroundings};
use super::{Repetition, Values};
use crate::blocks::{infinite, not_infinite};
use crate::checks::{Outcome, Status, Subject};
use crate::graph::Node;
use crate::testing::overrides::Overrides;

/// What every evaluation of one walk shares.
#[derive(Clone, Copy)]
pub struct Setting<'a> {
    /// The configuration.
    pub config: &'a Config,
    /// How functions are called in this phase.
    pub functions: &'a FunctionContext<'a>,
    /// Facts about the run.
    pub surroundings: &'a Surroundings,
    /// Values given for the root module's variables.
    pub inputs: &'a BTreeMap<Arc<str>, VariableValue>,
    /// Objects that a test overrides.
    pub overrides: &'a Overrides,
    /// Whether conditions of objects and outputs that do not hold only warn, since nothing is about to be made.
    pub lenient: bool,
}

impl<'a> Setting<'a> {
    /// The scope of a block instance.
    #[must_use]
    pub fn scope(
        &self,
        at: &'a ModuleInstance,
        values: &'a Values,
        repetition: Repetition,
        own: Option<Value>,
    ) -> Option<ModuleScope<'a>> {
        let module = self.config.modules.get(&at.config())?;
        let (config, surroundings, phase) = (self.config, self.surroundings, self.functions.phase);
        Some(ModuleScope { config, module, instance: at, values, repetition, own, surroundings, phase })
    }

    /// Evaluates a vertex that is no resource or provider, for every instance of its module, into `values`.
    pub fn node(&self, node: &Node, values: &mut Values) -> Diagnostics {
        match node {
            Node::Variable(module, name) => values.come_to(module, &Subject::Variable(name.clone())),
            Node::Output(module, name) => values.come_to(module, &Subject::Output(name.clone())),
            Node::Check(module, name) => values.come_to(module, &Subject::Check(name.clone())),
            _ => {}
        }
        match node {
            Node::Module(module) => self.module(module, values),
            Node::Variable(module, name) => self.each(module, values, |instance, values| {
                let variable = self.module_of(module)?.variables.get(name)?;
                Some(self.variable(instance, variable, values))
            }),
            Node::Local(module, name) => self.each(module, values, |instance, values| {
                let local = self.module_of(module)?.locals.get(name)?;
                Some(self.local(instance, local, values))
            }),
            Node::Output(module, name) => self.each(module, values, |instance, values| {
                let output = self.module_of(module)?.outputs.get(name)?;
                Some(self.output(instance, output, values))
            }),
            Node::Check(module, name) => self.each(module, values, |instance, values| {
                let check = self.module_of(module)?.checks.get(name)?;
                Some(self.check(instance, name, &check.asserts, values))
            }),
            Node::Provider(_) | Node::Resource(_) => Diagnostics::new(),
        }
    }

    /// Messages of conditions, as serious as they are in this walk.
    pub fn weighed(&self, found: Diagnostics, outcome: &Outcome) -> Diagnostics {
        if self.lenient && outcome.status == Status::Fail { found.map(as_warning) } else { found }
    }

    fn module_of(&self, module: &ModuleAddress) -> Option<&'a Module> {
        self.config.modules.get(module)
    }

    fn each(
        &self,
        module: &ModuleAddress,
        values: &mut Values,
        mut evaluate: impl FnMut(&ModuleInstance, &mut Values) -> Option<Diagnostics>,
    ) -> Diagnostics {
        let mut found = Diagnostics::new();
        for instance in values.module_instances(module) {
            found.extend(evaluate(&instance, values).unwrap_or_default());
        }
        found
    }

    /// Expands the call that leads to a module, in every instance of the module around it.
    fn module(&self, module: &ModuleAddress, values: &mut Values) -> Diagnostics {
        let Some((parent, name)) = module.parent() else { return Diagnostics::new() };
        let Some(call) = self.module_of(&parent).and_then(|parent| parent.calls.get(name)) else {
            return Diagnostics::new();
        };
        let mut found = Diagnostics::new();
        for instance in values.module_instances(&parent) {
            let Some(scope) = self.scope(&instance, values, Repetition::default(), None) else { continue };
            let expanded = expand(&Evaluator::new(&scope, self.functions), &call.repetition);
            if let Some(instances) = found.take(expanded) {
                let all: Vec<_> = instances.keys().into_iter().map(|key| instance.child(name, key)).collect();
                values.set_module(&instance, name, instances);
                all.into_iter().for_each(|at| self.replace(module, &at, values));
            }
        }
        within(found, &format!("module \"{name}\""))
    }

    /// Takes the outputs of a module instance from a test that overrides it.
    fn replace(&self, module: &ModuleAddress, at: &ModuleInstance, values: &mut Values) {
        let Some(given) = self.overrides.module(at) else { return };
        for name in self.module_of(module).into_iter().flat_map(|module| module.outputs.keys()) {
            let value = given.as_ref().and_then(|given| given.get(name)).cloned();
            values.set_output(at, name, value.unwrap_or_else(|| Value::null(Type::Dynamic)));
        }
        values.empty_module(at);
    }

    fn variable(&self, at: &ModuleInstance, variable: &Variable, values: &mut Values) -> Diagnostics {
        let name = &variable.name.text;
        values.checks.expect(at, &Subject::Variable(name.clone()), None);
        let given = match self.argument(at, variable, values) {
            Ok(given) => given,
            Err(errors) => return errors,
        };
        let mut found = Diagnostics::new();
        let Some(value) = found.take(finish(variable, given.as_ref())) else { return found };
        if !variable.ephemeral && value.marks_deep().contains(Marks::EPHEMERAL) {
            let detail = format!(
                "The variable \"{name}\" takes no ephemeral values, since its value may be stored. Add ephemeral = true to \
                 its block, or use ephemeralasnull()."
            );
            let place = given.and_then(|given| given.span).unwrap_or(variable.span);
            found.push(Diagnostic::error("Ephemeral value not allowed", detail).at(place));
            return found;
        }
        // Validation looks at variables of which nothing is given; those are unknown and have no place.
        let set = given.as_ref().filter(|given| given.span.is_some() || given.value.is_known());
        if let (Some(reason), Some(given)) = (&variable.deprecated, set) {
            found
                .push(Diagnostic::warning(format!("Variable \"{name}\" is deprecated"), reason.clone()).at(given.span));
        }
        values.set_variable(at, name, value.with_marks(variable.marks()));
        let place = given.and_then(|given| given.span).unwrap_or(variable.span);
        let (messages, outcome) = self.validations(at, variable, values);
        values.checks.record(at, &Subject::Variable(name.clone()), None, outcome);
        found.extend(messages.map(|error| {
            if error.span.is_none() { error.at(place).within(format!("variable \"{name}\"")) } else { error }
        }));
        found
    }

    /// The value given for a variable: by the user for the root module, by the call for another.
    fn argument(
        &self,
        at: &ModuleInstance,
        variable: &Variable,
        values: &Values,
    ) -> Result<Option<VariableValue>, Diagnostics> {
        let (Some(parent), Some((call_name, key))) = (at.parent(), at.0.last()) else {
            return Ok(self.inputs.get(&variable.name.text).cloned());
        };
        let call = self.module_of(&parent.config()).and_then(|module| module.calls.get(call_name));
        let argument =
            call.and_then(|call| call.body.attributes.iter().find(|argument| argument.name.text == variable.name.text));
        let Some(argument) = argument else { return Ok(None) };
        let repetition = values.module(&parent, call_name).map(|instances| instances.repetition(key.as_ref()));
        let Some(scope) = self.scope(&parent, values, repetition.unwrap_or_default(), None) else { return Ok(None) };
        let value = Evaluator::new(&scope, self.functions)
            .expr(&argument.expr)
            .map_err(|errors| within(errors, &format!("module \"{call_name}\"")))?;
        Ok(Some(VariableValue { value, span: Some(argument.expr.span), origin: Origin::Argument }))
    }

    fn validations(&self, at: &ModuleInstance, variable: &Variable, values: &Values) -> (Diagnostics, Outcome) {
        let (mut found, mut outcome) = (Diagnostics::new(), Outcome::pass());
        let Some(scope) = self.scope(at, values, Repetition::default(), None) else { return (found, outcome) };
        let evaluator = Evaluator::new(&scope, self.functions);
        for rule in &variable.validations {
            let (result, notes) = evaluator.validation(rule);
            let judged = outcome_of(&result, &notes);
            // As in Terraform, a rule that cannot be evaluated says nothing of the value.
            let is_judged = judged.status != Status::Error;
            outcome.add(if is_judged { judged } else { Outcome::new(Status::Unknown, Vec::new()) });
            found.extend(notes);
            if let ConditionResult::Fail { message } = result {
                let (place_of, rule) = (rule, place(&self.config.sources, rule));
                let message = ConditionResult::explanation(message);
                let detail = format!("{message}\n\nThis was checked by the validation rule at {rule}.");
                let values = evaluator.values_in(&place_of.condition);
                found.push(Diagnostic { values, ..Diagnostic::error("Invalid value for variable", detail) });
            }
        }
        (found, outcome)
    }

    fn local(&self, at: &ModuleInstance, local: &smform_lang::config::Local, values: &mut Values) -> Diagnostics {
        let mut found = Diagnostics::new();
        let value = match self.scope(at, values, Repetition::default(), None) {
            Some(scope) => Evaluator::new(&scope, self.functions).expr(&local.expr),
            None => return found,
        };
        if let Some(value) = found.take(value.map_err(|errors| within(errors, "locals"))) {
            values.set_local(at, &local.name.text, value);
        }
        found
    }

    fn output(&self, at: &ModuleInstance, output: &Output, values: &mut Values) -> Diagnostics {
        let mut found = Diagnostics::new();
        let name = &output.name.text;
        let context = format!("output \"{name}\"");
        let subject = Subject::Output(name.clone());
        values.checks.expect(at, &subject, None);
        let mut outcome = Outcome::pass();
        let value = match self.scope(at, values, Repetition::default(), None) {
            Some(scope) => {
                let evaluator = Evaluator::new(&scope, self.functions);
                let (messages, result) =
                    conditions(&evaluator, &output.preconditions, "Module output value precondition failed");
                found.extend(self.weighed(messages, &result));
                outcome.add(result);
                if found.has_errors() { Err(Diagnostics::new()) } else { evaluator.expr(&output.expr) }
            }
            None => return found,
        };
        values.checks.record(at, &subject, None, outcome);
        let Some(mut value) = found.take(value) else { return within(found, &context) };
        if let Some((ty, defaults)) = &output.ty {
            match convert(defaults.apply(value), ty) {
                Ok(converted) => value = converted,
                Err(error) => {
                    let detail = format!("The value is not of the declared type: {error}.");
                    found.push(Diagnostic::error("Invalid output value", detail).at(output.expr.span));
                    return within(found, &context);
                }
            }
        }
        if at.is_root() && !output.sensitive && value.has_sensitive() {
            found.push(
                Diagnostic::error(
                    "Output refers to sensitive values",
                    "Whoever can read the state or the screen would see it. Add sensitive = true to the output, or use \
                     nonsensitive() if the value may be shown.",
                )
                .at(output.span),
            );
            return within(found, &context);
        }
        if at.is_root() && output.ephemeral {
            let detail = "Outputs of the root module are stored, so they cannot be ephemeral. Remove the argument.";
            found.push(Diagnostic::error("Ephemeral output not allowed", detail).at(output.span));
            return within(found, &context);
        }
        if output.ephemeral && !value.marks().contains(Marks::EPHEMERAL) {
            let detail =
                "An ephemeral output is there for ephemeral values, and this is none. Remove ephemeral = true.";
            found.push(Diagnostic::error("Value not allowed in ephemeral output", detail).at(output.expr.span));
            return within(found, &context);
        }
        let stored = !output.ephemeral;
        if stored && value.marks_deep().contains(Marks::EPHEMERAL) {
            found.push(
                Diagnostic::error(
                    "Ephemeral value not allowed",
                    "Outputs are stored, so an ephemeral value cannot be one. Use ephemeralasnull(), or in a child \
                     module add ephemeral = true.",
                )
                .at(output.expr.span),
            );
            return within(found, &context);
        }
        if at.is_root() && infinite(&value).is_some() {
            found.push(not_infinite().at(output.expr.span));
            return within(found, &context);
        }
        // In a module `sensitive` marks nothing: who calls it sees the value as it is, as in Terraform 1.11.
        if at.is_root() && output.sensitive {
            value = value.with_marks(Marks::SENSITIVE);
        }
        values.set_output(at, name, value);
        within(found, &context)
    }

    fn check(&self, at: &ModuleInstance, name: &Arc<str>, asserts: &[Condition], values: &mut Values) -> Diagnostics {
        if values.checks.has_failed(at, name) {
            return Diagnostics::new();
        }
        let Some(scope) = self.scope(at, values, Repetition::default(), None) else { return Diagnostics::new() };
        let evaluator = Evaluator::new(&scope, self.functions);
        let (mut found, mut outcome) = (Diagnostics::new(), Outcome::pass());
        for assert in asserts {
            let (messages, result) = conditions(&evaluator, std::slice::from_ref(assert), ASSERTION_FAILED);
            if result.status == Status::Unknown {
                let detail = "The condition depends on what is known only after apply, and is checked then.";
                let warning = Diagnostic::warning(ASSERTION_UNKNOWN, detail);
                found.push(warning.at(assert.condition.span));
            }
            // An assertion that does not hold warns, and never stops the run; one that cannot be evaluated is a mistake.
            let failed = result.status == Status::Fail;
            found.extend(if failed { messages.map(as_warning) } else { messages });
            outcome.add(result);
        }
        values.checks.record(at, &Subject::Check(name.clone()), None, outcome);
        within(found, &format!("check \"{name}\""))
    }
}

/// The summary of what a `check` block finds: each has something of its own to say, so they are never merged.
pub const ASSERTION_FAILED: &str = "Check block assertion failed";
/// The summary of what is said of an assertion that cannot be decided yet.
pub const ASSERTION_UNKNOWN: &str = "Check block assertion known after apply";

/// Evaluates conditions; those that fail become errors under a summary, those that are unknown are left for later.
pub fn conditions(evaluator: &Evaluator<'_>, conditions: &[Condition], summary: &str) -> (Diagnostics, Outcome) {
    let (mut found, mut outcome) = (Diagnostics::new(), Outcome::pass());
    for condition in conditions {
        let (result, notes) = evaluator.condition(condition);
        outcome.add(outcome_of(&result, &notes));
        found.extend(notes);
        if let ConditionResult::Fail { message } = result {
            let message = ConditionResult::explanation(message);
            found.push(evaluator.about(Diagnostic::error(summary, message), &condition.condition));
        }
    }
    (found, outcome)
}

fn as_warning(message: Diagnostic) -> Diagnostic {
    Diagnostic { severity: smform_types::Severity::Warning, ..message }
}

fn outcome_of(result: &ConditionResult, notes: &Diagnostics) -> Outcome {
    match result {
        ConditionResult::Fail { message } => Outcome::new(Status::Fail, message.iter().cloned().collect()),
        _ if notes.has_errors() => Outcome::new(Status::Error, Vec::new()),
        ConditionResult::Unknown => Outcome::new(Status::Unknown, Vec::new()),
        ConditionResult::Pass => Outcome::pass(),
    }
}

/// Puts a context on every message that has none.
pub fn within(found: Diagnostics, context: &str) -> Diagnostics {
    found.map(|diagnostic| diagnostic.within(context))
}

fn place(sources: &SourceMap, rule: &Condition) -> String {
    let Some(source) = sources.get(rule.span.source) else { return "an unknown place".to_owned() };
    let (start, end) = (source.position(rule.span.start as usize), source.position(rule.span.end as usize));
    format!("{}:{},{}-{}", source.name, start.line, start.column, end.column)
}
