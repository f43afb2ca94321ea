//! A small world: files in memory, a scripted service, a record that survives from run to run.

use std::path::Path;
use std::sync::Arc;

use smform_engine::apply::{Report, RunOutcome};
use smform_engine::events::Silent;
use smform_engine::plan::walk::Options;
use smform_engine::plan::{Action, ObjectKey, Replacement};
use smform_engine::providers::Providers;
use smform_engine::run::Conduct;
use smform_engine::workflow::{Planned, Project, World, apply, load, plan};
use smform_lang::config::LocalModules;
use smform_lang::source::MemoryHost;
use smform_provider::{Provider, SystemClock};
use smform_testkit::{MemoryRecord, Service, provider};
use smform_types::Diagnostics;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

/// Everything that outlives one run.
pub struct Bench {
    pub service: Service,
    pub record: Arc<Mutex<MemoryRecord>>,
}

impl Bench {
    pub fn new() -> Bench {
        Bench { service: Service::default(), record: Arc::default() }
    }

    fn world(&self, text: &str) -> World {
        let host = MemoryHost::new([("main.tf", text)]);
        let test: Arc<dyn Provider> = Arc::new(provider(&self.service));
        let conduct =
            Conduct { clock: Arc::new(SystemClock), cancel: CancellationToken::new(), observer: Arc::new(Silent) };
        World { host: Arc::new(host), providers: Providers::new([test]), conduct }
    }

    pub async fn plan(&self, text: &str, options: &Options) -> (World, Project, Planned, Diagnostics) {
        let world = self.world(text);
        let (project, found) = load(world.host.as_ref(), Path::new("."), &LocalModules, &[], "default");
        assert!(!found.has_errors(), "{found:#?}");
        let stored = self.record.lock().await.stored();
        let (planned, found) = plan(&world, &project, stored, options).await;
        (world, project, planned, found)
    }

    /// The planned actions, as `address action`, those that do nothing left out.
    pub async fn actions(&self, text: &str) -> Vec<String> {
        let (_, _, planned, found) = self.plan(text, &Options::default()).await;
        assert!(!found.has_errors(), "{found:#?}");
        let shown = |(object, change): (&ObjectKey, &smform_engine::plan::Change)| {
            let action = match change.action {
                Action::NoOp => return None,
                Action::Replace(Replacement::CreateFirst) => "create-then-delete".to_owned(),
                Action::Replace(Replacement::DeleteFirst) => "delete-then-create".to_owned(),
                action => format!("{action:?}").to_lowercase(),
            };
            Some(format!("{object} {action}"))
        };
        planned.plan.changes.iter().filter_map(shown).collect()
    }

    pub async fn errors(&self, text: &str) -> Vec<String> {
        let (_, _, _, found) = self.plan(text, &Options::default()).await;
        found.iter().filter(|d| d.is_error()).map(|d| format!("{}: {}", d.summary, d.detail)).collect()
    }

    pub async fn apply_with(&self, text: &str, options: &Options) -> Report {
        let (world, project, planned, found) = self.plan(text, options).await;
        assert!(!found.has_errors(), "{found:#?}");
        let outcome = apply(&world, &project, &planned, self.record.clone(), 10).await;
        assert!(matches!(outcome, RunOutcome::Completed(_)));
        outcome.into_report()
    }

    pub async fn apply(&self, text: &str) -> Report {
        self.apply_with(text, &Options::default()).await
    }

    /// Applies, expects success, and that planning again finds nothing to do.
    pub async fn converge(&self, text: &str) -> Report {
        let report = self.apply(text).await;
        assert!(!report.diagnostics.has_errors(), "{:#?}", report.diagnostics);
        assert_eq!(self.actions(text).await, Vec::<String>::new());
        report
    }
}
