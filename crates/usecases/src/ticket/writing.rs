//! Notes among colleagues, messages between the service and the referrer, messages to the resident. None of them
//! changes the ticket, so that nobody's `If-Match` is spent on them.

use auth::Grant;
use auth::permission::{ChangeTickets, ReadTickets};
use domain::city::City;
use domain::concern::Referrer;
use domain::id::{ConcernId, MessageId, UserId, WritingId};
use domain::text;
use domain::ticket::event::Part;
use domain::ticket::notice::Notice;
use domain::ticket::writing::{COLLEAGUES, CONVERSATION, Note, ReferrerMessage, ResidentMessage, WAITS};
use domain::ticket::{Actor, Ticket};
use store::feedback::Given;
use store::outbox::Message;
use store::ticket::Named;
use store::{Error, Page, Scope, Tx};
use uuid::Uuid;

pub use store::ticket::writing::{Colleague, Written};

use super::read::read;
use crate::Context;
use crate::once::{Done, KeyReused, Once};

/// A note to be written.
#[derive(Debug)]
pub struct AddNote {
    /// What.
    pub text: text::Note,
    /// Colleagues who are told of it.
    pub mentions: Vec<UserId>,
}

/// Why nothing is written, or read.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// There is no such ticket, or message, within the caller's reach.
    #[error("there is no such ticket")]
    NotFound,
    /// The caller has none of these parts in the ticket.
    #[error("the caller has none of the parts {0:?}")]
    NotTheirs(&'static [Part]),
    /// These of the mentioned, by their places in the list, do not read the ticket's notes.
    #[error("not everybody mentioned reads the notes: {0:?}")]
    NotColleagues(Vec<usize>),
    /// The referrer is not to know what becomes of the ticket.
    #[error("the ticket is hidden from its referrer")]
    HiddenFromReferrer,
    /// The resident left no e-mail address.
    #[error("the resident left no e-mail address")]
    NoAddress,
    /// The message has left.
    #[error("the message has left")]
    HasLeft,
    /// The idempotency key was used for another request.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] Error),
}

/// Locks the ticket: whoever writes belongs to it at that moment.
async fn lock(
    tx: &Tx,
    who: &Grant<ChangeTickets>,
    name: &Named,
    parts: &'static [Part],
) -> Result<(Ticket, Actor), WriteError> {
    let ticket = tx.lock_ticket(&Scope::of(who.caller()), name).await?.ok_or(WriteError::NotFound)?;
    let by = who.caller().in_one_of(parts, &ticket).ok_or(WriteError::NotTheirs(parts))?;
    Ok((ticket, by))
}

/// Writes a note among colleagues, and tells those whom it mentions.
///
/// # Errors
/// [`WriteError::NotFound`], [`WriteError::NotTheirs`], [`WriteError::NotColleagues`].
pub async fn add_note(
    cx: &Context,
    who: &Grant<ChangeTickets>,
    name: &Named,
    cmd: AddNote,
    once: Once<'_, Written<Note>>,
) -> Result<Done<Written<Note>>, WriteError> {
    let done = once
        .run(cx, async |tx| {
            let (ticket, by) = lock(tx, who, name, &COLLEAGUES).await?;
            let AddNote { text, mut mentions } = cmd;
            if !mentions.is_empty() {
                let colleagues = tx.colleagues(&ticket).await?;
                let is_one = |user: &UserId| colleagues.iter().any(|colleague| colleague.person.user == *user);
                let strangers = mentions.iter().enumerate().filter(|(_, user)| !is_one(user)).map(|(at, _)| at);
                let strangers: Vec<usize> = strangers.collect();
                if !strangers.is_empty() {
                    return Err(WriteError::NotColleagues(strangers));
                }
                mentions.sort_unstable();
                mentions.dedup();
            }
            let note = Note { id: WritingId(cx.ids.next()), at: cx.now(), by, text, mentions };
            let about = |notice| cx.message_about(ticket.id, notice);
            let tell: Vec<Message> = note.notices().into_iter().map(about).collect();
            Ok(tx.add_note(&ticket, &note, &tell).await?)
        })
        .await?;
    cx.wake.notify_one();
    Ok(done)
}

