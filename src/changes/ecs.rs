//! ECS services, deployments and stopped tasks as events.

use super::json::{bounded, cut, get, items, scalar, text, time, word, words};
use crate::case::events::{Actor, ActorKind, Event, EventSource};
use crate::case::topology::EcsService;
use crate::text::Foreign;
use crate::time::Time;
use serde_json::Value;

/// Events and deployments of one service as `DescribeServices` answers it.
pub fn service(service: &Value) -> Vec<Event> {
    let name = text(service, "serviceName").unwrap_or("?");
    let groups = target_groups(service);
    let events = items(service, "events").into_iter().filter_map(|e| message(name, e));
    let deployments = items(service, "deployments").into_iter().filter_map(|d| deployment(name, &groups, d));
    events.chain(deployments).collect()
}

/// ARNs of the target groups that the service registers with.
pub fn target_groups(service: &Value) -> Vec<String> {
    items(service, "loadBalancers").into_iter().filter_map(|lb| word(lb, "targetGroupArn")).collect()
}

/// Whether a service event tells of targets that failed: it follows from trouble and does not begin it.
pub fn is_symptom(message: &str) -> bool {
    ["is unhealthy in", "failed container health checks", "failed elb health checks"]
        .iter()
        .any(|w| message.to_ascii_lowercase().contains(w))
}

/// Whether an event is Application Auto Scaling's, of a service.
pub fn is_scaling(event: &Event) -> bool {
    event.source == EventSource::Ecs && event.service.starts_with("application-autoscaling")
}

/// Activities of Application Auto Scaling on one service, as `DescribeScalingActivities` answers them. An
/// activity says only what it sets; what was there before is what the one before it set.
pub fn scaling(service: &str, activities: &[&Value]) -> Vec<Event> {
    let mut all: Vec<(Time, &Value)> = activities.iter().filter_map(|a| Some((time(a, "StartTime")?, *a))).collect();
    all.sort_by_key(|(at, _)| *at);
    let mut before: Option<u64> = None;
    let mut events = Vec::new();
    for (at, activity) in all {
        let wanted = text(activity, "Description").and_then(desired);
        let change = before.zip(wanted).filter(|(a, b)| a != b).map(|(a, b)| format!(" (from {a} to {b})")).unwrap_or_default();
        events.push(activity_event(service, at, activity, &change));
        before = wanted.filter(|_| !is_failed(activity)).or(before);
    }
    events
}

/// `Setting desired count to 4.`
fn desired(description: &str) -> Option<u64> {
    description.strip_prefix("Setting desired count to ")?.trim_end_matches('.').parse().ok()
}

fn is_failed(activity: &Value) -> bool {
    matches!(text(activity, "StatusCode"), Some("Failed" | "Overridden" | "Unfulfilled"))
}

fn activity_event(service: &str, at: Time, activity: &Value, change: &str) -> Event {
    let (what, why) = (text(activity, "Description").unwrap_or("scaling"), text(activity, "Cause").unwrap_or_default());
    let failed = is_failed(activity);
    Event {
        id: word(activity, "ActivityId").unwrap_or_else(|| format!("{service}/scaling/{at}")),
        end: time(activity, "EndTime").filter(|end| *end > at),
        name: cut(what.trim_end_matches('.'), 128).into(),
        service: "application-autoscaling.amazonaws.com".into(),
        resources: vec![service.into()],
        summary: cut(format!("{service}: {}{change}: {why}", what.trim_end_matches('.')).trim_end_matches([' ', ':']), 600).into(),
        error: failed
            .then(|| cut(text(activity, "StatusMessage").or_else(|| text(activity, "StatusCode")).unwrap_or("failed"), 512).into()),
        ..blank(at, activity)
    }
}

/// What is kept of a service itself; its stop timeout stands in its task definition.
pub fn described(service: &Value) -> Option<EcsService> {
    let count = |key: &str| get(service, key).and_then(Value::as_u64).and_then(|n| u32::try_from(n).ok()).unwrap_or_default();
    let tail = |arn: &str| arn.rsplit('/').next().unwrap_or(arn).to_owned();
    let balanced = items(service, "loadBalancers").into_iter().find_map(|lb| word(lb, "containerName"));
    Some(EcsService {
        arn: word(service, "serviceArn")?,
        cluster: tail(text(service, "clusterArn")?).into(),
        name: text(service, "serviceName")?.into(),
        target_groups: target_groups(service),
        task_definition: word(service, "taskDefinition").unwrap_or_default(),
        desired: count("desiredCount"),
        running: count("runningCount"),
        container: balanced.unwrap_or_default().into(),
        stop_timeout: None,
    })
}

/// Without `stopTimeout` ECS waits so many seconds between SIGTERM and SIGKILL, unless the agent is told otherwise.
const DEFAULT_STOP: u32 = 30;

