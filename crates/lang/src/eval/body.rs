//! The value of a body by the schema that describes it.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use smform_types::schema::{Attribute as SchemaAttribute, Block as SchemaBlock, NestedBlock, Nesting};
use smform_types::suggest::{did_you_mean, nearest};
use smform_types::{Diagnostic, Diagnostics, Span, Step, Type, Value, convert};

use super::evaluator::{Env, Evaluator};
use super::spans;
use crate::syntax::{Attribute, Block, Body, Expr, ExprKind};

/// The blocks of one type, as written or generated.
#[derive(Default)]
pub(super) struct Found {
    /// Label (for maps) and value of each.
    pub blocks: Vec<(Option<Arc<str>>, Value)>,
    /// A dynamic block does not know yet how many it generates.
    pub unknown: bool,
    /// The place of the last one.
    pub last: Option<Span>,
}

impl Evaluator<'_> {
    /// The value of a body: an object with every attribute and block of the schema, null or empty where nothing is
    /// written. Defaults are not filled in: that is the provider's part.
    ///
    /// The value is complete even when there are errors; what is wrong is unknown in it.
    pub fn body(&self, body: &Body, schema: &SchemaBlock) -> (Value, Diagnostics) {
        let mut diagnostics = Diagnostics::new();
        let value = self.decode(body, schema, Env::default(), &mut diagnostics);
        (value, diagnostics)
    }

    /// As [`Evaluator::body`], with names that are bound around the body.
    pub(super) fn decode(
        &self,
        body: &Body,
        schema: &SchemaBlock,
        env: Env<'_>,
        diagnostics: &mut Diagnostics,
    ) -> Value {
        let (body, errors) = with_blocks(body, schema);
        diagnostics.extend(errors);
        for (name, attribute) in &schema.attributes {
            if attribute.required && !body.has_required(name) {
                let detail =
                    format!("The argument \"{name}\" is required, but no definition was found.{}", about(attribute));
                diagnostics.push(Diagnostic::error("Missing required argument", detail).at(body.missing()));
            }
        }
        self.unexpected(&body, schema, diagnostics);
        let mut values: Vec<(Arc<str>, Value)> = Vec::with_capacity(schema.attributes.len() + schema.blocks.len());
        for (name, attribute) in &schema.attributes {
            let value = match body.attribute(name) {
                Some(written) => self.argument(written, attribute, env, diagnostics),
                None => Value::null(attribute.ty.without_optional()),
            };
            values.push((Arc::from(*name), value));
        }
        for (name, block) in &schema.blocks {
            if let Some(written) = body.attribute(name).filter(|_| block.as_argument) {
                values.push((Arc::from(*name), self.objects(written, block, env, diagnostics)));
                continue;
            }
            let mut found = Found::default();
            for written in &body.blocks {
                if *written.kind.text == **name {
                    self.written(written, name, block, env, diagnostics, &mut found);
                } else if &*written.kind.text == "dynamic"
                    && written.labels.first().is_some_and(|label| *label.text == **name)
                {
                    self.dynamic(written, block, env, diagnostics, &mut found);
                }
            }
            check_count(name, block, &found, body.missing(), diagnostics);
            values.push((Arc::from(*name), collect(block, found)));
        }
        Value::object(values)
    }

    fn argument(
        &self,
        written: &Attribute,
        schema: &SchemaAttribute,
        env: Env<'_>,
        diagnostics: &mut Diagnostics,
    ) -> Value {
        let name = &written.name.text;
        let unknown = || Value::unknown(schema.ty.without_optional());
        let value = self.told(&written.expr, env, diagnostics);
        let nothing = value.is_null();
        // As in Terraform, nothing may be given.
        if !schema.is_settable() && !schema.passed_over && !nothing {
            let detail = format!(
                "The provider decides the value of \"{name}\"; configuration cannot set it. Remove this argument."
            );
            let error = Diagnostic::error("Value for unconfigurable attribute", detail);
            diagnostics.push(error.at(written.name.span));
            return unknown();
        }
        match convert(value, &schema.ty) {
            Ok(value) => {
                if nothing && schema.required {
                    let detail =
                        format!("The argument \"{name}\" is required, but its value is null.{}", about(schema));
                    let error = Diagnostic::error("Missing required argument", detail);
                    diagnostics.extend(self.failed(error, &written.expr, env));
                }
                value
            }
            Err(error) => {
                let place = spans::within(&written.expr, &error.path.0);
                let detail = format!("Inappropriate value for attribute \"{name}\": {error}.");
                let error = Diagnostic::error("Incorrect attribute value type", detail).at(place);
                diagnostics.extend(self.failed(error, &written.expr, env));
                unknown()
            }
        }
    }

    /// The value of blocks that are written as an argument.
    fn objects(&self, written: &Attribute, schema: &NestedBlock, env: Env<'_>, diagnostics: &mut Diagnostics) -> Value {
        let before = diagnostics.len();
        let value = self.argument(written, &schema.attribute(), env, diagnostics);
        if diagnostics.len() > before {
            return value;
        }
        let (elements, _) = value.clone().unmark();
        for (at, element) in elements.as_slice().unwrap_or_default().iter().enumerate() {
            let place = spans::within(&written.expr, &[Step::Index(at)]);
            if element.is_null() {
                let detail = format!("An element of \"{}\" is null, but each must be an object.", written.name.text);
                diagnostics.push(Diagnostic::error("Null value found in list", detail).at(place));
            }
            for (name, attribute) in schema.block.attributes.iter().filter(|(_, attribute)| attribute.required) {
                if element.get(name).is_some_and(Value::is_null) {
                    let detail =
                        format!("The argument \"{name}\" is required, but its value is null.{}", about(attribute));
                    diagnostics.push(Diagnostic::error("Missing required argument", detail).at(place));
                }
            }
        }
        value
    }

    fn written(
        &self,
        written: &Block,
        name: &str,
        schema: &NestedBlock,
        env: Env<'_>,
        diagnostics: &mut Diagnostics,
        found: &mut Found,
    ) {
        let wanted = usize::from(schema.nesting == Nesting::Map);
        if let Some(extra) = written.labels.get(wanted) {
            let detail = format!("A \"{name}\" block has {} here. Remove this one.", labels(wanted));
            diagnostics.push(Diagnostic::error("Extraneous label", detail).at(extra.span));
        }
        if written.labels.len() < wanted {
            let detail = format!("A \"{name}\" block needs a label that tells it from the others.");
            diagnostics.push(Diagnostic::error("Missing label", detail).at(written.body.missing()));
        }
        let label = written.labels.first().map(|label| Arc::clone(&label.text));
        let value = self.decode(&written.body, &schema.block, env, diagnostics);
        found.blocks.push((label, value));
        found.last = Some(written.header);
    }

    /// Reports arguments and blocks that the schema does not know, and arguments that are set twice.
    fn unexpected(&self, body: &Body, schema: &SchemaBlock, diagnostics: &mut Diagnostics) {
        let mut seen = BTreeSet::new();
        for Attribute { name, .. } in &body.attributes {
            if !seen.insert(&name.text) {
                let detail = format!("The argument \"{}\" is set more than once. Keep one.", name.text);
                diagnostics.push(Diagnostic::error("Attribute redefined", detail).at(name.span));
            }
            let objects = schema.blocks.get(&*name.text).is_some_and(|block| block.as_argument);
            if objects && has_blocks(body, &name.text) {
                let detail = format!("Write either \"{0}\" blocks or the argument \"{0}\", not both.", name.text);
                diagnostics.push(Diagnostic::error("Unsupported argument", detail).at(name.span));
            } else if !objects && body.overridden.is_none() && !schema.attributes.contains_key(&*name.text) {
                let error = unsupported_argument(&name.text, schema).at(name.span);
                // In JSON syntax it may have been meant to be a block.
                let summary = if body.json { "Extraneous JSON object property".to_owned() } else { error.summary };
                diagnostics.push(Diagnostic { summary, ..error });
            }
        }
        for block in &body.blocks {
            let dynamic = &*block.kind.text == "dynamic";
            let kind = match (dynamic, block.labels.first()) {
                (true, Some(label)) => label,
                (true, None) => {
                    let detail = "A dynamic block has one label: the type of the blocks that it generates.";
                    diagnostics.push(Diagnostic::error("Missing label", detail).at(block.body.missing()));
                    continue;
                }
                (false, _) => &block.kind,
            };
            if body.overridden.is_none() && !schema.blocks.contains_key(&*kind.text) {
                diagnostics.push(unsupported_block(&kind.text, schema).at(kind.span));
            }
        }
    }
}

