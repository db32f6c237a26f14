//! `/v1/me`: one's own account, password, identities, second factor and notifications.

pub(crate) mod identity;
mod notifications;
mod password;
mod read;
mod second_factor;

use crate::openapi::Routes;

pub(crate) fn routes(config: &mut impl Routes) {
    config
        .service(read::read)
        .service(password::change)
        .service(notifications::read)
        .service(notifications::choose)
        .service(identity::list)
        .service(identity::remove)
        .service(second_factor::begin)
        .service(second_factor::confirm)
        .service(second_factor::remove);
}
