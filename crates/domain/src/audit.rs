//! The audit log: who read what is restricted, who administered what, and what was refused at the door. One record an
//! act, chained by hash ([`chain`]), sealed each day, and verified from its first entry to its last ([`verify`]).
//!
//! Records are kept for years and are never changed, so that they hold identifiers and codes only: no name, no address
//! of a person, nothing that a resident said. The one free text is why, where the reader has to say it.

pub mod act;
pub mod chain;
mod refusal;
pub mod verify;

pub use act::Act;

use chrono::{DateTime, Days, Months, NaiveDate, Utc};
use chrono_tz::Europe::Paris;
use serde::{Deserialize, Serialize};

use crate::id::{ClientId, UserId};

/// For how many months an entry is kept at least (CNIL, recommandation relative à la journalisation, 14 October 2021).
const KEPT_MONTHS: Months = Months::new(6);

/// What was written from then on is there, whatever the city keeps.
#[must_use]
pub fn kept_since(now: DateTime<Utc>) -> DateTime<Utc> {
    now.checked_sub_months(KEPT_MONTHS).unwrap_or(DateTime::<Utc>::MIN_UTC)
}

/// The last day whose seal lies over nothing that was written then or later: it was made until the end of the next day.
#[must_use]
pub fn sealed_before(at: DateTime<Utc>) -> NaiveDate {
    day(at).checked_sub_days(Days::new(2)).unwrap_or(NaiveDate::MIN)
}

/// One act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub by: By,
    /// The IP address that the request came from; none for the command line and for Continuum itself.
    pub from: Option<String>,
    /// What.
    pub act: Act,
    /// Why, in the words of whoever did it, where that was asked for.
    pub why: Option<String>,
}

/// Who did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum By {
    /// A person with an account.
    Person {
        /// Who.
        user: UserId,
    },
    /// A program that uses the API.
    Client {
        /// Which.
        client: ClientId,
    },
    /// Whoever ran a command of the program: the command line knows no accounts.
    Operator,
    /// Continuum itself.
    System,
    /// A request that proved nothing, such as a refused login.
    Nobody,
}

/// What a record says besides when: the text that is kept and chained. The time has a column of its own.
#[derive(Serialize, Deserialize)]
struct Content {
    by: By,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    act: Act,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

/// PostgreSQL's JSON knows no NUL; an act is not left out of the log for one.
fn without_nul(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

impl Record {
    /// The text that is kept: JSON, always the same for the same record.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn content(&self) -> serde_json::Result<String> {
        serde_json::to_string(&Content {
            by: self.by,
            from: self.from.as_deref().map(without_nul),
            act: self.act.clone(),
            why: self.why.as_deref().map(without_nul),
        })
    }

    /// The record of a text that was kept.
    ///
    /// # Errors
    /// When the text is not one that [`Record::content`] wrote.
    pub fn read(at: DateTime<Utc>, content: &str) -> serde_json::Result<Self> {
        let Content { by, from, act, why } = serde_json::from_str(content)?;
        Ok(Self { at, by, from, act, why })
    }
}

/// The day that is to be sealed now: yesterday, Europe/Paris.
#[must_use]
pub fn day_to_seal(now: DateTime<Utc>) -> NaiveDate {
    day(now) - Days::new(1)
}

/// The day in Paris.
fn day(at: DateTime<Utc>) -> NaiveDate {
    at.with_timezone(&Paris).date_naive()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::TicketId;
    use uuid::Uuid;

    fn record() -> Record {
        Record {
            at: "2026-03-10T09:00:00Z".parse().unwrap(),
            by: By::Person { user: UserId(Uuid::from_u128(1)) },
            from: Some("192.0.2.7".to_owned()),
            act: Act::TicketRead { ticket: TicketId(Uuid::from_u128(2)) },
            why: Some("Demande du procureur".to_owned()),
        }
    }

    #[test]
    fn the_text_that_is_kept_reads_back_as_the_record() {
        let content = record().content().unwrap();
        assert_eq!(
            content,
            r#"{"by":{"type":"person","user":"00000000-0000-0000-0000-000000000001"},"from":"192.0.2.7","act":{"type":"ticket_read","ticket":"00000000-0000-0000-0000-000000000002"},"why":"Demande du procureur"}"#
        );
        assert_eq!(Record::read(record().at, &content).unwrap(), record());
        let short = Record { by: By::System, from: None, why: None, ..record() };
        assert_eq!(Record::read(short.at, &short.content().unwrap()).unwrap(), short);
    }

    #[test]
    fn a_nul_does_not_keep_an_act_out_of_the_log() {
        let record = Record { why: Some("a\0b \\u0000".to_owned()), ..record() };
        let read = Record::read(record.at, &record.content().unwrap()).unwrap();
        assert_eq!(read.why.as_deref(), Some("a\u{fffd}b \\u0000"));
    }

    #[test]
    fn yesterday_is_a_day_in_paris() {
        let day = |now: &str| day_to_seal(now.parse().unwrap()).to_string();
        assert_eq!(day("2026-03-10T22:59:59Z"), "2026-03-09");
        assert_eq!(day("2026-03-10T23:00:00Z"), "2026-03-10", "midnight in winter");
        assert_eq!(day("2026-07-10T22:00:00Z"), "2026-07-10", "midnight in summer");
    }
}
