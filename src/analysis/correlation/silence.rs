//! Targets whose host metrics all stopped when the errors began, while others went on: a machine that is
//! off reports nothing, and no correlation sees that.

use super::pulse::Pulse;
use crate::analysis::grid::{self, Grid, Mark};
use crate::analysis::{Correlation, Direction, Order};
use crate::case::Case;
use crate::case::series::{Series, SeriesKey, Track};
use crate::metrics::Role;
use crate::time::Time;
use chrono::Duration;
use std::collections::{BTreeMap, BTreeSet};

/// As good as a very strong association, by measurement.
const SCORE: f64 = 0.9;
const WATCHED: [&str; 3] = ["CPUUtilization", "NetworkIn", "NetworkOut"];

/// One row for each target that fell silent.
pub(super) fn find(case: &Case, pulse: &Pulse) -> Vec<Correlation> {
    let hosts = || case.series.of(WATCHED[0]).filter_map(|(key, track)| Some((key.instance()?, track)));
    let all = hosts().map(|(host, _)| host).collect::<BTreeSet<_>>().len();
    let stopped = hosts().filter(|(_, track)| may_have_stopped(track, pulse)).map(|(host, _)| host);
    let silent: BTreeMap<&str, (Time, u32)> = stopped.filter_map(|h| Some((h, silent_since(case, pulse, h)?))).collect();
    if silent.is_empty() || silent.len() * 2 > all {
        return Vec::new();
    }
    silent.into_iter().map(|(host, (since, period))| row(host, since, period, pulse)).collect()
}

/// Whether there is a silence after a value at all; rules most hosts out before any grid is laid.
fn may_have_stopped(track: &Track, pulse: &Pulse) -> bool {
    if track.outline().is_some_and(|o| o.usual.absent == 0 && o.window.overlaps(&pulse.context)) {
        return false;
    }
    let silent = |s: &Series| s.values.windows(1 + least(s.period)).any(|w| !w[0].is_nan() && w[1..].iter().all(|v| v.is_nan()));
    let reports = |s: &&Series| s.values_in(pulse.context).iter().any(|v| !v.is_nan());
    let mut reporting = track.stretches().iter().filter(reports).peekable();
    reporting.peek().is_none() || reporting.any(silent)
}

/// Periods without a value that are a silence.
fn least(period: u32) -> usize {
    if period >= 300 { 2 } else { 3 }
}

/// When all that the host reports stopped, if that was about when a window of errors began.
fn silent_since(case: &Case, pulse: &Pulse, host: &str) -> Option<(Time, u32)> {
    let grids: Vec<Grid> = WATCHED
        .iter()
        .map(|m| grid::around(case, &SeriesKey::new(m, [("InstanceId", host)]), pulse.looked, pulse.context))
        .filter(|g| !g.is_blank())
        .collect();
    let coarsest = grids.iter().map(|g| g.period).max()?;
    let near = |t: Time| {
        let reach = Duration::seconds(2 * i64::from(coarsest));
        pulse.windows.iter().any(|w| w.start - reach <= t && t <= w.start + reach)
    };
    let stops: Vec<Time> = grids.iter().map(|g| stop(g, &near)).collect::<Option<_>>()?;
    stops.into_iter().max().map(|t| (t, coarsest))
}

/// Where a long enough silence begins near a window.
fn stop(grid: &Grid, near: &dyn Fn(Time) -> bool) -> Option<Time> {
    let least = least(grid.period);
    let silent = |i: &usize| grid.marks[*i - 1] == Mark::Value && (*i..i + least).all(|j| grid.marks.get(j) == Some(&Mark::Unknown));
    (1..grid.len()).filter(silent).filter_map(|i| grid.time(i)).find(|t| near(*t))
}

fn row(host: &str, since: Time, period: u32, pulse: &Pulse) -> Correlation {
    let order = pulse.episode.as_ref().map_or(Order::Coincides, |e| crate::analysis::onset::order(since, period, e));
    Correlation {
        key: SeriesKey::new(WATCHED[0], [("InstanceId", host)]),
        role: Role::Cause,
        rank: 0,
        score: SCORE,
        r: SCORE,
        r_by_chance: 0.0,
        lag: pulse.episode.as_ref().map_or(0, |e| (since - e.onset).num_seconds()),
        onset: Some(since),
        onset_uncertainty: period,
        direction: Direction::Down,
        order,
        before: f64::NAN,
        during: f64::NAN,
        step: f64::NAN,
        associated: true,
        went_silent: true,
        by_effect: false,
    }
}
