//! `moved` blocks: recorded objects get the addresses that the configuration now has for them.
//!
//! `statement` reads the blocks and puts them in order, `check` holds them against what the configuration declares.

pub mod check;
mod statement;

use std::collections::{BTreeMap, BTreeSet};

use smform_lang::config::{Config, Repetition};
use smform_types::{Diagnostic, Diagnostics, InstanceAddress, InstanceKey, ResourceConfigAddress};

use super::ObjectKey;
use super::stored::Stored;
use statement::{Endpoints, Statement, Unit};

/// The summary of the warning for what could not move.
pub const BLOCKED: &str = "Unresolved resource instance address changes";

/// The summary of what is said of moves that lead back to where they began.
pub const CYCLIC: &str = "Cyclic dependency in move statements";

/// Applies the `moved` blocks of all modules, then the moves that adding or removing `count` implies.
pub fn apply(config: &Config, mut stored: Stored) -> (Stored, Diagnostics) {
    let mut found = Diagnostics::new();
    let statements = statement::ordered(statement::read(config, &mut found), &mut found);
    let mut blocked: BTreeSet<(Unit, Unit)> = BTreeSet::new();
    for statement in &statements {
        carry_out(statement, &mut stored, &mut blocked);
    }
    imply(config, &statements, &mut stored);
    if !blocked.is_empty() {
        let list: String = blocked.iter().map(|(from, to)| format!("\n  - {from} could not move to {to}")).collect();
        found.push(Diagnostic::warning(
            BLOCKED,
            format!(
                "There is an object at the new address already, so these stay where they are, and are destroyed if the \
                 configuration has no block for them:{list}"
            ),
        ));
    }
    (stored, found)
}

fn carry_out(statement: &Statement, stored: &mut Stored, blocked: &mut BTreeSet<(Unit, Unit)>) {
    let mut moves: BTreeMap<(Unit, Unit), Vec<ObjectKey>> = BTreeMap::new();
    for object in stored.objects.keys() {
        if let Some(units) = statement.units(&object.address) {
            moves.entry(units).or_default().push(object.clone());
        }
    }
    if moves.is_empty() {
        return;
    }
    let mut taken: BTreeSet<Unit> = stored.objects.keys().map(|object| statement.unit(&object.address)).collect();
    for ((from, to), objects) in moves {
        if taken.contains(&to) {
            blocked.insert((from, to));
            continue;
        }
        for object in objects {
            if let Some(address) = statement.destination(&object.address) {
                let target = ObjectKey { address, deposed: object.deposed.clone() };
                relocate(stored, &object, target);
            }
        }
        taken.remove(&from);
        taken.insert(to);
    }
}

/// Gives an object another address, with what earlier runs have left to do to it.
fn relocate(stored: &mut Stored, from: &ObjectKey, to: ObjectKey) {
    if let Some(mut object) = stored.objects.remove(from) {
        object.previous.get_or_insert_with(|| from.address.clone());
        if let Some(what) = stored.owed.remove(from) {
            stored.owed.insert(to.clone(), what);
        }
        if stored.unsettled.remove(from) {
            stored.unsettled.insert(to.clone());
        }
        stored.objects.insert(to, object);
    }
}

/// A block that gains `count` keeps its one object as number 0, and the reverse, unless a statement is about it.
fn imply(config: &Config, statements: &[Statement], stored: &mut Stored) {
    let mut by_resource: BTreeMap<ResourceConfigAddress, Vec<ObjectKey>> = BTreeMap::new();
    for object in stored.objects.keys().filter(|object| object.deposed.is_none()) {
        by_resource.entry(object.address.config()).or_default().push(object.clone());
    }
    for (resource, objects) in by_resource {
        let Some(block) = config.resource(&resource) else { continue };
        let (from, to) = match block.repetition {
            Repetition::Count(_) => (None, Some(InstanceKey::Index(0))),
            Repetition::Single => (Some(InstanceKey::Index(0)), None),
            Repetition::ForEach(_) => continue,
        };
        let is_free = |object: &ObjectKey| {
            object.address.key == from && !statements.iter().any(|statement| is_about(statement, &object.address))
        };
        for object in objects.into_iter().filter(is_free) {
            let target =
                ObjectKey { address: InstanceAddress { key: to.clone(), ..object.address.clone() }, deposed: None };
            if !stored.objects.contains_key(&target) {
                relocate(stored, &object, target);
            }
        }
    }
}

/// Whether a statement names the resource of an object, in the same instance of its module.
fn is_about(statement: &Statement, address: &InstanceAddress) -> bool {
    let Endpoints::Resource(from, to) = &statement.endpoints else { return false };
    let (outer, path) = (&statement.module.0, &address.module.0);
    let is_within = path.len() >= outer.len() && path.iter().zip(outer.iter()).all(|((name, _), outer)| name == outer);
    let inner = path.get(outer.len()..).unwrap_or_default();
    is_within && [from, to].into_iter().any(|end| end.resource == address.resource && *end.module.0 == *inner)
}

