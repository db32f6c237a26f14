//! `/v1/stats`.

mod cafe;
mod chart;
mod page;
mod report;
mod ticket;
mod view;

use crate::openapi::Routes;

pub(crate) fn routes(config: &mut impl Routes) {
    config.service(ticket::read).service(cafe::read).service(report::read);
}
