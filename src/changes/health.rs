//! AWS Health events as events.

use super::json::{bounded, cut, text, time, word};
use crate::case::events::{Actor, ActorKind, Event, EventSource};
use serde_json::Value;

/// One item of `DescribeEvents`, with its description and the ids of what it affects, where they were read.
pub fn event(event: &Value, description: Option<&str>, affected: &[String]) -> Option<Event> {
    let at = time(event, "startTime").or_else(|| time(event, "lastUpdatedTime"))?;
    let code = text(event, "eventTypeCode").unwrap_or("AWS_HEALTH_EVENT");
    let place = word(event, "availabilityZone").or_else(|| word(event, "region"));
    let status = text(event, "statusCode").unwrap_or("?");
    let scope = text(event, "eventScopeCode").map(|s| format!(" {s}")).unwrap_or_default();
    let said = description.map(|d| format!(": {d}")).unwrap_or_default();
    Some(Event {
        id: word(event, "arn").unwrap_or_else(|| format!("{code}/{at}")),
        at,
        end: time(event, "endTime").filter(|end| *end > at),
        source: EventSource::AwsHealth,
        name: cut(code, 128).into(),
        service: word(event, "service").unwrap_or_default().into(),
        actor: Actor { name: "AWS".into(), kind: ActorKind::Service, ..Actor::default() },
        resources: place.clone().into_iter().chain(affected.iter().cloned()).take(128).map(Into::into).collect(),
        summary: cut(format!("{code} in {}, {status}{scope}{said}", place.unwrap_or_else(|| "all regions".into())).trim_end(), 1500).into(),
        error: None,
        raw: Some(bounded(event)),
    })
}

/// Whether an event is a fault of AWS rather than a notice or something planned.
pub fn is_issue(event: &Event) -> bool {
    let category = event.raw.as_ref().and_then(|r| text(r, "eventTypeCategory"));
    category == Some("issue") || (category.is_none() && event.name.ends_with("_ISSUE"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_issue_names_its_zone_and_what_it_affects() {
        let e = event(
            &json!({"arn": "arn:aws:health:r::event/EC2/1", "service": "EC2", "eventTypeCode": "AWS_EC2_OPERATIONAL_ISSUE", "eventTypeCategory": "issue",
                "region": "ap-northeast-1", "availabilityZone": "ap-northeast-1a", "startTime": 1_795_500_000, "statusCode": "open", "eventScopeCode": "PUBLIC"}),
            Some("Increased error rates"),
            &["i-0123456789abcdef0".into()],
        )
        .unwrap();
        assert!(is_issue(&e) && e.end.is_none());
        assert_eq!(&*e.summary, "AWS_EC2_OPERATIONAL_ISSUE in ap-northeast-1a, open PUBLIC: Increased error rates");
        assert_eq!(e.resources.len(), 2);
    }
}
