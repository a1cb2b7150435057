use super::*;
use chrono_tz::Tz;
use proptest::prelude::*;

fn window() -> Window {
    let start = DateTime::parse_from_rfc3339("2026-11-20T12:00:00Z").unwrap().to_utc();
    Window { start, end: start + Duration::hours(2) }
}

fn read_in(zone: Tz, lines: &[&str]) -> AppLog {
    let mut engine = Engine::new("app", window(), zone);
    let stream = engine.stream("web-1");
    for line in lines {
        engine.line(stream, line.as_bytes());
    }
    engine.snapshot()
}

fn read(lines: &[&str]) -> AppLog {
    read_in(Tz::UTC, lines)
}

fn find<'a>(log: &'a AppLog, part: &str) -> &'a Template {
    log.templates.iter().find(|t| t.pattern.contains(part)).unwrap_or_else(|| panic!("{part}: {:#?}", log.templates))
}

#[test]
fn lines_become_templates_with_counts_a_minute_levels_and_signs() {
    let log = read(&[
        "2026/11/20 13:02:11 [error] 7#0: *5 connect() failed (111: Connection refused) while connecting to upstream, client: 10.0.0.9",
        "2026/11/20 13:02:40 [error] 7#0: *9 connect() failed (111: Connection refused) while connecting to upstream, client: 10.0.0.7",
        "2026/11/20 13:03:01 [error] 7#0: *11 connect() failed (111: Connection refused) while connecting to upstream, client: 10.0.0.7",
        "2026/11/20 13:03:02 [notice] 7#0: signal 15 (SIGTERM) received, exiting",
    ]);
    let refused = find(&log, "connect() failed");
    assert_eq!((refused.total, refused.level, refused.sign), (3, Level::Error, Some(Sign::UpstreamRefused)));
    assert_eq!(
        refused.counts.iter().map(|(t, n)| (t.format("%H:%M").to_string(), *n)).collect::<Vec<_>>(),
        [("13:02".into(), 2), ("13:03".into(), 1)]
    );
    assert_eq!(find(&log, "SIGTERM").sign, Some(Sign::Stop));
    assert!(log.notes.iter().any(|n| n.contains("read as UTC")), "{:?}", log.notes);
}

#[test]
fn stack_traces_stay_with_their_line_and_exceptions_are_counted() {
    let log = read(&[
        "2026-11-20 13:02:11,123 ERROR [http-nio-8080-exec-1] c.e.App - request failed",
        "java.lang.OutOfMemoryError: Java heap space",
        "    at com.example.App.main(App.java:12)",
        "    at java.lang.Thread.run(Thread.java:750)",
        "Caused by: java.io.IOException: Broken pipe",
        "    ... 12 more",
        "2026-11-20 13:02:12,001 INFO  [main] c.e.App - ok",
    ]);
    assert_eq!(log.templates.iter().map(|t| t.total).sum::<u64>(), 4);
    let oom = find(&log, "OutOfMemoryError");
    assert_eq!((oom.sign, oom.level, oom.counts.len()), (Some(Sign::OutOfMemory), Level::Error, 1));
    assert!(oom.samples[0].contains("at com.example.App.main"), "{:?}", oom.samples);
}

#[test]
fn docker_journald_and_json_lines_give_time_level_and_message() {
    let log = read(&[
        r#"{"log":"2026/11/20 13:02:11 [crit] 7#0: *5 accept4() failed (24: Too many open files)\n","stream":"stderr","time":"2026-11-20T13:02:11.5Z"}"#,
        r#"{"MESSAGE":"systemd[1]: Stopped The Application.","PRIORITY":"6","_SOURCE_REALTIME_TIMESTAMP":"1795179731000000","_HOSTNAME":"web-1"}"#,
        r#"{"level":50,"time":1763643731000,"msg":"connect ECONNREFUSED 10.0.1.9:5432"}"#,
        r#"{"level":"error","ts":"2026-11-20T13:02:12Z","msg":"slow query took 1200 ms","nested":{"a":[1,2]}}"#,
        r#"2026-11-20T13:02:11.1Z stdout F {"level":"warn","message":"queue is long"}"#,
        r#"{"time":"2026-11-20T13:02:13Z","status":503,"path":"/app.js","msg":"request"}"#,
    ]);
    assert_eq!(find(&log, "Too many open files").sign, Some(Sign::TooManyFiles));
    assert_eq!(find(&log, "slow query").level, Level::Error);
    assert_eq!(find(&log, "queue is long").level, Level::Warn);
    assert_eq!(find(&log, "static files answered with 503").sign, Some(Sign::StaticFileError));
    assert_eq!(find(&log, "Stopped The").sign, Some(Sign::Stop));
    assert_eq!(log.outside, 1, "the pino line is a year old");
}

