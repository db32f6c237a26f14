//! `/v1/notifications`: what is written to people.

mod preview;

use crate::openapi::Routes;

pub(crate) fn routes(config: &mut impl Routes) {
    config.service(preview::preview);
}
