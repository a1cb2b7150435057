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

/// The same with a ceiling on cost, in US dollars.
fn below(ceiling: f64, stub: &Stub, common: &crate::cli::Common) -> Context {
    let options = LiveOptions::new(common, "alarm", None, window().end, chrono_tz::UTC).unwrap();
    let options = LiveOptions { cost_ceiling: Some(ceiling), ..options };
    let (ctx, mut facts) = Context::for_tests(Aws::for_tests(&stub.url), options, window());
    tokio::spawn(async move { while facts.recv().await.is_some() {} });
    ctx
}

/// The balancer's log, and nothing more will come of it.
async fn access_log_is(ctx: &Context, log: Option<crate::accesslog::AccessLog>) {
    if let Some(log) = log {
        ctx.learn(What::AccessLog(Box::new(log))).await;
    }
    ctx.learn(What::Settled { area: Area::AccessLog }).await;
}

fn started(stub: &Stub) -> Vec<serde_json::Value> {
    stub.requests().iter().filter(|r| r.operation == "StartQuery").map(Request::json).collect()
}

fn gaps(ctx: &Context) -> Vec<String> {
    ctx.case(|c| c.gaps.iter().filter(|g| g.area == Area::AppLog).map(|g| format!("{}: {}", g.subject, g.detail)).collect())
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
    large_as(described("/app/web", 1_000_000_000_000), states)
}

fn large_as(group: serde_json::Value, states: &'static [&'static str]) -> Stub {
    let looks = std::sync::atomic::AtomicUsize::new(0);
    Stub::serve(move |_, r| {
        let asked = r.json();
        let answer = match r.operation.as_str() {
            "DescribeLogGroups" => json!({"logGroups": [group]}),
            "FilterLogEvents" => json!({"events": [{"timestamp": 0, "message": "INFO ready", "logStreamName": "web/1"}]}),
            "StartQuery" => {
                assert_eq!(asked["logGroupNames"][0], "/app/web");
                let query = asked["queryString"].as_str().unwrap();
                json!({"queryId": if query.starts_with("stats") { "counts" } else if query.contains("wanted") { "ids" } else { "lines" }})
            }
            "GetQueryResults" => {
                let n = looks.fetch_add(1, std::sync::atomic::Ordering::Relaxed).min(states.len() - 1);
                let rows = if states[n] == "Complete" { rows_of(asked["queryId"].as_str().unwrap()) } else { json!([]) };
                json!({"status": states[n], "results": rows, "statistics": {"bytesScanned": 1e9}})
            }
            other => panic!("{other}"),
        };
        (200, answer.to_string())
    })
}

/// A request that arrived and was answered after the balancer had given up.
const ARRIVED: &str = "0000000000000000000000aa";

fn rows_of(query: &str) -> serde_json::Value {
    let row = |cells: &[(&str, &str)]| json!(cells.iter().map(|(f, v)| json!({"field": f, "value": v})).collect::<Vec<_>>());
    let minute = (window().start + Duration::minutes(5)).format("%Y-%m-%d %H:%M:%S%.3f").to_string();
    let line = format!("INFO \"GET /a HTTP/1.1\" 200 12 Root=1-58337262-{ARRIVED}");
    match query {
        "counts" => json!([row(&[("minute", &minute), ("@logStream", "web/1"), ("n", "4000")])]),
        "ids" => json!([row(&[("requests", "3999")]), row(&[("requests", "1"), ("wanted", ARRIVED), ("first", &line), ("last", &line)])]),
        _ => json!([row(&[("@timestamp", &minute), ("@logStream", "web/1"), ("@message", "ERROR worker timeout (pid:7)")])]),
    }
}

