//! What CloudWatch publishes of the balancer, from one run: which dimension sets exist, what is absent
//! when it is zero, how late it comes.

use super::Scenario;
use super::flow::{Cell, Run};
use super::plan::{Plan, Second};
use super::random::Rng;
use super::world::World;
use crate::case::series::{Series, SeriesKey};
use crate::case::topology::dimension_of;
use crate::time::floor_to;
use chrono::Duration;

/// Four significant digits, as much as any chart can show.
pub fn rounded(v: f64) -> f64 {
    if v == 0.0 || !v.is_finite() {
        return v;
    }
    let scale = 10f64.powi(3 - v.abs().log10().floor() as i32);
    (v * scale).round() / scale
}

/// Cuts a row of minutes to what is published by "now".
pub struct Feed<'a> {
    pub scenario: &'a Scenario,
    /// Seconds until a value can be read.
    pub lag: Second,
}

impl Feed<'_> {
    /// The series on its period; nothing when no value was ever published.
    pub fn series(&self, key: SeriesKey, statistic: &str, period: u32, minutes: &[f64]) -> Option<Series> {
        let per = (period / 60) as usize;
        let full = floor_to(self.scenario.now - Duration::seconds(self.lag), period);
        let visible = ((full - self.scenario.start).num_seconds() / i64::from(period)).max(0) as usize;
        let values: Vec<f64> = minutes.chunks(per).take(visible).map(|c| fold(statistic, c)).collect();
        if values.iter().all(|v| v.is_nan()) {
            return None;
        }
        Some(Series { key, statistic: statistic.into(), period, start: self.scenario.start, values })
    }
}

fn fold(statistic: &str, minutes: &[f64]) -> f64 {
    let known: Vec<f64> = minutes.iter().copied().filter(|v| !v.is_nan()).collect();
    if known.is_empty() {
        return f64::NAN;
    }
    match statistic {
        "Sum" => known.iter().sum(),
        "Maximum" => known.iter().copied().fold(f64::MIN, f64::max),
        "Minimum" => known.iter().copied().fold(f64::MAX, f64::min),
        _ => rounded(known.iter().sum::<f64>() / known.len() as f64),
    }
}

/// A place that a balancer metric is measured at.
#[derive(Clone, Copy, Debug, Default)]
struct At {
    node: Option<usize>,
    group: Option<usize>,
}

/// Every series of the balancer and its groups, the visible part of them.
pub fn series(scenario: &Scenario, world: &World, plan: &Plan, run: &Run, rng: &Rng) -> Vec<Series> {
    let mut publisher = Publisher { scenario, world, plan, run, rng: rng.fork("publish"), out: Vec::new() };
    publisher.place(At::default());
    for node in 0..run.nodes {
        publisher.place(At { node: Some(node), group: None });
    }
    for group in 0..world.groups.len() {
        publisher.place(At { node: None, group: Some(group) });
        publisher.hosts(At { node: None, group: Some(group) });
        for node in 0..run.nodes {
            publisher.place(At { node: Some(node), group: Some(group) });
            publisher.hosts(At { node: Some(node), group: Some(group) });
        }
    }
    publisher.out
}

struct Publisher<'a> {
    scenario: &'a Scenario,
    world: &'a World,
    plan: &'a Plan,
    run: &'a Run,
    rng: Rng,
    out: Vec<Series>,
}

/// One minute at one place.
#[derive(Clone, Copy, Debug, Default)]
struct Minute {
    cell: Cell,
    latency: f64,
    handled: f64,
    no_target: u32,
}

