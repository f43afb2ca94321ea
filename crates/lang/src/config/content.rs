//! What a block of the language itself may hold, and taking it out.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use smform_types::suggest::{did_you_mean, nearest};
use smform_types::{Diagnostic, Diagnostics, Span, Type};

use super::type_expr::{type_constraint, type_constraint_text};
use crate::eval::{TypeDefaults, static_bool, static_string};
use crate::syntax::{Attribute, Block, Body, Expr, Ident, is_identifier};

/// The shape of a block: its arguments, and its nested blocks with the number of their labels.
pub(super) struct Shape {
    /// Arguments.
    pub arguments: &'static [&'static str],
    /// Nested blocks.
    pub blocks: &'static [(&'static str, usize)],
}

/// The content of one block, checked against its shape.
pub(super) struct Content<'b> {
    arguments: BTreeMap<Arc<str>, Attribute>,
    /// The nested blocks that the shape knows.
    pub blocks: Vec<Block>,
    /// Everything that the shape does not know.
    pub rest: Body,
    /// Where to tell that something is missing.
    missing: Span,
    kind: Cow<'b, str>,
}

impl<'b> Content<'b> {
    /// Splits the content of a block into what the shape knows and the rest.
    pub fn split(block: &'b Block, shape: &Shape, diagnostics: &mut Diagnostics) -> Content<'b> {
        let (body, errors) = block.body.expanded(shape.blocks);
        diagnostics.extend(errors);
        let mut content = Content {
            arguments: BTreeMap::new(),
            blocks: Vec::new(),
            rest: Body {
                json: body.json,
                one_line: body.one_line,
                overridden: body.overridden.clone(),
                ..Body::empty(body.span)
            },
            missing: block.body.missing(),
            kind: Cow::Borrowed(&block.kind.text),
        };
        for attribute in &body.attributes {
            if !shape.arguments.contains(&&*attribute.name.text) {
                content.rest.attributes.push(attribute.clone());
            } else if content.arguments.contains_key(&attribute.name.text) {
                let detail = format!("The argument \"{}\" is set more than once. Keep one.", attribute.name.text);
                diagnostics.push(Diagnostic::error("Attribute redefined", detail).at(attribute.name.span));
            } else {
                content.arguments.insert(Arc::clone(&attribute.name.text), attribute.clone());
            }
        }
        for nested in &body.blocks {
            match shape.blocks.iter().find(|(kind, _)| *kind == &*nested.kind.text) {
                None => content.rest.blocks.push(nested.clone()),
                Some((_, labels)) => {
                    if let Some(extra) = nested.labels.get(*labels) {
                        let detail = format!("A \"{}\" block has {labels} labels here.", nested.kind.text);
                        let summary = format!("Extraneous label for {}", nested.kind.text);
                        diagnostics.push(Diagnostic::error(summary, detail).at(extra.span));
                    } else if nested.labels.len() < *labels {
                        let detail = format!("A \"{}\" block needs {labels} labels here.", nested.kind.text);
                        // The last of the labels is a name, where there are several.
                        let missing = if *labels > 1 && nested.labels.len() + 1 == *labels { "name" } else { "type" };
                        let summary = format!("Missing {missing} for {}", nested.kind.text);
                        diagnostics.push(Diagnostic::error(summary, detail).at(nested.body.brace()));
                    } else {
                        content.blocks.push(nested.clone());
                    }
                }
            }
        }
        content
    }

    /// As [`Content::split`], where nothing but what the shape knows may stand.
    pub fn exact(block: &'b Block, shape: &Shape, diagnostics: &mut Diagnostics) -> Content<'b> {
        let content = Content::split(block, shape, diagnostics);
        for attribute in &content.rest.attributes {
            let name = &*attribute.name.text;
            let hint = match shape.blocks.iter().find(|(kind, _)| *kind == name) {
                Some(_) => format!(" Did you mean to define a block of type \"{name}\"?"),
                None => match nearest(name, shape.blocks.iter().map(|(kind, _)| *kind)) {
                    Some(kind) => format!(" Did you mean to define a block of type \"{kind}\"?"),
                    None => did_you_mean(name, shape.arguments.iter().copied()),
                },
            };
            let detail = format!("An argument named \"{name}\" is not expected here.{hint}");
            let summary = unsupported(content.rest.json);
            diagnostics.push(Diagnostic::error(summary, detail).at(attribute.name.span));
        }
        for nested in &content.rest.blocks {
            diagnostics.push(unsupported_block(nested, shape));
        }
        content
    }

    /// The expression of an argument.
    pub fn get(&self, name: &str) -> Option<&Expr> {
        self.arguments.get(name).map(|attribute| &attribute.expr)
    }

    /// The argument with its name.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.arguments.get(name)
    }

    /// The expression of an argument that must be there.
    pub fn required(&self, name: &str, diagnostics: &mut Diagnostics) -> Option<&Expr> {
        let found = self.get(name);
        if found.is_none() {
            let detail = format!("The argument \"{name}\" is required in a \"{}\" block.", self.kind);
            // A name that is not expected is told after the one that it was meant to be.
            let is_later = |told: &Diagnostic| {
                UNEXPECTED.contains(&&*told.summary) && told.span.is_some_and(|span| self.rest.span.contains(span))
            };
            let error = Diagnostic::error("Missing required argument", detail).at(self.missing);
            let mut told: Vec<Diagnostic> = std::mem::take(diagnostics).into_iter().collect();
            let at = told.iter().position(is_later).unwrap_or(told.len());
            told.insert(at, error);
            *diagnostics = told.into_iter().collect();
        }
        found
    }

    /// A bool that is written out.
    pub fn bool(&self, name: &str, diagnostics: &mut Diagnostics) -> Option<bool> {
        self.get(name).and_then(|expr| diagnostics.take(self.placed(expr, static_bool(expr))))
    }

    /// A string that is written out.
    pub fn string(&self, name: &str, diagnostics: &mut Diagnostics) -> Option<String> {
        self.get(name).and_then(|expr| diagnostics.take(self.placed(expr, static_string(expr))))
    }

    /// In JSON syntax a value is told with its quotes and brackets.
    fn placed<T>(&self, expr: &Expr, result: Result<T, Diagnostics>) -> Result<T, Diagnostics> {
        let whole = |error: Diagnostic| match error.span == Some(expr.start()) {
            true => Diagnostic { span: Some(expr.span), ..error },
            false => error,
        };
        result.map_err(|errors| if self.rest.json { errors.map(whole) } else { errors })
    }

    /// A type constraint.
    pub fn type_constraint(&self, diagnostics: &mut Diagnostics) -> Option<(Type, TypeDefaults)> {
        let expr = self.get("type")?;
        diagnostics.take(if self.rest.json { type_constraint_text(expr) } else { type_constraint(expr) })
    }

    /// The nested blocks of a type.
    pub fn blocks_of<'c>(&'c self, kind: &'c str) -> impl Iterator<Item = &'c Block> {
        self.blocks.iter().filter(move |block| &*block.kind.text == kind)
    }

    /// The nested block of a type of which there may be one.
    pub fn single<'c>(&'c self, kind: &'c str, diagnostics: &mut Diagnostics) -> Option<&'c Block> {
        let mut found = self.blocks_of(kind);
        let first = found.next();
        for other in found {
            let detail = format!("Only one \"{kind}\" block is allowed here.");
            diagnostics.push(Diagnostic::error(format!("Duplicate {kind} block"), detail).at(other.header));
        }
        first
    }

    /// The rest, with the content of blocks named `_` put in place: they hold arguments whose names collide with
    /// those that the shape knows.
    pub fn rest_with_escapes(&self, diagnostics: &mut Diagnostics) -> Body {
        let (rest, errors) = self.rest.expanded(&[("_", 0)]);
        diagnostics.extend(errors);
        let (escapes, others) =
            rest.blocks.iter().cloned().partition::<Vec<Block>, _>(|block| &*block.kind.text == "_");
        let mut body = Body { blocks: others, ..rest.into_owned() };
        for (at, escape) in escapes.into_iter().enumerate() {
            if at > 0 {
                let detail = "One block named _ is enough. Put the arguments of this one into the first.";
                diagnostics.push(Diagnostic::error("Duplicate escaping block", detail).at(escape.header));
                continue;
            }
            for attribute in escape.body.attributes {
                if body.attribute(&attribute.name.text).is_some() {
                    let detail = format!("The argument \"{}\" is set outside of this block, too.", attribute.name.text);
                    diagnostics.push(Diagnostic::error("Duplicate argument", detail).at(attribute.name.span));
                } else {
                    body.attributes.push(attribute);
                }
            }
            body.blocks.extend(escape.body.blocks);
        }
        body
    }
}

/// The summaries for what is not expected in a block.
const UNEXPECTED: [&str; 3] = [unsupported(false), unsupported(true), UNSUPPORTED_BLOCK];

const UNSUPPORTED_BLOCK: &str = "Unsupported block type";

/// The summary for an argument that is not expected, which in JSON syntax may have been meant to be a block.
pub(super) const fn unsupported(json: bool) -> &'static str {
    if json { "Extraneous JSON object property" } else { "Unsupported argument" }
}

