//! An hour of a busy account, generated and seeded, in which one change matters.

use super::*;
use crate::case::network::{AclEntry, NetworkAcl, Route, RouteTable, SecurityGroup, Subnet};
use crate::case::topology::{Identity, Instance, LoadBalancer, TargetGroup, Zone};
use crate::changes::{alarms, autoscaling, cloudtrail, codedeploy, ecs, health};
use crate::exchange::{Fact, Subject, What};
use chrono::DateTime;
use serde_json::{Value, json};

pub(crate) const GROUP: &str = "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:targetgroup/api-8080/0123456789abcdef";
const BALANCER: &str = "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:loadbalancer/app/web/50dc6c495c0c9188";
pub(crate) const TARGET: &str = "i-0aaaaaaaaaaaaaaa1";

pub(crate) fn onset() -> Time {
    DateTime::from_timestamp(1_795_500_000, 0).unwrap()
}

pub(crate) fn window() -> Window {
    Window { start: onset() - Duration::hours(3), end: onset() + Duration::hours(1) }
}

pub(crate) fn episode() -> Episode {
    Episode { onset: onset(), onset_uncertainty: 60, end: None, peak: 200.0, total: 4000.0, score: 900.0, isolated: false }
}

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

pub(crate) fn call(at: Time, service: &str, name: &str, who: &str, request: Value) -> Event {
    let record = json!({
        "eventID": format!("{name}-{}-{who}-{}", at.timestamp_millis(), request.to_string().len()), "eventTime": crate::time::rfc3339(at),
        "eventSource": format!("{service}.amazonaws.com"), "eventName": name, "awsRegion": "ap-northeast-1", "userAgent": "aws-cli/2.17",
        "userIdentity": {"type": "IAMUser", "userName": who}, "requestParameters": request,
    });
    cloudtrail::read(&cloudtrail::Looked { record: Some(record.to_string()), ..Default::default() }).unwrap()
}

pub(crate) fn minutes(n: i64) -> Time {
    onset() + Duration::minutes(n)
}

/// Hundreds of writes that have nothing to do with the balancer.
pub(crate) fn noise(seed: u64) -> Vec<Event> {
    let mut dice = Dice(seed);
    (0..600)
        .map(|_| {
            let at = window().start + Duration::seconds(dice.roll(4 * 3600) as i64);
            let n = dice.roll(1 << 40);
            let id = format!("{n:017x}");
            let who = ["ci", "linh", "batch", "terraform"][dice.roll(4) as usize];
            match dice.roll(14) {
                0 => call(at, "ec2", "RunInstances", who, json!({"instancesSet": {"items": [{"instanceId": format!("i-{id}")}]}})),
                1 => call(at, "ec2", "TerminateInstances", who, json!({"instancesSet": {"items": [{"instanceId": format!("i-{id}")}]}})),
                2 => call(at, "ec2", "RebootInstances", who, json!({"instancesSet": {"items": [{"instanceId": format!("i-{id}")}]}})),
                3 => call(at, "ec2", "AuthorizeSecurityGroupIngress", who, json!({"groupId": format!("sg-{id}"), "ipPermissions": {"items": [{"groups": {"items": [{"groupId": "sg-0aaaaaaaaaaaaaaa1"}]}}]}})),
                4 => call(at, "ec2", "RevokeSecurityGroupIngress", who, json!({"groupId": format!("sg-{id}")})),
                5 => call(at, "ecs", "UpdateService", who, json!({"service": format!("job{}", n % 5), "cluster": "batch"})),
                6 => call(at, "codedeploy", "CreateDeployment", who, json!({"applicationName": "other", "deploymentGroupName": "prod"})),
                7 => call(at, "autoscaling", "SetDesiredCapacity", who, json!({"autoScalingGroupName": format!("batch{}", n % 3), "desiredCapacity": 3})),
                8 => call(at, "elasticloadbalancing", "RegisterTargets", who, json!({"targetGroupArn": GROUP.replace("api-8080", "other"), "targets": [{"id": format!("i-{id}")}]})),
                9 => call(at, "ec2", "CreateTags", who, json!({"resourcesSet": {"items": [{"resourceId": format!("i-{id}")}]}})),
                10 => call(at, "lambda", "UpdateFunctionCode20150331v2", who, json!({"functionName": "f"})),
                11 => call(at, "s3", "PutBucketPolicy", who, json!({"bucketName": "b"})),
                12 => call(at, "ssm", "SendCommand", who, json!({"documentName": "AWS-RunShellScript", "instanceIds": [format!("i-{id}")]})),
                _ => call(at, "codepipeline", "StartPipelineExecution", who, json!({"name": "other"})),
            }
        })
        .collect()
}

