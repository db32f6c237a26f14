//! Which tickets a list asks for, as conditions on the table `ticket`. Only what is asked for becomes a condition, so
//! that each combination is planned for itself.

use chrono::{DateTime, Datelike as _, Days, Duration, Months, NaiveTime, Utc};
use domain::concern::Origin;
use domain::id::{AreaCode, CafeId, CategoryCode, OrganisationCode, ServiceCode, TicketId, UserId, ZoningCode};
use domain::place::{Bounds, Circle, EARTH_RADIUS};
use domain::text::SearchWords;
use domain::ticket::{Feedback, Priority, State};
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Query, SelectStatement, UnionType, Value};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect, QueryTrait};
use uuid::Uuid;

use super::BeforeCafe;
use super::entity::{self, Column};
use super::owed::OPEN;
use crate::Scope;

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

/// What is searched for in the texts of tickets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// Words, « expressions », -without: as people type them.
    pub words: SearchWords,
    /// Whether words that resemble those are enough.
    pub fuzzy: bool,
}

/// Tickets that were filed within some time, one after the other: most searches end within the last days, and those before are looked
/// at only until a page is full.
#[derive(Debug, Clone, Default)]
pub(super) struct Period {
    /// Its first instant; none when all of the past is searched.
    from: Option<DateTime<Utc>>,
    /// The instant after the last one; none when nothing is later.
    before: Option<DateTime<Utc>>,
    /// The same as a query of words: `filed_in` (migration 0050) has each day, month and year as one. None for all of the past.
    words: Option<String>,
}

/// The table of periods that a statement walks through.
pub(super) const PERIOD: &str = "period";
/// What it looks for in each.
pub(super) const WANTED: &str = "wanted";

/// What a period is counted in.
#[derive(Debug, Clone, Copy)]
enum Unit {
    Day,
    Month,
    Year,
}

/// Back to where searches look, one step after the other: so many days, months or years before the one that is going on. Each is
/// some times as long as the one before, so that of a word with a page of hits no more than some pages of hits are read.
const STEPS: [(Unit, u32); 5] = [(Unit::Day, 2), (Unit::Day, 14), (Unit::Month, 2), (Unit::Month, 8), (Unit::Year, 2)];
/// The same where a list is narrowed by more than words: a step that brings too few costs as much as it would bring.
const NARROWED: [(Unit, u32); 2] = [(Unit::Month, 1), (Unit::Month, 11)];
/// Back to where words are enough that only resemble.
const RESEMBLING: [(Unit, u32); 4] = [(Unit::Day, 2), (Unit::Day, 14), (Unit::Month, 2), (Unit::Month, 11)];

impl Unit {
    /// So many units before the one that is going on then.
    fn back(self, at: DateTime<Utc>, count: u32) -> Option<DateTime<Utc>> {
        let date = at.date_naive();
        let first = match self {
            Self::Day => date.checked_sub_days(Days::new(count.into())),
            Self::Month => date.with_day(1)?.checked_sub_months(Months::new(count)),
            Self::Year => date.with_day(1)?.with_month(1)?.checked_sub_months(Months::new(12 * count)),
        };
        Some(first?.and_time(NaiveTime::MIN).and_utc())
    }

    /// The words for all of these within that time.
    fn words(self, from: DateTime<Utc>, before: DateTime<Utc>) -> String {
        let (format, days) = match self {
            Self::Day => ("' %Y%m%d'", 1),
            Self::Month => ("' %Y%m'", 28),
            Self::Year => ("' %Y'", 365),
        };
        let mut all = Vec::new();
        let mut at = from;
        while at < before {
            all.push(at.format(format).to_string());
            at += Duration::days(days);
        }
        all.push((before - Duration::seconds(1)).format(format).to_string());
        all.dedup();
        all.join("|")
    }
}

