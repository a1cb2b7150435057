//! A balancer's own log in a group that is too large to be read: the access log's questions, asked of
//! Logs Insights.

use super::groups::{Line, Page, asked};
use super::sink::is_balancers;
use super::size::Size;
use crate::accesslog::AccessLog;
use crate::accesslog::insights::{Row, Shape, tallied};
use crate::case::gaps::Reason;
use crate::exchange::{Area, What};
use crate::sources::aws::actions::Action;
use crate::sources::aws::context::Context;
use crate::sources::aws::insights::{self, NoAnswer};

/// Pages that are looked at for the first lines of a window, since pages may be empty and go on.
const LOOKED_AT: usize = 8;
/// Lines of one look.
const LINES: usize = 50;

/// The group's first lines of the window, read page by page.
pub(super) async fn first_lines(ctx: &Context, group: &str) -> Vec<Line> {
    let mut token: Option<String> = None;
    for _ in 0..LOOKED_AT {
        let mut input = asked(ctx, group, token.as_deref());
        input["limit"] = LINES.into();
        // Why it cannot be read is said by whoever reads it next.
        let Ok(page) = ctx.aws.json::<Page>(Action::FilterLogEvents, &input).await else { break };
        token = page.next_token.filter(|t| !t.is_empty());
        if !page.events.is_empty() || token.is_none() {
            return page.events;
        }
    }
    Vec::new()
}

/// How the group holds a balancer's access log, if these lines are one's.
pub(super) fn shape(lines: &[Line]) -> Option<Shape> {
    lines.iter().find_map(|l| Shape::of(l.message.trim_end().as_bytes())).filter(|_| is_balancers(lines))
}

/// Asks both questions and says the same tallies as a log that was read.
pub(super) async fn by_queries(ctx: &Context, group: &str, size: Size, shape: &Shape) {
    let area = Area::AccessLog;
    ctx.busy(Area::AppLog, format!("{group}, the balancer's access log: {}", size.words())).await;
    let (failed, others) = tokio::join!(asked_of(ctx, group, shape.failures()), asked_of(ctx, group, shape.others()));
    let (failed, others) = match (failed, others) {
        (Ok(failed), Ok(others)) => (failed, others),
        (Err(NoAnswer::Call(error)), _) | (_, Err(NoAnswer::Call(error))) => return ctx.learn(What::Gap(error.gap(area, group))).await,
        (Err(error), _) | (_, Err(error)) => return ctx.gap(area, group, Reason::Unavailable, error.to_string()).await,
    };
    let read = tallied(ctx.window, &failed.0, &others.0);
    let log = AccessLog { source: format!("Logs Insights over {group}").into(), bytes: failed.1 + others.1, ..read };
    super::groups::learn_access(ctx, group, Action::StartQuery, What::AccessLog(Box::new(log))).await;
    super::groups::say_not_the_applications(ctx, group, "access log, and was asked as such").await;
}

/// The rows, and how much was scanned for them.
async fn asked_of(ctx: &Context, group: &str, query: String) -> Result<(Vec<Row>, u64), NoAnswer> {
    let found = insights::ask(&ctx.aws, group, ctx.window, &query).await?;
    Ok((found.rows, found.scanned))
}