/// Writes to the referrer; or, as the referrer, to the service. The other side is told.
///
/// # Errors
/// [`WriteError::NotFound`], [`WriteError::NotTheirs`], [`WriteError::HiddenFromReferrer`].
pub async fn write_to_referrer(
    cx: &Context,
    who: &Grant<ChangeTickets>,
    name: &Named,
    text: text::Message,
    once: Once<'_, Written<ReferrerMessage>>,
) -> Result<Done<Written<ReferrerMessage>>, WriteError> {
    let done = once
        .run(cx, async |tx| {
            let (ticket, by) = lock(tx, who, name, &CONVERSATION).await?;
            if ticket.hidden_from_referrer {
                return Err(WriteError::HiddenFromReferrer);
            }
            Ok(to_referrer(cx, tx, &ticket, by, text).await?)
        })
        .await?;
    cx.wake.notify_one();
    Ok(done)
}

pub(crate) async fn to_referrer(
    cx: &Context,
    tx: &Tx,
    ticket: &Ticket,
    by: Actor,
    text: text::Message,
) -> Result<Written<ReferrerMessage>, Error> {
    let message = ReferrerMessage { id: WritingId(cx.ids.next()), at: cx.now(), by, text };
    let about = |notice| cx.message_about(ticket.id, notice);
    let tell: Vec<Message> = ReferrerMessage::notice(&message.by, ticket).into_iter().map(about).collect();
    tx.add_referrer_message(ticket, &message, &tell).await
}

/// Who heard the resident of that concern, if it is one of those that the ticket is about.
pub(crate) async fn heard_by(tx: &Tx, ticket: &Ticket, concern: ConcernId) -> Result<Option<Referrer>, Error> {
    if concern == ticket.concern {
        return Ok(Some(ticket.referrer));
    }
    let followers = tx.followers(&[ticket.id]).await?.remove(&ticket.id).unwrap_or_default();
    Ok(followers.into_iter().find(|follower| follower.concern == concern).map(|follower| follower.referrer))
}

/// The messages that follow from what a resident answers, on their page or by e-mail: see
/// [`ResidentMessage::answer_notices`].
pub(crate) fn answer_notices(city: &City, ticket: &Ticket, heard_by: Option<Referrer>) -> Vec<Notice> {
    // Who reads through a link reads no resident's words; of a service that the city no longer has, nobody does.
    let cannot_read = city.service(&ticket.service).is_none_or(|service| service.access.is_some());
    ResidentMessage::answer_notices(ticket, heard_by, &city.settings.dispatcher_desk, cannot_read)
}

/// Writes to the resident. The message leaves twenty minutes later unless it is taken back.
///
/// # Errors
/// [`WriteError::NotFound`], [`WriteError::NotTheirs`], [`WriteError::NoAddress`].
pub async fn write_to_resident(
    cx: &Context,
    who: &Grant<ChangeTickets>,
    name: &Named,
    text: text::MessageToResident,
    once: Once<'_, Written<ResidentMessage>>,
) -> Result<Done<Written<ResidentMessage>>, WriteError> {
    once.run(cx, async |tx| {
        let (ticket, by) = lock(tx, who, name, &COLLEAGUES).await?;
        to_resident(cx, tx, &ticket, by, text).await
    })
    .await
}

pub(super) async fn to_resident(
    cx: &Context,
    tx: &Tx,
    ticket: &Ticket,
    by: Actor,
    text: text::MessageToResident,
) -> Result<Written<ResidentMessage>, WriteError> {
    let followers = tx.followers(&[ticket.id]).await?.remove(&ticket.id).unwrap_or_default();
    if !followers.iter().any(|follower| follower.concern == ticket.concern && follower.resident) {
        return Err(WriteError::NoAddress);
    }
    let (id, at) = (WritingId(cx.ids.next()), cx.now());
    let message = ResidentMessage { id, at, by, text, leaves_at: at + WAITS, taken_back_at: None };
    let tell = Message::about_writing(id, MessageId(cx.ids.next()), ResidentMessage::notice(ticket));
    Ok(tx.add_resident_message(ticket, &message, &[tell]).await?)
}

