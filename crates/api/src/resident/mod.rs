//! `/v1/residents`: what is kept of a resident, for those of them who ask (RGPD, articles 15 and 17); and what the city says of
//! personal data.

mod erase;
mod export;
mod page;
mod search;

use crate::openapi::Routes;

pub(crate) fn routes(config: &mut impl Routes) {
    config.service(search::search).service(export::export).service(erase::erase);
    config.service(page::notice).service(page::record);
}
