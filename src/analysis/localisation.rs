//! Where the errors are: zone, target group, targets, balancer node. CloudWatch knows zones (of the
//! balancer's nodes, not of the targets) and groups; single targets and nodes are known from the access log.

use super::Episode;
use super::grid;
use crate::accesslog::{AccessLog, Roster};
use crate::case::Case;
use crate::case::series::SeriesKey;
use crate::case::topology::short_name;
use crate::metrics::ERRORS;
use crate::time::Window;
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
    let found = case.access_log.as_ref().map(|log| Logged::of(log, &case.derived::<Roster>(), &windows));
    Place {
        zones: from_metrics(case, window, &windows, 2, SeriesKey::zone),
        groups: from_metrics(case, window, &windows, 2, SeriesKey::group),
        targets: found.as_ref().map_or_else(Vec::new, Logged::targets),
        nodes: found.map_or_else(Vec::new, |l| shares(named(l.nodes))),
        anomalous: case.target_health.values().filter(|t| t.anomalous == Some(true)).map(|t| t.id.clone()).collect(),
    }
}

/// Windows that overlap as one, so that nothing in them counts twice.
pub fn each_once(windows: &[Window]) -> impl Iterator<Item = Window> + use<> {
    let mut all = windows.to_vec();
    all.sort_by_key(|w| w.start);
    all.dedup_by(|next, kept| {
        let touch = next.start <= kept.end;
        if touch {
            kept.end = kept.end.max(next.end);
        }
        touch
    });
    all.into_iter()
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

/// What the access log says of the stretches in question.
struct Logged<'a> {
    /// By the number of the target: its name, failed connections, requests.
    targets: Vec<(&'a str, f64, Option<f64>)>,
    nodes: BTreeMap<&'a str, f64>,
}

impl<'a> Logged<'a> {
    fn of(log: &'a AccessLog, roster: &Roster, windows: &[Window]) -> Self {
        let mut nodes = BTreeMap::new();
        let mut targets = vec![("-", 0.0, None); roster.len()];
        for (target, row) in each_once(windows).flat_map(|w| roster.failures(log, w)) {
            if row.signature.is_failed_connection() {
                *nodes.entry(row.node.as_str()).or_default() += row.count as f64;
                targets[target] = (row.target.as_str(), targets[target].1 + row.count as f64, None);
            }
        }
        for (target, row) in each_once(windows).flat_map(|w| roster.requests(log, w)) {
            let (name, _, requests) = &mut targets[target];
            *name = &row.target;
            *requests = Some(requests.unwrap_or(0.0) + (row.ok + row.failed) as f64);
        }
        Self { targets, nodes }
    }

    /// Shares, with what each would be if failures followed the requests; where any failed, those that did not join in.
    fn targets(&self) -> Vec<Share> {
        let all: f64 = self.targets.iter().filter_map(|(.., requests)| *requests).sum();
        let any = self.targets.iter().any(|(name, errors, _)| *name != "-" && *errors > 0.0);
        let expected = |requests: Option<f64>| requests.filter(|_| any && all > 0.0).map(|r| r / all);
        let of = |(name, errors, requests): &(&str, f64, Option<f64>)| ((*name).to_owned(), *errors, expected(*requests));
        let rows = self.targets.iter().map(of).filter(|(name, errors, expected)| name != "-" && (*errors > 0.0 || expected.is_some()));
        shares(rows.collect())
    }
}

fn named(counts: BTreeMap<&str, f64>) -> Vec<(String, f64, Option<f64>)> {
    counts.into_iter().filter(|(name, _)| *name != "-").map(|(name, n)| (name.to_owned(), n, None)).collect()
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
    use crate::accesslog::{FailureRow, RequestRow, Signature};
    use crate::case::series::Series;
    use crate::time::Time;
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
