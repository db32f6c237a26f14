//! People with an account.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use domain::id::{ServiceCode, UserId};
use domain::language::Language;
use domain::person::Role;
use domain::rights::Person;
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use crate::connect::sql;
use crate::{Error, Page, Result, Store, Tx, one_more};

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
    /// False: disabled; the account can do nothing.
    pub active: bool,
    /// The argon2id hash of the password (PHC string), once one is set.
    pub password_hash: Option<String>,
    /// Whether they are linked with who they are at an identity provider.
    pub linked: bool,
    /// Whether a second factor is asked for.
    pub second_factor: bool,
    /// Counts the changes; the `ETag`.
    pub version: i64,
    /// When the account was made.
    pub created_at: DateTime<Utc>,
}

/// Which accounts are asked for. An empty field asks for all.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// With one of these roles.
    pub roles: Vec<Role>,
    /// In one of these services.
    pub services: Vec<ServiceCode>,
    /// In use, or disabled.
    pub active: Option<bool>,
}

/// Where a page begins: after this account, in the order of the names.
#[derive(Debug, Clone)]
pub struct After {
    /// The name.
    pub name: String,
    /// The id.
    pub id: UserId,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    email: String,
    name: String,
    language: String,
    roles: Vec<String>,
    services: Vec<String>,
    active: bool,
    password_hash: Option<String>,
    linked: bool,
    second_factor: bool,
    version: i64,
    created_at: DateTime<Utc>,
}

macro_rules! select_user {
    ($rest:literal) => {
        concat!(
            "select id, email, name, language, roles, active, password_hash, version, created_at, array(
                 select service_code from service_member m where m.user_id = u.id order by 1
             ) as services, exists (select from identity i where i.user_id = u.id) as linked, exists (
                 select from second_factor f where f.user_id = u.id and f.confirmed_at is not null
             ) as second_factor
             from user_account u where ",
            $rest
        )
    };
}

/// The roles and services of a row.
pub(crate) fn person(id: Uuid, roles: &[String], services: Vec<String>) -> Result<Person> {
    let roles: Option<BTreeSet<Role>> = roles.iter().map(|role| Role::from_code(role)).collect();
    let services: std::result::Result<_, _> = services.into_iter().map(ServiceCode::try_from).collect();
    Ok(Person {
        user: UserId(id),
        roles: roles.ok_or_else(|| Error::corrupt("an account has an unknown role"))?,
        services: services.map_err(Error::corrupt)?,
    })
}

impl TryFrom<Row> for User {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            person: person(row.id, &row.roles, row.services)?,
            email: row.email,
            name: row.name,
            language: if row.language == Language::En.tag() { Language::En } else { Language::Fr },
            active: row.active,
            password_hash: row.password_hash,
            linked: row.linked,
            second_factor: row.second_factor,
            version: row.version,
            created_at: row.created_at,
        })
    }
}

fn roles(person: &Person) -> Vec<String> {
    person.roles.iter().map(|role| role.code().to_owned()).collect()
}

impl User {
    /// Whether they have accepted their invitation: they have a way to log in.
    #[must_use]
    pub const fn has_accepted(&self) -> bool {
        self.password_hash.is_some() || self.linked
    }
}

/// See [`Store::user_by_email`].
async fn user_by_email(db: &impl ConnectionTrait, email: &str) -> Result<Option<User>> {
    let statement = sql(select_user!("lower(email) = lower($1)"), [email.into()]);
    Row::find_by_statement(statement).one(db).await?.map(User::try_from).transpose()
}

impl Store {
    /// Those of these people who are police officers: agents and dispatchers, also if their account was closed since.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn officers_among(&self, people: &BTreeSet<UserId>) -> Result<BTreeSet<UserId>> {
        let ids: Vec<Uuid> = people.iter().map(|user| user.0).collect();
        let roles = [Role::Agent, Role::Dispatcher].map(|role| role.code().to_owned()).to_vec();
        let statement =
            sql("select id from user_account where id = any($1) and roles && $2", [ids.into(), roles.into()]);
        let rows = self.db.query_all_raw(statement).await?;
        rows.iter().map(|row| Ok(UserId(row.try_get_by_index(0)?))).collect()
    }

    /// The account with that address, in use or not.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn user_by_email(&self, email: &str) -> Result<Option<User>> {
        user_by_email(&self.db, email).await
    }

    /// The account of that id, in use or not.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn user(&self, id: UserId) -> Result<Option<User>> {
        let statement = sql(select_user!("id = $1"), [id.0.into()]);
        Row::find_by_statement(statement).one(&self.db).await?.map(User::try_from).transpose()
    }

    /// A page of accounts, in the order of their names.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn users(&self, filter: &Filter, after: Option<After>, limit: u64) -> Result<Page<User, After>> {
        let roles: Vec<String> = filter.roles.iter().map(|role| role.code().to_owned()).collect();
        let services: Vec<String> = filter.services.iter().map(ToString::to_string).collect();
        let statement = sql(
            select_user!(
                "(cardinality($1::text[]) = 0 or roles && $1)
                 and (cardinality($2::text[]) = 0 or exists (
                     select from service_member m where m.user_id = u.id and m.service_code = any($2)
                 ))
                 and ($3::boolean is null or active = $3)
                 and ($4::text is null or (lower(name), id) > (lower($4), $5::uuid))
                 order by lower(name), id limit $6"
            ),
            [
                roles.into(),
                services.into(),
                filter.active.into(),
                after.as_ref().map(|after| after.name.clone()).into(),
                after.map(|after| after.id.0).into(),
                one_more(limit).into(),
            ],
        );
        let rows = Row::find_by_statement(statement).all(&self.db).await?;
        let users = rows.into_iter().map(User::try_from).collect::<Result<Vec<_>>>()?;
        Ok(Page::cut(users, limit, |user| After { name: user.name.clone(), id: user.person.user }))
    }
}

