//! CloudWatch in RPC v2 CBOR: alarms, their history, metric data with its pages.

use super::{Call, Reply, World};
use alb_triage::case::alarm::{Alarm, AlarmChangeKind, AlarmState, CompositeAlarm};
use alb_triage::case::series::SeriesKey;
use alb_triage::metrics;
use alb_triage::time::{Time, Window};
use chrono::DateTime;
use ciborium::Value as C;
use serde_json::{Value, json};

pub fn reply(world: &World, call: &Call) -> Option<Reply> {
    Some(match call.operation.as_str() {
        "DescribeAlarms" => describe_alarms(world, call),
        "DescribeAlarmsForMetric" => for_metric(world, call),
        "DescribeAlarmHistory" => history(world, call),
        "GetMetricData" => metric_data(world, call),
        "ListMetrics" => list_metrics(world, call),
        _ => return None,
    })
}

pub fn map(pairs: Vec<(&str, C)>) -> C {
    C::Map(pairs.into_iter().filter(|(_, v)| *v != C::Null).map(|(k, v)| (C::Text(k.into()), v)).collect())
}

pub fn text(t: &str) -> C {
    C::Text(t.into())
}

/// CBOR tag 1, as the protocol wants times.
pub fn time(t: Time) -> C {
    C::Tag(1, Box::new(C::Float(t.timestamp_millis() as f64 / 1000.0)))
}

fn dimensions(all: &std::collections::BTreeMap<String, String>) -> C {
    C::Array(all.iter().map(|(k, v)| map(vec![("Name", text(k)), ("Value", text(v))])).collect())
}

fn state(s: AlarmState) -> &'static str {
    match s {
        AlarmState::Ok => "OK",
        AlarmState::Alarm => "ALARM",
        AlarmState::InsufficientData => "INSUFFICIENT_DATA",
    }
}

pub fn alarm(a: &Alarm) -> C {
    map(vec![
        ("AlarmName", text(&a.name)),
        ("AlarmArn", text(&a.arn)),
        ("Namespace", text(&a.namespace)),
        ("MetricName", text(&a.metric)),
        ("Statistic", text(&a.statistic)),
        ("Dimensions", dimensions(&a.dimensions)),
        ("Period", C::from(a.period)),
        ("Threshold", C::from(a.threshold)),
        ("ComparisonOperator", text(&a.comparison)),
        ("EvaluationPeriods", C::from(a.evaluation_periods)),
        ("DatapointsToAlarm", C::from(a.datapoints_to_alarm)),
        ("TreatMissingData", text(&a.treat_missing_data)),
        ("ActionsEnabled", C::from(a.actions_enabled)),
        ("AlarmActions", C::Array(a.actions.iter().map(|x| text(x)).collect())),
        ("StateValue", text(state(a.state))),
        ("StateReason", text(&a.state_reason)),
        ("StateUpdatedTimestamp", a.state_updated.map_or(C::Null, time)),
        ("AlarmConfigurationUpdatedTimestamp", a.configuration_updated.map_or(C::Null, time)),
    ])
}

pub fn composite(c: &CompositeAlarm) -> C {
    map(vec![
        ("AlarmName", text(&c.name)),
        ("AlarmArn", text(&c.arn)),
        ("AlarmRule", text(&c.rule)),
        ("ActionsEnabled", C::from(c.actions_enabled)),
        ("AlarmActions", C::Array(c.actions.iter().map(|x| text(x)).collect())),
        ("StateValue", text(state(c.state))),
        ("StateReason", text(&c.state_reason)),
        ("StateUpdatedTimestamp", c.state_updated.map_or(C::Null, time)),
    ])
}

fn texts<'a>(call: &'a Call, key: &str) -> Option<Vec<&'a str>> {
    call.params.get(key).and_then(Value::as_array).map(|a| a.iter().filter_map(Value::as_str).collect())
}

fn describe_alarms(world: &World, call: &Call) -> Reply {
    if let Some(child) = call.params.get("ParentsOfAlarmName").and_then(Value::as_str) {
        // Parents come by name and state only.
        let above = world.case.composite_alarms.iter().filter(|c| c.rule.contains(child));
        let brief =
            above.map(|c| map(vec![("AlarmName", text(&c.name)), ("AlarmArn", text(&c.arn)), ("StateValue", text(state(c.state)))]));
        return Reply::Cbor(map(vec![("CompositeAlarms", C::Array(brief.collect()))]));
    }
    let names = texts(call, "AlarmNames");
    let types = texts(call, "AlarmTypes").unwrap_or_else(|| vec!["MetricAlarm"]);
    let wanted = |name: &str| names.as_ref().is_none_or(|n| n.contains(&name));
    let metric = world.case.alarm.iter().filter(|a| types.contains(&"MetricAlarm") && wanted(&a.name)).map(alarm);
    let above = world.case.composite_alarms.iter().filter(|c| types.contains(&"CompositeAlarm") && wanted(&c.name)).map(composite);
    let all: Vec<(bool, C)> = metric.map(|a| (true, a)).chain(above.map(|c| (false, c))).collect();
    let (page, next) = world.page(&all, call.text("NextToken"), 100);
    let of = |metric: bool| C::Array(page.iter().filter(|(m, _)| *m == metric).map(|(_, a)| a.clone()).collect());
    Reply::Cbor(map(vec![("MetricAlarms", of(true)), ("CompositeAlarms", of(false)), ("NextToken", next.map_or(C::Null, |t| text(&t)))]))
}

