//! How well one series fits the pulse: the plain correlation at every circular alignment, and what chance
//! reaches. The pulse is short, so direct sums beat a Fourier transform; most series are settled by the few
//! alignments around the truth.

use super::pulse::Shape;
use super::{Candidate, is_count};
use crate::analysis::grid::{median, median_of, quantile};
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
    /// The prepared series and its beginning once more, so that every alignment is one slice; absent points are 0 …
    z: Vec<f64>,
    /// … and have no weight here. Empty where nothing is absent.
    present: Vec<f64>,
    scratch: Vec<f64>,
    n: f64,
    sum: f64,
    squares: f64,
}

/// What one pass over a series tells.
#[derive(Clone, Copy)]
struct Extent {
    known: usize,
    low: f64,
    high: f64,
}

/// A count's spread grows with its size and a latency's with its length; both are undone. Unknown stays unknown.
pub fn transformed(metric: &Metric, x: f64) -> f64 {
    if is_count(metric) {
        2.0 * (x.clamp(0.0, f64::INFINITY) + 0.375).sqrt()
    } else if metric.unit == Unit::Seconds {
        x.clamp(1e-4, f64::INFINITY).ln()
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
            let mut known = Vec::with_capacity(x.len());
            known.extend(x.iter().copied().filter(|v| !v.is_nan()));
            let whole = known.iter().all(|v| v.fract() == 0.0);
            let middle = median(known).unwrap_or(0.0).abs();
            (0.02 * middle).max(if whole && middle < 1000.0 { 0.25 } else { 1e-9 })
        }
    }
}

/// The usual deviation: by the median, by the quartiles where more than half are alike, never below `floor`.
pub fn scale(x: &[f64], floor: f64) -> f64 {
    let mut apart = x.to_vec();
    let Some(middle) = median_of(&mut apart) else { return floor };
    apart.iter_mut().for_each(|v| *v = (*v - middle).abs());
    let deviation = 1.4826 * median_of(&mut apart).unwrap_or(0.0);
    if deviation > 0.0 {
        return deviation.max(floor);
    }
    let quarter = |q| quantile(x.to_vec(), q).unwrap_or(middle);
    ((quarter(0.75) - quarter(0.25)) / 1.349).max(floor)
}

impl Bench {
    /// The best correlation near the truth: no score can be higher. `None` when there is nothing to fit.
    pub fn reach(&mut self, candidate: &Candidate, shape: &Shape) -> Option<f64> {
        if !shape.usable || !self.prepare(candidate, shape) {
            return None;
        }
        let (r, _) = self.near_truth(shape);
        Some(if shape.too_long { self.effect(shape, r) } else { r.abs() })
    }

