//! What is known before anything is evaluated: variables with `const = true`, and locals that are made of nothing else.
//! Sources of modules may use them (Terraform 1.15).

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use smform_types::{Diagnostic, Diagnostics, SourceMap, Value};

use super::values::{Origin, VariableInput, VariableValue, finish, variable_values};
use super::{Module, ModuleCall};
use crate::eval::{Evaluator, Scope, Subject, Templates, references, static_string};
use crate::functions::{FunctionContext, Phase};
use crate::source::{Host, MemoryHost};
use crate::syntax::Expr;

/// The summary of messages about what is no constant.
const NOT_ALLOWED: &str = "Variables not allowed";

/// Values for the variables of the root module, as far as the sources of modules may need them.
#[derive(Clone, Copy)]
pub enum Given<'a> {
    /// As the caller was given them.
    Inputs(&'a [VariableInput]),
    /// As a saved plan holds them.
    Values(&'a BTreeMap<Arc<str>, VariableValue>),
}

/// The constants of one module instance.
pub(super) struct Constants {
    values: BTreeMap<Arc<str>, Value>,
}

impl Constants {
    /// Those of the root module. Values that do not suit are told where every variable is looked at.
    pub fn of_root(
        host: &dyn Host,
        directory: &Path,
        module: &Module,
        given: Given<'_>,
        sources: &mut SourceMap,
    ) -> Constants {
        let read;
        let given = match given {
            _ if !module.variables.values().any(|variable| variable.constant) => &BTreeMap::new(),
            Given::Values(values) => values,
            Given::Inputs(inputs) => {
                (read, _) = variable_values(host, directory, module, inputs, sources);
                &read
            }
        };
        Constants::of(module, |name| given.get(name).cloned())
    }

    /// Those of a module that is called: their arguments must be constants of the caller, or messages say so.
    pub fn of_call(&self, caller: &Module, call: &ModuleCall, callee: &Module, found: &mut Diagnostics) -> Constants {
        Constants::of(callee, |name| {
            let argument = call.body.attribute(name)?;
            match self.value(caller, &argument.expr) {
                Ok(value) => Some(VariableValue { value, span: Some(argument.expr.span), origin: Origin::Argument }),
                Err(errors) => {
                    found.extend(errors);
                    None
                }
            }
        })
    }

    fn of(module: &Module, mut given: impl FnMut(&str) -> Option<VariableValue>) -> Constants {
        let constants = module.variables.values().filter(|variable| variable.constant);
        let value = |variable: &super::Variable| {
            let value = finish(variable, given(&variable.name.text).as_ref()).ok()?;
            Some((variable.name.text.clone(), value))
        };
        Constants { values: constants.filter_map(value).collect() }
    }

    /// A text that is made of constants of the module.
    ///
    /// # Errors
    /// When it uses anything else, is no text, or cannot be evaluated.
    pub fn text(&self, module: &Module, expr: &Expr) -> Result<String, Diagnostics> {
        // Without any constant variable, Terraform 1.11 and later ones say the same: that references are refused.
        if references(expr).is_empty() || !module.variables.values().any(|variable| variable.constant) {
            return static_string(expr);
        }
        let value = self.value(module, expr).map_err(|errors| as_refused(expr, errors))?;
        value.as_str().map(str::to_owned).ok_or_else(|| {
            Diagnostic::error("Unsuitable value type", "Unsuitable value: a string is required.")
                .at(expr.start())
                .into()
        })
    }

    fn value(&self, module: &Module, expr: &Expr) -> Result<Value, Diagnostics> {
        let host = MemoryHost::new::<PathBuf, Vec<u8>>([]);
        let cx = FunctionContext { host: &host, phase: Phase::Console, plan_timestamp: None, templates: &Templates };
        let known = Known { module, constants: self, open: RefCell::new(Vec::new()), functions: &cx };
        Evaluator::new(&known, &cx).expr(expr)
    }
}

/// What Terraform says of an expression that may hold no references, with our reasons.
fn as_refused(expr: &Expr, errors: Diagnostics) -> Diagnostics {
    let Some(reason) = errors.iter().find(|error| error.summary == NOT_ALLOWED).cloned() else { return errors };
    let refused = static_string(expr).err().unwrap_or_default();
    refused.map(|error| match error.summary == NOT_ALLOWED {
        true => Diagnostic { detail: reason.detail.clone(), ..error },
        false => error,
    })
}

/// Answers references with constants.
struct Known<'a> {
    module: &'a Module,
    constants: &'a Constants,
    /// The locals that are being evaluated, each for the one before it.
    open: RefCell<Vec<Arc<str>>>,
    functions: &'a FunctionContext<'a>,
}

