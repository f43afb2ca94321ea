//! References: what traversals in expressions refer to.

use smform_types::suggest::did_you_mean;
use smform_types::{
    Diagnostic, Diagnostics, InstanceKey, Path, ResourceAddress, ResourceMode, Span, Step, ValueKind, schema,
};

use super::body::with_blocks;
use super::{Reference, Subject};
use crate::syntax::{Body, Call, Expr, ExprKind, ForExpr, Ident, TemplatePart, TraversalStep};

/// The references in an expression, in order; names bound by `for` are not among them. Malformed ones are left out,
/// since evaluation reports them.
#[must_use]
pub fn references(expr: &Expr) -> Vec<Reference> {
    let mut found = Vec::new();
    traversals(expr, &mut |traversal| found.extend(parse_reference(traversal)));
    found
}

/// The references in a body, nested and dynamic blocks included. With a schema, only in what the schema knows.
#[must_use]
pub fn references_in_body(body: &Body, schema: Option<&schema::Block>) -> Vec<Reference> {
    let mut found = Vec::new();
    in_body(body, schema, &mut Vec::new(), &mut |traversal| found.extend(parse_reference(traversal)));
    found
}

/// Calls `see` for each traversal in a body whose root is not bound within it.
pub(super) fn in_body<'x>(
    body: &'x Body,
    schema: Option<&schema::Block>,
    bound: &mut Vec<String>,
    see: &mut dyn FnMut(&Expr),
) {
    let (body, _) = schema.map_or_else(|| body.expanded(&[("dynamic", 1)]), |schema| with_blocks(body, schema));
    let is_argument = |schema: &schema::Block, name: &str| {
        schema.attributes.contains_key(name) || schema.blocks.get(name).is_some_and(|block| block.as_argument)
    };
    for attribute in &body.attributes {
        if schema.is_none_or(|schema| is_argument(schema, &attribute.name.text)) {
            walk(&attribute.expr, bound, see);
        }
    }
    for block in &body.blocks {
        let dynamic = &*block.kind.text == "dynamic";
        let kind = if dynamic { block.labels.first() } else { Some(&block.kind) };
        let inner = match (schema, kind) {
            (Some(schema), Some(kind)) => match schema.blocks.get(&*kind.text) {
                Some(nested) => Some(&nested.block),
                None => continue,
            },
            _ => None,
        };
        if dynamic {
            in_dynamic(&block.body, kind, inner, bound, see);
        } else {
            in_body(&block.body, inner, bound, see);
        }
    }
}

fn in_dynamic(
    body: &Body,
    kind: Option<&Ident>,
    schema: Option<&schema::Block>,
    bound: &mut Vec<String>,
    see: &mut dyn FnMut(&Expr),
) {
    let (body, _) = body.expanded(&[("content", 0)]);
    if let Some(for_each) = body.attribute("for_each") {
        walk(&for_each.expr, bound, see);
    }
    let iterator = body.attribute("iterator").and_then(|attribute| super::statics::keyword(&attribute.expr));
    let name = iterator.or_else(|| kind.map(|kind| kind.text.to_string())).unwrap_or_default();
    bound.push(name);
    if let Some(labels) = body.attribute("labels") {
        walk(&labels.expr, bound, see);
    }
    for content in body.blocks_of("content") {
        in_body(&content.body, schema, bound, see);
    }
    bound.pop();
}

/// Calls `see` for each traversal whose root is not bound by a `for` around it.
pub(super) fn traversals(expr: &Expr, see: &mut dyn FnMut(&Expr)) {
    walk(expr, &mut Vec::new(), see);
}

/// Whether an expression names anything outside of itself, be it something that there is or not.
#[must_use]
pub fn names_anything(expr: &Expr) -> bool {
    !unbound_roots(expr).is_empty()
}

/// The roots of traversals that are not bound within the expression.
pub(super) fn unbound_roots(expr: &Expr) -> Vec<Ident> {
    let mut roots = Vec::new();
    traversals(expr, &mut |traversal| {
        if let ExprKind::Traversal { root, .. } = &traversal.kind {
            roots.push(root.clone());
        }
    });
    roots
}

