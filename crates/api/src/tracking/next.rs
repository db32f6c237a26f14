//! What a resident reads of a ticket's state: how it stands, what happens next, and by when.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Europe::Paris;
use domain::language::Language;
use domain::ticket::{State, Ticket, close, reopen};

/// The day that an instant lies in, in Paris.
fn in_paris(at: DateTime<Utc>) -> NaiveDate {
    at.with_timezone(&Paris).date_naive()
}

/// A day, as people write it.
pub(super) fn date(day: NaiveDate, language: Language) -> String {
    day.format(language.pick(("%d/%m/%Y", "%-d %B %Y"))).to_string()
}

/// The day of an instant, as people write it.
pub(super) fn day(at: DateTime<Utc>, language: Language) -> String {
    date(in_paris(at), language)
}

/// What happens next, and by when: the targets as promises. One that was not kept is said to be missed.
pub(super) fn next(ticket: &Ticket, now: DateTime<Utc>, language: Language) -> String {
    let today = in_paris(now);
    let expected = ticket.scheduled_for.filter(|day| *day >= today);
    let (fr, en) = match ticket.state {
        State::Submitted => promise(
            ticket.ack_due_at,
            now,
            language,
            ("Le service la prendra en charge d’ici au", "The service will take it in hand by"),
            ("Le service aurait dû la prendre en charge le", "The service should have taken it in hand on"),
        ),
        State::Refused => promise(
            ticket.ack_due_at,
            now,
            language,
            ("Nous la transmettrons au service compétent d’ici au", "We will pass it on to the competent service by"),
            ("Le service compétent aurait dû l’avoir le", "The competent service should have had it on"),
        ),
        State::Acknowledged | State::Scheduled | State::InProgress => match expected {
            Some(day) => {
                let day = date(day, language);
                (
                    format!("Le service prévoit d’intervenir le {day}, puis vous dira quelle suite est donnée."),
                    format!("The service expects to act on {day}, and will then tell you what came of it."),
                )
            }
            None => promise(
                ticket.resolve_due_at,
                now,
                language,
                ("Le service vous répondra d’ici au", "The service will answer you by"),
                ("Le service aurait dû vous répondre le", "The service should have answered you on"),
            ),
        },
        State::OnHold => match ticket.resume_on {
            Some(day) => {
                let day = date(day, language);
                (format!("Le service y reviendra le {day}."), format!("The service will come back to it on {day}."))
            }
            None => ("Le service y reviendra.".to_owned(), "The service will come back to it.".to_owned()),
        },
        State::Resolved => {
            let closes = day(ticket.resolved_at.unwrap_or(now) + close::BY_ITSELF_AFTER, language);
            (
                format!("Sans autre nouvelle de votre part, elle sera clôturée le {closes}."),
                format!("Unless you tell us more, it will be closed on {closes}."),
            )
        }
        State::Closed => closed(ticket, now, language),
        State::Cancelled => (
            "Il n’y aura pas d’autre suite. Pour savoir pourquoi, téléphonez-nous.".to_owned(),
            "Nothing more will come of it. To know why, telephone us.".to_owned(),
        ),
    };
    match language {
        Language::Fr => fr,
        Language::En => en,
    }
}

type Texts = (&'static str, &'static str);

fn promise(due: DateTime<Utc>, now: DateTime<Utc>, language: Language, kept: Texts, missed: Texts) -> (String, String) {
    let day = day(due, language);
    if due < now {
        (format!("{} {day} : nous le relançons.", missed.0), format!("{} {day}: we are pursuing it.", missed.1))
    } else {
        (format!("{} {day}.", kept.0), format!("{} {day}.", kept.1))
    }
}

fn closed(ticket: &Ticket, now: DateTime<Utc>, language: Language) -> (String, String) {
    if ticket.duplicate_of.is_some() {
        return (
            "Elle porte sur le même problème qu’une autre : la suite est donnée avec celle-ci.".to_owned(),
            "It is about the same problem as another one: what comes of it is told there.".to_owned(),
        );
    }
    if ticket.takes_feedback(now).is_err() {
        return (
            "C’est terminé. Si le problème revient, signalez-le de nouveau.".to_owned(),
            "It is over. If the problem comes back, report it again.".to_owned(),
        );
    }
    let until = day(ticket.closed_at.unwrap_or(now) + reopen::WINDOW, language);
    (
        format!("C’est terminé. Si le problème n’est pas résolu, dites-le ici jusqu’au {until}."),
        format!("It is over. If the problem is not solved, say so here until {until}."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_written_as_people_do() {
        let late: DateTime<Utc> = "2026-03-10T23:30:00Z".parse().unwrap();
        assert_eq!(
            (day(late, Language::Fr).as_str(), day(late, Language::En).as_str()),
            ("11/03/2026", "11 March 2026")
        );
    }
}
