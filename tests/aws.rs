//! The live source against a server that tells simulated incidents in AWS's own protocols: what arrives
//! must be what the simulator knew, every failure must be a gap and nothing else, and no call may leave
//! that is not in the list of actions.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::too_many_lines, reason = "a test that cannot go on should stop")]

mod aws_stub;

use alb_triage::case::Case;
use alb_triage::case::alarm::CompositeAlarm;
use alb_triage::case::gaps::Reason;
use alb_triage::case::series::{Series, SeriesKey};
use alb_triage::cli::Common;
use alb_triage::exchange::{Area, Ask, Fact, What};
use alb_triage::preflight;
use alb_triage::simulator::{self, Scenario};
use alb_triage::sources::aws::alarms::of_region;
use alb_triage::sources::aws::call::{Aws, Params};
use alb_triage::sources::aws::errors::Trouble;
use alb_triage::sources::aws::gather::{AREAS, Live, start_with};
use alb_triage::sources::aws::s3::ListQuery;
use alb_triage::sources::aws::{FatalKind, LiveOptions, actions::Action};
use alb_triage::sources::{Link, wire};
use alb_triage::time::{Time, Window};
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_stub::{Reply, Stub};
use base64::Engine;
use serde_json::json;
use std::time::Duration;

/// A session with the stub. Throttled calls are given up soon, so that tests are quick.
fn session(stub: &Stub) -> Aws {
    session_as(stub, Credentials::new("testing", "testing", None, None, "test"))
}

fn session_as(stub: &Stub, credentials: Credentials) -> Aws {
    let timeouts = TimeoutConfig::builder().connect_timeout(Duration::from_secs(2)).read_timeout(Duration::from_secs(2)).build();
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("ap-northeast-1"))
        .endpoint_url(&stub.url)
        .retry_config(RetryConfig::standard().with_initial_backoff(Duration::from_millis(5)))
        .timeout_config(timeouts)
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .sleep_impl(aws_smithy_async::rt::sleep::SharedAsyncSleep::new(aws_smithy_async::rt::sleep::TokioSleep::new()))
        .build();
    Aws::from_config(config, Some("night".into()), Duration::from_secs(3))
}

fn options(target: &str, now: Time) -> LiveOptions {
    LiveOptions::new(&Common::default(), target, None, now, chrono_tz::UTC).unwrap()
}

/// Reads until every area has settled.
async fn read_all(link: &mut Link, case: &mut Case) -> Vec<Fact> {
    let mut all = Vec::new();
    while !AREAS.iter().all(|a| case.settled.contains(a)) {
        let facts =
            tokio::time::timeout(Duration::from_secs(60), link.facts.recv()).await.expect("the source is stuck").expect("the source ended");
        for fact in facts {
            case.absorb(fact.clone());
            all.push(fact);
        }
    }
    all
}

fn gaps(case: &Case, area: Area) -> Vec<(Reason, Option<String>, String)> {
    case.gaps_of(&[area]).map(|g| (g.reason, g.action.clone(), g.detail.to_string())).collect()
}

struct Seen {
    case: Case,
    live: Live,
    stub: Stub,
    link: Link,
}

/// Lets the live source look at a stub.
async fn look(stub: &Stub, target: &str, now: Time) -> Seen {
    let (mut link, end) = wire();
    let live = start_with(Some(session(stub)), options(target, now), end);
    let mut case = Case::default();
    read_all(&mut link, &mut case).await;
    Seen { case, live, stub: stub.clone(), link }
}

fn demo(name: &str) -> (Scenario, Case) {
    let scenario = simulator::demos::all().into_iter().find(|s| s.demo.as_deref() == Some(name)).unwrap();
    let case = Case::from_facts(simulator::simulate(&scenario).facts);
    (scenario, case)
}

async fn seen(name: &str, prepare: impl FnOnce(&Stub)) -> (Case, Seen) {
    let (scenario, truth) = demo(name);
    let stub = Stub::telling(truth.clone()).await;
    prepare(&stub);
    let target = truth.alarm.as_ref().unwrap().name.to_string();
    (truth, look(&stub, &target, scenario.now).await)
}

#[tokio::test]
async fn what_arrives_is_what_was_there() {
    let (truth, seen) = seen("security-group", |stub| stub.page_size(7)).await;
    let case = &seen.case;
    assert_eq!(case.alarm, truth.alarm);
    assert_eq!(case.alarm_changes, truth.alarm_changes);
    let attributes = |c: &Case| c.load_balancer.clone().unwrap();
    assert_eq!(attributes(case), attributes(&truth));
    assert_eq!(case.target_groups, truth.target_groups);
    assert_eq!(case.listeners, truth.listeners);
    assert_eq!(case.target_health, truth.target_health);
    assert_eq!(case.instances, truth.instances);
    assert_eq!(case.instance_statuses, truth.instance_statuses);
    for (id, group) in &case.security_groups {
        assert_eq!(Some(group), truth.security_groups.get(id));
    }
    assert!(case.groups_in_question().iter().all(|g| truth.target_groups.contains(g)));
    assert_eq!(case.network_acls, truth.network_acls);
    assert_eq!(case.route_tables, truth.route_tables);
    assert_eq!(case.subnets, truth.subnets);
    assert_eq!(seen.live.fatal(), None);
    let window = case.window().unwrap();
    for (key, track) in truth.series.iter() {
        let Some(theirs) = track.best("", window) else { continue };
        let mine = case.series.get(key).and_then(|t| t.best(&theirs.statistic, window));
        let mine = mine.unwrap_or_else(|| panic!("{key:?} did not arrive"));
        let points = |s: &alb_triage::case::series::Series| s.points(window).collect::<Vec<_>>();
        assert_eq!(points(mine), points(theirs), "{key:?}");
    }
    let read_only_list = |c: &aws_stub::Call| Action::ALL.iter().any(|a| a.row().operation == c.operation);
    assert!(seen.stub.calls().iter().all(read_only_list));
    assert_eq!(case.cost.calls["cloudwatch:GetMetricData"], seen.stub.count("GetMetricData") as u64);
    assert!(case.cost.metrics_requested > 0 && case.cost.estimated_usd > 0.0);
}

