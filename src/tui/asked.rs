//! What of the metrics has been asked for, and how finely: so that only what is missing is asked, and never
//! finer than a column shows.

use crate::exchange::{Area, What};
use crate::time::{Window, finest_period};
use chrono::Duration;
use std::collections::{BTreeMap, BTreeSet};

/// Periods that CloudWatch keeps; a column of the screen should hold at least two.
const COARSER: [u32; 2] = [3600, 300];

/// Windows with their periods in seconds, the newest last.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Asked(Vec<(Window, u32)>);

/// How finely to ask for data of this age when a column takes `step` seconds.
pub fn period_for(step: i64, age: Duration) -> u32 {
    let finest = finest_period(age);
    COARSER.into_iter().find(|p| i64::from(*p) * 2 <= step).unwrap_or(finest).max(finest)
}

impl Asked {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The part of `wanted` that was not asked for at this period or a finer one. A hole in the middle counts
    /// with what lies around it.
    pub fn missing(&self, wanted: Window, period: u32) -> Option<Window> {
        let fine: Vec<Window> = self.0.iter().filter(|(_, p)| *p <= period).map(|(w, _)| *w).collect();
        let mut rest = wanted;
        for _ in 0..=fine.len() {
            for known in &fine {
                if known.start <= rest.start && known.end > rest.start {
                    rest.start = known.end;
                }
                if known.end >= rest.end && known.start < rest.end {
                    rest.end = known.start;
                }
            }
        }
        (rest.start + Duration::seconds(i64::from(period)) <= rest.end).then_some(rest)
    }

    pub fn add(&mut self, window: Window, period: u32) {
        match self.0.iter_mut().find(|(w, p)| *p == period && w.start <= window.end && window.start <= w.end) {
            Some((known, _)) => *known = known.hull(&window),
            None => self.0.push((window, period)),
        }
    }
}

/// Asks without their answer. A newer ask of an area replaces the one under way, and what could not be read is
/// still wanted: so the next ask takes over what those before it were about, and no minute is lost.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OpenAsks {
    windows: BTreeMap<Area, Window>,
    failed: BTreeSet<Area>,
}

impl OpenAsks {
    /// The window to ask for.
    pub fn add(&mut self, area: Area, window: Window) -> Window {
        let open = self.windows.entry(area).or_insert(window);
        *open = open.hull(&window);
        *open
    }

    pub fn is_open(&self, area: Area) -> bool {
        self.windows.contains_key(&area)
    }

    pub fn hear(&mut self, what: &What) {
        match what {
            What::Gap(gap) if gap.reason.may_pass() => _ = self.failed.insert(gap.area),
            What::Settled { area } if !self.failed.remove(area) => _ = self.windows.remove(area),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::gaps::{Gap, Reason};
    use chrono::DateTime;
    use proptest::prelude::*;

    fn window(from: i64, to: i64) -> Window {
        let at = |m: i64| DateTime::from_timestamp(m * 60, 0).unwrap();
        Window { start: at(from), end: at(to) }
    }

    #[test]
    fn only_what_is_missing_is_asked_and_finer_when_one_looks_closer() {
        let mut asked = Asked::default();
        asked.add(window(100, 200), 60);
        assert_eq!(asked.missing(window(120, 180), 60), None);
        assert_eq!(asked.missing(window(50, 180), 60), Some(window(50, 100)));
        assert_eq!(asked.missing(window(150, 260), 60), Some(window(200, 260)));
        assert_eq!(asked.missing(window(50, 260), 60), Some(window(50, 260)));
        asked.add(window(0, 10_000), 3600);
        assert_eq!(asked.missing(window(50, 9000), 3600), None);
        assert_eq!(asked.missing(window(300, 400), 60), Some(window(300, 400)), "an hour a point was enough from afar");
    }

    #[test]
    fn two_weeks_are_not_asked_by_the_minute() {
        let day = Duration::days(1);
        assert_eq!(period_for(42, day), 60);
        assert_eq!(period_for(600, day), 300);
        assert_eq!(period_for(14_400, day), 3600);
        assert_eq!(period_for(42, Duration::days(20)), 300, "never finer than what is kept");
    }

    #[test]
    fn what_could_not_be_read_is_asked_again_with_the_next_minute() {
        let area = Area::BalancerMetrics;
        let gap = |reason| What::Gap(Gap { area, subject: "".into(), reason, action: None, detail: "".into() });
        let mut open = OpenAsks::default();
        assert_eq!(open.add(area, window(0, 4)), window(0, 4));
        open.hear(&gap(Reason::Throttled));
        open.hear(&What::Settled { area });
        assert_eq!(open.add(area, window(5, 9)), window(0, 9));
        open.hear(&gap(Reason::NotApplicable));
        open.hear(&What::Settled { area });
        assert_eq!(open.add(area, window(10, 14)), window(10, 14));
    }

    proptest! {
        #[test]
        fn what_was_asked_for_is_not_missing(windows in prop::collection::vec((0i64..500, 1i64..200, prop::sample::select(vec![60u32, 300, 3600])), 1..12)) {
            let mut asked = Asked::default();
            for (from, length, period) in windows {
                let w = window(from, from + length);
                asked.add(w, period);
                prop_assert_eq!(asked.missing(w, period), None);
                if let Some(rest) = asked.missing(window(0, 800), period) {
                    prop_assert!(rest.start >= window(0, 800).start && rest.end <= window(0, 800).end);
                }
            }
        }
    }
}