/// The error for a block of a type that is not expected.
pub(super) fn unsupported_block(block: &Block, shape: &Shape) -> Diagnostic {
    let kind = &*block.kind.text;
    let hint = if shape.arguments.contains(&kind) {
        format!(" Did you mean to define argument \"{kind}\"? If so, use the equals sign to assign it a value.")
    } else {
        match nearest(kind, shape.arguments.iter().copied()) {
            Some(argument) => format!(" Did you mean to define argument \"{argument}\"?"),
            None => did_you_mean(kind, shape.blocks.iter().map(|(kind, _)| *kind)),
        }
    };
    let detail = format!("Blocks of type \"{kind}\" are not expected here.{hint}");
    Diagnostic::error(UNSUPPORTED_BLOCK, detail).at(block.kind.span)
}

/// Reports a name that is not an identifier.
pub(super) fn check_name(name: &Ident, what: &str, diagnostics: &mut Diagnostics) {
    if !is_identifier(&name.text) {
        let detail = "A name must start with a letter or underscore and may contain only letters, digits, underscores, \
                      and dashes.";
        diagnostics.push(Diagnostic::error(format!("Invalid {what} name"), detail).at(name.span));
    }
}

/// The elements of a list that is written out.
pub(super) fn elements<'e>(expr: &'e Expr, diagnostics: &mut Diagnostics) -> &'e [Expr] {
    match &expr.kind {
        crate::syntax::ExprKind::Tuple(items) => items,
        _ => {
            let detail = "A list in square brackets is required here, written out.";
            diagnostics.push(Diagnostic::error("Invalid expression", detail).at(expr.start()));
            &[]
        }
    }
}
