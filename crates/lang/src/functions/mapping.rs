//! Functions of maps and objects.

use std::collections::BTreeMap;
use std::sync::Arc;

use smform_types::{Marks, Type, Value, ValueKind, convert};

use super::arguments::{Arguments, Function};
use super::error::CallError;
use super::signature::{Parameter, Shape};

const TEXT_LISTS: Shape = Shape::Map(&Shape::List(&Shape::String));

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new(
        "keys",
        &[Parameter::new("inputMap", Shape::Any).unknown().marked()],
        Shape::Any,
        keys,
        "The keys of a map or the attribute names of an object, sorted.",
    ),
    Function::new(
        "lookup",
        &[Parameter::new("inputMap", Shape::Any).marked(), Parameter::new("key", Shape::String).unknown()],
        Shape::Any,
        lookup,
        "The element of a map with a given key, or a default.",
    )
    .variadic(Parameter::new("default", Shape::Any).null().unknown().dynamic().marked())
    .typed(lookup_type)
    .nullable(),
    Function::new("merge", &[], Shape::Any, merge, "The elements of several maps in one, where later ones win.")
        .variadic(Parameter::new("maps", Shape::Any).null().dynamic().marked())
        .typed(merge_type),
    Function::new(
        "transpose",
        &[Parameter::new("values", TEXT_LISTS)],
        TEXT_LISTS,
        transpose,
        "A map of lists of strings with keys and elements exchanged.",
    ),
    Function::new(
        "values",
        &[Parameter::new("mapping", Shape::Any).marked()],
        Shape::Any,
        values,
        "The values of a map or object, in order of their keys.",
    )
    .typed(values_type),
    Function::new(
        "zipmap",
        &[Parameter::new("keys", Shape::List(&Shape::String)).marked(), Parameter::new("values", Shape::Any).marked()],
        Shape::Any,
        zipmap,
        "A map from a list of keys and a list of values.",
    )
    .typed(zipmap_type),
];

fn keys(a: &Arguments<'_>) -> Result<Value, CallError> {
    let map = a.value(0)?;
    let names = |names: &mut dyn Iterator<Item = &Arc<str>>| -> Vec<Value> {
        names.map(|name| Value::unmarked(ValueKind::String(Arc::clone(name)))).collect()
    };
    let keys = match map.kind() {
        ValueKind::Object(attributes) => Value::tuple(names(&mut attributes.keys())),
        ValueKind::Map(_, elements) => Value::list(Type::String, names(&mut elements.keys())),
        ValueKind::Unknown(Type::Object(object), _) => Value::tuple(names(&mut object.attributes.keys())),
        ValueKind::Unknown(Type::Map(_), _) => Value::unknown(Type::list(Type::String)),
        _ => return Err(CallError::argument(0, "must have map or object type")),
    };
    Ok(keys.with_marks(map.marks()))
}

fn lookup_type(arguments: &[Value]) -> Result<Type, CallError> {
    lookup_count(arguments.len())?;
    let default = arguments.get(2);
    match arguments.first().map(Value::ty) {
        Some(Type::Object(object)) => {
            let Some(key) = arguments.get(1).and_then(Value::as_str) else { return Ok(Type::Dynamic) };
            if let Some(ty) = object.attributes.get(key) {
                return Ok(ty.clone());
            }
            default
                .map(Value::ty)
                .ok_or_else(|| CallError::argument(0, format!("the given object has no attribute {key:?}")))
        }
        Some(Type::Map(element)) => {
            if let Some(default) = default {
                convert(default.clone(), &element).map_err(|_| {
                    CallError::argument(2, "the default value must have the same type as the map elements")
                })?;
            }
            Ok(Type::clone(&element))
        }
        _ => Err(CallError::argument(0, "lookup() requires a map as the first argument")),
    }
}

fn lookup_count(given: usize) -> Result<(), CallError> {
    if given > 3 {
        return Err(CallError::whole(format!("lookup() takes two or three arguments, got {given}")));
    }
    Ok(())
}

