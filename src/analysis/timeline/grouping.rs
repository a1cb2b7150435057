//! Which events are parts of one happening: one deployment, one scaling, one run of a tool.

use super::{Kind, Relation};
use crate::case::events::{ActorKind, Event, EventSource};
use crate::changes::json::{at, text};
use crate::changes::{autoscaling, ecs};
use crate::time::Time;
use chrono::Duration;
use std::collections::HashMap;

/// An event with what is thought of it alone.
#[derive(Debug)]
pub(super) struct Seen<'a> {
    pub event: &'a Event,
    pub kind: Kind,
    pub relation: Relation,
    pub touches: Option<String>,
}

impl Seen<'_> {
    fn end(&self) -> Time {
        self.event.end.unwrap_or(self.event.at)
    }
}

/// A reason to belong together, good as long as the pauses and the whole stay short. Minutes.
struct Bond {
    key: String,
    pause: i64,
    whole: i64,
}

fn bond(key: String, pause: i64, whole: i64) -> Bond {
    Bond { key, pause, whole }
}

/// Groups of indices into `seen`, which is in order of time.
pub(super) fn group(seen: &[Seen]) -> Vec<Vec<usize>> {
    let known = Known::of(seen);
    let mut sets = Sets::new(seen.len());
    // For each key: the last event, when the run began and when it last moved.
    let mut open: HashMap<String, (usize, Time, Time)> = HashMap::new();
    for (i, s) in seen.iter().enumerate() {
        for bond in known.bonds(s) {
            let (at, end) = (s.event.at, s.end());
            let run = open
                .get(&bond.key)
                .filter(|(_, begun, last)| at - *last <= Duration::minutes(bond.pause) && at - *begun <= Duration::minutes(bond.whole));
            let (begun, last) = run.map_or((at, end), |(j, begun, last)| {
                sets.join(i, *j);
                (*begun, end.max(*last))
            });
            open.insert(bond.key, (i, begun, last));
        }
    }
    sets.groups()
}

/// Whose parts instances and target groups are, as the services tell.
#[derive(Default)]
struct Known<'a> {
    by_instance: HashMap<&'a str, String>,
    by_target_group: HashMap<&'a str, String>,
}

