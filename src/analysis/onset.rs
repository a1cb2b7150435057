//! When a series changed: a robust change point near the errors, with how far off it may be. Order in time
//! is claimed only beyond the joint uncertainty.

use super::grid::median;
use super::{Direction, Episode, Order};
use crate::metrics::usual::scale;
use crate::time::Time;
use chrono::Duration;
use std::ops::Range;

/// How long before the errors a change still counts as theirs, and how long after.
const BEFORE: Duration = Duration::minutes(60);
const AFTER: Duration = Duration::minutes(30);
/// Points that must be on the quiet side.
const LEAST_BEFORE: usize = 4;
/// A change smaller than this many usual deviations is none.
const LEAST_STEP: f64 = 3.0;

/// A change of level.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// When the first changed period begins.
    pub at: Time,
    /// Seconds; the period, or twice that where noise leaves it open.
    pub uncertainty: u32,
    pub direction: Direction,
    /// In units of the usual deviation.
    pub step: f64,
}

/// The change of `values` (periods of `period` seconds from `start`, NaN unknown) that belongs to an
/// episode; `floor` is the least deviation that means something in this unit.
pub fn of(values: &[f64], start: Time, period: u32, episode: &Episode, floor: f64) -> Option<Change> {
    let near: Vec<(usize, f64)> =
        self::near(episode, start, period, values.len()).map(|i| (i, values[i])).filter(|(_, v)| !v.is_nan()).collect();
    let split = best_split(&near)?;
    let after = mean(&near[split..]);
    let mut first = split;
    let (mut before, mut step) = (after, 0.0);
    // What belongs to a ramp is not "before": each pass knows the old level better.
    for _ in 0..3 {
        let left: Vec<f64> = near[..first.max(LEAST_BEFORE)].iter().map(|p| p.1).collect();
        let deviation = scale(&left, floor);
        before = median(left).unwrap_or(after);
        step = (after - before).abs() / deviation;
        if step < LEAST_STEP {
            return None;
        }
        first = first_changed(&near, first, before, after, deviation);
    }
    let at = start.checked_add_signed(Duration::seconds(i64::from(period.max(1)) * near[first].0 as i64))?;
    let uncertainty = if step < 2.0 * LEAST_STEP { 2 * period } else { period };
    let direction = if after > before { Direction::Up } else { Direction::Down };
    Some(Change { at, uncertainty, direction, step })
}

/// The periods, of `n` from `start`, in which a change would belong to the episode.
pub fn near(episode: &Episode, start: Time, period: u32, n: usize) -> Range<usize> {
    let seconds = i64::from(period.max(1));
    let index = |t: Time| (t - start).num_seconds().div_euclid(seconds);
    let latest = episode.end.map_or(episode.onset + AFTER, |end| end.max(episode.onset + Duration::seconds(3 * seconds)));
    let from = index(episode.onset - BEFORE.max(Duration::seconds(12 * seconds))).clamp(0, n as i64) as usize;
    let to = index(latest.min(episode.onset + AFTER.max(Duration::seconds(3 * seconds)))) + 1;
    from..(to.clamp(0, n as i64) as usize).max(from)
}

fn mean(points: &[(usize, f64)]) -> f64 {
    points.iter().map(|p| p.1).sum::<f64>() / points.len().max(1) as f64
}

/// Where two levels explain the points best (least squares).
fn best_split(points: &[(usize, f64)]) -> Option<usize> {
    let total: f64 = points.iter().map(|p| p.1).sum();
    let n = points.len() as f64;
    let (mut best, mut left) = (None, 0.0);
    for (i, (_, v)) in points.iter().enumerate() {
        if i >= LEAST_BEFORE {
            let (nl, nr) = (i as f64, n - i as f64);
            let apart = (total - left) / nr - left / nl;
            let gain = apart * apart * nl * nr / n;
            if best.is_none_or(|(_, g)| gain > g) {
                best = Some((i, gain));
            }
        }
        left += v;
    }
    best.filter(|(_, gain)| *gain > 0.0).map(|(i, _)| i)
}