#[tokio::test]
async fn addresses_that_are_targets_are_followed_to_their_interfaces() {
    let (scenario, mut truth) = demo("security-group");
    // The same fleet, registered by address.
    let by_address: Vec<_> = truth.target_health.values().cloned().collect();
    truth.target_health.clear();
    for mut target in by_address {
        let instance = truth.instances[&target.id].clone();
        let address = instance.private_ip.clone().unwrap();
        let interface = alb_triage::case::network::Interface {
            id: format!("eni-{}", &instance.id[2..]),
            private_ip: address.clone(),
            subnet: instance.subnet.clone(),
            instance: Some(instance.id.clone()),
            ..Default::default()
        };
        truth.interfaces.insert(interface.id.clone(), interface);
        target.id = address;
        truth.target_health.insert((target.target_group.clone(), target.id.clone(), target.port), target);
    }
    let stub = Stub::telling(truth.clone()).await;
    let seen = look(&stub, truth.alarm.as_ref().unwrap().name.as_str(), scenario.now).await;
    assert_eq!(seen.case.instances, truth.instances);
    assert!(truth.interfaces.keys().all(|id| seen.case.interfaces.contains_key(id)));
}

#[tokio::test]
async fn a_denied_call_is_a_gap_with_its_permission_and_nothing_else_stops() {
    let (truth, seen) = seen("security-group", |stub| {
        stub.fail("DescribeSecurityGroups", usize::MAX, 403, "UnauthorizedOperation");
        stub.fail("DescribeRules", usize::MAX, 403, "AccessDenied");
        stub.fail("LookupEvents", usize::MAX, 400, "AccessDeniedException");
    })
    .await;
    let case = &seen.case;
    let (reason, action, detail) = &gaps(case, Area::Network)[0];
    assert_eq!((*reason, action.as_deref()), (Reason::Denied, Some("ec2:DescribeSecurityGroups")));
    assert!(detail.contains("said by the test") && detail.contains("alb-triage policy"), "{detail}");
    assert!(case.security_groups.is_empty());
    assert_eq!(case.network_acls, truth.network_acls, "the rest of the network was read");
    let denied = |area| gaps(case, area).iter().any(|g| g.0 == Reason::Denied);
    assert!(denied(Area::Balancer) && denied(Area::Changes));
    assert_eq!(seen.live.fatal(), None);
}

#[tokio::test]
async fn throttling_is_waited_out_and_said() {
    let (scenario, truth) = demo("security-group");
    let stub = Stub::telling(truth.clone()).await;
    // More refusals than the SDK's own three attempts survive.
    stub.fail("DescribeInstances", 5, 503, "RequestLimitExceeded");
    let (mut link, end) = wire();
    start_with(Some(session(&stub)), options(&truth.alarm.as_ref().unwrap().name, scenario.now), end);
    let mut case = Case::default();
    let facts = read_all(&mut link, &mut case).await;
    assert_eq!(case.instances, truth.instances);
    let waits =
        |f: &Fact| matches!(&f.what, What::Busy { area: Area::Instances, detail } if detail.contains("throttles ec2:DescribeInstances"));
    assert!(facts.iter().any(waits), "the wait was not said");
}

#[tokio::test]
async fn throttling_without_end_is_a_gap() {
    let (_, seen) = seen("security-group", |stub| stub.fail("DescribeTargetHealth", usize::MAX, 400, "Throttling")).await;
    assert!(gaps(&seen.case, Area::TargetHealth).iter().all(|g| g.0 == Reason::Throttled));
    assert!(!gaps(&seen.case, Area::TargetHealth).is_empty());
    assert!(seen.case.target_health.is_empty());
    assert!(!seen.case.series.is_empty());
}

#[tokio::test]
async fn metrics_that_come_in_part_or_not_at_all_are_gaps_and_never_zeros() {
    let (_, seen) = seen("security-group", |stub| {
        stub.on("GetMetricData", |call| {
            let queries = call.params["MetricDataQueries"].as_array()?;
            if queries.len() < 20 {
                return None;
            }
            let statuses = ["Complete", "PartialData", "Forbidden", "InternalError"];
            let results = queries
                .iter()
                .take(4)
                .zip(statuses)
                .map(|(q, status)| aws_stub::cbor(&[("Id", q["Id"].as_str().unwrap_or("")), ("Label", "l"), ("StatusCode", status)]));
            Some(Reply::Cbor(aws_stub::cbor_list("MetricDataResults", results.collect())))
        });
    })
    .await;
    let gaps = gaps(&seen.case, Area::BalancerMetrics);
    let has = |reason, words: &str| gaps.iter().any(|g| g.0 == reason && g.2.contains(words));
    assert!(has(Reason::Denied, "Forbidden"), "{gaps:?}");
    assert!(has(Reason::Unavailable, "PartialData") && has(Reason::Unavailable, "InternalError") && has(Reason::Unavailable, "no answer"));
    let balancer: Vec<_> = seen.case.series.iter().filter(|(k, _)| k.instance().is_none() && k.zone().is_some()).collect();
    assert!(balancer.is_empty(), "what was not answered has no series: {balancer:?}");
}