impl Scope for Known<'_> {
    fn resolve(&self, subject: &Subject) -> Result<Value, Diagnostic> {
        let refused = |detail: String| Err(Diagnostic::error(NOT_ALLOWED, detail));
        match subject {
            Subject::Variable(name) => match (self.constants.values.get(name), self.module.variables.get(name)) {
                (Some(value), _) => Ok(value.clone()),
                (None, Some(variable)) if variable.constant => {
                    let detail = format!("var.{name} is needed to find the modules, and has no usable value.");
                    Err(Diagnostic::error("No value for required variable", detail))
                }
                (None, Some(_)) => refused(format!(
                    "var.{name} is not known before a plan. Declare it with const = true to use it where modules are found."
                )),
                (None, None) => refused(format!("There is no variable \"{name}\".")),
            },
            Subject::Local(name) => {
                let Some(local) = self.module.locals.get(name) else {
                    return refused(format!("There is no local value \"{name}\"."));
                };
                if self.open.borrow().contains(name) {
                    return refused(format!("local.{name} refers to itself."));
                }
                self.open.borrow_mut().push(name.clone());
                let value = Evaluator::new(self, self.functions).expr(&local.expr);
                self.open.borrow_mut().pop();
                value.map_err(|errors| {
                    let first = errors.into_iter().next();
                    first.unwrap_or_else(|| Diagnostic::error(NOT_ALLOWED, "It cannot be evaluated."))
                })
            }
            _ => refused("Modules are found before a plan, by constants only: variables with const = true, and locals made of them.".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use smform_types::SourceMap;

    use super::*;
    use crate::config::{LocalModules, load_with};

    fn loaded(root: &str, inputs: &[VariableInput]) -> (Vec<String>, Vec<String>) {
        let files = [
            ("main.tf", root),
            (
                "a/main.tf",
                "variable \"inner\" {\n  const = true\n}\nmodule \"m\" {\n  source = \"../${var.inner}\"\n}\n",
            ),
            ("b/main.tf", "output \"o\" {\n  value = 1\n}\n"),
        ];
        let host = MemoryHost::new(files);
        let given = Given::Inputs(inputs);
        let (config, found) = load_with(&host, Path::new("."), &LocalModules, SourceMap::default(), given);
        let modules =
            config.modules.iter().map(|(address, module)| format!("{address}={}", module.directory.display()));
        (modules.collect(), found.iter().map(|error| format!("{}: {}", error.summary, error.detail)).collect())
    }

    #[test]
    fn sources_are_made_of_constants_through_modules() {
        let root = "variable \"which\" {\n  const   = true\n  default = \"none\"\n}\nvariable \"deep\" {\n  const = true\n}\n\
                    locals {\n  folder = \"./${var.which}\"\n}\n\
                    module \"x\" {\n  source = local.folder\n  inner  = var.deep\n}\n";
        let inputs = ["which=a", "deep=b"].map(|text| VariableInput::Argument(text.to_owned()));
        let (modules, found) = loaded(root, &inputs);
        assert_eq!(found, Vec::<String>::new());
        assert_eq!(modules, ["=.", "module.x=a", "module.x.module.m=b"]);
    }

    #[test]
    fn what_is_no_constant_is_refused() {
        for (rest, expected) in [
            ("variable \"v\" {}\nmodule \"x\" {\n  source = var.v\n}\n", "written out"),
            (
                "variable \"c\" {\n  const   = true\n  default = 1\n}\nvariable \"v\" {}\nmodule \"x\" {\n  source = var.v\n}\n",
                "const = true",
            ),
            ("variable \"c\" {\n  const = true\n}\nmodule \"x\" {\n  source = var.v\n}\n", "no variable \"v\""),
            (
                "variable \"c\" {\n  const = true\n}\nlocals {\n  a = local.b\n  b = local.a\n}\nmodule \"x\" {\n  source = local.a\n}\n",
                "itself",
            ),
            ("variable \"v\" {\n  const = true\n}\nmodule \"x\" {\n  source = var.v\n}\n", "no usable value"),
            (
                "variable \"c\" {\n  const = true\n}\nresource \"t\" \"a\" {}\nmodule \"x\" {\n  source = t.a.id\n}\n",
                "constants only",
            ),
            ("variable \"v\" {\n  const = true\n  sensitive = true\n}\n", "sensitive"),
        ] {
            let (_, found) = loaded(rest, &[]);
            assert!(found.iter().any(|message| message.contains(expected)), "{rest}: {found:?}");
        }
    }
}
