//! Attributes, indices and splats.

use smform_types::suggest::did_you_mean;
use smform_types::{Diagnostic, Diagnostics, Refinement, Span, Step, Type, Value, ValueKind, convert};

use super::evaluator::{Env, Evaluator, Failure, Outcome};
use crate::syntax::{Expr, Ident, TraversalStep};

impl Evaluator<'_> {
    /// Takes steps from a value, with which something may be wrong already.
    pub(super) fn steps(
        &self,
        value: Value,
        steps: &[TraversalStep],
        whole: &Expr,
        env: Env<'_>,
        mut errors: Diagnostics,
    ) -> Outcome {
        let mut value = value;
        let mut rest = steps;
        while let Some((step, after)) = rest.split_first() {
            rest = after;
            value = match step {
                TraversalStep::Attribute(name) => {
                    let found =
                        attribute(value, name).map_err(|error| self.failed(error.at(name.with_dot()), whole, env));
                    errors.take(found).unwrap_or_else(|| Value::unknown(Type::Dynamic))
                }
                TraversalStep::Index(key, span) => {
                    let key = self.told(key, env, &mut errors);
                    let found = index(value, &key).map_err(|error| self.failed(error.at(*span), whole, env));
                    errors.take(found).unwrap_or_else(|| Value::unknown(Type::Dynamic))
                }
                // The elements of something that is wrong are not looked into.
                TraversalStep::Splat(_) | TraversalStep::LegacySplat(_) if errors.has_errors() => {
                    return Err(errors.into());
                }
                TraversalStep::Splat(span) => return self.splat(value, after, *span, whole, env),
                TraversalStep::LegacySplat(span) => {
                    let dotted = after.iter().take_while(|step| step.is_dotted()).count();
                    let (own, after) = after.split_at(dotted);
                    rest = after;
                    self.splat(value, own, *span, whole, env).unwrap_or_else(|failure| {
                        errors.extend(failure.errors);
                        failure.rest
                    })
                }
            };
        }
        Failure::unless_none(errors, value)
    }

    /// Takes steps from each element of a value. What is no sequence counts as a sequence of itself, or of nothing when
    /// it is null.
    fn splat(&self, value: Value, steps: &[TraversalStep], span: Span, whole: &Expr, env: Env<'_>) -> Outcome {
        // What is wrong with an element is not seen from the value of the whole.
        let env = Env { quiet: true, ..env };
        let (value, marks) = value.unmark();
        let ty = value.ty();
        let is_sequence = matches!(ty, Type::List(_) | Type::Set(_) | Type::Tuple(_));
        let mut errors = Diagnostics::new();
        let mut each = |item: Value| {
            self.steps(item, steps, whole, env, Diagnostics::new()).unwrap_or_else(|failure| {
                errors.extend(failure.errors);
                failure.rest
            })
        };
        let result = match value.kind() {
            ValueKind::Null(_) if is_sequence => {
                let detail =
                    "This value is null, so it has no elements to go through. Give it a value, or use an empty list.";
                let error = Diagnostic::error("Splat of null value", detail).at(span);
                return Err(self.failed(error, whole, Env { quiet: false, ..env }).into());
            }
            ValueKind::Null(_) => Value::tuple([]),
            ValueKind::Tuple(items) => Value::tuple(items.iter().cloned().map(each).collect::<Vec<_>>()),
            ValueKind::List(element, items) | ValueKind::Set(element, items) => {
                let results: Vec<Value> = items.iter().cloned().map(&mut each).collect();
                if results.is_empty() {
                    let inner = self.steps(Value::unknown(element.clone()), steps, whole, env, Diagnostics::new());
                    Value::list(inner.map_or(Type::Dynamic, |value| value.ty()), [])
                } else {
                    list_or_tuple(results)
                }
            }
            ValueKind::Unknown(Type::List(element) | Type::Set(element), refinement) => {
                let inner = each(Value::unknown(Type::clone(element)));
                let length = refinement.as_deref().cloned().unwrap_or_default();
                Value::refined(Type::list(inner.ty()), Refinement { not_null: true, ..length })
                    .with_marks(inner.marks())
            }
            ValueKind::Unknown(Type::Tuple(types), _) => {
                let types = types.iter().map(|ty| each(Value::unknown(ty.clone())).ty()).collect::<Vec<_>>();
                Value::refined(Type::tuple(types), Refinement::not_null())
            }
            ValueKind::Unknown(Type::Dynamic, _) => Value::refined(Type::Dynamic, Refinement::not_null()),
            ValueKind::Unknown(..) if !value.is_definitely_not_null() => {
                // It may be null, and so have no element; what one cannot have is wrong all the same.
                each(value);
                Value::refined(Type::Dynamic, Refinement::not_null())
            }
            _ => Value::tuple([each(value)]),
        };
        if errors.has_errors() {
            return Err(Failure { errors, rest: Value::unknown(result.ty()) });
        }
        Ok(result.with_marks(marks))
    }
}

