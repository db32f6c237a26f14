//! Working time: when a service is open, and when a target falls due. Everything is counted in the local time of the
//! service's calendar, and kept in UTC.

mod calendar;
mod check;
mod closing;
mod count;
mod holidays;
mod interval;
mod target;
mod week;
mod zone;

#[cfg(test)]
mod tests;

pub use calendar::{Calendar, Closed};
pub use closing::{Closure, NotAYearDay, YearDay};
pub use count::Pause;
pub use holidays::{Holiday, Holidays};
pub use interval::{Interval, NoInterval};
pub use target::{NotATarget, Target};
pub use week::{Minute, NotASpan, Span, Week};
pub use zone::{NotAZone, Zone};
