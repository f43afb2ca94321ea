//! What is being done while it is done: lines in a pipe, and on a terminal a live line per object as well.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use smform_engine::events::{Event, Observer, Operation, ProvisionMoment};
use smform_engine::plan::ObjectKey;
use smform_provider::Clock;
use smform_types::Diagnostic;
use tokio::task::JoinHandle;

use super::lines::Moment;

/// Time between two lines about an object that is still worked on, on the run's clock.
const EVERY: Duration = Duration::from_secs(10);
/// How long an object is looked at before it is said that it is waited for.
const AT_FIRST: Duration = Duration::from_secs(2);
/// How often the live display looks at the run's clock.
const LIVE: Duration = Duration::from_millis(250);

/// A line to be written about an object.
#[derive(Clone, Debug)]
pub struct Notice {
    /// Which moment.
    pub moment: Moment,
    /// The object.
    pub object: ObjectKey,
    /// The work.
    pub operation: Operation,
    /// Its `id`, where it has one.
    pub id: Option<String>,
    /// Time since the start, on the run's clock.
    pub elapsed: Duration,
}

/// Who writes the lines.
pub trait Sink: Send + Sync {
    /// Writes a line about an object.
    fn notice(&self, notice: &Notice);

    /// Writes that an object which is only looked at is waited for.
    fn waiting(&self, object: &ObjectKey, status: &str, elapsed: Duration);

    /// Writes a message that should not wait.
    fn message(&self, diagnostic: &Diagnostic);

    /// Writes what a provisioner of an object does.
    fn provision(&self, object: &ObjectKey, kind: &str, moment: &ProvisionMoment);

    /// Says that the run is stopping.
    fn stopping(&self);
}

struct Running {
    id: Option<String>,
    bar: Option<ProgressBar>,
    ticker: Option<JoinHandle<()>>,
}

/// The observer of a run.
pub struct Progress {
    sink: Arc<dyn Sink>,
    clock: Arc<dyn Clock>,
    live: Option<MultiProgress>,
    running: Mutex<BTreeMap<(ObjectKey, &'static str), Running>>,
    done: Mutex<Vec<(ObjectKey, Operation)>>,
    failed: Mutex<BTreeSet<ObjectKey>>,
    /// What nobody waits for any more, and the service goes on with.
    left: Mutex<BTreeSet<ObjectKey>>,
    /// When it was last said of an object that is only looked at that it is waited for.
    waiting: Mutex<BTreeMap<ObjectKey, Duration>>,
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

const fn name(operation: Operation) -> &'static str {
    match operation {
        Operation::Refresh => "refreshing",
        Operation::Read => "reading",
        Operation::Create => "creating",
        Operation::Update => "modifying",
        Operation::Delete => "destroying",
        Operation::Import => "importing",
    }
}

impl Progress {
    /// An observer that writes to `sink`, with a live display where there is one.
    #[must_use]
    pub fn new(sink: Arc<dyn Sink>, clock: Arc<dyn Clock>, live: Option<MultiProgress>) -> Progress {
        Progress {
            sink,
            clock,
            live,
            running: Mutex::default(),
            done: Mutex::default(),
            failed: Mutex::default(),
            left: Mutex::default(),
            waiting: Mutex::default(),
        }
    }

    /// What was created, changed or deleted with success so far, in order.
    #[must_use]
    pub fn done(&self) -> Vec<(ObjectKey, Operation)> {
        held(&self.done).clone()
    }

    /// What is being created, changed or deleted right now, if only by the service.
    #[must_use]
    pub fn under_way(&self) -> BTreeSet<ObjectKey> {
        let changes = [name(Operation::Create), name(Operation::Update), name(Operation::Delete)];
        let running = held(&self.running);
        let here = running.keys().filter(|(_, doing)| changes.contains(doing)).map(|(object, _)| object);
        here.chain(held(&self.left).iter()).cloned().collect()
    }

    /// What could not be created, changed or deleted so far.
    #[must_use]
    pub fn failed(&self) -> BTreeSet<ObjectKey> {
        held(&self.failed).clone()
    }

