//! Unification: the one type that values of several types can all be converted to.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::convert::convert;
use crate::ty::Type;
use crate::value::Value;

/// The type that all the given types convert to, if there is one; [`Type::Dynamic`] for none at all.
///
/// Types of one kind are unified part by part. Nothing can be said of structures beside a type that is not known yet, so these
/// come to [`Type::Dynamic`]. Of what else there is, the most general type is taken that the others convert to.
#[must_use]
pub fn unify(types: &[Type]) -> Option<Type> {
    let Some(first) = types.first() else { return Some(Type::Dynamic) };
    if types.iter().all(|ty| ty == first) {
        return Some(first.clone());
    }
    let is_open = types.contains(&Type::Dynamic);
    let known = || types.iter().filter(|ty| **ty != Type::Dynamic);
    let all = |kind: fn(&Type) -> bool| known().all(kind);
    let any = |kind: fn(&Type) -> bool| known().any(kind);
    let alike = [is_map, is_list, is_set, is_object, is_tuple].into_iter().any(all);
    if alike && is_open {
        return Some(Type::Dynamic);
    }
    if all(is_object) {
        return unify_objects(types);
    }
    if all(is_tuple) {
        return unify_tuples(types);
    }
    if alike {
        return unify_collections(types);
    }
    if all(|ty| is_map(ty) || is_object(ty))
        && let Some(map) = as_collections(types, is_object, Type::map).filter(is_map)
    {
        return Some(map);
    }
    if all(|ty| is_list(ty) || is_tuple(ty))
        && let Some(list) = as_collections(types, is_tuple, Type::list).filter(is_list)
    {
        return Some(list);
    }
    if any(is_object) && any(is_tuple) {
        return None;
    }
    let fits = |wanted: &&Type| types.iter().all(|ty| is_convertible(ty, wanted));
    by_generality(types).into_iter().find(fits).cloned()
}

const fn is_map(ty: &Type) -> bool {
    matches!(ty, Type::Map(_))
}

const fn is_list(ty: &Type) -> bool {
    matches!(ty, Type::List(_))
}

const fn is_set(ty: &Type) -> bool {
    matches!(ty, Type::Set(_))
}

const fn is_object(ty: &Type) -> bool {
    matches!(ty, Type::Object(_))
}

const fn is_tuple(ty: &Type) -> bool {
    matches!(ty, Type::Tuple(_))
}

/// The types of the elements, attributes or places of a type, each once.
fn members(ty: &Type) -> BTreeSet<Type> {
    match ty {
        Type::List(element) | Type::Set(element) | Type::Map(element) => [Type::clone(element)].into(),
        Type::Tuple(elements) => elements.iter().cloned().collect(),
        Type::Object(object) => object.attributes.values().cloned().collect(),
        _ => BTreeSet::new(),
    }
}

fn unify_members<'t>(types: impl IntoIterator<Item = &'t Type>) -> Option<Type> {
    let members: BTreeSet<Type> = types.into_iter().flat_map(members).collect();
    unify(&members.into_iter().collect::<Vec<_>>())
}

/// A list, set or map of what the element types come to, for collections of one kind.
fn unify_collections(types: &[Type]) -> Option<Type> {
    let element = unify_members(types)?;
    Some(match types.first()? {
        Type::List(_) => Type::list(element),
        Type::Set(_) => Type::set(element),
        _ => Type::map(element),
    })
}

/// Unifies with one collection in the place of the structures, which are mostly collections in disguise.
fn as_collections(types: &[Type], is_structure: fn(&Type) -> bool, collection: fn(Type) -> Type) -> Option<Type> {
    let structures: Vec<Type> = types.iter().filter(|ty| is_structure(ty)).cloned().collect();
    let one = in_one_collection(&structures, collection)?;
    let collections: Vec<Type> =
        types.iter().map(|ty| if is_structure(ty) { one.clone() } else { ty.clone() }).collect();
    unify(&collections)
}

/// The collection that can hold what is in any of the structures.
fn in_one_collection(structures: &[Type], collection: fn(Type) -> Type) -> Option<Type> {
    // Of what is empty it is for the others to say what it would hold.
    structures.iter().find(|ty| !members(ty).is_empty())?;
    let wanted = collection(unify_members(structures)?);
    structures.iter().all(|ty| is_convertible(ty, &wanted)).then_some(wanted)
}

