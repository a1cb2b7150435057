//! Pacing: one token bucket for each share of an account's allowance, used by every task in the order
//! in which they asked. A throttled answer slows the bucket down, good answers bring it back.

use super::actions::{Action, Bucket};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// All buckets.
#[derive(Debug)]
pub struct Pace(BTreeMap<Bucket, Meter>);

impl Default for Pace {
    fn default() -> Self {
        Self(Bucket::ALL.into_iter().map(|b| (b, Meter::new(b.rate()))).collect())
    }
}

impl Pace {
    /// Waits for the turn of a call.
    pub async fn take(&self, action: Action) {
        if let Some(meter) = self.0.get(&action.row().bucket) {
            meter.take().await;
        }
    }

    /// AWS throttled a call: everyone who draws on the same share waits. Says for how long.
    pub async fn throttled(&self, action: Action) -> Duration {
        match self.0.get(&action.row().bucket) {
            Some(meter) => meter.level.lock().await.throttled(Instant::now()),
            None => Duration::ZERO,
        }
    }

    /// A call went through.
    pub async fn went_well(&self, action: Action) {
        if let Some(meter) = self.0.get(&action.row().bucket) {
            meter.level.lock().await.went_well();
        }
    }
}

#[derive(Debug)]
struct Meter {
    /// Who waits first is served first.
    turn: Mutex<()>,
    level: Mutex<Level>,
}

impl Meter {
    fn new((rate, burst): (f64, f64)) -> Self {
        Self { turn: Mutex::new(()), level: Mutex::new(Level::new(rate, burst, Instant::now())) }
    }

    async fn take(&self) {
        let _turn = self.turn.lock().await;
        loop {
            let wait = self.level.lock().await.take(Instant::now());
            if wait.is_zero() {
                return;
            }
            tokio::time::sleep(wait).await;
        }
    }
}

/// The arithmetic of one bucket.
#[derive(Clone, Copy, Debug)]
struct Level {
    nominal: f64,
    rate: f64,
    burst: f64,
    tokens: f64,
    since: Instant,
    /// Throttled answers in a row.
    refusals: u32,
}

/// Never slower than this share of the nominal rate.
const SLOWEST: f64 = 0.1;

impl Level {
    fn new(rate: f64, burst: f64, now: Instant) -> Self {
        Self { nominal: rate, rate, burst, tokens: burst, since: now, refusals: 0 }
    }

    /// Takes a token, or says how long until there is one.
    fn take(&mut self, now: Instant) -> Duration {
        self.tokens = (self.tokens + now.saturating_duration_since(self.since).as_secs_f64() * self.rate).min(self.burst);
        self.since = now.max(self.since);
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return Duration::ZERO;
        }
        Duration::from_secs_f64((1.0 - self.tokens) / self.rate).max(Duration::from_millis(1))
    }

    fn throttled(&mut self, now: Instant) -> Duration {
        self.refusals += 1;
        self.rate = (self.rate / 2.0).max(self.nominal * SLOWEST);
        let wait = Duration::from_millis(500 * (1 << self.refusals.min(5)));
        self.tokens = -wait.as_secs_f64() * self.rate;
        self.since = now;
        wait
    }

    fn went_well(&mut self) {
        self.refusals = 0;
        self.rate = (self.rate * 1.1).min(self.nominal);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn never_faster_than_its_rate(rate in 0.5f64..50.0, burst in 1.0f64..20.0, waits in proptest::collection::vec(0u64..400, 1..200)) {
            let start = Instant::now();
            let mut level = Level::new(rate, burst, start);
            let mut now = start;
            let mut sent = 0.0;
            for wait in waits {
                now += Duration::from_millis(wait);
                if level.take(now).is_zero() { sent += 1.0; }
                prop_assert!(sent <= burst + (now - start).as_secs_f64() * rate + 1e-6);
            }
        }
    }

    #[test]
    fn a_refusal_silences_the_bucket_and_success_heals_it() {
        let now = Instant::now();
        let mut level = Level::new(2.0, 1.0, now);
        assert!(level.take(now).is_zero());
        let wait = level.throttled(now);
        assert!(level.take(now + wait / 2) > Duration::ZERO);
        assert!(level.take(now + wait * 3).is_zero());
        for _ in 0..20 {
            level.went_well();
        }
        assert_eq!(level.rate, 2.0);
    }
}
