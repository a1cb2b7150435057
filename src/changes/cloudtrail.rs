//! One record of CloudTrail's event history as an event: who, what, on which resources, and whether it
//! changed anything. Records come from anybody's programs: any part may be missing, null or hostile.

mod actor;
mod resources;
pub use resources::is_id;
mod summary;

use super::json;
use crate::case::events::{Event, EventSource};
use crate::text::Foreign;
use crate::time::{Time, rfc3339};
use serde_json::Value;

/// One item of `LookupEvents`: its own fields, and the record as the JSON text it comes as.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Looked {
    pub id: Option<String>,
    pub name: Option<String>,
    pub time: Option<Time>,
    pub source: Option<String>,
    pub username: Option<String>,
    /// `Resources[].ResourceName`
    pub resources: Vec<String>,
    /// `CloudTrailEvent`
    pub record: Option<String>,
}

/// The longest record that is parsed; CloudTrail's own limit is 256 KB.
const RECORD_LIMIT: usize = 1024 * 1024;

/// The event of a record. `None` when not even a name and a time can be read.
pub fn read(looked: &Looked) -> Option<Event> {
    let record = looked.record.as_deref().filter(|r| r.len() <= RECORD_LIMIT);
    let record: Value = record.and_then(|r| serde_json::from_str(r).ok()).unwrap_or(Value::Null);
    let at = json::time(&record, "eventTime").or(looked.time)?;
    let name = json::text(&record, "eventName").or(looked.name.as_deref())?;
    let service = json::text(&record, "eventSource").or(looked.source.as_deref()).unwrap_or_default();
    let username = looked.username.as_deref().unwrap_or_default();
    let actor = actor::of(&record, username);
    let id = json::text(&record, "eventID").or(looked.id.as_deref());
    Some(Event {
        id: id.map_or_else(|| format!("{}/{}/{}", json::cut(name, 64), rfc3339(at), actor.name), |id| json::cut(id, 128)),
        at,
        end: None,
        source: EventSource::CloudTrail,
        name: json::cut(name, 128).into(),
        service: json::cut(service, 128).into(),
        resources: resources::of(&record, &looked.resources),
        summary: summary::of(name, &record).into(),
        error: error(&record),
        raw: (!record.is_null()).then(|| json::bounded(&record)),
        actor,
    })
}

/// What stopped the call, if it failed: such a record changed nothing.
fn error(record: &Value) -> Option<Foreign> {
    let code = json::text(record, "errorCode").filter(|c| !c.is_empty())?;
    let message = json::text(record, "errorMessage").unwrap_or_default();
    Some(json::cut(&format!("{code}: {message}"), 512).trim_end_matches(": ").into())
}

#[cfg(test)]
#[path = "cloudtrail/tests.rs"]
mod tests;