impl Tx {
    /// The account of that id, locked until the transaction ends.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn lock_user(&self, id: UserId) -> Result<Option<User>> {
        // Locked before it is read: one statement would see what hangs on it as of before it waited for the lock.
        self.db.execute_raw(sql("select from user_account where id = $1 for update", [id.0.into()])).await?;
        let statement = sql(select_user!("id = $1"), [id.0.into()]);
        Row::find_by_statement(statement).one(&self.db).await?.map(User::try_from).transpose()
    }

    /// See [`Store::user_by_email`].
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn user_by_email(&self, email: &str) -> Result<Option<User>> {
        user_by_email(&self.db, email).await
    }

    /// Whether another account that is in use, and whose owner can log in, has that role: somebody must be left who can
    /// invite others.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn others_have(&self, role: Role, than: UserId) -> Result<bool> {
        // Two that would each leave the other as the last come one after the other.
        let turn = "select pg_advisory_xact_lock(7208119, 'user_account'::regclass::oid::integer)";
        self.db.execute_unprepared(turn).await?;
        let statement = sql(
            "select 1 from user_account u where active and $1 = any(roles) and id <> $2
                 and (password_hash is not null or exists (select from identity i where i.user_id = u.id)) limit 1",
            [role.code().into(), than.0.into()],
        );
        Ok(self.db.query_one_raw(statement).await?.is_some())
    }

    /// Keeps a new account.
    ///
    /// # Errors
    /// The constraint `user_account_email_key` when there is an account with that address,
    /// `service_member_service_fk` when there is no such service.
    pub async fn add_user(&self, user: &User) -> Result<()> {
        let statement = sql(
            "insert into user_account (id, email, name, language, roles, password_hash, password_set_at, version, created_at)
             values ($1, $2, $3, $4, $5, $6, case when $6 is not null then $8::timestamptz end, $7, $8)",
            [
                user.person.user.0.into(),
                user.email.clone().into(),
                user.name.clone().into(),
                user.language.tag().into(),
                roles(&user.person).into(),
                user.password_hash.clone().into(),
                user.version.into(),
                user.created_at.into(),
            ],
        );
        self.db.execute_raw(statement).await?;
        self.put_memberships(&user.person).await
    }

    /// Keeps an account that was locked as it shall be from now on; its password is kept by [`Tx::set_password`].
    ///
    /// # Errors
    /// `service_member_service_fk` when there is no such service.
    pub async fn save_user(&self, user: &User) -> Result<()> {
        let statement = sql(
            "update user_account set name = $2, language = $3, roles = $4, active = $5, version = $6 where id = $1",
            [
                user.person.user.0.into(),
                user.name.clone().into(),
                user.language.tag().into(),
                roles(&user.person).into(),
                user.active.into(),
                user.version.into(),
            ],
        );
        self.db.execute_raw(statement).await?;
        self.put_memberships(&user.person).await
    }

    async fn put_memberships(&self, person: &Person) -> Result<()> {
        let services: Vec<String> = person.services.iter().map(ToString::to_string).collect();
        let statement = sql(
            "with gone as (delete from service_member where user_id = $1 and service_code <> all($2))
             insert into service_member (user_id, service_code) select $1, unnest($2::text[]) on conflict do nothing",
            [person.user.0.into(), services.into()],
        );
        self.db.execute_raw(statement).await?;
        Ok(())
    }

    /// Keeps the hash of a new password.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn set_password(&self, user: UserId, hash: &str, now: DateTime<Utc>) -> Result<()> {
        let statement = sql(
            "update user_account set password_hash = $2, password_set_at = $3 where id = $1",
            [user.0.into(), hash.into(), now.into()],
        );
        self.db.execute_raw(statement).await?;
        Ok(())
    }

    /// Keeps the same password's hash at a new cost, unless the password was changed meanwhile.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn rehash_password(&self, user: UserId, old: &str, new: &str) -> Result<()> {
        let statement = sql(
            "update user_account set password_hash = $3 where id = $1 and password_hash = $2",
            [user.0.into(), old.into(), new.into()],
        );
        self.db.execute_raw(statement).await?;
        Ok(())
    }
}
