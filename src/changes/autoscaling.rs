//! Auto Scaling activities and instance refreshes as events.

use super::json::{bounded, cut, parse_time};
use crate::case::events::{Actor, ActorKind, Event, EventSource};
use crate::text::Foreign;
use crate::time::Time;
use serde::{Deserialize, Serialize};

/// One activity as `DescribeScalingActivities` answers it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Activity {
    pub activity_id: String,
    pub auto_scaling_group_name: String,
    pub description: String,
    pub cause: String,
    pub start_time: String,
    pub end_time: Option<String>,
    pub status_code: String,
    pub status_message: Option<String>,
}

/// One refresh as `DescribeInstanceRefreshes` answers it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Refresh {
    pub instance_refresh_id: String,
    pub auto_scaling_group_name: String,
    pub status: String,
    pub status_reason: Option<String>,
    pub start_time: Option<String>,
    pub end_time: Option<String>,
    pub percentage_complete: Option<String>,
}

/// The activity as a range; `None` without a time.
pub fn activity(a: &Activity) -> Option<Event> {
    let at = parse_time(&a.start_time)?;
    let failed = matches!(a.status_code.as_str(), "Failed" | "Cancelled");
    Some(Event {
        id: cut(&a.activity_id, 128),
        at,
        end: end(a.end_time.as_deref(), at),
        source: EventSource::AutoScaling,
        name: short(&a.description).into(),
        service: "autoscaling.amazonaws.com".into(),
        actor: auto_scaling(),
        resources: resources(&a.auto_scaling_group_name, &[&a.description, &a.cause]),
        summary: cut(&why(a), 600).into(),
        error: failed.then(|| cut(a.status_message.as_deref().unwrap_or(&a.status_code), 512).into()),
        raw: serde_json::to_value(a).ok().map(|v| bounded(&v)),
    })
}

/// The refresh as a range; `None` before it has begun.
pub fn refresh(r: &Refresh) -> Option<Event> {
    let at = r.start_time.as_deref().and_then(parse_time)?;
    let done = r.percentage_complete.as_deref().map(|p| format!(" ({p} %)")).unwrap_or_default();
    let reason = r.status_reason.as_deref().map(|s| format!(": {s}")).unwrap_or_default();
    Some(Event {
        id: cut(&r.instance_refresh_id, 128),
        at,
        end: end(r.end_time.as_deref(), at),
        source: EventSource::AutoScaling,
        name: "InstanceRefresh".into(),
        service: "autoscaling.amazonaws.com".into(),
        actor: auto_scaling(),
        resources: resources(&r.auto_scaling_group_name, &[]),
        summary: cut(&format!("{}: instance refresh {}{done}{reason}", r.auto_scaling_group_name, r.status), 600).into(),
        error: None,
        raw: serde_json::to_value(r).ok().map(|v| bounded(&v)),
    })
}

/// Whether the cause of an activity is that a target failed: then it follows from trouble and does not begin it.
pub fn is_replacement(cause: &str) -> bool {
    let cause = cause.to_ascii_lowercase();
    ["health check failure", "health-check", "ec2 health check indicating", "instance status checks failure", "ec2 instance status"]
        .iter()
        .any(|w| cause.contains(w))
}

/// Whether the cause of an activity is that AWS takes a spot instance back.
pub fn is_spot(cause: &str) -> bool {
    let cause = cause.to_ascii_lowercase();
    ["spot instance interruption", "spot interruption", "rebalance recommendation", "capacity rebalanc"].iter().any(|w| cause.contains(w))
}

fn auto_scaling() -> Actor {
    Actor { name: "AutoScaling".into(), kind: ActorKind::Service, ..Actor::default() }
}

fn end(text: Option<&str>, at: Time) -> Option<Time> {
    text.and_then(parse_time).filter(|end| *end > at)
}

/// `Terminating EC2 instance` out of `Terminating EC2 instance: i-0abc - Waiting For ELB Connection Draining.`
fn short(description: &str) -> String {
    cut(description.split(':').next().unwrap_or(description).trim(), 128)
}

/// The description and, of the causes, the sentences that give a reason: each begins with `At <time>`.
fn why(a: &Activity) -> String {
    let causes: Vec<&str> = a
        .cause
        .split("At ")
        .map(|part| part.split_once(' ').map_or(part, |(_, rest)| rest).trim_end_matches([' ', '.']))
        .filter(|c| !c.is_empty())
        .collect();
    if causes.is_empty() { a.description.clone() } else { format!("{}: {}", a.description, causes.join("; ")) }
}

/// The group, and every instance that the texts name.
fn resources(group: &str, texts: &[&str]) -> Vec<Foreign> {
    let mut found: Vec<Foreign> = vec![cut(group, 256).into()];
    for word in texts.iter().flat_map(|t| t.split(|c: char| !c.is_ascii_alphanumeric() && c != '-')) {
        if word.starts_with("i-") && super::cloudtrail::is_id(word) && found.len() < 64 && !found.iter().any(|f| **f == *word) {
            found.push(word.into());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scale_in() -> Activity {
        Activity {
            activity_id: "a1".into(),
            auto_scaling_group_name: "web".into(),
            description: "Terminating EC2 instance: i-0123456789abcdef0".into(),
            cause: "At 2026-11-20T13:01:02Z a user request update of AutoScalingGroup constraints to min: 2, max: 8, desired: 3 changing the desired capacity from 4 to 3.  At 2026-11-20T13:01:10Z an instance was taken out of service in response to a difference between desired and actual capacity, shrinking the capacity from 4 to 3.  At 2026-11-20T13:01:10Z instance i-0123456789abcdef0 was selected for termination.".into(),
            start_time: "2026-11-20T13:01:10.123Z".into(),
            end_time: Some("2026-11-20T13:06:40Z".into()),
            status_code: "Successful".into(),
            status_message: None,
        }
    }

    #[test]
    fn an_activity_is_a_range_with_its_cause_and_its_instances() {
        let e = activity(&scale_in()).unwrap();
        assert_eq!(&*e.name, "Terminating EC2 instance");
        assert_eq!(e.resources.iter().map(|r| &**r).collect::<Vec<_>>(), ["web", "i-0123456789abcdef0"]);
        assert!(e.summary.contains("changing the desired capacity from 4 to 3; an instance was taken out"), "{}", e.summary);
        assert!(e.end.is_some());
    }

    #[test]
    fn replacements_and_spot_are_known_by_their_causes() {
        assert!(is_replacement("At 2026 an instance was taken out of service in response to an ELB system health check failure."));
        assert!(is_replacement("in response to a EC2 health check indicating it has been terminated or stopped."));
        assert!(!is_replacement(&scale_in().cause));
        assert!(is_spot("an instance was taken out of service in response to a Spot Instance interruption notice"));
    }

    #[test]
    fn failed_activities_changed_nothing() {
        let failed = Activity { status_code: "Failed".into(), status_message: Some("no capacity".into()), ..scale_in() };
        assert_eq!(activity(&failed).unwrap().error.as_deref(), Some("no capacity"));
        assert!(activity(&Activity::default()).is_none());
    }
}
