//! Which tickets a list asks for, as conditions on the table `ticket`. Only what is asked for becomes a condition, so
//! that each combination is planned for itself.

use chrono::{DateTime, Utc};
use domain::concern::Origin;
use domain::id::{AreaCode, CafeId, CategoryCode, OrganisationCode, ServiceCode, TicketId, UserId, ZoningCode};
use domain::place::{Bounds, Circle, EARTH_RADIUS};
use domain::ticket::{Feedback, Priority, State};
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Query, SelectStatement, UnionType, Value};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect, QueryTrait};
use uuid::Uuid;

use super::BeforeCafe;
use super::entity::{self, Column};
use super::owed::OPEN;
use super::search::Search;
use crate::{Scope, area_codes, texts};

/// Which tickets are asked for. An empty list asks for all.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filter {
    /// In one of these states.
    pub states: Vec<State>,
    /// At one of these services.
    pub services: Vec<ServiceCode>,
    /// At a service of one of these organisations.
    pub organisations: Vec<OrganisationCode>,
    /// About one of these.
    pub categories: Vec<CategoryCode>,
    /// In one of these areas.
    pub areas: Vec<(ZoningCode, AreaCode)>,
    /// In each of these areas.
    pub inside_all: Vec<(ZoningCode, AreaCode)>,
    /// Heard at one of these cafés.
    pub cafes: Vec<CafeId>,
    /// Only those that are due back before this café.
    pub before_cafe: Option<BeforeCafe>,
    /// Heard in one of these ways.
    pub origins: Vec<Origin>,
    /// As pressing as one of these.
    pub priorities: Vec<Priority>,
    /// Only those that missed a target, or only those that did not.
    pub late: Option<bool>,
    /// Only those whose running clock ends before.
    pub due_before: Option<DateTime<Utc>>,
    /// Only those filed then or later.
    pub filed_from: Option<DateTime<Utc>>,
    /// Only those filed earlier.
    pub filed_before: Option<DateTime<Utc>>,
    /// In the hands of one of these people; of nobody, when `None` is among them.
    pub assignees: Vec<Option<UserId>>,
    /// Filed by one of these people or programs.
    pub referrers: Vec<Uuid>,
    /// Only those that have a point.
    pub on_map: bool,
    /// Within these bounds.
    pub within: Option<Bounds>,
    /// Within this circle.
    pub around: Option<Circle>,
    /// Only those that were closed as duplicates of this one.
    pub duplicate_of: Option<TicketId>,
    /// Only those that others are duplicates of, or concerns were attached to; or only the others.
    pub has_duplicates: Option<bool>,
    /// Only those that were reopened, or only those that were not.
    pub reopened: Option<bool>,
    /// Of which residents say one of these.
    pub feedback: Vec<Feedback>,
    /// Only those that everybody may know of.
    pub standard_only: bool,
    /// Which hold these words.
    pub search: Option<Search>,
}

/// The running clock ends before then. For now, this is [`domain::ticket::Ticket::is_late`], said in SQL.
pub(super) fn due_before(at: DateTime<Utc>) -> Condition {
    let untouched = [State::Submitted, State::Refused].map(State::code);
    let in_hand = [State::Acknowledged, State::Scheduled, State::InProgress].map(State::code);
    Condition::any()
        .add(Column::State.is_in(untouched).and(Column::AckDueAt.lt(at)))
        .add(Column::State.is_in(in_hand).and(Column::ResolveDueAt.lt(at)))
}

fn inside(bounds: Bounds) -> Condition {
    let lon = if bounds.west <= bounds.east {
        Column::Lon.between(bounds.west, bounds.east)
    } else {
        Column::Lon.gte(bounds.west).or(Column::Lon.lte(bounds.east))
    };
    Condition::all().add(Column::Lat.between(bounds.south, bounds.north)).add(lon)
}

