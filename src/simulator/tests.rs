use super::*;
use crate::accesslog::Signature;
use crate::case::Case;
use crate::case::alarm::AlarmState;
use crate::case::series::{Series, SeriesKey};
use crate::exchange::Area;
use crate::metrics::{self, Scope};
use crate::time::Window;

fn case(scenario: &Scenario) -> (Case, Truth) {
    let incident = simulate(scenario);
    (Case::from_facts(incident.facts), incident.truth)
}

fn group(case: &Case, metric: &str) -> Series {
    let dimension = |arn: &str| crate::case::topology::dimension_of(arn).to_owned();
    let (lb, tg) = (dimension(&case.load_balancer.as_ref().unwrap().arn), dimension(&case.target_groups[0].arn));
    let key = SeriesKey::new(metric, [("LoadBalancer", lb.as_str()), ("TargetGroup", tg.as_str())]);
    case.series.get(&key).unwrap().best("", case.window().unwrap()).unwrap().clone()
}

/// Values from some minutes before the true onset on; absent is 0.
fn around(series: &Series, truth: &Truth, before: i64, n: usize) -> Vec<f64> {
    let first = (truth.onset.unwrap() - series.start).num_minutes() - before;
    (0..n).map(|i| series.values[first as usize + i]).map(|v| if v.is_nan() { 0.0 } else { v }).collect()
}

#[test]
fn the_same_seed_is_the_same_incident() {
    let scenario = Scenario::random(Cause::Overload, 7);
    let (a, b) = (simulate(&scenario), simulate(&scenario));
    assert_eq!(a.truth, b.truth);
    assert_eq!(a.facts, b.facts);
    assert_ne!(a.facts, simulate(&Scenario::random(Cause::Overload, 8)).facts);
}

#[test]
fn facts_survive_being_written_down() {
    for fact in simulate(&Scenario::plain(Cause::Zone, 3)).facts {
        let text = serde_json::to_string(&fact).unwrap();
        assert_eq!(serde_json::from_str::<Fact>(&text).unwrap(), fact);
    }
}

#[test]
fn only_metrics_and_dimensions_that_exist_are_published() {
    for cause in [Cause::Overload, Cause::RollingReplacement, Cause::BalancerCapacity, Cause::LambdaAuthWaf] {
        let mut scenario = Scenario::plain(cause, 5);
        scenario.sight.agent = true;
        for (key, _) in case(&scenario).0.series.iter() {
            let row = metrics::find(&key.metric).unwrap_or_else(|| panic!("{} is not in the catalog", key.metric));
            let scope = match (key.zone(), key.group(), key.instance()) {
                (_, _, Some(_)) if row.namespace == "CWAgent" => Scope::Agent,
                (_, _, Some(_)) => Scope::Instance,
                (Some(_), Some(_), _) => Scope::GroupZone,
                (Some(_), None, _) => Scope::Zone,
                (None, Some(_), _) => Scope::Group,
                _ if key.dimension("ServiceName").is_some() => Scope::EcsService,
                _ => Scope::Balancer,
            };
            assert!(row.scopes.contains(&scope), "{} has no {scope:?}", key.metric);
        }
    }
}

#[test]
fn error_counts_are_absent_rather_than_zero() {
    let (case, _) = case(&Scenario::plain(Cause::ProcessDown, 3));
    for metric in ["TargetConnectionErrorCount", "HTTPCode_ELB_502_Count", "HTTPCode_ELB_504_Count"] {
        assert!(case.series.of(metric).all(|(_, t)| t.stretches().iter().all(|s| s.values.iter().all(|v| *v != 0.0))), "{metric}");
    }
}

#[test]
fn nothing_is_known_from_after_now() {
    for cause in Cause::ALL {
        let (case, _) = case(&Scenario::random(cause, 21));
        let now = case.now().unwrap();
        assert!(case.series.newest().unwrap() < now, "{}", cause.id());
        assert!(case.events.keys().all(|k| k.0 < now), "{}", cause.id());
        assert!(case.alarm_changes.iter().all(|c| c.at < now), "{}", cause.id());
    }
}

