//! Waiting on the run's clock: growing pauses, a limit, and an ear for cancellation.

use std::time::{Duration, SystemTime};

use smform_provider::Run;

/// Why a wait ended without what was waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stopped {
    /// The user asked to stop.
    Cancelled,
    /// It took longer than allowed.
    TimedOut(Duration),
}

impl Stopped {
    /// Why, as a sentence.
    pub(crate) fn sentence(self) -> String {
        match self {
            Stopped::Cancelled => "The wait was interrupted.".to_owned(),
            Stopped::TimedOut(limit) => {
                format!("It took longer than {}; a timeouts block can give it more.", in_words(limit))
            }
        }
    }
}

/// One wait: how long it may take, and the pauses between looks.
pub(crate) struct Wait<'r> {
    run: &'r dyn Run,
    limit: Duration,
    deadline: Option<SystemTime>,
    pause: Duration,
    longest: Duration,
    last_look: bool,
}

/// How long one sleep lasts at most, so that a cancellation is heard soon.
const SLICE: Duration = Duration::from_secs(2);

impl<'r> Wait<'r> {
    /// A wait of at most `limit`, with pauses that grow from 2 to 30 seconds.
    pub(crate) fn new(run: &'r dyn Run, limit: Duration) -> Wait<'r> {
        let deadline = run.clock().now().checked_add(limit);
        Wait { run, limit, deadline, pause: Duration::from_secs(2), longest: Duration::from_secs(30), last_look: false }
    }

    /// The same, with other pauses.
    pub(crate) fn paced(self, first: Duration, longest: Duration) -> Wait<'r> {
        Wait { pause: first, longest, ..self }
    }

    /// Waits until the next look is due. After the limit there is one more, since a machine that slept through the end
    /// of the wait has not seen what came of it.
    ///
    /// # Errors
    /// When there shall be none.
    pub(crate) async fn pause(&mut self) -> Result<(), Stopped> {
        let mut left = self.pause;
        self.pause = (self.pause * 3 / 2).min(self.longest);
        while !left.is_zero() {
            if self.run.is_cancelled() {
                return Err(Stopped::Cancelled);
            }
            let clock = self.run.clock();
            if self.deadline.is_some_and(|deadline| clock.now() >= deadline) {
                if self.last_look {
                    return Err(Stopped::TimedOut(self.limit));
                }
                self.last_look = true;
                return Ok(());
            }
            let slice = left.min(SLICE);
            clock.sleep(slice).await;
            left -= slice;
        }
        if self.run.is_cancelled() { Err(Stopped::Cancelled) } else { Ok(()) }
    }
}

/// A length of time in words: `90 minutes`, `45 seconds`.
pub(crate) fn in_words(duration: Duration) -> String {
    match duration.as_secs() {
        seconds if seconds >= 120 && seconds % 60 == 0 => format!("{} minutes", seconds / 60),
        60 => "1 minute".to_owned(),
        1 => "1 second".to_owned(),
        seconds => format!("{seconds} seconds"),
    }
}
