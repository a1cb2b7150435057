//! How requests failed: from the access log line by line, or, without one, from the balancer's own codes,
//! which tell refused (502) from unanswered (504) when they move with the errors.

use super::Asked;
use crate::accesslog::Signature;
use crate::analysis::grid;
use crate::analysis::scene::{LogView, Scene};
use crate::checks::Value;
use crate::say;
use crate::time::{Time, Window};
use chrono::Duration;
use std::collections::BTreeMap;

/// Fewer failures than this have no typical way of failing.
const LEAST: f64 = 5.0;
/// How sure the balancer's codes are, compared with the log.
const BY_CODES: f64 = 0.75;

pub(super) fn ask(asked: &mut Asked) {
    connection_failures(asked);
    let scene = asked.scene;
    match scene.log.as_ref().filter(|l| l.all() >= LEAST) {
        Some(log) => {
            from_log(asked, log);
            if scene.is_real() && log.connections() >= LEAST {
                order(asked, log);
                successes(asked, log);
                lost_syns(asked, log);
            }
        }
        None => from_codes(asked),
    }
    tls(asked);
}

fn connection_failures(asked: &mut Asked) {
    let (scene, total) = (asked.scene, asked.scene.total());
    if scene.errors.is_blank() {
        return;
    }
    let values = vec![Value::new("TargetConnectionErrorCount", total).unit("errors")];
    let n = scene.analysis.episodes.iter().filter(|e| !e.isolated).count();
    if scene.is_real() {
        let words = say!(
            "{total} connections from the balancer to targets failed, in {n} stretch(es)",
            "{total} kết nối từ load balancer tới target bị lỗi, trong {n} đợt"
        );
        asked.yes("connection-failures", 1.0, words, values);
    } else if !is_known_to_the_end(scene) {
        let words = say!(
            "what happened in the last minutes is not known: no requests were counted",
            "không rõ những phút cuối: không đếm được request nào"
        );
        asked.unknown("connection-failures", words);
    } else if is_much(scene, total) {
        let words = say!(
            "{total} connections to targets failed, all the time rather than in a stretch that stands out",
            "{total} kết nối tới target bị lỗi, rải suốt chứ không thành đợt nổi bật"
        );
        asked.unknown("connection-failures", words);
    } else {
        let words = say!(
            "only {total} connections to targets failed, no more than the usual background",
            "chỉ {total} kết nối tới target bị lỗi, không hơn mức nền thường ngày"
        );
        asked.no("connection-failures", if total > 5.0 { 0.8 } else { 1.0 }, words, values);
    }
}

/// Whether the last quarter of an hour of what is looked at was counted.
fn is_known_to_the_end(scene: &Scene) -> bool {
    let Some(end) = scene.analysis.window.map(|w| w.end.min(scene.data_end())) else { return false };
    let last = Window { start: end - Duration::minutes(15), end };
    let known = scene.errors.numbers(last).count() as i64 * i64::from(scene.errors.period);
    known >= 600
}

/// So many that they cannot be called the strays of any busy balancer, though no stretch stands out.
fn is_much(scene: &Scene, total: f64) -> bool {
    let requests: f64 = scene.windows.iter().filter_map(|w| scene.requests.sum(*w)).sum();
    let of_requests = if requests > 0.0 { total >= 30.0 && total >= 0.01 * requests } else { total >= 100.0 };
    let (all, minutes) = (scene.errors.sum(scene.looked).unwrap_or(total), scene.looked.span().num_minutes() as f64);
    of_requests || usual_rate(scene).is_some_and(|rate| is_more_than(all, rate * minutes))
}

/// Beyond what chance makes of an expected number.
fn is_more_than(total: f64, expected: f64) -> bool {
    total > 8.0 && total > expected + 4.0 * expected.sqrt() + 4.0
}

/// Errors a minute on earlier days, from at least a few hours of them.
fn usual_rate(scene: &Scene) -> Option<f64> {
    let track = scene.case.series.get(scene.errors_key.as_ref()?)?;
    let before = track.stretches().iter().filter(|s| s.time(s.values.len()) <= scene.looked.start);
    let longest = before.max_by_key(|s| s.values.len() as u64 * u64::from(s.period))?;
    let minutes = longest.values.len() as f64 * f64::from(longest.period) / 60.0;
    let errors: f64 = longest.values.iter().filter(|v| !v.is_nan()).sum();
    (minutes >= 120.0).then_some(errors / minutes)
}

