//! Erasing what is known of residents and what was said, while the concern and its tickets stay.

use chrono::{DateTime, Utc};
use domain::id::ConcernId;
use domain::retention::{Cutoffs, ERASED};
use sea_orm::ConnectionTrait as _;

use super::{ids, uuids};
use crate::connect::sql;
use crate::outbox::SILENT;
use crate::{Result, Store, Tx};

impl Store {
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

impl Store {
    /// Concerns of which is not noted yet, where a restored backup finds it, that somebody asked to erase them.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn erasures_to_note(&self, limit: u32) -> Result<Vec<ConcernId>> {
        let statement = sql("select concern_id from erasure_to_note limit $1", [i64::from(limit).into()]);
        ids(self.db.query_all_raw(statement).await?)
    }

    /// It is noted of these.
    ///
    /// # Errors
    /// When the database does not answer: then it is noted again.
    pub async fn erasures_noted(&self, concerns: &[ConcernId]) -> Result<()> {
        let statement = sql("delete from erasure_to_note where concern_id = any($1)", [uuids(concerns).into()]);
        self.db.execute_raw(statement).await?;
        Ok(())
    }
}

/// The tickets by which the concerns `$1` are followed.
macro_rules! followed_by {
    () => {
        "with recursive about (id, depth) as (
            select id, 0 from ticket where concern_id = any($1)
            union
            select ticket_id, 0 from concern_follow where concern_id = any($1)
            union
            select t.duplicate_of, depth + 1 from about join ticket t using (id)
            where t.duplicate_of is not null and depth < 20
        )
        select id from about"
    };
}

/// What was said and written about the concerns `$1`, at the instant `$2`; what takes its place is `$3`.
const ERASE_TEXTS: &str = concat!(
    "with texts as (
         update concern set description = case when description is not null then $3 end,
             answer = case when answer is not null then $3 end, answers = '{}',
             address = case when lat is null and address is not null then $3 end,
             lat = round(lat::numeric, 3), lon = round(lon::numeric, 3), texts_erased_at = $2
         where id = any($1)
     ), tickets as (
         update ticket set answers = '{}', address = case when lat is null then $3 end,
             lat = round(lat::numeric, 3), lon = round(lon::numeric, 3), version = version + 1,
             sent = case when sent ? 'because' then jsonb_set(sent, '{because}', (
                 select coalesce(jsonb_agg(b), '[]') from jsonb_array_elements(sent -> 'because') b
                 where b ->> 'type' not in ('answer', 'keyword')
             )) else sent end
         where concern_id = any($1) returning id, version
     ), hotspots as (
         -- The street is out of an address that somebody typed. Where others make the place, theirs is found anew.
         update hotspot set lat = round(lat::numeric, 3), lon = round(lon::numeric, 3), street = null
         where id in (select hotspot_id from hotspot_concern where concern_id = any($1)) returning id
     ), found_anew as (
         insert into hotspot_due (concern_id)
         select distinct on (m.hotspot_id) m.concern_id
         from hotspots h join hotspot_concern m on m.hotspot_id = h.id join concern c on c.id = m.concern_id
         where m.current and c.texts_erased_at is null and not (c.id = any($1))
     ), events as (
         update ticket_event e set fact = e.fact || (
             select coalesce(jsonb_object_agg(word, $3::text), '{}')
             from unnest(array['note', 'message_to_resident', 'body_told']) word
             -- What the residents of others' concerns said where the ticket stands for these is theirs.
             where e.fact ? word and (word <> 'note' or coalesce((e.actor ->> 'concern')::uuid = any($1), true))
         )
         where ticket_id in (select id from tickets) and e.fact ?| array['note', 'message_to_resident', 'body_told']
     ), events_elsewhere as (
         -- What their residents said where another's ticket stands for theirs.
         update ticket_event set fact = fact || jsonb_build_object('note', $3)
         where actor ? 'concern' and (actor ->> 'concern')::uuid = any($1) and fact ? 'note'
             and ticket_id <> all (array(select id from tickets))
         returning id
     ), notes as (
         update note set text = $3 where ticket_id in (select id from tickets) returning id
     ), to_referrers as (
         update referrer_message set text = $3 where ticket_id in (select id from tickets) returning id
     ), to_residents as (
         update resident_message set text = $3 where id in (
             select m.id from tickets t join resident_message m on m.ticket_id = t.id
             where coalesce((m.actor ->> 'concern')::uuid = any($1), true)
             union
             select id from resident_message where actor ? 'concern' and (actor ->> 'concern')::uuid = any($1)
         ) returning id
     ), said as (
         update feedback set text = case when text is not null then $3 end where concern_id = any($1) returning id
     ), echoes as (
         -- Programs may have answered with what they were sent.
         update webhook_delivery set answer = null where answer is not null and event_id in (
             select e.id from tickets t join ticket_event e on e.ticket_id = t.id
             union all select id from events_elsewhere
             union all select id from notes
             union all select id from to_referrers
             union all select id from to_residents
             union all select id from said
         )
     ), refused as (
         -- What files were called that came by e-mail and were not kept.
         update inbound_mail set outcome = outcome || '{\"refused\": []}'
         where outcome -> 'refused' <> '[]' and outcome ->> 'ticket' in (
             select reference from ticket where id in (",
    followed_by!(),
    ")
         )
     ), searched as (
         delete from ticket_text where part <> 'concern' and ticket_id in (select id from tickets)
     ), attachments as (
         update attachment set name = null, removed_at = $2, removed_by = jsonb_build_object('type', 'system')
         where removed_at is null and id in (
             select a.id from tickets t join attachment a on a.ticket_id = t.id
             where coalesce((a.added_by ->> 'concern')::uuid = any($1), true)
             union
             select id from attachment where added_by ? 'concern' and (added_by ->> 'concern')::uuid = any($1)
         ) returning id
     ), files as (
         insert into stray_file (id, due_at, doomed) select id, $2, true from attachments
         on conflict (id) do update set due_at = excluded.due_at, doomed = true
     ), photographs as (
         delete from photograph_to_fetch where ticket_id in (select id from tickets)
     ), mails as (
         delete from unplaced_mail where ticket_id in (select id from tickets)
     ), asked as (
         -- Answers are kept for a day: to requests about those that have just ended, which somebody asked to erase. The keys
         -- stay, as those of other requests: what is sent again is not kept again.
         select t.id, t.reference from ticket t join concern c on c.id = t.concern_id
         where c.id = any($1) and c.to_erase
     ), words as (
         select id::text as word from concern where id = any($1) and to_erase
         union all select id::text from asked
         union all select reference from asked
         union all select id::text from note where ticket_id in (select id from asked)
         union all select id::text from referrer_message where ticket_id in (select id from asked)
         union all select id::text from resident_message where ticket_id in (select id from asked)
         union all select id::text from feedback where ticket_id in (select id from asked)
         union all select id::text from attachment where ticket_id in (select id from asked)
     ), answered as (
         update idempotency_key set fingerprint = '', status = null, etag = null, location = null, body = null
         where exists (select from words where strpos(body, word) > 0)
     ), errors as (
         update outbox set last_error = null
         where last_error is not null and (ticket_id = any(array(select id from tickets)) or concern_id = any($1))
     )
     insert into ticket_event (ticket_id, version, id, at, actor, fact)
     select t.id, t.version, e.id, $2, jsonb_build_object('type', 'system'),
         jsonb_build_object('type', 'pseudonymised')
     from (select id, version, row_number() over (order by id) as place from tickets) t
     -- The feed tells events that happened at once in the order of their ids: that of the tickets.
     join (
         select id, row_number() over (order by id) as place from (select gen_random_uuid() as id from tickets) one
     ) e using (place)"
);

