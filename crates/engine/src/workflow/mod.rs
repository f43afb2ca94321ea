//! What commands call: load a configuration, validate it, plan it, apply the plan.
//!
//! [`plan`] is the one function that yields a plan, and [`apply`] takes nothing else.

pub mod backend;
pub mod console;
pub mod encryption;
mod flat;
pub mod generate;
pub mod load;
pub mod saved;
pub mod state;
pub mod validate;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use smform_lang::config::values::{NO_VALUE, missing};
use smform_lang::config::{Config, REDUNDANT_MOVE};
use smform_lang::eval::Templates;
use smform_lang::functions::{FunctionContext, Phase};
use smform_lang::source::Host;
use smform_provider::Session;
use smform_types::{Diagnostic, Diagnostics, InstanceAddress};
use tokio::sync::Mutex;

use crate::apply::record::Record;
use crate::apply::{Apply, Data, RunOutcome};
use crate::check::violations;
use crate::graph::{ProviderKey, build};
use crate::plan::accounted::accounted;
use crate::plan::review::review;
use crate::plan::stored::Stored;
use crate::plan::walk::{Adopt, Found, Options, Walk};
use crate::plan::{
    Action, Extent, Mode, Plan, along, before_destroy, held, moves, names, order, outputs, reinstate, relevant, target,
};
use crate::providers::Providers;
use crate::run::Conduct;
use crate::values::Values;
use crate::values::evaluate::Setting;

pub use load::{Project, load, load_config, load_given};
pub use validate::validate;

/// What every workflow needs of the world.
#[derive(Clone)]
pub struct World {
    /// Files.
    pub host: Arc<dyn Host>,
    /// Providers.
    pub providers: Providers,
    /// Time, cancellation, events.
    pub conduct: Conduct,
}

/// A plan with all that applying it needs.
pub struct Planned {
    /// The plan.
    pub plan: Plan,
    /// What was recorded, moves applied.
    pub stored: Stored,
    /// Data sources that were read.
    pub data: Data,
    /// Providers that are connected.
    pub sessions: BTreeMap<ProviderKey, Arc<dyn Session>>,
    /// Everything that was evaluated; nothing in a plan that was saved.
    pub values: Values,
}

