//! A small incident for the screens: load triples, CPU saturates, connections fail, a scale-in came before.

use alb_triage::accesslog::{AccessLog, FailureRow, Signature};
use alb_triage::applog::{AppLog, Level, Sign, Template};
use alb_triage::case::alarm::{Alarm, AlarmChange, AlarmChangeKind, AlarmState};
use alb_triage::case::events::{Actor, ActorKind, Event, EventSource, Reach};
use alb_triage::case::gaps::{Gap, Reason};
use alb_triage::case::health::TargetHealth;
use alb_triage::case::series::Series;
use alb_triage::case::series::SeriesKey;
use alb_triage::case::topology::{Identity, Instance, Listener, LoadBalancer, Rule, TargetGroup, Zone};
use alb_triage::exchange::{Area, Cost, Fact, Subject, What};
use alb_triage::time::{Time, Window};
use chrono::{DateTime, Duration};

pub const LB: &str = "app/web-prod/50dc6c495c0c9188";
pub const TG: &str = "targetgroup/api-8080/73e2d6bc24d8a067";
const ARN: &str = "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012";

pub fn at(minute: i64) -> Time {
    DateTime::from_timestamp(1_763_604_300 + minute * 60, 0).unwrap()
}

/// Three hours from 02:05, the errors start at minute 68.
pub fn window() -> Window {
    Window { start: at(0), end: at(180) }
}

pub fn fact(what: What) -> Fact {
    Fact { at: at(181), origin: None, what }
}

/// 0 before, 1 at the height of it, back to 0.
fn wave(minute: i64, from: i64, to: i64) -> f64 {
    if minute < from || minute >= to {
        return 0.0;
    }
    let x = (minute - from) as f64 / (to - from) as f64;
    (1.0 - (2.0 * x - 1.0).powi(2)).max(0.0).powf(0.35)
}

/// A little noise that is the same each time.
fn noise(i: i64, salt: i64) -> f64 {
    let mut x = (i.wrapping_mul(0x9e37_79b9) ^ salt.wrapping_mul(0x85eb_ca6b)) as u64;
    x ^= x >> 13;
    x = x.wrapping_mul(0xc2b2_ae35);
    x ^= x >> 16;
    (x % 1000) as f64 / 1000.0
}

pub fn series(metric: &str, dimensions: &[(&str, &str)], statistic: &str, period: u32, f: impl Fn(i64) -> f64) -> Series {
    let n = 180 * 60 / i64::from(period);
    Series {
        key: SeriesKey::new(metric, dimensions.iter().copied()),
        statistic: statistic.into(),
        period,
        start: at(0),
        values: (0..n).map(|i| f(i * i64::from(period) / 60)).collect(),
    }
}

const ABSENT: f64 = f64::NAN;

fn balancer_series() -> Vec<Series> {
    let tg = [("LoadBalancer", LB), ("TargetGroup", TG)];
    let lb = [("LoadBalancer", LB)];
    let requests = |m: i64| 26_000.0 + 1500.0 * noise(m, 1) + 55_000.0 * wave(m, 64, 100);
    let errors = |m: i64| if (68..98).contains(&m) { (420.0 * wave(m, 67, 98) + 20.0 * noise(m, 2)).round() } else { ABSENT };
    vec![
        series("TargetConnectionErrorCount", &tg, "Sum", 60, errors),
        series("RequestCount", &tg, "Sum", 60, |m| if m < 179 { requests(m).round() } else { 9000.0 }),
        series("HealthyHostCount", &tg, "Minimum", 60, |m| if (70..96).contains(&m) { 3.0 } else { 4.0 }),
        series("UnHealthyHostCount", &tg, "Maximum", 60, |m| if (70..96).contains(&m) { 1.0 } else { 0.0 }),
        series("TargetResponseTime", &tg, "Average", 60, |m| 0.04 + 0.01 * noise(m, 3) + 4.0 * wave(m, 65, 100)),
        series("TargetResponseTime", &tg, "p99", 60, |m| 0.12 + 0.05 * noise(m, 4) + 9.8 * wave(m, 65, 100)),
        series(
            "HTTPCode_ELB_504_Count",
            &lb,
            "Sum",
            60,
            |m| if (68..98).contains(&m) { (398.0 * wave(m, 67, 98)).round() } else { ABSENT },
        ),
        series("RequestCount", &lb, "Sum", 60, |m| requests(m).round()),
    ]
}

