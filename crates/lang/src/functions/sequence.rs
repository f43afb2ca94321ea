//! Functions of lists, sets and tuples as sequences.

use smform_types::{Marks, Refinement, Type, Value, ValueKind, convert, graphemes, unify};

use super::arguments::{Arguments, Function, whole};
use super::equality::equals;
use super::error::CallError;
use super::signature::{Parameter, Shape};

const LIST: Parameter = Parameter::new("list", Shape::Any);
const ANY_LIST: Parameter = Parameter::new("list", Shape::List(&Shape::Any));
const STRINGS: Shape = Shape::List(&Shape::String);
const BOOLS: Parameter = Parameter::new("list", Shape::List(&Shape::Bool));

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("alltrue", &[BOOLS], Shape::Bool, alltrue, "Whether every element is true."),
    Function::new("anytrue", &[BOOLS], Shape::Bool, anytrue, "Whether any element is true."),
    Function::new(
        "chunklist",
        &[ANY_LIST.marked(), Parameter::new("size", Shape::Number)],
        Shape::List(&Shape::List(&Shape::Any)),
        chunklist,
        "The list in pieces of a given length.",
    )
    .typed(|arguments| Ok(Type::list(type_of(arguments, 0)))),
    Function::new(
        "compact",
        &[Parameter::new("list", STRINGS)],
        STRINGS,
        compact,
        "The list without nulls and empty strings.",
    ),
    Function::new("concat", &[], Shape::Any, concat, "The elements of several lists, one list after the other.")
        .variadic(Parameter::new("seqs", Shape::Any).marked())
        .typed(concat_type),
    Function::new(
        "contains",
        &[LIST, Parameter::new("value", Shape::Any)],
        Shape::Any,
        contains,
        "Whether a value is an element of a list, set or tuple.",
    )
    .typed(|_| Ok(Type::Bool)),
    Function::new("distinct", &[ANY_LIST], Shape::List(&Shape::Any), distinct, "The list without repeated elements.")
        .typed(|arguments| Ok(type_of(arguments, 0))),
    Function::new(
        "element",
        &[LIST.marked(), Parameter::new("index", Shape::Number)],
        Shape::Any,
        element,
        "The element at an index that wraps around at the ends of the list.",
    )
    .typed(element_type)
    .nullable(),
    Function::new("flatten", &[LIST.marked()], Shape::Any, flatten, "The elements of nested lists as one list.")
        .typed(|_| Ok(Type::Dynamic)),
    Function::new(
        "index",
        &[LIST, Parameter::new("value", Shape::Any)],
        Shape::Any,
        index,
        "The place of a value in a list.",
    )
    .typed(|_| Ok(Type::Number)),
    Function::new(
        "length",
        &[Parameter::new("value", Shape::Any).unknown().dynamic().marked()],
        Shape::Number,
        length,
        "The number of elements of a collection, or of characters of a text.",
    ),
    Function::new(
        "matchkeys",
        &[
            Parameter::new("values", Shape::List(&Shape::Any)),
            Parameter::new("keys", Shape::List(&Shape::Any)),
            Parameter::new("searchset", Shape::List(&Shape::Any)),
        ],
        Shape::List(&Shape::Any),
        matchkeys,
        "The values whose keys, in a second list, are in a third list.",
    )
    .typed(|arguments| Ok(type_of(arguments, 0))),
    Function::new("reverse", &[LIST.marked()], Shape::Any, reverse, "The list from its end to its beginning.")
        .typed(reverse_type),
    Function::new(
        "slice",
        &[LIST.marked(), Parameter::new("start_index", Shape::Number), Parameter::new("end_index", Shape::Number)],
        Shape::Any,
        slice,
        "Some consecutive elements of the list.",
    )
    .typed(slice_type),
    Function::new(
        "sort",
        &[Parameter::new("list", STRINGS).unknown()],
        STRINGS,
        sort,
        "The strings of the list in order of their code points.",
    ),
];

fn type_of(arguments: &[Value], at: usize) -> Type {
    arguments.get(at).map_or(Type::Dynamic, Value::ty)
}

