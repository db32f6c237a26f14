//! What catalogues of data gather: DCAT-AP (SEMIC), as JSON-LD.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use chrono::Months;
use domain::city::City;
use serde_json::{Value, json};
use usecases::Context;
use usecases::open_data::{Extent, extent};

use super::{LICENCE, address, send};
use crate::problem::Problem;

/// What the data are, for those who find them in a catalogue.
pub(super) const DESCRIPTION: &str = "Nombre de saisines (ce que des habitants ont signalé à la police municipale et qu’un \
     service a reçu) par mois, motif, quartier et issue, avec les délais médians de première réponse et de traitement. Motifs \
     courants seulement. Chaque ligne compte au moins cinq saisines, au multiple de cinq le plus proche ; ce qui est vide \
     n’est pas détaillé. Un mois est compté une fois pour toutes, deux mois entiers après sa fin.";

pub(super) fn title(city: &City) -> String {
    format!("Saisines du continuum de sécurité – {}", city.settings.name)
}

/// Read the open data's catalogue
///
/// A catalogue of the one data set (DCAT-AP, JSON-LD), for data.gouv.fr and others to gather: give them this address. Nobody
/// logs in.
#[utoipa::path(
    operation_id = "open_data_catalogue",
    tag = "open-data",
    responses(
        (status = 200, description = "The catalogue", body = Object, content_type = "application/ld+json", headers(("ETag" = String, description = "Changes with the catalogue"), ("Cache-Control" = String, description = "For how long it may be kept"))),
        (status = 304, description = "You have it already"),
        (status = 404, description = "`not_found`: the city publishes no open data"),
    ),
    security(())
)]
#[get("/v1/open-data/catalog.jsonld")]
pub(crate) async fn catalogue(cx: Data<Context>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let extent = extent(&cx).await?;
    let described = describe(&cx, &cx.city()?.city, extent);
    Ok(send(&request, "application/ld+json", described.to_string()))
}

/// Terms that stand for addresses; those without a prefix are spelt out where they are used.
fn context() -> Value {
    json!({
        "dcat": "http://www.w3.org/ns/dcat#",
        "dct": "http://purl.org/dc/terms/",
        "foaf": "http://xmlns.com/foaf/0.1/",
        "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
        "vcard": "http://www.w3.org/2006/vcard/ns#",
        "xsd": "http://www.w3.org/2001/XMLSchema#",
        "eu": "http://publications.europa.eu/resource/authority/",
    })
}

fn describe(cx: &Context, city: &City, extent: Option<Extent>) -> Value {
    let french = |text: &str| json!({ "@language": "fr", "@value": text });
    let node = |id: &str| json!({ "@id": id });
    let sender = &city.settings.sender;
    let (here, data) = (address(cx, "catalog.jsonld"), address(cx, "tickets.csv"));
    let publisher =
        json!({ "@id": format!("{here}#publisher"), "@type": "foaf:Agent", "foaf:name": french(&sender.name) });
    let contact = json!({
        "@type": "vcard:Organization",
        "vcard:fn": sender.name,
        "vcard:hasEmail": node(&format!("mailto:{}", sender.email)),
    });
    let licence =
        json!({ "@id": LICENCE, "@type": "dct:LicenseDocument", "rdfs:label": french("Licence Ouverte 2.0") });
    let distribution = json!({
        "@id": format!("{here}#csv"),
        "@type": "dcat:Distribution",
        "dct:title": french("Saisines (CSV)"),
        "dcat:accessURL": node(&data),
        "dcat:downloadURL": node(&data),
        "dcat:mediaType": node("https://www.iana.org/assignments/media-types/text/csv"),
        "dct:format": node("eu:file-type/CSV"),
        "dct:conformsTo": { "@id": address(cx, "tickets.schema.json"), "@type": "dct:Standard" },
        "dct:license": licence,
    });
    let keywords = ["police municipale", "signalements", "saisines", "espace public", "délais"].map(french);
    let mut dataset = json!({
        "@id": format!("{here}#saisines"),
        "@type": "dcat:Dataset",
        "dct:identifier": format!("{here}#saisines"),
        "dct:title": french(&title(city)),
        "dct:description": french(DESCRIPTION),
        "dct:publisher": publisher,
        "dcat:contactPoint": contact,
        "dct:language": node("eu:language/FRA"),
        "dct:accrualPeriodicity": node("eu:frequency/MONTHLY"),
        "dct:accessRights": node("eu:access-right/PUBLIC"),
        "dcat:theme": node("eu:data-theme/GOVE"),
        "dcat:keyword": keywords,
        "dct:spatial": { "@id": format!("http://id.insee.fr/geo/commune/{}", city.settings.insee), "@type": "dct:Location" },
        "dcat:distribution": [distribution],
    });
    let last = extent.and_then(|extent| extent.last.checked_add_months(Months::new(1))?.pred_opt());
    if let Some((Extent { first, .. }, last)) = extent.zip(last) {
        let day = |day: chrono::NaiveDate| json!({ "@type": "xsd:date", "@value": day.to_string() });
        dataset["dct:temporal"] =
            json!({ "@type": "dct:PeriodOfTime", "dcat:startDate": day(first), "dcat:endDate": day(last) });
    }
    let modified = extent.map(|extent| extent.at);
    let modified = modified
        .map(|at| json!({ "@type": "xsd:dateTime", "@value": at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true) }));
    let mut described = json!({
        "@context": context(),
        "@id": here,
        "@type": "dcat:Catalog",
        "dct:title": french(&format!("Données ouvertes du continuum de sécurité – {}", city.settings.name)),
        "dct:description": french("Ce que la ville publie du continuum de sécurité."),
        "dct:publisher": node(&format!("{here}#publisher")),
        "dct:language": node("eu:language/FRA"),
        "foaf:homepage": node(&cx.source),
    });
    if let Some(modified) = modified {
        dataset["dct:modified"] = modified.clone();
        described["dct:modified"] = modified;
    }
    described["dcat:dataset"] = json!([dataset]);
    described
}
