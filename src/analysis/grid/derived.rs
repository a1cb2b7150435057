//! Series that CloudWatch does not publish and that decide more than those it does: errors as a share of
//! requests, requests for each healthy target, failures counted from the access log.

use super::{Grid, Mark, beside};
use crate::accesslog::Signature;
use crate::case::Case;
use crate::case::series::SeriesKey;
use crate::case::topology::dimension_of;
use crate::metrics::ERRORS;
use crate::time::{Time, Window};
use std::collections::BTreeSet;

/// A share of fewer requests than this in a minute is noise, not a rate.
const LEAST_REQUESTS: f64 = 20.0;

/// Computes `key` if it is a derived series; dimensions are named as those of what it is derived from.
pub fn of(case: &Case, key: &SeriesKey, window: Window, context: Window) -> Option<Grid> {
    match key.metric.as_str() {
        "ErrorRate" => Some(error_rate(case, key, window, context)),
        "RequestsPerHealthyTarget" => Some(per_healthy_target(case, key, window, context)),
        "LogFailures" => Some(log_failures(case, key, context)),
        _ => None,
    }
}

/// Every derived series that this case has the parts for. `LogFailures` comes as the whole, by `Signature`
/// and by `Target`.
pub fn keys(case: &Case) -> Vec<SeriesKey> {
    let rates = case.series.of(ERRORS).map(|(k, _)| k).filter(|k| case.series.get(&beside(k, "RequestCount")).is_some());
    let loads = case.series.of("HealthyHostCount").map(|(k, _)| k).filter(|k| case.series.get(&beside(k, "RequestCount")).is_some());
    rates.map(|k| beside(k, "ErrorRate")).chain(loads.map(|k| beside(k, "RequestsPerHealthyTarget"))).chain(log_keys(case)).collect()
}

fn log_keys(case: &Case) -> Vec<SeriesKey> {
    let Some(log) = &case.access_log else { return Vec::new() };
    let balancer = case.load_balancer.as_ref().map(|lb| ("LoadBalancer", dimension_of(&lb.arn)));
    let signatures: BTreeSet<_> = log.failures.iter().map(|f| f.signature).collect();
    let targets: BTreeSet<_> = log.failures.iter().map(|f| f.target.as_str()).collect();
    let with = |name, value| SeriesKey::new("LogFailures", balancer.into_iter().chain([(name, value)]));
    std::iter::once(SeriesKey::new("LogFailures", balancer))
        .chain(signatures.into_iter().map(|s| with("Signature", s.id())))
        .chain(targets.into_iter().map(|t| with("Target", t)))
        .collect()
}

/// Percent of requests; unknown where too few came for a rate to mean something.
fn error_rate(case: &Case, key: &SeriesKey, window: Window, context: Window) -> Grid {
    let requests = super::around(case, &beside(key, "RequestCount"), window, context);
    let errors = super::around(case, &beside(key, ERRORS), window, context);
    let least = LEAST_REQUESTS * f64::from(requests.period) / 60.0;
    combine(&errors, &requests, |e, r| (r >= least).then(|| 100.0 * e / r))
}

/// Requests divided by the healthy targets of the moment; by all who got them where none was healthy is
/// left to `RequestCountPerTarget`.
fn per_healthy_target(case: &Case, key: &SeriesKey, window: Window, context: Window) -> Grid {
    let requests = super::around(case, &beside(key, "RequestCount"), window, context);
    let healthy = super::around(case, &beside(key, "HealthyHostCount"), window, context);
    combine(&requests, &healthy, |r, h| (h >= 1.0).then(|| r / h))
}

/// `of` each number of `a` with that of `b` at the same time; unknown where either is.
fn combine(a: &Grid, b: &Grid, of: impl Fn(f64, f64) -> Option<f64>) -> Grid {
    let mut out = Grid { statistic: a.statistic.clone(), ..a.clone() };
    for i in 0..a.len() {
        let other = a.time(i).map_or(super::Cell::NotAsked, |t| b.at(t));
        let value = a.cell(i).number().zip(other.number()).and_then(|(x, y)| of(x, y));
        out.values[i] = value.unwrap_or(f64::NAN);
        out.marks[i] = match value {
            Some(_) => Mark::Value,
            None if a.marks[i] == Mark::NotAsked || other == super::Cell::NotAsked => Mark::NotAsked,
            None => Mark::Unknown,
        };
    }
    out
}

/// Failed requests of the access log by minute. Inside what the log covers, no line is no failure.
fn log_failures(case: &Case, key: &SeriesKey, window: Window) -> Grid {
    let Some(log) = &case.access_log else { return Grid::default() };
    let mut grid = Grid { statistic: "Sum".into(), ..Grid::blank(window, 60) };
    let covered = log.window.unwrap_or(window);
    for i in 0..grid.len() {
        if grid.time(i).is_some_and(|t| covered.contains(t)) {
            (grid.values[i], grid.marks[i]) = if log.incomplete { (f64::NAN, Mark::Unknown) } else { (0.0, Mark::Quiet) };
        }
    }
    let wanted = |row: &&crate::accesslog::FailureRow| {
        key.dimension("Signature").is_none_or(|s| s == row.signature.id())
            && key.dimension("Target").is_none_or(|t| t == row.target)
            && key.group().is_none_or(|g| crate::case::topology::short_name(g) == row.group)
            && row.signature != Signature::ClientGone
    };
    for row in log.failures.iter().filter(wanted) {
        add(&mut grid, row.minute, row.count as f64);
    }
    grid
}

fn add(grid: &mut Grid, minute: Time, count: f64) {
    if let Some(i) = grid.index(minute) {
        let before = if grid.values[i].is_nan() { 0.0 } else { grid.values[i] };
        grid.values[i] = before + count;
        grid.marks[i] = Mark::Value;
    }
}
