//! Who follows tickets, and is told of what becomes of them.

use std::collections::BTreeMap;

use data_encoding::BASE64_MIME;
use domain::concern::Referrer;
use domain::id::{ConcernId, TicketId};
use domain::ticket::notice::Follower;
use sea_orm::{ConnectionTrait, FromQueryResult};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use crate::connect::sql;
use crate::resident::Contact;
use crate::{Error, Result, SealingKeys};

#[derive(FromQueryResult, Deserialize)]
struct FollowerRow {
    root: Uuid,
    concern_id: Uuid,
    referrer_id: Option<Uuid>,
    client_id: Option<Uuid>,
    key_id: Option<String>,
    /// In base 64.
    sealed: Option<String>,
    silent: bool,
}

/// Who follows the tickets whose ids are asked for: a condition on `asked.id`.
macro_rules! following {
    ($those:literal) => {
        concat!(
            "with recursive family (root, id, concern_id, depth) as (
                 select asked.id, asked.id, asked.concern_id, 0 from ticket asked where ",
            $those,
            " union
                 select f.root, d.id, d.concern_id, f.depth + 1
                 from ticket d join family f on d.duplicate_of = f.id where f.depth < 20
             ), heard (root, concern_id, rank) as (
                 select root, concern_id, 2 * depth from family
                 union all
                 select f.root, w.concern_id, 2 * f.depth + 1
                 from family f join concern_follow w on w.ticket_id = f.id
             ), following as (
                 select root, concern_id, row_number() over (partition by root order by min(rank), concern_id) as place
                 from heard group by root, concern_id
             )
             select f.root, f.place, c.id as concern_id, c.referrer_id, c.client_id, r.key_id,
                 encode(r.sealed, 'base64') as sealed, coalesce(l.ended_at, l.mails_stopped_at) is not null as silent
             from following f
             join concern c on c.id = f.concern_id
             left join resident_contact r on r.concern_id = c.id
                 and not exists (select from muted_address m where m.digest = r.address_digest)
             left join tracking_link l on l.concern_id = c.id
             where f.place <= 500 order by f.root, f.place"
        )
    };
}

/// The followers of the ticket in whose row it stands.
pub(super) const OF_THE_ROW: &str =
    concat!("(select coalesce(jsonb_agg(f order by f.place), '[]') from (", following!("asked.id = ticket.id"), ") f)");

/// The followers of a ticket, from what [`OF_THE_ROW`] told.
pub(super) fn of_the_row(keys: &SealingKeys, told: Value) -> Result<Vec<Follower>> {
    let rows: Vec<FollowerRow> = serde_json::from_value(told).map_err(Error::corrupt)?;
    rows.iter().map(|row| follower(keys, row)).collect()
}

/// See [`crate::Tx::followers`].
pub(super) async fn followers(
    db: &impl ConnectionTrait,
    keys: &SealingKeys,
    tickets: &[TicketId],
) -> Result<BTreeMap<TicketId, Vec<Follower>>> {
    let ids: Vec<Uuid> = tickets.iter().map(|ticket| ticket.0).collect();
    let statement = sql(following!("asked.id = any($1)"), [ids.into()]);
    let mut followers: BTreeMap<TicketId, Vec<Follower>> = BTreeMap::new();
    for row in FollowerRow::find_by_statement(statement).all(db).await? {
        followers.entry(TicketId(row.root)).or_default().push(follower(keys, &row)?);
    }
    Ok(followers)
}

fn follower(keys: &SealingKeys, row: &FollowerRow) -> Result<Follower> {
    let concern = ConcernId(row.concern_id);
    let referrer: Referrer = super::referrer(row.referrer_id, row.client_id)?;
    let contact = match (&row.key_id, &row.sealed) {
        (Some(key_id), Some(sealed)) => {
            // PostgreSQL breaks its lines (RFC 2045).
            let sealed = BASE64_MIME.decode(sealed.as_bytes()).map_err(Error::corrupt)?;
            Some(Contact::open(&keys.residents, concern, key_id, &sealed)?)
        }
        (None, _) | (_, None) => None,
    };
    let resident = contact.is_some_and(|contact| contact.email.is_some());
    Ok(Follower { concern, referrer, resident, mailed: resident && !row.silent })
}
