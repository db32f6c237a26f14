//! Where the database is, transactions, and the ear for `NOTIFY`.

use std::fmt::{self, Display, Write as _};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use data_encoding::HEXLOWER;
use domain::audit::Record;
use sea_orm::sea_query::{PostgresQueryBuilder, QueryBuilder, SelectStatement, SqlWriter, SqlWriterValues};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseBackend, DbErr, QueryResult, Statement, Value};
use sea_query_sqlx::{SqlxBinder, SqlxValues};
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::postgres::{PgConnectOptions, PgListener};
use sqlx::{AssertSqlSafe, ConnectOptions as _};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::pool::{ACQUIRE, Pool, STATEMENT, Transaction, turn};
use crate::{Error, Result, SealingKeys};

/// What the server is to end by itself, in each session: waiting for a lock (an operator may hold one), and transactions and
/// statements of programs that are gone, or that the network no longer reaches, so that their locks are.
const SERVER_ENDS: [(&str, &str); 6] = [
    ("lock_timeout", "4s"),
    ("idle_in_transaction_session_timeout", "2min"),
    ("client_connection_check_interval", "10s"),
    ("tcp_keepalives_idle", "60"),
    ("tcp_keepalives_interval", "10"),
    ("tcp_keepalives_count", "6"),
];

/// What statements mean, and how they are planned, in each session: whoever runs them without this crate needs the same.
pub const SESSION: [(&str, &str); 3] = [
    // How much alike words have to be for `resembles` (migration 0011): « matlas » finds « matelas ».
    ("pg_trgm.word_similarity_threshold", "0.45"),
    // A request has one processor: where many are answered at once, the others are not free.
    ("max_parallel_workers_per_gather", "0"),
    // Compiled plans gain nothing here (docs/performance.md), and whoever compiles one holds a compiler.
    ("jit", "off"),
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
    /// How many connections at most, three at least: a third of them is for lists and statistics, a quarter for searches.
    pub connections: u32,
}

/// The database, and the keys of what it holds sealed.
#[derive(Clone)]
pub struct Store {
    pub(crate) db: Pool,
    /// Connections that plan a prepared statement anew each time, for the values that it has then.
    planning: Pool,
    /// Statistics, for half of these: of a large city, each keeps one for seconds, and lists are not to wait for all of them.
    pub(crate) figures: Arc<Turns>,
    /// Lists of a thousand, for half of these: as many as can be worked at, and no more of them in memory.
    pub(crate) long_lists: Arc<Turns>,
    /// Connections for searches of all tickets: each keeps a processor of the database busy for a while, so that few at once are over
    /// sooner than many, and nothing else waits for them.
    pub(crate) searching: Pool,
    pub(crate) replica: Option<Arc<Self>>,
    pub(crate) keys: Arc<SealingKeys>,
}

/// So many heavy statements at once.
pub(crate) struct Turns {
    free: Semaphore,
    /// What is said to one that waits in vain.
    taken: &'static str,
}

/// A transaction. Dropped without [`Tx::commit`], it never happened.
pub struct Tx {
    pub(crate) db: Transaction,
    pub(crate) keys: Arc<SealingKeys>,
    /// What the commit will append to the audit log.
    pub(crate) audit: Mutex<Vec<Record>>,
}

/// Bytes as PostgreSQL reads a `bytea` in JSON.
pub(crate) fn bytea(bytes: &[u8]) -> String {
    format!("\\x{}", HEXLOWER.encode(bytes))
}

/// A statement with its parameters bound.
pub(crate) fn sql<const N: usize>(text: &'static str, values: [Value; N]) -> Statement {
    Statement::from_sql_and_values(DatabaseBackend::Postgres, text, values)
}

/// Writes statements with their codes and numbers in the text: what is left as a parameter says who asks, and when.
struct CodesInText(SqlWriterValues);

impl fmt::Write for CodesInText {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write_str(text)
    }
}

impl Display for CodesInText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl SqlWriter for CodesInText {
    fn push_param<T: QueryBuilder>(&mut self, value: Value, builder: &T) {
        match value {
            Value::String(_)
            | Value::Bool(_)
            | Value::SmallInt(_)
            | Value::Int(_)
            | Value::BigInt(_)
            | Value::BigUnsigned(_) => {
                self.0.write_str(&builder.value_to_string(&value)).expect("a text can be written to");
            }
            other => self.0.push_param(other, builder),
        }
    }

    fn as_writer(&mut self) -> &mut dyn fmt::Write {
        self
    }
}

