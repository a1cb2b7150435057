//! The application's log, from CloudWatch Logs or files.

use super::context::Context;
use crate::case::gaps::Reason;
use crate::exchange::Area;

/// Reads application logs of the window.
pub async fn gather(ctx: &Context) {
    for area in [Area::AppLog] {
        ctx.gap(area, "application logs", Reason::Unavailable, "this version does not read application logs yet").await;
    }
}