fn instance(n: u8) -> Instance {
    Instance {
        id: format!("i-0aaaaaaaaaaaaaaa{n}"),
        subnet: "subnet-0aaaaaaaaaaaaaaa1".into(),
        vpc: "vpc-0aaaaaaaaaaaaaaa1".into(),
        private_ip: Some(format!("10.0.1.{n}")),
        security_groups: vec!["sg-0aaaaaaaaaaaaaaa1".into()],
        auto_scaling_group: Some("web".into()),
        state: "running".into(),
        tags: [("Role".to_owned(), "web".into())].into(),
        ..Instance::default()
    }
}

pub(crate) fn topology() -> Vec<What> {
    let balancer = LoadBalancer {
        arn: BALANCER.into(),
        name: "web".into(),
        vpc: "vpc-0aaaaaaaaaaaaaaa1".into(),
        security_groups: vec!["sg-0bbbbbbbbbbbbbbb1".into()],
        zones: vec![Zone { name: "ap-northeast-1a".into(), subnet: "subnet-0bbbbbbbbbbbbbbb1".into() }],
        ..LoadBalancer::default()
    };
    let group = TargetGroup {
        arn: GROUP.into(),
        name: "api-8080".into(),
        target_type: "instance".into(),
        vpc: Some("vpc-0aaaaaaaaaaaaaaa1".into()),
        ..TargetGroup::default()
    };
    let sg = |id: &str| SecurityGroup { id: id.into(), vpc: "vpc-0aaaaaaaaaaaaaaa1".into(), ..SecurityGroup::default() };
    let acl = NetworkAcl {
        id: "acl-0aaaaaaaaaaaaaaa1".into(),
        vpc: "vpc-0aaaaaaaaaaaaaaa1".into(),
        subnets: vec!["subnet-0aaaaaaaaaaaaaaa1".into()],
        entries: vec![AclEntry::default()],
    };
    let table = RouteTable {
        id: "rtb-0aaaaaaaaaaaaaaa1".into(),
        vpc: "vpc-0aaaaaaaaaaaaaaa1".into(),
        main: true,
        subnets: vec![],
        routes: vec![Route::default()],
    };
    vec![
        What::Identity(Identity { account: "123456789012".into(), region: "ap-northeast-1".into(), ..Identity::default() }),
        What::LoadBalancer(balancer),
        What::TargetGroups(vec![group]),
        What::Instances((1..=4).map(instance).collect()),
        What::SecurityGroups(vec![sg("sg-0aaaaaaaaaaaaaaa1"), sg("sg-0bbbbbbbbbbbbbbb1"), sg("sg-0ccccccccccccccc1")]),
        What::NetworkAcls(vec![acl]),
        What::RouteTables(vec![table]),
        What::Subnets(vec![Subnet { id: "subnet-0aaaaaaaaaaaaaaa1".into(), ..Subnet::default() }]),
    ]
}

pub(crate) fn case(what: impl IntoIterator<Item = What>) -> Case {
    let subject = What::Subject(Subject { target: "a".into(), at: None, window: window(), now: window().end, demo: None });
    Case::from_facts(std::iter::once(subject).chain(what).map(|what| Fact { at: window().end, origin: None, what }))
}

fn timeline(events: Vec<Event>) -> (Case, Timeline) {
    let case = case(topology().into_iter().chain([What::Events(events)]));
    let timeline = build(&case, window(), &[episode()]);
    (case, timeline)
}

pub(crate) fn power(name: &str, id: &str) -> Vec<Event> {
    vec![call(minutes(-1), "ec2", name, "linh", json!({"instancesSet": {"items": [{"instanceId": id}]}}))]
}

