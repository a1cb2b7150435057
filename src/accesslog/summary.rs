//! The tallies that a case keeps: failures by minute and place, successes to compare them with, paths,
//! how long failures took, and a few lines to look at. Bounded whatever the log holds.

use super::line::{self, Glance, Line, status};
use super::names::Name;
use super::question::Span;
use super::record;
use super::rows::{fold_failures, fold_requests, rank_paths};
use super::scan::Collect;
use super::sweep::each_glance;
use super::tally::{Add, Census, Clock, Counters, Key, OTHER};
use super::trace::Traces;
use super::{AccessLog, Elapsed, FailureRow, PathRow, RequestRow, Signature, signature};
use crate::text::Foreign;
use crate::time::{Time, Window};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Combinations that are kept apart while reading, a worker.
const MOST_KEYS: usize = 200_000;
const MOST_PATHS: usize = 100;
const MOST_REASONS: usize = 50;
/// Lines of each signature that can be looked at.
const SAMPLES: usize = 5;
const SAMPLE_BYTES: usize = 2048;

impl Add for u64 {
    fn add(&mut self, other: Self) {
        *self += other;
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Load {
    ok: u64,
    failed: u64,
    syn_retries: u64,
}

impl Add for Load {
    fn add(&mut self, other: Self) {
        self.ok += other.ok;
        self.failed += other.failed;
        self.syn_retries += other.syn_retries;
    }
}

/// Takes every line of a window and keeps what a case needs.
#[derive(Clone, Debug)]
pub struct Summary {
    span: Span,
    census: Census,
    failures: Counters<u64>,
    requests: Counters<Load>,
    paths: Counters<u64>,
    reasons: Counters<u64>,
    elapsed: HashMap<Signature, Durations>,
    traces: Traces,
    samples: BTreeMap<Signature, BTreeSet<(i64, Vec<u8>)>>,
    node: String,
    key: Key,
    clock: Clock,
}

impl Summary {
    pub fn new(window: Option<Window>) -> Self {
        Self {
            span: window.map_or(Span::EVER, Into::into),
            census: Census::default(),
            failures: Counters::new(MOST_KEYS),
            requests: Counters::new(MOST_KEYS),
            paths: Counters::new(MOST_KEYS / 4),
            reasons: Counters::new(1000),
            elapsed: HashMap::new(),
            traces: Traces::default(),
            samples: BTreeMap::new(),
            node: "-".into(),
            key: Key::default(),
            clock: Clock::default(),
        }
    }

    fn line(&mut self, bytes: &[u8], glance: Option<Glance>) {
        self.census.lines += 1;
        match glance {
            Some(glance) => self.glanced(&glance, bytes),
            None => self.record(bytes),
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

    fn glanced(&mut self, glance: &Glance, bytes: &[u8]) {
        let micros = self.clock.micros(glance.time);
        if !self.span.contains(micros) {
            self.census.outside += 1;
            return;
        }
        self.census.saw(micros);
        let failed = signature::is_failure(glance.status);
        let line = if failed { Line::read(bytes) } else { Line::read_first(bytes, line::at::GROUP + 1) };
        self.request(&line, failed);
        if failed {
            self.failure(&line, bytes, micros);
        }
    }

    fn request(&mut self, line: &Line, failed: bool) {
        if line.target() == b"-" {
            return;
        }
        let ok = !failed && status(line.target_status()).is_some_and(|s| s < 500);
        let syn_retry = ok && signature::is_syn_retry(line.request_time());
        let load = Load { ok: ok.into(), failed: failed.into(), syn_retries: syn_retry.into() };
        let minute = line.time().map_or(&b"-"[..], |t| t.minute());
        self.requests.put(self.key.of([minute, line.target(), line.group()]), load);
    }

    fn failure(&mut self, line: &Line, bytes: &[u8], micros: i64) {
        let signature = signature::of(line);
        let minute = line.time().map_or(&b"-"[..], |t| t.minute());
        let fixed = if line::is_static(line.path()) { b"1" } else { b"0" };
        let node = line.node().unwrap_or(self.node.as_bytes());
        let id = signature.id().as_bytes();
        self.failures.put(self.key.of([minute, line.target(), id, line.status(), node, line.group(), fixed]), 1);
        self.paths.put(self.key.of([id, line.path()]), 1);
        if line.error_reason() != b"-" {
            self.reasons.put(line.error_reason(), 1);
        }
        if let Some(took) = line.elapsed() {
            self.elapsed.entry(signature).or_default().put(took);
        }
        self.traces.saw(line.trace(), signature, line.target());
        keep_earliest(self.samples.entry(signature).or_default(), micros, bytes);
    }

    /// What several workers kept, in one.
    pub fn merge(&mut self, other: Self) {
        self.census.add(other.census);
        self.failures.merge(other.failures);
        self.requests.merge(other.requests);
        self.paths.merge(other.paths);
        self.reasons.merge(other.reasons);
        self.traces.merge(other.traces);
        for (signature, durations) in other.elapsed {
            self.elapsed.entry(signature).or_default().merge(&durations);
        }
        for (signature, lines) in other.samples {
            let mine = self.samples.entry(signature).or_default();
            for (t, line) in &lines {
                keep_earliest(mine, *t, line);
            }
        }
    }

    /// The tallies as a case keeps them; where they come from is still to be filled in.
    pub fn into_log(self) -> AccessLog {
        let lost = self.failures.other.unwrap_or(0);
        let mut failures: Vec<FailureRow> = self.failures.into_rows().filter_map(|(key, count)| failure_row(&key, count)).collect();
        let folded = lost + fold_failures(&mut failures);
        AccessLog {
            lines: self.census.lines,
            malformed: self.census.malformed,
            outside_window: self.census.outside,
            first: self.census.first.and_then(time),
            last: self.census.last.and_then(time),
            failures,
            folded,
            requests: request_rows(self.requests),
            paths: path_rows(self.paths),
            reasons: reason_rows(self.reasons),
            elapsed: elapsed_rows(&self.elapsed),
            traces: self.traces.into_rows(),
            malformed_samples: self.census.examples(),
            samples: sample_rows(&self.samples),
            ..AccessLog::default()
        }
    }
}

impl Collect for Summary {
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

fn keep_earliest(kept: &mut BTreeSet<(i64, Vec<u8>)>, micros: i64, line: &[u8]) {
    let line = &line[..line.len().min(SAMPLE_BYTES)];
    if kept.len() < SAMPLES || kept.last().is_some_and(|(t, last)| (micros, line) < (*t, last.as_slice())) {
        kept.insert((micros, line.to_vec()));
        if kept.len() > SAMPLES {
            kept.pop_last();
        }
    }
}

fn foreign(bytes: &[u8]) -> Foreign {
    String::from_utf8_lossy(bytes).into_owned().into()
}

fn time(micros: i64) -> Option<Time> {
    Time::from_timestamp_micros(micros)
}

fn minute(text: &str) -> Option<Time> {
    Time::from_timestamp(line::minute_number(text.as_bytes()) * 60, 0)
}

fn failure_row(key: &[u8], count: u64) -> Option<FailureRow> {
    let mut values = Key::values(key);
    Some(FailureRow {
        minute: minute(&values.next()?)?,
        target: values.next()?,
        signature: Signature::from_id(&values.next()?)?,
        status: values.next()?.parse().ok()?,
        node: values.next()?,
        group: values.next()?,
        static_file: values.next()? == "1",
        count,
    })
}

fn request_rows(counters: Counters<Load>) -> Vec<RequestRow> {
    let mut rows: Vec<RequestRow> = counters.into_rows().filter_map(|(key, load)| request_row(&key, load)).collect();
    fold_requests(&mut rows);
    rows
}

fn request_row(key: &[u8], load: Load) -> Option<RequestRow> {
    let mut values = Key::values(key);
    let (minute, target, group) = (minute(&values.next()?)?, values.next()?, values.next()?);
    Some(RequestRow { minute, target, group, ok: load.ok, failed: load.failed, syn_retries: load.syn_retries })
}

fn path_rows(counters: Counters<u64>) -> Vec<PathRow> {
    let other = counters.other.unwrap_or(0);
    let row = |(key, count): (Box<[u8]>, u64)| {
        let mut values = Key::values(&key);
        Some(PathRow { signature: Signature::from_id(&values.next()?)?, path: values.next()?.into(), count })
    };
    let mut rows: Vec<PathRow> = counters.into_rows().filter_map(row).collect();
    rank_paths(&mut rows);
    let rest: u64 = rows.iter().skip(MOST_PATHS).map(|r| r.count).sum::<u64>() + other;
    rows.truncate(MOST_PATHS);
    if rest > 0 {
        rows.push(PathRow { path: OTHER.into(), signature: Signature::Other5xx, count: rest });
    }
    rows
}

fn reason_rows(counters: Counters<u64>) -> Vec<(Foreign, u64)> {
    let mut rows: Vec<(Foreign, u64)> = counters.into_rows().map(|(reason, count)| (foreign(&reason), count)).collect();
    rows.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    rows.truncate(MOST_REASONS);
    rows
}

fn elapsed_rows(all: &HashMap<Signature, Durations>) -> Vec<Elapsed> {
    let mut rows: Vec<Elapsed> = all.iter().map(|(signature, d)| d.row(*signature)).collect();
    rows.sort_by_key(|r| r.signature);
    rows
}

fn sample_rows(all: &BTreeMap<Signature, BTreeSet<(i64, Vec<u8>)>>) -> Vec<(Signature, Foreign)> {
    all.iter().flat_map(|(signature, lines)| lines.iter().map(|(_, line)| (*signature, foreign(line)))).collect()
}

/// Durations in classes that are each about 9 % wide: enough to tell 10.0 s from 1.0 s and from 60 s.
#[derive(Clone, Debug)]
struct Durations {
    classes: BTreeMap<u16, u64>,
    count: u64,
    shortest: i64,
    longest: i64,
}

impl Default for Durations {
    fn default() -> Self {
        Self { classes: BTreeMap::new(), count: 0, shortest: i64::MAX, longest: 0 }
    }
}

/// Classes for each doubling.
const STEPS: f64 = 8.0;

impl Durations {
    fn put(&mut self, micros: i64) {
        let micros = micros.max(0);
        let class = ((micros.max(1) as f64).log2() * STEPS).round() as u16;
        *self.classes.entry(class).or_default() += 1;
        self.count += 1;
        self.shortest = self.shortest.min(micros);
        self.longest = self.longest.max(micros);
    }

    fn merge(&mut self, other: &Self) {
        other.classes.iter().for_each(|(class, n)| *self.classes.entry(*class).or_default() += n);
        self.count += other.count;
        self.shortest = self.shortest.min(other.shortest);
        self.longest = self.longest.max(other.longest);
    }

    /// Seconds below which `share` of all lie.
    fn quantile(&self, share: f64) -> f64 {
        let wanted = (self.count as f64 * share).ceil() as u64;
        let mut seen = 0;
        let class = self.classes.iter().find(|(_, n)| {
            seen += **n;
            seen >= wanted
        });
        let micros = class.map_or(0.0, |(class, _)| (f64::from(*class) / STEPS).exp2());
        micros.clamp(self.shortest as f64, (self.longest as f64).max(self.shortest as f64)) / 1e6
    }

    fn row(&self, signature: Signature) -> Elapsed {
        Elapsed {
            signature,
            count: self.count,
            shortest: self.shortest as f64 / 1e6,
            median: self.quantile(0.5),
            p95: self.quantile(0.95),
            longest: self.longest as f64 / 1e6,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accesslog::line::tests::REFUSED;

    fn summary(lines: &[&str]) -> AccessLog {
        let mut summary = Summary::new(None);
        summary.begin("1_elasticloadbalancing_r_app.web.1_20261120T1305Z_10.9.9.9_x.log.gz");
        summary.take(lines.join("\n").as_bytes());
        summary.into_log()
    }

    #[test]
    fn failures_and_successes_stand_side_by_side() {
        let ok = REFUSED.replace("-1 -1 -1 502 -", "1.003 0.020 0.000 200 200");
        let timeout =
            REFUSED.replace("-1 -1 -1 502 -", "-1 -1 -1 504 -").replace("13:00:01.121000Z", "12:59:51.121000Z").replace(" 10.0.9.7", "");
        let log = summary(&[REFUSED, &ok, &timeout, REFUSED]);
        assert_eq!((log.lines, log.malformed, log.failures.len()), (4, 0, 2));
        let (refused, timed_out) = (&log.failures[0], &log.failures[1]);
        assert_eq!(
            (refused.signature, refused.count, refused.node.as_str(), refused.group.as_str()),
            (Signature::Refused, 2, "10.0.9.7", "api-8080")
        );
        assert_eq!((timed_out.signature, timed_out.node.as_str()), (Signature::ConnectTimeout, "10.9.9.9"));
        assert_eq!(log.requests.len(), 1);
        assert_eq!((log.requests[0].ok, log.requests[0].failed, log.requests[0].syn_retries), (1, 3, 1));
        assert_eq!((log.paths[0].path.as_str(), log.paths[0].count), ("/cart/42", 2));
        assert_eq!(log.samples.len(), 2);
        let took = log.elapsed.iter().find(|e| e.signature == Signature::ConnectTimeout).unwrap();
        assert!((took.median - 10.002).abs() < 0.01, "{took:?}");
    }

    #[test]
    fn parts_add_up_to_the_whole() {
        let lines: Vec<String> = (0..600)
            .map(|n| REFUSED.replace("13:00:01", &format!("13:{:02}:{:02}", n / 60, n % 60)).replace("1.5:", &format!("1.{}:", n % 7)))
            .collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let whole = summary(&lines);
        let mut parts = Summary::new(None);
        for part in lines.chunks(97) {
            let mut one = Summary::new(None);
            one.take(part.join("\n").as_bytes());
            parts.merge(one);
        }
        assert_eq!(parts.into_log(), whole);
    }
}
