//! Attachments: what is known of them. Their bytes are elsewhere; which of those belong to nobody is known here too
//! (`migrations/0010_attachments.sql`).

use chrono::{DateTime, Utc};
use domain::attachment::{Adders, Attachment, FileName, MediaType, Removal};
use domain::id::{AttachmentId, TicketId};
use sea_orm::{ConnectionTrait, FromQueryResult};
use serde_json::Value;
use uuid::Uuid;

use crate::connect::sql;
use crate::{Error, Page, Result, Store, Tx, one_more};

/// An attachment as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The attachment.
    pub attachment: Attachment,
    /// The name of the person or the program that added it.
    pub by: Option<String>,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    ticket_id: Uuid,
    name: Option<String>,
    media_type: String,
    size: i64,
    sha256: Vec<u8>,
    width: Option<i32>,
    height: Option<i32>,
    added_at: DateTime<Utc>,
    added_by: Value,
    scanned_at: Option<DateTime<Utc>>,
    removed_at: Option<DateTime<Utc>>,
    removed_by: Option<Value>,
    by: Option<String>,
}

impl TryFrom<Row> for Shown {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let removed = match (row.removed_at, row.removed_by) {
            (Some(at), Some(by)) => Some(Removal { at, by: serde_json::from_value(by).map_err(Error::corrupt)? }),
            (None, _) | (_, None) => None,
        };
        let pixels = |side: i32| u32::try_from(side).map_err(Error::corrupt);
        let dimensions = match (row.width, row.height) {
            (Some(width), Some(height)) => Some((pixels(width)?, pixels(height)?)),
            (None, _) | (_, None) => None,
        };
        let media_type = MediaType::from_code(&row.media_type);
        let attachment = Attachment {
            id: AttachmentId(row.id),
            ticket: TicketId(row.ticket_id),
            name: row.name.map(FileName::kept),
            media_type: media_type.ok_or_else(|| Error::corrupt("an attachment has an unknown type"))?,
            size: u64::try_from(row.size).map_err(Error::corrupt)?,
            sha256: row.sha256.try_into().map_err(|_| Error::corrupt("an attachment's SHA-256 is none"))?,
            dimensions,
            added_at: row.added_at,
            added_by: serde_json::from_value(row.added_by).map_err(Error::corrupt)?,
            scanned_at: row.scanned_at,
            removed,
        };
        Ok(Self { attachment, by: row.by })
    }
}

macro_rules! select {
    ($then:literal) => {
        concat!(
            "select a.id, a.ticket_id, a.name, a.media_type, a.size, a.sha256, a.width, a.height, a.added_at, a.added_by,
                    a.scanned_at, a.removed_at, a.removed_by, coalesce(u.name, c.name) as by
             from attachment a
             left join user_account u on u.id = (a.added_by ->> 'user')::uuid
             left join api_client c on c.id = (a.added_by ->> 'client')::uuid ",
            $then
        )
    };
}

async fn one(db: &impl ConnectionTrait, ticket: TicketId, id: AttachmentId) -> Result<Option<Shown>> {
    let statement = sql(select!("where a.ticket_id = $1 and a.id = $2"), [ticket.0.into(), id.0.into()]);
    Row::find_by_statement(statement).one(db).await?.map(Shown::try_from).transpose()
}

