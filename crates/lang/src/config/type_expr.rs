//! Type constraints: `list(string)`, `object({ a = optional(number, 1) })`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use smform_types::suggest::did_you_mean;
use smform_types::ty::ObjectType;
use smform_types::{Diagnostic, Diagnostics, Span, Type, convert};

use crate::eval::{TypeDefaults, static_value, unquoted};
use crate::syntax::{Call, Expr, ExprKind, is_identifier};

const NAMES: [&str; 9] = ["string", "number", "bool", "any", "list", "set", "map", "object", "tuple"];

/// The type that a constraint stands for, and the defaults in it.
///
/// # Errors
/// When it is no type constraint.
pub fn type_constraint(expr: &Expr) -> Result<(Type, TypeDefaults), Diagnostics> {
    if let ExprKind::Literal(value) = &expr.kind
        && let Some(text) = value.as_str()
    {
        let detail = format!("A type is written without quotes: {text}.");
        // What was written so before there were any other types.
        let former = matches!(text, "string" | "list" | "map");
        let summary = if former { "Invalid quoted type constraints" } else { "Invalid legacy variable type hint" };
        return Err(Diagnostic::error(summary, detail).at(expr.span).into());
    }
    whole(expr)
}

/// As [`type_constraint`], for JSON syntax, which writes constraints as strings.
///
/// # Errors
/// When it is no type constraint.
pub fn type_constraint_text(expr: &Expr) -> Result<(Type, TypeDefaults), Diagnostics> {
    let Ok(inner) = unquoted(expr) else {
        return Err(invalid(expr, "This is not a type, such as string or list(number)."));
    };
    // A whole text is told with its quotes.
    let quoted = |error: Diagnostic| match error.span == Some(inner.span) {
        true => Diagnostic { span: Some(expr.span), ..error },
        false => error,
    };
    whole(&inner).map_err(|errors| errors.map(quoted))
}

/// A constraint that stands alone, which may have a short form of old that leaves the element type open.
fn whole(expr: &Expr) -> Result<(Type, TypeDefaults), Diagnostics> {
    let short = match &expr.kind {
        ExprKind::Traversal { root, steps } if steps.is_empty() => match &*root.text {
            "list" => Some(Type::list(Type::Dynamic)),
            "map" => Some(Type::map(Type::Dynamic)),
            _ => None,
        },
        _ => None,
    };
    short.map_or_else(|| constraint(expr, false), |ty| Ok((ty, TypeDefaults::default())))
}

fn invalid(expr: &Expr, detail: impl Into<String>) -> Diagnostics {
    Diagnostic::error("Invalid type specification", detail).at(expr.span).into()
}

fn constraint(expr: &Expr, in_object: bool) -> Result<(Type, TypeDefaults), Diagnostics> {
    match &expr.kind {
        ExprKind::Traversal { root, steps } if steps.is_empty() => {
            let plain = |ty| Ok((ty, TypeDefaults::default()));
            match &*root.text {
                "string" => plain(Type::String),
                "number" => plain(Type::Number),
                "bool" => plain(Type::Bool),
                "any" => plain(Type::Dynamic),
                name @ ("list" | "set" | "map") => Err(invalid(
                    expr,
                    format!(
                        "The {name} type constructor requires one argument: the type of the elements, as in \
                         {name}(string)."
                    ),
                )),
                "object" => Err(invalid(
                    expr,
                    "The object type constructor requires one argument: a map of attribute names to their types, as in object({ name = string }).",
                )),
                "tuple" => Err(invalid(
                    expr,
                    "The tuple type constructor requires one argument: a list of element types, as in tuple([string, number]).",
                )),
                other => {
                    let hint = did_you_mean(other, NAMES);
                    Err(invalid(expr, format!("The keyword \"{other}\" is not a valid type specification.{hint}")))
                }
            }
        }
        ExprKind::Call(call) => constructor(call, expr, in_object),
        _ => Err(invalid(
            expr,
            "A type specification is either a primitive type keyword (bool, number, string) or a complex type constructor call, such as list(string).",
        )),
    }
}

fn constructor(call: &Call, expr: &Expr, in_object: bool) -> Result<(Type, TypeDefaults), Diagnostics> {
    let name = &*call.name.text;
    let at = |place: Span, detail: String| {
        Diagnostics::from(Diagnostic::error("Invalid type specification", detail).at(place))
    };
    let one = || {
        let detail = format!("The {name} type constructor requires one argument.");
        match call.arguments.as_slice() {
            [argument] => Ok(argument),
            [] => Err(at(call.arguments_span(expr), detail)),
            [_, second, rest @ ..] => Err(at(second.span.to(rest.last().unwrap_or(second).span), detail)),
        }
    };
    let collection = |wrap: fn(Type) -> Type| {
        let (element, defaults) = constraint(one()?, false)?;
        Ok((wrap(element), children([(Arc::from(""), defaults)])))
    };
    match name {
        "list" => collection(Type::list),
        "set" => collection(Type::set),
        "map" => collection(Type::map),
        "tuple" => {
            let argument = one()?;
            let ExprKind::Tuple(items) = &argument.kind else {
                return Err(invalid(argument, "Tuple type constructor requires a list of element types."));
            };
            let mut types = Vec::with_capacity(items.len());
            let mut inner = Vec::new();
            for (at, item) in items.iter().enumerate() {
                let (ty, defaults) = constraint(item, false)?;
                types.push(ty);
                inner.push((Arc::from(at.to_string()), defaults));
            }
            Ok((Type::tuple(types), children(inner)))
        }
        "object" => object(one()?),
        "optional" if in_object => Err(at(
            call.name.span,
            "Optional attributes cannot be nested in one another: write optional once.".to_owned(),
        )),
        "optional" => {
            let detail = "The keyword \"optional\" is valid only as a modifier for object type attributes.";
            Err(at(call.name.span, detail.to_owned()))
        }
        "string" | "number" | "bool" | "any" => {
            Err(at(call.arguments_span(expr), format!("Primitive type keyword \"{name}\" does not expect arguments.")))
        }
        other => {
            let hint = did_you_mean(other, NAMES);
            Err(at(expr.span, format!("Keyword \"{other}\" is not a valid type constructor.{hint}")))
        }
    }
}

