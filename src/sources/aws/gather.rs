//! The live source itself: finds out what the incident is about, then reads every area at once, each as
//! soon as what it depends on is known; afterwards answers asks with what is still missing.

use super::call::Aws;
use super::context::{Board, Context};
use super::fatal::{Fatal, FatalKind};
use super::find::{Failure, identify, no_alarm};
use super::options::{LiveOptions, When};
use super::{
    access_logs, alarms, app_logs, aws_health, balancer, changes, clock, code, consoles, identity, instances, lifecycle, metrics, network,
};
use crate::accesslog::AccessLog;
use crate::applog::AppLog;
use crate::case::gaps::{Gap, Reason};
use crate::exchange::{Area, Ask, Fact, Subject, What};
use crate::sources::SourceEnd;
use crate::subject::{message, read};
use crate::time::{Time, Window};
use chrono::Duration;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock};
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, Id, JoinError, JoinSet};

/// Every area this source answers for. People answer for themselves.
pub const AREAS: [Area; 18] = [
    Area::Identity,
    Area::Alarm,
    Area::AlarmHistory,
    Area::Balancer,
    Area::TargetHealth,
    Area::BalancerMetrics,
    Area::Instances,
    Area::HostMetrics,
    Area::Network,
    Area::Changes,
    Area::Lifecycle,
    Area::AccessLog,
    Area::HealthCheckLog,
    Area::AppLog,
    Area::Consoles,
    Area::AlarmCode,
    Area::AwsHealth,
    Area::Baseline,
];

/// Gathered before and after the incident's moment.
const BEFORE: Duration = Duration::minutes(90);
const AFTER: Duration = Duration::minutes(30);

/// A running source.
#[derive(Clone, Debug, Default)]
pub struct Live {
    fatal: Arc<OnceLock<Fatal>>,
    aws: Arc<OnceLock<Aws>>,
}

impl Live {
    /// Why nothing can be judged, if that is so; known by the time [`Area::BalancerMetrics`] has settled.
    pub fn fatal(&self) -> Option<&Fatal> {
        self.fatal.get()
    }

    /// Until no query runs at AWS for this source. Whoever leaves lets go of its facts first: the queries that
    /// nobody waits for any more are then being stopped.
    pub async fn queries_ended(&self) {
        if let Some(aws) = self.aws.get() {
            aws.queries_ended().await;
        }
    }
}

/// Starts reading. When no more asks can come, everything is read once more to its end and the source
/// hangs up; when nobody takes facts any more it stops at once. Needs a tokio runtime.
pub fn start(options: LiveOptions, end: SourceEnd) -> Live {
    start_with(None, options, end)
}

/// The same with a session at hand.
pub fn start_with(aws: Option<Aws>, options: LiveOptions, end: SourceEnd) -> Live {
    let live = Live::default();
    let source = Source { options: Arc::new(options), aws, board: Board::new(end.facts), live: live.clone(), waits: JoinSet::new() };
    tokio::spawn(source.run(end.asks));
    live
}

struct Source {
    options: Arc<LiveOptions>,
    aws: Option<Aws>,
    board: Arc<Board>,
    live: Live,
    /// Tells when AWS makes a call wait; ends with the source.
    waits: JoinSet<()>,
}

/// Readers at work, so that one that breaks is known by its area.
#[derive(Default)]
struct Readers {
    tasks: JoinSet<()>,
    areas: HashMap<Id, Area>,
    /// The first reading of each area, and the newest answer to an ask of it.
    firsts: BTreeMap<Area, AbortHandle>,
    answers: BTreeMap<Area, AbortHandle>,
}

impl Readers {
    fn spawn(&mut self, area: Area, task: impl Future<Output = ()> + Send + 'static) -> AbortHandle {
        let handle = self.tasks.spawn(task);
        self.areas.insert(handle.id(), area);
        handle
    }

    /// The newest ask of an area wins.
    fn answer(&mut self, area: Area, task: impl Future<Output = ()> + Send + 'static) {
        let handle = self.spawn(area, task);
        if let Some(older) = self.answers.insert(area, handle) {
            older.abort();
        }
    }

    /// Whatever is being read for an area ends where it is.
    fn stop(&mut self, area: Area) {
        self.firsts.remove(&area).into_iter().chain(self.answers.remove(&area)).for_each(|reader| reader.abort());
    }

    /// The next reader that ended; never returns while there is none.
    async fn next(&mut self) -> Option<(Area, JoinError)> {
        match self.tasks.join_next_with_id().await {
            Some(Ok((id, ()))) => {
                self.areas.remove(&id);
                None
            }
            Some(Err(broken)) => {
                let area = self.areas.remove(&broken.id());
                area.filter(|_| broken.is_panic()).map(|area| (area, broken))
            }
            None => std::future::pending().await,
        }
    }
}

