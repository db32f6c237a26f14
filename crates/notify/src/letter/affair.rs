//! Letters to owners of accounts and to those who look after programs: a link to choose a password, a warning.

use chrono::{DateTime, Utc};
use domain::account::Affair;
use domain::city::Sender;
use domain::id::MessageId;
use domain::language::Language;
use domain::letter::LetterName;
use domain::time::Zone;
use minijinja::Value;
use minijinja::value::Serde;
use serde::Serialize;
use url::Url;

use super::context::{Foot, moment, one_line};
use super::{ComposeError, Envelope};

/// Everything that one e-mail about an account or a program says.
#[derive(Debug, Clone)]
pub struct AffairLetter {
    /// The local part of `Message-ID`, the same at each attempt.
    pub id: MessageId,
    /// What happened.
    pub affair: Affair,
    /// The language that it is written in.
    pub language: Language,
    /// The address that it goes to.
    pub to: String,
    /// [`Affair::Invitation`] and [`Affair::PasswordReset`]: where the password is chosen.
    pub link: Option<Url>,
    /// Until when the link works or the secret is accepted.
    pub expires_at: Option<DateTime<Utc>>,
    /// [`Affair::SessionStolen`]: the address from which the session was last refreshed.
    pub address: Option<String>,
    /// [`Affair::SessionStolen`]: the program by which it was begun.
    pub agent: Option<String>,
    /// The program's name.
    pub program: Option<String>,
    /// [`Affair::SecretExpires`]: the end of the secret.
    pub hint: Option<String>,
    /// When it happened: the `Date` of the mail.
    pub at: DateTime<Utc>,
}

/// The values that a template may name.
#[derive(Serialize)]
struct Values {
    language: &'static str,
    to: String,
    link: Option<String>,
    expires_at: Option<String>,
    at: String,
    address: Option<String>,
    agent: Option<String>,
    second_factor: bool,
    /// The identity provider, and whether the account is linked with it now.
    issuer: Option<String>,
    linked: bool,
    /// How many recovery codes are left.
    left: Option<u32>,
    client_name: Option<String>,
    hint: Option<String>,
    /// The host that events were sent to, and whether it wanted no more.
    host: Option<String>,
    gone: bool,
    sender: Foot,
}

impl AffairLetter {
    pub(super) const fn name(&self) -> LetterName {
        match self.affair {
            Affair::UnplacedMail => LetterName::UnplacedMail,
            _ => LetterName::Account(self.affair.code()),
        }
    }

    pub(super) fn values(&self, sender: &Sender, zone: Zone) -> Result<Value, ComposeError> {
        let language = self.language;
        let lacks = match &self.affair {
            Affair::Invitation { .. } | Affair::PasswordReset { .. } => {
                self.link.is_none().then_some("link").or(self.expires_at.is_none().then_some("end of the link"))
            }
            Affair::SecretExpires { .. } | Affair::WebhookDisabled { .. } => {
                self.program.is_none().then_some("program")
            }
            Affair::PasswordChanged
            | Affair::SecondFactorChanged { .. }
            | Affair::IdentityChanged { .. }
            | Affair::RecoveryCodeUsed { .. }
            | Affair::SessionStolen { .. }
            | Affair::UnplacedMail => None,
        };
        if let Some(what) = lacks {
            return Err(ComposeError::Missing(what));
        }
        Ok(Value::from(Serde(Values {
            language: language.tag(),
            to: one_line(&self.to),
            link: self.link.as_ref().map(Url::to_string),
            expires_at: self.expires_at.map(|at| moment(at, zone, language)),
            at: moment(self.at, zone, language),
            address: self.address.as_deref().map(one_line),
            agent: self.agent.as_deref().map(one_line),
            second_factor: matches!(self.affair, Affair::SecondFactorChanged { enabled: true }),
            issuer: if let Affair::IdentityChanged { issuer, .. } = &self.affair {
                Some(one_line(issuer))
            } else {
                None
            },
            linked: matches!(self.affair, Affair::IdentityChanged { linked: true, .. }),
            left: if let Affair::RecoveryCodeUsed { left } = self.affair { Some(left) } else { None },
            client_name: self.program.as_deref().map(one_line),
            hint: self.hint.clone(),
            host: if let Affair::WebhookDisabled { host, .. } = &self.affair { Some(one_line(host)) } else { None },
            gone: matches!(self.affair, Affair::WebhookDisabled { gone: true, .. }),
            sender: Foot::of(sender),
        })))
    }

    pub(super) fn envelope(&self) -> Envelope<'_> {
        let (id, to, at, language) = (self.id, &self.to, self.at, self.language);
        Envelope { id, to, at, language, conversation: None, unsubscribe: None }
    }
}
