//! CodeDeploy deployments as events.

use super::json::{bounded, cut, text, time, word, words};
use crate::case::events::{Actor, ActorKind, Event, EventSource};
use serde_json::Value;

/// One `deploymentInfo` of `BatchGetDeployments`.
pub fn deployment(info: &Value) -> Option<Event> {
    let at = time(info, "startTime").or_else(|| time(info, "createTime"))?;
    let (id, app, group) = (word(info, "deploymentId")?, word(info, "applicationName"), word(info, "deploymentGroupName"));
    let creator = word(info, "creator").unwrap_or_else(|| "unknown".into());
    let status = text(info, "status").unwrap_or("?");
    let failure = super::json::at(info, &["errorInformation", "message"]).and_then(Value::as_str).unwrap_or_default();
    let instances = super::json::get(info, "targetInstances").map(|t| words(t, "autoScalingGroups")).unwrap_or_default();
    let kind = super::json::at(info, &["deploymentStyle", "deploymentType"]).and_then(Value::as_str).unwrap_or_default();
    let (app_name, group_name) = (app.clone().unwrap_or_default(), group.clone().unwrap_or_default());
    Some(Event {
        at,
        end: time(info, "completeTime").filter(|end| *end > at),
        source: EventSource::CodeDeploy,
        name: "Deployment".into(),
        service: "codedeploy.amazonaws.com".into(),
        actor: Actor { name: creator.into(), kind: ActorKind::Role, tool: Some("CodeDeploy".into()), ..Actor::default() },
        resources: [Some(id.clone()), app, group]
            .into_iter()
            .flatten()
            .chain(instances)
            .chain(balancer_parts(info))
            .map(Into::into)
            .collect(),
        summary: cut(format!("{app_name}/{group_name}: deployment {id} {status} {kind} {failure}").trim_end(), 600).into(),
        error: None,
        raw: Some(bounded(info)),
        id,
    })
}

/// Target groups and balancers by name, which is all that CodeDeploy knows of them.
fn balancer_parts(info: &Value) -> Vec<String> {
    let nothing = Value::Null;
    let lb = super::json::get(info, "loadBalancerInfo").unwrap_or(&nothing);
    let named = ["targetGroupInfoList", "elbInfoList"].iter().flat_map(|key| super::json::items(lb, key)).filter_map(|g| word(g, "name"));
    let pairs = super::json::items(lb, "targetGroupPairInfoList");
    let paired = pairs.into_iter().flat_map(|p| super::json::items(p, "targetGroups")).filter_map(|g| word(g, "name"));
    named.chain(paired).map(|name| format!("targetgroup/{name}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_deployment_is_a_range_that_names_its_target_groups() {
        let e =
            deployment(&json!({"deploymentId": "d-ABC", "applicationName": "shop", "deploymentGroupName": "prod", "status": "Succeeded",
            "createTime": 1_795_500_000, "startTime": 1_795_500_002.5, "completeTime": 1_795_500_400, "creator": "user",
            "deploymentStyle": {"deploymentType": "IN_PLACE"}, "loadBalancerInfo": {"targetGroupInfoList": [{"name": "api-8080"}]},
            "targetInstances": {"autoScalingGroups": ["web"]}}))
            .unwrap();
        assert_eq!(&*e.summary, "shop/prod: deployment d-ABC Succeeded IN_PLACE");
        assert!(["web", "targetgroup/api-8080"].iter().all(|n| e.resources.iter().any(|r| &**r == *n)));
        assert!(deployment(&json!({"deploymentId": "d", "startTime": null})).is_none());
    }
}