/// Within the distance along a great circle.
fn near(circle: Circle) -> Condition {
    let distance = "asin(least(1, sqrt(power(sin(radians(ticket.lat - $1) / 2), 2)
        + cos(radians($1)) * cos(radians(ticket.lat)) * power(sin(radians(ticket.lon - $2) / 2), 2)))) * 2 * $3 <= $4";
    let values = [circle.centre.lat, circle.centre.lon, EARTH_RADIUS, circle.metres];
    inside(circle.bounds()).add(Expr::cust_with_values(distance, values))
}

/// The tickets of the scope that others of it are duplicates of, and those that concerns were attached to.
fn originals(scope: &Scope) -> SelectStatement {
    let duplicates = entity::Entity::find().select_only().column(Column::DuplicateOf);
    let mut originals = duplicates.filter(Column::DuplicateOf.is_not_null()).filter(scope.tickets()).into_query();
    let attached = Query::select().column(Alias::new("ticket_id")).from(Alias::new("concern_follow")).take();
    originals.union(UnionType::All, attached).take()
}

fn held_by(assignees: &[Option<UserId>]) -> Condition {
    let people: Vec<Uuid> = assignees.iter().flatten().map(|user| user.0).collect();
    let mut any = Condition::any();
    if !people.is_empty() {
        any = any.add(Column::AssigneeId.is_in(people));
    }
    if assignees.contains(&None) { any.add(Column::AssigneeId.is_null()) } else { any }
}

/// Adds a condition when something is asked for.
fn when(all: Condition, asked: bool, condition: impl FnOnce() -> Condition) -> Condition {
    if asked { all.add(condition()) } else { all }
}

impl Filter {
    /// The tickets of the scope that are asked for, whatever words they hold.
    pub(crate) fn condition(&self, scope: &Scope, now: DateTime<Utc>) -> Condition {
        let all = scope.tickets().add(self.whose()).add(self.which(now));
        match self.has_duplicates {
            Some(true) => all.add(Column::Id.in_subquery(originals(scope))),
            Some(false) => all.add(Column::Id.in_subquery(originals(scope)).not()),
            None => all,
        }
    }

    /// Whether nothing is asked for but what is kept of each ticket for good: its service, category, areas, origin and
    /// priority, and when it was filed. These are columns of `ticket_figure` and of `past_figure`, by the same names.
    pub(crate) fn asks_for_what_is_always_kept(&self) -> bool {
        let Self {
            services: _,
            organisations: _,
            categories: _,
            areas: _,
            inside_all: _,
            origins: _,
            priorities: _,
            standard_only: _,
            filed_from: _,
            filed_before: _,
            states,
            assignees,
            referrers,
            cafes,
            feedback,
            before_cafe,
            late,
            due_before,
            within,
            around,
            duplicate_of,
            has_duplicates,
            reopened,
            search,
            on_map,
        } = self;
        let lists =
            [states.is_empty(), assignees.is_empty(), referrers.is_empty(), cafes.is_empty(), feedback.is_empty()];
        let wishes = [
            before_cafe.is_some(),
            late.is_some(),
            due_before.is_some(),
            within.is_some(),
            around.is_some(),
            duplicate_of.is_some(),
            has_duplicates.is_some(),
            reopened.is_some(),
            search.is_some(),
            *on_map,
        ];
        lists.iter().all(|empty| *empty) && !wishes.contains(&true)
    }

    /// Whether anything but words is asked for.
    pub(super) fn narrows(&self) -> bool {
        Self { search: None, ..self.clone() } != Self::default()
    }

    /// Whether it asks for work that is not done, at which service it is and what it is about, and for nothing else: the lists
    /// that are open all day.
    pub(super) fn is_of_work(&self) -> bool {
        let Self { areas, inside_all, organisations, filed_from, filed_before, .. } = self;
        let open = !self.states.is_empty() && self.states.iter().all(|state| OPEN.contains(state));
        let anywhere = areas.is_empty() && inside_all.is_empty() && organisations.is_empty();
        let at_any_time = filed_from.is_none() && filed_before.is_none();
        let rest = || Self { states: Vec::new(), assignees: Vec::new(), ..self.clone() };
        let of_nobody = self.assignees.iter().all(Option::is_none);
        open && of_nobody && anywhere && at_any_time && rest().asks_for_what_is_always_kept()
    }