impl Publisher<'_> {
    fn place(&mut self, at: At) {
        let minutes: Vec<Minute> = (0..self.run.minutes).map(|m| self.minute(m, at)).collect();
        // Published, if as zero, while targets are registered and the balancer has requests at all.
        let flows: Vec<bool> = (0..self.run.minutes).map(|m| minutes[m].cell.sent > 0 || self.is_flowing(m, at)).collect();
        let count = |f: &dyn Fn(&Minute) -> u32| -> Vec<f64> { minutes.iter().map(|m| non_zero(f64::from(f(m)))).collect() };
        let errors = count(&|m| m.cell.connection_errors());
        let tls = count(&|m| m.cell.tls);
        let target_5xx = count(&|m| m.cell.app_5xx);
        let target_2xx = count(&|m| m.cell.ok - m.cell.ok / 40);
        let requests: Vec<f64> = minutes.iter().zip(&flows).map(|(m, f)| if *f { f64::from(m.cell.sent) } else { f64::NAN }).collect();
        let response: Vec<f64> = minutes.iter().map(|m| if m.handled > 0.0 { rounded(m.latency / m.handled) } else { f64::NAN }).collect();
        self.put("TargetConnectionErrorCount", at, "Sum", &errors);
        self.put("RequestCount", at, "Sum", &requests);
        self.put("TargetTLSNegotiationErrorCount", at, "Sum", &tls);
        self.put("TargetResponseTime", at, "Average", &response);
        self.put("HTTPCode_Target_5XX_Count", at, "Sum", &target_5xx);
        self.put("HTTPCode_Target_2XX_Count", at, "Sum", &target_2xx);
        if at.group.is_none() {
            let e502 = count(&|m| m.cell.refused + m.cell.race + m.cell.tls);
            let e500 = count(&|m| m.cell.own_5xx);
            let e503 = count(&|m| m.no_target);
            let e504 = count(&|m| m.cell.timeout + m.cell.slow);
            let all = count(&|m| m.cell.refused + m.cell.race + m.cell.tls + m.cell.own_5xx + m.no_target + m.cell.timeout + m.cell.slow);
            self.put("HTTPCode_ELB_500_Count", at, "Sum", &e500);
            self.put("HTTPCode_ELB_502_Count", at, "Sum", &e502);
            self.put("HTTPCode_ELB_503_Count", at, "Sum", &e503);
            self.put("HTTPCode_ELB_504_Count", at, "Sum", &e504);
            self.put("HTTPCode_ELB_5XX_Count", at, "Sum", &all);
            self.connections(at, &minutes);
        }
    }

    fn is_flowing(&self, minute: usize, at: At) -> bool {
        let ours = |t: usize| at.group.is_none_or(|g| self.world.targets[t].group == g) && self.run.health(minute, t).registered;
        let any = (0..self.run.targets).any(|t| (0..self.run.nodes).any(|n| self.run.cell(minute, n, t).sent > 0));
        any && (0..self.run.targets).any(ours)
    }

    fn connections(&mut self, at: At, minutes: &[Minute]) {
        let parts = if at.node.is_some() { 1.0 / self.run.nodes as f64 } else { 1.0 };
        let pools = (self.world.targets.len() * self.run.nodes * 5) as f64 * parts;
        let (mut fresh, mut active, mut rejected) = (Vec::new(), Vec::new(), Vec::new());
        for (i, m) in minutes.iter().enumerate() {
            let t = i as Second * 60 + 30;
            let flood: f64 = self.plan.floods.iter().map(|f| f.at(t) - 1.0).sum();
            let clients = f64::from(m.cell.sent) * 0.22 + flood * self.scenario.requests_per_minute * parts * 0.5;
            let opened = (clients * (1.0 + 0.03 * self.rng.normal())).max(0.0) + f64::from(m.cell.new_connections);
            // A connection attempt that waits ten seconds is open for a sixth of the minute.
            let waiting = f64::from(m.cell.timeout) / 6.0 + m.latency / 60.0;
            fresh.push(non_zero(opened.round()));
            active.push(non_zero((clients * 0.9 + pools + waiting).round()));
            let full = self.plan.balancer_full.is_some_and(|(from, until)| from <= t && t < until);
            rejected.push(non_zero(if full { (clients * self.rng.range(0.02, 0.06)).round() } else { 0.0 }));
        }
        self.put("NewConnectionCount", at, "Sum", &fresh);
        self.put("ActiveConnectionCount", at, "Sum", &active);
        self.put("RejectedConnectionCount", at, "Sum", &rejected);
        let client_tls: Vec<f64> = (0..minutes.len()).map(|_| non_zero(f64::from(self.rng.poisson(1.5 * parts)))).collect();
        self.put("ClientTLSNegotiationErrorCount", at, "Sum", &client_tls);
    }

    /// Counts of targets. With a zone: its own targets in the eyes of its own node; without: the worst node's count.
    fn hosts(&mut self, at: At) {
        let Some(group) = at.group else { return };
        let of: Vec<usize> =
            self.world.of_group(group).into_iter().filter(|t| at.node.is_none_or(|z| self.world.targets[*t].zone == z)).collect();
        let (mut healthy, mut unhealthy, mut odd) = (Vec::new(), Vec::new(), Vec::new());
        for m in 0..self.run.minutes {
            let registered: Vec<usize> = of.iter().copied().filter(|t| self.run.health(m, *t).registered).collect();
            let known = !registered.is_empty();
            let up = self.healthy(m, &registered, at.node);
            healthy.push(if known { up as f64 } else { f64::NAN });
            unhealthy.push(if known { (registered.len() - up) as f64 } else { f64::NAN });
            odd.push(if known { self.anomalous(m, &registered) } else { f64::NAN });
        }
        let fail_open: Vec<f64> = (0..self.run.minutes).map(|m| non_zero(f64::from(self.minute(m, at).cell.fail_open))).collect();
        self.put("HealthyHostCount", at, "Minimum", &healthy);
        self.put("UnHealthyHostCount", at, "Maximum", &unhealthy);
        self.put("AnomalousHostCount", at, "Maximum", &odd);
        let zones: Vec<f64> = fail_open.iter().map(|v| if v.is_nan() { f64::NAN } else { 1.0 }).collect();
        self.put("UnhealthyRoutingRequestCount", at, "Sum", &fail_open);
        self.put("UnhealthyStateRouting", at, "Maximum", &zones);
        if at.node.is_none() {
            let per: Vec<f64> = (0..self.run.minutes)
                .map(|m| f64::from(self.minute(m, at).cell.sent) / if healthy[m] > 0.0 { healthy[m] } else { of.len().max(1) as f64 })
                .map(rounded)
                .collect();
            self.put("RequestCountPerTarget", at, "Sum", &per);
        }
    }

    fn healthy(&self, minute: usize, registered: &[usize], node: Option<usize>) -> usize {
        let seen_by = |n: usize| registered.iter().filter(|t| self.run.health(minute, **t).is_healthy_for(n)).count();
        match node {
            Some(n) => seen_by(n),
            None => (0..self.run.nodes).map(seen_by).min().unwrap_or(0),
        }
    }

    /// The balancer flags targets that fail far more than their peers; it needs three healthy ones.
    fn anomalous(&self, minute: usize, registered: &[usize]) -> f64 {
        odd_ones(self.run, minute, registered).len() as f64
    }

    fn minute(&self, m: usize, at: At) -> Minute {
        let mut sum = Minute::default();
        for target in 0..self.run.targets {
            if at.group.is_some_and(|g| self.world.targets[target].group != g) {
                continue;
            }
            let host = self.run.host(m, target);
            let mean = if host.handled > 0.0 { host.latency / host.handled } else { 0.0 };
            for node in (0..self.run.nodes).filter(|n| at.node.is_none_or(|z| z == *n)) {
                let cell = self.run.cell(m, node, target);
                sum.cell.add(cell);
                let answered = f64::from(cell.ok + cell.app_5xx);
                sum.handled += answered;
                sum.latency += answered * mean;
            }
        }
        let here = |n: &&(usize, usize, usize, u32)| n.0 == m && at.node.is_none_or(|z| z == n.1) && at.group.is_none_or(|g| g == n.2);
        sum.no_target = self.run.no_target.iter().filter(here).map(|n| n.3).sum();
        sum
    }

    fn put(&mut self, metric: &str, at: At, statistic: &str, minutes: &[f64]) {
        let balancer = dimension_of(&self.world.balancer.arn);
        let mut dimensions = vec![("LoadBalancer", balancer)];
        if let Some(node) = at.node {
            dimensions.push(("AvailabilityZone", &self.world.zones[node].name));
        }
        if let Some(group) = at.group {
            dimensions.push(("TargetGroup", dimension_of(&self.world.groups[group].arn)));
        }
        let feed = Feed { scenario: self.scenario, lag: 90 };
        self.out.extend(feed.series(SeriesKey::new(metric, dimensions), statistic, 60, minutes));
    }
}

/// Targets that stand out from their peers in one minute.
pub fn odd_ones(run: &Run, minute: usize, registered: &[usize]) -> Vec<usize> {
    let healthy = registered.iter().filter(|t| run.health(minute, **t).healthy > 0).count();
    if healthy < 3 {
        return Vec::new();
    }
    let share = |t: usize| {
        let c = run.target_minute(minute, t);
        f64::from(c.connection_errors() + c.app_5xx) / f64::from(c.sent.max(8))
    };
    let mut shares: Vec<f64> = registered.iter().map(|t| share(*t)).collect();
    shares.sort_by(f64::total_cmp);
    let median = shares[shares.len() / 2];
    registered.iter().copied().filter(|t| share(*t) > 0.1 + 3.0 * median).collect()
}

fn non_zero(v: f64) -> f64 {
    if v == 0.0 { f64::NAN } else { v }
}
