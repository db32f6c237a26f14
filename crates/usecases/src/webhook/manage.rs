//! What a program does with its webhooks.

use auth::Grant;
use auth::permission::FollowEvents;
use domain::audit::Act;
use domain::feed::{CloudEvent, EventType, Filter};
use domain::id::{AreaCode, CategoryCode, ServiceCode, WebhookId, ZoningCode};
use domain::rights::{Client, ClientScope};
use domain::webhook::{Because, OVERLAP, Ping};
use fetch::Refused;
use store::city::Loaded;
use store::webhook::{Delivery, Webhook};
use store::{Error, Page, Tx};
use url::Url;
use uuid::Uuid;

use super::sign::{json, shown};
use crate::once::{Done, KeyReused, Once};
use crate::{Context, NoCity, put};

/// How many webhooks a program has at most.
const MOST: i64 = 20;

/// How many secrets of a webhook sign at once.
const SECRETS: i64 = 5;

/// What is wrong with a webhook as it shall be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Nothing is sent there.
    Url(Refused),
    /// The URL holds a fragment, which is never sent.
    Fragment,
    /// The program is told of no such events: it lacks the scope.
    Scope(EventType),
    /// The program is limited to other services.
    BeyondService(ServiceCode),
    /// The program is limited to other categories.
    BeyondCategory(CategoryCode),
    /// The city has and had no such service.
    UnknownService(ServiceCode),
    /// The city has and had no such category.
    UnknownCategory(CategoryCode),
    /// The city has no such zoning.
    UnknownZoning(ZoningCode),
    /// A zoning of the city has no such area.
    UnknownArea(ZoningCode, AreaCode),
}

/// Why something is not done with a webhook.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// The program has none of that id.
    #[error("there is no such webhook")]
    NotFound,
    /// The token was narrowed: it lacks scopes by which the program is told of events, and so would its webhooks tell more.
    #[error("the token lacks scopes of its program: {0:?}")]
    Narrowed(Vec<ClientScope>),
    /// It has changed since the program saw it.
    #[error("the webhook has changed; it is at version {0} now")]
    Stale(i64),
    /// Something is wrong with what it shall be: every fault at once.
    #[error("the webhook cannot be as it shall be: {0:?}")]
    Invalid(Vec<Fault>),
    /// The program has as many as one can have.
    #[error("there are too many webhooks")]
    TooMany,
    /// As many of its secrets sign as can.
    #[error("too many secrets sign")]
    TooManySecrets,
    /// The idempotency key was used for another request.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
    /// No city is loaded.
    #[error(transparent)]
    NoCity(#[from] NoCity),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] Error),
}

/// A new webhook, and its secret, which is told this once only.
#[derive(Debug, Clone)]
pub struct Created {
    /// The webhook.
    pub webhook: Webhook,
    /// Its secret, as its receiver keeps it.
    pub secret: String,
}

/// What is wrong with where events are to be sent.
fn misdirected(cx: &Context, url: &Url) -> impl Iterator<Item = Fault> {
    cx.fetcher.check(url).err().map(Fault::Url).into_iter().chain(url.fragment().map(|_| Fault::Fragment))
}

/// What is asked for that the city does not have, or that the program is not told of.
fn unheard(city: &Loaded, who: &Client, filter: &Filter) -> Vec<Fault> {
    let Filter { types, services, categories, areas } = filter;
    let gone = services.iter().filter(|code| !city.knows_service(code)).cloned().map(Fault::UnknownService);
    let mut faults: Vec<Fault> = gone.collect();
    faults.extend(categories.iter().filter(|code| !city.knows_category(code)).cloned().map(Fault::UnknownCategory));
    let unknown = |(zoning, _): &&(ZoningCode, AreaCode)| !city.knows_zoning(zoning);
    faults.extend(areas.iter().filter(unknown).map(|(zoning, _)| Fault::UnknownZoning(zoning.clone())));
    faults.extend(types.iter().copied().filter(|one| !who.scopes.contains(&one.scope())).map(Fault::Scope));
    let beyond = |code: &&ServiceCode| !who.services.is_empty() && !who.services.contains(*code);
    faults.extend(services.iter().filter(beyond).cloned().map(Fault::BeyondService));
    let beyond = |code: &&CategoryCode| !who.categories.is_empty() && !who.categories.contains(*code);
    faults.extend(categories.iter().filter(beyond).cloned().map(Fault::BeyondCategory));
    faults
}

/// What is asked for that was not before.
fn beyond(filter: &Filter, before: &Filter) -> Filter {
    fn new<T: Clone + PartialEq>(all: &[T], before: &[T]) -> Vec<T> {
        all.iter().filter(|one| !before.contains(one)).cloned().collect()
    }
    Filter {
        types: new(&filter.types, &before.types),
        services: new(&filter.services, &before.services),
        categories: new(&filter.categories, &before.categories),
        areas: new(&filter.areas, &before.areas),
    }
}

