//! The balancer's access and health-check logs, from S3, Athena or a folder.

pub mod cache;
pub mod fetch;
pub mod objects;

use super::actions::Action;
use super::context::{Context, file_origin, origin};
use super::errors::CallError;
use super::s3::Object;
use crate::accesslog::names::Kind;
use crate::accesslog::other_logs::HealthChecks;
use crate::accesslog::scan::{Collect, Damage};
use crate::accesslog::summary::Summary;
use crate::accesslog::{AccessLog, local};
use crate::case::gaps::{Gap, Reason};
use crate::case::topology::LoadBalancer;
use crate::exchange::{Area, What};
use crate::time::{Time, rfc3339};
use cache::Cache;
use chrono::Duration;
use fetch::{Meter, Part};
use objects::{Balancer, Place};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

/// How long the newest objects may still be on their way.
const DELIVERY: Duration = Duration::minutes(10);
/// How often progress is told.
const TICK: std::time::Duration = std::time::Duration::from_millis(500);
/// How often the tallies so far are told while more is read.
const SNAPSHOT: std::time::Duration = std::time::Duration::from_secs(2);
/// Damaged objects that are named one by one.
const NAMED: usize = 50;

/// Reads both logs of the window.
pub async fn gather(ctx: &Context) {
    tokio::join!(access(ctx), health_checks(ctx));
}

async fn access(ctx: &Context) {
    let area = Area::AccessLog;
    match ctx.options.access_logs.as_deref() {
        Some(table) if table.starts_with("athena:") => super::athena::gather(ctx, table).await,
        Some(url) if url.starts_with("s3://") => match Place::read(url) {
            Some(place) => from_s3(ctx, &place).await,
            None => ctx.gap(area, url, Reason::Unavailable, "this is not s3://BUCKET/PREFIX").await,
        },
        Some(folder) => from_folder(ctx, Path::new(folder)).await,
        None => {
            if let Some(place) = setting(ctx, area, "access_logs").await {
                from_s3(ctx, &place).await;
            }
        }
    }
}

/// Where a log of the balancer goes by its own attributes (`access_logs.s3.enabled`, `.bucket`, `.prefix`).
async fn setting(ctx: &Context, area: Area, log: &str) -> Option<Place> {
    let balancer = balancer(ctx, area).await?;
    let attribute = |name: &str| balancer.attributes.get(&format!("{log}.s3.{name}")).cloned().unwrap_or_default();
    if balancer.attributes.is_empty() {
        let detail = "the balancer's attributes could not be read, so it is not known whether and where it logs; give --access-logs s3://BUCKET/PREFIX";
        ctx.learn(What::Gap(unknown_setting(area, &balancer, detail))).await;
        return None;
    }
    let bucket = attribute("bucket");
    if attribute("enabled") != "true" || bucket.is_empty() {
        let detail = format!(
            "{log} are switched off on this balancer (attribute {log}.s3.enabled), or go elsewhere; what failed before they are switched on cannot be read afterwards"
        );
        ctx.gap(area, &format!("{log} of {}", balancer.name), Reason::NotEnabled, detail).await;
        return None;
    }
    Some(Place { bucket, prefix: attribute("prefix") })
}

fn unknown_setting(area: Area, balancer: &LoadBalancer, detail: &str) -> Gap {
    let action = Some("elasticloadbalancing:DescribeLoadBalancerAttributes".into());
    Gap { area, subject: balancer.name.clone(), reason: Reason::Unavailable, action, detail: detail.into() }
}

async fn balancer(ctx: &Context, area: Area) -> Option<LoadBalancer> {
    ctx.until(Area::Balancer).await;
    let balancer = ctx.case(|c| c.load_balancer.clone());
    if balancer.is_none() {
        ctx.gap(area, "access logs", Reason::Unavailable, "the load balancer is not known, so neither are its logs").await;
    }
    balancer
}

