//! Values for the variables of the root module: from the environment, from files, and from the command line.

mod finish;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use smform_types::suggest::did_you_mean;
use smform_types::{Diagnostic, Diagnostics, SourceMap, Span, Type, Value};

use super::{Module, Variable};
use crate::eval::static_value;
use crate::source::{Host, is_json, read_text};
use crate::syntax::{Expr, parse_expression, parse_json_values, parse_native};

pub use finish::{NO_VALUE, finish};

/// One way in which the caller was given values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VariableInput {
    /// `TF_VAR_name=text` of the environment. Every other input wins over it, whatever the order.
    Environment {
        /// The name without `TF_VAR_`.
        name: String,
        /// The text.
        text: String,
    },
    /// `-var 'name=text'`, not taken apart.
    Argument(String),
    /// `-var-file=path`.
    File(PathBuf),
}

/// Where a value is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The environment.
    Environment,
    /// `terraform.tfvars` or `*.auto.tfvars`, or their JSON forms.
    AutoFile,
    /// `-var`.
    Argument,
    /// `-var-file`.
    NamedFile,
    /// An answer to a prompt.
    Prompt,
}

/// A value given to a variable of the root module, not converted to its type yet (see [`finish`]).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VariableValue {
    /// The value.
    pub value: Value,
    /// Its place.
    pub span: Option<Span>,
    /// Where it is from.
    pub origin: Origin,
}

/// Names in files that no variable has, beyond which only their number is told.
const TOLD_ONE_BY_ONE: usize = 2;

/// The values given to the variables of a root module, the last and strongest of each: environment, then
/// `terraform.tfvars`, `terraform.tfvars.json`, `*.auto.tfvars` and `*.auto.tfvars.json` in lexical order, then
/// arguments and named files in the order given.
pub fn variable_values(
    host: &dyn Host,
    directory: &Path,
    module: &Module,
    inputs: &[VariableInput],
    sources: &mut SourceMap,
) -> (BTreeMap<Arc<str>, VariableValue>, Diagnostics) {
    read_values(host, directory, module, inputs, sources).unwrap_or_else(|errors| (BTreeMap::new(), errors))
}

/// The same.
///
/// # Errors
/// When a file or an option cannot be read, so that nothing is known of what is given.
pub fn read_values(
    host: &dyn Host,
    directory: &Path,
    module: &Module,
    inputs: &[VariableInput],
    sources: &mut SourceMap,
) -> Result<(BTreeMap<Arc<str>, VariableValue>, Diagnostics), Diagnostics> {
    let mut reader = Reader {
        host,
        module,
        sources,
        given: BTreeMap::new(),
        diagnostics: Diagnostics::new(),
        unreadable: Diagnostics::new(),
        undeclared: Vec::new(),
    };
    for input in inputs {
        if let VariableInput::Environment { name, text } = input
            && let Some(variable) = module.variables.get(name.as_str())
        {
            reader.text(variable, text, Origin::Environment);
        }
    }
    for name in automatic(host, directory) {
        reader.file(&directory.join(name), Origin::AutoFile);
    }
    for input in inputs {
        match input {
            VariableInput::Environment { .. } => {}
            VariableInput::Argument(text) => reader.argument(text),
            VariableInput::File(path) => reader.file(path, Origin::NamedFile),
        }
    }
    if reader.unreadable.has_errors() {
        return Err(reader.unreadable);
    }
    let values = reader.evaluate();
    reader.report_undeclared();
    Ok((values, reader.diagnostics))
}

/// The variables that must be set and are not, in lexical order.
#[must_use]
pub fn missing<'m>(module: &'m Module, values: &BTreeMap<Arc<str>, VariableValue>) -> Vec<&'m Variable> {
    let unset = |variable: &&Variable| variable.default.is_none() && !values.contains_key(&variable.name.text);
    module.variables.values().filter(unset).collect()
}

