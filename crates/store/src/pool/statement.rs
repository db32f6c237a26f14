//! Statements on any connection, or within a transaction.

use sea_orm::entity::prelude::async_trait;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, Statement, Values};
use sea_query_sqlx::SqlxValues;
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Postgres};

use super::lease::{Lease, Left};
use super::{Pool, bounded};

impl Pool {
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
