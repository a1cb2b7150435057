//! Time stamps as servers write them, found in bytes without a regular expression: ISO and its kin, the
//! access-log bracket, syslog with or without a year, epochs. Says whether a zone stood there.

/// A time stamp: milliseconds since 1970 on the clock that wrote it, and what the text said of the zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// As if the digits were UTC; [`Zone::Offset`] is already taken off.
    pub millis: i64,
    pub zone: Zone,
    /// No year stood there; `millis` is of the year 1972, which has every day.
    pub yearless: bool,
    /// Where the stamp begins and ends in the line.
    pub start: usize,
    pub end: usize,
}

/// What a stamp says of its zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zone {
    /// `Z`, `+09:00`, an epoch: the instant is known.
    Offset,
    /// Nothing: the reader has to assume one.
    Local,
}

/// Stamps begin this early in a line, or not at all; the access log's bracket follows a name and an address.
const EARLY: usize = 64;
const BRACKET_EARLY: usize = 300;

/// The first stamp of a line.
pub fn find(line: &[u8]) -> Option<Stamp> {
    let early = line.len().min(EARLY);
    (0..early).find_map(|at| begins(line, at)).or_else(|| bracket(line))
}

/// A stamp at exactly this place.
pub fn begins(line: &[u8], at: usize) -> Option<Stamp> {
    let first = *line.get(at)?;
    let fresh = at == 0 || !line[at - 1].is_ascii_alphanumeric();
    if !fresh {
        // klog glues the level's letter to the date.
        return if at == 1 && b"IWEF".contains(&line[0]) { klog(line, at) } else { None };
    }
    match first {
        b'0'..=b'9' => iso(line, at).or_else(|| day_first(line, at)).or_else(|| epoch(line, at)),
        b'A'..=b'Z' => month_first(line, at),
        _ => None,
    }
}

/// `[20/Nov/2026:13:02:11 +0000]`
fn bracket(line: &[u8]) -> Option<Stamp> {
    let head = &line[..line.len().min(BRACKET_EARLY)];
    memchr::memchr_iter(b'[', head).find_map(|at| day_first(line, at + 1))
}

/// `2026-11-20T13:02:11.123Z`, `2026/11/20 13:02:11`, `2026-11-20 13:02:11,123 +0900`
fn iso(line: &[u8], at: usize) -> Option<Stamp> {
    let b = line.get(at..at + 19)?;
    let separators =
        (b[4] == b'-' || b[4] == b'/') && b[7] == b[4] && matches!(b[10], b'T' | b' ' | b't') && b[13] == b':' && b[16] == b':';
    if !separators {
        return None;
    }
    let day = days(number(&b[..4])?, number(&b[5..7])?, number(&b[8..10])?)?;
    Some(finish(line, at, day, clock(&b[11..])?, at + 19))
}

/// `20/Nov/2026:13:02:11 +0000`, `20-Nov-2026 13:02:11.123`, `20 Nov 2026 13:02:11.123`
fn day_first(line: &[u8], at: usize) -> Option<Stamp> {
    let b = line.get(at..at + 20)?;
    let separators = matches!(b[2], b'/' | b'-' | b' ') && b[6] == b[2] && matches!(b[11], b':' | b' ') && b[14] == b':' && b[17] == b':';
    if !separators {
        return None;
    }
    let day = days(number(&b[7..11])?, month(&b[3..6])?, number(&b[..2])?)?;
    Some(finish(line, at, day, clock(&b[12..])?, at + 20))
}

/// `Nov 20 13:02:11`, `Nov  2 13:02:11`, `Fri Nov 20 13:02:11.123456 2026`
fn month_first(line: &[u8], at: usize) -> Option<Stamp> {
    let named = ["Mon ", "Tue ", "Wed ", "Thu ", "Fri ", "Sat ", "Sun "].iter().any(|d| line[at..].starts_with(d.as_bytes()));
    let from = if named { at + 4 } else { at };
    let b = line.get(from..from + 15)?;
    if b[3] != b' ' || b[6] != b' ' || b[9] != b':' || b[12] != b':' {
        return None;
    }
    let day = if b[4] == b' ' { number(&b[5..6])? } else { number(&b[4..6])? };
    let (month, time) = (month(&b[..3])?, clock(&b[7..])?);
    let (fraction, end) = fraction(line, from + 15);
    let year = line.get(end..end + 5).filter(|y| y[0] == b' ').and_then(|y| number(&y[1..])).filter(|y| (1970..2200).contains(y));
    match year {
        Some(year) => {
            let whole = finish(line, at, days(year, month, day)?, time, end + 5);
            Some(Stamp { millis: whole.millis + fraction, ..whole })
        }
        None => Some(Stamp { yearless: true, ..finish(line, at, days(1972, month, day)?, time, from + 15) }),
    }
}

