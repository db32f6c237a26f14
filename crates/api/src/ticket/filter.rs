//! The parameters that say which tickets are asked for: of lists, counts, exports and kept filters alike.

use std::fmt::Display;

use chrono::{DateTime, Utc};
use domain::concern::Origin;
use domain::id::{CafeId, TicketId, UserId};
use domain::place::{Bounds, Circle, Point};
use domain::rights::Caller;
use domain::text::SearchWords;
use domain::ticket::{Feedback, Priority, State};
use usecases::Loaded;
use usecases::ticket::{After, BeforeCafe, Filter, Listing, Search, Sort};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::request::date::instant;
use crate::request::query::{Query, one_of};

/// What tickets can be searched for.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "only documents the parameter that `filter` takes")]
pub(crate) struct SearchTickets {
    /// Words of the reference, the description or the address, or of a note that the reader may read, in French: accents,
    /// plurals and endings do not matter. `"two words"` stand together, `-word` does not occur. When no ticket of the list holds the words, those of the last
    /// twelve months are listed that hold similar ones.
    #[param(min_length = 1, max_length = 200, example = "matelas pigeonnier")]
    q: Option<String>,
}

/// What tickets can be narrowed by. A parameter that is repeated means any of its values; different ones go together.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "only documents the parameters that `filter` takes")]
pub(crate) struct FilterTickets {
    /// In one of these states.
    #[param(explode = true)]
    status: Option<Vec<State>>,
    /// At one of these services, by code.
    #[param(explode = true, example = json!(["proprete"]))]
    service: Option<Vec<String>>,
    /// At a service of one of these organisations, by code.
    #[param(explode = true, example = json!(["ville-amiens"]))]
    organisation: Option<Vec<String>>,
    /// About one of these categories, by code; one that others are part of stands for these too.
    #[param(explode = true, example = json!(["illegal_dumping"]))]
    category: Option<Vec<String>>,
    /// In one of these areas, each as `zoning:area`.
    #[param(explode = true, example = json!(["secteurs:nord"]))]
    area: Option<Vec<String>>,
    /// Heard at one of these cafés.
    #[param(explode = true)]
    cafe: Option<Vec<Uuid>>,
    /// Only those that are due back before this café: open, and heard at an earlier café in its area. A concern that was
    /// attached to a ticket counts for that ticket.
    before_cafe: Option<Uuid>,
    /// Heard in one of these ways.
    #[param(explode = true)]
    origin: Option<Vec<Origin>>,
    /// As pressing as one of these.
    #[param(explode = true)]
    priority: Option<Vec<Priority>>,
    /// Only those that missed a target, or only those that did not.
    late: Option<bool>,
    /// Only those whose running clock ends before: `ack_due_at` while nobody has them in hand, `resolve_due_at` then.
    due_before: Option<DateTime<Utc>>,
    /// Only those filed then or later.
    filed_from: Option<DateTime<Utc>>,
    /// Only those filed earlier.
    filed_before: Option<DateTime<Utc>>,
    /// In the hands of one of these people: their ids, `me`, or `none` for those in nobody's hands.
    #[param(explode = true, example = json!(["me"]))]
    assignee: Option<Vec<String>>,
    /// Filed by one of these people or programs: their ids, or `me`.
    #[param(explode = true, example = json!(["me"]))]
    referrer: Option<Vec<String>>,
    /// Within a box: `west,south,east,north`, degrees.
    #[param(example = "2.28,49.88,2.33,49.91")]
    bbox: Option<String>,
    /// Around a point, `lat,lon` in degrees, as far as `radius` says.
    #[param(example = "49.894,2.302")]
    near: Option<String>,
    /// Metres, with `near`.
    #[param(minimum = 1, maximum = 50000, default = 100)]
    radius: Option<f64>,
    /// Only those that were closed as duplicates of this ticket: its id.
    duplicate_of: Option<Uuid>,
    /// Only those that others were closed as duplicates of, or concerns were attached to; or only the others.
    has_duplicates: Option<bool>,
    /// Only those that were reopened, or only the others.
    reopened: Option<bool>,
    /// Of which residents say one of these.
    #[param(explode = true)]
    feedback: Option<Vec<Feedback>>,
}

