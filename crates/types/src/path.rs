//! Paths: the way from a value to a part of it.

use std::fmt;

use crate::value::Value;

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// An attribute of an object.
    Attribute(String),
    /// An element of a list or tuple.
    Index(usize),
    /// An element of a map.
    Key(String),
    /// An element of a set; identified by its value, so only its presence is recorded here.
    Element,
}

/// The way from a value to a part of it; empty for the value itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Path(pub Vec<Step>);

impl Path {
    /// The value itself.
    #[must_use]
    pub const fn root() -> Path {
        Path(Vec::new())
    }

    /// An attribute of the value itself.
    #[must_use]
    pub fn attribute(name: &str) -> Path {
        Path(vec![Step::Attribute(name.to_owned())])
    }

    /// This path and one step more.
    #[must_use]
    pub fn then(&self, step: Step) -> Path {
        let mut steps = self.0.clone();
        steps.push(step);
        Path(steps)
    }

    /// This path and an attribute.
    #[must_use]
    pub fn attr(&self, name: &str) -> Path {
        self.then(Step::Attribute(name.to_owned()))
    }

    /// This path and a list index.
    #[must_use]
    pub fn index(&self, at: usize) -> Path {
        self.then(Step::Index(at))
    }

    /// Whether `self` leads to `other` or to something around it.
    #[must_use]
    pub fn is_prefix_of(&self, other: &Path) -> bool {
        other.0.starts_with(&self.0)
    }

    /// The part of `value` at this path; nothing where a step does not apply (or passes through a set).
    #[must_use]
    pub fn lookup<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        self.0.iter().try_fold(value, |value, step| match step {
            Step::Attribute(name) | Step::Key(name) => value.get(name),
            Step::Index(at) => value.get_index(*at),
            Step::Element => None,
        })
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.0.iter().enumerate() {
            match step {
                Step::Attribute(name) if at == 0 => f.write_str(name)?,
                Step::Attribute(name) => write!(f, ".{name}")?,
                Step::Index(at) => write!(f, "[{at}]")?,
                Step::Key(key) => write!(f, "[{key:?}]")?,
                Step::Element => f.write_str("[...]")?,
            }
        }
        Ok(())
    }
}
