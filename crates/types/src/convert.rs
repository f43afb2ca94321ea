//! Conversion of values to types, with the rules and the messages of Terraform's language.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::number::Number;
use crate::path::{Path, Step};
use crate::refinement::Refinement;
use crate::ty::{ObjectType, Type};
use crate::unify::unify;
use crate::value::{Value, ValueKind};

/// Why a value does not convert, and where in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConvertError {
    /// The part that does not convert.
    pub path: Path,
    /// What is needed, such as `a number is required`.
    pub message: String,
}

impl fmt::Display for ConvertError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.path.0 {
            match step {
                Step::Attribute(name) => write!(f, "attribute {name:?}: ")?,
                Step::Index(at) => write!(f, "element {at}: ")?,
                Step::Key(key) => write!(f, "element {key:?}: ")?,
                Step::Element => f.write_str("element: ")?,
            }
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for ConvertError {}

impl ConvertError {
    fn new(message: impl Into<String>) -> ConvertError {
        ConvertError { path: Path::root(), message: message.into() }
    }

    fn under(mut self, step: Step) -> ConvertError {
        self.path.0.insert(0, step);
        self
    }
}

/// Converts a value to a type; [`Type::Dynamic`] within the type stands for whatever the value has there.
///
/// Marks stay where they are. An unknown value becomes an unknown value of the type.
///
/// # Errors
/// When the value is known, or its type is, and there is no conversion. The message never shows the value.
pub fn convert(value: Value, ty: &Type) -> Result<Value, ConvertError> {
    if matches!(ty, Type::Dynamic) {
        return Ok(value);
    }
    let (value, marks) = value.unmark();
    let converted = match value.into_kind() {
        ValueKind::Null(from) => Value::null(resolve(&from, ty)?),
        ValueKind::Unknown(from, refinement) => unknown(&from, refinement.as_deref(), ty)?,
        kind => known(kind, ty)?,
    };
    Ok(converted.with_marks(marks))
}

/// The type that a null of type `from` has after conversion to `to`.
fn resolve(from: &Type, to: &Type) -> Result<Type, ConvertError> {
    match (from, to) {
        (_, Type::Dynamic) => Ok(from.clone()),
        (Type::Dynamic, _) => Ok(to.without_optional()),
        _ => unknown_type(from, to),
    }
}

fn unknown(from: &Type, refinement: Option<&Refinement>, to: &Type) -> Result<Value, ConvertError> {
    let resolved = if *from == Type::Dynamic { to.without_optional() } else { unknown_type(from, to)? };
    let refinement = refinement.cloned().unwrap_or_default();
    // What is known of the text of a number or the length of a set does not carry over to another type; how many members
    // a tuple or an object has does.
    let counted = |least: usize, most: usize| Refinement {
        not_null: refinement.not_null,
        min_length: u64::try_from(least).ok(),
        max_length: u64::try_from(most).ok(),
        ..Refinement::default()
    };
    let kept = match (from, &resolved) {
        (from, resolved) if from == resolved => refinement,
        (Type::Tuple(items), Type::List(_)) => counted(items.len(), items.len()),
        (Type::Tuple(items), Type::Set(_)) => counted(items.len().min(1), items.len()),
        (Type::Object(object), Type::Map(_)) => counted(object.attributes.len(), object.attributes.len()),
        _ => Refinement { not_null: refinement.not_null, ..Refinement::default() },
    };
    Ok(Value::refined(resolved, kept))
}

/// The type that an unknown value of type `from` has after conversion to `to`.
fn unknown_type(from: &Type, to: &Type) -> Result<Type, ConvertError> {
    let same = |from: &Type, to: &Type, step: Step| unknown_type(from, to).map_err(|error| error.under(step));
    match (from, to) {
        (_, Type::Dynamic) => Ok(from.clone()),
        (Type::Dynamic, _) => Ok(to.without_optional()),
        (from, to) if from == to => Ok(from.clone()),
        (Type::Number | Type::Bool, Type::String) | (Type::String, Type::Number | Type::Bool) => Ok(to.clone()),
        (Type::List(a) | Type::Set(a), Type::List(b)) => Ok(Type::list(same(a, b, Step::Element)?)),
        (Type::List(a) | Type::Set(a), Type::Set(b)) => Ok(Type::set(same(a, b, Step::Element)?)),
        (Type::Map(a), Type::Map(b)) => Ok(Type::map(same(a, b, Step::Element)?)),
        (Type::Tuple(items), Type::List(b)) => Ok(Type::list(common(items.iter(), b, "list")?)),
        (Type::Tuple(items), Type::Set(b)) => Ok(Type::set(common(items.iter(), b, "set")?)),
        (Type::Object(object), Type::Map(b)) => Ok(Type::map(common(object.attributes.values(), b, "map")?)),
        (Type::Tuple(a), Type::Tuple(b)) if a.len() == b.len() => {
            let items = a.iter().zip(b.iter()).enumerate().map(|(at, (a, b))| same(a, b, Step::Index(at)));
            Ok(Type::Tuple(items.collect::<Result<_, _>>()?))
        }
        (Type::Object(a), Type::Object(b)) => {
            let mut attributes = Vec::new();
            for (name, ty) in &b.attributes {
                let converted = match a.attributes.get(name) {
                    Some(from) => same(from, ty, Step::Attribute(name.to_string()))?,
                    None if b.optional.contains(name) => ty.without_optional(),
                    None => return Err(missing(a, b)),
                };
                attributes.push((Arc::clone(name), converted));
            }
            Ok(Type::object(attributes))
        }
        (Type::Map(element), Type::Object(object)) => {
            let attributes = object
                .attributes
                .iter()
                .map(|(name, ty)| Ok((Arc::clone(name), same(element, ty, Step::Attribute(name.to_string()))?)));
            Ok(Type::object(attributes.collect::<Result<Vec<_>, ConvertError>>()?))
        }
        _ => Err(mismatch(from, to)),
    }
}

fn common<'t>(members: impl Iterator<Item = &'t Type>, element: &Type, what: &str) -> Result<Type, ConvertError> {
    let members: Vec<Type> = members
        .enumerate()
        .map(|(at, member)| unknown_type(member, element).map_err(|error| error.under(Step::Index(at))))
        .collect::<Result<_, _>>()?;
    if members.is_empty() {
        return Ok(element.without_optional());
    }
    unify(&members).ok_or_else(|| ConvertError::new(format!("all {what} elements must have the same type")))
}

