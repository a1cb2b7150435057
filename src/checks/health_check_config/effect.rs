//! What the settings did in the window: failing open, and "healthy, yet refusing".

use super::{Finding, Weight};
use crate::accesslog::Signature;
use crate::analysis::Analysis;
use crate::case::Case;
use crate::case::health::TargetHealth;
use crate::case::topology::{TargetGroup, dimension_of, short_name};
use crate::exchange::Area;
use crate::path::target::{Endpoint, endpoints};
use crate::say;
use crate::text::Text;
use crate::time::{Time, Window};
use chrono::Duration;
use std::collections::{BTreeMap, BTreeSet};

pub fn of(case: &Case, analysis: &Analysis, group: &TargetGroup) -> Vec<Finding> {
    let Some(window) = analysis.window else { return Vec::new() };
    let mut found: Vec<_> = failed_open(case, group, window).into_iter().collect();
    found.extend(contradictions(case, group, window));
    found
}

/// Every published minute of a metric of the group, over zones.
fn minutes(case: &Case, metric: &str, group: &TargetGroup, window: Window) -> Vec<(Time, f64)> {
    let dimension = dimension_of(&group.arn);
    let track = case.series.of(metric).find(|(k, _)| k.group() == Some(dimension) && k.zone().is_none());
    track.and_then(|(_, t)| t.best("", window)).map(|s| s.points(window).collect()).unwrap_or_default()
}

fn failed_open(case: &Case, group: &TargetGroup, window: Window) -> Option<Finding> {
    let requests: BTreeMap<Time, f64> = minutes(case, "RequestCount", group, window).into_iter().filter(|(_, v)| *v > 0.0).collect();
    let counted = minutes(case, "HealthyHostCount", group, window).into_iter().filter(|(t, v)| *v == 0.0 && requests.contains_key(t));
    let routed = minutes(case, "UnhealthyRoutingRequestCount", group, window).into_iter().filter(|(_, v)| *v > 0.0);
    let open: BTreeSet<Time> = counted.chain(routed).map(|(t, _)| t).collect();
    let (first, last, n) = (open.first()?.format("%H:%M"), open.last()?.format("%H:%M"), open.len());
    let words = say!(
        "no target was healthy while requests flowed ({n} min, {first}–{last} UTC): the balancer failed open and sent to all of them; look for why every check failed",
        "không target nào healthy trong khi vẫn có request ({n} phút, {first}–{last} UTC): load balancer fail-open và gửi tới tất cả; hãy tìm vì sao mọi health check đều hỏng"
    );
    Some(Finding::new(Weight::Fail, "fail-open", words).from(Area::BalancerMetrics).value("minutes", n as f64, "min"))
}

/// Fewer refused connections than this contradict nothing: a stray one stands in many logs.
const ENOUGH: u64 = 5;
/// And a smaller share of the target's requests between the first and the last of them.
const SHARE: f64 = 0.05;

/// Refused connections of one target.
struct Refusals {
    count: u64,
    first: Time,
    last: Time,
    /// Requests sent to it between the first and the last, the refused among them; 0 if not counted.
    requests: u64,
}

impl Refusals {
    fn is_a_stray(&self) -> bool {
        self.count < ENOUGH || (self.requests > 0 && (self.count as f64) < SHARE * self.requests as f64)
    }

    fn minutes(&self) -> Window {
        Window { start: self.first, end: self.last + Duration::minutes(1) }
    }

    /// `1 connection`, `40 of 200 connections`
    fn counted(&self) -> Text {
        let (count, of) = (self.count, self.requests);
        match (count, of) {
            (_, of) if of > count => say!("{count} of {of} connections", "{count} trên {of} kết nối"),
            (1, _) => say!("1 connection", "1 kết nối"),
            _ => say!("{count} connections", "{count} kết nối"),
        }
    }

    /// `02:12 UTC`, `02:12–02:20 UTC`
    fn span(&self) -> String {
        let (from, to) = (self.first.format("%H:%M").to_string(), self.last.format("%H:%M").to_string());
        if from == to { format!("{from} UTC") } else { format!("{from}–{to} UTC") }
    }
}