/// Seconds from SIGTERM to SIGKILL of the named container, as `DescribeTaskDefinition` answers it.
pub fn stop_timeout(definition: &Value, container: &str) -> Option<u32> {
    let containers = items(definition, "containerDefinitions");
    let found = containers.iter().find(|c| text(c, "name") == Some(container)).or(containers.first().filter(|_| containers.len() == 1))?;
    let set = get(found, "stopTimeout").and_then(Value::as_u64).and_then(|n| u32::try_from(n).ok());
    Some(set.unwrap_or(DEFAULT_STOP))
}

fn message(service: &str, event: &Value) -> Option<Event> {
    let at = time(event, "createdAt")?;
    let words = text(event, "message")?;
    Some(Event {
        id: word(event, "id").unwrap_or_else(|| format!("{service}/{at}")),
        name: what(words).into(),
        resources: named(service, words),
        summary: cut(words, 600).into(),
        ..blank(at, event)
    })
}

/// The kind of a service event, by its words.
fn what(message: &str) -> &'static str {
    const KINDS: &[(&str, &str)] = &[
        ("deployment failed", "DeploymentFailed"),
        ("rolling back", "RollingBack"),
        ("deployment completed", "DeploymentCompleted"),
        ("is unable to", "UnableToStartTasks"),
        ("is unhealthy in", "TargetUnhealthy"),
        ("has started", "TasksStarted"),
        ("has stopped", "TasksStopped"),
        ("has begun draining", "TasksDraining"),
        ("deregistered", "TargetsDeregistered"),
        ("registered", "TargetsRegistered"),
        ("steady state", "SteadyState"),
    ];
    KINDS.iter().find(|(words, _)| message.contains(words)).map_or("ServiceEvent", |(_, kind)| kind)
}

fn deployment(service: &str, groups: &[String], deployment: &Value) -> Option<Event> {
    let at = time(deployment, "createdAt")?;
    let state = text(deployment, "rolloutState").unwrap_or_default();
    let done = matches!(state, "COMPLETED" | "FAILED");
    let definition = word(deployment, "taskDefinition").unwrap_or_default();
    let counts = ["desiredCount", "runningCount", "pendingCount", "failedTasks"];
    let counts = super::listed(counts.iter().filter_map(|k| Some(format!("{k} {}", word(deployment, k)?))));
    let short = definition.rsplit('/').next().unwrap_or_default();
    let reason = text(deployment, "rolloutStateReason").unwrap_or_default();
    Some(Event {
        id: word(deployment, "id").unwrap_or_else(|| format!("{service}/deployment/{at}")),
        end: time(deployment, "updatedAt").filter(|end| done && *end > at),
        name: "Deployment".into(),
        resources: [service, &*definition]
            .into_iter()
            .map(str::to_owned)
            .chain(groups.iter().cloned())
            .filter(|s| !s.is_empty())
            .map(Into::into)
            .collect(),
        summary: cut(format!("{service}: deployment of {short} {state} ({counts}) {reason}").trim_end(), 600).into(),
        ..blank(at, deployment)
    })
}

/// One stopped task as `DescribeTasks` answers it.
pub fn stopped_task(task: &Value) -> Option<Event> {
    let at = time(task, "stoppingAt").or_else(|| time(task, "stoppedAt"))?;
    let arn = text(task, "taskArn").unwrap_or("?");
    let service = text(task, "group").and_then(|g| g.strip_prefix("service:")).unwrap_or("?");
    let code = text(task, "stopCode").unwrap_or("stopped");
    let exits = items(task, "containers").into_iter().filter_map(|c| {
        let why = word(c, "reason").map(|r| format!(" ({r})")).unwrap_or_default();
        Some(format!("{} exit {}{why}", word(c, "name")?, word(c, "exitCode")?))
    });
    let details = items(task, "attachments").into_iter().flat_map(|a| items(a, "details"));
    let addresses =
        details.filter(|d| matches!(text(d, "name"), Some("privateIPv4Address" | "networkInterfaceId"))).filter_map(|d| word(d, "value"));
    let reason = text(task, "stoppedReason").unwrap_or_default();
    Some(Event {
        id: cut(arn, 256),
        end: time(task, "stoppedAt").filter(|end| *end > at),
        name: "TaskStopped".into(),
        resources: [service.to_owned(), arn.to_owned()].into_iter().chain(addresses).map(Into::into).collect(),
        summary: cut(format!("{service}: task stopped, {code}: {reason} {}", super::listed(exits)).trim_end(), 600).into(),
        ..blank(at, task)
    })
}

fn blank(at: Time, raw: &Value) -> Event {
    Event {
        id: String::new(),
        at,
        end: None,
        source: EventSource::Ecs,
        name: Foreign::default(),
        service: "ecs.amazonaws.com".into(),
        actor: Actor { name: "ECS".into(), kind: ActorKind::Service, ..Actor::default() },
        resources: Vec::new(),
        summary: Foreign::default(),
        error: None,
        raw: Some(bounded(raw)),
    }
}

