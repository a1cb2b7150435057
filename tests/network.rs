//! Small networks that can be checked by hand, with the answer of each hop; and random ones against an
//! evaluator so slow that it is obvious: one packet at a time.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use alb_triage::case::Case;
use alb_triage::case::events::{Actor, Event, EventSource};
use alb_triage::case::gaps::{Gap, Reason};
use alb_triage::case::health::TargetHealth;
use alb_triage::case::network::{
    AclEntry, Interface, NetworkAcl, Peer, PrefixList, Route, RouteTable, SecurityGroup, SecurityGroupRule, Subnet,
};
use alb_triage::case::topology::{Forward, HealthCheck, Instance, Listener, LoadBalancer, Rule, TargetGroup, Zone};
use alb_triage::exchange::{Area, Fact, What};
use alb_triage::path::{self, Answer, HopKind, Overall, PathResult, Purpose, Verdict};
use proptest::prelude::*;

const GROUP: &str = "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/api/0123456789abcdef";

/// Two balancer subnets, one target subnet, one instance on 8080, everything open.
#[derive(Clone)]
struct Net {
    balancer: LoadBalancer,
    groups: Vec<SecurityGroup>,
    acls: Vec<NetworkAcl>,
    tables: Vec<RouteTable>,
    subnets: Vec<Subnet>,
    lists: Vec<PrefixList>,
    interfaces: Vec<Interface>,
    instance: Instance,
    target_group: TargetGroup,
    listeners: Vec<Listener>,
    target: TargetHealth,
    gaps: Vec<Gap>,
}

/// `in tcp 8080 sg-lb`, `out all 0.0.0.0/0`, `in tcp 80-90 pl-1`
fn sg(id: &str, rules: &[&str]) -> SecurityGroup {
    let rules = rules.iter().enumerate().map(|(n, text)| {
        let words: Vec<_> = text.split(' ').collect();
        let (protocol, ports, peer) = match words[..] {
            [_, "all", peer] => ("-1", None, peer),
            [_, protocol, ports, peer] => (protocol, Some(range(ports)), peer),
            _ => panic!("{text}"),
        };
        let peer = match peer {
            p if p.starts_with("sg-") => Peer::Group(p.into()),
            p if p.starts_with("pl-") => Peer::PrefixList(p.into()),
            p => Peer::Cidr(p.into()),
        };
        SecurityGroupRule {
            id: Some(format!("sgr-{id}-{n}")),
            egress: words[0] == "out",
            protocol: protocol.into(),
            from_port: ports.map(|p| p.0),
            to_port: ports.map(|p| p.1),
            peer,
            description: None,
        }
    });
    SecurityGroup { id: id.into(), name: id.into(), vpc: "vpc-1".into(), rules: rules.collect() }
}

fn range(text: &str) -> (u16, u16) {
    let (a, b) = text.split_once('-').unwrap_or((text, text));
    (a.parse().unwrap(), b.parse().unwrap())
}

/// `in 100 allow tcp 8080 10.0.0.0/8`, `out 90 deny all 0.0.0.0/0`
fn acl(id: &str, subnets: &[&str], entries: &[&str]) -> NetworkAcl {
    let entries = entries.iter().map(|text| {
        let words: Vec<_> = text.split(' ').collect();
        let (protocol, ports, cidr) = match words[3..] {
            ["all", cidr] => ("-1", None, cidr),
            ["tcp", ports, cidr] => ("6", Some(range(ports)), cidr),
            ["udp", ports, cidr] => ("17", Some(range(ports)), cidr),
            _ => panic!("{text}"),
        };
        AclEntry {
            number: words[1].parse().unwrap(),
            egress: words[0] == "out",
            allow: words[2] == "allow",
            protocol: protocol.into(),
            cidr: cidr.into(),
            from_port: ports.map(|p| p.0),
            to_port: ports.map(|p| p.1),
        }
    });
    NetworkAcl { id: id.into(), vpc: "vpc-1".into(), subnets: names(subnets), entries: entries.collect() }
}

fn names(all: &[&str]) -> Vec<String> {
    all.iter().map(ToString::to_string).collect()
}

/// `10.0.0.0/16 local`, `10.9.0.0/16 pcx-1`, `10.0.2.0/24 eni-1 blackhole`
fn table(id: &str, main: bool, subnets: &[&str], routes: &[&str]) -> RouteTable {
    let routes = routes.iter().map(|text| {
        let words: Vec<_> = text.split(' ').collect();
        Route { destination: words[0].into(), via: words[1].into(), blackhole: words.contains(&"blackhole") }
    });
    RouteTable { id: id.into(), vpc: "vpc-1".into(), main, subnets: names(subnets), routes: routes.collect() }
}

