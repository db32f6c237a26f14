//! Photographs that come with requests and updates. What is sent along is attached in the transaction that takes the request;
//! what is elsewhere (`media_url`) is fetched afterwards by a worker.

use chrono::TimeDelta;
use domain::attachment::Refusal as TicketRefusal;
use domain::id::ClientId;
use domain::text::Message;
use domain::ticket::event::Part;
use domain::ticket::{Actor, Ticket};
use fetch::Failure;
use files::{Error as FileError, Made, Refusal as FileRefusal, Spooled};
use store::city::Loaded;
use store::open311::Awaited;
use store::ticket::Named;
use store::{Error, Scope, Tx};
use tokio::task::JoinSet;
use url::Url;

use crate::inbound::NotKept;
use crate::ticket::attachment::{Laid, NotAttached};
use crate::ticket::to_referrer;
use crate::{Context, NoCity};

pub use fetch::Refused;

/// How many come with a request, or with an update, at most.
pub const MOST: usize = 10;

/// How many a worker fetches at once.
const AT_ONCE: u32 = 16;

/// How long nobody else fetches one: longer than it takes.
const LEASED: TimeDelta = TimeDelta::minutes(5);

/// When it is tried again to add one that was had, if that failed here: as often as it takes.
const AGAIN_HERE: TimeDelta = TimeDelta::minutes(5);

/// When one is fetched again that could not be had; after the last, no more.
const AGAIN: [TimeDelta; 5] =
    [TimeDelta::minutes(1), TimeDelta::minutes(10), TimeDelta::hours(1), TimeDelta::hours(6), TimeDelta::hours(24)];

/// What comes with a request or an update.
#[derive(Default)]
pub struct Photographs {
    /// What was sent along, with the names that it was given.
    pub sent: Vec<(String, Spooled)>,
    /// Where others are.
    pub named: Vec<Url>,
}

/// Why photographs are not taken.
#[derive(Debug, thiserror::Error)]
pub enum PhotographError {
    /// There are more than [`MOST`].
    #[error("too many photographs")]
    TooMany,
    /// Nothing is fetched from there.
    #[error("a photograph is where nothing is fetched from: {why}")]
    Elsewhere {
        /// Where.
        url: Url,
        /// Why.
        why: Refused,
    },
    /// One that was sent along is not accepted.
    #[error("a photograph is not accepted: {why}")]
    Sent {
        /// The name that it was given.
        name: String,
        /// Why.
        why: FileRefusal,
    },
    /// They cannot be kept now.
    #[error(transparent)]
    File(FileError),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] Error),
}

impl From<FileError> for PhotographError {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}

/// Photographs that nothing is wrong with.
pub(super) struct Looked {
    made: Vec<(String, Made)>,
    named: Vec<Url>,
}

impl Looked {
    /// Looks into what was sent, and at where the others are.
    pub(super) async fn at(cx: &Context, photographs: Photographs) -> Result<Self, PhotographError> {
        let Photographs { sent, named } = photographs;
        if sent.len() + named.len() > MOST {
            return Err(PhotographError::TooMany);
        }
        for url in &named {
            cx.fetcher.check(url).map_err(|why| PhotographError::Elsewhere { url: url.clone(), why })?;
        }
        let mut made = Vec::with_capacity(sent.len());
        for (name, file) in sent {
            match cx.files.make(file).await {
                Ok(one) => made.push((name, one)),
                Err(FileError::Refused(why)) => return Err(PhotographError::Sent { name, why }),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Self { made, named })
    }

    /// Lays those that were sent ready for so many tickets.
    pub(super) async fn lay(self, cx: &Context, tickets: usize) -> Result<Enclosed, PhotographError> {
        let mut enclosed = Enclosed { laid: Vec::new(), named: self.named };
        for _ in 0..tickets {
            let mut of_one = Vec::with_capacity(self.made.len());
            for (name, made) in &self.made {
                match Laid::lay::<PhotographError>(cx, made.clone(), name).await {
                    Ok(laid) => of_one.push(laid),
                    Err(error) => {
                        enclosed.laid.push(of_one);
                        enclosed.discard(cx, 0).await;
                        return Err(error);
                    }
                }
            }
            enclosed.laid.push(of_one);
        }
        Ok(enclosed)
    }
}

/// Photographs on their way to tickets: for each its own.
pub(super) struct Enclosed {
    laid: Vec<Vec<Laid>>,
    named: Vec<Url>,
}

impl Enclosed {
    /// Gives each of the tickets, which the transaction has locked or made, its photographs, or a message that it could not
    /// have them.
    pub(super) async fn enclose(
        &self,
        cx: &Context,
        loaded: &Loaded,
        tx: &Tx,
        tickets: Vec<Ticket>,
        client: ClientId,
    ) -> Result<(), PhotographError> {
        let now = cx.now();
        for (nth, mut ticket) in tickets.into_iter().enumerate() {
            for laid in self.laid.get(nth).into_iter().flatten() {
                ticket = attach(cx, loaded, tx, ticket, laid, client, "jointe").await?;
            }
            for url in &self.named {
                tx.await_photograph(cx.ids.next(), ticket.id, client, url, now).await?;
            }
        }
        Ok(())
    }

