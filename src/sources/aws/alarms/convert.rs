//! An alarm as CloudWatch describes it, as the case holds it.

use super::NAMESPACE;
use crate::case::alarm::{Alarm, AlarmPart, AlarmState};
use crate::metrics::ERRORS;
use crate::sources::aws::values::{OrEmpty, time};
use crate::text::Foreign;
use aws_sdk_cloudwatch::types::{MetricAlarm, MetricDataQuery, MetricStat};

/// Namespace and metric an alarm watches; for metric math, those of its balancer metric.
pub(super) fn watched(alarm: &MetricAlarm) -> (&str, &str) {
    if let (Some(namespace), Some(metric)) = (alarm.namespace(), alarm.metric_name()) {
        return (namespace, metric);
    }
    // `SEARCH(…)` and `SELECT SUM(…)` name the metric in their text.
    if alarm.metrics().iter().filter_map(MetricDataQuery::expression).any(|e| e.contains(ERRORS)) {
        return (NAMESPACE, ERRORS);
    }
    let metric = alarm_stat(alarm.metrics()).and_then(MetricStat::metric);
    metric.map_or(("", ""), |m| (m.namespace().unwrap_or(""), m.metric_name().unwrap_or("")))
}

fn part(q: &MetricDataQuery) -> AlarmPart {
    let stat = q.metric_stat();
    let metric = stat.and_then(MetricStat::metric);
    let period = q.period().or(stat.and_then(MetricStat::period)).unwrap_or_default();
    AlarmPart {
        id: q.id().owned(),
        expression: q.expression().map(Foreign::from),
        namespace: metric.and_then(|m| m.namespace()).owned(),
        metric: metric.and_then(|m| m.metric_name()).owned(),
        statistic: stat.and_then(MetricStat::stat).owned(),
        dimensions: metric.map_or(&[][..], |m| m.dimensions()).iter().map(|d| (d.name().owned(), d.value().owned())).collect(),
        period: period.unsigned_abs(),
        judged: q.return_data().unwrap_or(true),
    }
}

/// The metric among an expression's that this is about.
fn alarm_stat(queries: &[MetricDataQuery]) -> Option<&MetricStat> {
    queries.iter().filter_map(MetricDataQuery::metric_stat).min_by_key(|s| {
        let metric = s.metric();
        (metric.and_then(|m| m.metric_name()) != Some(ERRORS), metric.and_then(|m| m.namespace()) != Some(NAMESPACE))
    })
}

pub(super) fn convert(a: &MetricAlarm) -> Alarm {
    let stat = alarm_stat(a.metrics());
    let (namespace, metric) = watched(a);
    let dimensions =
        if a.dimensions().is_empty() { stat.and_then(MetricStat::metric).map_or(&[][..], |m| m.dimensions()) } else { a.dimensions() };
    let statistic = a.statistic().map(|s| s.as_str()).or(a.extended_statistic()).or(stat.and_then(MetricStat::stat));
    let evaluation_periods = a.evaluation_periods().unwrap_or(1).unsigned_abs();
    Alarm {
        name: a.alarm_name().text(),
        arn: a.alarm_arn().owned(),
        wall_clock: a.evaluation_window().is_some_and(|w| w.is_wall_clock_window()),
        namespace: namespace.to_owned(),
        metric: metric.to_owned(),
        statistic: statistic.unwrap_or_default().to_owned(),
        dimensions: dimensions.iter().map(|d| (d.name().owned(), d.value().owned())).collect(),
        period: a.period().or(stat.and_then(MetricStat::period)).unwrap_or(60).unsigned_abs(),
        threshold: a.threshold().unwrap_or(f64::NAN),
        comparison: a.comparison_operator().map(|c| c.as_str().to_owned()).unwrap_or_default(),
        evaluation_periods,
        datapoints_to_alarm: a.datapoints_to_alarm().map_or(evaluation_periods, i32::unsigned_abs),
        treat_missing_data: a.treat_missing_data().unwrap_or("missing").to_owned(),
        actions_enabled: a.actions_enabled().unwrap_or(true),
        actions: a.alarm_actions().to_vec(),
        state: state(a.state_value().map_or("", |s| s.as_str())),
        state_reason: a.state_reason().text(),
        state_updated: a.state_transitioned_timestamp().or(a.state_updated_timestamp()).and_then(time),
        configuration_updated: a.alarm_configuration_updated_timestamp().and_then(time),
        expression: expression(a.metrics()),
        parts: a.metrics().iter().map(part).collect(),
    }
}

/// `e1 = m1 / m2 * 100`
fn expression(queries: &[MetricDataQuery]) -> Option<Foreign> {
    let parts: Vec<_> = queries.iter().filter_map(|q| Some(format!("{} = {}", q.id().unwrap_or("?"), q.expression()?))).collect();
    (!parts.is_empty()).then(|| parts.join("; ").into())
}

pub(super) fn state(word: &str) -> AlarmState {
    match word {
        "ALARM" => AlarmState::Alarm,
        "OK" => AlarmState::Ok,
        _ => AlarmState::InsufficientData,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_cloudwatch::types::Dimension;

    #[test]
    fn an_alarm_on_an_expression_is_about_its_balancer_metric() {
        use aws_sdk_cloudwatch::types::Metric;
        let metric = Metric::builder()
            .namespace(NAMESPACE)
            .metric_name(ERRORS)
            .dimensions(Dimension::builder().name("LoadBalancer").value("app/web/1").build())
            .build();
        let stat = MetricStat::builder().metric(metric).period(60).stat("Sum").build();
        let alarm = MetricAlarm::builder()
            .alarm_name("rate")
            .metrics(MetricDataQuery::builder().id("e1").expression("m1/60").build())
            .metrics(MetricDataQuery::builder().id("m1").metric_stat(stat).build())
            .build();
        let a = convert(&alarm);
        assert_eq!((a.metric.as_str(), a.statistic.as_str(), a.period), (ERRORS, "Sum", 60));
        assert_eq!(a.expression.as_deref(), Some("e1 = m1/60"));
        assert_eq!(a.dimensions["LoadBalancer"], "app/web/1");
    }

    #[test]
    fn an_expression_that_names_the_metric_in_its_text_is_about_it() {
        let query = "SELECT SUM(TargetConnectionErrorCount) FROM SCHEMA(\"AWS/ApplicationELB\", LoadBalancer)";
        let line = MetricDataQuery::builder().id("q1").expression(query).period(60).build();
        let a = convert(&MetricAlarm::builder().alarm_name("all").metrics(line).build());
        assert_eq!((a.metric.as_str(), a.parts[0].judged, a.parts[0].period), (ERRORS, true, 60));
    }
}
