use crate::analysis::Analysis;
use crate::analysis::scene::Scene;
use super::*;
use crate::case::alarm::SourceLine;
use crate::case::series::{Series, SeriesKey};
use crate::exchange::{Fact, Subject, What};
use crate::metrics::ERRORS;
use crate::time::{Time, Window};

fn minute(m: i64) -> Time {
    chrono::DateTime::from_timestamp(1_790_000_040 / 3600 * 3600 + m * 60, 0).unwrap()
}

fn alarm() -> Alarm {
    Alarm {
        name: "conn".into(),
        metric: ERRORS.into(),
        statistic: "Sum".into(),
        dimensions: [("LoadBalancer".into(), "app/web/1".into())].into(),
        period: 60,
        threshold: 0.0,
        comparison: "GreaterThanThreshold".into(),
        evaluation_periods: 1,
        datapoints_to_alarm: 1,
        treat_missing_data: "notBreaching".into(),
        actions_enabled: true,
        actions: vec!["pager".into()],
        ..Alarm::default()
    }
}

/// A day with single errors every hour and one real incident.
fn series() -> Vec<Series> {
    let key = |metric: &str| SeriesKey::new(metric, [("LoadBalancer", "app/web/1")]);
    let mut errors = vec![f64::NAN; 1440];
    (7..1440).step_by(60).for_each(|i| errors[i] = 1.0);
    (600..620).for_each(|i| errors[i] = 80.0);
    let series = |key, values| Series { key, statistic: "Sum".into(), period: 60, start: minute(0), values };
    vec![series(key(ERRORS), errors), series(key("RequestCount"), vec![2000.0; 1440])]
}

fn case(alarm: Alarm, code: Vec<CodeAlarm>) -> Case {
    let window = Window { start: minute(540), end: minute(700) };
    let subject = Subject { target: "conn".into(), at: None, window, now: minute(1440), demo: None };
    let all = [What::Subject(subject), What::Alarm(alarm), What::Series(series()), What::CodeAlarms(code)];
    Case::from_facts(all.into_iter().map(|what| Fact { at: minute(1440), origin: None, what }))
}

fn code() -> CodeAlarm {
    let lines = [(3, "resource \"aws_cloudwatch_metric_alarm\" \"conn\" {"), (4, "  alarm_name = \"conn\""), (5, "  threshold = 5"), (6, "}")];
    let fields = [("alarm_name", "conn"), ("threshold", "5"), ("evaluation_periods", "1"), ("treat_missing_data", "notBreaching")];
    CodeAlarm {
        file: "alarm.tf".into(),
        line: 3,
        address: "aws_cloudwatch_metric_alarm.conn".into(),
        fields: fields.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect(),
        dimensions: [("LoadBalancer".into(), "app/web/*".into())].into(),
        lines: [("threshold".into(), 5), ("alarm_name".into(), 4)].into(),
        text: lines.iter().map(|(line, text)| SourceLine { line: *line, text: (*text).into() }).collect(),
        ..CodeAlarm::default()
    }
}

#[test]
fn a_hair_trigger_is_played_over_the_day_and_a_better_rule_is_found() {
    let mut book = Book::default();
    let outcome = Step.run(&Scene::of(&case(alarm(), vec![code()]), &Analysis::default()), &mut book);
    assert_eq!(outcome.status, Status::Warn);
    let replay = book.get("alarm.replay").unwrap();
    assert_eq!(replay.values.iter().map(|v| v.value).collect::<Vec<_>>()[1..4], [1.0, 1.0, 1.0], "{}", replay.sentence);
    assert!(replay.values[0].value > 20.0, "{}", replay.sentence);
    let details: Vec<_> = outcome.details.iter().map(|d| d.en.as_str()).collect();
    assert!(details.iter().any(|d| d.starts_with("  → ≥") && d.contains("  0 without an incident, catches 1 of 1")), "{details:#?}");
    assert!(details.contains(&"-  threshold = 5"), "{details:#?}");
    assert_eq!(book.get("alarm.drift.threshold").unwrap().sentence.en, "threshold: 0 live, 5 in alarm.tf:5");
}

