//! The connection pool, transactions, and the ear for `NOTIFY`.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use domain::audit::Record;
use sea_orm::sea_query::PostgresQueryBuilder;
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseBackend, DatabaseConnection, DatabaseTransaction, DbErr,
    QueryResult, RuntimeErr, Statement, TransactionTrait as _, Value,
};
use sea_query_sqlx::{SqlxBinder, SqlxValues};
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::AssertSqlSafe;
use sqlx::postgres::{PgConnectOptions, PgListener, PgPool};
use tokio::time::timeout;

use crate::bounded::{ACQUIRE, Bounded, STATEMENT, answers, bounded};
use crate::{Error, Result, SealingKeys};

/// What the server is to end by itself, in each session: waiting for a lock (an operator may hold one), and transactions and
/// statements of programs that are gone, or that the network no longer reaches, so that their locks are.
const SERVER_ENDS: [(&str, &str); 6] = [
    ("lock_timeout", "5s"),
    ("idle_in_transaction_session_timeout", "2min"),
    ("client_connection_check_interval", "10s"),
    ("tcp_keepalives_idle", "60"),
    ("tcp_keepalives_interval", "10"),
    ("tcp_keepalives_count", "6"),
];

/// How long a replica is waited for that has not seen everything.
const LAG: Duration = Duration::from_millis(500);

/// How to reach the database.
#[derive(Clone)]
pub struct Connect {
    /// `postgres://user:password@host/database`.
    pub url: SecretString,
    /// A streaming replica of it, which takes statistics and exports, if there is one.
    pub replica: Option<SecretString>,
    /// The schema that holds the city: one city a schema.
    pub schema: String,
    /// How many connections at most, two at least: a third of them is for lists and statistics.
    pub connections: u32,
}

/// The database, and the keys of what it holds sealed.
#[derive(Clone)]
pub struct Store {
    pub(crate) db: Bounded<DatabaseConnection>,
    /// Connections that plan a prepared statement anew each time, for the values that it has then.
    planning: DatabaseConnection,
    replica: Option<Arc<Self>>,
    pub(crate) keys: Arc<SealingKeys>,
}

/// A transaction. Dropped without [`Tx::commit`], it never happened.
pub struct Tx {
    pub(crate) db: Bounded<DatabaseTransaction>,
    pub(crate) keys: Arc<SealingKeys>,
    /// What the commit will append to the audit log.
    pub(crate) audit: Mutex<Vec<Record>>,
}

/// A statement with its parameters bound.
pub(crate) fn sql<const N: usize>(text: &'static str, values: [Value; N]) -> Statement {
    Statement::from_sql_and_values(DatabaseBackend::Postgres, text, values)
}

impl Store {
    /// Opens the pools: no connection is made before it is needed, so that a database which comes up later is no
    /// reason to fail.
    ///
    /// # Errors
    /// When the URL is not one.
    pub async fn connect(connect: &Connect, keys: SealingKeys) -> Result<Self> {
        check("DATABASE_URL", &connect.url)?;
        let keys = Arc::new(keys);
        let all = connect.connections.max(2);
        let third = (all / 3).max(1);
        let open = async |url, most, plans| Database::connect(options(connect, url, most, plans)).await;
        let replica = match &connect.replica {
            Some(url) => {
                check("DATABASE_REPLICA_URL", url)?;
                let planning = open(url, third, "force_custom_plan").await?;
                let db = Bounded(planning.clone());
                Some(Arc::new(Self { db, planning, replica: None, keys: keys.clone() }))
            }
            None => None,
        };
        let db = Bounded(open(&connect.url, all - third, "auto").await?);
        Ok(Self { db, planning: open(&connect.url, third, "force_custom_plan").await?, replica, keys })
    }

