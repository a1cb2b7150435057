//! A small incident with everything in it that a report can show: written out, not simulated, so that a
//! test knows each word and number.

use alb_triage::accesslog::{AccessLog, FailureRow, RequestRow, Signature};
use alb_triage::analysis::timeline::{Entry, Kind, Relation, Timeline};
use alb_triage::analysis::{Analysis, Correlation, Direction, Episode, Order};
use alb_triage::case::Case;
use alb_triage::case::alarm::{Alarm, AlarmState, ChildAlarm, CodeAlarm, CompositeAlarm};
use alb_triage::case::answers::{Answer, Said};
use alb_triage::case::events::{Actor, ActorKind, Event, EventSource};
use alb_triage::case::gaps::{Gap, Reason};
use alb_triage::case::health::TargetHealth;
use alb_triage::case::series::{Series, SeriesKey};
use alb_triage::case::topology::{EcsService, Identity, Instance, LoadBalancer, TargetGroup, Zone};
use alb_triage::changes::console;
use alb_triage::checks::{Outcome, Status, Value};
use alb_triage::diagnosis::{Confidence, Likelihood, Named, Reason as Why};
use alb_triage::exchange::{Area, Cost, Fact, Origin, Subject, What};
use alb_triage::judge::{self, Judged};
use alb_triage::metrics::Role;
use alb_triage::say;
use alb_triage::time::{Time, Window};
use chrono::{DateTime, Duration, Utc};
use std::collections::BTreeMap;

pub const LB: &str = "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:loadbalancer/app/web-prod/50dc6c495c0c9188";
pub const TG: &str = "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:targetgroup/api-8080/73e2d6bc24d8a067";

pub fn t(text: &str) -> Time {
    DateTime::parse_from_rfc3339(text).unwrap().with_timezone(&Utc)
}

pub fn generated_at() -> Time {
    t("2026-11-20T03:00:00Z")
}

fn minute(n: i64) -> Time {
    t("2026-11-20T02:00:00Z") + Duration::minutes(n)
}

