//! Earlier days: the same hours, and the same load without errors. What happened before at this load
//! without failing speaks against load as the cause.

use super::grid::{self, Cell};
use crate::case::Case;
use crate::case::series::SeriesKey;
use crate::time::{Time, Window};
use chrono::Duration;

/// How many days back are looked at.
const DAYS: i64 = 14;

/// One earlier day at the same hours.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Earlier {
    pub days_before: i64,
    pub median: f64,
    pub largest: f64,
    /// Share of the window's periods that are known.
    pub known: f64,
}

/// The series at the same hours of earlier days, as far as they were gathered.
pub fn earlier(case: &Case, key: &SeriesKey, window: Window) -> Vec<Earlier> {
    (1..=DAYS).filter_map(|days_before| one(case, key, window, days_before)).collect()
}

fn one(case: &Case, key: &SeriesKey, window: Window, days_before: i64) -> Option<Earlier> {
    let back = Duration::days(days_before);
    let then = Window { start: window.start - back, end: window.end - back };
    let grid = grid::of(case, key, then);
    let known = grid.numbers(then).count() as f64 / grid.range(then).len().max(1) as f64;
    Some(Earlier { days_before, median: grid.median(then)?, largest: grid.largest(then)?.1, known })
}

/// What the same load did at other times.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dose {
    /// Periods at this load or more, outside the windows of errors.
    pub periods: usize,
    /// Those of them without errors.
    pub quiet: usize,
    /// The largest load that was carried without errors, and when.
    pub carried: Option<(Time, f64)>,
}

/// Periods in everything that was gathered, outside `errors_in`, in which `load` was at `level` or more, and
/// how many of them passed without errors. `None` when no time outside is known.
pub fn dose(case: &Case, load: &SeriesKey, errors: &SeriesKey, errors_in: &[Window], level: f64) -> Option<Dose> {
    let hull = errors_in.iter().copied().reduce(|a, b| a.hull(&b))?;
    let days = std::iter::once(hull.widened(Duration::hours(4), Duration::hours(4))).chain((1..=DAYS).map(|d| {
        let back = Duration::days(d);
        Window { start: hull.start - back - Duration::hours(1), end: hull.end - back + Duration::hours(1) }
    }));
    let mut out: Option<Dose> = None;
    for window in days {
        let (loads, failed) = (grid::of(case, load, window), grid::of(case, errors, window));
        for (t, v) in loads.numbers(window).filter(|(t, _)| !near(errors_in, *t)) {
            let dose = out.get_or_insert(Dose { periods: 0, quiet: 0, carried: None });
            let quiet = matches!(failed.at(t), Cell::Quiet | Cell::Value(0.0));
            dose.periods += usize::from(v >= level);
            dose.quiet += usize::from(v >= level && quiet);
            if quiet && dose.carried.is_none_or(|(_, most)| v > most) {
                dose.carried = Some((t, v));
            }
        }
    }
    out
}

/// Inside a window of errors, or in the ten minutes on either side in which they build up.
fn near(windows: &[Window], t: Time) -> bool {
    windows.iter().any(|w| w.widened(Duration::minutes(10), Duration::minutes(10)).contains(t))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::series::Series;
    use crate::metrics::ERRORS;
    use chrono::DateTime;

    fn t(minute: i64) -> Time {
        DateTime::from_timestamp(1_700_000_040 + minute * 60, 0).unwrap()
    }

    fn key(metric: &str) -> SeriesKey {
        SeriesKey::new(metric, [("LoadBalancer", "app/web/1")])
    }

    fn put(case: &mut Case, metric: &str, start: i64, values: Vec<f64>) {
        case.series.absorb(Series { key: key(metric), statistic: "Sum".into(), period: 60, start: t(start), values });
    }

    #[test]
    fn the_same_hours_of_yesterday_are_found() {
        let mut case = Case::default();
        put(&mut case, "RequestCount", -1440, vec![7.0; 60]);
        let found = earlier(&case, &key("RequestCount"), Window { start: t(0), end: t(60) });
        assert_eq!(found, [Earlier { days_before: 1, median: 7.0, largest: 7.0, known: 1.0 }]);
    }

    #[test]
    fn the_same_load_without_errors_counts_against_load() {
        let mut case = Case::default();
        put(&mut case, "RequestCount", 0, vec![900.0; 60]);
        put(&mut case, ERRORS, 0, (0..60).map(|i| if i >= 50 { 5.0 } else { f64::NAN }).collect());
        let at = [Window { start: t(50), end: t(60) }];
        let dose = dose(&case, &key("RequestCount"), &key(ERRORS), &at, 800.0).unwrap();
        assert_eq!((dose.periods, dose.quiet), (40, 40));
        assert_eq!(super::dose(&case, &key("Nothing"), &key(ERRORS), &at, 800.0), None);
    }
}
