//! What people changed on the way: the events that can open or close it, and the network as it stood at
//! an earlier time, by undoing them. What an event does not tell becomes unknown, never assumed.

mod undo;

use super::target::{self, Endpoint};
use crate::case::Case;
use crate::case::events::{Event, EventSource};
use crate::changes::calls::is_on_the_way;
use crate::time::Time;
use serde_json::Value;
use std::collections::BTreeSet;

/// See [`super::changes()`].
pub(super) fn find_changes(case: &Case) -> Vec<&Event> {
    let ids = ids_on_the_way(case, &target::endpoints(case).0);
    let done = |e: &&Event| e.source == EventSource::CloudTrail && e.error.is_none() && is_on_the_way(&e.name) && about_groups(e);
    case.events.values().filter(done).filter(|e| !touched(e, &ids).is_empty()).collect()
}

/// Instances and interfaces have many attributes; only their security groups are on the way.
fn about_groups(event: &Event) -> bool {
    let asked = event.raw.as_ref().and_then(|r| r.get("requestParameters"));
    !event.name.ends_with("Attribute") || asked.is_none_or(|a| a.get("groupSet").is_some())
}

/// The ids of the way that an event names: in its resources, by themselves or at the end of a path, or else anywhere
/// in what was asked for.
pub fn touched<'a>(event: &Event, ids: &'a BTreeSet<String>) -> BTreeSet<&'a str> {
    let known = |name: &str| ids.get(name).map(String::as_str);
    let ends = |name: &'_ str| std::iter::once(0).chain(name.match_indices('/').map(|(at, _)| at + 1)).collect::<Vec<_>>();
    let named = |name: &str| ends(name).into_iter().find_map(|at| known(&name[at..]));
    let listed: BTreeSet<&str> = event.resources.iter().filter_map(|r| named(r)).collect();
    if !listed.is_empty() {
        return listed;
    }
    let mut asked = BTreeSet::new();
    if let Some(parameters) = event.raw.as_ref().and_then(|r| r.get("requestParameters")) {
        each_text(parameters, &mut |text| asked.extend(known(text)));
    }
    asked
}

/// Every text in it, names of members too.
fn each_text(value: &Value, see: &mut impl FnMut(&str)) {
    match value {
        Value::String(text) => see(text),
        Value::Array(all) => all.iter().for_each(|v| each_text(v, see)),
        Value::Object(all) => all.iter().for_each(|(name, v)| {
            see(name);
            each_text(v, see);
        }),
        _ => {}
    }
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
    let all = super::changes(case);
    for (n, event) in all.iter().enumerate().rev().take_while(|(_, e)| e.at > t) {
        undo::undo(&mut then, event, &all[..n]);
    }
    then
}
