//! How the conditions of a configuration came out: of variables, resources, outputs and `check` blocks. Plans show them,
//! and the state keeps those of the last apply.

use std::collections::BTreeMap;
use std::sync::Arc;

use smform_lang::config::{Config, Resource};
use smform_types::{
    Diagnostic, Diagnostics, InstanceAddress, InstanceKey, ModuleAddress, ModuleInstance, ResourceAddress, Severity,
};

/// How conditions came out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Status {
    /// All hold.
    Pass,
    /// It depends on what is not known yet, or was not looked at.
    #[default]
    Unknown,
    /// One does not hold.
    Fail,
    /// One could not be evaluated.
    Error,
}

impl Status {
    /// Its name in plan JSON and in the state.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Status::Pass => "pass",
            Status::Unknown => "unknown",
            Status::Fail => "fail",
            Status::Error => "error",
        }
    }

    /// The status of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Status> {
        [Status::Pass, Status::Unknown, Status::Fail, Status::Error].into_iter().find(|status| status.as_str() == name)
    }
}

/// What has conditions.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Subject {
    /// A variable with validation rules.
    Variable(Arc<str>),
    /// A resource or data block with pre- or postconditions.
    Resource(ResourceAddress),
    /// An output with preconditions.
    Output(Arc<str>),
    /// A `check` block.
    Check(Arc<str>),
}

impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Subject::Variable(name) => write!(f, "var.{name}"),
            Subject::Resource(resource) => write!(f, "{resource}"),
            Subject::Output(name) => write!(f, "output.{name}"),
            Subject::Check(name) => write!(f, "check.{name}"),
        }
    }
}

/// One object that conditions are about.
pub type Object = (ModuleInstance, Option<InstanceKey>);

/// How the conditions of one object came out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The worst of them.
    pub status: Status,
    /// What was said of those that do not hold.
    pub messages: Vec<String>,
    /// Whether any was looked at.
    looked_at: bool,
}

impl Outcome {
    /// Nothing is wrong so far.
    #[must_use]
    pub const fn pass() -> Outcome {
        Outcome { status: Status::Pass, messages: Vec::new(), looked_at: true }
    }

    /// Conditions came out so.
    #[must_use]
    pub const fn new(status: Status, messages: Vec<String>) -> Outcome {
        Outcome { status, messages, looked_at: true }
    }

    /// Adds how further conditions came out.
    pub fn add(&mut self, other: Outcome) {
        self.status = if self.looked_at { self.status.max(other.status) } else { other.status };
        // Messages are told in the order of their texts.
        self.messages.extend(other.messages);
        self.messages.sort();
        self.looked_at |= other.looked_at;
    }
}

/// The outcomes of a configuration: by the block in configuration, then by object. Without objects it is not known how
/// many there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checks(pub BTreeMap<(ModuleAddress, Subject), Option<BTreeMap<Object, Outcome>>>);

impl Checks {
    /// Everything in a configuration that has conditions, none of them looked at.
    #[must_use]
    pub fn of(config: &Config) -> Checks {
        let mut checks = BTreeMap::new();
        for (at, module) in &config.modules {
            let mut add = |subject| drop(checks.insert((at.clone(), subject), None));
            for (name, _) in module.variables.iter().filter(|(_, variable)| !variable.validations.is_empty()) {
                add(Subject::Variable(name.clone()));
            }
            for block in module.resources.values() {
                if !block.lifecycle.preconditions.is_empty() || !block.lifecycle.postconditions.is_empty() {
                    add(Subject::Resource(block.address.clone()));
                }
            }
            for (name, _) in module.outputs.iter().filter(|(_, output)| !output.preconditions.is_empty()) {
                add(Subject::Output(name.clone()));
            }
            module.checks.keys().for_each(|name| add(Subject::Check(name.clone())));
        }
        Checks(checks)
    }

    /// Says that an object is there, of which nothing is known yet.
    pub fn expect(&mut self, at: &ModuleInstance, subject: &Subject, key: Option<InstanceKey>) {
        self.objects(at, subject, |objects| {
            objects.entry((at.clone(), key)).or_default();
        });
    }

    /// Says that a block was come to in a module without instances, and so has no objects.
    pub fn none_of(&mut self, module: &ModuleAddress, subject: &Subject) {
        if let Some(objects) = self.0.get_mut(&(module.clone(), subject.clone())) {
            objects.get_or_insert_default();
        }
    }

    /// Says that it is known which objects there are, even if there are none.
    pub fn expand(&mut self, at: &ModuleInstance, subject: &Subject) {
        self.objects(at, subject, |_| {});
    }

    /// Records how conditions of an object came out, on top of what is known of it.
    pub fn record(&mut self, at: &ModuleInstance, subject: &Subject, key: Option<InstanceKey>, outcome: Outcome) {
        self.objects(at, subject, |objects| {
            objects.entry((at.clone(), key)).or_default().add(outcome);
        });
    }

    /// The same for an instance of a resource.
    pub fn record_resource(&mut self, address: &InstanceAddress, outcome: Outcome) {
        let subject = Subject::Resource(address.resource.clone());
        self.record(&address.module, &subject, address.key.clone(), outcome);
    }

