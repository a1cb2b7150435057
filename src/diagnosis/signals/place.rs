//! Where the failures are, as signals.

use super::Asked;
use crate::analysis::grid;
use crate::analysis::localisation::Share;
use crate::analysis::scene::{LogView, Scene, address};
use crate::case::addresses::Addresses;
use crate::case::events::{Event, EventSource};
use crate::case::topology::Instance;
use crate::checks::Value;
use crate::say;
use crate::time::{Time, Window};
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
    let (of_targets, either) = (target_zones(scene), through_zones(scene));
    let stands_out = |s: &[Share]| s.len() >= 2 && s[0].share >= 0.85 && s[0].expected.is_none_or(|e| e <= 0.65);
    if let Some(top) = either.first().filter(|_| !stands_out(shares) && !stands_out(&of_targets)) {
        let (name, percent) = (&top.name, 100.0 * top.share);
        let words = say!(
            "{percent:.0} % of the failed connections came from the node in {name} or went to targets there",
            "{percent:.0} % kết nối lỗi xuất phát từ node ở {name} hoặc đi tới target ở đó"
        );
        return asked.yes("one-zone", 0.9, words, values(&either));
    }
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

/// A zone that is in trouble as a whole fails for its node and for its targets: the zone that nearly every
/// failed connection touches at one end, if others go free.
fn through_zones(scene: &Scene) -> Vec<Share> {
    let Some(log) = &scene.log else { return Vec::new() };
    let addresses = scene.case.derived::<Addresses>();
    let of_target: Vec<Option<&str>> = log.roster.names().map(|name| addresses.zone(address(name))).collect();
    let mut ends: BTreeMap<(&str, &str), (f64, BTreeSet<usize>)> = BTreeMap::new();
    for (number, row) in log.failed_connections(&scene.windows) {
        let (Some(node), Some(target)) = (addresses.zone(&row.node), of_target[number]) else { continue };
        let entry = ends.entry((node, target)).or_default();
        entry.0 += row.count as f64;
        entry.1.insert(number);
    }
    let all: f64 = ends.values().map(|e| e.0).sum();
    let zones = addresses.zones();
    let free = (1.0 - 1.0 / zones.len().max(1) as f64).powi(2);
    let touched = |zone: &&str| {
        let errors: f64 = ends.iter().filter(|((n, t), _)| n == zone || t == zone).map(|(_, e)| e.0).sum();
        let targets = |there: bool| ends.iter().filter(|((_, t), _)| (t == zone) == there).map(|(_, e)| e.1.len()).sum::<usize>();
        let alone = all >= 50.0 && 1.0 - errors / all <= 0.1 * free && targets(true) >= 2 && targets(false) >= 1;
        alone.then(|| Share { name: (*zone).into(), errors, share: errors / all, expected: Some(1.0 - free) })
    };
    let found: Vec<Share> = zones.iter().filter_map(touched).collect();
    if found.len() == 1 { found } else { Vec::new() }
}

