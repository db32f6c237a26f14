//! What the public may read of concerns over Open311, each that has tickets as one service request, called as the first
//! of them; and which updates programs sent.
//!
//! Only standard tickets. What was said in words, and the whole address, is told of requests that came over Open311: who
//! sends one there publishes it. Of what residents said to an officer, the subject, the street and the point are told.

use chrono::{DateTime, NaiveDate, Utc};
use domain::city::catalogue::ClosureReason;
use domain::city::question::Replies;
use domain::id::{AreaCode, CategoryCode, ServiceCode, TicketId, ZoningCode};
use domain::place::{Areas, Bounds, Circle, EARTH_RADIUS, Point, Whereabouts};
use domain::text::{Description, MessageToResident, SearchWords};
use domain::ticket::{Fact, State, Ticket};
use sea_orm::sea_query::{Expr, Value, Values};
use sea_orm::{ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _, QueryResult, QuerySelect as _};
use sea_query_sqlx::SqlxValues;
use sqlx::types::Json;

use crate::columns::Columns;
use crate::ticket::{Search, entity, ticket};

mod photograph;
mod update;

use crate::{Error, Result, Store, Tx, Window, area_codes};
pub use photograph::Awaited;
pub use update::{Following, Update};

/// In which order requests are listed; those that are equal in it stand in the order of their ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sort {
    /// The last requested first.
    #[default]
    LastRequested,
    /// The first requested first.
    FirstRequested,
    /// The last updated first.
    LastUpdated,
    /// The first updated first.
    FirstUpdated,
}

/// Which requests are asked for.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Those of these references, whatever else is asked for; empty to ask otherwise.
    pub references: Vec<String>,
    /// About one of these; about anything when empty.
    pub categories: Vec<CategoryCode>,
    /// Only those that are open, or that are not.
    pub open: Option<bool>,
    /// Requested then.
    pub requested: Option<Window>,
    /// Updated then.
    pub updated: Option<Window>,
    /// In each of these areas; anywhere when empty.
    pub areas: Vec<(ZoningCode, AreaCode)>,
    /// Not about these: the public is told of none.
    pub hidden: Vec<CategoryCode>,
    /// Only those that have a point.
    pub on_map: bool,
    /// Within these bounds.
    pub within: Option<Bounds>,
    /// Within this circle.
    pub around: Option<Circle>,
    /// Which hold these words, in what is published of them.
    pub words: Option<SearchWords>,
    /// In which order.
    pub sort: Sort,
    /// Only those that follow this one, in the order of [`Sort::LastRequested`]: when it was requested, its first ticket.
    pub after: Option<(DateTime<Utc>, TicketId)>,
    /// With what happened to each.
    pub with_events: bool,
    /// How many are passed over.
    pub skip: u64,
    /// How many at most.
    pub limit: u64,
}

/// A concern with tickets, as the public may read it.
#[derive(Debug, Clone)]
pub struct Request {
    /// Its first ticket.
    pub first: TicketId,
    /// The reference of its first ticket.
    pub reference: String,
    /// How far the ticket is that is least far.
    pub state: State,
    /// What it is about.
    pub category: CategoryCode,
    /// Who has a ticket of it.
    pub services: Vec<ServiceCode>,
    /// What was said, if it came over Open311.
    pub description: Option<Description>,
    /// What was answered to the category's questions, if it came over Open311.
    pub replies: Replies,
    /// Where; the address whole if it came over Open311.
    pub place: Whereabouts,
    /// The areas of the place, as they were when it was requested.
    pub areas: Areas,
    /// When it was requested.
    pub requested_at: DateTime<Utc>,
    /// When something last happened to it; when it ended, if it has.
    pub updated_at: DateTime<Utc>,
    /// The day that its service set, while it is open.
    pub scheduled_for: Option<NaiveDate>,
    /// How it ended.
    pub closure_reason: Option<ClosureReason>,
    /// What its resident was told at the end, if it came over Open311.
    pub message: Option<MessageToResident>,
    /// What happened, the first thing first, if it was asked for: the last fifty.
    pub events: Vec<(DateTime<Utc>, Fact)>,
}

