//! Login sessions.

use chrono::{DateTime, Duration, Utc};
use domain::account::Method;
use domain::id::{SessionId, UserId};
use domain::rights::Person;
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use crate::connect::sql;
use crate::{Error, Result, Store, Tx};

/// How many sessions of one person are shown at most: the last used ones.
const SHOWN: i64 = 100;

/// How long a session lives.
#[derive(Debug, Clone, Copy)]
pub struct Lifetime {
    /// After it was begun or refreshed the last time.
    pub unused: Duration,
    /// After it was begun.
    pub whole: Duration,
}

/// A session to begin.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// Its id.
    pub id: SessionId,
    /// Whose.
    pub user: UserId,
    /// How it is begun.
    pub method: Method,
    /// From which address.
    pub address: Option<String>,
    /// By which program: the User-Agent header.
    pub agent: Option<String>,
    /// A second factor has to be set up before anything else.
    pub limited: bool,
    /// The SHA-256 of the refresh token.
    pub refresh_digest: Vec<u8>,
    /// The provider's ID token, for logging out there.
    pub id_token: Option<String>,
    /// The SHA-256 of the code of a sign-in that gets it, if one does.
    pub code_digest: Option<Vec<u8>>,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// When it ends unless refreshed.
    pub expires_at: DateTime<Utc>,
}

/// A session as its owner sees it.
#[derive(Debug, Clone)]
pub struct Listed {
    /// Its id.
    pub id: SessionId,
    /// How it was begun.
    pub method: Method,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// When it was last refreshed.
    pub refreshed_at: DateTime<Utc>,
    /// When it ends unless refreshed.
    pub expires_at: DateTime<Utc>,
    /// From which address it was last refreshed.
    pub address: Option<String>,
    /// By which program.
    pub agent: Option<String>,
}

/// What became of a refresh token that was presented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refreshed {
    /// It was the current one; it is spent now.
    Renewed {
        /// The session.
        session: SessionId,
        /// Whose.
        user: UserId,
        /// Whether all it is good for is to set a second factor up.
        second_factor_due: bool,
    },
    /// It was spent before: stolen, by one side or the other. The session has ended.
    Reused {
        /// The session.
        session: SessionId,
        /// Whose.
        user: UserId,
    },
    /// There is no such token, or its session has ended.
    Unknown,
}

#[derive(FromQueryResult)]
struct SessionRow {
    id: Uuid,
    user_id: Uuid,
}

#[derive(FromQueryResult)]
struct RenewedRow {
    id: Uuid,
    user_id: Uuid,
    limited: bool,
}

#[derive(FromQueryResult)]
struct ListedRow {
    id: Uuid,
    method: String,
    created_at: DateTime<Utc>,
    refreshed_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    address: Option<String>,
    agent: Option<String>,
}

#[derive(FromQueryResult)]
struct HolderRow {
    roles: Vec<String>,
    services: Vec<String>,
    limited: bool,
}

impl TryFrom<ListedRow> for Listed {
    type Error = Error;

    fn try_from(row: ListedRow) -> Result<Self> {
        Ok(Self {
            id: SessionId(row.id),
            method: Method::from_code(&row.method).ok_or_else(|| Error::corrupt("a session has an unknown method"))?,
            created_at: row.created_at,
            refreshed_at: row.refreshed_at,
            expires_at: row.expires_at,
            address: row.address,
            agent: row.agent,
        })
    }
}

impl Store {
    /// The person of a live session with the roles and services that they have at this moment, and whether a second
    /// factor is due first; none when the session has ended or the account is disabled. Asked at every request.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn session_holder(
        &self,
        session: SessionId,
        user: UserId,
        now: DateTime<Utc>,
    ) -> Result<Option<(Person, bool)>> {
        let statement = sql(
            "select roles, limited, services from session_holder($1, $2, $3)",
            [session.0.into(), user.0.into(), now.into()],
        );
        let Some(row) = HolderRow::find_by_statement(statement).one(&self.db).await? else { return Ok(None) };
        Ok(Some((crate::user::person(user.0, &row.roles, row.services)?, row.limited)))
    }

    /// The live sessions of a person, the last used first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn sessions(&self, user: UserId, now: DateTime<Utc>) -> Result<Vec<Listed>> {
        let statement = sql(
            "select id, method, created_at, refreshed_at, expires_at, address, agent from session
             where user_id = $1 and ended_at is null and expires_at > $2 order by refreshed_at desc limit $3",
            [user.0.into(), now.into(), SHOWN.into()],
        );
        ListedRow::find_by_statement(statement).all(&self.db).await?.into_iter().map(Listed::try_from).collect()
    }

    /// When a session of the person began: its login.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn session_began(&self, session: SessionId, user: UserId) -> Result<Option<DateTime<Utc>>> {
        let statement =
            sql("select created_at from session where id = $1 and user_id = $2", [session.0.into(), user.0.into()]);
        let row = self.db.query_one_raw(statement).await?;
        Ok(row.map(|row| row.try_get_by_index(0)).transpose()?)
    }

    /// The ID token that a session was begun with, if it was at an identity provider.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn id_token(&self, session: SessionId, user: UserId) -> Result<Option<String>> {
        let statement = sql(
            "select id_token from session where id = $1 and user_id = $2 and ended_at is null",
            [session.0.into(), user.0.into()],
        );
        let Some(row) = self.db.query_one_raw(statement).await? else { return Ok(None) };
        let sealed: Option<Vec<u8>> = row.try_get_by_index(0)?;
        let key = &self.keys.accounts;
        let open = |sealed: Vec<u8>| String::from_utf8(key.open(session.0, key.id(), &sealed)?).map_err(Error::corrupt);
        sealed.map(open).transpose()
    }

    /// Whether the person has begun or refreshed a session from that address since `since`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn is_known_address(&self, user: UserId, address: &str, since: DateTime<Utc>) -> Result<bool> {
        let statement = sql(
            "select 1 from session where user_id = $1 and address = $2 and refreshed_at > $3 limit 1",
            [user.0.into(), address.into(), since.into()],
        );
        Ok(self.db.query_one_raw(statement).await?.is_some())
    }
}

