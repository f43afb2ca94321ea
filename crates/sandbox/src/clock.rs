//! The sandbox's own time: virtual time = anchor + real time since the anchor × speed.
//!
//! The anchor is part of the saved state, so time passes while no process has the state open. A caller that waits on
//! sandbox resources sleeps on the same clock, or it would wait in real minutes.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

/// A point in virtual time: milliseconds since 1970, the resolution of AWS timestamps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Moment(i64);

impl Moment {
    /// The moment `millis` milliseconds after the start of 1970.
    pub const fn from_millis(millis: i64) -> Moment {
        Moment(millis)
    }

    /// Milliseconds since 1970.
    pub fn as_millis(self) -> i64 {
        self.0
    }

    /// Seconds since 1970 with a fraction, as the JSON protocol writes times.
    pub fn as_seconds(self) -> f64 {
        self.0 as f64 / 1000.0
    }

    /// This moment moved by `seconds`, which may be negative; saturates at the ends of time.
    pub fn plus_seconds(self, seconds: f64) -> Moment {
        Moment(self.0.saturating_add((seconds * 1000.0).round() as i64))
    }

    /// Seconds from `earlier` to this moment; negative if it is not earlier.
    pub fn seconds_since(self, earlier: Moment) -> f64 {
        self.0.saturating_sub(earlier.0) as f64 / 1000.0
    }

    /// ISO 8601 in UTC with milliseconds, as the query protocols write times.
    pub fn to_iso8601(self) -> String {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(time) => time.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string(),
            Err(_) => String::from("1970-01-01T00:00:00.000Z"),
        }
    }
}

/// Where virtual time stood at a moment of real time, and how fast it has run since.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Anchor {
    virtual_time: Moment,
    real_time: Moment,
    speed: f64,
}

impl Anchor {
    /// Virtual time equal to real time now.
    pub(crate) fn starting_now(speed: f64) -> Anchor {
        let now = real_now();
        Anchor { virtual_time: now, real_time: now, speed }
    }

    /// Virtual seconds per real second.
    pub(crate) fn speed(&self) -> f64 {
        self.speed
    }

    fn at(&self, real: Moment) -> Moment {
        // A system clock that was set back must not turn virtual time back.
        self.virtual_time.plus_seconds(real.seconds_since(self.real_time).max(0.0) * self.speed)
    }

    fn moved_to(&self, real: Moment) -> Anchor {
        Anchor { virtual_time: self.at(real), real_time: real, speed: self.speed }
    }
}

/// Virtual time; clones share it.
#[derive(Clone, Debug)]
pub struct Clock {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    anchor: Mutex<Anchor>,
    changed: Notify,
}

impl Clock {
    pub(crate) fn new(anchor: Anchor) -> Clock {
        Clock { shared: Arc::new(Shared { anchor: Mutex::new(anchor), changed: Notify::new() }) }
    }

    /// The present virtual time.
    pub fn now(&self) -> Moment {
        self.lock().at(real_now())
    }

    /// How many virtual seconds pass in a real one; 0 when time stands still.
    pub fn speed(&self) -> f64 {
        self.lock().speed
    }

    /// Waits until `duration` of virtual time has passed, however that comes about: by itself, when the sandbox is advanced,
    /// or after a change of speed. With speed 0 and nobody advancing the clock it waits for ever.
    pub async fn sleep(&self, duration: Duration) {
        let until = self.now().plus_seconds(duration.as_secs_f64());
        loop {
            let changed = self.shared.changed.notified();
            let left = until.seconds_since(self.now());
            if left <= 0.0 {
                return;
            }
            // A day at a time at most, so that no speed however slow overflows a duration.
            match Duration::try_from_secs_f64((left / self.speed()).min(86_400.0)) {
                Ok(real) => {
                    tokio::select! {
                        () = tokio::time::sleep(real.max(Duration::from_millis(1))) => {}
                        () = changed => {}
                    }
                }
                Err(_) => changed.await,
            }
        }
    }

    /// Moves virtual time forward at once; a negative number of seconds is ignored.
    pub(crate) fn advance(&self, seconds: f64) {
        {
            let mut anchor = self.lock();
            let here = anchor.moved_to(real_now());
            *anchor = Anchor { virtual_time: here.virtual_time.plus_seconds(seconds.max(0.0)), ..here };
        }
        self.shared.changed.notify_waiters();
    }

    /// Changes how fast time runs from now on.
    pub(crate) fn set_speed(&self, speed: f64) {
        {
            let mut anchor = self.lock();
            *anchor = Anchor { speed, ..anchor.moved_to(real_now()) };
        }
        self.shared.changed.notify_waiters();
    }

    pub(crate) fn anchor(&self) -> Anchor {
        *self.lock()
    }

    fn lock(&self) -> MutexGuard<'_, Anchor> {
        self.shared.anchor.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a speed can be used: zero or more, and finite.
pub(crate) fn is_speed(speed: f64) -> bool {
    speed.is_finite() && (0.0..=1e9).contains(&speed)
}

fn real_now() -> Moment {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Moment(i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_the_anchor_plus_real_time_times_speed() {
        let anchor = Anchor { virtual_time: Moment(1_000), real_time: Moment(500), speed: 60.0 };
        assert_eq!(anchor.at(Moment(1_500)), Moment(61_000));
        assert_eq!(anchor.at(Moment(0)), Moment(1_000), "a clock set back stands still");
        assert_eq!(anchor.moved_to(Moment(1_500)).at(Moment(2_500)), Moment(121_000));
    }

    #[test]
    fn a_moment_prints_as_iso8601() {
        assert_eq!(Moment(1_763_581_534_450).to_iso8601(), "2025-11-19T19:45:34.450Z");
        assert_eq!(Moment(i64::MAX).to_iso8601(), "1970-01-01T00:00:00.000Z");
    }

    #[tokio::test]
    async fn sleep_ends_when_the_clock_is_advanced_past_it() {
        let clock = Clock::new(Anchor::starting_now(0.0));
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep(Duration::from_secs(100)).await }
        });
        tokio::task::yield_now().await;
        clock.advance(99.0);
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert!(!sleeper.is_finished());
        clock.advance(2.0);
        tokio::time::timeout(Duration::from_secs(5), sleeper).await.expect("woken").expect("not cancelled");
    }

    #[tokio::test]
    async fn a_fast_clock_sleeps_briefly() {
        let clock = Clock::new(Anchor::starting_now(100_000.0));
        let before = clock.now();
        tokio::time::timeout(Duration::from_secs(5), clock.sleep(Duration::from_secs(600))).await.expect("brief");
        assert!(clock.now().seconds_since(before) >= 600.0);
    }
}
