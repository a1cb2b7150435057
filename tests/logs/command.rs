//! `alb-triage logs` as scripts use it: the real binary, its output, its words and its exit codes.

use super::generate::{self, Plan};
use super::written;
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const PLAN: Plan = Plan { seed: 3, objects: 12, lines_an_object: 300, oddities: 0 };

fn logs(dir: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_alb-triage")).arg("logs").arg(dir).args(args).output().unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn json_has_every_failed_request_in_sorted_rows() {
    let dir = written(PLAN);
    let output = logs(dir.path(), &["--by", "target,status", "--format", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let answer = json(&output);
    assert_eq!((&answer["schema"], &answer["files"], &answer["lines"]), (&"alb-triage/logs/v1".into(), &12.into(), &3600.into()));
    let keys: Vec<&String> = answer.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["schema", "files", "bytes_read", "lines", "malformed", "skipped_outside_window", "rows"]);
    let rows = answer["rows"].as_array().unwrap();
    let order: Vec<_> = rows.iter().map(|r| (r["target"].as_str().unwrap(), r["status"].as_str().unwrap())).collect();
    assert!(!order.is_empty() && order.is_sorted());
    let text = (0..PLAN.objects).map(|n| String::from_utf8(generate::object(PLAN, n)).unwrap()).collect::<String>();
    let failed = text.lines().filter(|l| l.split(' ').nth(8).is_some_and(|s| s.starts_with('5') || s == "460")).count();
    assert_eq!(rows.iter().map(|r| r["count"].as_u64().unwrap()).sum::<u64>(), failed as u64);
}

#[test]
fn windows_and_statuses_narrow() {
    let dir = written(PLAN);
    let all = json(&logs(dir.path(), &["--by", "minute", "--all", "--format", "json"]));
    let part = json(&logs(
        dir.path(),
        &["--by", "minute", "--all", "--format", "json", "--from", "2026-11-20T12:05:00Z", "--to", "2026-11-20T12:10:00Z"],
    ));
    let minutes: Vec<&str> = part["rows"].as_array().unwrap().iter().map(|r| r["minute"].as_str().unwrap()).collect();
    assert_eq!(minutes, ["2026-11-20T12:05", "2026-11-20T12:06", "2026-11-20T12:07", "2026-11-20T12:08", "2026-11-20T12:09"]);
    assert!(all["rows"].as_array().unwrap().len() > 25);
    let gone = json(&logs(dir.path(), &["--by", "status", "--status", "460", "--format", "json"]));
    assert!(gone["rows"].as_array().unwrap().iter().all(|r| r["status"] == "460"));
}

#[test]
fn wrong_words_are_a_usage_error_that_names_the_right_ones() {
    let dir = written(Plan { objects: 1, ..PLAN });
    let output = logs(dir.path(), &["--by", "tarjet"]);
    assert_eq!(output.status.code(), Some(64));
    assert!(said(&output).contains("minute target status target_status signature zone node group method path error_reason"));
    assert_eq!(logs(dir.path(), &["--status", "bad"]).status.code(), Some(64));
    assert_eq!(logs(dir.path(), &["--from", "2026-11-20T13:00:00Z", "--to", "2026-11-20T12:00:00Z"]).status.code(), Some(64));
}

#[test]
fn a_file_that_cannot_be_read_is_named_and_the_others_are_read() {
    let dir = written(PLAN);
    let broken = dir.path().join(generate::name(5));
    let bytes = std::fs::read(&broken).unwrap();
    std::fs::write(&broken, &bytes[..bytes.len() / 2]).unwrap();
    let output = logs(dir.path(), &["--by", "status", "--format", "json"]);
    assert_eq!(output.status.code(), Some(65));
    assert!(said(&output).contains(&generate::name(5)), "{}", said(&output));
    assert!(json(&output)["lines"].as_u64().unwrap() >= 3300);
    let missing = logs(&dir.path().join("gone"), &["--format", "json"]);
    assert_eq!((missing.status.code(), json(&missing)["rows"].as_array().map(Vec::len)), (Some(65), Some(0)));
    assert!(said(&missing).contains("gone"));
}

#[test]
fn csv_and_table_have_the_same_words_and_sql_is_printed() {
    let dir = written(Plan { objects: 2, ..PLAN });
    let text = |args: &[&str]| String::from_utf8(logs(dir.path(), args).stdout).unwrap();
    let csv = text(&["--by", "status,target_status", "--format", "csv"]);
    assert!(csv.starts_with("status,target_status,count,first,last\n"));
    let table = text(&["--by", "status,target_status"]);
    assert_eq!(table.lines().next().unwrap().split_whitespace().collect::<Vec<_>>(), ["status", "target_status", "count", "first", "last"]);
    assert_eq!(table.lines().count(), csv.lines().count());
    let sql = text(&["--by", "minute,signature", "--print-sql"]);
    assert!(sql.contains("CREATE EXTERNAL TABLE") && sql.contains("connect-timeout"));
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let dir = written(PLAN);
    let mut child = Command::new(env!("CARGO_BIN_EXE_alb-triage"))
        .args(["logs", "--by", "minute,target,path,node", "--all"])
        .arg(dir.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(!said(&output).contains("panicked") && !said(&output).contains("roken pipe"), "{}", said(&output));
}

/// Files of some text, scanned together; what was said on stderr.
fn told(files: &[(&str, &str)], args: &[&str]) -> (Option<i32>, String) {
    let dir = tempfile::tempdir().unwrap();
    files.iter().for_each(|(name, text)| std::fs::write(dir.path().join(name), text).unwrap());
    let output = logs(dir.path(), args);
    assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 1, "the words of the columns alone");
    (output.status.code(), said(&output))
}

#[test]
fn a_table_without_rows_says_why() {
    const OK: &str = r#"http 2026-11-20T13:00:01.123456Z app/web/1 203.0.113.9:2817 10.0.1.5:8080 0.001 0.002 0.000 200 200 34 366 "GET http://a:80/ HTTP/1.1" "ua" - - arn:x:targetgroup/g/1 "t" "-" "-" 0 2026-11-20T13:00:01.121000Z "forward" "-" "-" "10.0.1.5:8080" "200" "-" "-""#;
    const HEALTH: &str = "http 2026-11-20T13:00:00.123456Z 10.0 10.0.1.5:8080 g FAIL - ConnectionTimedOut\n";
    for (text, args, words) in [
        (OK, &[][..], "none of the 1 requests read is one that was asked for"),
        (OK, &["--from", "2026-11-20T14:00:00Z"], "no line lies in the window: 1 of 1 lie outside"),
        ("", &[], "1 file read, without a single line"),
        ("\n \n", &[], "none of the 2 lines is of an ALB access log, such as an empty line"),
        (HEALTH, &[], "they look like those of a balancer's health-check log"),
        ("what is this\n", &["--lang", "vi"], "không dòng nào trong 1 dòng là của access log ALB, ví dụ “what is this”"),
    ] {
        let (code, said) = told(&[("a.log", text)], args);
        assert!(code == Some(0) && said.contains(words), "{words} in {said}");
    }
    let (code, said) = told(&[], &[]);
    assert!(code == Some(0) && said.contains("there is no log file to read there"), "{said}");
    let missing = logs(Path::new("/nowhere/at/all.log"), &[]);
    assert_eq!(missing.status.code(), Some(65));
    assert!(String::from_utf8_lossy(&missing.stderr).contains("could not be opened"));
}

#[cfg(unix)]
#[test]
fn a_log_may_come_through_a_pipe() {
    let dir = written(Plan { objects: 1, ..PLAN });
    let packed = std::fs::File::open(dir.path().join(generate::name(0))).unwrap();
    let from_file = json(&logs(dir.path(), &["--format", "json"]));
    let piped = Command::new(env!("CARGO_BIN_EXE_alb-triage"))
        .args(["logs", "-", "--format", "json"])
        .stdin(packed)
        .stdout(Stdio::piped())
        .output()
        .unwrap();
    assert_eq!(json(&piped)["rows"], from_file["rows"]);
}
