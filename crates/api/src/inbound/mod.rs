//! `/v1/inbound`: e-mail that came in.

mod list;
pub(crate) mod receive;
mod settle;

use crate::openapi::Routes;

pub(crate) fn routes(config: &mut impl Routes) {
    config.service(receive::receive).service(list::list).service(settle::settle).service(settle::delete);
}
