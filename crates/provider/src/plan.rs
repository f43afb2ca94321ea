//! Planning by schema: what an object will be, and which changes need a new one.

use smform_types::schema::{Attribute, Block, NestedBlock, Nesting, Schema};
use smform_types::{Diagnostics, Number, Path, Type, Value, ValueKind, convert};

/// What is asked of a resource type at plan time.
#[derive(Clone, Debug)]
pub struct PlanRequest {
    /// The object as it is now; nothing when it is to be created.
    pub prior: Option<Value>,
    /// What an object that is to be created takes the place of.
    pub former: Former,
    /// The configuration, with unknown parts where they depend on what is not known yet.
    pub config: Value,
}

impl PlanRequest {
    /// A request about an object that takes no other one's place.
    #[must_use]
    pub fn new(prior: Option<Value>, config: Value) -> PlanRequest {
        PlanRequest { prior, former: Former::Nothing, config }
    }
}

/// What a new object takes the place of.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Former {
    /// Nothing.
    #[default]
    Nothing,
    /// An object that has to be replaced.
    Replaced(Value),
    /// An object that was recorded, and is gone.
    Gone(Value),
}

/// What a resource type plans.
#[derive(Clone, Debug)]
pub struct PlanResponse {
    /// The object after the change.
    pub planned: Value,
    /// The attributes whose change needs a new object; empty when it can be changed in place.
    pub replace: Vec<Path>,
    /// Whether the object has to be updated although nothing about it differs, since it will not stay as it is.
    pub unsettled: bool,
    /// Whether the object may use others of the plan besides those that [`crate::ResourceType::uses`] tells of, such as an
    /// endpoint that was left between two configurations.
    pub uses_more: bool,
    /// What [`crate::ResourceType::moving`] tells of the object.
    pub moving: Option<String>,
    /// In which order a replacement is made, unless the user's `lifecycle` says otherwise.
    pub order: ReplaceOrder,
    /// Warnings, and results of live checks that do not prevent the plan.
    pub diagnostics: Diagnostics,
}

/// In which order a replacement is made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ReplaceOrder {
    /// The old object goes first, as everywhere in Terraform.
    #[default]
    DeleteFirst,
    /// The new object gets another name, so it can come first and nothing is ever missing.
    CreateFirst,
    /// The same, and the old object cannot go before what uses it has moved to the new one. The engine refuses to delete it
    /// first when something uses it.
    DeleteLast,
    /// The new object would get the name of the old one while other objects still use that: creating first collides,
    /// deleting first takes away what serves. The engine refuses such a plan when something uses the object.
    SameName(SameName),
    /// The new object gets the name of the old one, which goes first whatever uses it. The engine refuses a plan in which
    /// the new one would have to come first.
    NameFirst(SameName),
    /// The same, also where the user's `lifecycle` has the new one come first: the old one serves nothing, or there is no other
    /// name that the new one could have.
    GiveWay(SameName),
}

/// A name that a replacement would take over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SameName {
    /// The attribute that fixes the name.
    pub attribute: Path,
    /// What to write instead, as configuration text, such as `name_prefix = "vpc-model-"`.
    pub instead: String,
    /// What uses the old object as far as the service tells, such as `endpoint "e"`, whether or not any configuration
    /// says so.
    pub users: Vec<String>,
}

/// Judges whether two known values at a path mean the same to the service: path, prior, wanted.
pub type Equivalence<'a> = &'a dyn Fn(&Path, &Value, &Value) -> bool;

/// Plans as the schema says: configured values are wanted; computed ones stay as they are, or are unknown for a new
/// object; defaults fill in what is left out. A change of an attribute that forces replacement is reported, not made.
#[must_use]
pub fn plan_by_schema(schema: &Schema, request: &PlanRequest, equivalent: Equivalence<'_>) -> PlanResponse {
    let root = Path::root();
    let planned = merge_block(&schema.block, request.prior.as_ref(), &request.config, &root, equivalent);
    let mut replace = Vec::new();
    if let Some(prior) = &request.prior {
        replacing_in_block(&schema.block, prior, &planned, &root, &mut replace);
    }
    let order = ReplaceOrder::default();
    let (unsettled, uses_more, moving, diagnostics) = (false, false, None, Diagnostics::new());
    PlanResponse { planned, replace, unsettled, uses_more, moving, order, diagnostics }
}

