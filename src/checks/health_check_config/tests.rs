use crate::analysis::scene::Scene;
use super::*;
use crate::accesslog::{AccessLog, FailureRow, RequestRow, Signature};
use crate::case::health::{HealthCheckRecord, TargetHealth};
use crate::case::series::{Series, SeriesKey};
use crate::case::topology::{HealthCheck, LoadBalancer, Zone};
use crate::exchange::{Fact, What};
use crate::time::{Time, Window};

const GROUP: &str = "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/api/0123456789abcdef";

fn time(text: &str) -> Time {
    format!("2026-11-20T{text}Z").parse().unwrap()
}

fn group() -> TargetGroup {
    TargetGroup { arn: GROUP.into(), target_type: "ip".into(), protocol: Some("HTTP".into()), port: Some(8080), ..TargetGroup::default() }
}

fn target(state: &str) -> TargetHealth {
    TargetHealth { target_group: GROUP.into(), id: "10.0.2.5".into(), port: Some(8080), state: state.into(), zone: Some("a".into()), ..TargetHealth::default() }
}

fn run(facts: Vec<What>) -> (Outcome, Book) {
    let settled = [What::Settled { area: Area::Balancer }, What::Settled { area: Area::TargetHealth }];
    let all = facts.into_iter().chain(settled);
    let case = Case::from_facts(all.map(|what| Fact { at: time("03:00:00"), origin: None, what }));
    let analysis = Analysis { window: Some(Window { start: time("02:00:00"), end: time("03:00:00") }), ..Analysis::default() };
    let mut book = Book::default();
    let outcome = Step.run(&Scene::of(&case, &analysis), &mut book);
    (outcome, book)
}

fn refused(minute: &str, count: u64) -> What {
    let row = FailureRow {
        minute: time(minute),
        target: "10.0.2.5:8080".into(),
        signature: Signature::Refused,
        status: 502,
        node: "-".into(),
        group: "api".into(),
        static_file: false,
        count,
    };
    What::AccessLog(Box::new(AccessLog { failures: vec![row], ..AccessLog::default() }))
}

#[test]
fn sound_settings_pass_and_tell_how_long_a_dead_target_is_fed() {
    let (outcome, book) = run(vec![What::TargetGroups(vec![group()]), What::TargetHealth(vec![target("healthy")])]);
    assert_eq!((outcome.status, outcome.summary.en.as_str()), (Status::Pass, "settings are sound; a dead target keeps receiving traffic for about 65 s"));
    assert!(book.get("health-check.api.detection").is_some());
}

#[test]
fn without_todays_health_nothing_is_green() {
    let (outcome, _) = run(vec![What::TargetGroups(vec![group()])]);
    assert_eq!(outcome.status, Status::Unknown);
}

#[test]
fn a_check_on_another_port_and_refused_connections_contradict() {
    let mut group = group();
    group.health_check.port = "9000".into();
    let facts = vec![What::TargetGroups(vec![group]), What::TargetHealth(vec![target("healthy")]), refused("02:12:00", 40)];
    let (outcome, _) = run(facts);
    assert_eq!(outcome.status, Status::Fail);
    assert_eq!(
        outcome.summary.en,
        "api: 10.0.2.5:8080 refused 40 connections (02:12 UTC) and is healthy, because its check asks port 9000: healthy, yet refusing"
    );
    assert!(outcome.evidence.contains(&"health-check.api.port".to_owned()));
}

#[test]
fn a_stray_refusal_is_a_note_in_both_languages() {
    let mut group = group();
    group.health_check.port = "9000".into();
    let asked = |ok, failed| RequestRow { minute: time("02:12:00"), target: "10.0.2.5:8080".into(), group: "api".into(), ok, failed, syn_retries: 0 };
    let log = |count, requests| {
        let What::AccessLog(mut log) = refused("02:12:00", count) else { unreachable!() };
        log.requests = requests;
        vec![What::TargetGroups(vec![group.clone()]), What::TargetHealth(vec![target("healthy")]), What::AccessLog(log)]
    };
    let words = |facts| {
        let (outcome, book) = run(facts);
        (outcome.status, book.get("health-check.api.refusing.10.0.2.5:8080").unwrap().sentence.clone())
    };
    let (status, one) = words(log(1, Vec::new()));
    assert_eq!(status, Status::Warn, "the port remains to be said");
    assert_eq!(one.en, "api: 10.0.2.5:8080 refused 1 connection (02:12 UTC): too few to say anything against its health");
    assert_eq!(one.vi, "api: 10.0.2.5:8080 từ chối 1 kết nối (02:12 UTC): quá ít để nói lên điều gì về tình trạng health");
    let (status, few) = words(log(9, vec![asked(991, 9)]));
    assert_eq!((status, few.en.contains("refused 9 of 1000 connections")), (Status::Warn, true), "{few}");
    let (status, many) = words(log(90, vec![asked(910, 90)]));
    assert_eq!((status, many.en.contains("refused 90 of 1000 connections")), (Status::Fail, true), "{many}");
}