/// The value of a variable from the text of a flag, the environment or a prompt: the text itself for a variable of a
/// simple type or none, an expression otherwise. `name` is what messages call the text.
///
/// # Errors
/// When the type asks for an expression and the text is none that stands alone.
pub fn from_text(
    variable: &Variable,
    text: &str,
    name: &str,
    origin: Origin,
    sources: &mut SourceMap,
) -> Result<VariableValue, Diagnostics> {
    if variable.ty.is_primitive() || !variable.typed {
        return Ok(VariableValue { value: Value::string(text), span: None, origin });
    }
    let source = sources.add(&format!("<value for {name}>"), text);
    let expr = parse_expression(text, source)?;
    // What does not suit the variable is told at its block, as there is no file to point into.
    Ok(VariableValue { value: static_value(&expr)?, span: None, origin })
}

/// The values files that are read by themselves.
fn automatic(host: &dyn Host, directory: &Path) -> Vec<String> {
    let names = host.list(directory).unwrap_or_default();
    let fixed = ["terraform.tfvars", "terraform.tfvars.json"];
    let fixed = fixed.into_iter().filter(|name| names.iter().any(|found| found == name)).map(str::to_owned);
    let is_auto = |name: &&String| {
        !name.starts_with('.') && (name.ends_with(".auto.tfvars") || name.ends_with(".auto.tfvars.json"))
    };
    fixed.chain(names.iter().filter(is_auto).cloned()).collect()
}

/// What a variable is given, as it stands there.
enum Written {
    Text(String),
    Expression(Expr),
}

struct Reader<'a> {
    host: &'a dyn Host,
    module: &'a Module,
    sources: &'a mut SourceMap,
    /// What each variable is given last. What something stronger replaces may be written wrongly.
    given: BTreeMap<Arc<str>, (Written, Origin)>,
    diagnostics: Diagnostics,
    /// What is wrong with files and options as such.
    unreadable: Diagnostics,
    /// Names in files that no variable has.
    undeclared: Vec<(Arc<str>, Span)>,
}