fn walk(expr: &Expr, bound: &mut Vec<String>, see: &mut dyn FnMut(&Expr)) {
    crate::stack::with_room(|| walk_parts_of(expr, bound, see));
}

fn walk_parts_of(expr: &Expr, bound: &mut Vec<String>, see: &mut dyn FnMut(&Expr)) {
    match &expr.kind {
        ExprKind::Literal(_) => {}
        ExprKind::Template { parts, .. } => walk_parts(parts, bound, see),
        ExprKind::Traversal { root, steps } => {
            if !bound.iter().any(|name| **name == *root.text) {
                see(expr);
            }
            walk_steps(steps, bound, see);
        }
        ExprKind::Relative { from, steps } => {
            walk(from, bound, see);
            walk_steps(steps, bound, see);
        }
        ExprKind::Tuple(items) => items.iter().for_each(|item| walk(item, bound, see)),
        ExprKind::Object(items) => items.iter().for_each(|item| {
            walk(&item.key, bound, see);
            walk(&item.value, bound, see);
        }),
        ExprKind::For(parts) => walk_for(parts, bound, see),
        ExprKind::Conditional(parts) => parts.iter().for_each(|part| walk(part, bound, see)),
        ExprKind::Binary(_, operands) => operands.iter().for_each(|operand| walk(operand, bound, see)),
        ExprKind::Unary(_, operand) | ExprKind::Parens(operand) => walk(operand, bound, see),
        ExprKind::Call(call) => {
            // The second argument of `convert` is a type, whose keywords refer to nothing.
            let values = if is_conversion(call) { 1 } else { call.arguments.len() };
            call.arguments.iter().take(values).for_each(|argument| walk(argument, bound, see));
        }
    }
}

fn is_conversion(call: &Call) -> bool {
    matches!(&*call.name.text, "convert" | "core::convert")
}

fn walk_steps(steps: &[TraversalStep], bound: &mut Vec<String>, see: &mut dyn FnMut(&Expr)) {
    for step in steps {
        if let TraversalStep::Index(key, _) = step {
            walk(key, bound, see);
        }
    }
}

fn walk_for(parts: &ForExpr, bound: &mut Vec<String>, see: &mut dyn FnMut(&Expr)) {
    walk(&parts.collection, bound, see);
    let before = bound.len();
    bound.extend(parts.key.iter().chain([&parts.value]).map(|name| name.text.to_string()));
    for part in parts.result_key.iter().chain([&parts.result]).chain(&parts.condition) {
        walk(part, bound, see);
    }
    bound.truncate(before);
}

fn walk_parts(parts: &[TemplatePart], bound: &mut Vec<String>, see: &mut dyn FnMut(&Expr)) {
    for part in parts {
        match part {
            TemplatePart::Text(_) => {}
            TemplatePart::Interpolation(expr) => walk(expr, bound, see),
            TemplatePart::If { condition, then, otherwise, .. } => {
                walk(condition, bound, see);
                walk_parts(then, bound, see);
                walk_parts(otherwise, bound, see);
            }
            TemplatePart::For { key, value, collection, body, .. } => {
                walk(collection, bound, see);
                let before = bound.len();
                bound.extend(key.iter().chain([value]).map(|name| name.text.to_string()));
                walk_parts(body, bound, see);
                bound.truncate(before);
            }
        }
    }
}

