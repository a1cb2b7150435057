//! The alarm: as it stands live, how it changed, and as code defines it.

use crate::text::Foreign;
use crate::time::Time;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A metric alarm as CloudWatch describes it. Times UTC, period in seconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Alarm {
    pub name: Foreign,
    pub arn: String,
    pub namespace: String,
    pub metric: String,
    pub statistic: String,
    pub dimensions: BTreeMap<String, String>,
    pub period: u32,
    pub threshold: f64,
    /// `GreaterThanThreshold`, `GreaterThanOrEqualToThreshold`, …
    pub comparison: String,
    pub evaluation_periods: u32,
    pub datapoints_to_alarm: u32,
    /// `missing`, `notBreaching`, `breaching` or `ignore`.
    pub treat_missing_data: String,
    pub actions_enabled: bool,
    #[serde(default)]
    pub actions: Vec<String>,
    pub state: AlarmState,
    pub state_reason: Foreign,
    pub state_updated: Option<Time>,
    pub configuration_updated: Option<Time>,
    /// The metric-math expression, when the alarm is on one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expression: Option<Foreign>,
    /// The lines of metric math that it is made of; empty for an alarm on one metric.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<AlarmPart>,
    /// It judges the periods of the clock, not a window that slides from minute to minute.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub wall_clock: bool,
}

/// One line of metric math: a metric, or an expression over other lines.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AlarmPart {
    /// What expressions call it.
    pub id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expression: Option<Foreign>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// Empty for an expression.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub metric: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub statistic: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub dimensions: BTreeMap<String, String>,
    pub period: u32,
    /// The one line whose points are judged.
    #[serde(default)]
    pub judged: bool,
}

/// An alarm whose state is a rule over the states of other alarms.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CompositeAlarm {
    pub name: Foreign,
    pub arn: String,
    /// `ALARM("a") AND NOT ALARM(b)`
    pub rule: Foreign,
    pub actions_enabled: bool,
    #[serde(default)]
    pub actions: Vec<String>,
    pub state: AlarmState,
    pub state_reason: Foreign,
    pub state_updated: Option<Time>,
    /// The alarm that keeps its actions back while it fires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suppressor: Option<Foreign>,
    /// Those of its rule's alarms that could be found, by name.
    pub children: BTreeMap<String, ChildAlarm>,
}

/// What a composite alarm's child is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ChildAlarm {
    pub state: AlarmState,
    /// `Sum of TargetConnectionErrorCount`, an expression, or empty for another composite alarm.
    pub watches: Foreign,
    /// It watches failed target connections, itself or by its own children.
    pub on_connection_errors: bool,
    /// Somebody is told when it fires.
    pub tells: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlarmState {
    Ok,
    Alarm,
    #[default]
    InsufficientData,
}

/// One item of the alarm's history: a transition or an edit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AlarmChange {
    pub at: Time,
    pub kind: AlarmChangeKind,
    pub summary: Foreign,
    pub reason: Foreign,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlarmChangeKind {
    ToAlarm,
    ToOk,
    ToInsufficientData,
    Edited,
    Action,
}

/// An alarm definition found in a Terraform file; a field that text alone does not tell is `None`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CodeAlarm {
    /// Path relative to the folder that was searched.
    pub file: Foreign,
    pub line: usize,
    /// `aws_cloudwatch_metric_alarm.conn_errors["api"]`
    pub address: Foreign,
    /// Field name as in Terraform → its value as text, references resolved as far as text allows.
    pub fields: BTreeMap<String, Foreign>,
    /// Dimensions as far as they are known.
    pub dimensions: BTreeMap<String, Foreign>,
    /// What could not be resolved, as it stands in the file.
    #[serde(default)]
    pub unresolved: BTreeMap<String, Foreign>,
    /// The lines of metric math that it is made of; what text alone does not tell of one stays empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<AlarmPart>,
    /// The line each field stands on, for those written in the block itself.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub lines: BTreeMap<String, usize>,
    /// The block as it stands, to suggest an edit in; empty for the JSON syntax.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub text: Vec<SourceLine>,
}

/// A line of a file, numbered from 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceLine {
    pub line: usize,
    pub text: Foreign,
}
