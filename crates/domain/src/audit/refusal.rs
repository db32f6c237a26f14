//! Why somebody was not let in, as it is recorded.

use serde::{Deserialize, Serialize};

/// Why a login was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LoginRefusal {
    /// Nobody has that address.
    UnknownPerson,
    /// The account is closed.
    Disabled,
    /// No password was set yet.
    NoPassword,
    /// The password is another.
    WrongPassword,
    /// The code of the second factor is missing, wrong, or was used before.
    WrongSecondFactor,
}

/// Why a sign-in through an identity provider failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignInRefusal {
    /// The answer belongs to no sign-in that was begun here.
    StateMismatch,
    /// The identity token was made for another sign-in.
    NonceMismatch,
    /// The provider did not take the code, or somebody brought ours a second time.
    CodeRefused,
    /// The person works for an organisation (SIRET) that may not sign in.
    SiretNotAllowed,
    /// The person has no account.
    UnknownPerson,
    /// The provider did not answer, or not as it should.
    ProviderFailed,
    /// The identity token is not valid.
    TokenInvalid,
}

/// Why a program was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientRefusal {
    /// There is no such program.
    UnknownClient,
    /// It may no longer use the API.
    Disabled,
    /// The secret is another, or was revoked.
    WrongSecret,
    /// It asked for more than it may do.
    ScopeNotAllowed,
}
