//! What the rules look at: a concern as it is filed, and what follows from its place and its time.

use std::cell::OnceCell;

use chrono::{DateTime, Timelike, Utc};

use super::condition::{Day, Owned};
use super::words::Text;
use crate::city::City;
use crate::city::catalogue::Category;
use crate::city::question::Replies;
use crate::concern::Origin;
use crate::id::OrganisationCode;
use crate::place::Areas;
use crate::ticket::Priority;

/// What the rules look at.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// What the concern is about.
    pub category: &'a Category,
    /// Where its place lies.
    pub areas: &'a Areas,
    /// How it was heard.
    pub origin: Origin,
    /// How pressing the officer says that it is; none when they say nothing, so that it is as pressing as its category.
    pub priority: Option<Priority>,
    /// What was answered to the category's questions.
    pub replies: &'a Replies,
    /// What the resident said, as it is kept.
    pub description: Option<&'a str>,
    /// When it is filed.
    pub at: DateTime<Utc>,
}

impl Subject<'_> {
    /// How pressing the concern is before a rule says so.
    #[must_use]
    pub fn priority(&self) -> Priority {
        self.priority.or(self.category.priority).unwrap_or_default()
    }
}

/// A subject in its city, with what is only worked out if a rule asks for it, and then once for all rules.
pub(super) struct Seen<'a> {
    pub(super) subject: &'a Subject<'a>,
    city: &'a City,
    text: OnceCell<Text<'a>>,
    local: OnceCell<(Day, u8)>,
    owners: [OnceCell<Vec<&'a OrganisationCode>>; 2],
}

impl<'a> Seen<'a> {
    pub(super) const fn new(city: &'a City, subject: &'a Subject<'a>) -> Self {
        Self { subject, city, text: OnceCell::new(), local: OnceCell::new(), owners: [const { OnceCell::new() }; 2] }
    }

    /// The words of the description.
    pub(super) fn text(&self) -> &Text<'a> {
        self.text.get_or_init(|| Text::of(self.subject.description.unwrap_or_default()))
    }

    /// The day of the week and the hour that calendars and clocks on the wall show.
    pub(super) fn local(&self) -> (Day, u8) {
        *self.local.get_or_init(|| {
            let local = self.city.zone().local(self.subject.at);
            (chrono::Datelike::weekday(&local).into(), u8::try_from(local.hour()).unwrap_or_default())
        })
    }

    /// Whose the road or the land is, as the areas of the place say; several when zonings do not agree.
    pub(super) fn owners(&self, of: Owned) -> &[&'a OrganisationCode] {
        let cell = match of {
            Owned::Road => &self.owners[0],
            Owned::Land => &self.owners[1],
        };
        cell.get_or_init(|| {
            let of_area = |(zoning, area)| self.city.zoning(zoning)?.area(area)?.owner(of);
            self.subject.areas.iter().filter_map(of_area).collect()
        })
    }
}