impl Period {
    /// One after the other, the last ones first: those of tickets that were filed at that instant or before.
    fn back_from(last: DateTime<Utc>, steps: &[(Unit, u32)]) -> Vec<Self> {
        // The clock of another instance may be a little ahead.
        let mut before = last + Duration::days(1);
        let mut periods = Vec::new();
        for (unit, count) in steps {
            if let Some(from) = unit.back(last, *count).filter(|from| *from < before) {
                periods.push(Self { from: Some(from), before: Some(before), words: Some(unit.words(from, before)) });
                before = from;
            }
        }
        periods
    }

    /// All of the past, in steps.
    pub(super) fn steps(last: DateTime<Utc>, narrowed: bool) -> Vec<Self> {
        let mut periods = Self::back_from(last, if narrowed { &NARROWED } else { &STEPS });
        let before = periods.last().and_then(|period| period.from);
        periods.push(Self { from: None, before, words: None });
        periods
    }

    /// The last twelve months, in steps: as far as words are looked for that only resemble.
    pub(super) fn resembling(now: DateTime<Utc>) -> Vec<Self> {
        Self::back_from(now, &RESEMBLING)
    }

    /// All that are searched, at once.
    pub(super) fn all(now: DateTime<Utc>, fuzzy: bool) -> Self {
        if !fuzzy {
            return Self::default();
        }
        Self::back_from(now, &RESEMBLING[3..]).into_iter().next().unwrap_or_default()
    }

    /// As a row of the table that a statement walks through: its words, its first instant, and the one after its last.
    pub(super) fn row(&self) -> (Option<String>, DateTime<Utc>, DateTime<Utc>) {
        let (from, before) =
            (self.from.unwrap_or(DateTime::UNIX_EPOCH), self.before.unwrap_or(DateTime::<Utc>::MAX_UTC));
        (self.words.clone(), from, before)
    }
}

/// The shortest word that is searched for by what it resembles: shorter ones resemble too many.
const SHORTEST: usize = 4;
/// How many words are searched for by what they resemble.
const MOST: usize = 6;

impl Search {
    /// The words, references as `ticket_body` (migration 0011) writes them: `AMI-26-4217` is `ami26004217`; hyphens inside
    /// of words are spaces, as in the texts.
    fn query(&self) -> String {
        let parted = |word: &str| match word.strip_prefix('-') {
            Some(without) => format!("-{}", without.replace('-', " -")),
            None => word.replace('-', " "),
        };
        let word = |word: &str| reference(word).unwrap_or_else(|| parted(word));
        self.words.as_str().split_whitespace().map(word).collect::<Vec<_>>().join(" ")
    }

    /// The words that are searched for by what they resemble. Numbers are not: a number that differs is another one.
    fn resembled(&self) -> Vec<&str> {
        let words = self.words.as_str().split(|c: char| !c.is_alphanumeric());
        let long = |word: &&str| word.chars().count() >= SHORTEST && !word.contains(|c: char| c.is_numeric());
        words.filter(long).take(MOST).collect()
    }

    /// The ids of the tickets of that period of which one text, among those that the scope's caller reads, holds all of it.
    pub(super) fn found(&self, scope: &Scope, period: &Period) -> SelectStatement {
        let wanted = (!self.fuzzy).then(|| Expr::cust_with_values("words @@ wanted($1)", [self.query()]));
        let filed = period.words.as_deref();
        let filed = filed.map(|filed| Expr::cust_with_values("words @@ $1::tsquery", [filed]));
        self.texts(scope, [wanted, filed])
    }

    /// The same of the period in whose [row](Period::row) it stands, beside what is [wanted](Self::wanted).
    fn found_in_turn(&self, scope: &Scope) -> SelectStatement {
        // Two conditions: of one, PostgreSQL would read all that hold the words, of all of the past, to find those of the period.
        let (wanted, filed) = if self.fuzzy {
            (None, format!("words @@ {PERIOD}.column1::tsquery"))
        } else {
            let filed = format!("words @@ coalesce({PERIOD}.column1::tsquery, {WANTED}.words)");
            (Some(Expr::cust(format!("words @@ {WANTED}.words"))), filed)
        };
        self.texts(scope, [wanted, Some(Expr::cust(filed))])
    }

