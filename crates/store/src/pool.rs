//! Connections to the database that are kept open, so many and no more, each for one statement or one transaction at a time.
//!
//! The pool of the driver asks each connection that is given back whether it lives: after each statement a round trip more, which
//! nobody waits for and both sides pay. Here one whose statement has ended is given back without a word; only one that was left in
//! the middle of something is asked.
//!
//! Answers arrive where a connection was opened: each thread that serves requests hears of its own. So whoever takes one gets one
//! that was opened at home, if there is any, and one that is given back goes to somebody there who waits for it, unless somebody
//! elsewhere has waited longer by [`LEAD`]. Where several wait, one who gets one from elsewhere, where there are more or where nobody
//! waits, opens another one in its place, now and then ([`MOVES`]): threads come to have as many as they need.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use sea_orm::{ConnAcquireErr, DbErr, QueryResult, RuntimeErr};
use sea_query_sqlx::SqlxValues;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgListener, PgPoolOptions};
use sqlx::query::Query;
use sqlx::{Connection as _, Postgres};
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::oneshot;
use tokio::time::timeout;

mod lease;
mod statement;
mod turn;

use lease::{Lease, Left};
pub(crate) use statement::Transaction;
pub(crate) use turn::turn;
pub use turn::waiting_once;

/// How long a statement may take (`statement_timeout`).
pub(crate) const STATEMENT: Duration = Duration::from_secs(30);

/// How long a connection is waited for: for a free one, for the server to take a new one, for one to say that it lives.
pub(crate) const ACQUIRE: Duration = Duration::from_secs(5);

/// How long an answer is waited for: for a connection, for the statement, and a little for the way. A database that cannot be
/// reached any more, without anybody having said so, ends nothing by itself.
const PATIENCE: Duration = Duration::from_secs(40);

/// After how long without use a connection is asked whether it lives before it is used; at once, when another one broke.
const IDLE: Duration = Duration::from_secs(30);

/// By how much somebody elsewhere has to have waited longer.
const LEAD: Duration = Duration::from_millis(10);

/// How often a connection is closed for one that is opened elsewhere.
const MOVES: Duration = Duration::from_secs(2);

/// What is asked for, within [`PATIENCE`].
async fn bounded<T, E: From<DbErr>>(asked: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    timeout(PATIENCE, asked).await.unwrap_or_else(|_| {
        let silent = std::io::Error::new(std::io::ErrorKind::TimedOut, "no answer came in time");
        Err(DbErr::Conn(RuntimeErr::SqlxError(sqlx::Error::Io(silent).into())).into())
    })
}

/// The connections.
#[derive(Clone)]
pub(crate) struct Pool(Arc<Shared>);

struct Shared {
    options: PgConnectOptions,
    most: u32,
    state: Mutex<State>,
}

/// Where the answers of a connection arrive: at a thread that serves requests, or at the runtime that all the others share.
type Home = Option<ThreadId>;

fn home() -> Home {
    let alone = Handle::try_current().is_ok_and(|runtime| runtime.runtime_flavor() == RuntimeFlavor::CurrentThread);
    alone.then(|| thread::current().id())
}

#[derive(Default)]
struct State {
    /// Those that wait for work, the one used last at the end.
    idle: Vec<Opened>,
    /// How many are open, at work or not, by where they were opened.
    open: HashMap<Home, u32>,
    /// How many are at work, or about to be opened for it.
    at_work: u32,
    /// Those who wait until one has done its work, who came first at the front.
    waiting: VecDeque<Waiting>,
    /// When one was last found broken: the others may be too.
    broken: Option<Instant>,
    /// When one was last to be closed for another one elsewhere.
    moved: Option<Instant>,
    /// No more are lent.
    closed: bool,
}

struct Waiting {
    home: Home,
    since: Instant,
    /// The server takes no more: a place alone is of no use, but to learn that none is open any more.
    for_open: bool,
    turn: oneshot::Sender<Lease>,
}

struct Opened {
    connection: PgConnection,
    home: Home,
    at: Instant,
    used: Instant,
}

impl State {
    fn open(&self) -> u32 {
        self.open.values().sum()
    }

    fn of(&self, home: Home) -> u32 {
        self.open.get(&home).copied().unwrap_or_default()
    }

    fn opens(&mut self, home: Home) {
        *self.open.entry(home).or_default() += 1;
    }

    fn closes(&mut self, home: Home) {
        if let Entry::Occupied(mut open) = self.open.entry(home) {
            *open.get_mut() -= 1;
            if *open.get() == 0 {
                open.remove();
            }
        }
    }