fn host_series() -> Vec<Series> {
    let mut all = Vec::new();
    for (i, id) in HOSTS.iter().enumerate() {
        let (host, salt) = ([("InstanceId", *id)], i as i64);
        all.push(series("CPUUtilization", &host, "Average", 60, move |m| {
            (34.0 + 4.0 * noise(m, 10 + salt) + 62.0 * wave(m, 65, 99)).min(100.0)
        }));
        all.push(series("NetworkIn", &host, "Sum", 60, move |m| 9e7 + 6e6 * noise(m, 20 + salt) + 2.2e8 * wave(m, 65, 99)));
        all.push(series("NetworkPacketsIn", &host, "Sum", 300, move |m| 4e5 + 2e4 * noise(m, 30 + salt) + 9e5 * wave(m, 65, 99)));
        all.push(series(
            "StatusCheckFailed",
            &host,
            "Maximum",
            60,
            move |m| if salt == 2 && (120..126).contains(&m) { ABSENT } else { 0.0 },
        ));
    }
    all
}

pub const HOSTS: [&str; 4] = ["i-0ab12c34d56e78f90", "i-0bc23d45e67f89a01", "i-0cd34e56f78a90b12", "i-0de45f67a89b01c23"];

fn event(id: &str, minute: i64, name: &str, by: &str, summary: &str, on: &str) -> Event {
    Event {
        id: id.into(),
        at: at(minute) + Duration::seconds(11),
        end: None,
        source: EventSource::CloudTrail,
        name: name.into(),
        service: "autoscaling.amazonaws.com".into(),
        actor: Actor { name: by.into(), kind: ActorKind::Role, tool: Some("Terraform 1.9".into()), ..Actor::default() },
        resources: vec![on.into()],
        summary: summary.into(),
        error: None,
        raw: Some(serde_json::json!({"eventName": name, "requestParameters": {"desiredCapacity": 4}, "note": "kết nối\u{1b}[31m接続"})),
    }
}

pub fn events() -> Vec<Event> {
    vec![
        event("e1", 61, "SetDesiredCapacity", "ci-scaler", "web-prod desired 6 → 4", "web-prod"),
        event("e2", 93, "SetDesiredCapacity", "oncall", "web-prod desired 4 → 6", "web-prod"),
        Event {
            end: Some(at(52)),
            source: EventSource::CodeDeploy,
            ..event("d1", 44, "Deployment d-ABC123", "ci", "api 4.2.1 to 4 instances", "api")
        },
        event("e3", 20, "PutMetricAlarm", "triển-khai", "ngưỡng 5 → 1", "api-errors"),
    ]
}

fn topology() -> Vec<What> {
    let group = format!("{ARN}:{TG}");
    let targets = HOSTS.iter().enumerate().map(|(i, id)| TargetHealth {
        target_group: group.clone(),
        id: (*id).into(),
        port: Some(8080),
        zone: Some(["ap-northeast-1a", "ap-northeast-1c"][i % 2].into()),
        health_check_port: Some(8080),
        state: "healthy".into(),
        ..TargetHealth::default()
    });
    let instances = HOSTS.iter().enumerate().map(|(i, id)| Instance {
        id: (*id).into(),
        instance_type: "m5.large".into(),
        state: "running".into(),
        private_ip: Some(format!("10.0.{i}.5")),
        ..Instance::default()
    });
    let rule = Rule { priority: "default".into(), action: "forward".into(), ..Rule::default() };
    vec![
        What::LoadBalancer(LoadBalancer {
            arn: format!("{ARN}:loadbalancer/{LB}"),
            name: "web-prod".into(),
            scheme: "internet-facing".into(),
            state: "active".into(),
            vpc: "vpc-0a1b2c3d".into(),
            security_groups: vec!["sg-0balancer".into()],
            zones: vec![
                Zone { name: "ap-northeast-1a".into(), subnet: "subnet-a".into() },
                Zone { name: "ap-northeast-1c".into(), subnet: "subnet-c".into() },
            ],
            ..LoadBalancer::default()
        }),
        What::Listeners(vec![Listener { arn: "l1".into(), port: 443, protocol: "HTTPS".into(), rules: vec![rule] }]),
        What::TargetGroups(vec![TargetGroup {
            arn: group.clone(),
            name: "api-8080".into(),
            target_type: "instance".into(),
            protocol: Some("HTTP".into()),
            port: Some(8080),
            ..TargetGroup::default()
        }]),
        What::TargetHealth(targets.collect()),
        What::Instances(instances.collect()),
    ]
}

fn alarm() -> Alarm {
    Alarm {
        name: "api-errors".into(),
        arn: "arn:aws:cloudwatch:ap-northeast-1:123456789012:alarm:api-errors".into(),
        namespace: "AWS/ApplicationELB".into(),
        metric: "TargetConnectionErrorCount".into(),
        statistic: "Sum".into(),
        dimensions: [("LoadBalancer".to_owned(), LB.to_owned()), ("TargetGroup".to_owned(), TG.to_owned())].into(),
        period: 60,
        threshold: 50.0,
        comparison: "GreaterThanThreshold".into(),
        evaluation_periods: 3,
        datapoints_to_alarm: 2,
        treat_missing_data: "notBreaching".into(),
        actions_enabled: true,
        state: AlarmState::Ok,
        ..Alarm::default()
    }
}

