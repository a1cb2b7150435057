//! Where the errors are: zone, target group, targets, balancer node. CloudWatch knows zones (of the
//! balancer's nodes, not of the targets) and groups; single targets and nodes are known from the access log.

use super::Episode;
use super::grid;
use crate::accesslog::{AccessLog, FailureRow, Signature};
use crate::case::Case;
use crate::case::series::SeriesKey;
use crate::case::topology::short_name;
use crate::metrics::ERRORS;
use crate::time::{Time, Window};
use std::collections::BTreeMap;

/// Shares of the errors by place, largest first; each adds up to 1 as far as it is known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Place {
    pub zones: Vec<Share>,
    pub groups: Vec<Share>,
    /// Only from the access log: CloudWatch has no such dimension.
    pub targets: Vec<Share>,
    pub nodes: Vec<Share>,
    /// Targets that the balancer's own anomaly detection flags now.
    pub anomalous: Vec<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Share {
    pub name: String,
    pub errors: f64,
    /// 0 to 1.
    pub share: f64,
    /// Its share of the requests, where known: what would be expected if all were alike.
    pub expected: Option<f64>,
}

/// Where the errors of these episodes are.
pub fn locate(case: &Case, window: Window, episodes: &[Episode]) -> Place {
    let windows = windows(window, episodes);
    let logged = |of: &dyn Fn(&FailureRow) -> &str| case.access_log.as_ref().map_or_else(Vec::new, |log| from_log(log, &windows, of));
    let mut place = Place {
        zones: from_metrics(case, window, &windows, 2, SeriesKey::zone),
        groups: from_metrics(case, window, &windows, 2, SeriesKey::group),
        targets: logged(&|f| &f.target),
        nodes: logged(&|f| &f.node),
        anomalous: case.target_health.values().filter(|t| t.anomalous == Some(true)).map(|t| t.id.clone()).collect(),
    };
    if let Some(log) = &case.access_log {
        expect(&mut place.targets, log, &windows);
    }
    place
}

/// The stretches in question: real episodes, else breaches, else everything looked at.
pub fn windows(window: Window, episodes: &[Episode]) -> Vec<Window> {
    let real = episodes.iter().any(|e| !e.isolated);
    let picked: Vec<_> = episodes
        .iter()
        .filter(|e| e.isolated != real)
        .map(|e| Window { start: e.onset, end: e.end.unwrap_or(window.end.max(e.onset)) })
        .collect();
    if picked.is_empty() { vec![window] } else { picked }
}

/// Shares by one dimension, from the keys that have just it and the balancer.
fn from_metrics(case: &Case, around: Window, windows: &[Window], dimensions: usize, name: fn(&SeriesKey) -> Option<&str>) -> Vec<Share> {
    let hull = windows.iter().copied().fold(around, |a, b| a.hull(&b));
    let sum = |key: &SeriesKey| {
        let grid = grid::around(case, key, around, hull);
        windows.iter().filter_map(|w| grid.sum(*w)).sum::<f64>()
    };
    let keys: Vec<&SeriesKey> =
        case.series.of(ERRORS).map(|(k, _)| k).filter(|k| k.dimensions.len() == dimensions && name(k).is_some()).collect();
    let requests: Vec<f64> = keys.iter().map(|k| sum(&grid::beside(k, "RequestCount"))).collect();
    let all_requests: f64 = requests.iter().sum();
    let rows = keys.iter().zip(requests).map(|(key, r)| {
        let expected = (all_requests > 0.0).then_some(r / all_requests);
        (name(key).map(short_name).unwrap_or_default().to_owned(), sum(key), expected)
    });
    shares(rows.collect())
}

/// Failures that are about connecting to the target.
fn is_connection(signature: Signature) -> bool {
    matches!(signature, Signature::Refused | Signature::ConnectTimeout)
}

fn from_log(log: &AccessLog, windows: &[Window], name: &dyn Fn(&FailureRow) -> &str) -> Vec<Share> {
    let mut counts: BTreeMap<&str, f64> = BTreeMap::new();
    for row in log.failures.iter().filter(|f| is_connection(f.signature) && inside(windows, f.minute)) {
        *counts.entry(name(row)).or_default() += row.count as f64;
    }
    shares(counts.into_iter().filter(|(n, _)| *n != "-").map(|(n, c)| (n.to_owned(), c, None)).collect())
}