#[test]
fn without_an_alarm_nothing_can_be_told() {
    assert_eq!(Step.run(&Scene::of(&Case::default(), &Analysis::default()), &mut Book::default()).status, Status::Waiting);
}

#[test]
fn a_sound_alarm_passes() {
    let sound = Alarm { threshold: 10.0, evaluation_periods: 3, datapoints_to_alarm: 2, ..alarm() };
    let outcome = Step.run(&Scene::of(&case(sound, vec![]), &Analysis::default()), &mut Book::default());
    assert_eq!(outcome.status, Status::Pass, "{}", outcome.summary);
}

/// Three incidents in two weeks of minutes, with noise every hour.
#[test]
fn two_weeks_of_minutes_are_played_again() {
    const MINUTES: usize = 14 * 1440;
    let key = |metric: &str| SeriesKey::new(metric, [("LoadBalancer", "app/web/1")]);
    let mut errors = vec![f64::NAN; MINUTES];
    (7..MINUTES).step_by(60).for_each(|i| errors[i] = 1.0);
    for start in [3000, 9000, 19_000] {
        (start..start + 20).for_each(|i| errors[i] = 80.0);
    }
    let series = |key, values| Series { key, statistic: "Sum".into(), period: 60, start: minute(0), values };
    let window = Window { start: minute(18_940), end: minute(19_060) };
    let subject = Subject { target: "conn".into(), at: None, window, now: minute(MINUTES as i64), demo: None };
    let both = vec![series(key(ERRORS), errors), series(key("RequestCount"), vec![2000.0; MINUTES])];
    let all = [What::Subject(subject), What::Alarm(alarm()), What::Series(both)];
    let case = Case::from_facts(all.into_iter().map(|what| Fact { at: minute(MINUTES as i64), origin: None, what }));
    let mut book = Book::default();
    let outcome = Step.run(&Scene::of(&case, &Analysis::default()), &mut book);
    let replay = book.get("alarm.replay").unwrap();
    assert_eq!(replay.values.iter().map(|v| v.value).collect::<Vec<_>>()[1..4], [3.0, 3.0, 3.0], "{}", replay.sentence);
    assert!(replay.values[0].value > 300.0, "{}", replay.sentence);
    let better = |d: &Text| d.en.starts_with("  → ≥") && d.en.contains("  0 without an incident, catches 3 of 3");
    assert!(outcome.details.iter().any(better), "{:#?}", outcome.details);
    assert!(outcome.details.iter().any(|d| d.en.starts_with("AWS publishes how many points it looks at only for 3 periods")));
}

#[test]
fn a_composite_alarm_above_is_reviewed_with_it() {
    use crate::case::alarm::{AlarmState, ChildAlarm, CompositeAlarm};
    let child = ChildAlarm { state: AlarmState::Ok, on_connection_errors: true, ..ChildAlarm::default() };
    let above = CompositeAlarm {
        name: "page".into(),
        rule: "ALARM(conn) AND ALARM(cpu)".into(),
        actions_enabled: true,
        actions: vec!["pager".into()],
        state: AlarmState::Ok,
        children: [("conn".into(), child.clone()), ("cpu".into(), ChildAlarm { on_connection_errors: false, ..child })].into(),
        ..CompositeAlarm::default()
    };
    let sound = Alarm { threshold: 10.0, evaluation_periods: 3, datapoints_to_alarm: 2, actions: Vec::new(), ..alarm() };
    let mut case = case(sound, vec![]);
    case.absorb(Fact { at: minute(1440), origin: None, what: What::CompositeAlarms(vec![above]) });
    let mut book = Book::default();
    let outcome = Step.run(&Scene::of(&case, &Analysis::default()), &mut book);
    assert_eq!(outcome.status, Status::Warn);
    let said: Vec<_> = outcome.evidence.iter().filter_map(|id| book.get(id)).map(|e| e.sentence.en.as_str()).collect();
    assert!(said.contains(&"composite alarm page above it: conn alone does not fire it: something else must be in ALARM too"), "{said:#?}");
}
