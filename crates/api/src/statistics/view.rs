//! Figures as answers show them, each number defined so that it can be counted by hand.

use chrono::{DateTime, Utc};
use domain::city::City;
use domain::city::zoning::Zoning;
use domain::language::Language;
use domain::statistics::{Counted, Delay, Figures, Group, GroupBy};
use serde::Serialize;
use utoipa::ToSchema;

use crate::view::MONTHS;

/// How long something took.
#[derive(Serialize, ToSchema)]
#[schema(as = StatsDelay)]
pub(crate) struct DelayView {
    /// Of how many tickets it is known.
    #[schema(required, minimum = 0)]
    count: Option<u64>,
    /// Half of them took this long at most, in seconds: interpolated between the two in the middle when their number is
    /// even.
    #[schema(required, minimum = 0)]
    median_s: Option<f64>,
    /// Nine in ten of them took this long at most, in seconds, interpolated likewise.
    #[schema(required, minimum = 0)]
    p90_s: Option<f64>,
}

/// How many people there was news for, and how many were told.
#[derive(Serialize, ToSchema)]
#[schema(as = StatsTold)]
pub(crate) struct ToldView {
    /// For how many, counted once a ticket.
    #[schema(required, minimum = 0)]
    to_tell: Option<u64>,
    /// To how many of them an e-mail with some of it was handed over to the mail server.
    #[schema(required, minimum = 0)]
    told: Option<u64>,
}

/// The figures of some tickets. Each ticket is one, those of one concern included, also duplicates and those that were
/// called off. A null number is not shown, or there is none.
#[derive(Serialize, ToSchema)]
#[schema(as = StatsFigures)]
pub(crate) struct FiguresView {
    /// How many there are.
    #[schema(required, minimum = 0)]
    filed: Option<u64>,
    /// How many of them were taken in hand by the service that has them, or had them last, since they were last passed to it
    /// (`acknowledged_at`).
    #[schema(required, minimum = 0)]
    acknowledged: Option<u64>,
    /// How many of these not after `ack_due_at`.
    #[schema(required, minimum = 0)]
    acknowledged_on_time: Option<u64>,
    /// From `filed_at` to the first time that any service took the ticket in hand or refused it: real time, nights and
    /// closing days included.
    first_status: DelayView,
    /// The same in working time of the service, for those tickets of which it is known: where the service that the ticket
    /// was first passed to was the first to answer, and has not answered otherwise before the ticket left it.
    first_status_working: DelayView,
    /// From `filed_at` to `resolved_at`, of the tickets that are resolved, or were closed after that: real time, waiting and
    /// reopening included. A resolution that was reopened does not count.
    resolution: DelayView,
    /// How many were passed on to another service at least once. They are counted where they are now.
    #[schema(required, minimum = 0)]
    rerouted: Option<u64>,
    /// How many were refused by a service at least once. They are counted where they are now.
    #[schema(required, minimum = 0)]
    refused: Option<u64>,
    /// How many were reopened at least once.
    #[schema(required, minimum = 0)]
    reopened: Option<u64>,
    /// How many are resolved or closed with another reason than `work_done`, `information_given` or `duplicate`.
    #[schema(required, minimum = 0)]
    closed_without_work: Option<u64>,
    /// Residents who left an e-mail address and whose ticket was taken in hand or has an outcome.
    residents: ToldView,
    /// People who filed a concern, and something happened to its ticket that they did not do themselves.
    referrers: ToldView,
    /// How many are neither resolved, nor closed, nor cancelled.
    #[schema(required, minimum = 0)]
    open: Option<u64>,
    /// When the oldest of these was filed.
    #[schema(required)]
    oldest_open_filed_at: Option<DateTime<Utc>>,
    /// Whether a number is null because it is not shown.
    masked: bool,
}

impl From<&Figures> for FiguresView {
    fn from(figures: &Figures) -> Self {
        let count = |of| figures.count(of);
        let delay =
            |of, delay: Delay| DelayView { count: count(of), median_s: delay.median, p90_s: delay.ninth_decile };
        let told = |to_tell, told| ToldView { to_tell: count(to_tell), told: count(told) };
        Self {
            filed: count(Counted::Filed),
            acknowledged: count(Counted::Acknowledged),
            acknowledged_on_time: count(Counted::AcknowledgedOnTime),
            first_status: delay(Counted::FirstStatus, figures.first_status),
            first_status_working: delay(Counted::FirstStatusWorking, figures.first_status_working),
            resolution: delay(Counted::Resolution, figures.resolution),
            rerouted: count(Counted::Rerouted),
            refused: count(Counted::Refused),
            reopened: count(Counted::Reopened),
            closed_without_work: count(Counted::ClosedWithoutWork),
            residents: told(Counted::ResidentsToTell, Counted::ResidentsTold),
            referrers: told(Counted::ReferrersToTell, Counted::ReferrersTold),
            open: count(Counted::Open),
            oldest_open_filed_at: figures.oldest_open,
            masked: figures.masked,
        }
    }
}

/// The figures of a group.
#[derive(Serialize, ToSchema)]
#[schema(as = StatsGroup)]
pub(crate) struct GroupView {
    /// Which: a code, or the month as `2026-03`; null for places that are in no area of the zoning.
    #[schema(required, examples("proprete"))]
    key: Option<String>,
    /// What people call it.
    #[schema(examples("Propreté urbaine"))]
    pub(crate) label: String,
    figures: FiguresView,
}

impl GroupView {
    pub(crate) fn new(group: &Group, group_by: &GroupBy, city: &City, language: Language) -> Self {
        Self {
            key: group.key.clone(),
            label: label(group.key.as_deref(), group_by, city, language),
            figures: (&group.figures).into(),
        }
    }
}

/// What people call a group. What the city no longer has is called by its code.
pub(crate) fn label(key: Option<&str>, group_by: &GroupBy, city: &City, language: Language) -> String {
    let Some(key) = key else { return language.pick(("hors découpage", "elsewhere")).to_owned() };
    let known = match group_by {
        GroupBy::Nothing => None,
        GroupBy::Service => {
            let service = city.services.iter().find(|service| service.code.as_str() == key);
            service.map(|service| service.name.in_language(language).to_owned())
        }
        GroupBy::Category | GroupBy::CategoryGroup => {
            let category = city.catalogue.iter().find(|category| category.code.as_str() == key);
            category.map(|category| category.label.in_language(language).to_owned())
        }
        GroupBy::Area(zoning) => {
            let areas = city.zoning(zoning).map(Zoning::areas).unwrap_or_default();
            areas.iter().find(|area| area.code.as_str() == key).map(|area| area.name.clone())
        }
        GroupBy::Month => month(key, language),
    };
    known.unwrap_or_else(|| key.to_owned())
}

/// A month in words, of `2026-03`.
pub(crate) fn month(key: &str, language: Language) -> Option<String> {
    let (year, number) = key.split_once('-')?;
    let number: usize = number.parse().ok()?;
    Some(format!("{} {year}", language.pick(*MONTHS.get(number.checked_sub(1)?)?)))
}
