//! Who follows tickets, and is told of what becomes of them.

use std::collections::BTreeMap;

use domain::concern::Referrer;
use domain::id::{ConcernId, TicketId};
use domain::ticket::notice::Follower;
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use crate::connect::sql;
use crate::resident::Contact;
use crate::{Result, SealingKeys};

#[derive(FromQueryResult)]
struct FollowerRow {
    root: Uuid,
    concern_id: Uuid,
    referrer_id: Option<Uuid>,
    client_id: Option<Uuid>,
    key_id: Option<String>,
    sealed: Option<Vec<u8>>,
    silent: bool,
}

/// See [`crate::Tx::followers`].
pub(super) async fn followers(
    db: &impl ConnectionTrait,
    keys: &SealingKeys,
    tickets: &[TicketId],
) -> Result<BTreeMap<TicketId, Vec<Follower>>> {
    let ids: Vec<Uuid> = tickets.iter().map(|ticket| ticket.0).collect();
    let statement = sql(
        "with recursive family (root, id, concern_id, depth) as (
             select id, id, concern_id, 0 from ticket where id = any($1)
             union
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
         select f.root, c.id as concern_id, c.referrer_id, c.client_id, r.key_id, r.sealed,
             coalesce(l.ended_at, l.mails_stopped_at) is not null as silent
         from following f
         join concern c on c.id = f.concern_id
         left join resident_contact r on r.concern_id = c.id
             and not exists (select from muted_address m where m.digest = r.address_digest)
         left join tracking_link l on l.concern_id = c.id
         where f.place <= 500 order by f.root, f.place",
        [ids.into()],
    );
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
        (Some(key_id), Some(sealed)) => Some(Contact::open(&keys.residents, concern, key_id, sealed)?),
        (None, _) | (_, None) => None,
    };
    let resident = contact.is_some_and(|contact| contact.email.is_some());
    Ok(Follower { concern, referrer, resident, mailed: resident && !row.silent })
}
