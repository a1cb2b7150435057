//! One line of the access log as bytes: a glance that says whether it is a line, when and with which
//! status, and a reader of every field. Borrows, allocates nothing, knows no tallies.

use memchr::memchr;
use std::net::IpAddr;

/// The documented fields up to the release that added the balancer node's address.
pub const FIELDS: usize = 34;
/// A line with fewer fields is malformed; more may come with every release.
pub const FEWEST: usize = 29;
/// Of the first 29 fields twelve are always quoted.
pub(super) const QUOTES: usize = 24;
/// Fields before the first quoted one, which is the request.
pub(super) const HEAD: usize = 12;

/// What a glance tells of a well-formed line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Glance<'a> {
    /// When the balancer answered, as written.
    pub time: Stamp<'a>,
    /// `elb_status_code`
    pub status: u16,
}

/// A longer kind is none: `http`, `https`, `h2`, `grpcs`, `ws`, `wss` or a word to come.
pub(super) const LONGEST_KIND: usize = 15;

/// Looks at a line just long enough to know that it is one. `None` is a malformed line: its first twelve
/// fields are not there, its time or status cannot be read, a quote is left open, or it is cut off before
/// its 29th field. Most lines are of no further interest: [`super::sweep`] says the same of many of them, fast.
pub fn glance(line: &[u8]) -> Option<Glance<'_>> {
    let request = memchr(b'"', line)?;
    let (head, tail) = line.split_at_checked(request)?;
    let kind = head.iter().take(LONGEST_KIND + 1).position(|b| *b == b' ').filter(|len| *len > 0)?;
    let time = Stamp::read(head.get(kind + 1..)?)?;
    // The head ends `… 502 - 34 366 `.
    let status = status(head.strip_suffix(b" ")?.rsplit(|b| *b == b' ').nth(3)?)?;
    let quotes = count(tail, b'"');
    let whole = quotes.is_multiple_of(2) && (quotes >= QUOTES || Fields::of(line.trim_ascii_end()).count() >= FEWEST);
    (whole && count(head, b' ') == HEAD).then_some(Glance { time, status })
}

fn count(text: &[u8], byte: u8) -> usize {
    text.iter().filter(|b| **b == byte).count()
}

/// Three digits.
#[inline(always)]
#[allow(clippy::inline_always, reason = "part of a function for vectors, which calls cut apart")]
pub fn status(field: &[u8]) -> Option<u16> {
    let [a, b, c] = *field else { return None };
    if !(a.is_ascii_digit() && b.is_ascii_digit() && c.is_ascii_digit()) {
        return None;
    }
    Some(u16::from(a - b'0') * 100 + u16::from(b - b'0') * 10 + u16::from(c - b'0'))
}

/// A time as the balancer writes it, `2026-11-20T13:00:01.123456Z`: at least up to the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp<'a>(&'a [u8]);

const MINUTE: usize = 16;
const SECOND: usize = 19;

impl<'a> Stamp<'a> {
    /// Reads the time that `text` begins with.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "part of a function for vectors, which calls cut apart")]
    pub fn read(text: &'a [u8]) -> Option<Self> {
        let first: [u8; 8] = *text.first_chunk()?;
        let second: [u8; 8] = *text.get(8..)?.first_chunk()?;
        let seconds: [u8; 3] = *text.get(MINUTE..)?.first_chunk()?;
        const DATE: Pattern = Pattern::of(*b"0000-00-");
        const TIME: Pattern = Pattern::of(*b"00T00:00");
        let dated = DATE.matches(first) && TIME.matches(second);
        let timed = seconds[0] == b':' && seconds[1].is_ascii_digit() && seconds[2].is_ascii_digit();
        (dated && timed).then_some(Self(text))
    }

    /// `2026-11-20T13:00`
    #[inline]
    pub fn minute(&self) -> &'a [u8] {
        &self.0[..MINUTE]
    }

    /// Microseconds since 1970.
    pub fn micros(&self) -> i64 {
        let minute = minute_number(self.minute());
        minute * 60_000_000 + self.micros_of_minute()
    }

    /// Microseconds since the minute began.
    #[inline]
    pub fn micros_of_minute(&self) -> i64 {
        number(&self.0[MINUTE + 1..SECOND]) * 1_000_000 + fraction(&self.0[SECOND..])
    }
}

/// Eight bytes that hold digits where the pattern has `0`, and the pattern's own bytes elsewhere. Worked out
/// when the program is compiled: done for each line it was a third of a glance.
struct Pattern {
    bytes: u64,
    slack: u64,
}

