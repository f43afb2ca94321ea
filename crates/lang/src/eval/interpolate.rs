//! Templates: text with values in it.

use smform_types::value::normalize;
use smform_types::{Diagnostic, Diagnostics, Marks, Refinement, Type, Value, convert, graphemes};

use super::evaluator::{Env, Evaluator, Failure, Outcome};
use crate::syntax::{Expr, TemplatePart};

/// A text that is being put together.
#[derive(Default)]
struct Output {
    /// As far as it is known without a gap.
    text: String,
    /// Whether an unknown part has been met; nothing is added to the text after it.
    unknown: bool,
    marks: Marks,
    errors: Diagnostics,
}

impl Output {
    fn push(&mut self, text: &str) {
        if !self.unknown {
            self.text.push_str(text);
        }
    }

    /// Adds a part of which the text is not known because something is wrong with it.
    fn fail(&mut self, errors: Diagnostics) {
        self.errors.extend(errors);
        self.unknown = true;
    }

    /// Adds what was put together on its own, without its marks. As in Terraform, how an unknown part begins does not
    /// count.
    fn append(&mut self, part: Output) {
        self.errors.extend(part.errors);
        if part.unknown {
            self.unknown = true;
        } else {
            self.push(&part.text);
        }
    }
}

impl Evaluator<'_> {
    pub(super) fn template(&self, parts: &[TemplatePart], env: Env<'_>) -> Outcome {
        if let [TemplatePart::Interpolation(expr)] = parts {
            return self.eval(expr, env);
        }
        let mut output = Output::default();
        self.write(parts, env, &mut output);
        let value = if output.unknown {
            Value::refined(Type::String, prefix(&output.text))
        } else {
            Value::string(output.text)
        };
        Failure::unless_none(output.errors, value.with_marks(output.marks))
    }

    fn write(&self, parts: &[TemplatePart], env: Env<'_>, output: &mut Output) {
        for part in parts {
            match part {
                TemplatePart::Text(text) => output.push(text),
                TemplatePart::Interpolation(expr) => self.interpolation(expr, env, output),
                TemplatePart::If { condition, then, otherwise, .. } => match self.choice(condition, env) {
                    Ok((chosen, marks)) => {
                        output.marks |= marks;
                        self.arms(chosen, then, otherwise, env, output);
                    }
                    Err(errors) => output.fail(errors),
                },
                TemplatePart::For { key, value, collection, body, .. } => {
                    self.repeat(key.as_ref(), value, collection, body, env, output);
                }
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
        let arm = |parts: &[TemplatePart], wanted: bool| {
            let mut arm = Output::default();
            self.write(parts, Env { quiet: env.quiet || chosen == Some(!wanted), ..env }, &mut arm);
            arm
        };
        let (then, otherwise) = (arm(then, true), arm(otherwise, false));
        output.marks |= then.marks | otherwise.marks;
        match chosen {
            Some(true) => output.append(then),
            Some(false) => output.append(otherwise),
            None => output.unknown = true,
        }
    }

    fn repeat(
        &self,
        key_name: Option<&crate::syntax::Ident>,
        value_name: &crate::syntax::Ident,
        collection: &Expr,
        body: &[TemplatePart],
        env: Env<'_>,
        output: &mut Output,
    ) {
        let (value, marks) = self.told(collection, env, &mut output.errors).unmark();
        let elements = match self.elements(&value, collection, env) {
            Ok(Some(elements)) => elements,
            // As in Terraform, marks of the collection do not count before it is known.
            Ok(None) => {
                output.unknown = true;
                return;
            }
            Err(errors) => return output.fail(errors),
        };
        let mut inner = Output::default();
        for (key, value) in elements {
            self.bound(key_name, value_name, key, value, env, &mut |env| self.write(body, env, &mut inner));
            if inner.errors.len() >= super::iterate::ENOUGH {
                break;
            }
        }
        output.marks |= marks;
        // Nor do marks within it while a part of it is unknown.
        if !inner.unknown {
            output.marks |= inner.marks;
        }
        output.append(inner);
    }

    fn interpolation(&self, expr: &Expr, env: Env<'_>, output: &mut Output) {
        let value = self.told(expr, env, &mut output.errors);
        let failed =
            |detail: String| self.failed(Diagnostic::error("Invalid template interpolation value", detail), expr, env);
        if value.is_null() {
            let detail = "The expression result is null. Cannot include a null value in a string template.";
            output.errors.extend(failed(detail.to_owned()));
            return;
        }
        output.marks |= value.marks();
        if !value.is_known() {
            // As in Terraform, also one of which the type will not do.
            output.unknown = true;
            return;
        }
        let value = convert(value, &Type::String)
            .map_err(|error| failed(format!("Cannot include the given value in a string template: {error}.")));
        if let Some(value) = output.errors.take(value) {
            output.push(value.as_str().unwrap_or(""));
        }
    }
}

/// As in Terraform, no more bytes than these are known of how a text begins.
const LONGEST_PREFIX: usize = 128;

/// What is known of a text that begins so. What follows may combine with its last character, unless that is a
/// separator.
fn prefix(text: &str) -> Refinement {
    let text = text.get(..text.floor_char_boundary(LONGEST_PREFIX)).unwrap_or(text);
    let is_separator = text.ends_with(|c: char| c.is_ascii() && !c.is_ascii_alphanumeric());
    let unsafe_end = if is_separator { 0 } else { graphemes(text).last().map_or(0, |last| last.len()) };
    match text.get(..text.len() - unsafe_end) {
        Some(prefix) if !prefix.is_empty() => Refinement::with_prefix(&normalize(prefix)),
        _ => Refinement::not_null(),
    }
}
