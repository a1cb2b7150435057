//! The balancer's path by name: targets of then and of now, their network, the balancer, the fleet. As
//! much of it as is known yet; what is not known turns nothing away.

use super::{Kind, Relation, kinds};
use crate::accesslog::Roster;
use crate::case::Case;
use crate::case::events::{Event, EventSource};
use crate::case::network::{NetworkAcl, RouteTable};
use crate::case::topology::{Instance, dimension_of, short_name};
use crate::changes::cloudtrail::is_id;
use crate::changes::json::{at, get, items, text, words};
use std::collections::{BTreeMap, BTreeSet};

/// Names of everything on the path, each with its nearest relation.
#[derive(Debug, Default)]
pub(super) struct Path<'a> {
    places: BTreeMap<String, Relation>,
    vpcs: BTreeSet<String>,
    /// Security groups of the same network that are on no path.
    others: BTreeSet<&'a str>,
    zones: BTreeSet<&'a str>,
    region: Option<&'a str>,
    alarm: BTreeSet<&'a str>,
    instances: Vec<&'a Instance>,
    topology_known: bool,
}

impl<'a> Path<'a> {
    pub(super) fn of(case: &'a Case) -> Self {
        let mut path = Self {
            region: case.identity.as_ref().map(|i| i.region.as_str()).filter(|r| !r.is_empty()),
            instances: case.instances.values().collect(),
            topology_known: case.load_balancer.is_some() || !case.target_groups.is_empty(),
            ..Self::default()
        };
        path.add_balancer(case);
        path.add_groups(case);
        path.add_targets(case);
        path.add_networks(case);
        path.add_from_events(case);
        path.others = case.security_groups.values().filter(|g| path.vpcs.contains(&g.vpc)).map(|g| g.id.as_str()).collect();
        path.alarm = case.alarm.iter().flat_map(|a| [&*a.name, a.arn.as_str()]).filter(|n| !n.is_empty()).collect();
        path
    }

    fn add(&mut self, name: impl AsRef<str> + Into<String>, relation: Relation) {
        if let Some(known) = self.places.get_mut(name.as_ref()) {
            *known = relation.min(*known);
        } else if !name.as_ref().is_empty() {
            self.places.insert(name.into(), relation);
        }
    }

    fn add_balancer(&mut self, case: &'a Case) {
        let Some(lb) = &case.load_balancer else { return };
        self.add(core(&lb.arn), Relation::Balancer);
        self.vpcs.insert(lb.vpc.clone());
        self.zones.extend(lb.zones.iter().map(|z| z.name.as_str()));
        lb.security_groups.iter().for_each(|g| self.add(g, Relation::BalancerNetwork));
        lb.zones.iter().for_each(|z| self.add(&z.subnet, Relation::BalancerNetwork));
        self.add_stack(lb.tags.get("aws:cloudformation:stack-name").map(|t| &**t));
        let owned = format!("ELB {}", core(&lb.arn));
        case.interfaces.values().filter(|i| *i.description == *owned).for_each(|i| self.add(&i.id, Relation::BalancerNetwork));
    }

    fn add_groups(&mut self, case: &'a Case) {
        let asked: BTreeSet<&str> = case.groups_in_question().iter().map(|g| g.arn.as_str()).collect();
        for group in &case.target_groups {
            let relation = if asked.contains(group.arn.as_str()) { Relation::TargetGroup } else { Relation::Balancer };
            self.add(dimension_of(&group.arn), relation);
            self.add(format!("targetgroup/{}", group.name), relation);
            self.vpcs.extend(group.vpc.clone());
            self.add_stack(group.tags.get("aws:cloudformation:stack-name").map(|t| &**t));
        }
    }

