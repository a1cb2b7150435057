//! What lies around the targets: the balancer's and their own network, the access log, and what else happened in the
//! account. A judgement that is fast only where none of it is known would be fast for nobody.

use super::{BALANCER, ERRORS, GROUP, at, id};
use alb_triage::accesslog::{AccessLog, FailureRow, RequestRow, Signature};
use alb_triage::case::events::{Actor, ActorKind, Event, EventSource};
use alb_triage::case::network::{AclEntry, Interface, NetworkAcl, Peer, Route, RouteTable, SecurityGroup, SecurityGroupRule, Subnet};
use alb_triage::case::topology::{Forward, Listener, LoadBalancer, Rule, Zone};
use alb_triage::exchange::What;
use alb_triage::time::Window;

pub const VPC: &str = "vpc-0a1b2c3d4e5f60718";
pub const TARGETS: &str = "sg-0targets000000001";
const OF_BALANCER: &str = "sg-0balancer00000001";
const ZONES: [&str; 3] = ["eu-west-1a", "eu-west-1b", "eu-west-1c"];
/// Calls of CloudTrail, nearly all of them about something else.
const CALLS: i64 = 600;

/// Where a target lives.
pub struct Home {
    pub zone: &'static str,
    pub subnet: String,
    pub address: String,
}

pub fn home(target: i64) -> Home {
    let zone = target as usize % ZONES.len();
    let (block, host) = (target / 3 / 250, target / 3 % 250 + 4);
    Home { zone: ZONES[zone], subnet: subnet_of_targets(zone), address: format!("10.0.{}.{host}", 16 * (zone + 1) as i64 + block) }
}

fn subnet_of_targets(zone: usize) -> String {
    format!("subnet-0targets0000000{zone}")
}

fn subnet_of_balancer(zone: usize) -> String {
    format!("subnet-0balancer000000{zone}")
}

pub fn facts(targets: i64, minutes: i64) -> Vec<What> {
    vec![
        What::LoadBalancer(balancer()),
        What::Listeners(vec![listener()]),
        What::Subnets(subnets()),
        What::SecurityGroups(security_groups()),
        What::NetworkAcls(vec![acl()]),
        What::RouteTables(vec![routes()]),
        What::Interfaces((0..targets).map(interface).chain(nodes()).collect()),
        What::Events((0..CALLS).map(|n| call(n, minutes)).collect()),
        What::AccessLog(Box::new(access_log(targets, minutes))),
    ]
}

fn balancer() -> LoadBalancer {
    let zone = |(zone, name): (usize, &&str)| Zone { name: (*name).into(), subnet: subnet_of_balancer(zone) };
    LoadBalancer {
        arn: format!("arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/{BALANCER}"),
        name: "web".into(),
        scheme: "internet-facing".into(),
        vpc: VPC.into(),
        state: "active".into(),
        security_groups: vec![OF_BALANCER.into()],
        zones: ZONES.iter().enumerate().map(zone).collect(),
        ..LoadBalancer::default()
    }
}

fn listener() -> Listener {
    let forward = Forward { target_group: GROUP.into(), weight: 1 };
    let rule = Rule { priority: "default".into(), action: "forward".into(), forwards: vec![forward], ..Rule::default() };
    Listener { arn: "arn:listener".into(), port: 443, protocol: "HTTPS".into(), rules: vec![rule] }
}

fn subnets() -> Vec<Subnet> {
    let subnet =
        |id, zone: usize, cidr| Subnet { id, vpc: VPC.into(), zone: ZONES[zone].into(), cidr, free_addresses: 200, ..Subnet::default() };
    let of_targets = (0..3).map(|zone| subnet(subnet_of_targets(zone), zone, format!("10.0.{}.0/20", 16 * (zone + 1))));
    let of_balancer = (0..3).map(|zone| subnet(subnet_of_balancer(zone), zone, format!("10.0.{zone}.0/24")));
    of_targets.chain(of_balancer).collect()
}

fn security_groups() -> Vec<SecurityGroup> {
    let group = |id: &str, rules| SecurityGroup { id: id.into(), name: id.into(), vpc: VPC.into(), rules };
    let all = |egress| SecurityGroupRule { egress, protocol: "-1".into(), ..SecurityGroupRule::default() };
    let port = SecurityGroupRule {
        protocol: "tcp".into(),
        from_port: Some(8080),
        to_port: Some(8080),
        peer: Peer::Group(OF_BALANCER.into()),
        ..SecurityGroupRule::default()
    };
    vec![group(OF_BALANCER, vec![all(false), all(true)]), group(TARGETS, vec![port, all(true)])]
}