    /// The words as a query, made once for all periods.
    pub(super) fn wanted(&self) -> SelectStatement {
        let mut wanted = Query::select();
        wanted.expr_as(Expr::cust_with_values("wanted($1)", [self.query()]), Alias::new("words")).offset(0);
        wanted
    }

    fn texts(&self, scope: &Scope, holds: [Option<Expr>; 2]) -> SelectStatement {
        let mut texts = Query::select();
        texts.column(Alias::new("ticket_id")).from(Alias::new("ticket_text")).and_where_option(scope.texts());
        let [wanted, filed] = holds;
        texts.and_where_option(wanted).and_where_option(filed);
        if self.fuzzy {
            let words = self.resembled();
            if words.is_empty() {
                texts.and_where(Expr::val(false));
            }
            for word in words {
                texts.and_where(Expr::cust_with_values("resembles(fold($1), body)", [word]));
            }
        }
        texts
    }

    /// Whether a ticket was filed in that period and is [found](Self::found).
    pub(super) fn condition(&self, scope: &Scope, period: &Period) -> Condition {
        let filed = [period.from.map(|at| Column::FiledAt.gte(at)), period.before.map(|at| Column::FiledAt.lt(at))];
        let found = Condition::all().add(Column::Id.in_subquery(self.found(scope, period)));
        filed.into_iter().flatten().fold(found, Condition::add)
    }

    /// The same of the period in whose [row](Period::row) it stands. The ids are looked for first: a step brings few.
    pub(super) fn condition_in_turn(&self, scope: &Scope) -> Condition {
        let found = Expr::SubQuery(None, Box::new(self.found_in_turn(scope).into()));
        Condition::all()
            .add(Expr::cust_with_exprs("ticket.id = any(array $1)", [found]))
            .add(Expr::cust(format!("ticket.filed_at >= {PERIOD}.column2 and ticket.filed_at < {PERIOD}.column3")))
    }

    /// How well a ticket fits, as far as the scope's caller reads its texts: a `real`, the better the greater.
    pub(super) fn rank(&self, scope: &Scope) -> Expr {
        let (rank, words) = if self.fuzzy {
            ("max(likeness(fold($1), body))", self.resembled().join(" "))
        } else {
            ("max(ts_rank(words, wanted($1)))", self.query())
        };
        let best = Query::select()
            .expr(Expr::cust_with_values(rank, [words]))
            .from(Alias::new("ticket_text"))
            .and_where(Expr::cust("ticket_id = ticket.id"))
            .and_where_option(scope.texts())
            .to_owned();
        Expr::SubQuery(None, Box::new(best.into()))
    }
}

/// A reference as texts hold it, if the word is one.
fn reference(word: &str) -> Option<String> {
    let (prefix, rest) = word.split_once('-')?;
    let (year, number) = rest.split_once('-')?;
    let digits = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    let is_one = (2..=5).contains(&prefix.len())
        && prefix.chars().all(|c| c.is_ascii_alphabetic())
        && year.len() == 2
        && digits(year)
        && (1..=12).contains(&number.len())
        && digits(number);
    is_one.then(|| format!("{prefix}{year}{number:0>6}"))
}

/// The running clock ends before then. For now, this is [`domain::ticket::Ticket::is_late`], said in SQL.
pub(super) fn due_before(at: DateTime<Utc>) -> Condition {
    let untouched = [State::Submitted, State::Refused].map(State::code);
    let in_hand = [State::Acknowledged, State::Scheduled, State::InProgress].map(State::code);
    Condition::any()
        .add(Column::State.is_in(untouched).and(Column::AckDueAt.lt(at)))
        .add(Column::State.is_in(in_hand).and(Column::ResolveDueAt.lt(at)))
}

