//! Saved plans: a file that holds what was reviewed, so that applying it does exactly that.
//!
//! The file is one JSON document: every file that planning read, the variable values, and the planned changes. The
//! steps follow from these, by the same function that laid them out. It holds secrets in clear, as Terraform's does, so
//! it is written readable by its owner only. Its digest covers everything in it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Map, Value as Json, json};
use sha2::{Digest, Sha256};
use smform_lang::config::values::{Origin, VariableValue};
use smform_lang::config::{Given, LocalModules, ProviderRef};
use smform_types::json::parse;
use smform_types::path::Step as PathStep;
use smform_types::{
    Diagnostic, Diagnostics, InstanceAddress, InstanceKey, ModuleAddress, ModuleInstance, Path, ResourceConfigAddress,
    Value,
};

use super::{Planned, Project, World};
use crate::apply::Data;
use crate::checks::{self, Checks, Outcome, Status, Subject};
use crate::graph::{ProviderKey, build};
use crate::plan::codec::{decode, encode};
use crate::plan::relevant::Relevant;
use crate::plan::stored::{Stored, StoredObject};
use crate::plan::target::{Selection, Target};
use crate::plan::walk::scope_of;
use crate::plan::{
    Action, Change, Drift, Extent, Mode, ObjectKey, OutputChange, Plan, Reason, Replacement, Ties, moves, steps,
};
use crate::snapshot::Snapshot;

const FORMAT: &str = "smform-plan";
const VERSION: u64 = 2;

/// The state that a plan was made from; applying it to another one is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Basis {
    /// The state's lineage; empty when there was none.
    pub lineage: String,
    /// The state's serial.
    pub serial: u64,
    /// A checksum of what was known beyond the stored state, from a run that was cut off; nothing where there was none.
    pub beyond: Option<String>,
    /// The workspace.
    pub workspace: String,
    /// Whether it is a state of the sandbox.
    pub sandbox: bool,
}

/// A saved plan as read from its file.
#[derive(Clone, Debug)]
pub struct Saved {
    document: Json,
    /// `sha256:` and hexadecimal digits, over everything else in the file.
    pub digest: String,
    /// The state that it was made from.
    pub basis: Basis,
    /// Every file that planning read.
    pub files: Snapshot,
}

/// The text of a saved plan, and its digest.
#[must_use]
pub fn write(
    project: &Project,
    planned: &Planned,
    targets: &[Target],
    files: &Snapshot,
    basis: &Basis,
) -> (String, String) {
    let plan = &planned.plan;
    let root = project.config.root();
    let is_ephemeral =
        |name: &str| root.and_then(|root| root.variables.get(name)).is_some_and(|variable| variable.ephemeral);
    // Ephemeral values are given again when the plan is applied; what is kept is only that there were any.
    let (ephemeral, kept): (Vec<_>, Vec<_>) = project.inputs.iter().partition(|(name, _)| is_ephemeral(name));
    let inputs: Map<String, Json> =
        kept.into_iter().map(|(name, given)| (name.to_string(), encode(&given.value))).collect();
    let mut files = files.clone();
    for source in ephemeral.iter().filter_map(|(_, given)| project.config.sources.get(given.span?.source)) {
        files.forget(&source.name);
    }
    let ephemeral: Vec<&str> = ephemeral.iter().map(|(name, _)| &***name).collect();
    let outputs: Map<String, Json> = plan
        .outputs
        .iter()
        .map(|(name, change)| {
            let json = json!({
                "before": change.before.as_ref().map(encode),
                "after": change.after.as_ref().map(encode),
                "sensitive": change.sensitive,
                "action": action_name(change.action),
            });
            (name.to_string(), json)
        })
        .collect();
    let data: Map<String, Json> = planned
        .data
        .iter()
        .map(|(address, (key, value))| {
            (address.to_string(), json!({ "provider": provider_json(key), "value": encode(value) }))
        })
        .collect();
    let mut document = json!({
        "format": FORMAT,
        "version": VERSION,
        "made_by": env!("CARGO_PKG_VERSION"),
        "timestamp": plan.timestamp,
        "mode": mode_name(plan.mode),
        "errored": plan.extent != Extent::Whole,
        "targets": targets.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "basis": {
            "lineage": basis.lineage,
            "serial": basis.serial,
            "beyond": basis.beyond,
            "workspace": basis.workspace,
            "sandbox": basis.sandbox,
        },
        "directory": project.config.directory.to_string_lossy(),
        "working_directory": &*project.surroundings.working_directory,
        "variables": inputs,
        "ephemeral": ephemeral,
        "changes": plan.changes.values().map(change_json).collect::<Vec<_>>(),
        "drift": plan.drift.iter().map(drift_json).collect::<Vec<_>>(),
        "ties": plan.ties.iter().map(ties_json).collect::<Vec<_>>(),
        "refreshed": plan.refreshed,
        "adopted": plan.adopted.iter().map(adopted_json).collect::<Vec<_>>(),
        "unrecorded": plan.unrecorded.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "absent": plan.absent.iter().map(key_json).collect::<Vec<_>>(),
        "outputs": outputs,
        "relevant": plan.relevant.iter().map(relevant_json).collect::<Vec<_>>(),
        "checks": plan.checks.0.iter().map(check_json).collect::<Vec<_>>(),
        "data": data,
        "recorded": recorded_json(&planned.stored),
        "files": files.to_json(),
    });
    let digest = digest_of(&document);
    if let Some(fields) = document.as_object_mut() {
        fields.insert("digest".to_owned(), Json::String(digest.clone()));
    }
    (format!("{document}\n"), digest)
}