/// The scopes that decide which events a program is told of.
const TELLING: [ClientScope; 3] = [ClientScope::TicketsRead, ClientScope::TicketsRestricted, ClientScope::CafesRead];

/// What is sent to a webhook is what its program may know: whoever decides of one has to know as much.
pub(super) async fn whole(cx: &Context, who: &Grant<FollowEvents>) -> Result<(), WebhookError> {
    let holder = who.holder();
    let program = cx.store.client_scopes(holder.client).await?;
    let lacks = |scope: &ClientScope| program.contains(scope) && !holder.scopes.contains(scope);
    let lacking: Vec<ClientScope> = TELLING.into_iter().filter(lacks).collect();
    if lacking.is_empty() { Ok(()) } else { Err(WebhookError::Narrowed(lacking)) }
}

/// A page of the program's webhooks, the oldest first.
///
/// # Errors
/// When the database does not answer.
pub async fn list(
    cx: &Context,
    who: &Grant<FollowEvents>,
    after: Option<WebhookId>,
    limit: u64,
) -> Result<Page<Webhook, WebhookId>, Error> {
    cx.store.webhooks(who.holder().client, after, limit).await
}

/// A webhook of the program.
///
/// # Errors
/// When the database does not answer, or there is none.
pub async fn read(cx: &Context, who: &Grant<FollowEvents>, id: WebhookId) -> Result<Webhook, WebhookError> {
    cx.store.webhook(who.holder().client, id).await?.ok_or(WebhookError::NotFound)
}

/// Has the program's events sent somewhere, from now on.
///
/// # Errors
/// See [`WebhookError`].
pub async fn create(
    cx: &Context,
    who: &Grant<FollowEvents>,
    url: Url,
    filter: Filter,
    once: Once<'_, Created>,
) -> Result<Done<Created>, WebhookError> {
    whole(cx, who).await?;
    let city = &cx.city()?;
    let mut faults: Vec<Fault> = misdirected(cx, &url).chain(unheard(city, who.holder(), &filter)).collect();
    // Of a new one only: those that are there may wait for what an area that is gone had.
    let missing = |(zoning, area): &&(ZoningCode, AreaCode)| {
        city.city.zoning(zoning).is_some_and(|zoning| zoning.areas().iter().all(|known| known.code != *area))
    };
    let missing = filter.areas.iter().filter(missing).cloned();
    faults.extend(missing.map(|(zoning, area)| Fault::UnknownArea(zoning, area)));
    if !faults.is_empty() {
        return Err(WebhookError::Invalid(faults));
    }
    let mut webhook = Webhook {
        id: WebhookId(cx.ids.next()),
        client: who.holder().client,
        url,
        filter,
        version: 1,
        created_at: cx.now(),
        position: 0,
        replay: None,
        failing: None,
        attempt_at: None,
        disabled: None,
    };
    once.run(cx, async |tx| {
        webhook.position = tx.add_webhook(&webhook, MOST).await?.ok_or(WebhookError::TooMany)?;
        let secret = add_secret(cx, tx, webhook.id).await?;
        tx.audit(&who.record(Act::WebhookCreated { webhook: webhook.id }, cx.now()));
        Ok(Created { webhook, secret })
    })
    .await
}

async fn add_secret(cx: &Context, tx: &Tx, webhook: WebhookId) -> Result<String, WebhookError> {
    let (secret, now) = (auth::secret::random(), cx.now());
    let kept = tx.add_webhook_secret(webhook, (cx.ids.next(), &secret), (now, now + OVERLAP), SECRETS).await?;
    if kept { Ok(shown(&secret)) } else { Err(WebhookError::TooManySecrets) }
}

/// Change a webhook: what is given.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// Where to.
    pub url: Option<Url>,
    /// Which events.
    pub filter: Option<Filter>,
    /// Whether anything is delivered.
    pub active: Option<bool>,
}

