//! How much a log group holds of a window, from what AWS says of the whole group; decides how it is read.

use crate::sources::aws::actions::Action;
use crate::sources::aws::context::Context;
use crate::sources::aws::insights;
use chrono::{DateTime, Duration};
use serde::Deserialize;
use serde_json::json;

/// A log group as `DescribeLogGroups` names it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Group {
    pub log_group_name: String,
    #[serde(default)]
    pub stored_bytes: u64,
    creation_time: Option<i64>,
    retention_in_days: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Groups {
    #[serde(default)]
    pub log_groups: Vec<Group>,
}

impl Group {
    /// About how much of it lies in the window, if it was always written at the same rate.
    fn of_window(&self, ctx: &Context) -> Option<u64> {
        let age = ctx.now - DateTime::from_timestamp_millis(self.creation_time?)?;
        let kept = self.retention_in_days.map_or(age, |days| age.min(Duration::days(days))).max(Duration::hours(1));
        let share = (ctx.window.span().num_seconds() as f64 / kept.num_seconds() as f64).min(1.0);
        Some((self.stored_bytes as f64 * share) as u64)
    }
}

/// How a group is best read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Way {
    /// Whole, page by page: free of charge, some megabytes a second.
    Pages,
    /// By queries that AWS runs: quick whatever the size, billed by the gigabyte.
    Queries { bytes: u64 },
}

/// Above this, reading page by page takes minutes and does not come to its end.
const LARGE: u64 = 300_000_000;

/// Sizes a group up; unknown sizes are read page by page, which costs nothing.
pub(super) async fn way(ctx: &Context, name: &str) -> Way {
    let plain = name.rsplit_once(":log-group:").map_or(name, |(_, tail)| tail.trim_end_matches(":*"));
    let asked = json!({ "logGroupNamePrefix": plain, "limit": 50 });
    let answer = ctx.aws.json::<Groups>(Action::DescribeLogGroups, &asked).await;
    let group = answer.ok().and_then(|a| a.log_groups.into_iter().find(|g| g.log_group_name == plain));
    match group.and_then(|g| g.of_window(ctx)) {
        Some(bytes) if bytes > LARGE => Way::Queries { bytes },
        _ => Way::Pages,
    }
}

/// The size and the price, before anything is asked.
pub(super) fn words(bytes: u64) -> String {
    let (gb, usd) = (bytes as f64 / 1e9, insights::dollars(2 * bytes));
    format!("about {gb:.1} GB in this window: two Logs Insights queries, about ${usd:.2} at the list price")
}
