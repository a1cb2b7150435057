//! What a call did, in one line, with before → after where the record tells.

mod network;

use crate::changes::json::{at, cut, get, items, scalar, text, word, words};
use crate::changes::listed;
use serde_json::Value;

/// The longest summary, in bytes.
const LIMIT: usize = 400;

/// Request and answer of one call.
struct Call<'a> {
    request: &'a Value,
    response: &'a Value,
}

impl Call<'_> {
    fn word(&self, key: &str) -> Option<String> {
        word(self.request, key)
    }

    fn name(&self, key: &str) -> String {
        self.word(key).unwrap_or_else(|| "?".into())
    }
}

/// One line about a record.
pub(super) fn of(name: &str, record: &Value) -> String {
    let nothing = Value::Null;
    let part = |key| get(record, key).unwrap_or(&nothing);
    let call = Call { request: part("requestParameters"), response: part("responseElements") };
    let told = match name {
        "BidEvictedEvent" => Some(evicted(part("serviceEventDetails"))),
        "RebootInstances" | "StopInstances" | "StartInstances" | "TerminateInstances" | "RunInstances" => power(&call),
        "ModifyInstanceAttribute" => Some(instance_attribute(&call)),
        "RegisterTargets" | "DeregisterTargets" => Some(targets(&call)),
        "ModifyTargetGroup" => Some(format!("{}: {}", group_name(&call.name("targetGroupArn")), changed(&call, &["targetGroupArn"]))),
        "ModifyTargetGroupAttributes" => Some(format!("{}: {}", group_name(&call.name("targetGroupArn")), attributes(&call))),
        "ModifyLoadBalancerAttributes" => Some(format!("{}: {}", balancer_name(&call.name("loadBalancerArn")), attributes(&call))),
        "SetSecurityGroups" => Some(set(&call, "security groups", "securityGroups")),
        "SetSubnets" => Some(set(&call, "subnets", "subnets")),
        "ModifyListener" | "CreateListener" | "ModifyRule" | "CreateRule" => Some(routing(&call)),
        "SetDesiredCapacity" | "UpdateAutoScalingGroup" => Some(capacity(&call)),
        "UpdateService" => Some(ecs_service(&call)),
        "CreateDeployment" => Some(deployment(&call)),
        "SendCommand" => Some(command(&call)),
        "PutMetricAlarm" => Some(format!("{}: {}", call.name("alarmName"), alarm(&call))),
        _ => network::of(name, &call),
    };
    cut(&told.unwrap_or_else(|| parameters(&call)), LIMIT)
}

fn evicted(details: &Value) -> String {
    format!("spot interruption of {}", listed(words(details, "instanceIdSet")))
}

/// `i-0a: running → stopping`; a reboot's answer tells no states.
fn power(call: &Call) -> Option<String> {
    let state = |item: &Value, key| at(item, &[key, "name"]).and_then(scalar);
    let answered: Vec<String> = items(call.response, "instancesSet")
        .into_iter()
        .filter_map(|item| {
            let id = word(item, "instanceId")?;
            Some(match (state(item, "previousState"), state(item, "currentState")) {
                (Some(before), Some(after)) => format!("{id}: {before} → {after}"),
                _ => id,
            })
        })
        .collect();
    let asked = || items(call.request, "instancesSet").into_iter().filter_map(|item| word(item, "instanceId")).collect();
    let ids = if answered.is_empty() { asked() } else { answered };
    let force = if call.word("force").as_deref() == Some("true") { " (forced)" } else { "" };
    (!ids.is_empty()).then(|| listed(ids) + force)
}

fn instance_attribute(call: &Call) -> String {
    let groups: Vec<_> = items(call.request, "groupSet").into_iter().filter_map(|g| word(g, "groupId")).collect();
    if groups.is_empty() {
        return format!("{}: {}", call.name("instanceId"), changed(call, &["instanceId"]));
    }
    format!("{}: security groups → {}", call.name("instanceId"), listed(groups))
}

fn targets(call: &Call) -> String {
    let all = items(call.request, "targets").into_iter().map(|t| match (word(t, "id"), word(t, "port")) {
        (Some(id), Some(port)) => format!("{id}:{port}"),
        (id, _) => id.unwrap_or_else(|| "?".into()),
    });
    format!("{}: {}", group_name(&call.name("targetGroupArn")), listed(all))
}

fn attributes(call: &Call) -> String {
    let all = items(call.request, "attributes");
    listed(all.into_iter().filter_map(|a| Some(format!("{} → {}", word(a, "key")?, word(a, "value")?))))
}

fn set(call: &Call, what: &str, key: &str) -> String {
    format!("{}: {what} → {}", balancer_name(&call.name("loadBalancerArn")), listed(words(call.request, key)))
}

