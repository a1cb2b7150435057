//! What asking AWS costs, and the ceiling at which nothing further is asked until a person says so.

use crate::case::Case;
use crate::metrics;
use crate::time::Window;

/// The list price of one metric asked of GetMetricData; the calls for everything else are free.
const USD_PER_METRIC: f64 = 0.00001;
/// What one call of GetMetricData takes: queries, and points of all of them.
const QUERIES: usize = 500;
const POINTS: usize = 100_800;

/// How much may be spent, and what was said when it was spent.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Budget {
    /// In US dollars; `None` asks nobody.
    ceiling: Option<f64>,
    /// What it would have come to when it was refused last.
    wanted: f64,
    answer: Answer,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Answer {
    #[default]
    NotAsked,
    /// The question stands.
    Open,
    Stop,
}

impl Budget {
    pub fn new(ceiling: Option<f64>) -> Self {
        Self { ceiling, wanted: 0.0, answer: Answer::NotAsked }
    }

    pub fn ceiling(&self) -> Option<f64> {
        self.ceiling
    }

    /// Whether so much more may be spent now; where it may not, the question is raised, once.
    pub fn allows(&mut self, spent: f64, price: f64) -> bool {
        let allowed = self.ceiling.is_none_or(|c| spent < c && spent + price <= c);
        if !allowed {
            self.raise(spent + price);
        }
        allowed
    }

    /// Something was not asked for because of the ceiling.
    pub fn raise(&mut self, wanted: f64) {
        self.wanted = self.wanted.max(wanted);
        if self.answer == Answer::NotAsked {
            self.answer = Answer::Open;
        }
    }

    pub fn question_stands(&self) -> bool {
        self.answer == Answer::Open
    }

    /// Twice what was spent or is wanted, or twice the ceiling before.
    pub fn next_ceiling(&self, spent: f64) -> f64 {
        self.ceiling.unwrap_or_default().max(spent).max(self.wanted) * 2.0
    }

    pub fn go_on(&mut self, spent: f64) {
        *self = Self::new(Some(self.next_ceiling(spent)));
    }

    pub fn stop(&mut self) {
        self.answer = Answer::Stop;
    }

    /// Whoever asks for more after a stop is asked again.
    pub fn reconsider(&mut self) {
        self.answer = Answer::NotAsked;
    }
}

/// In US dollars.
pub fn of_metrics(n: usize) -> f64 {
    n as f64 * USD_PER_METRIC
}

/// What a fetch of metrics takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Price {
    pub metrics: usize,
    pub calls: usize,
}

impl Price {
    /// Everything known of the balancer and of the hosts, for a window: each metric counts once, however many points
    /// it has.
    pub fn of_window(case: &Case, window: Window, period: u32) -> Self {
        let hosts = case.series.iter().filter(|(key, _)| key.instance().is_some()).count();
        let metrics = case.series.iter().count();
        let a_call = (POINTS / window.bins(period).max(1)).clamp(1, QUERIES);
        Self { metrics, calls: hosts.div_ceil(a_call) + (metrics - hosts).div_ceil(a_call) }
    }

    pub fn usd(self) -> f64 {
        of_metrics(self.metrics)
    }
}

/// How many metrics a comparison asks for: those that tell whether an earlier time was like this one.
pub fn metrics_of_earlier(case: &Case) -> usize {
    case.series.iter().filter(|(key, _)| metrics::tells_of_earlier(key)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_the_ceiling_somebody_is_asked_once() {
        let mut budget = Budget::new(Some(1.0));
        assert!(budget.allows(0.99, 0.0) && !budget.question_stands());
        assert!(!budget.allows(1.0, 0.0) && budget.question_stands());
        budget.stop();
        assert!(!budget.allows(1.2, 0.0) && !budget.question_stands(), "no is an answer");
        budget.reconsider();
        assert!(!budget.allows(1.2, 0.0) && budget.question_stands());
        budget.go_on(1.2);
        assert!(budget.allows(1.2, 0.0) && !budget.question_stands());
        assert_eq!(budget.ceiling(), Some(2.4));
        assert!(Budget::new(None).allows(1e9, 1e9));
    }

    #[test]
    fn what_would_go_over_the_ceiling_is_asked_about_before_and_yes_is_enough_for_it() {
        let mut budget = Budget::new(Some(0.01));
        assert!(budget.allows(0.004, 0.006));
        assert!(!budget.allows(0.004, 5.0) && budget.question_stands());
        budget.go_on(0.004);
        assert!(budget.allows(0.004, 5.0));
    }
}
