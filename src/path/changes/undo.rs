//! Takes one change back, as far as its CloudTrail record tells what was there before.

use crate::case::Case;
use crate::case::events::Event;
use crate::case::gaps::{Gap, Reason};
use crate::case::network::{AclEntry, Peer, Route, SecurityGroupRule};
use crate::exchange::Area;
use serde_json::Value;

/// Undoes `event`; `before` are the changes that came earlier.
pub fn undo(case: &mut Case, event: &Event, before: &[&Event]) {
    match &*event.name {
        "AuthorizeSecurityGroupIngress" | "AuthorizeSecurityGroupEgress" => security_group(case, event, false),
        "RevokeSecurityGroupIngress" | "RevokeSecurityGroupEgress" => security_group(case, event, true),
        "CreateNetworkAclEntry" | "ReplaceNetworkAclEntry" | "DeleteNetworkAclEntry" => acl_entry(case, event, before),
        "CreateRoute" | "ReplaceRoute" | "DeleteRoute" => route(case, event, before),
        _ => forget(case, event),
    }
}

fn asked(event: &Event) -> &Value {
    event.raw.as_ref().and_then(|r| r.get("requestParameters")).unwrap_or(&Value::Null)
}

fn text<'a>(value: &'a Value, keys: &[&str]) -> Option<&'a str> {
    keys.iter().find_map(|k| value.get(k)?.as_str())
}

