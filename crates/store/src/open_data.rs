//! Open data: the months that were published, and the tickets of those that are to be.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use domain::city::catalogue::ClosureReason;
use domain::id::ZoningCode;
use domain::open_data::{Outcome, Record, Row};
use domain::restitution::Followed;
use domain::ticket::State;
use sea_orm::{ConnectionTrait as _, FromQueryResult};
use serde_json::Value;

use crate::connect::sql;
use crate::{Error, Result, Store, Tx};

/// A month as it was published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// Its first day.
    pub month: NaiveDate,
    /// What is told of it.
    pub rows: Vec<Row>,
    /// When it was published.
    pub at: DateTime<Utc>,
}

#[derive(FromQueryResult)]
struct PublishedRow {
    month: NaiveDate,
    rows: Value,
    published_at: DateTime<Utc>,
}

#[derive(FromQueryResult)]
struct TicketRow {
    category_code: String,
    area: Option<String>,
    state: String,
    closure_reason: Option<String>,
    first_status_after: Option<i64>,
    resolved_after: Option<i64>,
}

impl TryFrom<TicketRow> for Record {
    type Error = Error;

    fn try_from(row: TicketRow) -> Result<Self> {
        let unknown = |what: &str| Error::Corrupt(format!("a ticket has an unknown {what}"));
        let reason = row.closure_reason.map(|code| ClosureReason::from_code(&code).ok_or_else(|| unknown("reason")));
        let ticket = Followed {
            state: State::from_code(&row.state).ok_or_else(|| unknown("state"))?,
            reason: reason.transpose()?,
            restricted: false,
            ended_at: None,
        };
        Ok(Self {
            category: row.category_code.try_into().map_err(Error::corrupt)?,
            area: row.area.map(TryInto::try_into).transpose().map_err(Error::corrupt)?,
            outcome: Outcome::of(ticket),
            first_answer: row.first_status_after,
            settled: row.resolved_after,
        })
    }
}

/// From when to when months were published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// The first day of the first month.
    pub first: NaiveDate,
    /// The first day of the last month.
    pub last: NaiveDate,
    /// When the last one was published.
    pub at: DateTime<Utc>,
}

#[derive(FromQueryResult)]
struct ExtentRow {
    first: Option<NaiveDate>,
    last: Option<NaiveDate>,
    at: Option<DateTime<Utc>>,
}

impl Store {
    /// From when to when months were published; none when none was.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn open_data_extent(&self) -> Result<Option<Extent>> {
        let text = "select min(month) as first, max(month) as last, max(published_at) as at from open_data_month";
        let row = ExtentRow::find_by_statement(sql(text, [])).one(&self.db).await?;
        let extent = row.and_then(|row| Some(Extent { first: row.first?, last: row.last?, at: row.at? }));
        Ok(extent)
    }

    /// The months that were published, the first one first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn open_data(&self) -> Result<Vec<Published>> {
        let statement = sql("select month, rows, published_at from open_data_month order by month", []);
        let rows = PublishedRow::find_by_statement(statement).all(&self.db).await?;
        let published = |PublishedRow { month, rows, published_at: at }| {
            Ok(Published { month, rows: serde_json::from_value(rows).map_err(Error::corrupt)?, at })
        };
        rows.into_iter().map(published).collect()
    }
}

impl Tx {
    /// Takes the turn to publish open data until the transaction ends; false when another worker has it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn try_hold_open_data(&self) -> Result<bool> {
        // The turn is the schema's: cities that share a database do not wait for one another.
        let turn = "select pg_try_advisory_xact_lock(7208119, 'open_data_month'::regclass::oid::integer)";
        let row = self.db.query_one_raw(sql(turn, [])).await?;
        Ok(row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or_default())
    }

    /// When the first ticket was filed that open data count, and which months were published. Months of which a ticket is no
    /// longer kept are not whole: none is counted before or in these.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn open_data_progress(&self) -> Result<(Option<DateTime<Utc>>, BTreeSet<NaiveDate>)> {
        let text =
            // What is left of a ticket has its day, at noon: the month is the same in any zone.
            "select (
                 select case when min(filed_at) is not null then greatest(min(filed_at), (
                     select date_trunc('month', max(filed_at), 'UTC') + interval '1 month 12 hours' from past_figure
                 )) end
                 from ticket where sensitivity = 'standard' and not hidden_from_referrer
             ),
                array(select month from open_data_month)";
        let Some(row) = self.db.query_one_raw(sql(text, [])).await? else { return Ok((None, BTreeSet::new())) };
        let months: Vec<NaiveDate> = row.try_get_by_index(1)?;
        Ok((row.try_get_by_index(0)?, months.into_iter().collect()))
    }

    /// The standard tickets that were filed from the one instant until before the other, with their figures as they are
    /// now. Complaints about officers are not among them.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn open_data_tickets(
        &self,
        zoning: &ZoningCode,
        from: DateTime<Utc>,
        before: DateTime<Utc>,
    ) -> Result<Vec<Record>> {
        let text = "select t.category_code, t.areas ->> $1 as area, t.state, t.closure_reason, f.first_status_after,
                f.resolved_after
            from ticket t join figures_of(array(
                select id from ticket
                where filed_at >= $2 and filed_at < $3 and sensitivity = 'standard' and not hidden_from_referrer
            )) f on f.ticket_id = t.id";
        let statement = sql(text, [zoning.as_str().into(), from.into(), before.into()]);
        let rows = TicketRow::find_by_statement(statement).all(&self.db).await?;
        rows.into_iter().map(Record::try_from).collect()
    }

    /// Publishes a month.
    ///
    /// # Errors
    /// When the database does not answer, or the month was published before.
    pub async fn publish_open_data(&self, Published { month, rows, at }: &Published) -> Result<()> {
        let rows = serde_json::to_value(rows).map_err(Error::corrupt)?;
        let text = "insert into open_data_month (month, rows, published_at) values ($1, $2, $3)";
        self.db.execute_raw(sql(text, [(*month).into(), rows.into(), (*at).into()])).await?;
        Ok(())
    }
}
