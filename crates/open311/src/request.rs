//! `GET requests`: reading them. There is nothing in them but what the public may know, so that nobody needs a key.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use domain::id::CategoryCode;
use domain::text::SearchWords;
use usecases::Context;
use usecases::open311::{Request, Sort, Wanted};

use crate::TEST;
use crate::answer::{Told, Wrong, answer, each, language};
use crate::caller::jurisdiction;
use crate::node::Node;
use crate::parameters::{Parameters, lately};
use crate::place::{bounds, circle};
use crate::record::record;
use crate::reply::text_fault;

/// How many requests are answered at once.
const MOST: u64 = 1000;

/// How many are answered at once with what happened to each.
const MOST_EXTENDED: u64 = 200;

/// How many can be paged through: who wants more asks for fewer days.
const DEEPEST: u64 = 10_000;

/// The token of every request that was only tried.
pub(crate) const TRIED: &str = "test";

pub(crate) async fn list(request: HttpRequest, cx: Data<Context>) -> HttpResponse {
    listed(&request, &cx).await.unwrap_or_else(|wrong| answer(&request, Err(wrong)))
}

pub(crate) async fn one(request: HttpRequest, cx: Data<Context>) -> HttpResponse {
    found(&request, &cx).await.unwrap_or_else(|wrong| answer(&request, Err(wrong)))
}

pub(crate) async fn token(request: HttpRequest, cx: Data<Context>) -> HttpResponse {
    answer(&request, redeemed(&request, &cx).await)
}

async fn listed(request: &HttpRequest, cx: &Context) -> Result<HttpResponse, Wrong> {
    let parameters = Parameters::parse(request.query_string().as_bytes())?;
    jurisdiction(&cx.city()?.city, &parameters)?;
    let references: Vec<String> = parameters.list("service_request_id").map(str::to_owned).collect();
    let wanted = if references.is_empty() { wanted(cx, &parameters)? } else { named(references, &parameters)? };
    let with_events = wanted.with_events;
    told(request, cx, usecases::open311::requests(cx, wanted).await?, with_events)
}

async fn found(request: &HttpRequest, cx: &Context) -> Result<HttpResponse, Wrong> {
    let parameters = Parameters::parse(request.query_string().as_bytes())?;
    jurisdiction(&cx.city()?.city, &parameters)?;
    let reference = request.match_info().get("id").unwrap_or_default().to_owned();
    let wanted = named(vec![reference], &parameters)?;
    let with_events = wanted.with_events;
    let requests = usecases::open311::requests(cx, wanted).await?;
    if requests.is_empty() {
        return Err(Wrong::unknown(("Cette demande est inconnue.", "This request is unknown.")));
    }
    told(request, cx, requests, with_events)
}

/// The id of a request is told at once, and is its own token; what was only tried has none.
async fn redeemed(request: &HttpRequest, cx: &Context) -> Result<Told, Wrong> {
    let parameters = Parameters::parse(request.query_string().as_bytes())?;
    jurisdiction(&cx.city()?.city, &parameters)?;
    let token = request.match_info().get("token").unwrap_or_default();
    let mut parts = vec![("token", token.into())];
    if !(token == TRIED && request.path().starts_with(TEST)) {
        let wanted = Wanted { references: vec![token.to_owned()], limit: 1, ..Wanted::default() };
        let requests = usecases::open311::requests(cx, wanted).await?;
        let found = requests.into_iter().next();
        let found = found.ok_or_else(|| Wrong::unknown(("Ce jeton est inconnu.", "This token is unknown.")))?;
        parts.insert(0, ("service_request_id", found.reference.into()));
    }
    Ok(("service_requests", Node::List("request", vec![Node::Object(parts)])))
}

fn told(request: &HttpRequest, cx: &Context, requests: Vec<Request>, with_events: bool) -> Result<HttpResponse, Wrong> {
    let (loaded, language) = (cx.city()?, language(request));
    let records = requests.into_iter().map(|one| record(&one, &loaded.city, language, with_events));
    Ok(each(request, "service_requests", "request", records))
}