impl Reader<'_> {
    fn text(&mut self, variable: &Variable, text: &str, origin: Origin) {
        self.given.insert(Arc::clone(&variable.name.text), (Written::Text(text.to_owned()), origin));
    }

    /// The values of what is given; none where that cannot be read.
    fn evaluate(&mut self) -> BTreeMap<Arc<str>, VariableValue> {
        let mut values = BTreeMap::new();
        for (name, (written, origin)) in std::mem::take(&mut self.given) {
            let Some(variable) = self.module.variables.get(&name) else { continue };
            let value = match written {
                Written::Text(text) => from_text(variable, &text, &format!("var.{name}"), origin, self.sources),
                Written::Expression(expr) => {
                    static_value(&expr).map(|value| VariableValue { value, span: Some(expr.span), origin })
                }
            };
            if let Some(value) = self.diagnostics.take(value) {
                values.insert(name, value);
            }
        }
        values
    }

    fn argument(&mut self, given: &str) {
        let fail = |summary: &str, detail: String| Diagnostic::error(summary, detail);
        let Some((name, text)) = given.split_once('=') else {
            let detail =
                format!("The given -var option {given:?} is not correctly specified. It is written -var 'name=value'.");
            return self.unreadable.push(fail("Invalid -var option", detail));
        };
        if name.ends_with([' ', '\t']) {
            let detail = format!(
                "The name in -var {given:?} ends in a blank. Write the name, an equals sign and the value without \
                 blanks between them: -var '{}={}'.",
                name.trim(),
                text.trim()
            );
            return self.unreadable.push(fail("Invalid -var option", detail));
        }
        let module = self.module;
        match module.variables.get(name) {
            Some(variable) => self.text(variable, text, Origin::Argument),
            None => {
                let hint = did_you_mean(name, module.variables.keys().map(|name| &**name));
                let detail = format!(
                    "A variable named \"{name}\" was assigned on the command line, but the root module does not \
                     declare a variable of that name.{hint} To use this value, add a variable \"{name}\" {{}} block."
                );
                self.diagnostics.push(fail("Value for undeclared variable", detail));
            }
        }
    }

    fn file(&mut self, path: &Path, origin: Origin) {
        let shown = path.strip_prefix(".").unwrap_or(path).display().to_string();
        let read = read_text(self.host, path, &shown, self.sources).map_err(|error| match error.span {
            None => Diagnostic { summary: "Failed to read variables file".to_owned(), ..error },
            Some(_) => error,
        });
        let Some((source, text)) = self.unreadable.take(read) else { return };
        let (body, errors) =
            if is_json(&shown) { parse_json_values(&text, source) } else { parse_native(&text, source) };
        self.unreadable.extend(errors);
        for block in &body.blocks {
            let detail = if &*block.kind.text == "variable" {
                format!(
                    "A values file only assigns values to variables that .tf files declare. Move this block to a .tf \
                     file, or write {} = value.",
                    block.labels.first().map_or("name", |label| &label.text)
                )
            } else {
                format!(
                    "Blocks are not allowed in a values file. To assign an object, write {} = {{ ... }}.",
                    block.kind.text
                )
            };
            self.unreadable
                .push(Diagnostic::error(format!("Unexpected \"{}\" block", block.kind.text), detail).at(block.header));
        }
        let mut assigned = BTreeSet::new();
        for attribute in body.attributes {
            let name = attribute.name.text;
            // In the native syntax that is found while parsing.
            if body.json && !assigned.insert(Arc::clone(&name)) {
                let detail = format!("This file assigns a value to \"{name}\" already. Keep one of them.");
                self.unreadable
                    .push(Diagnostic::error("Duplicate attribute definition", detail).at(attribute.name.span));
            }
            if self.module.variables.contains_key(&name) {
                self.given.insert(name, (Written::Expression(attribute.expr), origin));
            } else if static_value(&attribute.expr).is_ok() {
                self.undeclared.push((name, attribute.name.span));
            }
        }
    }

    fn report_undeclared(&mut self) {
        for (name, span) in self.undeclared.iter().take(TOLD_ONE_BY_ONE) {
            let hint = did_you_mean(name, self.module.variables.keys().map(|name| &**name));
            let place = match self.sources.get(span.source) {
                Some(source) => format!("{}:{}", source.name, source.position(span.start as usize).line),
                None => "a values file".to_owned(),
            };
            let detail = format!(
                "The root module does not declare a variable named \"{name}\", but {place} assigns it a value.{hint} \
                 To use the value, add a variable \"{name}\" {{}} block; to silence this, remove the assignment."
            );
            self.diagnostics.push(Diagnostic::warning("Value for undeclared variable", detail));
        }
        let more = self.undeclared.len().saturating_sub(TOLD_ONE_BY_ONE);
        if more > 0 {
            let detail = format!("In addition to the ones above, {more} more names without a variable are assigned.");
            self.diagnostics.push(Diagnostic::warning("Values for undeclared variables", detail));
        }
    }
}

