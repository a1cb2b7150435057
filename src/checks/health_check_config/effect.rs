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

/// Refused connections of one target: how many, first and last minute.
type Refusals = BTreeMap<String, (u64, Time, Time)>;

fn refusals(case: &Case, group: &TargetGroup, window: Window) -> Refusals {
    let mut all = Refusals::new();
    let rows = case.access_log.iter().flat_map(|l| &l.failures);
    for row in rows.filter(|r| r.signature == Signature::Refused && window.contains(r.minute) && r.group == short_name(&group.arn)) {
        let entry = all.entry(row.target.clone()).or_insert((0, row.minute, row.minute));
        *entry = (entry.0 + row.count, entry.1.min(row.minute), entry.2.max(row.minute));
    }
    all
}

fn contradictions(case: &Case, group: &TargetGroup, window: Window) -> Vec<Finding> {
    let refused = refusals(case, group, window);
    if refused.is_empty() {
        return Vec::new();
    }
    let targets = endpoints(case);
    let of_group = |name: &String| targets.iter().find(|e| e.group == group.arn && e.log_name().as_ref() == Some(name) && !e.gone);
    refused.iter().filter_map(|(name, r)| contradiction(case, of_group(name)?, name, *r)).collect()
}

/// Refusals on a target that its checks call healthy: then, by the health-check log, or now.
fn contradiction(case: &Case, target: &Endpoint, name: &str, (count, first, last): (u64, Time, Time)) -> Option<Finding> {
    let state = |t: &&TargetHealth| t.target_group == target.group && t.id == target.id && t.port.is_none_or(|p| p == target.port);
    let healthy = case.target_health.values().find(state)?.state == "healthy";
    let during = Window { start: first, end: last + Duration::minutes(1) };
    let passed = case.health_checks.iter().filter(|r| r.target == name && during.contains(r.at) && r.passed).count();
    let (from, to) = (first.format("%H:%M"), last.format("%H:%M"));
    let other = target.health_check_port.filter(|p| *p != target.port);
    let (weight, words) = if passed > 0 {
        let words = say!(
            "{name} passed {passed} health checks while it refused {count} connections ({from}–{to} UTC): healthy, yet refusing",
            "{name} qua {passed} lần health check trong khi từ chối {count} kết nối ({from}–{to} UTC): healthy mà vẫn từ chối"
        );
        (Weight::Fail, words)
    } else if !healthy {
        return None;
    } else if let Some(port) = other {
        let words = say!(
            "{name} refused {count} connections ({from}–{to} UTC) and is healthy, because its check asks port {port}: healthy, yet refusing",
            "{name} từ chối {count} kết nối ({from}–{to} UTC) mà vẫn healthy, vì health check hỏi cổng {port}"
        );
        (Weight::Fail, words)
    } else {
        let words = say!(
            "{name} refused {count} connections ({from}–{to} UTC) and is healthy now: it came back since, or was down for less than its checks notice",
            "{name} từ chối {count} kết nối ({from}–{to} UTC) và nay healthy: đã phục hồi, hoặc thời gian hỏng ngắn hơn mức health check nhận ra"
        );
        (Weight::Note, words)
    };
    Some(Finding::new(weight, format!("refusing.{name}"), words).from(Area::AccessLog).value("refused", count as f64, "connections"))
}
