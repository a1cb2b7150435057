//! CodeDeploy's deployments of the window.

use crate::case::gaps::Reason;
use crate::changes::codedeploy::deployment;
use crate::changes::json::{items, word, words};
use crate::exchange::{Area, What};
use crate::sources::aws::actions::Action;
use crate::sources::aws::context::{Context, origin};
use crate::time::rfc3339;
use chrono::Duration;
use serde_json::{Value, json};

/// Deployments that are looked at, and how many one call describes.
const MOST: usize = 200;
const A_CALL: usize = 25;
/// Pages of a list, which may be empty and go on.
const PAGES: usize = 20;
/// A deployment that began this long before the window may still run in it.
const BEFORE: Duration = Duration::hours(3);

pub(super) async fn gather(ctx: &Context) {
    ctx.busy(Area::Lifecycle, "CodeDeploy deployments").await;
    let Some(ids) = ids(ctx).await else { return };
    for some in ids.chunks(A_CALL) {
        let answer = ctx.aws.json::<Value>(Action::BatchGetDeployments, &json!({"deploymentIds": some})).await;
        let Some(answer) = ctx.or_gap(Area::Lifecycle, "CodeDeploy deployments", answer).await else { return };
        let all = items(&answer, "deploymentsInfo").into_iter().filter_map(deployment);
        let events: Vec<_> = all.filter(|e| e.at < ctx.window.end && e.end.is_none_or(|end| end >= ctx.window.start)).collect();
        if !events.is_empty() {
            ctx.learn_from(origin(Action::BatchGetDeployments, [("deploymentIds", some.join(","))]), What::Events(events)).await;
        }
    }
}

async fn ids(ctx: &Context) -> Option<Vec<String>> {
    let (from, to) = (ctx.window.start - BEFORE, ctx.window.end);
    let mut asked = json!({"createTimeRange": {"start": from.timestamp(), "end": to.timestamp()}});
    let subject = format!("CodeDeploy deployments since {}", rfc3339(from));
    let mut all = Vec::new();
    for _ in 0..PAGES {
        let answer = ctx.aws.json::<Value>(Action::ListDeployments, &asked).await;
        let answer = ctx.or_gap(Area::Lifecycle, &subject, answer).await?;
        all.extend(words(&answer, "deployments"));
        let next = word(&answer, "nextToken").filter(|t| !t.is_empty());
        if next.is_none() && all.len() <= MOST {
            return Some(all);
        }
        if all.len() >= MOST {
            break;
        }
        asked["nextToken"] = next.into();
    }
    all.truncate(MOST);
    let detail = format!("there are more than the {} that were looked at", all.len());
    ctx.gap(Area::Lifecycle, &subject, Reason::Unavailable, detail).await;
    Some(all)
}
