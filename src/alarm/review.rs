//! A definition against sense: what makes this alarm late, deaf, noisy or stuck.

mod expression;

use super::{Comparison, Missing, Rule, composite};
use crate::case::alarm::{Alarm, CodeAlarm, CompositeAlarm};
use crate::metrics::ERRORS;
use crate::say;
use crate::text::Text;

/// How much it matters, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// It does not do what it is for.
    Wrong,
    /// It will mislead somebody.
    Poor,
    /// Worth knowing.
    Note,
}

/// One remark, with the Terraform field it is about.
#[derive(Clone, Debug, PartialEq)]
pub struct Remark {
    pub weight: Weight,
    pub field: &'static str,
    pub words: Text,
    /// The value it should have, as Terraform writes it.
    pub better: Option<String>,
}

pub(super) fn remark(weight: Weight, field: &'static str, words: Text) -> Remark {
    Remark { weight, field, words, better: None }
}

impl Remark {
    fn better(mut self, value: &str) -> Self {
        self.better = Some(value.into());
        self
    }
}

/// Everything there is to say of an alarm on failed target connections, the weightiest first.
pub fn review(alarm: &Alarm) -> Vec<Remark> {
    let mut all: Vec<_> =
        [statistic(alarm), comparison(alarm), actions(alarm), dimensions(alarm), period(alarm)].into_iter().flatten().collect();
    all.extend(expression::review(alarm));
    if let Some(rule) = Rule::of(alarm) {
        all.extend(delay(&rule, alarm.period));
        // What gaps do is known where it is known whether there are any.
        let gaps = match expression::Gaps::of(alarm) {
            expression::Gaps::AsTheMetric => vec![missing(&rule), separate(&rule), lingering(&rule)],
            expression::Gaps::Filled | expression::Gaps::Unknown => Vec::new(),
        };
        all.extend(gaps.into_iter().flatten());
        all.extend(threshold(&rule).filter(|_| alarm.expression.is_none()));
    }
    all.sort_by_key(|r| r.weight);
    all
}

/// The same where composite alarms above it are known: one of them may tell somebody in its place.
pub fn review_below(alarm: &Alarm, above: &[CompositeAlarm]) -> Vec<Remark> {
    let mut all = review(alarm);
    let Some(teller) = above.iter().find(|c| tells_of(c, &alarm.name)).map(|c| &c.name) else { return all };
    for remark in all.iter_mut().filter(|r| r.field == "alarm_actions") {
        remark.weight = Weight::Note;
        remark.words = say!(
            "it has no action of its own: composite alarm {teller} tells somebody when it fires",
            "không có action riêng: composite alarm {teller} báo khi nó kêu"
        );
    }
    all.sort_by_key(|r| r.weight);
    all
}

/// Whether a composite alarm fires, and tells somebody, when this one alone fires.
fn tells_of(above: &CompositeAlarm, name: &str) -> bool {
    let fires = || composite::parse(&above.rule).is_some_and(|rule| rule.holds_alone(&[name]) && !rule.holds_alone(&[]));
    above.actions_enabled && !above.actions.is_empty() && fires()
}

fn statistic(alarm: &Alarm) -> Option<Remark> {
    let s = &alarm.statistic;
    (alarm.metric == ERRORS && alarm.expression.is_none() && !s.is_empty() && s != "Sum").then(|| {
        let words = say!(
            "statistic {s}: for this metric only Sum counts errors; other statistics say nothing about how many there were",
            "statistic {s}: với metric này chỉ Sum mới đếm được lỗi; các statistic khác không nói có bao nhiêu lỗi"
        );
        remark(Weight::Wrong, "statistic", words).better("\"Sum\"")
    })
}

fn comparison(alarm: &Alarm) -> Option<Remark> {
    match Comparison::parse(&alarm.comparison) {
        Some(Comparison::Less | Comparison::LessOrEqual) => {
            let words = say!("it fires when there are few errors, not many", "báo động khi ít lỗi chứ không phải khi nhiều lỗi");
            Some(remark(Weight::Wrong, "comparison_operator", words).better("\"GreaterThanOrEqualToThreshold\""))
        }
        _ => None,
    }
}

fn actions(alarm: &Alarm) -> Option<Remark> {
    if !alarm.actions_enabled {
        let words = say!("its actions are disabled: nobody is told when it fires", "các action đang bị tắt: không ai được báo khi nó kêu");
        return Some(remark(Weight::Wrong, "actions_enabled", words).better("true"));
    }
    alarm.actions.is_empty().then(|| {
        let words = say!("it has no action: nobody is told when it fires", "không có action nào: không ai được báo khi nó kêu");
        remark(Weight::Poor, "alarm_actions", words)
    })
}

