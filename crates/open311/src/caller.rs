//! Who is asking: the program of an API key, which stands in the request itself.

use actix_web::http::StatusCode;
use actix_web::{HttpMessage as _, HttpRequest};
use auth::Grant;
use auth::permission::UseOpen311;
use domain::city::City;
use usecases::{Context, Origin};

use crate::answer::Wrong;
use crate::parameters::Parameters;

/// The program's proof that it may use Open311.
pub(crate) async fn caller(
    cx: &Context,
    request: &HttpRequest,
    parameters: &Parameters,
) -> Result<Grant<UseOpen311>, Wrong> {
    let refused = |text: (&str, &str)| Wrong::new(StatusCode::FORBIDDEN, text);
    let Some(key) = parameters.get("api_key") else {
        return Err(refused(("Il manque la clé « api_key ».", "The key “api_key” is missing.")));
    };
    let from = request.extensions().get::<Origin>().and_then(|origin| origin.address.clone());
    let principal = usecases::authenticate_key(cx, key, from).await?;
    let grant = principal.and_then(|principal| principal.grant::<UseOpen311>().ok());
    grant.ok_or_else(|| {
        refused(("La clé « api_key » n’est pas valable pour Open311.", "The key “api_key” does not hold for Open311."))
    })
}

/// Whether the jurisdiction that is asked for, if one is, is this one: the city's INSEE code.
pub(crate) fn jurisdiction(city: &City, parameters: &Parameters) -> Result<(), Wrong> {
    let own = &city.settings.insee;
    match parameters.get("jurisdiction_id") {
        Some(asked) if asked != own => Err(Wrong::unknown((
            format!("Ce serveur ne connaît qu’un « jurisdiction_id » : {own}, qui peut être omis."),
            format!("This server knows one “jurisdiction_id”, which may be left out: {own}."),
        ))),
        Some(_) | None => Ok(()),
    }
}
