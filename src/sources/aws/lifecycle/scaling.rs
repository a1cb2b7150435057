//! Activities and instance refreshes of the scaling groups behind the targets.

use crate::case::gaps::Reason;
use crate::changes::autoscaling::{Activity, Refresh, activity, refresh};
use crate::exchange::{Area, What};
use crate::sources::aws::actions::Action;
use crate::sources::aws::call::{Members, Params};
use crate::sources::aws::context::{Context, origin};
use crate::time::rfc3339;
use serde::Deserialize;
use std::collections::BTreeSet;

/// Pages of a hundred activities, and groups that are looked at.
const PAGES: usize = 5;
const GROUPS: usize = 10;

#[derive(Deserialize)]
struct Activities {
    #[serde(rename = "DescribeScalingActivitiesResult")]
    result: ActivitiesResult,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ActivitiesResult {
    #[serde(default)]
    activities: Members<Activity>,
    next_token: Option<String>,
}

#[derive(Deserialize)]
struct Refreshes {
    #[serde(rename = "DescribeInstanceRefreshesResult")]
    result: RefreshesResult,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RefreshesResult {
    #[serde(default)]
    instance_refreshes: Members<Refresh>,
}

#[derive(Deserialize)]
struct Belonging {
    #[serde(rename = "DescribeAutoScalingInstancesResult")]
    result: BelongingResult,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct BelongingResult {
    #[serde(default)]
    auto_scaling_instances: Members<Member>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Member {
    auto_scaling_group_name: String,
}

pub(super) async fn gather(ctx: &Context) {
    for group in groups(ctx).await.iter().take(GROUPS) {
        ctx.busy(Area::Lifecycle, format!("Auto Scaling group {group}")).await;
        activities(ctx, group).await;
        refreshes(ctx, group).await;
    }
}

/// Groups of the targets: by their tags, and for targets that cannot be described by asking Auto Scaling.
async fn groups(ctx: &Context) -> BTreeSet<String> {
    let (mut groups, unknown) = ctx.case(|c| {
        let known = c.instances.values().filter_map(|i| i.auto_scaling_group.as_ref().map(ToString::to_string)).collect::<BTreeSet<_>>();
        let targets = c.target_health.values().map(|t| t.id.clone()).filter(|id| id.starts_with("i-") && !c.instances.contains_key(id));
        (known, targets.collect::<BTreeSet<_>>())
    });
    let unknown: Vec<String> = unknown.into_iter().take(50).collect();
    if !unknown.is_empty() {
        let asked = ctx.aws.query::<Belonging>(Action::DescribeAutoScalingInstances, &Params::new().members("InstanceIds", &unknown)).await;
        if let Some(answer) = ctx.or_gap(Area::Lifecycle, "scaling groups of the targets", asked).await {
            groups.extend(answer.result.auto_scaling_instances.members.into_iter().map(|m| m.auto_scaling_group_name));
        }
    }
    groups
}

async fn activities(ctx: &Context, group: &str) {
    let params = Params::new()
        .with("AutoScalingGroupName", group)
        .with("IncludeDeletedGroups", "true")
        .with("Filters.member.1.Name", "StartTimeLowerBound")
        .members("Filters.member.1.Values", [rfc3339(ctx.window.start)])
        .with("Filters.member.2.Name", "StartTimeUpperBound")
        .members("Filters.member.2.Values", [rfc3339(ctx.window.end)]);
    let pages = ctx.aws.query_all(Action::DescribeScalingActivities, &params, PAGES, |a: &Activities| a.result.next_token.clone()).await;
    let Some(pages) = ctx.or_gap(Area::Lifecycle, &format!("activities of Auto Scaling group {group}"), pages).await else { return };
    if pages.len() == PAGES && pages.last().is_some_and(|p| p.result.next_token.as_ref().is_some_and(|t| !t.is_empty())) {
        let subject = format!("older activities of Auto Scaling group {group}");
        let detail = format!("only the newest {PAGES} pages of a hundred were read");
        ctx.gap(Area::Lifecycle, &subject, Reason::Unavailable, detail).await;
    }
    let all = pages.into_iter().flat_map(|p| p.result.activities.members);
    let events: Vec<_> =
        all.filter_map(|a| activity(&a)).filter(|e| e.at < ctx.window.end && e.end.unwrap_or(e.at) >= ctx.window.start).collect();
    if !events.is_empty() {
        ctx.learn_from(origin(Action::DescribeScalingActivities, params.pairs()), What::Events(events)).await;
    }
}

async fn refreshes(ctx: &Context, group: &str) {
    let params = Params::new().with("AutoScalingGroupName", group);
    let answer = ctx.aws.query::<Refreshes>(Action::DescribeInstanceRefreshes, &params).await;
    let Some(answer) = ctx.or_gap(Area::Lifecycle, &format!("instance refreshes of {group}"), answer).await else { return };
    let all = answer.result.instance_refreshes.members.iter().filter_map(refresh);
    let events: Vec<_> = all.filter(|e| e.at < ctx.window.end && e.end.is_none_or(|end| end >= ctx.window.start)).collect();
    if !events.is_empty() {
        ctx.learn_from(origin(Action::DescribeInstanceRefreshes, params.pairs()), What::Events(events)).await;
    }
}
