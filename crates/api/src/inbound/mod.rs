//! `/v1/inbound`: e-mail that came in.

mod list;
mod receive;
mod settle;

use utoipa_actix_web::service_config::ServiceConfig;

pub(crate) fn routes(config: &mut ServiceConfig) {
    config.service(receive::receive).service(list::list).service(settle::settle);
}
