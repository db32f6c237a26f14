//! A letter as it would be written, of a ticket that there is or of a made-up one. Nothing is sent.

use auth::Grant;
use auth::permission::PreviewLetters;
use domain::city::City;
use domain::city::catalogue::Audience;
use domain::id::MessageId;
use domain::language::Language;
use domain::rights::Caller;
use domain::ticket::notice::{Kind, Recipient, Told as Hears};
use domain::ticket::{Event, Fact, Ticket};
use store::outbox::{About as Told, Addressee, Leased, Topic};
use store::ticket::Named;
use store::{Error, Scope};
use uuid::Uuid;

use crate::{Context, NoCity, of};

/// How many events are looked through at once.
const PAGE: u64 = 200;

/// Stands where the token of the resident's link would: who looks at a letter is not to follow it.
const NO_TOKEN: &str = "-";

/// Writes letters without sending them. What writes and sends them cannot be named here, so that no use case sends one.
pub trait Letters: Send + Sync {
    /// The letter, in the name of the city and with its words: of what is told of a ticket and to whom, or of a made-up
    /// ticket. None when nobody of that audience is told of this.
    ///
    /// # Errors
    /// When it cannot be written: why.
    fn write(
        &self,
        city: &City,
        about: &About,
        told: Option<(&Leased, &Told, &Addressee)>,
    ) -> Result<Option<Written>, String>;
}

/// A letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// One line.
    pub subject: String,
    /// The whole as plain text.
    pub text: String,
    /// The whole as a document of its own.
    pub html: String,
}

/// Which letter.
#[derive(Debug, Clone)]
pub struct About {
    /// Which message.
    pub kind: Kind,
    /// To whom.
    pub audience: Audience,
    /// In which language.
    pub language: Language,
    /// About which ticket; about a made-up one, when absent.
    pub ticket: Option<Named>,
}

/// Why there is nothing to be seen.
#[derive(Debug, thiserror::Error)]
pub enum PreviewError {
    /// There is no such ticket within the caller's reach.
    #[error("there is no such ticket")]
    NotFound,
    /// Nobody of that audience is told of this.
    #[error("there is no such letter")]
    NoSuchLetter,
    /// The ticket has taken no turn that this letter tells of.
    #[error("the ticket has taken no such turn")]
    NoSuchTurn,
    /// The letter cannot be written.
    #[error("the letter cannot be written: {0}")]
    Unwritable(String),
    /// No city is loaded.
    #[error(transparent)]
    NoCity(#[from] NoCity),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] Error),
}

/// The letter: of the ticket's last turn that it tells of.
///
/// # Errors
/// See [`PreviewError`].
pub async fn preview(cx: &Context, who: &Grant<PreviewLetters>, about: &About) -> Result<Written, PreviewError> {
    let loaded = cx.city()?;
    let city = of(&loaded);
    let written = match &about.ticket {
        None => cx.letters.write(city, about, None),
        Some(name) => {
            let scope = Scope::of(&Caller::Person(who.person().clone()));
            let ticket = cx.store.ticket(&scope, name).await?.ok_or(PreviewError::NotFound)?;
            let event = last(cx, &ticket, about.kind).await?.ok_or(PreviewError::NoSuchTurn)?;
            let (leased, told, addressee) = as_leased(city, who, about, ticket, event)?;
            cx.letters.write(city, about, Some((&leased, &told, &addressee)))
        }
    };
    written.map_err(PreviewError::Unwritable)?.ok_or(PreviewError::NoSuchLetter)
}

/// The last event of which such a letter tells.
async fn last(cx: &Context, ticket: &Ticket, kind: Kind) -> Result<Option<Event>, Error> {
    let (mut found, mut after) = (None, Some(0));
    while let Some(from) = after {
        let page = cx.store.timeline(ticket.id, from, PAGE).await?;
        after = page.next;
        found =
            page.items.into_iter().map(|entry| entry.event).rfind(|event| tells(kind, &event.fact, ticket)).or(found);
    }
    Ok(found)
}

/// Whether a letter of that kind tells of it.
fn tells(kind: Kind, fact: &Fact, ticket: &Ticket) -> bool {
    let ended = matches!(fact, Fact::Resolved { .. } | Fact::Closed { closure_reason: Some(_), .. });
    match kind {
        Kind::Referral => {
            matches!(
                fact,
                Fact::Submitted { .. } | Fact::Rerouted { .. } | Fact::Reopened { .. } | Fact::Unmerged { .. }
            )
        }
        Kind::Refused => matches!(fact, Fact::Refused { .. }),
        Kind::Acknowledged => matches!(fact, Fact::Acknowledged { .. }),
        Kind::Outcome => ended,
        Kind::Progress => matches!(fact, Fact::Submitted { .. }) || (!ended && fact.told(ticket) != Hears::Nobody),
        Kind::Watched => ended || matches!(fact, Fact::Submitted { .. }) || fact.told(ticket) != Hears::Nobody,
        Kind::Withdrawn => matches!(fact, Fact::Rerouted { .. } | Fact::Cancelled { .. } | Fact::Merged { .. }),
        Kind::Assigned => matches!(fact, Fact::Acknowledged { .. } | Fact::Assigned { .. }),
        Kind::Reminder | Kind::Mention | Kind::Message => true,
    }
}

/// What a worker would have leased, were it told now.
fn as_leased(
    city: &City,
    who: &Grant<PreviewLetters>,
    about: &About,
    ticket: Ticket,
    event: Event,
) -> Result<(Leased, Told, Addressee), Error> {
    let lost = || Error::Corrupt("the ticket's category or service is no longer in use".to_owned());
    let category = city.category(&ticket.category).cloned().ok_or_else(lost)?;
    let service = city.service(&ticket.service).cloned().ok_or_else(lost)?;
    let (email, language, person) = (String::new(), about.language, who.person().clone());
    let (recipient, addressee) = match about.audience {
        Audience::Service => (Recipient::Service { code: ticket.service.clone() }, Addressee::Service { email }),
        Audience::Agent => (Recipient::Person { user: person.user }, Addressee::Person { email, language, person }),
        Audience::Resident => {
            let addressee =
                Addressee::Resident { email, language, token: NO_TOKEN.to_owned(), heard_at: ticket.filed_at };
            (Recipient::Resident { concern: ticket.concern }, addressee)
        }
    };
    let at = event.at;
    let told = Told { kind: about.kind, ticket, event, category, service, recipient: recipient.clone(), at };
    let leased = Leased {
        id: MessageId(Uuid::nil()),
        recipient,
        addressee: None,
        topic: Topic::Ticket(Box::new(told.clone())),
        also: Vec::new(),
        attempt: 1,
        since: at,
        leaves_at: at,
    };
    Ok((leased, told, addressee))
}
