//! What a letter that is looked at tells of: a ticket that there is, as a worker would have leased it. What was told of the
//! ticket before stands in the outbox; of what was never told, there is nothing to be seen.

use auth::Grant;
use auth::permission::PreviewLetters;
use chrono::{DateTime, Utc};
use domain::city::City;
use domain::city::catalogue::Audience;
use domain::concern::{News, Referrer};
use domain::id::MessageId;
use domain::letter::LetterName;
use domain::ticket::list::{Line, Occasion, TicketList};
use domain::ticket::notice::{Kind, Recipient};
use domain::ticket::{State, Ticket};
use store::outbox::{AboutConcern, Addressee, Leased, NO_TOKEN, Referred, Returns, Said, To, Topic};
use store::ticket::Late;
use store::{Error, Scope};
use uuid::Uuid;

use super::preview::{About, Real};
use crate::Context;

/// How many turns one letter tells of.
const TURNS: u32 = 20;

/// What that letter tells of the ticket; none when nothing that it tells of has happened to it.
pub(super) async fn real(
    cx: &Context,
    city: &City,
    who: &Grant<PreviewLetters>,
    about: &About,
    scope: &Scope,
    ticket: Ticket,
) -> Result<Option<Real>, Error> {
    let reader = Reader { city, who, about };
    let last = async |kind, to| Ok::<_, Error>(cx.store.messages_about(ticket.id, Some(kind), to, 1).await?.pop());
    Ok(match about.letter {
        LetterName::Partner => {
            let said = last(Kind::Referral, To::Service).await?;
            said.filter(|said| said.door.is_some()).and_then(|said| reader.retold(vec![said]))
        }
        LetterName::Ticket(kind, audience) => {
            let to = match audience {
                Audience::Service => To::Service,
                Audience::Agent => To::Person { user: None },
                Audience::Resident => To::Resident,
            };
            // A partner with a link is told by another letter.
            let said = last(kind, to).await?.filter(|said| kind != Kind::Referral || said.door.is_none());
            said.and_then(|said| reader.retold(vec![said]))
        }
        LetterName::Turns | LetterName::Digest => match ticket.referrer {
            Referrer::Person(user) => {
                reader.retold(cx.store.messages_about(ticket.id, None, To::Person { user: Some(user) }, TURNS).await?)
            }
            Referrer::Client(_) => None,
        },
        LetterName::Concern(news) => match cx.store.last_message_of_concern(ticket.concern, news).await? {
            Some(at) => Some(concern(cx, &reader, news, scope, &ticket, at).await?),
            None => None,
        },
        LetterName::Cafe => cafe(cx, &reader, &ticket).await?,
        LetterName::Late if ticket.is_late(cx.now()) => {
            let (category, service) =
                city.category(&ticket.category).zip(city.service(&ticket.service)).ok_or_else(lost)?;
            let late = Late { tickets: vec![(ticket.clone(), category.clone(), service.clone())], more: 0 };
            let to = Recipient::Person { user: who.person().user };
            Some(Real { late: Some(late), ..reader.told(Topic::Late, cx.now(), to, None) })
        }
        LetterName::Late | LetterName::UnplacedMail | LetterName::Account(_) => None,
    })
}

fn lost() -> Error {
    Error::Corrupt("the ticket's category or service is no longer in use".to_owned())
}

/// Who looks, and at what.
struct Reader<'a> {
    city: &'a City,
    who: &'a Grant<PreviewLetters>,
    about: &'a About,
}

