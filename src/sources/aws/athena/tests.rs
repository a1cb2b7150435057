use super::*;
use crate::sources::aws::LiveOptions;
use crate::sources::aws::stub::{Reply, Request, Stub};
use crate::time::Window;
use chrono::{DateTime, Duration as Span};
use serde_json::Value;

fn page() -> Page {
    let cell = |v: &str| json!({ "VarCharValue": v });
    let cells = |values: [&str; 9]| json!({ "Data": values.map(cell) });
    let rows = [
        cells([
            "2026-11-20T13:00",
            "10.0.1.5:80",
            "g",
            "10.0.9.7",
            "502",
            "refused",
            "3",
            "2026-11-20T13:00:01.000000Z",
            "2026-11-20T13:00:09.000000Z",
        ]),
        cells([
            "2026-11-20T13:00",
            "10.0.1.5:80",
            "g",
            "10.0.9.7",
            "200",
            "-",
            "40",
            "2026-11-20T13:00:00.000000Z",
            "2026-11-20T13:00:59.000000Z",
        ]),
    ];
    serde_json::from_value(json!({ "ResultSet": { "Rows": rows } })).unwrap()
}

#[test]
fn an_answer_becomes_the_same_tallies() {
    let rows = page().result_set.rows.into_iter().filter_map(|r| row(r, CASE.len())).collect();
    let log = tallied(&Answered { rows, bytes: 1, cut: false });
    assert_eq!((log.lines, log.failures.len(), log.failures[0].count), (43, 1, 3));
    assert_eq!((log.requests[0].ok, log.requests[0].failed), (40, 3));
}

#[test]
fn an_empty_cell_is_a_dash() {
    let data = vec![Datum { var_char_value: None }, Datum { var_char_value: Some("2".into()) }];
    let times = ["2026-11-20T13:00:01.000000Z", "2026-11-20T13:00:09.000000Z"].map(|t| Datum { var_char_value: Some(t.into()) });
    let row = row(ResultRow { data: data.into_iter().chain(times).collect() }, 1).unwrap();
    assert_eq!((row.values, row.seen.count), (vec!["-".to_owned()], 2));
}

const LISTING: &str = "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>a</Key><Size>700000000</Size></Contents><Contents><Key>b</Key><Size>500000000</Size></Contents></ListBucketResult>";

fn window() -> Window {
    let start = DateTime::from_timestamp(1_795_176_000, 0).unwrap();
    Window { start, end: start + Span::hours(1) }
}

fn question() -> Question {
    Question { columns: vec![Column::Target], span: window().into(), statuses: Vec::new(), all: false }
}

fn json_of(value: Value) -> Reply {
    (200, value.to_string())
}

/// Athena with one query: its states one after the other, then its pages.
fn athena(states: &'static [&'static str], pages: usize) -> Stub {
    let looks = std::sync::atomic::AtomicUsize::new(0);
    Stub::serve(move |_, r: &Request| match r.operation.as_str() {
        "StartQueryExecution" => json_of(json!({ "QueryExecutionId": "q-1" })),
        "GetQueryExecution" => {
            let n = looks.fetch_add(1, std::sync::atomic::Ordering::Relaxed).min(states.len() - 1);
            let status =
                json!({ "State": states[n], "StateChangeReason": if states[n] == "FAILED" { "SYNTAX_ERROR: line 1:8" } else { "" } });
            json_of(
                json!({ "QueryExecution": { "QueryExecutionId": "q-1", "Status": status, "Statistics": { "DataScannedInBytes": 1_200_000_000u64 } } }),
            )
        }
        "GetQueryResults" => {
            let page: usize = r.json()["NextToken"].as_str().map_or(0, |t| t.parse().unwrap());
            let cells = |values: [&str; 4]| json!({ "Data": values.map(|v| json!({ "VarCharValue": v })) });
            let target = format!("10.0.1.{page}:80");
            let mut rows = vec![cells([&target, "3", "2026-11-20T12:00:01.000000Z", "2026-11-20T12:00:09.000000Z"])];
            if page == 0 {
                rows.insert(0, cells(["target", "count", "first", "last"]));
            }
            let next = (page + 1 < pages).then(|| (page + 1).to_string());
            json_of(json!({ "ResultSet": { "Rows": rows }, "NextToken": next }))
        }
        "GetTableMetadata" => {
            let parameters = json!({ "location": "s3://logs/all", "storage.location.template": "s3://logs/AWSLogs/${day}" });
            json_of(json!({ "TableMetadata": { "Name": "alb", "Parameters": parameters } }))
        }
        _ if r.path.starts_with("/logs/?list-type") || r.path.starts_with("/logs?list-type") => (200, LISTING.into()),
        other => (400, json!({ "__type": "InvalidRequestException", "message": other }).to_string()),
    })
}

fn operations(stub: &Stub) -> Vec<String> {
    stub.requests().into_iter().map(|r| r.operation).collect()
}

#[tokio::test]
async fn a_query_is_waited_for_and_all_its_pages_are_read() {
    let stub = athena(&["QUEUED", "RUNNING", "SUCCEEDED"], 3);
    let answered = ask(&Aws::for_tests(&stub.url), "db.alb", &question()).await.unwrap();
    assert_eq!((answered.rows.len(), answered.bytes, answered.cut), (3, 1_200_000_000, false));
    assert_eq!(answered.rows[2].values, ["10.0.1.2:80"]);
    let asked = stub.requests()[0].json();
    assert_eq!(asked["QueryExecutionContext"]["Database"], "db");
    assert!(asked["QueryString"].as_str().unwrap().contains("FROM \"db\".\"alb\""));
}

