//! Series on the grid of a window: what a lane draws and what every number is computed from. Keeps a value,
//! a zero that is known from silence, silence that means nothing, and "never asked" apart.

pub mod columns;
pub mod derived;

use crate::case::Case;
use crate::case::series::{Series, SeriesKey, Track};
use crate::exchange::Area;
use crate::metrics::{self, ERRORS, Metric};
use crate::time::{Time, Window};
use chrono::Duration;
use std::ops::Range;

pub use crate::metrics::usual::{median, median_of, quantile};

/// The most periods a grid holds: two weeks of minutes, with room.
const MOST: usize = 50_000;

/// What is known of one period.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell {
    /// Published.
    Value(f64),
    /// Nothing published while requests flowed, of a metric that leaves zeros out: 0.
    Quiet,
    /// Nothing published, and that may mean anything.
    Unknown,
    /// Outside what was asked of CloudWatch.
    NotAsked,
}

impl Cell {
    /// The number to compute with, if there is one.
    pub fn number(self) -> Option<f64> {
        match self {
            Self::Value(v) => Some(v),
            Self::Quiet => Some(0.0),
            Self::Unknown | Self::NotAsked => None,
        }
    }
}

/// The kind of a cell, without its number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    #[default]
    NotAsked,
    Unknown,
    Quiet,
    Value,
}

/// One series on periods of `period` seconds from the window's aligned start. NaN is unknown.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Grid {
    pub start: Option<Time>,
    pub period: u32,
    /// As CloudWatch names it; empty when there is no data.
    pub statistic: String,
    /// Quiet periods are 0, all others without a value NaN.
    pub values: Vec<f64>,
    /// One a value.
    pub marks: Vec<Mark>,
    /// Periods from this index on had not ended when the case was gathered.
    pub unfinished_from: Option<usize>,
}

impl Grid {
    /// All unknown and never asked.
    pub fn blank(window: Window, period: u32) -> Self {
        let period = period.max(1);
        let aligned = window.aligned(period);
        let n = aligned.bins(period).min(MOST);
        Self { start: Some(aligned.start), period, values: vec![f64::NAN; n], marks: vec![Mark::NotAsked; n], ..Self::default() }
    }

    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// No period at all.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// No number at all.
    pub fn is_blank(&self) -> bool {
        self.values.iter().all(|v| v.is_nan())
    }

    /// What is known of period `i`.
    pub fn cell(&self, i: usize) -> Cell {
        match self.marks.get(i) {
            Some(Mark::Value) => Cell::Value(self.values[i]),
            Some(Mark::Quiet) => Cell::Quiet,
            Some(Mark::Unknown) => Cell::Unknown,
            Some(Mark::NotAsked) | None => Cell::NotAsked,
        }
    }

    /// When period `i` begins; without data, never.
    pub fn time(&self, i: usize) -> Option<Time> {
        self.start?.checked_add_signed(Duration::seconds(i64::from(self.period) * i as i64))
    }

    /// The period that `t` falls in.
    pub fn index(&self, t: Time) -> Option<usize> {
        let i = (t - self.start?).num_seconds().div_euclid(i64::from(self.period.max(1)));
        usize::try_from(i).ok().filter(|i| *i < self.values.len())
    }

    /// What is known of the period that `t` falls in.
    pub fn at(&self, t: Time) -> Cell {
        self.index(t).map_or(Cell::NotAsked, |i| self.cell(i))
    }

    /// Periods that begin inside `window`.
    pub fn range(&self, window: Window) -> Range<usize> {
        let Some(start) = self.start else { return 0..0 };
        let period = i64::from(self.period.max(1));
        let first = |t: Time| {
            let periods = ((t - start).num_seconds().max(0) + period - 1) / period;
            usize::try_from(periods).unwrap_or(0).min(self.values.len())
        };
        let from = first(window.start);
        from..first(window.end).max(from)
    }