#[test]
fn access_lines_are_split_by_status_and_kind_of_file() {
    let line =
        |path: &str, status: u16| format!(r#"10.0.1.5 - - [20/Nov/2026:22:02:11 +0900] "GET {path} HTTP/1.1" {status} 5 "-" "curl/8""#);
    let lines = [line("/a.css", 500), line("/b.js", 500), line("/api/x", 500), line("/users/alice", 200), line("/users/bob", 200)];
    let log = read(&lines.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!((find(&log, "static files answered with 500").total, find(&log, "requests answered with 500").total), (2, 1));
    assert_eq!(find(&log, "requests answered with 200").total, 2);
}

#[test]
fn a_year_that_is_missing_is_the_latest_that_fits() {
    let log = read(&["Nov 20 13:02:11 web-1 systemd[1]: Stopping The Application..."]);
    assert_eq!(log.templates[0].counts[0].0, window().start + Duration::minutes(62));
    assert_eq!(log.templates[0].sign, Some(Sign::Stop));
}

#[test]
fn a_zone_is_assumed_and_one_that_is_off_is_offered() {
    let lines = ["2026-11-20 22:02:11 INFO hello there"];
    let tokyo = read_in(chrono_tz::Asia::Tokyo, &lines);
    assert_eq!(tokyo.templates[0].counts[0].0, window().start + Duration::minutes(62));
    let utc = read(&lines);
    assert_eq!(utc.outside, 1);
    assert!(utc.notes.iter().any(|n| n.contains("moved by -9 h") || n.contains("moved by -8 h")), "{:?}", utc.notes);
}

#[test]
fn starts_stops_and_versions_become_events_of_their_target() {
    let mut engine = Engine::new("app", window(), Tz::UTC);
    let stream = engine.stream("/var/log/web-i-0123456789abcdef0/app.log");
    for line in [
        "2026-11-20T13:02:11Z INFO shutting down",
        "2026-11-20T13:02:12Z INFO shutting down",
        "2026-11-20T13:02:20Z INFO starting version 42",
    ] {
        engine.line(stream, line.as_bytes());
    }
    let events = engine.events();
    assert_eq!(
        events.iter().map(|e| (&*e.name, &*e.resources[0])).collect::<Vec<_>>(),
        [("Stop", "i-0123456789abcdef0"), ("Deployment", "i-0123456789abcdef0")]
    );
}

#[test]
fn lines_before_the_first_time_are_counted_and_said() {
    let log = read(&["no time here", "nor here"]);
    assert_eq!((log.undated, log.templates.len()), (2, 0));
}

#[test]
fn the_balancers_own_log_is_recognised() {
    let log = read(&[
        "https 2026-11-20T13:02:11.123Z app/web/50dc6c495c0c9188 1.2.3.4:5 10.0.1.5:80 0 0 0 502 - 0 0 \"GET https://x:443/ HTTP/1.1\"",
    ]);
    assert!(log.notes.iter().any(|n| n.contains("--access-logs")), "{:?}", log.notes);
}

#[test]
fn names_tell_their_targets() {
    let known = [
        ("web-i-0123456789abcdef0.log", Some("i-0123456789abcdef0")),
        ("ip-10-0-1-5.ec2.internal", Some("10.0.1.5")),
        ("10.0.1.5", Some("10.0.1.5")),
        ("ecs/app/0a1b2c", None),
        ("wifi-adapter", None),
    ];
    for (name, wanted) in known {
        assert_eq!(target(name).as_deref(), wanted, "{name}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_and_every_line_is_accounted_for(lines in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..300), 0..40)) {
        let mut engine = Engine::new("app", window(), Tz::UTC);
        let stream = engine.stream("s");
        engine.line(stream, b"2026-11-20T13:00:00Z begins");
        for line in &lines {
            engine.line(stream, line);
        }
        let log = engine.snapshot();
        prop_assert_eq!(log.lines, lines.len() as u64 + 1);
        prop_assert!(log.templates.iter().map(|t| t.total).sum::<u64>() + log.outside + log.undated <= log.lines);
        let escape = char::from(27);
        prop_assert!(log.templates.iter().all(|t| !t.samples.iter().any(|s| s.contains(escape))));
    }
}

#[test]
fn a_trace_that_docker_wrapped_line_by_line_stays_with_its_line() {
    let wrap = |n: u32, text: &str| format!(r#"{{"log":"{text}\n","stream":"stderr","time":"2026-11-20T13:02:1{n}Z"}}"#);
    let lines = [wrap(1, "ERROR order failed"), wrap(1, r"\tat com.example.App.main(App.java:12)"), wrap(2, "INFO at least one item left")];
    let log = read(&lines.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(log.templates.iter().map(|t| t.total).sum::<u64>(), 2);
    assert!(find(&log, "order failed").samples[0].contains("at com.example.App.main"), "{:?}", log.templates);
}

#[test]
fn journald_tells_of_hosts_and_writes_odd_text_as_bytes() {
    let line = |host: &str, message: &str| {
        format!(r#"{{"__REALTIME_TIMESTAMP":"1795179731000000","PRIORITY":"3","_HOSTNAME":"{host}","MESSAGE":{message}}}"#)
    };
    let red = "[27,91,51,49,109,108,111,115,116,32,113,117,101,117,101]";
    let lines = [line("ip-10-0-1-5", red), line("ip-10-0-1-6", r#""worker 7 timed out""#), line("ip-10-0-1-6", "[1,2,[3]]")];
    let log = read(&lines.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(&*find(&log, "lost queue").pattern, "lost queue");
    let targets: Vec<_> = log.streams.iter().map(|s| s.target.as_deref().unwrap_or("-")).collect();
    assert_eq!(targets, ["10.0.1.5", "10.0.1.6"]);
}

#[test]
fn lines_that_have_no_time_are_said() {
    let log = read(&["started", "ERROR x"]);
    assert!(log.notes.iter().any(|n| n.starts_with("2 of 2 lines have no time")), "{:?}", log.notes);
}
