//! Templates: text with values in it.

use smform_types::value::normalize;
use smform_types::{Diagnostic, Diagnostics, Marks, Refinement, Type, Value, convert, graphemes};

use super::evaluator::{Env, Eval, Evaluator};
use crate::syntax::{Expr, TemplatePart};

/// A text that is being put together.
#[derive(Default)]
struct Output {
    /// As far as it is known without a gap.
    text: String,
    /// Whether an unknown part has been met; nothing is added to the text after it.
    unknown: bool,
    marks: Marks,
    diagnostics: Diagnostics,
}

impl Output {
    fn push(&mut self, text: &str) {
        if !self.unknown {
            self.text.push_str(text);
        }
    }
}

impl Evaluator<'_> {
    pub(super) fn template(&self, parts: &[TemplatePart], env: Env<'_>) -> Eval {
        if let [TemplatePart::Interpolation(expr)] = parts {
            return self.eval(expr, env);
        }
        let mut output = Output::default();
        self.write(parts, env, &mut output);
        if output.diagnostics.has_errors() {
            return Err(output.diagnostics);
        }
        let value = if output.unknown {
            Value::refined(Type::String, prefix(&output.text))
        } else {
            Value::string(output.text)
        };
        Ok(value.with_marks(output.marks))
    }

    fn write(&self, parts: &[TemplatePart], env: Env<'_>, output: &mut Output) {
        for part in parts {
            let done = match part {
                TemplatePart::Text(text) => {
                    output.push(text);
                    Ok(())
                }
                TemplatePart::Interpolation(expr) => self.interpolation(expr, env, output),
                TemplatePart::If { condition, then, otherwise, .. } => {
                    self.choice(condition, env).map(|(chosen, marks)| {
                        output.marks |= marks;
                        self.arms(chosen, then, otherwise, env, output);
                    })
                }
                TemplatePart::For { key, value, collection, body, .. } => {
                    self.repeat(key.as_ref(), value, collection, body, env, output)
                }
            };
            if let Err(errors) = done {
                output.diagnostics.extend(errors);
            }
        }
    }

    /// Writes the arm that is chosen. The other counts for its marks only: that it was not chosen tells of it.
    fn arms(
        &self,
        chosen: Option<bool>,
        then: &[TemplatePart],
        otherwise: &[TemplatePart],
        env: Env<'_>,
        output: &mut Output,
    ) {
        let (taken, left) = if chosen == Some(false) { (otherwise, then) } else { (then, otherwise) };
        let mut aside = Output::default();
        self.write(left, Env { quiet: env.quiet || chosen.is_some(), ..env }, &mut aside);
        if chosen.is_none() {
            output.unknown = true;
            output.diagnostics.extend(std::mem::take(&mut aside.diagnostics));
        }
        if !aside.diagnostics.has_errors() {
            output.marks |= aside.marks;
        }
        self.write(taken, env, output);
    }

    fn repeat(
        &self,
        key_name: Option<&crate::syntax::Ident>,
        value_name: &crate::syntax::Ident,
        collection: &Expr,
        body: &[TemplatePart],
        env: Env<'_>,
        output: &mut Output,
    ) -> Eval<()> {
        let (value, marks) = self.eval(collection, env)?.unmark();
        output.marks |= marks;
        let Some(elements) = self.elements(&value, collection, env)? else {
            output.unknown = true;
            return Ok(());
        };
        for (key, value) in elements {
            self.bound(key_name, value_name, key, value, env, &mut |env| self.write(body, env, output));
            if output.diagnostics.has_errors() {
                break;
            }
        }
        Ok(())
    }

    fn interpolation(&self, expr: &Expr, env: Env<'_>, output: &mut Output) -> Eval<()> {
        let value = self.eval(expr, env)?;
        let failed =
            |detail: String| self.failed(Diagnostic::error("Invalid template interpolation value", detail), expr, env);
        output.marks |= value.marks();
        if value.is_null() {
            return Err(failed(
                "The expression result is null. Cannot include a null value in a string template.".to_owned(),
            ));
        }
        let value = convert(value, &Type::String)
            .map_err(|error| failed(format!("Cannot include the given value in a string template: {error}.")))?;
        match value.kind() {
            smform_types::ValueKind::Unknown(_, refinement) => {
                if let Some(prefix) = refinement.as_ref().and_then(|refinement| refinement.prefix.as_ref()) {
                    output.push(prefix);
                }
                output.unknown = true;
            }
            _ => output.push(value.as_str().unwrap_or("")),
        }
        Ok(())
    }
}

/// What is known of a text that begins so. What follows may combine with its last character, unless that is a
/// separator.
fn prefix(text: &str) -> Refinement {
    let is_separator = text.ends_with(|c: char| c.is_ascii() && !c.is_ascii_alphanumeric());
    let unsafe_end = if is_separator { 0 } else { graphemes(text).last().map_or(0, |last| last.len()) };
    match text.get(..text.len() - unsafe_end) {
        Some(prefix) if !prefix.is_empty() => Refinement::with_prefix(&normalize(prefix)),
        _ => Refinement::not_null(),
    }
}