/// Plans. A plan that comes with errors is partial, and is only for showing.
pub async fn plan(world: &World, project: &Project, stored: Stored, options: &Options) -> (Planned, Diagnostics) {
    let timestamp = rfc3339(&world.conduct);
    let (stored, mut found) = moves::apply(&project.config, stored);
    if options.mode != Mode::Destroy && !options.record_only && !project.has_files() {
        found.push(Diagnostic::error(
            "No configuration files",
            "There are no .tf or .tf.json files in this directory. Planning here would delete everything that the state \
             holds. If that is what you want, use destroy.",
        ));
    }
    let (graph, messages) = build(&project.config, &stored.origins(), &world.providers);
    found.extend(messages);
    found.extend(moves::check::removed(&project.config));
    // What is wrong with moves alone waits for what there is: it may be the reason of the rest, or have one itself.
    let is_of_moves = |message: &Diagnostic| {
        options.mode != Mode::Destroy && [moves::CYCLIC, REDUNDANT_MOVE].contains(&&*message.summary)
    };
    let (wrong_moves, mut found): (Vec<_>, Diagnostics) = {
        let (wrong, rest): (Vec<_>, Vec<_>) = found.into_iter().partition(is_of_moves);
        (wrong, rest.into_iter().collect())
    };
    // A mistake that files alone show is told before anything is read, and not beside half a plan.
    if !found.has_errors() && options.adopt == Adopt::Nothing {
        found.extend(validate::mistakes(world, project));
    }
    if found.has_errors() {
        return (nothing(stored, options, timestamp), found);
    }
    let targeted = !options.targets.is_empty();
    if targeted && options.adopt == Adopt::Nothing {
        found.push(target::in_effect());
    }
    found.extend(target::split_moves(&options.targets, &moves::moved(&stored)));
    if found.has_errors() {
        return (nothing(stored, options, timestamp), found);
    }
    let unusable = validate::inputs(project);
    let is_missing = project.config.root().is_some_and(|root| !missing(root, &project.inputs).is_empty());
    // Beside values that do not suit, what does not need them is planned all the same; each is told where it is used.
    if unusable.has_errors() && (is_missing || options.mode == Mode::Destroy) {
        let mut planned = nothing(stored, options, timestamp);
        planned.plan.extent = if is_missing { Extent::Nothing } else { Extent::Partial };
        // As in Terraform, what does not suit its type is looked at when everything is there.
        found.extend(unusable.into_iter().filter(|message| !is_missing || message.summary == NO_VALUE));
        return (planned, found);
    }
    let templates = Templates;
    let functions = FunctionContext {
        host: world.host.as_ref(),
        phase: Phase::Plan,
        plan_timestamp: Some(timestamp.clone()),
        templates: &templates,
    };
    let setting = Setting {
        config: &project.config,
        functions: &functions,
        surroundings: &project.surroundings,
        inputs: &project.inputs,
        overrides: &project.overrides,
        lenient: options.mode == Mode::RefreshOnly,
    };
    let conduct = world.conduct.clone();
    let inputs = Walk { setting, providers: &world.providers, graph: &graph, stored: &stored, options, conduct };
    let mut reinstated = None;
    let walked = if before_destroy::is_needed(&inputs) {
        match before_destroy::walk_twice(&inputs).await {
            Ok(walked) => walked,
            Err(errors) => {
                found.extend(errors);
                return (nothing(stored, options, timestamp), found);
            }
        }
    } else {
        let (walked, changed) = along::walk_with_parts(&inputs).await;
        reinstated = changed;
        before_destroy::Walked::only(walked, &stored)
    };
    let stored = reinstated.unwrap_or(stored);
    let before_destroy::Walked { found: walked, outputs: recorded_outputs } = walked;
    let Found {
        mut changes,
        same_names,
        names_first,
        delete_last,
        uses_more,
        mut drift,
        ties,
        adopted,
        absent,
        data,
        values,
        sessions,
        visited,
        diagnostics,
    } = walked;
    drift = accounted(drift, &world.providers, &stored);
    drift.sort_by_key(|drift| (drift.object.address.module.0.len(), drift.object.clone()));
    found.extend(diagnostics);
    if options.mode != Mode::Destroy {
        let mut messages = moves::check::moved(&project.config, &values);
        let (circles, redundant): (Vec<_>, Vec<_>) =
            wrong_moves.into_iter().partition(|message| message.summary == moves::CYCLIC);
        messages.extend(redundant);
        // A circle is one of statements that are each in order.
        if !messages.has_errors() {
            messages.extend(circles);
        }
        if messages.has_errors() {
            // What did not move says nothing as long as it is not certain what should.
            found = found.into_iter().filter(|message| message.summary != moves::BLOCKED).collect();
            found.extend(messages);
            return (nothing(stored, options, timestamp), found);
        }
    }
    let is_reviewed = options.mode == Mode::Normal && options.adopt == Adopt::Nothing && !options.record_only;
    if is_reviewed && !found.has_errors() {
        let left_out = held::LeftOut { stored: &stored, drift: &drift, providers: &world.providers };
        let left_out = targeted.then(|| left_out.objects(&project.config, &changes, &sessions));
        let left_out = left_out.as_deref();
        found.extend(names::refuse_left_out(&project.config, &changes, &sessions, left_out.unwrap_or_default()));
        let (kept, messages) = held::settle(&project.config, &mut changes, &sessions, left_out, uses_more);
        found = found.map(|message| target::with_kept(message, &kept));
        found.extend(messages);
    }
    if is_reviewed && !found.has_errors() && !world.conduct.cancel.is_cancelled() {
        found.extend(review(&project.config, &changes, &sessions, &world.conduct, options.parallelism).await);
    }
    if world.conduct.cancel.is_cancelled() {
        found.push(Diagnostic::error("Interrupted", "The plan was not finished. Nothing was changed."));
    }
    order::give_way(&mut changes, &same_names);
    let mut steps = order::settle(options.mode, &graph, &visited, &mut changes);
    // Also what is destroyed goes before what it is a part of.
    if is_reviewed || options.mode == Mode::Destroy {
        found.extend(names::settle(&project.config, &changes, &sessions, &mut steps));
    }
    found.extend(order::refuse_circle(&steps));
    found.extend(setting.refuse_unsupported(&changes, &stored));
    if !options.record_only {
        found.extend(order::refuse_same_names(&project.config, &changes, &same_names));
        found.extend(order::refuse_names_first(&project.config, &changes, &names_first));
        found.extend(order::refuse_too_early(&project.config, &changes, &delete_last, &stored));
        found.extend(reinstate::refuse(&project.config, &changes));
    }
    let forgotten: String = changes
        .values()
        .filter(|change| change.action == Action::Forget)
        .map(|change| format!("\n  - {}", change.object))
        .collect();
    if !forgotten.is_empty() {
        found.push(Diagnostic::warning(
            "Some objects will no longer be managed by smform",
            format!("These leave the state, and stay as they are. To manage one again, import it.\n{forgotten}"),
        ));
    }
    found.extend(options.replace.iter().filter_map(|address| unmatched_replace(address, &values)));
    // What is declared no more goes whatever else fails.
    let outputs = outputs::changes(&setting, options.mode, targeted, &recorded_outputs, &values);
    let mode = options.mode;
    let refreshed = options.refresh;
    let plan = Plan { mode, changes, outputs, drift, ties, refreshed, ..Plan::default() };
    let record_only = options.record_only;
    let targets = options.targets.clone();
    let mut plan = Plan { adopted, absent, steps, targets, record_only, timestamp, ..plan };
    plan.checks = values.checks.clone();
    plan.unrecorded = unrecorded(&plan, &project.config, &stored, &data);
    plan.relevant = relevant::relevant(&project.config, &world.providers, &plan, &values);
    // Proving every pair of steps takes longer than planning when there are very many; the rules are the same for few.
    if !found.has_errors() && (cfg!(debug_assertions) || plan.changes.len() <= 500) {
        found.extend(violations(&plan).into_iter().map(|violation| {
            Diagnostic::error("Unsound plan", format!("{violation} This is a defect of smform; nothing was changed."))
        }));
    }
    plan.extent = if found.has_errors() { Extent::Partial } else { Extent::Whole };
    plan.warnings = found.iter().filter(|diagnostic| !diagnostic.is_error()).cloned().collect();
    (Planned { plan, stored, data, sessions, values }, found)
}

