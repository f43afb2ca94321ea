//! Names that can be had once: which these are, and what the plan says when somebody else's object has one.

use smform_provider::{Context, PlannedObject, ResourceType, UniqueName};
use smform_types::{Diagnostic, Diagnostics, Value};

use crate::clients::Clients;
use crate::failure::Failure;
use crate::fields::Fields;

/// The name that an attribute gives an object, unique within what the arguments of `within` say, such as the region.
pub(crate) fn unique(object: &Value, attribute: &str, within: &[&str]) -> Option<UniqueName> {
    let fields = Fields(object);
    let name = fields.text(attribute)?.to_owned();
    let known = within.iter().all(|name| !fields.is_unknown(name));
    let within = within.iter().map(|name| fields.owned(name).unwrap_or_default());
    let key = known.then(|| within.chain([name.clone()]).collect())?;
    Some(UniqueName { attribute: smform_types::Path::attribute(attribute), name, key })
}

/// The same, where the case of letters does not tell names apart.
pub(crate) fn in_any_case(unique: UniqueName) -> UniqueName {
    let key = unique.key.iter().map(|part| part.to_ascii_lowercase()).collect();
    UniqueName { key, ..unique }
}

/// Refuses an object that a plan makes under a name that an object has which is none of the plan: asked for its
/// identifier, the service tells by `holder` what that has as its own. What may not be asked is told by the creation.
pub(crate) async fn check<F: Future<Output = Result<Option<String>, Failure>>>(
    of: &dyn ResourceType<Clients>,
    kind: &str,
    object: &PlannedObject,
    plan: &[PlannedObject],
    cx: &Context<'_, Clients>,
    holder: impl FnOnce(String) -> F,
) -> Diagnostics {
    let Some(unique) = newly_named(of, object, plan) else { return Diagnostics::new() };
    let Ok(Some(identifier)) = holder(unique.name.clone()).await else { return Diagnostics::new() };
    let name = &unique.name;
    let place = object.after.as_ref().map(|after| cx.clients.place(cx.clients.region_of(after))).unwrap_or_default();
    let detail = format!(
        "It is in {place}, and none of this plan's. To take it over as it is, write\n\n  import {{\n    to = {}\n    id = \
         {identifier:?}\n  }}\n\nOtherwise choose another name, or delete it first if nobody needs it.",
        cx.run.address()
    );
    let error = Diagnostic::error(format!("{kind} \"{name}\" already exists"), detail);
    error.of_attribute(unique.attribute).into()
}

/// The name of an object that is made, if no object of the plan has it so far. Right before the object is made, when only
/// what it is judged beside is there, the creation looks itself.
fn newly_named(of: &dyn ResourceType<Clients>, object: &PlannedObject, plan: &[PlannedObject]) -> Option<UniqueName> {
    let unique = of.unique_name(object.after.as_ref()?).filter(|_| object.is_new())?;
    let mut others = plan.iter().filter(|other| *other.type_name == *of.name()).peekable();
    others.peek()?;
    // Where an object is may not be recorded.
    let same = |had: &UniqueName| {
        had.key.len() == unique.key.len()
            && had.key.last() == unique.key.last()
            && had.key.iter().zip(&unique.key).all(|(had, wanted)| had == wanted || had.is_empty())
    };
    let is_had =
        others.any(|other| other.before.as_ref().and_then(|had| of.unique_name(had)).is_some_and(|had| same(&had)));
    (!is_had).then_some(unique)
}