fn digest_of(document: &Json) -> String {
    let hash = Sha256::digest(document.to_string().as_bytes());
    let digits: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{digits}")
}

/// Reads a saved plan, and checks that it is whole.
///
/// # Errors
/// When it is something else, of another version, or changed since it was written.
pub fn read(text: &str) -> Result<Saved, Diagnostic> {
    let invalid = |detail: &str| Diagnostic::error("Not a usable saved plan", detail.to_owned());
    let mut document: Json = parse(text.as_bytes()).map_err(|_| {
        invalid("The file is not a plan saved by smform. Plans of Terraform can be applied only by Terraform.")
    })?;
    if document.get("format").and_then(Json::as_str) != Some(FORMAT) {
        return Err(invalid("The file is not a plan saved by smform."));
    }
    if document.get("version").and_then(Json::as_u64) != Some(VERSION) {
        return Err(invalid("The plan was saved by another version of smform. Plan again with this one."));
    }
    let recorded = document.as_object_mut().and_then(|fields| fields.remove("digest"));
    let digest = digest_of(&document);
    if recorded.as_ref().and_then(Json::as_str) != Some(digest.as_str()) {
        return Err(invalid("The plan does not match its digest: it was cut short or changed. Plan again."));
    }
    let basis = basis(&document).ok_or_else(|| invalid("The plan does not say which state it was made from."))?;
    let files =
        document.get("files").and_then(Snapshot::from_json).ok_or_else(|| invalid("Its files are not readable."))?;
    Ok(Saved { document, digest, basis, files })
}

fn basis(document: &Json) -> Option<Basis> {
    let basis = document.get("basis")?;
    Some(Basis {
        lineage: basis.get("lineage")?.as_str()?.to_owned(),
        serial: basis.get("serial")?.as_u64()?,
        beyond: basis.get("beyond").and_then(Json::as_str).map(ToOwned::to_owned),
        workspace: basis.get("workspace")?.as_str()?.to_owned(),
        sandbox: basis.get("sandbox")?.as_bool()?,
    })
}

impl Saved {
    /// Whether the plan destroys everything.
    #[must_use]
    pub fn is_destroy(&self) -> bool {
        self.document.get("mode").and_then(Json::as_str) == Some(mode_name(Mode::Destroy))
    }

    /// The names of the ephemeral variables that were set when the plan was made. Their values are not in it.
    #[must_use]
    pub fn ephemeral(&self) -> Vec<&str> {
        let names = self.document.get("ephemeral").and_then(Json::as_array);
        names.into_iter().flatten().filter_map(Json::as_str).collect()
    }

