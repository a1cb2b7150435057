use super::*;
use crate::applog::Sign;
use crate::sources::aws::LiveOptions;
use crate::sources::aws::call::Aws;
use crate::sources::aws::stub::{Request, Stub};
use crate::time::Window;
use chrono::{DateTime, Duration};
use serde_json::json;

fn window() -> Window {
    let start = DateTime::from_timestamp(1_790_000_040, 0).unwrap();
    Window { start, end: start + Duration::hours(1) }
}

fn context(stub: &Stub, common: &crate::cli::Common) -> Context {
    let options = LiveOptions::new(common, "alarm", None, window().end, chrono_tz::UTC).unwrap();
    let (ctx, mut facts) = Context::for_tests(Aws::for_tests(&stub.url), options, window());
    tokio::spawn(async move { while facts.recv().await.is_some() {} });
    ctx
}

fn group(name: &str) -> crate::cli::Common {
    crate::cli::Common { app_log_group: vec![name.into()], ..Default::default() }
}

/// Three pages: the first is empty and goes on, as CloudWatch Logs does.
fn pages(request: &Request) -> (u16, String) {
    let asked = request.json();
    if request.operation == "DescribeLogGroups" {
        return (200, json!({"logGroups": [described("/app/web", 1_000_000_000)]}).to_string());
    }
    assert_eq!(asked["startTime"], window().start.timestamp_millis());
    let at = window().start.timestamp_millis() + 60_000;
    let line = |message: &str| json!({"timestamp": at, "message": message, "logStreamName": "web/i-0123456789abcdef0"});
    let answer = match asked["nextToken"].as_str() {
        None => json!({"events": [], "nextToken": "1"}),
        Some("1") => {
            json!({"events": [line("ERROR boom\n    at App.main(App.java:1)\njava.lang.OutOfMemoryError: Java heap space")], "nextToken": "2"})
        }
        _ => json!({"events": [line("INFO shutting down")]}),
    };
    (200, answer.to_string())
}

/// A group as AWS describes it, a thousand hours old.
fn described(name: &str, bytes: u64) -> serde_json::Value {
    let created = (window().end - Duration::hours(1000)).timestamp_millis();
    json!({"logGroupName": name, "storedBytes": bytes, "creationTime": created})
}

#[tokio::test]
async fn empty_pages_go_on_and_events_keep_their_lines_together() {
    let stub = Stub::serve(|_, r| pages(r));
    let ctx = context(&stub, &group("/app/web"));
    gather(&ctx).await;
    let log = ctx.case(|c| c.app_logs["/app/web"].clone());
    assert_eq!((log.lines, log.incomplete, log.templates.len()), (4, false, 3));
    assert!(log.templates.iter().any(|t| t.sign == Some(Sign::OutOfMemory)));
    assert_eq!(log.streams[0].target.as_deref(), Some("i-0123456789abcdef0"));
    assert_eq!(ctx.case(|c| c.events.values().map(|e| e.name.to_string()).collect::<Vec<_>>()), ["Stop"]);
    assert_eq!(stub.requests().iter().filter(|r| r.operation == "FilterLogEvents").count(), 3);
}

#[tokio::test]
async fn a_cap_is_said() {
    let stub = Stub::serve(|_, r| pages(r));
    let ctx = context(&stub, &group("/app/web"));
    groups::read_up_to(&ctx, "/app/web", 2).await;
    let log = ctx.case(|c| c.app_logs["/app/web"].clone());
    assert!(log.incomplete && log.notes.iter().any(|n| n.contains("only the first 2 pages")), "{:?}", log.notes);
}

