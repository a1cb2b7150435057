//! Where the failures are, as signals.

use super::Asked;
use crate::accesslog::Signature;
use crate::analysis::localisation::Share;
use crate::analysis::scene::{LogView, Scene, address};
use crate::checks::Value;
use crate::say;
use crate::time::Time;
use chrono::Duration;
use std::collections::{BTreeMap, BTreeSet};

/// A target that has been there less than this is new.
const YOUNG: Duration = Duration::minutes(15);

pub(super) fn ask(asked: &mut Asked) {
    let scene = asked.scene;
    if !scene.is_real() {
        return;
    }
    zones(asked);
    groups(asked);
    match scene.log.as_ref().filter(|l| l.connections() >= 5.0) {
        Some(log) => {
            targets(asked, log);
            node(asked);
            one_after_another(asked, log);
            young(asked, log);
            gone(asked, log);
        }
        None => by_flags(asked),
    }
}

fn values(shares: &[Share]) -> Vec<Value> {
    shares.iter().take(6).map(|s| Value::new(s.name.clone(), s.errors).unit("errors")).collect()
}

/// One zone of the balancer's nodes, or one zone of the targets: either way of standing out counts.
fn zones(asked: &mut Asked) {
    let scene = asked.scene;
    let shares = &scene.analysis.place.zones;
    let of_targets = target_zones(scene);
    let stands_out = |s: &[Share]| s.len() >= 2 && s[0].share >= 0.85 && s[0].expected.is_none_or(|e| e <= 0.65);
    let best = [shares, &of_targets].into_iter().find(|s| stands_out(s)).or([shares, &of_targets].into_iter().find(|s| s.len() >= 2));
    let Some(best) = best else { return };
    let (top, percent) = (&best[0].name, 100.0 * best[0].share);
    let fair = best[0].expected.map(|e| format!("{:.0} %", 100.0 * e)).unwrap_or_else(|| "?".into());
    let words = say!(
        "{percent:.0} % of the errors are in {top}, which gets {fair} of the requests",
        "{percent:.0} % lỗi nằm ở {top}, nơi nhận {fair} số request"
    );
    if stands_out(best) {
        asked.yes("one-zone", 1.0, words, values(best));
    } else if best[0].share <= best[0].expected.unwrap_or(0.5) + 0.2 {
        asked.no("one-zone", 1.0, words, values(best));
    } else {
        asked.unknown("one-zone", words);
    }
}

/// Failing targets by the zone they are in; of one lonely target nothing is said.
fn target_zones(scene: &Scene) -> Vec<Share> {
    let zone_of: BTreeMap<&str, &str> = scene
        .case
        .instances
        .values()
        .filter_map(|i| Some((i.private_ip.as_deref()?, i.zone.as_str())))
        .chain(scene.case.interfaces.values().map(|i| (i.private_ip.as_str(), i.zone.as_str())))
        .chain(scene.case.target_health.values().filter_map(|t| Some((t.id.as_str(), t.zone.as_deref()?))))
        .collect();
    let mut zones: BTreeMap<&str, (f64, f64, usize)> = BTreeMap::new();
    for target in &scene.analysis.place.targets {
        let Some(zone) = zone_of.get(address(&target.name)) else { continue };
        let entry = zones.entry(zone).or_default();
        entry.0 += target.errors;
        entry.1 += target.expected.unwrap_or(0.0);
        entry.2 += usize::from(target.share >= 0.03);
    }
    let all: f64 = zones.values().map(|z| z.0).sum();
    if all <= 0.0 || zones.values().map(|z| z.2).max().unwrap_or(0) < 2 {
        return Vec::new();
    }
    let mut out: Vec<Share> = zones
        .into_iter()
        .map(|(z, (errors, expected, _))| Share {
            name: z.into(),
            errors,
            share: errors / all,
            expected: (expected > 0.0).then_some(expected),
        })
        .collect();
    out.sort_by(|a, b| b.errors.total_cmp(&a.errors).then_with(|| a.name.cmp(&b.name)));
    out
}

fn groups(asked: &mut Asked) {
    let shares = &asked.scene.analysis.place.groups;
    let busy: Vec<&Share> = shares.iter().filter(|s| s.expected.is_none_or(|e| e >= 0.03)).collect();
    if busy.len() < 2 {
        return;
    }
    let failing = busy.iter().filter(|s| s.share >= 0.2 * s.expected.unwrap_or(1.0 / busy.len() as f64) && s.errors > 0.0).count();
    let n = busy.len();
    let words = say!("{failing} of {n} target groups with traffic have errors", "{failing} trong {n} target group có traffic bị lỗi");
    if failing == n {
        asked.yes("all-groups", 1.0, words, values(shares));
    } else {
        asked.no("all-groups", 1.0, words, values(shares));
    }
}

