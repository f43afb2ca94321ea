//! What is being done while it is done: lines in a pipe, and on a terminal a live line per object as well.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use smform_engine::events::{Event, Observer, Operation};
use smform_engine::plan::ObjectKey;
use smform_provider::Clock;
use smform_types::Diagnostic;
use tokio::task::JoinHandle;

use super::lines::Moment;

/// Time between two lines about an object that is still worked on, on the run's clock.
const EVERY: Duration = Duration::from_secs(10);

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

    /// Writes a message that should not wait.
    fn message(&self, diagnostic: &Diagnostic);

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
        Progress { sink, clock, live, running: Mutex::default(), done: Mutex::default() }
    }

    /// What was created, changed or deleted with success so far, in order.
    #[must_use]
    pub fn done(&self) -> Vec<(ObjectKey, Operation)> {
        held(&self.done).clone()
    }

    fn started(&self, object: ObjectKey, operation: Operation, id: Option<String>) {
        let zero = Duration::ZERO;
        let notice = Notice { moment: Moment::Start, object: object.clone(), operation, id: id.clone(), elapsed: zero };
        self.sink.notice(&notice);
        let bar = self.live.as_ref().filter(|_| operation != Operation::Refresh).map(|live| {
            let bar = live.add(ProgressBar::new_spinner());
            if let Ok(style) = ProgressStyle::with_template("  {spinner} {msg}") {
                bar.set_style(style);
            }
            bar.set_message(format!("{object} {}", name(operation)));
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        let ticker = (operation != Operation::Refresh).then(|| self.tick(notice)).flatten();
        let running = Running { id, bar, ticker };
        held(&self.running).insert((object, name(operation)), running);
    }

    /// Says every ten seconds that the work goes on.
    fn tick(&self, mut notice: Notice) -> Option<JoinHandle<()>> {
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
        if moment == Moment::Done && changed {
            held(&self.done).push((object.clone(), operation));
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
                if let Some(Running { bar: Some(bar), .. }) =
                    held(&self.running).get(&(object.clone(), name(operation)))
                {
                    let elapsed = super::lines::seconds(elapsed);
                    bar.set_message(format!("{object} {} ({status}) {elapsed}", name(operation)));
                }
            }
            Event::Finished { object, operation, id, elapsed } => {
                self.ended(Moment::Done, object, operation, id, elapsed);
            }
            Event::Failed { object, operation, elapsed } => {
                self.ended(Moment::Failed, object, operation, None, elapsed)
            }
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
