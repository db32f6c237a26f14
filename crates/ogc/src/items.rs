//! Features: a page of a collection, or one.

use actix_web::http::header::{AUTHORIZATION, HeaderName, HeaderValue};
use actix_web::web::Data;
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse};
use auth::Principal;
use chrono::SecondsFormat;
use domain::city::City;
use domain::language::Language;
use serde_json::{Value, json};
use usecases::Context;

use crate::answer::{GEOJSON, JSON, Wrong, answer, language};
use crate::collection::{CRS84, Collection};
use crate::feature::{area, cafe, hotspot, ticket};
use crate::link::{address, link};
use crate::query::{self, Asked};

/// Some features, and where the next ones begin.
pub(crate) type Found = (Vec<Value>, Option<String>);

/// Who reads, what of the city, in which language.
pub(crate) struct Reading<'a> {
    pub(crate) cx: &'a Context,
    pub(crate) city: &'a City,
    /// None reads what is public.
    pub(crate) who: Option<Principal>,
    pub(crate) language: Language,
}

pub(crate) async fn list(request: HttpRequest, cx: Data<Context>) -> HttpResponse {
    geojson(&request, listed(&request, &cx).await)
}

pub(crate) async fn one(request: HttpRequest, cx: Data<Context>) -> HttpResponse {
    geojson(&request, found(&request, &cx).await)
}

fn geojson(request: &HttpRequest, outcome: Result<Value, Wrong>) -> HttpResponse {
    let is_told = outcome.is_ok();
    let mut answer = answer(request, GEOJSON, outcome);
    if is_told && let Ok(crs) = HeaderValue::from_str(&format!("<{CRS84}>")) {
        answer.headers_mut().insert(HeaderName::from_static("content-crs"), crs);
    }
    answer
}

/// Who asks: nobody in particular without a token. A token that does not hold is told, rather than less shown than expected.
fn who(request: &HttpRequest) -> Result<Option<Principal>, Wrong> {
    let principal = request.extensions().get::<Principal>().cloned();
    if principal.is_none() && request.headers().contains_key(AUTHORIZATION) {
        return Err(Wrong::unauthorized());
    }
    Ok(principal)
}

async fn listed(request: &HttpRequest, cx: &Context) -> Result<Value, Wrong> {
    let (who, loaded, language) = (who(request)?, cx.city()?, language(request));
    let collection = Collection::of(request)?;
    let asked = query::asked(request, collection, &loaded.city)?;
    let reading = Reading { cx, city: &loaded.city, who, language };
    let (features, next) = match collection {
        Collection::Tickets => ticket::page(&reading, &asked).await,
        Collection::Cafes => cafe::page(&reading, &asked).await,
        Collection::Hotspots => hotspot::page(&reading, &asked).await,
        Collection::Areas => area::page(&reading, &asked),
    }?;
    let at = address(cx, &format!("/collections/{}", collection.id()));
    let title = collection.title(language);
    let mut links = vec![
        link(&with_query(&format!("{at}/items"), request.query_string()), "self", GEOJSON, title),
        link(&at, "collection", JSON, title),
    ];
    if let Some(cursor) = next {
        let query = onwards(request.query_string(), &cursor);
        let title = language.pick(("La suite", "The next ones"));
        links.push(link(&with_query(&format!("{at}/items"), &query), "next", GEOJSON, title));
    }
    Ok(json!({
        "type": "FeatureCollection",
        "timeStamp": cx.now().to_rfc3339_opts(SecondsFormat::Secs, true),
        "numberReturned": features.len(),
        "links": links,
        "features": features,
    }))
}

async fn found(request: &HttpRequest, cx: &Context) -> Result<Value, Wrong> {
    let (who, loaded, language) = (who(request)?, cx.city()?, language(request));
    let collection = Collection::of(request)?;
    query::none(request)?;
    let id = request.match_info().get("feature").filter(|id| !id.contains('\0')).ok_or_else(Wrong::unknown_feature)?;
    let reading = Reading { cx, city: &loaded.city, who, language };
    let feature = match collection {
        Collection::Tickets => ticket::one(&reading, id).await,
        Collection::Cafes => cafe::one(&reading, id).await,
        Collection::Hotspots => hotspot::one(&reading, id).await,
        Collection::Areas => Ok(area::one(&reading, id)),
    }?;
    let mut feature = feature.ok_or_else(Wrong::unknown_feature)?;
    let at = address(cx, &format!("/collections/{}", collection.id()));
    let title = collection.title(language);
    let own = feature["id"].as_str().unwrap_or_default().to_owned();
    feature["links"] =
        json!([link(&format!("{at}/items/{own}"), "self", GEOJSON, &own), link(&at, "collection", JSON, title),]);
    Ok(feature)
}

fn with_query(address: &str, query: &str) -> String {
    if query.is_empty() { address.to_owned() } else { format!("{address}?{query}") }
}

/// The same question, from there on.
fn onwards(query: &str, cursor: &str) -> String {
    let asked = url::form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name != "cursor");
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(asked).append_pair("cursor", cursor).finish()
}

/// Where a page begins, of what a cursor of ours says.
pub(crate) fn after<T>(asked: &Asked, read: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>, Wrong> {
    let Some(cursor) = &asked.cursor else { return Ok(None) };
    let fault = || {
        let (fr, en) = ("« cursor » vient d’un lien « next ».", "“cursor” comes from a “next” link.");
        Wrong::parameters(vec![("cursor".to_owned(), fr.to_owned(), en.to_owned())])
    };
    read(cursor).map(Some).ok_or_else(fault)
}
