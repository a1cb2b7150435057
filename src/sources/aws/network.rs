//! The network between balancer and targets: security groups with the ids of their rules, network ACLs,
//! route tables, subnets, interfaces, prefix lists.

use super::actions::Action;
use super::call::{Items, Params};
use super::context::{Context, origin};
use super::instances::{GroupId, Ipv6};
use crate::case::network::{
    AclEntry, Interface, NetworkAcl, Peer, PrefixList, Route, RouteTable, SecurityGroup, SecurityGroupRule, Subnet,
};
use crate::case::topology::dimension_of;
use crate::exchange::{Area, Origin, What};
use crate::path::target::{Endpoint, endpoints};
use crate::sources::probe::{TIMEOUT, probe};
use serde::Deserialize;
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
    let targets: Vec<_> = ctx.case(|c| endpoints(c).iter().filter(|e| !e.gone).flat_map(Endpoint::sockets).collect());
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
    for id in ids.into_iter().take(PREFIX_LISTS) {
        let params = Params::new().with("PrefixListId", &id).with("MaxResults", "100");
        let pages = ctx.aws.query_all(Action::GetManagedPrefixListEntries, &params, PAGES, |a: &Entries| a.next_token.clone()).await;
        let Some(pages) = ctx.or_gap(Area::Network, &format!("prefix list {id}"), pages).await else { continue };
        let cidrs = pages.into_iter().flat_map(|p| p.set.items).map(|e| e.cidr).collect();
        let list = PrefixList { id: id.clone(), name: id.as_str().into(), cidrs };
        ctx.learn_from(origin(Action::GetManagedPrefixListEntries, [("PrefixListId", id)]), What::PrefixLists(vec![list])).await;
    }
}

macro_rules! answer {
    ($name:ident, $set:literal, $item:ty) => {
        #[derive(Debug, Default, Deserialize)]
        #[serde(rename_all = "camelCase", default)]
        struct $name {
            #[serde(rename = $set)]
            set: Items<$item>,
            next_token: Option<String>,
        }
    };
}