    /// Deletes what lies ready for tickets beyond so many: it is not used.
    pub(super) async fn discard(&self, cx: &Context, used: usize) {
        for laid in self.laid.iter().skip(used).flatten() {
            laid.discard(cx).await;
        }
    }
}

const fn by(client: ClientId) -> Actor {
    Actor::Client { client, part: Part::Referrer }
}

/// Makes a photograph an attachment of the ticket. When the ticket does not take it, its service is told.
async fn attach(
    cx: &Context,
    loaded: &Loaded,
    tx: &Tx,
    ticket: Ticket,
    laid: &Laid,
    client: ClientId,
    which: &str,
) -> Result<Ticket, PhotographError> {
    match laid.attach(cx, loaded, tx, ticket.clone(), &by(client)).await {
        Ok((_, ticket)) => Ok(ticket),
        Err(NotAttached::Refused(why)) => {
            let full = why == TicketRefusal::Full;
            let why = if full { NotKept::AttachmentsFull } else { NotKept::TicketEnded };
            not_kept(cx, tx, &ticket, client, which, why.told()).await?;
            Ok(ticket)
        }
        Err(NotAttached::File(error)) => Err(error.into()),
        Err(NotAttached::Store(error)) => Err(error.into()),
    }
}

/// Tells the ticket's service of a photograph that it does not have.
async fn not_kept(
    cx: &Context,
    tx: &Tx,
    ticket: &Ticket,
    client: ClientId,
    which: &str,
    why: &str,
) -> Result<(), Error> {
    let text = format!("Une photographie {which} n’a pas pu être reprise : {why}.");
    let text = Message::try_from(text).map_err(|error| Error::Corrupt(error.to_string()))?;
    to_referrer(cx, tx, ticket, by(client), text).await.map(drop)
}

/// Fetches some photographs that are due. Returns how many; when none, no more are due.
///
/// # Errors
/// When the database does not answer.
pub async fn fetch_due(cx: &Context) -> Result<usize, Error> {
    let now = cx.now();
    let due = cx.store.lease_photographs(now, now + LEASED, AT_ONCE).await?;
    let count = due.len();
    let mut under_way: JoinSet<()> = JoinSet::new();
    for photograph in due {
        let cx = cx.clone();
        under_way.spawn(async move {
            let fetched = tokio::select! {
                fetched = fetch_one(&cx, &photograph) => fetched,
                // At once, by others.
                () = cx.out_of_time() => {
                    cx.store.await_photograph_again(&photograph, cx.now(), false).await.map_err(AddError::from)
                }
            };
            if let Err(error) = fetched {
                tracing::warn!(%error, ticket = %photograph.ticket, "a photograph could not be added; trying again");
            }
        });
    }
    under_way.join_all().await;
    Ok(count)
}

/// Why a photograph is not had from elsewhere.
enum Missed {
    /// It may be had another time.
    Now(&'static str),
    /// The fault is ours.
    Here,
    /// It will never be accepted.
    Always(&'static str),
}

/// Why a photograph that was fetched is not added now.
#[derive(Debug, thiserror::Error)]
enum AddError {
    #[error(transparent)]
    Photograph(#[from] PhotographError),
    #[error(transparent)]
    NoCity(#[from] NoCity),
    #[error(transparent)]
    Store(#[from] Error),
}

async fn fetch_one(cx: &Context, photograph: &Awaited) -> Result<(), AddError> {
    let why = match fetched(cx, &photograph.url).await {
        Ok(made) => {
            let added = add(cx, photograph, made).await;
            if added.is_err() {
                cx.store.await_photograph_again(photograph, cx.now() + AGAIN_HERE, false).await?;
            }
            return added;
        }
        Err(Missed::Here) => {
            return Ok(cx.store.await_photograph_again(photograph, cx.now() + AGAIN_HERE, false).await?);
        }
        Err(Missed::Always(why)) => why,
        Err(Missed::Now(why)) => match AGAIN.get(photograph.attempts.saturating_sub(1) as usize) {
            Some(after) => return Ok(cx.store.await_photograph_again(photograph, cx.now() + *after, true).await?),
            None => why,
        },
    };
    let tx = cx.store.begin().await?;
    if tx.no_longer_await(photograph).await?
        && let Some(ticket) = tx.lock_ticket(&Scope::everything(), &Named::Id(photograph.ticket)).await?
    {
        not_kept(cx, &tx, &ticket, photograph.client, &where_from(&photograph.url), why).await?;
    }
    tx.commit().await?;
    cx.wake.notify_one();
    Ok(())
}

/// A URL may hold more than others should read: its host is told.
fn where_from(url: &Url) -> String {
    format!("de {}", url.host_str().unwrap_or_default())
}

/// What was made of the photograph that is there.
async fn fetched(cx: &Context, url: &Url) -> Result<Made, Missed> {
    let mut answer = cx.fetcher.get(url).await?;
    if answer.status() != 200 {
        return Err(Missed::Now("le serveur ne la donne pas"));
    }
    let mut spool = cx.files.receive().await?;
    while let Some(chunk) = answer.chunk().await? {
        spool.take(&chunk).await?;
    }
    Ok(cx.files.make(spool.end().await?).await?)
}

impl From<Failure> for Missed {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(_) => Self::Always("rien n’est demandé à cette adresse"),
            Failure::Unreachable => Self::Now("le serveur ne répond pas"),
            Failure::Timeout => Self::Now("le serveur répond trop lentement"),
            Failure::Broken => Self::Now("la connexion s’est interrompue"),
        }
    }
}

impl From<FileError> for Missed {
    fn from(error: FileError) -> Self {
        match error {
            FileError::Refused(why) => Self::Always(NotKept::from(why).told()),
            error @ (FileError::Unavailable(_) | FileError::Missing(_)) => {
                tracing::warn!(%error, "a photograph that was fetched could not be kept");
                Self::Here
            }
        }
    }
}

/// Adds a photograph that was fetched, unless somebody else has meanwhile.
async fn add(cx: &Context, photograph: &Awaited, made: Made) -> Result<(), AddError> {
    let name = photograph.url.path_segments().and_then(Iterator::last).unwrap_or_default();
    let laid = Laid::lay::<PhotographError>(cx, made, name).await?;
    let loaded = cx.city()?;
    let tx = cx.store.begin().await?;
    let awaited = tx.no_longer_await(photograph).await?;
    let ticket = tx.lock_ticket(&Scope::everything(), &Named::Id(photograph.ticket)).await?;
    let (true, Some(ticket)) = (awaited, ticket) else {
        drop(tx);
        laid.discard(cx).await;
        return Ok(());
    };
    let which = where_from(&photograph.url);
    attach(cx, &loaded, &tx, ticket, &laid, photograph.client, &which).await?;
    tx.commit().await?;
    cx.wake.notify_one();
    Ok(())
}
