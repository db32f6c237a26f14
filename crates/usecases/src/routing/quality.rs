//! How well the rules have sent.

use auth::Grant;
use auth::permission::ReadRouting;
use chrono::{DateTime, TimeDelta, Utc};
use domain::rights::Caller;
use domain::routing::Quality;
use domain::statistics::month_of;

use crate::statistics::{StatisticsError, fine_bounds};
use crate::{Context, of};

/// How far back concerns are looked at, unless it is asked otherwise.
const LATELY: TimeDelta = TimeDelta::days(90);

/// How long a period is at most.
const MOST: TimeDelta = TimeDelta::days(366);

/// How well the rules have sent.
#[derive(Debug, Clone)]
pub struct Judged {
    /// Of concerns that were filed then or later,
    pub from: DateTime<Utc>,
    /// and earlier than that.
    pub before: DateTime<Utc>,
    /// What became of the tickets that rules sent to services.
    pub rules: Vec<Quality>,
}

/// What became of the tickets that rules sent to services, of concerns that were filed between the two times: lately, and
/// until now, unless given. Exact numbers are for those who may know of every ticket; others read them as figures are shown,
/// and of whole months: lately begins with a month, and ends with this one. 366 days at most.
///
/// # Errors
/// [`StatisticsError::TooFine`] for who may not know of every ticket and asks for another period than months;
/// [`StatisticsError::OutOfRange`] for a period that is empty or longer, whether its bounds were given or not.
pub async fn quality(
    cx: &Context,
    who: &Grant<ReadRouting>,
    from: Option<DateTime<Utc>>,
    before: Option<DateTime<Utc>>,
) -> Result<Judged, StatisticsError> {
    let loaded = cx.city()?;
    let (caller, zone, now) = (Caller::Person(who.person().clone()), of(&loaded).zone(), cx.now());
    let bounds = [("filed_from", from), ("filed_before", before)];
    let fine: Vec<&'static str> = fine_bounds(&caller, bounds, zone).collect();
    if !fine.is_empty() {
        return Err(StatisticsError::TooFine(fine));
    }
    let exact = caller.reaches_everything();
    let lately = now - LATELY;
    let lately = if exact { lately } else { month_of(lately, zone).unwrap_or(lately) };
    let next_month = month_of(now, zone).and_then(|begin| month_of(begin + TimeDelta::days(32), zone));
    let until = if exact { now } else { next_month.unwrap_or(now) };
    let (from, before) = (from.unwrap_or(lately), before.unwrap_or(until));
    if before <= from || before - from > MOST {
        return Err(StatisticsError::OutOfRange);
    }
    let all = cx.store.routing_quality(from, before).await?;
    let rules = if exact { all } else { all.into_iter().filter_map(Quality::masked).collect() };
    Ok(Judged { from, before, rules })
}