    /// What was recorded when the plan was made: a plan shows the same after the state has moved on. A plan that does not
    /// say it was made by an earlier version, and shows what it can.
    #[must_use]
    pub fn recorded(&self) -> Stored {
        self.document.get("recorded").and_then(recorded_of).unwrap_or_default()
    }

    /// Whether planning ended in errors, so that the plan can be shown but not applied.
    #[must_use]
    pub fn is_errored(&self) -> bool {
        self.document.get("errored").and_then(Json::as_bool) != Some(false)
    }

    /// The plan and the configuration that it was made from. `world` must see the saved files (see
    /// [`Saved::files`]), `stored` is what is recorded now, which the caller has compared with [`Saved::basis`].
    ///
    /// # Errors
    /// When it was made by a version that knew things this one does not.
    pub fn open(&self, world: &World, stored: Stored) -> Result<(Project, Planned), Diagnostics> {
        let unreadable = || {
            Diagnostics::from(Diagnostic::error(
                "Not a usable saved plan",
                "The plan holds something that this version of smform does not know. Plan again with this one.",
            ))
        };
        let document = &self.document;
        let text = |name: &str| document.get(name).and_then(Json::as_str).ok_or_else(unreadable);
        let directory = std::path::Path::new(text("directory")?);
        let values = inputs(document).ok_or_else(unreadable)?;
        let (mut project, found) = super::load::load_given(
            world.host.as_ref(),
            directory,
            &LocalModules,
            Given::Values(&values),
            &self.basis.workspace,
        );
        if found.has_errors() {
            return Err(found);
        }
        project.surroundings.working_directory = text("working_directory")?.into();
        project.inputs = values;
        // What is checked between blocks was checked when the plan was made. Blocks that it generated stand beside the
        // imports that they were generated for, which a plan of the user's files would refuse.
        project.config.deferred = Diagnostics::new();
        let mode = mode_of(text("mode")?).ok_or_else(unreadable)?;
        let targets = targets(document).ok_or_else(unreadable)?;
        let changes = changes(document).ok_or_else(unreadable)?;
        let drift = drift(document).ok_or_else(unreadable)?;
        let outputs = outputs(document).ok_or_else(unreadable)?;
        let data = data(document).ok_or_else(unreadable)?;
        let adopted = adopted(document).ok_or_else(unreadable)?;
        let (mut stored, _) = moves::apply(&project.config, stored);
        for change in changes.values() {
            let adopted = adopted.get(&change.object).map(|value| (value.clone(), change.dependencies.clone()));
            let key = change.reinstated.iter();
            key.for_each(|key| stored.take_back(&change.object.address, key, adopted.as_ref()));
        }
        let (graph, found) = build(&project.config, &stored.origins(), &world.providers);
        if found.has_errors() {
            return Err(found);
        }
        let selection = Selection::new(&graph, &stored, mode, &targets);
        let visited = scope_of(&graph, &stored, mode, &selection);
        let plan = Plan {
            mode,
            extent: if self.is_errored() { Extent::Partial } else { Extent::Whole },
            steps: steps::lay_out(mode, &graph, &visited, &changes),
            changes,
            outputs,
            drift,
            ties: ties(document).ok_or_else(unreadable)?,
            refreshed: document.get("refreshed").and_then(Json::as_bool).ok_or_else(unreadable)?,
            adopted,
            unrecorded: addresses(document, "unrecorded").ok_or_else(unreadable)?,
            absent: absent(document).ok_or_else(unreadable)?,
            checks: checks(document).ok_or_else(unreadable)?,
            relevant: relevant(document).ok_or_else(unreadable)?,
            targets,
            record_only: false,
            timestamp: text("timestamp")?.to_owned(),
            warnings: Diagnostics::new(),
        };
        Ok((
            project,
            Planned { plan, stored, data, sessions: BTreeMap::new(), values: crate::values::Values::default() },
        ))
    }
}

const fn mode_name(mode: Mode) -> &'static str {
    match mode {
        Mode::Normal => "normal",
        Mode::Destroy => "destroy",
        Mode::RefreshOnly => "refresh-only",
    }
}

fn mode_of(name: &str) -> Option<Mode> {
    [Mode::Normal, Mode::Destroy, Mode::RefreshOnly].into_iter().find(|mode| mode_name(*mode) == name)
}

