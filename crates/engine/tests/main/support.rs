//! A small world: files in memory, a scripted service, a record that survives from run to run.

use std::path::Path;
use std::sync::Arc;

use smform_engine::apply::{Report, RunOutcome};
use smform_engine::events::Silent;
use smform_engine::plan::walk::Options;
use smform_engine::plan::{Action, ObjectKey, Replacement};
use smform_engine::providers::Providers;
use smform_engine::run::Conduct;
use smform_engine::workflow::{Planned, Project, World, apply, load, plan, validate};
use smform_lang::config::LocalModules;
use smform_lang::source::{Host, MemoryHost};
use smform_provider::{Provider, SystemClock};
use smform_testkit::{MemoryRecord, Service, provider};
use smform_types::{Diagnostic, Diagnostics, SourceMap};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

/// Everything that outlives one run.
pub struct Bench {
    pub service: Service,
    pub record: Arc<Mutex<MemoryRecord>>,
    pub cancel: CancellationToken,
}

/// A message with its place: `main.tf:3: Summary: detail`.
fn shown(diagnostic: &Diagnostic, sources: &SourceMap) -> String {
    let place = diagnostic.span.and_then(|span| {
        let source = sources.get(span.source)?;
        Some(format!("{}:{}: ", source.name, source.position(span.start as usize).line))
    });
    format!("{}{}: {}", place.unwrap_or_default(), diagnostic.summary, diagnostic.detail)
}

impl Bench {
    pub fn new() -> Bench {
        Bench { service: Service::default(), record: Arc::default(), cancel: CancellationToken::new() }
    }

    pub fn host(files: &[(&str, impl AsRef<str>)]) -> MemoryHost {
        MemoryHost::new(files.iter().map(|(name, text)| (*name, text.as_ref())))
    }

    fn world(&self, host: Arc<dyn Host>) -> World {
        let test: Arc<dyn Provider> = Arc::new(provider(&self.service));
        let conduct = Conduct {
            clock: Arc::new(SystemClock),
            cancel: self.cancel.clone(),
            observer: Arc::new(Silent),
            directory: Default::default(),
        };
        World { host, providers: Providers::new([test]), conduct }
    }

    pub async fn plan_host(&self, host: Arc<dyn Host>, options: &Options) -> (World, Project, Planned, Diagnostics) {
        let world = self.world(host);
        let (project, found) = load(world.host.as_ref(), Path::new("."), &LocalModules, &[], "default");
        assert!(!found.has_errors(), "{found:#?}");
        let stored = self.record.lock().await.stored();
        let (planned, found) = plan(&world, &project, stored, options).await;
        (world, project, planned, found)
    }

    pub async fn plan(&self, text: &str, options: &Options) -> (World, Project, Planned, Diagnostics) {
        self.plan_host(Arc::new(Bench::host(&[("main.tf", text)])), options).await
    }

    /// The planned actions, as `address action`, those that do nothing left out.
    pub async fn actions(&self, text: &str) -> Vec<String> {
        self.actions_files(&[("main.tf", text)]).await
    }

    async fn actions_files(&self, files: &[(&str, impl AsRef<str>)]) -> Vec<String> {
        let (_, _, planned, found) = self.plan_host(Arc::new(Bench::host(files)), &Options::default()).await;
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
        self.errors_files(&[("main.tf", text)]).await
    }

    pub async fn errors_files(&self, files: &[(&str, impl AsRef<str>)]) -> Vec<String> {
        let (_, project, _, found) = self.plan_host(Arc::new(Bench::host(files)), &Options::default()).await;
        found.iter().filter(|d| d.is_error()).map(|d| shown(d, &project.config.sources)).collect()
    }

    pub fn validate(&self, text: &str) -> Vec<String> {
        self.validate_files(&[("main.tf", text)]).into_iter().map(|(_, _, text)| text).collect()
    }

    /// Each message: whether it is an error, whether it has a place, and its text.
    pub fn validate_files(&self, files: &[(&str, &str)]) -> Vec<(bool, bool, String)> {
        let world = self.world(Arc::new(Bench::host(files)));
        let (project, mut found) = load(world.host.as_ref(), Path::new("."), &LocalModules, &[], "default");
        if !found.has_errors() {
            found.extend(validate(&world, &project));
        }
        found.iter().map(|d| (d.is_error(), d.span.is_some(), shown(d, &project.config.sources))).collect()
    }

    async fn apply_files(&self, files: &[(&str, impl AsRef<str>)], options: &Options) -> Report {
        let (world, project, planned, found) = self.plan_host(Arc::new(Bench::host(files)), options).await;
        assert!(!found.has_errors(), "{found:#?}");
        let outcome = apply(&world, &project, &planned, self.record.clone(), 10).await;
        assert!(matches!(outcome, RunOutcome::Completed(_)));
        outcome.into_report()
    }

    pub async fn apply_with(&self, text: &str, options: &Options) -> Report {
        self.apply_files(&[("main.tf", text)], options).await
    }

    pub async fn apply(&self, text: &str) -> Report {
        self.apply_with(text, &Options::default()).await
    }

    /// Applies, expects success, and that planning again finds nothing to do.
    pub async fn converge(&self, text: &str) -> Report {
        self.converge_files(&[("main.tf", text)]).await
    }

    pub async fn converge_files(&self, files: &[(&str, impl AsRef<str>)]) -> Report {
        let report = self.apply_files(files, &Options::default()).await;
        assert!(!report.diagnostics.has_errors(), "{:#?}", report.diagnostics);
        assert_eq!(self.actions_files(files).await, Vec::<String>::new());
        report
    }
}
