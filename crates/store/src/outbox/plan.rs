//! Settling when each new message leaves, and with which others. One worker does at a time: what it finds about a lane
//! stays true until it has written what follows.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::id::{MessageId, ServiceCode, TicketId, UserId};
use domain::notification::{Chosen, Correspondence, WINDOW};
use domain::ticket::Actor;
use domain::ticket::notice::{Kind, Recipient};
use sea_orm::{ConnectionTrait, FromQueryResult};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::connect::sql;
use crate::{Error, Result, Tx};

/// A new message, of which nothing is settled.
#[derive(Debug, Clone)]
pub struct Unplanned {
    /// Its id.
    pub id: MessageId,
    /// What it tells of a ticket, and of which; none when it tells of something else.
    pub about: Option<(Kind, TicketId)>,
    /// To whom.
    pub recipient: Recipient,
    /// Whether its letter holds a link that opens the one ticket that it tells of.
    pub door: bool,
    /// The lane that it was appended to.
    pub lane: String,
    /// When it is due.
    pub due_at: DateTime<Utc>,
    /// Who did what it tells of.
    pub by: Option<Actor>,
    /// Who filed the ticket's concern.
    pub referrer: Option<UserId>,
    /// What the recipient has chosen.
    pub chosen: Chosen,
}

/// A member of a service who wishes to be told what its mailbox is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub user: UserId,
    /// What they have chosen.
    pub chosen: Chosen,
}

/// What was settled of a message.
#[derive(Debug, Clone)]
pub struct Planned {
    /// The message.
    pub id: MessageId,
    /// Of a new message to a member: the one to the mailbox that it says again.
    pub copy: Option<(MessageId, Recipient)>,
    /// What becomes of it.
    pub fate: Plan,
}

/// What becomes of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plan {
    /// It leaves.
    Leaves {
        /// In this lane.
        lane: String,
        /// Then.
        at: DateTime<Utc>,
        /// In one e-mail with the others of the lane for which this is true and which are due.
        bundled: bool,
    },
    /// Whoever it is for does not wish it.
    Unwished,
}

#[derive(FromQueryResult)]
struct UnplannedRow {
    seq: i64,
    id: Uuid,
    kind: String,
    recipient: Value,
    door: bool,
    lane: String,
    due_at: DateTime<Utc>,
    ticket_id: Option<Uuid>,
    actor: Option<Value>,
    referrer_id: Option<Uuid>,
    wishes: Option<Value>,
}

#[derive(FromQueryResult)]
struct MemberRow {
    user_id: Uuid,
    service_code: String,
    wishes: Value,
}

fn member(row: MemberRow) -> Result<(ServiceCode, Member)> {
    let service = row.service_code.try_into().map_err(Error::corrupt)?;
    let chosen = serde_json::from_value(row.wishes).map_err(Error::corrupt)?;
    Ok((service, Member { user: UserId(row.user_id), chosen }))
}

#[derive(FromQueryResult)]
struct LaneRow {
    lane: String,
    left_at: Option<DateTime<Utc>>,
    leaves_at: Option<DateTime<Utc>>,
    under_way: bool,
}

#[derive(Serialize)]
struct PlannedRow<'a> {
    id: Uuid,
    copy: Option<Uuid>,
    recipient: Option<&'a Recipient>,
    lane: Option<&'a str>,
    due_at: Option<DateTime<Utc>>,
    bundled: bool,
}

impl<'a> From<&'a Planned> for PlannedRow<'a> {
    fn from(planned: &'a Planned) -> Self {
        let (copy, recipient) = planned.copy.as_ref().map(|(id, recipient)| (id.0, recipient)).unzip();
        let (lane, due_at, bundled) = match &planned.fate {
            Plan::Leaves { lane, at, bundled } => (Some(lane.as_str()), Some(*at), *bundled),
            Plan::Unwished => (None, None, false),
        };
        Self { id: planned.id.0, copy, recipient, lane, due_at, bundled }
    }
}

