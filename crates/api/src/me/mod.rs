//! `/v1/me`: one's own account, password and second factor.

mod password;
mod read;
mod second_factor;

use utoipa_actix_web::service_config::ServiceConfig;

pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .service(read::read)
        .service(password::change)
        .service(second_factor::begin)
        .service(second_factor::confirm)
        .service(second_factor::remove);
}