/// How many elements a list, set or tuple has. Those of a set may turn out to be equal while any is unknown.
pub(super) fn known_length(value: &Value) -> Option<usize> {
    match value.kind() {
        ValueKind::Set(_, items) if items.len() > 1 && !value.is_wholly_known() => None,
        ValueKind::Unknown(Type::Tuple(types), _) => Some(types.len()),
        _ => value.as_slice().map(<[Value]>::len),
    }
}

/// Whether it is, or will be, a list, set or tuple.
fn is_sequence(value: &Value) -> bool {
    match value.kind() {
        ValueKind::List(..) | ValueKind::Set(..) | ValueKind::Tuple(_) => true,
        ValueKind::Null(ty) | ValueKind::Unknown(ty, _) => {
            matches!(ty, Type::List(_) | Type::Set(_) | Type::Tuple(_))
        }
        _ => false,
    }
}

fn alltrue(a: &Arguments<'_>) -> Result<Value, CallError> {
    for item in a.items(0)? {
        if !item.is_known() {
            return Ok(Value::unknown(Type::Bool));
        }
        if item.as_bool() != Some(true) {
            return Ok(Value::bool(false));
        }
    }
    Ok(Value::bool(true))
}

fn anytrue(a: &Arguments<'_>) -> Result<Value, CallError> {
    let items = a.items(0)?;
    if items.iter().any(|item| item.as_bool() == Some(true)) {
        return Ok(Value::bool(true));
    }
    Ok(if items.iter().all(Value::is_known) { Value::bool(false) } else { Value::unknown(Type::Bool) })
}

fn chunklist(a: &Arguments<'_>) -> Result<Value, CallError> {
    let size = usize::try_from(a.whole(1)?).map_err(|_| CallError::whole("the size argument must be positive"))?;
    let (list, marks) = a.value(0)?.clone().unmark();
    let ty = list.ty();
    let element = ty.element().cloned().unwrap_or(Type::Dynamic);
    let items = list.as_slice().unwrap_or_default();
    let size = if size == 0 { items.len().max(1) } else { size };
    let chunks = items.chunks(size).map(|chunk| Value::list(element.clone(), chunk.iter().cloned()));
    Ok(Value::list(ty.clone(), chunks).with_marks(marks))
}

fn compact(a: &Arguments<'_>) -> Result<Value, CallError> {
    if !a.value(0)?.is_wholly_known() {
        return Ok(Value::unknown(Type::list(Type::String)));
    }
    let kept = a.items(0)?.iter().filter(|item| item.as_str().is_some_and(|text| !text.is_empty()));
    Ok(Value::list(Type::String, kept.cloned()))
}

/// The element type when all arguments are lists that have one in common.
fn concat_element(arguments: &[Value]) -> Option<Type> {
    let element = |argument: &Value| match argument.kind() {
        ValueKind::List(element, _) => Some(element.clone()),
        ValueKind::Unknown(Type::List(element), _) => Some(Type::clone(element)),
        _ => None,
    };
    let types: Vec<Type> = arguments.iter().map(element).collect::<Option<_>>()?;
    if types.is_empty() { None } else { unify(&types) }
}

fn concat_type(arguments: &[Value]) -> Result<Type, CallError> {
    if let Some(element) = concat_element(arguments) {
        return Ok(Type::list(element));
    }
    let mut types = Vec::new();
    for (at, argument) in arguments.iter().enumerate() {
        match argument.ty() {
            Type::Tuple(elements) => types.extend(elements.iter().cloned()),
            Type::List(element) => match argument.as_slice() {
                Some(items) => types.extend(items.iter().map(|_| Type::clone(&element))),
                // As in Terraform, what follows is not looked at.
                None => return Ok(Type::Dynamic),
            },
            ty => {
                let message = format!("all arguments must be lists or tuples; got {}", ty.friendly());
                return Err(CallError::argument(at, message));
            }
        }
    }
    Ok(Type::tuple(types))
}

fn concat(a: &Arguments<'_>) -> Result<Value, CallError> {
    if a.len() == 0 {
        return Err(CallError::whole("at least one argument is required"));
    }
    if !a.all().iter().all(|argument| matches!(argument.kind(), ValueKind::List(..) | ValueKind::Tuple(_))) {
        concat_type(a.all())?;
    }
    let element = concat_element(a.all());
    let mut marks = Marks::NONE;
    let mut items = Vec::new();
    for (at, argument) in a.all().iter().enumerate() {
        marks |= argument.marks();
        for item in argument.as_slice().unwrap_or_default() {
            items.push(match &element {
                Some(ty) => convert(item.clone(), ty).map_err(|error| CallError::argument(at, error.to_string()))?,
                None => item.clone(),
            });
        }
    }
    let value = match element {
        Some(element) => Value::list(element, items),
        None => Value::tuple(items),
    };
    Ok(value.with_marks(marks))
}