const ACTIONS: [(Action, &str); 8] = [
    (Action::NoOp, "no-op"),
    (Action::Create, "create"),
    (Action::Read, "read"),
    (Action::Update, "update"),
    (Action::Replace(Replacement::DeleteFirst), "delete-create"),
    (Action::Replace(Replacement::CreateFirst), "create-delete"),
    (Action::Delete, "delete"),
    (Action::Forget, "forget"),
];

fn action_name(action: Action) -> Option<&'static str> {
    ACTIONS.iter().find(|(known, _)| *known == action).map(|(_, name)| *name)
}

fn action_of(name: &str) -> Option<Action> {
    ACTIONS.iter().find(|(_, known)| *known == name).map(|(action, _)| *action)
}

const REASONS: [Reason; 13] = [
    Reason::NoMoveTarget,
    Reason::CannotUpdate,
    Reason::Tainted,
    Reason::Requested,
    Reason::Triggered,
    Reason::NoConfiguration,
    Reason::WrongRepetition,
    Reason::CountIndex,
    Reason::EachKey,
    Reason::NoModule,
    Reason::ConfigUnknown,
    Reason::DependencyPending,
    Reason::CheckNested,
];

fn resources_json(set: &BTreeSet<ResourceConfigAddress>) -> Vec<String> {
    set.iter().map(ToString::to_string).collect()
}

fn resources_of(json: &Json) -> Option<BTreeSet<ResourceConfigAddress>> {
    let items = json.as_array()?.iter();
    items.map(|item| Some(item.as_str()?.parse::<InstanceAddress>().ok()?.config())).collect()
}

fn ties_json((object, ties): (&ObjectKey, &Ties)) -> Json {
    json!({
        "address": object.address.to_string(),
        "dependencies": resources_json(&ties.dependencies),
        "create_before_destroy": ties.create_before_destroy,
    })
}

fn ties(document: &Json) -> Option<BTreeMap<ObjectKey, Ties>> {
    let one = |json: &Json| {
        let ties = Ties {
            dependencies: resources_of(json.get("dependencies")?)?,
            create_before_destroy: json.get("create_before_destroy")?.as_bool()?,
        };
        Some((ObjectKey { address: json.get("address")?.as_str()?.parse().ok()?, deposed: None }, ties))
    };
    document.get("ties")?.as_array()?.iter().map(one).collect()
}

fn change_json(change: &Change) -> Json {
    json!({
        "address": change.object.address.to_string(),
        "deposed": change.object.deposed,
        "previous_address": change.previous_address.as_ref().map(ToString::to_string),
        "provider": provider_json(&change.provider),
        "action": action_name(change.action),
        "reason": change.reason.map(Reason::as_str),
        "before": change.before.as_ref().map(encode),
        "after": change.after.as_ref().map(encode),
        "replace_paths": change.replace_paths.iter().map(path_json).collect::<Vec<_>>(),
        "dependencies": resources_json(&change.dependencies),
        "old_dependencies": resources_json(&change.old_dependencies),
        "create_before_destroy": change.create_before_destroy,
        "importing": change.importing,
        "reinstated": change.reinstated,
        "moving": change.moving,
        "old_stays": change.old_stays,
        "held": change.held,
        "unused": change.unused,
        "after_users": change.after_users,
        "generated": change.generated,
    })
}

fn change_of(json: &Json) -> Option<Change> {
    let text = |name: &str| json.get(name).and_then(Json::as_str);
    let object = ObjectKey { address: text("address")?.parse().ok()?, deposed: text("deposed").map(str::to_owned) };
    let reason = match text("reason") {
        Some(name) => Some(*REASONS.iter().find(|reason| reason.as_str() == name)?),
        None => None,
    };
    let previous_address = match text("previous_address") {
        Some(previous) => Some(previous.parse().ok()?),
        None => None,
    };
    Some(Change {
        object,
        previous_address,
        provider: provider_of(json.get("provider")?)?,
        action: action_of(text("action")?)?,
        reason,
        before: optional_value(json.get("before"))?,
        after: optional_value(json.get("after"))?,
        replace_paths: json.get("replace_paths")?.as_array()?.iter().map(path_of).collect::<Option<_>>()?,
        dependencies: resources_of(json.get("dependencies")?)?,
        old_dependencies: resources_of(json.get("old_dependencies")?)?,
        create_before_destroy: json.get("create_before_destroy")?.as_bool()?,
        importing: text("importing").map(str::to_owned),
        reinstated: text("reinstated").map(str::to_owned),
        moving: text("moving").map(str::to_owned),
        old_stays: json.get("old_stays").and_then(Json::as_bool).unwrap_or_default(),
        held: json.get("held").and_then(Json::as_bool).unwrap_or_default(),
        unused: json.get("unused").and_then(Json::as_bool).unwrap_or_default(),
        after_users: json.get("after_users").and_then(Json::as_bool).unwrap_or(true),
        generated: text("generated").map(str::to_owned),
    })
}

