//! From a `run` block to what is planned: the configuration with what the test puts in its place, and the values of its
//! variables.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use smform_lang::config::mocks::Mock;
use smform_lang::config::testing::TestRun;
use smform_lang::config::values::{Origin, VariableInput, VariableValue, finish, variable_values};
use smform_lang::config::{self, Config, Module, ProviderBlock, ProviderRef, Variable, load_with};
use smform_lang::eval::{Evaluator, Subject, Templates, references, references_in_body};
use smform_lang::functions::{FunctionContext, Phase};
use smform_lang::syntax::{Attribute, Body, Expr, ExprKind, Ident};
use smform_provider::Provider;
use smform_types::{Diagnostic, Diagnostics, ModuleAddress, SourceMap, Span, Value};

use super::mock::{Given, MockProvider};
use super::overrides::{self, Overrides};
use super::scope::TestScope;
use super::{FileRun, Suite};
use crate::values::scope::{Surroundings, slashes};
use crate::workflow::{Project, World};

/// Values by name, with their places.
type Inputs = BTreeMap<Arc<str>, VariableValue>;

/// What a run needs: the configuration with its inputs, the world, the variables that references may name, and warnings.
pub(super) type Prepared = (Project, World, BTreeMap<Arc<str>, Value>, Diagnostics);

