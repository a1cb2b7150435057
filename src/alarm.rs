//! The alarm itself: what CloudWatch makes of data and of silence, how often this alarm fired for a reason,
//! what would have been better, and where the live one differs from its file. Pure; knows no AWS call.

pub mod advice;
pub mod composite;
pub mod drift;
pub mod edit;
pub mod math;
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
    /// Its periods are those of the clock instead of a window that slides: then nothing older stands in.
    pub wall_clock: bool,
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
        Some(Self {
            threshold: alarm.threshold,
            comparison,
            periods,
            datapoints: datapoints.min(periods),
            missing,
            wall_clock: alarm.wall_clock,
        })
    }

    pub fn breaches(&self, value: f64) -> bool {
        self.comparison.breaches(value, self.threshold)
    }

    /// Points that are fetched for one evaluation: a few more than are judged, so that older ones can stand in
    /// for missing ones. AWS publishes 5 for 3, and that a wall-clock window fetches no more than it judges; two
    /// more is assumed for the others.
    pub fn range(&self) -> usize {
        if self.wall_clock { self.periods } else { self.periods + 2 }
    }

    /// Whether AWS says how many points it fetches for so many periods.
    pub fn range_is_published(&self) -> bool {
        self.periods == 3 || self.wall_clock
    }

    /// The fewest and the most points that may be fetched, as far as AWS says: none more than are judged, to
    /// twice as many.
    pub fn possible_ranges(&self) -> (usize, usize) {
        if self.range_is_published() { (self.range(), self.range()) } else { (self.periods, (2 * self.periods).max(self.range())) }
    }
}

/// The state after one evaluation, as CloudWatch works it out. `points` is the evaluation range, the newest
/// last, `None` for a missing point; `before` is the state until now.
pub fn evaluate(rule: &Rule, points: &[Option<f64>], before: AlarmState) -> AlarmState {
    evaluate_range(rule, &points[points.len().saturating_sub(rule.range())..], before)
}

/// The same over an evaluation range of any size.
pub fn evaluate_range(rule: &Rule, range: &[Option<f64>], before: AlarmState) -> AlarmState {
    let (n, m) = (rule.periods, rule.datapoints);
    let judged = |breaching: usize| if breaching >= m { AlarmState::Alarm } else { AlarmState::Ok };
    // The newest real points stand in for missing ones while the range holds enough of them.
    let newest_real = || range.iter().rev().flatten().take(n);
    let (real, breaching) = (newest_real().count(), newest_real().filter(|v| rule.breaches(**v)).count());
    if real == n {
        return judged(breaching);
    }
    match rule.missing {
        Missing::Breaching => judged(breaching + n - real),
        Missing::NotBreaching => judged(breaching),
        Missing::Ignore if real == 0 => before,
        Missing::Missing if real == 0 => AlarmState::InsufficientData,
        _ if breaching >= m => AlarmState::Alarm,
        _ if breaching < real => AlarmState::Ok,
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
        let rule = Rule { threshold: 1.0, comparison: Comparison::Greater, periods: 3, datapoints: m, missing, wall_clock: false };
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
    fn only_for_three_periods_is_the_range_known() {
        let rule = |periods| Rule {
            threshold: 1.0,
            comparison: Comparison::Greater,
            periods,
            datapoints: 1,
            missing: Missing::NotBreaching,
            wall_clock: false,
        };
        assert_eq!((rule(3).range_is_published(), rule(3).possible_ranges()), (true, (5, 5)));
        assert_eq!((rule(1).range_is_published(), rule(1).possible_ranges()), (false, (1, 3)));
        assert_eq!((rule(5).range(), rule(5).possible_ranges()), (7, (5, 10)));
        let by_the_clock = Rule { wall_clock: true, ..rule(5) };
        assert_eq!((by_the_clock.range_is_published(), by_the_clock.possible_ranges()), (true, (5, 5)));
        // What hangs on it: a point that is two periods old is judged again, or not.
        let points = points("X - -");
        assert_eq!(evaluate_range(&rule(1), &points[2..], AlarmState::Alarm), AlarmState::Ok);
        assert_eq!(evaluate_range(&rule(1), &points, AlarmState::Alarm), AlarmState::Alarm);
    }

    #[test]
    fn shorter_histories_than_the_range_are_judged_too() {
        let rule = Rule {
            threshold: 1.0,
            comparison: Comparison::GreaterOrEqual,
            periods: 3,
            datapoints: 1,
            missing: Missing::NotBreaching,
            wall_clock: false,
        };
        assert_eq!(evaluate(&rule, &[], AlarmState::Ok), AlarmState::Ok);
        assert_eq!(evaluate(&rule, &[Some(1.0)], AlarmState::Ok), AlarmState::Alarm);
    }
}
