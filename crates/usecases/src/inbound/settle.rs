//! What a dispatcher does with an e-mail that could not be put with a ticket: they settle it, and may put it with one.

use auth::Grant;
use auth::permission::SettleMail;
use domain::audit::Act;
use domain::city::City;
use domain::id::ConcernId;
use domain::rights::Caller;
use domain::ticket::event::{Part, Writer};
use domain::ticket::notice::Kind;
use domain::ticket::writing::CONVERSATION;
use domain::ticket::{Actor, Ticket};
use store::inbound::Words;
use store::ticket::Named;
use store::{Error, Scope, Tx};
use uuid::Uuid;

use super::place::{notices, texts, write};
use crate::ticket::heard_by;
use crate::{Context, NoCity, of};

/// Why an e-mail is not settled.
#[derive(Debug, thiserror::Error)]
pub enum SettleError {
    /// None of that id is kept, or waits.
    #[error("there is no such e-mail")]
    NotFound,
    /// There is no such ticket, or the dispatcher has no part in it.
    #[error("there is no such ticket")]
    UnknownTicket,
    /// No city is loaded.
    #[error(transparent)]
    NoCity(#[from] NoCity),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] Error),
}

/// Marks an e-mail as settled: it waits for nobody any more. With a ticket, it is put there at the same moment, as who wrote
/// it would have had it put, and of somebody who has no part in the ticket as a note.
///
/// # Errors
/// See [`SettleError`]; nothing was done then.
pub async fn settle(
    cx: &Context,
    who: &Grant<SettleMail>,
    id: Uuid,
    ticket: Option<&Named>,
) -> Result<(), SettleError> {
    let tx = cx.store.begin().await?;
    let dispatcher = Caller::Person(who.person().clone());
    // The ticket before the e-mail, as whoever erases them holds them.
    let locked = match ticket {
        Some(name) => tx.lock_ticket(&Scope::of(&dispatcher), name).await?,
        None => None,
    };
    let words = tx.settle_mail(id, who.person().user, cx.now()).await?.ok_or(SettleError::NotFound)?;
    if ticket.is_some() {
        let theirs = locked.filter(|ticket| dispatcher.has_part(Part::Dispatcher, ticket));
        let ticket = theirs.ok_or(SettleError::UnknownTicket)?;
        let loaded = cx.city()?;
        let (from, concern) = writer(of(&loaded), &tx, words.from.as_deref(), &ticket).await?;
        let by = Actor::Mail { user: who.person().user, from, concern };
        let lost = words.attachments.iter().map(|name| (name.as_str(), "à redemander"));
        let officer = match concern {
            Some(concern) => heard_by(&tx, &ticket, concern).await?,
            None => None,
        };
        let mut told = notices(of(&loaded), &ticket, officer, &by);
        // What no service acts on, who puts it there has read.
        told.retain(|notice| notice.kind != Kind::Unattended);
        write(cx, &tx, &ticket, &by, texts(said(&words), lost)?, told).await?;
    }
    tx.commit().await?;
    cx.wake.notify_one();
    Ok(())
}

/// Deletes an e-mail, settled or not: nothing is to be done with it, or who wrote it wants it gone (RGPD, article 17).
///
/// # Errors
/// See [`SettleError`]; nothing was done then.
pub async fn delete(cx: &Context, who: &Grant<SettleMail>, id: Uuid) -> Result<(), SettleError> {
    let tx = cx.store.begin().await?;
    if !tx.delete_mail(id).await? {
        return Err(SettleError::NotFound);
    }
    tx.audit(&who.record(Act::MailDeleted { mail: id }, cx.now()));
    Ok(tx.commit().await?)
}

/// What is put with the ticket: an e-mail without a text may say it all in its subject.
fn said(words: &Words) -> String {
    let told = [&words.text, &words.subject].into_iter().find(|told| !told.trim().is_empty());
    told.cloned().unwrap_or_else(|| "(Courriel sans texte.)".to_owned())
}

/// Which part in the ticket the one has whose address it is; of a resident, by which concern.
async fn writer(
    city: &City,
    tx: &Tx,
    from: Option<&str>,
    ticket: &Ticket,
) -> Result<(Writer, Option<ConcernId>), Error> {
    let Some(from) = from else { return Ok((Writer::Other, None)) };
    if city.service(&ticket.service).is_some_and(|service| service.mailbox.to_lowercase() == from) {
        return Ok((Writer::Service, None));
    }
    if let Some(concern) = tx.concern_of_resident(from, ticket).await? {
        return Ok((Writer::Resident, Some(concern)));
    }
    let user = tx.user_by_email(from).await?.filter(|user| user.active);
    let part = user.and_then(|user| {
        let caller = Caller::Person(user.person);
        CONVERSATION.into_iter().find(|part| caller.has_part(*part, ticket) && caller.sees(ticket))
    });
    Ok((part.map_or(Writer::Other, Writer::from), None))
}
