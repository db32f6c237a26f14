//! What a letter that is looked at tells of: a ticket that there is, as a worker would have leased it.

use auth::Grant;
use auth::permission::PreviewLetters;
use chrono::{DateTime, Utc};
use domain::city::City;
use domain::city::catalogue::Audience;
use domain::concern::News;
use domain::id::MessageId;
use domain::letter::LetterName;
use domain::ticket::list::{Line, Occasion, TicketList};
use domain::ticket::notice::{Kind, Recipient, Told};
use domain::ticket::partner::LIVES;
use domain::ticket::{Event, Fact, State, Ticket};
use store::outbox::{About as Turn, AboutConcern, Addressee, Door, Leased, Referred, Topic};
use store::ticket::{Late, Named};
use store::{Error, Scope};
use uuid::Uuid;

use super::preview::{About, Real};
use crate::Context;

/// How many events are looked through at once.
const PAGE: u64 = 200;

/// How many turns one letter tells of.
const TURNS: usize = 20;

/// Stands where the token of a link would: who looks at a letter is not to follow it.
const NO_TOKEN: &str = "-";

/// What that letter tells of the ticket; none when nothing that it tells of has happened to it.
pub(super) async fn real(
    cx: &Context,
    city: &City,
    who: &Grant<PreviewLetters>,
    about: &About,
    scope: &Scope,
    ticket: Ticket,
) -> Result<Option<Real>, Error> {
    let person = || {
        let (email, language, person) = (String::new(), about.language, who.person().clone());
        (Recipient::Person { user: person.user }, Addressee::Person { email, language, person })
    };
    let service = |door: Option<Door>| {
        (Recipient::Service { code: ticket.service.clone() }, Addressee::Service { email: String::new(), door })
    };
    let resident = || {
        let (concern, email, language, token) = (ticket.concern, String::new(), about.language, NO_TOKEN.to_owned());
        let heard_at = ticket.filed_at;
        (Recipient::Resident { concern }, Addressee::Resident { concern, email, language, token, heard_at })
    };
    let told = Teller { cx, city, ticket: &ticket };
    Ok(match about.letter {
        LetterName::Ticket(Kind::Renewed, _) => told.to_partner(Kind::Renewed, service).await?,
        LetterName::Partner => told.to_partner(Kind::Referral, service).await?,
        LetterName::Ticket(kind, audience) => {
            let to = match audience {
                Audience::Service => service(None),
                Audience::Agent => person(),
                Audience::Resident => resident(),
            };
            told.turns(|fact| tells(kind, fact, &ticket).then_some(kind), 1, to).await?
        }
        LetterName::Turns | LetterName::Digest => told.turns(|fact| turn_of(fact, &ticket), TURNS, person()).await?,
        LetterName::Concern(news) => Some(concern(cx, city, news, scope, &ticket, resident()).await?),
        LetterName::Cafe => cafe(cx, city, scope, &ticket, service(None)).await?,
        LetterName::Late if ticket.is_late(cx.now()) => {
            let (category, service) = told.named()?;
            let late = Late { tickets: vec![(ticket.clone(), category, service)], more: 0 };
            Some(Real { late: Some(late), ..told_of(Topic::Late, cx.now(), person()) })
        }
        LetterName::Late | LetterName::UnplacedMail | LetterName::Account(_) => None,
    })
}

/// Tells of one ticket.
struct Teller<'a> {
    cx: &'a Context,
    city: &'a City,
    ticket: &'a Ticket,
}

impl Teller<'_> {
    fn named(&self) -> Result<(domain::city::catalogue::Category, domain::city::organisation::Service), Error> {
        let lost = || Error::Corrupt("the ticket's category or service is no longer in use".to_owned());
        let category = self.city.category(&self.ticket.category).cloned().ok_or_else(lost)?;
        Ok((category, self.city.service(&self.ticket.service).cloned().ok_or_else(lost)?))
    }

    /// The last of the ticket's turns that are told, `most` at most; none when none is.
    async fn turns(
        &self,
        kind: impl Fn(&Fact) -> Option<Kind>,
        most: usize,
        to: (Recipient, Addressee),
    ) -> Result<Option<Real>, Error> {
        let mut events: Vec<(Kind, Event)> = Vec::new();
        let mut after = Some(0);
        while let Some(from) = after {
            let page = self.cx.store.timeline(self.ticket.id, from, PAGE).await?;
            after = page.next;
            let told = page.items.into_iter().filter_map(|entry| Some((kind(&entry.event.fact)?, entry.event)));
            events.extend(told);
            events.drain(..events.len().saturating_sub(most));
        }
        let (category, service) = self.named()?;
        let main = match self.ticket.duplicate_of {
            Some(main) => {
                self.cx.store.ticket(&Scope::everything(), &Named::Id(main)).await?.map(|main| main.reference)
            }
            None => None,
        };
        let turn = |(kind, event): (Kind, Event)| Turn {
            message: MessageId(Uuid::nil()),
            kind,
            ticket: self.ticket.clone(),
            at: event.at,
            event,
            category: category.clone(),
            service: service.clone(),
            main: main.clone(),
            recipient: to.0.clone(),
        };
        let mut turns = events.into_iter().map(turn);
        let Some(first) = turns.next() else { return Ok(None) };
        let also: Vec<Turn> = turns.collect();
        let at = also.last().map_or(first.at, |last| last.at);
        let mut real = told_of(Topic::Ticket(Box::new(first)), at, to);
        real.mail.also = also;
        Ok(Some(real))
    }

    /// The letter that takes a partner without accounts to the ticket; none when its service is no such partner.
    async fn to_partner(
        &self,
        kind: Kind,
        to: impl Fn(Option<Door>) -> (Recipient, Addressee),
    ) -> Result<Option<Real>, Error> {
        let service = self.city.service(&self.ticket.service);
        let Some(access) = service.and_then(|service| service.access_to(self.ticket.secrecy())) else {
            return Ok(None);
        };
        let door =
            Door { token: NO_TOKEN.to_owned(), expires_at: self.cx.now() + LIVES, purpose: access.purpose.clone() };
        self.turns(|fact| tells(Kind::Referral, fact, self.ticket).then_some(kind), 1, to(Some(door))).await
    }
}