/// In which order tickets are listed.
#[derive(ToSchema)]
#[schema(as = TicketSort, rename_all = "snake_case")]
#[allow(dead_code, reason = "only documents the values that `sort` takes")]
pub(crate) enum TicketSort {
    /// The last filed first.
    #[schema(rename = "-filed_at")]
    LastFiled,
    /// The first filed first.
    FiledAt,
    /// Those first which should be taken in hand first.
    AckDueAt,
    /// Those first which should be settled first.
    ResolveDueAt,
    /// The most pressing first.
    #[schema(rename = "-priority")]
    Priority,
    /// The best fitting first, among the thousand last filed that fit; only with `q`.
    Relevance,
}

/// The order of a list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "only documents the parameter that `listing` takes")]
pub(crate) struct SortTickets {
    /// `-filed_at` (the last filed first; the usual one), `filed_at`, `ack_due_at`, `resolve_due_at` (those first that are due first),
    /// `-priority` (the most pressing first), or `relevance`, with `q` only: the best fitting first, among the thousand
    /// last filed that fit.
    #[param(inline)]
    sort: Option<TicketSort>,
}

fn sort(text: &str) -> Option<Sort> {
    Some(match text {
        "-filed_at" => Sort::LastFiled,
        "filed_at" => Sort::FirstFiled,
        "ack_due_at" => Sort::AckDue,
        "resolve_due_at" => Sort::ResolveDue,
        "-priority" => Sort::Priority,
        "relevance" => Sort::Relevance,
        _ => return None,
    })
}

fn numbers<const N: usize>(text: &str) -> Option<[f64; N]> {
    let numbers: Option<Vec<f64>> = text.split(',').map(|number| number.trim().parse().ok()).collect();
    numbers?.try_into().ok()
}

fn bounds(text: &str) -> Option<Bounds> {
    let [west, south, east, north] = numbers(text)?;
    let meridians = -180.0 <= west && west <= east && east <= 180.0;
    let parallels = -90.0 <= south && south <= north && north <= 90.0;
    (meridians && parallels).then_some(Bounds { west, south, east, north })
}

pub(crate) fn point(text: &str) -> Option<Point> {
    let [lat, lon] = numbers(text)?;
    ((-90.0..=90.0).contains(&lat) && (-180.0..=180.0).contains(&lon)).then_some(Point { lat, lon })
}

/// How far around a point, unless it is said.
const USUAL_RADIUS: f64 = 100.0;

fn circle(query: &mut Query) -> Option<Circle> {
    let centre = query.one("near", "lat,lon (-90…90, -180…180)", point);
    let metres = |text: &str| text.parse().ok().filter(|metres| (1.0..=50_000.0).contains(metres));
    let metres = query.one("radius", "1…50000", metres);
    if centre.is_none() && metres.is_some() {
        query.fault("radius", "not_expected", "« radius » va avec « near ».", "“radius” goes with “near”.");
    }
    Some(Circle { centre: centre?, metres: metres.unwrap_or(USUAL_RADIUS) })
}

/// The id of a person or a program; `me` is who asks.
fn somebody(me: &Caller, text: &str) -> Option<Uuid> {
    match (text, me) {
        ("me", Caller::Person(person)) => Some(person.user.0),
        ("me", Caller::Client(client)) => Some(client.client.0),
        (id, _) => id.parse().ok(),
    }
}

