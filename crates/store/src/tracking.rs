//! What a resident may read through the tracking link.

use chrono::{DateTime, Utc};
use domain::id::{CategoryCode, ConcernId};
use domain::language::Language;
use domain::text::Message;
use domain::ticket::Ticket;
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
    /// Its tickets, with what the resident was told about each.
    pub tickets: Vec<(Ticket, Vec<Told>)>,
}

/// Something that the resident was told.
#[derive(Debug, Clone)]
pub struct Told {
    /// When.
    pub at: DateTime<Utc>,
    /// What.
    pub text: Message,
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
    pub async fn tracked(&self, token: &str, now: DateTime<Utc>) -> Result<Option<Tracked>> {
        let statement = sql(
            "select c.id, c.category_code, c.filed_at
             from tracking_link l join concern c on c.id = l.concern_id where l.digest = $1",
            [digest(token).into()],
        );
        let Some(row) = Row::find_by_statement(statement).one(&self.db).await? else { return Ok(None) };
        let concern = ConcernId(row.id);
        let contact = crate::resident::contact(&self.db, &self.keys.residents, concern).await?;
        let written = self.messages_that_left(concern, now).await?;
        let mut tickets = Vec::new();
        let all = self.tickets_of(&Scope::everything(), concern).await?;
        let merged = all.iter().filter(|ticket| ticket.concern == concern && ticket.duplicate_of.is_some());
        let since = merged.filter_map(|ticket| ticket.closed_at).min().unwrap_or(row.filed_at);
        for ticket in all {
            let own = ticket.concern == concern;
            // What a followed ticket was merged into is followed in its place.
            if !own && ticket.duplicate_of.is_some() {
                continue;
            }
            // A concern has a handful of tickets at most: the routing rules send to five services.
            let entries = self.timeline(ticket.id, 0, 200).await?.items;
            let with_events = entries.iter().filter_map(|entry| {
                let text = entry.event.fact.message_to_resident()?.clone();
                Some(Told { at: entry.event.at, text })
            });
            let beside = written.iter().filter(|(of, _)| *of == ticket.id);
            let beside = beside.map(|(_, message)| Told { at: message.leaves_at, text: message.text.clone() });
            let mut told: Vec<Told> = with_events.chain(beside).collect();
            // What was said before they came was said to others.
            told.retain(|told| own || told.at >= since);
            told.sort_by_key(|told| told.at);
            tickets.push((ticket, told));
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
