//! Webhooks: programs have their events sent, instead of asking for them.

mod deliver;
mod manage;
mod replay;
mod sign;

pub use deliver::{deliver, forget, lease, run};
pub use domain::webhook::{Because, Failing, Ping};
pub use fetch::Refused;
pub use manage::{
    Change, Created, Fault, Told, WebhookError, change, create, deliveries, delivery, list, ping, read, remove, rotate,
};
pub use replay::{Range, ReplayError, replay};
pub use store::webhook::{Delivery, Webhook};