fn dimensions(alarm: &Alarm) -> Option<Remark> {
    let has = |name| alarm.dimensions.contains_key(name);
    if alarm.dimensions.is_empty() || alarm.expression.is_some() {
        return None;
    }
    if !has("LoadBalancer") {
        let words = say!(
            "without the dimension LoadBalancer CloudWatch has no such metric: it can never fire",
            "thiếu dimension LoadBalancer thì CloudWatch không có metric này: không bao giờ kêu"
        );
        return Some(remark(Weight::Wrong, "dimensions", words));
    }
    if has("AvailabilityZone") {
        let words = say!("it watches one zone only", "chỉ theo dõi một zone");
        return Some(remark(Weight::Poor, "dimensions", words));
    }
    (!has("TargetGroup")).then(|| {
        let words = say!(
            "it watches all target groups of the balancer together: it does not tell which one fails",
            "theo dõi chung mọi target group của load balancer: không cho biết group nào lỗi"
        );
        remark(Weight::Note, "dimensions", words)
    })
}

fn period(alarm: &Alarm) -> Option<Remark> {
    let p = alarm.period;
    (p > 60 && alarm.expression.is_none()).then(|| {
        let words = say!(
            "period {p} s: the metric comes every 60 s, a longer period only makes the alarm late",
            "period {p} s: metric có mỗi 60 s, period dài hơn chỉ làm báo động chậm đi"
        );
        let weight = if p > 300 { Weight::Poor } else { Weight::Note };
        remark(weight, "period", words).better("60")
    })
}

fn missing(rule: &Rule) -> Option<Remark> {
    let words = match rule.missing {
        Missing::NotBreaching => return None,
        Missing::Breaching => {
            let words = say!(
                "missing data counts as breaching: this metric is absent when all is well, so it fires on silence",
                "dữ liệu thiếu bị coi là vi phạm: metric này vắng mặt khi mọi thứ ổn nên nó kêu cả khi im lặng"
            );
            return Some(remark(Weight::Wrong, "treat_missing_data", words).better("\"notBreaching\""));
        }
        Missing::Ignore => say!(
            "missing data is ignored: this metric is absent when errors stop, so it stays in ALARM long after",
            "dữ liệu thiếu bị bỏ qua: metric này vắng mặt khi hết lỗi nên nó vẫn ALARM rất lâu sau đó"
        ),
        Missing::Missing => say!(
            "missing data counts as missing: this metric is absent when all is well, so the alarm rests in INSUFFICIENT_DATA instead of OK",
            "dữ liệu thiếu được coi là thiếu: metric này vắng mặt khi mọi thứ ổn nên báo động nằm ở INSUFFICIENT_DATA thay vì OK"
        ),
    };
    Some(remark(Weight::Poor, "treat_missing_data", words).better("\"notBreaching\""))
}

fn threshold(rule: &Rule) -> Option<Remark> {
    let fires_on_one = rule.breaches(1.0) && rule.datapoints == 1;
    (fires_on_one && matches!(rule.comparison, Comparison::Greater | Comparison::GreaterOrEqual)).then(|| {
        let words = say!(
            "a single failed connection in a single period fires it: any deployment will",
            "chỉ một kết nối lỗi trong một period là kêu: mọi lần triển khai đều làm nó kêu"
        );
        remark(Weight::Poor, "threshold", words)
    })
}

fn delay(rule: &Rule, period: u32) -> Option<Remark> {
    let (m, n, seconds) = (rule.datapoints, rule.periods, u64::from(period) * rule.datapoints as u64);
    (seconds > 600).then(|| {
        let words = say!(
            "{m} of {n} periods of {period} s: it fires {seconds} s after the errors began at the earliest",
            "{m} trên {n} period {period} s: sớm nhất {seconds} s sau khi lỗi bắt đầu mới kêu"
        );
        remark(Weight::Poor, "datapoints_to_alarm", words)
    })
}

/// Minutes without errors have no point, so CloudWatch takes older ones instead.
fn separate(rule: &Rule) -> Option<Remark> {
    let (m, n) = (rule.datapoints, rule.periods);
    (n > 1 && !rule.wall_clock).then(|| {
        let words = say!(
            "{m} of {n}: quiet minutes have no point, so CloudWatch judges older ones in their place; errors in separate minutes can fire it as if they were consecutive",
            "{m} trên {n}: phút yên lặng không có điểm dữ liệu nên CloudWatch xét điểm cũ hơn thay vào; lỗi ở các phút rời nhau vẫn làm nó kêu như liên tiếp"
        );
        remark(Weight::Note, "evaluation_periods", words)
    })
}

fn lingering(rule: &Rule) -> Option<Remark> {
    (rule.missing == Missing::NotBreaching && !rule.wall_clock).then(|| {
        let words = say!(
            "after the last errors it may stay in ALARM for some minutes, because CloudWatch judges the last points again: read the incident's end from the metric",
            "sau lỗi cuối cùng nó có thể vẫn ALARM vài phút vì CloudWatch xét lại các điểm cuối: hãy đọc lúc kết thúc từ metric"
        );
        remark(Weight::Note, "treat_missing_data", words)
    })
}

