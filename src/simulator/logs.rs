//! The balancer's access log, its health-check log and the application's log, from one run.

use super::Scenario;
use super::flow::{Cell, Failing, Run};
use super::plan::{Harm, HarmKind, Line, Plan, Second};
use super::random::Rng;
use super::traces;
use super::world::World;
use crate::accesslog::rows::rank_paths;
use crate::accesslog::{AccessLog, Elapsed, FailureRow, PathRow, RequestRow, Signature};
use crate::applog::{AppLog, Level, Stream, Template};
use crate::case::health::HealthCheckRecord;
use crate::text::Foreign;
use crate::time::{Time, Window};
use chrono::Duration;
use std::collections::BTreeMap;

/// Share of requests for files rather than for the application's own paths.
const STATIC_SHARE: f64 = 0.3;

/// What is asked for, and its share of its kind.
const FILES: [(&str, f64); 4] = [("/assets/app.js", 0.38), ("/assets/site.css", 0.31), ("/img/logo.svg", 0.24), ("/favicon.ico", 0.07)];
const PAGES: [(&str, f64); 5] =
    [("/api/v1/items", 0.34), ("/api/v1/session", 0.26), ("/", 0.21), ("/api/v1/search", 0.13), ("/account/settings", 0.06)];

pub struct Logs<'a> {
    pub scenario: &'a Scenario,
    pub world: &'a World,
    pub plan: &'a Plan,
    pub run: &'a Run,
}

