//! One's own wishes. Nobody reads or changes those of another.

use auth::LoggedIn;
use domain::notification::Chosen;
use domain::rights::Person;
use store::Error;
use store::notification::Wishes;

use crate::Context;

/// Somebody's own wishes, and their roles, from which what they have not chosen follows.
#[derive(Debug, Clone)]
pub struct Own {
    /// What they chose.
    pub wishes: Wishes,
    /// Who they are.
    pub person: Person,
}

/// Why nothing is chosen.
#[derive(Debug, thiserror::Error)]
pub enum ChooseError {
    /// There is no such account any more.
    #[error("there is no such account")]
    NotFound,
    /// They have changed since the caller saw them.
    #[error("the wishes have changed; they are at version {0} now")]
    Stale(i64),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] Error),
}

/// One's own wishes; none when there is no such account any more.
///
/// # Errors
/// When the database does not answer.
pub async fn own(cx: &Context, who: LoggedIn) -> Result<Option<Own>, Error> {
    let user = who.user();
    let Some(account) = cx.store.user(user).await? else { return Ok(None) };
    Ok(Some(Own { wishes: cx.store.wishes(user).await?, person: account.person }))
}

/// Chooses how one is told. What waits already leaves as one wishes now.
///
/// # Errors
/// See [`ChooseError`].
pub async fn choose(cx: &Context, who: LoggedIn, seen: &[i64], chosen: Chosen) -> Result<Own, ChooseError> {
    let user = who.user();
    let account = cx.store.user(user).await?.ok_or(ChooseError::NotFound)?;
    let tx = cx.store.begin().await?;
    let Some(wishes) = tx.choose(user, &chosen, seen, cx.now()).await? else {
        drop(tx);
        return Err(ChooseError::Stale(cx.store.wishes(user).await?.version));
    };
    tx.commit().await?;
    cx.wake.notify_one();
    Ok(Own { wishes, person: account.person })
}
