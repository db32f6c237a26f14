//! Access tokens: JSON Web Tokens (RFC 7519, RFC 9068) signed with Ed25519 (RFC 8037), lived for minutes. They say who
//! asks, not what they may do: that is the database's to know, so that a change of roles takes effect at once.
//!
//! Keys rotate with an overlap: a key is published before it signs, and accepted until the last token that it signed
//! has expired.

use std::collections::BTreeSet;
use std::sync::Arc;

use arc_swap::ArcSwap;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Duration, Utc};
use domain::id::{ClientId, SessionId, UserId};
use domain::rights::ClientScope;
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use moka::sync::Cache;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::principal::{Presented, Verified};

/// How long an access token lives.
pub const LIFETIME: Duration = Duration::minutes(15);

/// The difference between two clocks that is forgiven.
const LEEWAY: Duration = Duration::seconds(30);

/// A token longer than this is not looked at.
const MAX_LENGTH: usize = 8192;

const AUDIENCE: &str = "continuum";

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

/// A signing key, as its file holds it.
#[derive(Debug, Clone)]
pub struct TokenKey {
    /// From when on it signs; it is published before.
    pub signs_from: DateTime<Utc>,
    /// Ed25519, PKCS #8, PEM.
    pub pem: SecretString,
}

impl TokenKey {
    /// The key's id, as the header `kid` of a token has it: its thumbprint (RFC 7638).
    ///
    /// # Errors
    /// When the text holds no key.
    pub fn kid(&self) -> Result<String, KeyError> {
        Ok(Key::new(self)?.kid)
    }
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: Uuid,
    iat: i64,
    nbf: i64,
    exp: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sid: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client_id: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    jti: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
}

struct Key {
    signs_from: DateTime<Utc>,
    kid: String,
    x: String,
    encoding: EncodingKey,
    decoding: DecodingKey,
}

/// How many tokens are remembered to be signed by us.
const REMEMBERED: u64 = 10_000;

/// The keys, and what the tokens say that one of them was seen to have signed: verifying a signature takes longer than all else that
/// a request does before it asks the database. It is forgotten with the keys.
struct Keyring {
    keys: Vec<Key>,
    signed: Cache<[u8; 32], Arc<Signed>>,
}

/// What a token says that was signed with the key of that id.
struct Signed {
    kid: String,
    claims: Claims,
}

/// Signs and verifies access tokens.
pub struct Tokens {
    issuer: String,
    ring: ArcSwap<Keyring>,
}