/// The body with the schema's block types as blocks. In JSON, where both look alike, blocks that may be written as an
/// argument are taken for blocks when objects are written out.
pub(super) fn with_blocks<'b>(body: &'b Body, schema: &SchemaBlock) -> (Cow<'b, Body>, Diagnostics) {
    let is_block = |name: &str, block: &NestedBlock| {
        let argument = || body.attribute(name).is_some_and(|attribute| !holds_objects(&attribute.expr));
        !(block.as_argument && argument())
    };
    let types: Vec<(&str, usize)> = schema
        .blocks
        .iter()
        .filter(|(name, block)| is_block(name, block))
        .map(|(name, block)| (*name, usize::from(block.nesting == Nesting::Map)))
        .chain([("dynamic", 1)])
        .collect();
    body.expanded(&types)
}

fn holds_objects(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Object(_) => true,
        ExprKind::Tuple(items) => items.first().is_some_and(holds_objects),
        _ => false,
    }
}

/// Whether blocks of a type are written or generated.
fn has_blocks(body: &Body, kind: &str) -> bool {
    body.blocks_of(kind).next().is_some()
        || body.blocks_of("dynamic").any(|block| block.labels.first().is_some_and(|label| *label.text == *kind))
}

fn about(attribute: &SchemaAttribute) -> String {
    if attribute.description.is_empty() { String::new() } else { format!(" {}", attribute.description) }
}

