//! Writing to the referrer or to the resident through a partner's link.

use domain::text::{Message, MessageToResident};
use domain::ticket::writing::{ReferrerMessage, ResidentMessage};

use super::super::writing::{WriteError as WritingError, Written, to_referrer, to_resident};
use super::{Door, Shut};
use crate::Context;
use crate::once::{Done, KeyReused, Once};

/// What was written.
#[derive(Debug, Clone)]
pub enum Sent {
    /// To the referrer, who is told at once.
    Referrer(Written<ReferrerMessage>),
    /// To the resident; it leaves twenty minutes later.
    Resident(Written<ResidentMessage>),
}

/// What a partner writes, and to whom.
#[derive(Debug)]
pub enum Letter {
    /// To the officer who filed the concern.
    ToReferrer(Message),
    /// To the resident, if they left an address.
    ToResident(MessageToResident),
}

/// Why nothing is written through a link.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The ticket has left the partner meanwhile.
    #[error(transparent)]
    Shut(#[from] Shut),
    /// Nobody is there to read it.
    #[error(transparent)]
    Writing(#[from] WritingError),
}

impl From<KeyReused> for WriteError {
    fn from(error: KeyReused) -> Self {
        Self::Writing(error.into())
    }
}

impl From<store::Error> for WriteError {
    fn from(error: store::Error) -> Self {
        Self::Writing(error.into())
    }
}

/// Writes to the referrer, or to the resident.
///
/// # Errors
/// See [`WriteError`].
pub async fn write(cx: &Context, door: &Door, letter: Letter, once: Once<'_, Sent>) -> Result<Done<Sent>, WriteError> {
    let done = once
        .run(cx, async |tx| {
            let ticket = door.lock(tx).await?;
            let sent = match letter {
                Letter::ToReferrer(_) if ticket.hidden_from_referrer => {
                    return Err(WritingError::HiddenFromReferrer.into());
                }
                Letter::ToReferrer(text) => Sent::Referrer(to_referrer(cx, tx, &ticket, door.by(), text).await?),
                Letter::ToResident(text) => Sent::Resident(to_resident(cx, tx, &ticket, door.by(), text).await?),
            };
            tx.log_opening(&door.opening(cx, "message")).await?;
            Ok::<_, WriteError>(sent)
        })
        .await?;
    cx.wake.notify_one();
    Ok(done)
}