impl Tx {
    /// Begins a session.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn begin_session(&self, session: NewSession) -> Result<()> {
        let id_token =
            session.id_token.map(|token| self.keys.accounts.seal(session.id.0, token.as_bytes())).transpose()?;
        let statement = sql(
            "insert into session (
                 id, user_id, refresh_digest, created_at, refreshed_at, expires_at, method, address, agent, limited, id_token,
                 code_digest
             ) values ($1, $2, $3, $4, $4, $5, $6, $7, $8, $9, $10, $11)",
            [
                session.id.0.into(),
                session.user.0.into(),
                session.refresh_digest.into(),
                session.created_at.into(),
                session.expires_at.into(),
                session.method.code().into(),
                session.address.into(),
                session.agent.into(),
                session.limited.into(),
                id_token.into(),
                session.code_digest.into(),
            ],
        );
        self.db.execute_raw(statement).await?;
        Ok(())
    }

    /// Spends a refresh token and puts the next one in its place, for as long as a session lives; ends the session when
    /// the token was spent before. Of two that present the same token at once, one renews and the other is the reuse.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn refresh_session(
        &self,
        presented: &[u8],
        next: &[u8],
        address: Option<&str>,
        now: DateTime<Utc>,
        lifetime: Lifetime,
    ) -> Result<Refreshed> {
        let renew = sql(
            "with renewed as (
                 update session s set refresh_digest = $2, refreshed_at = $3, address = coalesce($5, address),
                     expires_at = least($4, s.created_at + make_interval(secs => $6))
                 from user_account u
                 where s.refresh_digest = $1 and s.ended_at is null and s.expires_at > $3 and u.id = s.user_id and u.active
                 returning s.id, s.user_id
             ), spent as (
                 insert into spent_refresh_token (digest, session_id) select $1, id from renewed
             )
             select id, user_id, coalesce((select limited from session_holder(id, user_id, $3)), false) limited from renewed",
            [
                presented.to_vec().into(),
                next.to_vec().into(),
                now.into(),
                (now + lifetime.unused).into(),
                address.into(),
                lifetime.whole.as_seconds_f64().into(),
            ],
        );
        if let Some(row) = RenewedRow::find_by_statement(renew).one(&self.db).await? {
            let (session, user) = (SessionId(row.id), UserId(row.user_id));
            return Ok(Refreshed::Renewed { session, user, second_factor_due: row.limited });
        }
        let end = sql(
            "update session s set ended_at = $2 from spent_refresh_token t
             where t.digest = $1 and s.id = t.session_id and s.ended_at is null and s.expires_at > $2
             returning s.id, s.user_id",
            [presented.to_vec().into(), now.into()],
        );
        let ended = SessionRow::find_by_statement(end).one(&self.db).await?;
        Ok(ended.map_or(Refreshed::Unknown, |row| Refreshed::Reused {
            session: SessionId(row.id),
            user: UserId(row.user_id),
        }))
    }

    /// Ends the session that the code of that digest got, if it is live. Returns which, and whose.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn end_session_of_code(&self, digest: &[u8], now: DateTime<Utc>) -> Result<Option<(SessionId, UserId)>> {
        let end = sql(
            "update session set ended_at = $2 where code_digest = $1 and ended_at is null and expires_at > $2
             returning id, user_id",
            [digest.into(), now.into()],
        );
        let ended = SessionRow::find_by_statement(end).one(&self.db).await?;
        Ok(ended.map(|row| (SessionId(row.id), UserId(row.user_id))))
    }

    /// Ends a session of a person. Returns whether it was live.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn end_session(&self, session: SessionId, user: UserId, now: DateTime<Utc>) -> Result<bool> {
        let statement = sql(
            "update session set ended_at = $3 where id = $1 and user_id = $2 and ended_at is null",
            [session.0.into(), user.0.into(), now.into()],
        );
        Ok(self.db.execute_raw(statement).await?.rows_affected() == 1)
    }

    /// Ends the sessions of a person that were begun in that way.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn end_sessions_begun_by(&self, method: Method, user: UserId, now: DateTime<Utc>) -> Result<()> {
        let statement = sql(
            "update session set ended_at = $3 where user_id = $1 and method = $2 and ended_at is null",
            [user.0.into(), method.code().into(), now.into()],
        );
        self.db.execute_raw(statement).await?;
        Ok(())
    }

    /// Ends every session of a person but, if given, one. Returns how many were live.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn end_sessions(&self, user: UserId, but: Option<SessionId>, now: DateTime<Utc>) -> Result<u64> {
        let statement = sql(
            "update session set ended_at = $3
             where user_id = $1 and ended_at is null and id is distinct from $2::uuid",
            [user.0.into(), but.map(|session| session.0).into(), now.into()],
        );
        Ok(self.db.execute_raw(statement).await?.rows_affected())
    }
}
