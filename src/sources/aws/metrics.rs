//! Metric data: which series are wanted of which thing, at which period.

mod fetch;

use super::actions::Action;
use super::call::Aws;
use super::context::Context;
use crate::case::Case;
use crate::case::alarm::Alarm;
use crate::case::gaps::Reason;
use crate::case::series::{Series, SeriesKey};
use crate::case::topology::{EcsService, Instance, LoadBalancer, TargetGroup, dimension_of};
use crate::exchange::Area;
use crate::metrics::{CATALOG, ERRORS, Metric, Scope};
use crate::time::{Time, Window, finest_period};
use aws_sdk_cloudwatch::types as cw;
use chrono::Duration;
use fetch::{Answers, Purpose, QUERIES, Wanted, fetch, page_of};
use std::collections::BTreeMap;

/// The namespace of Container Insights.
const INSIGHTS: &str = "ECS/ContainerInsights";

/// Groups and instances whose metrics are read; those in question come first.
const GROUPS: usize = 25;
const INSTANCES: usize = 200;
const GONE: usize = 20;

/// Instances that are asked one by one what the CloudWatch agent publishes of them.
const AGENTS: usize = 30;
/// What is missing where none of them publishes anything.
const NO_AGENT: &str = "memory, swap and network allowances";

/// CloudWatch holds minutes this long; an hour less, since reading takes time.
const MINUTES_HELD: Duration = Duration::hours(15 * 24 - 1);

/// The balancer's own metrics in every scope.
pub(super) async fn balancer(ctx: &Context, window: Window, period: Option<u32>) {
    let wanted = ctx.case(|c| of_balancer(c, base_period(window, period, ctx.now)));
    let total = ctx.case(|c| c.target_groups.len());
    if total > GROUPS {
        let detail = format!("the metrics of {GROUPS} of {total} target groups are read, those in question first");
        ctx.gap(Area::BalancerMetrics, "metrics of the other target groups", Reason::NotApplicable, detail).await;
    }
    fetch(ctx, Purpose { area: Area::BalancerMetrics, subject: "balancer metrics" }, wanted, window).await;
}

/// Metrics of every instance behind the balancer, and what the agent on them publishes.
pub(super) async fn hosts(ctx: &Context, window: Window, period: Option<u32>) {
    let base = base_period(window, period, ctx.now);
    let instances: Vec<Instance> = ctx.case(|c| c.instances.values().cloned().collect());
    if instances.len() > INSTANCES {
        let detail = format!("the metrics of {INSTANCES} of {} instances are read", instances.len());
        ctx.gap(Area::HostMetrics, "metrics of the other instances", Reason::NotApplicable, detail).await;
    }
    let wanted = instances.iter().take(INSTANCES).flat_map(|i| of_instance(i, base)).collect();
    fetch(ctx, Purpose { area: Area::HostMetrics, subject: "host metrics" }, wanted, window).await;
    agents(ctx, &instances, window, base).await;
}

/// Metrics of targets that are gone: CloudWatch keeps them though EC2 may not know the machine any more.
pub(super) async fn of_gone(ctx: &Context, ids: &[String]) {
    let window = ctx.metrics_window();
    let base = base_period(window, None, ctx.now);
    let known =
        |id: &String| ctx.case(|c| c.instances.get(id).cloned()).unwrap_or_else(|| Instance { id: id.clone(), ..Instance::default() });
    let wanted = ids.iter().take(GONE).flat_map(|id| of_instance(&known(id), base)).collect();
    fetch(ctx, Purpose { area: Area::HostMetrics, subject: "metrics of targets that are gone" }, wanted, window).await;
}

/// Metrics of the ECS services behind the groups; those of Container Insights where it is on.
pub(super) async fn services(ctx: &Context) {
    let services: Vec<Dimensions> = ctx.case(|c| c.ecs_services.values().map(of_service).collect());
    let window = ctx.metrics_window();
    let base = base_period(window, None, ctx.now);
    let mut wanted = Vec::new();
    for dimensions in services {
        let insights = has_insights(ctx, &dimensions).await;
        let held = rows(Scope::EcsService).filter(|row| row.namespace != INSIGHTS || insights);
        wanted.extend(held.map(|row| want(row, dimensions.clone(), base)));
    }
    fetch(ctx, Purpose { area: Area::HostMetrics, subject: "metrics of ECS services" }, wanted, window).await;
}

