//! Notes and messages: kept with the messages that follow, in one statement; read in pages, the first one first.

use chrono::{DateTime, Utc};
use domain::id::{ConcernId, TicketId, UserId, WritingId};
use domain::ticket::writing::{Note, ReferrerMessage, ResidentMessage};
use domain::ticket::{Actor, Ticket};
use sea_orm::{ConnectionTrait, FromQueryResult, Statement};
use serde_json::Value;
use uuid::Uuid;

use super::change::messages;
use crate::connect::sql;
use crate::outbox::Message;
use crate::{Error, Page, Result, Store, Tx, one_more};

/// Something written, and its author's name, if it was a person or a program.
#[derive(Debug, Clone)]
pub struct Written<T> {
    /// What was written.
    pub writing: T,
    /// Who wrote it.
    pub name: Option<String>,
}

/// Somebody who may be mentioned in a ticket's notes.
#[derive(Debug, Clone)]
pub struct Colleague {
    /// Who, with roles and services.
    pub person: domain::rights::Person,
    /// Their name.
    pub name: String,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    at: DateTime<Utc>,
    actor: Value,
    text: String,
    name: Option<String>,
    mentions: Option<Vec<Uuid>>,
    leaves_at: Option<DateTime<Utc>>,
    taken_back_at: Option<DateTime<Utc>>,
}

/// One of the three kinds of writing.
trait Kind: Sized {
    fn of(row: Row, by: Actor) -> Result<Self>;
    fn id(&self) -> WritingId;
}

impl Kind for Note {
    fn of(row: Row, by: Actor) -> Result<Self> {
        let mentions = row.mentions.unwrap_or_default().into_iter().map(UserId).collect();
        Ok(Self { id: WritingId(row.id), at: row.at, by, text: row.text.try_into().map_err(Error::corrupt)?, mentions })
    }

    fn id(&self) -> WritingId {
        self.id
    }
}

impl Kind for ReferrerMessage {
    fn of(row: Row, by: Actor) -> Result<Self> {
        Ok(Self { id: WritingId(row.id), at: row.at, by, text: row.text.try_into().map_err(Error::corrupt)? })
    }

    fn id(&self) -> WritingId {
        self.id
    }
}

impl Kind for ResidentMessage {
    fn of(row: Row, by: Actor) -> Result<Self> {
        Ok(Self {
            id: WritingId(row.id),
            at: row.at,
            by,
            text: row.text.try_into().map_err(Error::corrupt)?,
            leaves_at: row.leaves_at.ok_or_else(|| Error::corrupt("a message to a resident never leaves"))?,
            taken_back_at: row.taken_back_at,
        })
    }

    fn id(&self) -> WritingId {
        self.id
    }
}

fn written<T: Kind>(mut row: Row) -> Result<Written<T>> {
    let by = serde_json::from_value(row.actor.take()).map_err(Error::corrupt)?;
    let name = row.name.take();
    Ok(Written { writing: T::of(row, by)?, name })
}

/// The columns of a row of each kind, with its author's name; what the others have besides is null.
macro_rules! columns {
    (note) => {
        "w.id, w.at, w.actor, w.text, w.mentions, null::timestamptz as leaves_at, null::timestamptz as taken_back_at"
    };
    (referrer_message) => {
        "w.id, w.at, w.actor, w.text, null::uuid[] as mentions, null::timestamptz as leaves_at,
         null::timestamptz as taken_back_at"
    };
    (resident_message) => {
        "w.id, w.at, w.actor, w.text, null::uuid[] as mentions, w.leaves_at, w.taken_back_at"
    };
}

/// Inserts a row and the messages that follow, and gives it back with its author's name.
macro_rules! insert {
    ($kind:ident, $insert:literal) => {
        concat!(
            "with w as (",
            $insert,
            " returning *), told as (
                insert into outbox (id, lane, kind, recipient, ticket_id, event_version, since, due_at)
                select m.id, m.lane, m.kind, m.recipient, m.ticket_id, m.version, m.due_at, m.due_at
                from jsonb_to_recordset($1) as m (
                    id uuid, lane text, kind text, recipient jsonb, ticket_id uuid, version bigint, due_at timestamptz
                )
            ) select ",
            columns!($kind),
            ", coalesce(u.name, c.name) as name from w
            left join user_account u on u.id = (w.actor ->> 'user')::uuid
            left join api_client c on c.id = (w.actor ->> 'client')::uuid"
        )
    };
}

/// A page of a ticket's rows.
macro_rules! page {
    ($kind:ident) => {
        concat!(
            "select ",
            columns!($kind),
            ", coalesce(u.name, c.name) as name from ",
            stringify!($kind),
            " w
            left join user_account u on u.id = (w.actor ->> 'user')::uuid
            left join api_client c on c.id = (w.actor ->> 'client')::uuid
            where w.ticket_id = $1 and w.id > $2 order by w.id limit $3"
        )
    };
}

