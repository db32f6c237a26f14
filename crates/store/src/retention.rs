//! Personal data over time: which concerns have ended long enough ago, and erasing what is kept of them, step by step.
//!
//! Each step is a few statements over a batch of concerns, short enough that nobody waits for it; one that is interrupted
//! is done again.

use chrono::{DateTime, Utc};
use domain::id::{ConcernId, RetentionRunId, UserId};
use domain::retention::{Cutoffs, ERASED};
use domain::time::Zone;
use sea_orm::{ConnectionTrait as _, FromQueryResult, QueryResult};
use uuid::Uuid;

use crate::connect::sql;
use crate::outbox::SILENT;
use crate::ticket::Named;
use crate::{Error, Result, Store, Tx};

/// Of how many concerns, in each step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// The contact.
    pub contacts: u32,
    /// What was said and written.
    pub texts: u32,
    /// The rows.
    pub rows: u32,
}

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
    /// When it was planned: what had ended long enough before then goes.
    pub planned_at: DateTime<Utc>,
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
            " id, planned_at, state, contacts_due, texts_due, rows_due, contacts, texts, rows, confirmed_by, confirmed_at,
              finished_at ",
            $after
        )
    };
}

/// Concerns of which the contact is to go.
macro_rules! contacts_due {
    () => {
        "select id from concern c where contact_erased_at is null and filed_at < $1 and concern_ended_at(id) < $1"
    };
}

/// Concerns of which the texts are to go: those that ended long enough ago, and those of which somebody asked for it.
macro_rules! texts_due {
    () => {
        "select id from (
             select id from concern c where texts_erased_at is null and filed_at < $1 and concern_ended_at(id) < $1
             union
             select id from concern c where to_erase and texts_erased_at is null and concern_ended_at(id) is not null
         ) due"
    };
}

/// Concerns of which the rows are to go.
macro_rules! rows_due {
    () => {
        "select id from concern c where filed_at < $1 and concern_ended_at(id) < $1"
    };
}

/// How many are counted at most: more than any city confirms unseen.
macro_rules! counted {
    ($due:expr) => {
        concat!("select count(*)::integer from (", $due, " limit 1000000) due")
    };
}

/// The next ones.
macro_rules! next {
    ($due:expr) => {
        concat!($due, " order by id limit $2")
    };
}

/// A number of tickets leaves the rows that are counted: those that were closed as duplicates of them stay closed.
const REMOVE: &str = "
    with gone_tickets as (select id from ticket where concern_id = any($1)), figures as (
        insert into past_figure (
            filed_at, service_code, category_code, origin, urgency, sensitivity, hidden_from_referrer, areas, closure_reason,
            acknowledged, acknowledged_on_time, first_status_after, first_status_after_working, resolved_after, rerouted,
            refused, reopened, residents_to_tell, residents_told, referrers_to_tell, referrers_told
        )
        select (date_trunc('day', t.filed_at at time zone $3) + interval '12 hours') at time zone $3, t.service_code,
            t.category_code, t.origin, t.urgency, t.sensitivity, t.hidden_from_referrer, t.areas, f.closure_reason,
            f.acknowledged, f.acknowledged_on_time, f.first_status_after, f.first_status_after_working, f.resolved_after,
            f.rerouted, f.refused, f.reopened, f.residents_to_tell, f.residents_told, f.referrers_to_tell, f.referrers_told
        from gone_tickets join ticket t using (id) join ticket_figure f on f.ticket_id = t.id
    ), cafes as (
        update cafe set past_concerns = past_concerns + n.concerns
        from (select cafe_id, count(*)::integer as concerns from concern where id = any($1) group by cafe_id) n
        where cafe.id = n.cafe_id
    ), told as (
        insert into gone (id, reference, gone_at)
        select t.id, t.reference, $2 from gone_tickets join ticket t using (id)
        union all select unnest($1::uuid[]), null, $2
        on conflict do nothing
    ), originals as (
        update ticket set duplicate_of = null
        where duplicate_of in (select id from gone_tickets) and not (concern_id = any($1))
    ), d01 as (delete from ticket_event where ticket_id in (select id from gone_tickets)),
    d02 as (delete from handover where ticket_id in (select id from gone_tickets)),
    d03 as (delete from note where ticket_id in (select id from gone_tickets)),
    d04 as (delete from referrer_message where ticket_id in (select id from gone_tickets)),
    d05 as (delete from resident_message where ticket_id in (select id from gone_tickets)),
    d06 as (delete from feedback where ticket_id in (select id from gone_tickets) or concern_id = any($1)),
    d07 as (delete from partner_opening where ticket_id in (select id from gone_tickets)),
    d08 as (delete from partner_link where ticket_id in (select id from gone_tickets)),
    d09 as (delete from open311_update where ticket_id in (select id from gone_tickets)),
    d10 as (delete from photograph_to_fetch where ticket_id in (select id from gone_tickets)),
    d11 as (delete from unplaced_mail where ticket_id in (select id from gone_tickets)),
    d12 as (delete from outbox where ticket_id in (select id from gone_tickets) or concern_id = any($1)),
    d13 as (delete from concern_follow where ticket_id in (select id from gone_tickets) or concern_id = any($1)),
    d14 as (delete from concern_noted where concern_id = any($1)),
    d15 as (delete from feed where ticket_id in (select id from gone_tickets)),
    d16 as (delete from feed_due where ticket_id in (select id from gone_tickets)),
    d17 as (delete from figure_due where ticket_id in (select id from gone_tickets)),
    d18 as (delete from hotspot_due where concern_id = any($1)),
    d19 as (delete from attachment where ticket_id in (select id from gone_tickets) returning id),
    files as (insert into stray_file (id, due_at, doomed) select id, $2, true from d19 on conflict do nothing),
    d20 as (delete from ticket where id in (select id from gone_tickets))
    delete from concern where id = any($1)";

