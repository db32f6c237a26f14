//! How people wish to be told of what happens, and when a message leaves because of it.
//!
//! Letters about somebody's own account are not optional: they are no part of this.

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc, Weekday};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::person::Role;
use crate::rights::Person;
use crate::ticket::notice::{Kind, Recipient};
use crate::time::{Calendar, Zone};

/// For how long what follows an e-mail to the same person about the same ticket is gathered.
pub const WINDOW: TimeDelta = TimeDelta::minutes(20);

/// When digests and lists of what is late leave, by the clock on the wall.
const MORNING: NaiveTime = NaiveTime::from_hms_opt(7, 30, 0).expect("07:30 is a time of day");

/// When the morning ends.
const NOON: NaiveTime = NaiveTime::from_hms_opt(12, 0, 0).expect("12:00 is a time of day");

/// How often somebody wishes to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rhythm {
    /// At once; what follows about the same ticket within twenty minutes is gathered in one e-mail.
    AtOnce,
    /// In one e-mail a working day, at 07:30.
    Daily,
    /// In one e-mail a week, on its first working day at 07:30.
    Weekly,
    /// Not at all.
    None,
}

/// How often somebody wishes to be sent a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ListRhythm {
    /// Each working day at 07:30.
    Daily,
    /// On the first working day of the week at 07:30.
    Weekly,
    /// Not at all.
    None,
}

/// What somebody wishes to be told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// The course of tickets from concerns that they filed: taken in hand, scheduled, passed on…
    Progress,
    /// How those tickets ended.
    Outcomes,
    /// Messages to them, and notes that mention them.
    Messages,
    /// Tickets that they are to deal with themselves.
    Assignments,
    /// Reminders of single tickets of the services that they manage.
    Reminders,
    /// What is sent to the mailboxes of their services.
    Service,
}

/// What somebody chose; what is absent follows from their roles.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chosen {
    /// [`Group::Progress`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress: Option<Rhythm>,
    /// [`Group::Outcomes`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcomes: Option<Rhythm>,
    /// [`Group::Messages`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub messages: Option<Rhythm>,
    /// [`Group::Assignments`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assignments: Option<Rhythm>,
    /// [`Group::Reminders`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reminders: Option<Rhythm>,
    /// [`Group::Service`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<Rhythm>,
    /// The list of what is late.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub late: Option<ListRhythm>,
}

impl Chosen {
    /// How often they wish to be told of that. Unless they chose otherwise: at once of what concerns themselves; not at
    /// all of what their service's mailbox gets.
    #[must_use]
    pub fn rhythm(&self, group: Group) -> Rhythm {
        match group {
            Group::Progress => self.progress.unwrap_or(Rhythm::AtOnce),
            Group::Outcomes => self.outcomes.unwrap_or(Rhythm::AtOnce),
            Group::Messages => self.messages.unwrap_or(Rhythm::AtOnce),
            Group::Assignments => self.assignments.unwrap_or(Rhythm::AtOnce),
            Group::Reminders => self.reminders.unwrap_or(Rhythm::AtOnce),
            Group::Service => self.service.unwrap_or(Rhythm::None),
        }
    }

    /// How often somebody wishes to be sent the list of what is late. Unless they chose otherwise, dispatchers and
    /// managers of services each morning, others never; who reads no ticket never.
    #[must_use]
    pub fn late(&self, person: &Person) -> ListRhythm {
        let looks_after = person.is(Role::Dispatcher) || person.is(Role::ServiceManager);
        if !looks_after && !person.is(Role::ServiceMember) {
            return ListRhythm::None;
        }
        self.late.unwrap_or(if looks_after { ListRhythm::Daily } else { ListRhythm::None })
    }
}

