//! Who is to be reached: the targets of now and those that the access log still remembers.

use crate::accesslog::{AccessLog, RequestRow};
use crate::case::health::TargetHealth;
use crate::case::network::Interface;
use crate::case::topology::{Instance, TargetGroup, short_name};
use crate::case::{Case, Derive};
use crate::path::traffic::Addresses;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// One registered address and port of one group, with where it lives as far as that is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Endpoint {
    /// ARN of the target group.
    pub group: String,
    /// Instance id or address, as registered.
    pub id: String,
    pub address: Option<IpAddr>,
    /// The traffic port.
    pub port: u16,
    /// What the health check asks, if checks are on.
    pub health_check_port: Option<u16>,
    pub subnet: Option<String>,
    pub zone: Option<String>,
    pub security_groups: Vec<String>,
    /// `eni-…` or, where only the instance was read, `i-…`.
    pub owner: Option<String>,
    /// The interface is not attached to anything.
    pub detached: bool,
    /// Not registered any more.
    pub gone: bool,
}

impl Endpoint {
    /// `i-0ab:8080`
    pub fn name(&self) -> String {
        format!("{}:{}", self.id, self.port)
    }

    /// Address and port for traffic and, where it is another, for the health check.
    pub fn sockets(&self) -> Vec<SocketAddr> {
        let other = self.health_check_port.filter(|p| *p != self.port);
        let ports = std::iter::once(self.port).chain(other);
        self.address.map(|a| ports.map(|p| SocketAddr::new(a, p)).collect()).unwrap_or_default()
    }

    /// `10.0.1.5:8080`, as access logs write it.
    pub fn log_name(&self) -> Option<String> {
        Some(log_name(self.address?, self.port))
    }
}

/// An address and port as access logs write them.
pub fn log_name(address: IpAddr, port: u16) -> String {
    SocketAddr::new(address, port).to_string()
}

/// Every target of then and of now, each once. Lambda functions and balancers have no port to reach.
pub fn endpoints(case: &Case) -> Arc<Endpoints> {
    case.derived()
}

/// See [`endpoints`].
#[derive(PartialEq)]
pub struct Endpoints(pub Vec<Endpoint>);

impl Derive for Endpoints {
    fn from(case: &Case) -> Self {
        Self(find(case))
    }
}

/// See [`endpoints`].
pub(super) fn find(case: &Case) -> Vec<Endpoint> {
    let homes = Homes::of(case);
    let groups: BTreeMap<&str, &TargetGroup> = case.target_groups.iter().map(|g| (g.arn.as_str(), g)).collect();
    let reachable = |g: &&TargetGroup| matches!(g.target_type.as_str(), "instance" | "ip");
    let mut all: Vec<_> = case
        .target_health
        .values()
        .filter_map(|t| registered(t, groups.get(t.target_group.as_str()).copied().filter(|g| reachable(g))?, &homes))
        .collect();
    let now: BTreeSet<_> = all.iter().filter_map(|e| Some((e.group.clone(), e.log_name()?))).collect();
    all.extend(remembered(case).into_iter().filter_map(|(group, name)| {
        let group = case.target_groups.iter().filter(reachable).find(|g| short_name(&g.arn) == group || *g.name == *group)?;
        if now.contains(&(group.arn.clone(), name.clone())) { None } else { gone(&name, group, &homes) }
    }));
    all
}

/// (group name, `address:port`) of everything requests were sent to.
fn remembered(case: &Case) -> BTreeSet<(String, String)> {
    let Some(log) = &case.access_log else { return BTreeSet::new() };
    let failed = log.failures.iter().map(|r| (&r.group, &r.target));
    let sent = log.requests.iter().map(|r| (&r.group, &r.target));
    let each: HashSet<(&String, &String)> = failed.chain(sent).filter(|(_, t)| *t != "-").collect();
    each.into_iter().map(|(g, t)| (g.clone(), t.clone())).collect()
}

/// The access log without its counts: who was sent to, one row each.
pub(super) fn names_only(case: &Case) -> Option<AccessLog> {
    let minute = case.access_log.as_ref()?.window.map(|w| w.start).unwrap_or_default();
    let row = |(group, target)| RequestRow { minute, target, group, ok: 0, failed: 0, syn_retries: 0 };
    Some(AccessLog { requests: remembered(case).into_iter().map(row).collect(), ..AccessLog::default() })
}

