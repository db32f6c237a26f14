//! The list of what is late, made when it leaves.

use domain::language::Language;
use domain::rights::Secrecy;
use domain::ticket::State;
use store::ticket::Late;
use url::Url;

use crate::letter::{ComposeError, LateService, LateTicket};

/// How many tickets the list holds.
pub(crate) const MOST: u64 = 50;

/// The tickets, service by service, in the order in which the first ones of each were due.
pub(crate) fn by_service(late: &Late, language: Language, public_url: &Url) -> Result<Vec<LateService>, ComposeError> {
    let mut services: Vec<LateService> = Vec::new();
    for (ticket, category, service) in &late.tickets {
        let name = service.name.in_language(language).to_owned();
        let in_hand = !matches!(ticket.state, State::Submitted | State::Refused);
        let path = format!("v1/tickets/{}", ticket.reference);
        let line = LateTicket {
            reference: ticket.reference.clone(),
            category: (ticket.secrecy() == Secrecy::Standard).then(|| category.label.in_language(language).to_owned()),
            link: public_url.join(&path).map_err(|_| ComposeError::Missing("link"))?,
            in_hand,
            due_at: if in_hand { ticket.resolve_due_at } else { ticket.ack_due_at },
        };
        match services.iter_mut().find(|of| of.name == name) {
            Some(of) => of.tickets.push(line),
            None => services.push(LateService { name, tickets: vec![line] }),
        }
    }
    Ok(services)
}