impl Store {
    /// An attachment of that ticket, be it that it was taken back. Whether the caller may see the ticket is asked before.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn attachment(&self, ticket: TicketId, id: AttachmentId) -> Result<Option<Shown>> {
        one(&self.db, ticket, id).await
    }

    /// A page of a ticket's attachments that these added, the first one first, beginning after that one; without those
    /// that were taken back. Whether the caller may see the ticket is asked before.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn attachments(
        &self,
        ticket: TicketId,
        adders: Adders,
        after: Option<AttachmentId>,
        limit: u64,
    ) -> Result<Page<Shown, AttachmentId>> {
        let statement = sql(
            select!(
                "where a.ticket_id = $1 and a.removed_at is null and ($2 is null or a.id > $2)
                 and (not $3 or a.added_by ->> 'part' = 'referrer') and (not $4 or a.added_by ->> 'type' <> 'resident')
                 order by a.id limit $5"
            ),
            [
                ticket.0.into(),
                after.map(|after| after.0).into(),
                (adders == Adders::Referrers).into(),
                (adders == Adders::ButResidents).into(),
                one_more(limit).into(),
            ],
        );
        let rows = Row::find_by_statement(statement).all(&self.db).await?;
        let shown = rows.into_iter().map(Shown::try_from).collect::<Result<Vec<_>>>()?;
        Ok(Page::cut(shown, limit, |shown| shown.attachment.id))
    }

    /// Some attachments in which no scanner has looked yet, beginning after that one.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn unscanned(&self, after: Option<AttachmentId>) -> Result<Vec<Attachment>> {
        let statement = sql(
            select!(
                "where a.scanned_at is null and a.removed_at is null and ($1 is null or a.id > $1)
                 order by a.id limit 50"
            ),
            [after.map(|after| after.0).into()],
        );
        let rows = Row::find_by_statement(statement).all(&self.db).await?;
        rows.into_iter().map(|row| Ok(Shown::try_from(row)?.attachment)).collect()
    }

    /// A scanner found nothing in it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn attachment_is_clean(&self, id: AttachmentId, now: DateTime<Utc>) -> Result<()> {
        let statement = sql("update attachment set scanned_at = $2 where id = $1", [id.0.into(), now.into()]);
        self.db.execute_raw(statement).await?;
        Ok(())
    }

    /// Says that bytes will be written under that id. Unless they belong to an attachment by then, they are deleted
    /// from `due_at` on.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn expect_file(&self, id: AttachmentId, due_at: DateTime<Utc>) -> Result<()> {
        let statement =
            sql("insert into stray_file (id, due_at, doomed) values ($1, $2, false)", [id.0.into(), due_at.into()]);
        self.db.execute_raw(statement).await?;
        Ok(())
    }

    /// Some files that are to be deleted now. Until they are forgotten, they are given again from `again_at` on.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn doomed_files(&self, now: DateTime<Utc>, again_at: DateTime<Utc>) -> Result<Vec<AttachmentId>> {
        #[derive(FromQueryResult)]
        struct Doomed {
            id: Uuid,
        }
        // One that became an attachment's when it was looked for after a restore is not deleted.
        let statement = sql(
            "with due as (
                 select s.id, exists (select from attachment a where a.id = s.id and a.removed_at is null) as attached
                 from stray_file s where s.due_at <= $1 order by s.due_at limit 100 for update of s skip locked
             ), known as (delete from stray_file where id in (select id from due where attached))
             update stray_file set doomed = true, due_at = $2 where id in (select id from due where not attached)
             returning id",
            [now.into(), again_at.into()],
        );
        let rows = Doomed::find_by_statement(statement).all(&self.db).await?;
        Ok(rows.into_iter().map(|row| AttachmentId(row.id)).collect())
    }

    /// When the last event of any ticket happened; none before there is one.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn last_event_at(&self) -> Result<Option<DateTime<Utc>>> {
        let row = self.db.query_one_raw(sql("select max(at) as last from ticket_event", [])).await?;
        Ok(row.ok_or_else(|| Error::corrupt("a maximum has no row"))?.try_get("", "last")?)
    }

    /// Has those of these files deleted from `due_at` on that belong to no attachment, unless they stand here already.
    /// Returns how many.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn doom_unknown(&self, ids: &[AttachmentId], due_at: DateTime<Utc>) -> Result<u64> {
        let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
        let statement = sql(
            "insert into stray_file (id, due_at, doomed)
             select f.id, $2, true from unnest($1::uuid[]) f (id)
             where not exists (select from attachment a where a.id = f.id and a.removed_at is null)
             on conflict do nothing",
            [ids.into(), due_at.into()],
        );
        Ok(self.db.execute_raw(statement).await?.rows_affected())
    }

    /// Files that were deleted.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn forget_files(&self, ids: &[AttachmentId]) -> Result<()> {
        let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
        self.db.execute_raw(sql("delete from stray_file where id = any($1)", [ids.into()])).await?;
        Ok(())
    }
}

impl Tx {
    /// As [`Store::attachment`].
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn attachment(&self, ticket: TicketId, id: AttachmentId) -> Result<Option<Shown>> {
        one(&self.db, ticket, id).await
    }

    /// How many attachments a ticket has that was locked.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn count_attachments(&self, ticket: TicketId) -> Result<i64> {
        let statement =
            sql("select count(*) as n from attachment where ticket_id = $1 and removed_at is null", [ticket.0.into()]);
        let row = self.db.query_one_raw(statement).await?.ok_or_else(|| Error::corrupt("a count has no row"))?;
        Ok(row.try_get("", "n")?)
    }

    /// Keeps an attachment whose bytes were expected and are written. False when they are being deleted: they came too
    /// late.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn add_attachment(&self, attachment: &Attachment) -> Result<bool> {
        let side = |side: u32| i32::try_from(side).unwrap_or(i32::MAX);
        let (width, height) = attachment.dimensions.unzip();
        let statement = sql(
            "with written as (delete from stray_file where id = $1 and not doomed returning id)
             insert into attachment (
                 id, ticket_id, name, media_type, size, sha256, width, height, added_at, added_by, scanned_at
             )
             select id, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11 from written",
            [
                attachment.id.0.into(),
                attachment.ticket.0.into(),
                attachment.name.as_ref().map(FileName::as_str).into(),
                attachment.media_type.code().into(),
                i64::try_from(attachment.size).map_err(Error::corrupt)?.into(),
                attachment.sha256.to_vec().into(),
                width.map(side).into(),
                height.map(side).into(),
                attachment.added_at.into(),
                serde_json::to_value(&attachment.added_by).map_err(Error::corrupt)?.into(),
                attachment.scanned_at.into(),
            ],
        );
        Ok(self.db.execute_raw(statement).await?.rows_affected() == 1)
    }

    /// Takes an attachment back: its name is forgotten, its bytes are deleted soon.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn remove_attachment(&self, id: AttachmentId, removal: &Removal) -> Result<()> {
        let statement = sql(
            "with removed as (
                 update attachment set removed_at = $2, removed_by = $3, name = null
                 where id = $1 and removed_at is null returning id
             )
             insert into stray_file (id, due_at, doomed) select id, $2, true from removed
             on conflict (id) do update set due_at = excluded.due_at, doomed = true",
            [id.0.into(), removal.at.into(), serde_json::to_value(&removal.by).map_err(Error::corrupt)?.into()],
        );
        self.db.execute_raw(statement).await?;
        Ok(())
    }
}
