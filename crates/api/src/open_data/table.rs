//! The data, as CSV (RFC 4180).

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use domain::open_data::{Named, Outcome, Row};
use usecases::Context;
use usecases::open_data::{Published, published};

use super::send;
use crate::problem::{Code, Problem};
use crate::spreadsheet;

/// The columns, in their order.
pub(super) const COLUMNS: [&str; 11] = [
    "mois",
    "famille",
    "famille_libelle",
    "motif",
    "motif_libelle",
    "quartier",
    "quartier_libelle",
    "issue",
    "saisines",
    "delai_reponse_jours",
    "delai_traitement_jours",
];

/// Read the open data
///
/// How many tickets were filed in each month, by family of categories, category, quartier and outcome, and how long a first
/// answer and the settlement took (median, whole days). A row counts five tickets or more, as the nearest multiple of
/// five; what is empty is not told apart. Standard categories only. A month is counted once, when two whole months have
/// passed since: rows are added, none is changed. CSV in UTF-8 (RFC 4180), under the Licence Ouverte 2.0; the columns are
/// described by `tickets.schema.json` (Table Schema). Nobody logs in. With `If-None-Match`, what one has already is not sent
/// again.
#[utoipa::path(
    operation_id = "open_data_tickets",
    tag = "open-data",
    responses(
        (status = 200, description = "The data", body = String, content_type = "text/csv", headers(("ETag" = String, description = "Changes with the data"), ("Cache-Control" = String, description = "For how long they may be kept"))),
        (status = 304, description = "You have them already"),
        (status = 404, description = "`not_found`: the city publishes no open data"),
    ),
    security(())
)]
#[get("/v1/open-data/tickets.csv")]
pub(crate) async fn table(cx: Data<Context>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let text = write(&published(&cx).await?).map_err(|error| {
        tracing::error!(%error, "open data could not be written");
        Problem::new(Code::Internal)
    })?;
    Ok(send(&request, "text/csv; charset=utf-8", text))
}

fn write(months: &[Published]) -> Result<String, Box<dyn std::error::Error>> {
    let mut csv = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    csv.write_record(COLUMNS)?;
    for Published { month, rows, .. } in months {
        let month = month.format("%Y-%m").to_string();
        for row in rows {
            csv.write_record(record(&month, row))?;
        }
    }
    Ok(String::from_utf8(csv.into_inner()?)?)
}

fn record(month: &str, row: &Row) -> [String; COLUMNS.len()] {
    let code = |named: &Option<Named>| named.as_ref().map_or_else(String::new, |named| named.code.clone());
    let name = |named: &Option<Named>| named.as_ref().map_or_else(String::new, |named| spreadsheet::text(&named.name));
    let days = |days: Option<i64>| days.map_or_else(String::new, |days| days.to_string());
    [
        month.to_owned(),
        code(&row.family),
        name(&row.family),
        code(&row.category),
        name(&row.category),
        code(&row.area),
        name(&row.area),
        row.outcome.map_or_else(String::new, |outcome: Outcome| outcome.code().to_owned()),
        row.tickets.to_string(),
        days(row.first_answer_days),
        days(row.settled_days),
    ]
}
