//! From answers to points and probabilities: the sum of the weights, groups of signals that measure the same
//! thing capped, a softmax over all causes and "none of these".

use super::signals::{Answer, Group, Signal, Signals, find, is_on_request};
use super::table::{self, Cause};
use std::collections::BTreeMap;

/// The most that one group of signals may say.
const GROUP_CAP: f64 = 15.0;
/// Above 1 it takes more evidence to be sure; measured, not derived.
const TEMPERATURE: f64 = 1.5;
/// The points of "none of these".
pub const NONE_OF_THESE: f64 = 2.0;
/// An answer less sure than this refutes nothing.
const SURE: f64 = 0.9;

/// What one answer adds to one cause.
#[derive(Clone, Debug)]
pub struct Part {
    pub signal: &'static Signal,
    pub evidence: String,
    pub points: i32,
    /// It is a yes to what the cause consists of.
    pub direct: bool,
}

/// One cause, weighed.
pub struct Score {
    pub cause: &'static Cause,
    pub points: i32,
    pub probability: f64,
    pub parts: Vec<Part>,
    /// Unanswered signals that would weigh, the heaviest first.
    pub unknown: Vec<&'static Signal>,
    pub refuted_by: Option<String>,
    /// The share of the possible weight that was answered.
    pub coverage: f64,
}

impl Score {
    pub fn support(&self) -> i32 {
        self.parts.iter().map(|p| p.points.max(0)).sum()
    }

    pub fn counter(&self) -> i32 {
        self.parts.iter().map(|p| p.points.min(0)).sum()
    }

    /// The heaviest single argument against it.
    pub fn worst(&self) -> i32 {
        self.parts.iter().map(|p| p.points).min().unwrap_or(0).min(0)
    }

    /// Kinds of evidence that speak for it with some weight; that nothing was done to the path, however many
    /// ways were looked at, is one of them.
    pub fn supporting_groups(&self) -> usize {
        let mut kinds: BTreeMap<Group, i32> = BTreeMap::new();
        for part in &self.parts {
            let kind = if matches!(part.signal.group, Group::Event(_)) { Group::Event("any") } else { part.signal.group };
            *kinds.entry(kind).or_default() += part.points.max(0);
        }
        kinds.values().filter(|points| **points >= 3).count()
    }

    /// The heaviest yes to what it consists of.
    pub fn direct(&self) -> i32 {
        self.parts.iter().filter(|p| p.direct).map(|p| p.points).max().unwrap_or(0)
    }
}

/// Every cause, most probable first.
pub fn weigh(signals: &Signals) -> Vec<Score> {
    let mut scores: Vec<Score> = table::all().map(|cause| score(cause, signals)).collect();
    let all = scores.iter().map(|s| odds(f64::from(s.points))).sum::<f64>() + odds(NONE_OF_THESE);
    for s in &mut scores {
        s.probability = odds(f64::from(s.points)) / all;
    }
    scores.sort_by(|a, b| b.points.cmp(&a.points).then_with(|| order(a).cmp(&order(b))));
    scores
}

fn order(s: &Score) -> usize {
    super::CAUSES.iter().position(|c| *c == s.cause.id).unwrap_or(usize::MAX)
}

/// What is left for a cause that is not on the list.
pub fn none_of_these(scores: &[Score]) -> f64 {
    let all = scores.iter().map(|s| odds(f64::from(s.points))).sum::<f64>() + odds(NONE_OF_THESE);
    odds(NONE_OF_THESE) / all
}

/// Decibans to odds, tempered.
pub fn odds(points: f64) -> f64 {
    (points * std::f64::consts::LN_10 / 10.0 / TEMPERATURE).exp()
}

fn score(cause: &'static Cause, signals: &Signals) -> Score {
    let mut groups: BTreeMap<Group, f64> = BTreeMap::new();
    let mut out = Score { cause, points: 0, probability: 0.0, parts: Vec::new(), unknown: Vec::new(), refuted_by: None, coverage: 0.0 };
    let (mut answered, mut possible, mut open) = (0.0, 0.0, Vec::new());
    for weight in cause.weights {
        let Some(signal) = find(weight.signal) else { continue };
        let span = f64::from(weight.yes.abs().max(weight.no.abs()));
        possible += if is_on_request(signal.id) { 0.0 } else { span };
        let (yes, strength, evidence) = match signals.get(weight.signal) {
            Answer::Yes(strength, evidence) => (true, *strength, evidence),
            Answer::No(strength, evidence) => (false, *strength, evidence),
            Answer::Unknown(_) => {
                open.push((weight.yes.abs() + weight.no.abs(), signal));
                continue;
            }
        };
        answered += if is_on_request(signal.id) { 0.0 } else { span };
        let points = f64::from(if yes { weight.yes } else { weight.no }) * strength;
        *groups.entry(signal.group).or_default() += points;
        if weight.refutes == Some(yes) && strength >= SURE && out.refuted_by.is_none() {
            out.refuted_by = Some(evidence.clone());
        }
        out.parts.push(Part { signal, evidence: evidence.clone(), points: points.round() as i32, direct: weight.direct && yes });
    }
    let sum: f64 = groups.values().map(|g| g.clamp(-GROUP_CAP, GROUP_CAP)).sum();
    out.points = (f64::from(cause.prior) + sum).round() as i32;
    open.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.id.cmp(b.1.id)));
    out.unknown = open.into_iter().filter(|(span, _)| *span >= 6).map(|(_, s)| s).collect();
    out.coverage = if possible > 0.0 { answered / possible } else { 0.0 };
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nothing_known_is_nothing_said() {
        let scores = weigh(&Signals::default());
        assert_eq!(scores.len(), super::super::CAUSES.len());
        assert!(scores.iter().all(|s| s.parts.is_empty() && s.refuted_by.is_none() && s.probability < 0.4));
    }

    proptest! {
        #[test]
        fn probabilities_add_up_and_groups_are_capped(answers in proptest::collection::vec(0u8..3, super::super::signals::SIGNALS.len())) {
            let picked: Vec<(&'static str, bool)> = super::super::signals::SIGNALS.iter().zip(&answers).filter(|(_, a)| **a > 0).map(|(s, a)| (s.id, *a == 1)).collect();
            let scores = weigh(&Signals::just(&picked));
            let all = scores.iter().map(|s| s.probability).sum::<f64>() + none_of_these(&scores);
            prop_assert!((all - 1.0).abs() < 1e-9);
            prop_assert!(scores.windows(2).all(|p| p[0].points >= p[1].points));
        }

        #[test]
        fn what_is_unknown_weighs_nothing(id in 0usize..super::super::signals::SIGNALS.len()) {
            let known = Signals::just(&[(super::super::signals::SIGNALS[id].id, true)]);
            let scores = weigh(&known);
            for s in &scores {
                let spoken: i32 = s.parts.iter().map(|p| p.points).sum();
                prop_assert_eq!(s.points, s.cause.prior + spoken.clamp(-15, 15));
            }
        }
    }
}
