//! What was counted lately. Counting a year of a large city takes a fifth of a second of a processor, and many look at the same
//! figures: who asks the same within seconds is told the same, and since when something may not be counted yet.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use domain::statistics::Table;
use tokio::sync::Mutex as Turn;

/// How long it is told as it was counted, if nothing was counted of it since that this instance knows of.
const FRESH: TimeDelta = TimeDelta::seconds(10);

/// How long it is told to others while somebody counts it anew.
const STALE: TimeDelta = TimeDelta::minutes(1);

/// How many questions are remembered at once.
const MOST: usize = 64;

/// A table, and since when something may not be counted in it yet.
type Told = (Table, DateTime<Utc>);

/// What was counted lately, by the question: everything that it depends on, in words.
#[derive(Debug, Default)]
pub struct Remembered {
    questions: Mutex<HashMap<String, Arc<Question>>>,
    /// How often figures were brought up to what has happened.
    kept: AtomicU64,
}

#[derive(Debug, Default)]
struct Question {
    last: Mutex<Option<Last>>,
    /// Who counts it: one at a time.
    turn: Turn<()>,
}

#[derive(Debug, Clone)]
struct Last {
    counted: Arc<Told>,
    at: DateTime<Utc>,
    kept: u64,
}

impl Remembered {
    /// Figures were brought up to what has happened: what was counted before is counted anew by who asks next.
    pub(super) fn kept(&self) {
        self.kept.fetch_add(1, Ordering::Relaxed);
    }

    /// What was counted lately, or what `count` counts.
    pub(super) async fn or_count<E>(
        &self,
        question: String,
        now: DateTime<Utc>,
        count: impl AsyncFnOnce() -> Result<Told, E>,
    ) -> Result<Told, E> {
        let Some(question) = self.question(question, now) else { return count().await };
        let kept = self.kept.load(Ordering::Relaxed);
        let last = question.last();
        let fresh = |last: &Last| last.kept == kept && last.is_younger(FRESH, now);
        let _turn = match last {
            Some(last) if fresh(&last) => return Ok(Told::clone(&last.counted)),
            Some(last) if last.is_younger(STALE, now) => match question.turn.try_lock() {
                Ok(turn) => turn,
                Err(_) => return Ok(Told::clone(&last.counted)),
            },
            Some(_) | None => {
                let turn = question.turn.lock().await;
                // Somebody else has counted it meanwhile.
                if let Some(last) = question.last().filter(fresh) {
                    return Ok(Told::clone(&last.counted));
                }
                turn
            }
        };
        let counted = count().await?;
        let last = Last { counted: Arc::new(counted.clone()), at: now, kept };
        *question.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(last);
        Ok(counted)
    }

    /// Where it is remembered; nowhere while there are too many others.
    fn question(&self, question: String, now: DateTime<Utc>) -> Option<Arc<Question>> {
        let mut questions = self.questions.lock().unwrap_or_else(PoisonError::into_inner);
        if questions.len() >= MOST && !questions.contains_key(&question) {
            questions.retain(|_, one| one.last().is_some_and(|last| last.is_younger(FRESH, now)));
        }
        let room = questions.len() < MOST;
        match questions.entry(question) {
            Entry::Occupied(one) => Some(one.get().clone()),
            Entry::Vacant(one) => room.then(|| one.insert(Arc::default()).clone()),
        }
    }
}

impl Question {
    fn last(&self) -> Option<Last> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Last {
    /// Not older than that. What is from later, by as little, was counted while one waited; by more, the clock was set back.
    fn is_younger(&self, than: TimeDelta, now: DateTime<Utc>) -> bool {
        (now - self.at).abs() < than
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU32;

    use domain::statistics::{Counted, Figures};

    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + second, 0).unwrap()
    }

    /// Counts how often it was counted.
    struct Counting {
        remembered: Remembered,
        times: AtomicU32,
    }

    impl Counting {
        fn new() -> Self {
            Self { remembered: Remembered::default(), times: AtomicU32::new(0) }
        }

        async fn ask(&self, question: &str, second: i64) -> u64 {
            let count = async || {
                let time = self.times.fetch_add(1, Ordering::Relaxed) + 1;
                tokio::task::yield_now().await;
                let mut counts = [0; Counted::ALL.len()];
                counts[0] = u64::from(time);
                Ok::<_, ()>((Table { groups: Vec::new(), total: Figures::new(counts) }, at(second)))
            };
            let (table, as_of) = self.remembered.or_count(question.to_owned(), at(second), count).await.unwrap();
            assert!((as_of - at(second)).abs() < STALE);
            table.total.count(Counted::Filed).unwrap()
        }
    }

    #[tokio::test]
    async fn the_same_is_counted_once_in_ten_seconds() {
        let city = Counting::new();
        assert_eq!((city.ask("a", 0).await, city.ask("a", 9).await, city.ask("b", 9).await), (1, 1, 2));
        assert_eq!((city.ask("a", 10).await, city.ask("a", 19).await), (3, 3));
        // Who began to ask a little earlier is told the later; after a clock was set back it is counted anew.
        assert_eq!((city.ask("a", 8).await, city.ask("a", -60).await), (3, 4));
    }

    #[tokio::test]
    async fn what_was_kept_up_since_is_counted_anew() {
        let city = Counting::new();
        assert_eq!(city.ask("a", 0).await, 1);
        city.remembered.kept();
        assert_eq!((city.ask("a", 0).await, city.ask("a", 0).await), (2, 2));
    }

    #[tokio::test]
    async fn many_who_ask_at_once_have_it_counted_once() {
        let city = Counting::new();
        assert_eq!(tokio::join!(city.ask("a", 0), city.ask("a", 0), city.ask("a", 0)), (1, 1, 1));
        // Who comes while it is counted anew is told what is known.
        assert_eq!(tokio::join!(city.ask("a", 30), city.ask("a", 30), city.ask("a", 30)), (2, 1, 1));
        // But not what is a minute old.
        assert_eq!(tokio::join!(city.ask("a", 90), city.ask("a", 90), city.ask("a", 90)), (3, 3, 3));
    }

    #[tokio::test]
    async fn so_many_questions_are_remembered() {
        let city = Counting::new();
        for question in 0..2 * MOST {
            city.ask(&question.to_string(), 0).await;
        }
        assert_eq!(city.remembered.questions.lock().unwrap().len(), MOST);
        assert_eq!(city.ask("0", 0).await, 1);
        assert_eq!((city.ask("later", 20).await, city.ask("later", 20).await), (129, 129));
    }
}
