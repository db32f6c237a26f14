//! A resident's answer to the question whether it is solved.

use domain::id::WritingId;
use domain::text::Remark;
use domain::ticket::feedback::{Answer, Unsolved};
use domain::ticket::{Actor, Refusal, Ticket};
use store::feedback::Given;
use store::ticket::Named;
use store::{Error, Scope};

use crate::ticket::{answer_notices, heard_by, save};
use crate::{Context, NoCity, of};

/// Say whether it is solved.
#[derive(Debug, Clone)]
pub struct GiveFeedback {
    /// Of which ticket; need not be said when only one can be meant.
    pub ticket: Option<Named>,
    /// Whether it is.
    pub solved: bool,
    /// Why it is not.
    pub reason: Option<Unsolved>,
    /// What the resident adds.
    pub text: Option<Remark>,
    /// Whether the service is to have it again.
    pub reopen: bool,
}

/// What is wrong with an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeedbackFault {
    /// Several tickets can be meant.
    TicketMissing,
    /// The concern has no such ticket.
    UnknownTicket,
    /// Who says that it is not solved says why.
    ReasonMissing,
    /// The reason `other` needs a text that says what it is.
    TextMissing,
    /// Who says that it is solved gives no reason why it is not.
    ReasonNotExpected,
    /// What is solved is not reopened.
    ReopenNotExpected,
}

/// Why an answer is not kept.
#[derive(Debug, thiserror::Error)]
pub enum FeedbackError {
    /// The link leads nowhere.
    #[error("the link leads nowhere")]
    NotFound,
    /// Something is wrong with it: every fault at once.
    #[error("the answer cannot be kept: {0:?}")]
    Invalid(Vec<FeedbackFault>),
    /// No ticket has ended, or not of late.
    #[error("nothing can be said about the ticket now")]
    NotOpen,
    /// No city is loaded.
    #[error(transparent)]
    NoCity(#[from] NoCity),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] Error),
}

impl From<Refusal> for FeedbackError {
    fn from(_: Refusal) -> Self {
        Self::NotOpen
    }
}

/// The answer that the command gives.
fn answer(cmd: &GiveFeedback) -> Result<Answer, Vec<FeedbackFault>> {
    let mut faults = Vec::new();
    let text = cmd.text.clone();
    if cmd.solved {
        if cmd.reason.is_some() {
            faults.push(FeedbackFault::ReasonNotExpected);
        }
        if cmd.reopen {
            faults.push(FeedbackFault::ReopenNotExpected);
        }
        return if faults.is_empty() { Ok(Answer::Solved { text }) } else { Err(faults) };
    }
    match (cmd.reason, &text) {
        (None, None) => Err(vec![FeedbackFault::ReasonMissing]),
        (Some(Unsolved::Other), None) => Err(vec![FeedbackFault::TextMissing]),
        // Their own words are a reason too.
        (None, Some(_)) => Ok(Answer::NotSolved { reason: Unsolved::Other, text, reopen: cmd.reopen }),
        (Some(reason), _) => Ok(Answer::NotSolved { reason, text, reopen: cmd.reopen }),
    }
}

/// The ticket that is meant, of those that the resident follows.
fn meant<'a>(
    tickets: impl Iterator<Item = &'a Ticket> + Clone,
    cmd: &GiveFeedback,
    cx: &Context,
) -> Result<&'a Ticket, FeedbackError> {
    let invalid = |fault| FeedbackError::Invalid(vec![fault]);
    if let Some(name) = &cmd.ticket {
        return tickets.into_iter().find(|ticket| name.names(ticket)).ok_or(invalid(FeedbackFault::UnknownTicket));
    }
    let mut open = tickets.filter(|ticket| ticket.takes_feedback(cx.now()).is_ok());
    let first = open.next().ok_or(FeedbackError::NotOpen)?;
    if open.next().is_some() { Err(invalid(FeedbackFault::TicketMissing)) } else { Ok(first) }
}

/// Keeps a resident's answer; if they ask for it, their service has the ticket again, or the dispatcher's desk, when that had
/// refused it. That it is not solved is told in any case: by the reopening, or by a message.
///
/// # Errors
/// See [`FeedbackError`].
pub async fn give_feedback(cx: &Context, token: &str, cmd: GiveFeedback) -> Result<(), FeedbackError> {
    let (now, loaded) = (cx.now(), cx.city()?);
    let tracked = super::read(cx, token).await?.ok_or(FeedbackError::NotFound)?;
    let answer = answer(&cmd).map_err(FeedbackError::Invalid)?;
    let ticket = meant(tracked.tickets.iter().map(|followed| &followed.ticket), &cmd, cx)?;
    let tx = cx.store.begin().await?;
    let named = Named::Id(ticket.id);
    let mut ticket = tx.lock_ticket(&Scope::everything(), &named).await?.ok_or(FeedbackError::NotFound)?;
    ticket.takes_feedback(now)?;
    let given = Given { id: WritingId(cx.ids.next()), at: now, answer };
    ticket.feedback = tx.add_feedback(&ticket, tracked.concern, &given).await?;
    if let Some(reopen) = given.answer.reopening() {
        let change = reopen.apply(ticket, of(&loaded), now)?;
        save(cx, &loaded, &tx, vec![(change, Actor::Resident { concern: Some(tracked.concern) })], now).await?;
    } else if matches!(given.answer, Answer::NotSolved { .. }) {
        let officer = heard_by(&tx, &ticket, tracked.concern).await?;
        let tell = |notice| (cx.message_about(ticket.id, notice), ticket.id, ticket.version);
        let told: Vec<_> = answer_notices(of(&loaded), &ticket, officer).into_iter().map(tell).collect();
        tx.append_messages_about(&told, now).await?;
    }
    tx.commit().await?;
    cx.wake.notify_one();
    Ok(())
}
