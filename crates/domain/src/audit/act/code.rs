//! What acts are called, in the database and on the command line.

use super::Act;

macro_rules! codes {
    ($($name:ident = $code:literal;)*) => {
        impl Act {
            /// The code of every act.
            pub const CODES: [&'static str; [$($code),*].len()] = [$($code),*];

            /// The act's code, as the database and the command line name it.
            #[must_use]
            pub const fn code(&self) -> &'static str {
                match self { $(Self::$name { .. } => $code,)* }
            }
        }
    };
}

codes! {
    TicketRead = "ticket_read";
    TicketsListed = "tickets_listed";
    TicketsExported = "tickets_exported";
    InfectedUpload = "infected_upload";
    ContactRead = "contact_read";
    ResidentFound = "resident_found";
    ResidentExported = "resident_exported";
    ResidentErased = "resident_erased";
    MailDeleted = "mail_deleted";
    RetentionConfirmed = "retention_confirmed";
    RetentionRan = "retention_ran";
    AuditRemoved = "audit_removed";
    TrackingRenewed = "tracking_renewed";
    TrackingEnded = "tracking_ended";
    SlipMade = "slip_made";
    UserInvited = "user_invited";
    UserChanged = "user_changed";
    UserDisabled = "user_disabled";
    UserEnabled = "user_enabled";
    SessionsEnded = "sessions_ended";
    SecondFactorEnabled = "second_factor_enabled";
    SecondFactorRemoved = "second_factor_removed";
    PasswordSet = "password_set";
    IdentityLinked = "identity_linked";
    IdentityUnlinked = "identity_unlinked";
    LoginRefused = "login_refused";
    LoginThrottled = "login_throttled";
    SessionBegun = "session_begun";
    RefreshReused = "refresh_reused";
    CodeReused = "code_reused";
    SignInRefused = "sign_in_refused";
    ClientCreated = "client_created";
    ClientChanged = "client_changed";
    ClientSecretAdded = "client_secret_added";
    ClientSecretRevoked = "client_secret_revoked";
    ClientDisabled = "client_disabled";
    WebhookCreated = "webhook_created";
    WebhookChanged = "webhook_changed";
    WebhookSecretRotated = "webhook_secret_rotated";
    WebhookDeleted = "webhook_deleted";
    ClientRefused = "client_refused";
    RefusalsWithheld = "refusals_withheld";
    KeysRotated = "keys_rotated";
    ResidentsKeyReplaced = "residents_key_replaced";
    CityLoaded = "city_loaded";
    AreasRecomputed = "areas_recomputed";
    RoutingPublished = "routing_published";
    RoutingReplayed = "routing_replayed";
    CafeChanged = "cafe_changed";
    SheetPublished = "sheet_published";
    SheetWithdrawn = "sheet_withdrawn";
    OutboxReplayed = "outbox_replayed";
    OutboxDismissed = "outbox_dismissed";
}