#[tokio::test]
async fn groups_that_look_related_are_offered_and_not_read() {
    let stub = Stub::serve(|_, _| (200, json!({"logGroups": [{"logGroupName": "/ecs/api", "storedBytes": 5_000_000_000u64}]}).to_string()));
    let ctx = context(&stub, &crate::cli::Common::default());
    let balancer = crate::case::topology::LoadBalancer { name: "api-8080".into(), ..Default::default() };
    ctx.learn(What::LoadBalancer(balancer)).await;
    for area in [Area::Balancer, Area::Instances, Area::Lifecycle] {
        ctx.learn(What::Settled { area }).await;
    }
    gather(&ctx).await;
    let gap = ctx.case(|c| c.gaps.first().cloned()).unwrap();
    assert!(gap.detail.contains("/ecs/api (5 GB kept)") && gap.detail.contains("--app-log-group"), "{}", gap.detail);
    assert!(stub.requests().iter().all(|r| r.operation == "DescribeLogGroups"));
}

#[tokio::test]
async fn local_files_are_read_beside() {
    let dir = tempfile::tempdir().unwrap();
    let at = crate::time::rfc3339(window().start + Duration::minutes(5));
    std::fs::write(dir.path().join("app.log"), format!("{at} ERROR bind() failed (98: Address already in use)\n")).unwrap();
    let stub = Stub::serve(|_, _| (500, String::new()));
    let common = crate::cli::Common { app_log: vec![dir.path().into(), dir.path().join("none.log")], ..Default::default() };
    let ctx = context(&stub, &common);
    gather(&ctx).await;
    let signs = ctx.case(|c| c.app_logs.values().flat_map(|l| &l.templates).filter_map(|t| t.sign).collect::<Vec<_>>());
    assert_eq!(signs, [Sign::AddressInUse]);
    assert_eq!(ctx.case(|c| c.gaps.iter().map(|g| g.area).collect::<Vec<_>>()), [Area::AppLog]);
}

#[tokio::test]
async fn groups_that_a_task_definition_names_are_offered_first() {
    let stub = Stub::serve(|_, r| {
        let container =
            |group: &str| json!({"name": "app", "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": group}}});
        let answer = match r.operation.as_str() {
            "DescribeTaskDefinition" => json!({"taskDefinition": {"containerDefinitions": [container("/ecs/orders"), {"name": "agent"}]}}),
            _ => json!({"logGroups": [described("/ecs/orders", 7), described("/ecs/other", 9)]}),
        };
        (200, answer.to_string())
    });
    let ctx = context(&stub, &crate::cli::Common::default());
    let service = crate::case::topology::EcsService {
        arn: "s".into(),
        name: "orders".into(),
        task_definition: "orders:7".into(),
        ..Default::default()
    };
    ctx.learn(What::EcsServices(vec![service])).await;
    let balancer = crate::case::topology::LoadBalancer { name: "orders".into(), ..Default::default() };
    ctx.learn(What::LoadBalancer(balancer)).await;
    for area in [Area::Balancer, Area::Instances, Area::Lifecycle] {
        ctx.learn(What::Settled { area }).await;
    }
    gather(&ctx).await;
    let gap = ctx.case(|c| c.gaps.first().cloned()).unwrap();
    assert!(gap.detail.contains("related: /ecs/orders (ECS service orders writes to it), /ecs/other (1 GB kept)"), "{}", gap.detail);
}

/// A group of which the window holds about a gigabyte, and a query with its states one after the other.
fn large(states: &'static [&'static str]) -> Stub {
    let looks = std::sync::atomic::AtomicUsize::new(0);
    Stub::serve(move |_, r| {
        let asked = r.json();
        let answer = match r.operation.as_str() {
            "DescribeLogGroups" => json!({"logGroups": [described("/app/web", 1_000_000_000_000)]}),
            "StartQuery" => {
                assert_eq!((&asked["startTime"], &asked["logGroupNames"][0]), (&window().start.timestamp().into(), &"/app/web".into()));
                json!({"queryId": if asked["queryString"].as_str().unwrap().starts_with("stats") { "counts" } else { "lines" }})
            }
            "GetQueryResults" => {
                let n = looks.fetch_add(1, std::sync::atomic::Ordering::Relaxed).min(states.len() - 1);
                let cell = |field: &str, value: &str| json!({"field": field, "value": value});
                let minute = (window().start + Duration::minutes(5)).format("%Y-%m-%d %H:%M:%S%.3f").to_string();
                let row = if asked["queryId"] == "counts" {
                    [cell("minute", &minute), cell("@logStream", "web/1"), cell("n", "4000")]
                } else {
                    [cell("@timestamp", &minute), cell("@logStream", "web/1"), cell("@message", "ERROR worker timeout (pid:7)")]
                };
                let rows = if states[n] == "Complete" { vec![row] } else { vec![] };
                json!({"status": states[n], "results": rows, "statistics": {"bytesScanned": 1e9}})
            }
            other => panic!("{other}"),
        };
        (200, answer.to_string())
    })
}

