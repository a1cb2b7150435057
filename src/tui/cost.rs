//! What asking AWS costs, and the ceiling at which nothing further is asked until a person says so.

use crate::case::Case;
use crate::metrics;

/// The list price of one metric asked of GetMetricData; the calls for everything else are free.
const USD_PER_METRIC: f64 = 0.00001;

/// How much may be spent, and what was said when it was spent.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Budget {
    /// In US dollars; `None` asks nobody.
    ceiling: Option<f64>,
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
        Self { ceiling, answer: Answer::NotAsked }
    }

    pub fn ceiling(&self) -> Option<f64> {
        self.ceiling
    }

    /// Whether something may be asked now; where it may not, the question is raised, once.
    pub fn allows(&mut self, spent: f64) -> bool {
        let allowed = self.ceiling.is_none_or(|c| spent < c);
        if !allowed && self.answer == Answer::NotAsked {
            self.answer = Answer::Open;
        }
        allowed
    }

    pub fn question_stands(&self) -> bool {
        self.answer == Answer::Open
    }

    /// Twice what was spent, or twice the ceiling before.
    pub fn next_ceiling(&self, spent: f64) -> f64 {
        self.ceiling.unwrap_or_default().max(spent) * 2.0
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
        assert!(budget.allows(0.99) && !budget.question_stands());
        assert!(!budget.allows(1.0) && budget.question_stands());
        budget.stop();
        assert!(!budget.allows(1.2) && !budget.question_stands(), "no is an answer");
        budget.reconsider();
        assert!(!budget.allows(1.2) && budget.question_stands());
        budget.go_on(1.2);
        assert!(budget.allows(1.2) && !budget.question_stands());
        assert_eq!(budget.ceiling(), Some(2.4));
        assert!(Budget::new(None).allows(1e9));
    }
}
