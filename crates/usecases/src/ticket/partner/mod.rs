//! What partners without accounts see of their tickets, and do with them, through the links in their e-mails. The link is
//! the whole authorization, so that every use case takes a [`Door`], which only [`knock`] makes.

mod act;
mod look;
mod openings;
mod renew;
mod write;

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use domain::city::City;
use domain::city::organisation::{Access, Entitled};
use domain::id::{PartnerLinkId, TicketId};
use domain::ticket::notice::{Kind, Notice, Recipient};
use domain::ticket::partner::{LIVES, Standing};
use domain::ticket::{Actor, Ticket};
use store::idempotency::{Answer, Claim, Claimed};
use store::partner::{NewOpening, PartnerLink};
use store::ticket::{Named, Reminding};
use store::{Error, Scope, Tx};

pub use act::{Act, ActError, act};
pub use look::{Shown, look, photo, shown};
pub use openings::openings;
pub use renew::{RenewError, renew};
pub use store::partner::Opening;
pub use write::{Letter, Sent, WriteError, write};

use crate::{Context, NoCity, Origin, of};

/// A link that leads to its ticket now.
#[derive(Debug, Clone)]
pub struct Door {
    link: PartnerLink,
    ticket: Ticket,
    access: Access,
    from: Origin,
}

impl Door {
    /// The ticket, as it was when the link was looked up.
    #[must_use]
    pub const fn ticket(&self) -> &Ticket {
        &self.ticket
    }

    /// What the partner may see, and for which purpose.
    #[must_use]
    pub const fn access(&self) -> &Access {
        &self.access
    }

    /// Until when the link works.
    #[must_use]
    pub const fn expires_at(&self) -> DateTime<Utc> {
        self.link.expires_at
    }

    /// The link's id.
    #[must_use]
    pub const fn id(&self) -> PartnerLinkId {
        self.link.id
    }

    fn sees(&self, what: Entitled) -> bool {
        self.access.may_see.contains(&what)
    }

    fn by(&self) -> Actor {
        Actor::Partner { service: self.link.service.clone() }
    }

    fn opening(&self, cx: &Context, what: &'static str) -> NewOpening<'_> {
        opening(cx, &self.link, &self.from, what)
    }

    /// The ticket, locked, if it is still the partner's.
    async fn lock(&self, tx: &Tx) -> Result<Ticket, Shut> {
        let ticket = tx.lock_ticket(&Scope::everything(), &Named::Id(self.link.ticket)).await?.ok_or(Shut::Unknown)?;
        match ticket.standing(self.link.handover) {
            Standing::Theirs => Ok(ticket),
            Standing::Answered => Err(Shut::Answered),
            Standing::Gone => Err(Shut::Gone),
        }
    }
}

/// Why a link leads nowhere.
#[derive(Debug, thiserror::Error)]
pub enum Shut {
    /// There is no such link.
    #[error("there is no such link")]
    Unknown,
    /// Its time is over. The ticket is still with the partner, which can have another link sent.
    #[error("the link has expired")]
    Expired,
    /// The partner has refused the ticket or said that it is settled.
    #[error("the partner has answered")]
    Answered,
    /// The ticket is no longer with the partner.
    #[error("the ticket is no longer with the partner")]
    Gone,
    /// No city is loaded.
    #[error(transparent)]
    NoCity(#[from] NoCity),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] Error),
}

fn opening<'a>(cx: &Context, link: &'a PartnerLink, from: &'a Origin, what: &'static str) -> NewOpening<'a> {
    NewOpening { id: cx.ids.next(), link, at: cx.now(), what, address: from.address.as_deref() }
}

/// Looks where a link leads. Looking changes nothing of the ticket: mail scanners look. That a link which leads nowhere was
/// followed is logged here; that one was which leads to its ticket, by what is done then.
///
/// # Errors
/// See [`Shut`].
pub async fn knock(cx: &Context, token: &str, from: &Origin) -> Result<Door, Shut> {
    let (link, ticket) = find(cx, token).await?;
    let access = match standing(cx, &link, &ticket)? {
        Ok(access) if link.expires_at > cx.now() => access,
        shut => {
            let (what, shut) = match shut {
                Ok(_) => ("expired", Shut::Expired),
                Err(shut) => ("over", shut),
            };
            cx.store.log_opening(&opening(cx, &link, from, what)).await?;
            return Err(shut);
        }
    };
    Ok(Door { link, ticket, access, from: from.clone() })
}

