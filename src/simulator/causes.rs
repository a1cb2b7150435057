//! What each cause does, physically, and what it leaves behind in diaries and logs. One function a cause;
//! none of them knows how a cause is recognised.

mod fleet;
mod load;
mod lookalike;
mod machine;
mod network;
mod process;

use super::cause::Cause;
use super::flow::Run;
use super::plan::{HarmKind, Line, Plan, Second};
use super::random::Rng;
use super::trail::{Call, Scribe, Who, decoys};
use super::world::World;
use super::{Scenario, TargetKind, Truth};
use crate::applog::{Level, Sign};
use serde_json::{Value, json};

/// Where a cause acts: the world, the plan under way, and its own chance.
pub(super) struct Stage<'a> {
    scenario: &'a Scenario,
    world: &'a mut World,
    plan: Plan,
    rng: Rng,
    /// When this fault begins and ends.
    at: Second,
    until: Second,
    /// Targets that an earlier fault already took.
    taken: Vec<usize>,
}

/// Plans everything that will happen.
pub(super) fn plan(scenario: &Scenario, world: &mut World, rng: &Rng) -> Plan {
    let mut plan = Plan::default();
    let mut taken = Vec::new();
    for (i, cause) in scenario.causes.iter().enumerate() {
        let mut rng = rng.fork(cause.id());
        let shift = if i == 0 { 0 } else { rng.between(-240, 420) };
        let (at, until) = (scenario.onset + shift, scenario.until().saturating_add(shift));
        let mut stage = Stage { scenario, world, plan, rng, at, until, taken: taken.clone() };
        stage.act(*cause);
        plan = stage.plan;
        taken.clone_from(&plan.hit);
    }
    decoys(scenario, world, &mut plan, rng);
    plan
}

/// Makes a fleet that this cause can happen to.
pub(super) fn fit(s: &mut Scenario, rng: &mut Rng) {
    match s.causes[0] {
        Cause::CpuCredits => load::fit_credits(s, rng),
        Cause::PortMismatch | Cause::NewTarget => {
            s.health.port = "9090".into();
            s.kind = TargetKind::Instance;
        }
        Cause::InPlaceDeploy
        | Cause::PowerEvent
        | Cause::OsRestart
        | Cause::HostFailure
        | Cause::ScaleIn
        | Cause::HostFirewall
        | Cause::NetworkAllowance
        | Cause::OsLimit
        | Cause::Memory => s.kind = TargetKind::Instance,
        Cause::Spot => (s.kind, s.spot) = (TargetKind::Instance, true),
        Cause::RollingReplacement => fleet::fit_replacement(s, rng),
        Cause::StaleAddress => s.kind = TargetKind::Task,
        Cause::BalancerSecurityGroup | Cause::BalancerCapacity => {
            s.groups = s.groups.max(2);
            s.alarm_group = if rng.chance(0.5) { Some(0) } else { None };
        }
        Cause::TrafficShift => fleet::fit_shift(s),
        Cause::FailOpen => s.targets = s.targets.max(4),
        Cause::AlarmArtefact | Cause::Noise => lookalike::fit_quiet(s, rng),
        _ => {}
    }
    if s.instance_type == "t3.medium" && s.causes[0] != Cause::CpuCredits {
        s.usual_load = s.usual_load.min(0.26);
    }
}

/// What was really the matter.
pub(super) fn truth(scenario: &Scenario, world: &World, plan: &Plan, run: &Run) -> Truth {
    let began = plan.began.unwrap_or(scenario.onset);
    let first = (began / 60).clamp(0, run.minutes as Second) as usize;
    let errors: Vec<f64> = (0..run.minutes).map(|m| errors_of(scenario, world, run, m)).collect();
    let peak = errors[first..].iter().copied().fold(0.0, f64::max);
    let floor = (0.03 * peak).max(2.0).max(3.0 * scenario.background + 2.0);
    let onset = errors.iter().enumerate().skip(first).find(|(_, e)| **e >= floor).map(|(m, _)| m);
    let quiet = matches!(scenario.causes[0], Cause::Noise | Cause::AlarmArtefact);
    Truth {
        causes: scenario.causes.iter().map(|c| underlying(*c)).collect(),
        led_to: scenario.causes.iter().filter(|c| **c == Cause::FailOpen).map(|c| c.id()).collect(),
        onset: onset.filter(|_| !quiet).map(|m| scenario.time(m as Second * 60)),
        errors: onset.map_or(0, |m| errors[m..].iter().sum::<f64>() as u64),
        culprits: plan.culprits.clone(),
        hit: plan.hit.iter().map(|t| world.targets[*t].id.clone()).collect(),
    }
}

/// Failing open fails no connection by itself: it sends requests to targets whose process had died before.
fn underlying(cause: Cause) -> &'static str {
    if cause == Cause::FailOpen { Cause::ProcessDown.id() } else { cause.id() }
}

fn errors_of(scenario: &Scenario, world: &World, run: &Run, minute: usize) -> f64 {
    let of = (0..run.targets).filter(|t| scenario.alarm_group.is_none_or(|g| world.targets[*t].group == g));
    of.map(|t| f64::from(run.target_minute(minute, t).connection_errors())).sum()
}

