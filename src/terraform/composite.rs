//! One `aws_cloudwatch_composite_alarm` as it is written, its rule resolved as far as text allows; and which of
//! them stand above an alarm on failed target connections.

use super::resource::{begun, keep, read_fields};
use super::syntax::Item;
use super::value::{Scope, evaluate, partly};
use crate::alarm::composite;
use crate::alarm::drift::rule;
use crate::case::alarm::CodeAlarm;
use std::collections::BTreeSet;

/// The kind of resource.
pub const KIND: &str = "aws_cloudwatch_composite_alarm";

const FIELDS: &[&str] = &["alarm_name", "alarm_rule", "actions_enabled", "alarm_actions"];

/// The definition, whatever its children are.
pub fn alarm(item: &Item, address: String, scope: &dyn Scope) -> CodeAlarm {
    let mut alarm = begun(item, address);
    read_fields(&mut alarm, item, FIELDS, scope);
    // What text tells of the rest of a rule is worth having where one name in it is not known.
    if let Some(rule) = item.attributes.get("alarm_rule").filter(|_| alarm.unresolved.contains_key("alarm_rule")) {
        alarm.unresolved.insert("alarm_rule".into(), partly(&rule.expression, scope).into());
    }
    let suppressor = item.blocks.iter().find(|(kind, _)| kind == "actions_suppressor").and_then(|(_, b)| b.attributes.get("alarm"));
    if let Some(suppressor) = suppressor {
        keep(&mut alarm, "actions_suppressor".into(), evaluate(&suppressor.expression, scope));
        alarm.lines.insert("actions_suppressor".into(), suppressor.line);
    }
    alarm
}

/// Those with one of `alarms` below them, at any depth; and the others.
pub fn above(composites: Vec<CodeAlarm>, alarms: &[CodeAlarm]) -> (Vec<CodeAlarm>, Vec<CodeAlarm>) {
    let mut below = Below::default();
    alarms.iter().for_each(|a| below.add(a));
    let (mut found, mut rest) = (Vec::new(), composites);
    loop {
        let (ours, others): (Vec<_>, Vec<_>) = rest.into_iter().partition(|c| below.is_named_by(c));
        if ours.is_empty() {
            return (found, others);
        }
        ours.iter().for_each(|c| below.add(c));
        found.extend(ours);
        rest = others;
    }
}

/// What rules may call an alarm: by its name, or by its resource where its name is not known.
#[derive(Default)]
struct Below {
    names: BTreeSet<String>,
    resources: BTreeSet<String>,
}

impl Below {
    fn add(&mut self, alarm: &CodeAlarm) {
        self.names.extend(alarm.fields.get("alarm_name").map(ToString::to_string));
        let from = alarm.address.rfind("aws_cloudwatch_").unwrap_or_default();
        let own = &alarm.address[from..];
        self.resources.insert(own.split_once('[').map_or(own, |(resource, _)| resource).to_owned());
    }

    fn is_named_by(&self, composite: &CodeAlarm) -> bool {
        let rule = rule(composite);
        let by_name = composite::parse(&rule).is_some_and(|r| r.names().iter().any(|n| self.names.contains(*n)));
        by_name || self.resources.iter().any(|r| mentions(&rule, r))
    }
}

/// `aws_cloudwatch_metric_alarm.conn`, and not `….connections`.
fn mentions(text: &str, resource: &str) -> bool {
    let whole = |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '-'));
    text.match_indices(resource).any(|(at, found)| whole(&text[at + found.len()..]))
}
