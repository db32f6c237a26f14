//! Connections to the database that are kept open, so many and no more, each for one statement or one transaction at a time.
//!
//! The pool of the driver asks each connection that is given back whether it lives: after each statement a round trip more, which
//! nobody waits for and both sides pay. Here one whose statement has ended is given back without a word; only one that was left in
//! the middle of something is asked. And whoever takes one gets one that was opened by their own thread, if there is any: its
//! answers wake nobody else.

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use sea_orm::entity::prelude::async_trait;
use sea_orm::{
    ConnAcquireErr, ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr, Statement, Values,
};
use sea_query_sqlx::SqlxValues;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgListener, PgPoolOptions, PgRow};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Connection as _, Postgres};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// How long a statement may take (`statement_timeout`).
pub(crate) const STATEMENT: Duration = Duration::from_secs(30);

/// How long a connection is waited for: for a free one, for the server to take a new one, for one to say that it lives.
pub(crate) const ACQUIRE: Duration = Duration::from_secs(5);

/// How long an answer is waited for: for a connection, for the statement, and a little for the way. A database that cannot be
/// reached any more, without anybody having said so, ends nothing by itself.
const PATIENCE: Duration = Duration::from_secs(40);

/// After how long without use a connection is asked whether it lives before it is used; at once, when another one broke.
const IDLE: Duration = Duration::from_secs(30);

/// How old a connection becomes: what the server keeps for each grows with what it was asked.
const LIFETIME: Duration = Duration::from_mins(30);

/// What is asked for, within [`PATIENCE`].
async fn bounded<T>(asked: impl Future<Output = Result<T, DbErr>>) -> Result<T, DbErr> {
    timeout(PATIENCE, asked).await.unwrap_or_else(|_| {
        let silent = std::io::Error::new(std::io::ErrorKind::TimedOut, "no answer came in time");
        Err(DbErr::Conn(RuntimeErr::SqlxError(sqlx::Error::Io(silent).into())))
    })
}

/// The connections.
#[derive(Clone)]
pub(crate) struct Pool(Arc<Shared>);

struct Shared {
    options: PgConnectOptions,
    most: u32,
    /// As many as may be at work at once.
    permits: Arc<Semaphore>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Those that wait for work, the one used last at the end.
    idle: Vec<Opened>,
    /// How many are open, at work or not.
    open: u32,
    /// When one was last found broken: the others may be too.
    broken: Option<Instant>,
}

struct Opened {
    connection: PgConnection,
    by: ThreadId,
    at: Instant,
    used: Instant,
}