impl Key {
    fn new(key: &TokenKey) -> Result<Self, KeyError> {
        let pem = key.pem.expose_secret();
        let private = SigningKey::from_pkcs8_pem(pem).map_err(|e| KeyError(e.to_string()))?;
        let x = URL_SAFE_NO_PAD.encode(private.verifying_key().as_bytes());
        Ok(Self {
            signs_from: key.signs_from,
            // RFC 7638: the SHA-256 of the key's required members, in order, without white space.
            kid: URL_SAFE_NO_PAD.encode(Sha256::digest(format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#))),
            encoding: EncodingKey::from_ed_pem(pem.as_bytes()).map_err(|e| KeyError(e.to_string()))?,
            decoding: DecodingKey::from_ed_components(&x).map_err(|e| KeyError(e.to_string()))?,
            x,
        })
    }
}

impl Keyring {
    /// The keys in the order in which they sign.
    fn new(keys: &[TokenKey]) -> Result<Self, KeyError> {
        let mut keys = keys.iter().map(Key::new).collect::<Result<Vec<_>, _>>()?;
        keys.sort_by_key(|key| key.signs_from);
        if keys.is_empty() {
            return Err(KeyError("there is no key".to_owned()));
        }
        let lived = std::time::Duration::from_secs((LIFETIME + LEEWAY).num_seconds().unsigned_abs());
        Ok(Self { keys, signed: Cache::builder().max_capacity(REMEMBERED).time_to_live(lived).build() })
    }
}

/// The key that signs at this moment; before any does, the first.
fn signing(keys: &[Key], now: DateTime<Utc>) -> &Key {
    keys.iter().rev().find(|key| key.signs_from <= now).unwrap_or(&keys[0])
}

/// The keys whose tokens may still live, and those that will sign.
fn accepted(keys: &[Key], now: DateTime<Utc>) -> impl Iterator<Item = &Key> {
    let followed = keys.iter().skip(1).map(|next| Some(next.signs_from)).chain([None]);
    let outlived = move |next: Option<DateTime<Utc>>| next.is_some_and(|next| next + LIFETIME + LEEWAY <= now);
    keys.iter().zip(followed).filter(move |(_, next)| !outlived(*next)).map(|(key, _)| key)
}

/// Scopes as OAuth 2.0 writes them (RFC 6749, 3.3).
#[must_use]
pub fn scope(scopes: &BTreeSet<ClientScope>) -> String {
    scopes.iter().map(|scope| scope.code()).collect::<Vec<_>>().join(" ")
}

impl Tokens {
    /// With these keys, at least one; `issuer` is the base URL under which the public keys can be had.
    ///
    /// # Errors
    /// When a text holds no such key, or there is none.
    pub fn new(issuer: String, keys: &[TokenKey]) -> Result<Self, KeyError> {
        Ok(Self { issuer, ring: ArcSwap::from_pointee(Keyring::new(keys)?) })
    }

    /// Takes these keys from now on.
    ///
    /// # Errors
    /// See [`Tokens::new`]; the keys stay what they were.
    pub fn replace(&self, keys: &[TokenKey]) -> Result<(), KeyError> {
        self.ring.store(Arc::new(Keyring::new(keys)?));
        Ok(())
    }

    /// A new key, from the operating system's randomness, as its file holds it.
    ///
    /// # Errors
    /// When the key cannot be written as PEM.
    pub fn generate_key() -> Result<String, KeyError> {
        let key = SigningKey::from_bytes(&rand::random());
        key.to_pkcs8_pem(LineEnding::LF).map(|pem| pem.to_string()).map_err(|e| KeyError(e.to_string()))
    }

    /// The base URL of the issuer.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// A token for a person in a session.
    ///
    /// # Errors
    /// When the token cannot be signed.
    pub fn sign_session(&self, user: UserId, session: SessionId, now: DateTime<Utc>) -> Result<String, KeyError> {
        self.sign(&Claims { sid: Some(session.0), ..self.claims(user.0, now) }, now)
    }

    /// A token for a program, for these scopes.
    ///
    /// # Errors
    /// When the token cannot be signed.
    pub fn sign_client(
        &self,
        client: ClientId,
        token: Uuid,
        scopes: &BTreeSet<ClientScope>,
        now: DateTime<Utc>,
    ) -> Result<String, KeyError> {
        let claims = Claims {
            client_id: Some(client.0),
            jti: Some(token),
            scope: Some(scope(scopes)),
            ..self.claims(client.0, now)
        };
        self.sign(&claims, now)
    }

    fn claims(&self, sub: Uuid, now: DateTime<Utc>) -> Claims {
        Claims {
            iss: self.issuer.clone(),
            aud: AUDIENCE.to_owned(),
            sub,
            iat: now.timestamp(),
            nbf: now.timestamp(),
            exp: (now + LIFETIME).timestamp(),
            sid: None,
            client_id: None,
            jti: None,
            scope: None,
        }
    }

    fn sign(&self, claims: &Claims, now: DateTime<Utc>) -> Result<String, KeyError> {
        let ring = self.ring.load();
        let key = signing(&ring.keys, now);
        // RFC 9068, 2.1: so that no other kind of JWT is taken for an access token.
        let header =
            Header { typ: Some("at+jwt".to_owned()), kid: Some(key.kid.clone()), ..Header::new(Algorithm::EdDSA) };
        jsonwebtoken::encode(&header, claims, &key.encoding).map_err(|e| KeyError(e.to_string()))
    }

    /// Who a token says is asking.
    ///
    /// # Errors
    /// [`TokenError::Expired`] when it was ours and its time is over; [`TokenError::Invalid`] otherwise.
    pub fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<Presented, TokenError> {
        self.read(token, now).map(|verified| verified.presented)
    }

    /// Who a token says is asking, and how long it lives.
    ///
    /// # Errors
    /// See [`Tokens::verify`].
    pub fn read(&self, token: &str, now: DateTime<Utc>) -> Result<Verified, TokenError> {
        let signed = self.verified(token, now)?;
        let claims = &signed.claims;
        if now.timestamp() >= (claims.exp + LEEWAY.num_seconds()) {
            return Err(TokenError::Expired);
        }
        let time = |seconds| DateTime::from_timestamp(seconds, 0).ok_or(TokenError::Invalid);
        let (issued_at, expires_at) = (time(claims.iat)?, time(claims.exp)?);
        let presented = match claims {
            Claims { sid: Some(session), client_id: None, sub, .. } => {
                Presented::Session { user: UserId(*sub), session: SessionId(*session) }
            }
            Claims { sid: None, client_id: Some(client), jti: Some(token), scope: Some(scope), .. } => {
                let scopes = scope.split(' ').filter_map(ClientScope::from_code).collect();
                Presented::Client { client: ClientId(*client), token: *token, scopes, issued_at }
            }
            _ => return Err(TokenError::Invalid),
        };
        Ok(Verified { presented, issued_at, expires_at })
    }

    /// What a token says that a key has signed which is accepted now, and that is valid already.
    fn verified(&self, token: &str, now: DateTime<Utc>) -> Result<Arc<Signed>, TokenError> {
        if token.len() > MAX_LENGTH {
            return Err(TokenError::Invalid);
        }
        let ring = self.ring.load();
        let digest = Sha256::digest(token).into();
        let signed = if let Some(signed) = ring.signed.get(&digest) {
            signed
        } else {
            let signed = Arc::new(self.signed(token, &ring.keys)?);
            ring.signed.insert(digest, signed.clone());
            signed
        };
        let is_accepted = accepted(&ring.keys, now).any(|key| key.kid == signed.kid);
        if !is_accepted || now.timestamp() < (signed.claims.nbf - LEEWAY.num_seconds()) {
            return Err(TokenError::Invalid);
        }
        Ok(signed)
    }

    /// What a token says that one of these keys has signed, whatever the time.
    fn signed(&self, token: &str, keys: &[Key]) -> Result<Signed, TokenError> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| TokenError::Invalid)?;
        // RFC 7515, 4.1.11: what we do not understand and is critical is refused; we understand no extension.
        if header.typ.as_deref() != Some("at+jwt") || header.crit.is_some() {
            return Err(TokenError::Invalid);
        }
        let kid = header.kid.ok_or(TokenError::Invalid)?;
        let key = keys.iter().find(|key| key.kid == kid).ok_or(TokenError::Invalid)?;
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
        // The library would read the system's clock.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        let claims = jsonwebtoken::decode::<Claims>(token, &key.decoding, &validation);
        Ok(Signed { kid, claims: claims.map_err(|_| TokenError::Invalid)?.claims })
    }

