//! Windows and periods of time, and times as people write them. Everything is UTC inside; zones are
//! for reading and writing only. No clock is read here: whoever asks says what "now" is.

use chrono::{DateTime, Duration, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

/// A point in time, UTC.
pub type Time = DateTime<Utc>;

/// A half-open span of time: `start` is inside, `end` is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "Written")]
pub struct Window {
    pub start: Time,
    pub end: Time,
}

/// A window as a file has it, perhaps the wrong way round.
#[derive(Deserialize)]
struct Written {
    start: Time,
    end: Time,
}

impl From<Written> for Window {
    fn from(w: Written) -> Self {
        Self::new(w.start, w.end)
    }
}

/// The narrowest and the widest window that can be looked at.
pub const NARROWEST: Duration = Duration::minutes(15);
pub const WIDEST: Duration = Duration::days(14);

impl Window {
    /// The window between two times in either order.
    pub fn new(a: Time, b: Time) -> Self {
        Self { start: a.min(b), end: a.max(b) }
    }

    pub fn span(&self) -> Duration {
        self.end - self.start
    }

    pub fn middle(&self) -> Time {
        self.start + self.span() / 2
    }

    pub fn contains(&self, t: Time) -> bool {
        self.start <= t && t < self.end
    }

    pub fn overlaps(&self, other: &Self) -> bool {
        self.start < other.end && other.start < self.end
    }

    pub fn intersect(&self, other: &Self) -> Option<Self> {
        let (start, end) = (self.start.max(other.start), self.end.min(other.end));
        (start < end).then_some(Self { start, end })
    }

    /// The smallest window around both.
    pub fn hull(&self, other: &Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    pub fn widened(&self, before: Duration, after: Duration) -> Self {
        Self { start: self.start - before, end: self.end + after }
    }

    /// Both ends moved outward to multiples of `period` seconds.
    pub fn aligned(&self, period: u32) -> Self {
        let start = floor_to(self.start, period);
        let end = floor_to(self.end, period);
        let end = if end < self.end { end + Duration::seconds(i64::from(period)) } else { end };
        Self { start, end }
    }

    /// How many periods of `period` seconds begin inside.
    pub fn starts(&self, period: u32) -> usize {
        let period = i64::from(period.max(1));
        let before = |t: Time| t.timestamp().div_euclid(period) + i64::from(t.timestamp().rem_euclid(period) > 0);
        usize::try_from(before(self.end) - before(self.start)).unwrap_or(0)
    }

    /// How many periods of `period` seconds fit, rounded up.
    pub fn bins(&self, period: u32) -> usize {
        let (span, period) = (self.span().num_seconds().max(0), i64::from(period.max(1)));
        usize::try_from((span + period - 1) / period).unwrap_or(0)
    }

    /// Scaled by `factor` (below 1 zooms in) so that `anchor` keeps its place, within
    /// [`NARROWEST`] and [`WIDEST`].
    pub fn zoomed(&self, factor: f64, anchor: Time) -> Self {
        let span = self.span().num_milliseconds().max(1);
        let wanted = (span as f64 * factor).round() as i64;
        let wanted = wanted.clamp(NARROWEST.num_milliseconds(), WIDEST.num_milliseconds());
        let share = ((anchor - self.start).num_milliseconds() as f64 / span as f64).clamp(0.0, 1.0);
        let start = anchor - Duration::milliseconds((wanted as f64 * share).round() as i64);
        Self { start, end: start + Duration::milliseconds(wanted) }
    }

    /// Moved by `share` of its own width; positive is later.
    pub fn panned(&self, share: f64) -> Self {
        let by = Duration::milliseconds((self.span().num_milliseconds() as f64 * share).round() as i64);
        Self { start: self.start + by, end: self.end + by }
    }
}

/// `t` rounded down to a multiple of `period` seconds since the epoch.
pub fn floor_to(t: Time, period: u32) -> Time {
    let period = i64::from(period.max(1));
    let seconds = t.timestamp().div_euclid(period) * period;
    DateTime::from_timestamp(seconds, 0).unwrap_or(t)
}

/// The finest period, in seconds, that CloudWatch still holds for data of this age.
pub fn finest_period(age: Duration) -> u32 {
    if age < Duration::days(15) {
        60
    } else if age < Duration::days(63) {
        300
    } else {
        3600
    }
}

/// RFC 3339 in UTC with `Z` and no fraction unless there is one.
pub fn rfc3339(t: Time) -> String {
    t.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
}

/// A duration in words a tired person reads at once: `45 s`, `4 min`, `2 h 05 min`, `3 d 4 h`.
pub fn in_words(d: Duration) -> String {
    let s = d.num_seconds().abs();
    match s {
        0..120 => format!("{s} s"),
        120..7200 => format!("{} min", (s + 30) / 60),
        7200..172_800 => format!("{} h {:02} min", s / 3600, s % 3600 / 60),
        _ => format!("{} d {} h", s / 86400, s % 86400 / 3600),
    }
}

/// Why a text is not a time: the text, and what would have been understood.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "“{text}” is not a time I understand: {why}. Write 2026-11-20T13:05:00Z, 2026-11-20 13:05, 02:13, 2h ago, yesterday 14:00 Asia/Tokyo, or seconds since 1970"
)]
pub struct NotATime {
    pub text: String,
    pub why: &'static str,
}

