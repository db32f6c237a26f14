//! Tickets that may be about the same thing as a concern that is being filed: open, of the same category, near, not
//! long ago. The officer may attach the concern to one of them.

use chrono::Duration;

/// How near, metres.
pub const METRES: f64 = 50.0;

/// How long ago at most it was filed.
pub const AGE: Duration = Duration::days(30);

/// How many are proposed at most.
pub const MOST: u64 = 5;

/// How likely it is that a ticket is about the same thing, 0 to 1; `likeness` is how much the two descriptions are
/// alike, 0 to 1, none without a description. What was said counts most, then where, then when. The `store` says the
/// same in SQL; a test compares the two.
#[must_use]
pub fn score(metres: f64, age: Duration, likeness: Option<f64>) -> f64 {
    let near = 1.0 - metres / METRES;
    #[expect(clippy::cast_precision_loss, reason = "30 days are few seconds")]
    let recent = 1.0 - age.num_seconds() as f64 / AGE.num_seconds() as f64;
    match likeness {
        Some(likeness) => 0.5 * likeness + 0.3 * near + 0.2 * recent,
        None => 0.6 * near + 0.4 * recent,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_counts_more_than_where_and_where_more_than_when() {
        let day = Duration::days(1);
        let best = score(0.0, Duration::zero(), Some(1.0));
        assert!((best - 1.0).abs() < 1e-9 && (score(0.0, Duration::zero(), None) - 1.0).abs() < 1e-9);
        assert!(score(METRES, AGE, Some(0.0)).abs() < 1e-9 && score(METRES, AGE, None).abs() < 1e-9);
        assert!(score(40.0, day * 29, Some(1.0)) > score(0.0, Duration::zero(), Some(0.0)));
        assert!(score(5.0, day * 25, None) > score(40.0, day, None));
    }
}
