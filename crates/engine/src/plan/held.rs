//! What is in use goes on being used, and what is not need not wait. Types tell what an object uses by its name, whether or
//! not the configuration refers to it: an endpoint holds its configuration, and through it the models of that.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use smform_lang::config::{Config, IgnoreChanges};
use smform_lang::eval::attribute_span;
use smform_provider::{Session, Use};
use smform_types::{Diagnostic, Diagnostics, InstanceAddress, Path, ResourceConfigAddress, ResourceMode, Span, Value};

use super::names::Scope;
use super::stored::Stored;
use super::target::is_sibling;
use super::{Action, Change, Drift, ObjectKey, Replacement};
use crate::blocks::block_context;
use crate::graph::ProviderKey;
use crate::providers::Providers;

/// The provider configurations that are connected.
type Sessions = BTreeMap<ProviderKey, Arc<dyn Session>>;

/// What an object uses, each with whose name that is.
type Uses = Vec<(Scope, Use)>;

/// An object that is looked through: its name, and what it uses.
type Passing<'n> = (Option<&'n Scope>, &'n Option<Uses>);

/// The objects of a plan by their names, and what they use.
struct Named<'a> {
    change: &'a Change,
    /// The name of the object that there is, and of the one that will be.
    before: Option<Scope>,
    after: Option<Scope>,
    /// What these use; nothing where the type does not tell.
    uses_before: Option<Uses>,
    uses_after: Option<Uses>,
}

/// What a provider configuration tells of objects of a type.
struct Teller<'s> {
    session: &'s dyn Session,
    type_name: &'s Arc<str>,
    account: String,
}

impl<'s> Teller<'s> {
    fn new(key: &ProviderKey, sessions: &'s Sessions, object: &'s ObjectKey) -> Option<Teller<'s>> {
        let session = sessions.get(key)?.as_ref();
        let account = super::names::account(session, key);
        Some(Teller { session, type_name: &object.address.resource.type_name, account })
    }

    fn name(&self, value: &Value) -> Option<Scope> {
        let unique = self.session.unique_name(self.type_name, value)?;
        Some((self.account.clone(), Arc::clone(self.type_name), unique.key))
    }

    fn uses(&self, value: &Value) -> Option<Uses> {
        let uses = self.session.uses(self.type_name, value)?.into_iter();
        Some(uses.map(|one| ((self.account.clone(), one.of.type_name.into(), one.of.key.clone()), one)).collect())
    }
}

fn plain(value: &Value) -> Value {
    value.clone().unmark_deep().0
}

fn named<'a>(changes: &'a BTreeMap<ObjectKey, Change>, sessions: &Sessions) -> Vec<Named<'a>> {
    let managed = changes.values().filter(|change| change.object.address.resource.mode == ResourceMode::Managed);
    let told = managed.filter_map(|change| {
        let teller = Teller::new(&change.provider, sessions, &change.object)?;
        let after = change.after.as_ref().filter(|_| change.object.deposed.is_none());
        let (before, after) = (change.before.as_ref().map(plain), after.map(plain));
        Some(Named {
            change,
            before: before.as_ref().and_then(|value| teller.name(value)),
            after: after.as_ref().and_then(|value| teller.name(value)),
            uses_before: before.as_ref().and_then(|value| teller.uses(value)),
            uses_after: after.as_ref().and_then(|value| teller.uses(value)),
        })
    });
    told.collect()
}

/// What targets have left out, and what that uses.
pub struct LeftOut<'a> {
    /// What is recorded.
    pub stored: &'a Stored,
    /// What was found to differ from that.
    pub drift: &'a [Drift],
    /// Who tells of types.
    pub providers: &'a Providers,
}

/// An object that targets have left out.
pub struct Outside<'a> {
    /// The object.
    pub object: &'a ObjectKey,
    /// Its name.
    pub name: Option<Scope>,
    /// What it uses; nothing where its type does not tell.
    uses: Option<Uses>,
}