fn known(kind: ValueKind, ty: &Type) -> Result<Value, ConvertError> {
    match (kind, ty) {
        (kind @ ValueKind::Bool(_), Type::Bool) => Ok(Value::unmarked(kind)),
        (kind @ ValueKind::Number(_), Type::Number) => Ok(Value::unmarked(kind)),
        (kind @ ValueKind::String(_), Type::String) => Ok(Value::unmarked(kind)),
        (ValueKind::Bool(value), Type::String) => Ok(Value::string(if value { "true" } else { "false" })),
        (ValueKind::Number(number), Type::String) => Ok(Value::string(number.to_string())),
        (ValueKind::String(text), Type::Number) => {
            let number = match &*text {
                "Inf" | "inf" | "+Inf" | "+inf" => Some(Number::infinity(false)),
                "-Inf" | "-inf" => Some(Number::infinity(true)),
                text => Number::parse(text),
            };
            let number = number.ok_or_else(|| ConvertError::new("a number is required"))?;
            Ok(Value::number(number))
        }
        (ValueKind::String(text), Type::Bool) => match &*text {
            "true" | "1" => Ok(Value::bool(true)),
            "false" | "0" => Ok(Value::bool(false)),
            "True" | "TRUE" => {
                Err(ConvertError::new("a bool is required; to convert from string, use lowercase \"true\""))
            }
            "False" | "FALSE" => {
                Err(ConvertError::new("a bool is required; to convert from string, use lowercase \"false\""))
            }
            _ => Err(ConvertError::new("a bool is required")),
        },
        (ValueKind::List(from, items), Type::List(to)) if from == **to => {
            Ok(Value::unmarked(ValueKind::List(from, items)))
        }
        (ValueKind::Map(from, items), Type::Map(to)) if from == **to => {
            Ok(Value::unmarked(ValueKind::Map(from, items)))
        }
        (ValueKind::Set(from, items), Type::Set(to)) if from == **to => {
            Ok(Value::unmarked(ValueKind::Set(from, items)))
        }
        // How many elements such a set has in the end is not known, so neither is the list.
        (ValueKind::Set(from, items), Type::List(to))
            if items.len() > 1 && !items.iter().all(Value::is_wholly_known) =>
        {
            Ok(Value::unknown(unknown_type(&Type::set(from), &Type::List(Arc::clone(to)))?))
        }
        (ValueKind::List(from, items) | ValueKind::Set(from, items), Type::List(to)) => {
            let (element, items) = sequence(&items, Some(&from), to, "list")?;
            Ok(Value::list(element, items))
        }
        (ValueKind::List(from, items) | ValueKind::Set(from, items), Type::Set(to)) => {
            let (element, items) = sequence(&items, Some(&from), to, "set")?;
            Ok(Value::set(element, items))
        }
        (ValueKind::Tuple(items), Type::List(to)) => {
            let (element, items) = sequence(&items, None, to, "list")?;
            Ok(Value::list(element, items))
        }
        (ValueKind::Tuple(items), Type::Set(to)) => {
            let (element, items) = sequence(&items, None, to, "set")?;
            Ok(Value::set(element, items))
        }
        (ValueKind::Tuple(items), Type::Tuple(types)) => tuple(&items, types),
        (ValueKind::Map(from, items), Type::Map(to)) => entries(&items, Some(&from), to),
        (ValueKind::Object(items), Type::Map(to)) => entries(&items, None, to),
        (ValueKind::Map(_, items) | ValueKind::Object(items), Type::Object(object)) => attributes(&items, object),
        (kind, ty) => Err(mismatch(&Value::unmarked(kind).ty(), ty)),
    }
}

