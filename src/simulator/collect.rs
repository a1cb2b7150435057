//! The facts in the order in which live collection sends them, with what may not be seen left out and
//! said so.

use super::config::Settings;
use super::flow::Run;
use super::hosts;
use super::logs::Logs;
use super::plan::Plan;
use super::publish;
use super::random::Rng;
use super::trail::Scribe;
use super::voices;
use super::world::World;
use super::{Scenario, TargetKind};
use crate::case::Case;
use crate::case::events::{Event, EventSource, Reach};
use crate::case::gaps::{Gap, Reason};
use crate::case::series::Series;
use crate::changes::console::{UNASKED, in_question, read};
use crate::exchange::{Area, Cost, Fact, Origin, Subject, What};
use crate::time::{Time, Window};
use chrono::Duration;
use std::collections::BTreeMap;

/// Consoles that one request reads.
const CONSOLES: usize = 5;

/// The order in which areas answer.
const ORDER: [Area; 18] = [
    Area::Identity,
    Area::Alarm,
    Area::AlarmHistory,
    Area::Balancer,
    Area::TargetHealth,
    Area::BalancerMetrics,
    Area::Instances,
    Area::HostMetrics,
    Area::Network,
    Area::Lifecycle,
    Area::AccessLog,
    Area::HealthCheckLog,
    Area::AppLog,
    Area::Baseline,
    Area::AwsHealth,
    Area::AlarmCode,
    Area::Changes,
    Area::Consoles,
];

/// Everything that can be seen of the incident.
pub fn facts(scenario: &Scenario, world: &World, plan: &Plan, run: &Run, rng: &Rng) -> Vec<Fact> {
    let settings = Settings { scenario, world, plan, run };
    let mut collector =
        Collector { scenario, world, plan, run, settings, rng, facts: Vec::new(), at: scenario.now, metrics: 0, calls: BTreeMap::new() };
    collector.subject();
    for area in ORDER {
        collector.at += Duration::milliseconds(180);
        if scenario.sight.denied.contains(&area) {
            collector.denied(area);
        } else {
            collector.read(area);
        }
        collector.push(None, What::Settled { area });
    }
    for gap in &plan.gaps {
        collector.push(None, What::Gap(gap.clone()));
    }
    collector.cost();
    collector.facts
}

struct Collector<'a> {
    scenario: &'a Scenario,
    world: &'a World,
    plan: &'a Plan,
    run: &'a Run,
    settings: Settings<'a>,
    rng: &'a Rng,
    facts: Vec<Fact>,
    at: Time,
    metrics: u64,
    calls: BTreeMap<String, u64>,
}

