//! Whether a saved plan still fits: an object that somebody else has changed since, where the plan changes it, is not set to
//! what was reviewed before that was known.

use std::sync::Arc;

use futures::stream::{self, StreamExt};
use smform_provider::Session;
use smform_types::schema::Block;
use smform_types::{Diagnostic, Diagnostics, Value, ValueKind};

use super::Apply;
use crate::events::Operation;
use crate::graph::ProviderKey;
use crate::plan::{Action, Change};
use crate::run::Conduct;

/// The summary of what is said of a plan that does not fit any more.
pub const STALE: &str = "Saved plan is stale";

/// How many objects are read at the same time.
const AT_ONCE: usize = 10;

/// The updates that a provider configuration is to make, each with the schema of its type.
pub fn updates(apply: &Apply<'_>, key: &ProviderKey) -> Vec<(Change, Block)> {
    let updates = apply.plan.changes.values().filter(|change| change.action == Action::Update);
    let with_schema = updates.filter(|change| change.provider == *key).filter_map(|change| {
        let resource = &change.object.address.resource;
        let provider = apply.providers.of_key(apply.setting.config, key)?;
        let schema = provider.resource_schema(resource.mode, &resource.type_name)?;
        Some((change.clone(), schema.block.clone()))
    });
    with_schema.collect()
}

/// A connected provider, if what it is to update is as the plan has found it.
///
/// # Errors
/// What somebody else has changed; nothing when the user asks to stop.
pub async fn checked(
    session: Arc<dyn Session>,
    updates: Vec<(Change, Block)>,
    conduct: &Conduct,
) -> Result<Arc<dyn Session>, Diagnostics> {
    match conduct.unless_cancelled(outdated(&session, updates, conduct)).await {
        Some(found) if !found.has_errors() => Ok(session),
        found => Err(found.unwrap_or_default()),
    }
}

/// What else has become of objects that are to be updated, in the arguments that the updates change. What cannot be read now
/// is told by the update itself.
async fn outdated(session: &Arc<dyn Session>, changes: Vec<(Change, Block)>, conduct: &Conduct) -> Diagnostics {
    let read = |(change, block): (Change, Block)| {
        let session = Arc::clone(session);
        async move {
            let before = change.before.clone()?.unmark_deep().0;
            let task = conduct.quiet(change.object.clone(), Operation::Refresh);
            let live = session.read(&change.object.address.resource.type_name, &before, &task).await.ok()?;
            let after = change.after.clone()?.unmark_deep().0;
            let moving = session.moving(&change.object.address.resource.type_name, &before, &after, &task).await;
            let moving = moving.filter(|moving| change.moving.as_ref() != Some(moving));
            judged(&change, &block, &before, live.as_ref(), moving.as_deref())
        }
    };
    let found: Vec<Option<Diagnostic>> = stream::iter(changes).map(read).buffered(AT_ONCE).collect().await;
    found.into_iter().flatten().collect()
}

/// What is said of an object as it is now.
fn judged(
    change: &Change,
    block: &Block,
    before: &Value,
    live: Option<&Value>,
    moving: Option<&str>,
) -> Option<Diagnostic> {
    let address = &change.object.address;
    let after = change.after.as_ref()?;
    let what = match live {
        None => "It is gone.".to_owned(),
        Some(live) => {
            let is_settable = |name: &&str| block.attributes.get(name).is_none_or(|attribute| attribute.is_settable());
            let of = |value: &Value, name: &str| value.get(name).map(|value| value.clone().unmark_deep().0);
            let differs = |name: &&str| {
                let (was, is, will) = (of(before, name), of(live, name), of(after, name));
                was != will && was != is && is != will
            };
            let is_hidden = |name: &str| after.get(name).is_some_and(Value::has_sensitive);
            let told = |name: &str| {
                let text = |value: &Value| match of(value, name).filter(|_| !is_hidden(name)).as_ref().map(Value::kind)
                {
                    Some(ValueKind::String(text)) => Some(format!("{text:?}")),
                    _ => None,
                };
                match (text(before), text(live)) {
                    (Some(was), Some(is)) => format!("{name} was {was} when the plan was made, and is {is} now."),
                    _ => format!("{name} is no longer what it was when the plan was made."),
                }
            };
            let told: Vec<String> = block.names().filter(is_settable).filter(differs).map(told).collect();
            match moving {
                _ if !told.is_empty() => told.join(" "),
                Some(moving) => format!("It is moving to {moving}, as it was not when the plan was made."),
                None => return None,
            }
        }
    };
    let detail = format!(
        "{address} was changed by somebody else: {what} To go on would undo that, unseen. Nothing was changed by this run; plan \
         again to see what there is to do now."
    );
    Some(Diagnostic::error(STALE, detail).about(address))
}
