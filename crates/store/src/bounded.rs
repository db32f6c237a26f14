//! A database that is waited for so long and no longer: it ends statements that take too long by itself, but one that cannot be
//! reached any more, without anybody having said so, ends nothing.

use std::time::Duration;

use sea_orm::entity::prelude::async_trait;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr, Statement};
use sqlx::Connection as _;
use sqlx::postgres::PgConnection;
use tokio::time::timeout;

/// How long a statement may take (`statement_timeout`).
pub(crate) const STATEMENT: Duration = Duration::from_secs(30);

/// How long a connection is waited for.
pub(crate) const ACQUIRE: Duration = Duration::from_secs(5);

/// How long an answer is waited for: for a connection, for the statement, and a little for the way.
const PATIENCE: Duration = Duration::from_secs(40);

/// A pool, or a transaction, of which each answer comes within [`PATIENCE`] or is an error.
#[derive(Debug, Clone)]
pub(crate) struct Bounded<C>(pub(crate) C);

/// What is asked for, within [`PATIENCE`].
pub(crate) async fn bounded<T>(asked: impl Future<Output = Result<T, DbErr>>) -> Result<T, DbErr> {
    timeout(PATIENCE, asked).await.unwrap_or_else(|_| {
        let silent = std::io::Error::new(std::io::ErrorKind::TimedOut, "no answer came in time");
        Err(DbErr::Conn(RuntimeErr::SqlxError(sqlx::Error::Io(silent).into())))
    })
}

/// Whether a connection that was given back still answers. One that does not is closed: the pool would wait for it for as long
/// as TCP does, a quarter of an hour, and soon have no other.
pub(crate) async fn answers(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    timeout(ACQUIRE, connection.ping()).await.map_err(|_| sqlx::Error::PoolTimedOut)?.map(|()| true)
}

#[async_trait::async_trait]
impl<C: ConnectionTrait> ConnectionTrait for Bounded<C> {
    fn get_database_backend(&self) -> DbBackend {
        self.0.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        bounded(self.0.execute_raw(statement)).await
    }

    async fn execute_unprepared(&self, text: &str) -> Result<ExecResult, DbErr> {
        bounded(self.0.execute_unprepared(text)).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        bounded(self.0.query_one_raw(statement)).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        bounded(self.0.query_all_raw(statement)).await
    }
}