/// The reference that a traversal expression is.
///
/// # Errors
/// When it is not a traversal, or one that can refer to nothing.
pub fn parse_reference(expr: &Expr) -> Result<Reference, Diagnostics> {
    let ExprKind::Traversal { root, steps } = &expr.kind else {
        let detail = "A reference, such as aws_vpc.main or var.name, is required here.";
        return Err(Diagnostic::error("Invalid expression", detail).at(expr.span).into());
    };
    let (subject, used) = subject_of(root, steps).map_err(|error| error.at(wrong_part(root, steps)))?;
    let mut rest = steps.get(used..).unwrap_or_default().iter().peekable();
    let (mut key, mut key_place) = (None, None);
    if matches!(subject, Subject::Resource(_) | Subject::Module(_))
        && let Some(found) = rest.peek().and_then(|step| instance_key(step))
    {
        key = Some(found);
        key_place = rest.next().map(TraversalStep::span);
    }
    if let (Subject::Module(name), Some(_), Some(step)) = (&subject, &key, rest.peek())
        && matches!(path_step(step), Some(Step::Index(_) | Step::Key(_)))
    {
        let detail = format!("An output of an instance of module.{name} is selected by its name after a dot.");
        return Err(invalid(detail).at(step.span()).into());
    }
    let (path, places) = rest.map_while(|step| Some((path_step(step)?, step.span()))).unzip();
    let head = match subject {
        // A module is named together with the output that is meant.
        Subject::Module(_) => expr.span,
        _ => subject_span(root, steps, used),
    };
    Ok(Reference { subject, key, key_place, rest: Path(path), steps: places, head, span: expr.span })
}

fn instance_key(step: &TraversalStep) -> Option<InstanceKey> {
    match path_step(step)? {
        Step::Index(at) => u64::try_from(at).ok().map(InstanceKey::Index),
        Step::Key(name) => Some(InstanceKey::Name(name.into())),
        Step::Attribute(_) | Step::Element => None,
    }
}

/// A step that is written out.
pub(super) fn path_step(step: &TraversalStep) -> Option<Step> {
    match step {
        TraversalStep::Attribute(name) => Some(Step::Attribute(name.text.to_string())),
        TraversalStep::Index(key, _) => match &key.kind {
            ExprKind::Literal(value) => match value.kind() {
                ValueKind::String(text) => Some(Step::Key(text.to_string())),
                ValueKind::Number(number) => number.to_i64().and_then(|at| usize::try_from(at).ok()).map(Step::Index),
                _ => None,
            },
            _ => None,
        },
        TraversalStep::Splat(_) | TraversalStep::LegacySplat(_) => None,
    }
}

/// The place of a traversal's first steps.
pub(super) fn subject_span(root: &Ident, steps: &[TraversalStep], used: usize) -> Span {
    let last = used.checked_sub(1).and_then(|last| steps.get(last));
    last.map_or(root.span, |step| root.span.to(step.span()))
}

/// What is wrong with the traversals in an expression that can refer to nothing.
pub fn malformed(expr: &Expr) -> Diagnostics {
    let mut found = Diagnostics::new();
    traversals(expr, &mut |traversal| found.extend(parse_reference(traversal).err().unwrap_or_default()));
    found
}

/// The same for a body; see [`references_in_body`].
pub fn malformed_in_body(body: &Body, schema: Option<&schema::Block>) -> Diagnostics {
    let mut found = Diagnostics::new();
    in_body(body, schema, &mut Vec::new(), &mut |traversal| {
        found.extend(parse_reference(traversal).err().unwrap_or_default());
    });
    found
}

fn invalid(detail: impl Into<String>) -> Diagnostic {
    Diagnostic::error("Invalid reference", detail)
}

/// What a traversal that refers to nothing is told at: an index where a name belongs, else all names that it begins with.
pub(super) fn wrong_part(root: &Ident, steps: &[TraversalStep]) -> Span {
    if let Some(TraversalStep::Index(_, span)) = steps.first() {
        return *span;
    }
    let names =
        steps.iter().take_while(|step| !matches!(step, TraversalStep::Splat(_) | TraversalStep::LegacySplat(_)));
    subject_span(root, steps, names.count())
}

