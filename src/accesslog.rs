//! The access-log engine: bytes in, tallies out. Knows no network, no terminal, no clock.
//!
//! [`scan`] carries objects to a collector of lines; [`sweep`] finds the lines, [`mod@line`] reads one, [`record`] one that
//! comes as JSON, [`signature`] says how a request failed; [`tally`] answers a [`question`], [`summary`] keeps what a case
//! needs, [`rows`] adds up, [`Roster`] numbers the targets.

pub mod insights;
pub mod line;
pub mod local;
pub mod names;
pub mod other_logs;
pub mod question;
pub mod record;
mod roster;
pub mod rows;
pub mod scan;
pub mod signature;
pub mod sql;
pub mod summary;
pub mod sweep;
pub mod tally;
pub mod trace;

pub use roster::Roster;

use crate::text::Foreign;
use crate::time::{Time, Window};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::Range;

/// What the balancer's access log says about the window: failures one row a combination, and enough of
/// the successes to compare with. Counts are requests.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AccessLog {
    /// Where it was read from: a directory, `s3://bucket/prefix`, `athena:db.table`.
    pub source: Foreign,
    pub window: Option<Window>,
    pub files: u64,
    /// Bytes read, compressed where they are compressed.
    pub bytes: u64,
    pub lines: u64,
    pub malformed: u64,
    pub outside_window: u64,
    /// Failed requests, by minute and place.
    pub failures: Vec<FailureRow>,
    /// All requests dispatched to a target, by minute and target.
    pub requests: Vec<RequestRow>,
    /// The first few malformed lines.
    pub malformed_samples: Vec<Foreign>,
    /// The first few lines of each signature.
    pub samples: Vec<(Signature, Foreign)>,
    /// Reading was stopped before the end.
    pub incomplete: bool,
    /// Files and objects that were read in part or not at all, with why.
    #[serde(default)]
    pub damaged: Vec<Foreign>,
    /// Files and objects left out because of the time in their name.
    #[serde(default)]
    pub left_out: u64,
    /// The times of the first and the last request inside the window.
    #[serde(default)]
    pub first: Option<Time>,
    #[serde(default)]
    pub last: Option<Time>,
    /// Failed requests whose row lost its node or target because there were too many rows.
    #[serde(default)]
    pub folded: u64,
    /// Failures by path, most first; the rest under `(other)`.
    #[serde(default)]
    pub paths: Vec<PathRow>,
    /// `error_reason` of failures that have one, most first.
    #[serde(default)]
    pub reasons: Vec<(Foreign, u64)>,
    /// How long failures took, by signature.
    #[serde(default)]
    pub elapsed: Vec<Elapsed>,
    /// Failed requests by trace id, a sample if there are many: to be looked for in the application's log.
    #[serde(default)]
    pub traces: Vec<trace::Traced>,
}

impl AccessLog {
    /// Puts rows in order of time, as far as they are not: they are looked for by it.
    pub fn put_in_order(&mut self) {
        self.failures.sort_by_key(|r| r.minute);
        self.requests.sort_by_key(|r| r.minute);
    }

    /// Failures inside a window.
    pub fn failures_in(&self, window: Window) -> &[FailureRow] {
        &self.failures[self.failure_places(window)]
    }

    /// Requests inside a window.
    pub fn requests_in(&self, window: Window) -> &[RequestRow] {
        &self.requests[self.request_places(window)]
    }

    fn failure_places(&self, window: Window) -> Range<usize> {
        places(&self.failures, |r| r.minute, window)
    }

    fn request_places(&self, window: Window) -> Range<usize> {
        places(&self.requests, |r| r.minute, window)
    }

    /// How many requests failed in the window, by signature.
    pub fn by_signature(&self, window: Window) -> BTreeMap<Signature, u64> {
        count_by(self.failures_in(window).iter(), |r| r.signature)
    }

    /// How many requests failed in the window, by target.
    pub fn by_target(&self, window: Window) -> BTreeMap<&str, u64> {
        count_by(self.failures_in(window).iter(), |r| r.target.as_str())
    }

