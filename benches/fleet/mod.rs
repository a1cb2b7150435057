//! A large incident made from nothing: balancer metrics and twelve metrics of each of many targets.

use alb_triage::case::alarm::Alarm;
use alb_triage::case::series::{Series, SeriesKey};
use alb_triage::exchange::{Area, Fact, Subject, What};
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
const BALANCER_METRICS: [(&str, &str); 12] = [
    ("TargetConnectionErrorCount", "Sum"),
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

fn series(metric: &str, statistic: &str, dimension: (&str, &str), salt: i64) -> Series {
    let value = |m: i64| (((m * 7919 + salt * 104_729) % 997) as f64) + if (80..110).contains(&m) { 4000.0 } else { 0.0 };
    Series {
        key: SeriesKey::new(metric, [dimension]),
        statistic: statistic.into(),
        period: 60,
        start: at(0),
        values: (0..MINUTES).map(value).collect(),
    }
}

/// The facts of an incident with so many targets, three hours by the minute.
pub fn facts(targets: i64) -> Vec<Fact> {
    let window = Window { start: at(0), end: at(MINUTES) };
    let subject = Subject { target: "errors".into(), at: None, window, now: at(MINUTES), demo: None };
    let alarm =
        Alarm { metric: "TargetConnectionErrorCount".into(), period: 60, threshold: 10.0, evaluation_periods: 1, ..Alarm::default() };
    let balancer = BALANCER_METRICS.iter().enumerate().map(|(i, (m, s))| series(m, s, ("LoadBalancer", "app/web/1"), i as i64));
    let hosts = (0..targets).flat_map(|t| {
        let id = format!("i-{t:017x}");
        HOST_METRICS.map(|(m, s)| series(m, s, ("InstanceId", &id), t))
    });
    let settled = [Area::BalancerMetrics, Area::HostMetrics].map(|area| What::Settled { area });
    [What::Subject(subject), What::Alarm(alarm), What::Series(balancer.collect()), What::Series(hosts.collect())]
        .into_iter()
        .chain(settled)
        .map(|what| Fact { at: at(MINUTES), origin: None, what })
        .collect()
}
