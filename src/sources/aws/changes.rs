//! Who touched what: write events of CloudTrail.
//!
//! `LookupEvents` gives two calls a second to the whole account, fifty events a page, newest first, one
//! attribute a call. So: one pass over all writes of the window, as far as its cap allows; the part it did
//! not reach by the names on the balancer's path; spot interruptions by their own name. What was read is
//! told as a [`Reach`] after each page, and the next asking goes on from there.

mod path;

use super::actions::Action;
use super::clock;
use super::context::{Context, origin};
use super::errors::CallError;
use crate::case::events::{Event, EventSource, Reach};
use crate::case::gaps::Reason;
use crate::changes::cloudtrail::{Looked, read};
use crate::exchange::{Area, What};
use crate::time::{Time, Window, rfc3339};
use aws_sdk_cloudtrail::types::{LookupAttribute, LookupAttributeKey as Key};
use chrono::{DateTime, Duration};

/// Pages that one asking reads of the pass over all writes: a thousand events in eleven seconds.
const PAGES: u32 = 20;
/// Pages for one name.
const PAGES_BY_NAME: u32 = 2;
/// CloudTrail keeps events this long.
const KEPT: Duration = Duration::days(90);
/// Until then an event may still arrive.
const SETTLES_AFTER: Duration = Duration::minutes(15);

/// Reads CloudTrail events of the window.
pub async fn gather(ctx: &Context) {
    up_to(ctx, PAGES).await;
}

async fn up_to(ctx: &Context, cap: u32) {
    let now = clock::now();
    let span = Window { start: ctx.window.start.max(now - KEPT), end: ctx.window.end.min(now) };
    if ctx.window.start < span.start {
        let detail = "CloudTrail's event history goes back 90 days; a trail in S3 may hold more";
        ctx.gap(Area::Changes, "CloudTrail events", Reason::BeyondRetention, detail).await;
    }
    if span.start >= span.end {
        return;
    }
    let mut pass = Pass { pages: 0, cap, reach: known_reach(ctx, span) };
    let complete = pass.writes(ctx, span).await;
    if let Ok(complete) = complete {
        let _ = by_name(ctx, Key::EventName, "BidEvictedEvent", span).await;
        let unread = Window { start: span.start, end: pass.reach.as_ref().map_or(span.end, |r| r.from) };
        if !complete {
            path::gather(ctx, unread).await;
        }
        path::gone(ctx, (!complete).then_some(unread)).await;
    }
}

/// Reads again what may have arrived since, until everything of the window has. Ends by itself, at once if
/// nothing was read; the area settles again after each look.
pub async fn follow(ctx: &Context) {
    while let Some(wait) = ctx.case(|c| c.reaches.get(&EventSource::CloudTrail).and_then(|r| until_settled(r, clock::now()))) {
        tokio::time::sleep(wait).await;
        let gaps = ctx.case(|c| c.gaps_of(&[Area::Changes]).count());
        gather(ctx).await;
        ctx.settle(Area::Changes).await;
        // What went wrong now would go wrong every five minutes.
        if ctx.case(|c| c.gaps_of(&[Area::Changes]).count()) > gaps {
            return;
        }
    }
}

/// How long until the rest of what was read has arrived; `None` when all of it has.
fn until_settled(reach: &Reach, now: Time) -> Option<std::time::Duration> {
    if reach.settled_until >= reach.to {
        return None;
    }
    // Often it is there after five minutes; the last look is when it must be.
    let certain = reach.to + SETTLES_AFTER + Duration::seconds(5);
    (certain - now).min(Duration::minutes(5)).max(Duration::seconds(30)).to_std().ok()
}

/// What an earlier asking read, if it touches the window.
fn known_reach(ctx: &Context, span: Window) -> Option<Reach> {
    let reach = ctx.case(|c| c.reaches.get(&EventSource::CloudTrail).cloned())?;
    (reach.from <= span.end && reach.settled_until >= span.start).then_some(reach)
}

/// The pass over all writes.
struct Pass {
    pages: u32,
    cap: u32,
    reach: Option<Reach>,
}