    /// How many requests failed in the window, by balancer node.
    pub fn by_node(&self, window: Window) -> BTreeMap<&str, u64> {
        count_by(self.failures_in(window).iter(), |r| r.node.as_str())
    }
}

/// Where the rows of a window are, among rows in order of time.
fn places<R>(rows: &[R], minute: impl Fn(&R) -> Time, window: Window) -> Range<usize> {
    debug_assert!(rows.is_sorted_by_key(&minute), "rows of an access log out of order");
    let from = rows.partition_point(|r| minute(r) < window.start);
    let until = rows.partition_point(|r| minute(r) < window.end);
    from..until.max(from)
}

/// Adds up the counts of rows under each key.
pub fn count_by<'a, K: Ord>(rows: impl Iterator<Item = &'a FailureRow>, key: impl Fn(&'a FailureRow) -> K) -> BTreeMap<K, u64> {
    rows.fold(BTreeMap::new(), |mut sums, row| {
        *sums.entry(key(row)).or_default() += row.count;
        sums
    })
}

/// Failed requests for one path in one way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathRow {
    /// Without the query.
    pub path: Foreign,
    pub signature: Signature,
    pub count: u64,
}

/// How long requests of one signature took from arrival to failure, in seconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Elapsed {
    pub signature: Signature,
    pub count: u64,
    pub shortest: f64,
    pub median: f64,
    pub p95: f64,
    pub longest: f64,
}

/// How a request failed; the ids are those of the JSON report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Signature {
    /// 502 at once, nothing sent: the connection was refused.
    Refused,
    /// 504 after 10 s, nothing sent: the connection was never answered.
    ConnectTimeout,
    /// 502 on a connection that was open: the target closed it under the request.
    KeepaliveRace,
    /// 504 on a connection that was open: no answer within the idle timeout.
    SlowTarget,
    Tls,
    /// 503: no target to send to.
    NoTarget,
    /// The application itself answered 5xx.
    #[serde(rename = "app-5xx")]
    App5xx,
    /// 460: the client left first.
    ClientGone,
    /// 502 when the deregistration delay ran out.
    DeregistrationCut,
    #[serde(rename = "other-5xx")]
    Other5xx,
}

impl Signature {
    pub const ALL: [Self; 10] = [
        Self::Refused,
        Self::ConnectTimeout,
        Self::KeepaliveRace,
        Self::SlowTarget,
        Self::Tls,
        Self::NoTarget,
        Self::App5xx,
        Self::ClientGone,
        Self::DeregistrationCut,
        Self::Other5xx,
    ];

    /// Whether the connection to the target was never made: what `TargetConnectionErrorCount` counts.
    pub fn is_failed_connection(self) -> bool {
        matches!(self, Self::Refused | Self::ConnectTimeout)
    }

    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.id() == id)
    }

    /// The id in the JSON report.
    pub fn id(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::ConnectTimeout => "connect-timeout",
            Self::KeepaliveRace => "keepalive-race",
            Self::SlowTarget => "slow-target",
            Self::Tls => "tls",
            Self::NoTarget => "no-target",
            Self::App5xx => "app-5xx",
            Self::ClientGone => "client-gone",
            Self::DeregistrationCut => "deregistration-cut",
            Self::Other5xx => "other-5xx",
        }
    }
}

/// Failed requests of one minute with everything else the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FailureRow {
    pub minute: Time,
    /// `10.0.1.5:8080`, or `-` when no target was chosen.
    pub target: String,
    pub signature: Signature,
    /// `elb_status_code`
    pub status: u16,
    /// The balancer node's address, or `-`.
    pub node: String,
    /// Target group name, or `-`.
    pub group: String,
    /// A path that looks like a static file.
    pub static_file: bool,
    pub count: u64,
}

/// Requests of one minute to one target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RequestRow {
    pub minute: Time,
    pub target: String,
    pub group: String,
    /// Answered with less than 500 by the target.
    pub ok: u64,
    pub failed: u64,
    /// Successes whose connection took about 1, 3 or 7 s: lost SYNs that were sent again.
    pub syn_retries: u64,
}
