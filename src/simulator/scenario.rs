//! What is to be simulated: the fleet, the traffic, the faults, the decoys, and what may be seen of it.

use super::cause::Cause;
use super::plan::Second;
use super::random::Rng;
use crate::case::topology::HealthCheck;
use crate::exchange::Area;
use crate::text::Foreign;
use crate::time::{Time, floor_to};
use chrono::{DateTime, Duration};
use std::collections::BTreeMap;

/// One incident to be.
#[derive(Clone, Debug)]
pub struct Scenario {
    pub seed: u64,
    /// What is the matter; two for a double fault.
    pub causes: Vec<Cause>,
    pub demo: Option<String>,
    /// The gathered window's start and the case's "now".
    pub start: Time,
    pub now: Time,
    /// When the first fault begins, and for how long unless it lasts.
    pub onset: Second,
    pub lasts: Option<Second>,
    pub account: String,
    pub region: String,
    /// The balancer is called after the system, the first group after the service.
    pub system: String,
    pub service: String,
    /// What instances of each group are called.
    pub role_names: Vec<String>,
    pub targets: usize,
    pub zones: usize,
    pub groups: usize,
    pub kind: TargetKind,
    pub instance_type: String,
    /// Share of instances with one-minute monitoring.
    pub detailed: f64,
    pub spot: bool,
    /// Burstable instances may run past their credits.
    pub unlimited: bool,
    pub tags: BTreeMap<String, Foreign>,
    pub port: u16,
    pub health: HealthCheck,
    pub requests_per_minute: f64,
    /// Standard deviation of the traffic from step to step, beyond chance.
    pub bumpiness: f64,
    /// Share of its capacity that a target uses on average.
    pub usual_load: f64,
    /// Connections that wait before more are dropped.
    pub backlog: f64,
    /// Seconds.
    pub service_time: f64,
    pub idle_cpu: f64,
    pub app_error_share: f64,
    /// Stray connection errors a minute.
    pub background: f64,
    /// Seconds until the nodes stop using a target that was let go of.
    pub deregistration_lag: Second,
    pub sight: Sight,
    pub decoys: Vec<Decoy>,
    /// The group whose errors the alarm watches; the whole balancer's, if `None`.
    pub alarm_group: Option<usize>,
    /// The alarm: more errors than this, in so many of so many minutes.
    pub threshold: f64,
    pub datapoints: (u32, u32),
    pub missing_data: &'static str,
    /// Calls of the busy account in the window that have nothing to do with it.
    pub trail_noise: usize,
}

/// What a target group holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetKind {
    Instance,
    /// Tasks of an ECS service, by address, with no instance to look at.
    Task,
}

/// What can be seen.
#[derive(Clone, Debug)]
pub struct Sight {
    pub access_log: bool,
    pub app_log: bool,
    /// The application logs each request with its trace id.
    pub trace_ids: bool,
    /// The CloudWatch agent reports memory and network counters.
    pub agent: bool,
    /// AWS Health answers (a support plan that has it).
    pub aws_health: bool,
    pub health_check_log: bool,
    /// Systems Manager's agent runs on the instances.
    pub host_agents: bool,
    /// Somebody asked for console output.
    pub consoles: bool,
    pub denied: Vec<Area>,
    /// Metrics that nobody publishes here, for whatever reason.
    pub lost: Vec<&'static str>,
    /// Reading CloudTrail stops after so many pages.
    pub trail_pages: u32,
}

/// Something that looks as if it mattered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decoy {
    /// Another service's deployment minutes before.
    OtherDeployment,
    /// Another team edits its own security group.
    OtherSecurityGroup,
    /// A nightly job keeps one host busy, not its connections.
    CronCpu,
    /// A secret and a parameter change hands.
    SecretRotation,
    /// A denied attempt on the targets' own security group.
    DeniedAttempt,
    /// Somebody's spare instance gets another type.
    InstanceTypeChange,
    /// A small rise of traffic that does no harm.
    SmallSurge,
    /// The application answers more 5xx for a while, well before.
    AppErrorBlip,
}