fn codes<T: ToString>(codes: &[T]) -> Vec<String> {
    codes.iter().map(ToString::to_string).collect()
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
    /// priority, and when it was filed.
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

    /// Whether it asks for work that is not done, whose it is and what it is about, and for nothing else: the lists that
    /// are open all day.
    pub(super) fn is_of_work(&self) -> bool {
        let Self { areas, inside_all, organisations, filed_from, filed_before, .. } = self;
        let open = !self.states.is_empty() && self.states.iter().all(|state| OPEN.contains(state));
        let anywhere = areas.is_empty() && inside_all.is_empty() && organisations.is_empty();
        let at_any_time = filed_from.is_none() && filed_before.is_none();
        let rest = || Self { states: Vec::new(), assignees: Vec::new(), ..self.clone() };
        open && anywhere && at_any_time && rest().asks_for_what_is_always_kept()
    }

    /// At whom, by whom.
    fn whose(&self) -> Condition {
        let one = |condition: Expr| Condition::all().add(condition);
        let all = Condition::all();
        let all = when(all, !self.services.is_empty(), || one(Column::ServiceCode.is_in(codes(&self.services))));
        let all = when(all, !self.organisations.is_empty(), || {
            let theirs = "ticket.service_code = any(array(select code from service where organisation_code = any($1)))";
            one(Expr::cust_with_values(theirs, [Value::from(codes(&self.organisations))]))
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
        all = when(all, !self.categories.is_empty(), || one(Column::CategoryCode.is_in(codes(&self.categories))));
        let areas = |areas: &[(ZoningCode, AreaCode)]| -> Value {
            areas.iter().map(|(zoning, area)| format!("{zoning}:{area}")).collect::<Vec<_>>().into()
        };
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_steps_back_in_time() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let periods = Period::steps(at("2026-01-03T10:00:00Z"), false);
        let words: Vec<&str> = periods.iter().map(|period| period.words.as_deref().unwrap_or_default()).collect();
        assert_eq!(words[0], "' 20260101'|' 20260102'|' 20260103'|' 20260104'");
        assert!(words[1].starts_with("' 20251220'|' 20251221'") && words[1].ends_with("' 20251231'"), "{}", words[1]);
        let months = "' 202505'|' 202506'|' 202507'|' 202508'|' 202509'|' 202510'";
        assert_eq!(words[2..], ["' 202511'|' 202512'", months, "' 2024'|' 2025'", ""]);
        for pair in periods.windows(2) {
            assert_eq!(pair[0].from, pair[1].before, "one begins where the other ends");
        }
        assert_eq!(periods[5].from, None);
        let year = Period::resembling(at("2024-02-29T10:00:00Z"));
        assert_eq!(year[3].words.as_deref().map(|words| words.matches('|').count() + 1), Some(9), "months, each once");
        assert_eq!(Period::all(at("2024-02-29T10:00:00Z"), true).from, Some(at("2023-03-01T00:00:00Z")));
    }

    #[test]
    fn references_are_searched_as_they_are_kept() {
        for (word, kept) in [
            ("AMI-26-004217", Some("AMI26004217")),
            ("ami-26-4217", Some("ami26004217")),
            ("AMI-26-1234567", Some("AMI261234567")),
            ("peut-être", None),
            ("a-26-1", None),
            ("saint-26-x", None),
        ] {
            assert_eq!(reference(word).as_deref(), kept, "{word}");
        }
        let search = |words: &str| Search { words: words.to_owned().try_into().unwrap(), fuzzy: false };
        assert_eq!(search("matelas  AMI-26-1").query(), "matelas AMI26000001");
        assert_eq!(search("de l’éclairage, rue Saint-Leu").resembled(), ["éclairage", "Saint"]);
    }
}
