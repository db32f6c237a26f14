//! What the columns mean (Table Schema), and the data with it as a package (Data Package), in French: so are the data.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use domain::open_data::Outcome;
use domain::statistics::mask::LEAST;
use serde_json::{Value, json};
use usecases::Context;
use usecases::open_data::{Extent, extent, wished};

use super::table::COLUMNS;
use super::{LICENCE, address, send};
use crate::problem::Problem;

/// Read the open data's package
///
/// The data as a Data Package (specs.frictionlessdata.io), which Frictionless and its kin read: where they are, the schema of
/// the table, the licence. Nobody logs in.
#[utoipa::path(
    operation_id = "open_data_package",
    tag = "open-data",
    responses(
        (status = 200, description = "The package", body = Object, content_type = "application/json", headers(("ETag" = String, description = "Changes with the package"), ("Cache-Control" = String, description = "For how long it may be kept"))),
        (status = 304, description = "You have it already"),
        (status = 404, description = "`not_found`: the city publishes no open data"),
    ),
    security(())
)]
#[get("/v1/open-data/datapackage.json")]
pub(crate) async fn package(cx: Data<Context>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (extent, loaded) = (extent(&cx).await?, cx.city()?);
    let settings = &loaded.city.settings;
    let mut package = json!({
        "profile": "tabular-data-package",
        "name": "saisines",
        "title": super::catalogue::title(&loaded.city),
        "description": super::catalogue::DESCRIPTION,
        "homepage": cx.source.as_ref(),
        "licenses": [{ "name": "etalab-2.0", "title": "Licence Ouverte 2.0", "path": LICENCE }],
        "contributors": [{ "title": settings.sender.name, "email": settings.sender.email, "role": "publisher" }],
        "resources": [{
            "profile": "tabular-data-resource",
            "name": "saisines",
            "title": super::catalogue::title(&loaded.city),
            "path": address(&cx, "tickets.csv"),
            "format": "csv",
            "mediatype": "text/csv",
            "encoding": "utf-8",
            "schema": table_schema(),
        }],
    });
    if let Some(Extent { at, .. }) = extent {
        package["created"] = json!(at);
    }
    Ok(send(&request, "application/json", package.to_string()))
}

/// Read the open data's schema
///
/// What the columns of `tickets.csv` mean, as a Table Schema (specs.frictionlessdata.io/table-schema). Nobody logs in.
#[utoipa::path(
    operation_id = "open_data_schema",
    tag = "open-data",
    responses(
        (status = 200, description = "The schema", body = Object, content_type = "application/json", headers(("ETag" = String, description = "Changes with the schema"), ("Cache-Control" = String, description = "For how long it may be kept"))),
        (status = 304, description = "You have it already"),
        (status = 404, description = "`not_found`: the city publishes no open data"),
    ),
    security(())
)]
#[get("/v1/open-data/tickets.schema.json")]
pub(crate) async fn schema(cx: Data<Context>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    wished(&cx)?;
    Ok(send(&request, "application/json", table_schema().to_string()))
}

fn table_schema() -> Value {
    json!({ "fields": COLUMNS.map(field), "missingValues": [""], "primaryKey": ["mois", "famille", "motif", "quartier", "issue"] })
}

/// A column. Each has its own line here, so that none goes without a description.
fn field(name: &str) -> Value {
    let outcomes = Outcome::ALL.map(Outcome::code);
    let (kind, title, description, constraints) = match name {
        "mois" => ("yearmonth", "Mois", "Le mois du dépôt, aux heures de la ville.", json!({ "required": true })),
        "famille" => ("string", "Famille", "Le code de la famille de motifs ; vide : plusieurs.", json!({})),
        "famille_libelle" => ("string", "Libellé de la famille", "Le nom de la famille de motifs.", json!({})),
        "motif" => ("string", "Motif", "Le code du motif ; vide : plusieurs.", json!({})),
        "motif_libelle" => ("string", "Libellé du motif", "Le nom du motif.", json!({})),
        "quartier" => {
            ("string", "Quartier", "Le code du quartier ; « (aucun) » : hors de tous ; vide : plusieurs.", json!({}))
        }
        "quartier_libelle" => ("string", "Libellé du quartier", "Le nom du quartier.", json!({})),
        "issue" => (
            "string",
            "Issue",
            "Ce qu’il en était quand le mois a été compté : « fait » (intervention, réponse, surveillance), « pas_fait », \
             « doublon » (suivie avec une autre), « en_cours » ; vide : plusieurs.",
            json!({ "enum": outcomes }),
        ),
        "saisines" => (
            "integer",
            "Saisines",
            "Combien, au multiple de cinq le plus proche ; cinq au moins.",
            json!({ "required": true, "minimum": LEAST }),
        ),
        "delai_reponse_jours" => (
            "integer",
            "Délai de première réponse",
            "La médiane, du dépôt à la première prise en charge ou au premier refus, en jours entiers ; vide : moins de cinq.",
            json!({ "minimum": 0 }),
        ),
        _ => (
            "integer",
            "Délai de traitement",
            "La médiane, du dépôt au traitement, en jours entiers ; vide : moins de cinq saisines traitées.",
            json!({ "minimum": 0 }),
        ),
    };
    json!({ "name": name, "type": kind, "title": title, "description": description, "constraints": constraints })
}