#[tokio::test]
async fn a_query_that_fails_or_is_cancelled_says_why() {
    for (states, words) in [
        (&["RUNNING", "FAILED"][..], "the query failed: SYNTAX_ERROR: line 1:8"),
        (&["QUEUED", "CANCELLED"][..], "the query was cancelled: Athena gives no reason"),
    ] {
        let stub = athena(states, 1);
        let error = ask(&Aws::for_tests(&stub.url), "db.alb", &question()).await.unwrap_err();
        assert_eq!(error.to_string(), words);
        assert!(!operations(&stub).contains(&"GetQueryResults".to_owned()));
    }
}

#[tokio::test]
async fn what_is_no_table_asks_nothing() {
    let stub = athena(&["SUCCEEDED"], 1);
    let error = ask(&Aws::for_tests(&stub.url), "db.alb; DROP", &question()).await.unwrap_err();
    assert!(error.to_string().contains("is no table"), "{error}");
    assert_eq!(stub.requests().len(), 0);
}

#[tokio::test]
async fn the_price_is_known_before_the_query_runs() {
    let stub = athena(&["SUCCEEDED"], 1);
    let aws = Aws::for_tests(&stub.url);
    assert_eq!(estimate(&aws, "db.alb", Some(window())).await, Estimate::Known { bytes: 1_200_000_000, objects: 2 });
    let listed = stub.requests().into_iter().find(|r| r.path.contains("list-type")).unwrap();
    assert!(listed.path.contains("prefix=AWSLogs%2F2026%2F11%2F20"), "{}", listed.path);
    let words = estimate(&aws, "db.alb", Some(window())).await.words().en;
    assert_eq!(words, "it will read about 1.2 GB in 2 objects, about $0.0060 at the list price");
    let whole = estimate(&aws, "db.alb", None).await;
    assert_eq!(whole, Estimate::Known { bytes: 1_200_000_000, objects: 2 });
    let denied = Stub::serve(|_, _| (400, json!({ "__type": "AccessDeniedException", "Message": "no" }).to_string()));
    let words = estimate(&Aws::for_tests(&denied.url), "db.alb", None).await.words().en;
    assert!(words.contains("could not be found out") && words.contains("$5"), "{words}");
}

#[tokio::test]
async fn a_case_is_told_the_price_first_and_then_the_tallies() {
    let stub = athena(&["SUCCEEDED"], 1);
    let common = crate::cli::Common::default();
    let options = LiveOptions::new(&common, "alarm", None, window().end, chrono_tz::UTC).unwrap();
    let (ctx, mut facts) = Context::for_tests(Aws::for_tests(&stub.url), options, window());
    gather(&ctx, "athena:db.alb").await;
    let mut told = Vec::new();
    while let Ok(some) = facts.try_recv() {
        told.extend(some.into_iter().map(|f| f.what));
    }
    let priced = told.iter().position(|w| matches!(w, What::Busy { detail, .. } if detail.contains("$0.0060"))).unwrap();
    let answered = told.iter().position(|w| matches!(w, What::AccessLog(_))).unwrap();
    assert!(priced < answered);
    let operations = operations(&stub);
    let (listed, started) =
        (operations.iter().position(|o| o == "GetTableMetadata"), operations.iter().position(|o| o == "StartQueryExecution"));
    assert!(listed < started, "{operations:?}");
}

/// A case's reading under a ceiling; whether the query was asked, and the gap if not.
async fn under(ceiling: f64, stub: &Stub) -> (bool, Option<String>, Option<crate::exchange::Unasked>) {
    let options = LiveOptions::new(&crate::cli::Common::default(), "alarm", None, window().end, chrono_tz::UTC).unwrap();
    let options = LiveOptions { cost_ceiling: Some(ceiling), ..options };
    let (ctx, mut facts) = Context::for_tests(Aws::for_tests(&stub.url), options, window());
    tokio::spawn(async move { while facts.recv().await.is_some() {} });
    gather(&ctx, "athena:db.alb").await;
    let told = ctx.case(|c| (c.gaps.first().map(|g| g.detail.to_string()), c.unasked.get(&Area::AccessLog).cloned()));
    (operations(stub).contains(&"StartQueryExecution".to_owned()), told.0, told.1)
}

#[tokio::test]
async fn beyond_the_ceiling_no_query_runs_and_an_unknown_size_is_never_free() {
    let stub = athena(&["SUCCEEDED"], 1);
    assert_eq!(under(0.007, &stub).await, (true, None, None));
    let stub = athena(&["SUCCEEDED"], 1);
    let (asked, gap, left_out) = under(0.005, &stub).await;
    assert!(!asked && left_out.is_some_and(|u| (u.estimated_usd - 0.006).abs() < 1e-9 && !u.at_least));
    assert!(gap.unwrap().starts_with("not asked: the query in Athena would cost about $0.0060"));
    let denied = Stub::serve(|_, _| (400, json!({ "__type": "AccessDeniedException", "Message": "no" }).to_string()));
    let (asked, gap, left_out) = under(1000.0, &denied).await;
    assert!(!asked && left_out.is_some_and(|u| u.at_least));
    let gap = gap.unwrap();
    assert!(gap.contains("of unknown size") && gap.contains("--cost-ceiling 0 sets none"), "{gap}");
}
