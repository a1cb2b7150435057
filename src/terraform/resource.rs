//! One `aws_cloudwatch_metric_alarm` to one [`CodeAlarm`], if it is about failed target connections.

use super::syntax::Item;
use super::value::{Scope, Value, evaluate};
use crate::case::alarm::{AlarmPart, CodeAlarm};
use crate::metrics::ERRORS;
use crate::text::Foreign;
use std::collections::BTreeMap;

/// Attributes that are kept.
const FIELDS: &[&str] = &[
    "alarm_name",
    "namespace",
    "metric_name",
    "statistic",
    "extended_statistic",
    "period",
    "evaluation_periods",
    "datapoints_to_alarm",
    "threshold",
    "threshold_metric_id",
    "comparison_operator",
    "treat_missing_data",
    "actions_enabled",
    "alarm_actions",
];

/// The first part of the `arn_suffix` of a kind of resource.
pub fn arn_folder(kind: &str) -> Option<&'static str> {
    match kind.trim_start_matches("data.") {
        "aws_lb" | "aws_alb" => Some("app"),
        "aws_lb_target_group" | "aws_alb_target_group" => Some("targetgroup"),
        _ => None,
    }
}

/// The alarm, unless it is on another metric.
pub fn alarm(item: &Item, address: String, scope: &dyn Scope) -> Option<CodeAlarm> {
    let mut alarm = begun(item, address);
    read_fields(&mut alarm, item, FIELDS, scope);
    read_dimensions(&mut alarm, item, scope);
    let queries: Vec<_> = item.blocks.iter().filter(|(kind, _)| kind == "metric_query").map(|(_, q)| q).collect();
    for query in &queries {
        read_query(&mut alarm, query, scope);
        alarm.parts.push(part(query, scope));
    }
    is_ours(&alarm, item).then_some(alarm)
}

/// Where an alarm stands, before anything of it is read.
pub(super) fn begun(item: &Item, address: String) -> CodeAlarm {
    CodeAlarm {
        file: item.file.display().to_string().into(),
        line: item.line,
        address: address.into(),
        text: item.text.clone(),
        ..CodeAlarm::default()
    }
}

pub(super) fn read_fields(alarm: &mut CodeAlarm, item: &Item, fields: &[&str], scope: &dyn Scope) {
    for name in fields {
        let Some(attribute) = item.attributes.get(*name) else { continue };
        keep(alarm, (*name).to_owned(), evaluate(&attribute.expression, scope));
        alarm.lines.insert((*name).to_owned(), attribute.line);
    }
}

/// Null is the same as not written.
pub(super) fn keep(alarm: &mut CodeAlarm, name: String, value: Value) {
    match value {
        Value::Null => {}
        Value::List(all) => {
            let texts: Vec<_> = all.iter().map(shown).collect();
            alarm.fields.insert(name, texts.join(", ").into());
        }
        Value::Unknown { text, .. } => drop(alarm.unresolved.insert(name, text.into())),
        other => drop(other.text().map(|t| alarm.fields.insert(name, t.into()))),
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Unknown { text, .. } => text.clone(),
        other => other.text().unwrap_or_default(),
    }
}

fn read_dimensions(alarm: &mut CodeAlarm, item: &Item, scope: &dyn Scope) {
    let Some(attribute) = item.attributes.get("dimensions") else { return };
    alarm.lines.insert("dimensions".into(), attribute.line);
    match evaluate(&attribute.expression, scope) {
        Value::Map(all) => all.into_iter().for_each(|(name, value)| keep_dimension(alarm, name, value)),
        other => drop(alarm.unresolved.insert("dimensions".into(), shown(&other).into())),
    }
}

fn keep_dimension(alarm: &mut CodeAlarm, name: String, value: Value) {
    if let Value::Unknown { text, hint } = &value {
        alarm.unresolved.insert(format!("dimensions.{name}"), Foreign::from(text.as_str()));
        alarm.dimensions.extend(hint.as_ref().map(|h| (name.clone(), Foreign::from(h.as_str()))));
    } else if let Some(text) = value.text() {
        alarm.dimensions.insert(name, text.into());
    }
}

/// Metric math: the metric of the query is the alarm's, the expression is kept.
fn read_query(alarm: &mut CodeAlarm, query: &Item, scope: &dyn Scope) {
    if let Some(expression) = query.attributes.get("expression") {
        keep(alarm, "expression".into(), evaluate(&expression.expression, scope));
    }
    let metric = query.blocks.iter().find(|(kind, _)| kind == "metric").map(|(_, m)| m);
    let Some(metric) = metric.filter(|m| names_errors(m, scope) || !alarm.fields.contains_key("metric_name")) else { return };
    read_fields(alarm, metric, &["namespace", "metric_name", "period"], scope);
    if let Some(stat) = metric.attributes.get("stat") {
        keep(alarm, "statistic".into(), evaluate(&stat.expression, scope));
        alarm.lines.insert("statistic".into(), stat.line);
    }
    read_dimensions(alarm, metric, scope);
}

/// A query as a line of metric math.
fn part(query: &Item, scope: &dyn Scope) -> AlarmPart {
    let value = |item: &Item, name: &str| item.attributes.get(name).and_then(|a| evaluate(&a.expression, scope).text());
    let metric = query.blocks.iter().find(|(kind, _)| kind == "metric").map(|(_, m)| m);
    let of_metric = |name: &str| metric.and_then(|m| value(m, name)).unwrap_or_default();
    let dimensions = metric.and_then(|m| m.attributes.get("dimensions")).map(|a| evaluate(&a.expression, scope));
    AlarmPart {
        id: value(query, "id").unwrap_or_default(),
        expression: value(query, "expression").map(Foreign::from),
        namespace: of_metric("namespace"),
        metric: of_metric("metric_name"),
        statistic: of_metric("stat"),
        dimensions: dimensions.map(written).unwrap_or_default(),
        period: of_metric("period").parse().unwrap_or_default(),
        judged: value(query, "return_data").is_some_and(|v| v == "true"),
    }
}

/// Dimensions by name, those whose value text does not tell by what stands there.
fn written(dimensions: Value) -> BTreeMap<String, String> {
    match dimensions {
        Value::Map(all) => all.into_iter().map(|(name, value)| (name, shown(&value))).collect(),
        _ => BTreeMap::new(),
    }
}

fn names_errors(metric: &Item, scope: &dyn Scope) -> bool {
    metric.attributes.get("metric_name").is_some_and(|a| evaluate(&a.expression, scope).text().as_deref() == Some(ERRORS))
}

/// On the metric; or on one that text does not tell, of the balancer's namespace or in a block that names it.
fn is_ours(alarm: &CodeAlarm, item: &Item) -> bool {
    let is = |fields: &BTreeMap<String, Foreign>, name: &str, value: &str| fields.get(name).is_some_and(|v| **v == *value);
    if alarm.fields.contains_key("metric_name") {
        return is(&alarm.fields, "metric_name", ERRORS);
    }
    let unknown = alarm.unresolved.contains_key("metric_name");
    let mentioned = item.text.iter().any(|l| l.text.contains(ERRORS));
    mentioned || (unknown && is(&alarm.fields, "namespace", "AWS/ApplicationELB"))
}