/// Each kind of change, as it would be recorded two minutes or so before the errors.
#[allow(clippy::too_many_lines, reason = "one row a kind of change")]
fn changes() -> Vec<(Kind, Relation, Vec<Event>)> {
    let activity = |description: &str, cause: &str| {
        let (start, end) = (crate::time::rfc3339(minutes(-2)), crate::time::rfc3339(minutes(1)));
        autoscaling::activity(&autoscaling::Activity {
            activity_id: "act".into(),
            auto_scaling_group_name: "web".into(),
            description: description.into(),
            cause: cause.into(),
            start_time: start,
            end_time: Some(end),
            status_code: "Successful".into(),
            ..Default::default()
        })
        .unwrap()
    };
    let ecs_service = json!({"serviceName": "api", "loadBalancers": [{"targetGroupArn": GROUP}], "events": [
            {"id": "x", "createdAt": minutes(-1).timestamp(), "message": format!("(service api) deregistered 1 targets in (target-group {GROUP})")}],
        "deployments": [{"id": "ecs-svc/9", "status": "PRIMARY", "createdAt": minutes(-3).timestamp(), "updatedAt": minutes(2).timestamp(), "rolloutState": "COMPLETED", "taskDefinition": "api:42"}]});
    let ecs_update =
        call(minutes(-3), "ecs", "UpdateService", "ci-deploy", json!({"service": "api", "cluster": "main", "taskDefinition": "api:42"}));
    let deployment = json!({"deploymentId": "d-ABCDEFGHI", "applicationName": "shop", "deploymentGroupName": "prod", "status": "Succeeded", "startTime": minutes(-3).timestamp(),
        "completeTime": minutes(3).timestamp(), "creator": "user", "loadBalancerInfo": {"targetGroupInfoList": [{"name": "api-8080"}]}});
    let mut spot = call(minutes(-2), "ec2", "BidEvictedEvent", "", Value::Null);
    spot.resources = vec![TARGET.into()];
    let issue = json!({"arn": "h", "service": "EC2", "eventTypeCode": "AWS_EC2_OPERATIONAL_ISSUE", "eventTypeCategory": "issue", "region": "ap-northeast-1",
        "availabilityZone": "ap-northeast-1a", "startTime": minutes(2).timestamp(), "statusCode": "open"});
    vec![
        (Kind::InstancePower, Relation::Target, power("RebootInstances", TARGET)),
        (Kind::InstancePower, Relation::Target, power("StopInstances", TARGET)),
        (Kind::InstancePower, Relation::Target, power("TerminateInstances", TARGET)),
        (
            Kind::SecurityGroup,
            Relation::TargetNetwork,
            vec![call(
                minutes(-2),
                "ec2",
                "RevokeSecurityGroupIngress",
                "linh",
                json!({"groupId": "sg-0aaaaaaaaaaaaaaa1", "ipPermissions": {"items": [{"ipProtocol": "tcp", "fromPort": 8080, "toPort": 8080}]}}),
            )],
        ),
        (
            Kind::SecurityGroup,
            Relation::BalancerNetwork,
            vec![call(minutes(-2), "ec2", "RevokeSecurityGroupEgress", "linh", json!({"groupId": "sg-0bbbbbbbbbbbbbbb1"}))],
        ),
        (
            Kind::SecurityGroup,
            Relation::Balancer,
            vec![call(
                minutes(-2),
                "elasticloadbalancing",
                "SetSecurityGroups",
                "linh",
                json!({"loadBalancerArn": BALANCER, "securityGroups": ["sg-0ddddddddddddddd1"]}),
            )],
        ),
        (
            Kind::NetworkAclOrRoute,
            Relation::TargetNetwork,
            vec![call(
                minutes(-1),
                "ec2",
                "ReplaceNetworkAclEntry",
                "linh",
                json!({"networkAclId": "acl-0aaaaaaaaaaaaaaa1", "ruleNumber": 100, "egress": false, "ruleAction": "deny", "aclProtocol": "6", "cidrBlock": "10.0.0.0/16"}),
            )],
        ),
        (
            Kind::NetworkAclOrRoute,
            Relation::TargetNetwork,
            vec![call(
                minutes(-1),
                "ec2",
                "DeleteRoute",
                "linh",
                json!({"routeTableId": "rtb-0aaaaaaaaaaaaaaa1", "destinationCidrBlock": "10.0.0.0/16"}),
            )],
        ),
        (
            Kind::Balancer,
            Relation::TargetGroup,
            vec![call(
                minutes(-2),
                "elasticloadbalancing",
                "ModifyTargetGroup",
                "linh",
                json!({"targetGroupArn": GROUP, "healthCheckPort": "9000"}),
            )],
        ),
        (
            Kind::Balancer,
            Relation::Balancer,
            vec![call(
                minutes(-1),
                "elasticloadbalancing",
                "ModifyRule",
                "linh",
                json!({"ruleArn": BALANCER.replace("loadbalancer/", "listener-rule/") + "/f2f7dc8efc522ab2/9683b2d02a6cabee", "actions": [{"type": "forward", "targetGroupArn": GROUP.replace("api-8080", "green")}]}),
            )],
        ),
        (
            Kind::TargetRegistration,
            Relation::Target,
            vec![call(
                minutes(-1),
                "elasticloadbalancing",
                "DeregisterTargets",
                "linh",
                json!({"targetGroupArn": GROUP, "targets": [{"id": TARGET, "port": 8080}]}),
            )],
        ),
        (
            Kind::Scaling,
            Relation::Target,
            vec![
                call(
                    minutes(-3),
                    "autoscaling",
                    "SetDesiredCapacity",
                    "linh",
                    json!({"autoScalingGroupName": "web", "desiredCapacity": 3}),
                ),
                activity(
                    "Terminating EC2 instance: i-0aaaaaaaaaaaaaaa1",
                    "At 2026-11-24T06:38:00Z a user request explicitly set group desired capacity changing the desired capacity from 4 to 3.",
                ),
            ],
        ),
        (Kind::Deployment, Relation::TargetGroup, ecs::service(&ecs_service).into_iter().chain([ecs_update]).collect()),
        (Kind::Deployment, Relation::TargetGroup, vec![codedeploy::deployment(&deployment).unwrap()]),
        (
            Kind::Deployment,
            Relation::Fleet,
            vec![call(minutes(-3), "autoscaling", "StartInstanceRefresh", "ci", json!({"autoScalingGroupName": "web"}))],
        ),
        (Kind::Spot, Relation::Target, vec![spot]),
        (
            Kind::SomebodyOnTheBox,
            Relation::Target,
            vec![call(
                minutes(-2),
                "ssm",
                "SendCommand",
                "linh",
                json!({"documentName": "AWS-RunShellScript", "targets": [{"key": "tag:Role", "values": ["web"]}]}),
            )],
        ),
        (Kind::SomebodyOnTheBox, Relation::Target, vec![call(minutes(-2), "ssm", "StartSession", "linh", json!({"target": TARGET}))]),
        (Kind::AwsFault, Relation::AccountWide, vec![health::event(&issue, None, &[]).unwrap()]),
    ]
}

