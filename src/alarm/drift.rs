//! The live alarm against its definition in a file, field by field.

use super::composite::{self, Likeness};
use crate::case::alarm::{Alarm, CodeAlarm, CompositeAlarm};
use crate::case::topology::short_name;
use crate::text::Foreign;

/// A field that is not the same in both, or that text alone does not tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    pub field: String,
    pub live: String,
    /// As it stands when it is not resolved.
    pub code: String,
    pub line: Option<usize>,
    /// The file's value is known, so this really differs.
    pub certain: bool,
}

/// What Terraform takes for a field that is not written.
fn default_of(field: &str, code: &CodeAlarm) -> Option<String> {
    Some(match field {
        "treat_missing_data" => "missing".into(),
        "actions_enabled" => "true".into(),
        "datapoints_to_alarm" => code.fields.get("evaluation_periods")?.to_string(),
        _ => return None,
    })
}

fn live_fields(alarm: &Alarm) -> Vec<(&'static str, String)> {
    let statistic = if alarm.statistic.starts_with('p') { "extended_statistic" } else { "statistic" };
    let datapoints = if alarm.datapoints_to_alarm == 0 { alarm.evaluation_periods } else { alarm.datapoints_to_alarm };
    vec![
        ("alarm_name", alarm.name.to_string()),
        ("namespace", alarm.namespace.clone()),
        ("metric_name", alarm.metric.clone()),
        (statistic, alarm.statistic.clone()),
        ("period", alarm.period.to_string()),
        ("evaluation_periods", alarm.evaluation_periods.to_string()),
        ("datapoints_to_alarm", datapoints.to_string()),
        ("threshold", alarm.threshold.to_string()),
        ("comparison_operator", alarm.comparison.clone()),
        ("treat_missing_data", alarm.treat_missing_data.clone()),
        ("actions_enabled", alarm.actions_enabled.to_string()),
        ("expression", alarm.parts.iter().find(|p| p.judged).and_then(|p| p.expression.as_deref()).unwrap_or_default().to_owned()),
    ]
}

/// Every field of both that differs or cannot be compared.
pub fn drift(live: &Alarm, code: &CodeAlarm) -> Vec<Difference> {
    let mut all: Vec<_> = live_fields(live).into_iter().filter(|(_, v)| !v.is_empty()).filter_map(|(f, v)| field(f, v, code)).collect();
    let names = live.dimensions.keys().chain(code.dimensions.keys()).collect::<std::collections::BTreeSet<_>>();
    all.extend(names.into_iter().filter_map(|name| dimension(name, live, code)));
    all
}

fn field(field: &str, live: String, code: &CodeAlarm) -> Option<Difference> {
    let line = code.lines.get(field).copied();
    if let Some(text) = code.unresolved.get(field) {
        return Some(Difference { field: field.into(), live, code: text.to_string(), line, certain: false });
    }
    let value = code.fields.get(field).map(ToString::to_string).or_else(|| default_of(field, code))?;
    (!same(&live, &value)).then(|| Difference { field: field.into(), live, code: value, line, certain: true })
}

fn dimension(name: &str, live: &Alarm, code: &CodeAlarm) -> Option<Difference> {
    let field = format!("dimensions.{name}");
    let there = live.dimensions.get(name).cloned().unwrap_or_default();
    let line = code.lines.get("dimensions").copied();
    let written = code.dimensions.get(name);
    if written.is_some_and(|w| fits(w, &there)) {
        return None;
    }
    let known = written.is_some() || !(code.unresolved.contains_key(&field) || code.unresolved.contains_key("dimensions"));
    let text = written.or_else(|| code.unresolved.get(&field)).or_else(|| code.unresolved.get("dimensions"));
    Some(Difference { field, live: there, code: text.map(ToString::to_string).unwrap_or_default(), line, certain: known })
}

/// A composite alarm against its definition. Rules are compared by what they say, not by how they are spaced or
/// whether they name an alarm by its ARN.
pub fn composite_drift(live: &CompositeAlarm, code: &CodeAlarm) -> Vec<Difference> {
    let suppressor = live.suppressor.as_deref().unwrap_or_default().to_owned();
    let mut all: Vec<_> = rule_drift(live, code).into_iter().collect();
    all.extend(field("actions_enabled", live.actions_enabled.to_string(), code));
    let named = code.fields.get("actions_suppressor").map(|s| composite::name_of(s).to_owned()).unwrap_or_default();
    if suppressor != named {
        let unknown = code.unresolved.get("actions_suppressor");
        let line = code.lines.get("actions_suppressor").copied();
        let written = unknown.map_or(named, ToString::to_string);
        all.push(Difference { field: "actions_suppressor".into(), live: suppressor, code: written, line, certain: unknown.is_none() });
    }
    all
}

fn rule_drift(live: &CompositeAlarm, code: &CodeAlarm) -> Option<Difference> {
    let there: String = live.rule.split_whitespace().collect::<Vec<_>>().join(" ");
    let written = rule(code);
    let likeness = match (composite::parse(&there), composite::parse(&written)) {
        (Some(a), Some(b)) => a.likeness(&b),
        (None, None) if there == written => Likeness::Same,
        _ if code.unresolved.contains_key("alarm_rule") => Likeness::Possible,
        _ => Likeness::Different,
    };
    let line = code.lines.get("alarm_rule").copied();
    let certain = likeness == Likeness::Different;
    (likeness != Likeness::Same).then(|| Difference { field: "alarm_rule".into(), live: there, code: written, line, certain })
}

