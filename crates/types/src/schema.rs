//! Schemas: which attributes and nested blocks an object has.
//!
//! The contract with providers is in the `provider` crate; the shape is here because the evaluator decodes
//! configuration by it and the renderers print by it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::ty::Type;
use crate::value::Value;

/// The schema of a resource type, data source or provider configuration.
#[derive(Clone, Debug, Default)]
pub struct Schema {
    /// Version of the stored form; raised when stored attributes change in a way that needs an upgrade.
    pub version: u64,
    /// The content.
    pub block: Block,
}

/// The content of a block.
#[derive(Clone, Debug, Default)]
pub struct Block {
    /// Arguments and computed attributes by name.
    pub attributes: BTreeMap<&'static str, Attribute>,
    /// Nested blocks by type.
    pub blocks: BTreeMap<&'static str, NestedBlock>,
    /// One or two sentences.
    pub description: &'static str,
}

/// One attribute.
#[derive(Clone, Debug)]
pub struct Attribute {
    /// Its type.
    pub ty: Type,
    /// One or two sentences.
    pub description: &'static str,
    /// Configuration must set it.
    pub required: bool,
    /// Configuration may set it.
    pub optional: bool,
    /// The provider may set it.
    pub computed: bool,
    /// Configuration may write it although only the provider sets it: what is written counts for nothing.
    pub passed_over: bool,
    /// Never shown.
    pub sensitive: bool,
    /// Sent, never stored.
    pub write_only: bool,
    /// Why not to use it any more.
    pub deprecated: Option<&'static str>,
    /// A change needs a new object.
    pub forces_replacement: bool,
    /// The value when configuration leaves it out.
    pub default: Option<Value>,
    /// What its value must satisfy, checked before any call.
    pub constraints: Vec<Constraint>,
}

/// A rule for the value of an attribute that needs nothing but the value.
#[derive(Clone, Debug)]
pub enum Constraint {
    /// One of these strings; anything else is an error.
    OneOf(&'static [&'static str]),
    /// One of these strings as far as is known; anything else is a warning, since the service's list grows.
    KnownValues(&'static [&'static str]),
    /// So many characters, both ends included.
    Length(usize, usize),
    /// One of these numbers; anything else is an error.
    OneOfNumbers(&'static [i32]),
    /// A number within these bounds, both included.
    Range(f64, f64),
    /// A number that may have a fraction. Without this, providers take whole numbers only, as the services do.
    Fraction,
    /// So many elements, both ends included.
    Items(usize, usize),
    /// A rule in code: what is required, as words that follow "must be", and the test.
    Text(&'static str, fn(&str) -> bool),
}

/// A nested block.
#[derive(Clone, Debug)]
pub struct NestedBlock {
    /// How many, and how they are told apart.
    pub nesting: Nesting,
    /// The content of each.
    pub block: Block,
    /// At least so many.
    pub min_items: usize,
    /// At most so many; 0 for any number.
    pub max_items: usize,
    /// The provider may fill it in when configuration leaves it out.
    pub computed: bool,
    /// A change in the number of blocks needs a new object.
    pub forces_replacement: bool,
    /// An argument by nature: it may also be written with an equals sign and a list of objects, in which every
    /// attribute is present. Then nothing written is null, and `[]` is none at all. Terraform calls this "attributes
    /// as blocks".
    pub as_argument: bool,
}

/// How nested blocks of one type are held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Nesting {
    /// At most one, as an object or null.
    Single,
    /// In order.
    List,
    /// Without order.
    Set,
    /// By label.
    Map,
}

impl Attribute {
    fn new(ty: Type) -> Attribute {
        Attribute {
            ty,
            description: "",
            required: false,
            optional: false,
            computed: false,
            passed_over: false,
            sensitive: false,
            write_only: false,
            deprecated: None,
            forces_replacement: false,
            default: None,
            constraints: Vec::new(),
        }
    }

    /// An attribute that configuration must set.
    #[must_use]
    pub fn required(ty: Type) -> Attribute {
        Attribute { required: true, ..Attribute::new(ty) }
    }

    /// An attribute that configuration may set.
    #[must_use]
    pub fn optional(ty: Type) -> Attribute {
        Attribute { optional: true, ..Attribute::new(ty) }
    }

    /// An attribute that only the provider sets.
    #[must_use]
    pub fn computed(ty: Type) -> Attribute {
        Attribute { computed: true, ..Attribute::new(ty) }
    }

    /// An attribute that configuration may set and the provider sets otherwise.
    #[must_use]
    pub fn optional_computed(ty: Type) -> Attribute {
        Attribute { optional: true, computed: true, ..Attribute::new(ty) }
    }

    /// The same; what configuration writes is passed over rather than refused.
    #[must_use]
    pub fn passed_over(mut self) -> Attribute {
        self.passed_over = true;
        self
    }

    /// The same; a change needs a new object.
    #[must_use]
    pub fn forces_replacement(mut self) -> Attribute {
        self.forces_replacement = true;
        self
    }

    /// The same; never shown.
    #[must_use]
    pub fn sensitive(mut self) -> Attribute {
        self.sensitive = true;
        self
    }

