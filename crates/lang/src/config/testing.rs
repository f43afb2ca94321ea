//! Test files: `*.tftest.hcl` and `*.tftest.json`, in the directory of the module and in its folder of tests.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use smform_types::suggest::did_you_mean;
use smform_types::{Diagnostic, Diagnostics, ResourceMode, SourceMap, Span};

use super::call::providers;
use super::condition::condition;
use super::content::{Content, Shape, check_name, elements, unsupported_block};
use super::mocks::{Mock, Override, add_override, mock, mock_files};
use super::refactor::address;
use super::settings::provider;
use super::{Condition, PassedProvider, ProviderBlock, ProviderRef, normal};
use crate::eval::{Subject, bare_keyword, parse_reference, unquoted, warn_of_quotes};
use crate::source::{Host, is_json, read_text};
use crate::syntax::{Attribute, Block, Body, Ident, parse_json, parse_native};

/// One test file.
#[derive(Clone, Debug, Default)]
pub struct TestFile {
    /// Its path as shown to people, relative to the module.
    pub name: String,
    /// Values of variables for all runs.
    pub variables: Vec<Attribute>,
    /// `provider` blocks, which take the place of those of the module.
    pub providers: BTreeMap<ProviderRef, ProviderBlock>,
    /// `mock_provider` blocks.
    pub mocks: Vec<Mock>,
    /// `override_resource`, `override_data` and `override_module` blocks for all runs.
    pub overrides: Vec<Override>,
    /// `run` blocks, in order.
    pub runs: Vec<TestRun>,
}

impl TestFile {
    /// Its name without what every test file's name ends with.
    #[must_use]
    pub fn stem(&self) -> &str {
        self.name.trim_end_matches(".json").trim_end_matches(".hcl").trim_end_matches(".tftest")
    }
}

/// A `run` block.
#[derive(Clone, Debug)]
pub struct TestRun {
    /// Its name.
    pub name: Ident,
    /// How far it goes.
    pub command: TestCommand,
    /// Values of variables.
    pub variables: Vec<Attribute>,
    /// The module that is run in place of the one under test, with the place of `source`.
    pub module: Option<(String, Span)>,
    /// The provider configurations that the module gets; all of the file under their own names when empty.
    pub providers: Vec<PassedProvider>,
    /// `assert` blocks.
    pub asserts: Vec<Condition>,
    /// Objects whose conditions are expected to fail.
    pub expect_failures: Vec<(Expected, Span)>,
    /// `plan_options`.
    pub plan: PlanOptions,
    /// Which of the states of the file it works on; that of its module when absent.
    pub state_key: Option<String>,
    /// Overrides for this run only.
    pub overrides: Vec<Override>,
    /// The header of the block.
    pub span: Span,
}

/// How far a run goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TestCommand {
    /// It plans, and applies the plan.
    #[default]
    Apply,
    /// It plans.
    Plan,
}

/// Something whose conditions are expected to fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// What it is: a variable, an output, a resource or data block; a check counts as a resource of type `check`.
    pub subject: Subject,
    /// The instance, when one is named.
    pub key: Option<smform_types::InstanceKey>,
}

/// `plan_options`.
#[derive(Clone, Debug, Default)]
pub struct PlanOptions {
    /// Whether nothing but reading is planned.
    pub refresh_only: bool,
    /// Whether objects are not read first.
    pub without_refresh: bool,
    /// Addresses that the plan is limited to.
    pub targets: Vec<(String, Span)>,
    /// Addresses of objects to replace.
    pub replace: Vec<(String, Span)>,
}

/// The folder of tests when no other is named.
pub const TEST_DIRECTORY: &str = "tests";

const TOP: Shape = Shape {
    arguments: &[],
    blocks: &[
        ("run", 1),
        ("variables", 0),
        ("provider", 1),
        ("mock_provider", 1),
        ("override_resource", 0),
        ("override_data", 0),
        ("override_module", 0),
    ],
};