impl Stage<'_> {
    fn act(&mut self, cause: Cause) {
        match cause {
            Cause::Overload => self.overload(),
            Cause::CpuCredits => self.cpu_credits(),
            Cause::Memory => self.memory(),
            Cause::NetworkAllowance => self.network_allowance(),
            Cause::OsLimit => self.os_limit(),
            Cause::ProcessDown => self.process_down(),
            Cause::InPlaceDeploy => self.in_place_deploy(),
            Cause::PortMismatch => self.port_mismatch(),
            Cause::RollingReplacement => self.rolling_replacement(),
            Cause::NewTarget => self.new_target(),
            Cause::ScaleIn => self.scale_in(),
            Cause::Spot => self.spot(),
            Cause::FailOpen => self.fail_open(),
            Cause::TrafficShift => self.traffic_shift(),
            Cause::PowerEvent => self.power_event(),
            Cause::OsRestart => self.os_restart(),
            Cause::HostFailure => self.host_failure(),
            Cause::TargetSecurityGroup => self.target_security_group(),
            Cause::BalancerSecurityGroup => self.balancer_security_group(),
            Cause::NetworkAcl => self.network_acl(),
            Cause::HostFirewall => self.host_firewall(),
            Cause::Zone => self.zone(),
            Cause::BalancerCapacity => self.balancer_capacity(),
            Cause::StaleAddress => self.stale_address(),
            other => self.lookalike(other),
        }
    }

    /// Targets of the first group.
    fn fleet(&self) -> Vec<usize> {
        self.world.of_group(0)
    }

    /// A few of them that are still well.
    fn some(&mut self, most: usize) -> Vec<usize> {
        let mut free: Vec<usize> = self.fleet().into_iter().filter(|t| !self.taken.contains(t)).collect();
        if free.is_empty() {
            free = self.fleet();
        }
        let n = 1 + self.rng.below(most.min(free.len().div_ceil(3)).max(1));
        self.rng.sample(n, free.len()).into_iter().map(|i| free[i]).collect()
    }

    fn ids(&self, targets: &[usize]) -> Vec<String> {
        targets.iter().map(|t| self.world.targets[*t].id.clone()).collect()
    }

    /// Marks when it began, whom it hits and which metrics move.
    fn began(&mut self, at: Second, hit: &[usize], culprits: &[&'static str]) {
        self.plan.began = Some(self.plan.began.map_or(at, |b| b.min(at)));
        self.plan.hit.extend(hit);
        self.plan.culprits.extend(culprits);
    }

    fn harm(&mut self, from: Second, until: Second, targets: &[usize], kind: HarmKind) {
        self.plan.harm(from, until, targets, kind);
    }

    fn scribe(&mut self) -> Scribe<'_> {
        Scribe { scenario: self.scenario, world: self.world, rng: Rng::new(self.rng.next()) }
    }

    /// A call in CloudTrail.
    fn call(&mut self, at: Second, who: Who, service: &str, name: &str, parameters: Value) {
        self.answered_call(at, who, service, name, parameters, Value::Null);
    }

    fn answered_call(&mut self, at: Second, who: Who, service: &str, name: &str, parameters: Value, answer: Value) {
        let call = Call { at, who, service, name, resources: Vec::new(), parameters, answer, error: None };
        let event = self.scribe().call(call);
        self.plan.events.extend(event);
    }

    /// An activity of the scaling group.
    fn activity(&mut self, from: Second, to: Second, description: &str, cause: &str) {
        let event = self.scribe().activity(from, to, description, cause);
        self.plan.events.extend(event);
    }

    /// Registering or letting go of targets.
    fn registration(&mut self, at: Second, who: Who, name: &str, targets: &[usize]) {
        let list: Vec<Value> =
            targets.iter().map(|t| json!({"id": self.world.targets[*t].id, "port": self.world.targets[*t].port})).collect();
        let group = self.world.groups[0].arn.clone();
        self.call(at, who, "elasticloadbalancing", name, json!({"targetGroupArn": group, "targets": list}));
    }

    fn line(&mut self, at: Second, target: usize, level: Level, sign: Option<Sign>, pattern: &str, sample: &str) {
        self.plan.line(at, target, level, sign, pattern, sample);
    }

    /// Lines that go on for a while.
    fn lines(&mut self, from: Second, until: Second, per_minute: f64, targets: &[usize], sign: Sign, pattern: &str) {
        let until = until.min(self.scenario.seconds());
        let sample = pattern.replace("<*>", "1743");
        self.plan.lines.push(Line {
            from,
            until,
            per_minute,
            targets: targets.to_vec(),
            pattern: pattern.into(),
            sample,
            level: Level::Error,
            sign: Some(sign),
        });
    }

    /// The end of the fault, or of the window when it lasts.
    fn end(&self) -> Second {
        self.until.min(self.scenario.seconds() + 600)
    }

    /// Whether it was put right before anyone looked.
    fn is_over(&self) -> bool {
        self.until < self.scenario.seconds()
    }

    /// Code and time as EC2 writes them.
    fn state_reason(&self, code: &str, at: Second) -> String {
        let who = match code {
            code if code.starts_with("Server") => "Service initiated",
            "Client.InstanceInitiatedShutdown" => "Instance initiated",
            _ => "User initiated",
        };
        format!("{code}: {who} ({})", self.scenario.time(at).format("%Y-%m-%d %H:%M:%S GMT"))
    }

    fn anybody(&mut self) -> Who {
        *self.rng.pick(&[Who::Terraform, Who::Terraform, Who::Person("nguyen.thi.lan"), Who::Person("tanaka.yuki"), Who::Pipeline])
    }
}