/// Where a listener or a rule forwards to from now on.
fn routing(call: &Call) -> String {
    let actions = [items(call.request, "defaultActions"), items(call.request, "actions")].concat();
    let to = actions.into_iter().map(|action| {
        let weighted = at(action, &["forwardConfig"]).map(|f| items(f, "targetGroups")).unwrap_or_default();
        if weighted.is_empty() {
            return match word(action, "targetGroupArn") {
                Some(arn) => group_name(&arn),
                None => word(action, "type").unwrap_or_else(|| "?".into()),
            };
        }
        let share = |g: &Value| {
            format!("{} ×{}", group_name(&word(g, "targetGroupArn").unwrap_or_default()), word(g, "weight").unwrap_or_else(|| "1".into()))
        };
        listed(weighted.into_iter().map(share))
    });
    let to = listed(to);
    let place = call.word("listenerArn").or_else(|| call.word("ruleArn")).or_else(|| call.word("loadBalancerArn"));
    let place = place.map(|arn| balancer_name(&arn)).unwrap_or_default();
    if to.is_empty() {
        format!("{place}: {}", changed(call, &["listenerArn", "ruleArn", "loadBalancerArn"]))
    } else {
        format!("{place}: forwards to {to}")
    }
}

fn capacity(call: &Call) -> String {
    let size = |label: &str, key: &str| call.word(key).map(|n| format!("{label} → {n}"));
    let known = [
        size("desired", "desiredCapacity"),
        size("min", "minSize"),
        size("max", "maxSize"),
        call.word("launchTemplate")
            .or_else(|| at(call.request, &["launchTemplate", "version"]).and_then(scalar))
            .map(|v| format!("launch template version → {v}")),
    ];
    let known: Vec<_> = known.into_iter().flatten().collect();
    let sizes = if known.is_empty() { changed(call, &["autoScalingGroupName"]) } else { known.join(", ") };
    format!("{}: {sizes}", call.name("autoScalingGroupName"))
}

/// The answer lists the deployment before beside the new one.
fn ecs_service(call: &Call) -> String {
    let nothing = Value::Null;
    let service = get(call.response, "service").unwrap_or(&nothing);
    let deployment = |status: &str| items(service, "deployments").into_iter().find(|d| text(d, "status") == Some(status));
    let change = |label: &str, key: &str, short: fn(&str) -> String| {
        let before = deployment("ACTIVE").and_then(|d| word(d, key)).map(|v| short(&v));
        let after = deployment("PRIMARY").and_then(|d| word(d, key)).or_else(|| call.word(key)).map(|v| short(&v));
        match (before, after) {
            (Some(before), Some(after)) if before != after => Some(format!("{label} {before} → {after}")),
            (None, Some(after)) if call.word(key).is_some() => Some(format!("{label} → {after}")),
            _ => None,
        }
    };
    let force = (call.word("forceNewDeployment").as_deref() == Some("true")).then(|| "new deployment forced".to_owned());
    let known = [change("task definition", "taskDefinition", tail), change("desired", "desiredCount", str::to_owned), force];
    let known: Vec<_> = known.into_iter().flatten().collect();
    let known = if known.is_empty() { changed(call, &["service", "cluster"]) } else { known.join(", ") };
    format!("{}: {known}", tail(&call.name("service")))
}

fn deployment(call: &Call) -> String {
    let id = word(call.response, "deploymentId").map(|id| format!(" ({id})")).unwrap_or_default();
    format!("{}/{}{id}", call.name("applicationName"), call.word("deploymentGroupName").unwrap_or_default())
}

fn command(call: &Call) -> String {
    let targets = items(call.request, "targets")
        .into_iter()
        .map(|t| format!("{}={}", word(t, "key").unwrap_or_default(), listed(words(t, "values"))));
    let whom = listed(words(call.request, "instanceIds").into_iter().chain(targets));
    format!("{} on {}", call.name("documentName"), if whom.is_empty() { "?".into() } else { whom })
}

fn alarm(call: &Call) -> String {
    let keys = ["threshold", "comparisonOperator", "period", "evaluationPeriods", "datapointsToAlarm", "treatMissingData"];
    listed(keys.iter().filter_map(|k| Some(format!("{k} → {}", call.word(k)?))))
}

/// The scalars of the request as `key → value`, without those that name the thing itself.
fn changed(call: &Call, but: &[&str]) -> String {
    let all = call.request.as_object().into_iter().flatten();
    listed(all.filter(|(k, _)| !but.iter().any(|b| k.eq_ignore_ascii_case(b))).filter_map(|(k, v)| {
        let value = scalar(v).or_else(|| scalar(get(v, "value")?))?;
        Some(format!("{} → {}", cut(k, 64), cut(&value, 64)))
    }))
}

/// For calls without words of their own: what was asked, as `key value`.
fn parameters(call: &Call) -> String {
    let all = call.request.as_object().into_iter().flatten();
    listed(all.filter_map(|(k, v)| Some(format!("{} {}", cut(k, 64), cut(&scalar(v)?, 96)))))
}

/// The last part of an ARN or a path.
fn tail(arn: &str) -> String {
    arn.rsplit('/').next().unwrap_or(arn).to_owned()
}

fn group_name(arn: &str) -> String {
    crate::case::topology::short_name(arn).to_owned()
}

/// `web` out of a balancer's, a listener's or a rule's ARN.
fn balancer_name(arn: &str) -> String {
    let kinds = ["loadbalancer/app/", "listener/app/", "listener-rule/app/"];
    let after = kinds.iter().find_map(|kind| arn.split_once(kind)).map(|(_, after)| after);
    after.and_then(|a| a.split('/').next()).unwrap_or(arn).to_owned()
}
