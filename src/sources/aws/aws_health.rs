//! AWS's own trouble: AWS Health and zonal shifts.

use super::context::Context;
use crate::case::gaps::Reason;
use crate::exchange::Area;

/// Reads AWS Health of the window.
pub async fn gather(ctx: &Context) {
    for area in [Area::AwsHealth] {
        ctx.gap(area, "AWS Health", Reason::Unavailable, "this version does not read AWS Health yet").await;
    }
}
