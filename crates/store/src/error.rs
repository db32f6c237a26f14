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
                // PostgreSQL's classes: 08 connection, 53 resources, 57 shutdown and cancelled statements.
                let code = database.code();
                let class = code.as_deref().and_then(|code| code.get(..2));
                match (class, database.constraint()) {
                    (Some("08" | "53" | "57"), _) => Self::Unavailable(error.to_string()),
                    (_, Some(constraint)) => Self::Constraint(constraint.to_owned()),
                    (_, None) => Self::Database(error),
                }
            }
            sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => {
                Self::Unavailable(error.to_string())
            }
            _ => Self::Database(error),
        }
    }
}
