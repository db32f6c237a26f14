//! What is written about a ticket beside its timeline: notes, messages to the referrer, messages to the resident. Three
//! things that are never one, so that nobody sends to a resident what was meant for a colleague. And what residents say.

mod colleagues;
mod feedback;
mod note;
mod referrer_message;
mod resident_message;

use crate::openapi::Routes;
use utoipa::IntoParams;

pub(super) fn routes(config: &mut impl Routes) {
    config
        .service(note::add)
        .service(note::list)
        .service(referrer_message::write)
        .service(referrer_message::list)
        .service(resident_message::write)
        .service(resident_message::list)
        .service(resident_message::take_back)
        .service(feedback::list)
        .service(colleagues::colleagues);
}

/// How these lists are paged.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "only documents the parameters that `Query` takes")]
struct ListWritings {
    /// How many at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u64>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}
