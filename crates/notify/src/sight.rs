//! Who may still be told of a ticket at the moment of sending. Between the event and the e-mail, somebody may have lost a
//! role or left a service, and a ticket may have gone elsewhere.

use domain::id::ServiceCode;
use domain::rights::{Caller, Secrecy};
use domain::ticket::notice::{Kind, Recipient};
use store::outbox::{About, Addressee};

/// Whether the recipient may be told of it. A person who sees the ticket may; so may a service, and its members, that have
/// it or settle what no other takes. That a ticket goes its way elsewhere is told without a link, and not of a restricted
/// one, but that a service no longer has it.
pub(crate) fn may_be_told(addressee: &Addressee, about: &About, desk: &ServiceCode) -> bool {
    let ticket = &about.ticket;
    let elsewhere = ticket.secrecy() == Secrecy::Standard;
    match (&about.recipient, addressee) {
        (Recipient::Person { .. }, Addressee::Person { person, .. }) => Caller::Person(person.clone()).sees(ticket),
        (Recipient::Member { service, .. }, Addressee::Person { person, .. }) => {
            let sees = || Caller::Person(person.clone()).sees(ticket);
            let from_afar = matches!(about.kind, Kind::Watched | Kind::Withdrawn) && elsewhere;
            person.services.contains(service) && (sees() || from_afar)
        }
        (Recipient::Service { code }, _) => match about.kind {
            Kind::Watched => elsewhere || *code == ticket.service,
            Kind::Referral | Kind::Message | Kind::Answered | Kind::Unattended | Kind::Reminder | Kind::DueAgain => {
                *code == ticket.service || code == desk
            }
            _ => true,
        },
        _ => true,
    }
}

/// Whether the recipient can open the ticket.
pub(crate) fn can_open(addressee: &Addressee, about: &About, desk: &ServiceCode) -> bool {
    match (&about.recipient, addressee) {
        (_, Addressee::Person { person, .. }) => Caller::Person(person.clone()).sees(&about.ticket),
        (Recipient::Service { code }, _) => *code == about.ticket.service || code == desk,
        _ => true,
    }
}
