//! The assertions of a run, and its outputs.

use std::collections::BTreeMap;
use std::sync::Arc;

use smform_lang::config::testing::{TestRun, named};
use smform_lang::config::{Condition, Module};
use smform_lang::eval::{ConditionResult, Evaluator, Reference, Subject, Templates, check_references, references};
use smform_lang::functions::{FunctionContext, Phase};
use smform_types::{Diagnostic, Diagnostics, ModuleInstance, Type, Value};

use super::scope::{TestScope, no_run};
use super::{FileRun, Status, Suite};
use crate::apply::conform::without_unknown;
use crate::plan::Mode;
use crate::values::evaluate::Setting;
use crate::values::{Repetition, Values};
use crate::workflow::Project;

impl Suite<'_> {
    /// Looks at the assertions of a run and takes its outputs over for the runs after it. `mode` is `Normal` after a
    /// plan; after an apply everything is known.
    #[expect(clippy::too_many_arguments, reason = "a run, what it was made of and what came of it")]
    pub(super) fn assess(
        &self,
        state: &mut FileRun<'_>,
        run: &TestRun,
        project: &Project,
        variables: &BTreeMap<Arc<str>, Value>,
        values: &Values,
        mode: Mode,
        found: &mut Diagnostics,
    ) -> Status {
        let root = ModuleInstance::root();
        let values = &if mode == Mode::Normal { with_outputs_of_plan(values, project) } else { values.clone() };
        let phase = if mode == Mode::Normal { Phase::Plan } else { Phase::Apply };
        let host = self.world.host.as_ref();
        let functions = FunctionContext { host, phase, plan_timestamp: None, templates: &Templates };
        let setting = Setting {
            config: &project.config,
            functions: &functions,
            surroundings: &project.surroundings,
            inputs: &project.inputs,
            overrides: &project.overrides,
            lenient: false,
        };
        let Some(scope) = setting.scope(&root, values, Repetition::default(), None) else { return Status::Error };
        let module = scope.module;
        let declares = |name: &str| module.variables.contains_key(name);
        let mut status = Status::Pass;
        for assert in &run.asserts {
            let wrong = unusable(assert, module, state, variables);
            if wrong.has_errors() {
                found.extend(wrong);
                status = Status::Error;
                continue;
            }
            let (runs, all) = (&state.outputs, &state.all);
            let scope = TestScope { module: Some(&scope), declares: &declares, variables, runs, all };
            let evaluator = Evaluator::new(&scope, &functions);
            let (result, notes) = evaluator.condition(assert);
            // As Terraform names what it calls a result elsewhere.
            let notes = notes.map(|note| match &*note.summary {
                "Invalid condition result" => Diagnostic { summary: "Invalid condition run".into(), ..note },
                _ => note,
            });
            if notes.has_errors() {
                status = Status::Error;
            }
            let unknown = result == ConditionResult::Unknown && !notes.has_errors();
            found.extend(notes);
            let expr = &assert.condition;
            if unknown {
                let detail = "Condition expression could not be evaluated at this time. This means you have executed a \
                              `run` block with `command = plan` and one of the values your condition depended on is not \
                              known until after the plan has been applied. Either remove this value from your condition, \
                              or execute an `apply` command from this `run` block. Alternatively, if there is an override \
                              for this value, you can make it available during the plan phase by setting `override_during \
                              = plan` in the `override_` block.";
                let mut error = evaluator.about(Diagnostic::error("Unknown condition value", detail), expr);
                // What the message says is not said again of each value.
                for value in &mut error.values {
                    value.statement = value.statement.replace(", known only after apply", "");
                }
                found.push(error);
                status = Status::Error;
            }
            if let ConditionResult::Fail { message } = result {
                let message = ConditionResult::explanation(message);
                found.push(evaluator.about(Diagnostic::error("Test assertion failed", message), expr));
                status = status.max(Status::Fail);
            }
        }
        let outputs = module.outputs.keys().map(|name| {
            let value = values.output(&root, name).cloned();
            (name.clone(), value.unwrap_or_else(|| Value::null(Type::Dynamic)))
        });
        state.outputs.insert(run.name.text.clone(), Value::object(outputs.collect::<Vec<_>>()));
        status
    }
}

/// Values with the root outputs as a plan tells them: what is unknown as a whole stays so, and nothing is said of it; what
/// is unknown in part has nulls there, as in Terraform.
fn with_outputs_of_plan(values: &Values, project: &Project) -> Values {
    let root = ModuleInstance::root();
    let mut told = values.clone();
    for name in project.config.root().into_iter().flat_map(|root| root.outputs.keys()) {
        if let Some(value) = values.output(&root, name) {
            let value = if value.is_known() {
                without_unknown(value.clone()).0
            } else {
                Value::unknown(value.ty()).with_marks(value.marks())
            };
            told.set_output(&root, name, value);
        }
    }
    told
}

/// What an assertion refers to that there is not.
fn unusable(
    assert: &Condition,
    module: &Module,
    state: &FileRun<'_>,
    variables: &BTreeMap<Arc<str>, Value>,
) -> Diagnostics {
    let mut found = Diagnostics::new();
    for reference in references(&assert.condition).into_iter().chain(references(&assert.error_message)) {
        found.extend(undeclared(&reference, module, state, variables));
    }
    found
}

fn undeclared(
    reference: &Reference,
    module: &Module,
    state: &FileRun<'_>,
    variables: &BTreeMap<Arc<str>, Value>,
) -> Diagnostics {
    if let Some(name) = named(&reference.subject, "run") {
        let known = state.outputs.contains_key(name);
        let error = (!known).then(|| no_run(name, &state.all).at(reference.head));
        return error.into_iter().collect();
    }
    match &reference.subject {
        Subject::Variable(name) if variables.contains_key(name) => Diagnostics::new(),
        Subject::Output(name) if !module.outputs.contains_key(name) => {
            let detail = format!("The module under test has no output \"{name}\".");
            Diagnostic::error("Reference to undeclared output value", detail).at(reference.head).into()
        }
        Subject::Output(_) => Diagnostics::new(),
        _ => check_references(module, std::slice::from_ref(reference)),
    }
}