/// Reads a time as people write it: ISO 8601, `02:13` (the latest such time before `now`), `2h ago`,
/// `yesterday 14:00 Asia/Tokyo`, an epoch in seconds or milliseconds, or the date inside the text of
/// an alarm. Without a zone in the text, `zone` holds.
///
/// # Errors
/// [`NotATime`] says what was expected; a local time that a clock change skipped is refused.
pub fn parse(text: &str, now: Time, zone: Tz) -> Result<Time, NotATime> {
    let text = text.trim();
    let no = |why| NotATime { text: text.chars().take(80).collect(), why };
    if text.is_empty() {
        return Err(no("it is empty"));
    }
    if text.eq_ignore_ascii_case("now") {
        return Ok(now);
    }
    if let Some(t) = absolute(text) {
        return Ok(t);
    }
    if let Some(t) = epoch(text) {
        return Ok(t);
    }
    if let Some(words) = text.strip_suffix("ago") {
        let back = parse_duration(words).ok_or_else(|| no("the part before “ago” is not a duration such as 90m or 2h"))?;
        return now.checked_sub_signed(back).ok_or_else(|| no("that is before time began"));
    }
    if let Some(t) = inside_alarm_text(text, zone) {
        return Ok(t);
    }
    local(text, now, zone, &no)
}

fn absolute(text: &str) -> Option<Time> {
    // CloudWatch writes offsets without a colon; people write a space for the T.
    let offsets = ["%Y-%m-%dT%H:%M:%S%.f%z", "%Y-%m-%d %H:%M:%S%.f%z", "%Y-%m-%d %H:%M:%S%.f %z", "%Y-%m-%dT%H:%M%z"];
    let text = text
        .strip_suffix([' ', 'Z'])
        .map_or_else(|| text.to_owned(), |t| if text.ends_with('Z') { format!("{}+0000", t.trim_end()) } else { t.to_owned() });
    let text = text.strip_suffix(" UTC").map_or(text.clone(), |t| format!("{t}+0000"));
    DateTime::parse_from_rfc3339(&text)
        .ok()
        .or_else(|| offsets.iter().find_map(|f| DateTime::parse_from_str(&text, f).ok()))
        .map(|t| t.with_timezone(&Utc))
        .or_else(|| {
            let naive = text.strip_suffix("+0000")?;
            ["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"]
                .iter()
                .find_map(|f| NaiveDateTime::parse_from_str(naive.trim_end(), f).ok())
                .map(|t| t.and_utc())
        })
}

fn epoch(text: &str) -> Option<Time> {
    if text.len() < 9 || text.len() > 13 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let n: i64 = text.parse().ok()?;
    if text.len() > 11 { DateTime::from_timestamp_millis(n) } else { DateTime::from_timestamp(n, 0) }
}