    /// Numbers of periods that begin inside `window`, with their times.
    pub fn numbers(&self, window: Window) -> impl Iterator<Item = (Time, f64)> + '_ {
        self.range(window).filter(|i| !self.values[*i].is_nan()).filter_map(|i| Some((self.time(i)?, self.values[i])))
    }

    /// The same without the times.
    pub fn known(&self, window: Window) -> impl Iterator<Item = f64> + '_ {
        self.values[self.range(window)].iter().copied().filter(|v| !v.is_nan())
    }

    /// The sum of what is known inside `window`; `None` if nothing is.
    pub fn sum(&self, window: Window) -> Option<f64> {
        self.known(window).reduce(|a, b| a + b)
    }

    /// The largest number inside `window`, and when.
    pub fn largest(&self, window: Window) -> Option<(Time, f64)> {
        self.extreme(window, |v, best| v > best)
    }

    /// The smallest number inside `window`, and when.
    pub fn smallest(&self, window: Window) -> Option<(Time, f64)> {
        self.extreme(window, |v, best| v < best)
    }

    fn extreme(&self, window: Window, better: impl Fn(f64, f64) -> bool) -> Option<(Time, f64)> {
        let known = self.range(window).filter(|i| !self.values[*i].is_nan());
        let at = known.reduce(|best, i| if better(self.values[i], self.values[best]) { i } else { best })?;
        Some((self.time(at)?, self.values[at]))
    }

    /// The middle number inside `window`.
    pub fn median(&self, window: Window) -> Option<f64> {
        median(self.collected(window))
    }

    /// What is known inside `window`, in one piece.
    pub fn collected(&self, window: Window) -> Vec<f64> {
        let mut all = Vec::with_capacity(self.range(window).len());
        all.extend(self.known(window));
        all
    }

    /// The mean of what is known inside `window`.
    pub fn mean(&self, window: Window) -> Option<f64> {
        let (n, sum) = self.known(window).fold((0u32, 0.0), |(n, sum), v| (n + 1, sum + v));
        (n > 0).then(|| sum / f64::from(n))
    }

    /// Lays a stretch over the grid; `means` tells what an absent period at a time is.
    fn lay(&mut self, series: &Series, means: impl Fn(Time) -> Mark) {
        let Some(start) = self.start else { return };
        let offset = (series.start - start).num_seconds().div_euclid(i64::from(self.period.max(1)));
        let len = self.values.len();
        let place = |at: i64| usize::try_from(at).unwrap_or(0).min(len);
        let (to, skipped) = (place(offset), usize::try_from(-offset).unwrap_or(0).min(series.values.len()));
        let count = (series.values.len() - skipped).min(len - to);
        self.values[to..to + count].copy_from_slice(&series.values[skipped..skipped + count]);
        for i in 0..count {
            let mark = if self.values[to + i].is_nan() { means(series.time(skipped + i)) } else { Mark::Value };
            self.marks[to + i] = mark;
            if mark == Mark::Quiet {
                self.values[to + i] = 0.0;
            }
        }
    }

    fn mark_unfinished(&mut self, now: Option<Time>) {
        let Some((start, now)) = self.start.zip(now) else { return };
        let finished = (now - start).num_seconds().div_euclid(i64::from(self.period.max(1)));
        self.unfinished_from = usize::try_from(finished.max(0)).ok().filter(|from| *from < self.len());
    }
}

/// The series on its own period inside `window`; derived series are computed. Sparse counts are 0 where
/// requests flowed and nothing was published.
pub fn of(case: &Case, key: &SeriesKey, window: Window) -> Grid {
    around(case, key, window, window)
}

/// The same over all of `context`, on the period that shows `window` best: what is known coarsely of two weeks
/// must not stand for what is known by the minute of today.
pub fn around(case: &Case, key: &SeriesKey, window: Window, context: Window) -> Grid {
    if let Some(grid) = derived::of(case, key, window, context) {
        return grid;
    }
    let found = best(case, key, window).or_else(|| if is_known_zero(case, key) { None } else { best(case, key, context) });
    let Some((track, best)) = found else { return never_published(case, key, window, context) };
    let flow = metrics::find(&key.metric).filter(|m| m.sparse).and_then(|_| flow(case, key, window, context));
    let mut grid = on_grid(track, best, context, flow.as_ref());
    grid.mark_unfinished(case.now());
    grid
}

/// A count that leaves zeros out, once all that there is of the balancer's metrics has been read.
fn is_known_zero(case: &Case, key: &SeriesKey) -> bool {
    let leaves_zeros_out = metrics::find(&key.metric).is_some_and(|m| m.sparse && m.namespace == "AWS/ApplicationELB");
    leaves_zeros_out && !case.is_waiting_for(Area::BalancerMetrics)
}

