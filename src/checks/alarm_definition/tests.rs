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
    let outcome = Step.run(&case(alarm(), vec![code()]), &Analysis::default(), &mut book);
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
    assert_eq!(Step.run(&Case::default(), &Analysis::default(), &mut Book::default()).status, Status::Waiting);
}

#[test]
fn a_sound_alarm_passes() {
    let sound = Alarm { threshold: 10.0, evaluation_periods: 3, datapoints_to_alarm: 2, ..alarm() };
    let outcome = Step.run(&case(sound, vec![]), &Analysis::default(), &mut Book::default());
    assert_eq!(outcome.status, Status::Pass, "{}", outcome.summary);
}