impl Collector<'_> {
    fn push(&mut self, operation: Option<&str>, what: What) {
        let origin = operation.map(|o| Origin { operation: o.into(), parameters: BTreeMap::new() });
        if let Some(o) = operation {
            *self.calls.entry(o.into()).or_default() += 1;
        }
        self.facts.push(Fact { at: self.at, origin, what });
    }

    fn window(&self) -> Window {
        Window { start: self.scenario.start, end: self.scenario.now }
    }

    fn subject(&mut self) {
        let target = self.settings.alarm().0.name;
        let subject = Subject { target, at: None, window: self.window(), now: self.scenario.now, demo: self.scenario.demo.clone() };
        self.push(None, What::Subject(subject));
    }

    fn read(&mut self, area: Area) {
        match area {
            Area::Identity => self.push(Some("sts:GetCallerIdentity"), What::Identity(self.settings.identity())),
            Area::Alarm => self.push(Some("cloudwatch:DescribeAlarms"), What::Alarm(self.settings.alarm().0)),
            Area::AlarmHistory => self.push(Some("cloudwatch:DescribeAlarmHistory"), What::AlarmChanges(self.settings.alarm().1)),
            Area::Balancer => self.balancer(),
            Area::TargetHealth => self.push(Some("elasticloadbalancing:DescribeTargetHealth"), What::TargetHealth(self.settings.health())),
            Area::BalancerMetrics => self.series(publish::series(self.scenario, self.world, self.plan, self.run, self.rng)),
            Area::Instances => self.instances(),
            Area::HostMetrics => self.series(hosts::series(self.scenario, self.world, self.plan, self.run, self.rng)),
            Area::Network => self.network(),
            Area::Lifecycle => self.lifecycle(),
            Area::AccessLog => self.access_log(),
            Area::HealthCheckLog => self.health_check_log(),
            Area::AppLog => self.app_log(),
            Area::Baseline => self.baseline(),
            Area::AwsHealth => self.aws_health(),
            Area::AlarmCode => {
                self.gap(area, "Terraform", Reason::NotApplicable, None, "no folder with the alarm's code was given (--terraform DIR)")
            }
            Area::Changes => self.changes(),
            Area::Consoles if self.scenario.sight.consoles => self.consoles(),
            Area::Consoles => {
                self.gap(area, UNASKED, Reason::NotApplicable, None, "nobody asked for it (--console, or its key on the screen)");
            }
            Area::People => {}
        }
    }

    fn balancer(&mut self) {
        self.push(Some("elasticloadbalancing:DescribeLoadBalancers"), What::LoadBalancer(self.settings.balancer()));
        self.push(Some("elasticloadbalancing:DescribeTargetGroups"), What::TargetGroups(self.settings.groups()));
        self.push(Some("elasticloadbalancing:DescribeListeners"), What::Listeners(self.settings.listeners()));
    }

    fn instances(&mut self) {
        let instances = self.settings.instances();
        if instances.is_empty() {
            return self.gap(
                Area::Instances,
                "ec2:DescribeInstances",
                Reason::NotApplicable,
                None,
                "the targets are addresses of tasks, not instances",
            );
        }
        self.push(Some("ec2:DescribeInstances"), What::Instances(instances));
        self.push(Some("ec2:DescribeInstanceStatus"), What::InstanceStatuses(self.settings.statuses()));
        if self.scenario.sight.host_agents {
            let agents = voices::agents(self.scenario, self.world, self.plan);
            self.push(Some("ssm:DescribeInstanceInformation"), What::HostAgents(agents));
        }
    }

    /// Of those that are in question by everything else.
    fn consoles(&mut self) {
        let case = Case::from_facts(self.facts.iter().cloned());
        if self.scenario.sight.denied.contains(&Area::Instances) {
            return;
        }
        for id in in_question(&case, CONSOLES) {
            if let Some(output) = voices::console(self.scenario, self.world, self.plan, &id) {
                let console = read(&id, Some(self.scenario.now), &output);
                self.push(Some("ec2:GetConsoleOutput"), What::Consoles(vec![console]));
            }
        }
    }

    fn series(&mut self, mut all: Vec<Series>) {
        all.retain(|s| !self.scenario.sight.lost.contains(&s.key.metric.as_str()));
        self.metrics += all.len() as u64;
        if all.is_empty() {
            return;
        }
        for chunk in all.chunks(500) {
            self.push(Some("cloudwatch:GetMetricData"), What::Series(chunk.to_vec()));
        }
    }

    fn network(&mut self) {
        self.push(Some("ec2:DescribeSecurityGroups"), What::SecurityGroups(self.settings.security_groups()));
        self.push(Some("ec2:DescribeNetworkAcls"), What::NetworkAcls(self.settings.acls()));
        self.push(Some("ec2:DescribeRouteTables"), What::RouteTables(self.settings.routes()));
        self.push(Some("ec2:DescribeSubnets"), What::Subnets(self.settings.subnets()));
        self.push(Some("ec2:DescribeNetworkInterfaces"), What::Interfaces(self.settings.interfaces()));
    }

    fn events_of(&self, sources: &[EventSource]) -> Vec<Event> {
        let mut events: Vec<Event> =
            self.plan.events.iter().filter(|e| sources.contains(&e.source) && e.at < self.scenario.now).cloned().collect();
        events.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
        events
    }

    fn lifecycle(&mut self) {
        let service = if self.scenario.kind == TargetKind::Task { EventSource::Ecs } else { EventSource::AutoScaling };
        let operation = if service == EventSource::Ecs { "ecs:DescribeServices" } else { "autoscaling:DescribeScalingActivities" };
        let events = self.events_of(&[service]);
        if !events.is_empty() {
            self.push(Some(operation), What::Events(events));
        }
        self.reach(Area::Lifecycle, service, Duration::zero(), 1);
        let deployments = self.events_of(&[EventSource::CodeDeploy]);
        if !deployments.is_empty() {
            self.push(Some("codedeploy:ListDeployments"), What::Events(deployments));
        }
        self.reach(Area::Lifecycle, EventSource::CodeDeploy, Duration::zero(), 1);
    }

    /// Newest first in pages of fifty, as LookupEvents gives them; the last quarter hour may still change.
    fn changes(&mut self) {
        let noise = Scribe { scenario: self.scenario, world: self.world, rng: self.rng.fork("trail") }.noise();
        let settled = self.scenario.now - Duration::minutes(3);
        let mut events = self.events_of(&[EventSource::CloudTrail]);
        events.extend(noise);
        events.retain(|e| e.at < settled);
        events.sort_by(|a, b| (b.at, &b.id).cmp(&(a.at, &a.id)));
        let read: Vec<Vec<Event>> = events.chunks(50).take(self.scenario.sight.trail_pages as usize).map(<[Event]>::to_vec).collect();
        let capped = events.len() > read.iter().map(Vec::len).sum();
        let from = read.last().and_then(|page| page.last()).map_or(self.scenario.start, |e| e.at);
        let pages = read.len() as u32;
        for page in read {
            self.at += Duration::milliseconds(520);
            self.push(Some("cloudtrail:LookupEvents"), What::Events(page));
        }
        let to = self.scenario.now;
        let from = if capped { from } else { self.scenario.start };
        let reach = Reach {
            area: Area::Changes,
            source: EventSource::CloudTrail,
            from,
            to,
            capped,
            pages,
            settled_until: to - Duration::minutes(15),
        };
        self.push(None, What::Reach(reach));
    }

    fn reach(&mut self, area: Area, source: EventSource, lag: Duration, pages: u32) {
        let window = self.window();
        let reach = Reach { area, source, from: window.start, to: window.end, capped: false, pages, settled_until: window.end - lag };
        self.push(None, What::Reach(reach));
    }

    fn access_log(&mut self) {
        if !self.scenario.sight.access_log {
            return self.gap(Area::AccessLog, "access log", Reason::NotEnabled, None, "access_logs.s3.enabled is false on the balancer");
        }
        let log = Logs { scenario: self.scenario, world: self.world, plan: self.plan, run: self.run }.access_log(self.rng);
        self.push(Some("s3:GetObject"), What::AccessLog(Box::new(log)));
    }

    fn health_check_log(&mut self) {
        if !self.scenario.sight.health_check_log {
            return self.gap(
                Area::HealthCheckLog,
                "health-check log",
                Reason::NotEnabled,
                None,
                "health_check_logs.s3.enabled is false on the balancer",
            );
        }
        let records = Logs { scenario: self.scenario, world: self.world, plan: self.plan, run: self.run }.health_checks();
        self.push(Some("s3:GetObject"), What::HealthCheckRecords(records));
    }

    fn app_log(&mut self) {
        if !self.scenario.sight.app_log {
            return self.gap(Area::AppLog, "application log", Reason::NotApplicable, None, "no log group was named (--app-log-group NAME)");
        }
        let logs = Logs { scenario: self.scenario, world: self.world, plan: self.plan, run: self.run };
        let mut log = logs.app_log(self.rng);
        let access = self.facts.iter().find_map(|f| if let What::AccessLog(access) = &f.what { Some(access) } else { None });
        log.joined = access.and_then(|access| logs.joined(access, &log));
        self.push(Some("logs:FilterLogEvents"), What::AppLog(Box::new(log)));
    }

    /// The same hours a day and a week before, and the alarm's own metric of two weeks.
    fn baseline(&mut self) {
        let all = super::baseline::series(self.scenario, self.world, self.rng);
        self.series(all);
    }

    fn aws_health(&mut self) {
        let shifts = self.events_of(&[EventSource::ZonalShift]);
        if !shifts.is_empty() {
            self.push(Some("arc-zonal-shift:ListZonalShifts"), What::Events(shifts));
        }
        self.reach(Area::AwsHealth, EventSource::ZonalShift, Duration::zero(), 1);
        if !self.scenario.sight.aws_health {
            let words = "SubscriptionRequiredException: AWS Health's API needs a Business or Enterprise support plan";
            return self.gap(Area::AwsHealth, "health:DescribeEvents", Reason::NotEnabled, None, words);
        }
        let events = self.events_of(&[EventSource::AwsHealth]);
        if !events.is_empty() {
            self.push(Some("health:DescribeEvents"), What::Events(events));
        }
        self.reach(Area::AwsHealth, EventSource::AwsHealth, Duration::minutes(60), 1);
    }

    fn gap(&mut self, area: Area, subject: &str, reason: Reason, action: Option<&str>, detail: &str) {
        self.push(None, What::Gap(Gap { area, subject: subject.into(), reason, action: action.map(Into::into), detail: detail.into() }));
    }

    fn denied(&mut self, area: Area) {
        for action in actions(area) {
            let words = format!("AccessDenied: {} is not authorized to perform: {action}", self.settings.identity().arn);
            self.gap(area, action, Reason::Denied, Some(action), &words);
        }
    }

    fn cost(&mut self) {
        let estimated_usd = self.metrics as f64 * 0.00001;
        let cost = Cost { calls: self.calls.clone(), metrics_requested: self.metrics, estimated_usd };
        self.push(None, What::Cost(cost));
    }
}

