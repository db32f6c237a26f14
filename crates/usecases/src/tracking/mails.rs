//! Whether mails go to the resident of a concern, as the resident says.

use store::Error;
use store::outbox::SILENT;

use crate::Context;

/// Stops the mails, those that wait included. False when the link leads nowhere.
///
/// # Errors
/// When the database does not answer.
pub async fn stop_mails(cx: &Context, token: &str) -> Result<bool, Error> {
    let tx = cx.store.begin().await?;
    let Some(concern) = tx.lock_link_of_resident(token).await? else { return Ok(false) };
    tx.set_mails(concern, Some(cx.now())).await?;
    tx.stop_messages_to(concern, cx.now(), SILENT).await?;
    tx.commit().await?;
    Ok(true)
}

/// Mails go to the resident again; those that were stopped do not come after all. False when the link leads nowhere.
///
/// # Errors
/// When the database does not answer.
pub async fn resume_mails(cx: &Context, token: &str) -> Result<bool, Error> {
    let tx = cx.store.begin().await?;
    let Some(concern) = tx.lock_link_of_resident(token).await? else { return Ok(false) };
    tx.set_mails(concern, None).await?;
    tx.commit().await?;
    Ok(true)
}