/// `90m`, `2h`, `1h30m`, `3 days`, `45 s`, a bare number of minutes.
pub fn parse_duration(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    if rest.is_empty() {
        return None;
    }
    let mut total = Duration::zero();
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let n: i64 = rest[..digits].parse().ok().filter(|n| *n < 1_000_000_000)?;
        rest = rest[digits..].trim_start();
        let letters = rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len());
        let unit = match &rest[..letters] {
            "s" | "sec" | "secs" | "second" | "seconds" => 1,
            "" | "m" | "min" | "mins" | "minute" | "minutes" => 60,
            "h" | "hr" | "hour" | "hours" => 3600,
            "d" | "day" | "days" => 86400,
            "w" | "week" | "weeks" => 604_800,
            _ => return None,
        };
        rest = rest[letters..].trim_start();
        total = total.checked_add(&Duration::try_seconds(n.checked_mul(unit)?)?)?;
    }
    Some(total)
}

/// The time inside an alarm's own sentence: `… (20/11/26 13:05:00) …` (day first, UTC).
fn inside_alarm_text(text: &str, _zone: Tz) -> Option<Time> {
    let start = text.rfind('(')? + 1;
    let inside = &text[start..start + text[start..].find(')')?];
    NaiveDateTime::parse_from_str(inside, "%d/%m/%y %H:%M:%S").ok().map(|t| t.and_utc())
}

fn local(text: &str, now: Time, zone: Tz, no: &dyn Fn(&'static str) -> NotATime) -> Result<Time, NotATime> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let (words, zone) = match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => match zone_named(last) {
            Some(z) => (rest.to_vec(), z),
            None => (words.clone(), zone),
        },
        _ => (words.clone(), zone),
    };
    let today = now.with_timezone(&zone).date_naive();
    let (date, clock) = match words.as_slice() {
        ["yesterday", clock] => (today.pred_opt(), *clock),
        ["today", clock] => (Some(today), *clock),
        [clock] if clock.contains(':') && !clock.contains('-') => (None, *clock),
        [both] if both.contains('T') => {
            let (d, c) = both.split_once('T').unwrap_or((both, ""));
            (Some(day(d).ok_or_else(|| no("the date is not year-month-day"))?), c)
        }
        [d, clock] => (Some(day(d).ok_or_else(|| no("the date is not year-month-day, yesterday or today"))?), *clock),
        [d] => (Some(day(d).ok_or_else(|| no("it is neither a date nor a clock time"))?), "00:00"),
        _ => return Err(no("there are more words than a date, a time and a zone")),
    };
    let clock = ["%H:%M:%S%.f", "%H:%M"]
        .iter()
        .find_map(|f| NaiveTime::parse_from_str(clock, f).ok())
        .ok_or_else(|| no("the clock time is not hours:minutes"))?;
    let at = |date: NaiveDate| match zone.from_local_datetime(&date.and_time(clock)) {
        LocalResult::Single(t) | LocalResult::Ambiguous(t, _) => Ok(t.with_timezone(&Utc)),
        LocalResult::None => Err(no("that local time does not exist: a clock change skipped it")),
    };
    match date {
        Some(date) => at(date),
        // A bare clock time is the last one that has passed.
        None => at(today).and_then(|t| if t > now { at(today.pred_opt().unwrap_or(today)) } else { Ok(t) }),
    }
}

fn day(text: &str) -> Option<NaiveDate> {
    ["%Y-%m-%d", "%Y/%m/%d"].iter().find_map(|f| NaiveDate::parse_from_str(text, f).ok())
}

