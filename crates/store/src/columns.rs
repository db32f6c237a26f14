//! Reading rows by position. By their names, each column would be looked up anew in every row.

use sea_orm::QueryResult;
use sqlx::postgres::{PgRow, Postgres};
use sqlx::{Column as _, Row as _};

use crate::{Error, Result};

/// The columns of a row, one after the other.
pub(crate) struct Columns<'r> {
    row: &'r PgRow,
    next: usize,
}

impl<'r> Columns<'r> {
    pub(crate) fn of(row: &'r QueryResult) -> Result<Self> {
        let row = row.try_as_pg_row().ok_or_else(|| Error::corrupt("a row is not one of PostgreSQL"))?;
        Ok(Self { row, next: 0 })
    }

    /// Those from the column of that name on.
    pub(crate) fn from(row: &'r QueryResult, name: &str) -> Result<Self> {
        let Self { row, next: _ } = Self::of(row)?;
        Ok(Self { row, next: row.try_column(name)?.ordinal() })
    }

    pub(crate) fn next<T: sqlx::Decode<'r, Postgres> + sqlx::Type<Postgres>>(&mut self) -> Result<T> {
        self.skip();
        Ok(self.row.try_get(self.next - 1)?)
    }

    /// Leaves one out.
    pub(crate) const fn skip(&mut self) {
        self.next += 1;
    }
}
