//! Verification: the entries in order, each seal beside the entry that it was made over, and the first thing that does
//! not fit. Whether a seal's signature is good is asked of the keys before.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::chain::{Entry, Hash, Head, Seal};
use super::{day, day_to_seal};

/// The first broken link.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// Entries are missing in the middle.
    #[error("entry {seq} is missing: the next one that is there is {found}")]
    Missing {
        /// The first that is missing.
        seq: i64,
        /// The next that is there.
        found: i64,
    },
    /// Nothing says what the entry to begin with continues.
    #[error("entry {seq} is missing, and no seal was made over it: there is nothing to begin from")]
    NoBeginning {
        /// The entry before the one to begin with.
        seq: i64,
    },
    /// Entries at the beginning are gone that were still to be kept.
    #[error(
        "entries 1 to {seq} are gone, which were to be kept for six months: the seal over the last of them is of {day}"
    )]
    GoneEarly {
        /// The last of them.
        seq: i64,
        /// The day of the seal over it.
        day: NaiveDate,
    },
    /// Entries at the beginning are gone, and nothing says who removed them.
    #[error("entries 1 to {seq} are gone, and no entry tells that they were removed")]
    GoneUntold {
        /// The last of them.
        seq: i64,
    },
    /// An entry does not carry the hash of the one before.
    #[error("entry {seq} does not continue entry {}: one of the two was put in another's place", seq - 1)]
    Unlinked {
        /// The entry.
        seq: i64,
    },
    /// An entry's hash is not its own.
    #[error("entry {seq} was altered: its hash is not the one of its content, time and number")]
    Altered {
        /// The entry.
        seq: i64,
    },
    /// A seal was signed with a key that is not at hand.
    #[error("the seal of {day} over entry {seq} is signed with the key {key_id}, which is not in the keys folder")]
    SealKeyUnknown {
        /// The seal's day.
        day: NaiveDate,
        /// The entry that it is said to be made over.
        seq: i64,
        /// The key.
        key_id: String,
    },
    /// A seal's signature is not one.
    #[error("the seal of {day} over entry {seq} is forged or altered: its signature is not valid")]
    SealForged {
        /// The seal's day.
        day: NaiveDate,
        /// The entry that it is said to be made over.
        seq: i64,
    },
    /// The chain holds together, but is not the one that was sealed.
    #[error(
        "it was written anew from entry {seq} on, or later: the seal of {day} was made over another entry {sealed}"
    )]
    Rewritten {
        /// The first entry that no good seal vouches for.
        seq: i64,
        /// The entry that the seal was made over.
        sealed: i64,
        /// The seal's day.
        day: NaiveDate,
    },
    /// The log ends before an entry that was sealed.
    #[error("its end is gone from entry {seq} on: the seal of {day} was made over entry {sealed}")]
    TailGone {
        /// The first that is gone.
        seq: i64,
        /// The entry that the seal was made over.
        sealed: i64,
        /// The seal's day.
        day: NaiveDate,
    },
    /// The log goes on after its last seal for longer than the time between two seals.
    #[error("entry {seq} of {day} is under no seal: either no worker has run since, or seals were removed")]
    Unsealed {
        /// The first entry that no seal was made over.
        seq: i64,
        /// The day on which it happened.
        day: NaiveDate,
    },
    /// There is no entry, and something that is never done without one.
    #[error("it was emptied: it has no entry, but the database holds {}", .proof.what)]
    Emptied {
        /// What there would not be.
        proof: Proof,
    },
    /// The log begins after something that is never done without an entry.
    #[error("its beginning is gone: the first entry is of {first}, but the database holds {what} of {made_at}")]
    BeginsLate {
        /// When the first entry happened.
        first: DateTime<Utc>,
        /// What is older.
        what: &'static str,
        /// When that was made.
        made_at: DateTime<Utc>,
    },
    /// The log is not the one of which the server has logged a seal.
    #[error("entry {seq} is not the one that was sealed, or is gone: {logged} was the hash that the server logged")]
    NotAsLogged {
        /// The entry.
        seq: i64,
        /// Its hash, as the server's log tells it.
        logged: Hash,
    },
}

/// Something in the database that is never made without an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// What, in words.
    pub what: &'static str,
    /// When it was made, if the database says so.
    pub made_at: Option<DateTime<Utc>>,
}

/// By how much the clocks of two servers may differ, generously.
const CLOCKS_DIFFER_BY: TimeDelta = TimeDelta::hours(1);

