//! What residents left: sealed before it reaches the database, with a key that never does; and the token of their
//! tracking link, derived from the same key, so that the database holds no token either.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chacha20poly1305::aead::{Aead, Generate, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use domain::id::ConcernId;
use domain::language::Language;
use hmac::{Hmac, Mac};
use sea_orm::{ConnectionTrait, FromQueryResult};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::connect::sql;
use crate::{Error, Result, Store};

const NONCE: usize = 24;

/// How a resident can be reached. Every field is optional but the language.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// Name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// E-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Telephone, E.164.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// The language in which they want to be answered.
    pub language: Language,
}

impl fmt::Debug for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contact").field("language", &self.language).finish_non_exhaustive()
    }
}

/// The key of what residents left.
#[derive(Clone)]
pub struct ResidentKey {
    secret: [u8; 32],
    id: String,
}

impl fmt::Debug for ResidentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResidentKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The token of a tracking link: 128 bits that nobody can guess, as 22 characters.
#[derive(Clone, PartialEq, Eq)]
pub struct TrackingToken(String);

impl TrackingToken {
    /// The token as it stands in the link.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn digest(token: &str) -> Vec<u8> {
        Sha256::digest(token.as_bytes()).to_vec()
    }
}

impl ResidentKey {
    /// The key of these 32 bytes.
    #[must_use]
    pub fn new(secret: [u8; 32]) -> Self {
        let digest = Sha256::digest(secret);
        let id = digest[..8].iter().fold(String::new(), |id, byte| id + &format!("{byte:02x}"));
        Self { secret, id }
    }

    /// A new key, from the operating system's randomness, as the key file holds it: base64.
    #[must_use]
    pub fn generate() -> String {
        STANDARD.encode(Key::generate())
    }

    /// The key that a key file holds.
    #[must_use]
    pub fn from_base64(text: &str) -> Option<Self> {
        STANDARD.decode(text.trim()).ok()?.try_into().ok().map(Self::new)
    }

    /// The beginning of the key's SHA-256: says which key sealed a row.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn seal(&self, concern: ConcernId, contact: &Contact) -> Result<Vec<u8>> {
        let plain = serde_json::to_vec(contact).map_err(Error::corrupt)?;
        let nonce = XNonce::generate();
        let payload = Payload { msg: &plain, aad: concern.0.as_bytes() };
        let sealed = self.cipher().encrypt(&nonce, payload).map_err(Error::corrupt)?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    pub(crate) fn open(&self, concern: ConcernId, key_id: &str, sealed: &[u8]) -> Result<Contact> {
        if key_id != self.id {
            return Err(Error::Corrupt(format!(
                "a contact was sealed with key {key_id}, the key at hand is {}",
                self.id
            )));
        }
        let (nonce, sealed) =
            sealed.split_at_checked(NONCE).ok_or_else(|| Error::corrupt("a sealed contact is cut"))?;
        let nonce = XNonce::try_from(nonce).map_err(Error::corrupt)?;
        let payload = Payload { msg: sealed, aad: concern.0.as_bytes() };
        let plain =
            self.cipher().decrypt(&nonce, payload).map_err(|_| Error::corrupt("a sealed contact was altered"))?;
        serde_json::from_slice(&plain).map_err(Error::corrupt)
    }

    /// The token of a concern's tracking link, of one generation.
    ///
    /// # Panics
    /// Never: HMAC takes a key of any length.
    #[must_use]
    pub fn tracking_token(&self, concern: ConcernId, generation: i32) -> TrackingToken {
        let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(&self.secret)
            .expect("HMAC takes a key of any length (RFC 2104)");
        mac.update(b"continuum tracking link");
        mac.update(concern.0.as_bytes());
        mac.update(&generation.to_be_bytes());
        TrackingToken(URL_SAFE_NO_PAD.encode(&mac.finalize().into_bytes()[..16]))
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&self.secret.into())
    }
}

#[derive(FromQueryResult)]
struct Row {
    key_id: String,
    sealed: Vec<u8>,
}

/// What the resident of a concern left, opened.
pub(crate) async fn contact(
    db: &impl ConnectionTrait,
    key: &ResidentKey,
    concern: ConcernId,
) -> Result<Option<Contact>> {
    let statement = sql("select key_id, sealed from resident_contact where concern_id = $1", [concern.0.into()]);
    let row = Row::find_by_statement(statement).one(db).await?;
    row.map(|row| key.open(concern, &row.key_id, &row.sealed)).transpose()
}

impl Store {
    /// A key other than the one at hand that sealed some contact; none when the key at hand fits all.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn foreign_resident_key(&self) -> Result<Option<String>> {
        let statement = sql("select key_id from resident_contact where key_id <> $1 limit 1", [self.key.id().into()]);
        let row = self.db.query_one_raw(statement).await?;
        Ok(row.map(|row| row.try_get_by_index(0)).transpose()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn concern(n: u128) -> ConcernId {
        ConcernId(uuid::Uuid::from_u128(n))
    }

    #[test]
    fn a_contact_opens_only_with_its_key_and_for_its_concern() {
        let key = ResidentKey::from_base64(&ResidentKey::generate()).unwrap();
        let other = ResidentKey::from_base64(&ResidentKey::generate()).unwrap();
        let contact = Contact { name: None, email: Some("h@mail.example".into()), phone: None, language: Language::En };
        let sealed = key.seal(concern(1), &contact).unwrap();
        assert_eq!(key.open(concern(1), key.id(), &sealed).unwrap(), contact);
        assert!(!String::from_utf8_lossy(&sealed).contains("mail.example"));
        assert!(key.open(concern(2), key.id(), &sealed).is_err(), "moved to another concern");
        assert!(other.open(concern(1), key.id(), &sealed).is_err(), "another key");
        assert!(other.open(concern(1), other.id(), &sealed).is_err(), "another key under the same name");
        assert!(key.open(concern(1), key.id(), &sealed[..NONCE + 3]).is_err(), "cut");
        assert_eq!(format!("{contact:?}"), "Contact { language: En, .. }");
    }

    #[test]
    fn a_tracking_token_is_stable_and_changes_with_its_generation() {
        let key = ResidentKey::new([7; 32]);
        let token = key.tracking_token(concern(1), 1);
        assert_eq!(token.as_str().len(), 22);
        assert!(token == key.tracking_token(concern(1), 1));
        assert!(token != key.tracking_token(concern(1), 2));
        assert!(token != key.tracking_token(concern(2), 1));
    }
}