impl Source {
    async fn run(mut self, mut asks: mpsc::UnboundedReceiver<Ask>) {
        let mut readers = Readers::default();
        let mut ctx = self.begin(&mut readers).await;
        let mut session_asks = true;
        loop {
            tokio::select! {
                ask = asks.recv(), if session_asks => match (ask, &ctx) {
                    (None, _) => session_asks = false,
                    (Some(ask), Some(ctx)) => answer(ctx, &mut readers, ask),
                    // Credentials may have been renewed since.
                    (Some(_), None) => ctx = self.begin(&mut readers).await,
                },
                broken = readers.next() => {
                    if let Some((area, broken)) = broken {
                        self.report_broken(area, broken).await;
                    }
                }
                () = self.board.all_settled(&AREAS), if !session_asks => return,
                () = self.board.hung_up() => return,
            }
        }
    }

    /// Finds out what the incident is about and sets the readers to work. Says why when that fails.
    async fn begin(&mut self, readers: &mut Readers) -> Option<Context> {
        match self.resolve().await {
            Ok(ctx) => {
                // After a failed beginning everything is open again.
                for area in AREAS.into_iter().filter(|a| ctx.is_settled(*a)) {
                    ctx.reopen(area, "reading").await;
                }
                for area in AREAS {
                    let first = readers.spawn(area, first_reading(ctx.clone(), self.live.clone(), area));
                    readers.firsts.insert(area, first);
                }
                Some(ctx)
            }
            Err((fatal, gap)) => {
                // The first reason is the true one; a retry that fails alike adds nothing.
                let _ = self.live.fatal.set(fatal);
                let at = clock::now();
                let settled = AREAS.into_iter().map(|area| What::Settled { area });
                let facts = std::iter::once(What::Gap(gap)).chain(settled).map(|what| Fact { at, origin: None, what }).collect();
                self.board.learn(facts).await;
                None
            }
        }
    }

    async fn resolve(&mut self) -> Result<Context, Failure> {
        let options = self.options.clone();
        let named = match &options.message {
            Some(text) => message(text),
            None => read(&options.target),
        };
        let named = named.map_err(|why| no_alarm(Fatal::from(why), Reason::Unavailable))?;
        let when = When { at: options.when.at.or(named.at), ..options.when };
        let provisional = window(when, None, options.now);
        self.say_subject(when.at, provisional).await;
        let aws = match &self.aws {
            Some(aws) => aws.clone(),
            None => self.open(named.region.clone()).await?,
        };
        let _ = self.live.aws.set(aws.clone());
        self.aws = Some(aws.clone());
        let ctx = Context::new(aws, options.clone(), provisional, self.board.clone());
        self.waits = forward_waits(&ctx);
        identify(&ctx, &named.what).await?;
        if needs_history(when) && ctx.case(|c| c.alarm.is_some()) {
            alarms::history(&ctx).await;
        }
        let last = ctx.case(|c| c.alarm.as_ref().and_then(|a| alarms::last_alarm(a, &c.alarm_changes)));
        let window = window(when, last, options.now);
        self.say_subject(when.at.or(last.filter(|_| needs_history(when))), window).await;
        Ok(ctx.with_window(window))
    }

    async fn open(&self, region: Option<String>) -> Result<Aws, Failure> {
        let mut wishes = self.options.wishes.clone();
        wishes.region = wishes.region.or(region);
        Aws::open(&wishes).await.map_err(|why| no_alarm(Fatal::from(why), Reason::Unavailable))
    }

    async fn say_subject(&self, at: Option<Time>, window: Window) {
        let target = self.options.target.as_str().into();
        let subject = Subject { target, at, window, now: self.options.now, demo: None };
        self.board.learn(vec![Fact { at: clock::now(), origin: None, what: What::Subject(subject) }]).await;
    }

    /// A reader broke: that is a fault of this program, and a gap like any other for the case.
    async fn report_broken(&self, area: Area, broken: JoinError) {
        let words = broken
            .try_into_panic()
            .ok()
            .and_then(|p| p.downcast::<String>().map(|s| *s).or_else(|p| p.downcast::<&str>().map(|s| (*s).to_owned())).ok());
        let detail = format!("the part of this program that reads it broke ({}); please report this", words.unwrap_or_default());
        let gap = Gap { area, subject: "this program".into(), reason: Reason::Unavailable, action: None, detail: detail.into() };
        let at = clock::now();
        let facts = [What::Gap(gap), What::Settled { area }].map(|what| Fact { at, origin: None, what });
        self.board.learn(facts.into()).await;
    }
}