impl Pass {
    /// Reads what is missing, the newest first. True when nothing is missing any more.
    async fn writes(&mut self, ctx: &Context, span: Window) -> Result<bool, ()> {
        let missing = missing(self.reach.as_ref(), span);
        for stretch in missing {
            if !self.stretch(ctx, stretch, span).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Reads one stretch backwards. False when the cap stopped it.
    async fn stretch(&mut self, ctx: &Context, stretch: Window, span: Window) -> Result<bool, ()> {
        let mut token = None;
        loop {
            let lookup = Lookup { key: Key::ReadOnly, value: "false", window: stretch, token };
            let (events, next) = ctx.or_gap(Area::Changes, "CloudTrail events", lookup.send(ctx).await).await.ok_or(())?;
            self.pages += 1;
            let back_to = events.iter().map(|e| e.at).min();
            let finished = next.is_none();
            let capped = !finished && self.pages >= self.cap;
            let fresh = self.fresh(stretch, back_to.filter(|_| !finished), capped);
            self.tell(ctx, events, &fresh, span).await;
            let reach = self.grown(fresh, finished);
            if let Some(reach) = reach.clone() {
                ctx.learn(What::Reach(reach)).await;
            }
            if finished || capped {
                self.reach = reach;
                return Ok(finished);
            }
            token = next;
        }
    }

    /// How far one stretch was read. `back_to` is `None` when it was read to its start.
    fn fresh(&self, stretch: Window, back_to: Option<Time>, capped: bool) -> Reach {
        let settled_until = stretch.end.min(clock::now() - SETTLES_AFTER);
        // More of the oldest second may stand on the next page.
        let from = back_to.map_or(stretch.start, |t| t + Duration::seconds(1)).min(stretch.end);
        Reach { area: Area::Changes, source: EventSource::CloudTrail, from, to: stretch.end, capped, pages: self.pages, settled_until }
    }

    /// What was read before and now together; `None` while a hole lies between them.
    fn grown(&self, fresh: Reach, finished: bool) -> Option<Reach> {
        match &self.reach {
            None => Some(fresh),
            Some(old) if finished || fresh.to <= old.from => Some(joined(old, fresh)),
            // The next asking goes on from here, and reads what was read before once more.
            Some(_) if fresh.capped => Some(fresh),
            Some(_) => None,
        }
    }

    async fn tell(&self, ctx: &Context, events: Vec<Event>, fresh: &Reach, span: Window) {
        let parameters = [("ReadOnly", "false".to_owned()), ("StartTime", rfc3339(span.start)), ("EndTime", rfc3339(span.end))];
        if !events.is_empty() {
            ctx.learn_from(origin(Action::LookupEvents, parameters), What::Events(events)).await;
        }
        ctx.busy(Area::Changes, format!("page {}, back to {}", self.pages, fresh.from.format("%H:%M"))).await;
    }
}

/// What of `span` was not read, or not late enough, the newest first.
fn missing(reach: Option<&Reach>, span: Window) -> Vec<Window> {
    let Some(reach) = reach else { return vec![span] };
    let newer = Window { start: reach.settled_until.min(reach.to).max(span.start), end: span.end };
    let older = Window { start: span.start, end: reach.from.min(span.end) };
    [newer, older].into_iter().filter(|w| w.start < w.end).collect()
}

/// The reach of both readings when they touch, else of the newer one.
fn joined(old: &Reach, new: Reach) -> Reach {
    if old.from > new.to || new.from > old.to {
        return new;
    }
    Reach {
        from: old.from.min(new.from),
        to: old.to.max(new.to),
        settled_until: old.settled_until.max(new.settled_until),
        pages: old.pages.max(new.pages),
        ..new
    }
}

/// One call.
struct Lookup<'a> {
    key: Key,
    value: &'a str,
    window: Window,
    token: Option<String>,
}

impl Lookup<'_> {
    async fn send(&self, ctx: &Context) -> Result<(Vec<Event>, Option<String>), CallError> {
        let attribute = LookupAttribute::builder().attribute_key(self.key.clone()).attribute_value(self.value).build();
        let attribute = attribute.map_err(|e| ctx.aws.garbled(Action::LookupEvents, &e))?;
        let send = || {
            let call = ctx.aws.cloudtrail().lookup_events().lookup_attributes(attribute.clone()).max_results(50);
            call.start_time(smithy(self.window.start)).end_time(smithy(self.window.end)).set_next_token(self.token.clone()).send()
        };
        let answer = ctx.aws.sdk(Action::LookupEvents, send).await?;
        let events = answer.events().iter().filter_map(|e| read(&looked(e))).collect();
        // The same token again would be the same page for ever.
        let next = answer.next_token.filter(|t| !t.is_empty() && Some(t) != self.token.as_ref());
        Ok((events, next))
    }
}

/// Events that only a name finds, a few pages of them.
async fn by_name(ctx: &Context, key: Key, value: &str, window: Window) -> Option<()> {
    let mut token = None;
    for _ in 0..PAGES_BY_NAME {
        let lookup = Lookup { key: key.clone(), value, window, token };
        let subject = format!("CloudTrail events of {value}");
        let (events, next) = ctx.or_gap(Area::Changes, &subject, lookup.send(ctx).await).await?;
        let parameters = [
            (key.as_str().to_owned(), value.to_owned()),
            ("StartTime".into(), rfc3339(window.start)),
            ("EndTime".into(), rfc3339(window.end)),
        ];
        if !events.is_empty() {
            ctx.learn_from(origin(Action::LookupEvents, parameters), What::Events(events)).await;
        }
        token = Some(next?);
    }
    Some(())
}

fn looked(e: &aws_sdk_cloudtrail::types::Event) -> Looked {
    Looked {
        id: e.event_id().map(str::to_owned),
        name: e.event_name().map(str::to_owned),
        time: e.event_time().and_then(|t| DateTime::from_timestamp(t.secs(), t.subsec_nanos())),
        source: e.event_source().map(str::to_owned),
        username: e.username().map(str::to_owned),
        resources: e.resources().iter().filter_map(|r| r.resource_name().map(str::to_owned)).collect(),
        record: e.cloud_trail_event().map(str::to_owned),
    }
}

fn smithy(t: Time) -> aws_smithy_types::DateTime {
    aws_smithy_types::DateTime::from_secs(t.timestamp())
}

#[cfg(test)]
#[path = "changes/tests.rs"]
mod tests;
