//! Unification: the one type that values of several types can all be converted to.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::convert::{convert, is_convertible};
use crate::ty::Type;
use crate::value::Value;

/// The type that all the given types convert to, if there is one; [`Type::Dynamic`] for none at all. A primitive whose type
/// is not known yet will fit the others, should they fit each other. Of structures among them nothing can be said until all are known, so they come to
/// [`Type::Dynamic`], as in Terraform.
#[must_use]
pub fn unify(types: &[Type]) -> Option<Type> {
    let Some(first) = types.first() else { return Some(Type::Dynamic) };
    if types.iter().all(|ty| ty == first) {
        return Some(first.clone());
    }
    if types.contains(&Type::Dynamic) {
        let known: Vec<Type> = types.iter().filter(|ty| **ty != Type::Dynamic).cloned().collect();
        let alike = |kind: fn(&Type) -> bool| known.iter().all(kind);
        let structures = alike(|ty| matches!(ty, Type::Map(_) | Type::Object(_)))
            || alike(|ty| matches!(ty, Type::List(_) | Type::Tuple(_)))
            || alike(|ty| matches!(ty, Type::Set(_)));
        return if structures { Some(Type::Dynamic) } else { unify(&known).or(Some(Type::Dynamic)) };
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
    if types.iter().all(|ty| matches!(ty, Type::List(_) | Type::Tuple(_))) {
        return unify_members(types).map(Type::list);
    }
    if types.iter().all(|ty| matches!(ty, Type::Set(_))) {
        return unify_members(types).map(Type::set);
    }
    // Of sequences of several kinds the lists decide, and of sets and tuples the sets.
    if types.iter().all(|ty| matches!(ty, Type::List(_) | Type::Set(_) | Type::Tuple(_))) {
        let is_list = |ty: &&Type| matches!(ty, Type::List(_));
        let decide: Vec<Type> = if types.iter().any(|ty| is_list(&ty)) {
            types.iter().filter(is_list).cloned().collect()
        } else {
            types.iter().filter(|ty| matches!(ty, Type::Set(_))).cloned().collect()
        };
        return unify(&decide).filter(|wanted| types.iter().all(|ty| is_convertible(ty, wanted)));
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
        // Other than those of objects, members that do not fit each other have no common type beside an unknown one either,
        // unless those of each tuple do.
        let fit = |tuples: &[&Arc<[Type]>]| {
            let known = tuples.iter().flat_map(|tuple| tuple.iter()).filter(|ty| **ty != Type::Dynamic);
            unify(&known.cloned().collect::<Vec<_>>()).is_some()
        };
        if !fit(&tuples) && !tuples.iter().all(|tuple| fit(&[tuple])) {
            return None;
        }
        return unify_members(types).map(Type::list);
    }
    (0..length)
        .map(|at| unify(&tuples.iter().filter_map(|tuple| tuple.get(at)).cloned().collect::<Vec<_>>()))
        .collect::<Option<Vec<_>>>()
        .map(Type::tuple)
}

/// The values, converted to the type they unify to, and that type; nothing when there is none. Where structures stand
/// beside values of unknown type, there is none that all of them have.
#[must_use]
pub fn unify_values(values: impl IntoIterator<Item = Value>) -> Option<(Type, Vec<Value>)> {
    let values: Vec<Value> = values.into_iter().collect();
    let types: Vec<Type> = values.iter().map(Value::ty).collect();
    let ty = unify(&types)?;
    let values = values.into_iter().map(|value| convert(value, &ty)).collect::<Result<Vec<_>, _>>().ok()?;
    if !ty.has_dynamic() {
        return Some((ty, values));
    }
    // The conversion may have told more of the types, as of an empty set beside a tuple.
    let types: Vec<Type> = values.iter().map(Value::ty).collect();
    let ty = unify(&types)?;
    let values = values.into_iter().map(|value| convert(value, &ty)).collect::<Result<Vec<_>, _>>().ok()?;
    values.iter().all(|value| value.ty() == ty).then_some((ty, values))
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
        assert_eq!(unify(&[Type::Number, Type::Bool, Type::Dynamic]), Some(Type::Dynamic));
        let several = Type::object([("a", Type::Number), ("b", Type::Bool), ("c", Type::Dynamic)]);
        assert_eq!(unify(&[several, Type::object::<&str>([])]), Some(Type::map(Type::Dynamic)));
        let [numbers, texts] = [Type::Number, Type::String].map(|ty| Type::tuple([ty]));
        let several = Type::tuple([Type::String, Type::Number, Type::Dynamic]);
        assert_eq!(unify(&[several, Type::tuple([numbers, texts])]), Some(Type::list(Type::Dynamic)));
        let several = Type::tuple([Type::Number, Type::Bool, Type::Dynamic]);
        assert_eq!(unify(&[several, Type::tuple([])]), None);
        assert_eq!(unify(&[]), Some(Type::Dynamic));
    }

    #[test]
    fn untyped_nulls_take_the_type_of_primitives_only() {
        let object = |a: Value, b: Value| Value::object([("a", a), ("b", b)]);
        let null = Value::null(Type::Dynamic);
        let a = object(null.clone(), Value::number(1));
        let b = object(Value::number(1), null.clone());
        let expected = Type::object([("a", Type::Number), ("b", Type::Number)]);
        assert_eq!(unify_values([a, b.clone()]).map(|(ty, _)| ty), Some(expected));
        assert_eq!(unify_values([b, null.clone()]), None);
        assert_eq!(unify_values([null.clone(), null]).map(|(ty, _)| ty), Some(Type::Dynamic));
    }
}