    /// The same, with a default.
    #[must_use]
    pub fn default_value(mut self, value: impl Into<Value>) -> Attribute {
        self.default = Some(value.into());
        self
    }

    /// The same, with one more constraint.
    #[must_use]
    pub fn with(mut self, constraint: Constraint) -> Attribute {
        self.constraints.push(constraint);
        self
    }

    /// The same, described.
    #[must_use]
    pub fn describe(mut self, description: &'static str) -> Attribute {
        self.description = description;
        self
    }

    /// The same, deprecated for a reason.
    #[must_use]
    pub fn deprecated(mut self, reason: &'static str) -> Attribute {
        self.deprecated = Some(reason);
        self
    }

    /// Whether configuration may set it.
    #[must_use]
    pub const fn is_settable(&self) -> bool {
        self.required || self.optional
    }
}

impl NestedBlock {
    fn new(nesting: Nesting, block: Block, min_items: usize, max_items: usize) -> NestedBlock {
        NestedBlock {
            nesting,
            block,
            min_items,
            max_items,
            computed: false,
            forces_replacement: false,
            as_argument: false,
        }
    }

    /// At most one block, held as a list of at most one, as the AWS provider does.
    #[must_use]
    pub fn at_most_one(block: Block) -> NestedBlock {
        NestedBlock::new(Nesting::List, block, 0, 1)
    }

    /// Exactly one block, held as a list.
    #[must_use]
    pub fn exactly_one(block: Block) -> NestedBlock {
        NestedBlock::new(Nesting::List, block, 1, 1)
    }

    /// Blocks in order, between `min_items` and `max_items` (0 for no limit).
    #[must_use]
    pub fn list(block: Block, min_items: usize, max_items: usize) -> NestedBlock {
        NestedBlock::new(Nesting::List, block, min_items, max_items)
    }

    /// Blocks without order, between `min_items` and `max_items` (0 for no limit).
    #[must_use]
    pub fn set(block: Block, min_items: usize, max_items: usize) -> NestedBlock {
        NestedBlock::new(Nesting::Set, block, min_items, max_items)
    }

    /// At most one block, held as an object or null.
    #[must_use]
    pub fn single(block: Block) -> NestedBlock {
        NestedBlock::new(Nesting::Single, block, 0, 1)
    }

    /// The same; the provider may fill it in.
    #[must_use]
    pub fn or_computed(mut self) -> NestedBlock {
        self.computed = true;
        self
    }

    /// The same; a change in the number of blocks needs a new object.
    #[must_use]
    pub fn forces_replacement(mut self) -> NestedBlock {
        self.forces_replacement = true;
        self
    }

    /// The same; it may also be written as an argument.
    #[must_use]
    pub fn or_argument(mut self) -> NestedBlock {
        self.as_argument = true;
        self
    }

    /// The attribute that it is when it may be written as an argument.
    #[must_use]
    pub fn attribute(&self) -> Attribute {
        let required = self.min_items > 0;
        Attribute {
            required,
            optional: !required,
            computed: self.computed,
            description: self.block.description,
            forces_replacement: self.forces_replacement,
            ..Attribute::new(self.ty())
        }
    }

    /// The type of the attribute that holds the blocks.
    #[must_use]
    pub fn ty(&self) -> Type {
        let inner = self.block.ty();
        match self.nesting {
            Nesting::Single => inner,
            Nesting::List => Type::list(inner),
            Nesting::Set => Type::set(inner),
            Nesting::Map => Type::map(inner),
        }
    }

    /// What stands for nothing written.
    #[must_use]
    pub fn empty(&self) -> Value {
        if self.as_argument {
            return Value::null(self.ty());
        }
        let inner = self.block.ty();
        match self.nesting {
            Nesting::Single => Value::null(inner),
            Nesting::List => Value::list(inner, []),
            Nesting::Set => Value::set(inner, []),
            Nesting::Map => Value::map::<Arc<str>>(inner, []),
        }
    }
}

impl Block {
    /// A block of the given attributes and nested blocks.
    #[must_use]
    pub fn new<const A: usize, const B: usize>(
        attributes: [(&'static str, Attribute); A],
        blocks: [(&'static str, NestedBlock); B],
    ) -> Block {
        Block { attributes: attributes.into(), blocks: blocks.into(), description: "" }
    }

    /// The object type of a value of this block.
    #[must_use]
    pub fn ty(&self) -> Type {
        let attributes = self.attributes.iter().map(|(name, attribute)| (*name, attribute.ty.without_optional()));
        let blocks = self.blocks.iter().map(|(name, block)| (*name, block.ty()));
        Type::object(attributes.chain(blocks))
    }

    /// The value in which nothing is set.
    #[must_use]
    pub fn empty(&self) -> Value {
        let attributes =
            self.attributes.iter().map(|(name, attribute)| (*name, Value::null(attribute.ty.without_optional())));
        let blocks = self.blocks.iter().map(|(name, block)| (*name, block.empty()));
        Value::object(attributes.chain(blocks))
    }

    /// The names of everything in it, attributes first.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.attributes.keys().chain(self.blocks.keys()).copied()
    }
}
