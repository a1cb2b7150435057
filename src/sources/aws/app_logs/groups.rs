//! Log groups of CloudWatch Logs that were named. Most are read whole, page by page, which costs nothing;
//! pages may be empty and go on. Groups too large for that are asked by Logs Insights.

use super::sink::{Sink, is_balancers};
use super::size::{self, Size, Way};
use super::{arrival, balancer};
use crate::applog::Engine;
use crate::case::gaps::Reason;
use crate::exchange::{Area, Origin, What};
use crate::sources::aws::actions::Action;
use crate::sources::aws::context::{Context, origin};
use crate::sources::aws::insights::{self, NoAnswer, Row};
use crate::time::{Time, rfc3339};
use chrono::NaiveDateTime;
use serde::Deserialize;
use serde_json::json;

/// Pages of one asking: a megabyte each at most, four a second.
const PAGES: u32 = 400;
/// Pages between two tellings of what was found.
const TELL_EVERY: u32 = 8;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Page {
    #[serde(default)]
    pub events: Vec<Line>,
    pub next_token: Option<String>,
}

/// One event of a group.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Line {
    pub timestamp: Option<i64>,
    #[serde(default)]
    pub message: String,
    #[serde(default)]
    pub log_stream_name: String,
}

/// Reads the window of a group.
pub(super) async fn read(ctx: &Context, group: &str) {
    ctx.busy(Area::AppLog, format!("{group}: how large it is")).await;
    match size::way(ctx, group).await {
        Way::Queries(size) if super::was_read(ctx, group) => look_again(ctx, group, size).await,
        Way::Queries(size) => ask_for(ctx, group, size).await,
        Way::Pages if super::was_read(ctx, group) => {}
        Way::Pages => read_up_to(ctx, group, PAGES).await,
    }
}

/// What was not looked for the last time.
async fn look_again(ctx: &Context, group: &str, size: Size) {
    let subject = arrival::subject(group);
    let log = ctx.case(|c| c.app_logs.get(group).cloned().filter(|_| c.gaps_of(&[Area::AppLog]).any(|g| *g.subject == *subject)));
    if let Some(log) = log {
        arrival::by_query(ctx, group, log, size).await;
    }
}

/// Asks a group that is too large to be read what its first lines say it can be asked.
async fn ask_for(ctx: &Context, group: &str, size: Size) {
    let first = balancer::first_lines(ctx, group).await;
    let shape = balancer::shape(&first);
    // Health checks and connections alone: as many as there is time for.
    if shape.is_none() && is_balancers(&first) {
        return read_up_to(ctx, group, PAGES).await;
    }
    if !ctx.may_spend(Area::AppLog, &format!("log group {group}"), size.price()).await {
        return;
    }
    match shape {
        Some(shape) => balancer::by_queries(ctx, group, size, &shape).await,
        None => by_queries(ctx, group, size).await,
    }
}

pub(super) async fn read_up_to(ctx: &Context, group: &str, cap: u32) {
    let mut sink: Option<Sink> = None;
    let (mut token, mut stopped): (Option<String>, Option<String>) = (None, None);
    for page in 1..=cap {
        let answer = ctx.aws.json::<Page>(Action::FilterLogEvents, &asked(ctx, group, token.as_deref())).await;
        let Some(answer) = ctx.or_gap(Area::AppLog, &format!("log group {group}"), answer).await else {
            stopped = Some("reading broke off".into());
            break;
        };
        if sink.is_none() && !answer.events.is_empty() {
            sink = Some(Sink::of(&answer.events, group, ctx.window));
        }
        let latest = sink.as_mut().and_then(|s| s.take(answer.events));
        let next = answer.next_token.filter(|t| !t.is_empty() && Some(t) != token.as_ref());
        if next.is_none() {
            break;
        }
        token = next;
        told(ctx, group, sink.as_ref(), page, latest).await;
        if page == cap {
            stopped = Some(format!("only the first {cap} pages were read; narrow the window to read on"));
        }
    }
    let mut sink = sink.unwrap_or_else(|| Sink::of(&[], group, ctx.window));
    if let (Sink::Application(engine), Some(why)) = (&mut sink, &stopped) {
        engine.note(why.as_str());
        engine.stopped_early();
    }
    learn(ctx, group, &sink, stopped.is_some()).await;
    say_kind(ctx, group, &sink).await;
    if let Sink::Application(engine) = &mut sink {
        let traces = engine.take_traces();
        arrival::among(ctx, source(ctx, Action::FilterLogEvents, group), engine.snapshot(), traces).await;
    }
}

pub(super) fn asked(ctx: &Context, group: &str, token: Option<&str>) -> serde_json::Value {
    let mut asked = json!({"startTime": ctx.window.start.timestamp_millis(), "endTime": ctx.window.end.timestamp_millis() - 1});
    asked[if group.starts_with("arn:") { "logGroupIdentifier" } else { "logGroupName" }] = group.into();
    if let Some(token) = token {
        asked["nextToken"] = token.into();
    }
    asked
}

async fn told(ctx: &Context, group: &str, sink: Option<&Sink>, page: u32, latest: Option<Time>) {
    let until = latest.map(|t| format!(", up to {}", t.format("%H:%M"))).unwrap_or_default();
    ctx.busy(Area::AppLog, format!("{group}: page {page}{until}")).await;
    if let Some(sink) = sink.filter(|_| page.is_multiple_of(TELL_EVERY)) {
        learn(ctx, group, sink, true).await;
    }
}

