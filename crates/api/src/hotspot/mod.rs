//! `/v1/hotspots`: places that come back.

mod list;

use crate::openapi::Routes;

pub(crate) fn routes(config: &mut impl Routes) {
    config.service(list::list);
}