impl Pattern {
    const fn of(pattern: [u8; 8]) -> Self {
        let mut slack = [0x7f; 8];
        let mut n = 0;
        while n < pattern.len() {
            if pattern[n] == b'0' {
                slack[n] = 0x76;
            }
            n += 1;
        }
        Self { bytes: u64::from_le_bytes(pattern), slack: u64::from_le_bytes(slack) }
    }

    /// A digit may differ from '0' by up to 9, anything else by nothing: adding what is missing to 128 sets the
    /// high bit of every byte that is too far away.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "part of a function for vectors, which calls cut apart")]
    const fn matches(&self, text: [u8; 8]) -> bool {
        const HIGH: u64 = 0x8080_8080_8080_8080;
        let apart = u64::from_le_bytes(text) ^ self.bytes;
        (apart | apart.wrapping_add(self.slack)) & HIGH == 0
    }
}

/// Minutes since 1970 of `2026-11-20T13:00`.
pub fn minute_number(text: &[u8]) -> i64 {
    let part = |from: usize, to: usize| text.get(from..to).map_or(0, number);
    days_since_1970(part(0, 4), part(5, 7), part(8, 10)) * 1440 + part(11, 13) * 60 + part(14, 16)
}

/// Howard Hinnant's algorithm for the proleptic Gregorian calendar.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[inline]
fn number(digits: &[u8]) -> i64 {
    digits.iter().fold(0, |n, b| n * 10 + i64::from(b.wrapping_sub(b'0')))
}

/// `.123456Z` as microseconds; digits past the sixth are dropped.
#[inline]
fn fraction(text: &[u8]) -> i64 {
    let Some(text) = text.strip_prefix(b".") else { return 0 };
    let digits = text.iter().take(6).take_while(|b| b.is_ascii_digit()).count();
    number(&text[..digits]) * [1_000_000, 100_000, 10_000, 1_000, 100, 10, 1][digits]
}

/// The fields from the left; quotes are taken off, escapes (`\x22` for a quote) stand as they are.
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    rest: Option<&'a [u8]>,
}

impl<'a> Fields<'a> {
    pub fn of(line: &'a [u8]) -> Self {
        Self { rest: Some(line) }
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = self.rest?;
        if let Some(inside) = rest.strip_prefix(b"\"") {
            // A quote that is never closed swallows the rest of the line.
            let end = memchr(b'"', inside).unwrap_or(inside.len());
            self.rest = inside.get(end + 1..).and_then(|after| memchr(b' ', after).map(|space| &after[space + 1..]));
            return Some(&inside[..end]);
        }
        let end = memchr(b' ', rest).unwrap_or(rest.len());
        self.rest = rest.get(end + 1..);
        Some(&rest[..end])
    }
}

/// Every field of one line; what a line lacks reads as `-`.
#[derive(Clone, Debug)]
pub struct Line<'a> {
    fields: [&'a [u8]; FIELDS],
}

/// Where each field is, counted from 0.
pub(super) mod at {
    pub const TIME: usize = 1;
    pub const ELB: usize = 2;
    pub const CLIENT: usize = 3;
    pub const TARGET: usize = 4;
    pub const REQUEST_TIME: usize = 5;
    pub const TARGET_TIME: usize = 6;
    pub const RESPONSE_TIME: usize = 7;
    pub const STATUS: usize = 8;
    pub const TARGET_STATUS: usize = 9;
    pub const REQUEST: usize = 12;
    pub const GROUP: usize = 16;
    pub const TRACE: usize = 17;
    pub const CREATED: usize = 21;
    pub const ACTIONS: usize = 22;
    pub const REASON: usize = 24;
    pub const NODE: usize = 33;
}

const ABSENT: &[u8] = b"-";

impl<'a> Line<'a> {
    /// Splits a line. Whether it is well formed is for [`glance`] to say.
    pub fn read(line: &'a [u8]) -> Self {
        Self::read_first(line, FIELDS)
    }

    /// The same for the first fields only.
    pub fn read_first(line: &'a [u8], count: usize) -> Self {
        let mut fields = [ABSENT; FIELDS];
        for (to, field) in fields.iter_mut().zip(Fields::of(line)).take(count) {
            *to = if field.is_empty() { ABSENT } else { field };
        }
        Self { fields }
    }

