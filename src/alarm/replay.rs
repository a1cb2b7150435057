//! The alarm run over the history that is held: when it would have fired, and what was behind it.

mod math;

use super::{Missing, Rule, evaluate_range};
use crate::analysis::episodes;
use crate::case::Case;
use crate::case::alarm::{Alarm, AlarmState};
use crate::case::series::{Series, SeriesKey};
use crate::time::{Time, Window, floor_to};
use chrono::Duration;

/// Points of the alarm's own metric, period and statistic; stretches that were fetched, the oldest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    pub period: u32,
    pub stretches: Vec<Stretch>,
}

/// Consecutive periods from `start`; `None` where CloudWatch has no point.
#[derive(Clone, Debug, PartialEq)]
pub struct Stretch {
    pub start: Time,
    pub points: Vec<Option<f64>>,
}

/// From going into ALARM to leaving it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Firing {
    pub at: Time,
    /// `None` while it lasts at the end of the data.
    pub end: Option<Time>,
}

/// Why the past cannot be played again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoHistory {
    /// The alarm is on an anomaly band, or on no metric that is known.
    NotPlain,
    /// A part of its expression that is not understood.
    NotUnderstood(String),
    /// The metric with this statistic was not fetched at this period.
    NotHeld,
}

impl History {
    /// The points an alarm has been judging.
    ///
    /// # Errors
    /// When its expression is not understood, or its series are not held.
    pub fn of(case: &Case, alarm: &Alarm) -> Result<Self, NoHistory> {
        let period = alarm.period.max(60);
        let stretches = if !alarm.parts.is_empty() {
            math::stretches(case, alarm, period)?
        } else if alarm.expression.is_some() || alarm.metric.is_empty() {
            return Err(NoHistory::NotPlain);
        } else {
            let key = SeriesKey { metric: alarm.metric.clone(), dimensions: alarm.dimensions.clone() };
            stretches(case, &key, &alarm.statistic, period)
        };
        if stretches.is_empty() { Err(NoHistory::NotHeld) } else { Ok(Self { period, stretches }) }
    }

    /// How much time it covers, in seconds.
    pub fn seconds(&self) -> i64 {
        self.stretches.iter().map(|s| s.points.len() as i64 * i64::from(self.period)).sum()
    }

    /// Published points.
    pub fn values(&self) -> impl Iterator<Item = f64> + '_ {
        self.stretches.iter().flat_map(|s| s.points.iter().flatten().copied())
    }
}

impl Stretch {
    fn end(&self, period: u32) -> Time {
        self.start + Duration::seconds(i64::from(period) * self.points.len() as i64)
    }
}

/// What is held of one metric, on `period`.
fn stretches(case: &Case, key: &SeriesKey, statistic: &str, period: u32) -> Vec<Stretch> {
    let usable = |s: &&Series| s.statistic == statistic && s.period > 0 && period.is_multiple_of(s.period) && can_fold(s, period);
    let all = case.series.get(key).map(crate::case::series::Track::stretches).unwrap_or_default();
    let mut stretches: Vec<_> = all.iter().filter(usable).map(|s| fold(s, period)).collect();
    stretches.sort_by_key(|s| s.start);
    // The same time in two resolutions counts once.
    let mut until = None;
    stretches.retain(|s| {
        until.is_none_or(|u| s.start >= u) && {
            until = Some(s.end(period));
            true
        }
    });
    stretches
}

/// Sums, maxima and minima of short periods give those of a long one; averages do not.
fn can_fold(series: &Series, period: u32) -> bool {
    series.period == period || matches!(series.statistic.as_str(), "Sum" | "Maximum" | "Minimum")
}

fn fold(series: &Series, period: u32) -> Stretch {
    let start = floor_to(series.start, period);
    let n = Window { start, end: series.window().end }.bins(period);
    let mut points: Vec<Option<f64>> = vec![None; n];
    for (i, v) in series.values.iter().enumerate().filter(|(_, v)| !v.is_nan()) {
        let at = ((series.time(i) - start).num_seconds() / i64::from(period)) as usize;
        let Some(point) = points.get_mut(at) else { continue };
        *point = Some(match (*point, series.statistic.as_str()) {
            (None, _) => *v,
            (Some(old), "Maximum") => old.max(*v),
            (Some(old), "Minimum") => old.min(*v),
            (Some(old), _) => old + *v,
        });
    }
    Stretch { start, points }
}