/// An encoded value, or null for none; nothing when it is neither.
fn optional_value(json: Option<&Json>) -> Option<Option<Value>> {
    match json {
        None | Some(Json::Null) => Some(None),
        Some(json) => decode(json).map(Some),
    }
}

fn recorded_json(stored: &Stored) -> Json {
    let values = |named: &mut dyn Iterator<Item = (String, &Value)>| -> Map<String, Json> {
        named.map(|(name, value)| (name, encode(value))).collect()
    };
    let objects = stored.objects.iter().map(|(object, recorded)| {
        json!({
            "address": object.address.to_string(),
            "deposed": object.deposed,
            "value": encode(&recorded.value),
            "tainted": recorded.tainted,
            "begun": recorded.begun,
            "dependencies": resources_json(&recorded.dependencies),
            "create_before_destroy": recorded.create_before_destroy,
            "provider": recorded.provider.as_deref(),
        })
    });
    json!({
        "objects": objects.collect::<Vec<_>>(),
        "data": values(&mut stored.data.iter().map(|(address, value)| (address.to_string(), value))),
        "outputs": values(&mut stored.outputs.iter().map(|(name, value)| (name.to_string(), value))),
        "bare": stored.bare.iter().map(|(at, resource)| json!([at.to_string(), resource.to_string()])).collect::<Vec<_>>(),
    })
}

/// A module instance from its address, which is empty for the root.
fn module_at(address: &str) -> Option<ModuleInstance> {
    if address.is_empty() { Some(ModuleInstance::root()) } else { address.parse().ok() }
}

fn recorded_of(json: &Json) -> Option<Stored> {
    let object = |json: &Json| {
        let text = |name: &str| json.get(name).and_then(Json::as_str);
        let key = ObjectKey { address: text("address")?.parse().ok()?, deposed: text("deposed").map(str::to_owned) };
        let recorded = StoredObject {
            value: decode(json.get("value")?)?,
            tainted: json.get("tainted")?.as_bool()?,
            begun: json.get("begun")?.as_bool()?,
            dependencies: resources_of(json.get("dependencies")?)?,
            create_before_destroy: json.get("create_before_destroy")?.as_bool()?,
            provider: text("provider").map(Arc::from),
            previous: None,
        };
        Some((key, recorded))
    };
    let data = json.get("data")?.as_object()?.iter();
    let outputs = json.get("outputs")?.as_object()?.iter();
    let bare = |json: &Json| {
        let resource: InstanceAddress = json.get(1)?.as_str()?.parse().ok()?;
        Some((module_at(json.get(0)?.as_str()?)?, resource.resource))
    };
    Some(Stored {
        objects: json.get("objects")?.as_array()?.iter().map(object).collect::<Option<_>>()?,
        data: data.map(|(address, value)| Some((address.parse().ok()?, decode(value)?))).collect::<Option<_>>()?,
        outputs: outputs.map(|(name, value)| Some((Arc::from(&**name), decode(value)?))).collect::<Option<_>>()?,
        bare: json.get("bare")?.as_array()?.iter().map(bare).collect::<Option<_>>()?,
        ..Stored::default()
    })
}

fn drift_json(drift: &Drift) -> Json {
    json!({
        "address": drift.object.address.to_string(),
        "deposed": drift.object.deposed,
        "previous": drift.previous.as_ref().map(ToString::to_string),
        "before": encode(&drift.before),
        "after": drift.after.as_ref().map(encode),
    })
}