/// What [`request`] reads, in that order; then [`MESSAGE`], and [`EVENTS`].
const COLUMNS: &str = "t.id, t.areas, t.reference, w.state, t.category_code, w.services, w.public_words,
    case when w.public_words then c.description end as description,
    case when w.public_words then t.answers else '{}' end as answers,
    case when c.to_erase then round(t.lat::numeric, 3) else t.lat end::float8 as lat,
    case when c.to_erase then round(t.lon::numeric, 3) else t.lon end::float8 as lon, t.address, t.filed_at, w.updated_at, w.scheduled_for, w.closure_reason";

/// A concern's first ticket, and with it all of them as one: as far as the one that is least far. A ticket was last updated
/// when something last happened to it, or, once it has ended, then; the end of one that was called off is its last event.
/// What was said is public where the resident sent it over Open311, until they ask that it is erased.
const REQUESTS: &str = "ticket t join concern c on c.id = t.concern_id cross join lateral (
        select array_agg(s.service_code order by s.id) as services,
            (array_agg(s.id order by s.ended, s.state = 'cancelled', s.id))[1] as lead,
            (array_agg(s.state order by s.ended, s.state = 'cancelled', s.id))[1] as state,
            (array_agg(s.closure_reason order by s.ended, s.state = 'cancelled', s.id))[1] as closure_reason,
            (array_agg(s.scheduled_for order by s.ended, s.state = 'cancelled', s.id))[1] as scheduled_for,
            (array_agg(s.handed_over_at order by s.ended, s.state = 'cancelled', s.id))[1] as lead_since,
            t.origin = 'open311' and not c.to_erase as public_words, bool_and(s.ended) as ended,
            max(case when s.state in ('resolved', 'closed') then coalesce(s.resolved_at, s.closed_at) else e.at end)
                as updated_at
        from (select *, state in ('resolved', 'closed', 'cancelled') as ended from ticket) s
        cross join lateral (
            select at from ticket_event e where e.ticket_id = s.id and e.fact ->> 'type' <> 'pseudonymised'
            order by version desc limit 1
        ) e
        where s.concern_id = t.concern_id
    ) w
    where t.sensitivity = 'standard' and not t.hidden_from_referrer
        and not exists (select from ticket f where f.concern_id = t.concern_id and f.id < t.id)";

/// What the residents of a ticket that has ended were last told, since it was last passed to a service: of an earlier end,
/// something else was told.
const MESSAGE: &str = "(select m.fact ->> 'message_to_resident' from ticket_event m
    where m.ticket_id = w.lead and w.public_words and w.state in ('resolved', 'closed', 'cancelled')
        and m.at >= w.lead_since and m.fact ->> 'message_to_resident' is not null
    order by m.version desc limit 1) as message";

const EVENTS: &str = "(select jsonb_agg(jsonb_build_array(l.at, l.fact) order by l.at, l.id) from (
        select n.id, n.at, n.fact from ticket s join ticket_event n on n.ticket_id = s.id
        where s.concern_id = t.concern_id
            and n.fact ->> 'type' not in ('received', 'assigned', 'prioritised', 'attachment_added', 'attachment_removed', 'pseudonymised')
        order by n.at desc, n.id desc limit 50
    ) l) as events";

/// Metres on the ground (haversine).
const METRES: &str = "asin(sqrt(least(1, power(sin(radians(t.lat - ?) / 2), 2) + cos(radians(?)) * cos(radians(t.lat))
    * power(sin(radians(t.lon - ?) / 2), 2)))) * 2 * ?";

/// A statement that is put together from literals, each `?` of which is a value.
#[derive(Default)]
struct Text {
    sql: String,
    values: Vec<Value>,
}

impl Text {
    fn add(&mut self, part: &str, values: impl IntoIterator<Item = Value>) {
        let mut values = values.into_iter();
        for c in part.chars() {
            if c == '?' {
                self.values.extend(values.next());
                self.sql.push('$');
                self.sql.push_str(&self.values.len().to_string());
            } else {
                self.sql.push(c);
            }
        }
    }