fn registered(target: &TargetHealth, group: &TargetGroup, homes: &Homes) -> Option<Endpoint> {
    let port = target.port.or(group.port)?;
    let blank = Endpoint { group: group.arn.clone(), id: target.id.clone(), port, zone: target.zone.clone(), ..Endpoint::default() };
    let checked = target.health_check_port.unwrap_or_else(|| group.health_check.port_for(port));
    let mut endpoint = Endpoint { health_check_port: group.health_check.enabled.then_some(checked), ..blank };
    if group.target_type == "ip" {
        endpoint.address = target.id.parse().ok();
        homes.settle(&mut endpoint);
    } else if let Some(instance) = homes.instances.get(target.id.as_str()) {
        endpoint.address = address_of(instance, group);
        live_in(&mut endpoint, instance);
        homes.settle(&mut endpoint);
    }
    Some(endpoint)
}

fn address_of(instance: &Instance, group: &TargetGroup) -> Option<IpAddr> {
    let v6 = group.ip_address_type.as_deref() == Some("ipv6");
    if v6 { instance.ipv6.first()?.parse().ok() } else { instance.private_ip.as_ref()?.parse().ok() }
}

fn gone(name: &str, group: &TargetGroup, homes: &Homes) -> Option<Endpoint> {
    let socket: SocketAddr = name.parse().ok()?;
    let mut endpoint = Endpoint {
        group: group.arn.clone(),
        id: socket.ip().to_string(),
        address: Some(socket.ip()),
        port: socket.port(),
        health_check_port: group.health_check.enabled.then(|| group.health_check.port_for(socket.port())),
        gone: true,
        ..Endpoint::default()
    };
    if let Some(instance) = homes.by_address.get(&socket.ip()) {
        endpoint.id.clone_from(&instance.id);
        live_in(&mut endpoint, instance);
    }
    homes.settle(&mut endpoint);
    Some(endpoint)
}

/// What the instance says of its home; its interface may know better.
fn live_in(endpoint: &mut Endpoint, instance: &Instance) {
    let some = |s: &String| (!s.is_empty()).then(|| s.clone());
    endpoint.owner = Some(instance.id.clone());
    endpoint.security_groups.clone_from(&instance.security_groups);
    endpoint.subnet = some(&instance.subnet);
    endpoint.zone = some(&instance.zone).or_else(|| endpoint.zone.take());
}

/// Who has which address.
struct Homes<'a> {
    case: &'a Case,
    instances: BTreeMap<&'a str, &'a Instance>,
    by_address: BTreeMap<IpAddr, &'a Instance>,
    interfaces: BTreeMap<IpAddr, &'a Interface>,
}

impl<'a> Homes<'a> {
    fn of(case: &'a Case) -> Self {
        let parse = |ip: &String| ip.parse::<IpAddr>().ok();
        let of_instance = |i: &'a Instance| i.private_ip.iter().chain(&i.ipv6).filter_map(parse).map(move |ip| (ip, i)).collect::<Vec<_>>();
        let of_interface =
            |i: &'a Interface| std::iter::once(&i.private_ip).chain(&i.ipv6).filter_map(parse).map(move |ip| (ip, i)).collect::<Vec<_>>();
        Self {
            case,
            instances: case.instances.iter().map(|(id, i)| (id.as_str(), i)).collect(),
            by_address: case.instances.values().flat_map(of_instance).collect(),
            interfaces: case.interfaces.values().flat_map(of_interface).collect(),
        }
    }

    /// Fills in what the interface with the endpoint's address tells, or the subnet around it.
    fn settle(&self, endpoint: &mut Endpoint) {
        let Some(address) = endpoint.address else { return };
        if let Some(interface) = self.interfaces.get(&address) {
            endpoint.owner = Some(interface.id.clone());
            endpoint.detached = interface.status == "available";
            endpoint.security_groups.clone_from(&interface.security_groups);
            endpoint.subnet = Some(interface.subnet.clone());
            endpoint.zone = Some(interface.zone.clone());
        } else if let Some(subnet) = self.case.subnets.values().find(|s| in_subnet(&s.cidr, &s.ipv6_cidrs, address)) {
            endpoint.subnet.get_or_insert_with(|| subnet.id.clone());
            endpoint.zone.get_or_insert_with(|| subnet.zone.clone());
        }
    }
}

fn in_subnet(v4: &str, v6: &[String], address: IpAddr) -> bool {
    std::iter::once(v4).chain(v6.iter().map(String::as_str)).filter_map(Addresses::parse).any(|a| a.contains(address))
}