fn lookup(a: &Arguments<'_>) -> Result<Value, CallError> {
    lookup_count(a.len())?;
    let map = a.value(0)?;
    if !a.value(1)?.is_known() {
        return Ok(Value::unknown(lookup_type(a.all())?).with_marks(map.marks()));
    }
    let default = a.all().get(2);
    let converted = match map.kind() {
        ValueKind::Map(element, _) => default
            .map(|default| convert(default.clone(), element))
            .transpose()
            .map_err(|_| CallError::argument(2, "the default value must have the same type as the map elements"))?,
        ValueKind::Object(_) => default.cloned(),
        _ => return Err(CallError::argument(0, "lookup() requires a map as the first argument")),
    };
    let found = map.get(a.text(1)?).cloned().or(converted);
    found.map(|value| value.with_marks(map.marks())).ok_or_else(|| match map.kind() {
        ValueKind::Object(_) => CallError::argument(0, format!("the given object has no attribute {}", a.quoted(1))),
        _ => CallError::whole(format!("lookup failed to find key {}", a.quoted(1))),
    })
}

fn not_merged(ty: &Type) -> CallError {
    CallError::whole(format!("arguments must be maps or objects, got {:?}", ty.friendly()))
}

/// Whether all arguments of `merge` are maps of one type, or objects of one type; nothing when that is not known.
fn merge_matches(arguments: &[Value]) -> Result<Option<Type>, CallError> {
    let mut first: Option<Type> = None;
    let mut matching = true;
    for argument in arguments {
        let ty = match argument.ty() {
            Type::Object(_) if argument.is_null() => Type::object::<&str>([]),
            ty @ (Type::Map(_) | Type::Object(_)) => ty,
            Type::Dynamic => return Ok(Some(Type::Dynamic)),
            ty => {
                return Err(not_merged(&ty));
            }
        };
        match &first {
            None => first = Some(ty),
            Some(first) => matching &= *first == ty,
        }
    }
    Ok(first.filter(|_| matching))
}

fn merge_type(arguments: &[Value]) -> Result<Type, CallError> {
    if let Some(ty) = merge_matches(arguments)? {
        return Ok(ty);
    }
    let mut attributes: BTreeMap<Arc<str>, Type> = BTreeMap::new();
    for argument in arguments {
        match argument.ty() {
            Type::Object(object) if !argument.is_null() => {
                attributes.extend(object.attributes.iter().map(|(name, ty)| (Arc::clone(name), ty.clone())));
            }
            Type::Map(_) if !argument.is_known() => return Ok(Type::Dynamic),
            Type::Map(element) => {
                let entries = argument.as_entries().into_iter().flatten();
                attributes.extend(entries.map(|(key, _)| (Arc::clone(key), Type::clone(&element))));
            }
            _ => {}
        }
    }
    Ok(Type::object(attributes))
}

fn merge(a: &Arguments<'_>) -> Result<Value, CallError> {
    // Only maps can have one type together with what comes of them.
    let maps = a.all().iter().all(|map| matches!(map.kind(), ValueKind::Map(..) | ValueKind::Null(Type::Map(_))));
    let objects = a.all().iter().all(|map| map.as_entries().is_some());
    let matching = if maps || !objects { merge_matches(a.all())? } else { None };
    let mut merged: BTreeMap<Arc<str>, Value> = BTreeMap::new();
    let mut marks = Marks::NONE;
    for map in a.all() {
        marks |= map.marks();
        // The types of what follows an untyped null were not looked at. Terraform goes through a set as if its elements
        // were their own keys, and fails in any other.
        if let ValueKind::Set(Type::String, items) = map.kind() {
            let texts = items.iter().map(|item| item.as_str().map(|text| (Arc::from(text), item.clone())));
            merged.extend(texts.collect::<Option<Vec<_>>>().ok_or_else(|| not_merged(&map.ty()))?);
            continue;
        }
        let is_empty = map.as_slice().is_some_and(<[Value]>::is_empty);
        if map.is_known() && !map.is_null() && !is_empty && map.as_entries().is_none() {
            return Err(not_merged(&map.ty()));
        }
        for (key, value) in map.as_entries().into_iter().flatten() {
            merged.insert(Arc::clone(key), value.clone());
        }
    }
    let value = match matching {
        Some(Type::Map(element)) => Value::map(Type::clone(&element), merged),
        _ => Value::object(merged),
    };
    Ok(value.with_marks(marks))
}

