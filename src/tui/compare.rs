//! What a window is compared with, and how far back that lies: the same time on the clock of people, whatever
//! the clocks were changed by in between. Knows no case and no screen.

use crate::time::{Time, Window};
use chrono::{Datelike, Days, Duration, LocalResult, TimeZone, Weekday};
use chrono_tz::Tz;

/// The choices, in the order of their key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    Yesterday,
    LastWeek,
    HourBefore,
    /// The stretch that ended when the last deployment began.
    Deployment,
}

impl Compare {
    /// The next one on the same key.
    pub fn next(this: Option<Self>) -> Option<Self> {
        match this {
            None => Some(Self::Yesterday),
            Some(Self::Yesterday) => Some(Self::LastWeek),
            Some(Self::LastWeek) => Some(Self::HourBefore),
            Some(Self::HourBefore) => Some(Self::Deployment),
            Some(Self::Deployment) => None,
        }
    }
}

/// A choice for one window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compared {
    pub with: Compare,
    /// How far back everything lies.
    pub back: Duration,
}

impl Compared {
    /// `None` where there is nothing to compare with: no deployment is known.
    pub fn of(with: Compare, window: Window, zone: Tz, deployment: Option<Time>) -> Option<Self> {
        let back = match with {
            Compare::Yesterday => days_back(window.middle(), zone, 1),
            Compare::LastWeek => days_back(window.middle(), zone, 7),
            Compare::HourBefore => Duration::hours(1),
            Compare::Deployment => window.end - crate::time::floor_to(deployment.filter(|d| *d < window.end)?, 60),
        };
        Some(Self { with, back })
    }

    /// The window then.
    pub fn then(self, window: Window) -> Window {
        Window { start: window.start - self.back, end: window.end - self.back }
    }

    /// By how much the clocks were changed between then and now.
    pub fn clocks_changed(self) -> Duration {
        match self.with {
            Compare::Yesterday => self.back - Duration::days(1),
            Compare::LastWeek => self.back - Duration::days(7),
            Compare::HourBefore | Compare::Deployment => Duration::zero(),
        }
    }

    /// A working day against a day of rest: they are not alike.
    pub fn unlike_days(self, window: Window, zone: Tz) -> Option<(Weekday, Weekday)> {
        let day = |t: Time| t.with_timezone(&zone).weekday();
        let (now, then) = (day(window.middle()), day(window.middle() - self.back));
        let rests = |d: Weekday| matches!(d, Weekday::Sat | Weekday::Sun);
        (rests(now) != rests(then)).then_some((then, now))
    }
}

/// From `t` back to the same time on the wall clock, so many days before. A time that the clocks skipped then
/// is taken an hour later, one that came twice the first time.
fn days_back(t: Time, zone: Tz, days: u64) -> Duration {
    let plain = Duration::days(days as i64);
    let wall = t.with_timezone(&zone).naive_local();
    let Some(then) = wall.checked_sub_days(Days::new(days)) else { return plain };
    let then = match zone.from_local_datetime(&then) {
        LocalResult::Single(t) | LocalResult::Ambiguous(t, _) => Some(t),
        LocalResult::None => zone.from_local_datetime(&(then + Duration::hours(1))).earliest(),
    };
    then.map_or(plain, |then| t - then.to_utc())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::parse;
    use chrono::DateTime;
    use proptest::prelude::*;

    fn window(from: &str, minutes: i64) -> Window {
        let start = parse(from, Time::default(), Tz::UTC).unwrap();
        Window::new(start, start + Duration::minutes(minutes))
    }

    fn back(with: Compare, from: &str, zone: Tz) -> Duration {
        Compared::of(with, window(from, 60), zone, None).unwrap().back
    }

    #[test]
    fn yesterday_is_the_same_time_on_the_wall_clock() {
        // In Berlin the clocks went back an hour in the night to 26 October 2025.
        assert_eq!(back(Compare::Yesterday, "2025-10-26T12:00:00Z", Tz::Europe__Berlin), Duration::hours(25));
        assert_eq!(back(Compare::LastWeek, "2025-10-26T12:00:00Z", Tz::Europe__Berlin), Duration::hours(169));
        assert_eq!(back(Compare::Yesterday, "2026-03-29T12:00:00Z", Tz::Europe__Berlin), Duration::hours(23));
        assert_eq!(back(Compare::Yesterday, "2025-10-26T12:00:00Z", Tz::Asia__Ho_Chi_Minh), Duration::hours(24));
        assert_eq!(back(Compare::HourBefore, "2025-10-26T01:30:00Z", Tz::Europe__Berlin), Duration::hours(1));
    }

    #[test]
    fn a_sunday_is_not_a_monday() {
        let monday = window("2026-11-23T02:00:00Z", 60);
        let yesterday = Compared::of(Compare::Yesterday, monday, Tz::UTC, None).unwrap();
        assert_eq!(yesterday.unlike_days(monday, Tz::UTC), Some((Weekday::Sun, Weekday::Mon)));
        let week = Compared::of(Compare::LastWeek, monday, Tz::UTC, None).unwrap();
        assert_eq!(week.unlike_days(monday, Tz::UTC), None);
    }

    #[test]
    fn before_the_deployment_ends_where_it_began() {
        let w = window("2026-11-20T03:00:00Z", 60);
        let began = parse("2026-11-20T03:12:40Z", Time::default(), Tz::UTC).unwrap();
        let compared = Compared::of(Compare::Deployment, w, Tz::UTC, Some(began)).unwrap();
        assert_eq!(compared.then(w).end, began - Duration::seconds(40));
        assert_eq!(Compared::of(Compare::Deployment, w, Tz::UTC, None), None);
        assert_eq!(Compared::of(Compare::Deployment, w, Tz::UTC, Some(w.end)), None, "not what is yet to come");
    }

    proptest! {
        #[test]
        fn a_day_back_is_a_day_give_or_take_a_change_of_clocks(t in 0i64..4_000_000_000, zone in 0..chrono_tz::TZ_VARIANTS.len()) {
            let start = DateTime::from_timestamp(t, 0).unwrap();
            let window = Window::new(start, start + Duration::hours(1));
            let back = Compared::of(Compare::Yesterday, window, chrono_tz::TZ_VARIANTS[zone], None).unwrap().back;
            // Whole days were skipped where the date line moved.
            prop_assert!((Duration::hours(0)..=Duration::hours(49)).contains(&back), "{back}");
        }
    }
}
