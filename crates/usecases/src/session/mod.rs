//! Login sessions.

mod begin;
mod end;
mod me;
mod refresh;

pub use begin::{Begin, BeginError, begin};
pub use end::end;
pub use me::me;
pub use refresh::{RefreshError, refresh};

use chrono::Duration;

/// How long a session lasts without being refreshed.
const LIFETIME: Duration = Duration::days(14);

/// What somebody holds who is logged in.
pub struct Held {
    /// The access token.
    pub access_token: String,
    /// The refresh token: it can be used once.
    pub refresh_token: String,
}