#[test]
fn every_area_is_settled_whatever_may_be_read() {
    let mut scenario = Scenario::plain(Cause::Overload, 2);
    scenario.sight.denied = vec![Area::Changes, Area::AccessLog];
    let (case, _) = case(&scenario);
    let areas = [Area::Alarm, Area::BalancerMetrics, Area::HostMetrics, Area::Changes, Area::AccessLog, Area::AppLog, Area::Network];
    assert!(areas.iter().all(|a| !case.is_waiting_for(*a)));
    assert!(case.events.is_empty() || case.events.keys().all(|k| k.1 != crate::case::events::EventSource::CloudTrail));
    assert!(case.gaps_of(&[Area::Changes]).any(|g| g.action.as_deref() == Some("cloudtrail:LookupEvents")));
    assert!(case.access_log.is_none());
}

#[test]
fn a_security_group_ramps_and_an_acl_steps() {
    let long = |cause| Scenario { lasts: None, ..Scenario::plain(cause, 4) };
    let (sg, truth) = case(&long(Cause::TargetSecurityGroup));
    let ramp = around(&group(&sg, "TargetConnectionErrorCount"), &truth, 0, 12);
    assert!(ramp[1] < 0.6 * ramp[11] && ramp[3] < ramp[11], "open connections live on: {ramp:?}");
    let (acl, truth) = case(&long(Cause::NetworkAcl));
    let step = around(&group(&acl, "TargetConnectionErrorCount"), &truth, 0, 3);
    let usual = group(&acl, "RequestCount").values[10];
    assert!(step[0].max(step[1]) > 0.15 * usual, "cut at once: {step:?} of {usual}");
}

#[test]
fn a_health_check_on_another_port_sees_nothing() {
    let mut scenario = Scenario { lasts: None, ..Scenario::plain(Cause::ProcessDown, 3) };
    let (seen, truth) = case(&scenario);
    assert!(around(&group(&seen, "HealthyHostCount"), &truth, 0, 6).iter().any(|v| *v < 6.0));
    scenario.health.port = "9090".into();
    let (blind, truth) = case(&scenario);
    assert!(around(&group(&blind, "HealthyHostCount"), &truth, 0, 20).iter().all(|v| *v == 6.0));
    assert!(blind.target_health.values().all(|t| t.state == "healthy"));
    assert_eq!(blind.alarm.unwrap().state, AlarmState::Alarm);
}

#[test]
fn a_dead_target_leaves_the_rotation_after_the_threshold() {
    let scenario = Scenario { lasts: None, ..Scenario::plain(Cause::HostFailure, 6) };
    let (case, truth) = case(&scenario);
    let errors = around(&group(&case, "TargetConnectionErrorCount"), &truth, 0, 8);
    assert!(errors[0] > 0.0 && errors[4..].iter().all(|e| *e == 0.0), "{errors:?}");
}

#[test]
fn metrics_and_access_log_tell_of_the_same_requests() {
    let (case, _) = case(&Scenario::plain(Cause::ProcessDown, 9));
    let log = case.access_log.as_ref().unwrap();
    let read_until = case.now().unwrap() - chrono::Duration::minutes(15);
    let window = Window { start: case.window().unwrap().start, end: read_until };
    let counted: f64 = group(&case, "TargetConnectionErrorCount").points(window).map(|p| p.1).sum();
    let ours = |f: &&crate::accesslog::FailureRow| f.group == *case.target_groups[0].name && f.minute < read_until;
    let failed = log.failures.iter().filter(ours).filter(|f| matches!(f.signature, Signature::Refused | Signature::ConnectTimeout));
    let logged: u64 = failed.map(|f| f.count).sum();
    let share = logged as f64 / counted;
    assert!((0.9..=1.0).contains(&share), "{logged} of {counted}");
}

#[test]
fn a_refused_connection_is_a_502_and_an_unanswered_one_a_504() {
    for (cause, code) in [(Cause::ProcessDown, "HTTPCode_ELB_502_Count"), (Cause::TargetSecurityGroup, "HTTPCode_ELB_504_Count")] {
        let (case, truth) = case(&Scenario::plain(cause, 4));
        let lb = crate::case::topology::dimension_of(&case.load_balancer.as_ref().unwrap().arn).to_owned();
        let track = case.series.get(&SeriesKey::new(code, [("LoadBalancer", lb.as_str())])).unwrap();
        let codes = around(track.best("", case.window().unwrap()).unwrap(), &truth, 0, 10);
        let errors = around(&group(&case, "TargetConnectionErrorCount"), &truth, 0, 10);
        assert!(codes.iter().sum::<f64>() >= errors.iter().sum::<f64>() * 0.98, "{code}");
    }
}

