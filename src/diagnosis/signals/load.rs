//! Load: what came in, what each target got, what it did to them, and what the same load did before.

use super::Asked;
use crate::analysis::Direction;
use crate::analysis::baseline;
use crate::analysis::grid;
use crate::analysis::scene::Scene;
use crate::analysis::shift::{self, Shift};
use crate::case::series::SeriesKey;
use crate::checks::Value;
use crate::say;
use crate::text::Text;
use crate::time::{Time, in_words};
use chrono::Duration;
use std::collections::HashSet;

pub(super) fn ask(asked: &mut Asked) {
    if !asked.scene.is_real() {
        return;
    }
    requests(asked);
    per_target(asked);
    response_time(asked);
    connections(asked);
    rejected(asked);
    moved(asked);
    cpu(asked);
}

pub(super) fn values(name: &str, s: &Shift) -> Vec<Value> {
    let mut all = vec![Value::new(format!("{name} before"), s.before), Value::new(format!("{name} during"), s.during)];
    all.push(Value::new(format!("{name} highest"), s.highest.1).at(s.highest.0));
    all
}

/// `, 4 min before the errors`, where the order is certain.
fn when(scene: &Scene, s: &Shift) -> Text {
    let Some((onset, change)) = scene.onset().zip(s.change(scene)) else { return Text::default() };
    let apart = in_words(onset - change.at);
    match s.order(scene) {
        Some(crate::analysis::Order::Leads) => say!(", {apart} before the errors", ", {apart} trước khi có lỗi"),
        Some(crate::analysis::Order::Follows) => say!(", {apart} after the errors began", ", {apart} sau khi bắt đầu lỗi"),
        _ => say!(", at the same time as the errors", ", cùng lúc với lỗi"),
    }
}

/// Files a rise (or none) of a series: a yes grows with the size, and a rise after the errors is none of theirs.
fn rise(asked: &mut Asked, id: &'static str, name: &str, s: &Shift, at_least: f64) {
    let when = when(asked.scene, s);
    let (ratio, before, during) = (s.ratio(), s.before, s.during);
    let (when, when_vi) = (when.en, when.vi);
    let words = say!(
        "{name} went from {before:.0} to {during:.0} (×{ratio:.2}){when}",
        "{name} đi từ {before:.0} lên {during:.0} (×{ratio:.2}){when_vi}"
    );
    let flat = say!(
        "{name} stayed as it was: {before:.0} before, {during:.0} during the errors (×{ratio:.2})",
        "{name} giữ nguyên: {before:.0} trước, {during:.0} trong lúc lỗi (×{ratio:.2})"
    );
    let middle = 1.0 + (at_least - 1.0) / 2.0;
    let not_after = s.not_after(asked.scene);
    if s.rose(asked.scene, at_least) && not_after {
        asked.yes(id, 1.0, words, values(name, s));
    } else if s.rose(asked.scene, middle) && not_after {
        asked.yes(id, 0.45, words, values(name, s));
    } else if ratio < 1.0 + (at_least - 1.0) / 4.0 {
        asked.no(id, 1.0, flat, values(name, s));
    } else if ratio < middle || !not_after {
        asked.no(id, 0.5, words, values(name, s));
    } else {
        asked.unknown(id, words);
    }
}

fn requests(asked: &mut Asked) {
    let scene = asked.scene;
    let Some(key) = scene.key("RequestCount") else { return };
    let Some(s) = shift::of(scene, &key) else { return };
    rise(asked, "requests-rose", "RequestCount", &s, 1.5);
    carried(asked, &key, &s);
}

/// The load at the onset, and whether it passed without errors at other times.
fn carried(asked: &mut Asked, key: &SeriesKey, s: &Shift) {
    let scene = asked.scene;
    let Some(errors) = &scene.errors_key else { return };
    let level = scene.grid(key).median(scene.main()).unwrap_or(s.during).max(s.during);
    let Some(dose) = baseline::dose(scene.case, key, errors, &scene.windows, 0.97 * level) else { return };
    let (periods, quiet) = (dose.periods, dose.quiet);
    let values = vec![Value::new("load", level), Value::new("periods", periods as f64), Value::new("without errors", quiet as f64)];
    let minutes = quiet as f64 * f64::from(s.period) / 60.0;
    if minutes >= 10.0 && quiet as f64 >= 0.8 * periods as f64 {
        let words = say!(
            "the same load or more passed without errors in {quiet} of {periods} other periods",
            "cùng mức tải hoặc hơn đã qua mà không lỗi trong {quiet} trên {periods} chu kỳ khác"
        );
        asked.yes("carried-before", (minutes / 30.0).clamp(0.4, 1.0), words, values);
    } else if dose.carried.is_some_and(|(_, most)| most < 0.8 * level) {
        let most = dose.carried.map_or(0.0, |(_, v)| v);
        let words = say!(
            "such a load ({level:.0} a period) had not been carried before: {most:.0} at the most",
            "mức tải này ({level:.0} mỗi chu kỳ) trước đây chưa từng có: nhiều nhất là {most:.0}"
        );
        asked.no("carried-before", 1.0, words, values);
    }
}