fn subnet(id: &str, zone: &str, cidr: &str, v6: &str) -> Subnet {
    Subnet { id: id.into(), vpc: "vpc-1".into(), zone: zone.into(), cidr: cidr.into(), ipv6_cidrs: vec![v6.into()], free_addresses: 100 }
}

const OPEN: &[&str] = &["in 100 allow all 0.0.0.0/0", "in 101 allow all ::/0", "out 100 allow all 0.0.0.0/0", "out 101 allow all ::/0"];

impl Net {
    fn open() -> Self {
        let zone = |name: &str, subnet: &str| Zone { name: name.into(), subnet: subnet.into() };
        Self {
            balancer: LoadBalancer {
                arn: "arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/app/web/00000000000000aa".into(),
                vpc: "vpc-1".into(),
                security_groups: names(&["sg-lb"]),
                zones: vec![zone("a", "subnet-lb-a"), zone("b", "subnet-lb-b")],
                ..LoadBalancer::default()
            },
            groups: vec![sg("sg-lb", &["out tcp 8080 sg-t"]), sg("sg-t", &["in tcp 8080 sg-lb"])],
            acls: vec![acl("acl-1", &["subnet-lb-a", "subnet-lb-b", "subnet-t"], OPEN)],
            tables: vec![table("rtb-main", true, &[], &["10.0.0.0/16 local", "2001:db8::/56 local", "0.0.0.0/0 igw-1"])],
            subnets: vec![
                subnet("subnet-lb-a", "a", "10.0.0.0/24", "2001:db8:0:0::/64"),
                subnet("subnet-lb-b", "b", "10.0.1.0/24", "2001:db8:0:1::/64"),
                subnet("subnet-t", "a", "10.0.2.0/24", "2001:db8:0:2::/64"),
            ],
            lists: vec![],
            interfaces: vec![],
            instance: Instance {
                id: "i-1".into(),
                zone: "a".into(),
                subnet: "subnet-t".into(),
                vpc: "vpc-1".into(),
                private_ip: Some("10.0.2.5".into()),
                ipv6: vec!["2001:db8:0:2::5".into()],
                security_groups: names(&["sg-t"]),
                ..Instance::default()
            },
            target_group: TargetGroup {
                arn: GROUP.into(),
                name: "api".into(),
                target_type: "instance".into(),
                port: Some(8080),
                ..TargetGroup::default()
            },
            listeners: vec![Listener {
                port: 443,
                rules: vec![Rule {
                    priority: "default".into(),
                    action: "forward".into(),
                    forwards: vec![Forward { target_group: GROUP.into(), weight: 1 }],
                    ..Rule::default()
                }],
                ..Listener::default()
            }],
            target: TargetHealth {
                target_group: GROUP.into(),
                id: "i-1".into(),
                port: Some(8080),
                state: "healthy".into(),
                ..TargetHealth::default()
            },
            gaps: vec![],
        }
    }

    fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    fn v6(self) -> Self {
        self.with(|n| n.target_group.ip_address_type = Some("ipv6".into()))
    }

    /// Replaces one security group.
    fn sg(self, id: &str, rules: &[&str]) -> Self {
        self.with(|n| {
            n.groups.retain(|g| g.id != id);
            n.groups.push(sg(id, rules));
        })
    }

    /// Gives one subnet an ACL of its own.
    fn acl(self, subnet: &str, entries: &[&str]) -> Self {
        self.with(|n| {
            n.acls.iter_mut().for_each(|a| a.subnets.retain(|s| s != subnet));
            n.acls.push(acl("acl-own", &[subnet], entries));
        })
    }

    /// Gives one subnet a route table of its own.
    fn routes(self, subnet: &str, routes: &[&str]) -> Self {
        self.with(|n| n.tables.push(table("rtb-own", false, &[subnet], routes)))
    }

    fn case(self) -> Case {
        let gaps = self.gaps.into_iter().map(What::Gap);
        let all = [
            What::LoadBalancer(self.balancer),
            What::SecurityGroups(self.groups),
            What::NetworkAcls(self.acls),
            What::RouteTables(self.tables),
            What::Subnets(self.subnets),
            What::PrefixLists(self.lists),
            What::Interfaces(self.interfaces),
            What::Instances(vec![self.instance]),
            What::TargetGroups(vec![self.target_group]),
            What::Listeners(self.listeners),
            What::TargetHealth(vec![self.target]),
            What::Settled { area: Area::Network },
            What::Settled { area: Area::Balancer },
        ];
        let at = "2026-11-20T03:00:00Z".parse().unwrap();
        Case::from_facts(all.into_iter().chain(gaps).map(|what| Fact { at, origin: None, what }))
    }
}

fn evaluate(net: Net) -> PathResult {
    path::evaluate(&net.case())[0].clone()
}

