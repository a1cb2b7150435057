//! Targets that come and go, and traffic that is sent to others.

use super::Stage;
use crate::applog::{Level, Sign};
use crate::simulator::plan::{HarmKind, Second, Surge};
use crate::simulator::random::Rng;
use crate::simulator::trail::Who;
use crate::simulator::{Scenario, TargetKind};
use serde_json::json;

/// Tasks of a service mostly; instances under an instance refresh sometimes.
pub fn fit_replacement(s: &mut Scenario, rng: &mut Rng) {
    s.kind = if rng.chance(0.7) { TargetKind::Task } else { TargetKind::Instance };
    s.targets = s.targets.min(40);
    s.deregistration_lag = rng.between(10, 30);
}

/// A second group stands ready with less room.
pub fn fit_shift(s: &mut Scenario) {
    s.groups = s.groups.max(2);
    s.alarm_group = Some(1);
}

impl Stage<'_> {
    /// Old ones are killed while nodes still send to them.
    pub(super) fn rolling_replacement(&mut self) {
        let old = self.fleet();
        let batch = old.len().div_ceil(8);
        let gap = self.rng.between(45, 120);
        let mut at = self.at;
        for some in old.chunks(batch) {
            let mut rng = Rng::new(self.rng.next());
            let new: Vec<usize> = some.iter().map(|_| self.world.add_target(self.scenario, 0, &mut rng)).collect();
            for (o, n) in some.iter().zip(&new) {
                self.replace(*o, *n, at);
            }
            self.replacement_events(some, &new, at);
            at += gap;
        }
        self.began(self.at, &old, &[]);
        self.rollout_diary(at);
    }

    /// The new one has been registered for a while; the old one is let go of and killed at once.
    fn replace(&mut self, old: usize, new: usize, at: Second) {
        let stay = self.plan.stay_of(new);
        (stay.born, stay.registered) = (at - 110, at - 90);
        let killed = at + self.rng.between(-4, 3);
        let gone = killed + self.rng.between(3, 12);
        let stay = self.plan.stay_of(old);
        (stay.deregistered, stay.gone) = (at, gone);
        self.harm(killed, gone, &[old], HarmKind::Closed { check_too: true });
        self.line(killed, old, Level::Info, Some(Sign::Stop), "received SIGTERM, shutting down", "received SIGTERM, shutting down");
        self.line(
            at - 105,
            new,
            Level::Info,
            Some(Sign::Start),
            "api <*> started, listening on <*>",
            "api v2.41.0 started, listening on :8080",
        );
    }

    fn replacement_events(&mut self, old: &[usize], new: &[usize], at: Second) {
        let tasks = self.scenario.kind == TargetKind::Task;
        let who = if tasks { Who::Ecs } else { Who::AutoScaling };
        self.registration(at - 90, who, "RegisterTargets", new);
        self.registration(at, who, "DeregisterTargets", old);
        if tasks {
            self.service_lines(old, new, at);
            return;
        }
        for id in self.ids(old) {
            let cause = format!(
                "an instance was taken out of service in response to an instance refresh. At {at} instance {id} was selected for termination"
            );
            self.activity(at, at + 60, &format!("Terminating EC2 instance: {id}"), &cause);
            self.terminated(at + 3, Who::AutoScaling, &id);
        }
    }

    /// TerminateInstances as EC2 answers it.
    pub(super) fn terminated(&mut self, at: Second, who: Who, id: &str) {
        let item = json!({"instanceId": id, "previousState": {"name": "running"}, "currentState": {"name": "shutting-down"}});
        let p = json!({"instancesSet": {"items": [{"instanceId": id}]}});
        self.answered_call(at, who, "ec2", "TerminateInstances", p, json!({"instancesSet": {"items": [item]}}));
    }

    fn service_lines(&mut self, old: &[usize], new: &[usize], at: Second) {
        let (fleet, group) = (self.world.fleet.clone(), self.world.groups[0].arn.clone());
        let task = |rng: &mut Rng| format!("(task {})", rng.hex(32));
        let tasks: Vec<String> = old.iter().map(|_| task(&mut self.rng)).collect();
        let lines = [
            (at - 118, format!("(service {fleet}) has started {} tasks: {}.", new.len(), task(&mut self.rng))),
            (at - 90, format!("(service {fleet}) registered {} targets in (target-group {group})", new.len())),
            (at, format!("(service {fleet}) deregistered {} targets in (target-group {group})", old.len())),
            (at + 1, format!("(service {fleet}) has begun draining connections on {} tasks.", old.len())),
            (at + 2, format!("(service {fleet}) has stopped {} running tasks: {}.", old.len(), tasks.join(" "))),
        ];
        let events = self.scribe().service_events(&lines, None);
        self.plan.events.extend(events);
    }

    fn rollout_diary(&mut self, end: Second) {
        let (fleet, from) = (self.world.fleet.clone(), self.at - 150);
        let done = (end < self.scenario.seconds()).then_some(end);
        if self.scenario.kind == TargetKind::Task {
            let events = self.scribe().service_events(&[], Some((from, done)));
            self.plan.events.extend(events);
            let definition = format!("{}:142", self.scenario.service);
            let p = json!({"cluster": format!("{}-prod", self.scenario.system), "service": fleet, "taskDefinition": definition});
            self.call(from - 5, Who::Pipeline, "ecs", "UpdateService", p);
        } else {
            self.call(from, Who::Pipeline, "autoscaling", "StartInstanceRefresh", json!({"autoScalingGroupName": fleet}));
        }
    }

    /// The group grows; the newcomers pass the check before they can serve.
    pub(super) fn new_target(&mut self) {
        let n = (self.fleet().len() / 3).max(1);
        let mild = Surge { from: self.at - 500, until: self.until, ramp: 240, factor: self.rng.range(1.1, 1.35), group: Some(0) };
        self.plan.surges.push(mild);
        let waves = if n >= 4 { 2 } else { 1 };
        for wave in 0..waves {
            let at = self.at - 115 + wave * 240;
            let made = self.scale_out(at, n / waves as usize);
            for t in &made {
                let registered = self.plan.stay_of(*t).registered;
                let ready = registered + self.rng.between(70, 190);
                self.harm(Second::MIN + 1, ready, &[*t], HarmKind::Closed { check_too: false });
                self.harm(registered - 60, ready, &[*t], HarmKind::Busy { percent: 70.0 });
                self.line(
                    ready,
                    *t,
                    Level::Info,
                    Some(Sign::Start),
                    "api <*> started, listening on <*>",
                    "api v2.40.3 started, listening on :8080",
                );
            }
            self.began(self.at, &made, &["HealthyHostCount", "CPUUtilization"]);
        }
    }

    /// The scaling group ends instances that still get requests.
    pub(super) fn scale_in(&mut self) {
        let hit = self.some(4);
        let (before, fleet) = (self.fleet().len(), self.world.fleet.clone());
        let attached = self.rng.chance(0.5);
        for (i, t) in hit.clone().into_iter().enumerate() {
            let at = self.at + i as Second * self.rng.between(3, 40);
            self.end_instance(t, at, attached);
            let id = self.world.targets[t].id.clone();
            let left = before - hit.len();
            let cause = format!(
                "a user request update of AutoScalingGroup constraints to min: 2, max: 12, desired: {left} changing the desired capacity from {before} to {left}. An instance was taken out of service in response to a difference between desired and actual capacity, shrinking the capacity from {before} to {left}. Instance {id} was selected for termination"
            );
            self.activity(at - 6, at + 70, &format!("Terminating EC2 instance: {id}"), &cause);
            self.terminated(at - 2, Who::AutoScaling, &id);
        }
        let who = self.anybody();
        let p = json!({"autoScalingGroupName": fleet, "desiredCapacity": before - hit.len(), "honorCooldown": false});
        self.call(self.at - 20, who, "autoscaling", "SetDesiredCapacity", p);
        self.began(self.at, &hit, &["CPUUtilization", "NetworkIn", "NetworkOut", "HealthyHostCount"]);
    }

    /// An instance goes for good: services stop, then the machine; the balancer learns of it then or later.
    pub(super) fn end_instance(&mut self, t: usize, at: Second, attached: bool) {
        let gone = at + self.rng.between(4, 15);
        self.harm(at, gone, &[t], HarmKind::Closed { check_too: true });
        let late = at + if attached { self.rng.between(0, 6) } else { self.rng.between(200, 400) };
        let stay = self.plan.stay_of(t);
        (stay.gone, stay.deregistered) = (gone, late);
        let reason = self.state_reason("Client.UserInitiatedShutdown", at);
        self.plan.wiring.states.push((t, "terminated".into(), reason, None));
        self.line(at, t, Level::Info, Some(Sign::Stop), "Stopping <*>.service", "Stopping api.service");
        self.registration(late, Who::AutoScaling, "DeregisterTargets", &[t]);
    }

    /// The provider takes spot capacity back.
    pub(super) fn spot(&mut self) {
        let spot: Vec<usize> = self.fleet().into_iter().filter(|t| self.world.targets[*t].spot).collect();
        let n = 1 + self.rng.below(spot.len().min(3));
        let hit: Vec<usize> = spot.into_iter().take(n).collect();
        for t in hit.clone() {
            let at = self.at + self.rng.between(0, 15);
            self.end_instance(t, at, false);
            let id = self.world.targets[t].id.clone();
            let reason = self.state_reason("Server.SpotInstanceTermination", at);
            if let Some(state) = self.plan.wiring.states.iter_mut().find(|s| s.0 == t) {
                state.2 = reason;
            }
            let event = self.scribe().evicted(at - 118, &id);
            self.plan.events.extend(event);
            let cause = format!(
                "an instance was taken out of service in response to a EC2 health check indicating it has been terminated or stopped: {id}"
            );
            self.activity(at + 60, at + 150, &format!("Terminating EC2 instance: {id}"), &cause);
        }
        self.began(self.at, &hit, &["CPUUtilization", "NetworkIn", "NetworkOut", "HealthyHostCount"]);
    }

    /// Some targets are long dead and out of use; then the check fails for all, and all get requests again.
    pub(super) fn fail_open(&mut self) {
        let fleet = self.fleet();
        let (dead, well) = fleet.split_at((fleet.len() / 3).max(1));
        self.harm(Second::MIN, Second::MAX, dead, HarmKind::Closed { check_too: true });
        self.harm(self.at, self.until, well, HarmKind::CheckFails);
        let health = &self.world.groups[0].health;
        let detected = i64::from(health.interval * health.unhealthy_threshold);
        if self.rng.chance(0.6) {
            let (group, who) = (self.world.groups[0].arn.clone(), self.anybody());
            let p = json!({"targetGroupArn": group, "healthCheckPath": "/status/deep"});
            self.call(self.at - 15, who, "elasticloadbalancing", "ModifyTargetGroup", p);
            if !self.is_over() {
                self.plan.wiring.check_path = Some("/status/deep".into());
            }
        } else {
            self.lines(self.at, self.until, 6.0, well, Sign::ServerError, "healthz: dependency redis://cache unavailable, answering 503");
        }
        self.began(self.at + detected / 2, dead, &["HealthyHostCount", "UnHealthyHostCount", "UnhealthyRoutingRequestCount"]);
    }

    /// The listener sends everybody to the other group.
    pub(super) fn traffic_shift(&mut self) {
        let other = self.world.of_group(1);
        self.world.groups[1].share = 0.0;
        self.world.groups[1].sized_for = self.scenario.usual_load / self.rng.range(1.5, 2.6);
        let rest = self.world.groups.len().saturating_sub(2);
        let mut shares = vec![0.0, 1.0];
        shares.extend(self.world.groups.iter().skip(2).take(rest).map(|g| g.share));
        self.plan.wiring.shares = Some((self.at, shares));
        if self.rng.chance(0.4) {
            self.harm(Second::MIN + 1, Second::MAX, &other, HarmKind::Closed { check_too: false });
        }
        let who = self.anybody();
        let listener = self.world.balancer.arn.replace(":loadbalancer/", ":listener/") + "/0f1e2d3c4b5a6978";
        let p = json!({"listenerArn": listener, "defaultActions": [{"type": "forward", "targetGroupArn": self.world.groups[1].arn}]});
        self.call(self.at - 5, who, "elasticloadbalancing", "ModifyListener", p);
        self.began(self.at, &other, &["RequestCount", "CPUUtilization", "NetworkIn", "NetworkOut"]);
    }
}
