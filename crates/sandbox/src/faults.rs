//! Faults on demand: a script of rules, each saying which calls it meets and what goes wrong with them.
//!
//! A script is JSON, read from a file, given through [`Script`], or sent to the server:
//!
//! ```json
//! {"rules": [
//!   {"match": {"operation": "CreateModel"}, "times": 2, "effect": "throttle"},
//!   {"match": {"operation": "UpdateEndpoint", "name": "prod"}, "nth": 1, "effect": "lost_reply"},
//!   {"match": {"image": "broken"}, "effect": {"failed_container": {}}}
//! ]}
//! ```
//!
//! `match` holds any of `service` (`sagemaker`, `ec2`, `sts`), `operation`, `region`, `name` (one of the request's
//! names or ids, exactly), `name_pattern` (a regular expression found in one of them) and `image` (a regular expression
//! found in a container image that the request is about, directly or through its configuration and models). All that
//! are given must hold; an empty match meets every call.
//!
//! Matching calls are counted per rule from 1. The rule acts on `times` of them from the `nth` on: by default on all of
//! them, or on exactly one when only `nth` is given. Counts start afresh with each opening and each new script.
//!
//! Effects on any call:
//!
//! * `"throttle"`: the service's throttling error.
//! * `{"error": {"code": …, "message": …, "status": …}}`: that error and nothing done; `status` defaults to 400.
//! * `{"latency": {"seconds": …}}`: virtual seconds before the call is looked at.
//! * `"drop_before"`: the connection is cut, nothing done.
//! * `"lost_reply"`: done, but the connection is cut.
//! * `{"error_after_accept": {"code": …, …}}`: done, but that error is answered.
//!
//! Effects on how a deployment ends. They act on CreateEndpoint, UpdateEndpoint and
//! UpdateEndpointWeightsAndCapacities, and on the calls that create and update inference components;
//! `failed_container`, `stuck` and `slow` also on DeleteEndpoint and DeleteInferenceComponent, but only when
//! `match.operation` names them:
//!
//! * `{"failed_container": {"variant": …, "reason": …}}`: a create or delete ends Failed, an update is rolled back; both
//!   members are optional: the first variant, and the ping health check.
//! * `"silent_rollback"`: an update ends InService on the old configuration without a reason (a create ends as with
//!   `failed_container`).
//! * `{"rollback_failed": {"reason": …}}`: an update ends UpdateRollbackFailed, that of an inference
//!   component Failed.
//! * `"stuck"`: it never ends.
//! * `{"slow": {"factor": …}}`: it takes that many times as long.
//!
//! Several rules can act on one call; of errors, cuts and failures the first in the script's order wins, latencies add
//! up and factors multiply.

use std::path::Path;

use regex::Regex;
use serde::{Deserialize, Serialize};

use crate::store::OpenError;

/// A list of fault rules.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Script {
    /// The rules, in order of precedence.
    pub rules: Vec<Rule>,
}

impl Script {
    /// Reads a script from a JSON file. Fails if the file cannot be read or is not a script.
    pub fn load(path: &Path) -> Result<Script, OpenError> {
        let bytes = std::fs::read(path).map_err(|source| OpenError::Io {
            what: "read the fault script",
            path: path.to_owned(),
            source,
        })?;
        serde_json::from_slice(&bytes)
            .map_err(|error| OpenError::Invalid(format!("the fault script {}: {error}", path.display())))
    }
}

/// One rule of a script.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Which calls it meets.
    #[serde(rename = "match", default)]
    pub matching: Match,
    /// The first matching call it acts on, counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nth: Option<u64>,
    /// On how many matching calls it acts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,
    /// What goes wrong.
    pub effect: Effect,
}

/// Conditions on a call; those that are absent hold.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Match {
    /// `sagemaker`, `ec2` or `sts`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The operation's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// The region of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// A name or id in the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A regular expression found in a name or id of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name_pattern: Option<String>,
    /// A regular expression found in a container image that the request concerns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
}