fn contains(a: &Arguments<'_>) -> Result<Value, CallError> {
    if !is_sequence(a.value(0)?) {
        return Err(CallError::whole("argument must be list, tuple, or set"));
    }
    let wanted = a.value(1)?;
    let mut unknown = false;
    for item in a.items(0)? {
        match equals(wanted, item) {
            Some(true) => return Ok(Value::bool(true)),
            Some(false) => {}
            None => unknown = true,
        }
    }
    Ok(if unknown { Value::unknown(Type::Bool) } else { Value::bool(false) })
}

fn distinct(a: &Arguments<'_>) -> Result<Value, CallError> {
    let list = a.value(0)?;
    if !list.is_wholly_known() {
        return Ok(Value::unknown(list.ty()));
    }
    let mut seen = std::collections::BTreeSet::new();
    let kept = a.items(0)?.iter().filter(|item| seen.insert(*item));
    Ok(Value::list(list.ty().element().cloned().unwrap_or(Type::Dynamic), kept.cloned()))
}

fn element_type(arguments: &[Value]) -> Result<Type, CallError> {
    match type_of(arguments, 0) {
        Type::List(element) => Ok(Type::clone(&element)),
        Type::Tuple(types) => {
            let Some(index) = arguments.get(1).and_then(Value::as_number) else { return Ok(Type::Dynamic) };
            let index = whole(index).map_err(|message| CallError::whole(format!("invalid index: {message}")))?;
            Ok(wrapped(index, types.len()).and_then(|at| types.get(at)).cloned().ok_or_else(empty_list)?)
        }
        ty => Err(CallError::whole(format!("cannot read elements from {}", ty.friendly()))),
    }
}

fn empty_list() -> CallError {
    CallError::whole("cannot use element function with an empty list")
}

/// An index that counts from the end when negative and starts again when too large; nothing for an empty list.
fn wrapped(index: i64, length: usize) -> Option<usize> {
    let length = i64::try_from(length).ok()?;
    usize::try_from(index.checked_rem_euclid(length)?).ok()
}

fn element(a: &Arguments<'_>) -> Result<Value, CallError> {
    if !matches!(a.value(0)?.kind(), ValueKind::List(..) | ValueKind::Tuple(_)) {
        element_type(a.all())?;
    }
    let index = a.whole(1).map_err(|error| CallError::whole(format!("invalid index: {}", error.message)))?;
    let items = a.items(0)?;
    let item = wrapped(index, items.len()).and_then(|at| items.get(at)).ok_or_else(empty_list)?;
    Ok(item.clone().with_marks(a.value(0)?.marks()))
}

fn flattenable(arguments: &[Value]) -> Result<(), CallError> {
    if arguments.first().is_some_and(|list| !is_sequence(list)) {
        return Err(CallError::whole("can only flatten lists, sets and tuples"));
    }
    Ok(())
}

fn flatten(a: &Arguments<'_>) -> Result<Value, CallError> {
    flattenable(a.all())?;
    let mut flat = Flat { items: Vec::new(), marks: Marks::NONE, known: true };
    flat.add(a.value(0)?);
    let value = if flat.known { Value::tuple(flat.items) } else { Value::unknown(Type::Dynamic) };
    Ok(value.with_marks(flat.marks))
}

/// What `flatten` has gathered so far.
struct Flat {
    items: Vec<Value>,
    marks: Marks,
    known: bool,
}

impl Flat {
    fn add(&mut self, sequence: &Value) {
        self.marks |= sequence.marks();
        if known_length(sequence).is_none() {
            self.known = false;
            return;
        }
        for item in sequence.as_slice().unwrap_or_default() {
            let nested = is_sequence(item) && !item.is_null();
            if nested && item.is_known() {
                self.add(item);
            } else if !item.is_known() && (nested || matches!(item.kind(), ValueKind::Unknown(Type::Dynamic, _))) {
                self.known = false;
                self.marks |= item.marks();
            } else {
                self.items.push(item.clone());
            }
        }
    }
}