fn refusals(case: &Case, group: &TargetGroup, window: Window) -> BTreeMap<String, Refusals> {
    let mut all = BTreeMap::<String, Refusals>::new();
    let Some(log) = &case.access_log else { return all };
    let ours = |name: &str| name == short_name(&group.arn);
    for row in log.failures_in(window).iter().filter(|r| r.signature == Signature::Refused && ours(&r.group)) {
        let found = all.entry(row.target.clone()).or_insert(Refusals { count: 0, first: row.minute, last: row.minute, requests: 0 });
        found.count += row.count;
        found.first = found.first.min(row.minute);
        found.last = found.last.max(row.minute);
    }
    let Some(hull) = all.values().map(Refusals::minutes).reduce(|a, b| a.hull(&b)) else { return all };
    for row in log.requests_in(hull).iter().filter(|r| ours(&r.group)) {
        if let Some(found) = all.get_mut(&row.target).filter(|f| f.first <= row.minute && row.minute <= f.last) {
            found.requests += row.ok + row.failed;
        }
    }
    all
}

fn contradictions(case: &Case, group: &TargetGroup, window: Window) -> Vec<Finding> {
    let refused = refusals(case, group, window);
    if refused.is_empty() {
        return Vec::new();
    }
    let targets = endpoints(case);
    let of_group = |name: &String| targets.0.iter().find(|e| e.group == group.arn && e.log_name().as_ref() == Some(name) && !e.gone);
    refused.iter().filter_map(|(name, r)| contradiction(case, of_group(name)?, name, r)).collect()
}

/// Refusals on a target that its checks call healthy: then, by the health-check log, or now.
fn contradiction(case: &Case, target: &Endpoint, name: &str, refused: &Refusals) -> Option<Finding> {
    let state = |t: &&TargetHealth| t.target_group == target.group && t.id == target.id && t.port.is_none_or(|p| p == target.port);
    let healthy = case.target_health.values().find(state)?.state == "healthy";
    let during = refused.minutes();
    let passed = case.health_checks.iter().filter(|r| r.target == name && during.contains(r.at) && r.passed).count();
    let other = target.health_check_port.filter(|p| *p != target.port);
    let (weight, words) = match other {
        _ if refused.is_a_stray() && (healthy || passed > 0) => (Weight::Note, stray(name, refused)),
        _ if passed > 0 => (Weight::Fail, passing(name, refused, passed)),
        _ if !healthy => return None,
        Some(port) => (Weight::Fail, elsewhere(name, refused, port)),
        None => (Weight::Note, recovered(name, refused)),
    };
    let finding = Finding::new(weight, format!("refusing.{name}"), words).from(Area::AccessLog);
    Some(finding.value("refused", refused.count as f64, "connections"))
}

fn stray(name: &str, refused: &Refusals) -> Text {
    let (Text { en, vi }, span) = (refused.counted(), refused.span());
    say!(
        "{name} refused {en} ({span}): too few to say anything against its health",
        "{name} từ chối {vi} ({span}): quá ít để nói lên điều gì về tình trạng health"
    )
}

fn passing(name: &str, refused: &Refusals, passed: usize) -> Text {
    let (Text { en, vi }, span) = (refused.counted(), refused.span());
    let checks = if passed == 1 { "1 health check".to_owned() } else { format!("{passed} health checks") };
    say!(
        "{name} passed {checks} while it refused {en} ({span}): healthy, yet refusing",
        "{name} qua {passed} lần health check trong khi từ chối {vi} ({span}): healthy mà vẫn từ chối"
    )
}

fn elsewhere(name: &str, refused: &Refusals, port: u16) -> Text {
    let (Text { en, vi }, span) = (refused.counted(), refused.span());
    say!(
        "{name} refused {en} ({span}) and is healthy, because its check asks port {port}: healthy, yet refusing",
        "{name} từ chối {vi} ({span}) mà vẫn healthy, vì health check hỏi cổng {port}"
    )
}

fn recovered(name: &str, refused: &Refusals) -> Text {
    let (Text { en, vi }, span) = (refused.counted(), refused.span());
    say!(
        "{name} refused {en} ({span}) and is healthy now: it came back since, or was down for less than its checks notice",
        "{name} từ chối {vi} ({span}) và nay healthy: đã phục hồi, hoặc thời gian hỏng ngắn hơn mức health check nhận ra"
    )
}