impl Pool {
    /// Opens none before it is needed.
    pub(crate) fn new(options: PgConnectOptions, most: u32) -> Self {
        let permits = Arc::new(Semaphore::new(usize::try_from(most).unwrap_or(Semaphore::MAX_PERMITS)));
        Self(Arc::new(Shared { options, most, permits, state: Mutex::default() }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing is left half-done while it is held.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many there may be, how many are open, and how many of these wait for work.
    pub(crate) fn standing(&self) -> (u32, u32, u32) {
        let state = self.state();
        (self.0.most, state.open, u32::try_from(state.idle.len()).unwrap_or(u32::MAX))
    }

    /// A connection beside them, which nobody else will use.
    pub(crate) async fn beside(&self) -> Result<PgConnection, sqlx::Error> {
        timeout(ACQUIRE, PgConnection::connect_with(&self.0.options)).await.map_err(|_| sqlx::Error::PoolTimedOut)?
    }

    /// An ear for `NOTIFY`, with a connection of its own.
    pub(crate) async fn listener(&self) -> Result<PgListener, sqlx::Error> {
        let own = PgPoolOptions::new().max_connections(1).acquire_timeout(ACQUIRE);
        PgListener::connect_with(&own.connect_lazy_with(self.0.options.clone())).await
    }

    /// One that waits for work: opened by this thread, or by another one if no more may be opened. None when one more is to be
    /// opened, and is counted already.
    fn idle(&self) -> Option<Opened> {
        let mut state = self.state();
        let here = thread::current().id();
        let ours = state.idle.iter().rposition(|idle| idle.by == here);
        let any = state.idle.len().checked_sub(1).filter(|_| state.open >= self.0.most);
        let found = ours.or(any).map(|place| state.idle.remove(place));
        state.open += u32::from(found.is_none());
        found
    }

    async fn lease(&self) -> Result<Lease, DbErr> {
        let permit = match timeout(ACQUIRE, self.0.permits.clone().acquire_owned()).await {
            Ok(Ok(permit)) => permit,
            Ok(Err(_)) => return Err(DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed)),
            Err(_) => return Err(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)),
        };
        let mut lease =
            Lease { opened: None, left: Left::Nothing, given_up: false, pool: self.clone(), permit: Some(permit) };
        while let Some(opened) = self.idle() {
            let used = opened.used;
            let doubtful = used.elapsed() > IDLE || self.state().broken.is_some_and(|broken| used <= broken);
            lease.opened = Some(opened);
            if !doubtful || lease.answers().await {
                return Ok(lease);
            }
            lease.close();
        }
        // Whatever happens until it is open, the lease gives its place back.
        lease.left = Left::Opening;
        let (by, at) = (thread::current().id(), Instant::now());
        let connection =
            Box::pin(self.beside()).await.map_err(|error| DbErr::Conn(RuntimeErr::SqlxError(error.into())))?;
        lease.left = Left::Nothing;
        lease.opened = Some(Opened { connection, by, at, used: at });
        Ok(lease)
    }

    /// The rows of a statement.
    pub(crate) async fn rows(&self, query: Query<'_, Postgres, SqlxValues>) -> Result<Vec<QueryResult>, DbErr> {
        bounded(async { self.lease().await?.rows(query).await }).await
    }

    /// Begins a transaction.
    pub(crate) async fn begin(&self) -> Result<Transaction, DbErr> {
        bounded(async {
            let mut lease = self.lease().await?;
            lease.left = Left::Transaction;
            lease.unprepared("begin").await?;
            Ok(Transaction(tokio::sync::Mutex::new(lease)))
        })
        .await
    }

    /// Closes those that wait for work; the others close when they are given back.
    pub(crate) async fn close(&self) {
        self.0.permits.close();
        let idle = mem::take(&mut self.state().idle);
        for opened in idle {
            self.state().open -= 1;
            if let Err(error) = opened.connection.close().await {
                tracing::debug!(%error, "a connection to the database was gone before it was closed");
            }
        }
    }
}

/// What a lease was left in the middle of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Left {
    Nothing,
    /// The server has not taken the connection yet.
    Opening,
    Statement,
    Transaction,
}

/// A connection at work.
struct Lease {
    opened: Option<Opened>,
    left: Left,
    /// It was given up before, and is being asked whether it can be used again.
    given_up: bool,
    pool: Pool,
    permit: Option<OwnedSemaphorePermit>,
}

impl Lease {
    /// The connection, for one statement. Whoever stops waiting for its end leaves it in the middle.
    fn begin(&mut self) -> Result<&mut PgConnection, sqlx::Error> {
        if self.left == Left::Nothing {
            self.left = Left::Statement;
        }
        let opened = self.opened.as_mut();
        Ok(&mut opened.ok_or(sqlx::Error::PoolClosed)?.connection)
    }