/// `open`, `cannot tell`, or each blocked hop as `kind@subnet rule` (`~` when only partly).
fn answer(way: &PathResult) -> String {
    match way.overall() {
        Overall::Open => "open".into(),
        Overall::CannotTell { .. } => "cannot tell".into(),
        Overall::Blocked { .. } => {
            let hops = way.blockers();
            let words =
                hops.iter().map(|b| format!("{}{:?}@{} {}", if b.partly { "~" } else { "" }, b.kind, b.subnet.unwrap_or("*"), b.rule));
            words.collect::<Vec<_>>().join(" | ")
        }
    }
}

fn both(hop: &str, rule: &str) -> String {
    format!("{hop}@subnet-lb-a {rule} | {hop}@subnet-lb-b {rule}")
}

#[test]
fn security_groups_by_hand() {
    let sg_t = |rules: &[&str]| answer(&evaluate(Net::open().sg("sg-t", rules)));
    let sg_lb = |rules: &[&str]| answer(&evaluate(Net::open().sg("sg-lb", rules)));
    let shut = both("TargetSecurityGroup", "sg-t");
    assert_eq!(sg_t(&["in tcp 8080 sg-lb"]), "open");
    assert_eq!(sg_t(&["in all sg-lb"]), "open");
    assert_eq!(sg_t(&["in all 0.0.0.0/0"]), "open");
    assert_eq!(sg_t(&["in tcp 8000-9000 10.0.0.0/16"]), "open");
    assert_eq!(sg_t(&["in 6 8080 10.0.0.0/16"]), "open");
    assert_eq!(sg_t(&["in tcp 8080 10.0.0.0/24", "in tcp 8080 10.0.1.0/24"]), "open");
    assert_eq!(sg_t(&["in tcp 8080 10.0.0.0/25", "in tcp 8080 10.0.0.128/25", "in tcp 8080 10.0.1.0/24"]), "open");
    assert_eq!(sg_t(&[]), shut);
    assert_eq!(sg_t(&["in tcp 80 sg-lb"]), shut);
    assert_eq!(sg_t(&["in udp 8080 sg-lb"]), shut);
    assert_eq!(sg_t(&["out tcp 8080 sg-lb"]), shut);
    assert_eq!(sg_t(&["in tcp 8080 sg-other"]), shut);
    assert_eq!(sg_t(&["in all ::/0"]), shut);
    assert_eq!(sg_t(&["in tcp 8080 10.0.0.0/24"]), "TargetSecurityGroup@subnet-lb-b sg-t");
    assert_eq!(sg_t(&["in tcp 8080 10.0.0.0/25", "in tcp 8080 10.0.1.0/24"]), "~TargetSecurityGroup@subnet-lb-a sg-t");
    assert_eq!(sg_lb(&["out all 0.0.0.0/0"]), "open");
    assert_eq!(sg_lb(&["out tcp 8080 10.0.2.5/32"]), "open");
    assert_eq!(sg_lb(&["out tcp 8081 sg-t"]), both("BalancerSecurityGroup", "sg-lb"));
    assert_eq!(sg_lb(&["out tcp 8080 10.0.3.0/24"]), both("BalancerSecurityGroup", "sg-lb"));
}

#[test]
fn one_group_that_names_itself() {
    let own = |n: &mut Net| {
        n.balancer.security_groups = names(&["sg-all"]);
        n.instance.security_groups = names(&["sg-all"]);
        n.groups = vec![sg("sg-all", &["in tcp 8080 sg-all", "out all sg-all"])];
    };
    assert_eq!(answer(&evaluate(Net::open().with(own))), "open");
}

#[test]
fn groups_together_allow_what_any_of_them_allows() {
    let two = |n: &mut Net| {
        n.instance.security_groups = names(&["sg-ssh", "sg-t"]);
        n.groups.push(sg("sg-ssh", &["in tcp 22 0.0.0.0/0"]));
    };
    assert_eq!(answer(&evaluate(Net::open().with(two))), "open");
}

#[test]
fn prefix_lists_by_hand() {
    let net = |cidrs: &[&str]| {
        let lists = vec![PrefixList { id: "pl-1".into(), name: "nodes".into(), cidrs: names(cidrs) }];
        Net::open().sg("sg-t", &["in tcp 8080 pl-1"]).with(|n| n.lists = lists)
    };
    assert_eq!(answer(&evaluate(net(&["10.0.0.0/24", "10.0.1.0/24"]))), "open");
    assert_eq!(answer(&evaluate(net(&["10.0.0.0/24"]))), "TargetSecurityGroup@subnet-lb-b sg-t");
    assert_eq!(answer(&evaluate(Net::open().sg("sg-t", &["in tcp 8080 pl-unread"]))), "cannot tell");
    // A list that cannot be read for another port changes nothing.
    assert_eq!(answer(&evaluate(Net::open().sg("sg-t", &["in tcp 22 pl-unread"]))), both("TargetSecurityGroup", "sg-t"));
    assert_eq!(answer(&evaluate(Net::open().sg("sg-t", &["in tcp 8080 pl-unread", "in tcp 8080 sg-lb"]))), "open");
}