fn merge_block(
    block: &Block,
    prior: Option<&Value>,
    config: &Value,
    path: &Path,
    equivalent: Equivalence<'_>,
) -> Value {
    if !config.is_known() || config.is_null() {
        return config.clone();
    }
    let attributes = block.attributes.iter().map(|(name, attribute)| {
        let prior = prior.and_then(|prior| prior.get(name));
        (*name, merge_attribute(attribute, prior, config.get(name), &path.attr(name), equivalent))
    });
    let blocks = block.blocks.iter().map(|(name, nested)| {
        let prior = prior.and_then(|prior| prior.get(name));
        (*name, merge_nested(nested, prior, config.get(name), &path.attr(name), equivalent))
    });
    Value::object(attributes.chain(blocks)).with_marks(config.marks())
}

fn merge_attribute(
    attribute: &Attribute,
    prior: Option<&Value>,
    config: Option<&Value>,
    path: &Path,
    equivalent: Equivalence<'_>,
) -> Value {
    let ty = attribute.ty.without_optional();
    let wanted = match (config, &attribute.default) {
        (Some(value), _) if !value.is_null() => value.clone(),
        (_, Some(default)) => convert(default.clone(), &ty).unwrap_or_else(|_| default.clone()),
        _ if attribute.computed => return prior.cloned().unwrap_or_else(|| Value::unknown(ty)),
        // Where any type will do, a null has the type that it was given.
        (Some(null), _) if ty == Type::Dynamic => null.clone(),
        _ => Value::null(ty),
    };
    let Some(prior) = prior else { return wanted };
    let same = wanted.is_wholly_known()
        && prior.is_wholly_known()
        && (wanted == *prior
            || attribute.ty != Type::Dynamic && both_absent(&wanted, prior)
            || equivalent(path, prior, &wanted));
    // Equal to the service: keep what is recorded, but with the marks that the configuration has now.
    if same { prior.clone().with_marks(wanted.marks()) } else { wanted }
}

/// Whether both are null or the zero value: the AWS provider of Terraform stores one for the other.
#[must_use]
pub fn both_absent(a: &Value, b: &Value) -> bool {
    is_absent(a) && is_absent(b)
}

pub(crate) fn is_absent(value: &Value) -> bool {
    match value.kind() {
        ValueKind::Null(_) => true,
        ValueKind::Bool(value) => !value,
        ValueKind::Number(number) => number == &Number::ZERO,
        ValueKind::String(text) => text.is_empty(),
        ValueKind::List(_, items) | ValueKind::Set(_, items) => items.is_empty(),
        ValueKind::Map(_, items) => items.is_empty(),
        _ => false,
    }
}

fn merge_nested(
    nested: &NestedBlock,
    prior: Option<&Value>,
    config: Option<&Value>,
    path: &Path,
    equivalent: Equivalence<'_>,
) -> Value {
    let config = config.cloned().unwrap_or_else(|| nested.empty());
    if !config.is_known() {
        return config;
    }
    // Where an argument could be written, no blocks are null, and an empty collection is what is wanted.
    let none = || config.children().next().is_none() && nested.nesting != Nesting::Single && !nested.as_argument;
    if config.is_null() || none() {
        return match (nested.computed, prior) {
            (true, Some(prior)) => prior.clone(),
            (true, None) => Value::unknown(nested.ty()),
            (false, _) => config,
        };
    }
    let inner = nested.block.ty();
    let marks = config.marks();
    let merged = match config.kind() {
        ValueKind::Object(_) => {
            let prior = prior.filter(|prior| !prior.is_null());
            merge_block(&nested.block, prior, &config, path, equivalent)
        }
        ValueKind::List(_, items) => Value::list(
            inner,
            items.iter().enumerate().map(|(at, item)| {
                let prior = prior.and_then(|prior| prior.get_index(at));
                merge_block(&nested.block, prior, item, &path.index(at), equivalent)
            }),
        ),
        ValueKind::Set(_, items) => Value::set(
            inner,
            items.iter().map(|item| {
                let path = path.then(smform_types::path::Step::Element);
                let prior = prior.and_then(|prior| matching(&nested.block, prior, item, &path, equivalent));
                merge_block(&nested.block, prior, item, &path, equivalent)
            }),
        ),
        _ => config.clone(),
    };
    merged.with_marks(marks)
}