/// The rule of a composite alarm in a file on one line, resolved or as far as it is.
pub fn rule(code: &CodeAlarm) -> String {
    let text = code.fields.get("alarm_rule").or_else(|| code.unresolved.get("alarm_rule")).map(Foreign::as_str).unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The definition of a live composite alarm: by its name, else the only one whose rule may be the same.
pub fn composite_matching<'a>(live: &CompositeAlarm, all: &'a [CodeAlarm]) -> Option<&'a CodeAlarm> {
    let named = |c: &&CodeAlarm| c.fields.get("alarm_name").is_some_and(|n| *n == live.name);
    let alike = |c: &&CodeAlarm| !c.fields.contains_key("alarm_name") && rule_drift(live, c).is_none_or(|d| !d.certain);
    let by_rule = || {
        let mut found = all.iter().filter(alike);
        found.next().filter(|_| found.next().is_none())
    };
    all.iter().find(named).or_else(by_rule)
}

/// `app/web/*` fits `app/web/0123456789abcdef`.
fn fits(pattern: &str, value: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == value, |begin| value.starts_with(begin))
}

fn same(a: &str, b: &str) -> bool {
    match (a.parse::<f64>(), b.parse::<f64>()) {
        (Ok(a), Ok(b)) => a == b,
        _ => a == b,
    }
}

/// The definition of a live alarm among those found, the surest match: its name, else its dimensions.
pub fn matching<'a>(live: &Alarm, all: &'a [CodeAlarm]) -> Option<&'a CodeAlarm> {
    let named = |c: &&CodeAlarm| c.fields.get("alarm_name").is_some_and(|n| *n == live.name);
    let free = |c: &&CodeAlarm| !c.fields.contains_key("alarm_name");
    let dimensions =
        |c: &&CodeAlarm| !c.dimensions.is_empty() && c.dimensions.iter().all(|(k, v)| live.dimensions.get(k).is_some_and(|l| fits(v, l)));
    let by_dimensions = || {
        let mut found = all.iter().filter(|c| free(c) && dimensions(c));
        found.next().filter(|_| found.next().is_none())
    };
    all.iter().find(named).or_else(by_dimensions)
}

/// Whether a definition is about one of these balancers or groups, as far as its dimensions tell.
pub fn is_about(code: &CodeAlarm, dimension: &str) -> bool {
    code.dimensions.values().any(|v| fits(v, dimension) || short_name(v) == short_name(dimension))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn live() -> Alarm {
        Alarm {
            name: "conn".into(),
            metric: "TargetConnectionErrorCount".into(),
            statistic: "Sum".into(),
            period: 60,
            threshold: 5.0,
            comparison: "GreaterThanThreshold".into(),
            evaluation_periods: 3,
            datapoints_to_alarm: 3,
            treat_missing_data: "notBreaching".into(),
            actions_enabled: true,
            dimensions: [("LoadBalancer".into(), "app/web/0123456789abcdef".into())].into(),
            ..Alarm::default()
        }
    }

    fn code(fields: &[(&str, &str)]) -> CodeAlarm {
        let mut code = CodeAlarm { dimensions: [("LoadBalancer".into(), "app/web/*".into())].into(), ..CodeAlarm::default() };
        code.fields = fields.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
        code
    }

    #[test]
    fn only_what_differs_is_told() {
        let code =
            code(&[("alarm_name", "conn"), ("threshold", "5.0"), ("period", "300"), ("evaluation_periods", "3"), ("statistic", "Sum")]);
        let found: Vec<_> = drift(&live(), &code).into_iter().map(|d| (d.field, d.live, d.code)).collect();
        let row = |a: &str, b: &str, c: &str| (a.to_owned(), b.to_owned(), c.to_owned());
        assert_eq!(found, [row("period", "60", "300"), row("treat_missing_data", "notBreaching", "missing")]);
    }

    #[test]
    fn expressions_are_compared_too() {
        use crate::case::alarm::AlarmPart;
        let line =
            AlarmPart { id: "rate".into(), expression: Some("100 * errors / requests".into()), judged: true, ..AlarmPart::default() };
        let live = Alarm { expression: Some("rate = 100 * errors / requests".into()), parts: vec![line], ..live() };
        let with = |text| {
            let code = code(&[("expression", text), ("treat_missing_data", "notBreaching"), ("evaluation_periods", "3")]);
            drift(&live, &code).into_iter().map(|d| (d.field, d.code)).collect::<Vec<_>>()
        };
        assert_eq!(with("100 * errors / requests"), []);
        assert_eq!(with("errors / requests"), [("expression".to_owned(), "errors / requests".to_owned())]);
    }

    #[test]
    fn unresolved_text_is_no_difference_but_is_told() {
        let mut code = code(&[("treat_missing_data", "notBreaching"), ("evaluation_periods", "3")]);
        code.unresolved.insert("threshold".into(), "var.limit".into());
        let found = drift(&live(), &code);
        assert_eq!(found.len(), 1);
        assert!(!found[0].certain && found[0].code == "var.limit");
    }

    #[test]
    fn a_definition_is_matched_by_name_or_else_by_dimensions() {
        let named = code(&[("alarm_name", "conn")]);
        let other = code(&[("alarm_name", "other")]);
        let nameless = code(&[]);
        assert_eq!(matching(&live(), &[other.clone(), named.clone()]), Some(&named));
        assert_eq!(matching(&live(), &[other.clone(), nameless.clone()]), Some(&nameless));
        assert_eq!(matching(&live(), &[nameless.clone(), nameless]), None);
        assert_eq!(matching(&live(), &[other]), None);
    }
}