#[test]
fn acls_by_hand() {
    let target = |entries: &[&str]| answer(&evaluate(Net::open().acl("subnet-t", entries)));
    let with = |first: &[&str]| target(&[first, &["out 100 allow tcp 1024-65535 0.0.0.0/0"]].concat());
    assert_eq!(with(&["in 100 allow tcp 8080 10.0.0.0/16"]), "open");
    assert_eq!(with(&["in 100 allow all 0.0.0.0/0"]), "open");
    assert_eq!(with(&["in 90 deny tcp 8080 0.0.0.0/0", "in 100 allow all 0.0.0.0/0"]), both("TargetAclIn", "acl-own rule 90"));
    assert_eq!(with(&["in 110 deny tcp 8080 0.0.0.0/0", "in 100 allow all 0.0.0.0/0"]), "open");
    assert_eq!(with(&["in 90 deny udp 8080 0.0.0.0/0", "in 100 allow all 0.0.0.0/0"]), "open");
    assert_eq!(with(&["in 90 deny tcp 8081-9000 0.0.0.0/0", "in 100 allow all 0.0.0.0/0"]), "open");
    assert_eq!(with(&["in 90 deny all 10.0.1.0/24", "in 100 allow all 0.0.0.0/0"]), "TargetAclIn@subnet-lb-b acl-own rule 90");
    assert_eq!(with(&["in 90 deny all 10.0.1.7/32", "in 100 allow all 0.0.0.0/0"]), "~TargetAclIn@subnet-lb-b acl-own rule 90");
    assert_eq!(with(&[]), both("TargetAclIn", "acl-own rule *"));
}

#[test]
fn answers_need_their_ephemeral_ports() {
    let target = |entries: &[&str]| answer(&evaluate(Net::open().acl("subnet-t", &[&["in 100 allow all 0.0.0.0/0"], entries].concat())));
    assert_eq!(target(&[]), both("TargetAclOut", "acl-own rule *"));
    assert_eq!(target(&["out 100 allow tcp 443 0.0.0.0/0"]), both("TargetAclOut", "acl-own rule *"));
    assert_eq!(target(&["out 100 allow tcp 8080 0.0.0.0/0"]), both("~TargetAclOut", "acl-own rule *"));
    assert_eq!(target(&["out 100 allow tcp 32768-65535 0.0.0.0/0"]), both("~TargetAclOut", "acl-own rule *"));
    assert_eq!(target(&["out 100 allow tcp 1024-65535 10.0.0.0/24"]), "TargetAclOut@subnet-lb-b acl-own rule *");
}

#[test]
fn the_balancers_own_acl_counts_both_ways() {
    let balancer = |entries: &[&str]| answer(&evaluate(Net::open().acl("subnet-lb-a", entries)));
    assert_eq!(balancer(&["out 1 allow tcp 8080 10.0.2.0/24", "in 1 allow tcp 1024-65535 10.0.2.0/24"]), "open");
    assert_eq!(balancer(&["out 1 allow tcp 8081 10.0.2.0/24", "in 1 allow all 0.0.0.0/0"]), "BalancerAclOut@subnet-lb-a acl-own rule *");
    assert_eq!(balancer(&["out 1 allow all 0.0.0.0/0", "in 1 allow tcp 443 0.0.0.0/0"]), "BalancerAclIn@subnet-lb-a acl-own rule *");
}

#[test]
fn inside_one_subnet_no_acl_is_asked() {
    let home = |n: &mut Net| {
        n.instance.subnet = "subnet-lb-a".into();
        n.instance.private_ip = Some("10.0.0.9".into());
    };
    let net = Net::open().acl("subnet-lb-a", &[]).with(home);
    assert_eq!(answer(&evaluate(net)), "TargetAclIn@subnet-lb-b acl-own rule * | TargetAclOut@subnet-lb-b acl-own rule *");
}

