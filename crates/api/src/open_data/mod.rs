//! `/v1/open-data`: what was filed each month and what became of it, for everybody: the data, what its columns mean, and what
//! catalogues of data gather of it.

mod catalogue;
mod package;
mod table;

use crate::openapi::Routes;
use actix_web::{HttpRequest, HttpResponse};
use usecases::Context;
use usecases::open_data::OpenDataError;

use crate::problem::{Code, Problem};
use crate::reply;

/// For how long answers may be kept: months are added at night.
const KEEP: &str = "public, max-age=3600";

/// Under which licence: Licence Ouverte 2.0 (Etalab), as data.gouv.fr knows it.
const LICENCE: &str = "https://www.etalab.gouv.fr/licence-ouverte-open-licence";

pub(crate) fn routes(config: &mut impl Routes) {
    config.service(table::table).service(package::package).service(package::schema).service(catalogue::catalogue);
}

impl From<OpenDataError> for Problem {
    fn from(error: OpenDataError) -> Self {
        match error {
            OpenDataError::NotWished => Self::new(Code::NotFound)
                .detail(("La ville ne publie pas de données ouvertes.", "The city publishes no open data.")),
            OpenDataError::NoCity(error) => error.into(),
            OpenDataError::Store(error) => error.into(),
        }
    }
}

/// The address of a file of ours.
fn address(cx: &Context, file: &str) -> String {
    format!("{}/v1/open-data/{file}", cx.source.trim_end_matches('/'))
}

fn send(request: &HttpRequest, media_type: &str, body: String) -> HttpResponse {
    reply::cached(request, media_type, KEEP, body)
}
