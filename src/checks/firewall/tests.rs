use crate::analysis::scene::Scene;
use super::*;
use crate::analysis::Episode;
use crate::case::events::{Actor, EventSource};
use crate::case::health::TargetHealth;
use crate::case::network::*;
use crate::case::series::{Series, SeriesKey};
use crate::case::topology::*;
use crate::exchange::{Fact, What};
use crate::time::Window;

const GROUP: &str = "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/api/0123456789abcdef";

fn time(text: &str) -> Time {
    format!("2026-11-20T{text}Z").parse().unwrap()
}

fn rule(egress: bool, peer: &str) -> SecurityGroupRule {
    SecurityGroupRule { id: None, egress, protocol: "tcp".into(), from_port: Some(8080), to_port: Some(8080), peer: Peer::Group(peer.into()), description: None }
}

fn facts(ingress: Vec<SecurityGroupRule>) -> Vec<What> {
    let group = |id: &str, rules| SecurityGroup { id: id.into(), name: id.into(), vpc: "vpc-1".into(), rules };
    let entry = |egress| AclEntry { number: 100, egress, allow: true, protocol: "-1".into(), cidr: "0.0.0.0/0".into(), from_port: None, to_port: None };
    let subnet = |id: &str, cidr: &str| Subnet { id: id.into(), vpc: "vpc-1".into(), zone: "a".into(), cidr: cidr.into(), ipv6_cidrs: vec![], free_addresses: 50 };
    vec![
        What::LoadBalancer(LoadBalancer {
            vpc: "vpc-1".into(),
            security_groups: vec!["sg-lb".into()],
            zones: vec![Zone { name: "a".into(), subnet: "subnet-lb".into() }],
            ..LoadBalancer::default()
        }),
        What::SecurityGroups(vec![group("sg-lb", vec![rule(true, "sg-t")]), group("sg-t", ingress)]),
        What::NetworkAcls(vec![NetworkAcl {
            id: "acl-1".into(),
            vpc: "vpc-1".into(),
            subnets: vec!["subnet-lb".into(), "subnet-t".into()],
            entries: vec![entry(true), entry(false)],
        }]),
        What::RouteTables(vec![RouteTable {
            id: "rtb-1".into(),
            vpc: "vpc-1".into(),
            main: true,
            subnets: vec![],
            routes: vec![Route { destination: "10.0.0.0/16".into(), via: "local".into(), blackhole: false }],
        }]),
        What::Subnets(vec![subnet("subnet-lb", "10.0.0.0/24"), subnet("subnet-t", "10.0.2.0/24")]),
        What::Instances(vec![Instance {
            id: "i-1".into(),
            zone: "a".into(),
            subnet: "subnet-t".into(),
            private_ip: Some("10.0.2.5".into()),
            security_groups: vec!["sg-t".into()],
            ..Instance::default()
        }]),
        What::TargetGroups(vec![TargetGroup { arn: GROUP.into(), target_type: "instance".into(), port: Some(8080), ..TargetGroup::default() }]),
        What::Listeners(vec![Listener {
            port: 80,
            rules: vec![Rule { priority: "default".into(), forwards: vec![Forward { target_group: GROUP.into(), weight: 1 }], ..Rule::default() }],
            ..Listener::default()
        }]),
        What::TargetHealth(vec![TargetHealth { target_group: GROUP.into(), id: "i-1".into(), state: "healthy".into(), ..TargetHealth::default() }]),
        What::Settled { area: Area::Network },
        What::Settled { area: Area::Balancer },
        What::Settled { area: Area::TargetHealth },
    ]
}

fn case(facts: Vec<What>) -> Case {
    Case::from_facts(facts.into_iter().map(|what| Fact { at: time("03:00:00"), origin: None, what }))
}

fn analysis() -> Analysis {
    let episode =
        Episode { onset: time("02:12:00"), onset_uncertainty: 60, end: None, peak: 50.0, total: 900.0, score: 99.0, isolated: false };
    Analysis { window: Some(Window { start: time("01:30:00"), end: time("03:00:00") }), episodes: vec![episode], ..Analysis::default() }
}

