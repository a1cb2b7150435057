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
    assert_eq!(stub.requests().len(), 3);
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
    for area in [Area::Balancer, Area::Instances] {
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
