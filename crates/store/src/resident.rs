//! What residents left: sealed before it reaches the database.

use std::fmt;

use domain::id::ConcernId;
use domain::language::Language;
use domain::resident::{KeptConcern, KeptContact};
use sea_orm::{ConnectionTrait, FromQueryResult};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::connect::sql;
use crate::seal::digest;
use crate::{Error, Result, SealingKey, Store, Tx};

/// How a resident can be reached. Every field is optional but the language.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// Name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// E-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Telephone, E.164.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// The language in which they want to be answered.
    pub language: Language,
}

impl fmt::Debug for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contact").field("language", &self.language).finish_non_exhaustive()
    }
}

impl Contact {
    pub(crate) fn seal(&self, key: &SealingKey, concern: ConcernId) -> Result<Vec<u8>> {
        key.seal(concern.0, &serde_json::to_vec(self).map_err(Error::corrupt)?)
    }

    /// What the database keeps of the e-mail address, so that those of two concerns can be compared: empty when there is none.
    pub(crate) fn address_digest(&self, key: &SealingKey) -> Vec<u8> {
        self.email.as_deref().map(|email| address_digest(key, email)).unwrap_or_default()
    }

    pub(crate) fn open(key: &SealingKey, concern: ConcernId, key_id: &str, sealed: &[u8]) -> Result<Self> {
        serde_json::from_slice(&key.open(concern.0, key_id, sealed)?).map_err(Error::corrupt)
    }
}

/// What the database keeps of an e-mail address.
pub(crate) fn address_digest(key: &SealingKey, address: &str) -> Vec<u8> {
    key.mac(&[b"continuum muted address", address.to_lowercase().as_bytes()]).to_vec()
}

/// The token of a concern's tracking link, of one generation.
pub(crate) fn tracking_token(key: &SealingKey, concern: ConcernId, generation: i32) -> String {
    key.token("continuum tracking link", concern.0, generation)
}

#[derive(FromQueryResult)]
struct Row {
    key_id: String,
    sealed: Vec<u8>,
}

/// What the resident of a concern left, opened.
pub(crate) async fn contact(
    db: &impl ConnectionTrait,
    key: &SealingKey,
    concern: ConcernId,
) -> Result<Option<Contact>> {
    let statement = sql("select key_id, sealed from resident_contact where concern_id = $1", [concern.0.into()]);
    let row = Row::find_by_statement(statement).one(db).await?;
    row.map(|row| Contact::open(key, concern, &row.key_id, &row.sealed)).transpose()
}

impl Store {
    /// A key other than the ones at hand that sealed some row: what it seals, and its id; none when the keys at hand
    /// fit all.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn foreign_key(&self) -> Result<Option<(&'static str, String)>> {
        let residents = sql(
            "select key_id from resident_contact where key_id <> $1
             union all select key_id from unplaced_mail where key_id <> $1 limit 1",
            [self.keys.residents.id().into()],
        );
        if let Some(row) = self.db.query_one_raw(residents).await? {
            return Ok(Some(("residents", row.try_get_by_index(0)?)));
        }
        let accounts = sql(
            "select key_id from second_factor where key_id <> $1
             union all select key_id from webhook_secret where key_id <> $1 limit 1",
            [self.keys.accounts.id().into()],
        );
        let row = self.db.query_one_raw(accounts).await?;
        Ok(row.map(|row| row.try_get_by_index(0)).transpose()?.map(|id| ("accounts", id)))
    }
}