/// `E1120 13:02:11.123456`
fn klog(line: &[u8], at: usize) -> Option<Stamp> {
    let b = line.get(at..at + 13)?;
    if b[4] != b' ' || b[7] != b':' || b[10] != b':' {
        return None;
    }
    let day = days(1972, number(&b[..2])?, number(&b[2..4])?)?;
    Some(Stamp { yearless: true, ..finish(line, at, day, clock(&b[5..])?, at + 13) })
}

/// `1795500000`, `1795500000.123`, `1795500000123`, between 2001 and 2096.
fn epoch(line: &[u8], at: usize) -> Option<Stamp> {
    let digits = line[at..].iter().take(20).take_while(|b| b.is_ascii_digit()).count();
    let n = number(&line[at..at + digits])?;
    let millis = match digits {
        10 => n * 1000,
        13 => n,
        16 => n / 1000,
        19 => n / 1_000_000,
        _ => return None,
    };
    let plausible = (1_000_000_000_000..4_000_000_000_000).contains(&millis);
    let whole = line.get(at + digits).is_none_or(|b| !b.is_ascii_alphanumeric() && *b != b'-' && *b != b':');
    if !plausible || !whole {
        return None;
    }
    let (fraction, end) = if digits == 10 { fraction(line, at + digits) } else { (0, at + digits) };
    Some(Stamp { millis: millis + fraction, zone: Zone::Offset, yearless: false, start: at, end })
}

/// Adds the fraction and the zone that may follow.
fn finish(line: &[u8], at: usize, day: i64, seconds: i64, end: usize) -> Stamp {
    let (fraction, end) = fraction(line, end);
    let (offset, zone, end) = zone(line, end);
    let millis = (day * 86_400 + seconds - offset) * 1000 + fraction;
    Stamp { millis, zone, yearless: false, start: at, end }
}

/// `.123456` or `,123` as milliseconds.
fn fraction(line: &[u8], at: usize) -> (i64, usize) {
    let Some(rest) = line.get(at..).filter(|r| matches!(r.first(), Some(b'.' | b','))) else { return (0, at) };
    let digits = rest[1..].iter().take(9).take_while(|b| b.is_ascii_digit()).count();
    let mut millis = 0;
    for i in 0..3 {
        let digit = if i < digits { rest[1 + i] - b'0' } else { 0 };
        millis = millis * 10 + i64::from(digit);
    }
    if digits == 0 { (0, at) } else { (millis, at + 1 + digits) }
}

/// `Z`, ` UTC`, `+09:00`, ` +0900`: seconds east of UTC.
fn zone(line: &[u8], at: usize) -> (i64, Zone, usize) {
    let spaced = usize::from(line.get(at) == Some(&b' '));
    let rest = line.get(at + spaced..).unwrap_or_default();
    if rest.first() == Some(&b'Z') && spaced == 0 {
        return (0, Zone::Offset, at + 1);
    }
    if matches!(rest, [b'U', b'T', b'C', ..] | [b'G', b'M', b'T', ..]) {
        return (0, Zone::Offset, at + spaced + 3);
    }
    let sign = match rest.first() {
        Some(b'+') => 1,
        Some(b'-') => -1,
        _ => return (0, Zone::Local, at),
    };
    let colon = usize::from(rest.get(3) == Some(&b':'));
    let parts = rest.get(1..3).and_then(number).zip(rest.get(3 + colon..5 + colon).and_then(number));
    match parts.filter(|(h, m)| *h <= 14 && *m < 60) {
        Some((hours, minutes)) => (sign * (hours * 3600 + minutes * 60), Zone::Offset, at + spaced + 5 + colon),
        None => (0, Zone::Local, at),
    }
}

/// `13:02:11` as seconds of the day.
fn clock(b: &[u8]) -> Option<i64> {
    let (h, m, s) = (number(b.get(..2)?)?, number(b.get(3..5)?)?, number(b.get(6..8)?)?);
    (h < 24 && m < 60 && s <= 60).then_some(h * 3600 + m * 60 + s)
}

fn number(b: &[u8]) -> Option<i64> {
    let mut n: i64 = 0;
    for byte in b {
        if !byte.is_ascii_digit() {
            return None;
        }
        n = n.checked_mul(10)?.checked_add(i64::from(byte - b'0'))?;
    }
    (!b.is_empty()).then_some(n)
}

