//! Which requests an application's log tells of, by their trace ids, and the balancer's failed requests looked
//! for among them: whether a request ever arrived. Bounded: eight bytes an id, and no more than a number of them.

use super::line::Access;
use crate::accesslog::trace::{TraceId, Traced};
use crate::accesslog::{AccessLog, Signature};
use crate::text::Foreign;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Ids that are remembered: 32 MB of them.
const MOST: usize = 4_000_000;
/// The lowest bits of an entry hold the answer's status, the others the id's hash.
const STATUS_BITS: u32 = 10;
/// Requests of each kind that are named.
const NAMED: usize = 5;

/// The trace ids of lines inside the window.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    entries: Vec<u64>,
    cut: bool,
}

impl Seen {
    pub(super) fn line(&mut self, raw: &[u8], access: Option<Access>) {
        let Some(id) = TraceId::find(raw) else { return };
        if self.entries.len() >= MOST {
            self.cut = true;
            return;
        }
        self.entries.push(entry(id, access.map_or(0, |a| a.status)));
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Looks for the failed requests of the balancer's log.
    pub fn join(mut self, log: &AccessLog) -> Joined {
        self.entries.sort_unstable();
        self.entries.dedup();
        let mut joined = Joined { requests: self.requests(), answered: answered(log), cut: self.cut, ..Joined::default() };
        let mut sums: BTreeMap<Signature, (u64, u64)> = BTreeMap::new();
        let mut statuses: BTreeMap<u16, u64> = BTreeMap::new();
        for traced in &log.traces {
            let Some(id) = TraceId::find(traced.id.as_bytes()) else { continue };
            let status = self.status_of(id);
            let sum = sums.entry(traced.signature).or_default();
            sum.0 += 1;
            let Some(status) = status else { continue };
            sum.1 += 1;
            *statuses.entry(status).or_default() += 1;
            if joined.found.iter().filter(|f| f.request.signature == traced.signature).count() < NAMED {
                joined.found.push(Found { request: traced.clone(), status: Some(status).filter(|s| *s > 0) });
            }
        }
        joined.kinds = sums.into_iter().map(|(signature, (asked, arrived))| Kind { signature, asked, arrived }).collect();
        joined.statuses = statuses.into_iter().collect();
        joined
    }

    /// Different ids.
    fn requests(&self) -> u64 {
        let of_id = |e: &u64| e >> STATUS_BITS;
        self.entries.chunk_by(|a, b| of_id(a) == of_id(b)).count() as u64
    }

    /// The highest status that a line with the id tells of, 0 if none does; `None` if no line has the id.
    fn status_of(&self, id: TraceId) -> Option<u16> {
        let highest = entry(id, (1 << STATUS_BITS) - 1);
        let after = self.entries.partition_point(|e| *e <= highest);
        let last = *self.entries.get(after.checked_sub(1)?)?;
        (last >> STATUS_BITS == entry(id, 0) >> STATUS_BITS).then_some((last & ((1 << STATUS_BITS) - 1)) as u16)
    }
}

fn entry(id: TraceId, status: u16) -> u64 {
    id.hash() >> STATUS_BITS << STATUS_BITS | u64::from(status)
}

fn answered(log: &AccessLog) -> u64 {
    log.requests.iter().map(|r| r.ok).sum()
}

/// The balancer's failed requests in an application's log.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Joined {
    /// Requests that the application's log tells of with an id.
    pub requests: u64,
    /// Requests that the balancer saw answered in the same time.
    pub answered: u64,
    /// There were more ids than could be remembered.
    pub cut: bool,
    /// By how they failed.
    pub kinds: Vec<Kind>,
    /// What the application answered to those that arrived; 0 where its lines do not say.
    pub statuses: Vec<(u16, u64)>,
    /// A few of those that arrived.
    pub found: Vec<Found>,
}

/// Failed requests of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kind {
    pub signature: Signature,
    /// Looked for: a sample if there were too many.
    pub asked: u64,
    pub arrived: u64,
}

/// A failed request that the application's log tells of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    pub request: Traced,
    pub status: Option<u16>,
}

impl Joined {
    /// Requests that were looked for and those that were found, of some kinds.
    pub fn of(&self, which: impl Fn(Signature) -> bool) -> (u64, u64) {
        let kinds = self.kinds.iter().filter(|k| which(k.signature));
        kinds.fold((0, 0), |(asked, arrived), k| (asked + k.asked, arrived + k.arrived))
    }

    /// Whether a request that is missing from the log did not arrive: only where the log tells of most requests.
    pub fn tells_absence(&self) -> bool {
        !self.cut && self.requests >= 20 && self.requests * 2 >= self.answered
    }

    /// `200 × 3, 499`
    pub fn statuses_in_words(&self) -> String {
        let known = self.statuses.iter().filter(|(status, _)| *status > 0);
        known.map(|(status, n)| if *n > 1 { format!("{status} × {n}") } else { status.to_string() }).collect::<Vec<_>>().join(", ")
    }

    /// Trace ids that arrived, to be searched for by hand.
    pub fn ids(&self) -> impl Iterator<Item = &Foreign> {
        self.found.iter().map(|f| &f.request.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accesslog::RequestRow;
    use crate::time::Time;

    fn id(n: u32) -> String {
        format!("1-58337262-{n:024x}")
    }

    fn log(failed: impl IntoIterator<Item = (u32, Signature)>) -> AccessLog {
        let traces = failed.into_iter().map(|(n, signature)| Traced { id: id(n).into(), signature, target: "10.0.0.1:80".into() });
        let ok =
            RequestRow { minute: Time::UNIX_EPOCH, target: "10.0.0.1:80".into(), group: "g".into(), ok: 60, failed: 0, syn_retries: 0 };
        AccessLog { traces: traces.collect(), requests: vec![ok], ..AccessLog::default() }
    }

    fn seen(lines: impl IntoIterator<Item = (u32, u16)>) -> Seen {
        let mut seen = Seen::default();
        for (n, status) in lines {
            let access = Some(Access { status, static_file: false }).filter(|a| a.status > 0);
            seen.line(format!("Root={} handled", id(n)).as_bytes(), access);
        }
        seen
    }

    #[test]
    fn what_never_arrived_and_what_did_are_told_apart() {
        let requests = (0..50).map(|n| (n, 200)).chain([(101, 0), (101, 200), (102, 499), (103, 0)]);
        let joined = seen(requests).join(&log([
            (100, Signature::Refused),
            (101, Signature::SlowTarget),
            (102, Signature::SlowTarget),
            (103, Signature::SlowTarget),
            (104, Signature::Refused),
        ]));
        assert_eq!(joined.of(Signature::is_failed_connection), (2, 0));
        assert_eq!(joined.of(|s| s == Signature::SlowTarget), (3, 3));
        assert_eq!((joined.requests, joined.answered, joined.tells_absence()), (53, 60, true));
        assert_eq!(joined.statuses_in_words(), "200, 499");
        assert_eq!(joined.found[2].status, None);
    }

    #[test]
    fn a_log_of_few_requests_tells_no_absence() {
        let joined = seen((0..25).map(|n| (n, 200))).join(&log([(100, Signature::Refused)]));
        assert_eq!((joined.of(|_| true), joined.tells_absence()), ((1, 0), false));
    }
}
