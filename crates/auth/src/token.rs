//! Access tokens: JSON Web Tokens (RFC 7519) signed with Ed25519 (RFC 8037), lived for minutes, verified without asking
//! the database.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Duration, Utc};
use domain::id::{ServiceCode, SessionId, UserId};
use domain::person::Role;
use domain::ticket::rights::Person;
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// How long an access token lives.
pub const LIFETIME: Duration = Duration::minutes(15);

/// The difference between two clocks that is forgiven.
const LEEWAY: Duration = Duration::seconds(30);

/// A token longer than this is not looked at.
const MAX_LENGTH: usize = 8192;

const AUDIENCE: &str = "continuum";

/// Who is asking, as a token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// Who, with roles and services.
    pub person: Person,
    /// The session that the token belongs to.
    pub session: SessionId,
}

/// Why a token is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It is not a token of ours: malformed, altered, signed with another key or algorithm, for another audience.
    #[error("the access token is not valid")]
    Invalid,
    /// Its time is over.
    #[error("the access token has expired")]
    Expired,
}

/// Why a key file holds no key.
#[derive(Debug, thiserror::Error)]
#[error("not an Ed25519 private key in PKCS #8 PEM: {0}")]
pub struct KeyError(String);

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: Uuid,
    sid: Uuid,
    iat: i64,
    nbf: i64,
    exp: i64,
    roles: Vec<Role>,
    services: Vec<ServiceCode>,
}

/// Signs and verifies access tokens.
pub struct Tokens {
    issuer: String,
    kid: String,
    x: String,
    encoding: EncodingKey,
    decoding: DecodingKey,
}

