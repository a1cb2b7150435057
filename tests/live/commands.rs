//! Every command that talks to AWS, driven for real: only what is in the list of actions leaves the process,
//! and nothing that writes.

use super::{alarm_of, incident, run, said, session};
use crate::aws_stub::{Call, Stub};
use alb_triage::sources::aws::actions::{Action, Protocol};
use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::path::Path;
use std::time::{Duration, Instant};

/// One line of an access log, in an object named as a balancer names it.
fn access_log(stub: &Stub) {
    use flate2::{Compression, write::GzEncoder};
    let line = "https 2026-11-20T02:12:09.000000Z app/web/50dc6c495c0c9188 203.0.113.7:50000 10.0.1.5:8080 -1 -1 -1 502 - 100 200 \"GET https://shop.example:443/cart HTTP/1.1\" \"curl\" - - arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:targetgroup/api-8080/73e2d6bc24d8a067 \"Root=1-1\" \"shop.example\" \"-\" 0 2026-11-20T02:12:09.000000Z \"forward\" \"-\" \"-\" \"10.0.1.5:8080\" \"-\" \"-\" \"-\" TID_1\n";
    let mut gz = GzEncoder::new(Vec::new(), Compression::fast());
    gz.write_all(line.as_bytes()).unwrap();
    let key = "AWSLogs/123456789012/elasticloadbalancing/ap-northeast-1/2026/11/20/123456789012_elasticloadbalancing_ap-northeast-1_app.web.50dc6c495c0c9188_20261120T0215Z_10.0.0.9_abcd.log.gz";
    stub.object("my-logs", key, &gz.finish().unwrap());
}

fn is_listed(call: &Call) -> bool {
    Action::ALL.iter().map(|a| a.row()).any(|row| {
        let same_service = row.service.facts().signing == call.service;
        same_service && row.operation == call.operation
    })
}

fn check(stub: &Stub, command: &str) {
    let unlisted: Vec<_> = stub.calls().iter().filter(|c| !is_listed(c)).map(|c| format!("{}:{}", c.service, c.operation)).collect();
    assert!(unlisted.is_empty(), "{command}: {unlisted:?}");
    let reads = ["Describe", "Get", "List", "Lookup", "Filter", "BatchGet", "StartQuery", "StopQuery"];
    let writes = |c: &&Call| !reads.iter().any(|r| c.operation.starts_with(r));
    assert_eq!(stub.calls().iter().find(writes).map(|c| c.operation.clone()), None, "{command} writes");
    // Reading an object or a REST resource is a GET and nothing else.
    assert!(stub.calls().iter().filter(|c| c.service == "s3").all(|c| c.method == "GET"), "{command}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_command_makes_only_calls_of_the_list_and_none_that_writes() {
    let case = incident();
    let name = alarm_of(&case);
    let home = tempfile::tempdir().unwrap();
    for (args, must_call) in [
        (vec!["preflight"], "GetCallerIdentity"),
        (vec!["preflight", name.as_str()], "DescribeLoadBalancers"),
        (vec!["alarms"], "DescribeAlarms"),
        (vec![], "DescribeAlarms"),
        (vec!["report", name.as_str(), "--console", "--no-record"], "LookupEvents"),
        (vec!["logs", "s3://my-logs/AWSLogs/", "--format", "json"], "GetObject"),
    ] {
        let stub = Stub::telling(case.clone()).await;
        access_log(&stub);
        let output = run(session(home.path(), &stub), &args).await;
        let command = args.join(" ");
        assert!(stub.count(must_call) > 0, "{command} never called {must_call}: {}", said(&output));
        assert!(matches!(output.status.code(), Some(0 | 10 | 20 | 21)), "{command}: {}", said(&output));
        check(&stub, &command);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_alarms_of_a_region_and_what_a_log_holds_are_printed() {
    let case = incident();
    let stub = Stub::telling(case.clone()).await;
    access_log(&stub);
    let home = tempfile::tempdir().unwrap();
    let alarms = run(session(home.path(), &stub), &["alarms"]).await;
    assert!(said(&alarms).contains(&alarm_of(&case)) && said(&alarms).contains("TargetConnectionErrorCount"), "{}", said(&alarms));
    assert!(said(&alarms).contains("it fires once, 1 with an incident behind"), "played over what the server holds: {}", said(&alarms));
    let logs = run(session(home.path(), &stub), &["logs", "s3://my-logs/AWSLogs/", "--by", "target,signature", "--format", "csv"]).await;
    assert!(said(&logs).contains("10.0.1.5:8080,refused,1"), "{}", said(&logs));
}

/// A report can ask nobody: beyond the ceiling it goes without, and says so on stderr and in the document. What
/// settings and events show is judged all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_keeps_under_the_ceiling_and_says_what_it_left_out() {
    let case = incident();
    let stub = Stub::telling(case.clone()).await;
    let home = tempfile::tempdir().unwrap();
    let config = home.path().join("config.toml");
    std::fs::write(&config, "cost-ceiling-usd = 0.0001\n").unwrap();
    let config = config.display().to_string();
    let args = ["report", &alarm_of(&case), "--format", "json", "--no-record", "--config", &config];
    let output = run(session(home.path(), &stub), &args).await;
    assert!(matches!(output.status.code(), Some(0 | 21)), "{:?}", output.status);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("not asked:") && stderr.contains("cost-ceiling-usd"), "{stderr}");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let gaps = report["coverage"]["gaps"].as_array().unwrap();
    assert!(gaps.iter().any(|g| g["detail"].as_str().is_some_and(|d| d.contains("not asked:"))), "{gaps:?}");
    assert!(report["cost"]["estimated_usd"].as_f64().unwrap() <= 0.0001);
}

/// Without a network nothing is called at all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_that_need_no_aws_ask_none() {
    let stub = Stub::telling(incident()).await;
    let home = tempfile::tempdir().unwrap();
    for args in [vec!["policy"], vec!["demo", "--list"], vec!["report", "demo:security-group"], vec!["explain", "overload"], vec!["man"]] {
        let output = run(session(home.path(), &stub), &args).await;
        assert!(output.status.success(), "{args:?}: {}", said(&output));
    }
    assert!(stub.calls().is_empty(), "{:?}", stub.calls().iter().map(|c| &c.operation).collect::<Vec<_>>());
}

