//! Functions of sets.

use smform_types::{Marks, Refinement, Type, Value, ValueKind, convert, unify};

use super::arguments::{Arguments, Function};
use super::error::CallError;
use super::sequence::known_length;
use super::signature::{Parameter, Shape};

const ANY_SET: Shape = Shape::Set(&Shape::Any);
/// The largest product that is made or, when unknown, whose length is bounded.
const PRODUCT_LIMIT: usize = 1 << 24;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new(
        "setintersection",
        &[Parameter::new("first_set", ANY_SET)],
        ANY_SET,
        intersection,
        "The elements that are in all of the sets.",
    )
    .variadic(Parameter::new("other_sets", ANY_SET))
    .typed(common_set),
    Function::new("setproduct", &[], Shape::Any, product, "Every combination of one element from each of the sets.")
        .variadic(Parameter::new("sets", Shape::Any).unknown().marked())
        .typed(product_type),
    Function::new(
        "setsubtract",
        &[Parameter::new("a", ANY_SET), Parameter::new("b", ANY_SET)],
        ANY_SET,
        subtract,
        "The elements of the first set that are not in the second.",
    )
    .typed(common_set),
    Function::new(
        "setunion",
        &[Parameter::new("first_set", ANY_SET)],
        ANY_SET,
        union,
        "The elements that are in any of the sets.",
    )
    .variadic(Parameter::new("other_sets", ANY_SET))
    .typed(common_set),
];

fn common_set(arguments: &[Value]) -> Result<Type, CallError> {
    let elements: Vec<Type> = arguments
        .iter()
        .filter_map(|set| match set.ty() {
            // An empty set without element type fits any other.
            Type::Set(element) if *element == Type::Dynamic && set.as_slice().is_some_and(<[Value]>::is_empty) => None,
            Type::Set(element) => Some(Type::clone(&element)),
            _ => Some(Type::Dynamic),
        })
        .collect();
    let element =
        unify(&elements).ok_or_else(|| CallError::whole("given sets must all have compatible element types"))?;
    Ok(Type::set(element))
}

/// The sets, converted to one type, which is given too.
fn alike(a: &Arguments<'_>) -> Result<(Type, Vec<Value>), CallError> {
    let ty = common_set(a.all())?;
    let convert = |(at, set): (usize, &Value)| {
        convert(set.clone(), &ty).map_err(|error| CallError::argument(at, error.to_string()))
    };
    let sets = a.all().iter().enumerate().map(convert).collect::<Result<Vec<_>, _>>()?;
    // Where something is of unknown type, sets may keep their own: a null without a type takes that of primitives only.
    let mut types = sets.iter().filter(|set| set.as_slice().is_some_and(|items| !items.is_empty())).map(Value::ty);
    let first = types.next();
    if types.any(|ty| Some(ty) != first) {
        return Err(CallError::whole("all sets must have the same element type"));
    }
    Ok((first.filter(|_| ty.has_dynamic()).unwrap_or(ty), sets))
}

fn element_of(ty: &Type) -> Type {
    ty.element().cloned().unwrap_or(Type::Dynamic)
}

fn union(a: &Arguments<'_>) -> Result<Value, CallError> {
    let (ty, sets) = alike(a)?;
    let items = sets.iter().flat_map(|set| set.as_slice().unwrap_or_default()).cloned();
    Ok(Value::set(element_of(&ty), items))
}

fn intersection(a: &Arguments<'_>) -> Result<Value, CallError> {
    combine(a, true)
}

fn subtract(a: &Arguments<'_>) -> Result<Value, CallError> {
    combine(a, false)
}

/// The elements of the first set that are in all the others, or in none of them.
fn combine(a: &Arguments<'_>, wanted: bool) -> Result<Value, CallError> {
    let (ty, sets) = alike(a)?;
    if !sets.iter().all(Value::is_wholly_known) {
        return Ok(Value::unknown(ty));
    }
    let mut each = sets.iter().map(|set| set.as_slice().unwrap_or_default());
    let first = each.next().unwrap_or_default();
    let others: Vec<&[Value]> = each.collect();
    let is_in = |other: &&[Value], item: &Value| other.binary_search_by(|other| other.set_order(item)).is_ok();
    let kept = first.iter().filter(|item| others.iter().all(|other| is_in(other, item) == wanted));
    Ok(Value::set(element_of(&ty), kept.cloned()))
}