/// The facts, with `word` in every place where foreign text can stand.
pub fn facts_with(word: &str) -> Vec<Fact> {
    let dimension = |arn: &str| arn.rsplit(':').next().unwrap().trim_start_matches("loadbalancer/").to_owned();
    let dims = BTreeMap::from([("LoadBalancer".into(), dimension(LB)), ("TargetGroup".into(), dimension(TG))]);
    let whats = vec![
        What::Subject(Subject {
            target: format!("web-prod-conn-errors{word}").into(),
            at: None,
            window: Window { start: minute(0), end: minute(60) },
            now: minute(60),
            demo: None,
        }),
        What::Identity(Identity {
            account: "123456789012".into(),
            alias: Some(format!("acme-prod{word}").into()),
            arn: "arn:aws:sts::123456789012:assumed-role/oncall-readonly/alice.nguyen".into(),
            region: "ap-northeast-1".into(),
            expires: None,
        }),
        What::Alarm(Alarm {
            name: format!("web-prod-conn-errors{word}").into(),
            arn: "arn:aws:cloudwatch:ap-northeast-1:123456789012:alarm:web-prod-conn-errors".into(),
            namespace: "AWS/ApplicationELB".into(),
            metric: "TargetConnectionErrorCount".into(),
            statistic: "Sum".into(),
            dimensions: dims.clone(),
            period: 60,
            threshold: 10.0,
            comparison: "GreaterThanThreshold".into(),
            evaluation_periods: 3,
            datapoints_to_alarm: 2,
            treat_missing_data: "notBreaching".into(),
            actions_enabled: true,
            state: AlarmState::Alarm,
            state_reason: format!("Threshold Crossed{word}").into(),
            state_updated: Some(minute(15)),
            ..Alarm::default()
        }),
        What::LoadBalancer(LoadBalancer {
            arn: LB.into(),
            name: format!("web-prod{word}").into(),
            scheme: "internet-facing".into(),
            vpc: "vpc-0aa11bb22cc33dd44".into(),
            state: "active".into(),
            security_groups: vec!["sg-0ba1a9ce400000001".into()],
            zones: vec![Zone { name: "ap-northeast-1a".into(), subnet: "subnet-0a1a1a1a1a1a1a1a1".into() }],
            ..LoadBalancer::default()
        }),
        What::TargetGroups(vec![TargetGroup {
            arn: TG.into(),
            name: format!("api-8080{word}").into(),
            target_type: "instance".into(),
            protocol: Some("HTTP".into()),
            port: Some(8080),
            ..TargetGroup::default()
        }]),
        What::TargetHealth(vec![TargetHealth {
            target_group: TG.into(),
            id: "i-0ab12cd34ef56ab78".into(),
            port: Some(8080),
            zone: Some("ap-northeast-1a".into()),
            state: "unhealthy".into(),
            reason: Some("Target.Timeout".into()),
            description: Some(format!("Request timed out{word}").into()),
            ..TargetHealth::default()
        }]),
        What::Instances(vec![Instance {
            id: "i-0ab12cd34ef56ab78".into(),
            name: Some(format!("api-1.corp.acme.example{word}").into()),
            instance_type: "m6i.large".into(),
            zone: "ap-northeast-1a".into(),
            subnet: "subnet-0a1a1a1a1a1a1a1a1".into(),
            private_ip: Some("10.20.1.57".into()),
            state: "running".into(),
            security_groups: vec!["sg-0f00dbabe00000002".into()],
            ..Instance::default()
        }]),
        What::Series(vec![errors(dims.clone()), requests(dims)]),
        What::Events(vec![revoke(word)]),
        What::AccessLog(Box::new(access_log(word))),
        What::CodeAlarms(vec![CodeAlarm {
            file: format!("envs/prod/alarms{word}.tf").into(),
            line: 12,
            address: format!("aws_cloudwatch_metric_alarm.conn{word}").into(),
            fields: BTreeMap::from([("threshold".into(), "50".into())]),
            ..CodeAlarm::default()
        }]),
        What::CompositeAlarms(vec![CompositeAlarm {
            name: format!("acme-checkout-page{word}").into(),
            rule: format!("ALARM(\"acme-checkout-conn\") OR ALARM(acme-cpu){word}").into(),
            state_reason: format!("acme-checkout-conn is in ALARM{word}").into(),
            children: [(
                "acme-checkout-conn".to_owned(),
                ChildAlarm { watches: format!("a metric{word}").into(), ..ChildAlarm::default() },
            )]
            .into(),
            ..CompositeAlarm::default()
        }]),
        What::EcsServices(vec![EcsService {
            arn: "arn:aws:ecs:ap-northeast-1:123456789012:service/acme-prod/acme-api".into(),
            cluster: format!("acme-prod{word}").into(),
            name: format!("acme-api{word}").into(),
            target_groups: vec![TG.into()],
            container: format!("acme-app{word}").into(),
            stop_timeout: Some(5),
            ..EcsService::default()
        }]),
        What::Consoles(vec![console::read(
            "i-0ab12cd34ef56ab78",
            None,
            &format!("[ 0.0] Linux version 6\n[ 9.0] Out of memory: Killed process 7 (java){word}\n"),
        )]),
        What::Answer(Answer {
            check: "ask-infra-team".into(),
            answer: Said::Yes,
            note: format!("tightened the web rule at 02:11{word}").into(),
            by: format!("bob@acme.example{word}").into(),
            at: minute(50),
        }),
        What::Gap(Gap {
            area: Area::AwsHealth,
            subject: format!("health:DescribeEvents{word}").into(),
            reason: Reason::NotEnabled,
            action: None,
            detail: format!("AWS Health's API needs Business support or better{word}").into(),
        }),
        What::Cost(Cost {
            calls: BTreeMap::from([("cloudwatch:GetMetricData".into(), 3), ("cloudtrail:LookupEvents".into(), 6)]),
            metrics_requested: 84,
            estimated_usd: 0.000_84,
        }),
    ];
    let origin = |what: &What| match what {
        What::Series(_) => Some(Origin {
            operation: "cloudwatch:GetMetricData".into(),
            parameters: BTreeMap::from([("Period".into(), "60".into()), ("StartTime".into(), "2026-11-20T02:00:00Z".into())]),
        }),
        _ => None,
    };
    whats.into_iter().map(|what| Fact { at: minute(61), origin: origin(&what), what }).collect()
}

fn series(metric: &str, dimensions: BTreeMap<String, String>, value: impl Fn(i64) -> f64) -> Series {
    let key = SeriesKey { metric: metric.into(), dimensions };
    Series { key, statistic: "Sum".into(), period: 60, start: minute(0), values: (0..60).map(value).collect() }
}

fn errors(dims: BTreeMap<String, String>) -> Series {
    series("TargetConnectionErrorCount", dims, |m| if (12..41).contains(&m) { 40.0 + m as f64 } else { f64::NAN })
}

