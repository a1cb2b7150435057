//! Each place on the way: what listener, zones, addresses, security groups, ACLs and routes say of one target.

use super::target::Endpoint;
use super::traffic::{Addresses, Ports, Traffic};
use super::{Hop, HopKind, Leg, Verdict, missing, routes, rules, unread};
use crate::case::Case;
use crate::case::topology::{TargetGroup, Zone, dimension_of, short_name};
use crate::exchange::Area;
use crate::say;
use crate::text::Text;
use std::collections::HashMap;
use std::net::IpAddr;

pub(super) fn listener(case: &Case, group: &str) -> Verdict {
    if case.listeners.is_empty() {
        return Verdict::CannotTell { why: missing(case, Area::Balancer, "elasticloadbalancing:DescribeRules", "listeners") };
    }
    let rules = case.listeners.iter().flat_map(|l| l.rules.iter().map(move |r| (l.port, r)));
    let mut forwards: Vec<_> =
        rules.flat_map(|(port, r)| r.forwards.iter().map(move |f| (port, r, f))).filter(|(_, _, f)| f.target_group == group).collect();
    // A single target group takes everything, whatever its weight says.
    forwards.sort_by_key(|(_, r, f)| std::cmp::Reverse(if r.forwards.len() == 1 { u32::MAX } else { f.weight }));
    match forwards.first() {
        Some((port, r, f)) if f.weight > 0 || r.forwards.len() == 1 => {
            Verdict::Open { by: format!("listener {port}, rule {}", r.priority) }
        }
        Some((port, r, _)) => Verdict::Blocked {
            rule: format!("listener {port}, rule {}", r.priority),
            words: say!("every rule that names this group gives it weight 0", "mọi luật nêu group này đều cho trọng số 0"),
            partly: false,
        },
        None => Verdict::Blocked {
            rule: short_name(group).into(),
            words: say!("no listener rule forwards to this group", "không luật listener nào chuyển tới group này"),
            partly: false,
        },
    }
}

pub(super) fn zone(case: &Case, target: &Endpoint) -> Verdict {
    let zones = case.load_balancer.as_ref().map(|lb| lb.zones.as_slice()).unwrap_or_default();
    match &target.zone {
        _ if zones.is_empty() => {
            Verdict::CannotTell { why: missing(case, Area::Balancer, "elasticloadbalancing:DescribeLoadBalancers", "the balancer's zones") }
        }
        None => Verdict::CannotTell { why: say!("the target's zone is not known", "không biết zone của target") },
        // Addresses outside the network are registered for all zones.
        Some(zone) if zone == "all" || zones.iter().any(|z| z.name == *zone) => Verdict::Open { by: zone.clone() },
        Some(zone) => Verdict::Blocked {
            rule: zone.clone(),
            words: say!(
                "{zone} is not enabled for the balancer, so its targets get nothing",
                "{zone} chưa được bật cho load balancer nên target ở đó không nhận gì"
            ),
            partly: false,
        },
    }
}

pub(super) fn address(case: &Case, target: &Endpoint) -> Verdict {
    let id = &target.id;
    match (&target.owner, target.address) {
        (Some(owner), Some(address)) if target.detached => Verdict::Blocked {
            rule: owner.clone(),
            words: say!("{address} belongs to {owner}, which is attached to nothing", "{address} thuộc {owner}, không gắn vào đâu cả"),
            partly: false,
        },
        (Some(owner), Some(_)) => Verdict::Open { by: owner.clone() },
        (Some(owner), None) => {
            Verdict::CannotTell { why: say!("the address of {owner} is not known", "không biết địa chỉ của {owner}") }
        }
        (None, _) if target.gone => Verdict::CannotTell {
            why: say!(
                "{id} is not registered any more and nothing has its address now",
                "{id} không còn đăng ký và nay không gì mang địa chỉ này"
            ),
        },
        (None, Some(address)) if target.subnet.is_some() && interfaces_were_read(case) => Verdict::Blocked {
            rule: address.to_string(),
            words: say!("no network interface has the address {address}", "không network interface nào mang địa chỉ {address}"),
            partly: false,
        },
        (None, Some(_)) if interfaces_were_read(case) => {
            Verdict::CannotTell { why: say!("{id} lies outside the subnets that were read", "{id} nằm ngoài các subnet đã đọc") }
        }
        (None, Some(_)) => Verdict::CannotTell { why: unread(case, "ec2:DescribeNetworkInterfaces", id) },
        (None, None) => Verdict::CannotTell { why: missing(case, Area::Instances, "ec2:DescribeInstances", id) },
    }
}

