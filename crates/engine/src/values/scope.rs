//! What references stand for inside one instance of a module.

use std::path::Path;
use std::sync::Arc;

use smform_lang::config::{Config, Module};
use smform_lang::eval::{Scope, Subject};
use smform_lang::functions::Phase;
use smform_types::{Diagnostic, Marks, ModuleInstance, Type, Value};

use super::{Instances, Repetition, Values};

/// Facts that `path` and `terraform` references stand for.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// The working directory, absolute.
    pub working_directory: Arc<str>,
    /// The root module's directory.
    pub root: Arc<str>,
    /// The selected workspace.
    pub workspace: Arc<str>,
}

/// The scope of one module instance, and of one block instance within it.
pub struct ModuleScope<'a> {
    /// The whole configuration.
    pub config: &'a Config,
    /// The module.
    pub module: &'a Module,
    /// The instance of it.
    pub instance: &'a ModuleInstance,
    /// What is known.
    pub values: &'a Values,
    /// What `each` and `count` stand for.
    pub repetition: Repetition,
    /// What `self` stands for.
    pub own: Option<Value>,
    /// Facts about the run.
    pub surroundings: &'a Surroundings,
    /// What the evaluation is for.
    pub phase: Phase,
}

impl Scope for ModuleScope<'_> {
    fn resolve(&self, subject: &Subject) -> Result<Value, Diagnostic> {
        let at = self.instance;
        let found = match subject {
            Subject::Variable(name) => self.values.variable(at, name).cloned(),
            Subject::Local(name) => self.values.local(at, name).cloned(),
            Subject::Output(name) => self.values.output(at, name).cloned(),
            Subject::Resource(resource) => self.values.resource(at, resource),
            Subject::Module(name) => self.module_value(name),
            Subject::EachKey => self.repetition.each.as_ref().map(|(key, _)| key.clone()),
            Subject::EachValue => self.repetition.each.as_ref().map(|(_, value)| value.clone()),
            Subject::CountIndex => self.repetition.count.clone(),
            Subject::SelfObject => self.own.clone(),
            // Its block is refused, as no provider has such types.
            Subject::Ephemeral(..) => Some(Value::unknown(Type::Dynamic).with_marks(Marks::EPHEMERAL)),
            Subject::Path(name) => return self.path(name),
            Subject::Terraform(name) => return self.terraform(name),
        };
        found.ok_or_else(|| self.missing(subject))
    }

    fn is_builtin(&self, local: &str) -> bool {
        let required = self.module.required_providers.get(local);
        required.is_some_and(|required| required.source == "terraform.io/builtin/terraform")
    }
}

const NO_EACH_VALUE: &str = "each.value cannot be used in this context";

const NO_EACH: &str = "Reference to \"each\" in context without for_each";

const NO_COUNT: &str = "Reference to \"count\" in non-counted context";

/// Whether a message says that "each" or "count" stands for nothing, as a block is not repeated.
#[must_use]
pub fn is_unrepeated(message: &Diagnostic) -> bool {
    [NO_EACH_VALUE, NO_EACH, NO_COUNT].contains(&&*message.summary)
}

/// The summary where "self" stands for nothing.
pub const NO_SELF: &str = "Invalid \"self\" reference";

impl ModuleScope<'_> {
    fn module_value(&self, name: &Arc<str>) -> Option<Value> {
        let instances = self.values.module(self.instance, name)?;
        let child = self.config.modules.get(&self.instance.config().child(name))?;
        if let Instances::Any(repetition) = instances {
            // Nobody knows how many there are, but what each of them has.
            let outputs = child.outputs.keys().map(|output| (output.clone(), Type::Dynamic));
            let object = Type::object(outputs);
            let all = if repetition.count.is_some() { Type::list(object) } else { Type::map(object) };
            return Some(Value::unknown(all));
        }
        Some(instances.compose(&|key| {
            let instance = self.instance.child(name, key);
            Value::object(child.outputs.keys().map(|output| {
                let value = self.values.output(&instance, output).cloned();
                (output.clone(), value.unwrap_or_else(|| Value::unknown(Type::Dynamic)))
            }))
        }))
    }

    fn path(&self, name: &str) -> Result<Value, Diagnostic> {
        match name {
            "module" => Ok(Value::string(slashes(&self.module.directory))),
            "root" => Ok(Value::string(&*self.surroundings.root)),
            "cwd" => Ok(Value::string(&*self.surroundings.working_directory)),
            other => Err(Diagnostic::error(
                "Invalid \"path\" attribute",
                format!("The \"path\" object has no attribute \"{other}\"; it has \"module\", \"root\" and \"cwd\"."),
            )),
        }
    }

    fn terraform(&self, name: &str) -> Result<Value, Diagnostic> {
        match name {
            "workspace" => Ok(Value::string(&*self.surroundings.workspace)),
            // It differs between a plan and its apply, so it may go only where nothing is stored.
            "applying" => {
                let applying = match self.phase {
                    Phase::Plan | Phase::Console => Value::bool(false),
                    Phase::Apply => Value::bool(true),
                };
                Ok(applying.with_marks(Marks::EPHEMERAL))
            }
            other => Err(Diagnostic::error(
                "Invalid \"terraform\" attribute",
                format!("The \"terraform\" object has no attribute \"{other}\"; it has \"workspace\"."),
            )),
        }
    }

    /// The message for a reference that has no value here.
    fn missing(&self, subject: &Subject) -> Diagnostic {
        match subject {
            Subject::EachValue => Diagnostic::error(
                NO_EACH_VALUE,
                "There is no \"each.value\" here: it can be used only in blocks where the \"for_each\" argument is set.",
            ),
            Subject::EachKey => Diagnostic::error(
                NO_EACH,
                "The \"each\" object can be used only in blocks where the \"for_each\" argument is set.",
            ),
            Subject::CountIndex => Diagnostic::error(
                NO_COUNT,
                "The \"count\" object can be used only in blocks where the \"count\" argument is set.",
            ),
            Subject::SelfObject => {
                Diagnostic::error(NO_SELF, "The \"self\" object can be used only in postconditions and provisioners.")
            }
            other => Diagnostic::error(
                "Value not available",
                format!("{} has no value here, because an earlier step that produces it failed.", describe(other)),
            ),
        }
    }
}

fn describe(subject: &Subject) -> String {
    match subject {
        Subject::Variable(name) => format!("var.{name}"),
        Subject::Local(name) => format!("local.{name}"),
        Subject::Output(name) => format!("output.{name}"),
        Subject::Resource(resource) => resource.to_string(),
        Subject::Module(name) => format!("module.{name}"),
        _ => "The reference".to_owned(),
    }
}

/// A path with forward slashes, as the language shows it on every system; `.` for an empty one.
#[must_use]
pub fn slashes(path: &Path) -> String {
    let text = path.to_string_lossy().replace('\\', "/");
    if text.is_empty() { ".".to_owned() } else { text }
}