    fn within(&mut self, Bounds { west, south, east, north }: Bounds) {
        self.add(" and t.lat between ? and ?", [south, north].map(Value::from));
        let lon = if west <= east { " and t.lon between ? and ?" } else { " and (t.lon >= ? or t.lon <= ?)" };
        self.add(lon, [west, east].map(Value::from));
    }
}

fn codes<T: ToString>(codes: &[T]) -> Value {
    codes.iter().map(ToString::to_string).collect::<Vec<_>>().into()
}

impl Wanted {
    fn text(&self) -> Text {
        let mut text = Text::default();
        let events = if self.with_events { EVENTS } else { "null::jsonb as events" };
        text.add(&format!("select {COLUMNS}, {MESSAGE}, {events} from {REQUESTS}"), []);
        if !self.hidden.is_empty() {
            text.add(" and t.category_code <> all(?)", [codes(&self.hidden)]);
        }
        if self.references.is_empty() {
            self.conditions(&mut text);
        } else {
            text.add(" and t.reference = any(?)", [codes(&self.references)]);
        }
        let order = match self.sort {
            Sort::LastRequested => "t.filed_at desc, t.id desc",
            Sort::FirstRequested => "t.filed_at, t.id",
            Sort::LastUpdated => "w.updated_at desc, t.id desc",
            Sort::FirstUpdated => "w.updated_at, t.id",
        };
        let number = |number: u64| Value::from(i64::try_from(number).unwrap_or(i64::MAX));
        text.add(&format!(" order by {order} limit ? offset ?"), [number(self.limit), number(self.skip)]);
        text
    }

    fn conditions(&self, text: &mut Text) {
        if !self.categories.is_empty() {
            text.add(" and t.category_code = any(?)", [codes(&self.categories)]);
        }
        match self.open {
            Some(true) => text.add(" and not w.ended", []),
            Some(false) => text.add(" and w.ended", []),
            None => {}
        }
        if let Some(Window { from, to }) = self.requested {
            text.add(" and t.filed_at between ? and ?", [from.into(), to.into()]);
        }
        if let Some(Window { from, to }) = self.updated {
            let window = [from, to, from, to].map(Value::from);
            let happened =
                " and t.concern_id in (select s.concern_id from ticket_event u join ticket s on s.id = u.ticket_id
                where u.at between ? and ?) and w.updated_at between ? and ?";
            text.add(happened, window);
        }
        if !self.areas.is_empty() {
            let areas = area_codes(&self.areas);
            text.add(" and t.area_codes @> ?", [areas.into()]);
        }
        if self.on_map {
            text.add(" and t.lat is not null", []);
        }
        if self.within.is_some() || self.around.is_some() {
            // Where they are, is not to be found out by asking nearer and nearer.
            text.add(" and not c.to_erase", []);
        }
        if let Some(bounds) = self.within {
            text.within(bounds);
        }
        if let Some((at, id)) = self.after {
            text.add(" and (t.filed_at, t.id) < (?, ?)", [at.into(), id.0.into()]);
        }
        if let Some(circle) = self.around {
            text.within(circle.bounds());
            let Point { lat, lon } = circle.centre;
            text.add(&format!(" and {METRES} <= ?"), [lat, lat, lon, EARTH_RADIUS, circle.metres].map(Value::from));
        }
        if let Some(words) = &self.words {
            let holds = " and t.origin = 'open311' and not c.to_erase and t.id in (
                select x.ticket_id from ticket_text x where x.part = 'concern' and x.words @@ wanted(?))";
            text.add(holds, [Search { words: words.clone(), fuzzy: false }.query().into()]);
        }
    }
}

