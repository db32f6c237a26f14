//! What there is: the landing page, the definition of the API, the classes that it conforms to, the collections.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use domain::city::City;
use domain::language::Language;
use serde_json::{Value, json};
use usecases::Context;

use crate::answer::{GEOJSON, JSON, OPENAPI, answer, language};
use crate::collection::{CRS84, Collection};
use crate::link::{address, link};
use crate::{document, query};

const CONFORMS_TO: [&str; 3] = ["core", "oas30", "geojson"];

pub(crate) async fn landing(request: HttpRequest, cx: Data<Context>) -> HttpResponse {
    let told = || {
        query::none(&request)?;
        let (loaded, language) = (cx.city()?, language(&request));
        let link = |path: &str, rel: &str, media_type: &str, title: (&str, &str)| {
            link(&address(&cx, path), rel, media_type, language.pick(title))
        };
        Ok(json!({
            "title": document::title(&loaded.city, language),
            "description": document::description(language),
            "links": [
                link("", "self", JSON, ("Ce document", "This document")),
                link("/api", "service-desc", OPENAPI, ("La définition de l’API", "The definition of the API")),
                link("/conformance", "conformance", JSON, ("Les classes de conformité", "The conformance classes")),
                link("/collections", "data", JSON, ("Les collections", "The collections")),
            ],
        }))
    };
    answer(&request, JSON, told())
}

pub(crate) async fn api(request: HttpRequest, cx: Data<Context>) -> HttpResponse {
    let told = || {
        query::none(&request)?;
        Ok(document::document(&cx, &cx.city()?.city, language(&request)))
    };
    answer(&request, OPENAPI, told())
}

pub(crate) async fn conformance(request: HttpRequest) -> HttpResponse {
    let class = |class: &str| format!("http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/{class}");
    let told = || {
        query::none(&request)?;
        Ok(json!({ "conformsTo": CONFORMS_TO.map(class) }))
    };
    answer(&request, JSON, told())
}

pub(crate) async fn collections(request: HttpRequest, cx: Data<Context>) -> HttpResponse {
    let told = || {
        query::none(&request)?;
        let (loaded, language) = (cx.city()?, language(&request));
        let title = language.pick(("Les collections", "The collections"));
        let described = Collection::ALL.map(|collection| describe(collection, &cx, &loaded.city, language));
        Ok(json!({
            "links": [link(&address(&cx, "/collections"), "self", JSON, title)],
            "collections": described,
        }))
    };
    answer(&request, JSON, told())
}

pub(crate) async fn collection(request: HttpRequest, cx: Data<Context>) -> HttpResponse {
    let told = || {
        query::none(&request)?;
        let collection = Collection::of(&request)?;
        Ok(describe(collection, &cx, &cx.city()?.city, language(&request)))
    };
    answer(&request, JSON, told())
}

fn describe(collection: Collection, cx: &Context, city: &City, language: Language) -> Value {
    let title = collection.title(language);
    let at = address(cx, &format!("/collections/{}", collection.id()));
    json!({
        "id": collection.id(),
        "title": title,
        "description": collection.description(language),
        "extent": { "spatial": { "bbox": [document::extent(city)], "crs": CRS84 } },
        "itemType": "feature",
        "crs": [CRS84],
        "links": [
            link(&at, "self", JSON, title),
            link(&format!("{at}/items"), "items", GEOJSON, title),
        ],
    })
}
