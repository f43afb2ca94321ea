//! From two objects and a schema to a difference.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use smform_types::schema::{Block, NestedBlock, Nesting};
use smform_types::{Path, Step, Type, Value};

use super::compute::{Place, is_sensitive, part, sensitive, whole};
use super::pair::{Pair, pair_list, pair_set};
use super::{Action, BlockDiff, Diff, Kind, NestedDiff, action_of};

/// The difference of two objects of a schema.
#[must_use]
pub fn block(schema: &Block, before: Option<&Value>, after: Option<&Value>, replace: &[Path]) -> Diff {
    inner(schema, before, after, Place { replace, path: &Path::root() })
}

fn present(value: Option<&Value>) -> Option<&Value> {
    value.filter(|value| !value.is_null())
}

fn inner(schema: &Block, before: Option<&Value>, after: Option<&Value>, at: Place<'_>) -> Diff {
    let mut content = BlockDiff::default();
    for (name, attribute) in &schema.attributes {
        let (old, new) = (before.and_then(|value| value.get(name)), after.and_then(|value| value.get(name)));
        let (was, will) = (is_sensitive(old), is_sensitive(new));
        let (old, new) = (present(old), present(new));
        let path = at.path.attr(name);
        let place = Place { path: &path, ..at };
        // What is never stored cannot differ.
        if attribute.write_only {
            continue;
        }
        let ty = attribute.ty.without_optional();
        let declared = |value: Option<&Value>| attribute.sensitive && value.is_some();
        let (was, will) = (was || declared(old), will || declared(new));
        let is_nothing = old.is_none() && new.is_none();
        let diff = if (was || will) && !is_nothing {
            // An empty text counts as nothing, as in Terraform.
            let shown = |value: Option<&Value>| {
                value.map(|value| value.clone().unmark_deep().0).filter(|value| value.as_str() != Some(""))
            };
            sensitive(was, will, part(shown(old).as_ref(), shown(new).as_ref(), &ty, place).action, place)
        } else {
            whole(old, new, &ty, place)
        };
        if diff.action == Action::NoOp && is_nothing {
            continue;
        }
        content.attributes.insert(Arc::from(*name), diff);
    }
    for (name, nested) in &schema.blocks {
        let old = before.and_then(|value| value.get(name));
        let new = after.and_then(|value| value.get(name));
        let path = at.path.attr(name);
        if nested.as_argument {
            let (old, new) = (present(old), present(new));
            if old.is_some() || new.is_some() {
                let diff = part(old, new, &nested.ty(), Place { path: &path, ..at });
                content.attributes.insert(Arc::from(*name), diff);
            }
            continue;
        }
        let diffs = blocks(nested, old, new, Place { path: &path, ..at });
        if !diffs.is_empty() {
            content.blocks.insert(Arc::from(*name), diffs);
        }
    }
    let parts = content.attributes.values().chain(content.blocks.values().flatten().map(|nested| &nested.diff));
    let action = action_of(before.is_some(), after.is_some(), parts);
    Diff::new(Kind::Block(content), action, at.forces())
}

