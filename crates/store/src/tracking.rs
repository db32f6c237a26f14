//! What a resident may read through the tracking link.

use chrono::{DateTime, Utc};
use domain::id::{CategoryCode, ConcernId};
use domain::language::Language;
use domain::ticket::{Event, Ticket};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::connect::sql;
use crate::seal::digest;
use crate::{Error, Result, Scope, Store};

/// A concern as its resident may follow it.
#[derive(Debug, Clone)]
pub struct Tracked {
    /// The concern.
    pub concern: ConcernId,
    /// What it is about.
    pub category: CategoryCode,
    /// When it was filed.
    pub filed_at: DateTime<Utc>,
    /// The language in which the resident wants to be answered.
    pub language: Language,
    /// Its tickets with those of their events that carry a message to the resident.
    pub tickets: Vec<(Ticket, Vec<Event>)>,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    category_code: String,
    filed_at: DateTime<Utc>,
}

impl Store {
    /// The concern that a tracking link leads to.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn tracked(&self, token: &str) -> Result<Option<Tracked>> {
        let statement = sql(
            "select c.id, c.category_code, c.filed_at
             from tracking_link l join concern c on c.id = l.concern_id where l.digest = $1",
            [digest(token).into()],
        );
        let Some(row) = Row::find_by_statement(statement).one(&self.db).await? else { return Ok(None) };
        let concern = ConcernId(row.id);
        let contact = crate::resident::contact(&self.db, &self.keys.residents, concern).await?;
        let mut tickets = Vec::new();
        for ticket in self.tickets_of(&Scope::everything(), concern).await? {
            // A concern has a handful of tickets at most: the routing rules send to five services.
            let entries = self.timeline(ticket.id, 0, 200).await?.items;
            let public = entries.into_iter().map(|entry| entry.event);
            tickets.push((ticket, public.filter(|event| event.fact.message_to_resident().is_some()).collect()));
        }
        Ok(Some(Tracked {
            concern,
            category: row.category_code.try_into().map_err(Error::corrupt)?,
            filed_at: row.filed_at,
            language: contact.map_or(Language::Fr, |contact| contact.language),
            tickets,
        }))
    }
}
