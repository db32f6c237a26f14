//! Login sessions.

mod again;
mod begin;
mod end;
pub mod linking;
mod list;
mod me;
mod open;
mod refresh;
pub mod sign_in;
mod tries;

pub use again::AgainError;
pub(crate) use again::confirm;
pub(crate) use begin::accepts;
pub use begin::{Begin, BeginError, begin};
pub use end::{EndError, end_current, end_one, end_others};
pub use list::list;
pub use me::me;
pub use refresh::{RefreshError, refresh};
use store::session::Lifetime;
pub use store::session::Listed;
pub use tries::Throttled;
pub(crate) use tries::Tries;

use auth::secret::Secret;
use chrono::Duration;

/// How long a session lives.
const LIFETIME: Lifetime = Lifetime { unused: Duration::days(14), whole: Duration::days(30) };

/// What somebody holds who is logged in.
pub struct Held {
    /// The access token.
    pub access_token: String,
    /// The refresh token: it can be used once.
    pub refresh_token: Secret,
    /// A second factor has to be set up before anything else.
    pub second_factor_due: bool,
    /// Proves at the next login with the password that it comes from the same device.
    pub device_token: Option<String>,
}

/// Why a session cannot be begun.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The token could not be signed.
    #[error(transparent)]
    Key(#[from] auth::token::KeyError),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}
