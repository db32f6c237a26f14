//! « Vous avez dit, nous avons fait »: what residents said at a café, or in an area and a time, and what became of it, for
//! everybody to read. By theme: what was done, what was not and why, what is still open. Never what was written down, never
//! who said it, never a house.
//!
//! Two things stand on it, and neither gives the other away:
//!
//! - Lines: that something was said (a category, a street) and how far it is. A line is the same whether one person said
//!   it or ten. So however many sheets are laid side by side, of whatever times and places: lines never tell how many.
//! - Numbers: how many concerns a part of a theme has; [`number`] says which are shown, and how. None under five is. No
//!   concern is counted in the numbers of two published sheets (`elsewhere`, which the database holds to), and no number of a
//!   sheet is a part of another one. So there are no two numbers of which one could be subtracted from the other.
//!
//! Concerns that are restricted have no lines, and are counted only where five or more of them are in the same part.
//! Complaints about officers, emergencies and crimes are not on it at all.

mod fate;
mod street;

pub use fate::{Became, Followed, How, fate};
pub use street::street;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::city::catalogue::{Category, Sensitivity};
use crate::id::{CategoryCode, ConcernId};
use crate::language::Label;
use crate::statistics::mask::{LEAST, STEP, rounded};
use crate::text::Address;
use crate::time::Zone;

/// A concern, as far as a sheet depends on it.
#[derive(Debug, Clone)]
pub struct Said {
    /// Which.
    pub concern: ConcernId,
    /// What it is about.
    pub category: CategoryCode,
    /// Where, as it was typed.
    pub address: Option<Address>,
    /// When it was filed.
    pub filed_at: DateTime<Utc>,
    /// Its tickets, with those that it is attached to, and instead of those that were merged the ones that they were merged
    /// into.
    pub tickets: Vec<Followed>,
    /// A complaint about an officer.
    pub hidden: bool,
}

/// A sheet, as it is shown and as it is kept when it is published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sheet {
    /// What it is of.
    pub subject: Subject,
    /// What it shows.
    pub restitution: Restitution,
    /// When it was drawn up.
    pub drawn_up_at: DateTime<Utc>,
}

/// What a sheet is of, as it is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Subject {
    /// What was said at a café.
    Cafe {
        /// What its poster said.
        title: String,
        /// The day on which it began.
        on: NaiveDate,
    },
    /// What was said in an area.
    Area {
        /// The zoning, by its name.
        zoning: String,
        /// The area, by its name.
        area: String,
        /// The first day.
        from: NaiveDate,
        /// The last day.
        to: NaiveDate,
    },
}

/// What was said, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restitution {
    /// The themes, in the order of the catalogue.
    pub themes: Vec<Theme>,
    /// Some concerns are left out of the numbers: another published sheet counts them.
    pub elsewhere: bool,
}

/// A group of categories.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Theme {
    /// The group's code; none for what is no longer in the catalogue.
    pub code: Option<CategoryCode>,
    /// What it is called.
    pub label: Label,
    /// What was done, what not, what is open: those that there are.
    pub parts: Vec<Part>,
}

/// What of a theme was done, or not, or is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Which.
    pub became: Became,
    /// About how many concerns; none when that is not told.
    pub count: Option<u64>,
    /// What was said.
    pub lines: Vec<Line>,
}

/// Something that was said, by one or by more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// What about.
    pub category: CategoryCode,
    /// What that is called.
    pub label: Label,
    /// In which street, if that can be told.
    pub street: Option<String>,
    /// How far it is, or how it ended.
    pub how: How,
    /// The first day of a month: when it ended; while it is open, since when it is.
    pub month: NaiveDate,
}

impl Theme {
    /// About how many concerns of the theme there are: the sum of the numbers, where all of them are told.
    #[must_use]
    pub fn said(&self) -> Option<u64> {
        self.parts.iter().map(|part| part.count).sum()
    }
}

/// How a number of concerns is told of which that many different lines are shown: rounded as all figures are, and not at
/// all when it is under 5; with four lines or more, when it is under 8. Else four lines without a number would be exactly
/// four concerns.
#[must_use]
pub fn number(count: u64, lines: usize) -> Option<u64> {
    let least = if lines >= 4 { 2 * STEP } else { STEP };
    rounded(count).filter(|shown| *shown >= least)
}

/// What is known of a concern's part in the sheet.
struct Entry<'a> {
    said: &'a Said,
    how: How,
    month: NaiveDate,
    category: Option<&'a Category>,
    restricted: bool,
}