impl Tx {
    /// The messages of which nothing is settled, at most `limit`, in the order in which they leave. None while another
    /// worker settles what becomes of them.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn unplanned(&self, limit: u64) -> Result<Vec<Unplanned>> {
        let turn =
            sql("select pg_try_advisory_xact_lock(hashtext('continuum outbox'), hashtext(current_schema()))", []);
        let turn = self.db.query_one_raw(turn).await?.ok_or_else(|| Error::corrupt("no lock was asked for"))?;
        if !turn.try_get_by_index::<bool>(0)? {
            return Ok(Vec::new());
        }
        let (mut after, mut read) = (0, Vec::new());
        loop {
            let rows = self.unplanned_after(after, limit).await?;
            after = rows.last().map_or(after, |row| row.seq);
            let is_last = (rows.len() as u64) < limit;
            // One that cannot be read, as a newer version wrote it, keeps no other waiting.
            read.extend(rows.into_iter().filter_map(|row| {
                let id = row.id;
                unplanned(row)
                    .inspect_err(|error| tracing::error!(message = %id, %error, "a message cannot be read"))
                    .ok()
            }));
            if is_last || !read.is_empty() {
                return Ok(read);
            }
        }
    }

    async fn unplanned_after(&self, seq: i64, limit: u64) -> Result<Vec<UnplannedRow>> {
        let statement = sql(
            "select m.seq, m.id, m.kind, m.recipient, coalesce(s.definition ? 'access', false) as door, m.lane, m.due_at, m.ticket_id, e.actor, t.referrer_id, w.wishes
             from outbox m
             left join ticket t on t.id = m.ticket_id
             left join ticket_event e on e.ticket_id = m.ticket_id and e.version = m.event_version
             left join notification_wish w on w.user_id = (m.recipient ->> 'user')::uuid
             left join service s on s.code = m.recipient ->> 'code'
             where m.state = 'pending' and not m.planned and m.seq > $1 order by m.seq limit $2",
            [seq.into(), i64::try_from(limit).unwrap_or(i64::MAX).into()],
        );
        Ok(UnplannedRow::find_by_statement(statement).all(&self.db).await?)
    }

    /// The members of these services who wish to be told what the mailboxes are.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn members_told(&self, services: &[ServiceCode]) -> Result<BTreeMap<ServiceCode, Vec<Member>>> {
        let codes: Vec<String> = services.iter().map(ToString::to_string).collect();
        let statement = sql(
            "select m.service_code, m.user_id, w.wishes
             from service_member m
             join notification_wish w on w.user_id = m.user_id and w.wishes ->> 'service' <> 'none'
             join user_account u on u.id = m.user_id and u.active
             where m.service_code = any($1) order by m.service_code, m.user_id limit 1000",
            [codes.into()],
        );
        let mut members: BTreeMap<ServiceCode, Vec<Member>> = BTreeMap::new();
        for row in MemberRow::find_by_statement(statement).all(&self.db).await? {
            let user = row.user_id;
            // One that a newer version wrote leaves the others theirs.
            match member(row) {
                Ok((service, member)) => members.entry(service).or_default().push(member),
                Err(error) => tracing::error!(%user, %error, "somebody's wishes cannot be read"),
            }
        }
        Ok(members)
    }

    /// What is known of each of these lanes; of one without e-mails, nothing.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn correspondence(
        &self,
        lanes: &[String],
        now: DateTime<Utc>,
    ) -> Result<BTreeMap<String, Correspondence>> {
        let statement = sql(
            "select lane, max(finished_at) filter (where state = 'sent') as left_at,
                 min(due_at) filter (where state = 'pending' and bundled and mail is null) as leaves_at,
                 bool_or(state = 'pending' and mail is not null) as under_way
             from outbox
             where lane = any($1) and planned and (state = 'pending' or (state = 'sent' and finished_at > $2))
             group by lane",
            [lanes.to_vec().into(), (now - WINDOW).into()],
        );
        let rows = LaneRow::find_by_statement(statement).all(&self.db).await?;
        let known = |row: LaneRow| {
            let LaneRow { lane, left_at, leaves_at, under_way } = row;
            (lane, Correspondence { left_at, leaves_at, under_way })
        };
        Ok(rows.into_iter().map(known).collect())
    }

    /// Keeps what was settled, and lets what waits in the lanes of `hurried` leave now.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn save_plan(&self, planned: &[Planned], hurried: &[String], now: DateTime<Utc>) -> Result<()> {
        let rows: Vec<PlannedRow<'_>> = planned.iter().map(PlannedRow::from).collect();
        let statement = sql(
            "with p as (
                 select * from jsonb_to_recordset($1) as p (
                     id uuid, copy uuid, recipient jsonb, lane text, due_at timestamptz, bundled boolean
                 )
             ), copied as (
                 insert into outbox (
                     id, lane, kind, recipient, ticket_id, event_version, since, due_at, leaves_at, planned, bundled
                 )
                 select p.id, p.lane, m.kind, p.recipient, m.ticket_id, m.event_version, m.since, p.due_at, p.due_at,
                     true, p.bundled
                 from p join outbox m on m.id = p.copy where p.lane is not null
             ), hurried as (
                 update outbox set due_at = $3, leaves_at = $3
                 where lane = any($2) and state = 'pending' and bundled and mail is null and due_at > $3
             )
             update outbox o set planned = true, lane = coalesce(p.lane, o.lane), due_at = coalesce(p.due_at, o.due_at),
                 leaves_at = p.due_at, bundled = p.bundled, state = case when p.lane is null then 'stopped' else o.state end,
                 finished_at = case when p.lane is null then $3 end,
                 last_error = case when p.lane is null then 'the recipient wishes no such e-mail' else o.last_error end
             from p where o.id = p.id and p.copy is null and o.state = 'pending'",
            [
                serde_json::to_value(rows).map_err(Error::corrupt)?.into(),
                hurried.to_vec().into(),
                now.into(),
            ],
        );
        self.db.execute_raw(statement).await?;
        Ok(())
    }
}

fn unplanned(row: UnplannedRow) -> Result<Unplanned> {
    let about = row.ticket_id.and_then(|ticket| Some((Kind::from_code(&row.kind)?, TicketId(ticket))));
    let parse = |value: Value| serde_json::from_value(value).map_err(Error::corrupt);
    Ok(Unplanned {
        id: MessageId(row.id),
        about,
        recipient: serde_json::from_value(row.recipient).map_err(Error::corrupt)?,
        door: row.door,
        lane: row.lane,
        due_at: row.due_at,
        by: row.actor.map(serde_json::from_value).transpose().map_err(Error::corrupt)?,
        referrer: row.referrer_id.map(UserId),
        chosen: row.wishes.map(parse).transpose()?.unwrap_or_default(),
    })
}