fn inside(windows: &[Window], t: Time) -> bool {
    windows.iter().any(|w| w.contains(t))
}

/// What each target's share would be if failures followed the requests; targets without failures join in.
fn expect(targets: &mut Vec<Share>, log: &AccessLog, windows: &[Window]) {
    let mut requests: BTreeMap<&str, f64> = BTreeMap::new();
    for row in log.requests.iter().filter(|r| inside(windows, r.minute)) {
        *requests.entry(&row.target).or_default() += (row.ok + row.failed) as f64;
    }
    let all: f64 = requests.values().sum();
    if targets.is_empty() || all <= 0.0 {
        return;
    }
    for share in targets.iter_mut() {
        share.expected = requests.remove(share.name.as_str()).map(|r| r / all);
    }
    targets.extend(requests.into_iter().map(|(t, r)| Share { name: t.into(), errors: 0.0, share: 0.0, expected: Some(r / all) }));
}

fn shares(rows: Vec<(String, f64, Option<f64>)>) -> Vec<Share> {
    let all: f64 = rows.iter().map(|r| r.1).sum();
    let share = |errors: f64| if all > 0.0 { errors / all } else { 0.0 };
    let mut out: Vec<Share> =
        rows.into_iter().map(|(name, errors, expected)| Share { name, errors, share: share(errors), expected }).collect();
    out.sort_by(|a, b| b.errors.total_cmp(&a.errors).then_with(|| a.name.cmp(&b.name)));
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accesslog::RequestRow;
    use crate::case::series::Series;
    use chrono::{DateTime, Duration};

    fn t(minute: i64) -> Time {
        DateTime::from_timestamp(1_700_000_040 + minute * 60, 0).unwrap()
    }

    fn episode() -> Episode {
        Episode { onset: t(10), onset_uncertainty: 60, end: Some(t(20)), peak: 1.0, total: 1.0, score: 99.0, isolated: false }
    }

    #[test]
    fn zones_have_shares_and_what_would_be_expected() {
        let mut case = Case::default();
        for (metric, zone, height) in [(ERRORS, "a", 9.0), (ERRORS, "b", 1.0), ("RequestCount", "a", 500.0), ("RequestCount", "b", 500.0)] {
            let key = SeriesKey::new(metric, [("LoadBalancer", "app/web/1"), ("AvailabilityZone", zone)]);
            let values = (0..30).map(|i| if metric != ERRORS || (10..20).contains(&i) { height } else { f64::NAN }).collect();
            case.series.absorb(Series { key, statistic: "Sum".into(), period: 60, start: t(0), values });
        }
        let place = locate(&case, Window { start: t(0), end: t(30) }, &[episode()]);
        assert_eq!(place.zones[0], Share { name: "a".into(), errors: 90.0, share: 0.9, expected: Some(0.5) });
        assert!(place.groups.is_empty() && place.targets.is_empty());
    }

    #[test]
    fn targets_come_from_the_access_log_with_those_that_did_not_fail() {
        let failure = |minute, target: &str, signature| FailureRow {
            minute: t(minute),
            target: target.into(),
            signature,
            status: 502,
            node: "10.0.0.1".into(),
            group: "api".into(),
            static_file: false,
            count: 10,
        };
        let request =
            |target: &str| RequestRow { minute: t(12), target: target.into(), group: "api".into(), ok: 50, failed: 0, syn_retries: 0 };
        let log = AccessLog {
            failures: vec![
                failure(12, "a:80", Signature::Refused),
                failure(12, "b:80", Signature::App5xx),
                failure(25, "b:80", Signature::Refused),
            ],
            requests: vec![request("a:80"), request("b:80")],
            ..AccessLog::default()
        };
        let case = Case { access_log: Some(log), ..Case::default() };
        let place = locate(&case, Window { start: t(0), end: t(0) + Duration::minutes(30) }, &[episode()]);
        let names: Vec<_> = place.targets.iter().map(|s| (s.name.as_str(), s.share, s.expected)).collect();
        assert_eq!(names, [("a:80", 1.0, Some(0.5)), ("b:80", 0.0, Some(0.5))]);
    }
}
