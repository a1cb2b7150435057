//! The points of an alarm on metric math, worked out from the series of the metrics inside.

use super::{NoHistory, Stretch, stretches as of_metric};
use crate::alarm::math::{Formula, NotUnderstood, Points, parse};
use crate::case::Case;
use crate::case::alarm::{Alarm, AlarmPart};
use crate::case::series::SeriesKey;
use crate::metrics::ERRORS;
use std::collections::BTreeMap;

/// Expressions over expressions are followed this far.
const DEEPEST: usize = 8;

/// Every line of the alarm, read.
struct Lines<'a> {
    formulas: BTreeMap<&'a str, Formula>,
    metrics: BTreeMap<&'a str, Vec<Stretch>>,
}

/// The judged line over every stretch in which all metrics that it needs are held.
pub(super) fn stretches(case: &Case, alarm: &Alarm, period: u32) -> Result<Vec<Stretch>, NoHistory> {
    let mut judged = alarm.parts.iter().filter(|p| p.judged);
    let (Some(wanted), None) = (judged.next(), judged.next()) else { return Err(NoHistory::NotPlain) };
    let lines = read(case, alarm, period)?;
    let first = alarm.parts.iter().filter(|p| p.expression.is_none()).max_by_key(|p| p.metric == ERRORS).ok_or(NoHistory::NotPlain)?;
    let frames = lines.metrics.get(first.id.as_str()).map(Vec::as_slice).unwrap_or_default();
    let of_frame = |frame: &Stretch| Some(Stretch { start: frame.start, points: lines.points(&wanted.id, frame, period, DEEPEST)? });
    Ok(frames.iter().filter_map(of_frame).collect())
}

fn read<'a>(case: &Case, alarm: &'a Alarm, period: u32) -> Result<Lines<'a>, NoHistory> {
    let mut lines = Lines { formulas: BTreeMap::new(), metrics: BTreeMap::new() };
    for part in &alarm.parts {
        match &part.expression {
            Some(text) => {
                let formula = parse(text).map_err(|NotUnderstood(what)| NoHistory::NotUnderstood(what))?;
                lines.formulas.insert(&part.id, formula);
            }
            None if part.period.max(60) != period => return Err(NoHistory::NotUnderstood(format!("{} at {} s", part.id, part.period))),
            None => _ = lines.metrics.insert(&part.id, of_metric(case, &key(part), &part.statistic, period)),
        }
    }
    Ok(lines)
}

fn key(part: &AlarmPart) -> SeriesKey {
    SeriesKey { metric: part.metric.clone(), dimensions: part.dimensions.clone() }
}

impl Lines<'_> {
    fn points(&self, id: &str, frame: &Stretch, period: u32, depth: usize) -> Option<Points> {
        if let Some(held) = self.metrics.get(id) {
            return held.iter().find_map(|s| within(s, frame, period));
        }
        let deeper = depth.checked_sub(1)?;
        self.formulas.get(id)?.points(frame.points.len(), &|id| self.points(id, frame, period, deeper))
    }
}

/// The part of a stretch that is the frame's time, if all of it is held.
fn within(stretch: &Stretch, frame: &Stretch, period: u32) -> Option<Points> {
    let skipped = (frame.start - stretch.start).num_seconds();
    let from = usize::try_from(skipped / i64::from(period)).ok().filter(|_| skipped >= 0)?;
    stretch.points.get(from..from + frame.points.len()).map(<[_]>::to_vec)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alarm::Rule;
    use crate::alarm::replay::{History, firings};
    use crate::case::series::Series;

    fn series(metric: &str, values: &[f64]) -> Series {
        Series {
            key: SeriesKey::new(metric, [("LoadBalancer", "app/web/1")]),
            statistic: "Sum".into(),
            period: 60,
            start: chrono::DateTime::from_timestamp(1_790_000_040, 0).unwrap(),
            values: values.to_vec(),
        }
    }

    fn metric(id: &str, name: &str) -> AlarmPart {
        let dimensions = [("LoadBalancer".into(), "app/web/1".into())].into();
        AlarmPart { id: id.into(), metric: name.into(), statistic: "Sum".into(), period: 60, dimensions, ..AlarmPart::default() }
    }

    fn rate(expression: &str) -> Alarm {
        let line = AlarmPart { id: "rate".into(), expression: Some(expression.into()), judged: true, ..AlarmPart::default() };
        Alarm {
            metric: ERRORS.into(),
            period: 60,
            threshold: 5.0,
            comparison: "GreaterThanThreshold".into(),
            evaluation_periods: 1,
            datapoints_to_alarm: 1,
            treat_missing_data: "notBreaching".into(),
            expression: Some(expression.into()),
            parts: vec![line, metric("errors", ERRORS), metric("requests", "RequestCount")],
            ..Alarm::default()
        }
    }

    fn case() -> Case {
        let mut case = Case::default();
        case.series.absorb(series(ERRORS, &[f64::NAN, 1.0, 30.0, f64::NAN, 0.0, 0.0]));
        case.series.absorb(series("RequestCount", &[100.0, 100.0, 100.0, 100.0, 100.0, 100.0]));
        case
    }

    #[test]
    fn a_share_of_requests_is_played_again() {
        let alarm = rate("100 * FILL(errors, 0) / requests");
        let history = History::of(&case(), &alarm).unwrap();
        assert_eq!(history.values().collect::<Vec<_>>(), [0.0, 1.0, 30.0, 0.0, 0.0, 0.0]);
        assert_eq!(firings(&Rule::of(&alarm).unwrap(), &history).len(), 1);
    }

    #[test]
    fn what_cannot_be_played_says_why() {
        let why = |alarm: &Alarm| History::of(&case(), alarm).unwrap_err();
        assert_eq!(why(&rate("RATE(errors)")), NoHistory::NotUnderstood("RATE(errors)".into()));
        assert_eq!(why(&rate("errors / nobody")), NoHistory::NotHeld);
        assert_eq!(why(&rate("rate + 1")), NoHistory::NotHeld, "a circle ends");
        let mut slower = rate("errors / requests");
        slower.parts[2].period = 300;
        assert_eq!(why(&slower), NoHistory::NotUnderstood("requests at 300 s".into()));
        let mut band = rate("errors / requests");
        band.parts[1].judged = true;
        assert_eq!(why(&band), NoHistory::NotPlain);
    }
}
