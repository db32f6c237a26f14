//! Proof Key for Code Exchange (RFC 7636), as the one who hands codes out sees it: a code is for whoever began, who alone
//! can answer the challenge. There is one method, S256; `plain`, which shows the answer with the challenge, is not known.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq as _;

/// How long a challenge is, characters: a SHA-256 in base64url, without padding.
const CHALLENGE: usize = 43;

/// What somebody who begins a sign-in keeps the answer of: the SHA-256 of the verifier, in base64url (RFC 7636, 4.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Challenge(String);

impl Challenge {
    /// The challenge of that text; none when it is no SHA-256 in base64url.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_digest = text.len() == CHALLENGE && URL_SAFE_NO_PAD.decode(text).is_ok_and(|bytes| bytes.len() == 32);
        is_digest.then(|| Self(text.to_owned()))
    }

    /// Whether the verifier is the one whose SHA-256 this is (RFC 7636, 4.6).
    #[must_use]
    pub fn is_answered_by(&self, verifier: &str) -> bool {
        let answer = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
        is_verifier(verifier) && bool::from(answer.as_bytes().ct_eq(self.0.as_bytes()))
    }
}

/// Whether it is of the form of RFC 7636, 4.1: 43 to 128 unreserved characters.
fn is_verifier(text: &str) -> bool {
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    (43..=128).contains(&text.len()) && text.bytes().all(unreserved)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verifier_of_the_rfc_answers_its_challenge_and_no_other_does() {
        // RFC 7636, appendix B.
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let challenge = Challenge::parse("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM").unwrap();
        assert!(challenge.is_answered_by(verifier));
        for wrong in ["", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", &verifier[1..], &format!("{verifier}x")] {
            assert!(!challenge.is_answered_by(wrong), "{wrong}");
        }
        let short = "x".repeat(42);
        let of_short = Challenge::parse(&URL_SAFE_NO_PAD.encode(Sha256::digest(&short))).unwrap();
        assert!(!of_short.is_answered_by(&short), "a verifier that could be guessed");
        for wrong in ["", "plain", verifier.get(1..).unwrap(), &format!("{}=", &verifier[..42]), &"+".repeat(43)] {
            assert_eq!(Challenge::parse(wrong), None, "{wrong}");
        }
    }
}
