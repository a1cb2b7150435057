//! The alarm itself: what CloudWatch makes of data and of silence, how often this alarm fired for a reason,
//! what would have been better, and where the live one differs from its file. Pure; knows no AWS call.

pub mod advice;
pub mod composite;
pub mod drift;
pub mod edit;
pub mod replay;
pub mod review;

use crate::case::alarm::{Alarm, AlarmState};

/// Which points count as bad, and how many of them make an alarm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    pub threshold: f64,
    pub comparison: Comparison,
    /// N: periods that are looked at.
    pub periods: usize,
    /// M: how many of them must breach.
    pub datapoints: usize,
    pub missing: Missing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

/// What silence counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    Missing,
    Ignore,
    Breaching,
    NotBreaching,
}

impl Comparison {
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "GreaterThanThreshold" => Self::Greater,
            "GreaterThanOrEqualToThreshold" => Self::GreaterOrEqual,
            "LessThanThreshold" => Self::Less,
            "LessThanOrEqualToThreshold" => Self::LessOrEqual,
            _ => return None,
        })
    }

    pub fn breaches(self, value: f64, threshold: f64) -> bool {
        match self {
            Self::Greater => value > threshold,
            Self::GreaterOrEqual => value >= threshold,
            Self::Less => value < threshold,
            Self::LessOrEqual => value <= threshold,
        }
    }
}

impl Missing {
    pub fn parse(text: &str) -> Self {
        match text {
            "notBreaching" => Self::NotBreaching,
            "breaching" => Self::Breaching,
            "ignore" => Self::Ignore,
            _ => Self::Missing,
        }
    }
}

impl Rule {
    /// The rule of a plain metric alarm; anomaly bands have none.
    pub fn of(alarm: &Alarm) -> Option<Self> {
        let periods = (alarm.evaluation_periods as usize).max(1);
        let datapoints = if alarm.datapoints_to_alarm == 0 { periods } else { alarm.datapoints_to_alarm as usize };
        let comparison = Comparison::parse(&alarm.comparison)?;
        let missing = Missing::parse(&alarm.treat_missing_data);
        Some(Self { threshold: alarm.threshold, comparison, periods, datapoints: datapoints.min(periods), missing })
    }

    pub fn breaches(&self, value: f64) -> bool {
        self.comparison.breaches(value, self.threshold)
    }

    /// Points that are fetched for one evaluation: a few more than are judged. AWS publishes 5 for 3; two
    /// more is assumed for the others.
    pub fn range(&self) -> usize {
        self.periods + 2
    }
}

/// The state after one evaluation, as CloudWatch works it out. `points` is the evaluation range, the newest
/// last, `None` for a missing point; `before` is the state until now.
pub fn evaluate(rule: &Rule, points: &[Option<f64>], before: AlarmState) -> AlarmState {
    let (n, m) = (rule.periods, rule.datapoints);
    let range = &points[points.len().saturating_sub(rule.range())..];
    let newest = &range[range.len().saturating_sub(n)..];
    let judged = |breaching: usize| if breaching >= m { AlarmState::Alarm } else { AlarmState::Ok };
    if newest.len() == n && newest.iter().all(Option::is_some) {
        return judged(newest.iter().flatten().filter(|v| rule.breaches(**v)).count());
    }
    let real: Vec<bool> = range.iter().rev().flatten().map(|v| rule.breaches(*v)).collect();
    if real.len() >= n {
        return judged(real[..n].iter().filter(|b| **b).count());
    }
    let breaching = real.iter().filter(|b| **b).count();
    match rule.missing {
        Missing::Breaching => judged(breaching + n - real.len()),
        Missing::NotBreaching => judged(breaching),
        missing if real.is_empty() => {
            if missing == Missing::Ignore {
                before
            } else {
                AlarmState::InsufficientData
            }
        }
        _ if breaching >= m => AlarmState::Alarm,
        _ if breaching < real.len() => AlarmState::Ok,
        Missing::Ignore => before,
        Missing::Missing => premature(range, m, before),
    }
}

/// Only breaching points and silence: an alarm once the oldest of them is M periods old, so that a single
/// new point does not alarm before the next one is seen.
fn premature(range: &[Option<f64>], m: usize, before: AlarmState) -> AlarmState {
    let age = range.iter().position(Option::is_some).map_or(0, |i| range.len() - i);
    if age >= m { AlarmState::Alarm } else { before }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `0` fine, `X` breaching, `-` missing.
    fn points(text: &str) -> Vec<Option<f64>> {
        text.split(' ')
            .map(|c| match c {
                "X" => Some(9.0),
                "0" => Some(0.0),
                _ => None,
            })
            .collect()
    }

    fn state(text: &str, m: usize, missing: Missing, before: AlarmState) -> AlarmState {
        let rule = Rule { threshold: 1.0, comparison: Comparison::Greater, periods: 3, datapoints: m, missing };
        evaluate(&rule, &points(text), before)
    }

    /// The columns of AWS's tables: missing, ignore, breaching, not breaching. `A`larm, `O`k,
    /// `I`nsufficient data, `=` as before.
    fn check(text: &str, m: usize, expected: &str) {
        let treatments = [Missing::Missing, Missing::Ignore, Missing::Breaching, Missing::NotBreaching];
        for (missing, wanted) in treatments.into_iter().zip(expected.chars()) {
            for before in [AlarmState::Ok, AlarmState::Alarm, AlarmState::InsufficientData] {
                let wanted = match wanted {
                    'A' => AlarmState::Alarm,
                    'O' => AlarmState::Ok,
                    'I' => AlarmState::InsufficientData,
                    _ => before,
                };
                assert_eq!(state(text, m, missing, before), wanted, "{text}, {m} of 3, {missing:?}, before {before:?}");
            }
        }
    }

    #[test]
    fn the_published_table_for_three_of_three() {
        check("0 - X - X", 3, "OOOO");
        check("0 - - - -", 3, "OOOO");
        check("- - - - -", 3, "I=AO");
        check("0 X X - X", 3, "AAAA");
        check("- - X - -", 3, "A=AO");
    }

    #[test]
    fn the_published_table_for_two_of_three() {
        check("0 - X - X", 2, "AAAA");
        check("0 0 X 0 X", 2, "AAAA");
        check("0 - X - -", 2, "OOAO");
        check("- - - - 0", 2, "OOAO");
        check("- - - X -", 2, "A=AO");
    }

    #[test]
    fn one_new_point_does_not_alarm_before_the_next_is_seen() {
        for text in ["- - - - X", "- - - X -"] {
            assert_eq!(state(text, 3, Missing::Missing, AlarmState::Ok), AlarmState::Ok, "{text}");
        }
        assert_eq!(state("- - - X 0", 3, Missing::Missing, AlarmState::Ok), AlarmState::Ok);
        assert_eq!(state("- - X - 0", 3, Missing::Missing, AlarmState::Ok), AlarmState::Ok);
    }

    #[test]
    fn separate_minutes_alarm_as_if_they_were_consecutive() {
        check("X - X - X", 3, "AAAA");
    }

    #[test]
    fn shorter_histories_than_the_range_are_judged_too() {
        let rule =
            Rule { threshold: 1.0, comparison: Comparison::GreaterOrEqual, periods: 3, datapoints: 1, missing: Missing::NotBreaching };
        assert_eq!(evaluate(&rule, &[], AlarmState::Ok), AlarmState::Ok);
        assert_eq!(evaluate(&rule, &[Some(1.0)], AlarmState::Ok), AlarmState::Alarm);
    }
}
