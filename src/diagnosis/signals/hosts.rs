//! The machines: status checks, silence, credits, memory, network allowances, and whether work fell.

use super::Asked;
use crate::analysis::grid::Grid;
use crate::analysis::scene::{Host, Scene};
use crate::analysis::shift::{self, Shift};
use crate::analysis::states::{self, State};
use crate::case::series::SeriesKey;
use crate::case::topology::Instance;
use crate::checks::Value;
use crate::say;
use crate::time::{Time, Window};
use chrono::Duration;
use std::collections::{BTreeMap, HashSet};

/// How long before and after the onset a status check tells of it.
const EARLY: Duration = Duration::minutes(4);
const LATE: Duration = Duration::minutes(12);

/// The status checks that say something different of a machine.
const CHECKS: [(&str, &[&str]); 2] = [
    ("instance-check-failed", &["StatusCheckFailed_Instance"]),
    ("system-check-failed", &["StatusCheckFailed_System", "StatusCheckFailed_AttachedEBS"]),
];

pub(super) fn ask(asked: &mut Asked) {
    spot(asked);
    if !asked.scene.is_real() {
        return CHECKS.iter().for_each(|(id, metrics)| check_beside_quiet(asked, id, metrics));
    }
    CHECKS.iter().for_each(|(id, metrics)| check(asked, id, metrics));
    silent(asked);
    work(asked);
    credits(asked);
    pinned(asked);
    memory(asked);
    allowances(asked);
    sockets(asked);
}

fn of_host(metric: &str, id: &str) -> SeriesKey {
    SeriesKey::new(metric, [("InstanceId", id)])
}

/// What one host's check says around the onset.
enum Checked {
    Failed(Time),
    Passed,
    Unknown,
}

/// What `metrics` say of every host.
struct Watched<'m> {
    metrics: &'m [&'static str],
    window: Window,
    /// Of each metric, by the place of a host in the scene.
    states: Vec<Vec<Option<State>>>,
}

impl<'m> Watched<'m> {
    fn of(scene: &Scene, metrics: &'m [&'static str], window: Window) -> Self {
        Self { metrics, window, states: metrics.iter().map(|m| states::of(scene, m, window, scene.data_end())).collect() }
    }

    fn checked(&self, scene: &Scene, host: &Host) -> Checked {
        let mut states = self.states.iter().filter_map(|of_metric| of_metric[host.place].as_ref());
        if states.clone().any(|s| s.raised.is_some()) {
            return failed(scene, host.id, self.metrics, self.window);
        }
        let known = states.any(|s| s.known * 10 >= s.wanted * 8 && s.wanted > 0);
        if known { Checked::Passed } else { Checked::Unknown }
    }
}

/// Of a host whose check was 1.
fn failed(scene: &Scene, host: &str, metrics: &[&str], window: Window) -> Checked {
    let grids: Vec<Grid> = metrics.iter().map(|m| scene.grid(&of_host(m, host))).filter(|g| !g.is_blank()).collect();
    let first = |g: &Grid| g.numbers(window).find(|(_, v)| *v >= 1.0).map(|(t, _)| t);
    // A check that had failed for long before is no news.
    let chronic = grids.iter().any(|g| g.median(scene.before).is_some_and(|v| v >= 1.0));
    match grids.iter().filter_map(first).min() {
        Some(at) if !chronic => Checked::Failed(at),
        _ => Checked::Passed,
    }
}

