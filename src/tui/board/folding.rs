//! A lane's numbers folded to the columns of the axis, and why there are none.

use super::{Empty, Lane, Place, Scores, Shows, Sight, Subject, threshold};
use crate::analysis::grid::columns::Column;
use crate::analysis::grid::{self, Grid, Mark};
use crate::case::Case;
use crate::case::series::{Series, SeriesKey, Track};
use crate::exchange::Area;
use crate::metrics::{Metric, Role, Scope, Unit};
use crate::time::Window;

pub(super) fn lane(case: &Case, subject: Subject, sight: &Sight, scores: &Scores) -> Lane {
    let (window, n) = (sight.axis.window(), usize::from(sight.axis.columns));
    let (grid, columns) = folded(case, &subject, window, n);
    let ghost = sight.compare.map(|c| folded(case, &subject, c.then(window), n));
    let empty = grid.is_blank().then(|| why_empty(case, &subject, &grid)).flatten();
    let correlation = scores.of(&subject).cloned();
    let mut lane = Lane { subject, grid, columns, top: 1.0, ghost, correlation, empty };
    lane.top = top(case, &lane);
    lane
}

fn folded(case: &Case, subject: &Subject, window: Window, n: usize) -> (Grid, Vec<Column>) {
    let band = matches!(subject.place, Place::RestOf(_)) && subject.metric.statistic != "Sum";
    let grid = match &subject.shows {
        Shows::Every => together(case, case.series.of(subject.metric.name), window, band),
        Shows::These(keys) => match &**keys {
            [] => return (Grid::default(), vec![Column::default(); n]),
            [one] => grid::of(case, one, window),
            many => together(case, many.iter().filter_map(|k| Some((k, case.series.get(k)?))), window, band),
        },
    };
    let columns = grid.columns(window, n);
    (grid, columns)
}

/// Many hosts in one lane: their sum, or the largest of them. Those on another period than the first are left
/// out: minutes and five minutes do not add up.
fn together<'a>(case: &Case, mut parts: impl Iterator<Item = (&'a SeriesKey, &'a Track)>, window: Window, band: bool) -> Grid {
    let first = parts.by_ref().map(|(key, _)| grid::of(case, key, window)).find(|grid| !grid.is_blank());
    let Some(mut all) = first else { return Grid::default() };
    for series in parts.map(|(_, track)| track).flat_map(Track::stretches) {
        if series.period == all.period && series.statistic == all.statistic {
            add(&mut all, series, band);
        }
    }
    all
}

/// Lays a series over the others, period by period.
fn add(all: &mut Grid, series: &Series, band: bool) {
    let Some(start) = all.start else { return };
    let offset = (series.start - start).num_seconds().div_euclid(i64::from(all.period.max(1)));
    let (skip, to) = if offset < 0 { (offset.unsigned_abs() as usize, 0) } else { (0, offset as usize) };
    let new = series.values.get(skip..).unwrap_or_default();
    let n = new.len().min(all.values.len().saturating_sub(to));
    if n == 0 {
        return;
    }
    let (new, values, marks) = (&new[..n], &mut all.values[to..to + n], &mut all.marks[to..to + n]);
    // One simple loop each, so that the compiler makes vector code of them.
    if band {
        values.iter_mut().zip(new).for_each(|(value, v)| *value = if *v > *value || value.is_nan() { *v } else { *value });
    } else {
        values.iter_mut().zip(new).for_each(|(value, v)| *value = added(*value, *v));
    }
    if new.iter().any(|v| v.is_nan()) {
        marks.iter_mut().zip(new).for_each(|(mark, v)| *mark = if v.is_nan() { (*mark).max(Mark::Unknown) } else { Mark::Value });
    } else {
        marks.fill(Mark::Value);
    }
}

/// The sum of what is known of two.
fn added(a: f64, b: f64) -> f64 {
    let known = |v: f64| if v.is_nan() { 0.0 } else { v };
    if a.is_nan() & b.is_nan() { a } else { known(a) + known(b) }
}

fn area_of(metric: &Metric) -> Area {
    if metric.scopes.iter().any(|s| matches!(s, Scope::Instance | Scope::Agent)) { Area::HostMetrics } else { Area::BalancerMetrics }
}

fn why_empty(case: &Case, subject: &Subject, grid: &Grid) -> Option<Empty> {
    if grid.marks.iter().any(|m| *m != Mark::NotAsked) && subject.metric.sparse {
        return None;
    }
    let area = area_of(subject.metric);
    if let Some(gap) = case.gaps.iter().find(|g| g.area == area) {
        return Some(Empty::Gap(gap.clone()));
    }
    Some(if case.busy.contains_key(&area) {
        Empty::OnItsWay
    } else if case.settled.contains(&area) {
        Empty::Nothing
    } else {
        Empty::NotAsked
    })
}

/// The top of the scale: 100 for shares, 1 for states, else the largest value, its ghost and the threshold.
fn top(case: &Case, lane: &Lane) -> f64 {
    let largest = |columns: &[Column]| columns.iter().map(|c| c.high).filter(|v| v.is_finite()).fold(0.0, f64::max);
    let seen = largest(&lane.columns).max(lane.ghost.as_ref().map_or(0.0, |(_, c)| largest(c)));
    let floor = match lane.subject.metric.unit {
        Unit::Percent if lane.subject.metric.role != Role::Alarm => 100.0,
        Unit::State => 1.0,
        _ => 0.0,
    };
    let threshold = if lane.is_errors() { threshold(case).unwrap_or(0.0) * 1.1 } else { 0.0 };
    let top = seen.max(floor).max(if threshold < seen * 20.0 { threshold } else { 0.0 });
    if top > 0.0 { top } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::{Fact, What};
    use crate::time::Time;
    use chrono::DateTime;
    use proptest::prelude::*;

    fn at(minute: i64) -> Time {
        DateTime::from_timestamp(1_763_604_300 + minute * 60, 0).unwrap()
    }

    fn key(host: usize) -> SeriesKey {
        SeriesKey::new("NetworkIn", [("InstanceId", format!("i-{host}").as_str())])
    }

    proptest! {
        /// The lane of many hosts is their sum in every minute, or the largest, however their data lies.
        #[test]
        fn many_hosts_in_one_lane(hosts in prop::collection::vec((-20i64..20, prop::collection::vec(prop::option::of(1u16..1000), 1..40)), 1..6)) {
            let series = |(i, (start, values)): (usize, &(i64, Vec<Option<u16>>))| Series {
                key: key(i),
                statistic: "Sum".into(),
                period: 60,
                start: at(*start),
                values: values.iter().map(|v| v.map_or(f64::NAN, f64::from)).collect(),
            };
            let what = What::Series(hosts.iter().enumerate().map(series).collect());
            let case = Case::from_facts([Fact { at: at(60), origin: None, what }]);
            let keys: Vec<SeriesKey> = (0..hosts.len()).map(key).collect();
            let window = Window { start: at(0), end: at(30) };
            let [sum, largest] = [false, true].map(|band| together(&case, case.series.of("NetworkIn"), window, band));
            for minute in 0..30 {
                let seen: Vec<f64> = keys.iter().filter_map(|k| grid::of(&case, k, window).at(at(minute)).number()).collect();
                let (total, most) = (seen.iter().sum::<f64>(), seen.iter().copied().fold(f64::NEG_INFINITY, f64::max));
                prop_assert_eq!(sum.at(at(minute)).number(), (!seen.is_empty()).then_some(total));
                prop_assert_eq!(largest.at(at(minute)).number(), (!seen.is_empty()).then_some(most));
            }
        }
    }
}
