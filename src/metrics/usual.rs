//! What the numbers of one series are like by themselves: their range, their middle, how far from it they usually
//! are. Knows a metric's unit, no time and no other series.

use super::{Metric, Unit};

/// Deviations beyond this many usual ones say no more than this many.
pub const CLIP: f64 = 12.0;
/// Fewer published values tell nothing.
const LEAST: usize = 12;

/// What is known of a series without looking at anything else. Worked out once for a series that is read, not at
/// every look at it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Usual {
    /// Values that were published, and that were not.
    pub known: usize,
    pub absent: usize,
    /// The smallest and the largest of them; infinite, and the wrong way round, if there are none.
    pub low: f64,
    pub high: f64,
    /// `None` when they are all alike, or nearly absent.
    pub spread: Option<Spread>,
}

/// How the [`transformed`] values lie around their middle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    center: f64,
    /// How far from it a value counts.
    reach: f64,
    /// Of the deviations, where an absent value is none.
    pub sum: f64,
    pub squares: f64,
}

/// Room to work in, used again for every series.
#[derive(Debug, Default)]
pub struct Room {
    x: Vec<f64>,
    scratch: Vec<f64>,
}

/// What one pass over a series tells.
#[derive(Clone, Copy)]
struct Extent {
    known: usize,
    low: f64,
    high: f64,
}

impl Usual {
    /// NaN is absent.
    pub fn of(metric: &Metric, values: &[f64], room: &mut Room) -> Self {
        let Extent { known, low, high } = Extent::of(values);
        // Every transformation keeps the order.
        let extent = Extent { known, low: transformed(metric, low), high: transformed(metric, high) };
        let spread = (known >= LEAST && extent.high > extent.low).then(|| Spread::of(metric, extent, values, room));
        Self { known, absent: values.len() - known, low, high, spread }
    }
}

impl Spread {
    fn of(metric: &Metric, extent: Extent, values: &[f64], room: &mut Room) -> Self {
        room.load(metric, values);
        let (center, reach) = room.clip(metric, extent);
        let spread = Self { center, reach, sum: 0.0, squares: 0.0 };
        room.x.iter_mut().for_each(|v| *v = spread.deviation(*v));
        Self { sum: sum(&room.x), squares: dot(&room.x, &room.x), ..spread }
    }

    /// From the middle, of a transformed value; 0 of an absent one.
    #[inline]
    pub fn deviation(&self, transformed: f64) -> f64 {
        if transformed.is_nan() { 0.0 } else { (transformed - self.center).clamp(-self.reach, self.reach) }
    }
}

impl Room {
    fn load(&mut self, metric: &Metric, values: &[f64]) {
        self.x.clear();
        self.x.extend_from_slice(values);
        transform(metric, &mut self.x);
    }

    /// The middle, and how far from it a value counts. A correlation does not feel the scale, so the median
    /// and its deviation are only worked out where something could be clipped.
    fn clip(&mut self, metric: &Metric, extent: Extent) -> (f64, f64) {
        let floor = match metric.unit {
            Unit::Count if metric.is_count() => 0.7,
            Unit::Percent => 1.0,
            Unit::Seconds => 0.05,
            _ => 0.0,
        };
        let Extent { low, high, .. } = extent;
        let whole = (f64::midpoint(low, high), f64::INFINITY);
        if high - low <= CLIP * floor || extent.is_spread_out(&self.x) {
            return whole;
        }
        self.scratch.clear();
        self.scratch.extend(self.x.iter().filter(|v| !v.is_nan()));
        let floor = if floor > 0.0 { floor } else { self::floor(metric, &self.scratch) };
        let reach = CLIP * deviation_in_place(&mut self.scratch, floor);
        let center = self.scratch[0];
        if center - reach <= low && high <= center + reach { whole } else { (center, reach) }
    }
}

/// A count's spread grows with its size and a latency's with its length; both are undone. Unknown stays unknown.
pub fn transformed(metric: &Metric, x: f64) -> f64 {
    if metric.is_count() {
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
        Unit::Count if metric.is_count() => 0.7,
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

/// The same of many, in place.
pub fn transform(metric: &Metric, values: &mut [f64]) {
    if metric.is_count() || metric.unit == Unit::Seconds {
        values.iter_mut().for_each(|v| *v = transformed(metric, *v));
    }
}

/// So many values are sorted as whole numbers, which takes half the time of looking for the middle of them.
const FEW: usize = 64;

fn median_of_few(values: &[f64]) -> f64 {
    // The order of `f64::total_cmp`; the mapping is its own inverse.
    let turned = |bits: i64| bits ^ ((bits >> 63).cast_unsigned() >> 1).cast_signed();
    let mut keys = [0; FEW];
    let keys = &mut keys[..values.len()];
    for (key, v) in keys.iter_mut().zip(values) {
        *key = turned(v.to_bits().cast_signed());
    }
    keys.sort_unstable();
    let number = |key: i64| f64::from_bits(turned(key).cast_unsigned());
    let (lower, upper) = (keys[(keys.len() - 1) / 2], keys[keys.len() / 2]);
    f64::midpoint(number(lower), number(upper))
}

/// The middle one; the mean of the middle two of an even number.
pub fn median(mut values: Vec<f64>) -> Option<f64> {
    median_of(&mut values)
}

/// The same of values whose order may be lost.
pub fn median_of(values: &mut [f64]) -> Option<f64> {
    let n = values.len();
    if n == 0 {
        return None;
    }
    if n <= FEW {
        return Some(median_of_few(values));
    }
    let (below, upper, _) = values.select_nth_unstable_by(n / 2, f64::total_cmp);
    let upper = *upper;
    let lower = if n % 2 == 1 { upper } else { below.iter().copied().max_by(f64::total_cmp).unwrap_or(upper) };
    Some(f64::midpoint(lower, upper))
}

/// The value that a share `q` of them stay at or below.
pub fn quantile(mut values: Vec<f64>, q: f64) -> Option<f64> {
    let last = values.len().checked_sub(1)?;
    let at = (q.clamp(0.0, 1.0) * last as f64).round() as usize;
    let (_, v, _) = values.select_nth_unstable_by(at.min(last), f64::total_cmp);
    Some(*v)
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
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// However many there are, and whatever they are: the middle of them in order.
        #[test]
        fn the_median_is_in_the_middle(mut values in prop::collection::vec(prop_oneof![-1e9f64..1e9, Just(0.0), Just(-0.0)], 1..150)) {
            let found = median_of(&mut values.clone()).unwrap();
            values.sort_by(f64::total_cmp);
            let n = values.len();
            prop_assert_eq!(found, f64::midpoint(values[(n - 1) / 2], values[n / 2]));
        }
    }
}
