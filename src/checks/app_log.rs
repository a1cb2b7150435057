//! The step `app-log`: what in the application's log is unusual around the errors, and what it means for
//! connections; whether errors are on static files; who fell silent.

mod arrival;
mod unusual;

use super::touches::clock;
use super::{Book, Check, Outcome, Status, Value, cannot_tell};
use crate::accesslog::Signature;
use crate::analysis::scene::Scene;
use crate::applog::{AppLog, Sign, Stream, Template};
use crate::case::Case;
use crate::case::series::SeriesKey;
use crate::exchange::Area;
use crate::say;
use crate::text::Text;
use crate::time::{Time, Window};
use unusual::{Change, Period, judge};

pub struct Step;

/// Findings that are told.
const TOLD: usize = 6;

impl Check for Step {
    fn id(&self) -> &'static str {
        "app-log"
    }

    fn needs(&self) -> &'static [Area] {
        &[Area::AppLog]
    }

    fn run(&self, scene: &Scene, book: &mut Book) -> Outcome {
        let (case, analysis) = (scene.case, scene.analysis);
        let mut beside = static_errors(case, book);
        beside.extend(arrival::file(case, book));
        if case.app_logs.is_empty() {
            return cannot_tell(self.id(), case, self.needs()).with(beside);
        }
        let Some(period) = Period::of(analysis) else { return cannot_tell(self.id(), case, self.needs()) };
        let mut found: Vec<Finding> = case.app_logs.values().flat_map(|log| findings(case, log, &period)).collect();
        found.sort_by(|a, b| b.weight.total_cmp(&a.weight).then(a.id.cmp(&b.id)));
        found.truncate(TOLD);
        let worst = found.iter().map(|f| f.status).max_by_key(|s| gravity(*s));
        let outcome = match (worst, found.first()) {
            (Some(status), Some(first)) => {
                let n = found.len();
                Outcome::new(self.id(), status, first.sentence.clone()).brief(say!("{n} unusual kinds", "{n} loại bất thường"))
            }
            _ => ordinary(self.id(), case, &period),
        };
        let ids: Vec<String> = found.into_iter().map(|f| book.add(f.id, f.sentence, Area::AppLog, f.values)).collect();
        let notes = case.app_logs.values().flat_map(|log| &log.notes).map(|n| Text::same(n.to_string()));
        notes.take(6).fold(outcome.with(ids).with(beside), Outcome::detail)
    }
}

fn gravity(status: Status) -> u8 {
    match status {
        Status::Fail => 2,
        Status::Warn => 1,
        _ => 0,
    }
}

/// Something unusual in the log.
struct Finding {
    id: String,
    status: Status,
    /// How far beyond chance, with what it means counted in.
    weight: f64,
    sentence: Text,
    values: Vec<Value>,
}

fn findings(case: &Case, log: &AppLog, period: &Period) -> Vec<Finding> {
    let templates = log.templates.iter().filter_map(|t| of_template(log, t, period));
    let streams = log.streams.iter().filter_map(|s| of_stream(case, log, s, period));
    templates.chain(streams).collect()
}

/// A template that is new, bursts or fell silent when the errors began.
fn of_template(log: &AppLog, t: &Template, period: &Period) -> Option<Finding> {
    let change = judge(&t.counts, period)?;
    let grave = t.level >= crate::applog::Level::Error;
    let breaks = t.sign.is_some_and(Sign::breaks_connections);
    // Ordinary lines come and go with the traffic; only signs and errors are told when they grow.
    if t.sign.is_none() && !grave && !matches!(change, Change::Silent { .. }) {
        return None;
    }
    let what = words(t, &change);
    let meaning = t.sign.map(Sign::meaning);
    let sentence = match &meaning {
        Some(m) => Text::join([&what, m], ": "),
        None => what,
    };
    let (sign, name) = (t.sign.map_or("template", Sign::id), short(&log.name));
    Some(Finding {
        id: format!("applog.{sign}.{name}.{}", t.id),
        status: if breaks { Status::Fail } else { Status::Warn },
        weight: change.strength() * if breaks { 4.0 } else if grave { 1.5 } else { 1.0 },
        sentence,
        values: change.values(),
    })
}

fn words(t: &Template, change: &Change) -> Text {
    let pattern = crate::changes::json::cut(&t.pattern, 140);
    match *change {
        Change::New { during, first, .. } => {
            let at = clock(first);
            let times = if during == 1 { "once".into() } else { format!("{during} times") };
            say!("new from {at} UTC, {times}: “{pattern}”", "mới xuất hiện từ {at} UTC, {during} lần: “{pattern}”")
        }
        Change::Burst { during, usual, first, .. } => {
            let (at, usual) = (clock(first), usual.round());
            say!(
                "{during} times instead of {usual}, from {at} UTC: “{pattern}”",
                "{during} lần thay vì {usual}, từ {at} UTC: “{pattern}”"
            )
        }
        Change::Silent { during, usual } => {
            let usual = usual.round();
            say!("{during} times instead of {usual}: “{pattern}” fell silent", "{during} lần thay vì {usual}: “{pattern}” im hẳn")
        }
    }
}

