//! The time zone whose clocks on the wall a calendar goes by.

use chrono::{DateTime, NaiveDate, TimeZone as _, Utc};
use chrono_tz::Tz;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A time zone of the IANA database, by name: `Europe/Paris`, `Indian/Reunion`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(extend("pattern" = r"^[A-Za-z0-9_+/-]{1,40}$"))]
pub struct Zone(#[schemars(with = "String")] pub(super) Tz);

impl Zone {
    /// That of metropolitan France.
    pub const PARIS: Self = Self(Tz::Europe__Paris);

    /// An instant as calendars and clocks on the wall show it.
    #[must_use]
    pub fn local(self, instant: DateTime<Utc>) -> DateTime<Tz> {
        instant.with_timezone(&self.0)
    }

    /// The day that an instant lies in.
    #[must_use]
    pub fn day_of(self, instant: DateTime<Utc>) -> NaiveDate {
        self.local(instant).date_naive()
    }

    /// When a day begins: the first instant of it, also where clocks are put forward at midnight. None beyond the years
    /// that calendars have.
    #[must_use]
    pub fn midnight(self, day: NaiveDate) -> Option<DateTime<Utc>> {
        let begins = |hour| self.0.from_local_datetime(&day.and_hms_opt(hour, 0, 0)?).earliest();
        (0..=1).find_map(begins).map(|at| at.to_utc())
    }

    /// Its name in the IANA database.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0.name()
    }
}

/// Why a text is not a time zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("« {0} » is not a time zone of the IANA database: write Europe/Paris, America/Martinique, Indian/Reunion…")]
pub struct NotAZone(String);

impl TryFrom<String> for Zone {
    type Error = NotAZone;

    fn try_from(text: String) -> Result<Self, NotAZone> {
        text.parse().map(Self).map_err(|_| NotAZone(text))
    }
}

impl From<Zone> for String {
    fn from(zone: Zone) -> Self {
        zone.name().to_owned()
    }
}
