//! Lists of tickets that people keep for themselves, and managers for their service. What they hold is nothing but
//! parameters: what a list shows is decided when it is asked for, from who asks.

use auth::Grant;
use auth::permission::SaveFilters;
use domain::id::{SavedFilterId, ServiceCode};
use domain::person::Role;
use domain::rights::Person;
use domain::text::Title;
use store::{Error, Page, Tx};

pub use store::saved_filter::{After, Holder, Parameters, SavedFilter};

use crate::once::{Done, KeyReused, Once};
use crate::{Context, put};

/// How many lists a person or a service keeps.
const MOST: i64 = 100;

/// Why a list is not kept, changed or forgotten.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// There is none of that id, or none that the caller sees.
    #[error("there is no such filter")]
    NotFound,
    /// Only its managers keep lists for a service.
    #[error("the caller does not manage the service")]
    NotTheirs,
    /// It has changed since the caller saw it.
    #[error("the filter has changed; it is at version {0} now")]
    Stale(i64),
    /// Its holder has another of that name.
    #[error("there is a filter of that name already")]
    Taken,
    /// Its holder has as many as one can have.
    #[error("there are too many filters")]
    TooMany,
    /// The idempotency key was used for another request.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
    /// The database does not answer.
    #[error(transparent)]
    Store(Error),
}

impl From<Error> for SaveError {
    fn from(error: Error) -> Self {
        match error.constraint() {
            Some("saved_filter_owner_key" | "saved_filter_service_key") => Self::Taken,
            Some(_) | None => Self::Store(error),
        }
    }
}

/// The services whose lists a person sees.
fn services(person: &Person) -> Vec<ServiceCode> {
    person.services.iter().cloned().collect()
}

/// Whether a person may change a list that they see.
fn may_change(person: &Person, holder: &Holder) -> bool {
    match holder {
        Holder::Person(user) => *user == person.user,
        Holder::Service(service) => person.is(Role::ServiceManager) && person.services.contains(service),
    }
}

/// A page of the lists that the caller has kept, and of those of their services, in the order of their names.
///
/// # Errors
/// When the database does not answer.
pub async fn list(
    cx: &Context,
    who: &Grant<SaveFilters>,
    after: Option<After>,
    limit: u64,
) -> Result<Page<SavedFilter, After>, Error> {
    cx.store.saved_filters(who.person().user, &services(who.person()), after, limit).await
}

/// A list that the caller sees.
///
/// # Errors
/// When the database does not answer.
pub async fn read(cx: &Context, who: &Grant<SaveFilters>, id: SavedFilterId) -> Result<Option<SavedFilter>, Error> {
    cx.store.saved_filter(who.person().user, &services(who.person()), id).await
}

/// Keeps a list, for the caller or for a service that they manage.
///
/// # Errors
/// See [`SaveError`].
pub async fn save(
    cx: &Context,
    who: &Grant<SaveFilters>,
    name: Title,
    parameters: Parameters,
    service: Option<ServiceCode>,
    once: Once<'_, SavedFilter>,
) -> Result<Done<SavedFilter>, SaveError> {
    let holder = service.map_or(Holder::Person(who.person().user), Holder::Service);
    if !may_change(who.person(), &holder) {
        return Err(SaveError::NotTheirs);
    }
    let (id, now) = (SavedFilterId(cx.ids.next()), cx.now());
    let filter = SavedFilter { id, holder, name: name.into(), parameters, version: 1, created_at: now, saved_at: now };
    once.run(
        cx,
        async |tx| {
            if tx.add_saved_filter(&filter, MOST).await? { Ok(filter) } else { Err(SaveError::TooMany) }
        },
    )
    .await
}

/// The list of that id, locked, if the caller may change it.
async fn theirs(tx: &Tx, who: &Grant<SaveFilters>, id: SavedFilterId) -> Result<SavedFilter, SaveError> {
    let person = who.person();
    let filter = tx.lock_saved_filter(person.user, &services(person), id).await?.ok_or(SaveError::NotFound)?;
    if may_change(person, &filter.holder) { Ok(filter) } else { Err(SaveError::NotTheirs) }
}

/// Changes a list that the caller has seen in one of these versions: what is given.
///
/// # Errors
/// See [`SaveError`].
pub async fn change(
    cx: &Context,
    who: &Grant<SaveFilters>,
    id: SavedFilterId,
    seen: &[i64],
    name: Option<Title>,
    parameters: Option<Parameters>,
) -> Result<SavedFilter, SaveError> {
    let tx = cx.store.begin().await?;
    let mut after = theirs(&tx, who, id).await?;
    if !seen.contains(&after.version) {
        return Err(SaveError::Stale(after.version));
    }
    if [put(&mut after.name, name.map(String::from)), put(&mut after.parameters, parameters)] == [false; 2] {
        return Ok(after);
    }
    after.version += 1;
    after.saved_at = cx.now();
    tx.save_saved_filter(&after).await?;
    tx.commit().await?;
    Ok(after)
}

/// Forgets a list.
///
/// # Errors
/// See [`SaveError`].
pub async fn remove(cx: &Context, who: &Grant<SaveFilters>, id: SavedFilterId) -> Result<(), SaveError> {
    let tx = cx.store.begin().await?;
    let filter = theirs(&tx, who, id).await?;
    tx.remove_saved_filter(filter.id).await?;
    Ok(tx.commit().await?)
}