/// The error of the first step that no value of a type takes. What goes on beyond the static steps is not looked at.
#[must_use]
pub fn missing_step(ty: &Type, steps: &[Step], places: &[Span]) -> Option<Diagnostic> {
    let mut value = Value::unknown(ty.clone());
    for (step, place) in steps.iter().zip(places) {
        let found = match step {
            Step::Attribute(name) => {
                let name = Ident { text: name.as_str().into(), span: *place };
                attribute(value, &name).map_err(|error| error.at(name.with_dot()))
            }
            Step::Index(at) => index(value, &Value::number(*at)).map_err(|error| error.at(*place)),
            Step::Key(key) => index(value, &Value::string(key)).map_err(|error| error.at(*place)),
            Step::Element => return None,
        };
        match found {
            Ok(inner) => value = inner,
            Err(error) => return Some(error),
        }
    }
    None
}

/// `value.name`.
pub(super) fn attribute(value: Value, name: &Ident) -> Result<Value, Diagnostic> {
    let (value, marks) = value.unmark();
    let unsupported = |detail: String| Diagnostic::error("Unsupported attribute", detail);
    if value.is_null() {
        return Err(Diagnostic::error(
            "Attempt to get attribute from null value",
            "This value is null, so it does not have any attributes.",
        ));
    }
    let found = match value.kind() {
        ValueKind::Object(items) => items.get(&name.text).cloned().ok_or_else(|| {
            let hint = did_you_mean(&name.text, items.keys().map(|key| &**key));
            unsupported(format!("This object does not have an attribute named \"{}\".{hint}", name.text))
        })?,
        ValueKind::Map(_, items) => items.get(&name.text).cloned().ok_or_else(|| {
            let hint = did_you_mean(&name.text, items.keys().map(|key| &**key));
            let detail = format!("This map does not have an element with the key \"{}\".{hint}", name.text);
            Diagnostic::error("Missing map element", detail)
        })?,
        ValueKind::Unknown(Type::Dynamic, _) => Value::unknown(Type::Dynamic),
        ValueKind::Unknown(Type::Map(element), _) => Value::unknown(Type::clone(element)),
        ValueKind::Unknown(Type::Object(object), _) => match object.attributes.get(&name.text) {
            Some(ty) => Value::unknown(ty.clone()),
            None => {
                let hint = did_you_mean(&name.text, object.attributes.keys().map(|key| &**key));
                let detail = format!("This object does not have an attribute named \"{}\".{hint}", name.text);
                return Err(unsupported(detail));
            }
        },
        _ => {
            let ty = value.ty();
            let detail = match &ty {
                Type::List(element) | Type::Set(element) if matches!(**element, Type::Object(_)) => {
                    let what = if matches!(ty, Type::List(_)) { "list" } else { "set" };
                    let advice = if what == "list" {
                        "Write [0] for its first element or [*] for all of them before the attribute."
                    } else {
                        "Write [*] before the attribute to take it from every element."
                    };
                    format!("Can't access attributes on a {what} of objects. {advice}")
                }
                ty if ty.is_primitive() => {
                    format!("Can't access attributes on a primitive-typed value ({}).", ty.friendly())
                }
                _ => "This value does not have any attributes.".to_owned(),
            };
            return Err(unsupported(detail));
        }
    };
    Ok(found.with_marks(marks))
}

/// `value[key]`.
pub(super) fn index(value: Value, key: &Value) -> Result<Value, Diagnostic> {
    let (value, marks) = value.unmark();
    // As in Terraform, the name of an attribute tells nothing, even where it comes from a value that must not be shown,
    // and no key does while it is not known what it selects.
    let settled = value.is_known() && key.is_known();
    let marks = if matches!(value.ty(), Type::Object(_)) || !settled { marks } else { marks | key.marks() };
    let invalid = |detail: &str| Diagnostic::error("Invalid index", detail);
    if value.is_null() {
        let detail = "This value is null, so it does not have any indices.";
        return Err(Diagnostic::error("Attempt to index null value", detail));
    }
    if key.is_null() {
        return Err(invalid("Can't use a null value as an indexing key."));
    }
    let ty = value.ty();
    let found = match &ty {
        Type::Dynamic => Value::unknown(Type::Dynamic),
        // As in Terraform, a key of which nothing is known tells nothing, be there something to select or not.
        _ if key.ty() == Type::Dynamic => Value::unknown(Type::Dynamic),
        Type::List(_) | Type::Tuple(_) => element(&value, &ty, key)?,
        Type::Map(_) | Type::Object(_) => entry(&value, &ty, key)?,
        Type::Set(_) => {
            return Err(invalid(
                "Elements of a set are identified only by their value, so none can be selected by an index or key. \
                 Convert the set with tolist first, if its order does not matter.",
            ));
        }
        Type::Bool | Type::Number | Type::String => return Err(invalid("This value does not have any indices.")),
    };
    Ok(found.with_marks(marks))
}