const RUN: Shape = Shape {
    arguments: &["command", "providers", "expect_failures", "state_key"],
    blocks: &[
        ("plan_options", 0),
        ("variables", 0),
        ("module", 0),
        ("assert", 0),
        ("override_resource", 0),
        ("override_data", 0),
        ("override_module", 0),
    ],
};

const PLAN: Shape = Shape { arguments: &["mode", "refresh", "replace", "target"], blocks: &[] };

const MODULE: Shape = Shape { arguments: &["source", "version"], blocks: &[] };

/// The paths of the test files of a module, relative to its directory: those beside its configuration and those in
/// the folder of tests, in lexical order.
#[must_use]
pub fn test_files(host: &dyn Host, directory: &Path, folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for place in [Path::new(""), folder] {
        let names = host.list(&directory.join(place)).unwrap_or_default();
        let is_test = |name: &&String| {
            !name.starts_with('.') && (name.ends_with(".tftest.hcl") || name.ends_with(".tftest.json"))
        };
        found.extend(names.iter().filter(is_test).map(|name| place.join(name)));
    }
    found.sort_by_cached_key(|path| path.to_string_lossy().into_owned());
    found
}

/// Reads a test file; `path` is relative to the directory of the module. Its text is added to `sources`. What could be
/// read is returned even when there are errors.
pub fn test_file(host: &dyn Host, directory: &Path, path: &Path, sources: &mut SourceMap) -> (TestFile, Diagnostics) {
    let name = path.to_string_lossy().replace('\\', "/");
    let mut found = Diagnostics::new();
    let mut file = TestFile { name: name.clone(), ..TestFile::default() };
    let Some((source, text)) = found.take(read_text(host, &directory.join(path), &name, sources)) else {
        return (file, found);
    };
    let (body, errors) = if is_json(&name) { parse_json(&text, source) } else { parse_native(&text, source) };
    found.extend(errors);
    let (body, errors) = body.expanded(TOP.blocks);
    found.extend(errors);
    let body: Body = body.into_owned();
    for attribute in &body.attributes {
        let hint = did_you_mean(&attribute.name.text, TOP.blocks.iter().map(|(kind, _)| *kind));
        let detail = format!("An argument named \"{}\" is not expected here.{hint}", attribute.name.text);
        found.push(Diagnostic::error("Unsupported argument", detail).at(attribute.name.span));
    }
    for block in &body.blocks {
        let mut own = Diagnostics::new();
        declare(&mut file, block, host, directory, sources, &mut own);
        let context = super::decode::context(block);
        found.extend(own.map(|error| error.within(&context)));
    }
    (file, found)
}

fn declare(
    file: &mut TestFile,
    block: &Block,
    host: &dyn Host,
    directory: &Path,
    sources: &mut SourceMap,
    found: &mut Diagnostics,
) {
    let kind = &*block.kind.text;
    let Some((_, labels)) = TOP.blocks.iter().find(|(known, _)| *known == kind) else {
        return found.push(unsupported_block(block, &TOP));
    };
    if block.labels.len() != *labels {
        let needed = if *labels == 0 { "no labels" } else { "one label, its name" };
        let detail = format!("A {kind} block has {needed}.");
        let error = match block.labels.get(*labels) {
            Some(extra) => Diagnostic::error(format!("Extraneous label for {kind}"), detail).at(extra.span),
            None => Diagnostic::error(format!("Missing name for {kind}"), detail).at(block.body.brace()),
        };
        return found.push(error);
    }
    match (kind, block.labels.first()) {
        ("variables", _) if file.variables.is_empty() => file.variables = values(&block.body, found),
        ("variables", _) => {
            let detail = "A test file has one variables block. Merge them.";
            found.push(Diagnostic::error("Multiple \"variables\" blocks", detail).at(block.header));
        }
        ("provider", Some(name)) => {
            let provider = provider(block, name, found);
            refuse_second_provider(file, &provider.reference, block, found);
            file.providers.insert(provider.reference.clone(), provider);
        }
        ("mock_provider", Some(name)) => {
            if let Some(mut mock) = mock(block, name, found) {
                refuse_second_provider(file, &mock.reference, block, found);
                mock_files(&mut mock, host, directory, sources, found);
                file.mocks.push(mock);
            }
        }
        ("run", Some(name)) => {
            if let Some(first) = file.runs.iter().find(|known| known.name.text == name.text) {
                let at = sources.get(first.span.source).map_or_else(String::new, |source| {
                    format!(" on line {}", source.position(first.span.start as usize).line)
                });
                let detail = format!("This test file has a run named {} already{at}.", name.text);
                return found.push(Diagnostic::error("Duplicate \"run\" block names", detail).at(block.header));
            }
            let run = run(block, name, found);
            if let Some((source, span)) = run.as_ref().and_then(|run| run.module.as_ref())
                && source.starts_with('.')
                && host.list(&normal(&directory.join(source))).is_err()
            {
                let detail = format!("The directory {source} could not be read.");
                found.push(Diagnostic::error("Unreadable module directory", detail).at(*span));
            }
            file.runs.extend(run);
        }
        (kind, _) => add_override(&mut file.overrides, kind, block, found),
    }
}

