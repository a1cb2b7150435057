use super::*;
use crate::case::series::{Series, SeriesKey};
use crate::exchange::Subject;
use chrono::DateTime;
use proptest::prelude::*;

fn t(minute: i64) -> Time {
    DateTime::from_timestamp(1_700_000_100 / 300 * 300 + minute * 60, 0).unwrap()
}

/// Errors by minute (NaN: not published) among 1,000 requests a minute.
fn case(errors: &[f64], threshold: Option<f64>) -> Case {
    let mut case = Case::default();
    let window = Window { start: t(0), end: t(errors.len() as i64) };
    case.subject = Some(Subject { target: "a".into(), at: None, window, now: window.end, demo: None });
    for (metric, values) in [(ERRORS, errors.to_vec()), ("RequestCount", vec![1000.0; errors.len()])] {
        let key = SeriesKey::new(metric, [("LoadBalancer", "app/web/1")]);
        case.series.absorb(Series { key, statistic: "Sum".into(), period: 60, start: t(0), values });
    }
    case.alarm = threshold.map(|threshold| Alarm {
        metric: ERRORS.into(),
        statistic: "Sum".into(),
        period: 60,
        threshold,
        comparison: "GreaterThanOrEqualToThreshold".into(),
        dimensions: [("LoadBalancer".to_owned(), "app/web/1".to_owned())].into(),
        ..Alarm::default()
    });
    case
}

fn found(case: &Case) -> Vec<Episode> {
    find(case, case.window().unwrap())
}

fn with(len: usize, bursts: &[(usize, usize, f64)]) -> Vec<f64> {
    let mut errors = vec![f64::NAN; len];
    for (from, to, height) in bursts {
        errors[*from..*to].fill(*height);
    }
    errors
}

#[test]
fn a_burst_is_one_episode_with_its_onset_and_end() {
    let case = case(&with(180, &[(60, 80, 50.0)]), Some(10.0));
    let all = found(&case);
    assert_eq!(all.len(), 1);
    assert_eq!((all[0].onset, all[0].end, all[0].peak, all[0].total), (t(60), Some(t(80)), 50.0, 1000.0));
    assert!(!all[0].isolated && all[0].onset_uncertainty == 60);
}

#[test]
fn several_bursts_are_several_episodes() {
    let case = case(&with(240, &[(40, 50, 30.0), (90, 95, 60.0), (200, 230, 10.0)]), None);
    let onsets: Vec<_> = found(&case).iter().map(|e| e.onset).collect();
    assert_eq!(onsets, [t(40), t(90), t(200)]);
}

#[test]
fn flickering_errors_are_one_episode() {
    let mut errors = with(180, &[(60, 90, 40.0)]);
    for i in (61..90).step_by(3) {
        errors[i] = f64::NAN;
    }
    assert_eq!(found(&case(&errors, Some(10.0))).len(), 1);
}

#[test]
fn errors_up_to_the_end_of_the_data_are_ongoing() {
    assert_eq!(found(&case(&with(120, &[(100, 120, 40.0)]), None))[0].end, None);
    assert_eq!(found(&case(&with(120, &[(100, 118, 40.0)]), None))[0].end, None);
    assert_eq!(found(&case(&with(120, &[(90, 110, 40.0)]), None))[0].end, Some(t(110)));
}

#[test]
fn a_lone_minute_over_a_low_threshold_is_an_isolated_breach() {
    let all = found(&case(&with(180, &[(90, 91, 2.0)]), Some(1.0)));
    assert_eq!(all.len(), 1);
    assert!(all[0].isolated);
}

#[test]
fn steady_background_is_no_episode() {
    let errors: Vec<f64> = (0..240).map(|i| [3.0, 5.0, 4.0, 6.0, 2.0][i % 5]).collect();
    assert_eq!(found(&case(&errors, Some(100.0))), []);
}

#[test]
fn only_episodes_that_touch_the_window_count() {
    let case = case(&with(240, &[(40, 50, 30.0), (200, 230, 30.0)]), None);
    assert_eq!(find(&case, Window { start: t(45), end: t(100) }).len(), 1);
    assert_eq!(find(&case, Window { start: t(60), end: t(100) }), []);
}

#[test]
fn no_data_is_no_episode() {
    assert_eq!(found(&case(&[], None)), []);
    assert_eq!(found(&case(&with(30, &[]), Some(0.0))), []);
}

proptest! {
    #[test]
    fn episodes_never_overlap_and_hold_all_their_errors(errors in proptest::collection::vec(prop_oneof![3 => Just(f64::NAN), 1 => (0u32..200).prop_map(f64::from)], 0..300)) {
        let case = case(&errors, Some(20.0));
        let all = found(&case);
        for pair in all.windows(2) {
            prop_assert!(pair[0].end.is_some_and(|end| end <= pair[1].onset) || pair[0].end.is_none());
        }
        let sum: f64 = errors.iter().filter(|e| !e.is_nan()).sum();
        prop_assert!(all.iter().map(|e| e.total).sum::<f64>() <= sum + 1e-6);
    }

    #[test]
    fn maximal_stretches_are_what_trying_all_would_find(scores in proptest::collection::vec(-5i32..6, 0..40)) {
        let scores: Vec<f64> = scores.into_iter().map(f64::from).collect();
        let best = maximal_stretches(&scores).into_iter().map(|(_, s)| s).fold(0.0, f64::max);
        let all = (0..scores.len()).flat_map(|a| (a..scores.len()).map(move |b| (a, b)));
        let tried = all.map(|(a, b)| scores[a..=b].iter().sum::<f64>()).fold(0.0, f64::max);
        prop_assert_eq!(best, tried);
    }
}