/// The split, moved to where the series really left its old level: a ramp begins before its middle.
fn first_changed(points: &[(usize, f64)], split: usize, before: f64, after: f64, deviation: f64) -> usize {
    let sign = (after - before).signum();
    let least = (LEAST_STEP * deviation).min(0.5 * (after - before).abs()).max(0.1 * (after - before).abs());
    let changed = |i: usize| (points[i].1 - before) * sign >= least;
    let back = (0..split).rev().take_while(|i| changed(*i)).last();
    back.or_else(|| (split..points.len()).find(|i| changed(*i))).unwrap_or(split)
}

/// Whether a change at `at` came before or after the errors, as far as both resolutions can tell.
pub fn order(at: Time, uncertainty: u32, episode: &Episode) -> Order {
    let joint = i64::from(uncertainty) + i64::from(episode.onset_uncertainty);
    match (episode.onset - at).num_seconds() {
        gap if gap >= joint => Order::Leads,
        gap if gap <= -joint => Order::Follows,
        _ => Order::Coincides,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use proptest::prelude::*;

    fn t(minute: i64) -> Time {
        DateTime::from_timestamp(1_700_000_100 / 300 * 300 + minute * 60, 0).unwrap()
    }

    fn episode(onset: i64, end: i64) -> Episode {
        Episode { onset: t(onset), onset_uncertainty: 60, end: Some(t(end)), peak: 9.0, total: 90.0, score: 99.0, isolated: false }
    }

    /// A level of 10 with some noise, another from `at` on.
    fn step(at: usize, to: f64) -> Vec<f64> {
        (0..120).map(|i| [0.0, 0.6, -0.4, 0.3, -0.5][i % 5] + if i < at { 10.0 } else { to }).collect()
    }

    #[test]
    fn a_step_is_found_to_the_minute() {
        let change = of(&step(57, 30.0), t(0), 60, &episode(60, 80), 0.5).unwrap();
        assert_eq!((change.at, change.uncertainty, change.direction), (t(57), 60, Direction::Up));
        assert_eq!(order(change.at, change.uncertainty, &episode(60, 80)), Order::Leads);
    }

    #[test]
    fn a_fall_after_the_errors_follows_them() {
        let change = of(&step(63, 2.0), t(0), 60, &episode(60, 80), 0.5).unwrap();
        assert_eq!((change.at, change.direction), (t(63), Direction::Down));
        assert_eq!(order(change.at, change.uncertainty, &episode(60, 80)), Order::Follows);
    }

    #[test]
    fn one_minute_apart_is_no_order() {
        assert_eq!(order(t(59), 60, &episode(60, 80)), Order::Coincides);
    }

    #[test]
    fn five_minute_data_claims_no_order_within_six_minutes() {
        assert_eq!(order(t(55), 300, &episode(60, 80)), Order::Coincides);
        assert_eq!(order(t(50), 300, &episode(60, 80)), Order::Leads);
    }

    #[test]
    fn a_ramp_begins_where_it_leaves_its_level() {
        let mut values = step(200, 0.0);
        for (i, value) in values.iter_mut().enumerate().take(120).skip(50) {
            *value += 4.0 * (i - 49) as f64;
        }
        let at = of(&values, t(0), 60, &episode(60, 100), 0.5).unwrap().at;
        assert!((t(49)..=t(56)).contains(&at), "{at}");
    }

    #[test]
    fn noise_has_no_onset() {
        assert_eq!(of(&step(200, 0.0), t(0), 60, &episode(60, 80), 0.5), None);
        assert_eq!(of(&[], t(0), 60, &episode(60, 80), 0.5), None);
    }

    proptest! {
        #[test]
        fn any_series_is_survived(values in proptest::collection::vec(prop_oneof![Just(f64::NAN), -1e9f64..1e9], 0..200), onset in -100i64..300, long in 0i64..100, five in any::<bool>()) {
            let _ = of(&values, t(0), if five { 300 } else { 60 }, &episode(onset, onset + long), 0.5);
        }
    }
}
