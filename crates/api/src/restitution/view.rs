//! A sheet, as JSON.

use chrono::{DateTime, NaiveDate, Utc};
use domain::language::Language;
use domain::restitution::{Became, How, Line, Part, Sheet, Subject, Theme};
use serde::Serialize;
use usecases::restitution::Published;
use utoipa::ToSchema;

/// What residents said, and what became of it. Nothing on it tells of a person: no text, no name, no house.
#[derive(Serialize, ToSchema)]
#[schema(as = Sheet)]
pub(super) struct SheetView {
    subject: SubjectView,
    /// When it was drawn up.
    pub(super) drawn_up_at: DateTime<Utc>,
    /// The themes, in the order of the catalogue.
    pub(super) themes: Vec<ThemeView>,
    /// Some concerns have lines, but are left out of the numbers: another published sheet counts them.
    pub(super) counted_elsewhere: bool,
    /// Where everybody reads it, if it is published.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) published: Option<PublishedView>,
}

/// What a sheet is of.
#[derive(Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[schema(as = SheetSubject)]
pub(super) enum SubjectView {
    /// What was said at a café.
    Cafe {
        /// What its poster said.
        title: String,
        /// The day on which it began.
        on: NaiveDate,
    },
    /// What was said in an area, at cafés and otherwise.
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

/// A group of categories.
#[derive(Serialize, ToSchema)]
#[schema(as = SheetTheme)]
pub(super) struct ThemeView {
    /// The group's code; null for categories that are no longer in use.
    #[schema(required, examples("cleanliness"))]
    code: Option<String>,
    /// What it is called.
    #[schema(examples("Propreté et déchets"))]
    pub(super) label: String,
    /// About how many concerns: the sum of the parts, where each of these is told.
    #[schema(required)]
    pub(super) said: Option<u64>,
    /// What was done, what was not, what is open: those that there are.
    pub(super) parts: Vec<PartView>,
}

/// What of a theme was done, was not, or is open.
#[derive(Serialize, ToSchema)]
#[schema(as = SheetPart)]
pub(super) struct PartView {
    pub(super) became: Became,
    /// About how many concerns that no other published sheet counts: the nearest multiple of 5. Null under five; with four
    /// lines or more, under eight.
    #[schema(required, minimum = 5, multiple_of = 5)]
    pub(super) count: Option<u64>,
    /// `count` is not told.
    pub(super) masked: bool,
    /// What was said. A line is the same whether one person said it or several.
    pub(super) lines: Vec<LineView>,
}

/// Something that was said, by one or by more.
#[derive(Serialize, ToSchema)]
#[schema(as = SheetLine)]
pub(super) struct LineView {
    /// What about: the category's code.
    #[schema(examples("illegal_dumping"))]
    category: String,
    /// What that is called.
    #[schema(examples("Dépôt sauvage"))]
    pub(super) label: String,
    /// In which street; null when that cannot be told.
    #[schema(required, examples("Rue du Pigeonnier"))]
    pub(super) street: Option<String>,
    how: How,
    /// How far it is or how it ended, in words.
    #[schema(examples("intervention faite"))]
    pub(super) how_label: &'static str,
    /// The month in which it ended; while it is open, since when it is.
    #[schema(pattern = "^[0-9]{4}-[0-9]{2}$", examples("2026-03"))]
    pub(super) month: String,
    #[serde(skip)]
    pub(super) first_day: NaiveDate,
}

/// Where everybody reads a sheet, and as it was when.
#[derive(Serialize, ToSchema)]
#[schema(as = PublishedSheet)]
pub(super) struct PublishedView {
    /// The link: whoever has it reads the sheet, without signing in.
    #[schema(format = "uri", examples("https://continuum.example/v1/sheets/0hF7Wq3cJm2vXc1k9pZbTQ"))]
    pub(super) url: String,
    /// When it was last published: the link shows it as it was then.
    at: DateTime<Utc>,
}

impl PublishedView {
    pub(super) const fn new(published: &Published, url: String) -> Self {
        Self { url, at: published.at }
    }
}

impl SheetView {
    pub(super) fn new(sheet: &Sheet, link: Option<(&Published, String)>, language: Language) -> Self {
        Self {
            subject: SubjectView::from(&sheet.subject),
            drawn_up_at: sheet.drawn_up_at,
            themes: sheet.restitution.themes.iter().map(|theme| ThemeView::new(theme, language)).collect(),
            counted_elsewhere: sheet.restitution.elsewhere,
            published: link.map(|(published, url)| PublishedView::new(published, url)),
        }
    }

    pub(super) const fn subject(&self) -> &SubjectView {
        &self.subject
    }
}

impl From<&Subject> for SubjectView {
    fn from(subject: &Subject) -> Self {
        match subject.clone() {
            Subject::Cafe { title, on } => Self::Cafe { title, on },
            Subject::Area { zoning, area, from, to } => Self::Area { zoning, area, from, to },
        }
    }
}

impl ThemeView {
    fn new(theme: &Theme, language: Language) -> Self {
        Self {
            code: theme.code.as_ref().map(ToString::to_string),
            label: theme.label.in_language(language).to_owned(),
            said: theme.said(),
            parts: theme.parts.iter().map(|part| PartView::new(part, language)).collect(),
        }
    }
}

impl PartView {
    fn new(part: &Part, language: Language) -> Self {
        Self {
            became: part.became,
            count: part.count,
            masked: part.count.is_none(),
            lines: part.lines.iter().map(|line| LineView::new(line, language)).collect(),
        }
    }
}

impl LineView {
    fn new(line: &Line, language: Language) -> Self {
        Self {
            category: line.category.to_string(),
            label: line.label.in_language(language).to_owned(),
            street: line.street.clone(),
            how: line.how,
            how_label: line.how.label(language),
            month: line.month.format("%Y-%m").to_string(),
            first_day: line.month,
        }
    }
}