impl Tx {
    /// See [`Store::colleagues`].
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn colleagues(&self, ticket: &Ticket) -> Result<Vec<Colleague>> {
        colleagues(&self.db, ticket).await
    }

    /// Keeps a note.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn add_note(&self, ticket: &Ticket, note: &Note, tell: &[Message]) -> Result<Written<Note>> {
        let mentions: Vec<Uuid> = note.mentions.iter().map(|user| user.0).collect();
        let statement = sql(
            insert!(
                note,
                "insert into note (id, ticket_id, at, actor, text, mentions) values ($2, $3, $4, $5, $6, $7)"
            ),
            [
                outbox(ticket, note.at, tell)?,
                note.id.0.into(),
                ticket.id.0.into(),
                note.at.into(),
                serde_json::to_value(&note.by).map_err(Error::corrupt)?.into(),
                note.text.as_str().into(),
                mentions.into(),
            ],
        );
        self.added(statement).await
    }

    /// Keeps a message between the service and the referrer.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn add_referrer_message(
        &self,
        ticket: &Ticket,
        message: &ReferrerMessage,
        tell: &[Message],
    ) -> Result<Written<ReferrerMessage>> {
        let statement = sql(
            insert!(
                referrer_message,
                "insert into referrer_message (id, ticket_id, at, actor, text) values ($2, $3, $4, $5, $6)"
            ),
            [
                outbox(ticket, message.at, tell)?,
                message.id.0.into(),
                ticket.id.0.into(),
                message.at.into(),
                serde_json::to_value(&message.by).map_err(Error::corrupt)?.into(),
                message.text.as_str().into(),
            ],
        );
        self.added(statement).await
    }

    /// Keeps a message to the resident, and what will tell them when it leaves.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn add_resident_message(
        &self,
        ticket: &Ticket,
        message: &ResidentMessage,
        tell: &[Message],
    ) -> Result<Written<ResidentMessage>> {
        let statement = sql(
            insert!(
                resident_message,
                "insert into resident_message (id, ticket_id, at, actor, text, leaves_at)
                 values ($2, $3, $4, $5, $6, $7)"
            ),
            [
                outbox(ticket, message.leaves_at, tell)?,
                message.id.0.into(),
                ticket.id.0.into(),
                message.at.into(),
                serde_json::to_value(&message.by).map_err(Error::corrupt)?.into(),
                message.text.as_str().into(),
                message.leaves_at.into(),
            ],
        );
        self.added(statement).await
    }

    async fn added<T: Kind>(&self, statement: Statement) -> Result<Written<T>> {
        let row = Row::find_by_statement(statement).one(&self.db).await?;
        written(row.ok_or_else(|| Error::corrupt("what was inserted is not there"))?)
    }

    /// A message to the resident of that ticket, locked until the transaction ends.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn lock_resident_message(
        &self,
        ticket: TicketId,
        id: WritingId,
    ) -> Result<Option<Written<ResidentMessage>>> {
        let statement = sql(
            concat!(
                "select ",
                columns!(resident_message),
                ", coalesce(u.name, c.name) as name from resident_message w
                left join user_account u on u.id = (w.actor ->> 'user')::uuid
                left join api_client c on c.id = (w.actor ->> 'client')::uuid
                where w.ticket_id = $1 and w.id = $2 for update of w"
            ),
            [ticket.0.into(), id.0.into()],
        );
        Row::find_by_statement(statement).one(&self.db).await?.map(written).transpose()
    }

    /// Takes a message to the resident back. False when it is on its way already: then nothing is done.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn take_back(&self, id: WritingId, now: DateTime<Utc>) -> Result<bool> {
        let statement = sql(
            "with gone as (
                 delete from outbox where lane = $2 and state in ('pending', 'stopped') and attempts = 0 returning 1
             )
             update resident_message set taken_back_at = $3
             where id = $1 and leaves_at > $3 and exists (select from gone)",
            [id.0.into(), Message::lane_of_writing(id).into(), now.into()],
        );
        Ok(self.db.execute_raw(statement).await?.rows_affected() == 1)
    }
}

fn outbox(ticket: &Ticket, due_at: DateTime<Utc>, tell: &[Message]) -> Result<sea_orm::Value> {
    let rows: Vec<_> = messages(ticket, due_at, tell).collect();
    Ok(serde_json::to_value(rows).map_err(Error::corrupt)?.into())
}

