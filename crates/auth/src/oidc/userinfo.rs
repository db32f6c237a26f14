//! What the provider says of a person (`OpenID` Connect Core 5.3): a JSON Web Token signed with the provider's keys, as
//! `ProConnect` always gives it. Plain JSON, for which only TLS vouches, is refused.
//!
//! The verifier of the `openidconnect` crate takes no other algorithm than RS256 and does not look at the time, hence
//! this one; keys and signatures are the crate's.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use openidconnect::core::{CoreJsonWebKey, CoreJsonWebKeySet, CoreJwsSigningAlgorithm};
use openidconnect::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use openidconnect::http::{Request, StatusCode};
use openidconnect::{AccessToken, HttpRequest, HttpResponse, JsonWebKey as _, JsonWebKeyId, UserInfoUrl};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::error::{Invalid, OidcError};
use super::id_token::LEEWAY;
use super::identity::Claims;

/// What the user info must agree with.
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    pub(super) subject: &'a str,
}

/// The header of a signed token, what of it matters.
#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<JsonWebKeyId>,
    crit: Option<IgnoredAny>,
}

/// Claims with what says for whom and until when they were made. A provider need not send these (Core 5.3.2: SHOULD);
/// those that it sends are checked.
#[derive(Deserialize)]
struct Sealed {
    iss: Option<String>,
    aud: Option<Audience>,
    exp: Option<i64>,
    #[serde(flatten)]
    claims: Claims,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Audience {
    fn contains(&self, client_id: &str) -> bool {
        match self {
            Self::One(audience) => audience == client_id,
            Self::Several(audiences) => audiences.iter().any(|audience| audience == client_id),
        }
    }
}

/// The question.
pub(super) fn request(url: &UserInfoUrl, access_token: &AccessToken) -> Result<HttpRequest, OidcError> {
    Request::get(url.as_str())
        .header(AUTHORIZATION, format!("Bearer {}", access_token.secret()))
        .header(ACCEPT, "application/jwt")
        .body(Vec::new())
        .map_err(|_| OidcError::Unintelligible)
}

/// The claims of an answer, once they are the provider's and about the right person.
pub(super) fn verified(
    answer: &HttpResponse,
    expected: &Expected<'_>,
    keys: &CoreJsonWebKeySet,
    now: DateTime<Utc>,
) -> Result<Claims, OidcError> {
    if answer.status() != StatusCode::OK {
        return Err(OidcError::Unintelligible);
    }
    let kind = answer.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let claims = match kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "application/jwt" => std::str::from_utf8(answer.body())
            .map_err(|_| Invalid::Malformed)
            .and_then(|token| open(token.trim(), expected, keys, now)),
        "application/json" => Err(Invalid::Unsigned),
        _ => Err(Invalid::Malformed),
    };
    match claims {
        Ok(claims) if claims.sub == expected.subject => Ok(claims),
        Ok(_) => Err(OidcError::Userinfo(Invalid::Subject)),
        Err(invalid) => Err(OidcError::Userinfo(invalid)),
    }
}

fn open(token: &str, expected: &Expected<'_>, keys: &CoreJsonWebKeySet, now: DateTime<Utc>) -> Result<Claims, Invalid> {
    let Sealed { iss, aud, exp, claims } = signed(token, keys)?;
    if iss.is_some_and(|issuer| issuer != expected.issuer) {
        return Err(Invalid::Issuer);
    }
    if aud.is_some_and(|audience| !audience.contains(expected.client_id)) {
        return Err(Invalid::Audience);
    }
    if exp.is_some_and(|end| (now - LEEWAY).timestamp() >= end) {
        return Err(Invalid::Expired);
    }
    Ok(claims)
}

/// What a token says, once one of the keys has signed it (RFC 7515, 5.2).
fn signed(token: &str, keys: &CoreJsonWebKeySet) -> Result<Sealed, Invalid> {
    let (message, signature) = token.rsplit_once('.').ok_or(Invalid::Malformed)?;
    let (header, payload) = message.split_once('.').ok_or(Invalid::Malformed)?;
    let header: Header = serde_json::from_slice(&bytes(header)?).map_err(|_| Invalid::Malformed)?;
    if header.crit.is_some() {
        // What must be understood is not (RFC 7515, 4.1.11).
        return Err(Invalid::Malformed);
    }
    let algorithm = match header.alg.as_str() {
        "RS256" => CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
        "ES256" => CoreJwsSigningAlgorithm::EcdsaP256Sha256,
        "none" => return Err(Invalid::Unsigned),
        _ => return Err(Invalid::Algorithm),
    };
    let signature = bytes(signature)?;
    let named = |key: &&CoreJsonWebKey| header.kid.is_none() || key.key_id() == header.kid.as_ref();
    let mut outcome = Invalid::UnknownKey;
    for key in keys.keys().iter().filter(named) {
        if key.verify_signature(&algorithm, message.as_bytes(), &signature).is_ok() {
            return serde_json::from_slice(&bytes(payload)?).map_err(|_| Invalid::Malformed);
        }
        outcome = Invalid::Signature;
    }
    Err(outcome)
}

fn bytes(part: &str) -> Result<Vec<u8>, Invalid> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| Invalid::Malformed)
}
