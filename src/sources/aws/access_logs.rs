//! The balancer's access and health-check logs, from S3, Athena or a folder.

use super::context::Context;
use crate::case::gaps::Reason;
use crate::exchange::Area;

/// Reads access logs of the window.
pub async fn gather(ctx: &Context) {
    for area in [Area::AccessLog, Area::HealthCheckLog] {
        ctx.gap(area, "access logs", Reason::Unavailable, "this version does not read access logs yet").await;
    }
}