/// The alarm that a definition would make, as far as text tells; what it does not tell is left out of the
/// review.
pub fn from_code(code: &CodeAlarm) -> Alarm {
    let text = |name: &str| code.fields.get(name).map(ToString::to_string).unwrap_or_default();
    let number = |name: &str| text(name).parse::<f64>().ok();
    let count = |name: &str| number(name).filter(|n| *n >= 0.0).map(|n| n as u32);
    let periods = count("evaluation_periods").unwrap_or(1);
    let unresolved = |name: &str| code.unresolved.contains_key(name);
    let or = |name: &str, default: &str| if text(name).is_empty() && !unresolved(name) { default.to_owned() } else { text(name) };
    let statistic = if text("statistic").is_empty() { text("extended_statistic") } else { text("statistic") };
    let whole = ["threshold", "evaluation_periods", "comparison_operator"].iter().all(|f| code.fields.contains_key(*f));
    Alarm {
        name: or("alarm_name", &code.address).as_str().into(),
        namespace: text("namespace"),
        metric: text("metric_name"),
        statistic,
        dimensions: code.dimensions.iter().map(|(k, v)| (k.clone(), v.to_string())).collect(),
        period: count("period").unwrap_or(60),
        threshold: number("threshold").unwrap_or_default(),
        // Without all of the rule there is no rule to review.
        comparison: if whole { text("comparison_operator") } else { String::new() },
        evaluation_periods: periods,
        datapoints_to_alarm: count("datapoints_to_alarm").unwrap_or(periods),
        treat_missing_data: or("treat_missing_data", "missing"),
        actions_enabled: text("actions_enabled") != "false",
        actions: if text("alarm_actions").is_empty() && !unresolved("alarm_actions") { Vec::new() } else { vec![text("alarm_actions")] },
        expression: code.fields.get("expression").cloned(),
        parts: code.parts.clone(),
        ..Alarm::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Alarm {
        Alarm {
            metric: ERRORS.into(),
            statistic: "Sum".into(),
            dimensions: [("LoadBalancer".into(), "app/web/1".into()), ("TargetGroup".into(), "targetgroup/api/1".into())].into(),
            period: 60,
            threshold: 10.0,
            comparison: "GreaterThanOrEqualToThreshold".into(),
            evaluation_periods: 3,
            datapoints_to_alarm: 2,
            treat_missing_data: "notBreaching".into(),
            actions_enabled: true,
            actions: vec!["arn:aws:sns:eu-west-1:1:pager".into()],
            ..Alarm::default()
        }
    }

    fn bad(change: impl FnOnce(&mut Alarm)) -> Vec<(&'static str, Weight)> {
        let mut alarm = good();
        change(&mut alarm);
        review(&alarm).into_iter().filter(|r| r.weight < Weight::Note).map(|r| (r.field, r.weight)).collect()
    }

    #[test]
    fn a_sound_alarm_gets_notes_only() {
        assert_eq!(bad(|_| {}), []);
        assert!(review(&good()).iter().any(|r| r.field == "evaluation_periods"), "the trap of separate minutes is told");
    }

    #[test]
    fn a_composite_alarm_above_may_tell_in_its_place() {
        let above = |rule: &str| CompositeAlarm {
            name: "page".into(),
            rule: rule.into(),
            actions_enabled: true,
            actions: vec!["pager".into()],
            ..CompositeAlarm::default()
        };
        let silent = Alarm { name: "conn".into(), actions: Vec::new(), ..good() };
        let weight = |rule: &str| review_below(&silent, &[above(rule)]).into_iter().find(|r| r.field == "alarm_actions").unwrap().weight;
        assert_eq!(weight("ALARM(conn) OR ALARM(cpu)"), Weight::Note);
        assert_eq!(weight("ALARM(conn) AND ALARM(cpu)"), Weight::Poor, "not by itself");
        assert_eq!(weight("ALARM(cpu)"), Weight::Poor);
    }

    #[test]
    fn each_fault_is_named() {
        assert_eq!(bad(|a| a.statistic = "Average".into()), [("statistic", Weight::Wrong)]);
        assert_eq!(bad(|a| a.comparison = "LessThanThreshold".into()), [("comparison_operator", Weight::Wrong)]);
        assert_eq!(bad(|a| a.actions_enabled = false), [("actions_enabled", Weight::Wrong)]);
        assert_eq!(bad(|a| a.actions.clear()), [("alarm_actions", Weight::Poor)]);
        assert_eq!(bad(|a| drop(a.dimensions.remove("LoadBalancer"))), [("dimensions", Weight::Wrong)]);
        assert_eq!(bad(|a| a.treat_missing_data = "breaching".into()), [("treat_missing_data", Weight::Wrong)]);
        assert_eq!(bad(|a| a.treat_missing_data = "missing".into()), [("treat_missing_data", Weight::Poor)]);
        assert_eq!(bad(|a| a.period = 600), [("period", Weight::Poor), ("datapoints_to_alarm", Weight::Poor)]);
        let hair = bad(|a| (a.threshold, a.evaluation_periods, a.datapoints_to_alarm) = (1.0, 1, 1));
        assert_eq!(hair, [("threshold", Weight::Poor)]);
    }
}
