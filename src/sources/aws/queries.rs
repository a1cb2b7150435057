//! Queries that AWS runs for this program, and bills: whoever no longer waits for an answer stops the query,
//! and the program does not leave before that was said.

use super::actions::Action;
use super::call::Aws;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::watch;

/// How long stopping one may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// How many queries run or are being stopped.
#[derive(Debug, Default)]
pub(super) struct Queries {
    open: watch::Sender<usize>,
}

impl Queries {
    fn count(&self, change: isize) {
        self.open.send_modify(|n| *n = n.saturating_add_signed(change));
    }

    /// Until none runs any more.
    pub async fn all_ended(&self) {
        // The sender is ours, so the channel cannot be closed.
        let _ = self.open.subscribe().wait_for(|n| *n == 0).await;
    }
}

/// A query that runs. Let go of before its end, as when its reader is cancelled, it is stopped.
#[derive(Debug)]
pub(super) struct Running {
    aws: Aws,
    stop: Action,
    /// What stops it.
    asked: Value,
    ended: bool,
}

impl Running {
    /// For a query of Logs Insights.
    pub fn of_logs(aws: &Aws, id: &str) -> Self {
        Self::new(aws, Action::StopQuery, json!({ "queryId": id }))
    }

    /// For a query of Athena.
    pub fn of_athena(aws: &Aws, id: &str) -> Self {
        Self::new(aws, Action::AthenaStopQuery, json!({ "QueryExecutionId": id }))
    }

    fn new(aws: &Aws, stop: Action, asked: Value) -> Self {
        aws.queries().count(1);
        Self { aws: aws.clone(), stop, asked, ended: false }
    }

    /// It came to an end by itself.
    pub fn ended(mut self) {
        self.ended = true;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let aws = self.aws.clone();
        match Handle::try_current() {
            Ok(runtime) if !self.ended => {
                let (stop, asked) = (self.stop, self.asked.take());
                runtime.spawn(async move {
                    // A query that cannot be stopped ends by itself, at the latest at AWS's own limit.
                    let _ = tokio::time::timeout(PATIENCE, aws.json::<Value>(stop, &asked)).await;
                    aws.queries().count(-1);
                });
            }
            _ => aws.queries().count(-1),
        }
    }
}
