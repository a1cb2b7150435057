//! The network between balancer and targets: security groups with the ids of their rules, network ACLs,
//! route tables, subnets, interfaces, prefix lists.

mod shapes;

use super::actions::Action;
use super::call::Params;
use super::context::{Context, origin};
use crate::case::network::{Interface, Peer, PrefixList, SecurityGroupRule};
use crate::case::topology::dimension_of;
use crate::exchange::{Area, Origin, What};
use crate::path::target::{Endpoint, endpoints};
use crate::sources::probe::{TIMEOUT, probe};
use shapes::{AclItem, Acls, Entries, Groups, InterfaceItem, Interfaces, Lists, Rules, SubnetItem, Subnets, TableItem, Tables};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

const FILTER: usize = 200;
const PAGES: usize = 20;
/// Prefix lists whose entries are read.
const PREFIX_LISTS: usize = 20;

/// Reads the path between the balancer and the targets that are known.
pub(super) async fn gather(ctx: &Context) {
    balancer_interfaces(ctx).await;
    let (groups, subnets, vpcs) = ctx.case(|c| {
        let of_balancer = c.load_balancer.iter().flat_map(|b| b.security_groups.iter());
        let of_instances = c.instances.values().flat_map(|i| i.security_groups.iter());
        let of_interfaces = c.interfaces.values().flat_map(|i| i.security_groups.iter());
        let groups: BTreeSet<String> = of_balancer.chain(of_instances).chain(of_interfaces).cloned().collect();
        let of_balancer = c.load_balancer.iter().flat_map(|b| b.zones.iter().map(|z| z.subnet.clone()));
        let of_targets = c.instances.values().map(|i| i.subnet.clone()).chain(c.interfaces.values().map(|i| i.subnet.clone()));
        let subnets: BTreeSet<String> = of_balancer.chain(of_targets).filter(|s| !s.is_empty()).collect();
        let vpcs = c.load_balancer.iter().map(|b| b.vpc.clone()).chain(c.instances.values().map(|i| i.vpc.clone()));
        (groups, subnets, vpcs.filter(|v| !v.is_empty()).collect::<BTreeSet<String>>())
    });
    security_groups(ctx, &groups.into_iter().collect::<Vec<_>>()).await;
    let subnets: Vec<String> = subnets.into_iter().collect();
    self::subnets(ctx, &subnets).await;
    acls(ctx, &subnets).await;
    routes(ctx, &vpcs.into_iter().collect::<Vec<_>>()).await;
    prefix_lists(ctx).await;
    if ctx.options.probe {
        try_connects(ctx).await;
    }
}

/// Connects to the targets from here, as the user asked.
async fn try_connects(ctx: &Context) {
    ctx.until(Area::TargetHealth).await;
    let targets: Vec<_> = ctx.case(|c| endpoints(c).0.iter().filter(|e| !e.gone).flat_map(Endpoint::sockets).collect());
    ctx.busy(Area::Network, format!("connecting to {} ports from here", targets.len())).await;
    let trying = tokio::task::spawn_blocking(move || probe(&targets, TIMEOUT, super::clock::now()));
    if let Ok(probes) = trying.await {
        let from = Origin { operation: "tcp-connect".into(), parameters: [("from".to_owned(), "this machine".to_owned())].into() };
        ctx.learn_from(from, What::Probes(probes)).await;
    }
}

/// The balancer's own nodes.
async fn balancer_interfaces(ctx: &Context) {
    let Some(arn) = ctx.case(|c| c.load_balancer.as_ref().map(|b| b.arn.clone())) else { return };
    let description = format!("ELB {}", dimension_of(&arn));
    let found = interfaces(ctx, Params::new().filter("description", [description.as_str()]), "the balancer's interfaces").await;
    let found = found.unwrap_or_default().into_iter().filter(|i| i.description == description);
    let own = found.map(InterfaceItem::convert).collect();
    learn_interfaces(ctx, own).await;
}