impl Decoy {
    pub const ALL: [Self; 8] = [
        Self::OtherDeployment,
        Self::OtherSecurityGroup,
        Self::CronCpu,
        Self::SecretRotation,
        Self::DeniedAttempt,
        Self::InstanceTypeChange,
        Self::SmallSurge,
        Self::AppErrorBlip,
    ];
}

impl Default for Sight {
    fn default() -> Self {
        Self {
            access_log: true,
            app_log: true,
            trace_ids: false,
            agent: false,
            aws_health: false,
            health_check_log: false,
            host_agents: false,
            consoles: false,
            denied: Vec::new(),
            lost: Vec::new(),
            trail_pages: 20,
        }
    }
}

impl Scenario {
    /// An incident of one cause on an ordinary fleet, everything about it drawn from the seed.
    pub fn random(cause: Cause, seed: u64) -> Self {
        let mut rng = Rng::new(seed).fork(cause.id());
        let mut s = Self::plain(cause, seed);
        s.vary_time(&mut rng);
        s.vary_fleet(&mut rng);
        s.vary_traffic(&mut rng);
        s.vary_sight(&mut rng);
        s.vary_alarm(&mut rng);
        for decoy in Decoy::ALL {
            if rng.chance(0.25) {
                s.decoys.push(decoy);
            }
        }
        super::causes::fit(&mut s, &mut rng);
        s
    }

    /// The same with nothing varied: six instances in two zones, an incident of 25 minutes, all to be seen.
    pub fn plain(cause: Cause, seed: u64) -> Self {
        let start = DateTime::from_timestamp(1_795_140_000, 0).unwrap_or_default();
        Self {
            seed,
            causes: vec![cause],
            demo: None,
            start: floor_to(start, 300),
            now: floor_to(start, 300) + Duration::hours(4),
            onset: 2 * 3600 + 1260,
            lasts: Some(1500),
            account: "123456789012".into(),
            region: "ap-northeast-1".into(),
            system: "web".into(),
            service: "api".into(),
            role_names: vec!["web-api".into()],
            targets: 6,
            zones: 2,
            groups: 2,
            kind: TargetKind::Instance,
            instance_type: "m6i.large".into(),
            detailed: 1.0,
            spot: false,
            unlimited: false,
            tags: BTreeMap::from([("Environment".into(), "production".into()), ("Team".into(), "決済基盤チーム".into())]),
            port: 8080,
            health: HealthCheck { path: Some("/healthz".into()), interval: 30, ..HealthCheck::default() },
            requests_per_minute: 6000.0,
            bumpiness: 0.05,
            usual_load: 0.35,
            backlog: 256.0,
            service_time: 0.045,
            idle_cpu: 4.0,
            app_error_share: 0.0004,
            background: 0.0,
            deregistration_lag: 10,
            sight: Sight::default(),
            decoys: Vec::new(),
            alarm_group: Some(0),
            threshold: 10.0,
            datapoints: (2, 3),
            missing_data: "notBreaching",
            trail_noise: 250,
        }
    }

    /// Length of the gathered window in seconds.
    pub fn seconds(&self) -> Second {
        (self.now - self.start).num_seconds()
    }

    pub fn time(&self, t: Second) -> Time {
        self.start + Duration::seconds(t.clamp(-90 * 86400, 90 * 86400))
    }

    /// When the fault is over, if it is within the window.
    pub fn until(&self) -> Second {
        self.lasts.map_or(Second::MAX, |l| self.onset + l)
    }

    /// Traffic of the hour against the day's mean, by local time (UTC+9).
    pub fn daily_shape(&self, t: Second) -> f64 {
        let hour = ((self.start.timestamp() + t + 9 * 3600).rem_euclid(86400)) as f64 / 3600.0;
        1.0 + 0.35 * ((hour - 14.0) / 24.0 * std::f64::consts::TAU).cos()
    }