    /// The statement has ended. Of a connection that broke nothing is left.
    fn end<T>(&mut self, outcome: Result<T, sqlx::Error>) -> Result<T, RuntimeErr> {
        if self.left == Left::Statement {
            self.left = Left::Nothing;
        }
        outcome.map_err(|error| {
            if matches!(error, sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_)) {
                self.close();
            }
            RuntimeErr::SqlxError(error.into())
        })
    }

    async fn rows(&mut self, query: Query<'_, Postgres, SqlxValues>) -> Result<Vec<QueryResult>, DbErr> {
        let rows = match self.begin() {
            Ok(connection) => query.fetch_all(connection).await,
            Err(closed) => Err(closed),
        };
        let rows: Vec<PgRow> = self.end(rows).map_err(DbErr::Query)?;
        Ok(rows.into_iter().map(QueryResult::from).collect())
    }

    async fn execute(&mut self, query: Query<'_, Postgres, SqlxValues>) -> Result<ExecResult, DbErr> {
        let done = match self.begin() {
            Ok(connection) => query.execute(connection).await,
            Err(closed) => Err(closed),
        };
        Ok(self.end(done).map_err(DbErr::Exec)?.into())
    }

    async fn unprepared(&mut self, text: &str) -> Result<ExecResult, DbErr> {
        let done = match self.begin() {
            Ok(connection) => Box::pin(sqlx::raw_sql(AssertSqlSafe(text)).execute(connection)).await,
            Err(closed) => Err(closed),
        };
        Ok(self.end(done).map_err(DbErr::Exec)?.into())
    }

    /// Whether the server still answers, and nothing is left of what was begun.
    async fn answers(&mut self) -> bool {
        let left = self.left;
        let asked = async {
            let connection = self.begin()?;
            connection.ping().await?;
            if left == Left::Transaction {
                sqlx::raw_sql("rollback").execute(connection).await?;
            }
            Ok::<(), sqlx::Error>(())
        };
        let answered = timeout(ACQUIRE, asked).await.is_ok_and(|answered| answered.is_ok());
        if answered {
            self.left = Left::Nothing;
        }
        answered
    }

    /// Hangs up; the server ends what was begun.
    fn close(&mut self) {
        if self.opened.take().is_some() {
            let mut state = self.pool.state();
            state.open -= 1;
            state.broken = Some(Instant::now());
        }
        self.left = Left::Nothing;
    }

    /// Puts the connection back, unless it is old, or no other one is wanted.
    fn give_back(&mut self) {
        let Some(mut opened) = self.opened.take() else { return };
        opened.used = Instant::now();
        let mut state = self.pool.state();
        if opened.at.elapsed() > LIFETIME || self.pool.0.permits.is_closed() {
            state.open -= 1;
        } else {
            state.idle.push(opened);
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        match (self.left, Handle::try_current()) {
            (Left::Nothing, _) => self.give_back(),
            (Left::Opening, _) => self.pool.state().open -= 1,
            // Whoever waited for it does no more: what comes back is still to be read, and the transaction to be undone.
            (Left::Statement | Left::Transaction, Ok(runtime)) if !self.given_up => {
                let (opened, pool, permit) = (self.opened.take(), self.pool.clone(), self.permit.take());
                let mut lease = Self { opened, left: self.left, given_up: true, pool, permit };
                runtime.spawn(async move {
                    if !lease.answers().await {
                        lease.close();
                    }
                });
            }
            // A runtime that ends drops what is spawned.
            (Left::Statement | Left::Transaction, _) => self.close(),
        }
    }
}

/// A transaction. Dropped without a commit, it is undone.
pub(crate) struct Transaction(tokio::sync::Mutex<Lease>);

impl Transaction {
    /// Makes it happen.
    pub(crate) async fn commit(self) -> Result<(), DbErr> {
        let mut lease = self.0.into_inner();
        bounded(lease.unprepared("commit")).await?;
        lease.left = Left::Nothing;
        Ok(())
    }
}

/// A statement as the driver takes it.
fn query(statement: &Statement) -> Query<'_, Postgres, SqlxValues> {
    let values = statement.values.clone().unwrap_or(Values(Vec::new()));
    sqlx::query_with(AssertSqlSafe(statement.sql.as_str()), SqlxValues(values))
}

#[async_trait::async_trait]
impl ConnectionTrait for Pool {
    fn get_database_backend(&self) -> DbBackend {
        DbBackend::Postgres
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        bounded(async { self.lease().await?.execute(query(&statement)).await }).await
    }

    async fn execute_unprepared(&self, text: &str) -> Result<ExecResult, DbErr> {
        bounded(async { self.lease().await?.unprepared(text).await }).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        Ok(self.query_all_raw(statement).await?.into_iter().next())
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.rows(query(&statement)).await
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for Transaction {
    fn get_database_backend(&self) -> DbBackend {
        DbBackend::Postgres
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        bounded(async { self.0.lock().await.execute(query(&statement)).await }).await
    }

    async fn execute_unprepared(&self, text: &str) -> Result<ExecResult, DbErr> {
        bounded(async { self.0.lock().await.unprepared(text).await }).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        Ok(self.query_all_raw(statement).await?.into_iter().next())
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        bounded(async { self.0.lock().await.rows(query(&statement)).await }).await
    }
}
