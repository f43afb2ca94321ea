//! The rules of a group that are objects of their own in the state.

use std::collections::BTreeSet;

use smform_provider::PlannedObject;
use smform_types::Value;
use smform_types::schema::Schema;

use super::super::{security_group_rule, single_rule};
use super::Direction;
use super::rules::{self, Rule};
use crate::fields::{Fields, with};

/// The group as read, without the rules that are not recorded with it and that other objects stand for.
pub(super) fn accounted(schema: &Schema, recorded: &Value, read: &Value, others: &[PlannedObject]) -> Value {
    Direction::ALL.into_iter().fold(read.clone(), |group, direction| {
        let name = direction.block();
        let (known, live) = (rules::wanted(recorded, name), rules::wanted(read, name));
        let new: BTreeSet<Rule> = live.difference(&known).cloned().collect();
        let owned = &new & &rules_of(read, direction, others);
        let Some(nested) = schema.block.blocks.get(name).filter(|_| !owned.is_empty()) else { return group };
        // An object that was changed stands for the rule that it had as well as for the one that it has.
        let gone: BTreeSet<Rule> = known.difference(&live).cloned().collect();
        let had = if gone.len() <= owned.len() { gone } else { BTreeSet::new() };
        with(group, name, rules::blocks(nested, &(&live - &owned) | &had, recorded.get(name)))
    })
}

/// The rules of a group that other objects stand for.
fn rules_of(group: &Value, direction: Direction, others: &[PlannedObject]) -> BTreeSet<Rule> {
    let fields = Fields(group);
    let (id, owner) = (fields.text("id").unwrap_or_default(), fields.text("owner_id").unwrap_or_default());
    let objects = others.iter().filter_map(|other| Some((&*other.type_name, other.after.as_ref()?)));
    let rules = objects.flat_map(|(type_name, object)| match (type_name, direction) {
        ("aws_security_group_rule", _) => security_group_rule::rules_in(object, id, owner, direction),
        ("aws_vpc_security_group_ingress_rule", Direction::Ingress)
        | ("aws_vpc_security_group_egress_rule", Direction::Egress) => {
            single_rule::rule_in(object, id, owner).into_iter().collect()
        }
        _ => BTreeSet::new(),
    });
    rules.collect()
}
