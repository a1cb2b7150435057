//! How long it takes to judge a large fleet: 12,000 series of 180 points, on one core, beside the same scores
//! written the straightforward way with numpy (`analysis.py`; any Python with numpy, named by `PYTHON`).
//!
//! `cargo bench --bench analysis`

use alb_triage::analysis::Analysis;
use alb_triage::case::Case;
use alb_triage::case::series::{Series, SeriesKey};
use alb_triage::exchange::Subject;
use alb_triage::judge::judge;
use alb_triage::metrics::ERRORS;
use alb_triage::time::{Time, Window};
use chrono::{DateTime, Duration};
use std::hint::black_box;
use std::process::Command;
use std::time::Instant;

const POINTS: usize = 180;
const HOSTS: usize = 3000;
const PER_HOST: [&str; 4] = ["CPUUtilization", "NetworkIn", "NetworkOut", "StatusCheckFailed_Instance"];

/// The errors, in minutes from the start.
const FIRST: usize = 100;
const LAST: usize = 120;

fn main() {
    let case = fleet();
    let window = case.window();
    let judged = best_of(7, || judge(black_box(&case), None).map(|j| j.analysis.correlations.len()));
    let ranked = best_of(7, || window.map(|w| Analysis::of(black_box(&case), w).correlations.len()));
    let series = case.series.len();
    println!("{series} series × {POINTS} points: judged in {judged:.1} ms, {ranked:.1} ms of it the ranking (goal: under 50 ms)");
    match numpy(&case) {
        Ok(plain) => println!("the same scores with numpy: {plain:.1} ms, {:.1} times as long as judging", plain / judged),
        Err(why) => println!("numpy was not measured: {why}"),
    }
}

/// Milliseconds that the numpy script takes for the same series, on one thread.
fn numpy(case: &Case) -> Result<f64, String> {
    let rows: Vec<&[f64]> = case.series.iter().filter_map(|(_, t)| Some(&t.stretches().first()?.values[..])).collect();
    let bytes: Vec<u8> = rows.iter().flat_map(|r| r.iter()).flat_map(|v| if v.is_nan() { 0.0 } else { *v }.to_le_bytes()).collect();
    let path = std::env::temp_dir().join(format!("alb-triage-bench-{}", std::process::id()));
    std::fs::write(&path, bytes).map_err(|e| e.to_string())?;
    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".into());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/analysis.py");
    let numbers = [rows.len(), POINTS, FIRST, LAST, 3].map(|n| n.to_string());
    let mut command = Command::new(python);
    for threads in ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"] {
        command.env(threads, "1");
    }
    let run = command.arg(script).arg(&path).args(numbers).output();
    let _ = std::fs::remove_file(&path);
    let output = run.map_err(|e| e.to_string())?;
    let said = String::from_utf8_lossy(&output.stdout);
    said.trim().parse().map_err(|_| String::from_utf8_lossy(&output.stderr).lines().last().unwrap_or("no answer").to_owned())
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
    (FIRST..LAST).contains(&i)
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