/// The data sources that are recorded, or were read, and of which a plan that destroys leaves nothing.
fn unrecorded(plan: &Plan, config: &Config, stored: &Stored, read: &Data) -> BTreeSet<InstanceAddress> {
    // What is declared no more was left out already when everything was looked at.
    let is_there = |address: &&InstanceAddress| !plan.refreshed || config.resource(&address.config()).is_some();
    let is_named = |address: &&InstanceAddress| {
        !plan.is_targeted() || plan.targets.iter().any(|target| target.covers_instance(address))
    };
    let data = stored.data.keys().filter(is_there).chain(read.keys()).filter(is_named);
    data.filter(|_| plan.mode == Mode::Destroy).cloned().collect()
}

/// What is wrong with a request to replace an address that lacks the key of an instance.
fn unmatched_replace(address: &InstanceAddress, values: &Values) -> Option<Diagnostic> {
    let instances = values.instances(&address.module, &address.resource)?;
    let keys = instances.keys();
    if address.key.is_some() || keys.iter().any(Option::is_none) {
        return None;
    }
    let list: String = keys
        .into_iter()
        .take(10)
        .map(|key| format!("\n  -replace={}", target::quoted(&InstanceAddress { key, ..address.clone() }.to_string())))
        .collect();
    let detail = if list.is_empty() {
        format!("-replace={address} names no object: the resource has no instances.")
    } else {
        format!(
            "-replace={address} names no object: the resource has several instances. Name the one you mean:\n{list}"
        )
    };
    Some(Diagnostic::warning("Incompletely-matched force-replace resource instance", detail))
}

fn nothing(stored: Stored, options: &Options, timestamp: String) -> Planned {
    let plan = Plan { mode: options.mode, timestamp, ..Plan::default() };
    Planned { plan, stored, data: Data::new(), sessions: BTreeMap::new(), values: Values::default() }
}

/// Applies a plan.
pub async fn apply(
    world: &World,
    project: &Project,
    planned: &Planned,
    record: Arc<Mutex<dyn Record>>,
    parallelism: usize,
) -> RunOutcome {
    let templates = Templates;
    let functions = FunctionContext {
        host: world.host.as_ref(),
        phase: Phase::Apply,
        plan_timestamp: Some(planned.plan.timestamp.clone()),
        templates: &templates,
    };
    let setting = Setting {
        config: &project.config,
        functions: &functions,
        surroundings: &project.surroundings,
        inputs: &project.inputs,
        overrides: &project.overrides,
        lenient: false,
    };
    crate::apply::apply(Apply {
        setting,
        providers: &world.providers,
        plan: &planned.plan,
        stored: &planned.stored,
        data: &planned.data,
        sessions: planned.sessions.clone(),
        record,
        parallelism,
        conduct: world.conduct.clone(),
    })
    .await
}

/// The present on the run's clock, in whole seconds, UTC.
fn rfc3339(conduct: &Conduct) -> String {
    let now = jiff::Timestamp::try_from(conduct.clock.now()).unwrap_or_default();
    now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
