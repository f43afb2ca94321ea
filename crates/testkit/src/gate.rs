//! Points at which a run can be made to end as if its process was killed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::sync::Notify;

/// A count of the points that a run passes: before and after every remote call and every fact that is recorded.
#[derive(Clone, Debug)]
pub struct Gate(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    passed: AtomicUsize,
    last: AtomicUsize,
    over: AtomicBool,
    killed: Notify,
}

impl Default for Gate {
    fn default() -> Gate {
        let (passed, last) = (AtomicUsize::new(0), AtomicUsize::new(usize::MAX));
        Gate(Arc::new(Inner { passed, last, over: AtomicBool::new(false), killed: Notify::new() }))
    }
}

impl Gate {
    /// From now on lets so many points pass, and nothing after them.
    pub fn kill_after(&self, points: usize) {
        self.0.passed.store(0, Ordering::SeqCst);
        self.0.over.store(false, Ordering::SeqCst);
        self.0.last.store(points, Ordering::SeqCst);
    }

    /// From now on lets everything pass.
    pub fn open(&self) {
        self.kill_after(usize::MAX);
    }

    /// A point. When the run is over, this never returns.
    pub async fn pass(&self) {
        if self.0.passed.fetch_add(1, Ordering::SeqCst) >= self.0.last.load(Ordering::SeqCst) {
            self.0.over.store(true, Ordering::SeqCst);
            self.0.killed.notify_one();
            std::future::pending::<()>().await;
        }
    }

    /// Waits until a run stands at a point that it does not pass.
    pub async fn killed(&self) {
        // Several tasks may have said so, and a word that nobody waited for is kept.
        while !self.0.over.load(Ordering::SeqCst) {
            self.0.killed.notified().await;
        }
    }
}
