//! Chance with a seed: the same seed gives the same incident on every machine. Not for secrets.

/// SplitMix64: one multiplication chain a number, good enough for traffic and names.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    pub fn new(seed: u64) -> Self {
        Self(seed ^ 0x5851_f42d_4c95_7f2d)
    }

    /// An independent stream: what one part draws does not shift what another part sees.
    pub fn fork(&self, label: &str) -> Self {
        let hash = label.bytes().fold(self.0 ^ 0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
        let mut fork = Self(hash);
        fork.next();
        fork
    }

    #[allow(clippy::should_implement_trait, reason = "a generator of numbers, not an iterator")]
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform in [0, 1).
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    pub fn range(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Uniform in `0..n`; 0 when there is nothing to choose from.
    pub fn below(&mut self, n: usize) -> usize {
        (self.unit() * n as f64) as usize
    }

    /// Uniform in `low..=high`.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        low + self.below((high - low + 1).max(1) as usize) as i64
    }

    pub fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// One of several. The list must not be empty.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    /// `n` different numbers below `of`, in rising order.
    pub fn sample(&mut self, n: usize, of: usize) -> Vec<usize> {
        let mut all: Vec<usize> = (0..of).collect();
        for i in 0..n.min(of) {
            let j = i + self.below(of - i);
            all.swap(i, j);
        }
        all.truncate(n);
        all.sort_unstable();
        all
    }

    /// Standard normal.
    pub fn normal(&mut self) -> f64 {
        let u = self.unit().max(f64::MIN_POSITIVE);
        (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// How many arrive when `mean` are expected.
    pub fn poisson(&mut self, mean: f64) -> u32 {
        if mean <= 0.0 {
            return 0;
        }
        if mean > 20.0 {
            return (mean + mean.sqrt() * self.normal()).round().max(0.0) as u32;
        }
        let (mut n, mut p, limit) = (0, self.unit(), (-mean).exp());
        while p > limit {
            p *= self.unit();
            n += 1;
        }
        n
    }

    /// How many of `n` when each has the chance `p`.
    pub fn binomial(&mut self, n: u32, p: f64) -> u32 {
        if p <= 0.0 || n == 0 {
            return 0;
        }
        if p >= 1.0 {
            return n;
        }
        if n <= 16 {
            return (0..n).filter(|_| self.unit() < p).count() as u32;
        }
        let mean = f64::from(n) * p;
        let drawn = if mean < 10.0 { f64::from(self.poisson(mean)) } else { mean + (mean * (1.0 - p)).sqrt() * self.normal() };
        drawn.round().clamp(0.0, f64::from(n)) as u32
    }

    /// `n` hexadecimal digits.
    pub fn hex(&mut self, n: usize) -> String {
        (0..n).map(|_| char::from(b"0123456789abcdef"[self.below(16)])).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_numbers() {
        let draw = |seed| (0..5).scan(Rng::new(seed), |r, _| Some(r.next())).collect::<Vec<_>>();
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
    }

    #[test]
    fn means_are_what_was_asked_for() {
        let mut rng = Rng::new(1);
        for mean in [0.3, 5.0, 80.0] {
            let sum: f64 = (0..4000).map(|_| f64::from(rng.poisson(mean))).sum();
            assert!((sum / 4000.0 - mean).abs() < 0.1 * mean, "{mean}: {}", sum / 4000.0);
        }
        let sum: u32 = (0..2000).map(|_| rng.binomial(50, 0.3)).sum();
        assert!((f64::from(sum) / 2000.0 - 15.0).abs() < 0.5);
    }

    #[test]
    fn a_sample_repeats_nothing() {
        let mut rng = Rng::new(2);
        for _ in 0..50 {
            let mut s = rng.sample(5, 9);
            s.dedup();
            assert_eq!(s.len(), 5);
        }
        assert_eq!(rng.sample(9, 3).len(), 3);
    }
}