    /// The whole comparison.
    pub fn fit(&mut self, candidate: &Candidate, shape: &Shape) -> Option<Fit> {
        if !self.prepare(candidate, shape) {
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
    fn prepare(&mut self, candidate: &Candidate, shape: &Shape) -> bool {
        let metric = candidate.metric;
        let published = Extent::of(&candidate.values);
        // Every transformation keeps the order.
        let extent = Extent { low: transformed(metric, published.low), high: transformed(metric, published.high), ..published };
        if extent.known < 12 || extent.high <= extent.low {
            return false;
        }
        self.load(metric, &candidate.values);
        let (center, reach) = self.clip(metric, extent);
        self.fill(center, reach, extent.known < candidate.values.len());
        self.n = extent.known as f64;
        self.sum = sum(&self.z);
        self.squares = dot(&self.z, &self.z);
        let wrapped = shape.heights.len().min(shape.n);
        self.z.extend_from_within(..wrapped);
        if !self.present.is_empty() {
            self.present.extend_from_within(..wrapped);
        }
        true
    }

    fn load(&mut self, metric: &Metric, values: &[f64]) {
        self.z.clear();
        self.z.extend_from_slice(values);
        if is_count(metric) || metric.unit == Unit::Seconds {
            self.z.iter_mut().for_each(|v| *v = transformed(metric, *v));
        }
    }

    /// Puts deviations in the place of values, and 0 in the place of what is absent.
    fn fill(&mut self, center: f64, reach: f64, gaps: bool) {
        self.present.clear();
        if gaps {
            self.present.extend(self.z.iter().map(|v| f64::from(u8::from(!v.is_nan()))));
        }
        let deviation = |v: f64| (v - center).clamp(-reach, reach);
        self.z.iter_mut().for_each(|v| *v = if v.is_nan() { 0.0 } else { deviation(*v) });
    }

    /// The middle, and how far from it a value counts. A correlation does not feel the scale, so the median
    /// and its deviation are only worked out where something could be clipped.
    fn clip(&mut self, metric: &Metric, extent: Extent) -> (f64, f64) {
        let floor = match metric.unit {
            Unit::Count if is_count(metric) => 0.7,
            Unit::Percent => 1.0,
            Unit::Seconds => 0.05,
            _ => 0.0,
        };
        let Extent { low, high, .. } = extent;
        let whole = (f64::midpoint(low, high), f64::INFINITY);
        if high - low <= CLIP * floor || extent.is_spread_out(&self.z) {
            return whole;
        }
        self.scratch.clear();
        self.scratch.extend(self.z.iter().filter(|v| !v.is_nan()));
        let floor = if floor > 0.0 { floor } else { self::floor(metric, &self.scratch) };
        let reach = CLIP * deviation_in_place(&mut self.scratch, floor);
        let center = self.scratch[0];
        if center - reach <= low && high <= center + reach { whole } else { (center, reach) }
    }

    /// The correlation when the series is read `lag` periods later than the errors.
    fn r(&self, shape: &Shape, lag: usize) -> f64 {
        let from = shape.first + lag;
        let from = if from < shape.n { from } else { from - shape.n };
        let range = from..from + shape.heights.len();
        let z = &self.z[range.clone()];
        let together = dot(&shape.heights, z);
        let (sum, squares) =
            if self.present.is_empty() { (shape.sum, shape.squares) } else { weighted(&shape.heights, &self.present[range]) };
        let covariance = self.n * together - sum * self.sum;
        let spread = (self.n * squares - sum * sum) * (self.n * self.squares - self.sum * self.sum);
        if spread <= 1e-18 { 0.0 } else { (covariance / spread.sqrt()).clamp(-1.0, 1.0) }
    }

    /// The strongest correlation within the allowed lags, the nearest of equals.
    fn near_truth(&self, shape: &Shape) -> (f64, i64) {
        let lags = (shape.lags as i64).min(shape.n as i64 / 2);
        let mut best = (0.0, 0, f64::NEG_INFINITY);
        for distance in 0..=lags {
            for lag in [-distance, distance] {
                let around = if lag < 0 { lag + shape.n as i64 } else { lag };
                let r = self.r(shape, around as usize);
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
        let known = |i: &usize| self.present.get(*i).is_none_or(|p| *p > 0.0);
        (0..shape.n).filter(|i| span.contains(i) == inside && known(i)).map(|i| self.z[i]).collect()
    }
}

impl Extent {
    fn of(x: &[f64]) -> Self {
        let (mut low, mut high, mut known) = ([f64::INFINITY; 4], [f64::NEG_INFINITY; 4], [0.0; 4]);
        let (fours, rest) = x.as_chunks::<4>();
        for four in fours {
            for i in 0..4 {
                let v = four[i];
                low[i] = if v < low[i] { v } else { low[i] };
                high[i] = if v > high[i] { v } else { high[i] };
                known[i] += if v.is_nan() { 0.0 } else { 1.0 };
            }
        }
        for v in rest {
            low[0] = low[0].min(*v);
            high[0] = high[0].max(*v);
            known[0] += if v.is_nan() { 0.0 } else { 1.0 };
        }
        let least = low.into_iter().fold(f64::INFINITY, f64::min);
        let most = high.into_iter().fold(f64::NEG_INFINITY, f64::max);
        Self { known: (known[0] + known[1] + known[2] + known[3]) as usize, low: least, high: most }
    }

    /// Whether half of the points are so far from the median that no point can be [`CLIP`] deviations away.
    /// Counting in sixteen parts of the range settles that for most series without a single sort: points two
    /// parts from the median's are further away than the range divided by `1.4826 * CLIP`.
    fn is_spread_out(&self, x: &[f64]) -> bool {
        // A number this large has no room for a fraction: its last bits are the part, rounded.
        const WHOLE: f64 = (1_u64 << 52) as f64;
        let parts = 15.0 / (self.high - self.low);
        let part = |v: f64| (((v - self.low) * parts + WHOLE).to_bits() & 15) as usize;
        // Four counts side by side: neighbours often fall into the same part.
        let mut counts = [[0_u32; 16]; 4];
        for (i, v) in x.iter().enumerate() {
            if !v.is_nan() {
                counts[i % 4][part(*v)] += 1;
            }
        }
        let count = |i: usize| counts.iter().map(|c| c[i] as usize).sum::<usize>();
        let (mut below, middle) = (0, self.known / 2);
        let of_median = (0..16).find(|i| {
            below += count(*i);
            below > middle
        });
        let near: usize = of_median.map_or(0, |p| (p.saturating_sub(1)..(p + 2).min(16)).map(count).sum());
        near <= middle
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
    let ((a4, a), (b4, b)) = (a.as_chunks::<4>(), b.as_chunks::<4>());
    for at in 0..a4.len().min(b4.len()) {
        for i in 0..4 {
            sums[i] += a4[at][i] * b4[at][i];
        }
    }
    let mut rest = 0.0;
    for i in 0..a.len().min(b.len()) {
        rest += a[i] * b[i];
    }
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
}

/// The sum in the same way.
fn sum(x: &[f64]) -> f64 {
    let mut sums = [0.0; 4];
    let (fours, rest) = x.as_chunks::<4>();
    for four in fours {
        for i in 0..4 {
            sums[i] += four[i];
        }
    }
    let mut left = 0.0;
    for v in rest {
        left += v;
    }
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + left
}

/// Sum and sum of squares of the heights where points are present.
fn weighted(heights: &[f64], present: &[f64]) -> (f64, f64) {
    heights.iter().zip(present).fold((0.0, 0.0), |(s, q), (g, w)| (s + g * w, q + g * g * w))
}
