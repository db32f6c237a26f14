//! A connection at work, which is given back when it is dropped.

use std::time::{Duration, Instant};

use futures_util::TryStreamExt as _;
use sea_orm::{DbErr, ExecResult, QueryResult, RuntimeErr};
use sea_query_sqlx::SqlxValues;
use sqlx::postgres::PgConnection;
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Connection as _, Postgres};
use tokio::runtime::Handle;
use tokio::time::timeout;

use super::{ACQUIRE, Home, Opened, Pool};

/// How old a connection becomes: what the server keeps for each grows with what it was asked.
const LIFETIME: Duration = Duration::from_mins(30);

/// What a lease was left in the middle of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    Nothing,
    /// The server has not taken the connection yet, which is counted where it is to be heard.
    Opening(Home),
    Statement,
    Transaction,
}

/// A connection at work.
pub(super) struct Lease {
    pub(super) opened: Option<Opened>,
    pub(super) left: Left,
    /// It was given up before, and is being asked whether it can be used again.
    given_up: bool,
    pool: Pool,
    /// It has a place among those at work, to be given back.
    pub(super) placed: bool,
}

impl Lease {
    pub(super) const fn new(pool: Pool, opened: Option<Opened>) -> Self {
        Self { opened, left: Left::Nothing, given_up: false, pool, placed: true }
    }

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

    /// What is read of each row as it comes, so that those that came before can go.
    pub(super) async fn read<T, E: From<DbErr>>(
        &mut self,
        query: Query<'_, Postgres, SqlxValues>,
        mut read: impl FnMut(QueryResult) -> Result<T, E>,
    ) -> Result<Vec<T>, E> {
        let mut all = Vec::new();
        let ended = match self.begin() {
            Ok(connection) => {
                let mut rows = query.fetch(connection);
                loop {
                    match rows.try_next().await {
                        Ok(Some(row)) => all.push(read(row.into())?),
                        Ok(None) => break Ok(()),
                        Err(error) => break Err(error),
                    }
                }
            }
            Err(closed) => Err(closed),
        };
        self.end(ended).map_err(DbErr::Query)?;
        Ok(all)
    }

    pub(super) async fn rows(&mut self, query: Query<'_, Postgres, SqlxValues>) -> Result<Vec<QueryResult>, DbErr> {
        self.read(query, Ok).await
    }

    pub(super) async fn execute(&mut self, query: Query<'_, Postgres, SqlxValues>) -> Result<ExecResult, DbErr> {
        let done = match self.begin() {
            Ok(connection) => query.execute(connection).await,
            Err(closed) => Err(closed),
        };
        Ok(self.end(done).map_err(DbErr::Exec)?.into())
    }

    pub(super) async fn unprepared(&mut self, text: &str) -> Result<ExecResult, DbErr> {
        let done = match self.begin() {
            Ok(connection) => Box::pin(sqlx::raw_sql(AssertSqlSafe(text)).execute(connection)).await,
            Err(closed) => Err(closed),
        };
        Ok(self.end(done).map_err(DbErr::Exec)?.into())
    }

    /// Whether the server still answers, and nothing is left of what was begun.
    pub(super) async fn answers(&mut self) -> bool {
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
    pub(super) fn close(&mut self) {
        if let Some(opened) = self.opened.take() {
            let mut state = self.pool.state();
            state.closes(opened.home);
            state.broken = Some(Instant::now());
        }
        self.left = Left::Nothing;
    }

    /// Gives back the place, and the connection unless it is old.
    fn give_back(&mut self) {
        self.placed = false;
        let mut opened = self.opened.take();
        if let Some(old) = opened.take_if(|opened| opened.at.elapsed() > LIFETIME) {
            self.pool.state().closes(old.home);
        }
        if let Some(opened) = &mut opened {
            opened.used = Instant::now();
        }
        self.pool.clone().pass_on(opened);
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        match (self.left, Handle::try_current()) {
            _ if !self.placed => {}
            (Left::Nothing, _) => self.give_back(),
            (Left::Opening(home), _) => {
                self.pool.state().closes(home);
                self.give_back();
            }
            // Whoever waited for it does no more: what comes back is still to be read, and the transaction to be undone.
            (Left::Statement | Left::Transaction, Ok(runtime)) if !self.given_up => {
                self.placed = false;
                let mut lease = Self::new(self.pool.clone(), self.opened.take());
                (lease.left, lease.given_up) = (self.left, true);
                runtime.spawn(async move {
                    if !lease.answers().await {
                        lease.close();
                    }
                });
            }
            // A runtime that ends drops what is spawned.
            (Left::Statement | Left::Transaction, _) => {
                self.close();
                self.give_back();
            }
        }
    }
}
