//! EC2 in its XML: instances, their status, and the network.

use super::{Call, Reply, World, items, tag};
use alb_triage::case::network::{Interface, NetworkAcl, Peer, RouteTable, SecurityGroup, Subnet};
use alb_triage::case::topology::{Instance, InstanceStatus};
use alb_triage::time::rfc3339;
use std::collections::BTreeMap;

type Filters = BTreeMap<String, Vec<String>>;

pub fn reply(world: &World, call: &Call) -> Option<Reply> {
    let (filters, case) = (call.filters(), world.case);
    let (set, all): (&str, Vec<String>) = match call.operation.as_str() {
        "DescribeInstances" => {
            ("reservationSet", case.instances.values().filter(|i| fits(&filters, "instance-id", &[&i.id])).map(instance).collect())
        }
        "DescribeInstanceStatus" => {
            ("instanceStatusSet", case.instance_statuses.values().filter(|i| fits(&filters, "instance-id", &[&i.id])).map(status).collect())
        }
        "DescribeInstanceCreditSpecifications" => {
            let wanted = call.list("InstanceId");
            let known = case.instances.values().filter(|i| wanted.contains(&i.id)).filter_map(|i| Some((i, i.credits.as_ref()?)));
            ("instanceCreditSpecificationSet", known.map(|(i, c)| tag("instanceId", &i.id) + &tag("cpuCredits", c)).collect())
        }
        "DescribeNetworkInterfaces" => (
            "networkInterfaceSet",
            case.interfaces
                .values()
                .filter(|i| {
                    fits(&filters, "addresses.private-ip-address", &[&i.private_ip])
                        && fits(&filters, "description", &[&i.description])
                        && filters.get("ipv6-addresses.ipv6-address").is_none_or(|f| i.ipv6.iter().any(|a| f.contains(a)))
                })
                .map(interface)
                .collect(),
        ),
        "DescribeSecurityGroups" => {
            ("securityGroupInfo", case.security_groups.values().filter(|g| fits(&filters, "group-id", &[&g.id])).map(group).collect())
        }
        "DescribeSecurityGroupRules" => (
            "securityGroupRuleSet",
            case.security_groups.values().filter(|g| fits(&filters, "group-id", &[&g.id])).flat_map(rules).collect(),
        ),
        "DescribeSubnets" => ("subnetSet", case.subnets.values().filter(|s| fits(&filters, "subnet-id", &[&s.id])).map(subnet).collect()),
        "DescribeNetworkAcls" => (
            "networkAclSet",
            case.network_acls
                .values()
                .filter(|a| filters.get("association.subnet-id").is_none_or(|f| a.subnets.iter().any(|s| f.contains(s))))
                .map(acl)
                .collect(),
        ),
        "DescribeRouteTables" => {
            ("routeTableSet", case.route_tables.values().filter(|t| fits(&filters, "vpc-id", &[&t.vpc])).map(table).collect())
        }
        "GetManagedPrefixListEntries" => {
            let list = case.prefix_lists.get(call.text("PrefixListId"))?;
            ("entrySet", list.cidrs.iter().map(|c| tag("cidr", c)).collect())
        }
        _ => return None,
    };
    let most = call.text("MaxResults").parse().unwrap_or(1000);
    let (page, next) = world.page(&all, call.text("NextToken"), most);
    let op = &call.operation;
    let body = items(set, page) + &tag("nextToken", &next.unwrap_or_default());
    Some(Reply::Xml(format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><{op}Response xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><requestId>r</requestId>{body}</{op}Response>"
    )))
}

fn fits(filters: &Filters, name: &str, values: &[&str]) -> bool {
    filters.get(name).is_none_or(|f| values.iter().any(|v| f.iter().any(|w| w == v)))
}

fn instance(i: &Instance) -> String {
    let (code, words) = i.state_reason.as_deref().map_or(("", ""), |r| r.split_once(": ").unwrap_or((r, "")));
    let tags = i.tags.iter().map(|(k, v)| tag("key", k) + &tag("value", v));
    let named = i.name.iter().filter(|_| !i.tags.contains_key("Name")).map(|n| tag("key", "Name") + &tag("value", n));
    let scaled = i.auto_scaling_group.iter().filter(|_| !i.tags.contains_key("aws:autoscaling:groupName"));
    let scaled = scaled.map(|n| tag("key", "aws:autoscaling:groupName") + &tag("value", n));
    let body = tag("instanceId", &i.id)
        + &format!("<instanceState><code>16</code><name>{}</name></instanceState>", i.state)
        + &tag("reason", words)
        + &if code.is_empty() {
            String::new()
        } else {
            format!("<stateReason>{}</stateReason>", tag("code", code) + &tag("message", code))
        }
        + &tag("instanceType", &i.instance_type)
        + &tag("launchTime", &i.launch_time.map(rfc3339).unwrap_or_default())
        + &format!("<placement><availabilityZone>{}</availabilityZone></placement>", i.zone)
        + &format!("<monitoring><state>{}</state></monitoring>", if i.detailed_monitoring { "enabled" } else { "disabled" })
        + &tag("subnetId", &i.subnet)
        + &tag("vpcId", &i.vpc)
        + &tag("privateIpAddress", i.private_ip.as_deref().unwrap_or(""))
        + &items("groupSet", i.security_groups.iter().map(|g| tag("groupId", g)))
        + &tag("instanceLifecycle", i.lifecycle.as_deref().unwrap_or(""))
        + &items("tagSet", tags.chain(named).chain(scaled));
    tag("reservationId", "r-1") + &items("instancesSet", [body])
}