fn interfaces_were_read(case: &Case) -> bool {
    let unread = super::gap_of(case, Area::Network, "ec2:DescribeNetworkInterfaces").is_some();
    !unread && !case.is_waiting_for(Area::Network) && !case.interfaces.is_empty()
}

/// The balancer subnets that send to this target: with cross-zone off only those of its own zone.
pub(super) fn sending_zones<'a>(case: &'a Case, target: &Endpoint, group: Option<&TargetGroup>) -> Vec<&'a Zone> {
    let zones = case.load_balancer.as_ref().map(|lb| lb.zones.as_slice()).unwrap_or_default();
    let cross = group.and_then(|g| g.attributes.get("load_balancing.cross_zone.enabled")).is_none_or(|v| v != "false");
    let own: Vec<_> = zones.iter().filter(|z| cross || target.zone.as_ref().is_none_or(|t| *t == z.name)).collect();
    if own.is_empty() { zones.iter().collect() } else { own }
}

/// A case's network, with what every way needs of it looked up before.
pub(super) struct Network<'a> {
    pub case: &'a Case,
    /// Where the balancer's nodes are now, by subnet and whether those are IPv6 addresses.
    nodes: HashMap<(&'a str, bool), Vec<Addresses>>,
}

impl<'a> Network<'a> {
    pub fn of(case: &'a Case) -> Self {
        let mut nodes: HashMap<_, Vec<Addresses>> = HashMap::new();
        let named = case.load_balancer.as_ref().map(|lb| format!("ELB {}", dimension_of(&lb.arn)));
        for node in case.interfaces.values().filter(|i| named.as_ref().is_some_and(|n| *i.description == **n)) {
            let addresses = std::iter::once(&node.private_ip).chain(&node.ipv6).filter_map(|a| a.parse::<IpAddr>().ok());
            addresses.for_each(|a| nodes.entry((node.subnet.as_str(), a.is_ipv6())).or_default().push(Addresses::one(a)));
        }
        Self { case, nodes }
    }

    /// The nodes in a subnet now, or else all of it: nodes come and go.
    fn balancer_addresses(&self, from: &str, v6: bool) -> Result<Vec<Addresses>, Text> {
        if let Some(nodes) = self.nodes.get(&(from, v6)) {
            return Ok(nodes.clone());
        }
        let subnet = self.case.subnets.get(from).ok_or_else(|| unread(self.case, "ec2:DescribeSubnets", from))?;
        let cidrs = if v6 { subnet.ipv6_cidrs.clone() } else { vec![subnet.cidr.clone()] };
        let all: Vec<_> = cidrs.iter().filter_map(|c| Addresses::parse(c)).collect();
        if all.is_empty() {
            Err(say!("{from} has no IPv6 addresses to send from", "{from} không có địa chỉ IPv6 để gửi đi"))
        } else {
            Ok(all)
        }
    }
}

pub(super) fn leg(network: &Network, zone: &Zone, target: &Endpoint, port: u16) -> Leg {
    let there = There { case: network.case, network, from: &zone.subnet, target, port };
    let hops = vec![
        Hop { kind: HopKind::BalancerSecurityGroup, verdict: there.balancer_group() },
        Hop { kind: HopKind::BalancerAclOut, verdict: there.acl(Some(&zone.subnet), true, there.to_target(Ports::one(port))) },
        Hop { kind: HopKind::RouteOut, verdict: there.route(Some(&zone.subnet), there.target_addresses()) },
        Hop { kind: HopKind::TargetAclIn, verdict: there.acl(target.subnet.as_ref(), false, there.to_balancer(Ports::one(port))) },
        Hop { kind: HopKind::TargetSecurityGroup, verdict: there.target_group() },
        Hop { kind: HopKind::TargetAclOut, verdict: there.acl(target.subnet.as_ref(), true, there.to_balancer(Ports::EPHEMERAL)) },
        Hop { kind: HopKind::RouteBack, verdict: there.route(target.subnet.as_ref(), there.balancer_addresses()) },
        Hop { kind: HopKind::BalancerAclIn, verdict: there.acl(Some(&zone.subnet), false, there.to_target(Ports::EPHEMERAL)) },
    ];
    Leg { subnet: zone.subnet.clone(), zone: zone.name.clone(), hops }
}

