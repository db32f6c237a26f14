//! `/v1/notifications`: what is written to people.

mod preview;

use utoipa_actix_web::service_config::ServiceConfig;

pub(crate) fn routes(config: &mut ServiceConfig) {
    config.service(preview::preview);
}