/// The screen on one incident, in a terminal of its own, until CloudTrail was asked.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_screen_makes_only_calls_of_the_list() {
    let case = incident();
    let stub = Stub::telling(case.clone()).await;
    let home = tempfile::tempdir().unwrap();
    let (environment, name, watched) = (session(home.path(), &stub), alarm_of(&case), stub.clone());
    let path = home.path().to_owned();
    let code = tokio::task::spawn_blocking(move || investigate(&path, environment, &name, &watched)).await.unwrap();
    assert_eq!(code, 0);
    check(&stub, "investigate");
}

fn investigate(home: &Path, environment: Vec<(&'static str, String)>, name: &str, stub: &Stub) -> u32 {
    let pair = native_pty_system().openpty(PtySize { rows: 40, cols: 120, pixel_width: 0, pixel_height: 0 }).unwrap();
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_alb-triage"));
    command.args(["investigate", name, "--no-record"]);
    command.env_clear();
    command.cwd(home);
    environment.into_iter().chain([("TERM", "xterm-256color".to_owned())]).for_each(|(k, v)| command.env(k, v));
    let mut child = pair.slave.spawn_command(command).unwrap();
    drop(pair.slave);
    let mut reader = pair.master.try_clone_reader().unwrap();
    let mut writer = pair.master.take_writer().unwrap();
    std::thread::spawn(move || std::io::copy(&mut reader.by_ref(), &mut std::io::sink()));
    let end = Instant::now() + Duration::from_mins(2);
    while stub.count("LookupEvents") == 0 || stub.count("GetMetricData") == 0 {
        assert!(Instant::now() < end, "the screen never asked for its metrics and changes");
        std::thread::park_timeout(Duration::from_millis(50));
    }
    writer.write_all(b"\x03").unwrap();
    writer.flush().unwrap();
    child.wait().unwrap().exit_code()
}

/// The list itself holds nothing that the stub could not tell apart.
#[test]
fn the_list_names_no_operation_that_writes() {
    for action in Action::ALL {
        let row = action.row();
        let changes = [
            "Put",
            "Set",
            "Create",
            "Delete",
            "Modify",
            "Update",
            "Register",
            "Deregister",
            "Terminate",
            "Send",
            "Enable",
            "Disable",
            "Tag",
        ];
        assert!(!changes.iter().any(|verb| row.operation.starts_with(verb)), "{}", action.name());
        assert!(row.service.facts().protocol != Protocol::RestXml || row.operation.starts_with("Get") || row.operation.starts_with("List"));
    }
}
