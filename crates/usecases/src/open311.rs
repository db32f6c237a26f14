//! Service requests, as other programs send and follow them (Open311 GeoReport v2). Reading is for everybody: there is
//! nothing in it but what the public may know.

mod photograph;

use auth::Grant;
use auth::permission::UseOpen311;
use chrono::{DateTime, Utc};
use domain::city::City;
use domain::concern::Origin;
use domain::id::TicketId;
use domain::place::{Point, Whereabouts};
use domain::rights::{Caller, Client};
use domain::text::{Message, Note};
use domain::ticket::cancel::Cancel;
use domain::ticket::event::Part;
use domain::ticket::reopen::Reopen;
use domain::ticket::{Action, Change, Refusal, State, Ticket};
use geocoder::{Found, Kind};
use store::Error;
use uuid::Uuid;

pub use photograph::{MOST, PhotographError, Photographs, Refused, fetch_due};
pub use store::Window;
pub use store::open311::{Following, Request, Sort, Update, Wanted};

use crate::concern::{File, FileError, Filed, prepare};
use crate::ticket::{save, to_referrer};
use crate::{Context, NoCity, of};
use photograph::{Enclosed, Looked};

/// How well an address must fit for its point to be taken, from 0 to 1.
const FITS: f64 = 0.45;

/// The program that asks: no role has the right.
const fn program(who: &Grant<UseOpen311>) -> Option<&Client> {
    match who.caller() {
        Caller::Client(client) => Some(client),
        Caller::Person(_) => None,
    }
}