#[tokio::test]
async fn a_group_too_large_to_read_is_asked_by_queries_and_the_price_said_first() {
    let stub = large(&["Scheduled", "Running", "Complete"]);
    let ctx = context(&stub, &group("/app/web"));
    gather(&ctx).await;
    let log = ctx.case(|c| c.app_logs["/app/web"].clone());
    assert_eq!((log.lines, log.incomplete, log.templates[0].sign), (4000, false, Some(Sign::WorkerTimeout)));
    assert_eq!(log.streams[0].counts, [(window().start + Duration::minutes(5), 4000)]);
    assert!(log.notes.iter().any(|n| n.contains("about 1.0 GB in this window") && n.contains("about $0.01")), "{:?}", log.notes);
    assert!(stub.requests().iter().all(|r| r.operation != "FilterLogEvents"));
}

#[tokio::test]
async fn a_query_that_does_not_end_well_is_a_gap_and_no_quiet_log() {
    for state in ["Failed", "Cancelled", "Timeout"] {
        let stub = large(match state {
            "Failed" => &["Running", "Failed"],
            "Cancelled" => &["Cancelled"],
            _ => &["Timeout"],
        });
        let ctx = context(&stub, &group("/app/web"));
        gather(&ctx).await;
        let (log, gaps) = ctx.case(|c| (c.app_logs["/app/web"].clone(), c.gaps.clone()));
        assert!(log.incomplete && log.lines == 0);
        assert!(gaps.iter().any(|g| g.area == Area::AppLog && g.detail.contains(&format!("the query ended as {state}"))), "{gaps:?}");
    }
}

#[tokio::test]
async fn the_balancers_own_lines_go_to_the_access_log() {
    const ACCESS: &str = r#"http 2026-09-21T14:20:00.123456Z app/web/1 203.0.113.9:2817 10.0.1.5:8080 -1 -1 -1 502 - 34 366 "GET http://a:80/ HTTP/1.1" "ua" - - arn:x:targetgroup/g/1 "t" "-" "-" 0 2026-09-21T14:20:00.121000Z "forward" "-" "-" "10.0.1.5:8080" "-" "-" "-""#;
    const HEALTH: &str = "http 2026-09-21T14:20:00.123456Z 10.0 10.0.1.5:8080 g FAIL - ConnectionTimedOut";
    for (line, access, health) in [(ACCESS, 2, 0), (HEALTH, 0, 2)] {
        let stub = Stub::serve(move |_, r| {
            let at = window().start.timestamp_millis() + 60_000;
            let event = |n: i64| json!({"timestamp": at + n, "message": line.replace("14:20:00.12", &format!("14:20:0{n}.12")), "logStreamName": "s"});
            let answer = if r.operation == "FilterLogEvents" { json!({"events": [event(0), event(1)]}) } else { json!({"logGroups": []}) };
            (200, answer.to_string())
        });
        let ctx = context(&stub, &group("/aws/vendedlogs/alb"));
        gather(&ctx).await;
        let read = ctx.case(|c| (c.access_log.as_ref().map_or(0, |l| l.lines), c.health_checks.len(), c.app_logs.len()));
        assert_eq!(read, (access, health, 0), "{line}");
        assert!(ctx.case(|c| c.gaps.iter().any(|g| g.area == Area::AppLog && g.detail.contains("the balancer's own"))));
    }
}
