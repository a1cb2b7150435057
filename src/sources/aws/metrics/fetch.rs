//! Fetching series: what of them is missing, in as few calls as CloudWatch allows, and what came of each.

use crate::case::Case;
use crate::case::gaps::Reason;
use crate::case::series::{Series, SeriesKey};
use crate::exchange::{Area, What};
use crate::sources::aws::actions::Action;
use crate::sources::aws::call::Aws;
use crate::sources::aws::context::{Context, origin};
use crate::sources::aws::errors::CallError;
use crate::time::{Time, Window, rfc3339};
use aws_sdk_cloudwatch::types as cw;
use aws_smithy_types::DateTime;
use chrono::Duration;
use std::collections::BTreeMap;

/// Queries a call, by CloudWatch's own limit.
pub(super) const QUERIES: usize = 500;

/// Points a call, by CloudWatch's own limit.
const POINTS: usize = 100_800;

/// Pages of one call's answer; CloudWatch needs a few, a broken server may never end.
const PAGES: usize = 100;

/// Points younger than this may still change and are asked again.
const UNSETTLED: Duration = Duration::minutes(5);

/// One series that is wanted.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::sources::aws) struct Wanted {
    pub key: SeriesKey,
    pub namespace: &'static str,
    /// CloudWatch's own name of the metric.
    pub name: &'static str,
    pub statistic: String,
    pub period: u32,
}

/// What a fetch is about, for gaps and origins.
#[derive(Clone, Copy)]
pub(in crate::sources::aws) struct Purpose {
    pub area: Area,
    pub subject: &'static str,
}

/// Fetches what of the wanted series is not known yet.
pub(super) async fn fetch(ctx: &Context, purpose: Purpose, wanted: Vec<Wanted>, window: Window) {
    let mut by_window: BTreeMap<(Time, Time), Vec<Wanted>> = BTreeMap::new();
    for w in wanted {
        if let Some(missing) = ctx.case(|c| missing(c, &w, window, ctx.now)) {
            by_window.entry((missing.start, missing.end)).or_default().push(w);
        }
    }
    let metrics = by_window.values().map(Vec::len).sum();
    if metrics == 0 || !ctx.may_ask_metrics(purpose.area, purpose.subject, metrics).await {
        return;
    }
    for ((start, end), wanted) in by_window {
        let window = Window { start, end };
        for batch in batches(&wanted, window) {
            if !fetch_batch(ctx, purpose, batch, window).await {
                return;
            }
        }
    }
}

/// The part of `window`, aligned to the period, that the case does not hold in this statistic and period.
fn missing(case: &Case, w: &Wanted, window: Window, now: Time) -> Option<Window> {
    let window = Window { start: window.start, end: window.end.min(now) }.aligned(w.period);
    let same = |s: &&Series| s.period == w.period && s.statistic == w.statistic;
    let settled = |s: &Series| Window { start: s.start, end: s.window().end.min(now - UNSETTLED) };
    let stretches = case.series.get(&w.key).map(|t| t.stretches()).unwrap_or_default();
    let mut rest = window;
    for known in stretches.iter().filter(same).map(settled) {
        if known.start <= rest.start && known.end > rest.start {
            rest.start = known.end;
        } else if known.end >= rest.end && known.start < rest.end {
            rest.end = known.start;
        }
    }
    let rest = rest.aligned(w.period);
    (rest.start < rest.end).then_some(rest)
}

/// Batches within CloudWatch's limits on queries and points.
fn batches(wanted: &[Wanted], window: Window) -> Vec<&[Wanted]> {
    let points = wanted.iter().map(|w| window.bins(w.period)).max().unwrap_or(1).max(1);
    wanted.chunks((POINTS / points).clamp(1, QUERIES)).collect()
}

