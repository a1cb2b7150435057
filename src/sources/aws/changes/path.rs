//! By the names on the balancer's path: what the pass over all writes did not reach.

use super::{Key, by_name};
use crate::case::Case;
use crate::exchange::Area;
use crate::sources::aws::context::Context;
use crate::time::Window;
use std::collections::BTreeSet;

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
