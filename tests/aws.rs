//! The live source against a server that tells simulated incidents in AWS's own protocols: what arrives
//! must be what the simulator knew, every failure must be a gap and nothing else, and no call may leave
//! that is not in the list of actions.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::too_many_lines, reason = "a test that cannot go on should stop")]

mod aws_stub;

use alb_triage::case::Case;
use alb_triage::case::gaps::Reason;
use alb_triage::cli::Common;
use alb_triage::exchange::{Area, Ask, Fact, What};
use alb_triage::judge::judge;
use alb_triage::simulator::{self, Scenario};
use alb_triage::sources::aws::call::{Aws, Params};
use alb_triage::sources::aws::gather::{AREAS, Live, start_with};
use alb_triage::sources::aws::{FatalKind, LiveOptions, actions::Action};
use alb_triage::sources::{Link, wire};
use alb_triage::time::Time;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_stub::{Reply, Stub};
use std::time::Duration;

/// A session with the stub. Throttled calls are given up soon, so that tests are quick.
fn session(stub: &Stub) -> Aws {
    let timeouts = TimeoutConfig::builder().connect_timeout(Duration::from_secs(2)).read_timeout(Duration::from_secs(2)).build();
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("ap-northeast-1"))
        .endpoint_url(&stub.url)
        .retry_config(RetryConfig::standard().with_initial_backoff(Duration::from_millis(5)))
        .timeout_config(timeouts)
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new("testing", "testing", None, None, "test")))
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
    for gap in &case.gaps {
        println!("{:?} {}: {:?} {}", gap.area, gap.subject, gap.reason, gap.detail);
    }
    assert_eq!(case.alarm, truth.alarm);
    assert_eq!(case.alarm_changes, truth.alarm_changes);
    let attributes = |c: &Case| c.load_balancer.clone().unwrap();
    assert_eq!(attributes(case), attributes(&truth));
    assert_eq!(case.target_groups, truth.target_groups);
    assert_eq!(case.listeners, truth.listeners);
    assert_eq!(case.target_health, truth.target_health);
    assert_eq!(case.instances, truth.instances);
    assert_eq!(case.instance_statuses, truth.instance_statuses);
    assert_eq!(case.security_groups, truth.security_groups);
    assert_eq!(case.network_acls, truth.network_acls);
    assert_eq!(case.route_tables, truth.route_tables);
    assert_eq!(case.subnets, truth.subnets);
    assert_eq!(seen.live.fatal(), None);
    let w = case.window().unwrap();
    for (key, track) in truth.series.iter() {
        let Some(theirs) = track.best("", w) else { continue };
        let mine = case.series.get(key).and_then(|t| t.best(&theirs.statistic, w)).unwrap_or_else(|| panic!("{key:?} did not arrive"));
        let points = |s: &alb_triage::case::series::Series| s.points(w).collect::<Vec<_>>();
        assert_eq!(points(mine), points(theirs), "{key:?}");
    }
}
