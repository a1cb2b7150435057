//! Too much work for what there is: traffic, credits, memory, limits of the network card and the kernel.

use super::Stage;
use crate::applog::{Level, Sign};
use crate::simulator::plan::{Counter, HarmKind, Second, Surge};
use crate::simulator::random::Rng;
use crate::simulator::trail::Who;
use crate::simulator::{Scenario, TargetKind};
use serde_json::json;

/// Small burstable instances that are worked beyond their baseline.
pub fn fit_credits(s: &mut Scenario, rng: &mut Rng) {
    s.kind = TargetKind::Instance;
    s.instance_type = "t3.medium".into();
    s.unlimited = false;
    s.usual_load = rng.range(0.25, 0.34);
}

impl Stage<'_> {
    /// Requests rise to more than the targets can take.
    pub(super) fn overload(&mut self) {
        let load = self.scenario.usual_load * self.scenario.daily_shape(self.at);
        let factor = self.rng.range(1.6, 3.0) / load;
        let ramp = self.rng.between(150, 480);
        let surge = Surge { from: self.at, until: self.until.saturating_add(ramp), ramp, factor, group: Some(0) };
        self.plan.surges.push(surge);
        let fleet = self.fleet();
        self.full_queues(0.6, &fleet);
        self.began(
            self.at,
            &fleet,
            &["RequestCount", "RequestsPerHealthyTarget", "CPUUtilization", "NetworkIn", "NetworkOut", "NewConnectionCount"],
        );
        if self.rng.chance(0.7) {
            self.lines(self.at + ramp / 2, self.until, 3.0, &fleet, Sign::WorkerTimeout, "[CRITICAL] WORKER TIMEOUT (pid:<*>)");
        }
        if self.rng.chance(0.5) && self.scenario.kind == TargetKind::Instance {
            let at = self.at + ramp + self.rng.between(180, 420);
            self.scale_out(at, (fleet.len() / 4).max(1));
        }
    }

    /// A kernel says once that its queue of new connections ran over.
    fn full_queues(&mut self, chance: f64, hosts: &[usize]) {
        let mut rng = self.rng.fork("kernel");
        for t in hosts.iter().filter(|_| rng.chance(chance)).copied().collect::<Vec<_>>() {
            let words = format!("TCP: request_sock_TCP: Possible SYN flooding on port {}. Sending cookies.", self.scenario.port);
            self.plan.kernel.push((self.at + rng.between(2, 60), t, words));
        }
    }

    /// The scaling group answers the load: new instances, registered once they run.
    pub(super) fn scale_out(&mut self, at: Second, n: usize) -> Vec<usize> {
        let fleet = self.world.fleet.clone();
        let before = self.fleet().len();
        let mut made = Vec::new();
        for i in 0..n {
            let mut rng = Rng::new(self.rng.next());
            let target = self.world.add_target(self.scenario, 0, &mut rng);
            let born = at + 40 + i as Second * 3;
            let stay = self.plan.stay_of(target);
            (stay.born, stay.registered) = (born, born + 75);
            made.push(target);
        }
        let cause = format!(
            "a monitor alarm {fleet}-cpu-high in state ALARM triggered policy cpu-70 changing the desired capacity from {before} to {}",
            before + n
        );
        let kind = self.scenario.instance_type.clone();
        for id in self.ids(&made) {
            self.activity(at + 20, at + 110, &format!("Launching a new EC2 instance: {id}"), &cause);
            let answer = json!({"instancesSet": {"items": [{"instanceId": id, "instanceState": {"name": "pending"}}]}});
            self.answered_call(
                at + 25,
                Who::AutoScaling,
                "ec2",
                "RunInstances",
                json!({"instanceType": kind, "autoScalingGroupName": fleet}),
                answer,
            );
        }
        self.registration(at + 112, Who::AutoScaling, "RegisterTargets", &made);
        made
    }

    /// Credits run out; the processor is throttled step by step to its baseline.
    pub(super) fn cpu_credits(&mut self) {
        let fleet = self.fleet();
        for t in &fleet {
            let zero = self.at - self.rng.between(0, 240);
            self.plan.counters.push(Counter { metric: "CPUCreditBalance", target: *t, from: 0, until: zero, values: (0.0, 0.0) });
            for step in 0..12 {
                let share = 1.0 - 0.8 * (step + 1) as f64 / 12.0;
                let from = zero - 240 + step * 40;
                let until = if step == 11 { self.end() } else { from + 40 };
                self.harm(from, until, &[*t], HarmKind::Throttled { share });
            }
        }
        self.began(self.at - 400, &fleet, &["CPUCreditBalance", "CPUUtilization", "TargetResponseTime"]);
        if self.rng.chance(0.5) {
            self.lines(self.at, self.until, 2.0, &fleet, Sign::WorkerTimeout, "[CRITICAL] WORKER TIMEOUT (pid:<*>)");
        }
    }

    /// Memory fills, the host thrashes, the kernel kills; the service comes back and it begins again.
    pub(super) fn memory(&mut self) {
        let hit = self.some(3);
        for t in hit.clone() {
            let from = self.at - self.rng.between(1500, 3600);
            self.plan.counters.push(Counter { metric: "mem_used_percent", target: t, from, until: self.end(), values: (58.0, 99.5) });
            self.plan.counters.push(Counter {
                metric: "swap_used_percent",
                target: t,
                from: self.at - 600,
                until: self.end(),
                values: (4.0, 88.0),
            });
            let mut at = self.at + self.rng.between(0, 40);
            while at < self.end() {
                self.harm(at - 150, at, &[t], HarmKind::Slow { factor: 5.0 });
                self.kill(at, t);
                at += self.rng.between(300, 560);
            }
        }
        self.began(self.at - 150, &hit, &["mem_used_percent", "swap_used_percent", "CPUUtilization"]);
    }

    fn kill(&mut self, at: Second, t: usize) {
        let down = self.rng.between(20, 60);
        self.harm(at, at + down, &[t], HarmKind::Closed { check_too: false });
        let words = "kernel: Out of memory: Killed process <*> (java) total-vm:<*>kB, anon-rss:<*>kB";
        self.line(
            at,
            t,
            Level::Fatal,
            Some(Sign::OutOfMemory),
            words,
            "kernel: Out of memory: Killed process 2211 (java) total-vm:9123456kB, anon-rss:7712344kB",
        );
        self.line(at + down - 4, t, Level::Info, Some(Sign::Start), "Started <*>.service", "Started api.service");
    }

    /// The card's allowance of tracked connections is used up: packets vanish though the host idles.
    pub(super) fn network_allowance(&mut self) {
        let mut hit = self.some(usize::MAX);
        if self.rng.chance(0.5) {
            hit = self.fleet();
        }
        let metric = *self.rng.pick(&[
            "ethtool_conntrack_allowance_exceeded",
            "ethtool_conntrack_allowance_exceeded",
            "ethtool_pps_allowance_exceeded",
        ]);
        let flood = Surge { from: self.at - 300, until: self.end(), ramp: 240, factor: 1.0 + self.rng.range(0.8, 2.5), group: None };
        self.plan.floods.push(flood);
        for t in hit.clone() {
            let top = self.rng.range(400.0, 9000.0);
            self.plan.counters.push(Counter { metric, target: t, from: self.at - 60, until: self.end(), values: (top, top) });
            self.flapping(t, 0.55, 0.93);
        }
        self.began(self.at, &hit, &["ethtool_conntrack_allowance_exceeded", "ethtool_pps_allowance_exceeded", "NewConnectionCount"]);
    }

    /// Drops that come and go, as limits do.
    fn flapping(&mut self, target: usize, low: f64, high: f64) {
        let mut at = self.at;
        while at < self.end() {
            let lasts = self.rng.between(40, 160);
            let share = self.rng.range(low, high);
            self.harm(at, at + lasts, &[target], HarmKind::DropNew { share, check_too: true });
            at += lasts + self.rng.between(0, 40);
        }
    }

    /// A limit of the kernel or the program: descriptors, tables, workers.
    pub(super) fn os_limit(&mut self) {
        let hit = if self.rng.chance(0.5) { self.fleet() } else { self.some(4) };
        let (sign, words) = *self.rng.pick(&[
            (Sign::TooManyFiles, "accept4() failed (24: Too many open files)"),
            (Sign::ConntrackFull, "kernel: nf_conntrack: table full, dropping packet"),
            (Sign::WorkerConnections, "<*> worker_connections are not enough"),
            (Sign::EphemeralPorts, "connect() to <*> failed (99: Cannot assign requested address)"),
        ]);
        self.lines(self.at - 20, self.until, 14.0, &hit, sign, words);
        self.full_queues(0.3, &hit);
        for t in hit.clone() {
            self.flapping(t, 0.6, 0.95);
            self.plan.counters.push(Counter {
                metric: "netstat_tcp_time_wait",
                target: t,
                from: self.at - 900,
                until: self.end(),
                values: (400.0, 27_000.0),
            });
        }
        self.began(self.at, &hit, &["netstat_tcp_time_wait", "ActiveConnectionCount"]);
    }
}