/// The prior element of a set that agrees with everything that the configured one says.
fn matching<'v>(
    block: &Block,
    prior: &'v Value,
    item: &Value,
    path: &Path,
    equivalent: Equivalence<'_>,
) -> Option<&'v Value> {
    prior.as_slice()?.iter().find(|prior| merge_block(block, Some(prior), item, path, equivalent) == **prior)
}

fn replacing_in_block(block: &Block, prior: &Value, planned: &Value, path: &Path, found: &mut Vec<Path>) {
    for (name, attribute) in &block.attributes {
        if let (true, Some(prior), Some(planned)) = (attribute.forces_replacement, prior.get(name), planned.get(name))
            && differs(attribute, prior, planned)
        {
            found.push(path.attr(name));
        }
    }
    for (name, nested) in &block.blocks {
        if let (Some(prior), Some(planned)) = (prior.get(name), planned.get(name)) {
            replacing_in_nested(nested, prior, planned, &path.attr(name), found);
        }
    }
}

/// Whether a change of an attribute is certain or possible; a mark is not a change.
fn differs(attribute: &Attribute, prior: &Value, planned: &Value) -> bool {
    !prior.same_known(planned) && (attribute.ty == Type::Dynamic || !both_absent(prior, planned))
}

fn replacing_in_nested(nested: &NestedBlock, prior: &Value, planned: &Value, path: &Path, found: &mut Vec<Path>) {
    if prior.same_known(planned) {
        return;
    }
    if !planned.is_known() {
        if nested.forces_replacement || has_forcing(&nested.block) {
            found.push(path.clone());
        }
        return;
    }
    let empty = nested.block.empty();
    if nested.nesting == Nesting::Single {
        let part = |value: &Value| if value.is_null() { empty.clone() } else { value.clone() };
        return replacing_in_block(&nested.block, &part(prior), &part(planned), path, found);
    }
    let (before, after) = (prior.as_slice().unwrap_or_default(), planned.as_slice().unwrap_or_default());
    if nested.forces_replacement && before.len() != after.len() {
        found.push(path.clone());
    }
    if nested.nesting == Nesting::List {
        for at in 0..before.len().max(after.len()) {
            let (prior, planned) = (before.get(at).unwrap_or(&empty), after.get(at).unwrap_or(&empty));
            replacing_in_block(&nested.block, prior, planned, &path.index(at), found);
        }
        return;
    }
    let only_in = |these: &[Value], others: &[Value]| -> Vec<Value> {
        these.iter().filter(|item| !others.iter().any(|other| item.same_known(other))).cloned().collect()
    };
    let mut inner = Vec::new();
    for item in only_in(before, after).iter().chain(&only_in(after, before)) {
        replacing_in_block(&nested.block, &empty, item, path, &mut inner);
    }
    if !inner.is_empty() {
        found.push(path.clone());
    }
}

fn has_forcing(block: &Block) -> bool {
    block.attributes.values().any(|attribute| attribute.forces_replacement)
        || block.blocks.values().any(|nested| nested.forces_replacement || has_forcing(&nested.block))
}