#[tokio::test]
async fn broken_answers_are_gaps() {
    let (truth, seen) = seen("security-group", |stub| {
        let subnets = Reply::Xml("<DescribeSubnetsResponse><subnetSet><item><subnetId>subnet-1</subnetId>".repeat(50));
        stub.on("DescribeSubnets", move |_| Some(Reply::CutOff(Box::new(subnets.clone()))));
        stub.on("DescribeNetworkAcls", |_| Some(Reply::Xml("<html>proxy says no".into())));
        stub.on("DescribeLoadBalancerAttributes", |_| {
            Some(Reply::Raw { status: 200, headers: vec![], body: b"\xff\xfe nonsense".to_vec() })
        });
    })
    .await;
    assert_eq!(gaps(&seen.case, Area::Network).iter().filter(|g| g.0 == Reason::Unavailable).count(), 2);
    assert!(!gaps(&seen.case, Area::Balancer).is_empty());
    assert_eq!(seen.case.route_tables, truth.route_tables);
}

#[tokio::test]
async fn an_unknown_alarm_is_told_with_the_nearest_names() {
    let (scenario, truth) = demo("security-group");
    let name = truth.alarm.as_ref().unwrap().name.to_string();
    let stub = Stub::telling(truth).await;
    let seen = look(&stub, &name.replace("Errors", "Error"), scenario.now).await;
    let fatal = seen.live.fatal().unwrap();
    assert_eq!((fatal.kind, fatal.kind.exit_code()), (FatalKind::Usage, 64));
    assert!(fatal.words.contains(&format!("did you mean {name}?")), "{fatal}");
    assert!(seen.case.gaps_of(&[Area::Alarm]).any(|g| g.detail.contains(&name)));
}