impl Suite<'_> {
    /// Prepares a run.
    pub(super) fn prepare(&self, state: &FileRun<'_>, run: &TestRun) -> Result<Prepared, Diagnostics> {
        let mut found = Diagnostics::new();
        let mut config = match &run.module {
            Some((source, span)) => self.other_module(source, *span, &mut found),
            None => self.config.clone(),
        };
        if found.has_errors() {
            return Err(found);
        }
        let root = config.modules.get(&ModuleAddress::root()).cloned().unwrap_or_default();
        let needed = needed(state, run);
        let outside = self.given_outside(state, run, &root, &needed, &mut config.sources)?;
        let mut variables: BTreeMap<Arc<str>, Value> =
            outside.iter().map(|(name, given)| (name.clone(), given.value.clone())).collect();
        // Nobody minds a value of the file that cannot be had as long as nobody asks for it.
        let of_file: Vec<Attribute> = state
            .file
            .variables
            .iter()
            .filter(|given| root.variables.contains_key(&given.name.text) || needed.contains(&given.name.text))
            .cloned()
            .collect();
        let of_file = self.evaluated(state, &of_file, &variables, &mut found);
        variables.extend(of_file.iter().map(|(name, given)| (name.clone(), given.value.clone())));
        let of_run = self.evaluated(state, &run.variables, &variables, &mut found);
        variables.extend(of_run.iter().map(|(name, given)| (name.clone(), given.value.clone())));
        let mut undeclared = Diagnostics::new();
        for attribute in run.variables.iter().filter(|given| !root.variables.contains_key(&given.name.text)) {
            let detail = format!(
                "The module under test does not declare a variable named \"{0}\", but it is declared in run block \
                 \"{1}\".",
                attribute.name.text, run.name.text
            );
            undeclared.push(Diagnostic::warning("Value for undeclared variable", detail).at(attribute.name.span));
        }
        let mut inputs = outside;
        inputs.extend(of_file);
        inputs.extend(of_run);
        inputs.retain(|name, _| root.variables.contains_key(name));
        let values = |expr: &Expr| self.value(state, expr, &variables);
        let mut overridden = Overrides::default();
        for mock in &state.file.mocks {
            let during_plan = mock.during_plan;
            found.extend(overrides::add(&mock.overrides, during_plan, &mut config, &mut overridden, &values));
        }
        found.extend(overrides::add(&state.file.overrides, false, &mut config, &mut overridden, &values));
        found.extend(overrides::add(&run.overrides, false, &mut config, &mut overridden, &values));
        found.extend(undeclared);
        let mocks = self.providers(state, run, &mut config, &values, &mut found);
        let world = World { providers: self.world.providers.clone().with_mocks(mocks), ..self.world.clone() };
        let surroundings = Surroundings {
            working_directory: slashes(&self.world.host.working_directory()).into(),
            root: slashes(&config.directory).into(),
            workspace: "default".into(),
        };
        if found.has_errors() {
            return Err(found);
        }
        Ok((Project { config, inputs, surroundings, overrides: overridden }, world, variables, found))
    }

    fn other_module(&self, source: &str, span: Span, found: &mut Diagnostics) -> Config {
        let refused = |detail: String| Diagnostic::error("Invalid module source address", detail).at(span);
        let empty = || Config {
            modules: BTreeMap::new(),
            sources: self.sources.clone(),
            directory: self.directory.clone(),
            contexts: Vec::new(),
            deferred: Diagnostics::new(),
        };
        if !source.starts_with("./") && !source.starts_with("../") {
            let detail =
                format!("A run takes modules from folders, whose paths begin with ./ or ../, and not \"{source}\".");
            found.push(refused(detail));
            return empty();
        }
        let directory = smform_lang::config::normal(&self.directory.join(source));
        if self.world.host.list(&directory).map_or(true, |names| names.is_empty()) {
            found.push(refused(format!("The folder {} has no configuration.", directory.display())));
            return empty();
        }
        let (config, messages) = load_with(
            self.world.host.as_ref(),
            &directory,
            self.modules,
            self.sources.clone(),
            config::Given::Inputs(&self.inputs),
        );
        found.extend(messages);
        config
    }

    /// Values of the environment, values files and the command line: for variables of the module that is run, and for others
    /// that the test refers to, whose values are read as expressions since nothing says of which type they are.
    fn given_outside(
        &self,
        state: &FileRun<'_>,
        run: &TestRun,
        root: &Module,
        needed: &BTreeSet<Arc<str>>,
        sources: &mut SourceMap,
    ) -> Result<Inputs, Diagnostics> {
        // What else is given to a variable that the test sets is not looked at.
        let sets =
            |name: &Arc<str>| run.variables.iter().chain(&state.file.variables).any(|set| set.name.text == *name);
        let declared = root.variables.iter().filter(|(name, _)| needed.contains(*name) || !sets(name));
        let mut variables: BTreeMap<_, _> = declared.map(|(name, one)| (name.clone(), one.clone())).collect();
        for name in needed {
            let place = Ident { text: name.clone(), span: run.span };
            variables.entry(name.clone()).or_insert_with(|| Variable::undeclared(place));
        }
        let known = Module { variables, ..Module::default() };
        let is_known = |input: &&VariableInput| match input {
            VariableInput::Argument(text) => {
                text.split_once('=').is_none_or(|(name, _)| known.variables.contains_key(name))
            }
            _ => true,
        };
        let inputs: Vec<VariableInput> = self.inputs.iter().filter(is_known).cloned().collect();
        let host = self.world.host.as_ref();
        let (mut values, found) = variable_values(host, &self.directory, &known, &inputs, sources);
        if found.has_errors() {
            return Err(found.into_iter().filter(Diagnostic::is_error).collect());
        }
        // Values files beside the tests count for those, before the command line.
        if state.file.name.contains('/') {
            values.extend(variable_values(host, &self.directory.join(&self.folder), &known, &[], sources).0);
        }
        let finished = values.into_iter().filter_map(|(name, given)| {
            let value = finish(known.variables.get(&name)?, Some(&given)).ok()?;
            Some((name, VariableValue { value, ..given }))
        });
        Ok(finished.collect())
    }

    fn value(
        &self,
        state: &FileRun<'_>,
        expr: &Expr,
        variables: &BTreeMap<Arc<str>, Value>,
    ) -> Result<Value, Diagnostics> {
        let functions = FunctionContext {
            host: self.world.host.as_ref(),
            phase: Phase::Apply,
            plan_timestamp: None,
            templates: &Templates,
        };
        let scope = TestScope { module: None, declares: &|_| false, variables, runs: &state.outputs, all: &state.all };
        Evaluator::new(&scope, &functions).expr(expr)
    }

    fn evaluated(
        &self,
        state: &FileRun<'_>,
        attributes: &[Attribute],
        variables: &BTreeMap<Arc<str>, Value>,
        found: &mut Diagnostics,
    ) -> Inputs {
        let mut out = Inputs::new();
        for attribute in attributes {
            if let Some(value) = found.take(self.value(state, &attribute.expr, variables)) {
                let given = VariableValue { value, span: Some(attribute.expr.span), origin: Origin::Argument };
                out.insert(attribute.name.text.clone(), given);
            }
        }
        out
    }

    /// Puts the providers of the test in place of those of the module; the mocked ones are returned.
    fn providers(
        &self,
        state: &FileRun<'_>,
        run: &TestRun,
        config: &mut Config,
        values: &dyn Fn(&Expr) -> Result<Value, Diagnostics>,
        found: &mut Diagnostics,
    ) -> BTreeMap<ProviderRef, Arc<dyn Provider>> {
        let mut mocks = BTreeMap::new();
        let file = state.file;
        let named: Vec<(ProviderRef, ProviderRef, Span)> = if run.providers.is_empty() {
            let blocks = file.providers.keys().chain(file.mocks.iter().map(|mock| &mock.reference));
            blocks.map(|reference| (reference.clone(), reference.clone(), run.span)).collect()
        } else {
            let named = run.providers.iter().cloned();
            named.map(|passed| (passed.child, passed.own, passed.own_name)).collect()
        };
        let Some(root) = config.modules.get_mut(&ModuleAddress::root()) else { return mocks };
        for (inner, outer, place) in named {
            if let Some(mock) = file.mocks.iter().find(|mock| mock.reference == outer) {
                root.providers.remove(&inner);
                match self.world.providers.named(root, &inner.name) {
                    Some(real) => drop(mocks.insert(inner, mocked(mock, real, values, found))),
                    // What uses it is refused by its type; modules share tests with more than they use.
                    None => {
                        let detail = format!("smform has no provider \"{}\", so there is nothing to mock.", inner.name);
                        found.push(Diagnostic::warning("Unknown provider", detail).at(mock.span));
                    }
                }
            } else if let Some(block) = file.providers.get(&outer) {
                let body = known(&block.body, values, found);
                let block = ProviderBlock { reference: inner.clone(), body, version: None, span: block.span };
                root.providers.insert(inner, block);
            } else if !root.providers.contains_key(&inner) {
                let detail = format!("The test file has no provider \"{}\" of this name and alias.", outer.name);
                let shown = |reference: &ProviderRef| match &reference.alias {
                    Some(alias) => format!("{}.{alias}", reference.name),
                    None => reference.name.to_string(),
                };
                let summary = format!("Missing provider definition for {}", shown(&outer));
                found.push(Diagnostic::error(summary, detail).at(place));
            }
        }
        mocks
    }
}

