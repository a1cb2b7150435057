//! Signs of trouble in the application's log around the onset.

use super::Asked;
use crate::accesslog::Signature;
use crate::analysis::scene::Scene;
use crate::applog::{AppLog, Joined, Sign, Template};
use crate::checks::Value;
use crate::say;
use crate::time::{Time, Window};
use chrono::Duration;
use std::collections::BTreeSet;

const SIGNS: &[(&str, &[Sign])] = &[
    ("log-oom", &[Sign::OutOfMemory]),
    ("log-limit", &[Sign::TooManyFiles, Sign::WorkerConnections, Sign::ConntrackFull, Sign::EphemeralPorts, Sign::SynFlood]),
    ("log-worker-timeout", &[Sign::WorkerTimeout]),
    ("log-exit", &[Sign::Panic, Sign::AddressInUse]),
    ("log-stopped", &[Sign::Stop]),
    ("log-restart", &[Sign::Start]),
    ("log-boot", &[Sign::Boot]),
    ("log-deployment", &[Sign::Deployment]),
];

/// Requests that must have been looked for.
const FEWEST: u64 = 10;

pub(super) fn ask(asked: &mut Asked) {
    let scene = asked.scene;
    let Some(onset) = scene.onset().filter(|_| scene.is_real()) else { return };
    arrival(asked);
    let near = Window { start: onset - Duration::minutes(5), end: scene.near.end.max(onset + Duration::minutes(2)) };
    let logs: Vec<&AppLog> = scene.case.app_logs.values().filter(|l| l.lines > 0 && covers(l, near)).collect();
    if logs.is_empty() {
        return;
    }
    for (id, signs) in SIGNS {
        sign(asked, id, signs, &logs, near);
    }
    restarts(asked, &logs, near);
    silence(asked, &logs, onset);
    lived_through(asked, &logs);
}

/// Whether the hosts in question are among the writers of the logs: by their names, or since there are as many
/// streams as targets. Of others' logs nothing follows for them.
fn write_here(scene: &Scene, logs: &[&AppLog]) -> bool {
    let streams = || logs.iter().flat_map(|l| &l.streams);
    let targets = if scene.hosts.is_empty() { scene.case.target_health.len() } else { scene.hosts.len() };
    let named = |id: &str| streams().any(|s| s.name.contains(id));
    streams().count() >= targets.max(1) || (scene.knows_failing() && scene.suspects().iter().all(|h| named(h.id)))
}

/// No stream stopped and nothing ended or began: whoever writes the log was there all the time.
fn lived_through(asked: &mut Asked, logs: &[&AppLog]) {
    const ENDS: [&str; 7] = ["log-exit", "log-stopped", "log-restart", "log-restarts", "log-boot", "log-oom", "log-deployment"];
    if let Some(id) = ENDS.into_iter().chain(["log-silent"]).find(|id| asked.is_yes(id)) {
        let what = id.trim_start_matches("log-").replace('-', " ");
        let words = say!("the log shows that something ended or began ({what})", "log cho thấy có gì đó đã dừng hoặc bắt đầu ({what})");
        asked.no("lived-through", 1.0, words, Vec::new());
    } else if asked.is_no("log-silent") && asked.is_no("log-exit") && asked.is_no("log-restart") && write_here(asked.scene, logs) {
        let words = say!(
            "the application wrote its log all through the errors, without a line of ending or starting",
            "ứng dụng vẫn ghi log suốt lúc lỗi, không có dòng dừng hay khởi động nào"
        );
        asked.yes("lived-through", 1.0, words, Vec::new());
    }
}

/// Whether requests whose connection failed are in the application's log after all.
fn arrival(asked: &mut Asked) {
    let scene = asked.scene;
    let joined = || scene.case.app_logs.values().filter_map(|l| l.joined.as_ref());
    let (looked_for, arrived) = joined().map(|j| j.of(Signature::is_failed_connection)).fold((0, 0), |a, b| (a.0.max(b.0), a.1 + b.1));
    let values = vec![Value::new("looked for", looked_for as f64), Value::new("arrived", arrived as f64)];
    let words = say!(
        "{arrived} of {looked_for} requests whose connection failed are in the application's log, by their trace ids",
        "{arrived} trên {looked_for} yêu cầu lỗi kết nối có trong log ứng dụng, theo trace id"
    );
    if looked_for >= FEWEST && arrived * 2 >= looked_for {
        asked.yes("failed-arrived", 1.0, words, values);
    } else if looked_for >= FEWEST && arrived * 20 <= looked_for && joined().any(Joined::tells_absence) {
        asked.no("failed-arrived", 1.0, words, values);
    }
}

