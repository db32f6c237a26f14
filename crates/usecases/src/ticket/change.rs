//! What every change of a ticket has in common: it is found within the caller's reach, is what the caller has seen,
//! allows the action, and is saved with its event and messages in one transaction.

use std::collections::BTreeMap;

use auth::Grant;
use auth::permission::ChangeTickets;
use chrono::{DateTime, Utc};
use domain::id::{EventId, MessageId, TicketId};
use domain::ticket::lifecycle::next;
use domain::ticket::merge::NotAMain;
use domain::ticket::notice::{Follower, Told, notices};
use domain::ticket::{Action, Actor, Change, Event, Fact, Refusal, Ticket};
use store::city::Loaded;
use store::outbox::Message;
use store::ticket::{Named, Saved};
use store::{Scope, Tx};

use super::partner::{has_link, open_links};

use crate::once::{Done, KeyReused, Once, needs_transaction};
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
    /// The service has the ticket already.
    SameService,
    /// There is no such service, in this place of the list.
    UnknownServiceAt(usize),
    /// The service has a ticket already, or stands in the list twice.
    RepeatedServiceAt(usize),
    /// The reason `other` needs a note that says what it is.
    NoteMissing,
    /// The day lies in the past, or more than two years ahead.
    ScheduledOutOfRange,
    /// The day on which the service expects to act does.
    ExpectedOutOfRange,
    /// A ticket waits until tomorrow at the earliest, and for two years at most.
    ResumeOutOfRange,
    /// There is no such ticket within the caller's reach.
    UnknownMain,
    /// The ticket cannot be the main one.
    NotAMain(NotAMain),
}

/// Why an action is denied on a ticket.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Denied {
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
    Invalid(Vec<Fault>),
}

impl From<Fault> for Denied {
    fn from(fault: Fault) -> Self {
        Self::Invalid(vec![fault])
    }
}

/// Why a ticket is not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// The action is denied.
    #[error(transparent)]
    Denied(#[from] Denied),
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

impl From<Fault> for ChangeError {
    fn from(fault: Fault) -> Self {
        Self::Denied(fault.into())
    }
}

impl From<Refusal> for ChangeError {
    fn from(refusal: Refusal) -> Self {
        Self::Denied(refusal.into())
    }
}

/// A ticket that is being changed: locked until the transaction ends.
pub(super) struct Held<'a> {
    pub(super) tx: &'a Tx,
    pub(super) ticket: Ticket,
    /// The other ticket that was asked for, if it is within the caller's reach.
    pub(super) other: Option<Ticket>,
    pub(super) now: DateTime<Utc>,
}

/// Changes a ticket: `decide` says what it becomes.
///
/// What has nobody come in between takes no transaction: two statements. Otherwise, `decide` is asked again, with the ticket locked.
pub(super) async fn change(
    cx: &Context,
    who: &Grant<ChangeTickets>,
    on: On,
    action: Action,
    once: Once<'_, Ticket>,
    decide: impl AsyncFn(Ticket, DateTime<Utc>) -> Result<Change, ChangeError>,
) -> Result<Done<Ticket>, ChangeError> {
    if !needs_transaction() {
        match change_unlocked(cx, who, &on, action, &once, &decide).await {
            Ok(Some(ticket)) => {
                cx.wake.notify_one();
                return Ok(Done::Now(ticket));
            }
            Ok(None) => {}
            // Under a key: it may have been done before.
            Err(ChangeError::Denied(_)) if once.claim().is_some() => {}
            Err(error) => return Err(error),
        }
    }
    change_beside(cx, who, on, None, action, once, async |held| decide(held.ticket, held.now).await).await
}

/// Changes a ticket as it was read. None when nothing was done: somebody has written it since, the key has an answer, or a partner is
/// to have a link to it.
async fn change_unlocked(
    cx: &Context,
    who: &Grant<ChangeTickets>,
    on: &On,
    action: Action,
    once: &Once<'_, Ticket>,
    decide: impl AsyncFn(Ticket, DateTime<Utc>) -> Result<Change, ChangeError>,
) -> Result<Option<Ticket>, ChangeError> {
    let (now, loaded) = (cx.now(), cx.city()?);
    let found = cx.store.ticket_as_seen(&Scope::of(who.caller()), &on.ticket).await?;
    let (ticket, followers, seen) = found.ok_or(Denied::NotFound)?;
    let by = may(who, &ticket, &on.seen, action)?;
    let change = decide(ticket, now).await?;
    if change.fact.turn().begins && has_link(of(&loaded), &change.ticket) {
        return Ok(None);
    }
    let followers = BTreeMap::from([(change.ticket.id, followers)]);
    let saved = saved(cx, &loaded, change, by, &followers, now);
    let first = once.first(&saved.ticket, now);
    Ok(cx.store.save_change(&saved, &seen, first.as_ref()).await?.then_some(saved.ticket))
}

