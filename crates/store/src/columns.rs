//! Reading rows by position. By their names, each column would be looked up anew in every row.

use sea_orm::QueryResult;
use sqlx::postgres::{PgRow, Postgres};
use sqlx::{Column as _, Row as _};

use crate::{Error, Result};

/// The columns of a row, one after the other.
pub(crate) struct Columns<'r> {
    row: &'r PgRow,
    next: usize,
    /// Whether the types of the columns were compared in another row.
    known: bool,
}

impl<'r> Columns<'r> {
    pub(crate) fn of(row: &'r QueryResult) -> Result<Self> {
        let row = row.try_as_pg_row().ok_or_else(|| Error::corrupt("a row is not one of PostgreSQL"))?;
        Ok(Self { row, next: 0, known: false })
    }

    /// The same of a further row of one answer: its columns have the types of the row before.
    pub(crate) fn alike(row: &'r QueryResult) -> Result<Self> {
        Ok(Self { known: true, ..Self::of(row)? })
    }

    /// Those from the column of that name on.
    pub(crate) fn from(row: &'r QueryResult, name: &str) -> Result<Self> {
        let columns = Self::of(row)?;
        Ok(Self { next: columns.row.try_column(name)?.ordinal(), ..columns })
    }

    pub(crate) fn next<T: sqlx::Decode<'r, Postgres> + sqlx::Type<Postgres>>(&mut self) -> Result<T> {
        let column = self.next;
        self.skip();
        Ok(if self.known { self.row.try_get_unchecked(column) } else { self.row.try_get(column) }?)
    }

    /// Leaves one out.
    pub(crate) const fn skip(&mut self) {
        self.next += 1;
    }
}