    /// Whether one that was opened there is to be closed, and another one opened at home, where others wait too.
    fn moves(&mut self, there: Home, home: Home) -> bool {
        if home.is_none() || there == home || self.moved.is_some_and(|moved| moved.elapsed() < MOVES) {
            return false;
        }
        let wanted = |at: Home| self.waiting.iter().any(|waiting| waiting.home == at);
        let moves = wanted(home) && (!wanted(there) || self.of(home) + 1 < self.of(there));
        if moves {
            self.moved = Some(Instant::now());
        }
        moves
    }

    /// Has somebody wait for one, last.
    fn wait(&mut self, for_open: bool) -> oneshot::Receiver<Lease> {
        let (turn, waiting) = oneshot::channel();
        self.waiting.push_back(Waiting { home: home(), since: Instant::now(), for_open, turn });
        waiting
    }

    /// Who gets a connection of that home that has done its work; without one, who came first.
    fn next(&mut self, home: Option<Home>) -> Option<Waiting> {
        let Some(home) = home else {
            let in_vain = self.open() == 0;
            let place = self.waiting.iter().position(|waiting| !waiting.for_open || in_vain)?;
            return self.waiting.remove(place);
        };
        let first = self.waiting.front()?.since;
        let theirs = self.waiting.iter().position(|waiting| waiting.home == home);
        let theirs = theirs.filter(|place| self.waiting[*place].since.saturating_duration_since(first) < LEAD);
        self.waiting.remove(theirs.unwrap_or_default())
    }
}