fn targets(asked: &mut Asked, log: &LogView) {
    let shares = &asked.scene.analysis.place.targets;
    let serving = shares.iter().filter(|s| s.expected.is_none_or(|e| e > 0.005) || s.errors > 0.0).count();
    if serving < 2 || shares.is_empty() {
        return;
    }
    let failing = shares.iter().filter(|s| s.share >= 0.03 && s.share >= 0.15 / serving as f64).count();
    let (top, percent) = (&shares[0].name, 100.0 * shares[0].share);
    let words = say!(
        "{failing} of {serving} targets failed; {top} has {percent:.0} % of the failed connections",
        "{failing} trong {serving} target bị lỗi; {top} chiếm {percent:.0} % kết nối lỗi"
    );
    let sure = if log.connections() >= 20.0 { 1.0 } else { 0.6 };
    let alone = shares[0].share >= 0.85 && failing <= 1 + serving / 20;
    let all = failing as f64 >= 0.8 * serving as f64;
    for (id, holds, not) in
        [("one-target", alone, failing >= 2 && shares[0].share < 0.7), ("all-targets", all, (failing as f64) < 0.6 * serving as f64)]
    {
        if holds {
            asked.yes(id, sure, words.clone(), values(shares));
        } else if not {
            asked.no(id, sure, words.clone(), values(shares));
        } else {
            asked.unknown(id, words.clone());
        }
    }
}

/// Without a log: the balancer's own anomaly counts.
fn by_flags(asked: &mut Asked) {
    let scene = asked.scene;
    let mut keys = scene.case.series.of("AnomalousHostCount").map(|(k, _)| k);
    let Some(key) = keys.find(|k| k.group() == scene.group.as_deref() && k.zone().is_none()) else { return };
    let grid = scene.grid(key);
    let Some((at, most)) = grid.largest(scene.near) else { return };
    let usual = grid.median(scene.before).unwrap_or(0.0);
    let words = say!(
        "the balancer saw up to {most} target(s) fail more than their peers",
        "load balancer thấy tối đa {most} target lỗi hơn các target khác"
    );
    let values = vec![Value::new("AnomalousHostCount", most).at(at)];
    if most == 1.0 && usual < 1.0 {
        asked.yes("one-target", 0.6, words, values);
    } else if most >= 2.0 {
        asked.no("one-target", 0.5, words, values);
    }
}

fn node(asked: &mut Asked) {
    let scene = asked.scene;
    let shares = &scene.analysis.place.nodes;
    let nodes = scene.case.load_balancer.as_ref().map_or(shares.len(), |lb| lb.zones.len()).max(shares.len());
    if nodes < 2 || shares.is_empty() || shares.iter().map(|s| s.errors).sum::<f64>() < 20.0 {
        return;
    }
    let (name, percent) = (&shares[0].name, 100.0 * shares[0].share);
    let words = say!(
        "{percent:.0} % of the failed connections came from balancer node {name}, of {nodes} or more nodes",
        "{percent:.0} % kết nối lỗi xuất phát từ node {name}, trong ít nhất {nodes} node"
    );
    if shares[0].share >= 0.95 {
        asked.yes("one-node", 1.0, words, values(shares));
    } else if shares[0].share < 0.8 {
        asked.no("one-node", 1.0, words, values(shares));
    }
}

/// First and last minute in which each target failed, of those that failed noticeably.
fn spans<'a>(scene: &Scene, log: &'a LogView) -> BTreeMap<&'a str, (Time, Time)> {
    let least = 0.03 * log.connections();
    let noticeable: BTreeSet<&str> = log.by_target.iter().filter(|(_, (a, b))| (a + b) as f64 >= least).map(|(t, _)| *t).collect();
    let mut spans: BTreeMap<&str, (Time, Time)> = BTreeMap::new();
    let connection = |s| matches!(s, Signature::Refused | Signature::ConnectTimeout);
    for row in log.log.failures.iter().filter(|r| connection(r.signature) && noticeable.contains(r.target.as_str())) {
        if scene.windows.iter().any(|w| w.contains(row.minute)) {
            let span = spans.entry(&row.target).or_insert((row.minute, row.minute));
            *span = (span.0.min(row.minute), span.1.max(row.minute));
        }
    }
    spans
}

fn one_after_another(asked: &mut Asked, log: &LogView) {
    let mut spans: Vec<(Time, Time)> = spans(asked.scene, log).into_values().collect();
    spans.sort();
    let n = spans.len();
    if n < 2 {
        return asked.no("one-after-another", 0.7, say!("only {n} target failed", "chỉ {n} target bị lỗi"), Vec::new());
    }
    let in_turn = spans.windows(2).filter(|p| p[1].0 > p[0].0 && p[1].0 >= p[0].1 - Duration::minutes(1)).count();
    let share = in_turn as f64 / (n - 1) as f64;
    let words = say!(
        "{n} targets failed, {in_turn} of them only when the one before had about finished",
        "{n} target bị lỗi, {in_turn} trong đó chỉ bắt đầu khi target trước đã gần xong"
    );
    let values = vec![Value::new("targets", n as f64), Value::new("in turn", in_turn as f64)];
    match share {
        0.6.. if n >= 3 => asked.yes("one-after-another", 1.0, words, values),
        0.6.. => asked.yes("one-after-another", 0.5, words, values),
        ..=0.3 => asked.no("one-after-another", 1.0, words, values),
        _ => asked.unknown("one-after-another", words),
    }
}

