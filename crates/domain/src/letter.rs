//! The letters that there are, by the names of their words: `outcome.resident`, `received`, `late`…

use std::fmt;

use crate::city::catalogue::Audience;
use crate::concern::News;
use crate::ticket::notice::Kind;

/// A letter, whatever its language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LetterName {
    /// One turn of a ticket.
    Ticket(Kind, Audience),
    /// A ticket that was referred to a partner without accounts.
    Partner,
    /// A resident's concern as a whole.
    Concern(News),
    /// Several turns of one ticket.
    Turns,
    /// What happened to several tickets.
    Digest,
    /// What is late.
    Late,
    /// What a service owes before a café.
    Cafe,
    /// That an e-mail which came in belongs to no ticket.
    UnplacedMail,
    /// What happened to an account or to a program: [`ACCOUNT`].
    Account(&'static str),
}

/// The letters about accounts and programs. They warn people of what others do in their name: every city sends the same.
pub const ACCOUNT: [&str; 9] = [
    "invitation",
    "password_reset",
    "password_changed",
    "second_factor_changed",
    "identity_changed",
    "recovery_code_used",
    "session_stolen",
    "secret_expires",
    "webhook_disabled",
];

impl LetterName {
    /// Every letter.
    pub fn all() -> impl Iterator<Item = Self> {
        let audiences = [Audience::Service, Audience::Agent, Audience::Resident];
        let pairs = Kind::ALL.into_iter().flat_map(move |kind| audiences.map(|audience| (kind, audience)));
        pairs
            .filter(|(kind, audience)| kind.is_told_to(*audience))
            .map(|(kind, audience)| Self::Ticket(kind, audience))
            .chain([Self::Partner])
            .chain(News::ALL.map(Self::Concern))
            .chain([Self::Turns, Self::Digest, Self::Late, Self::Cafe, Self::UnplacedMail])
            .chain(ACCOUNT.map(Self::Account))
    }

    /// The letter of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::all().find(|letter| letter.to_string() == name)
    }

    /// Whether a city may write it in its own words.
    #[must_use]
    pub const fn may_be_own(self) -> bool {
        !matches!(self, Self::Account(_))
    }
}

impl fmt::Display for LetterName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ticket(kind, audience) => write!(f, "{}.{}", kind.code(), audience.code()),
            Self::Partner => f.write_str("referral.partner"),
            Self::Concern(news) => f.write_str(news.code()),
            Self::Turns => f.write_str("turns"),
            Self::Digest => f.write_str("digest"),
            Self::Late => f.write_str("late"),
            Self::Cafe => f.write_str("list.cafe"),
            Self::UnplacedMail => f.write_str("unplaced_mail"),
            Self::Account(code) => f.write_str(code),
        }
    }
}
