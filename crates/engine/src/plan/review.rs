//! The last look at a plan: each object is judged by its type beside everything else that is planned, such as a model
//! whose way to the registry is opened by a rule of the same plan.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::stream::{self, StreamExt};
use smform_lang::config::Config;
use smform_provider::{PlannedObject, Session};
use smform_types::{Diagnostics, Value};

use super::{Change, ObjectKey};
use crate::blocks::locate;
use crate::conceal::{concealed, secrets_of};
use crate::events::Operation;
use crate::graph::ProviderKey;
use crate::run::Conduct;

/// What the types say, in the order of the objects. Asks about so many objects at once as `parallelism` says.
/// Says nothing when the user asks to stop.
pub async fn review(
    config: &Config,
    changes: &BTreeMap<ObjectKey, Change>,
    sessions: &BTreeMap<ProviderKey, Arc<dyn Session>>,
    conduct: &Conduct,
    parallelism: usize,
) -> Diagnostics {
    let plain = |value: &Option<Value>| value.clone().map(|value| value.unmark_deep().0);
    let planned = |change: &Change| PlannedObject {
        type_name: Arc::clone(&change.object.address.resource.type_name),
        before: plain(&change.before),
        after: plain(&change.after),
    };
    let plan: Vec<PlannedObject> = changes.values().map(planned).collect();
    let asked = changes.values().zip(&plan).filter(|(_, object)| object.after.is_some());
    let asked = asked.filter_map(|(change, object)| Some((change, sessions.get(&change.provider)?, object)));
    let plan = plan.as_slice();
    let answers = stream::iter(asked).map(|(change, session, object)| async move {
        let address = &change.object.address;
        let task = conduct.quiet(change.object.clone(), Operation::Refresh).needing(change.dependencies.clone());
        let secrets = [&change.before, &change.after].into_iter().flatten().flat_map(secrets_of).collect();
        let found = concealed(session.review(object, plan, &task).await, &secrets);
        let block = config.modules.get(&address.module.config());
        let block = block.and_then(|module| module.resources.get(&address.resource));
        let found = match block {
            Some(block) => locate(found, block),
            None => found,
        };
        found.map(|diagnostic| diagnostic.about(address))
    });
    let answers = conduct.unless_cancelled(answers.buffered(parallelism.max(1)).collect::<Vec<Diagnostics>>()).await;
    answers.into_iter().flatten().flatten().collect()
}