/// When each target was first seen: its first request in the log, unless the log begins there; its launch.
fn first_seen(scene: &Scene, log: &LogView, target: &str) -> Option<Time> {
    let begins = log.log.window.map(|w| w.start).or_else(|| log.log.requests.iter().map(|r| r.minute).min());
    let asked = log.log.requests.iter().filter(|r| r.target == target).map(|r| r.minute);
    let failed = log.log.failures.iter().filter(|r| r.target == target).map(|r| r.minute);
    let first = asked.chain(failed).min()?;
    let launched = scene.case.instances.values().find(|i| i.private_ip.as_deref() == Some(address(target))).and_then(|i| i.launch_time);
    let certain = begins.is_some_and(|b| first > b + Duration::minutes(5));
    match (certain, launched) {
        (true, Some(launch)) => Some(first.max(launch)),
        (true, None) => Some(first),
        (false, launch) => launch.filter(|l| *l <= first + Duration::minutes(1)).or(begins),
    }
}

fn young(asked: &mut Asked, log: &LogView) {
    let scene = asked.scene;
    let spans = spans(scene, log);
    let (mut young, mut old) = (0.0, 0.0);
    for (target, (first, _)) in &spans {
        let Some(seen) = first_seen(scene, log, target) else { continue };
        let (refused, silent) = log.by_target.get(target).copied().unwrap_or_default();
        // A machine that restarts keeps its launch time or has a new one; what counts is that nobody asked it before.
        let is_young = *first - seen <= YOUNG && seen > scene.around.start && !was_asked_before(log, target, *first - YOUNG);
        *(if is_young { &mut young } else { &mut old }) += (refused + silent) as f64;
    }
    let Some(oldest) = others_are_old(scene, log, &spans) else { return };
    if young + old < 1.0 {
        return;
    }
    let percent = 100.0 * young / (young + old);
    let words = say!(
        "{percent:.0} % of the failed connections went to targets that had come less than 15 min before; {oldest} older targets were asked, too",
        "{percent:.0} % kết nối lỗi là tới target mới vào chưa đầy 15 phút; {oldest} target cũ hơn cũng nhận request"
    );
    asked.grade("young-targets", percent, 80.0, 25.0, words, vec![Value::new("young", young), Value::new("old", old)]);
}

fn was_asked_before(log: &LogView, target: &str, t: Time) -> bool {
    log.log.requests.iter().any(|r| r.target == target && r.minute < t)
}

/// How many targets have been asked since before the errors; without any, all are new.
fn others_are_old(scene: &Scene, log: &LogView, failing: &BTreeMap<&str, (Time, Time)>) -> Option<usize> {
    let before: BTreeSet<&str> = log.log.requests.iter().filter(|r| scene.before.contains(r.minute)).map(|r| r.target.as_str()).collect();
    let n = before.len();
    (n > 0 || failing.is_empty()).then_some(n)
}

fn gone(asked: &mut Asked, log: &LogView) {
    let scene = asked.scene;
    let registered: BTreeSet<&str> = scene.case.target_health.values().filter(|t| t.state != "draining").map(|t| t.id.as_str()).collect();
    if registered.is_empty() {
        return;
    }
    let by_address: BTreeMap<&str, &str> =
        scene.case.instances.values().filter_map(|i| Some((i.private_ip.as_deref()?, i.id.as_str()))).collect();
    let is_here = |target: &str| {
        let ip = address(target);
        registered.contains(ip) || by_address.get(ip).is_some_and(|id| registered.contains(id))
    };
    let (mut left, mut here) = (0.0, 0.0);
    for (target, (refused, silent)) in &log.by_target {
        *(if is_here(target) { &mut here } else { &mut left }) += (refused + silent) as f64;
    }
    let percent = 100.0 * left / (left + here).max(1.0);
    let words = say!(
        "{percent:.0} % of the failed connections went to targets that are not registered any more or are leaving",
        "{percent:.0} % kết nối lỗi là tới target không còn đăng ký hoặc đang rời đi"
    );
    let values = vec![Value::new("gone", left), Value::new("registered", here)];
    // Long after the incident every fleet has changed.
    let fresh = scene.onset().is_some_and(|o| scene.data_end() - o < Duration::hours(24));
    let percent = if fresh { percent } else { percent.min(50.0) };
    asked.grade("gone-targets", percent, 75.0, 25.0, words, values);
}