    fn add_targets(&mut self, case: &'a Case) {
        case.target_health.values().for_each(|t| self.add(&t.id, Relation::Target));
        let host = |target: &str| target.rsplit_once(':').map_or(target, |(host, _)| host).to_owned();
        case.health_checks.iter().for_each(|h| self.add(host(&h.target), Relation::Target));
        let logged = case.derived::<Roster>();
        logged.names().filter(|name| *name != "-").for_each(|name| self.add(host(name), Relation::Target));
        let measured = case.series.of("CPUUtilization").chain(case.series.of("StatusCheckFailed"));
        measured.filter_map(|(key, _)| key.instance()).for_each(|id| self.add(id, Relation::Target));
        for i in case.instances.values() {
            self.add(&i.id, Relation::Target);
            i.private_ip.iter().chain(&i.ipv6).for_each(|ip| self.add(ip, Relation::Target));
            i.security_groups.iter().for_each(|g| self.add(g, Relation::TargetNetwork));
            self.add(&i.subnet, Relation::TargetNetwork);
            self.vpcs.insert(i.vpc.clone());
            i.auto_scaling_group.iter().for_each(|g| self.add(fleet("autoscaling", g), Relation::Fleet));
            self.add_tags(i);
        }
    }

    fn add_tags(&mut self, instance: &Instance) {
        let tag = |key: &str| instance.tags.get(key).map(|t| &**t);
        self.add_stack(tag("aws:cloudformation:stack-name"));
        for (key, domain) in [("eks:nodegroup-name", "eks"), ("elasticbeanstalk:environment-name", "elasticbeanstalk")] {
            self.add(fleet(domain, tag(key).unwrap_or_default()), Relation::Fleet);
        }
        self.add(tag("aws:ec2launchtemplate:id").unwrap_or_default(), Relation::Fleet);
    }

    fn add_stack(&mut self, stack: Option<&str>) {
        self.add(fleet("cloudformation", stack.unwrap_or_default()), Relation::Fleet);
    }

    fn add_networks(&mut self, case: &'a Case) {
        let on_path = |name: &str, all: &BTreeMap<String, Relation>| all.get(name).copied();
        for i in case.interfaces.values() {
            let of_target = i.instance.as_deref().or(Some(&i.private_ip)).and_then(|n| on_path(n, &self.places)) == Some(Relation::Target);
            if of_target || on_path(&i.private_ip, &self.places) == Some(Relation::Target) {
                self.add(&i.id, Relation::TargetNetwork);
                self.add(&i.subnet, Relation::TargetNetwork);
                i.security_groups.iter().for_each(|g| self.add(g, Relation::TargetNetwork));
            }
        }
        case.network_acls.values().for_each(|acl| self.add_acl(acl));
        case.route_tables.values().for_each(|table| self.add_table(table, &case.route_tables));
        self.vpcs.retain(|vpc| !vpc.is_empty());
    }

    fn nearest(&self, subnets: &[String]) -> Option<Relation> {
        subnets.iter().filter_map(|s| self.places.get(s)).min().copied()
    }

    fn add_acl(&mut self, acl: &NetworkAcl) {
        if let Some(relation) = self.nearest(&acl.subnets) {
            self.add(&acl.id, relation);
        }
    }

    /// The main table holds for subnets that no other table names.
    fn add_table(&mut self, table: &RouteTable, all: &BTreeMap<String, RouteTable>) {
        let explicit: BTreeSet<&String> = all.values().flat_map(|t| &t.subnets).collect();
        let leftover = || self.places.iter().filter(|(n, _)| n.starts_with("subnet-") && !explicit.contains(n)).map(|(_, r)| *r).min();
        let relation = self.nearest(&table.subnets).or_else(|| leftover().filter(|_| table.main && self.vpcs.contains(&table.vpc)));
        if let Some(relation) = relation {
            self.add(&table.id, relation);
        }
    }

