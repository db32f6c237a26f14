//! The audit log: appended to, read, and sealed. The database numbers and chains the entries and refuses every change
//! (`migrations/0006_audit.sql`); `domain::audit` says how they are verified.
//!
//! The log is kept for six months at least and three years at most; what is older is removed up to a sealed entry, and verified
//! from there on ([`Tx::remove_audit`]).

use std::sync::PoisonError;

use chrono::{DateTime, NaiveDate, Utc};
use domain::audit::Record;
use domain::audit::chain::{Entry, Hash, Head, Seal, Signature};
use domain::audit::verify::Proof;
use domain::id::UserId;
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Order, Query};
use sea_orm::{ConnectionTrait, DatabaseBackend, FromQueryResult};

use crate::connect::sql;
use crate::{Error, Page, Result, Store, Tx};

/// Which entries.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of this act, by its code.
    pub act: Option<String>,
    /// By this person.
    pub user: Option<UserId>,
    /// From this moment on.
    pub since: Option<DateTime<Utc>>,
    /// Before this moment.
    pub until: Option<DateTime<Utc>>,
}

#[derive(FromQueryResult)]
struct EntryRow {
    seq: i64,
    at: DateTime<Utc>,
    content: String,
    previous: Vec<u8>,
    hash: Vec<u8>,
}

impl From<EntryRow> for Entry {
    fn from(row: EntryRow) -> Self {
        Self {
            seq: row.seq,
            at: row.at,
            content: row.content,
            previous: Hash::from_bytes(row.previous),
            hash: Hash::from_bytes(row.hash),
        }
    }
}

#[derive(FromQueryResult)]
struct SealRow {
    day: NaiveDate,
    seq: i64,
    hash: Vec<u8>,
    key_id: String,
    signature: Vec<u8>,
    sealed_at: DateTime<Utc>,
}

impl From<SealRow> for Seal {
    fn from(row: SealRow) -> Self {
        Self {
            day: row.day,
            head: Head { seq: row.seq, hash: Hash::from_bytes(row.hash) },
            signature: Signature { key_id: row.key_id, bytes: row.signature },
            sealed_at: row.sealed_at,
        }
    }
}

async fn append(db: &impl ConnectionTrait, record: &Record) -> Result<()> {
    let content = record.content().map_err(Error::corrupt)?;
    let insert = sql("insert into audit_entry (at, content) values ($1, $2)", [record.at.into(), content.into()]);
    db.execute_raw(insert).await?;
    Ok(())
}

impl Tx {
    /// Records an act that the transaction carries out: both happen or neither. It is written by [`Tx::commit`], after
    /// everything else: writers of the log wait for each other's commit, and so wait for nothing more than that.
    pub fn audit(&self, record: &Record) {
        self.audit.lock().unwrap_or_else(PoisonError::into_inner).push(record.clone());
    }

    /// Removes the oldest entries up to one that a seal was made over, of that day or before; never the last one, which the next one
    /// continues. Returns the last that is gone; none when there is nothing to remove.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn remove_audit(&self, until: NaiveDate) -> Result<Option<i64>> {
        let sealed = sql(
            "select min(seq) from audit_seal
             where day <= $1 and seq >= (select min(seq) from audit_entry) and seq < (select max(seq) from audit_entry)",
            [until.into()],
        );
        let row = self.db.query_one_raw(sealed).await?;
        let Some(last) = row.map_or(Ok(None), |row| row.try_get_by_index::<Option<i64>>(0))? else { return Ok(None) };
        self.db.query_one_raw(sql("select set_config('continuum.removing', 'audit_entry', true)", [])).await?;
        self.db.execute_raw(sql("delete from audit_entry where seq <= $1", [last.into()])).await?;
        Ok(Some(last))
    }

    /// Writes what was recorded.
    pub(crate) async fn append_audit(&mut self) -> Result<()> {
        for record in std::mem::take(self.audit.get_mut().unwrap_or_else(PoisonError::into_inner)) {
            append(&self.db, &record).await?;
        }
        Ok(())
    }
}

impl Store {
    /// Records an act that changes nothing, such as a read, in a transaction of its own. What was read is to be shown
    /// only once this has succeeded.
    ///
    /// # Errors
    /// When the database does not answer; then it may or may not be recorded.
    pub async fn audit(&self, record: &Record) -> Result<()> {
        append(&self.db, record).await
    }