fn of_service(service: &EcsService) -> Dimensions {
    [("ClusterName".to_owned(), service.cluster.to_string()), ("ServiceName".to_owned(), service.name.to_string())].into()
}

/// Container Insights is an option of the cluster; what it publishes costs extra, so many do not have it.
async fn has_insights(ctx: &Context, dimensions: &Dimensions) -> bool {
    let filters: Vec<_> = dimensions.iter().map(|(k, v)| cw::DimensionFilter::builder().name(k).value(v).build()).collect();
    let listed = ctx
        .aws
        .sdk(Action::ListMetrics, || ctx.aws.cloudwatch().list_metrics().namespace(INSIGHTS).set_dimensions(Some(filters.clone())).send())
        .await;
    let listed = ctx.or_gap(Area::HostMetrics, "whether Container Insights is on", listed).await;
    listed.is_some_and(|l| !l.metrics().is_empty())
}

/// The few series that say whether an earlier time was like this one.
pub(super) async fn earlier(ctx: &Context, window: Window) {
    let base = base_period(window, None, ctx.now);
    let mut wanted = ctx.case(|c| of_balancer(c, base));
    let hosts: Vec<Instance> = ctx.case(|c| c.instances.values().take(INSTANCES / 10).cloned().collect());
    wanted.extend(hosts.iter().flat_map(|i| of_instance(i, base)));
    wanted.retain(|w| crate::metrics::tells_of_earlier(&w.key));
    fetch(ctx, Purpose { area: Area::Baseline, subject: "metrics of earlier days" }, wanted, window).await;
}

/// Two weeks of what the alarm judges, at its own period: how often would it have fired? With the requests
/// beside it, since silence is no error only where requests flowed.
pub(super) async fn two_weeks(ctx: &Context) {
    let Some(alarm) = ctx.case(|c| c.alarm.clone()) else { return };
    let start = (ctx.window.start - Duration::days(14)).max(ctx.now - MINUTES_HELD).min(ctx.window.start);
    let window = Window { start, end: ctx.window.end };
    let period = base_period(window, Some(alarm.period), ctx.now);
    let mut wanted = of_alarm(&alarm, period);
    let requests = wanted
        .iter()
        .find(|w| w.key.metric == ERRORS)
        .and_then(|w| Some(want(crate::metrics::find("RequestCount")?, w.key.dimensions.clone(), period)));
    wanted.extend(requests.filter(|r| wanted.iter().all(|w| w.key != r.key)));
    fetch(ctx, Purpose { area: Area::Baseline, subject: "two weeks of the alarm's metric" }, wanted, window).await;
}

/// The finest period CloudWatch still holds for the whole window, or the coarser one asked for.
fn base_period(window: Window, asked: Option<u32>, now: Time) -> u32 {
    let finest = finest_period(now - window.start);
    asked.map_or(finest, |p| p.max(finest).div_ceil(finest) * finest)
}

/// Rows of the catalog in the scopes of a balancer.
fn of_balancer(case: &Case, base: u32) -> Vec<Wanted> {
    let mut wanted = Vec::new();
    if let Some(balancer) = &case.load_balancer {
        let groups = groups_first(case);
        for scope in [Scope::Balancer, Scope::Group, Scope::Zone, Scope::GroupZone] {
            for dimensions in dimension_sets(scope, balancer, &groups) {
                wanted.extend(rows(scope).map(|row| want(row, dimensions.clone(), base)));
            }
        }
    }
    for own in case.alarm.iter().flat_map(|a| of_alarm(a, base)) {
        let known = wanted.iter().any(|w| w.key == own.key && w.statistic == own.statistic);
        if !known {
            wanted.insert(0, own);
        }
    }
    wanted
}

/// What the alarm judges, with its statistics, where the catalog would not fetch it anyway: its metric, or
/// those inside its expression.
fn of_alarm(alarm: &Alarm, base: u32) -> Vec<Wanted> {
    if alarm.parts.is_empty() {
        return own_series(&alarm.namespace, &alarm.metric, &alarm.statistic, &alarm.dimensions, base).into_iter().collect();
    }
    let parts = alarm.parts.iter().filter(|p| !p.metric.is_empty());
    parts.filter_map(|p| own_series(&p.namespace, &p.metric, &p.statistic, &p.dimensions, base)).collect()
}