/// One batch with all its pages; `false` when there is no point in asking for more.
async fn fetch_batch(ctx: &Context, purpose: Purpose, batch: &[Wanted], window: Window) -> bool {
    let mut answers = Answers::new(batch, window);
    let mut token: Option<String> = None;
    // What no page answered is a gap like any other that was not answered.
    for page in 0..PAGES {
        let answer = page_of(&ctx.aws, batch, window, token.as_deref()).await;
        ctx.aws.count().metrics(if page == 0 { batch.len() } else { 0 });
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => {
                let hopeless = error.is_hopeless() || error.reason() == Reason::Denied;
                ctx.learn(What::Gap(error.gap(purpose.area, purpose.subject))).await;
                if page > 0 {
                    answers.tell(ctx, purpose, window).await;
                }
                return !hopeless;
            }
        };
        answers.take(answer.metric_data_results());
        let next = answer.next_token().filter(|t| !t.is_empty() && Some(*t) != token.as_deref());
        token = next.map(str::to_owned);
        if token.is_none() {
            break;
        }
    }
    answers.tell(ctx, purpose, window).await;
    true
}

pub(super) async fn page_of(
    aws: &Aws,
    batch: &[Wanted],
    window: Window,
    token: Option<&str>,
) -> Result<aws_sdk_cloudwatch::operation::get_metric_data::GetMetricDataOutput, CallError> {
    let queries: Vec<_> = batch.iter().enumerate().map(|(i, w)| query(i, w)).collect();
    aws.sdk(Action::GetMetricData, || {
        aws.cloudwatch()
            .get_metric_data()
            .start_time(DateTime::from_secs(window.start.timestamp()))
            .end_time(DateTime::from_secs(window.end.timestamp()))
            .scan_by(cw::ScanBy::TimestampAscending)
            .set_metric_data_queries(Some(queries.clone()))
            .set_next_token(token.map(str::to_owned))
            .send()
    })
    .await
}

fn query(i: usize, w: &Wanted) -> cw::MetricDataQuery {
    let dimensions = w.key.dimensions.iter().map(|(k, v)| cw::Dimension::builder().name(k).value(v).build()).collect();
    let metric = cw::Metric::builder().namespace(w.namespace).metric_name(w.name).set_dimensions(Some(dimensions)).build();
    let stat = cw::MetricStat::builder().metric(metric).period(w.period as i32).stat(&w.statistic).build();
    cw::MetricDataQuery::builder().id(format!("q{i}")).metric_stat(stat).return_data(true).build()
}

/// Collects the pages of one batch by query.
pub(super) struct Answers<'a> {
    batch: &'a [Wanted],
    pub(super) series: Vec<Series>,
    /// What CloudWatch said last of each query; `None` when it never answered.
    pub(super) status: Vec<Option<cw::StatusCode>>,
}

impl<'a> Answers<'a> {
    pub(super) fn new(batch: &'a [Wanted], window: Window) -> Self {
        let series = batch
            .iter()
            .map(|w| {
                let window = window.aligned(w.period);
                Series {
                    key: w.key.clone(),
                    statistic: w.statistic.clone(),
                    period: w.period,
                    start: window.start,
                    values: vec![f64::NAN; window.bins(w.period)],
                }
            })
            .collect();
        Self { batch, series, status: vec![None; batch.len()] }
    }

    pub(super) fn take(&mut self, results: &[cw::MetricDataResult]) {
        for result in results {
            let index = result.id().and_then(|id| id.strip_prefix('q')?.parse::<usize>().ok());
            let Some(i) = index.filter(|i| *i < self.batch.len()) else { continue };
            self.status[i] = result.status_code().cloned();
            let series = &mut self.series[i];
            for (t, v) in result.timestamps().iter().zip(result.values()) {
                if let Some(slot) = crate::sources::aws::values::time(t).and_then(|t| series.index(t)) {
                    series.values[slot] = *v;
                }
            }
        }
    }

    /// Says the series, and a gap for each kind of answer that was not whole.
    async fn tell(self, ctx: &Context, purpose: Purpose, window: Window) {
        let (mut whole, mut broken) = (Vec::new(), BTreeMap::<&str, Vec<String>>::new());
        for (series, status) in self.series.into_iter().zip(&self.status) {
            let trouble = match status {
                Some(cw::StatusCode::Complete) => None,
                Some(cw::StatusCode::PartialData) => Some("PartialData"),
                Some(cw::StatusCode::Forbidden) => Some("Forbidden"),
                Some(cw::StatusCode::InternalError) => Some("InternalError"),
                _ => Some("no answer"),
            };
            if let Some(trouble) = trouble {
                broken.entry(trouble).or_default().push(series.key.metric.clone());
            }
            // Where nothing was read, nothing is known: an empty series would say "asked, and not published".
            if trouble.is_none() || (trouble == Some("PartialData") && series.values.iter().any(|v| !v.is_nan())) {
                whole.push(series);
            }
        }
        if !whole.is_empty() {
            let asked =
                [("StartTime", rfc3339(window.start)), ("EndTime", rfc3339(window.end)), ("MetricDataQueries", whole.len().to_string())];
            ctx.learn_from(origin(Action::GetMetricData, asked), What::Series(whole)).await;
        }
        for (trouble, mut metrics) in broken {
            metrics.dedup();
            tell_trouble(ctx, purpose, trouble, &metrics).await;
        }
    }
}