    /// Targets that are gone are known only by what happened to them.
    fn add_from_events(&mut self, case: &'a Case) {
        for event in case.events.values() {
            if matches!(&*event.name, "RegisterTargets" | "DeregisterTargets")
                && self.names(event).iter().any(|(_, r)| *r == Relation::TargetGroup)
            {
                event.resources.iter().filter(|r| !r.starts_with("arn:")).for_each(|r| self.add(&**r, Relation::Target));
            }
        }
        let services = |e: &&Event| matches!(e.source, EventSource::AutoScaling | EventSource::Ecs);
        for event in case.events.values().filter(services) {
            let domain = domain(event);
            let Some(name) = event.resources.first() else { continue };
            if self.names(event).iter().any(|(_, r)| matches!(r, Relation::Target | Relation::TargetGroup)) {
                self.add(fleet(domain, name), Relation::Fleet);
            }
        }
        for event in case.events.values().filter(services) {
            if event.resources.first().is_some_and(|name| self.places.contains_key(&fleet(domain(event), name))) {
                let targets = event.resources.iter().skip(1).filter(|r| r.starts_with("i-") || r.parse::<std::net::IpAddr>().is_ok());
                targets.for_each(|r| self.add(&**r, Relation::Target));
            }
        }
    }

    /// The places of the path that an event names.
    fn names(&self, event: &Event) -> Vec<(String, Relation)> {
        let domain = domain(event);
        let place = |name: &str| self.places.get_key_value(name).map(|(n, r)| (n.clone(), *r));
        let in_fleet = |domain: &str, name: &str| if domain.is_empty() { None } else { place(&fleet(domain, name)) };
        let found = event.resources.iter().filter_map(|r| {
            let scaling = if domain == "codedeploy" { "autoscaling" } else { "" };
            [place(core(r)), in_fleet(domain, tail(r)), in_fleet(scaling, r)].into_iter().flatten().min_by_key(|(_, relation)| *relation)
        });
        found.collect()
    }

    /// How near the event is to the path, and what of the path it touches.
    pub(super) fn relate(&self, event: &Event, kind: Kind) -> (Relation, Option<String>) {
        if kinds::region(event).zip(self.region).is_some_and(|(of, ours)| of != ours && of != "us-east-1") {
            return (Relation::Unrelated, None);
        }
        if event.source == EventSource::Alarm || event.resources.iter().any(|r| self.alarm.contains(&**r)) {
            return (Relation::Alarm, self.alarm.iter().find(|n| !n.starts_with("arn:")).map(|n| (*n).to_owned()));
        }
        if let Some((name, relation)) = self.nearest_named(event, kind) {
            return (relation, Some(said(&name)));
        }
        // The log that was given is the log of these targets.
        if event.source == EventSource::AppLog { (Relation::Fleet, None) } else { self.relate_broadly(event, kind) }
    }

    fn nearest_named(&self, event: &Event, kind: Kind) -> Option<(String, Relation)> {
        // A rule concerns the group that holds it; the groups it refers to go nowhere new.
        if let Some(group) = rule_holder(event).filter(|_| kind == Kind::SecurityGroup) {
            return self.places.get_key_value(group).map(|(n, r)| (n.clone(), *r));
        }
        let tagged = || self.instances.iter().find(|i| is_meant(event, i)).map(|i| (i.id.clone(), Relation::Target));
        self.names(event).into_iter().min_by_key(|(_, r)| *r).or_else(|| if kind == Kind::SomebodyOnTheBox { tagged() } else { None })
    }

    fn relate_broadly(&self, event: &Event, kind: Kind) -> (Relation, Option<String>) {
        let named = |set: &dyn Fn(&str) -> bool| event.resources.iter().find(|r| set(r)).map(ToString::to_string);
        if let Some(vpc) = named(&|r| self.vpcs.contains(r) || self.others.contains(r)) {
            return (Relation::Vpc, Some(vpc));
        }
        if matches!(event.source, EventSource::AwsHealth | EventSource::ZonalShift) || kind == Kind::AwsFault {
            let zone = named(&|r| self.zones.contains(r));
            let elsewhere = zone.is_none() && !self.zones.is_empty() && event.resources.iter().any(|r| self.is_other_zone(r));
            return (if elsewhere { Relation::Unrelated } else { Relation::AccountWide }, zone);
        }
        let names_targets = |r: &str| r.starts_with("targetgroup/") || r.starts_with("arn:");
        // A deployment by tags names no group: it may be to these machines.
        let untold = event.source == EventSource::CodeDeploy && !event.resources.iter().any(|r| names_targets(r));
        if kind == Kind::Other || kind == Kind::Alarm || (self.knows(kind) && !untold) {
            return (Relation::Unrelated, None);
        }
        (Relation::AccountWide, None)
    }