/// A word on screen whenever AWS makes a call wait.
fn forward_waits(ctx: &Context) -> JoinSet<()> {
    let (waits, mut waiting) = mpsc::unbounded_channel();
    ctx.aws.report_waits_to(waits);
    let ctx = ctx.clone();
    let mut telling = JoinSet::new();
    telling.spawn(async move {
        while let Some(wait) = waiting.recv().await {
            let wait: super::call::Wait = wait;
            let area = wait.action.row().area;
            if ctx.is_settled(area) {
                continue;
            }
            let words =
                format!("AWS throttles {}: waiting {:.1} s, try {}", wait.action.name(), wait.delay.as_secs_f64(), wait.attempt + 1);
            ctx.busy(area, words).await;
        }
    });
    telling
}

/// The region that a target's own text names, if it does.
pub fn region_of_target(target: &str) -> Option<String> {
    read(target).ok()?.region
}

fn needs_history(when: When) -> bool {
    when.at.is_none() && when.from.is_none() && when.to.is_none()
}

/// What is gathered: as the user said, else about the alarm's last transition, else the last two hours.
pub(super) fn window(when: When, last_alarm: Option<Time>, now: Time) -> Window {
    let span = when.window.unwrap_or(BEFORE + AFTER).max(Duration::minutes(1));
    let about = |t: Time| {
        let before = when.window.map_or(BEFORE, |w| w * 3 / 4);
        let start = t.min(now) - before;
        Window { start, end: (start + span).min(now).max(start + Duration::minutes(1)) }
    };
    match (when.from, when.to, when.at.or(last_alarm)) {
        (Some(from), Some(to), _) => Window::new(from, to),
        (Some(from), None, _) => Window { start: from, end: (from + span).min(now).max(from + Duration::minutes(1)) },
        (None, Some(to), _) => Window { start: to - span, end: to },
        (None, None, Some(at)) => about(at),
        (None, None, None) => Window { start: now - span, end: now },
    }
}

/// The first reading of an area, with what it has to wait for.
async fn first_reading(ctx: Context, live: Live, area: Area) {
    for needed in prerequisites(area) {
        ctx.until(*needed).await;
    }
    read_area(&ctx, area, None).await;
    if area == Area::BalancerMetrics {
        note_unreadable_metrics(&ctx, &live);
    }
    ctx.settle(area).await;
    if area == Area::Changes {
        changes::follow(&ctx).await;
    }
}

/// Neither the alarm's metric nor any other could be read: nothing can be judged.
fn note_unreadable_metrics(ctx: &Context, live: &Live) {
    if ctx.case(|c| c.unasked.contains_key(&Area::BalancerMetrics)) {
        return;
    }
    let gap = ctx.case(|c| c.series.is_empty().then(|| c.gaps_of(&[Area::BalancerMetrics]).next().cloned()).flatten());
    if let Some(gap) = gap.filter(|g| g.reason != Reason::NotApplicable) {
        let kind = if gap.reason == Reason::Denied { FatalKind::NotPermitted } else { FatalKind::Unreachable };
        let _ = live.fatal.set(Fatal { kind, words: gap.detail.to_string() });
    }
}

/// Areas whose facts a reader needs; what needs nothing starts at once.
fn prerequisites(area: Area) -> &'static [Area] {
    match area {
        Area::TargetHealth | Area::BalancerMetrics | Area::AccessLog => &[Area::Balancer],
        Area::Instances => &[Area::TargetHealth],
        Area::HostMetrics | Area::Network | Area::Lifecycle => &[Area::Instances],
        // Which machines are in question is known from their failures.
        Area::Consoles => &[Area::Instances, Area::AccessLog, Area::HostMetrics],
        // One reader reads both logs.
        Area::HealthCheckLog => &[Area::AccessLog],
        Area::Baseline => &[Area::BalancerMetrics, Area::HostMetrics],
        _ => &[],
    }
}

