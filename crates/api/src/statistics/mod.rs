//! `/v1/stats`.

mod cafe;
mod chart;
mod page;
mod report;
mod ticket;
mod view;

use utoipa_actix_web::service_config::ServiceConfig;

pub(crate) fn routes(config: &mut ServiceConfig) {
    config.service(ticket::read).service(cafe::read).service(report::read);
}