/// What goes wrong; see the module's description.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Effect {
    /// The service's throttling error.
    Throttle,
    /// An error, nothing done.
    Error(ErrorReply),
    /// Virtual seconds of delay.
    Latency {
        /// How many.
        seconds: f64,
    },
    /// The connection is cut, nothing done.
    DropBefore,
    /// Done, but the connection is cut.
    LostReply,
    /// Done, but an error is answered.
    ErrorAfterAccept(ErrorReply),
    /// A container does not become healthy.
    FailedContainer {
        /// The variant it belongs to; the first by default.
        #[serde(default)]
        variant: Option<String>,
        /// The failure reason; the ping health check by default.
        #[serde(default)]
        reason: Option<String>,
    },
    /// An update is rolled back without a reason.
    SilentRollback,
    /// An update fails, and so does its rollback.
    RollbackFailed {
        /// The failure reason; the ping health check by default.
        #[serde(default)]
        reason: Option<String>,
    },
    /// The operation never ends.
    Stuck,
    /// The operation takes longer.
    Slow {
        /// How many times as long.
        factor: f64,
    },
}

/// An error to answer with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErrorReply {
    /// The error code.
    pub code: String,
    /// The text.
    #[serde(default)]
    pub message: String,
    /// The HTTP status.
    #[serde(default = "bad_request")]
    pub status: u16,
}

fn bad_request() -> u16 {
    400
}

/// The call that rules are matched against.
pub(crate) struct Subject<'a> {
    pub service: &'a str,
    pub operation: &'a str,
    pub region: &'a str,
    pub names: &'a [String],
}

/// What the rules have in store for one call.
#[derive(Debug, PartialEq)]
pub(crate) struct Fate {
    pub latency: f64,
    pub before: Option<Before>,
    pub after: Option<After>,
    pub ending: Ending,
}

/// What happens instead of the call.
#[derive(Debug, PartialEq)]
pub(crate) enum Before {
    Throttle,
    Error(ErrorReply),
    Drop,
}

/// What happens to the reply.
#[derive(Debug, PartialEq)]
pub(crate) enum After {
    Lost,
    Error(ErrorReply),
}

/// How the deployment that the call starts is to end.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ending {
    pub failure: Option<Failure>,
    pub stuck: bool,
    pub slowness: f64,
}

impl Ending {
    /// An operation that simply succeeds.
    pub(crate) fn natural() -> Ending {
        Ending { failure: None, stuck: false, slowness: 1.0 }
    }
}

/// A deployment's failure.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Failure {
    Container { variant: Option<String>, reason: Option<String> },
    SilentRollback,
    Rollback { reason: Option<String> },
}

/// A script ready for use, with its counters.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    rules: Vec<Armed>,
}

#[derive(Debug)]
struct Armed {
    rule: Rule,
    name: Option<Regex>,
    image: Option<Regex>,
    met: u64,
}

impl Faults {
    /// Compiles a script; fails with a text that names the rule (counted from 1) and what is wrong with it.
    pub(crate) fn new(script: Script) -> Result<Faults, String> {
        let compile = |number: usize, what: &str, pattern: &Option<String>| match pattern {
            None => Ok(None),
            Some(text) => Regex::new(text)
                .map(Some)
                .map_err(|e| format!("fault rule {number}: {what} is not a regular expression: {e}")),
        };
        let mut rules = Vec::new();
        for (index, rule) in script.rules.into_iter().enumerate() {
            let number = index + 1;
            match &rule.effect {
                Effect::Latency { seconds: n } | Effect::Slow { factor: n } if !(0.0..=1e9).contains(n) => {
                    return Err(format!("fault rule {number}: {n} is not a number from 0 to 1000000000"));
                }
                Effect::Error(e) | Effect::ErrorAfterAccept(e) if !(400..=599).contains(&e.status) => {
                    return Err(format!(
                        "fault rule {number}: status {} is not an error status (400 to 599)",
                        e.status
                    ));
                }
                _ => {}
            }
            if rule.nth == Some(0) {
                return Err(format!("fault rule {number}: nth counts from 1"));
            }
            let name = compile(number, "name_pattern", &rule.matching.name_pattern)?;
            let image = compile(number, "image", &rule.matching.image)?;
            rules.push(Armed { rule, name, image, met: 0 });
        }
        Ok(Faults { rules })
    }