fn index(a: &Arguments<'_>) -> Result<Value, CallError> {
    if !matches!(a.value(0)?.ty(), Type::List(_) | Type::Tuple(_)) {
        return Err(CallError::whole("argument must be a list or tuple"));
    }
    let items = a.items(0)?;
    if items.is_empty() {
        return Err(CallError::whole("cannot search an empty list"));
    }
    for (at, item) in items.iter().enumerate() {
        match equals(item, a.value(1)?) {
            Some(true) => return Ok(Value::number(at)),
            Some(false) => {}
            None => return Ok(Value::unknown(Type::Number)),
        }
    }
    Err(CallError::whole("item not found"))
}

fn length(a: &Arguments<'_>) -> Result<Value, CallError> {
    let (value, marks) = a.value(0)?.clone().unmark();
    let at_least = |min: usize, max: Option<u64>| {
        let refinement = Refinement {
            not_null: true,
            lower: Some((min.into(), true)),
            upper: max.and_then(|max| i64::try_from(max).ok()).map(|max| (max.into(), true)),
            ..Refinement::default()
        };
        Value::refined(Type::Number, refinement)
    };
    let length = match value.kind() {
        ValueKind::String(text) => Value::number(graphemes(text).len()),
        ValueKind::Set(_, items) if known_length(&value).is_none() => {
            at_least(usize::from(!items.is_empty()), u64::try_from(items.len()).ok())
        }
        ValueKind::List(_, items) | ValueKind::Set(_, items) | ValueKind::Tuple(items) => Value::number(items.len()),
        ValueKind::Map(_, items) | ValueKind::Object(items) => Value::number(items.len()),
        ValueKind::Unknown(ty, refinement) => match ty {
            Type::Tuple(types) => Value::number(types.len()),
            Type::Object(object) => Value::number(object.attributes.len()),
            Type::List(_) | Type::Set(_) | Type::Map(_) => {
                let min = refinement.as_ref().and_then(|refinement| refinement.min_length).unwrap_or(0);
                let max = refinement.as_ref().and_then(|refinement| refinement.max_length);
                let min = usize::try_from(min).unwrap_or(0);
                if max.is_some_and(|max| usize::try_from(max) == Ok(min)) {
                    Value::number(min)
                } else {
                    at_least(min, max)
                }
            }
            Type::String => {
                let prefix = refinement.as_ref().and_then(|refinement| refinement.prefix.as_deref());
                at_least(graphemes(prefix.unwrap_or_default()).len(), None)
            }
            Type::Dynamic => Value::unknown(Type::Number),
            Type::Bool | Type::Number => return Err(no_length()),
        },
        ValueKind::Null(_) | ValueKind::Bool(_) | ValueKind::Number(_) => return Err(no_length()),
    };
    Ok(length.with_marks(marks))
}

fn no_length() -> CallError {
    CallError::whole("argument must be a string, a collection type, or a structural type")
}

fn matchkeys(a: &Arguments<'_>) -> Result<Value, CallError> {
    let (values, keys, searched) = (a.value(0)?, a.value(1)?, a.value(2)?);
    let ty = values.ty();
    let common = unify(&[keys.ty(), searched.ty()])
        .ok_or_else(|| CallError::whole("keys and searchset must be of the same type"))?;
    if a.items(0)?.len() != a.items(1)?.len() {
        return Err(CallError::whole("length of keys and values should be equal"));
    }
    let element = ty.element().cloned().unwrap_or(Type::Dynamic);
    if a.items(2)?.is_empty() {
        return Ok(Value::list(element, []));
    }
    if !values.is_wholly_known() || !keys.is_wholly_known() {
        return Ok(Value::unknown(ty));
    }
    let convert = |value: &Value, at: usize| {
        convert(value.clone(), &common).map_err(|error| CallError::argument(at, error.to_string()))
    };
    let (keys, searched) = (convert(keys, 1)?, convert(searched, 2)?);
    let mut kept = Vec::new();
    for (value, key) in a.items(0)?.iter().zip(keys.as_slice().unwrap_or_default()) {
        for wanted in searched.as_slice().unwrap_or_default() {
            match equals(key, wanted) {
                Some(true) => {
                    kept.push(value.clone());
                    break;
                }
                Some(false) => {}
                // As in Terraform, which takes what is not known to match for no match of anything.
                None => return Ok(Value::list(element, [])),
            }
        }
    }
    Ok(Value::list(element, kept))
}

