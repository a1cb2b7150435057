//! The ECS services that register with the target groups: their events, deployments, stopped tasks, what
//! scaled them, and how long their containers have to stop.

use crate::case::gaps::Reason;
use crate::case::topology::EcsService;
use crate::changes::ecs;
use crate::changes::json::{get, items, text, time, word};
use crate::exchange::{Area, What};
use crate::sources::aws::actions::Action;
use crate::sources::aws::context::{Context, origin};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Clusters and services that are looked through for the ones behind the targets.
const CLUSTERS: usize = 20;
const SERVICES: usize = 500;
/// Services a call of `DescribeServices`, tasks a call of `DescribeTasks`.
const SERVICES_A_CALL: usize = 10;
const TASKS_A_CALL: usize = 100;
/// Pages of a list, which may be empty and go on.
const LIST_PAGES: usize = 20;
/// Pages of fifty scaling activities.
const SCALING_PAGES: usize = 4;

pub(super) async fn gather(ctx: &Context) {
    if !ctx.case(may_be_containers) {
        return;
    }
    let groups: BTreeSet<String> = ctx.case(|c| c.groups_in_question().iter().map(|g| g.arn.clone()).collect());
    ctx.busy(Area::Lifecycle, "ECS clusters").await;
    let clusters = list(ctx, Action::ListClusters, json!({}), "clusterArns", CLUSTERS).await;
    for cluster in clusters.unwrap_or_default() {
        ctx.busy(Area::Lifecycle, format!("ECS cluster {}", tail(&cluster))).await;
        let services = list(ctx, Action::ListServices, json!({"cluster": cluster, "maxResults": 100}), "serviceArns", SERVICES).await;
        for some in services.unwrap_or_default().chunks(SERVICES_A_CALL) {
            described(ctx, &cluster, some, &groups).await;
        }
    }
}

/// Targets by address, or machines that a capacity provider runs.
fn may_be_containers(case: &crate::case::Case) -> bool {
    let by_address = case.groups_in_question().iter().any(|g| g.target_type == "ip");
    by_address || case.instances.values().any(|i| i.tags.keys().any(|k| k == "AmazonECSManaged" || k.starts_with("aws:ecs:")))
}

async fn described(ctx: &Context, cluster: &str, services: &[String], groups: &BTreeSet<String>) {
    let asked = json!({"cluster": cluster, "services": services});
    let answer = ctx.aws.json::<Value>(Action::DescribeServices, &asked).await;
    let Some(answer) = ctx.or_gap(Area::Lifecycle, &format!("services of ECS cluster {}", tail(cluster)), answer).await else { return };
    for service in items(&answer, "services") {
        if !ecs::target_groups(service).iter().any(|arn| groups.contains(arn)) {
            continue;
        }
        let name = text(service, "serviceName").unwrap_or_default();
        let source = origin(Action::DescribeServices, [("cluster", cluster), ("services", name)]);
        learn(ctx, source.clone(), ecs::service(service)).await;
        stopped(ctx, cluster, name).await;
        scaled(ctx, tail(cluster), name).await;
        if let Some(service) = ecs::described(service) {
            let stop_timeout = stop_timeout(ctx, &service).await;
            ctx.learn_from(source, What::EcsServices(vec![EcsService { stop_timeout, ..service }])).await;
        }
    }
}

/// Stopped tasks, which ECS forgets after an hour or so.
async fn stopped(ctx: &Context, cluster: &str, service: &str) {
    let asked = json!({"cluster": cluster, "serviceName": service, "desiredStatus": "STOPPED", "maxResults": 100});
    let Some(tasks) = list(ctx, Action::ListTasks, asked, "taskArns", TASKS_A_CALL).await.filter(|t| !t.is_empty()) else { return };
    let answer = ctx.aws.json::<Value>(Action::DescribeTasks, &json!({"cluster": cluster, "tasks": tasks})).await;
    let Some(answer) = ctx.or_gap(Area::Lifecycle, &format!("stopped tasks of {service}"), answer).await else { return };
    let events = items(&answer, "tasks").into_iter().filter_map(ecs::stopped_task).collect();
    learn(ctx, origin(Action::DescribeTasks, [("cluster", cluster), ("service", service)]), events).await;
}

/// What Application Auto Scaling did to the service.
async fn scaled(ctx: &Context, cluster: &str, service: &str) {
    let resource = format!("service/{cluster}/{service}");
    let mut asked =
        json!({"ServiceNamespace": "ecs", "ResourceId": resource, "ScalableDimension": "ecs:service:DesiredCount", "MaxResults": 50});
    let mut activities = Vec::new();
    for _ in 0..SCALING_PAGES {
        let answer = ctx.aws.json::<Value>(Action::ApplicationScalingActivities, &asked).await;
        let Some(answer) = ctx.or_gap(Area::Lifecycle, &format!("scaling activities of ECS service {service}"), answer).await else {
            return;
        };
        let page = items(&answer, "ScalingActivities");
        // They come newest first.
        let past = page.iter().filter_map(|a| time(a, "StartTime")).any(|t| t < ctx.window.start);
        activities.extend(page.into_iter().cloned());
        match word(&answer, "NextToken").filter(|t| !t.is_empty() && !past) {
            Some(next) => asked["NextToken"] = next.into(),
            None => break,
        }
    }
    let events = ecs::scaling(service, &activities.iter().collect::<Vec<_>>());
    learn(ctx, origin(Action::ApplicationScalingActivities, [("ResourceId", resource)]), events).await;
}

/// Seconds that the container behind the balancer has between SIGTERM and SIGKILL.
async fn stop_timeout(ctx: &Context, service: &EcsService) -> Option<u32> {
    let asked = json!({"taskDefinition": service.task_definition});
    let answer = ctx.aws.json::<Value>(Action::DescribeTaskDefinition, &asked).await;
    let subject = format!("task definition of ECS service {}", service.name);
    let answer = ctx.or_gap(Area::Lifecycle, &subject, answer).await?;
    ecs::stop_timeout(get(&answer, "taskDefinition")?, &service.container)
}

async fn learn(ctx: &Context, source: crate::exchange::Origin, events: Vec<crate::case::events::Event>) {
    let inside: Vec<_> = events
        .into_iter()
        .filter(|e| e.at < ctx.window.end && e.end.unwrap_or(e.at).max(e.at) >= ctx.window.start || is_running(e))
        .collect();
    if !inside.is_empty() {
        ctx.learn_from(source, What::Events(inside)).await;
    }
}

fn is_running(e: &crate::case::events::Event) -> bool {
    &*e.name == "Deployment" && e.end.is_none()
}

/// ARNs of a list call, page by page, at most `most`.
async fn list(ctx: &Context, action: Action, mut asked: Value, key: &str, most: usize) -> Option<Vec<String>> {
    let mut all = Vec::new();
    for _ in 0..LIST_PAGES {
        let answer = ctx.aws.json::<Value>(action, &asked).await;
        let answer = ctx.or_gap(Area::Lifecycle, "ECS services", answer).await?;
        all.extend(ecs::arns(&answer, key));
        let next = word(&answer, "nextToken").filter(|t| !t.is_empty());
        if next.is_none() && all.len() <= most {
            return Some(all);
        }
        if all.len() >= most {
            break;
        }
        asked["nextToken"] = next.into();
    }
    all.truncate(most);
    let (n, what) = (all.len(), action.row().operation);
    ctx.gap(Area::Lifecycle, "other ECS services", Reason::Unavailable, format!("{what} has more than the {n} that were looked at")).await;
    Some(all)
}

fn tail(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}