#[test]
fn routes_by_hand() {
    let from_a = |routes: &[&str]| answer(&evaluate(Net::open().routes("subnet-lb-a", routes)));
    let back = |routes: &[&str]| answer(&evaluate(Net::open().routes("subnet-t", routes)));
    assert_eq!(from_a(&["10.0.0.0/16 local"]), "open");
    assert_eq!(from_a(&["10.0.0.0/16 local", "10.0.2.0/24 eni-9 blackhole"]), "RouteOut@subnet-lb-a rtb-own 10.0.2.0/24");
    assert_eq!(from_a(&["10.0.0.0/16 local", "10.0.3.0/24 eni-9 blackhole"]), "open");
    assert_eq!(from_a(&["10.1.0.0/16 local"]), "RouteOut@subnet-lb-a rtb-own");
    assert_eq!(from_a(&["10.0.0.0/16 local", "10.0.2.0/24 eni-9"]), "cannot tell");
    assert_eq!(back(&["10.0.0.0/16 local", "10.0.1.0/24 tgw-1 blackhole"]), "RouteBack@subnet-lb-b rtb-own 10.0.1.0/24");
    assert_eq!(back(&["10.0.0.0/16 local", "10.0.1.128/25 tgw-1 blackhole"]), "~RouteBack@subnet-lb-b rtb-own 10.0.1.128/25");
}

#[test]
fn ipv6_has_its_own_rules() {
    let v6 = |net: Net| answer(&evaluate(net.v6()));
    assert_eq!(v6(Net::open()), "open");
    assert_eq!(v6(Net::open().sg("sg-t", &["in tcp 8080 2001:db8::/56"])), "open");
    assert_eq!(v6(Net::open().sg("sg-t", &["in tcp 8080 0.0.0.0/0"])), both("TargetSecurityGroup", "sg-t"));
    assert_eq!(v6(Net::open().sg("sg-t", &["in tcp 8080 2001:db8:0:1::/64"])), "TargetSecurityGroup@subnet-lb-a sg-t");
    assert_eq!(
        v6(Net::open().acl("subnet-t", &["in 1 allow all 0.0.0.0/0", "out 1 allow all ::/0"])),
        both("TargetAclIn", "acl-own rule *")
    );
    assert_eq!(v6(Net::open().routes("subnet-t", &["10.0.0.0/16 local"])), both("RouteBack", "rtb-own"));
}

#[test]
fn nodes_that_are_known_are_asked_instead_of_their_subnet() {
    let node = |ip: &str, subnet: &str| Interface {
        id: format!("eni-{ip}"),
        private_ip: ip.into(),
        subnet: subnet.into(),
        description: "ELB app/web/00000000000000aa".into(),
        ..Interface::default()
    };
    let net = Net::open()
        .sg("sg-t", &["in tcp 8080 10.0.0.7/32", "in tcp 8080 10.0.1.7/32"])
        .with(|n| n.interfaces = vec![node("10.0.0.7", "subnet-lb-a"), node("10.0.1.7", "subnet-lb-b")]);
    assert_eq!(answer(&evaluate(net.clone())), "open");
    let grown = net.with(|n| n.interfaces.push(node("10.0.1.9", "subnet-lb-b")));
    assert_eq!(answer(&evaluate(grown)), "~TargetSecurityGroup@subnet-lb-b sg-t");
}

#[test]
fn listeners_and_zones_count_too() {
    let weight = |n: &mut Net| n.listeners[0].rules[0].forwards.insert(0, Forward { target_group: "other".into(), weight: 1 });
    assert_eq!(answer(&evaluate(Net::open().with(weight))), "open");
    let zero = |n: &mut Net| n.listeners[0].rules[0].forwards[1].weight = 0;
    assert_eq!(answer(&evaluate(Net::open().with(weight).with(zero))), "Listener@* listener 443, rule default");
    assert_eq!(answer(&evaluate(Net::open().with(|n| n.listeners[0].rules[0].forwards.clear()))), "Listener@* api");
    assert_eq!(answer(&evaluate(Net::open().with(|n| n.instance.zone = "c".into()))), "Zone@* c");
}

#[test]
fn addresses_that_nobody_has_and_addresses_elsewhere() {
    let pod = |n: &mut Net| {
        n.target_group.target_type = "ip".into();
        n.target.id = "10.0.2.77".into();
        n.interfaces = vec![Interface { id: "eni-x".into(), private_ip: "10.0.2.78".into(), ..Interface::default() }];
    };
    assert!(answer(&evaluate(Net::open().with(pod))).starts_with("Address@* 10.0.2.77"));
    let far = |n: &mut Net| {
        n.target.id = "172.16.0.9".into();
        n.tables[0].routes.push(Route { destination: "172.16.0.0/12".into(), via: "pcx-1".into(), blackhole: false });
    };
    let way = evaluate(Net::open().with(pod).with(far));
    assert_eq!(answer(&way), "cannot tell");
    assert!(way.doubts().iter().any(|d| d.en.contains("pcx-1")), "{:?}", way.doubts());
    let by_address = Net::open().with(pod).with(far).sg("sg-lb", &["out all 0.0.0.0/0"]);
    assert_eq!(answer(&evaluate(by_address)), "cannot tell");
}

