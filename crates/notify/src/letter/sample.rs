//! Letters about a ticket that there is not: to look at the words, and to try those that a city wrote itself.

use chrono::{DateTime, NaiveDate, TimeZone as _, Utc};
use domain::city::catalogue::{Audience, ClosureReason};
use domain::id::{MessageId, TicketId};
use domain::language::Language;
use domain::ticket::event::RefusalReason;
use domain::ticket::notice::Kind;
use url::Url;
use uuid::Uuid;

use super::{Letter, Turn};

/// A letter that says everything that such a letter can say, or, `bare`, only what it must.
///
/// # Panics
/// Never: what is made up is well made, and a test writes each letter.
#[must_use]
pub fn sample(kind: Kind, audience: Audience, language: Language, bare: bool) -> Letter {
    let pick = |fr: &str, en: &str| match language {
        Language::Fr => fr.to_owned(),
        Language::En => en.to_owned(),
    };
    let day = NaiveDate::from_ymd_opt(2026, 3, 20);
    let ends = matches!(kind, Kind::Outcome);
    Letter {
        id: MessageId(Uuid::nil()),
        ticket: TicketId(Uuid::nil()),
        kind,
        audience,
        language,
        to: "nobody@example.org".into(),
        reference: "XXX-26-000123".into(),
        category: pick("Dépôt sauvage", "Illegal dumping"),
        service_name: pick("Propreté urbaine", "Street cleaning"),
        service_phone: (!bare).then(|| "01 23 45 67 89".into()),
        filed_at: at(10),
        ack_due_at: at(13),
        resolve_due_at: at(27),
        expected_on: day.filter(|_| !bare && kind == Kind::Acknowledged),
        closure_reason: ends.then_some(ClosureReason::NotCompetent),
        body_told: (ends && !bare).then(|| pick("le conseil départemental", "the county council")),
        refusal_reason: (kind == Kind::Refused).then_some(RefusalReason::OutsideArea),
        turn: matches!(kind, Kind::Progress | Kind::Watched).then_some(Turn::TakenInHand),
        member: false,
        link: Url::parse("https://example.org/ticket").expect("it is a URL"),
        at: at(12),
    }
}

fn at(day: u32) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 3, day, 13, 30, 0).single().expect("it is a time")
}