    pub fn time(&self) -> Option<Stamp<'a>> {
        Stamp::read(self.fields[at::TIME])
    }

    /// When the balancer received the request.
    pub fn created(&self) -> Option<Stamp<'a>> {
        Stamp::read(self.fields[at::CREATED])
    }

    /// Microseconds from the request's arrival to the answer.
    pub fn elapsed(&self) -> Option<i64> {
        Some(self.time()?.micros() - self.created()?.micros())
    }

    /// `app/name/id`
    pub fn balancer(&self) -> &'a [u8] {
        self.fields[at::ELB]
    }

    pub fn client(&self) -> &'a [u8] {
        self.fields[at::CLIENT]
    }

    /// `10.0.1.5:8080`, `-`
    pub fn target(&self) -> &'a [u8] {
        self.fields[at::TARGET]
    }

    /// Microseconds until the request was handed to the target; `None` for -1.
    pub fn request_time(&self) -> Option<i64> {
        seconds(self.fields[at::REQUEST_TIME])
    }

    pub fn target_time(&self) -> Option<i64> {
        seconds(self.fields[at::TARGET_TIME])
    }

    pub fn response_time(&self) -> Option<i64> {
        seconds(self.fields[at::RESPONSE_TIME])
    }

    pub fn status(&self) -> &'a [u8] {
        self.fields[at::STATUS]
    }

    pub fn target_status(&self) -> &'a [u8] {
        self.fields[at::TARGET_STATUS]
    }

    /// `GET http://host:80/path?query HTTP/1.1`, `- - -`
    pub fn request(&self) -> &'a [u8] {
        self.fields[at::REQUEST]
    }

    pub fn method(&self) -> &'a [u8] {
        let end = memchr(b' ', self.request()).unwrap_or(self.request().len());
        or_absent(&self.request()[..end])
    }

    /// The path without the query.
    pub fn path(&self) -> &'a [u8] {
        path_of(self.request())
    }

    pub fn group_arn(&self) -> &'a [u8] {
        self.fields[at::GROUP]
    }

    /// The target group's name out of its ARN; what is no ARN stands as it is.
    pub fn group(&self) -> &'a [u8] {
        group_of(self.group_arn())
    }

    pub fn trace(&self) -> &'a [u8] {
        self.fields[at::TRACE]
    }

    pub fn actions(&self) -> &'a [u8] {
        self.fields[at::ACTIONS]
    }

    pub fn error_reason(&self) -> &'a [u8] {
        self.fields[at::REASON]
    }

    /// The balancer node's address: undocumented, seen quoted and not, and where a line is cut perhaps not whole,
    /// so taken only if it is an address.
    pub fn node(&self) -> Option<&'a [u8]> {
        let node = self.fields[at::NODE];
        std::str::from_utf8(node).ok()?.parse::<IpAddr>().ok().map(|_| node)
    }
}

/// The name in a target group's ARN.
pub(super) fn group_of(arn: &[u8]) -> &[u8] {
    let Some(slash) = memchr(b'/', arn) else { return arn };
    let name = &arn[slash + 1..];
    let name = &name[..memchr(b'/', name).unwrap_or(name.len())];
    if name.is_empty() { arn } else { name }
}

fn or_absent(field: &[u8]) -> &[u8] {
    if field.is_empty() { ABSENT } else { field }
}

/// `0.003` as microseconds; -1 and what is no number are `None`.
fn seconds(field: &[u8]) -> Option<i64> {
    let whole = field.iter().take(9).take_while(|b| b.is_ascii_digit()).count();
    (whole > 0).then(|| number(&field[..whole]) * 1_000_000 + fraction(&field[whole..]))
}

/// The path in `GET http://host:80/path?query HTTP/1.1`; the URL may hold spaces.
fn path_of(request: &[u8]) -> &[u8] {
    let Some(first) = memchr(b' ', request) else { return ABSENT };
    let last = memchr::memrchr(b' ', request).filter(|l| *l > first).unwrap_or(request.len());
    let url = &request[first + 1..last];
    let after_scheme = memchr::memmem::find(url, b"://").map_or(0, |n| n + 3);
    let Some(slash) = memchr(b'/', &url[after_scheme..]) else { return ABSENT };
    let path = &url[after_scheme + slash..];
    &path[..memchr(b'?', path).unwrap_or(path.len())]
}

/// `10.0.1.5:8080`, `[fd00::5]:8080` and `fd00::5:8080` as address and port: the last colon parts them.
pub fn address_and_port(field: &str) -> Option<(&str, u16)> {
    let (address, port) = field.rsplit_once(':')?;
    let address = address.strip_prefix('[').and_then(|a| a.strip_suffix(']')).unwrap_or(address);
    Some((address, port.parse().ok()?)).filter(|_| !address.is_empty())
}