#[test]
fn cross_zone_off_leaves_the_zones_own_subnet() {
    let off = |n: &mut Net| drop(n.target_group.attributes.insert("load_balancing.cross_zone.enabled".into(), "false".into()));
    let way = evaluate(Net::open().with(off));
    assert_eq!(way.legs.iter().map(|l| l.subnet.as_str()).collect::<Vec<_>>(), ["subnet-lb-a"]);
}

#[test]
fn the_health_check_port_is_a_way_of_its_own() {
    let other = |n: &mut Net| n.target_group.health_check = HealthCheck { port: "9000".into(), ..HealthCheck::default() };
    let ways = path::evaluate(&Net::open().with(other).case());
    let found: Vec<_> = ways.iter().map(|w| (w.purpose, w.port, answer(w) == "open")).collect();
    assert_eq!(found, [(Purpose::Traffic, 8080, true), (Purpose::HealthCheck, 9000, false)]);
    assert!(matches!(path::ask(ways.iter().filter(|w| w.purpose.serves(Purpose::Traffic)), &[HopKind::TargetSecurityGroup]), Answer::Open));
    assert!(
        matches!(path::ask(ways.iter().filter(|w| w.purpose.serves(Purpose::HealthCheck)), &[HopKind::TargetSecurityGroup]), Answer::Blocked(b) if b.len() == 2)
    );
    assert_eq!(evaluate(Net::open()).purpose, Purpose::Both);
}

