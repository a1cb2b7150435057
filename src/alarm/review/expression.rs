//! An alarm on metric math against sense, as far as its expression is understood.

use super::{Remark, Weight, remark};
use crate::alarm::math::{Formula, NotUnderstood, parse};
use crate::case::alarm::{Alarm, AlarmPart};
use crate::metrics::ERRORS;
use crate::say;

/// What a minute without errors means to an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gaps {
    /// It has no point, as in the metric itself.
    AsTheMetric,
    /// The expression puts a number there.
    Filled,
    Unknown,
}

impl Gaps {
    pub fn of(alarm: &Alarm) -> Self {
        match formulas(alarm) {
            _ if alarm.expression.is_none() => Self::AsTheMetric,
            Ok(all) if all.iter().any(|(_, f)| uses_unfilled(f, alarm)) => Self::AsTheMetric,
            Ok(all) if !all.is_empty() => Self::Filled,
            _ => Self::Unknown,
        }
    }
}

fn formulas(alarm: &Alarm) -> Result<Vec<(&AlarmPart, Formula)>, NotUnderstood> {
    alarm.parts.iter().filter_map(|p| Some((p, parse(p.expression.as_deref()?)))).map(|(p, f)| Ok((p, f?))).collect()
}

fn errors_line(part: &AlarmPart) -> bool {
    part.metric == ERRORS
}

fn uses_unfilled(formula: &Formula, alarm: &Alarm) -> bool {
    let is_errors = |id: &str| alarm.parts.iter().any(|p| p.id == id && errors_line(p));
    formula.lines().into_iter().any(|(id, filled)| !filled && is_errors(id))
}

/// Remarks on the expression and on the metrics inside.
pub fn review(alarm: &Alarm) -> Vec<Remark> {
    let Some(expression) = &alarm.expression else { return Vec::new() };
    let mut all: Vec<Remark> = alarm.parts.iter().filter(|p| errors_line(p)).filter_map(statistic).collect();
    all.extend(alarm.parts.iter().filter(|p| errors_line(p)).filter_map(balancer));
    match formulas(alarm) {
        Err(NotUnderstood(part)) => {
            let words = say!(
                "it is on an expression ({expression}) with {part}, which is not reckoned here: its past cannot be played again",
                "báo động dựa trên biểu thức ({expression}) có {part}, ở đây không tính được: không thể phát lại quá khứ"
            );
            all.push(remark(Weight::Note, "expression", words));
        }
        Ok(found) if found.iter().any(|(_, f)| uses_unfilled(f, alarm)) => all.push(unfilled(alarm)),
        Ok(_) => {}
    }
    all
}

fn statistic(part: &AlarmPart) -> Option<Remark> {
    let (id, s) = (&part.id, &part.statistic);
    (!s.is_empty() && s != "Sum").then(|| {
        let words = say!("{id} takes {s} of {ERRORS}: only Sum counts errors", "{id} dùng {s} của {ERRORS}: chỉ Sum mới đếm được lỗi");
        remark(Weight::Wrong, "metric_query", words)
    })
}

fn balancer(part: &AlarmPart) -> Option<Remark> {
    let id = &part.id;
    (!part.dimensions.is_empty() && !part.dimensions.contains_key("LoadBalancer")).then(|| {
        let words = say!(
            "{id} lacks the dimension LoadBalancer: CloudWatch has no such metric, so it is always empty",
            "{id} thiếu dimension LoadBalancer: CloudWatch không có metric này nên luôn trống"
        );
        remark(Weight::Wrong, "metric_query", words)
    })
}

fn unfilled(alarm: &Alarm) -> Remark {
    let id = alarm.parts.iter().find(|p| errors_line(p)).map_or("m1", |p| p.id.as_str());
    let words = say!(
        "minutes without errors have no point, and neither has the expression then: write FILL({id}, 0) for a true zero",
        "phút không có lỗi thì không có điểm dữ liệu, biểu thức cũng vậy: hãy viết FILL({id}, 0) để có số 0 thật"
    );
    remark(Weight::Poor, "metric_query", words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(expression: &str, statistic: &str) -> Alarm {
        let metric = |id: &str, metric: &str| AlarmPart {
            id: id.into(),
            metric: metric.into(),
            statistic: statistic.into(),
            period: 60,
            dimensions: [("LoadBalancer".into(), "app/web/1".into())].into(),
            ..AlarmPart::default()
        };
        let line = AlarmPart { id: "rate".into(), expression: Some(expression.into()), judged: true, ..AlarmPart::default() };
        Alarm {
            metric: ERRORS.into(),
            expression: Some(format!("rate = {expression}").into()),
            parts: vec![line, metric("errors", ERRORS), metric("requests", "RequestCount")],
            ..Alarm::default()
        }
    }

    fn said(alarm: &Alarm) -> Vec<(Weight, String)> {
        review(alarm).into_iter().map(|r| (r.weight, r.words.en)).collect()
    }

    #[test]
    fn a_filled_share_of_requests_is_sound() {
        let alarm = rate("100 * FILL(errors, 0) / requests", "Sum");
        assert_eq!((said(&alarm), Gaps::of(&alarm)), (vec![], Gaps::Filled));
    }

    #[test]
    fn gaps_statistics_and_what_is_not_understood_are_told() {
        let open = rate("errors / requests", "Average");
        assert_eq!(Gaps::of(&open), Gaps::AsTheMetric);
        let words = said(&open);
        assert_eq!(words[0], (Weight::Wrong, "errors takes Average of TargetConnectionErrorCount: only Sum counts errors".to_owned()));
        assert!(words[1].1.contains("write FILL(errors, 0)"), "{words:?}");
        let strange = rate("RATE(errors)", "Sum");
        assert_eq!(Gaps::of(&strange), Gaps::Unknown);
        assert!(said(&strange)[0].1.contains("with RATE(errors), which is not reckoned here"), "{:?}", said(&strange));
    }
}