/// Such a count of which nothing came in the window: 0 wherever requests flowed, unknown where it was read
/// at another period.
fn never_published(case: &Case, key: &SeriesKey, window: Window, context: Window) -> Grid {
    let Some(flow) = flow(case, key, window, context).filter(|_| is_known_zero(case, key)) else { return Grid::default() };
    let elsewhere = |t: Time| case.series.get(key).is_some_and(|track| track.stretches().iter().any(|s| s.index(t).is_some()));
    let mut grid = Grid { statistic: "Sum".into(), ..Grid::blank(context, flow.period) };
    for i in 0..grid.len().min(flow.len()) {
        if !flow.values[i].is_nan() && grid.time(i).is_some_and(|t| !elsewhere(t)) {
            (grid.values[i], grid.marks[i]) = (0.0, Mark::Quiet);
        }
    }
    grid
}

/// The track of a key, and its stretch that shows `window` best with the statistic that is right for it.
fn best<'a>(case: &'a Case, key: &SeriesKey, window: Window) -> Option<(&'a Track, &'a Series)> {
    let track = case.series.get(key)?;
    let statistic = metrics::find(&key.metric).map_or("", |m| m.statistic);
    Some((track, track.shows(statistic, window)?))
}

/// The stretch of a track that shows `window` best, of all of `context` where it shows nothing.
pub(super) fn shown<'a>(metric: &Metric, track: &'a Track, window: Window, context: Window) -> Option<&'a Series> {
    [window, context].into_iter().find_map(|w| track.shows(metric.statistic, w))
}

/// Every stretch of the best one's statistic and period; `flow` turns silence into zeros.
pub(super) fn on_grid(track: &Track, best: &Series, window: Window, flow: Option<&Grid>) -> Grid {
    let mut grid = Grid { statistic: best.statistic.clone(), ..Grid::blank(window, best.period) };
    for stretch in track.stretches().iter().filter(|s| s.period == best.period && s.statistic == best.statistic) {
        grid.lay(stretch, |t| if flow.is_some_and(|f| flowed(f, t, best.period)) { Mark::Quiet } else { Mark::Unknown });
    }
    grid
}

/// Whether requests were counted in the period of `seconds` from `t`.
fn flowed(flow: &Grid, t: Time, seconds: u32) -> bool {
    let periods = usize::try_from(seconds.div_ceil(flow.period.max(1))).unwrap_or(1);
    flow.index(t).is_some_and(|i| flow.values[i..].iter().take(periods).any(|v| !v.is_nan()))
}

/// The requests of the same balancer, group and zone, on the period that shows `window` best; of the whole
/// balancer where those were not asked for.
pub fn flow(case: &Case, key: &SeriesKey, window: Window, context: Window) -> Option<Grid> {
    let same = SeriesKey { metric: "RequestCount".into(), dimensions: key.dimensions.clone() };
    let whole = SeriesKey::new("RequestCount", key.dimension("LoadBalancer").map(|lb| ("LoadBalancer", lb)));
    let (track, stretch) = [(&same, window), (&whole, window), (&same, context), (&whole, context)]
        .into_iter()
        .find_map(|(key, window)| best(case, key, window))?;
    Some(on_grid(track, stretch, context, None))
}

/// The series that the alarm watches: its own dimensions, or else the balancer's, or else the first there is.
pub fn errors_key(case: &Case) -> Option<SeriesKey> {
    let alarm = case.alarm.as_ref().filter(|a| a.metric == ERRORS && !a.dimensions.is_empty());
    if let Some(alarm) = alarm {
        return Some(SeriesKey { metric: ERRORS.into(), dimensions: alarm.dimensions.clone() });
    }
    let balancer = case.load_balancer.as_ref().map(|lb| crate::case::topology::dimension_of(&lb.arn));
    let asked = balancer.map(|lb| SeriesKey::new(ERRORS, [("LoadBalancer", lb)]));
    asked.filter(|k| case.series.get(k).is_some()).or_else(|| widest(case, ERRORS))
}

/// The key of a metric with the fewest dimensions.
pub fn widest(case: &Case, metric: &str) -> Option<SeriesKey> {
    case.series.of(metric).map(|(k, _)| k).min_by_key(|k| (k.dimensions.len(), (*k).clone())).cloned()
}

/// The same place, another metric.
pub fn beside(key: &SeriesKey, metric: &str) -> SeriesKey {
    SeriesKey { metric: metric.into(), dimensions: key.dimensions.clone() }
}

#[cfg(test)]
mod tests;