fn status(s: &InstanceStatus) -> String {
    let events = s.scheduled.iter().map(|e| {
        tag("code", &e.code)
            + &tag("description", &e.description)
            + &tag("notBefore", &e.not_before.map(rfc3339).unwrap_or_default())
            + &tag("notAfter", &e.not_after.map(rfc3339).unwrap_or_default())
    });
    let checked = |name: &str, value: &str| format!("<{name}><status>{value}</status></{name}>");
    tag("instanceId", &s.id)
        + &checked("systemStatus", &s.system)
        + &checked("instanceStatus", &s.instance)
        + &s.ebs.as_ref().map_or(String::new(), |e| checked("attachedEbsStatus", e))
        + &items("eventsSet", events)
}

fn interface(i: &Interface) -> String {
    tag("networkInterfaceId", &i.id)
        + &tag("privateIpAddress", &i.private_ip)
        + &tag("subnetId", &i.subnet)
        + &tag("availabilityZone", &i.zone)
        + &tag("description", &i.description)
        + &tag("status", &i.status)
        + &items("groupSet", i.security_groups.iter().map(|g| tag("groupId", g)))
        + &i.instance.as_ref().map_or(String::new(), |n| format!("<attachment><instanceId>{n}</instanceId></attachment>"))
        + &items("ipv6AddressesSet", i.ipv6.iter().map(|a| tag("ipv6Address", a)))
        + &items("privateIpAddressesSet", [tag("privateIpAddress", &i.private_ip)])
}

fn group(g: &SecurityGroup) -> String {
    tag("groupId", &g.id)
        + &tag("groupName", &g.name)
        + &tag("vpcId", &g.vpc)
        + &items("ipPermissions", [])
        + &items("ipPermissionsEgress", [])
}

fn rules(g: &SecurityGroup) -> Vec<String> {
    g.rules
        .iter()
        .map(|r| {
            let peer = match &r.peer {
                Peer::Cidr(c) if c.contains(':') => tag("cidrIpv6", c),
                Peer::Cidr(c) => tag("cidrIpv4", c),
                Peer::Group(id) => format!("<referencedGroupInfo><groupId>{id}</groupId></referencedGroupInfo>"),
                Peer::PrefixList(id) => tag("prefixListId", id),
            };
            let port = |p: Option<u16>| p.map_or("-1".to_owned(), |p| p.to_string());
            tag("securityGroupRuleId", r.id.as_deref().unwrap_or(""))
                + &tag("groupId", &g.id)
                + &tag("isEgress", &r.egress.to_string())
                + &tag("ipProtocol", &r.protocol)
                + &tag("fromPort", &port(r.from_port))
                + &tag("toPort", &port(r.to_port))
                + &peer
                + &tag("description", r.description.as_deref().unwrap_or(""))
        })
        .collect()
}

fn subnet(s: &Subnet) -> String {
    tag("subnetId", &s.id)
        + &tag("vpcId", &s.vpc)
        + &tag("availabilityZone", &s.zone)
        + &tag("cidrBlock", &s.cidr)
        + &tag("availableIpAddressCount", &s.free_addresses.to_string())
        + &items("ipv6CidrBlockAssociationSet", s.ipv6_cidrs.iter().map(|c| tag("ipv6CidrBlock", c)))
}

fn acl(a: &NetworkAcl) -> String {
    let entries = a.entries.iter().map(|e| {
        let range =
            e.from_port.zip(e.to_port).map_or(String::new(), |(f, t)| format!("<portRange><from>{f}</from><to>{t}</to></portRange>"));
        tag("ruleNumber", &e.number.to_string())
            + &tag("protocol", &e.protocol)
            + &tag("ruleAction", if e.allow { "allow" } else { "deny" })
            + &tag("egress", &e.egress.to_string())
            + &tag(if e.cidr.contains(':') { "ipv6CidrBlock" } else { "cidrBlock" }, &e.cidr)
            + &range
    });
    tag("networkAclId", &a.id)
        + &tag("vpcId", &a.vpc)
        + &items("entrySet", entries)
        + &items("associationSet", a.subnets.iter().map(|s| tag("subnetId", s)))
}

fn table(t: &RouteTable) -> String {
    let routes = t.routes.iter().map(|r| {
        let destination = match r.destination.as_str() {
            d if d.starts_with("pl-") => tag("destinationPrefixListId", d),
            d if d.contains(':') => tag("destinationIpv6CidrBlock", d),
            d => tag("destinationCidrBlock", d),
        };
        let via = match r.via.split('-').next() {
            Some("nat") => "natGatewayId",
            Some("tgw") => "transitGatewayId",
            Some("pcx") => "vpcPeeringConnectionId",
            Some("eni") => "networkInterfaceId",
            _ => "gatewayId",
        };
        destination + &tag(via, &r.via) + &tag("state", if r.blackhole { "blackhole" } else { "active" })
    });
    let main = t.main.then(|| "<main>true</main>".to_owned());
    let explicit = t.subnets.iter().map(|s| "<main>false</main>".to_owned() + &tag("subnetId", s));
    tag("routeTableId", &t.id)
        + &tag("vpcId", &t.vpc)
        + &items("routeSet", routes)
        + &items("associationSet", main.into_iter().chain(explicit))
}
