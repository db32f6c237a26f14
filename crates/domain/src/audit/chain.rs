//! The chain: each entry carries the hash of the one before, so that none can be changed, left out or slipped in without
//! changing every one that follows; and the seals, which fix the chain's head with a signature.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, NaiveDate, Utc};
use sha2::{Digest, Sha256};

use super::Record;

/// A SHA-256; or whatever the database holds in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hash(Vec<u8>);

impl Hash {
    /// As the database holds it.
    #[must_use]
    pub const fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// What the first entry continues: thirty-two zeros.
    #[must_use]
    pub fn of_nothing() -> Self {
        Self(vec![0; 32])
    }

    /// The hash of an entry: the SHA-256 of the hash before (32 bytes), the entry's number and its time in microseconds
    /// since 1970 (8 bytes each, the highest first), and its content (UTF-8). The database computes the same
    /// (`migrations/0006_audit.sql`).
    #[must_use]
    pub fn of_entry(previous: &Self, seq: i64, at: DateTime<Utc>, content: &str) -> Self {
        let mut digest = Sha256::new();
        digest.update(&previous.0);
        digest.update(seq.to_be_bytes());
        digest.update(at.timestamp_micros().to_be_bytes());
        digest.update(content.as_bytes());
        Self(digest.finalize().to_vec())
    }
}

/// Hexadecimal.
impl FromStr for Hash {
    type Err = NotAHash;

    /// Reads it as it is shown.
    fn from_str(text: &str) -> Result<Self, NotAHash> {
        let digits = text.as_bytes().chunks(2).map(|pair| str::from_utf8(pair).ok().filter(|pair| pair.len() == 2));
        let bytes = digits.map(|pair| u8::from_str_radix(pair?, 16).ok()).collect::<Option<Vec<_>>>();
        bytes.filter(|bytes| bytes.len() == 32).map(Self).ok_or(NotAHash)
    }
}

/// The text is not the SHA-256 of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected 64 hexadecimal digits")]
pub struct NotAHash;

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// An entry of the log, as the database holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its number: 1 for the first, without gaps.
    pub seq: i64,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// What [`Record::content`] wrote.
    pub content: String,
    /// The hash of the entry before.
    pub previous: Hash,
    /// Its own hash.
    pub hash: Hash,
}

impl Entry {
    /// What it records.
    ///
    /// # Errors
    /// When the content is not what this program writes.
    pub fn record(&self) -> serde_json::Result<Record> {
        Record::read(self.at, &self.content)
    }
}

/// The end of the log at some moment: it stands for every entry up to there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The number of the last entry; 0 for none.
    pub seq: i64,
    /// Its hash.
    pub hash: Hash,
}

impl Head {
    /// The end of an empty log.
    #[must_use]
    pub fn of_nothing() -> Self {
        Self { seq: 0, hash: Hash::of_nothing() }
    }
}

/// A signature, and which key made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The key.
    pub key_id: String,
    /// The signature: Ed25519, 64 bytes.
    pub bytes: Vec<u8>,
}

/// A day's seal: what the log's end was when the day was over, signed with a key that the database does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seal {
    /// The day, Europe/Paris.
    pub day: NaiveDate,
    /// The end of the log when it was sealed: later than the day's last entry, if the sealing came late.
    pub head: Head,
    /// The signature over [`Seal::text`].
    pub signature: Signature,
    /// When it was made.
    pub sealed_at: DateTime<Utc>,
}

impl Seal {
    /// What is signed, the first version of it: five lines, each ended by a line feed.
    ///
    /// ```
    /// use domain::audit::chain::{Head, Seal};
    /// let text = Seal::text("continuum", "2026-03-09".parse().unwrap(), &Head::of_nothing());
    /// assert_eq!(text.lines().next(), Some("continuum audit seal v1"));
    /// assert_eq!(text.lines().skip(1).take(3).collect::<Vec<_>>(), ["continuum", "2026-03-09", "0"]);
    /// assert_eq!(text.lines().last(), Some("0".repeat(64).as_str()));
    /// ```
    #[must_use]
    pub fn text(schema: &str, day: NaiveDate, head: &Head) -> String {
        format!("continuum audit seal v1\n{schema}\n{day}\n{}\n{}\n", head.seq, head.hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entrys_hash_is_the_documented_one() {
        let at = "2026-03-10T09:00:00.000001Z".parse().unwrap();
        let hash = Hash::of_entry(&Hash::of_nothing(), 1, at, r#"{"é":1}"#);
        // printf '%064d%016x%016x' 0 1 1773133200000001 | xxd -r -p | cat - <(printf '{"é":1}') | sha256sum
        assert_eq!(hash.to_string(), "a6a635119f27ecc68d69410e8a6b709175427ea024095c29715bd9fca4980e28");
    }

    #[test]
    fn nothing_of_an_entry_can_differ_under_the_same_hash() {
        let at: DateTime<Utc> = "2026-03-10T09:00:00Z".parse().unwrap();
        let first = Hash::of_entry(&Hash::of_nothing(), 1, at, "a");
        let others = [
            Hash::of_entry(&first, 1, at, "a"),
            Hash::of_entry(&Hash::of_nothing(), 2, at, "a"),
            Hash::of_entry(&Hash::of_nothing(), 1, at + chrono::TimeDelta::microseconds(1), "a"),
            Hash::of_entry(&Hash::of_nothing(), 1, at, "b"),
        ];
        assert!(!others.contains(&first));
    }
}