/// Whether the application started on several hosts within the same minutes.
fn restarts(asked: &mut Asked, logs: &[&AppLog], near: Window) {
    let started = |t: &&Template| t.sign == Some(Sign::Start) && t.counts.iter().any(|(at, n)| *n > 0 && near.contains(*at));
    let streams: BTreeSet<&str> = logs.iter().flat_map(|l| &l.templates).filter(started).flat_map(|t| &t.streams).map(|s| &**s).collect();
    let n = streams.len();
    let values = vec![Value::new("log streams", n as f64)];
    let words = say!("the application started again on {n} host(s) around then", "ứng dụng khởi động lại trên {n} máy quanh lúc đó");
    if n >= 3 {
        asked.yes("log-restarts", 1.0, words, values);
    } else if !logs.iter().any(|l| l.incomplete) {
        asked.no("log-restarts", 1.0, words, values);
    }
}

fn covers(log: &AppLog, near: Window) -> bool {
    log.window.is_none_or(|w| w.start <= near.start && w.end > near.start + Duration::minutes(5))
}

fn sign(asked: &mut Asked, id: &'static str, signs: &[Sign], logs: &[&AppLog], near: Window) {
    let templates = logs.iter().flat_map(|l| &l.templates).filter(|t| t.sign.is_some_and(|s| signs.contains(&s)));
    let hour_before = Window { start: near.start - Duration::minutes(60), end: near.start };
    let count = |counts: &[(Time, u32)], w: Window| counts.iter().filter(|(t, _)| w.contains(*t)).map(|(_, n)| f64::from(*n)).sum::<f64>();
    let (mut inside, mut usual, mut first, mut sample) = (0.0, 0.0, None::<Time>, String::new());
    for t in templates {
        let n = count(&t.counts, near);
        if n > 0.0 && sample.is_empty() {
            sample = t.pattern.chars().take(120).collect();
        }
        inside += n;
        usual += count(&t.counts, hour_before) * near.span().num_minutes().max(1) as f64 / 60.0;
        first = first.into_iter().chain(t.counts.iter().map(|(t, _)| *t).find(|t| near.contains(*t))).min();
    }
    let values = vec![Value::new("lines", inside), Value::new("usual", usual)];
    if inside >= 1.0 && inside >= 3.0 * usual {
        let clock = first.map(|t| t.format("%H:%M").to_string()).unwrap_or_default();
        let words = say!(
            "the log has {inside:.0} such line(s) from {clock} UTC on: {sample}",
            "log có {inside:.0} dòng như vậy từ {clock} UTC: {sample}"
        );
        asked.yes(id, 1.0, words, values);
    } else if !logs.iter().any(|l| l.incomplete) {
        let what = id.trim_start_matches("log-").replace('-', " ");
        let words =
            say!("no more lines of this kind in the log than usual: {what}", "log không có nhiều dòng loại này hơn thường lệ: {what}");
        asked.no(id, 1.0, words, values);
    }
}

/// Streams that wrote steadily and stopped about when the errors began.
fn silence(asked: &mut Asked, logs: &[&AppLog], onset: Time) {
    let before = Window { start: onset - Duration::minutes(35), end: onset - Duration::minutes(5) };
    let end = asked.scene.near.end.min(onset + Duration::minutes(10)).max(onset + Duration::minutes(2));
    let during = Window { start: onset, end };
    let minutes = |counts: &[(Time, u32)], w: Window| counts.iter().filter(|(t, n)| w.contains(*t) && *n > 0).count() as f64;
    let streams: Vec<_> = logs.iter().flat_map(|l| &l.streams).collect();
    let steady: Vec<_> = streams.iter().filter(|s| minutes(&s.counts, before) >= 20.0).collect();
    if steady.is_empty() {
        return;
    }
    let expected = during.span().num_minutes() as f64;
    let silent: Vec<_> = steady.iter().filter(|s| minutes(&s.counts, during) <= 0.4 * expected).collect();
    let (n, of) = (silent.len(), steady.len());
    let values = vec![Value::new("streams", n as f64)];
    match silent.first() {
        Some(stream) => {
            let name = &stream.name;
            let words = say!(
                "{n} of {of} log streams fell silent when the errors began: {name}",
                "{n} trong {of} luồng log im lặng khi bắt đầu lỗi: {name}"
            );
            asked.yes("log-silent", 1.0, words, values);
        }
        None => asked.no("log-silent", 1.0, say!("all {of} log streams went on", "cả {of} luồng log vẫn ghi đều"), values),
    }
}
