//! The case's questions as queries for CloudWatch Logs Insights, and the same tallies from their rows, for a
//! balancer's log whose group is too large to be read. Insights knows no cases: a query counts by what tells
//! signatures apart, and [`signature`] decides here.

use super::line::{self, Line};
use super::record;
use super::rows::add_up;
use super::signature;
use super::{AccessLog, FailureRow, RequestRow};
use crate::time::{Time, Window};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Fields by name, as Insights gives them.
pub type Row = BTreeMap<String, String>;

/// Rows that Insights gives back at most.
pub const MOST_ROWS: usize = 10_000;

/// How a group holds the access log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// As the lines of S3.
    Lines,
    /// As JSON records with fields of these names.
    Records(Vec<String>),
}

/// A line up to its reason; fields that are quoted cannot hold a quote.
const LINE: &str = r#"/^\S+ (?<minute>\S{16}):(?<s1>[0-9.]+)Z \S+ \S+ (?<target>\S+) (?<t1>\S+) (?<t2>\S+) (?<t3>\S+) (?<status>\d{3}) (?<answer>\S+) \S+ \S+ "[^"]*" "[^"]*" \S+ \S+ (?<group>\S+) "[^"]*" "[^"]*" "[^"]*" \S+ \S{11}(?<h0>\d\d):(?<m0>\d\d):(?<s0>[0-9.]+)Z "(?<actions>[^"]*)" "[^"]*" "(?<reason>[^"]*)"/"#;
/// The node's address, where a line ends with one.
const LINE_END: &str = r#"/ "?(?<node>[0-9a-fA-F.:]+)"?$/"#;
/// What is asked of a record: the fields' names in one spelling, and what is read of their values.
const RECORD: [(&str, &str); 13] = [
    ("time", r"(?<minute>[^\x22]{16}):(?<s1>[0-9.]+)"),
    ("target_port", r"(?<target>[^\x22]*)"),
    ("request_processing_time", r"(?<t1>[-0-9.]+)"),
    ("target_processing_time", r"(?<t2>[-0-9.]+)"),
    ("response_processing_time", r"(?<t3>[-0-9.]+)"),
    ("elb_status_code", r"(?<status>\d{3})"),
    ("target_status_code", r"(?<answer>[^\x22,}]*)"),
    ("target_group_arn", r"(?<group>[^\x22]*)"),
    ("request_creation_time", r"[^\x22]{11}(?<h0>\d\d):(?<m0>\d\d):(?<s0>[0-9.]+)"),
    ("actions_executed", r"(?<actions>[^\x22]*)"),
    ("error_reason", r"(?<reason>[^\x22]*)"),
    ("ip_address", r"(?<node>[^\x22]*)"),
    // Some deliveries give address and port apart.
    ("target_ip", r"(?<host>[^\x22]*)"),
];
const HOUR: &str = r"parse minute /T(?<h1>\d\d):(?<m1>\d\d)/";
/// The signs of the three times, and tenths of a second up to the answer: signatures ask for nothing finer.
const CLASSES: &str = "fields least(t1, 0) as r1, least(t2, 0) as r2, least(t3, 0) as r3, \
     least(floor(10 * ((h1 * 3600 + m1 * 60 + s1) - (h0 * 3600 + m0 * 60 + s0))), 111) as tenths";
const FAILED: &str = "filter status like /^(5\\d\\d|460)$/";
const OTHERS: &str = "filter status like /^([1-3]\\d\\d|4[0-57-9]\\d|46[1-9])$/";
const MOST_FIRST: &str = "sort n desc | limit 10000";

impl Shape {
    /// The shape of the group that this line is from; `None` if it is not of an access log.
    pub fn of(text: &[u8]) -> Option<Self> {
        record::access(text)?;
        Some(record::names(text).map_or(Self::Lines, Self::Records))
    }