/// How far a log was found whole.
#[derive(Debug, Clone)]
pub struct Verification {
    /// The last entry that was looked at.
    pub head: Head,
    /// How many entries were looked at.
    pub entries: u64,
    /// How many seals over them.
    pub seals: u64,
    /// When the first of the entries happened.
    pub since: Option<DateTime<Utc>>,
    /// The last seal.
    pub last_seal: Option<Seal>,
    begun_after: i64,
    /// The first entry after the last seal.
    unsealed: Option<(i64, NaiveDate)>,
}

impl Verification {
    /// Begins after that entry.
    #[must_use]
    pub const fn after(head: Head) -> Self {
        let begun_after = head.seq;
        Self { head, entries: 0, seals: 0, since: None, last_seal: None, begun_after, unsealed: None }
    }

    /// The entry that it begins with.
    #[must_use]
    pub const fn begins_with(&self) -> i64 {
        self.begun_after + 1
    }

    /// Looks at the next entry.
    ///
    /// # Errors
    /// When it does not continue the one before, or is not what it was.
    pub fn entry(&mut self, entry: &Entry) -> Result<(), Broken> {
        let seq = self.head.seq + 1;
        if entry.seq != seq {
            return Err(Broken::Missing { seq, found: entry.seq });
        }
        if entry.previous != self.head.hash {
            return Err(Broken::Unlinked { seq });
        }
        if entry.hash != Hash::of_entry(&entry.previous, seq, entry.at, &entry.content) {
            return Err(Broken::Altered { seq });
        }
        self.head = Head { seq, hash: entry.hash.clone() };
        self.entries += 1;
        self.since = self.since.or(Some(entry.at));
        self.unsealed = self.unsealed.or_else(|| Some((seq, day(entry.at))));
        Ok(())
    }

    /// Looks at a seal, whose signature is good, once the entry that it was made over was looked at; or, when there is
    /// no entry left, at one that was made over a later entry.
    ///
    /// # Errors
    /// When it was made over something else, or over what is gone.
    pub fn seal(&mut self, seal: Seal) -> Result<(), Broken> {
        let sealed = seal.head.seq;
        if sealed > self.head.seq {
            return Err(Broken::TailGone { seq: self.head.seq + 1, sealed, day: seal.day });
        }
        if seal.head != self.head {
            let vouched = self.last_seal.as_ref().map_or(self.begun_after, |seal| seal.head.seq);
            return Err(Broken::Rewritten { seq: sealed.min(vouched + 1), sealed, day: seal.day });
        }
        self.seals += 1;
        self.last_seal = Some(seal);
        self.unsealed = None;
        Ok(())
    }

    /// Holds the beginning of the log against the oldest thing in the database that is never made without an entry.
    ///
    /// # Errors
    /// When the log has no entry, or begins later.
    pub fn hold_against(&self, proof: Option<Proof>) -> Result<(), Broken> {
        let Some(proof) = proof.filter(|_| self.begun_after == 0) else { return Ok(()) };
        match (self.since, proof.made_at) {
            (None, _) => Err(Broken::Emptied { proof }),
            (Some(first), Some(made_at)) if made_at + CLOCKS_DIFFER_BY < first => {
                Err(Broken::BeginsLate { first, what: proof.what, made_at })
            }
            (Some(_), _) => Ok(()),
        }
    }