/// When the rule would have fired over the history. Each stretch begins in OK.
pub fn firings(rule: &Rule, history: &History) -> Vec<Firing> {
    firings_within(rule, history, rule.range())
}

/// The same with an evaluation range of another size.
pub fn firings_within(rule: &Rule, history: &History, range: usize) -> Vec<Firing> {
    history.stretches.iter().flat_map(|s| of_stretch(rule, s, history.period, range)).collect()
}

/// How often it would have fired at the least and at the most, where AWS does not say how many points it fetches.
pub fn bounds(rule: &Rule, history: &History) -> (usize, usize) {
    let (least, most) = rule.possible_ranges();
    let counts = [least, rule.range(), most].map(|range| firings_within(rule, history, range).len());
    (counts.into_iter().min().unwrap_or_default(), counts.into_iter().max().unwrap_or_default())
}

fn of_stretch(rule: &Rule, stretch: &Stretch, period: u32, range: usize) -> Vec<Firing> {
    let mut state = AlarmState::Ok;
    let mut all: Vec<Firing> = Vec::new();
    // Nothing changes after a whole range of silence, or in peace after one without a breach.
    let (mut silent, mut peaceful) = (0, 0);
    for (i, point) in stretch.points.iter().enumerate() {
        silent = if point.is_some() { 0 } else { silent + 1 };
        peaceful = if point.is_some_and(|v| rule.breaches(v)) { 0 } else { peaceful + 1 };
        let peace = peaceful > range && state != AlarmState::Alarm && rule.missing != Missing::Breaching;
        if silent > range || peace {
            continue;
        }
        let next = evaluate_range(rule, &stretch.points[(i + 1).saturating_sub(range)..=i], state);
        let at = stretch.start + Duration::seconds(i64::from(period) * (i as i64 + 1));
        match (state == AlarmState::Alarm, next == AlarmState::Alarm) {
            (false, true) => all.push(Firing { at, end: None }),
            (true, false) => all.iter_mut().rev().take(1).for_each(|f| f.end = Some(at)),
            _ => {}
        }
        state = next;
    }
    all
}

/// Stretches of errors over the whole history that stand out of their background.
pub fn incidents(case: &Case, history: &History) -> Vec<Window> {
    let mut all: Vec<Window> = Vec::new();
    for stretch in &history.stretches {
        let window = Window { start: stretch.start, end: stretch.end(history.period) };
        for episode in episodes::find(case, window).into_iter().filter(|e| !e.isolated) {
            let found = Window::new(episode.onset, episode.end.unwrap_or(window.end));
            match all.last_mut().filter(|last| last.end >= found.start) {
                Some(last) => *last = last.hull(&found),
                None => all.push(found),
            }
        }
    }
    all
}

/// How a rule did against the incidents.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Score {
    pub firings: usize,
    /// Firings with an incident behind them.
    pub with_incident: usize,
    /// Incidents that made it fire, of how many.
    pub caught: usize,
    pub incidents: usize,
    /// Seconds from an incident's beginning to the alarm, on average over those caught.
    pub delay: f64,
}

impl Score {
    pub fn without_incident(&self) -> usize {
        self.firings - self.with_incident
    }
}

/// Scores a rule. An alarm may come as late as its evaluation makes it after the last errors.
pub fn score(rule: &Rule, history: &History, incidents: &[Window]) -> Score {
    let firings = firings(rule, history);
    let slack = Duration::seconds(i64::from(history.period) * rule.range() as i64);
    let behind = |f: &Firing| incidents.iter().position(|w| w.widened(Duration::seconds(i64::from(history.period)), slack).contains(f.at));
    let mut first: Vec<Option<Time>> = vec![None; incidents.len()];
    let mut with_incident = 0;
    for firing in &firings {
        if let Some(i) = behind(firing) {
            with_incident += 1;
            first[i].get_or_insert(firing.at);
        }
    }
    let delays: Vec<f64> = first.iter().zip(incidents).filter_map(|(f, w)| Some((((*f)?) - w.start).num_seconds().max(0) as f64)).collect();
    let delay = if delays.is_empty() { 0.0 } else { delays.iter().sum::<f64>() / delays.len() as f64 };
    Score { firings: firings.len(), with_incident, caught: delays.len(), incidents: incidents.len(), delay }
}

