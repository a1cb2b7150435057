//! What lies between balancer and targets: security groups, ACLs, routes, zones, addresses, firewalls.

use super::Stage;
use crate::applog::{Level, Sign};
use crate::case::network::Peer;
use crate::simulator::config::{changed_acl, rule_id};
use crate::simulator::plan::{Harm, HarmKind, Surge};
use crate::simulator::trail::Who;
use serde_json::{Value, json};

/// A security-group rule as calls speak of it.
struct Rule {
    egress: bool,
    protocol: &'static str,
    port: Option<u16>,
    peer: Peer,
}

impl Rule {
    /// Request and answer: by its parts as the console asks, or by its id as Terraform does.
    fn record(&self, group: &str, by_id: bool) -> (Value, Value) {
        let port = self.port.map_or(-1, i64::from);
        let id = rule_id(group, self.port, self.egress);
        if by_id {
            let mut rule = json!({"securityGroupRuleId": id, "groupId": group, "isEgress": self.egress, "ipProtocol": self.protocol, "fromPort": port, "toPort": port});
            match &self.peer {
                Peer::Group(peer) => rule["referencedGroupId"] = json!(peer),
                Peer::Cidr(cidr) | Peer::PrefixList(cidr) => rule["cidrIpv4"] = json!(cidr),
            }
            let request = json!({"groupId": group, "securityGroupRuleIds": {"items": [{"securityGroupRuleId": id}]}});
            return (request, json!({"_return": true, "revokedSecurityGroupRuleSet": {"items": [rule]}}));
        }
        let mut permission = json!({"ipProtocol": self.protocol, "fromPort": port, "toPort": port, "groups": {}, "ipRanges": {}});
        match &self.peer {
            Peer::Group(peer) => permission["groups"] = json!({"items": [{"groupId": peer}]}),
            Peer::Cidr(cidr) | Peer::PrefixList(cidr) => permission["ipRanges"] = json!({"items": [{"cidrIp": cidr}]}),
        }
        (json!({"groupId": group, "ipPermissions": {"items": [permission]}}), json!({"_return": true}))
    }
}