/// The interfaces behind these addresses.
pub(super) async fn interfaces_of(ctx: &Context, addresses: &[IpAddr]) -> Vec<Interface> {
    let vpc = ctx.case(|c| c.load_balancer.as_ref().map(|b| b.vpc.clone())).filter(|v| !v.is_empty());
    let mut found = Vec::new();
    for (filter, v4) in [("addresses.private-ip-address", true), ("ipv6-addresses.ipv6-address", false)] {
        let wanted: Vec<String> = addresses.iter().filter(|a| a.is_ipv4() == v4).map(ToString::to_string).collect();
        for wanted in wanted.chunks(FILTER) {
            let mut params = Params::new().filter(filter, wanted);
            if let Some(vpc) = &vpc {
                params = params.filter("vpc-id", [vpc]);
            }
            let some = interfaces(ctx, params, "interfaces behind the targets").await.unwrap_or_default();
            found.extend(some.into_iter().filter_map(|i| i.behind(wanted)));
        }
    }
    found
}

async fn interfaces(ctx: &Context, params: Params, subject: &str) -> Option<Vec<InterfaceItem>> {
    let params = params.with("MaxResults", "1000");
    let pages = ctx.aws.query_all(Action::DescribeNetworkInterfaces, &params, PAGES, |a: &Interfaces| a.next_token.clone()).await;
    let pages = ctx.or_gap(Area::Network, subject, pages).await?;
    Some(pages.into_iter().flat_map(|p| p.set.items).collect())
}

pub(super) async fn learn_interfaces(ctx: &Context, interfaces: Vec<Interface>) {
    if !interfaces.is_empty() {
        let none: [(&str, &str); 0] = [];
        ctx.learn_from(origin(Action::DescribeNetworkInterfaces, none), What::Interfaces(interfaces)).await;
    }
}

async fn security_groups(ctx: &Context, ids: &[String]) {
    for ids in ids.chunks(FILTER) {
        let params = Params::new().filter("group-id", ids).with("MaxResults", "1000");
        let pages = ctx.aws.query_all(Action::DescribeSecurityGroups, &params, PAGES, |a: &Groups| a.next_token.clone()).await;
        let Some(pages) = ctx.or_gap(Area::Network, "security groups", pages).await else { return };
        let rules = security_group_rules(ctx, ids).await;
        let groups = pages.into_iter().flat_map(|p| p.set.items).map(|g| g.convert(rules.as_ref())).collect();
        ctx.learn_from(origin(Action::DescribeSecurityGroups, [("group-id", ids.join(","))]), What::SecurityGroups(groups)).await;
    }
}

/// Rules with their own ids, by group. Without them the groups' own lists are used, which have none.
async fn security_group_rules(ctx: &Context, ids: &[String]) -> Option<BTreeMap<String, Vec<SecurityGroupRule>>> {
    let params = Params::new().filter("group-id", ids).with("MaxResults", "1000");
    let pages = ctx.aws.query_all(Action::DescribeSecurityGroupRules, &params, PAGES, |a: &Rules| a.next_token.clone()).await;
    let pages = ctx.or_gap(Area::Network, "ids of security group rules", pages).await?;
    let mut by_group: BTreeMap<String, Vec<SecurityGroupRule>> = ids.iter().map(|id| (id.clone(), Vec::new())).collect();
    for rule in pages.into_iter().flat_map(|p| p.set.items) {
        let group = rule.group_id.clone();
        if let (Some(list), Some(rule)) = (by_group.get_mut(&group), rule.convert()) {
            list.push(rule);
        }
    }
    Some(by_group)
}

async fn subnets(ctx: &Context, ids: &[String]) {
    for ids in ids.chunks(FILTER) {
        let params = Params::new().filter("subnet-id", ids);
        let pages = ctx.aws.query_all(Action::DescribeSubnets, &params, PAGES, |a: &Subnets| a.next_token.clone()).await;
        let Some(pages) = ctx.or_gap(Area::Network, "subnets", pages).await else { return };
        let subnets = pages.into_iter().flat_map(|p| p.set.items).map(SubnetItem::convert).collect();
        ctx.learn_from(origin(Action::DescribeSubnets, [("subnet-id", ids.join(","))]), What::Subnets(subnets)).await;
    }
}

