//! What is kept of a resident: found, handed out and erased, as they have a right to (RGPD, articles 15 and 17). For
//! dispatchers, each time in the audit log.

use auth::Grant;
use auth::permission::ManagePersonalData;
use domain::audit::{Act, By, Record};
use domain::email::EmailAddress;
use domain::id::ConcernId;
use domain::resident::KeptConcern;
use store::Error;
use store::inbound::Unplaced;

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

/// Where somebody is known.
#[derive(Debug, Clone)]
pub struct Found {
    /// The concerns of whoever left the address, the last filed first.
    pub concerns: Vec<ConcernId>,
    /// The e-mails from the address that could not be put with a ticket, whether anybody left it or not.
    pub mails: Vec<Unplaced>,
}

/// Finds whoever has this e-mail address.
///
/// # Errors
/// When the database does not answer.
pub async fn find(cx: &Context, who: &Grant<ManagePersonalData>, email: &EmailAddress) -> Result<Found, Error> {
    let concerns = cx.store.concerns_of_address(email.as_str()).await?;
    let mails = cx.store.unplaced_mail_from(email.as_str()).await?;
    if !(concerns.is_empty() && mails.is_empty()) {
        cx.store.audit(&who.record(Act::ResidentFound { concerns: concerns.clone() }, cx.now())).await?;
    }
    Ok(Found { concerns, mails })
}

/// Everything that is kept of a resident.
#[derive(Debug, Clone)]
pub struct Exported {
    /// Their concerns.
    pub concerns: Vec<KeptConcern>,
    /// Their e-mails that could not be put with a ticket.
    pub mails: Vec<Unplaced>,
    /// Whether there are more concerns with their address.
    pub more: bool,
}

/// Everything that is kept of the resident of a concern: of it, and of those with the same e-mail address.
///
/// # Errors
/// See [`ResidentError`].
pub async fn export(cx: &Context, who: &Grant<ManagePersonalData>, id: ConcernId) -> Result<Exported, ResidentError> {
    let (concerns, more) = cx.store.concerns_of_resident(id).await?;
    if concerns.is_empty() {
        return Err(ResidentError::NotFound);
    }
    let mails = cx.store.unplaced_mail_of(&concerns).await?;
    let exported = Exported { concerns: cx.store.export_resident(&concerns).await?, mails, more };
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
    /// There are more concerns with their address, of which nothing is erased yet.
    pub more: bool,
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
    let (concerns, more) = cx.store.concerns_of_resident(id).await?;
    if concerns.is_empty() {
        return Err(ResidentError::NotFound);
    }
    once.run(cx, async |tx| {
        let erased = Erased { more, ..erase_in(cx, tx, &concerns).await? };
        tx.audit(&who.record(Act::ResidentErased { concerns: concerns.clone() }, cx.now()));
        Ok(erased)
    })
    .await
}

async fn erase_in(cx: &Context, tx: &store::Tx, concerns: &[ConcernId]) -> Result<Erased, Error> {
    // Tickets before concerns, as whoever writes about them holds them.
    tx.hold_tickets_of(concerns).await?;
    tx.erase_contacts(concerns, cx.now()).await?;
    tx.ask_to_erase(concerns).await?;
    let now = tx.erase_texts(concerns, cx.now()).await?;
    let later = concerns.iter().copied().filter(|concern| !now.contains(concern)).collect();
    Ok(Erased { now, later, more: false })
}

/// Notes beside the attachments what was erased, and erases again what was and is there again: the database was restored from
/// a backup. Forgets what no longer need be known. Returns how many concerns were erased again.
///
/// # Errors
/// See [`ResidentError`].
pub async fn erase_again(cx: &Context) -> Result<usize, ResidentError> {
    loop {
        let concerns = cx.store.erasures_to_note(200).await?;
        if concerns.is_empty() {
            break;
        }
        for concern in &concerns {
            cx.files.note_erased(concern.0).await?;
        }
        cx.store.erasures_noted(&concerns).await?;
    }
    let noted: Vec<ConcernId> = cx.files.erased().await?.into_iter().map(ConcernId).collect();
    let mut again = 0;
    for noted in noted.chunks(200) {
        let concerns = cx.store.not_erased(noted).await?;
        if !concerns.is_empty() {
            let tx = cx.store.begin().await?;
            again += concerns.len();
            erase_in(cx, &tx, &concerns).await?;
            let act = Act::ResidentErased { concerns };
            tx.audit(&Record { at: cx.now(), by: By::System, from: None, act, why: None });
            tx.commit().await?;
        }
        for gone in cx.store.gone(noted).await? {
            cx.files.forget_erased(gone.0).await?;
        }
    }
    Ok(again)
}