/// Which tickets a query asks for.
pub(crate) fn filter(query: &mut Query, me: &Caller, city: &Loaded) -> Filter {
    let flag = |value: &str| value.parse().ok();
    let hands = |text: &str| {
        if text == "none" { Some(None) } else { somebody(me, text).map(|id| Some(UserId(id))) }
    };
    let words = |text: &str| SearchWords::try_from(text.to_owned()).ok();
    let filter = Filter {
        inside_all: Vec::new(),
        states: query.each("status", one_of(State::ALL.map(State::code)).as_str(), State::from_code),
        services: query.each("service", ("le code d’un service", "the code of a service"), |code| code.parse().ok()),
        organisations: query.each("organisation", ("le code d’un organisme", "the code of an organisation"), |code| {
            code.parse().ok()
        }),
        categories: query
            .each("category", ("le code d’un motif", "the code of a category"), |code| code.parse().ok()),
        areas: query.each("area", "zoning:area", crate::city::area),
        cafes: query
            .each("cafe", ("l’identifiant d’un café", "the id of a café"), |id| id.parse().map(CafeId).ok()),
        before_cafe: query
            .one("before_cafe", ("l’identifiant d’un café", "the id of a café"), |id| id.parse().map(CafeId).ok())
            .map(|cafe| BeforeCafe { cafe, zoning: city.city.cafe_zoning().clone() }),
        origins: query.each("origin", one_of(Origin::ALL.map(Origin::code)).as_str(), Origin::from_code),
        priorities: query.each("priority", one_of(Priority::ALL.map(Priority::code)).as_str(), Priority::from_code),
        late: query.one("late", "true / false", flag),
        due_before: query.one("due_before", "2026-03-10T09:00:00Z", instant),
        filed_from: query.one("filed_from", "2026-03-10T09:00:00Z", instant),
        filed_before: query.one("filed_before", "2026-03-10T09:00:00Z", instant),
        assignees: query.each(
            "assignee",
            ("l’identifiant d’un compte / me / none", "the id of an account / me / none"),
            hands,
        ),
        referrers: query.each(
            "referrer",
            ("l’identifiant d’un compte ou d’un programme / me", "the id of an account or a program / me"),
            |text| somebody(me, text),
        ),
        on_map: false,
        within: query.one("bbox", "west,south,east,north (-180 ≤ west ≤ east ≤ 180, -90 ≤ south ≤ north ≤ 90)", bounds),
        around: circle(query),
        duplicate_of: query.one("duplicate_of", ("l’identifiant d’une saisine", "the id of a ticket"), |id| {
            id.parse().map(TicketId).ok()
        }),
        has_duplicates: query.one("has_duplicates", "true / false", flag),
        reopened: query.one("reopened", "true / false", flag),
        feedback: query.each("feedback", one_of(Feedback::ALL.map(Feedback::code)).as_str(), Feedback::from_code),
        standard_only: false,
        search: query
            .one(
                "q",
                (
                    "1 à 200 caractères sur une ligne, sans caractère de commande",
                    "1 to 200 characters on one line, without control characters",
                ),
                words,
            )
            .map(|words| Search { words, fuzzy: false }),
    };
    unknown(query, "service", &filter.services, |code| city.knows_service(code));
    unknown(query, "organisation", &filter.organisations, |code| city.knows_organisation(code));
    unknown(query, "category", &filter.categories, |code| city.knows_category(code));
    unknown(query, "area", filter.areas.iter().map(|(zoning, _)| zoning), |code| city.knows_zoning(code));
    filter
}

/// Says which codes the city neither has nor had: a list of nothing would not tell a slip of the pen.
pub(crate) fn unknown<'a, T: Display + 'a>(
    query: &mut Query,
    name: &str,
    codes: impl IntoIterator<Item = &'a T>,
    known: impl Fn(&T) -> bool,
) {
    for code in codes.into_iter().filter(|code| !known(code)) {
        let (fr, en) = (format!("La ville ne connaît pas « {code} »."), format!("The city knows no “{code}”."));
        query.fault(name, "unknown_code", fr, en);
    }
}

/// Which tickets a query asks for, and in which order.
pub(crate) fn listing(query: &mut Query, me: &Caller, city: &Loaded) -> Listing {
    let filter = filter(query, me, city);
    let sort = query.one("sort", "-filed_at / filed_at / ack_due_at / resolve_due_at / -priority / relevance", sort);
    let sort = sort.unwrap_or_default();
    if sort == Sort::Relevance && filter.search.is_none() {
        query.fault("sort", "not_expected", "« relevance » va avec « q ».", "“relevance” goes with “q”.");
    }
    Listing { filter, sort }
}

/// The page of a list that a query asks for.
pub(crate) fn page(query: &mut Query, sort: Sort) -> (u64, Option<After>) {
    let (limit, after) = query.page::<After>();
    if after.is_some_and(|after| after.key.sort() != sort) {
        query.fault(
            "cursor",
            "bad_value",
            "Ce curseur vient d’une liste triée autrement.",
            "This cursor is of a list that is sorted otherwise.",
        );
    }
    (limit, after)
}
