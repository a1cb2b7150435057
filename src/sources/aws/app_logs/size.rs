//! How much a log group holds of a window, from what AWS says of the whole group; decides how it is read.

use crate::sources::aws::actions::Action;
use crate::sources::aws::context::{Context, Price};
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
    /// About how much of it lies in the window, if it was always written at the same rate; all that it holds where
    /// its age is not known.
    fn of_window(&self, ctx: &Context) -> Size {
        let Some(created) = self.creation_time.and_then(DateTime::from_timestamp_millis) else {
            return Size { bytes: self.stored_bytes, whole: true };
        };
        let age = ctx.now - created;
        let kept = self.retention_in_days.map_or(age, |days| age.min(Duration::days(days))).max(Duration::hours(1));
        let share = (ctx.window.span().num_seconds() as f64 / kept.num_seconds() as f64).min(1.0);
        Size { bytes: (self.stored_bytes as f64 * share) as u64, whole: false }
    }
}

/// How much there is to read, before it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Size {
    pub bytes: u64,
    /// That of the whole group: its window holds no more.
    pub whole: bool,
}

impl Size {
    /// `about 0.3 GB`, of a part of the window.
    fn of_part(self, share: f64) -> (u64, String) {
        let bytes = (self.bytes as f64 * share.clamp(0.0, 1.0)) as u64;
        let of = if self.whole { "at most" } else { "about" };
        (bytes, format!("{of} {:.1} GB", bytes as f64 / 1e9))
    }

    /// Of one more query about a part of the window, for the ceiling.
    pub fn price_of_part(self, what: &str, share: f64) -> Price {
        let (bytes, size) = self.of_part(share);
        Price { metrics: 0, usd: insights::dollars(bytes), at_least: false, words: format!("{what} over {size}") }
    }

    /// `about 1.0 GB in this window: two Logs Insights queries, about $0.01 at the list price`
    pub fn words(self) -> String {
        let (gb, usd) = (self.bytes as f64 / 1e9, self.dollars());
        if self.whole {
            return format!(
                "at most {gb:.1} GB, which is all that it holds (since when is not known): two Logs Insights queries, at most ${usd:.2} at the list price"
            );
        }
        format!("about {gb:.1} GB in this window: two Logs Insights queries, about ${usd:.2} at the list price")
    }

    /// Of both queries.
    fn dollars(self) -> f64 {
        insights::dollars(2 * self.bytes)
    }

    /// Of both queries, for the ceiling.
    pub fn price(self) -> Price {
        let (_, size) = self.of_part(1.0);
        let all = if self.whole { " (all that it holds: since when is not known)" } else { "" };
        Price { metrics: 0, usd: self.dollars(), at_least: false, words: format!("two Logs Insights queries over {size}{all}") }
    }
}

/// How a group is best read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Way {
    /// Whole, page by page: free of charge, some megabytes a second.
    Pages,
    /// By queries that AWS runs: quick whatever the size, billed by the gigabyte.
    Queries(Size),
}

/// Above this, reading page by page takes minutes and does not come to its end.
const LARGE: u64 = 300_000_000;

/// Sizes a group up; unknown sizes are read page by page, which costs nothing.
pub(super) async fn way(ctx: &Context, name: &str) -> Way {
    let plain = name.rsplit_once(":log-group:").map_or(name, |(_, tail)| tail.trim_end_matches(":*"));
    let asked = json!({ "logGroupNamePrefix": plain, "limit": 50 });
    let answer = ctx.aws.json::<Groups>(Action::DescribeLogGroups, &asked).await;
    let group = answer.ok().and_then(|a| a.log_groups.into_iter().find(|g| g.log_group_name == plain));
    match group.map(|g| g.of_window(ctx)) {
        Some(size) if size.bytes > LARGE => Way::Queries(size),
        _ => Way::Pages,
    }
}