    /// A page of the log, the last entry first, beginning before that entry.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn audit_page(&self, filter: &Filter, before: Option<i64>, limit: u64) -> Result<Page<Entry, i64>> {
        let column = |name: &'static str| Expr::col(Alias::new(name));
        // Only the conditions that are asked for, so that each combination is planned for itself.
        let select = Query::select()
            .columns(["seq", "at", "content", "previous", "hash"].map(Alias::new))
            .from(Alias::new("audit_entry"))
            .and_where_option(filter.act.as_deref().map(|act| column("act").eq(act)))
            .and_where_option(filter.user.map(|user| column("by_user").eq(user.0)))
            .and_where_option(filter.since.map(|since| column("at").gte(since)))
            .and_where_option(filter.until.map(|until| column("at").lt(until)))
            .and_where_option(before.map(|before| column("seq").lt(before)))
            .order_by(Alias::new("seq"), Order::Desc)
            .limit(limit + 1)
            .to_owned();
        let rows = EntryRow::find_by_statement(DatabaseBackend::Postgres.build(&select)).all(&self.db).await?;
        Ok(Page::cut(rows.into_iter().map(Entry::from).collect(), limit, |entry| entry.seq))
    }

    /// At most `limit` entries after that one, in order.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn audit_chain(&self, after: i64, limit: u64) -> Result<Vec<Entry>> {
        let select = sql(
            "select seq, at, content, previous, hash from audit_entry where seq > $1 order by seq limit $2",
            [after.into(), i64::try_from(limit).unwrap_or(i64::MAX).into()],
        );
        let rows = EntryRow::find_by_statement(select).all(&self.db).await?;
        Ok(rows.into_iter().map(Entry::from).collect())
    }

    /// The oldest thing that nobody makes without an entry, if there is one.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn audit_proof(&self) -> Result<Option<Proof>> {
        let oldest = sql(
            "select what, made_at from (
                 select 1 as what, created_at as made_at from user_account union all
                 select 2, created_at from api_client union all
                 select 3, null from city
             ) proof order by made_at nulls last limit 1",
            [],
        );
        let Some(row) = self.db.query_one_raw(oldest).await? else { return Ok(None) };
        let what = match row.try_get_by_index::<i32>(0)? {
            1 => "an account",
            2 => "a program",
            _ => "a city",
        };
        Ok(Some(Proof { what, made_at: row.try_get_by_index(1)? }))
    }

    /// At most `limit` seals after the one of that entry and day, in the order of the entries that they were made over.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn audit_seals(&self, after: Option<(i64, NaiveDate)>, limit: u64) -> Result<Vec<Seal>> {
        let (seq, day) = after.unzip();
        let select = sql(
            "select day, seq, hash, key_id, signature, sealed_at from audit_seal
             where $1::bigint is null or (seq, day) > ($1, $2::date) order by seq, day limit $3",
            [seq.into(), day.into(), i64::try_from(limit).unwrap_or(i64::MAX).into()],
        );
        let rows = SealRow::find_by_statement(select).all(&self.db).await?;
        Ok(rows.into_iter().map(Seal::from).collect())
    }

    /// Seals the log as it is now, for that day; on a day without entries too, so that a log that was cut back to
    /// before it is noticed. None when the day was sealed before, here or by another instance.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn seal_audit(
        &self,
        day: NaiveDate,
        sign: impl FnOnce(&Head) -> Signature,
        now: DateTime<Utc>,
    ) -> Result<Option<Seal>> {
        let sealed = sql("select 1 from audit_seal where day = $1", [day.into()]);
        if self.db.query_one_raw(sealed).await?.is_some() {
            return Ok(None);
        }
        let last = sql("select seq, at, content, previous, hash from audit_entry order by seq desc limit 1", []);
        let last = EntryRow::find_by_statement(last).one(&self.db).await?.map(Entry::from);
        // What is committed stays: no lock is needed between reading the end of the log and sealing it.
        let head = last.map_or_else(Head::of_nothing, |entry| Head { seq: entry.seq, hash: entry.hash });
        let seal = Seal { day, signature: sign(&head), head, sealed_at: now };
        let insert = sql(
            "insert into audit_seal (day, seq, hash, key_id, signature, sealed_at) values ($1, $2, $3, $4, $5, $6)
             on conflict do nothing",
            [
                day.into(),
                seal.head.seq.into(),
                seal.head.hash.as_bytes().to_vec().into(),
                seal.signature.key_id.clone().into(),
                seal.signature.bytes.clone().into(),
                now.into(),
            ],
        );
        let made = self.db.execute_raw(insert).await?.rows_affected() == 1;
        Ok(made.then_some(seal))
    }
}