/// Converts elements to one element type, which is found by unification where the target leaves it open.
fn sequence(items: &[Value], from: Option<&Type>, to: &Type, what: &str) -> Result<(Type, Vec<Value>), ConvertError> {
    let convert_item =
        |(at, item): (usize, &Value)| convert(item.clone(), to).map_err(|error| error.under(Step::Index(at)));
    let items: Vec<Value> = items.iter().enumerate().map(convert_item).collect::<Result<_, _>>()?;
    one_type(items, from, to, what)
}

fn one_type(items: Vec<Value>, from: Option<&Type>, to: &Type, what: &str) -> Result<(Type, Vec<Value>), ConvertError> {
    if items.is_empty() {
        let element = from.map_or_else(|| Ok(to.without_optional()), |from| resolve(from, to))?;
        return Ok((element, items));
    }
    if !to.has_dynamic() {
        return Ok((to.without_optional(), items));
    }
    let failed = || ConvertError::new(format!("all {what} elements must have the same type"));
    match what {
        "set" => return crate::unify::unify_elements(items).ok_or_else(failed),
        "list" => return crate::unify::unify_values(items).ok_or_else(failed),
        _ => {}
    }
    // An untyped null in a map is of whatever type the others are.
    let is_open = |item: &Value| item.is_null() && item.ty() == Type::Dynamic;
    let others = items.iter().filter(|item| !is_open(item)).cloned();
    let (element, _) = crate::unify::unify_values(others).ok_or_else(failed)?;
    let items = items.into_iter().map(|item| convert(item, &element)).collect::<Result<_, _>>()?;
    Ok((element, items))
}

fn entries(items: &BTreeMap<Arc<str>, Value>, from: Option<&Type>, to: &Type) -> Result<Value, ConvertError> {
    let (keys, values): (Vec<Arc<str>>, Vec<&Value>) = items.iter().map(|(key, item)| (Arc::clone(key), item)).unzip();
    let values = values
        .into_iter()
        .zip(&keys)
        .map(|(item, key)| convert(item.clone(), to).map_err(|error| error.under(Step::Key(key.to_string()))))
        .collect::<Result<Vec<_>, _>>()?;
    if to.has_dynamic() && is_undecided(&values) {
        return Ok(Value::unknown(Type::map(Type::Dynamic)));
    }
    let (element, values) = one_type(values, from, to, "map")?;
    Ok(Value::map(element, keys.into_iter().zip(values)))
}

/// Whether elements of a map come to one type, or not, only when those of unknown type are known. As in Terraform, the map is
/// unknown until then.
fn is_undecided(values: &[Value]) -> bool {
    let (open, settled): (Vec<&Value>, Vec<&Value>) = values.iter().partition(|value| value.ty() == Type::Dynamic);
    let one_type = |values: Vec<&Value>| crate::unify::unify_values(values.into_iter().cloned()).is_some();
    let is_unknown = |value: &&Value| !value.is_known();
    open.iter().any(is_unknown)
        && one_type(settled)
        && !one_type(values.iter().filter(|value| !value.is_null()).collect())
}

fn tuple(items: &[Value], types: &[Type]) -> Result<Value, ConvertError> {
    if items.len() != types.len() {
        return Err(ConvertError::new(format!(
            "tuple of length {} required, but have length {}",
            types.len(),
            items.len()
        )));
    }
    let items = items.iter().zip(types).enumerate();
    let items = items.map(|(at, (item, ty))| convert(item.clone(), ty).map_err(|error| error.under(Step::Index(at))));
    Ok(Value::tuple(items.collect::<Result<Vec<_>, _>>()?))
}

fn attributes(items: &BTreeMap<Arc<str>, Value>, object: &ObjectType) -> Result<Value, ConvertError> {
    let mut converted = Vec::with_capacity(object.attributes.len());
    for (name, ty) in &object.attributes {
        let value = match items.get(name) {
            Some(item) => convert(item.clone(), ty).map_err(|error| error.under(Step::Attribute(name.to_string())))?,
            None if object.optional.contains(name) => Value::null(ty.without_optional()),
            None => {
                let have = ObjectType {
                    attributes: items.keys().map(|name| (Arc::clone(name), Type::Dynamic)).collect(),
                    ..ObjectType::default()
                };
                return Err(missing(&have, object));
            }
        };
        converted.push((Arc::clone(name), value));
    }
    Ok(Value::object(converted))
}

