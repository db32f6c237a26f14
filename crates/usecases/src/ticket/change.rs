//! What every change of a ticket has in common: it is found within the caller's reach, is what the caller has seen,
//! allows the action, and is saved with its event and messages in one transaction.

use auth::Grant;
use auth::permission::ChangeTickets;
use chrono::{DateTime, Utc};
use domain::id::{EventId, MessageId};
use domain::ticket::lifecycle::next;
use domain::ticket::notice::notices;
use domain::ticket::{Action, Change, Event, Refusal, Ticket};
use store::outbox::Message;
use store::ticket::Named;
use store::{Scope, Tx};

use crate::once::{Done, KeyReused, Once};
use crate::{Context, NoCity, of};

/// Which ticket, and which versions of it the caller has seen.
#[derive(Debug, Clone)]
pub struct On {
    /// The ticket.
    pub ticket: Named,
    /// The versions that the caller would change: `If-Match`.
    pub seen: Vec<i64>,
}

/// What is wrong with a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The assignee does not belong to the ticket's service.
    AssigneeNotOfService,
    /// There is no such service.
    UnknownService,
    /// The reason `other` needs a note that says what it is.
    NoteMissing,
}

/// Why a ticket is not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// There is no such ticket within the caller's reach.
    #[error("there is no such ticket")]
    NotFound,
    /// The ticket has changed since the caller saw it.
    #[error("the ticket has changed; it is at version {0} now")]
    Stale(i64),
    /// The lifecycle or the caller's part does not allow it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Something is wrong with the command.
    #[error("the command cannot be carried out: {0:?}")]
    Invalid(Fault),
    /// The idempotency key was used for another request.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
    /// No city is loaded.
    #[error(transparent)]
    NoCity(#[from] NoCity),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Changes a ticket: `decide` says what it becomes.
pub(super) async fn change(
    cx: &Context,
    who: &Grant<ChangeTickets>,
    on: On,
    action: Action,
    once: Once<'_, Ticket>,
    decide: impl AsyncFnOnce(Ticket, DateTime<Utc>) -> Result<Change, ChangeError>,
) -> Result<Done<Ticket>, ChangeError> {
    let now = cx.now();
    let done = once
        .run(cx, async |tx| {
            let ticket = tx.lock_ticket(&Scope::of(who.caller()), &on.ticket).await?.ok_or(ChangeError::NotFound)?;
            if !on.seen.contains(&ticket.version) {
                return Err(ChangeError::Stale(ticket.version));
            }
            next(ticket.state, action)?;
            let by = who.caller().acting(action, &ticket)?;
            let Change { ticket, fact } = decide(ticket, now).await?;
            let event = Event { id: EventId(cx.ids.next()), version: ticket.version, at: now, by, fact };
            let messages = messages(cx, tx, &ticket, &event).await?;
            tx.save_change(&ticket, &event, &messages).await?;
            Ok(ticket)
        })
        .await?;
    cx.wake.notify_one();
    Ok(done)
}

async fn messages(cx: &Context, tx: &Tx, ticket: &Ticket, event: &Event) -> Result<Vec<Message>, ChangeError> {
    let loaded = cx.city()?;
    let resident = tx.resident_has_email(ticket.concern).await?;
    let notices = notices(&event.fact, ticket, resident, &of(&loaded).settings.dispatcher_desk);
    Ok(notices.into_iter().map(|notice| Message::about(ticket.id, MessageId(cx.ids.next()), notice)).collect())
}
