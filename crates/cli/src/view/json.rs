//! The view for programs: one JSON message per line.

use std::sync::Arc;
use std::time::Duration;

use smform_engine::events::{Operation, ProvisionMoment};
use smform_engine::plan::{Extent, Mode, ObjectKey};
use smform_engine::providers::Providers;
use smform_engine::workflow::Planned;
use smform_provider::Clock;
use smform_types::json::to_text;
use smform_types::{Diagnostic, SourceMap};

use super::{Applied, View};
use crate::render::json::stream::{self, Message};
use crate::render::lines::{self, Actions, Moment, Outcomes, Recorded};
use crate::render::progress::{Notice, Sink};
use crate::terminal::Console;

/// Writes every message to standard output.
#[derive(Clone)]
pub struct Stream {
    /// The terminal.
    pub console: Console,
    /// Real time, for the time of each message.
    pub clock: Arc<dyn Clock>,
    /// The version of the program.
    pub version: &'static str,
    /// Whether the run is in the sandbox.
    pub sandbox: bool,
    /// Whether the command is `refresh`, which has no plan to show: what it did is what it read, and the outputs.
    pub refresh: bool,
}

impl Stream {
    /// Writes a message, with the time.
    pub fn write(&self, mut message: Message) {
        let now = jiff::Timestamp::try_from(self.clock.now()).unwrap_or_default();
        let time = now.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string();
        // Keys in Terraform's order: the marked ones first, then the others by name.
        message.insert("@timestamp".to_owned(), time.into());
        let mut entries: Vec<_> = message.into_iter().collect();
        entries.sort_by(|(a, _), (b, _)| a.cmp(b));
        let json = serde_json::Value::Object(entries.into_iter().collect());
        self.console.out(&format!("{}\n", to_text(&json, None)));
    }
}

impl Sink for Stream {
    fn notice(&self, notice: &Notice) {
        let Notice { moment, object, operation, id, elapsed } = notice;
        if *operation == Operation::Import || (*operation == Operation::Read && *moment == Moment::Failed) {
            return;
        }
        self.write(stream::hook(*moment, object, *operation, id.as_deref(), *elapsed));
    }

    fn waiting(&self, object: &ObjectKey, status: &str, elapsed: Duration) {
        self.write(stream::waiting(object, status, elapsed));
    }

    fn message(&self, diagnostic: &Diagnostic) {
        self.write(stream::diagnostic(diagnostic, &SourceMap::default()));
    }

    fn provision(&self, object: &ObjectKey, kind: &str, moment: &ProvisionMoment) {
        self.write(stream::provision(object, kind, moment));
    }

    fn stopping(&self) {
        self.write(stream::log("Stopping: nothing new is begun. Calls under way are finished and recorded."));
    }
}

impl View for Stream {
    fn begin(&self) {
        self.write(stream::version(self.version));
        if self.sandbox {
            self.write(stream::log("sandbox: nothing outside of this machine is read or changed."));
        }
    }

    fn plan(&self, planned: &Planned, _: &Providers, _: bool) {
        if self.refresh || planned.plan.extent == Extent::Nothing {
            return;
        }
        stream::plan(&planned.plan).into_iter().for_each(|message| self.write(message));
    }

    fn changes(&self, planned: &Planned) {
        stream::changes(&planned.plan).for_each(|message| self.write(message));
    }

    fn diagnostics(&self, found: &[Diagnostic], sources: &SourceMap) {
        found.iter().for_each(|found| self.write(stream::diagnostic(found, sources)));
    }

    fn note(&self, _: &str) {}

    fn cut_off(&self, _: Mode, actions: &Actions, outcomes: Outcomes<'_>) {
        self.write(stream::report(actions, outcomes));
    }

    fn applied(&self, applied: &Applied<'_>) {
        let operation = if applied.destroy { "destroy" } else { "apply" };
        if applied.is_partial() {
            // What else a report has, programs know by Terraform's messages: planned, begun, complete, errored.
            let outcomes = applied.outcomes();
            if *outcomes.recorded != Recorded::State || !outcomes.under_way.is_empty() {
                self.write(stream::report(&lines::actions(applied.plan), outcomes));
            }
            return;
        }
        if !self.refresh {
            self.write(stream::summary(applied.report.done, operation));
        }
        if !applied.destroy {
            self.write(stream::outputs(applied.outputs, applied.sensitive));
        }
    }
}
