//! Security groups, network ACLs and routes: which packets may pass from now on.

use super::Call;
use crate::changes::json::{at, get, items, scalar, word, words};
use crate::changes::listed;
use serde_json::Value;

/// One line about a call on the network; `None` for other calls.
pub(super) fn of(name: &str, call: &Call) -> Option<String> {
    Some(match name {
        "AuthorizeSecurityGroupIngress" => rules(call, "ingress added"),
        "AuthorizeSecurityGroupEgress" => rules(call, "egress added"),
        "RevokeSecurityGroupIngress" => rules(call, "ingress removed"),
        "RevokeSecurityGroupEgress" => rules(call, "egress removed"),
        "ModifySecurityGroupRules" => modified_rules(call),
        "ModifyNetworkInterfaceAttribute" => interface(call),
        "CreateNetworkAclEntry" | "ReplaceNetworkAclEntry" | "DeleteNetworkAclEntry" => acl_entry(name, call),
        "CreateRoute" | "ReplaceRoute" | "DeleteRoute" => route(name, call),
        _ => return None,
    })
}

fn group(call: &Call) -> String {
    call.word("groupId").or_else(|| call.word("groupName")).unwrap_or_else(|| "?".into())
}

/// Rules are told by the request as permissions, or by their ids; then the answer may tell what they were.
fn rules(call: &Call, done: &str) -> String {
    let asked: Vec<String> = items(call.request, "ipPermissions").into_iter().map(permission).collect();
    let old_style = || call.word("ipProtocol").map(|_| vec![permission(call.request)]).unwrap_or_default();
    let answered = || {
        let sets = ["revokedSecurityGroupRuleSet", "securityGroupRuleSet"];
        sets.iter().flat_map(|key| items(call.response, key)).map(rule).collect::<Vec<_>>()
    };
    let ids = || {
        items(call.request, "securityGroupRuleIds")
            .into_iter()
            .filter_map(|r| scalar(r).or_else(|| word(r, "securityGroupRuleId")))
            .collect()
    };
    let known = [asked, old_style(), answered(), ids()].into_iter().find(|v| !v.is_empty()).unwrap_or_default();
    format!("{}: {done}: {}", group(call), listed(known))
}

/// `tcp 8080 from sg-0ab, 10.0.0.0/16`
fn permission(p: &Value) -> String {
    let lists = [
        ("groups", "groupId"),
        ("userIdGroupPairs", "groupId"),
        ("ipRanges", "cidrIp"),
        ("ipv6Ranges", "cidrIpv6"),
        ("prefixListIds", "prefixListId"),
    ];
    let peers = lists.iter().flat_map(|(list, key)| items(p, list).into_iter().filter_map(move |peer| word(peer, key)));
    let peers = listed(peers.chain(word(p, "cidrIp")));
    format!("{} {}", ports(p), if peers.is_empty() { "with nobody".into() } else { format!("with {peers}") })
}

/// One rule as the answers and `ModifySecurityGroupRules` write it.
fn rule(r: &Value) -> String {
    let id = word(r, "securityGroupRuleId").map(|id| format!("{id} ")).unwrap_or_default();
    let peer = ["referencedGroupId", "cidrIpv4", "cidrIpv6", "prefixListId"].iter().find_map(|key| word(r, key));
    let peer = peer.or_else(|| at(r, &["referencedGroupInfo", "groupId"]).and_then(scalar));
    format!("{id}{} with {}", ports(r), peer.unwrap_or_else(|| "?".into()))
}

fn ports(p: &Value) -> String {
    let protocol = word(p, "ipProtocol").unwrap_or_else(|| "?".into());
    let protocol = if protocol == "-1" { "all traffic".into() } else { protocol };
    match (word(p, "fromPort"), word(p, "toPort")) {
        (Some(a), Some(b)) if a == b && a != "-1" => format!("{protocol} {a}"),
        (Some(a), Some(b)) if a != "-1" => format!("{protocol} {a}-{b}"),
        _ => protocol,
    }
}

fn modified_rules(call: &Call) -> String {
    let request = get(call.request, "ModifySecurityGroupRulesRequest").unwrap_or(call.request);
    let changed = items(request, "securityGroupRule").into_iter().map(|r| {
        let id = word(r, "securityGroupRuleId").unwrap_or_else(|| "?".into());
        format!("{id} → {}", get(r, "securityGroupRule").map_or_else(|| "?".into(), rule))
    });
    format!("{}: {}", word(request, "groupId").unwrap_or_else(|| "?".into()), listed(changed))
}

fn interface(call: &Call) -> String {
    let groups: Vec<_> = items(call.request, "groupSet")
        .into_iter()
        .filter_map(|g| word(g, "groupId"))
        .chain(words(call.request, "securityGroupId"))
        .collect();
    let what =
        if groups.is_empty() { super::changed(call, &["networkInterfaceId"]) } else { format!("security groups → {}", listed(groups)) };
    format!("{}: {what}", call.name("networkInterfaceId"))
}

fn acl_entry(name: &str, call: &Call) -> String {
    let verb = name.split("Network").next().unwrap_or_default().to_lowercase();
    let way = if call.word("egress").as_deref() == Some("true") { "outbound" } else { "inbound" };
    let number = call.word("ruleNumber").unwrap_or_else(|| "?".into());
    let range = get(call.request, "portRange").and_then(|r| Some(format!(" {}-{}", word(r, "from")?, word(r, "to")?))).unwrap_or_default();
    let protocol = call.word("protocol").or_else(|| call.word("aclProtocol")).map(|p| protocol_name(&p)).unwrap_or_default();
    let peer = call.word("cidrBlock").or_else(|| call.word("ipv6CidrBlock")).unwrap_or_default();
    let action = call.word("ruleAction").unwrap_or_default();
    format!("{}: {verb} {way} rule {number} {action} {protocol}{range} {peer}", call.name("networkAclId")).trim_end().to_owned()
}

fn protocol_name(number: &str) -> String {
    match number {
        "-1" => "all traffic".into(),
        "6" => "tcp".into(),
        "17" => "udp".into(),
        "1" => "icmp".into(),
        other => other.into(),
    }
}

fn route(name: &str, call: &Call) -> String {
    let to = ["destinationCidrBlock", "destinationIpv6CidrBlock", "destinationPrefixListId"].iter().find_map(|k| call.word(k));
    let to = to.unwrap_or_else(|| "?".into());
    let vias =
        ["gatewayId", "natGatewayId", "transitGatewayId", "vpcPeeringConnectionId", "networkInterfaceId", "instanceId", "vpcEndpointId"];
    let table = call.name("routeTableId");
    match (name, vias.iter().find_map(|k| call.word(k))) {
        ("DeleteRoute", _) => format!("{table}: route to {to} removed"),
        (_, via) => format!("{table}: route to {to} → {}", via.unwrap_or_else(|| "?".into())),
    }
}