    fn started(&self, object: ObjectKey, operation: Operation, id: Option<String>) {
        let zero = Duration::ZERO;
        let notice = Notice { moment: Moment::Start, object: object.clone(), operation, id: id.clone(), elapsed: zero };
        self.sink.notice(&notice);
        let bar = self.live.as_ref().filter(|_| operation != Operation::Refresh).map(|live| {
            let bar = live.add(ProgressBar::new_spinner());
            if let Ok(style) = ProgressStyle::with_template("  {spinner} {prefix} {msg}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        let ticker = match &bar {
            _ if operation == Operation::Refresh => None,
            Some(bar) => self.every(LIVE, {
                let (bar, clock, start) = (bar.clone(), Arc::clone(&self.clock), self.clock.now());
                let mut shown = String::new();
                let object = object.clone();
                move || {
                    let elapsed = clock.now().duration_since(start).unwrap_or_default();
                    let text = format!("{object} {} {}", name(operation), super::lines::seconds(elapsed));
                    if text != shown {
                        bar.set_prefix(text.clone());
                        shown = text;
                    }
                }
            }),
            None => self.still(notice),
        };
        let running = Running { id, bar, ticker };
        held(&self.running).insert((object, name(operation)), running);
    }

    /// Does something again and again, in real time.
    fn every(&self, pause: Duration, mut act: impl FnMut() + Send + 'static) -> Option<JoinHandle<()>> {
        let runtime = tokio::runtime::Handle::try_current().ok()?;
        Some(runtime.spawn(async move {
            loop {
                act();
                tokio::time::sleep(pause).await;
            }
        }))
    }

    /// Says every ten seconds of the run's clock that the work goes on.
    fn still(&self, mut notice: Notice) -> Option<JoinHandle<()>> {
        let (clock, sink) = (Arc::clone(&self.clock), Arc::clone(&self.sink));
        let start = clock.now();
        notice.moment = Moment::Still;
        let runtime = tokio::runtime::Handle::try_current().ok()?;
        Some(runtime.spawn(async move {
            loop {
                clock.sleep(EVERY).await;
                notice.elapsed = clock.now().duration_since(start).unwrap_or_default();
                sink.notice(&notice);
            }
        }))
    }

    /// What is only looked at goes by without a word as a rule. When that takes its time, since the service is still busy
    /// with the object, it is said in the pace of other waits.
    fn waits(&self, object: &ObjectKey, status: &str, elapsed: Duration) {
        let due = match held(&self.waiting).get(object) {
            Some(last) if elapsed >= *last => *last + EVERY,
            _ => AT_FIRST,
        };
        if elapsed >= due {
            held(&self.waiting).insert(object.clone(), elapsed);
            self.sink.waiting(object, status, elapsed);
        }
    }

    fn ended(&self, moment: Moment, object: ObjectKey, operation: Operation, id: Option<String>, elapsed: Duration) {
        let running = held(&self.running).remove(&(object.clone(), name(operation)));
        let mut known = None;
        if let Some(running) = running {
            if let Some(ticker) = running.ticker {
                ticker.abort();
            }
            if let Some(bar) = running.bar {
                bar.finish_and_clear();
            }
            known = running.id;
        }
        let changed =
            matches!(operation, Operation::Create | Operation::Update | Operation::Delete | Operation::Import);
        match moment {
            Moment::Done if changed => held(&self.done).push((object.clone(), operation)),
            Moment::Failed if changed && !held(&self.left).contains(&object) => {
                held(&self.failed).insert(object.clone());
            }
            _ => {}
        }
        self.sink.notice(&Notice { moment, object, operation, id: id.or(known), elapsed });
    }

    /// Ends the display of whatever is still shown.
    pub fn close(&self) {
        for (_, running) in std::mem::take(&mut *held(&self.running)) {
            if let Some(ticker) = running.ticker {
                ticker.abort();
            }
            if let Some(bar) = running.bar {
                bar.finish_and_clear();
            }
        }
    }
}

impl Observer for Progress {
    fn notice(&self, event: Event) {
        match event {
            Event::Started { object, operation, id } => self.started(object, operation, id),
            Event::Progress { object, operation, status, elapsed } => {
                let told = match held(&self.running).get(&(object.clone(), name(operation))) {
                    Some(Running { bar: Some(bar), .. }) => {
                        bar.set_message(status.clone());
                        true
                    }
                    Some(Running { ticker: Some(_), .. }) => true,
                    _ => false,
                };
                if !told && matches!(operation, Operation::Refresh | Operation::Import) {
                    self.waits(&object, &status, elapsed);
                }
            }
            Event::Finished { object, operation, id, elapsed } => {
                self.ended(Moment::Done, object, operation, id, elapsed);
            }
            Event::Failed { object, operation, under_way, elapsed } => {
                if under_way {
                    held(&self.left).insert(object.clone());
                }
                self.ended(Moment::Failed, object, operation, None, elapsed)
            }
            Event::Provision { object, kind, moment } => self.sink.provision(&object, &kind, &moment),
            Event::Note(diagnostic) => self.sink.message(&diagnostic),
            Event::Stopping => self.sink.stopping(),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.close();
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use async_trait::async_trait;
    use indicatif::{InMemoryTerm, ProgressDrawTarget};

    use super::*;
    use crate::render::lines;
    use crate::render::style::Style;

    #[derive(Default)]
    struct Lines(Mutex<Vec<String>>);

    impl Sink for Lines {
        fn notice(&self, notice: &Notice) {
            let Notice { moment, object, operation, id, elapsed } = notice;
            let line = lines::line(*moment, object, *operation, id.as_deref(), *elapsed, Style::PLAIN);
            held(&self.0).push(line.trim_end().to_owned());
        }

        fn waiting(&self, object: &ObjectKey, status: &str, elapsed: Duration) {
            held(&self.0).push(lines::waiting(object, status, elapsed, Style::PLAIN).trim_end().to_owned());
        }

        fn message(&self, diagnostic: &Diagnostic) {
            held(&self.0).push(diagnostic.summary.clone());
        }

        fn provision(&self, object: &ObjectKey, kind: &str, _: &ProvisionMoment) {
            held(&self.0).push(format!("{object} {kind}"));
        }

        fn stopping(&self) {
            held(&self.0).push("stopping".to_owned());
        }
    }

    /// Time that passes as fast as it is waited for, up to a limit.
    struct Quick {
        waited: Mutex<Duration>,
        limit: Duration,
    }

    #[async_trait]
    impl Clock for Quick {
        fn now(&self) -> SystemTime {
            SystemTime::UNIX_EPOCH + *held(&self.waited)
        }

        async fn sleep(&self, duration: Duration) {
            if *held(&self.waited) + duration > self.limit {
                std::future::pending::<()>().await;
            }
            *held(&self.waited) += duration;
            tokio::task::yield_now().await;
        }
    }

    fn object() -> ObjectKey {
        ObjectKey { address: "test_thing.a".parse().expect("an address"), deposed: None }
    }

    fn quick(seconds: u64) -> Arc<Quick> {
        Arc::new(Quick { waited: Mutex::default(), limit: Duration::from_secs(seconds) })
    }

    #[tokio::test]
    async fn says_every_ten_seconds_that_work_goes_on() {
        let (lines, clock) = (Arc::new(Lines::default()), quick(75));
        let progress = Progress::new(Arc::clone(&lines) as _, Arc::clone(&clock) as _, None);
        let (object, operation) = (object(), Operation::Create);
        progress.notice(Event::Started { object: object.clone(), operation, id: None });
        while *held(&clock.waited) < Duration::from_secs(70) {
            tokio::task::yield_now().await;
        }
        tokio::task::yield_now().await;
        let elapsed = Duration::from_secs(75);
        progress.notice(Event::Finished { object: object.clone(), operation, id: Some("i-1".to_owned()), elapsed });
        let lines = held(&lines.0).clone();
        assert_eq!(lines.len(), 9, "{lines:?}");
        assert_eq!(lines.first().map(String::as_str), Some("test_thing.a: Creating..."));
        assert_eq!(lines.get(1).map(String::as_str), Some("test_thing.a: Still creating... [00m10s elapsed]"));
        assert_eq!(lines.get(7).map(String::as_str), Some("test_thing.a: Still creating... [01m10s elapsed]"));
        assert_eq!(lines.get(8).map(String::as_str), Some("test_thing.a: Creation complete after 1m15s [id=i-1]"));
        assert_eq!(progress.done(), [(object, operation)]);
    }

    #[test]
    fn what_is_looked_at_and_waited_for_is_told_in_the_same_pace() {
        let lines = Arc::new(Lines::default());
        let progress = Progress::new(Arc::clone(&lines) as _, quick(0), None);
        let object = object();
        progress.notice(Event::Started { object: object.clone(), operation: Operation::Refresh, id: None });
        for seconds in [0, 2, 5, 9, 14, 21, 30] {
            progress.notice(Event::Progress {
                object: object.clone(),
                operation: Operation::Refresh,
                status: "Creating".to_owned(),
                elapsed: Duration::from_secs(seconds),
            });
        }
        assert_eq!(
            *held(&lines.0),
            [
                "test_thing.a: Refreshing state...",
                "test_thing.a: Still waiting... [Creating, 00m02s elapsed]",
                "test_thing.a: Still waiting... [Creating, 00m14s elapsed]",
                "test_thing.a: Still waiting... [Creating, 00m30s elapsed]",
            ]
        );
    }

    #[tokio::test]
    async fn a_terminal_shows_the_service_status_while_it_lasts() {
        let terminal = InMemoryTerm::new(10, 80);
        let live = MultiProgress::with_draw_target(ProgressDrawTarget::term_like(Box::new(terminal.clone())));
        let (lines, clock) = (Arc::new(Lines::default()), quick(0));
        let progress = Progress::new(Arc::clone(&lines) as _, clock, Some(live));
        let (object, operation, elapsed) = (object(), Operation::Update, Duration::ZERO);
        progress.notice(Event::Started { object: object.clone(), operation, id: Some("i-1".to_owned()) });
        let status = "Updating".to_owned();
        progress.notice(Event::Progress { object: object.clone(), operation, status, elapsed });
        let mut shown = String::new();
        for _ in 0..100 {
            tokio::time::sleep(Duration::from_millis(20)).await;
            shown = terminal.contents();
            if shown.contains("0s Updating") {
                break;
            }
        }
        assert!(shown.contains("test_thing.a modifying 0s Updating"), "{shown}");
        progress.notice(Event::Failed { object: object.clone(), operation, under_way: true, elapsed });
        assert!(progress.failed().is_empty() && progress.under_way().contains(&object), "the service goes on");
        assert_eq!(terminal.contents().trim(), "");
        assert!(progress.done().is_empty());
        assert_eq!(held(&lines.0).len(), 2);
    }
}
