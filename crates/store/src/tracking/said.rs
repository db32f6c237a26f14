//! What events said to residents.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::id::TicketId;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::{End, Told};
use crate::connect::sql;
use crate::{Error, Result, Store};

#[derive(FromQueryResult)]
struct EndRow {
    ticket_id: Uuid,
    body_told: Option<String>,
    explained: bool,
}

#[derive(FromQueryResult)]
struct ToldRow {
    ticket_id: Uuid,
    at: DateTime<Utc>,
    text: String,
}

impl Store {
    /// What residents were told when something happened to these tickets, the last thing first, 500 at most.
    pub(super) async fn told_with_events(&self, tickets: &[Uuid]) -> Result<Vec<(TicketId, Told)>> {
        let statement = sql(
            "select ticket_id, at, fact ->> 'message_to_resident' as text from ticket_event
             where ticket_id = any($1) and fact ->> 'message_to_resident' is not null order by at desc, id desc limit 500",
            [tickets.to_vec().into()],
        );
        let rows = ToldRow::find_by_statement(statement).all(&self.db).await?;
        let told = |row: ToldRow| {
            let text = row.text.try_into().map_err(Error::corrupt)?;
            Ok((TicketId(row.ticket_id), Told { at: row.at, text }))
        };
        rows.into_iter().map(told).collect()
    }

    /// What the last end of each of these tickets said. Of one that its service settled, that was said then: an event
    /// that closed it afterwards may repeat the reason, but not the body that was told.
    pub(super) async fn ends(&self, tickets: &[Uuid]) -> Result<BTreeMap<TicketId, End>> {
        let statement = sql(
            "select distinct on (e.ticket_id) e.ticket_id, e.fact ->> 'body_told' as body_told,
                 e.fact ->> 'message_to_resident' is not null as explained
             from ticket_event e join ticket t on t.id = e.ticket_id
             where e.ticket_id = any($1) and (e.fact ->> 'type' in ('resolved', 'cancelled')
                 or (e.fact ->> 'type' = 'closed' and e.fact ->> 'closure_reason' is not null
                     and t.resolved_at is null))
             order by e.ticket_id, e.version desc",
            [tickets.to_vec().into()],
        );
        let rows = EndRow::find_by_statement(statement).all(&self.db).await?;
        let end = |row: EndRow| {
            let body_told = row.body_told.map(TryInto::try_into).transpose().map_err(Error::corrupt)?;
            Ok((TicketId(row.ticket_id), End { body_told, explained: row.explained }))
        };
        rows.into_iter().map(end).collect()
    }
}
