//! Links to tickets for partners without accounts, and who followed them. The token is derived from the accounts' key and
//! the link's id; the database holds its digest only. A row never changes: whether a link still leads to its ticket
//! follows from the ticket.

use chrono::{DateTime, Utc};
use domain::city::organisation::Access;
use domain::id::{MessageId, PartnerLinkId, ServiceCode, TicketId};
use domain::ticket::Ticket;
use domain::ticket::notice::{Kind, Notice, Recipient};
use sea_orm::{ConnectionTrait, FromQueryResult};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::connect::{bytea, sql};
use crate::outbox::Message;
use crate::seal::digest;
use crate::{Error, Page, Result, SealingKey, SealingKeys, Store, Tx, one_more};

/// A link to one ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartnerLink {
    /// Its id.
    pub id: PartnerLinkId,
    /// The ticket.
    pub ticket: TicketId,
    /// The handover that passed the ticket to the partner.
    pub handover: i32,
    /// The partner.
    pub service: ServiceCode,
    /// What it could see when the link was sent, and for which purpose.
    pub access: Access,
    /// Until when it works.
    pub expires_at: DateTime<Utc>,
}

impl PartnerLink {
    /// A link to a ticket as it is passed to a partner.
    #[must_use]
    pub fn to(ticket: &Ticket, id: PartnerLinkId, access: Access, expires_at: DateTime<Utc>) -> Self {
        let (handover, service) = (ticket.handovers, ticket.service.clone());
        Self { id, ticket: ticket.id, handover, service, access, expires_at }
    }
}

/// What somebody did with a link.
#[derive(Debug, Clone)]
pub struct Opening {
    /// Its id.
    pub id: Uuid,
    /// When.
    pub at: DateTime<Utc>,
    /// What: `opened`, `photo`, `expired`, `over`, or what was done.
    pub what: String,
    /// Where from, an address.
    pub address: Option<String>,
    /// The handover that the link was sent for.
    pub handover: i32,
    /// The partner that the link was sent to.
    pub service: ServiceCode,
}

/// Something that was just done with a link.
#[derive(Debug, Clone)]
pub struct NewOpening<'a> {
    /// Its id.
    pub id: Uuid,
    /// With which link.
    pub link: &'a PartnerLink,
    /// When.
    pub at: DateTime<Utc>,
    /// What.
    pub what: &'static str,
    /// Where from.
    pub address: Option<&'a str>,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    ticket_id: Uuid,
    handover: i32,
    service_code: String,
    access: Value,
    expires_at: DateTime<Utc>,
}

impl TryFrom<Row> for PartnerLink {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: PartnerLinkId(row.id),
            ticket: TicketId(row.ticket_id),
            handover: row.handover,
            service: row.service_code.try_into().map_err(Error::corrupt)?,
            access: serde_json::from_value(row.access).map_err(Error::corrupt)?,
            expires_at: row.expires_at,
        })
    }
}

#[derive(FromQueryResult)]
struct OpeningRow {
    id: Uuid,
    at: DateTime<Utc>,
    what: String,
    address: Option<String>,
    handover: i32,
    service_code: String,
}

#[derive(Serialize)]
struct NewRow<'a> {
    id: Uuid,
    ticket_id: Uuid,
    handover: i32,
    service_code: &'a str,
    access: &'a Access,
    digest: String,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
}

/// The part of a statement that keeps new links under a condition. The parameter is [`link_rows`].
macro_rules! keep_links {
    ($links:literal, $condition:literal) => {
        concat!(
            "insert into partner_link (id, ticket_id, handover, service_code, access, digest, created_at, expires_at)
             select * from jsonb_to_recordset(",
            $links,
            ") as l (
                 id uuid, ticket_id uuid, handover integer, service_code text, access jsonb, digest bytea,
                 created_at timestamptz, expires_at timestamptz
             ) where ",
            $condition
        )
    };
}
pub(crate) use keep_links;

/// The rows that [`keep_links`] keeps, of links that were made then.
pub(crate) fn link_rows<'a>(
    keys: &SealingKeys,
    links: impl Iterator<Item = (&'a PartnerLink, DateTime<Utc>)>,
) -> Result<Value> {
    let row = |(link, created_at): (&PartnerLink, DateTime<Utc>)| {
        serde_json::to_value(NewRow {
            id: link.id.0,
            ticket_id: link.ticket.0,
            handover: link.handover,
            service_code: link.service.as_str(),
            access: &link.access,
            digest: bytea(&digest(&token(&keys.accounts, link.id))),
            created_at,
            expires_at: link.expires_at,
        })
    };
    Ok(Value::Array(links.map(row).collect::<std::result::Result<_, _>>().map_err(Error::corrupt)?))
}