    /// Records that the data source of a check could not be read. The check has failed, and nothing else: its errors
    /// come back as warnings about that block.
    pub fn data_failed(
        &mut self,
        at: &ModuleInstance,
        check: &Arc<str>,
        block: &Resource,
        errors: Diagnostics,
    ) -> Diagnostics {
        let message = |error: &Diagnostic| match error.detail.as_str() {
            "" => error.summary.clone(),
            detail => format!("{}: {detail}", error.summary),
        };
        let messages = errors.iter().filter(|error| error.is_error()).map(message).collect();
        self.record(at, &Subject::Check(check.clone()), None, Outcome::new(Status::Fail, messages));
        let span = Some(if block.body.json { block.span } else { block.body.missing() });
        let context = Some(format!("check \"{check}\""));
        errors.map(|error| Diagnostic { severity: Severity::Warning, span, context: context.clone(), ..error })
    }

    /// Whether a check has failed already, so that its assertions need not be looked at.
    #[must_use]
    pub fn has_failed(&self, at: &ModuleInstance, check: &Arc<str>) -> bool {
        let objects = self.0.get(&(at.config(), Subject::Check(check.clone()))).and_then(Option::as_ref);
        objects.and_then(|objects| objects.get(&(at.clone(), None))).is_some_and(|own| own.status >= Status::Fail)
    }

    /// Says which instances a resource block has.
    pub fn expand_resource(&mut self, at: &ModuleInstance, resource: &ResourceAddress, keys: Vec<Option<InstanceKey>>) {
        let subject = Subject::Resource(resource.clone());
        self.expand(at, &subject);
        keys.into_iter().for_each(|key| self.expect(at, &subject, key));
    }

    /// Takes over how the conditions came out that were not looked at.
    pub fn fill(&mut self, planned: &Checks) {
        for (block, objects) in &planned.0 {
            let Some(own) = self.0.get_mut(block) else { continue };
            for (object, outcome) in objects.iter().flatten() {
                let own = own.get_or_insert_default().entry(object.clone()).or_default();
                if !own.looked_at {
                    *own = outcome.clone();
                }
            }
        }
    }

    /// Says which objects a plan found of the blocks that an apply did not come to; nothing is known of them now.
    pub fn expect_planned(&mut self, planned: &Checks) {
        for (block, objects) in &planned.0 {
            if let (Some(own @ None), Some(objects)) = (self.0.get_mut(block), objects) {
                *own = Some(objects.keys().map(|object| (object.clone(), Outcome::default())).collect());
            }
        }
    }

    fn objects(&mut self, at: &ModuleInstance, subject: &Subject, change: impl FnOnce(&mut BTreeMap<Object, Outcome>)) {
        if let Some(objects) = self.0.get_mut(&(at.config(), subject.clone())) {
            change(objects.get_or_insert_default());
        }
    }

    /// The worst outcome of a block in configuration.
    #[must_use]
    pub fn status(objects: Option<&BTreeMap<Object, Outcome>>) -> Status {
        let worst = |objects: &BTreeMap<Object, Outcome>| {
            objects.values().map(|outcome| outcome.status).max().unwrap_or(Status::Pass)
        };
        objects.map_or(Status::Unknown, worst)
    }
}

/// Whether a message is the warning of a `check` block. An apply evaluates them again, and has its own.
#[must_use]
pub fn is_of_check(diagnostic: &Diagnostic) -> bool {
    !diagnostic.is_error() && diagnostic.context.as_deref().is_some_and(|context| context.starts_with("check \""))
}

/// The address of something in a module instance, or of a block in a module.
#[must_use]
pub fn address(module: &str, subject: &Subject, key: Option<&InstanceKey>) -> String {
    let within = if module.is_empty() { String::new() } else { format!("{module}.") };
    let key = key.map(ToString::to_string).unwrap_or_default();
    format!("{within}{subject}{key}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_outcome_counts_and_none_is_needed_when_there_is_no_object() {
        let subject = Subject::Output("o".into());
        let root = ModuleInstance::root();
        let mut checks = Checks([((ModuleAddress::root(), subject.clone()), None)].into());
        let status = |checks: &Checks| checks.0.values().map(|objects| Checks::status(objects.as_ref())).next();
        assert_eq!(status(&checks), Some(Status::Unknown));
        checks.expand(&root, &subject);
        assert_eq!(status(&checks), Some(Status::Pass));
        checks.expect(&root, &subject, None);
        assert_eq!(status(&checks), Some(Status::Unknown));
        checks.record(&root, &subject, None, Outcome::pass());
        assert_eq!(status(&checks), Some(Status::Pass));
        checks.record(&root, &subject, None, Outcome::new(Status::Fail, vec!["No.".to_owned()]));
        checks.record(&root, &subject, None, Outcome::pass());
        assert_eq!(status(&checks), Some(Status::Fail));
        checks.record(&root, &Subject::Output("other".into()), None, Outcome::pass());
        assert_eq!(checks.0.len(), 1);
    }
}
