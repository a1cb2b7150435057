//! The alarm: found by name, through a composite, or by what it watches; and its history.

use super::actions::Action;
use super::call::Aws;
use super::context::{Context, origin};
use super::errors::CallError;
use super::values::{OrEmpty, time};
use crate::case::alarm::{Alarm, AlarmChange, AlarmChangeKind, AlarmState};
use crate::exchange::{Area, What};
use crate::metrics::ERRORS;
use crate::subject::nearest;
use crate::text::Foreign;
use crate::time::Time;
use aws_sdk_cloudwatch::operation::describe_alarms::DescribeAlarmsOutput;
use aws_sdk_cloudwatch::types::{
    AlarmHistoryItem, AlarmType, Dimension, HistoryItemType, MetricAlarm, MetricDataQuery, MetricStat, ScanBy, StateValue,
};
use chrono::Duration;
use std::collections::BTreeMap;

const NAMESPACE: &str = "AWS/ApplicationELB";

/// Composites in composites are followed this far.
const COMPOSITE_DEPTH: usize = 4;

/// Pages of alarms that are looked through for names like the one that does not exist.
const NAME_PAGES: usize = 10;

/// Pages of history, of 100 items each; CloudWatch keeps 30 days.
const HISTORY_PAGES: usize = 10;

/// What a name turned out to be.
pub(super) enum Found {
    Alarm(Box<Alarm>),
    /// No such alarm; the nearest names that exist.
    Nothing(Vec<String>),
    /// A composite alarm without a metric alarm among its children.
    Childless,
}

/// The alarm of that name; of a composite the child that watches connection errors.
pub(super) async fn find(aws: &Aws, name: &str) -> Result<Found, CallError> {
    let mut names = vec![name.to_owned()];
    for depth in 0..COMPOSITE_DEPTH {
        let answer = describe(aws, &names).await?;
        if let Some(best) = best_of(answer.metric_alarms()) {
            return Ok(Found::Alarm(Box::new(convert(best))));
        }
        let children: Vec<String> = answer.composite_alarms().iter().flat_map(|c| children(c.alarm_rule().unwrap_or(""))).collect();
        if children.is_empty() {
            return if depth == 0 { Ok(Found::Nothing(like(aws, name).await?)) } else { Ok(Found::Childless) };
        }
        names = children;
    }
    Ok(Found::Childless)
}

/// The alarm on connection errors of a balancer or one of its groups, if there is one; firing ones first.
pub(super) async fn watching(aws: &Aws, dimension_sets: &[BTreeMap<String, String>]) -> Result<Option<Alarm>, CallError> {
    let mut all = Vec::new();
    for set in dimension_sets {
        let dimensions: Vec<_> = set.iter().map(|(k, v)| Dimension::builder().name(k).value(v).build()).collect();
        let answer = aws
            .sdk(Action::DescribeAlarmsForMetric, || {
                let call = aws.cloudwatch().describe_alarms_for_metric().namespace(NAMESPACE).metric_name(ERRORS);
                call.set_dimensions(Some(dimensions.clone())).send()
            })
            .await?;
        all.extend(answer.metric_alarms.unwrap_or_default());
    }
    Ok(best_of(&all).map(convert))
}

/// Every alarm on connection errors of the region, those in ALARM first.
pub async fn on_connection_errors(aws: &Aws) -> Result<Vec<Alarm>, CallError> {
    let mut alarms: Vec<Alarm> =
        pages(aws, &[AlarmType::MetricAlarm], 100).await?.iter().flat_map(|p| p.metric_alarms()).map(convert).collect();
    alarms.retain(|a| a.metric == ERRORS);
    alarms.sort_by_key(|a| (a.state != AlarmState::Alarm, std::cmp::Reverse(a.state_updated), a.name.clone()));
    Ok(alarms)
}

async fn describe(aws: &Aws, names: &[String]) -> Result<DescribeAlarmsOutput, CallError> {
    aws.sdk(Action::DescribeAlarms, || {
        let call = aws.cloudwatch().describe_alarms().alarm_types(AlarmType::MetricAlarm).alarm_types(AlarmType::CompositeAlarm);
        call.set_alarm_names(Some(names.iter().take(100).cloned().collect())).send()
    })
    .await
}