/// A balancer's log with failures between the twentieth and the twenty-fifth minute.
fn failures() -> crate::accesslog::AccessLog {
    use crate::accesslog::{AccessLog, FailureRow, RequestRow, Signature, trace::Traced};
    let failure = |minute, signature| FailureRow {
        minute: window().start + Duration::minutes(minute),
        target: "10.0.0.1:80".into(),
        signature,
        status: 502,
        node: "-".into(),
        group: "g".into(),
        static_file: false,
        count: 3,
    };
    let request = RequestRow {
        minute: window().start + Duration::minutes(21),
        target: "10.0.0.1:80".into(),
        group: "g".into(),
        ok: 5000,
        failed: 6,
        syn_retries: 0,
    };
    let traced = |chance: &str, signature| Traced { id: format!("1-58337262-{chance}").into(), signature, target: "10.0.0.1:80".into() };
    AccessLog {
        files: 1,
        failures: vec![failure(20, Signature::Refused), failure(25, Signature::SlowTarget)],
        requests: vec![request],
        traces: vec![traced(ARRIVED, Signature::SlowTarget), traced("0000000000000000000000bb", Signature::Refused)],
        ..AccessLog::default()
    }
}

#[tokio::test]
async fn a_group_too_large_to_read_is_asked_by_queries_and_the_price_said_first() {
    let stub = large(&["Scheduled", "Running", "Complete"]);
    let ctx = context(&stub, &group("/app/web"));
    access_log_is(&ctx, None).await;
    gather(&ctx).await;
    let log = ctx.case(|c| c.app_logs["/app/web"].clone());
    assert_eq!((log.lines, log.incomplete, log.templates[0].sign), (4000, false, Some(Sign::WorkerTimeout)));
    assert_eq!(log.streams[0].counts, [(window().start + Duration::minutes(5), 4000)]);
    assert!(log.notes.iter().any(|n| n.contains("about 1.0 GB in this window") && n.contains("about $0.01")), "{:?}", log.notes);
    assert_eq!(stub.requests().iter().filter(|r| r.operation == "FilterLogEvents").count(), 1, "one look at what kind of log it is");
    assert!(started(&stub).iter().all(|q| q["startTime"] == window().start.timestamp()));
}

#[tokio::test]
async fn queries_beyond_the_ceiling_are_not_asked_until_somebody_agrees() {
    let stub = large(&["Complete"]);
    let ctx = below(0.005, &stub, &group("/app/web"));
    access_log_is(&ctx, Some(failures())).await;
    gather(&ctx).await;
    assert_eq!(started(&stub).len(), 0);
    let said = gaps(&ctx);
    let words = "log group /app/web: not asked: two Logs Insights queries over about 1.0 GB would cost about $0.0100 on top of $0.0000, \
                 more than the ceiling of $0.005 (--cost-ceiling 0.011 would allow it, or cost-ceiling-usd in config.toml)";
    assert_eq!(said, [words]);
    let left_out = ctx.case(|c| c.unasked[&Area::AppLog].clone());
    assert!((left_out.estimated_usd - 0.01).abs() < 1e-9 && !left_out.at_least && ctx.case(|c| c.app_logs.is_empty()));
    ctx.settle(Area::AppLog).await;
    // Asking again without a word about money does not spend it either.
    let again = ctx.at(window(), window().end);
    again.reopen(Area::AppLog, "asked again").await;
    gather(&again).await;
    again.settle(Area::AppLog).await;
    assert_eq!((started(&stub).len(), gaps(&ctx).len()), (0, 1));
    let agreed = ctx.whatever_it_costs(window().end);
    agreed.reopen(Area::AppLog, "asked again").await;
    gather(&agreed).await;
    agreed.settle(Area::AppLog).await;
    assert_eq!((started(&stub).len(), gaps(&ctx)), (3, vec![]));
    assert!(ctx.case(|c| c.unasked.is_empty() && c.app_logs["/app/web"].joined.is_some()));
}

