//! What security groups and network ACLs do to a set of packets. Pure functions of the case.

use super::traffic::{Addresses, Block, Ports, Traffic};
use super::{Verdict, unread};
use crate::case::Case;
use crate::case::network::{AclEntry, Peer, SecurityGroup, SecurityGroupRule};
use crate::say;
use crate::text::Text;

/// Rules shown before "…".
const SHOWN: usize = 4;

/// The security groups of one interface, and who is on the other side.
pub struct Gate<'a> {
    pub groups: &'a [String],
    pub egress: bool,
    /// Groups of the other side's interface; `None` when they are not known.
    pub peers: Option<&'a [String]>,
    /// `the balancer` or the target, for the words.
    pub whose: Text,
}

/// All groups of the interface together: what any rule allows is allowed.
pub fn security_groups(case: &Case, gate: &Gate, traffic: Traffic) -> Verdict {
    if gate.groups.is_empty() {
        let Text { en, vi } = &gate.whose;
        return Verdict::CannotTell { why: say!("the security groups of {en} are not known", "không biết security group của {vi}") };
    }
    let mut reading = Reading { case, gate, left: traffic.clone(), by: Vec::new(), doubts: Vec::new() };
    for id in gate.groups {
        match case.security_groups.get(id) {
            Some(group) => reading.group(group),
            None => reading.doubts.push(unread(case, "ec2:DescribeSecurityGroups", id)),
        }
    }
    reading.verdict(&traffic)
}

struct Reading<'a> {
    case: &'a Case,
    gate: &'a Gate<'a>,
    left: Traffic,
    by: Vec<String>,
    doubts: Vec<Text>,
}

impl Reading<'_> {
    fn group(&mut self, group: &SecurityGroup) {
        for rule in group.rules.iter().filter(|r| r.egress == self.gate.egress && speaks_of_tcp(&r.protocol)) {
            if self.rule(rule) {
                self.by.push(rule.id.clone().unwrap_or_else(|| group.id.clone()));
            }
        }
    }

    /// Whether the rule let anything through that none before it did.
    fn rule(&mut self, rule: &SecurityGroupRule) -> bool {
        let ports = ports(&rule.protocol, rule.from_port, rule.to_port);
        match self.speaks_of(&rule.peer) {
            Ok(all) => {
                let taken: Vec<_> = all.into_iter().map(|addresses| self.left.take(&Block { addresses, ports })).collect();
                taken.iter().any(|t| !t.is_empty())
            }
            Err(why) => {
                self.doubt(ports, why);
                false
            }
        }
    }

    /// The addresses of the other side that a rule speaks of, or why they are not known.
    fn speaks_of(&self, peer: &Peer) -> Result<Vec<Addresses>, Text> {
        match (peer, self.gate.peers) {
            (Peer::Cidr(cidr), _) => Addresses::parse(cidr)
                .map(|a| vec![a])
                .ok_or_else(|| say!("{cidr} in a rule is not an address range", "{cidr} trong luật không phải dải địa chỉ")),
            (Peer::PrefixList(id), _) => match self.case.prefix_lists.get(id) {
                Some(list) => Ok(list.cidrs.iter().filter_map(|c| Addresses::parse(c)).collect()),
                None => Err(unread(self.case, "ec2:GetManagedPrefixListEntries", id)),
            },
            (Peer::Group(id), Some(peers)) => Ok(if peers.contains(id) { everyone().into() } else { Vec::new() }),
            (Peer::Group(id), None) => Err(say!(
                "a rule names {id}, and whether the other side has it is not known",
                "có luật nêu {id}, không biết phía kia có thuộc nhóm đó không"
            )),
        }
    }

    /// A rule that might let the traffic through counts only if its ports fit.
    fn doubt(&mut self, ports: Ports, why: Text) {
        let fits = everyone().into_iter().any(|addresses| !self.left.clone().take(&Block { addresses, ports }).is_empty());
        if fits {
            self.doubts.push(why);
        }
    }

    fn verdict(self, all: &Traffic) -> Verdict {
        if self.left.is_empty() {
            return Verdict::Open { by: self.by.join(", ") };
        }
        if let Some(why) = self.doubts.into_iter().next() {
            return Verdict::CannotTell { why };
        }
        let (rule, left, allowed) = (self.gate.groups.join(", "), &self.left, allowed(self.case, self.gate));
        let words = if self.gate.egress {
            say!(
                "no outbound rule of {rule} lets {left} out; it allows {allowed}",
                "không luật chiều ra nào của {rule} cho {left} đi ra; nó chỉ cho {allowed}"
            )
        } else {
            say!(
                "no inbound rule of {rule} lets {left} in; it allows {allowed}",
                "không luật chiều vào nào của {rule} cho {left} đi vào; nó chỉ cho {allowed}"
            )
        };
        Verdict::Blocked { rule, words, partly: self.left != *all }
    }
}

