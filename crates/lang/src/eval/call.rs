//! Function calls, and the two functions that look at how their arguments fail.

use smform_types::{Diagnostic, Diagnostics, Refinement, Type, Value, ValueKind, convert};

use super::evaluator::{Env, Eval, Evaluator, Outcome};
use crate::functions::{self, Fault, Phase};
use crate::syntax::{Call, Expr, ExprKind, TemplatePart};

/// What `try` and `can` attempt.
enum Attempt<'c> {
    Expression(&'c Expr),
    Value(Value),
}

impl Evaluator<'_> {
    pub(super) fn call(&self, call: &Call, whole: &Expr, env: Env<'_>) -> Outcome {
        let written = &*call.name.text;
        let of_provider = written.strip_prefix("provider::").and_then(|rest| rest.split_once("::"));
        let renamed = of_provider
            .filter(|(local, _)| *local != "terraform" && self.scope.is_builtin(local))
            .map(|(_, function)| format!("provider::terraform::{function}"));
        let name = renamed.as_deref().unwrap_or(written);
        let plain = name.strip_prefix("core::").unwrap_or(name);
        let failed = |summary: &str, detail: String| {
            let (function, around) = (Some(name.to_owned()), Some(whole.span));
            let error = Diagnostic { function, around, ..Diagnostic::error(summary, detail) };
            self.failed(error.at(call.opening()), whole, env)
        };
        match plain {
            "try" => return self.first_that_works(call, whole, env),
            "can" => return self.works(call, whole, env),
            "convert" => return self.converted(call, whole, env),
            "templatefile" | "templatestring" if self.in_template => {
                let detail = format!("A template cannot call \"{plain}\" itself.");
                return Err(failed("Error in function call", detail).into());
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
                    return Err(self.failed(error.at(template.start()), whole, env).into());
                }
            }
            "type" if self.functions.phase == Phase::Console => return self.misplaced_type(call, whole, env),
            "plantimestamp" if self.functions.phase == Phase::Console => {
                let detail = "Only a plan has a \"plantimestamp\". Use timestamp() for the present time.";
                let error = Diagnostic {
                    function: Some(name.to_owned()),
                    ..Diagnostic::error("Call to unknown function", detail)
                };
                return Err(error.at(call.name.span).into());
            }
            _ if written.starts_with("provider::terraform::") && !self.scope.is_builtin("terraform") => {
                let detail = "The functions of the built-in provider are there in a module whose required_providers \
                              block has an entry terraform = { source = \"terraform.io/builtin/terraform\" }.";
                let error = Diagnostic::error("Unknown provider function", detail);
                return Err(error.at(call.name.span).into());
            }
            _ if !functions::exists(name) => {
                if let Some((namespace, rest)) = name.split_once("::") {
                    let detail = match (namespace, rest.split_once("::")) {
                        ("core", None) => {
                            let hint = smform_types::suggest::did_you_mean(plain, functions::names());
                            format!("There is no built-in function named \"{plain}\".{hint}")
                        }
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
        let mut spans: Vec<_> = call.arguments.iter().map(Expr::start).collect();
        let mut expanded = Vec::new();
        let mut single = call.arguments.as_slice();
        if let Some((last, others)) = single.split_last().filter(|_| call.expand_last) {
            single = others;
            match self.expanded(last, whole, env)? {
                Ok(items) => expanded = items,
                Err(undecided) => return Ok(undecided),
            }
            spans.resize(others.len() + expanded.len(), last.start());
        }
        let failed = |error: functions::CallError| {
            let span = match error.fault {
                Fault::TooFew => Some(call.closing(whole)),
                Fault::Argument | Fault::TooMany => error.argument.and_then(|at| spans.get(at)).copied(),
                Fault::Call | Fault::NoSuchFunction => Some(call.opening()),
            };
            let error = Diagnostic { around: Some(whole.span), ..error.diagnostic(plain) };
            self.failed(error.at(span), whole, env)
        };
        functions::check_count(name, spans.len()).map_err(failed)?;
        let mut diagnostics = Diagnostics::new();
        let mut arguments = Vec::with_capacity(spans.len());
        for argument in single {
            arguments.push(self.told(argument, env, &mut diagnostics));
        }
        arguments.extend(expanded);
        let fitting: Vec<Value> = (arguments.into_iter().enumerate())
            .filter_map(|(at, value)| diagnostics.take(functions::fit(name, at, value).map_err(failed)))
            .collect();
        if diagnostics.has_errors() {
            return Err(diagnostics.into());
        }
        functions::call(name, &fitting, self.functions).map_err(|error| failed(error).into())
    }

    /// The arguments that a last one with `...` stands for, or what the call comes to while they are not known.
    fn expanded(&self, last: &Expr, whole: &Expr, env: Env<'_>) -> Eval<Result<Vec<Value>, Value>> {
        let (value, marks) = self.eval(last, env)?.unmark();
        match value.kind() {
            ValueKind::List(_, items) | ValueKind::Set(_, items) | ValueKind::Tuple(items) => {
                Ok(Ok(items.iter().map(|item| item.clone().with_marks(marks)).collect()))
            }
            ValueKind::Unknown(Type::List(_) | Type::Set(_) | Type::Tuple(_) | Type::Dynamic, _) => {
                Ok(Err(Value::unknown(Type::Dynamic).with_marks(marks)))
            }
            _ => {
                let detail = if value.is_null() {
                    "The expanding argument (indicated by ...) must not be null."
                } else {
                    "The expanding argument (indicated by ...) must be of a tuple, list, or set type."
                };
                let error = Diagnostic::error("Invalid expanding argument value", detail).at(last.start());
                Err(self.failed(error, whole, env))
            }
        }
    }

    /// A call of the console's `type` that is not the whole expression: what it tells is no value.
    fn misplaced_type(&self, call: &Call, whole: &Expr, env: Env<'_>) -> Outcome {
        let (summary, detail) = match call.arguments.as_slice() {
            [] => ("Not enough function arguments", "Function \"type\" expects 1 argument."),
            [argument] => {
                self.eval(argument, env)?;
                ("Invalid use of type function", "The console's function \"type\" cannot be part of an expression.")
            }
            _ => ("Too many function arguments", "Function \"type\" expects only 1 argument."),
        };
        Err(self.failed(Diagnostic::error(summary, detail).at(call.opening()), whole, env).into())
    }

    /// `try`: the first argument that evaluates.
    fn first_that_works(&self, call: &Call, whole: &Expr, env: Env<'_>) -> Outcome {
        let quiet = Env { quiet: true, ..env };
        let mut why = Vec::new();
        for attempt in self.attempts(call, whole, env)? {
            match self.attempted(attempt, quiet) {
                Ok(value) => return Ok(value.unwrap_or_else(|| Value::unknown(Type::Dynamic))),
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
        Err(self.failed(Diagnostic::error("Error in function call", detail).at(call.opening()), whole, env).into())
    }

    /// `can`: whether the argument evaluates.
    fn works(&self, call: &Call, whole: &Expr, env: Env<'_>) -> Outcome {
        let quiet = Env { quiet: true, ..env };
        let mut attempts = self.attempts(call, whole, env)?;
        let Some(attempt) = attempts.pop().filter(|_| attempts.is_empty()) else {
            let (summary, detail, place) = match call.arguments.get(1).or(call.arguments.first()) {
                Some(surplus) if !attempts.is_empty() => {
                    ("Too many function arguments", "Function \"can\" expects only 1 argument.", surplus.start())
                }
                _ => (
                    "Not enough function arguments",
                    "Function \"can\" expects 1 argument. Missing value for \"expression\".",
                    call.closing(whole),
                ),
            };
            return Err(self.failed(Diagnostic::error(summary, detail).at(place), whole, env).into());
        };
        Ok(match self.attempted(attempt, quiet) {
            Ok(Some(_)) => Value::bool(true),
            Ok(None) => Value::refined(Type::Bool, Refinement::not_null()),
            Err(_) => Value::bool(false),
        })
    }

    /// What `try` and `can` are to attempt: their arguments, and the elements of a last one with `...`.
    fn attempts<'c>(&self, call: &'c Call, whole: &Expr, env: Env<'_>) -> Eval<Vec<Attempt<'c>>> {
        let Some((last, others)) = call.arguments.split_last().filter(|_| call.expand_last) else {
            return Ok(call.arguments.iter().map(Attempt::Expression).collect());
        };
        let mut attempts: Vec<_> = others.iter().map(Attempt::Expression).collect();
        match self.expanded(last, whole, env)? {
            Ok(items) => attempts.extend(items.into_iter().map(Attempt::Value)),
            Err(undecided) => attempts.push(Attempt::Value(undecided)),
        }
        Ok(attempts)
    }

    /// The value of an attempt; nothing while a part of it is unknown, because with that it may fail yet.
    fn attempted(&self, attempt: Attempt<'_>, quiet: Env<'_>) -> Eval<Option<Value>> {
        let value = match attempt {
            Attempt::Expression(expr) => self.eval(expr, quiet)?,
            Attempt::Value(value) => value,
        };
        Ok(Some(value).filter(Value::is_wholly_known))
    }

    /// `convert`: the first argument as the type that the second is written as.
    fn converted(&self, call: &Call, whole: &Expr, env: Env<'_>) -> Outcome {
        let invalid = |summary: &str, detail: String, place: &Expr| {
            let error = Diagnostic { function: Some("convert".to_owned()), ..Diagnostic::error(summary, detail) };
            self.failed(error.at(place.span), whole, env)
        };
        let ([value, ty], false) = (call.arguments.as_slice(), call.expand_last) else {
            let detail = "Function \"convert\" expects 2 arguments: a value, and the type to convert it to.";
            let summary =
                if call.arguments.len() > 2 { "Too many function arguments" } else { "Not enough function arguments" };
            return Err(invalid(summary, detail.to_owned(), whole).into());
        };
        let (wanted, defaults) = crate::config::type_constraint(ty)?;
        let value = self.eval(value, env)?;
        let value = defaults.apply(value);
        convert(value, &wanted).map_err(|error| {
            let detail = format!("Call to function \"convert\" failed: {error}.");
            invalid("Error in function call", detail, call.arguments.first().unwrap_or(whole)).into()
        })
    }

    /// The type notation that the call `type(...)` of the console asks for; nothing for any other expression.
    pub fn type_call(&self, expr: &Expr) -> Option<Result<String, smform_types::Diagnostics>> {
        match &expr.kind {
            ExprKind::Parens(inner) => self.type_call(inner),
            ExprKind::Template { parts, .. } => match parts.as_slice() {
                [TemplatePart::Interpolation(inner)] => self.type_call(inner),
                _ => None,
            },
            ExprKind::Conditional(parts) => {
                let [condition, yes, no] = &**parts;
                let (yes, no) = (self.type_call(yes)?, self.type_call(no)?);
                Some(self.expr(condition).and_then(|value| if value.as_bool() == Some(true) { yes } else { no }))
            }
            ExprKind::Call(call) if call.expand_last => None,
            ExprKind::Call(call) if matches!(&*call.name.text, "try" | "coalesce") => {
                self.type_call(call.arguments.first()?).filter(Result::is_ok)
            }
            ExprKind::Call(call) if &*call.name.text == "can" => {
                let [argument] = call.arguments.as_slice() else { return None };
                self.type_call(argument).map(|answer| Ok(answer.is_ok().to_string()))
            }
            ExprKind::Call(call) if matches!(&*call.name.text, "type" | "core::type") => {
                let [argument] = call.arguments.as_slice() else { return None };
                // A type is of a type of its own.
                let of_type = self.type_call(argument).map(|answer| answer.map(|_| "type".to_owned()));
                Some(of_type.unwrap_or_else(|| self.expr(argument).map(|value| super::render::type_text(&value.ty()))))
            }
            _ => None,
        }
    }
}