    /// At whom, by whom.
    fn whose(&self) -> Condition {
        let one = |condition: Expr| Condition::all().add(condition);
        let all = Condition::all();
        let all = when(all, !self.services.is_empty(), || one(Column::ServiceCode.is_in(texts(&self.services))));
        let all = when(all, !self.organisations.is_empty(), || {
            let theirs = "ticket.service_code = any(array(select code from service where organisation_code = any($1)))";
            one(Expr::cust_with_values(theirs, [Value::from(texts(&self.organisations))]))
        });
        let all = when(all, !self.assignees.is_empty(), || held_by(&self.assignees));
        let all = when(all, !self.referrers.is_empty(), || {
            let referrers = || self.referrers.iter().copied();
            Condition::any().add(Column::ReferrerId.is_in(referrers())).add(Column::ClientId.is_in(referrers()))
        });
        when(all, self.standard_only, || one(Column::Sensitivity.eq("standard")))
    }

    /// What about, where, when, how far.
    fn which(&self, now: DateTime<Utc>) -> Condition {
        let one = |condition: Expr| Condition::all().add(condition);
        let mut all = Condition::all();
        // Not as parameters: how many tickets are in a state, and in which index they are, differs more than anything else.
        let states = self.states.iter().map(|state| Expr::cust(format!("'{}'", state.code())));
        all =
            when(all, !self.states.is_empty(), || one(Expr::col((Alias::new("ticket"), Column::State)).is_in(states)));
        all = when(all, !self.categories.is_empty(), || one(Column::CategoryCode.is_in(texts(&self.categories))));
        let areas = |areas: &[(ZoningCode, AreaCode)]| Value::from(area_codes(areas));
        all = when(all, !self.areas.is_empty(), || {
            one(Expr::cust_with_values("ticket.area_codes && $1", [areas(&self.areas)]))
        });
        all = when(all, !self.inside_all.is_empty(), || {
            one(Expr::cust_with_values("ticket.area_codes @> $1", [areas(&self.inside_all)]))
        });
        all = when(all, !self.cafes.is_empty(), || one(Column::CafeId.is_in(self.cafes.iter().map(|cafe| cafe.0))));
        all = all.add_option(self.before_cafe.as_ref().map(BeforeCafe::condition));
        let origins = self.origins.iter().map(|origin| origin.code());
        all = when(all, !self.origins.is_empty(), || one(Column::Origin.is_in(origins)));
        let urgencies = self.priorities.iter().map(|priority| super::list::urgency(*priority));
        all = when(all, !self.priorities.is_empty(), || one(super::list::urgency_column().is_in(urgencies)));
        all = match self.late {
            Some(true) => all.add(due_before(now)),
            Some(false) => all.add(due_before(now).not()),
            None => all,
        };
        all = all.add_option(self.due_before.map(due_before));
        all = all.add_option(self.filed_from.map(|at| Column::FiledAt.gte(at)));
        all = all.add_option(self.filed_before.map(|at| Column::FiledAt.lt(at)));
        all = when(all, self.on_map, || one(Column::Lat.is_not_null()));
        all = all.add_option(self.within.map(inside)).add_option(self.around.map(near));
        all = all.add_option(self.duplicate_of.map(|main| Column::DuplicateOf.eq(main.0)));
        let feedback = self.feedback.iter().map(|feedback| feedback.code());
        all = when(all, !self.feedback.is_empty(), || one(Column::Feedback.is_in(feedback)));
        match self.reopened {
            Some(true) => all.add(Column::Reopened.gt(0)),
            Some(false) => all.add(Column::Reopened.eq(0)),
            None => all,
        }
    }
}
