//! Who one is.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use usecases::Context;

use crate::problem::{Code, Problem};
use crate::reply;
use crate::request::caller::{LoggedIn, Preferred};
use crate::user::UserView;

/// Read one's own account
///
/// Who the access token says you are, and what you may do.
#[utoipa::path(
    operation_id = "me_read",
    tag = "me",
    responses((status = 200, description = "Your account", body = UserView, headers(("ETag" = String, description = "The version")))),
    security(("bearer" = []))
)]
#[get("/v1/me")]
pub(crate) async fn read(
    who: LoggedIn,
    cx: Data<Context>,
    Preferred(language): Preferred,
) -> Result<HttpResponse, Problem> {
    let user = usecases::session::me(&cx, who.own).await?.ok_or_else(|| Problem::new(Code::InvalidToken))?;
    Ok(reply::read(Some(user.version), language, &UserView::from(&user)))
}
