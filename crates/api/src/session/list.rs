//! Where one is logged in.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use usecases::Context;

use super::{SessionPage, SessionView};
use crate::problem::Problem;
use crate::request::caller::LoggedIn;

/// List one's sessions
///
/// Where you are logged in at this moment, the last used first.
#[utoipa::path(
    operation_id = "session_list",
    tag = "sessions",
    responses((status = 200, description = "Your live sessions", body = SessionPage)),
    security(("bearer" = []))
)]
#[get("/v1/sessions")]
pub(crate) async fn list(who: LoggedIn, cx: Data<Context>) -> Result<HttpResponse, Problem> {
    let sessions = usecases::session::list(&cx, who.own).await?;
    let items = sessions.into_iter().map(|session| SessionView::new(session, Some(who.own.session()))).collect();
    Ok(HttpResponse::Ok().json(SessionPage { items, next_cursor: None }))
}
