//! Doing the same to many tickets at once. Nothing that tells a resident how their concern ended is done in bulk.

use std::collections::{HashMap, HashSet};

use auth::Grant;
use auth::permission::ChangeTickets;
use chrono::{DateTime, Utc};
use domain::rights::Person;
use domain::ticket::acknowledge::Acknowledge;
use domain::ticket::assign::Assign;
use domain::ticket::hold::Hold;
use domain::ticket::prioritise::Prioritise;
use domain::ticket::reroute::Reroute;
use domain::ticket::{Action, Change, Ticket};
use store::Scope;
use store::city::Loaded;

use super::change::{Denied, On, may, save};
use super::{Named, acknowledge, assign, hold, reroute};
use crate::once::{Done, KeyReused, Once};
use crate::{Context, NoCity, of};

/// What is done to each ticket.
#[derive(Debug, Clone)]
pub enum Command {
    /// It is taken in hand.
    Acknowledge(Acknowledge),
    /// Somebody in the service gets it.
    Assign(Assign),
    /// It is passed on.
    Reroute(Reroute),
    /// It becomes more, or less, pressing.
    Prioritise(Prioritise),
    /// It waits.
    Hold(Hold),
}

impl Command {
    const fn action(&self) -> Action {
        match self {
            Self::Acknowledge(_) => Action::Acknowledge,
            Self::Assign(_) => Action::Assign,
            Self::Reroute(_) => Action::Reroute,
            Self::Prioritise(_) => Action::Prioritise,
            Self::Hold(_) => Action::Hold,
        }
    }

    const fn assignee(&self) -> Option<domain::id::UserId> {
        match self {
            Self::Acknowledge(cmd) => cmd.assignee,
            Self::Assign(cmd) => cmd.assignee,
            Self::Reroute(_) | Self::Prioritise(_) | Self::Hold(_) => None,
        }
    }

    fn decide(
        self,
        ticket: Ticket,
        who: Option<&Person>,
        loaded: &Loaded,
        now: DateTime<Utc>,
    ) -> Result<Change, Denied> {
        let city = of(loaded);
        let works_there = who.is_some_and(|person| person.services.contains(&ticket.service));
        match self {
            Self::Acknowledge(cmd) => acknowledge::decide(cmd, ticket, works_there, city, now),
            Self::Assign(cmd) => assign::decide(cmd, ticket, works_there),
            Self::Reroute(cmd) => reroute::decide(cmd, ticket, loaded, now),
            Self::Prioritise(cmd) => Ok(cmd.apply(ticket)?),
            Self::Hold(cmd) => hold::decide(cmd, ticket, city, now),
        }
    }
}

/// The same for many tickets.
#[derive(Debug, Clone)]
pub struct Bulk {
    /// Which, each with the version that the caller has seen.
    pub on: Vec<On>,
    /// What.
    pub command: Command,
    /// Whether nothing is done when it is refused for one of them.
    pub all_or_none: bool,
}

/// What became of each ticket, in the order in which they were asked for.
pub type Results = Vec<Result<Ticket, Denied>>;

/// Why nothing is done.
#[derive(Debug, thiserror::Error)]
pub enum BulkError {
    /// It is refused for these, by their places in the list, and was to be done to all or to none.
    #[error("refused for {} tickets", .0.len())]
    Refused(Vec<(usize, Denied)>),
    /// These places of the list name a ticket that stands there before.
    #[error("tickets stand in the list twice: {0:?}")]
    Repeated(Vec<usize>),
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

/// Does the same to many tickets, in one transaction and as many statements as for one.
///
/// # Errors
/// See [`BulkError`].
pub async fn bulk(
    cx: &Context,
    who: &Grant<ChangeTickets>,
    cmd: Bulk,
    once: Once<'_, Results>,
) -> Result<Done<Results>, BulkError> {
    let (now, loaded) = (cx.now(), cx.city()?);
    let Bulk { on, command, all_or_none } = cmd;
    let assignee = match command.assignee() {
        Some(user) => cx.store.user(user).await?.filter(|account| account.active).map(|account| account.person),
        None => None,
    };
    let done = once
        .run(cx, async |tx| {
            let names: Vec<_> = on.iter().map(|on| on.ticket.clone()).collect();
            let locked = tx.lock_tickets(&Scope::of(who.caller()), &names).await?;
            let found = in_places(&names, &locked)?;
            let decide = |(on, ticket): (&On, Option<&Ticket>)| {
                let ticket = ticket.ok_or(Denied::NotFound)?;
                let by = may(who, ticket, &on.seen, command.action())?;
                Ok((command.clone().decide(ticket.clone(), assignee.as_ref(), &loaded, now)?, by))
            };
            let decided: Vec<Result<_, Denied>> = on.iter().zip(found).map(decide).collect();
            if all_or_none && decided.iter().any(Result::is_err) {
                let refused = decided.into_iter().enumerate().filter_map(|(at, decided)| Some((at, decided.err()?)));
                return Err(BulkError::Refused(refused.collect()));
            }
            let mut changes = Vec::new();
            let decided: Vec<Result<(), Denied>> =
                decided.into_iter().map(|decided| decided.map(|change| changes.push(change))).collect();
            let mut saved = save(cx, &loaded, tx, changes, now).await?.into_iter();
            let result = |decided| match decided {
                Ok(()) => saved.next().map(Ok),
                Err(denied) => Some(Err(denied)),
            };
            Ok(decided.into_iter().filter_map(result).collect())
        })
        .await?;
    cx.wake.notify_one();
    Ok(done)
}

/// The tickets in the places of their names; none where a name is nobody's.
fn in_places<'a>(names: &[Named], locked: &'a [Ticket]) -> Result<Vec<Option<&'a Ticket>>, BulkError> {
    let by_id: HashMap<_, _> = locked.iter().map(|ticket| (ticket.id, ticket)).collect();
    let by_reference: HashMap<_, _> = locked.iter().map(|ticket| (ticket.reference.as_str(), ticket)).collect();
    let (mut seen, mut repeated) = (HashSet::new(), Vec::new());
    let mut found = Vec::with_capacity(names.len());
    for (at, name) in names.iter().enumerate() {
        let ticket = match name {
            Named::Id(id) => by_id.get(id).copied(),
            Named::Reference(reference) => by_reference.get(reference.as_str()).copied(),
        };
        if ticket.is_some_and(|ticket| !seen.insert(ticket.id)) {
            repeated.push(at);
        }
        found.push(ticket);
    }
    if repeated.is_empty() { Ok(found) } else { Err(BulkError::Repeated(repeated)) }
}
