//! What the alarms of a region have been judging for two weeks, so that each can be played again.

use crate::case::Case;
use crate::case::alarm::Alarm;
use crate::exchange::What;
use crate::sources::aws::LiveOptions;
use crate::sources::aws::call::Aws;
use crate::sources::aws::context::{Board, Context};
use crate::sources::aws::metrics;
use crate::time::Window;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Alarms whose past is read; two metrics each.
const MOST: usize = 25;

/// A case for each of the first alarms: the alarm, two weeks of its series, or the gap that says why not.
pub async fn pasts(aws: &Aws, alarms: &[Alarm], options: &LiveOptions) -> BTreeMap<String, Case> {
    let mut cases = BTreeMap::new();
    for alarm in alarms.iter().take(MOST) {
        let (facts, mut learned) = mpsc::channel(16);
        let draining = tokio::spawn(async move { while learned.recv().await.is_some() {} });
        // The two weeks before this hour.
        let window = Window { start: options.now - chrono::Duration::hours(1), end: options.now };
        let ctx = Context::new(aws.clone(), Arc::new(options.clone()), window, Board::new(facts));
        ctx.learn(What::Alarm(alarm.clone())).await;
        metrics::two_weeks(&ctx).await;
        cases.insert(alarm.name.to_string(), ctx.case(Case::clone));
        drop(ctx);
        draining.abort();
    }
    cases
}