fn check(asked: &mut Asked, id: &'static str, metrics: &[&'static str]) {
    let scene = asked.scene;
    let Some(onset) = scene.onset() else { return };
    let window = Window { start: onset - EARLY, end: onset + LATE.max(scene.main().span().min(Duration::minutes(30))) };
    let suspects = scene.suspects();
    let watched = Watched::of(scene, metrics, window);
    let (mut failed, mut passed, mut unknown): (Vec<(&str, Time)>, usize, usize) = (Vec::new(), 0, 0);
    for host in &suspects {
        match watched.checked(scene, host) {
            Checked::Failed(at) => failed.push((host.id, at)),
            Checked::Passed => passed += 1,
            Checked::Unknown => unknown += 1,
        }
    }
    let (n, of) = (failed.len(), suspects.len());
    let name = metrics[0];
    match failed.first() {
        Some((host, at)) => {
            let clock = at.format("%H:%M").to_string();
            let words = say!(
                "{name} was 1 on {n} of {of} targets, first on {host} at {clock} UTC",
                "{name} bằng 1 ở {n} trong {of} target, đầu tiên là {host} lúc {clock} UTC"
            );
            let sure = if scene.knows_failing() || n * 3 >= of { 1.0 } else { 0.6 };
            asked.yes(id, sure, words, vec![Value::new(*host, 1.0).at(*at), Value::new("targets", n as f64)]);
        }
        None if passed > 0 && unknown == 0 => {
            let words = say!("{name} stayed 0 on all {of} targets in question", "{name} luôn bằng 0 ở cả {of} target liên quan");
            asked.no(id, 1.0, words, vec![Value::new("targets", of as f64)]);
        }
        None if passed > unknown => {
            let words = say!(
                "{name} stayed 0 on {passed} of {of} targets; the others have gaps",
                "{name} bằng 0 ở {passed} trong {of} target; số còn lại thiếu dữ liệu"
            );
            asked.no(id, 0.5, words, vec![Value::new("targets", passed as f64)]);
        }
        None => {}
    }
}

