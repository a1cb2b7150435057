//! The place where an incident happens: one account's network, balancer, groups and targets, by name.
//! Nothing happens here yet.

use super::random::Rng;
use super::{Scenario, TargetKind};
use crate::case::topology::HealthCheck;

/// Everything that stands still.
#[derive(Clone, Debug)]
pub struct World {
    pub account: String,
    pub region: String,
    pub vpc: String,
    pub zones: Vec<ZoneSite>,
    pub balancer: Balancer,
    pub groups: Vec<Group>,
    pub targets: Vec<Target>,
    /// Scaling group or ECS service behind the first group.
    pub fleet: String,
    pub acl: String,
    pub route_table: String,
}

#[derive(Clone, Debug)]
pub struct ZoneSite {
    pub name: String,
    pub balancer_subnet: String,
    pub app_subnet: String,
    /// Third octets: a /24 for the balancer, a /20 for the targets.
    pub balancer_net: u8,
    pub app_net: u8,
    /// The balancer node's address.
    pub node: String,
}

#[derive(Clone, Debug)]
pub struct Balancer {
    pub name: String,
    pub arn: String,
    pub security_group: String,
}

#[derive(Clone, Debug)]
pub struct Group {
    pub name: String,
    pub arn: String,
    pub port: u16,
    pub kind: TargetKind,
    pub security_group: String,
    pub health: HealthCheck,
    /// Share of the balancer's requests.
    pub share: f64,
    /// The share that its targets were made for.
    pub sized_for: f64,
}

#[derive(Clone, Debug)]
pub struct Target {
    pub group: usize,
    pub zone: usize,
    /// Instance id or address, as registered.
    pub id: String,
    pub ip: String,
    pub port: u16,
    pub name: String,
    pub instance_type: String,
    pub detailed: bool,
    pub spot: bool,
    /// The same machine as an earlier one, registered on another port.
    pub alias: bool,
}

impl Target {
    /// As access logs write it.
    pub fn address(&self) -> String {
        format!("{}:{}", self.ip, self.port)
    }
}

impl World {
    pub fn of(scenario: &Scenario, rng: &mut Rng) -> Self {
        let region = scenario.region.clone();
        let account = scenario.account.clone();
        let zones = zones(scenario, &region, rng);
        let balancer = balancer(scenario, &account, &region, rng);
        let groups: Vec<Group> = (0..scenario.groups).map(|g| group(scenario, g, &account, &region, rng)).collect();
        let mut world = Self {
            vpc: format!("vpc-0{}", rng.hex(16)),
            acl: format!("acl-0{}", rng.hex(16)),
            route_table: format!("rtb-0{}", rng.hex(16)),
            fleet: format!("{}-{}", scenario.service, if scenario.kind == TargetKind::Instance { "asg" } else { "svc" }),
            account,
            region,
            zones,
            balancer,
            groups,
            targets: Vec::new(),
        };
        for g in 0..scenario.groups {
            let n = if g == 0 { scenario.targets } else { (scenario.targets / 2).clamp(2, 6) };
            for _ in 0..n {
                world.add_target(scenario, g, rng);
            }
        }
        world
    }

    /// Another target in a group, not registered by this alone. Gives its index.
    pub fn add_target(&mut self, scenario: &Scenario, group: usize, rng: &mut Rng) -> usize {
        let n = self.targets.len();
        let zone = n % self.zones.len();
        let host = n / self.zones.len() + 11;
        let ip = format!("10.20.{}.{}", usize::from(self.zones[zone].app_net) + host / 250, host % 250 + 1);
        let kind = self.groups[group].kind;
        let id = if kind == TargetKind::Instance { format!("i-0{}", rng.hex(16)) } else { ip.clone() };
        let detailed = rng.chance(scenario.detailed);
        let role = scenario.role_names.get(group).cloned().unwrap_or_else(|| self.groups[group].name.clone());
        self.targets.push(Target {
            group,
            zone,
            id,
            ip,
            port: self.groups[group].port,
            name: format!("{role}-{:02}", n + 1),
            instance_type: scenario.instance_type.clone(),
            detailed,
            spot: scenario.spot && group == 0 && n % 2 == 1,
            alias: false,
        });
        n
    }

    /// A target's machine once more, on another port.
    pub fn add_alias(&mut self, of: usize, port: u16) -> usize {
        let target = Target { port, alias: true, ..self.targets[of].clone() };
        self.targets.push(target);
        self.targets.len() - 1
    }

    /// Indexes of a group's targets.
    pub fn of_group(&self, group: usize) -> Vec<usize> {
        (0..self.targets.len()).filter(|t| self.targets[*t].group == group).collect()
    }
}

fn zones(scenario: &Scenario, region: &str, rng: &mut Rng) -> Vec<ZoneSite> {
    (0..scenario.zones)
        .map(|z| {
            let letter = ["a", "c", "d"][z % 3];
            let (balancer_net, app_net) = (z as u8, 16 + 48 * z as u8);
            ZoneSite {
                name: format!("{region}{letter}"),
                balancer_subnet: format!("subnet-0{}", rng.hex(16)),
                app_subnet: format!("subnet-0{}", rng.hex(16)),
                balancer_net,
                app_net,
                node: format!("10.20.{balancer_net}.{}", rng.between(20, 240)),
            }
        })
        .collect()
}

fn balancer(scenario: &Scenario, account: &str, region: &str, rng: &mut Rng) -> Balancer {
    let name = format!("{}-prod", scenario.system);
    Balancer {
        arn: format!("arn:aws:elasticloadbalancing:{region}:{account}:loadbalancer/app/{name}/{}", rng.hex(16)),
        security_group: format!("sg-0{}", rng.hex(16)),
        name,
    }
}

fn group(scenario: &Scenario, g: usize, account: &str, region: &str, rng: &mut Rng) -> Group {
    let names = [scenario.service.as_str(), "static-assets", "admin", "search", "webhook"];
    let port = if g == 0 { scenario.port } else { 8000 + 10 * g as u16 };
    let name = format!("{}-{port}", names[g % names.len()]);
    let health = if g == 0 {
        scenario.health.clone()
    } else {
        HealthCheck { path: Some("/healthz".into()), interval: 15, ..HealthCheck::default() }
    };
    let share = if g == 0 { 1.0 } else { rng.range(0.15, 0.4) };
    Group {
        arn: format!("arn:aws:elasticloadbalancing:{region}:{account}:targetgroup/{name}/{}", rng.hex(16)),
        name,
        port,
        kind: if g == 0 { scenario.kind } else { TargetKind::Instance },
        security_group: format!("sg-0{}", rng.hex(16)),
        health,
        share,
        sized_for: share,
    }
}
