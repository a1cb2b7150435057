//! The alarm's own transitions and edits as events.

use crate::case::alarm::{AlarmChange, AlarmChangeKind};
use crate::case::events::{Actor, ActorKind, Event, EventSource};

/// A transition or an edit; the messages that it sent are not a happening of their own.
pub fn event(change: &AlarmChange) -> Option<Event> {
    let name = match change.kind {
        AlarmChangeKind::ToAlarm => "ToAlarm",
        AlarmChangeKind::ToOk => "ToOk",
        AlarmChangeKind::ToInsufficientData => "ToInsufficientData",
        AlarmChangeKind::Edited => "Edited",
        AlarmChangeKind::Action => return None,
    };
    Some(Event {
        id: format!("{name}/{}", change.at.timestamp_millis()),
        at: change.at,
        end: None,
        source: EventSource::Alarm,
        name: name.into(),
        service: "monitoring.amazonaws.com".into(),
        actor: Actor { name: "CloudWatch".into(), kind: ActorKind::Service, ..Actor::default() },
        resources: Vec::new(),
        summary: change.summary.clone(),
        error: None,
        raw: None,
    })
}
