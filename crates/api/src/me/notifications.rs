//! How one is told of what happens.

use actix_web::web::Data;
use actix_web::{HttpResponse, get, put};
use domain::notification::{Chosen, Group, ListRhythm, Rhythm};
use serde::{Deserialize, Serialize};
use usecases::Context;
use usecases::notification::Own;
use utoipa::ToSchema;

use crate::problem::{Code, Problem};
use crate::reply;
use crate::request::body::{Body, input};
use crate::request::caller::{LoggedIn, Preferred};
use crate::request::conditional::{IfMatch, IfMatchHeader};

/// How you are told of what happens.
#[derive(Serialize, ToSchema)]
#[schema(as = Notifications)]
pub(crate) struct NotificationsView {
    /// The course of tickets from concerns that you filed: taken in hand, scheduled, passed on…
    progress: Rhythm,
    /// How those tickets ended.
    outcomes: Rhythm,
    /// Messages to you, and notes that mention you.
    messages: Rhythm,
    /// Tickets that you are to deal with yourself.
    assignments: Rhythm,
    /// Reminders of single tickets of the services that you manage.
    reminders: Rhythm,
    /// What is sent to the mailboxes of your services.
    service: Rhythm,
    /// The list of late tickets: of all for dispatchers, of their services for others in a service.
    late: ListRhythm,
    /// Rises by one with each change; also the `ETag`. 0 before the first.
    #[schema(minimum = 0)]
    version: i64,
}

impl From<&Own> for NotificationsView {
    fn from(own: &Own) -> Self {
        let chosen = &own.wishes.chosen;
        Self {
            progress: chosen.rhythm(Group::Progress),
            outcomes: chosen.rhythm(Group::Outcomes),
            messages: chosen.rhythm(Group::Messages),
            assignments: chosen.rhythm(Group::Assignments),
            reminders: chosen.rhythm(Group::Reminders),
            service: chosen.rhythm(Group::Service),
            late: chosen.late(&own.person),
            version: own.wishes.version,
        }
    }
}

/// Choose how you are told: what is left out follows from your roles.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChooseNotifications {
    /// The course of tickets from concerns that you filed. `at_once` when left out.
    #[schema(nullable = false)]
    progress: Option<Rhythm>,
    /// How those tickets ended. `at_once` when left out.
    #[schema(nullable = false)]
    outcomes: Option<Rhythm>,
    /// Messages to you, and notes that mention you. `at_once` when left out.
    #[schema(nullable = false)]
    messages: Option<Rhythm>,
    /// Tickets that you are to deal with yourself. `at_once` when left out.
    #[schema(nullable = false)]
    assignments: Option<Rhythm>,
    /// Reminders of single tickets of the services that you manage. `at_once` when left out.
    #[schema(nullable = false)]
    reminders: Option<Rhythm>,
    /// What is sent to the mailboxes of your services, to you too. `none` when left out.
    #[schema(nullable = false)]
    service: Option<Rhythm>,
    /// The list of late tickets. When left out, `daily` for dispatchers and managers of services, `none` for others.
    #[schema(nullable = false)]
    late: Option<ListRhythm>,
}
input!(ChooseNotifications);

/// Read how one is told
///
/// Of what, and how often, you are told by e-mail. Letters about your own account are not among it: they always come,
/// at once. Nobody else reads or changes this.
#[utoipa::path(
    operation_id = "me_notifications",
    tag = "me",
    responses((status = 200, description = "How you are told", body = NotificationsView, headers(("ETag" = String, description = "The version")))),
    security(("bearer" = []))
)]
#[get("/v1/me/notifications")]
pub(crate) async fn read(
    who: LoggedIn,
    cx: Data<Context>,
    Preferred(language): Preferred,
) -> Result<HttpResponse, Problem> {
    let own = usecases::notification::own(&cx, who.own).await?.ok_or_else(|| Problem::new(Code::InvalidToken))?;
    Ok(reply::read(Some(own.wishes.version), language, &NotificationsView::from(&own)))
}

/// Choose how one is told
///
/// At once (what follows about the same ticket within twenty minutes comes in one e-mail), in one e-mail each working
/// day at 07:30, in one each week, or not at all. It holds for what waits already, too.
#[utoipa::path(
    operation_id = "me_choose_notifications",
    tag = "me",
    params(IfMatchHeader),
    request_body(content = ChooseNotifications, example = json!({"progress": "daily", "service": "at_once"})),
    responses((status = 200, description = "How you are told from now on", body = NotificationsView, headers(("ETag" = String, description = "The new version")))),
    security(("bearer" = []))
)]
#[put("/v1/me/notifications")]
pub(crate) async fn choose(
    who: LoggedIn,
    cx: Data<Context>,
    Preferred(language): Preferred,
    IfMatch(seen): IfMatch,
    body: Body<ChooseNotifications>,
) -> Result<HttpResponse, Problem> {
    let ChooseNotifications { progress, outcomes, messages, assignments, reminders, service, late } = body.value;
    let chosen = Chosen { progress, outcomes, messages, assignments, reminders, service, late };
    let own = usecases::notification::choose(&cx, who.own, &seen, chosen).await?;
    Ok(reply::read(Some(own.wishes.version), language, &NotificationsView::from(&own)))
}