/// Everything of these concerns but the contacts, the first filed first: one JSON array.
const EXPORT: &str = "
    select coalesce(jsonb_agg(jsonb_build_object(
        'id', c.id, 'filed_at', c.filed_at, 'origin', c.origin, 'category', c.category_code, 'outcome', c.outcome,
        'description', c.description, 'answer', c.answer, 'answers', c.answers, 'address', c.address, 'lat', c.lat,
        'lon', c.lon,
        'tickets', (
            select coalesce(jsonb_agg(jsonb_build_object(
                'reference', t.reference, 'service', t.service_code, 'state', t.state, 'closure_reason', t.closure_reason,
                'timeline', (
                    select jsonb_agg(jsonb_build_object(
                        'at', e.at, 'what', case when (e.actor ->> 'concern')::uuid <> c.id then e.fact - 'note' else e.fact end
                    ) order by e.version)
                    from ticket_event e where e.ticket_id = t.id
                ),
                'notes', (
                    select coalesce(jsonb_agg(jsonb_build_object('at', n.at, 'text', n.text) order by n.id), '[]')
                    from note n where n.ticket_id = t.id
                ),
                'messages', (
                    select coalesce(jsonb_agg(jsonb_build_object('at', m.at, 'text', m.text) order by m.id), '[]')
                    from referrer_message m where m.ticket_id = t.id
                ),
                'messages_to_resident', (
                    select coalesce(jsonb_agg(jsonb_build_object('at', m.at, 'text', m.text) order by m.id), '[]')
                    from resident_message m where m.ticket_id = t.id and m.taken_back_at is null
                        and coalesce((m.actor ->> 'concern')::uuid, c.id) = c.id
                ),
                'attachments', (
                    select coalesce(jsonb_agg(jsonb_build_object(
                        'id', a.id, 'name', a.name, 'media_type', a.media_type, 'size', a.size, 'added_at', a.added_at
                    ) order by a.id), '[]')
                    from attachment a where a.ticket_id = t.id and a.removed_at is null
                        and coalesce((a.added_by ->> 'concern')::uuid, c.id) = c.id
                )
            ) order by t.id), '[]')
            from ticket t where t.concern_id = c.id
        ),
        'followed', (
            with recursive chain (id) as (
                select f.ticket_id from concern_follow f where f.concern_id = c.id
                union
                select d.duplicate_of from ticket d where d.concern_id = c.id and d.duplicate_of is not null
                union
                select d.duplicate_of from chain join ticket d using (id) where d.duplicate_of is not null
            ), about (id, follows) as (
                select id, true from chain
                union all
                -- What a duplicate's resident wrote before it was parted again.
                select id, false from (
                    select m.ticket_id as id from resident_message m
                    where m.actor ? 'concern' and (m.actor ->> 'concern')::uuid = c.id
                    union
                    select a.ticket_id from attachment a
                    where a.added_by ? 'concern' and (a.added_by ->> 'concern')::uuid = c.id
                ) wrote where not exists (select from chain where chain.id = wrote.id)
            ), since (at) as (
                -- What was said before they came was said to others.
                select coalesce(min(d.closed_at), c.filed_at) from ticket d
                where d.concern_id = c.id and d.duplicate_of is not null
            )
            -- What is written beside the timeline is between the service and the resident of the ticket's own concern.
            select coalesce(jsonb_agg(jsonb_build_object('reference', t.reference, 'told', (
                select coalesce(jsonb_agg(jsonb_build_object('at', told.at, 'text', told.text) order by told.at), '[]')
                from (
                    select e.at, e.fact ->> 'message_to_resident' as text from ticket_event e
                    where e.ticket_id = t.id and e.fact ->> 'message_to_resident' is not null
                ) told, since where told.at >= since.at and about.follows
            ), 'written', (
                select coalesce(jsonb_agg(jsonb_build_object('at', m.at, 'text', m.text) order by m.id), '[]')
                from resident_message m where m.ticket_id = t.id and (m.actor ->> 'concern')::uuid = c.id
            ), 'attachments', (
                select coalesce(jsonb_agg(jsonb_build_object(
                    'id', a.id, 'name', a.name, 'media_type', a.media_type, 'size', a.size, 'added_at', a.added_at
                ) order by a.id), '[]')
                from attachment a
                where a.ticket_id = t.id and a.removed_at is null and (a.added_by ->> 'concern')::uuid = c.id
            )) order by t.id), '[]')
            from about join ticket t using (id) where t.concern_id <> c.id
        ),
        'feedback', (
            select coalesce(jsonb_agg(jsonb_build_object(
                'ticket', t.reference, 'at', f.at, 'solved', f.solved, 'reason', f.reason, 'text', f.text
            ) order by f.id), '[]')
            from feedback f join ticket t on t.id = f.ticket_id where f.concern_id = c.id
        ),
        'mails', (
            select coalesce(jsonb_agg(jsonb_build_object('kind', o.kind, 'state', o.state, 'at', o.finished_at) order by o.seq), '[]')
            from outbox o
            where o.recipient ->> 'type' = 'resident' and (o.recipient ->> 'concern')::uuid = c.id
        )
    ) order by c.filed_at, c.id), '[]')
    from concern c where c.id = any($1)";

#[derive(FromQueryResult)]
struct ContactRow {
    concern_id: Uuid,
    key_id: String,
    sealed: Vec<u8>,
}

/// Of how many concerns of one resident something is found at most.
const MOST: u32 = 200;

