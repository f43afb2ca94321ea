//! What a rollback must not lose: objects that were created after the state that it brings back.
//!
//! The record of such an object is all that leads to it. It is kept: at its address where that is free in the earlier
//! state, else set aside (deposed) beside the object that had the address then, so that the next apply deletes it.

use std::collections::{BTreeMap, BTreeSet};

use smform_types::ResourceMode;

use crate::catch_up::{identifier, key_of};
use crate::model::{Object, ObjectId, Resource, State};

/// An object that is recorded now and not in the earlier state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Newer {
    /// Where it is recorded now.
    pub id: ObjectId,
    /// By what the service knows it; empty when the record does not say.
    pub identifier: String,
    /// Where it is kept in the earlier state; differs from `id` when another object has the address there.
    pub kept: ObjectId,
}

/// The managed objects of `now` that `then` does not know, wherever it may have them.
#[must_use]
pub fn newer(now: &State, then: &State) -> Vec<Newer> {
    let known = by_identifier(then);
    let mut taken: BTreeSet<ObjectId> = then.objects().map(|(id, ..)| id).collect();
    let mut found = Vec::new();
    for (id, _, object) in managed(now) {
        let identifier = identifier(object);
        let others = known.get(&(id.address.resource.type_name.to_string(), identifier.clone()));
        // Nothing tells two objects without an identifier apart.
        let is_known = if identifier.is_empty() {
            then.get(&id).is_some()
        } else {
            others.into_iter().flatten().any(|other| may_be_same(object, other))
        };
        if is_known {
            continue;
        }
        let mut kept = id.clone();
        let mut key = key_of(&identifier);
        while taken.contains(&kept) {
            kept.deposed = Some(key.clone());
            key = key_of(&key);
        }
        taken.insert(kept.clone());
        found.push(Newer { id, identifier, kept });
    }
    found
}

fn managed(state: &State) -> impl Iterator<Item = (ObjectId, &Resource, &Object)> {
    state.objects().filter(|(id, ..)| id.address.resource.mode == ResourceMode::Managed)
}

/// The managed objects by type and identifier.
fn by_identifier(state: &State) -> BTreeMap<(String, String), Vec<&Object>> {
    let mut found: BTreeMap<_, Vec<&Object>> = BTreeMap::new();
    for (id, _, object) in managed(state) {
        found.entry((id.address.resource.type_name.to_string(), identifier(object))).or_default().push(object);
    }
    found
}

/// Whether two records of a type with one identifier can be of one object. The same name can stand for objects in two
/// regions or accounts, which the ARN tells apart.
fn may_be_same(one: &Object, other: &Object) -> bool {
    let arn = |object: &Object| object.attributes.get("arn").and_then(|arn| arn.as_str().map(str::to_owned));
    arn(one).is_none() || arn(other).is_none() || arn(one) == arn(other)
}

/// Keeps what is newer on record in an earlier state.
pub fn keep(newer: &[Newer], now: &State, then: &mut State) {
    for one in newer {
        let at = (one.id.address.module.clone(), one.id.address.resource.clone());
        if let (Some(resource), Some(object)) = (now.resources.get(&at), now.get(&one.id)) {
            then.put(&one.kept, &resource.provider, object.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn id(address: &str, deposed: Option<&str>) -> ObjectId {
        ObjectId { address: address.parse().expect("an address"), deposed: deposed.map(str::to_owned) }
    }

    fn state(objects: &[(&str, Option<&str>, serde_json::Value)]) -> State {
        let mut state = State::default();
        for (address, deposed, attributes) in objects {
            let object = Object { attributes: attributes.clone(), ..Object::default() };
            state.put(&id(address, *deposed), "provider[\"p\"]", object);
        }
        state
    }

    #[test]
    fn what_was_created_since_stays_on_record() {
        let now = state(&[
            ("a.replaced", None, json!({"id": "new"})),
            ("a.replaced", Some("00000001"), json!({"id": "left"})),
            ("a.added", None, json!({"id": "added"})),
            ("a.moved", None, json!({"id": "m"})),
            ("a.same", None, json!({"id": "s", "arn": "arn:1"})),
            ("a.elsewhere", None, json!({"id": "e", "arn": "arn:west"})),
            ("a.plain", None, json!({})),
            ("data.a.read", None, json!({"id": "r"})),
            ("a.read", None, json!({"id": "d"})),
        ]);
        let mut then = state(&[
            ("a.replaced", None, json!({"id": "old"})),
            ("a.before", None, json!({"id": "m"})),
            ("a.same", None, json!({"id": "s"})),
            ("a.elsewhere", None, json!({"id": "e", "arn": "arn:east"})),
            ("a.plain", None, json!({})),
            ("data.a.read", None, json!({"id": "d"})),
        ]);
        let newer = newer(&now, &then);
        let told: Vec<_> = newer.iter().map(|one| (one.id.address.to_string(), one.identifier.as_str())).collect();
        let of = |address: &str, identifier: &'static str| (address.to_owned(), identifier);
        let wanted = [
            of("a.added", "added"),
            of("a.elsewhere", "e"),
            of("a.read", "d"),
            of("a.replaced", "new"),
            of("a.replaced", "left"),
        ];
        assert_eq!(told, wanted);
        keep(&newer, &now, &mut then);
        let at = |address: &str, deposed: Option<&str>| then.get(&id(address, deposed)).map(identifier);
        assert_eq!(at("a.added", None).as_deref(), Some("added"));
        assert_eq!(at("a.replaced", None).as_deref(), Some("old"));
        assert_eq!(at("a.replaced", Some(&key_of("new"))).as_deref(), Some("new"));
        assert_eq!(at("a.replaced", Some("00000001")).as_deref(), Some("left"));
        assert_eq!(at("a.elsewhere", Some(&key_of("e"))).as_deref(), Some("e"));
        assert_eq!(then.objects().count(), 11);
    }
}