    fn is_other_zone(&self, name: &str) -> bool {
        let letter = name.ends_with(|c: char| c.is_ascii_lowercase());
        let region = self.region.is_some_and(|r| name.starts_with(r));
        region && letter && !self.zones.contains(name)
    }

    /// Whether enough of the path is known to say that an event of this kind is not on it.
    fn knows(&self, kind: Kind) -> bool {
        let has = |relation| self.places.values().any(|r| *r == relation);
        match kind {
            Kind::SecurityGroup => has(Relation::TargetNetwork),
            Kind::NetworkAclOrRoute => {
                let tables = |start: &str| self.places.keys().any(|n| n.starts_with(start));
                tables("acl-") && tables("rtb-")
            }
            Kind::Balancer | Kind::TargetRegistration | Kind::ZonalShift | Kind::Certificate => self.topology_known,
            Kind::Deployment => self.topology_known && (has(Relation::Target) || has(Relation::Fleet)),
            _ => has(Relation::Target),
        }
    }
}

/// `autoscaling:web`: a name says something only together with what it names.
fn fleet(domain: &str, name: &str) -> String {
    if name.is_empty() { String::new() } else { format!("{domain}:{name}") }
}

fn said(place: &str) -> String {
    let fleet = ["autoscaling:", "ecs:", "eks:", "cloudformation:", "elasticbeanstalk:"].iter().find_map(|d| place.strip_prefix(d));
    match fleet {
        Some(name) => name.to_owned(),
        None if place.starts_with("targetgroup/") || place.starts_with("app/") => short_name(place).to_owned(),
        None => place.to_owned(),
    }
}

fn domain(event: &Event) -> &'static str {
    match event.source {
        EventSource::AutoScaling => return "autoscaling",
        EventSource::Ecs => return "ecs",
        EventSource::CodeDeploy => return "codedeploy",
        _ => {}
    }
    let known = ["autoscaling", "ecs", "eks", "cloudformation", "codedeploy", "elasticbeanstalk"];
    known.into_iter().find(|d| event.service.split('.').next() == Some(d)).unwrap_or("")
}

/// What is common to the ARNs of a balancer, its listeners and their rules: `app/name/id`; of other ARNs
/// the part that dimensions use.
fn core(name: &str) -> &str {
    if !name.starts_with("arn:") {
        return name;
    }
    for kind in ["loadbalancer/app/", "listener/app/", "listener-rule/app/"] {
        if let Some(at) = name.find(kind) {
            let from = at + kind.len() - "app/".len();
            let end = name[from..].match_indices('/').nth(2).map_or(name.len(), |(i, _)| from + i);
            return &name[from..end];
        }
    }
    let tail = dimension_of(name);
    let id = tail.rsplit('/').next().unwrap_or(tail);
    if is_id(id) { id } else { tail }
}

/// The last part of an ARN or a path, without a revision: the name of a service, a group, a stack.
fn tail(name: &str) -> &str {
    if let Some((_, stack)) = name.split_once(":stack/") {
        return stack.split('/').next().unwrap_or(stack);
    }
    name.rsplit('/').next().unwrap_or(name)
}

fn rule_holder(event: &Event) -> Option<&str> {
    let raw = event.raw.as_ref()?;
    let request = get(raw, "requestParameters")?;
    text(request, "groupId").or_else(|| at(request, &["ModifySecurityGroupRulesRequest", "GroupId"])?.as_str())
}

/// Whether a command is sent to the instance by a tag: `{"key": "tag:Role", "values": ["web"]}`.
fn is_meant(event: &Event, instance: &Instance) -> bool {
    let request = event.raw.as_ref().and_then(|r| get(r, "requestParameters"));
    request.map(|r| items(r, "targets")).unwrap_or_default().into_iter().any(|target| {
        let tag = text(target, "key").and_then(|k| k.strip_prefix("tag:"));
        let value = tag.and_then(|t| instance.tags.get(t));
        value.is_some_and(|v| words(target, "values").iter().any(|w| *w == **v))
    })
}
