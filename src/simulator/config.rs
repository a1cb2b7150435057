//! Settings as the describe calls show them when the incident is looked at: alarm, balancer, groups,
//! health of now, instances, network. Consistent with what the plan did to them.

mod network;

pub use network::{changed_acl, rule_id};

use super::flow::{Failing, Run};
use super::plan::{AlarmOddity, Plan, Second};
use super::publish::odd_ones;
use super::random::Rng;
use super::world::World;
use super::{Scenario, TargetKind};
use crate::case::alarm::{Alarm, AlarmChange, AlarmChangeKind, AlarmState};
use crate::case::health::TargetHealth;
use crate::case::topology::{
    Forward, Identity, Instance, InstanceStatus, Listener, LoadBalancer, Rule, ScheduledEvent, TargetGroup, Zone, dimension_of,
};
use crate::time::Time;
use chrono::Duration;
use std::collections::BTreeMap;

pub struct Settings<'a> {
    pub scenario: &'a Scenario,
    pub world: &'a World,
    pub plan: &'a Plan,
    pub run: &'a Run,
}

impl Settings<'_> {
    pub fn identity(&self) -> Identity {
        Identity {
            account: self.world.account.clone(),
            alias: Some(format!("{}-production", self.scenario.system).as_str().into()),
            arn: format!("arn:aws:sts::{}:assumed-role/oncall-readonly/oncall", self.world.account).into(),
            region: self.world.region.clone(),
            expires: None,
        }
    }

    pub fn alarm(&self) -> (Alarm, Vec<AlarmChange>) {
        let mut dimensions = BTreeMap::from([("LoadBalancer".into(), dimension_of(&self.world.balancer.arn).to_owned())]);
        let group = self.scenario.alarm_group.map(|g| &self.world.groups[g]);
        if let Some(group) = group {
            dimensions.insert("TargetGroup".into(), dimension_of(&group.arn).into());
        }
        let name = format!("{}-{}-TargetConnectionErrors", self.world.balancer.name, group.map_or("all", |g| g.name.as_str()));
        let changes = self.alarm_changes();
        let last = changes.iter().rev().find(|c| matches!(c.kind, AlarmChangeKind::ToAlarm | AlarmChangeKind::ToOk));
        let missing = if self.plan.wiring.alarm == AlarmOddity::MissingBreaches { "breaching" } else { self.scenario.missing_data };
        let alarm = Alarm {
            arn: format!("arn:aws:cloudwatch:{}:{}:alarm:{name}", self.world.region, self.world.account),
            name: name.into(),
            namespace: "AWS/ApplicationELB".into(),
            metric: "TargetConnectionErrorCount".into(),
            statistic: "Sum".into(),
            dimensions,
            period: 60,
            threshold: self.threshold(self.scenario.seconds()),
            comparison: "GreaterThanThreshold".into(),
            evaluation_periods: self.scenario.datapoints.1,
            datapoints_to_alarm: self.scenario.datapoints.0,
            treat_missing_data: missing.into(),
            actions_enabled: true,
            actions: vec![format!("arn:aws:sns:{}:{}:oncall", self.world.region, self.world.account)],
            state: if last.is_some_and(|c| c.kind == AlarmChangeKind::ToAlarm) { AlarmState::Alarm } else { AlarmState::Ok },
            state_reason: last.map(|c| c.reason.clone()).unwrap_or_default(),
            state_updated: last.map(|c| c.at),
            configuration_updated: Some(match self.plan.wiring.alarm {
                AlarmOddity::Lowered(t) => self.scenario.time(t),
                _ => self.scenario.start - Duration::days(96),
            }),
            expression: None,
            parts: Vec::new(),
            wall_clock: false,
        };
        (alarm, changes)
    }

    fn threshold(&self, t: Second) -> f64 {
        match self.plan.wiring.alarm {
            AlarmOddity::Sensitive => 0.0,
            AlarmOddity::Lowered(at) if t >= at => 0.0,
            _ => self.scenario.threshold,
        }
    }

    fn errors(&self, minute: usize) -> f64 {
        let targets = (0..self.run.targets).filter(|t| self.scenario.alarm_group.is_none_or(|g| self.world.targets[*t].group == g));
        targets.map(|t| f64::from(self.run.target_minute(minute, t).connection_errors())).sum()
    }

    /// The alarm evaluates each minute once its value is there; what is absent counts as below.
    fn alarm_changes(&self) -> Vec<AlarmChange> {
        let mut changes = self.earlier_changes();
        let (m, n) = (self.scenario.datapoints.0 as usize, self.scenario.datapoints.1 as usize);
        let mut in_alarm = matches!(self.plan.wiring.alarm, AlarmOddity::Stale);
        for minute in n.saturating_sub(1)..self.run.minutes {
            let at = self.scenario.time(minute as Second * 60 + 60 + 65);
            if at >= self.scenario.now {
                break;
            }
            let breaching = (minute + 1 - n..=minute).filter(|i| self.errors(*i) > self.threshold(*i as Second * 60)).count();
            let stale = matches!(self.plan.wiring.alarm, AlarmOddity::Stale) && breaching == 0;
            if (breaching >= m) != in_alarm && !stale {
                in_alarm = !in_alarm;
                changes.push(self.change(at, in_alarm, self.errors(minute), minute));
            }
        }
        if let AlarmOddity::SetByHand(t) = self.plan.wiring.alarm {
            changes.push(AlarmChange {
                at: self.scenario.time(t),
                kind: AlarmChangeKind::ToAlarm,
                summary: "Alarm updated from OK to ALARM".into(),
                reason: "testing the paging route".into(),
            });
        }
        if let AlarmOddity::Lowered(t) = self.plan.wiring.alarm {
            changes.push(AlarmChange {
                at: self.scenario.time(t),
                kind: AlarmChangeKind::Edited,
                summary: "Alarm updated".into(),
                reason: format!("threshold {} → 0", self.scenario.threshold).into(),
            });
        }
        changes.sort_by_key(|c| c.at);
        changes
    }

    fn earlier_changes(&self) -> Vec<AlarmChange> {
        let mut rng = Rng::new(self.scenario.seed).fork("alarm history");
        let mut changes = Vec::new();
        for _ in 0..rng.below(3) {
            let at = self.scenario.start - Duration::minutes(rng.between(1500, 38_000));
            changes.push(self.change(at, true, self.scenario.threshold + 4.0, 0));
            changes.push(self.change(at + Duration::minutes(rng.between(4, 20)), false, 0.0, 0));
        }
        if self.plan.wiring.alarm == AlarmOddity::Stale {
            changes.push(self.change(self.scenario.start - Duration::hours(7), true, self.scenario.threshold + 2.0, 0));
        }
        changes
    }

    fn change(&self, at: Time, to_alarm: bool, value: f64, minute: usize) -> AlarmChange {
        let stamp = self.scenario.time(minute as Second * 60).format("%d/%m/%y %H:%M:%S");
        let threshold = self.threshold(minute as Second * 60);
        let n = self.scenario.datapoints.1;
        let (kind, words, relation) = if to_alarm {
            (AlarmChangeKind::ToAlarm, "Alarm updated from OK to ALARM", "was greater than")
        } else {
            (AlarmChangeKind::ToOk, "Alarm updated from ALARM to OK", "was not greater than")
        };
        let reason = format!(
            "Threshold Crossed: {} out of the last {n} datapoints [{value:.1} ({stamp})] {relation} the threshold ({threshold:.1}).",
            self.scenario.datapoints.0
        );
        AlarmChange { at, kind, summary: words.into(), reason: reason.into() }
    }

    pub fn balancer(&self) -> LoadBalancer {
        let mut attributes: BTreeMap<String, String> = [
            ("idle_timeout.timeout_seconds", "60"),
            ("client_keep_alive.seconds", "3600"),
            ("load_balancing.cross_zone.enabled", "true"),
            ("routing.http2.enabled", "true"),
            ("routing.http.desync_mitigation_mode", "defensive"),
            ("deletion_protection.enabled", "true"),
            ("connection_logs.s3.enabled", "false"),
            ("zonal_shift.config.enabled", "false"),
        ]
        .map(|(k, v)| (k.to_owned(), v.to_owned()))
        .into();
        attributes.insert("access_logs.s3.enabled".into(), self.scenario.sight.access_log.to_string());
        attributes.insert("health_check_logs.s3.enabled".into(), self.scenario.sight.health_check_log.to_string());
        if self.scenario.sight.access_log {
            attributes.insert("access_logs.s3.bucket".into(), format!("{}-alb-logs", self.scenario.system));
            attributes.insert("access_logs.s3.prefix".into(), "prod".into());
        }
        attributes.extend(self.plan.wiring.balancer_attributes.iter().cloned());
        LoadBalancer {
            arn: self.world.balancer.arn.clone(),
            name: self.world.balancer.name.as_str().into(),
            scheme: "internet-facing".into(),
            vpc: self.world.vpc.clone(),
            state: "active".into(),
            security_groups: vec![self.world.balancer.security_group.clone()],
            zones: self.world.zones.iter().map(|z| Zone { name: z.name.clone(), subnet: z.balancer_subnet.clone() }).collect(),
            attributes,
            ip_address_type: Some("ipv4".into()),
            tags: self.scenario.tags.clone(),
        }
    }

    pub fn groups(&self) -> Vec<TargetGroup> {
        (0..self.world.groups.len()).map(|g| self.group(g)).collect()
    }

    fn group(&self, g: usize) -> TargetGroup {
        let group = &self.world.groups[g];
        let mut attributes: BTreeMap<String, String> = [
            ("deregistration_delay.timeout_seconds", "300"),
            ("slow_start.duration_seconds", "0"),
            ("load_balancing.algorithm.type", "round_robin"),
            ("load_balancing.algorithm.anomaly_mitigation", "off"),
            ("load_balancing.cross_zone.enabled", "use_load_balancer_configuration"),
            ("stickiness.enabled", "false"),
            ("target_group_health.unhealthy_state_routing.minimum_healthy_targets.count", "1"),
        ]
        .map(|(k, v)| (k.to_owned(), v.to_owned()))
        .into();
        let mut health_check = group.health.clone();
        if g == 0 {
            attributes.extend(self.plan.wiring.group_attributes.iter().cloned());
            if let Some(path) = &self.plan.wiring.check_path {
                health_check.path = Some(path.as_str().into());
            }
        }
        let lambda = g == 0 && self.plan.wiring.lambda;
        TargetGroup {
            arn: group.arn.clone(),
            name: group.name.as_str().into(),
            target_type: if lambda { "lambda".into() } else { kind_word(group.kind).into() },
            protocol: (!lambda).then(|| if g == 0 && self.plan.wiring.https { "HTTPS".into() } else { "HTTP".into() }),
            port: (!lambda).then_some(group.port),
            vpc: (!lambda).then(|| self.world.vpc.clone()),
            health_check,
            attributes,
            tags: if g == 0 { self.scenario.tags.clone() } else { BTreeMap::new() },
            ..TargetGroup::default()
        }
    }

    pub fn listeners(&self) -> Vec<Listener> {
        let arn = self.world.balancer.arn.replace(":loadbalancer/", ":listener/") + "/0f1e2d3c4b5a6978";
        let shares = self.plan.wiring.shares.as_ref().map(|(_, s)| s.clone());
        let default = match shares {
            Some(shares) => {
                let forwards = shares.iter().enumerate().filter(|(_, s)| **s > 0.0);
                forwards
                    .map(|(g, s)| Forward { target_group: self.world.groups[g].arn.clone(), weight: (s * 100.0).round() as u32 })
                    .collect()
            }
            None => vec![Forward { target_group: self.world.groups[0].arn.clone(), weight: 1 }],
        };
        let mut rules: Vec<Rule> =
            self.world.groups.iter().enumerate().skip(1).map(|(g, group)| path_rule(&arn, g, &group.name, &group.arn)).collect();
        rules.push(Rule {
            arn: format!("{arn}/default"),
            priority: "default".into(),
            conditions: vec![],
            action: "forward".into(),
            forwards: default,
        });
        vec![Listener { arn, port: 443, protocol: "HTTPS".into(), rules }]
    }

    /// Health as it is now: of what is still registered.
    pub fn health(&self) -> Vec<TargetHealth> {
        let minute = self.run.minutes.saturating_sub(1);
        (0..self.run.targets).filter_map(|t| self.health_of(t, minute)).collect()
    }

    fn health_of(&self, t: usize, minute: usize) -> Option<TargetHealth> {
        let (target, last) = (&self.world.targets[t], self.run.health(minute, t));
        let group = &self.world.groups[target.group];
        let now = self.scenario.seconds();
        let deregistered = self.plan.stays.iter().find(|s| s.target == t).map_or(Second::MAX, |s| s.deregistered);
        let draining = deregistered <= now && now < deregistered.saturating_add(300);
        if !last.registered && !draining {
            return None;
        }
        let off = self.plan.wiring.states.iter().any(|(i, state, ..)| *i == t && state != "running");
        let (state, reason, words) = health_words(last.healthy, last.reason, draining, off);
        let same: Vec<usize> = self.world.of_group(target.group).into_iter().filter(|i| self.run.health(minute, *i).registered).collect();
        Some(TargetHealth {
            target_group: group.arn.clone(),
            id: target.id.clone(),
            port: Some(target.port),
            zone: (group.kind == TargetKind::Task).then(|| self.world.zones[target.zone].name.clone()),
            health_check_port: Some(group.health.port_for(target.port)),
            state: state.into(),
            reason: reason.map(Into::into),
            description: words.map(Into::into),
            anomalous: Some(odd_ones(self.run, minute, &same).contains(&t)),
        })
    }

    pub fn instances(&self) -> Vec<Instance> {
        let of_instances =
            |t: &usize| !self.world.targets[*t].alias && self.world.groups[self.world.targets[*t].group].kind == TargetKind::Instance;
        (0..self.world.targets.len()).filter(of_instances).filter_map(|t| self.instance(t)).collect()
    }

    /// A terminated instance is gone from the answers within the hour.
    fn instance(&self, t: usize) -> Option<Instance> {
        let target = &self.world.targets[t];
        let now = self.scenario.seconds();
        let stay = self.plan.stays.iter().find(|s| s.target == t);
        let changed = self.plan.wiring.states.iter().find(|(i, ..)| *i == t);
        let gone = stay.is_some_and(|s| s.gone < now);
        if gone && stay.is_some_and(|s| s.gone + 3300 < now) || stay.is_some_and(|s| s.born > now && s.born != Second::MAX) {
            return None;
        }
        let mut rng = Rng::new(self.scenario.seed).fork(&target.id);
        let old = self.scenario.start - Duration::hours(rng.between(30, 2400));
        let born = stay.filter(|s| s.born != Second::MIN).map(|s| self.scenario.time(s.born - 45));
        let state = changed.map_or(if gone { "terminated" } else { "running" }, |(_, s, ..)| s.as_str());
        let burstable = target.instance_type.starts_with('t');
        Some(Instance {
            id: target.id.clone(),
            name: Some(target.name.as_str().into()),
            instance_type: target.instance_type.clone(),
            zone: self.world.zones[target.zone].name.clone(),
            subnet: self.world.zones[target.zone].app_subnet.clone(),
            vpc: self.world.vpc.clone(),
            private_ip: (state != "terminated").then(|| target.ip.clone()),
            state: state.into(),
            state_reason: changed.map(|(_, _, r, _)| r.clone()).filter(|r| !r.is_empty()).map(Into::into),
            launch_time: Some(changed.and_then(|(.., l)| *l).map(|l| self.scenario.time(l)).or(born).unwrap_or(old)),
            detailed_monitoring: target.detailed,
            security_groups: vec![self.world.groups[target.group].security_group.clone()],
            auto_scaling_group: (target.group == 0).then(|| self.world.fleet.as_str().into()),
            lifecycle: target.spot.then(|| "spot".into()),
            credits: burstable.then(|| if self.scenario.unlimited { "unlimited".into() } else { "standard".into() }),
            ipv6: Vec::new(),
            tags: self.scenario.tags.clone(),
        })
    }

    pub fn statuses(&self) -> Vec<InstanceStatus> {
        let now = self.scenario.seconds();
        let word = |t: usize, which| {
            let bad = self.plan.checks.iter().any(|c| c.target == t && c.which == which && c.from <= now && now < c.until);
            if bad { "impaired".to_owned() } else { "ok".to_owned() }
        };
        let of = |i: &Instance| self.world.targets.iter().position(|t| t.id == i.id);
        let running = self.instances().into_iter().filter(|i| i.state == "running");
        running
            .filter_map(|i| {
                let t = of(&i)?;
                let scheduled = self
                    .plan
                    .wiring
                    .scheduled
                    .iter()
                    .filter(|(x, ..)| *x == t)
                    .map(|(_, code, words)| self.scheduled(code, words))
                    .collect();
                use super::plan::Which::{Ebs, Instance, System};
                Some(InstanceStatus { id: i.id, system: word(t, System), instance: word(t, Instance), ebs: Some(word(t, Ebs)), scheduled })
            })
            .collect()
    }

    fn scheduled(&self, code: &str, words: &str) -> ScheduledEvent {
        ScheduledEvent {
            code: code.into(),
            description: words.into(),
            not_before: Some(self.scenario.now + Duration::days(6)),
            not_after: Some(self.scenario.now + Duration::days(13)),
        }
    }
}