/// CloudTrail wraps lists as `{"items": […]}`; some calls send them bare.
fn items(value: Option<&Value>) -> &[Value] {
    let list = value.map(|v| v.get("items").unwrap_or(v));
    list.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn port(value: &Value, key: &str) -> Option<u16> {
    value.get(key)?.as_i64().and_then(|p| u16::try_from(p).ok())
}

fn security_group(case: &mut Case, event: &Event, put_back: bool) {
    let Some(id) = text(asked(event), &["groupId"]).map(String::from) else { return forget(case, event) };
    let rules = rules_of(event);
    let Some(group) = case.security_groups.get_mut(&id).filter(|_| !rules.is_empty()) else { return forget(case, event) };
    let same = |a: &SecurityGroupRule, b: &SecurityGroupRule| {
        (a.egress, &a.protocol, a.from_port, a.to_port, &a.peer) == (b.egress, &b.protocol, b.from_port, b.to_port, &b.peer)
    };
    group.rules.retain(|old| !rules.iter().any(|new| same(old, new)));
    if put_back {
        group.rules.extend(rules);
    }
}

/// The rules that a security group call speaks of: from its answer where that has them, else from its request.
fn rules_of(event: &Event) -> Vec<SecurityGroupRule> {
    let egress = event.name.ends_with("Egress");
    let answer = event.raw.as_ref().and_then(|r| r.get("responseElements")).unwrap_or(&Value::Null);
    let answered = ["securityGroupRuleSet", "revokedSecurityGroupRuleSet"].iter().flat_map(|k| items(answer.get(k)));
    let answered: Vec<_> = answered.filter_map(|rule| answered_rule(rule, egress)).collect();
    if !answered.is_empty() {
        return answered;
    }
    let asked = asked(event);
    let listed: Vec<_> = items(asked.get("ipPermissions")).iter().flat_map(|p| permission(p, egress)).collect();
    if listed.is_empty() && asked.get("ipProtocol").is_some() { flat(asked, egress).into_iter().collect() } else { listed }
}

fn rule(value: &Value, egress: bool, peer: Peer) -> SecurityGroupRule {
    let protocol = text(value, &["ipProtocol"]).unwrap_or("-1").to_owned();
    let (from_port, to_port) = if protocol == "-1" { (None, None) } else { (port(value, "fromPort"), port(value, "toPort")) };
    SecurityGroupRule { id: None, egress, protocol, from_port, to_port, peer, description: None }
}

fn answered_rule(value: &Value, egress: bool) -> Option<SecurityGroupRule> {
    let peer = text(value, &["cidrIpv4", "cidrIpv6"]).map(|c| Peer::Cidr(c.into()));
    let peer = peer.or_else(|| text(value, &["prefixListId"]).map(|p| Peer::PrefixList(p.into())));
    let group = || value.get("referencedGroupInfo").and_then(|g| text(g, &["groupId"])).or_else(|| text(value, &["referencedGroupId"]));
    let peer = peer.or_else(|| group().map(|g| Peer::Group(g.into())))?;
    let id = text(value, &["securityGroupRuleId"]).map(String::from);
    Some(SecurityGroupRule { id, ..rule(value, egress, peer) })
}

fn permission(value: &Value, egress: bool) -> Vec<SecurityGroupRule> {
    type Make = fn(String) -> Peer;
    let lists: [(&str, &str, Make); 4] = [
        ("ipRanges", "cidrIp", Peer::Cidr),
        ("ipv6Ranges", "cidrIpv6", Peer::Cidr),
        ("groups", "groupId", Peer::Group),
        ("prefixListIds", "prefixListId", Peer::PrefixList),
    ];
    let peers =
        lists.iter().flat_map(|(list, key, make)| items(value.get(list)).iter().filter_map(move |v| Some(make(text(v, &[key])?.into()))));
    peers.map(|peer| rule(value, egress, peer)).collect()
}

/// The old form with one range directly in the request.
fn flat(asked: &Value, egress: bool) -> Option<SecurityGroupRule> {
    Some(rule(asked, egress, Peer::Cidr(text(asked, &["cidrIp"])?.into())))
}

fn acl_entry(case: &mut Case, event: &Event, before: &[&Event]) {
    let Some((id, number, egress)) = entry_key(event) else { return forget(case, event) };
    let earlier =
        before.iter().rev().find(|e| e.name.ends_with("NetworkAclEntry") && entry_key(e).as_ref() == Some(&(id.clone(), number, egress)));
    let old = match (&*event.name, earlier) {
        ("CreateNetworkAclEntry", _) => None,
        (_, Some(e)) if &*e.name != "DeleteNetworkAclEntry" => entry_of(e),
        _ => return forget(case, event),
    };
    if let Some(acl) = case.network_acls.get_mut(&id) {
        acl.entries.retain(|e| (e.number, e.egress) != (number, egress));
        acl.entries.extend(old);
    }
}

fn entry_key(event: &Event) -> Option<(String, u32, bool)> {
    let asked = asked(event);
    let number = asked.get("ruleNumber")?.as_u64().and_then(|n| u32::try_from(n).ok())?;
    Some((text(asked, &["networkAclId"])?.into(), number, asked.get("egress")?.as_bool()?))
}

fn entry_of(event: &Event) -> Option<AclEntry> {
    let (_, number, egress) = entry_key(event)?;
    let asked = asked(event);
    let range = asked.get("portRange").unwrap_or(&Value::Null);
    let protocol = asked.get("aclProtocol").or_else(|| asked.get("protocol"))?;
    Some(AclEntry {
        number,
        egress,
        allow: text(asked, &["ruleAction"])? == "allow",
        protocol: protocol.as_str().map_or_else(|| protocol.to_string(), String::from),
        cidr: text(asked, &["cidrBlock", "ipv6CidrBlock"])?.into(),
        from_port: port(range, "from"),
        to_port: port(range, "to"),
    })
}

const DESTINATIONS: &[&str] = &["destinationCidrBlock", "destinationIpv6CidrBlock", "destinationPrefixListId"];
const NEXT: &[&str] =
    &["gatewayId", "natGatewayId", "transitGatewayId", "vpcPeeringConnectionId", "networkInterfaceId", "instanceId", "vpcEndpointId"];

fn route(case: &mut Case, event: &Event, before: &[&Event]) {
    let Some((id, destination)) = route_key(event) else { return forget(case, event) };
    let earlier =
        before.iter().rev().find(|e| e.name.ends_with("Route") && route_key(e).as_ref() == Some(&(id.clone(), destination.clone())));
    let old = match (&*event.name, earlier) {
        ("CreateRoute", _) => None,
        (_, Some(e)) if &*e.name != "DeleteRoute" => {
            text(asked(e), NEXT).map(|via| Route { destination: destination.clone(), via: via.into(), blackhole: false })
        }
        _ => return forget(case, event),
    };
    if let Some(table) = case.route_tables.get_mut(&id) {
        table.routes.retain(|r| r.destination != destination);
        table.routes.extend(old);
    }
}

fn route_key(event: &Event) -> Option<(String, String)> {
    let asked = asked(event);
    Some((text(asked, &["routeTableId"])?.into(), text(asked, DESTINATIONS)?.into()))
}

/// What was there before is not in the record: whatever it touched was then unknown.
fn forget(case: &mut Case, event: &Event) {
    let ids = super::ids_on_the_way(case, &super::target::find(case));
    for id in super::touched(event, &ids) {
        let action = forget_one(case, id);
        let (name, at) = (&event.name, event.at.format("%H:%M:%S"));
        case.gaps.insert(Gap {
            area: Area::Network,
            subject: id.into(),
            reason: Reason::Unavailable,
            action: Some(action.into()),
            detail: format!("{name} at {at} UTC changed it, and the event does not tell what was there before").into(),
        });
    }
}

/// The action that would have read it.
fn forget_one(case: &mut Case, id: &str) -> &'static str {
    if case.network_acls.remove(id).is_some() {
        return "ec2:DescribeNetworkAcls";
    }
    if case.route_tables.remove(id).is_some() {
        return "ec2:DescribeRouteTables";
    }
    if case.prefix_lists.remove(id).is_some() {
        return "ec2:GetManagedPrefixListEntries";
    }
    if let Some(lb) = case.load_balancer.as_mut().filter(|lb| lb.arn == id) {
        lb.security_groups.clear();
        return "elasticloadbalancing:DescribeLoadBalancers";
    }
    for instance in case.instances.values_mut().filter(|i| i.id == id) {
        instance.security_groups.clear();
    }
    for interface in case.interfaces.values_mut().filter(|i| i.id == id || i.instance.as_deref() == Some(id)) {
        interface.security_groups.clear();
    }
    case.security_groups.remove(id);
    "ec2:DescribeSecurityGroups"
}