fn from_log(asked: &mut Asked, log: &LogView) {
    // Strays fail in all ways; only a stretch has a way of failing.
    let connections = if asked.scene.is_real() { log.connections() } else { 0.0 };
    if connections >= LEAST {
        kinds(asked, log.count(Signature::Refused), log.count(Signature::ConnectTimeout), 1.0, "access log", "access log");
    }
    let mut of = counts(asked.scene, log);
    if !asked.scene.is_real() && is_passing(&own_errors(asked.scene, Some(log))) {
        of.remove(&Signature::App5xx);
    }
    let all = of.values().sum::<f64>().max(1.0);
    for (id, signature) in [
        ("keepalive-cuts", Signature::KeepaliveRace),
        ("slow-answers", Signature::SlowTarget),
        ("app-errors", Signature::App5xx),
        ("no-target-503", Signature::NoTarget),
        ("auth-waf-lambda-errors", Signature::Other5xx),
    ] {
        let n = of.get(&signature).copied().unwrap_or(0.0);
        let percent = 100.0 * n / all;
        let name = signature.id();
        let words = say!(
            "{percent:.0} % of {all:.0} failed requests in the access log are “{name}” ({n:.0})",
            "{percent:.0} % trong {all:.0} request lỗi của access log là “{name}” ({n:.0})"
        );
        let values = vec![Value::new(name, n).unit("requests"), Value::new("failures", all).unit("requests")];
        let enough = if n >= 10.0 && connections < 0.3 * all { percent } else { percent.min(25.0) };
        asked.grade(id, enough, 50.0, 25.1, words, values);
    }
}

/// Whether the application's own errors were few of its requests and soon over: every application has such
/// minutes, and nobody is called for them.
fn is_passing(minutes: &[(f64, f64)]) -> bool {
    let usual = grid::median(minutes.iter().map(|m| m.0).collect()).unwrap_or(0.0);
    let chance = usual + 5.0 * usual.sqrt() + 3.0;
    let bad: Vec<&(f64, f64)> = minutes.iter().filter(|m| m.0 > chance).collect();
    let (errors, requests) = bad.iter().fold((0.0, 0.0), |(e, r), m| (e + m.0, r + m.1));
    bad.len() < 8 && errors <= 0.04 * requests
}

/// The application's 5xx and all requests by minute: from the log, or as the balancer counts them.
fn own_errors(scene: &Scene, log: Option<&LogView>) -> Vec<(f64, f64)> {
    let Some(window) = scene.analysis.window else { return Vec::new() };
    let mut minutes: BTreeMap<Time, (f64, f64)> = BTreeMap::new();
    if let Some(log) = log {
        for row in log.log.failures_in(window).iter().filter(|r| r.signature == Signature::App5xx) {
            minutes.entry(row.minute).or_default().0 += row.count as f64;
        }
        for row in log.log.requests_in(window) {
            minutes.entry(row.minute).or_default().1 += (row.ok + row.failed) as f64;
        }
    } else if let Some(key) = scene.key("HTTPCode_Target_5XX_Count") {
        let requests = scene.grid(&grid::beside(&key, "RequestCount"));
        for (t, n) in scene.grid(&key).numbers(window) {
            minutes.insert(t, (n, requests.at(t).number().unwrap_or(0.0)));
        }
    }
    minutes.into_values().collect()
}

/// Failures by signature: in the stretches of errors, or, where connections did not fail, what stands out of
/// each signature's own usual number a minute.
fn counts(scene: &Scene, log: &LogView) -> BTreeMap<Signature, f64> {
    let ours = |s: &Signature| *s != Signature::ClientGone;
    if scene.is_real() {
        return log.by_signature.iter().filter(|(s, _)| ours(s)).map(|(s, n)| (*s, *n as f64)).collect();
    }
    let Some(window) = scene.analysis.window else { return BTreeMap::new() };
    let mut minutes: BTreeMap<Signature, BTreeMap<Time, f64>> = BTreeMap::new();
    for row in log.log.failures_in(window).iter().filter(|r| ours(&r.signature)) {
        *minutes.entry(row.signature).or_default().entry(row.minute).or_default() += row.count as f64;
    }
    let length = window.span().num_minutes().max(1) as usize;
    let standing_out = |signature: Signature, by_minute: BTreeMap<Time, f64>| {
        let mut all: Vec<f64> = by_minute.into_values().collect();
        all.resize(length.max(all.len()), 0.0);
        let usual = grid::median(all.clone()).unwrap_or(0.0);
        // Applications answer the odd 5xx and balancers lose the odd connection; of other failures any is news.
        let strays = matches!(signature, Signature::App5xx | Signature::Refused | Signature::ConnectTimeout);
        let odd = if strays || usual > 0.0 { 2.0 } else { 0.0 };
        all.into_iter().map(|n| (n - 2.0 * usual - odd).max(0.0)).sum()
    };
    minutes.into_iter().map(|(s, by_minute)| (s, standing_out(s, by_minute))).collect()
}