pub fn kind_word(kind: TargetKind) -> &'static str {
    match kind {
        TargetKind::Instance => "instance",
        TargetKind::Task => "ip",
    }
}

fn path_rule(listener: &str, g: usize, name: &str, group: &str) -> Rule {
    Rule {
        arn: format!("{listener}/rule{g:04}"),
        priority: (g * 10).to_string(),
        conditions: vec![format!("path-pattern /{}/*", name.split('-').next().unwrap_or(name)).into()],
        action: "forward".into(),
        forwards: vec![Forward { target_group: group.into(), weight: 1 }],
    }
}

type HealthWords = (&'static str, Option<&'static str>, Option<&'static str>);

fn health_words(healthy: u8, reason: Failing, draining: bool, off: bool) -> HealthWords {
    if draining {
        return ("draining", Some("Target.DeregistrationInProgress"), Some("Target deregistration is in progress"));
    }
    if off {
        return ("unused", Some("Target.InvalidState"), Some("Target is in the stopped state"));
    }
    match (healthy, reason) {
        (0, Failing::Timeout) => ("unhealthy", Some("Target.Timeout"), Some("Request timed out")),
        (0, Failing::Code) => ("unhealthy", Some("Target.ResponseCodeMismatch"), Some("Health checks failed with these codes: [503]")),
        (0, Failing::Refused) => ("unhealthy", Some("Target.FailedHealthChecks"), Some("Health checks failed")),
        (0, Failing::No) => ("initial", Some("Elb.InitialHealthChecking"), Some("Initial health checks in progress")),
        _ => ("healthy", None, None),
    }
}
