//! Programs that use the API: registering them, and their secrets.

mod change;
mod read;
mod register;
mod secret;
mod warn;

pub use change::{Change, ChangeError, change};
pub use read::{list, read};
pub use register::{Register, RegisterError, register};
pub(crate) use secret::looks_like_secret;
pub use secret::{AddSecret, SecretError, add_secret, looks_like_key, revoke_secret};
pub use store::client::{After, Registered, SecretInfo, SecretKind};
pub use warn::warn_of_expiry;

use auth::assertion::{KeysError, check_keys};
use domain::city::City;
use domain::id::{CategoryCode, ServiceCode};
use domain::rights::{Client, ClientScope};
use serde_json::Value;

/// What is wrong with a program as it shall be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It may do nothing.
    NoScope,
    /// Restricted tickets are read within services only.
    NoService,
    /// There is no such service.
    UnknownService(ServiceCode),
    /// There is no such category.
    UnknownCategory(CategoryCode),
    /// Its public keys are not accepted.
    Keys(KeysError),
}

fn faults(client: &Client, jwks: Option<&Value>, city: &City) -> Vec<Fault> {
    let mut faults = Vec::new();
    if client.scopes.is_empty() {
        faults.push(Fault::NoScope);
    }
    if client.scopes.contains(&ClientScope::TicketsRestricted) && client.services.is_empty() {
        faults.push(Fault::NoService);
    }
    let unknown = client.services.iter().filter(|code| city.service(code).is_none());
    faults.extend(unknown.cloned().map(Fault::UnknownService));
    let unknown = client.categories.iter().filter(|code| city.category(code).is_none());
    faults.extend(unknown.cloned().map(Fault::UnknownCategory));
    faults.extend(jwks.and_then(|keys| check_keys(keys).err()).map(Fault::Keys));
    faults
}
