//! What the errors meant for clients, in numbers: attempts that failed, requests answered with an error,
//! and their share. Each number is of the episodes, not of the window, and absent where nobody counted.

use crate::accesslog::Signature;
use crate::analysis::grid;
use crate::case::Case;
use crate::case::series::SeriesKey;
use crate::case::topology::dimension_of;
use crate::judge::Judged;
use crate::time::{Window, floor_to};
use std::collections::BTreeMap;

/// Numbers of the episodes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Impact {
    /// Stretches that are counted.
    pub episodes: Vec<Window>,
    /// Failed attempts to connect, as the alarm's metric counts them.
    pub errors: f64,
    /// Requests to the whole balancer.
    pub requests: Option<f64>,
    /// Answers that the balancer made itself, by code: 502, 503, 504.
    pub answers: Vec<(u16, f64)>,
    pub logged: Option<Logged>,
}

/// What the access log counted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Logged {
    pub failed: u64,
    /// Requests sent to a target or meant for one.
    pub all: u64,
    /// The most frequent first.
    pub signatures: Vec<(Signature, u64)>,
    /// The worst first; `-` is "no target chosen".
    pub targets: Vec<(String, u64)>,
    pub static_files: u64,
    /// Failed before and after the episodes, for comparison.
    pub failed_outside: u64,
}

impl Impact {
    pub fn of(case: &Case, judged: &Judged) -> Self {
        let end = judged.window.end;
        // Everything is counted by the minute, so a minute that is partly inside counts.
        let episodes: Vec<_> = judged.analysis.episodes.iter().map(|e| Window::new(floor_to(e.onset, 60), e.end.unwrap_or(end))).collect();
        let balancer = case.load_balancer.as_ref().map(|lb| dimension_of(&lb.arn).to_owned());
        let total = |metric: &str| {
            let key = SeriesKey::new(metric, balancer.as_deref().map(|lb| ("LoadBalancer", lb)));
            let grid = grid::of(case, &key, judged.window);
            episodes.iter().filter_map(|e| grid.sum(*e)).reduce(|a, b| a + b)
        };
        let answers = [502, 503, 504].map(|code| (code, total(&format!("HTTPCode_ELB_{code}_Count"))));
        Self {
            errors: judged.analysis.episodes.iter().map(|e| e.total).sum(),
            requests: total("RequestCount"),
            answers: answers.into_iter().filter_map(|(code, n)| Some((code, n.filter(|n| *n > 0.0)?))).collect(),
            logged: Logged::of(case, judged.window, &episodes),
            episodes,
        }
    }

    /// Answers that the balancer made itself, together.
    pub fn answered(&self) -> f64 {
        self.answers.iter().map(|(_, n)| n).sum()
    }
}

impl Logged {
    fn of(case: &Case, window: Window, episodes: &[Window]) -> Option<Self> {
        let log = case.access_log.as_ref()?;
        let during = |t| episodes.iter().any(|e| e.contains(t));
        let mut out = Self::default();
        let (mut signatures, mut targets) = (BTreeMap::new(), BTreeMap::new());
        for row in log.failures.iter().filter(|f| window.contains(f.minute)) {
            if !during(row.minute) {
                out.failed_outside += row.count;
                continue;
            }
            out.failed += row.count;
            out.static_files += if row.static_file { row.count } else { 0 };
            *signatures.entry(row.signature).or_default() += row.count;
            *targets.entry(row.target.clone()).or_default() += row.count;
        }
        let answered: u64 = log.requests.iter().filter(|r| during(r.minute)).map(|r| r.ok).sum();
        out.all = answered + out.failed;
        out.signatures = largest_first(signatures);
        out.targets = largest_first(targets);
        Some(out)
    }
}

fn largest_first<K: Ord>(tally: BTreeMap<K, u64>) -> Vec<(K, u64)> {
    let mut all: Vec<_> = tally.into_iter().collect();
    all.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    all
}
