//! A large incident made from nothing: balancer metrics and twelve metrics of each of many targets, one in ten
//! of which is hot while the errors last.

mod surroundings;

use alb_triage::case::alarm::Alarm;
use alb_triage::case::health::TargetHealth;
use alb_triage::case::series::{Series, SeriesKey};
use alb_triage::case::topology::{Instance, TargetGroup};
use alb_triage::exchange::{Area, Fact, Subject, What};
use alb_triage::metrics;
use alb_triage::time::{Time, Window};
use chrono::DateTime;

const HOST_METRICS: [(&str, &str); 12] = [
    ("NetworkIn", "Sum"),
    ("NetworkOut", "Sum"),
    ("NetworkPacketsIn", "Sum"),
    ("StatusCheckFailed", "Maximum"),
    ("StatusCheckFailed_Instance", "Maximum"),
    ("StatusCheckFailed_System", "Maximum"),
    ("StatusCheckFailed_AttachedEBS", "Maximum"),
    ("CPUUtilization", "Average"),
    ("CPUCreditBalance", "Average"),
    ("CPUSurplusCreditBalance", "Average"),
    ("EBSIOBalance%", "Minimum"),
    ("EBSByteBalance%", "Minimum"),
];
const BALANCER_METRICS: [(&str, &str); 11] = [
    ("RequestCount", "Sum"),
    ("NewConnectionCount", "Sum"),
    ("ActiveConnectionCount", "Sum"),
    ("RejectedConnectionCount", "Sum"),
    ("HealthyHostCount", "Minimum"),
    ("UnHealthyHostCount", "Maximum"),
    ("TargetResponseTime", "Average"),
    ("HTTPCode_ELB_502_Count", "Sum"),
    ("HTTPCode_ELB_504_Count", "Sum"),
    ("HTTPCode_Target_5XX_Count", "Sum"),
    ("HTTPCode_Target_2XX_Count", "Sum"),
];
pub const MINUTES: i64 = 180;

fn at(minute: i64) -> Time {
    DateTime::from_timestamp(1_763_604_300 + minute * 60, 0).unwrap_or_default()
}

/// The first minute of the errors, and the first after them.
pub const ERRORS: std::ops::Range<i64> = 80..110;

/// -0.5 to 0.5, the same on every machine.
fn noise(salt: u64, minute: i64) -> f64 {
    let mut x = salt.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (minute as u64).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 31)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (x >> 11) as f64 / (1u64 << 53) as f64 - 0.5
}

/// What is made up.
#[derive(Clone, Copy)]
struct Span {
    minutes: i64,
    /// Each metric on the finest period it is published at; all by the minute otherwise.
    as_published: bool,
}

impl Span {
    fn period(self, metric: &str) -> i64 {
        let finest = metrics::find(metric).map_or(60, |m| i64::from(m.finest));
        if self.as_published { finest } else { 60 }
    }
}

/// A level with noise, that much higher while the errors last; in as many digits as CloudWatch has: counts and bytes
/// are whole, shares have four behind the point.
fn series(metric: &str, statistic: &str, dimension: (&str, &str), salt: u64, level: f64, rise: f64, span: Span) -> Series {
    let (period, digits) = (span.period(metric), if level < 1000.0 { 1e4 } else { 1.0 });
    let value = |m: i64| level * (if ERRORS.contains(&m) { rise } else { 1.0 } + 0.2 * noise(salt, m));
    let values = (0..span.minutes).step_by(period as usize / 60).map(|m| (value(m) * digits).round() / digits);
    Series {
        key: SeriesKey::new(metric, [dimension]),
        statistic: statistic.into(),
        period: period as u32,
        start: at(0),
        values: values.collect(),
    }
}

/// The errors: published only where there are any.
fn errors(span: Span) -> Series {
    let mut errors = series("TargetConnectionErrorCount", "Sum", ("LoadBalancer", BALANCER), 0, 90.0, 1.0, span);
    errors.values.iter_mut().zip(0..).filter(|(_, m)| !ERRORS.contains(m)).for_each(|(v, _)| *v = f64::NAN);
    errors
}

const BALANCER: &str = "app/web/1";
const GROUP: &str = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/1";