fn reverse_type(arguments: &[Value]) -> Result<Type, CallError> {
    match type_of(arguments, 0) {
        Type::List(element) | Type::Set(element) => Ok(Type::List(element)),
        Type::Tuple(types) => Ok(Type::tuple(types.iter().rev().cloned())),
        ty => Err(CallError::argument(0, format!("can only reverse list or tuple values, not {}", ty.friendly()))),
    }
}

fn reverse(a: &Arguments<'_>) -> Result<Value, CallError> {
    let ty = reverse_type(a.all())?;
    let items = a.items(0)?.iter().rev().cloned();
    let reversed = match ty {
        Type::List(element) => Value::list(Type::clone(&element), items),
        _ => Value::tuple(items),
    };
    Ok(reversed.with_marks(a.value(0)?.marks()))
}

/// The bounds of `slice` as far as they are known, checked against each other and the length.
fn slice_bounds(arguments: &[Value]) -> Result<(Option<usize>, Option<usize>), CallError> {
    let length = arguments.first().and_then(known_length);
    let bound = |at: usize, name: &str| -> Result<Option<usize>, CallError> {
        let Some(number) = arguments.get(at).and_then(Value::as_number) else { return Ok(None) };
        let index =
            whole(number).map_err(|message| CallError::argument(at, format!("invalid {name} index: {message}")))?;
        let index = usize::try_from(index)
            .map_err(|_| CallError::argument(at, format!("{name} index must not be less than zero")))?;
        if length.is_some_and(|length| index > length) {
            let message = format!("{name} index must not be greater than the length of the list");
            return Err(CallError::argument(at, message));
        }
        Ok(Some(index))
    };
    let (start, end) = (bound(1, "start")?, bound(2, "end")?);
    if start.zip(end).is_some_and(|(start, end)| start > end) {
        return Err(CallError::argument(1, "start index must not be greater than end index"));
    }
    Ok((start, end))
}

fn slice_type(arguments: &[Value]) -> Result<Type, CallError> {
    match type_of(arguments, 0) {
        ty @ Type::List(_) => slice_bounds(arguments).map(|_| ty),
        Type::Tuple(types) => Ok(match slice_bounds(arguments)? {
            (Some(start), Some(end)) => Type::tuple(types.get(start..end).unwrap_or_default().iter().cloned()),
            _ => Type::Dynamic,
        }),
        Type::Set(_) => Err(CallError::argument(
            0,
            "cannot slice a set, because its elements do not have indices; explicitly convert to a list if the \
             ordering of the result is not important",
        )),
        _ => Err(CallError::argument(0, "must be a list or tuple value")),
    }
}

fn slice(a: &Arguments<'_>) -> Result<Value, CallError> {
    let ty = slice_type(a.all())?;
    let (start, end) = slice_bounds(a.all())?;
    let items = a.items(0)?.get(start.unwrap_or(0)..end.unwrap_or(0)).unwrap_or_default().iter().cloned();
    let sliced = match ty {
        Type::List(element) => Value::list(Type::clone(&element), items),
        _ => Value::tuple(items),
    };
    Ok(sliced.with_marks(a.value(0)?.marks()))
}

fn sort(a: &Arguments<'_>) -> Result<Value, CallError> {
    let list = a.value(0)?;
    let ty = Type::list(Type::String);
    if !list.is_wholly_known() {
        let refinement = match list.kind() {
            ValueKind::Unknown(_, refinement) => refinement.as_deref().cloned().unwrap_or_default(),
            _ => {
                let length = list.as_slice().and_then(|items| u64::try_from(items.len()).ok());
                Refinement { min_length: length, max_length: length, ..Refinement::default() }
            }
        };
        return Ok(Value::refined(ty, Refinement { not_null: true, ..refinement }));
    }
    let mut items = a.items(0)?.to_vec();
    if let Some(at) = items.iter().position(Value::is_null) {
        let message = format!("given list element {at} is null; a null string cannot be sorted");
        return Err(CallError::whole(message));
    }
    items.sort();
    Ok(Value::list(Type::String, items))
}