#[tokio::test]
async fn failed_requests_are_looked_for_in_a_group_too_large_to_read() {
    let stub = large(&["Complete"]);
    let ctx = context(&stub, &group("/app/web"));
    access_log_is(&ctx, Some(failures())).await;
    gather(&ctx).await;
    let joined = ctx.case(|c| c.app_logs["/app/web"].joined.clone()).unwrap();
    use crate::accesslog::Signature;
    assert_eq!((joined.of(|s| s == Signature::Refused), joined.of(|s| s == Signature::SlowTarget)), ((1, 0), (1, 1)));
    assert_eq!((joined.requests, joined.answered, joined.tells_absence(), joined.statuses_in_words().as_str()), (4000, 5000, true, "200"));
    let asked = started(&stub).pop().unwrap();
    let from = (window().start + Duration::minutes(19)).timestamp();
    assert_eq!((&asked["startTime"], &asked["endTime"]), (&from.into(), &(from + 11 * 60 - 1).into()), "only while requests failed");
    assert!(asked["queryString"].as_str().unwrap().contains(ARRIVED));
    assert!(gaps(&ctx).is_empty());
}

#[tokio::test]
async fn a_search_beyond_the_ceiling_is_named_and_only_it_is_asked_later() {
    let stub = large(&["Complete"]);
    // Enough for both queries about 1 GB, not for the third about eleven minutes of it.
    let ctx = below(0.0105, &stub, &group("/app/web"));
    access_log_is(&ctx, Some(failures())).await;
    gather(&ctx).await;
    ctx.settle(Area::AppLog).await;
    let (log, said) = (ctx.case(|c| c.app_logs["/app/web"].clone()), gaps(&ctx));
    assert!(log.joined.is_none() && log.notes.iter().any(|n| n.contains("not looked for by their trace ids")), "{:?}", log.notes);
    assert!(said[0].starts_with("trace ids in /app/web: not asked: looking for 2 failed requests by their trace ids over about 0.2 GB"));
    assert_eq!((started(&stub).len(), said.len()), (2, 1));
    let agreed = ctx.whatever_it_costs(window().end);
    agreed.reopen(Area::AppLog, "asked again").await;
    gather(&agreed).await;
    agreed.settle(Area::AppLog).await;
    let log = ctx.case(|c| c.app_logs["/app/web"].clone());
    assert!(log.joined.is_some() && !log.notes.iter().any(|n| n.contains("not looked for")), "{:?}", log.notes);
    assert_eq!((started(&stub).len(), gaps(&ctx)), (3, vec![]));
}

#[tokio::test]
async fn why_failed_requests_could_not_be_looked_for_is_said() {
    let counted = crate::accesslog::AccessLog { files: 0, traces: Vec::new(), ..failures() };
    let stub = large(&["Complete"]);
    let ctx = context(&stub, &group("/app/web"));
    access_log_is(&ctx, Some(counted)).await;
    gather(&ctx).await;
    assert_eq!(started(&stub).len(), 2);
    assert!(gaps(&ctx)[0].contains("the access log was asked by a query, which only counts"), "{:?}", gaps(&ctx));
}

