//! A resident's link, for who looks after the resident: renewing it, ending it, and a slip of paper that stands for it.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use auth::Holder as _;
use auth::permission::ChangeTickets;
use domain::id::ConcernId;
use domain::slip::Factor;
use minijinja::value::Serde;
use minijinja::{Value, context};
use serde::{Deserialize, Serialize};
use usecases::Context;
use usecases::once::Once;
use usecases::tracking::{self, Renewed};
use utoipa::ToSchema;

use super::read::ConcernPath;
use crate::page;
use crate::problem::{Code, FieldError, Problem};
use crate::reply;
use crate::request::accept::rather;
use crate::request::body::{Body, Nothing, input};
use crate::request::caller::Caller;
use crate::request::idempotency::{Idempotency, IdempotencyHeader};
use crate::request::path::Id;

/// A link that was renewed.
#[derive(Serialize, ToSchema)]
struct RenewedLink {
    /// Whether the new one is mailed to the resident: they left an address, and have not stopped the mails.
    mailed: bool,
}

/// Renew a resident's link
///
/// For whoever filed the concern, and dispatchers: when a link was passed on, or lost. The earlier links and the slip of
/// paper lead nowhere from now on; the new link is mailed to the resident, and told to nobody else. One that was ended
/// lives again.
#[utoipa::path(
    operation_id = "concern_tracking_renew",
    tag = "concerns",
    params(ConcernPath, IdempotencyHeader),
    responses(
        (status = 200, description = "Renewed", body = RenewedLink),
        (status = 403, description = "`missing_right`, `action_not_yours`, `second_factor_required`"),
        (status = 409, description = "`no_tracking_link`: the resident left nothing to be reached by, and has no slip"),
        (status = 422, description = "The idempotency key was used for another request"),
    ),
    security(("bearer" = []))
)]
#[post("/v1/concerns/{concern}/tracking/renew")]
pub(super) async fn renew(
    caller: Caller<ChangeTickets>,
    cx: Data<Context>,
    id: Id<ConcernPath>,
    key: Idempotency,
    body: Body<Nothing>,
) -> Result<HttpResponse, Problem> {
    let Caller { grant, language } = caller;
    let show = |renewed: &Renewed| reply::kept(StatusCode::OK, None, None, &RenewedLink { mailed: renewed.mailed });
    let once = Once::new(key.claim(grant.holder().id(), &body.digest), &show);
    let done = tracking::renew(&cx, &grant, ConcernId(id.value), once).await?;
    reply::send(done.into_answer(show), language)
}

/// A link that was ended.
#[derive(Serialize, ToSchema)]
struct EndedLink {
    /// Always true.
    ended: bool,
}

/// End a resident's link
///
/// For whoever filed the concern, and dispatchers: when it reached the wrong person, or the resident wishes so. The link and
/// the slip of paper lead nowhere, and nothing more is mailed to the resident, until the link is renewed.
#[utoipa::path(
    operation_id = "concern_tracking_end",
    tag = "concerns",
    params(ConcernPath, IdempotencyHeader),
    responses(
        (status = 200, description = "Ended", body = EndedLink),
        (status = 403, description = "`missing_right`, `action_not_yours`, `second_factor_required`"),
        (status = 409, description = "`no_tracking_link`"),
        (status = 422, description = "The idempotency key was used for another request"),
    ),
    security(("bearer" = []))
)]
#[post("/v1/concerns/{concern}/tracking/end")]
pub(super) async fn end(
    caller: Caller<ChangeTickets>,
    cx: Data<Context>,
    id: Id<ConcernPath>,
    key: Idempotency,
    body: Body<Nothing>,
) -> Result<HttpResponse, Problem> {
    let Caller { grant, language } = caller;
    let show = |(): &()| reply::kept(StatusCode::OK, None, None, &EndedLink { ended: true });
    let once = Once::new(key.claim(grant.holder().id(), &body.digest), &show);
    let done = tracking::end(&cx, &grant, ConcernId(id.value), once).await?;
    reply::send(done.into_answer(show), language)
}

/// Make a slip of paper.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MakeSlip {
    /// What the resident will be asked besides the code, such as the number of their house. Case, spaces, accents and a
    /// leading « n° » do not matter. It stands on no slip, and is kept as a keyed digest only.
    #[schema(min_length = 1, max_length = 40, examples("12 bis"))]
    factor: String,
}
input!(MakeSlip);

/// A slip of paper.
#[derive(Serialize, ToSchema)]
#[schema(as = Slip)]
struct SlipView {
    /// The code, in two groups. It is shown this once only.
    #[schema(pattern = "^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$", examples("7KQ2-X9FD"))]
    code: String,
    /// Where it is typed.
    #[schema(format = "uri", examples("https://continuum.example/v1/tracking"))]
    url: String,
}

/// Make a slip of paper for a resident
///
/// For whoever filed the concern, and dispatchers: a short code to be written down, for residents with or without e-mail.
/// With what was agreed on (`factor`) it leads to the page that the link would lead to. With `Accept: text/html`, a slip to
/// be printed (A6), in the language of `Accept-Language`. An earlier slip is dead. Ask anew if the answer was lost.
#[utoipa::path(
    operation_id = "concern_slip",
    tag = "concerns",
    params(ConcernPath),
    request_body(content = MakeSlip, example = json!({"factor": "12 bis"})),
    responses(
        (status = 201, description = "The slip, shown this once", content((SlipView = "application/json"), (String = "text/html"))),
        (status = 403, description = "`missing_right`, `action_not_yours`, `second_factor_required`"),
        (status = 422, description = "There is no letter or digit in `factor`"),
    ),
    security(("bearer" = []))
)]
#[post("/v1/concerns/{concern}/slip")]
pub(super) async fn slip(
    caller: Caller<ChangeTickets>,
    cx: Data<Context>,
    id: Id<ConcernPath>,
    request: HttpRequest,
    body: Body<MakeSlip>,
) -> Result<HttpResponse, Problem> {
    let factor = Factor::typed(&body.value.factor).ok_or_else(|| {
        let texts = ("Il faut au moins une lettre ou un chiffre.", "At least a letter or a digit is needed.");
        Problem::new(Code::InvalidContent).errors(vec![FieldError::in_body("/factor", "empty", texts)])
    })?;
    let code = tracking::make_slip(&cx, &caller.grant, ConcernId(id.value), &factor).await?.written();
    let url = format!("{}/v1/tracking", cx.tokens.issuer());
    if !rather(&request, "text/html", "application/json") {
        return Ok(HttpResponse::Created().json(SlipView { code, url }));
    }
    let values = context! {
        language => caller.language.tag(),
        style => Value::from_safe_string(page::SLIP_STYLE.to_owned()),
        sender => Serde(&cx.city()?.city.settings.sender),
        qr => Value::from_safe_string(page::qr(&url)?),
        url,
        code,
    };
    let mut response = page::whole(page::render("slip.html", values)?, page::SLIP_STYLE);
    *response.status_mut() = StatusCode::CREATED;
    Ok(response)
}