/// What the groups do allow in this direction, in the words of AWS.
fn allowed(case: &Case, gate: &Gate) -> String {
    let rules = gate.groups.iter().filter_map(|id| case.security_groups.get(id)).flat_map(|g| &g.rules).filter(|r| r.egress == gate.egress);
    let mut words: Vec<_> = rules.map(rule_words).collect();
    let more = words.len() > SHOWN;
    words.truncate(SHOWN);
    match (words.is_empty(), more) {
        (true, _) => "—".into(),
        (false, more) => format!("{}{}", words.join("; "), if more { "; …" } else { "" }),
    }
}

/// `tcp 8080 ← sg-0ab (sgr-1)`
pub fn rule_words(rule: &SecurityGroupRule) -> String {
    let peer = match &rule.peer {
        Peer::Cidr(it) | Peer::Group(it) | Peer::PrefixList(it) => it,
    };
    let arrow = if rule.egress { "→" } else { "←" };
    let id = rule.id.as_ref().map(|id| format!(" ({id})")).unwrap_or_default();
    format!("{} {arrow} {peer}{id}", service(&rule.protocol, rule.from_port, rule.to_port))
}

fn service(protocol: &str, from: Option<u16>, to: Option<u16>) -> String {
    let name = match protocol {
        "6" => "tcp",
        "17" => "udp",
        "-1" | "all" => return "all".into(),
        other => other,
    };
    match (from, to) {
        (None, None) => format!("{name} all ports"),
        _ => format!("{name} {}", ports(protocol, from, to)),
    }
}

fn everyone() -> [Addresses; 2] {
    [Addresses { v6: false, first: 0, last: u128::from(u32::MAX) }, Addresses { v6: true, first: 0, last: u128::MAX }]
}

fn speaks_of_tcp(protocol: &str) -> bool {
    matches!(protocol, "-1" | "all" | "tcp" | "6")
}

/// Of a rule about every protocol the ports do not count.
fn ports(protocol: &str, from: Option<u16>, to: Option<u16>) -> Ports {
    match (protocol, from, to) {
        ("-1" | "all", ..) | (_, None, None) => Ports::ALL,
        (_, from, to) => Ports { first: from.or(to).unwrap_or(0), last: to.or(from).unwrap_or(u16::MAX) },
    }
}

/// The ACL of a subnet: the first entry that speaks of a packet decides; at the end everything is denied.
pub fn acl(case: &Case, subnet: &str, egress: bool, traffic: Traffic) -> Verdict {
    let Some(acl) = case.network_acls.values().find(|a| a.subnets.iter().any(|s| s == subnet)) else {
        return Verdict::CannotTell { why: unread(case, "ec2:DescribeNetworkAcls", subnet) };
    };
    let mut entries: Vec<_> = acl.entries.iter().filter(|e| e.egress == egress && speaks_of_tcp(&e.protocol)).collect();
    entries.sort_by_key(|e| e.number);
    let mut left = traffic.clone();
    let (mut by, mut denied) = (Vec::new(), Vec::new());
    for entry in entries {
        let Some(addresses) = Addresses::parse(&entry.cidr) else {
            let (id, number, cidr) = (&acl.id, entry.number, &entry.cidr);
            return Verdict::CannotTell {
                why: say!("{id} rule {number}: {cidr} is not an address range", "{id} luật {number}: {cidr} không phải dải địa chỉ"),
            };
        };
        let taken = left.take(&Block { addresses, ports: ports(&entry.protocol, entry.from_port, entry.to_port) });
        if taken.is_empty() {
            continue;
        }
        if entry.allow { by.push(entry.number) } else { denied.push((entry.number.to_string(), entry_words(entry), taken)) }
    }
    if !left.is_empty() {
        denied.push(("*".into(), "deny all".into(), left));
    }
    acl_verdict(&acl.id, egress, &by, denied)
}

fn acl_verdict(acl: &str, egress: bool, by: &[u32], denied: Vec<(String, String, Traffic)>) -> Verdict {
    let numbers: Vec<_> = by.iter().map(u32::to_string).collect();
    if denied.is_empty() {
        return Verdict::Open { by: format!("{acl} rule {}", numbers.join(", ")) };
    }
    let (way, vi) = if egress { ("outbound", "chiều ra") } else { ("inbound", "chiều vào") };
    let words = denied.iter().take(SHOWN).map(|(number, words, what)| {
        say!("{acl} {way} rule {number} ({words}) drops {what}", "{acl} luật {vi} {number} ({words}) chặn {what}")
    });
    let words = Text::join(&words.collect::<Vec<_>>(), "; ");
    Verdict::Blocked { rule: format!("{acl} rule {}", denied[0].0), words, partly: !by.is_empty() }
}

/// `deny tcp 8080 10.0.0.0/24`
fn entry_words(entry: &AclEntry) -> String {
    let verb = if entry.allow { "allow" } else { "deny" };
    format!("{verb} {} {}", service(&entry.protocol, entry.from_port, entry.to_port), entry.cidr)
}
