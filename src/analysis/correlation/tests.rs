use super::*;
use crate::analysis::episodes;
use crate::metrics::ERRORS;
use chrono::DateTime;

fn t(minute: i64) -> Time {
    DateTime::from_timestamp(1_700_000_100 / 300 * 300 + minute * 60, 0).unwrap()
}

/// Noise that is the same on every machine.
fn noise(seed: u64, i: usize) -> f64 {
    let mut x = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (i as u64).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 31)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((x >> 11) as f64 / (1u64 << 53) as f64 - 0.5) * 2.0
}

fn put(case: &mut Case, metric: &str, dimension: (&str, &str), period: u32, values: Vec<f64>) {
    let statistic = metrics::find(metric).unwrap().statistic.into();
    case.series.absorb(Series { key: SeriesKey::new(metric, [dimension]), statistic, period, start: t(0), values });
}

const LB: (&str, &str) = ("LoadBalancer", "app/web/1");

/// Three hours with errors from minute 100 to 120, and `hosts` hosts of which nothing is to be said.
fn incident(hosts: usize) -> Case {
    let mut case = Case::default();
    put(&mut case, ERRORS, LB, 60, (0..180).map(|i| if (100..120).contains(&i) { 40.0 } else { f64::NAN }).collect());
    put(&mut case, "RequestCount", LB, 60, (0..180).map(|i| 5000.0 + 200.0 * noise(7, i)).collect());
    for h in 0..hosts {
        let id = format!("i-{h:03}");
        put(&mut case, "CPUUtilization", ("InstanceId", &id), 60, (0..180).map(|i| 30.0 + 4.0 * noise(h as u64, i)).collect());
    }
    case
}

fn ranked(case: &Case) -> Vec<Correlation> {
    let window = Window { start: t(0), end: t(180) };
    rank(case, window, &episodes::find(case, window))
}

fn of_role(all: &[Correlation], role: Role) -> Vec<&Correlation> {
    all.iter().filter(|c| c.role == role).collect()
}

#[test]
fn the_series_that_rises_with_the_errors_comes_first_and_leads() {
    let mut case = incident(20);
    let values = (0..180).map(|i| if (97..118).contains(&i) { 95.0 } else { 35.0 } + 3.0 * noise(99, i)).collect();
    put(&mut case, "CPUUtilization", ("InstanceId", "i-hot"), 60, values);
    let all = ranked(&case);
    let best = of_role(&all, Role::Cause)[0];
    assert_eq!(best.key.instance(), Some("i-hot"));
    assert!(best.associated && best.rank == 1 && best.score > 0.5, "{best:?}");
    assert_eq!((best.direction, best.order, best.onset), (Direction::Up, Order::Leads, Some(t(97))));
    assert!((90.0..99.0).contains(&best.during) && (30.0..40.0).contains(&best.before));
}

#[test]
fn noise_alone_is_never_associated() {
    for seed in 0..20 {
        let mut case = incident(40);
        put(&mut case, "NetworkIn", ("InstanceId", "i-x"), 60, (0..180).map(|i| 1e6 + 1e5 * noise(seed + 500, i)).collect());
        assert_eq!(of_role(&ranked(&case), Role::Cause).iter().filter(|c| c.associated).count(), 0, "seed {seed}");
    }
}

#[test]
fn drift_is_not_association() {
    let mut case = incident(0);
    put(&mut case, "CPUUtilization", ("InstanceId", "i-up"), 60, (0..180).map(|i| 20.0 + i as f64 * 0.3).collect());
    assert!(of_role(&ranked(&case), Role::Cause).iter().all(|c| !c.associated));
}

#[test]
fn consequences_are_ranked_apart() {
    let mut case = incident(2);
    let values = (0..180).map(|i| if (100..120).contains(&i) { 38.0 } else { f64::NAN }).collect();
    put(&mut case, "HTTPCode_ELB_504_Count", LB, 60, values);
    let all = ranked(&case);
    let symptoms = of_role(&all, Role::Consequence);
    assert!(symptoms[0].associated && symptoms[0].order == Order::Consequence && symptoms[0].rank == 1);
    assert!(of_role(&all, Role::Cause).iter().all(|c| !c.key.metric.starts_with("HTTPCode")));
}

#[test]
fn a_target_that_falls_silent_is_very_strongly_associated() {
    let mut case = incident(6);
    for metric in ["CPUUtilization", "NetworkIn", "NetworkOut"] {
        let values = (0..180).map(|i| if (100..140).contains(&i) { f64::NAN } else { 30.0 + noise(5, i) }).collect();
        put(&mut case, metric, ("InstanceId", "i-dead"), 60, values);
    }
    let all = ranked(&case);
    let best = of_role(&all, Role::Cause)[0];
    assert!(best.went_silent && best.associated && best.key.instance() == Some("i-dead"), "{best:?}");
}

