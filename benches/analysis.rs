//! How long it takes to judge a large fleet: 1,000 targets, 12,012 series of 180 points, on one core, beside the same scores
//! written the straightforward way with numpy (`analysis.py`; any Python with numpy, named by `PYTHON`).
//!
//! `cargo bench --bench analysis`

mod fleet;

use alb_triage::analysis::Analysis;
use alb_triage::case::Case;
use alb_triage::judge::judge;
use alb_triage::recording::{self, Writer};
use fleet::MINUTES;
use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

fn main() {
    judging();
    match opening() {
        Ok(said) => println!("{said}"),
        Err(why) => println!("opening a case was not measured: {why}"),
    }
}

/// A case of 1,000 targets and a day, from the file to the verdict.
fn opening() -> Result<String, String> {
    let path = std::env::temp_dir().join(format!("alb-triage-bench-{}.case", std::process::id()));
    let written = write(&path);
    let begun = Instant::now();
    let read = recording::read(&path).map_err(|e| e.to_string());
    let size = std::fs::metadata(&path).map_or(0, |m| m.len());
    let _ = std::fs::remove_file(&path);
    written?;
    let case = Case::from_facts(read?.facts);
    let opened = begun.elapsed().as_millis();
    let judged = judge(black_box(&case), None).is_some();
    let all = begun.elapsed().as_millis();
    let (series, megabytes) = (case.series.len(), size as f64 / 1e6);
    Ok(format!("a case of {series} series and a day ({megabytes:.1} MB): opened in {opened} ms, judged after {all} ms ({judged})"))
}

fn write(path: &Path) -> Result<(), String> {
    let mut writer = Writer::create(path).map_err(|e| e.to_string())?;
    for fact in fleet::day(1000) {
        writer.write(&[fact]).map_err(|e| e.to_string())?;
    }
    writer.finish().map_err(|e| e.to_string())
}

fn judging() {
    let mut case = Case::default();
    fleet::facts(1000).into_iter().for_each(|fact| case.absorb(fact));
    let window = case.window();
    let judged = best_of(7, || judge(black_box(&case), None).map(|j| j.analysis.correlations.len()));
    let ranked = best_of(7, || window.map(|w| Analysis::of(black_box(&case), w).correlations.len()));
    let series = case.series.len();
    println!("{series} series × {MINUTES} points: judged in {judged:.1} ms, {ranked:.1} ms of it the ranking (goal: under 50 ms)");
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
    let numbers = [rows.len() as i64, MINUTES, fleet::ERRORS.start, fleet::ERRORS.end, 3].map(|n| n.to_string());
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