/// Names that exist and are like `name`.
async fn like(aws: &Aws, name: &str) -> Result<Vec<String>, CallError> {
    let pages = pages(aws, &[AlarmType::MetricAlarm, AlarmType::CompositeAlarm], NAME_PAGES).await?;
    let metric = pages.iter().flat_map(|p| p.metric_alarms()).filter_map(|a| a.alarm_name());
    let composite = pages.iter().flat_map(|p| p.composite_alarms()).filter_map(|a| a.alarm_name());
    Ok(nearest(name, metric.chain(composite), 5).into_iter().map(str::to_owned).collect())
}

async fn pages(aws: &Aws, types: &[AlarmType], cap: usize) -> Result<Vec<DescribeAlarmsOutput>, CallError> {
    let mut pages: Vec<DescribeAlarmsOutput> = Vec::new();
    let mut token: Option<String> = None;
    while pages.len() < cap {
        let page = aws
            .sdk(Action::DescribeAlarms, || {
                let call = aws.cloudwatch().describe_alarms().set_alarm_types(Some(types.to_vec())).max_records(100);
                call.set_next_token(token.clone()).send()
            })
            .await?;
        let next = page.next_token().filter(|t| !t.is_empty() && Some(*t) != token.as_deref()).map(str::to_owned);
        pages.push(page);
        match next {
            Some(t) => token = Some(t),
            None => break,
        }
    }
    Ok(pages)
}

/// Connection errors before anything else, firing before quiet, balancers before other namespaces.
fn best_of(alarms: &[MetricAlarm]) -> Option<&MetricAlarm> {
    alarms.iter().min_by_key(|a| {
        let (namespace, metric) = watched(a);
        (metric != ERRORS, namespace != NAMESPACE, a.state_value() != Some(&StateValue::Alarm))
    })
}

/// Alarm names in a composite's rule: `ALARM("a") OR ALARM(b)`, by name or ARN.
fn children(rule: &str) -> Vec<String> {
    let mut names = Vec::new();
    for (at, _) in rule.match_indices('(') {
        let before = rule[..at].trim_end();
        if !["ALARM", "OK", "INSUFFICIENT_DATA"].iter().any(|f| before.ends_with(f)) {
            continue;
        }
        let rest = rule[at + 1..].trim_start();
        let name = match rest.chars().next() {
            Some(q @ ('"' | '\'')) => rest[1..].split(q).next(),
            _ => rest.split(')').next().map(str::trim),
        };
        let name = name.unwrap_or_default();
        names.push(name.split_once(":alarm:").map_or(name, |(_, n)| n).to_owned());
    }
    names.retain(|n| !n.is_empty());
    names.dedup();
    names
}

/// Namespace and metric an alarm watches; for metric math, those of its balancer metric.
fn watched(alarm: &MetricAlarm) -> (&str, &str) {
    if let (Some(namespace), Some(metric)) = (alarm.namespace(), alarm.metric_name()) {
        return (namespace, metric);
    }
    let metric = alarm_stat(alarm.metrics()).and_then(MetricStat::metric);
    metric.map_or(("", ""), |m| (m.namespace().unwrap_or(""), m.metric_name().unwrap_or("")))
}

/// The metric among an expression's that this is about.
fn alarm_stat(queries: &[MetricDataQuery]) -> Option<&MetricStat> {
    queries.iter().filter_map(MetricDataQuery::metric_stat).min_by_key(|s| {
        let metric = s.metric();
        (metric.and_then(|m| m.metric_name()) != Some(ERRORS), metric.and_then(|m| m.namespace()) != Some(NAMESPACE))
    })
}

fn convert(a: &MetricAlarm) -> Alarm {
    let stat = alarm_stat(a.metrics());
    let (namespace, metric) = watched(a);
    let dimensions =
        if a.dimensions().is_empty() { stat.and_then(MetricStat::metric).map_or(&[][..], |m| m.dimensions()) } else { a.dimensions() };
    let statistic = a.statistic().map(|s| s.as_str()).or(a.extended_statistic()).or(stat.and_then(MetricStat::stat));
    let evaluation_periods = a.evaluation_periods().unwrap_or(1).unsigned_abs();
    Alarm {
        name: a.alarm_name().text(),
        arn: a.alarm_arn().owned(),
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
    }
}

/// `e1 = m1 / m2 * 100`
fn expression(queries: &[MetricDataQuery]) -> Option<Foreign> {
    let parts: Vec<_> = queries.iter().filter_map(|q| Some(format!("{} = {}", q.id().unwrap_or("?"), q.expression()?))).collect();
    (!parts.is_empty()).then(|| parts.join("; ").into())
}

