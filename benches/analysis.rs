//! How long it takes to judge a large fleet: 12,000 series of 180 points, on one core, beside the same scores
//! computed the straightforward way (every series, every shift, no pruning, no shared sums).
//!
//! `cargo bench --bench analysis`

use alb_triage::case::Case;
use alb_triage::case::series::{Series, SeriesKey};
use alb_triage::exchange::Subject;
use alb_triage::judge::judge;
use alb_triage::metrics::ERRORS;
use alb_triage::time::{Time, Window};
use chrono::{DateTime, Duration};
use std::hint::black_box;
use std::time::Instant;

const POINTS: usize = 180;
const HOSTS: usize = 3000;
const PER_HOST: [&str; 4] = ["CPUUtilization", "NetworkIn", "NetworkOut", "StatusCheckFailed_Instance"];

fn main() {
    let case = fleet();
    let ours = best_of(7, || judge(black_box(&case), None).map(|j| j.analysis.correlations.len()));
    let plain = best_of(3, || Some(straightforward(black_box(&case))));
    let series = case.series.len();
    println!("{series} series × {POINTS} points: judged in {ours:.1} ms");
    println!("the scores alone, straightforward: {plain:.1} ms, {:.1} times as long", plain / ours);
}

/// The best of a few runs, in milliseconds.
fn best_of(runs: usize, mut work: impl FnMut() -> Option<usize>) -> f64 {
    let mut best = f64::INFINITY;
    for _ in 0..runs {
        let begun = Instant::now();
        black_box(work());
        best = best.min(begun.elapsed().as_secs_f64() * 1000.0);
    }
    best
}

fn start() -> Time {
    DateTime::from_timestamp(1_790_000_100 / 300 * 300, 0).unwrap_or_default()
}

fn noise(seed: usize, i: usize) -> f64 {
    let mut x = (seed as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (i as u64).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 31)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (x >> 11) as f64 / (1u64 << 53) as f64 - 0.5
}

fn during(i: usize) -> bool {
    (100..120).contains(&i)
}

/// An overload of a large fleet: one host in ten is hot.
fn fleet() -> Case {
    let mut case = Case::default();
    let window = Window { start: start(), end: start() + Duration::minutes(POINTS as i64) };
    case.subject = Some(Subject { target: "bench".into(), at: None, window, now: window.end, demo: None });
    let mut put = |metric: &str, dimension: (&str, &str), statistic: &str, values: Vec<f64>| {
        let key = SeriesKey::new(metric, [dimension]);
        case.series.absorb(Series { key, statistic: statistic.into(), period: 60, start: start(), values });
    };
    let lb = ("LoadBalancer", "app/web/1");
    put(ERRORS, lb, "Sum", (0..POINTS).map(|i| if during(i) { 90.0 } else { f64::NAN }).collect());
    put("RequestCount", lb, "Sum", (0..POINTS).map(|i| 9e4 * if during(i) { 2.5 } else { 1.0 } + 3e3 * noise(1, i)).collect());
    for host in 0..HOSTS {
        let id = format!("i-{host:017x}");
        for (m, metric) in PER_HOST.iter().enumerate() {
            let statistic = if m == 0 {
                "Average"
            } else if m == 3 {
                "Maximum"
            } else {
                "Sum"
            };
            let level = [40.0, 4e6, 9e6, 0.0][m];
            let hot = if host % 10 == 0 && m < 3 { 2.2 } else { 1.0 };
            let value = |i: usize| level * if during(i) { hot } else { 1.0 } + 0.2 * level * noise(host * 4 + m, i);
            put(metric, ("InstanceId", &id), statistic, (0..POINTS).map(value).collect());
        }
    }
    case
}

/// Pearson at every circular shift of every series, the null sorted, as one would write it first.
fn straightforward(case: &Case) -> usize {
    let pulse: Vec<f64> = (0..POINTS).map(|i| f64::from(u8::from(during(i)))).collect();
    let mut associated = 0;
    for (_, track) in case.series.iter() {
        let Some(series) = track.stretches().first() else { continue };
        let x = standardised(&series.values);
        let all: Vec<f64> = (0..POINTS).map(|lag| pearson(&pulse, &x, lag).abs()).collect();
        let near = |lag: usize| lag.min(POINTS - lag) <= 5;
        let reach = (0..POINTS).filter(|l| near(*l)).map(|l| all[l]).fold(0.0, f64::max);
        let mut null: Vec<f64> = (0..POINTS)
            .filter(|l| (*l).min(POINTS - l) > 25)
            .map(|l| (0..11).map(|k| all[(l + POINTS + k - 5) % POINTS]).fold(0.0, f64::max))
            .collect();
        null.sort_by(f64::total_cmp);
        associated += usize::from(reach - null[null.len() * 95 / 100] > 0.27);
    }
    associated
}

fn standardised(values: &[f64]) -> Vec<f64> {
    let x: Vec<f64> = values.iter().map(|v| if v.is_nan() { 0.0 } else { *v }).collect();
    let middle = |mut v: Vec<f64>| {
        v.sort_by(f64::total_cmp);
        v[v.len() / 2]
    };
    let center = middle(x.clone());
    let spread = 1.4826 * middle(x.iter().map(|v| (v - center).abs()).collect()).max(1e-9);
    x.iter().map(|v| ((v - center) / spread).clamp(-12.0, 12.0)).collect()
}

fn pearson(a: &[f64], b: &[f64], lag: usize) -> f64 {
    let n = a.len() as f64;
    let (mut sa, mut sb, mut saa, mut sbb, mut sab) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for (i, x) in a.iter().enumerate() {
        let y = b[(i + lag) % b.len()];
        (sa, sb, saa, sbb, sab) = (sa + x, sb + y, saa + x * x, sbb + y * y, sab + x * y);
    }
    let spread = (n * saa - sa * sa) * (n * sbb - sb * sb);
    if spread <= 0.0 { 0.0 } else { (n * sab - sa * sb) / spread.sqrt() }
}