    /// The script in force.
    pub(crate) fn script(&self) -> Script {
        Script { rules: self.rules.iter().map(|armed| armed.rule.clone()).collect() }
    }

    /// Counts the call and says what is to happen to it. `images` is asked only if a rule depends on it.
    pub(crate) fn meet(&mut self, subject: &Subject<'_>, images: impl Fn() -> Vec<String>) -> Fate {
        let mut fate = Fate { latency: 0.0, before: None, after: None, ending: Ending::natural() };
        let mut known_images = None;
        for armed in &mut self.rules {
            if !armed.meets(subject, || known_images.get_or_insert_with(&images)) {
                continue;
            }
            armed.met = armed.met.saturating_add(1);
            if armed.acts() {
                fate.add(&armed.rule.effect);
            }
        }
        fate
    }
}

impl Armed {
    fn meets<'i>(&self, subject: &Subject<'_>, images: impl FnOnce() -> &'i mut Vec<String>) -> bool {
        let Match { service, operation, region, name, .. } = &self.rule.matching;
        let same = |wanted: &Option<String>, given: &str| wanted.as_deref().is_none_or(|wanted| wanted == given);
        same(service, subject.service)
            && same(operation, subject.operation)
            && same(region, subject.region)
            && name.as_ref().is_none_or(|name| subject.names.contains(name))
            && self.name.as_ref().is_none_or(|name| subject.names.iter().any(|n| name.is_match(n)))
            && (!self.rule.effect.is_ending() || self.may_end(subject.operation))
            && self.image.as_ref().is_none_or(|image| images().iter().any(|i| image.is_match(i)))
    }

    fn may_end(&self, operation: &str) -> bool {
        match operation {
            "CreateEndpoint"
            | "UpdateEndpoint"
            | "UpdateEndpointWeightsAndCapacities"
            | "CreateInferenceComponent"
            | "UpdateInferenceComponent"
            | "UpdateInferenceComponentRuntimeConfig" => true,
            "DeleteEndpoint" | "DeleteInferenceComponent" => {
                self.rule.matching.operation.is_some()
                    && matches!(self.rule.effect, Effect::FailedContainer { .. } | Effect::Stuck | Effect::Slow { .. })
            }
            _ => false,
        }
    }

    fn acts(&self) -> bool {
        let first = self.rule.nth.unwrap_or(1);
        let times = self.rule.times.unwrap_or(if self.rule.nth.is_some() { 1 } else { u64::MAX });
        self.met >= first && self.met - first < times
    }
}

impl Effect {
    fn is_ending(&self) -> bool {
        matches!(
            self,
            Effect::FailedContainer { .. }
                | Effect::SilentRollback
                | Effect::RollbackFailed { .. }
                | Effect::Stuck
                | Effect::Slow { .. }
        )
    }
}

impl Fate {
    fn add(&mut self, effect: &Effect) {
        match effect {
            Effect::Throttle => self.before = self.before.take().or(Some(Before::Throttle)),
            Effect::Error(e) => self.before = self.before.take().or(Some(Before::Error(e.clone()))),
            Effect::DropBefore => self.before = self.before.take().or(Some(Before::Drop)),
            Effect::Latency { seconds } => self.latency += seconds,
            Effect::LostReply => self.after = self.after.take().or(Some(After::Lost)),
            Effect::ErrorAfterAccept(e) => self.after = self.after.take().or(Some(After::Error(e.clone()))),
            Effect::FailedContainer { variant, reason } => {
                self.fail(Failure::Container { variant: variant.clone(), reason: reason.clone() });
            }
            Effect::SilentRollback => self.fail(Failure::SilentRollback),
            Effect::RollbackFailed { reason } => self.fail(Failure::Rollback { reason: reason.clone() }),
            Effect::Stuck => self.ending.stuck = true,
            Effect::Slow { factor } => self.ending.slowness *= factor,
        }
    }

