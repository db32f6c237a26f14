//! Why a sign-in fails. No message here holds a secret, or anything about a person.

use domain::siret::Siret;

/// Why settings are not accepted.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The issuer is not an `https` URL. `http` is for a provider on this very machine.
    #[error("the issuer must be an https URL (http only for 127.0.0.1, ::1 or localhost)")]
    Issuer,
    /// The list of establishments is empty: nobody could sign in.
    #[error("the list of SIRETs is empty: name one at least, or do not check them")]
    NoSiret,
    /// The HTTP client could not be made: most often, the machine has no certificate authorities.
    #[error("no HTTPS client: {0}")]
    Https(String),
}

/// Why a sign-in, or a logout, did not come about.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OidcError {
    /// The provider could not be reached, took too long, or answered 5xx.
    #[error("the identity provider cannot be reached")]
    Unreachable,
    /// The provider answered something that is not `OpenID` Connect, or under the name of another issuer.
    #[error("the identity provider's answer cannot be understood")]
    Unintelligible,
    /// The provider answered an error of OAuth (RFC 6749, 4.1.2.1 and 5.2) or its own: `access_denied` when the person
    /// gave up, `invalid_grant` when the code was used before or came too late.
    #[error("the identity provider refused: {code}")]
    Refused {
        /// The error's code. Its description is not kept: it may say anything.
        code: String,
    },
    /// The answer does not belong to the attempt that this browser began (or the browser began none).
    #[error("the answer does not belong to this attempt to sign in")]
    State,
    /// The answer comes from another issuer (RFC 9207), or does not say from which although the provider always does.
    #[error("the answer comes from another identity provider")]
    Issuer,
    /// The ID token was made for another attempt.
    #[error("the ID token does not belong to this attempt to sign in")]
    Nonce,
    /// The ID token is not valid.
    #[error("the ID token is not valid: {0}")]
    IdToken(Invalid),
    /// What the provider says of the person is not valid.
    #[error("the user info is not valid: {0}")]
    Userinfo(Invalid),
    /// The provider does not say for which establishment the person works.
    #[error("the identity provider gives no SIRET")]
    SiretMissing,
    /// The person works for an establishment that is not on the list.
    #[error("the person's SIRET is not on the list")]
    SiretNotAllowed {
        /// Which, if what the provider says is a SIRET.
        siret: Option<Siret>,
    },
}

/// What is wrong with a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// There is none.
    #[error("missing")]
    Missing,
    /// It cannot be read.
    #[error("malformed")]
    Malformed,
    /// It is not signed, but has to be.
    #[error("not signed")]
    Unsigned,
    /// It is signed with an algorithm that is not accepted.
    #[error("an algorithm that is not accepted")]
    Algorithm,
    /// The provider publishes no such key, also when asked again.
    #[error("signed with an unknown key")]
    UnknownKey,
    /// The signature is not the key's.
    #[error("wrong signature")]
    Signature,
    /// It is another issuer's.
    #[error("another issuer's")]
    Issuer,
    /// It was made for another client.
    #[error("for another client")]
    Audience,
    /// Its time is over.
    #[error("expired")]
    Expired,
    /// It is about somebody else than the ID token, or about nobody.
    #[error("about somebody else")]
    Subject,
    /// It belongs to another access token.
    #[error("for another access token")]
    AccessToken,
    /// The person did not prove who they are as firmly as the settings ask (`acr`).
    #[error("not the proof that was asked for")]
    Acr,
}
