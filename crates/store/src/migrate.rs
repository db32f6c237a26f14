//! The migrations: plain SQL, forward only, inside this binary; run under an advisory lock, so that several instances
//! may start at once.

use std::collections::BTreeMap;

use sea_orm::{ConnectionTrait, DatabaseBackend, Statement};
use sqlx::Connection as _;
use sqlx::migrate::{MigrateError, Migration, Migrator};

use crate::connect::sql;
use crate::{Error, Result, Store};

static MIGRATIONS: Migrator = sqlx::migrate!("../../migrations");

/// A migration that the database does not have yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// Its number.
    pub version: i64,
    /// Its name.
    pub name: String,
}

/// Why the migrations cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    /// A newer program has migrated this database.
    #[error(
        "the database is newer than this program: it has migration {found}, this program knows {known} at most; \
         install the newer program again"
    )]
    DatabaseIsNewer {
        /// The highest migration of the database.
        found: i64,
        /// The highest migration of this program.
        known: i64,
    },
    /// A migration is not the one that was run.
    #[error("migration {0} is not the one that was run on this database: its text has changed since")]
    Changed(i64),
    /// The role of the database only serves.
    #[error("this role may not migrate the database: let the role that owns it run `continuum migrate --serving-role`")]
    NotAllowed,
    /// A migration failed; it left nothing behind.
    #[error("a migration failed and left nothing behind: {0}")]
    Failed(MigrateError),
    /// The database could not be asked.
    #[error(transparent)]
    Store(#[from] Error),
}

impl Store {
    /// The migrations that the database does not have yet, in order.
    ///
    /// # Errors
    /// [`MigrationError::DatabaseIsNewer`], [`MigrationError::Changed`], or when the database does not answer.
    pub async fn pending_migrations(&self) -> std::result::Result<Vec<Pending>, MigrationError> {
        let exists = Statement::from_string(
            DatabaseBackend::Postgres,
            "select 1 from pg_class where oid = to_regclass('_sqlx_migrations')",
        );
        let mut applied = BTreeMap::new();
        if self.db.query_one_raw(exists).await.map_err(Error::from)?.is_some() {
            // As readiness does it: by a connection that is there.
            let rows = self.db.query_all_raw(sql("select version, checksum from _sqlx_migrations", [])).await;
            for row in rows.map_err(Error::from)? {
                let version: i64 = row.try_get_by_index(0).map_err(Error::from)?;
                applied.insert(version, row.try_get_by_index::<Vec<u8>>(1).map_err(Error::from)?);
            }
        }
        let known = MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or_default();
        if let Some(found) = applied.keys().copied().max().filter(|found| *found > known) {
            return Err(MigrationError::DatabaseIsNewer { found, known });
        }
        let is_changed = |m: &Migration| applied.get(&m.version).is_some_and(|checksum| m.checksum != *checksum);
        if let Some(changed) = MIGRATIONS.iter().find(|migration| is_changed(migration)) {
            return Err(MigrationError::Changed(changed.version));
        }
        let pending = MIGRATIONS.iter().filter(|migration| !applied.contains_key(&migration.version));
        Ok(pending.map(|m| Pending { version: m.version, name: m.description.to_string() }).collect())
    }

    /// Brings the database up to this program: creates the schema if need be, and runs what is pending.
    ///
    /// # Errors
    /// See [`MigrationError`].
    pub async fn migrate(&self, schema: &str) -> std::result::Result<(), MigrationError> {
        let quoted = schema.replace('"', "\"\"");
        let exists = Statement::from_sql_and_values(
            DatabaseBackend::Postgres,
            "select 1 from pg_namespace where nspname = $1",
            [schema.into()],
        );
        if self.db.query_one_raw(exists).await.map_err(Error::from)?.is_none() {
            // Two instances may come here at once: the second finds the schema made.
            let create = format!(r#"create schema if not exists "{quoted}""#);
            if let Err(error) = self.db.execute_unprepared(&create).await {
                let error = Error::from(error);
                if error.constraint() != Some("pg_namespace_nspname_index") {
                    return Err(error.into());
                }
            }
        }
        // Who serves need not be allowed to migrate.
        if self.pending_migrations().await?.is_empty() {
            return Ok(());
        }
        // Migrations may take longer than a statement of a request, and another instance's turn is waited for.
        let mut connection = self.db.beside().await.map_err(Error::from)?;
        for unlimited in ["set statement_timeout = 0", "set lock_timeout = 0"] {
            sqlx::query(unlimited).execute(&mut connection).await.map_err(Error::from)?;
        }
        let outcome = MIGRATIONS.run(&mut connection).await;
        connection.close().await.map_err(Error::from)?;
        outcome.map_err(|error| match error {
            MigrateError::VersionMissing(found) => MigrationError::DatabaseIsNewer {
                found,
                known: MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or_default(),
            },
            MigrateError::VersionMismatch(version) => MigrationError::Changed(version),
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) if is_not_allowed(&error) => {
                MigrationError::NotAllowed
            }
            other => MigrationError::Failed(other),
        })
    }
}

/// It lacks a right; or, where it may not see the schema, has none to create something in.
fn is_not_allowed(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| ["42501", "3F000"].contains(&&*code))
}

/// What a role needs that serves, and no more: it reads and writes the city's rows, and changes no table.
const SERVING: &str = "
    grant usage on schema {schema} to {role};
    grant select, insert, update, delete on all tables in schema {schema} to {role};
    grant usage, select on all sequences in schema {schema} to {role};
    revoke insert, update, delete on {schema}._sqlx_migrations from {role};";

impl Store {
    /// Gives a role of the database what it needs to serve. Whoever owns the tables does so, after each migration. False, and
    /// nothing is given, when it may do more: it is a superuser, owns the tables, or is a member of who does.
    ///
    /// # Errors
    /// When there is no such role, or the database does not answer.
    pub async fn grant_serving(&self, schema: &str, role: &str) -> Result<bool> {
        let more = Statement::from_sql_and_values(
            DatabaseBackend::Postgres,
            "select r.rolsuper or pg_has_role(r.oid, c.relowner, 'member')
             from pg_roles r, pg_class c where r.rolname = $1 and c.oid = to_regclass('_sqlx_migrations')",
            [role.into()],
        );
        // Of one that is not there, the grant says so.
        if self.db.query_one_raw(more).await?.map_or(Ok(false), |row| row.try_get_by_index(0))? {
            return Ok(false);
        }
        let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
        let grants = SERVING.replace("{schema}", &quoted(schema)).replace("{role}", &quoted(role));
        self.db.execute_unprepared(&grants).await?;
        Ok(true)
    }
}

/// Whether every migration of this program has been run.
///
/// # Errors
/// When the database does not answer.
pub async fn is_current(store: &Store) -> Result<bool> {
    match store.pending_migrations().await {
        Ok(pending) => Ok(pending.is_empty()),
        Err(MigrationError::Store(error)) => Err(error),
        Err(
            MigrationError::DatabaseIsNewer { .. }
            | MigrationError::Changed(_)
            | MigrationError::NotAllowed
            | MigrationError::Failed(_),
        ) => Ok(false),
    }
}