fn acl() -> NetworkAcl {
    let all =
        |egress| AclEntry { number: 100, egress, allow: true, protocol: "-1".into(), cidr: "0.0.0.0/0".into(), ..AclEntry::default() };
    let subnets = (0..3).flat_map(|zone| [subnet_of_targets(zone), subnet_of_balancer(zone)]).collect();
    NetworkAcl { id: "acl-0default0000000001".into(), vpc: VPC.into(), subnets, entries: vec![all(false), all(true)] }
}

fn routes() -> RouteTable {
    let local = Route { destination: "10.0.0.0/16".into(), via: "local".into(), blackhole: false };
    RouteTable { id: "rtb-0main00000000001".into(), vpc: VPC.into(), main: true, subnets: Vec::new(), routes: vec![local] }
}

fn interface(target: i64) -> Interface {
    let home = home(target);
    Interface {
        id: format!("eni-{target:017x}"),
        private_ip: home.address,
        subnet: home.subnet,
        zone: home.zone.into(),
        security_groups: vec![TARGETS.into()],
        instance: Some(id(target)),
        status: "in-use".into(),
        ..Interface::default()
    }
}

/// The balancer's nodes, one a zone.
fn nodes() -> impl Iterator<Item = Interface> {
    (0..3).map(|zone| Interface {
        id: format!("eni-0node{zone:012}"),
        private_ip: format!("10.0.{zone}.10"),
        subnet: subnet_of_balancer(zone),
        zone: ZONES[zone].into(),
        security_groups: vec![OF_BALANCER.into()],
        description: format!("ELB {BALANCER}").as_str().into(),
        status: "in-use".into(),
        ..Interface::default()
    })
}

fn call(n: i64, minutes: i64) -> Event {
    let (name, about) = match n % 4 {
        0 => ("RunInstances", format!("i-{:017x}", 1_000_000 + n)),
        1 => ("AuthorizeSecurityGroupIngress", format!("sg-{n:017x}")),
        2 => ("UpdateService", format!("arn:aws:ecs:eu-west-1:123456789012:service/other/{n}")),
        _ => ("PutScalingPolicy", format!("batch-{n}")),
    };
    Event {
        id: format!("{n:032x}"),
        at: at(n * minutes / CALLS),
        end: None,
        source: EventSource::CloudTrail,
        name: name.into(),
        service: "ec2.amazonaws.com".into(),
        actor: Actor { kind: ActorKind::Role, ..Actor::default() },
        resources: vec![about.as_str().into()],
        summary: name.into(),
        error: None,
        raw: Some(serde_json::json!({ "eventName": name, "requestParameters": { "groupId": about } })),
    }
}

/// Rows of a case's access log, and the targets in them: the engine folds what is more.
const MOST_ROWS: i64 = 50_000;
const MOST_TARGETS: i64 = 500;

/// Requests to every target in every minute; connections to the hot ones time out.
fn access_log(targets: i64, minutes: i64) -> AccessLog {
    let targets = targets.min(MOST_TARGETS);
    let around = ((MOST_ROWS / targets - (ERRORS.end - ERRORS.start)) / 2).min(60);
    let (from, until) = ((ERRORS.start - around).max(0), (ERRORS.end + around).min(minutes));
    let each = || (from..until).flat_map(|minute| (0..targets).map(move |target| (minute, target)));
    let name = |target| format!("{}:8080", home(target).address);
    let failed = |minute: i64, target: i64| if target % 10 == 0 && ERRORS.contains(&minute) { 9 } else { 0 };
    let request = |(minute, target)| RequestRow {
        minute: at(minute),
        target: name(target),
        group: "web".into(),
        ok: 90,
        failed: failed(minute, target),
        syn_retries: 0,
    };
    let failure = |(minute, target)| FailureRow {
        minute: at(minute),
        target: name(target),
        signature: Signature::ConnectTimeout,
        status: 504,
        node: format!("10.0.{}.10", target % 3),
        group: "web".into(),
        static_file: false,
        count: failed(minute, target),
    };
    AccessLog {
        source: "s3://logs".into(),
        window: Some(Window { start: at(from), end: at(until) }),
        files: 100,
        lines: 90 * each().count() as u64,
        requests: each().map(request).collect(),
        failures: each().filter(|(m, t)| failed(*m, *t) > 0).map(failure).collect(),
        first: Some(at(from)),
        last: Some(at(until)),
        ..AccessLog::default()
    }
}
