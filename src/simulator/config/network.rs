//! The network as the describe calls show it: rules, lists, routes, subnets, interfaces.

use super::Settings;
use crate::case::network::{AclEntry, Interface, NetworkAcl, Peer, Route, RouteTable, SecurityGroup, SecurityGroupRule, Subnet};
use crate::case::topology::dimension_of;
use crate::simulator::TargetKind;
use crate::simulator::random::Rng;
use crate::simulator::world::World;

impl Settings<'_> {
    pub fn security_groups(&self) -> Vec<SecurityGroup> {
        let mut all = vec![self.balancer_security_group()];
        all.extend((0..self.world.groups.len()).map(|g| self.target_security_group(g)));
        all
    }

    fn balancer_security_group(&self) -> SecurityGroup {
        let open = |egress, from: Option<u16>, protocol: &str, words: &str| SecurityGroupRule {
            id: Some(rule_id(&self.world.balancer.security_group, from, egress)),
            egress,
            protocol: protocol.into(),
            from_port: from,
            to_port: from,
            peer: Peer::Cidr("0.0.0.0/0".into()),
            description: (!words.is_empty()).then(|| words.into()),
        };
        let mut rules = vec![open(false, Some(443), "tcp", "HTTPS from anywhere")];
        if self.plan.wiring.no_egress {
            rules.push(open(true, Some(443), "tcp", "HTTPS only"));
        } else {
            rules.push(open(true, None, "-1", ""));
        }
        SecurityGroup {
            id: self.world.balancer.security_group.clone(),
            name: format!("{}-alb", self.scenario.system).into(),
            vpc: self.world.vpc.clone(),
            rules,
        }
    }

    fn target_security_group(&self, g: usize) -> SecurityGroup {
        let group = &self.world.groups[g];
        let from_balancer = |port: u16, words: &str| SecurityGroupRule {
            id: Some(rule_id(&group.security_group, Some(port), false)),
            egress: false,
            protocol: "tcp".into(),
            from_port: Some(port),
            to_port: Some(port),
            peer: Peer::Group(self.world.balancer.security_group.clone()),
            description: (!words.is_empty()).then(|| words.into()),
        };
        let blocked = self.plan.wiring.no_ingress.contains(&g);
        let mut rules = vec![SecurityGroupRule {
            id: Some(rule_id(&group.security_group, Some(22), false)),
            egress: false,
            protocol: "tcp".into(),
            from_port: Some(22),
            to_port: Some(22),
            peer: Peer::Cidr("10.20.240.0/24".into()),
            description: Some("踏み台 bastion".into()),
        }];
        if !blocked {
            rules.push(from_balancer(group.port, "from the balancer"));
        }
        let own = group.health.port.parse::<u16>().ok();
        if let Some(port) = own.filter(|_| !(blocked && self.plan.wiring.no_check_ingress)) {
            rules.push(from_balancer(port, "health check"));
        }
        let other = self.world.targets.iter().find(|t| t.group == g && t.port != group.port);
        rules.extend(other.filter(|_| !blocked).map(|t| from_balancer(t.port, "from the balancer")));
        rules.push(SecurityGroupRule { egress: true, protocol: "-1".into(), ..SecurityGroupRule::default() });
        SecurityGroup {
            id: group.security_group.clone(),
            name: format!("{}-{}", self.scenario.system, group.name).into(),
            vpc: self.world.vpc.clone(),
            rules,
        }
    }

    pub fn acls(&self) -> Vec<NetworkAcl> {
        let z = &self.world.zones;
        let balancer_subnets: Vec<String> = z.iter().map(|z| z.balancer_subnet.clone()).collect();
        let app_subnets: Vec<String> = z.iter().map(|z| z.app_subnet.clone()).collect();
        let mut acls = vec![self.acl(&self.world.acl, app_subnets), self.acl(&format!("{}b", &self.world.acl[..20]), balancer_subnets)];
        for (zone, on_balancer) in &self.plan.wiring.own_acls {
            let subnet = if *on_balancer { &z[*zone].balancer_subnet } else { &z[*zone].app_subnet };
            let denied = self.plan.wiring.acl_denies.iter().find(|(z, b, _)| (z, b) == (zone, on_balancer));
            acls.iter_mut().for_each(|a| a.subnets.retain(|s| s != subnet));
            acls.push(match denied {
                Some((.., answers)) => self.denying_acl(*zone, subnet, *on_balancer, *answers),
                None => self.acl(&changed_acl(self.world, *zone), vec![subnet.clone()]),
            });
        }
        acls
    }

    fn acl(&self, id: &str, subnets: Vec<String>) -> NetworkAcl {
        let all = |egress, number, allow| AclEntry {
            number,
            egress,
            allow,
            protocol: "-1".into(),
            cidr: "0.0.0.0/0".into(),
            from_port: None,
            to_port: None,
        };
        NetworkAcl {
            id: id.into(),
            vpc: self.world.vpc.clone(),
            subnets,
            entries: vec![all(false, 100, true), all(false, 32767, false), all(true, 100, true), all(true, 32767, false)],
        }
    }

    /// The subnet's own list, with an entry in front that denies requests in or answers out.
    fn denying_acl(&self, zone: usize, subnet: &str, on_balancer: bool, answers: bool) -> NetworkAcl {
        let mut acl = self.acl(&changed_acl(self.world, zone), vec![subnet.to_owned()]);
        // On the targets' side requests come in on the port and answers leave from it; on the balancer's, the reverse.
        let egress = answers != on_balancer;
        let port = self.world.groups[0].port;
        let (from, to) = if answers { (1024, 65535) } else { (port, port) };
        let entry = AclEntry {
            number: 90,
            egress,
            allow: false,
            protocol: "6".into(),
            cidr: "10.20.0.0/16".into(),
            from_port: Some(from),
            to_port: Some(to),
        };
        acl.entries.insert(0, entry);
        acl
    }

    pub fn routes(&self) -> Vec<RouteTable> {
        let z = &self.world.zones;
        let mut tables = vec![RouteTable {
            id: self.world.route_table.clone(),
            vpc: self.world.vpc.clone(),
            main: true,
            subnets: Vec::new(),
            routes: vec![route("10.20.0.0/16", "local", false), route("0.0.0.0/0", "nat-0a1b2c3d4e5f60718", false)],
        }];
        tables.push(RouteTable {
            id: format!("{}p", &self.world.route_table[..20]),
            vpc: self.world.vpc.clone(),
            main: false,
            subnets: z.iter().map(|z| z.balancer_subnet.clone()).collect(),
            routes: vec![route("10.20.0.0/16", "local", false), route("0.0.0.0/0", "igw-0a1b2c3d4e5f60718", false)],
        });
        if !self.plan.wiring.blackholes.is_empty() {
            for t in &mut tables {
                t.routes.push(route("10.60.0.0/16", "pcx-0a1b2c3d4e5f60718", true));
            }
        } else if self.plan.wiring.orphans.iter().any(|t| self.world.targets[*t].ip.starts_with("10.60.")) {
            tables.iter_mut().for_each(|t| t.routes.push(route("10.60.0.0/16", "tgw-0a1b2c3d4e5f60718", false)));
        }
        tables
    }

    pub fn subnets(&self) -> Vec<Subnet> {
        let vpc = &self.world.vpc;
        let zones = self.world.zones.iter();
        zones
            .flat_map(|z| {
                let free = self.plan.wiring.free_addresses.unwrap_or(231);
                let balancer = Subnet {
                    id: z.balancer_subnet.clone(),
                    vpc: vpc.clone(),
                    zone: z.name.clone(),
                    cidr: format!("10.20.{}.0/24", z.balancer_net),
                    free_addresses: free,
                    ..Subnet::default()
                };
                let app = Subnet {
                    id: z.app_subnet.clone(),
                    vpc: vpc.clone(),
                    zone: z.name.clone(),
                    cidr: format!("10.20.{}.0/20", z.app_net),
                    free_addresses: 3980,
                    ..Subnet::default()
                };
                [balancer, app]
            })
            .collect()
    }

    /// The balancer's nodes, and whatever stands behind targets that are addresses.
    pub fn interfaces(&self) -> Vec<Interface> {
        let mut rng = Rng::new(self.scenario.seed).fork("interfaces");
        let balancer = dimension_of(&self.world.balancer.arn).to_owned();
        let mut all: Vec<Interface> = Vec::new();
        for z in &self.world.zones {
            all.push(Interface {
                id: format!("eni-0{}", rng.hex(16)),
                private_ip: z.node.clone(),
                subnet: z.balancer_subnet.clone(),
                zone: z.name.clone(),
                security_groups: vec![self.world.balancer.security_group.clone()],
                description: format!("ELB {balancer}").into(),
                status: "in-use".into(),
                ..Interface::default()
            });
        }
        for t in 0..self.world.targets.len() {
            all.extend(self.task_interface(t, &mut rng));
        }
        all
    }

    fn task_interface(&self, t: usize, rng: &mut Rng) -> Option<Interface> {
        let target = &self.world.targets[t];
        let group = &self.world.groups[target.group];
        let id = format!("eni-0{}", rng.hex(16));
        let now = self.scenario.seconds();
        let gone = self.plan.stays.iter().any(|s| s.target == t && (s.gone < now || s.born > now));
        if group.kind != TargetKind::Task || gone || self.plan.wiring.orphans.contains(&t) {
            return None;
        }
        Some(Interface {
            id,
            private_ip: target.ip.clone(),
            subnet: self.world.zones[target.zone].app_subnet.clone(),
            zone: self.world.zones[target.zone].name.clone(),
            security_groups: vec![group.security_group.clone()],
            description: format!("arn:aws:ecs:{}:{}:attachment/{}", self.world.region, self.world.account, rng.hex(32)).into(),
            status: "in-use".into(),
            ..Interface::default()
        })
    }
}

/// The id of the network ACL that a change to one zone's subnet touches.
pub fn changed_acl(world: &World, zone: usize) -> String {
    format!("{}{zone}", &world.acl[..20])
}

/// `sgr-…`, the same for the same rule wherever it is named.
pub fn rule_id(group: &str, port: Option<u16>, egress: bool) -> String {
    format!("sgr-0{}", Rng::new(u64::from(port.unwrap_or(0)) * 2 + u64::from(egress)).fork(group).hex(16))
}

fn route(destination: &str, via: &str, blackhole: bool) -> Route {
    Route { destination: destination.into(), via: via.into(), blackhole }
}