/// What a request through a link that leads nowhere any more was answered the first time, under its key: it may have
/// ended the link itself, as refusing and settling do. `claim` makes its claim on the key for the link.
///
/// # Errors
/// When the database does not answer.
pub async fn answered_before(
    cx: &Context,
    token: &str,
    claim: impl FnOnce(PartnerLinkId) -> Option<Claim>,
) -> Result<Option<Answer>, Error> {
    let Some(link) = cx.store.partner_link(token).await? else { return Ok(None) };
    let Some(claim) = claim(link.id) else { return Ok(None) };
    Ok(match cx.store.known_claim(&claim).await? {
        Claimed::Answered(answer) => Some(answer),
        Claimed::First | Claimed::AnotherRequest => None,
    })
}

async fn find(cx: &Context, token: &str) -> Result<(PartnerLink, Ticket), Shut> {
    let link = cx.store.partner_link(token).await?.ok_or(Shut::Unknown)?;
    let ticket = cx.store.ticket(&Scope::everything(), &Named::Id(link.ticket)).await?.ok_or(Shut::Unknown)?;
    Ok((link, ticket))
}

/// What a link lets see, whatever its age: what the partner could see when it was sent, as far as it still may.
fn standing(cx: &Context, link: &PartnerLink, ticket: &Ticket) -> Result<Result<Access, Shut>, NoCity> {
    match ticket.standing(link.handover) {
        Standing::Theirs => {}
        Standing::Answered => return Ok(Err(Shut::Answered)),
        Standing::Gone => return Ok(Err(Shut::Gone)),
    }
    let loaded = cx.city()?;
    let service = of(&loaded).service(&link.service);
    let Some(now) = service.and_then(|service| service.access_to(ticket.secrecy())) else {
        return Ok(Err(Shut::Gone));
    };
    let may_see: BTreeSet<Entitled> = link.access.may_see.intersection(&now.may_see).copied().collect();
    Ok(Ok(Access { purpose: link.access.purpose.clone(), may_see }))
}

/// Makes links to those of these tickets that are with partners without accounts and have none, because they were passed on
/// before the city said what the partner may see; has them sent. The tickets are locked, so that each gets one.
pub(crate) async fn open_missing_links<'a>(
    cx: &Context,
    city: &City,
    tx: &Tx,
    tickets: impl Iterator<Item = &'a Ticket>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let links = tickets.filter_map(|ticket| Some((ticket, link(cx, city, ticket, now)?)));
    let mut links: Vec<(&Ticket, PartnerLink)> = links.collect();
    let ids: Vec<TicketId> = links.iter().map(|(ticket, _)| ticket.id).collect();
    let without: BTreeSet<TicketId> =
        if ids.is_empty() { BTreeSet::new() } else { tx.without_partner_link(&ids).await?.into_iter().collect() };
    links.retain(|(ticket, _)| without.contains(&ticket.id));
    if links.is_empty() {
        return Ok(());
    }
    let letter = |ticket: &Ticket| {
        let notice = Notice { kind: Kind::Referral, recipient: Recipient::Service { code: ticket.service.clone() } };
        let messages = vec![cx.message_about(ticket.id, notice)];
        Reminding { ticket: ticket.clone(), messages }
    };
    let letters: Vec<Reminding> = links.iter().map(|(ticket, _)| letter(ticket)).collect();
    let links: Vec<PartnerLink> = links.into_iter().map(|(_, link)| link).collect();
    tx.add_partner_links(&links, now).await?;
    tx.save_reminders(&letters, now).await
}

/// A new link to a ticket, if it is with a partner without accounts.
pub(crate) fn link(cx: &Context, city: &City, ticket: &Ticket, now: DateTime<Utc>) -> Option<PartnerLink> {
    let access = city.service(&ticket.service)?.access_to(ticket.secrecy())?;
    Some(PartnerLink::to(ticket, PartnerLinkId(cx.ids.next()), access.clone(), now + LIVES))
}
