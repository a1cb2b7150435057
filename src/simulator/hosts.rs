//! What EC2, ECS and the CloudWatch agent publish of hosts, from one run.

use super::flow::Run;
use super::plan::{Plan, Second, Which};
use super::publish::{Feed, rounded};
use super::random::Rng;
use super::world::World;
use super::{Scenario, TargetKind};
use crate::case::series::{Series, SeriesKey};

/// Bytes that come in with a request: its own and what the host reads from databases for it.
const BYTES_IN: f64 = 3400.0;
const BYTES_OUT: f64 = 14_000.0;

/// Every host's series, the visible part of them.
pub fn series(scenario: &Scenario, world: &World, plan: &Plan, run: &Run, rng: &Rng) -> Vec<Series> {
    let mut hosts = Hosts { scenario, world, plan, run, rng: rng.fork("hosts"), out: Vec::new() };
    for target in 0..world.targets.len() {
        if !world.targets[target].alias && world.groups[world.targets[target].group].kind == TargetKind::Instance {
            hosts.instance(target);
        }
    }
    if scenario.kind == TargetKind::Task {
        hosts.service();
    }
    hosts.out
}

struct Hosts<'a> {
    scenario: &'a Scenario,
    world: &'a World,
    plan: &'a Plan,
    run: &'a Run,
    rng: Rng,
    out: Vec<Series>,
}