answer!(Interfaces, "networkInterfaceSet", InterfaceItem);
answer!(Groups, "securityGroupInfo", GroupItem);
answer!(Rules, "securityGroupRuleSet", RuleItem);
answer!(Subnets, "subnetSet", SubnetItem);
answer!(Acls, "networkAclSet", AclItem);
answer!(Tables, "routeTableSet", TableItem);
answer!(Entries, "entrySet", Cidr);

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Cidr {
    cidr: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct InterfaceItem {
    network_interface_id: String,
    private_ip_address: String,
    subnet_id: String,
    availability_zone: String,
    #[serde(rename = "groupSet")]
    groups: Items<GroupId>,
    attachment: Option<Attachment>,
    description: String,
    status: String,
    #[serde(rename = "ipv6AddressesSet")]
    ipv6: Items<Ipv6>,
    #[serde(rename = "privateIpAddressesSet")]
    addresses: Items<Address>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Attachment {
    instance_id: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Address {
    private_ip_address: String,
}

impl InterfaceItem {
    /// The interface, if one of these addresses is on it; the target's own address stands for it.
    fn behind(mut self, wanted: &[String]) -> Option<Interface> {
        let on_it = |w: &&String| **w == self.private_ip_address || self.addresses.items.iter().any(|a| a.private_ip_address == **w);
        if let Some(address) = wanted.iter().find(on_it) {
            self.private_ip_address.clone_from(address);
            return Some(self.convert());
        }
        self.ipv6.items.iter().any(|a| wanted.contains(&a.address)).then(|| self.convert())
    }

    fn convert(self) -> Interface {
        Interface {
            id: self.network_interface_id,
            private_ip: self.private_ip_address,
            ipv6: self.ipv6.items.into_iter().map(|a| a.address).collect(),
            subnet: self.subnet_id,
            zone: self.availability_zone,
            security_groups: self.groups.items.into_iter().map(|g| g.group_id).collect(),
            instance: self.attachment.and_then(|a| a.instance_id).filter(|i| !i.is_empty()),
            description: self.description.into(),
            status: self.status,
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct GroupItem {
    group_id: String,
    group_name: String,
    vpc_id: String,
    ip_permissions: Items<Permission>,
    ip_permissions_egress: Items<Permission>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Permission {
    ip_protocol: String,
    from_port: Option<i64>,
    to_port: Option<i64>,
    groups: Items<GroupId>,
    ip_ranges: Items<Range>,
    ipv6_ranges: Items<Range6>,
    prefix_list_ids: Items<ListId>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Range {
    cidr_ip: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Range6 {
    cidr_ipv6: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ListId {
    prefix_list_id: String,
}

impl GroupItem {
    fn convert(self, rules: Option<&BTreeMap<String, Vec<SecurityGroupRule>>>) -> SecurityGroup {
        let own = || {
            let (ingress, egress) = (self.ip_permissions.items.iter(), self.ip_permissions_egress.items.iter());
            ingress.flat_map(|p| p.rules(false)).chain(egress.flat_map(|p| p.rules(true))).collect::<Vec<_>>()
        };
        let with_ids = rules.and_then(|r| r.get(&self.group_id)).filter(|r| !r.is_empty()).cloned();
        SecurityGroup { rules: with_ids.unwrap_or_else(own), id: self.group_id, name: self.group_name.into(), vpc: self.vpc_id }
    }
}

/// -1 stands for all; ICMP types are not ports.
fn port(protocol: &str, n: Option<i64>) -> Option<u16> {
    let has_ports = matches!(protocol, "tcp" | "udp" | "6" | "17");
    n.filter(|_| has_ports).and_then(|n| u16::try_from(n).ok())
}

impl Permission {
    fn rules(&self, egress: bool) -> Vec<SecurityGroupRule> {
        let groups = self.groups.items.iter().map(|g| Peer::Group(g.group_id.clone()));
        let ranges = self.ip_ranges.items.iter().map(|r| Peer::Cidr(r.cidr_ip.clone()));
        let ranges6 = self.ipv6_ranges.items.iter().map(|r| Peer::Cidr(r.cidr_ipv6.clone()));
        let lists = self.prefix_list_ids.items.iter().map(|l| Peer::PrefixList(l.prefix_list_id.clone()));
        let rule = |peer| SecurityGroupRule {
            id: None,
            egress,
            protocol: self.ip_protocol.clone(),
            from_port: port(&self.ip_protocol, self.from_port),
            to_port: port(&self.ip_protocol, self.to_port),
            peer,
            description: None,
        };
        groups.chain(ranges).chain(ranges6).chain(lists).map(rule).collect()
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct RuleItem {
    security_group_rule_id: String,
    group_id: String,
    is_egress: bool,
    ip_protocol: String,
    from_port: Option<i64>,
    to_port: Option<i64>,
    cidr_ipv4: Option<String>,
    cidr_ipv6: Option<String>,
    prefix_list_id: Option<String>,
    referenced_group_info: Option<GroupId>,
    description: Option<String>,
}

impl RuleItem {
    fn convert(self) -> Option<SecurityGroupRule> {
        let some = |s: Option<String>| s.filter(|s| !s.is_empty());
        let cidr = some(self.cidr_ipv4).or(some(self.cidr_ipv6)).map(Peer::Cidr);
        let group = || self.referenced_group_info.map(|g| g.group_id).filter(|g| !g.is_empty()).map(Peer::Group);
        let peer = cidr.or_else(group).or(some(self.prefix_list_id).map(Peer::PrefixList))?;
        Some(SecurityGroupRule {
            id: some(Some(self.security_group_rule_id)),
            egress: self.is_egress,
            from_port: port(&self.ip_protocol, self.from_port),
            to_port: port(&self.ip_protocol, self.to_port),
            protocol: self.ip_protocol,
            peer,
            description: some(self.description).map(Into::into),
        })
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct SubnetItem {
    subnet_id: String,
    vpc_id: String,
    availability_zone: String,
    cidr_block: String,
    available_ip_address_count: u32,
    ipv6_cidr_block_association_set: Items<Cidr6>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Cidr6 {
    ipv6_cidr_block: String,
}

impl SubnetItem {
    fn convert(self) -> Subnet {
        Subnet {
            id: self.subnet_id,
            vpc: self.vpc_id,
            zone: self.availability_zone,
            cidr: self.cidr_block,
            ipv6_cidrs: self.ipv6_cidr_block_association_set.items.into_iter().map(|c| c.ipv6_cidr_block).collect(),
            free_addresses: self.available_ip_address_count,
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct AclItem {
    network_acl_id: String,
    vpc_id: String,
    #[serde(rename = "entrySet")]
    entries: Items<Entry>,
    #[serde(rename = "associationSet")]
    associations: Items<Association>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Entry {
    rule_number: u32,
    protocol: String,
    rule_action: String,
    egress: bool,
    cidr_block: Option<String>,
    ipv6_cidr_block: Option<String>,
    port_range: Option<PortRange>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PortRange {
    from: Option<i64>,
    to: Option<i64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Association {
    subnet_id: Option<String>,
    main: bool,
}

impl AclItem {
    fn convert(self) -> NetworkAcl {
        let entry = |e: Entry| {
            let port = |n: Option<i64>| n.and_then(|n| u16::try_from(n).ok());
            let (from, to) = e.port_range.map_or((None, None), |r| (r.from, r.to));
            AclEntry {
                number: e.rule_number,
                egress: e.egress,
                allow: e.rule_action == "allow",
                protocol: e.protocol,
                cidr: e.cidr_block.filter(|c| !c.is_empty()).or(e.ipv6_cidr_block).unwrap_or_default(),
                from_port: port(from),
                to_port: port(to),
            }
        };
        NetworkAcl {
            id: self.network_acl_id,
            vpc: self.vpc_id,
            subnets: self.associations.items.into_iter().filter_map(|a| a.subnet_id).collect(),
            entries: self.entries.items.into_iter().map(entry).collect(),
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct TableItem {
    route_table_id: String,
    vpc_id: String,
    #[serde(rename = "routeSet")]
    routes: Items<RouteItem>,
    #[serde(rename = "associationSet")]
    associations: Items<Association>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct RouteItem {
    destination_cidr_block: Option<String>,
    destination_ipv6_cidr_block: Option<String>,
    destination_prefix_list_id: Option<String>,
    gateway_id: Option<String>,
    nat_gateway_id: Option<String>,
    transit_gateway_id: Option<String>,
    vpc_peering_connection_id: Option<String>,
    network_interface_id: Option<String>,
    instance_id: Option<String>,
    egress_only_internet_gateway_id: Option<String>,
    local_gateway_id: Option<String>,
    carrier_gateway_id: Option<String>,
    core_network_arn: Option<String>,
    state: String,
}

impl TableItem {
    fn convert(self) -> RouteTable {
        RouteTable {
            id: self.route_table_id,
            vpc: self.vpc_id,
            main: self.associations.items.iter().any(|a| a.main),
            subnets: self.associations.items.into_iter().filter_map(|a| a.subnet_id).collect(),
            routes: self.routes.items.into_iter().map(RouteItem::convert).collect(),
        }
    }
}

impl RouteItem {
    fn convert(self) -> Route {
        let first = |all: Vec<Option<String>>| all.into_iter().flatten().find(|s| !s.is_empty()).unwrap_or_default();
        Route {
            blackhole: self.state == "blackhole",
            destination: first(vec![self.destination_cidr_block, self.destination_ipv6_cidr_block, self.destination_prefix_list_id]),
            via: first(vec![
                self.gateway_id,
                self.nat_gateway_id,
                self.transit_gateway_id,
                self.vpc_peering_connection_id,
                self.network_interface_id,
                self.instance_id,
                self.egress_only_internet_gateway_id,
                self.local_gateway_id,
                self.carrier_gateway_id,
                self.core_network_arn,
            ]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_come_with_their_ids_and_peers() {
        let xml = "<R><securityGroupRuleSet><item><securityGroupRuleId>sgr-1</securityGroupRuleId><groupId>sg-1</groupId><isEgress>false</isEgress><ipProtocol>tcp</ipProtocol><fromPort>8080</fromPort><toPort>8080</toPort><referencedGroupInfo><groupId>sg-alb</groupId></referencedGroupInfo><description>from the balancer</description></item><item><securityGroupRuleId>sgr-2</securityGroupRuleId><groupId>sg-1</groupId><isEgress>true</isEgress><ipProtocol>-1</ipProtocol><fromPort>-1</fromPort><toPort>-1</toPort><cidrIpv4>0.0.0.0/0</cidrIpv4></item></securityGroupRuleSet></R>";
        let answer: Rules = quick_xml::de::from_str(xml).unwrap();
        let rules: Vec<_> = answer.set.items.into_iter().filter_map(RuleItem::convert).collect();
        assert_eq!(rules[0].peer, Peer::Group("sg-alb".into()));
        assert_eq!((rules[0].id.as_deref(), rules[0].from_port), (Some("sgr-1"), Some(8080)));
        assert_eq!((rules[1].egress, rules[1].from_port, rules[1].protocol.as_str()), (true, None, "-1"));
    }

    #[test]
    fn acls_and_tables_are_read() {
        let xml = "<R><networkAclSet><item><networkAclId>acl-1</networkAclId><vpcId>vpc-1</vpcId><entrySet><item><ruleNumber>90</ruleNumber><protocol>6</protocol><ruleAction>deny</ruleAction><egress>false</egress><cidrBlock>10.0.0.0/24</cidrBlock><portRange><from>8080</from><to>8080</to></portRange></item></entrySet><associationSet><item><networkAclAssociationId>a</networkAclAssociationId><subnetId>subnet-1</subnetId></item></associationSet></item></networkAclSet></R>";
        let answer: Acls = quick_xml::de::from_str(xml).unwrap();
        let acl = answer.set.items.into_iter().map(AclItem::convert).next().unwrap();
        assert_eq!(
            (acl.subnets.as_slice(), acl.entries[0].allow, acl.entries[0].from_port),
            (&["subnet-1".to_owned()][..], false, Some(8080))
        );
        let xml = "<R><routeTableSet><item><routeTableId>rtb-1</routeTableId><vpcId>vpc-1</vpcId><routeSet><item><destinationCidrBlock>10.0.0.0/16</destinationCidrBlock><gatewayId>local</gatewayId><state>active</state></item><item><destinationCidrBlock>10.9.0.0/16</destinationCidrBlock><vpcPeeringConnectionId>pcx-1</vpcPeeringConnectionId><state>blackhole</state></item></routeSet><associationSet><item><main>true</main></item></associationSet></item></routeTableSet></R>";
        let answer: Tables = quick_xml::de::from_str(xml).unwrap();
        let table = answer.set.items.into_iter().map(TableItem::convert).next().unwrap();
        assert!(table.main && table.routes[1].blackhole);
        assert_eq!((table.routes[0].via.as_str(), table.routes[1].via.as_str()), ("local", "pcx-1"));
    }
}