/// A check that failed where no errors stand out: it caused none that could be seen, but nothing is not all well.
fn check_beside_quiet(asked: &mut Asked, id: &'static str, metrics: &'static [&'static str]) {
    let scene = asked.scene;
    let watched = Watched::of(scene, metrics, scene.looked);
    let failed = |host| if let Checked::Failed(at) = watched.checked(scene, host) { Some((at, host.id)) } else { None };
    if let Some((at, host)) = scene.hosts.iter().filter_map(failed).min() {
        let (name, at) = (metrics[0], at.format("%H:%M").to_string());
        let words = say!(
            "{name} failed on {host} from {at} UTC, though no stretch of failed connections stands out",
            "{name} lỗi ở {host} từ {at} UTC, dù không có đợt kết nối lỗi nào nổi bật"
        );
        asked.yes(id, 0.5, words, vec![Value::new("targets", 1.0)]);
    }
}

fn silent(asked: &mut Asked) {
    let scene = asked.scene;
    if scene.case.series.of("CPUUtilization").next().is_none() {
        return;
    }
    let silent: Vec<_> = scene.analysis.correlations.iter().filter(|c| c.went_silent).collect();
    let n = silent.len();
    match silent.first() {
        Some(first) => {
            let host = first.key.instance().unwrap_or("?");
            let clock = first.onset.map(|t| t.format("%H:%M").to_string()).unwrap_or_default();
            let words = say!(
                "{n} target(s) stopped reporting CPU and network when the errors began, first {host} at {clock} UTC",
                "{n} target ngừng gửi số liệu CPU và mạng khi bắt đầu lỗi, đầu tiên là {host} lúc {clock} UTC"
            );
            let values = vec![Value::new("targets", n as f64)];
            asked.yes("host-silent", 1.0, words, values);
        }
        None => asked.no("host-silent", 1.0, say!("every target went on reporting", "mọi target vẫn gửi số liệu đều"), Vec::new()),
    }
    stopped_by_call(asked);
    one_zone_silent(asked);
}

/// EC2 keeps the reason of a stop with the instance: there at once, long before CloudTrail has the call.
fn stopped_by_call(asked: &mut Asked) {
    let scene = asked.scene;
    let silent = scene.analysis.correlations.iter().filter(|c| c.went_silent);
    let hosts: Vec<_> = silent.filter_map(|c| scene.case.instances.get(c.key.instance()?)).collect();
    let by_call = |i: &&&Instance| {
        let asked = |r: &str| (r.contains("User initiated") || r.contains("UserInitiated")) && !r.contains("InstanceInitiated");
        i.state != "running" && i.state_reason.as_ref().is_some_and(|r| asked(r))
    };
    // Scaling groups end their instances by the same call; what they did is told by their own diary.
    let by_group = |i: &&Instance| i.state != "stopped" && i.auto_scaling_group.is_some();
    if hosts.iter().any(|i| by_call(&i)) && hosts.iter().all(by_group) {
        return asked.unknown(
            "stopped-by-call",
            say!(
                "ended instances belong to a scaling group, which may have done it",
                "instance đã kết thúc thuộc scaling group, có thể chính nó làm"
            ),
        );
    }
    match hosts.iter().find(by_call) {
        Some(host) => {
            let (id, state, why) = (&host.id, &host.state, host.state_reason.as_deref().unwrap_or_default());
            let words = say!(
                "{id} went silent with the errors and is {state} now: {why}",
                "{id} im lặng cùng lúc với lỗi và nay ở trạng thái {state}: {why}"
            );
            asked.yes("stopped-by-call", 1.0, words, Vec::new());
        }
        None if !hosts.is_empty() => {
            asked.no(
                "stopped-by-call",
                1.0,
                say!("no silent target was stopped through the API", "không target im lặng nào bị dừng qua API"),
                Vec::new(),
            );
        }
        None => {}
    }
}

/// Several machines of one zone dead or failing their checks, none elsewhere.
fn one_zone_silent(asked: &mut Asked) {
    let scene = asked.scene;
    let Some(onset) = scene.onset() else { return };
    let window = Window { start: onset - EARLY, end: onset + LATE };
    let metrics = ["StatusCheckFailed_System", "StatusCheckFailed_Instance", "StatusCheckFailed_AttachedEBS"];
    let watched = Watched::of(scene, &metrics, window);
    let mut zones: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for host in &scene.hosts {
        let Some(zone) = host.instance.map(|i| i.zone.as_str()) else { continue };
        let quiet = scene.analysis.correlations.iter().any(|c| c.went_silent && c.key.instance() == Some(host.id));
        let bad = quiet || matches!(watched.checked(scene, host), Checked::Failed(_));
        let entry = zones.entry(zone).or_default();
        *entry = (entry.0 + usize::from(bad), entry.1 + 1);
    }
    if zones.len() < 2 {
        return;
    }
    let bad: Vec<_> = zones.iter().filter(|(_, (bad, _))| *bad > 0).collect();
    match bad.as_slice() {
        [(zone, (bad, of))] if *bad >= 2 && bad * 2 >= *of => {
            let words = say!(
                "{bad} of {of} machines in {zone} failed together, none in other zones",
                "{bad} trong {of} máy ở {zone} cùng hỏng, zone khác không có máy nào"
            );
            asked.yes("zone-silent", 1.0, words, vec![Value::new(**zone, *bad as f64)]);
        }
        _ => {
            let words = say!("no zone's machines failed together", "không có zone nào mà các máy cùng hỏng");
            asked.no("zone-silent", 1.0, words, Vec::new());
        }
    }
}

fn work(asked: &mut Asked) {
    let scene = asked.scene;
    if !scene.knows_failing() && scene.hosts.len() > 1 {
        return;
    }
    let of = |metric: &str| -> Vec<Shift> { scene.suspects().iter().filter_map(|h| shift::of(scene, &of_host(metric, h.id))).collect() };
    let (cpu, network) = (of("CPUUtilization"), of("NetworkIn"));
    if cpu.is_empty() && network.is_empty() {
        return;
    }
    let fell = |all: &[Shift]| all.iter().filter(|s| s.fell(scene, 0.6)).count();
    let (a, b, n) = (fell(&cpu), fell(&network), cpu.len().max(network.len()));
    let words = say!(
        "of {n} failing targets, CPU fell by more than a third on {a} and NetworkIn on {b}",
        "trong {n} target lỗi, CPU giảm hơn một phần ba ở {a} và NetworkIn ở {b}"
    );
    let values = vec![Value::new("CPU fell", a as f64), Value::new("NetworkIn fell", b as f64)];
    if a.max(b) * 2 >= n {
        asked.yes("work-fell", 1.0, words, values);
    } else if a.max(b) == 0 {
        let coarse = cpu.iter().chain(&network).any(|s| s.period > 60) && scene.length() < 900;
        asked.no("work-fell", if coarse { 0.3 } else { 1.0 }, words, values);
    }
}

fn credits(asked: &mut Asked) {
    let scene = asked.scene;
    let known: Vec<_> = scene.suspects().iter().filter_map(|h| h.instance).collect();
    if !known.is_empty() && known.iter().all(|i| !i.is_burstable()) {
        let words = say!(
            "no target is of a burstable type: there are no CPU credits to run out of",
            "không target nào thuộc loại burstable: không có CPU credit để cạn"
        );
        return asked.no("credits-empty", 1.0, words, Vec::new());
    }
    let unlimited = !known.is_empty() && known.iter().all(|i| !i.is_burstable() || i.credits.as_deref() == Some("unlimited"));
    if unlimited {
        let words = say!(
            "burstable targets run in unlimited mode: they are not throttled",
            "target burstable chạy chế độ unlimited: không bị giảm tốc"
        );
        return asked.no("credits-empty", 0.8, words, Vec::new());
    }
    let balances: Vec<(&str, Time, f64)> = scene
        .suspects()
        .iter()
        .filter_map(|h| {
            let grid = scene.grid(&of_host("CPUCreditBalance", h.id));
            grid.smallest(scene.near.widened(Duration::minutes(5), Duration::zero())).map(|(t, v)| (h.id, t, v))
        })
        .collect();
    let Some((host, at, least)) = balances.iter().copied().min_by(|a, b| a.2.total_cmp(&b.2)) else { return };
    let empty = balances.iter().filter(|b| b.2 <= 3.0).count();
    let n = balances.len();
    let words = say!(
        "CPU credits were down to {least:.1} on {host}; {empty} of {n} burstable targets had none left",
        "CPU credit còn {least:.1} ở {host}; {empty} trong {n} target burstable đã cạn"
    );
    let values = vec![Value::new(host, least).unit("credits").at(at)];
    if empty > 0 {
        asked.yes("credits-empty", if scene.knows_failing() || empty * 2 >= n { 1.0 } else { 0.6 }, words, values);
    } else if least > 8.0 {
        asked.no("credits-empty", 1.0, words, values);
    } else {
        asked.unknown("credits-empty", words);
    }
}

/// Baseline CPU by size for the families that live on credits, in percent.
fn baseline(instance_type: &str) -> Option<f64> {
    let (family, size) = instance_type.split_once('.')?;
    Some(match (family, size) {
        (_, "nano") => 5.0,
        (_, "micro") => 10.0,
        (_, "small") => 20.0,
        ("t2" | "t3" | "t3a" | "t4g", "medium") => 20.0,
        (_, "large") => 30.0,
        (_, "xlarge" | "2xlarge") => 40.0,
        _ => return None,
    })
}

fn pinned(asked: &mut Asked) {
    let scene = asked.scene;
    let mut seen: Option<(&str, f64, f64, f64)> = None;
    for host in scene.suspects() {
        let Some(base) = host.instance.filter(|i| i.is_burstable()).and_then(|i| baseline(&i.instance_type)) else { continue };
        let Some(s) = shift::of(scene, &of_host("CPUUtilization", host.id)) else { continue };
        let spread = s.highest.1 - s.during;
        if seen.is_none_or(|(_, _, _, best)| (s.during - base).abs() < best) {
            seen = Some((host.id, s.during, base, (s.during - base).abs() + spread.max(0.0) / 4.0));
        }
    }
    let Some((host, during, base, off)) = seen else { return };
    let words = say!(
        "CPU on {host} stood at {during:.0} % during the errors; its type's baseline is {base:.0} %",
        "CPU của {host} ở mức {during:.0} % trong lúc lỗi; mức cơ sở của loại máy này là {base:.0} %"
    );
    asked.grade("cpu-pinned", -off, -4.0, -10.0, words, vec![Value::new(host, during).unit("%"), Value::new("baseline", base).unit("%")]);
}

/// The agent's series of the hosts in question, whatever other dimensions it adds.
fn agent<'a>(scene: &'a Scene, metric: &'a str) -> Vec<&'a SeriesKey> {
    let suspects: HashSet<&str> = scene.suspects().iter().map(|h| h.id).collect();
    scene
        .case
        .series
        .of(metric)
        .map(|(k, _)| k)
        .filter(|k| k.instance().is_none_or(|i| suspects.is_empty() || suspects.contains(i)))
        .collect()
}

fn memory(asked: &mut Asked) {
    let scene = asked.scene;
    let keys = agent(scene, "mem_used_percent").into_iter().chain(agent(scene, "ECSMemoryUtilization"));
    let peaks: Vec<(&SeriesKey, Time, f64)> = keys.filter_map(|k| scene.grid(k).largest(scene.near).map(|(t, v)| (k, t, v))).collect();
    let Some((key, at, peak)) = peaks.into_iter().max_by(|a, b| a.2.total_cmp(&b.2)) else { return };
    let name = key.instance().or(key.dimension("ServiceName")).unwrap_or("?");
    let words = say!("memory reached {peak:.0} % on {name}", "bộ nhớ lên tới {peak:.0} % ở {name}");
    asked.grade("memory-full", peak, 94.0, 85.0, words, vec![Value::new(name, peak).unit("%").at(at)]);
}

fn allowances(asked: &mut Asked) {
    let scene = asked.scene;
    let metrics = ["ethtool_conntrack_allowance_exceeded", "ethtool_pps_allowance_exceeded"];
    let keys: Vec<&SeriesKey> = metrics.iter().flat_map(|m| agent(scene, m)).collect();
    let mut worst: Option<(&SeriesKey, f64)> = None;
    for key in &keys {
        let grid = scene.grid(key);
        let Some(grown) = growth(&grid, scene) else { continue };
        if worst.is_none_or(|(_, most)| grown > most) {
            worst = Some((key, grown));
        }
    }
    let Some((key, grown)) = worst else { return };
    let (metric, name) = (&key.metric, key.instance().unwrap_or("?"));
    let words = say!("{metric} counted {grown:.0} dropped packets on {name}", "{metric} đếm {grown:.0} gói bị bỏ ở {name}");
    asked.grade("allowance-exceeded", grown, 5.0, 0.5, words, vec![Value::new(name, grown).unit("packets")]);
}

/// Counted during the errors, whether the agent sends totals since boot or differences.
fn growth(grid: &Grid, scene: &Scene) -> Option<f64> {
    let inside: Vec<f64> = grid.numbers(scene.near).map(|(_, v)| v).collect();
    let (first, last) = (inside.first()?, inside.last()?);
    let usual = grid.median(scene.before).unwrap_or(0.0);
    let total = inside.windows(2).all(|p| p[1] >= p[0]) && usual > 0.0;
    Some(if total { last - first.min(usual) } else { inside.iter().map(|v| (v - usual).max(0.0)).sum() })
}

fn sockets(asked: &mut Asked) {
    let scene = asked.scene;
    let worst = agent(scene, "netstat_tcp_time_wait")
        .into_iter()
        .filter_map(|k| Some((k, shift::of(scene, k)?)))
        .max_by(|a, b| a.1.highest.1.total_cmp(&b.1.highest.1));
    let Some((key, s)) = worst else { return };
    let (name, before, most) = (key.instance().unwrap_or("?"), s.before, s.highest.1);
    let words = say!(
        "sockets in TIME_WAIT went from {before:.0} to {most:.0} on {name}",
        "số socket TIME_WAIT từ {before:.0} lên {most:.0} ở {name}"
    );
    let grown = if most >= 15_000.0 { most / before.max(1.0) } else { 1.0 };
    asked.grade("ports-used-up", grown, 2.0, 1.3, words, vec![Value::new(name, most).at(s.highest.0)]);
}

fn spot(asked: &mut Asked) {
    let known: Vec<_> = asked.scene.suspects().iter().filter_map(|h| h.instance).collect();
    if known.is_empty() {
        return;
    }
    let spot = known.iter().filter(|i| i.lifecycle.as_deref() == Some("spot")).count();
    let n = known.len();
    let words = say!("{spot} of {n} targets in question are spot instances", "{spot} trong {n} target liên quan là spot instance");
    let values = vec![Value::new("spot", spot as f64)];
    if spot > 0 { asked.yes("spot-targets", 1.0, words, values) } else { asked.no("spot-targets", 1.0, words, values) }
}