impl Store {
    /// Opens the pools: no connection is made before it is needed, so that a database which comes up later is no
    /// reason to fail.
    ///
    /// # Errors
    /// When the URL is not one.
    pub fn connect(connect: &Connect, keys: SealingKeys) -> Result<Self> {
        let keys = Arc::new(keys);
        let url = options("DATABASE_URL", &connect.url, &connect.schema)?;
        let all = connect.connections.max(3);
        let (third, quarter) = (all / 3, (all / 4).max(1));
        let planning =
            |url: PgConnectOptions| Pool::new(url.options([("plan_cache_mode", "force_custom_plan")]), third);
        let half = |taken| Arc::new(Turns { free: Semaphore::new((third as usize / 2).max(1)), taken });
        let (figures, long_lists) = (|| half("others are counting"), || half("others are listing"));
        let replica = match &connect.replica {
            Some(url) => {
                let planning = planning(options("DATABASE_REPLICA_URL", url, &connect.schema)?);
                let (db, searching) = (planning.clone(), planning.clone());
                Some(Arc::new(Self {
                    db,
                    planning,
                    figures: figures(),
                    long_lists: long_lists(),
                    searching,
                    replica: None,
                    keys: keys.clone(),
                }))
            }
            None => None,
        };
        let [db, searching] = [all - third - quarter, quarter].map(|most| Pool::new(url.clone(), most));
        let (planning, figures, long_lists) = (planning(url), figures(), long_lists());
        Ok(Self { db, planning, figures, long_lists, searching, replica, keys })
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
        let db = self.db.begin().await?;
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
        self.planned_text(text, values, Ok).await
    }

    /// The rows of a statement that is asked again and again with the same few codes: they are a part of its text, so that a
    /// connection plans it for them a few times, and not each time; and again when PostgreSQL has looked at its tables anew. It names
    /// nobody in its text: there would be too many. What is read of each row as it comes.
    pub(crate) async fn planned_once<T>(
        &self,
        select: &SelectStatement,
        read: impl FnMut(QueryResult) -> Result<T>,
    ) -> Result<Vec<T>> {
        let mut writer = CodesInText(SqlWriterValues::new("$", true));
        select.build_collect_any_into(&PostgresQueryBuilder, &mut writer);
        let (text, values) = writer.0.into_parts();
        self.db.read(sqlx::query_with(AssertSqlSafe(text), SqlxValues(values)), read).await
    }

    /// The same as [`Self::planned`], of a text that is made of names of this crate's only: every value is a parameter. What is read
    /// of each row as it comes.
    pub(crate) async fn planned_text<T>(
        &self,
        text: String,
        values: SqlxValues,
        read: impl FnMut(QueryResult) -> Result<T>,
    ) -> Result<Vec<T>> {
        self.planning.read(sqlx::query_with(AssertSqlSafe(text), values), read).await
    }

    /// [`Self::planned_text`] of a heavy statement, once it is its turn.
    pub(crate) async fn in_turn<T>(
        &self,
        turns: &Turns,
        text: String,
        values: SqlxValues,
        read: impl FnMut(QueryResult) -> Result<T>,
    ) -> Result<Vec<T>> {
        let _turn = turn(turns.free.acquire()).await.map_err(|_| Error::Unavailable(turns.taken.to_owned()))?;
        self.planned_text(text, values, read).await
    }

    /// Listens to what other instances announce.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn listen(&self, channels: &[&str]) -> Result<Listener> {
        let mut listener = self.db.listener().await?;
        listener.listen_all(channels.iter().copied()).await?;
        Ok(Listener(listener))
    }

    /// All pools of connections.
    pub(crate) const fn pools(&self) -> [&Pool; 3] {
        [&self.db, &self.planning, &self.searching]
    }

    /// Closes every connection; one that does not answer is not waited for.
    pub async fn close(self) {
        let [db, planning, searching] = self.pools();
        let replica = async {
            if let Some(replica) = &self.replica {
                replica.db.close().await;
            }
        };
        if timeout(ACQUIRE, async { tokio::join!(db.close(), planning.close(), searching.close(), replica) })
            .await
            .is_err()
        {
            tracing::warn!("a connection to the database could not be closed");
        }
    }
}

/// What all connections have in common. What cannot be parsed is refused and not repeated: the driver's message would hold the
/// password.
fn options(name: &str, url: &SecretString, schema: &str) -> Result<PgConnectOptions> {
    let Ok(options) = url.expose_secret().parse::<PgConnectOptions>() else {
        return Err(Error::Database(DbErr::Custom(format!(
            "{name} is not of the form postgres://user:password@host/database; in a password, write # as %23, / as %2F, @ as %40"
        ))));
    };
    let name = format!("continuum {schema}");
    let schema = format!("\"{}\"", schema.replace('"', "\"\""));
    let limit = format!("{}ms", STATEMENT.as_millis());
    let options = options
        .application_name(&name)
        .options(SERVER_ENDS)
        .options(SESSION)
        .options([("search_path", schema.as_str()), ("statement_timeout", limit.as_str())]);
    Ok(options.disable_statement_logging())
}

impl Tx {
    /// Makes everything that was done in the transaction happen, and its records in the audit log with it.
    ///
    /// # Errors
    /// When the database does not confirm; then it may or may not have happened.
    pub async fn commit(mut self) -> Result<()> {
        self.append_audit().await?;
        Ok(self.db.commit().await?)
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