fn change(t: &str, name: &str) -> Event {
    Event {
        id: name.into(),
        at: time(t),
        end: None,
        source: EventSource::CloudTrail,
        name: name.into(),
        service: "ec2.amazonaws.com".into(),
        actor: Actor { name: "alice".into(), tool: Some("console".into()), ..Actor::default() },
        resources: vec!["sg-t".into()],
        summary: "tcp 8080 ← sg-lb".into(),
        error: None,
        raw: Some(serde_json::json!({"requestParameters": {"groupId": "sg-t", "ipPermissions": {"items": [
            {"ipProtocol": "tcp", "fromPort": 8080, "toPort": 8080, "groups": {"items": [{"groupId": "sg-lb"}]}}]}}})),
    }
}

/// Errors a minute from 02:12 on.
fn errors(values: &[f64]) -> What {
    What::Series(vec![Series {
        key: SeriesKey::new(crate::metrics::ERRORS, [("LoadBalancer", "app/web/1")]),
        statistic: "Sum".into(),
        period: 60,
        start: time("02:12:00"),
        values: values.to_vec(),
    }])
}

#[test]
fn an_open_way_passes_and_says_what_it_cannot_see() {
    let outcome = Step.run(&Scene::of(&case(facts(vec![rule(false, "sg-lb")])), &analysis()), &mut Book::default());
    assert_eq!((outcome.status, outcome.summary.en.as_str()), (Status::Pass, "open there and back: 1 targets, port 8080, from 1 balancer subnets"));
    assert!(outcome.details.iter().any(|d| d.en.contains("ss -lnt '( sport = :8080 )'")));
}

#[test]
fn a_missing_rule_fails_with_who_removed_it_and_whether_the_shape_fits() {
    let mut all = facts(vec![]);
    all.push(What::Events(vec![change("02:11:05", "RevokeSecurityGroupIngress")]));
    all.push(errors(&[2.0, 5.0, 9.0, 20.0, 30.0, 41.0, 45.0, 44.0]));
    let mut book = Book::default();
    let outcome = Step.run(&Scene::of(&case(all), &analysis()), &mut book);
    assert_eq!(outcome.status, Status::Fail);
    assert!(outcome.summary.en.starts_with("no inbound rule of sg-t lets 10.0.0.0/24 port 8080 in"), "{}", outcome.summary);
    assert_eq!(outcome.evidence, ["path.sg-t.8080", "path.change.RevokeSecurityGroupIngress", "path.shape"]);
    let words = |id: &str| book.get(id).unwrap().sentence.en.clone();
    assert_eq!(
        words("path.change.RevokeSecurityGroupIngress"),
        "02:11:05 UTC: RevokeSecurityGroupIngress by alice (console): tcp 8080 ← sg-lb, 55 s before the errors began"
    );
    assert!(words("path.shape").contains("that fits a security group"));
}

#[test]
fn a_rule_put_back_before_anybody_looked_is_still_found() {
    let mut all = facts(vec![rule(false, "sg-lb")]);
    all.push(What::Events(vec![change("02:11:05", "RevokeSecurityGroupIngress"), change("02:38:00", "AuthorizeSecurityGroupIngress")]));
    let outcome = Step.run(&Scene::of(&case(all), &analysis()), &mut Book::default());
    assert_eq!(outcome.status, Status::Fail);
    assert!(outcome.summary.en.starts_with("open now, but at 02:13:00 UTC: no inbound rule of sg-t"), "{}", outcome.summary);
    assert_eq!(outcome.evidence[0], "path.then.sg-t.8080");
}

#[test]
fn what_is_denied_turns_nothing_green() {
    let all: Vec<_> = facts(vec![rule(false, "sg-lb")]).into_iter().filter(|w| !matches!(w, What::NetworkAcls(_))).collect();
    let outcome = Step.run(&Scene::of(&case(all), &analysis()), &mut Book::default());
    assert_eq!(outcome.status, Status::Unknown);
    assert_eq!(Step.run(&Scene::of(&Case::default(), &analysis()), &mut Book::default()).status, Status::Waiting);
}
