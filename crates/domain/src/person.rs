//! People with an account, and the roles that say what they may do.

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
    /// The coordinator who settles what is refused, unrouted or late.
    Dispatcher,
    /// Configures the city; sees no case.
    Admin,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 4] = [Self::Agent, Self::ServiceMember, Self::Dispatcher, Self::Admin];

    /// The name in the API and in the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::ServiceMember => "service_member",
            Self::Dispatcher => "dispatcher",
            Self::Admin => "admin",
        }
    }

    /// The role of that name.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.code() == code)
    }
}