/// Refused, unanswered, or both.
fn kinds(asked: &mut Asked, refused: f64, unanswered: f64, sure: f64, source: &str, source_vi: &str) {
    let all = refused + unanswered;
    let share = 100.0 * refused / all;
    let other = 100.0 - share;
    let values = || vec![Value::new("refused", refused).unit("requests"), Value::new("unanswered", unanswered).unit("requests")];
    let words = say!(
        "{share:.0} % of {all:.0} failed connections were refused at once, {other:.0} % were never answered ({source})",
        "{share:.0} % trong {all:.0} kết nối lỗi bị từ chối ngay, {other:.0} % không được trả lời ({source_vi})"
    );
    for (id, share) in [("refused", share), ("timeouts", other)] {
        match share {
            80.0.. => asked.yes(id, sure, words.clone(), values()),
            60.0.. => asked.yes(id, 0.4 * sure, words.clone(), values()),
            ..=20.0 => asked.no(id, sure, words.clone(), values()),
            ..=40.0 => asked.no(id, 0.4 * sure, words.clone(), values()),
            _ => asked.unknown(id, words.clone()),
        }
    }
    let lesser = share.min(other);
    if lesser >= 12.0 {
        asked.yes("mixed", sure, words, values());
    } else {
        asked.no("mixed", sure, words, values());
    }
}

/// A restart refuses while the application stops, is silent while the machine is down, and refuses again
/// until the application listens.
fn order(asked: &mut Asked, log: &LogView) {
    let mut by_target: Vec<(&str, [Vec<Time>; 2])> = vec![Default::default(); log.roster.len()];
    for (target, row) in log.failed_connections(&asked.scene.windows) {
        let (name, kinds) = &mut by_target[target];
        *name = &row.target;
        kinds[usize::from(row.signature == Signature::ConnectTimeout)].push(row.minute);
    }
    let restarted = |[refused, silent]: &[Vec<Time>; 2]| {
        let (first, last) = (silent.iter().min(), silent.iter().max());
        first.zip(last).is_some_and(|(a, b)| refused.iter().any(|t| t <= a) || (refused.iter().any(|t| t >= b) && b > a))
            && refused.iter().max() >= last
    };
    let found: Vec<&str> = by_target.iter().filter(|(name, kinds)| *name != "-" && restarted(kinds)).map(|(t, _)| *t).collect();
    let values = vec![Value::new("targets", found.len() as f64)];
    match found.first() {
        Some(target) => {
            let words = say!(
                "{target} refused, then was silent, then refused again: the order of a restart",
                "{target} từ chối, rồi im lặng, rồi lại từ chối: đúng trình tự khởi động lại"
            );
            asked.yes("refused-then-timeouts", 1.0, words, values);
        }
        None => asked.no(
            "refused-then-timeouts",
            1.0,
            say!("no target first refused, then was silent, then refused again", "không target nào từ chối, im lặng rồi lại từ chối"),
            values,
        ),
    }
}

/// Whether failing targets answered others in the same minutes; the first and the last minute of a failure
/// are mixed by nature.
fn successes(asked: &mut Asked, log: &LogView) {
    let mut failed: Vec<BTreeMap<Time, u64>> = vec![BTreeMap::new(); log.roster.len()];
    for (target, row) in log.failed_connections(&asked.scene.windows).filter(|(_, r)| r.target != "-") {
        *failed[target].entry(row.minute).or_default() += row.count;
    }
    let (mut ok, mut bad) = (0.0, 0.0);
    let hull = asked.scene.windows.iter().copied().reduce(|a, b| a.hull(&b));
    for (target, row) in hull.into_iter().flat_map(|w| log.roster.requests(log.log, w)) {
        let minutes = &failed[target];
        let inner = minutes.keys().next().is_some_and(|t| *t < row.minute) && minutes.keys().last().is_some_and(|t| *t > row.minute);
        if inner && let Some(n) = minutes.get(&row.minute) {
            (ok, bad) = (ok + row.ok as f64, bad + *n as f64);
        }
    }
    if ok + bad < 10.0 {
        return;
    }
    let percent = 100.0 * ok / (ok + bad);
    let words = say!(
        "while they failed, the failing targets still answered {percent:.0} % of their requests",
        "trong lúc lỗi, các target đó vẫn trả lời {percent:.0} % request của mình"
    );
    asked.grade("successes-mixed", percent, 25.0, 6.0, words, vec![Value::new("answered", percent).unit("%")]);
    // A dead process resets what was open; a firewall that rejects new connections lets it live.
    if asked.is_yes("refused") {
        let words = say!(
            "targets that refused connections answered {percent:.0} % of their requests in the same minutes",
            "target từ chối kết nối vẫn trả lời {percent:.0} % request trong cùng những phút đó"
        );
        asked.grade("refuses-some", percent, 20.0, 10.0, words, vec![Value::new("answered", percent).unit("%")]);
    }
}

