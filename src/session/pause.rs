//! Owns whether commands are held back (CLIENT PAUSE), which, and until when.
//! Invariants: a pause ends with its time without anybody's doing; a second one makes the first
//! longer and wider, never shorter or narrower; looking costs one load while there is none.
//! Must not know: commands. Tests: below, `tests/commands/connection.rs`.

use parking_lot::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// What is held back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Paused {
    /// What may change data.
    Writes,
    /// Everything.
    All,
}

/// The pause, if there is one.
#[derive(Debug, Default)]
pub struct Pause {
    /// Set while `now` may hold something back.
    on: AtomicBool,
    now: Mutex<Option<(Paused, Instant)>>,
    /// Clients that wait for its end.
    waiting: AtomicUsize,
    ended: Notify,
}

/// A client that waits; dropping it goes on.
struct Waits<'a>(&'a Pause);

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Pause {
    /// Begins a pause, or widens the one that there is.
    pub fn begin(&self, what: Paused, time: Duration) {
        // A time that no clock reaches is as good as a century.
        const FOREVER: Duration = Duration::from_secs(100 * 365 * 86_400);
        let until = Instant::now() + time.min(FOREVER);
        let mut now = self.now.lock();
        *now = Some(match self.current(&now) {
            Some((before, end)) => (before.max(what), end.max(until)),
            None => (what, until),
        });
        self.on.store(true, Ordering::Release);
    }

    /// Ends the pause.
    pub fn end(&self) {
        let mut now = self.now.lock();
        *now = None;
        // Under the lock, or a pause that begins meanwhile would be switched off.
        self.on.store(false, Ordering::Release);
        drop(now);
        self.ended.notify_waiters();
    }

    /// What is held back.
    #[inline]
    pub fn state(&self) -> Option<Paused> {
        self.until().map(|(what, _)| what)
    }

    /// How long anything will be held back yet.
    pub fn left(&self) -> Duration {
        let until = self.until().map(|(_, until)| until);
        until.map_or(Duration::ZERO, |until| {
            until.saturating_duration_since(Instant::now())
        })
    }

    #[inline]
    fn until(&self) -> Option<(Paused, Instant)> {
        if !self.on.load(Ordering::Acquire) {
            return None;
        }
        let now = self.now.lock();
        let current = self.current(&now);
        if current.is_none() {
            self.on.store(false, Ordering::Release);
        }
        current
    }

    fn current(&self, now: &Option<(Paused, Instant)>) -> Option<(Paused, Instant)> {
        now.filter(|(_, until)| *until > Instant::now())
    }

    /// Waits until nothing is held back any more that a command which writes, or does not, is.
    pub async fn over(&self, writes: bool) {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let _waits = Waits(self);
        loop {
            // Registered before looking, so that no end slips in between.
            let ended = self.ended.notified();
            let Some((_, until)) = self.until().filter(|(what, _)| what.holds(writes)) else {
                return;
            };
            tokio::select! {
                () = ended => {}
                () = tokio::time::sleep_until(until.into()) => {}
            }
        }
    }

    /// Clients that wait for the end of a pause.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }
}

impl Paused {
    /// Whether it holds a command back that writes, or does not.
    #[inline]
    pub fn holds(self, writes: bool) -> bool {
        writes || self == Paused::All
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(1000);

    #[test]
    fn a_second_pause_makes_the_first_longer_and_wider() {
        let pause = Pause::default();
        assert_eq!(pause.state(), None);
        pause.begin(Paused::All, Duration::ZERO);
        assert_eq!(pause.state(), None, "its time is over");
        pause.begin(Paused::Writes, LONG);
        let what = pause.state().unwrap();
        assert!(what.holds(true) && !what.holds(false));
        pause.begin(Paused::All, Duration::from_secs(1));
        assert_eq!(pause.state(), Some(Paused::All));
        assert!(pause.left() > LONG / 2);
        pause.begin(Paused::Writes, Duration::MAX);
        assert_eq!(pause.state(), Some(Paused::All));
        assert!(pause.left() > LONG);
        pause.end();
        assert_eq!((pause.state(), pause.left()), (None, Duration::ZERO));
    }

    #[test]
    fn who_waits_goes_on_when_the_pause_ends_or_its_time_is_over() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        runtime.block_on(async {
            let pause = Pause::default();
            pause.over(true).await;
            pause.begin(Paused::Writes, LONG);
            pause.over(false).await;
            tokio::join!(pause.over(true), async {
                assert_eq!(pause.waiting(), 1);
                pause.end();
            });
            assert_eq!(pause.waiting(), 0);
            pause.begin(Paused::All, Duration::from_millis(20));
            let start = Instant::now();
            pause.over(false).await;
            assert!(start.elapsed() >= Duration::from_millis(20));
        });
    }
}
