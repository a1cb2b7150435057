//! Whether the balancer's failed requests ever arrived: looked for by their trace ids among the lines that were
//! read, or by one more query where a group is too large to be read.

use super::groups::source;
use super::size::Size;
use crate::accesslog::AccessLog;
use crate::applog::{AppLog, Search, Seen};
use crate::case::gaps::Reason;
use crate::exchange::{Area, Origin, What};
use crate::sources::aws::actions::Action;
use crate::sources::aws::context::Context;
use crate::sources::aws::insights::{self, NoAnswer};

/// How a note about it begins.
const NOT_LOOKED_FOR: &str = "the balancer's failed requests were not looked for by their trace ids";

/// Looks among the lines that were read, as soon as both logs were.
pub(super) async fn among(ctx: &Context, origin: Origin, log: AppLog, traces: Seen) {
    if traces.is_empty() {
        return;
    }
    let Some(access) = access_log(ctx, &log).await else { return };
    if access.traces.is_empty() {
        return without_ids(ctx, origin, log, &access).await;
    }
    let joined = tokio::task::spawn_blocking(move || traces.join(&access)).await;
    if let Ok(joined) = joined {
        ctx.learn_from(origin, What::AppLog(Box::new(AppLog { joined: Some(joined), ..log }))).await;
    }
}

/// Asks a group for the most telling of them.
pub(super) async fn by_query(ctx: &Context, group: &str, mut log: AppLog, size: Size) {
    if log.lines == 0 && log.incomplete {
        return;
    }
    log.notes.retain(|n| !n.contains(NOT_LOOKED_FOR));
    let origin = source(ctx, Action::StartQuery, group);
    let Some(access) = access_log(ctx, &log).await else { return };
    let Some(search) = Search::of(&access, ctx.window) else { return without_ids(ctx, origin, log, &access).await };
    let share = search.span().span().num_seconds() as f64 / ctx.window.span().num_seconds().max(1) as f64;
    let price = size.price_of_part(&format!("looking for {} failed requests by their trace ids", search.ids()), share);
    if !ctx.may_spend(Area::AppLog, &subject(group), price).await {
        return noted(ctx, origin, log, "that would have gone beyond the ceiling on cost").await;
    }
    ctx.busy(Area::AppLog, format!("{group}: looking for {} failed requests by their trace ids", search.ids())).await;
    let rows = match insights::ask(&ctx.aws, group, search.span(), &search.query()).await {
        Ok(found) => found.rows,
        Err(NoAnswer::Call(error)) => return ctx.learn(What::Gap(error.gap(Area::AppLog, &subject(group)))).await,
        Err(error) => return ctx.gap(Area::AppLog, &subject(group), Reason::Unavailable, error.to_string()).await,
    };
    let joined = search.joined(&rows);
    if joined.requests == 0 {
        return impossible(ctx, origin, log, "no line holds one; let the application log X-Amzn-Trace-Id").await;
    }
    ctx.learn_from(origin, What::AppLog(Box::new(AppLog { joined: Some(joined), ..log }))).await;
}

/// What a gap about it stands under.
pub(super) fn subject(log: &str) -> String {
    format!("trace ids in {log}")
}

/// The balancer's log, as soon as it was read.
async fn access_log(ctx: &Context, log: &AppLog) -> Option<AccessLog> {
    ctx.busy(Area::AppLog, format!("{}: waiting for the access log, to look for its failed requests", log.name)).await;
    ctx.until(Area::AccessLog).await;
    ctx.case(|c| c.access_log.clone())
}

/// A balancer's log that was asked by a query tells of failures, but not by their ids.
async fn without_ids(ctx: &Context, origin: Origin, log: AppLog, access: &AccessLog) {
    if !access.failures.is_empty() && access.files == 0 {
        let why = "the access log was asked by a query, which only counts; read from S3 or a folder (--access-logs) it names them";
        impossible(ctx, origin, log, why).await;
    }
}

async fn impossible(ctx: &Context, origin: Origin, log: AppLog, why: &str) {
    ctx.gap(Area::AppLog, &subject(&log.name), Reason::NotApplicable, format!("{NOT_LOOKED_FOR}: {why}")).await;
    noted(ctx, origin, log, why).await;
}

async fn noted(ctx: &Context, origin: Origin, mut log: AppLog, why: &str) {
    log.notes.push(format!("{NOT_LOOKED_FOR}: {why}").into());
    ctx.learn_from(origin, What::AppLog(Box::new(log))).await;
}