fn lost_syns(asked: &mut Asked, log: &LogView) {
    let rows = log.log.requests_in(asked.scene.near).iter();
    let (ok, retried) = rows.fold((0.0, 0.0), |(a, b), r| (a + r.ok as f64, b + r.syn_retries as f64));
    if ok < 500.0 {
        return;
    }
    let percent = 100.0 * retried / ok;
    let words = say!(
        "{retried} of {ok} answered requests took about 1, 3 or 7 s to connect: lost and sent again",
        "{retried} trong {ok} request thành công mất khoảng 1, 3 hay 7 giây để kết nối: gói bị mất và gửi lại"
    );
    let values = vec![Value::new("connected again", retried).unit("requests"), Value::new("answered", ok).unit("requests")];
    asked.grade("lost-syns", if retried >= 10.0 { percent } else { 0.0 }, 0.5, 0.1, words, values);
}

/// A code's count in the stretches beyond what it usually is.
fn excess(scene: &Scene, metric: &str) -> Option<f64> {
    let key = scene.key(metric)?;
    let grid = scene.grid(&key);
    if grid.is_blank() {
        return None;
    }
    let numbers = || scene.windows.iter().flat_map(|w| grid.numbers(*w)).map(|(_, v)| v);
    if scene.is_real() {
        let usual = grid.mean(scene.before).unwrap_or(0.0);
        return Some(numbers().map(|v| v - usual).sum::<f64>().max(0.0));
    }
    let usual = grid::median(numbers().collect()).unwrap_or(0.0);
    Some(numbers().map(|v| (v - 2.0 * usual - 2.0).max(0.0)).sum())
}

fn from_codes(asked: &mut Asked) {
    let scene = asked.scene;
    let (bad_gateway, timeout) = (excess(scene, "HTTPCode_ELB_502_Count"), excess(scene, "HTTPCode_ELB_504_Count"));
    let unavailable = excess(scene, "HTTPCode_ELB_503_Count");
    let total = scene.total();
    if let (Some(bad), Some(late)) = (bad_gateway, timeout) {
        if scene.is_real() && bad + late >= LEAST && bad + late >= 0.3 * total {
            kinds(asked, bad, late, BY_CODES, "by the balancer's 502 and 504", "theo mã 502 và 504 của load balancer");
        }
        alone(asked, "keepalive-cuts", bad, total + late, "HTTPCode_ELB_502_Count");
        alone(asked, "slow-answers", late, total + bad, "HTTPCode_ELB_504_Count");
    }
    if let Some(n) = unavailable {
        alone(asked, "no-target-503", n, total, "HTTPCode_ELB_503_Count");
    }
    let own = excess(scene, "HTTPCode_Target_5XX_Count").filter(|_| scene.is_real() || !is_passing(&own_errors(scene, None)));
    if let Some(n) = own {
        alone(asked, "app-errors", n, total + bad_gateway.unwrap_or(0.0) + timeout.unwrap_or(0.0), "HTTPCode_Target_5XX_Count");
    }
    if let Some(n) = excess(scene, "HTTPCode_ELB_500_Count") {
        alone(asked, "auth-waf-lambda-errors", n, total, "HTTPCode_ELB_500_Count");
    }
}

/// A code that comes without the errors that would explain it.
fn alone(asked: &mut Asked, id: &'static str, n: f64, explained: f64, code: &str) {
    let words = say!(
        "{code} counts {n:.0} beside {explained:.0} failures of other kinds",
        "{code} là {n:.0}, bên cạnh {explained:.0} lỗi loại khác"
    );
    let values = vec![Value::new(code, n), Value::new("other failures", explained)];
    if n >= 10.0 && explained < 0.3 * n {
        asked.yes(id, BY_CODES, words, values);
    } else if n < LEAST || explained > n {
        asked.no(id, BY_CODES, words, values);
    } else {
        asked.unknown(id, words);
    }
}

fn tls(asked: &mut Asked) {
    let scene = asked.scene;
    let counted = scene.sum("TargetTLSNegotiationErrorCount");
    let logged = scene.log.as_ref().map(|l| l.count(Signature::Tls));
    let Some(n) = counted.into_iter().chain(logged).reduce(f64::max) else { return };
    let total = scene.total();
    let words = say!(
        "{n} TLS handshakes with targets failed, beside {total} failed connections",
        "{n} lần bắt tay TLS với target bị lỗi, bên cạnh {total} kết nối lỗi"
    );
    let values = vec![Value::new("TargetTLSNegotiationErrorCount", n), Value::new("TargetConnectionErrorCount", total)];
    if n >= LEAST && n >= 0.3 * total {
        asked.yes("tls-errors", 1.0, words, values);
    } else {
        asked.no("tls-errors", 1.0, words, values);
    }
}
