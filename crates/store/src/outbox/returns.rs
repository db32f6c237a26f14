//! The address that an e-mail comes back to: what stands in it names the message, and only we can have written it.

use data_encoding::{BASE32_NOPAD, BASE32_NOPAD_NOCASE};
use domain::id::MessageId;
use uuid::Uuid;

use crate::{SealingKey, Store};

/// How many bytes of the code go with the id: enough that nobody hits one by trying, few enough for a local part.
const CODE: usize = 8;

fn code(key: &SealingKey, id: MessageId) -> [u8; CODE] {
    let mac = key.mac(&[b"continuum return address", id.0.as_bytes()]);
    mac.first_chunk().copied().unwrap_or_default()
}

/// What tells the message in a return address: 39 letters and digits, in which case does not matter (mail servers may
/// change it).
pub(super) fn token(key: &SealingKey, id: MessageId) -> String {
    let bytes = [id.0.as_bytes().as_slice(), &code(key, id)].concat();
    BASE32_NOPAD.encode(&bytes).to_lowercase()
}

impl Store {
    /// The message that a return address was made for; none when we did not make it.
    #[must_use]
    pub fn returned(&self, token: &str) -> Option<MessageId> {
        let bytes = BASE32_NOPAD_NOCASE.decode(token.as_bytes()).ok()?;
        let (id, given) = bytes.split_first_chunk::<16>()?;
        let id = MessageId(Uuid::from_bytes(*id));
        (given == code(&self.keys.residents, id)).then_some(id)
    }
}