fn per_target(asked: &mut Asked) {
    let scene = asked.scene;
    let Some(healthy) = scene.healthy_key() else { return };
    let load = grid::beside(&healthy, "RequestsPerHealthyTarget");
    if let Some(s) = shift::of(scene, &load) {
        rise(asked, "load-per-target-rose", "RequestsPerHealthyTarget", &s, 1.4);
    }
    fewer(asked, &healthy);
}

fn fewer(asked: &mut Asked, key: &SeriesKey) {
    let scene = asked.scene;
    let grid = scene.grid(key);
    let (Some(usual), Some(onset)) = (grid.median(scene.before), scene.onset()) else { return };
    let step = Duration::seconds(i64::from(grid.period));
    let until = |t: Time| crate::time::Window { start: scene.before.end - Duration::minutes(10), end: t };
    let Some((at, least)) = grid.smallest(until(onset + step)) else { return };
    let words = say!(
        "HealthyHostCount was {usual:.0} before and {least:.0} when the errors began",
        "HealthyHostCount là {usual:.0} trước đó và {least:.0} khi bắt đầu lỗi"
    );
    let values = vec![Value::new("usual", usual), Value::new("least", least).at(at)];
    if least < usual {
        asked.yes("capacity-fell-first", if at < onset { 1.0 } else { 0.6 }, words, values);
    } else {
        asked.no("capacity-fell-first", 1.0, words, values);
    }
}

fn response_time(asked: &mut Asked) {
    let scene = asked.scene;
    let Some(s) = scene.key("TargetResponseTime").and_then(|k| shift::of(scene, &k)) else { return };
    let (ratio, before, highest) = (s.highest.1 / s.before.max(1e-6), 1000.0 * s.before, 1000.0 * s.highest.1);
    let when = when(scene, &s);
    let (when, when_vi) = (when.en, when.vi);
    let words = say!(
        "TargetResponseTime was {before:.0} ms before and reached {highest:.0} ms{when}",
        "TargetResponseTime là {before:.0} ms trước đó và lên tới {highest:.0} ms{when_vi}"
    );
    let values = vec![Value::new("before", s.before).unit("s"), Value::new("highest", s.highest.1).unit("s").at(s.highest.0)];
    if ratio >= 2.0 && s.change(scene).is_some_and(|c| c.direction == Direction::Up) && s.not_after(scene) {
        asked.yes("response-time-rose-first", 1.0, words, values);
    } else if ratio < 1.4 {
        asked.no("response-time-rose-first", 1.0, words, values);
    } else {
        asked.unknown("response-time-rose-first", words);
    }
}

fn connections(asked: &mut Asked) {
    let scene = asked.scene;
    let of = |metric: &str| scene.key(metric).and_then(|k| shift::of(scene, &k));
    let (Some(mut new), Some(requests)) = (of("NewConnectionCount"), of("RequestCount")) else { return };
    // A connection that fails is one more that was opened: those are the errors' own.
    let failed = scene.errors.mean(scene.main()).unwrap_or(0.0) * f64::from(new.period) / f64::from(scene.errors.period.max(1));
    new.during = (new.during - failed).max(0.0);
    let (a, b) = (new.ratio(), requests.ratio());
    let words = say!("new connections ×{a:.2}, requests ×{b:.2}", "kết nối mới ×{a:.2}, request ×{b:.2}");
    let values = vec![Value::new("new connections", a).unit("×"), Value::new("requests", b).unit("×")];
    let grown = if new.rose(scene, 1.8) { a / b.max(0.1) } else { 1.0 };
    asked.grade("connections-without-requests", grown, 1.8, 1.4, words, values);
}

fn rejected(asked: &mut Asked) {
    let Some(n) = asked.scene.sum("RejectedConnectionCount") else { return };
    let words = say!("the balancer turned {n} connections away", "load balancer từ chối {n} kết nối");
    let values = vec![Value::new("RejectedConnectionCount", n)];
    if n >= 1.0 { asked.yes("rejected-connections", 1.0, words, values) } else { asked.no("rejected-connections", 1.0, words, values) }
}