/// The blocks of one type, or one line for them all when they are unknown or must not be shown.
fn blocks(nested: &NestedBlock, before: Option<&Value>, after: Option<&Value>, at: Place<'_>) -> Vec<NestedDiff> {
    let (before, after) = (present(before), present(after));
    let replace = at.forces();
    let one = |label, diff| NestedDiff { label, diff, replace };
    let whole = |value: Option<&Value>| value.is_some_and(|value| !value.is_known() || !value.marks().is_empty());
    if whole(before) || whole(after) {
        return vec![one(None, part(before, after, &Type::Dynamic, at))];
    }
    match nested.nesting {
        Nesting::Single => match (before, after) {
            (None, None) => Vec::new(),
            _ => vec![one(None, inner(&nested.block, before, after, at))],
        },
        Nesting::Map => {
            let sides = [before, after].into_iter().flatten().filter_map(Value::as_entries);
            let keys: BTreeSet<Arc<str>> = sides.flat_map(BTreeMap::keys).cloned().collect();
            let diff = |key: Arc<str>| {
                let path = at.path.then(Step::Key(key.to_string()));
                let (old, new) = (before.and_then(|v| v.get(&key)), after.and_then(|v| v.get(&key)));
                let diff = inner(&nested.block, old, new, Place { path: &path, ..at });
                one(Some(key), diff)
            };
            keys.into_iter().map(diff).collect()
        }
        Nesting::List | Nesting::Set => {
            let items = |value: Option<&Value>| value.and_then(Value::as_slice).unwrap_or_default().to_vec();
            let (old, new) = (items(before), items(after));
            let is_list = nested.nesting == Nesting::List;
            let pairs = if is_list { pair_list(&old, &new) } else { pair_set(&old, &new) };
            let diff = |Pair(left, right): Pair| {
                let step = if is_list { Step::Index(right.or(left).unwrap_or_default()) } else { Step::Element };
                let path = at.path.then(step);
                let (left, right) = (left.and_then(|at| old.get(at)), right.and_then(|at| new.get(at)));
                let place = Place { path: &path, ..at };
                let hidden =
                    |value: Option<&Value>| value.is_some_and(|value| !value.is_known() || !value.marks().is_empty());
                if hidden(left) || hidden(right) {
                    return one(None, part(left, right, &Type::Dynamic, place));
                }
                one(None, inner(&nested.block, left, right, place))
            };
            pairs.into_iter().map(diff).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use smform_types::Marks;
    use smform_types::schema::Attribute;

    use super::*;
    use crate::render::diff::{Options, render};
    use crate::render::style::Style;

    fn schema() -> Block {
        let container = Block::new(
            [
                ("image", Attribute::optional(Type::String)),
                ("environment", Attribute::optional(Type::map(Type::String))),
                ("token", Attribute::optional(Type::String).sensitive()),
            ],
            [],
        );
        let network = Block::new([("subnets", Attribute::required(Type::set(Type::String)))], []);
        Block::new(
            [
                ("arn", Attribute::computed(Type::String)),
                ("name", Attribute::optional(Type::String)),
                ("region", Attribute::optional(Type::String)),
            ],
            [("container", NestedBlock::list(container, 0, 0)), ("vpc_config", NestedBlock::at_most_one(network))],
        )
    }

    fn container(image: &str, environment: &[(&str, &str)]) -> Value {
        let environment = environment.iter().map(|(key, text)| (*key, Value::string(text)));
        Value::object([
            ("image", Value::string(image)),
            ("environment", Value::map(Type::String, environment)),
            ("token", Value::null(Type::String)),
        ])
    }

    fn object(arn: Value, containers: Vec<Value>, subnets: Option<&[&str]>) -> Value {
        let schema = schema();
        let inner = |name: &str| schema.blocks.get(name).map_or(Type::Dynamic, |nested| nested.block.ty());
        let subnets = subnets
            .map(|subnets| Value::object([("subnets", Value::set(Type::String, subnets.iter().map(Value::string)))]));
        Value::object([
            ("arn", arn),
            ("name", Value::string("m")),
            ("region", Value::string("us-east-1")),
            ("container", Value::list(inner("container"), containers)),
            ("vpc_config", Value::list(inner("vpc_config"), subnets)),
        ])
    }

    fn shown(before: Option<&Value>, after: Option<&Value>, replace: &[Path]) -> String {
        render(&block(&schema(), before, after, replace), 0, Options::plan(Style::PLAIN))
    }

    #[test]
    fn a_new_object_with_blocks() {
        let new = object(Value::unknown(Type::String), vec![container("one", &[("A", "1")])], Some(&["b", "a"]));
        insta::assert_snapshot!(shown(None, Some(&new), &[]), @r#"
        {
              + arn    = (known after apply)
              + name   = "m"
              + region = "us-east-1"

              + container {
                  + environment = {
                      + "A" = "1"
                    }
                  + image       = "one"
                }

              + vpc_config {
                  + subnets = [
                      + "a",
                      + "b",
                    ]
                }
            }
        "#);
    }

    #[test]
    fn changed_added_and_unchanged_blocks() {
        let arn = Value::string("arn");
        let old = object(arn.clone(), vec![container("one", &[("A", "1"), ("B", "2")])], Some(&["a"]));
        let two = vec![container("two", &[("A", "1"), ("B", "3")]), container("side", &[])];
        let new = object(arn, two, Some(&["a"]));
        let replace = [Path::attribute("container").index(0).attr("image")];
        insta::assert_snapshot!(shown(Some(&old), Some(&new), &replace), @r#"
        {
                name   = "m"
                # (2 unchanged attributes hidden)

              ~ container {
                  ~ environment = {
                      ~ "B" = "2" -> "3"
                        # (1 unchanged element hidden)
                    }
                  ~ image       = "one" -> "two" # forces replacement
                }
              + container {
                  + environment = {}
                  + image       = "side"
                }

                # (1 unchanged block hidden)
            }
        "#);
    }

    #[test]
    fn a_block_whose_presence_forces_replacement() {
        let old = object(Value::string("arn"), vec![], None);
        let new = object(Value::unknown(Type::String), vec![], Some(&["a"]));
        insta::assert_snapshot!(shown(Some(&old), Some(&new), &[Path::attribute("vpc_config")]), @r#"
        {
              ~ arn    = "arn" -> (known after apply)
                name   = "m"
                # (1 unchanged attribute hidden)

              + vpc_config { # forces replacement
                  + subnets = [
                      + "a",
                    ]
                }
            }
        "#);
    }

    #[test]
    fn secrets_do_not_show() {
        let hidden = |token: &str| {
            let token = Value::string(token);
            container("one", &[]).update_at(&Path::attribute("token").0, &mut |_| token.clone())
        };
        let (old, new) = (object(Value::string("arn"), vec![hidden("s1")], None), hidden("s2"));
        let new = object(Value::string("arn"), vec![new], None);
        insta::assert_snapshot!(shown(Some(&old), Some(&new), &[]), @r#"
        {
                name   = "m"
                # (2 unchanged attributes hidden)

              ~ container {
                  ~ token       = (sensitive value)
                    # (2 unchanged attributes hidden)
                }
            }
        "#);
        let block = container("secret", &[]).with_marks(Marks::SENSITIVE);
        let new = object(Value::string("arn"), vec![block], None);
        insta::assert_snapshot!(shown(Some(&old), Some(&new), &[]), @r#"
        {
                name   = "m"
                # (2 unchanged attributes hidden)

              ~ container {
                    # At least one attribute in this block is (or was) sensitive,
                    # so its contents will not be displayed.
                }
            }
        "#);
    }
}