fn unify_objects(types: &[Type]) -> Option<Type> {
    let objects: Vec<_> =
        types.iter().filter_map(|ty| if let Type::Object(object) = ty { Some(object) } else { None }).collect();
    let first = objects.first()?;
    if !objects.iter().all(|object| object.attributes.keys().eq(first.attributes.keys())) {
        return in_one_collection(types, Type::map);
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
        return in_one_collection(types, Type::list);
    }
    (0..length)
        .map(|at| unify(&tuples.iter().filter_map(|tuple| tuple.get(at)).cloned().collect::<Vec<_>>()))
        .collect::<Option<Vec<_>>>()
        .map(Type::tuple)
}

/// The types, each of them before those that are less general; otherwise in their order.
fn by_generality(types: &[Type]) -> Vec<&Type> {
    let mut left: Vec<&Type> = types.iter().collect();
    let mut sorted = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let is_first = |ty: &&Type| !left.iter().any(|other| generality(other, ty) == Ordering::Less);
        // There is always one, since what is more general than it was taken before.
        let at = left.iter().position(is_first).unwrap_or(0);
        sorted.push(left.remove(at));
    }
    sorted
}

/// Which of two types is the more general one and goes first; equal where that cannot be said. Whether the one converts to
/// the other is another question.
fn generality(a: &Type, b: &Type) -> Ordering {
    match (a, b) {
        (Type::Dynamic, Type::Dynamic) => Ordering::Equal,
        // Whatever is not known yet will hopefully be what its neighbours are.
        (_, Type::Dynamic) => Ordering::Less,
        (Type::Dynamic, _) => Ordering::Greater,
        (Type::String, Type::Number | Type::Bool) => Ordering::Less,
        (Type::Number | Type::Bool, Type::String) => Ordering::Greater,
        (Type::List(a), Type::List(b)) | (Type::Set(a), Type::Set(b)) | (Type::Map(a), Type::Map(b)) => {
            generality(a, b)
        }
        (Type::List(_), Type::Tuple(_) | Type::Set(_))
        | (Type::Tuple(_), Type::Set(_))
        | (Type::Map(_), Type::Object(_)) => Ordering::Less,
        (Type::Tuple(_) | Type::Set(_), Type::List(_))
        | (Type::Set(_), Type::Tuple(_))
        | (Type::Object(_), Type::Map(_)) => Ordering::Greater,
        (Type::Object(a), Type::Object(b)) if a.attributes.keys().eq(b.attributes.keys()) => {
            agreed(a.attributes.values().zip(b.attributes.values()))
        }
        (Type::Tuple(a), Type::Tuple(b)) if a.len() == b.len() => agreed(a.iter().zip(b.iter())),
        _ => Ordering::Equal,
    }
}

/// What all pairs say that say anything.
fn agreed<'t>(pairs: impl Iterator<Item = (&'t Type, &'t Type)>) -> Ordering {
    let said: BTreeSet<Ordering> = pairs.map(|(a, b)| generality(a, b)).filter(|said| said.is_ne()).collect();
    match said.len() {
        1 => said.into_iter().next().unwrap_or(Ordering::Equal),
        _ => Ordering::Equal,
    }
}

