//! Sealing the audit log, and verifying it: what `domain` says of the chain, `auth` of signatures, and `store` holds.

use std::collections::VecDeque;

use auth::SealKeys;
use auth::seal::SealError;
use chrono::{DateTime, NaiveDate, Utc};
use domain::audit::chain::{Entry, Head, Seal};
use domain::audit::verify::{Broken, Verification};
use domain::audit::{Act, kept_since, sealed_before};
use store::Store;
use store::audit::Filter;

/// How many entries or seals are read at once.
const BATCH: u64 = 1000;

/// Why a log is not said to be whole.
#[derive(Debug, thiserror::Error)]
pub(crate) enum VerifyError {
    /// It is not.
    #[error(transparent)]
    Broken(#[from] Broken),
    /// It could not be read.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Seals the log for yesterday; none when that was done before.
pub(crate) async fn seal(
    store: &Store,
    schema: &str,
    keys: &SealKeys,
    now: DateTime<Utc>,
) -> store::Result<Option<Seal>> {
    let day = domain::audit::day_to_seal(now);
    store.seal_audit(day, |head| keys.sign(&Seal::text(schema, day, head)), now).await
}

/// Verifies the log from that entry on, or else from its beginning, in bounded steps; and that it holds what the server has logged
/// of a seal.
pub(crate) async fn verify(
    store: &Store,
    schema: &str,
    keys: &SealKeys,
    (from, logged): (Option<i64>, Option<Head>),
    now: DateTime<Utc>,
) -> Result<Verification, VerifyError> {
    // Asked first: what is made while the log is read has its entry.
    let proof = store.audit_proof().await?;
    let verification = loop {
        let first = first(store).await?;
        match verify_chain(store, schema, keys, from, now).await {
            // What a night removed meanwhile is not missing.
            Err(VerifyError::Broken(_)) if self::first(store).await? != first => {}
            verified => break verified?.end(now)?,
        }
    };
    verification.hold_against(proof)?;
    if let Some(Head { seq, hash }) = logged
        && entry(store, seq).await?.is_none_or(|entry| entry.hash != hash)
    {
        return Err(Broken::NotAsLogged { seq, logged: hash }.into());
    }
    Ok(verification)
}

/// The first entry that is there; the one that would be the first, when there is none.
async fn first(store: &Store) -> store::Result<i64> {
    Ok(store.audit_chain(0, 1).await?.first().map_or(1, |entry| entry.seq))
}

async fn entry(store: &Store, seq: i64) -> store::Result<Option<Entry>> {
    Ok(store.audit_chain(seq - 1, 1).await?.into_iter().find(|entry| entry.seq == seq))
}

async fn verify_chain(
    store: &Store,
    schema: &str,
    keys: &SealKeys,
    from: Option<i64>,
    now: DateTime<Utc>,
) -> Result<Verification, VerifyError> {
    let mut seals = Seals { store, schema, keys, read: VecDeque::new(), last: None, ended: false };
    let mut verification = Verification::after(match from {
        Some(from) => begin(store, &mut seals, from).await?.0,
        None => beginning(store, &mut seals, now).await?,
    });
    loop {
        // The next seal is known before the entries are read: one that was made meanwhile is not over later entries.
        seals.compare(&mut verification).await?;
        let entries = store.audit_chain(verification.head.seq, BATCH).await?;
        if entries.is_empty() {
            if let Some(seal) = seals.take().await? {
                verification.seal(seal)?;
            }
            return Ok(verification);
        }
        for entry in &entries {
            verification.entry(entry)?;
            seals.compare(&mut verification).await?;
        }
    }
}

/// What the first entry that is there continues: nothing, or what was kept for long enough.
async fn beginning(store: &Store, seals: &mut Seals<'_>, now: DateTime<Utc>) -> Result<Head, VerifyError> {
    let first = first(store).await?;
    match begin(store, seals, first).await {
        Ok((head, None)) => Ok(head),
        Ok((Head { seq, .. }, Some(day))) if day > sealed_before(kept_since(now)) => {
            Err(Broken::GoneEarly { seq, day }.into())
        }
        Ok((head, Some(_))) if tells_of_removal(store, head.seq).await? => Ok(head),
        Ok((Head { seq, .. }, Some(_))) => Err(Broken::GoneUntold { seq }.into()),
        Err(VerifyError::Broken(Broken::NoBeginning { .. })) => Err(Broken::Missing { seq: 1, found: first }.into()),
        Err(error) => Err(error),
    }
}

/// Whether the last removal that the log tells of went that far.
async fn tells_of_removal(store: &Store, until: i64) -> store::Result<bool> {
    let removals = Filter { act: Some(Act::AuditRemoved { until }.code().to_owned()), ..Filter::default() };
    let last = store.audit_page(&removals, None, 1).await?.items.pop();
    Ok(last.and_then(|entry| entry.record().ok()).is_some_and(|record| record.act == Act::AuditRemoved { until }))
}

/// What the entry to begin with continues: the entry before it; or where that was removed, a seal over it, and its day.
async fn begin(store: &Store, seals: &mut Seals<'_>, from: i64) -> Result<(Head, Option<NaiveDate>), VerifyError> {
    let seq = from - 1;
    while seals.next().await?.is_some_and(|seal| seal.head.seq < seq) {
        seals.take().await?;
    }
    if seq == 0 {
        return Ok((Head::of_nothing(), None));
    }
    if let Some(entry) = entry(store, seq).await? {
        return Ok((Head { seq, hash: entry.hash }, None));
    }
    match seals.next().await? {
        // Its signature is checked as soon as it is compared, before any entry.
        Some(seal) if seal.head.seq == seq => Ok((seal.head.clone(), Some(seal.day))),
        Some(_) | None => Err(Broken::NoBeginning { seq }.into()),
    }
}

/// The seals in the order of the entries that they were made over.
struct Seals<'a> {
    store: &'a Store,
    schema: &'a str,
    keys: &'a SealKeys,
    read: VecDeque<Seal>,
    last: Option<(i64, NaiveDate)>,
    ended: bool,
}

impl Seals<'_> {
    /// The next one, as the database holds it.
    async fn next(&mut self) -> store::Result<Option<&Seal>> {
        if self.read.is_empty() && !self.ended {
            self.read = self.store.audit_seals(self.last, BATCH).await?.into();
            self.ended = self.read.is_empty();
            self.last = self.read.back().map(|seal| (seal.head.seq, seal.day));
        }
        Ok(self.read.front())
    }

    /// The next one, its signature checked; no longer the next from now on.
    async fn take(&mut self) -> Result<Option<Seal>, VerifyError> {
        self.next().await?;
        let seal = self.read.pop_front();
        if let Some(seal) = &seal {
            self.check(seal)?;
        }
        Ok(seal)
    }

    /// Compares the seals that were made over the last entry.
    async fn compare(&mut self, verification: &mut Verification) -> Result<(), VerifyError> {
        while self.next().await?.is_some_and(|seal| seal.head.seq <= verification.head.seq) {
            if let Some(seal) = self.take().await? {
                verification.seal(seal)?;
            }
        }
        Ok(())
    }

    fn check(&self, seal: &Seal) -> Result<(), Broken> {
        let (day, seq) = (seal.day, seal.head.seq);
        self.keys.verify(&Seal::text(self.schema, day, &seal.head), &seal.signature).map_err(|error| match error {
            SealError::UnknownKey => Broken::SealKeyUnknown { day, seq, key_id: seal.signature.key_id.clone() },
            SealError::Invalid => Broken::SealForged { day, seq },
        })
    }
}
