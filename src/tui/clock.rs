//! How times are shown: always with the zone they are in.

use crate::time::{Time, Window, in_words};
use chrono::{Duration, Offset};
use chrono_tz::Tz;

/// What clock times are shown in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    Utc,
    Local(Tz),
    /// Counted from the onset; UTC while there is none.
    FromOnset(Option<Time>),
}

impl Clock {
    /// `02:13`, `11:13` or `T+4`.
    pub fn minute(self, t: Time) -> String {
        match self {
            Self::FromOnset(Some(onset)) => elapsed(t - onset, false),
            _ => self.format(t, "%H:%M"),
        }
    }

    /// `02:13:04`, `T+4:05`.
    pub fn second(self, t: Time) -> String {
        match self {
            Self::FromOnset(Some(onset)) => elapsed(t - onset, true),
            _ => self.format(t, "%H:%M:%S"),
        }
    }

    /// `Thu 20 Nov`.
    pub fn day(self, t: Time) -> String {
        self.format(t, "%a %d %b")
    }

    fn format(self, t: Time, pattern: &str) -> String {
        t.with_timezone(&self.zone()).format(pattern).to_string()
    }

    fn zone(self) -> Tz {
        match self {
            Self::Local(tz) => tz,
            Self::Utc | Self::FromOnset(_) => Tz::UTC,
        }
    }

    /// The word beside a clock time.
    pub fn zone_name(self, t: Time) -> String {
        match self {
            Self::FromOnset(Some(_)) => "T+".into(),
            _ => t.with_timezone(&self.zone()).format("%Z").to_string(),
        }
    }

    /// `02:13:04 UTC`; what is counted from the onset is in no zone.
    pub fn zoned(self, t: Time) -> String {
        match self {
            Self::FromOnset(Some(_)) => self.second(t),
            _ => format!("{} {}", self.second(t), self.zone_name(t)),
        }
    }

    /// `Thu 02:05–03:05 UTC`; with days where the window needs them.
    pub fn window(self, w: Window) -> String {
        if let Self::FromOnset(Some(_)) = self {
            return format!("{}…{}", self.minute(w.start), self.minute(w.end));
        }
        let last = w.end - Duration::seconds(1);
        let (from, to, zone) = (self.minute(w.start), self.minute(w.end), self.zone_name(w.start));
        if self.day(w.start) == self.day(last) {
            return format!("{} {from}–{to} {zone}", self.day(w.start));
        }
        let date = |t| self.format(t, "%d %b");
        format!("{} {from} – {} {to} {zone}", date(w.start), date(last))
    }

    /// The offset from UTC in seconds at `t`, so that axis ticks fall on round local times.
    pub fn offset(self, t: Time) -> i64 {
        match self {
            Self::FromOnset(Some(onset)) => -onset.timestamp(),
            _ => i64::from(t.with_timezone(&self.zone()).offset().fix().local_minus_utc()),
        }
    }

    /// What a tick of the axis says: days when a step is a day or more.
    pub fn tick(self, t: Time, step: Duration) -> String {
        if step >= Duration::days(1) && !matches!(self, Self::FromOnset(Some(_))) { self.format(t, "%d %b") } else { self.minute(t) }
    }
}

fn elapsed(d: Duration, seconds: bool) -> String {
    let sign = if d < Duration::zero() { '−' } else { '+' };
    let s = d.num_seconds().abs();
    let (h, m) = (s / 3600, s % 3600 / 60);
    match (h, seconds) {
        (0, true) => format!("T{sign}{m}:{:02}", s % 60),
        (0, false) => format!("T{sign}{m}"),
        (_, true) => format!("T{sign}{h}:{m:02}:{:02}", s % 60),
        (_, false) => format!("T{sign}{h}:{m:02}"),
    }
}

/// `−7 min`, `+2 min`, `onset`: how far from the onset.
pub fn from_onset(seconds: i64) -> String {
    match seconds {
        -29..=29 => "±0".into(),
        s if s < 0 => format!("−{}", minutes(Duration::seconds(s))),
        s => format!("+{}", minutes(Duration::seconds(s))),
    }
}

/// `40 s`, `1 min`, `4 min`: whole minutes from one minute on, as metrics have them.
pub fn minutes(d: Duration) -> String {
    let s = d.num_seconds().abs();
    if (60..7200).contains(&s) { format!("{} min", (s + 30) / 60) } else { in_words(d) }
}

/// `12 s`, `4 min`: the age of something.
pub fn age(since: Time, now: Time) -> String {
    in_words((now - since).max(Duration::zero()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::parse;

    fn t(text: &str) -> Time {
        parse(text, Time::default(), Tz::UTC).unwrap()
    }

    #[test]
    fn every_clock_says_its_zone() {
        let w = Window::new(t("2026-11-19T02:05:00Z"), t("2026-11-19T03:05:00Z"));
        assert_eq!(Clock::Utc.window(w), "Thu 19 Nov 02:05–03:05 UTC");
        assert_eq!(Clock::Local(Tz::Asia__Tokyo).window(w), "Thu 19 Nov 11:05–12:05 JST");
        assert_eq!(Clock::FromOnset(Some(t("2026-11-19T02:13:00Z"))).window(w), "T−8…T+52");
        let midnight = Window::new(t("2026-11-19T23:30:00Z"), t("2026-11-20T00:30:00Z"));
        assert_eq!(Clock::Utc.window(midnight), "19 Nov 23:30 – 20 Nov 00:30 UTC");
    }
}