impl Reader<'_> {
    /// The letter of these messages; none when there is none, or the last one would not be written any more.
    fn retold(&self, said: Vec<Said>) -> Option<Real> {
        let last = said.last()?.clone();
        if !self.still_told(&last) {
            return None;
        }
        let at = last.about.at;
        let mut turns = said.into_iter().map(|said| said.about);
        let first = turns.next()?;
        let also = turns.collect();
        let mut real = self.told(Topic::Ticket(Box::new(first)), at, last.recipient.clone(), Some(&last));
        real.mail.also = also;
        Some(real)
    }

    /// Whether it would still be written, as the ticket is now.
    fn still_told(&self, said: &Said) -> bool {
        let ticket = &said.about.ticket;
        let theirs = match &said.recipient {
            Recipient::Service { code } => *code == ticket.service || *code == self.city.settings.dispatcher_desk,
            _ => true,
        };
        match said.about.kind {
            Kind::Referral | Kind::Reminder | Kind::DueAgain | Kind::Message | Kind::Answered | Kind::Unattended => {
                theirs
            }
            Kind::Renewed => theirs && said.door.is_some(),
            Kind::Merged => said.about.main.is_some(),
            Kind::AskedAgain => ticket.closure_reason.is_some(),
            Kind::Refused
            | Kind::Acknowledged
            | Kind::Outcome
            | Kind::Progress
            | Kind::Withdrawn
            | Kind::Watched
            | Kind::Assigned
            | Kind::Mention
            | Kind::Cancelled
            | Kind::Forwarded
            | Kind::Undeliverable => true,
        }
    }

    /// What a worker would have leased. Who looks stands in for any person; there is no address, and links lead nowhere.
    fn told(&self, topic: Topic, at: DateTime<Utc>, recipient: Recipient, said: Option<&Said>) -> Real {
        let (email, language) = (String::new(), self.about.language);
        let addressee = match &recipient {
            Recipient::Service { .. } | Recipient::Client { .. } => {
                Addressee::Service { email, door: said.and_then(|said| said.door.clone()) }
            }
            Recipient::Person { .. } | Recipient::Member { .. } => {
                Addressee::Person { email, language, person: self.who.person().clone() }
            }
            Recipient::Resident { concern } => {
                Addressee::Resident { concern: *concern, email, language, token: NO_TOKEN.to_owned() }
            }
        };
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
            returns: Returns::default(),
        };
        Real { mail, addressee, late: None }
    }
}

/// The ticket's concern, with those of its tickets that the reader reaches.
async fn concern(
    cx: &Context,
    reader: &Reader<'_>,
    news: News,
    scope: &Scope,
    ticket: &Ticket,
    at: DateTime<Utc>,
) -> Result<Real, Error> {
    let city = reader.city;
    let (heard, tickets) = cx.store.concern(scope, ticket.concern).await?.ok_or_else(lost)?;
    let referred = |ticket: &Ticket| {
        let service = city.service(&ticket.service)?.clone();
        Some(Referred { reference: ticket.reference.clone(), state: ticket.state, service })
    };
    let category = city.category(&ticket.category).cloned().ok_or_else(lost)?;
    let about = AboutConcern {
        news,
        category,
        tickets: tickets.iter().filter_map(referred).collect(),
        heard_at: heard.filed_at,
    };
    let to = Recipient::Resident { concern: ticket.concern };
    Ok(reader.told(Topic::Concern(Box::new(about)), at, to, None))
}

/// The ticket as one that is due back before the next café; none when none is planned where it was heard, or it owes
/// nothing.
async fn cafe(cx: &Context, reader: &Reader<'_>, ticket: &Ticket) -> Result<Option<Real>, Error> {
    let city = reader.city;
    let service = match ticket.state {
        State::Resolved | State::Closed | State::Cancelled => return Ok(None),
        State::Refused => &city.settings.dispatcher_desk,
        State::Submitted | State::Acknowledged | State::Scheduled | State::InProgress | State::OnHold => {
            &ticket.service
        }
    };
    let next = cx.store.next_cafe_after_hearing(ticket.id, city.cafe_zoning(), cx.now()).await?;
    let Some(cafe) = next else { return Ok(None) };
    let subject = city.category(&ticket.category).map(|category| &category.label);
    let occasion = Occasion::Cafe { title: cafe.title, address: cafe.place.address, starts_at: cafe.starts_at };
    let list = TicketList::new(occasion, vec![Line::of(ticket, subject)]);
    let to = Recipient::Service { code: service.clone() };
    Ok(Some(reader.told(Topic::List(list), cx.now(), to, None)))
}