/// The names of the variables that a run and the variables of its file refer to.
fn needed(state: &FileRun<'_>, run: &TestRun) -> BTreeSet<Arc<str>> {
    let conditions = run.asserts.iter().flat_map(|assert| [&assert.condition, &assert.error_message]);
    let overrides = state.file.overrides.iter().chain(&run.overrides).filter_map(|item| item.values.as_ref());
    let mocks = state.file.mocks.iter().flat_map(|mock| &mock.defaults).filter_map(|defaults| defaults.values.as_ref());
    let values = run.variables.iter().chain(&state.file.variables).map(|given| &given.expr);
    let direct = conditions.chain(overrides).chain(mocks).chain(values).flat_map(references);
    let providers = state.file.providers.values().flat_map(|block| references_in_body(&block.body, None));
    let variables = direct.chain(providers).filter_map(|reference| match reference.subject {
        Subject::Variable(name) => Some(name),
        _ => None,
    });
    variables.collect()
}

/// A provider without a service.
fn mocked(
    mock: &Mock,
    real: &Arc<dyn Provider>,
    values: &dyn Fn(&Expr) -> Result<Value, Diagnostics>,
    found: &mut Diagnostics,
) -> Arc<dyn Provider> {
    let mut types = BTreeMap::new();
    for defaults in &mock.defaults {
        let given = defaults.values.as_ref().and_then(|expr| found.take(values(expr)));
        let during_plan = defaults.during_plan.unwrap_or(mock.during_plan);
        types.insert((defaults.mode, defaults.type_name.clone()), Given { values: given, during_plan });
    }
    let otherwise = Given { values: None, during_plan: mock.during_plan };
    Arc::new(MockProvider { real: Arc::clone(real), types, otherwise })
}

/// A body with values in place of expressions, which only mean something in the test file.
fn known(body: &Body, values: &dyn Fn(&Expr) -> Result<Value, Diagnostics>, found: &mut Diagnostics) -> Body {
    let mut body = body.clone();
    for attribute in &mut body.attributes {
        if let Some(value) = found.take(values(&attribute.expr)) {
            attribute.expr = Expr { kind: ExprKind::Literal(value), span: attribute.expr.span };
        }
    }
    for block in &mut body.blocks {
        block.body = known(&block.body, values, found);
    }
    body
}
