//! Attachments: photographs and documents of places, each of one ticket. What was sent is never kept as it came: a
//! photograph is drawn anew, a document written anew.
//!
//! Deliberately absent: the bytes. The `files` crate has them.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::city::catalogue::Sensitivity;
use crate::content;
use crate::id::{AttachmentId, TicketId};
use crate::person::Role;
use crate::rights::Caller;
use crate::ticket::event::Part;
use crate::ticket::writing::COLLEAGUES;
use crate::ticket::{Actor, Event, Fact, Ticket};

/// What an attachment is, as it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, ToSchema)]
pub enum MediaType {
    /// A photograph.
    #[serde(rename = "image/jpeg")]
    Jpeg,
    /// A document.
    #[serde(rename = "application/pdf")]
    Pdf,
}

impl MediaType {
    /// Every type.
    pub const ALL: [Self; 2] = [Self::Jpeg, Self::Pdf];

    /// The type's name (RFC 6838), in the API and in the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Pdf => "application/pdf",
        }
    }

    /// The type of that name.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|media_type| media_type.code() == code)
    }

    const fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Pdf => "pdf",
        }
    }
}

/// The name of a file: no path, no control or direction characters, nothing that a file system takes amiss; with the
/// extension of what the file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileName(String);

impl FileName {
    /// The greatest length, in characters.
    pub const MAX: usize = 120;

    /// What remains of a name that somebody gave to a file of that type: what points to a person is masked. There is always
    /// something.
    #[must_use]
    pub fn of(given: &str, media_type: MediaType) -> Self {
        let given = &content::check(given, content::ALL).masked;
        let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
        let kept: String = last.chars().map(|c| if "\"<>:|?*%;".contains(c) { '_' } else { c }).collect();
        let kept: String = kept.chars().filter(|c| !is_treacherous(*c)).collect();
        let stem = match kept.rsplit_once('.') {
            Some((stem, extension)) if (1..=5).contains(&extension.chars().count()) => stem,
            _ => &kept,
        };
        let room = Self::MAX - media_type.extension().len() - 1;
        let edge = |c: char| c.is_whitespace() || c == '.';
        let stem: String = stem.trim_matches(edge).chars().take(room).collect();
        let stem = stem.trim_end_matches(edge);
        let stem = if stem.is_empty() { "fichier" } else { stem };
        Self(format!("{stem}.{}", media_type.extension()))
    }

    /// The name that was kept.
    #[must_use]
    pub fn kept(name: String) -> Self {
        Self(name)
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Characters that are not seen, or that turn the order of what is seen round.
fn is_treacherous(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// That an attachment was taken back. Its bytes are gone, and its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removal {
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: Actor,
}

/// An attachment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Its id.
    pub id: AttachmentId,
    /// Whose it is.
    pub ticket: TicketId,
    /// What it is called; nothing once it was taken back.
    pub name: Option<FileName>,
    /// What it is.
    pub media_type: MediaType,
    /// How long it is, in bytes.
    pub size: u64,
    /// The SHA-256 of its bytes.
    pub sha256: [u8; 32],
    /// Width and height in pixels, of a photograph.
    pub dimensions: Option<(u32, u32)>,
    /// When it was added.
    pub added_at: DateTime<Utc>,
    /// By whom.
    pub added_by: Actor,
    /// When a virus scanner found nothing in it.
    pub scanned_at: Option<DateTime<Utc>>,
    /// That it was taken back.
    pub removed: Option<Removal>,
}

/// Whose attachments of a ticket somebody may know of. The `store` asks the same in SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Adders {
    /// Everybody's.
    Everybody,
    /// All but what residents sent.
    ButResidents,
    /// Those that referrers added.
    Referrers,
}

impl Adders {
    /// Whether they include who added one.
    #[must_use]
    pub const fn include(self, added_by: &Actor) -> bool {
        match self {
            Self::Everybody => true,
            Self::ButResidents => !matches!(added_by, Actor::Resident { .. }),
            Self::Referrers => matches!(
                added_by,
                Actor::Person { part: Part::Referrer, .. } | Actor::Client { part: Part::Referrer, .. }
            ),
        }
    }
}

/// Why somebody may not add an attachment, or take one back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// They see the ticket, but have no part in it, or not the one that it takes.
    #[error("this is for others to do on this ticket")]
    NotTheirs,
    /// The ticket has ended.
    #[error("the ticket has ended")]
    Ended,
    /// The ticket has as many as it can have.
    #[error("the ticket has as many attachments as it can have")]
    Full,
    /// It was taken back before.
    #[error("the attachment was taken back")]
    Removed,
}

