//! Earlier days as CloudWatch still holds them: the same hours a day and a week before at one minute, and
//! two weeks of the alarm's metric at five.

use super::Scenario;
use super::plan::Second;
use super::publish::rounded;
use super::random::Rng;
use super::world::World;
use crate::case::series::{Series, SeriesKey};
use crate::case::topology::dimension_of;
use chrono::Duration;

/// All of it.
pub fn series(scenario: &Scenario, world: &World, rng: &Rng) -> Vec<Series> {
    let mut rng = rng.fork("baseline");
    let balancer = dimension_of(&world.balancer.arn).to_owned();
    let mut out = Vec::new();
    for days in [1, 7] {
        let start = scenario.start - Duration::days(days);
        let minutes = (scenario.seconds() / 60) as usize;
        let whole: Vec<f64> = (0..minutes).map(|m| requests(scenario, m, &mut rng)).collect();
        out.push(row("RequestCount", &balancer, None, "Sum", start, 60, total(&whole, world, None)));
        for g in 0..world.groups.len() {
            let group = dimension_of(&world.groups[g].arn);
            out.push(row("RequestCount", &balancer, Some(group), "Sum", start, 60, total(&whole, world, Some(g))));
            let latency = whole.iter().map(|_| rounded(scenario.service_time * (1.1 + 0.05 * rng.normal()))).collect();
            out.push(row("TargetResponseTime", &balancer, Some(group), "Average", start, 60, latency));
            let errors = whole.iter().map(|_| stray(scenario.background, &mut rng)).collect();
            out.push(row("TargetConnectionErrorCount", &balancer, Some(group), "Sum", start, 60, errors));
        }
    }
    out.extend(two_weeks(scenario, world, &balancer, &mut rng));
    out
}

/// The alarm's own metric at five minutes.
fn two_weeks(scenario: &Scenario, world: &World, balancer: &str, rng: &mut Rng) -> Option<Series> {
    let group = scenario.alarm_group.map(|g| dimension_of(&world.groups[g].arn));
    let start = scenario.start - Duration::days(14);
    let bursts: Vec<(usize, f64)> = (0..rng.below(4)).map(|_| (rng.below(4000), rng.range(1.0, scenario.threshold * 0.9))).collect();
    let values: Vec<f64> = (0..4032)
        .map(|i| {
            let burst = bursts.iter().find(|b| b.0 == i).map_or(0.0, |b| b.1.round());
            let sum = burst + f64::from(rng.poisson(scenario.background * 5.0));
            if sum == 0.0 { f64::NAN } else { sum }
        })
        .collect();
    let any = values.iter().any(|v| !v.is_nan());
    any.then(|| row("TargetConnectionErrorCount", balancer, group, "Sum", start, 300, values))
}

fn requests(scenario: &Scenario, minute: usize, rng: &mut Rng) -> f64 {
    let bump = 1.0 + scenario.bumpiness * 0.4 * rng.normal();
    scenario.requests_per_minute * scenario.daily_shape(minute as Second * 60) * bump
}

fn total(whole: &[f64], world: &World, group: Option<usize>) -> Vec<f64> {
    let share = group.map_or_else(|| world.groups.iter().map(|g| g.share).sum(), |g| world.groups[g].share);
    whole.iter().map(|r| (r * share).round().max(0.0)).collect()
}

fn stray(background: f64, rng: &mut Rng) -> f64 {
    match rng.poisson(background) {
        0 => f64::NAN,
        n => f64::from(n),
    }
}

fn row(
    metric: &str,
    balancer: &str,
    group: Option<&str>,
    statistic: &str,
    start: crate::time::Time,
    period: u32,
    values: Vec<f64>,
) -> Series {
    let dimensions = [("LoadBalancer", Some(balancer)), ("TargetGroup", group)];
    let key = SeriesKey::new(metric, dimensions.into_iter().filter_map(|(k, v)| v.map(|v| (k, v))));
    Series { key, statistic: statistic.into(), period, start, values }
}
