//! What every change of a ticket has in common: it is found within the caller's reach, is what the caller has seen,
//! allows the action, and is saved with its event and messages in one transaction.

use std::collections::BTreeMap;

use auth::Grant;
use auth::permission::ChangeTickets;
use chrono::{DateTime, Utc};
use domain::id::{EventId, TicketId};
use domain::ticket::lifecycle::next;
use domain::ticket::merge::NotAMain;
use domain::ticket::notice::{Follower, Told, notices};
use domain::ticket::{Action, Actor, Change, Event, Fact, Refusal, Ticket};
use store::city::Loaded;
use store::ticket::{Beside, Found, Looked, Named, NewTicket, Saved};
use store::{Scope, Tx};

use super::partner::link;
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
    /// The service is a partner that may not have restricted tickets.
    NotEntitled,
    /// There is no such service, in this place of the list.
    UnknownServiceAt(usize),
    /// The service has a ticket already, or stands in the list twice.
    RepeatedServiceAt(usize),
    /// The service in this place of the list is a partner that may not have restricted tickets.
    NotEntitledAt(usize),
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

/// What becomes of a ticket, and the tickets of the same concern that are opened.
pub(super) type Decided = (Change, Vec<NewTicket>);

/// Changes a ticket: `decide` says what it becomes.
pub(super) async fn change(
    cx: &Context,
    who: &Grant<ChangeTickets>,
    on: On,
    action: Action,
    once: Once<'_, Ticket>,
    decide: impl Fn(Ticket, DateTime<Utc>) -> Result<Change, Denied>,
) -> Result<Done<Ticket>, ChangeError> {
    let beside = Beside::default();
    change_beside(cx, who, on, beside, action, once, |ticket, _, _, now| Ok((decide(ticket, now)?, Vec::new()))).await
}

/// Changes a ticket with what the change depends on besides.
///
/// One statement reads, and one writes if the row is unchanged: no transaction. On a conflict, `decide` is asked again, in a
/// transaction that has the tickets locked.
pub(super) async fn change_beside(
    cx: &Context,
    who: &Grant<ChangeTickets>,
    on: On,
    beside: Beside,
    action: Action,
    once: Once<'_, Ticket>,
    decide: impl Fn(Ticket, &[Follower], Found, DateTime<Utc>) -> Result<Decided, Denied>,
) -> Result<Done<Ticket>, ChangeError> {
    let (loaded, scope) = (cx.city()?, Scope::of(who.caller()));
    let decided = |looked: Option<Looked>, now| {
        let Looked { ticket, followers, seen, found } = looked.ok_or(Denied::NotFound)?;
        let by = may(who, &ticket, &on.seen, action)?;
        let (change, opened) = decide(ticket, &followers, found, now)?;
        Ok::<_, Denied>((Saved { opened, ..saved(cx, &loaded, change, by, &followers, now) }, seen))
    };
    if !needs_transaction() {
        let looked = cx.store.look_at_ticket(&scope, &on.ticket, &beside).await?;
        let now = cx.now();
        match decided(looked, now) {
            Ok((saved, seen)) => {
                let first = once.first(&saved.ticket, now);
                if cx.store.save_seen(&saved, &seen, first.as_ref()).await? {
                    cx.wake.notify_one();
                    return Ok(Done::Now(saved.ticket));
                }
            }
            // Under a key: it may have been done before.
            Err(_) if once.claim().is_some() => {}
            Err(denied) => return Err(denied.into()),
        }
    }
    let done = once
        .run(cx, async |tx| {
            let looked = tx.look_at_locked(&scope, &on.ticket, &beside).await?;
            let (saved, seen) = decided(looked, cx.now())?;
            tx.save_seen(&saved, &seen).await?;
            Ok::<_, ChangeError>(saved.ticket)
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

/// Keeps changes with everything that follows from them: clocks, events, handovers, links, messages. Gives the tickets back as
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
    let follow = |(change, by): (Change, Actor)| {
        let followers = followers.get(&change.ticket.id).map_or(&[][..], Vec::as_slice);
        saved(cx, loaded, change, by, followers, now)
    };
    let saved: Vec<Saved> = changes.into_iter().map(follow).collect();
    tx.save_changes(&saved).await?;
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
    followers: &[Follower],
    now: DateTime<Utc>,
) -> Saved {
    let city = of(loaded);
    let Change { mut ticket, fact } = change;
    let answers = fact.turn().answer.is_some();
    let answered_after = city.working_time_since_handover(&ticket, now).filter(|_| answers);
    city.wind(&mut ticket);
    if matches!(fact, Fact::Resolved { .. }) {
        ticket.ask(followers);
    }
    let notices = notices(&fact, &by, &ticket, followers, &city.settings.dispatcher_desk);
    let about = |notice| cx.message_about(ticket.id, notice);
    let messages = notices.into_iter().map(about).collect();
    let link = if fact.turn().begins { link(cx, city, &ticket, now) } else { None };
    let event = Event { id: EventId(cx.ids.next()), version: ticket.version, at: now, by, fact };
    let answered_after = answered_after.map(|time| time.num_seconds());
    Saved { ticket, event, messages, link, opened: Vec::new(), answered_after, revision: loaded.revision }
}
