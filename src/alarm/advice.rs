//! Which threshold and M of N would have caught the incidents and nothing else.

use super::replay::{History, Score, score};
use super::{Comparison, Missing, Rule};
use crate::time::Window;

/// (M, N) that people use.
const WINDOWS: [(usize, usize); 6] = [(1, 1), (2, 2), (2, 3), (3, 3), (3, 5), (5, 5)];
/// Thresholds tried at most.
const MOST: usize = 24;

/// One row of the table.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    pub rule: Rule,
    pub score: Score,
}

/// The alarm as it is, and the best that was tried.
#[derive(Clone, Debug, PartialEq)]
pub struct Advice {
    pub current: Trial,
    /// Best first; without the current one unless that is best.
    pub better: Vec<Trial>,
}

/// Tries rules over the history. `None` when there was no incident to learn from.
pub fn advise(current: &Rule, history: &History, incidents: &[Window]) -> Option<Advice> {
    if incidents.is_empty() {
        return None;
    }
    let trial = |rule: Rule| Trial { score: score(&rule, history, incidents), rule };
    let now = trial(*current);
    let comparison = Comparison::GreaterOrEqual;
    let rules = thresholds(history, incidents).into_iter().flat_map(|threshold| {
        WINDOWS.map(|(datapoints, periods)| Rule {
            threshold,
            comparison,
            periods,
            datapoints,
            missing: Missing::NotBreaching,
            wall_clock: false,
        })
    });
    let mut all: Vec<Trial> = rules.map(trial).filter(|t| t.score.caught > 0).collect();
    all.sort_by(|a, b| worth(b).cmp(&worth(a)).then(a.rule.threshold.total_cmp(&b.rule.threshold).reverse()));
    // Of equals keep one a window, so that the table shows choices and not neighbours.
    let mut seen = Vec::new();
    all.retain(|t| {
        let window = (t.rule.datapoints, t.rule.periods);
        let new = !seen.contains(&window);
        seen.push(window);
        new
    });
    all.truncate(3);
    Some(Advice { current: now, better: all })
}

/// Every incident caught, nothing else, soon.
fn worth(t: &Trial) -> (i64, std::cmp::Reverse<i64>, std::cmp::Reverse<i64>) {
    let s = &t.score;
    (s.caught as i64, std::cmp::Reverse(s.without_incident() as i64), std::cmp::Reverse(s.delay as i64))
}

/// Round numbers between the noise and the lowest incident's peak.
fn thresholds(history: &History, incidents: &[Window]) -> Vec<f64> {
    let peaks: Vec<f64> = incidents.iter().map(|w| peak(history, w)).filter(|p| *p > 0.0).collect();
    let highest = peaks.iter().copied().fold(0.0, f64::max);
    let mut all: Vec<f64> = nice().take_while(|t| *t <= highest).collect();
    let excess = all.len().saturating_sub(MOST);
    all.drain(..excess);
    all
}

fn peak(history: &History, window: &Window) -> f64 {
    let period = i64::from(history.period);
    let points = history
        .stretches
        .iter()
        .flat_map(|s| s.points.iter().enumerate().map(move |(i, v)| (s.start + chrono::Duration::seconds(period * i as i64), *v)));
    points.filter(|(t, _)| window.contains(*t)).filter_map(|(_, v)| v).fold(0.0, f64::max)
}

/// 1, 2, 3, 5, 10, 20, 30, 50, …
fn nice() -> impl Iterator<Item = f64> {
    (0..9).flat_map(|e| [1.0, 2.0, 3.0, 5.0].map(|m| m * 10f64.powi(e)))
}

#[cfg(test)]
mod tests {
    use super::super::replay::Stretch;
    use super::*;
    use crate::time::Time;

    fn minute(m: i64) -> Time {
        chrono::DateTime::from_timestamp(m * 60, 0).unwrap()
    }

    #[test]
    fn the_advice_catches_the_incident_and_none_of_the_noise() {
        let mut points = vec![None; 3000];
        (0..3000).step_by(97).for_each(|i| points[i] = Some(2.0));
        (2000..2010).for_each(|i| points[i] = Some(40.0 + f64::from(i as u32 % 7)));
        let history = History { period: 60, stretches: vec![Stretch { start: minute(0), points }] };
        let incidents = [Window { start: minute(2000), end: minute(2010) }];
        let current = Rule {
            threshold: 0.0,
            comparison: Comparison::Greater,
            periods: 1,
            datapoints: 1,
            missing: Missing::Missing,
            wall_clock: false,
        };
        let advice = advise(&current, &history, &incidents).unwrap();
        assert!(advice.current.score.without_incident() > 20);
        let best = &advice.better[0];
        assert_eq!((best.score.caught, best.score.without_incident()), (1, 0));
        assert_eq!((best.rule.datapoints, best.rule.periods, best.score.delay), (1, 1, 60.0));
        assert!(best.rule.threshold > 2.0 && best.rule.threshold <= 46.0, "{}", best.rule.threshold);
        assert_eq!(advise(&current, &history, &[]), None);
    }
}
