//! `access_logs` of the report: how much was read, and the failures by target and mechanism.

use super::utc;
use crate::accesslog::{AccessLog, FailureRow};
use crate::time::{Time, Window};
use serde::Serialize;
use std::collections::BTreeMap;

#[derive(Serialize)]
pub(super) struct AccessLogsOut<'a> {
    /// `read`, or `partial` when reading was stopped before the end.
    status: &'static str,
    files: u64,
    bytes: u64,
    lines: u64,
    malformed: u64,
    failures: Vec<FailureOut<'a>>,
}

#[derive(Serialize)]
struct FailureOut<'a> {
    target: &'a str,
    signature: &'static str,
    count: u64,
    #[serde(serialize_with = "utc")]
    first: Time,
    #[serde(serialize_with = "utc")]
    last: Time,
}

impl<'a> AccessLogsOut<'a> {
    pub(super) fn of(log: &'a AccessLog, window: Window) -> Self {
        Self {
            status: if log.incomplete { "partial" } else { "read" },
            files: log.files,
            bytes: log.bytes,
            lines: log.lines,
            malformed: log.malformed,
            failures: failures(log.failures.iter().filter(|f| window.contains(f.minute))),
        }
    }
}

/// Failures by target and signature, the most frequent first. Times are those of the minutes.
fn failures<'a>(rows: impl Iterator<Item = &'a FailureRow>) -> Vec<FailureOut<'a>> {
    let mut tally: BTreeMap<(&str, &'static str), FailureOut> = BTreeMap::new();
    for row in rows {
        let (target, signature) = (row.target.as_str(), row.signature.id());
        let new = || FailureOut { target, signature, count: 0, first: row.minute, last: row.minute };
        let sum = tally.entry((target, signature)).or_insert_with(new);
        sum.count += row.count;
        sum.first = sum.first.min(row.minute);
        sum.last = sum.last.max(row.minute);
    }
    let mut all: Vec<_> = tally.into_values().collect();
    all.sort_by_key(|f| std::cmp::Reverse(f.count));
    all
}
