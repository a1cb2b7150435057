//! How well one series fits the pulse: the plain correlation at every circular alignment, and what chance
//! reaches. The pulse is short, so direct sums beat a Fourier transform; most series are settled by the few
//! alignments around the truth.

use super::Candidate;
use super::pulse::Shape;
use crate::metrics::usual::{CLIP, Room, Usual, dot, median, quantile, scale, transform};
use std::ops::Range;

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
    /// The deviations of the series from place `from` on, round the end to its beginning if need be, so that every
    /// alignment is one slice; absent points are 0 …
    z: Vec<f64>,
    /// … and have no weight here. Empty where nothing is absent.
    present: Vec<f64>,
    from: usize,
    room: Room,
    n: f64,
    sum: f64,
    squares: f64,
}

impl Bench {
    /// The best correlation near the truth: no score can be higher. `None` when there is nothing to fit.
    pub fn reach(&mut self, candidate: &Candidate, shape: &Shape) -> Option<f64> {
        let near = shape.near().filter(|_| !shape.too_long).unwrap_or(0..shape.n);
        if !shape.usable || !self.prepare(candidate, shape, near) {
            return None;
        }
        let (r, _) = self.near_truth(shape);
        Some(if shape.too_long { self.effect(shape, r) } else { r.abs() })
    }

    /// The whole comparison.
    pub fn fit(&mut self, candidate: &Candidate, shape: &Shape) -> Option<Fit> {
        if !self.prepare(candidate, shape, 0..shape.n) {
            return None;
        }
        let (r, lag) = self.near_truth(shape);
        if shape.too_long {
            return Some(Fit { score: self.effect(shape, r), r, by_chance: 0.0, lag, by_effect: true });
        }
        let by_chance = self.by_chance(shape)?;
        Some(Fit { score: r.abs() - by_chance, r, by_chance, lag, by_effect: false })
    }

    /// Puts the deviations of some of the series into the buffers; `false` when it is constant or nearly absent.
    fn prepare(&mut self, candidate: &Candidate, shape: &Shape, part: Range<usize>) -> bool {
        let usual = candidate.usual.unwrap_or_else(|| Usual::of(candidate.metric, &candidate.values, &mut self.room));
        let Some(spread) = usual.spread else { return false };
        (self.n, self.sum, self.squares, self.from) = (usual.known as f64, spread.sum, spread.squares, part.start);
        self.z.clear();
        self.z.extend_from_slice(&candidate.values[part.clone()]);
        self.present.clear();
        if usual.absent > 0 {
            self.present.extend(self.z.iter().map(|v| f64::from(u8::from(!v.is_nan()))));
        }
        transform(candidate.metric, &mut self.z);
        self.z.iter_mut().for_each(|v| *v = spread.deviation(*v));
        if part.len() == shape.n {
            self.close(shape.heights.len().min(shape.n));
        }
        true
    }

    /// Puts the beginning once more at the end.
    fn close(&mut self, wrapped: usize) {
        self.z.extend_from_within(..wrapped);
        if !self.present.is_empty() {
            self.present.extend_from_within(..wrapped);
        }
    }

    /// The correlation when the series is read `lag` periods later than the errors.
    fn r(&self, shape: &Shape, lag: usize) -> f64 {
        let from = shape.first + lag;
        let from = if from < shape.n { from } else { from - shape.n } - self.from;
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

/// Sum and sum of squares of the heights where points are present.
fn weighted(heights: &[f64], present: &[f64]) -> (f64, f64) {
    heights.iter().zip(present).fold((0.0, 0.0), |(s, q), (g, w)| (s + g * w, q + g * g * w))
}
