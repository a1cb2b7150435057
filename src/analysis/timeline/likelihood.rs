//! How much likelier a happening is at this distance from an onset than at any other time.

use super::Kind;
use crate::analysis::Episode;
use crate::time::Time;

/// Minutes: how long before an onset a cause of this kind comes, how late its report may be, and how
/// fast belief falls beyond either.
struct Shape {
    before: f64,
    after: f64,
    fall_before: f64,
    fall_after: f64,
}

fn shape(kind: Kind) -> Shape {
    let (before, after, fall_before, fall_after) = match kind {
        Kind::InstancePower => (2.0, 1.0, 3.0, 1.0),
        Kind::SecurityGroup => (3.0, 1.0, 4.0, 1.0),
        Kind::Deployment => (5.0, 1.0, 10.0, 1.0),
        Kind::Process => (2.0, 2.0, 2.0, 1.0),
        Kind::AwsFault | Kind::ZonalShift => (5.0, 45.0, 5.0, 20.0),
        _ => (3.0, 1.0, 5.0, 1.0),
    };
    Shape { before, after, fall_before, fall_after }
}

/// Minutes without such a happening that are known beforehand: faults of AWS in one's own zone are rarer
/// than the few hours that were read could tell.
fn quiet(kind: Kind) -> f64 {
    if kind == Kind::AwsFault { 1440.0 } else { 0.0 }
}

/// A happening outside the path explains this much as well as one on it.
pub(super) const OUT_OF_SCOPE: f64 = 0.02;

/// The ratio of chances, best over the episodes (the one that counts comes first), for a happening from `at`
/// to `end` when `others` of its kind and scope (itself included) lie in `minutes` of data.
pub(super) fn ratio(kind: Kind, at: Time, end: Time, episodes: &[&Episode], others: usize, minutes: f64) -> f64 {
    // The main onset is the one that was asked about; each of the others is one more chance to be near one.
    let chances = episodes.len() as f64;
    let near = |(i, e): (usize, &&Episode)| nearness(kind, at, end, e) / if i == 0 { 1.0 } else { chances };
    let best = episodes.iter().enumerate().map(near).fold(f64::NAN, f64::max);
    if best.is_nan() {
        return 1.0;
    }
    let s = shape(kind);
    let length = (end - at).num_seconds().max(0) as f64 / 60.0;
    let span = s.before + s.after + s.fall_before + s.fall_after + length;
    let rate = (others as f64 + 0.5) / (minutes.max(1.0) + quiet(kind));
    0.8 * best / span / rate
}

/// 1 where a cause would be, falling towards 0 on either side.
fn nearness(kind: Kind, at: Time, end: Time, episode: &Episode) -> f64 {
    let s = shape(kind);
    let closest = episode.onset.clamp(at, end.max(at));
    let lag = (episode.onset - closest).num_seconds() as f64 / 60.0;
    let slack = f64::from(episode.onset_uncertainty) / 60.0;
    if lag > s.before + slack {
        (-(lag - s.before - slack) / s.fall_before).exp()
    } else if -lag > s.after + slack {
        (-(-lag - s.after - slack) / s.fall_after).exp()
    } else {
        1.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{DateTime, Duration};
    use proptest::prelude::*;

    fn onset() -> Episode {
        let onset = DateTime::from_timestamp(1_795_500_000, 0).unwrap();
        Episode { onset, onset_uncertainty: 0, end: None, peak: 9.0, total: 90.0, score: 50.0, isolated: false }
    }

    fn at(minutes: i64, kind: Kind) -> f64 {
        let e = onset();
        let t = e.onset + Duration::minutes(minutes);
        ratio(kind, t, t, &[&e], 1, 360.0)
    }

    #[test]
    fn just_before_the_onset_speaks_long_before_and_after_do_not() {
        assert!(at(-1, Kind::InstancePower) >= 15.0, "{}", at(-1, Kind::InstancePower));
        assert!(at(-40, Kind::InstancePower) < 0.01);
        assert!(at(10, Kind::InstancePower) < 0.01);
        assert!(at(30, Kind::AwsFault) > 1.0);
    }

    #[test]
    fn a_range_counts_from_its_nearest_point_and_a_long_one_proves_less() {
        let e = onset();
        let short = ratio(Kind::Deployment, e.onset - Duration::minutes(10), e.onset + Duration::minutes(2), &[&e], 1, 360.0);
        let long = ratio(Kind::Deployment, e.onset - Duration::minutes(300), e.onset + Duration::minutes(2), &[&e], 1, 360.0);
        assert!(short > 3.0 && long < 1.0, "{short} {long}");
    }

    proptest! {
        #[test]
        fn rarer_is_stronger_and_never_negative(lag in -500i64..500, n in 1usize..200) {
            let e = onset();
            let t = e.onset + Duration::minutes(lag);
            let (few, many) = (ratio(Kind::Scaling, t, t, &[&e], n, 120.0), ratio(Kind::Scaling, t, t, &[&e], n + 1, 120.0));
            prop_assert!(few >= many && many >= 0.0 && few.is_finite());
        }
    }
}