async fn from_s3(ctx: &Context, place: &Place) {
    let area = Area::AccessLog;
    let Some(objects) = listed(ctx, area, place, Kind::Access).await else { return };
    let source = origin(Action::GetObject, [("bucket", place.bucket.clone()), ("prefix", place.prefix.clone())]);
    let (window, newest) = (ctx.window, objects::newest_end(&objects));
    let mut total = Summary::new(Some(window));
    let mut reading = Reading::start(ctx, area, place, objects, move || Summary::new(Some(window)));
    let mut told: Option<Instant> = None;
    while let Some(part) = reading.next().await {
        total.merge(part);
        // The first object is the one nearest to the incident: say at once what is in it.
        if told.is_none_or(|t| t.elapsed() > SNAPSHOT) {
            told = Some(Instant::now());
            let so_far = tallied(total.clone(), place, &reading, true);
            ctx.learn_from(source.clone(), What::AccessLog(Box::new(so_far))).await;
        }
    }
    if told.is_some() {
        let incomplete = reading.error.is_some();
        ctx.learn_from(source, What::AccessLog(Box::new(tallied(total, place, &reading, incomplete)))).await;
    }
    tell_gaps(ctx, area, &reading.damaged, reading.error.as_ref()).await;
    tell_freshness(ctx, area, newest).await;
}

fn tallied(total: Summary, place: &Place, reading: &Reading<'_, Summary>, incomplete: bool) -> AccessLog {
    let progress = reading.meter.progress();
    AccessLog {
        source: place.url().into(),
        window: Some(reading.ctx.window),
        files: progress.files,
        bytes: progress.bytes,
        incomplete,
        damaged: reading.damaged.iter().take(NAMED).map(|d| format!("{}: {}", d.name, d.why).into()).collect(),
        ..total.into_log()
    }
}

/// The objects of the window, the incident's first; a gap and `None` when there are none.
async fn listed(ctx: &Context, area: Area, place: &Place, kind: Kind) -> Option<Vec<Object>> {
    let balancer = balancer(ctx, area).await?;
    let Some(keys) = Balancer::of(&balancer.arn) else {
        ctx.gap(area, &balancer.arn, Reason::Unavailable, "this is no ARN of a load balancer").await;
        return None;
    };
    ctx.busy(area, format!("listing {}", place.url())).await;
    let found = objects::of_balancer(&ctx.aws, place, &keys, kind, ctx.window).await;
    let mut objects = ctx.or_gap(area, &place.url(), found).await?;
    let incident = ctx.case(|c| c.subject.as_ref().and_then(|s| s.at)).unwrap_or_else(|| ctx.window.middle());
    objects::nearest_first(&mut objects, incident);
    if objects.is_empty() {
        let (reason, detail) = nothing_there(ctx);
        ctx.gap(area, &place.url(), reason, detail).await;
        return None;
    }
    Some(objects)
}

fn nothing_there(ctx: &Context) -> (Reason, String) {
    if ctx.now - ctx.window.end < DELIVERY {
        (Reason::TooFresh, "no object of this window has been delivered yet; logs come every five minutes and some minutes late".into())
    } else {
        let detail = "no object of this window is there: logging was off then, or a lifecycle rule has removed them";
        (Reason::Unavailable, detail.into())
    }
}

/// Objects being read, with progress told on the way.
struct Reading<'a, C> {
    ctx: &'a Context,
    area: Area,
    parts: mpsc::Receiver<Part<C>>,
    meter: Arc<Meter>,
    told: Instant,
    damaged: Vec<Damage>,
    /// Why reading stopped early.
    error: Option<CallError>,
}

impl<'a, C: Collect + 'static> Reading<'a, C> {
    fn start(ctx: &'a Context, area: Area, place: &Place, objects: Vec<Object>, collector: impl Fn() -> C + Send + 'static) -> Self {
        let meter = Arc::new(Meter::new(&objects));
        let cache = ctx.options.cache.as_ref().and_then(|(dir, limit)| Cache::open(dir, *limit));
        let parts = fetch::start(&ctx.aws, cache, &place.bucket, objects, meter.clone(), collector);
        Self { ctx, area, parts, meter, told: Instant::now(), damaged: Vec::new(), error: None }
    }

    /// The next object's lines; `None` when all are read or nothing more can be.
    async fn next(&mut self) -> Option<C> {
        loop {
            let arrived = timeout(TICK, self.parts.recv()).await;
            if self.told.elapsed() >= TICK {
                self.told = Instant::now();
                self.ctx.busy(self.area, self.meter.in_words()).await;
            }
            let Ok(part) = arrived else { continue };
            let Part { collector, damage, error } = part?;
            self.error = error.filter(is_final);
            if self.error.is_some() {
                return None;
            }
            self.damaged.extend(damage);
            if collector.is_some() {
                return collector;
            }
        }
    }
}

