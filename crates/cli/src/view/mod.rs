//! What a run shows of itself: to people, or as a stream of JSON messages.

mod human;
mod json;

use std::collections::BTreeMap;
use std::sync::Arc;

use smform_engine::apply::Report;
use smform_engine::events::Operation;
use smform_engine::plan::{Mode, ObjectKey, Plan};
use smform_engine::providers::Providers;
use smform_engine::workflow::Planned;
use smform_types::{Diagnostic, SourceMap, Value};

use crate::render::lines::{Actions, Outcomes, Recorded};
use crate::render::progress::Sink;

pub use human::Human;
pub use json::Stream;

/// What came of an apply.
pub struct Applied<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// What was done.
    pub report: &'a Report,
    /// What succeeded, in order.
    pub done: &'a [(ObjectKey, Operation)],
    /// Where what was done is on record.
    pub recorded: &'a Recorded,
    /// Whether the user stopped it.
    pub stopped: bool,
    /// Whether the command is `destroy`, and not `apply -destroy`.
    pub destroy: bool,
    /// The root outputs afterwards.
    pub outputs: &'a BTreeMap<Arc<str>, Value>,
    /// Whether an output is declared sensitive.
    pub sensitive: &'a dyn Fn(&str) -> bool,
}

impl Applied<'_> {
    /// Whether not everything was done as it should.
    fn is_partial(&self) -> bool {
        self.stopped || self.report.diagnostics.has_errors() || !self.report.failed.is_empty()
    }

    /// What came of each object.
    fn outcomes(&self) -> Outcomes<'_> {
        let Applied { report, done, recorded, .. } = self;
        let Report { under_way, failed, skipped, .. } = report;
        Outcomes { done, under_way, failed, skipped, recorded }
    }
}

/// A view of a run. Lines about objects come through [`Sink`].
pub trait View: Sink {
    /// The run begins.
    fn begin(&self);

    /// A finished plan, or a partial one after an error.
    fn plan(&self, planned: &Planned, providers: &Providers, errored: bool);

    /// What a saved plan changes, where only programs are told of it.
    fn changes(&self, _planned: &Planned) {}

    /// Messages.
    fn diagnostics(&self, diagnostics: &[Diagnostic], sources: &SourceMap);

    /// A line for people, such as where a plan was saved.
    fn note(&self, text: &str);

    /// What came of an apply that is cut off right now.
    fn cut_off(&self, mode: Mode, actions: &Actions, outcomes: Outcomes<'_>);

    /// What came of an apply.
    fn applied(&self, applied: &Applied<'_>);
}