impl LeftOut<'_> {
    /// The objects that the plan does not come to, as far as their types tell of them.
    pub fn objects(
        &self,
        config: &Config,
        changes: &BTreeMap<ObjectKey, Change>,
        sessions: &Sessions,
    ) -> Vec<Outside<'_>> {
        let is_gone = |object: &ObjectKey| self.drift.iter().any(|one| one.object == *object && one.after.is_none());
        let others = self.stored.objects.iter().filter(|(object, _)| !changes.contains_key(object) && !is_gone(object));
        let told = others.filter_map(|(object, recorded)| {
            let resource = object.address.config();
            let key = match config.resource(&resource) {
                Some(block) => self.providers.key(config, &resource.module, block).ok(),
                None => self.providers.key_for_stored(config, &resource, recorded.provider.as_deref()).ok().flatten(),
            };
            let teller = Teller::new(&key?, sessions, object)?;
            let value = plain(&recorded.value);
            Some(Outside { object, name: teller.name(&value), uses: teller.uses(&value) })
        });
        told.collect()
    }
}

fn each(uses: &Option<Uses>) -> impl Iterator<Item = &(Scope, Use)> {
    uses.iter().flatten()
}

/// What is held, directly or through what is held itself. `roots` are held as they are; objects that come with `pass` are looked
/// through.
fn reached<'n>(roots: Vec<&'n Scope>, pass: &[Passing<'n>]) -> BTreeSet<&'n Scope> {
    let mut used_by: BTreeMap<&Scope, Vec<&Scope>> = BTreeMap::new();
    for (name, uses) in pass.iter().filter_map(|(name, uses)| Some(((*name)?, *uses))) {
        used_by.entry(name).or_default().extend(each(uses).map(|(used, _)| used));
    }
    let mut found: BTreeSet<&Scope> = roots.iter().copied().collect();
    let mut open = roots;
    while let Some(scope) = open.pop() {
        let used = used_by.get(scope).into_iter().flatten().copied();
        open.extend(used.filter(|used| found.insert(used)));
    }
    found
}

/// Whether an object that is there goes away.
fn goes(change: &Change) -> bool {
    change.before.is_some() && change.deletes() && !change.old_stays
}

/// Whether something goes that an object has used: what is set aside of that object goes before it, whether a target names
/// it or not.
#[must_use]
pub fn goes_first(
    changes: &BTreeMap<ObjectKey, Change>,
    user: &InstanceAddress,
    used: &BTreeSet<ResourceConfigAddress>,
) -> bool {
    let mut gone = changes.values().filter(|change| goes(change)).map(|change| &change.object.address);
    gone.any(|gone| used.contains(&gone.config()) && !is_sibling(&user.module, &gone.module))
}

/// Leaves alone what an object goes on using whose block ignores the change, refuses to delete what any other goes on using,
/// and notes what nothing uses, unless it is only known in part what uses what: targets leave objects out, and an object may use
/// more than its type tells of. What stays since something that targets have left out goes on using it is described as well.
pub fn settle(
    config: &Config,
    changes: &mut BTreeMap<ObjectKey, Change>,
    sessions: &Sessions,
    left_out: Option<&[Outside<'_>]>,
    uses_more: bool,
) -> (Vec<String>, Diagnostics) {
    let objects = named(changes, sessions);
    let (mut spared, mut found) = spared(config, &objects);
    let kept = kept(&objects, left_out.unwrap_or_default());
    let told = kept.iter().filter(|change| !spared.contains(&change.object)).map(|change| described(change)).collect();
    spared.extend(kept.iter().map(|change| change.object.clone()));
    for object in &spared {
        if object.deposed.is_some() {
            changes.remove(object);
        } else if let Some(change) = changes.get_mut(object) {
            (change.old_stays, change.held) = (true, true);
        }
    }
    let objects = named(changes, sessions);
    found.extend(refusals(config, &objects));
    let unused = if left_out.is_some() || uses_more { Vec::new() } else { unused(&objects) };
    for object in unused {
        if let Some(change) = changes.get_mut(&object) {
            change.unused = true;
        }
    }
    (told, found)
}

/// Whether an object would go only because another one has taken its place.
fn may_stay(change: &Change) -> bool {
    goes(change) && (change.object.deposed.is_some() || change.action == Action::Replace(Replacement::CreateFirst))
}

/// What would go, and something goes on using that targets have left out.
fn kept<'a>(objects: &[Named<'a>], outside: &[Outside<'_>]) -> Vec<&'a Change> {
    let roots = outside.iter().flat_map(|one| each(&one.uses)).filter(|(_, one)| one.holds).map(|(scope, _)| scope);
    let pass = objects.iter().map(|one| (one.before.as_ref(), &one.uses_before));
    let pass: Vec<_> = pass.chain(outside.iter().map(|one| (one.name.as_ref(), &one.uses))).collect();
    let held = reached(roots.collect(), &pass);
    let stays = objects.iter().filter(|one| may_stay(one.change));
    stays.filter(|one| one.before.as_ref().is_some_and(|name| held.contains(name))).map(|one| one.change).collect()
}

/// The objects that stay since one whose block ignores the change goes on using them, and what is said of it.
fn spared(config: &Config, objects: &[Named<'_>]) -> (BTreeSet<ObjectKey>, Diagnostics) {
    let (mut spared, mut found) = (BTreeSet::new(), Diagnostics::new());
    let made: BTreeSet<&Scope> = objects.iter().filter_map(|one| one.after.as_ref()).collect();
    let pass: Vec<_> = objects.iter().map(|one| (one.before.as_ref(), &one.uses_before)).collect();
    for user in objects.iter().filter(|one| matches!(one.change.action, Action::NoOp | Action::Update)) {
        let Some(block) = config.resource(&user.change.object.address.config()) else { continue };
        let ignored = each(&user.uses_after).filter(|(scope, one)| !made.contains(scope) && one.holds);
        let ignored =
            ignored.filter_map(|(scope, one)| Some((scope, one, covering(&block.lifecycle.ignore_changes, &one.at)?)));
        for (scope, one, place) in ignored {
            let held = reached(vec![scope], &pass);
            let stay = objects.iter().filter(|other| may_stay(other.change));
            let stay: Vec<&Named<'_>> =
                stay.filter(|other| other.before.as_ref().is_some_and(|name| held.contains(name))).collect();
            if stay.is_empty() {
                continue;
            }
            let list: String = stay.iter().map(|other| format!("\n  - {}", described(other.change))).collect();
            let way_out = match place {
                Some(_) => format!("take {} out of ignore_changes", one.at),
                None => format!("name what it is to ignore in place of all, without {}", one.at),
            };
            let detail = format!(
                "{} goes on using these, since it ignores changes of {}. So they stay, set aside (deposed), until an apply finds \
                 that it uses something else:\n{list}\n\nTo move it with this change, {way_out}.",
                user.change.object.address, one.at
            );
            let warning =
                Diagnostic::warning("What is replaced stays in use", detail).about(&user.change.object.address);
            found.push(warning.at(place.unwrap_or(block.span)).within(block_context(block)));
            spared.extend(stay.iter().map(|other| other.change.object.clone()));
        }
    }
    (spared, found)
}

/// The place of the rule that ignores changes of an argument, nothing within when it ignores all; nothing when there is none.
fn covering(ignore: &IgnoreChanges, at: &Path) -> Option<Option<Span>> {
    match ignore {
        IgnoreChanges::None => None,
        IgnoreChanges::All => Some(None),
        IgnoreChanges::Paths(paths) => {
            let covers =
                |path: &Path| at.0.len() >= path.0.len() && at.0.iter().zip(&path.0).all(|(at, path)| at == path);
            paths.iter().find(|(path, _)| covers(path)).map(|(_, places)| places.first().copied())
        }
    }
}

/// An object with its name.
fn described(change: &Change) -> String {
    let id = change.before.as_ref().and_then(crate::events::id_of).unwrap_or_default();
    format!("{} \"{id}\"", change.object)
}

/// Refuses to delete what an object goes on using by its name.
fn refusals(config: &Config, objects: &[Named<'_>]) -> Diagnostics {
    let mut found = Diagnostics::new();
    let made: BTreeSet<&Scope> = objects.iter().filter_map(|one| one.after.as_ref()).collect();
    let holding = objects.iter().flat_map(|one| each(&one.uses_after)).filter(|(_, one)| one.holds);
    let pass: Vec<_> = objects.iter().map(|one| (one.after.as_ref(), &one.uses_after)).collect();
    let held = reached(holding.map(|(scope, _)| scope).collect(), &pass);
    for user in objects {
        let serves = |one: &Use| one.holds || user.after.as_ref().is_some_and(|name| held.contains(name));
        for (scope, one) in each(&user.uses_after).filter(|(scope, one)| serves(one) && !made.contains(scope)) {
            let gone = objects.iter().find(|other| goes(other.change) && other.before.as_ref() == Some(scope));
            found.extend(gone.map(|gone| refusal(config, user.change, one, gone.change)));
        }
    }
    found
}

fn refusal(config: &Config, user: &Change, one: &Use, gone: &Change) -> Diagnostic {
    let address = &user.object.address;
    let way_out = if gone.object.deposed.is_some() {
        format!("Name another one here, or go back to the configuration of {} that it was.", gone.object.address)
    } else if gone.action == Action::Delete {
        format!(
            "Keep the block of {}, or name another one here. To leave it as it is and out of the state, write a removed block with \
             destroy = false.",
            gone.object.address
        )
    } else {
        format!(
            "Write {}.name here in place of the name, and {address} moves to the new one before the old one goes.",
            gone.object.address.resource
        )
    };
    let detail = format!("{address} goes on using {}, which this plan destroys. {way_out}", described(gone));
    let error = Diagnostic::error("What is in use would be destroyed", detail).about(address);
    match config.resource(&address.config()) {
        Some(block) => {
            error.at(attribute_span(&block.body, &one.at).unwrap_or(block.span)).within(block_context(block))
        }
        None => error,
    }
}

/// The objects that go and that nothing uses, nor has used: they need not wait until anything has moved.
fn unused(objects: &[Named<'_>]) -> Vec<ObjectKey> {
    let mut tells: BTreeMap<ResourceConfigAddress, bool> = BTreeMap::new();
    for one in objects {
        let is_told = one.uses_before.is_some() || one.uses_after.is_some();
        *tells.entry(one.change.object.address.config()).or_insert(true) &= is_told;
    }
    let all = || objects.iter().flat_map(|one| each(&one.uses_before).chain(each(&one.uses_after)));
    let pass: Vec<_> = objects
        .iter()
        .flat_map(|one| [(one.before.as_ref(), &one.uses_before), (one.after.as_ref(), &one.uses_after)])
        .collect();
    let held = reached(all().filter(|(_, one)| one.holds).map(|(scope, _)| scope).collect(), &pass);
    // Objects of other types may serve by themselves.
    let kinds: BTreeSet<&Arc<str>> = all().map(|((_, type_name, _), _)| type_name).collect();
    // What cannot be looked through may use anything.
    let seen: BTreeSet<&Scope> = pass.iter().filter(|(_, uses)| uses.is_some()).filter_map(|(name, _)| *name).collect();
    if !held.is_subset(&seen) {
        return Vec::new();
    }
    let is_unused = |one: &&Named<'_>| {
        let resource = one.change.object.address.config();
        let users = objects.iter().filter(|user| {
            user.change.dependencies.contains(&resource) || user.change.old_dependencies.contains(&resource)
        });
        let mut users = users.map(|user| user.change.object.address.config());
        let is_passive = one.uses_before.as_ref().is_some_and(|uses| !uses.iter().any(|(_, one)| one.holds));
        let stays_behind =
            one.change.object.deposed.is_some() || one.change.action == Action::Replace(Replacement::CreateFirst);
        goes(one.change)
            && stays_behind
            && is_passive
            && kinds.contains(&one.change.object.address.resource.type_name)
            && one.before.as_ref().is_some_and(|name| !held.contains(name))
            && users.all(|user| tells.get(&user) == Some(&true))
    };
    objects.iter().filter(is_unused).map(|one| one.change.object.clone()).collect()
}