#[test]
fn the_one_change_that_matters_comes_first_in_an_hour_of_noise() {
    for seed in 1..=3 {
        let noise = noise(seed);
        for (kind, relation, events) in changes() {
            let leader = events.iter().map(|e| e.id.clone()).collect::<Vec<_>>();
            let (case, timeline) = timeline(noise.iter().cloned().chain(events).collect());
            let first = timeline.entries.iter().find(|e| e.rank == 1).unwrap();
            let event = first.event(&case).unwrap();
            assert!(leader.contains(&event.id), "seed {seed} {kind:?}: {} by {}", event.summary, event.name);
            assert_eq!((first.kind, first.relation), (kind, relation), "seed {seed}: {}", event.name);
            assert!(first.likelihood >= WEAK, "seed {seed} {kind:?} {}: {}", event.name, first.likelihood);
            assert!(timeline.folded > 300, "{}", timeline.folded);
        }
    }
}

#[test]
fn nothing_is_blamed_when_only_others_were_changed() {
    for seed in 1..=8 {
        let (_, timeline) = timeline(noise(seed));
        assert!(timeline.on_path().is_empty(), "seed {seed}: {:?}", timeline.on_path());
        assert!(timeline.entries.iter().all(|e| e.likelihood < WEAK), "seed {seed}");
        assert!(timeline.folded + timeline.entries.iter().map(|e| e.events.len()).sum::<usize>() >= 590);
    }
}

#[test]
fn a_deployment_is_one_range_led_by_who_began_it() {
    let (_, _, events) = changes().into_iter().find(|(_, _, e)| e.iter().any(|e| &*e.name == "UpdateService")).unwrap();
    let (case, timeline) = timeline(events);
    assert_eq!(timeline.entries.len(), 1, "{:#?}", timeline.entries);
    let entry = &timeline.entries[0];
    assert_eq!(&*entry.event(&case).unwrap().actor.name, "ci-deploy");
    assert_eq!((entry.at, entry.end, entry.events.len()), (minutes(-3), Some(minutes(2)), 3));
}