impl Tokens {
    /// With the key of a PKCS #8 PEM file; `issuer` is the base URL under which the public key can be had.
    ///
    /// # Errors
    /// When the text holds no such key.
    pub fn new(issuer: String, pem: &str) -> Result<Self, KeyError> {
        let key = SigningKey::from_pkcs8_pem(pem).map_err(|e| KeyError(e.to_string()))?;
        let x = URL_SAFE_NO_PAD.encode(key.verifying_key().as_bytes());
        // RFC 7638: the SHA-256 of the key's required members, in order, without white space.
        let kid = URL_SAFE_NO_PAD.encode(Sha256::digest(format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#)));
        Ok(Self {
            issuer,
            kid,
            encoding: EncodingKey::from_ed_pem(pem.as_bytes()).map_err(|e| KeyError(e.to_string()))?,
            decoding: DecodingKey::from_ed_components(&x).map_err(|e| KeyError(e.to_string()))?,
            x,
        })
    }

    /// A new key, from the operating system's randomness, as its file holds it.
    ///
    /// # Errors
    /// When the key cannot be written as PEM.
    pub fn generate_key() -> Result<String, KeyError> {
        let key = SigningKey::from_bytes(&rand::random());
        key.to_pkcs8_pem(LineEnding::LF).map(|pem| pem.to_string()).map_err(|e| KeyError(e.to_string()))
    }

    /// A token for a person in a session.
    ///
    /// # Errors
    /// When the token cannot be signed.
    pub fn sign(&self, person: &Person, session: SessionId, now: DateTime<Utc>) -> Result<String, KeyError> {
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: AUDIENCE.to_owned(),
            sub: person.user.0,
            sid: session.0,
            iat: now.timestamp(),
            nbf: now.timestamp(),
            exp: (now + LIFETIME).timestamp(),
            roles: person.roles.iter().copied().collect(),
            services: person.services.iter().cloned().collect(),
        };
        let header = Header { kid: Some(self.kid.clone()), ..Header::new(Algorithm::EdDSA) };
        jsonwebtoken::encode(&header, &claims, &self.encoding).map_err(|e| KeyError(e.to_string()))
    }

    /// Who a token says is asking.
    ///
    /// # Errors
    /// [`TokenError::Expired`] when it was ours and its time is over; [`TokenError::Invalid`] otherwise.
    pub fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<Principal, TokenError> {
        if token.len() > MAX_LENGTH {
            return Err(TokenError::Invalid);
        }
        let header = jsonwebtoken::decode_header(token).map_err(|_| TokenError::Invalid)?;
        if header.kid.as_deref() != Some(&self.kid) {
            return Err(TokenError::Invalid);
        }
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
        // The library would read the system's clock.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        let claims = jsonwebtoken::decode::<Claims>(token, &self.decoding, &validation);
        let claims = claims.map_err(|_| TokenError::Invalid)?.claims;
        if now.timestamp() >= (claims.exp + LEEWAY.num_seconds()) {
            return Err(TokenError::Expired);
        }
        if now.timestamp() < (claims.nbf - LEEWAY.num_seconds()) {
            return Err(TokenError::Invalid);
        }
        let person = Person {
            user: UserId(claims.sub),
            roles: claims.roles.into_iter().collect(),
            services: claims.services.into_iter().collect(),
        };
        Ok(Principal { person, session: SessionId(claims.sid) })
    }

    /// The public key as a JSON Web Key Set (RFC 7517).
    #[must_use]
    pub fn jwks(&self) -> Value {
        json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": self.kid, "x": self.x }] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens() -> Tokens {
        Tokens::new("https://continuum.example".into(), &Tokens::generate_key().unwrap()).unwrap()
    }

    fn person() -> Person {
        Person {
            user: UserId(Uuid::from_u128(1)),
            roles: [Role::Agent].into(),
            services: ["voirie".parse().unwrap()].into(),
        }
    }

    fn now() -> DateTime<Utc> {
        "2026-03-10T09:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_token_says_who_is_asking_until_its_time_is_over() {
        let tokens = tokens();
        let token = tokens.sign(&person(), SessionId(Uuid::from_u128(2)), now()).unwrap();
        let principal = tokens.verify(&token, now()).unwrap();
        assert_eq!(principal, Principal { person: person(), session: SessionId(Uuid::from_u128(2)) });
        assert!(tokens.verify(&token, now() + LIFETIME + LEEWAY - Duration::seconds(1)).is_ok());
        assert_eq!(tokens.verify(&token, now() + LIFETIME + LEEWAY), Err(TokenError::Expired));
        assert_eq!(tokens.verify(&token, now() - Duration::minutes(1)), Err(TokenError::Invalid), "not yet valid");
    }

    #[test]
    fn what_we_did_not_sign_is_not_accepted() {
        let ours = tokens();
        let session = SessionId(Uuid::from_u128(2));
        let token = ours.sign(&person(), session, now()).unwrap();
        let parts: Vec<&str> = token.split('.').collect();
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let none = part(json!({ "alg": "none", "kid": ours.kid }));
        let hmac = part(json!({ "alg": "HS256", "kid": ours.kid }));
        let secret = EncodingKey::from_secret(ours.x.as_bytes());
        let hmac_signature =
            jsonwebtoken::crypto::sign(format!("{hmac}.{}", parts[1]).as_bytes(), &secret, Algorithm::HS256);
        for (what, forged) in [
            ("another key", tokens().sign(&person(), session, now()).unwrap()),
            ("no algorithm", format!("{none}.{}.", parts[1])),
            ("another algorithm", format!("{hmac}.{}.{}", parts[1], hmac_signature.unwrap())),
            ("altered", format!("{}.{}.{}", parts[0], part(json!({ "sub": Uuid::nil() })), parts[2])),
            ("cut", token[..token.len() - 4].to_owned()),
            ("too long", format!("{token}{}", "A".repeat(MAX_LENGTH))),
            ("empty", String::new()),
        ] {
            assert_eq!(ours.verify(&forged, now()), Err(TokenError::Invalid), "{what}");
        }
        let elsewhere = Tokens { issuer: "https://other.example".into(), ..ours };
        assert_eq!(elsewhere.verify(&token, now()), Err(TokenError::Invalid), "another issuer");
    }
}
