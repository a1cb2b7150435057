//! What people changed on the way: the events that can open or close it, and the network as it stood at
//! an earlier time, by undoing them. What an event does not tell becomes unknown, never assumed.

mod undo;

use super::target::{self, Endpoint, endpoints};
use super::{PathResult, evaluate};
use crate::case::Case;
use crate::case::events::{Event, EventSource};
use crate::changes::calls::is_on_the_way;
use crate::time::Time;
use std::collections::BTreeSet;

/// Changes of ids on the way that took effect, in order of time.
pub fn changes(case: &Case) -> Vec<&Event> {
    let ids = ids_on_the_way(case, &endpoints(case));
    let done = |e: &&Event| e.source == EventSource::CloudTrail && e.error.is_none() && is_on_the_way(&e.name) && about_groups(e);
    case.events.values().filter(done).filter(|e| !touched(e, &ids).is_empty()).collect()
}

/// Instances and interfaces have many attributes; only their security groups are on the way.
fn about_groups(event: &Event) -> bool {
    let asked = event.raw.as_ref().and_then(|r| r.get("requestParameters"));
    !event.name.ends_with("Attribute") || asked.is_none_or(|a| a.get("groupSet").is_some())
}

/// The ids of the way that an event names.
pub fn touched<'a>(event: &Event, ids: &'a BTreeSet<String>) -> Vec<&'a str> {
    let named = |id: &&String| event.resources.iter().any(|r| **r == ***id || r.ends_with(&format!("/{id}")));
    let listed: Vec<_> = ids.iter().filter(named).map(String::as_str).collect();
    if !listed.is_empty() {
        return listed;
    }
    let raw = event.raw.as_ref().and_then(|r| r.get("requestParameters")).map(ToString::to_string).unwrap_or_default();
    ids.iter().filter(|id| raw.contains(&format!("\"{id}\""))).map(String::as_str).collect()
}

/// Everything on the way that has an id: groups, ACLs, tables, subnets, interfaces, instances, the balancer.
pub fn ids_on_the_way(case: &Case, targets: &[Endpoint]) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    let mut subnets: BTreeSet<&str> = BTreeSet::new();
    if let Some(lb) = &case.load_balancer {
        ids.insert(lb.arn.clone());
        ids.extend(lb.security_groups.iter().cloned());
        subnets.extend(lb.zones.iter().map(|z| z.subnet.as_str()));
    }
    for target in targets {
        ids.extend(target.security_groups.iter().chain(&target.owner).chain([&target.id]).cloned());
        subnets.extend(target.subnet.as_deref());
    }
    let has = |all: &[String]| all.iter().any(|s| subnets.contains(s.as_str()));
    ids.extend(case.network_acls.values().filter(|a| has(&a.subnets)).map(|a| a.id.clone()));
    let main = |vpc: &str| case.load_balancer.as_ref().is_some_and(|lb| lb.vpc == vpc);
    ids.extend(case.route_tables.values().filter(|t| has(&t.subnets) || (t.main && main(&t.vpc))).map(|t| t.id.clone()));
    ids.extend(case.prefix_lists.keys().cloned());
    ids.extend(subnets.into_iter().map(String::from));
    ids.retain(|id| !id.is_empty());
    ids
}

/// Every way as it was at `t`: as now, with later changes undone.
pub fn evaluate_at(case: &Case, t: Time) -> Vec<PathResult> {
    if changes(case).iter().all(|e| e.at <= t) { evaluate(case) } else { evaluate(&as_of(case, t)) }
}

/// The network of the case as it was at `t`, and nothing else of the case.
pub fn as_of(case: &Case, t: Time) -> Case {
    let mut then = Case {
        load_balancer: case.load_balancer.clone(),
        target_groups: case.target_groups.clone(),
        listeners: case.listeners.clone(),
        target_health: case.target_health.clone(),
        instances: case.instances.clone(),
        security_groups: case.security_groups.clone(),
        network_acls: case.network_acls.clone(),
        route_tables: case.route_tables.clone(),
        subnets: case.subnets.clone(),
        interfaces: case.interfaces.clone(),
        prefix_lists: case.prefix_lists.clone(),
        access_log: target::names_only(case),
        gaps: case.gaps.clone(),
        settled: case.settled.clone(),
        ..Case::default()
    };
    let all = changes(case);
    for (n, event) in all.iter().enumerate().rev().take_while(|(_, e)| e.at > t) {
        undo::undo(&mut then, event, &all[..n]);
    }
    then
}
