//! People with an account, and their roles. What a role may do stands in [`crate::rights`].

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A role. A person may have several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// A police agent: holds cafés, files concerns, follows what became of them.
    Agent,
    /// Works in a service that receives tickets.
    ServiceMember,
    /// Leads a service that receives tickets.
    ServiceManager,
    /// The coordinator who settles what is refused, unrouted or late.
    Dispatcher,
    /// Reads logs and statistics; sees no case and no personal data.
    Auditor,
    /// Configures the city; sees no case.
    Admin,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 6] =
        [Self::Agent, Self::ServiceMember, Self::ServiceManager, Self::Dispatcher, Self::Auditor, Self::Admin];

    /// The name in the API and in the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::ServiceMember => "service_member",
            Self::ServiceManager => "service_manager",
            Self::Dispatcher => "dispatcher",
            Self::Auditor => "auditor",
            Self::Admin => "admin",
        }
    }

    /// Whether the role is one in a service: it goes together with the services that the person belongs to.
    #[must_use]
    pub const fn is_in_a_service(self) -> bool {
        match self {
            Self::ServiceMember | Self::ServiceManager => true,
            Self::Agent | Self::Dispatcher | Self::Auditor | Self::Admin => false,
        }
    }

    /// The role of that name.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.code() == code)
    }
}
