//! Doing a thing once, however often it is asked for: the mechanism behind `Idempotency-Key`.
//!
//! The key is claimed, the work done and the answer kept in one transaction, or in the one statement that does the work, where the
//! answer is known before. A repeat gets the first answer, also when both arrive at once: the second waits for the first.
//! Refusals are not kept: nothing was done.

use chrono::{DateTime, Utc};
use store::idempotency::{Answer, Claim, Claimed, First};
use store::{Error, Tx};

use crate::Context;

/// How the outcome of a command is shown, should the request be repeated.
pub struct Once<'a, T> {
    claim: Option<Claim>,
    show: &'a (dyn Fn(&T) -> Answer + 'a),
}

/// What came of a command.
#[derive(Debug, Clone, PartialEq)]
pub enum Done<T> {
    /// It was done.
    Now(T),
    /// It had been done before; this was the answer.
    Before(Answer),
}

impl<T> Done<T> {
    /// The answer, shown now or kept from then.
    pub fn into_answer(self, show: impl FnOnce(&T) -> Answer) -> Answer {
        match self {
            Self::Now(outcome) => show(&outcome),
            Self::Before(answer) => answer,
        }
    }
}

/// The key belongs to another request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the idempotency key was used for another request")]
pub struct KeyReused;

/// Whether one statement takes a transaction all the same: when its trace is sent to a collector, which a transaction keeps with the
/// events (migration 0046).
pub(crate) fn needs_transaction() -> bool {
    traces::current().is_some()
}

impl<'a, T> Once<'a, T> {
    /// Under a key, if there is one; `show` turns the outcome into the answer that a repeat will get.
    pub fn new(claim: Option<Claim>, show: &'a (dyn Fn(&T) -> Answer + 'a)) -> Self {
        Self { claim, show }
    }

    /// The key, if there is one.
    pub(crate) const fn claim(&self) -> Option<&Claim> {
        self.claim.as_ref()
    }

    /// What is kept under the key by the one statement that makes it so.
    pub(crate) fn first(&self, outcome: &T, at: DateTime<Utc>) -> Option<First<'_>> {
        self.claim.as_ref().map(|claim| First { claim, answer: (self.show)(outcome), at })
    }

    /// What was answered under the key before, if anything was.
    pub(crate) async fn before(&self, cx: &Context) -> Result<Option<Result<Answer, KeyReused>>, Error> {
        let Some(claim) = &self.claim else { return Ok(None) };
        Ok(match cx.store.known_claim(claim).await? {
            Claimed::First => None,
            Claimed::Answered(answer) => Some(Ok(answer)),
            Claimed::AnotherRequest => Some(Err(KeyReused)),
        })
    }

    /// Does the work in a transaction of its own, unless it was done before under the same key.
    pub(crate) async fn run<E>(self, cx: &Context, work: impl AsyncFnOnce(&Tx) -> Result<T, E>) -> Result<Done<T>, E>
    where
        E: From<Error> + From<KeyReused>,
    {
        let tx = cx.store.begin().await?;
        if let Some(claim) = &self.claim {
            match tx.claim(claim, cx.now()).await? {
                Claimed::First => {}
                Claimed::Answered(answer) => return Ok(Done::Before(answer)),
                Claimed::AnotherRequest => return Err(KeyReused.into()),
            }
        }
        let outcome = work(&tx).await?;
        if let Some(claim) = &self.claim {
            tx.keep_answer(claim, &(self.show)(&outcome)).await?;
        }
        tx.commit().await?;
        Ok(Done::Now(outcome))
    }
}