impl Caller {
    /// The caller in the part in which they add attachments: any that they have in the ticket.
    ///
    /// # Errors
    /// [`Refusal::NotTheirs`] when they have none.
    pub fn attaching(&self, ticket: &Ticket) -> Result<Actor, Refusal> {
        self.parts_in(ticket).next().map(|part| self.in_part(part)).ok_or(Refusal::NotTheirs)
    }

    /// The caller in the part in which they take an attachment back: who added it, the managers of the ticket's service,
    /// dispatchers.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn detaching(&self, attachment: &Attachment, ticket: &Ticket) -> Result<Actor, Refusal> {
        if attachment.removed.is_some() {
            return Err(Refusal::Removed);
        }
        let own = match (&attachment.added_by, self) {
            (Actor::Person { user, .. }, Self::Person(person)) => person.user == *user,
            (Actor::Client { client, .. }, Self::Client(own)) => own.client == *client,
            (
                Actor::Person { .. }
                | Actor::Client { .. }
                | Actor::Partner { .. }
                | Actor::Service { .. }
                | Actor::Resident { .. }
                | Actor::Mail { .. }
                | Actor::System,
                _,
            ) => false,
        };
        let manages = matches!(self, Self::Person(person) if person.is(Role::ServiceManager));
        let part = self.parts_in(ticket).find(|part| match part {
            Part::Dispatcher => true,
            Part::Service => own || manages,
            Part::Referrer => own,
        });
        part.map(|part| self.in_part(part)).ok_or(Refusal::NotTheirs)
    }

    /// Whose attachments of a ticket that they see the caller may know of. What a resident sent is for who has a part
    /// in the ticket, as their words are; of a restricted one, its referrer sees what referrers added.
    #[must_use]
    pub fn sees_attachments_of(&self, ticket: &Ticket) -> Adders {
        if self.in_one_of(&COLLEAGUES, ticket).is_some() {
            return Adders::Everybody;
        }
        match (ticket.sensitivity, self.has_part(Part::Referrer, ticket)) {
            (Sensitivity::Standard, true) => Adders::Everybody,
            (Sensitivity::Standard, false) => Adders::ButResidents,
            (Sensitivity::Restricted | Sensitivity::SignpostOnly, _) => Adders::Referrers,
        }
    }

    /// Whether the caller may know of the attachment of a ticket that they see.
    #[must_use]
    pub fn sees_attachment(&self, added_by: &Actor, ticket: &Ticket) -> bool {
        self.sees_attachments_of(ticket).include(added_by)
    }

    /// Whether the caller may know of an event of a ticket that they see: of those of attachments, as of the attachments.
    #[must_use]
    pub fn sees_event(&self, event: &Event, ticket: &Ticket) -> bool {
        let of_attachment = matches!(event.fact, Fact::AttachmentAdded { .. } | Fact::AttachmentRemoved { .. });
        !of_attachment || self.sees_attachment(&event.by, ticket)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_keeps_of_its_name_what_harms_nobody() {
        let long = format!("{}.jpeg", "é".repeat(300));
        for (given, kept) in [
            ("Rue du Pigeonnier.png", "Rue du Pigeonnier.jpg"),
            ("../../etc/passwd", "passwd.jpg"),
            ("..\\..\\boot.ini", "boot.jpg"),
            ("/etc/cron.d/.jpg", "fichier.jpg"),
            ("..", "fichier.jpg"),
            ("", "fichier.jpg"),
            (" . ", "fichier.jpg"),
            ("a\r\nSet-Cookie: x=y.jpg", "aSet-Cookie_ x=y.jpg"),
            ("facture\u{202e}gpj.exe", "facturegpj.jpg"),
            ("x.php.jpg", "x.php.jpg"),
            ("été « nord ».webp", "été « nord ».jpg"),
            ("a\"b;c%00.pdf", "a_b_c_00.jpg"),
            ("photo AB-123-CD.png", "photo […].jpg"),
            ("AB-123-CD tel 06 12 34 56 78.png", "[…] tel […].jpg"),
            ("de x@mail.example.jpg", "de […].jpg"),
        ] {
            assert_eq!(FileName::of(given, MediaType::Jpeg).as_str(), kept, "{given:?}");
        }
        let kept = FileName::of(&long, MediaType::Pdf);
        assert_eq!(kept.as_str().chars().count(), FileName::MAX);
        assert!(kept.as_str().ends_with("é.pdf"));
    }
}
