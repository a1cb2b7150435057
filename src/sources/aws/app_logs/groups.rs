//! Log groups of CloudWatch Logs. `FilterLogEvents` costs nothing by the gigabyte, so the window is read
//! whole, page by page, up to a cap; pages may be empty and go on.

use crate::applog::Engine;
use crate::case::gaps::Reason;
use crate::exchange::{Area, What};
use crate::sources::aws::actions::Action;
use crate::sources::aws::context::{Context, origin};
use crate::text::Foreign;
use crate::time::{Time, rfc3339};
use chrono::DateTime;
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeSet;

/// Pages of one asking: a megabyte each at most, four a second.
const PAGES: u32 = 400;
/// Pages between two tellings of what was found.
const TELL_EVERY: u32 = 8;
/// Names that log groups are looked for by.
const NAMES: usize = 5;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    #[serde(default)]
    events: Vec<Line>,
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    timestamp: Option<i64>,
    #[serde(default)]
    message: String,
    #[serde(default)]
    log_stream_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Groups {
    #[serde(default)]
    log_groups: Vec<Group>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Group {
    log_group_name: String,
    #[serde(default)]
    stored_bytes: u64,
}

/// Reads the window of a group.
pub(super) async fn read(ctx: &Context, group: &str) {
    read_up_to(ctx, group, PAGES).await;
}

pub(super) async fn read_up_to(ctx: &Context, group: &str, cap: u32) {
    let mut engine = Engine::new(group, ctx.window, chrono_tz::UTC);
    let mut token: Option<String> = None;
    for page in 1..=cap {
        let mut asked = json!({"startTime": ctx.window.start.timestamp_millis(), "endTime": ctx.window.end.timestamp_millis() - 1});
        asked[if group.starts_with("arn:") { "logGroupIdentifier" } else { "logGroupName" }] = group.into();
        if let Some(token) = &token {
            asked["nextToken"] = token.as_str().into();
        }
        let answer = ctx.aws.json::<Page>(Action::FilterLogEvents, &asked).await;
        let Some(answer) = ctx.or_gap(Area::AppLog, &format!("log group {group}"), answer).await else {
            engine.stopped_early();
            break;
        };
        let latest = feed(&mut engine, answer.events);
        let next = answer.next_token.filter(|t| !t.is_empty() && Some(t) != token.as_ref());
        if next.is_none() {
            break;
        }
        token = next;
        told(ctx, group, &engine, page, latest).await;
        if page == cap {
            engine.note(format!("only the first {cap} pages were read; narrow the window to read on"));
            engine.stopped_early();
        }
    }
    learn(ctx, group, &engine).await;
}

/// The newest time of the page.
fn feed(engine: &mut Engine, lines: Vec<Line>) -> Option<Time> {
    let mut latest = None;
    for line in lines {
        let stream = engine.stream(&line.log_stream_name);
        let at = line.timestamp.and_then(DateTime::from_timestamp_millis);
        latest = latest.max(at);
        // One event may hold a whole stack trace.
        for part in line.message.trim_end().split('\n') {
            match at {
                Some(at) => engine.event(stream, at, part.as_bytes()),
                None => engine.line(stream, part.as_bytes()),
            }
        }
    }
    latest
}

async fn told(ctx: &Context, group: &str, engine: &Engine, page: u32, latest: Option<Time>) {
    let until = latest.map(|t| format!(", up to {}", t.format("%H:%M"))).unwrap_or_default();
    ctx.busy(Area::AppLog, format!("{group}: page {page}{until}")).await;
    if page.is_multiple_of(TELL_EVERY) {
        learn(ctx, group, engine).await;
    }
}

async fn learn(ctx: &Context, group: &str, engine: &Engine) {
    let window = ctx.window;
    let source = origin(
        Action::FilterLogEvents,
        [("logGroupName", group.to_owned()), ("startTime", rfc3339(window.start)), ("endTime", rfc3339(window.end))],
    );
    ctx.learn_from(source.clone(), What::AppLog(Box::new(engine.snapshot()))).await;
    let events = engine.events();
    if !events.is_empty() {
        ctx.learn_from(source, What::Events(events)).await;
    }
}

/// Names groups that look as if they were of these targets. Nobody said so: they are offered, not read.
pub(super) async fn offer(ctx: &Context) {
    ctx.until(Area::Balancer).await;
    ctx.until(Area::Instances).await;
    let mut found: BTreeSet<(Foreign, u64)> = BTreeSet::new();
    for name in ctx.case(names) {
        let asked = json!({"logGroupNamePattern": name, "limit": 10});
        let Ok(answer) = ctx.aws.json::<Groups>(Action::DescribeLogGroups, &asked).await else { break };
        found.extend(answer.log_groups.into_iter().map(|g| (g.log_group_name.into(), g.stored_bytes)));
    }
    let offered = found.iter().take(6).map(|(name, bytes)| format!("{name} ({} GB kept)", bytes.div_ceil(1_000_000_000)));
    let offered = offered.collect::<Vec<_>>().join(", ");
    let detail = if offered.is_empty() {
        "no log was named: give --app-log-group NAME or --app-log PATH".to_owned()
    } else {
        format!("no log was named; these log groups look related: {offered}. Give one with --app-log-group")
    };
    ctx.gap(Area::AppLog, "application log", Reason::NotEnabled, detail).await;
}

/// Words of the balancer's, its groups' and its services' names.
fn names(case: &crate::case::Case) -> Vec<String> {
    let groups = case.groups_in_question().into_iter().map(|g| g.name.to_string());
    let balancer = case.load_balancer.iter().map(|lb| lb.name.to_string());
    let scaling = case.instances.values().filter_map(|i| i.auto_scaling_group.as_ref().map(ToString::to_string));
    let mut seen = BTreeSet::new();
    // The pattern is matched in the middle of names; ports and colours at the end are rarely part of them.
    let stem = |name: String| name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '-').to_owned();
    groups.chain(balancer).chain(scaling).map(stem).filter(|n| n.len() >= 3 && seen.insert(n.clone())).take(NAMES).collect()
}