async fn tell_trouble(ctx: &Context, purpose: Purpose, trouble: &str, metrics: &[String]) {
    let (reason, words) = match trouble {
        "Forbidden" => (Reason::Denied, "CloudWatch refused to show them (Forbidden)"),
        "PartialData" => (Reason::Unavailable, "CloudWatch returned only part of the data (PartialData)"),
        "InternalError" => (Reason::Unavailable, "CloudWatch had an error of its own (InternalError)"),
        _ => (Reason::Unavailable, "CloudWatch gave no answer for them"),
    };
    let shown = metrics.iter().take(6).cloned().collect::<Vec<_>>().join(", ");
    let more = metrics.len().saturating_sub(6);
    let tail = if more > 0 { format!(" and {more} more") } else { String::new() };
    let mut gap = crate::case::gaps::Gap {
        area: purpose.area,
        subject: format!("{shown}{tail}").into(),
        reason,
        action: None,
        detail: format!("{words}; ask again in a minute").into(),
    };
    if reason == Reason::Denied {
        gap.action = Some(Action::GetMetricData.iam());
        gap.detail = format!("{words}: the metrics belong to an account or a key this role may not read").into();
    }
    ctx.learn(What::Gap(gap)).await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(minute: i64) -> Time {
        chrono::DateTime::from_timestamp(1_763_600_400 + minute * 60, 0).unwrap()
    }

    fn wanted(period: u32) -> Wanted {
        Wanted { key: SeriesKey::new("M", [("D", "d")]), namespace: "N", name: "M", statistic: "Sum".into(), period }
    }

    fn holding(start: i64, minutes: usize) -> Case {
        let mut case = Case::default();
        case.series.absorb(Series {
            key: wanted(60).key,
            statistic: "Sum".into(),
            period: 60,
            start: at(start),
            values: vec![1.0; minutes],
        });
        case
    }

    #[test]
    fn only_what_is_missing_is_asked() {
        let now = at(10_000);
        let window = Window { start: at(100), end: at(200) };
        let ask =
            |case: &Case| missing(case, &wanted(60), window, now).map(|w| ((w.start - at(0)).num_minutes(), (w.end - at(0)).num_minutes()));
        assert_eq!(ask(&Case::default()), Some((100, 200)));
        assert_eq!(ask(&holding(90, 60)), Some((150, 200)));
        assert_eq!(ask(&holding(150, 100)), Some((100, 150)));
        assert_eq!(ask(&holding(90, 200)), None);
        assert_eq!(ask(&holding(120, 10)), Some((100, 200)));
        assert_eq!(
            missing(&holding(90, 200), &wanted(300), window, now).map(|w| w.bins(300)),
            Some(20),
            "another period is another series"
        );
    }

    #[test]
    fn the_newest_minutes_are_asked_again_and_the_future_never() {
        let window = Window { start: at(100), end: at(200) };
        let m = missing(&holding(90, 100), &wanted(60), window, at(190)).unwrap();
        assert_eq!((m.start, m.end), (at(185), at(190)));
    }

    proptest! {
        #[test]
        fn batches_keep_within_the_limits(n in 1usize..1800, minutes in 1i64..20_000, period in prop::sample::select(vec![60u32, 300, 3600])) {
            let all = vec![wanted(period); n];
            let window = Window { start: at(0), end: at(minutes) };
            let batches = batches(&all, window);
            prop_assert_eq!(batches.iter().map(|b| b.len()).sum::<usize>(), n);
            for b in batches {
                prop_assert!(b.len() <= QUERIES);
                prop_assert!(b.len() == 1 || b.len() * window.bins(period) <= POINTS);
            }
        }
    }
}
