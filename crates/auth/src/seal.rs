//! The keys of the audit log's seals: Ed25519 (RFC 8032). One signs; those that signed before it, known by their public
//! halves, still verify. None of them is in the database, so that whoever writes there cannot seal.

use std::collections::BTreeMap;

use domain::audit::chain::{Hash, Signature};
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey as _, DecodePublicKey as _, EncodePrivateKey as _, EncodePublicKey as _};
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};

/// Why a file holds no key.
#[derive(Debug, thiserror::Error)]
#[error("not an Ed25519 key in PEM (PKCS #8, or SPKI for a public one): {0}")]
pub struct KeyError(String);

/// Why a signature is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The key that is said to have signed is not known.
    #[error("the key is not known")]
    UnknownKey,
    /// The key that is said to have signed has not signed this.
    #[error("the signature is not valid")]
    Invalid,
}

/// The key that seals, and every key that verifies.
#[derive(Clone)]
pub struct SealKeys {
    id: String,
    key: SigningKey,
    known: BTreeMap<String, VerifyingKey>,
}

fn id(key: &VerifyingKey) -> String {
    let mut hex = Hash::from_bytes(Sha256::digest(key.as_bytes()).to_vec()).to_string();
    hex.truncate(16);
    hex
}

impl SealKeys {
    /// With the key of a PKCS #8 PEM file, which signs.
    ///
    /// # Errors
    /// When the text holds no such key.
    pub fn new(pem: &str) -> Result<Self, KeyError> {
        let key = SigningKey::from_pkcs8_pem(pem).map_err(|e| KeyError(e.to_string()))?;
        let id = id(&key.verifying_key());
        Ok(Self { known: BTreeMap::from([(id.clone(), key.verifying_key())]), id, key })
    }

    /// A new key, from the operating system's randomness, as its file holds it.
    ///
    /// # Errors
    /// When the key cannot be written as PEM.
    pub fn generate_key() -> Result<String, KeyError> {
        let key = SigningKey::from_bytes(&rand::random());
        key.to_pkcs8_pem(LineEnding::LF).map(|pem| pem.to_string()).map_err(|e| KeyError(e.to_string()))
    }

    /// The beginning of the SHA-256 of the public half of the key that signs, in hexadecimal.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The public half of the key that signs, as a file (SPKI, PEM): for later, and for auditors.
    ///
    /// # Errors
    /// When the key cannot be written as PEM.
    pub fn public_pem(&self) -> Result<String, KeyError> {
        self.key.verifying_key().to_public_key_pem(LineEnding::LF).map_err(|e| KeyError(e.to_string()))
    }

    /// Also accepts what the key of that public half has signed.
    ///
    /// # Errors
    /// When the text holds no such key.
    pub fn trust(&mut self, public_pem: &str) -> Result<(), KeyError> {
        let key = VerifyingKey::from_public_key_pem(public_pem).map_err(|e| KeyError(e.to_string()))?;
        self.known.insert(id(&key), key);
        Ok(())
    }

    /// Signs a text.
    #[must_use]
    pub fn sign(&self, text: &str) -> Signature {
        Signature { key_id: self.id.clone(), bytes: self.key.sign(text.as_bytes()).to_bytes().to_vec() }
    }

    /// Whether a key that is known has signed a text.
    ///
    /// # Errors
    /// When none has.
    pub fn verify(&self, text: &str, signature: &Signature) -> Result<(), SealError> {
        let key = self.known.get(&signature.key_id).ok_or(SealError::UnknownKey)?;
        let bytes = ed25519_dalek::Signature::from_slice(&signature.bytes).map_err(|_| SealError::Invalid)?;
        key.verify_strict(text.as_bytes(), &bytes).map_err(|_| SealError::Invalid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> SealKeys {
        SealKeys::new(&SealKeys::generate_key().unwrap()).unwrap()
    }

    #[test]
    fn only_what_the_key_has_signed_is_accepted() {
        let keys = keys();
        let signature = keys.sign("a text");
        assert_eq!(keys.verify("a text", &signature), Ok(()));
        assert_eq!(keys.verify("another", &signature), Err(SealError::Invalid));
        let mut altered = signature.clone();
        altered.bytes[0] ^= 1;
        assert_eq!(keys.verify("a text", &altered), Err(SealError::Invalid));
        let cut = Signature { bytes: signature.bytes[..63].to_vec(), ..signature.clone() };
        assert_eq!(keys.verify("a text", &cut), Err(SealError::Invalid));
        let other = Signature { key_id: keys.id.clone(), ..self::keys().sign("a text") };
        assert_eq!(keys.verify("a text", &other), Err(SealError::Invalid), "another key under this one's name");
    }

    #[test]
    fn a_key_that_was_replaced_still_verifies() {
        let (earlier, mut keys) = (keys(), keys());
        let signature = earlier.sign("a text");
        assert_eq!(keys.verify("a text", &signature), Err(SealError::UnknownKey));
        keys.trust(&earlier.public_pem().unwrap()).unwrap();
        assert_eq!(keys.verify("a text", &signature), Ok(()));
        assert_ne!(keys.sign("a text").key_id, earlier.id());
        assert!(keys.trust("not a key").is_err());
    }
}
