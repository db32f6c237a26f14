//! Looking an address up.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use auth::permission::ReadCity;
use domain::text::SearchWords;
use usecases::Context;
use utoipa::IntoParams;

use super::{FoundPlaces, answer, limit};
use crate::problem::Problem;
use crate::request::caller::Caller;
use crate::request::query::Query;
use crate::ticket::filter::point;

/// Which address is looked for.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "only documents the parameters that `search` takes")]
struct SearchPlaces {
    /// What was typed so far: 3 to 200 characters that begin with a letter or a digit.
    #[param(min_length = 3, max_length = 200, example = "8 bd du port")]
    q: String,
    /// Those near this point before others: `lat,lon`, degrees.
    #[param(example = "49.894,2.302")]
    near: Option<String>,
    /// How many at most.
    #[param(minimum = 1, maximum = 20, default = 5)]
    limit: Option<u8>,
}

/// What the national geocoder takes for the beginning of an address.
fn words(text: &str) -> Option<SearchWords> {
    let words = SearchWords::try_from(text.to_owned()).ok()?;
    let begins = words.as_str().starts_with(char::is_alphanumeric) && words.as_str().chars().count() >= 3;
    begins.then_some(words)
}

/// Search for an address
///
/// The city's addresses that the words may mean, the likeliest first, each with its point and the areas that it lies in,
/// as the national geocoder knows them (Base adresse nationale). Made for asking at each key stroke: answers are kept
/// for a day. When the geocoder does not answer, this is `503 no_geocoder`, and concerns are filed all the same.
#[utoipa::path(
    operation_id = "place_search",
    tag = "city",
    params(SearchPlaces),
    responses(
        (status = 200, description = "What was found", body = FoundPlaces),
        (status = 503, description = "`unavailable`, `no_city`; `no_geocoder`: none is configured, or it does not answer"),
    ),
    security(("bearer" = []))
)]
#[get("/v1/places/search")]
pub(crate) async fn search(
    caller: Caller<ReadCity>,
    cx: Data<Context>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let mut query = Query::of(&request);
    let expected = (
        "3 à 200 caractères qui commencent par une lettre ou un chiffre",
        "3 to 200 characters that begin with a letter or a digit",
    );
    let words = query.needed("q", expected, words);
    let near = query.one("near", "lat,lon", point);
    let limit = limit(&mut query);
    let words = query.finish_with(words)?;
    let found = usecases::place::search(&cx, &caller.grant, &words, near, limit).await?;
    Ok(answer(&found, caller.language))
}