    /// The public keys as a JSON Web Key Set (RFC 7517): those whose tokens may still live, and those that will sign.
    #[must_use]
    pub fn jwks(&self, now: DateTime<Utc>) -> Value {
        let ring = self.ring.load();
        let key = |key: &Key| json!({ "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": key.kid, "x": key.x });
        json!({ "keys": accepted(&ring.keys, now).map(key).collect::<Vec<_>>() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USER: UserId = UserId(Uuid::from_u128(1));
    const SESSION: SessionId = SessionId(Uuid::from_u128(2));
    const OURS: Presented = Presented::Session { user: USER, session: SESSION };

    fn now() -> DateTime<Utc> {
        "2026-03-10T09:00:00Z".parse().unwrap()
    }

    fn key(signs_from: DateTime<Utc>) -> TokenKey {
        TokenKey { signs_from, pem: Tokens::generate_key().unwrap().into() }
    }

    fn tokens() -> Tokens {
        Tokens::new("https://continuum.example".into(), &[key(now())]).unwrap()
    }

    #[test]
    fn a_token_says_who_is_asking_until_its_time_is_over() {
        let tokens = tokens();
        let token = tokens.sign_session(USER, SESSION, now()).unwrap();
        assert_eq!(tokens.verify(&token, now()), Ok(OURS));
        assert!(tokens.verify(&token, now() + LIFETIME + LEEWAY - Duration::seconds(1)).is_ok());
        assert_eq!(tokens.verify(&token, now() + LIFETIME + LEEWAY), Err(TokenError::Expired));
        assert_eq!(tokens.verify(&token, now() - Duration::minutes(1)), Err(TokenError::Invalid), "not yet valid");
        let (client, id) = (ClientId(Uuid::from_u128(3)), Uuid::from_u128(4));
        let scopes = BTreeSet::from([ClientScope::TicketsRead, ClientScope::StatsRead]);
        let token = tokens.sign_client(client, id, &scopes, now()).unwrap();
        assert_eq!(tokens.verify(&token, now()), Ok(Presented::Client { client, token: id, scopes, issued_at: now() }));
    }

    #[test]
    fn keys_rotate_with_an_overlap() {
        let (old, new) = (key(now()), key(now() + Duration::minutes(10)));
        let tokens = Tokens::new("https://continuum.example".into(), std::slice::from_ref(&old)).unwrap();
        tokens.replace(&[new, old]).unwrap();
        let kids = |at| tokens.jwks(at)["keys"].as_array().unwrap().len();
        let early = tokens.sign_session(USER, SESSION, now()).unwrap();
        assert_eq!(kids(now()), 2, "published before it signs");
        let switched = now() + Duration::minutes(10);
        let late = tokens.sign_session(USER, SESSION, switched).unwrap();
        let kid = |token: &str| jsonwebtoken::decode_header(token).unwrap().kid.unwrap();
        assert_ne!(kid(&early), kid(&late));
        assert_eq!(tokens.verify(&early, switched), Ok(OURS), "what the old key signed still holds");
        assert_eq!(tokens.verify(&late, now()), Err(TokenError::Invalid), "not yet valid");
        assert_eq!(kids(switched + LIFETIME + LEEWAY), 1, "the old key is gone with its last token");
        let outlived = tokens.verify(&early, switched + LIFETIME + LEEWAY);
        assert_eq!(outlived, Err(TokenError::Invalid), "what it signed is not accepted any more");
        tokens.replace(&[key(now())]).unwrap();
        assert_eq!(
            tokens.verify(&early, switched),
            Err(TokenError::Invalid),
            "nor what was signed with a key taken away"
        );
        assert!(Tokens::new(String::new(), &[]).is_err());
    }

    #[test]
    fn what_we_did_not_sign_is_not_accepted() {
        let ours = tokens();
        let token = ours.sign_session(USER, SESSION, now()).unwrap();
        let (kid, x) = {
            let ring = ours.ring.load();
            (ring.keys[0].kid.clone(), ring.keys[0].x.clone())
        };
        let parts: Vec<&str> = token.split('.').collect();
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let none = part(json!({ "typ": "at+jwt", "alg": "none", "kid": kid }));
        let hmac = part(json!({ "typ": "at+jwt", "alg": "HS256", "kid": kid }));
        let secret = EncodingKey::from_secret(x.as_bytes());
        let hmac_signature =
            jsonwebtoken::crypto::sign(format!("{hmac}.{}", parts[1]).as_bytes(), &secret, Algorithm::HS256);
        for (what, forged) in [
            ("another key", tokens().sign_session(USER, SESSION, now()).unwrap()),
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