impl Hosts<'_> {
    fn instance(&mut self, target: usize) {
        let (period, lag) = if self.world.targets[target].detailed { (60, 120) } else { (300, 420) };
        let (r_in, r_out) = (self.rng.range(0.85, 1.2), self.rng.range(0.85, 1.2));
        let cpu: Vec<f64> = (0..self.run.minutes).map(|m| self.cpu(m, target)).collect();
        let bytes_in: Vec<f64> = (0..self.run.minutes).map(|m| self.bytes(m, target, BYTES_IN * r_in, 60_000.0)).collect();
        let bytes_out: Vec<f64> = (0..self.run.minutes).map(|m| self.bytes(m, target, BYTES_OUT * r_out, 45_000.0)).collect();
        let packets: Vec<f64> = bytes_in.iter().map(|b| (b / 420.0).round()).collect();
        self.put(target, "CPUUtilization", "Average", period, lag, &cpu);
        self.put(target, "NetworkIn", "Sum", period, lag, &bytes_in);
        self.put(target, "NetworkOut", "Sum", period, lag, &bytes_out);
        self.put(target, "NetworkPacketsIn", "Sum", 300, 420, &packets);
        self.status_checks(target);
        self.credits(target, &cpu);
        self.agent(target);
    }

    fn cpu(&self, minute: usize, target: usize) -> f64 {
        let host = self.run.host(minute, target);
        if host.metrics_stopped { f64::NAN } else { rounded(host.cpu) }
    }

    fn bytes(&mut self, minute: usize, target: usize, each: f64, base: f64) -> f64 {
        let host = self.run.host(minute, target);
        if host.metrics_stopped {
            return f64::NAN;
        }
        let idle = if host.off { 0.1 } else { 1.0 };
        ((host.handled * each + base * idle) * (1.0 + 0.03 * self.rng.normal())).max(0.0).round()
    }

    fn status_checks(&mut self, target: usize) {
        let failing = |which: Option<Which>, m: usize| {
            let t = m as Second * 60;
            self.plan.checks.iter().any(|c| c.target == target && c.from < t + 60 && t < c.until && which.is_none_or(|w| w == c.which))
        };
        let rows = [
            ("StatusCheckFailed", None),
            ("StatusCheckFailed_Instance", Some(Which::Instance)),
            ("StatusCheckFailed_System", Some(Which::System)),
            ("StatusCheckFailed_AttachedEBS", Some(Which::Ebs)),
        ];
        let columns: Vec<(&str, Vec<f64>)> = rows
            .iter()
            .map(|(name, which)| (*name, (0..self.run.minutes).map(|m| self.check_value(target, m, failing(*which, m))).collect()))
            .collect();
        for (name, values) in columns {
            self.put(target, name, "Maximum", 60, 90, &values);
        }
    }

    /// Checks of an instance that does not exist, yet or any more, are not published.
    fn check_value(&self, target: usize, minute: usize, failing: bool) -> f64 {
        let t = minute as Second * 60;
        let there = self.plan.stays.iter().find(|s| s.target == target).is_none_or(|s| s.born <= t && t < s.gone);
        if there { f64::from(u8::from(failing)) } else { f64::NAN }
    }

    /// T3 medium: 24 credits an hour earned, 0.4 vCPU-minutes of baseline.
    fn credits(&mut self, target: usize, cpu: &[f64]) {
        if !["t3.", "t3a.", "t4g.", "t2."].iter().any(|f| self.world.targets[target].instance_type.starts_with(f)) {
            return;
        }
        let planned = self.plan.counters.iter().find(|c| c.metric == "CPUCreditBalance" && c.target == target);
        let plenty = self.rng.range(280.0, 560.0);
        // Just enough to last until the planned end.
        let mut balance = planned.map_or(plenty, |c| {
            let spent: f64 = cpu.iter().take((c.until / 60).max(0) as usize).map(|c| 0.02 * if c.is_nan() { 0.0 } else { *c } - 0.4).sum();
            spent.max(0.0)
        });
        let mut values = Vec::with_capacity(cpu.len());
        for c in cpu {
            // Two processors; a credit is one of them for a minute.
            let used = if c.is_nan() { 0.0 } else { 2.0 * c / 100.0 };
            balance = (balance + 0.4 - used).clamp(0.0, 576.0);
            values.push(rounded(balance));
        }
        self.put(target, "CPUCreditBalance", "Average", 300, 420, &values);
        self.put(target, "CPUSurplusCreditBalance", "Average", 300, 420, &vec![0.0; values.len()]);
    }

    fn agent(&mut self, target: usize) {
        if !self.scenario.sight.agent {
            return;
        }
        let base = self.rng.range(35.0, 62.0);
        let rows = [
            ("mem_used_percent", "Maximum", base, 1.2),
            ("swap_used_percent", "Maximum", 0.0, 0.0),
            ("ethtool_conntrack_allowance_exceeded", "Sum", 0.0, 0.0),
            ("ethtool_pps_allowance_exceeded", "Sum", 0.0, 0.0),
            ("netstat_tcp_time_wait", "Maximum", 90.0, 12.0),
        ];
        for (metric, statistic, base, noise) in rows {
            let values: Vec<f64> = (0..self.run.minutes).map(|m| self.agent_value(metric, target, m, base, noise)).collect();
            self.put(target, metric, statistic, 60, 90, &values);
        }
    }

    fn agent_value(&mut self, metric: &str, target: usize, minute: usize, base: f64, noise: f64) -> f64 {
        if self.run.host(minute, target).off {
            return f64::NAN;
        }
        let t = minute as Second * 60;
        let usual = base + noise * self.rng.normal();
        let planned = self.plan.counters.iter().find(|c| c.metric == metric && c.target == target && c.from < t + 60 && t < c.until);
        let value = planned.map_or(usual, |c| {
            let share = ((t - c.from) as f64 / (c.until.min(self.scenario.seconds()) - c.from).max(60) as f64).clamp(0.0, 1.0);
            c.values.0 + (c.values.1 - c.values.0) * share + noise * self.rng.normal()
        });
        let limit = if metric.ends_with("percent") { 100.0 } else { f64::MAX };
        rounded(value.clamp(0.0, limit))
    }

    fn put(&mut self, target: usize, metric: &str, statistic: &str, period: u32, lag: Second, minutes: &[f64]) {
        let t = &self.world.targets[target];
        let key = SeriesKey::new(metric, [("InstanceId", t.id.as_str())]);
        self.out.extend(Feed { scenario: self.scenario, lag }.series(key, statistic, period, minutes));
    }

    /// ECS publishes the mean of a service's tasks.
    fn service(&mut self) {
        let tasks = self.world.of_group(0);
        let cluster = format!("{}-prod", self.scenario.system);
        let mean = |m: usize| {
            let live: Vec<f64> = tasks.iter().filter(|t| !self.run.host(m, **t).off).map(|t| self.run.host(m, *t).cpu).collect();
            if live.is_empty() { f64::NAN } else { rounded(live.iter().sum::<f64>() / live.len() as f64) }
        };
        let cpu: Vec<f64> = (0..self.run.minutes).map(mean).collect();
        let memory: Vec<f64> = (0..self.run.minutes).map(|m| rounded(self.memory(m, &tasks))).collect();
        for (metric, values) in [("ECSCPUUtilization", cpu), ("ECSMemoryUtilization", memory)] {
            let key = SeriesKey::new(metric, [("ClusterName", cluster.as_str()), ("ServiceName", self.world.fleet.as_str())]);
            self.out.extend(Feed { scenario: self.scenario, lag: 120 }.series(key, "Average", 60, &values));
        }
    }

    fn memory(&mut self, minute: usize, tasks: &[usize]) -> f64 {
        let each: Vec<f64> =
            tasks.iter().map(|t| self.agent_value("mem_used_percent", *t, minute, 48.0, 0.8)).filter(|v| !v.is_nan()).collect();
        each.iter().sum::<f64>() / each.len().max(1) as f64
    }
}