fn own_series(namespace: &str, metric: &str, statistic: &str, dimensions: &Dimensions, base: u32) -> Option<Wanted> {
    let row = crate::metrics::find(metric).filter(|m| m.namespace == namespace)?;
    let key = SeriesKey { metric: row.name.into(), dimensions: dimensions.clone() };
    let statistic = if statistic.is_empty() { row.statistic } else { statistic };
    Some(Wanted { key, namespace: row.namespace, name: row.cloudwatch_name(), statistic: statistic.into(), period: base.max(row.finest) })
}

/// The failed connections that an alarm judges, alone or inside an expression.
fn errors_of(alarm: &Alarm, period: u32) -> Option<Wanted> {
    of_alarm(alarm, period).into_iter().max_by_key(|w| w.key.metric == ERRORS)
}

/// Each alarm's own metric in `window`, in one call; `None` where it cannot be read.
pub async fn recent(aws: &Aws, alarms: &[Alarm], window: Window, period: u32) -> Vec<Option<Series>> {
    let (at, wanted): (Vec<usize>, Vec<Wanted>) =
        alarms.iter().enumerate().filter_map(|(i, a)| Some((i, errors_of(a, period)?))).take(QUERIES).unzip();
    let mut all: Vec<Option<Series>> = vec![None; alarms.len()];
    if wanted.is_empty() {
        return all;
    }
    aws.count().metrics(wanted.len());
    let Ok(answer) = page_of(aws, &wanted, window, None).await else { return all };
    let mut answers = Answers::new(&wanted, window);
    answers.take(answer.metric_data_results());
    for (i, (series, status)) in at.into_iter().zip(answers.series.into_iter().zip(&answers.status)) {
        all[i] = matches!(status, Some(cw::StatusCode::Complete)).then_some(series);
    }
    all
}

/// Those the alarm names first, then the others, up to a limit.
fn groups_first(case: &Case) -> Vec<TargetGroup> {
    let named: Vec<_> = case.groups_in_question().into_iter().cloned().collect();
    let others = case.target_groups.iter().filter(|g| named.iter().all(|n| n.arn != g.arn)).cloned();
    let lambda = |g: &TargetGroup| g.target_type == "lambda";
    named.clone().into_iter().chain(others).filter(|g| !lambda(g)).take(GROUPS).collect()
}

fn rows(scope: Scope) -> impl Iterator<Item = &'static Metric> {
    CATALOG.iter().filter(move |m| m.scopes.contains(&scope) && !m.namespace.is_empty())
}

type Dimensions = BTreeMap<String, String>;

/// The dimension sets of a scope, exactly as CloudWatch wants them: it never combines what was not published.
fn dimension_sets(scope: Scope, balancer: &LoadBalancer, groups: &[TargetGroup]) -> Vec<Dimensions> {
    let of = |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect::<Dimensions>();
    let lb = ("LoadBalancer", dimension_of(&balancer.arn));
    let zones = || balancer.zones.iter().map(|z| ("AvailabilityZone", z.name.as_str()));
    let groups = || groups.iter().map(|g| ("TargetGroup", dimension_of(&g.arn)));
    match scope {
        Scope::Balancer => vec![of(&[lb])],
        Scope::Zone => zones().map(|z| of(&[z, lb])).collect(),
        Scope::Group => groups().map(|g| of(&[lb, g])).collect(),
        Scope::GroupZone => groups().flat_map(|g| zones().map(move |z| of(&[z, lb, g]))).collect(),
        _ => Vec::new(),
    }
}

fn want(row: &'static Metric, dimensions: Dimensions, base: u32) -> Wanted {
    Wanted {
        key: SeriesKey { metric: row.name.into(), dimensions },
        namespace: row.namespace,
        name: row.cloudwatch_name(),
        statistic: row.statistic.into(),
        period: base.max(row.finest),
    }
}

/// Rows of the catalog for one instance: credits for burstable types only; with basic monitoring all but
/// the status checks come every five minutes.
fn of_instance(instance: &Instance, base: u32) -> Vec<Wanted> {
    let dimensions: Dimensions = [("InstanceId".to_owned(), instance.id.clone())].into();
    rows(Scope::Instance)
        .filter(|row| instance.is_burstable() || !row.name.starts_with("CPU") || row.name == "CPUUtilization")
        .map(|row| {
            let mut w = want(row, dimensions.clone(), base);
            if !instance.detailed_monitoring && !row.name.starts_with("StatusCheck") {
                w.period = w.period.max(300);
            }
            w
        })
        .collect()
}