fn transpose(a: &Arguments<'_>) -> Result<Value, CallError> {
    let map = a.value(0)?;
    if !map.is_wholly_known() {
        return Ok(Value::unknown(TEXT_LISTS.ty()));
    }
    let mut transposed: BTreeMap<Arc<str>, Vec<Value>> = BTreeMap::new();
    for (key, list) in map.as_entries().into_iter().flatten() {
        let items = list.as_slice().ok_or_else(|| CallError::whole("input must not contain a null list"))?;
        for item in items {
            let text = match item.kind() {
                ValueKind::String(text) => Arc::clone(text),
                _ => return Err(CallError::whole("input must not contain a null string")),
            };
            transposed.entry(text).or_default().push(Value::unmarked(ValueKind::String(Arc::clone(key))));
        }
    }
    let lists = transposed.into_iter().map(|(key, keys)| (key, Value::list(Type::String, keys)));
    Ok(Value::map(Type::list(Type::String), lists))
}

fn values_type(arguments: &[Value]) -> Result<Type, CallError> {
    match arguments.first().map(Value::ty) {
        Some(Type::Map(element)) => Ok(Type::List(element)),
        Some(Type::Object(object)) => Ok(Type::tuple(object.attributes.values().cloned())),
        _ => Err(CallError::whole("values() requires a map as the first argument")),
    }
}

fn values(a: &Arguments<'_>) -> Result<Value, CallError> {
    let map = a.value(0)?;
    let values = match map.kind() {
        ValueKind::Map(element, elements) => Value::list(element.clone(), elements.values().cloned()),
        ValueKind::Object(attributes) => Value::tuple(attributes.values().cloned()),
        _ => return Err(CallError::whole("values() requires a map as the first argument")),
    };
    Ok(values.with_marks(map.marks()))
}

fn zipmap_type(arguments: &[Value]) -> Result<Type, CallError> {
    let keys = arguments.first();
    match arguments.get(1).map(Value::ty) {
        Some(Type::List(element)) => Ok(Type::Map(element)),
        Some(Type::Tuple(types)) => {
            let Some(keys) = keys.filter(|keys| keys.is_wholly_known()).and_then(Value::as_slice) else {
                return Ok(Type::Dynamic);
            };
            same_length(keys.len(), types.len())?;
            let names = keys.iter().enumerate().map(|(at, key)| key_text(at, key));
            let names = names.collect::<Result<Vec<_>, _>>()?;
            Ok(Type::object(names.into_iter().zip(types.iter().cloned())))
        }
        _ => Err(CallError::whole("values argument must be a list or tuple value")),
    }
}

fn same_length(keys: usize, values: usize) -> Result<(), CallError> {
    if keys == values {
        return Ok(());
    }
    Err(CallError::whole(format!("number of keys ({keys}) does not match number of values ({values})")))
}

fn key_text(at: usize, key: &Value) -> Result<Arc<str>, CallError> {
    match key.kind() {
        ValueKind::String(text) => Ok(Arc::clone(text)),
        _ => Err(CallError::whole(format!("keys list has null value at index {at}"))),
    }
}

fn zipmap(a: &Arguments<'_>) -> Result<Value, CallError> {
    let (keys, values) = (a.value(0)?, a.value(1)?);
    let ty = zipmap_type(a.all())?;
    // A key cannot carry a mark of its own.
    let marks = keys.marks_deep() | values.marks();
    if !keys.is_wholly_known() {
        return Ok(Value::unknown(ty));
    }
    let (keys, items) = (a.items(0)?, a.items(1)?);
    same_length(keys.len(), items.len())?;
    let mut entries = Vec::with_capacity(keys.len());
    for (at, (key, item)) in keys.iter().zip(items).enumerate() {
        entries.push((key_text(at, key)?, item.clone()));
    }
    let value = match ty {
        Type::Map(element) => Value::map(Type::clone(&element), entries),
        _ => Value::object(entries),
    };
    Ok(value.with_marks(marks))
}
