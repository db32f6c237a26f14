//! What can go wrong when asking the database.

use sea_orm::{DbErr, RuntimeErr};

/// Why the store could not answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database cannot be reached, or has no connection to spare. Trying again later may help.
    #[error("the database does not answer: {0}")]
    Unavailable(String),
    /// A constraint of the schema forbids what was asked for.
    #[error("the constraint {0} forbids it")]
    Constraint(String),
    /// What the database holds is not what this program wrote.
    #[error("the database holds something unexpected: {0}")]
    Corrupt(String),
    /// Anything else: a defect of this program.
    #[error(transparent)]
    Database(DbErr),
}

impl Error {
    /// The name of the constraint that forbade it.
    #[must_use]
    pub fn constraint(&self) -> Option<&str> {
        match self {
            Self::Constraint(name) => Some(name),
            Self::Unavailable(_) | Self::Corrupt(_) | Self::Database(_) => None,
        }
    }

    /// A key had an answer a moment ago, and has none now.
    #[must_use]
    pub fn key_cleared() -> Self {
        Self::Unavailable("an idempotency key was cleared while it was read".to_owned())
    }

    pub(crate) fn corrupt(what: impl std::fmt::Display) -> Self {
        Self::Corrupt(what.to_string())
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        DbErr::Conn(RuntimeErr::SqlxError(error.into())).into()
    }
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        let sqlx = match &error {
            DbErr::ConnectionAcquire(_) => return Self::Unavailable(error.to_string()),
            DbErr::Conn(RuntimeErr::SqlxError(e))
            | DbErr::Exec(RuntimeErr::SqlxError(e))
            | DbErr::Query(RuntimeErr::SqlxError(e)) => e,
            _ => return Self::Database(error),
        };
        match &**sqlx {
            sqlx::Error::Database(database) => {
                let code = database.code().unwrap_or_default();
                match database.constraint() {
                    _ if passes(&code) => Self::Unavailable(error.to_string()),
                    Some(constraint) => Self::Constraint(constraint.to_owned()),
                    None => Self::Database(error),
                }
            }
            // A proxy whose server is gone takes a connection and says nothing, or no word of PostgreSQL's.
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => Self::Unavailable(error.to_string()),
            _ => Self::Database(error),
        }
    }
}

/// Whether what this SQLSTATE stands for passes, or is an operator's to mend, so that trying again later may help: nothing is wrong
/// with the statement.
fn passes(code: &str) -> bool {
    // Connection, password, resources (a full disk, too many connections), operator, system.
    let classes = ["08", "28", "53", "57", "58"];
    // A server that does not take writes now; a transaction that waited too long; serialization, deadlock; a database that is closed to
    // all, lock not given.
    let codes = ["25006", "25P03", "40001", "40P01", "55000", "55P03"];
    codes.contains(&code) || code.get(..2).is_some_and(|class| classes.contains(&class))
}