#[tokio::test]
async fn what_cannot_be_judged_has_its_exit_code() {
    for (operation, code, status, kind) in [
        ("DescribeAlarms", "AccessDenied", 403, FatalKind::NotPermitted),
        ("DescribeAlarms", "ExpiredToken", 403, FatalKind::NotPermitted),
        ("GetMetricData", "AccessDenied", 403, FatalKind::NotPermitted),
        ("DescribeAlarms", "InternalFailure", 500, FatalKind::Unreachable),
    ] {
        let (_, seen) = seen("security-group", |stub| {
            stub.fail(operation, usize::MAX, status, code);
            stub.fail("LookupEvents", usize::MAX, 400, "AccessDeniedException");
        })
        .await;
        let fatal = seen.live.fatal().unwrap_or_else(|| panic!("{operation} {code} is not fatal"));
        assert_eq!(fatal.kind, kind, "{operation} {code}: {fatal}");
        if code == "ExpiredToken" {
            assert!(fatal.words.contains("have expired: renew them"), "{fatal}");
        }
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unreachable() {
    let (scenario, truth) = demo("security-group");
    let mut stub = Stub::telling(truth).await;
    stub.url = "http://127.0.0.1:9".into();
    let seen = look(&stub, "any", scenario.now).await;
    let fatal = seen.live.fatal().unwrap();
    assert_eq!(fatal.kind.exit_code(), 69, "{fatal}");
    assert!(fatal.words.contains("no route to AWS"), "{fatal}");
}

#[tokio::test]
async fn after_renewed_credentials_an_ask_resumes() {
    let (scenario, truth) = demo("security-group");
    let stub = Stub::telling(truth.clone()).await;
    stub.fail("DescribeAlarms", 1, 403, "ExpiredToken");
    let mut seen = look(&stub, &truth.alarm.as_ref().unwrap().name, scenario.now).await;
    assert_eq!(seen.case.alarm, None);
    let ask = Ask::new(Area::Alarm, seen.case.window().unwrap(), None, 1);
    seen.link.asks.send(ask).unwrap();
    while seen.case.instances.is_empty() {
        let facts = tokio::time::timeout(Duration::from_secs(30), seen.link.facts.recv()).await.unwrap().unwrap();
        facts.into_iter().for_each(|f| seen.case.absorb(f));
    }
    assert_eq!(seen.case.alarm, truth.alarm);
}

#[tokio::test]
async fn an_ask_fetches_only_what_is_missing() {
    let (_, mut seen) = seen("security-group", |_| {}).await;
    let before = seen.stub.count("GetMetricData");
    let known = seen.case.window().unwrap();
    let window = Window { start: known.start, end: known.end - chrono::Duration::minutes(20) };
    let ask = |window, generation| Ask::new(Area::BalancerMetrics, window, None, generation);
    seen.link.asks.send(ask(window, 1)).unwrap();
    wait_for(&mut seen, Area::BalancerMetrics).await;
    assert_eq!(seen.stub.count("GetMetricData"), before, "all of it was known");
    let earlier = Window { start: known.start - chrono::Duration::hours(12), end: known.end };
    seen.link.asks.send(ask(earlier, 2)).unwrap();
    wait_for(&mut seen, Area::BalancerMetrics).await;
    let asked: Vec<_> = seen.stub.calls().into_iter().filter(|c| c.operation == "GetMetricData").skip(before).collect();
    assert!(!asked.is_empty());
    for call in asked {
        assert!(call.params["StartTime"].as_f64().unwrap() < known.start.timestamp() as f64);
    }
}

/// A log group without end: whoever does not want to wait keeps what was read, as a part.
#[tokio::test]
async fn a_reading_that_is_stopped_keeps_what_it_has_and_says_so() {
    let (scenario, truth) = demo("security-group");
    let stub = Stub::telling(truth.clone()).await;
    let at = (scenario.now - chrono::Duration::minutes(30)).timestamp_millis();
    stub.on("FilterLogEvents", move |call| {
        let page = call.text("nextToken").parse().unwrap_or(0) + 1;
        let line = json!({"timestamp": at, "message": format!("ERROR order {page} failed"), "logStreamName": "web/1"});
        Some(Reply::Json(json!({"events": [line], "nextToken": page.to_string()})))
    });
    let common = Common { app_log_group: vec!["/app/web".into()], ..Common::default() };
    let target = truth.alarm.as_ref().unwrap().name.to_string();
    let options = LiveOptions::new(&common, &target, None, scenario.now, chrono_tz::UTC).unwrap();
    let (mut link, end) = wire();
    let _live = start_with(Some(session(&stub)), options, end);
    let mut case = Case::default();
    let mut stopped = false;
    while !case.settled.contains(&Area::AppLog) {
        let facts = tokio::time::timeout(Duration::from_secs(60), link.facts.recv()).await.unwrap().unwrap();
        facts.into_iter().for_each(|f| case.absorb(f));
        if !stopped && case.app_logs.values().any(|l| l.lines > 0) {
            stopped = true;
            let window = case.window().unwrap();
            link.asks.send(Ask { stop: true, ..Ask::new(Area::AppLog, window, None, 1) }).unwrap();
        }
    }
    assert!(stopped && case.app_logs["/app/web"].incomplete && case.app_logs["/app/web"].lines > 0);
    assert!(gaps(&case, Area::AppLog).iter().any(|(_, _, detail)| detail.contains("stopped by hand")));
    assert!(stub.count("FilterLogEvents") < 400);
}

/// What would cost more than the ceiling is left out and said; when somebody agrees, it is read as it would have been.
#[tokio::test]
async fn over_the_ceiling_nothing_is_asked_until_somebody_agrees() {
    let (scenario, truth) = demo("security-group");
    let stub = Stub::telling(truth.clone()).await;
    let (mut link, end) = wire();
    let options = LiveOptions { cost_ceiling: Some(0.0004), ..options(&truth.alarm.as_ref().unwrap().name, scenario.now) };
    let live = start_with(Some(session(&stub)), options, end);
    let mut case = Case::default();
    read_all(&mut link, &mut case).await;
    assert_eq!(live.fatal().map(|f| f.kind), None, "that is no failure");
    assert!(case.cost.metrics_requested <= 40, "{:?}", case.cost);
    let left_out = case.unasked[&Area::BalancerMetrics].clone();
    assert!(left_out.metrics > 40 && (left_out.estimated_usd - left_out.metrics as f64 * 0.00001).abs() < 1e-9);
    assert!(
        gaps(&case, Area::BalancerMetrics)
            .iter()
            .any(|(reason, _, words)| *reason == Reason::Unavailable && words.starts_with("not asked:"))
    );
    let mut seen = Seen { case, live, stub, link };
    for area in [Area::BalancerMetrics, Area::HostMetrics] {
        let ask = Ask { over_ceiling: true, ..Ask::new(area, truth.window().unwrap(), None, 1) };
        seen.link.asks.send(ask).unwrap();
        wait_for(&mut seen, area).await;
        assert!(!gaps(&seen.case, area).iter().any(|(_, _, words)| words.starts_with("not asked")), "{:?}", gaps(&seen.case, area));
        assert!(!seen.case.unasked.contains_key(&area));
    }
    let key = |case: &Case| case.series.iter().filter(|(k, _)| k.metric == "TargetConnectionErrorCount").count();
    assert!(key(&seen.case) >= key(&truth));
    assert!(seen.case.series.of("CPUUtilization").next().is_some());
}

/// A group so large that it is asked by queries, which are billed: beyond the ceiling none is started, the gap says what
/// would allow it, and a yes is enough for all of them.
#[tokio::test]
async fn queries_over_logs_keep_under_the_ceiling_until_somebody_agrees() {
    let (scenario, truth) = demo("security-group");
    let stub = Stub::telling(truth.clone()).await;
    let created = (scenario.now - chrono::Duration::days(10)).timestamp_millis();
    let group = json!({"logGroupName": "/app/web", "storedBytes": 90_000_000_000_000u64, "creationTime": created});
    stub.on("DescribeLogGroups", move |_| Some(Reply::Json(json!({"logGroups": [group]}))));
    stub.on("FilterLogEvents", |_| Some(Reply::Json(json!({"events": [{"timestamp": 0, "message": "INFO ready"}]}))));
    stub.on("StartQuery", |call| {
        Some(Reply::Json(json!({"queryId": if call.text("queryString").starts_with("stats") { "n" } else { "l" }})))
    });
    let minute = (scenario.now - chrono::Duration::minutes(30)).format("%Y-%m-%d %H:%M:00.000").to_string();
    stub.on("GetQueryResults", move |call| {
        let cell = |field: &str, value: &str| json!({"field": field, "value": value});
        let counted = json!([[cell("minute", &minute), cell("@logStream", "web/1"), cell("n", "4000")]]);
        let rows = if call.text("queryId") == "n" { counted } else { json!([]) };
        Some(Reply::Json(json!({"status": "Complete", "results": rows, "statistics": {"bytesScanned": 3e12}})))
    });
    let common = Common { app_log_group: vec!["/app/web".into()], ..Common::default() };
    let target = truth.alarm.as_ref().unwrap().name.to_string();
    let options = LiveOptions::new(&common, &target, None, scenario.now, chrono_tz::UTC).unwrap();
    let (mut link, end) = wire();
    let live = start_with(Some(session(&stub)), LiveOptions { cost_ceiling: Some(1.0), ..options }, end);
    let mut case = Case::default();
    read_all(&mut link, &mut case).await;
    assert_eq!((stub.count("StartQuery"), case.app_logs.len()), (0, 0));
    let said = gaps(&case, Area::AppLog);
    assert!(
        said.iter().any(|(_, _, d)| d.starts_with("not asked: two Logs Insights queries over") && d.contains("--cost-ceiling")),
        "{said:?}"
    );
    assert!(case.unasked[&Area::AppLog].estimated_usd > 1.0);
    let mut seen = Seen { case, live, stub, link };
    seen.link.asks.send(Ask { over_ceiling: true, ..Ask::new(Area::AppLog, truth.window().unwrap(), None, 1) }).unwrap();
    wait_for(&mut seen, Area::AppLog).await;
    assert!(seen.stub.count("StartQuery") >= 2 && seen.case.app_logs["/app/web"].lines == 4000);
    assert!(seen.case.unasked.is_empty() && seen.case.cost.estimated_usd > 30.0, "what was billed counts: {:?}", seen.case.cost);
}

/// The key on the screen names machines; without it nothing is read, whatever else is asked again.
#[tokio::test]
async fn a_console_is_read_when_its_machine_is_named() {
    let (truth, mut seen) = seen("security-group", |stub| {
        stub.on("GetConsoleOutput", |_| {
            let text = base64::engine::general_purpose::STANDARD.encode("[    1.0] Out of memory: Killed process 7 (java)\n");
            Some(Reply::Xml(format!("<GetConsoleOutputResponse><output>{text}</output></GetConsoleOutputResponse>")))
        });
    })
    .await;
    let id = truth.instances.keys().next().unwrap().clone();
    let ask = Ask::new(Area::Consoles, truth.window().unwrap(), None, 1);
    seen.link.asks.send(ask.clone()).unwrap();
    wait_for(&mut seen, Area::Consoles).await;
    assert_eq!(seen.stub.count("GetConsoleOutput"), 0);
    assert!(!gaps(&seen.case, Area::Consoles).is_empty(), "that nobody asked is said");
    seen.link.asks.send(Ask { subjects: vec![id.clone()], ..ask }).unwrap();
    wait_for(&mut seen, Area::Consoles).await;
    assert_eq!(seen.case.consoles.keys().collect::<Vec<_>>(), [&id]);
    assert_eq!((seen.stub.count("GetConsoleOutput"), gaps(&seen.case, Area::Consoles)), (1, vec![]));
}

/// Waits until the area was asked again and has settled.
async fn wait_for(seen: &mut Seen, area: Area) {
    loop {
        let facts = tokio::time::timeout(Duration::from_secs(30), seen.link.facts.recv()).await.unwrap().unwrap();
        let done = facts.iter().any(|f| f.what == What::Settled { area });
        facts.into_iter().for_each(|f| seen.case.absorb(f));
        if done {
            return;
        }
    }
}

#[tokio::test]
async fn a_target_group_leads_to_its_balancer_and_alarm() {
    let (scenario, truth) = demo("security-group");
    let alarm = truth.alarm.clone().unwrap();
    let group = truth.target_groups.iter().find(|g| g.arn.ends_with(&alarm.dimensions["TargetGroup"])).unwrap().arn.clone();
    let stub = Stub::telling(truth.clone()).await;
    let seen = look(&stub, &group, scenario.now).await;
    assert_eq!(seen.case.alarm, truth.alarm);
    assert_eq!(seen.case.load_balancer.map(|b| b.arn), truth.load_balancer.map(|b| b.arn));
}

#[tokio::test]
async fn a_composite_alarm_leads_to_its_child_and_is_told() {
    let (scenario, mut truth) = demo("security-group");
    let name = truth.alarm.as_ref().unwrap().name.to_string();
    truth.composite_alarms = vec![CompositeAlarm {
        name: "checkout-page".into(),
        rule: format!("ALARM(\"{name}\") AND NOT ALARM(deploying)").into(),
        actions_enabled: true,
        actions: vec!["arn:aws:sns:ap-northeast-1:123456789012:oncall".into()],
        ..CompositeAlarm::default()
    }];
    let stub = Stub::telling(truth.clone()).await;
    let seen = look(&stub, "checkout-page", scenario.now).await;
    assert_eq!(seen.case.alarm, truth.alarm);
    let above = &seen.case.composite_alarms[0];
    assert_eq!((above.name.as_str(), &above.rule), ("checkout-page", &truth.composite_alarms[0].rule));
    assert_eq!(above.children.keys().collect::<Vec<_>>(), [&name], "the other child is nowhere to be found");
    assert!(above.children[&name].on_connection_errors);
    let listed = of_region(&session(&stub)).await.unwrap();
    assert_eq!((listed.metric.len(), listed.composite.unwrap().len()), (1, 1));
    stub.on("DescribeAlarms", |call| {
        let composite = call.params["AlarmTypes"].to_string().contains("Composite");
        composite.then(|| Reply::error(403, "AccessDenied"))
    });
    let listed = of_region(&session(&stub)).await.unwrap();
    assert_eq!((listed.metric.len(), listed.composite), (1, None), "what may be read is read");
}

/// Everything that says what happened to targets beyond CloudTrail: services, agents, consoles.
#[tokio::test]
async fn services_agents_and_consoles_are_read_with_their_metrics() {
    let (scenario, mut truth) = demo("security-group");
    let group = truth.alarm.as_ref().unwrap().dimensions["TargetGroup"].clone();
    let group = truth.target_groups.iter().find(|g| g.arn.ends_with(&group)).unwrap().arn.clone();
    let instance = truth.instances.keys().next().unwrap().clone();
    truth.instances.values_mut().for_each(|i| _ = i.tags.insert("AmazonECSManaged".into(), "true".into()));
    let window = truth.window().unwrap();
    let key = |metric: &str| SeriesKey::new(metric, [("ClusterName", "main"), ("ServiceName", "api")]);
    for (metric, statistic) in [("ECSCPUUtilization", "Average"), ("RunningTaskCount", "Minimum")] {
        let values = vec![4.0; window.bins(60)];
        truth.series.absorb(Series { key: key(metric), statistic: statistic.into(), period: 60, start: window.start, values });
    }
    let (arn, cluster) = ("arn:aws:ecs:ap-northeast-1:1:service/main/api", "arn:aws:ecs:ap-northeast-1:1:cluster/main");
    let stub = Stub::telling(truth.clone()).await;
    let on = |operation: &str, answer: serde_json::Value| stub.on(operation, move |_| Some(Reply::Json(answer.clone())));
    on("ListClusters", json!({"clusterArns": [cluster]}));
    on("ListServices", json!({"serviceArns": [arn]}));
    on(
        "DescribeServices",
        json!({"services": [{"serviceArn": arn, "serviceName": "api", "clusterArn": cluster, "taskDefinition": "api:7", "loadBalancers": [{"targetGroupArn": group, "containerName": "app"}]}]}),
    );
    on("DescribeTaskDefinition", json!({"taskDefinition": {"containerDefinitions": [{"name": "app", "stopTimeout": 10}]}}));
    on(
        "DescribeInstanceInformation",
        json!({"InstanceInformationList": [{"InstanceId": instance, "PingStatus": "ConnectionLost", "LastPingDateTime": scenario.now.timestamp()}]}),
    );
    stub.on("ListMetrics", |call| {
        let insights = call.text("Namespace") == "ECS/ContainerInsights";
        let metric = aws_stub::cbor(&[("Namespace", "ECS/ContainerInsights"), ("MetricName", "RunningTaskCount")]);
        insights.then(|| Reply::Cbor(aws_stub::cbor_list("Metrics", vec![metric])))
    });
    stub.on("GetConsoleOutput", |call| {
        let text = base64::engine::general_purpose::STANDARD.encode("[    1.0] Out of memory: Killed process 7 (java)\nsecret=1\n");
        let latest = call.text("Latest") == "true";
        Some(if latest {
            Reply::error(400, "UnsupportedOperation")
        } else {
            Reply::Xml(format!("<GetConsoleOutputResponse><output>{text}</output></GetConsoleOutputResponse>"))
        })
    });
    let (mut link, end) = wire();
    let options = LiveOptions { console: true, ..options(&truth.alarm.as_ref().unwrap().name, scenario.now) };
    start_with(Some(session(&stub)), options, end);
    let mut case = Case::default();
    read_all(&mut link, &mut case).await;
    let service = &case.ecs_services[arn];
    assert_eq!((service.name.as_str(), service.stop_timeout), ("api", Some(10)));
    for metric in ["ECSCPUUtilization", "RunningTaskCount"] {
        let track = case.series.get(&key(metric)).unwrap_or_else(|| panic!("{metric} did not arrive"));
        assert!(track.stretches()[0].points(window).count() > 0, "{metric}");
    }
    assert_eq!(case.host_agents[&instance].ping, "ConnectionLost");
    assert!(!case.consoles.is_empty() && case.consoles.len() <= 5);
    for console in case.consoles.values() {
        assert_eq!(console.lines.iter().map(|l| l.text.as_str()).collect::<Vec<_>>(), ["[    1.0] Out of memory: Killed process 7 (java)"]);
    }
    assert_eq!(stub.count("GetConsoleOutput"), 2 * case.consoles.len(), "what only newer machines have is asked first");
}

/// Without being asked for, no console is read: it may hold secrets.
#[tokio::test]
async fn consoles_are_read_only_on_request_and_the_end_of_credentials_is_known() {
    let (scenario, truth) = demo("security-group");
    let stub = Stub::telling(truth.clone()).await;
    let end_of_session = std::time::SystemTime::from(scenario.now + chrono::Duration::minutes(9));
    let (mut link, end) = wire();
    let credentials = Credentials::new("testing", "testing", None, Some(end_of_session), "test");
    start_with(Some(session_as(&stub, credentials)), options(&truth.alarm.as_ref().unwrap().name, scenario.now), end);
    let mut case = Case::default();
    read_all(&mut link, &mut case).await;
    assert_eq!(stub.count("GetConsoleOutput"), 0);
    assert_eq!(case.identity.unwrap().expires, Some(scenario.now + chrono::Duration::minutes(9)));
}

/// A server whose lists never end, each page with a token of its own, is left after a while, and that is said.
#[tokio::test]
async fn lists_without_an_end_are_left_and_said() {
    let (_, seen) = seen("security-group", |stub| {
        let pages = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let next = move || pages.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let rules = next.clone();
        stub.on("DescribeRules", move |_| {
            Some(Reply::Xml(format!("<DescribeRulesResponse><DescribeRulesResult><Rules/><NextMarker>{}</NextMarker></DescribeRulesResult></DescribeRulesResponse>", rules())))
        });
        let activities = next.clone();
        stub.on("DescribeScalingActivities", move |_| {
            Some(Reply::Xml(format!("<R><DescribeScalingActivitiesResult><Activities/><NextToken>{}</NextToken></DescribeScalingActivitiesResult></R>", activities())))
        });
        stub.on("ListDeployments", move |_| Some(Reply::Json(json!({"deployments": [], "nextToken": next().to_string()}))));
    })
    .await;
    let said = |area, words: &str| gaps(&seen.case, area).iter().any(|g| g.2.contains(words));
    assert!(said(Area::Balancer, "more than 10 pages"), "{:?}", gaps(&seen.case, Area::Balancer));
    assert!(said(Area::Lifecycle, "only the newest 5 pages"), "{:?}", gaps(&seen.case, Area::Lifecycle));
    assert!(said(Area::Lifecycle, "more than the 0 that were looked at"), "{:?}", gaps(&seen.case, Area::Lifecycle));
    assert!(seen.stub.calls().len() < 300, "{} calls", seen.stub.calls().len());
}

/// A target that was taken out in the window and is not registered now: it is described and measured, too.
#[tokio::test]
async fn targets_that_are_gone_are_read_too() {
    let (scenario, mut truth) = demo("security-group");
    let alarm = truth.alarm.clone().unwrap();
    let group = truth.target_groups.iter().find(|g| g.arn.ends_with(&alarm.dimensions["TargetGroup"])).unwrap().arn.clone();
    let gone = truth.target_health.values().find(|t| t.target_group == group).unwrap().id.clone();
    truth.target_health.retain(|_, t| t.id != gone);
    let at = truth.window().unwrap().end - chrono::Duration::minutes(40);
    let record = json!({"eventID": "gone-1", "eventTime": alb_triage::time::rfc3339(at), "eventSource": "elasticloadbalancing.amazonaws.com", "eventName": "DeregisterTargets",
        "awsRegion": "ap-northeast-1", "requestParameters": {"targetGroupArn": group, "targets": [{"id": gone}]}});
    let looked = alb_triage::changes::cloudtrail::Looked {
        record: Some(record.to_string()),
        resources: vec![group.clone(), gone.clone()],
        ..Default::default()
    };
    let event = alb_triage::changes::cloudtrail::read(&looked).unwrap();
    truth.events.insert((event.at, event.source, event.id.clone()), event);
    let stub = Stub::telling(truth.clone()).await;
    let seen = look(&stub, &alarm.name, scenario.now).await;
    assert_eq!(seen.case.instances.get(&gone), truth.instances.get(&gone));
    assert!(seen.case.series.of("NetworkIn").any(|(key, _)| key.instance() == Some(gone.as_str())));
}

#[tokio::test]
async fn endless_answers_are_cut_and_are_a_gap() {
    let (truth, seen) = seen("security-group", |stub| {
        stub.on("DescribeSubnets", |_| Some(Reply::Endless));
        stub.on("DescribeTags", |_| Some(Reply::Endless));
    })
    .await;
    for area in [Area::Network, Area::Balancer] {
        let gaps = gaps(&seen.case, area);
        assert!(gaps.iter().any(|g| g.0 == Reason::Unavailable && g.2.contains("longer than 32 MiB")), "{gaps:?}");
    }
    assert_eq!(seen.case.route_tables, truth.route_tables);
}

#[tokio::test]
async fn what_is_not_in_the_list_does_not_leave() {
    let (_, truth) = demo("security-group");
    let stub = Stub::telling(truth).await;
    let aws = session(&stub);
    let written = aws.cloudwatch().delete_alarms().alarm_names("conn").send().await;
    let words = format!("{}", aws_smithy_types::error::display::DisplayErrorContext(written.unwrap_err()));
    assert!(words.contains("CloudWatch DeleteAlarms is not in the list of actions"), "{words}");
    let registered = aws.balancing().deregister_targets().target_group_arn("x").send().await;
    assert!(registered.is_err());
    assert!(stub.calls().is_empty(), "nothing was sent");
}

#[tokio::test]
async fn lookup_events_is_paced_and_everything_is_signed() {
    let (_, truth) = demo("security-group");
    let stub = Stub::telling(truth).await;
    let aws = session(&stub);
    for _ in 0..4 {
        aws.sdk(Action::LookupEvents, || aws.cloudtrail().lookup_events().send()).await.unwrap();
    }
    let times: Vec<_> = stub.calls().iter().map(|c| c.at).collect();
    assert!(times[3] - times[0] > Duration::from_millis(1500), "more than two a second");
    let health = aws.json::<serde_json::Value>(Action::DescribeEvents, &serde_json::json!({})).await;
    assert_eq!(health.unwrap_err().trouble, Trouble::NotSubscribed);
    let _ = aws.query::<serde_json::Value>(Action::DescribeSubnets, &Params::new()).await;
    let scopes: Vec<_> = stub.calls().iter().map(|c| (c.service.clone(), c.region.clone())).collect();
    assert!(scopes.contains(&("health".into(), "us-east-1".into())), "{scopes:?}");
    assert!(scopes.contains(&("ec2".into(), "ap-northeast-1".into())));
}

#[tokio::test]
async fn s3_is_listed_in_pages_streamed_in_parts_and_honest_about_ends() {
    let (_, truth) = demo("security-group");
    let stub = Stub::telling(truth).await;
    let key = "prod/AWSLogs/1 x/ü+.gz";
    stub.object("logs", key, b"0123456789");
    stub.object("logs", "prod/other", b"");
    let aws = session(&stub);
    let listing = aws.list_objects(&ListQuery { bucket: "logs", prefix: "prod/AWSLogs/", ..ListQuery::default() }).await.unwrap();
    assert_eq!((listing.objects[0].key.as_str(), listing.objects[0].size), (key, 10));
    let mut body = aws.get_object("logs", key, Some(2..5)).await.unwrap();
    let mut bytes = Vec::new();
    while let Some(piece) = body.next().await {
        bytes.extend_from_slice(piece.unwrap().as_ref());
    }
    assert_eq!(bytes, b"0123456789", "the stub sends all of it");
    let asked = stub.calls().into_iter().find(|c| c.operation == "GetObject").unwrap();
    assert_eq!(asked.headers["range"], "bytes=2-4");
    assert!(asked.headers.contains_key("x-amz-content-sha256"));
    let missing = aws.get_object("nowhere", "k", None).await.unwrap_err();
    assert_eq!(missing.trouble, Trouble::NotFound);
    stub.on("GetObject", |_| Some(Reply::CutOff(Box::new(Reply::Bytes(vec![7; 1000])))));
    let mut body = aws.get_object("logs", key, None).await.unwrap();
    let mut last = Ok(());
    while let Some(piece) = body.next().await {
        last = piece.map(|_| ()).map_err(|e| e.trouble);
    }
    assert_eq!(last, Err(Trouble::Garbled));
}

#[tokio::test]
async fn a_bucket_elsewhere_is_found_and_remembered() {
    let (_, truth) = demo("security-group");
    let stub = Stub::telling(truth).await;
    stub.object("logs", "k", b"here");
    stub.on("GetObject", |call| {
        let headers = vec![("x-amz-bucket-region", "eu-central-1".to_owned())];
        (call.region != "eu-central-1").then(|| Reply::Raw {
            status: 301,
            headers,
            body: b"<Error><Code>PermanentRedirect</Code></Error>".to_vec(),
        })
    });
    let aws = session(&stub);
    for _ in 0..2 {
        let mut body = aws.get_object("logs", "k", None).await.unwrap();
        assert_eq!(body.next().await.unwrap().unwrap().as_ref(), b"here");
    }
    let regions: Vec<_> = stub.calls().iter().map(|c| c.region.clone()).collect();
    assert_eq!(regions, ["ap-northeast-1", "eu-central-1", "eu-central-1"]);
}

#[tokio::test]
async fn preflight_says_what_is_seen_and_what_is_denied() {
    let (scenario, truth) = demo("security-group");
    let stub = Stub::telling(truth).await;
    stub.fail("DescribeNetworkAcls", usize::MAX, 403, "UnauthorizedOperation");
    let all = preflight::with_session(&session(&stub), scenario.now).await;
    assert_eq!(all.exit, 0, "{}", all.text);
    assert!(all.text.contains("account 123456789012, region ap-northeast-1, profile night"), "{}", all.text);
    assert!(all.text.contains("yes      cloudwatch:GetMetricData"), "{}", all.text);
    assert!(all.text.contains("DENIED   ec2:DescribeNetworkAcls"), "{}", all.text);
    for action in Action::ALL {
        assert!(all.text.contains(&action.name()) || all.text.contains(&action.iam()), "{} is missing", action.name());
    }
    let known = |c: &aws_stub::Call| Action::ALL.iter().any(|a| a.row().operation == c.operation);
    assert!(stub.calls().iter().all(known));
    stub.fail("GetMetricData", usize::MAX, 403, "AccessDenied");
    assert_eq!(preflight::with_session(&session(&stub), scenario.now).await.exit, 77);
}