    /// Reads what nobody waits for in between: from the replica, if there is one and it has seen all that was answered until
    /// now; from the database itself otherwise, and when the replica fails.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn aside<T>(&self, read: impl AsyncFn(&Self) -> Result<T>) -> Result<T> {
        if let Some(replica) = self.replica.as_deref() {
            match timeout(LAG * 2, self.is_seen_by(replica)).await {
                Ok(Ok(true)) => match read(replica).await {
                    Ok(read) => return Ok(read),
                    Err(error) => {
                        tracing::warn!(%error, "the replica of the database failed; the database itself is read");
                    }
                },
                Ok(Ok(false)) => tracing::warn!("the replica of the database lags behind; the database itself is read"),
                Ok(Err(error)) => {
                    tracing::warn!(%error, "the replica of the database does not answer; the database itself is read");
                }
                Err(_) => tracing::warn!("the replica of the database is silent; the database itself is read"),
            }
        }
        read(self).await
    }

    /// Whether a replica has seen all that was committed until now; it is waited for a little.
    async fn is_seen_by(&self, replica: &Self) -> Result<bool> {
        let Some(row) = self.db.query_one_raw(sql("select pg_current_wal_flush_lsn()::text", [])).await? else {
            return Ok(false);
        };
        let committed: String = row.try_get_by_index(0)?;
        let until = Instant::now() + LAG;
        loop {
            // What is no replica has replayed nothing.
            let seen =
                sql("select coalesce(pg_last_wal_replay_lsn() >= $1::pg_lsn, false)", [committed.as_str().into()]);
            let row = replica.db.query_one_raw(seen).await?;
            let seen = row.map_or(Ok(false), |row| row.try_get_by_index(0))?;
            if seen || Instant::now() > until {
                return Ok(seen);
            }
            tokio::time::sleep(LAG / 20).await;
        }
    }

    /// Begins a transaction. What happens in it belongs to the trace of what is being done, if that is sent to a collector.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn begin(&self) -> Result<Tx> {
        let db = Bounded(bounded(self.db.0.begin()).await?);
        if let Some(traceparent) = traces::current() {
            // Events keep it: migration 0046.
            db.execute_raw(sql("select set_config('continuum.traceparent', $1, true)", [traceparent.into()])).await?;
        }
        Ok(Tx { db, keys: self.keys.clone(), audit: Mutex::default() })
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<()> {
        self.db.execute_unprepared("select 1").await?;
        Ok(())
    }

    /// The rows of a statement that is planned for its values.
    pub(crate) async fn planned(&self, select: &impl SqlxBinder) -> Result<Vec<QueryResult>> {
        let (text, values) = select.build_sqlx(PostgresQueryBuilder);
        self.planned_text(text, values).await
    }

    /// The same, of a text that is made of names of this crate's only: every value is a parameter.
    pub(crate) async fn planned_text(&self, text: String, values: SqlxValues) -> Result<Vec<QueryResult>> {
        let query = sqlx::query_with(AssertSqlSafe(text), values);
        let failed = |error: sqlx::Error| DbErr::Query(RuntimeErr::SqlxError(error.into()));
        let pool = self.planning.get_postgres_connection_pool();
        let rows = bounded(async { query.fetch_all(pool).await.map_err(failed) }).await?;
        Ok(rows.into_iter().map(QueryResult::from).collect())
    }

    /// Listens to what other instances announce.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn listen(&self, channels: &[&str]) -> Result<Listener> {
        let mut listener = PgListener::connect_with(self.pool()).await?;
        listener.listen_all(channels.iter().copied()).await?;
        Ok(Listener(listener))
    }

    pub(crate) fn pool(&self) -> &PgPool {
        self.db.0.get_postgres_connection_pool()
    }

    /// Both of them.
    pub(crate) fn pools(&self) -> [&PgPool; 2] {
        [self.pool(), self.planning.get_postgres_connection_pool()]
    }

    /// Closes every connection; one that does not answer is not waited for.
    pub async fn close(self) {
        let [one, other] = self.pools();
        let replica = async {
            if let Some(replica) = &self.replica {
                replica.pool().close().await;
            }
        };
        if timeout(ACQUIRE, async { tokio::join!(one.close(), other.close(), replica) }).await.is_err() {
            tracing::warn!("a connection to the database could not be closed");
        }
    }
}

