//! People with an account.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use domain::id::{ServiceCode, UserId};
use domain::language::Language;
use domain::person::Role;
use domain::ticket::rights::Person;
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use crate::connect::sql;
use crate::{Error, Result, Store, Tx};

/// A person with an account.
#[derive(Debug, Clone)]
pub struct User {
    /// Who, with roles and services.
    pub person: Person,
    /// Where they are written to, and what they log in with.
    pub email: String,
    /// Their name.
    pub name: String,
    /// The language in which they are written to.
    pub language: Language,
    /// The argon2id hash of the password (PHC string), once one is set.
    pub password_hash: Option<String>,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    email: String,
    name: String,
    language: String,
    roles: Vec<String>,
    services: Vec<String>,
    password_hash: Option<String>,
}

macro_rules! select_user {
    ($condition:literal) => {
        concat!(
            "select id, email, name, language, roles, password_hash, array(
                 select service_code from service_member m where m.user_id = user_account.id order by 1
             ) as services
             from user_account where active and ",
            $condition
        )
    };
}

impl TryFrom<Row> for User {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let roles: Option<BTreeSet<Role>> = row.roles.iter().map(|role| Role::from_code(role)).collect();
        let services: std::result::Result<BTreeSet<ServiceCode>, _> =
            row.services.into_iter().map(ServiceCode::try_from).collect();
        Ok(Self {
            person: Person {
                user: UserId(row.id),
                roles: roles.ok_or_else(|| Error::corrupt("an account has an unknown role"))?,
                services: services.map_err(Error::corrupt)?,
            },
            email: row.email,
            name: row.name,
            language: if row.language == Language::En.tag() { Language::En } else { Language::Fr },
            password_hash: row.password_hash,
        })
    }
}

impl Store {
    /// The person who logs in with that address, if the account is in use.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn user_by_email(&self, email: &str) -> Result<Option<User>> {
        let statement = sql(select_user!("lower(email) = lower($1)"), [email.into()]);
        Row::find_by_statement(statement).one(&self.db).await?.map(User::try_from).transpose()
    }

    /// The person of that id, if the account is in use.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn user(&self, id: UserId) -> Result<Option<User>> {
        let statement = sql(select_user!("id = $1"), [id.0.into()]);
        Row::find_by_statement(statement).one(&self.db).await?.map(User::try_from).transpose()
    }
}

impl Tx {
    /// Puts an account: a new one, or the one with that address as it shall be from now on.
    ///
    /// # Errors
    /// When the database does not answer, or a service is unknown.
    pub async fn put_user(&self, user: &User, now: DateTime<Utc>) -> Result<UserId> {
        let roles: Vec<String> = user.person.roles.iter().map(|role| role.code().to_owned()).collect();
        let services: Vec<String> = user.person.services.iter().map(ToString::to_string).collect();
        let account = sql(
            "insert into user_account (id, email, name, language, roles, password_hash, created_at)
             values ($1, $2, $3, $4, $5, $6, $7)
             on conflict (lower(email)) do update
             set name = $3, language = $4, roles = $5, password_hash = $6, active = true
             returning id",
            [
                user.person.user.0.into(),
                user.email.clone().into(),
                user.name.clone().into(),
                user.language.tag().into(),
                roles.into(),
                user.password_hash.clone().into(),
                now.into(),
            ],
        );
        let row = self.db.query_one_raw(account).await?.ok_or_else(|| Error::corrupt("an account was not kept"))?;
        let id: Uuid = row.try_get_by_index(0)?;
        let leave = sql(
            "delete from service_member where user_id = $1 and service_code <> all($2)",
            [id.into(), services.clone().into()],
        );
        self.db.execute_raw(leave).await?;
        let join = sql(
            "insert into service_member (user_id, service_code) select $1, unnest($2::text[]) on conflict do nothing",
            [id.into(), services.into()],
        );
        self.db.execute_raw(join).await?;
        Ok(UserId(id))
    }
}