fn adopted_json((object, value): (&ObjectKey, &Value)) -> Json {
    json!({ "address": object.address.to_string(), "deposed": object.deposed, "value": encode(value) })
}

fn key_json(object: &ObjectKey) -> Json {
    json!({ "address": object.address.to_string(), "deposed": object.deposed })
}

fn key_of(json: &Json) -> Option<ObjectKey> {
    let deposed = json.get("deposed").and_then(Json::as_str).map(str::to_owned);
    Some(ObjectKey { address: json.get("address")?.as_str()?.parse().ok()?, deposed })
}

fn provider_json(key: &ProviderKey) -> Json {
    json!({ "module": key.module.to_string(), "name": &*key.reference.name, "alias": key.reference.alias.as_deref() })
}

fn provider_of(json: &Json) -> Option<ProviderKey> {
    let module = json.get("module")?.as_str()?;
    let module = if module.is_empty() { ModuleInstance::root() } else { module.parse().ok()? };
    let name = Arc::from(json.get("name")?.as_str()?);
    let alias = json.get("alias").and_then(Json::as_str).map(Arc::from);
    Some(ProviderKey { module: module.config(), reference: ProviderRef { name, alias } })
}

fn path_json(path: &Path) -> Json {
    let step = |step: &PathStep| match step {
        PathStep::Attribute(name) => json!({ "attribute": name }),
        PathStep::Index(at) => json!({ "index": at }),
        PathStep::Key(key) => json!({ "key": key }),
        PathStep::Element => json!({ "element": true }),
    };
    path.0.iter().map(step).collect()
}

fn path_of(json: &Json) -> Option<Path> {
    let step = |json: &Json| {
        let (kind, content) = json.as_object()?.iter().next()?;
        match kind.as_str() {
            "attribute" => content.as_str().map(|name| PathStep::Attribute(name.to_owned())),
            "index" => usize::try_from(content.as_u64()?).ok().map(PathStep::Index),
            "key" => content.as_str().map(|key| PathStep::Key(key.to_owned())),
            "element" => Some(PathStep::Element),
            _ => None,
        }
    };
    json.as_array()?.iter().map(step).collect::<Option<_>>().map(Path)
}

fn relevant_json(relevant: &Relevant) -> Json {
    let Relevant { module, resource, key, attribute } = relevant;
    let address = InstanceAddress { module: module.clone(), resource: resource.clone(), key: key.clone() };
    json!({ "address": address.to_string(), "attribute": path_json(attribute) })
}

fn relevant(document: &Json) -> Option<BTreeSet<Relevant>> {
    let relevant = document.get("relevant")?.as_array()?.iter();
    let relevant = relevant.map(|json| {
        let InstanceAddress { module, resource, key } = json.get("address")?.as_str()?.parse().ok()?;
        Some(Relevant { module, resource, key, attribute: path_of(json.get("attribute")?)? })
    });
    relevant.collect()
}

fn check_json(
    ((module, subject), objects): (&(ModuleAddress, Subject), &Option<BTreeMap<checks::Object, Outcome>>),
) -> Json {
    let (kind, name) = match subject {
        Subject::Variable(name) => ("variable", name.to_string()),
        Subject::Resource(resource) => ("resource", resource.to_string()),
        Subject::Output(name) => ("output", name.to_string()),
        Subject::Check(name) => ("check", name.to_string()),
    };
    let object = |((at, key), outcome): (&checks::Object, &Outcome)| {
        let key = match key {
            None => Json::Null,
            Some(InstanceKey::Index(index)) => (*index).into(),
            Some(InstanceKey::Name(name)) => name.to_string().into(),
        };
        json!({ "module": at.to_string(), "key": key, "status": outcome.status.as_str(), "messages": outcome.messages })
    };
    let objects = objects.as_ref().map(|objects| objects.iter().map(object).collect::<Vec<_>>());
    json!({ "module": module.to_string(), "kind": kind, "name": name, "objects": objects })
}

fn module_of(json: &Json) -> Option<ModuleInstance> {
    module_at(json.get("module")?.as_str()?)
}