/// A stream that says nothing while the balancer sends requests.
fn of_stream(case: &Case, log: &AppLog, stream: &Stream, period: &Period) -> Option<Finding> {
    let Change::Silent { during, usual } = judge(&stream.counts, period)? else { return None };
    let sent = requests_during(case, stream.target.as_deref(), period.during)?;
    let (name, usual, sent) = (&stream.name, usual.round(), sent.round());
    let from = clock(period.during.start);
    let sentence = say!(
        "{name} fell silent from {from} UTC ({during} lines instead of {usual}) while the balancer sent {sent} requests",
        "{name} im hẳn từ {from} UTC ({during} dòng thay vì {usual}) trong khi bộ cân bằng tải gửi {sent} yêu cầu"
    );
    let values = vec![Value::new("lines", during as f64), Value::new("usual", usual), Value::new("requests", sent)];
    Some(Finding { id: format!("applog.silence.{}.{}", short(&log.name), short(name)), status: Status::Fail, weight: 40.0, sentence, values })
}

/// Requests that the balancer sent in the period, to this target where the access log tells.
fn requests_during(case: &Case, target: Option<&str>, during: Window) -> Option<f64> {
    let address = target.map(|t| case.instances.get(t).and_then(|i| i.private_ip.clone()).unwrap_or_else(|| t.to_owned()));
    let rows = case.access_log.as_ref().zip(address).map(|(log, address)| {
        let to_it = log.requests_in(during).iter().filter(|r| r.target.rsplit_once(':').is_some_and(|(host, _)| host == address));
        to_it.map(|r| (r.ok + r.failed) as f64).sum::<f64>()
    });
    rows.or_else(|| all_requests(case, during)).filter(|n| *n > 0.0)
}

fn all_requests(case: &Case, during: Window) -> Option<f64> {
    let whole = |key: &SeriesKey| key.zone().is_none() && key.group().is_none();
    let (_, track) = case.series.of("RequestCount").find(|(key, _)| whole(key)).or_else(|| case.series.of("RequestCount").next())?;
    Some(track.best("Sum", during)?.points(during).map(|(_, v)| v).sum())
}

/// 5xx of the application on static files and on the rest, as the balancer's access log saw them.
fn static_errors(case: &Case, book: &mut Book) -> Vec<String> {
    let Some(log) = &case.access_log else { return Vec::new() };
    let answered = log.failures.iter().filter(|f| f.signature == Signature::App5xx);
    let (on_static, on_rest) = answered.fold((0, 0), |(s, r), f| if f.static_file { (s + f.count, r) } else { (s, r + f.count) });
    if on_static + on_rest == 0 {
        return Vec::new();
    }
    let sentence = say!(
        "the application answered 5xx to {on_static} requests for static files and {on_rest} others, by the balancer's access log",
        "ứng dụng trả 5xx cho {on_static} yêu cầu file tĩnh và {on_rest} yêu cầu khác, theo access log của bộ cân bằng tải"
    );
    let values = vec![Value::new("static", on_static as f64), Value::new("other", on_rest as f64)];
    vec![book.add("applog.static-5xx", sentence, Area::AccessLog, values)]
}

/// Nothing unusual, as far as the log reaches.
fn ordinary(check: &'static str, case: &Case, period: &Period) -> Outcome {
    let lines: u64 = case.app_logs.values().map(|l| l.lines - l.outside.min(l.lines)).sum();
    let covers = case.app_logs.values().all(|l| !l.incomplete && l.window.is_some_and(|w| w.start <= period.during.start && w.end >= period.during.end));
    if lines == 0 || !covers || case.is_waiting_for(Area::AppLog) {
        let words = say!(
            "nothing unusual in the {lines} lines read, but not everything was read",
            "không có gì bất thường trong {lines} dòng đã đọc, nhưng chưa đọc hết"
        );
        return Outcome::new(check, Status::Unknown, words);
    }
    let words = say!("nothing unusual in {lines} lines around the errors", "không có gì bất thường trong {lines} dòng quanh lúc lỗi");
    Outcome::new(check, Status::Pass, words).brief(say!("nothing unusual", "bình thường"))
}

/// The last part of a name, for ids.
fn short(name: &str) -> String {
    let tail = name.trim_end_matches('/').rsplit('/').next().unwrap_or(name);
    tail.chars().filter(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c)).take(48).collect()
}

/// The time of the first count at or after `from`.
fn first_from(counts: &[(Time, u32)], from: Time) -> Option<Time> {
    counts.iter().find(|(t, n)| *t >= from && *n > 0).map(|(t, _)| *t)
}

#[cfg(test)]
#[path = "app_log/tests.rs"]
mod tests;