impl Store {
    /// Of how many concerns something is due to go, each step counted by itself; a million at most.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn retention_due(&self, cutoffs: &Cutoffs) -> Result<Counts> {
        let count = async |text: &'static str, cutoff: DateTime<Utc>| -> Result<u32> {
            let row = self.db.query_one_raw(sql(text, [cutoff.into()])).await?;
            Ok(row.map_or(Ok(0), |row| row.try_get_by_index::<i32>(0))?.unsigned_abs())
        };
        Ok(Counts {
            contacts: count(counted!(contacts_due!()), cutoffs.contact).await?,
            texts: count(counted!(texts_due!()), cutoffs.texts).await?,
            rows: count(counted!(rows_due!()), cutoffs.rows).await?,
        })
    }

    /// The last runs, the last one first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn retention_runs(&self, limit: u32) -> Result<Vec<Run>> {
        let text = run!("select", "from retention_run order by planned_at desc limit $1");
        let rows = RunRow::find_by_statement(sql(text, [i64::from(limit).into()])).all(&self.db).await?;
        rows.into_iter().map(Run::try_from).collect()
    }

    /// Whether there was a concern or a ticket of that id, which was kept for as long as the city keeps them.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn is_gone(&self, id: Uuid) -> Result<bool> {
        Ok(self.db.query_one_raw(sql("select from gone where id = $1", [id.into()])).await?.is_some())
    }

    /// The same of a ticket that is called so.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn is_ticket_gone(&self, ticket: &Named) -> Result<bool> {
        match ticket {
            Named::Id(id) => self.is_gone(id.0).await,
            Named::Reference(reference) => {
                let statement = sql("select from gone where reference = $1", [reference.as_str().into()]);
                Ok(self.db.query_one_raw(statement).await?.is_some())
            }
        }
    }

    /// Those of these concerns of which something is still kept that was to be erased.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn not_erased(&self, concerns: &[ConcernId]) -> Result<Vec<ConcernId>> {
        let statement = sql(
            "select id from concern
             where id = any($1) and (contact_erased_at is null or texts_erased_at is null and not to_erase)",
            [uuids(concerns).into()],
        );
        ids(self.db.query_all_raw(statement).await?)
    }
}

fn uuids(concerns: &[ConcernId]) -> Vec<Uuid> {
    concerns.iter().map(|concern| concern.0).collect()
}