    fn fail(&mut self, failure: Failure) {
        self.ending.failure = self.ending.failure.take().or(Some(failure));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(json: &str) -> Faults {
        Faults::new(serde_json::from_str(json).expect("a script")).expect("usable")
    }

    fn meet(faults: &mut Faults, operation: &str, name: &str) -> Fate {
        let names = [name.to_owned()];
        let subject = Subject { service: "sagemaker", operation, region: "us-east-1", names: &names };
        faults.meet(&subject, || vec!["reg.example.org/broken:1".to_owned()])
    }

    #[test]
    fn nth_and_times_choose_the_calls() {
        let mut all = faults(r#"{"rules": [{"effect": "throttle"}]}"#);
        let mut second = faults(r#"{"rules": [{"nth": 2, "effect": "throttle"}]}"#);
        let mut two = faults(r#"{"rules": [{"nth": 2, "times": 2, "effect": "throttle"}]}"#);
        let struck = |f: &mut Faults| (0..4).map(|_| meet(f, "X", "n").before.is_some()).collect::<Vec<_>>();
        assert_eq!(struck(&mut all), [true, true, true, true]);
        assert_eq!(struck(&mut second), [false, true, false, false]);
        assert_eq!(struck(&mut two), [false, true, true, false]);
    }

    #[test]
    fn endings_by_image_meet_deployments_only() {
        let mut f = faults(r#"{"rules": [{"match": {"image": "broken"}, "effect": {"failed_container": {}}}]}"#);
        assert_eq!(meet(&mut f, "CreateModel", "n").ending, Ending::natural());
        assert!(meet(&mut f, "CreateEndpoint", "n").ending.failure.is_some());
        let mut f = faults(r#"{"rules": [{"match": {"image": "^other$"}, "effect": "stuck"}]}"#);
        assert!(!meet(&mut f, "CreateEndpoint", "n").ending.stuck);
    }

    #[test]
    fn names_match_exactly_or_by_pattern() {
        let mut f = faults(
            r#"{"rules": [{"match": {"name": "prod"}, "effect": "drop_before"},
                          {"match": {"name_pattern": "^prod-\\d$"}, "effect": {"slow": {"factor": 3}}}]}"#,
        );
        assert_eq!(meet(&mut f, "CreateEndpoint", "prod").before, Some(Before::Drop));
        assert_eq!(meet(&mut f, "CreateEndpoint", "prod-1").ending.slowness, 3.0);
        assert_eq!(meet(&mut f, "CreateEndpoint", "product").before, None);
    }

    #[test]
    fn a_script_file_that_cannot_be_used_is_named() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("faults.json");
        assert!(Script::load(&path).expect_err("missing").to_string().contains("faults.json"));
        std::fs::write(&path, r#"{"rules": [{"effect": "explode"}]}"#).expect("written");
        let error = Script::load(&path).expect_err("unusable").to_string();
        assert!(error.contains("faults.json") && error.contains("explode"), "{error}");
        std::fs::write(&path, r#"{"rules": [{"effect": "stuck"}]}"#).expect("written");
        assert_eq!(Script::load(&path).expect("usable").rules.len(), 1);
    }

    #[test]
    fn a_bad_script_is_refused_with_the_rule() {
        for (json, part) in [
            (r#"{"rules": [{"effect": "throttle"}, {"match": {"image": "("}, "effect": "stuck"}]}"#, "rule 2"),
            (r#"{"rules": [{"effect": {"slow": {"factor": -1}}}]}"#, "rule 1"),
            (r#"{"rules": [{"effect": {"error": {"code": "X", "status": 200}}}]}"#, "status 200"),
            (r#"{"rules": [{"nth": 0, "effect": "stuck"}]}"#, "nth"),
        ] {
            let error = Faults::new(serde_json::from_str(json).expect("parses")).expect_err("refused");
            assert!(error.contains(part), "{error}");
        }
        assert!(serde_json::from_str::<Script>(r#"{"rules": [{"effect": "explode"}]}"#).is_err());
        assert!(serde_json::from_str::<Script>(r#"{"rulez": []}"#).is_err());
    }
}