#[test]
fn what_was_not_read_is_never_open() {
    type Hole = (&'static str, fn(&mut Net));
    let holes: [Hole; 6] = [
        ("groups", |n| n.groups.clear()),
        ("acls", |n| n.acls.clear()),
        ("tables", |n| n.tables.clear()),
        ("subnets", |n| n.subnets.clear()),
        ("listeners", |n| n.listeners.clear()),
        ("zones", |n| n.balancer.zones.clear()),
    ];
    // A rule by address needs the balancer's addresses.
    let net = Net::open().sg("sg-t", &["in tcp 8080 10.0.0.0/16"]);
    for (name, hole) in holes {
        assert_eq!(answer(&evaluate(net.clone().with(hole))), "cannot tell", "{name}");
    }
    let denied = Gap {
        area: Area::Network,
        subject: "ec2:DescribeNetworkAcls".into(),
        reason: Reason::Denied,
        action: Some("ec2:DescribeNetworkAcls".into()),
        detail: "not allowed".into(),
    };
    let way = evaluate(net.with(|n| n.acls.clear()).with(|n| n.gaps.push(denied)));
    assert!(way.sentence().en.contains("ec2:DescribeNetworkAcls") && way.sentence().en.contains("not allowed"), "{}", way.sentence());
}

#[test]
fn sentences_say_what_stops_what() {
    let way = evaluate(Net::open().sg("sg-t", &["in tcp 80 sg-lb", "in tcp 8080 10.0.0.0/24"]));
    assert_eq!(
        way.sentence().en,
        "i-1:8080: blocked from 1 of 2 balancer subnets: no inbound rule of sg-t lets 10.0.1.0/24 port 8080 in; it allows tcp 80 ← sg-lb (sgr-sg-t-0); tcp 8080 ← 10.0.0.0/24 (sgr-sg-t-1)"
    );
}

/// A random network: ranges and ports by their index in the tables below.
#[derive(Clone, Debug)]
struct Wild {
    sg_in: Vec<(usize, u16, u16)>,
    acl_in: Vec<Entry>,
    acl_out: Vec<Entry>,
    /// (range, alive)
    back: Vec<(usize, bool)>,
}

#[derive(Clone, Debug)]
struct Entry {
    number: u32,
    allow: bool,
    tcp: bool,
    range: usize,
    ports: (u16, u16),
}

/// Ranges inside 10.0.0.0/28, the balancer's one subnet there.
const RANGES: [&str; 8] =
    ["10.0.0.0/28", "10.0.0.0/29", "10.0.0.8/29", "10.0.0.4/30", "10.0.0.6/31", "10.0.0.3/32", "0.0.0.0/0", "192.168.0.0/16"];
const EDGES: [u16; 8] = [0, 80, 1024, 1025, 8080, 8081, 32768, 65535];

fn wild() -> impl Strategy<Value = Wild> {
    let ports = || (0usize..8, 0usize..8).prop_map(|(a, b)| (EDGES[a.min(b)], EDGES[a.max(b)]));
    let group = (0usize..8, ports()).prop_map(|(r, (a, b))| (r, a, b));
    let entry = move || {
        (1u32..50, any::<bool>(), any::<bool>(), 0usize..8, ports()).prop_map(|(number, allow, tcp, range, ports)| Entry {
            number,
            allow,
            tcp,
            range,
            ports,
        })
    };
    let entries = move || {
        proptest::collection::vec(entry(), 0..6).prop_map(|mut all| {
            all.sort_by_key(|e| e.number);
            all.dedup_by_key(|e| e.number);
            all
        })
    };
    let routes = proptest::collection::btree_map(0usize..8, any::<bool>(), 0..5).prop_map(|m| m.into_iter().collect());
    (proptest::collection::vec(group, 0..5), entries(), entries(), routes).prop_map(|(sg_in, acl_in, acl_out, back)| Wild {
        sg_in,
        acl_in,
        acl_out,
        back,
    })
}

/// Whether a CIDR covers an address, the schoolbook way.
fn covers(range: usize, ip: u32) -> bool {
    let (net, length) = RANGES[range].split_once('/').unwrap();
    let net = u32::from(net.parse::<std::net::Ipv4Addr>().unwrap());
    let mask = if length == "0" { 0 } else { u32::MAX << (32 - length.parse::<u32>().unwrap()) };
    net & mask == ip & mask
}

fn slow_acl(entries: &[Entry], ip: u32, port: u16) -> bool {
    let speaks = |e: &&Entry| e.tcp && covers(e.range, ip) && (e.ports.0..=e.ports.1).contains(&port);
    entries.iter().find(speaks).is_some_and(|e| e.allow)
}

fn slow_route(routes: &[(usize, bool)], ip: u32) -> bool {
    let length = |r: usize| RANGES[r].split_once('/').unwrap().1.parse::<u32>().unwrap();
    let best = routes.iter().filter(|(r, _)| covers(*r, ip)).max_by_key(|(r, _)| length(*r));
    best.is_some_and(|(_, alive)| *alive)
}

fn net_of(wild: &Wild) -> Net {
    let text = |e: &Entry, way: &str| {
        let (verb, protocol) = (if e.allow { "allow" } else { "deny" }, if e.tcp { "tcp" } else { "udp" });
        format!("{way} {} {verb} {protocol} {}-{} {}", e.number, e.ports.0, e.ports.1, RANGES[e.range])
    };
    let entries: Vec<_> = wild.acl_in.iter().map(|e| text(e, "in")).chain(wild.acl_out.iter().map(|e| text(e, "out"))).collect();
    let rules: Vec<_> = wild.sg_in.iter().map(|(r, a, b)| format!("in tcp {a}-{b} {}", RANGES[*r])).collect();
    let routes: Vec<_> =
        wild.back.iter().map(|(r, alive)| format!("{} {}", RANGES[*r], if *alive { "local" } else { "eni-1 blackhole" })).collect();
    let texts = |all: &'static [String]| all.iter().map(String::as_str).collect::<Vec<_>>();
    let leak = |all: Vec<String>| texts(Box::leak(all.into_boxed_slice()));
    Net::open().sg("sg-t", &leak(rules)).acl("subnet-t", &leak(entries)).routes("subnet-t", &leak(routes)).with(|n| {
        n.balancer.zones.truncate(1);
        n.subnets[0].cidr = "10.0.0.0/28".into();
    })
}

/// `Some(true)` all, `Some(false)` none, `None` some.
fn all_or_none(outcomes: impl IntoIterator<Item = bool>) -> Option<bool> {
    let all: Vec<_> = outcomes.into_iter().collect();
    let first = all[0];
    all.iter().all(|o| *o == first).then_some(first)
}

fn fast(way: &PathResult, kind: HopKind) -> Option<bool> {
    let hop = way.hops().find(|(_, h)| h.kind == kind).unwrap().1;
    match &hop.verdict {
        Verdict::Open { .. } => Some(true),
        Verdict::Blocked { partly, .. } => (!partly).then_some(false),
        Verdict::CannotTell { why } => panic!("{kind:?}: {why}"),
    }
}

proptest! {
    #[test]
    fn agrees_with_one_packet_at_a_time(wild in wild()) {
        let way = evaluate(net_of(&wild));
        let nodes: Vec<u32> = (0..16).map(|n| u32::from_be_bytes([10, 0, 0, n])).collect();
        // A rule's edges and their neighbours are every place where the answer can change.
        let ports: Vec<u16> = EDGES.iter().flat_map(|e| [e.saturating_sub(1), *e, e.saturating_add(1)]).filter(|p| *p >= 1024).collect();
        let sg = all_or_none(nodes.iter().map(|ip| wild.sg_in.iter().any(|(r, a, b)| covers(*r, *ip) && (*a..=*b).contains(&8080))));
        prop_assert_eq!(fast(&way, HopKind::TargetSecurityGroup), sg);
        prop_assert_eq!(fast(&way, HopKind::TargetAclIn), all_or_none(nodes.iter().map(|ip| slow_acl(&wild.acl_in, *ip, 8080))));
        let answers = nodes.iter().flat_map(|ip| ports.iter().map(|p| slow_acl(&wild.acl_out, *ip, *p)));
        prop_assert_eq!(fast(&way, HopKind::TargetAclOut), all_or_none(answers));
        prop_assert_eq!(fast(&way, HopKind::RouteBack), all_or_none(nodes.iter().map(|ip| slow_route(&wild.back, *ip))));
    }
}

fn event(time: &str, name: &str, asked: serde_json::Value) -> Event {
    Event {
        id: format!("{time}{name}"),
        at: format!("2026-11-20T{time}Z").parse().unwrap(),
        end: None,
        source: EventSource::CloudTrail,
        name: name.into(),
        service: "ec2.amazonaws.com".into(),
        actor: Actor::default(),
        resources: vec![],
        summary: "".into(),
        error: None,
        raw: Some(serde_json::json!({ "requestParameters": asked })),
    }
}

fn at(net: Net, events: Vec<Event>, time: &str) -> String {
    let mut case = net.case();
    let now = "2026-11-20T04:00:00Z".parse().unwrap();
    case.absorb(Fact { at: now, origin: None, what: What::Events(events) });
    let ways = path::evaluate_at(&case, format!("2026-11-20T{time}Z").parse().unwrap());
    answer(&ways[0])
}

#[test]
fn a_rule_that_was_removed_and_put_back() {
    let rule = serde_json::json!({"groupId": "sg-t", "ipPermissions": {"items": [
        {"ipProtocol": "tcp", "fromPort": 8080, "toPort": 8080, "groups": {"items": [{"groupId": "sg-lb"}]}, "ipRanges": {}}]}});
    let events = || {
        vec![
            event("02:11:05", "RevokeSecurityGroupIngress", rule.clone()),
            event("02:38:00", "AuthorizeSecurityGroupIngress", rule.clone()),
        ]
    };
    assert_eq!(at(Net::open(), events(), "02:10:00"), "open");
    assert_eq!(at(Net::open(), events(), "02:12:00"), both("TargetSecurityGroup", "sg-t"));
    assert_eq!(at(Net::open(), events(), "02:40:00"), "open");
    let removed = Net::open().sg("sg-t", &[]);
    assert_eq!(at(removed.clone(), vec![event("02:11:05", "RevokeSecurityGroupIngress", rule.clone())], "02:10:00"), "open");
    let mut refused = event("02:11:05", "RevokeSecurityGroupIngress", rule);
    refused.error = Some("Client.UnauthorizedOperation".into());
    assert_eq!(at(removed, vec![refused], "02:10:00"), both("TargetSecurityGroup", "sg-t"));
}

#[test]
fn an_acl_entry_that_came_and_went() {
    let made = serde_json::json!({"networkAclId": "acl-1", "ruleNumber": 90, "egress": false, "ruleAction": "deny", "aclProtocol": "6",
        "cidrBlock": "10.0.1.0/24", "portRange": {"from": 8080, "to": 8080}});
    let gone = serde_json::json!({"networkAclId": "acl-1", "ruleNumber": 90, "egress": false});
    let events = vec![event("02:11:05", "CreateNetworkAclEntry", made), event("02:38:00", "DeleteNetworkAclEntry", gone.clone())];
    assert_eq!(at(Net::open(), events.clone(), "02:10:00"), "open");
    assert_eq!(at(Net::open(), events, "02:12:00"), "TargetAclIn@subnet-lb-b acl-1 rule 90");
    // Nothing tells what was deleted here.
    assert_eq!(at(Net::open(), vec![event("02:38:00", "DeleteNetworkAclEntry", gone)], "02:12:00"), "cannot tell");
}

#[test]
fn a_route_that_came_late_and_groups_that_were_swapped() {
    let route = serde_json::json!({"routeTableId": "rtb-own", "destinationCidrBlock": "10.0.0.0/16", "gatewayId": "local"});
    let net = Net::open().routes("subnet-lb-a", &["10.0.0.0/16 local"]);
    assert_eq!(at(net, vec![event("02:38:00", "CreateRoute", route)], "02:12:00"), "RouteOut@subnet-lb-a rtb-own");
    let swap = serde_json::json!({"instanceId": "i-1", "groupSet": {"items": [{"groupId": "sg-t"}]}});
    assert_eq!(at(Net::open(), vec![event("02:38:00", "ModifyInstanceAttribute", swap)], "02:12:00"), "cannot tell");
    let other = serde_json::json!({"instanceId": "i-1", "instanceType": {"value": "m7g.large"}});
    assert_eq!(at(Net::open(), vec![event("02:38:00", "ModifyInstanceAttribute", other)], "02:12:00"), "open");
}
