//! From stamps to instants: assumes a zone and a year where none stands.

use super::stamp::{Stamp, Zone};
use crate::time::{Time, Window};
use chrono::{DateTime, Datelike, Duration, NaiveDate, Offset, TimeZone};
use chrono_tz::Tz;

/// How the stamps of a log are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stamps {
    /// Where stamps name no zone.
    pub zone: Tz,
    /// What a clock was off by: every stamp is moved by so much.
    pub shift: Duration,
}

impl From<Tz> for Stamps {
    fn from(zone: Tz) -> Self {
        Self { zone, shift: Duration::zero() }
    }
}

/// Turns stamps into instants: assumes a zone and a year where none stands.
pub(super) struct Clock {
    pub zone: Tz,
    /// In seconds.
    pub shift: i64,
    newest: Time,
    /// The last quarter of an hour asked for and its offset: lines come in order.
    offset: Option<(i64, i64)>,
    /// The last day of no year, and what it came to.
    day: Option<(i64, i64)>,
}

impl Clock {
    pub fn new(stamps: Stamps, newest: Time) -> Self {
        Self { zone: stamps.zone, shift: stamps.shift.num_seconds(), newest, offset: None, day: None }
    }

    pub fn seconds(&mut self, stamp: Stamp) -> i64 {
        let mut seconds = stamp.millis.div_euclid(1000);
        if stamp.yearless {
            let (day, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
            seconds = self.dated(day) * 86_400 + rest;
        }
        let read = match stamp.zone {
            Zone::Offset => seconds,
            Zone::Local => seconds - self.offset(seconds),
        };
        read.saturating_add(self.shift)
    }

    /// The day of this month and date in the latest year that is not in the future.
    fn dated(&mut self, day: i64) -> i64 {
        if let Some((_, found)) = self.day.filter(|(known, _)| *known == day) {
            return found;
        }
        let newest = self.newest.date_naive() + Duration::days(2);
        let (month, date) = DateTime::from_timestamp(day * 86_400, 0).map_or((1, 1), |t| (t.month(), t.day()));
        let years = [newest.year(), newest.year() - 1, newest.year() - 2, newest.year() - 3, newest.year() - 4];
        let found = years.iter().filter_map(|y| NaiveDate::from_ymd_opt(*y, month, date)).find(|d| *d <= newest);
        let found = found.map_or(day, |d| i64::from(d.num_days_from_ce()) - 719_163);
        self.day = Some((day, found));
        found
    }

    /// Seconds east of UTC at a local time; of a time that came twice the first.
    fn offset(&mut self, local: i64) -> i64 {
        // Zones change on quarters of an hour.
        let quarter = local.div_euclid(900);
        if let Some((_, offset)) = self.offset.filter(|(known, _)| *known == quarter) {
            return offset;
        }
        let naive = DateTime::from_timestamp(local, 0).map(|t| t.naive_utc());
        let offset = naive.and_then(|n| {
            self.zone
                .offset_from_local_datetime(&n)
                .earliest()
                .or_else(|| self.zone.offset_from_local_datetime(&(n + Duration::hours(1))).earliest())
        });
        let offset = offset.map_or(0, |o| i64::from(o.fix().local_minus_utc()));
        self.offset = Some((quarter, offset));
        offset
    }
}

/// Hours by which lines from `earliest` to `latest` would have to move to reach the window, if a zone or a
/// clock could explain it; the fewest.
pub(super) fn shift_into(window: Window, earliest: i64, latest: i64) -> Option<i64> {
    let (start, end) = (window.start.timestamp(), window.end.timestamp());
    let reaches = |h: &i64| earliest + h * 3600 < end && latest + h * 3600 >= start;
    (-14..=14).filter(|h| *h != 0).filter(reaches).min_by_key(|h: &i64| h.abs())
}
