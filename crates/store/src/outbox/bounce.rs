//! Addresses that take no mail, and how much mail about a ticket somebody may get.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use domain::id::{ConcernId, MessageId, TicketId, UserId};
use domain::ticket::notice::Recipient;
use sea_orm::{ConnectionTrait, FromQueryResult};
use serde_json::Value;
use uuid::Uuid;

use super::leased::{Addressee, Leased};
use crate::connect::sql;
use crate::resident::{Contact, address_digest};
use crate::{Error, Result, Store, Tx};

/// How many e-mails about one ticket one recipient gets in a day: more would be two machines answering one another.
const A_DAY: i64 = 20;

/// Why a message does not leave now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// The address takes no mail.
    Muted,
    /// The recipient has had enough about the ticket until then.
    Until(DateTime<Utc>),
}

/// An address that turns out to take no mail.
#[derive(Debug, Clone)]
pub struct Bounced {
    /// Whose it is.
    pub recipient: Recipient,
    /// The ticket and its event that were to be told of; none when it was about an account.
    pub about: Option<(TicketId, i64)>,
    /// Who filed the resident's concern, where it is a resident's address and that person may know of the ticket.
    pub referrer: Option<UserId>,
}

impl Addressee {
    fn email(&self) -> &str {
        match self {
            Self::Service { email, .. } | Self::Person { email, .. } | Self::Resident { email, .. } => email,
        }
    }
}

#[derive(FromQueryResult)]
struct LimitRow {
    id: Uuid,
    muted: bool,
    until: Option<DateTime<Utc>>,
}

#[derive(FromQueryResult)]
struct LeftRow {
    concern_id: Option<Uuid>,
    ticket_id: Option<Uuid>,
    referrer_id: Option<Uuid>,
}

#[derive(FromQueryResult)]
struct BouncedRow {
    recipient: Value,
    ticket_id: Option<Uuid>,
    event_version: Option<i64>,
    referrer_id: Option<Uuid>,
    address: Option<String>,
    key_id: Option<String>,
    sealed: Option<Vec<u8>>,
}

impl Store {
    /// Which of these e-mails do not leave now, and why. An e-mail counts once for a ticket, of however many of its turns it
    /// tells; a digest, which leaves once a day, is no part of the count.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn mail_limits(&self, leased: &[Leased], now: DateTime<Utc>) -> Result<BTreeMap<MessageId, Limit>> {
        let addressed = leased.iter().filter_map(|message| Some((message.id.0, message.addressee.as_ref()?.email())));
        let (ids, digests): (Vec<Uuid>, Vec<Vec<u8>>) =
            addressed.map(|(id, email)| (id, address_digest(&self.keys.residents, email))).unzip();
        let statement = sql(
            "select m.id, exists (select from muted_address a where a.digest = m.digest) as muted,
                 (select max(s.finished_at) + interval '1 day' from outbox s
                  where s.ticket_id = o.ticket_id and s.state = 'sent' and s.finished_at > $3
                      and (s.lane = o.lane or (s.recipient = o.recipient and o.recipient ->> 'type' = 'resident'))
                  group by s.mail order by 1 desc offset $4 limit 1) as until
             from unnest($1::uuid[], $2::bytea[]) as m (id, digest) join outbox o on o.id = m.id",
            [ids.into(), digests.into(), (now - TimeDelta::days(1)).into(), (A_DAY - 1).into()],
        );
        let rows = LimitRow::find_by_statement(statement).all(&self.db).await?;
        let limit = |row: LimitRow| {
            let until = row.until.map(Limit::Until);
            Some((MessageId(row.id), if row.muted { Limit::Muted } else { until? }))
        };
        Ok(rows.into_iter().filter_map(limit).collect())
    }

    /// Marks an e-mail as not sent, because its address is known to take no mail. A resident may have left it with
    /// another concern before: who filed this one is still to be told.
    ///
    /// # Errors
    /// When the database does not answer: its lease runs out instead.
    pub async fn leave_unsent(&self, id: MessageId, now: DateTime<Utc>) -> Result<()> {
        let statement = sql(
            "update outbox set leased_until = null, finished_at = $2, last_error = 'the address takes no mail',
                 state = case recipient ->> 'type' when 'resident' then 'bounced' else 'stopped' end
             where mail = $1 and state = 'pending'",
            [id.0.into(), now.into()],
        );
        self.db.execute_raw(statement).await?;
        Ok(())
    }

    /// Marks an e-mail as one whose address takes no mail, whether a server says so while it is handed over or another
    /// one later. False when that is known, or there is no such e-mail.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn bounced(&self, id: MessageId, now: DateTime<Utc>, why: &str) -> Result<bool> {
        let statement = sql(
            "update outbox set state = 'bounced', leased_until = null, finished_at = $2, last_error = $3
             where mail = $1 and state in ('pending', 'sent')",
            [id.0.into(), now.into(), why.into()],
        );
        Ok(self.db.execute_raw(statement).await?.rows_affected() > 0)
    }

    /// Lets mail go to an address again. False when it went there all along.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn unmute(&self, address: &str) -> Result<bool> {
        let statement = sql(
            "with marked as (update resident_contact set bounced_at = null where address_digest = $1)
             delete from muted_address where digest = $1",
            [address_digest(&self.keys.residents, address).into()],
        );
        Ok(self.db.execute_raw(statement).await?.rows_affected() == 1)
    }
}