/// Why no request is made.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// The program is limited to other categories.
    #[error("the program is limited to other categories")]
    OutsideLimits,
    /// The concern cannot be filed.
    #[error(transparent)]
    File(#[from] FileError),
    /// Its photographs are not taken.
    #[error(transparent)]
    Photograph(#[from] PhotographError),
}

impl From<Error> for RequestError {
    fn from(error: Error) -> Self {
        Self::File(error.into())
    }
}

/// Files what a program sends, as heard over Open311, with its photographs. When it only tries, everything is held against
/// the city and nothing is kept: none is given back.
///
/// # Errors
/// See [`RequestError`].
pub async fn request(
    cx: &Context,
    who: &Grant<UseOpen311>,
    mut cmd: File,
    photographs: Photographs,
    trying: bool,
) -> Result<Option<Filed>, RequestError> {
    let client = program(who).ok_or(RequestError::OutsideLimits)?;
    if !client.categories.is_empty() && !client.categories.contains(&cmd.category) {
        return Err(RequestError::OutsideLimits);
    }
    if cmd.place.point.is_none() {
        cmd.place.point = located(cx, of(&*cx.city().map_err(FileError::from)?), &cmd.place).await;
    }
    let ready = prepare(cx, who, File { origin: Origin::Open311, ..cmd }, true).await?;
    let looked = Looked::at(cx, photographs).await?;
    if trying {
        return Ok(None);
    }
    let enclosed = looked.lay(cx, ready.tickets()).await?;
    let loaded = ready.loaded().clone();
    let written = async {
        let tx = cx.store.begin().await?;
        let filed = ready.write(cx, &tx, who).await?;
        enclosed.enclose(cx, &loaded, &tx, filed.tickets.clone(), client.client).await?;
        Ok((tx, filed))
    };
    let (tx, filed) = match written.await {
        Ok(written) => written,
        Err(error) => {
            enclosed.discard(cx, 0).await;
            return Err(error);
        }
    };
    // Whether the database committed may not be known: then the sweep finds out.
    tx.commit().await?;
    cx.wake.notify_one();
    Ok(Some(filed))
}

/// The point of an address, if a geocoder knows it well enough, and it is in the city.
async fn located(cx: &Context, city: &City, place: &Whereabouts) -> Option<Point> {
    let (geocoder, address) = (cx.geocoder.as_ref()?, place.address.as_ref()?);
    // Without an answer, the address alone has to do.
    let found = geocoder.search(address.as_str(), &city.settings.insee, None, 1).await.ok()?;
    let fits = |one: &&Found| one.score >= FITS && !matches!(one.kind, Kind::Municipality | Kind::Other);
    let best = found.first().filter(fits).map(|one| one.point);
    best.filter(|point| city.is_inside(&city.areas_at(*point)))
}

/// The requests that are asked for, as far as the public is told of them.
///
/// # Errors
/// See [`ReadError`].
pub async fn requests(cx: &Context, mut wanted: Wanted) -> Result<Vec<Request>, ReadError> {
    // PostgreSQL has no text with such a character.
    if wanted.references.iter().any(|reference| reference.contains('\0')) {
        wanted.references.retain(|reference| !reference.contains('\0'));
        if wanted.references.is_empty() {
            return Ok(Vec::new());
        }
    }
    wanted.hidden = cx.city()?.hidden_from_public();
    Ok(cx.store.service_requests(&wanted).await?)
}

/// Why nothing can be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// No city is loaded.
    #[error(transparent)]
    NoCity(#[from] NoCity),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] Error),
}

/// What happened in that time to requests within the program's limits, the first thing first; not what it did itself.
///
/// # Errors
/// See [`ReadError`].
pub async fn updates(
    cx: &Context,
    who: &Grant<UseOpen311>,
    window: Window,
    limit: u64,
) -> Result<Vec<Update>, ReadError> {
    let hidden = cx.city()?.hidden_from_public();
    let Some(client) = program(who) else { return Ok(Vec::new()) };
    let following = Following {
        not_by: Some(client.client),
        services: client.services.iter().cloned().collect(),
        categories: client.categories.iter().cloned().collect(),
        hidden,
    };
    Ok(cx.store.service_request_updates(window, &following, limit).await?)
}

/// What a program says of a request that it sent.
pub struct Say {
    /// As the program calls it.
    pub update: String,
    /// The reference of the request.
    pub request: String,
    /// What is to become of it, unless it is so already: then, and if it is nothing, its service is told the text.
    pub wish: Option<Wish>,
    /// In whose words.
    pub text: Note,
    /// What comes with it.
    pub photographs: Photographs,
}

/// What is to become of a request.
#[derive(Debug, Clone, Copy)]
pub struct Wish {
    /// What would have to be done.
    pub action: Action,
    /// In which states it is so already.
    pub holds_in: &'static [State],
}

/// Why an update is not taken.
#[derive(Debug, thiserror::Error)]
pub enum SayError {
    /// The public knows of no such request.
    #[error("there is no such request")]
    NotFound,
    /// Another program sent the request, or an officer filed it.
    #[error("the request is not the program's own")]
    NotTheirs,
    /// The program sent another update of that name.
    #[error("the update's name belongs to another request")]
    NameReused,
    /// The lifecycle, or the program's part in it, does not allow it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Its photographs are not taken.
    #[error(transparent)]
    Photograph(#[from] PhotographError),
    /// No city is loaded.
    #[error(transparent)]
    NoCity(#[from] NoCity),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] Error),
}

/// Takes an update of a request by the program that sent it: the same one, sent twice, is one. Gives back what it is called
/// here.
///
/// # Errors
/// See [`SayError`].
pub async fn say(cx: &Context, who: &Grant<UseOpen311>, cmd: Say) -> Result<Uuid, SayError> {
    let Say { update, request, wish, text, photographs } = cmd;
    let sent = !photographs.sent.is_empty();
    // A request gets no more tickets than it has, but by being split: those have the photographs of their origin.
    let most = if sent {
        let tickets = cx.store.request_tickets(&request, &cx.city()?.hidden_from_public()).await?;
        if !who.caller().filed(tickets.first().ok_or(SayError::NotFound)?) {
            return Err(SayError::NotTheirs);
        }
        tickets.len()
    } else {
        0
    };
    let enclosed = Looked::at(cx, photographs).await?.lay(cx, most).await?;
    let said = said(cx, who, (&update, &request), wish, text, &enclosed).await;
    match &said {
        Ok((_, used)) => enclosed.discard(cx, *used).await,
        // Whether the database committed may not be known: then the sweep finds out.
        Err(SayError::Store(_)) => {}
        Err(_) => enclosed.discard(cx, 0).await,
    }
    said.map(|(id, _)| id)
}

/// Takes an update. Gives back what it is called, and how many tickets had photographs.
async fn said(
    cx: &Context,
    who: &Grant<UseOpen311>,
    (update, request): (&str, &str),
    wish: Option<Wish>,
    text: Note,
    enclosed: &Enclosed,
) -> Result<(Uuid, usize), SayError> {
    let (loaded, now) = (cx.city()?, cx.now());
    let client = program(who).ok_or(SayError::NotTheirs)?;
    let tx = cx.store.begin().await?;
    let tickets = tx.lock_request(request, &loaded.hidden_from_public()).await?;
    let first = tickets.first().ok_or(SayError::NotFound)?;
    if !who.caller().filed(first) {
        return Err(SayError::NotTheirs);
    }
    let (first, id) = (first.id, cx.ids.next());
    if let Some(known) = tx.claim_update(client.client, update, first, id, now).await? {
        let same = |(of, id): (TicketId, Uuid)| (of == first).then_some((id, 0));
        return same(known).ok_or(SayError::NameReused);
    }
    let by = || who.caller().in_part(Part::Referrer);
    let mut concerned = concerned(tickets, wish, now);
    match wish.filter(|wish| !concerned.iter().all(|ticket| wish.holds_in.contains(&ticket.state))) {
        None => {
            let text = Message::try_from(String::from(text)).map_err(|error| Error::Corrupt(error.to_string()))?;
            for ticket in &concerned {
                to_referrer(cx, &tx, ticket, by(), text.clone()).await?;
            }
        }
        Some(Wish { action, .. }) => {
            let change = |ticket| changed(ticket, action, text.clone(), of(&loaded), now);
            let changes = concerned.into_iter().map(|ticket| Ok((change(ticket)?, by())));
            let changes = changes.collect::<Result<_, Refusal>>()?;
            concerned = save(cx, &loaded, &tx, changes, now).await?;
        }
    }
    let used = concerned.len();
    enclosed.enclose(cx, &loaded, &tx, concerned, client.client).await?;
    tx.commit().await?;
    cx.wake.notify_one();
    Ok((id, used))
}

/// Which of a request's tickets an update is about: those that have not ended; when all have, those that can be reopened, or
/// one.
fn concerned(mut tickets: Vec<Ticket>, wish: Option<Wish>, now: DateTime<Utc>) -> Vec<Ticket> {
    if tickets.iter().any(Ticket::is_open) {
        tickets.retain(Ticket::is_open);
        return tickets;
    }
    let reopening = wish.is_some_and(|wish| wish.action == Action::Reopen);
    if reopening && tickets.iter().any(|ticket| ticket.allows(Action::Reopen, now).is_ok()) {
        tickets.retain(|ticket| ticket.allows(Action::Reopen, now).is_ok());
        return tickets;
    }
    tickets.sort_by_key(|ticket| ticket.state == State::Cancelled);
    tickets.truncate(1);
    tickets
}

/// What who filed a concern may do with a ticket of it: have it again, and call it off while nobody has taken it in hand.
fn changed(ticket: Ticket, action: Action, note: Note, city: &City, now: DateTime<Utc>) -> Result<Change, Refusal> {
    ticket.allows(action, now)?;
    match action {
        Action::Reopen => Reopen { note }.apply(ticket, city, now),
        Action::Cancel if ticket.state == State::Submitted => Cancel { note, message_to_resident: None }.apply(ticket),
        _ => Err(Refusal::NotTheirs(action)),
    }
}