fn month(b: &[u8]) -> Option<i64> {
    const MONTHS: [[u8; 3]; 12] =
        [*b"Jan", *b"Feb", *b"Mar", *b"Apr", *b"May", *b"Jun", *b"Jul", *b"Aug", *b"Sep", *b"Oct", *b"Nov", *b"Dec"];
    let [x, y, z] = *b else { return None };
    MONTHS.iter().zip(1..).find(|([a, b, c], _)| (*a, *b, *c) == (x, y, z)).map(|(_, n)| n)
}

/// Days since 1970 of a date of the Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || !(1900..=2200).contains(&year) {
        return None;
    }
    // Years that begin in March end with the day that leap years add.
    let (y, m) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let (era, of_era) = (y.div_euclid(400), y.rem_euclid(400));
    let of_year = (153 * m + 2) / 5 + day - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(line: &str) -> Option<(String, Zone)> {
        let s = find(line.as_bytes())?;
        Some((chrono::DateTime::from_timestamp_millis(s.millis)?.format("%F %T%.3f").to_string(), s.zone))
    }

    #[test]
    fn stamps_of_real_servers_are_read() {
        let utc = Zone::Offset;
        let known = [
            ("2026/11/20 13:02:11 [error] 1234#0: *5 connect() failed", "2026-11-20 13:02:11.000", Zone::Local),
            (r#"10.0.1.5 - - [20/Nov/2026:22:02:11 +0900] "GET / HTTP/1.1" 200 5"#, "2026-11-20 13:02:11.000", utc),
            ("[Fri Nov 20 13:02:11.123456 2026] [core:error] [pid 1] AH00094", "2026-11-20 13:02:11.123", Zone::Local),
            ("2026-11-20T13:02:11.123Z INFO started", "2026-11-20 13:02:11.123", utc),
            ("2026-11-20 13:02:11,123 ERROR [http-nio-8080-exec-1] c.e.App - boom", "2026-11-20 13:02:11.123", Zone::Local),
            ("[2026-11-20 13:02:11 +0000] [7] [CRITICAL] WORKER TIMEOUT (pid:12)", "2026-11-20 13:02:11.000", utc),
            ("I, [2026-11-20T13:02:11.123456 #7]  INFO -- : Started GET", "2026-11-20 13:02:11.123", Zone::Local),
            ("20-Nov-2026 13:02:11.123 SEVERE [main] org.apache", "2026-11-20 13:02:11.123", Zone::Local),
            ("7:M 20 Nov 2026 13:02:11.123 * Ready to accept connections", "2026-11-20 13:02:11.123", Zone::Local),
            ("1795500131.250 GET /", "2026-11-24 06:02:11.250", utc),
            ("1795500131250 GET /", "2026-11-24 06:02:11.250", utc),
            ("<34>1 2026-11-20T22:02:11+09:00 host app - - - x", "2026-11-20 13:02:11.000", utc),
            ("2026-11-20 13:02:11.123 UTC [88] LOG:  checkpoint", "2026-11-20 13:02:11.123", utc),
            ("2026-11-20T13:02:11.123456789Z stdout F hello", "2026-11-20 13:02:11.123", utc),
        ];
        for (line, time, zone) in known {
            assert_eq!(read(line), Some((time.into(), zone)), "{line}");
        }
    }

    #[test]
    fn stamps_without_a_year_say_so() {
        for line in [
            "Nov 20 13:02:11 web-1 nginx[7]: x",
            "Nov  2 03:02:11 web-1 sshd: x",
            "E1120 13:02:11.123456       7 server.go:1] x",
            "<13>Nov 20 13:02:11 h x: y",
        ] {
            assert!(find(line.as_bytes()).unwrap().yearless, "{line}");
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for line in [
            "",
            "java.lang.OutOfMemoryError: Java heap space",
            "    at com.example.App.main(App.java:12)",
            "version 2026-99-99 99:99:99",
            "[12345.678] eth0",
            "phone 1795500131999999999999",
            "Mar-a-Lago says hello to",
        ] {
            assert_eq!(read(line), None, "{line}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(line in proptest::collection::vec(any::<u8>(), 0..400)) {
            if let Some(s) = find(&line) { prop_assert!(s.start < s.end && s.end <= line.len()); }
        }

        #[test]
        fn iso_times_come_back(seconds in 0i64..4_000_000_000) {
            let t = chrono::DateTime::from_timestamp(seconds, 0).unwrap();
            let s = find(t.format("%FT%TZ x").to_string().as_bytes()).unwrap();
            prop_assert_eq!(s.millis, seconds * 1000);
            let s = find(t.format("[%d/%b/%Y:%T +0000]").to_string().as_bytes()).unwrap();
            prop_assert_eq!(s.millis, seconds * 1000);
        }
    }
}