fn requests(dims: BTreeMap<String, String>) -> Series {
    series("RequestCount", dims, |m| 1000.0 + (m % 7) as f64)
}

fn revoke(word: &str) -> Event {
    Event {
        id: "9f1c0d9a-1111-2222-3333-444455556666".into(),
        at: t("2026-11-20T02:11:40Z"),
        end: None,
        source: EventSource::CloudTrail,
        name: format!("RevokeSecurityGroupIngress{word}").into(),
        service: "ec2.amazonaws.com".into(),
        actor: Actor {
            name: format!("bob.tran{word}").into(),
            kind: ActorKind::Person,
            arn: "arn:aws:iam::123456789012:user/bob.tran".into(),
            from: "203.0.113.77".into(),
            user_agent: format!("console.amazonaws.com{word}").into(),
            tool: Some("console".into()),
        },
        resources: vec!["sg-0f00dbabe00000002".into()],
        summary: format!("tcp 8080 from sg-0ba1a9ce400000001 removed from sg-0f00dbabe00000002{word}").into(),
        error: None,
        raw: None,
    }
}

fn access_log(word: &str) -> AccessLog {
    let failure = |m, count, signature, status| FailureRow {
        minute: minute(m),
        target: "10.20.1.57:8080".into(),
        signature,
        status,
        node: "10.20.0.9".into(),
        group: "api-8080".into(),
        static_file: false,
        count,
    };
    AccessLog {
        source: format!("s3://acme-alb-logs/prod{word}").into(),
        window: Some(Window { start: minute(0), end: minute(60) }),
        files: 24,
        bytes: 1_200_000,
        lines: 60_000,
        malformed: 1,
        failures: (12..41)
            .map(|m| failure(m, 40 + m as u64, Signature::ConnectTimeout, 504))
            .chain([failure(3, 2, Signature::App5xx, 500)])
            .collect(),
        requests: (0..60)
            .map(|m| RequestRow {
                minute: minute(m),
                target: "10.20.1.57:8080".into(),
                group: "api-8080".into(),
                ok: 1000,
                failed: if (12..41).contains(&m) { 40 + m as u64 } else { 0 },
                syn_retries: 0,
            })
            .collect(),
        malformed_samples: vec![format!("not a log line{word}").into()],
        ..AccessLog::default()
    }
}

pub fn facts() -> Vec<Fact> {
    facts_with("")
}

/// A judgement of the sample with every field filled, whatever the checks of today make of it.
pub fn judged_with(case: &Case, word: &str) -> Judged {
    let mut j = judge::judge(case, None).unwrap();
    let onset = t("2026-11-20T02:12:00Z");
    j.analysis = analysis(case, onset);
    let w = word;
    j.book.entries.clear();
    let path = j.book.add(
        "path.sg-0f00dbabe00000002.8080",
        say!(
            "no rule of sg-0f00dbabe00000002 lets sg-0ba1a9ce400000001 reach port 8080{w}",
            "không quy tắc nào của sg-0f00dbabe00000002 cho sg-0ba1a9ce400000001 vào cổng 8080{w}"
        ),
        Area::Network,
        vec![],
    );
    let timeouts = j.book.add_from(
        "access-log.connect-timeout",
        say!("1,914 requests answered 504 after 10 s with nothing sent{w}", "1.914 yêu cầu nhận 504 sau 10 giây mà không gửi được gì{w}"),
        Area::AccessLog,
        vec![Value::new("requests", 1914.0).unit("count").at(onset), Value::new("share", 0.061_234_567_89)],
        Some(Origin { operation: "s3:GetObject".into(), parameters: BTreeMap::from([("Bucket".into(), "acme-alb-logs".into())]) }),
    );
    let load = j.book.add(
        "load.same",
        say!("requests stayed at 1,003 a minute{w}", "lượng yêu cầu vẫn là 1.003 mỗi phút{w}"),
        Area::BalancerMetrics,
        vec![],
    );
    outcomes(&mut j, [&path, &timeouts, &load], w);
    hypotheses(&mut j, [path, timeouts, load], w);
    j.coverage.ran = j.coverage.total.saturating_sub(1);
    j
}

