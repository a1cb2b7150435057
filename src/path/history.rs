//! The ways as they are and as they were, each worked out once for the facts of a case: thousands of hops, looked at
//! by several checks at every step of a zoom.

use super::changes::{as_of, find_changes};
use super::{PathResult, compute};
use crate::case::events::{Event, EventSource};
use crate::case::{Case, Derive};
use crate::time::Time;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Moments of the past kept at a time: an incident has few, and each is as large as the network.
const MOMENTS: usize = 4;

/// Every way to every target of then and now: the traffic port and, where it is another, the health check's.
pub fn evaluate(case: &Case) -> Arc<[PathResult]> {
    case.derived::<Now>().0.clone()
}

/// Every way as it was at `t`: as now, with later changes undone.
pub fn evaluate_at(case: &Case, t: Time) -> Arc<[PathResult]> {
    let history = case.derived::<History>();
    let made = history.changes.partition_point(|(at, ..)| *at <= t);
    if made == history.changes.len() { evaluate(case) } else { history.after(case, made, t) }
}

/// Changes of ids on the way that took effect, in order of time.
pub fn changes(case: &Case) -> Vec<&Event> {
    case.derived::<History>().changes.iter().filter_map(|key| case.events.get(key)).collect()
}

#[derive(PartialEq)]
struct Now(Arc<[PathResult]>);

impl Derive for Now {
    fn from(case: &Case) -> Self {
        Self(compute(case).into())
    }
}

struct History {
    /// Keys of events, in order of time.
    changes: Vec<(Time, EventSource, String)>,
    /// By how many of the changes had been made.
    known: Mutex<BTreeMap<usize, Arc<[PathResult]>>>,
}

impl Derive for History {
    fn from(case: &Case) -> Self {
        let changes = find_changes(case).into_iter().map(|e| (e.at, e.source, e.id.clone())).collect();
        Self { changes, known: Mutex::default() }
    }
}

impl PartialEq for History {
    fn eq(&self, other: &Self) -> bool {
        self.changes == other.changes
    }
}

impl History {
    fn after(&self, case: &Case, made: usize, t: Time) -> Arc<[PathResult]> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&made).cloned();
        known.unwrap_or_else(|| {
            let new: Arc<[PathResult]> = compute(&as_of(case, t)).into();
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            if known.len() >= MOMENTS {
                known.pop_first();
            }
            known.insert(made, new.clone());
            new
        })
    }
}
