//! Another key in the place of the one that seals what residents left: everything that depends on it is made anew in one
//! transaction, while nobody else reads or writes it.

use domain::id::ConcernId;
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use crate::connect::sql;
use crate::inbound::Words;
use crate::resident::{Contact, address_digest, tracking_token};
use crate::seal::digest;
use crate::{Error, Result, SealingKey, Tx, restitution};

/// How many rows are read at once.
const BATCH: i64 = 1000;

/// What was made anew.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Replaced {
    /// Contacts of residents that were sealed anew.
    pub contacts: u64,
    /// E-mails that belong nowhere, sealed anew.
    pub mails: u64,
    /// Tracking links that lead nowhere now: the next e-mail holds another.
    pub links: u64,
    /// Slips of paper that lead nowhere now.
    pub slips: u64,
    /// Published sheets that have another link now.
    pub sheets: u64,
}

#[derive(FromQueryResult)]
struct SealedRow {
    id: Uuid,
    key_id: String,
    sealed: Vec<u8>,
}

#[derive(FromQueryResult)]
struct LinkRow {
    id: Uuid,
    generation: i32,
}

/// A table with something sealed.
struct Sealed {
    /// Its rows after `$1`, `$2` of them.
    read: &'static str,
    /// Seals with the key `$1` the rows `$2` anew: `$3`, and the digests of addresses `$4`, empty where there is none.
    write: &'static str,
    /// The address in what was sealed.
    address: fn(&[u8]) -> Result<Option<String>>,
}

const CONTACTS: Sealed = Sealed {
    read: "select concern_id as id, key_id, sealed from resident_contact where concern_id > $1 order by concern_id limit $2",
    write: "update resident_contact r set key_id = $1, sealed = a.sealed, address_digest = a.digest
        from unnest($2::uuid[], $3::bytea[], $4::bytea[]) as a (id, sealed, digest) where r.concern_id = a.id",
    address: |plain| Ok(serde_json::from_slice::<Contact>(plain).map_err(Error::corrupt)?.email),
};

const MAILS: Sealed = Sealed {
    read: "select id, key_id, sealed from unplaced_mail where id > $1 order by id limit $2",
    write: "update unplaced_mail m set key_id = $1, sealed = a.sealed, from_digest = nullif(a.digest, '')
        from unnest($2::uuid[], $3::bytea[], $4::bytea[]) as a (id, sealed, digest) where m.id = a.id",
    address: |plain| Ok(serde_json::from_slice::<Words>(plain).map_err(Error::corrupt)?.from),
};