#[cfg(test)]
mod tests {
    use super::super::{Comparison, Missing, evaluate};
    use super::*;

    fn rule(threshold: f64, m: usize, n: usize, missing: Missing) -> Rule {
        Rule { threshold, comparison: Comparison::Greater, periods: n, datapoints: m, missing, wall_clock: false }
    }

    fn minute(m: i64) -> Time {
        chrono::DateTime::from_timestamp(m * 60, 0).unwrap()
    }

    fn history(points: &[(usize, f64)], len: usize) -> History {
        let mut all = vec![None; len];
        points.iter().for_each(|(i, v)| all[*i] = Some(*v));
        History { period: 60, stretches: vec![Stretch { start: minute(0), points: all }] }
    }

    #[test]
    fn it_fires_and_ends() {
        let h = history(&[(10, 5.0), (11, 6.0), (12, 0.0), (13, 0.0)], 60);
        let fired = firings(&rule(1.0, 1, 1, Missing::NotBreaching), &h);
        assert_eq!(fired, [Firing { at: minute(11), end: Some(minute(13)) }]);
    }

    #[test]
    fn ignored_silence_keeps_an_alarm_for_ever() {
        let h = history(&[(10, 5.0)], 600);
        assert_eq!(firings(&rule(1.0, 1, 1, Missing::Ignore), &h), [Firing { at: minute(11), end: None }]);
        // The old point is judged again while it is in the range.
        assert_eq!(firings(&rule(1.0, 1, 1, Missing::NotBreaching), &h), [Firing { at: minute(11), end: Some(minute(14)) }]);
    }

    #[test]
    fn scores_tell_reason_from_noise() {
        let h = history(&[(10, 2.0), (100, 50.0), (101, 60.0), (102, 55.0), (200, 2.0)], 300);
        let incident = [Window { start: minute(100), end: minute(103) }];
        let loose = score(&rule(1.0, 1, 1, Missing::NotBreaching), &h, &incident);
        assert_eq!((loose.firings, loose.with_incident, loose.caught), (3, 1, 1));
        let tight = score(&rule(10.0, 2, 3, Missing::NotBreaching), &h, &incident);
        assert_eq!((tight.firings, tight.without_incident(), tight.caught, tight.delay), (1, 0, 1, 120.0));
    }

    #[test]
    fn where_the_range_is_not_published_both_ends_are_told() {
        // Two quiet minutes between: with a range of one the alarm ends and fires again.
        let h = history(&[(10, 5.0), (13, 5.0)], 60);
        assert_eq!(bounds(&rule(1.0, 1, 1, Missing::NotBreaching), &h), (1, 2));
        assert_eq!(bounds(&rule(1.0, 1, 3, Missing::NotBreaching), &h), (1, 1));
    }

    #[test]
    fn skipping_silence_changes_nothing() {
        let h =
            history(&[(3, 5.0), (20, 0.0), (21, 1.0), (30, 0.5), (40, 5.0), (42, 5.0), (44, 5.0), (45, 0.0), (90, 5.0), (91, 0.0)], 120);
        for missing in [Missing::Missing, Missing::Ignore, Missing::Breaching, Missing::NotBreaching] {
            for (m, n) in [(1, 1), (2, 3), (3, 3)] {
                let rule = rule(1.0, m, n, missing);
                let mut state = AlarmState::Ok;
                let mut at = Vec::new();
                for i in 0..120usize {
                    let next = evaluate(&rule, &h.stretches[0].points[(i + 1).saturating_sub(rule.range())..=i], state);
                    if next == AlarmState::Alarm && state != AlarmState::Alarm {
                        at.push(minute(i as i64 + 1));
                    }
                    state = next;
                }
                assert_eq!(firings(&rule, &h).iter().map(|f| f.at).collect::<Vec<_>>(), at, "{missing:?} {m} of {n}");
            }
        }
    }
}
