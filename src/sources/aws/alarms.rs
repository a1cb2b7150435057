//! The alarm: found by name, through a composite, or by what it watches; and every alarm of the region that
//! is about failed connections.

mod composites;
mod convert;
mod history;
mod past;

use super::actions::Action;
use super::call::Aws;
use super::errors::{CallError, Trouble};
use crate::alarms::Listed;
use crate::case::alarm::{Alarm, AlarmChange, AlarmChangeKind, AlarmState};
use crate::metrics::ERRORS;
use crate::subject::nearest;
use crate::time::Time;
use aws_sdk_cloudwatch::operation::describe_alarms::DescribeAlarmsOutput;
use aws_sdk_cloudwatch::types::{AlarmType, Dimension, MetricAlarm, StateValue};
pub(super) use composites::parents;
use convert::{convert, watched};
pub(super) use history::history;
pub use past::pasts;
use std::collections::BTreeMap;

const NAMESPACE: &str = "AWS/ApplicationELB";

/// Composites in composites are followed this far.
const COMPOSITE_DEPTH: usize = 4;

/// Pages of 100 alarms that one region is read in.
const REGION_PAGES: usize = 100;

/// Pages of alarms that are looked through for names like the one that does not exist.
const NAME_PAGES: usize = 10;

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
        let children: Vec<String> =
            answer.composite_alarms().iter().flat_map(|c| composites::children(c.alarm_rule().unwrap_or(""))).collect();
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

/// Every alarm of the region that is about failed connections.
pub async fn of_region(aws: &Aws) -> Result<Listed, CallError> {
    let both = pages(aws, &[AlarmType::MetricAlarm, AlarmType::CompositeAlarm], REGION_PAGES).await;
    // Composite alarms want the permission for every alarm; with a narrower one the others can still be read.
    let (pages, whole) = match both {
        Err(e) if e.trouble == Trouble::Denied => (pages(aws, &[AlarmType::MetricAlarm], REGION_PAGES).await?, false),
        both => (both?, true),
    };
    let all: Vec<Alarm> = pages.iter().flat_map(|p| p.metric_alarms()).map(convert).collect();
    let composite = whole.then(|| composites::on_connection_errors(pages.iter().flat_map(|p| p.composite_alarms()), &all));
    let mut metric: Vec<Alarm> = all.into_iter().filter(|a| a.metric == ERRORS).collect();
    metric.sort_by_key(|a| (a.state != AlarmState::Alarm, std::cmp::Reverse(a.state_updated), a.name.clone()));
    Ok(Listed { metric, composite, pasts: BTreeMap::new() })
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

/// When the alarm last went off, as far as is known.
pub(super) fn last_alarm(alarm: &Alarm, changes: &[AlarmChange]) -> Option<Time> {
    let fired = changes.iter().filter(|c| c.kind == AlarmChangeKind::ToAlarm).map(|c| c.at).max();
    fired.or(alarm.state_updated.filter(|_| alarm.state == AlarmState::Alarm))
}