impl Group {
    /// The group of a message about a ticket; none when it is to nobody who has wishes, or is sent whatever they wish: that
    /// an address takes no mail has to reach who can ask for another.
    #[must_use]
    pub const fn of(kind: Kind, recipient: &Recipient) -> Option<Self> {
        match (recipient, kind) {
            (Recipient::Member { .. }, _) => Some(Self::Service),
            (Recipient::Person { .. }, Kind::Outcome) => Some(Self::Outcomes),
            (Recipient::Person { .. }, Kind::Mention | Kind::Message | Kind::Answered) => Some(Self::Messages),
            (Recipient::Person { .. }, Kind::Assigned) => Some(Self::Assignments),
            (Recipient::Person { .. }, Kind::Reminder) => Some(Self::Reminders),
            (
                Recipient::Person { .. },
                Kind::Acknowledged
                | Kind::Progress
                | Kind::Referral
                | Kind::Refused
                | Kind::Withdrawn
                | Kind::DueAgain
                | Kind::Watched
                | Kind::Unattended
                | Kind::Cancelled
                | Kind::Forwarded
                | Kind::Merged
                | Kind::AskedAgain
                | Kind::Renewed,
            ) => Some(Self::Progress),
            (Recipient::Person { .. }, Kind::Undeliverable)
            | (Recipient::Service { .. } | Recipient::Client { .. } | Recipient::Resident { .. }, _) => None,
        }
    }
}

/// Whether a message to a service's mailbox, or to a resident, waits for what follows. What a service has to do at once
/// does not, nor does anything that a resident is told: acknowledgement, answer and outcome are worth more early than
/// few.
#[must_use]
pub const fn gathers(kind: Kind, recipient: &Recipient) -> bool {
    match recipient {
        Recipient::Person { .. } | Recipient::Member { .. } => true,
        Recipient::Service { .. } => matches!(kind, Kind::Watched | Kind::Message | Kind::Answered | Kind::Unattended),
        Recipient::Client { .. } | Recipient::Resident { .. } => false,
    }
}

/// What is known of the e-mails to one recipient about one ticket.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Correspondence {
    /// When the last one left, if that was within the last [`WINDOW`].
    pub left_at: Option<DateTime<Utc>>,
    /// When the next one leaves, of those that more can still be put in.
    pub leaves_at: Option<DateTime<Utc>>,
    /// Whether one is being sent, in which nothing can be put any more.
    pub under_way: bool,
}

impl Correspondence {
    /// When one more message leaves: with the next e-mail; else when the window of the last one ends; else now.
    #[must_use]
    pub fn next(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let window = self.left_at.map(|left| left + WINDOW).filter(|end| *end > now);
        let under_way = self.under_way.then(|| now + WINDOW);
        self.leaves_at.or(under_way).or(window).unwrap_or(now)
    }
}

/// The next morning after `now` on which digests leave: 07:30 on a day on which the dispatcher's desk is open, for weekly
/// ones the first such day of a week. Without a calendar, or with one that never opens, from Monday to Friday in Paris.
#[must_use]
pub fn next_morning(desk: Option<&Calendar>, now: DateTime<Utc>, weekly: bool) -> DateTime<Utc> {
    let zone = desk.map_or(Zone::PARIS, Calendar::zone).local(now).timezone();
    let today = now.with_timezone(&zone).date_naive();
    let mut mornings = today.iter_days().take(30).filter_map(|day| {
        let at = zone.from_local_datetime(&day.and_time(MORNING)).earliest()?.with_timezone(&Utc);
        (at > now && is_due(desk, day, weekly)).then_some(at)
    });
    mornings.next().unwrap_or_else(|| next_morning(None, now, weekly))
}

/// Whether that local day is one on which lists leave: for weekly ones, the first working day of its week.
#[must_use]
pub fn is_due(desk: Option<&Calendar>, day: NaiveDate, weekly: bool) -> bool {
    if weekly { opens_week(desk, day) } else { is_open(desk, day) }
}

/// The local day, and whether it is its morning: what nobody wrote until noon is not written any more.
#[must_use]
pub fn morning_of(desk: Option<&Calendar>, now: DateTime<Utc>) -> (NaiveDate, bool) {
    let local = desk.map_or(Zone::PARIS, Calendar::zone).local(now);
    (local.date_naive(), (MORNING..NOON).contains(&local.time()))
}

fn is_open(desk: Option<&Calendar>, day: NaiveDate) -> bool {
    match desk {
        Some(desk) => desk.closed_because(day).is_none(),
        None => !matches!(day.weekday(), Weekday::Sat | Weekday::Sun),
    }
}

fn opens_week(desk: Option<&Calendar>, day: NaiveDate) -> bool {
    let first = day - Days::new(day.weekday().num_days_from_monday().into());
    is_open(desk, day) && first.iter_days().take_while(|earlier| *earlier < day).all(|earlier| !is_open(desk, earlier))
}

#[cfg(test)]
mod tests;