    /// What takes a message apart.
    fn parts(&self) -> Vec<String> {
        match self {
            Self::Lines => vec![format!("parse @message {LINE}"), format!("parse @message {LINE_END}")],
            Self::Records(names) => {
                let part = |(spelled, value): &(&str, &str)| {
                    let name = names.iter().find(|n| record::spelled(n) == *spelled)?;
                    // Names are the delivery's own words; what could end the expression is no name of a field.
                    let fits = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_:-".contains(&b));
                    fits.then(|| format!(r#"parse @message /"{name}" ?: ?"?{value}/"#))
                };
                RECORD.iter().filter_map(part).collect()
            }
        }
    }

    fn query(&self, steps: &[&str]) -> String {
        let parts = self.parts();
        let all: Vec<&str> = ["fields @message"].into_iter().chain(parts.iter().map(String::as_str)).chain(steps.iter().copied()).collect();
        all.join("\n| ")
    }

    /// Failed requests by minute, place and everything a signature is read from.
    pub fn failures(&self) -> String {
        let count = "stats count(*) as n by minute, target, host, group, node, status, answer, r1, r2, r3, tenths, actions, reason";
        self.query(&[FAILED, HOUR, CLASSES, count, MOST_FIRST])
    }

    /// All other requests by minute and target.
    pub fn others(&self) -> String {
        self.query(&[OTHERS, "stats count(*) as n by minute, target, host, group", MOST_FIRST])
    }
}

/// The rows of both queries as a case keeps them.
pub fn tallied(window: Window, failed: &[Row], others: &[Row]) -> AccessLog {
    let mut log =
        AccessLog { window: Some(window), incomplete: failed.len() >= MOST_ROWS || others.len() >= MOST_ROWS, ..AccessLog::default() };
    for row in failed.iter().filter_map(failure).filter(|f| window.contains(f.minute)) {
        log.lines += row.count;
        log.requests.extend(request(row.minute, &row.target, &row.group, 0, row.count));
        log.failures.push(row);
    }
    for row in others {
        let (Some(minute), Some(n)) = (minute(row), count(row)) else { continue };
        if window.contains(minute) {
            log.lines += n;
            log.requests.extend(request(minute, &target(row), &group(row), n, 0));
        }
    }
    add_up(&mut log.failures);
    add_up(&mut log.requests);
    log
}

fn request(minute: Time, target: &str, group: &str, ok: u64, failed: u64) -> Option<RequestRow> {
    (target != "-").then(|| RequestRow { minute, target: target.into(), group: group.into(), ok, failed, syn_retries: 0 })
}

fn failure(row: &Row) -> Option<FailureRow> {
    Some(FailureRow {
        minute: minute(row)?,
        target: target(row),
        signature: signature::of(&Line::read(stand_in(row).as_bytes())),
        status: field(row, "status").parse().ok()?,
        node: Some(field(row, "node")).filter(|n| n.parse::<IpAddr>().is_ok()).unwrap_or("-").to_owned(),
        group: group(row),
        static_file: false,
        count: count(row)?,
    })
}

/// A line that differs from the ones counted only in what a signature does not ask for.
fn stand_in(row: &Row) -> String {
    let sign = |name: &str| if field(row, name).parse::<f64>().is_ok_and(|t| t >= 0.0) { "0.000" } else { "-1" };
    let times = ["r1", "r2", "r3"].map(sign).join(" ");
    let (target, status, answer) = (target(row), field(row, "status"), field(row, "answer"));
    let (actions, reason) = (field(row, "actions"), field(row, "reason"));
    let began = Time::UNIX_EPOCH + chrono::Duration::days(1);
    let ended = elapsed_millis(row).map_or_else(|| "-".to_owned(), |ms| written(began + chrono::Duration::milliseconds(ms)));
    let began = written(began);
    format!(
        r#"http {ended} app - {target} {times} {status} {answer} 0 0 "- - -" "-" - - - "-" "-" "-" 0 {began} "{actions}" "-" "{reason}" "-" "-" "-" "-""#
    )
}

fn written(at: Time) -> String {
    super::tally::as_written(at.timestamp_micros())
}

/// The middle of its tenth of a second; both times are of a day, which may have ended between them.
fn elapsed_millis(row: &Row) -> Option<i64> {
    const DAY: i64 = 864_000;
    let tenths = field(row, "tenths").parse::<f64>().ok().filter(|t| t.is_finite())? as i64;
    let tenths = if tenths < -DAY / 2 { tenths + DAY } else { tenths };
    Some(tenths.clamp(0, 10_000) * 100 + 50)
}

fn field<'a>(row: &'a Row, name: &str) -> &'a str {
    row.get(name).map(String::as_str).filter(|v| !v.is_empty() && !v.contains('"')).unwrap_or("-")
}

fn count(row: &Row) -> Option<u64> {
    field(row, "n").parse::<f64>().ok().filter(|n| *n >= 1.0).map(|n| n as u64)
}

fn minute(row: &Row) -> Option<Time> {
    let text = field(row, "minute").as_bytes();
    (text.len() == 16).then(|| Time::from_timestamp(line::minute_number(text) * 60, 0)).flatten()
}

fn target(row: &Row) -> String {
    match (field(row, "host"), field(row, "target")) {
        ("-", target) => target.to_owned(),
        (host, port) => format!("{host}:{port}"),
    }
}

fn group(row: &Row) -> String {
    String::from_utf8_lossy(line::group_of(field(row, "group").as_bytes())).into_owned()
}
