//! `dynamic` blocks: blocks generated from the elements of a collection.

use std::sync::Arc;

use smform_types::schema::{NestedBlock, Nesting};
use smform_types::suggest::did_you_mean;
use smform_types::{Diagnostic, Diagnostics, Type, Value, ValueKind};

use super::body::{Found, label_exprs};
use super::evaluator::{Env, Evaluator};
use crate::syntax::{Block, Expr, is_identifier};

impl Evaluator<'_> {
    /// Adds what a dynamic block generates.
    pub(super) fn dynamic(
        &self,
        written: &Block,
        schema: &NestedBlock,
        env: Env<'_>,
        diagnostics: &mut Diagnostics,
        found: &mut Found,
    ) {
        let (body, errors) = written.body.expanded(&[("content", 0)]);
        diagnostics.extend(errors);
        let Some(kind) = written.labels.first() else { return };
        for attribute in &body.attributes {
            let name = &*attribute.name.text;
            if !matches!(name, "for_each" | "iterator" | "labels") {
                let hint = did_you_mean(name, ["for_each", "iterator", "labels"]);
                let detail = format!(
                    "A dynamic block has the arguments for_each, iterator and labels, but not \"{name}\"; the arguments \
                     of the generated blocks go into its content block.{hint}"
                );
                diagnostics.push(Diagnostic::error("Unsupported argument", detail).at(attribute.name.span));
            }
        }
        let mut contents = body.blocks_of("content");
        let (Some(content), None) = (contents.next(), contents.next()) else {
            let detail = "A dynamic block has exactly one content block, which describes each generated block.";
            diagnostics.push(Diagnostic::error("Invalid dynamic block", detail).at(written.header));
            return;
        };
        if let Some(other) = body.blocks.iter().find(|block| &*block.kind.text != "content") {
            let detail = "Within a dynamic block only a content block is expected; nested blocks go into it.";
            diagnostics.push(Diagnostic::error("Unsupported block type", detail).at(other.header));
        }
        let Some(for_each) = body.attribute("for_each") else {
            let detail = "The argument \"for_each\" is required: the collection that the blocks are generated from.";
            diagnostics.push(Diagnostic::error("Missing required argument", detail).at(written.header));
            return;
        };
        let iterator = match body.attribute("iterator") {
            None => kind.text.to_string(),
            Some(attribute) => match super::keyword(&attribute.expr).filter(|name| is_identifier(name)) {
                Some(name) => name,
                None => {
                    let detail = "The iterator is the name by which the content refers to the current element.";
                    diagnostics.push(Diagnostic::error("Invalid iterator name", detail).at(attribute.expr.span));
                    return;
                }
            },
        };
        found.last = Some(written.header);
        let Some(value) = diagnostics.take(self.eval(&for_each.expr, env)) else {
            found.unknown = true;
            return;
        };
        let (value, marks) = value.unmark();
        let elements = match self.dynamic_elements(&value, &for_each.expr, env) {
            Ok(Some(elements)) => elements,
            Ok(None) => {
                found.unknown = true;
                return;
            }
            Err(errors) => {
                diagnostics.extend(errors);
                found.unknown = true;
                return;
            }
        };
        for (key, value) in elements {
            let element = Value::object([("key", key), ("value", value)]).with_marks(marks);
            let frame = env.bind(&iterator, element);
            let env = env.within(&frame);
            let before = diagnostics.len();
            let label = match (schema.nesting, body.attribute("labels")) {
                (Nesting::Map, Some(labels)) => self.dynamic_label(&labels.expr, env, diagnostics),
                _ => None,
            };
            let value = self.decode(&content.body, &schema.block, env, diagnostics);
            found.blocks.push((label, value));
            // Elements that fail alike need not be told one by one.
            if diagnostics.len() > before {
                found.unknown = true;
                return;
            }
        }
    }

    fn dynamic_elements(
        &self,
        value: &Value,
        expr: &Expr,
        env: Env<'_>,
    ) -> Result<Option<Vec<(Value, Value)>>, Diagnostics> {
        let invalid =
            |detail: String| self.failed(Diagnostic::error("Invalid dynamic for_each value", detail), expr, env);
        match value.kind() {
            ValueKind::Null(_) => Err(invalid("Cannot use a null value in for_each.".to_owned())),
            ValueKind::Bool(_) | ValueKind::Number(_) | ValueKind::String(_) => Err(invalid(format!(
                "Cannot use a {} value in for_each. An iterable collection is required.",
                value.ty().friendly()
            ))),
            ValueKind::Unknown(Type::Bool | Type::Number | Type::String, _) => {
                Err(invalid("An iterable collection is required.".to_owned()))
            }
            _ => self.elements(value, expr, env),
        }
    }

    fn dynamic_label(&self, labels: &Expr, env: Env<'_>, diagnostics: &mut Diagnostics) -> Option<Arc<str>> {
        let exprs = label_exprs(labels);
        let [expr] = exprs.as_slice() else {
            let detail = "Blocks of this type have one label, so \"labels\" must be a list of one.";
            diagnostics.push(Diagnostic::error("Invalid labels", detail).at(labels.span));
            return None;
        };
        let value = diagnostics.take(self.eval(expr, env))?;
        match super::iterate::key_text(value) {
            Ok((Some(text), _)) => Some(text),
            Ok((None, _)) => {
                let detail = "The label of a generated block must be known when the plan is made.";
                diagnostics.push(Diagnostic::error("Invalid labels", detail).at(expr.span));
                None
            }
            Err(detail) => {
                diagnostics.push(Diagnostic::error("Invalid labels", detail).at(expr.span));
                None
            }
        }
    }
}