fn access_log() -> AccessLog {
    let targets = ["10.0.0.5:8080", "10.0.1.5:8080", "10.0.2.5:8080", "10.0.3.5:8080"];
    let failures = (68..98).flat_map(|m| {
        targets.iter().enumerate().map(move |(i, t)| FailureRow {
            minute: at(m),
            target: (*t).into(),
            signature: if i == 3 { Signature::SlowTarget } else { Signature::ConnectTimeout },
            status: 504,
            node: ["10.0.0.200", "10.0.1.200"][i % 2].into(),
            group: "api-8080".into(),
            static_file: false,
            count: (90.0 * wave(m, 67, 98)) as u64 + i as u64,
        })
    });
    AccessLog {
        source: "s3://logs/web-prod".into(),
        window: Some(window()),
        files: 72,
        lines: 5_210_331,
        failures: failures.collect(),
        samples: vec![(
            Signature::ConnectTimeout,
            "https 2025-11-20T03:20:01Z app/web-prod 10.1.1.1:4711 10.0.0.5:8080 -1 -1 -1 504 - …".into(),
        )],
        ..AccessLog::default()
    }
}

fn app_log() -> AppLog {
    let template = |id, pattern: &str, level, sign, from: i64, to: i64, n: u32| Template {
        id,
        pattern: pattern.into(),
        level,
        sign,
        total: u64::from(n) * (to - from) as u64,
        counts: (from..to).map(|m| (at(m), n)).collect(),
        samples: vec![pattern.replace("<*>", "4711").into()],
        streams: vec!["web-prod/i-0ab12".into()],
    };
    AppLog {
        name: "/web-prod/api".into(),
        window: Some(window()),
        lines: 81_233,
        templates: vec![
            template(1, "GET <*> 200 <*> ms", Level::Info, None, 0, 180, 400),
            template(2, "[CRITICAL] WORKER TIMEOUT (pid:<*>)", Level::Error, Some(Sign::WorkerTimeout), 69, 98, 3),
        ],
        ..AppLog::default()
    }
}

/// Everything but the marks of what is settled.
pub fn known() -> Vec<Fact> {
    let identity = Identity {
        account: "123456789012".into(),
        arn: "arn:aws:sts::123456789012:assumed-role/oncall-readonly/mai".into(),
        region: "ap-northeast-1".into(),
        ..Identity::default()
    };
    let change =
        |minute, kind, summary: &str| AlarmChange { at: at(minute), kind, summary: summary.into(), reason: "2 of 3 datapoints".into() };
    let subject = Subject { target: "api-errors".into(), at: None, window: window(), now: at(180) + Duration::seconds(-30), demo: None };
    let mut what = vec![
        What::Subject(subject),
        What::Identity(identity),
        What::Alarm(alarm()),
        What::AlarmChanges(vec![change(70, AlarmChangeKind::ToAlarm, "OK → ALARM"), change(100, AlarmChangeKind::ToOk, "ALARM → OK")]),
        What::Series(balancer_series()),
        What::Series(host_series()),
        What::Events(events()),
        What::Reach(Reach {
            area: Area::Changes,
            source: EventSource::CloudTrail,
            from: at(0),
            to: at(180),
            capped: false,
            pages: 6,
            settled_until: at(166),
        }),
        What::AccessLog(Box::new(access_log())),
        What::AppLog(Box::new(app_log())),
        What::Gap(Gap {
            area: Area::AwsHealth,
            subject: "AWS Health".into(),
            reason: Reason::NotEnabled,
            action: None,
            detail: "the support plan does not include the Health API".into(),
        }),
        What::Gap(Gap {
            area: Area::Network,
            subject: "DescribeNetworkAcls".into(),
            reason: Reason::Denied,
            action: Some("ec2:DescribeNetworkAcls".into()),
            detail: "You are not authorized to perform this operation.".into(),
        }),
        What::Cost(Cost { calls: [("cloudwatch:GetMetricData".to_owned(), 27)].into(), metrics_requested: 400, estimated_usd: 0.004 }),
    ];
    what.extend(topology());
    what.into_iter().map(fact).collect()
}

pub const AREAS: [Area; 19] = [
    Area::Identity,
    Area::Alarm,
    Area::AlarmHistory,
    Area::Balancer,
    Area::TargetHealth,
    Area::BalancerMetrics,
    Area::Instances,
    Area::HostMetrics,
    Area::Changes,
    Area::Lifecycle,
    Area::Network,
    Area::AccessLog,
    Area::HealthCheckLog,
    Area::AppLog,
    Area::Consoles,
    Area::AlarmCode,
    Area::AwsHealth,
    Area::Baseline,
    Area::People,
];

/// The whole incident, everything settled.
pub fn facts() -> Vec<Fact> {
    known().into_iter().chain(AREAS.into_iter().map(|area| fact(What::Settled { area }))).collect()
}