/// A request of a row: [`COLUMNS`], [`MESSAGE`], [`EVENTS`].
fn request(row: &QueryResult) -> Result<Request> {
    let unknown = |what: &str| Error::Corrupt(format!("a ticket has an unknown {what}"));
    let mut row = Columns::of(row)?;
    let first = TicketId(row.next()?);
    let areas = row.next::<Json<_>>()?.0;
    let reference = row.next()?;
    let state = State::from_code(row.next()?).ok_or_else(|| unknown("state"))?;
    let category = row.next::<String>()?.try_into().map_err(Error::corrupt)?;
    let services = row.next::<Vec<String>>()?.into_iter().map(ServiceCode::try_from);
    let services = services.collect::<std::result::Result<_, _>>().map_err(Error::corrupt)?;
    let public_words: bool = row.next()?;
    let description = row.next::<Option<String>>()?.map(TryInto::try_into).transpose().map_err(Error::corrupt)?;
    let replies = row.next::<Json<_>>()?.0;
    let point = row.next::<Option<f64>>()?.zip(row.next()?).map(|(lat, lon)| Point { lat, lon });
    let address = row.next::<Option<String>>()?.map(TryInto::try_into).transpose().map_err(Error::corrupt)?;
    let mut place = Whereabouts { point, address };
    if !public_words {
        place.address = place.street().and_then(|street| street.try_into().ok());
    }
    let (requested_at, updated_at) = (row.next()?, row.next()?);
    let scheduled_for = row.next::<Option<NaiveDate>>()?.filter(|_| state == State::Scheduled);
    let reason =
        row.next::<Option<&str>>()?.map(|code| ClosureReason::from_code(code).ok_or_else(|| unknown("reason")));
    let message = row.next::<Option<String>>()?.map(TryInto::try_into).transpose().map_err(Error::corrupt)?;
    let events = row.next::<Option<Json<_>>>()?.map(|Json(events)| events).unwrap_or_default();
    Ok(Request {
        first,
        reference,
        state,
        category,
        services,
        description,
        replies,
        place,
        areas,
        requested_at,
        updated_at,
        scheduled_for,
        closure_reason: reason.transpose()?,
        message,
        events,
    })
}

impl Store {
    /// The requests that are asked for: one statement.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn service_requests(&self, wanted: &Wanted) -> Result<Vec<Request>> {
        // Planned for what is asked for: of a narrow map, PostgreSQL would come to expect all maps to be so.
        let Text { sql, values } = wanted.text();
        // There may be a thousand rows: each goes when it is read.
        self.in_turn(&self.long_lists, sql, SqlxValues(Values(values)), |row| request(&row)).await
    }
}

/// The tickets of the request that is called so, the first one first; none when the public knows of none, nor of the
/// categories that are hidden from it.
async fn of_request(
    db: &impl ConnectionTrait,
    reference: &str,
    hidden: &[CategoryCode],
    locked: bool,
) -> Result<Vec<Ticket>> {
    let those = "ticket.sensitivity = 'standard' and not ticket.hidden_from_referrer
        and ticket.category_code <> all($2) and ticket.concern_id = (select f.concern_id from ticket f where f.reference = $1)";
    let select = entity::Entity::find()
        .filter(Expr::cust_with_values(those, [Value::from(reference), codes(hidden)]))
        .order_by_asc(entity::Column::Id);
    let rows = if locked { select.lock_exclusive() } else { select }.all(db).await?;
    let tickets = rows.into_iter().map(ticket).collect::<Result<Vec<_>>>()?;
    let is_first = tickets.first().is_some_and(|first| first.reference == reference);
    Ok(if is_first { tickets } else { Vec::new() })
}

impl Store {
    /// The tickets of the request that is called so, the first one first; none when the public knows of none.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn request_tickets(&self, reference: &str, hidden: &[CategoryCode]) -> Result<Vec<Ticket>> {
        of_request(&self.db, reference, hidden, false).await
    }
}

impl Tx {
    /// The same, locked until the transaction ends.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn lock_request(&self, reference: &str, hidden: &[CategoryCode]) -> Result<Vec<Ticket>> {
        of_request(&self.db, reference, hidden, true).await
    }
}