    /// Nothing is left to look at. Each day was sealed on the next one: what is older than that lies under a seal.
    ///
    /// # Errors
    /// When it does not.
    pub fn end(self, now: DateTime<Utc>) -> Result<Self, Broken> {
        match self.unsealed {
            Some((seq, day)) if day < day_to_seal(now) => Err(Broken::Unsealed { seq, day }),
            Some(_) | None => Ok(self),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::chain::Signature;
    use super::*;

    fn chain(length: i64) -> Vec<Entry> {
        let mut previous = Hash::of_nothing();
        let entry = |seq: i64| {
            let at = DateTime::from_timestamp(1_773_133_200 + seq, 0).unwrap();
            let content = format!("entry {seq}");
            let hash = Hash::of_entry(&previous, seq, at, &content);
            let previous = std::mem::replace(&mut previous, hash.clone());
            Entry { seq, at, content, previous, hash }
        };
        (1..=length).map(entry).collect()
    }

    fn seal_over(entry: &Entry) -> Seal {
        Seal {
            day: "2026-03-09".parse().unwrap(),
            head: Head { seq: entry.seq, hash: entry.hash.clone() },
            signature: Signature { key_id: String::new(), bytes: Vec::new() },
            sealed_at: entry.at,
        }
    }

    fn verify(entries: &[Entry]) -> Result<Verification, Broken> {
        let mut verification = Verification::after(Head::of_nothing());
        entries.iter().try_for_each(|entry| verification.entry(entry))?;
        Ok(verification)
    }

    #[test]
    fn an_untouched_log_is_whole() {
        let entries = chain(4);
        let mut verification = verify(&entries).unwrap();
        verification.seal(seal_over(&entries[3])).unwrap();
        verification.seal(seal_over(&entries[3])).unwrap();
        assert_eq!((verification.entries, verification.seals, verification.head.seq), (4, 2, 4));
        assert_eq!(verification.since, Some(entries[0].at));
    }

    #[test]
    fn the_first_broken_link_is_named() {
        let broken = |tamper: fn(&mut Vec<Entry>)| {
            let mut entries = chain(5);
            tamper(&mut entries);
            verify(&entries).unwrap_err()
        };
        assert_eq!(broken(|e| e[2].content.push('!')), Broken::Altered { seq: 3 });
        assert_eq!(broken(|e| e[2].at += chrono::TimeDelta::hours(1)), Broken::Altered { seq: 3 });
        assert_eq!(broken(|e| drop(e.remove(2))), Broken::Missing { seq: 3, found: 4 });
        assert_eq!(broken(|e| drop(e.remove(0))), Broken::Missing { seq: 1, found: 2 });
        let rehashed: fn(&mut Vec<Entry>) = |e| {
            e[2].content.push('!');
            e[2].hash = Hash::of_entry(&e[2].previous, 3, e[2].at, &e[2].content);
        };
        assert_eq!(broken(rehashed), Broken::Unlinked { seq: 4 });
    }

    #[test]
    fn what_is_older_than_yesterday_lies_under_a_seal() {
        let entries = chain(3);
        let end = |verification: &Verification, now: &str| verification.clone().end(now.parse().unwrap()).map(drop);
        let unsealed = verify(&entries).unwrap();
        let day = "2026-03-10".parse().unwrap();
        assert_eq!(end(&unsealed, "2026-03-11T22:59:59Z"), Ok(()), "until midnight in Paris");
        assert_eq!(end(&unsealed, "2026-03-11T23:00:00Z"), Err(Broken::Unsealed { seq: 1, day }));
        let mut sealed = verify(&entries[..2]).unwrap();
        sealed.seal(seal_over(&entries[1])).unwrap();
        assert_eq!(end(&sealed, "2027-03-10T09:00:00Z"), Ok(()));
        sealed.entry(&entries[2]).unwrap();
        assert_eq!(end(&sealed, "2027-03-10T09:00:00Z"), Err(Broken::Unsealed { seq: 3, day }));
    }

    #[test]
    fn a_log_begins_before_what_is_not_made_without_an_entry() {
        let (nothing, some) = (verify(&[]).unwrap(), verify(&chain(2)).unwrap());
        let first = some.since.unwrap();
        let proof = |made_at| Some(Proof { what: "an account", made_at });
        assert_eq!(nothing.hold_against(None), Ok(()));
        let emptied = Broken::Emptied { proof: proof(None).unwrap() };
        assert_eq!(nothing.hold_against(proof(None)), Err(emptied));
        for made_at in [None, Some(first - TimeDelta::minutes(59)), Some(first + TimeDelta::days(1))] {
            assert_eq!(some.hold_against(proof(made_at)), Ok(()), "{made_at:?}");
        }
        let made_at = first - TimeDelta::minutes(61);
        let late = Broken::BeginsLate { first, what: "an account", made_at };
        assert_eq!(some.hold_against(proof(Some(made_at))), Err(late));
        let rest = Verification::after(Head { seq: 6, hash: Hash::of_nothing() });
        assert_eq!(rest.hold_against(proof(None)), Ok(()), "what was before is not looked at");
    }

    #[test]
    fn a_seal_tells_a_log_that_was_written_anew_or_cut() {
        let (entries, others) = (chain(5), chain(3));
        let day = seal_over(&entries[0]).day;
        let mut cut = verify(&entries[..3]).unwrap();
        assert_eq!(cut.seal(seal_over(&entries[4])), Err(Broken::TailGone { seq: 4, sealed: 5, day }));
        let mut anew = verify(&others[..1]).unwrap();
        anew.seal(seal_over(&others[0])).unwrap();
        others[1..].iter().try_for_each(|entry| anew.entry(entry)).unwrap();
        let other = Seal { head: Head { seq: 3, hash: Hash::of_nothing() }, ..seal_over(&others[2]) };
        assert_eq!(anew.seal(other), Err(Broken::Rewritten { seq: 2, sealed: 3, day }));
    }
}
