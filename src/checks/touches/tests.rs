use crate::analysis::Analysis;
use crate::analysis::scene::Scene;
use crate::analysis::timeline::build;
use crate::analysis::timeline::tests::{TARGET, call, case, episode, minutes, noise, onset, power, topology, window};
use crate::case::Case;
use crate::case::answers::{Answer, Said};
use crate::case::events::{EventSource, Reach};
use crate::case::gaps::{Gap, Reason};
use crate::case::series::{Series, SeriesKey};
use crate::case::topology::{HostAgent, Instance};
use crate::checks::{Book, Outcome, RUNBOOK, Status};
use crate::exchange::{Area, What};
use serde_json::json;

fn run(check: &str, case: &Case) -> Outcome {
    let analysis = Analysis {
        window: Some(window()),
        episodes: vec![episode()],
        timeline: build(case, window(), &[episode()]),
        ..Analysis::default()
    };
    let step = RUNBOOK.iter().find(|c| c.id() == check).unwrap();
    let mut book = Book::default();
    let outcome = step.run(&Scene::of(case, &analysis), &mut book);
    assert!(outcome.evidence.iter().all(|id| book.get(id).is_some()));
    outcome
}

fn reach(capped: bool, settled_until: i64) -> What {
    What::Reach(Reach {
        area: Area::Changes,
        source: EventSource::CloudTrail,
        from: if capped { minutes(-20) } else { window().start },
        to: window().end,
        capped,
        pages: 20,
        settled_until: minutes(settled_until),
    })
}

fn settled() -> Vec<What> {
    [Area::Changes, Area::Lifecycle, Area::AwsHealth, Area::Instances].map(|area| What::Settled { area }).to_vec()
}

fn answer(check: &str, answer: Said) -> What {
    What::Answer(Answer { check: check.into(), answer, note: "asked Linh".into(), by: "An".into(), at: minutes(30) })
}

fn known(more: Vec<What>) -> Case {
    case(topology().into_iter().chain(settled()).chain(more))
}

#[test]
fn a_touch_is_shown_with_who_did_it_and_how_long_before() {
    let outcome =
        run("ask-infra-team", &known(vec![reach(false, 60), What::Events(power("RebootInstances", TARGET)), What::Events(noise(1))]));
    assert_eq!(outcome.status, Status::Fail);
    assert!(outcome.summary.en.contains("60 s before the errors: linh (aws-cli 2.17): RebootInstances"), "{}", outcome.summary.en);
}

#[test]
fn nothing_in_a_complete_reading_passes_and_says_between_when() {
    let outcome = run("ask-infra-team", &known(vec![reach(false, 60), What::Events(noise(1))]));
    assert_eq!(
        (outcome.status, outcome.summary.en.starts_with("no write on the balancer's path in CloudTrail between")),
        (Status::Pass, true),
        "{}",
        outcome.summary.en
    );
}

#[test]
fn a_touch_long_before_is_told_though_it_hardly_explains() {
    let early = call(minutes(-40), "ec2", "RevokeSecurityGroupIngress", "linh", json!({"groupId": "sg-0aaaaaaaaaaaaaaa1"}));
    let outcome = run("ask-infra-team", &known(vec![reach(false, 60), What::Events(vec![early])]));
    assert_eq!(outcome.status, Status::Warn);
    assert!(outcome.summary.en.contains("40 min before the errors"), "{}", outcome.summary.en);
}

#[test]
fn a_capped_or_a_fresh_reading_asks_a_person_and_says_why() {
    let capped = run("ask-infra-team", &known(vec![reach(true, 60)]));
    assert_eq!(capped.status, Status::Ask);
    assert!(capped.summary.en.contains("a cap of 20 pages stopped it"), "{}", capped.summary.en);
    let fresh = run("ask-infra-team", &known(vec![reach(false, -5)]));
    assert_eq!(fresh.status, Status::Ask);
    assert!(fresh.summary.en.contains("may not have arrived"), "{}", fresh.summary.en);
}

#[test]
fn a_denied_reading_turns_nothing_green() {
    let gap = Gap {
        area: Area::Changes,
        subject: "cloudtrail:LookupEvents".into(),
        reason: Reason::Denied,
        action: None,
        detail: "not allowed".into(),
    };
    let case = known(vec![What::Gap(gap)]);
    assert_eq!(run("ask-infra-team", &case).status, Status::Ask);
    assert_eq!(run("ask-app-team", &case).status, Status::Ask);
    assert_eq!(run("instance-power-events", &case).status, Status::Unknown);
}

#[test]
fn what_a_person_says_stands_beside_the_evidence() {
    let with = |said| {
        run("ask-infra-team", &known(vec![reach(false, 60), What::Events(power("StopInstances", TARGET)), answer("ask-infra-team", said)]))
    };
    let no = with(Said::No);
    assert_eq!(no.status, Status::Fail);
    assert!(no.summary.en.starts_with("An at ") && no.summary.en.contains("no (“asked Linh”), yet: "), "{}", no.summary.en);
    let without = |said| run("ask-infra-team", &known(vec![reach(true, 60), answer("ask-infra-team", said)]));
    assert_eq!(without(Said::No).status, Status::Pass);
    assert_eq!(without(Said::Yes).status, Status::Fail);
    assert_eq!(without(Said::DontKnow).status, Status::Ask);
}

