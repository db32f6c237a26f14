//! One child process, watched by a thread of its own for as long as it lives.
//!
//! The thread is what makes the death of the program reach the child: Linux sends the parent-death signal when the
//! *thread* that spawned a child ends, and a thread of a pool may end at any time.
//!
//! Deliberately absent: restarting. A server that ends is reported, never replaced.

use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, ExitStatus};
use std::sync::mpsc;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crate::sys;

#[derive(Debug)]
pub(crate) struct Process {
    pid: u32,
    state: Arc<State>,
}

/// How the child ended, once it has.
#[derive(Debug, Clone)]
pub(crate) struct Ending {
    pub(crate) success: bool,
    /// The signal that ended it, if one did.
    pub(crate) signal: Option<i32>,
    pub(crate) description: String,
}

#[derive(Debug, Default)]
struct State {
    ending: Mutex<Option<Ending>>,
    changed: Condvar,
}

impl Process {
    pub(crate) fn spawn(command: Command) -> io::Result<Self> {
        let state = Arc::new(State::default());
        let (started, outcome) = mpsc::channel();
        let watched = Arc::clone(&state);
        thread::Builder::new().name("postgres-keeper".to_owned()).spawn(move || keep(command, &started, &watched))?;
        let pid = outcome.recv().unwrap_or_else(|_| Err(io::Error::other("the keeper thread ended")))?;
        Ok(Self { pid, state })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    /// Sends a signal unless the child has ended; a pid that was given to another process is never signalled.
    pub(crate) fn signal(&self, signal: i32) {
        let ending = self.state.lock();
        if ending.is_none()
            && let Ok(pid) = i32::try_from(self.pid)
        {
            sys::signal(pid, signal);
        }
    }

    /// How the child ended, if it has or does within `patience`.
    pub(crate) fn ending_within(&self, patience: Duration) -> Option<Ending> {
        let (ending, _) = self
            .state
            .changed
            .wait_timeout_while(self.state.lock(), patience, |ending| ending.is_none())
            .unwrap_or_else(PoisonError::into_inner);
        ending.clone()
    }
}

impl State {
    fn lock(&self) -> MutexGuard<'_, Option<Ending>> {
        self.ending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn keep(mut command: Command, started: &mpsc::Sender<io::Result<u32>>, state: &State) {
    let spawned = command.spawn();
    // Closes the descriptors that were only lent to the child.
    drop(command);
    match spawned {
        Ok(child) => {
            let pid = child.id();
            // A receiver that is gone changes nothing: the child is reaped all the same.
            started.send(Ok(pid)).ok();
            sys::wait_without_reaping(pid);
            reap(child, state);
        }
        Err(error) => {
            started.send(Err(error)).ok();
        }
    }
}

/// Frees the pid under the lock, so that [`Process::signal`] cannot hit its next owner.
fn reap(mut child: Child, state: &State) {
    let mut ending = state.lock();
    *ending = Some(Ending::from(child.wait()));
    state.changed.notify_all();
}

impl From<io::Result<ExitStatus>> for Ending {
    fn from(outcome: io::Result<ExitStatus>) -> Self {
        match outcome {
            Ok(status) => Self { success: status.success(), signal: status.signal(), description: status.to_string() },
            Err(error) => Self { success: false, signal: None, description: error.to_string() },
        }
    }
}
