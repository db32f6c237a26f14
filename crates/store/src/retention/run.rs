//! Runs: what each night erases, how far it is, and whose turn it is.

use chrono::{DateTime, Utc};
use domain::id::{RetentionRunId, UserId};
use domain::retention::Cutoffs;
use sea_orm::{ConnectionTrait as _, FromQueryResult};
use uuid::Uuid;

use super::Counts;
use crate::connect::sql;
use crate::{Error, Result, Store, Tx};

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunState {
    /// It would erase unusually much: a person confirms it, or it never begins.
    Waiting,
    /// It erases.
    Running,
    /// It is over.
    Done,
}

impl RunState {
    /// Its name in the API and in the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Done => "done",
        }
    }
}

/// A night's run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// Its id.
    pub id: RetentionRunId,
    /// When it was planned.
    pub planned_at: DateTime<Utc>,
    /// Until when a concern must have ended: what was counted then.
    pub cutoffs: Cutoffs,
    /// How far it is.
    pub state: RunState,
    /// What was found.
    pub due: Counts,
    /// What is gone.
    pub erased: Counts,
    /// Who confirmed it.
    pub confirmed_by: Option<UserId>,
    /// When.
    pub confirmed_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
}

#[derive(FromQueryResult)]
struct RunRow {
    id: Uuid,
    planned_at: DateTime<Utc>,
    contact_before: DateTime<Utc>,
    texts_before: DateTime<Utc>,
    rows_before: DateTime<Utc>,
    state: String,
    contacts_due: i32,
    texts_due: i32,
    rows_due: i32,
    contacts: i32,
    texts: i32,
    rows: i32,
    confirmed_by: Option<Uuid>,
    confirmed_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
}

impl TryFrom<RunRow> for Run {
    type Error = Error;

    fn try_from(row: RunRow) -> Result<Self> {
        let counts = |[contacts, texts, rows]: [i32; 3]| Counts {
            contacts: contacts.unsigned_abs(),
            texts: texts.unsigned_abs(),
            rows: rows.unsigned_abs(),
        };
        let state = [RunState::Waiting, RunState::Running, RunState::Done].into_iter().find(|s| s.code() == row.state);
        Ok(Self {
            id: RetentionRunId(row.id),
            planned_at: row.planned_at,
            cutoffs: Cutoffs { contact: row.contact_before, texts: row.texts_before, rows: row.rows_before },
            state: state.ok_or_else(|| Error::corrupt("a run has an unknown state"))?,
            due: counts([row.contacts_due, row.texts_due, row.rows_due]),
            erased: counts([row.contacts, row.texts, row.rows]),
            confirmed_by: row.confirmed_by.map(UserId),
            confirmed_at: row.confirmed_at,
            finished_at: row.finished_at,
        })
    }
}

/// The columns of a run.
macro_rules! run {
    ($before:literal, $after:literal) => {
        concat!(
            $before,
            " id, planned_at, contact_before, texts_before, rows_before, state, contacts_due, texts_due, rows_due, contacts, texts, rows, confirmed_by, confirmed_at,
              finished_at ",
            $after
        )
    };
}

impl Store {
    /// The last runs, the last one first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn retention_runs(&self, limit: u32) -> Result<Vec<Run>> {
        let text = run!("select", "from retention_run order by planned_at desc limit $1");
        let rows = RunRow::find_by_statement(sql(text, [i64::from(limit).into()])).all(&self.db).await?;
        rows.into_iter().map(Run::try_from).collect()
    }
}

impl Tx {
    /// Takes the turn to erase until the transaction ends; false when another worker has it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn try_hold_retention(&self) -> Result<bool> {
        // The turn is the schema's: cities that share a database do not wait for one another.
        let turn = "select pg_try_advisory_xact_lock(7208122, 'retention_run'::regclass::oid::integer)";
        let row = self.db.query_one_raw(sql(turn, [])).await?;
        Ok(row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or_default())
    }

    /// The run that has not ended, locked.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn open_retention_run(&self) -> Result<Option<Run>> {
        let text = run!("select", "from retention_run where state <> 'done' for update");
        RunRow::find_by_statement(sql(text, [])).one(&self.db).await?.map(Run::try_from).transpose()
    }

    /// Whether a run was planned from then on, and before then.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn planned_retention(&self, from: DateTime<Utc>, before: DateTime<Utc>) -> Result<bool> {
        let statement = sql(
            "select from retention_run where planned_at >= $1 and planned_at < $2 limit 1",
            [from.into(), before.into()],
        );
        Ok(self.db.query_one_raw(statement).await?.is_some())
    }

    /// Forgets a run that never began.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn drop_retention_run(&self, run: RetentionRunId) -> Result<()> {
        let statement = sql("delete from retention_run where id = $1 and state = 'waiting'", [run.0.into()]);
        self.db.execute_raw(statement).await?;
        Ok(())
    }

    /// Keeps a run as it is now.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn keep_retention_run(&self, run: &Run) -> Result<()> {
        let count = |count: u32| i32::try_from(count).unwrap_or(i32::MAX);
        let statement = sql(
            "insert into retention_run (
                 id, planned_at, contact_before, texts_before, rows_before, state, contacts_due, texts_due, rows_due,
                 contacts, texts, rows, confirmed_by, confirmed_at, finished_at
             ) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
             on conflict (id) do update set
                 state = excluded.state, contacts = excluded.contacts, texts = excluded.texts, rows = excluded.rows,
                 confirmed_by = excluded.confirmed_by, confirmed_at = excluded.confirmed_at,
                 finished_at = excluded.finished_at",
            [
                run.id.0.into(),
                run.planned_at.into(),
                run.cutoffs.contact.into(),
                run.cutoffs.texts.into(),
                run.cutoffs.rows.into(),
                run.state.code().into(),
                count(run.due.contacts).into(),
                count(run.due.texts).into(),
                count(run.due.rows).into(),
                count(run.erased.contacts).into(),
                count(run.erased.texts).into(),
                count(run.erased.rows).into(),
                run.confirmed_by.map(|user| user.0).into(),
                run.confirmed_at.into(),
                run.finished_at.into(),
            ],
        );
        self.db.execute_raw(statement).await?;
        Ok(())
    }
}