fn checks(document: &Json) -> Option<Checks> {
    const STATUSES: [Status; 4] = [Status::Pass, Status::Unknown, Status::Fail, Status::Error];
    let object = |json: &Json| {
        let key = match json.get("key")? {
            Json::Null => None,
            Json::Number(index) => Some(InstanceKey::Index(index.as_u64()?)),
            name => Some(InstanceKey::Name(name.as_str()?.into())),
        };
        let status = json.get("status")?.as_str()?;
        let status = STATUSES.into_iter().find(|known| known.as_str() == status)?;
        let messages = serde_json::from_value(json.get("messages")?.clone()).ok()?;
        Some(((module_of(json)?, key), Outcome::new(status, messages)))
    };
    let check = |json: &Json| {
        let name = json.get("name")?.as_str()?;
        let subject = match json.get("kind")?.as_str()? {
            "variable" => Subject::Variable(name.into()),
            "resource" => Subject::Resource(name.parse::<InstanceAddress>().ok()?.resource),
            "output" => Subject::Output(name.into()),
            "check" => Subject::Check(name.into()),
            _ => return None,
        };
        let objects = match json.get("objects")? {
            Json::Null => None,
            objects => Some(objects.as_array()?.iter().map(object).collect::<Option<_>>()?),
        };
        Some(((module_of(json)?.config(), subject), objects))
    };
    document.get("checks")?.as_array()?.iter().map(check).collect::<Option<_>>().map(Checks)
}

fn inputs(document: &Json) -> Option<BTreeMap<Arc<str>, VariableValue>> {
    let variables = document.get("variables")?.as_object()?.iter();
    let variables = variables.map(|(name, json)| {
        Some((Arc::from(name.as_str()), VariableValue { value: decode(json)?, span: None, origin: Origin::Argument }))
    });
    variables.collect()
}

fn targets(document: &Json) -> Option<Vec<Target>> {
    document.get("targets")?.as_array()?.iter().map(|target| target.as_str()?.parse().ok()).collect()
}

fn changes(document: &Json) -> Option<BTreeMap<ObjectKey, Change>> {
    let changes = document.get("changes")?.as_array()?.iter();
    changes.map(|json| change_of(json).map(|change| (change.object.clone(), change))).collect()
}

fn drift(document: &Json) -> Option<Vec<Drift>> {
    let drift = document.get("drift")?.as_array()?.iter();
    let drift = drift.map(|json| {
        Some(Drift {
            object: key_of(json)?,
            previous: match json.get("previous").and_then(Json::as_str) {
                Some(text) => Some(text.parse().ok()?),
                None => None,
            },
            before: decode(json.get("before")?)?,
            after: optional_value(json.get("after"))?,
        })
    });
    drift.collect()
}

fn adopted(document: &Json) -> Option<BTreeMap<ObjectKey, Value>> {
    let adopted = document.get("adopted")?.as_array()?.iter();
    adopted.map(|json| Some((key_of(json)?, decode(json.get("value")?)?))).collect()
}

fn addresses(document: &Json, member: &str) -> Option<BTreeSet<InstanceAddress>> {
    document.get(member)?.as_array()?.iter().map(|address| address.as_str()?.parse().ok()).collect()
}

fn absent(document: &Json) -> Option<BTreeSet<ObjectKey>> {
    document.get("absent")?.as_array()?.iter().map(key_of).collect()
}

fn outputs(document: &Json) -> Option<BTreeMap<Arc<str>, OutputChange>> {
    let outputs = document.get("outputs")?.as_object()?.iter();
    let outputs = outputs.map(|(name, json)| {
        let change = OutputChange {
            before: optional_value(json.get("before"))?,
            after: optional_value(json.get("after"))?,
            sensitive: json.get("sensitive")?.as_bool()?,
            action: action_of(json.get("action")?.as_str()?)?,
        };
        Some((Arc::from(name.as_str()), change))
    });
    outputs.collect()
}

fn data(document: &Json) -> Option<Data> {
    let data = document.get("data")?.as_object()?.iter();
    let data = data.map(|(address, json)| {
        let value = (provider_of(json.get("provider")?)?, decode(json.get("value")?)?);
        Some((address.parse().ok()?, value))
    });
    data.collect()
}
