//! The real program against local servers that nobody here wrote: moto for EC2, ELB, STS and S3, ministack
//! for CloudWatch and Logs, joined by the SDK's per-service endpoint variables. They are installed, pinned,
//! into `.awsemu/` on first use, and started on free ports for each test. What they lack (CloudTrail,
//! Health, lifecycle) must show as gaps and must not keep the right cause from being named.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::too_many_lines, reason = "a test that cannot go on should stop")]

mod python;

use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

const PACKAGES: [&str; 5] = ["moto==5.2.5", "flask==3.1.3", "flask-cors==6.0.5", "ministack==1.5.33", "cbor2==6.3.0"];

/// A server that stops with the test.
struct Server {
    child: Child,
    url: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts a server and waits until it says where it runs.
fn start(command: &mut Command) -> Server {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (found, urls) = mpsc::channel();
    for stream in [Box::new(child.stdout.take().unwrap()) as Box<dyn std::io::Read + Send>, Box::new(child.stderr.take().unwrap())] {
        let found = found.clone();
        std::thread::spawn(move || {
            // Reads to the end, so that the server never waits for a full pipe.
            for line in BufReader::new(stream).lines().map_while(Result::ok) {
                if let Some((_, url)) = line.split_once("Running on ") {
                    let url = url.split_whitespace().next().unwrap_or_default().to_owned();
                    let _ = found.send(url);
                }
            }
        });
    }
    let url = urls.recv_timeout(Duration::from_secs(60)).expect("the server did not say where it runs");
    Server { child, url }
}

/// Both servers with one incident in them.
struct Account {
    moto: Server,
    ministack: Server,
    seeded: Value,
}

impl Account {
    fn with(scenario: &str) -> Self {
        let bin = python::installed("", &PACKAGES);
        let moto = start(Command::new(bin.join("moto_server")).args(["-H", "127.0.0.1", "-p", "0"]));
        let ministack = start(Command::new(bin.join("ministack")).env("BIND_HOST", "127.0.0.1").env("GATEWAY_PORT", "0"));
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/aws_servers/seed.py");
        let output = Command::new(bin.join("python")).arg(script).args([&moto.url, &ministack.url, scenario]).output().unwrap();
        assert!(output.status.success(), "seeding: {}", String::from_utf8_lossy(&output.stderr));
        let seeded = serde_json::from_slice(&output.stdout).unwrap();
        Self { moto, ministack, seeded }
    }

    fn program(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_alb-triage"))
            .args(arguments)
            .env("AWS_ACCESS_KEY_ID", "123456789012")
            .env("AWS_SECRET_ACCESS_KEY", "testing")
            .env("AWS_REGION", "us-east-1")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_ENDPOINT_URL", &self.moto.url)
            .env("AWS_ENDPOINT_URL_CLOUDWATCH", &self.ministack.url)
            .env("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", &self.ministack.url)
            .env("AWS_ENDPOINT_URL_CLOUDTRAIL", &self.ministack.url)
            .env_remove("AWS_PROFILE")
            .output()
            .unwrap()
    }

    /// The report on the seeded alarm, and the exit code.
    fn report(&self) -> (Value, i32) {
        let output = self.program(&["report", self.seeded["alarm"].as_str().unwrap(), "--format", "json"]);
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {errors}"));
        (report, output.status.code().unwrap_or(-1))
    }
}

fn names(scenario: &str, causes: &[&str]) {
    named(&Account::with(scenario), scenario, causes);
}

/// The report, which must name one of the causes.
fn named(account: &Account, scenario: &str, causes: &[&str]) -> Value {
    let (report, exit) = account.report();
    let cause = report["verdict"]["cause"].as_str().unwrap_or_default();
    assert!(causes.contains(&cause), "{scenario} was called {cause}: {:#}\n{:#}", report["verdict"], report["coverage"]);
    assert_eq!(exit, 0, "{:#}", report["verdict"]);
    report
}

/// The failed requests of one report or answer by target.
fn by_target(rows: &Value) -> BTreeMap<String, u64> {
    rows.as_array().unwrap().iter().map(|r| (r["target"].as_str().unwrap().to_owned(), r["count"].as_u64().unwrap())).collect()
}

/// Its access log: objects found by the balancer's own attributes, in the layout of AWS.
#[test]
fn an_overload_is_named_and_its_access_log_counted_to_the_line() {
    let account = Account::with("overload");
    let report = named(&account, "overload", &["overload"]);
    let truth = &account.seeded["access_log"];
    let number = |field: &str| truth[field].as_u64().unwrap();
    let failures: BTreeMap<String, u64> = serde_json::from_value(truth["failures"].clone()).unwrap();
    let read = &report["access_logs"];
    assert_eq!(by_target(&read["failures"]), failures, "{read:#}");
    assert!(read["failures"].as_array().unwrap().iter().all(|f| f["signature"] == "connect-timeout"), "{read:#}");
    // A line of each object is cut.
    assert_eq!((&read["status"], &read["malformed"]), (&"read".into(), &read["files"]));
    assert!((20..=number("objects")).contains(&read["files"].as_u64().unwrap()), "{read:#}");

    // Under the prefix alone lie the objects of two balancers that are alike.
    let output = account.program(&["logs", "s3://alb-logs/prod", "--by", "target", "--format", "json", "--no-record"]);
    let answer: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&output.stderr)));
    let twice = failures.into_iter().map(|(target, n)| (target, 2 * n)).collect();
    assert_eq!(by_target(&answer["rows"]), twice);
    for field in ["lines", "malformed"] {
        assert_eq!(answer[field].as_u64(), Some(2 * number(field)), "{field}");
    }
    assert_eq!(answer["files"].as_u64(), Some(2 * number("objects")));
}

#[test]
fn a_removed_security_group_rule_is_named() {
    names("security-group", &["target-security-group"]);
}

#[test]
fn a_stopped_instance_is_named() {
    names("instance-stopped", &["instance-power-event"]);
}

#[test]
fn an_unknown_alarm_is_a_wrong_call_with_a_hint() {
    let account = Account::with("overload");
    let output = account.program(&["report", "web-con-errors"]);
    let words = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(64), "{words}");
    assert!(words.contains("did you mean web-conn-errors?"), "{words}");
}