impl Store {
    /// A page of a ticket's notes. Whether the caller may read them is asked before.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn notes(&self, of: TicketId, after: Uuid, limit: u64) -> Result<Page<Written<Note>, Uuid>> {
        self.writings(page!(note), of, after, limit).await
    }

    /// A page of what the service and the referrer of a ticket wrote to one another.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn referrer_messages(
        &self,
        of: TicketId,
        after: Uuid,
        limit: u64,
    ) -> Result<Page<Written<ReferrerMessage>, Uuid>> {
        self.writings(page!(referrer_message), of, after, limit).await
    }

    /// What the service that has the ticket and the referrer wrote to one another since it came to that service, the
    /// first message first, `limit` at most: nothing from the time in which another had it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn referrer_messages_of_service(&self, ticket: &Ticket, limit: u64) -> Result<Vec<ReferrerMessage>> {
        let statement = sql(
            concat!(
                "select ",
                columns!(referrer_message),
                ", null::text as name from referrer_message w
                where w.ticket_id = $1 and w.at >= (
                    select min(h.sent_at) from handover h where h.ticket_id = $1 and h.number > coalesce((
                        select max(o.number) from handover o where o.ticket_id = $1 and o.service_code <> $2
                    ), 0)
                ) order by w.id limit $3"
            ),
            [ticket.id.0.into(), ticket.service.as_str().into(), i64::try_from(limit).map_err(Error::corrupt)?.into()],
        );
        let rows = Row::find_by_statement(statement).all(&self.db).await?;
        rows.into_iter().map(|row| Ok(written(row)?.writing)).collect()
    }

    /// A page of a ticket's messages to the resident, those that were taken back included.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn resident_messages(
        &self,
        of: TicketId,
        after: Uuid,
        limit: u64,
    ) -> Result<Page<Written<ResidentMessage>, Uuid>> {
        self.writings(page!(resident_message), of, after, limit).await
    }

    async fn writings<T: Kind>(
        &self,
        select: &'static str,
        of: TicketId,
        after: Uuid,
        limit: u64,
    ) -> Result<Page<Written<T>, Uuid>> {
        let most = one_more(limit);
        let rows = Row::find_by_statement(sql(select, [of.0.into(), after.into(), most.into()])).all(&self.db).await?;
        let written = rows.into_iter().map(written).collect::<Result<Vec<Written<T>>>>()?;
        Ok(Page::cut(written, limit, |written| written.writing.id().0))
    }

    /// What the resident of a concern has been written to, about any of its tickets, and reads by now; 200 at most.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn messages_that_left(
        &self,
        concern: ConcernId,
        now: DateTime<Utc>,
    ) -> Result<Vec<(TicketId, ResidentMessage)>> {
        #[derive(FromQueryResult)]
        struct Left {
            ticket_id: Uuid,
            #[sea_orm(nested)]
            row: Row,
        }
        let statement = sql(
            concat!(
                "select w.ticket_id, ",
                columns!(resident_message),
                ", null::text as name from ticket t join resident_message w on w.ticket_id = t.id
                where t.concern_id = $1 and w.leaves_at <= $2 and w.taken_back_at is null and w.actor ->> 'type' not in ('resident', 'mail')
                order by w.id desc limit 200"
            ),
            [concern.0.into(), now.into()],
        );
        let rows = Left::find_by_statement(statement).all(&self.db).await?;
        rows.into_iter().map(|left| Ok((TicketId(left.ticket_id), written(left.row)?.writing))).collect()
    }

    /// Who reads a ticket's notes: who works in its service, and the dispatchers; in the order of their names, 500 at
    /// most.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn colleagues(&self, ticket: &Ticket) -> Result<Vec<Colleague>> {
        colleagues(&self.db, ticket).await
    }
}

/// See [`Store::colleagues`].
async fn colleagues(db: &impl ConnectionTrait, ticket: &Ticket) -> Result<Vec<Colleague>> {
    #[derive(FromQueryResult)]
    struct Row {
        id: Uuid,
        name: String,
        roles: Vec<String>,
        services: Vec<String>,
    }
    let statement = sql(
        "select u.id, u.name, u.roles, array(
             select m.service_code from service_member m where m.user_id = u.id order by 1
         ) as services
         from user_account u
         where u.active and ('dispatcher' = any(u.roles) or exists (
             select from service_member m where m.user_id = u.id and m.service_code = $1
         ))
         order by lower(u.name), u.id limit 500",
        [ticket.service.as_str().into()],
    );
    let rows = Row::find_by_statement(statement).all(db).await?;
    let colleague =
        |row: Row| Ok(Colleague { person: crate::user::person(row.id, &row.roles, row.services)?, name: row.name });
    let all = rows.into_iter().map(colleague).collect::<Result<Vec<_>>>()?;
    Ok(all.into_iter().filter(|colleague| colleague.person.is_colleague(ticket)).collect())
}
