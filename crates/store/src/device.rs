//! Devices: whoever has logged in somewhere gets a token that proves it at the next login from there. It is derived
//! from the accounts' key, so that nothing about it is kept; it lets nobody in.

use domain::id::UserId;
use uuid::Uuid;

use crate::Store;
use crate::seal::digest;

impl Store {
    /// The token of a device on which that person has proved who they are.
    #[must_use]
    pub fn device_token(&self, user: UserId, device: Uuid) -> String {
        let mac = self.keys.accounts.token(&format!("continuum device of {user}"), device, 1);
        format!("cdt_{}{mac}", device.simple())
    }

    /// The device of a token, if the token is that person's.
    #[must_use]
    pub fn device(&self, user: UserId, token: &str) -> Option<Uuid> {
        let device = Uuid::try_parse(token.strip_prefix("cdt_")?.get(..32)?).ok()?;
        // Digests are compared: how long that takes says nothing of the token.
        (digest(token) == digest(&self.device_token(user, device))).then_some(device)
    }
}
