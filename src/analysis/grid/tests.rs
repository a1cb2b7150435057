use super::*;
use crate::case::series::Series;
use chrono::DateTime;
use proptest::prelude::*;

const N: f64 = f64::NAN;

fn t(minute: i64) -> Time {
    DateTime::from_timestamp(1_700_000_100 / 300 * 300 + minute * 60, 0).unwrap()
}

fn window(from: i64, to: i64) -> Window {
    Window { start: t(from), end: t(to) }
}

fn case(all: &[(&str, u32, &[f64])]) -> Case {
    let mut case = Case::default();
    for (metric, period, values) in all {
        let statistic = metrics::find(metric).unwrap().statistic.into();
        let key = key(metric);
        case.series.absorb(Series { key, statistic, period: *period, start: t(0), values: values.to_vec() });
    }
    case
}

fn key(metric: &str) -> SeriesKey {
    SeriesKey::new(metric, [("LoadBalancer", "app/web/1"), ("TargetGroup", "targetgroup/api/2")])
}

#[test]
fn silence_is_zero_only_where_requests_flowed() {
    let case = case(&[(ERRORS, 60, &[N, 5.0, N, N]), ("RequestCount", 60, &[10.0, 10.0, N, 9.0])]);
    let grid = of(&case, &key(ERRORS), window(-1, 5));
    let cells: Vec<Cell> = (0..grid.len()).map(|i| grid.cell(i)).collect();
    assert_eq!(cells, [Cell::NotAsked, Cell::Quiet, Cell::Value(5.0), Cell::Unknown, Cell::Quiet, Cell::NotAsked]);
    assert_eq!(grid.sum(window(0, 4)), Some(5.0));
}

#[test]
fn silence_of_a_metric_that_publishes_zeros_is_unknown() {
    let case = case(&[("HealthyHostCount", 60, &[4.0, N, 0.0]), ("RequestCount", 60, &[1.0, 1.0, 1.0])]);
    let grid = of(&case, &key("HealthyHostCount"), window(0, 3));
    assert_eq!((grid.cell(1), grid.cell(2)), (Cell::Unknown, Cell::Value(0.0)));
}

#[test]
fn five_minute_requests_still_say_that_something_flowed() {
    let case = case(&[(ERRORS, 60, &[N; 10]), ("RequestCount", 300, &[10.0, N])]);
    let grid = of(&case, &key(ERRORS), window(0, 10));
    assert_eq!((grid.cell(4), grid.cell(5)), (Cell::Quiet, Cell::Unknown));
}

#[test]
fn a_rate_needs_enough_requests() {
    let case = case(&[(ERRORS, 60, &[2.0, 2.0]), ("RequestCount", 60, &[200.0, 3.0])]);
    let grid = of(&case, &key("ErrorRate"), window(0, 2));
    assert_eq!((grid.cell(0), grid.cell(1)), (Cell::Value(1.0), Cell::Unknown));
    assert!(derived::keys(&case).contains(&key("ErrorRate")));
}

#[test]
fn load_is_per_healthy_target_and_unknown_without_any() {
    let case = case(&[("RequestCount", 60, &[100.0, 100.0, 100.0]), ("HealthyHostCount", 60, &[4.0, 2.0, 0.0])]);
    let grid = of(&case, &key("RequestsPerHealthyTarget"), window(0, 3));
    assert_eq!([grid.cell(0), grid.cell(1), grid.cell(2)], [Cell::Value(25.0), Cell::Value(50.0), Cell::Unknown]);
}

#[test]
fn a_period_that_has_not_ended_is_marked() {
    let mut case = case(&[("RequestCount", 60, &[1.0, 2.0, 3.0])]);
    let now = t(2) + Duration::seconds(30);
    case.subject = Some(crate::exchange::Subject { target: "a".into(), at: None, window: window(0, 3), now, demo: None });
    assert_eq!(of(&case, &key("RequestCount"), window(0, 3)).unfinished_from, Some(2));
}

#[test]
fn a_wide_period_is_held_over_narrow_columns_and_counted_once() {
    let case = case(&[("RequestCount", 300, &[10.0, 20.0])]);
    let columns = of(&case, &key("RequestCount"), window(0, 10)).columns(window(0, 10), 10);
    assert_eq!(columns.iter().map(|c| c.sum).sum::<f64>(), 30.0);
    assert_eq!(columns.iter().map(|c| c.high).collect::<Vec<_>>(), [[10.0; 5], [20.0; 5]].concat());
    assert_eq!(columns.iter().filter(|c| c.held).count(), 8);
}

#[test]
fn medians_and_quantiles() {
    assert_eq!(median(vec![3.0, 1.0, 2.0, 10.0]), Some(2.5));
    assert_eq!(quantile((0..=100).map(f64::from).collect(), 0.95), Some(95.0));
    assert_eq!((median(vec![]), quantile(vec![], 0.5)), (None, None));
}

proptest! {
    #[test]
    fn columns_keep_sums_and_extremes(values in proptest::collection::vec(prop_oneof![Just(N), (0u32..1000).prop_map(f64::from)], 1..200), n in 1usize..400, five in any::<bool>()) {
        let period = if five { 300 } else { 60 };
        let case = case(&[("RequestCount", period, &values)]);
        let w = Window { start: t(0), end: t(values.len() as i64 * i64::from(period) / 60) };
        let columns = of(&case, &key("RequestCount"), w).columns(w, n);
        let known: Vec<f64> = values.iter().copied().filter(|v| !v.is_nan()).collect();
        prop_assert_eq!(columns.len(), n);
        prop_assert_eq!(columns.iter().map(|c| c.sum).sum::<f64>(), known.iter().sum::<f64>());
        prop_assert_eq!(columns.iter().map(|c| c.known as usize).sum::<usize>(), known.len());
        let high = columns.iter().map(|c| c.high).fold(N, f64::max);
        prop_assert!(high == known.iter().copied().fold(N, f64::max) || known.is_empty());
    }

    #[test]
    fn any_window_and_width_is_survived(from in -5000i64..5000, span in -10i64..5000, n in 0usize..300, look in -5000i64..5000, width in -10i64..5000) {
        let case = case(&[(ERRORS, 60, &[N, 5.0, N, N]), ("RequestCount", 300, &[10.0, 10.0, N, 9.0])]);
        for metric in [ERRORS, "RequestCount", "ErrorRate", "RequestsPerHealthyTarget", "LogFailures"] {
            let grid = of(&case, &key(metric), Window { start: t(from), end: t(from + span) });
            let look = Window { start: t(look), end: t(look + width) };
            let _ = (grid.columns(look, n), grid.sum(look), grid.largest(look), grid.median(look));
        }
    }
}
