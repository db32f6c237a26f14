//! Slips of paper: made by who looks after the resident, followed by whoever types the code and what the resident knows.
//!
//! A wrong code and a wrong answer to it are told in the same words and take the same time. Attempts are counted twice:
//! of a code, so that nobody tries house numbers, and from an address, so that nobody tries codes.

use std::time::Duration as StdDuration;

use auth::Grant;
use auth::permission::ChangeTickets;
use chrono::Duration;
use domain::audit::Act;
use domain::id::ConcernId;
use domain::slip::{Factor, SlipCode};
use store::Error;
use store::throttle::{Key, Limit};
use tokio::time::{Instant, sleep_until};

use super::link::{LinkError, looks_after};
use crate::session::Throttled;
use crate::{Context, Origin};

/// Of a code, from everywhere.
const CODE: Limit = Limit { burst: 5, interval: Duration::minutes(10) };
/// From an address.
const ADDRESS: Limit = Limit { burst: 20, interval: Duration::minutes(1) };
/// How long an attempt takes, whatever comes of it: longer than the work does.
const ANSWER_AFTER: StdDuration = StdDuration::from_millis(300);

/// Why a slip leads nowhere.
#[derive(Debug, thiserror::Error)]
pub enum SlipError {
    /// There is no such slip, or the resident knows something else.
    #[error("no slip has that code and that answer")]
    Wrong,
    /// Too many attempts.
    #[error(transparent)]
    Throttled(#[from] Throttled),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] Error),
}

/// Makes a slip for the resident of a concern, whether or not they left an address. An earlier one is dead. Returns the
/// code: nothing tells it a second time.
///
/// # Errors
/// [`LinkError::NotFound`], [`LinkError::NotTheirs`].
pub async fn make_slip(
    cx: &Context,
    who: &Grant<ChangeTickets>,
    id: ConcernId,
    factor: &Factor,
) -> Result<SlipCode, LinkError> {
    looks_after(cx, who, id).await?;
    let tx = cx.store.begin().await?;
    let code = tx.make_slip(id, factor, cx.now()).await?;
    tx.audit(&who.record(Act::SlipMade { concern: id }, cx.now()));
    tx.commit().await?;
    Ok(code)
}

/// The token of the page that a slip leads to. What cannot be a code, or an answer, is an attempt like any other.
///
/// # Errors
/// See [`SlipError`].
pub async fn find(cx: &Context, code: &str, factor: &str, from: &Origin) -> Result<String, SlipError> {
    let answer_at = Instant::now() + ANSWER_AFTER;
    let outcome = attempt(cx, SlipCode::typed(code), Factor::typed(factor), from).await;
    sleep_until(answer_at).await;
    outcome
}

async fn attempt(
    cx: &Context,
    code: Option<SlipCode>,
    factor: Option<Factor>,
    from: &Origin,
) -> Result<String, SlipError> {
    let now = cx.now();
    let address = Key::of("slip from an address", &[from.address.as_deref().unwrap_or_default()]);
    let of_code = Key::of("slip of a code", &[code.as_ref().map_or("", SlipCode::as_str)]);
    if let Some(until) = cx.store.try_once(&address, ADDRESS, now).await? {
        return Err(Throttled { wait: until - now }.into());
    }
    let (Some(code), Some(factor)) = (code, factor) else { return Err(SlipError::Wrong) };
    if let Some(until) = cx.store.try_once(&of_code, CODE, now).await? {
        return Err(Throttled { wait: until - now }.into());
    }
    let token = cx.store.token_of_slip(&code, &factor).await?.ok_or(SlipError::Wrong)?;
    cx.store.forget_tries(&of_code).await?;
    cx.store.give_back(&address, ADDRESS).await?;
    Ok(token)
}
