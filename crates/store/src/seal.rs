//! Keys that never reach the database: they seal what the database keeps, and derive the tokens of links, so that the
//! database holds no token either.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chacha20poly1305::aead::{Aead, Generate, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{Error, Result};

const NONCE: usize = 24;

/// A key of 32 bytes.
#[derive(Clone)]
pub struct SealingKey {
    secret: [u8; 32],
    id: String,
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealingKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The keys at hand, one for each purpose: who learns one has not learnt the other.
#[derive(Debug, Clone)]
pub struct SealingKeys {
    /// Seals what residents left; derives their tracking links.
    pub residents: SealingKey,
    /// Seals the seeds of second factors; derives the links of invitations and of forgotten passwords.
    pub accounts: SealingKey,
}

impl SealingKey {
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
        let bytes: [u8; 32] = STANDARD.decode(text.trim()).ok()?.try_into().ok()?;
        // Nothing but zeros is a placeholder, not a key.
        (bytes != [0; 32]).then(|| Self::new(bytes))
    }

    /// The beginning of the key's SHA-256: says which key sealed a row.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Seals bytes for one row: a nonce of 24 bytes, then the sealed bytes. They open only for the same row.
    pub(crate) fn seal(&self, row: Uuid, plain: &[u8]) -> Result<Vec<u8>> {
        let nonce = XNonce::generate();
        let payload = Payload { msg: plain, aad: row.as_bytes() };
        let sealed = self.cipher().encrypt(&nonce, payload).map_err(Error::corrupt)?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Opens what was sealed for that row.
    pub(crate) fn open(&self, row: Uuid, key_id: &str, sealed: &[u8]) -> Result<Vec<u8>> {
        if key_id != self.id {
            return Err(Error::Corrupt(format!("sealed with key {key_id}, the key at hand is {}", self.id)));
        }
        let (nonce, sealed) = sealed.split_at_checked(NONCE).ok_or_else(|| Error::corrupt("what was sealed is cut"))?;
        let nonce = XNonce::try_from(nonce).map_err(Error::corrupt)?;
        let payload = Payload { msg: sealed, aad: row.as_bytes() };
        self.cipher().decrypt(&nonce, payload).map_err(|_| Error::corrupt("what was sealed was altered"))
    }

    /// A token for one row: 128 bits that nobody can guess without the key, as 22 characters. `purpose` keeps the
    /// tokens of different tables apart.
    pub(crate) fn token(&self, purpose: &str, row: Uuid, generation: i32) -> String {
        URL_SAFE_NO_PAD.encode(&self.mac(&[purpose.as_bytes(), row.as_bytes(), &generation.to_be_bytes()])[..16])
    }

    /// What nobody can make without the key: HMAC-SHA-256 (RFC 2104).
    ///
    /// # Panics
    /// Never: HMAC takes a key of any length.
    pub(crate) fn mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(&self.secret)
            .expect("HMAC takes a key of any length (RFC 2104)");
        for part in parts {
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    /// A digest of a text for one row: without the key, nobody can try texts.
    pub(crate) fn keyed_digest(&self, purpose: &str, row: Uuid, text: &str) -> Vec<u8> {
        self.mac(&[purpose.as_bytes(), row.as_bytes(), text.as_bytes()]).to_vec()
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&self.secret.into())
    }
}

/// The SHA-256 of a token, which the database keeps.
pub(crate) fn digest(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(n: u128) -> Uuid {
        Uuid::from_u128(n)
    }

    #[test]
    fn what_is_sealed_opens_only_with_its_key_and_for_its_row() {
        let key = SealingKey::from_base64(&SealingKey::generate()).unwrap();
        let other = SealingKey::from_base64(&SealingKey::generate()).unwrap();
        let sealed = key.seal(row(1), b"h@mail.example").unwrap();
        assert_eq!(key.open(row(1), key.id(), &sealed).unwrap(), b"h@mail.example");
        assert!(!String::from_utf8_lossy(&sealed).contains("mail.example"));
        assert!(key.open(row(2), key.id(), &sealed).is_err(), "moved to another row");
        assert!(other.open(row(1), key.id(), &sealed).is_err(), "another key");
        assert!(other.open(row(1), other.id(), &sealed).is_err(), "another key under the same name");
        assert!(key.open(row(1), key.id(), &sealed[..NONCE + 3]).is_err(), "cut");
        assert!(!format!("{key:?}").contains("secret: ["));
    }

    #[test]
    fn a_token_is_stable_and_changes_with_purpose_row_and_generation() {
        let key = SealingKey::new([7; 32]);
        let token = key.token("link", row(1), 1);
        assert_eq!((token.len(), &token), (22, &key.token("link", row(1), 1)));
        for other in [key.token("link", row(1), 2), key.token("link", row(2), 1), key.token("other", row(1), 1)] {
            assert_ne!(token, other);
        }
    }
}
