//! Filing concerns that were noted without a network, each once however often it is sent.

use auth::permission::FileConcerns;
use auth::{Grant, Holder as _};
use chrono::{DateTime, Utc};
use domain::audit::Act;
use domain::cafe::Cafe;
use domain::concern::Status;
use domain::id::{CafeId, ConcernId, TicketId};
use domain::rights::Secrecy;
use domain::ticket::Ticket;
use store::noted::{Known, Noted};
use uuid::Uuid;

use super::duplicates::reach;
use super::file::{File, FileError, Filed, prepare};
use crate::Context;
use crate::once::KeyReused;
use store::concern::Concern;

/// A concern that a device noted.
#[derive(Debug, Clone)]
pub struct Note {
    /// Its id, made by the device.
    pub id: Uuid,
    /// When it was noted.
    pub at: DateTime<Utc>,
    /// All that it says, always the same text for the same content.
    pub content: String,
    /// What is to be filed.
    pub file: File,
}

/// What came of a concern that was sent.
#[derive(Debug, Clone)]
pub enum Sent {
    /// It was filed now.
    Created(Box<Filed>),
    /// It was filed before: the concern as it is now, with how far all of its tickets are, and those of them that the
    /// sender may know of; none when the sender may no longer read it.
    Exists(Option<Box<(Concern, Status, Vec<Ticket>)>>),
}

/// Why a concern that was sent is not filed.
#[derive(Debug, thiserror::Error)]
pub enum NoteError {
    /// Another content was filed under its id.
    #[error("another concern was filed under the same id")]
    IdReused,
    /// It was noted in the future, or long before or after the café.
    #[error("it cannot have been noted then")]
    NotedAt,
    /// For the same reason as a concern that is filed by itself.
    #[error(transparent)]
    File(#[from] FileError),
}

impl From<store::Error> for NoteError {
    fn from(error: store::Error) -> Self {
        Self::File(error.into())
    }
}

impl From<KeyReused> for NoteError {
    fn from(error: KeyReused) -> Self {
        Self::File(error.into())
    }
}

/// Why nothing is filed at a café.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// There is no such café.
    #[error("there is no such café")]
    NotFound,
    /// It has not begun, or was called off.
    #[error("the café has not begun, or was called off")]
    NotBegun,
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// The café at which concerns were noted.
///
/// # Errors
/// See [`IntakeError`].
pub async fn intake(cx: &Context, _who: &Grant<FileConcerns>, id: CafeId) -> Result<Cafe, IntakeError> {
    let cafe = cx.store.cafe(id).await?.ok_or(IntakeError::NotFound)?;
    if cafe.has_begun(cx.now()) { Ok(cafe) } else { Err(IntakeError::NotBegun) }
}

/// Files a concern that was noted at a café, in a transaction of its own, unless it was filed before.
///
/// # Errors
/// See [`NoteError`].
pub async fn note(cx: &Context, who: &Grant<FileConcerns>, cafe: &Cafe, note: Note) -> Result<Sent, NoteError> {
    let Note { id, at, content, file } = note;
    let noted = Noted { cafe: cafe.id, sender: who.holder().id(), id, at, content };
    // Asked before anything is checked: what was filed then may be refused now.
    if let Some(known) = cx.store.known_note(&noted).await? {
        return sent_before(cx, who, known).await;
    }
    if !cafe.can_be_noted(at, cx.now()) {
        return Err(NoteError::NotedAt);
    }
    let ready = prepare(cx, who, file, false).await?.noted(at);
    let tx = cx.store.begin().await?;
    if let Some(known) = tx.claim_note(&noted, ready.concern().id).await? {
        drop(tx);
        return sent_before(cx, who, known).await;
    }
    let filed = ready.write(cx, &tx, who).await?;
    tx.commit().await?;
    cx.wake.notify_one();
    Ok(Sent::Created(Box::new(filed)))
}

async fn sent_before(cx: &Context, who: &Grant<FileConcerns>, known: Known) -> Result<Sent, NoteError> {
    match known {
        Known::OtherContent => Err(NoteError::IdReused),
        Known::Filed(concern) => Ok(Sent::Exists(as_it_is(cx, who, concern).await?.map(Box::new))),
    }
}

async fn as_it_is(
    cx: &Context,
    who: &Grant<FileConcerns>,
    concern: ConcernId,
) -> Result<Option<(Concern, Status, Vec<Ticket>)>, store::Error> {
    let Some(scope) = reach(who) else { return Ok(None) };
    let Some((found, tickets)) = cx.store.concern(&scope, concern).await? else { return Ok(None) };
    let restricted = tickets.iter().filter(|ticket| ticket.secrecy() != Secrecy::Standard);
    let restricted: Vec<TicketId> = restricted.map(|ticket| ticket.id).collect();
    if !restricted.is_empty() {
        cx.store.audit(&who.record(Act::TicketsListed { tickets: restricted }, cx.now())).await?;
    }
    let status = cx.store.concern_status(concern).await?;
    Ok(Some((found, status, tickets)))
}
