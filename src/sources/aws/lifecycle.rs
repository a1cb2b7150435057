//! Where targets come and go: Auto Scaling, ECS, CodeDeploy.

use super::context::Context;
use crate::case::gaps::Reason;
use crate::exchange::Area;

/// Reads scaling activities and deployments of the window.
pub async fn gather(ctx: &Context) {
    for area in [Area::Lifecycle] {
        ctx.gap(
            area,
            "scaling activities and deployments",
            Reason::Unavailable,
            "this version does not read scaling activities and deployments yet",
        )
        .await;
    }
}