fn for_metric(world: &World, call: &Call) -> Reply {
    let asked = key(&json!({"MetricName": call.params["MetricName"], "Dimensions": call.params["Dimensions"]}));
    let fits = |a: &&Alarm| a.metric == asked.metric && a.dimensions == asked.dimensions;
    Reply::Cbor(map(vec![("MetricAlarms", C::Array(world.case.alarm.iter().filter(fits).map(alarm).collect()))]))
}

fn history(world: &World, call: &Call) -> Reply {
    let mut all = world.case.alarm_changes.clone();
    all.reverse();
    let (page, next) = world.page(&all, call.text("NextToken"), 100);
    let item = |c: &alb_triage::case::alarm::AlarmChange| {
        let (kind, value) = match c.kind {
            AlarmChangeKind::ToAlarm => ("StateUpdate", "ALARM"),
            AlarmChangeKind::ToOk => ("StateUpdate", "OK"),
            AlarmChangeKind::ToInsufficientData => ("StateUpdate", "INSUFFICIENT_DATA"),
            AlarmChangeKind::Edited => ("ConfigurationUpdate", ""),
            AlarmChangeKind::Action => ("Action", ""),
        };
        // Here the nested data is an object; elsewhere CloudWatch makes it a string.
        let data = json!({"version": "1.0", "newState": {"stateValue": value, "stateReason": c.reason.as_str(), "stateReasonData": {"version": "1.0"}}});
        let data = if value.is_empty() { json!({"version": "1.0", "type": c.reason.as_str()}) } else { data };
        map(vec![
            ("AlarmName", text(world.case.alarm.as_ref().map_or("", |a| &a.name))),
            ("Timestamp", time(c.at)),
            ("HistoryItemType", text(kind)),
            ("HistorySummary", text(&c.summary)),
            ("HistoryData", text(&data.to_string())),
        ])
    };
    Reply::Cbor(map(vec![
        ("AlarmHistoryItems", C::Array(page.iter().map(item).collect())),
        ("NextToken", next.map_or(C::Null, |t| text(&t))),
    ]))
}

fn key(metric: &Value) -> SeriesKey {
    let pairs = metric["Dimensions"].as_array().into_iter().flatten();
    let dimensions = pairs.filter_map(|d| Some((d["Name"].as_str()?.to_owned(), d["Value"].as_str()?.to_owned()))).collect();
    SeriesKey { metric: metric["MetricName"].as_str().unwrap_or_default().to_owned(), dimensions }
}

fn moment(value: &Value) -> Time {
    DateTime::from_timestamp(value.as_f64().unwrap_or_default() as i64, 0).unwrap()
}

/// What CloudWatch would say of one query: the points that were published, in order, `EndTime` exclusive.
fn points(world: &World, query: &Value, window: Window) -> Vec<(Time, f64)> {
    let stat = &query["MetricStat"];
    let mut key = key(&stat["Metric"]);
    if stat["Metric"]["Namespace"] == "AWS/ECS" {
        key.metric.insert_str(0, "ECS");
    }
    let (statistic, period) = (stat["Stat"].as_str().unwrap_or(""), stat["Period"].as_u64().unwrap_or(60) as u32);
    let Some(track) = world.case.series.get(&key) else { return Vec::new() };
    let same = track.stretches().iter().filter(|s| s.statistic == statistic && s.period == period);
    same.flat_map(|s| s.points(window)).collect()
}

fn metric_data(world: &World, call: &Call) -> Reply {
    let window = Window { start: moment(&call.params["StartTime"]), end: moment(&call.params["EndTime"]) };
    let queries = call.params["MetricDataQueries"].as_array().cloned().unwrap_or_default();
    if queries.len() > 500 {
        return Reply::error(400, "ValidationError");
    }
    let points_asked: usize = queries.iter().map(|q| window.bins(q["MetricStat"]["Period"].as_u64().unwrap_or(60) as u32)).sum();
    if points_asked > 100_800 {
        return Reply::error(400, "InvalidParameterValue");
    }
    for q in &queries {
        let name = q["MetricStat"]["Metric"]["MetricName"].as_str().unwrap_or("");
        assert!(metrics::CATALOG.iter().any(|m| m.cloudwatch_name() == name), "asked for {name}, which the catalog does not know");
    }
    let (page, next) = world.page(&queries, call.text("NextToken"), 500);
    let result = |q: &Value| {
        let points = points(world, q, window);
        map(vec![
            ("Id", text(q["Id"].as_str().unwrap_or(""))),
            ("Label", text("label")),
            ("Timestamps", C::Array(points.iter().map(|(t, _)| time(*t)).collect())),
            ("Values", C::Array(points.iter().map(|(_, v)| C::Float(*v)).collect())),
            ("StatusCode", text("Complete")),
        ])
    };
    Reply::Cbor(map(vec![
        ("MetricDataResults", C::Array(page.iter().map(result).collect())),
        ("NextToken", next.map_or(C::Null, |t| text(&t))),
    ]))
}

fn list_metrics(world: &World, call: &Call) -> Reply {
    let instance = call.params["Dimensions"][0]["Value"].as_str().unwrap_or("");
    let ours = |k: &SeriesKey| k.instance() == Some(instance) && metrics::find(&k.metric).is_some_and(|m| m.namespace == "CWAgent");
    let found = world.case.series.iter().map(|(k, _)| k).filter(|k| ours(k));
    let metric = |k: &SeriesKey| {
        map(vec![("Namespace", text("CWAgent")), ("MetricName", text(&k.metric)), ("Dimensions", dimensions(&k.dimensions))])
    };
    Reply::Cbor(map(vec![("Metrics", C::Array(found.map(metric).collect()))]))
}
