//! The view for people.

use std::time::Duration;

use smform_engine::events::{Operation, ProvisionMoment};
use smform_engine::plan::{Mode, ObjectKey};
use smform_engine::providers::Providers;
use smform_engine::workflow::Planned;
use smform_types::{Diagnostic, SourceMap};

use super::{Applied, View};
use crate::render::diagnostics::{self, Layout};
use crate::render::lines::{self, Actions, Moment, Outcomes};
use crate::render::plan::{self, PlanView};
use crate::render::progress::{Notice, Sink};
use crate::render::style::{Paint, Style, wrap};
use crate::terminal::Console;

/// Prints results and warnings on standard output, and errors on standard error.
#[derive(Clone)]
pub struct Human {
    /// The terminal.
    pub console: Console,
    /// Colour.
    pub style: Style,
    /// Whether warnings are told by their summaries only.
    pub compact_warnings: bool,
    /// Whether the run is in the sandbox.
    pub sandbox: bool,
    /// Whether the command is `refresh`, which has no plan to show: what it did is what it read, and the outputs.
    pub refresh: bool,
    /// Whether no hints about next steps are wanted.
    pub automation: bool,
}

impl Human {
    fn layout(&self) -> Layout {
        Layout { style: self.style, width: self.console.width }
    }
}

impl Sink for Human {
    fn notice(&self, notice: &Notice) {
        let Notice { moment, object, operation, id, elapsed } = notice;
        let is_told = match operation {
            Operation::Refresh => *moment == Moment::Start,
            // What went wrong is told with the messages.
            _ => *moment != Moment::Failed,
        };
        if !is_told {
            return;
        }
        self.console.out(&lines::line(*moment, object, *operation, id.as_deref(), *elapsed, self.style));
    }

    fn waiting(&self, object: &ObjectKey, status: &str, elapsed: Duration) {
        self.console.out(&lines::waiting(object, status, elapsed, self.style));
    }

    fn message(&self, diagnostic: &Diagnostic) {
        self.diagnostics(std::slice::from_ref(diagnostic), &SourceMap::default());
    }

    fn provision(&self, object: &ObjectKey, kind: &str, moment: &ProvisionMoment) {
        let line = match moment {
            ProvisionMoment::Started => self.style.bold(&format!("{object}: Provisioning with '{kind}'...")),
            ProvisionMoment::Line(line) => format!("{} {line}", self.style.bold(&format!("{object} ({kind}):"))),
            ProvisionMoment::Finished | ProvisionMoment::Failed => return,
        };
        self.console.out(&format!("{line}\n"));
    }

    fn stopping(&self) {
        let text = "Stopping: nothing new is begun. Calls under way are finished and recorded; waiting for what they began ends \
                    now, and the next run goes on with it. Interrupt again to quit at once.";
        let text = self.style.strong(Paint::Yellow, &wrap(text, self.console.width));
        self.console.out(&format!("\n{text}\n\n"));
    }
}

impl View for Human {
    fn begin(&self) {
        if self.sandbox {
            let text = "sandbox: nothing outside of this machine is read or changed.";
            self.console.out(&format!("{}\n", self.style.strong(Paint::Cyan, text)));
        }
    }

    fn plan(&self, planned: &Planned, providers: &Providers, errored: bool) {
        if self.refresh {
            return;
        }
        let (style, width, automation) = (self.style, self.console.width, self.automation);
        let view = PlanView { plan: &planned.plan, providers, style, width, errored, automation };
        self.console.out(&plan::plan(view));
    }

    fn diagnostics(&self, found: &[Diagnostic], sources: &SourceMap) {
        let found = diagnostics::in_order(found, sources);
        let (errors, warnings): (Vec<&Diagnostic>, Vec<&Diagnostic>) =
            found.into_iter().partition(|found| found.is_error());
        if self.compact_warnings {
            self.console.out(&diagnostics::compact(&warnings, sources, self.layout()));
        } else {
            let print = |found: &Diagnostic| self.console.out(&diagnostics::render(found, sources, self.layout()));
            diagnostics::merged(&warnings).iter().for_each(print);
        }
        errors.iter().for_each(|found| self.console.err(&diagnostics::render(found, sources, self.layout())));
    }

    fn note(&self, text: &str) {
        self.console.out(text);
    }

    fn cut_off(&self, mode: Mode, actions: &Actions, outcomes: Outcomes<'_>) {
        self.console.out(&lines::partial(mode, actions, outcomes, self.style));
    }

    fn applied(&self, applied: &Applied<'_>) {
        if applied.is_partial() {
            let text = lines::partial(applied.plan.mode, &lines::actions(applied.plan), applied.outcomes(), self.style);
            self.console.out(&text);
            return;
        }
        if !self.refresh {
            self.console.out(&lines::complete(applied.report.done, applied.destroy, self.style));
        }
        let outputs = lines::outputs(applied.outputs, applied.sensitive);
        if !outputs.is_empty() && !applied.destroy {
            self.console.out(&format!("\n{}\n\n{outputs}", self.style.strong(Paint::Green, "Outputs:")));
        }
    }
}
