//! Counts what lines say: by the columns of a question. Counters are bounded: what no longer fits as a row
//! of its own is counted under `(other)`, and how much that is can be asked.

use super::line::{self, Glance, Line, Stamp};
use super::names::Name;
use super::question::{Question, Span};
use super::record;
use super::rows::add_up;
use super::scan::Collect;
use super::sweep::each_glance;
use crate::text::Foreign;
use std::collections::HashMap;
use std::sync::Arc;

/// The word in every column of the row that holds what did not fit.
pub const OTHER: &str = "(other)";
/// Rows that one counter keeps apart.
pub const MOST_ROWS: usize = 1_000_000;
/// Malformed lines that can be looked at.
const SAMPLES: usize = 10;
const SAMPLE_BYTES: usize = 1024;
/// Parts the values of a key: no line holds it.
const SEPARATOR: u8 = b'\n';

/// What was seen of lines, whatever is counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Census {
    pub lines: u64,
    pub malformed: u64,
    pub outside: u64,
    /// The beginnings of the first few malformed lines.
    pub samples: Vec<Vec<u8>>,
    /// The first and last times inside the window, in microseconds.
    pub first: Option<i64>,
    pub last: Option<i64>,
}

/// A line as it is shown: bytes that nobody would see are spelled (`\x00`), blanks stay blanks.
fn visible(line: &[u8]) -> Foreign {
    let shown = Foreign::from(String::from_utf8_lossy(line).into_owned());
    let unseen = shown.trim().is_empty() && !line.iter().all(u8::is_ascii_whitespace);
    if unseen { line.escape_ascii().to_string().into() } else { shown }
}

impl Census {
    pub(crate) fn malformed(&mut self, line: &[u8]) {
        self.malformed += 1;
        let begin = &line[..line.len().min(SAMPLE_BYTES)];
        if self.samples.len() < SAMPLES && !self.samples.iter().any(|s| s == begin) {
            self.samples.push(begin.to_vec());
        }
    }

    /// The beginnings as they are shown, those with something to see in them first.
    pub fn examples(&self) -> Vec<Foreign> {
        let mut all: Vec<Foreign> = self.samples.iter().map(|s| visible(s)).collect();
        all.sort_by_key(|s| s.trim().is_empty());
        all
    }

    pub(crate) fn saw(&mut self, micros: i64) {
        self.first = Some(self.first.map_or(micros, |t| t.min(micros)));
        self.last = Some(self.last.map_or(micros, |t| t.max(micros)));
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.lines += other.lines;
        self.malformed += other.malformed;
        self.outside += other.outside;
        self.samples.extend(other.samples);
        self.samples.sort();
        self.samples.dedup();
        self.samples.truncate(SAMPLES);
        for t in [other.first, other.last].into_iter().flatten() {
            self.saw(t);
        }
    }
}

/// The lines of a text, without their ends.
#[inline]
pub(crate) fn each_line(text: &[u8], mut take: impl FnMut(&[u8])) {
    let mut rest = 0;
    for end in memchr::memchr_iter(b'\n', text) {
        let line = &text[rest..end];
        take(line.strip_suffix(b"\r").unwrap_or(line));
        rest = end + 1;
    }
    let unended = &text[rest..];
    if !unended.is_empty() {
        take(unended.strip_suffix(b"\r").unwrap_or(unended));
    }
}

/// Turns times into microseconds; neighbours in a log mostly share their minute.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clock {
    minute: [u8; 16],
    micros: i64,
}

impl Clock {
    #[inline]
    pub(crate) fn micros(&mut self, stamp: Stamp) -> i64 {
        if stamp.minute() != self.minute {
            self.minute.copy_from_slice(stamp.minute());
            self.micros = line::minute_number(&self.minute) * 60_000_000;
        }
        self.micros + stamp.micros_of_minute()
    }
}

/// How often, and when first and last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    pub count: u64,
    /// Microseconds since 1970.
    pub first: i64,
    pub last: i64,
}

/// Something that two workers counted, and that adds up.
pub trait Add {
    fn add(&mut self, other: Self);
}

impl Add for Seen {
    fn add(&mut self, other: Self) {
        self.count += other.count;
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
    }
}

