//! What speaks for and against each cause. All weights stand in the families' tables, in decibans: +3 makes
//! a cause twice as likely as before, +10 ten times, −10 a tenth. `alb-triage explain CAUSE` prints them.

mod aws;
mod fleet;
mod load;
mod lookalikes;
mod network;
mod power;
mod process;

use crate::text::Text;

/// How one signal weighs for one cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weight {
    pub signal: &'static str,
    /// When the answer is yes, and when it is no.
    pub yes: i32,
    pub no: i32,
    /// The answer that rules the cause out, if one does.
    pub refutes: Option<bool>,
    /// The signal is what the cause itself consists of, not only what goes with it.
    pub direct: bool,
}

/// One cause.
pub struct Cause {
    pub id: &'static str,
    /// As in the method's table.
    pub letter: &'static str,
    pub name: fn() -> Text,
    /// How usual it is, in decibans, before anything is known.
    pub prior: i32,
    pub weights: &'static [Weight],
    /// The cheapest test that would tell.
    pub next: fn() -> Text,
}

/// Weighs both ways.
const fn w(signal: &'static str, yes: i32, no: i32) -> Weight {
    Weight { signal, yes, no, refutes: None, direct: false }
}

/// The cause consists of it: without it there is no such cause.
const fn must(signal: &'static str, yes: i32, no: i32) -> Weight {
    Weight { signal, yes, no, refutes: Some(false), direct: true }
}

/// The cause consists of it, but it may be missed.
const fn core(signal: &'static str, yes: i32, no: i32) -> Weight {
    Weight { signal, yes, no, refutes: None, direct: true }
}

/// The cause cannot be where this is.
const fn never(signal: &'static str, yes: i32, no: i32) -> Weight {
    Weight { signal, yes, no, refutes: Some(true), direct: false }
}

/// Every cause, in the order of the report's ids.
pub fn all() -> impl Iterator<Item = &'static Cause> {
    let families: [&'static [Cause]; 7] =
        [load::CAUSES, process::CAUSES, power::CAUSES, network::CAUSES, fleet::CAUSES, aws::CAUSES, lookalikes::CAUSES];
    super::CAUSES.iter().filter_map(move |id| families.iter().flat_map(|f| f.iter()).find(|c| c.id == *id))
}

/// A cause by its id.
pub fn find(id: &str) -> Option<&'static Cause> {
    all().find(|c| c.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::signals;
    use std::collections::BTreeSet;

    #[test]
    fn every_cause_has_a_table() {
        let ids: Vec<_> = all().map(|c| c.id).collect();
        assert_eq!(ids, super::super::CAUSES);
    }

    #[test]
    fn every_weight_names_a_signal_once_and_within_bounds() {
        for cause in all() {
            let mut seen = BTreeSet::new();
            for weight in cause.weights {
                assert!(signals::find(weight.signal).is_some(), "{}: {}", cause.id, weight.signal);
                assert!(seen.insert(weight.signal), "{}: {} twice", cause.id, weight.signal);
                assert!(weight.yes.abs() <= 20 && weight.no.abs() <= 20);
                let refuting = match weight.refutes {
                    Some(true) => weight.yes,
                    Some(false) => weight.no,
                    None => -20,
                };
                assert!(refuting < 0, "{}: {} refutes and does not speak against", cause.id, weight.signal);
            }
            assert!(!(cause.next)().is_empty() && !(cause.name)().is_empty());
        }
    }

    #[test]
    fn every_signal_is_used() {
        let used: BTreeSet<_> = all().flat_map(|c| c.weights).map(|w| w.signal).collect();
        for signal in signals::SIGNALS {
            assert!(used.contains(signal.id), "{} weighs for nothing", signal.id);
        }
    }
}
