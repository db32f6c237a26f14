//! What is kept of a resident: found, handed out and erased, as they have a right to (RGPD, articles 15 and 17). For
//! dispatchers, each time in the audit log.

use auth::Grant;
use auth::permission::ManagePersonalData;
use domain::audit::Act;
use domain::email::EmailAddress;
use domain::id::ConcernId;
use domain::resident::KeptConcern;
use store::Error;

use crate::Context;
use crate::once::{Done, KeyReused, Once};

/// Why nothing is done about a resident.
#[derive(Debug, thiserror::Error)]
pub enum ResidentError {
    /// There is no such concern.
    #[error("there is no such concern")]
    NotFound,
    /// The idempotency key was used for another request.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
    /// The store of files, which remembers what a backup of the database may not, does not answer.
    #[error(transparent)]
    Files(#[from] files::Error),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] Error),
}

/// The concerns of whoever left this e-mail address, the last filed first.
///
/// # Errors
/// When the database does not answer.
pub async fn find(
    cx: &Context,
    _who: &Grant<ManagePersonalData>,
    email: &EmailAddress,
) -> Result<Vec<ConcernId>, Error> {
    cx.store.concerns_of_address(email.as_str()).await
}

/// Everything that is kept of the resident of a concern: of it, and of those with the same e-mail address.
///
/// # Errors
/// See [`ResidentError`].
pub async fn export(
    cx: &Context,
    who: &Grant<ManagePersonalData>,
    id: ConcernId,
) -> Result<Vec<KeptConcern>, ResidentError> {
    let concerns = cx.store.concerns_of_resident(id).await?;
    if concerns.is_empty() {
        return Err(ResidentError::NotFound);
    }
    let exported = cx.store.export_resident(&concerns).await?;
    cx.store.audit(&who.record(Act::ResidentExported { concerns }, cx.now())).await?;
    Ok(exported)
}

/// What was erased of a resident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erased {
    /// Of these concerns nothing is left but what is counted.
    pub now: Vec<ConcernId>,
    /// Of these the contact is erased, and the texts go as soon as they have ended: a service works with them.
    pub later: Vec<ConcernId>,
}

/// Erases what is kept of the resident of a concern: of it, and of those with the same e-mail address.
///
/// # Errors
/// See [`ResidentError`].
pub async fn erase(
    cx: &Context,
    who: &Grant<ManagePersonalData>,
    id: ConcernId,
    once: Once<'_, Erased>,
) -> Result<Done<Erased>, ResidentError> {
    let concerns = cx.store.concerns_of_resident(id).await?;
    if concerns.is_empty() {
        return Err(ResidentError::NotFound);
    }
    // Before it happens: whatever the database forgets of this, it is done again.
    for concern in &concerns {
        cx.files.note_erased(concern.0).await?;
    }
    once.run(cx, async |tx| {
        let erased = erase_in(cx, tx, concerns.clone()).await?;
        tx.audit(&who.record(Act::ResidentErased { concerns }, cx.now()));
        Ok(erased)
    })
    .await
}

async fn erase_in(cx: &Context, tx: &store::Tx, concerns: Vec<ConcernId>) -> Result<Erased, Error> {
    tx.erase_contacts(&concerns, cx.now()).await?;
    let now = tx.ask_to_erase(&concerns).await?;
    if !now.is_empty() {
        tx.erase_texts(&now, cx.now()).await?;
    }
    let later = concerns.into_iter().filter(|concern| !now.contains(concern)).collect();
    Ok(Erased { now, later })
}

/// Erases again what was erased and is there again: the database was restored from a backup. Forgets what no longer need
/// be known. Returns how many concerns were erased.
///
/// # Errors
/// See [`ResidentError`].
pub async fn erase_again(cx: &Context) -> Result<usize, ResidentError> {
    let noted = cx.files.erased().await?;
    let mut again = 0;
    for notes in noted.chunks(200) {
        let concerns: Vec<ConcernId> = notes.iter().map(|note| ConcernId(note.id)).collect();
        let left = cx.store.not_erased(&concerns).await?;
        if !left.is_empty() {
            let tx = cx.store.begin().await?;
            again += left.len();
            erase_in(cx, &tx, left).await?;
            tx.commit().await?;
        }
        for note in notes {
            if cx.store.is_gone(note.id).await? {
                cx.files.forget_erased(note.id).await?;
            }
        }
    }
    Ok(again)
}