/// Whether a null is typed by nothing.
pub(super) fn is_bare_null(value: &Value) -> bool {
    value.is_null() && value.ty() == Type::Dynamic
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{LocalModules, load};
    use crate::source::MemoryHost;

    fn read(files: &[(&str, &str)], inputs: &[VariableInput]) -> (BTreeMap<Arc<str>, VariableValue>, Vec<String>) {
        let host = MemoryHost::new(files.iter().copied());
        let (mut config, errors) = load(&host, Path::new("."), &LocalModules);
        assert!(errors.is_empty(), "{errors:?}");
        let root = config.modules.remove(&smform_types::ModuleAddress::root()).unwrap_or_default();
        let (values, errors) = variable_values(&host, Path::new("."), &root, inputs, &mut config.sources);
        (values, errors.iter().map(|error| error.summary.clone()).collect())
    }

    fn argument(text: &str) -> VariableInput {
        VariableInput::Argument(text.to_owned())
    }

    #[test]
    fn later_and_stronger_inputs_win() {
        let files = [
            (
                "main.tf",
                "variable \"a\" {}\nvariable \"b\" {}\nvariable \"c\" {}\nvariable \"d\" {}\nvariable \"e\" {}\n",
            ),
            ("terraform.tfvars", "b = 1\nc = 1\nd = 1\ne = 1\n"),
            ("z.auto.tfvars.json", "{\"c\": \"${2}\", \"d\": 2, \"e\": 2}"),
            ("y.auto.tfvars", "c = 3\nd = 3"),
            ("named.tfvars", "d = 4\ne = 4"),
        ];
        let environment = |name: &str| VariableInput::Environment { name: name.to_owned(), text: "env".to_owned() };
        let inputs = [
            VariableInput::File("named.tfvars".into()),
            argument("e=5"),
            environment("a"),
            environment("b"),
            environment("z"),
        ];
        let (values, errors) = read(&files, &inputs);
        assert!(errors.is_empty(), "{errors:?}");
        let shown: Vec<String> = values.values().map(|value| crate::eval::render_value(&value.value)).collect();
        assert_eq!(shown, ["\"env\"", "1", "\"${2}\"", "4", "\"5\""]);
    }

    #[test]
    fn what_something_stronger_replaces_may_be_wrong() {
        let main = ("main.tf", "variable \"m\" { type = map(string) }\n");
        let environment = VariableInput::Environment { name: "m".to_owned(), text: "{".to_owned() };
        let wrong = ("terraform.tfvars", "m = var.m\nnone = var.m\n");
        let right = ("x.auto.tfvars", "m = {}\n");
        let errors = |files: &[(&str, &str)], inputs: &[VariableInput]| {
            let (values, errors) = read(files, inputs);
            (values.len(), errors)
        };
        assert_eq!(errors(&[main], std::slice::from_ref(&environment)), (0, vec!["Missing expression".to_owned()]));
        assert_eq!(errors(&[main, wrong], &[environment]), (0, vec!["Variables not allowed".to_owned()]));
        assert_eq!(errors(&[main, wrong, right], &[]), (1, vec![]));
        assert_eq!(errors(&[main, wrong], &[argument("m={"), argument("m={}")]), (1, vec![]));
    }

    #[test]
    fn text_is_literal_unless_the_type_is_a_structure() {
        let main = "variable \"l\" { type = list(number) }\nvariable \"s\" { type = string }\nvariable \"x\" {}\n\
                    variable \"any\" { type = any }\n";
        let inputs = [argument("l=[1]"), argument("s=[1]"), argument("x=null"), argument("any=null")];
        let (values, errors) = read(&[("main.tf", main)], &inputs);
        assert!(errors.is_empty(), "{errors:?}");
        let shown: Vec<String> = values.values().map(|value| crate::eval::render_value(&value.value)).collect();
        assert_eq!(shown, ["null", "[\n  1,\n]", "\"[1]\"", "\"null\""]);
    }

    #[test]
    fn mistakes_are_told_by_how_they_were_made() {
        let main = ("main.tf", "variable \"a\" { type = list(string) }\n");
        let errors = |files: &[(&str, &str)], inputs: &[VariableInput]| read(files, inputs).1;
        assert_eq!(errors(&[main], &[argument("b=1")]), ["Value for undeclared variable"]);
        assert_eq!(errors(&[main], &[argument("a")]), ["Invalid -var option"]);
        assert_eq!(errors(&[main], &[argument("a = []")]), ["Invalid -var option"]);
        assert_eq!(errors(&[main], &[argument("a=[upper(1)]")]), ["Function calls not allowed"]);
        assert_eq!(errors(&[main], &[argument("a=[x.y]")]), ["Variables not allowed"]);
        assert_eq!(errors(&[main], &[VariableInput::File("none".into())]), ["Failed to read variables file"]);
        let file = ("terraform.tfvars", "b = 1\nc = 1\nd = 1\nvariable \"a\" {}\n");
        assert_eq!(errors(&[main, file], &[]), ["Unexpected \"variable\" block"]);
        let file = ("terraform.tfvars", "b = 1\nc = 1\nd = 1\n");
        assert_eq!(
            errors(&[main, file], &[]),
            ["Value for undeclared variable", "Value for undeclared variable", "Values for undeclared variables"]
        );
    }
}