impl<'a> Entry<'a> {
    fn of(said: &'a Said, catalogue: &'a [Category], zone: Zone) -> Option<Self> {
        let category = catalogue.iter().find(|category| category.code == said.category);
        let signposted = category.is_some_and(|category| category.sensitivity == Sensitivity::SignpostOnly);
        if said.hidden || signposted || category.is_some_and(|category| category.hidden_from_referrer) {
            return None;
        }
        let kept = category.is_none_or(|category| !category.is_public());
        let restricted = kept || said.tickets.iter().any(|ticket| ticket.restricted);
        let (how, ended_at) = fate(&said.tickets);
        let at = if how.became() == Became::Open { said.filed_at } else { ended_at.unwrap_or(said.filed_at) };
        let day = zone.day_of(at);
        Some(Self { said, how, month: day.with_day(1).unwrap_or(day), category, restricted })
    }

    fn line(&self) -> Option<Line> {
        let category = self.category.filter(|_| !self.restricted)?;
        Some(Line {
            category: category.code.clone(),
            label: category.label.clone(),
            street: self.said.address.as_ref().and_then(street),
            how: self.how,
            month: self.month,
        })
    }
}

/// Draws up a sheet of what was said, and tells which concerns its numbers count. `elsewhere` says which ones those of
/// another published sheet do.
#[must_use]
pub fn draw_up(
    said: &[Said],
    catalogue: &[Category],
    zone: Zone,
    elsewhere: &BTreeSet<ConcernId>,
) -> (Restitution, BTreeSet<ConcernId>) {
    let mut parts: BTreeMap<(usize, Became), Vec<Entry<'_>>> = BTreeMap::new();
    for entry in said.iter().filter_map(|said| Entry::of(said, catalogue, zone)) {
        parts.entry((theme_of(&entry, catalogue), entry.how.became())).or_default().push(entry);
    }
    let mut counted = BTreeSet::new();
    let mut themes: BTreeMap<usize, Vec<Part>> = BTreeMap::new();
    let mut left_out = false;
    for ((theme, became), mut entries) in parts {
        without_few_restricted(&mut entries);
        if entries.is_empty() {
            continue;
        }
        let lines = lines(&entries, catalogue);
        let all = entries.len();
        entries.retain(|entry| !elsewhere.contains(&entry.said.concern));
        left_out |= entries.len() < all;
        without_few_restricted(&mut entries);
        let count = number(entries.len() as u64, self::lines(&entries, catalogue).len());
        if count.is_some() {
            counted.extend(entries.iter().map(|entry| entry.said.concern));
        }
        themes.entry(theme).or_default().push(Part { became, count, lines });
    }
    let themes = themes.into_iter().map(|(theme, parts)| match catalogue.get(theme) {
        Some(group) => Theme { code: Some(group.code.clone()), label: group.label.clone(), parts },
        None => Theme { code: None, label: Label { fr: "Autres sujets".into(), en: "Other matters".into() }, parts },
    });
    (Restitution { themes: themes.collect(), elsewhere: left_out }, counted)
}

/// Leaves out those that are restricted, unless there are five.
fn without_few_restricted(entries: &mut Vec<Entry<'_>>) {
    if (entries.iter().filter(|entry| entry.restricted).count() as u64) < LEAST {
        entries.retain(|entry| !entry.restricted);
    }
}

/// The place of a concern's group in the catalogue; after all of them, if it is not in there any more.
fn theme_of(entry: &Entry<'_>, catalogue: &[Category]) -> usize {
    let group = entry.category.map(|category| category.parent.as_ref().unwrap_or(&category.code));
    let place = group.and_then(|group| catalogue.iter().position(|category| category.code == *group));
    place.unwrap_or(catalogue.len())
}

/// The lines of some concerns: each category, street and fate once.
fn lines(entries: &[Entry<'_>], catalogue: &[Category]) -> Vec<Line> {
    let mut lines: BTreeMap<(usize, String, u8), Line> = BTreeMap::new();
    for line in entries.iter().filter_map(Entry::line) {
        let place = catalogue.iter().position(|category| category.code == line.category).unwrap_or_default();
        let key = (place, line.street.as_deref().map(street::folded).unwrap_or_default(), line.how as u8);
        let month = line.month;
        let merged = lines.entry(key).or_insert(line);
        let open = merged.how.became() == Became::Open;
        merged.month = if open { merged.month.min(month) } else { merged.month.max(month) };
    }
    lines.into_values().collect()
}

#[cfg(test)]
mod tests;