impl Tx {
    /// Keeps everybody else from what residents left until the end of the transaction. False, and nothing is kept, when another
    /// process of this city is connected, which would go on with the key that it has.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn hold_residents(&self) -> Result<bool> {
        if !self.is_alone().await? {
            return Ok(false);
        }
        // Who starts now looks at these before anything else, and waits for its turn, or in vain.
        self.db.execute_unprepared("lock table resident_contact, unplaced_mail in access exclusive mode").await?;
        self.is_alone().await
    }

    /// Whether no other process of this city is connected.
    async fn is_alone(&self) -> Result<bool> {
        // Else what is known of the others is what it was when the transaction first asked.
        self.db.execute_unprepared("select pg_stat_clear_snapshot()").await?;
        let alone = "select not exists (
            select from pg_stat_activity
            where datname = current_database() and application_name = current_setting('application_name')
                and pid <> pg_backend_pid()
        )";
        let row = self.db.query_one_raw(sql(alone, [])).await?;
        Ok(row.map_or(Ok(false), |row| row.try_get_by_index(0))?)
    }

    /// Whether something is sealed with that key.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn is_sealed_with(&self, key: &SealingKey) -> Result<bool> {
        let statement = sql(
            "select exists (select from resident_contact where key_id = $1)
                 or exists (select from unplaced_mail where key_id = $1)",
            [key.id().into()],
        );
        let row = self.db.query_one_raw(statement).await?;
        Ok(row.map_or(Ok(false), |row| row.try_get_by_index(0))?)
    }

    /// Makes everything that depends on the residents' key anew with the next one. What is sealed with one of `former` is
    /// opened too: a backup may have brought it back. Links and slips lead nowhere afterwards; with a link that came by e-mail,
    /// mails can still be stopped. An address that is muted and that nobody here has any more is muted no longer.
    ///
    /// # Errors
    /// When the database does not answer, or something was sealed with none of these keys.
    pub async fn replace_residents_key(&self, former: &[SealingKey], next: &SealingKey) -> Result<Replaced> {
        let keys: Vec<&SealingKey> = std::iter::once(&self.keys.residents).chain(former).collect();
        self.db
            .execute_unprepared(
                "create temporary table was_muted on commit drop as select * from muted_address;
                 delete from muted_address",
            )
            .await?;
        let replaced = Replaced {
            contacts: self.seal_anew(&CONTACTS, &keys, next).await?,
            mails: self.seal_anew(&MAILS, &keys, next).await?,
            links: self.derive_links_anew(next).await?,
            slips: self.db.execute_raw(sql("delete from tracking_slip", [])).await?.rows_affected(),
            sheets: self.derive_sheets_anew(next).await?,
        };
        let others = "select email from user_account
            union select mailbox from service where mailbox is not null
            union select contact from api_client where contact is not null";
        let rows = self.db.query_all_raw(sql(others, [])).await?;
        let others: Vec<String> = rows.into_iter().map(|row| Ok(row.try_get_by_index(0)?)).collect::<Result<_>>()?;
        self.mute_anew(&others, &keys, next).await?;
        // What was said cannot be compared any more: it is the same by its id.
        self.db.execute_raw(sql("update concern_noted set seal = ''", [])).await?;
        Ok(replaced)
    }

    async fn seal_anew(&self, table: &Sealed, keys: &[&SealingKey], next: &SealingKey) -> Result<u64> {
        let (mut after, mut count) = (Uuid::nil(), 0);
        loop {
            let statement = sql(table.read, [after.into(), BATCH.into()]);
            let rows = SealedRow::find_by_statement(statement).all(&self.db).await?;
            let Some(last) = rows.last() else { return Ok(count) };
            after = last.id;
            count += rows.len() as u64;
            let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
            let (mut sealed, mut digests, mut addresses) = (Vec::new(), Vec::new(), Vec::new());
            for SealedRow { id, key_id, sealed: closed } in rows {
                let key = keys.iter().find(|key| key.id() == key_id).unwrap_or(&keys[0]);
                let plain = key.open(id, &key_id, &closed)?;
                let address = (table.address)(&plain)?;
                sealed.push(next.seal(id, &plain)?);
                digests.push(address.as_deref().map(|address| address_digest(next, address)).unwrap_or_default());
                addresses.extend(address);
            }
            let values = [next.id().into(), ids.into(), sealed.into(), digests.into()];
            self.db.execute_raw(sql(table.write, values)).await?;
            self.mute_anew(&addresses, keys, next).await?;
        }
    }

    async fn derive_links_anew(&self, next: &SealingKey) -> Result<u64> {
        let (mut after, mut count) = (Uuid::nil(), 0);
        loop {
            let statement = sql(
                "select concern_id as id, generation from tracking_link where concern_id > $1 order by concern_id limit $2",
                [after.into(), BATCH.into()],
            );
            let rows = LinkRow::find_by_statement(statement).all(&self.db).await?;
            let Some(last) = rows.last() else { return Ok(count) };
            after = last.id;
            count += rows.len() as u64;
            let token = |row: &LinkRow| tracking_token(next, ConcernId(row.id), row.generation);
            let digests: Vec<Vec<u8>> = rows.iter().map(|row| digest(&token(row))).collect();
            let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
            let statement = sql(
                "with former as (
                     insert into former_link (digest, concern_id)
                     select digest, concern_id from tracking_link where concern_id = any($1)
                 )
                 update tracking_link l set digest = a.digest
                 from unnest($1::uuid[], $2::bytea[]) as a (id, digest) where l.concern_id = a.id",
                [ids.into(), digests.into()],
            );
            self.db.execute_raw(statement).await?;
        }
    }

    async fn derive_sheets_anew(&self, next: &SealingKey) -> Result<u64> {
        let rows = LinkRow::find_by_statement(sql("select id, generation from restitution", [])).all(&self.db).await?;
        let digests: Vec<Vec<u8>> =
            rows.iter().map(|row| digest(&restitution::token(next, row.id, row.generation))).collect();
        let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
        let statement = sql(
            "update restitution r set digest = a.digest
             from unnest($1::uuid[], $2::bytea[]) as a (id, digest) where r.id = a.id",
            [ids.into(), digests.into()],
        );
        Ok(self.db.execute_raw(statement).await?.rows_affected())
    }

    /// Mutes those of these addresses again that were, under whichever key.
    async fn mute_anew(&self, addresses: &[String], keys: &[&SealingKey], next: &SealingKey) -> Result<()> {
        let under = |key: &SealingKey| addresses.iter().map(|address| address_digest(key, address)).collect::<Vec<_>>();
        for key in keys {
            let statement = sql(
                "insert into muted_address (digest, since)
                 select a.digest, m.since from unnest($1::bytea[], $2::bytea[]) as a (earlier, digest)
                 join was_muted m on m.digest = a.earlier
                 on conflict do nothing",
                [under(key).into(), under(next).into()],
            );
            self.db.execute_raw(statement).await?;
        }
        Ok(())
    }
}