async fn learn(ctx: &Context, group: &str, sink: &Sink, incomplete: bool) {
    for what in sink.so_far(group, ctx.window, incomplete) {
        learn_access(ctx, group, Action::FilterLogEvents, what).await;
    }
}

/// Says what a group holds; of the balancer's log, S3 has the whole, which a log group's part does not replace.
pub(super) async fn learn_access(ctx: &Context, group: &str, by: Action, what: What) {
    let known = matches!(what, What::AccessLog(_)) && ctx.case(|c| c.access_log.as_ref().is_some_and(|l| l.files > 0));
    if !known {
        ctx.learn_from(source(ctx, by, group), what).await;
    }
}

/// A log that is the balancer's own is none of the application: that is still missing.
async fn say_kind(ctx: &Context, group: &str, sink: &Sink) {
    let Sink::Balancer(balancer) = sink else { return };
    let lines = balancer.lines;
    let kinds = [
        (lines.access, "access log, and was read as such"),
        (lines.checks, "health-check log, and was read as such"),
        (lines.connections, "connection log, which tells of clients only"),
    ];
    let kinds: Vec<&str> = kinds.into_iter().filter(|(n, _)| *n > 0).map(|(_, words)| words).collect();
    say_not_the_applications(ctx, group, &kinds.join("; its own ")).await;
}

pub(super) async fn say_not_the_applications(ctx: &Context, group: &str, kind: &str) {
    let detail = format!("it holds the balancer's own {kind}; no application's log was read from it");
    ctx.gap(Area::AppLog, &format!("log group {group}"), Reason::NotApplicable, detail).await;
}

pub(super) fn source(ctx: &Context, action: Action, group: &str) -> Origin {
    let window = ctx.window;
    origin(action, [("logGroupName", group.to_owned()), ("startTime", rfc3339(window.start)), ("endTime", rfc3339(window.end))])
}

/// Lines a minute and stream: who fell silent, and when.
const COUNTS: &str = "stats count(*) as n by bin(1m) as minute, @logStream";
/// Lines that a sign of trouble, a start or a stop may stand in.
const TELLING: &str = "fields @timestamp, @logStream, @message | filter @message like /(?i)(error|fatal|crit|severe|emerg|panic|exception|traceback|refused|timed out|timeout|killed|out of memory|oom|too many open|worker_connections|table full|in use|started|starting|listening|shutting down|stopp|sigterm|sigkill|deploy|version|\" 5\\d\\d )/ | sort @timestamp asc";

/// Asks a group that is too large to be read: its counts, and its telling lines.
async fn by_queries(ctx: &Context, group: &str, size: Size) {
    ctx.busy(Area::AppLog, format!("{group}: {}", size.words())).await;
    let mut engine = Engine::new(group, ctx.window, chrono_tz::UTC);
    engine.note(format!("{}; only lines with words of trouble, starts and stops were fetched", size.words()));
    let telling = answered(ctx, group, insights::ask(&ctx.aws, group, ctx.window, TELLING).await, &mut engine).await;
    telling.iter().for_each(|row| line(&mut engine, row));
    let counts = answered(ctx, group, insights::ask(&ctx.aws, group, ctx.window, COUNTS).await, &mut engine).await;
    counts.iter().for_each(|row| count(&mut engine, row));
    let events = engine.events();
    let log = engine.snapshot();
    ctx.learn_from(source(ctx, Action::StartQuery, group), What::AppLog(Box::new(log.clone()))).await;
    if !events.is_empty() {
        ctx.learn_from(source(ctx, Action::StartQuery, group), What::Events(events)).await;
    }
    arrival::by_query(ctx, group, log, size).await;
}

/// The rows, or a gap and none.
async fn answered(ctx: &Context, group: &str, answer: Result<insights::Found, NoAnswer>, engine: &mut Engine) -> Vec<Row> {
    let subject = format!("log group {group}");
    match answer {
        Ok(found) => {
            if found.cut {
                engine.note(format!("only the first {} rows of a query were fetched; narrow the window", insights::MOST_ROWS));
                engine.stopped_early();
            }
            return found.rows;
        }
        Err(NoAnswer::Call(error)) => ctx.learn(What::Gap(error.gap(Area::AppLog, &subject))).await,
        Err(error) => ctx.gap(Area::AppLog, &subject, Reason::Unavailable, error.to_string()).await,
    }
    engine.stopped_early();
    Vec::new()
}

fn line(engine: &mut Engine, row: &Row) {
    let field = |name: &str| row.get(name).map_or("", String::as_str);
    let stream = engine.stream(field("@logStream"));
    let at = time(field("@timestamp"));
    for part in field("@message").trim_end().split('\n') {
        match at {
            Some(at) => engine.event(stream, at, part.as_bytes()),
            None => engine.line(stream, part.as_bytes()),
        }
    }
}

fn count(engine: &mut Engine, row: &Row) {
    let field = |name: &str| row.get(name).map_or("", String::as_str);
    if let (Some(minute), Ok(n)) = (time(field("minute")), field("n").parse()) {
        let stream = engine.stream(field("@logStream"));
        engine.counted(stream, minute, n);
    }
}

/// `2026-11-20 13:02:11.123`, in UTC.
fn time(text: &str) -> Option<Time> {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f").ok().map(|t| t.and_utc())
}
