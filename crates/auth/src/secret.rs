//! Secrets that we hand out: refresh tokens, programs' secrets, recovery codes. 256 random bits (recovery codes: 140), of
//! which only the digest is kept: nobody can guess one, so that no slow hash is needed.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest, Sha256};

/// A secret, as it is handed out once.
#[derive(Debug, Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// A new one, from the operating system's randomness. The prefix says what it is, to people and to programs that
    /// look for secrets in public places.
    #[must_use]
    pub fn generate(prefix: &str) -> Self {
        Self(format!("{prefix}{}", URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())).into())
    }

    /// A new recovery code: 28 of Crockford's 32 letters and digits, in groups of four.
    #[must_use]
    pub fn recovery_code() -> Self {
        const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
        let code = rand::random::<[u8; 28]>().map(|byte| ALPHABET[usize::from(byte % 32)]);
        let groups: Vec<&str> = code.chunks(4).filter_map(|group| std::str::from_utf8(group).ok()).collect();
        Self(groups.join("-").into())
    }

    /// The secret as its owner keeps it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// Its SHA-256.
    #[must_use]
    pub fn digest(&self) -> Vec<u8> {
        digest(self.expose())
    }
}

/// 32 bytes from the operating system's randomness.
#[must_use]
pub fn random() -> [u8; 32] {
    rand::random()
}

/// The SHA-256 of a secret, which the database keeps.
#[must_use]
pub fn digest(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}

/// A recovery code as it is compared: people type them in capitals, without the hyphens, with o for 0 and l for 1.
#[must_use]
pub fn normalise_recovery_code(typed: &str) -> String {
    let plain = typed.trim().to_lowercase().replace([' ', '-'], "").replace('o', "0").replace(['i', 'l'], "1");
    let groups: Vec<String> = plain.chars().collect::<Vec<_>>().chunks(4).map(|group| group.iter().collect()).collect();
    groups.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recovery_code_is_found_however_it_is_typed() {
        let code = Secret::recovery_code();
        let typed = code.expose().to_uppercase().replace('-', " ").replace('0', "O").replace('1', "l");
        assert_eq!(normalise_recovery_code(&typed), code.expose());
        assert_eq!(code.expose().len(), 34);
        assert_ne!(Secret::generate("crt_").expose(), Secret::generate("crt_").expose());
        assert_eq!(format!("{code:?}"), "Secret(SecretBox<str>([REDACTED]))");
    }
}
