//! What happens to accounts, and what their owners are told of.

use serde::{Deserialize, Serialize};

use crate::id::{ClientSecretId, LinkId, SessionId, WebhookId};

/// What a link in an e-mail is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Somebody was invited, and chooses their first password.
    Invitation,
    /// Somebody forgot their password, and chooses another.
    Reset,
}

impl Purpose {
    /// The name in the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Invitation => "invitation",
            Self::Reset => "reset",
        }
    }

    /// The purpose of that name.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Invitation, Self::Reset].into_iter().find(|purpose| purpose.code() == code)
    }
}

/// How a session was begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SessionMethod)]
pub enum Method {
    /// With a password.
    Password,
    /// Through the organisation's identity provider (OpenID Connect).
    Oidc,
}

impl Method {
    /// The name in the API and in the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Oidc => "oidc",
        }
    }

    /// The method of that name.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Password, Self::Oidc].into_iter().find(|method| method.code() == code)
    }
}

/// What was given besides a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecondFactor {
    /// A code of an authenticator application.
    OneTimeCode,
    /// One of the codes that stand in for it.
    RecoveryCode,
}

/// What a letter tells the owner of an account or of a program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Affair {
    /// They were invited: with a link to choose their first password.
    Invitation {
        /// The link.
        link: LinkId,
    },
    /// They asked for a link to choose another password.
    PasswordReset {
        /// The link.
        link: LinkId,
    },
    /// Their password was changed.
    PasswordChanged,
    /// A second factor was set up, or taken away.
    SecondFactorChanged {
        /// Whether there is one now.
        enabled: bool,
    },
    /// Their account was linked with who they are at an identity provider, or no longer is.
    IdentityChanged {
        /// The provider: its issuer URL.
        issuer: String,
        /// Whether it is linked now.
        linked: bool,
    },
    /// A recovery code let them in, or took their second factor away.
    RecoveryCodeUsed {
        /// How many are left.
        left: u32,
    },
    /// A refresh token was used twice: the session has ended.
    SessionStolen {
        /// The session.
        session: SessionId,
    },
    /// A program's secret or key will expire.
    SecretExpires {
        /// Which.
        secret: ClientSecretId,
    },
    /// A program's events are no longer sent to an address.
    WebhookDisabled {
        /// The webhook.
        webhook: WebhookId,
        /// The host that they were sent to.
        host: String,
        /// Whether it said that nobody wants them any more (410), instead of failing for days.
        gone: bool,
    },
    /// E-mail came that belongs to no ticket: to the dispatcher's desk.
    UnplacedMail,
}

impl Affair {
    /// The name in the database and of the letter's template.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Invitation { .. } => "invitation",
            Self::PasswordReset { .. } => "password_reset",
            Self::PasswordChanged => "password_changed",
            Self::SecondFactorChanged { .. } => "second_factor_changed",
            Self::IdentityChanged { .. } => "identity_changed",
            Self::RecoveryCodeUsed { .. } => "recovery_code_used",
            Self::SessionStolen { .. } => "session_stolen",
            Self::SecretExpires { .. } => "secret_expires",
            Self::WebhookDisabled { .. } => "webhook_disabled",
            Self::UnplacedMail => "unplaced_mail",
        }
    }
}
