//! Unification: the one type that values of several types can all be converted to.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::convert::convert;
use crate::ty::Type;
use crate::value::{Value, ValueKind};

/// The type that all the given types convert to without loss, if there is one; [`Type::Dynamic`] for none at all. A type
/// that is not known yet will fit the others, so it counts only when there are no others.
#[must_use]
pub fn unify(types: &[Type]) -> Option<Type> {
    let Some(first) = types.first() else { return Some(Type::Dynamic) };
    if types.iter().all(|ty| ty == first) {
        return Some(first.clone());
    }
    if types.contains(&Type::Dynamic) {
        let known: Vec<Type> = types.iter().filter(|ty| **ty != Type::Dynamic).cloned().collect();
        return unify(&known);
    }
    if types.iter().all(Type::is_primitive) {
        // Numbers and bools have no common ground but text, and text must be among them to be chosen.
        return types.contains(&Type::String).then_some(Type::String);
    }
    if types.iter().all(|ty| matches!(ty, Type::Object(_))) {
        return unify_objects(types);
    }
    if types.iter().all(|ty| matches!(ty, Type::Tuple(_))) {
        return unify_tuples(types);
    }
    if types.iter().all(|ty| matches!(ty, Type::Map(_) | Type::Object(_))) {
        return unify_members(types).map(Type::map);
    }
    // A tuple becomes whichever of list and set stands beside it.
    if types.iter().all(|ty| matches!(ty, Type::Set(_) | Type::Tuple(_))) {
        return unify_members(types).map(Type::set);
    }
    if types.iter().all(|ty| matches!(ty, Type::List(_) | Type::Tuple(_) | Type::Set(_))) {
        return unify_members(types).map(Type::list);
    }
    None
}

/// The type that the element, attribute and place types of all of them unify to.
fn unify_members(types: &[Type]) -> Option<Type> {
    let members: BTreeSet<Type> = types
        .iter()
        .flat_map(|ty| -> Vec<Type> {
            match ty {
                Type::List(element) | Type::Set(element) | Type::Map(element) => vec![Type::clone(element)],
                Type::Tuple(elements) => elements.to_vec(),
                Type::Object(object) => object.attributes.values().cloned().collect(),
                _ => Vec::new(),
            }
        })
        .collect();
    unify(&members.into_iter().collect::<Vec<_>>())
}

fn unify_objects(types: &[Type]) -> Option<Type> {
    let objects: Vec<_> =
        types.iter().filter_map(|ty| if let Type::Object(object) = ty { Some(object) } else { None }).collect();
    let first = objects.first()?;
    let same_names = objects.iter().all(|object| object.attributes.keys().eq(first.attributes.keys()));
    if !same_names {
        return unify_members(types).map(Type::map);
    }
    let mut attributes = Vec::with_capacity(first.attributes.len());
    for name in first.attributes.keys() {
        let each: Vec<Type> = objects.iter().filter_map(|object| object.attributes.get(name)).cloned().collect();
        attributes.push((Arc::clone(name), unify(&each)?));
    }
    Some(Type::object(attributes))
}

fn unify_tuples(types: &[Type]) -> Option<Type> {
    let tuples: Vec<_> =
        types.iter().filter_map(|ty| if let Type::Tuple(tuple) = ty { Some(tuple) } else { None }).collect();
    let length = tuples.first()?.len();
    if tuples.iter().any(|tuple| tuple.len() != length) {
        return unify_members(types).map(Type::list);
    }
    (0..length)
        .map(|at| unify(&tuples.iter().filter_map(|tuple| tuple.get(at)).cloned().collect::<Vec<_>>()))
        .collect::<Option<Vec<_>>>()
        .map(Type::tuple)
}

