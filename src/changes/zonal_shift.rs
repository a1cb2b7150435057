//! Zonal shifts that people started, and autoshifts that AWS started.

use super::json::{bounded, cut, text, time, word};
use crate::case::events::{Actor, ActorKind, Event, EventSource};
use serde_json::Value;

/// One item of `ListZonalShifts`: traffic taken away from a zone of one resource.
pub fn shift(shift: &Value) -> Option<Event> {
    let at = time(shift, "startTime")?;
    let (zone, resource) = (word(shift, "awayFrom")?, word(shift, "resourceIdentifier").unwrap_or_default());
    let comment = text(shift, "comment").unwrap_or_default();
    let kind = text(shift, "shiftType").unwrap_or("ZONAL_SHIFT");
    let by_aws = kind == "ZONAL_AUTOSHIFT";
    let actor = if by_aws { ActorKind::Service } else { ActorKind::Unknown };
    Some(Event {
        id: word(shift, "zonalShiftId").unwrap_or_else(|| format!("{zone}/{at}")),
        end: time(shift, "expiryTime").filter(|end| *end > at),
        name: if by_aws { "ZonalAutoshift" } else { "ZonalShift" }.into(),
        actor: Actor { name: if by_aws { "AWS" } else { "" }.into(), kind: actor, ..Actor::default() },
        resources: vec![resource.clone().into(), zone.clone().into()],
        summary: cut(format!("traffic of {resource} shifted away from {zone}: {comment}").trim_end_matches([':', ' ']), 600).into(),
        ..blank(at, shift)
    })
}

/// One item of `ListAutoshifts`: AWS itself saw a zone impaired.
pub fn autoshift(shift: &Value) -> Option<Event> {
    let at = time(shift, "startTime")?;
    let zone = word(shift, "awayFrom")?;
    Some(Event {
        id: format!("autoshift/{zone}/{}", at.timestamp()),
        end: time(shift, "endTime").filter(|end| *end > at),
        name: "Autoshift".into(),
        actor: Actor { name: "AWS".into(), kind: ActorKind::Service, ..Actor::default() },
        resources: vec![zone.clone().into()],
        summary: cut(&format!("AWS shifted traffic away from {zone} ({})", text(shift, "status").unwrap_or("?")), 600).into(),
        ..blank(at, shift)
    })
}

fn blank(at: crate::time::Time, raw: &Value) -> Event {
    Event {
        id: String::new(),
        at,
        end: None,
        source: EventSource::ZonalShift,
        name: String::new().into(),
        service: "arc-zonal-shift.amazonaws.com".into(),
        actor: Actor::default(),
        resources: Vec::new(),
        summary: String::new().into(),
        error: None,
        raw: Some(bounded(raw)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn shifts_name_the_zone_they_leave() {
        let a = autoshift(&json!({"awayFrom": "apne1-az4", "startTime": 1_795_500_000, "status": "COMPLETED", "endTime": 1_795_503_600}))
            .unwrap();
        assert_eq!(&*a.summary, "AWS shifted traffic away from apne1-az4 (COMPLETED)");
        assert!(shift(&json!({"awayFrom": "apne1-az4"})).is_none());
    }
}
