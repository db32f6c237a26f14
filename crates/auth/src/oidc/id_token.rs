//! The check of an ID token (`OpenID` Connect Core 3.1.3.7).

use chrono::{DateTime, Duration, Utc};
use openidconnect::core::{CoreIdToken, CoreIdTokenClaims, CoreIdTokenVerifier, CoreJwsSigningAlgorithm};
use openidconnect::{
    AccessToken, AccessTokenHash, ClaimsVerificationError, ClientId, Nonce, SignatureVerificationError,
};

use super::discovery::Metadata;
use super::error::{Invalid, OidcError};

/// The difference between two clocks that is forgiven.
pub(super) const LEEWAY: Duration = Duration::seconds(30);

/// The algorithms that are accepted. `ProConnect` offers them and HS256; but who can check a MAC can also make one.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 2] =
    [CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256, CoreJwsSigningAlgorithm::EcdsaP256Sha256];

/// What an ID token must agree with.
pub(super) struct Expected<'a> {
    pub(super) client_id: &'a ClientId,
    pub(super) nonce: &'a Nonce,
    pub(super) access_token: &'a AccessToken,
    pub(super) acr_values: &'a [String],
}

/// The token's claims, once its signature, issuer, audience, nonce, time, access token and `acr` are the right ones.
pub(super) fn verified<'t>(
    token: &'t CoreIdToken,
    expected: &Expected<'_>,
    metadata: &Metadata,
    now: DateTime<Utc>,
) -> Result<&'t CoreIdTokenClaims, OidcError> {
    let issuer = metadata.issuer().clone();
    let verifier = CoreIdTokenVerifier::new_public_client(expected.client_id.clone(), issuer, metadata.jwks().clone())
        .set_allowed_algs(ALGORITHMS)
        .set_time_fn(move || now - LEEWAY);
    let claims = token.claims(&verifier, expected.nonce).map_err(|error| failure(&error))?;
    let acr = claims.auth_context_ref();
    if !expected.acr_values.is_empty() && !acr.is_some_and(|acr| expected.acr_values.contains(acr)) {
        return Err(OidcError::IdToken(Invalid::Acr));
    }
    if let Some(hash) = claims.access_token_hash() {
        let invalid = |_| OidcError::IdToken(Invalid::AccessToken);
        let algorithm = token.signing_alg().map_err(|error| OidcError::IdToken(signature(&error)))?;
        let key = token.signing_key(&verifier).map_err(|error| OidcError::IdToken(signature(&error)))?;
        if *hash != AccessTokenHash::from_token(expected.access_token, algorithm, key).map_err(invalid)? {
            return Err(OidcError::IdToken(Invalid::AccessToken));
        }
    }
    Ok(claims)
}

fn failure(error: &ClaimsVerificationError) -> OidcError {
    OidcError::IdToken(match error {
        ClaimsVerificationError::InvalidNonce(_) => return OidcError::Nonce,
        ClaimsVerificationError::Expired(_) => Invalid::Expired,
        ClaimsVerificationError::InvalidAudience(_) => Invalid::Audience,
        ClaimsVerificationError::InvalidIssuer(_) => Invalid::Issuer,
        ClaimsVerificationError::InvalidSubject(_) => Invalid::Subject,
        ClaimsVerificationError::SignatureVerification(error) => signature(error),
        // The rest is about headers that nobody needs; the library may add to its list.
        _ => Invalid::Malformed,
    })
}

fn signature(error: &SignatureVerificationError) -> Invalid {
    match error {
        SignatureVerificationError::NoSignature => Invalid::Unsigned,
        SignatureVerificationError::NoMatchingKey => Invalid::UnknownKey,
        SignatureVerificationError::DisallowedAlg(_) | SignatureVerificationError::UnsupportedAlg(_) => {
            Invalid::Algorithm
        }
        _ => Invalid::Signature,
    }
}
