//! Whether counts per minute are unusual around an onset: new, bursting or silent against what was before.

use super::{Value, first_from};
use crate::analysis::Analysis;
use crate::time::{Time, Window};
use chrono::Duration;

/// The minutes that are compared.
pub(super) struct Period {
    pub before: Window,
    pub during: Window,
}

/// How long after the onset is looked at, and how long before it a cause may speak.
const DURING: Duration = Duration::minutes(20);
const LEAD: Duration = Duration::minutes(3);

impl Period {
    /// Around the main onset; without errors there is nothing to compare.
    pub fn of(analysis: &Analysis) -> Option<Self> {
        let (window, episode) = (analysis.window?, analysis.main_episode()?);
        let start = (episode.onset - LEAD).max(window.start);
        let end = episode.end.unwrap_or(window.end).min(episode.onset + DURING).max(episode.onset + Duration::minutes(2)).min(window.end);
        (start < end).then(|| Self { before: Window::new(window.start, start), during: Window::new(start, end) })
    }
}

/// How counts changed when the errors began.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Change {
    New { during: u64, first: Time, strength: f64 },
    Burst { during: u64, usual: f64, first: Time, strength: f64 },
    Silent { during: u64, usual: f64 },
}

impl Change {
    pub fn strength(&self) -> f64 {
        match *self {
            Self::New { strength, .. } | Self::Burst { strength, .. } => strength,
            Self::Silent { usual, .. } => usual.sqrt(),
        }
    }

    pub fn values(&self) -> Vec<Value> {
        let pair = |during: u64, usual: f64| vec![Value::new("during", during as f64), Value::new("usual", (usual * 10.0).round() / 10.0)];
        match *self {
            Self::New { during, first, .. } => vec![Value::new("during", during as f64).at(first)],
            Self::Burst { during, usual, .. } | Self::Silent { during, usual } => pair(during, usual),
        }
    }
}

/// Standard deviations of a count that chance alone hardly reaches among a thousand templates.
const BEYOND_CHANCE: f64 = 5.0;
/// Minutes before that make a comparison fair.
const FAIR: f64 = 10.0;

/// The change, if there is one.
pub(super) fn judge(counts: &[(Time, u32)], period: &Period) -> Option<Change> {
    let sum = |w: Window| counts.iter().filter(|(t, _)| w.contains(*t)).map(|(_, n)| u64::from(*n)).sum::<u64>();
    let minutes = |w: Window| w.span().num_seconds() as f64 / 60.0;
    let (before, during) = (sum(period.before), sum(period.during));
    let length = minutes(period.during);
    let usual = before as f64 / minutes(period.before).max(1.0) * length;
    let first = first_from(counts, period.during.start);
    let fair = minutes(period.before) >= FAIR;
    if before == 0 && during > 0 {
        return Some(Change::New { during, first: first?, strength: (during as f64).sqrt() * if fair { 2.0 } else { 0.5 } });
    }
    // Logs come in clumps: their spread is wider than that of rain.
    let strength = (during as f64 - usual) / (usual * spread(counts, period, usual / length)).max(1.0).sqrt();
    if strength >= BEYOND_CHANCE && during as f64 >= 3.0 * usual {
        return Some(Change::Burst { during, usual, first: first?, strength });
    }
    (fair && usual >= 20.0 && (during as f64) <= 0.1 * usual).then_some(Change::Silent { during, usual })
}

/// Variance over mean of the counts a minute before the errors, at least 1.
fn spread(counts: &[(Time, u32)], period: &Period, mean: f64) -> f64 {
    let n = period.before.span().num_minutes().max(1) as f64;
    if mean <= 0.0 {
        return 1.0;
    }
    let inside: Vec<f64> = counts.iter().filter(|(t, _)| period.before.contains(*t)).map(|(_, c)| f64::from(*c)).collect();
    let silent = (n - inside.len() as f64).max(0.0);
    let variance = (inside.iter().map(|c| (c - mean).powi(2)).sum::<f64>() + silent * mean * mean) / n;
    (variance / mean).max(1.0)
}