/// Refuses what cannot be parsed, and does not repeat it: the driver's message would hold the password.
fn check(name: &str, url: &SecretString) -> Result<()> {
    if url.expose_secret().parse::<PgConnectOptions>().is_ok() {
        return Ok(());
    }
    Err(Error::Database(DbErr::Custom(format!(
        "{name} is not of the form postgres://user:password@host/database; in a password, write # as %23, / as %2F, @ as %40"
    ))))
}

/// What connections of a pool have in common.
fn options(connect: &Connect, url: &SecretString, most: u32, plans: &'static str) -> ConnectOptions {
    let mut options = ConnectOptions::new(url.expose_secret());
    options
        .max_connections(most)
        .connect_lazy(true)
        .acquire_timeout(ACQUIRE)
        .statement_timeout(STATEMENT)
        // The pool would otherwise ask every connection whether it lives, a round trip each time it is taken.
        .test_before_acquire_if_idle_for(Duration::from_secs(30))
        .set_schema_search_path(&connect.schema)
        .set_application_name("continuum")
        .map_sqlx_postgres_opts(move |options| {
            let options = options.options(SERVER_ENDS);
            options.options([
                // How much alike words have to be for `resembles` (migration 0011): « matlas » finds « matelas ».
                ("pg_trgm.word_similarity_threshold", "0.45"),
                ("plan_cache_mode", plans),
                // A request has one processor: where many are answered at once, the others are not free.
                ("max_parallel_workers_per_gather", "0"),
            ])
        })
        .map_sqlx_postgres_pool_opts(|options| options.after_release(|connection, _| Box::pin(answers(connection))))
        .sqlx_logging(false);
    options
}

impl Tx {
    /// Makes everything that was done in the transaction happen, and its records in the audit log with it.
    ///
    /// # Errors
    /// When the database does not confirm; then it may or may not have happened.
    pub async fn commit(mut self) -> Result<()> {
        self.append_audit().await?;
        Ok(bounded(self.db.0.commit()).await?)
    }
}

/// Makes a database on a server, unless it exists. For a server of our own: elsewhere, the operator does it.
///
/// # Errors
/// When the server does not answer.
pub async fn ensure_database(server_url: &str, name: &str) -> Result<()> {
    let db = Database::connect(ConnectOptions::new(server_url)).await?;
    let exists = || sql("select 1 from pg_database where datname = $1", [name.into()]);
    if db.query_one_raw(exists()).await?.is_none() {
        let made = db.execute_unprepared(&format!(r#"create database "{}""#, name.replace('"', "\"\""))).await;
        // Another program may have made it in the same instant.
        if db.query_one_raw(exists()).await?.is_none() {
            made?;
        }
    }
    Ok(db.close().await?)
}

/// Drops a database of a server of our own, with everything in it.
///
/// # Errors
/// When the server does not answer.
pub async fn drop_database(server_url: &str, name: &str) -> Result<()> {
    let db = Database::connect(ConnectOptions::new(server_url)).await?;
    db.execute_unprepared(&format!(r#"drop database if exists "{}" with (force)"#, name.replace('"', "\"\""))).await?;
    Ok(db.close().await?)
}

/// The ear for what other instances announce.
pub struct Listener(PgListener);

impl Listener {
    /// The channel of the next announcement. A lost connection is made anew; what was announced meanwhile is lost, so
    /// that a listener also looks by itself now and then.
    ///
    /// # Errors
    /// When the connection is lost and cannot be made anew.
    pub async fn next(&mut self) -> Result<String> {
        Ok(self.0.recv().await?.channel().to_owned())
    }
}
