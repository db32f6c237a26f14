//! What a resident reads of a ticket's state: how it stands, what happens next, and by when.

use chrono::{DateTime, NaiveDate, Utc};
use domain::language::Language;
use domain::ticket::{State, Ticket, close, reopen};
use domain::time::Zone;

/// A day, as people write it.
pub(super) fn date(day: NaiveDate, language: Language) -> String {
    day.format(language.pick(("%d/%m/%Y", "%-d %B %Y"))).to_string()
}

/// The day of an instant, as people write it.
pub(super) fn day(at: DateTime<Utc>, zone: Zone, language: Language) -> String {
    date(zone.day_of(at), language)
}

/// What happens next, and by when: the targets as promises. One that was not kept is said to be missed.
pub(super) fn next(ticket: &Ticket, explained: bool, now: DateTime<Utc>, zone: Zone, language: Language) -> String {
    let today = zone.day_of(now);
    let promise = |due: DateTime<Utc>, kept, missed| promise(&day(due, zone, language), due < now, kept, missed);
    let expected = ticket.scheduled_for.filter(|day| *day >= today);
    let (fr, en) = match ticket.state {
        State::Submitted => promise(
            ticket.ack_due_at,
            ("Le service la prendra en charge d’ici au", "The service will take it in hand by"),
            ("Le service aurait dû la prendre en charge le", "The service should have taken it in hand on"),
        ),
        State::Refused => promise(
            ticket.ack_due_at,
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
            let closes = day(ticket.resolved_at.unwrap_or(now) + close::BY_ITSELF_AFTER, zone, language);
            (
                format!("Sans autre nouvelle de votre part, elle sera clôturée le {closes}."),
                format!("Unless you tell us more, it will be closed on {closes}."),
            )
        }
        State::Closed => closed(ticket, now, zone, language),
        State::Cancelled if explained => (
            "Il n’y aura pas d’autre suite. La raison est donnée ci-dessous.".to_owned(),
            "Nothing more will come of it. The reason is given below.".to_owned(),
        ),
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

fn promise(day: &str, is_missed: bool, kept: Texts, missed: Texts) -> (String, String) {
    if is_missed {
        (format!("{} {day} : nous le relançons.", missed.0), format!("{} {day}: we are pursuing it.", missed.1))
    } else {
        (format!("{} {day}.", kept.0), format!("{} {day}.", kept.1))
    }
}

fn closed(ticket: &Ticket, now: DateTime<Utc>, zone: Zone, language: Language) -> (String, String) {
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
    let until = day(ticket.closed_at.unwrap_or(now) + reopen::WINDOW, zone, language);
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
            (day(late, Zone::PARIS, Language::Fr).as_str(), day(late, Zone::PARIS, Language::En).as_str()),
            ("11/03/2026", "11 March 2026")
        );
    }
}
