//! Standard Webhooks: <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::Serialize;
use sha2::Sha256;
use uuid::Uuid;

/// How a secret begins, as receivers keep it.
const PREFIX: &str = "whsec_";

/// A secret, as receivers keep it.
pub(super) fn shown(secret: &[u8]) -> String {
    format!("{PREFIX}{}", STANDARD.encode(secret))
}

/// The body in which something is sent.
pub(super) fn json(sent: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(sent).expect("an event is made of maps with string keys")
}

/// The value of `webhook-signature`: one signature for each secret.
pub(super) fn signature(secrets: &[Vec<u8>], id: Uuid, at: DateTime<Utc>, body: &[u8]) -> String {
    let sign = |secret: &Vec<u8>| {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes keys of any length");
        mac.update(format!("{id}.{}.", at.timestamp()).as_bytes());
        mac.update(body);
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    };
    secrets.iter().map(sign).collect::<Vec<_>>().join(" ")
}
