//! Log groups that look as if they were of these targets. Nobody said so: they are offered, not read.

use super::size::Groups;
use crate::case::Case;
use crate::case::gaps::Reason;
use crate::changes::json::{get, items, text};
use crate::exchange::Area;
use crate::sources::aws::actions::Action;
use crate::sources::aws::context::Context;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Names that log groups are looked for by, task definitions that are read, and groups that are offered.
const NAMES: usize = 5;
const DEFINITIONS: usize = 5;
const OFFERED: usize = 6;

/// Says which groups there are, those that a task definition writes to first.
pub(super) async fn offer(ctx: &Context) {
    for area in [Area::Balancer, Area::Instances, Area::Lifecycle] {
        ctx.until(area).await;
    }
    let written = of_services(ctx).await;
    let mut offered: Vec<String> = written.iter().map(|(group, service)| format!("{group} (ECS service {service} writes to it)")).collect();
    for (name, bytes) in named(ctx).await {
        if !written.iter().any(|(group, _)| *group == name) {
            offered.push(format!("{name} ({} GB kept)", bytes.div_ceil(1_000_000_000)));
        }
    }
    offered.truncate(OFFERED);
    let detail = if offered.is_empty() {
        "no log was named: give --app-log-group NAME or --app-log PATH".to_owned()
    } else {
        format!("no log was named; these log groups look related: {}. Give one with --app-log-group", offered.join(", "))
    };
    ctx.gap(Area::AppLog, "application log", Reason::NotEnabled, detail).await;
}

/// Groups that the containers of the services behind the targets write to, and the service's name.
async fn of_services(ctx: &Context) -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    let services = ctx.case(|c| c.ecs_services.values().map(|s| (s.task_definition.clone(), s.name.to_string())).collect::<BTreeSet<_>>());
    for (definition, service) in services.into_iter().filter(|(d, _)| !d.is_empty()).take(DEFINITIONS) {
        let answer = ctx.aws.json::<Value>(Action::DescribeTaskDefinition, &json!({ "taskDefinition": definition })).await;
        let Some(answer) = ctx.or_gap(Area::AppLog, &format!("task definition of ECS service {service}"), answer).await else { continue };
        let Some(definition) = get(&answer, "taskDefinition") else { continue };
        found.extend(log_groups(definition).into_iter().map(|group| (group, service.clone())));
    }
    found
}

/// `awslogs-group` of every container that logs to CloudWatch Logs.
fn log_groups(definition: &Value) -> Vec<String> {
    let configurations = items(definition, "containerDefinitions").into_iter().filter_map(|c| get(c, "logConfiguration"));
    let to_cloudwatch = configurations.filter(|l| text(l, "logDriver") == Some("awslogs"));
    to_cloudwatch.filter_map(|l| text(get(l, "options")?, "awslogs-group").map(str::to_owned)).collect()
}

/// Groups whose names hold a word of the targets' names, and how much they keep.
async fn named(ctx: &Context) -> BTreeSet<(String, u64)> {
    let mut found = BTreeSet::new();
    for name in ctx.case(names) {
        let asked = json!({ "logGroupNamePattern": name, "limit": 10 });
        let Ok(answer) = ctx.aws.json::<Groups>(Action::DescribeLogGroups, &asked).await else { break };
        found.extend(answer.log_groups.into_iter().map(|g| (g.log_group_name, g.stored_bytes)));
    }
    found
}

/// Words of the balancer's, its groups' and its services' names.
fn names(case: &Case) -> Vec<String> {
    let groups = case.groups_in_question().into_iter().map(|g| g.name.to_string());
    let balancer = case.load_balancer.iter().map(|lb| lb.name.to_string());
    let scaling = case.instances.values().filter_map(|i| i.auto_scaling_group.as_ref().map(ToString::to_string));
    let mut seen = BTreeSet::new();
    // The pattern is matched in the middle of names; ports and colours at the end are rarely part of them.
    let stem = |name: String| name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '-').to_owned();
    groups.chain(balancer).chain(scaling).map(stem).filter(|n| n.len() >= 3 && seen.insert(n.clone())).take(NAMES).collect()
}