/// In a test file, one block says what a provider configuration is.
fn refuse_second_provider(file: &TestFile, reference: &ProviderRef, block: &Block, found: &mut Diagnostics) {
    let mocked = file.mocks.iter().any(|mock| mock.reference == *reference);
    if mocked || file.providers.contains_key(reference) {
        let detail = "There is a provider or mock_provider block of this name and alias in the file already.";
        found.push(Diagnostic::error("Duplicate provider block", detail).at(block.header));
    }
}

/// The arguments of a `variables` block.
fn values(body: &Body, found: &mut Diagnostics) -> Vec<Attribute> {
    for block in &body.blocks {
        let detail = format!("Values are arguments. To give an object, write {} = {{ ... }}.", block.kind.text);
        found.push(Diagnostic::error("Unexpected block in variables", detail).at(block.header));
    }
    body.attributes.clone()
}

fn run(block: &Block, name: &Ident, found: &mut Diagnostics) -> Option<TestRun> {
    check_name(name, "run block", found);
    let content = Content::exact(block, &RUN, found);
    let command = match content.get("command").map(|expr| (bare_keyword(expr, block.body.json), expr.span)) {
        None => TestCommand::default(),
        Some((Some(word), _)) if &*word == "apply" => TestCommand::Apply,
        Some((Some(word), _)) if &*word == "plan" => TestCommand::Plan,
        Some((_, span)) => {
            let detail = "The \"command\" argument is one of the words apply and plan.";
            found.push(Diagnostic::error("Invalid \"command\" keyword", detail).at(span));
            TestCommand::default()
        }
    };
    let plan = content.single("plan_options", found).map(|block| plan_options(block, found)).unwrap_or_default();
    let variables = content.single("variables", found).map(|block| values(&block.body, found)).unwrap_or_default();
    let module = match content.single("module", found) {
        Some(block) => module(block, found),
        None => None,
    };
    let expected = content.get("expect_failures").map(|expr| elements(expr, found).to_vec()).unwrap_or_default();
    let expected = expected.iter().filter_map(|expr| {
        warn_of_quotes(expr, block.body.json, "reference", found);
        found.take(expected_failure(expr))
    });
    let expected = expected.collect();
    let kinds = ["override_resource", "override_data", "override_module"];
    let overrides = kinds.iter().flat_map(|kind| content.blocks_of(kind).map(move |block| (*kind, block)));
    let mut overridden = Vec::new();
    overrides.for_each(|(kind, block)| add_override(&mut overridden, kind, block, found));
    Some(TestRun {
        name: name.clone(),
        command,
        variables,
        module,
        providers: content.get("providers").map_or_else(Vec::new, |expr| providers(expr, block.body.json, found)),
        asserts: content.blocks_of("assert").filter_map(|block| condition(block, found)).collect(),
        expect_failures: expected,
        plan,
        state_key: content.string("state_key", found),
        overrides: overridden,
        span: block.header,
    })
}