fn of_host(target: i64, span: Span) -> Vec<Series> {
    let (id, hot) = (id(target), target % 10 == 0);
    let one = |(i, (metric, statistic)): (usize, (&str, &str))| {
        let (level, rise) = match metric {
            "CPUUtilization" => (40.0, 2.2),
            "NetworkIn" | "NetworkOut" => (9e6, 2.0),
            "NetworkPacketsIn" => (9e4, 2.0),
            "CPUCreditBalance" => (576.0, 1.0),
            m if m.starts_with("EBS") => (99.0, 1.0),
            _ => (0.0, 1.0),
        };
        series(metric, statistic, ("InstanceId", &id), target as u64 * 12 + i as u64, level, if hot { rise } else { 1.0 }, span)
    };
    HOST_METRICS.into_iter().enumerate().map(one).collect()
}

fn id(target: i64) -> String {
    format!("i-{target:017x}")
}

fn instance(target: i64) -> Instance {
    let home = surroundings::home(target);
    Instance {
        id: id(target),
        instance_type: "m6i.large".into(),
        zone: home.zone.into(),
        subnet: home.subnet,
        vpc: surroundings::VPC.into(),
        private_ip: Some(home.address),
        security_groups: vec![surroundings::TARGETS.into()],
        state: "running".into(),
        launch_time: Some(at(-9000)),
        detailed_monitoring: true,
        ..Instance::default()
    }
}

fn health(target: i64) -> TargetHealth {
    TargetHealth { target_group: GROUP.into(), id: id(target), port: Some(8080), state: "healthy".into(), ..TargetHealth::default() }
}

/// The facts of an incident with so many targets, three hours by the minute.
pub fn facts(targets: i64) -> Vec<Fact> {
    facts_of(targets, Span { minutes: MINUTES, as_published: false })
}

/// What comes late: the errors once more.
#[allow(dead_code, reason = "not every benchmark follows an incident")]
pub fn one_more() -> Vec<Fact> {
    let what = What::Series(vec![errors(Span { minutes: MINUTES, as_published: false })]);
    vec![Fact { at: at(MINUTES), origin: None, what }]
}

/// A whole day of it, each metric on the period that it is published at.
#[allow(dead_code, reason = "not every benchmark opens a case")]
pub fn day(targets: i64) -> Vec<Fact> {
    facts_of(targets, Span { minutes: 1440, as_published: true })
}

fn facts_of(targets: i64, span: Span) -> Vec<Fact> {
    let minutes = span.minutes;
    let window = Window { start: at(0), end: at(minutes) };
    let subject = Subject { target: "errors".into(), at: None, window, now: at(minutes), demo: None };
    let alarm =
        Alarm { metric: "TargetConnectionErrorCount".into(), period: 60, threshold: 10.0, evaluation_periods: 1, ..Alarm::default() };
    let measured = BALANCER_METRICS.iter().zip(1..).map(|((m, s), salt)| series(m, s, ("LoadBalancer", BALANCER), salt, 9e4, 1.5, span));
    let balancer = std::iter::once(errors(span)).chain(measured).collect();
    let hosts: Vec<Series> = (0..targets).flat_map(|t| of_host(t, span)).collect();
    let group = TargetGroup {
        arn: GROUP.into(),
        name: "web".into(),
        target_type: "instance".into(),
        port: Some(8080),
        vpc: Some(surroundings::VPC.into()),
        ..TargetGroup::default()
    };
    let things = [
        What::TargetGroups(vec![group]),
        What::Instances((0..targets).map(instance).collect()),
        What::TargetHealth((0..targets).map(health).collect()),
    ];
    let settled =
        [Area::BalancerMetrics, Area::HostMetrics, Area::Network, Area::Balancer, Area::Changes].map(|area| What::Settled { area });
    [What::Subject(subject), What::Alarm(alarm), What::Series(balancer)]
        .into_iter()
        // As many as one answer of CloudWatch holds.
        .chain(hosts.chunks(500).map(|part| What::Series(part.to_vec())))
        .chain(things)
        .chain(surroundings::facts(targets, span.minutes))
        .chain(settled)
        .map(|what| Fact { at: at(minutes), origin: None, what })
        .collect()
}
