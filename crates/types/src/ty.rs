//! Types: what kinds of values there are.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

/// The type of a value, or a type constraint when it contains [`Type::Dynamic`] or optional attributes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Type {
    /// Not known yet; as a constraint, any type.
    Dynamic,
    /// `true` or `false`.
    Bool,
    /// A number of any size.
    Number,
    /// Unicode text, always in normal form C.
    String,
    /// A sequence of values of one type.
    List(Arc<Type>),
    /// Distinct values of one type, without order.
    Set(Arc<Type>),
    /// Values of one type by name.
    Map(Arc<Type>),
    /// A sequence in which each place has its own type.
    Tuple(Arc<[Type]>),
    /// Named values, each with its own type.
    Object(Arc<ObjectType>),
}

/// The attributes of an object type.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectType {
    /// The type of each attribute.
    pub attributes: BTreeMap<Arc<str>, Type>,
    /// Attributes that a constraint allows to be absent; empty for the type of a value.
    pub optional: BTreeSet<Arc<str>>,
}

impl Type {
    /// A list of `element`.
    #[must_use]
    pub fn list(element: Type) -> Type {
        Type::List(Arc::new(element))
    }

    /// A set of `element`.
    #[must_use]
    pub fn set(element: Type) -> Type {
        Type::Set(Arc::new(element))
    }

    /// A map of `element`.
    #[must_use]
    pub fn map(element: Type) -> Type {
        Type::Map(Arc::new(element))
    }

    /// A tuple of the given types.
    #[must_use]
    pub fn tuple(elements: impl IntoIterator<Item = Type>) -> Type {
        Type::Tuple(elements.into_iter().collect())
    }

    /// An object of the given attributes, none of them optional.
    #[must_use]
    pub fn object<N: Into<Arc<str>>>(attributes: impl IntoIterator<Item = (N, Type)>) -> Type {
        Type::Object(Arc::new(ObjectType {
            attributes: attributes.into_iter().map(|(name, ty)| (name.into(), ty)).collect(),
            optional: BTreeSet::new(),
        }))
    }

    /// Whether it is a string, number or bool.
    #[must_use]
    pub const fn is_primitive(&self) -> bool {
        matches!(self, Type::Bool | Type::Number | Type::String)
    }

    /// Whether it is a list, set or map.
    #[must_use]
    pub const fn is_collection(&self) -> bool {
        matches!(self, Type::List(_) | Type::Set(_) | Type::Map(_))
    }

    /// The element type of a collection.
    #[must_use]
    pub fn element(&self) -> Option<&Type> {
        match self {
            Type::List(element) | Type::Set(element) | Type::Map(element) => Some(element),
            _ => None,
        }
    }

    /// The type of an attribute of an object type.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&Type> {
        match self {
            Type::Object(object) => object.attributes.get(name),
            _ => None,
        }
    }

    /// Whether it is, or contains, a type that is not known yet.
    #[must_use]
    pub fn has_dynamic(&self) -> bool {
        match self {
            Type::Dynamic => true,
            Type::Bool | Type::Number | Type::String => false,
            Type::List(element) | Type::Set(element) | Type::Map(element) => element.has_dynamic(),
            Type::Tuple(elements) => elements.iter().any(Type::has_dynamic),
            Type::Object(object) => object.attributes.values().any(Type::has_dynamic),
        }
    }

    /// The same type as values have it: without optional attributes.
    #[must_use]
    pub fn without_optional(&self) -> Type {
        match self {
            Type::Dynamic | Type::Bool | Type::Number | Type::String => self.clone(),
            Type::List(element) => Type::list(element.without_optional()),
            Type::Set(element) => Type::set(element.without_optional()),
            Type::Map(element) => Type::map(element.without_optional()),
            Type::Tuple(elements) => Type::tuple(elements.iter().map(Type::without_optional)),
            Type::Object(object) => {
                Type::object(object.attributes.iter().map(|(name, ty)| (Arc::clone(name), ty.without_optional())))
            }
        }
    }

    /// The name that messages use: `string`, `list of string`, `object`, ...
    #[must_use]
    pub fn friendly(&self) -> String {
        match self {
            Type::Dynamic => "dynamic".to_owned(),
            Type::Bool => "bool".to_owned(),
            Type::Number => "number".to_owned(),
            Type::String => "string".to_owned(),
            Type::List(element) => format!("list of {}", element.friendly()),
            Type::Set(element) => format!("set of {}", element.friendly()),
            Type::Map(element) => format!("map of {}", element.friendly()),
            Type::Tuple(_) => "tuple".to_owned(),
            Type::Object(_) => "object".to_owned(),
        }
    }
}

/// The type as a constraint is written: `list(string)`, `object({ a = number })`.
impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Dynamic => f.write_str("any"),
            Type::Bool => f.write_str("bool"),
            Type::Number => f.write_str("number"),
            Type::String => f.write_str("string"),
            Type::List(element) => write!(f, "list({element})"),
            Type::Set(element) => write!(f, "set({element})"),
            Type::Map(element) => write!(f, "map({element})"),
            Type::Tuple(elements) => {
                f.write_str("tuple([")?;
                for (at, element) in elements.iter().enumerate() {
                    if at > 0 {
                        f.write_str(", ")?;
                    }
                    write!(f, "{element}")?;
                }
                f.write_str("])")
            }
            Type::Object(object) => {
                f.write_str("object({")?;
                for (at, (name, ty)) in object.attributes.iter().enumerate() {
                    let (open, close) = if object.optional.contains(name) { ("optional(", ")") } else { ("", "") };
                    write!(f, "{}{name} = {open}{ty}{close}", if at > 0 { ", " } else { " " })?;
                }
                f.write_str(if object.attributes.is_empty() { "})" } else { " })" })
            }
        }
    }
}
