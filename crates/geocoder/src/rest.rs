//! When the geocoder is left alone: a circuit breaker. After some failures in a row, and whenever it asks for it, nobody
//! asks for a while; then one request goes to see whether it is back.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::{PATIENCE, Unavailable};

/// How many failures in a row are enough.
const FAILURES: u32 = 3;
/// How long it is left alone then.
const REST: Duration = Duration::from_secs(30);
/// How long it is left alone when it asks for it and does not say how long, and at most.
const USUAL_WISH: Duration = Duration::from_secs(5);
const LONGEST_WISH: Duration = Duration::from_mins(2);

/// How long it is left alone when it asks for that many seconds (`Retry-After`, RFC 9110, 10.2.3).
pub(crate) fn as_wanted(seconds: Option<u64>) -> Duration {
    seconds.map_or(USUAL_WISH, Duration::from_secs).clamp(Duration::from_secs(1), LONGEST_WISH)
}

#[derive(Debug, Default)]
struct State {
    failures: u32,
    until: Option<Instant>,
}

/// Whether it is left alone.
#[derive(Debug, Default)]
pub(crate) struct Rest(Mutex<State>);

impl Rest {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        // What it holds is right at any moment.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets a request through, or says for how long none is. The first one after a rest goes alone.
    pub(crate) fn may_ask(&self) -> Result<(), Unavailable> {
        let (mut state, now) = (self.state(), Instant::now());
        match state.until {
            Some(until) if now < until => Err(Unavailable::Resting(until - now)),
            Some(_) => {
                state.until = Some(now + PATIENCE);
                Ok(())
            }
            None => Ok(()),
        }
    }

    pub(crate) fn answered(&self) {
        *self.state() = State::default();
    }

    pub(crate) fn failed(&self) {
        let mut state = self.state();
        state.failures = state.failures.saturating_add(1);
        if state.failures >= FAILURES {
            state.until = Some(Instant::now() + REST);
        }
    }

    pub(crate) fn wanted(&self, after: Duration) {
        self.state().until = Some(Instant::now() + after);
    }
}