impl Logs<'_> {
    fn window(&self) -> Window {
        Window { start: self.scenario.start, end: self.scenario.now }
    }

    /// Tallies of what was delivered: a file for each node and five minutes, some five minutes late,
    /// now and then one never.
    pub fn access_log(&self, rng: &Rng) -> AccessLog {
        let mut rng = rng.fork("access log");
        let mut log = AccessLog {
            source: format!("s3://{0}-alb-logs/prod", self.scenario.system).into(),
            window: Some(self.window()),
            ..AccessLog::default()
        };
        let readable = (self.scenario.now - Duration::minutes(6) - self.scenario.start).num_seconds() / 300;
        for slot in 0..readable.max(0) as usize {
            for node in 0..self.run.nodes {
                if !rng.chance(0.004) {
                    self.file(slot, node, &mut log, &mut rng);
                }
            }
        }
        log.requests = merged(std::mem::take(&mut log.requests));
        log.failures.sort();
        log.paths = paths(&log.failures, &mut rng.fork("paths"));
        log.elapsed = elapsed(&log.failures);
        self.samples(&mut log);
        // Where no application logs them there is nothing to look for them in.
        if self.scenario.sight.trace_ids {
            log.traces = traces::named(&log.failures, &mut rng.fork("trace ids"));
        }
        log
    }

    fn file(&self, slot: usize, node: usize, log: &mut AccessLog, rng: &mut Rng) {
        let before = log.lines;
        for minute in slot * 5..((slot + 1) * 5).min(self.run.minutes) {
            for target in 0..self.run.targets {
                self.lines_of(minute, node, target, log, rng);
            }
            let none: Vec<(usize, u32)> = self.run.no_target.iter().filter(|n| n.0 == minute && n.1 == node).map(|n| (n.2, n.3)).collect();
            for (group, count) in none {
                log.lines += u64::from(count);
                let row = self.row(minute, node, "-".into(), group, Signature::NoTarget, 503);
                push_failure(log, row, count, rng);
            }
        }
        log.files += 1;
        log.bytes += (log.lines - before) * 61;
    }

    fn lines_of(&self, minute: usize, node: usize, target: usize, log: &mut AccessLog, rng: &mut Rng) {
        let cell = self.run.cell(minute, node, target);
        if *cell == Cell::default() {
            return;
        }
        let t = &self.world.targets[target];
        let kinds = [
            (cell.refused, Signature::Refused, 502),
            (cell.timeout, Signature::ConnectTimeout, 504),
            (cell.race, Signature::KeepaliveRace, 502),
            (cell.slow, Signature::SlowTarget, 504),
            (cell.tls, Signature::Tls, 502),
            (cell.app_5xx, Signature::App5xx, 500),
            (cell.own_5xx, Signature::Other5xx, 500),
        ];
        for (count, signature, status) in kinds {
            push_failure(log, self.row(minute, node, t.address(), t.group, signature, status), count, rng);
        }
        let failed: u32 = kinds.iter().map(|k| k.0).sum();
        log.lines += u64::from(cell.ok + failed);
        log.requests.push(RequestRow {
            minute: self.minute(minute),
            target: t.address(),
            group: self.world.groups[t.group].name.clone(),
            ok: u64::from(cell.ok),
            failed: u64::from(failed),
            syn_retries: u64::from(cell.syn_retries),
        });
    }

    fn row(&self, minute: usize, node: usize, target: String, group: usize, signature: Signature, status: u16) -> FailureRow {
        FailureRow {
            minute: self.minute(minute),
            target,
            signature,
            status,
            node: self.world.zones[node].node.clone(),
            group: self.world.groups[group].name.clone(),
            static_file: false,
            count: 0,
        }
    }

    fn minute(&self, minute: usize) -> Time {
        self.scenario.time(minute as Second * 60)
    }

    fn samples(&self, log: &mut AccessLog) {
        for signature in Signature::ALL {
            if let Some(row) = log.failures.iter().find(|f| f.signature == signature) {
                log.samples.push((signature, self.sample(row)));
            }
        }
    }

    /// A line as the balancer writes it, client made anonymous.
    fn sample(&self, row: &FailureRow) -> Foreign {
        let (took, times) = match row.signature {
            Signature::Refused => (2, "-1 -1 -1"),
            Signature::ConnectTimeout => (10_002, "-1 -1 -1"),
            Signature::SlowTarget => (60_001, "0.001 -1 -1"),
            Signature::NoTarget => (1, "-1 -1 -1"),
            Signature::App5xx => (48, "0.001 0.046 0.000"),
            _ => (5, "0.001 0.003 -1"),
        };
        let arrived = row.minute + Duration::milliseconds(21_370);
        let time = |t: Time| t.format("%Y-%m-%dT%H:%M:%S%.6fZ");
        let answered = if row.signature == Signature::App5xx { row.status.to_string() } else { "-".into() };
        let group = self.world.groups.iter().find(|g| g.name == row.group).map_or("-", |g| g.arn.as_str());
        format!(
            "https {} {} 198.51.100.7:51514 {} {times} {} {answered} 412 272 \"GET https://www.example.com:443/api/v1/items HTTP/2.0\" \"Mozilla/5.0\" TLS_AES_128_GCM_SHA256 TLSv1.3 {group} \"Root=1-6740a1b2-0123456789abcdef01234567\" \"www.example.com\" \"session-reused\" 0 {} \"forward\" \"-\" \"-\" \"{}\" \"{answered}\" \"-\" \"-\" TID_0123456789abcdef \"-\" \"-\" \"-\" {}",
            time(arrived + Duration::milliseconds(took)),
            self.world.balancer.arn.split("loadbalancer/").nth(1).unwrap_or("-"),
            row.target,
            row.status,
            time(arrived),
            row.target,
            row.node,
        )
        .into()
    }

    /// Each node's checks of each target, thinned to changes and one a minute.
    pub fn health_checks(&self) -> Vec<HealthCheckRecord> {
        let mut out = Vec::new();
        for minute in 0..self.run.minutes.saturating_sub(6) {
            for target in 0..self.run.targets {
                let h = self.run.health(minute, target);
                if h.registered {
                    out.push(self.health_record(minute, target, h.reason));
                }
            }
        }
        out
    }

    fn health_record(&self, minute: usize, target: usize, failing: Failing) -> HealthCheckRecord {
        let t = &self.world.targets[target];
        let port = self.world.groups[t.group].health.port_for(t.port);
        let (status_code, reason) = match failing {
            Failing::No => (Some(200), None),
            Failing::Timeout => (None, Some("ConnectionTimedOut")),
            Failing::Refused => (None, Some("ConnectionReset")),
            Failing::Code => (Some(503), Some("TargetError")),
        };
        HealthCheckRecord {
            at: self.minute(minute) + Duration::seconds(17),
            target: format!("{}:{port}", t.ip),
            target_group: self.world.groups[t.group].name.clone(),
            passed: failing == Failing::No,
            status_code,
            reason: reason.map(Into::into),
            latency: Some(if failing == Failing::Timeout { 5.0 } else { 0.004 }),
        }
    }

    /// The application's log: lines for what was handled, and what the plan has written.
    pub fn app_log(&self, rng: &Rng) -> AppLog {
        let mut rng = rng.fork("app log");
        let targets = self.world.of_group(0);
        let visible = self.run.minutes.saturating_sub(1);
        let mut log = AppLog {
            name: format!("/ecs/{}/{}", self.scenario.system, self.scenario.service).into(),
            window: Some(self.window()),
            ..AppLog::default()
        };
        let with_ids = self.scenario.sight.trace_ids;
        let mut access = self.requests(1, 200, Level::Info, &rng);
        let mut errors = self.requests(2, 500, Level::Error, &rng);
        let mut jobs = Tally::new(3, "job <*> finished in <*> ms", Level::Info);
        for target in &targets {
            let mut stream = Vec::new();
            for minute in 0..visible {
                let cell = self.run.target_minute(minute, *target);
                let off = self.run.host(minute, *target).off || self.is_closed(minute, *target);
                let handled = if with_ids { cell.ok + cell.slow } else { cell.ok / 4 };
                let rows = [(&mut access, handled), (&mut errors, cell.app_5xx), (&mut jobs, if off { 0 } else { rng.poisson(0.6) })];
                let lines: u32 = rows.into_iter().map(|(tally, n)| tally.add(self.minute(minute), n)).sum();
                let planned = self.planned(*target, minute);
                if lines + planned > 0 {
                    stream.push((self.minute(minute), lines + planned));
                }
            }
            log.streams.push(self.stream(*target, stream));
        }
        log.templates = [access, errors, jobs].into_iter().map(Tally::done).filter(|t| t.total > 0).collect();
        let planned = self.plan.lines.iter().enumerate().filter_map(|(i, l)| self.template(i as u32 + 10, l));
        log.templates.extend(planned.fold(Vec::new(), grouped));
        log.lines = log.templates.iter().map(|t| t.total).sum();
        log.bytes = log.lines * 142;
        log
    }

    /// Lines of requests with one status: every fourth one, or each with its trace id.
    fn requests(&self, id: u32, status: u16, level: Level, rng: &Rng) -> Tally {
        let pattern = format!("<*> - - \"GET <*> HTTP/1.1\" {status} <*> rt=<*>");
        if !self.scenario.sight.trace_ids {
            return Tally::new(id, &pattern, level);
        }
        let mut tally = Tally::new(id, &format!("{pattern} \"Root=<*>\""), level);
        let host = self.world.of_group(0).first().map_or("-", |t| self.world.targets[*t].ip.as_str());
        let trace = traces::new_id(self.scenario.start, &mut rng.fork("trace ids"));
        tally.0.samples = vec![traces::line(host, status, 0.041, &trace).into()];
        tally
    }

    /// Whether nothing ran behind the port for the whole minute.
    pub(super) fn is_closed(&self, minute: usize, target: usize) -> bool {
        let (from, to) = (minute as Second * 60, minute as Second * 60 + 60);
        let closed = |h: &Harm| matches!(h.kind, HarmKind::Closed { .. }) && h.from <= from && h.until >= to;
        self.plan.harms.iter().any(|h| closed(h) && h.targets.contains(&target))
    }

    fn stream(&self, target: usize, counts: Vec<(Time, u32)>) -> Stream {
        let t = &self.world.targets[target];
        Stream { name: format!("{}/{}", self.scenario.service, t.id).into(), target: Some(t.id.clone()), counts }
    }

    /// Lines of the plan that fall on one target and minute.
    fn planned(&self, target: usize, minute: usize) -> u32 {
        self.plan.lines.iter().filter(|l| l.targets.contains(&target)).map(|l| lines_in(l, minute)).sum()
    }

    fn template(&self, id: u32, line: &Line) -> Option<Template> {
        let known: Vec<usize> = line.targets.iter().copied().filter(|t| self.world.targets[*t].group == 0).collect();
        let counts: Vec<(Time, u32)> = (0..self.run.minutes.saturating_sub(1))
            .map(|m| (self.minute(m), lines_in(line, m) * known.len() as u32))
            .filter(|c| c.1 > 0)
            .collect();
        let total: u64 = counts.iter().map(|c| u64::from(c.1)).sum();
        (total > 0).then(|| Template {
            id,
            pattern: line.pattern.as_str().into(),
            level: line.level,
            sign: line.sign,
            total,
            counts,
            samples: vec![line.sample.as_str().into()],
            streams: known.iter().take(5).map(|t| self.stream(*t, Vec::new()).name).collect(),
        })
    }
}