async fn acls(ctx: &Context, subnets: &[String]) {
    for subnets in subnets.chunks(FILTER) {
        let params = Params::new().filter("association.subnet-id", subnets);
        let pages = ctx.aws.query_all(Action::DescribeNetworkAcls, &params, PAGES, |a: &Acls| a.next_token.clone()).await;
        let Some(pages) = ctx.or_gap(Area::Network, "network ACLs", pages).await else { return };
        let acls = pages.into_iter().flat_map(|p| p.set.items).map(AclItem::convert).collect();
        ctx.learn_from(origin(Action::DescribeNetworkAcls, [("association.subnet-id", subnets.join(","))]), What::NetworkAcls(acls)).await;
    }
}

async fn routes(ctx: &Context, vpcs: &[String]) {
    if vpcs.is_empty() {
        return;
    }
    let params = Params::new().filter("vpc-id", vpcs);
    let pages = ctx.aws.query_all(Action::DescribeRouteTables, &params, PAGES, |a: &Tables| a.next_token.clone()).await;
    let Some(pages) = ctx.or_gap(Area::Network, "route tables", pages).await else { return };
    let tables = pages.into_iter().flat_map(|p| p.set.items).map(TableItem::convert).collect();
    ctx.learn_from(origin(Action::DescribeRouteTables, [("vpc-id", vpcs.join(","))]), What::RouteTables(tables)).await;
}

/// Prefix lists that rules and routes name.
async fn prefix_lists(ctx: &Context) {
    let ids: BTreeSet<String> = ctx.case(|c| {
        let of_rules = c.security_groups.values().flat_map(|g| &g.rules).filter_map(|r| match &r.peer {
            Peer::PrefixList(id) => Some(id.clone()),
            _ => None,
        });
        let of_routes = c.route_tables.values().flat_map(|t| &t.routes).map(|r| r.destination.clone());
        of_rules.chain(of_routes.filter(|d| d.starts_with("pl-"))).collect()
    });
    let ids: Vec<String> = ids.into_iter().take(PREFIX_LISTS).collect();
    let names = prefix_list_names(ctx, &ids).await;
    for id in ids {
        let params = Params::new().with("PrefixListId", &id).with("MaxResults", "100");
        let pages = ctx.aws.query_all(Action::GetManagedPrefixListEntries, &params, PAGES, |a: &Entries| a.next_token.clone()).await;
        let Some(pages) = ctx.or_gap(Area::Network, &format!("prefix list {id}"), pages).await else { continue };
        let cidrs = pages.into_iter().flat_map(|p| p.set.items).map(|e| e.cidr).collect();
        let name = names.get(&id).unwrap_or(&id).as_str().into();
        let list = PrefixList { id: id.clone(), name, cidrs };
        ctx.learn_from(origin(Action::GetManagedPrefixListEntries, [("PrefixListId", id)]), What::PrefixLists(vec![list])).await;
    }
}

/// What people call them; a list whose name cannot be read goes by its id.
async fn prefix_list_names(ctx: &Context, ids: &[String]) -> BTreeMap<String, String> {
    if ids.is_empty() {
        return BTreeMap::new();
    }
    let params = Params::new().filter("prefix-list-id", ids).with("MaxResults", "100");
    let pages = ctx.aws.query_all(Action::DescribeManagedPrefixLists, &params, PAGES, |a: &Lists| a.next_token.clone()).await;
    // A name is a courtesy: what counts are the entries, which are asked for by id.
    let pages = pages.unwrap_or_default();
    let lists = pages.into_iter().flat_map(|p| p.set.items);
    lists.map(|l| (l.prefix_list_id, l.prefix_list_name)).filter(|(_, name)| !name.is_empty()).collect()
}