/// Changes a ticket beside another one, which is locked too.
pub(super) async fn change_beside(
    cx: &Context,
    who: &Grant<ChangeTickets>,
    on: On,
    beside: Option<Named>,
    action: Action,
    once: Once<'_, Ticket>,
    decide: impl AsyncFnOnce(Held<'_>) -> Result<Change, ChangeError>,
) -> Result<Done<Ticket>, ChangeError> {
    let (now, loaded) = (cx.now(), cx.city()?);
    let scope = Scope::of(who.caller());
    let done = once
        .run(cx, async |tx| {
            let (ticket, other) = lock(tx, &scope, &on.ticket, beside.as_ref()).await?;
            let ticket = ticket.ok_or(Denied::NotFound)?;
            let by = may(who, &ticket, &on.seen, action)?;
            let change = decide(Held { tx, ticket, other, now }).await?;
            Ok::<_, ChangeError>(save(cx, &loaded, tx, vec![(change, by)], now).await?.remove(0))
        })
        .await?;
    cx.wake.notify_one();
    Ok(done)
}

/// The caller in the part in which they may do the action, now, on what they have seen.
pub(super) fn may(who: &Grant<ChangeTickets>, ticket: &Ticket, seen: &[i64], action: Action) -> Result<Actor, Denied> {
    if !seen.contains(&ticket.version) {
        return Err(Denied::Stale(ticket.version));
    }
    next(ticket.state, action)?;
    Ok(who.caller().acting(action, ticket)?)
}

async fn lock(
    tx: &Tx,
    scope: &Scope,
    name: &Named,
    beside: Option<&Named>,
) -> Result<(Option<Ticket>, Option<Ticket>), ChangeError> {
    let Some(beside) = beside else { return Ok((tx.lock_ticket(scope, name).await?, None)) };
    let locked = tx.lock_tickets(scope, &[name.clone(), beside.clone()]).await?;
    let named = |name: &Named| locked.iter().find(|ticket| name.names(ticket)).cloned();
    Ok((named(name), named(beside)))
}

/// Keeps changes with everything that follows from them: clocks, events, handovers, messages. Gives the tickets back as
/// they were kept, in the same order.
pub(crate) async fn save(
    cx: &Context,
    loaded: &Loaded,
    tx: &Tx,
    changes: Vec<(Change, Actor)>,
    now: DateTime<Utc>,
) -> Result<Vec<Ticket>, store::Error> {
    let told = told(changes.iter().map(|(change, _)| change));
    let followers = if told.is_empty() { BTreeMap::new() } else { tx.followers(&told).await? };
    let changes = changes.into_iter();
    let saved: Vec<Saved> = changes.map(|(change, by)| saved(cx, loaded, change, by, &followers, now)).collect();
    tx.save_changes(&saved).await?;
    let passed_on = saved.iter().filter(|saved| saved.event.fact.turn().begins);
    open_links(cx, of(loaded), tx, passed_on.map(|saved| &saved.ticket), now).await?;
    Ok(saved.into_iter().map(|saved| saved.ticket).collect())
}

/// The tickets of whose changes somebody is told who follows them.
fn told<'a>(changes: impl Iterator<Item = &'a Change>) -> Vec<TicketId> {
    let told = changes.filter(|change| change.fact.told(&change.ticket) != Told::Nobody);
    told.map(|change| change.ticket.id).collect()
}

/// A change with what follows from it.
fn saved(
    cx: &Context,
    loaded: &Loaded,
    change: Change,
    by: Actor,
    followers: &BTreeMap<TicketId, Vec<Follower>>,
    now: DateTime<Utc>,
) -> Saved {
    let city = of(loaded);
    let Change { mut ticket, fact } = change;
    let answers = fact.turn().answer.is_some();
    let answered_after = city.working_time_since_handover(&ticket, now).filter(|_| answers);
    city.wind(&mut ticket);
    let followers = followers.get(&ticket.id).map_or(&[][..], Vec::as_slice);
    if matches!(fact, Fact::Resolved { .. }) {
        ticket.ask(followers);
    }
    let notices = notices(&fact, &by, &ticket, followers, &city.settings.dispatcher_desk);
    let about = |notice| Message::about(ticket.id, MessageId(cx.ids.next()), notice);
    let messages = notices.into_iter().map(about).collect();
    let event = Event { id: EventId(cx.ids.next()), version: ticket.version, at: now, by, fact };
    let answered_after = answered_after.map(|time| time.num_seconds());
    Saved { ticket, event, messages, answered_after, revision: loaded.revision }
}