impl Pool {
    /// Opens none before it is needed.
    pub(crate) fn new(options: PgConnectOptions, most: u32) -> Self {
        Self(Arc::new(Shared { options, most, state: Mutex::default() }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing is left half-done while it is held.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many there may be, how many are open, and how many of these wait for work.
    pub(crate) fn standing(&self) -> (u32, u32, u32) {
        let state = self.state();
        (self.0.most, state.open(), u32::try_from(state.idle.len()).unwrap_or(u32::MAX))
    }

    /// A connection beside them, which nobody else will use.
    pub(crate) async fn beside(&self) -> Result<PgConnection, sqlx::Error> {
        timeout(ACQUIRE, PgConnection::connect_with(&self.0.options)).await.map_err(|_| sqlx::Error::PoolTimedOut)?
    }

    /// An ear for `NOTIFY`, with a connection of its own.
    pub(crate) async fn listener(&self) -> Result<PgListener, sqlx::Error> {
        // Closed when the listener goes; nobody is to be told if the server was faster.
        let own = PgPoolOptions::new().max_connections(1).acquire_timeout(ACQUIRE);
        let own = own.after_release(|_, _| Box::pin(async { Ok(false) }));
        PgListener::connect_with(&own.connect_lazy_with(self.0.options.clone())).await
    }

    /// A place among those that may be at work at once: now, or once it is one's turn.
    async fn place(&self) -> Result<Lease, DbErr> {
        let refused = |why| Err(DbErr::ConnectionAcquire(why));
        let waiting = {
            let mut state = self.state();
            if state.closed {
                return refused(ConnAcquireErr::ConnectionClosed);
            }
            if state.at_work < self.0.most {
                state.at_work += 1;
                return Ok(Lease::new(self.clone(), None));
            }
            state.wait(false)
        };
        self.turn_of(waiting).await.or_else(refused)
    }

    /// What somebody is lent who waits.
    async fn turn_of(&self, waiting: oneshot::Receiver<Lease>) -> Result<Lease, ConnAcquireErr> {
        let Ok(lease) = turn(waiting).await else {
            self.state().waiting.retain(|waiting| !waiting.turn.is_closed());
            return Err(ConnAcquireErr::Timeout);
        };
        lease.map_err(|_| ConnAcquireErr::ConnectionClosed)
    }

    /// One that waits for work: opened at home, or elsewhere if no more may be opened. None when one more is to be opened, and is
    /// counted already.
    fn idle(&self, home: Home) -> Option<Opened> {
        let mut state = self.state();
        let ours = state.idle.iter().rposition(|idle| idle.home == home);
        let any = state.idle.len().checked_sub(1).filter(|_| state.open() >= self.0.most);
        let found = ours.or(any).map(|place| state.idle.remove(place));
        if found.is_none() {
            state.opens(home);
        }
        found
    }

    async fn lease(&self) -> Result<Lease, DbErr> {
        let mut lease = self.place().await?;
        let (home, waited) = (home(), lease.opened.is_some());
        while let Some(opened) = lease.opened.take().or_else(|| self.idle(home)) {
            let used = opened.used;
            let doubtful = used.elapsed() > IDLE || self.state().broken.is_some_and(|broken| used <= broken);
            lease.opened = Some(opened);
            if !doubtful || lease.answers().await {
                if waited {
                    self.settle(&mut lease, home).await;
                }
                return Ok(lease);
            }
            lease.close();
            self.forget_idle();
        }
        // Whatever happens until it is open, the lease gives its place back.
        lease.left = Left::Opening(home);
        let at = Instant::now();
        match turn(Box::pin(self.beside())).await.unwrap_or(Err(sqlx::Error::PoolTimedOut)) {
            Ok(connection) => {
                lease.left = Left::Nothing;
                lease.opened = Some(Opened { connection, home, at, used: at });
                Ok(lease)
            }
            Err(error) => {
                drop(lease);
                // Only who answers can have taken others.
                let taken = if error.as_database_error().is_some() { self.taken().await } else { None };
                taken.ok_or_else(|| DbErr::Conn(RuntimeErr::SqlxError(error.into())))
            }
        }
    }

    /// One of those that the server has taken before it took no more: now, or once it has done its work. None when there is none, and
    /// when it does not answer.
    async fn taken(&self) -> Option<Lease> {
        let waiting = {
            let mut state = self.state();
            if state.closed {
                return None;
            }
            if let Some(opened) = state.idle.pop() {
                state.at_work += 1;
                Ok(Lease::new(self.clone(), Some(opened)))
            } else if state.open() > 0 {
                Err(state.wait(true))
            } else {
                return None;
            }
        };
        let mut lease = match waiting {
            Ok(lease) => lease,
            Err(waiting) => self.turn_of(waiting).await.ok()?,
        };
        if lease.opened.is_some() && lease.answers().await {
            return Some(lease);
        }
        lease.close();
        None
    }

    /// Closes those that wait for work: where one did not answer, asking the others would take as long again, one after the other.
    fn forget_idle(&self) {
        let mut state = self.state();
        for gone in mem::take(&mut state.idle) {
            state.closes(gone.home);
        }
    }

    /// Opens one at home in the place of one from elsewhere, if it is time for that. There is one to be had in any case.
    async fn settle(&self, lease: &mut Lease, home: Home) {
        let Some(there) = lease.opened.as_ref().map(|opened| opened.home) else { return };
        if !self.state().moves(there, home) {
            return;
        }
        let at = Instant::now();
        match Box::pin(self.beside()).await {
            Ok(connection) => {
                let mut state = self.state();
                state.closes(there);
                state.opens(home);
                drop(state);
                lease.opened = Some(Opened { connection, home, at, used: at });
            }
            Err(error) => tracing::debug!(%error, "a connection to the database is heard of elsewhere still"),
        }
    }

    /// Lends to whoever is next what has done its work; without a connection, its place.
    fn pass_on(self, opened: Option<Opened>) {
        let mut state = self.state();
        let home = opened.as_ref().map(|opened| opened.home);
        let mut lease = Lease::new(self.clone(), opened);
        while let Some(next) = state.next(home) {
            match next.turn.send(lease) {
                Ok(()) => return,
                // Nobody waits there any more.
                Err(back) => lease = back,
            }
        }
        state.at_work -= 1;
        lease.placed = false;
        if state.closed {
            if let Some(gone) = lease.opened.take() {
                state.closes(gone.home);
            }
        } else {
            state.idle.extend(lease.opened.take());
        }
    }

    /// The rows of a statement.
    pub(crate) async fn rows(&self, query: Query<'_, Postgres, SqlxValues>) -> Result<Vec<QueryResult>, DbErr> {
        self.read(query, Ok).await
    }

    /// What is read of each row of a statement as it comes.
    pub(crate) async fn read<T, E: From<DbErr>>(
        &self,
        query: Query<'_, Postgres, SqlxValues>,
        read: impl FnMut(QueryResult) -> Result<T, E>,
    ) -> Result<Vec<T>, E> {
        bounded(async { self.lease().await?.read(query, read).await }).await
    }

    /// Closes those that wait for work; the others close when they are given back.
    pub(crate) async fn close(&self) {
        let idle = {
            let mut state = self.state();
            state.closed = true;
            state.waiting.clear();
            mem::take(&mut state.idle)
        };
        for opened in idle {
            self.state().closes(opened.home);
            if let Err(error) = opened.connection.close().await {
                tracing::debug!(%error, "a connection to the database was gone before it was closed");
            }
        }
    }
}

#[cfg(test)]
mod tests;
