//! AWS's own trouble: AWS Health where the support plan shows it, and zonal shifts, which need no plan.

use super::actions::Action;
use super::context::{Context, origin};
use super::errors::Trouble;
use crate::changes::json::{items, text, word};
use crate::changes::{health, zonal_shift};
use crate::exchange::{Area, What};
use chrono::Duration;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What can break connections between a balancer and its targets.
const SERVICES: &[&str] = &[
    "EC2",
    "ELASTICLOADBALANCING",
    "VPC",
    "AUTOSCALING",
    "ECS",
    "EKS",
    "EBS",
    "FARGATE",
    "NATGATEWAY",
    "TRANSITGATEWAY",
    "DIRECTCONNECT",
    "VPN",
];
/// Pages of a hundred events, and descriptions a call.
const PAGES: usize = 5;
const DETAILS_A_CALL: usize = 10;
/// An event that began this long before the window may still last in it.
const BEFORE: Duration = Duration::days(2);

/// Reads AWS Health and zonal shifts of the window.
pub async fn gather(ctx: &Context) {
    zonal_shifts(ctx).await;
    health_events(ctx).await;
}

async fn health_events(ctx: &Context) {
    ctx.busy(Area::AwsHealth, "AWS Health").await;
    let Some(events) = listed(ctx).await else { return };
    let current: Vec<Value> = events.into_iter().filter(|e| overlaps(ctx, e)).collect();
    let mut all = Vec::new();
    for some in current.chunks(DETAILS_A_CALL) {
        let arns: Vec<&str> = some.iter().filter_map(|e| text(e, "arn")).collect();
        let described = descriptions(ctx, &arns).await;
        let affected = affected(ctx, &arns).await;
        all.extend(some.iter().filter_map(|e| {
            let arn = text(e, "arn").unwrap_or_default();
            health::event(e, described.get(arn).map(String::as_str), affected.get(arn).map_or(&[], Vec::as_slice))
        }));
    }
    if !all.is_empty() {
        ctx.learn_from(origin(Action::DescribeEvents, [("regions", ctx.aws.region())]), What::Events(all)).await;
    }
}

async fn listed(ctx: &Context) -> Option<Vec<Value>> {
    let from = (ctx.window.start - BEFORE).timestamp();
    let filter = json!({"services": SERVICES, "regions": [ctx.aws.region(), "global"], "startTimes": [{"from": from, "to": ctx.window.end.timestamp()}]});
    let mut asked = json!({"filter": filter, "maxResults": 100});
    let mut all = Vec::new();
    for _ in 0..PAGES {
        let answer = ctx.aws.json::<Value>(Action::DescribeEvents, &asked).await;
        let answer = ctx.or_gap(Area::AwsHealth, "AWS Health", answer).await?;
        all.extend(items(&answer, "events").into_iter().cloned());
        let Some(next) = word(&answer, "nextToken").filter(|t| !t.is_empty()) else { break };
        asked["nextToken"] = next.into();
    }
    Some(all)
}

fn overlaps(ctx: &Context, event: &Value) -> bool {
    crate::changes::json::time(event, "endTime").is_none_or(|end| end >= ctx.window.start)
}

async fn descriptions(ctx: &Context, arns: &[&str]) -> BTreeMap<String, String> {
    let answer = ctx.aws.json::<Value>(Action::DescribeEventDetails, &json!({"eventArns": arns})).await;
    let Some(answer) = ctx.or_gap(Area::AwsHealth, "details of AWS Health events", answer).await else { return BTreeMap::new() };
    let sets = items(&answer, "successfulSet");
    let pair = |set: &Value| {
        let arn = word(crate::changes::json::get(set, "event")?, "arn")?;
        Some((arn, word(crate::changes::json::get(set, "eventDescription")?, "latestDescription")?))
    };
    sets.into_iter().filter_map(pair).collect()
}

async fn affected(ctx: &Context, arns: &[&str]) -> BTreeMap<String, Vec<String>> {
    let answer = ctx.aws.json::<Value>(Action::DescribeAffectedEntities, &json!({"filter": {"eventArns": arns}, "maxResults": 100})).await;
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let Some(answer) = ctx.or_gap(Area::AwsHealth, "what AWS Health events affect", answer).await else { return all };
    for entity in items(&answer, "entities") {
        if let (Some(arn), Some(value)) = (word(entity, "eventArn"), word(entity, "entityValue")) {
            all.entry(arn).or_default().push(value);
        }
    }
    all
}

async fn zonal_shifts(ctx: &Context) {
    ctx.busy(Area::AwsHealth, "zonal shifts").await;
    for status in ["ACTIVE", "COMPLETED"] {
        if !shifts(ctx, Action::ListAutoshifts, "/autoshifts", status, zonal_shift::autoshift).await {
            break;
        }
    }
    for status in ["ACTIVE", "EXPIRED", "CANCELED"] {
        if !shifts(ctx, Action::ListZonalShifts, "/zonalshifts", status, zonal_shift::shift).await {
            break;
        }
    }
}

/// One page of shifts, the newest first. False when it makes no sense to go on.
async fn shifts(ctx: &Context, action: Action, path: &str, status: &str, read: fn(&Value) -> Option<crate::case::events::Event>) -> bool {
    let query = [("status", status), ("maxResults", "100")];
    let answer = match ctx.aws.rest::<Value>(action, path, &query).await {
        // The service is not in every region; then nothing was shifted there.
        Err(e) if matches!(e.trouble, Trouble::NotFound | Trouble::NotSubscribed) => return false,
        answer => ctx.or_gap(Area::AwsHealth, "zonal shifts", answer).await,
    };
    let Some(answer) = answer else { return false };
    let window = ctx.window;
    let all = items(&answer, "items").into_iter().filter_map(read);
    let events: Vec<_> = all.filter(|e| e.at < window.end && e.end.is_none_or(|end| end >= window.start)).collect();
    if !events.is_empty() {
        ctx.learn_from(origin(action, query), What::Events(events)).await;
    }
    true
}

#[cfg(test)]
#[path = "aws_health/tests.rs"]
mod tests;