fn labels(count: usize) -> &'static str {
    if count == 0 { "no labels" } else { "one label" }
}

fn unsupported_argument(name: &str, schema: &SchemaBlock) -> Diagnostic {
    let hint = if schema.blocks.contains_key(name) {
        format!(
            " Did you mean to define a block of type \"{name}\"? If so, write {name} {{ ... }} without the equals sign."
        )
    } else {
        let settable = schema.attributes.iter().filter(|(_, attribute)| attribute.is_settable());
        match nearest(name, schema.blocks.keys().copied()) {
            Some(block) => format!(" Did you mean to define a block of type \"{block}\"?"),
            None => did_you_mean(name, settable.map(|(name, _)| *name)),
        }
    };
    let detail = format!("An argument named \"{name}\" is not expected here.{hint}");
    Diagnostic::error("Unsupported argument", detail)
}

fn unsupported_block(name: &str, schema: &SchemaBlock) -> Diagnostic {
    let hint = if schema.attributes.contains_key(name) {
        format!(" Did you mean to define argument \"{name}\"? If so, use the equals sign to assign it a value.")
    } else {
        match nearest(name, schema.attributes.keys().copied()) {
            Some(argument) => format!(" Did you mean to define argument \"{argument}\"?"),
            None => did_you_mean(name, schema.blocks.keys().copied()),
        }
    };
    let detail = format!("Blocks of type \"{name}\" are not expected here.{hint}");
    Diagnostic::error("Unsupported block type", detail)
}

fn check_count(name: &str, block: &NestedBlock, found: &Found, opening: Span, diagnostics: &mut Diagnostics) {
    if found.unknown {
        return;
    }
    let count = found.blocks.len();
    let plural = |count: usize| if count == 1 { "block is" } else { "blocks are" };
    if count < block.min_items {
        let detail = format!("At least {} \"{name}\" {} required.", block.min_items, plural(block.min_items));
        diagnostics.push(Diagnostic::error(format!("Insufficient {name} blocks"), detail).at(opening));
    }
    if block.max_items > 0 && count > block.max_items {
        let detail = format!("No more than {} \"{name}\" {} allowed.", block.max_items, plural(block.max_items));
        let place = found.last.unwrap_or(opening);
        diagnostics.push(Diagnostic::error(format!("Too many {name} blocks"), detail).at(place));
    }
}

/// Holds the blocks of one type as the schema says.
fn collect(schema: &NestedBlock, found: Found) -> Value {
    let inner: Type = schema.block.ty();
    if found.unknown {
        return Value::unknown(schema.ty());
    }
    if found.blocks.is_empty() {
        return schema.empty();
    }
    let values = found.blocks.iter().map(|(_, value)| value.clone());
    match schema.nesting {
        Nesting::Single => found.blocks.into_iter().next_back().map_or_else(|| Value::null(inner), |(_, value)| value),
        Nesting::List => Value::list(inner, values),
        Nesting::Set => Value::set(inner, values),
        Nesting::Map => {
            Value::map(inner, found.blocks.into_iter().map(|(label, value)| (label.unwrap_or_default(), value)))
        }
    }
}

/// The values of `labels` of a dynamic block.
pub(super) fn label_exprs(expr: &Expr) -> Vec<&Expr> {
    match &expr.kind {
        ExprKind::Tuple(items) => items.iter().collect(),
        _ => Vec::new(),
    }
}