/// Takes a message to the resident back before it leaves. Taking it back again changes nothing.
///
/// # Errors
/// [`WriteError::NotFound`], [`WriteError::NotTheirs`], [`WriteError::HasLeft`].
pub async fn take_back(
    cx: &Context,
    who: &Grant<ChangeTickets>,
    name: &Named,
    id: WritingId,
    once: Once<'_, Written<ResidentMessage>>,
) -> Result<Done<Written<ResidentMessage>>, WriteError> {
    once.run(cx, async |tx| {
        let (ticket, _) = lock(tx, who, name, &COLLEAGUES).await?;
        let mut message = tx.lock_resident_message(ticket.id, id).await?.ok_or(WriteError::NotFound)?;
        if message.writing.taken_back_at.is_none() {
            let now = cx.now();
            if !tx.take_back(id, now).await? {
                return Err(WriteError::HasLeft);
            }
            message.writing.taken_back_at = Some(now);
        }
        Ok(message)
    })
    .await
}

/// The ticket, if the caller has one of these parts in it.
pub(super) async fn of(
    cx: &Context,
    who: &Grant<ReadTickets>,
    name: &Named,
    parts: &'static [Part],
) -> Result<Ticket, WriteError> {
    let ticket = read(cx, who, name).await?.ok_or(WriteError::NotFound)?;
    who.caller().in_one_of(parts, &ticket).ok_or(WriteError::NotTheirs(parts))?;
    Ok(ticket)
}

/// A page of a ticket's notes, the first one first.
///
/// # Errors
/// [`WriteError::NotFound`], [`WriteError::NotTheirs`].
pub async fn notes(
    cx: &Context,
    who: &Grant<ReadTickets>,
    name: &Named,
    after: Uuid,
    limit: u64,
) -> Result<Page<Written<Note>, Uuid>, WriteError> {
    let ticket = of(cx, who, name, &COLLEAGUES).await?;
    Ok(cx.store.notes(ticket.id, after, limit).await?)
}

/// A page of what the service and the referrer wrote to one another, the first message first.
///
/// # Errors
/// [`WriteError::NotFound`], [`WriteError::NotTheirs`].
pub async fn referrer_messages(
    cx: &Context,
    who: &Grant<ReadTickets>,
    name: &Named,
    after: Uuid,
    limit: u64,
) -> Result<Page<Written<ReferrerMessage>, Uuid>, WriteError> {
    let ticket = of(cx, who, name, &CONVERSATION).await?;
    Ok(cx.store.referrer_messages(ticket.id, after, limit).await?)
}

/// A page of a ticket's messages to the resident, the first one first, those that were taken back included.
///
/// # Errors
/// [`WriteError::NotFound`], [`WriteError::NotTheirs`].
pub async fn resident_messages(
    cx: &Context,
    who: &Grant<ReadTickets>,
    name: &Named,
    after: Uuid,
    limit: u64,
) -> Result<Page<Written<ResidentMessage>, Uuid>, WriteError> {
    let ticket = of(cx, who, name, &COLLEAGUES).await?;
    Ok(cx.store.resident_messages(ticket.id, after, limit).await?)
}

/// A page of what residents say of how the ticket ended, the first answer first.
///
/// # Errors
/// [`WriteError::NotFound`], [`WriteError::NotTheirs`].
pub async fn feedback(
    cx: &Context,
    who: &Grant<ReadTickets>,
    name: &Named,
    after: Uuid,
    limit: u64,
) -> Result<Page<Given, Uuid>, WriteError> {
    let ticket = of(cx, who, name, &CONVERSATION).await?;
    Ok(cx.store.feedback(ticket.id, after, limit).await?)
}

/// Who reads the ticket's notes: whom they can mention, and to whom its service can assign it.
///
/// # Errors
/// [`WriteError::NotFound`], [`WriteError::NotTheirs`].
pub async fn colleagues(
    cx: &Context,
    who: &Grant<ReadTickets>,
    name: &Named,
) -> Result<(Ticket, Vec<Colleague>), WriteError> {
    let ticket = of(cx, who, name, &COLLEAGUES).await?;
    let colleagues = cx.store.colleagues(&ticket).await?;
    Ok((ticket, colleagues))
}