/// The element types of the factors, and whether the product keeps their order.
fn factors(arguments: &[Value]) -> Result<(Vec<Type>, bool), CallError> {
    if arguments.len() < 2 {
        return Err(CallError::whole("at least two arguments are required"));
    }
    let mut ordered = true;
    let mut types = Vec::with_capacity(arguments.len());
    for (at, argument) in arguments.iter().enumerate() {
        types.push(match argument.ty() {
            Type::Set(element) => {
                ordered = false;
                Type::clone(&element)
            }
            Type::List(element) => Type::clone(&element),
            Type::Tuple(elements) => {
                unify(&elements).ok_or_else(|| CallError::argument(at, "all elements must be of the same type"))?
            }
            _ => return Err(CallError::argument(at, "a set or a list is required")),
        });
    }
    Ok((types, ordered))
}

fn product_type(arguments: &[Value]) -> Result<Type, CallError> {
    let (types, ordered) = factors(arguments)?;
    let element = Type::tuple(types);
    Ok(if ordered { Type::list(element) } else { Type::set(element) })
}

fn product(a: &Arguments<'_>) -> Result<Value, CallError> {
    let (types, ordered) = factors(a.all())?;
    let marks = a.all().iter().fold(Marks::NONE, |marks, argument| marks | argument.marks());
    let open = |value: &Value| !value.is_known() || known_length(value).is_none();
    if a.all().iter().any(open) {
        return Ok(unknown_product(a.all(), product_type(a.all())?).with_marks(marks));
    }
    let mut columns = Vec::with_capacity(types.len());
    let mut total: usize = 1;
    for (at, ty) in types.iter().enumerate() {
        let convert =
            |item: &Value| convert(item.clone(), ty).map_err(|error| CallError::argument(at, error.to_string()));
        let column = a.items(at)?.iter().map(convert).collect::<Result<Vec<_>, _>>()?;
        total = total.saturating_mul(column.len());
        columns.push(column);
    }
    if total.saturating_mul(columns.len()) > PRODUCT_LIMIT {
        return Err(CallError::whole("the product has too many elements"));
    }
    let element = Type::tuple(types);
    let mut rows: Vec<Vec<Value>> = vec![Vec::new()];
    for column in &columns {
        let longer = |row: &Vec<Value>, item: &Value| [row.as_slice(), std::slice::from_ref(item)].concat();
        rows = rows.iter().flat_map(|row| column.iter().map(move |item| longer(row, item))).collect();
    }
    let rows = rows.into_iter().map(Value::tuple);
    let value = if ordered { Value::list(element, rows) } else { Value::set(element, rows) };
    Ok(value.with_marks(marks))
}

/// An unknown product, with what the lengths of its factors say of its length.
fn unknown_product(arguments: &[Value], ty: Type) -> Value {
    let longest = |value: &Value| -> Option<u64> {
        match value.kind() {
            ValueKind::Unknown(Type::Tuple(types), _) => u64::try_from(types.len()).ok(),
            ValueKind::Unknown(_, refinement) => refinement.as_ref().and_then(|refinement| refinement.max_length),
            _ => u64::try_from(value.as_slice()?.len()).ok(),
        }
    };
    // Beyond some length a bound is of no use, and products of bounds could grow without limit.
    let bounds = arguments.iter().map(|value| longest(value).filter(|length| *length <= 1024));
    let most = bounds.collect::<Option<Vec<u64>>>().and_then(|lengths| {
        lengths.into_iter().try_fold(1u64, |most, length| most.checked_mul(length).filter(|most| *most <= 2048))
    });
    match (most, &ty) {
        (None, _) => Value::unknown(ty),
        (Some(0), Type::List(element)) => Value::list(Type::clone(element), []),
        (Some(0), Type::Set(element)) => Value::set(Type::clone(element), []),
        (most, _) => {
            let refinement = Refinement { min_length: Some(1), max_length: most, ..Refinement::not_null() };
            Value::refined(ty, refinement)
        }
    }
}