#[test]
fn five_minute_data_takes_part_but_cannot_lead() {
    let mut case = incident(4);
    let values = (0..36).map(|i| if (20..24).contains(&i) { 90.0 } else { 30.0 } + noise(3, i)).collect();
    put(&mut case, "CPUUtilization", ("InstanceId", "i-slow"), 300, values);
    let all = ranked(&case);
    let hot = of_role(&all, Role::Cause).into_iter().find(|c| c.key.instance() == Some("i-slow")).unwrap().clone();
    assert!(hot.associated && hot.rank == 1, "{hot:?}");
    assert_eq!(hot.order, Order::Coincides);
}

#[test]
fn errors_that_fill_the_data_are_ranked_by_effect_and_say_so() {
    let mut case = Case::default();
    let errors = |i: usize| if i >= 40 { 40.0 } else { f64::NAN };
    put(&mut case, ERRORS, LB, 60, (0..90).map(errors).collect());
    put(&mut case, "RequestCount", LB, 60, (0..90).map(|i| 5000.0 + 100.0 * noise(1, i)).collect());
    put(&mut case, "CPUUtilization", ("InstanceId", "i-a"), 60, (0..90).map(|i| if i >= 40 { 90.0 } else { 30.0 } + noise(2, i)).collect());
    let window = Window { start: t(0), end: t(90) };
    let all = rank(&case, window, &episodes::find(&case, window));
    let best = of_role(&all, Role::Cause)[0];
    assert!(best.by_effect && !best.associated && best.key.instance() == Some("i-a"));
}

#[test]
fn no_errors_no_ranking() {
    let mut case = incident(3);
    put(&mut case, ERRORS, LB, 60, vec![f64::NAN; 180]);
    assert_eq!(ranked(&case), []);
}

#[test]
fn pruning_changes_nothing() {
    let case = incident(600);
    let all = ranked(&case);
    let cause = of_role(&all, Role::Cause);
    assert_eq!(cause.len(), KEPT);
    let scores: Vec<f64> = cause.iter().map(|c| c.score).collect();
    assert!(scores.windows(2).all(|p| p[0] >= p[1]));
    // The same by hand, without pruning.
    let window = Window { start: t(0), end: t(180) };
    let pulse = Pulse::of(&case, window, &episodes::find(&case, window)).unwrap();
    let (mut shapes, mut bench) = (Shapes::default(), Bench::default());
    let series: Vec<_> = case.series.iter().collect();
    let mut plain: Vec<f64> = candidates(&case, &series, pulse.looked, pulse.context)
        .filter(|c| c.metric.role == Role::Cause)
        .filter_map(|c| {
            let shape = shapes.of(&pulse, &c);
            bench.reach(&c, &shape)?;
            bench.fit(&c, &shape).map(|f| f.score)
        })
        .collect();
    plain.sort_by(|a, b| b.total_cmp(a));
    plain.truncate(KEPT);
    assert_eq!(scores, plain);
}

#[test]
fn gaps_do_not_move_the_score_of_what_is_there() {
    let mut case = incident(5);
    let value = |i: usize| if (100..120).contains(&i) { 95.0 } else { 35.0 } + 3.0 * noise(99, i);
    put(&mut case, "CPUUtilization", ("InstanceId", "i-full"), 60, (0..180).map(value).collect());
    let holes = (0..180).map(|i| if i % 7 == 3 { f64::NAN } else { value(i) }).collect();
    put(&mut case, "CPUUtilization", ("InstanceId", "i-holes"), 60, holes);
    let all = ranked(&case);
    let of = |id: &str| all.iter().find(|c| c.key.instance() == Some(id)).unwrap();
    assert!((of("i-full").r - of("i-holes").r).abs() < 0.03);
    assert!(of("i-holes").associated);
}

#[test]
fn what_is_unknown_is_no_number_in_any_unit() {
    assert!(metrics::CATALOG.iter().all(|m| transformed(m, f64::NAN).is_nan()));
}

#[test]
fn what_is_known_beforehand_and_what_is_left_out_change_nothing() {
    let mut case = incident(40);
    let holes = (0..180).map(|i| if i % 7 == 3 { f64::NAN } else { 30.0 + noise(5, i) }).collect();
    put(&mut case, "CPUUtilization", ("InstanceId", "i-holes"), 60, holes);
    let pulse = Pulse::of(&case, Window { start: t(0), end: t(180) }, &[]).unwrap();
    let (mut shapes, mut bench) = (Shapes::default(), Bench::default());
    let mut known = 0;
    let series: Vec<_> = case.series.iter().collect();
    for candidate in candidates(&case, &series, pulse.looked, pulse.context) {
        let shape = shapes.of(&pulse, &candidate);
        let Some(reach) = bench.reach(&candidate, &shape) else { continue };
        known += usize::from(candidate.usual.is_some());
        let afresh = Candidate { usual: None, ..candidate };
        assert_eq!(bench.reach(&afresh, &shape).map(f64::to_bits), Some(reach.to_bits()));
        // The whole series, every alignment of it.
        if let Some(fit) = bench.fit(&afresh, &shape) {
            assert_eq!(fit.r.abs().to_bits(), reach.to_bits());
        }
    }
    assert!(known > 30);
}