/// A zone by its IANA name, or the few abbreviations that mean one thing only.
pub fn zone_named(name: &str) -> Option<Tz> {
    match name {
        "UTC" | "Z" | "GMT" => Some(Tz::UTC),
        "JST" => Some(Tz::Asia__Tokyo),
        "ICT" => Some(Tz::Asia__Ho_Chi_Minh),
        _ => name.contains('/').then(|| name.parse().ok()).flatten(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn t(text: &str) -> Time {
        DateTime::parse_from_rfc3339(text).unwrap().with_timezone(&Utc)
    }

    #[test]
    fn a_window_in_a_file_is_read_in_either_order() {
        let read = |text: &str| serde_json::from_str::<Window>(text).unwrap();
        let right = read(r#"{"start":"2026-11-19T05:15:00Z","end":"2026-11-19T09:15:20Z"}"#);
        assert_eq!(read(r#"{"start":"2026-11-19T09:15:20Z","end":"2026-11-19T05:15:00Z"}"#), right);
        assert!(right.start < right.end);
    }

    #[test]
    fn people_write_times_in_many_ways() {
        let now = t("2026-11-20T13:30:00Z");
        for (text, expected) in [
            ("2026-11-20T13:05:00Z", "2026-11-20T13:05:00Z"),
            ("2026-11-20T22:05:00+09:00", "2026-11-20T13:05:00Z"),
            ("2026-11-20T13:05:00.000+0000", "2026-11-20T13:05:00Z"),
            ("2026-11-20 13:05 UTC", "2026-11-20T13:05:00Z"),
            ("2026-11-20 13:05", "2026-11-20T13:05:00Z"),
            ("2026-11-20T13:05", "2026-11-20T13:05:00Z"),
            ("2026-11-20", "2026-11-20T00:00:00Z"),
            ("02:13", "2026-11-20T02:13:00Z"),
            ("14:00", "2026-11-19T14:00:00Z"),
            ("2h ago", "2026-11-20T11:30:00Z"),
            ("1h30m ago", "2026-11-20T12:00:00Z"),
            ("yesterday 14:00 Asia/Tokyo", "2026-11-19T05:00:00Z"),
            ("1763643900", "2025-11-20T13:05:00Z"),
            ("1763643900000", "2025-11-20T13:05:00Z"),
            ("Threshold Crossed: 1 datapoint [12.0 (20/11/26 13:05:00)] was greater", "2026-11-20T13:05:00Z"),
        ] {
            assert_eq!(parse(text, now, Tz::UTC), Ok(t(expected)), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_says_why() {
        let now = t("2026-11-20T13:30:00Z");
        for text in ["", "soon", "25:61", "2026-13-40", "abc ago", "a b c d"] {
            assert!(parse(text, now, Tz::UTC).is_err(), "{text}");
        }
        // 02:30 on 2026-03-29 does not exist in Berlin.
        assert!(parse("2026-03-29 02:30 Europe/Berlin", now, Tz::UTC).is_err());
    }

    proptest! {
        #[test]
        fn parsing_never_panics(text in "\\PC*") {
            let _ = parse(&text, t("2026-11-20T13:30:00Z"), Tz::UTC);
        }

        #[test]
        fn zoom_keeps_its_anchor_inside(start in 0i64..2_000_000_000, span in 900i64..1_000_000, share in 0.0f64..1.0, factor in 0.05f64..20.0) {
            let w = Window { start: DateTime::from_timestamp(start, 0).unwrap(), end: DateTime::from_timestamp(start + span, 0).unwrap() };
            let anchor = w.start + Duration::milliseconds((span as f64 * 1000.0 * share) as i64);
            let z = w.zoomed(factor, anchor);
            prop_assert!(z.start <= anchor && anchor <= z.end);
            prop_assert!(z.span() >= NARROWEST && z.span() <= WIDEST);
        }

        #[test]
        fn pan_there_and_back_is_no_move(start in 0i64..2_000_000_000, span in 900i64..1_000_000, share in -3.0f64..3.0) {
            let w = Window { start: DateTime::from_timestamp(start, 0).unwrap(), end: DateTime::from_timestamp(start + span, 0).unwrap() };
            prop_assert_eq!(w.panned(share).panned(-share), w);
        }

        #[test]
        fn aligned_windows_hold_the_original(start in 0i64..2_000_000_000, span in 1i64..1_000_000, period in 1u32..7200) {
            let w = Window { start: DateTime::from_timestamp(start, 0).unwrap(), end: DateTime::from_timestamp(start + span, 0).unwrap() };
            let a = w.aligned(period);
            prop_assert!(a.start <= w.start && a.end >= w.end);
            prop_assert_eq!(a.span().num_seconds() % i64::from(period), 0);
        }
    }
}