impl<'a> Known<'a> {
    fn of(seen: &[Seen<'a>]) -> Self {
        let mut known = Self::default();
        for s in seen {
            let named = s.event.resources.iter();
            match s.event.source {
                EventSource::AutoScaling => {
                    known.by_instance.extend(named.filter(|r| r.starts_with("i-")).map(|r| (r.as_str(), scaling_key(s.event))));
                }
                EventSource::Ecs => {
                    known.by_target_group.extend(named.filter(|r| r.contains(":targetgroup/")).map(|r| (r.as_str(), service_key(s.event))));
                }
                _ => {}
            }
        }
        known
    }

    fn bonds(&self, s: &Seen) -> Vec<Bond> {
        let event = s.event;
        let mut bonds = Vec::new();
        match event.source {
            EventSource::AutoScaling => bonds.push(bond(scaling_key(event), 5, 60)),
            EventSource::Ecs => bonds.push(bond(service_key(event), 10, 120)),
            EventSource::CloudTrail => bonds.extend(self.of_call(s)),
            EventSource::Ec2 => {
                bonds.extend(event.resources.iter().filter_map(|r| self.by_instance.get(r.as_str())).map(|key| bond(key.clone(), 5, 60)));
            }
            _ => {}
        }
        let deployments = event.resources.iter().filter(|r| r.starts_with("d-") && r.len() < 16);
        bonds.extend(deployments.map(|id| bond(format!("codedeploy:{id}"), 1440, 1440)));
        if is_power(event) && event.error.is_none() {
            bonds.extend(event.resources.iter().filter(|r| r.starts_with("i-")).map(|id| bond(format!("power:{id}"), 5, 30)));
        }
        if s.kind == Kind::Spot {
            bonds.extend(event.resources.iter().filter(|r| r.starts_with("i-")).map(|id| bond(format!("spot:{id}"), 10, 20)));
        }
        bonds
    }

    fn of_call(&self, s: &Seen) -> Vec<Bond> {
        let event = s.event;
        let mut bonds = Vec::new();
        let request = |key: &str| event.raw.as_ref().and_then(|r| at(r, &["requestParameters", key])?.as_str());
        if let Some(group) = request("autoScalingGroupName") {
            bonds.push(bond(format!("autoscaling:{group}"), 5, 60));
        }
        if let Some(service) = request("service").filter(|_| event.service.starts_with("ecs.")) {
            bonds.push(bond(format!("ecs:{}", service.rsplit('/').next().unwrap_or(service)), 10, 120));
        }
        if event.actor.kind == ActorKind::Service {
            bonds.extend(event.resources.iter().filter_map(|r| self.by_instance.get(r.as_str())).map(|key| bond(key.clone(), 5, 60)));
            bonds.extend(event.resources.iter().filter_map(|r| self.by_target_group.get(r.as_str())).map(|key| bond(key.clone(), 10, 120)));
            return bonds;
        }
        // What touches the path is not blurred with what does not, nor one kind of change with another.
        let scope = (s.relation.is_on_path(), s.kind);
        let actor = if event.actor.arn.is_empty() { &event.actor.name } else { &event.actor.arn };
        if event.error.is_none() && is_infrastructure_as_code(event) {
            bonds.push(bond(format!("run:{actor}:{scope:?}"), 2, 15));
        }
        bonds.push(bond(format!("same:{actor}:{}:{scope:?}:{}", event.name, event.error.is_some()), 2, 15));
        bonds
    }
}

/// Stop and start are two calls of one restart; the launch time and the state tell it once more.
fn is_power(event: &Event) -> bool {
    matches!(
        &*event.name,
        "StopInstances" | "StartInstances" | "RunInstances" | "TerminateInstances" | "Launched" | "StateChanged" | "Booted" | "Shutdown"
    )
}

/// Replacements of failed targets are apart from what people and policies asked for.
fn scaling_key(event: &Event) -> String {
    let name = event.resources.first().map_or("?", |r| r.as_str());
    let apart = if autoscaling::is_replacement(&event.summary) { ":replacement" } else { "" };
    format!("autoscaling:{name}{apart}")
}

fn service_key(event: &Event) -> String {
    let name = event.resources.first().map_or("?", |r| r.as_str());
    let exits = event.raw.as_ref().and_then(|r| text(r, "stopCode")) == Some("EssentialContainerExited");
    match (ecs::is_symptom(&event.summary), exits) {
        (true, _) => format!("ecs:{name}:unhealthy"),
        (_, true) => format!("ecs:{name}:exits"),
        _ => format!("ecs:{name}"),
    }
}

fn is_infrastructure_as_code(event: &Event) -> bool {
    let tools = ["Terraform", "OpenTofu", "CloudFormation", "CDK", "Pulumi"];
    event.actor.tool.as_deref().is_some_and(|t| tools.iter().any(|name| t.starts_with(name)))
}

/// Disjoint sets of indices.
struct Sets(Vec<usize>);

impl Sets {
    fn new(n: usize) -> Self {
        Self((0..n).collect())
    }

    fn root(&mut self, mut i: usize) -> usize {
        while self.0[i] != i {
            self.0[i] = self.0[self.0[i]];
            i = self.0[i];
        }
        i
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a.max(b)] = a.min(b);
    }

    fn groups(mut self) -> Vec<Vec<usize>> {
        let mut groups: Vec<Vec<usize>> = vec![Vec::new(); self.0.len()];
        for i in 0..self.0.len() {
            groups[self.root(i)].push(i);
        }
        groups.retain(|g| !g.is_empty());
        groups
    }
}
