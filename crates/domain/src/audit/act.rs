//! What is recorded.

mod code;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::account::{Method, SecondFactor};
use crate::cafe::Action;
use crate::id::{
    CafeId, CategoryCode, ClientId, ClientSecretId, ConcernId, IdentityId, RestitutionId, ServiceCode, SessionId,
    TicketId, UserId, WebhookId,
};
use crate::person::Role;
use crate::siret::Siret;

pub use super::refusal::{ClientRefusal, LoginRefusal, SignInRefusal};

/// What was done. The tag is the act's code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Act {
    /// A restricted ticket was read.
    TicketRead {
        /// The ticket.
        ticket: TicketId,
    },
    /// A list was read that showed restricted tickets.
    TicketsListed {
        /// The restricted ones.
        tickets: Vec<TicketId>,
    },
    /// Tickets were exported, none of them restricted.
    TicketsExported {
        /// As what.
        format: String,
        /// The names of the parameters that narrowed it.
        by: Vec<String>,
    },
    /// A file was sent that holds a virus; it was refused.
    InfectedUpload {
        /// For which ticket.
        ticket: TicketId,
        /// What the scanner recognised.
        virus: String,
    },
    /// What a resident left to be reached was read.
    ContactRead {
        /// Whose concern.
        concern: ConcernId,
    },
    /// A resident was looked for by their address, and found.
    ResidentFound {
        /// Their concerns; none of whom only e-mails were found.
        concerns: Vec<ConcernId>,
    },
    /// Everything that is kept of a resident was handed out (RGPD, article 15).
    ResidentExported {
        /// Their concerns.
        concerns: Vec<ConcernId>,
    },
    /// What is kept of a resident was erased, as they wished (RGPD, article 17).
    ResidentErased {
        /// Their concerns.
        concerns: Vec<ConcernId>,
    },
    /// An e-mail that stood with no ticket was deleted, before its time.
    MailDeleted {
        /// Which one.
        mail: Uuid,
    },
    /// Somebody agreed that a night erases unusually much.
    RetentionConfirmed {
        /// How many contacts.
        contacts: u64,
        /// The texts of how many concerns.
        texts: u64,
        /// How many concerns with their tickets.
        rows: u64,
    },
    /// What was kept for as long as the city keeps it was erased.
    RetentionRan {
        /// How many contacts.
        contacts: u64,
        /// The texts of how many concerns.
        texts: u64,
        /// How many concerns with their tickets.
        rows: u64,
    },
    /// Entries of this log that were kept for long enough were removed.
    AuditRemoved {
        /// The last of them: its hash is under a seal.
        until: i64,
    },
    /// A resident's link was replaced by another.
    TrackingRenewed {
        /// Whose concern.
        concern: ConcernId,
    },
    /// A resident's link was ended.
    TrackingEnded {
        /// Whose concern.
        concern: ConcernId,
    },
    /// A resident was given a slip of paper with a short code.
    SlipMade {
        /// Whose concern.
        concern: ConcernId,
    },
    /// An account was made.
    UserInvited {
        /// The account.
        user: UserId,
        /// Its roles.
        roles: Vec<Role>,
        /// Its services.
        services: Vec<ServiceCode>,
    },
    /// An account was changed.
    UserChanged {
        /// The account.
        user: UserId,
        /// The names of the fields that were changed.
        changed: Vec<String>,
        /// Its roles from now on, if they were changed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        roles: Option<Vec<Role>>,
        /// Its services from now on, if they were changed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        services: Option<Vec<ServiceCode>>,
    },
    /// An account was closed.
    UserDisabled {
        /// The account.
        user: UserId,
    },
    /// An account was opened again.
    UserEnabled {
        /// The account.
        user: UserId,
    },
    /// Every session of a person was ended.
    SessionsEnded {
        /// The person.
        user: UserId,
    },
    /// A person set a second factor up.
    SecondFactorEnabled {
        /// The person.
        user: UserId,
    },
    /// A person's second factor was taken away.
    SecondFactorRemoved {
        /// The person.
        user: UserId,
    },
    /// A person's password was set.
    PasswordSet {
        /// The person.
        user: UserId,
    },
    /// A person linked their account with who they are at an identity provider. What the provider calls them is not
    /// recorded: it is theirs, and the log is kept for years. Its id tells one identity from another.
    IdentityLinked {
        /// The person.
        user: UserId,
        /// Which identity.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        identity: Option<IdentityId>,
        /// Whose: the provider's issuer URL.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        issuer: Option<String>,
    },
    /// An identity no longer lets anybody into a person's account.
    IdentityUnlinked {
        /// The person.
        user: UserId,
        /// Which identity.
        identity: IdentityId,
        /// Whose: the provider's issuer URL.
        issuer: String,
    },
    /// A login was refused.
    LoginRefused {
        /// The person, if the address was one's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user: Option<UserId>,
        /// Why.
        reason: LoginRefusal,
    },
    /// Logins were refused unseen, for having been tried too often.
    LoginThrottled {
        /// The person, if the address was one's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user: Option<UserId>,
    },
    /// A person logged in.
    SessionBegun {
        /// The person.
        user: UserId,
        /// The session.
        session: SessionId,
        /// How.
        method: Method,
        /// The second factor that was given, if one was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        second_factor: Option<SecondFactor>,
    },
    /// A refresh token came a second time: a copy of it is abroad, and the session was ended.
    RefreshReused {
        /// The person.
        user: UserId,
        /// The session.
        session: SessionId,
    },
    /// The code of a sign-in came a second time: a copy of it is abroad, and the session that it had got was ended.
    CodeReused {
        /// The person.
        user: UserId,
        /// The session.
        session: SessionId,
    },
    /// A sign-in through an identity provider (OpenID Connect) failed.
    SignInRefused {
        /// Why.
        reason: SignInRefusal,
        /// At which provider: its issuer URL.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        issuer: Option<String>,
        /// The establishment that may not sign in, if the provider named one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        siret: Option<Siret>,
    },
    /// A program was let use the API.
    ClientCreated {
        /// The program.
        client: ClientId,
        /// What it may do.
        scopes: Vec<String>,
        /// The services that it is limited to.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        services: Vec<ServiceCode>,
        /// The categories that it is limited to.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        categories: Vec<CategoryCode>,
    },
    /// What a program may do, or how it is called, was changed.
    ClientChanged {
        /// The program.
        client: ClientId,
        /// The names of the fields that were changed.
        changed: Vec<String>,
        /// What it may do from now on, if that was changed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        scopes: Option<Vec<String>>,
        /// The services that it is limited to from now on, if they were changed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        services: Option<Vec<ServiceCode>>,
        /// The categories that it is limited to from now on, if they were changed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        categories: Option<Vec<CategoryCode>>,
    },
    /// A program got another secret.
    ClientSecretAdded {
        /// The program.
        client: ClientId,
        /// The secret's id.
        secret: ClientSecretId,
    },
    /// A program's secret was revoked.
    ClientSecretRevoked {
        /// The program.
        client: ClientId,
        /// The secret's id.
        secret: ClientSecretId,
    },
    /// A program may no longer use the API.
    ClientDisabled {
        /// The program.
        client: ClientId,
    },
    /// A program has its events sent somewhere.
    WebhookCreated {
        /// The webhook.
        webhook: WebhookId,
    },
    /// Where, or which of, its events a program has sent was changed.
    WebhookChanged {
        /// The webhook.
        webhook: WebhookId,
        /// The names of the fields that were changed.
        changed: Vec<String>,
    },
    /// What is sent to a program is signed with another secret.
    WebhookSecretRotated {
        /// The webhook.
        webhook: WebhookId,
    },
    /// A program no longer has its events sent there.
    WebhookDeleted {
        /// The webhook.
        webhook: WebhookId,
    },
    /// A program's request for a token was refused.
    ClientRefused {
        /// The program, if there is one of that id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        client: Option<ClientId>,
        /// Why.
        reason: ClientRefusal,
    },
    /// More refusals followed those that were recorded one by one, about the same and from the same address.
    RefusalsWithheld {
        /// As what each would have been recorded.
        of: String,
        /// The person, if they were about one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user: Option<UserId>,
        /// How many.
        count: u64,
        /// When the first of them happened.
        since: DateTime<Utc>,
        /// When the last of them happened.
        until: DateTime<Utc>,
    },
    /// Access tokens are signed with another key.
    KeysRotated {
        /// The id of the new key.
        kid: String,
    },
    /// What residents left is sealed with another key.
    ResidentsKeyReplaced {
        /// The id of the new key.
        kid: String,
    },
    /// The city was changed from its files.
    CityLoaded {
        /// The parts that were changed.
        changed: Vec<String>,
    },
    /// What was kept of areas was made to fit the zonings in force.
    AreasRecomputed {
        /// Of how many concerns.
        concerns: u64,
        /// Of how many tickets.
        tickets: u64,
        /// Of how many cafés.
        cafes: u64,
    },
    /// Routing rules were put in force.
    RoutingPublished {
        /// Their version.
        version: i32,
        /// The former version that somebody went back to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        restored_from: Option<i32>,
    },
    /// Routing rules were played over past concerns, restricted ones among them.
    RoutingReplayed {
        /// How many were asked for.
        concerns: u64,
    },
    /// Something was done with a café.
    CafeChanged {
        /// The café.
        cafe: CafeId,
        /// What was done.
        action: Action,
        /// The names of the fields that were changed.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        changed: Vec<String>,
    },
    /// A sheet « Vous avez dit, nous avons fait » was published, for the first time or anew.
    SheetPublished {
        /// The sheet.
        sheet: RestitutionId,
        /// Of which café, if it is one's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cafe: Option<CafeId>,
        /// Else of which area, as `zoning:area`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        area: Option<String>,
        /// The first and the last day, for an area.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        days: Option<(NaiveDate, NaiveDate)>,
    },
    /// A published sheet was withdrawn: its link leads nowhere any more.
    SheetWithdrawn {
        /// The sheet.
        sheet: RestitutionId,
    },
    /// Messages that could not be sent are sent again.
    OutboxReplayed {
        /// How many.
        count: u64,
    },
    /// Messages that could not be sent are given up for good.
    OutboxDismissed {
        /// How many.
        count: u64,
    },
}

#[cfg(test)]
mod tests;