const NOT_IN_COLLECTION: &str = "The given key does not identify an element in this collection value";

fn element(value: &Value, ty: &Type, key: &Value) -> Result<Value, Diagnostic> {
    let invalid = |why: &str| Diagnostic::error("Invalid index", format!("{NOT_IN_COLLECTION}{why}."));
    let key = convert(key.clone(), &Type::Number).map_err(|error| invalid(&format!(": {error}")))?;
    let Some(number) = key.as_number() else {
        return Ok(Value::unknown(ty.element().cloned().unwrap_or(Type::Dynamic)));
    };
    // Of a list without elements to look at, no number is refused yet.
    if let ValueKind::Unknown(Type::List(element), _) = value.kind() {
        return Ok(Value::unknown(Type::clone(element)));
    }
    if !number.is_whole() {
        return Err(invalid(
            ": indexing a sequence requires a whole number, but the given index has a fractional part",
        ));
    }
    if number.is_negative() {
        return Err(invalid(": a negative number is not a valid index for a sequence"));
    }
    let at = number.to_i64().and_then(|at| usize::try_from(at).ok());
    let count = value.as_slice().map(<[Value]>::len);
    if let (ValueKind::Unknown(Type::Tuple(types), _), Some(at)) = (value.kind(), at) {
        return types.get(at).map(|ty| Value::unknown(ty.clone())).ok_or_else(|| invalid(""));
    }
    at.and_then(|at| value.get_index(at)).cloned().ok_or_else(|| {
        invalid(&match count {
            Some(0) => ": the collection has no elements".to_owned(),
            Some(1) => ": the only index is 0".to_owned(),
            Some(count) => format!(": the highest index is {}", count - 1),
            None => String::new(),
        })
    })
}

fn entry(value: &Value, ty: &Type, key: &Value) -> Result<Value, Diagnostic> {
    let invalid = |why: &str| Diagnostic::error("Invalid index", format!("{NOT_IN_COLLECTION}{why}."));
    let key = convert(key.clone(), &Type::String).map_err(|error| invalid(&format!(": {error}")))?;
    let Some(name) = key.as_str() else {
        return Ok(Value::unknown(ty.element().cloned().unwrap_or(Type::Dynamic)));
    };
    if let ValueKind::Unknown(ty, _) = value.kind() {
        return match ty {
            // As in Terraform, a key tells nothing of an object that is not known, other than the name of an attribute.
            Type::Object(_) => Ok(Value::unknown(Type::Dynamic)),
            ty => Ok(Value::unknown(ty.element().cloned().unwrap_or(Type::Dynamic))),
        };
    }
    let entries = value.as_entries();
    entries.and_then(|entries| entries.get(name)).cloned().ok_or_else(|| {
        let names = entries.into_iter().flatten().map(|(key, _)| &**key);
        let hint = did_you_mean(name, names);
        Diagnostic::error("Invalid index", format!("{NOT_IN_COLLECTION}.{hint}"))
    })
}

/// A list when all are of one type, as they are when they come from a list of one type.
fn list_or_tuple(items: Vec<Value>) -> Value {
    let first = items.first().map_or(Type::Dynamic, Value::ty);
    if items.iter().all(|item| item.ty() == first) {
        return Value::list(first, items);
    }
    match smform_types::unify_values(items.clone()) {
        Some((ty, items)) if ty != Type::Dynamic => Value::list(ty, items),
        _ => Value::tuple(items),
    }
}

#[cfg(test)]
mod tests {
    use smform_types::Marks;

    use super::*;

    #[test]
    fn marks_of_the_container_and_of_the_key_of_a_map_go_to_the_element() {
        let secret = Marks::SENSITIVE;
        let name = Ident { text: "a".into(), span: smform_types::Span::new(smform_types::SourceId(0), 0..0) };
        let object = Value::object([("a", Value::number(1))]);
        assert_eq!(attribute(object.clone().with_marks(secret), &name).map(|value| value.marks()), Ok(secret));
        let key = Value::string("a").with_marks(secret);
        let map = Value::map(smform_types::Type::Number, [("a", Value::number(1))]);
        assert_eq!(index(map, &key).map(|value| value.marks()), Ok(secret));
        // As in Terraform, which takes the key of an object for a part of its type.
        assert_eq!(index(object, &key).map(|value| value.marks()), Ok(Marks::NONE));
    }

    #[test]
    fn unknown_containers_give_unknown_elements_of_the_right_type() {
        let list = Value::unknown(Type::list(Type::String));
        assert_eq!(index(list, &Value::number(3)), Ok(Value::unknown(Type::String)));
        let tuple = Value::unknown(Type::tuple([Type::Bool]));
        assert_eq!(index(tuple.clone(), &Value::number(0)), Ok(Value::unknown(Type::Bool)));
        assert!(index(tuple, &Value::number(1)).is_err());
    }
}