/// Counters by key, no more than a number of keys; what comes after that is added to `other`.
#[derive(Clone, Debug)]
pub struct Counters<V> {
    rows: HashMap<Box<[u8]>, V>,
    most: usize,
    pub other: Option<V>,
}

impl<V: Add> Counters<V> {
    pub fn new(most: usize) -> Self {
        Self { rows: HashMap::new(), most, other: None }
    }

    pub fn put(&mut self, key: &[u8], value: V) {
        if let Some(row) = self.rows.get_mut(key) {
            row.add(value);
        } else if self.rows.len() < self.most {
            self.rows.insert(key.into(), value);
        } else {
            match &mut self.other {
                Some(other) => other.add(value),
                none => *none = Some(value),
            }
        }
    }

    pub fn merge(&mut self, other: Self) {
        for (key, value) in other.rows {
            self.put(&key, value);
        }
        match (&mut self.other, other.other) {
            (Some(a), Some(b)) => a.add(b),
            (mine @ None, theirs) => *mine = theirs,
            _ => {}
        }
    }

    pub fn into_rows(self) -> impl Iterator<Item = (Box<[u8]>, V)> {
        self.rows.into_iter()
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

/// A key of several values, written into a buffer that is used again.
#[derive(Clone, Debug, Default)]
pub(crate) struct Key(Vec<u8>);

impl Key {
    pub(crate) fn of<'a>(&mut self, values: impl IntoIterator<Item = &'a [u8]>) -> &[u8] {
        self.0.clear();
        for (n, value) in values.into_iter().enumerate() {
            if n > 0 {
                self.0.push(SEPARATOR);
            }
            self.0.extend_from_slice(value);
        }
        &self.0
    }

    pub(crate) fn values(key: &[u8]) -> impl Iterator<Item = String> + '_ {
        key.split(|b| *b == SEPARATOR).map(|v| String::from_utf8_lossy(v).into_owned())
    }
}

/// Counts the requests a question asks for by its columns.
#[derive(Clone, Debug)]
pub struct Grouping {
    question: Arc<Question>,
    fields: usize,
    pub census: Census,
    groups: Counters<Seen>,
    node: String,
    key: Key,
    clock: Clock,
}

impl Grouping {
    pub fn new(question: &Arc<Question>) -> Self {
        Self {
            question: question.clone(),
            fields: question.fields(),
            census: Census::default(),
            groups: Counters::new(MOST_ROWS),
            node: "-".into(),
            key: Key::default(),
            clock: Clock::default(),
        }
    }

    #[inline(always)]
    #[allow(clippy::inline_always, reason = "all that most lines are asked: a call would cost more")]
    fn line(&mut self, line: &[u8], glance: Option<Glance>) {
        self.census.lines += 1;
        match glance {
            Some(glance) => self.glanced(&glance, line),
            None => self.record(line),
        }
    }

    /// What is no line may be one as a JSON record.
    #[cold]
    fn record(&mut self, bytes: &[u8]) {
        let line = record::access(bytes);
        match line.as_deref().and_then(|line| Some((line::glance(line)?, line))) {
            Some((glance, line)) => self.glanced(&glance, line),
            None => self.census.malformed(bytes),
        }
    }

    #[inline(always)]
    #[allow(clippy::inline_always, reason = "all that most lines are asked: a call would cost more")]
    fn glanced(&mut self, glance: &Glance, line: &[u8]) {
        if self.question.span != Span::EVER && !self.question.span.contains(self.clock.micros(glance.time)) {
            self.census.outside += 1;
        } else if self.question.wants(glance.status) {
            self.count(line, glance);
        }
    }

    #[inline(never)]
    fn count(&mut self, line: &[u8], glance: &Glance) {
        let micros = self.clock.micros(glance.time);
        let line = Line::read_first(line, self.fields);
        let key = self.key.of(self.question.columns.iter().map(|c| c.of(&line, glance.status, &self.node)));
        self.groups.put(key, Seen { count: 1, first: micros, last: micros });
    }

    /// Adds what another worker counted.
    pub fn merge(&mut self, other: Self) {
        self.census.add(other.census);
        self.groups.merge(other.groups);
    }