fn outcomes(j: &mut Judged, [path, timeouts, load]: [&String; 3], w: &str) {
    for o in &mut j.outcomes {
        (o.status, o.summary) = (Status::Pass, say!("nothing unusual{w}", "không có gì lạ{w}"));
    }
    let mut set = |id: &str, status, text, evidence: Vec<&String>| {
        let o: &mut Outcome = j.outcomes.iter_mut().find(|o| o.check == id).unwrap();
        (o.status, o.summary, o.evidence) = (status, text, evidence.into_iter().cloned().collect());
    };
    set("firewall", Status::Fail, say!("port 8080 is closed to the balancer{w}", "cổng 8080 đóng với bộ cân bằng tải{w}"), vec![path]);
    set("access-log-5xx", Status::Fail, say!("1,914 connect timeouts{w}", "1.914 lần hết giờ kết nối{w}"), vec![timeouts]);
    set("request-count", Status::Pass, say!("unchanged{w}", "không đổi{w}"), vec![load]);
    set("aws-status", Status::Waiting, say!("not read yet{w}", "chưa đọc{w}"), vec![]);
    set("ask-app-team", Status::Ask, say!("ask them{w}", "hãy hỏi{w}"), vec![]);
}

fn hypotheses(j: &mut Judged, [path, timeouts, load]: [String; 3], w: &str) {
    let why = |e: &String, points| Why { evidence: e.clone(), points };
    for h in &mut j.hypotheses {
        match h.cause {
            "target-security-group" => {
                (h.verdict, h.probability, h.points) = (Likelihood::Confirmed, 0.962_345_678_9, 28);
                h.reasons_for = vec![why(&path, 18), why(&timeouts, 12)];
                h.missing = vec![say!("the group's rules before 02:11{w}", "quy tắc của nhóm trước 02:11{w}")];
                h.next_step = say!(
                    "put the rule back: tcp 8080 from sg-0ba1a9ce400000001{w}",
                    "thêm lại quy tắc: tcp 8080 từ sg-0ba1a9ce400000001{w}"
                );
            }
            "overload" => {
                (h.verdict, h.probability, h.points) = (Likelihood::RuledOut, 0.001, -22);
                h.reasons_for = vec![why(&timeouts, 6)];
                h.reasons_against = vec![why(&load, -15), why(&"not.in.the.book".to_owned(), -1)];
                h.refuted_by = Some(load.clone());
            }
            _ => {}
        }
    }
    j.hypotheses.sort_by(|a, b| b.probability.total_cmp(&a.probability));
    j.verdict.cause = Named::Cause("target-security-group");
    j.verdict.confidence = Confidence::High;
    j.verdict.sentence = say!(
        "a security group of the targets stopped letting the balancer in{w}",
        "nhóm bảo mật của máy đích không còn cho bộ cân bằng tải vào{w}"
    );
    j.verdict.next_steps =
        vec![say!("put the rule back: tcp 8080 from sg-0ba1a9ce400000001{w}", "thêm lại quy tắc: tcp 8080 từ sg-0ba1a9ce400000001{w}")];
}

fn analysis(case: &Case, onset: Time) -> Analysis {
    let (key, event) = case.events.iter().next().unwrap();
    let entry = Entry {
        events: vec![key.clone()],
        at: event.at,
        end: None,
        kind: Kind::SecurityGroup,
        relation: Relation::TargetNetwork,
        touches: Some("sg-0f00dbabe00000002".into()),
        seconds_from_onset: Some((event.at - onset).num_seconds()),
        rank: 1,
        likelihood: 12.0,
        attempt: false,
        symptom: false,
    };
    let correlation = Correlation {
        key: case.series.of("RequestCount").next().unwrap().0.clone(),
        role: Role::Cause,
        rank: 1,
        score: 0.112_345_678_901,
        r: 0.2,
        r_by_chance: 0.3,
        lag: -60,
        onset: None,
        onset_uncertainty: 0,
        direction: Direction::Up,
        order: Order::Coincides,
        before: 1003.0,
        during: 1003.0,
        step: 0.1,
        associated: false,
        went_silent: false,
        by_effect: false,
    };
    let episode = Episode { onset, onset_uncertainty: 60, end: Some(minute(41)), peak: 80.0, total: 1914.0, score: 900.0, isolated: false };
    Analysis {
        window: case.window(),
        episodes: vec![episode],
        correlations: vec![correlation],
        timeline: Timeline { entries: vec![entry], folded: 3, ..Timeline::default() },
        ..Analysis::default()
    }
}

/// The case and its judgement.
pub fn both() -> (Case, Judged) {
    with("")
}

/// The same with `word` in every foreign place.
pub fn with(word: &str) -> (Case, Judged) {
    let case = Case::from_facts(facts_with(word));
    let judged = judged_with(&case, "");
    (case, judged)
}
