//! A small stand-in for the engine: checks references and evaluates everything in a module.

use std::cell::RefCell;
use std::collections::BTreeMap;

use smform_lang::config::values::finish;
use smform_lang::config::{Condition, Config, Module, Repetition};
use smform_lang::eval::{
    ConditionResult, Evaluator, Scope, Subject, Templates, check_references, references, references_in_body,
};
use smform_lang::functions::{FunctionContext, Phase};
use smform_lang::source::FileSystem;
use smform_types::schema::{Attribute, Block, NestedBlock};
use smform_types::{Diagnostic, Diagnostics, Type, Value};

/// The schema of every resource in the corpus.
fn schema() -> Block {
    let rule = || {
        Block::new(
            [("port", Attribute::required(Type::Number)), ("note", Attribute::optional(Type::String))],
            [("source", NestedBlock::single(Block::new([("cidr", Attribute::required(Type::String))], [])))],
        )
    };
    let port =
        Block::new([("from", Attribute::required(Type::Number)), ("note", Attribute::optional(Type::String))], []);
    Block::new(
        [
            ("id", Attribute::computed(Type::String)),
            ("name", Attribute::required(Type::String)),
            ("size", Attribute::optional(Type::Number)),
            ("secret", Attribute::optional(Type::String).sensitive()),
            ("tags", Attribute::optional(Type::map(Type::String))),
            ("subnets", Attribute::optional(Type::set(Type::String))),
        ],
        [
            ("rule", NestedBlock::list(rule(), 0, 2)),
            ("peer", NestedBlock::set(Block::new([("id", Attribute::required(Type::String))], []), 0, 0)),
            ("port", NestedBlock::set(port, 0, 0).or_computed().or_argument()),
        ],
    )
}

struct ModuleScope<'a> {
    module: &'a Module,
    cx: &'a FunctionContext<'a>,
    known: RefCell<BTreeMap<Subject, Option<Value>>>,
}

impl Scope for ModuleScope<'_> {
    fn resolve(&self, subject: &Subject) -> Result<Value, Diagnostic> {
        if let Some(known) = self.known.borrow().get(subject) {
            return known.clone().ok_or_else(|| Diagnostic::error("Cycle", "A local value depends on itself."));
        }
        self.known.borrow_mut().insert(subject.clone(), None);
        let evaluator = Evaluator::new(self, self.cx);
        let value = match subject {
            Subject::Variable(name) => self
                .module
                .variables
                .get(name)
                .map(|variable| finish(variable, None).unwrap_or_else(|_| Value::unknown(variable.ty.clone()))),
            Subject::Local(name) => self
                .module
                .locals
                .get(name)
                .map(|local| evaluator.expr(&local.expr).unwrap_or_else(|_| Value::unknown(Type::Dynamic))),
            Subject::Resource(address) => self.module.resources.get(address).map(|resource| {
                let (value, _) = evaluator.body(&resource.body, &schema());
                let id = smform_types::path::Step::Attribute("id".to_owned());
                let value = value.update_at(&[id], &mut |_| Value::unknown(Type::String));
                match resource.repetition {
                    Repetition::Single => value,
                    Repetition::Count(_) => Value::list(value.ty(), [value]),
                    Repetition::ForEach(_) => Value::map(value.ty(), [("a", value)]),
                }
            }),
            Subject::Path(_) | Subject::Terraform(_) => Some(Value::string("x")),
            Subject::CountIndex => Some(Value::number(0)),
            Subject::EachKey => Some(Value::string("a")),
            _ => Some(Value::unknown(Type::Dynamic)),
        };
        let value = value.unwrap_or_else(|| Value::unknown(Type::Dynamic));
        self.known.borrow_mut().insert(subject.clone(), Some(value.clone()));
        Ok(value)
    }
}

/// Everything that is wrong in the modules of a configuration once they are loaded.
pub fn check(config: &Config) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    for module in config.modules.values() {
        diagnostics.extend(check_module(module));
    }
    diagnostics
}

fn conditions(module: &Module) -> impl Iterator<Item = &Condition> {
    let resources = module.resources.values().map(|resource| &resource.lifecycle);
    let lifecycle = resources.flat_map(|lifecycle| lifecycle.preconditions.iter().chain(&lifecycle.postconditions));
    let variables = module.variables.values().flat_map(|variable| &variable.validations);
    let outputs = module.outputs.values().flat_map(|output| &output.preconditions);
    let checks = module.checks.values().flat_map(|check| &check.asserts);
    variables.chain(lifecycle).chain(outputs).chain(checks)
}

fn check_module(module: &Module) -> Diagnostics {
    let schema = schema();
    let exprs: Vec<_> = module
        .locals
        .values()
        .map(|local| &local.expr)
        .chain(module.outputs.values().map(|output| &output.expr))
        .collect();
    let mut found: Vec<_> = exprs.iter().flat_map(|expr| references(expr)).collect();
    for resource in module.resources.values() {
        found.extend(references_in_body(&resource.body, Some(&schema)));
    }
    for condition in conditions(module) {
        found.extend(references(&condition.condition));
        found.extend(references(&condition.error_message));
    }
    // Each by itself, since what is wrong with one hides others of the same block.
    let mut diagnostics: Diagnostics =
        found.iter().flat_map(|reference| check_references(module, std::slice::from_ref(reference))).collect();
    let cx = FunctionContext { host: &FileSystem, phase: Phase::Plan, plan_timestamp: None, templates: &Templates };
    let scope = ModuleScope { module, cx: &cx, known: RefCell::default() };
    if diagnostics.has_errors() {
        return diagnostics;
    }
    let evaluator = Evaluator::new(&scope, &cx);
    for expr in exprs {
        diagnostics.take(evaluator.expr(expr));
    }
    for resource in module.resources.values() {
        diagnostics.extend(evaluator.body(&resource.body, &schema).1);
    }
    for condition in conditions(module) {
        let (result, errors) = evaluator.condition(condition);
        diagnostics.extend(errors);
        if let ConditionResult::Fail { message } = result {
            let message = ConditionResult::explanation(message);
            let summary = format!("Condition failed: {}", message.trim_end_matches('.'));
            diagnostics.push(Diagnostic::error(summary, "Said by the author.").at(condition.condition.span));
        }
    }
    diagnostics
}