/// The same words on several hosts or at several times are one kind of line.
fn grouped(mut kinds: Vec<Template>, new: Template) -> Vec<Template> {
    let same = |t: &&mut Template| (&t.pattern, t.level, t.sign) == (&new.pattern, new.level, new.sign);
    let Some(kind) = kinds.iter_mut().find(same) else {
        kinds.push(new);
        return kinds;
    };
    kind.total += new.total;
    kind.counts.extend(new.counts);
    kind.counts = by_minute(std::mem::take(&mut kind.counts));
    kind.samples.extend(new.samples);
    kind.samples.truncate(3);
    let fresh: Vec<Foreign> = new.streams.into_iter().filter(|s| !kind.streams.contains(s)).collect();
    kind.streams.extend(fresh);
    kind.streams.truncate(8);
    kinds
}

/// One count a minute.
fn by_minute(mut counts: Vec<(Time, u32)>) -> Vec<(Time, u32)> {
    counts.sort_by_key(|c| c.0);
    let mut merged: Vec<(Time, u32)> = Vec::with_capacity(counts.len());
    for (t, n) in counts {
        match merged.last_mut() {
            Some(last) if last.0 == t => last.1 += n,
            _ => merged.push((t, n)),
        }
    }
    merged
}

fn lines_in(line: &Line, minute: usize) -> u32 {
    let (from, to) = (minute as Second * 60, minute as Second * 60 + 60);
    if line.from == line.until {
        return u32::from(from <= line.from && line.from < to);
    }
    if line.from < to && from < line.until { line.per_minute.round().max(1.0) as u32 } else { 0 }
}

