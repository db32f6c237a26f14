//! A ticket as a sheet of paper (fiche navette), for services that still work on paper: one page that needs nothing
//! else, so that a program can hand it to a printer as it is.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use auth::Asking;
use auth::permission::ReadTickets;
use chrono::{DateTime, Utc};
use domain::city::City;
use domain::city::catalogue::{Audience, ClosureReason};
use domain::language::Language;
use domain::rights::Secrecy;
use domain::text::Description;
use domain::ticket::Ticket;
use domain::time::Zone;
use minijinja::value::Serde;
use minijinja::{Value, context};
use usecases::Context;
use usecases::ticket::Raised;

use super::TicketPath;
use crate::page;
use crate::problem::{Code, Problem};
use crate::request::reader::Reader;

const STYLE: &str = include_str!("../../templates/sheet.css");

/// What a service ticks.
const ANSWERS: [(&str, &str); 6] = [
    ("Prise en charge", "Taken in hand"),
    ("Refusée : hors compétence", "Refused: not competent"),
    ("Refusée : hors secteur", "Refused: outside the area"),
    ("Refusée : doublon de …………………", "Refused: duplicate of …………………"),
    ("Refusée : informations insuffisantes", "Refused: not enough information"),
    ("Service compétent : …………………", "Competent service: …………………"),
];

/// The day and the time, as people write them.
pub(crate) fn moment(at: DateTime<Utc>, zone: Zone, language: Language) -> String {
    let format = language.pick(("%d/%m/%Y à %H h %M", "%-d %B %Y, %H:%M"));
    zone.local(at).format(format).to_string()
}

/// The names of the areas that the place lies in: « Secteur Nord, Saint-Leu ».
pub(crate) fn areas(ticket: &Ticket, city: &City) -> String {
    let name = |zoning: &domain::city::zoning::Zoning| {
        let code = ticket.areas.get(&zoning.code)?;
        Some(zoning.areas().iter().find(|area| area.code == *code)?.name.clone())
    };
    let inside = city.zonings.iter().filter(|zoning| zoning.code != city.settings.territory);
    inside.filter_map(name).collect::<Vec<_>>().join(", ")
}

/// What was asked and answered besides, in the order in which the category asks.
pub(crate) fn replies(ticket: &Ticket, city: &City, language: Language) -> Vec<[String; 2]> {
    let questions = city.category(&ticket.category).map_or(&[][..], |category| &category.questions);
    let answered = questions.iter().filter_map(|question| Some((question, ticket.replies.get(&question.code)?)));
    let shown = answered.map(|(question, reply)| {
        [question.label.in_language(language).to_owned(), reply.in_words(Some(question), language)]
    });
    shown.collect()
}

fn html(
    ticket: &Ticket,
    raised: &Raised,
    city: &City,
    language: Language,
    link: &str,
    now: DateTime<Utc>,
) -> Result<String, Problem> {
    let zone = city.zone();
    let category = city.category(&ticket.category).map(|category| category.label.in_language(language));
    let service = city.service(&ticket.service).map(|service| service.name.in_language(language));
    let state = match language {
        Language::Fr => crate::view::state_label(ticket.state),
        Language::En => ticket.state.code(),
    };
    page::render(
        "sheet.html",
        context! {
            language => language.tag(),
            style => Value::from_safe_string(STYLE.to_owned()),
            qr => Value::from_safe_string(page::qr(link)?),
            sender => Serde(&city.settings.sender),
            reference => ticket.reference.as_str(),
            category => category.unwrap_or(ticket.category.as_str()),
            service => service.unwrap_or(ticket.service.as_str()),
            kept => ticket.secrecy() != Secrecy::Standard,
            address => ticket.place.address.as_ref().map(ToString::to_string),
            areas => areas(ticket, city),
            coordinates => ticket.place.point.map(|point| format!("{:.5}, {:.5}", point.lat, point.lon)),
            priority => ticket.priority.label(language),
            filed_at => moment(raised.filed_at, zone, language),
            handovers => ticket.handovers,
            ack_due => moment(ticket.ack_due_at, zone, language),
            resolve_due => moment(ticket.resolve_due_at, zone, language),
            state => state,
            description => raised.description.as_ref().map(Description::as_str).unwrap_or_default(),
            replies => replies(ticket, city, language),
            answers => ANSWERS.map(|texts| language.pick(texts)).to_vec(),
            outcomes => ClosureReason::ALL.map(|reason| reason.label(Audience::Service, language)).to_vec(),
            printed_at => moment(now, zone, language),
        },
    )
}

/// Print a ticket
///
/// The referral on one sheet of A4 (fiche navette), for services that work on paper: what was said, where, until when, a
/// QR code that leads to the ticket, and room for the service's answer. In the language of `Accept-Language`. Nothing of
/// the resident stands on it. For whoever reads the ticket; when a member of its service prints it first, the service has
/// received it.
#[utoipa::path(
    operation_id = "ticket_sheet",
    tag = "tickets",
    params(TicketPath),
    responses((status = 200, description = "The sheet", body = String, content_type = "text/html")),
    security(("bearer" = []))
)]
#[get("/v1/tickets/{ticket}/sheet")]
pub(crate) async fn sheet(
    reader: Reader<ReadTickets>,
    cx: Data<Context>,
    path: TicketPath,
) -> Result<HttpResponse, Problem> {
    let print = async |asking: &Asking<ReadTickets>| {
        Ok(usecases::ticket::sheet(&cx, &usecases::Reader::new(&cx, asking), &path.ticket).await?)
    };
    let (caller, found) = reader.find(&cx, print, Option::is_some).await?;
    let (ticket, raised) = found.ok_or_else(|| Problem::new(Code::NotFound))?;
    let link = format!("{}/v1/tickets/{}", cx.tokens.issuer(), ticket.reference);
    let html = html(&ticket, &raised, &cx.city()?.city, caller.language, &link, cx.now())?;
    Ok(page::whole(html, STYLE))
}