fn state(word: &str) -> AlarmState {
    match word {
        "ALARM" => AlarmState::Alarm,
        "OK" => AlarmState::Ok,
        _ => AlarmState::InsufficientData,
    }
}

/// Reads what the alarm did in the 30 days that CloudWatch keeps.
pub(super) async fn history(ctx: &Context) {
    let Some(alarm) = ctx.case(|c| c.alarm.clone()) else { return };
    let from = ctx.now - Duration::days(30);
    let mut token: Option<String> = None;
    for page in 1..=HISTORY_PAGES {
        let answer = ctx
            .aws
            .sdk(Action::DescribeAlarmHistory, || {
                let call = ctx.aws.cloudwatch().describe_alarm_history().alarm_name(&*alarm.name).scan_by(ScanBy::TimestampDescending);
                let call = call.start_date(aws_smithy_types::DateTime::from_secs(from.timestamp())).max_records(100);
                call.set_next_token(token.clone()).send()
            })
            .await;
        let Some(answer) = ctx.or_gap(Area::AlarmHistory, "alarm history", answer).await else { return };
        let changes = answer.alarm_history_items().iter().filter_map(change).collect();
        let asked = [("AlarmName", alarm.name.to_string()), ("StartDate", crate::time::rfc3339(from))];
        ctx.learn_from(origin(Action::DescribeAlarmHistory, asked), What::AlarmChanges(changes)).await;
        token = answer.next_token().filter(|t| !t.is_empty()).map(str::to_owned);
        if token.is_none() {
            return;
        }
        ctx.busy(Area::AlarmHistory, format!("page {}", page + 1)).await;
    }
}

fn change(item: &AlarmHistoryItem) -> Option<AlarmChange> {
    let at = item.timestamp().and_then(time)?;
    let data: serde_json::Value = serde_json::from_str(item.history_data().unwrap_or("{}")).unwrap_or_default();
    let at_pointer = |p: &str| data.pointer(p).and_then(serde_json::Value::as_str);
    let summary = item.history_summary().unwrap_or_default();
    let kind = match item.history_item_type()? {
        HistoryItemType::StateUpdate => match at_pointer("/newState/stateValue").or_else(|| summary.rsplit(' ').next())? {
            "ALARM" => AlarmChangeKind::ToAlarm,
            "OK" => AlarmChangeKind::ToOk,
            _ => AlarmChangeKind::ToInsufficientData,
        },
        HistoryItemType::ConfigurationUpdate => AlarmChangeKind::Edited,
        HistoryItemType::Action => AlarmChangeKind::Action,
        _ => return None,
    };
    let reason = at_pointer("/newState/stateReason").or(at_pointer("/type")).unwrap_or_default();
    Some(AlarmChange { at, kind, summary: summary.into(), reason: reason.into() })
}

/// When the alarm last went off, as far as is known.
pub(super) fn last_alarm(alarm: &Alarm, changes: &[AlarmChange]) -> Option<Time> {
    let fired = changes.iter().filter(|c| c.kind == AlarmChangeKind::ToAlarm).map(|c| c.at).max();
    fired.or(alarm.state_updated.filter(|_| alarm.state == AlarmState::Alarm))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_children_of_a_composite_are_named() {
        let rule = r#"ALARM("conn errors") AND (NOT OK(cpu) OR ALARM('arn:aws:cloudwatch:eu-west-1:1:alarm:x:y')) OR FALSE"#;
        assert_eq!(children(rule), ["conn errors", "cpu", "x:y"]);
        assert!(children("TRUE ((").is_empty());
    }

    #[test]
    fn history_items_are_read_from_their_nested_json() {
        let data = r#"{"version":"1.0","oldState":{"stateValue":"OK"},"newState":{"stateValue":"ALARM","stateReason":"Threshold Crossed","stateReasonData":{"version":"1.0"}}}"#;
        let item = AlarmHistoryItem::builder()
            .timestamp(aws_smithy_types::DateTime::from_secs(1000))
            .history_item_type(HistoryItemType::StateUpdate)
            .history_summary("Alarm updated from OK to ALARM")
            .history_data(data);
        let c = change(&item.clone().build()).unwrap();
        assert_eq!((c.kind, c.reason.as_str()), (AlarmChangeKind::ToAlarm, "Threshold Crossed"));
        let c = change(&item.history_data("{broken").build()).unwrap();
        assert_eq!(c.kind, AlarmChangeKind::ToAlarm, "the summary says it too");
    }

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
}