async fn read_area(ctx: &Context, area: Area, ask: Option<&Ask>) {
    let period = ask.and_then(|a| a.period);
    let wide = metrics_window(ctx, ask);
    match area {
        Area::Identity => identity::gather(ctx).await,
        Area::AlarmHistory if ctx.case(|c| c.alarm_changes.is_empty()) || ask.is_some() => alarms::history(ctx).await,
        Area::Balancer => balancer::gather(ctx).await,
        Area::TargetHealth => balancer::health(ctx).await,
        Area::BalancerMetrics => metrics::balancer(ctx, wide, period).await,
        Area::Instances => instances::gather(ctx).await,
        Area::HostMetrics => metrics::hosts(ctx, wide, period).await,
        Area::Network => network::gather(ctx).await,
        Area::Changes => changes::gather(ctx).await,
        Area::Lifecycle => lifecycle::gather(ctx).await,
        Area::AccessLog => access_logs::gather(ctx).await,
        Area::AppLog => app_logs::gather(ctx).await,
        Area::Consoles => consoles::gather(ctx, ask).await,
        Area::AlarmCode => code::gather(ctx).await,
        Area::AwsHealth => aws_health::gather(ctx).await,
        // Whoever compares says with when.
        Area::Baseline if ask.is_some() => metrics::earlier(ctx, ctx.window).await,
        Area::Baseline => {
            for days in [1, 7] {
                metrics::earlier(ctx, days_before(ctx.window, days)).await;
            }
            metrics::two_weeks(ctx).await;
        }
        // The alarm itself was read while the subject was found.
        Area::Alarm => alarms::parents(ctx).await,
        // The health-check log comes with the access log; people speak for themselves.
        Area::AlarmHistory | Area::HealthCheckLog | Area::People => {}
    }
}

fn days_before(window: Window, days: i64) -> Window {
    Window { start: window.start - Duration::days(days), end: window.end - Duration::days(days) }
}

/// Metrics reach further back than everything else, for a baseline; an ask gets exactly what it names.
fn metrics_window(ctx: &Context, ask: Option<&Ask>) -> Window {
    ask.map_or_else(|| ctx.metrics_window(), |a| a.window)
}

/// Answers an ask with what is not known yet.
fn answer(ctx: &Context, readers: &mut Readers, ask: Ask) {
    let area = ask.area;
    if ask.stop {
        return stop(ctx, readers, area);
    }
    let ctx = if ask.over_ceiling { ctx.whatever_it_costs(clock::now()) } else { ctx.at(ask.window, clock::now()) };
    readers.answer(area, async move {
        ctx.reopen(area, "asked again").await;
        read_area(&ctx, area, Some(&ask).filter(|a| !a.over_ceiling)).await;
        ctx.settle(area).await;
    });
}

/// Somebody does not want to wait: what was learned so far stays, and is known to be a part.
fn stop(ctx: &Context, readers: &mut Readers, area: Area) {
    if ctx.is_settled(area) {
        return;
    }
    readers.stop(area);
    let ctx = ctx.clone();
    readers.spawn(area, async move {
        for what in parts(&ctx, area) {
            ctx.learn(what).await;
        }
        ctx.gap(area, "reading", Reason::Unavailable, "it was stopped by hand before its end; what was read so far is shown").await;
        ctx.settle(area).await;
    });
}

/// What of an area is known so far, as a part.
fn parts(ctx: &Context, area: Area) -> Vec<What> {
    match area {
        Area::AccessLog => ctx
            .case(|c| c.access_log.clone())
            .map(|log| What::AccessLog(Box::new(AccessLog { incomplete: true, ..log })))
            .into_iter()
            .collect(),
        Area::AppLog => ctx
            .case(|c| c.app_logs.values().cloned().collect::<Vec<_>>())
            .into_iter()
            .map(|log| What::AppLog(Box::new(AppLog { incomplete: true, ..log })))
            .collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Time {
        chrono::DateTime::from_timestamp(minute * 60, 0).unwrap()
    }

    fn minutes(w: Window) -> (i64, i64) {
        (w.start.timestamp() / 60, w.end.timestamp() / 60)
    }

    #[test]
    fn the_window_is_what_was_said_or_lies_about_the_alarm() {
        let none = When::default();
        assert_eq!(minutes(window(none, None, at(1000))), (880, 1000));
        assert_eq!(minutes(window(none, Some(at(500)), at(1000))), (410, 530));
        assert_eq!(minutes(window(none, Some(at(995)), at(1000))), (905, 1000), "never into the future");
        let said = When { at: Some(at(300)), ..none };
        assert_eq!(minutes(window(said, Some(at(500)), at(1000))), (210, 330));
        let wide = When { window: Some(Duration::minutes(400)), ..said };
        assert_eq!(minutes(window(wide, None, at(1000))), (0, 400));
        let from = When { from: Some(at(100)), to: Some(at(160)), ..none };
        assert_eq!(minutes(window(from, Some(at(500)), at(1000))), (100, 160));
    }

    #[test]
    fn nothing_waits_for_itself() {
        for area in AREAS {
            let mut waiting: Vec<Area> = prerequisites(area).to_vec();
            for _ in 0..AREAS.len() {
                waiting = waiting.iter().flat_map(|a| prerequisites(*a)).copied().collect();
            }
            assert!(waiting.is_empty(), "{area:?} waits in a circle");
        }
    }
}