impl Tx {
    /// Mutes the addresses of messages that bounced, at most `limit`. Gives back how many messages that were, and the
    /// addresses of which it was not known. Any number of instances may do this at once.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn mute_bounced(&self, now: DateTime<Utc>, limit: i64) -> Result<(usize, Vec<Bounced>)> {
        let statement = sql(
            "with b as (
                 select id from outbox where state = 'bounced' order by seq limit $1 for update skip locked
             ), m as (
                 update outbox set state = 'stopped' where id in (select id from b) returning *
             )
             select m.recipient, coalesce(m.ticket_id, first.id) as ticket_id,
                 coalesce(m.event_version, case when first.id is not null then 1 end) as event_version,
                 coalesce(s.mailbox, p.email, k.contact) as address,
                 r.key_id, r.sealed, case when not t.hidden_from_referrer then c.referrer_id end as referrer_id
             from m
             left join lateral (
                 select id from ticket where concern_id = m.concern_id and m.ticket_id is null order by id limit 1
             ) first on true
             left join ticket t on t.id = coalesce(m.ticket_id, first.id)
             left join service s on s.code = m.recipient ->> 'code'
             left join user_account p on p.id = (m.recipient ->> 'user')::uuid
             left join api_client k on k.id = (m.recipient ->> 'client')::uuid
             left join resident_contact r on r.concern_id = (m.recipient ->> 'concern')::uuid
             left join concern c on c.id = r.concern_id
             order by m.seq",
            [limit.into()],
        );
        let rows = BouncedRow::find_by_statement(statement).all(&self.db).await?;
        let (count, mut news) = (rows.len(), Vec::new());
        for row in rows {
            // One that cannot be read leaves the others theirs.
            let read = self.bounced(row).inspect_err(|error| tracing::error!(%error, "what bounced cannot be read"));
            let Some((bounced, address)) = read.ok().flatten() else { continue };
            news.extend(self.mute(bounced, &address, now).await?);
        }
        Ok((count, news))
    }

    /// A message that bounced, and the address, if it is still known.
    fn bounced(&self, row: BouncedRow) -> Result<Option<(Bounced, String)>> {
        let recipient: Recipient = serde_json::from_value(row.recipient).map_err(Error::corrupt)?;
        let address = match (&recipient, row.key_id.zip(row.sealed)) {
            (Recipient::Resident { concern }, Some((key_id, sealed))) => {
                Contact::open(&self.keys.residents, *concern, &key_id, &sealed)?.email
            }
            _ => row.address,
        };
        let about = row.ticket_id.map(TicketId).zip(row.event_version);
        let referrer = row.referrer_id.map(UserId);
        Ok(address.map(|address| (Bounced { recipient, about, referrer }, address)))
    }

    /// Mutes an address. What is news of that: that it takes no mail, of whosever it is; of a resident's, for this concern,
    /// and for each with an open ticket that it was left with.
    async fn mute(&self, bounced: Bounced, address: &str, now: DateTime<Utc>) -> Result<Vec<Bounced>> {
        let concern = if let Recipient::Resident { concern } = bounced.recipient { Some(concern) } else { None };
        let statement = sql(
            "with muted as (
                 insert into muted_address (digest, since) values ($1, $2) on conflict do nothing returning digest
             ), shared as (
                 select r.concern_id, open.id as ticket_id, case when not open.hidden_from_referrer then c.referrer_id end as referrer_id
                 from resident_contact r
                 join concern c on c.id = r.concern_id
                 left join lateral (
                     select main.id, main.hidden_from_referrer
                     from ticket t join ticket main on main.id = coalesce(t.duplicate_of, t.id)
                     where main.state not in ('closed', 'cancelled') and (t.concern_id = r.concern_id or t.id = (
                         select f.ticket_id from concern_follow f where f.concern_id = r.concern_id
                     ))
                     order by t.id limit 1
                 ) open on true
                 where r.bounced_at is null and (r.concern_id = $3 or (r.address_digest = $1 and open.id is not null))
             ), marked as (
                 update resident_contact r set bounced_at = $2 from shared s
                 where r.concern_id = s.concern_id and r.bounced_at is null
                 returning s.concern_id, s.ticket_id, s.referrer_id
             )
             select concern_id, ticket_id, referrer_id from marked
             union all select null, null, null from muted where $3 is null",
            [
                address_digest(&self.keys.residents, address).into(),
                now.into(),
                concern.map(|concern| concern.0).into(),
            ],
        );
        let rows = LeftRow::find_by_statement(statement).all(&self.db).await?;
        let told = |LeftRow { concern_id, ticket_id, referrer_id }| match concern_id.map(ConcernId) {
            Some(left) if Some(left) != concern => Bounced {
                recipient: Recipient::Resident { concern: left },
                about: ticket_id.map(|ticket| (TicketId(ticket), 1)),
                referrer: referrer_id.map(UserId),
            },
            Some(_) | None => bounced.clone(),
        };
        Ok(rows.into_iter().map(told).collect())
    }
}
