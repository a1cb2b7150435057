//! Targets that come and go, and traffic that is sent to others.

use super::Stage;
use crate::applog::{Level, Sign};
use crate::case::events::EventSource;
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
        let group = self.world.groups[0].arn.clone();
        let who = if self.scenario.kind == TargetKind::Task { Who::Ecs } else { Who::AutoScaling };
        for (t, name, when) in [(new, "RegisterTargets", at - 90), (old, "DeregisterTargets", at)] {
            let ids = self.ids(t);
            let mut resources = vec![group.clone()];
            resources.extend(ids.iter().cloned());
            let targets: Vec<_> = ids.iter().map(|id| json!({"id": id})).collect();
            let words = format!("{} target(s)", ids.len());
            self.call(when, who, "elasticloadbalancing", name, resources, &words, json!({"targetGroupArn": group, "targets": targets}));
        }
        let fleet = self.world.fleet.clone();
        let ids = self.ids(old);
        if self.scenario.kind == TargetKind::Task {
            let words =
                format!("(service {fleet}) has stopped {} running tasks; has begun draining connections on {} tasks", ids.len(), ids.len());
            self.diary(EventSource::Ecs, at, None, "draining", [vec![fleet], ids].concat(), words);
        } else {
            for id in ids {
                let words = "an instance was taken out of service in response to an instance refresh".to_owned();
                self.diary(EventSource::AutoScaling, at, Some(at + 60), "Terminating EC2 instance", vec![fleet.clone(), id.clone()], words);
                self.call(
                    at + 3,
                    Who::AutoScaling,
                    "ec2",
                    "TerminateInstances",
                    vec![id.clone()],
                    &format!("{id} ended by {fleet}"),
                    json!({}),
                );
            }
        }
    }

    fn rollout_diary(&mut self, end: Second) {
        let (fleet, from) = (self.world.fleet.clone(), self.at - 150);
        let done = (end < self.scenario.seconds()).then_some(end);
        if self.scenario.kind == TargetKind::Task {
            self.diary(
                EventSource::Ecs,
                from,
                done,
                "deployment",
                vec![fleet.clone()],
                format!("(service {fleet}) deployment ecs-svc/4471: api:142 replaces api:141"),
            );
            let p = json!({"service": fleet, "taskDefinition": "api:142"});
            self.call(
                from - 5,
                Who::Pipeline,
                "ecs",
                "UpdateService",
                vec![fleet.clone()],
                &format!("{fleet}: task definition api:141 → api:142"),
                p,
            );
        } else {
            let p = json!({"autoScalingGroupName": fleet});
            self.call(
                from,
                Who::Pipeline,
                "autoscaling",
                "StartInstanceRefresh",
                vec![fleet.clone()],
                &format!("{fleet}: instance refresh"),
                p,
            );
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
            let words = format!(
                "a user request update of AutoScalingGroup constraints to min: 2, max: 12, desired: {0} changing the desired capacity from {before} to {0}; instance {id} was selected for termination",
                before - hit.len()
            );
            self.diary(EventSource::AutoScaling, at - 6, Some(at + 70), "Terminating EC2 instance", vec![fleet.clone(), id.clone()], words);
            self.call(
                at - 2,
                Who::AutoScaling,
                "ec2",
                "TerminateInstances",
                vec![id.clone()],
                &format!("{id} ended by {fleet}"),
                json!({"instancesSet": {"items": [{"instanceId": id}]}}),
            );
        }
        let who = self.anybody();
        let words = format!("{fleet}: desired capacity {before} → {}", before - hit.len());
        let p = json!({"autoScalingGroupName": fleet, "desiredCapacity": before - hit.len()});
        self.call(self.at - 20, who, "autoscaling", "SetDesiredCapacity", vec![fleet], &words, p);
        self.began(self.at, &hit, &["CPUUtilization", "NetworkIn", "NetworkOut", "HealthyHostCount"]);
    }

    /// An instance goes for good: services stop, then the machine; the balancer learns of it then or later.
    pub(super) fn end_instance(&mut self, t: usize, at: Second, attached: bool) {
        let gone = at + self.rng.between(4, 15);
        self.harm(at, gone, &[t], HarmKind::Closed { check_too: true });
        let late = at + if attached { self.rng.between(0, 6) } else { self.rng.between(200, 400) };
        let stay = self.plan.stay_of(t);
        (stay.gone, stay.deregistered) = (gone, late);
        self.plan.wiring.states.push((t, "terminated".into(), "Client.UserInitiatedShutdown".into(), None));
        self.line(at, t, Level::Info, Some(Sign::Stop), "Stopping <*>.service", "Stopping api.service");
        let (group, id) = (self.world.groups[0].arn.clone(), self.world.targets[t].id.clone());
        let p = json!({"targetGroupArn": group, "targets": [{"id": id}]});
        self.call(late, Who::AutoScaling, "elasticloadbalancing", "DeregisterTargets", vec![group, id], "1 target", p);
    }

    /// The provider takes spot capacity back.
    pub(super) fn spot(&mut self) {
        let spot: Vec<usize> = self.fleet().into_iter().filter(|t| self.world.targets[*t].spot && !self.taken.contains(t)).collect();
        let n = 1 + self.rng.below(spot.len().min(3));
        let hit: Vec<usize> = spot.into_iter().take(n).collect();
        let fleet = self.world.fleet.clone();
        for t in hit.clone() {
            let at = self.at + self.rng.between(0, 15);
            self.end_instance(t, at, false);
            let id = self.world.targets[t].id.clone();
            if let Some(state) = self.plan.wiring.states.iter_mut().find(|s| s.0 == t) {
                state.2 = "Server.SpotInstanceTermination".into();
            }
            self.evicted(at - 118, &id);
            let words = format!(
                "an instance was taken out of service in response to a EC2 health check indicating it has been terminated or stopped: {id}"
            );
            self.diary(EventSource::AutoScaling, at + 60, Some(at + 150), "Terminating EC2 instance", vec![fleet.clone(), id], words);
        }
        self.began(self.at, &hit, &["CPUUtilization", "NetworkIn", "NetworkOut", "HealthyHostCount"]);
    }

    /// A service event: no caller, ids in its details.
    fn evicted(&mut self, at: Second, id: &str) {
        self.call(
            at,
            Who::AutoScaling,
            "ec2",
            "BidEvictedEvent",
            vec![id.to_owned()],
            &format!("spot capacity of {id} reclaimed"),
            json!(null),
        );
        if let Some(event) = self.plan.events.last_mut() {
            event.actor = crate::case::events::Actor {
                name: "EC2 Spot".into(),
                kind: crate::case::events::ActorKind::Service,
                from: "ec2.amazonaws.com".into(),
                ..Default::default()
            };
            if let Some(raw) = &mut event.raw {
                raw["eventType"] = json!("AwsServiceEvent");
                raw["serviceEventDetails"] = json!({"instanceIdSet": [id]});
            }
        }
    }

    /// Some targets are long dead and out of use; then the check fails for all, and all get requests again.
    pub(super) fn fail_open(&mut self) {
        let fleet = self.fleet();
        let (dead, well) = fleet.split_at((fleet.len() / 3).max(1));
        self.harm(Second::MIN, Second::MAX, dead, HarmKind::Closed { check_too: true });
        for t in dead {
            self.plan.wiring.states.push((*t, "running".into(), String::new(), None));
        }
        self.harm(self.at, self.until, well, HarmKind::CheckFails);
        let health = &self.world.groups[0].health;
        let detected = i64::from(health.interval * health.unhealthy_threshold);
        if self.rng.chance(0.6) {
            let (group, who) = (self.world.groups[0].arn.clone(), self.anybody());
            let p = json!({"targetGroupArn": group, "healthCheckPath": "/status/deep"});
            self.call(
                self.at - 15,
                who,
                "elasticloadbalancing",
                "ModifyTargetGroup",
                vec![group],
                "health check path /healthz → /status/deep",
                p,
            );
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
        let names = (self.world.groups[0].name.clone(), self.world.groups[1].name.clone());
        let resources = vec![listener.clone(), self.world.groups[1].arn.clone()];
        let words = format!("default action: {} 100 → 0, {} 0 → 100", names.0, names.1);
        let p = json!({"listenerArn": listener, "defaultActions": [{"type": "forward", "targetGroupArn": self.world.groups[1].arn}]});
        self.call(self.at - 5, who, "elasticloadbalancing", "ModifyListener", resources, &words, p);
        self.began(self.at, &other, &["RequestCount", "CPUUtilization", "NetworkIn", "NetworkOut"]);
    }
}
