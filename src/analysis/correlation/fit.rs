//! How well one series fits the pulse: the plain correlation at every circular alignment, and what chance
//! reaches. The pulse is short, so direct sums beat a Fourier transform; most series are settled by the few
//! alignments around the truth.

use super::pulse::Shape;
use super::{Candidate, is_count};
use crate::analysis::grid::{median, quantile};
use crate::metrics::{Metric, Unit};

/// Deviations beyond this many usual ones say no more than this many.
const CLIP: f64 = 12.0;

/// How well a series fits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fit {
    /// Beyond chance; by effect size where there is no chance to compare with.
    pub score: f64,
    pub r: f64,
    pub by_chance: f64,
    /// In periods; positive when the series moves after the errors.
    pub lag: i64,
    pub by_effect: bool,
}

/// Buffers that are used again for every series.
#[derive(Default)]
pub(super) struct Bench {
    /// The prepared series twice over, so that every alignment is one slice; absent points are 0 …
    z: Vec<f64>,
    /// … and have no weight here.
    present: Vec<f64>,
    scratch: Vec<f64>,
    gaps: bool,
    n: f64,
    sum: f64,
    squares: f64,
}

/// A count's spread grows with its size and a latency's with its length; both are undone.
pub fn transformed(metric: &Metric, x: f64) -> f64 {
    if is_count(metric) {
        2.0 * (x.max(0.0) + 0.375).sqrt()
    } else if metric.unit == Unit::Seconds {
        x.max(1e-4).ln()
    } else {
        x
    }
}

/// The least deviation that means something, in units of [`transformed`].
pub fn floor(metric: &Metric, x: &[f64]) -> f64 {
    match metric.unit {
        Unit::Count if is_count(metric) => 0.7,
        Unit::Percent => 1.0,
        Unit::Seconds => 0.05,
        _ => {
            let known: Vec<f64> = x.iter().copied().filter(|v| !v.is_nan()).collect();
            let whole = known.iter().all(|v| v.fract() == 0.0);
            let middle = median(known).unwrap_or(0.0).abs();
            (0.02 * middle).max(if whole && middle < 1000.0 { 0.25 } else { 1e-9 })
        }
    }
}

/// The usual deviation: by the median, by the quartiles where more than half are alike, never below `floor`.
pub fn scale(x: &[f64], floor: f64) -> f64 {
    let Some(middle) = median(x.to_vec()) else { return floor };
    let deviation = 1.4826 * median(x.iter().map(|v| (v - middle).abs()).collect()).unwrap_or(0.0);
    if deviation > 0.0 {
        return deviation.max(floor);
    }
    let quarter = |q| quantile(x.to_vec(), q).unwrap_or(middle);
    ((quarter(0.75) - quarter(0.25)) / 1.349).max(floor)
}

impl Bench {
    /// The best correlation near the truth: no score can be higher. `None` when there is nothing to fit.
    pub fn reach(&mut self, candidate: &Candidate, shape: &Shape) -> Option<f64> {
        if !shape.usable || !self.prepare(candidate) {
            return None;
        }
        let (r, _) = self.near_truth(shape);
        Some(if shape.too_long { self.effect(shape, r) } else { r.abs() })
    }

    /// The whole comparison.
    pub fn fit(&mut self, candidate: &Candidate, shape: &Shape) -> Option<Fit> {
        if !self.prepare(candidate) {
            return None;
        }
        let (r, lag) = self.near_truth(shape);
        if shape.too_long {
            return Some(Fit { score: self.effect(shape, r), r, by_chance: 0.0, lag, by_effect: true });
        }
        let by_chance = self.by_chance(shape)?;
        Some(Fit { score: r.abs() - by_chance, r, by_chance, lag, by_effect: false })
    }

