//! `/v1/users`: accounts, for those who administer them.

mod change;
mod identity;
mod invite;
mod list;
mod read;
mod second_factor;
mod sessions;

use crate::openapi::Routes;
use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use domain::id::UserId;
use domain::language::Language;
use domain::person::Role;
use serde::Serialize;
use usecases::user::User;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::request::path::{Id, id_path};

pub(crate) fn routes(config: &mut impl Routes) {
    config
        .service(list::list)
        .service(invite::invite)
        .service(invite::again)
        .service(read::read)
        .service(change::change)
        .service(sessions::list)
        .service(sessions::end)
        .service(identity::list)
        .service(identity::remove)
        .service(second_factor::remove);
}

/// The account that a path names.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[allow(dead_code, reason = "only documents the parameter that `Id` reads")]
pub(crate) struct UserPath {
    /// The account's id.
    user: Uuid,
}
id_path!(UserPath, "user");

impl Id<UserPath> {
    pub(crate) const fn user(&self) -> UserId {
        UserId(self.value)
    }
}

/// A person with an account.
#[derive(Serialize, ToSchema)]
#[schema(as = User)]
pub(crate) struct UserView {
    /// Its id.
    id: Uuid,
    /// The e-mail address that the person logs in with.
    #[schema(format = "email", examples("claire.delattre@ville-amiens.example"))]
    email: String,
    /// How the person is called.
    #[schema(examples("Nadia Lefèvre"))]
    name: String,
    /// The language in which they are written to.
    language: Language,
    /// What they may do: see docs/permissions.md.
    roles: BTreeSet<Role>,
    /// The codes of the services in which they work.
    services: Vec<String>,
    /// Whether the account can be used.
    active: bool,
    /// Whether they have chosen a password.
    has_password: bool,
    /// Whether a second factor is asked for.
    second_factor: bool,
    /// When the account was made.
    created_at: DateTime<Utc>,
    /// Rises by one with each change; also the `ETag`.
    #[schema(minimum = 1)]
    version: i64,
}

impl From<&User> for UserView {
    fn from(user: &User) -> Self {
        Self {
            id: user.person.user.0,
            email: user.email.clone(),
            name: user.name.clone(),
            language: user.language,
            roles: user.person.roles.clone(),
            services: user.person.services.iter().map(ToString::to_string).collect(),
            active: user.active,
            has_password: user.password_hash.is_some(),
            second_factor: user.second_factor,
            created_at: user.created_at,
            version: user.version,
        }
    }
}