/// The token of a link.
pub(crate) fn token(key: &SealingKey, link: PartnerLinkId) -> String {
    key.token("continuum partner link", link.0, 1)
}

async fn log(db: &impl ConnectionTrait, opening: &NewOpening<'_>) -> Result<()> {
    let statement = sql(
        "insert into partner_opening (id, ticket_id, link_id, at, what, address) values ($1, $2, $3, $4, $5, $6)",
        [
            opening.id.into(),
            opening.link.ticket.0.into(),
            opening.link.id.0.into(),
            opening.at.into(),
            opening.what.into(),
            opening.address.map(ToOwned::to_owned).into(),
        ],
    );
    db.execute_raw(statement).await?;
    Ok(())
}

impl Store {
    /// The link of that token, be it that it leads nowhere any more.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn partner_link(&self, token: &str) -> Result<Option<PartnerLink>> {
        let statement = sql(
            "select id, ticket_id, handover, service_code, access, expires_at from partner_link where digest = $1",
            [digest(token).into()],
        );
        Row::find_by_statement(statement).one(&self.db).await?.map(PartnerLink::try_from).transpose()
    }

    /// Logs that a link was followed.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn log_opening(&self, opening: &NewOpening<'_>) -> Result<()> {
        log(&self.db, opening).await
    }

    /// A page of what was done with the links to a ticket, the first one first. Whether the caller may know is asked before.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn openings(&self, of: TicketId, after: Uuid, limit: u64) -> Result<Page<Opening, Uuid>> {
        let statement = sql(
            "select o.id, o.at, o.what, o.address, l.handover, l.service_code
             from partner_opening o join partner_link l on l.id = o.link_id
             where o.ticket_id = $1 and o.id > $2 order by o.id limit $3",
            [of.0.into(), after.into(), one_more(limit).into()],
        );
        let opening = |row: OpeningRow| {
            let OpeningRow { id, at, what, address, handover, service_code } = row;
            let service = service_code.try_into().map_err(Error::corrupt)?;
            Ok(Opening { id, at, what, address, handover, service })
        };
        let rows = OpeningRow::find_by_statement(statement).all(&self.db).await?;
        let openings = rows.into_iter().map(opening).collect::<Result<Vec<_>>>()?;
        Ok(Page::cut(openings, limit, |opening| opening.id))
    }

    /// Forgets who followed links before that instant: a bounded number at a time; returns how many.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn clear_openings(&self, before: DateTime<Utc>) -> Result<u64> {
        let statement = sql(
            "delete from partner_opening where id in (
                 select id from partner_opening where at < $1 limit 1000 for update skip locked
             )",
            [before.into()],
        );
        Ok(self.db.execute_raw(statement).await?.rows_affected())
    }
}

impl Tx {
    /// Keeps new links: one statement.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn add_partner_links(&self, links: &[PartnerLink], now: DateTime<Utc>) -> Result<()> {
        let rows = link_rows(&self.keys, links.iter().map(|link| (link, now)))?;
        let statement = sql(keep_links!("$1", "true"), [rows.into()]);
        self.db.execute_raw(statement).await?;
        Ok(())
    }

    /// Those of these tickets to which no link was made since they were last passed on.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn without_partner_link(&self, tickets: &[TicketId]) -> Result<Vec<TicketId>> {
        let ids: Vec<Uuid> = tickets.iter().map(|ticket| ticket.0).collect();
        let statement = sql(
            "select t.id from ticket t where t.id = any($1) and not exists (
                 select from partner_link l where l.ticket_id = t.id and l.handover = t.handovers
             )",
            [ids.into()],
        );
        let rows = self.db.query_all_raw(statement).await?;
        rows.into_iter().map(|row| Ok(TicketId(row.try_get_by_index(0)?))).collect()
    }

    /// Has the newest link to a ticket sent to its partner's mailbox.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn send_partner_link(&self, ticket: &Ticket, id: MessageId, now: DateTime<Utc>) -> Result<()> {
        let recipient = Recipient::Service { code: ticket.service.clone() };
        let message = Message::about(ticket.id, id, Notice { kind: Kind::Renewed, recipient });
        self.append_message_about(&message, ticket.id, ticket.version, now).await
    }

    /// Logs what is done through a link, with what is done.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn log_opening(&self, opening: &NewOpening<'_>) -> Result<()> {
        log(&self.db, opening).await
    }
}
