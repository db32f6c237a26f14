//! The events, page by page.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use auth::Asking;
use auth::permission::FollowEvents;
use domain::feed::{CloudEvent, Position, sequence};
use domain::language::Language;
use serde::Serialize;
use usecases::Context;
use usecases::feed::Begin;
use utoipa::{IntoParams, ToSchema};

use super::{FilterEvents, after, filter};
use crate::problem::{Code, Problem};
use crate::reply;
use crate::request::cursor::Cursor;
use crate::request::query::Query;
use crate::request::reader::Reader;

/// How the events are paged.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "only documents the parameters that `Query` takes")]
pub(crate) struct ListEvents {
    /// Only what came after the event of this `sequence`; from the oldest on that is kept, when left out. `latest` is the
    /// last one: nothing is listed, and `last_sequence` says from where to go on.
    #[param(pattern = "^([0-9]{1,20}|latest)$", example = "00000000000000004217")]
    after: Option<String>,
    /// How many at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u64>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A page of events.
#[derive(Serialize, ToSchema)]
pub(crate) struct CityEventPage {
    /// The events, in the order in which they were committed. There may be none although a page follows: none of those that
    /// were looked at was asked for.
    items: Vec<CloudEvent>,
    /// Up to where everything was looked at. Whoever has read all pages asks again later with `after` set to this.
    #[schema(pattern = "^[0-9]{20}$", examples("00000000000000004217"))]
    last_sequence: String,
    /// Where the next page begins; null when there is nothing more now.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// A position in the feed.
pub(crate) struct Place(Position);

impl Cursor for Place {
    fn text(&self) -> String {
        self.0.to_string()
    }

    fn parse(text: &str) -> Option<Self> {
        super::position(text).map(Self)
    }
}

/// List events
///
/// What happened to tickets and cafés, as `CloudEvents` 1.0, in the order in which it was committed, for programs. The order
/// never changes and has no gap: whoever has read up to a `sequence` goes on from there, and misses nothing and reads nothing
/// twice. Events are kept for a year; `410 events_expired` says that what came next is no longer kept, `410 events_ahead`
/// that no event has had that `sequence` yet: the city was restored from an older backup. Either way, begin anew: ask for
/// `after=latest`, then read `GET /v1/tickets`, then follow from there.
///
/// A program reads the events of those tickets that it can read, as they were then: that a ticket went from a service to
/// another is told to both, that what was said about it is erased to all that ever had it.
#[utoipa::path(
    operation_id = "event_list",
    tag = "events",
    params(FilterEvents, ListEvents),
    responses(
        (status = 200, description = "A page of events", body = CityEventPage, headers(("Link" = String, description = "The next page, rel=\"next\""))),
        (status = 410, description = "`events_expired`, `events_ahead`"),
    ),
    security(("bearer" = []))
)]
#[get("/v1/events")]
pub(crate) async fn list(
    reader: Reader<FollowEvents>,
    cx: Data<Context>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let follow = async |asking: &Asking<FollowEvents>| {
        let mut query = Query::of(&request);
        let filter = filter(&mut query, &*cx.city()?);
        let after = after(&mut query);
        let (limit, cursor) = query.page();
        query.finish()?;
        let begin = cursor.map(|Place(position)| Begin::After(position)).or(after).unwrap_or(Begin::Oldest);
        Ok(usecases::feed::read(&cx, asking, &filter, begin, limit).await?)
    };
    let (_, page) = reader.find(&cx, follow, |_| true).await?;
    let next = page.more.then_some(Place(page.until));
    let last_sequence = sequence(page.until);
    Ok(reply::linked(&request, Language::default(), next.as_ref(), "application/json", |next_cursor| CityEventPage {
        items: page.items,
        last_sequence,
        next_cursor,
    }))
}

impl From<usecases::feed::FeedError> for Problem {
    fn from(error: usecases::feed::FeedError) -> Self {
        use usecases::feed::FeedError;
        match error {
            FeedError::Expired => Self::new(Code::EventsExpired),
            FeedError::Ahead => Self::new(Code::EventsAhead),
            FeedError::Unrecognised => Self::new(Code::InvalidToken),
            FeedError::Store(error) => error.into(),
        }
    }
}