#[test]
fn deployments_elsewhere_are_counted_and_not_blamed() {
    let outcome = run("ask-app-team", &known(vec![reach(false, 60), What::Events(noise(2))]));
    assert_eq!(outcome.status, Status::Pass, "{}", outcome.summary.en);
    assert!(outcome.details.iter().any(|d| d.en.contains("deployments elsewhere")), "{:?}", outcome.details);
}

#[test]
fn a_failed_status_check_without_any_call_is_a_restart_from_inside() {
    let series = |id: &str| Series {
        key: SeriesKey::new("StatusCheckFailed_Instance", [("InstanceId", id)]),
        statistic: "Maximum".into(),
        period: 60,
        start: onset(),
        values: vec![0.0, 1.0, 1.0, 0.0],
    };
    let outcome = run("instance-power-events", &known(vec![reach(false, 60), What::Series(vec![series(TARGET)])]));
    assert_eq!(outcome.status, Status::Fail);
    assert!(outcome.summary.en.contains("no call touched it"), "{}", outcome.summary.en);
    let asked = run(
        "instance-power-events",
        &known(vec![reach(false, 60), What::Series(vec![series(TARGET)]), What::Events(power("RebootInstances", TARGET))]),
    );
    assert!(asked.summary.en.contains("RebootInstances"), "{}", asked.summary.en);
}

#[test]
fn a_launch_time_of_a_machine_that_was_there_before_is_weak_evidence() {
    let series = |minute: i64| Series {
        key: SeriesKey::new("CPUUtilization", [("InstanceId", TARGET)]),
        statistic: "Average".into(),
        period: 300,
        start: minutes(minute),
        values: vec![40.0, 40.0],
    };
    let instance = Instance { id: TARGET.into(), state: "running".into(), launch_time: Some(minutes(2)), ..Instance::default() };
    let told = |from| {
        let outcome = run(
            "instance-power-events",
            &known(vec![reach(false, 60), What::Instances(vec![instance.clone()]), What::Series(vec![series(from)])]),
        );
        outcome.evidence.contains(&format!("power.launched.{TARGET}"))
    };
    assert!(told(-120), "its metrics go further back");
    assert!(!told(5), "a new machine is no restart");
}

#[test]
fn a_console_and_a_lost_agent_tell_of_restarts_too() {
    let console = crate::changes::console::read(
        TARGET,
        None,
        &format!(
            "[ 0.0] Linux version 6\n[ 3.0] Cloud-init v. 1 running 'init' at {}. Up 3 seconds.\n[ 9.0] Out of memory: Killed process 9 (java)\n",
            minutes(1).to_rfc2822()
        ),
    );
    let outcome = run("instance-power-events", &known(vec![reach(false, 60), What::Consoles(vec![console])]));
    assert_eq!(outcome.status, Status::Fail);
    assert!(outcome.evidence.contains(&format!("power.booted.{TARGET}")));
    assert!(
        outcome.details.iter().any(|d| d.en.contains("out of memory") && d.en.contains("Killed process 9 (java)")),
        "{:?}",
        outcome.details
    );
    let agent = HostAgent { instance: TARGET.into(), ping: "ConnectionLost".into(), last_heard: Some(minutes(1)) };
    let lost = run("instance-power-events", &known(vec![reach(false, 60), What::HostAgents(vec![agent])]));
    assert_eq!(lost.status, Status::Warn);
    assert!(lost.summary.en.contains("weak evidence"), "{}", lost.summary);
}

#[test]
fn without_a_support_plan_aws_is_not_visible_rather_than_fine() {
    let gap = Gap {
        area: Area::AwsHealth,
        subject: "health:DescribeEvents".into(),
        reason: Reason::NotEnabled,
        action: None,
        detail: "SubscriptionRequiredException".into(),
    };
    let blind = run("aws-status", &known(vec![What::Gap(gap)]));
    assert_eq!(blind.status, Status::Ask);
    assert!(blind.summary.en.contains("not visible from here: its API needs a Business"), "{}", blind.summary.en);
    let early = run("aws-status", &known(vec![]));
    assert_eq!(early.status, Status::Pass, "an hour after the onset: {}", early.summary.en);
}

#[test]
fn an_event_of_aws_in_our_zone_is_named() {
    let issue = json!({"arn": "h", "service": "EC2", "eventTypeCode": "AWS_EC2_OPERATIONAL_ISSUE", "eventTypeCategory": "issue", "region": "ap-northeast-1",
        "availabilityZone": "ap-northeast-1a", "startTime": minutes(2).timestamp(), "statusCode": "open"});
    let event = crate::changes::health::event(&issue, None, &[]).unwrap();
    let outcome = run("aws-status", &known(vec![What::Events(vec![event])]));
    assert_eq!(outcome.status, Status::Fail);
    assert!(outcome.summary.en.contains("AWS_EC2_OPERATIONAL_ISSUE in ap-northeast-1a"), "{}", outcome.summary.en);
}

#[test]
fn a_session_on_a_target_is_for_both_teams() {
    let session = call(minutes(-2), "ssm", "StartSession", "linh", json!({"target": TARGET}));
    let case = known(vec![reach(false, 60), What::Events(vec![session])]);
    for check in ["ask-infra-team", "ask-app-team"] {
        assert!(run(check, &case).summary.en.contains("StartSession"));
    }
}