/// The service, and what its message names: `(target-group arn:…)`, `(instance i-…)`, `(task …)`.
fn named(service: &str, message: &str) -> Vec<Foreign> {
    let mut all: Vec<Foreign> = vec![cut(service, 256).into()];
    for word in message.split([' ', '(', ')', ',', '.']).filter(|w| super::cloudtrail::is_id(w)).take(32) {
        all.push(cut(word, 256).into());
    }
    all
}

/// Private addresses of the tasks of a `DescribeTasks` answer, to know whose target an address was.
pub fn addresses(task: &Value) -> Vec<String> {
    items(task, "attachments")
        .into_iter()
        .flat_map(|a| items(a, "details"))
        .filter(|d| text(d, "name") == Some("privateIPv4Address"))
        .filter_map(|d| word(d, "value"))
        .chain(
            items(task, "containers").into_iter().flat_map(|c| items(c, "networkInterfaces")).flat_map(|i| words(i, "privateIpv4Address")),
        )
        .collect()
}

/// ARNs in a list such as `serviceArns`.
pub fn arns(answer: &Value, key: &str) -> Vec<String> {
    items(answer, key).into_iter().filter_map(scalar).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_service_tells_its_events_and_its_deployments() {
        let group = "arn:aws:elasticloadbalancing:r:1:targetgroup/api/0123456789abcdef";
        let all = service(&json!({
            "serviceName": "api", "loadBalancers": [{"targetGroupArn": group, "containerPort": 8080}],
            "events": [{"id": "e1", "createdAt": 1_795_500_000.5, "message": format!("(service api) deregistered 1 targets in (target-group {group})")},
                {"id": "e2", "createdAt": null, "message": "x"}],
            "deployments": [{"id": "ecs-svc/1", "status": "PRIMARY", "createdAt": 1_795_499_900, "updatedAt": 1_795_500_300, "rolloutState": "COMPLETED",
                "taskDefinition": "arn:aws:ecs:r:1:task-definition/api:42", "desiredCount": 4, "runningCount": 4}],
        }));
        assert_eq!(all.len(), 2);
        assert_eq!((&*all[0].name, &*all[0].resources[1]), ("TargetsDeregistered", group));
        assert!(all[1].end.is_some() && all[1].resources.iter().any(|r| &**r == group));
    }

    #[test]
    fn a_stopped_task_says_why_and_which_address_it_had() {
        let e = stopped_task(
            &json!({"taskArn": "arn:aws:ecs:r:1:task/main/0a", "group": "service:api", "stopCode": "EssentialContainerExited",
            "stoppedReason": "Essential container in task exited", "stoppingAt": 1_795_500_000, "stoppedAt": 1_795_500_030,
            "containers": [{"name": "app", "exitCode": 137, "reason": "OutOfMemoryError"}],
            "attachments": [{"details": [{"name": "privateIPv4Address", "value": "10.0.1.9"}]}]}),
        )
        .unwrap();
        assert_eq!(
            &*e.summary,
            "api: task stopped, EssentialContainerExited: Essential container in task exited app exit 137 (OutOfMemoryError)"
        );
        assert!(e.resources.iter().any(|r| &**r == "10.0.1.9"));
    }

    #[test]
    fn scaling_says_from_what_to_what() {
        let activity = |at: i64, n: u32, cause: &str| json!({"ActivityId": format!("a{n}"), "StartTime": at, "Description": format!("Setting desired count to {n}."), "Cause": cause, "StatusCode": "Successful"});
        let (later, earlier) =
            (activity(1_795_500_600, 3, "monitor alarm AlarmLow in state ALARM triggered policy cpu"), activity(1_795_500_000, 6, "x"));
        let all = scaling("api", &[&later, &earlier]);
        assert_eq!(
            &*all[1].summary,
            "api: Setting desired count to 3 (from 6 to 3): monitor alarm AlarmLow in state ALARM triggered policy cpu"
        );
        assert!(is_scaling(&all[0]) && all[0].error.is_none());
        let failed = scaling("api", &[&json!({"StartTime": 1_795_500_000, "StatusCode": "Failed", "StatusMessage": "no capacity"})]);
        assert_eq!(failed[0].error.as_deref(), Some("no capacity"));
    }

    #[test]
    fn the_stop_timeout_is_that_of_the_container_behind_the_balancer() {
        let definition = json!({"containerDefinitions": [{"name": "sidecar"}, {"name": "app", "stopTimeout": 90}]});
        assert_eq!((stop_timeout(&definition, "app"), stop_timeout(&definition, "sidecar")), (Some(90), Some(30)));
        assert_eq!((stop_timeout(&definition, "gone"), stop_timeout(&json!({}), "app")), (None, None));
        let one = described(&json!({"serviceArn": "arn:s", "serviceName": "api", "clusterArn": "arn:aws:ecs:eu-west-1:1:cluster/main", "desiredCount": 4, "loadBalancers": [{"targetGroupArn": "tg", "containerName": "app"}]})).unwrap();
        assert_eq!((one.cluster.as_str(), one.desired, one.container.as_str()), ("main", 4, "app"));
        assert!(described(&json!({})).is_none());
    }
}
