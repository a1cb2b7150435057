//! What instances themselves tell of changes: launches, state reasons, maintenance that AWS planned.

use crate::case::events::{Actor, ActorKind, Event, EventSource};
use crate::case::topology::{Instance, InstanceStatus, ScheduledEvent};
use crate::text::Foreign;
use crate::time::{Time, rfc3339};

/// The launch (or the last start) of an instance, and why it stopped, if it did.
pub fn of_instance(instance: &Instance) -> Vec<Event> {
    let launched = instance.launch_time.map(|at| Event {
        id: format!("launch/{}/{}", instance.id, at.timestamp()),
        name: "Launched".into(),
        summary: format!("{}: launched or started ({})", instance.id, instance.instance_type).into(),
        resources: resources(instance),
        ..blank(at, ActorKind::Unknown)
    });
    launched.into_iter().chain(stopped(instance)).collect()
}

/// `StateReason` with the time that EC2 writes into it: `User initiated (2026-11-20 13:02:11 GMT)`.
fn stopped(instance: &Instance) -> Option<Event> {
    let reason = instance.state_reason.as_deref()?;
    let at = time_inside(reason)?;
    let by_aws = reason.contains("Server.") || reason.contains("Service initiated");
    Some(Event {
        id: format!("state/{}/{}", instance.id, at.timestamp()),
        name: "StateChanged".into(),
        summary: format!("{}: {}: {reason}", instance.id, instance.state).into(),
        resources: resources(instance),
        ..blank(at, if by_aws { ActorKind::Service } else { ActorKind::Unknown })
    })
}

fn time_inside(reason: &str) -> Option<Time> {
    let (_, rest) = reason.split_once('(')?;
    let (inside, _) = rest.split_once(')')?;
    super::json::parse_time(&inside.replace(" GMT", "+0000").replace(" UTC", "+0000"))
}

/// Maintenance that AWS planned for an instance.
pub fn of_status(status: &InstanceStatus) -> Vec<Event> {
    status.scheduled.iter().filter_map(|s| scheduled(&status.id, s)).collect()
}

fn scheduled(instance: &str, s: &ScheduledEvent) -> Option<Event> {
    let at = s.not_before?;
    Some(Event {
        id: format!("scheduled/{instance}/{}/{}", s.code, at.timestamp()),
        end: s.not_after.filter(|end| *end > at),
        name: s.code.as_str().into(),
        summary: format!("{instance}: {} planned by AWS from {}: {}", s.code, rfc3339(at), s.description).into(),
        resources: vec![instance.into()],
        ..blank(at, ActorKind::Service)
    })
}

fn resources(instance: &Instance) -> Vec<Foreign> {
    std::iter::once(instance.id.as_str().into()).chain(instance.auto_scaling_group.clone()).collect()
}

fn blank(at: Time, kind: ActorKind) -> Event {
    let name = if kind == ActorKind::Service { "AWS" } else { "" };
    Event {
        id: String::new(),
        at,
        end: None,
        source: EventSource::Ec2,
        name: Foreign::default(),
        service: "ec2.amazonaws.com".into(),
        actor: Actor { name: name.into(), kind, ..Actor::default() },
        resources: Vec::new(),
        summary: Foreign::default(),
        error: None,
        raw: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn launches_and_stops_become_events() {
        let instance = Instance {
            id: "i-0123456789abcdef0".into(),
            state: "stopped".into(),
            state_reason: Some("Client.InstanceInitiatedShutdown: Instance initiated shutdown (2026-11-20 13:02:11 GMT)".into()),
            launch_time: crate::changes::json::parse_time("2026-11-20T12:00:00Z"),
            ..Instance::default()
        };
        let all = of_instance(&instance);
        assert_eq!(all.iter().map(|e| &*e.name).collect::<Vec<_>>(), ["Launched", "StateChanged"]);
        assert_eq!(rfc3339(all[1].at), "2026-11-20T13:02:11Z");
    }
}