/// Changes a webhook that the program has seen in one of these versions. One that is active again goes on where it was; one
/// that fails is tried at once when it is said to be active.
///
/// # Errors
/// See [`WebhookError`].
pub async fn change(
    cx: &Context,
    who: &Grant<FollowEvents>,
    id: WebhookId,
    seen: &[i64],
    cmd: impl FnOnce(&Webhook) -> Change,
) -> Result<Webhook, WebhookError> {
    whole(cx, who).await?;
    let tx = cx.store.begin().await?;
    let mut one = tx.lock_webhook(who.holder().client, id).await?.ok_or(WebhookError::NotFound)?;
    if !seen.contains(&one.version) {
        return Err(WebhookError::Stale(one.version));
    }
    let Change { url, filter, active } = cmd(&one);
    // One whose program lost a scope, or whose service is gone, can still be changed otherwise.
    let city = cx.city()?;
    let elsewhere = url.iter().filter(|url| **url != one.url);
    let mut faults: Vec<Fault> = elsewhere.flat_map(|url| misdirected(cx, url)).collect();
    let new = filter.as_ref().map(|filter| beyond(filter, &one.filter));
    faults.extend(new.iter().flat_map(|new| unheard(&city, who.holder(), new)));
    if !faults.is_empty() {
        return Err(WebhookError::Invalid(faults));
    }
    let disabled = match active {
        Some(true) => Some(None),
        Some(false) => Some(one.disabled.or(Some((cx.now(), Because::Asked)))),
        None => None,
    };
    let put = [
        ("url", put(&mut one.url, url)),
        ("filter", put(&mut one.filter, filter)),
        ("active", put(&mut one.disabled, disabled)),
    ];
    let tried_again = active == Some(true) && one.failing.is_some();
    let changed: Vec<String> = put.iter().filter(|(_, differs)| *differs).map(|(name, _)| (*name).to_owned()).collect();
    if changed.is_empty() && !tried_again {
        return Ok(one);
    }
    // Whatever failed before was another receiver, or is believed to be mended.
    (one.failing, one.attempt_at) = (None, None);
    if !changed.is_empty() {
        one.version += 1;
        tx.audit(&who.record(Act::WebhookChanged { webhook: id, changed }, cx.now()));
    }
    tx.save_webhook(&one, cx.now()).await?;
    tx.commit().await?;
    cx.fed.notify_waiters();
    Ok(one)
}

/// Forgets a webhook.
///
/// # Errors
/// See [`WebhookError`].
pub async fn remove(cx: &Context, who: &Grant<FollowEvents>, id: WebhookId) -> Result<(), WebhookError> {
    whole(cx, who).await?;
    let tx = cx.store.begin().await?;
    if !tx.remove_webhook(who.holder().client, id).await? {
        return Err(WebhookError::NotFound);
    }
    tx.audit(&who.record(Act::WebhookDeleted { webhook: id }, cx.now()));
    Ok(tx.commit().await?)
}

/// Gives a webhook another secret, which is told this once only. Those from before sign too for a day.
///
/// # Errors
/// See [`WebhookError`].
pub async fn rotate(cx: &Context, who: &Grant<FollowEvents>, id: WebhookId) -> Result<String, WebhookError> {
    whole(cx, who).await?;
    let tx = cx.store.begin().await?;
    tx.lock_webhook(who.holder().client, id).await?.ok_or(WebhookError::NotFound)?;
    let secret = add_secret(cx, &tx, id).await?;
    tx.audit(&who.record(Act::WebhookSecretRotated { webhook: id }, cx.now()));
    tx.commit().await?;
    Ok(secret)
}

/// Has a ping sent. Returns its id.
///
/// # Errors
/// See [`WebhookError`].
pub async fn ping(
    cx: &Context,
    who: &Grant<FollowEvents>,
    id: WebhookId,
    once: Once<'_, Uuid>,
) -> Result<Done<Uuid>, WebhookError> {
    whole(cx, who).await?;
    let ping = cx.ids.next();
    let asked = async |tx: &Tx| tx.ask_ping(who.holder().client, id, ping).await?.ok_or(WebhookError::NotFound);
    let done = once.run(cx, asked).await?;
    cx.fed.notify_waiters();
    Ok(done)
}

/// A page of the log of a webhook, the last attempt first.
///
/// # Errors
/// See [`WebhookError`].
pub async fn deliveries(
    cx: &Context,
    who: &Grant<FollowEvents>,
    id: WebhookId,
    before: Option<i64>,
    limit: u64,
) -> Result<Page<Delivery, i64>, WebhookError> {
    let webhook = read(cx, who, id).await?;
    Ok(cx.store.webhook_deliveries(webhook.client, id, before, limit).await?)
}

/// An attempt, and what was sent.
#[derive(Debug, Clone)]
pub struct Told {
    /// The attempt.
    pub delivery: Delivery,
    /// The body, told again: it is not kept. None when the event is no longer kept, or not for the program to know any more.
    pub body: Option<Vec<u8>>,
}

/// An attempt to deliver to a webhook, with what was sent.
///
/// # Errors
/// See [`WebhookError`].
pub async fn delivery(
    cx: &Context,
    who: &Grant<FollowEvents>,
    webhook: WebhookId,
    id: Uuid,
) -> Result<Told, WebhookError> {
    let holder = who.holder();
    let delivery = cx.store.webhook_delivery(holder.client, webhook, id).await?.ok_or(WebhookError::NotFound)?;
    let body = match delivery.position {
        None => Some(json(&Ping::new(delivery.event_id, webhook, &cx.source, delivery.at))),
        Some(position) => {
            let look = cx.store.events(holder, &Filter::default(), position - 1, 1).await?;
            let same = look.items.into_iter().find(|event| event.position == position);
            same.map(|event| json(&CloudEvent::new(event, &cx.source)))
        }
    };
    Ok(Told { delivery, body })
}