fn ids(rows: Vec<QueryResult>) -> Result<Vec<ConcernId>> {
    rows.into_iter().map(|row| Ok(ConcernId(row.try_get_by_index(0)?))).collect()
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

    /// The last run, locked.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn last_retention_run(&self) -> Result<Option<Run>> {
        let text = run!("select", "from retention_run order by planned_at desc limit 1 for update");
        RunRow::find_by_statement(sql(text, [])).one(&self.db).await?.map(Run::try_from).transpose()
    }

    /// Keeps a run as it is now.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn keep_retention_run(&self, run: &Run) -> Result<()> {
        let count = |count: u32| i32::try_from(count).unwrap_or(i32::MAX);
        let statement = sql(
            "insert into retention_run (
                 id, planned_at, state, contacts_due, texts_due, rows_due, contacts, texts, rows, confirmed_by, confirmed_at,
                 finished_at
             ) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
             on conflict (id) do update set
                 state = excluded.state, contacts = excluded.contacts, texts = excluded.texts, rows = excluded.rows,
                 confirmed_by = excluded.confirmed_by, confirmed_at = excluded.confirmed_at,
                 finished_at = excluded.finished_at",
            [
                run.id.0.into(),
                run.planned_at.into(),
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

    /// The next concerns of which the contact is to go.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn contacts_to_erase(&self, cutoff: DateTime<Utc>, limit: u32) -> Result<Vec<ConcernId>> {
        let statement = sql(next!(contacts_due!()), [cutoff.into(), i64::from(limit).into()]);
        ids(self.db.query_all_raw(statement).await?)
    }

    /// The next concerns of which the texts are to go.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn texts_to_erase(&self, cutoff: DateTime<Utc>, limit: u32) -> Result<Vec<ConcernId>> {
        let statement = sql(next!(texts_due!()), [cutoff.into(), i64::from(limit).into()]);
        ids(self.db.query_all_raw(statement).await?)
    }

    /// The next concerns of which the rows are to go.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn rows_to_remove(&self, cutoff: DateTime<Utc>, limit: u32) -> Result<Vec<ConcernId>> {
        let statement = sql(next!(rows_due!()), [cutoff.into(), i64::from(limit).into()]);
        ids(self.db.query_all_raw(statement).await?)
    }

    /// Erases how these residents can be reached and found: what they left, their link, their slip of paper. What waits to
    /// be sent to them is not sent.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn erase_contacts(&self, concerns: &[ConcernId], now: DateTime<Utc>) -> Result<()> {
        let statement = sql(
            "with contacts as (
                 delete from resident_contact where concern_id = any($1) returning address_digest
             ), muted as (
                 delete from muted_address where digest in (select address_digest from contacts)
                     and not exists (
                         select from resident_contact r
                         where r.address_digest = muted_address.digest and not (r.concern_id = any($1))
                     )
             ), slips as (delete from tracking_slip where concern_id = any($1)),
             former as (delete from former_link where concern_id = any($1)),
             links as (delete from tracking_link where concern_id = any($1)),
             unsent as (
                 update outbox set state = 'stopped', finished_at = $2, last_error = $3
                 where state in ('pending', 'dead', 'bounced') and recipient ->> 'type' = 'resident'
                     and (recipient ->> 'concern')::uuid = any($1)
             )
             update concern set contact_erased_at = $2 where id = any($1)",
            [uuids(concerns).into(), now.into(), SILENT.into()],
        );
        self.db.execute_raw(statement).await?;
        Ok(())
    }

    /// Has the texts of these concerns erased as soon as they have ended. Returns those that have.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn ask_to_erase(&self, concerns: &[ConcernId]) -> Result<Vec<ConcernId>> {
        let statement = sql(
            "with asked as (update concern set to_erase = true where id = any($1) and texts_erased_at is null returning id)
             select id from asked where concern_ended_at(id) is not null",
            [uuids(concerns).into()],
        );
        ids(self.db.query_all_raw(statement).await?)
    }

    /// Erases what was said and written about these concerns and their tickets, their photographs and documents, and where
    /// exactly they were: a point is left to about a hundred metres. Each ticket's timeline tells of it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn erase_texts(&self, concerns: &[ConcernId], now: DateTime<Utc>) -> Result<()> {
        self.say_that_it_erases().await?;
        let statement = sql(
            "with texts as (
                 update concern set description = case when description is not null then $3 end,
                     answer = case when answer is not null then $3 end, answers = '{}',
                     address = case when lat is null and address is not null then $3 end,
                     lat = round(lat::numeric, 3), lon = round(lon::numeric, 3), texts_erased_at = $2
                 where id = any($1)
             ), tickets as (
                 update ticket set answers = '{}', address = case when lat is null then $3 end,
                     lat = round(lat::numeric, 3), lon = round(lon::numeric, 3), version = version + 1
                 where concern_id = any($1) returning id, version
             ), events as (
                 update ticket_event e set fact = e.fact || (
                     select coalesce(jsonb_object_agg(word, $3::text), '{}')
                     from unnest(array['note', 'message_to_resident', 'body_told']) word where e.fact ? word
                 )
                 where ticket_id in (select id from tickets) and e.fact ?| array['note', 'message_to_resident', 'body_told']
             ), notes as (
                 update note set text = $3 where ticket_id in (select id from tickets)
             ), to_referrers as (
                 update referrer_message set text = $3 where ticket_id in (select id from tickets)
             ), to_residents as (
                 update resident_message set text = $3 where ticket_id in (select id from tickets)
             ), said as (
                 update feedback set text = case when text is not null then $3 end where concern_id = any($1)
             ), searched as (
                 delete from ticket_text where part <> 'concern' and ticket_id in (select id from tickets)
             ), attachments as (
                 update attachment set name = null, removed_at = $2, removed_by = jsonb_build_object('type', 'system')
                 where removed_at is null and ticket_id in (select id from tickets) returning id
             ), files as (
                 insert into stray_file (id, due_at, doomed) select id, $2, true from attachments on conflict do nothing
             ), photographs as (
                 delete from photograph_to_fetch where ticket_id in (select id from tickets)
             ), mails as (
                 delete from unplaced_mail where ticket_id in (select id from tickets)
             ), errors as (
                 update outbox set last_error = null
                 where last_error is not null and (ticket_id in (select id from tickets) or concern_id = any($1))
             )
             insert into ticket_event (ticket_id, version, id, at, actor, fact)
             select t.id, t.version, e.id, $2, jsonb_build_object('type', 'system'),
                 jsonb_build_object('type', 'pseudonymised')
             from (select id, version, row_number() over (order by id) as place from tickets) t
             -- The feed tells events that happened at once in the order of their ids: that of the tickets.
             join (
                 select id, row_number() over (order by id) as place from (select gen_random_uuid() as id from tickets) one
             ) e using (place)",
            [uuids(concerns).into(), now.into(), ERASED.into()],
        );
        self.db.execute_raw(statement).await?;
        Ok(())
    }

    /// Removes these concerns with their tickets and all that hangs on them. What is counted of them stays, as figures that
    /// tell neither whose they were nor at what hour they were filed.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn remove_rows(&self, concerns: &[ConcernId], zone: Zone, now: DateTime<Utc>) -> Result<()> {
        self.say_that_it_erases().await?;
        self.erase_contacts(concerns, now).await?;
        let statement = sql(REMOVE, [uuids(concerns).into(), now.into(), zone.name().into()]);
        self.db.execute_raw(statement).await?;
        Ok(())
    }

    /// Erases what was written of cafés and e-mails that nobody could put with a ticket, once they are that old.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn erase_the_rest(&self, cutoffs: &Cutoffs) -> Result<()> {
        let cafes = sql(
            "update cafe set cancel_reason = case when cancel_reason is not null then $2 end,
                 report = case when report ? 'remarks' then report || jsonb_build_object('remarks', $2::text) else report end
             where ends_at < $1
                 and (cancel_reason <> $2 or report ->> 'remarks' <> $2)",
            [cutoffs.rows.into(), ERASED.into()],
        );
        self.db.execute_raw(cafes).await?;
        self.db.execute_raw(sql("delete from unplaced_mail where received_at < $1", [cutoffs.texts.into()])).await?;
        Ok(())
    }

    /// Lets this transaction change what is never changed otherwise: see `refuse_change` in the database.
    async fn say_that_it_erases(&self) -> Result<()> {
        self.db.query_one_raw(sql("select set_config('continuum.erasing', 'on', true)", [])).await?;
        Ok(())
    }
}
