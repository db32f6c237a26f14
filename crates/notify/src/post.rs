//! A message made ready to leave: the addresses that it comes back to, and the city's signature.

use std::fmt;

use lettre::address::Envelope;
use lettre::message::dkim::{
    DkimCanonicalization, DkimCanonicalizationType, DkimConfig, DkimSigningAlgorithm, DkimSigningKey,
    DkimSigningKeyError,
};
use lettre::message::header::{HeaderName, ReplyTo};
use lettre::message::{Mailbox, Mailboxes};
use lettre::{Address, Message};
use rsa::RsaPrivateKey;
use rsa::pkcs1::{DecodeRsaPrivateKey as _, EncodeRsaPrivateKey as _, LineEnding};
use rsa::pkcs8::DecodePrivateKey as _;
use rsa::traits::PublicKeyParts as _;
use store::outbox::Returns;

use crate::letter::{ComposeError, address};

/// What is signed: what readers see, what answers go to, and what unsubscribing hangs on (RFC 6376, 5.4.1; RFC 8058, 4).
/// lettre has `Content-Type` with the body, where its signature does not find it.
const SIGNED: [&str; 12] = [
    "From",
    "Reply-To",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "In-Reply-To",
    "References",
    "MIME-Version",
    "Auto-Submitted",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
];

/// The city's signature under its e-mails: DKIM (RFC 6376), RSA with SHA-256.
pub struct Signature(DkimConfig);

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signature")
    }
}

/// Why there is no such signature. Says nothing of the key.
#[derive(Debug, thiserror::Error)]
pub enum SignatureError {
    /// Not a private RSA key.
    #[error("the DKIM key is not a private RSA key in PEM (PKCS #8 or PKCS #1): `openssl genrsa 2048` makes one")]
    Key,
    /// A key that receivers do not accept (RFC 8301, 3.2).
    #[error("the DKIM key has {0} bits; receivers want at least 1024, and 2048 is right")]
    Short(usize),
    /// Not a name as it stands in DNS.
    #[error("« {0} » is not a name as it stands in DNS")]
    Name(String),
    /// The key cannot be used.
    #[error("the DKIM key cannot be used: {0}")]
    Unusable(#[from] DkimSigningKeyError),
}

impl Signature {
    /// The signature whose public half is published at `selector._domainkey.domain`. For DMARC to count it, the domain is
    /// that of the sender's address or one above it (RFC 7489, 3.1.1).
    ///
    /// # Errors
    /// [`SignatureError`] when the key is none, is too short, or a name cannot stand in DNS.
    pub fn new(selector: &str, domain: &str, pem: &str) -> Result<Self, SignatureError> {
        for name in [selector, domain] {
            let label = |label: &str| {
                (1..=63).contains(&label.len()) && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            };
            if !name.split('.').all(label) {
                return Err(SignatureError::Name(name.to_owned()));
            }
        }
        let key = RsaPrivateKey::from_pkcs8_pem(pem).ok().or_else(|| RsaPrivateKey::from_pkcs1_pem(pem).ok());
        let key = key.ok_or(SignatureError::Key)?;
        let bits = key.size() * 8;
        if bits < 1024 {
            return Err(SignatureError::Short(bits));
        }
        let pem = key.to_pkcs1_pem(LineEnding::LF).map_err(|_| SignatureError::Key)?;
        let relaxed = DkimCanonicalizationType::Relaxed;
        Ok(Self(DkimConfig::new(
            selector.to_owned(),
            domain.to_owned(),
            DkimSigningKey::new(&pem, DkimSigningAlgorithm::Rsa)?,
            SIGNED.map(HeaderName::new_from_ascii_str).to_vec(),
            DkimCanonicalization { header: relaxed, body: relaxed },
        )))
    }
}

/// A message that can leave.
#[derive(Debug)]
pub struct Post {
    /// What the reader gets.
    pub message: Message,
    /// What mail servers read: where it goes, and where a report that it did not arrive goes.
    pub envelope: Envelope,
}

impl Post {
    /// Makes a message ready to leave. Where the city takes mail back (`returns_to`), answers and reports come to addresses
    /// of this message alone: `retours+r…@` and `retours+b…@` (variable envelope return paths).
    ///
    /// # Errors
    /// [`ComposeError::Sender`] when `returns_to` is not an address.
    pub fn new(
        mut message: Message,
        returns_to: Option<&str>,
        codes: &Returns,
        signature: Option<&Signature>,
    ) -> Result<Self, ComposeError> {
        let mut envelope = message.envelope().clone();
        if let Some(returns_to) = returns_to {
            let wrong = || ComposeError::Sender(returns_to.to_owned());
            let mailbox = address(returns_to).ok_or_else(wrong)?;
            let marked = |mark: char, code: &str| {
                let local = format!("{}+{mark}{code}", mailbox.user());
                Address::new(local, mailbox.domain()).map_err(|_| wrong())
            };
            message.headers_mut().set(ReplyTo::from(Mailboxes::from(Mailbox::new(None, marked('r', &codes.answers)?))));
            envelope = Envelope::new(Some(marked('b', &codes.reports)?), envelope.to().to_vec())?;
        }
        if let Some(Signature(config)) = signature {
            message.sign(config);
        }
        Ok(Self { message, envelope })
    }
}