/// The type that all the given values convert to, if there is one. Untyped nulls, also within objects and tuples, take
/// the type of what stands in their place in the others.
#[must_use]
pub fn unify_types_of<'v>(values: impl IntoIterator<Item = &'v Value> + Clone) -> Option<Type> {
    let types: Vec<Type> = values.clone().into_iter().map(Value::ty).collect();
    if !types.iter().any(Type::has_dynamic) {
        return unify(&types);
    }
    let filled = types.iter().cloned().reduce(|filled, ty| fill(filled, &ty)).unwrap_or(Type::Dynamic);
    let types: Vec<Type> = values.into_iter().map(|value| typed_like(value, &filled)).collect();
    unify(&types)
}

/// The type with what it leaves open taken from the other.
fn fill(ty: Type, other: &Type) -> Type {
    match (&ty, other) {
        (Type::Dynamic, other) => other.clone(),
        (Type::Object(object), Type::Object(others)) => Type::object(object.attributes.iter().map(|(name, ty)| {
            let other = others.attributes.get(name);
            (Arc::clone(name), other.map_or_else(|| ty.clone(), |other| fill(ty.clone(), other)))
        })),
        (Type::Tuple(items), Type::Tuple(others)) if items.len() == others.len() => {
            Type::tuple(items.iter().zip(others.iter()).map(|(ty, other)| fill(ty.clone(), other)))
        }
        _ => ty,
    }
}

/// The type of a value in which untyped nulls take the type of what stands in their place in `other`.
fn typed_like(value: &Value, other: &Type) -> Type {
    match (value.kind(), other) {
        (ValueKind::Null(Type::Dynamic), other) => other.clone(),
        (ValueKind::Object(items), Type::Object(object)) => Type::object(items.iter().map(|(name, item)| {
            let other = object.attributes.get(name);
            (Arc::clone(name), other.map_or_else(|| item.ty(), |other| typed_like(item, other)))
        })),
        (ValueKind::Tuple(items), Type::Tuple(others)) if items.len() == others.len() => {
            Type::tuple(items.iter().zip(others.iter()).map(|(item, other)| typed_like(item, other)))
        }
        _ => value.ty(),
    }
}

/// The values, converted to the type they unify to, and that type; nothing when there is none. Untyped nulls take the
/// type of the others.
#[must_use]
pub fn unify_values(values: impl IntoIterator<Item = Value>) -> Option<(Type, Vec<Value>)> {
    let values: Vec<Value> = values.into_iter().collect();
    let ty = unify_types_of(values.iter().filter(|value| !(value.is_null() && value.ty() == Type::Dynamic)))?;
    let values = values.into_iter().map(|value| convert(value, &ty)).collect::<Result<Vec<_>, _>>().ok()?;
    Some((ty, values))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unification_is_terraforms() {
        assert_eq!(unify(&[Type::Number, Type::Bool]), None);
        assert_eq!(unify(&[Type::Number, Type::Bool, Type::String]), Some(Type::String));
        assert_eq!(unify(&[Type::String, Type::list(Type::String)]), None);
        let a = Type::object([("a", Type::Number)]);
        let b = Type::object([("b", Type::String)]);
        assert_eq!(unify(&[a.clone(), b]), Some(Type::map(Type::String)));
        let a_text = Type::object([("a", Type::String)]);
        assert_eq!(unify(&[a, a_text.clone()]), Some(a_text));
        let one = Type::tuple([Type::Number]);
        let two = Type::tuple([Type::String, Type::String]);
        assert_eq!(unify(&[one.clone(), two]), Some(Type::list(Type::String)));
        assert_eq!(unify(&[one, Type::set(Type::String)]), Some(Type::set(Type::String)));
        assert_eq!(unify(&[]), Some(Type::Dynamic));
    }

    #[test]
    fn nulls_within_objects_take_the_type_of_their_place() {
        let a = Value::object([("a", Value::null(Type::Dynamic)), ("b", Value::number(1))]);
        let b = Value::object([("a", Value::number(1)), ("b", Value::null(Type::Dynamic))]);
        let expected = Type::object([("a", Type::Number), ("b", Type::Number)]);
        assert_eq!(unify_types_of([&a, &b]), Some(expected.clone()));
        assert_eq!(unify_values([a, b]).map(|(ty, _)| ty), Some(expected));
    }
}
