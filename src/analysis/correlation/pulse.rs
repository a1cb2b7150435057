//! The errors as a shape in time that other series are held against: graded inside the episodes, zero
//! outside. A compact pulse keeps slowly drifting series from fitting at every alignment.

use super::{GUARD, PRE};
use crate::analysis::Episode;
use crate::analysis::episodes;
use crate::analysis::grid::{Grid, quantile};
use crate::case::Case;
use crate::time::{Time, Window};
use chrono::Duration;

/// How much around the episodes tells what is usual.
const CONTEXT: Duration = Duration::minutes(240);
/// From this share of the data on, there is no "otherwise" to compare an episode with.
const TOO_LONG: f64 = 0.4;
/// Fewer points or alignments tell nothing.
const LEAST_POINTS: usize = 12;
const LEAST_SHIFTS: usize = 20;

/// The errors' shape on their own periods.
pub(super) struct Pulse {
    /// The stretches that count, in order.
    pub windows: Vec<Window>,
    /// What is looked at; the periods that show it best are compared.
    pub looked: Window,
    /// What is compared.
    pub context: Window,
    /// The one that onsets are measured against.
    pub episode: Option<Episode>,
    /// 0 to 1 for each period of the errors.
    heights: Grid,
}

impl Pulse {
    /// `None` when there are no errors at all.
    pub fn of(case: &Case, window: Window, found: &[Episode]) -> Option<Self> {
        let data = episodes::errors(case, window)?.errors;
        let end = data.marks.iter().rposition(|m| *m >= crate::analysis::grid::Mark::Quiet).and_then(|i| data.time(i + 1))?;
        let windows = stretches(&data, window, found, end)?;
        let hull = windows.iter().copied().reduce(|a, b| a.hull(&b))?;
        let context = hull.widened(CONTEXT, CONTEXT);
        let heights = heights(data, &windows);
        let episode = main(found).cloned();
        Some(Self { windows, looked: window.hull(&hull), context, episode, heights })
    }

    /// The mean height over a period of another series.
    fn over(&self, from: Time, seconds: u32) -> f64 {
        let step = self.heights.period.min(seconds).max(1);
        let parts = (seconds / step).max(1);
        let at = |i: u32| self.heights.at(from + Duration::seconds(i64::from(i * step))).number().unwrap_or(0.0);
        (0..parts).map(at).sum::<f64>() / f64::from(parts)
    }
}

fn main(found: &[Episode]) -> Option<&Episode> {
    found.iter().filter(|e| !e.isolated).max_by(|a, b| a.total.total_cmp(&b.total)).or_else(|| found.first())
}

/// All real episodes; if there are none, the breaches; if none, the worst minute.
fn stretches(data: &Grid, window: Window, found: &[Episode], end: Time) -> Option<Vec<Window>> {
    let real = found.iter().any(|e| !e.isolated);
    let picked: Vec<Window> =
        found.iter().filter(|e| e.isolated != real).map(|e| Window { start: e.onset, end: e.end.unwrap_or(end) }).collect();
    if !picked.is_empty() {
        return Some(picked);
    }
    let (start, _) = data.largest(window).filter(|(_, v)| *v > 0.0)?;
    Some(vec![Window { start, end: start + Duration::seconds(i64::from(data.period)) }])
}

fn heights(data: Grid, windows: &[Window]) -> Grid {
    let inside: Vec<usize> = windows.iter().flat_map(|w| data.range(*w)).collect();
    let high = quantile(inside.iter().map(|i| data.values[*i].max(0.0)).collect(), 0.9).unwrap_or(1.0).max(1.0);
    let mut out = Grid { values: vec![0.0; data.len()], marks: vec![crate::analysis::grid::Mark::Value; data.len()], ..data.clone() };
    for i in inside {
        out.values[i] = (data.values[i].max(0.0).min(high) / high).max(0.15).sqrt();
    }
    out
}

/// The pulse on the periods of one kind of series.
pub(super) struct Shape {
    /// Number of periods.
    pub n: usize,
    /// The first period with height, and the heights from there to the last.
    pub first: usize,
    pub heights: Vec<f64>,
    pub sum: f64,
    pub squares: f64,
    /// Lags that count as "the same time", in periods.
    pub lags: usize,
    /// Periods of each window.
    windows: Vec<(usize, usize)>,
    pre: usize,
    guard: usize,
    day_part: usize,
    pub too_long: bool,
    pub usable: bool,
}