/// The objects that moved: where each was, and where it is.
#[must_use]
pub fn moved(stored: &Stored) -> Vec<(InstanceAddress, InstanceAddress)> {
    let moved = stored.objects.iter().filter_map(|(object, recorded)| {
        recorded.previous.as_ref().map(|previous| (previous.clone(), object.address.clone()))
    });
    moved.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::stored::StoredObject;
    use smform_lang::config::Moved;
    use smform_types::{ModuleAddress, SourceMap, Span, Type, Value};

    fn span() -> Span {
        let mut sources = SourceMap::default();
        let source = sources.add("main.tf", "");
        Span { source, start: 0, end: 0 }
    }

    fn config(moves: &[(&str, &str, &str)]) -> Config {
        let mut modules: BTreeMap<ModuleAddress, smform_lang::config::Module> = BTreeMap::new();
        for (module, from, to) in moves {
            let address = module.parse::<smform_types::ModuleInstance>().map(|module| module.config());
            let module = modules.entry(address.unwrap_or_default()).or_default();
            let at = |text: &str| (text.to_owned(), span());
            module.moved.push(Moved { from: at(from), to: at(to), span: span() });
        }
        Config {
            modules,
            sources: SourceMap::default(),
            directory: ".".into(),
            contexts: Vec::new(),
            deferred: Diagnostics::new(),
        }
    }

    fn stored(addresses: &[&str]) -> Stored {
        let object = |address: &&str| {
            let address = address.parse().expect("an address");
            let content = StoredObject {
                provider: None,
                value: Value::null(Type::Dynamic),
                tainted: false,
                begun: false,
                dependencies: BTreeSet::new(),
                create_before_destroy: false,
                previous: None,
            };
            (ObjectKey { address, deposed: None }, content)
        };
        Stored { objects: addresses.iter().map(object).collect(), ..Stored::default() }
    }

    fn moved(moves: &[(&str, &str, &str)], before: &[&str]) -> (Vec<String>, Vec<String>) {
        let (after, found) = apply(&config(moves), stored(before));
        let addresses = after.objects.keys().map(|object| object.address.to_string()).collect();
        (addresses, found.iter().map(|found| found.summary.clone()).collect())
    }

    #[test]
    fn statements_follow_each_other_whatever_their_order() {
        let moves = [("", "t.c", "t.d[0]"), ("", "t.a", "t.b"), ("", "t.b", "t.c")];
        assert_eq!(moved(&moves, &["t.a"]).0, ["t.d[0]"]);
    }

    #[test]
    fn a_statement_in_a_module_is_about_each_of_its_instances() {
        let moves = [("module.m", "t.a", "t.b"), ("module.m", "t.x[0]", "module.n.t.x")];
        let (after, _) = moved(&moves, &["module.m[0].t.a", "module.m[\"k\"].t.a", "module.m[0].t.x[0]", "t.a"]);
        assert_eq!(after, ["t.a", "module.m[0].t.b", "module.m[0].module.n.t.x", "module.m[\"k\"].t.b"]);
    }

    #[test]
    fn a_module_moves_with_all_that_is_in_it() {
        let moves = [("", "module.a", "module.b"), ("", "module.b[1]", "module.c[\"x\"]")];
        let (after, _) = moved(&moves, &["module.a[0].t.a", "module.a[1].module.z.t.a"]);
        assert_eq!(after, ["module.b[0].t.a", "module.c[\"x\"].module.z.t.a"]);
    }

    #[test]
    fn what_is_in_the_way_stays_and_is_told_once() {
        let (after, found) = moved(&[("", "t.a", "t.b")], &["t.a", "t.b"]);
        assert_eq!((after, found.len()), (vec!["t.a".to_owned(), "t.b".to_owned()], 1));
    }

    #[test]
    fn what_moves_as_a_whole_stays_as_a_whole() {
        let (after, found) = moved(&[("", "t.a", "t.b")], &["t.a[0]", "t.a[1]", "t.b[0]"]);
        assert_eq!((after.concat().as_str(), found.len()), ("t.a[0]t.a[1]t.b[0]", 1));
        let (after, found) = moved(&[("", "module.m", "module.n")], &["module.m.t.i", "module.n.t.q"]);
        assert_eq!((after.concat().as_str(), found.len()), ("module.m.t.imodule.n.t.q", 1));
        // A module in it moves by itself.
        let before = ["module.m.module.c.t.x", "module.m.t.i", "module.n.t.q"];
        let (after, found) = moved(&[("", "module.m", "module.n")], &before);
        assert_eq!((after.concat().as_str(), found.len()), ("module.m.t.imodule.n.t.qmodule.n.module.c.t.x", 1));
    }

    #[test]
    fn what_is_inside_of_what_moves_moves_first_on_the_way_there() {
        for moves in [
            [("", "t.z", "module.old.t.z"), ("", "module.old", "module.m[\"k\"]")],
            [("", "module.old", "module.m[\"k\"]"), ("", "t.z", "module.old.t.z")],
        ] {
            assert_eq!(moved(&moves, &["t.z"]), (vec!["module.m[\"k\"].t.z".to_owned()], Vec::new()));
        }
        let keys = [("", "module.m", "module.m[0]"), ("module.m", "t.a", "t.b")];
        assert_eq!(moved(&keys, &["module.m.t.a"]), (vec!["module.m[0].t.b".to_owned()], Vec::new()));
    }

    #[test]
    fn what_is_left_to_do_goes_with_the_object() {
        let key = |address: &str| ObjectKey { address: address.parse().expect("an address"), deposed: None };
        let mut before = stored(&["t.a", "t.c"]);
        before.owed = [(key("t.a"), "paint".to_owned()), (key("t.c"), "stay".to_owned())].into();
        before.unsettled = [key("t.a")].into();
        let (after, _) = apply(&config(&[("", "t.a", "t.b")]), before);
        assert_eq!(after.owed, [(key("t.b"), "paint".to_owned()), (key("t.c"), "stay".to_owned())].into());
        assert_eq!(after.unsettled, [key("t.b")].into());
    }

    #[test]
    fn a_cycle_is_refused() {
        let (_, found) = moved(&[("", "t.a", "t.b"), ("", "t.b", "t.a")], &["t.a"]);
        assert_eq!(found, ["Cyclic dependency in move statements"]);
    }
}