/// Failing targets by the zone they are in; of one lonely target nothing is said.
fn target_zones(scene: &Scene) -> Vec<Share> {
    let addresses = scene.case.derived::<Addresses>();
    let mut zones: BTreeMap<&str, (f64, f64, usize)> = BTreeMap::new();
    for target in &scene.analysis.place.targets {
        let Some(zone) = addresses.zone(address(&target.name)) else { continue };
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

/// Whether a target is of the group in question, as the log tells.
fn of_group(scene: &Scene, log: &LogView) -> impl Fn(&str) -> bool + use<> {
    let named = scene.target_group().map(|g| g.name.to_string());
    let is_named = |group: &str| named.as_ref().is_none_or(|n| group == n);
    let (log, roster) = (log.log, log.roster.clone());
    let mut ours = vec![false; roster.len()];
    let all = Window { start: Time::MIN_UTC, end: Time::MAX_UTC };
    roster.requests(log, all).filter(|(_, r)| is_named(&r.group)).for_each(|(target, _)| ours[target] = true);
    roster.failures(log, all).filter(|(_, r)| is_named(&r.group)).for_each(|(target, _)| ours[target] = true);
    let none = !ours.contains(&true);
    move |target| none || roster.number(target).is_some_and(|n| ours[n])
}

fn targets(asked: &mut Asked, log: &LogView) {
    let ours = of_group(asked.scene, log);
    let shares: Vec<Share> = asked.scene.analysis.place.targets.iter().filter(|s| ours(&s.name)).cloned().collect();
    let shares = &shares;
    let serving = shares.iter().filter(|s| s.expected.is_none_or(|e| e > 0.005) || s.errors > 0.0).count();
    if serving < 2 || shares.is_empty() {
        return;
    }
    let failing = shares.iter().filter(|s| s.share >= (0.3 / serving as f64).min(0.03)).count();
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
    // In a large fleet that fails one after another each has a small share.
    let least = (0.25 / log.by_target.len().max(1) as f64).min(0.03) * log.connections();
    let noticeable = |name: &str| log.by_target.get(name).is_some_and(|(a, b)| (a + b) as f64 >= least);
    let noticeable: Vec<bool> = log.roster.names().map(noticeable).collect();
    let mut spans: BTreeMap<usize, (&str, (Time, Time))> = BTreeMap::new();
    for (target, row) in log.failed_connections(&scene.windows).filter(|(target, _)| noticeable[*target]) {
        let (_, span) = spans.entry(target).or_insert((&row.target, (row.minute, row.minute)));
        *span = (span.0.min(row.minute), span.1.max(row.minute));
    }
    spans.into_values().collect()
}

/// In turn: the beginnings are spread over longer than one target fails.
fn one_after_another(asked: &mut Asked, log: &LogView) {
    let spans: Vec<(Time, Time)> = spans(asked.scene, log).into_values().collect();
    let n = spans.len();
    if n < 2 {
        return asked.no("one-after-another", 0.7, say!("only {n} target failed", "chỉ {n} target bị lỗi"), Vec::new());
    }
    let minutes = |(first, last): &(Time, Time)| (*last - *first).num_minutes() as f64 + 1.0;
    let each = grid::median(spans.iter().map(minutes).collect()).unwrap_or(1.0);
    let beginnings: BTreeSet<Time> = spans.iter().map(|s| s.0).collect();
    let spread = beginnings.first().zip(beginnings.last()).map_or(0, |(a, b)| (*b - *a).num_minutes()) as f64;
    let words = say!(
        "{n} targets failed for {each:.0} min each, the last of them {spread:.0} min after the first",
        "{n} target bị lỗi, mỗi target {each:.0} phút, target cuối sau target đầu {spread:.0} phút"
    );
    let values = vec![Value::new("targets", n as f64), Value::new("each", each).unit("min"), Value::new("spread", spread).unit("min")];
    let in_turn = beginnings.len() >= 3 && spread >= each.max(2.0) && each <= 5.0;
    if in_turn && n >= 3 {
        asked.yes("one-after-another", 1.0, words, values);
    } else if n == 2 && spread >= each.max(2.0) {
        asked.yes("one-after-another", 0.5, words, values);
    } else if spread <= 1.0 || each >= 2.0 * spread {
        asked.no("one-after-another", 1.0, words, values);
    } else {
        asked.unknown("one-after-another", words);
    }
}

/// When each target was first seen: its first request in the log, unless the log begins there; its launch.
fn first_seen(log: &LogView, target: &str, instance: Option<&Instance>) -> Option<Time> {
    let begins = log.log.window.map(|w| w.start).or_else(|| log.log.requests.first().map(|r| r.minute));
    let first = log.roster.first_seen(target)?;
    let launched = instance.and_then(|i| i.launch_time);
    let certain = begins.is_some_and(|b| first > b + Duration::minutes(5));
    match (certain, launched) {
        (true, Some(launch)) => Some(first.max(launch)),
        (true, None) => Some(first),
        (false, launch) => launch.filter(|l| *l <= first + Duration::minutes(1)).or(begins),
    }
}

fn young(asked: &mut Asked, log: &LogView) {
    let scene = asked.scene;
    let (spans, addresses) = (spans(scene, log), scene.case.derived::<Addresses>());
    let (mut young, mut old) = (0.0, 0.0);
    for (target, (first, _)) in &spans {
        let instance = addresses.instance(scene.case, address(target));
        let Some(seen) = first_seen(log, target, instance) else { continue };
        let (refused, silent) = log.by_target.get(target).copied().unwrap_or_default();
        // A machine that restarts keeps its launch time or has a new one; what counts is that nobody asked it before.
        let is_new = *first - seen <= YOUNG && seen > scene.around.start && !was_asked_before(log, target, *first - YOUNG);
        let is_young = is_new && came_lately(scene, target, instance, *first);
        *(if is_young { &mut young } else { &mut old }) += (refused + silent) as f64;
    }
    let Some(oldest) = others_are_old(scene, log, &spans) else { return };
    // Those that were registered and unhealthy all along were only not asked until now.
    let sick = scene.healthy_key().and_then(|k| scene.grid(&grid::beside(&k, "UnHealthyHostCount")).median(scene.before)).unwrap_or(0.0);
    if sick >= 1.0 && sick + 0.5 >= spans.len() as f64 {
        (young, old) = (0.0, young + old);
    }
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

/// Whether a target was registered shortly before `t`; who never got a request before may still have been there.
fn came_lately(scene: &Scene, target: &str, instance: Option<&Instance>, t: Time) -> bool {
    let ip = address(target);
    let since = t - YOUNG - Duration::minutes(5);
    if instance.and_then(|i| i.launch_time).is_some_and(|l| l >= since) {
        return true;
    }
    let names = |e: &Event| e.resources.iter().any(|r| **r == *ip || instance.is_some_and(|i| **r == *i.id));
    let registered = |e: &Event| &*e.name == "RegisterTargets" && e.error.is_none() && since <= e.at && e.at <= t + Duration::minutes(1);
    if scene.case.events.values().any(|e| registered(e) && names(e)) {
        return true;
    }
    let read = scene.case.reaches.get(&EventSource::CloudTrail);
    !read.is_some_and(|r| r.from <= since && r.settled_until >= t)
}

fn was_asked_before(log: &LogView, target: &str, t: Time) -> bool {
    log.roster.first_asked(target).is_some_and(|first| first < t)
}

/// How many targets have been asked since before the errors; without any, all are new.
fn others_are_old(scene: &Scene, log: &LogView, failing: &BTreeMap<&str, (Time, Time)>) -> Option<usize> {
    let mut before = vec![false; log.roster.len()];
    log.roster.requests(log.log, scene.before).for_each(|(target, _)| before[target] = true);
    let n = before.into_iter().filter(|asked| *asked).count();
    (n > 0 || failing.is_empty()).then_some(n)
}

fn gone(asked: &mut Asked, log: &LogView) {
    let scene = asked.scene;
    let registered: BTreeSet<&str> = scene.case.target_health.values().filter(|t| t.state != "draining").map(|t| t.id.as_str()).collect();
    if registered.is_empty() {
        return;
    }
    let addresses = scene.case.derived::<Addresses>();
    let is_here = |target: &str| {
        let ip = address(target);
        registered.contains(ip) || addresses.instance(scene.case, ip).is_some_and(|i| registered.contains(i.id.as_str()))
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
