//! Who touched what: write events of CloudTrail.

use super::context::Context;
use crate::case::gaps::Reason;
use crate::exchange::Area;

/// Reads CloudTrail events of the window.
pub async fn gather(ctx: &Context) {
    for area in [Area::Changes] {
        ctx.gap(area, "CloudTrail events", Reason::Unavailable, "this version does not read CloudTrail events yet").await;
    }
}