/// Whether a path names a file that a web server would give out as it is.
pub fn is_static(path: &[u8]) -> bool {
    const ENDINGS: [&[u8]; 24] = [
        b"css",
        b"js",
        b"mjs",
        b"map",
        b"png",
        b"jpg",
        b"jpeg",
        b"gif",
        b"svg",
        b"ico",
        b"webp",
        b"avif",
        b"woff",
        b"woff2",
        b"ttf",
        b"otf",
        b"eot",
        b"txt",
        b"xml",
        b"webmanifest",
        b"mp4",
        b"webm",
        b"pdf",
        b"wasm",
    ];
    let name = path.rsplit(|b| *b == b'/').next().unwrap_or(path);
    memchr::memrchr(b'.', name).is_some_and(|dot| ENDINGS.iter().any(|e| name[dot + 1..].eq_ignore_ascii_case(e)))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A refused connection, with the 34th field.
    pub const REFUSED: &str = r#"https 2026-11-20T13:00:01.123456Z app/web/50dc6c495c0c9188 203.0.113.9:2817 10.0.1.5:8080 -1 -1 -1 502 - 34 366 "GET https://www.example.com:443/cart/42?x=1 HTTP/1.1" "curl/7.46.0 \x22odd\x22" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:targetgroup/api-8080/73e2d6bc24d8a067 "Root=1-58337262-36d228ad5d99923122bbe354" "www.example.com" "-" 0 2026-11-20T13:00:01.121000Z "forward" "-" "-" "10.0.1.5:8080" "-" "-" "-" TID_1 "-" "-" "-" 10.0.9.7"#;

    #[test]
    fn every_field_is_found() {
        let line = Line::read(REFUSED.as_bytes());
        let text = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
        assert_eq!(text(line.target()), "10.0.1.5:8080");
        assert_eq!(text(line.client()), "203.0.113.9:2817");
        assert_eq!(text(line.balancer()), "app/web/50dc6c495c0c9188");
        assert_eq!((line.request_time(), line.target_time(), line.response_time()), (None, None, None));
        assert_eq!((text(line.status()), text(line.target_status())), ("502".into(), "-".into()));
        assert_eq!((text(line.method()), text(line.path())), ("GET".into(), "/cart/42".into()));
        assert_eq!(
            (text(line.group()), text(line.error_reason()), text(line.actions())),
            ("api-8080".into(), "-".into(), "forward".into())
        );
        assert_eq!(text(line.trace()), "Root=1-58337262-36d228ad5d99923122bbe354");
        assert_eq!(line.node().map(text), Some("10.0.9.7".into()));
        assert_eq!(line.elapsed(), Some(2_456));
        let glance = glance(REFUSED.as_bytes()).unwrap();
        assert_eq!((glance.status, glance.time.minute()), (502, &b"2026-11-20T13:00"[..]));
    }

    #[test]
    fn times_are_those_of_the_calendar() {
        for text in ["1970-01-01T00:00:00.000000Z", "2024-02-29T23:59:59.999999Z", "2026-11-20T13:00:01.5Z", "2100-03-01T00:00:00Z"] {
            let expected = chrono::DateTime::parse_from_rfc3339(text).unwrap().timestamp_micros();
            assert_eq!(Stamp::read(text.as_bytes()).unwrap().micros(), expected, "{text}");
        }
    }

    #[test]
    fn a_cut_line_is_malformed_wherever_it_is_cut_before_its_29th_field() {
        let end = REFUSED.find(" TID_1").unwrap();
        assert!((0..end).all(|n| glance(&REFUSED.as_bytes()[..n]).is_none()));
        assert!(glance(&REFUSED.as_bytes()[..end]).is_some());
    }

    #[test]
    fn what_is_no_line_is_malformed() {
        let no_time = REFUSED.replace("2026-11-20T13:00:01.123456Z", "yesterday");
        let no_status = REFUSED.replace(" 502 ", " 5x2 ");
        let open_quote = REFUSED.replace("HTTP/1.1\"", "HTTP/1.1");
        let two_fields_more = REFUSED.replace("http", "a b http");
        for text in ["", " ", "garbage", "\"\"\"\"", &no_time, &no_status, &open_quote, &two_fields_more] {
            assert_eq!(glance(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn fields_that_are_quoted_elsewhere_may_stand_bare() {
        let bare = REFUSED.replace("\"-\"", "-");
        assert_eq!(glance(bare.as_bytes()).map(|g| g.status), Some(502));
    }

    #[test]
    fn requests_come_in_odd_shapes() {
        for (request, path) in [
            ("GET http://a:80/x/y.css?q=/z HTTP/1.1", "/x/y.css"),
            ("GET http://a:80/x y z?q HTTP/1.1", "/x y z"),
            ("GET http://[fd00::5]:80/ HTTP/2.0", "/"),
            ("- http://a:80- -", "-"),
            ("- - -", "-"),
            ("- - - ", "-"),
            ("", "-"),
            ("GET", "-"),
            ("GET /relative HTTP/1.0", "/relative"),
        ] {
            assert_eq!(String::from_utf8_lossy(path_of(request.as_bytes())), path, "{request}");
        }
        assert!(is_static(b"/a/b.min.JS") && !is_static(b"/a.css/b") && !is_static(b"/api/js"));
    }

    #[test]
    fn ports_are_parted_at_the_last_colon() {
        assert_eq!(address_and_port("10.0.1.5:8080"), Some(("10.0.1.5", 8080)));
        assert_eq!(address_and_port("[fd00::5]:8080"), Some(("fd00::5", 8080)));
        assert_eq!(address_and_port("fd00::5:8080"), Some(("fd00::5", 8080)));
        assert_eq!(address_and_port("-"), None);
    }

    #[test]
    fn the_node_may_be_quoted_or_missing() {
        let quoted = REFUSED.replace(" 10.0.9.7", " \"10.0.9.7\"");
        assert_eq!(Line::read(quoted.as_bytes()).node(), Some(&b"10.0.9.7"[..]));
        let longer = REFUSED.replace(" 10.0.9.7", " fd00:9::7");
        assert_eq!(Line::read(longer.as_bytes()).node(), Some(&b"fd00:9::7"[..]));
        for none in ["-", "", "1", "10", "10.0.9", "10.0.9.", "fd00:", "a.b"] {
            let line = REFUSED.replace(" 10.0.9.7", &format!(" {none}"));
            assert_eq!(Line::read(line.as_bytes()).node(), None, "{none}");
        }
    }

    #[test]
    fn a_head_of_any_length_is_read() {
        let long = REFUSED.replace(" 34 366 ", " 34000000000000000000 36600000000000000000 ");
        assert_eq!(glance(long.as_bytes()).map(|g| g.status), Some(502));
        let wordy = REFUSED.replace("app/web/", &format!("app/{}/", "w".repeat(3000)));
        assert_eq!(glance(wordy.as_bytes()).map(|g| g.status), Some(502));
    }

    proptest! {
        #[test]
        fn a_status_is_found_whatever_the_lengths_beside_it(
            before in proptest::collection::vec("[!#-~]{1,40}", 6), target in "[!#-~]{1,20}", sizes in proptest::array::uniform2(0u64..u64::MAX)
        ) {
            let head = format!("h2 2026-11-20T13:00:01Z {} 502 {target} {} {} ", before.join(" "), sizes[0], sizes[1]);
            let line = head + &REFUSED[REFUSED.find('"').unwrap()..];
            prop_assert_eq!(glance(line.as_bytes()).map(|g| g.status), Some(502));
        }

        #[test]
        fn no_bytes_break_the_reader(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = glance(&bytes);
            let line = Line::read(&bytes);
            let _ = (line.method(), line.path(), line.group(), line.node(), line.elapsed(), is_static(line.path()));
        }

        /// What the fuzz target asserts, for lines that are nearly right.
        #[test]
        fn no_damage_to_a_line_breaks_the_reader_or_its_word(
            damage in proptest::collection::vec((0usize..600, prop_oneof![Just(b'"'), Just(b' '), any::<u8>()]), 0..5), cut in 0usize..700
        ) {
            let mut bytes = REFUSED.as_bytes().to_vec();
            for (at, byte) in damage {
                let len = bytes.len();
                bytes[at % len] = byte;
            }
            bytes.truncate(cut);
            let line = Line::read(&bytes);
            let _ = (line.elapsed(), line.path(), line.group(), line.node(), crate::accesslog::signature::of(&line));
            if let Some(glance) = glance(&bytes) {
                prop_assert_eq!(line.time().map(|t| t.minute()), Some(glance.time.minute()));
                prop_assert!(Fields::of(&bytes).count() > HEAD);
            }
        }
    }
}