/// Whether there are values of type `from` that convert to `to`.
fn is_convertible(from: &Type, to: &Type) -> bool {
    let each = |to: &Type| members(from).iter().all(|from| is_convertible(from, to));
    match (from, to) {
        (_, Type::Dynamic) | (Type::Dynamic, _) => true,
        (from, to) if from == to => true,
        (Type::Number | Type::Bool, Type::String) | (Type::String, Type::Number | Type::Bool) => true,
        (Type::List(_) | Type::Set(_), Type::List(to) | Type::Set(to)) | (Type::Map(_), Type::Map(to)) => each(to),
        (Type::Tuple(items), Type::List(to) | Type::Set(to)) => match Type::clone(to) {
            Type::Dynamic => {
                let common = unify_members([from]);
                common.is_some_and(|ty| ty != Type::Dynamic || items.iter().all(|item| *item == Type::Dynamic))
            }
            to => each(&to),
        },
        (Type::Object(_), Type::Map(to)) => match Type::clone(to) {
            Type::Dynamic => unify_members([from]).is_some(),
            to => each(&to),
        },
        (Type::Tuple(from), Type::Tuple(to)) => {
            from.len() == to.len() && from.iter().zip(to.iter()).all(|(from, to)| is_convertible(from, to))
        }
        (Type::Object(from), Type::Object(to)) => to.attributes.iter().all(|(name, to_type)| {
            let from = from.attributes.get(name);
            from.map_or(to.optional.contains(name), |from| is_convertible(from, to_type))
        }),
        (Type::Map(element), Type::Object(to)) => {
            let fits = |(name, ty)| is_convertible(element, ty) || to.optional.contains::<Arc<str>>(name);
            to.attributes.iter().all(fits)
        }
        _ => false,
    }
}

/// The values, converted to the type they unify to, and that type; nothing when there is none. Where structures stand
/// beside values of unknown type, there is none that all of them have.
#[must_use]
pub fn unify_values(values: impl IntoIterator<Item = Value>) -> Option<(Type, Vec<Value>)> {
    let (ty, values) = converted(values)?;
    // The conversion may have told more of the types, as of an empty set beside a tuple.
    let (ty, values) = if ty.has_dynamic() { converted(values)? } else { (ty, values) };
    values.iter().all(|value| value.ty() == ty).then_some((ty, values))
}

/// The same for the elements of a set, where what the conversion tells of the types counts only if it tells the same of all.
#[must_use]
pub fn unify_elements(values: impl IntoIterator<Item = Value>) -> Option<(Type, Vec<Value>)> {
    let (ty, values) = converted(values)?;
    let ty = values.first().map_or(ty, Value::ty);
    values.iter().all(|value| value.ty() == ty).then_some((ty, values))
}

fn converted(values: impl IntoIterator<Item = Value>) -> Option<(Type, Vec<Value>)> {
    let values: Vec<Value> = values.into_iter().collect();
    let ty = unify(&values.iter().map(Value::ty).collect::<Vec<_>>())?;
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
        assert_eq!(unify(&[Type::Number, Type::Bool, Type::Dynamic]), Some(Type::Dynamic));
        let several = Type::object([("a", Type::Number), ("b", Type::Bool), ("c", Type::Dynamic)]);
        assert_eq!(unify(&[several, Type::object::<&str>([])]), Some(Type::map(Type::Dynamic)));
        let [numbers, texts] = [Type::Number, Type::String].map(|ty| Type::tuple([ty]));
        let several = Type::tuple([Type::String, Type::Number, Type::Dynamic]);
        assert_eq!(unify(&[several, Type::tuple([numbers, texts])]), Some(Type::list(Type::Dynamic)));
        let several = Type::tuple([Type::Number, Type::Bool, Type::Dynamic]);
        assert_eq!(unify(&[several, Type::tuple([])]), None);
        let several = Type::tuple([Type::String, Type::Number, Type::Dynamic]);
        assert_eq!(unify(&[several.clone(), Type::list(Type::tuple([Type::Number]))]), None);
        assert_eq!(unify(&[several, Type::list(Type::Number)]), Some(Type::list(Type::String)));
        let object = Type::object([("a", Type::String), ("b", Type::tuple([Type::String]))]);
        assert_eq!(unify(&[object.clone(), Type::map(Type::Dynamic)]), Some(object));
        assert_eq!(unify(&[Type::tuple([]), Type::object::<&str>([])]), None);
        let lists = Type::list(Type::list(Type::String));
        assert_eq!(unify(&[Type::tuple([]), lists.clone()]), Some(lists));
        assert_eq!(unify(&[]), Some(Type::Dynamic));
    }

    #[test]
    fn elements_of_a_set_are_converted_once() {
        let [empty, one] = [Value::set(Type::Dynamic, []), Value::tuple([Value::number(1)])];
        assert_eq!(unify_elements([one.clone(), empty.clone()]), None);
        assert_eq!(unify_values([one, empty]).map(|(ty, _)| ty), Some(Type::set(Type::Number)));
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