/// What a traversal refers to, and how many of its steps say so.
pub(super) fn subject_of(root: &Ident, steps: &[TraversalStep]) -> Result<(Subject, usize), Diagnostic> {
    let name = |at: usize| match steps.get(at) {
        Some(TraversalStep::Attribute(name)) => Some(name),
        _ => None,
    };
    let attribute = |wrap: fn(std::sync::Arc<str>) -> Subject| match name(0) {
        Some(attribute) => Ok((wrap(attribute.text.clone()), 1)),
        None => Err(invalid(format!(
            "The \"{0}\" object cannot be accessed directly. Instead, access one of its attributes: {0}.name.",
            root.text
        ))),
    };
    match &*root.text {
        "var" => attribute(Subject::Variable),
        "local" => attribute(Subject::Local),
        "module" => attribute(Subject::Module),
        "output" => attribute(Subject::Output),
        "path" => attribute(Subject::Path),
        "terraform" => attribute(Subject::Terraform),
        "self" => Ok((Subject::SelfObject, 0)),
        "count" => match name(0) {
            Some(attribute) if &*attribute.text == "index" => Ok((Subject::CountIndex, 1)),
            Some(attribute) => Err(Diagnostic::error(
                "Invalid \"count\" attribute",
                format!(
                    "The \"count\" object does not have an attribute named {:?}; only count.index.",
                    attribute.text
                ),
            )
            .at(root.span.to(attribute.span))),
            None => Err(invalid("The \"count\" object cannot be accessed directly. Write count.index.")),
        },
        "each" => match name(0) {
            Some(attribute) if &*attribute.text == "key" => Ok((Subject::EachKey, 1)),
            Some(attribute) if &*attribute.text == "value" => Ok((Subject::EachValue, 1)),
            Some(attribute) => Err(Diagnostic::error(
                "Invalid \"each\" attribute",
                format!(
                    "The \"each\" object does not have an attribute named {:?}; only each.key and each.value.",
                    attribute.text
                ),
            )
            .at(root.span.to(attribute.span))),
            None => Err(invalid("The \"each\" object cannot be accessed directly. Write each.key or each.value.")),
        },
        "data" => resource(ResourceMode::Data, name(0), name(1), "data", 2),
        "resource" => resource(ResourceMode::Managed, name(0), name(1), "resource", 2),
        "ephemeral" => match (name(0), name(1)) {
            (Some(kind), Some(name)) => Ok((Subject::Ephemeral(kind.text.clone(), name.text.clone()), 2)),
            _ => Err(invalid(
                "The \"ephemeral\" object must be followed by two attribute names: the type and the name, as in \
                 ephemeral.type.name.",
            )),
        },
        "template" | "lazy" | "arg" => {
            let reserved = |detail| Diagnostic::error("Reserved symbol name", detail).at(root.span);
            Err(reserved(format!("The name \"{}\" is reserved and cannot be used as a reference.", root.text)))
        }
        type_name if !type_name.contains('_') && name(0).is_none() => Err(unknown_root(root)),
        _ => resource(ResourceMode::Managed, Some(root), name(0), "", 1),
    }
}

fn resource(
    mode: ResourceMode,
    type_name: Option<&Ident>,
    name: Option<&Ident>,
    prefix: &str,
    used: usize,
) -> Result<(Subject, usize), Diagnostic> {
    match (type_name, name) {
        (Some(type_name), Some(name)) => {
            let address = ResourceAddress::new(mode, type_name.text.clone(), name.text.clone());
            Ok((Subject::Resource(address), used))
        }
        _ if prefix.is_empty() => Err(invalid(
            "A reference to a resource type must be followed by at least one attribute access, specifying the resource \
             name.",
        )),
        _ => Err(invalid(format!(
            "The \"{prefix}\" object must be followed by two attribute names: the type and the name, as in \
             {prefix}.type.name."
        ))),
    }
}

fn unknown_root(root: &Ident) -> Diagnostic {
    let roots =
        ["var", "local", "module", "data", "each", "count", "path", "terraform", "self", "true", "false", "null"];
    let hint = did_you_mean(&root.text, roots);
    invalid(format!(
        "\"{}\" stands alone and is no value. Text needs quotes; a reference to a resource is written type.name.{hint}",
        root.text
    ))
}