impl Tx {
    /// Erases how these residents can be reached and found: what they left, their link, their slip of paper. What waits to
    /// be sent to them is not sent.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn erase_contacts(&self, concerns: &[ConcernId], now: DateTime<Utc>) -> Result<()> {
        // What is being left with one of them is left before, and goes with it, or after.
        let locked = "select from concern where id = any($1) order by id for no key update";
        self.db.execute_raw(sql(locked, [uuids(concerns).into()])).await?;
        let statement = sql(
            "with contacts as (
                 delete from resident_contact where concern_id = any($1) returning address_digest
             ), muted as (
                 delete from muted_address where digest in (select address_digest from contacts)
                     and not exists (
                         select from resident_contact r
                         where r.address_digest = muted_address.digest and r.address_digest <> '' and not (r.concern_id = any($1))
                     )
             ), mails as (
                 delete from unplaced_mail where from_digest in (select address_digest from contacts)
                     and not exists (
                         select from resident_contact r
                         where r.address_digest = unplaced_mail.from_digest and r.address_digest <> '' and not (r.concern_id = any($1))
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

    /// Has the texts of these concerns erased as soon as they have ended.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn ask_to_erase(&self, concerns: &[ConcernId]) -> Result<()> {
        let statement = sql(
            "with asked as (update concern set to_erase = true where id = any($1) returning id)
             insert into erasure_to_note select id from asked on conflict do nothing",
            [uuids(concerns).into()],
        );
        self.db.execute_raw(statement).await?;
        Ok(())
    }

    /// Holds the tickets by which these concerns are followed until the transaction ends: what is being written about them or
    /// done with them comes before, or waits.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn hold_tickets_of(&self, concerns: &[ConcernId]) -> Result<()> {
        let statement = concat!("select from ticket where id in (", followed_by!(), ") order by id for update");
        let statement = sql(statement, [uuids(concerns).into()]);
        self.db.execute_raw(statement).await?;
        Ok(())
    }

    /// Erases what was said and written about those of these concerns that have ended, and their tickets, their photographs and
    /// documents, and where exactly they were: a point is left to about a hundred metres. Each ticket's timeline tells of it.
    /// Returns them. Holds their tickets.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn erase_texts(&self, concerns: &[ConcernId], now: DateTime<Utc>) -> Result<Vec<ConcernId>> {
        self.hold_tickets_of(concerns).await?;
        // One may have been reopened since somebody looked.
        let ended = "select id from concern where id = any($1) and concern_ended_at(id) is not null order by id";
        let concerns = ids(self.db.query_all_raw(sql(ended, [uuids(concerns).into()])).await?)?;
        self.say_that_it_erases().await?;
        let statement = sql(ERASE_TEXTS, [uuids(&concerns).into(), now.into(), ERASED.into()]);
        self.db.execute_raw(statement).await?;
        Ok(concerns)
    }

    /// Erases what was written of cafés, e-mails that nobody could put with a ticket, and kept lists that look for words, which may
    /// name somebody, once they are that old.
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
        let filters = sql("delete from saved_filter where parameters ? 'q' and saved_at < $1", [cutoffs.texts.into()]);
        self.db.execute_raw(filters).await?;
        Ok(())
    }

    /// Lets this transaction change what is never changed otherwise: see `refuse_change` in the database.
    pub(super) async fn say_that_it_erases(&self) -> Result<()> {
        self.db.query_one_raw(sql("select set_config('continuum.erasing', 'on', true)", [])).await?;
        Ok(())
    }
}
