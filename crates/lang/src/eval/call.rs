//! Function calls, and the two functions that look at how their arguments fail.

use smform_types::{Diagnostic, Refinement, Type, Value, ValueKind, convert};

use super::evaluator::{Env, Eval, Evaluator};
use super::references::traversals;
use crate::functions::{self, Fault};
use crate::syntax::{Call, Expr, ExprKind};

impl Evaluator<'_> {
    pub(super) fn call(&self, call: &Call, whole: &Expr, env: Env<'_>) -> Eval {
        let name = &*call.name.text;
        let plain = name.strip_prefix("core::").unwrap_or(name);
        let failed = |summary: &str, detail: String| {
            let error = Diagnostic { function: Some(name.to_owned()), ..Diagnostic::error(summary, detail) };
            self.failed(error.at(call.opening()), whole, env)
        };
        match plain {
            "try" => return self.first_that_works(call, whole, env),
            "can" => return self.works(call, whole, env),
            "convert" => return self.converted(call, whole, env),
            "templatefile" | "templatestring" if self.in_template => {
                let detail = format!("A template cannot call \"{plain}\" itself.");
                return Err(failed("Error in function call", detail));
            }
            "templatestring" => {
                let template =
                    call.arguments.first().filter(|template| !matches!(template.kind, ExprKind::Traversal { .. }));
                if let Some(template) = template {
                    let detail = "Invalid value for \"template\" parameter: it must be a direct reference to a string \
                                  from elsewhere. Write a template of your own as an ordinary string.";
                    let error = Diagnostic {
                        function: Some(name.to_owned()),
                        ..Diagnostic::error("Invalid function argument", detail)
                    };
                    return Err(self.failed(error.at(template.start()), whole, env));
                }
            }
            _ if !functions::exists(name) => {
                if let Some((namespace, rest)) = name.split_once("::").filter(|(namespace, _)| *namespace != "core") {
                    let detail = match (namespace, rest.split_once("::")) {
                        ("provider", Some((provider, _))) => {
                            format!("The provider \"{provider}\" brings no functions along in smform.")
                        }
                        _ => format!(
                            "There are no functions in the namespace \"{namespace}\". Functions of a provider are \
                             called as provider::name::function."
                        ),
                    };
                    let error = Diagnostic::error("Unknown provider function", detail);
                    return Err(error.at(call.name.span).into());
                }
                let hint = smform_types::suggest::did_you_mean(plain, functions::names().chain(["convert"]));
                let detail = format!("There is no function named \"{name}\".{hint}");
                let error = Diagnostic::error("Call to unknown function", detail);
                return Err(error.at(call.name.span).into());
            }
            _ => {}
        }
        let mut arguments = self.all(call.arguments.iter(), env)?;
        let mut spans: Vec<_> = call.arguments.iter().map(Expr::start).collect();
        if call.expand_last
            && let (Some(last), Some(span)) = (arguments.pop(), spans.pop())
        {
            let (last, marks) = last.unmark();
            match last.kind() {
                ValueKind::List(_, items) | ValueKind::Set(_, items) | ValueKind::Tuple(items) => {
                    arguments.extend(items.iter().map(|item| item.clone().with_marks(marks)));
                    spans.resize(arguments.len(), span);
                }
                ValueKind::Unknown(Type::List(_) | Type::Set(_) | Type::Tuple(_) | Type::Dynamic, _) => {
                    return Ok(Value::unknown(Type::Dynamic).with_marks(marks));
                }
                _ => {
                    let detail = if last.is_null() {
                        "The expanding argument (indicated by ...) must not be null."
                    } else {
                        "The expanding argument (indicated by ...) must be of a tuple, list, or set type."
                    };
                    let error = Diagnostic::error("Invalid expanding argument value", detail).at(span);
                    return Err(self.failed(error, whole, env));
                }
            }
        }
        functions::call(name, &arguments, self.functions).map_err(|error| {
            let span = match error.fault {
                Fault::TooFew => Some(call.closing(whole)),
                Fault::Argument | Fault::TooMany => error.argument.and_then(|at| spans.get(at)).copied(),
                Fault::Call | Fault::NoSuchFunction => Some(call.opening()),
            };
            self.failed(error.diagnostic(plain).at(span), whole, env)
        })
    }

    /// `try`: the first argument that evaluates.
    fn first_that_works(&self, call: &Call, whole: &Expr, env: Env<'_>) -> Eval {
        let quiet = Env { quiet: true, ..env };
        let mut why = Vec::new();
        for argument in &call.arguments {
            if self.depends_on_unknown(argument, quiet) {
                return Ok(Value::unknown(Type::Dynamic));
            }
            match self.eval(argument, quiet) {
                Ok(value) => return Ok(value),
                Err(errors) => why.extend(errors),
            }
        }
        let mut detail = match why.as_slice() {
            [] => "Call to function \"try\" failed: at least one argument is required.".to_owned(),
            _ => "Call to function \"try\" failed: no expression succeeded:".to_owned(),
        };
        for error in &why {
            detail.push_str(&format!("\n- {}: {}", error.summary, error.detail));
        }
        Err(self.failed(Diagnostic::error("Error in function call", detail).at(call.opening()), whole, env))
    }

    /// `can`: whether the argument evaluates.
    fn works(&self, call: &Call, whole: &Expr, env: Env<'_>) -> Eval {
        let quiet = Env { quiet: true, ..env };
        let [argument] = call.arguments.as_slice() else {
            let (summary, detail) = if call.arguments.is_empty() {
                (
                    "Not enough function arguments",
                    "Function \"can\" expects 1 argument. Missing value for \"expression\".",
                )
            } else {
                ("Too many function arguments", "Function \"can\" expects only 1 argument.")
            };
            let place = call.arguments.get(1).map_or_else(|| call.closing(whole), Expr::start);
            return Err(self.failed(Diagnostic::error(summary, detail).at(place), whole, env));
        };
        if self.depends_on_unknown(argument, quiet) {
            return Ok(Value::refined(Type::Bool, Refinement::not_null()));
        }
        Ok(Value::bool(self.eval(argument, quiet).is_ok()))
    }

    /// `convert`: the first argument as the type that the second is written as.
    fn converted(&self, call: &Call, whole: &Expr, env: Env<'_>) -> Eval {
        let invalid = |summary: &str, detail: String, place: &Expr| {
            let error = Diagnostic { function: Some("convert".to_owned()), ..Diagnostic::error(summary, detail) };
            self.failed(error.at(place.span), whole, env)
        };
        let ([value, ty], false) = (call.arguments.as_slice(), call.expand_last) else {
            let detail = "Function \"convert\" expects 2 arguments: a value, and the type to convert it to.";
            let summary =
                if call.arguments.len() > 2 { "Too many function arguments" } else { "Not enough function arguments" };
            return Err(invalid(summary, detail.to_owned(), whole));
        };
        let (wanted, defaults) = crate::config::type_constraint(ty)?;
        let value = self.eval(value, env)?;
        let value = defaults.apply(value);
        convert(value, &wanted).map_err(|error| {
            let detail = format!("Call to function \"convert\" failed: {error}.");
            invalid("Error in function call", detail, call.arguments.first().unwrap_or(whole))
        })
    }

    /// Whether a reference in the expression is to something not wholly known, so that the expression may still fail.
    fn depends_on_unknown(&self, expr: &Expr, env: Env<'_>) -> bool {
        let mut found = false;
        traversals(expr, &mut |traversal| {
            found = found || self.eval(traversal, env).is_ok_and(|value| !value.is_wholly_known());
        });
        found
    }

    /// The type notation that the call `type(...)` of the console asks for; nothing for any other expression.
    pub fn type_call(&self, expr: &Expr) -> Option<Result<String, smform_types::Diagnostics>> {
        match &expr.kind {
            ExprKind::Parens(inner) => self.type_call(inner),
            ExprKind::Call(call) if matches!(&*call.name.text, "type" | "core::type") => {
                let [argument] = call.arguments.as_slice() else { return None };
                Some(self.expr(argument).map(|value| super::render::type_text(&value.ty())))
            }
            _ => None,
        }
    }
}
