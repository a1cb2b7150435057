//! Where targets come and go: Auto Scaling, ECS, CodeDeploy. Asks each service only where the targets say
//! that it may be the one behind them.

mod deployments;
mod scaling;
mod services;

use super::context::Context;
use super::metrics;
use crate::exchange::Area;

/// Reads scaling activities and deployments of the window.
pub async fn gather(ctx: &Context) {
    ctx.until(Area::Balancer).await;
    ctx.until(Area::Instances).await;
    scaling::gather(ctx).await;
    services::gather(ctx).await;
    deployments::gather(ctx).await;
    metrics::services(ctx).await;
}

#[cfg(test)]
#[path = "lifecycle/tests.rs"]
mod tests;