#[test]
fn an_overload_is_preceded_by_its_requests() {
    let (case, truth) = case(&Scenario::plain(Cause::Overload, 12));
    let requests = around(&group(&case, "RequestCount"), &truth, 30, 36);
    assert!(requests[29] > 1.3 * requests[0], "{requests:?}");
    let log = case.access_log.unwrap();
    assert!(log.requests.iter().any(|r| r.syn_retries > 0));
    assert!(log.failures.iter().any(|f| f.signature == Signature::ConnectTimeout));
}

#[test]
fn every_cause_does_harm_of_its_kind() {
    for cause in Cause::ALL {
        let small = |s: Scenario| Scenario { targets: s.targets.min(6), ..s };
        let truths: Vec<Truth> = (1..=2).map(|seed| case(&small(Scenario::random(cause, seed))).1).collect();
        let hurt = truths.iter().filter(|t| t.onset.is_some()).count();
        if cause < Cause::KeepaliveRace {
            assert!(hurt >= 1, "{}: {truths:?}", cause.id());
        } else {
            assert_eq!(hurt, 0, "{}: {truths:?}", cause.id());
        }
        assert!(truths.iter().all(|t| t.causes == [cause.id()] || t.led_to == [cause.id()]));
    }
}

#[test]
fn what_is_put_right_before_anyone_looks_is_not_in_the_configuration() {
    let open = |case: &Case| {
        let group = case.security_groups.values().find(|g| g.name.contains("api-8080")).unwrap();
        group.rules.iter().any(|r| !r.egress && r.from_port == Some(8080))
    };
    assert!(open(&case(&Scenario::plain(Cause::TargetSecurityGroup, 3)).0));
    let ongoing = Scenario { lasts: None, ..Scenario::plain(Cause::TargetSecurityGroup, 3) };
    assert!(!open(&case(&ongoing).0));
}

#[test]
fn an_application_that_logs_trace_ids_tells_which_failed_requests_arrived() {
    let traced = |cause, seed| {
        let mut scenario = Scenario::plain(cause, seed);
        scenario.sight.trace_ids = true;
        case(&scenario).0
    };
    let overload = traced(Cause::Overload, 12);
    let joined = overload.app_logs.values().find_map(|l| l.joined.clone()).unwrap();
    let (asked, arrived) = joined.of(Signature::is_failed_connection);
    assert!(asked >= 20 && arrived == 0 && joined.tells_absence(), "{joined:?}");
    let ids = &overload.access_log.as_ref().unwrap().traces;
    assert!((asked as usize..=1000).contains(&ids.len()));
    let slow = traced(Cause::SlowTarget, 5);
    let joined = slow.app_logs.values().find_map(|l| l.joined.clone()).unwrap();
    let (asked, arrived) = joined.of(|s| s == Signature::SlowTarget);
    assert!(asked > 0 && arrived * 10 >= asked * 9, "{joined:?}");
    assert!(joined.statuses.iter().any(|(status, n)| *status == 200 && *n >= arrived), "{joined:?}");
}

/// What is drawn for trace ids moves nothing else.
#[test]
fn trace_ids_change_nothing_else() {
    let plain = Scenario::plain(Cause::InPlaceDeploy, 8);
    let mut traced = plain.clone();
    traced.sight.trace_ids = true;
    let (plain, traced) = (case(&plain).0, case(&traced).0);
    let access = traced.access_log.clone().map(|log| crate::accesslog::AccessLog { traces: Vec::new(), ..log });
    assert_eq!(access, plain.access_log);
    assert_eq!((traced.series, traced.events, traced.target_health), (plain.series, plain.events, plain.target_health));
    let jobs =
        |case: &Case| case.app_logs.values().flat_map(|l| l.templates.clone()).filter(|t| t.pattern.contains("job")).collect::<Vec<_>>();
    let (jobs_of_traced, jobs_of_plain) =
        (jobs(&Case { app_logs: traced.app_logs, ..Case::default() }), jobs(&Case { app_logs: plain.app_logs, ..Case::default() }));
    assert_eq!(jobs_of_traced, jobs_of_plain);
}
