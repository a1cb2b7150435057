//! What EC2 answers about networks, as far as it is used, and what becomes of it.

use crate::case::network::{AclEntry, Interface, NetworkAcl, Peer, Route, RouteTable, SecurityGroup, SecurityGroupRule, Subnet};
use crate::sources::aws::call::Items;
use crate::sources::aws::instances::{GroupId, Ipv6};
use serde::Deserialize;
use std::collections::BTreeMap;

macro_rules! answer {
    ($name:ident, $set:literal, $item:ty) => {
        #[derive(Debug, Default, Deserialize)]
        #[serde(rename_all = "camelCase", default)]
        pub(super) struct $name {
            #[serde(rename = $set)]
            pub(super) set: Items<$item>,
            pub(super) next_token: Option<String>,
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
answer!(Lists, "prefixListSet", ListItem);

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ListItem {
    pub(super) prefix_list_id: String,
    pub(super) prefix_list_name: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Cidr {
    pub(super) cidr: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct InterfaceItem {
    network_interface_id: String,
    private_ip_address: String,
    subnet_id: String,
    availability_zone: String,
    #[serde(rename = "groupSet")]
    groups: Items<GroupId>,
    attachment: Option<Attachment>,
    pub(super) description: String,
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
    pub(super) fn behind(mut self, wanted: &[String]) -> Option<Interface> {
        let on_it = |w: &&String| **w == self.private_ip_address || self.addresses.items.iter().any(|a| a.private_ip_address == **w);
        if let Some(address) = wanted.iter().find(on_it) {
            self.private_ip_address.clone_from(address);
            return Some(self.convert());
        }
        self.ipv6.items.iter().any(|a| wanted.contains(&a.address)).then(|| self.convert())
    }

    pub(super) fn convert(self) -> Interface {
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
pub(super) struct GroupItem {
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
    pub(super) fn convert(self, rules: Option<&BTreeMap<String, Vec<SecurityGroupRule>>>) -> SecurityGroup {
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
pub(super) struct RuleItem {
    security_group_rule_id: String,
    pub(super) group_id: String,
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
    pub(super) fn convert(self) -> Option<SecurityGroupRule> {
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
pub(super) struct SubnetItem {
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
    pub(super) fn convert(self) -> Subnet {
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
pub(super) struct AclItem {
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
    pub(super) fn convert(self) -> NetworkAcl {
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
pub(super) struct TableItem {
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
    pub(super) fn convert(self) -> RouteTable {
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
