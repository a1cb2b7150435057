//! By the names on the balancer's path: what the pass over all writes did not reach.

use super::{Key, by_name};
use crate::case::Case;
use crate::case::events::Event;
use crate::changes::cloudtrail::is_id;
use crate::exchange::Area;
use crate::sources::aws::context::Context;
use crate::sources::aws::instances::describe;
use crate::sources::aws::metrics;
use crate::time::Window;
use std::collections::BTreeSet;

/// Targets that are gone: described, and asked for by name.
const GONE: usize = 100;
const GONE_BY_NAME: usize = 8;

/// The most names that are asked for: half a second each.
const NAMES: usize = 24;

/// Asks for each name on the path.
pub(super) async fn gather(ctx: &Context, window: Window) {
    ctx.until(Area::Balancer).await;
    ctx.until(Area::Instances).await;
    let names = ctx.case(on_path);
    for (i, name) in names.iter().enumerate() {
        ctx.busy(Area::Changes, format!("{name} ({} of {})", i + 1, names.len())).await;
        let _ = by_name(ctx, Key::ResourceName, name, window).await;
    }
}

/// Reads again of targets that are gone: what happened to them by name, where the pass over all writes did not
/// reach; what EC2 still remembers of them, which is an hour at most; and their metrics, which stay.
pub(super) async fn gone(ctx: &Context, unread: Option<Window>) {
    if !ctx.case(|c| c.events.values().any(is_registration)) {
        return;
    }
    ctx.until(Area::TargetHealth).await;
    ctx.until(Area::Instances).await;
    let ids = ctx.case(gone_targets);
    if let Some(window) = unread {
        for (i, id) in ids.iter().enumerate().take(GONE_BY_NAME) {
            ctx.busy(Area::Changes, format!("{id}, which is gone ({} of {})", i + 1, ids.len().min(GONE_BY_NAME))).await;
            let _ = by_name(ctx, Key::ResourceName, id, window).await;
        }
    }
    let unknown: Vec<String> = ids.into_iter().filter(|id| ctx.case(|c| !c.instances.contains_key(id))).collect();
    if !unknown.is_empty() {
        describe(ctx, &unknown).await;
        metrics::of_gone(ctx, &unknown).await;
    }
}

fn is_registration(event: &Event) -> bool {
    matches!(&*event.name, "RegisterTargets" | "DeregisterTargets") && event.error.is_none()
}

/// Instances that were registered with our groups, by the calls that did it, and are not now.
fn gone_targets(case: &Case) -> Vec<String> {
    let groups = case.groups_in_question();
    let ours = |e: &&Event| e.resources.iter().any(|r| groups.iter().any(|g| **r == *g.arn));
    let calls = case.events.values().filter(|e| is_registration(e)).filter(ours);
    let named = calls.flat_map(|e| &e.resources).map(ToString::to_string).filter(|id| id.starts_with("i-") && is_id(id));
    let here: BTreeSet<&str> = case.target_health.values().map(|t| t.id.as_str()).collect();
    let all: BTreeSet<String> = named.filter(|id| !here.contains(id.as_str())).collect();
    all.into_iter().take(GONE).collect()
}

/// Names on the path: the few that concern every request first, single machines last.
fn on_path(case: &Case) -> Vec<String> {
    let groups = case.groups_in_question();
    let targets = case.instances.values();
    let network = targets.clone().flat_map(|i| i.security_groups.iter().cloned());
    let balancer = case.load_balancer.iter().flat_map(|lb| lb.security_groups.iter().cloned().chain([lb.arn.clone()]));
    let scaling = targets.clone().filter_map(|i| i.auto_scaling_group.as_ref().map(ToString::to_string));
    let subnets: BTreeSet<&str> = targets.clone().map(|i| i.subnet.as_str()).collect();
    let acls = case.network_acls.values().filter(|a| a.subnets.iter().any(|s| subnets.contains(s.as_str()))).map(|a| a.id.clone());
    let instances = targets.clone().map(|i| i.id.clone());
    let all = network.chain(balancer).chain(groups.iter().map(|g| g.arn.clone())).chain(scaling).chain(acls).chain(instances);
    let mut seen = BTreeSet::new();
    all.filter(|name| !name.is_empty() && seen.insert(name.clone())).take(NAMES).collect()
}