/// What the CloudWatch agent publishes of these instances, under whatever dimensions it was told to use.
async fn agents(ctx: &Context, instances: &[Instance], window: Window, base: u32) {
    let wanted = match known_agents(ctx, base) {
        Some(known) => known,
        None => match listed_agents(ctx, instances, base).await {
            Some(listed) => listed,
            None => return,
        },
    };
    fetch(ctx, Purpose { area: Area::HostMetrics, subject: "agent metrics" }, wanted, window).await;
}

/// What the first reading found, where this is a later one: nothing is listed every minute.
fn known_agents(ctx: &Context, base: u32) -> Option<Vec<Wanted>> {
    let known: Vec<Wanted> = ctx.case(|c| {
        let keys = rows(Scope::Agent).flat_map(|row| c.series.of(row.name).map(move |(key, _)| (row, key.dimensions.clone())));
        keys.map(|(row, dimensions)| want(row, dimensions, base)).collect()
    });
    let none = ctx.case(|c| c.gaps_of(&[Area::HostMetrics]).any(|g| &*g.subject == NO_AGENT));
    (ctx.is_later() && (none || !known.is_empty())).then_some(known)
}

async fn listed_agents(ctx: &Context, instances: &[Instance], base: u32) -> Option<Vec<Wanted>> {
    let mut wanted = Vec::new();
    for instance in instances.iter().take(AGENTS) {
        let metrics = ctx
            .aws
            .sdk(Action::ListMetrics, || {
                let filter = cw::DimensionFilter::builder().name("InstanceId").value(&instance.id).build();
                ctx.aws.cloudwatch().list_metrics().namespace("CWAgent").dimensions(filter).send()
            })
            .await;
        let metrics = ctx.or_gap(Area::HostMetrics, "metrics of the CloudWatch agent", metrics).await?;
        wanted.extend(metrics.metrics().iter().filter_map(|m| of_agent(m, base)));
    }
    if wanted.is_empty() && !instances.is_empty() {
        let detail = "the CloudWatch agent publishes nothing of these instances: memory, swap and network allowances are unknown";
        ctx.gap(Area::HostMetrics, NO_AGENT, Reason::NotEnabled, detail).await;
    }
    Some(wanted)
}

fn of_agent(m: &cw::Metric, base: u32) -> Option<Wanted> {
    let row = rows(Scope::Agent).find(|row| Some(row.name) == m.metric_name())?;
    let dimensions = m.dimensions().iter().filter_map(|d| Some((d.name()?.to_owned(), d.value()?.to_owned()))).collect();
    Some(want(row, dimensions, base))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Time {
        chrono::DateTime::from_timestamp(1_763_600_400 + minute * 60, 0).unwrap()
    }

    #[test]
    fn periods_follow_the_age_of_the_data() {
        let now = at(200 * 1440);
        let w = |days: i64| Window { start: now - Duration::days(days), end: now - Duration::days(days) + Duration::hours(3) };
        assert_eq!(base_period(w(1), None, now), 60);
        assert_eq!(base_period(w(20), None, now), 300);
        assert_eq!(base_period(w(100), Some(60), now), 3600);
        assert_eq!(base_period(w(1), Some(90), now), 120);
    }

    #[test]
    fn instances_get_what_they_can_have() {
        let mut i = Instance { id: "i-1".into(), instance_type: "m5.large".into(), ..Instance::default() };
        let names = |i: &Instance| of_instance(i, 60).into_iter().map(|w| (w.name, w.period)).collect::<BTreeMap<_, _>>();
        assert_eq!(names(&i)["CPUUtilization"], 300);
        assert_eq!(names(&i)["StatusCheckFailed"], 60);
        assert!(!names(&i).contains_key("CPUCreditBalance"));
        i.instance_type = "t3.micro".into();
        i.detailed_monitoring = true;
        assert_eq!((names(&i)["CPUUtilization"], names(&i)["CPUCreditBalance"]), (60, 300));
    }
}
