//! `/v1/tracking`: what a resident reads through the link in their e-mail, as JSON or as a page. Nothing changes on
//! GET: mail scanners follow links.

mod read;

use utoipa_actix_web::service_config::ServiceConfig;

pub(crate) fn routes(config: &mut ServiceConfig) {
    config.service(read::read);
}
