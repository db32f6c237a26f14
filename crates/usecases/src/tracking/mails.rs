//! Whether mails go to the resident of a concern, as the resident says.

use domain::concern::News;
use domain::id::MessageId;
use store::Error;
use store::outbox::{Message, SILENT};

use crate::Context;

/// Stops the mails, those that wait included, by any link that was ever mailed. False when there was no such link.
///
/// # Errors
/// When the database does not answer.
pub async fn stop_mails(cx: &Context, token: &str) -> Result<bool, Error> {
    let tx = cx.store.begin().await?;
    let Some(concern) = tx.lock_mails_of_resident(token).await? else { return Ok(false) };
    tx.stop_mails(concern, cx.now()).await?;
    tx.stop_messages_to(concern, cx.now(), SILENT).await?;
    tx.commit().await?;
    Ok(true)
}

/// Whether a link, which need lead nowhere any more, stops mails.
///
/// # Errors
/// When the database does not answer.
pub async fn may_stop_mails(cx: &Context, token: &str) -> Result<bool, Error> {
    cx.store.was_mailed(token).await
}

/// Mails go to the resident again. Those that were stopped do not come after all; if there were any, or would have been,
/// one tells how it stands. False when the link leads nowhere.
///
/// # Errors
/// When the database does not answer.
pub async fn resume_mails(cx: &Context, token: &str) -> Result<bool, Error> {
    let tx = cx.store.begin().await?;
    let Some(concern) = tx.lock_link_of_resident(token).await? else { return Ok(false) };
    if tx.resume_mails(concern).await? && tx.is_mailed(concern).await? {
        let message = Message::to_resident(concern, MessageId(cx.ids.next()), News::Resumed);
        tx.append_message(&message, cx.now()).await?;
    }
    tx.commit().await?;
    cx.wake.notify_one();
    Ok(true)
}
