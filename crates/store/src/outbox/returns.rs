//! The addresses that an e-mail comes back to: what stands in them names the message, and only we can have written it. Whoever
//! may answer an e-mail knows the one for answers; the one for reports that it did not arrive, mail servers alone. Neither
//! gives the other away.

use data_encoding::{BASE32_NOPAD, BASE32_NOPAD_NOCASE};
use domain::id::MessageId;
use uuid::Uuid;

use crate::{SealingKey, Store};

/// How many bytes of the code go with the id: enough that nobody hits one by trying, few enough for a local part.
const CODE: usize = 8;

/// What comes to an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Reports of failed delivery.
    Bounce,
    /// Answers.
    Reply,
}

/// What stands in the addresses that an e-mail comes back to: 39 letters and digits each, in which case does not matter (mail
/// servers may change it).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Returns {
    /// Where answers go.
    pub answers: String,
    /// Where reports go.
    pub reports: String,
}

fn code(key: &SealingKey, mark: Mark, id: MessageId) -> [u8; CODE] {
    let purpose: &[u8] = match mark {
        Mark::Bounce => b"continuum report address",
        Mark::Reply => b"continuum answer address",
    };
    key.mac(&[purpose, id.0.as_bytes()]).first_chunk().copied().unwrap_or_default()
}

impl Returns {
    pub(super) fn of(key: &SealingKey, id: MessageId) -> Self {
        let token = |mark| {
            let bytes = [id.0.as_bytes().as_slice(), &code(key, mark, id)].concat();
            BASE32_NOPAD.encode(&bytes).to_lowercase()
        };
        Self { answers: token(Mark::Reply), reports: token(Mark::Bounce) }
    }
}

impl Store {
    /// The message that a return address was made for; none when we did not make it, or for something else.
    #[must_use]
    pub fn returned(&self, mark: Mark, token: &str) -> Option<MessageId> {
        let bytes = BASE32_NOPAD_NOCASE.decode(token.as_bytes()).ok()?;
        let (id, given) = bytes.split_first_chunk::<16>()?;
        let id = MessageId(Uuid::from_bytes(*id));
        (given == code(&self.keys.residents, mark, id)).then_some(id)
    }
}
