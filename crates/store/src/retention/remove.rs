//! Removing concerns with their tickets, and telling afterwards that they are gone.

use chrono::{DateTime, Utc};
use domain::id::ConcernId;
use domain::time::Zone;
use sea_orm::ConnectionTrait as _;
use uuid::Uuid;

use super::{ids, uuids};
use crate::connect::sql;
use crate::ticket::Named;
use crate::{Result, Store, Tx};

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
    d06 as (delete from feedback where ticket_id = any(array(select id from gone_tickets)) or concern_id = any($1)),
    d07 as (delete from partner_opening where ticket_id in (select id from gone_tickets)),
    d08 as (delete from partner_link where ticket_id in (select id from gone_tickets)),
    d09 as (delete from open311_update where ticket_id in (select id from gone_tickets)),
    d10 as (delete from photograph_to_fetch where ticket_id in (select id from gone_tickets)),
    d11 as (delete from unplaced_mail where ticket_id in (select id from gone_tickets)),
    d12 as (delete from outbox where ticket_id = any(array(select id from gone_tickets)) or concern_id = any($1)),
    d13 as (delete from concern_follow where ticket_id = any(array(select id from gone_tickets)) or concern_id = any($1)),
    d14 as (delete from concern_noted where concern_id = any($1)),
    d15 as (delete from feed where ticket_id in (select id from gone_tickets)),
    d16 as (delete from feed_due where ticket_id in (select id from gone_tickets)),
    d17 as (delete from figure_due where ticket_id in (select id from gone_tickets)),
    d18 as (delete from hotspot_due where concern_id = any($1)),
    places as (
        delete from hotspot h where id in (select hotspot_id from hotspot_concern where concern_id = any($1))
            and not exists (
                select from hotspot_concern m where m.hotspot_id = h.id and not (m.concern_id = any($1))
            )
    ),
    d19 as (delete from attachment where ticket_id in (select id from gone_tickets) returning id),
    files as (insert into stray_file (id, due_at, doomed) select id, $2, true from d19 on conflict do nothing),
    d20 as (delete from ticket where id in (select id from gone_tickets))
    delete from concern where id = any($1)";

impl Store {
    /// Those of these ids of concerns that were kept for as long as the city keeps them.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn gone(&self, concerns: &[ConcernId]) -> Result<Vec<ConcernId>> {
        ids(self.db.query_all_raw(sql("select id from gone where id = any($1)", [uuids(concerns).into()])).await?)
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
}

impl Tx {
    /// Removes these concerns with their tickets and all that hangs on them. What is counted of them stays, as figures that
    /// tell neither whose they were nor at what hour they were filed.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn remove_rows(&self, concerns: &[ConcernId], zone: Zone, now: DateTime<Utc>) -> Result<()> {
        self.hold_tickets_of(concerns).await?;
        // What their residents said at others' tickets goes with the texts, which may be kept no longer than the rows.
        let unerased = "select id from concern where id = any($1) and texts_erased_at is null order by id";
        let unerased = ids(self.db.query_all_raw(sql(unerased, [uuids(concerns).into()])).await?)?;
        if !unerased.is_empty() {
            self.erase_texts(&unerased, now).await?;
        }
        self.say_that_it_erases().await?;
        self.erase_contacts(concerns, now).await?;
        let statement = sql(REMOVE, [uuids(concerns).into(), now.into(), zone.name().into()]);
        self.db.execute_raw(statement).await?;
        Ok(())
    }
}