/// Whether the next object would fail in the same way.
fn is_final(error: &CallError) -> bool {
    error.is_hopeless() || error.reason() == Reason::Denied
}

async fn tell_gaps(ctx: &Context, area: Area, damaged: &[Damage], error: Option<&CallError>) {
    if let Some(error) = error {
        return ctx.learn(What::Gap(error.gap(area, "log objects"))).await;
    }
    for damage in damaged.iter().take(NAMED) {
        ctx.gap(area, &damage.name, Reason::Unavailable, damage.words().en).await;
    }
}

/// The last minutes may not have been delivered.
async fn tell_freshness(ctx: &Context, area: Area, newest: Option<Time>) {
    let Some(newest) = newest.filter(|n| *n < ctx.window.end.min(ctx.now) && ctx.now - ctx.window.end < DELIVERY) else { return };
    let until = rfc3339(newest);
    let detail = format!("delivered up to {until}; newer entries come within about ten minutes");
    ctx.gap(area, "the newest objects", Reason::TooFresh, detail).await;
}

/// Tells a reading on other threads to stop when nobody waits for it any more.
#[derive(Default)]
struct Unwanted(Arc<AtomicBool>);

impl Drop for Unwanted {
    fn drop(&mut self) {
        self.0.store(true, std::sync::atomic::Ordering::Relaxed);
    }
}

async fn from_folder(ctx: &Context, folder: &Path) {
    let (paths, window) = (vec![PathBuf::from(folder)], ctx.window);
    let (tell, mut told) = mpsc::unbounded_channel();
    let unwanted = Unwanted::default();
    let stop = unwanted.0.clone();
    let reading = tokio::task::spawn_blocking(move || {
        let start = std::time::Instant::now();
        // Nobody listening is fine: progress is told as a courtesy.
        let progress = |p: crate::accesslog::scan::Progress| _ = tell.send(p.in_words(start.elapsed().as_secs_f64()));
        local::read_access(&paths, Some(window), &stop, &progress)
    });
    let mut last: Option<Instant> = None;
    while let Some(words) = told.recv().await {
        if last.is_none_or(|t| t.elapsed() >= TICK) {
            last = Some(Instant::now());
            ctx.busy(Area::AccessLog, words).await;
        }
    }
    let Ok((log, gaps)) = reading.await else {
        return ctx.gap(Area::AccessLog, &folder.display().to_string(), Reason::Unavailable, "reading failed inside this program").await;
    };
    if log.files > 0 {
        ctx.learn_from(file_origin(folder), What::AccessLog(Box::new(log))).await;
    }
    for gap in gaps {
        ctx.learn(What::Gap(gap)).await;
    }
}

async fn health_checks(ctx: &Context) {
    if let Some(folder) = ctx.options.access_logs.as_deref().filter(|p| !p.starts_with("s3://") && !p.starts_with("athena:")) {
        return health_checks_from_folder(ctx, PathBuf::from(folder)).await;
    }
    let area = Area::HealthCheckLog;
    let Some(place) = setting(ctx, area, "health_check_logs").await else { return };
    let Some(objects) = listed(ctx, area, &place, Kind::HealthCheck).await else { return };
    let (window, newest) = (ctx.window, objects::newest_end(&objects));
    let mut all = HealthChecks::new(Some(window));
    let mut reading = Reading::start(ctx, area, &place, objects, move || HealthChecks::new(Some(window)));
    while let Some(part) = reading.next().await {
        all.merge(part);
    }
    let source = origin(Action::GetObject, [("bucket", place.bucket.clone()), ("prefix", place.prefix.clone())]);
    ctx.learn_from(source, What::HealthCheckRecords(all.into_records())).await;
    tell_gaps(ctx, area, &reading.damaged, reading.error.as_ref()).await;
    tell_freshness(ctx, area, newest).await;
}

async fn health_checks_from_folder(ctx: &Context, folder: PathBuf) {
    let (paths, window) = (vec![folder.clone()], ctx.window);
    let reading = tokio::task::spawn_blocking(move || local::read_health_checks(&paths, Some(window), &AtomicBool::new(false)));
    let Ok((records, gaps)) = reading.await else { return };
    if !records.is_empty() {
        ctx.learn_from(file_origin(&folder), What::HealthCheckRecords(records)).await;
    }
    for gap in gaps {
        ctx.learn(What::Gap(gap)).await;
    }
}