    /// One row a combination of values, sorted by them; what did not fit is a row of its own.
    pub fn into_rows(mut self) -> Vec<Row> {
        let columns = self.question.columns.len();
        let other = self.groups.other.take();
        let mut rows: Vec<Row> = self.groups.into_rows().map(|(key, seen)| Row { values: Key::values(&key).collect(), seen }).collect();
        rows.extend(other.map(|seen| Row { values: vec![OTHER.to_owned(); columns], seen }));
        // Different bytes that are no UTF-8 read as the same text.
        add_up(&mut rows);
        rows
    }

    /// Requests that no longer got a row of their own.
    pub fn folded(&self) -> u64 {
        self.groups.other.map_or(0, |seen| seen.count)
    }
}

impl Collect for Grouping {
    fn begin(&mut self, name: &str) {
        Name::read(name).node.unwrap_or("-").clone_into(&mut self.node);
    }

    fn take(&mut self, lines: &[u8]) {
        each_glance(lines, |line, glance| self.line(line, glance));
    }

    fn overlong(&mut self, beginning: &[u8]) {
        self.census.lines += 1;
        self.census.malformed(beginning);
    }
}

/// One combination of values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub values: Vec<String>,
    pub seen: Seen,
}

/// `2026-11-20T13:00:01.123456Z`, as the log writes times.
pub fn as_written(micros: i64) -> String {
    chrono::DateTime::from_timestamp_micros(micros).map_or_else(|| "-".into(), |t| t.to_rfc3339_opts(chrono::SecondsFormat::Micros, true))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accesslog::line::tests::REFUSED;
    use crate::accesslog::question::Column;

    fn question(columns: &[Column]) -> Arc<Question> {
        Arc::new(Question { columns: columns.to_vec(), span: Span::EVER, statuses: vec![], all: false })
    }

    #[test]
    fn rows_are_counted_and_sorted() {
        let question = question(&[Column::Minute, Column::Target, Column::Signature]);
        let mut grouping = Grouping::new(&question);
        let later = REFUSED.replace("13:00:0", "13:01:0");
        let ok = REFUSED.replace(" 502 ", " 200 ");
        grouping.take([later.as_str(), REFUSED, &ok, "", REFUSED, "cut \"off"].join("\n").as_bytes());
        assert_eq!((grouping.census.lines, grouping.census.malformed), (6, 2));
        let rows = grouping.into_rows();
        assert_eq!(
            rows.iter().map(|r| (r.values.join(" "), r.seen.count)).collect::<Vec<_>>(),
            [("2026-11-20T13:00 10.0.1.5:8080 refused".to_owned(), 2), ("2026-11-20T13:01 10.0.1.5:8080 refused".to_owned(), 1),]
        );
        assert_eq!(as_written(rows[0].seen.first), "2026-11-20T13:00:01.123456Z");
    }

    #[test]
    fn examples_of_malformed_lines_are_those_with_something_to_see() {
        let mut census = Census::default();
        for line in [&b""[..], b"  ", b"", b"\x00\x01", b"cut off", b""] {
            census.malformed(line);
        }
        let seen: Vec<String> = census.examples().iter().map(ToString::to_string).collect();
        assert_eq!((census.malformed, seen), (6, ["\\x00\\x01", "cut off", "", "  "].map(str::to_owned).to_vec()));
    }

    #[test]
    fn the_window_has_its_start_and_not_its_end() {
        let mut question = question(&[Column::Status]);
        let at = Stamp::read(b"2026-11-20T13:00:01.123456Z").unwrap().micros();
        for (from, to, inside) in [(at, at + 1, true), (at - 1, at, false), (at + 1, at + 2, false)] {
            Arc::make_mut(&mut question).span = Span { from, to };
            let mut grouping = Grouping::new(&question);
            grouping.take(REFUSED.as_bytes());
            assert_eq!((grouping.census.outside, grouping.groups.len()), (u64::from(!inside), usize::from(inside)));
        }
    }

    #[test]
    fn what_does_not_fit_is_counted_as_other() {
        let mut counters = Counters::new(2);
        let one = Seen { count: 1, first: 5, last: 5 };
        for key in ["a", "b", "c", "a", "d"] {
            counters.put(key.as_bytes(), one);
        }
        assert_eq!((counters.len(), counters.other.map(|s| s.count)), (2, Some(2)));
    }
}
