//! The queries written for Logs Insights, run over the lines of generated logs and over the same as records: their
//! rows must come to the tallies that the engine counts itself.

use super::generate::{self, Plan};
use alb_triage::accesslog::insights::{Row, Shape, tallied};
use alb_triage::accesslog::line::Fields;
use alb_triage::accesslog::rows::add_up;
use alb_triage::accesslog::scan::Collect;
use alb_triage::accesslog::summary::Summary;
use alb_triage::accesslog::trace::Traced;
use alb_triage::accesslog::{AccessLog, FailureRow, RequestRow, Signature};
use alb_triage::applog::{Engine, Joined, Search};
use alb_triage::time::{Time, Window};
use chrono::Duration;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// The fields that a delivery names, in the order of a line.
const NAMES: [&str; 34] = [
    "type",
    "time",
    "elb",
    "client:port",
    "target:port",
    "request_processing_time",
    "target_processing_time",
    "response_processing_time",
    "elb_status_code",
    "target_status_code",
    "received_bytes",
    "sent_bytes",
    "request",
    "user_agent",
    "ssl_cipher",
    "ssl_protocol",
    "target_group_arn",
    "trace_id",
    "domain_name",
    "chosen_cert_arn",
    "matched_rule_priority",
    "request_creation_time",
    "actions_executed",
    "redirect_url",
    "error_reason",
    "target:port_list",
    "target_status_code_list",
    "classification",
    "classification_reason",
    "conn_trace_id",
    "transformed_host",
    "transformed_uri",
    "request_transform_status",
    "ip_address",
];

fn answered(messages: &[String], queries: &[String]) -> Vec<Vec<Row>> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/logs/insights.py");
    let mut child =
        Command::new("python3").arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(serde_json::json!({ "messages": messages, "queries": queries }).to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn record(line: &str) -> String {
    let fields = Fields::of(line.as_bytes()).map(|f| String::from_utf8_lossy(f).into_owned());
    let record: serde_json::Map<String, serde_json::Value> = NAMES.iter().map(|n| (*n).to_owned()).zip(fields.map(Into::into)).collect();
    serde_json::Value::from(record).to_string()
}

/// What both can tell: a query knows neither paths nor lost SYNs.
fn comparable(log: AccessLog) -> (Vec<FailureRow>, Vec<RequestRow>, u64) {
    let failures = log.failures.into_iter().map(|f| FailureRow { static_file: false, ..f });
    let requests = log.requests.into_iter().map(|r| RequestRow { ok: r.ok, syn_retries: 0, ..r });
    let (mut failures, mut requests): (Vec<_>, Vec<_>) = (failures.collect(), requests.collect());
    add_up(&mut failures);
    add_up(&mut requests);
    (failures, requests, log.lines - log.outside_window)
}

#[test]
fn the_queries_for_insights_come_to_the_tallies_of_the_engine() {
    let plan = Plan { seed: 11, objects: 6, lines_an_object: 400, oddities: 0 };
    let text: Vec<String> = (0..plan.objects)
        .flat_map(|n| String::from_utf8(generate::object(plan, n)).unwrap().lines().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    let start = Time::from_timestamp(generate::START, 0).unwrap();
    let window = Window { start, end: start + Duration::minutes(12) };
    let records: Vec<String> = text.iter().map(|line| record(line)).collect();
    let summed_up = |lines: &[String]| {
        let mut summary = Summary::new(Some(window));
        summary.take(lines.join("\n").as_bytes());
        summary.into_log()
    };
    assert_eq!(summed_up(&records), summed_up(&text), "a record is a line");
    let expected = comparable(summed_up(&text));
    assert!(expected.0.len() > 20 && expected.1.len() > 20);
    for messages in [text, records] {
        let shape = Shape::of(messages[0].as_bytes()).unwrap();
        let rows = answered(&messages, &[shape.failures(), shape.others()]);
        let got = comparable(tallied(window, &rows[0], &rows[1]));
        assert_eq!(got.0.iter().find(|f| !expected.0.contains(f)), None);
        assert_eq!(got, expected);
    }
}

#[test]
fn the_query_for_trace_ids_finds_what_reading_the_log_finds() {
    let start = Time::from_timestamp(generate::START, 0).unwrap();
    let window = Window { start, end: start + Duration::minutes(30) };
    let id = |n: u32| format!("1-6740a1b2-{:024x}", u128::from(n) * 0x9e37_79b9_7f4a_7c15);
    let failure = |minute, signature| FailureRow {
        minute: start + Duration::minutes(minute),
        target: "10.0.0.1:80".into(),
        signature,
        status: 502,
        node: "-".into(),
        group: "g".into(),
        static_file: false,
        count: 1,
    };
    let traced = |n, signature| Traced { id: id(n).into(), signature, target: "10.0.0.1:80".into() };
    let access = AccessLog {
        failures: vec![failure(2, Signature::Refused), failure(20, Signature::SlowTarget)],
        traces: (1000..1040).map(|n| traced(n, Signature::Refused)).chain((2000..2040).map(|n| traced(n, Signature::SlowTarget))).collect(),
        ..AccessLog::default()
    };
    let answered_line = |n: u32, status: u16| format!(r#"10.0.0.9 - - "GET /a HTTP/1.1" {status} 12 "Root={};Sampled=0""#, id(n));
    let handed_on = |n: u32| format!("INFO Self=1-67891234-12456789abcdef0123456780;Root={} took it", id(n));
    let lines: Vec<String> = (0..300)
        .map(|n| answered_line(n, 200))
        .chain((2000..2030).flat_map(|n| [handed_on(n), answered_line(n, 504)]))
        .chain(["INFO a line without one".to_owned(), handed_on(1003)])
        .collect();
    let search = Search::of(&access, window).unwrap();
    let mut engine = Engine::new("app", window, chrono_tz::UTC);
    let stream = engine.stream("s");
    lines.iter().for_each(|line| engine.event(stream, start + Duration::minutes(3), line.as_bytes()));
    let read = engine.take_traces().join(&access);
    let asked = search.joined(&answered(&lines, &[search.query()])[0]);
    assert_eq!((asked.of(|s| s == Signature::Refused), asked.of(|s| s == Signature::SlowTarget)), ((40, 1), (40, 30)));
    let told = |j: Joined| (j.kinds, j.statuses);
    assert_eq!(told(asked), told(read));
}