/// The module that a run takes, with the place of `source`.
fn module(block: &Block, found: &mut Diagnostics) -> Option<(String, Span)> {
    let content = Content::exact(block, &MODULE, found);
    let span = content.required("source", found)?.span;
    let source = content.string("source", found)?;
    if content.get("version").is_some() && source.starts_with('.') {
        let detail = "Only modules of a registry have versions. Remove \"version\".";
        found.push(Diagnostic::error("Invalid registry module source address", detail).at(span));
    }
    Some((source, span))
}

fn plan_options(block: &Block, found: &mut Diagnostics) -> PlanOptions {
    let content = Content::exact(block, &PLAN, found);
    let refresh_only = match content.get("mode").map(|expr| (bare_keyword(expr, block.body.json), expr.span)) {
        None => false,
        Some((Some(word), _)) if &*word == "normal" => false,
        Some((Some(word), _)) if &*word == "refresh-only" => true,
        Some((_, span)) => {
            let detail = "The \"mode\" argument is one of the words normal and refresh-only.";
            found.push(Diagnostic::error("Invalid \"mode\" keyword", detail).at(span));
            false
        }
    };
    let refresh = content.bool("refresh", found);
    let mut addresses = |name: &str| -> Vec<(String, Span)> {
        let listed = content.get(name).map(|expr| elements(expr, found).to_vec()).unwrap_or_default();
        listed.iter().filter_map(|expr| found.take(address(expr))).collect()
    };
    let (targets, replace) = (addresses("target"), addresses("replace"));
    if refresh_only {
        let clash = |name: &str, detail: &str| {
            let span = content.get(name).map(|expr| expr.span);
            Diagnostic::error("Incompatible plan options", detail.to_owned()).at(span)
        };
        if refresh == Some(false) {
            found.push(clash(
                "refresh",
                "A run in refresh-only mode reads the live objects, and refresh = false forbids that.",
            ));
        }
        if !replace.is_empty() {
            found.push(clash("replace", "A run in refresh-only mode replaces nothing."));
        }
    }
    PlanOptions { refresh_only, without_refresh: refresh == Some(false), targets, replace }
}

fn expected_failure(expr: &crate::syntax::Expr) -> Result<(Expected, Span), Diagnostics> {
    let reference = parse_reference(&unquoted(expr)?)?;
    let wrong = |what: &str| {
        let detail = format!(
            "{what} cannot be expected to fail. Name something of the root module that has conditions: an input variable, \
             an output, a check, a resource or a data source."
        );
        Diagnostics::from(Diagnostic::error("Invalid `expect_failures` reference", detail).at(expr.span))
    };
    match &reference.subject {
        _ if !reference.rest.0.is_empty() => Err(wrong("A part of an object")),
        Subject::Variable(_) | Subject::Output(_) | Subject::Resource(_) => {
            let Subject::Resource(address) = &reference.subject else {
                return Ok((Expected { subject: reference.subject, key: reference.key }, expr.span));
            };
            let is_run = address.mode == ResourceMode::Managed && &*address.type_name == "run";
            if is_run {
                return Err(wrong("A run"));
            }
            Ok((Expected { subject: reference.subject.clone(), key: reference.key }, expr.span))
        }
        _ => Err(wrong("This")),
    }
}

/// The name of a `run` or a `check`, which references write like a resource of that type.
#[must_use]
pub fn named<'s>(subject: &'s Subject, kind: &str) -> Option<&'s Arc<str>> {
    match subject {
        Subject::Resource(address) if address.mode == ResourceMode::Managed && &*address.type_name == kind => {
            Some(&address.name)
        }
        _ => None,
    }
}