impl Shape {
    pub fn new(pulse: &Pulse, start: Time, period: u32, n: usize) -> Self {
        let seconds = i64::from(period.max(1));
        let at = |i: usize| start + Duration::seconds(seconds * i as i64);
        let all: Vec<f64> = (0..n).map(|i| pulse.over(at(i), period)).collect();
        let first = all.iter().position(|g| *g > 0.0).unwrap_or(0);
        let last = all.iter().rposition(|g| *g > 0.0).map_or(first, |i| i + 1);
        let index = |t: Time| (t - start).num_seconds().div_euclid(seconds).clamp(0, n as i64) as usize;
        let up = |t: Time| index(t + Duration::seconds(seconds - 1));
        let windows: Vec<_> = pulse.windows.iter().map(|w| (index(w.start), up(w.end))).filter(|(a, b)| a < b).collect();
        let longest = windows.iter().map(|(a, b)| b - a).max().unwrap_or(0);
        let inside: usize = windows.iter().map(|(a, b)| b - a).sum();
        let lags = usize::try_from(300 / seconds).unwrap_or(1).max(1);
        let periods = |d: Duration| usize::try_from(d.num_seconds() / seconds).unwrap_or(0);
        let heights = all[first..last].to_vec();
        let near = 2 * (lags + longest) + 1;
        let too_long = inside as f64 >= TOO_LONG * n as f64 || n < near + LEAST_SHIFTS;
        Self {
            n,
            first,
            sum: heights.iter().sum(),
            squares: heights.iter().map(|g| g * g).sum(),
            heights,
            lags,
            pre: periods(PRE).max(4),
            guard: periods(GUARD).max(1),
            day_part: periods(CONTEXT),
            too_long,
            usable: n >= LEAST_POINTS && longest > 0 && last > first,
            windows,
        }
    }

    /// The periods that the alignments near the truth touch; `None` if those go round an end.
    pub fn near(&self) -> Option<std::ops::Range<usize>> {
        let near = self.first.checked_sub(self.lags)?..self.first + self.heights.len() + self.lags;
        (near.end <= self.n).then_some(near)
    }

    /// Shifts that are far enough from the truth to be chance, as a range of circular distances.
    pub fn shifts(&self) -> std::ops::Range<usize> {
        let longest = self.windows.iter().map(|(a, b)| b - a).max().unwrap_or(0);
        let near = self.lags + longest + 1;
        near..self.n.saturating_sub(near - 1).max(near)
    }

    /// Periods before a window, with the guard between left out.
    fn before(&self, (from, _): (usize, usize), lag: i64) -> std::ops::Range<usize> {
        let end = (from as i64 + lag).clamp(0, self.n as i64) as usize;
        let end = end.saturating_sub(self.guard);
        end.saturating_sub(self.pre)..end
    }

    fn during(&self, (from, to): (usize, usize), lag: i64) -> std::ops::Range<usize> {
        let moved = |i: usize| (i as i64 + lag).clamp(0, self.n as i64) as usize;
        moved(from)..moved(to)
    }

    /// The change at onset in units of what the series usually does over the same distance.
    pub fn step(&self, x: &[f64], lag: i64, floor: f64) -> f64 {
        self.windows.iter().filter_map(|w| self.step_at(x, *w, lag, floor)).fold(0.0, f64::max)
    }

    fn step_at(&self, x: &[f64], window: (usize, usize), lag: i64, floor: f64) -> Option<f64> {
        let before = self.before(window, lag);
        let usual_level = middle(&x[before.clone()])?;
        let mut apart: Vec<f64> = known(&x[self.during(window, lag)]).map(|v| (v - usual_level).abs()).collect();
        apart.sort_by(|a, b| b.total_cmp(a));
        apart.truncate(apart.len().div_ceil(3));
        let moved = crate::analysis::grid::median(apart)?;
        let width = (window.1 - window.0).clamp(1, 5);
        let history = &x[before.end.saturating_sub(self.day_part)..before.end];
        let usual = usual_change(history, width, self.guard + self.pre / 2).unwrap_or(0.0);
        Some(moved / usual.max(floor / 2.0))
    }

    /// Typical values before and during, in the series' own unit.
    pub fn before_and_during(&self, values: &[f64], lag: i64) -> (f64, f64) {
        let typical = |ranges: Vec<std::ops::Range<usize>>| {
            let all: Vec<f64> = ranges.into_iter().flat_map(|r| known(&values[r])).collect();
            crate::analysis::grid::median(all).unwrap_or(f64::NAN)
        };
        let of = |f: &dyn Fn((usize, usize)) -> std::ops::Range<usize>| self.windows.iter().map(|w| f(*w)).collect();
        (typical(of(&|w| self.before(w, lag))), typical(of(&|w| self.during(w, lag))))
    }
}

fn known(x: &[f64]) -> impl Iterator<Item = f64> + '_ {
    x.iter().copied().filter(|v| !v.is_nan())
}

fn middle(x: &[f64]) -> Option<f64> {
    crate::analysis::grid::median(known(x).collect())
}

/// How much a running mean of `width` points usually moves over `distance`.
fn usual_change(x: &[f64], width: usize, distance: usize) -> Option<f64> {
    let means: Vec<f64> = x
        .windows(width)
        .map(|w| {
            let (n, sum) = known(w).fold((0, 0.0), |(n, s), v| (n + 1, s + v));
            if n == 0 { f64::NAN } else { sum / f64::from(n) }
        })
        .collect();
    let moves: Vec<f64> = means.iter().zip(means.iter().skip(distance.max(1))).map(|(a, b)| (b - a).abs()).collect();
    middle(&moves).map(|m| 1.4826 * m)
}