/// Requests of a group that jumped while the balancer's as a whole did not.
fn moved(asked: &mut Asked) {
    let scene = asked.scene;
    let groups: Vec<&SeriesKey> =
        scene.case.series.of("RequestCount").map(|(k, _)| k).filter(|k| k.group().is_some() && k.zone().is_none()).collect();
    let Some(group) = scene.group.as_deref().filter(|_| groups.len() >= 2) else { return };
    let Some(key) = groups.iter().find(|k| k.group() == Some(group)) else { return };
    let (Some(s), Some(whole)) = (shift::of(scene, key), whole(scene)) else { return };
    let (ratio, all) = (s.ratio(), whole.ratio());
    let words = say!(
        "requests to the failing group went ×{ratio:.1}, those of the whole balancer ×{all:.1}",
        "request tới group lỗi thay đổi ×{ratio:.1}, của cả load balancer ×{all:.1}"
    );
    let grown = if s.deviations(scene) >= 3.0 && s.not_after(scene) { ratio / all.max(0.2) } else { 1.0 };
    asked.grade("requests-moved", grown, 2.5, 1.5, words, values("RequestCount", &s));
}

fn whole(scene: &Scene) -> Option<Shift> {
    let key = grid::widest(scene.case, "RequestCount")?;
    shift::of(scene, &key)
}

/// Near 100 % on the machines in question. Five-minute data says yes, but no only to long overloads.
fn cpu(asked: &mut Asked) {
    let scene = asked.scene;
    let suspects: HashSet<&str> = scene.suspects().iter().map(|h| h.id).collect();
    let (hosts, services) = (shift::of_hosts(scene, "CPUUtilization"), services(scene));
    let ours = hosts.iter().filter(|(id, _)| suspects.contains(&**id));
    let peaks: Vec<(&str, &Shift)> = ours.map(|(id, s)| (&**id, s)).chain(services.iter().map(|(id, s)| (*id, s))).collect();
    if peaks.is_empty() {
        return;
    }
    let coarse = peaks.iter().any(|(_, s)| s.period > 60);
    let high_from = |s: &Shift| if s.period > 60 { 70.0 } else { 85.0 };
    let high: Vec<_> = peaks.iter().filter(|(_, s)| s.highest.1 >= high_from(s) && s.highest.1 >= s.before + 10.0).collect();
    let n = peaks.len();
    let hot = high.len();
    let worst = peaks.iter().max_by(|a, b| a.1.highest.1.total_cmp(&b.1.highest.1));
    let Some((name, top)) = worst.map(|(n, s)| (*n, s.highest)) else { return };
    let peak = top.1;
    let minutes = peaks.iter().map(|(_, s)| s.period).max().unwrap_or(60) / 60;
    let words = say!(
        "CPU was near its limit on {hot} of {n} targets; the highest {peak:.0} % on {name} ({minutes}-minute data)",
        "CPU gần giới hạn trên {hot} trong {n} target; cao nhất {peak:.0} % ở {name} (số liệu {minutes} phút)"
    );
    let values = vec![Value::new(name, peak).unit("%").at(top.0), Value::new("targets near their limit", hot as f64)];
    let late = high.iter().all(|(_, s)| !s.not_after(scene)) && hot > 0;
    if hot as f64 >= 0.5 * n as f64 {
        asked.yes("cpu-high", if late { 0.4 } else { 1.0 }, words, values);
    } else if hot > 0 {
        asked.yes("cpu-high", 0.35, words, values);
    } else if coarse && scene.length() < 900 {
        asked.unknown(
            "cpu-high",
            say!(
                "five-minute averages ({peak:.0} % at the most) cannot rule out a short overload; detailed monitoring would",
                "trung bình 5 phút (cao nhất {peak:.0} %) không loại trừ được quá tải ngắn; cần detailed monitoring"
            ),
        );
    } else if peak < 65.0 {
        asked.no("cpu-high", if coarse { 0.5 } else { 1.0 }, words, values);
    } else {
        asked.unknown("cpu-high", words);
    }
}

/// ECS services behind the balancer have their own CPU.
fn services<'a>(scene: &'a Scene) -> Vec<(&'a str, Shift)> {
    let keys = scene.case.series.of("ECSCPUUtilization").map(|(k, _)| k);
    keys.filter_map(|k| Some((k.dimension("ServiceName")?, shift::of(scene, k)?))).collect()
}

/// Requests, network and CPU all as before, at a resolution that would have shown a rise.
pub(super) fn ask_flat(asked: &mut Asked) {
    let quiet = asked.is_no("requests-rose") && !asked.is_yes("load-per-target-rose") && asked.is_no("cpu-high");
    let loud = asked.is_yes("requests-rose") || asked.is_yes("cpu-high") || asked.is_yes("load-per-target-rose");
    if quiet {
        let words = say!(
            "requests and CPU stayed as they were, at a resolution that would have shown a rise",
            "request và CPU giữ nguyên, ở độ phân giải đủ để thấy nếu có tăng"
        );
        asked.yes("load-flat", 1.0, words, Vec::new());
    } else if loud {
        asked.no("load-flat", 1.0, say!("requests, load per target or CPU rose", "request, tải mỗi target hoặc CPU đã tăng"), Vec::new());
    }
}