#[tokio::test]
async fn a_group_of_unknown_age_is_priced_as_a_whole() {
    let stub = large_as(json!({"logGroupName": "/app/web", "storedBytes": 400_000_000_000u64}), &["Complete"]);
    let ctx = below(1.0, &stub, &group("/app/web"));
    access_log_is(&ctx, None).await;
    gather(&ctx).await;
    assert_eq!(started(&stub).len(), 0);
    let said = gaps(&ctx);
    assert!(said[0].contains("over at most 400.0 GB (all that it holds: since when is not known) would cost about $4.0000"), "{said:?}");
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
        access_log_is(&ctx, None).await;
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
    for (line, access, health) in [(ACCESS, 2, 0), (HEALTH, 0, 2), (ACCESS_RECORD, 2, 0), (HEALTH_RECORD, 0, 2)] {
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

/// As a delivery to CloudWatch Logs with the output format `json` writes them.
const ACCESS_RECORD: &str = r#"{"type":"https","time":"2026-09-21T14:20:00.123456Z","elb":"app/web/1","client_port":"203.0.113.9:2817","target_port":"10.0.1.5:8080","request_processing_time":"-1","target_processing_time":"-1","response_processing_time":"-1","elb_status_code":"502","target_status_code":"-","received_bytes":"34","sent_bytes":"366","request_line":"GET http://a:80/cart HTTP/1.1","user_agent":"ua","target_group_arn":"arn:x:targetgroup/g/1","trace_id":"Root=1-1-1","request_creation_time":"2026-09-21T14:20:00.121000Z","actions_executed":"forward","error_reason":"-","ip_address":"10.0.9.7"}"#;
const HEALTH_RECORD: &str = r#"{"type":"http","time":"2026-09-21T14:20:00.123456Z","latency":"10.0","target_addr":"10.0.1.5:8080","target_group_id":"g","status":"FAIL","status_code":"-","reason_code":"ConnectionTimedOut"}"#;

#[tokio::test]
async fn a_group_that_holds_all_of_a_balancers_logs_is_taken_apart() {
    let stub = Stub::serve(|_, r| {
        let event = |line: &str| json!({"timestamp": window().start.timestamp_millis() + 60_000, "message": line, "logStreamName": "s"});
        let answer = match r.operation.as_str() {
            "FilterLogEvents" => json!({"events": [event(ACCESS_RECORD), event(HEALTH_RECORD), event(HEALTH_RECORD), event("{}")]}),
            _ => json!({"logGroups": []}),
        };
        (200, answer.to_string())
    });
    let ctx = context(&stub, &group("/aws/vendedlogs/elb/web"));
    gather(&ctx).await;
    let log = ctx.case(|c| c.access_log.clone()).unwrap();
    assert_eq!((log.lines, log.malformed, ctx.case(|c| c.health_checks.len())), (2, 1, 1));
    let failure = &log.failures[0];
    assert_eq!((failure.signature, failure.node.as_str(), failure.group.as_str()), (crate::accesslog::Signature::Refused, "10.0.9.7", "g"));
    assert_eq!(log.paths[0].path.as_str(), "/cart");
    let said = ctx.case(|c| c.gaps.iter().map(|g| g.detail.to_string()).collect::<Vec<_>>());
    assert!(said.iter().any(|d| d.contains("access log, and was read as such; its own health-check log")), "{said:?}");
}

#[tokio::test]
async fn a_balancers_log_too_large_to_read_is_asked_for_its_failures() {
    let stub = Stub::serve(|_, r| {
        let asked = r.json();
        let cells = |row: &[(&str, &str)]| row.iter().map(|(field, value)| json!({"field": field, "value": value})).collect::<Vec<_>>();
        let place = [("minute", "2026-09-21T14:20"), ("target", "10.0.1.5:8080"), ("group", "arn:x:targetgroup/g/1")];
        let answer = match r.operation.as_str() {
            "DescribeLogGroups" => json!({"logGroups": [described("/aws/vendedlogs/alb", 1_000_000_000_000)]}),
            "FilterLogEvents" => json!({"events": [{"timestamp": 0, "message": ACCESS_RECORD, "logStreamName": "s"}]}),
            "StartQuery" => {
                let query = asked["queryString"].as_str().unwrap();
                assert!(query.contains(r#"parse @message /"elb_status_code" ?: ?"?(?<status>"#), "{query}");
                json!({"queryId": if query.contains("tenths") { "failures" } else { "others" }})
            }
            "GetQueryResults" if asked["queryId"] == "others" => {
                json!({"status": "Complete", "results": [cells(&[&place[..], &[("n", "4000")]].concat())], "statistics": {"bytesScanned": 1e9}})
            }
            "GetQueryResults" => {
                let failed = [("status", "504"), ("answer", "-"), ("r1", "-1"), ("r2", "-1"), ("r3", "-1"), ("tenths", "100"), ("n", "70")];
                json!({"status": "Complete", "results": [cells(&[&place[..], &failed[..]].concat())], "statistics": {"bytesScanned": 1e9}})
            }
            other => panic!("{other}"),
        };
        (200, answer.to_string())
    });
    let ctx = context(&stub, &group("/aws/vendedlogs/alb"));
    gather(&ctx).await;
    let log = ctx.case(|c| c.access_log.clone()).unwrap();
    let failure = &log.failures[0];
    assert_eq!((failure.signature, failure.count, failure.group.as_str()), (crate::accesslog::Signature::ConnectTimeout, 70, "g"));
    assert_eq!((log.lines, log.bytes, log.requests[0].ok, log.requests[0].failed), (4070, 2_000_000_000, 4000, 70));
    assert!(ctx.case(|c| c.app_logs.is_empty()));
}

#[tokio::test]
async fn a_query_that_nobody_waits_for_any_more_is_stopped() {
    let stub = std::sync::Arc::new(Stub::serve(|_, r| {
        let answer = match r.operation.as_str() {
            "DescribeLogGroups" => json!({"logGroups": [described("/app/web", 1_000_000_000_000)]}),
            "FilterLogEvents" => json!({"events": []}),
            "StartQuery" => json!({"queryId": "q-7"}),
            "GetQueryResults" => json!({"status": "Running"}),
            _ => json!({"success": true}),
        };
        (200, answer.to_string())
    }));
    let asked_for = |operation: &str| stub.requests().into_iter().find(|r| r.operation == operation);
    let ctx = context(&stub, &group("/app/web"));
    let reader = ctx.clone();
    let reading = tokio::spawn(async move { gather(&reader).await });
    while asked_for("GetQueryResults").is_none() {
        tokio::task::yield_now().await;
    }
    reading.abort();
    let _ = reading.await;
    ctx.aws.queries_ended().await;
    assert_eq!(asked_for("StopQuery").unwrap().json()["queryId"], "q-7");
}

#[tokio::test]
async fn failed_requests_are_looked_for_by_their_trace_ids() {
    use crate::accesslog::{AccessLog, Signature, trace::Traced};
    let dir = tempfile::tempdir().unwrap();
    let at = crate::time::rfc3339(window().start + Duration::minutes(5));
    let id = |n: u32| format!("1-58337262-{n:024x}");
    let line = |n: u32, status: u16| format!("{at} \"GET /a HTTP/1.1\" {status} 12 Root={}\n", id(n));
    let lines: String = (0..30).map(|n| line(n, 200)).chain([line(101, 499)]).collect();
    std::fs::write(dir.path().join("app.log"), lines).unwrap();
    let stub = Stub::serve(|_, _| (500, String::new()));
    let ctx = context(&stub, &crate::cli::Common { app_log: vec![dir.path().into()], ..Default::default() });
    let traced = |n, signature| Traced { id: id(n).into(), signature, target: "10.0.0.1:80".into() };
    let traces = vec![traced(100, Signature::Refused), traced(101, Signature::SlowTarget)];
    ctx.learn(What::AccessLog(Box::new(AccessLog { traces, ..AccessLog::default() }))).await;
    ctx.learn(What::Settled { area: Area::AccessLog }).await;
    gather(&ctx).await;
    let joined = ctx.case(|c| c.app_logs.values().next().unwrap().joined.clone()).unwrap();
    assert_eq!((joined.of(|s| s == Signature::Refused), joined.of(|s| s == Signature::SlowTarget)), ((1, 0), (1, 1)));
    assert_eq!((joined.requests, joined.statuses_in_words().as_str(), joined.tells_absence()), (31, "499", true));
}

#[tokio::test]
async fn a_large_group_of_health_checks_alone_is_read_and_not_asked_about_an_application() {
    let stub = Stub::serve(|_, r| {
        let event = json!({"timestamp": window().start.timestamp_millis() + 60_000, "message": HEALTH_RECORD, "logStreamName": "s"});
        let answer = match r.operation.as_str() {
            "DescribeLogGroups" => json!({"logGroups": [described("/aws/vendedlogs/alb", 1_000_000_000_000)]}),
            "FilterLogEvents" => json!({"events": [event]}),
            other => panic!("{other}"),
        };
        (200, answer.to_string())
    });
    let ctx = context(&stub, &group("/aws/vendedlogs/alb"));
    gather(&ctx).await;
    assert_eq!(ctx.case(|c| (c.health_checks.len(), c.app_logs.len(), c.access_log.is_none())), (1, 0, true));
}
