//! Identifiers as types of their own, so that a ticket's id cannot be handed over where a user's is meant.

use std::fmt;

use compact_str::CompactString;
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

ids! {
    /// A photograph or a document of a ticket.
    AttachmentId;
    /// A café: one outreach session.
    CafeId;
    /// A program that uses the API.
    ClientId;
    /// A secret of a program that uses the API.
    ClientSecretId;
    /// A concern: what one resident said, once.
    ConcernId;
    /// An event: one line of a ticket's timeline.
    EventId;
    /// A place that comes back.
    HotspotId;
    /// Who a person is at an identity provider, linked with their account.
    IdentityId;
    /// A message in the outbox; the local part of its `Message-ID`.
    MessageId;
    /// A link in an e-mail that lets somebody choose a password, once.
    LinkId;
    /// A link in an e-mail that leads a partner without accounts to one ticket.
    PartnerLinkId;
    /// A sheet of what was said and what became of it, once published.
    RestitutionId;
    /// A night's run that erases what was kept for long enough.
    RetentionRunId;
    /// A rule set that somebody is writing.
    RoutingDraftId;
    /// A list of tickets that somebody keeps.
    SavedFilterId;
    /// A login session.
    SessionId;
    /// A ticket: the referral of a concern to one service.
    TicketId;
    /// Where a program has its events sent.
    WebhookId;
    /// A note, or a message about a ticket.
    WritingId;
    /// A person with an account.
    UserId;
}

/// Why a text is not a code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("« {0} » is not a code: 1 to 60 of a-z, 0-9, _ and -, beginning with a letter")]
pub struct NotACode(pub String);

fn is_code(text: &str) -> bool {
    text.len() <= 60
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-')
}

/// How a code is written.
const PATTERN: &str = "^[a-z][a-z0-9_-]{0,59}$";

macro_rules! codes {
    ($(#[doc = $doc:literal] $name:ident;)*) => {$(
        #[doc = $doc]
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, JsonSchema)]
        #[schemars(extend("pattern" = PATTERN))]
        pub struct $name(#[schemars(with = "String")] CompactString);

        impl $name {
            /// The code as the city's files write it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let description = Some($doc.trim());
                ObjectBuilder::new().schema_type(Type::String).pattern(Some(PATTERN)).description(description).into()
            }
        }

        impl ToSchema for $name {}

        impl TryFrom<String> for $name {
            type Error = NotACode;

            fn try_from(text: String) -> Result<Self, NotACode> {
                text.parse()
            }
        }

        impl std::str::FromStr for $name {
            type Err = NotACode;

            fn from_str(text: &str) -> Result<Self, NotACode> {
                if is_code(text) { Ok(Self(text.into())) } else { Err(NotACode(text.to_owned())) }
            }
        }

        impl From<$name> for String {
            fn from(code: $name) -> Self {
                code.0.into_string()
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                self.0.serialize(serializer)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = CompactString::deserialize(deserializer)?;
                if is_code(&text) { Ok(Self(text)) } else { Err(D::Error::custom(NotACode(text.into_string()))) }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

codes! {
    /// An area inside a zoning, such as `nord`.
    AreaCode;
    /// A calendar of opening hours, such as `bureau`.
    CalendarCode;
    /// A category of the catalogue, such as `illegal_dumping`.
    CategoryCode;
    /// A choice that a question offers, such as `whole_street`.
    ChoiceCode;
    /// An organisation, such as `ville-amiens`.
    OrganisationCode;
    /// A question about concerns of some category, such as `extent`.
    QuestionCode;
    /// A routing rule, such as `depots-sauvages`.
    RuleCode;
    /// A service, such as `voirie`.
    ServiceCode;
    /// A zoning, such as `secteurs`.
    ZoningCode;
}