    /// Transforms and clips the series into the buffers; `false` when it is constant or nearly absent.
    fn prepare(&mut self, candidate: &Candidate) -> bool {
        let n = candidate.values.len();
        self.scratch.clear();
        self.scratch.extend(candidate.values.iter().filter(|v| !v.is_nan()).map(|v| transformed(candidate.metric, *v)));
        let (low, high) = self.scratch.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(*v), h.max(*v)));
        if self.scratch.len() < 12 || high <= low {
            return false;
        }
        self.gaps = self.scratch.len() < n;
        let (center, reach) = self.clip(candidate.metric, low, high);
        self.z.clear();
        self.present.clear();
        for v in candidate.values.iter() {
            let known = !v.is_nan();
            self.z.push(if known { (transformed(candidate.metric, *v) - center).clamp(-reach, reach) } else { 0.0 });
            self.present.push(f64::from(u8::from(known)));
        }
        self.n = self.scratch.len() as f64;
        self.sum = self.z.iter().sum();
        self.squares = dot(&self.z, &self.z);
        self.z.extend_from_within(..n);
        self.present.extend_from_within(..n);
        true
    }

    /// The middle, and how far from it a value counts. A correlation does not feel the scale, so the median
    /// and its deviation are only worked out where something could be clipped.
    fn clip(&mut self, metric: &Metric, low: f64, high: f64) -> (f64, f64) {
        let floor = match metric.unit {
            Unit::Count if is_count(metric) => 0.7,
            Unit::Percent => 1.0,
            Unit::Seconds => 0.05,
            _ => 0.0,
        };
        let middle = f64::midpoint(low, high);
        if high - low <= CLIP * floor {
            return (middle, f64::INFINITY);
        }
        let floor = if floor > 0.0 { floor } else { self::floor(metric, &self.scratch) };
        let reach = CLIP * deviation_in_place(&mut self.scratch, floor);
        let center = self.scratch[0];
        if center - reach <= low && high <= center + reach { (middle, f64::INFINITY) } else { (center, reach) }
    }

    /// The correlation when the series is read `lag` periods later than the errors.
    fn r(&self, shape: &Shape, lag: usize) -> f64 {
        let from = (shape.first + lag) % shape.n;
        let range = from..from + shape.heights.len();
        let z = &self.z[range.clone()];
        let together = dot(&shape.heights, z);
        let (sum, squares) = if self.gaps { weighted(&shape.heights, &self.present[range]) } else { (shape.sum, shape.squares) };
        let covariance = self.n * together - sum * self.sum;
        let spread = (self.n * squares - sum * sum) * (self.n * self.squares - self.sum * self.sum);
        if spread <= 1e-18 { 0.0 } else { (covariance / spread.sqrt()).clamp(-1.0, 1.0) }
    }

    /// The strongest correlation within the allowed lags, the nearest of equals.
    fn near_truth(&self, shape: &Shape) -> (f64, i64) {
        let lags = (shape.lags as i64).min(shape.n as i64 / 2);
        let mut best = (0.0, 0, f64::NEG_INFINITY);
        for distance in 0..=lags {
            for lag in if distance == 0 { vec![0] } else { vec![-distance, distance] } {
                let r = self.r(shape, lag.rem_euclid(shape.n as i64) as usize);
                let weight = r.abs() - 1e-4 * distance as f64;
                if weight > best.2 {
                    best = (r, lag, weight);
                }
            }
        }
        (best.0, best.1)
    }

    /// What 95 of 100 alignments far from the truth stay below, each given the same freedom of lag.
    fn by_chance(&mut self, shape: &Shape) -> Option<f64> {
        let shifts = shape.shifts();
        let all: Vec<f64> = (shifts.start - shape.lags..(shifts.end + shape.lags).min(shape.n)).map(|l| self.r(shape, l).abs()).collect();
        let null: Vec<f64> = all.windows(2 * shape.lags + 1).map(|w| w.iter().copied().fold(0.0, f64::max)).collect();
        if null.len() < 20 { None } else { quantile(null, 0.95) }
    }

    /// Typical deviation during the errors times the correlation, for windows too long to have a null.
    fn effect(&mut self, shape: &Shape, r: f64) -> f64 {
        let outside: Vec<f64> = self.points(shape, false);
        let inside = self.points(shape, true);
        let (Some(a), Some(b)) = (median(outside.clone()), median(inside)) else { return 0.0 };
        let deviations = (b - a).abs() / scale(&outside, 1e-6).max(1e-6);
        (deviations.min(CLIP) / CLIP) * r.abs()
    }

    fn points(&self, shape: &Shape, inside: bool) -> Vec<f64> {
        let span = shape.first..shape.first + shape.heights.len();
        (0..shape.n).filter(|i| span.contains(i) == inside && self.present[*i] > 0.0).map(|i| self.z[i]).collect()
    }
}

/// The deviation of `x`, whose order is lost; the median is left in the first place.
fn deviation_in_place(x: &mut [f64], floor: f64) -> f64 {
    let mid = x.len() / 2;
    let (_, middle, _) = x.select_nth_unstable_by(mid, f64::total_cmp);
    let middle = *middle;
    let quartiles = |x: &mut [f64]| {
        let last = x.len() - 1;
        let low = *x.select_nth_unstable_by(last / 4, f64::total_cmp).1;
        (*x.select_nth_unstable_by(last * 3 / 4, f64::total_cmp).1 - low) / 1.349
    };
    let by_quartiles = |x: &mut [f64]| quartiles(x).max(floor);
    let mut apart: Vec<f64> = x.iter().map(|v| (v - middle).abs()).collect();
    let deviation = 1.4826 * *apart.select_nth_unstable_by(mid, f64::total_cmp).1;
    let deviation = if deviation > 0.0 { deviation.max(floor) } else { by_quartiles(x) };
    x[0] = middle;
    deviation
}

/// Four sums side by side: the compiler makes vector code of it, and the order of additions is fixed, so
/// every machine gets the same bits.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 4];
    let (a4, b4) = (a.chunks_exact(4), b.chunks_exact(4));
    let rest: f64 = a4.remainder().iter().zip(b4.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in a4.zip(b4) {
        for i in 0..4 {
            sums[i] += x[i] * y[i];
        }
    }
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
}

/// Sum and sum of squares of the heights where points are present.
fn weighted(heights: &[f64], present: &[f64]) -> (f64, f64) {
    heights.iter().zip(present).fold((0.0, 0.0), |(s, q), (g, w)| (s + g * w, q + g * g * w))
}