fn object(argument: &Expr) -> Result<(Type, TypeDefaults), Diagnostics> {
    let ExprKind::Object(items) = &argument.kind else {
        return Err(invalid(
            argument,
            "Object type constructor requires a map whose keys are attribute names and whose values are types.",
        ));
    };
    let mut attributes = BTreeMap::new();
    let mut optional = BTreeSet::new();
    let mut defaults = TypeDefaults::default();
    for item in items {
        let name: Arc<str> = match &item.key.kind {
            ExprKind::Literal(key) if !item.quoted && key.as_str().is_some_and(is_identifier) => {
                key.as_str().unwrap_or_default().into()
            }
            _ => return Err(invalid(&item.key, "The names of attributes are written out, without quotes.")),
        };
        let (ty, inner) = match &item.value.kind {
            ExprKind::Call(call) if &*call.name.text == "optional" => {
                optional.insert(Arc::clone(&name));
                let (ty, inner, default) = optional_attribute(call, &item.value)?;
                if let Some(default) = default {
                    defaults.attributes.insert(Arc::clone(&name), default);
                }
                (ty, inner)
            }
            _ => constraint(&item.value, true)?,
        };
        if !inner.is_empty() {
            defaults.children.insert(Arc::clone(&name), inner);
        }
        if attributes.insert(Arc::clone(&name), ty).is_some() {
            return Err(invalid(&item.key, format!("The attribute \"{name}\" stands here twice. Keep one of them.")));
        }
    }
    Ok((Type::Object(Arc::new(ObjectType { attributes, optional })), defaults))
}

fn optional_attribute(
    call: &Call,
    expr: &Expr,
) -> Result<(Type, TypeDefaults, Option<smform_types::Value>), Diagnostics> {
    let (ty, default) = match call.arguments.as_slice() {
        [ty] => (ty, None),
        [ty, default] => (ty, Some(default)),
        _ => {
            let detail =
                "Optional attribute modifier requires the attribute type as its argument, and may have a default.";
            let place = call.arguments_span(expr);
            return Err(Diagnostic::error("Invalid type specification", detail).at(place).into());
        }
    };
    let (ty, inner) = constraint(ty, true)?;
    let Some(default) = default else { return Ok((ty, inner, None)) };
    let value = inner.apply(static_value(default)?);
    let value = convert(value, &ty).map_err(|error| {
        let detail = format!("This default value is not compatible with the attribute's type constraint: {error}.");
        Diagnostics::from(Diagnostic::error("Invalid default value for optional attribute", detail).at(default.span))
    })?;
    Ok((ty, inner, Some(value)))
}

fn children(items: impl IntoIterator<Item = (Arc<str>, TypeDefaults)>) -> TypeDefaults {
    let children = items.into_iter().filter(|(_, defaults)| !defaults.is_empty()).collect();
    TypeDefaults { children, ..TypeDefaults::default() }
}

#[cfg(test)]
mod tests {
    use smform_types::{SourceId, Value};

    use super::*;
    use crate::syntax::parse_expression;

    fn read(text: &str) -> Result<(Type, TypeDefaults), Diagnostics> {
        type_constraint(&parse_expression(text, SourceId(0))?)
    }

    #[test]
    fn constraints_with_defaults_at_depth() {
        let text = "list(object({ a = optional(number, \"1\"), b = string, c = optional(object({ d = optional(bool, true) }), {}) }))";
        let (ty, defaults) = read(text).expect("a constraint");
        assert_eq!(
            ty.to_string(),
            "list(object({ a = optional(number), b = string, c = optional(object({ d = optional(bool) })) }))"
        );
        let value = convert(defaults.apply(Value::tuple([Value::object([("b", Value::string("x"))])])), &ty);
        let inner = Value::object([("d", Value::bool(true))]);
        let element = Value::object([("a", Value::number(1)), ("b", Value::string("x")), ("c", inner)]);
        assert_eq!(value.map(|value| value.get_index(0).cloned()), Ok(Some(element)));
    }

    #[test]
    fn mistakes_are_told() {
        for bad in [
            "strin",
            "list(string, number)",
            "optional(string)",
            "object(string)",
            "1",
            "string(1)",
            "tuple(a)",
            "(string)",
            "list((string))",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
        assert!(read("\"string\"").is_err());
        let quoted = parse_expression("\"list(string)\"", SourceId(0)).and_then(|expr| type_constraint_text(&expr));
        assert_eq!(quoted.map(|(ty, _)| ty), Ok(Type::list(Type::String)));
        assert!(read("map").is_ok());
    }
}