/// What a policy would have to allow.
fn actions(area: Area) -> &'static [&'static str] {
    match area {
        Area::Identity | Area::AlarmCode | Area::People => &[],
        Area::Alarm => &["cloudwatch:DescribeAlarms"],
        Area::AlarmHistory => &["cloudwatch:DescribeAlarmHistory"],
        Area::Balancer => &["elasticloadbalancing:DescribeLoadBalancers", "elasticloadbalancing:DescribeTargetGroups"],
        Area::TargetHealth => &["elasticloadbalancing:DescribeTargetHealth"],
        Area::BalancerMetrics | Area::HostMetrics | Area::Baseline => &["cloudwatch:GetMetricData"],
        Area::Consoles => &["ec2:GetConsoleOutput"],
        Area::Instances => &["ec2:DescribeInstances", "ec2:DescribeInstanceStatus"],
        Area::Changes => &["cloudtrail:LookupEvents"],
        Area::Lifecycle => &["autoscaling:DescribeScalingActivities", "codedeploy:ListDeployments"],
        Area::Network => &["ec2:DescribeSecurityGroups", "ec2:DescribeNetworkAcls", "ec2:DescribeRouteTables", "ec2:DescribeSubnets"],
        Area::AccessLog | Area::HealthCheckLog => &["s3:ListBucket", "s3:GetObject"],
        Area::AppLog => &["logs:FilterLogEvents"],
        Area::AwsHealth => &["health:DescribeEvents", "arc-zonal-shift:ListZonalShifts"],
    }
}
