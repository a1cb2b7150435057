//! The balancer's health-check log as a strip a target: one mark a stretch of time.

use super::{Finding, Weight};
use crate::analysis::Analysis;
use crate::case::Case;
use crate::case::health::HealthCheckRecord;
use crate::case::topology::{TargetGroup, short_name};
use crate::checks::Value;
use crate::exchange::Area;
use crate::say;
use crate::time::Window;
use std::collections::BTreeMap;

/// Marks in a strip.
const WIDTH: usize = 40;
/// Targets shown, the worst first.
const SHOWN: usize = 12;

pub fn of(case: &Case, analysis: &Analysis, group: &TargetGroup) -> Vec<Finding> {
    let Some(window) = analysis.window else { return Vec::new() };
    let mut targets: BTreeMap<&str, Vec<&HealthCheckRecord>> = BTreeMap::new();
    let ours = |r: &&HealthCheckRecord| window.contains(r.at) && (r.target_group == group.arn || r.target_group == short_name(&group.arn));
    for record in case.health_checks.iter().filter(ours) {
        targets.entry(&record.target).or_default().push(record);
    }
    let mut all: Vec<_> = targets.into_iter().collect();
    all.sort_by_key(|(_, records)| std::cmp::Reverse(failed(records)));
    all.into_iter().take(SHOWN).map(|(target, records)| finding(target, &records, window)).collect()
}

fn failed(records: &[&HealthCheckRecord]) -> usize {
    records.iter().filter(|r| !r.passed).count()
}

/// `✓` all passed, `✗` all failed, `~` both, `·` no check.
fn strip(records: &[&HealthCheckRecord], window: Window) -> String {
    let mut cells = [(0u32, 0u32); WIDTH];
    let span = window.span().num_milliseconds().max(1);
    for record in records {
        let at = (record.at - window.start).num_milliseconds().clamp(0, span - 1) as f64 / span as f64;
        let cell = &mut cells[((at * WIDTH as f64) as usize).min(WIDTH - 1)];
        if record.passed { cell.0 += 1 } else { cell.1 += 1 }
    }
    let mark = |(passed, failed)| match (passed, failed) {
        (0, 0) => '·',
        (_, 0) => '✓',
        (0, _) => '✗',
        _ => '~',
    };
    cells.into_iter().map(mark).collect()
}

fn finding(target: &str, records: &[&HealthCheckRecord], window: Window) -> Finding {
    let (n, bad, strip) = (records.len(), failed(records), strip(records, window));
    let (from, to) = (window.start.format("%H:%M"), window.end.format("%H:%M"));
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for reason in records.iter().filter(|r| !r.passed).filter_map(|r| r.reason.as_deref()) {
        *reasons.entry(reason).or_default() += 1;
    }
    let reasons = reasons.iter().fold(String::new(), |all, (r, n)| all + &format!(", {r} ×{n}"));
    let words = say!(
        "{target} {from} {strip} {to} UTC: {bad} of {n} checks failed{reasons}",
        "{target} {from} {strip} {to} UTC: {bad} trên {n} lần kiểm tra hỏng{reasons}"
    );
    let weight = if bad > 0 { Weight::Warn } else { Weight::Note };
    let mut finding = Finding::new(weight, format!("log.{target}"), words).from(Area::HealthCheckLog);
    finding.values = flips(records);
    finding
}

/// When the outcome changed: 1 passing, 0 failing.
fn flips(records: &[&HealthCheckRecord]) -> Vec<Value> {
    let mut last = None;
    let changed = records.iter().filter(|r| last.replace(r.passed) != Some(r.passed));
    changed.take(50).map(|r| Value::new("passed", f64::from(u8::from(r.passed))).at(r.at)).collect()
}
