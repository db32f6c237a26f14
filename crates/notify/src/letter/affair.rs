//! Letters to owners of accounts and to those who look after programs: a link to choose a password, a warning.

use chrono::{DateTime, Utc};
use domain::account::Affair;
use domain::id::MessageId;
use domain::language::Language;
use lettre::Message;
use serde::Serialize;
use url::Url;

use super::context::{Foot, moment, one_line};
use super::{ComposeError, Envelope, Stationery, envelope};

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
    /// [`Affair::SecretExpires`]: the program's name and the end of its secret.
    pub secret: Option<(String, String)>,
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
    sender: Foot,
}

/// The message that says the letter, in the name of the city. Composing the same letter twice gives the same bytes.
///
/// # Errors
/// [`ComposeError`] when the letter lacks what its kind needs, or when an address is not one.
pub fn compose_affair(letter: &AffairLetter, paper: &Stationery) -> Result<Message, ComposeError> {
    let language = letter.language;
    let lacks = match &letter.affair {
        Affair::Invitation { .. } | Affair::PasswordReset { .. } => {
            letter.link.is_none().then_some("link").or(letter.expires_at.is_none().then_some("end of the link"))
        }
        Affair::SecretExpires { .. } => letter.secret.is_none().then_some("program"),
        Affair::PasswordChanged
        | Affair::SecondFactorChanged { .. }
        | Affair::IdentityChanged { .. }
        | Affair::RecoveryCodeUsed { .. }
        | Affair::SessionStolen { .. } => None,
    };
    if let Some(what) = lacks {
        return Err(ComposeError::Missing(what));
    }
    let (client_name, hint) = letter.secret.clone().unzip();
    let values = Values {
        language: language.tag(),
        to: one_line(&letter.to),
        link: letter.link.as_ref().map(Url::to_string),
        expires_at: letter.expires_at.map(|at| moment(at, language)),
        at: moment(letter.at, language),
        address: letter.address.as_deref().map(one_line),
        agent: letter.agent.as_deref().map(one_line),
        second_factor: matches!(letter.affair, Affair::SecondFactorChanged { enabled: true }),
        issuer: if let Affair::IdentityChanged { issuer, .. } = &letter.affair { Some(one_line(issuer)) } else { None },
        linked: matches!(letter.affair, Affair::IdentityChanged { linked: true, .. }),
        left: if let Affair::RecoveryCodeUsed { left } = letter.affair { Some(left) } else { None },
        client_name: client_name.as_deref().map(one_line),
        hint,
        sender: Foot::of(&paper.sender),
    };
    let parts = paper.render_words(letter.affair.code(), language, values)?;
    envelope(
        Envelope { id: letter.id, to: &letter.to, at: letter.at, language, conversation: None },
        &paper.sender,
        parts,
    )
}
