//! The targets that a log's rows name, numbered: tens of thousands of rows are added up by number, not by name.
//! Knows nothing of what is added up.

use super::{AccessLog, FailureRow, RequestRow};
use crate::time::{Time, Window};
use std::collections::HashMap;

/// Every target of a log, in the order of their names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Roster {
    names: Vec<String>,
    /// Of each row, the number of its target.
    requests: Vec<u32>,
    failures: Vec<u32>,
    first_asked: Vec<Option<Time>>,
    first_seen: Vec<Option<Time>>,
}

impl Roster {
    pub fn of(log: &AccessLog) -> Self {
        let named = || log.requests.iter().map(|r| r.target.as_str()).chain(log.failures.iter().map(|r| r.target.as_str()));
        let mut found: HashMap<&str, usize> = HashMap::new();
        let met: Vec<usize> = named()
            .map(|name| {
                let next = found.len();
                *found.entry(name).or_insert(next)
            })
            .collect();
        let mut order: Vec<(&str, usize)> = found.into_iter().collect();
        order.sort_unstable();
        let mut number = vec![0; order.len()];
        order.iter().zip(0..).for_each(|((_, met), n)| number[*met] = n);
        let mut requests: Vec<u32> = met.into_iter().map(|met| number[met]).collect();
        let failures = requests.split_off(log.requests.len());
        let mut first_asked = vec![None; order.len()];
        requests.iter().zip(&log.requests).for_each(|(n, r)| sooner(&mut first_asked[*n as usize], r.minute));
        let mut first_seen = first_asked.clone();
        failures.iter().zip(&log.failures).for_each(|(n, r)| sooner(&mut first_seen[*n as usize], r.minute));
        Self { names: order.into_iter().map(|(name, _)| name.to_owned()).collect(), requests, failures, first_asked, first_seen }
    }

    /// How many targets there are; their numbers are all below.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    pub fn number(&self, name: &str) -> Option<usize> {
        self.names.binary_search_by(|n| n.as_str().cmp(name)).ok()
    }

    /// When a request was first sent to the target.
    pub fn first_asked(&self, name: &str) -> Option<Time> {
        self.first_asked[self.number(name)?]
    }

    /// The same, or when one first failed to be.
    pub fn first_seen(&self, name: &str) -> Option<Time> {
        self.first_seen[self.number(name)?]
    }

    /// The rows of requests in a window, each with the number of its target.
    pub fn requests<'l>(&self, log: &'l AccessLog, window: Window) -> impl Iterator<Item = (usize, &'l RequestRow)> + use<'_, 'l> {
        let places = log.request_places(window);
        self.requests[places.clone()].iter().map(|n| *n as usize).zip(&log.requests[places])
    }

    /// The rows of failures in a window, each with the number of its target.
    pub fn failures<'l>(&self, log: &'l AccessLog, window: Window) -> impl Iterator<Item = (usize, &'l FailureRow)> + use<'_, 'l> {
        let places = log.failure_places(window);
        self.failures[places.clone()].iter().map(|n| *n as usize).zip(&log.failures[places])
    }
}

fn sooner(known: &mut Option<Time>, t: Time) {
    *known = Some(known.map_or(t, |k| k.min(t)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accesslog::Signature;
    use chrono::DateTime;
    use proptest::prelude::*;

    fn at(minute: i64) -> Time {
        DateTime::from_timestamp(1_763_604_300 + minute * 60, 0).unwrap()
    }

    fn request((minute, target, ok): &(i64, u8, u64)) -> RequestRow {
        RequestRow { minute: at(*minute), target: format!("t{target}"), group: "g".into(), ok: *ok, failed: 0, syn_retries: 0 }
    }

    fn failure((minute, target, count): &(i64, u8, u64)) -> FailureRow {
        let signature = Signature::Refused;
        let (node, group) = ("n".into(), "g".into());
        FailureRow {
            minute: at(*minute),
            target: format!("t{target}"),
            signature,
            status: 502,
            node,
            group,
            static_file: false,
            count: *count,
        }
    }

    proptest! {
        /// Whatever order rows come in, sums by number are the sums by name.
        #[test]
        fn sums_by_number_are_sums_by_name(
            sent in prop::collection::vec((0i64..30, 0u8..12, 0u64..9), 0..60),
            failed in prop::collection::vec((0i64..30, 0u8..12, 0u64..9), 0..60),
            from in 0i64..30, length in 0i64..30,
        ) {
            let mut log = AccessLog { requests: sent.iter().map(request).collect(), failures: failed.iter().map(failure).collect(), ..AccessLog::default() };
            log.put_in_order();
            let roster = Roster::of(&log);
            let window = Window { start: at(from), end: at(from + length) };
            for name in (0..12).map(|t| format!("t{t}")) {
                let number = roster.number(&name);
                let by_number: u64 = roster.requests(&log, window).filter(|(n, _)| Some(*n) == number).map(|(_, r)| r.ok).sum();
                let by_name: u64 = log.requests.iter().filter(|r| r.target == name && window.contains(r.minute)).map(|r| r.ok).sum();
                prop_assert_eq!(by_number, by_name);
                let by_number: u64 = roster.failures(&log, window).filter(|(n, _)| Some(*n) == number).map(|(_, r)| r.count).sum();
                let by_name: u64 = log.failures.iter().filter(|r| r.target == name && window.contains(r.minute)).map(|r| r.count).sum();
                prop_assert_eq!(by_number, by_name);
                prop_assert_eq!(roster.first_asked(&name), log.requests.iter().filter(|r| r.target == name).map(|r| r.minute).min());
            }
        }
    }
}