/// The ticket's concern, with those of its tickets that the reader reaches.
async fn concern(
    cx: &Context,
    city: &City,
    news: News,
    scope: &Scope,
    ticket: &Ticket,
    to: (Recipient, Addressee),
) -> Result<Real, Error> {
    let lost = || Error::Corrupt("the ticket's category or service is no longer in use".to_owned());
    let (_, tickets) = cx.store.concern(scope, ticket.concern).await?.ok_or_else(lost)?;
    let referred = |ticket: &Ticket| {
        Some(Referred { reference: ticket.reference.clone(), service: city.service(&ticket.service)?.clone() })
    };
    let category = city.category(&ticket.category).cloned().ok_or_else(lost)?;
    let about = AboutConcern { news, category, tickets: tickets.iter().filter_map(referred).collect() };
    Ok(told_of(Topic::Concern(Box::new(about)), ticket.filed_at, to))
}

/// The ticket as one that is due before the café at which it was heard; none when it was heard elsewhere.
async fn cafe(
    cx: &Context,
    city: &City,
    scope: &Scope,
    ticket: &Ticket,
    to: (Recipient, Addressee),
) -> Result<Option<Real>, Error> {
    let heard = cx.store.concern(scope, ticket.concern).await?.and_then(|(concern, _)| concern.cafe);
    let Some(heard) = heard else { return Ok(None) };
    let Some(cafe) = cx.store.cafe(heard).await? else { return Ok(None) };
    let subject = city.category(&ticket.category).map(|category| &category.label);
    let occasion = Occasion::Cafe { title: cafe.title, address: cafe.place.address, starts_at: cafe.starts_at };
    let list = TicketList::new(occasion, vec![Line::of(ticket, subject)]);
    Ok(Some(told_of(Topic::List(list), cx.now(), to)))
}

/// Whether a letter of that kind tells of it.
fn tells(kind: Kind, fact: &Fact, ticket: &Ticket) -> bool {
    let ended = matches!(fact, Fact::Resolved { .. } | Fact::Closed { closure_reason: Some(_), .. });
    match kind {
        Kind::Referral | Kind::Renewed => {
            matches!(
                fact,
                Fact::Submitted { .. } | Fact::Rerouted { .. } | Fact::Reopened { .. } | Fact::Unmerged { .. }
            )
        }
        Kind::Refused => matches!(fact, Fact::Refused { .. }),
        Kind::Acknowledged => matches!(fact, Fact::Acknowledged { .. }),
        Kind::Outcome => ended,
        Kind::Progress => matches!(fact, Fact::Submitted { .. }) || (!ended && fact.told(ticket) != Told::Nobody),
        Kind::Watched => ended || matches!(fact, Fact::Submitted { .. }) || fact.told(ticket) != Told::Nobody,
        Kind::Withdrawn => matches!(fact, Fact::Rerouted { .. } | Fact::Cancelled { .. } | Fact::Merged { .. }),
        Kind::Assigned => matches!(fact, Fact::Acknowledged { .. } | Fact::Assigned { .. }),
        Kind::Cancelled => matches!(fact, Fact::Cancelled { .. }),
        Kind::Merged => matches!(fact, Fact::Merged { .. }) && ticket.duplicate_of.is_some(),
        Kind::AskedAgain => matches!(fact, Fact::Resolved { .. }) && ticket.closure_reason.is_some(),
        Kind::Reminder | Kind::Mention | Kind::Message | Kind::Answered | Kind::Undeliverable => true,
        Kind::Unattended => matches!(ticket.state, State::Closed | State::Cancelled | State::Refused),
    }
}

/// By which message its referrer is told of it.
fn turn_of(fact: &Fact, ticket: &Ticket) -> Option<Kind> {
    match fact.told(ticket) {
        Told::Referrers(kind) | Told::Everybody(kind) | Told::Each { referrers: kind, .. } => Some(kind),
        Told::Nobody => tells(Kind::Progress, fact, ticket).then_some(Kind::Progress),
    }
}

/// What a worker would have leased.
fn told_of(topic: Topic, at: DateTime<Utc>, (recipient, addressee): (Recipient, Addressee)) -> Real {
    let mail = Leased {
        id: MessageId(Uuid::nil()),
        recipient,
        addressee: None,
        topic,
        also: Vec::new(),
        moot: None,
        attempt: 1,
        since: at,
        leaves_at: at,
        token: String::new(),
    };
    Real { mail, addressee, late: None }
}