#[test]
fn passed_checks_in_the_log_contradict_refusals_in_the_same_minutes() {
    let record = |at: &str, passed| HealthCheckRecord {
        at: time(at),
        target: "10.0.2.5:8080".into(),
        target_group: "api".into(),
        passed,
        status_code: Some(200),
        reason: (!passed).then(|| "ConnectionReset".into()),
        latency: None,
    };
    let records = What::HealthCheckRecords(vec![record("02:00:10", true), record("02:12:30", true), record("02:30:00", false)]);
    let facts = vec![What::TargetGroups(vec![group()]), What::TargetHealth(vec![target("unhealthy")]), refused("02:12:00", 7), records];
    let (outcome, book) = run(facts);
    assert_eq!(outcome.status, Status::Fail);
    assert!(outcome.summary.en.contains("passed 1 health check while it refused 7 connections (02:12 UTC)"), "{}", outcome.summary);
    let strip = &book.get("health-check.api.log.10.0.2.5:8080").unwrap().sentence.en;
    assert!(strip.contains("02:00 ✓·······✓···········✗") && strip.ends_with("1 of 3 checks failed, ConnectionReset ×1"), "{strip}");
}

#[test]
fn failing_open_is_seen_in_the_counts() {
    let series = |metric: &str, values: &[f64]| Series {
        key: SeriesKey::new(metric, [("TargetGroup", "targetgroup/api/0123456789abcdef"), ("LoadBalancer", "app/web/1")]),
        statistic: "Sum".into(),
        period: 60,
        start: time("02:10:00"),
        values: values.to_vec(),
    };
    let counts = vec![series("RequestCount", &[9.0, 9.0, 9.0, f64::NAN]), series("HealthyHostCount", &[2.0, 0.0, 0.0, 0.0])];
    let (outcome, book) = run(vec![What::TargetGroups(vec![group()]), What::TargetHealth(vec![target("healthy")]), What::Series(counts)]);
    assert_eq!(outcome.status, Status::Fail);
    assert!(book.get("health-check.api.fail-open").unwrap().sentence.en.contains("2 min, 02:11–02:12 UTC"));
}

#[test]
fn each_bad_setting_is_named() {
    let mut bad = group();
    bad.health_check = HealthCheck {
        protocol: Some("HTTPS".into()),
        matcher: Some("200-499".into()),
        interval: 60,
        timeout: 60,
        unhealthy_threshold: 5,
        ..HealthCheck::default()
    };
    let set = [("deregistration_delay.timeout_seconds", "0"), ("load_balancing.cross_zone.enabled", "false"), ("load_balancing.algorithm.anomaly_mitigation", "off")];
    bad.attributes = set.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
    let zones = vec![Zone { name: "a".into(), subnet: "s-a".into() }, Zone { name: "b".into(), subnet: "s-b".into() }];
    let lb = LoadBalancer { zones, attributes: [("idle_timeout.timeout_seconds".into(), "60".into())].into(), ..LoadBalancer::default() };
    let (outcome, book) = run(vec![What::LoadBalancer(lb), What::TargetGroups(vec![bad]), What::TargetHealth(vec![target("healthy")])]);
    assert_eq!(outcome.status, Status::Fail, "zone b has no healthy target of its own");
    for id in ["protocol", "matcher", "detection", "timeout", "deregistration", "cross-zone", "anomaly-mitigation"] {
        assert!(book.get(&format!("health-check.api.{id}")).is_some(), "{id}");
    }
    assert!(book.get("health-check.idle-timeout").is_some());
}