/// Those of these ids, whatever else is asked for.
fn named(references: Vec<String>, parameters: &Parameters) -> Result<Wanted, Wrong> {
    let with_events = parameters.get("extensions") == Some("true");
    let most = if with_events { MOST_EXTENDED } else { MOST };
    if references.len() as u64 > most {
        return Err(Wrong::bad((
            format!("« service_request_id » a au plus {most} identifiants."),
            format!("“service_request_id” has {most} ids at most."),
        )));
    }
    Ok(Wanted { references, with_events, limit: most, ..Wanted::default() })
}

fn wanted(cx: &Context, parameters: &Parameters) -> Result<Wanted, Wrong> {
    let now = cx.now();
    let with_events = match parameters.get("extensions") {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => {
            return Err(Wrong::bad(("« extensions » est true ou false.", "“extensions” is true or false.")));
        }
    };
    let most = if with_events { MOST_EXTENDED } else { MOST };
    let limit = parameters.whole("page_size", 1, most)?.unwrap_or(most);
    let page = parameters.whole("page", 1, DEEPEST)?.unwrap_or(1);
    let (mut requested, updated) =
        (parameters.window("start_date", "end_date", now)?, parameters.window("updated_after", "updated_before", now)?);
    // Without dates, the last 90 days or 1 000 requests.
    let deepest = if requested.is_none() && updated.is_none() { MOST } else { DEEPEST };
    if requested.is_none() && updated.is_none() {
        requested = Some(lately(now));
    }
    let skip = (page - 1) * limit;
    if skip >= deepest {
        return Err(Wrong::bad((
            format!("Au plus {deepest} demandes se feuillettent ainsi ; donner des dates plus proches."),
            format!("{deepest} requests at most can be paged through like this; give closer dates."),
        )));
    }
    let words = parameters.get("q").map(|words| SearchWords::try_from(words.to_owned())).transpose();
    Ok(Wanted {
        categories: categories(parameters)?,
        open: open(parameters)?,
        requested,
        updated,
        within: bounds(parameters)?,
        around: circle(parameters)?,
        words: words.map_err(|error| Wrong::bad(text_fault("q", error)))?,
        sort: sort(parameters)?,
        with_events,
        skip,
        limit: limit.min(deepest - skip),
        ..Wanted::default()
    })
}

/// A code that no category can have is one that no request has.
fn categories(parameters: &Parameters) -> Result<Vec<CategoryCode>, Wrong> {
    let codes = parameters.list("service_code").map(|code| CategoryCode::try_from(code.to_owned()));
    codes.collect::<Result<_, _>>().map_err(|_| {
        Wrong::bad((
            "« service_code » est une liste de codes entre virgules ; voir « services ».",
            "“service_code” is a list of codes between commas; see “services”.",
        ))
    })
}

fn open(parameters: &Parameters) -> Result<Option<bool>, Wrong> {
    let (mut open, mut closed) = (false, false);
    for status in parameters.list("status") {
        match status.to_ascii_lowercase().as_str() {
            "open" => open = true,
            "closed" => closed = true,
            _ => return Err(Wrong::bad(("« status » est open ou closed.", "“status” is open or closed."))),
        }
    }
    Ok((open != closed).then_some(open))
}

fn sort(parameters: &Parameters) -> Result<Sort, Wrong> {
    match parameters.get("sort") {
        None | Some("-requested_datetime") => Ok(Sort::LastRequested),
        Some("requested_datetime") => Ok(Sort::FirstRequested),
        Some("-updated_datetime") => Ok(Sort::LastUpdated),
        Some("updated_datetime") => Ok(Sort::FirstUpdated),
        Some(_) => Err(Wrong::bad((
            "« sort » est requested_datetime ou updated_datetime, avec « - » devant pour les dernières d’abord.",
            "“sort” is requested_datetime or updated_datetime, with “-” before it for the last ones first.",
        ))),
    }
}
