//! Doing something with a ticket through a partner's link.

use domain::ticket::acknowledge::Acknowledge;
use domain::ticket::receive::Receive;
use domain::ticket::refuse::Refuse;
use domain::ticket::resolve::Resolve;
use domain::ticket::schedule::Schedule;
use domain::ticket::start::Start;
use domain::ticket::{Action, Refusal, Ticket};
use store::Error;

use super::super::change::{ChangeError, Denied, save};
use super::super::{acknowledge, refuse, schedule};
use super::{Door, Shut};
use crate::once::{Done, KeyReused, Once};
use crate::{Context, of};

/// What a partner does.
#[derive(Debug, Clone)]
pub enum Act {
    /// Say that it has the ticket.
    Receive,
    /// Take it in hand; it has nobody to assign it to.
    Acknowledge(Acknowledge),
    /// Send it back.
    Refuse(Refuse),
    /// Set a day.
    Schedule(Schedule),
    /// Set to work.
    Start(Start),
    /// Say that it is settled.
    Resolve(Resolve),
}

impl Act {
    const fn action(&self) -> Action {
        match self {
            Self::Receive => Action::Receive,
            Self::Acknowledge(_) => Action::Acknowledge,
            Self::Refuse(_) => Action::Refuse,
            Self::Schedule(_) => Action::Schedule,
            Self::Start(_) => Action::Start,
            Self::Resolve(_) => Action::Resolve,
        }
    }
}

/// Why nothing is done through a link.
#[derive(Debug, thiserror::Error)]
pub enum ActError {
    /// The ticket has left the partner meanwhile.
    #[error(transparent)]
    Shut(#[from] Shut),
    /// The ticket does not allow it, or the command does not fit.
    #[error(transparent)]
    Change(#[from] ChangeError),
}

impl From<Denied> for ActError {
    fn from(denied: Denied) -> Self {
        Self::Change(denied.into())
    }
}

impl From<Refusal> for ActError {
    fn from(refusal: Refusal) -> Self {
        Self::Change(refusal.into())
    }
}

impl From<KeyReused> for ActError {
    fn from(error: KeyReused) -> Self {
        Self::Change(error.into())
    }
}

impl From<Error> for ActError {
    fn from(error: Error) -> Self {
        Self::Change(error.into())
    }
}

/// Does it, on what the partner has seen. The first thing that a partner does says that it has received the ticket.
///
/// # Errors
/// See [`ActError`].
pub async fn act(
    cx: &Context,
    door: &Door,
    seen: &[i64],
    cmd: Act,
    once: Once<'_, Ticket>,
) -> Result<Done<Ticket>, ActError> {
    let (now, loaded) = (cx.now(), cx.city().map_err(ChangeError::from)?);
    let action = cmd.action();
    let done = once
        .run(cx, async |tx| {
            let ticket = door.lock(tx).await?;
            if !seen.contains(&ticket.version) {
                return Err(Denied::Stale(ticket.version).into());
            }
            let change = match cmd {
                Act::Receive => Receive.apply(ticket, now)?,
                Act::Acknowledge(cmd) => acknowledge::decide(cmd, ticket, false, of(&loaded), now)?,
                Act::Refuse(cmd) => refuse::decide(cmd, ticket, of(&loaded))?,
                Act::Schedule(cmd) => schedule::decide(cmd, ticket, of(&loaded), now)?,
                Act::Start(cmd) => cmd.apply(ticket, now)?,
                Act::Resolve(cmd) => cmd.apply(ticket, now)?,
            };
            tx.log_opening(&door.opening(cx, action.code())).await?;
            Ok::<_, ActError>(save(cx, &loaded, tx, vec![(change, door.by())], now).await?.remove(0))
        })
        .await?;
    cx.wake.notify_one();
    Ok(done)
}
