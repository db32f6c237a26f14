//! The second factor: time-based one-time codes (TOTP, RFC 6238), six digits every thirty seconds, as every
//! authenticator application knows them.

use chrono::{DateTime, Utc};
use totp_rs::{Builder, Totp};

/// The shared secret: 160 bits, as RFC 4226, 4 recommends.
pub struct Seed([u8; 20]);

impl Seed {
    /// A new one, from the operating system's randomness.
    #[must_use]
    pub fn generate() -> Self {
        Self(rand::random())
    }

    /// The seed of these bytes; none when they are not twenty.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// Its bytes, to be sealed before they are kept.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 20] {
        &self.0
    }

    /// The seed in base32, to be typed by those who cannot scan.
    #[must_use]
    pub fn base32(&self) -> String {
        self.totp(String::new()).secret().to_base32()
    }

    /// The address that an authenticator application reads from a QR code: `otpauth://totp/…`.
    ///
    /// # Panics
    /// Never: an address without colons is an account name.
    #[must_use]
    pub fn uri(&self, email: &str) -> String {
        self.totp(email.replace(':', " ")).to_url().expect("the account has a name without a colon")
    }

    /// The step of the code, if it is right: of this half minute, the one before or the one after (RFC 6238, 5.2). A
    /// step is to be accepted once only.
    #[must_use]
    pub fn step_of(&self, code: &str, now: DateTime<Utc>) -> Option<i64> {
        let step = self.totp(String::new()).check(code, u64::try_from(now.timestamp()).ok()?)?;
        i64::try_from(step).ok()
    }

    /// The code of that moment: for those who play the part of the application.
    #[must_use]
    pub fn code_at(&self, now: DateTime<Utc>) -> String {
        self.totp(String::new()).generate(u64::try_from(now.timestamp()).unwrap_or_default()).to_string()
    }

    fn totp(&self, account: String) -> Totp {
        let builder = Builder::new().with_secret(self.0).with_account_name(account).with_issuer(Some("Continuum"));
        builder.build().expect("six digits, thirty seconds and 160 bits are within RFC 6238")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_those_of_the_rfc() {
        let seed = Seed(*b"12345678901234567890");
        let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
        for (seconds, code) in [(59, "287082"), (1_111_111_109, "081804"), (20_000_000_000, "353130")] {
            assert_eq!(seed.code_at(at(seconds)), code, "RFC 6238, appendix B");
            assert_eq!(seed.step_of(code, at(seconds)), Some(seconds / 30));
        }
        assert_eq!(seed.step_of("287082", at(59 + 30)), Some(1), "the one before");
        assert_eq!(seed.step_of("287082", at(59 + 61)), None);
        assert_eq!(seed.step_of("28708", at(59)), None);
        assert_eq!(
            seed.uri("a@b.example"),
            "otpauth://totp/Continuum:a%40b.example?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Continuum"
        );
    }
}