#[test]
fn stop_and_start_with_the_new_launch_time_are_one_restart() {
    let id = json!({"instancesSet": {"items": [{"instanceId": TARGET}]}});
    let restarted = Instance { launch_time: Some(minutes(2)), ..instance(1) };
    let events = vec![call(minutes(-1), "ec2", "StopInstances", "linh", id.clone()), call(minutes(2), "ec2", "StartInstances", "linh", id)];
    let case = case(topology().into_iter().chain([What::Events(events), What::Instances(vec![restarted])]));
    let timeline = build(&case, window(), &[episode()]);
    assert_eq!(timeline.entries.len(), 1, "{:#?}", timeline.entries);
    assert_eq!(timeline.entries[0].end, Some(minutes(2)));
}

#[test]
fn attempts_and_consequences_rank_after_everything_else() {
    let mut denied = power("RebootInstances", TARGET).remove(0);
    denied.error = Some("AccessDenied".into());
    denied.at = minutes(-1);
    let replaced = autoscaling::activity(&autoscaling::Activity {
        activity_id: "r".into(),
        auto_scaling_group_name: "web".into(),
        description: format!("Terminating EC2 instance: {TARGET}"),
        cause: "At 2026-11-24T06:38:00Z an instance was taken out of service in response to an ELB system health check failure.".into(),
        start_time: crate::time::rfc3339(minutes(0)),
        status_code: "Successful".into(),
        ..Default::default()
    });
    let alarm = alarms::event(&crate::case::alarm::AlarmChange {
        at: minutes(3),
        kind: crate::case::alarm::AlarmChangeKind::ToAlarm,
        summary: "".into(),
        reason: "".into(),
    });
    let old = call(minutes(-90), "ec2", "CreateTags", "linh", json!({"resourcesSet": {"items": [{"resourceId": TARGET}]}}));
    let (_, timeline) = timeline([Some(denied), replaced, alarm, Some(old)].into_iter().flatten().collect());
    let mut by_rank: Vec<_> = timeline.entries.iter().collect();
    by_rank.sort_by_key(|e| e.rank);
    assert_eq!(by_rank.iter().map(|e| e.kind).next(), Some(Kind::Other));
    assert!(by_rank[1..].iter().all(|e| e.attempt || e.symptom));
    assert!(timeline.entries.iter().all(|e| e.likelihood <= 1.0));
}

#[test]
fn before_the_path_is_known_changes_are_account_wide_and_kept() {
    let case = case([What::Events(changes().into_iter().flat_map(|(_, _, e)| e).collect())]);
    let timeline = build(&case, window(), &[episode()]);
    assert!(!timeline.entries.is_empty() && timeline.entries.iter().all(|e| !e.relation.is_on_path()), "{:#?}", timeline.entries);
}

#[test]
fn a_group_that_only_refers_to_ours_is_not_on_the_path() {
    let elsewhere = call(
        minutes(-1),
        "ec2",
        "RevokeSecurityGroupIngress",
        "linh",
        json!({"groupId": "sg-0ccccccccccccccc1", "ipPermissions": {"items": [{"groups": {"items": [{"groupId": "sg-0aaaaaaaaaaaaaaa1"}]}}]}}),
    );
    let (_, timeline) = timeline(vec![elsewhere]);
    assert_eq!(timeline.entries.iter().map(|e| e.relation).collect::<Vec<_>>(), [Relation::Vpc]);
    assert!(timeline.on_path().is_empty());
}

#[test]
fn targets_that_are_gone_are_known_by_their_registration() {
    let gone = "i-0eeeeeeeeeeeeeee1";
    let registered =
        call(minutes(-100), "elasticloadbalancing", "RegisterTargets", "linh", json!({"targetGroupArn": GROUP, "targets": [{"id": gone}]}));
    let (_, timeline) = timeline(power("TerminateInstances", gone).into_iter().chain([registered]).collect());
    let first = timeline.entries.iter().find(|e| e.rank == 1).unwrap();
    assert_eq!((first.relation, first.touches.as_deref()), (Relation::Target, Some(gone)));
}

#[test]
fn events_of_other_regions_are_on_no_path() {
    let mut far = power("RebootInstances", TARGET).remove(0);
    far.raw = Some(json!({"awsRegion": "eu-west-1"}));
    let (_, timeline) = timeline(vec![far]);
    assert!(timeline.entries.is_empty() && timeline.folded == 1);
}