    fn vary_time(&mut self, rng: &mut Rng) {
        let start = self.start + Duration::minutes(5 * rng.between(-2000, 2000));
        let window = 14_400;
        self.start = start;
        self.onset = rng.between(80, 190) * 60 + rng.between(0, 59);
        let lasts = rng.between(6, 40) * 60;
        let ongoing = rng.chance(0.3);
        self.lasts = (!ongoing).then_some(lasts);
        // Looked at while it lasts, soon after, or when it is long over.
        let end = if ongoing { self.onset + rng.between(8, 35) * 60 } else { window.max(self.onset + lasts + 900) };
        self.now = floor_to(start + Duration::seconds(end), 60) + Duration::seconds(rng.between(0, 59));
    }

    fn vary_fleet(&mut self, rng: &mut Rng) {
        self.targets = *rng.pick(&[3, 4, 6, 6, 8, 12, 20, 40]);
        if rng.chance(0.04) {
            self.targets = rng.between(60, 200) as usize;
        }
        self.zones = if rng.chance(0.3) && self.targets >= 3 { 3 } else { 2 };
        self.groups = rng.between(1, 3) as usize;
        if rng.chance(0.15) {
            self.kind = TargetKind::Task;
        }
        self.instance_type = (*rng.pick(&["m6i.large", "c6i.xlarge", "t3.medium", "m7g.large", "c5.2xlarge"])).into();
        self.detailed = *rng.pick(&[0.0, 0.0, 1.0, 1.0, 0.5]);
        self.port = *rng.pick(&[80, 8080, 3000, 8000, 9000]);
        self.health.interval = *rng.pick(&[10, 15, 30, 30]);
        self.health.unhealthy_threshold = *rng.pick(&[2, 2, 3]);
        self.health.timeout = 5;
        if rng.chance(0.25) {
            self.health.port = "9090".into();
        }
    }

    fn vary_traffic(&mut self, rng: &mut Rng) {
        let each = rng.range(4.6, 7.6).exp();
        self.requests_per_minute = each * self.targets as f64;
        self.bumpiness = rng.range(0.02, 0.12);
        self.usual_load = rng.range(0.22, 0.42);
        self.backlog = *rng.pick(&[128.0, 256.0, 511.0]);
        self.service_time = rng.range(0.01, 0.25);
        self.background = if rng.chance(0.4) { rng.range(0.005, 0.25) } else { 0.0 };
        self.trail_noise = rng.between(40, 420) as usize;
    }

    fn vary_sight(&mut self, rng: &mut Rng) {
        // From streams of their own: what was drawn before them stays as it was.
        let (mut voices, mut traces) = (rng.fork("voices"), rng.fork("trace ids"));
        self.sight = Sight {
            access_log: rng.chance(0.65),
            app_log: rng.chance(0.6),
            trace_ids: traces.chance(0.4),
            agent: rng.chance(0.4),
            aws_health: rng.chance(0.4),
            health_check_log: rng.chance(0.15),
            host_agents: voices.chance(0.6),
            consoles: voices.chance(0.3),
            denied: Vec::new(),
            lost: Vec::new(),
            trail_pages: if rng.chance(0.08) { 3 } else { 20 },
        };
        if rng.chance(0.15) {
            self.sight.lost.push(*rng.pick(&[
                "NewConnectionCount",
                "TargetResponseTime",
                "NetworkIn",
                "HTTPCode_ELB_504_Count",
                "AnomalousHostCount",
            ]));
        }
    }

    fn vary_alarm(&mut self, rng: &mut Rng) {
        self.threshold = *rng.pick(&[5.0, 10.0, 10.0, 20.0]);
        self.datapoints = *rng.pick(&[(1, 1), (2, 2), (2, 3), (3, 3)]);
        self.alarm_group = if rng.chance(0.8) { Some(0) } else { None };
        self.unlimited = rng.chance(0.5);
        self.missing_data = *rng.pick(&["notBreaching", "notBreaching", "missing", "ignore"]);
    }
}