/// A template under way.
struct Tally(Template);

impl Tally {
    fn new(id: u32, pattern: &str, level: Level) -> Self {
        Self(Template { id, pattern: pattern.into(), level, samples: vec![pattern.replace("<*>", "7").into()], ..Template::default() })
    }

    fn add(&mut self, minute: Time, n: u32) -> u32 {
        if n > 0 {
            self.0.counts.push((minute, n));
            self.0.total += u64::from(n);
        }
        n
    }

    /// Streams were added one after another: one count a minute is left.
    fn done(self) -> Template {
        Template { counts: by_minute(self.0.counts), ..self.0 }
    }
}

fn push_failure(log: &mut AccessLog, row: FailureRow, count: u32, rng: &mut Rng) {
    let of_files = rng.binomial(count, STATIC_SHARE);
    for (static_file, n) in [(true, of_files), (false, count - of_files)] {
        if n > 0 {
            log.failures.push(FailureRow { static_file, count: u64::from(n), ..row.clone() });
        }
    }
}

/// Failures by path: who asks for what does not depend on how it fails.
fn paths(failures: &[FailureRow], rng: &mut Rng) -> Vec<PathRow> {
    let mut kinds: BTreeMap<(Signature, bool), u64> = BTreeMap::new();
    for row in failures {
        *kinds.entry((row.signature, row.static_file)).or_default() += row.count;
    }
    let mut rows: Vec<PathRow> = Vec::new();
    for ((signature, static_file), count) in kinds {
        let shares: &[_] = if static_file { &FILES } else { &PAGES };
        rows.extend(shared_out(count, shares, rng).map(|(path, count)| PathRow { path: path.into(), signature, count }));
    }
    rank_paths(&mut rows);
    rows
}

/// A number as the sum of drawn parts, one a name; those of zero are left out.
fn shared_out<'a>(count: u64, shares: &'a [(&'a str, f64)], rng: &mut Rng) -> impl Iterator<Item = (&'a str, u64)> {
    let (mut left, mut share_left) = (count, 1.0);
    let mut parts = Vec::new();
    for (n, (name, share)) in shares.iter().enumerate() {
        let is_last = n + 1 == shares.len();
        let drawn = u64::from(rng.binomial(u32::try_from(left).unwrap_or(u32::MAX), share / share_left));
        let part = if is_last { left } else { drawn };
        (left, share_left) = (left - part, share_left - share);
        parts.push((*name, part));
    }
    parts.into_iter().filter(|(_, part)| *part > 0)
}

/// How long each kind of failure takes on a real balancer: the shortest, half, nearly all, the longest.
fn elapsed(failures: &[FailureRow]) -> Vec<Elapsed> {
    let took = |signature| match signature {
        Signature::Refused => [0.001, 0.002, 0.004, 0.019],
        Signature::ConnectTimeout => [10.0, 10.002, 10.006, 10.031],
        Signature::SlowTarget => [60.0, 60.001, 60.004, 60.012],
        Signature::App5xx => [0.004, 0.046, 0.31, 1.9],
        Signature::NoTarget => [0.0, 0.001, 0.001, 0.003],
        _ => [0.001, 0.005, 0.022, 0.24],
    };
    let mut counts: BTreeMap<Signature, u64> = BTreeMap::new();
    failures.iter().for_each(|f| *counts.entry(f.signature).or_default() += f.count);
    let row = |(signature, count)| {
        let [shortest, median, p95, longest] = took(signature);
        Elapsed { signature, count, shortest, median, p95, longest }
    };
    counts.into_iter().map(row).collect()
}

/// One row a minute and target, whatever the nodes.
fn merged(mut rows: Vec<RequestRow>) -> Vec<RequestRow> {
    rows.sort_by(|a, b| (a.minute, &a.target, &a.group).cmp(&(b.minute, &b.target, &b.group)));
    let mut out: Vec<RequestRow> = Vec::with_capacity(rows.len());
    for row in rows {
        match out.last_mut() {
            Some(last) if (last.minute, &last.target, &last.group) == (row.minute, &row.target, &row.group) => {
                last.ok += row.ok;
                last.failed += row.failed;
                last.syn_retries += row.syn_retries;
            }
            _ => out.push(row),
        }
    }
    out
}