impl Stage<'_> {
    /// The rule for the application's port is taken out of the targets' security group.
    pub(super) fn target_security_group(&mut self) {
        let fleet = self.fleet();
        let own_port = self.world.groups[0].health.port != "traffic-port";
        let check_too = !own_port || self.rng.chance(0.3);
        self.plan.wiring.no_check_ingress = own_port && check_too;
        self.harm(self.at, self.until, &fleet, HarmKind::DropNew { share: 1.0, check_too });
        let group = self.world.groups[0].security_group.clone();
        let who = self.anybody();
        let peer = Peer::Group(self.world.balancer.security_group.clone());
        let rule = Rule { egress: false, protocol: "tcp", port: Some(self.scenario.port), peer };
        self.rule_change(&group, who, &rule, "RevokeSecurityGroupIngress", "AuthorizeSecurityGroupIngress");
        if !self.is_over() {
            self.plan.wiring.no_ingress.push(0);
        }
        self.began(self.at, &fleet, &["NetworkIn", "NetworkOut", "CPUUtilization", "NewConnectionCount"]);
    }

    fn rule_change(&mut self, group: &str, who: Who, rule: &Rule, broke: &str, mended: &str) {
        let (request, answer) = rule.record(group, who == Who::Terraform);
        let before = self.rng.between(2, 12);
        self.answered_call(self.at - before, who, "ec2", broke, request, answer);
        if self.is_over() {
            let who = self.anybody();
            let (request, _) = rule.record(group, false);
            self.call(self.until - 1, who, "ec2", mended, request);
        }
    }

    /// The balancer may no longer send to anybody but the world's port 443.
    pub(super) fn balancer_security_group(&mut self) {
        let all: Vec<usize> = (0..self.world.targets.len()).collect();
        self.harm(self.at, self.until, &all, HarmKind::DropNew { share: 1.0, check_too: true });
        let group = self.world.balancer.security_group.clone();
        let who = self.anybody();
        let web = Rule { egress: true, protocol: "tcp", port: Some(443), peer: Peer::Cidr("0.0.0.0/0".into()) };
        let (request, answer) = web.record(&group, false);
        self.answered_call(self.at - 13, who, "ec2", "AuthorizeSecurityGroupEgress", request, answer);
        let rule = Rule { egress: true, protocol: "-1", port: None, peer: Peer::Cidr("0.0.0.0/0".into()) };
        self.rule_change(&group, who, &rule, "RevokeSecurityGroupEgress", "AuthorizeSecurityGroupEgress");
        self.plan.wiring.no_egress = !self.is_over();
        self.began(self.at, &all, &["NetworkIn", "NetworkOut", "CPUUtilization", "NewConnectionCount"]);
    }

    /// A network ACL denies requests or answers for one zone's subnet.
    pub(super) fn network_acl(&mut self) {
        let zone = self.rng.below(self.world.zones.len());
        let (on_balancer, answers) = (self.rng.chance(0.35), self.rng.chance(0.5));
        let hit: Vec<usize> = (0..self.world.targets.len()).filter(|t| on_balancer || self.world.targets[*t].zone == zone).collect();
        let node = on_balancer.then_some(zone);
        self.plan.harms.push(Harm { from: self.at, until: self.until, targets: hit.clone(), node, kind: HarmKind::Cut });
        let (acl, who) = (changed_acl(self.world, zone), self.anybody());
        let (from, to) = if answers { (1024, 65535) } else { (self.scenario.port, self.scenario.port) };
        let key = json!({"networkAclId": acl, "ruleNumber": 90, "egress": answers != on_balancer});
        let mut p = key.clone();
        p["ruleAction"] = json!("deny");
        p["aclProtocol"] = json!("6");
        p["cidrBlock"] = json!("10.20.0.0/16");
        p["portRange"] = json!({"from": from, "to": to});
        self.call(self.at - 3, who, "ec2", "CreateNetworkAclEntry", p);
        self.plan.wiring.own_acls.push((zone, on_balancer));
        if self.is_over() {
            self.call(self.until, who, "ec2", "DeleteNetworkAclEntry", key);
        } else {
            self.plan.wiring.acl_denies.push((zone, on_balancer, answers));
        }
        self.began(self.at, &hit, &["NetworkIn", "NetworkOut", "CPUUtilization", "HealthyHostCount"]);
    }

    /// A firewall on the hosts themselves: a bad run of configuration management, a ban of one node.
    pub(super) fn host_firewall(&mut self) {
        let hit = self.some(3);
        let rejects = self.rng.chance(0.3);
        let check_too = self.world.groups[0].health.port == "traffic-port";
        let kind = if rejects { HarmKind::Reject { check_too } } else { HarmKind::DropNew { share: 1.0, check_too } };
        let one_node = self.rng.chance(0.3);
        let node = one_node.then(|| self.rng.below(self.world.zones.len()));
        self.plan.harms.push(Harm { from: self.at, until: self.until, targets: hit.clone(), node, kind });
        let resources = self.ids(&hit);
        for t in hit.clone() {
            let (words, sample) = match node {
                Some(n) => (
                    "fail2ban.actions [<*>]: NOTICE [nginx-limit] Ban <*>".to_owned(),
                    format!("fail2ban.actions [611]: NOTICE [nginx-limit] Ban {}", self.world.zones[n].node),
                ),
                None => ("firewalld: reloaded, zone <*>".to_owned(), "firewalld: reloaded, zone drop".to_owned()),
            };
            self.line(self.at - 2, t, Level::Warn, None, &words, &sample);
        }
        if !one_node && self.rng.chance(0.6) {
            let p = json!({"documentName": "AWS-ApplyAnsiblePlaybooks", "instanceIds": resources});
            self.call(self.at - 25, Who::Pipeline, "ssm", "SendCommand", p);
        }
        self.began(self.at, &hit, &["NetworkIn", "NetworkOut", "CPUUtilization"]);
    }

    /// A zone has trouble: its targets do not answer, its node reaches few.
    pub(super) fn zone(&mut self) {
        let zone = self.rng.below(self.world.zones.len());
        let name = self.world.zones[zone].name.clone();
        let inside: Vec<usize> = (0..self.world.targets.len()).filter(|t| self.world.targets[*t].zone == zone).collect();
        let silent = self.rng.chance(0.5);
        let all: Vec<usize> = (0..self.world.targets.len()).collect();
        for t in &inside {
            let from = self.at + self.rng.between(0, 50);
            if self.rng.chance(0.8) {
                self.harm(from, self.until, &[*t], HarmKind::Dead { metrics_stop: silent });
            } else {
                self.harm(from, self.until, &[*t], HarmKind::DropNew { share: 0.8, check_too: true });
            }
        }
        self.plan.harms.push(Harm {
            from: self.at,
            until: self.until,
            targets: all,
            node: Some(zone),
            kind: HarmKind::DropNew { share: 0.85, check_too: true },
        });
        let ended = self.is_over().then_some(self.until);
        let (from, words) = (self.at - 60, format!("We are investigating connectivity issues in a single Availability Zone ({name})"));
        let event = self.scribe().health("AWS_EC2_OPERATIONAL_ISSUE", "issue", from, ended, Some(&name), &[], &words);
        self.plan.events.extend(event);
        if self.rng.chance(0.5) {
            let at = self.at + 420;
            let event = self.scribe().autoshift(at, &name);
            self.plan.events.extend(event);
        }
        self.began(self.at, &inside, &["NetworkIn", "NetworkOut", "CPUUtilization", "StatusCheckFailed_System", "HealthyHostCount"]);
    }

    /// The balancer cannot grow: its subnets are out of addresses while clients press in.
    pub(super) fn balancer_capacity(&mut self) {
        let zone = self.rng.below(self.world.zones.len());
        let all: Vec<usize> = (0..self.world.targets.len()).collect();
        let surge = Surge { from: self.at - 240, until: self.until, ramp: 240, factor: self.rng.range(1.3, 1.7), group: None };
        self.plan.surges.push(surge);
        self.plan.floods.push(Surge { factor: self.rng.range(1.8, 3.0), ..surge });
        self.plan.balancer_full = Some((self.at - 30, self.end()));
        self.plan.wiring.free_addresses = Some(self.rng.below(4) as u32);
        let mut at = self.at;
        while at < self.end() {
            let lasts = self.rng.between(40, 120);
            let share = self.rng.range(0.6, 0.9);
            let until = at + lasts;
            self.plan.harms.push(Harm {
                from: at,
                until,
                targets: all.clone(),
                node: Some(zone),
                kind: HarmKind::DropNew { share, check_too: false },
            });
            at = until + self.rng.between(0, 30);
        }
        if self.rng.chance(0.5) {
            let (at, arn) = (self.at + 300, self.world.balancer.arn.clone());
            let words = "Your load balancer could not scale because its subnets have no free addresses";
            let event =
                self.scribe().health("AWS_ELASTICLOADBALANCING_ENI_LIMIT_REACHED", "accountNotification", at, None, None, &[arn], words);
            self.plan.events.extend(event);
        }
        self.began(self.at, &all, &["RejectedConnectionCount", "NewConnectionCount", "RequestCount"]);
    }

    /// Addresses stay registered after what they belonged to has gone.
    pub(super) fn stale_address(&mut self) {
        let hit = self.some(3);
        for (i, t) in hit.clone().into_iter().enumerate() {
            let at = self.at + i as i64 * self.rng.between(0, 90);
            let let_go = at + self.rng.between(300, 700);
            let stay = self.plan.stay_of(t);
            (stay.gone, stay.deregistered) = (at, let_go);
            self.plan.wiring.orphans.push(t);
            self.line(at, t, Level::Info, Some(Sign::Stop), "received SIGTERM, shutting down", "received SIGTERM, shutting down");
            self.registration(let_go, Who::Controller, "DeregisterTargets", &[t]);
        }
        self.began(self.at, &hit, &["HealthyHostCount"]);
    }
}