/// An object in which every attribute that the provider may compute, and the configuration leaves out, is unknown;
/// what a type returns from its own `plan` when a change makes computed values stale.
#[must_use]
pub fn with_unknown(planned: Value, ty: &Type, names: &[&str]) -> Value {
    names.iter().fold(planned, |planned, name| {
        let ty = ty.attribute(name).cloned().unwrap_or(Type::Dynamic);
        planned.update_at(&Path::attribute(name).0, &mut |_| Value::unknown(ty.clone()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema() -> Schema {
        let container = Block::new(
            [
                ("image", Attribute::optional(Type::String).forces_replacement()),
                ("mode", Attribute::optional(Type::String).default_value("SingleModel").forces_replacement()),
            ],
            [],
        );
        let block = Block::new(
            [
                ("id", Attribute::computed(Type::String)),
                ("name", Attribute::optional_computed(Type::String).forces_replacement()),
                ("isolated", Attribute::optional(Type::Bool).forces_replacement()),
                ("tags", Attribute::optional(Type::map(Type::String))),
            ],
            [("container", NestedBlock::at_most_one(container))],
        );
        Schema { version: 0, block }
    }

    fn config(name: Option<&str>, image: &str) -> Value {
        let container = Value::object([("image", Value::string(image)), ("mode", Value::null(Type::String))]);
        Value::object([
            ("id", Value::null(Type::String)),
            ("name", name.map_or(Value::null(Type::String), Value::string)),
            ("isolated", Value::null(Type::Bool)),
            ("tags", Value::null(Type::map(Type::String))),
            ("container", Value::list(container.ty(), [container])),
        ])
    }

    fn plan(prior: Option<Value>, config: Value) -> PlanResponse {
        plan_by_schema(&schema(), &PlanRequest::new(prior, config), &|_, prior, wanted| prior == wanted)
    }

    fn created(config: Value) -> Value {
        let planned = plan(None, config).planned;
        let planned = planned.update_at(&Path::attribute("id").0, &mut |_| Value::string("x"));
        planned
            .update_at(&Path::attribute("name").0, &mut |name| if name.is_known() { name } else { Value::string("x") })
    }

    #[test]
    fn a_new_object_has_unknown_computed_values_and_defaults() {
        let response = plan(None, config(None, "a"));
        assert!(!response.planned.get("id").is_some_and(Value::is_known));
        assert!(!response.planned.get("name").is_some_and(Value::is_known));
        let mode = Path::attribute("container").index(0).attr("mode");
        assert_eq!(mode.lookup(&response.planned), Some(&Value::string("SingleModel")));
        assert!(response.replace.is_empty());
    }

    #[test]
    fn the_same_configuration_plans_no_change() {
        let prior = created(config(None, "a"));
        let response = plan(Some(prior.clone()), config(None, "a"));
        assert_eq!((response.planned, response.replace), (prior, Vec::new()));
    }

    #[test]
    fn a_stored_zero_equals_an_absent_argument() {
        let prior = created(config(None, "a")).update_at(&Path::attribute("isolated").0, &mut |_| Value::bool(false));
        let response = plan(Some(prior.clone()), config(None, "a"));
        assert_eq!((response.planned, response.replace), (prior, Vec::new()));
    }

    #[test]
    fn forced_replacement_is_reported_with_its_path() {
        let prior = created(config(Some("n"), "a"));
        let response = plan(Some(prior.clone()), config(Some("n"), "b"));
        assert_eq!(response.replace, [Path::attribute("container").index(0).attr("image")]);
        let unknown =
            config(Some("n"), "a").update_at(&Path::attribute("name").0, &mut |_| Value::unknown(Type::String));
        assert_eq!(plan(Some(prior), unknown).replace, [Path::attribute("name")]);
    }

    #[test]
    fn an_argument_of_objects_tells_none_from_nothing_written() {
        let rule = NestedBlock::set(Block::new([("port", Attribute::required(Type::Number))], []), 0, 0);
        let nested = rule.or_computed().or_argument();
        let ty = nested.block.ty();
        let schema = Schema { version: 0, block: Block::new([], [("rule", nested.clone())]) };
        let plan = |prior: Option<Value>, rules: Value| {
            let prior = prior.map(|rules| Value::object([("rule", rules)]));
            let request = PlanRequest::new(prior, Value::object([("rule", rules)]));
            plan_by_schema(&schema, &request, &|_, prior, wanted| prior == wanted).planned.get("rule").cloned()
        };
        let one = Value::set(ty.clone(), [Value::object([("port", Value::number(1))])]);
        let none = Value::set(ty, []);
        assert_eq!(plan(Some(one.clone()), nested.empty()), Some(one.clone()));
        assert_eq!(plan(Some(one.clone()), none.clone()), Some(none.clone()));
        assert_eq!(plan(None, none.clone()), Some(none));
        assert_eq!(plan(None, nested.empty()), Some(Value::unknown(nested.ty())));
        assert_eq!(plan(None, one.clone()), Some(one));
    }
}
