//! Composite alarms: what their rules name, and which of them are about failed connections.

use super::convert::{convert, state};
use super::describe;
use crate::alarm::composite;
use crate::case::alarm::{Alarm, ChildAlarm, CompositeAlarm};
use crate::exchange::{Area, What};
use crate::metrics::ERRORS;
use crate::sources::aws::actions::Action;
use crate::sources::aws::context::{Context, origin};
use crate::sources::aws::values::{OrEmpty, time};
use crate::text::Foreign;
use aws_sdk_cloudwatch::types::CompositeAlarm as Described;
use std::collections::BTreeMap;

/// Alarm names in a rule.
pub(super) fn children(rule: &str) -> Vec<String> {
    composite::parse(rule).map(|r| r.names().into_iter().map(str::to_owned).collect()).unwrap_or_default()
}

/// Those of the composite alarms that have an alarm on failed connections below, at any depth; `metric` are the
/// alarms they can have below.
pub(super) fn on_connection_errors<'a>(described: impl Iterator<Item = &'a Described>, metric: &[Alarm]) -> Vec<CompositeAlarm> {
    let mut all: Vec<CompositeAlarm> = described.map(converted).collect();
    let mut known: BTreeMap<String, ChildAlarm> = metric.iter().map(|a| (a.name.to_string(), child(a))).collect();
    known.extend(all.iter().map(|c| (c.name.to_string(), composite_child(c))));
    // One level a round; rules may go in a circle.
    for _ in 0..all.len() {
        let found: Vec<String> = all
            .iter()
            .filter(|c| !known[c.name.as_str()].on_connection_errors && has_below(c, &known))
            .map(|c| c.name.to_string())
            .collect();
        if found.is_empty() {
            break;
        }
        found.iter().filter_map(|name| known.get_mut(name).map(|c| c.on_connection_errors = true)).for_each(drop);
    }
    all.retain(|c| known[c.name.as_str()].on_connection_errors);
    all.iter_mut().for_each(|c| adopt(c, &known));
    all.sort_by_key(|c| (c.state != crate::case::alarm::AlarmState::Alarm, c.name.clone()));
    all
}

fn has_below(c: &CompositeAlarm, known: &BTreeMap<String, ChildAlarm>) -> bool {
    children(&c.rule).iter().any(|name| known.get(name).is_some_and(|k| k.on_connection_errors))
}

fn adopt(c: &mut CompositeAlarm, known: &BTreeMap<String, ChildAlarm>) {
    c.children = children(&c.rule).into_iter().filter_map(|name| Some((name.clone(), known.get(&name)?.clone()))).collect();
}

/// Reads the composite alarms that the case's alarm is a child of, with their other children.
pub(in crate::sources::aws) async fn parents(ctx: &Context) {
    let Some(alarm) = ctx.case(|c| c.alarm.clone()) else { return };
    let subject = "composite alarms above the alarm";
    let answer =
        ctx.aws.sdk(Action::DescribeAlarms, || ctx.aws.cloudwatch().describe_alarms().parents_of_alarm_name(&*alarm.name).send()).await;
    let Some(answer) = ctx.or_gap(Area::Alarm, subject, answer).await else { return };
    let names: Vec<String> = answer.composite_alarms().iter().filter_map(|c| c.alarm_name()).map(str::to_owned).collect();
    if names.is_empty() {
        return;
    }
    // Parents come by name and state only.
    let Some(described) = ctx.or_gap(Area::Alarm, subject, describe(&ctx.aws, &names).await).await else { return };
    let named: Vec<String> = described.composite_alarms().iter().flat_map(|c| children(c.alarm_rule().unwrap_or(""))).collect();
    let Some(below) = ctx.or_gap(Area::Alarm, subject, describe(&ctx.aws, &named).await).await else { return };
    let metric: Vec<Alarm> = below.metric_alarms().iter().map(convert).collect();
    let mut known: BTreeMap<String, ChildAlarm> = metric.iter().map(|a| (a.name.to_string(), child(a))).collect();
    known.extend(below.composite_alarms().iter().map(converted).map(|c| (c.name.to_string(), composite_child(&c))));
    let mut all: Vec<CompositeAlarm> = described.composite_alarms().iter().map(converted).collect();
    all.iter_mut().for_each(|c| adopt(c, &known));
    let asked = [("ParentsOfAlarmName", alarm.name.to_string())];
    ctx.learn_from(origin(Action::DescribeAlarms, asked), What::CompositeAlarms(all)).await;
}

fn child(a: &Alarm) -> ChildAlarm {
    let watches = a.expression.clone().unwrap_or_else(|| format!("{} of {}", a.statistic, a.metric).into());
    ChildAlarm { state: a.state, watches, on_connection_errors: a.metric == ERRORS, tells: a.actions_enabled && !a.actions.is_empty() }
}

fn composite_child(c: &CompositeAlarm) -> ChildAlarm {
    ChildAlarm {
        state: c.state,
        watches: Foreign::default(),
        on_connection_errors: false,
        tells: c.actions_enabled && !c.actions.is_empty(),
    }
}

fn converted(c: &Described) -> CompositeAlarm {
    CompositeAlarm {
        name: c.alarm_name().text(),
        arn: c.alarm_arn().owned(),
        rule: c.alarm_rule().text(),
        actions_enabled: c.actions_enabled().unwrap_or(true),
        actions: c.alarm_actions().to_vec(),
        state: state(c.state_value().map_or("", |s| s.as_str())),
        state_reason: c.state_reason().text(),
        state_updated: c.state_transitioned_timestamp().or(c.state_updated_timestamp()).and_then(time),
        suppressor: c.actions_suppressor().map(composite::name_of).map(Foreign::from),
        children: BTreeMap::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn composite(name: &str, rule: &str) -> Described {
        Described::builder().alarm_name(name).alarm_rule(rule).build()
    }

    #[test]
    fn composites_are_followed_down_to_the_metric() {
        let conn = Alarm { name: "conn".into(), metric: ERRORS.into(), statistic: "Sum".into(), ..Alarm::default() };
        let cpu = Alarm { name: "cpu".into(), metric: "CPUUtilization".into(), statistic: "Average".into(), ..Alarm::default() };
        let all = [
            composite("page", "ALARM(web) OR ALARM(gone)"),
            composite("web", "ALARM(conn) OR ALARM(cpu)"),
            composite("hosts", "ALARM(cpu)"),
            composite("a circle", "ALARM(\"a circle\")"),
        ];
        let found = on_connection_errors(all.iter(), &[conn, cpu]);
        assert_eq!(found.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(), ["page", "web"]);
        assert_eq!(found[0].children.keys().collect::<Vec<_>>(), ["web"], "what is gone is left out");
        assert!(found[0].children["web"].on_connection_errors && !found[1].children["cpu"].on_connection_errors);
        assert_eq!(found[1].children["conn"].watches.as_str(), "Sum of TargetConnectionErrorCount");
    }
}
