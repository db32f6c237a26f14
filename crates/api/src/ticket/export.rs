//! Exporting tickets: the rows of a list, all of them, streamed.

use std::mem;

use actix_web::http::header::{ACCEPT_LANGUAGE, CONTENT_DISPOSITION};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use auth::permission::ReadTickets;
use domain::language::Language;
use usecases::Context;
use usecases::ticket::Export;
use utoipa::{IntoParams, ToSchema};

use super::filter::{self, FilterTickets, SearchTickets, SortTickets};
use super::record::{Columns, ExportFeatures, ExportedTicket};
use crate::problem::Problem;
use crate::request::caller::Caller;
use crate::request::query::Query;
use crate::stream::{Gone, Pieces, stream};

/// From how many bytes on rows are sent.
const PIECE: usize = 32 << 10;

/// As what tickets are exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(as = ExportFormat, rename_all = "snake_case")]
pub(super) enum Format {
    /// A table for spreadsheets: UTF-8 with a byte order mark; a cell that would be a formula begins with an apostrophe.
    Csv,
    /// A JSON object on each line.
    Ndjson,
    /// A `FeatureCollection` (RFC 7946).
    Geojson,
}

impl Format {
    const ALL: [Self; 3] = [Self::Csv, Self::Ndjson, Self::Geojson];

    const fn code(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
            Self::Geojson => "geojson",
        }
    }

    fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.code() == code)
    }

    const fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Ndjson => "application/x-ndjson",
            Self::Geojson => "application/geo+json",
        }
    }
}

/// As what tickets are exported.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "only documents the parameters that `export` takes")]
pub(crate) struct ExportTickets {
    /// `csv` (the usual one), `ndjson` or `geojson`.
    #[param(inline)]
    format: Option<Format>,
    /// What stands between the cells of `csv`: `comma`, or `semicolon`, which spreadsheets in French expect. Left out, a
    /// semicolon with `Accept-Language: fr`, else a comma.
    #[param(pattern = "^(comma|semicolon)$")]
    separator: Option<String>,
}

fn separator(text: &str) -> Option<u8> {
    match text {
        "comma" => Some(b','),
        "semicolon" => Some(b';'),
        _ => None,
    }
}

/// Export tickets
///
/// All tickets of the reader's list, however many: the same parameters narrow and sort it, and `format` says how it is written
/// (`Accept` does not). Restricted tickets are left
/// out, also for those who may read them, and so is what residents left to be reached. The columns of `csv` have the
/// names and values that `ndjson` has; with `Accept-Language: fr`, French ones, and times on the city's clocks. Few can be written at once. An export that breaks off
/// ends without the last chunk of the transfer: clients tell it as an error. Each one stands in the audit log.
#[utoipa::path(
    operation_id = "ticket_export",
    tag = "tickets",
    params(ExportTickets, SearchTickets, FilterTickets, SortTickets),
    responses(
        (
        status = 200, description = "The tickets",
        content(
            (String = "text/csv"), (ExportedTicket = "application/x-ndjson"), (ExportFeatures = "application/geo+json")
        ),
        headers(("Content-Disposition" = String, description = "A name for the file"))
    ),
        (status = 429, description = "`rate_limited`; `too_many_exports`: this many are not made at once; `Retry-After` says when to try again"),
    ),
    security(("bearer" = []))
)]
#[get("/v1/tickets/export")]
pub(crate) async fn export(
    caller: Caller<ReadTickets>,
    cx: Data<Context>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let mut query = Query::of(&request);
    let by = query.names();
    let format = query.one("format", "csv / ndjson / geojson", Format::from_code).unwrap_or(Format::Csv);
    let separator = query.one("separator", "comma / semicolon", separator);
    let listing = filter::listing(&mut query, caller.grant.caller(), &*cx.city()?);
    query.finish()?;
    let french = request.headers().contains_key(ACCEPT_LANGUAGE) && caller.language == Language::Fr;
    let (loaded, now) = (cx.city()?, cx.now());
    let mut tickets = usecases::ticket::export(&cx, &caller.grant, listing, format.code(), by).await?;
    let separator = separator.unwrap_or(if french { b';' } else { b',' });
    let name = format!("tickets-{}.{}", loaded.city.zone().day_of(now), format.code());
    let columns = Columns { loaded, language: caller.language, now, separator, french };
    Ok(HttpResponse::Ok()
        .content_type(format.content_type())
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
        .streaming(stream(async move |to| Writer { format, columns }.write(&mut tickets, &to).await)))
}

/// Why an export breaks off.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error(transparent)]
    Gone(#[from] Gone),
    #[error(transparent)]
    Store(#[from] usecases::StoreError),
    #[error("a row cannot be written: {0}")]
    Row(#[from] super::record::RowError),
}

struct Writer {
    format: Format,
    columns: Columns,
}

impl Writer {
    async fn write(&self, tickets: &mut Export, to: &Pieces) -> Result<(), Broken> {
        let begin = match self.format {
            Format::Csv => self.columns.header()?,
            Format::Ndjson => Vec::new(),
            Format::Geojson => b"{\"type\":\"FeatureCollection\",\"features\":[\n".to_vec(),
        };
        to.send(begin).await?;
        let mut first = true;
        while let Some(batch) = tickets.next().await? {
            let mut chunk = Vec::new();
            for row in batch {
                let row = self.columns.row(row);
                match self.format {
                    Format::Csv => chunk.extend(self.columns.cells(&row)?),
                    Format::Ndjson => {
                        chunk.extend(row.json()?);
                        chunk.push(b'\n');
                    }
                    Format::Geojson => {
                        chunk.extend_from_slice(if first { b"" } else { b",\n" });
                        chunk.extend(row.feature()?);
                    }
                }
                first = false;
                if chunk.len() > PIECE {
                    to.send(mem::take(&mut chunk)).await?;
                }
            }
            to.send(chunk).await?;
        }
        if self.format == Format::Geojson {
            to.send(b"\n]}\n".to_vec()).await?;
        }
        Ok(())
    }
}