fn missing(have: &ObjectType, want: &ObjectType) -> ConvertError {
    let missing: Vec<String> = want
        .attributes
        .keys()
        .filter(|name| !have.attributes.contains_key(*name) && !want.optional.contains(*name))
        .map(|name| format!("{name:?}"))
        .collect();
    ConvertError::new(match missing.as_slice() {
        [one] => format!("attribute {one} is required"),
        [first, second] => format!("attributes {first} and {second} are required"),
        [head @ .., last] => format!("attributes {}, and {last} are required", head.join(", ")),
        [] => "an object is required".to_owned(),
    })
}

fn mismatch(from: &Type, to: &Type) -> ConvertError {
    if from.is_primitive() && to.is_primitive() {
        let article = if *to == Type::Number || *to == Type::Bool { "a " } else { "" };
        let is = if article.is_empty() { "" } else { "is " };
        return ConvertError::new(format!("{article}{} {is}required", to.friendly()));
    }
    ConvertError::new(match (from, to) {
        (Type::Tuple(a), Type::Tuple(b)) => {
            format!("tuple of length {} required, but have length {}", b.len(), a.len())
        }
        _ if to.is_primitive() => format!("{} required, but have {}", to.friendly(), from.friendly()),
        _ => format!("{} required, but have {}", to.friendly(), from.friendly()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::marks::Marks;

    fn text(value: &str) -> Value {
        Value::string(value)
    }

    #[test]
    fn primitives_convert_where_nothing_is_lost() {
        assert_eq!(convert(text("1.50"), &Type::Number), Ok(Value::number(Number::parse("1.5").expect("number"))));
        assert_eq!(convert(Value::bool(true), &Type::String), Ok(text("true")));
        assert_eq!(convert(text("0"), &Type::Bool), Ok(Value::bool(false)));
        for bad in ["", " 1", "0x1", "1 "] {
            assert!(convert(text(bad), &Type::Number).is_err(), "{bad:?}");
        }
        assert!(convert(Value::bool(true), &Type::Number).is_err());
    }

    #[test]
    fn a_map_is_unknown_while_an_element_of_unknown_type_may_or_may_not_fit() {
        let open = Value::unknown(Type::Dynamic);
        let any = Type::map(Type::Dynamic);
        let items = |other: Value| Value::object([("x", other), ("y", open.clone())]);
        assert_eq!(convert(items(Value::tuple([text("s")])), &any), Ok(Value::unknown(any.clone())));
        let texts = [("x", text("s")), ("y", Value::unknown(Type::String))];
        assert_eq!(convert(items(text("s")), &any), Ok(Value::map(Type::String, texts)), "a primitive fits");
        let bad = Value::object([("x", Value::tuple([])), ("y", open), ("z", text("s"))]);
        assert!(convert(bad, &any).is_err(), "what is known does not fit");
    }

    #[test]
    fn open_element_types_are_found_by_unification() {
        let mixed = Value::tuple([Value::number(1), text("a")]);
        let list = convert(mixed, &Type::list(Type::Dynamic));
        assert_eq!(list, Ok(Value::list(Type::String, [text("1"), text("a")])));
        let bad = Value::tuple([Value::tuple([]), text("a")]);
        assert_eq!(
            convert(bad, &Type::list(Type::Dynamic)).map_err(|error| error.to_string()),
            Err("all list elements must have the same type".to_owned())
        );
    }

    #[test]
    fn objects_lose_surplus_attributes_and_name_missing_ones() {
        let have = Value::object([("a", text("1")), ("z", text("2"))]);
        let want = Type::object([("a", Type::Number)]);
        assert_eq!(convert(have.clone(), &want), Ok(Value::object([("a", Value::number(1))])));
        let want = Type::object([("b", Type::Number), ("c", Type::Number)]);
        assert_eq!(
            convert(have, &want).map_err(|error| error.to_string()),
            Err("attributes \"b\" and \"c\" are required".to_owned())
        );
    }

    #[test]
    fn marks_and_unknowns_survive() {
        let secret = Value::tuple([Value::unknown(Type::Number).with_marks(Marks::SENSITIVE)]);
        let list = convert(secret, &Type::list(Type::String)).expect("converts");
        let element = list.get_index(0).expect("one element");
        assert!(!element.is_known());
        assert_eq!((element.ty(), element.marks()), (Type::String, Marks::SENSITIVE));
    }

    #[test]
    fn an_error_says_where() {
        let value = Value::object([("a", Value::tuple([text("x")]))]);
        let error = convert(value, &Type::object([("a", Type::list(Type::Number))])).expect_err("not a number");
        assert_eq!(error.to_string(), "attribute \"a\": element 0: a number is required");
    }
}