impl Store {
    /// The concerns of whoever left this e-mail address, the last filed first; two hundred at most.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn concerns_of_address(&self, email: &str) -> Result<Vec<ConcernId>> {
        let statement = sql(
            "select c.id from resident_contact r join concern c on c.id = r.concern_id
             where r.address_digest = $1 order by c.filed_at desc, c.id desc limit $2",
            [address_digest(&self.keys.residents, email).into(), i64::from(MOST).into()],
        );
        let rows = self.db.query_all_raw(statement).await?;
        rows.into_iter().map(|row| Ok(ConcernId(row.try_get_by_index(0)?))).collect()
    }

    /// The concerns of the resident of a concern: itself, then those with the same e-mail address, two hundred at most, and
    /// whether there are more. None when there is no such concern.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn concerns_of_resident(&self, concern: ConcernId) -> Result<(Vec<ConcernId>, bool)> {
        let statement = sql(
            "select id from concern where id = $1
             union all
             (select o.concern_id from resident_contact r join resident_contact o on o.address_digest = r.address_digest
              where r.concern_id = $1 and r.address_digest <> '' and o.concern_id <> $1 order by o.concern_id limit $2)",
            [concern.0.into(), i64::from(MOST).into()],
        );
        let rows = self.db.query_all_raw(statement).await?.into_iter();
        let mut concerns =
            rows.map(|row| Ok(ConcernId(row.try_get_by_index(0)?))).collect::<Result<Vec<ConcernId>>>()?;
        let more = concerns.len() > MOST as usize;
        concerns.truncate(MOST as usize);
        Ok((concerns, more))
    }

    /// Everything that is kept of these concerns, as it is handed out to their resident.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn export_resident(&self, concerns: &[ConcernId]) -> Result<Vec<KeptConcern>> {
        let ids: Vec<Uuid> = concerns.iter().map(|concern| concern.0).collect();
        let row = self.db.query_one_raw(sql(EXPORT, [ids.clone().into()])).await?;
        let all: Value = row.map_or(Ok(Value::Array(Vec::new())), |row| row.try_get_by_index(0))?;
        let mut all: Vec<KeptConcern> = serde_json::from_value(all).map_err(Error::corrupt)?;
        let statement =
            sql("select concern_id, key_id, sealed from resident_contact where concern_id = any($1)", [ids.into()]);
        for row in ContactRow::find_by_statement(statement).all(&self.db).await? {
            let contact = Contact::open(&self.keys.residents, ConcernId(row.concern_id), &row.key_id, &row.sealed)?;
            let Contact { name, email, phone, language } = contact;
            if let Some(concern) = all.iter_mut().find(|concern| concern.id == row.concern_id) {
                concern.contact = Some(KeptContact { name, email, phone, language });
            }
        }
        Ok(all)
    }
}

#[derive(FromQueryResult)]
struct UndigestedRow {
    concern_id: Uuid,
    key_id: String,
    sealed: Vec<u8>,
}

#[derive(FromQueryResult)]
struct RenewedRow {
    concern_id: Uuid,
    generation: i32,
}

impl Tx {
    /// Completes what programs before this one kept of residents: digests of addresses, and of links that were replaced.
    /// At most `limit` of each; says of how many. Any number of instances may do this at once.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn complete_residents(&self, limit: i64) -> Result<usize> {
        let key = &self.keys.residents;
        let statement = sql(
            "select concern_id, key_id, sealed from resident_contact
             where address_digest is null and key_id = $1 order by concern_id limit $2 for update skip locked",
            [key.id().into(), limit.into()],
        );
        let contacts = UndigestedRow::find_by_statement(statement).all(&self.db).await?;
        let (mut concerns, mut digests) = (Vec::new(), Vec::new());
        for row in &contacts {
            let contact = Contact::open(key, ConcernId(row.concern_id), &row.key_id, &row.sealed)?;
            concerns.push(row.concern_id);
            digests.push(contact.address_digest(key));
        }
        let statement = sql(
            "update resident_contact r set address_digest = d.digest
             from unnest($1::uuid[], $2::bytea[]) as d (concern_id, digest) where r.concern_id = d.concern_id",
            [concerns.into(), digests.into()],
        );
        self.db.execute_raw(statement).await?;
        let statement = sql(
            "select concern_id, generation from tracking_link l
             where generation > 1 and not exists (select from former_link f where f.concern_id = l.concern_id)
             order by concern_id limit $1 for update skip locked",
            [limit.into()],
        );
        let links = RenewedRow::find_by_statement(statement).all(&self.db).await?;
        let former =
            links.iter().flat_map(|row| (1..row.generation).map(move |generation| (row.concern_id, generation)));
        let former =
            former.map(|(concern, generation)| (concern, digest(&tracking_token(key, ConcernId(concern), generation))));
        let (concerns, digests): (Vec<Uuid>, Vec<Vec<u8>>) = former.unzip();
        let statement = sql(
            "insert into former_link (concern_id, digest) select * from unnest($1::uuid[], $2::bytea[])
             on conflict do nothing",
            [concerns.into(), digests.into()],
        );
        self.db.execute_raw(statement).await?;
        Ok(contacts.len() + links.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contact_is_opened_and_not_shown() {
        let key = SealingKey::new([7; 32]);
        let concern = ConcernId(uuid::Uuid::from_u128(1));
        let contact = Contact { name: None, email: Some("h@mail.example".into()), phone: None, language: Language::En };
        let sealed = contact.seal(&key, concern).unwrap();
        assert_eq!(Contact::open(&key, concern, key.id(), &sealed).unwrap(), contact);
        assert_eq!(format!("{contact:?}"), "Contact { language: En, .. }");
    }
}