/// One balancer subnet and one port of one target.
struct There<'a> {
    case: &'a Case,
    network: &'a Network<'a>,
    from: &'a String,
    target: &'a Endpoint,
    port: u16,
}

impl There<'_> {
    fn balancer_groups(&self) -> &[String] {
        self.case.load_balancer.as_ref().map(|lb| lb.security_groups.as_slice()).unwrap_or_default()
    }

    fn balancer_group(&self) -> Verdict {
        let known = !self.target.security_groups.is_empty();
        let gate = rules::Gate {
            groups: self.balancer_groups(),
            egress: true,
            peers: known.then_some(&self.target.security_groups),
            whose: say!("the balancer", "load balancer"),
        };
        with(self.to_target(Ports::one(self.port)), |traffic| rules::security_groups(self.case, &gate, traffic))
    }

    fn target_group(&self) -> Verdict {
        let gate = rules::Gate {
            groups: &self.target.security_groups,
            egress: false,
            peers: Some(self.balancer_groups()),
            whose: Text::same(&self.target.id),
        };
        with(self.to_balancer(Ports::one(self.port)), |traffic| rules::security_groups(self.case, &gate, traffic))
    }

    /// ACLs are asked only where a packet crosses the edge of a subnet.
    fn acl(&self, subnet: Option<&String>, egress: bool, traffic: Result<Traffic, Text>) -> Verdict {
        match subnet {
            _ if self.target.subnet.as_ref() == Some(self.from) => Verdict::Open { by: format!("{} (same subnet)", self.from) },
            None => Verdict::CannotTell { why: self.no_subnet() },
            Some(subnet) => with(traffic, |traffic| rules::acl(self.case, subnet, egress, traffic)),
        }
    }

    fn route(&self, subnet: Option<&String>, to: Result<Vec<Addresses>, Text>) -> Verdict {
        let vpc = |s: &String| self.case.subnets.get(s).map(|s| s.vpc.clone()).filter(|v| !v.is_empty());
        let vpc = subnet.and_then(vpc).or_else(|| self.case.load_balancer.as_ref().map(|lb| lb.vpc.clone())).unwrap_or_default();
        match subnet {
            None => Verdict::CannotTell { why: self.no_subnet() },
            Some(subnet) => with(to, |to| routes::route(self.case, subnet, &vpc, &to)),
        }
    }

    fn no_subnet(&self) -> Text {
        let id = &self.target.id;
        say!("the subnet of {id} is not known", "không biết subnet của {id}")
    }

    fn target_addresses(&self) -> Result<Vec<Addresses>, Text> {
        let id = &self.target.id;
        let unknown = || say!("the address of {id} is not known", "không biết địa chỉ của {id}");
        self.target.address.map(|a| vec![Addresses::one(a)]).ok_or_else(unknown)
    }

    fn balancer_addresses(&self) -> Result<Vec<Addresses>, Text> {
        self.network.balancer_addresses(self.from, self.target.address.is_some_and(|a| a.is_ipv6()))
    }

    fn to_target(&self, ports: Ports) -> Result<Traffic, Text> {
        Ok(Traffic::new(self.target_addresses()?, ports))
    }

    fn to_balancer(&self, ports: Ports) -> Result<Traffic, Text> {
        Ok(Traffic::new(self.balancer_addresses()?, ports))
    }
}

/// What follows from something known, or why it is not.
fn with<T>(known: Result<T, Text>, then: impl FnOnce(T) -> Verdict) -> Verdict {
    known.map_or_else(|why| Verdict::CannotTell { why }, then)
}
